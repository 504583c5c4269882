/*
 * obj.c - reading Kubernetes objects.
 *
 * Invariant: nothing here fails; what is absent or of another type reads as absent. The words of a
 * pod's status are those of kubectl. Source: kubernetes pkg/printers/internalversion/printers.go.
 */
#include "kta/obj.h"

#include "kta/alloc.h"
#include "kta/clock.h"

static struct kta_json *metadata(const struct kta_json *o)
{
    return kta_json_get(o, "metadata");
}

const char *kta_obj_kind(const struct kta_json *o)
{
    return kta_json_text(kta_json_get(o, "kind"));
}

const char *kta_obj_name(const struct kta_json *o)
{
    return kta_json_text(kta_json_get(metadata(o), "name"));
}

const char *kta_obj_namespace(const struct kta_json *o)
{
    return kta_json_text(kta_json_get(metadata(o), "namespace"));
}

const char *kta_obj_uid(const struct kta_json *o)
{
    return kta_json_text(kta_json_get(metadata(o), "uid"));
}

int64_t kta_obj_created(const struct kta_json *o)
{
    return kta_time_parse(kta_json_text(kta_json_get(metadata(o), "creationTimestamp")));
}

const char *kta_obj_label(const struct kta_json *o, const char *key)
{
    return kta_json_text(kta_json_get(kta_json_get(metadata(o), "labels"), key));
}

const char *kta_obj_annotation(const struct kta_json *o, const char *key)
{
    return kta_json_text(kta_json_get(kta_json_get(metadata(o), "annotations"), key));
}

struct kta_json *kta_obj_controller(const struct kta_json *o)
{
    kta_json_each(ref, kta_json_get(metadata(o), "ownerReferences")) {
        if (kta_json_bool(ref, "controller", false))
            return ref;
    }
    return NULL;
}

bool kta_obj_owned_by(const struct kta_json *o, const char *uid)
{
    if (!uid)
        return false;
    kta_json_each(ref, kta_json_get(metadata(o), "ownerReferences")) {
        if (kta_streq(kta_json_text(kta_json_get(ref, "uid")), uid))
            return true;
    }
    return false;
}

struct kta_json *kta_obj_condition(const struct kta_json *o, const char *type)
{
    kta_json_each(c, kta_json_at(o, "status.conditions")) {
        if (kta_streq(kta_json_text(kta_json_get(c, "type")), type))
            return c;
    }
    return NULL;
}

bool kta_obj_condition_is(const struct kta_json *o, const char *type, const char *status)
{
    const struct kta_json *c = kta_obj_condition(o, type);

    return c && kta_streq(kta_json_text(kta_json_get(c, "status")), status);
}

/* ---- selectors ---- */

/* Every pair of map is in labels; an empty map is contained in anything. */
static bool contained(const struct kta_json *map, const struct kta_json *labels)
{
    kta_json_each(m, map) {
        const char *want = kta_json_text(m);
        const char *have = kta_json_text(kta_json_get(labels, kta_json_key(m)));

        if (!want || !have || strcmp(want, have) != 0)
            return false;
    }
    return true;
}

static bool in_values(const struct kta_json *values, const char *v)
{
    kta_json_each(i, values) {
        if (kta_streq(kta_json_text(i), v))
            return true;
    }
    return false;
}

static bool expression_matches(const struct kta_json *e, const struct kta_json *labels)
{
    const char *op = kta_json_text(kta_json_get(e, "operator"));
    const char *key = kta_json_text(kta_json_get(e, "key"));
    const struct kta_json *values = kta_json_get(e, "values");
    const char *have;

    if (!op || !key)
        return false;
    have = kta_json_text(kta_json_get(labels, key));
    if (strcmp(op, "In") == 0)
        return have && in_values(values, have);
    if (strcmp(op, "NotIn") == 0)
        return !have || !in_values(values, have);
    if (strcmp(op, "Exists") == 0)
        return have != NULL;
    if (strcmp(op, "DoesNotExist") == 0)
        return have == NULL;
    return false;
}

bool kta_selector_matches(const struct kta_json *selector, const struct kta_json *labels)
{
    const struct kta_json *map = kta_json_get(selector, "matchLabels");
    const struct kta_json *expressions = kta_json_get(selector, "matchExpressions");

    if (kta_json_type(selector) != KTA_JSON_OBJECT)
        return false;
    if (!map && !expressions && kta_json_len(selector) > 0) /* a plain map */
        return kta_map_matches(selector, labels);
    if (!contained(map, labels))
        return false;
    kta_json_each(e, expressions) {
        if (!expression_matches(e, labels))
            return false;
    }
    return true;
}

bool kta_map_matches(const struct kta_json *map, const struct kta_json *labels)
{
    return kta_json_type(map) == KTA_JSON_OBJECT && kta_json_len(map) > 0 && contained(map, labels);
}

/* ---- pods ---- */

static struct kta_json *by_name(const struct kta_json *list, const char *name)
{
    kta_json_each(c, list) {
        if (kta_streq(kta_json_text(kta_json_get(c, "name")), name))
            return c;
    }
    return NULL;
}

bool kta_pod_ready(const struct kta_json *pod)
{
    return kta_obj_condition_is(pod, "Ready", "True");
}

/* What one walk over a pod's containers finds out: STATUS and RESTARTS as kubectl prints them. */
struct pod_words {
    const char *reason;
    char *buf;
    size_t n;
    int64_t restarts;
};

