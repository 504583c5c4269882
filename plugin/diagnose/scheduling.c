/*
 * scheduling.c - pods that no node takes: which predicate fails, and the smallest change that makes
 * one node fit, computed from the nodes and what runs on them.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/quantity.h"
#include "kta/re.h"

/* ---- room ---- */

static int64_t request(const struct kta_json *container, const char *what)
{
    const char *s = kta_json_text(kta_json_get(kta_json_at(container, "resources.requests"), what));
    int64_t q = s ? kta_quantity_milli(s) : 0;
    return q > 0 ? q : 0;
}

static int64_t pod_request(const struct kta_json *spec, const char *what)
{
    int64_t sum = 0, init = 0;
    kta_json_each(c, kta_json_get(spec, "containers"))
        sum += request(c, what);
    kta_json_each(c, kta_json_get(spec, "initContainers")) {
        if (kta_streq(kta_json_str(c, "restartPolicy"), "Always"))
            sum += request(c, what);
        else if (request(c, what) > init)
            init = request(c, what);
    }
    const char *over = kta_json_text(kta_json_get(kta_json_get(spec, "overhead"), what));
    return (sum > init ? sum : init) + (over ? kta_quantity_milli(over) : 0);
}

static bool usable(const struct kta_json *node)
{
    return !kta_json_bool(node, "spec.unschedulable", false) &&
           kta_obj_condition_is(node, "Ready", "True");
}

/* What a node has left of a resource (milli); -1 unknown. */
static int64_t free_on(struct kta_world *w, const struct kta_json *node, const char *what)
{
    const char *s = kta_json_text(kta_json_get(kta_json_at(node, "status.allocatable"), what));
    int64_t left = s ? kta_quantity_milli(s) : -1;
    struct kta_json *const *pods;
    size_t n = kta_world_running_pods(w, &pods);
    if (left < 0 || !n)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (kta_streq(kta_json_str(pods[i], "spec.nodeName"), kta_obj_name(node)))
            left -= pod_request(kta_json_get(pods[i], "spec"), what);
    return left > 0 ? left : 0;
}

/* The node with most room. */
static int64_t most_room(struct kta_world *w, const char *what, const char **ret_node)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "nodes", NULL, &v);
    int64_t best = -1;
    for (size_t i = 0; i < n; i++) {
        int64_t left = usable(v[i]) ? free_on(w, v[i], what) : -1;
        if (left > best) {
            best = left;
            *ret_node = kta_obj_name(v[i]);
        }
    }
    return best;
}

static void quantity(const char *what, int64_t milli, struct kta_str *out)
{
    if (kta_streq(what, "cpu"))
        kta_quantity_cpu(milli, out);
    else
        kta_quantity_memory(milli, out);
}

/* Round to what a person would write: 10m, or 16Mi; some room is left. */
static int64_t rounded(const char *what, int64_t milli)
{
    int64_t unit = kta_streq(what, "cpu") ? 10 : 16LL * 1024 * 1024 * 1000;
    return milli / unit * unit;
}

static void fix_request(struct kta_world *w, struct kta_finding *f, struct kta_json *owner,
                        const struct kta_json *pod, const char *what, int64_t room,
                        const char *node)
{
    static const char *const lists[] = {"containers", "initContainers"};
    const struct kta_json *spec = kta_json_get(pod, "spec"), *biggest = NULL;
    const char *in = NULL;
    for (size_t l = 0; l < KTA_LEN(lists); l++)
        kta_json_each(c, kta_json_get(spec, lists[l]))
            if (!biggest || request(c, what) > request(biggest, what)) {
                biggest = c;
                in = lists[l];
            }
    int64_t others = pod_request(spec, what) - request(biggest, what);
    int64_t fits = rounded(what, (room - others) / 2);
    if (fits <= 0)
        fits = rounded(what, room - others);
    if (fits <= 0)
        return;
    kta_auto_str struct kta_str q = KTA_STR_INIT;
    if (kta_streq(what, "cpu"))
        kta_quantity_cpu(fits, &q);
    else
        kta_quantity_memory_whole(fits, &q);
    struct kta_json *c;
    struct kta_json *patch = kta_fix_container_patch(in, kta_json_str(biggest, "name"), &c);
    struct kta_json *res = kta_json_set(c, "resources", kta_json_new_object());
    kta_json_set_str(kta_json_set(res, "requests", kta_json_new_object()), what, q.s);
    (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, owner, patch,
                           "request %s of %s, which fits on node %s", q.s, what, node);
}

