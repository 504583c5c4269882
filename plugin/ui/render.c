/*
 * render.c - Markdown for a terminal: what a line is, and where its words go.
 *
 * Only what helps reading is rendered: headings, lists, quotes, rules, code with a gutter, tables.
 * Invariant: each decision looks at characters that will not change, or waits; so pieces of any
 * size give the same bytes.
 */
#include "render.h"

#include <string.h>

#include "kta/utf8.h"

#define TAB        4
#define RULE_WIDTH 40

enum { UNKNOWN, PARAGRAPH, HEADING, ITEM, QUOTE, CODE, TABLE, FENCE, RULE };

struct sink {
    struct render *r;
    struct kta_str *out;
};

void render_init(struct render *r, bool colour, int width)
{
    memset(r, 0, sizeof *r);
    r->colour = colour;
    r->width = width;
    kta_str_init(&r->raw, 0);
    kta_str_init(&r->text, 0);
    kta_str_init(&r->table, 0);
    kta_str_init(&r->word, 0);
}

void render_release(struct render *r)
{
    kta_str_release(&r->raw);
    kta_str_release(&r->text);
    kta_str_release(&r->table);
    kta_str_release(&r->word);
}

/* ---- words ---- */

static void blanks(int n, struct kta_str *out)
{
    kta_str_addf(out, "%*s", n > 0 ? n : 0, "");
}

static void set_style(struct render *r, int style, struct kta_str *to)
{
    if (!r->colour)
        return;
    style_change(r->style, style, to);
    r->style = style;
}

static void write_spaces(struct render *r, struct kta_str *out)
{
    blanks(r->spaces, out);
    r->column += r->spaces;
    r->spaces = 0;
}

/* The held word goes out: here, or on a line of its own. */
static void release_word(struct render *r, bool breaks, struct kta_str *out)
{
    if (breaks) {
        r->spaces = 0;
        kta_str_addc(out, '\n');
        blanks(r->indent, out);
        r->column = r->indent;
    }
    write_spaces(r, out);
    kta_str_addn(out, r->word.s, r->word.len);
    r->column += r->word_width;
    kta_str_clear(&r->word);
    r->word_width = 0;
    r->held = false;
}

static void end_word(struct render *r, struct kta_str *out)
{
    if (r->held)
        release_word(r, false, out);
    r->in_word = false;
}

static void begin_word(struct render *r, int width, struct kta_str *out)
{
    int at = r->column + r->spaces;

    r->in_word = r->started = true;
    if (r->width > 0 && at > r->indent && at + width > r->width)
        release_word(r, true, out);
    r->held = r->width > 0 && r->column > r->indent;
    if (!r->held)
        write_spaces(r, out);
}

static void put(void *ctx, const struct glyph *g)
{
    struct sink *k = ctx;
    struct render *r = k->r;
    int style = g->style | r->base;

    /* a command in `code` is one word: broken by us, it could not be copied */
    if ((g->s[0] == ' ' || g->s[0] == '\t') && !(style & STYLE_CODE)) {
        if (!r->started)
            return; /* begin_line() skips those that it sees: these only came in a later piece */
        end_word(r, k->out);
        set_style(r, style, k->out);
        r->spaces++;
        return;
    }
    if (g->width == 2)
        end_word(r, k->out); /* scripts of wide characters have no blanks: each is a word */
    if (!r->in_word)
        begin_word(r, g->width, k->out);
    struct kta_str *to = r->held ? &r->word : k->out;
    set_style(r, style, to);
    kta_str_addn(to, g->s, g->n);
    if (r->held) {
        r->word_width += g->width;
        if (r->column + r->spaces + r->word_width > r->width)
            release_word(r, true, k->out);
    } else {
        r->column += g->width;
        if (r->width > 0 && r->column > r->width)
            r->column -= r->width; /* the terminal itself breaks what is longer than a line */
    }
    if (g->width == 2)
        end_word(r, k->out);
}

/* ---- what the line is ---- */

