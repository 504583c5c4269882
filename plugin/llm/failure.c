/*
 * failure.c - what a model endpoint says when it refuses, as one sentence with what to do.
 *
 * Bodies come as JSON in many shapes, as HTML from a proxy, or as plain text; the server's own
 * words are picked out, put on one line and cut. What they mean is looked up in tables.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/interrupt.h"
#include "kta/utf8.h"
#include "llm_private.h"

#define MAX_WORDS 400 /* bytes of the server's words that are shown */

/* ---- the server's words ---- */

/* Where the words are, in the order in which they are looked for. */
static const char *const places[] = {
    "error.message",
    "error.error.message",
    "error",
    "message",
    "detail",
    "detail[0].msg",
    "errors[0].message",
    "errors[0]",
    "error_message",
    "msg",
    "title",
    "error.code",
    "base_resp.status_msg",
};

static void words_in_json(const struct kta_json *v, struct kta_str *out)
{
    if (kta_json_type(v) == KTA_JSON_ARRAY) /* Gemini wraps its error in an array */
        v = kta_json_item(v, 0);
    if (kta_json_text(v))
        kta_str_add(out, kta_json_text(v));
    for (size_t i = 0; i < KTA_LEN(places) && !out->len; i++) {
        const char *text = kta_json_str(v, places[i]);
        if (text)
            kta_str_add(out, text);
    }
    if (kta_json_str(v, "error.metadata.raw")) /* OpenRouter: what the provider behind it said */
        kta_str_addf(out, ": %s", kta_json_str(v, "error.metadata.raw"));
    if (kta_json_str(v, "error.code") && !kta_stristr(out->s, kta_json_str(v, "error.code")))
        kta_str_addf(out, " (%s)", kta_json_str(v, "error.code"));
    else if (kta_json_str(v, "error.type") && !kta_stristr(out->s, kta_json_str(v, "error.type")))
        kta_str_addf(out, " (%s)", kta_json_str(v, "error.type"));
}

/* The title of a page, else its first heading. */
static void words_in_html(const char *body, struct kta_str *out)
{
    static const char *const tags[] = {"<title", "<h1", "<body"};
    for (size_t i = 0; i < KTA_LEN(tags) && !out->len; i++) {
        const char *p = kta_stristr(body, tags[i]);
        p = p ? strchr(p, '>') : NULL;
        if (p)
            kta_str_addn(out, p + 1, strcspn(p + 1, "<"));
        kta_str_trim(out);
    }
    if (!out->len)
        kta_str_add(out, "a web page instead of an answer");
}

/* Control characters out, white space to single blanks, cut at a code point. */
static void tidy(struct kta_str *s)
{
    kta_auto_str struct kta_str clean = KTA_STR_INIT;
    kta_clean(s->s, s->len, &clean);
    kta_str_clear(s);
    for (size_t i = 0; i < clean.len; i++) {
        bool blank = isspace((unsigned char)clean.s[i]);
        if (!blank)
            kta_str_addc(s, clean.s[i]);
        else if (s->len && s->s[s->len - 1] != ' ')
            kta_str_addc(s, ' ');
    }
    kta_str_trim(s);
    while (s->len && s->s[s->len - 1] == '.')
        kta_str_truncate(s, s->len - 1);
    if (s->len > MAX_WORDS) {
        kta_str_truncate(s, kta_utf8_prefix(s->s, s->len, MAX_WORDS));
        kta_str_add(s, "…");
    }
}

void llm_error_text(const char *body, size_t n, struct kta_str *out)
{
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    const char *p;

    kta_str_addn(&text, body, n > 65536 ? 65536 : n);
    kta_str_trim(&text);
    p = text.s;
    if (kta_starts(p, "data:")) /* an error as the only event of a stream */
        p += strspn(p + 5, " ") + 5;
    if (kta_json_parse(p, strlen(p), &v, &err) == 0)
        words_in_json(v, out);
    else if (*p == '<')
        words_in_html(p, out);
    else
        kta_str_add(out, p);
    tidy(out);
}

