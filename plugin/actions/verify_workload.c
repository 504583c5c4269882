/*
 * verify_workload.c - is a workload, after a change, well, on its way, or lost? A pure function of
 * the objects.
 *
 * Only pods of the new template (or made since the change) are evidence against the change: the old
 * ones were ill before. Certain failures: a second crash or CrashLoopBackOff, one crash that is not
 * followed by readiness, an image that cannot be pulled, a container that cannot be created, a pod
 * that fits on no node, an exceeded progress deadline.
 */
#include "actions.h"

#include <stdarg.h>
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/obj.h"

#define CRASH_GRACE_S   20 /* one crash may be a start before its dependency; two are a loop */
#define UNSCHEDULABLE_S 10 /* an old pod may still be leaving the node */

static const char *const WORKLOADS[] = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet",
                                        "ReplicationController"};

bool kta_is_workload(const struct kta_json *object)
{
    for (size_t i = 0; i < KTA_LEN(WORKLOADS); i++)
        if (kta_streq(kta_obj_kind(object), WORKLOADS[i]))
            return true;
    return false;
}

static void __attribute__((format(printf, 4, 5)))
bad(struct kta_health *h, const struct kta_json *pod, const char *container, const char *fmt, ...)
{
    va_list ap;

    if (h->state == KTA_HEALTH_BAD)
        return;
    h->state = KTA_HEALTH_BAD;
    va_start(ap, fmt);
    vsnprintf(h->why, sizeof h->why, fmt, ap);
    va_end(ap);
    snprintf(h->pod, sizeof h->pod, "%s", kta_or(kta_obj_name(pod), ""));
    snprintf(h->container, sizeof h->container, "%s", kta_or(container, ""));
}

/* ---- which pods are new ---- */
/* The label and value that pods of the current template carry; false when it cannot be told yet. */
static bool new_hash(const struct kta_json *w, const struct kta_json *replicasets,
                     const char **ret_label, const char **ret_value)
{
    const char *kind = kta_obj_kind(w);
    const char *revision = kta_obj_annotation(w, "deployment.kubernetes.io/revision");

    if (kta_streq(kind, "StatefulSet")) {
        *ret_label = "controller-revision-hash";
        *ret_value = kta_json_str(w, "status.updateRevision");
        return *ret_value != NULL;
    }
    if (kta_streq(kind, "DaemonSet")) {
        *ret_label = "pod-template-generation";
        *ret_value = kta_obj_annotation(w, "deprecated.daemonset.template.generation");
        return *ret_value != NULL;
    }
    *ret_label = "pod-template-hash";
    kta_json_each(rs, replicasets) {
        if (!kta_obj_owned_by(rs, kta_obj_uid(w)) ||
            !kta_streq(kta_obj_annotation(rs, "deployment.kubernetes.io/revision"), revision))
            continue;
        *ret_value = kta_obj_label(rs, "pod-template-hash");
        return *ret_value != NULL;
    }
    return false;
}

/* ---- one pod ---- */
/* Reasons of a waiting container that no time will mend. */
static const char *const HOPELESS[] = {
    "CrashLoopBackOff",           "ImagePullBackOff",     "InvalidImageName",  "ErrImageNeverPull",
    "CreateContainerConfigError", "CreateContainerError", "RunContainerError",
};

static void judge_waiting(const struct kta_json *pod, const struct kta_json *cs,
                          struct kta_health *h)
{
    const char *reason = kta_json_str(cs, "state.waiting.reason");
    const char *name = kta_json_str(cs, "name");

    for (size_t i = 0; reason && i < KTA_LEN(HOPELESS); i++) {
        if (!kta_streq(reason, HOPELESS[i]))
            continue;
        if (i == 0) {
            h->previous_log = true;
            bad(h, pod, name,
                "container '%s' of pod '%s' keeps crashing (CrashLoopBackOff, exit "
                "code %lld)",
                kta_or(name, "?"), kta_obj_name(pod),
                (long long)kta_json_int(cs, "lastState.terminated.exitCode", -1));
            continue;
        }
        bad(h, pod, name, "container '%s' of pod '%s': %s: %s", kta_or(name, "?"),
            kta_obj_name(pod), reason,
            kta_or(kta_json_str(cs, "state.waiting.message"), "no message"));
    }
}

