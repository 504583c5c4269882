/*
 * diff.c - unified diff of two texts, line by line.
 *
 * Myers' greedy algorithm on line numbers (equal lines share one), with the common beginning and
 * end taken off first. Memory is bounded: the search keeps one row of the frontier per edit and
 * gives up at MAX_EDITS, where the rest is shown as one replaced block.
 */
#include "kta/diff.h"
#include "kta/alloc.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_LINES = 20000,
    MAX_EDITS = 2000, /* sum of rows: 2000 * 2001 * 4 bytes = 16 MB at worst */
};

struct line {
    const char *s;
    size_t n;
    bool newline; /* the last line of a text may lack one */
};

struct text {
    struct line *line;
    size_t n, cap;
};

static void split(const char *s, struct text *t)
{
    while (*s) {
        size_t n = strcspn(s, "\n");
        KTA_GROW(t->line, t->n, t->cap);
        t->line[t->n++] = (struct line){.s = s, .n = n, .newline = s[n] == '\n'};
        s += n + (s[n] == '\n');
    }
}

static bool same(const struct line *a, const struct line *b)
{
    return a->n == b->n && a->newline == b->newline && !memcmp(a->s, b->s, a->n);
}

/* The part of both texts that differs, and the script: for each line of a whether it is deleted,
 * for each of b whether it is inserted. */
struct script {
    const struct text *a, *b;
    bool *deleted, *inserted;
};

/* One search between a[a0..a1) and b[b0..b1). trace[d] is the frontier after d edits: the furthest
 * x on diagonals -d, -d+2, … d. Returns the number of edits, or -1 when there are too many. */
static int search(const struct script *s, size_t a0, size_t a1, size_t b0, size_t b1,
                  int32_t **trace)
{
    int32_t n = (int32_t)(a1 - a0), m = (int32_t)(b1 - b0);
    for (int d = 0; d <= MAX_EDITS && d <= n + m; d++) {
        trace[d] = kta_malloc((size_t)(d + 1) * sizeof **trace);
        for (int i = 0; i <= d; i++) {
            int k = 2 * i - d;
            int32_t x = 0;
            if (d) {
                const int32_t *p = trace[d - 1];
                bool down = i == 0 || (i != d && p[i - 1] < p[i]);
                x = down ? p[i] : p[i - 1] + 1;
            }
            int32_t y = x - k;
            while (x < n && y < m && x >= 0 && y >= 0 &&
                   same(&s->a->line[a0 + (size_t)x], &s->b->line[b0 + (size_t)y])) {
                x++;
                y++;
            }
            trace[d][i] = x;
            if (x >= n && y >= m)
                return d;
        }
    }
    return -1;
}

static void backtrack(const struct script *s, size_t a0, size_t b0, int d, int32_t n, int32_t m,
                      int32_t **trace)
{
    int32_t x = n, y = m;
    for (; d > 0; d--) {
        int i = (x - y + d) / 2;
        const int32_t *p = trace[d - 1];
        bool down = i == 0 || (i != d && p[i - 1] < p[i]);
        int32_t from_x = down ? p[i] : p[i - 1];
        int32_t from_y = from_x - (x - y) + (down ? -1 : 1);
        if (down)
            s->inserted[b0 + (size_t)from_y] = true;
        else
            s->deleted[a0 + (size_t)from_x] = true;
        x = from_x;
        y = from_y;
    }
}

static void compare(const struct script *s)
{
    size_t a0 = 0, b0 = 0, a1 = s->a->n, b1 = s->b->n;
    while (a0 < a1 && b0 < b1 && same(&s->a->line[a0], &s->b->line[b0])) {
        a0++;
        b0++;
    }
    while (a0 < a1 && b0 < b1 && same(&s->a->line[a1 - 1], &s->b->line[b1 - 1])) {
        a1--;
        b1--;
    }
    int32_t **trace = NULL;
    int d = -1;
    if (s->a->n <= MAX_LINES && s->b->n <= MAX_LINES) {
        trace = kta_calloc(MAX_EDITS + 1, sizeof *trace);
        d = search(s, a0, a1, b0, b1, trace);
    }
    if (d >= 0) {
        backtrack(s, a0, b0, d, (int32_t)(a1 - a0), (int32_t)(b1 - b0), trace);
    } else {
        memset(s->deleted + a0, true, a1 - a0);
        memset(s->inserted + b0, true, b1 - b0);
    }
    for (int i = 0; trace && i <= MAX_EDITS; i++)
        free(trace[i]);
    free(trace);
}

static void put(struct kta_str *out, char mark, const struct line *l)
{
    kta_str_addc(out, mark);
    kta_str_addn(out, l->s, l->n);
    kta_str_add(out, l->newline ? "\n" : "\n\\ No newline at end of file\n");
}

/* "12,3", "12" for one line, "11,0" before which nothing is. */
static void put_range(struct kta_str *out, size_t from, size_t n)
{
    kta_str_addf(out, "%zu", n ? from + 1 : from);
    if (n != 1)
        kta_str_addf(out, ",%zu", n);
}

static void put_hunk(const struct script *s, size_t i, size_t i_end, size_t j, size_t j_end,
                     struct kta_str *out)
{
    kta_str_add(out, "@@ -");
    put_range(out, i, i_end - i);
    kta_str_add(out, " +");
    put_range(out, j, j_end - j);
    kta_str_add(out, " @@\n");
    while (i < i_end || j < j_end) {
        if (i < i_end && s->deleted[i]) {
            put(out, '-', &s->a->line[i++]);
        } else if (j < j_end && s->inserted[j]) {
            put(out, '+', &s->b->line[j++]);
        } else {
            put(out, ' ', &s->a->line[i++]);
            j++;
        }
    }
}

/* Walks both texts in step; a hunk begins `context` lines before a change and goes on while the
 * next change is at most twice that far away. */
static void put_hunks(const struct script *s, size_t context, struct kta_str *out)
{
    size_t i = 0, j = 0, an = s->a->n, bn = s->b->n;
    while (i < an || j < bn) {
        if (!(i < an && s->deleted[i]) && !(j < bn && s->inserted[j])) {
            i++;
            j++;
            continue;
        }
        size_t before = context < i ? context : i;
        size_t from_i = i - before, from_j = j - before, quiet = 0;
        while (i < an || j < bn) {
            if (i < an && s->deleted[i]) {
                i++;
                quiet = 0;
            } else if (j < bn && s->inserted[j]) {
                j++;
                quiet = 0;
            } else {
                if (quiet == 2 * context)
                    break;
                quiet++;
                i++;
                j++;
            }
        }
        size_t drop = quiet > context ? quiet - context : 0;
        put_hunk(s, from_i, i - drop, from_j, j - drop, out);
    }
}

void kta_diff(const char *before, const char *after, int context, struct kta_str *out)
{
    if (!strcmp(before, after))
        return;
    struct text a = {0}, b = {0};
    split(before, &a);
    split(after, &b);
    struct script s = {.a = &a,
                       .b = &b,
                       .deleted = kta_calloc(a.n + 1, sizeof(bool)),
                       .inserted = kta_calloc(b.n + 1, sizeof(bool))};
    compare(&s);
    put_hunks(&s, context > 0 ? (size_t)context : 0, out);
    free(s.deleted);
    free(s.inserted);
    free(a.line);
    free(b.line);
}
