/*
 * call.c - what a request under way may do: answer, tell its progress, log, ask the client.
 *
 * Until 2025-11-25 the server sends the client a request and waits; from 2026-07-28 on the call
 * ends with what it needs to know and comes again. What has to be remembered between the two
 * travels through the client, sealed: bound to the method, the name and the arguments, for
 * KTA_MCP_STATE_S, to be used once.
 */
#include "mcp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kta/alloc.h"
#include "kta/b64.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/seal.h"

struct kta_json *mcp_result(struct mcp_call *call)
{
    if (!call->result)
        call->result = kta_json_new_object();
    return call->result;
}

void mcp_fail(struct mcp_call *call, int code, int status, const char *fmt, ...)
{
    va_list ap;

    call->code = code;
    call->status = status;
    va_start(ap, fmt);
    vsnprintf(call->why, sizeof call->why, fmt, ap);
    va_end(ap);
}

/* Every result of 2026-07-28 says what it is and who gave it. */
static void finish_modern(struct mcp_call *call)
{
    struct kta_json *r = mcp_result(call);
    struct kta_json *meta = kta_json_get(r, "_meta");

    kta_json_set_str(r, "resultType", call->inputs ? "input_required" : "complete");
    if (call->inputs)
        kta_json_set(r, "inputRequests", KTA_STEAL(call->inputs));
    if ((call->method->flags & MCP_CACHE) && !kta_json_get(r, "inputRequests")) {
        bool fixed = !kta_streq(call->method->name, "resources/read") &&
                     !kta_streq(call->method->name, "resources/list");
        kta_json_set_int(r, "ttlMs", fixed ? 300000 : 0);
        kta_json_set_str(r, "cacheScope", "private");
    }
    if (!meta)
        meta = kta_json_set(r, "_meta", kta_json_new_object());
    struct kta_json *server = kta_json_set(meta, META_SERVER, kta_json_new_object());
    kta_json_set_str(server, "name", "kagent-k8s");
    kta_json_set_str(server, "version", KTA_VERSION);
}

void mcp_answer_text(struct mcp_call *call, struct kta_str *out)
{
    if (call->revision >= MCP_2026_07_28 && !call->code)
        finish_modern(call);
    kta_str_add(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    kta_json_print(call->id, false, out);
    if (!call->code) {
        kta_str_add(out, ",\"result\":");
        kta_json_print(mcp_result(call), false, out);
    } else {
        kta_str_addf(out, ",\"error\":{\"code\":%d,\"message\":", call->code);
        kta_json_quote(call->why, strlen(call->why), out);
        if (call->data) {
            kta_str_add(out, ",\"data\":");
            kta_json_print(call->data, false, out);
        }
        kta_str_addc(out, '}');
    }
    kta_str_addc(out, '}');
}

static void notify(struct mcp_call *call, const char *method, struct kta_json *params)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    kta_auto_json struct kta_json *m = kta_json_new_object();

    kta_json_set_str(m, "jsonrpc", "2.0");
    kta_json_set_str(m, "method", method);
    kta_json_set(m, "params", params);
    kta_json_print(m, false, &text);
    if (!mcp_cancelled(call))
        call->exchange->transport->message(call->exchange->to, text.s, text.len);
}

void mcp_progress(struct mcp_call *call, double done, double total, const char *text)
{
    enum kta_json_type t = kta_json_type(call->token);

    if ((t != KTA_JSON_STRING && t != KTA_JSON_NUMBER) || done <= call->progress)
        return; /* it must grow with each */
    call->progress = done;
    struct kta_json *p = kta_json_new_object();
    kta_json_set(p, "progressToken", kta_json_copy(call->token));
    kta_json_set(p, "progress", kta_json_new_num(done));
    if (total > 0)
        kta_json_set(p, "total", kta_json_new_num(total));
    if (text && call->revision >= MCP_2025_03_26)
        kta_json_set_str(p, "message", text);
    notify(call, "notifications/progress", p);
}

void mcp_log(struct mcp_call *call, int level, const char *text)
{
    if (level < call->log_level)
        return;
    struct kta_json *p = kta_json_new_object();
    kta_json_set_str(p, "level", mcp_log_levels[level]);
    kta_json_set_str(p, "logger", "kagent-k8s");
    kta_json_set_str(p, "data", text);
    notify(call, "notifications/message", p);
}

