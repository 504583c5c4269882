/*
 * server.c - from a message as it came to the call that answers it.
 *
 * Invariants: every exchange is answered exactly once, when all that it holds is answered; a call
 * lives in server->calls from its begin to its answer; what is cancelled is not answered.
 */
#include "mcp.h"

#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/log.h"
#include "kta/utf8.h"

#define MAX_ID      9007199254740991.0
#define STACK_BYTES (4u << 20) /* of address space; a page is memory only once it is touched */

void mcp_server_init(struct mcp_server *s, const struct kta_mcp *options)
{
    pthread_condattr_t monotonic;

    memset(s, 0, sizeof *s);
    s->options = options;
    s->catalog = options->catalog ? options->catalog : &mcp_tool_catalog;
    s->env = options->env;
    mcp_random_id(s->id);
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->engine, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    kta_json_free(kta_json_new_null()); /* what JSON sets up at first use: before any thread */
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void mcp_server_release(struct mcp_server *s)
{
    while (s->sessions)
        mcp_session_end(s, s->sessions);
    close(s->wake);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->engine);
    pthread_mutex_destroy(&s->lock);
}

/* ---- exchanges ---- */

struct mcp_exchange *mcp_exchange_new(struct mcp_server *s, const struct mcp_transport *transport,
                                      void *to)
{
    struct mcp_exchange *x = kta_calloc(1, sizeof *x);

    x->server = s;
    x->transport = transport;
    x->to = to;
    x->open = 1;
    kta_str_init(&x->text, 0);
    return x;
}

/* Adds an answer ("" adds none) and closes one of what is open; the last one sends. */
static void exchange_close(struct mcp_exchange *x, const char *text, size_t n, int status)
{
    struct mcp_server *s = x->server;

    pthread_mutex_lock(&s->lock);
    if (n > 0) {
        if (x->batch)
            kta_str_addc(&x->text, x->answers > 0 ? ',' : '[');
        kta_str_addn(&x->text, text, n);
        x->answers++;
        x->status = status;
    }
    bool last = --x->open == 0;
    pthread_mutex_unlock(&s->lock);
    if (!last)
        return;
    if (x->batch && x->answers > 0)
        kta_str_addc(&x->text, ']');
    if (x->batch && x->status)
        x->status = 200; /* each answer tells for itself */
    x->transport->done(x->to, x->text.s, x->text.len, x->answers > 0 ? x->status : 202);
    if (x->session)
        mcp_session_unref(s, x->session);
    kta_str_release(&x->text);
    free(x);
}

static void exchange_open(struct mcp_exchange *x)
{
    pthread_mutex_lock(&x->server->lock);
    x->open++;
    pthread_mutex_unlock(&x->server->lock);
}

static void add_error(struct mcp_exchange *x, const struct kta_json *id, int code, int status,
                      const char *why)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    kta_str_add(&text, "{\"jsonrpc\":\"2.0\",\"id\":");
    if (id)
        kta_json_print(id, false, &text);
    else
        kta_str_add(&text, "null");
    kta_str_addf(&text, ",\"error\":{\"code\":%d,\"message\":", code);
    kta_json_quote(why, strlen(why), &text);
    kta_str_add(&text, "}}");
    exchange_open(x);
    exchange_close(x, text.s, text.len, status);
}

void mcp_refuse(struct mcp_exchange *x, int code, int status, const char *why)
{
    add_error(x, NULL, code, status, why);
    exchange_close(x, "", 0, 0);
}

/* ---- calls ---- */

static void call_free(struct mcp_call *call)
{
    kta_json_free(call->message);
    kta_json_free(call->state);
    kta_json_free(call->inputs);
    kta_json_free(call->result);
    kta_json_free(call->data);
    free(call);
}