static size_t run_of(const char *s, const char *of)
{
    return strspn(s, of);
}

static bool only(const char *s, char c)
{
    char of[] = {c, ' ', '\t', '\0'};
    return s[strspn(s, of)] == '\0';
}

/* In a code block: its end, or another line of it. */
static int kind_in_fence(const struct render *r, const char *s, bool end)
{
    char mark[] = {r->fence, '\0'};
    size_t blank = strspn(s, " \t"), run = strspn(s + blank, mark);
    const char *rest = s + blank + run;

    if (*rest && (run < r->fence_length || !only(rest, ' ')))
        return CODE;
    if (!end)
        return UNKNOWN;
    return run >= r->fence_length ? FENCE : CODE;
}

static int kind_of_marks(const char *s, bool end)
{
    size_t run = run_of(s, (char[]){s[0], '\0'});

    if (s[0] == '|')
        return TABLE;
    if (s[0] == '`' || s[0] == '~') {
        if (!end && (!s[run] || run >= 3))
            return UNKNOWN;
        return run >= 3 && !strchr(s + run, '`') ? FENCE : PARAGRAPH;
    }
    if (s[0] == '#') {
        if (!s[run] && !end)
            return UNKNOWN;
        return run <= 6 && s[run] == ' ' ? HEADING : PARAGRAPH;
    }
    if (s[0] == '>')
        return s[1] || end ? QUOTE : UNKNOWN;
    /* - * + _ */
    if (only(s, s[0]) && !end)
        return UNKNOWN;
    if (only(s, s[0]) && s[0] != '+' && run >= 3)
        return RULE;
    return s[0] != '_' && (s[1] == ' ' || s[1] == '\t') ? ITEM : PARAGRAPH;
}

static int kind_of(const struct render *r, bool end)
{
    const char *s = r->text.s;

    if (r->fence)
        return kind_in_fence(r, s, end);
    s += strspn(s, " \t");
    if (!*s)
        return end ? PARAGRAPH : UNKNOWN;
    if (strchr("|`~#>-*+_", *s))
        return kind_of_marks(s, end);
    size_t digits = strspn(s, "0123456789");
    if (digits == 0 || digits > 9)
        return PARAGRAPH;
    if (!end && (!s[digits] || (strchr(".)", s[digits]) && !s[digits + 1])))
        return UNKNOWN;
    return s[digits] && strchr(".)", s[digits]) && s[digits + 1] == ' ' ? ITEM : PARAGRAPH;
}

/* ---- lines ---- */

static int columns_of(const char *s, size_t n)
{
    int columns = 0;

    for (size_t i = 0; i < n; i++)
        columns += s[i] == '\t' ? TAB : 1;
    return columns;
}

/* What stands before the words; r->done then is where they begin. */
static void begin_line(struct render *r, struct kta_str *out)
{
    const char *s = r->text.s;
    size_t blank = strspn(s, " \t"), mark = 0;
    int indent = columns_of(s, blank);

    r->base = 0;
    if (r->width > 0 && indent > r->width / 2)
        indent = r->width / 2;
    s += blank;
    blanks(*s ? indent : 0, out);
    switch (r->kind) {
    case HEADING:
        mark = run_of(s, "#");
        r->base = STYLE_BOLD;
        break;
    case QUOTE:
        mark = 1;
        kta_str_add(out, r->colour ? "\033[2m│\033[0m " : "> ");
        indent += 2;
        break;
    case ITEM:
        mark = strcspn(s, " \t");
        if (r->colour && mark == 1)
            kta_str_add(out, "•");
        else
            kta_str_addn(out, s, mark);
        kta_str_addc(out, ' ');
        indent += (int)mark + 1;
        break;
    default:
        break;
    }
    r->column = r->indent = indent;
    r->done = blank + mark + strspn(s + mark, " \t");
}

static void begin_code(struct render *r, struct kta_str *out)
{
    size_t blank = strspn(r->text.s, " ");

    kta_str_add(out, r->colour ? "\033[2m│\033[0m  " : "  ");
    r->done = blank < r->fence_indent ? blank : r->fence_indent;
}

