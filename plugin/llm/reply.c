/*
 * reply.c - reads an answer, streamed or whole, into a turn.
 *
 * Servers differ: events without index or ids, arguments as an object, the whole message at the
 * end, one JSON document although a stream was asked for, reasoning under three names. Each shape
 * that is known is read; what is not known is skipped, never an error. Calls: calls.c.
 */
#include <ctype.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/limits.h"
#include "llm_private.h"

/* ---- text ---- */

/* The length of s without a code point whose end has not come yet. */
static size_t whole_points(const char *s, size_t n)
{
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        unsigned char c = (unsigned char)s[n - back];
        size_t need = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
        if (c >= 0xC0)
            return need > back ? n - back : n;
        if (c < 0x80)
            return n;
    }
    return n;
}

/* Could the line be the beginning of a call? What has come of it may be too short to tell. */
static bool may_begin_call(const char *line)
{
    static const char *const starts[] = {"{",       "[{",         "```json",    "```\n{",
                                         "```tool", "functions.", "functools[", "default_api."};

    for (size_t i = 0; i < KTA_LEN(starts); i++)
        if (kta_starts(line, starts[i]) || kta_starts(starts[i], line))
            return true;
    return false;
}

/* The bytes of a fence or an object that is whole and names no tool: an example; 0: neither. */
static size_t example(const struct kta_llm_turn *t, const char *line)
{
    const char *end = kta_starts(line, "```") ? strstr(line + 3, "\n```") : NULL;
    size_t n = end ? (size_t)(end - line) + 4 : kta_json_span(line);
    kta_auto_free char *text = kta_strndup(line, n);

    kta_json_each(tool, t->tools)
        if (strstr(text, kta_or(kta_json_str(tool, "function.name"), "")))
            return 0;
    return n;
}

/* How many of the first n bytes may be shown: a line that may be a call, and what comes after it,
 * is not shown before the answer is whole. */
static size_t may_be_shown(struct llm_reply *r, size_t n)
{
    const char *s = r->turn->text.s, *end;

    while (r->turn->way != KTA_WAY_SCHEMA && r->line < n) {
        size_t skip = 0;
        if (may_begin_call(s + r->line) && !(skip = example(r->turn, s + r->line)))
            return r->line;
        end = memchr(s + r->line + skip, '\n', n - r->line - skip);
        if (!end)
            return n;
        r->line = (size_t)(end - s) + 1;
    }
    return n;
}

/* Gives on_text what it has not had. After a retry nothing is said twice: as long as the new text
 * is what was shown before, it is silent; where it differs, it begins anew on a line of its own. */
static void say(struct llm_reply *r, bool all)
{
    const struct kta_str *text = &r->turn->text;
    size_t n = all ? text->len : may_be_shown(r, whole_points(text->s, text->len));
    if (n <= r->said || !r->turn->on_text)
        return;
    if (!r->diverged) {
        size_t known = n < r->shown->len ? n : r->shown->len;
        if (!memcmp(text->s, r->shown->s, known)) {
            r->said = r->said > known ? r->said : known;
        } else {
            r->diverged = true;
            r->said = 0;
            kta_str_clear(r->shown);
            r->turn->on_text(r->turn->ctx, "\n\n", 2);
        }
    }
    if (n <= r->said)
        return;
    r->turn->on_text(r->turn->ctx, text->s + r->said, n - r->said);
    kta_str_addn(r->shown, text->s + r->said, n - r->said);
    r->said = n;
}

static void mark_first(struct llm_reply *r)
{
    if (!r->turn->first_ms)
        r->turn->first_ms = kta_now_ms() - r->started;
}

static void on_text(void *ctx, const char *p, size_t n)
{
    struct llm_reply *r = ctx;
    mark_first(r);
    while (!r->turn->text.len && n && isspace((unsigned char)*p))
        p++, n--;
    kta_str_addn(&r->turn->text, p, n);
    (void)llm_repeat_feed(&r->saying, p, n);
    say(r, /* all= */ false);
}

