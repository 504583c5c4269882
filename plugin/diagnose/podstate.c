/*
 * podstate.c - pods that will not go, and pods that were made to go; StatefulSets and DaemonSets
 * that cannot have pods at all.
 */
#include <stdlib.h>
#include <string.h>
#include "crash.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/quantity.h"

static void terminating(struct kta_world *w, struct kta_json *pod, struct kta_findings *out)
{
    /* deletionTimestamp is when it should be gone: the grace period is in it. */
    int64_t due = kta_time_parse(kta_json_str(pod, "metadata.deletionTimestamp"));
    bool held = kta_json_len(kta_json_at(pod, "metadata.finalizers")) > 0;
    if (due == KTA_NO_TIME || kta_world_now(w) - due < (held ? 30 : 180))
        return;
    struct kta_finding *f = kta_diag_add(out, "Pod.Terminating", KTA_CRITICAL, pod, 0.9);
    f->since = due;
    const struct kta_json *fin = kta_json_at(pod, "metadata.finalizers");
    const char *node = kta_json_str(pod, "spec.nodeName");
    if (kta_json_len(fin)) {
        kta_auto_str struct kta_str s = KTA_STR_INIT;
        kta_json_each(x, fin)
            kta_str_addf(&s, "%s%s", s.len ? ", " : "", kta_json_text(x));
        kta_finding_summary(f, "pod %s cannot go: nobody has removed its finalizer %s",
                            kta_obj_name(pod), s.s);
        kta_finding_quote(f, "metadata", "finalizers: %s", s.s);
        kta_finding_advice(f, "Whatever set the finalizer should remove it after its work: look "
                              "whether that controller runs. Removing it by hand skips that work.");
        (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, pod, KTA_PATCH_MERGE,
                            "{\"metadata\":{\"finalizers\":null}}",
                            "remove the finalizers, so that the pod can go");
        return;
    }
    const struct kta_json *n = node ? kta_world_get(w, "nodes", NULL, node, NULL) : NULL;
    bool lost = node && (!n || !kta_obj_condition_is(n, "Ready", "True"));
    kta_finding_summary(f, "pod %s does not end%s%s%s", kta_obj_name(pod),
                        lost ? ": its node " : "", lost ? node : "",
                        lost ? " does not answer" : "");
    if (!lost) { /* a busy node takes its time: nothing is forced */
        f->severity = KTA_WARNING;
        f->confidence = 0.6;
        kta_finding_advice(f,
                           "Its node answers: look at the kubelet and the runtime there, or wait.");
        return;
    }
    kta_auto_free char *ref = kta_diag_ref(pod);
    const char *args[] = {"delete", ref, "--force", "--grace-period=0", NULL};
    (void)kta_fix_kubectl(w, f, KTA_RISK_HIGH, /* undoable= */ false, kta_obj_namespace(pod), args,
                          "forget the pod without waiting for its node (it may still run there)");
}

/* ---- pods that were made to go ---- */

struct eviction {
    struct kta_json *owner;
    const struct kta_json *spec; /* of the pod */
    const char *pod, *message;
    char *source;
    int64_t when;
    bool outdated; /* of a template that was changed since */
};

/* An emptyDir or ephemeral limit that was passed: more. */
static void fix_eviction(struct kta_world *w, struct kta_finding *f, const struct eviction *e)
{
    if (kta_stristr(e->message, "emptydir")) {
        kta_json_each(v, kta_json_get(e->spec, "volumes")) {
            if (strstr(e->message, kta_json_str(v, "name")))
                kta_fix_size_limit(w, f, e->owner, v);
        }
        return;
    }
    kta_json_each(c, kta_json_get(e->spec, "containers")) {
        const char *limit = kta_json_str(c, "resources.limits.ephemeral-storage");
        if (!limit)
            continue;
        kta_auto_str struct kta_str q = KTA_STR_INIT;
        kta_quantity_memory_whole(4 * kta_quantity_milli(limit), &q);
        struct kta_json *x;
        struct kta_json *spec = kta_fix_container_patch("containers", kta_json_str(c, "name"), &x);
        struct kta_json *r = kta_json_set(kta_json_set(x, "resources", kta_json_new_object()),
                                          "limits", kta_json_new_object());
        kta_json_set_str(r, "ephemeral-storage", q.s);
        (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, e->owner, spec,
                               "raise the ephemeral-storage limit to %s", q.s);
        return;
    }
}

