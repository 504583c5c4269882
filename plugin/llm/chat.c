/*
 * chat.c - one turn: ask, leave out what the endpoint does not take, try again what may pass.
 *
 * Only reading and thinking happens here, so that a retry never repeats a change. Text that was
 * shown before a stream broke is not shown twice (reply.c).
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/log.h"
#include "llm_private.h"

#define ATTEMPTS      3
#define MAX_WAIT_MS   60000 /* longer than this nobody waits at a terminal */
#define LOADING_MS    60000 /* so long a server may say that it is still loading the model */
#define MAX_LEAVE_OUT 8     /* parts that are left out one after another */

enum verdict { DONE, ASK_AGAIN, TRY_LATER, FAILED };

struct attempt {
    struct kta_llm *m;
    struct kta_llm_turn *turn;
    struct kta_str shown; /* text that on_text has had */
    unsigned parts;       /* of the request under way */
    unsigned learned;     /* quirks found on the way: an answer shows that they are some */
    int number;           /* from 1 */
    int64_t wait_ms;      /* the server's wish, or -1 */
    int64_t loading;      /* since when the server loads the model; 0: it does not */
    bool no_end;          /* the last answer had text and no end */
    struct kta_err err;
};

static void clear_results(struct kta_llm_turn *t)
{
    for (size_t i = 0; i < t->n_calls; i++) {
        free(t->calls[i].id);
        free(t->calls[i].name);
        free(t->calls[i].args);
    }
    t->n_calls = 0;
    kta_str_release(&t->text);
}

void kta_llm_turn_release(struct kta_llm_turn *turn)
{
    clear_results(turn);
}

/* ---- ways ---- */

enum kta_llm_way kta_llm_known_way(const struct kta_llm *m)
{
    if (!(m->quirks & LLM_NO_TOOLS))
        return KTA_WAY_TOOLS;
    return m->quirks & LLM_NO_SCHEMA ? KTA_WAY_TEXT : KTA_WAY_SCHEMA;
}

static enum kta_llm_way choose_way(const struct kta_llm *m, const struct kta_llm_turn *t,
                                   enum kta_llm_way wanted)
{
    bool tools = t->tools && kta_json_len(t->tools) && !(m->quirks & LLM_NO_TOOLS);
    bool schema = t->schema && !(m->quirks & LLM_NO_SCHEMA);
    if ((wanted == KTA_WAY_AUTO || wanted == KTA_WAY_TOOLS) && tools)
        return KTA_WAY_TOOLS;
    return wanted != KTA_WAY_TEXT && schema ? KTA_WAY_SCHEMA : KTA_WAY_TEXT;
}

/* ---- judging an answer ---- */

/* llama.cpp tells the window when it is too small. */
static void learn_window(struct kta_llm *m, const struct kta_str *body)
{
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    int64_t n;
    if (kta_json_parse(body->s, body->len, &v, &ignored) < 0)
        return;
    n = kta_json_int(v, "error.n_ctx", 0);
    if (n > 0 && n < INT32_MAX)
        m->window = (int)n;
}

static enum verdict without(struct attempt *a, unsigned quirk)
{
    kta_log(1, "model: %s; asking again without", a->err.msg);
    a->learned |= quirk;
    a->m->quirks |= quirk;
    return ASK_AGAIN;
}

/* A refusal that stays the same whatever is left out was about something else. */
static void conclude(struct attempt *a, enum verdict v)
{
    if (v == DONE && a->learned)
        llm_quirks_save(a->m);
    else if (v != DONE && !a->turn->context_overflow)
        a->m->quirks &= ~a->learned;
}

static enum verdict failed_status(struct attempt *a, const struct kta_http_req *req)
{
    kta_auto_str struct kta_str words = KTA_STR_INIT;
    unsigned quirk;

    llm_error_text(req->answer.s, req->answer.len, &words);
    llm_status_error(a->m, req->status, words.s, &a->err);
    if (a->wait_ms < 0)
        a->wait_ms = llm_wait_asked(words.s);
    if (!llm_is_loading(req->status, words.s))
        a->loading = 0;
    else if (!a->loading)
        a->loading = kta_now_ms();
    if (llm_is_overflow(req->status, words.s)) {
        learn_window(a->m, &req->answer);
        a->turn->context_overflow = true;
        return FAILED;
    }
    if ((req->status == 404 || req->status == 405) && a->m->v1_added &&
        !(a->m->quirks & LLM_NO_V1) && !kta_stristr(words.s, "model"))
        return without(a, LLM_NO_V1);
    quirk = llm_quirk_of(req->status, words.s, a->parts);
    if (quirk)
        return without(a, quirk);
    return llm_worth_retry(req->status, words.s) ? TRY_LATER : FAILED;
}