static void on_thinking(void *ctx, const char *p, size_t n)
{
    struct llm_reply *r = ctx;
    mark_first(r);
    r->thought = true;
    (void)llm_repeat_feed(&r->thinking, p, n);
    if (r->turn->on_thinking && n)
        r->turn->on_thinking(r->turn->ctx, p, n);
}

static void on_only_close(void *ctx)
{
    struct llm_reply *r = ctx;
    on_thinking(r, r->turn->text.s, r->turn->text.len);
    kta_str_clear(&r->turn->text);
    r->said = r->line = 0;
    r->diverged = r->shown->len > 0;
    kta_str_clear(r->shown);
}

static void on_piece(struct llm_reply *r, const struct kta_json *piece)
{
    mark_first(r);
    llm_call_piece(r, piece);
}

static void on_call(void *ctx, const char *text)
{
    if (!llm_calls_in(text, ctx))
        on_text(ctx, text, strlen(text));
}

/* ---- one JSON document: an event, or the whole answer ---- */

/* {"type":"text","text":"…"}, or its text an object; also {"type":"thinking",…} */
static void take_part(struct llm_reply *r, const struct kta_json *part)
{
    const struct kta_json *thinking = kta_json_get(part, "thinking");
    const char *text = kta_or(kta_json_str(part, "text"), kta_json_str(part, "text.value"));

    if (text)
        llm_filter_feed(&r->filter, text, strlen(text));
    text = thinking ? kta_or(kta_json_text(thinking), kta_json_str(thinking, "[0].text")) : NULL;
    if (text)
        on_thinking(r, text, strlen(text));
}

static void take_content(struct llm_reply *r, const struct kta_json *content)
{
    const char *text = kta_json_text(content);
    if (text)
        llm_filter_feed(&r->filter, text, strlen(text));
    if (kta_json_type(content) == KTA_JSON_OBJECT)
        take_part(r, content);
    if (kta_json_type(content) != KTA_JSON_ARRAY)
        return;
    kta_json_each(part, content)
        take_part(r, part);
}

static void take_message(struct llm_reply *r, const struct kta_json *m)
{
    static const char *const thinking[] = {"reasoning_content", "reasoning", "thinking"};
    const struct kta_json *legacy = kta_json_get(m, "function_call");
    for (size_t i = 0; i < KTA_LEN(thinking); i++) {
        const char *text = kta_json_str(m, thinking[i]);
        if (text && *text) {
            on_thinking(r, text, strlen(text));
            break; /* some servers send the same under two names */
        }
    }
    take_content(r, kta_json_get(m, "content"));
    if (kta_json_text(kta_json_get(m, "refusal")))
        take_content(r, kta_json_get(m, "refusal"));
    kta_json_each(piece, kta_json_get(m, "tool_calls"))
        on_piece(r, piece);
    if (kta_json_type(legacy) == KTA_JSON_OBJECT)
        on_piece(r, legacy);
}

static void take_usage(struct llm_reply *r, const struct kta_json *v)
{
    struct kta_llm_turn *t = r->turn;
    const struct kta_json *u = kta_json_get(v, "usage");
    int cached;
    if (kta_json_type(u) != KTA_JSON_OBJECT)
        u = kta_json_at(v, "x_groq.usage");
    if (kta_json_type(u) != KTA_JSON_OBJECT)
        return;
    t->prompt_tokens =
        kta_json_count(u, "prompt_tokens", kta_json_count(u, "input_tokens", t->prompt_tokens));
    t->completion_tokens = kta_json_count(u, "completion_tokens",
                                          kta_json_count(u, "output_tokens", t->completion_tokens));
    t->usd = kta_json_num(u, "cost", t->usd); /* OpenRouter */
    cached = kta_json_count(u, "prompt_tokens_details.cached_tokens", 0);
    if (!cached)
        cached = kta_json_count(u, "prompt_cache_hit_tokens", 0);
    if (!cached) /* llama.cpp */
        cached = kta_json_count(v, "timings.cache_n", 0);
    t->cached_tokens = cached;
}

