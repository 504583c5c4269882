/*
 * rest.c - reading a live cluster: many GETs at once, lists page by page.
 *
 * All reads of a call go out together; what is not done after a round (a further page, a retry)
 * goes into the next round. A 401 renews the credentials once and tries again.
 */
#include "rest.h"

#include <poll.h>
#include "apipath.h"
#include "auth.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/log.h"
#include "liststream.h"

enum {
    MAX_TRIES = 3,         /* of a request that the server puts off (429, 503 with Retry-After) */
    MAX_RETRY_WAIT = 5000, /* ms; a longer Retry-After is an error at once */
    MAX_ROUNDS = 256,      /* more than KTA_MAX_LIST / KTA_LIST_PAGE, with retries */
};

static const char *const accept_list[] = {
    [KTA_ACCEPT_JSON] = "application/json",
    [KTA_ACCEPT_TABLE] = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
    [KTA_ACCEPT_METADATA] =
        "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json",
    [KTA_ACCEPT_TEXT] = "*/*",
    [KTA_ACCEPT_DISCOVERY] =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
        "application/json",
};

/* Of one object; the server refuses to answer for one what it is asked as a list. */
static const char accept_one_metadata[] =
    "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json";

/* One read under way. */
struct job {
    struct kta_read *read;
    struct kta_str url;   /* of the next request */
    struct kta_str doing; /* "list events in namespace 'x'" */
    const char *accept;
    const char *items; /* "items", "rows": what is collected page by page; NULL: no list */
    bool pending, reached;
    bool paged;     /* further pages are asked for: the path sets no limit itself */
    bool restarted; /* an expired continue token has started it over already */
    int tries;
    bool cut;
    struct list_stream stream; /* of a list whose items are judged as they come */
    struct kta_json *kept;     /* this page's items that stay */
    size_t seen, seen_before;  /* items of all pages, of those before this one */
    size_t dropped_before, streamed;
    int64_t wait_ms; /* the server asks for this pause before the next try */
};

/* ---- the connection ---- */

static int make_http(struct kta_cluster *c, struct kta_err *err)
{
    struct rest *r = c->impl;
    const struct kta_kubeconfig *k = c->k;
    struct kta_http_config config = {
        .base = k->server,
        .proxy = k->proxy_url,
        .tls = {.ca_pem = k->ca_pem,
                .cert_pem = auth_cert(r->auth),
                .key_pem = auth_key(r->auth),
                .server_name = k->tls_server_name,
                .insecure = k->insecure},
        .user_agent = "kubectl-todo-ai/" KTA_VERSION,
    };

    if (kta_http_new(&config, &r->http, err) < 0)
        return kta_err_wrap(err, "the connection to %s", k->server);
    return 0;
}

int rest_connect(struct kta_cluster *c, bool force, struct kta_err *err)
{
    struct rest *r = c->impl;
    int generation = auth_generation(r->auth);

    if (auth_prepare(r->auth, force, err) < 0)
        return -1;
    if (r->http && generation != auth_generation(r->auth)) {
        kta_http_free(r->http);
        r->http = NULL;
    }
    if (!r->http && make_http(c, err) < 0)
        return -1;
    kta_http_header(r->http, "Authorization", auth_header(r->auth));
    return 0;
}

bool rest_can_renew(const struct kta_cluster *c)
{
    const struct rest *r = c->impl;

    return auth_can_renew(r->auth);
}

/* ---- one read ---- */

/* Rows without objects are small: all of them fit in one answer. */
static int page_size(const struct kta_read *read)
{
    return read->accept == KTA_ACCEPT_TABLE ? KTA_MAX_LIST : KTA_LIST_PAGE;
}

