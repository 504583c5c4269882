/*
 * render_table.c - a table that fits the width: columns as wide as their cells, the widest ones
 * made narrower until all fit; a cell that is wider than its column goes on in the next line. Where
 * not even that fits, each row becomes a list of "head: cell".
 */
#include <string.h>

#include "kta/alloc.h"
#include "kta/str.h"
#include "kta/utf8.h"
#include "render.h"

#define MAX_COLUMNS 24
#define GAP         3 /* blanks between columns */
#define LEAST       8 /* columns of the screen that a cell needs to be readable */

struct cell {
    char *text; /* Markdown */
    struct glyph *v;
    size_t n, cap;
    int width;   /* in one line */
    size_t next; /* the glyph with which its next line begins */
};

struct row {
    struct cell cell[MAX_COLUMNS];
    size_t n;
};

struct table {
    struct row *v;
    size_t n, cap, columns;
    int width[MAX_COLUMNS];
    bool right[MAX_COLUMNS];
    bool head;
};

static void keep(void *ctx, const struct glyph *g)
{
    struct cell *c = ctx;

    KTA_GROW(c->v, c->n, c->cap);
    c->v[c->n++] = *g;
    c->width += g->width;
}

static void add_cell(struct row *row, const char *s, size_t n, int style)
{
    struct kta_str text = KTA_STR_INIT;
    struct cell *c = &row->cell[row->n++];

    kta_str_addn(&text, s, n);
    kta_str_trim(&text);
    n = text.len;
    *c = (struct cell){.text = kta_str_detach(&text)};
    for (size_t i = 0; i < n;)
        i += inline_step(c->text + i, n - i, true, style, keep, c);
}

/* Pipes that are escaped or in `code` are no ends of a cell. */
static size_t cell_end(const char *s, size_t i, size_t n)
{
    bool code = false;

    for (; i < n && (s[i] != '|' || code); i++) {
        if (s[i] == '\\' && i + 1 < n)
            i++;
        else if (s[i] == '`')
            code = code ? false : memchr(s + i + 1, '`', n - i - 1) != NULL;
    }
    return i;
}

static void split_row(const char *s, size_t n, struct row *row, int style)
{
    size_t i = strspn(s, " \t");

    i += i < n && s[i] == '|';
    while (i < n && row->n < MAX_COLUMNS) {
        size_t end = cell_end(s, i, n);
        if (end >= n && strspn(s + i, " \t\r") >= n - i)
            return;
        add_cell(row, s + i, (end < n ? end : n) - i, style);
        i = end + 1;
    }
}

static void release_row(struct row *row)
{
    for (size_t i = 0; i < row->n; i++) {
        free(row->cell[i].text);
        free(row->cell[i].v);
    }
}

static bool is_rule(const struct row *row)
{
    for (size_t i = 0; i < row->n; i++)
        if (!strchr(row->cell[i].text, '-') ||
            strspn(row->cell[i].text, "-: ") != strlen(row->cell[i].text))
            return false;
    return row->n > 0;
}

static void read_rows(const char *lines, struct table *t)
{
    for (const char *p = lines; *p;) {
        size_t len = strcspn(p, "\n");
        const char *next = p + len + (p[len] == '\n');
        struct row row = {.n = 0};
        split_row(p, len, &row, 0);
        if (is_rule(&row)) {
            t->head = t->head || t->n == 1;
            for (size_t i = 0; i < row.n; i++)
                t->right[i] = kta_ends(row.cell[i].text, ":") && row.cell[i].text[0] != ':';
            release_row(&row);
        } else {
            KTA_GROW(t->v, t->n, t->cap);
            t->v[t->n++] = row;
        }
        p = next;
    }
    for (size_t r = 0; r < t->n; r++) {
        t->columns = t->v[r].n > t->columns ? t->v[r].n : t->columns;
        for (size_t i = 0; i < t->v[r].n; i++) {
            struct cell *c = &t->v[r].cell[i];
            t->width[i] = c->width > t->width[i] ? c->width : t->width[i];
            for (size_t g = 0; r == 0 && t->head && g < c->n; g++)
                c->v[g].style |= STYLE_BOLD;
        }
    }
}

/* Takes from the widest columns. False: it cannot fit. */
static bool fit(struct table *t, int width)
{
    int all = 0;

    for (size_t i = 0; i < t->columns; i++)
        all += t->width[i] + (i ? GAP : 0);
    while (width > 0 && all > width) {
        size_t widest = 0;
        for (size_t i = 1; i < t->columns; i++)
            if (t->width[i] > t->width[widest])
                widest = i;
        if (t->width[widest] <= LEAST)
            return false;
        t->width[widest]--;
        all--;
    }
    return true;
}

