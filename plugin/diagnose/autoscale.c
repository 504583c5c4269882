/*
 * autoscale.c - HorizontalPodAutoscalers that cannot scale, PodDisruptionBudgets that never allow a
 * disruption.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"

static struct kta_json *target_of(struct kta_world *w, const struct kta_json *hpa, bool *ret_known)
{
    const char *kind = kta_json_str(hpa, "spec.scaleTargetRef.kind");
    *ret_known = false;
    return kind ? kta_world_get(w, kind, kta_obj_namespace(hpa),
                                kta_json_str(hpa, "spec.scaleTargetRef.name"), ret_known)
                : NULL;
}

/* The right name under the wrong kind: a fix that names the kind that has it. */
static bool other_kind(struct kta_world *w, const struct kta_json *hpa, struct kta_finding *f)
{
    static const struct {
        const char *kind, *list;
    } rows[] = {{"Deployment", "deployments"}, {"StatefulSet", "statefulsets"}};
    const char *name = kta_or(kta_json_str(hpa, "spec.scaleTargetRef.name"), "");
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        bool known;
        if (kta_streq(rows[i].kind, kta_json_str(hpa, "spec.scaleTargetRef.kind")) ||
            !kta_world_get(w, rows[i].list, kta_obj_namespace(hpa), name, &known))
            continue;
        kta_finding_quote(f, "cluster", "there is a %s %s", rows[i].kind, name);
        kta_auto_free char *body = kta_asprintf("{\"spec\":{\"scaleTargetRef\":{\"apiVersion\":"
                                                "\"apps/v1\",\"kind\":\"%s\"}}}",
                                                rows[i].kind);
        (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, hpa, KTA_PATCH_MERGE, body,
                            "scale %s %s, which exists", rows[i].kind, name);
        return true;
    }
    return false;
}

static void no_target(struct kta_world *w, struct kta_json *hpa, struct kta_findings *out)
{
    const char *name = kta_or(kta_json_str(hpa, "spec.scaleTargetRef.name"), "?");
    struct kta_finding *f = kta_diag_add(out, "HPA.TargetMissing", KTA_CRITICAL, hpa, 0.95);
    kta_finding_summary(f, "HorizontalPodAutoscaler %s scales %s %s, which does not exist",
                        kta_obj_name(hpa),
                        kta_or(kta_json_str(hpa, "spec.scaleTargetRef.kind"), ""), name);
    const char *told = kta_json_str(kta_obj_condition(hpa, "AbleToScale"), "message");
    if (told)
        kta_finding_quote(f, "status", "%s", told);
    const char *kind = kta_or(kta_json_str(hpa, "spec.scaleTargetRef.kind"), "");
    if (other_kind(w, hpa, f))
        return;
    size_t n;
    const char **names =
        kta_world_names(w, kta_streq(kind, "StatefulSet") ? "statefulsets" : "deployments",
                        kta_obj_namespace(hpa), &n);
    const char *near = kta_nearest(name, names, n);
    if (!near && n == 1)
        near = names[0];
    if (near) {
        kta_auto_free char *body =
            kta_asprintf("{\"spec\":{\"scaleTargetRef\":{\"name\":\"%s\"}}}", near);
        (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, hpa, KTA_PATCH_MERGE, body,
                            "scale %s %s, which exists", kind, near);
    }
    kta_finding_advice(f, "Or delete the autoscaler if its target is gone for good.");
    free(names);
}

/* Containers without the request that a utilization is counted against. */
static void no_requests(struct kta_world *w, struct kta_json *hpa, struct kta_json *target,
                        const char *message, struct kta_findings *out)
{
    const char *what = strstr(message, "memory") ? "memory" : "cpu";
    struct kta_finding *f = kta_diag_add(out, "HPA.NoRequests", KTA_CRITICAL, hpa, 0.95);
    kta_auto_free char *ref = kta_diag_ref(target);
    kta_finding_summary(f,
                        "HorizontalPodAutoscaler %s cannot count utilization: containers of %s "
                        "set no %s request",
                        kta_obj_name(hpa), ref, what);
    kta_finding_quote(f, "status", "%s", message);
    struct kta_json *spec = kta_json_new_object();
    struct kta_json *list = kta_json_set(spec, "containers", kta_json_new_array());
    kta_json_each(c, kta_json_at(target, "spec.template.spec.containers"))
    {
        if (kta_json_get(kta_json_at(c, "resources.requests"), what))
            continue;
        struct kta_json *x = kta_json_push(list, kta_json_new_object());
        kta_json_set_str(x, "name", kta_json_str(c, "name"));
        struct kta_json *r = kta_json_set(kta_json_set(x, "resources", kta_json_new_object()),
                                          "requests", kta_json_new_object());
        kta_json_set_str(r, what, kta_streq(what, "cpu") ? "100m" : "128Mi");
    }
    if (kta_json_len(list))
        (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, target, spec, "request %s for its containers",
                               what);
    else
        kta_json_free(spec);
}