static const char *compose(struct pod_words *w, const char *prefix, const char *what, int64_t n)
{
    if (!w->n)
        return "";
    snprintf(w->buf, w->n, "%s%s%lld", prefix, what, (long long)n);
    return w->buf;
}

static const char *prefixed(struct pod_words *w, const char *prefix, const char *reason)
{
    if (!*prefix)
        return reason;
    if (!w->n)
        return "";
    snprintf(w->buf, w->n, "%s%s", prefix, reason);
    return w->buf;
}

static const char *terminated_word(struct pod_words *w, const char *prefix,
                                   const struct kta_json *terminated)
{
    const char *reason = kta_json_text(kta_json_get(terminated, "reason"));
    int64_t sig = kta_json_int(terminated, "signal", 0);

    if (reason && *reason)
        return prefixed(w, prefix, reason);
    if (sig)
        return compose(w, prefix, "Signal:", sig);
    return compose(w, prefix, "ExitCode:", kta_json_int(terminated, "exitCode", 0));
}

static bool is_sidecar(const struct kta_json *pod, const struct kta_json *status)
{
    const struct kta_json *c = by_name(kta_json_at(pod, "spec.initContainers"),
                                       kta_json_text(kta_json_get(status, "name")));

    return kta_streq(kta_json_text(kta_json_get(c, "restartPolicy")), "Always");
}

/* Init containers in order up to the first that has not done its part. True: still initializing. */
static bool walk_init(const struct kta_json *pod, struct pod_words *w, int64_t *ret_sidecar)
{
    int64_t i = 0, all = (int64_t)kta_json_len(kta_json_at(pod, "spec.initContainers"));

    kta_json_each(s, kta_json_at(pod, "status.initContainerStatuses")) {
        const struct kta_json *state = kta_json_get(s, "state");
        const struct kta_json *terminated = kta_json_get(state, "terminated");
        const char *waiting = kta_json_str(state, "waiting.reason");
        int64_t restarts = kta_json_int(s, "restartCount", 0);
        bool sidecar = is_sidecar(pod, s);

        w->restarts += restarts;
        if (sidecar)
            *ret_sidecar += restarts;
        if ((terminated && kta_json_int(terminated, "exitCode", 0) == 0) ||
            (sidecar && kta_json_bool(s, "started", false))) {
            i++;
            continue;
        }
        if (terminated) {
            w->reason = terminated_word(w, "Init:", terminated);
        } else if (waiting && *waiting && strcmp(waiting, "PodInitializing") != 0) {
            w->reason = prefixed(w, "Init:", waiting);
        } else if (w->n) {
            snprintf(w->buf, w->n, "Init:%lld/%lld", (long long)i, (long long)all);
            w->reason = w->buf;
        }
        return true;
    }
    return false;
}

static void walk_containers(const struct kta_json *pod, struct pod_words *w)
{
    const struct kta_json *statuses = kta_json_at(pod, "status.containerStatuses");
    bool running = false;

    for (size_t i = kta_json_len(statuses); i-- > 0;) {
        const struct kta_json *s = kta_json_item(statuses, i), *state = kta_json_get(s, "state");
        const struct kta_json *terminated = kta_json_get(state, "terminated");
        const char *waiting = kta_json_str(state, "waiting.reason");

        w->restarts += kta_json_int(s, "restartCount", 0);
        if (waiting && *waiting)
            w->reason = waiting;
        else if (terminated)
            w->reason = terminated_word(w, "", terminated);
        else if (kta_json_bool(s, "ready", false) && kta_json_get(state, "running"))
            running = true;
    }
    if (running && strcmp(w->reason, "Completed") == 0)
        w->reason = kta_pod_ready(pod) ? "Running" : "NotReady";
}

static void pod_words(const struct kta_json *pod, struct pod_words *w)
{
    const char *phase = kta_or(kta_json_str(pod, "status.phase"), "");
    const char *status_reason = kta_or(kta_json_str(pod, "status.reason"), "");
    const struct kta_json *scheduled = kta_obj_condition(pod, "PodScheduled");
    int64_t sidecars = 0;

    w->reason = *status_reason ? status_reason : phase;
    if (kta_streq(kta_json_text(kta_json_get(scheduled, "reason")), "SchedulingGated"))
        w->reason = "SchedulingGated";
    if (!walk_init(pod, w, &sidecars) || kta_obj_condition_is(pod, "Initialized", "True")) {
        w->restarts = sidecars;
        walk_containers(pod, w);
    }
    if (kta_json_str(pod, "metadata.deletionTimestamp")) {
        if (strcmp(status_reason, "NodeLost") == 0)
            w->reason = "Unknown";
        else if (strcmp(phase, "Succeeded") != 0 && strcmp(phase, "Failed") != 0)
            w->reason = "Terminating";
    }
}

int kta_pod_restarts(const struct kta_json *pod)
{
    struct pod_words w = {.reason = ""};

    pod_words(pod, &w);
    return w.restarts > INT32_MAX ? INT32_MAX : (int)w.restarts;
}

const char *kta_pod_status_word(const struct kta_json *pod, char *buf, size_t n)
{
    struct pod_words w = {.reason = "", .buf = buf, .n = n};

    if (!pod)
        return NULL;
    pod_words(pod, &w);
    return w.reason;
}

bool kta_log_gone(const char *text)
{
    static const char *const words[] = {"failed to try resolving symlinks in path ",
                                        "unable to retrieve container logs",
                                        "failed to open log file "};

    for (size_t i = 0; i < KTA_LEN(words); i++)
        if (kta_starts(text, words[i]))
            return true;
    return false;
}
