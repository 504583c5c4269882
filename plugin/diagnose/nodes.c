/*
 * nodes.c - nodes in trouble, namespaces that will not go, APIs and webhooks that do not answer.
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

/* The kernel ended processes for want of memory, and no pod's finding has told of it. */
static void out_of_memory(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    enum { NEWS = 60 * 60 }; /* seconds */
    struct kta_json *ev = kta_diag_event(w, o, "SystemOOM", NULL);
    const struct kta_ref ref = {.kind = "Node", .name = (char *)(uintptr_t)kta_obj_name(o)};
    if (!ev || kta_world_now(w) - kta_event_time(ev) > NEWS)
        return;
    for (size_t i = 0; i < out->n; i++)
        for (size_t k = 0; k < out->v[i]->n_symptoms; k++)
            if (kta_ref_equal(&out->v[i]->symptoms[k], &ref))
                return;
    struct kta_finding *f = kta_diag_add(out, "Node.OutOfMemory", KTA_WARNING, o, 0.9);
    kta_finding_summary(f, "node %s ran out of memory, and its kernel ended processes",
                        kta_obj_name(o));
    kta_diag_quote_event(f, o, ev);
    kta_finding_advice(f, "Give the pods of that node memory requests and limits that fit their "
                          "need: what has none takes what the others, and the node, need.");
}

static void node(struct kta_world *w, const char *ns, struct kta_json *o, struct kta_findings *out)
{
    kta_json_each(c, kta_json_at(o, "status.conditions")) {
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
    if (!ns)
        out_of_memory(w, o, out);
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

/* Seconds after which a namespace that is being deleted hangs: where a finalizer holds something,
 * or an API does not answer, it will not get further; else its pods may take their time. */
#define HANGS_HELD 25
#define HANGS      180

static bool held(const struct kta_json *ns)
{
    static const char *const types[] = {"NamespaceFinalizersRemaining",
                                        "NamespaceDeletionDiscoveryFailure",
                                        "NamespaceDeletionContentFailure",
                                        "NamespaceDeletionGroupVersionParsingFailure"};
    for (size_t i = 0; i < KTA_LEN(types); i++)
        if (kta_obj_condition_is(ns, types[i], "True"))
            return true;
    return false;
}

static void space(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    int64_t t = kta_time_parse(kta_json_str(o, "metadata.deletionTimestamp"));
    if (t == KTA_NO_TIME || kta_world_now(w) - t < (held(o) ? HANGS_HELD : HANGS))
        return;
    struct kta_finding *f = kta_diag_add(out, "Namespace.Terminating", KTA_WARNING, o, 0.9);
    f->since = t;
    kta_finding_summary(f, "namespace %s cannot be deleted to the end", kta_obj_name(o));
    kta_json_each(c, kta_json_at(o, "status.conditions")) {
        if (kta_streq(kta_json_str(c, "status"), "True"))
            kta_finding_quote(f, "status", "%s: %s", kta_json_str(c, "type"),
                              kta_or(kta_json_str(c, "message"), ""));
    }
    kta_finding_advice(f, "The conditions name what is left and which finalizers hold it: mend the "
                          "controller that should remove them.");
}

static void spaces(struct kta_world *w, struct kta_findings *out)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "namespaces", NULL, &v);
    for (size_t i = 0; i < n; i++)
        space(w, v[i], out);
}

/* ---- versions ---- */

#define SKEW_MAX 3 /* minor versions that a kubelet may be older than the API server */

static int minor_of(const char *version)
{
    const char *dot = strchr(kta_or(version, ""), '.');
    return dot ? (int)strtol(dot + 1, NULL, 10) : -1;
}