static void no_room(struct kta_world *w, struct kta_finding *f, struct kta_json *owner,
                    const struct kta_json *pod, const char *what)
{
    kta_auto_str struct kta_str asks = KTA_STR_INIT, has = KTA_STR_INIT;
    int64_t want = pod_request(kta_json_get(pod, "spec"), what);
    quantity(what, want, &asks);
    kta_auto_free char *ref = kta_diag_ref(owner);
    const char *node = NULL;
    int64_t room = most_room(w, what, &node);
    if (room < 0) {
        kta_finding_summary(f, "pods of %s find no node: none has the %s that they request (%s)",
                            ref, what, asks.s);
        return;
    }
    quantity(what, room, &has);
    kta_finding_summary(f,
                        "pods of %s find no node: they request %s of %s, and the most that a "
                        "node has left is %s (%s)",
                        ref, asks.s, what, has.s, node);
    kta_finding_quote(f, "nodes", "node/%s has %s of %s left", node, has.s, what);
    fix_request(w, f, owner, pod, what, room, node);
    kta_finding_advice(f, "Or add a node, or free room by scaling down what is not needed.");
}

/* ---- selectors ---- */

static const char *node_label_near(struct kta_world *w, const char *key, const char *value,
                                   const char **ret_key)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "nodes", NULL, &v);
    const char *best = NULL;
    int at = 100;
    for (size_t i = 0; i < n; i++)
        kta_json_each(l, kta_json_at(v[i], "metadata.labels")) {
            const char *k = kta_json_key(l), *x = kta_or(kta_json_text(l), "");
            int d = 100;
            if (kta_streq(k, key))
                d = 1;
            else if (kta_streq(x, value) && kta_distance(k, key, 4) <= 4)
                d = 2 + kta_distance(k, key, 4);
            if (d < at) {
                at = d;
                best = x;
                *ret_key = k;
            }
        }
    return best;
}

static void patch_selector(struct kta_world *w, struct kta_finding *f, struct kta_json *owner,
                           const char *key, const char *new_key, const char *value)
{
    struct kta_json *spec = kta_json_new_object();
    struct kta_json *sel = kta_json_set(spec, "nodeSelector", kta_json_new_object());
    if (!new_key || !kta_streq(key, new_key))
        kta_json_set(sel, key, kta_json_new_null());
    if (new_key)
        kta_json_set_str(sel, new_key, value);
    if (new_key)
        (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, owner, spec,
                               "select nodes with %s=%s, which there are", new_key, value);
    else
        (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, owner, spec,
                               "drop the node selector %s, which no node meets", key);
}

