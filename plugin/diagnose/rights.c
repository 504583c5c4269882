/*
 * rights.c - "forbidden": subject, verb and resource, the role that nearly grants it, and the
 * smallest grant.
 */
#include <stdlib.h>
#include <string.h>
#include "crash.h"
#include "kta/alloc.h"
#include "kta/re.h"

struct denied {
    char *user, *verb, *resource, *group, *ns; /* ns NULL: at the cluster scope */
};

static bool parse(const char *text, struct denied *d)
{
    static struct kta_re *re;
    if (!re)
        re = kta_re_must("User \\\\?\"(?<user>[^\"\\\\]+)\\\\?\" cannot (?<verb>[\\w*]+) resource "
                         "\\\\?\"(?<res>[^\"\\\\]+)\\\\?\" in API group \\\\?\"(?<group>[^\"\\\\]*)"
                         "\\\\?\"(?: in the namespace \\\\?\"(?<ns>[^\"\\\\]+))?",
                         0);
    struct kta_match m;
    if (!text || !kta_re_find(re, text, strlen(text), 0, &m))
        return false;
    d->user = kta_re_group(text, &m, 1);
    d->verb = kta_re_group(text, &m, 2);
    d->resource = kta_re_group(text, &m, 3);
    d->group = kta_re_group(text, &m, 4);
    d->ns = m.n > 5 ? kta_re_group(text, &m, 5) : NULL;
    return true;
}

static void denied_release(struct denied *d)
{
    free(d->user);
    free(d->verb);
    free(d->resource);
    free(d->group);
    free(d->ns);
}

static bool holds(const struct kta_json *list, const char *word)
{
    kta_json_each(x, list) if (kta_streq(kta_json_text(x), word) ||
                               kta_streq(kta_json_text(x), "*")) return true;
    return false;
}

static bool is_subject(const struct kta_json *binding, const char *ns, const char *name)
{
    kta_json_each(s, kta_json_get(binding,
                                  "subjects")) if (kta_streq(kta_json_str(s, "kind"),
                                                             "ServiceAccount") &&
                                                   kta_streq(kta_json_str(s, "name"), name) &&
                                                   kta_streq(kta_or(kta_json_str(s, "namespace"),
                                                                    kta_obj_namespace(binding)),
                                                             ns)) return true;
    return false;
}

/* The Role bound to the account in that namespace, or NULL; shared ClusterRoles are not touched. */
static struct kta_json *bound_role(struct kta_world *w, const struct denied *d, const char *sa_ns,
                                   const char *sa)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "rolebindings", d->ns, &v);
    for (size_t i = 0; i < n; i++)
        if (is_subject(v[i], sa_ns, sa) && kta_streq(kta_json_str(v[i], "roleRef.kind"), "Role"))
            return kta_world_get(w, "roles", d->ns, kta_json_str(v[i], "roleRef.name"), NULL);
    return NULL;
}

static bool grants(const struct kta_json *role, const struct denied *d)
{
    kta_json_each(r, kta_json_get(role, "rules"))
    {
        if (holds(kta_json_get(r, "verbs"), d->verb) &&
            holds(kta_json_get(r, "resources"), d->resource) &&
            holds(kta_json_get(r, "apiGroups"), d->group) &&
            !kta_json_len(kta_json_get(r, "resourceNames")))
            return true;
    }
    return false;
}

/* A Role of the namespace that grants it already, but is not bound to the account. */
static struct kta_json *granting_role(struct kta_world *w, const struct denied *d)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "roles", d->ns, &v);
    for (size_t i = 0; i < n; i++)
        if (grants(v[i], d))
            return v[i];
    return NULL;
}

/* Has it been granted since? */
static bool granted(struct kta_world *w, const struct denied *d, const char *sa_ns, const char *sa)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "rolebindings", d->ns, &v);
    for (size_t i = 0; i < n; i++) {
        bool own = kta_streq(kta_json_str(v[i], "roleRef.kind"), "Role");
        if (is_subject(v[i], sa_ns, sa) &&
            grants(kta_world_get(w, own ? "roles" : "clusterroles", own ? d->ns : NULL,
                                 kta_json_str(v[i], "roleRef.name"), NULL),
                   d))
            return true;
    }
    return false;
}

/* Adds the verb to the rule that has the resource, else a rule of its own. */
static void fix_role(struct kta_world *w, struct kta_finding *f, const struct kta_json *role,
                     const struct denied *d)
{
    size_t at = 0;
    bool found = false;
    kta_json_each(r, kta_json_get(role, "rules"))
    {
        if (holds(kta_json_get(r, "resources"), d->resource) &&
            holds(kta_json_get(r, "apiGroups"), d->group) &&
            !kta_json_len(kta_json_get(r, "resourceNames"))) {
            found = true;
            break;
        }
        at++;
    }
    kta_auto_free char *body =
        found ? kta_asprintf("[{\"op\":\"add\",\"path\":\"/rules/%zu/verbs/-\",\"value\":\"%s\"}]",
                             at, d->verb)
              : kta_asprintf("[{\"op\":\"add\",\"path\":\"/rules/-\",\"value\":{\"apiGroups\":[\"%s"
                             "\"],\"resources\":[\"%s\"],\"verbs\":[\"%s\"]}}]",
                             d->group, d->resource, d->verb);
    kta_auto_free char *ref = kta_diag_ref(role);
    (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, role, KTA_PATCH_JSON, body, "let %s also %s %s", ref,
                        d->verb, d->resource);
}