/* The server said in a stream that it failed. */
static enum verdict failed_in_stream(struct attempt *a, const char *words)
{
    unsigned quirk = llm_quirk_of(400, words, a->parts);
    kta_err_set(&a->err, KTA_E_MODEL, "the model endpoint %s failed: %s", a->m->shown, words);
    if (llm_is_overflow(0, words)) {
        a->turn->context_overflow = true;
        return FAILED;
    }
    if (kta_stristr(words, "content filter"))
        return FAILED;
    return quirk && kta_stristr(words, "support") ? without(a, quirk) : TRY_LATER;
}

static enum verdict no_answer(struct attempt *a, const struct llm_reply *r)
{
    kta_auto_str struct kta_str words = KTA_STR_INIT;
    const struct kta_llm_turn *t = a->turn;
    if (r->form == LLM_FORM_WHOLE && r->malformed) {
        llm_error_text(r->raw.s, r->raw.len, &words);
        kta_err_set(&a->err, KTA_E_MODEL, "the model endpoint %s sent no answer but '%.200s'",
                    a->m->shown, words.s);
        kta_err_hint(&a->err, "the address usually ends in /v1: check --endpoint");
        return FAILED;
    }
    if (t->repeats) {
        kta_err_set(&a->err, KTA_E_MODEL, "the model %s repeats itself without end", a->m->model);
        kta_err_hint(&a->err, "ask in other words, or use a larger model");
        return FAILED;
    }
    if (t->cut_by_length) {
        kta_err_set(&a->err, KTA_E_MODEL, "the model %s used up its length before it answered%s",
                    a->m->model, r->thought ? ": it was still thinking" : "");
        kta_err_hint(&a->err, "use a model or server with a larger window or output limit");
        return FAILED;
    }
    if (r->form == LLM_FORM_WHOLE) /* an error that does not call itself one */
        llm_error_text(r->raw.s, r->raw.len, &words);
    kta_err_set(&a->err, KTA_E_MODEL, "the model %s gave an empty answer%s%s", a->m->model,
                words.len ? ": " : "", words.s);
    kta_err_hint(&a->err, "ask again, or use another model");
    return TRY_LATER;
}

static enum verdict judge(struct attempt *a, const struct kta_http_req *req, struct llm_reply *r)
{
    struct kta_llm_turn *t = a->turn;
    bool something = t->text.len || t->n_calls;

    if (r->err.msg[0]) {
        kta_err_set(&a->err, KTA_E_MODEL, "the model endpoint %s: %s", a->m->shown, r->err.msg);
        return FAILED;
    }
    /* a stall after the end of the answer is the server's own trouble; a loop was ended by us */
    if (req->failed && !t->repeats && !(r->ended && something)) {
        llm_transport_error(a->m, &req->err, &a->err);
        a->loading = 0;
        return req->broke && a->err.code != KTA_E_INTERRUPTED ? TRY_LATER : FAILED;
    }
    if (r->refused && t->n_calls)
        return DONE;
    if (req->status < 200 || req->status > 299)
        return failed_status(a, req);
    if (r->error.len)
        return failed_in_stream(a, r->error.s);
    if (!something)
        return r->ended || r->form == LLM_FORM_WHOLE
                   ? no_answer(a, r)
                   : (kta_err_set(&a->err, KTA_E_MODEL,
                                  "the model endpoint %s ended the stream without an answer",
                                  a->m->shown),
                      TRY_LATER);
    if (r->ended || (a->m->quirks & LLM_NO_END))
        return DONE;
    a->no_end = true;
    kta_err_set(&a->err, KTA_E_MODEL, "the model endpoint %s broke off its answer", a->m->shown);
    return TRY_LATER;
}

/* ---- one attempt ---- */

static char *path_of(const struct kta_llm *m)
{
    bool cut = m->v1_added && (m->quirks & LLM_NO_V1);
    return kta_asprintf("%s/chat/completions%s", cut ? "" : m->prefix, m->query);
}

static void account(struct attempt *a, const struct kta_http_req *req, size_t asked)
{
    const struct kta_llm_turn *t = a->turn;
    struct kta_llm_spent *s = &a->m->spent;
    bool told = t->prompt_tokens || t->completion_tokens;

    if (req->status < 200 || req->status > 299)
        return; /* a refusal costs nothing */
    s->prompt_tokens += told ? t->prompt_tokens : kta_llm_tokens(asked);
    s->completion_tokens += told ? t->completion_tokens : kta_llm_tokens(t->text.len);
    s->usd += t->usd;
}

struct kta_llm_spent kta_llm_spent(const struct kta_llm *m)
{
    return m->spent;
}

