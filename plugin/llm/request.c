/*
 * request.c - the body of a chat completion, without the parts that the endpoint does not take.
 */
#include <string.h>
#include "llm_private.h"

static bool says_developer(const struct kta_llm *m)
{
    return m->row->system_as_developer && kta_streq(m->base, m->row->base) &&
           !(m->quirks & (LLM_NO_DEVELOPER | LLM_NO_SYSTEM));
}

static bool is_empty(const struct kta_json *message)
{
    return kta_streq(kta_json_str(message, "content"), "");
}

static bool has_empty(const struct kta_json *messages)
{
    kta_json_each(m, messages)
        if (is_empty(m))
            return true;
    return false;
}

unsigned llm_request_parts(const struct kta_llm *m, const struct kta_llm_turn *t)
{
    unsigned parts = LLM_NO_STREAM | LLM_NO_STREAM_OPTIONS | LLM_NO_TEMPERATURE | LLM_NO_SYSTEM;
    if (says_developer(m))
        parts |= LLM_NO_DEVELOPER;
    if (t->max_tokens)
        parts |= m->quirks & LLM_OTHER_MAX ? LLM_NO_MAX : LLM_OTHER_MAX;
    if (t->way == KTA_WAY_TOOLS && t->tools)
        parts |= LLM_NO_TOOLS;
    if (t->way == KTA_WAY_SCHEMA && t->schema)
        parts |= LLM_NO_SCHEMA;
    if (t->way == KTA_WAY_TOOLS && has_empty(t->messages))
        parts |= LLM_NO_EMPTY;
    if (m->quirks & LLM_NO_STREAM)
        parts &= ~(unsigned)LLM_NO_STREAM_OPTIONS;
    return parts & ~(m->quirks & ~(unsigned)LLM_OTHER_MAX);
}

static void add_text(struct kta_str *to, const struct kta_json *message)
{
    const char *text = kta_json_str(message, "content");
    if (text && *text)
        kta_str_addf(to, "%s%s", to->len ? "\n\n" : "", text);
}

static bool plain_role(const struct kta_json *m, const char *role)
{
    return kta_streq(kta_json_str(m, "role"), role) && !kta_json_get(m, "tool_calls");
}

/* For templates that know only user and assistant, in turns: the system's text becomes the
 * beginning of what the user says, and neighbours of one role become one message. */
static struct kta_json *without_system(const struct kta_json *messages)
{
    struct kta_json *out = kta_json_new_array();
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    for (const struct kta_json *m = kta_json_first(messages); m;) {
        const char *role = plain_role(m, "system") ? "user" : kta_json_str(m, "role");
        struct kta_json *one;
        if (!plain_role(m, "system") && !plain_role(m, "user") && !plain_role(m, "assistant")) {
            kta_json_push(out, kta_json_copy(m));
            m = kta_json_next(m);
            continue;
        }
        kta_str_clear(&text);
        for (; m && (plain_role(m, role) || (!strcmp(role, "user") && plain_role(m, "system")));
             m = kta_json_next(m))
            add_text(&text, m);
        one = kta_json_push(out, kta_json_new_object());
        kta_json_set_str(one, "role", role);
        kta_json_set_str(one, "content", text.s);
    }
    return out;
}

static bool has_calls(const struct kta_json *messages)
{
    kta_json_each(m, messages)
        if (kta_json_get(m, "tool_calls") || kta_streq(kta_json_str(m, "role"), "tool"))
            return true;
    return false;
}