static void evicted(struct kta_world *w, const struct eviction *e, struct kta_findings *out)
{
    int64_t want = kta_diag_desired(e->owner);
    bool replaced = want >= 0 && kta_diag_ready(e->owner) >= want;
    bool recent = e->when != KTA_NO_TIME && kta_world_now(w) - e->when < 600;
    if (replaced && e->outdated)
        return;
    struct kta_finding *known = kta_diag_find(out, "Pod.Evicted", e->owner);
    if (known) { /* the second one: it goes on */
        if (recent || !replaced)
            known->severity = KTA_CRITICAL;
        kta_finding_symptom(known, "Pod", kta_obj_namespace(e->owner), e->pod);
        return;
    }
    struct kta_finding *f = kta_diag_add(out, "Pod.Evicted",
                                         !replaced ? KTA_CRITICAL
                                         : recent  ? KTA_WARNING
                                                   : KTA_INFO,
                                         e->owner, 0.9);
    f->since = e->when;
    kta_auto_free char *ref = kta_diag_ref(e->owner);
    kta_finding_summary(f, "pods of %s are evicted: %s", ref, e->message);
    kta_finding_quote(f, e->source, "Evicted: %s", e->message);
    kta_finding_symptom(f, "Pod", kta_obj_namespace(e->owner), e->pod);
    if (kta_stristr(e->message, "ephemeral") || kta_stristr(e->message, "emptydir"))
        kta_finding_advice(f, "It writes more than its limit allows: raise the limit "
                              "(ephemeral-storage, sizeLimit) or make it write less.");
    else
        kta_finding_advice(f, "The node ran short: give the pods requests that fit their need, and "
                              "look at the node's pressure.");
    fix_eviction(w, f, e);
}

static void evicted_pod(struct kta_world *w, struct kta_json *pod, struct kta_findings *out)
{
    kta_auto_free char *source = kta_asprintf("status pod/%s", kta_obj_name(pod));
    struct kta_json *owner = kta_world_owner(w, pod);
    const char *ended = kta_json_str(kta_obj_condition(pod, "Ready"), "lastTransitionTime");
    evicted(w,
            &(struct eviction){.owner = owner,
                               .spec = kta_json_get(pod, "spec"),
                               .pod = kta_obj_name(pod),
                               .message = kta_or(kta_json_str(pod, "status.message"), ""),
                               .source = source,
                               .when = kta_time_parse(ended),
                               .outdated = kta_pod_outdated(w, pod, owner)},
            out);
}

/* The workload that has another pod of that name now, or whose controller says that it has removed
 * one. */
static struct kta_json *removed_by(struct kta_world *w, const char *ns,
                                   struct kta_json *const *events, size_t n, const char *pod)
{
    struct kta_json *again = kta_world_get(w, "pods", ns, pod, NULL);
    if (again)
        return kta_world_owner(w, again);
    for (size_t i = 0; i < n; i++) {
        struct kta_json *o =
            kta_world_uid(w, kta_or(kta_json_str(events[i], "involvedObject.uid"), ""));
        const char *said = kta_or(kta_json_str(events[i], "message"), "");
        const char *at = strstr(said, pod);
        if (o && at && !kta_streq(kta_obj_kind(o), "Pod") && kta_diag_template(o) &&
            (at == said || strchr(" /", at[-1])) && (!at[strlen(pod)] || at[strlen(pod)] == ' '))
            return kta_world_owner(w, o);
    }
    return NULL;
}

/* StatefulSets and DaemonSets remove a pod that was evicted and make another: events are what is
 * left of it. */