bool mcp_cancelled(struct mcp_call *call)
{
    pthread_mutex_lock(&call->server->lock);
    bool cancelled = call->cancelled;
    pthread_mutex_unlock(&call->server->lock);
    return cancelled;
}

bool mcp_client_can(const struct mcp_call *call, const char *capability)
{
    const struct kta_json *c = kta_json_get(call->caps, capability);

    if (kta_streq(capability, "elicitation") &&
        (call->revision < MCP_2025_06_18 || (kta_json_len(c) > 0 && !kta_json_get(c, "form"))))
        return false; /* by an address alone (url) nothing can be asked here */
    return kta_json_type(c) == KTA_JSON_OBJECT;
}

/* ---- asking, until 2025-11-25 ---- */

struct mcp_question {
    char id[40];
    const struct mcp_session *session;
    struct kta_json *answer; /* the client's whole message */
    struct mcp_question *next;
};

static void send_request(struct mcp_call *call, const char *id, const char *method,
                         struct kta_json *params)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    kta_auto_json struct kta_json *m = kta_json_new_object();

    kta_json_set_str(m, "jsonrpc", "2.0");
    kta_json_set_str(m, "id", id);
    kta_json_set_str(m, "method", method);
    kta_json_set(m, "params", params);
    kta_json_print(m, false, &text);
    call->exchange->transport->message(call->exchange->to, text.s, text.len);
}

static void wait_answer(struct mcp_call *call, struct mcp_question *q)
{
    struct mcp_server *s = call->server;
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += KTA_MCP_ASK_MS / 1000;
    pthread_mutex_lock(&s->lock);
    while (!q->answer && !call->cancelled &&
           pthread_cond_timedwait(&s->changed, &s->lock, &until) == 0)
        continue;
    struct mcp_question **at = &s->questions;
    while (*at != q)
        at = &(*at)->next;
    *at = q->next;
    pthread_mutex_unlock(&s->lock);
}

struct kta_json *mcp_request(struct mcp_call *call, const char *method, struct kta_json *params)
{
    struct mcp_server *s = call->server;
    struct mcp_question q = {.session = call->session};
    bool held = call->holds_engine;

    if (!call->session) {
        kta_json_free(params);
        return NULL;
    }
    pthread_mutex_lock(&s->lock);
    snprintf(q.id, sizeof q.id, "kagent-%lld", (long long)++s->next_question);
    q.next = s->questions;
    s->questions = &q;
    pthread_mutex_unlock(&s->lock);
    if (held)
        mcp_engine_give(call);
    send_request(call, q.id, method, params);
    wait_answer(call, &q);
    if (held)
        mcp_engine_take(call);
    struct kta_json *result = kta_json_copy(kta_json_get(q.answer, "result"));
    kta_json_free(q.answer);
    return result;
}

void mcp_answered(struct mcp_server *s, const struct mcp_session *session, struct kta_json *message)
{
    const char *id = kta_json_text(kta_json_get(message, "id"));

    pthread_mutex_lock(&s->lock);
    for (struct mcp_question *q = s->questions; q; q = q->next)
        if (session && q->session == session && kta_streq(q->id, id) && !q->answer)
            q->answer = KTA_STEAL(message);
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    kta_json_free(message); /* nobody's, or a second one */
}

/* ---- asking back, from 2026-07-28 on ---- */

void mcp_need_input(struct mcp_call *call, const char *key, const char *method,
                    struct kta_json *params)
{
    if (!call->inputs)
        call->inputs = kta_json_new_object();
    struct kta_json *q = kta_json_set(call->inputs, key, kta_json_new_object());
    kta_json_set_str(q, "method", method);
    if (params)
        kta_json_set(q, "params", params);
}

void mcp_no_input(struct mcp_call *call)
{
    kta_json_free(call->inputs);
    call->inputs = NULL;
    kta_json_remove(mcp_result(call), "requestState");
}

const struct kta_json *mcp_input(const struct mcp_call *call, const char *key)
{
    return kta_json_get(kta_json_get(call->params, "inputResponses"), key);
}