static void fix_binding(struct kta_world *w, struct kta_finding *f, const struct denied *d,
                        const char *sa_ns, const char *sa, const struct kta_json *role)
{
    kta_auto_free char *name =
        kta_asprintf("%.50s-%.100s", sa, role ? kta_obj_name(role) : "grant");
    kta_auto_free char *role_flag = kta_asprintf("--role=%s", role ? kta_obj_name(role) : name);
    kta_auto_free char *account = kta_asprintf("--serviceaccount=%s:%s", sa_ns, sa);
    const char *args[] = {"create", "rolebinding", name, role_flag, account, NULL};
    kta_auto_free char *why = kta_asprintf("bind Role %s, which grants it, to service account %s",
                                           kta_obj_name(role), sa);
    (void)kta_fix_kubectl(w, f, KTA_RISK_MEDIUM, /* undoable= */ true, d->ns, args, why);
}

static void fix_new_role(struct kta_world *w, struct kta_finding *f, const struct denied *d,
                         const char *sa)
{
    kta_auto_free char *name = kta_asprintf("%.50s-%.20s-%.60s", sa, d->verb, d->resource);
    for (char *p = name; *p; p++)
        if (*p == '/' || *p == '*')
            *p = '-';
    kta_auto_free char *verb = kta_asprintf("--verb=%s", d->verb);
    kta_auto_free char *res =
        kta_asprintf("--resource=%s%s%s", d->resource, *d->group ? "." : "", d->group);
    const char *args[] = {"create", "role", name, verb, res, NULL};
    kta_auto_free char *why =
        kta_asprintf("create a Role that grants no more than %s on %s; then bind it to service "
                     "account %s",
                     d->verb, d->resource, sa);
    (void)kta_fix_kubectl(w, f, KTA_RISK_MEDIUM, /* undoable= */ true, d->ns, args, why);
}

static void granted_since(const struct kta_pod_trouble *t, struct kta_finding *f,
                          const struct denied *d, const char *who)
{
    kta_finding_summary(f,
                        "%s was refused to %s %s in namespace %s; %s has that right by now, and "
                        "the program has not tried again since",
                        who, d->verb, d->resource, d->ns, d->user);
    kta_finding_advice(f, "It tries again when kubelet starts it the next time, or at once after a "
                          "restart. If it fails again then, the reason is another one than RBAC's "
                          "rules in this namespace.");
    if (kta_streq(kta_obj_kind(t->owner), "Deployment") ||
        kta_streq(kta_obj_kind(t->owner), "StatefulSet") ||
        kta_streq(kta_obj_kind(t->owner), "DaemonSet")) {
        kta_auto_free char *ref = kta_diag_ref(t->owner);
        kta_auto_free char *why = kta_asprintf("restart %s, so that it tries again now", ref);
        const char *args[] = {"rollout", "restart", ref, NULL};
        (void)kta_fix_kubectl(t->w, f, KTA_RISK_MEDIUM, /* undoable= */ true,
                              kta_obj_namespace(t->owner), args, why);
    }
}

void kta_crash_forbidden(const struct kta_pod_trouble *t, struct kta_finding *f,
                         const struct kta_log_cause *c)
{
    kta_auto_free char *who = kta_trouble_who(t);
    struct denied d = {0};
    if (!parse(c->line, &d) && !parse(c->quote, &d)) {
        kta_finding_summary(f, "%s exits because the API server refuses it: %s", who, c->line);
        return;
    }
    kta_finding_summary(f, "%s may not %s %s%s%s: %s lacks that right", who, d.verb, d.resource,
                        d.ns ? " in namespace " : " in the whole cluster", d.ns ? d.ns : "",
                        d.user);
    static const char prefix[] = "system:serviceaccount:";
    if (kta_starts(d.user, prefix) && d.ns) {
        kta_auto_free char *sa_ns = kta_strdup(d.user + sizeof prefix - 1);
        char *sa = strchr(sa_ns, ':');
        if (sa) {
            *sa++ = '\0';
            const struct kta_json *role = bound_role(t->w, &d, sa_ns, sa);
            if (granted(t->w, &d, sa_ns, sa)) {
                granted_since(t, f, &d, who);
                denied_release(&d);
                return;
            }
            if (role) {
                fix_role(t->w, f, role, &d);
            } else {
                const struct kta_json *other = granting_role(t->w, &d);
                if (other)
                    fix_binding(t->w, f, &d, sa_ns, sa, other);
                else
                    fix_new_role(t->w, f, &d, sa);
            }
        }
    }
    kta_finding_advice(f,
                       "Grant %s on %s%s%s to %s, if it is meant to have it: by a %s and its "
                       "binding.",
                       d.verb, d.resource, *d.group ? " of API group " : "", d.group, d.user,
                       d.ns ? "Role" : "ClusterRole");
    denied_release(&d);
}