/* ---- what they mean ---- */

static bool has_any(const char *message, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (kta_stristr(message, words[i]))
            return true;
    return false;
}

bool llm_is_overflow(int status, const char *message)
{
    static const char *const words[] = {
        "context_length",
        "context length",
        "context window",
        "context size",
        "context_window",
        "exceed_context",
        "maximum context",
        "prompt is too long",
        "prompt too long",
        "input is too long",
        "input too long",
        "too many tokens",
        "reduce the length",
        "input token count",
        "maximum number of tokens",
        "tokens exceed",
        "token limit exceeded",
        "request too large",
        "exceeds the available context",
        "string_above_max_length",
        "max_prompt_tokens",
        "tokens_limit_reached",
        "larger than the context",
    };
    if (status == 413)
        return true;
    return (status == 0 || (status >= 400 && status != 401 && status != 403 && status != 429) ||
            (status == 429 && kta_stristr(message, "too large"))) &&
           has_any(message, words, KTA_LEN(words));
}

bool llm_worth_retry(int status, const char *message)
{
    static const char *const final[] = {"insufficient_quota", "exceeded your current quota",
                                        "billing", "credit balance", "payment"};
    if (status == 429) /* Gemini speaks of the quota when it means that of a minute */
        return llm_wait_asked(message) >= 0 || !has_any(message, final, KTA_LEN(final));
    if (status == 400) /* it is the model that failed: it may do better */
        return kta_stristr(message, "tool_use_failed") != NULL;
    return status == 408 || status == 409 || status == 425 ||
           (status >= 500 && status != 501 && status != 505);
}

