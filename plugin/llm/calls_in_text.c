/*
 * calls_in_text.c - calls that a model writes between its own marks, for servers that have no
 * parser for them. What the templates of the models teach has few shapes, in any order and number:
 *
 *   {"name": N, "arguments": {…}}               Hermes, Qwen, Llama, Granite, Phi, Command R
 *   N <mark> {…}                                Mistral, DeepSeek, Kimi, gpt-oss
 *   <function=N>{…}  <invoke name="N">          Llama, Qwen coder, MiniMax, with
 *     <parameter=KEY>VALUE</parameter>          each argument by itself
 *   N <arg_key>KEY</arg_key><arg_value>VALUE</arg_value>    GLM
 *
 * Everything else between them is a mark and skipped.
 */
#include <ctype.h>
#include <string.h>
#include "kta/alloc.h"
#include "llm_private.h"

struct calls {
    struct llm_reply *r;
    struct kta_str name;   /* seen, its arguments not yet */
    struct kta_json *args; /* told one by one, or NULL */
    size_t n;
};

static void flush(struct calls *c)
{
    if (c->args) {
        llm_call_whole(c->r, c->name.s, c->args);
        c->n++;
    }
    kta_json_free(c->args);
    c->args = NULL;
    kta_str_clear(&c->name);
}

static const char *first_str(const struct kta_json *v, const char *const *keys)
{
    for (; *keys; keys++)
        if (kta_json_text(kta_json_get(v, *keys)))
            return kta_json_text(kta_json_get(v, *keys));
    return NULL;
}

/* A call by its keys, as the templates and the frameworks have them. */
struct call_keys {
    const char *name;
    const struct kta_json *args; /* NULL: none */
};

/* "args" stand beside the name, and nothing else that a call has not: a container has them, too. */
static bool args_beside(const struct kta_json *v)
{
    static const char *const known[] = {"name",  "tool_name", "tool", "function",  "action", "args",
                                        "stdin", "why",       "type", "namespace", "id"};

    kta_json_each(m, v) {
        bool is = false;
        for (size_t i = 0; i < KTA_LEN(known); i++)
            is |= kta_streq(kta_json_key(m), known[i]);
        if (!is)
            return false;
    }
    return kta_json_get(v, "args") != NULL;
}

static struct call_keys keys_of(const struct kta_json *v)
{
    static const char *const names[] = {"name", "tool_name", "tool", "function", "action", NULL};
    static const char *const args[] = {"arguments",  "parameters",   "input",
                                       "tool_input", "action_input", NULL};
    struct call_keys k = {NULL, NULL};

    if (kta_json_type(kta_json_get(v, "function")) == KTA_JSON_OBJECT)
        v = kta_json_get(v, "function");
    k.name = first_str(v, names);
    for (size_t i = 0; args[i] && !k.args; i++)
        k.args = kta_json_get(v, args[i]);
    if (!k.args && kta_json_type(v) == KTA_JSON_OBJECT && args_beside(v))
        k.args = v;
    return k;
}

size_t llm_calls_in_json(const struct kta_json *v, struct llm_reply *r)
{
    struct call_keys k = keys_of(v);
    const struct kta_json *list =
        kta_json_type(v) == KTA_JSON_ARRAY ? v : kta_json_get(v, "tool_calls");
    size_t n = 0;

    if (kta_json_type(v) == KTA_JSON_OBJECT && k.name && k.args && llm_tool_name(r->turn, k.name)) {
        llm_call_whole(r, k.name, k.args);
        return 1;
    }
    kta_json_each(one, kta_json_type(list) == KTA_JSON_ARRAY ? list : NULL)
        if (kta_json_type(one) == KTA_JSON_OBJECT)
            n += llm_calls_in_json(one, r);
    return n;
}

/* An object that is a whole call, or the arguments of the name before it. */
static void take_object(struct calls *c, const struct kta_json *v)
{
    struct call_keys k = keys_of(v);

    if (k.name && (k.args || !c->name.len)) {
        flush(c);
        llm_call_whole(c->r, k.name, k.args);
        c->n++;
    } else if (c->name.len) {
        kta_json_free(c->args);
        c->args = kta_json_copy(v);
        flush(c);
    }
}