static void no_label(struct kta_world *w, struct kta_finding *f, struct kta_json *owner,
                     const struct kta_json *pod)
{
    kta_auto_free char *ref = kta_diag_ref(owner);
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "nodes", NULL, &v);
    kta_json_each(s, kta_json_at(pod, "spec.nodeSelector")) {
        const char *key = kta_json_key(s), *value = kta_or(kta_json_text(s), "");
        bool met = false;
        for (size_t i = 0; i < n; i++)
            met |= kta_streq(kta_obj_label(v[i], key), value);
        if (met || !n)
            continue;
        kta_finding_summary(f,
                            "pods of %s find no node: they select nodes with %s=%s, and no node "
                            "has that label",
                            ref, key, value);
        const char *near_key = NULL, *near = node_label_near(w, key, value, &near_key);
        if (near) {
            kta_finding_quote(f, "nodes", "there are nodes with %s=%s", near_key, near);
            patch_selector(w, f, owner, key, near_key, near);
        }
        patch_selector(w, f, owner, key, NULL, NULL);
        kta_finding_advice(f, "Or label a node, if one is meant: kubectl label node NAME %s=%s",
                           key, value);
        return;
    }
    kta_finding_summary(f, "pods of %s find no node: no node meets their node affinity", ref);
    const struct kta_json *aff = kta_json_at(pod, "spec.affinity.nodeAffinity");
    if (aff) {
        kta_auto_str struct kta_str s = KTA_STR_INIT;
        kta_json_print(aff, false, &s);
        kta_finding_quote(f, "spec", "nodeAffinity: %.800s", s.s);
        struct kta_json *spec = kta_json_new_object();
        struct kta_json *a = kta_json_set(kta_json_set(spec, "affinity", kta_json_new_object()),
                                          "nodeAffinity", kta_json_new_object());
        kta_json_set(a, "requiredDuringSchedulingIgnoredDuringExecution", kta_json_new_null());
        (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, owner, spec,
                               "drop the required node affinity that no node meets");
    }
    kta_finding_advice(f, "Or label a node so that it meets the affinity.");
}

/* ---- taints ---- */

static void tainted(struct kta_world *w, struct kta_finding *f, struct kta_json *owner,
                    const char *message)
{
    static struct kta_re *re;
    if (!re)
        re = kta_re_must("taint(?:s)? \\{([^:}]+): ?([^}]*)\\}", 0);
    kta_auto_free char *ref = kta_diag_ref(owner);
    struct kta_match m;
    kta_auto_free char *key = NULL, *value = NULL;
    if (kta_re_find(re, message, strlen(message), 0, &m)) {
        key = kta_re_group(message, &m, 1);
        value = kta_re_group(message, &m, 2);
    }
    kta_finding_summary(f,
                        "pods of %s find no node: the nodes are tainted%s%s and the pods do not "
                        "tolerate that",
                        ref, key ? " with " : "", key ? key : "");
    if (!key)
        return;
    if (kta_starts(key, "node.kubernetes.io/")) {
        kta_finding_advice(f,
                           "This taint tells of a node's own trouble (%s): mend the node rather "
                           "than tolerate it.",
                           key);
        return;
    }
    const char *effect = "NoSchedule";
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "nodes", NULL, &v);
    for (size_t i = 0; i < n; i++)
        kta_json_each(t, kta_json_at(v[i], "spec.taints"))
            if (kta_streq(kta_json_str(t, "key"), key)) {
                effect = kta_or(kta_json_str(t, "effect"), effect);
                kta_finding_quote(f, "nodes", "node/%s has the taint %s=%s:%s", kta_obj_name(v[i]),
                                  key, value, effect);
            }
    struct kta_json *spec = kta_json_new_object();
    /* The list has no merge key: what is there is kept. */
    const struct kta_json *have = kta_json_at(kta_diag_template(owner), "spec.tolerations");
    struct kta_json *list =
        kta_json_set(spec, "tolerations", have ? kta_json_copy(have) : kta_json_new_array());
    struct kta_json *t = kta_json_push(list, kta_json_new_object());
    kta_json_set_str(t, "key", key);
    kta_json_set_str(t, "operator", value && *value ? "Equal" : "Exists");
    if (value && *value)
        kta_json_set_str(t, "value", value);
    kta_json_set_str(t, "effect", effect);
    (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, owner, spec, "tolerate the taint %s=%s:%s", key,
                           value, effect);
    kta_finding_advice(f, "Or remove the taint from a node that may take them.");
}

/* ---- which predicate ---- */

