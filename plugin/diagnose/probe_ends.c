/*
 * probe_ends.c - failures and ends of runs by a probe: by the kubelet's events, and where there are
 * none any more, by how long runs last.
 */
#include "probe.h"
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/clock.h"

/* Whose event is it, in a pod of several containers? */
static bool mine(const struct kta_pod_trouble *t, const struct kta_json *ev)
{
    const char *path = kta_json_str(ev, "involvedObject.fieldPath");
    kta_auto_free char *want = kta_asprintf("{%s}", t->name);
    return !path || strstr(path, want);
}

/* "Readiness probe failed: …", "… errored: …" (its command could not be run), not "… warning: …" */
static bool tells_of(enum probe_kind k, const char *message)
{
    size_t n = strlen(probe_kinds[k].says);
    return kta_starts(message, probe_kinds[k].says) &&
           (kta_starts(message + n, " failed") || kta_starts(message + n, " errored"));
}

static struct kta_json *failing(const struct kta_pod_trouble *t, enum probe_kind k)
{
    struct kta_json **v, *found = NULL;
    size_t n = kta_world_events(t->w, t->pod, &v);
    for (size_t i = 0; i < n && !found; i++)
        if (kta_streq(kta_json_str(v[i], "reason"), "Unhealthy") &&
            tells_of(k, kta_or(kta_json_str(v[i], "message"), "")) && mine(t, v[i]))
            found = v[i];
    free(v);
    return found;
}

/* ---- runs that the kubelet ended for a probe ---- */

#define EVENTS_KEPT 3600 /* seconds that an API server keeps events, by default */

/* The run that ended: seconds it lasted, -1 unknown. */
int64_t probe_run_lasted(const struct kta_json *end)
{
    int64_t began = kta_time_parse(kta_json_str(end, "startedAt"));
    int64_t ended = kta_time_parse(kta_json_str(end, "finishedAt"));
    return began == KTA_NO_TIME || ended == KTA_NO_TIME ? -1 : ended - began;
}

/* Is that how a container ends that is asked to end by a probe of this kind: with 143, with 137
 * after its grace, or of its own will with 0, and not sooner than the probe gives up? exact: nor
 * later than a probe that never succeeded does. */
static bool ends_like(const struct kta_pod_trouble *t, enum probe_kind k, bool exact)
{
    const struct kta_json *end = kta_trouble_ended(t);
    int64_t code = kta_json_int(end, "exitCode", -1), run = probe_run_lasted(end);
    struct probe_ask a = probe_ask_of(t->container, k);
    if (!a.probe || run < 0 || (code != 0 && code != 137 && code != 143))
        return false;
    int64_t grace =
        code != 137 ? 0
                    : kta_json_int(a.probe, "terminationGracePeriodSeconds",
                                   kta_json_int(t->pod, "spec.terminationGracePeriodSeconds", 30));
    int64_t last = probe_budget(&a) + grace;
    int64_t first = last - kta_json_int(a.probe, "periodSeconds", 10);
    int64_t slack = 2 + kta_json_int(a.probe, "timeoutSeconds", 1);
    return run + 1 >= first && (!exact || run <= last + slack);
}

/* The event of its failing; of a probe that asks the very same, where the container ends as that
 * one lets it: the kubelet's own words of a pod are few once there were many. */
struct kta_json *probe_failed(const struct kta_pod_trouble *t, enum probe_kind k)
{
    struct kta_json *ev = failing(t, k);
    struct probe_ask a = probe_ask_of(t->container, k),
                     b = probe_ask_of(t->container, PROBE_READINESS);

    if (!ev && k != PROBE_READINESS && probe_asks_same(&a, &b) &&
        kta_json_int(t->status, "restartCount", 0) > 1 && ends_like(t, k, /* exact= */ true))
        ev = failing(t, PROBE_READINESS);
    return ev;
}

static bool killed(const struct kta_pod_trouble *t, enum probe_kind k)
{
    int64_t code = kta_json_int(kta_trouble_ended(t), "exitCode", 0);
    const struct kta_json *ev = kta_diag_event(t->w, t->pod, "Killing", probe_kinds[k].kills);
    kta_auto_free char *me = kta_asprintf("ontainer %s ", t->name);
    return ev && strstr(kta_or(kta_json_str(ev, "message"), ""), me) &&
           (code == 137 || code == 143 || code == 0 || code == 2);
}

/* A Killing event comes late, or not at all: the kubelet sends few events of a pod once it has sent
 * many. Then an Unhealthy one of that run, or of an earlier one that ended alike, tells. */
bool kta_probe_ended(const struct kta_pod_trouble *t)
{
    int64_t began = kta_time_parse(kta_json_str(kta_trouble_ended(t), "startedAt"));
    for (int k = PROBE_STARTUP; k <= PROBE_LIVENESS; k++) {
        if (killed(t, (enum probe_kind)k))
            return true;
        const struct kta_json *ev = probe_failed(t, (enum probe_kind)k);
        bool of_run = ev && began != KTA_NO_TIME && kta_event_time(ev) + 1 >= began;
        if (ev && ends_like(t, (enum probe_kind)k, /* exact= */ !of_run))
            return true;
    }
    return false;
}

bool probe_ended_by_time(const struct kta_pod_trouble *t, enum probe_kind k)
{
    int64_t ended = kta_time_parse(kta_json_str(kta_trouble_ended(t), "finishedAt"));
    bool gone = ended != KTA_NO_TIME && kta_world_now(t->w) - ended > EVENTS_KEPT;
    return !kta_json_bool(t->status, "ready", false) &&
           (gone || !kta_world_readable(t->w, "events", kta_obj_namespace(t->pod))) &&
           kta_json_int(t->status, "restartCount", 0) > 1 && ends_like(t, k, /* exact= */ true);
}

bool kta_probe_ended_by_time(const struct kta_pod_trouble *t)
{
    return probe_ended_by_time(t, PROBE_STARTUP) || probe_ended_by_time(t, PROBE_LIVENESS);
}