static const char *take_json(struct calls *c, const char *p)
{
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;
    size_t n = kta_json_span(p);

    if (!n) /* never closed: what it was to be is not known */
        return p + strlen(p);
    if (kta_json_parse(p, n, &v, &err) < 0) /* [ARGS], and Mistral's [CALL_ID]a1b2c3d4e */
        return p + n + (kta_starts(p, "[CALL_ID]") ? strcspn(p + n, "[{") : 0);
    if (kta_json_type(v) == KTA_JSON_OBJECT)
        take_object(c, v);
    kta_json_each(one, kta_json_type(v) == KTA_JSON_ARRAY ? v : NULL)
        take_object(c, one);
    return p + n;
}

/* What of a tag's text is the name that it gives: <function=N>, <invoke name="N">. */
static char *given(const char *tag, size_t n, const char *word)
{
    const char *p = tag + strlen(word), *end = tag + n;

    if (n <= strlen(word) || !kta_starts(tag, word))
        return NULL;
    p += *p == '"' || *p == '\'';
    while (end > p && strchr("\"'/ ", end[-1]))
        end--;
    return kta_strndup(p, (size_t)(end - p));
}

/* Up to `close`; *pp is moved behind it. */
static char *until(const char **pp, const char *close)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    const char *end = strstr(*pp, close);

    kta_str_addn(&text, *pp, end ? (size_t)(end - *pp) : strlen(*pp));
    kta_str_trim(&text);
    *pp = end ? end + strlen(close) : *pp + strlen(*pp);
    return kta_strdup(text.s);
}

static void set_arg(struct calls *c, const char *key, const char *text)
{
    struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;

    if (!c->args)
        c->args = kta_json_new_object();
    if (!strchr("[{", *text) || kta_json_parse(text, strlen(text), &v, &err) < 0)
        v = kta_json_new_str(text);
    kta_json_set(c->args, key, v);
}

/* p is behind '<'. */
static const char *take_tag(struct calls *c, const char *p)
{
    static const char *const calls[] = {"function=", "function name=", "invoke name=",
                                        "tool name="};
    static const char *const args[] = {"parameter=", "parameter name="};
    size_t n = strcspn(p, ">");
    const char *tag = p;

    p += n + (p[n] == '>');
    for (size_t i = 0; i < KTA_LEN(calls); i++) {
        kta_auto_free char *name = given(tag, n, calls[i]);
        if (!name)
            continue;
        flush(c);
        kta_str_add(&c->name, name);
        return p;
    }
    for (size_t i = 0; i < KTA_LEN(args); i++) {
        kta_auto_free char *key = given(tag, n, args[i]);
        if (!key)
            continue;
        kta_auto_free char *value = until(&p, "</parameter>");
        set_arg(c, key, value);
        return p;
    }
    if (kta_starts(tag, "arg_key>")) {
        kta_auto_free char *key = until(&p, "</arg_key>");
        p += strspn(p, " \r\n\t");
        if (!kta_starts(p, "<arg_value>"))
            return p;
        p += strlen("<arg_value>");
        kta_auto_free char *value = until(&p, "</arg_value>");
        set_arg(c, key, value);
    } else if (tag[0] == '/' && c->args) {
        flush(c);
    }
    return p;
}

static const char *take_word(struct calls *c, const char *p)
{
    size_t n = 0;

    while (isalnum((unsigned char)p[n]) || (p[n] && strchr("_.:-/=", p[n])))
        n++;
    if (n == 0)
        return p + 1;
    if (n == 4 && !strncmp(p, "json", 4)) /* of a fence, or <|constrain|>json */
        return p + n;
    flush(c);
    size_t to = n > 3 && kta_starts(p, "to=") ? 3 : 0;
    kta_str_addn(&c->name, p + to, n - to);
    return p + n;
}

size_t llm_calls_in(const char *text, struct llm_reply *r)
{
    struct calls c = {.r = r, .name = KTA_STR_INIT};

    for (const char *p = text; *p;) {
        if (*p == '{' || *p == '[')
            p = take_json(&c, p);
        else if (*p == '<')
            p = take_tag(&c, p + 1);
        else
            p = take_word(&c, p);
    }
    flush(&c);
    kta_str_release(&c.name);
    return c.n;
}
