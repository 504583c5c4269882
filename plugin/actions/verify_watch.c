/*
 * verify_watch.c - watching one workload after a change.
 *
 * The pods are watched, not polled: a change of one of them (or three quiet seconds) leads to one
 * look at the workload. When it is lost, the last line of the log and the newest warning are
 * fetched: that is the evidence a person needs next.
 */
#include "actions.h"

#include <poll.h>
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/http.h"
#include "kta/interrupt.h"
#include "kta/obj.h"
#include "kta/utf8.h"

#define LOOK_MS  3000 /* without an event */
#define PAUSE_MS 250  /* events that come together are looked at together */
#define LOG_TAIL 4096

struct look {
    struct kta_json *workload, *replicasets, *pods; /* lists; owned */
    bool dirty;                                     /* a pod is not as in `pods` any more */
};

static void look_release(struct look *l)
{
    kta_json_free(l->workload);
    kta_json_free(l->replicasets);
    kta_json_free(l->pods);
    *l = (struct look){0};
}

/* ---- selectors ---- */
static void add_term(struct kta_str *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void add_term(struct kta_str *out, const char *fmt, ...)
{
    va_list ap;

    kta_str_add(out, out->len ? "," : "");
    va_start(ap, fmt);
    kta_str_vaddf(out, fmt, ap);
    va_end(ap);
}

static void add_expression(struct kta_str *out, const struct kta_json *e)
{
    const char *key = kta_or(kta_json_str(e, "key"), ""), *op = kta_json_str(e, "operator");
    kta_auto_str struct kta_str values = KTA_STR_INIT;

    kta_json_each(v, kta_json_get(e, "values"))
        kta_str_addf(&values, "%s%s", values.len ? "," : "", kta_or(kta_json_text(v), ""));
    if (kta_streq(op, "In"))
        add_term(out, "%s in (%s)", key, values.s);
    else if (kta_streq(op, "NotIn"))
        add_term(out, "%s notin (%s)", key, values.s);
    else if (kta_streq(op, "Exists"))
        add_term(out, "%s", key);
    else if (kta_streq(op, "DoesNotExist"))
        add_term(out, "!%s", key);
}

/* The query of a list of a workload's pods; "" when it selects nothing. */
static char *selector_query(const struct kta_json *w)
{
    const struct kta_json *s = kta_json_at(w, "spec.selector");
    const struct kta_json *labels = kta_json_get(s, "matchLabels");
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct kta_str out = KTA_STR_INIT;

    if (kta_streq(kta_obj_kind(w), "ReplicationController"))
        labels = s;
    kta_json_each(m, labels)
        add_term(&text, "%s=%s", kta_json_key(m), kta_or(kta_json_text(m), ""));
    kta_json_each(e, kta_json_get(s, "matchExpressions"))
        add_expression(&text, e);
    if (text.len == 0)
        return kta_str_detach(&out);
    kta_str_add(&out, "labelSelector=");
    kta_url_escape(text.s, &out);
    return kta_str_detach(&out);
}

/* ---- a look at everything ---- */
static int look(struct kta_pipeline *p, const char *path, const char *ns, const char *query,
                struct look *ret, struct kta_err *err)
{
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0;
    int rc;

    kta_read_add(&reads, &n, &cap, KTA_ACCEPT_JSON, "%s", path);
    kta_read_add(&reads, &n, &cap, KTA_ACCEPT_JSON, "/api/v1/namespaces/%s/pods?%s", ns, query);
    kta_read_add(&reads, &n, &cap, KTA_ACCEPT_JSON, "/apis/apps/v1/namespaces/%s/replicasets?%s",
                 ns, query);
    rc = kta_cluster_read(p->cluster, reads, n, err);
    if (rc == 0) {
        look_release(ret);
        ret->workload = KTA_STEAL(reads[0].json);
        ret->pods = KTA_STEAL(reads[1].json);
        ret->replicasets = KTA_STEAL(reads[2].json);
        if (!ret->workload)
            *err = reads[0].err;
    }
    kta_reads_free(reads, n);
    return rc;
}

static bool on_event(void *ctx, const char *type, struct kta_json *object)
{
    struct look *l = ctx;
    const char *uid = kta_obj_uid(object);
    const char *version = kta_json_str(object, "metadata.resourceVersion");

    if (kta_streq(type, "DELETED"))
        return !(l->dirty = true);
    kta_json_each(pod, kta_json_get(l->pods, "items")) {
        if (kta_streq(kta_obj_uid(pod), uid))
            return !(l->dirty = !kta_streq(kta_json_str(pod, "metadata.resourceVersion"), version));
    }
    return !(l->dirty = true);
}

static int pause_ms(int ms, struct kta_err *err)
{
    poll(&(struct pollfd){.fd = kta_interrupt_fd(), .events = POLLIN}, 1, ms);
    return kta_interrupt_check(err);
}

/* ---- evidence of a failure ---- */
static bool is_log(const struct kta_read *r)
{
    return r->status == 200 && r->text.len > 0 && !kta_log_gone(r->text.s);
}

/* The last line of the container's telling log, or, where that is gone, of its other one. */
static void add_log_line(struct kta_pipeline *p, const char *ns, const struct kta_health *h,
                         struct kta_str *out)
{
    struct kta_read *reads = NULL, *log;
    size_t n = 0, cap = 0;
    struct kta_err ignored = KTA_ERR_INIT;
    kta_auto_str struct kta_str shown = KTA_STR_INIT, clean = KTA_STR_INIT;
    const char *last;

    for (int i = 0; i < 2; i++)
        kta_read_add(&reads, &n, &cap, KTA_ACCEPT_TEXT,
                     "/api/v1/namespaces/%s/pods/%s/log?container=%s&tailLines=5%s", ns, h->pod,
                     h->container, h->previous_log == (i == 0) ? "&previous=true" : "");
    reads[0].max = reads[1].max = LOG_TAIL;
    if (kta_cluster_read(p->cluster, reads, n, &ignored) == 0) {
        log = is_log(&reads[0]) ? &reads[0] : &reads[1];
        if (is_log(log))
            kta_redact_text(p->redact, log->text.s, log->text.len, &shown);
        kta_clean(shown.s, shown.len, &clean);
        kta_str_trim(&clean);
        last = strrchr(clean.s, '\n');
        last = last ? last + 1 : clean.s;
        if (*last)
            kta_str_addf(out, "; its log ends with: %.300s", last);
    }
    kta_reads_free(reads, n);
}

static void add_event(struct kta_pipeline *p, const char *ns, const char *pod, struct kta_str *out)
{
    kta_auto_json struct kta_json *list = NULL;
    kta_auto_free char *text = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    const char *message = NULL;
    int64_t newest = -1;

    if (kta_cluster_get(p->cluster, &list, &ignored,
                        "/api/v1/namespaces/%s/events?fieldSelector=involvedObject.name%%3D%s"
                        "%%2Ctype%%3DWarning",
                        ns, pod) < 0)
        return;
    kta_json_each(e, kta_json_get(list, "items")) {
        int64_t when =
            kta_time_parse(kta_or(kta_json_str(e, "lastTimestamp"), kta_json_str(e, "eventTime")));

        if (when >= newest) {
            newest = when;
            message = kta_json_str(e, "message");
        }
    }
    if (!message)
        return;
    text = kta_redact_dup(p->redact, message);
    if (strstr(out->s, text)) /* said already */
        return;
    kta_str_addf(out, "; last event: %.300s", text);
}

static char *failure(struct kta_pipeline *p, const char *ns, const struct kta_health *h)
{
    kta_auto_free char *why = kta_redact_dup(p->redact, h->why);
    struct kta_str out = KTA_STR_INIT;

    kta_str_add(&out, why);
    if (h->pod[0] && h->container[0])
        add_log_line(p, ns, h, &out);
    else if (h->pod[0])
        add_event(p, ns, h->pod, &out);
    return kta_str_detach(&out);
}

/* ---- liveness ---- */
/* The longest time between two asks of the workload's liveness probes, seconds; 0: it has none. */
static int64_t liveness_period(const struct kta_json *w)
{
    int64_t longest = 0;

    kta_json_each(c, kta_json_at(w, "spec.template.spec.containers")) {
        const struct kta_json *probe = kta_json_get(c, "livenessProbe");
        int64_t own =
            kta_json_int(probe, "periodSeconds", 10) + kta_json_int(probe, "timeoutSeconds", 1);
        if (probe && own > longest)
            longest = own;
    }
    return longest;
}

static bool has_pod(const struct look *l, const char *name)
{
    kta_json_each(pod, kta_json_get(l->pods, "items"))
        if (kta_streq(kta_obj_name(pod), name))
            return true;
    return false;
}

/* Does the kubelet say that a liveness probe of these pods fails at this moment? Then they are
 * ready only until it gives up. Milliseconds until it has asked again, 0: none fails. */
static int64_t liveness_fails_ms(struct kta_pipeline *p, const char *ns, const struct look *l)
{
    kta_auto_json struct kta_json *list = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    int64_t period = liveness_period(l->workload);

    if (!period || kta_cluster_get(p->cluster, &list, &ignored,
                                   "/api/v1/namespaces/%s/events?fieldSelector=reason%%3DUnhealthy"
                                   "%%2CinvolvedObject.kind%%3DPod",
                                   ns) < 0)
        return 0;
    kta_json_each(e, kta_json_get(list, "items")) {
        int64_t when =
            kta_time_parse(kta_or(kta_json_str(e, "lastTimestamp"), kta_json_str(e, "eventTime")));
        if (when != KTA_NO_TIME && kta_wall() - when <= 2 * period &&
            kta_starts(kta_or(kta_json_str(e, "message"), ""), "Liveness probe failed") &&
            has_pod(l, kta_json_str(e, "involvedObject.name")))
            return period * 1000;
    }
    return 0;
}

/* ---- the watch ---- */
static int64_t stable_ms(const struct kta_json *w)
{
    int64_t own = kta_json_int(w, "spec.minReadySeconds", 0) * 1000;

    return own > KTA_STABLE_MS ? own : KTA_STABLE_MS;
}

/* Milliseconds that it must still stay as it is; 0: it is steady. */
static int64_t still_to_prove(const struct look *l, const struct kta_health *h)
{
    int64_t left;

    if (h->steady_since <= 0) /* no pods are wanted */
        return 0;
    left = stable_ms(l->workload) - (kta_wall() - h->steady_since) * 1000;
    return left > 0 ? left : 0;
}

static int wait_for_change(struct kta_pipeline *p, const char *ns, const char *query,
                           struct look *l, int64_t ms, struct kta_err *err)
{
    kta_auto_free char *path = kta_asprintf("/api/v1/namespaces/%s/pods?%s", ns, query);
    struct kta_err why = KTA_ERR_INIT;

    l->dirty = false;
    if (kta_cluster_watch(p->cluster, path, ms, on_event, NULL, 0, l, &why) == 0 ||
        why.code == KTA_E_TIMEOUT)
        return l->dirty ? pause_ms(PAUSE_MS, err) : 0;
    if (why.code == KTA_E_INTERRUPTED) {
        *err = why;
        return -1;
    }
    return pause_ms(1000, err);
}

int kta_watch_workload(struct kta_pipeline *p, const char *path, int64_t since, int64_t deadline,
                       bool *ret_good, char **ret_why, struct kta_err *err)
{
    struct look l = {0};
    struct kta_health h = {0};
    struct kta_err why = KTA_ERR_INIT;
    kta_auto_free char *query = NULL, *ns = NULL;
    int64_t dying = 0;
    int rc = 0;

    *ret_good = false;
    while (rc == 0 && kta_cluster_get(p->cluster, &l.workload, &why, "%s", path) < 0 &&
           why.http != 404 && kta_now_ms() < deadline) {
        rc = pause_ms(1000, err); /* an API server that does not answer may be back in a moment */
        kta_err_clear(&why);
    }
    if (rc < 0)
        return -1;
    if (l.workload) {
        query = selector_query(l.workload);
        ns = kta_strdup(kta_obj_namespace(l.workload));
    }
    while (query && *query) {
        int64_t now = kta_now_ms(), wait = LOOK_MS, prove;

        kta_err_clear(&why);
        if (look(p, path, ns, query, &l, &why) < 0 && why.code == KTA_E_INTERRUPTED) {
            *err = why;
            rc = -1;
            break;
        }
        if (why.http == 404)
            break;
        if (l.workload && l.pods) {
            kta_judge_workload(l.workload, kta_json_get(l.replicasets, "items"),
                               kta_json_get(l.pods, "items"), since, kta_wall(), &h);
            if (h.state == KTA_HEALTH_BAD)
                break;
            prove = h.state == KTA_HEALTH_GOOD ? still_to_prove(&l, &h) : -1;
            dying = prove == 0 ? liveness_fails_ms(p, ns, &l) : 0;
            if (dying > 0)
                prove = dying;
            if (prove == 0) {
                *ret_good = true;
                break;
            }
            kta_report_progress(p->report, "%s %s: %s%s", kta_obj_kind(l.workload),
                                kta_obj_name(l.workload), h.why,
                                dying > 0   ? ", but its liveness probe fails"
                                : prove > 0 ? "; watching that it stays so"
                                            : "");
            wait = prove > 0 ? prove + 100 : LOOK_MS;
        }
        if (now >= deadline)
            break;
        wait = wait < deadline - now ? wait : deadline - now;
        if ((rc = wait_for_change(p, ns, query, &l, wait, err)) < 0)
            break;
    }
    kta_report_done(p->report);
    if (rc == 0 && !l.workload)
        *ret_why = kta_strdup(why.msg[0] ? why.msg : "it is not there any more");
    else if (rc == 0 && h.state == KTA_HEALTH_BAD)
        *ret_why = failure(p, ns, &h);
    else if (rc == 0)
        *ret_why = kta_asprintf("%s%s",
                                *ret_good   ? ""
                                : dying > 0 ? "its liveness probe still fails: "
                                            : "it did not become ready in time: ",
                                h.why);
    look_release(&l);
    return rc;
}
