/*
 * quirks.c - what an endpoint does not take: recognised in its refusals, remembered on disk per
 * endpoint and model for a week, so that each is found out once and servers that learn are asked
 * again.
 */
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/log.h"
#include "llm_private.h"

#define REMEMBER_S   (7 * 24 * 3600)
#define MAX_REMEMBER 200 /* endpoints in the file */

/* Words of a refusal, lower case; the first row whose word is there and whose part was sent. */
static const struct {
    const char *word;
    unsigned quirk;
} words[] = {
    {"non-empty", LLM_NO_EMPTY},
    {"not be empty", LLM_NO_EMPTY},
    {"cannot be empty", LLM_NO_EMPTY},
    {"is empty", LLM_NO_EMPTY},
    {"is blank", LLM_NO_EMPTY},
    {"stream_options", LLM_NO_STREAM_OPTIONS},
    {"temperature", LLM_NO_TEMPERATURE},
    {"response_format", LLM_NO_SCHEMA},
    {"json_schema", LLM_NO_SCHEMA},
    {"json schema", LLM_NO_SCHEMA},
    {"grammar", LLM_NO_SCHEMA},
    {"structured output", LLM_NO_SCHEMA},
    {"max_completion_tokens", LLM_OTHER_MAX},
    {"max_tokens", LLM_OTHER_MAX},
    {"max_completion_tokens", LLM_NO_MAX},
    {"max_tokens", LLM_NO_MAX},
    {"developer", LLM_NO_DEVELOPER},
    {"system role", LLM_NO_SYSTEM},
    {"system message", LLM_NO_SYSTEM},
    {"role 'system'", LLM_NO_SYSTEM},
    {"'system' role", LLM_NO_SYSTEM},
    {"support 'system'", LLM_NO_SYSTEM},
    {"system_instruction", LLM_NO_SYSTEM},
    {"developer instruction is not enabled", LLM_NO_SYSTEM},
    {"roles must alternate", LLM_NO_SYSTEM},
    {"tool", LLM_NO_TOOLS},
    {"function call", LLM_NO_TOOLS},
    {"functions", LLM_NO_TOOLS},
    {"jinja", LLM_NO_TOOLS},
    {"stream", LLM_NO_STREAM},
};

/* Tried in this order when a refusal does not say what it is about. */
static const unsigned guesses[] = {LLM_NO_STREAM_OPTIONS, LLM_NO_TEMPERATURE, LLM_NO_SCHEMA,
                                   LLM_NO_TOOLS};

/* Refusals that are about something else, though they may hold any of the words above: a missing
 * model, a key, what the prompt or the model said. */
static bool about_no_part(const char *message)
{
    static const char *const others[] = {"api key",
                                         "api_key",
                                         "credit balance",
                                         "content_filter",
                                         "content management",
                                         "content filter",
                                         "tool_use_failed",
                                         "failed_generation"};
    for (size_t i = 0; i < KTA_LEN(others); i++)
        if (kta_stristr(message, others[i]))
            return true;
    return llm_is_no_model(message);
}

/* A 500 is a refusal only if it says so: the same words are in messages about a failed answer. */
static bool refuses(int status, const char *message)
{
    static const char *const signs[] = {"support", "jinja",        "not implemented", "{%",
                                        "unknown", "unrecognized", "invalid param"};
    static const int statuses[] = {400, 404, 405, 415, 422};
    for (size_t i = 0; i < KTA_LEN(statuses); i++)
        if (statuses[i] == status)
            return true;
    for (size_t i = 0; (status == 500 || status == 501) && i < KTA_LEN(signs); i++)
        if (kta_stristr(message, signs[i]))
            return true;
    return false;
}

unsigned llm_quirk_of(int status, const char *message, unsigned used)
{
    if (!refuses(status, message) || about_no_part(message))
        return 0;
    for (size_t i = 0; i < KTA_LEN(words); i++)
        if ((used & words[i].quirk) && kta_stristr(message, words[i].word))
            return words[i].quirk;
    /* only a plain "bad request" is worth guessing at */
    if (status != 400 && status != 422)
        return 0;
    for (size_t i = 0; i < KTA_LEN(guesses); i++)
        if (used & guesses[i])
            return guesses[i];
    return 0;
}

/* ---- memory ---- */

static char *memory_path(void)
{
    return kta_xdg_path(KTA_XDG_CACHE, "models.json");
}

static struct kta_json *read_memory(const char *path)
{
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_json *v = NULL;
    if (!path || kta_fs_read(path, KTA_MAX_CONFIG_FILE, &s, &err) < 0 ||
        kta_json_parse(s.s, s.len, &v, &err) < 0)
        return kta_json_new_object();
    if (kta_json_type(v) == KTA_JSON_OBJECT)
        return v;
    kta_json_free(v);
    return kta_json_new_object();
}

static char *memory_key(const struct kta_llm *m)
{
    return kta_asprintf("%s %s", m->shown, m->model);
}

void llm_quirks_load(struct kta_llm *m)
{
    kta_auto_free char *path = memory_path(), *key = memory_key(m);
    kta_auto_json struct kta_json *all = read_memory(path);
    const struct kta_json *mine = kta_json_get(all, key);
    int64_t since = kta_json_int(mine, "since", 0), now = kta_wall();
    if (since && since <= now && now - since < REMEMBER_S)
        m->quirks = (unsigned)kta_json_int(mine, "without", 0) & (LLM_NO_END - 1);
}

void llm_quirks_save(const struct kta_llm *m)
{
    kta_auto_free char *path = memory_path(), *key = memory_key(m), *dir = NULL;
    kta_auto_json struct kta_json *all = NULL;
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    struct kta_err ignored = KTA_ERR_INIT;
    struct kta_json *mine;

    if (!path)
        return;
    all = read_memory(path);
    if (kta_json_len(all) >= MAX_REMEMBER)
        kta_json_remove(all, kta_json_key(kta_json_first(all)));
    mine = kta_json_set(all, key, kta_json_new_object());
    kta_json_set_int(mine, "without", m->quirks & (LLM_NO_END - 1));
    kta_json_set_int(mine, "since", kta_wall());
    kta_json_print(all, /* pretty= */ true, &out);
    dir = kta_fs_dirname(path);
    if (kta_fs_mkdirs(dir, &ignored) < 0 || kta_fs_write(path, out.s, out.len, &ignored) < 0)
        kta_log(2, "model: cannot remember what the endpoint rejects: %s", ignored.msg);
}