/* Some servers have a key "error" in everything that they send. */
static bool says_something(const struct kta_json *v)
{
    const char *text = kta_json_text(v);

    return kta_json_bool(v, "", false) || kta_json_num(v, "", 0) != 0 || kta_json_len(v) > 0 ||
           (text && *text);
}

/* True for an error, which `from` (a document or a choice) may hold. Groq gives the call that it
 * could not parse with it: that is what the model said. */
static bool take_error(struct llm_reply *r, const struct kta_json *from)
{
    const struct kta_json *error = kta_json_get(from, "error");
    const struct kta_json *said = kta_json_get(error, "failed_generation");
    bool is_error = kta_streq(kta_json_str(from, "object"), "error"); /* vLLM */
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    if (!says_something(error) && !is_error)
        return false;
    if (kta_json_text(said)) {
        take_content(r, said);
        r->refused = true;
    }
    kta_json_print(from, /* pretty= */ false, &text);
    llm_error_text(text.s, text.len, &r->error);
    return true;
}

void llm_reply_refused(struct llm_reply *r, const char *body, size_t n)
{
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;
    if (kta_json_parse(body, n, &v, &err) == 0)
        (void)take_error(r, v);
}

static void take_finish(struct llm_reply *r, const char *finish)
{
    static const char *const cut[] = {"length", "max_tokens", "model_length",
                                      "insufficient_system_resource"};
    static const char *const withheld[] = {"content_filter", "safety", "recitation"};

    r->ended = true;
    for (size_t i = 0; i < KTA_LEN(cut); i++)
        r->turn->cut_by_length |= !strcasecmp(finish, cut[i]);
    for (size_t i = 0; i < KTA_LEN(withheld); i++)
        if (!strcasecmp(finish, withheld[i]))
            kta_str_add(&r->error, "the answer was withheld by the provider's content filter");
    if (!strcasecmp(finish, "error"))
        kta_str_add(&r->error, "it ended the answer with an error and no word about it");
}

/* The first, of those that a server may give unasked; Ollama's own form is one by itself. */
static const struct kta_json *choice_of(const struct kta_json *v)
{
    kta_json_each(choice, kta_json_get(v, "choices"))
        if (kta_json_int(choice, "index", 0) == 0)
            return choice;
    return kta_json_get(v, "choices") ? NULL : v;
}

/* An event of a stream, or the whole answer. */
static void take_document(struct llm_reply *r, const struct kta_json *v)
{
    const struct kta_json *choice = choice_of(v), *m;
    const char *finish =
        kta_or(kta_json_str(choice, "finish_reason"), kta_json_str(v, "done_reason"));

    if (take_error(r, v) || take_error(r, choice))
        return;
    take_usage(r, v);
    m = kta_json_get(choice, "delta");
    if (kta_json_type(m) != KTA_JSON_OBJECT || !kta_json_len(m))
        m = kta_json_get(choice, "message");
    /* a stream that repeats the whole message at its end has said it already */
    if (m == kta_json_get(choice, "message") && r->form == LLM_FORM_EVENTS &&
        (r->turn->text.len || r->n_calls))
        m = NULL;
    take_message(r, m);
    if (kta_json_text(kta_json_get(choice, "text"))) /* completions, not chat */
        take_content(r, kta_json_get(choice, "text"));
    if (finish && *finish)
        take_finish(r, finish);
}

static bool take_json(struct llm_reply *r, const char *s, size_t n)
{
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;
    bool list;

    if (kta_json_parse(s, n, &v, &err) < 0)
        return false;
    list = kta_json_type(v) == KTA_JSON_ARRAY; /* of all events: Gemini, where nobody streams */
    kta_json_each(one, list ? v : NULL)
        take_document(r, one);
    if (!list)
        take_document(r, v);
    return true;
}