static void cordoned(struct kta_world *w, struct kta_finding *f, struct kta_json *owner)
{
    kta_auto_free char *ref = kta_diag_ref(owner);
    kta_finding_summary(f, "pods of %s find no node: the nodes are cordoned", ref);
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "nodes", NULL, &v);
    for (size_t i = 0; i < n; i++) {
        if (!kta_json_bool(v[i], "spec.unschedulable", false))
            continue;
        const char *who = NULL;
        int64_t when = KTA_NO_TIME;
        if (kta_managed_by(v[i], "spec.unschedulable", &who, &when) && !f->change) {
            kta_diag_changed(w, f, when, "%s cordoned node %s", who, kta_obj_name(v[i]));
        }
        kta_finding_quote(f, "nodes", "node/%s: unschedulable", kta_obj_name(v[i]));
        const char *args[] = {"uncordon", kta_obj_name(v[i]), NULL};
        kta_auto_free char *why = kta_asprintf("let pods onto node %s again", kta_obj_name(v[i]));
        (void)kta_fix_kubectl(w, f, KTA_RISK_MEDIUM, /* undoable= */ true, NULL, args, why);
    }
}

enum predicate {
    CPU,
    MEMORY,
    STORAGE,
    PODS,
    SELECTOR,
    TAINT,
    CORDON,
    AFFINITY,
    ANTI,
    SPREAD,
    PORTS,
    CLAIM,
    VOLUME,
    NOT_READY,
    EXTENDED
};

static const struct {
    const char *text, *code;
    enum predicate what;
} predicates[] = {
    {"persistentvolumeclaim \"", "Scheduling.Volume", CLAIM},
    {"unbound immediate PersistentVolumeClaims", "Scheduling.Volume", CLAIM},
    {"Insufficient cpu", "Scheduling.CPU", CPU},
    {"Insufficient memory", "Scheduling.Memory", MEMORY},
    {"Insufficient ephemeral-storage", "Scheduling.Storage", STORAGE},
    {"Too many pods", "Scheduling.TooManyPods", PODS},
    {"were unschedulable", "Scheduling.Cordoned", CORDON},
    {"node affinity/selector", "Scheduling.Selector", SELECTOR},
    {"node selector", "Scheduling.Selector", SELECTOR},
    {"pod anti-affinity", "Scheduling.AntiAffinity", ANTI},
    {"pod affinity", "Scheduling.Affinity", AFFINITY},
    {"topology spread", "Scheduling.Topology", SPREAD},
    {"free ports", "Scheduling.Ports", PORTS},
    {"volume node affinity", "Scheduling.Volume", VOLUME},
    {"PersistentVolume's node affinity", "Scheduling.Volume", VOLUME},
    {"max volume count", "Scheduling.Volume", VOLUME},
    {"taint", "Scheduling.Taint", TAINT},
    {"Insufficient ", "Scheduling.Extended", EXTENDED},
};

static void relax(struct kta_world *w, struct kta_finding *f, struct kta_json *owner,
                  const char *what)
{
    struct kta_json *spec = kta_json_new_object();
    struct kta_json *a = kta_json_set(kta_json_set(spec, "affinity", kta_json_new_object()), what,
                                      kta_json_new_object());
    kta_json_set(a, "requiredDuringSchedulingIgnoredDuringExecution", kta_json_new_null());
    (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, owner, spec,
                           "drop the required %s, which no node can meet", what);
}

static int schedulable_nodes(struct kta_world *w)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "nodes", NULL, &v);
    int k = 0;
    for (size_t i = 0; i < n; i++)
        k += usable(v[i]);
    return k;
}

