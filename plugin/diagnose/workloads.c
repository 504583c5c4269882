/*
 * workloads.c - Deployments, StatefulSets and DaemonSets that do not come to what they should be:
 * paused, at zero, refused (refusals.c), stuck without a pod that tells why.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"

static const char *const lists[] = {"deployments", "statefulsets", "daemonsets"};

/* Intent that a person wrote down: such a state is no fault. */
static bool on_purpose(const struct kta_json *o)
{
    kta_json_each(a, kta_json_at(o, "metadata.annotations")) {
        const char *k = kta_or(kta_json_key(a), "");
        if (kta_stristr(k, "paused") || kta_stristr(k, "pause-reason") ||
            kta_stristr(k, "maintenance") || kta_stristr(k, "scaled-down") ||
            kta_stristr(k, "suspend") || kta_stristr(k, "downscaler") ||
            kta_stristr(k, "intentional") || kta_stristr(k, "on-purpose"))
            return true;
    }
    return false;
}

/* ---- paused, at zero ---- */

/* Is there an autoscaler that wakes it from zero? The usual one is disabled there. */
static bool autoscaled(struct kta_world *w, const struct kta_json *o)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "horizontalpodautoscalers", kta_obj_namespace(o), &v);
    for (size_t i = 0; i < n; i++)
        if (kta_streq(kta_json_str(v[i], "spec.scaleTargetRef.name"), kta_obj_name(o)) &&
            kta_streq(kta_json_str(v[i], "spec.scaleTargetRef.kind"), kta_obj_kind(o)) &&
            (kta_json_int(v[i], "spec.minReplicas", 1) == 0 ||
             kta_obj_label(v[i], "scaledobject.keda.sh/name")))
            return true;
    return false;
}

/* Is there a Service that sends to this workload's pods? Then somebody counts on it. */
static struct kta_json *called_by(struct kta_world *w, const struct kta_json *o)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "services", kta_obj_namespace(o), &v);
    for (size_t i = 0; i < n; i++)
        if (kta_map_matches(kta_json_at(v[i], "spec.selector"),
                            kta_json_at(kta_diag_template(o), "metadata.labels")))
            return v[i];
    return NULL;
}

/* How it came to zero: the manifest that was applied last wants more, or an event tells of the
 * scaling. (A scale to 0 leaves no trace in managedFields: the field is left out there.) */
static int replicas_before(struct kta_world *w, const struct kta_json *o, int64_t *ret_when)
{
    *ret_when = KTA_NO_TIME;
    int64_t most = 0;
    const char *applied = kta_obj_annotation(o, "kubectl.kubernetes.io/last-applied-configuration");
    kta_auto_json struct kta_json *doc = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    if (applied && !kta_json_parse(applied, strlen(applied), &doc, &ignored))
        most = kta_json_int(doc, "spec.replicas", 1);
    const struct kta_json *ev = kta_diag_event(w, o, "ScalingReplicaSet", " to 0");
    const char *text = ev ? kta_json_str(ev, "message") : NULL;
    const char *from = text ? strstr(text, " from ") : NULL;
    if (ev && kta_starts(kta_or(text, ""), "Scaled down")) {
        *ret_when = kta_event_time(ev);
        int64_t n = from ? strtol(from + strlen(" from "), NULL, 10) : 0;
        most = n > 0 ? n : most;
    }
    struct kta_json *const *rs;
    size_t n = kta_world_list(w, "replicasets", kta_obj_namespace(o), &rs);
    for (size_t i = 0; i < n && !most; i++)
        if (kta_obj_owned_by(rs[i], kta_obj_uid(o))) {
            const char *s = kta_obj_annotation(rs[i], "deployment.kubernetes.io/desired-replicas");
            int64_t d = s ? strtol(s, NULL, 10) : 0;
            most = d > most ? d : most;
        }
    return (int)most;
}

