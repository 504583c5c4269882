/*
 * scan.c - the rules on a piece of text, in one pass.
 *
 * An automaton over all literals walks the text; where one ends, the part that owns it looks
 * around. Text without a literal costs one table step a byte. A piece that is not the last is
 * settled up to the last line break, or further back where a part holds; a line that never ends is
 * settled up to MARGIN before its end.
 */
#include "scanner.h"
#include <ctype.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/re.h"
#include "literals.h"
#include "rules.h"

enum {
    DEFAULT_REACH = 512,
    LOOK_BEHIND = 64, /* bytes before a match that a pattern may look at */
    MARGIN = 96 << 10,
    MAX_RULES = 512
};

void kta_hide(struct scanner *sc, size_t from, size_t start, size_t end, const char *why)
{
    size_t n = sc->out->n;
    kta_spans_add(sc->out, start, end, why);
    if (sc->out->n > n)
        sc->out->v[n].from = from < start ? from : start;
}

void kta_hold(struct scanner *sc, size_t at)
{
    if (at < sc->hold)
        sc->hold = at;
}

/* ---- rules of the table ---- */

/* Compiled at first use and kept: there are no threads, and most runs need few of them. A match
 * begins at the literal or at most `back` before it: nothing is looked for behind that. */
static const struct kta_re *compiled(size_t rule)
{
    static struct kta_re *re[MAX_RULES];
    if (!re[rule]) {
        kta_auto_free char *anchored = kta_asprintf("\\G(?:%s)", kta_rule(rule)->pattern);
        re[rule] = kta_rule(rule)->back ? kta_re_must(kta_rule(rule)->pattern, KTA_RE_UNTIL)
                                        : kta_re_must(anchored, KTA_RE_UNTIL);
    }
    return re[rule];
}

static bool masked(const char *v, size_t n)
{
    while (n && *v == '*')
        v++, n--;
    return !n;
}

void kta_scan_rule(struct scanner *sc, size_t rule, size_t at, size_t end)
{
    const struct kta_rule *row = kta_rule(rule);
    size_t reach = row->reach ? (size_t)row->reach : DEFAULT_REACH;
    size_t from = at > (size_t)row->back ? at - (size_t)row->back : 0;
    size_t low = from > LOOK_BEHIND ? from - LOOK_BEHIND : 0;
    size_t high = sc->n - end > reach ? end + reach : sc->n;
    struct kta_match m;
    bool found;
    size_t start = from - low;
    /* what is before the literal may hold another match */
    while (
        (found = kta_re_find_until(compiled(rule), sc->s + low, high - low, start, at - low, &m)) &&
        low + m.end[0] < end && m.end[0] > start)
        start = m.end[0];
    if (!found) {
        /* a pattern that goes on over a line break may match once the next line is there, or
         * several, where the row says how far it reaches */
        if (!sc->last && (at >= sc->waiting || row->reach) && high == sc->n &&
            strstr(row->pattern, "\\s"))
            kta_hold(sc, kta_line_start(sc, at));
        return;
    }
    int g = row->group;
    while (g > 0 && g + 1 < m.n && m.start[g] == (size_t)-1) /* alternatives have a group each */
        g++;
    if (low + m.start[0] > at || low + m.end[0] < end || m.start[g] == (size_t)-1 ||
        masked(sc->s + low + m.start[g], m.end[g] - m.start[g]))
        return;
    kta_hide(sc, low + m.start[0], low + m.start[g], low + m.end[g], row->name);
    if (high == sc->n && m.end[0] == high - low && !sc->last)
        kta_hold(sc, low + m.start[0]);
}

/* ---- the walk ---- */

static bool boundary_before(const struct scanner *sc, size_t at)
{
    return !at || !isalnum((unsigned char)sc->s[at - 1]) ||
           (at > 1 && (sc->s[at - 2] == '\\' || sc->s[at - 2] == '%' ||
                       (at > 2 && sc->s[at - 3] == '%') || (at > 4 && sc->s[at - 5] == 'u')));
}

static bool spelled(const struct scanner *sc, size_t at, const struct kta_literal *l)
{
    for (size_t i = 0; i < l->n; i++)
        if (sc->s[at + i] != (l->text[i] == '^' ? ' ' : l->text[i]))
            return false;
    return true;
}