/* What the state is bound to: a state that was made for other arguments does not open. */
static void bound_to(const struct mcp_call *call, struct kta_str *out)
{
    const struct kta_json *arguments = kta_json_get(call->params, "arguments");

    kta_str_addf(out, "mcp state\n%s\n%s\n", call->method->name,
                 kta_or(kta_json_str(call->params, kta_or(call->method->named, "name")), ""));
    if (kta_json_len(arguments) > 0)
        kta_json_print(arguments, false, out);
}

static char *state_key(void)
{
    kta_auto_free char *dir = kta_xdg_path(KTA_XDG_STATE, NULL);
    struct kta_err err = KTA_ERR_INIT;

    if (!dir || kta_fs_mkdirs(dir, &err) < 0)
        return NULL;
    return kta_fs_join(dir, "mcp.key");
}

int mcp_keep_state(struct mcp_call *call, struct kta_json *state)
{
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_str struct kta_str plain = KTA_STR_INIT, about = KTA_STR_INIT, sealed = KTA_STR_INIT,
                                text = KTA_STR_INIT;
    kta_auto_free char *key = state_key();
    char nonce[33];

    mcp_random_id(nonce);
    kta_json_set_str(state, "nonce", nonce);
    kta_json_set_str(state, "server", call->server->id);
    kta_json_set_int(state, "until", kta_wall() + KTA_MCP_STATE_S);
    kta_json_print(state, false, &plain);
    kta_json_free(state);
    bound_to(call, &about);
    if (!key || kta_seal(key, about.s, plain.s, plain.len, &sealed, &err) < 0)
        return -1;
    kta_b64_encode(sealed.s, sealed.len, &text);
    kta_json_set_str(mcp_result(call), "requestState", text.s);
    return 0;
}

static int unseal(struct mcp_call *call, const char *text)
{
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_str struct kta_str sealed = KTA_STR_INIT, about = KTA_STR_INIT, plain = KTA_STR_INIT;
    kta_auto_free char *key = state_key();

    bound_to(call, &about);
    if (!key || kta_b64_decode(text, strlen(text), &sealed) < 0 ||
        kta_unseal(key, about.s, sealed.s, sealed.len, &plain, &err) < 0)
        return -1;
    return kta_json_parse(plain.s, plain.len, &call->state, &err);
}

int mcp_open_state(struct mcp_call *call)
{
    const struct kta_json *answers = kta_json_get(call->params, "inputResponses");
    const struct kta_json *state = kta_json_get(call->params, "requestState");
    bool good = !answers || kta_json_type(answers) == KTA_JSON_OBJECT;

    kta_json_each(a, answers) {
        good = good && kta_json_type(a) == KTA_JSON_OBJECT;
    }
    if (!good) {
        mcp_fail(call, MCP_INVALID_PARAMS, 400, "inputResponses is not an object of objects");
        return -1;
    }
    if (!state)
        return 0;
    if (!kta_json_text(state) || unseal(call, kta_json_text(state)) < 0) {
        mcp_fail(call, MCP_INVALID_PARAMS, 400,
                 "requestState is not one that this server gave for this request");
        return -1;
    }
    if (kta_json_int(call->state, "until", 0) < kta_wall() ||
        !kta_streq(kta_json_str(call->state, "server"), call->server->id)) {
        kta_json_free(call->state);
        call->state = NULL; /* too late, or who knows whether it was used: it is asked again */
    }
    return 0;
}

bool mcp_use_state(struct mcp_call *call)
{
    struct mcp_server *s = call->server;
    const char *nonce = kta_json_str(call->state, "nonce");
    int64_t until = kta_json_int(call->state, "until", 0);

    pthread_mutex_lock(&s->lock);
    bool fresh = nonce && strlen(nonce) < sizeof s->used[0].nonce && until > s->used_floor;
    for (unsigned i = 0; fresh && i < KTA_LEN(s->used); i++)
        fresh = !kta_streq(s->used[i].nonce, nonce);
    if (fresh) {
        unsigned at = s->n_used++ % KTA_LEN(s->used);
        if (s->used[at].until > s->used_floor)
            s->used_floor = s->used[at].until;
        snprintf(s->used[at].nonce, sizeof s->used[at].nonce, "%s", nonce);
        s->used[at].until = until;
    }
    pthread_mutex_unlock(&s->lock);
    return fresh;
}