static void evicted_and_gone(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "events", ns, &v);
    for (size_t i = 0; i < n; i++) {
        const struct kta_json *of = kta_json_get(v[i], "involvedObject");
        const char *pod = kta_json_str(of, "name"), *who;
        if (!pod || !kta_streq(kta_json_str(v[i], "reason"), "Evicted") ||
            !kta_streq(kta_json_str(of, "kind"), "Pod") ||
            kta_world_uid(w, kta_or(kta_json_str(of, "uid"), "")))
            continue;
        struct kta_json *owner = removed_by(w, kta_json_str(of, "namespace"), v, n, pod);
        int64_t when = kta_event_time(v[i]), changed = KTA_NO_TIME;
        if (!owner || !kta_world_focused(w, owner))
            continue;
        kta_auto_free char *source = kta_asprintf("event pod/%s", pod);
        kta_auto_free char *message = kta_strdup(kta_or(kta_json_str(v[i], "message"), ""));
        for (size_t len = strlen(message); len && message[len - 1] == ' '; len--)
            message[len - 1] = '\0';
        bool known = kta_managed_by(owner, "spec.template", &who, &changed);
        evicted(w,
                &(struct eviction){.owner = owner,
                                   .spec = kta_json_get(kta_diag_template(owner), "spec"),
                                   .pod = pod,
                                   .message = message,
                                   .source = source,
                                   .when = when,
                                   .outdated = known && changed != KTA_NO_TIME && changed >= when},
                out);
    }
}

/* ---- pods that ran longer than they may ---- */

static void overdue(struct kta_world *w, struct kta_json *pod, struct kta_findings *out)
{
    struct kta_json *owner = kta_world_owner(w, pod);
    const char *message = kta_or(kta_json_str(pod, "status.message"), "");
    if (kta_diag_find(out, "Pod.Deadline", owner))
        return;
    struct kta_finding *f = kta_diag_add(out, "Pod.Deadline", KTA_CRITICAL, owner, 0.95);
    kta_auto_free char *ref = kta_diag_ref(owner);
    kta_auto_free char *source = kta_asprintf("status pod/%s", kta_obj_name(pod));
    f->since = kta_obj_created(pod);
    kta_finding_summary(f,
                        "%s was ended because it ran longer than its activeDeadlineSeconds of "
                        "%lld s",
                        ref, (long long)kta_json_int(pod, "spec.activeDeadlineSeconds", 0));
    kta_finding_quote(f, source, "DeadlineExceeded: %s", message);
    kta_finding_symptom(f, "Pod", kta_obj_namespace(pod), kta_obj_name(pod));
    kta_finding_advice(f, "Raise activeDeadlineSeconds if the work needs longer, else look why it "
                          "does not end.");
}

/* ---- pods that a node has not taken, pods that wait for a word from outside ---- */

/* The sysctl that the node does not allow: the pods do without it. */
static void fix_sysctl(struct kta_world *w, struct kta_finding *f, const struct kta_json *owner,
                       const char *message)
{
    const char *at = strstr(message, "forbidden sysctl: \"");
    if (!at)
        return;
    at += strlen("forbidden sysctl: \"");
    kta_auto_free char *name = kta_strndup(at, strcspn(at, "\""));
    struct kta_json *spec = kta_json_new_object();
    struct kta_json *list =
        kta_json_set(kta_json_set(spec, "securityContext", kta_json_new_object()), "sysctls",
                     kta_json_new_array());
    kta_json_each(s, kta_json_at(kta_diag_template(owner), "spec.securityContext.sysctls"))
        if (!kta_streq(kta_json_str(s, "name"), name))
            kta_json_push(list, kta_json_copy(s));
    (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, owner, spec, "do without the sysctl %s", name);
    kta_finding_advice(f, "Or allow it on the nodes (the kubelet's allowedUnsafeSysctls).");
}