/* A volume that only some nodes can reach. */
static void volume_elsewhere(struct kta_world *w, struct kta_finding *f, const struct kta_json *pod,
                             const char *ref)
{
    kta_json_each(v, kta_json_at(pod, "spec.volumes")) {
        const char *claim = kta_json_str(v, "persistentVolumeClaim.claimName");
        const struct kta_json *pvc =
            claim ? kta_world_get(w, "persistentvolumeclaims", kta_obj_namespace(pod), claim, NULL)
                  : NULL;
        const char *name = kta_json_str(pvc, "spec.volumeName");
        const struct kta_json *pv =
            name ? kta_world_get(w, "persistentvolumes", NULL, name, NULL) : NULL;
        const struct kta_json *where = kta_json_at(pv, "spec.nodeAffinity.required");
        if (!where)
            continue;
        kta_auto_str struct kta_str s = KTA_STR_INIT;
        kta_json_print(where, false, &s);
        kta_finding_quote(f, "spec", "persistentvolume/%s is to be reached only from: %.600s", name,
                          s.s);
        kta_finding_symptom(f, "PersistentVolumeClaim", kta_obj_namespace(pod), claim);
        kta_finding_summary(f,
                            "pods of %s find no node: volume %s of claim %s can be used only on "
                            "other nodes than those that take them",
                            ref, name, claim);
    }
    kta_finding_advice(f,
                       "Let the pods run where the volume is, bring that node back, or give them "
                       "a volume where they run: the data does not move by itself.");
}

struct taken {
    const struct kta_json *container, *port; /* of the pod that waits */
    struct kta_json *holder;                 /* the pod that has the port already */
};

static bool port_taken(struct kta_world *w, const struct kta_json *pod, struct taken *ret)
{
    struct kta_json *const *v;
    size_t n = kta_world_running_pods(w, &v);
    kta_json_each(c, kta_json_at(pod, "spec.containers"))
        kta_json_each(p, kta_json_get(c, "ports"))
            for (size_t i = 0; i < n && kta_json_int(p, "hostPort", 0); i++)
                kta_json_each(other, kta_json_at(v[i], "spec.containers"))
                    kta_json_each(q, kta_json_get(other, "ports"))
                        if (kta_json_str(v[i], "spec.nodeName") &&
                            kta_json_int(q, "hostPort", 0) == kta_json_int(p, "hostPort", 0)) {
                            *ret = (struct taken){c, p, v[i]};
                            return true;
                        }
    return false;
}

/* Another workload has the port: which, and what works without it. */
static void without_port(struct kta_world *w, struct kta_finding *f, const struct kta_json *owner,
                         const struct kta_json *pod)
{
    struct taken t;
    if (!port_taken(w, pod, &t))
        return;
    const char *ns = kta_obj_namespace(t.holder);
    bool here = kta_streq(ns, kta_obj_namespace(pod));
    struct kta_json *other = here ? kta_world_owner(w, t.holder) : t.holder;
    if (other == owner)
        return;
    kta_auto_free char *ref = kta_diag_ref(owner), *who = kta_diag_ref(other);
    long long port = (long long)kta_json_int(t.port, "hostPort", 0);
    kta_finding_summary(f, "pods of %s find no node: %s%s%s has port %lld of the node (hostPort)",
                        ref, who, here ? "" : " of namespace ", here ? "" : ns, port);
    kta_finding_quote(f, "spec", "pod/%s: hostPort %lld on node %s", kta_obj_name(t.holder), port,
                      kta_json_str(t.holder, "spec.nodeName"));
    struct kta_json *c;
    struct kta_json *spec =
        kta_fix_container_patch("containers", kta_json_str(t.container, "name"), &c);
    struct kta_json *x =
        kta_json_push(kta_json_set(c, "ports", kta_json_new_array()), kta_json_new_object());
    kta_json_set(x, "containerPort", kta_json_copy(kta_json_get(t.port, "containerPort")));
    kta_json_set(x, "hostPort", kta_json_new_null());
    (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, owner, spec,
                           "do without port %lld of the node: a Service reaches the pods by their "
                           "own port",
                           port);
}