static void at_zero(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    struct kta_json *service = called_by(w, o);
    if (on_purpose(o))
        return;
    /* Nothing calls it: resting, not broken. In focus it is still worth saying. */
    bool asked = kta_world_has_focus(w) && kta_world_focused(w, o);
    bool recent = false;
    const char *who = NULL;
    int64_t when = KTA_NO_TIME;
    bool known = kta_managed_by(o, "spec.replicas", &who, &when);
    recent = known && when != KTA_NO_TIME && when > kta_obj_created(o);
    int64_t scaled;
    int before = replicas_before(w, o, &scaled);
    if (!recent && before > 0 && (service || asked)) {
        recent = true;
        when = scaled;
        who = NULL;
    }
    if (!service && !asked)
        return;
    struct kta_finding *f =
        kta_diag_add(out, "Deployment.ScaledToZero", asked || recent ? KTA_CRITICAL : KTA_INFO, o,
                     recent ? 0.85 : 0.7);
    kta_auto_free char *ref = kta_diag_ref(o);
    kta_finding_summary(f, "%s is scaled to 0, so nothing of it runs%s%s", ref,
                        service ? " behind Service " : "", service ? kta_obj_name(service) : "");
    kta_finding_quote(f, "spec", "%s: replicas 0", ref);
    if (recent) {
        if (who)
            kta_diag_changed(w, f, when, "%s set replicas to 0", who);
        else if (when != KTA_NO_TIME)
            kta_diag_changed(w, f, when, "it was scaled from %d to 0", before);
        else
            kta_diag_changed(w, f, when, "the manifest that was applied last wants %d", before);
        f->since = when;
    }
    if (service)
        kta_finding_symptom(f, "Service", kta_obj_namespace(service), kta_obj_name(service));
    (void)kta_fix_scale(w, f, o, before > 0 ? before : 1, "so that it serves again");
    kta_finding_advice(f, "If it rests on purpose, say so in an annotation.");
}

static void paused(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    bool behind = kta_json_int(o, "status.updatedReplicas", 0) < kta_diag_desired(o);
    if (on_purpose(o) || !behind)
        return;
    struct kta_finding *f = kta_diag_add(out, "Deployment.Paused", KTA_WARNING, o, 0.9);
    kta_finding_summary(f, "deployment/%s is paused: changes to it are not rolled out",
                        kta_obj_name(o));
    kta_finding_quote(f, "spec", "paused: true; %lld of %lld pods are of the newest template",
                      (long long)kta_json_int(o, "status.updatedReplicas", 0),
                      (long long)kta_diag_desired(o));
    const char *who;
    int64_t when;
    if (kta_managed_by(o, "spec.paused", &who, &when) && when != KTA_NO_TIME) {
        kta_diag_changed(w, f, when, "%s paused it", who);
        f->since = when;
    }
    kta_auto_free char *ref = kta_diag_ref(o);
    const char *args[] = {"rollout", "resume", ref, NULL};
    (void)kta_fix_kubectl(w, f, KTA_RISK_LOW, /* undoable= */ true, kta_obj_namespace(o), args,
                          "resume the rollout");
}

/* ---- an update that waits for somebody to delete the pods ---- */

static void on_delete(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    bool daemon = kta_streq(kta_obj_kind(o), "DaemonSet");
    int64_t want = kta_diag_desired(o);
    int64_t have =
        kta_json_int(o, daemon ? "status.updatedNumberScheduled" : "status.updatedReplicas", 0);
    bool behind = daemon ? have < want
                         : !kta_streq(kta_json_str(o, "status.updateRevision"),
                                      kta_json_str(o, "status.currentRevision"));
    if (!kta_streq(kta_json_str(o, "spec.updateStrategy.type"), "OnDelete") || !behind ||
        kta_diag_settling(w, o, 30) || on_purpose(o))
        return;
    kta_auto_free char *ref = kta_diag_ref(o);
    struct kta_finding *f = kta_diag_add(out, "Rollout.OnDelete", KTA_WARNING, o, 0.85);
    kta_finding_summary(f,
                        "%s has been changed, and %lld of its %lld pods still run what was before: "
                        "with OnDelete each waits until somebody deletes it",
                        ref, (long long)(want - have), (long long)want);
    kta_finding_quote(f, "spec", "updateStrategy: OnDelete");
    if (!daemon)
        kta_finding_quote(f, "status", "currentRevision %s, updateRevision %s",
                          kta_or(kta_json_str(o, "status.currentRevision"), "?"),
                          kta_or(kta_json_str(o, "status.updateRevision"), "?"));
    (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, o, KTA_PATCH_MERGE,
                        "{\"spec\":{\"updateStrategy\":{\"type\":\"RollingUpdate\"}}}",
                        "roll the change out one pod after the other");
    kta_finding_advice(f, "Or delete the pods yourself, when each may go.");
}

