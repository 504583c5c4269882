/*
 * calls.c - the calls of an answer, from the pieces in which a stream brings them.
 *
 * Servers differ: pieces without index or ids, one index for all calls, arguments as an object,
 * quoted twice or told from their beginning in each piece, names that are nearly a tool's.
 */
#include <string.h>
#include "kta/alloc.h"
#include "kta/limits.h"
#include "kta/log.h"
#include "llm_private.h"

static struct llm_call *new_call(struct llm_reply *r, int index)
{
    struct llm_call *c;
    if (r->n_calls == KTA_LEN(r->calls)) {
        kta_log(1, "model: more than %zu calls in one turn; the rest is left out", r->n_calls);
        return NULL;
    }
    c = &r->calls[r->n_calls++];
    c->index = index;
    kta_str_init(&c->id, 256);
    kta_str_init(&c->name, 256);
    kta_str_init(&c->args, KTA_MAX_CALL_ARGS);
    return c;
}

static bool complete(const struct llm_call *c)
{
    return c->args.len && kta_json_span(c->args.s) == c->args.len;
}

/* The call that a piece belongs to. An index alone is not enough: some servers give all calls of a
 * turn the same one with different ids, or without any, others give neither. */
static struct llm_call *call_of(struct llm_reply *r, int index, const char *id, const char *name,
                                bool has_args)
{
    struct llm_call *last = r->n_calls ? &r->calls[r->n_calls - 1] : NULL;
    if (index >= 0) {
        for (size_t i = r->n_calls; i-- > 0;) {
            struct llm_call *c = &r->calls[i];
            bool other = *id && c->id.len && strcmp(c->id.s, id);
            if (c->index == index)
                return *name && (other || (has_args && complete(c))) ? new_call(r, index) : c;
        }
        return new_call(r, index);
    }
    if (*id) {
        for (size_t i = 0; i < r->n_calls; i++)
            if (!strcmp(r->calls[i].id.s, id))
                return &r->calls[i];
        return last && !last->id.len && !*name ? last : new_call(r, -1);
    }
    if (!last || (*name && (last->args.len || (last->name.len && strcmp(last->name.s, name)))))
        return new_call(r, -1);
    return last;
}

static void take_name(struct llm_call *c, const char *name)
{
    if (*name && strcmp(c->name.s, name) != 0 && !c->args.len)
        kta_str_add(&c->name, name); /* pieces of a name come before any argument */
}

/* Does a piece say again all that came before it? No object holds its own beginning. */
static bool says_again(const struct llm_call *c, const char *piece)
{
    return c->args.len && *c->args.s == '{' && strncmp(piece, c->args.s, c->args.len) == 0;
}

static void take_args(struct llm_reply *r, struct llm_call *c, const struct kta_json *args)
{
    if (kta_json_text(args)) {
        if (says_again(c, kta_json_text(args)))
            kta_str_clear(&c->args);
        kta_str_add(&c->args, kta_json_text(args));
        (void)llm_repeat_feed(&r->calling, kta_json_text(args), strlen(kta_json_text(args)));
    } else if (kta_json_type(args) == KTA_JSON_OBJECT) {
        kta_str_clear(&c->args);
        kta_json_print(args, /* pretty= */ false, &c->args);
    }
}

void llm_call_piece(struct llm_reply *r, const struct kta_json *piece)
{
    const struct kta_json *f = kta_json_get(piece, "function");
    const char *id = kta_or(kta_json_str(piece, "id"), "");
    const struct kta_json *args;
    const char *name;
    struct llm_call *c;
    if (!f)
        f = piece;
    name = kta_or(kta_json_str(f, "name"), "");
    args = kta_json_get(f, "arguments");
    c = call_of(r, (int)kta_json_int(piece, "index", -1), id, name,
                kta_json_text(args) ? *kta_json_text(args) != '\0' : kta_json_len(args) > 0);
    if (!c)
        return;
    if (!c->id.len)
        kta_str_add(&c->id, id);
    take_name(c, name);
    take_args(r, c, args);
}

void llm_call_whole(struct llm_reply *r, const char *name, const struct kta_json *args)
{
    struct llm_call *c = new_call(r, -1);
    if (!c)
        return;
    kta_str_add(&c->name, name);
    take_args(r, c, args);
}

/* Some models quote the arguments twice, or more often: "{\"a\":1}" as a JSON string. */
static void unquote_args(struct kta_str *args)
{
    while (*args->s == '"') {
        kta_auto_json struct kta_json *v = NULL;
        struct kta_err err = KTA_ERR_INIT;
        if (kta_json_parse(args->s, args->len, &v, &err) < 0 || !strpbrk(kta_json_text(v), "{\""))
            return;
        kta_str_clear(args);
        kta_str_add(args, kta_json_text(v));
        kta_str_trim(args);
    }
}

const char *llm_tool_name(const struct kta_llm_turn *t, const char *name)
{
    kta_json_each(tool, t->tools) {
        const char *offered = kta_or(kta_json_str(tool, "function.name"), "");
        size_t n = strlen(offered);
        for (const char *p = kta_stristr(name, offered); n && p; p = kta_stristr(p + 1, offered))
            if ((p == name || strchr(".:/", p[-1])) && (!p[n] || p[n] == ':'))
                return offered;
    }
    return NULL;
}

/* One that no other call of the conversation has; nine letters and digits, as Mistral wants it. */
static char *made_up_id(void)
{
    static unsigned n;
    return kta_asprintf("call%05u", ++n % 100000);
}

static bool has_id(const struct kta_llm_turn *t, const char *id)
{
    for (size_t i = 0; i < t->n_calls; i++)
        if (!strcmp(t->calls[i].id, id))
            return true;
    return false;
}

void llm_calls_end(struct llm_reply *r)
{
    struct kta_llm_turn *t = r->turn;
    for (size_t i = 0; i < r->n_calls && t->n_calls < KTA_LEN(t->calls); i++) {
        struct llm_call *c = &r->calls[i];
        struct kta_tool_call *to = &t->calls[t->n_calls];
        kta_str_trim(&c->name);
        kta_str_trim(&c->args);
        unquote_args(&c->args);
        if (!c->name.len && !c->args.len)
            continue; /* an empty piece */
        to->id = c->id.len && !has_id(t, c->id.s) ? kta_str_detach(&c->id) : made_up_id();
        to->name = kta_strdup(kta_or(llm_tool_name(t, c->name.s), c->name.s));
        to->args = c->args.len ? kta_str_detach(&c->args) : kta_strdup("{}");
        t->n_calls++;
    }
}
