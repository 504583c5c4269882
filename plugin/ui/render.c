/*
 * render.c - Markdown for a terminal, a line at a time.
 *
 * Only what helps reading is rendered: headings, bold, code, fences with a gutter, aligned tables.
 */
#include "render.h"

#include <string.h>

#include "kta/alloc.h"
#include "kta/utf8.h"

#define BOLD  "\033[1m"
#define CODE  "\033[36m"
#define DIM   "\033[2m"
#define PLAIN "\033[0m"

#define MAX_COLUMNS 24

void render_init(struct render *r, bool colour)
{
    memset(r, 0, sizeof *r);
    r->colour = colour;
    kta_str_init(&r->line, 0);
    kta_str_init(&r->table, 0);
}

void render_release(struct render *r)
{
    kta_str_release(&r->line);
    kta_str_release(&r->table);
}

/* **bold** and `code` within a line; marks without a partner stay as they are. */
static void inline_text(const struct render *r, const char *s, size_t n, struct kta_str *out)
{
    for (size_t i = 0; i < n;) {
        const char *close = NULL;
        if (s[i] == '`')
            close = memchr(s + i + 1, '`', n - i - 1);
        else if (s[i] == '*' && i + 1 < n && s[i + 1] == '*' && n > i + 4)
            close = memmem(s + i + 2, n - i - 2, "**", 2);
        if (!close || close == s + i + 1) {
            kta_str_addc(out, s[i++]);
            continue;
        }
        size_t mark = s[i] == '`' ? 1 : 2, from = i + mark, to = (size_t)(close - s);
        kta_str_add(out, !r->colour ? "" : mark == 1 ? CODE : BOLD);
        kta_str_addn(out, s + from, to - from);
        kta_str_add(out, r->colour ? PLAIN : "");
        i = to + mark;
    }
}

/* ---- tables ---- */

struct table {
    char *cell[MAX_COLUMNS];
    size_t n;
};

static void split_row(const char *s, size_t n, struct table *row)
{
    row->n = 0;
    size_t i = n > 0 && s[0] == '|' ? 1 : 0;
    while (i < n && row->n < MAX_COLUMNS) {
        size_t end = i;
        while (end < n && s[end] != '|')
            end++;
        if (end == n && strspn(s + i, " \t\r") >= n - i)
            return;
        struct kta_str cell = KTA_STR_INIT;
        kta_str_addn(&cell, s + i, end - i);
        kta_str_trim(&cell);
        row->cell[row->n++] = kta_str_detach(&cell);
        i = end + 1;
    }
}

static bool is_rule(const struct table *row)
{
    for (size_t i = 0; i < row->n; i++)
        if (strspn(row->cell[i], "-: ") != strlen(row->cell[i]))
            return false;
    return row->n > 0;
}

static void row_text(const struct render *r, const struct table *row, const int *width, bool head,
                     struct kta_str *out)
{
    for (size_t i = 0; i < row->n; i++) {
        int w = kta_str_width(row->cell[i], strlen(row->cell[i]));
        kta_str_add(out, head && r->colour ? BOLD : "");
        kta_str_add(out, row->cell[i]);
        kta_str_add(out, head && r->colour ? PLAIN : "");
        if (i + 1 < row->n)
            kta_str_addf(out, "%*s", width[i] - w + 3, "");
    }
    kta_str_addc(out, '\n');
}

static void flush_table(struct render *r, struct kta_str *out)
{
    int width[MAX_COLUMNS] = {0};
    size_t n = 0, cap = 0;
    struct table *rows = NULL;

    if (r->table.len == 0)
        return;
    for (const char *p = r->table.s; *p;) {
        size_t len = strcspn(p, "\n");
        KTA_GROW(rows, n, cap);
        split_row(p, len, &rows[n]);
        if (!is_rule(&rows[n]))
            for (size_t i = 0; i < rows[n].n; i++) {
                int w = kta_str_width(rows[n].cell[i], strlen(rows[n].cell[i]));
                width[i] = w > width[i] ? w : width[i];
            }
        n++;
        p += len + (p[len] == '\n');
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_rule(&rows[i]))
            row_text(r, &rows[i], width, i == 0 && n > 1 && is_rule(&rows[1]), out);
        for (size_t j = 0; j < rows[i].n; j++)
            free(rows[i].cell[j]);
    }
    free(rows);
    kta_str_clear(&r->table);
}

/* ---- lines ---- */

static void one_line(struct render *r, struct kta_str *out)
{
    const char *s = r->line.s;
    size_t n = r->line.len;

    if (!r->fence && s[0] == '|') {
        kta_str_addn(&r->table, s, n);
        kta_str_addc(&r->table, '\n');
        return;
    }
    flush_table(r, out);
    if (kta_starts(s, "```")) {
        r->fence = !r->fence;
        return;
    }
    if (r->fence) {
        kta_str_addf(out, "%s  %s", r->colour ? DIM "│" PLAIN : "", "");
        kta_str_addn(out, s, n);
    } else if (s[0] == '#' && strspn(s, "#") <= 6 && s[strspn(s, "#")] == ' ') {
        kta_str_add(out, r->colour ? BOLD : "");
        kta_str_add(out, s + strspn(s, "# "));
        kta_str_add(out, r->colour ? PLAIN : "");
    } else {
        inline_text(r, s, n, out);
    }
    kta_str_addc(out, '\n');
}

static void take_line(struct render *r, struct kta_str *out)
{
    kta_auto_str struct kta_str clean = KTA_STR_INIT;

    kta_clean(r->line.s, r->line.len, &clean);
    kta_str_clear(&r->line);
    kta_str_addn(&r->line, clean.s, clean.len);
    one_line(r, out);
    kta_str_clear(&r->line);
}

void render_feed(struct render *r, const char *p, size_t n, struct kta_str *out)
{
    while (n > 0) {
        const char *nl = memchr(p, '\n', n);
        size_t len = nl ? (size_t)(nl - p) : n;
        kta_str_addn(&r->line, p, len);
        if (!nl)
            return;
        take_line(r, out);
        p += len + 1;
        n -= len + 1;
    }
}

void render_end(struct render *r, struct kta_str *out)
{
    if (r->line.len > 0)
        take_line(r, out);
    flush_table(r, out);
    r->fence = false;
}
