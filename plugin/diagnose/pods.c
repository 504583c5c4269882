/*
 * pods.c - containers in trouble: what kind of trouble, and whose (the workload's, not the pod's).
 *
 * One finding for a workload and cause: equal pods are looked at once (the first few), the others
 * are symptoms.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"

const char *const kta_status_lists[3] = {"initContainerStatuses", "containerStatuses",
                                         "ephemeralContainerStatuses"};

#define PODS_EACH 2 /* equal pods of one workload that are looked into, each with its logs */

/* A run after a failed one says nothing as long as it is this young, or no older than the failed
 * one became (seconds): a container that crashes at once is ready for the moment until kubelet
 * looks. */
#define YOUNG       10
#define YOUNG_LIMIT 60

static bool may_fail_again(const struct kta_pod_trouble *t, const struct kta_json *last)
{
    int64_t since = kta_time_parse(kta_json_str(t->status, "state.running.startedAt"));
    int64_t began = kta_time_parse(kta_json_str(last, "startedAt"));
    int64_t ended = kta_time_parse(kta_json_str(last, "finishedAt"));
    int64_t lasted = began == KTA_NO_TIME || ended == KTA_NO_TIME ? 0 : ended - began;

    lasted = lasted < YOUNG ? YOUNG : lasted > YOUNG_LIMIT ? YOUNG_LIMIT : lasted;
    return since != KTA_NO_TIME && kta_world_now(t->w) - since <= lasted;
}

/* Did this container crash in a way that is worth telling now? */
static bool crashed(const struct kta_pod_trouble *t)
{
    const struct kta_json *s = t->status;
    const char *waiting = kta_json_str(s, "state.waiting.reason");
    if (kta_streq(waiting, "CrashLoopBackOff") || kta_streq(waiting, "RunContainerError") ||
        kta_streq(waiting, "StartError") || kta_streq(waiting, "PostStartHookError"))
        return true;
    const struct kta_json *last = kta_json_at(s, "lastState.terminated");
    const struct kta_json *now = kta_json_at(s, "state.terminated");
    if (now && kta_json_int(now, "exitCode", 0) != 0)
        return true;
    bool init = kta_streq(t->list, "initContainers");
    if (now && !init && kta_streq(kta_json_str(t->pod, "spec.restartPolicy"), "Always"))
        return true; /* ended with 0 where it should run for good */
    if (!last || kta_json_int(last, "exitCode", 0) == 0)
        return waiting && last && kta_json_int(s, "restartCount", 0) > 1;
    if (kta_streq(kta_json_str(last, "reason"), "OOMKilled"))
        return true;
    if (!kta_json_bool(s, "ready", false) || may_fail_again(t, last))
        return true;
    /* Runs again: only what goes on happening is worth a word. */
    int64_t ended = kta_time_parse(kta_json_str(last, "finishedAt"));
    return kta_json_int(s, "restartCount", 0) >= 3 && ended != KTA_NO_TIME &&
           kta_world_now(t->w) - ended < 3600;
}

/* An init container that has been running for so long keeps the pod from starting (seconds). What
 * its log says it waits for is told sooner than a silent one. */
#define INIT_WAITS  30
#define INIT_SILENT 300

static bool never_ends(const struct kta_pod_trouble *t)
{
    int64_t since = kta_time_parse(kta_json_str(t->status, "state.running.startedAt"));
    int64_t age = since == KTA_NO_TIME ? 0 : kta_world_now(t->w) - since;
    return kta_streq(t->list, "initContainers") && age >= INIT_WAITS &&
           !kta_streq(kta_json_str(t->container, "restartPolicy"), "Always");
}

static void look_at(struct kta_pod_trouble *t)
{
    const char *reason = kta_json_str(t->status, "state.waiting.reason");
    const char *message = kta_or(kta_json_str(t->status, "state.waiting.message"), "");
    if (kta_image_trouble(reason, message))
        kta_image_analyze(t);
    else if (kta_streq(reason, "CreateContainerConfigError") ||
             kta_streq(reason, "CreateContainerError"))
        kta_config_analyze(t);
    else if (crashed(t))
        kta_crash_analyze(t);
    else if (kta_json_at(t->status, "state.running") && kta_child_analyze(t))
        return;
    else if (kta_json_bool(t->status, "ready", false))
        kta_dropped_analyze(t);
    else if (never_ends(t))
        kta_init_analyze(t, INIT_SILENT);
}

static void look_at_pod(struct kta_world *w, struct kta_json *pod, struct kta_json *owner,
                        struct kta_findings *out)
{
    static const char *const lists[][2] = {{"initContainerStatuses", "initContainers"},
                                           {"containerStatuses", "containers"}};
    for (size_t l = 0; l < KTA_LEN(lists); l++)
        kta_json_each(s, kta_json_get(kta_json_get(pod, "status"), lists[l][0])) {
            struct kta_pod_trouble t = {w,           pod, owner, s, NULL, kta_json_str(s, "name"),
                                        lists[l][1], out};
            t.container = kta_diag_container(kta_json_get(pod, "spec"), t.name, NULL);
            look_at(&t);
        }
}