/* For an endpoint that takes no tools: calls of earlier turns and their results as text. */
static struct kta_json *without_calls(const struct kta_json *messages)
{
    struct kta_json *out = kta_json_new_array();
    kta_json_each(m, messages) {
        const struct kta_json *calls = kta_json_get(m, "tool_calls");
        bool result = kta_streq(kta_json_str(m, "role"), "tool");
        kta_auto_str struct kta_str text = KTA_STR_INIT;
        struct kta_json *one;
        if (!calls && !result) {
            kta_json_push(out, kta_json_copy(m));
            continue;
        }
        kta_str_addf(&text, "%s%s", result ? "Results:\n" : "",
                     kta_or(kta_json_str(m, "content"), ""));
        kta_json_each(c, calls)
            kta_str_addf(&text, "%sCalled %s %s", text.len ? "\n" : "",
                         kta_or(kta_json_str(c, "function.name"), "?"),
                         kta_or(kta_json_str(c, "function.arguments"), ""));
        one = kta_json_push(out, kta_json_new_object());
        kta_json_set_str(one, "role", result ? "user" : "assistant");
        kta_json_set_str(one, "content", text.s);
    }
    return out;
}

static struct kta_json *system_as_developer(const struct kta_json *messages)
{
    struct kta_json *out = kta_json_copy(messages);
    kta_json_each(m, out)
        if (plain_role(m, "system"))
            kta_json_set_str(m, "role", "developer");
    return out;
}

/* A turn that is calls alone has no text. */
static struct kta_json *without_empty(const struct kta_json *messages)
{
    struct kta_json *out = kta_json_copy(messages);
    kta_json_each(m, out)
        if (is_empty(m))
            kta_json_set(m, "content", kta_json_new_str(NULL));
    return out;
}

static void add_member(struct kta_str *out, const char *key, const struct kta_json *v)
{
    kta_str_addf(out, ",\"%s\":", key);
    kta_json_print(v, /* pretty= */ false, out);
}

static void add_messages(const struct kta_llm *m, const struct kta_llm_turn *t, struct kta_str *out)
{
    kta_auto_json struct kta_json *plain = NULL, *changed = NULL, *filled = NULL;
    const struct kta_json *messages = t->messages;
    if (t->way != KTA_WAY_TOOLS && has_calls(messages))
        messages = plain = without_calls(messages);
    if (m->quirks & LLM_NO_SYSTEM)
        messages = changed = without_system(messages);
    else if (says_developer(m))
        messages = changed = system_as_developer(messages);
    if (m->quirks & LLM_NO_EMPTY)
        messages = filled = without_empty(messages);
    add_member(out, "messages", messages);
}

static void add_max_tokens(const struct kta_llm *m, const struct kta_llm_turn *t,
                           struct kta_str *out)
{
    const char *name = m->row->token_param;
    if (!t->max_tokens || (m->quirks & LLM_NO_MAX))
        return;
    if (m->quirks & LLM_OTHER_MAX)
        name = strcmp(name, "max_tokens") ? "max_tokens" : "max_completion_tokens";
    kta_str_addf(out, ",\"%s\":%d", name, t->max_tokens);
}

/* Written by hand so that nothing of a long conversation is copied. */
void llm_request_body(const struct kta_llm *m, const struct kta_llm_turn *t, struct kta_str *out)
{
    kta_str_add(out, "{\"model\":");
    kta_json_quote(m->model, strlen(m->model), out);
    add_messages(m, t, out);
    if (t->way == KTA_WAY_TOOLS && t->tools && kta_json_len(t->tools))
        add_member(out, "tools", t->tools);
    if (t->way == KTA_WAY_SCHEMA && t->schema) {
        kta_str_add(out, ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
                         "{\"name\":\"answer\",\"strict\":true");
        add_member(out, "schema", t->schema);
        kta_str_add(out, "}}");
    }
    add_max_tokens(m, t, out);
    if (!(m->quirks & LLM_NO_TEMPERATURE))
        kta_str_add(out, ",\"temperature\":0");
    kta_str_addf(out, ",\"stream\":%s", m->quirks & LLM_NO_STREAM ? "false" : "true");
    if (!(m->quirks & (LLM_NO_STREAM | LLM_NO_STREAM_OPTIONS)))
        kta_str_add(out, ",\"stream_options\":{\"include_usage\":true}");
    kta_str_addc(out, '}');
}
