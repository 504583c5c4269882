/*
 * recent.c - what was changed lately, newest first.
 *
 * Sources: revisions of workloads (with what they changed), Helm's release Secrets, managedFields
 * (who changed which fields when), objects that are new, autoscalers' and nodes' events. What the
 * cluster's own controllers write is no change.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/questions.h"

#define LINES_MAX 40

struct line {
    int64_t when;
    char *text;
};

struct recent {
    struct kta_world *w;
    const char *ns;
    int64_t since;
    struct line *v;
    size_t n, cap;
};

static void add(struct recent *r, int64_t when, char *text)
{
    for (size_t i = 0; i < r->n; i++)
        if (kta_streq(r->v[i].text, text)) {
            free(text);
            return;
        }
    KTA_GROW(r->v, r->n, r->cap);
    r->v[r->n++] = (struct line){when, text};
}

static int newest_first(const void *pa, const void *pb)
{
    const struct line *a = pa, *b = pb;
    return a->when > b->when ? -1 : a->when < b->when;
}

/* "deployment/backend", with its namespace when all are looked at. */
static char *ref_of(const struct recent *r, const struct kta_json *o)
{
    kta_auto_free char *ref = kta_diag_ref(o);
    const char *ns = r->ns ? NULL : kta_obj_namespace(o);
    return kta_asprintf("%s%s%s", ns ? ns : "", ns ? " " : "", ref);
}

/* Is it meant, or read by what is meant? */
static bool meant(struct recent *r, struct kta_json *o)
{
    static const char *const lists[] = {"deployments", "statefulsets", "daemonsets", "cronjobs"};
    if (kta_world_focused(r->w, o))
        return true;
    for (size_t l = 0; l < KTA_LEN(lists); l++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(r->w, lists[l], r->ns, &v);
        for (size_t i = 0; i < n; i++)
            if (kta_world_focused(r->w, v[i]) &&
                kta_streq(kta_obj_namespace(v[i]), kta_obj_namespace(o)) &&
                kta_template_reads(kta_diag_template(v[i]), kta_obj_kind(o), kta_obj_name(o)))
                return true;
    }
    return false;
}

/* ---- rollouts ---- */

static void rollouts(struct recent *r)
{
    static const char *const lists[] = {"deployments", "statefulsets", "daemonsets"};
    for (size_t l = 0; l < KTA_LEN(lists); l++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(r->w, lists[l], r->ns, &v);
        for (size_t i = 0; i < n; i++) {
            struct kta_change c;
            kta_auto_free char *ref = ref_of(r, v[i]);
            if (!kta_world_focused(r->w, v[i]) || !kta_change_of(r->w, v[i], &c))
                continue;
            if (c.when != KTA_NO_TIME && c.when >= r->since) {
                kta_auto_free char *diff = kta_strdup(c.diff);
                for (char *p = diff; *p; p++)
                    if (*p == '\n')
                        *p = p[1] ? ';' : '\0';
                add(r, c.when,
                    kta_asprintf("%s: its pods' template changed%s%s: %.600s", ref,
                                 c.who ? " by " : "", kta_or(c.who, ""), diff));
            }
            kta_change_release(&c);
        }
    }
}

/* ---- who changed which fields ---- */

/* Controllers of the cluster itself. */
static bool controller(const char *manager)
{
    static const char *const names[] = {
        "kube-controller-manager", "kube-scheduler", "kubelet", "kube-apiserver", "k3s", "coredns"};
    for (size_t i = 0; i < KTA_LEN(names); i++)
        if (kta_streq(manager, names[i]))
            return true;
    return false;
}

#define FIELDS_MAX 4

/* Appends the paths that a fieldsV1 tree owns, three levels deep. */
static void fields(const struct kta_json *tree, const char *path, int depth, int *n,
                   struct kta_str *out)
{
    kta_json_each(m, tree) {
        const char *key = kta_json_key(m);
        if (!kta_starts(key, "f:"))
            continue;
        kta_auto_free char *sub = kta_asprintf("%s%s%s", path, *path ? "." : "", key + 2);
        if (kta_streq(sub, "metadata") || kta_streq(sub, "status"))
            continue;
        if (depth < 3 && kta_json_len(m) && kta_starts(kta_json_key(kta_json_first(m)), "f:")) {
            fields(m, sub, depth + 1, n, out);
        } else if ((*n)++ < FIELDS_MAX) {
            kta_str_addf(out, "%s%s", out->len ? ", " : "", sub);
        }
    }
}

static void managed(struct recent *r, const struct kta_json *o)
{
    kta_auto_free char *ref = ref_of(r, o);
    int64_t made = kta_obj_created(o);
    kta_json_each(m, kta_json_at(o, "metadata.managedFields")) {
        const char *who = kta_or(kta_json_str(m, "manager"), "someone");
        int64_t when = kta_time_parse(kta_json_str(m, "time"));
        kta_auto_str struct kta_str what = KTA_STR_INIT;
        int n = 0;
        if (when == KTA_NO_TIME || when < r->since || controller(who) ||
            kta_json_str(m, "subresource"))
            continue;
        if (when <= made + 1) {
            add(r, when, kta_asprintf("%s was created by %s", ref, who));
            continue;
        }
        fields(kta_json_get(m, "fieldsV1"), "", 0, &n, &what);
        if (!n)
            continue;
        add(r, when,
            kta_asprintf("%s was changed by %s, who manages %s%s of it", ref, who, what.s,
                         n > FIELDS_MAX ? " …" : ""));
    }
}