/* A change reaches only the pods from the partition's number on: a canary, or, where there are no
 * such pods, nothing at all. */
static void partitioned(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    int64_t from = kta_json_int(o, "spec.updateStrategy.rollingUpdate.partition", 0);
    int64_t want = kta_diag_desired(o);
    if (from <= 0 ||
        kta_streq(kta_json_str(o, "status.updateRevision"),
                  kta_json_str(o, "status.currentRevision")) ||
        on_purpose(o))
        return;
    kta_auto_free char *ref = kta_diag_ref(o);
    struct kta_finding *f =
        kta_diag_add(out, "Rollout.Partition", from >= want ? KTA_WARNING : KTA_INFO, o, 0.85);
    kta_finding_summary(f,
                        "%s has been changed, and %lld of its %lld pods keep what was before: the "
                        "change is for pods from number %lld on (partition)",
                        ref, (long long)(from < want ? from : want), (long long)want,
                        (long long)from);
    kta_finding_quote(f, "spec", "updateStrategy.rollingUpdate.partition: %lld", (long long)from);
    (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, o, KTA_PATCH_MERGE,
                        "{\"spec\":{\"updateStrategy\":{\"rollingUpdate\":{\"partition\":0}}}}",
                        "roll the change out to all pods");
    kta_finding_advice(f, "If only some pods are to have it, say so in an annotation.");
}

/* ---- two workloads that take each other's pods for their own ---- */

#define COMPARED_MAX 200 /* workloads that are compared with each other */

static bool selects(const struct kta_json *o, const struct kta_json *other)
{
    const struct kta_json *selector = kta_json_at(o, "spec.selector");
    const struct kta_json *labels = kta_json_at(kta_diag_template(other), "metadata.labels");
    return selector && labels && kta_selector_matches(selector, labels);
}

static void overlap(struct kta_json *const a, struct kta_json *const b, struct kta_findings *out)
{
    bool later = kta_obj_created(a) >= kta_obj_created(b);
    struct kta_json *o = later ? a : b, *first = later ? b : a;
    kta_auto_free char *its = kta_diag_ref(first), *ref = kta_diag_ref(o);
    kta_auto_str struct kta_str labels = KTA_STR_INIT;
    struct kta_finding *f = kta_diag_add(out, "Deployment.SelectorOverlap", KTA_WARNING, o, 0.8);
    f->since = kta_obj_created(o);
    kta_diag_labels(kta_json_at(o, "spec.selector.matchLabels"), &labels);
    kta_finding_summary(f,
                        "%s and %s select each other's pods (%s): Services, autoscalers "
                        "and budgets cannot tell them apart",
                        its, ref, labels.s);
    kta_finding_symptom(f, kta_obj_kind(first), kta_obj_namespace(first), kta_obj_name(first));
    kta_finding_advice(f,
                       "A selector cannot be changed: make %s again with a label of "
                       "its own in selector and template.",
                       ref);
}

