/*
 * trouble.c - a container in trouble, as every cause sees it: since when, how it ended, which of
 * its logs tells why, and the finding that is made of it.
 */
#include <stdlib.h>

#include "crash.h"
#include "kta/alloc.h"
#include "kta/clock.h"

bool kta_unhealthy_log(const struct kta_json *pod, const struct kta_json *status,
                       bool *ret_previous)
{
    *ret_previous = false;
    const char *waiting = kta_json_str(status, "state.waiting.reason");
    int64_t restarts = kta_json_int(status, "restartCount", 0);
    if (kta_json_at(status, "state.terminated"))
        return kta_json_int(status, "state.terminated.exitCode", 0) != 0 ||
               !kta_streq(kta_json_str(pod, "status.phase"), "Succeeded");
    if (waiting)
        return restarts > 0 || kta_json_at(status, "lastState.terminated");
    if (kta_json_at(status, "state.running")) {
        if (restarts > 0 && kta_json_at(status, "lastState.terminated")) {
            *ret_previous = true;
            return true;
        }
        return !kta_json_bool(status, "ready", true);
    }
    return false;
}

const char *kta_unhealthy_log_text(struct kta_world *w, const struct kta_json *pod,
                                   const struct kta_json *status, size_t *ret_len,
                                   bool *ret_previous)
{
    const char *ns = kta_obj_namespace(pod), *name = kta_obj_name(pod);
    const char *container = kta_json_str(status, "name");
    if (!kta_unhealthy_log(pod, status, ret_previous))
        return NULL;
    const char *log = kta_world_log(w, ns, name, container, *ret_previous, ret_len);
    if (log || !*ret_previous)
        return log;
    *ret_previous = false; /* the last run's file is gone: this run may have said the same */
    return kta_world_log(w, ns, name, container, *ret_previous, ret_len);
}

static int64_t since(const struct kta_pod_trouble *t)
{
    int64_t since = kta_obj_created(t->pod);
    if (kta_json_int(t->status, "restartCount", 0) == 0)
        return since;
    struct kta_json **ev;
    size_t n = kta_world_events(t->w, t->pod, &ev);
    int64_t first = KTA_NO_TIME;
    for (size_t i = 0; i < n; i++) {
        int64_t x = kta_event_first(ev[i]);
        if (kta_streq(kta_json_str(ev[i], "type"), "Warning") && x != KTA_NO_TIME &&
            (first == KTA_NO_TIME || x < first))
            first = x;
    }
    free(ev);
    return first != KTA_NO_TIME ? first : since;
}

struct kta_json *kta_trouble_ended(const struct kta_pod_trouble *t)
{
    struct kta_json *now = kta_json_at(t->status, "state.terminated");
    return now ? now : kta_json_at(t->status, "lastState.terminated");
}

struct kta_finding *kta_trouble_find(const struct kta_pod_trouble *t, const char *code)
{
    return kta_diag_find(t->out, code, t->owner);
}

struct kta_finding *kta_trouble_add(const struct kta_pod_trouble *t, const char *code,
                                    enum kta_severity severity, double confidence)
{
    struct kta_finding *f = kta_diag_add(t->out, code, severity, t->owner, confidence);
    f->since = since(t);
    const struct kta_json *end = kta_trouble_ended(t);
    if (end) {
        kta_auto_free char *source = kta_asprintf("status pod/%s", kta_obj_name(t->pod));
        const char *word =
            kta_or(kta_json_str(t->status, "state.waiting.reason"),
                   kta_json_at(t->status, "state.running") ? "Running" : "Terminated");
        kta_finding_quote(f, source, "container %s: %s, %lld restart%s, last exit code %lld%s%s%s",
                          t->name, word, (long long)kta_json_int(t->status, "restartCount", 0),
                          kta_json_int(t->status, "restartCount", 0) == 1 ? "" : "s",
                          (long long)kta_json_int(end, "exitCode", 0),
                          kta_json_str(end, "reason") ? " (" : "",
                          kta_or(kta_json_str(end, "reason"), ""),
                          kta_json_str(end, "reason") ? ")" : "");
    }
    return f;
}

const char *kta_trouble_log(const struct kta_pod_trouble *t, size_t *ret_len, bool *ret_previous)
{
    return kta_unhealthy_log_text(t->w, t->pod, t->status, ret_len, ret_previous);
}

void kta_trouble_quote_log(const struct kta_pod_trouble *t, struct kta_finding *f,
                           const struct kta_log_cause *c, bool previous)
{
    kta_auto_free char *source =
        kta_asprintf("log pod/%s %s%s", kta_obj_name(t->pod), t->name, previous ? " previous" : "");
    if (c->count > 1)
        kta_finding_quote(f, source, "%s (%zu times)", c->quote, c->count);
    else
        kta_finding_quote(f, source, "%s", c->quote);
}

/* "container backend of deployment/backend", "init container wait of …" */
char *kta_trouble_who(const struct kta_pod_trouble *t)
{
    kta_auto_free char *ref = kta_diag_ref(t->owner);
    return kta_asprintf("%scontainer %s of %s", kta_streq(t->list, "initContainers") ? "init " : "",
                        t->name, ref);
}