static void rejected(struct kta_world *w, struct kta_json *pod, struct kta_findings *out)
{
    enum { NAMED = 5 }; /* pods that are listed */
    struct kta_json *owner = kta_world_owner(w, pod);
    const char *message = kta_or(kta_json_str(pod, "status.message"), "");
    const char *reason = kta_or(kta_json_str(pod, "status.reason"), "?");
    int64_t want = kta_diag_desired(owner);
    bool replaced = want >= 0 && kta_diag_ready(owner) >= want;
    struct kta_finding *f = kta_diag_find(out, "Pod.Rejected", owner);
    if (kta_obj_condition_is(owner, "Complete", "True")) /* another pod did the Job's work */
        return;
    if (f) {
        if (f->n_symptoms < NAMED)
            kta_finding_symptom(f, "Pod", kta_obj_namespace(pod), kta_obj_name(pod));
        return;
    }
    f = kta_diag_add(out, "Pod.Rejected", replaced ? KTA_INFO : KTA_CRITICAL, owner, 0.9);
    f->since = kta_obj_created(pod);
    kta_auto_free char *ref = kta_diag_ref(owner);
    kta_auto_free char *source = kta_asprintf("status pod/%s", kta_obj_name(pod));
    kta_finding_summary(f, "node %s does not take pods of %s: %s",
                        kta_or(kta_json_str(pod, "spec.nodeName"), "?"), ref, message);
    kta_finding_quote(f, source, "%s: %s", reason, message);
    kta_finding_symptom(f, "Pod", kta_obj_namespace(pod), kta_obj_name(pod));
    if (kta_json_at(kta_diag_template(owner), "spec.nodeName") && kta_starts(reason, "OutOf"))
        kta_finding_advice(f,
                           "nodeName pins the pods to a node that has no room: let the scheduler "
                           "choose one, or ask for less.");
    else
        kta_finding_advice(f, "Correct what the message names, in the pods or on the node.");
    fix_sysctl(w, f, owner, message);
}

/* All containers are ready, but a readiness gate is not met: somebody outside has to say so. */
static void gated(struct kta_world *w, struct kta_json *pod, struct kta_findings *out)
{
    enum { UNKNOWN = 60, AT_WORK = 300 }; /* seconds; a load balancer takes its time */
    const struct kta_json *c = kta_obj_condition(pod, "Ready");
    int64_t patience = UNKNOWN;
    kta_json_each(g, kta_json_at(pod, "spec.readinessGates"))
        if (kta_obj_condition(pod, kta_json_str(g, "conditionType")))
            patience = AT_WORK;
    int64_t since = kta_time_parse(
        kta_json_str(kta_obj_condition(pod, "ContainersReady"), "lastTransitionTime"));
    struct kta_json *owner = kta_world_owner(w, pod);
    if (!kta_obj_condition_is(pod, "ContainersReady", "True") || since == KTA_NO_TIME ||
        kta_world_now(w) - since < patience || kta_diag_find(out, "Pod.ReadinessGate", owner))
        return;
    struct kta_finding *f = kta_diag_add(out, "Pod.ReadinessGate", KTA_CRITICAL, owner, 0.9);
    f->since = since;
    kta_auto_free char *ref = kta_diag_ref(owner);
    kta_auto_str struct kta_str gates = KTA_STR_INIT;
    kta_json_each(g, kta_json_at(pod, "spec.readinessGates"))
        if (!kta_obj_condition_is(pod, kta_json_str(g, "conditionType"), "True"))
            kta_str_addf(&gates, "%s%s", gates.len ? ", " : "", kta_json_str(g, "conditionType"));
    kta_finding_summary(
        f,
        "pods of %s run but do not get ready: nobody has set the condition of their "
        "readiness gate %s",
        ref, gates.s);
    kta_auto_free char *source = kta_asprintf("status pod/%s", kta_obj_name(pod));
    kta_finding_quote(f, source, "Ready: %s", kta_or(kta_json_str(c, "message"), "?"));
    kta_finding_symptom(f, "Pod", kta_obj_namespace(pod), kta_obj_name(pod));
    kta_finding_advice(f,
                       "The controller that sets %s (a load balancer's, as a rule) does not run or "
                       "does not know these pods; without it, take the gate out of the template.",
                       gates.s);
}