static void job_init(struct job *j, struct kta_read *read)
{
    struct api_path a;
    kta_auto_str struct kta_str has = KTA_STR_INIT;
    bool list = api_path_parse(read->path, &a) && a.list && read->accept != KTA_ACCEPT_TEXT &&
                read->accept != KTA_ACCEPT_DISCOVERY;
    kta_auto_str struct kta_str extra = KTA_STR_INIT;
    static const char *const none[] = {NULL};

    memset(j, 0, sizeof *j);
    j->read = read;
    j->pending = true;
    kta_str_init(&j->url, 0);
    kta_str_init(&j->doing, 0);
    describe_read(read->path, &j->doing);
    j->accept = read->accept == KTA_ACCEPT_METADATA && !list ? accept_one_metadata
                                                             : accept_list[read->accept];
    j->paged = list && !api_query_get(a.query, "limit", &has);
    if (list && (j->paged || read->keep))
        j->items = read->accept == KTA_ACCEPT_TABLE ? "rows" : "items";
    if (j->paged) {
        kta_str_addf(&extra, "limit=%d", page_size(read));
    }
    if (read->accept == KTA_ACCEPT_TABLE && !api_query_get(a.query, "includeObject", &has))
        kta_str_addf(&extra, "%sincludeObject=None", extra.len ? "&" : "");
    api_query_edit(read->path, none, extra.s, &j->url);
    if (read->max && read->accept == KTA_ACCEPT_TEXT)
        read->text.max = read->max;
    else if (read->accept == KTA_ACCEPT_TEXT)
        read->text.max = KTA_MAX_HTTP_BODY;
}

static void job_release(struct job *j)
{
    list_stream_release(&j->stream);
    kta_json_free(j->kept);
    j->kept = NULL;
    kta_str_release(&j->url);
    kta_str_release(&j->doing);
}

/* ---- lists whose items are judged as they come ---- */

/* Applies the reader's judgement to what was kept while the list was still small. */
static void judge(struct job *j, struct kta_json *items)
{
    struct kta_json *next;

    for (struct kta_json *i = kta_json_first(items); i; i = next) {
        next = kta_json_next(i);
        if (!j->read->keep(j->read->keep_ctx, i)) {
            kta_json_free(kta_json_detach(items, i));
            j->read->dropped++;
        }
    }
}

static void take_item(void *ctx, struct kta_json *item)
{
    struct job *j = ctx;

    j->seen++;
    if (j->read->trim)
        j->read->trim(item);
    if (j->seen == j->read->keep_all + 1) {
        judge(j, kta_json_get(j->read->json, j->items));
        judge(j, j->kept);
    }
    if (j->seen > j->read->keep_all && !j->read->keep(j->read->keep_ctx, item)) {
        kta_json_free(item);
        j->read->dropped++;
        return;
    }
    kta_json_push(j->kept, item);
}

static bool take_stream(void *ctx, const char *p, size_t n)
{
    struct job *j = ctx;

    j->streamed += n;
    return list_stream_feed(&j->stream, p, n) == 0;
}

/* The page as it would have been parsed whole, but with the kept items alone. */
static int stream_page(struct job *j, struct kta_json **ret, struct kta_err *err)
{
    if (j->stream.err.code != KTA_E_OK) {
        *err = j->stream.err;
        return -1;
    }
    if (kta_json_parse(j->stream.head.s, j->stream.head.len, ret, err) < 0)
        return -1;
    if (kta_json_get(*ret, j->items)) {
        kta_json_set(*ret, j->items, j->kept);
        j->kept = NULL;
    }
    return 0;
}

static void stream_begin(struct job *j)
{
    list_stream_release(&j->stream);
    list_stream_init(&j->stream, j->items, take_item, j);
    kta_json_free(j->kept);
    j->kept = kta_json_new_array();
    j->seen = j->seen_before;
    j->read->dropped = j->dropped_before;
}

/* How many items the reader did not keep: whoever reads the list, or its record, sees from this
 * that it is not all. */
static void note_dropped(struct job *j)
{
    struct kta_json *meta = kta_json_get(j->read->json, "metadata");

    if (j->read->dropped && meta)
        kta_json_set_int(meta, "remainingItemCount",
                         kta_json_int(meta, "remainingItemCount", 0) + (int64_t)j->read->dropped);
}