/* Of pods that want the same port of their node there is one a node; in a rollout the old one has
 * to go before the new one comes. */
static void one_a_node(struct kta_world *w, struct kta_finding *f, const struct kta_json *owner)
{
    int nodes = schedulable_nodes(w);
    bool deployment = kta_streq(kta_obj_kind(owner), "Deployment");
    if (nodes > 0 && kta_diag_desired(owner) > nodes)
        (void)kta_fix_scale(w, f, owner, nodes, "one for each node");
    else if (deployment && kta_json_int(owner, "status.replicas", 0) > kta_diag_desired(owner))
        (void)
            kta_fix_patch(w, f, KTA_RISK_MEDIUM, owner, KTA_PATCH_MERGE,
                          "{\"spec\":{\"strategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{"
                          "\"maxSurge\":0,\"maxUnavailable\":1}}}}",
                          "let the old pod go before the new one comes: both want the same port "
                          "of the node");
}

static void tell(struct kta_world *w, struct kta_finding *f, struct kta_json *owner,
                 struct kta_json *pod, enum predicate what, const char *message)
{
    kta_auto_free char *ref = kta_diag_ref(owner), *line = kta_diag_first_line(message, 300);
    kta_finding_summary(f, "pods of %s find no node: %s", ref, line);
    switch (what) {
    case CPU:
    case MEMORY:
    case STORAGE:
        no_room(w, f, owner, pod,
                what == CPU      ? "cpu"
                : what == MEMORY ? "memory"
                                 : "ephemeral-storage");
        return;
    case SELECTOR:
        no_label(w, f, owner, pod);
        return;
    case TAINT:
        tainted(w, f, owner, message);
        return;
    case CORDON:
        cordoned(w, f, owner);
        return;
    case ANTI: {
        int nodes = schedulable_nodes(w);
        kta_finding_summary(f,
                            "pods of %s find no node: their anti-affinity wants each on a node "
                            "of its own, and there %s %d node%s",
                            ref, nodes == 1 ? "is" : "are", nodes, nodes == 1 ? "" : "s");
        if (nodes > 0 && kta_diag_desired(owner) > nodes && !kta_streq(kta_obj_kind(owner), "Pod"))
            (void)kta_fix_scale(w, f, owner, nodes, "one for each node");
        relax(w, f, owner, "podAntiAffinity");
        return;
    }
    case AFFINITY:
        relax(w, f, owner, "podAffinity");
        return;
    case SPREAD:
        kta_scheduling_spread(w, f, owner);
        return;
    case PORTS:
        one_a_node(w, f, owner);
        if (!f->n_fixes)
            without_port(w, f, owner, pod);
        kta_finding_advice(f, "The host port is taken on every node: use a Service instead of a "
                              "host port, or another port.");
        return;
    case PODS:
        kta_finding_advice(f, "The nodes hold as many pods as they may: add a node, or remove "
                              "pods that are not needed.");
        return;
    case EXTENDED:
        kta_finding_advice(f, "No node offers enough of that resource: install what provides it "
                              "(a device plugin), or do not request it.");
        return;
    case CLAIM:
        kta_json_each(v, kta_json_at(pod, "spec.volumes"))
            if (kta_json_str(v, "persistentVolumeClaim.claimName"))
                kta_finding_symptom(f, "PersistentVolumeClaim", kta_obj_namespace(pod),
                                    kta_json_str(v, "persistentVolumeClaim.claimName"));
        return;
    case VOLUME:
        volume_elsewhere(w, f, pod, ref);
        return;
    case NOT_READY:
        return;
    }
}