/* ---- the stream ---- */

static bool is_done(const char *s, size_t n)
{
    for (; n && strchr(" \"", *s); s++, n--)
        ;
    return n >= 6 && !strncasecmp(s, "[DONE]", 6);
}

/* A document a line: of servers that forget the blank line between two events, and of those that
 * know no events. False: one says that it is the last. */
static bool take_lines(struct llm_reply *r, const char *s, size_t n)
{
    for (const char *end = s + n; s < end;) {
        const char *stop = memchr(s, '\n', (size_t)(end - s));
        size_t len = stop ? (size_t)(stop - s) : (size_t)(end - s);
        if (is_done(s, len))
            return false;
        if (len && !take_json(r, s, len))
            r->malformed = true;
        s += len + 1;
    }
    return true;
}

static bool on_event(void *ctx, const char *event, const char *data, size_t n)
{
    struct llm_reply *r = ctx;

    for (; n > 5 && kta_starts(data, "data:"); data += 5, n -= 5)
        ; /* a proxy that makes events of events */
    if (is_done(data, n) || (!take_json(r, data, n) && !take_lines(r, data, n))) {
        r->ended = true;
        return false;
    }
    if (kta_streq(event, "error") && !r->error.len)
        llm_error_text(data, n, &r->error);
    return !r->error.len;
}

/* A stream begins with a field or a comment; anything else is one whole document. */
static void decide_form(struct llm_reply *r)
{
    static const char *const starts[] = {"data:", "event:", "id:", "retry:", ":"};
    const char *p = r->raw.s;
    while (*p && (isspace((unsigned char)*p) || strchr("\xef\xbb\xbf", *p)))
        p++;
    if (!*p)
        return;
    if (r->req && !strcmp(r->req->content_type_in, "text/event-stream") && *p != '{') {
        r->form = LLM_FORM_EVENTS;
        return;
    }
    for (size_t i = 0; i < KTA_LEN(starts); i++) {
        if (kta_starts(p, starts[i])) {
            r->form = LLM_FORM_EVENTS;
            return;
        }
        if (kta_starts(starts[i], p)) /* too short to tell */
            return;
    }
    r->form = LLM_FORM_WHOLE;
}

/* False ends the transfer, and with it what the model would still say. */
static bool feed_events(struct llm_reply *r, const char *p, size_t n)
{
    if (kta_sse_feed(&r->sse, p, n, &r->err) != 0)
        return false;
    if (!r->saying.found && !r->thinking.found && !r->calling.found)
        return true;
    r->turn->repeats = r->turn->cut_by_length = r->ended = true;
    return false;
}

bool llm_reply_feed(void *reply, const char *p, size_t n)
{
    struct llm_reply *r = reply;
    if (r->form != LLM_FORM_EVENTS && kta_str_addn(&r->raw, p, n) < 0) {
        kta_err_set(&r->err, KTA_E_LIMIT, "the answer is too large");
        return false;
    }
    if (r->form == LLM_FORM_UNKNOWN) {
        decide_form(r);
        if (r->form == LLM_FORM_EVENTS)
            return feed_events(r, r->raw.s, r->raw.len);
        return true;
    }
    return r->form == LLM_FORM_WHOLE || feed_events(r, p, n);
}

void llm_reply_init(struct llm_reply *r, struct kta_llm_turn *turn, struct kta_http_req *req,
                    struct kta_str *shown)
{
    *r = (struct llm_reply){.turn = turn, .req = req, .shown = shown, .started = kta_now_ms()};
    kta_sse_init(&r->sse, on_event, r);
    kta_str_init(&r->raw, KTA_MAX_LLM_BODY);
    kta_str_init(&r->error, 0);
    r->filter = (struct llm_filter){.on_text = on_text,
                                    .on_thinking = on_thinking,
                                    .on_call = turn->way == KTA_WAY_SCHEMA ? NULL : on_call,
                                    .on_only_close = on_only_close,
                                    .ctx = r,
                                    .hold = KTA_STR_INIT,
                                    .call = KTA_STR_LIMITED(KTA_MAX_CALL_ARGS)};
    kta_str_init(&turn->text, KTA_MAX_LLM_BODY);
    turn->n_calls = 0;
    turn->cut_by_length = turn->repeats = turn->context_overflow = false;
    turn->prompt_tokens = turn->completion_tokens = turn->cached_tokens = 0;
    turn->first_ms = turn->took_ms = 0;
    turn->usd = 0;
}