/* How many glyphs of c from c->next fit into width, ended between words where there are any. */
static size_t line_of(const struct cell *c, int width, int *ret_width)
{
    size_t i = c->next, word = 0;
    int w = 0, word_w = 0;

    for (; i < c->n && w + c->v[i].width <= width; i++) {
        if (c->v[i].s[0] == ' ' && i > c->next) {
            word = i;
            word_w = w;
        }
        w += c->v[i].width;
    }
    if (i < c->n && word > 0 && c->v[i].s[0] != ' ') {
        i = word;
        w = word_w;
    }
    if (i == c->next && i < c->n) { /* a wide character in a column of one */
        w = c->v[i].width;
        i++;
    }
    *ret_width = w;
    return i - c->next;
}

static void put_glyphs(const struct cell *c, size_t n, bool colour, struct kta_str *out)
{
    int style = 0;

    for (size_t i = c->next; i < c->next + n; i++) {
        if (colour) {
            style_change(style, c->v[i].style, out);
            style = c->v[i].style;
        }
        if (c->v[i].s[0] == '\t')
            kta_str_addc(out, ' ');
        else
            kta_str_addn(out, c->v[i].s, c->v[i].n);
    }
    style_change(style, 0, out);
}

static void pad(int n, struct kta_str *out)
{
    kta_str_addf(out, "%*s", n > 0 ? n : 0, "");
}

/* One line of the screen; false: the row is at its end. */
static bool row_line(const struct table *t, struct row *row, bool colour, struct kta_str *out)
{
    bool more = false;
    int owed = 0; /* blanks that are written only when a cell follows them */

    for (size_t i = 0; i < row->n; i++) {
        struct cell *c = &row->cell[i];
        int w = 0;
        size_t n = line_of(c, t->width[i], &w);
        int room = t->width[i] - w;
        if (n > 0) {
            pad(owed + (t->right[i] ? room : 0), out);
            owed = 0;
            put_glyphs(c, n, colour, out);
            room = t->right[i] ? 0 : room;
        }
        owed += room + GAP;
        c->next += n;
        while (c->next < c->n && c->v[c->next].s[0] == ' ')
            c->next++;
        more = more || c->next < c->n;
    }
    kta_str_addc(out, '\n');
    return more;
}

/* The next line of c, at most so wide; the blank at its end is left out. */
static void put_line(struct cell *c, int width, bool colour, struct kta_str *out)
{
    int w;
    size_t n = line_of(c, width, &w);

    put_glyphs(c, n, colour, out);
    c->next += n;
    while (c->next < c->n && c->v[c->next].s[0] == ' ')
        c->next++;
}

/* "head: cell", over as many lines as it needs. */
static void record(const struct cell *head, const struct cell *value, int width, bool colour,
                   struct kta_str *out)
{
    static const struct glyph colon[] = {{":", 1, 1, 0}, {" ", 1, 1, 0}};
    struct cell whole = {.text = NULL};

    for (size_t i = 0; head && i < head->n; i++)
        keep(&whole, &head->v[i]);
    for (size_t i = 0; head && i < KTA_LEN(colon); i++)
        keep(&whole, &colon[i]);
    for (size_t i = 0; i < value->n; i++)
        keep(&whole, &value->v[i]);
    do {
        put_line(&whole, width, colour, out);
        kta_str_addc(out, '\n');
    } while (whole.next < whole.n);
    free(whole.v);
}

static void as_records(struct table *t, int width, bool colour, struct kta_str *out)
{
    bool named = t->head && t->n > 1;

    for (size_t r = named ? 1 : 0; r < t->n; r++) {
        for (size_t i = 0; i < t->v[r].n; i++)
            record(named && i < t->v[0].n ? &t->v[0].cell[i] : NULL, &t->v[r].cell[i], width,
                   colour, out);
        if (r + 1 < t->n)
            kta_str_addc(out, '\n');
    }
}

void table_render(const char *lines, bool colour, int width, struct kta_str *out)
{
    struct table t = {.n = 0};

    read_rows(lines, &t);
    if (!fit(&t, width))
        as_records(&t, width, colour, out);
    else
        for (size_t r = 0; r < t.n; r++)
            while (row_line(&t, &t.v[r], colour, out))
                continue;
    for (size_t r = 0; r < t.n; r++)
        release_row(&t.v[r]);
    free(t.v);
}
