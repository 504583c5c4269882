/*
 * window.c - how many tokens the model can read, where the server tells it.
 *
 * llama.cpp says it in /props (what one slot really has), Ollama in /api/ps (it silently forgets
 * the beginning of what is longer, so its default counts when it does not say), vLLM and others in
 * /v1/models. The big providers do not tell and are not asked; who was asked and did not tell is
 * not asked again for a week.
 */
#include <string.h>
#include "kta/alloc.h"
#include "kta/log.h"
#include "llm_private.h"

#define WINDOW_TIMEOUT_MS 2000
#define OLLAMA_DEFAULT    4096 /* tokens, unless OLLAMA_CONTEXT_LENGTH or the model say otherwise */

static const char *const asked[] = {"openai-compatible", "llamacpp", "ollama", "groq",
                                    "openrouter",        "mistral",  NULL};

/* Where the number is in an entry of /v1/models. */
static const char *const places[] = {"max_model_len",        "context_length",
                                     "context_window",       "max_context_length",
                                     "meta.n_ctx",           "top_provider.context_length",
                                     "loaded_context_length"};

static struct kta_json *parse_answer(struct kta_http_req *r)
{
    struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;
    if (!r->failed && r->status == 200)
        (void)kta_json_parse(r->answer.s, r->answer.len, &v, &err);
    kta_http_req_release(r);
    return v;
}

/* Well, or there is no such path: not for now alone. */
static bool answered(const struct kta_http_req *r)
{
    return !r->failed && (r->status == 200 || r->status == 404);
}

static int in_models(const struct kta_llm *m, const struct kta_json *v)
{
    const struct kta_json *list = kta_json_get(v, "data");
    kta_json_each(entry, list) {
        if (!kta_streq(kta_json_str(entry, "id"), m->model) && kta_json_len(list) > 1)
            continue;
        for (size_t i = 0; i < KTA_LEN(places); i++)
            if (kta_json_count(entry, places[i], 0) > 0)
                return kta_json_count(entry, places[i], 0);
    }
    return 0;
}

static int in_ollama(const struct kta_llm *m, const struct kta_json *v)
{
    kta_json_each(entry, kta_json_get(v, "models"))
        if (kta_streq(kta_json_str(entry, "name"), m->model) ||
            kta_streq(kta_json_str(entry, "model"), m->model))
            return kta_json_count(entry, "context_length", OLLAMA_DEFAULT);
    return OLLAMA_DEFAULT;
}

/* llama.cpp drops what the model's template has no place for without a word: a model that is given
 * tools that it never sees answers with advice. Not kept on disk: the next model may be another. */
static void take_caps(struct kta_llm *m, const struct kta_json *props)
{
    const struct kta_json *caps = kta_json_get(props, "chat_template_caps");
    if (!kta_json_bool(caps, "supports_tools", true) ||
        !kta_json_bool(caps, "supports_tool_calls", true))
        m->quirks |= LLM_NO_TOOLS;
    if (!kta_json_bool(caps, "supports_system_role", true))
        m->quirks |= LLM_NO_SYSTEM;
}

static int ask(struct kta_llm *m)
{
    bool ollama = !strcmp(m->row->name, "ollama");
    kta_auto_free char *models_path = kta_asprintf("%s/models", m->prefix);
    kta_auto_free char *beside_path =
        kta_asprintf("%.*s%s", (int)(strlen(m->prefix) - (kta_ends(m->prefix, "/v1") ? 3 : 0)),
                     m->prefix, ollama ? "/api/ps" : "/props");
    /* /props and /api/ps are beside /v1, not under it */
    struct kta_http_req r[2] = {{.path = models_path, .timeout_ms = WINDOW_TIMEOUT_MS},
                                {.path = beside_path, .timeout_ms = WINDOW_TIMEOUT_MS}};
    struct kta_err err = KTA_ERR_INIT;
    bool two = ollama || (kta_ends(m->base, "/v1") && m->local);
    kta_auto_json struct kta_json *models = NULL, *beside = NULL;
    bool silent;
    int n;

    if (kta_http_run(m->http, r, two ? 2 : 1, &err) < 0) {
        kta_http_req_release(&r[0]);
        kta_http_req_release(&r[1]);
        return 0;
    }
    silent = answered(&r[0]) && (!two || answered(&r[1]));
    models = parse_answer(&r[0]);
    beside = two ? parse_answer(&r[1]) : NULL;
    if (ollama)
        return in_ollama(m, beside);
    n = kta_json_count(beside, "default_generation_settings.n_ctx", 0);
    n = n > 0 ? n : in_models(m, models);
    if (n == 0 && silent) {
        m->quirks |= LLM_NO_WINDOW;
        llm_quirks_save(m);
    }
    take_caps(m, beside);
    return n;
}

int kta_llm_window(struct kta_llm *m)
{
    bool tells = m->local;
    if (m->window >= 0)
        return m->window;
    for (size_t i = 0; asked[i]; i++)
        tells |= !strcmp(asked[i], m->row->name);
    m->window = tells && !(m->quirks & LLM_NO_WINDOW) ? ask(m) : 0;
    if (m->window)
        kta_log(1, "model: the window of %s is %d tokens", m->model, m->window);
    return m->window;
}
