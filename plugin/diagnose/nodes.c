/*
 * nodes.c - nodes in trouble, namespaces that will not go, APIs that do not answer.
 *
 * A condition type that is not known is a fault only when it is True. In one namespace a node is
 * worth a word only if pods of it run there.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"

static bool concerns(struct kta_world *w, const char *ns, const struct kta_json *node)
{
    if (!ns)
        return true;
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "pods", ns, &v);
    for (size_t i = 0; i < n; i++)
        if (kta_streq(kta_json_str(v[i], "spec.nodeName"), kta_obj_name(node)) &&
            kta_world_focused(w, v[i]))
            return true;
    return false;
}

static const struct {
    const char *type, *code, *means;
} conditions[] = {
    {"MemoryPressure", "Node.MemoryPressure", "runs out of memory"},
    {"DiskPressure", "Node.DiskPressure", "runs out of disk"},
    {"PIDPressure", "Node.PIDPressure", "runs out of process ids"},
    {"NetworkUnavailable", "Node.NetworkUnavailable", "has no network"},
};

static void node(struct kta_world *w, const char *ns, struct kta_json *o, struct kta_findings *out)
{
    kta_json_each(c, kta_json_at(o, "status.conditions"))
    {
        const char *type = kta_or(kta_json_str(c, "type"), "?");
        const char *status = kta_or(kta_json_str(c, "status"), "");
        const char *code = "Node.Condition", *means = type;
        if (kta_streq(type, "Ready")) {
            if (kta_streq(status, "True"))
                continue;
            code = "Node.NotReady";
            means = kta_streq(status, "Unknown") ? "does not answer any more" : "is not ready";
        } else if (!kta_streq(status, "True")) {
            continue;
        }
        for (size_t i = 0; i < KTA_LEN(conditions); i++)
            if (kta_streq(type, conditions[i].type)) {
                code = conditions[i].code;
                means = conditions[i].means;
            }
        struct kta_finding *f = kta_diag_add(out, code, KTA_CRITICAL, o, 0.95);
        f->since = kta_time_parse(kta_json_str(c, "lastTransitionTime"));
        kta_finding_summary(f, "node %s %s%s", kta_obj_name(o),
                            kta_streq(code, "Node.Condition") ? "reports " : "", means);
        kta_finding_quote(f, "status", "%s=%s: %s", type, status,
                          kta_or(kta_json_str(c, "message"), ""));
        kta_finding_advice(f, "Look at the node itself: its kubelet, runtime, disk and memory.");
    }
    if (!ns && kta_json_bool(o, "spec.unschedulable", false)) {
        struct kta_finding *f = kta_diag_add(out, "Node.Cordoned", KTA_WARNING, o, 0.8);
        kta_finding_summary(f, "node %s is cordoned: it takes no new pods", kta_obj_name(o));
        const char *args[] = {"uncordon", kta_obj_name(o), NULL};
        (void)kta_fix_kubectl(w, f, KTA_RISK_MEDIUM, /* undoable= */ true, NULL, args,
                              "let pods onto it again");
    }
}

static void apis(struct kta_world *w, struct kta_findings *out)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "apiservices", NULL, &v);
    for (size_t i = 0; i < n; i++) {
        const struct kta_json *c = kta_obj_condition(v[i], "Available");
        if (!kta_streq(kta_json_str(c, "status"), "False"))
            continue;
        struct kta_finding *f =
            kta_diag_add(out, "APIService.Unavailable", KTA_CRITICAL, v[i], 0.95);
        f->since = kta_time_parse(kta_json_str(c, "lastTransitionTime"));
        kta_finding_summary(f, "API %s does not answer: %s", kta_obj_name(v[i]),
                            kta_or(kta_json_str(c, "message"), ""));
        kta_finding_quote(f, "status", "%s: %s", kta_or(kta_json_str(c, "reason"), ""),
                          kta_or(kta_json_str(c, "message"), ""));
        if (kta_json_str(v[i], "spec.service.name"))
            kta_finding_symptom(f, "Service", kta_json_str(v[i], "spec.service.namespace"),
                                kta_json_str(v[i], "spec.service.name"));
        kta_finding_advice(f, "Mend the Service behind it, or delete the APIService if what served "
                              "it is gone: while it is there, namespaces cannot be deleted.");
    }
}

static void spaces(struct kta_world *w, struct kta_findings *out)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "namespaces", NULL, &v);
    for (size_t i = 0; i < n; i++) {
        int64_t t = kta_time_parse(kta_json_str(v[i], "metadata.deletionTimestamp"));
        if (t == KTA_NO_TIME || kta_world_now(w) - t < 180)
            continue;
        struct kta_finding *f = kta_diag_add(out, "Namespace.Terminating", KTA_WARNING, v[i], 0.9);
        f->since = t;
        kta_finding_summary(f, "namespace %s cannot be deleted to the end", kta_obj_name(v[i]));
        kta_json_each(c, kta_json_at(v[i],
                                     "status.conditions")) if (kta_streq(kta_json_str(c, "status"),
                                                                         "True"))
            kta_finding_quote(f, "status", "%s: %s", kta_json_str(c, "type"),
                              kta_or(kta_json_str(c, "message"), ""));
        kta_finding_advice(f, "The conditions name what is left and which finalizers hold it: mend "
                              "the controller that should remove them.");
    }
}

void kta_analyze_nodes(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    struct kta_json *const *v;
    if (kta_world_has_focus(w) && !kta_world_has_list(w, "nodes", NULL))
        return;
    size_t n = kta_world_list(w, "nodes", NULL, &v);
    for (size_t i = 0; i < n; i++)
        if (concerns(w, ns, v[i]))
            node(w, ns, v[i], out);
    if (!ns && !kta_world_has_focus(w)) {
        apis(w, out);
        spaces(w, out);
    }
}