static enum verdict ask_once(struct attempt *a)
{
    kta_auto_str struct kta_str body = KTA_STR_INIT;
    kta_auto_free char *path = path_of(a->m);
    struct llm_reply reply;
    struct kta_http_req req = {.method = "POST",
                               .path = path,
                               .accept = a->m->quirks & LLM_NO_STREAM
                                             ? "application/json"
                                             : "text/event-stream, application/json",
                               .timeout_ms = -1,
                               .first_byte_ms = a->m->first_byte_ms,
                               .idle_ms = a->m->idle_ms,
                               .max_body = KTA_MAX_LLM_BODY,
                               .unpack = true,
                               .on_body = llm_reply_feed,
                               .ctx = &reply};
    enum verdict v;

    clear_results(a->turn);
    llm_reply_init(&reply, a->turn, &req, &a->shown);
    a->parts = llm_request_parts(a->m, a->turn);
    llm_request_body(a->m, a->turn, &body);
    req.body = body.s;
    req.body_len = body.len;
    kta_log(3, "model: request %s", body.s);
    (void)kta_http_run(a->m->http, &req, 1, &a->err);
    if (req.status == 400)
        llm_reply_refused(&reply, req.answer.s, req.answer.len);
    llm_reply_end(&reply);
    a->wait_ms = req.retry_after_ms;
    account(a, &req, body.len);
    v = judge(a, &req, &reply);
    kta_log(3, "model: answer %zu bytes of text, %zu calls", a->turn->text.len, a->turn->n_calls);
    llm_reply_release(&reply);
    kta_http_req_release(&req);
    return v;
}

/* ---- waiting ---- */

static int wait_for(int64_t ms, struct kta_err *err)
{
    int64_t until = kta_now_ms() + ms;
    while (kta_interrupt_check(err) == 0) {
        struct pollfd fd = {.fd = kta_interrupt_fd(), .events = POLLIN};
        int64_t left = until - kta_now_ms();
        if (left <= 0)
            return 0;
        (void)poll(&fd, 1, (int)left);
    }
    return -1;
}

int64_t llm_back_off(int64_t base_ms, int attempt, uint32_t random)
{
    int64_t ms = base_ms << (attempt - 1);
    return ms * 3 / 4 + ms / 2 * random / UINT32_MAX;
}

static int64_t back_off(const struct attempt *a)
{
    return a->wait_ms >= 0 ? a->wait_ms
                           : llm_back_off(a->m->back_off_ms, a->number, a->m->random());
}

/* -1: no more attempts; a->err says why. */
static int prepare_retry(struct attempt *a)
{
    struct kta_llm_turn *t = a->turn;
    int64_t ms = back_off(a);
    bool loading = a->loading && kta_now_ms() - a->loading < LOADING_MS;
    if (loading && a->number > 1)
        return wait_for(ms, &a->err); /* that has been said, and is no failure */
    if (a->number >= ATTEMPTS)
        return -1;
    if (ms > MAX_WAIT_MS) {
        kta_err_hint(&a->err, "it asks to wait %lld s", (long long)(ms / 1000));
        return -1;
    }
    if (t->on_retry)
        t->on_retry(t->ctx, a->number, ms, a->err.msg);
    a->number++;
    return wait_for(ms, &a->err);
}

/* A server that never marks the end: what it sent thrice is its answer, said to be cut. */
static bool accept_without_end(struct attempt *a)
{
    if (!a->no_end || !a->turn->text.len || a->turn->n_calls)
        return false;
    a->m->quirks |= LLM_NO_END;
    a->turn->cut_by_length = true;
    return true;
}

int kta_llm_chat(struct kta_llm *m, struct kta_llm_turn *turn, struct kta_err *err)
{
    struct attempt a = {.m = m, .turn = turn, .shown = KTA_STR_INIT, .number = 1, .wait_ms = -1};
    enum kta_llm_way wanted = turn->way;
    int left_out = 0;
    enum verdict v;

    for (;;) {
        turn->way = choose_way(m, turn, wanted);
        if (turn->on_way && turn->told != turn->way)
            turn->on_way(turn->ctx, turn->way);
        turn->told = turn->way;
        a.no_end = false;
        v = ask_once(&a);
        if (v == DONE || v == FAILED)
            break;
        if (v == ASK_AGAIN && ++left_out <= MAX_LEAVE_OUT)
            continue;
        if (v == ASK_AGAIN || prepare_retry(&a) < 0)
            break;
    }
    if (v != DONE && a.err.code != KTA_E_INTERRUPTED && accept_without_end(&a))
        v = DONE;
    conclude(&a, v);
    kta_str_release(&a.shown);
    if (v == DONE)
        return 0;
    *err = a.err;
    return -1;
}
