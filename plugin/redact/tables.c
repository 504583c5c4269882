/*
 * tables.c - values below a telling name in tables that do not go by lines: HTML, AsciiDoc, JSON's
 * {"columns": […], "rows": [[…]]}. Such a table is waited for until it ends, within MAX_TABLE.
 */
#include "pair.h"
#include <ctype.h>
#include <string.h>
#include "kta/alloc.h"

enum { MAX_TABLE = 1 << 20, MAX_HEAD = 600 };

/* The table that begins at `from` may go on: it is judged again when more of it is there. */
static void wait_for_end(struct scanner *sc, size_t from)
{
    if (!sc->last && sc->n - from < MAX_TABLE)
        kta_hold(sc, from);
}

/* What decides stands behind the table's first bytes: they wait for it. */
void kta_scan_table(struct scanner *sc, size_t at, size_t end)
{
    size_t head = at;
    if (sc->last || sc->n - at > MAX_HEAD)
        return;
    if (sc->s[at] == '@') { /* of Entity Framework: the statement is two lines below */
        head = kta_line_end(sc, kta_line_end(sc, kta_line_end(sc, end) + 1) + 1);
    } else if (sc->s[at] == '|') {
        if (at && sc->s[at - 1] != '\n')
            return;
        head = kta_line_end(sc, kta_line_end(sc, end) + 1);
    } else if (sc->s[at] == '<') {
        const char *close = memmem(sc->s + at, sc->n - at, "</tr", 4);
        head = close ? at : sc->n;
    } else {
        while (end < sc->n && strchr("\\\": \t\r\n", sc->s[end]))
            end++;
        head = end >= sc->n || (sc->s[end] == '[' && !memchr(sc->s + end, ']', sc->n - end)) ? sc->n
                                                                                             : at;
    }
    if (head >= sc->n)
        kta_hold(sc, at);
}

/* ---- HTML: <tr><th>User</th><th>Password</th></tr> <tr><td>…</td><td>…</td></tr> ---- */

static bool tag_at(const struct scanner *sc, size_t at, const char *const *tags)
{
    if (sc->s[at] != '<')
        return false;
    for (; *tags; tags++)
        if (kta_at(sc, at + 1, *tags) && !isalnum((unsigned char)sc->s[at + 1 + strlen(*tags)]))
            return true;
    return false;
}

static const char *const cell_tags[] = {"td", "th", NULL}, *const row_tags[] = {"tr", NULL},
                         *const table_ends[] = {"/table", NULL}, *const head_tags[] = {"th", NULL};

/* Where the text of the cell whose tag is at `at` begins, behind tags like <code>. */
static size_t cell_text(const struct scanner *sc, size_t at)
{
    while (at < sc->n && sc->s[at] == '<' && !kta_at(sc, at, "</")) {
        const char *close = memchr(sc->s + at, '>', sc->n - at);
        at = close ? (size_t)(close - sc->s) + 1 : sc->n;
        while (at < sc->n && isspace((unsigned char)sc->s[at]))
            at++;
    }
    return at;
}

/* Which cell of its row, which begins at *ret_from, the name is the title of, or -1. */
static int html_column(const struct scanner *sc, const struct kta_name *name, size_t *ret_from)
{
    size_t at = name->start, low = at > MAX_HEAD ? at - MAX_HEAD : 0;
    int column = 0;
    while (at > low && !tag_at(sc, at - 1, head_tags) && sc->s[at - 1] != '/')
        at--;
    if (at == low || !tag_at(sc, at - 1, head_tags) || name->start - cell_text(sc, at - 1) > 24)
        return -1;
    for (at--; at > low && !tag_at(sc, at, row_tags); at--)
        column += tag_at(sc, at - 1, cell_tags);
    *ret_from = at;
    const char *end = memmem(sc->s + name->end, sc->n - name->end, "</tr", 4);
    size_t n = end ? (size_t)(end - sc->s) - name->end : 0;
    if (memmem(sc->s + name->end, n, "<td", 3)) /* the title of a row */
        return -1;
    return tag_at(sc, at, row_tags) ? column : -1;
}

