/*
 * probes.c - containers that run and are not healthy by their own probes: what the probe asks for
 * against what the container serves.
 *
 * Sources: Unhealthy and Killing events (all of them, not the newest alone), the probe, the ports
 * that the container declares, and the port that its log says it listens on.
 */
#include "probe.h"
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/clock.h"

static bool still(const struct kta_pod_trouble *t, enum probe_kind k, const struct kta_json *ev)
{
    int64_t now = kta_world_now(t->w), last = kta_event_time(ev);
    bool ready = kta_json_bool(t->status, "ready", false);
    if (k == PROBE_READINESS)
        return !ready;
    /* It has been restarted for it, or is about to be. */
    return (!ready || now - last < 300) &&
           (kta_json_int(t->status, "restartCount", 0) > 0 || kta_event_count(ev) >= 2 || !ready);
}

/* A program that is young may not answer yet, or not well, and has as long as its probes allow:
 * only what cannot become right by itself (another port, a path that is not served) is told at
 * once. */
static bool still_starting(const struct kta_pod_trouble *t, enum probe_kind k,
                           const struct kta_json *ev)
{
    int64_t since = kta_time_parse(kta_json_str(t->status, "state.running.startedAt"));
    bool given_up = kta_json_int(t->status, "restartCount", 0) > 0 ||
                    kta_diag_event(t->w, t->pod, "Killing", probe_kinds[k].kills);
    if (k == PROBE_READINESS ? since == KTA_NO_TIME || kta_world_now(t->w) - since >= 30 : given_up)
        return false;
    const char *text = kta_or(kta_json_str(ev, "message"), "");
    if (kta_event_count(ev) < 3)
        return true;
    if (strstr(text, "statuscode: 4"))
        return false;
    size_t len = 0;
    const char *log = kta_world_log(t->w, kta_obj_namespace(t->pod), kta_obj_name(t->pod), t->name,
                                    /* previous= */ false, &len);
    struct probe_ask a = probe_ask_of(t->container, k);
    int heard = log ? kta_log_listening(log, len) : -1;
    return heard < 0 || heard == a.port;
}

/* Nothing listened when the probe asked, but now something does: the next probe will tell. */
static bool answers_now(const struct kta_pod_trouble *t, enum probe_kind k,
                        const struct kta_json *ev)
{
    struct probe_ask a = probe_ask_of(t->container, k);
    if (!strstr(kta_or(kta_json_str(ev, "message"), ""), "connection refused") || a.port <= 0 ||
        a.host)
        return false;
    if (a.http) {
        int status = kta_active_status(t->w, t->pod, a.https, a.port, a.path, NULL);
        return status >= 200 && status < 400;
    }
    return a.tcp && kta_port_open(t->w, t->pod, a.port) == 1;
}

/* What the probe would be told, asked anew. */
static char *asked(const struct kta_pod_trouble *t, const struct probe_ask *a)
{
    int status = a->http && a->port > 0 && a->path
                     ? kta_active_status(t->w, t->pod, a->https, a->port, a->path, NULL)
                     : 0;
    if (status >= 300)
        return kta_asprintf("HTTP probe failed with statuscode: %d", status);
    if (a->port > 0 && kta_port_open(t->w, t->pod, a->port) == 0)
        return kta_strdup("connection refused");
    return kta_strdup("it has not succeeded since the container was started");
}

/* No event tells of it (they are lost on a busy node, and go with time), but the container is not
 * ready although its probe has had the time to succeed. */
static bool never_ready(const struct kta_pod_trouble *t, const struct probe_ask *a)
{
    int64_t since = kta_time_parse(kta_json_str(t->status, "state.running.startedAt"));
    return a->probe && !kta_json_bool(t->status, "ready", true) && since != KTA_NO_TIME &&
           kta_json_bool(t->status, "started", true) &&
           kta_world_now(t->w) - since >= 30 + probe_budget(a);
}

static void by_time(const struct kta_pod_trouble *t, enum probe_kind k)
{
    const struct kta_json *end = kta_trouble_ended(t);
    if (kta_diag_find(t->out, NULL, t->owner))
        return;
    struct probe_ask a = probe_ask_of(t->container, k);
    struct kta_finding *f = kta_trouble_add(t, probe_kinds[k].code, KTA_CRITICAL, 0.6);
    kta_finding_quote(f, "status",
                      "container %s ended after %lld s, as long as its %s probe lets one run that "
                      "does not answer; no event tells of it",
                      t->name, (long long)probe_run_lasted(end), probe_kinds[k].word);
    kta_auto_free char *said = kta_json_at(t->status, "state.running")
                                   ? asked(t, &a)
                                   : kta_strdup("each run ends when it gives up");
    probe_tell(t, k, said, f);
}