static bool take_text(void *ctx, const char *p, size_t n)
{
    struct job *j = ctx;

    if (kta_str_addn(&j->read->text, p, n) == 0)
        return true;
    j->cut = true;
    return false;
}

static void job_request(struct kta_cluster *c, struct job *j, struct kta_http_req *q)
{
    const struct rest *r = c->impl;

    memset(q, 0, sizeof *q);
    q->path = j->url.s;
    q->accept = j->accept;
    q->headers = (const char *const *)r->headers.v;
    q->timeout_ms = r->timeout_ms;
    kta_str_init(&q->answer, 0);
    if (j->read->accept == KTA_ACCEPT_TEXT) {
        kta_str_clear(&j->read->text);
        q->on_body = take_text;
        q->ctx = j;
    } else {
        q->max_body = j->read->max;
        if (j->items && j->read->keep) {
            stream_begin(j);
            q->on_body = take_stream;
            q->ctx = j;
        }
    }
}

static void job_fail(struct job *j)
{
    j->pending = false;
    j->read->failed = true;
    kta_json_free(j->read->json); /* pages that came before: a part is not the list */
    j->read->json = NULL;
}

/* Puts the page's items behind those that are there. */
static void append_page(struct job *j, struct kta_json *page)
{
    struct kta_json *all = kta_json_get(j->read->json, j->items);
    struct kta_json *meta = kta_json_get(j->read->json, "metadata");
    const struct kta_json *left = kta_json_at(page, "metadata.remainingItemCount");

    kta_json_each(item, kta_json_get(page, j->items)) kta_json_push(all, kta_json_copy(item));
    kta_json_remove(meta, "remainingItemCount");
    kta_json_remove(meta, "continue");
    if (left)
        kta_json_set(meta, "remainingItemCount", kta_json_copy(left));
}

/* A 2xx that is JSON. Asks for the next page where there is one. */
static void take_json(struct job *j, struct kta_json *page)
{
    static const char *const drop[] = {"continue", "limit", "resourceVersion", NULL};
    const char *more = kta_json_str(page, "metadata.continue");
    kta_auto_free char *token = kta_strdup(more && *more ? more : NULL);
    struct kta_str extra = KTA_STR_INIT;

    j->reached = true;
    if (!j->read->json) {
        j->read->json = page;
    } else {
        append_page(j, page);
        kta_json_free(page);
    }
    if (j->items && !j->read->keep)
        j->seen = kta_json_len(kta_json_get(j->read->json, j->items));
    j->seen_before = j->seen;
    j->dropped_before = j->read->dropped;
    j->pending =
        j->paged && token && kta_json_get(j->read->json, j->items) && j->seen < KTA_MAX_LIST;
    if (!j->pending) {
        note_dropped(j);
        if (token && j->paged)
            kta_log(1, "k8s: %s: only the first %d are looked at", j->doing.s, KTA_MAX_LIST);
        return;
    }
    kta_str_addf(&extra, "limit=%d&continue=", page_size(j->read));
    kta_url_escape(token, &extra);
    kta_str_clear(&j->url);
    api_query_edit(j->read->path, drop, extra.s, &j->url);
    if (j->read->accept == KTA_ACCEPT_TABLE)
        kta_str_add(&j->url, "&includeObject=None");
    kta_str_release(&extra);
}

/* 410: the continue token was too old. The list starts over, once. */
static bool start_over(struct job *j)
{
    struct kta_read *read = j->read;

    if (j->restarted || !read->json)
        return false;
    kta_json_free(read->json);
    read->json = NULL;
    read->dropped = 0;
    job_release(j);
    job_init(j, read);
    j->restarted = j->reached = true;
    return true;
}

/* The server asks for patience, and not for long. */
static bool put_off(struct job *j, const struct kta_http_req *q)
{
    if ((q->status != 429 && q->status != 503) || q->retry_after_ms < 0 ||
        q->retry_after_ms > MAX_RETRY_WAIT || ++j->tries >= MAX_TRIES)
        return false;
    j->wait_ms = q->retry_after_ms;
    return true;
}