/* ---- the end ---- */

/* The object that a text is, or that it holds in a fence: a call of a model whose server has no
 * parser for it, or kubectl-ai's way of acting in text. NULL: there is none. */
static struct kta_json *object_in(const char *text)
{
    struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;
    const char *p = strstr(text, "```json");

    if (!p)
        p = kta_starts(text, "```") ? text : NULL;
    p = p ? p + strcspn(p, "\n") : text;
    p += strspn(p, " \t\r\n");
    size_t n = kta_json_span(p);
    const char *rest = p + n + strspn(p + n, " \t\r\n");
    bool whole = p != text ? kta_starts(rest, "```") : !*rest;

    return n && whole && kta_json_parse(p, n, &v, &err) == 0 ? v : NULL;
}

/* Takes back what the text is, for this instead. */
static void replace_text(struct llm_reply *r, const char *text)
{
    kta_auto_free char *copy = kta_strdup(text);
    kta_str_clear(&r->turn->text);
    kta_str_add(&r->turn->text, copy);
    r->said = 0;
}

/* {"thought": …, "action": {"name": …, "command": …}} or {"thought": …, "answer": …} */
static bool take_thought(struct llm_reply *r, const struct kta_json *v)
{
    const struct kta_json *action = kta_json_get(v, "action");
    const char *answer = kta_json_str(v, "answer"), *name = kta_json_str(action, "name");

    if (name && kta_json_str(action, "command")) {
        replace_text(r, "");
        llm_call_whole(r, name, action);
        return true;
    }
    if (answer && *answer && kta_json_str(v, "thought")) {
        replace_text(r, answer);
        return true;
    }
    return false;
}

static void call_in_text(struct llm_reply *r)
{
    kta_auto_json struct kta_json *v = NULL;
    size_t rest;

    if (r->n_calls || r->turn->way == KTA_WAY_SCHEMA)
        return;
    v = object_in(r->turn->text.s);
    if (v && take_thought(r, v))
        return;
    if (llm_calls_unmarked(r->turn->text.s, r, &rest)) {
        r->turn->text.s[rest] = '\0';
        replace_text(r, r->turn->text.s);
    }
}

void llm_reply_end(struct llm_reply *r)
{
    struct kta_err err = KTA_ERR_INIT;
    if (r->form == LLM_FORM_EVENTS && !r->ended && !r->error.len)
        (void)kta_sse_end(&r->sse, &err);
    if (r->form == LLM_FORM_WHOLE && !r->err.msg[0]) {
        if (!take_json(r, r->raw.s, r->raw.len))
            (void)take_lines(r, r->raw.s, r->raw.len);
        r->ended |= !r->malformed; /* it is a document: nothing is missing */
    }
    llm_filter_end(&r->filter);
    call_in_text(r);
    say(r, /* all= */ true);
    llm_repeat_cut(&r->saying, &r->turn->text);
    llm_calls_end(r);
    r->turn->took_ms = kta_now_ms() - r->started;
}

void llm_reply_release(struct llm_reply *r)
{
    kta_sse_release(&r->sse);
    kta_str_release(&r->raw);
    kta_str_release(&r->error);
    llm_filter_release(&r->filter);
    for (size_t i = 0; i < r->n_calls; i++) {
        kta_str_release(&r->calls[i].id);
        kta_str_release(&r->calls[i].name);
        kta_str_release(&r->calls[i].args);
    }
}