static void hit(struct scanner *sc, const struct kta_literal *l, size_t end)
{
    size_t at = end - l->n;
    switch ((enum kta_literal_use)l->use) {
    case KTA_USE_RULE:
        if (l->exact && !spelled(sc, at, l))
            return;
        if (l->word && !boundary_before(sc, at))
            return;
        kta_scan_rule(sc, l->at, at, end);
        break;
    case KTA_USE_NAME:
        if (end > sc->name_end)
            kta_scan_name(sc, at, end);
        break;
    case KTA_USE_URI:
        kta_scan_uri(sc, at, end);
        break;
    case KTA_USE_PEM:
        kta_scan_pem(sc, at, end);
        break;
    case KTA_USE_ENCODED:
        if (end > sc->encoded_end && !memcmp(sc->s + at, l->text, l->n))
            kta_scan_encoded(sc, at, end);
        break;
    case KTA_USE_MANIFEST:
        kta_scan_manifest(sc, at, end);
        break;
    case KTA_USE_HEADER:
        kta_scan_header(sc, at, end);
        break;
    case KTA_USE_INSERT:
        kta_scan_insert(sc, at, end);
        break;
    case KTA_USE_TABLE:
        kta_scan_table(sc, at, end);
        break;
    }
}

static void walk(struct scanner *sc)
{
    const struct kta_automaton *a = kta_automaton();
    unsigned state = 0;
    for (size_t i = 0; i < sc->n; i++) {
        state = a->next[state][a->class_of[(unsigned char)sc->s[i]]];
        for (uint32_t h = a->hits[state]; h; h = a->literal[h - 1].next)
            hit(sc, &a->literal[h - 1], i + 1);
    }
}

static void pass(struct scanner *sc)
{
    kta_learned_find(&sc->r->learned, sc->s, sc->n, sc->out);
    kta_columns_go_on(sc);
    walk(sc);
    if (sc->r->mode == KTA_REDACT_STRICT)
        kta_scan_strict(sc);
}

void kta_scan_depth(struct kta_redact *r, const char *s, size_t n, int depth, struct kta_spans *out)
{
    struct kta_columns columns = {0};
    struct scanner sc = {.r = r,
                         .s = s,
                         .n = n,
                         .columns = &columns,
                         .run = &(struct run){0},
                         .last = true,
                         .depth = depth,
                         .out = out,
                         .hold = n};
    pass(&sc);
}

/* Where to cut a line that never ends: before MARGIN, between words. */
static size_t cut_long_line(const char *s, size_t n)
{
    size_t at = n - MARGIN, low = at > 4096 ? at - 4096 : 0;
    for (size_t i = at; i > low; i--)
        if (strchr(" ,\"'\t", s[i - 1]))
            return i;
    return at;
}

/* "- value: x": its name may stand on the next line. */
static bool awaits_name(const char *s, size_t line, size_t end)
{
    while (line < end && strchr(" \t-+{\"'", s[line]))
        line++;
    return end - line > 6 && memcmp(s + line, "value", 5) == 0;
}

size_t kta_scan(struct kta_redact *r, const char *s, size_t n, bool last,
                struct kta_columns *columns, struct kta_spans *out)
{
    const char *newline = memrchr(s, '\n', n);
    size_t lines = newline ? (size_t)(newline - s) + 1 : 0;
    size_t settled = last ? n : n - lines > MARGIN ? cut_long_line(s, n) : lines;
    if (!settled)
        return 0;
    struct scanner sc = {.r = r,
                         .s = s,
                         .n = n,
                         .columns = columns,
                         .run = &(struct run){0},
                         .last = last,
                         .out = out,
                         .hold = settled};
    const char *second = lines > 1 ? memrchr(s, '\n', lines - 1) : NULL;
    sc.waiting = second ? (size_t)(second - s) + 1 : 0;
    if (!last && settled == lines && awaits_name(s, sc.waiting, lines))
        kta_hold(&sc, sc.waiting);
    pass(&sc);
    return last ? n : sc.hold;
}
