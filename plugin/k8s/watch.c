/*
 * watch.c - following a list as it changes.
 *
 * A list comes first (its items are reported as ADDED), then a stream from its resourceVersion. The
 * stream may end at any time: it is taken up again where it was. 410 (the version is too old)
 * starts over with a list. Lines are JSON of any length up to MAX_LINE.
 */
#include <poll.h>
#include "apipath.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/log.h"
#include "rest.h"

enum {
    MAX_LINE = 8 << 20,   /* bytes of one event */
    SERVER_SECONDS = 290, /* the server ends the stream itself after this time */
    IDLE_MS = 30000,      /* no byte for so long: the stream is asked for again */
    MAX_FAILURES = 8,     /* connections in a row that failed at once: some 15 s in all */
    PAUSE_MS = 500,       /* before the next one, growing */
};

static const char *const drop[] = {
    "watch", "resourceVersion", "allowWatchBookmarks", "timeoutSeconds", "limit", "continue", NULL};

struct stream {
    struct kta_cluster *c;
    struct cluster_watch *w;
    struct kta_str line;
    char *version; /* resourceVersion seen last; NULL: list first */
    bool done;     /* on_event or tick has had enough */
    bool progress; /* this connection brought something */
    bool too_long;
    bool renewed; /* the credentials, after a 401 */
    int64_t next_tick;
};

static void set_version(struct stream *s, const struct kta_json *object)
{
    const char *v = kta_json_str(object, "metadata.resourceVersion");

    if (v && *v) {
        free(s->version);
        s->version = kta_strdup(v);
    }
}

static void event_error(struct stream *s, const struct kta_json *status)
{
    int64_t code = kta_json_int(status, "code", 0);

    if (code == 410 || kta_streq(kta_json_str(status, "reason"), "Expired")) {
        free(s->version);
        s->version = NULL;
    }
    kta_log(2, "k8s: watch: %s", kta_or(kta_json_str(status, "message"), "an error event"));
}

static void take_event(struct stream *s)
{
    kta_auto_json struct kta_json *e = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    struct kta_json *object;
    const char *type;

    if (kta_json_parse(s->line.s, s->line.len, &e, &ignored) < 0)
        return; /* the stream was cut within a line: it is taken up again */
    type = kta_json_str(e, "type");
    object = kta_json_get(e, "object");
    if (!type || !object)
        return;
    if (strcmp(type, "ERROR") == 0) {
        event_error(s, object);
        return;
    }
    s->progress = true;
    set_version(s, object);
    if (strcmp(type, "BOOKMARK") != 0 && !s->w->on_event(s->w->ctx, type, object))
        s->done = true;
}

/* Calls tick when it is due. */
static void maybe_tick(struct stream *s)
{
    int64_t now = kta_now_ms();

    if (!s->w->tick || s->done || now < s->next_tick)
        return;
    s->next_tick = now + s->w->tick_ms;
    if (!s->w->tick(s->w->ctx))
        s->done = true;
}

static bool take_bytes(void *ctx, const char *p, size_t n)
{
    struct stream *s = ctx;

    s->c->stats.bytes += n;
    while (n > 0 && !s->done) {
        const char *nl = memchr(p, '\n', n);
        size_t part = nl ? (size_t)(nl - p) : n;

        if (kta_str_addn(&s->line, p, part) < 0) {
            s->too_long = true;
            return false;
        }
        if (!nl)
            break;
        take_event(s);
        kta_str_clear(&s->line);
        p += part + 1;
        n -= part + 1;
    }
    maybe_tick(s);
    return !s->done;
}

static int list_first(struct stream *s, struct kta_err *err)
{
    kta_auto_json struct kta_json *list = NULL;
    kta_auto_str struct kta_str path = KTA_STR_INIT;

    api_query_edit(s->w->path, drop, "", &path);
    if (kta_cluster_get(s->c, &list, err, "%s", path.s) < 0)
        return -1;
    set_version(s, list);
    kta_json_each(item, kta_json_get(list, "items")) {
        if (!s->done && !s->w->on_event(s->w->ctx, "ADDED", item))
            s->done = true;
    }
    s->progress = true;
    if (!s->version)
        return kta_err_set(err, KTA_E_CLUSTER, "%s cannot be watched: it has no resourceVersion",
                           s->w->path);
    return 0;
}

/* How long this connection may stay: the next tick, the deadline, or the server's own limit. */
static int64_t connection_ms(const struct stream *s)
{
    int64_t left = s->w->deadline - kta_now_ms();

    return left < (int64_t)SERVER_SECONDS * 1000 ? left : (int64_t)SERVER_SECONDS * 1000;
}

