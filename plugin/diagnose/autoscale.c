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

/* The right kind and name under an API version that does not serve that kind. */
static void other_version(struct kta_world *w, struct kta_json *hpa, const struct kta_json *target,
                          const char *message, struct kta_findings *out)
{
    const char *right = kta_or(kta_json_str(target, "apiVersion"), "apps/v1");
    struct kta_finding *f = kta_diag_add(out, "HPA.TargetMissing", KTA_CRITICAL, hpa, 0.95);
    kta_auto_free char *ref = kta_diag_ref(target);
    kta_finding_summary(f, "HorizontalPodAutoscaler %s looks for %s in API %s, where there is none",
                        kta_obj_name(hpa), ref,
                        kta_or(kta_json_str(hpa, "spec.scaleTargetRef.apiVersion"), "?"));
    kta_finding_quote(f, "status", "%s", message);
    kta_auto_free char *body =
        kta_asprintf("{\"spec\":{\"scaleTargetRef\":{\"apiVersion\":\"%s\"}}}", right);
    (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, hpa, KTA_PATCH_MERGE, body,
                        "look for it in API %s, where it is", right);
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
    kta_json_each(c, kta_json_at(target, "spec.template.spec.containers")) {
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

/* ---- a container that is not there ---- */

static size_t containers_of(const struct kta_json *target, const char **ret, size_t most)
{
    static const char *const lists[] = {"containers", "initContainers"};
    size_t n = 0;
    for (size_t l = 0; l < KTA_LEN(lists); l++)
        kta_json_each(c, kta_json_get(kta_json_get(kta_diag_template(target), "spec"), lists[l]))
            if (n < most && (l == 0 || kta_streq(kta_json_str(c, "restartPolicy"), "Always")))
                ret[n++] = kta_or(kta_json_str(c, "name"), "");
    return n;
}

/* A metric of one container, by a name that the pods do not have: the template tells, long before
 * the metrics could. */
static bool no_container(struct kta_world *w, struct kta_json *hpa, struct kta_json *target,
                         struct kta_findings *out)
{
    const char *names[64];
    size_t n = containers_of(target, names, KTA_LEN(names)), index = 0;
    kta_auto_json struct kta_json *ops = kta_json_new_array();
    kta_auto_free char *ref = n ? kta_diag_ref(target) : NULL;
    struct kta_finding *f = NULL;
    kta_json_each(m, kta_json_at(hpa, "spec.metrics")) {
        const char *name = kta_json_str(m, "containerResource.container");
        kta_auto_free char *path =
            kta_asprintf("/spec/metrics/%zu/containerResource/container", index++);
        bool there = !name || !n;
        for (size_t i = 0; i < n && !there; i++)
            there = kta_streq(names[i], name);
        if (there)
            continue;
        if (!f)
            f = kta_diag_add(out, "HPA.ContainerMissing", KTA_CRITICAL, hpa, 0.95);
        kta_finding_summary(f,
                            "HorizontalPodAutoscaler %s measures container %s, which the pods of "
                            "%s do not have",
                            kta_obj_name(hpa), name, ref);
        for (size_t i = 0; i < n; i++)
            kta_finding_quote(f, "spec", "%s has the container %s", ref, names[i]);
        const char *near = kta_nearest(name, names, n);
        if (!near && n > 1)
            continue;
        struct kta_json *op = kta_json_push(ops, kta_json_new_object());
        kta_json_set_str(op, "op", "replace");
        kta_json_set_str(op, "path", path);
        kta_json_set_str(op, "value", near ? near : names[0]);
    }
    if (kta_json_len(ops)) {
        kta_auto_str struct kta_str body = KTA_STR_INIT;
        kta_json_print(ops, false, &body);
        (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, hpa, KTA_PATCH_JSON, body.s,
                            "measure container %s, which there is",
                            kta_json_str(kta_json_first(ops), "value"));
    }
    if (f) {
        f->since = kta_obj_created(hpa);
        kta_finding_advice(f, "Or measure the pods as a whole (type: Resource).");
    }
    return f != NULL;
}

/* ---- two of them ---- */

static bool same_target(const struct kta_json *a, const struct kta_json *b)
{
    static const char *const parts[] = {"spec.scaleTargetRef.kind", "spec.scaleTargetRef.name"};
    bool same = kta_streq(kta_obj_namespace(a), kta_obj_namespace(b));
    for (size_t i = 0; i < KTA_LEN(parts); i++)
        same &= kta_streq(kta_json_str(a, parts[i]), kta_json_str(b, parts[i]));
    return same;
}

/* The later one of two is blamed, once. */
static bool conflict(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "horizontalpodautoscalers", kta_obj_namespace(o), &v);
    for (size_t i = 0; i < n; i++) {
        const struct kta_json *other = v[i];
        if (other == o || !same_target(o, other))
            continue;
        int64_t mine = kta_obj_created(o), its = kta_obj_created(other);
        if (mine < its || (mine == its && strcmp(kta_obj_name(o), kta_obj_name(other)) < 0))
            return true; /* told of the other */
        struct kta_finding *f = kta_diag_add(out, "HPA.Conflict", KTA_CRITICAL, o, 0.95);
        f->since = mine;
        kta_finding_summary(f,
                            "HorizontalPodAutoscalers %s and %s scale the same %s %s: each undoes "
                            "what the other does, and neither is active",
                            kta_obj_name(other), kta_obj_name(o),
                            kta_or(kta_json_str(o, "spec.scaleTargetRef.kind"), ""),
                            kta_or(kta_json_str(o, "spec.scaleTargetRef.name"), ""));
        const char *told = kta_json_str(kta_obj_condition(o, "ScalingActive"), "message");
        if (told)
            kta_finding_quote(f, "status", "%s", told);
        kta_finding_symptom(f, kta_obj_kind(other), kta_obj_namespace(other), kta_obj_name(other));
        (void)kta_fix_delete(w, f, KTA_RISK_HIGH, o,
                             "the other one was there first and stays in charge");
        return true;
    }
    return false;
}

/* Metrics that nothing serves, as opposed to those that only are not there yet. */
static bool metrics_missing(const char *message)
{
    static const char *const says[] = {"could not find the requested resource",
                                       "no custom metrics API", "no external metrics API",
                                       "unable to handle the request"};
    for (size_t i = 0; i < KTA_LEN(says); i++)
        if (strstr(message, says[i]))
            return true;
    return false;
}

static void no_metrics(struct kta_world *w, struct kta_json *o, struct kta_json *target,
                       const char *message, struct kta_findings *out)
{
    int64_t settles = metrics_missing(message) ? 20 : 90;
    if (kta_diag_settling(w, o, settles) || kta_diag_settling(w, target, settles) ||
        kta_diag_ready(target) <= 0)
        return;
    struct kta_finding *f = kta_diag_add(out, "HPA.NoMetrics", KTA_WARNING, o, 0.85);
    f->since =
        kta_time_parse(kta_json_str(kta_obj_condition(o, "ScalingActive"), "lastTransitionTime"));
    kta_finding_summary(f, "HorizontalPodAutoscaler %s gets no metrics", kta_obj_name(o));
    kta_finding_quote(f, "status", "%s", message);
    kta_finding_advice(f, "Install metrics-server, or whatever serves the metric that it asks for, "
                          "and check that it is available (kubectl get apiservices).");
    kta_finding_symptom(f, kta_obj_kind(target), kta_obj_namespace(target), kta_obj_name(target));
}

/* ---- it wants more and may not ---- */

static void scale_up_disabled(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    struct kta_finding *f = kta_diag_add(out, "HPA.ScaleUpDisabled", KTA_WARNING, o, 0.9);
    kta_finding_summary(f,
                        "HorizontalPodAutoscaler %s wants more pods, and its own behavior forbids "
                        "to scale up",
                        kta_obj_name(o));
    kta_finding_quote(f, "spec", "behavior.scaleUp.selectPolicy: Disabled");
    kta_finding_quote(f, "status", "%s",
                      kta_or(kta_json_str(kta_obj_condition(o, "ScalingLimited"), "message"), ""));
    (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, o, KTA_PATCH_MERGE,
                        "{\"spec\":{\"behavior\":{\"scaleUp\":{\"selectPolicy\":\"Max\"}}}}",
                        "let it scale up");
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
    if (conflict(w, o, out) || no_container(w, o, target, out))
        return;
    const char *scale = kta_or(kta_json_str(able, "message"), "");
    if (target && kta_streq(kta_json_str(able, "status"), "False") &&
        strstr(scale, "no matches for kind")) {
        other_version(w, o, target, scale, out);
        return;
    }
    const char *message = kta_or(kta_json_str(active, "message"), "");
    if (kta_streq(kta_json_str(active, "status"), "False") && target) {
        if (strstr(message, "missing request"))
            no_requests(w, o, target, message, out);
        else if (!kta_streq(kta_json_str(active, "reason"), "ScalingDisabled"))
            no_metrics(w, o, target, message, out);
        return;
    }
    int64_t max = kta_json_int(o, "spec.maxReplicas", 0);
    if (kta_streq(kta_json_str(limited, "status"), "True") &&
        kta_streq(kta_json_str(limited, "reason"), "ScaleUpLimit") &&
        kta_streq(kta_json_str(o, "spec.behavior.scaleUp.selectPolicy"), "Disabled"))
        scale_up_disabled(w, o, out);
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

/* ---- disruption budgets ---- */

static void guards_nothing(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    const struct kta_json *map = kta_json_at(o, "spec.selector.matchLabels");
    struct kta_json *near = kta_nearest_workload(w, kta_obj_namespace(o), kta_obj_name(o), map);
    const struct kta_json *labels = kta_json_at(kta_diag_template(near), "metadata.labels");
    if (!near || kta_selector_matches(kta_json_at(o, "spec.selector"), labels))
        return; /* nothing that it could be meant for, or at rest */
    struct kta_finding *f = kta_diag_add(out, "PDB.SelectorMismatch", KTA_WARNING, o, 0.85);
    kta_auto_str struct kta_str want = KTA_STR_INIT, have = KTA_STR_INIT;
    kta_auto_free char *ref = kta_diag_ref(near);
    f->since = kta_obj_created(o);
    kta_diag_labels(map, &want);
    kta_diag_labels(labels, &have);
    kta_finding_summary(f, "PodDisruptionBudget %s guards nothing: no pod has the labels %s",
                        kta_obj_name(o), want.s);
    kta_finding_quote(f, "spec", "pods of %s have the labels %s", ref, have.s);
    const struct kta_json *own = kta_json_at(near, "spec.selector.matchLabels");
    kta_auto_json struct kta_json *body = kta_json_new_array();
    struct kta_json *op = kta_json_push(body, kta_json_new_object());
    kta_json_set_str(op, "op", "replace");
    kta_json_set_str(op, "path", "/spec/selector/matchLabels");
    kta_json_set(op, "value", kta_json_copy(own ? own : labels));
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    kta_json_print(body, false, &s);
    (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, o, KTA_PATCH_JSON, s.s, "guard the pods of %s", ref);
}

/* Two budgets for one pod: the eviction API refuses it whatever they say. The later is blamed. */
static bool overlap(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    struct kta_json *const *v, *const *pods;
    const char *ns = kta_obj_namespace(o);
    size_t n = kta_world_list(w, "poddisruptionbudgets", ns, &v);
    size_t k = n > 1 ? kta_world_list(w, "pods", ns, &pods) : 0;
    for (size_t i = 0; i < n; i++) {
        int64_t mine = kta_obj_created(o), its = kta_obj_created(v[i]);
        if (v[i] == o || mine < its ||
            (mine == its && strcmp(kta_obj_name(o), kta_obj_name(v[i])) < 0))
            continue;
        for (size_t p = 0; p < k; p++) {
            const struct kta_json *labels = kta_json_at(pods[p], "metadata.labels");
            if (!kta_selector_matches(kta_json_at(o, "spec.selector"), labels) ||
                !kta_selector_matches(kta_json_at(v[i], "spec.selector"), labels))
                continue;
            struct kta_finding *f = kta_diag_add(out, "PDB.Overlap", KTA_WARNING, o, 0.9);
            f->since = mine;
            kta_finding_summary(f,
                                "PodDisruptionBudgets %s and %s guard the same pods: none of them "
                                "can be evicted, so no node of theirs can be drained",
                                kta_obj_name(v[i]), kta_obj_name(o));
            kta_finding_quote(f, "spec", "both select pod/%s", kta_obj_name(pods[p]));
            kta_finding_symptom(f, kta_obj_kind(v[i]), ns, kta_obj_name(v[i]));
            (void)kta_fix_delete(w, f, KTA_RISK_HIGH, o, "the other one guards these pods already");
            return true;
        }
    }
    return false;
}

/* Its controller cannot count: pods of nobody, or of a kind without a scale. */
static bool not_counted(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    const struct kta_json *c = kta_obj_condition(o, "DisruptionAllowed");
    const struct kta_json *ev = kta_diag_event(w, o, "UnmanagedPods", NULL);
    if (!kta_streq(kta_json_str(c, "reason"), "SyncFailed") && !ev)
        return false;
    struct kta_finding *f = kta_diag_add(out, "PDB.Blocks", KTA_WARNING, o, 0.9);
    f->since = kta_time_parse(kta_json_str(c, "lastTransitionTime"));
    kta_finding_summary(f, "PodDisruptionBudget %s allows no disruption: it cannot count its pods",
                        kta_obj_name(o));
    kta_finding_quote(f, "status", "%s: %s", kta_or(kta_json_str(c, "reason"), "?"),
                      kta_or(kta_json_str(c, "message"), ""));
    kta_diag_quote_event(f, o, ev);
    kta_finding_advice(f, "Pods that no controller with a scale owns can only be counted by a "
                          "minAvailable that is a number.");
    return true;
}

static void pdb(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    int64_t expected = kta_json_int(o, "status.expectedPods", 0);
    int64_t desired = kta_json_int(o, "status.desiredHealthy", 0);
    if (kta_diag_settling(w, o, 10) || overlap(w, o, out) || not_counted(w, o, out))
        return;
    if (expected == 0 && kta_json_at(o, "status.expectedPods"))
        guards_nothing(w, o, out);
    if (kta_json_int(o, "status.disruptionsAllowed", 1) > 0)
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
