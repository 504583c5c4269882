/*
 * used_by.c - which workloads name a ConfigMap, a Secret, a claim or a ServiceAccount.
 */
#include <stdlib.h>
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

static bool uses(const struct kta_json *spec, const struct kta_json *o)
{
    const char *kind = kta_obj_kind(o), *name = kta_obj_name(o);
    if (kta_streq(kind, "PersistentVolumeClaim"))
        return claims(spec, name);
    if (kta_streq(kind, "ServiceAccount"))
        return kta_streq(kta_or(kta_json_str(spec, "serviceAccountName"), "default"), name);
    return kta_template_reads(spec, kind, name);
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