static void take_answer(struct kta_cluster *c, struct job *j, struct kta_http_req *q)
{
    struct kta_err ignored = KTA_ERR_INIT;
    struct kta_json *v = NULL;

    c->stats.requests++;
    c->stats.bytes += q->answer.len + (q->on_body ? j->read->text.len : 0) + j->streamed;
    j->streamed = 0;
    j->read->status = q->status;
    if (q->failed && !j->cut) {
        status_transport(c, j->doing.s, q, &j->read->err);
        j->read->err.http = q->status;
        j->reached = q->status && q->err.code == KTA_E_LIMIT; /* too much of an answer is one */
        job_fail(j);
        return;
    }
    if (q->status / 100 == 2 && q->on_body == take_stream) {
        if (stream_page(j, &v, &ignored) == 0) {
            take_json(j, v);
            return;
        }
        j->reached = ignored.code == KTA_E_LIMIT;
        if (j->reached) {
            j->read->err = ignored;
            job_fail(j);
            return;
        }
    } else if (q->status / 100 == 2 && q->on_body) {
        j->pending = false;
        j->reached = true;
        return;
    }
    if (q->status / 100 == 2 && !q->on_body &&
        kta_json_parse(q->answer.s, q->answer.len, &v, &ignored) == 0) {
        take_json(j, v);
        return;
    }
    if ((q->status == 410 && start_over(j)) || put_off(j, q))
        return;
    j->reached = status_answer(c, j->read->path, j->doing.s, q, &j->read->err);
    job_fail(j);
}

/* ---- rounds ---- */

/* Sends what is pending. Returns -1 when interrupted. */
static int round_run(struct kta_cluster *c, struct job *jobs, size_t n, struct kta_err *err)
{
    struct rest *r = c->impl;
    struct kta_http_req *reqs = kta_calloc(n, sizeof *reqs);
    struct job **owner = kta_calloc(n, sizeof *owner);
    size_t m = 0;
    int rc;

    for (size_t i = 0; i < n; i++) {
        if (!jobs[i].pending)
            continue;
        owner[m] = &jobs[i];
        job_request(c, &jobs[i], &reqs[m++]);
    }
    rc = kta_http_run(r->http, reqs, m, err);
    for (size_t i = 0; i < m; i++) {
        if (rc == 0)
            take_answer(c, owner[i], &reqs[i]);
        kta_http_req_release(&reqs[i]);
    }
    free(reqs);
    free(owner);
    return rc;
}

/* Waits as long as the most patient answer asked for. */
static int round_wait(struct job *jobs, size_t n, struct kta_err *err)
{
    int64_t ms = 0;

    for (size_t i = 0; i < n; i++) {
        if (jobs[i].pending && jobs[i].wait_ms > ms)
            ms = jobs[i].wait_ms;
        jobs[i].wait_ms = 0;
    }
    if (ms > 0) {
        struct pollfd p = {.fd = kta_interrupt_fd(), .events = POLLIN};

        kta_log(2, "k8s: the API server asks to wait %lld ms", (long long)ms);
        poll(&p, 1, (int)ms);
    }
    return kta_interrupt_check(err);
}

/* Answers of 401 are taken back, once, when other credentials can be had. */
static bool renew(struct kta_cluster *c, struct job *jobs, size_t n, bool *renewed)
{
    struct kta_err why = KTA_ERR_INIT;
    bool refused = false;

    for (size_t i = 0; i < n; i++)
        refused |= jobs[i].read->failed && jobs[i].read->status == 401;
    if (!refused || *renewed || !rest_can_renew(c))
        return false;
    *renewed = true;
    if (rest_connect(c, /* force= */ true, &why) < 0) {
        kta_log(1, "k8s: new credentials: %s", why.msg);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct kta_read *read = jobs[i].read;

        if (!read->failed || read->status != 401)
            continue;
        read->failed = false;
        kta_err_clear(&read->err);
        job_release(&jobs[i]);
        job_init(&jobs[i], read);
    }
    return true;
}

static bool any_pending(const struct job *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (jobs[i].pending)
            return true;
    return false;
}

