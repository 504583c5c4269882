/*
 * used_by.c - which workloads name a ConfigMap, a Secret, a claim or a ServiceAccount.
 */
#include "diag.h"
#include "kta/alloc.h"
#include "kta/questions.h"

static bool uses(const struct kta_json *spec, const struct kta_json *o)
{
    static const struct {
        const char *kind, *plural;
    } kinds[] = {{"ConfigMap", "configmaps"},
                 {"Secret", "secrets"},
                 {"PersistentVolumeClaim", "persistentvolumeclaims"}};
    for (size_t i = 0; i < KTA_LEN(kinds); i++)
        if (kta_streq(kta_obj_kind(o), kinds[i].kind))
            return kta_template_reads(spec, kinds[i].plural, kta_obj_name(o));
    return kta_streq(kta_obj_kind(o), "ServiceAccount") &&
           kta_streq(kta_or(kta_json_str(spec, "serviceAccountName"), "default"), kta_obj_name(o));
}

int kta_used_by(struct kta_world *w, const struct kta_json *o, struct kta_str *out,
                struct kta_err *err)
{
    static const char *const kinds[] = {"deployments", "statefulsets", "daemonsets", "cronjobs",
                                        "jobs",        "replicasets",  "pods"};
    const char *ns = kta_obj_namespace(o);
    kta_auto_free char *ref = kta_diag_ref(o);
    kta_auto_str struct kta_str users = KTA_STR_INIT;
    size_t found = 0;

    if (kta_world_prefetch(w, ns, kinds, KTA_LEN(kinds), err))
        return -1;
    for (size_t k = 0; k < KTA_LEN(kinds); k++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, kinds[k], ns, &v);
        for (size_t i = 0; i < n; i++) {
            const struct kta_json *template_ = kta_diag_template(v[i]);
            kta_auto_free char *user = kta_diag_ref(v[i]);
            if (kta_obj_controller(v[i]) ||
                !uses(kta_json_get(template_ ? template_ : v[i], "spec"), o))
                continue;
            kta_str_addf(&users, "%s%s", found++ ? ", " : "", user);
        }
    }
    if (found)
        kta_str_addf(out, "%s is used by %s.\n", ref, users.s);
    else
        kta_str_addf(out, "Nothing in its namespace names %s.\n", ref);
    kta_report_done(kta_world_report(w));
    return 0;
}