static bool html(struct scanner *sc, const struct kta_name *name)
{
    size_t from;
    int column = html_column(sc, name, &from), cell = -1;
    size_t max = sc->n - name->end > MAX_TABLE ? name->end + MAX_TABLE : sc->n, at = name->end;
    bool row = false;
    if (column < 0)
        return false;
    for (; at < max && !tag_at(sc, at, table_ends); at++) {
        const char *open = memchr(sc->s + at, '<', max - at);
        if (!open)
            break;
        at = (size_t)(open - sc->s);
        if (tag_at(sc, at, row_tags)) {
            row = true;
            cell = -1;
        } else if (row && tag_at(sc, at, cell_tags) && ++cell == column) {
            size_t start = cell_text(sc, at), end = start;
            while (end < max && sc->s[end] != '<')
                end++;
            while (end > start && isspace((unsigned char)sc->s[end - 1]))
                end--;
            kta_judge_cell(sc, from, start, end, (int)name->tells);
        }
        if (tag_at(sc, at, table_ends))
            return true;
    }
    wait_for_end(sc, from);
    return true;
}

/* ---- AsciiDoc: |=== above and below, cells behind bars on as many lines as they like ---- */

static bool asciidoc(struct scanner *sc, const struct kta_name *name)
{
    size_t line = kta_line_start(sc, name->start), fields = 0, column = 0, cell = 0;
    size_t from = line ? kta_line_start(sc, line - 1) : 0;
    if (sc->s[line] != '|' || !line || !kta_at(sc, from, "|==="))
        return false;
    size_t end = kta_line_end(sc, line);
    for (size_t i = line; i < end; i++) {
        fields += sc->s[i] == '|';
        column += sc->s[i] == '|' && i < name->start;
    }
    for (size_t at = end + 1; at < sc->n; at = kta_line_end(sc, at) + 1) {
        size_t stop = kta_line_end(sc, at);
        if (kta_at(sc, at, "|==="))
            return true;
        for (size_t i = at; i < stop; i++) {
            if (sc->s[i] != '|')
                continue;
            size_t start = kta_skip_blanks(sc, i + 1), close = start;
            while (close < stop && sc->s[close] != '|')
                close++;
            while (close > start && isspace((unsigned char)sc->s[close - 1]))
                close--;
            if (++cell % fields == column % fields)
                kta_judge_cell(sc, from, start, close, (int)name->tells);
        }
    }
    wait_for_end(sc, from);
    return true;
}

/* ---- JSON: {"columns": ["user", "password"], "rows": [["a", "x"], …]} ---- */

/* Behind blanks and quotes, backwards. */
static char first_before(const struct scanner *sc, size_t at)
{
    while (at && strchr(" \"\\", sc->s[at - 1]))
        at--;
    return at ? sc->s[at - 1] : '\n';
}

/* Where the key in front of the list whose bracket is at `open` begins, or 0. */
static size_t lists_columns(const struct scanner *sc, size_t open)
{
    static const char *const keys[] = {"columns", "fields", "headers", "header", "cols", "names"};
    size_t end = open;
    while (end && strchr(" \t\r\n:", sc->s[end - 1]))
        end--;
    while (end && strchr("\"\\", sc->s[end - 1]))
        end--;
    for (size_t i = 0; i < KTA_LEN(keys); i++)
        if (end >= strlen(keys[i]) && kta_at(sc, end - strlen(keys[i]), keys[i]))
            return end - strlen(keys[i]);
    return 0;
}

/* The place of the name in a list of titles, or -1; a title may be {"name": …}; the list
 * belongs to the key at *ret_from. */