static void stateful(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    const char *name = kta_json_str(o, "spec.serviceName"), *ns = kta_obj_namespace(o);
    bool known;
    if (!name || !*name || kta_world_get(w, "services", ns, name, &known) || !known)
        return;
    struct kta_finding *f = kta_diag_find(out, "StatefulSet.MissingService", o);
    bool asked = f != NULL; /* by its own pods, before they get ready */
    if (!asked) {
        f = kta_diag_add(out, "StatefulSet.MissingService", KTA_WARNING, o, 0.9);
        kta_finding_summary(f,
                            "statefulset/%s names the headless Service %s, which does not exist: "
                            "its pods have no names in DNS",
                            kta_obj_name(o), name);
    }
    kta_finding_quote(f, "spec", "serviceName: %s", name);
    kta_auto_json struct kta_json *s = kta_json_new_object();
    kta_json_set_str(s, "apiVersion", "v1");
    kta_json_set_str(s, "kind", "Service");
    struct kta_json *m = kta_json_set(s, "metadata", kta_json_new_object());
    kta_json_set_str(m, "name", name);
    kta_json_set_str(m, "namespace", ns);
    struct kta_json *spec = kta_json_set(s, "spec", kta_json_new_object());
    kta_json_set_str(spec, "clusterIP", "None");
    if (asked)
        kta_json_set_bool(spec, "publishNotReadyAddresses", true);
    const struct kta_json *labels = kta_json_at(o, "spec.selector.matchLabels");
    kta_json_set(spec, "selector", labels ? kta_json_copy(labels) : kta_json_new_object());
    struct kta_json *ports = kta_json_new_array();
    kta_json_each(c, kta_json_at(o, "spec.template.spec.containers"))
        kta_json_each(p, kta_json_get(c, "ports")) {
            struct kta_json *x = kta_json_push(ports, kta_json_new_object());
            kta_auto_free char *pn =
                kta_asprintf("p%lld", (long long)kta_json_int(p, "containerPort", 0));
            kta_json_set_str(x, "name", kta_or(kta_json_str(p, "name"), pn));
            kta_json_set_int(x, "port", kta_json_int(p, "containerPort", 0));
        }
    if (kta_json_len(ports))
        kta_json_set(spec, "ports", ports);
    else
        kta_json_free(ports);
    kta_auto_free char *why = kta_asprintf("create the headless Service %s", name);
    (void)kta_fix_manifest(w, f, KTA_RISK_LOW, /* undoable= */ true, ns, s, "apply", why);
}

/* ---- DaemonSets that run nowhere ---- */

static struct kta_finding *nowhere(const struct kta_json *o, struct kta_findings *out)
{
    struct kta_finding *f = kta_diag_add(out, "DaemonSet.NoNodes", KTA_WARNING, o, 0.85);
    const char *who; /* it ran until somebody changed where it may */
    if (!kta_managed_by(o, "spec.template.spec", &who, &f->since))
        f->since = kta_obj_created(o);
    return f;
}

static void selected_nowhere(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    struct kta_finding *f = nowhere(o, out);
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    kta_diag_labels(kta_json_at(o, "spec.template.spec.nodeSelector"), &s);
    kta_finding_summary(f, "daemonset/%s runs nowhere: no node has the labels %s", kta_obj_name(o),
                        s.s);
    kta_finding_quote(f, "spec", "nodeSelector: %s", s.s);
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "nodes", NULL, &v);
    kta_json_each(sel, kta_json_at(o, "spec.template.spec.nodeSelector"))
        for (size_t i = 0; i < n && !f->n_fixes; i++) {
            const char *have = kta_obj_label(v[i], kta_json_key(sel));
            if (!have || kta_streq(have, kta_json_text(sel)))
                continue;
            struct kta_json *spec = kta_json_new_object();
            kta_json_set_str(kta_json_set(spec, "nodeSelector", kta_json_new_object()),
                             kta_json_key(sel), have);
            (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, o, spec,
                                   "select nodes with %s=%s, which there are", kta_json_key(sel),
                                   have);
        }
    kta_finding_advice(f, "Or label the nodes that it is meant for.");
}

static void attracted_nowhere(const struct kta_json *o, const struct kta_json *required,
                              struct kta_findings *out)
{
    struct kta_finding *f = nowhere(o, out);
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    kta_json_print(kta_json_get(required, "nodeSelectorTerms"), false, &s);
    kta_finding_summary(f, "daemonset/%s runs nowhere: no node meets its node affinity",
                        kta_obj_name(o));
    kta_finding_quote(f, "spec", "nodeAffinity requires %.*s", KTA_DIAG_QUOTE, s.s);
    kta_finding_advice(f, "Label the nodes that it is meant for, or correct the affinity.");
}

static bool tolerates(const struct kta_json *o, const struct kta_json *taint)
{
    kta_json_each(t, kta_json_at(o, "spec.template.spec.tolerations")) {
        const char *key = kta_json_str(t, "key"), *effect = kta_json_str(t, "effect");
        bool any = kta_streq(kta_json_str(t, "operator"), "Exists");
        if ((!key ? any : kta_streq(key, kta_json_str(taint, "key"))) &&
            (any || kta_streq(kta_or(kta_json_str(t, "value"), ""),
                              kta_or(kta_json_str(taint, "value"), ""))) &&
            (!effect || !*effect || kta_streq(effect, kta_json_str(taint, "effect"))))
            return true;
    }
    return false;
}