/* A claim that does not exist: the nearest that does. */
static void missing_claim(struct kta_world *w, struct kta_json *owner, struct kta_json *pod,
                          const char *message, struct kta_findings *out)
{
    const char *from = strstr(message, "persistentvolumeclaim \"") + 23;
    kta_auto_free char *name = kta_strndup(from, strcspn(from, "\""));
    struct kta_finding *f = kta_diag_add(out, "Storage.MissingClaim", KTA_CRITICAL, owner, 0.95);
    const char *ns = kta_obj_namespace(pod);
    kta_auto_free char *ref = kta_diag_ref(owner);
    f->since = kta_obj_created(pod);
    kta_finding_summary(f,
                        "pods of %s cannot be scheduled: PersistentVolumeClaim %s does not exist",
                        ref, name);
    kta_finding_quote(f, "event", "%.*s", KTA_DIAG_QUOTE, message);
    size_t n;
    const char **names = kta_world_names(w, "persistentvolumeclaims", ns, &n);
    const char *near = kta_nearest(name, names, n);
    if (near) {
        struct kta_json *spec = kta_json_new_object();
        struct kta_json *list = kta_json_set(spec, "volumes", kta_json_new_array());
        kta_json_each(v, kta_json_at(pod, "spec.volumes"))
            if (kta_streq(kta_json_str(v, "persistentVolumeClaim.claimName"), name)) {
                struct kta_json *x = kta_json_push(list, kta_json_new_object());
                kta_json_set_str(x, "name", kta_json_str(v, "name"));
                kta_json_set_str(kta_json_set(x, "persistentVolumeClaim", kta_json_new_object()),
                                 "claimName", near);
            }
        (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, owner, spec, "use claim %s, which exists",
                               near);
    }
    kta_finding_advice(f, "Or create the claim %s with the size and storage class that it needs.",
                       name);
    free(names);
}

/* Nobody has said a word about a pod that has no node: its scheduler is not there. */
static void no_scheduler(struct kta_world *w, struct kta_json *owner, struct kta_json *pod,
                         struct kta_findings *out)
{
    enum { PATIENCE = 15, LONG_QUEUE = 120 }; /* seconds */
    static const char usual[] = "default-scheduler";
    const char *name = kta_or(kta_json_str(pod, "spec.schedulerName"), usual);
    if (kta_json_str(pod, "spec.nodeName") ||
        kta_diag_settling(w, pod, kta_streq(name, usual) ? LONG_QUEUE : PATIENCE) ||
        kta_diag_event(w, pod, "FailedScheduling", NULL) ||
        kta_diag_find(out, "Scheduling.NoScheduler", owner))
        return;
    struct kta_finding *f = kta_diag_add(out, "Scheduling.NoScheduler", KTA_CRITICAL, owner, 0.85);
    kta_auto_free char *ref = kta_diag_ref(owner);
    f->since = kta_obj_created(pod);
    kta_finding_summary(f,
                        "pods of %s wait for a scheduler named %s, and none of that name answers",
                        ref, name);
    kta_finding_quote(f, "spec", "schedulerName: %s", name);
    kta_finding_symptom(f, "Pod", kta_obj_namespace(pod), kta_obj_name(pod));
    if (kta_streq(name, usual)) {
        kta_finding_advice(f, "Look whether the cluster's scheduler runs.");
        return;
    }
    struct kta_json *spec = kta_json_new_object();
    kta_json_set_str(spec, "schedulerName", usual);
    (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, owner, spec, "use %s", usual);
    kta_finding_advice(f, "Or start the scheduler %s, if it is meant.", name);
}