/* Why a connection ended: 0 when it is taken up again as a matter of course. */
static int stream_ended(struct stream *s, struct kta_http_req *q, struct kta_err *err)
{
    kta_auto_str struct kta_str doing = KTA_STR_INIT;

    describe_read(s->w->path, &doing);
    if (q->failed && q->err.code == KTA_E_TIMEOUT) {
        s->progress = true; /* silence is what a quiet stream is made of */
        return 0;
    }
    if (q->failed) {
        status_transport(s->c, doing.s, q, err);
        return -1;
    }
    if (q->status / 100 == 2)
        return 0;
    if (q->status == 410) {
        free(s->version);
        s->version = NULL;
        return 0;
    }
    if (q->status == 401 && !s->renewed && rest_can_renew(s->c)) {
        s->renewed = true;
        return rest_connect(s->c, /* force= */ true, err);
    }
    status_answer(s->c, s->w->path, doing.s, q, err);
    return -1;
}

/* One connection, until it ends for whatever reason. -1: interrupted or refused for good. */
static int stream_once(struct stream *s, struct kta_err *err)
{
    struct rest *r = s->c->impl;
    kta_auto_str struct kta_str path = KTA_STR_INIT, extra = KTA_STR_INIT;
    int64_t idle = s->w->tick ? s->w->tick_ms : IDLE_MS;
    struct kta_http_req q = {.answer = KTA_STR_INIT,
                             .on_body = take_bytes,
                             .ctx = s,
                             .headers = (const char *const *)r->headers.v,
                             .timeout_ms = connection_ms(s),
                             .idle_ms = idle,
                             .first_byte_ms = idle};
    int rc;

    kta_str_addf(&extra, "watch=true&allowWatchBookmarks=true&timeoutSeconds=%d&resourceVersion=",
                 SERVER_SECONDS);
    kta_url_escape(s->version, &extra);
    api_query_edit(s->w->path, drop, extra.s, &path);
    q.path = path.s;
    s->progress = false;
    kta_str_clear(&s->line);
    if (rest_connect(s->c, /* force= */ false, err) < 0)
        return -1;
    s->c->stats.requests++;
    rc = kta_http_run(r->http, &q, 1, err);
    if (rc == 0 && q.status / 100 == 2 && s->line.len && !s->done)
        take_event(s); /* a last line without its newline */
    if (rc == 0)
        rc = stream_ended(s, &q, err);
    kta_http_req_release(&q);
    return rc;
}

/* Waits, without forgetting tick and deadline. */
static int pause_ms(struct stream *s, int64_t ms, struct kta_err *err)
{
    int64_t until = kta_now_ms() + ms, left;

    if (until > s->w->deadline)
        until = s->w->deadline;
    while (!s->done && (left = until - kta_now_ms()) > 0) {
        struct pollfd p = {.fd = kta_interrupt_fd(), .events = POLLIN};
        int64_t slice = s->w->tick && s->w->tick_ms < left ? s->w->tick_ms : left;

        poll(&p, 1, (int)slice);
        if (kta_interrupt_check(err) < 0)
            return -1;
        maybe_tick(s);
    }
    return 0;
}

/* Trouble that does not pass by waiting: refused, forbidden, no such thing, a wrong certificate. */
static bool for_good(const struct kta_err *err)
{
    return err->code == KTA_E_INTERRUPTED || err->code == KTA_E_AUTH || err->code == KTA_E_USAGE ||
           (err->http / 100 == 4 && err->http != 429 && err->http != 410);
}

/* A connection or a list failed, or ended at once: waits, or gives up with -1. */
static int after_failure(struct stream *s, int *failures, struct kta_err *err)
{
    if (for_good(err))
        return -1;
    if (++*failures >= MAX_FAILURES)
        return err->code != KTA_E_OK
                   ? -1
                   : kta_err_set(err, KTA_E_CLUSTER, "%s ends every watch at once", s->c->server);
    kta_err_clear(err);
    return pause_ms(s, (int64_t)PAUSE_MS * *failures, err);
}

int rest_watch(struct kta_cluster *c, struct cluster_watch *w, struct kta_err *err)
{
    struct stream s = {.c = c, .w = w, .next_tick = kta_now_ms() + w->tick_ms};
    struct kta_err why = KTA_ERR_INIT;
    int failures = 0, rc = 0;

    kta_str_init(&s.line, MAX_LINE);
    while (rc == 0 && !s.done) {
        if (kta_now_ms() >= w->deadline) {
            rc = kta_err_set(&why, KTA_E_TIMEOUT, "the deadline passed while watching");
            break;
        }
        s.progress = false;
        rc = s.version ? stream_once(&s, &why) : list_first(&s, &why);
        if (s.too_long)
            rc = kta_err_set(&why, KTA_E_LIMIT, "an event of the watch is larger than %d MiB",
                             MAX_LINE >> 20);
        else if (rc == 0 && (s.progress || s.done))
            failures = 0;
        else
            rc = after_failure(&s, &failures, &why);
        maybe_tick(&s);
    }
    kta_str_release(&s.line);
    free(s.version);
    if (rc < 0)
        *err = why;
    return rc;
}
