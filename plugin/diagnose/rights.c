/*
 * rights.c - "forbidden": subject, verb and resource, out of the log of a program that ends for it,
 * or that goes on and asks again.
 */
#include "rights.h"

#include <stdlib.h>
#include <string.h>
#include "crash.h"
#include "kta/alloc.h"
#include "kta/re.h"

bool kta_denied_parse(const char *text, size_t len, struct kta_denied *d)
{
    static struct kta_re *re;
    static const char prefix[] = "system:serviceaccount:";
    struct kta_match m, last = {0};

    *d = (struct kta_denied){0};
    if (!re)
        re = kta_re_must("(?:\\\\?\"(?<obj>[^\"\\\\\\s]+)\\\\?\" is forbidden: )?"
                         "User \\\\?\"(?<user>[^\"\\\\]+)\\\\?\" cannot (?<verb>[\\w*]+) resource "
                         "\\\\?\"(?<res>[^\"\\\\]+)\\\\?\" in API group \\\\?\"(?<group>[^\"\\\\]*)"
                         "\\\\?\"(?: in the namespace \\\\?\"(?<ns>[^\"\\\\]+))?",
                         0);
    for (size_t from = 0; text && from < len && kta_re_find(re, text, len, from, &m);
         from = m.end[0])
        last = m;
    if (!last.n)
        return false;
    d->object = kta_re_group(text, &last, 1);
    d->user = kta_re_group(text, &last, 2);
    d->verb = kta_re_group(text, &last, 3);
    d->resource = kta_re_group(text, &last, 4);
    d->group = kta_re_group(text, &last, 5);
    d->ns = last.n > 6 ? kta_re_group(text, &last, 6) : NULL;
    const char *account = kta_starts(d->user, prefix) ? d->user + sizeof prefix - 1 : "";
    const char *colon = strchr(account, ':');
    if (colon) {
        d->sa_ns = kta_strndup(account, (size_t)(colon - account));
        d->sa = kta_strdup(colon + 1);
    }
    return true;
}

void kta_denied_release(struct kta_denied *d)
{
    free(d->user);
    free(d->verb);
    free(d->resource);
    free(d->group);
    free(d->ns);
    free(d->object);
    free(d->sa_ns);
    free(d->sa);
}

/* ---- what is told of a refusal ---- */

static void granted_since(struct kta_world *w, const struct kta_json *owner, struct kta_finding *f,
                          const struct kta_denied *d, const char *who)
{
    kta_finding_summary(f,
                        "%s was refused to %s %s%s%s; %s has that right by now, and the program "
                        "has not tried again since",
                        who, d->verb, d->resource, d->ns ? " in namespace " : "", kta_or(d->ns, ""),
                        d->user);
    kta_finding_advice(f, "It tries again when kubelet starts it the next time, or at once after a "
                          "restart. If it fails again then, the reason is another one than RBAC's "
                          "rules in this namespace.");
    if (kta_diag_restartable(owner)) {
        kta_auto_free char *ref = kta_diag_ref(owner);
        kta_auto_free char *why = kta_asprintf("restart %s, so that it tries again now", ref);
        const char *args[] = {"rollout", "restart", ref, NULL};
        (void)kta_fix_kubectl(w, f, KTA_RISK_MEDIUM, /* undoable= */ true, kta_obj_namespace(owner),
                              args, why);
    }
}