/* The pod is given to a node by name, and there is none of that name. */
static void no_such_node(struct kta_world *w, struct kta_json *owner, struct kta_json *pod,
                         struct kta_findings *out)
{
    const char *name = kta_json_str(pod, "spec.nodeName");
    bool known;
    if (!name || !kta_json_str(kta_diag_template(owner), "spec.nodeName") ||
        kta_world_get(w, "nodes", NULL, name, &known) || !known ||
        kta_diag_find(out, "Scheduling.NoSuchNode", owner))
        return;
    struct kta_finding *f = kta_diag_add(out, "Scheduling.NoSuchNode", KTA_CRITICAL, owner, 0.95);
    kta_auto_free char *ref = kta_diag_ref(owner);
    f->since = kta_obj_created(pod);
    kta_finding_summary(f, "pods of %s are given to node %s by name, and there is no such node",
                        ref, name);
    kta_finding_quote(f, "spec", "nodeName: %s", name);
    kta_finding_symptom(f, "Pod", kta_obj_namespace(pod), kta_obj_name(pod));
    struct kta_json *spec = kta_json_new_object();
    kta_json_set(spec, "nodeName", kta_json_new_null());
    (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, owner, spec, "let the scheduler choose the node");
    size_t n;
    const char **names = kta_world_names(w, "nodes", NULL, &n);
    const char *near = kta_nearest(name, names, n);
    if (near) {
        spec = kta_json_new_object();
        kta_json_set_str(spec, "nodeName", near);
        (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, owner, spec, "use node %s, which exists",
                               near);
    }
    free(names);
}

void kta_analyze_scheduling(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    struct kta_json *const *pods;
    size_t n = kta_world_list(w, "pods", ns, &pods);
    for (size_t i = 0; i < n; i++) {
        struct kta_json *pod = pods[i];
        const struct kta_json *c = kta_obj_condition(pod, "PodScheduled");
        if (!kta_world_focused(w, pod) ||
            !kta_streq(kta_json_str(pod, "status.phase"), "Pending") ||
            kta_json_at(pod, "metadata.deletionTimestamp") || kta_pod_settled(w, pod))
            continue;
        struct kta_json *owner = kta_world_owner(w, pod);
        if (!c) { /* neither a scheduler nor a kubelet has had it */
            no_scheduler(w, owner, pod, out);
            no_such_node(w, owner, pod, out);
        }
        if (!kta_streq(kta_json_str(c, "status"), "False"))
            continue;
        const char *message = kta_or(kta_json_str(c, "message"), "");
        if (kta_streq(kta_json_str(c, "reason"), "SchedulingGated")) {
            if (kta_diag_find(out, "Scheduling.Gated", owner))
                continue;
            struct kta_finding *f = kta_diag_add(out, "Scheduling.Gated", KTA_WARNING, owner, 0.9);
            kta_auto_free char *ref = kta_diag_ref(owner);
            kta_finding_summary(f, "pods of %s wait for their scheduling gates to be removed", ref);
            kta_json_each(g, kta_json_at(pod, "spec.schedulingGates"))
                kta_finding_quote(f, "spec", "gate %s", kta_json_str(g, "name"));
            kta_finding_advice(f,
                               "Whatever set the gate removes it when its condition is met: look "
                               "at that controller.");
            continue;
        }
        if (strstr(message, "persistentvolumeclaim \"") && strstr(message, "not found")) {
            if (!kta_diag_find(out, "Storage.MissingClaim", owner))
                missing_claim(w, owner, pod, message, out);
            continue;
        }
        /* What a node lacks counts before what keeps pods off other nodes. */
        size_t k = 0;
        while (k < KTA_LEN(predicates) && !strstr(message, predicates[k].text))
            k++;
        const char *code = k < KTA_LEN(predicates) ? predicates[k].code : "Scheduling.Other";
        struct kta_finding *f = kta_diag_find(out, code, owner);
        if (!f) {
            f = kta_diag_add(out, code, KTA_CRITICAL, owner, 0.9);
            f->since = kta_time_parse(kta_json_str(c, "lastTransitionTime"));
            kta_finding_quote(f, "status", "pod/%s: %.*s", kta_obj_name(pod), KTA_DIAG_QUOTE,
                              message);
            tell(w, f, owner, pod, k < KTA_LEN(predicates) ? predicates[k].what : NOT_READY,
                 message);
        }
        kta_finding_symptom(f, "Pod", kta_obj_namespace(pod), kta_obj_name(pod));
    }
}