static int json_column(const struct scanner *sc, const struct kta_name *name, size_t *ret_from)
{
    size_t at = name->start, low = at > MAX_HEAD ? at - MAX_HEAD : 0;
    int column = 0, depth = 0;
    if (!strchr("[,:", first_before(sc, at)))
        return -1;
    for (; at > low && !(sc->s[at - 1] == '[' && depth <= 0); at--) {
        char c = sc->s[at - 1];
        if (strchr("(;=\t<>", c))
            return -1;
        depth += (c == '}') - (c == '{');
        column += c == ',' && !depth;
        if (c == '{') { /* the title's own object, or one before it */
            if (depth < 0)
                column = 0;
            depth = depth < 0 ? 0 : depth;
        }
    }
    *ret_from = at > low ? lists_columns(sc, at - 1) : 0;
    return *ret_from ? column : -1;
}

/* The value that begins at `at`, up to the comma or bracket behind it. */
static size_t json_value(const struct scanner *sc, size_t at, size_t *ret_start, size_t *ret_end)
{
    bool quoted;
    size_t end = kta_value_end(sc, at, ret_start, &quoted, false);
    if (!quoted)
        for (end = at; end < sc->n && !strchr(",]\n", sc->s[end]); end++)
            continue;
    *ret_end = end;
    for (at = end + (quoted ? kta_quote(sc, end) : 0);
         at < sc->n && isspace((unsigned char)sc->s[at]); at++)
        continue;
    return at;
}

/* Behind "[", blanks skipped; or 0. */
static size_t inside(const struct scanner *sc, size_t at)
{
    while (at < sc->n && (isspace((unsigned char)sc->s[at]) || sc->s[at] == ','))
        at++;
    if (at >= sc->n || sc->s[at++] != '[')
        return 0;
    while (at < sc->n && isspace((unsigned char)sc->s[at]))
        at++;
    return at;
}

/* Where the rows begin, at the first one's bracket: [[ or [{"values":[, soon behind the titles. */
static size_t json_rows(const struct scanner *sc, size_t at)
{
    size_t max = sc->n - at > MAX_HEAD * 4 ? at + MAX_HEAD * 4 : sc->n, row;
    for (; at < max && sc->s[at] != ']'; at++)
        continue;
    for (at++; at < max; at++) {
        if (sc->s[at] != '[')
            continue;
        row = inside(sc, at);
        if (!row || row >= max || (sc->s[row] != '[' && sc->s[row] != '{'))
            return at; /* {"values": [ of the only row */
        if (sc->s[row] == '[')
            return row;
    }
    return 0;
}

static bool json_table(struct scanner *sc, const struct kta_name *name)
{
    size_t from;
    int column = json_column(sc, name, &from), n;
    if (column < 0)
        return false;
    size_t at = json_rows(sc, name->end), start, end;
    for (int i = 0; at && (at = inside(sc, at)); i++) {
        for (n = 0; at < sc->n && sc->s[at] != ']'; n++) {
            at = json_value(sc, at, &start, &end);
            if (n == column)
                kta_judge_cell(sc, from, start, end, (int)name->tells);
            if (at >= sc->n || (sc->s[at] != ',' && sc->s[at] != ']'))
                break;
            at += sc->s[at] == ',';
            while (at < sc->n && isspace((unsigned char)sc->s[at]))
                at++;
        }
        if (at >= sc->n)
            break;
        at++;
    }
    if (!at || at >= sc->n)
        wait_for_end(sc, from);
    return true;
}

bool kta_heads_table(struct scanner *sc, const struct kta_name *name)
{
    size_t behind = kta_skip_quotes(sc, name->end);
    if (name->tells < KTA_TELLS_REFERENCE || behind >= sc->n)
        return false;
    if (behind > name->end)
        return strchr(",]} \n", sc->s[behind]) && json_table(sc, name);
    if (first_before(sc, name->start) == '|')
        return asciidoc(sc, name);
    return sc->s[kta_skip_blanks(sc, behind)] == '<' && html(sc, name);
}
