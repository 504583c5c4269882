/*
 * used_by.c - which workloads name a ConfigMap, a Secret, a claim or a ServiceAccount; and which of
 * them a workload names.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/questions.h"

static bool claims(const struct kta_json *spec, const char *name)
{
    kta_json_each(v, kta_json_get(spec, "volumes"))
        if (kta_streq(kta_json_str(v, "persistentVolumeClaim.claimName"), name))
            return true;
    return false;
}

static bool pulls_with(const struct kta_json *spec, const char *name)
{
    kta_json_each(s, kta_json_get(spec, "imagePullSecrets"))
        if (kta_streq(kta_json_str(s, "name"), name))
            return true;
    return false;
}

static bool uses(const struct kta_json *spec, const struct kta_json *o)
{
    const char *kind = kta_obj_kind(o), *name = kta_obj_name(o);
    if (kta_streq(kind, "PersistentVolumeClaim"))
        return claims(spec, name);
    if (kta_streq(kind, "ServiceAccount"))
        return kta_streq(kta_or(kta_json_str(spec, "serviceAccountName"), "default"), name);
    return kta_template_reads(spec, kind, name) ||
           (kta_streq(kind, "Secret") && pulls_with(spec, name));
}

int kta_used_by(struct kta_world *w, const struct kta_json *o, struct kta_str *out,
                struct kta_err *err)
{
    static const char *const kinds[] = {"deployments", "statefulsets", "daemonsets", "cronjobs",
                                        "jobs",        "replicasets",  "pods"};
    const char *ns = kta_obj_namespace(o);
    kta_auto_free char *ref = kta_diag_ref(o);
    kta_auto_str struct kta_str users = KTA_STR_INIT;

    if (kta_world_prefetch(w, ns, kinds, KTA_LEN(kinds), err))
        return -1;
    struct kta_json **v;
    size_t n = kta_diag_uncontrolled(w, ns, kinds, KTA_LEN(kinds), &v);
    for (size_t i = 0; i < n; i++) {
        kta_auto_free char *user = kta_diag_ref(v[i]);
        if (uses(kta_diag_pod_spec(v[i]), o))
            kta_str_addf(&users, "%s%s", users.len ? ", " : "", user);
    }
    free(v);
    if (users.len)
        kta_str_addf(out, "%s is used by %s.\n", ref, users.s);
    else
        kta_str_addf(out, "Nothing in its namespace names %s.\n", ref);
    kta_report_done(kta_world_report(w));
    return 0;
}

/* ---- and the other way ---- */

struct named {
    struct kta_world *w;
    const char *ns, *only; /* only: that kind alone, or NULL */
    struct kta_str *out;
};

static void name_one(struct named *u, const char *plural, const char *word, const char *name)
{
    bool known;

    if (!name || (u->only && !kta_streq(u->only, plural)))
        return;
    bool there = kta_world_get(u->w, plural, u->ns, name, &known) || !known;
    kta_auto_free char *line =
        kta_asprintf("- %s %s%s\n", word, name, there ? "" : " (which is not there)");
    if (!strstr(u->out->s, line))
        kta_str_add(u->out, line);
}

static void name_stores(struct named *u, const struct kta_json *spec)
{
    kta_json_each(m, spec) {
        for (size_t i = 0; kta_json_key(m) && i < kta_n_store_refs; i++) {
            const struct kta_store_ref *r = &kta_store_refs[i];
            if (kta_streq(kta_json_key(m), r->member))
                name_one(u, r->plural, r->word, kta_json_str(m, r->name));
        }
        name_stores(u, m);
    }
}

/* The plural, if it is of a kind that a pod names. */
static const char *nameable(const char *plural)
{
    static const char *const kinds[] = {"configmaps", "secrets", "persistentvolumeclaims",
                                        "serviceaccounts"};
    for (size_t i = 0; i < KTA_LEN(kinds); i++)
        if (kta_streq(kinds[i], plural))
            return kinds[i];
    return NULL;
}

int kta_uses(struct kta_world *w, const struct kta_json *workload, const char *plural,
             struct kta_str *out, struct kta_err *err)
{
    const struct kta_json *spec = kta_diag_pod_spec(workload);
    kta_auto_str struct kta_str lines = KTA_STR_INIT;
    struct named u = {w, kta_obj_namespace(workload), nameable(plural), &lines};
    kta_auto_free char *ref = kta_diag_ref(workload);

    (void)err;
    kta_str_add(&lines, "");
    name_stores(&u, spec);
    kta_json_each(v, kta_json_get(spec, "volumes"))
        name_one(&u, "persistentvolumeclaims", "PersistentVolumeClaim",
                 kta_json_str(v, "persistentVolumeClaim.claimName"));
    kta_json_each(s, kta_json_get(spec, "imagePullSecrets"))
        name_one(&u, "secrets", "Secret", kta_json_str(s, "name"));
    if (spec)
        name_one(&u, "serviceaccounts", "ServiceAccount",
                 kta_or(kta_json_str(spec, "serviceAccountName"), "default"));
    if (lines.len)
        kta_str_addf(out, "%s uses:\n\n%s", ref, lines.s);
    else
        kta_str_addf(out, "%s names no %s.\n", ref, kta_or(u.only, "ConfigMap, Secret or claim"));
    kta_report_done(kta_world_report(w));
    return 0;
}