static void call_end(struct mcp_call *call)
{
    struct mcp_server *s = call->server;
    struct mcp_exchange *x = call->exchange;
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    pthread_mutex_lock(&s->lock);
    struct mcp_call **at = &s->calls;
    while (*at && *at != call)
        at = &(*at)->next;
    if (*at)
        *at = call->next;
    bool cancelled = call->cancelled;
    pthread_mutex_unlock(&s->lock);
    if (!cancelled)
        mcp_answer_text(call, &text);
    kta_log(2, "mcp: %s %s", call->method ? call->method->name : "?",
            cancelled    ? "cancelled"
            : call->code ? call->why
                         : "answered");
    int status = call->code && call->status ? call->status : 200;
    if (call->session)
        mcp_session_unref(s, call->session);
    call_free(call);
    exchange_close(x, text.s, text.len, status);
}

static void *call_thread(void *arg)
{
    struct mcp_call *call = arg;
    struct mcp_server *s = call->server;
    static const uint64_t one = 1;

    call->method->run(call);
    call_end(call);
    pthread_mutex_lock(&s->lock);
    s->n_calls--;
    pthread_cond_broadcast(&s->changed);
    /* under the lock: whoever waits for the last call may then take the server away */
    if (write(s->wake, &one, sizeof one) < 0)
        kta_log(2, "mcp: the wake-up is full");
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static int start_thread(struct mcp_call *call)
{
    pthread_attr_t attr;
    pthread_t thread;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    int r = pthread_create(&thread, &attr, call_thread, call);
    pthread_attr_destroy(&attr);
    return r == 0 ? 0 : -1;
}

static bool same_id(const struct kta_json *a, const struct kta_json *b)
{
    return a && b && kta_json_equal(a, b);
}

/* Enters the call; false (after mcp_fail) when its id is in use, or too much is under way. */
static bool call_begin(struct mcp_call *call, bool slow)
{
    struct mcp_server *s = call->server;
    bool twice = false, full;

    pthread_mutex_lock(&s->lock);
    for (struct mcp_call *c = s->calls; c && call->session; c = c->next)
        twice = twice || (c->session == call->session && same_id(c->id, call->id));
    full = slow && s->n_calls >= KTA_MCP_CALLS;
    if (!twice && !full) {
        call->next = s->calls;
        s->calls = call;
        s->n_calls += slow;
    }
    pthread_mutex_unlock(&s->lock);
    if (twice)
        mcp_fail(call, MCP_INVALID_REQUEST, 400, "a request with this id is still under way");
    else if (full)
        mcp_fail(call, MCP_BUSY, 503, "%u calls are under way already; wait for one to end",
                 KTA_MCP_CALLS);
    return !twice && !full;
}

void mcp_cancel(struct mcp_server *s, const struct mcp_session *session,
                const struct mcp_exchange *x, const struct kta_json *id)
{
    pthread_mutex_lock(&s->lock);
    for (struct mcp_call *c = s->calls; c; c = c->next) {
        /* a client over stdio has a session also for its stateless requests */
        if ((session && c->exchange->session != session) || (x && c->exchange != x) ||
            (id && !same_id(c->id, id)))
            continue;
        c->cancelled = true;
        if (s->working == c)
            kta_interrupt_cancel(true);
    }
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

unsigned mcp_calls(struct mcp_server *s)
{
    pthread_mutex_lock(&s->lock);
    unsigned n = s->n_calls;
    pthread_mutex_unlock(&s->lock);
    return n;
}

void mcp_drain(struct mcp_server *s, int64_t ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    pthread_mutex_lock(&s->lock);
    while (s->n_calls > 0 && pthread_cond_timedwait(&s->changed, &s->lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&s->lock);
}

/* ---- messages ---- */

static void request(struct mcp_exchange *x, struct kta_json *message, const char *method)
{
    struct mcp_call *call = kta_calloc(1, sizeof *call);

    call->server = x->server;
    call->exchange = x;
    call->message = message;
    call->id = kta_json_get(message, "id");
    call->params = kta_json_get(message, "params");
    if (kta_json_type(call->params) == KTA_JSON_NULL)
        call->params = NULL; /* some clients write what they leave out */
    call->method = mcp_method_find(method);
    call->token = kta_json_get(kta_json_get(call->params, "_meta"), "progressToken");
    call->progress = -1;
    exchange_open(x);
    if (mcp_admit(call, method)) {
        bool slow = call->method->flags & MCP_SLOW;
        if (call_begin(call, slow) && !slow) {
            call->method->run(call);
        } else if (!call->code) {
            if (start_thread(call) == 0)
                return;
            pthread_mutex_lock(&x->server->lock);
            x->server->n_calls--;
            pthread_mutex_unlock(&x->server->lock);
            mcp_fail(call, MCP_BUSY, 503, "no thread can be started");
        }
    }
    call_end(call);
}

/* A number above 2^53 would not come back as it was sent. */
static bool is_id(const struct kta_json *id)
{
    double d = kta_json_num(id, "", 0);

    return kta_json_type(id) == KTA_JSON_STRING ||
           (kta_json_type(id) == KTA_JSON_NUMBER && d >= -MAX_ID && d <= MAX_ID);
}

static void message(struct mcp_exchange *x, struct kta_json *m)
{
    const char *method = kta_json_text(kta_json_get(m, "method"));
    const struct kta_json *id = kta_json_get(m, "id");
    bool good_id = is_id(id);

    if (!kta_json_get(m, "method") && (kta_json_get(m, "result") || kta_json_get(m, "error"))) {
        mcp_answered(x->server, x->session, m); /* an answer is never answered, however odd it is */
        return;
    }
    if (kta_json_type(m) != KTA_JSON_OBJECT ||
        !kta_streq(kta_json_text(kta_json_get(m, "jsonrpc")), "2.0") ||
        (!method && kta_json_get(m, "method")) || (id && !good_id)) {
        add_error(x, good_id ? id : NULL, MCP_INVALID_REQUEST, 400,
                  kta_json_type(id) == KTA_JSON_NUMBER && !good_id
                      ? "an id beyond 2^53 could not be given back as it is: use a string"
                      : "this is not a JSON-RPC 2.0 message");
    } else if (kta_json_has_duplicates(m)) {
        add_error(x, id, MCP_INVALID_REQUEST, 400, "a key appears twice in one object");
    } else if (method && id) {
        request(x, m, method);
        return; /* m is the call's */
    } else if (method) {
        const struct kta_json *which = kta_json_get(kta_json_get(m, "params"), "requestId");
        if (kta_streq(method, "notifications/cancelled") && x->session && which)
            mcp_cancel(x->server, x->session, NULL, which);
    } else {
        add_error(x, id, MCP_INVALID_REQUEST, 400, "this is neither a request nor an answer");
    }
    kta_json_free(m);
}

static void batch(struct mcp_exchange *x, struct kta_json *list)
{
    /* 2025-06-18 took batches out */
    bool may = x->session && (!x->session->greeted || x->session->revision <= MCP_2025_03_26);

    if (!may || kta_json_len(list) == 0 || kta_json_len(list) > KTA_MCP_BATCH) {
        add_error(x, NULL, MCP_INVALID_REQUEST, 400,
                  may ? "a batch holds 1 to 64 messages"
                      : "this revision of the protocol has no batches");
        return;
    }
    x->batch = true;
    kta_json_each(m, list) {
        message(x, kta_json_copy(m));
    }
}

void mcp_receive(struct mcp_exchange *x, const char *text, size_t n)
{
    struct kta_err err = KTA_ERR_INIT;
    struct kta_json *m = NULL;

    if (!kta_utf8_valid(text, n)) {
        add_error(x, NULL, MCP_PARSE_ERROR, 400, "this is not UTF-8");
    } else if (kta_json_parse(text, n, &m, &err) < 0) {
        add_error(x, NULL, MCP_PARSE_ERROR, 400, err.msg);
    } else if (kta_json_type(m) == KTA_JSON_ARRAY) {
        batch(x, m);
        kta_json_free(m);
    } else {
        message(x, m);
    }
    exchange_close(x, "", 0, 0);
}