/* The taint of a node that keeps it away; those of a node's own state are tolerated by all. */
static const struct kta_json *keeps_away(const struct kta_json *node, const struct kta_json *o)
{
    kta_json_each(t, kta_json_at(node, "spec.taints")) {
        if (!kta_streq(kta_json_str(t, "effect"), "PreferNoSchedule") &&
            !kta_starts(kta_or(kta_json_str(t, "key"), ""), "node.kubernetes.io/") &&
            !tolerates(o, t))
            return t;
    }
    return NULL;
}

static void tainted_everywhere(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "nodes", NULL, &v);
    const struct kta_json *taint = NULL;
    for (size_t i = 0; i < n; i++)
        if (!(taint = keeps_away(v[i], o)))
            return;
    if (!taint)
        return;
    struct kta_finding *f = nowhere(o, out);
    const char *key = kta_json_str(taint, "key"), *effect = kta_json_str(taint, "effect");
    kta_finding_summary(f,
                        "daemonset/%s runs nowhere: every node has a taint that it does not "
                        "tolerate (%s)",
                        kta_obj_name(o), key);
    kta_finding_quote(f, "nodes", "node/%s has the taint %s:%s", kta_obj_name(v[n - 1]), key,
                      effect);
    struct kta_json *spec = kta_json_new_object();
    const struct kta_json *have = kta_json_at(o, "spec.template.spec.tolerations");
    struct kta_json *list =
        kta_json_set(spec, "tolerations", have ? kta_json_copy(have) : kta_json_new_array());
    struct kta_json *t = kta_json_push(list, kta_json_new_object());
    kta_json_set_str(t, "key", key);
    kta_json_set_str(t, "operator", "Exists");
    kta_json_set_str(t, "effect", effect);
    (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, o, spec, "tolerate the taint %s:%s", key, effect);
    kta_finding_advice(f, "Or remove the taint from the nodes that it is meant for.");
}

static void daemon_set(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    const struct kta_json *required =
        kta_json_at(o, "spec.template.spec.affinity.nodeAffinity."
                       "requiredDuringSchedulingIgnoredDuringExecution");
    if (kta_json_int(o, "status.desiredNumberScheduled", -1) != 0 || kta_diag_settling(w, o, 10))
        return;
    if (kta_json_at(o, "spec.template.spec.nodeSelector"))
        selected_nowhere(w, o, out);
    else if (required)
        attracted_nowhere(o, required, out);
    else
        tainted_everywhere(w, o, out);
}

void kta_analyze_podstate(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "pods", ns, &v);
    for (size_t i = 0; i < n; i++) {
        if (!kta_world_focused(w, v[i]))
            continue;
        if (kta_json_at(v[i], "metadata.deletionTimestamp"))
            terminating(w, v[i], out);
        else if (kta_streq(kta_json_str(v[i], "status.reason"), "DeadlineExceeded") &&
                 !kta_pod_settled(w, v[i]))
            overdue(w, v[i], out);
        else if (kta_streq(kta_json_str(v[i], "status.reason"), "Evicted"))
            evicted_pod(w, v[i], out);
        else if (kta_streq(kta_json_str(v[i], "status.phase"), "Failed") &&
                 kta_starts(kta_or(kta_json_str(v[i], "status.message"), ""), "Pod was rejected"))
            rejected(w, v[i], out);
        else if (kta_streq(kta_json_str(kta_obj_condition(v[i], "Ready"), "reason"),
                           "ReadinessGatesNotReady"))
            gated(w, v[i], out);
    }
    evicted_and_gone(w, ns, out);
    n = kta_world_list(w, "statefulsets", ns, &v);
    for (size_t i = 0; i < n; i++)
        if (kta_world_focused(w, v[i]))
            stateful(w, v[i], out);
    n = kta_world_list(w, "daemonsets", ns, &v);
    for (size_t i = 0; i < n; i++)
        if (kta_world_focused(w, v[i]))
            daemon_set(w, v[i], out);
}
