/*
 * argv.c - argument vectors, quoting for a shell, and splitting of a line without a shell.
 *
 * Invariant of splitting: what it accepts, a POSIX shell would split into the same arguments and
 * would expand nothing of it. Everything else is refused with a sentence.
 */
#include "kta/argv.h"
#include "kta/alloc.h"
#include "kta/limits.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void kta_argv_release(struct kta_argv *a)
{
    for (size_t i = 0; i < a->n; i++)
        free(a->v[i]);
    free(a->v);
    *a = (struct kta_argv){0};
}

void kta_argv_insert(struct kta_argv *a, size_t at, const char *arg)
{
    char *copy = kta_strdup(arg);
    if (at > a->n)
        at = a->n;
    KTA_GROW(a->v, a->n + 1, a->cap); /* and the NULL */
    memmove(a->v + at + 1, a->v + at, (a->n - at) * sizeof *a->v);
    a->v[at] = copy;
    a->v[++a->n] = NULL;
}

void kta_argv_add(struct kta_argv *a, const char *arg)
{
    kta_argv_insert(a, a->n, arg);
}

void kta_argv_addf(struct kta_argv *a, const char *fmt, ...)
{
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    kta_str_vaddf(&s, fmt, ap);
    va_end(ap);
    kta_argv_add(a, s.s);
}

void kta_argv_copy(struct kta_argv *to, const struct kta_argv *from)
{
    struct kta_argv made = KTA_ARGV_INIT; /* from may be to */
    for (size_t i = 0; i < from->n; i++)
        kta_argv_add(&made, from->v[i]);
    kta_argv_release(to);
    *to = made;
}

void kta_argv_addl(struct kta_argv *a, ...)
{
    va_list ap;
    va_start(ap, a);
    for (const char *s; (s = va_arg(ap, const char *));)
        kta_argv_add(a, s);
    va_end(ap);
}

/* Bytes that no shell gives a meaning to, anywhere in a word ('=' and '~' are not among them at a
 * word's start; see kta_quote_arg). */
static bool plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-_./:=,@%+", c));
}

void kta_quote_arg(const char *arg, struct kta_str *out)
{
    bool bare = *arg && *arg != '='; /* zsh expands =word */
    for (const char *p = arg; *p && bare; p++)
        bare = plain(*p);
    if (bare) {
        kta_str_add(out, arg);
        return;
    }
    kta_str_addc(out, '\'');
    for (const char *p = arg; *p; p++) {
        if (*p == '\'')
            kta_str_add(out, "'\\''");
        else
            kta_str_addc(out, *p);
    }
    kta_str_addc(out, '\'');
}

void kta_argv_quote(const struct kta_argv *a, struct kta_str *out)
{
    for (size_t i = 0; i < a->n; i++) {
        if (i)
            kta_str_addc(out, ' ');
        /* a first word with '=' would be an assignment */
        if (!i && strchr(a->v[i], '=')) {
            kta_auto_str struct kta_str q = KTA_STR_INIT;
            kta_quote_arg(a->v[i], &q);
            if (q.s[0] == '\'')
                kta_str_add(out, q.s);
            else
                kta_str_addf(out, "'%s'", q.s);
        } else {
            kta_quote_arg(a->v[i], out);
        }
    }
}

/* What a shell would make of an unquoted character, for the refusal. */
static const struct meaning {
    const char *text, *what;
} meanings[] = {
    {"<<", "a here-document"},         {"&&", "a list of commands (&&)"},
    {"||", "a list of commands (||)"}, {"$(", "a command substitution"},
    {"`", "a command substitution"},   {"|", "a pipe"},
    {"&", "a background command (&)"}, {";", "a list of commands (;)"},
    {"<", "a redirection (<)"},        {">", "a redirection (>)"},
    {"(", "a subshell or a function"}, {")", "a subshell or a function"},
    {"$", "a variable ($)"},           {"*", "a file name pattern (*)"},
    {"?", "a file name pattern (?)"},  {"\n", "a second line"},
    {"\r", "a second line"},
};

static int refuse(const char *what, struct kta_err *err)
{
    kta_err_set(err, KTA_E_POLICY, "the command holds %s, which only a shell could do", what);
    return kta_err_hint(err, "commands run without a shell: one command, plain arguments, "
                             "special characters quoted");
}