/* Not ready, no word of a probe: a readiness gate, or too young to tell. */
static void look_at(struct kta_pod_trouble *t)
{
    for (int k = PROBE_STARTUP; k <= PROBE_READINESS; k++) {
        const struct kta_json *ev = probe_failed(t, (enum probe_kind)k);
        struct probe_ask a = probe_ask_of(t->container, (enum probe_kind)k);
        kta_auto_free char *said =
            !ev && k == PROBE_READINESS && never_ready(t, &a) ? asked(t, &a) : NULL;
        if (!ev && k != PROBE_READINESS && probe_ended_by_time(t, (enum probe_kind)k))
            by_time(t, (enum probe_kind)k);
        if (said && !kta_diag_find(t->out, NULL, t->owner)) {
            struct kta_finding *f = kta_trouble_add(t, probe_kinds[k].code, KTA_CRITICAL, 0.7);
            kta_finding_quote(f, "GET", "asked anew: %s", said);
            probe_tell(t, PROBE_READINESS, said, f);
        }
        if (!ev || !kta_json_get(t->container, probe_kinds[k].field) ||
            !still(t, (enum probe_kind)k, ev) ||
            kta_diag_find(t->out, probe_kinds[k].code, t->owner))
            continue;
        if (still_starting(t, (enum probe_kind)k, ev) ||
            (k == PROBE_READINESS && answers_now(t, (enum probe_kind)k, ev)))
            continue;
        struct kta_finding *f = kta_trouble_add(t, probe_kinds[k].code, KTA_CRITICAL, 0.8);
        kta_diag_quote_event(f, t->pod, ev);
        probe_tell(t, (enum probe_kind)k, kta_or(kta_json_str(ev, "message"), ""), f);
        if (k != PROBE_READINESS)
            return; /* what is restarted for its life is not ready either */
    }
}

/* kubelet cannot ask a port whose name the container lacks, nor run what the image lacks, and takes
 * a liveness probe that it cannot ask for one that tells nothing: the pod runs, unguarded. */
static void look_at_unasked(struct kta_pod_trouble *t)
{
    for (int k = PROBE_STARTUP; k <= PROBE_READINESS; k++) {
        struct probe_ask a = probe_ask_of(t->container, (enum probe_kind)k);
        const struct kta_json *ev = a.exec ? probe_failed(t, (enum probe_kind)k) : NULL;
        bool absent =
            ev && strstr(kta_or(kta_json_str(ev, "message"), ""), "executable file not found");
        if ((!absent && (!a.port_name || a.port > 0)) ||
            kta_diag_find(t->out, probe_kinds[k].code, t->owner))
            continue;
        struct kta_finding *f = kta_trouble_add(t, probe_kinds[k].code, KTA_WARNING, 0.9);
        if (absent) {
            kta_diag_quote_event(f, t->pod, ev);
            probe_command_missing(t, f, (enum probe_kind)k, &a);
        } else
            probe_tell_no_port(t, f, (enum probe_kind)k, &a);
    }
}

void kta_analyze_probes(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    struct kta_json *const *pods;
    size_t n = kta_world_list(w, "pods", ns, &pods);
    for (size_t i = 0; i < n; i++) {
        struct kta_json *pod = pods[i];
        bool well = kta_pod_ready(pod) && !kta_pod_restarts(pod);
        if (!kta_world_focused(w, pod) || kta_json_at(pod, "metadata.deletionTimestamp") ||
            kta_streq(kta_json_str(pod, "status.phase"), "Succeeded"))
            continue;
        struct kta_json *owner = kta_world_owner(w, pod);
        /* of init containers, those that go on running beside the others have probes */
        for (size_t l = 0; l < 2; l++)
            kta_json_each(s, kta_json_get(kta_json_get(pod, "status"), kta_status_lists[l])) {
                struct kta_pod_trouble t = {w,    pod, owner, s, NULL, kta_json_str(s, "name"),
                                            NULL, out};
                t.container = kta_diag_container(kta_json_get(pod, "spec"), t.name, &t.list);
                size_t before = out->n;
                if (well)
                    look_at_unasked(&t);
                else
                    look_at(&t);
                for (size_t f = before; f < out->n; f++)
                    kta_finding_symptom(out->v[f], "Pod", kta_obj_namespace(pod),
                                        kta_obj_name(pod));
            }
    }
}