/* Volumes that cannot be mounted keep a pod in ContainerCreating: only events tell. */
static bool stuck_creating(const struct kta_json *pod)
{
    if (!kta_streq(kta_json_str(pod, "status.phase"), "Pending") ||
        !kta_json_str(pod, "spec.nodeName"))
        return false;
    kta_json_each(s, kta_json_at(pod, "status.containerStatuses")) {
        const char *r = kta_json_str(s, "state.waiting.reason");
        if (kta_streq(r, "ContainerCreating") || kta_streq(r, "PodInitializing"))
            return true;
    }
    return !kta_json_at(pod, "status.containerStatuses");
}

/* What the states of a pod's containers have in common with an equal pod's. */
static void states_of(const struct kta_json *pod, struct kta_str *out)
{
    static const char *const parts[] = {"state.waiting.reason", "state.terminated.reason",
                                        "lastState.terminated.reason"};
    for (size_t l = 0; l < KTA_LEN(kta_status_lists); l++)
        kta_json_each(s, kta_json_get(kta_json_get(pod, "status"), kta_status_lists[l])) {
            kta_str_addf(out, "%s", kta_or(kta_json_str(s, "name"), "?"));
            for (size_t i = 0; i < KTA_LEN(parts); i++)
                kta_str_addf(out, ",%s", kta_or(kta_json_str(s, parts[i]), ""));
            kta_str_addf(out, ",%lld;",
                         (long long)kta_json_int(s, "state.terminated.exitCode",
                                                 kta_json_int(s, "lastState.terminated.exitCode",
                                                              -1)));
        }
}

/* Pods of one workload that are equal, as far as their states tell. */
struct kind_of_pod {
    const struct kta_json *owner;
    char *states;
    int pods;
};

/* Counts the pod; false: enough of its kind have been looked into. */
static bool worth_a_look(struct kind_of_pod **seen, size_t *n, size_t *cap,
                         const struct kta_json *pod, const struct kta_json *owner)
{
    kta_auto_str struct kta_str states = KTA_STR_INIT;
    size_t k = 0;
    states_of(pod, &states);
    while (k < *n && ((*seen)[k].owner != owner || !kta_streq((*seen)[k].states, states.s)))
        k++;
    if (k == *n) {
        KTA_GROW(*seen, *n, *cap);
        (*seen)[(*n)++] = (struct kind_of_pod){owner, kta_strdup(states.s), 0};
    }
    return (*seen)[k].pods++ < PODS_EACH;
}

static bool log_read(struct kta_world *w, const struct kta_json *pod)
{
    size_t len;
    kta_json_each(c, kta_json_at(pod, "spec.containers"))
        if (kta_world_has_log(w, pod, kta_json_str(c, "name"), false, &len))
            return true;
    return false;
}

/* By its node or its own deadline (podstate.c): its containers tell nothing of it. */
static bool ended_from_outside(const struct kta_json *pod)
{
    const char *reason = kta_json_str(pod, "status.reason");
    return kta_streq(reason, "Evicted") || kta_streq(reason, "DeadlineExceeded");
}

void kta_analyze_pods(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    struct kta_json *const *pods;
    size_t n = kta_world_list(w, "pods", ns, &pods), n_seen = 0, cap = 0;
    struct kind_of_pod *seen = NULL;
    /* The pods of the present template first: those of an older one tell only what these do not. */
    for (size_t i = 0; i < 2 * n; i++) {
        struct kta_json *pod = pods[i % n];
        const char *phase = kta_json_str(pod, "status.phase");
        if (!kta_world_focused(w, pod) || kta_streq(phase, "Succeeded") ||
            kta_json_at(pod, "metadata.deletionTimestamp") || kta_pod_settled(w, pod) ||
            ended_from_outside(pod))
            continue;
        bool creating = stuck_creating(pod);
        if (kta_pod_ready(pod) && !kta_pod_restarts(pod) && !log_read(w, pod))
            continue;
        struct kta_json *owner = kta_world_owner(w, pod);
        if (kta_pod_outdated(w, pod, owner) != (i >= n) ||
            !worth_a_look(&seen, &n_seen, &cap, pod, owner))
            continue;
        size_t before = out->n;
        look_at_pod(w, pod, owner, out);
        if (creating) {
            struct kta_pod_trouble t = {w, pod, owner, NULL, NULL, NULL, NULL, out};
            kta_config_analyze(&t);
        }
        for (size_t f = before; f < out->n; f++)
            kta_finding_symptom(out->v[f], "Pod", kta_obj_namespace(pod), kta_obj_name(pod));
    }
    for (size_t i = 0; i < n_seen; i++)
        free(seen[i].states);
    free(seen);
}