/* again: the program waits for its next start, and a restart lets it try at once. */
static void tell(struct kta_world *w, const struct kta_json *owner, struct kta_finding *f,
                 const struct kta_denied *d, const char *who, bool again)
{
    size_t first = f->n_fixes;

    kta_finding_summary(f, "%s may not %s %s%s%s%s%s: %s lacks that right", who, d->verb,
                        d->resource, d->object ? " " : "", kta_or(d->object, ""),
                        d->ns ? " in namespace " : " in the whole cluster", kta_or(d->ns, ""),
                        d->user);
    kta_rights_fix(w, f, d);
    kta_auto_free char *ref = kta_diag_ref(owner);
    const char *args[] = {"rollout", "restart", ref, NULL};
    for (size_t i = first; again && kta_diag_restartable(owner) && i < f->n_fixes; i++)
        kta_fix_then(w, &f->fixes[i], kta_obj_namespace(owner), args);
    kta_finding_advice(f,
                       "Grant %s on %s%s%s to %s, if it is meant to have it: by a %s and its "
                       "binding.",
                       d->verb, d->resource, *d->group ? " of API group " : "", d->group, d->user,
                       d->ns ? "Role" : "ClusterRole");
}

void kta_crash_forbidden(const struct kta_pod_trouble *t, struct kta_finding *f,
                         const struct kta_log_cause *c)
{
    kta_auto_free char *who = kta_trouble_who(t);
    struct kta_denied d;
    if (!kta_denied_parse(c->line, strlen(c->line), &d) &&
        !kta_denied_parse(c->quote, c->quote ? strlen(c->quote) : 0, &d)) {
        kta_finding_summary(f, "%s exits because the API server refuses it: %s", who, c->line);
        return;
    }
    if (d.sa && kta_rights_granted(t->w, &d))
        granted_since(t->w, t->owner, f, &d, who);
    else
        tell(t->w, t->owner, f, &d, who, /* again= */ true);
    kta_denied_release(&d);
}

/* ---- programs that go on: a controller whose watch is refused may stay ready, or not ---- */

bool kta_uses_api(const struct kta_json *pod)
{
    const char *account = kta_json_str(pod, "spec.serviceAccountName");
    return kta_pod_ready(pod) && account && !kta_streq(account, "default") &&
           kta_json_bool(pod, "spec.automountServiceAccountToken", true);
}

/* The line around a refusal. */
static char *line_of(const char *log, size_t len)
{
    const char *at = NULL;
    for (const char *p = log; (p = memmem(p, len - (size_t)(p - log), " cannot ", 8)); p += 8)
        at = p;
    while (at && at > log && at[-1] != '\n')
        at--;
    return at ? kta_diag_first_line(at, KTA_DIAG_QUOTE) : NULL;
}

static void running(struct kta_world *w, struct kta_json *pod, struct kta_findings *out)
{
    struct kta_json *owner = kta_world_owner(w, pod);
    kta_json_each(c, kta_json_at(pod, "status.containerStatuses")) {
        const char *name = kta_json_str(c, "name");
        if (!kta_json_at(c, "state.running"))
            continue; /* why it ended is told by its crash */
        size_t len = 0;
        const char *log = kta_world_has_log(w, pod, name, /* previous= */ false, &len);
        struct kta_denied d;
        if (!log || !kta_denied_parse(log, len, &d))
            continue;
        if (d.sa && !kta_rights_granted(w, &d) && !kta_diag_find(out, "Rights.Forbidden", owner)) {
            struct kta_finding *f =
                kta_diag_add(out, "Rights.Forbidden",
                             kta_pod_ready(pod) ? KTA_WARNING : KTA_CRITICAL, owner, 0.9);
            kta_auto_free char *line = line_of(log, len);
            kta_auto_free char *who = kta_diag_ref(owner);
            kta_auto_free char *source =
                kta_asprintf("log pod/%s container %s", kta_obj_name(pod), name);
            f->since = kta_obj_created(pod);
            kta_finding_quote(f, source, "%s", kta_or(line, ""));
            tell(w, owner, f, &d, who, /* again= */ false);
        }
        kta_denied_release(&d);
    }
}

void kta_analyze_rights(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    struct kta_json *const *pods;
    size_t n = kta_world_list(w, "pods", ns, &pods);
    for (size_t i = 0; i < n; i++)
        if (kta_world_focused(w, pods[i]) && (kta_uses_api(pods[i]) || !kta_pod_ready(pods[i])))
            running(w, pods[i], out);
}