/* once: the container is to end, with 0 (an init container); any other is to run for good. */
static void judge_crash(const struct kta_json *pod, const struct kta_json *cs, bool once,
                        int64_t since, int64_t now, struct kta_health *h)
{
    const struct kta_json *ended = kta_json_at(cs, "state.terminated");
    const char *name = kta_json_str(cs, "name"), *reason;
    int64_t restarts = kta_json_int(cs, "restartCount", 0), when;
    bool again = !ended;

    if (!ended)
        ended = kta_json_at(cs, "lastState.terminated");
    if (!ended || (once && kta_json_int(ended, "exitCode", 0) == 0))
        return;
    when = kta_time_parse(kta_json_str(ended, "finishedAt"));
    if (when == KTA_NO_TIME || when < since)
        return;
    reason = kta_json_str(ended, "reason");
    if (restarts < 2 && kta_json_bool(cs, "ready", false))
        return;
    if (restarts < 2 && now - when < CRASH_GRACE_S)
        return;
    h->previous_log = again;
    bad(h, pod, name, "container '%s' of pod '%s' %s: exit code %lld%s%s%s", kta_or(name, "?"),
        kta_obj_name(pod), kta_json_int(ended, "exitCode", 0) ? "crashed" : "ended",
        (long long)kta_json_int(ended, "exitCode", 0), reason ? " (" : "", kta_or(reason, ""),
        reason ? ")" : "");
}

static void judge_containers(const struct kta_json *pod, const char *list, bool once, int64_t since,
                             int64_t now, struct kta_health *h)
{
    kta_json_each(cs, kta_json_at(pod, list)) {
        judge_waiting(pod, cs, h);
        judge_crash(pod, cs, once, since, now, h);
    }
}

static void judge_pod(const struct kta_json *pod, int64_t since, int64_t now, struct kta_health *h)
{
    const struct kta_json *scheduled = kta_obj_condition(pod, "PodScheduled");
    int64_t from = kta_time_parse(kta_json_str(scheduled, "lastTransitionTime"));

    judge_containers(pod, "status.initContainerStatuses", /* once= */ true, since, now, h);
    judge_containers(pod, "status.containerStatuses", /* once= */ false, since, now, h);
    if (kta_streq(kta_json_str(scheduled, "status"), "False") &&
        kta_streq(kta_json_str(scheduled, "reason"), "Unschedulable") &&
        now - (from == KTA_NO_TIME ? since : from) >= UNSCHEDULABLE_S)
        bad(h, pod, NULL, "pod '%s' fits on no node: %s", kta_obj_name(pod),
            kta_or(kta_json_str(scheduled, "message"), "no message"));
    if (kta_streq(kta_json_str(pod, "status.phase"), "Failed"))
        bad(h, pod, NULL, "pod '%s' failed: %s", kta_obj_name(pod),
            kta_or(kta_json_str(pod, "status.message"),
                   kta_or(kta_json_str(pod, "status.reason"), "no message")));
}

/* ---- the workload itself ---- */
static int64_t wanted(const struct kta_json *w)
{
    return kta_streq(kta_obj_kind(w), "DaemonSet")
               ? kta_json_int(w, "status.desiredNumberScheduled", 0)
               : kta_json_int(w, "spec.replicas", 1);
}

static int64_t updated(const struct kta_json *w)
{
    if (kta_streq(kta_obj_kind(w), "DaemonSet"))
        return kta_json_int(w, "status.updatedNumberScheduled", 0);
    if (kta_streq(kta_obj_kind(w), "ReplicaSet") ||
        kta_streq(kta_obj_kind(w), "ReplicationController"))
        return kta_json_int(w, "status.replicas", 0);
    return kta_json_int(w, "status.updatedReplicas", 0);
}

static int64_t ready(const struct kta_json *w)
{
    return kta_streq(kta_obj_kind(w), "DaemonSet") ? kta_json_int(w, "status.numberReady", 0)
                                                   : kta_json_int(w, "status.readyReplicas", 0);
}

/* OnDelete and paused rollouts replace nothing by themselves. */
static bool replaces(const struct kta_json *w)
{
    const char *kind = kta_obj_kind(w);

    return !kta_streq(kind, "ReplicaSet") && !kta_streq(kind, "ReplicationController") &&
           !kta_json_bool(w, "spec.paused", false) &&
           !kta_streq(kta_json_str(w, "spec.updateStrategy.type"), "OnDelete");
}

/* The pods that a StatefulSet's partition keeps as they are. */
static int64_t kept(const struct kta_json *w)
{
    int64_t n = kta_json_int(w, "spec.updateStrategy.rollingUpdate.partition", 0);

    return !kta_streq(kta_obj_kind(w), "StatefulSet") ? 0 : n < wanted(w) ? n : wanted(w);
}

/* A Deployment carries its old ReplicaSet's failure until that one is gone, with the old time: only
 * what its newest ReplicaSet says is evidence. That one may have failed before the change too (a
 * quota was raised since): then it is given the time to try again. */
