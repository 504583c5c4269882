/*
 * calls_unmarked.c - calls that a model writes into its text with no mark of their own, or with one
 * that nobody knows: looked for in the whole text, once it has ended and brought no other call.
 *
 * Strict, because what is no call is an example: an object counts if it names an offered tool and
 * brings arguments ({"name": N, "arguments": …}, alone, in a list, in another object), or if it is
 * a tool's arguments (no key but the tool's, all that it requires) with the tool's name just before
 * it; so does N(key=value, …), as Python writes it. What stands before the first call is the text.
 */
#include <ctype.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/yaml.h"
#include "llm_private.h"

#define NAME_BEFORE 120 /* bytes between a tool's name and its arguments, at most */
#define MAX_TRIES   256 /* brackets that are looked at: a text may be nothing else */

struct found {
    struct llm_reply *r;
    const char *first; /* where the first call begins; NULL: there is none */
    const char *from;  /* behind the call before */
    size_t n;
};

/* ---- what is a call ---- */

static const struct kta_json *schema_of(const struct llm_reply *r, const char *tool)
{
    kta_json_each(t, r->turn->tools)
        if (kta_streq(kta_json_str(t, "function.name"), tool))
            return kta_json_at(t, "function.parameters");
    return NULL;
}

/* No key that the tool does not know, and all that it requires. */
static bool are_args(const struct kta_json *v, const struct kta_json *schema)
{
    const struct kta_json *known = kta_json_get(schema, "properties");

    if (kta_json_type(v) != KTA_JSON_OBJECT || kta_json_len(v) == 0)
        return false;
    kta_json_each(m, v)
        if (!kta_json_get(known, kta_json_key(m)))
            return false;
    kta_json_each(m, kta_json_get(schema, "required"))
        if (kta_json_type(kta_json_get(v, kta_or(kta_json_text(m), ""))) <= KTA_JSON_NULL)
            return false;
    return true;
}

/* The last offered tool that is named between from and p, a few bytes before; *ret_at: where. */
static const char *named_before(const struct llm_reply *r, const char *from, const char *p,
                                const char **ret_at)
{
    const char *tool = NULL;

    if ((size_t)(p - from) > NAME_BEFORE)
        from = p - NAME_BEFORE;
    kta_auto_free char *before = kta_strndup(from, (size_t)(p - from));
    kta_json_each(t, r->turn->tools) {
        const char *name = kta_or(kta_json_str(t, "function.name"), "");
        for (const char *at = *name ? strstr(before, name) : NULL; at; at = strstr(at + 1, name))
            if (!tool || from + (at - before) > *ret_at)
                tool = name, *ret_at = from + (at - before);
    }
    return tool;
}

static void take(struct found *f, const char *at, const char *end)
{
    f->first = f->first ? f->first : at;
    f->from = end;
    f->n++;
}

/* The object or list of n bytes at p. */
static bool take_json(struct found *f, const char *p, size_t n)
{
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    const char *at = p, *tool;

    if (kta_json_parse(p, n, &v, &ignored) < 0)
        return false;
    if (llm_calls_in_json(v, f->r)) {
        take(f, p, p + n);
        return true;
    }
    tool = named_before(f->r, f->from, p, &at);
    if (!tool || !are_args(v, schema_of(f->r, tool)))
        return false;
    llm_call_whole(f->r, tool, v);
    take(f, at, p + n);
    return true;
}

/* ---- N(key=value, …) ---- */

/* "key=value, …" up to its ')' as a flow mapping of YAML, which reads Python's literals. Returns
 * the bytes, with the ')'; 0: it is none. */
static size_t as_mapping(const char *p, struct kta_str *out)
{
    char quote = '\0';
    size_t depth = 0, i = 0;

    kta_str_addc(out, '{');
    for (; p[i] && (quote || depth > 0 || p[i] != ')'); i++) {
        if (quote && p[i] == '\\' && p[i + 1])
            kta_str_addc(out, p[i++]);
        else if (quote || p[i] == '"' || p[i] == '\'')
            quote = !quote ? p[i] : p[i] == quote ? '\0' : quote;
        else if (strchr("[{(", p[i]))
            depth++;
        else if (depth > 0 && strchr("]})", p[i]))
            depth--;
        if (!quote && depth == 0 && p[i] == '=')
            kta_str_add(out, ": ");
        else
            kta_str_addc(out, p[i]);
    }
    kta_str_addc(out, '}');
    return p[i] == ')' ? i + 1 : 0;
}

static bool take_python(struct found *f, const char *p)
{
    kta_auto_json struct kta_json *v = NULL;
    kta_auto_str struct kta_str mapping = KTA_STR_INIT;
    struct kta_err ignored = KTA_ERR_INIT;
    const char *at = p, *tool = named_before(f->r, f->from, p, &at);
    size_t n = tool && at + strlen(tool) == p ? as_mapping(p + 1, &mapping) : 0;

    if (n == 0 || kta_yaml_parse(mapping.s, mapping.len, &v, &ignored) < 0 ||
        !are_args(v, schema_of(f->r, tool)))
        return false;
    llm_call_whole(f->r, tool, v);
    take(f, at, p + 1 + n);
    return true;
}

/* ---- the text ---- */

/* What leads to a call is no text: the word that it is part of, and the marks before it, in the
 * same line and in lines of their own. Returns what stays of the n bytes before it. */
static size_t without_mark(const char *s, size_t n)
{
    while (n > 0 && !isspace((unsigned char)s[n - 1]))
        n--;
    for (;;) {
        while (n > 0 && isspace((unsigned char)s[n - 1]))
            n--;
        size_t word = n;
        while (word > 0 && !isspace((unsigned char)s[word - 1]))
            word--;
        if (word == n || !strchr("<`", s[word]))
            return n;
        n = word;
    }
}

bool llm_calls_unmarked(const char *text, struct llm_reply *r, size_t *ret_rest)
{
    struct found f = {.r = r, .from = text};
    size_t tries = 0;

    for (const char *p = text; *p && tries < MAX_TRIES;) {
        size_t n = strchr("{[", *p) ? kta_json_span(p) : 0;
        tries += strchr("{[(", *p) != NULL;
        if ((n > 0 && take_json(&f, p, n)) || (*p == '(' && take_python(&f, p)))
            p = f.from;
        else
            p++;
    }
    if (f.first)
        *ret_rest = without_mark(text, (size_t)(f.first - text));
    return f.n > 0;
}