static void skew(struct kta_world *w, struct kta_json *const *nodes, size_t n,
                 struct kta_findings *out)
{
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    if (!n || kta_cluster_get(kta_world_cluster(w), &v, &ignored, "/version"))
        return;
    const char *server = kta_or(kta_json_str(v, "gitVersion"), "?");
    int theirs = minor_of(server);
    for (size_t i = 0; i < n; i++) {
        const char *kubelet = kta_json_str(nodes[i], "status.nodeInfo.kubeletVersion");
        int its = minor_of(kubelet);
        if (its < 0 || theirs < 0 || (its <= theirs && theirs - its <= SKEW_MAX))
            continue;
        struct kta_finding *f = kta_diag_add(out, "Node.KubeletSkew", KTA_WARNING, nodes[i], 0.95);
        kta_finding_summary(f, "the kubelet of node %s is %s, the API server %s: %s",
                            kta_obj_name(nodes[i]), kubelet, server,
                            its > theirs ? "a kubelet may not be newer"
                                         : "a kubelet may be three minor versions older at most");
        kta_finding_quote(f, "status", "kubeletVersion: %s", kubelet);
        kta_finding_advice(f, "Bring the kubelet of that node to the API server's version: drain "
                              "it, upgrade it, uncordon it.");
    }
}

/* ---- webhooks whose Service has nothing behind it ---- */

static bool answers(struct kta_world *w, const char *ns, const char *name, const char **ret_state)
{
    bool known;
    const struct kta_json *s = kta_world_get(w, "services", ns, name, &known);
    *ret_state = s ? "has no ready endpoints" : "does not exist";
    if (!s)
        return !known;
    return kta_streq(kta_json_str(s, "spec.type"), "ExternalName") || kta_service_ready(w, s) != 0;
}

static bool fails_closed(const struct kta_json *hook)
{
    return kta_streq(kta_or(kta_json_str(hook, "failurePolicy"), "Fail"), "Fail");
}

/* The one of a configuration's webhooks that does not answer and whose failure does most. */
static const struct kta_json *dead_hook(struct kta_world *w, const struct kta_json *config)
{
    const struct kta_json *dead = NULL;
    const char *state;
    kta_json_each(h, kta_json_get(config, "webhooks")) {
        const char *name = kta_json_str(h, "clientConfig.service.name");
        if (name && (!dead || fails_closed(h)) &&
            !answers(w, kta_json_str(h, "clientConfig.service.namespace"), name, &state))
            dead = h;
        if (dead && fails_closed(dead))
            break;
    }
    return dead;
}

static void hooks(struct kta_world *w, struct kta_json *config, struct kta_findings *out)
{
    const struct kta_json *h = dead_hook(w, config);
    if (!h || kta_diag_settling(w, config, 30))
        return;
    const char *name = kta_json_str(h, "clientConfig.service.name"), *state = "";
    const char *ns = kta_json_str(h, "clientConfig.service.namespace");
    const char *policy = kta_or(kta_json_str(h, "failurePolicy"), "Fail");
    bool fails = fails_closed(h);
    (void)answers(w, ns, name, &state);
    struct kta_finding *f =
        kta_diag_add(out, "Webhook.Unavailable", fails ? KTA_CRITICAL : KTA_WARNING, config, 0.9);
    f->since = kta_obj_created(config);
    kta_finding_summary(
        f, "admission webhook %s does not answer: service/%s in namespace %s %s, so %s",
        kta_or(kta_json_str(h, "name"), "?"), name, ns, state,
        fails ? "what it would look at is refused (failurePolicy Fail)"
              : "what it would look at passes unseen (failurePolicy Ignore)");
    kta_finding_quote(f, "spec", "failurePolicy: %s", policy);
    kta_finding_symptom(f, "Service", ns, name);
    kta_finding_advice(f, "Mend what serves the webhook; if it is gone for good, delete its "
                          "configuration.");
}

static void webhooks(struct kta_world *w, struct kta_findings *out)
{
    static const char *const lists[] = {"validatingwebhookconfigurations",
                                        "mutatingwebhookconfigurations"};
    for (size_t l = 0; l < KTA_LEN(lists); l++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, lists[l], NULL, &v);
        for (size_t i = 0; i < n; i++)
            hooks(w, v[i], out);
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
    if (kta_world_has_focus(w))
        return;
    if (ns) {
        struct kta_json *o = kta_world_get(w, "namespaces", NULL, ns, NULL);
        if (o)
            space(w, o, out);
        return;
    }
    apis(w, out);
    spaces(w, out);
    skew(w, v, n, out);
    webhooks(w, out);
}
