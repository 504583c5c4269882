/*
 * deprecated.c - objects that somebody still applies through a version of the API that Kubernetes
 * has taken away, or will: the next upgrade refuses that manifest, though the object itself is
 * well.
 *
 * Who used which version stands in managedFields and in what apply remembers.
 */
#include <string.h>

#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/kinds.h"

/* kubernetes.io/docs/reference/using-api/deprecation-guide */
static const struct {
    const char *kind, *version; /* plural; group/version as objects spell it */
    const char *gone, *instead; /* the first Kubernetes without it */
} removed[] = {
    {"deployments", "extensions/v1beta1", "1.16", "apps/v1"},
    {"deployments", "apps/v1beta1", "1.16", "apps/v1"},
    {"deployments", "apps/v1beta2", "1.16", "apps/v1"},
    {"statefulsets", "apps/v1beta1", "1.16", "apps/v1"},
    {"statefulsets", "apps/v1beta2", "1.16", "apps/v1"},
    {"daemonsets", "extensions/v1beta1", "1.16", "apps/v1"},
    {"daemonsets", "apps/v1beta2", "1.16", "apps/v1"},
    {"networkpolicies", "extensions/v1beta1", "1.16", "networking.k8s.io/v1"},
    {"ingresses", "extensions/v1beta1", "1.22", "networking.k8s.io/v1"},
    {"ingresses", "networking.k8s.io/v1beta1", "1.22", "networking.k8s.io/v1"},
    {"ingressclasses", "networking.k8s.io/v1beta1", "1.22", "networking.k8s.io/v1"},
    {"storageclasses", "storage.k8s.io/v1beta1", "1.22", "storage.k8s.io/v1"},
    {"cronjobs", "batch/v1beta1", "1.25", "batch/v1"},
    {"cronjobs", "batch/v2alpha1", "1.21", "batch/v1"},
    {"poddisruptionbudgets", "policy/v1beta1", "1.25", "policy/v1"},
    {"horizontalpodautoscalers", "autoscaling/v2beta1", "1.25", "autoscaling/v2"},
    {"horizontalpodautoscalers", "autoscaling/v2beta2", "1.26", "autoscaling/v2"},
};

/* Who applied o in that version, "" when only apply's own memory tells; NULL: nobody. */
static const char *applied_by(const struct kta_json *o, const char *version, int64_t *ret_when)
{
    static const char apply[] = "kubectl.kubernetes.io/last-applied-configuration";
    const char *last = kta_json_text(kta_json_get(kta_json_at(o, "metadata.annotations"), apply));
    kta_auto_free char *words = kta_asprintf("\"apiVersion\":\"%s\"", version);

    *ret_when = KTA_NO_TIME;
    kta_json_each(m, kta_json_at(o, "metadata.managedFields")) {
        if (!kta_streq(kta_json_str(m, "apiVersion"), version) || kta_json_str(m, "subresource"))
            continue;
        *ret_when = kta_time_parse(kta_json_str(m, "time"));
        return kta_or(kta_json_str(m, "manager"), "");
    }
    return last && kta_starts(last, "{") && strstr(last, words) == last + 1 ? "" : NULL;
}

static void tell(const struct kta_json *o, size_t row, const char *manager, int64_t when,
                 struct kta_findings *out)
{
    kta_auto_free char *ref = kta_diag_ref(o);
    kta_auto_str struct kta_str at = KTA_STR_INIT;
    struct kta_finding *f = kta_diag_add(out, "Api.Deprecated", KTA_INFO, o, 0.9);

    kta_finding_summary(f, "%s is applied as %s, which Kubernetes %s and later refuse", ref,
                        removed[row].version, removed[row].gone);
    if (when != KTA_NO_TIME)
        kta_time_format(when, &at);
    kta_finding_quote(f, "metadata", "%s%s%s applied it as %s", kta_or(at.s, ""), at.len ? " " : "",
                      *manager ? manager : "kubectl apply", removed[row].version);
    kta_finding_advice(f,
                       "Write apiVersion: %s in the manifest (kubectl convert helps with what "
                       "else differs) and apply it again.",
                       removed[row].instead);
}

/* One finding a version: the first object, the others beneath it. */
void kta_analyze_deprecated(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    for (size_t r = 0; r < KTA_LEN(removed); r++) {
        struct kta_json *const *v;
        struct kta_finding *told = NULL;
        if (!kta_world_has_list(w, removed[r].kind, ns))
            continue; /* nothing is read for this alone */
        size_t n = kta_world_list(w, removed[r].kind, ns, &v);
        for (size_t i = 0; i < n; i++) {
            int64_t when;
            const char *by =
                kta_world_focused(w, v[i]) ? applied_by(v[i], removed[r].version, &when) : NULL;
            if (!by)
                continue;
            if (told) {
                kta_finding_symptom(told, kta_obj_kind(v[i]), kta_obj_namespace(v[i]),
                                    kta_obj_name(v[i]));
                continue;
            }
            tell(v[i], r, by, when, out);
            told = out->v[out->n - 1];
        }
    }
}