static void objects(struct recent *r)
{
    static const char *const kinds[] = {"deployments",     "statefulsets",
                                        "daemonsets",      "services",
                                        "configmaps",      "secrets",
                                        "ingresses",       "cronjobs",
                                        "networkpolicies", "horizontalpodautoscalers"};
    for (size_t k = 0; k < KTA_LEN(kinds); k++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(r->w, kinds[k], r->ns, &v);
        for (size_t i = 0; i < n; i++)
            if (!kta_streq(kta_obj_label(v[i], "owner"), "helm") &&
                !kta_streq(kta_obj_name(v[i]), "kube-root-ca.crt") && meant(r, v[i]))
                managed(r, v[i]);
    }
}

/* ---- Helm ---- */

static void releases(struct recent *r)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(r->w, "secrets", r->ns, &v);
    for (size_t i = 0; i < n; i++) {
        int64_t when = kta_obj_created(v[i]);
        if (!kta_streq(kta_obj_label(v[i], "owner"), "helm") || when < r->since)
            continue;
        const char *version = kta_or(kta_obj_label(v[i], "version"), "?");
        add(r, when,
            kta_asprintf("Helm %s release %s in %s: revision %s (%s)",
                         kta_streq(version, "1") ? "installed" : "changed",
                         kta_or(kta_obj_label(v[i], "name"), "?"), kta_obj_namespace(v[i]), version,
                         kta_or(kta_obj_label(v[i], "status"), "?")));
    }
}

/* ---- events ---- */

static void events(struct recent *r)
{
    static const char *const reasons[] = {"SuccessfulRescale",  "NodeNotReady",   "NodeReady",
                                          "NodeNotSchedulable", "RegisteredNode", "Evicted"};
    struct kta_json *const *v;
    size_t n = kta_world_list(r->w, "events", r->ns, &v);
    for (size_t i = 0; i < n; i++) {
        int64_t when = kta_event_time(v[i]);
        struct kta_json *o = kta_world_uid(r->w, kta_json_str(v[i], "involvedObject.uid"));
        if (when < r->since || (kta_world_has_focus(r->w) && !(o && kta_world_focused(r->w, o))))
            continue;
        for (size_t k = 0; k < KTA_LEN(reasons); k++)
            if (kta_streq(kta_json_str(v[i], "reason"), reasons[k]))
                add(r, when,
                    kta_asprintf("%s %s: %s: %.200s",
                                 kta_or(kta_json_str(v[i], "involvedObject.kind"), ""),
                                 kta_or(kta_json_str(v[i], "involvedObject.name"), ""), reasons[k],
                                 kta_or(kta_json_str(v[i], "message"), "")));
    }
}

int kta_recent_changes(struct kta_world *w, const struct kta_scope *scope, int64_t seconds,
                       size_t *ret_n, struct kta_str *out, struct kta_err *err)
{
    static const char *const kinds[] = {"deployments",     "statefulsets",
                                        "daemonsets",      "replicasets",
                                        "services",        "configmaps",
                                        "secrets",         "ingresses",
                                        "cronjobs",        "events",
                                        "networkpolicies", "horizontalpodautoscalers"};
    struct recent r = {.w = w, .ns = scope->namespace_, .since = kta_world_now(w) - seconds};
    kta_auto_str struct kta_str span = KTA_STR_INIT;

    if (kta_world_prefetch(w, r.ns, kinds, KTA_LEN(kinds), err))
        return -1;
    rollouts(&r);
    releases(&r);
    objects(&r);
    events(&r);
    if (r.n)
        qsort(r.v, r.n, sizeof *r.v, newest_first);
    kta_age(seconds, &span);
    kta_str_addf(out, "Changes of the last %s in %s%s%s, newest first:\n\n", span.s,
                 r.ns ? "namespace " : "", kta_or(r.ns, "all namespaces"),
                 kta_world_has_focus(w) ? ", of what was named and what it reads" : "");
    for (size_t i = 0; i < r.n && i < LINES_MAX; i++) {
        kta_auto_str struct kta_str age = KTA_STR_INIT;
        kta_auto_free char *safe = kta_redact_dup(kta_world_redact(w), r.v[i].text);
        kta_diag_age(w, r.v[i].when, &age);
        kta_str_addf(out, "- %s: %s\n", age.s, safe);
    }
    if (r.n > LINES_MAX)
        kta_str_addf(out, "- and %zu more\n", r.n - LINES_MAX);
    if (!r.n)
        kta_str_add(out, "None that the cluster keeps a trace of.\n");
    *ret_n = r.n;
    for (size_t i = 0; i < r.n; i++)
        free(r.v[i].text);
    free(r.v);
    kta_report_done(kta_world_report(w));
    return 0;
}