static const struct kta_json *creation_failure(const struct kta_json *w,
                                               const struct kta_json *replicasets, int64_t since)
{
    const char *revision = kta_obj_annotation(w, "deployment.kubernetes.io/revision");
    const struct kta_json *c = kta_obj_condition(w, "ReplicaFailure");

    if (kta_streq(kta_obj_kind(w), "Deployment")) {
        c = NULL;
        kta_json_each(rs, replicasets) {
            if (kta_obj_owned_by(rs, kta_obj_uid(w)) &&
                kta_streq(kta_obj_annotation(rs, "deployment.kubernetes.io/revision"), revision))
                c = kta_obj_condition(rs, "ReplicaFailure");
        }
    }
    if (!kta_streq(kta_json_str(c, "status"), "True") ||
        kta_time_parse(kta_json_str(c, "lastTransitionTime")) < since)
        return NULL;
    return c;
}

static void judge_conditions(const struct kta_json *w, const struct kta_json *replicasets,
                             int64_t since, struct kta_health *h)
{
    const struct kta_json *progressing = kta_obj_condition(w, "Progressing");
    const struct kta_json *failure = creation_failure(w, replicasets, since);
    int64_t when = kta_time_parse(kta_json_str(progressing, "lastUpdateTime"));

    if (failure)
        bad(h, NULL, NULL, "its pods cannot be made: %s",
            kta_or(kta_json_str(failure, "message"), "no message"));
    if (kta_streq(kta_json_str(progressing, "reason"), "ProgressDeadlineExceeded") &&
        when != KTA_NO_TIME && when >= since)
        bad(h, NULL, NULL, "%s",
            kta_or(kta_json_str(progressing, "message"), "its progress deadline is exceeded"));
}

struct tally {
    int64_t pods, ready, old, leaving, last_ready;
};

static void count_pod(const struct kta_json *pod, bool is_new, struct tally *t)
{
    const char *phase = kta_json_str(pod, "status.phase");
    int64_t when;

    /* What was evicted or rejected lies about until it is collected: its controller has made
     * another one in its place. */
    if (kta_streq(phase, "Failed") || kta_streq(phase, "Succeeded"))
        return;
    if (kta_json_at(pod, "metadata.deletionTimestamp")) {
        t->leaving++;
        return;
    }
    t->pods++;
    t->old += !is_new;
    if (!kta_pod_ready(pod))
        return;
    t->ready++;
    when = kta_time_parse(kta_json_str(kta_obj_condition(pod, "Ready"), "lastTransitionTime"));
    if (when > t->last_ready)
        t->last_ready = when;
}

void kta_judge_workload(const struct kta_json *w, const struct kta_json *replicasets,
                        const struct kta_json *pods, int64_t since, int64_t now,
                        struct kta_health *ret)
{
    const char *label = NULL, *value = NULL;
    bool known = new_hash(w, replicasets, &label, &value);
    struct tally t = {0};

    *ret = (struct kta_health){.state = KTA_HEALTH_WAIT, .steady_since = KTA_NO_TIME};
    if (kta_json_int(w, "status.observedGeneration", 0) <
        kta_json_int(w, "metadata.generation", 0)) {
        snprintf(ret->why, sizeof ret->why, "its controller has not seen the change yet");
        return;
    }
    kta_json_each(pod, pods) {
        bool is_new =
            known ? kta_streq(kta_obj_label(pod, label), value) : kta_obj_created(pod) >= since;

        count_pod(pod, is_new || !replaces(w), &t);
        if (!kta_json_at(pod, "metadata.deletionTimestamp") &&
            (is_new || kta_obj_created(pod) >= since))
            judge_pod(pod, since, now, ret);
    }
    judge_conditions(w, replicasets, since, ret);
    if (ret->state == KTA_HEALTH_BAD)
        return;
    snprintf(ret->why, sizeof ret->why, "%lld of %lld pods ready, %lld updated%s%s",
             (long long)t.ready, (long long)wanted(w), (long long)updated(w),
             t.old > kept(w) ? ", old ones still there" : "",
             t.leaving ? ", some are leaving" : "");
    if (t.pods != wanted(w) || t.ready != wanted(w) || ready(w) != wanted(w) || t.old > kept(w) ||
        (replaces(w) && updated(w) < wanted(w) - kept(w)))
        return;
    if (t.ready == 0)
        snprintf(ret->why, sizeof ret->why, "no pods are wanted, and none is left");
    else
        snprintf(ret->why, sizeof ret->why, "%s",
                 t.ready == 1 ? "its pod is ready" : "all its pods are ready");
    ret->state = KTA_HEALTH_GOOD;
    ret->steady_since = t.last_ready;
}
