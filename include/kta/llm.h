/*
 * llm.h - one turn with a model over the OpenAI-compatible API (/v1/chat/completions), streamed.
 *
 * The endpoint is a row of the provider table plus what the user configured. A conversation is a
 * JSON array of messages in the API's own form, kept by the caller (agent/), so that its constant
 * beginning stays byte-equal.
 * Source: https://platform.openai.com/docs/api-reference/chat
 */
#ifndef KTA_LLM_H
#define KTA_LLM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kta/argv.h"
#include "kta/err.h"
#include "kta/json.h"
#include "kta/limits.h"
#include "kta/str.h"

/* A row of the provider table. */
struct kta_provider {
    const char *name;       /* --llm-provider */
    const char *base;       /* default base URL up to and with /v1; NULL: must be given */
    const char *base_vars;  /* environment variables for the address, blank-separated, first wins */
    const char *key_vars;   /* environment variables for the key; "" none */
    const char *model_vars; /* environment variables for the model */
    const char *model;      /* default model, or NULL */
    const char *token_param; /* "max_tokens" or "max_completion_tokens" */
    const char *auth_header; /* NULL: "Authorization: Bearer"; else the header's name (api-key) */
    const char *query;       /* added to the path, e.g. "api-version=2024-10-21", or NULL */
    const char *header;      /* one more header, "Name: value", or NULL */
    bool key_needed;
    bool system_as_developer; /* at the row's own base: others that speak its API may not know it */
    bool no_schema;           /* known to refuse response_format's json_schema: not even tried */
};
/* All rows, and how many there are. Static. */
const struct kta_provider *kta_providers(size_t *ret_n);
const struct kta_provider *kta_provider_find(const char *name); /* aliases too; NULL if unknown */

/* What the user asked for on the command line, and in `file` what the configuration file says: the
 * environment stands between the two. NULL where not given. */
struct kta_llm_config {
    const char *provider, *model, *endpoint, *api_key, *api_key_file;
    bool insecure;                  /* no TLS verification, and plain HTTP off this machine */
    const struct kta_argv *headers; /* extra "Name: value" */
    const char *ca_file;            /* PEM; NULL: $SSL_CERT_FILE, else the system's */
    const struct kta_argv *api_key_command; /* its output is the key: a password manager's client */
    int64_t back_off_ms;                    /* before the first retry; 0: 500 */
    int64_t first_byte_ms, idle_ms;         /* 0: limits.h's */
    unsigned without; /* a replay: what was known then of what the endpoint does not take */
    const struct kta_llm_config *file;
};

/* What came of it. */
struct kta_llm;
/* Resolves provider, address, key and model by precedence (flag, environment, file, default). *ret
 * is NULL (and 0 is returned) when the answer is "none": the built-in engine alone. KTA_E_USAGE
 * when something is missing (a model without default, a key that the provider needs) or unknown.
 * Sends nothing. */
int kta_llm_open(const struct kta_llm_config *config, struct kta_llm **ret, struct kta_err *err);
void kta_llm_free(struct kta_llm *m);
/* Names, as they were resolved: borrowed from m. */
const char *kta_llm_model(const struct kta_llm *m);
const char *kta_llm_endpoint(const struct kta_llm *m); /* base URL, without any credential */
const char *kta_llm_provider(const struct kta_llm *m);
/* "because OPENAI_API_KEY is set": why this provider, or (m NULL) why the last open chose none. */
const char *kta_llm_why(const struct kta_llm *m);
unsigned kta_llm_without(const struct kta_llm *m); /* to be kept with a recording */
bool kta_llm_is_local(const struct kta_llm *m);    /* loopback: nothing leaves the machine */

/* How the model acts. AUTO: whatever the endpoint takes, found out by asking, remembered per
 * endpoint and model under $XDG_CACHE_HOME. */
enum kta_llm_way { KTA_WAY_AUTO, KTA_WAY_TOOLS, KTA_WAY_SCHEMA, KTA_WAY_TEXT };

/* What AUTO would do now, from what is remembered; TOOLS for an endpoint that is not known yet: the
 * prompt can be written for it. */
enum kta_llm_way kta_llm_known_way(const struct kta_llm *m);

struct kta_tool_call {
    char *id;   /* as given, or made up ("call_1") when the server sent none */
    char *name; /* "" when the server sent none */
    char *args; /* JSON text as received, possibly malformed: the tool answers for it */
};

struct kta_llm_turn {
    /* filled in by the caller */
    const struct kta_json *messages; /* array */
    const struct kta_json *tools;    /* array of {type:function,…}, or NULL */
    const struct kta_json *schema;   /* response_format's JSON schema for KTA_WAY_SCHEMA, or NULL */
    enum kta_llm_way way;            /* in: wanted; out: the way that was taken */
    int max_tokens;                  /* 0: the endpoint's default */
    void (*on_text)(void *ctx, const char *p, size_t n); /* the answer as it comes; whole UTF-8 */
    void (*on_thinking)(void *ctx, const char *p, size_t n); /* <think>, reasoning_content */
    void (*on_retry)(void *ctx, int attempt, int64_t wait_ms, const char *why);
    /* Called before a request whose way is not `told`, the one that the messages are written for:
     * the place to rewrite the messages (in the array that `messages` points to). */
    void (*on_way)(void *ctx, enum kta_llm_way way);
    enum kta_llm_way told;
    void *ctx;
    /* results */
    struct kta_str text; /* without reasoning */
    struct kta_tool_call calls[KTA_MAX_TOOL_CALLS];
    size_t n_calls;
    bool cut_by_length; /* finish_reason "length" */
    bool repeats;       /* ended by us: the same piece over and over (cut_by_length is set too) */
    int prompt_tokens, completion_tokens, cached_tokens; /* 0 where the server does not say */
    double usd; /* 0 where the server does not tell the cost */
    int64_t first_ms, took_ms;
    bool context_overflow; /* failed because the prompt is too long: shrink and ask again */
};

/* One turn. An endpoint that rejects tools, stream_options, temperature or response_format is asked
 * again without. 408, 409, 429, 5xx and broken streams are retried (3 attempts, back-off, jitter,
 * Retry-After). Errors: KTA_E_MODEL with a sentence and a hint. */
int kta_llm_chat(struct kta_llm *m, struct kta_llm_turn *turn, struct kta_err *err);
/* Frees the results; the turn may be asked again. */
void kta_llm_turn_release(struct kta_llm_turn *turn);

/* What this endpoint was used for so far, failed attempts too; estimated where the server does not
 * say. usd: 0 unless the server tells the cost. */
struct kta_llm_spent {
    int64_t prompt_tokens, completion_tokens;
    double usd;
};
struct kta_llm_spent kta_llm_spent(const struct kta_llm *m);

/* The models that the endpoint offers (GET /models), sorted, added to *ret; at most KTA_MAX_MODELS.
 * KTA_E_MODEL when it does not answer or does not list them. */
int kta_llm_models(struct kta_llm *m, struct kta_argv *ret, struct kta_err *err);

/* The window in tokens where the server tells it (/v1/models, llama.cpp's /props), else 0. */
int kta_llm_window(struct kta_llm *m);
/* A rough count: bytes / 3.5, never 0 for text. */
int kta_llm_tokens(size_t bytes);

#endif