/* "7m12.5s", "26 seconds", "820ms" */
static int64_t duration_ms(const char *p)
{
    static const struct {
        const char *unit;
        double ms;
    } units[] = {{"ms", 1}, {"milli", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
    double all = -1;

    for (char *end; isdigit((unsigned char)*p);
         p = end + strspn(end, "abcdefghijklmnopqrstuvwxyz")) {
        double n = strtod(p, &end);
        size_t i = 0;
        end += *end == ' ';
        while (i < KTA_LEN(units) && !kta_starts(end, units[i].unit))
            i++;
        if (i == KTA_LEN(units))
            break;
        all = (all < 0 ? 0 : all) + n * units[i].ms;
    }
    return all < 0 || all > 1e9 ? -1 : (int64_t)all;
}

int64_t llm_wait_asked(const char *message)
{
    static const char *const words[] = {"try again in ", "retry in ", "retry after "};

    for (size_t i = 0; i < KTA_LEN(words); i++) {
        const char *at = kta_stristr(message, words[i]);
        if (at)
            return duration_ms(at + strlen(words[i]));
    }
    return -1;
}

bool llm_is_no_model(const char *message)
{
    static const char *const words[] = {"not found",        "not exist",     "no such",
                                        "not_found",        "invalid model", "unknown model",
                                        "not a valid model"};

    return kta_stristr(message, "model") && has_any(message, words, KTA_LEN(words));
}

bool llm_is_loading(int status, const char *message)
{
    return status == 503 && kta_stristr(message, "loading");
}

static const struct {
    int status;
    const char *word; /* in the message, or NULL */
    const char *what; /* "%s" is the endpoint */
    const char *hint;
} statuses[] = {
    {400, "content_filter", "withholds an answer to this prompt",
     "its content filter was triggered: ask in other words, or use another provider"},
    {400, "api key", "does not accept the API key",
     "check the key: its variable, or --api-key-file"},
    {400, "credit balance", "wants to be paid",
     "add credit to the account, or use another provider"},
    {401, NULL, "does not accept the API key", "check the key: its variable, or --api-key-file"},
    {403, NULL, "refused the request",
     "the key may lack the right to this model, or the region is blocked"},
    {402, NULL, "wants to be paid", "add credit to the account, or use another provider"},
    {404, "model", "does not have this model",
     "check --model; `doctor` lists what the endpoint offers"},
    {404, "deployment", "does not have this deployment",
     "Azure's --model is the deployment's name, its endpoint the resource's address"},
    {404, NULL, "has nothing at this address", "the address usually ends in /v1: check --endpoint"},
    {405, NULL, "has nothing at this address", "the address usually ends in /v1: check --endpoint"},
    {407, NULL, "is behind a proxy that wants a password", "check HTTPS_PROXY"},
    {413, NULL, "finds the prompt too long", "ask about less, or use a model with a larger window"},
    {429, "quota", "says the quota is used up",
     "check the plan and billing of this key, or use another provider"},
    {429, NULL, "limits the rate of requests", "wait a moment, or use another model"},
    {529, NULL, "is overloaded", "wait a moment, or use another model"},
    {502, NULL, "cannot be reached behind its proxy", "is the model server running?"},
    {503, "loading", "is still loading the model", "try again in a moment"},
    {503, NULL, "is not available", "wait a moment, or use another model"},
    {504, NULL, "did not answer its proxy in time", "wait a moment, or ask about less"},
};

int llm_status_error(const struct kta_llm *m, int status, const char *message, struct kta_err *err)
{
    const char *what = NULL, *hint = "";
    kta_auto_str struct kta_str said = KTA_STR_INIT;
    const char *at;

    for (size_t i = 0; i < KTA_LEN(statuses) && !what; i++)
        if (statuses[i].status == status &&
            (!statuses[i].word || kta_stristr(message, statuses[i].word)))
            what = statuses[i].what, hint = statuses[i].hint;
    if ((status == 400 || status == 422) && llm_is_no_model(message))
        what = "does not have this model",
        hint = "check --model; `doctor` lists what the endpoint offers";
    if (llm_is_overflow(status, message))
        what = "finds the prompt too long",
        hint = "ask about less, or use a model with a larger window";
    if (!what)
        what = status >= 500   ? "failed"
               : status >= 400 ? "refused the request"
                               : "answered with something else than an answer";
    /* a server that quotes the key back must not make us show it */
    kta_str_add(&said, message);
    while (m->key && strlen(m->key) >= 4 && (at = strstr(said.s, m->key))) {
        kta_auto_free char *rest = kta_strdup(at + strlen(m->key));
        kta_str_truncate(&said, (size_t)(at - said.s));
        kta_str_addf(&said, "…%s", rest);
    }
    kta_err_set(err, KTA_E_MODEL, "the model endpoint %s %s (HTTP %d)%s%s", m->shown, what, status,
                said.len ? ": " : "", said.s);
    err->http = status;
    if (*hint)
        kta_err_hint(err, "%s", hint);
    return -1;
}

int llm_transport_error(const struct kta_llm *m, const struct kta_err *from, struct kta_err *err)
{
    static const struct {
        const char *provider, *hint;
    } hints[] = {
        {"ollama", "is Ollama running (`ollama serve`)? Its address comes from OLLAMA_HOST"},
        {"llamacpp", "is llama-server running? Its address comes from LLAMACPP_HOST"},
    };
    int sys = from->sys;
    kta_auto_free char *hint = kta_strdup(from->hint), *msg = kta_strdup(from->msg);
    if (from->code == KTA_E_INTERRUPTED) { /* by whom is said, not where */
        if (kta_interrupt_check(err) == 0 && err != from)
            *err = *from;
        return -1;
    }
    for (size_t i = 0; i < KTA_LEN(hints) && from->code == KTA_E_CLUSTER; i++)
        if (!strcmp(hints[i].provider, m->row->name)) {
            kta_err_set(err, KTA_E_MODEL, "no answer from the model endpoint %s", msg);
            err->sys = sys;
            return kta_err_hint(err, "%s", hints[i].hint);
        }
    kta_err_set(err, KTA_E_MODEL, "no answer from the model endpoint %s", msg);
    err->sys = sys;
    if (strstr(hint, "kubeconfig"))
        return kta_err_hint(err, "give its authority with SSL_CERT_FILE, if you trust it");
    if (*hint)
        kta_err_hint(err, "%s", hint);
    return -1;
}