static void hpa(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    const struct kta_json *able = kta_obj_condition(o, "AbleToScale");
    const struct kta_json *active = kta_obj_condition(o, "ScalingActive");
    const struct kta_json *limited = kta_obj_condition(o, "ScalingLimited");
    bool known;
    struct kta_json *target = target_of(w, o, &known);
    if (!target && known && !kta_diag_settling(w, o, 5)) {
        no_target(w, o, out);
        return;
    }
    const char *message = kta_or(kta_json_str(active, "message"), "");
    if (kta_streq(kta_json_str(active, "status"), "False") && target) {
        if (strstr(message, "missing request"))
            no_requests(w, o, target, message, out);
        else if (!kta_streq(kta_json_str(active, "reason"), "ScalingDisabled") &&
                 !kta_diag_settling(w, o, 90) && kta_diag_ready(target) > 0 &&
                 !kta_diag_settling(w, target, 90)) {
            struct kta_finding *f = kta_diag_add(out, "HPA.NoMetrics", KTA_WARNING, o, 0.85);
            kta_finding_summary(f, "HorizontalPodAutoscaler %s gets no metrics", kta_obj_name(o));
            kta_finding_quote(f, "status", "%s", message);
            kta_finding_advice(f, "Install metrics-server, or whatever serves the metric that it "
                                  "asks for, and check that it is available (kubectl get "
                                  "apiservices).");
            kta_finding_symptom(f, kta_obj_kind(target), kta_obj_namespace(target),
                                kta_obj_name(target));
        }
        return;
    }
    (void)able;
    int64_t max = kta_json_int(o, "spec.maxReplicas", 0);
    if (kta_streq(kta_json_str(limited, "status"), "True") &&
        kta_streq(kta_json_str(limited, "reason"), "TooManyReplicas") &&
        kta_json_int(o, "status.desiredReplicas", 0) >= max) {
        struct kta_finding *f = kta_diag_add(out, "HPA.AtMaximum", KTA_WARNING, o, 0.85);
        kta_finding_summary(f,
                            "HorizontalPodAutoscaler %s is at its maximum of %lld and wants more",
                            kta_obj_name(o), (long long)max);
        kta_finding_quote(f, "status", "%s", kta_or(kta_json_str(limited, "message"), ""));
        kta_auto_free char *body =
            kta_asprintf("{\"spec\":{\"maxReplicas\":%lld}}", (long long)(2 * max));
        (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, o, KTA_PATCH_MERGE, body,
                            "raise maxReplicas to %lld", (long long)(2 * max));
        kta_finding_advice(f, "Make sure that the nodes have room for more.");
    }
}

static void pdb(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    int64_t expected = kta_json_int(o, "status.expectedPods", 0);
    int64_t desired = kta_json_int(o, "status.desiredHealthy", 0);
    if (kta_diag_settling(w, o, 10) || kta_json_int(o, "status.disruptionsAllowed", 1) > 0)
        return;
    if (expected > 0 && desired >= expected) {
        struct kta_finding *f = kta_diag_add(out, "PDB.Blocks", KTA_WARNING, o, 0.9);
        kta_finding_summary(
            f,
            "PodDisruptionBudget %s never allows a disruption: it wants %lld of %lld "
            "pods at all times, so no node of theirs can be drained",
            kta_obj_name(o), (long long)desired, (long long)expected);
        kta_finding_quote(f, "spec", "%s %lld",
                          kta_json_at(o, "spec.minAvailable") ? "minAvailable" : "maxUnavailable",
                          (long long)kta_json_int(o,
                                                  kta_json_at(o, "spec.minAvailable")
                                                      ? "spec.minAvailable"
                                                      : "spec.maxUnavailable",
                                                  0));
        (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, o, KTA_PATCH_MERGE,
                            "{\"spec\":{\"minAvailable\":null,\"maxUnavailable\":1}}",
                            "allow one pod at a time to be away");
        kta_finding_advice(f, "Or run more replicas than it wants at all times.");
    }
}

void kta_analyze_autoscale(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    struct kta_json *const *v;
    if (!kta_world_has_focus(w) || kta_world_has_list(w, "horizontalpodautoscalers", ns)) {
        size_t n = kta_world_list(w, "horizontalpodautoscalers", ns, &v);
        for (size_t i = 0; i < n; i++) {
            bool known;
            struct kta_json *t = kta_world_has_focus(w) ? target_of(w, v[i], &known) : NULL;
            if (kta_world_focused(w, v[i]) || (t && kta_world_focused(w, t)))
                hpa(w, v[i], out);
        }
    }
    if (!kta_world_has_focus(w) || kta_world_has_list(w, "poddisruptionbudgets", ns)) {
        size_t n = kta_world_list(w, "poddisruptionbudgets", ns, &v);
        for (size_t i = 0; i < n; i++)
            if (kta_world_focused(w, v[i]))
                pdb(w, v[i], out);
    }
}
