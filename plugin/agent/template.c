/* template.c - the part of Go's text/template that prompt templates use. */
#include "template.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "kta/alloc.h"

#define MAX_DEPTH 32 /* blocks in blocks; from a deeper one on all is text */

/* An action: from {{ to }}, and what stands in it without blanks and trimming marks. */
struct action {
    const char *begin, *end, *s;
    size_t n;
    bool trims_before, trims_after;
};

struct block {
    bool ours;   /* an if of a known field; else its else and end are text, too */
    bool around; /* is what is around it shown? */
    bool taken;  /* one of its branches was */
};

struct state {
    const struct template_field *fields;
    size_t n_fields, depth;
    struct block blocks[MAX_DEPTH];
    bool shows;
    struct kta_str *out;
};

static bool find_action(const char *p, struct action *a)
{
    const char *close;

    a->begin = strstr(p, "{{");
    close = a->begin ? strstr(a->begin + 2, "}}") : NULL;
    if (!close)
        return false;
    a->end = close + 2;
    a->s = a->begin + 2;
    a->trims_before = a->s[0] == '-' && isspace((unsigned char)a->s[1]);
    a->trims_after = close - a->s > 1 && close[-1] == '-' && isspace((unsigned char)close[-2]);
    a->s += a->trims_before;
    close -= a->trims_after;
    while (a->s < close && isspace((unsigned char)*a->s))
        a->s++;
    while (close > a->s && isspace((unsigned char)close[-1]))
        close--;
    a->n = (size_t)(close - a->s);
    return true;
}

static bool begins(const struct action *a, const char *word)
{
    size_t n = strlen(word);

    return a->n >= n && !strncmp(a->s, word, n) && (a->n == n || isspace((unsigned char)a->s[n]));
}

/* ".Name" as the whole of s. */
static const struct template_field *field_of(const struct state *t, const char *s, size_t n)
{
    for (size_t i = 0; n > 1 && *s == '.' && i < t->n_fields; i++)
        if (strlen(t->fields[i].name) == n - 1 && !strncmp(t->fields[i].name, s + 1, n - 1))
            return &t->fields[i];
    return NULL;
}

/* "if .Name" or "if not .Name", after `skip` bytes. False: neither. */
static bool condition(const struct state *t, const struct action *a, size_t skip, bool *ret)
{
    const char *s = a->s + skip, *end = a->s + a->n;
    bool negated;

    while (s < end && isspace((unsigned char)*s))
        s++;
    negated = end - s > 4 && !strncmp(s, "not ", 4);
    s += negated ? 4 : 0;
    while (s < end && isspace((unsigned char)*s))
        s++;
    const struct template_field *f = field_of(t, s, (size_t)(end - s));
    if (f)
        *ret = (f->value != NULL) != negated;
    return f != NULL;
}

static bool opens(const struct action *a)
{
    static const char *const words[] = {"if", "range", "with", "define", "block"};

    for (size_t i = 0; i < KTA_LEN(words); i++)
        if (begins(a, words[i]))
            return true;
    return false;
}

static bool open_block(struct state *t, const struct action *a)
{
    bool holds = false, ours = begins(a, "if") && condition(t, a, 2, &holds);

    t->blocks[t->depth++] = (struct block){ours, t->shows, ours && holds};
    if (ours)
        t->shows = t->shows && holds;
    return ours;
}

static bool next_branch(struct state *t, const struct action *a)
{
    struct block *b = &t->blocks[t->depth - 1];
    bool holds = true;

    if (!b->ours || (a->n > 4 && !(a->n > 8 && condition(t, a, 8, &holds)))) /* "else if " */
        return false;
    t->shows = b->around && !b->taken && holds;
    b->taken |= holds;
    return true;
}

/* Carries it out; false: it is text. */
static bool carry_out(struct state *t, const struct action *a)
{
    const struct template_field *f = field_of(t, a->s, a->n);

    if (f) {
        if (t->shows)
            kta_str_add(t->out, kta_or(f->value, ""));
        return true;
    }
    if (a->n >= 4 && !strncmp(a->s, "/*", 2) && !strncmp(a->s + a->n - 2, "*/", 2))
        return true;
    if (a->n >= 2 && (*a->s == '"' || *a->s == '`') && !memchr(a->s, '\\', a->n) &&
        memchr(a->s + 1, *a->s, a->n - 1) == a->s + a->n - 1) {
        if (t->shows)
            kta_str_addn(t->out, a->s + 1, a->n - 2);
        return true;
    }
    if (opens(a))
        return open_block(t, a);
    if (begins(a, "else") && t->depth)
        return next_branch(t, a);
    if (begins(a, "end") && t->depth) {
        const struct block *b = &t->blocks[--t->depth];
        t->shows = b->around;
        return b->ours;
    }
    return false;
}

/* The action and the text before it. Returns where the text goes on. */
static const char *step(struct state *t, const char *p, const struct action *a, struct kta_str *out)
{
    kta_auto_str struct kta_str made = KTA_STR_INIT;
    const char *end = a->begin, *next = a->end;
    bool shown = t->shows;

    t->out = &made;
    bool done = carry_out(t, a);
    while (done && a->trims_before && end > p && isspace((unsigned char)end[-1]))
        end--;
    while (done && a->trims_after && isspace((unsigned char)*next))
        next++;
    if (shown)
        kta_str_addn(out, p, (size_t)((done ? end : a->end) - p));
    kta_str_addn(out, made.s, made.len);
    return next;
}

void template_render(const char *text, const struct template_field *fields, size_t n,
                     struct kta_str *out)
{
    struct state t = {.fields = fields, .n_fields = n, .shows = true};
    struct action a;

    while (t.depth < MAX_DEPTH && find_action(text, &a))
        text = step(&t, text, &a, out);
    if (t.shows)
        kta_str_add(out, text);
}
