/*
 * rest_job.c - one read of a live cluster: its request, and what an answer means for it.
 *
 * Lists come page by page; an expired continue token starts the list over, once. A reader may judge
 * a large list's items as they come, so that what it does not keep is never held.
 */
#include "rest_job.h"

#include <string.h>
#include "apipath.h"
#include "kta/alloc.h"
#include "kta/limits.h"
#include "kta/log.h"

enum {
    MAX_TRIES = 3,         /* of a request that the server puts off (429, 503 with Retry-After) */
    MAX_RETRY_WAIT = 5000, /* ms; a longer Retry-After is an error at once */
    STALL_MS = 3000,       /* of an answer that has begun; then it is asked for once more */
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

/* Rows without objects are small: all of them fit in one answer. */
static int page_size(const struct kta_read *read)
{
    if (read->page)
        return (int)read->page;
    return read->accept == KTA_ACCEPT_TABLE ? KTA_MAX_LIST : KTA_LIST_PAGE;
}

void rest_job_init(struct kta_cluster *c, struct rest_job *j, struct kta_read *read)
{
    struct api_path a;
    kta_auto_str struct kta_str has = KTA_STR_INIT;
    bool list = api_path_parse(read->path, &a) && a.list && read->accept != KTA_ACCEPT_TEXT &&
                read->accept != KTA_ACCEPT_DISCOVERY;
    kta_auto_str struct kta_str extra = KTA_STR_INIT;
    static const char *const none[] = {NULL};

    memset(j, 0, sizeof *j);
    j->cluster = c;
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

void rest_job_release(struct rest_job *j)
{
    list_stream_release(&j->stream);
    kta_json_free(j->kept);
    j->kept = NULL;
    kta_str_release(&j->url);
    kta_str_release(&j->doing);
}

/* ---- lists whose items are judged as they come ---- */

/* Applies the reader's judgement to what was kept while the list was still small. */
static void judge(struct rest_job *j, struct kta_json *items)
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
    struct rest_job *j = ctx;

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
    struct rest_job *j = ctx;

    j->streamed += n;
    return list_stream_feed(&j->stream, p, n) == 0;
}

/* The page as it would have been parsed whole, but with the kept items alone. */
static int stream_page(struct rest_job *j, struct kta_json **ret, struct kta_err *err)
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

static void stream_begin(struct rest_job *j)
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
static void note_dropped(struct rest_job *j)
{
    struct kta_json *meta = kta_json_get(j->read->json, "metadata");

    if (j->read->dropped && meta)
        kta_json_set_int(meta, "remainingItemCount",
                         kta_json_int(meta, "remainingItemCount", 0) + (int64_t)j->read->dropped);
}

static bool take_text(void *ctx, const char *p, size_t n)
{
    struct rest_job *j = ctx;

    if (kta_str_addn(&j->read->text, p, n) == 0)
        return true;
    j->cut = true;
    return false;
}

static void job_fail(struct rest_job *j)
{
    j->pending = false;
    j->read->failed = true;
    kta_json_free(j->read->json); /* pages that came before: a part is not the list */
    j->read->json = NULL;
}

/* Puts the page's items behind those that are there. */
static void append_page(struct rest_job *j, struct kta_json *page)
{
    struct kta_json *all = kta_json_get(j->read->json, j->items);
    struct kta_json *meta = kta_json_get(j->read->json, "metadata");
    const struct kta_json *left = kta_json_at(page, "metadata.remainingItemCount");

    kta_json_each(item, kta_json_get(page, j->items))
        kta_json_push(all, kta_json_copy(item));
    kta_json_remove(meta, "remainingItemCount");
    kta_json_remove(meta, "continue");
    if (left)
        kta_json_set(meta, "remainingItemCount", kta_json_copy(left));
}

/* A 2xx that is JSON. Asks for the next page where there is one. */
static void take_json(struct rest_job *j, struct kta_json *page)
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
static bool start_over(struct rest_job *j)
{
    struct kta_read *read = j->read;

    if (j->restarted || !read->json)
        return false;
    kta_json_free(read->json);
    read->json = NULL;
    read->dropped = 0;
    rest_job_release(j);
    rest_job_init(j->cluster, j, read);
    j->restarted = j->reached = true;
    return true;
}

/* The server asks for patience, and not for long. */
static bool put_off(struct rest_job *j, const struct kta_http_req *q)
{
    if (j->read->once_ms || (q->status != 429 && q->status != 503) || q->retry_after_ms < 0 ||
        q->retry_after_ms > MAX_RETRY_WAIT || ++j->tries >= MAX_TRIES)
        return false;
    j->wait_ms = q->retry_after_ms;
    return true;
}

/* An answer that broke off, or that stands still: libcurl 7.88 forgets a stream of many now and
 * then (seen on a loaded machine, until the deadline). Once, over a connection of its own. */
static bool ask_again(struct rest_job *j, const struct kta_http_req *q)
{
    if (j->read->once_ms || j->broke || !q->broke || !q->status)
        return false;
    kta_log(1, "k8s: %s: %s; once more", j->doing.s, q->err.msg);
    j->broke = true;
    return true;
}

/* A 2xx. False: it cannot be read. */
static bool take_good(struct rest_job *j, struct kta_http_req *q)
{
    struct kta_err why = KTA_ERR_INIT;
    struct kta_json *v = NULL;

    if (q->on_body == take_stream) {
        if (stream_page(j, &v, &why) == 0) {
            take_json(j, v);
            return true;
        }
        j->reached = why.code == KTA_E_LIMIT;
        if (!j->reached)
            return false;
        j->read->err = why;
        job_fail(j);
        return true;
    }
    if (q->on_body) {
        j->pending = false;
        j->reached = true;
        return true;
    }
    if (kta_json_parse(q->answer.s, q->answer.len, &v, &why) < 0)
        return false;
    take_json(j, v);
    return true;
}

static void judge_answer(struct kta_cluster *c, struct rest_job *j, struct kta_http_req *q)
{
    c->stats.requests++;
    c->stats.bytes += q->answer.len + (q->on_body ? j->read->text.len : 0) + j->streamed;
    j->streamed = 0;
    j->read->status = q->status;
    if (q->failed && !j->cut && ask_again(j, q))
        return;
    if (q->failed && !j->cut) {
        status_transport(c, j->doing.s, q, &j->read->err);
        j->read->err.http = q->status;
        j->reached = q->status && q->err.code == KTA_E_LIMIT; /* too much of an answer is one */
        job_fail(j);
        return;
    }
    if (j->read->once_ms) { /* whatever it says is the answer, and no matter of the API server's */
        kta_str_addn(&j->read->text, q->answer.s, q->answer.len);
        j->pending = false;
        j->reached = true;
        return;
    }
    if (q->status / 100 == 2 && take_good(j, q))
        return;
    if ((q->status == 410 && start_over(j)) || put_off(j, q))
        return;
    j->reached = status_answer(c, j->read->path, j->doing.s, q, &j->read->err);
    job_fail(j);
}

static void take_answer(struct kta_http_req *q)
{
    struct rest_job *j = q->ctx;

    judge_answer(j->cluster, j, q);
    kta_http_req_release(q);
    if (!j->pending && !j->read->failed)
        read_answered(j->read);
}

void rest_job_request(struct rest_job *j, struct kta_http_req *q)
{
    const struct rest *r = j->cluster->impl;

    memset(q, 0, sizeof *q);
    q->path = j->url.s;
    q->accept = j->accept;
    q->headers = (const char *const *)r->headers.v;
    q->timeout_ms = j->read->once_ms ? j->read->once_ms : r->timeout_ms;
    q->idle_ms = j->broke ? 0 : STALL_MS;
    q->idle_from_head = true;
    q->fresh = j->broke;
    q->on_end = take_answer;
    q->ctx = j;
    kta_str_init(&q->answer, 0);
    if (j->read->accept == KTA_ACCEPT_TEXT) {
        kta_str_clear(&j->read->text);
        q->on_body = take_text;
    } else {
        q->max_body = j->read->max;
        if (j->items && j->read->keep) {
            stream_begin(j);
            q->on_body = take_stream;
        }
    }
}