static void flush_table(struct render *r, struct kta_str *out)
{
    if (r->table.len == 0)
        return;
    table_render(r->table.s, r->colour, r->width, out);
    kta_str_clear(&r->table);
}

static void take_fence(struct render *r)
{
    const char *s = r->text.s + strspn(r->text.s, " \t");

    if (r->fence) {
        r->fence = 0;
        return;
    }
    r->fence = s[0];
    r->fence_length = run_of(s, (char[]){s[0], '\0'});
    r->fence_indent = (size_t)(s - r->text.s);
}

/* Writes what can be written of the line so far. */
static void advance(struct render *r, bool end, struct kta_str *out)
{
    struct sink k = {.r = r, .out = out};

    if (r->kind == UNKNOWN) {
        r->kind = kind_of(r, end);
        if (r->kind == UNKNOWN)
            return;
        if (r->kind != TABLE)
            flush_table(r, out);
        if (r->kind == CODE)
            begin_code(r, out);
        else if (r->kind <= QUOTE)
            begin_line(r, out);
    }
    if (r->kind == CODE) {
        kta_str_addn(out, r->text.s + r->done, r->text.len - r->done);
        r->done = r->text.len;
    }
    while (r->kind <= QUOTE && r->done < r->text.len) {
        size_t n = inline_step(r->text.s + r->done, r->text.len - r->done, end, 0, put, &k);
        if (n == 0)
            return;
        r->done += n;
    }
}

static void end_line(struct render *r, struct kta_str *out)
{
    kta_clean(r->raw.s, r->raw.len, &r->text);
    advance(r, true, out);
    switch (r->kind) {
    case TABLE:
        kta_str_addn(&r->table, r->text.s, r->text.len);
        kta_str_addc(&r->table, '\n');
        break;
    case FENCE:
        take_fence(r);
        break;
    case RULE:
        if (r->colour) {
            kta_str_add(out, "\033[2m");
            for (int i = 0; i < RULE_WIDTH && (r->width <= 0 || i < r->width); i++)
                kta_str_add(out, "─");
            kta_str_add(out, "\033[0m\n");
        } else {
            kta_str_addf(out, "%s\n", r->text.s);
        }
        break;
    default:
        end_word(r, out);
        set_style(r, 0, out);
        kta_str_addc(out, '\n');
        break;
    }
    kta_str_clear(&r->raw);
    kta_str_clear(&r->text);
    r->done = 0;
    r->kind = UNKNOWN;
    r->base = r->column = r->indent = r->spaces = 0;
    r->started = false;
}

/* The beginning of s that can be cleaned by itself: up to an escape (it may go on in the next
 * piece) or half a character. */
static size_t whole(const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)s[i];
        size_t need = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
        uint32_t cp;
        if (c == 0x1B || i + need > n)
            return i;
        size_t len = kta_utf8_decode(s + i, n - i, &cp);
        if (cp >= 0x80 && cp < 0xA0)
            return i;
        i += len;
    }
    return n;
}

void render_feed(struct render *r, const char *p, size_t n, struct kta_str *out)
{
    while (n > 0) {
        const char *nl = memchr(p, '\n', n);
        size_t len = nl ? (size_t)(nl - p) : n;
        kta_str_addn(&r->raw, p, len);
        if (nl) {
            end_line(r, out);
            len++;
        } else {
            size_t ready = whole(r->raw.s, r->raw.len);
            if (ready > 0) {
                kta_clean(r->raw.s, ready, &r->text);
                memmove(r->raw.s, r->raw.s + ready, r->raw.len - ready);
                kta_str_truncate(&r->raw, r->raw.len - ready);
            }
            advance(r, false, out);
        }
        p += len;
        n -= len;
    }
}

void render_end(struct render *r, struct kta_str *out)
{
    if (r->raw.len + r->text.len > 0)
        end_line(r, out);
    flush_table(r, out);
    r->fence = 0;
}