static int check_meaning(const char *p, struct kta_err *err)
{
    for (size_t i = 0; i < KTA_LEN(meanings); i++)
        if (kta_starts(p, meanings[i].text))
            return refuse(meanings[i].what, err);
    return 0;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* '[' begins a pattern and '{' an expansion only if the word closes them; "a[0]" unquoted is a
 * pattern that bash leaves alone only when no file matches, so it is refused too. JSONPath written
 * without quotes ({.items}) has no comma or "..": no shell expands it. */
static int check_brackets(const char *word, struct kta_err *err)
{
    const char *end = word + strcspn(word, " \t\n'\"\\");
    if (*word == '[' && memchr(word, ']', (size_t)(end - word)))
        return refuse("a file name pattern ([…])", err);
    const char *close = *word == '{' ? memchr(word, '}', (size_t)(end - word)) : NULL;
    if (close && (memchr(word, ',', (size_t)(close - word)) ||
                  memmem(word, (size_t)(close - word), "..", 2)))
        return refuse("a brace expansion ({…})", err);
    return 0;
}

/* Reads a double-quoted part; *pp is behind the opening quote and ends behind the closing one. */
static int double_quoted(const char **pp, struct kta_str *word, struct kta_err *err)
{
    const char *p = *pp;
    for (; *p != '"'; p++) {
        if (!*p)
            return kta_err_set(err, KTA_E_POLICY, "the command has a \" that is never closed");
        if (*p == '`')
            return refuse("a command substitution", err);
        if (*p == '$' &&
            (p[1] == '(' || p[1] == '{' || p[1] == '_' || strchr("?$!#@*-", p[1]) ||
             (p[1] >= 'a' && p[1] <= 'z') || (p[1] >= 'A' && p[1] <= 'Z') ||
             (p[1] >= '0' && p[1] <= '9')) &&
            p[1])
            return refuse(p[1] == '(' ? "a command substitution" : "a variable ($)", err);
        if (*p == '\\' && p[1] && strchr("\"\\$`\n", p[1])) {
            p++;
            if (*p == '\n')
                continue;
        }
        kta_str_addc(word, *p);
    }
    *pp = p + 1;
    return 0;
}

static int single_quoted(const char **pp, struct kta_str *word, struct kta_err *err)
{
    const char *end = strchr(*pp, '\'');
    if (!end)
        return kta_err_set(err, KTA_E_POLICY, "the command has a ' that is never closed");
    kta_str_addn(word, *pp, (size_t)(end - *pp));
    *pp = end + 1;
    return 0;
}

/* Is the unquoted start of a word "NAME=" or "NAME+="? */
static bool assignment(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    if (!n || (*s >= '0' && *s <= '9'))
        return false;
    return s[n] == '=' || (s[n] == '+' && s[n + 1] == '=');
}

/* Reads one word at *pp, which is at its first byte. */
static int read_word(const char **pp, struct kta_str *word, struct kta_err *err)
{
    const char *p = *pp;
    if (*p == '~' && (p[1] == '/' || !p[1] || blank(p[1])))
        return refuse("a home folder (~)", err);
    while (*p && !blank(*p)) {
        if (*p == '\\' && p[1] == '\n') {
            p += 2;
        } else if (*p == '\\') {
            if (!p[1])
                return kta_err_set(err, KTA_E_POLICY, "the command ends with a backslash");
            kta_str_addc(word, p[1]);
            p += 2;
        } else if (*p == '\'' || *p == '"') {
            const char *q = p + 1;
            if ((*p == '"' ? double_quoted : single_quoted)(&q, word, err) < 0)
                return -1;
            p = q;
        } else {
            /* a trailing newline is no second line */
            if ((*p == '\n' || *p == '\r') && !p[strspn(p, " \t\r\n")])
                break;
            if (check_meaning(p, err) < 0 || check_brackets(p, err) < 0)
                return -1;
            kta_str_addc(word, *p++);
        }
        if (word->cut)
            return kta_err_set(err, KTA_E_LIMIT, "an argument is longer than %u bytes",
                               KTA_MAX_ARG);
    }
    *pp = p;
    return 0;
}

static int split(const char *p, struct kta_argv *out, struct kta_err *err)
{
    for (;;) {
        while (blank(*p) || (*p == '\\' && p[1] == '\n'))
            p += blank(*p) ? 1 : 2;
        if (!p[strspn(p, " \t\r\n")])
            return 0;
        if (*p == '\n' || *p == '\r') {
            if (!out->n) { /* before the command */
                p++;
                continue;
            }
            return refuse("a second line", err);
        }
        if (*p == '#')
            return refuse("a comment (#)", err);
        if (!out->n && assignment(p))
            return refuse("an assignment before the command", err);
        if (out->n >= KTA_MAX_ARGV)
            return kta_err_set(err, KTA_E_LIMIT, "the command has more than %d arguments",
                               KTA_MAX_ARGV);
        kta_auto_str struct kta_str word = KTA_STR_LIMITED(KTA_MAX_ARG);
        if (read_word(&p, &word, err) < 0)
            return -1;
        kta_argv_add(out, word.s);
    }
}

int kta_argv_split(const char *line, struct kta_argv *out, struct kta_err *err)
{
    struct kta_argv made = KTA_ARGV_INIT;
    if (split(line, &made, err) < 0) {
        kta_argv_release(&made);
        return -1;
    }
    for (size_t i = 0; i < made.n; i++)
        kta_argv_add(out, made.v[i]);
    kta_argv_release(&made);
    return 0;
}

bool kta_argv_equal(const struct kta_argv *a, const struct kta_argv *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!kta_streq(a->v[i], b->v[i]))
            return false;
    return true;
}