/* 0 if at least one read was answered by Kubernetes. */
static int verdict(const struct job *jobs, size_t n, struct kta_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (jobs[i].reached)
            return 0;
    *err = jobs[0].read->err;
    return -1;
}

static int rest_read(struct kta_cluster *c, struct kta_read *reads, size_t n, struct kta_err *err)
{
    struct job *jobs = kta_calloc(n, sizeof *jobs);
    int64_t began = kta_now_ms();
    bool renewed = false;
    int rc;

    for (size_t i = 0; i < n; i++)
        job_init(&jobs[i], &reads[i]);
    rc = rest_connect(c, /* force= */ false, err);
    for (int i = 0; rc == 0 && i < MAX_ROUNDS && any_pending(jobs, n); i++) {
        rc = round_run(c, jobs, n, err);
        if (rc == 0 && !renew(c, jobs, n, &renewed))
            rc = round_wait(jobs, n, err);
    }
    if (rc == 0)
        rc = verdict(jobs, n, err);
    for (size_t i = 0; i < n; i++)
        job_release(&jobs[i]);
    free(jobs);
    c->stats.ms += kta_now_ms() - began;
    return rc;
}

/* ---- dry runs and reviews ---- */

static int send_once(struct kta_cluster *c, struct kta_http_req *q, struct kta_err *err)
{
    struct rest *r = c->impl;
    kta_auto_str struct kta_str doing = KTA_STR_INIT;

    kta_str_addf(&doing, "send a dry run to %.*s", (int)strcspn(q->path, "?"), q->path);
    c->stats.requests++;
    if (kta_http_run(r->http, q, 1, err) < 0)
        return -1;
    c->stats.bytes += q->answer.len;
    if (q->failed) {
        status_transport(c, doing.s, q, err);
        return -1;
    }
    return 0;
}

static int rest_send(struct kta_cluster *c, const char *method, const char *path,
                     const char *content_type, const char *body, size_t body_len, int *ret_status,
                     struct kta_json **ret, struct kta_err *err)
{
    struct rest *r = c->impl;
    struct kta_http_req q = {.method = method,
                             .path = path,
                             .body = body,
                             .body_len = body_len,
                             .content_type = content_type,
                             .headers = (const char *const *)r->headers.v,
                             .timeout_ms = r->timeout_ms,
                             .answer = KTA_STR_INIT};
    struct kta_err ignored = KTA_ERR_INIT;
    int64_t began = kta_now_ms();
    int rc = rest_connect(c, /* force= */ false, err);

    if (rc == 0)
        rc = send_once(c, &q, err);
    if (rc == 0 && q.status == 401 && rest_can_renew(c) &&
        rest_connect(c, /* force= */ true, &ignored) == 0) {
        kta_str_clear(&q.answer);
        rc = send_once(c, &q, err);
    }
    c->stats.ms += kta_now_ms() - began;
    if (rc == 0 && kta_json_parse(q.answer.s, q.answer.len, ret, &ignored) < 0) {
        kta_auto_str struct kta_str doing = KTA_STR_INIT;

        kta_str_addf(&doing, "validate a change of %.*s", (int)strcspn(path, "?"), path);
        status_answer(c, path, doing.s, &q, err);
        rc = -1;
    }
    if (rc == 0)
        *ret_status = q.status;
    kta_http_req_release(&q);
    return rc;
}

/* ---- the table ---- */

static void rest_free(struct kta_cluster *c)
{
    struct rest *r = c->impl;

    kta_http_free(r->http);
    auth_free(r->auth);
    kta_argv_release(&r->headers);
    free(r);
}

static const struct cluster_ops rest_ops = {rest_read, rest_send, rest_watch, rest_free};

int rest_open(struct kta_cluster *c, int64_t timeout_ms, struct kta_err *err)
{
    struct rest *r = kta_calloc(1, sizeof *r);

    r->timeout_ms = timeout_ms;
    r->auth = auth_new(c->k);
    c->impl = r;
    c->ops = &rest_ops;
    return auth_impersonation(c->k, &r->headers, err);
}