static void overlaps(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    struct kta_json *all[COMPARED_MAX];
    size_t n = 0;
    for (size_t l = 0; l < KTA_LEN(lists); l++) {
        struct kta_json *const *v;
        size_t k = kta_world_list(w, lists[l], ns, &v);
        if (n + k > COMPARED_MAX)
            return;
        for (size_t i = 0; i < k; i++)
            all[n++] = v[i];
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (kta_streq(kta_obj_namespace(all[i]), kta_obj_namespace(all[k])) &&
                selects(all[i], all[k]) && selects(all[k], all[i]) &&
                (kta_world_focused(w, all[i]) || kta_world_focused(w, all[k])))
                overlap(all[i], all[k], out);
}

/* ---- pods that are ready, and do not count yet ---- */

#define LONG_WAIT (60 * 60) /* seconds that nobody wants to wait for every pod of a rollout */

static void not_yet_available(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    bool daemon = kta_streq(kta_obj_kind(o), "DaemonSet");
    int64_t wait = kta_json_int(o, "spec.minReadySeconds", 0), want = kta_diag_desired(o);
    int64_t have =
        kta_json_int(o, daemon ? "status.numberAvailable" : "status.availableReplicas", 0);
    int64_t of_new =
        kta_json_int(o, daemon ? "status.updatedNumberScheduled" : "status.updatedReplicas", want);
    if (wait <= 60 || kta_diag_ready(o) < want || (have >= want && of_new >= want) || on_purpose(o))
        return;
    struct kta_finding *f = kta_diag_add(out, "Rollout.MinReadySeconds",
                                         wait >= LONG_WAIT ? KTA_WARNING : KTA_INFO, o, 0.9);
    kta_auto_free char *ref = kta_diag_ref(o);
    kta_auto_str struct kta_str age = KTA_STR_INIT;
    kta_age(wait, &age);
    kta_finding_summary(f,
                        "the rollout of %s waits: its pods are ready, and each counts as available "
                        "only after %s of that (minReadySeconds)",
                        ref, age.s);
    kta_finding_quote(f, "spec", "minReadySeconds: %lld", (long long)wait);
    kta_finding_quote(f, "status", "%s: %lld ready, %lld available of %lld", ref,
                      (long long)kta_diag_ready(o), (long long)have, (long long)want);
    (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, o, KTA_PATCH_MERGE,
                        "{\"spec\":{\"minReadySeconds\":10}}", "wait 10 s for each pod");
    kta_finding_advice(f, "Nothing is broken: it goes on by itself when the time is over. If so "
                          "long a wait is on purpose, say so in an annotation.");
}

/* ---- stuck ---- */

/* Has anything been said already about this workload or its pods? */
static bool told(const struct kta_findings *out, const struct kta_json *o)
{
    for (size_t i = 0; i < out->n; i++) {
        const struct kta_finding *f = out->v[i];
        if (f->severity != KTA_INFO && kta_streq(f->object.name, kta_obj_name(o)) &&
            kta_streq(f->object.kind, kta_obj_kind(o)) &&
            kta_streq(f->object.namespace_, kta_obj_namespace(o)))
            return true;
    }
    return false;
}

static void stuck(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    const struct kta_json *p = kta_obj_condition(o, "Progressing");
    bool deadline = kta_streq(kta_json_str(p, "reason"), "ProgressDeadlineExceeded");
    const struct kta_json *a = kta_obj_condition(o, "Available");
    bool down = kta_streq(kta_json_str(a, "status"), "False");
    int64_t since = kta_time_parse(kta_json_str(a, "lastTransitionTime"));
    if (!deadline && (!down || since == KTA_NO_TIME || kta_world_now(w) - since < 120))
        return;
    struct kta_finding *f = kta_diag_add(out, "Deployment.Stuck", KTA_CRITICAL, o, 0.6);
    f->since = since != KTA_NO_TIME ? since : kta_time_parse(kta_json_str(p, "lastTransitionTime"));
    kta_finding_summary(f, "deployment/%s does not get its pods ready: %lld of %lld",
                        kta_obj_name(o), (long long)kta_diag_ready(o),
                        (long long)kta_diag_desired(o));
    kta_finding_quote(f, "status", "Progressing: %s", kta_or(kta_json_str(p, "message"), "?"));
    if (a)
        kta_finding_quote(f, "status", "Available: %s", kta_or(kta_json_str(a, "message"), "?"));
}

void kta_analyze_workloads(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    overlaps(w, ns, out);
    for (size_t l = 0; l < KTA_LEN(lists); l++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, lists[l], ns, &v);
        for (size_t i = 0; i < n; i++) {
            struct kta_json *o = v[i];
            int64_t want = kta_diag_desired(o);
            if (!kta_world_focused(w, o) || kta_json_at(o, "metadata.deletionTimestamp"))
                continue;
            if (want == 0) {
                if (l < 2 && !autoscaled(w, o))
                    at_zero(w, o, out);
                continue;
            }
            if (kta_json_bool(o, "spec.paused", false))
                paused(w, o, out);
            if (l > 0)
                on_delete(w, o, out);
            if (l == 1)
                partitioned(w, o, out);
            not_yet_available(w, o, out);
            int64_t have = l == 2 ? kta_json_int(o, "status.currentNumberScheduled", 0)
                                  : kta_json_int(o, "status.replicas", 0);
            bool short_ = have < want || kta_json_int(o, "status.unavailableReplicas", 0) > 0 ||
                          kta_obj_condition_is(o, "ReplicaFailure", "True");
            if (short_ && kta_refused(w, o, out))
                continue;
            if (l == 0 && kta_diag_ready(o) < want && !told(out, o))
                stuck(w, o, out);
        }
    }
}
