/*
 * columns.c - values below a telling name in a table's header.
 *
 * A line is a header when all of its fields look like titles; the rows are the lines below with as
 * many fields, or with a blank in front of the telling column where blanks align it.
 */
#include "pair.h"
#include <ctype.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/utf8.h"

enum {
    MAX_TITLE = 48,   /* bytes of a title */
    MAX_COLUMNS = 64, /* of which the header may have no more */
};

struct field {
    size_t start, end; /* without blanks and quotes */
    size_t next;       /* behind the delimiter; 0: this is the line's last */
    bool quoted;
};

size_t kta_bar(const struct scanner *sc, size_t at)
{
    static const char *const bars[] = {"|", "\xE2\x94\x82", "\xE2\x94\x83", "\xE2\x95\x91"};
    for (size_t i = 0; i < KTA_LEN(bars); i++)
        if (kta_at(sc, at, bars[i]))
            return strlen(bars[i]);
    return 0;
}

static size_t delimiter_at(const struct scanner *sc, size_t at, char delimiter)
{
    return delimiter == '|' ? kta_bar(sc, at) : sc->s[at] == delimiter;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* A field's end: at the next delimiter outside of quotes, or at the line's. */
static struct field field_at(const struct scanner *sc, size_t at, size_t line, char delimiter)
{
    struct field f = {.start = at, .end = line};
    while (f.start < line && sc->s[f.start] == ' ')
        f.start++;
    size_t i = f.start, n;
    if (i < line && strchr("\"'", sc->s[i]) && delimiter != '|') {
        const char *close = memchr(sc->s + i + 1, sc->s[i], line - i - 1);
        while (close && close + 1 < sc->s + line && close[1] == *close) /* "" */
            close = memchr(close + 2, *close, (size_t)(sc->s + line - close - 2));
        if (close) {
            f.quoted = true;
            i = (size_t)(close - sc->s) + 1;
        }
    }
    while (i < line && !(n = delimiter_at(sc, i, delimiter)))
        i++;
    f.next = i < line ? i + n : 0;
    f.end = i;
    while (f.end > f.start && blank(sc->s[f.end - 1]))
        f.end--;
    if (f.quoted && f.end - f.start >= 2) {
        f.start++;
        f.end--;
    }
    return f;
}

/* Words of letters, at most four: "Client Secret", `api_key`, Password (prod). */
static bool title(const struct scanner *sc, size_t start, size_t end)
{
    int words = 1;
    while (start < end && strchr("\"'`*#_", sc->s[start]))
        start++;
    if (end - start > MAX_TITLE || start >= end)
        return false;
    if (!isalpha((unsigned char)sc->s[start]) && (unsigned char)sc->s[start] < 0x80)
        return false;
    for (size_t i = start; i < end; i++) {
        unsigned char c = (unsigned char)sc->s[i];
        words += c == ' ';
        if (!isalnum(c) && c < 0x80 && !strchr(" _-./#?%\"'`*()", c))
            return false;
    }
    return words <= 4 && sc->s[end - 1] != '.';
}

/* Tables shout their titles, so capitals say nothing: SECRET may well name an object. */
static enum kta_telling tells(const struct scanner *sc, size_t start, size_t end)
{
    char name[MAX_TITLE + 1];
    size_t n = end - start < MAX_TITLE ? end - start : MAX_TITLE;
    bool shouted = true;
    for (size_t i = 0; i < n; i++)
        shouted &= !islower((unsigned char)sc->s[start + i]);
    for (size_t i = 0; i < n; i++)
        name[i] = shouted ? (char)tolower((unsigned char)sc->s[start + i]) : sc->s[start + i];
    return kta_telling(name, n, "", 0);
}

static void add_column(struct kta_columns *t, size_t at, size_t until, enum kta_telling telling)
{
    if (telling >= KTA_TELLS_REFERENCE && t->n < KTA_LEN(t->column))
        t->column[t->n++] = (struct kta_column){at, until, (int)telling};
}

/* A line of dashes below a header: +---+---+, |---|:--|, ---- ----, ├──┼──┤. */
static bool rule(const struct scanner *sc, size_t at, size_t line)
{
    bool dashes = false;
    for (; at < line; at++) {
        unsigned char c = (unsigned char)sc->s[at];
        dashes |= c == '-' || c == '=' || c == 0xE2;
        if (c == 0xE2 && at + 2 < line &&
            ((unsigned char)sc->s[at + 1] == 0x94 || (unsigned char)sc->s[at + 1] == 0x95))
            at += 2;
        else if (!strchr("-=+|: \t\r", c))
            return false;
    }
    return dashes;
}

/* | in Markdown and boxes has a line of dashes below the header; a|b|c has no blanks. */
static bool barred(const struct scanner *sc, size_t at, size_t line)
{
    if (line + 1 < sc->n && rule(sc, line + 1, kta_near_end(sc, line + 1)))
        return true;
    return !kta_bar(sc, at) && !memmem(sc->s + at, line - at, " |", 2);
}

/* The fields of a header between delimiters; false if the line is none. */
static bool delimited(const struct scanner *sc, size_t at, size_t line, char delimiter,
                      struct kta_columns *t)
{
    size_t titles = 0;
    t->delimiter = delimiter;
    for (t->fields = 0; t->fields < MAX_COLUMNS;) {
        struct field f = field_at(sc, at, line, delimiter);
        size_t i = t->fields++;
        if (f.start < f.end) {
            if (!title(sc, f.start, f.end))
                return false;
            titles++;
            add_column(t, i, 0, tells(sc, f.start, f.end));
        } else if (f.next && (delimiter != '|' || i)) {
            return false; /* nothing but at an edge */
        }
        if (!f.next)
            break;
        at = f.next;
    }
    return titles >= 2;
}

/* ---- columns that blanks align: places are counted in characters ---- */

static size_t place(const struct scanner *sc, size_t line, size_t at)
{
    size_t n = 0;
    for (; line < at; line++)
        n += ((unsigned char)sc->s[line] & 0xC0) != 0x80;
    return n;
}

static size_t at_place(const struct scanner *sc, size_t line, size_t end, size_t n)
{
    while (line < end && n) {
        line++;
        n -= line >= end || ((unsigned char)sc->s[line] & 0xC0) != 0x80;
    }
    return n ? end : line;
}

static bool aligned(const struct scanner *sc, size_t at, size_t line, struct kta_columns *t)
{
    bool capitals = true, shouted = true;
    size_t i = at, below = line + 1;
    t->delimiter = ' ';
    for (t->fields = 0; t->fields < MAX_COLUMNS; t->fields++) {
        while (i < line && blank(sc->s[i]))
            i++;
        if (i >= line)
            break;
        size_t start = i;
        while (i < line && !(blank(sc->s[i]) && (i + 1 >= line || blank(sc->s[i + 1]))))
            i++;
        size_t next = i;
        while (next < line && blank(sc->s[next]))
            next++;
        if (!title(sc, start, i))
            return false;
        capitals &= isupper((unsigned char)sc->s[start]) != 0;
        for (size_t k = start; k < i; k++)
            shouted &= !islower((unsigned char)sc->s[k]);
        add_column(t, place(sc, at, start), next < line ? place(sc, at, next) : (size_t)-1,
                   tells(sc, start, i));
    }
    return t->fields >= 2 && (shouted || capitals || t->fields >= 3 ||
                              (below < sc->n && rule(sc, below, kta_near_end(sc, below))));
}

/* ---- rows ---- */

static void judge_cell(struct scanner *sc, size_t row, size_t start, size_t end, int telling)
{
    static const struct kta_value_place cell = {.quoted = true, .assigned = true};
    while (start < end && strchr("`*", sc->s[start]))
        start++;
    while (end > start && strchr("`*", sc->s[end - 1]))
        end--;
    if (start < end && kta_value_secret(sc->s + start, end - start < NEAR ? end - start : NEAR,
                                        (enum kta_telling)telling, &cell))
        kta_hide(sc, row, start, end, "telling column");
}

static bool aligned_row(struct scanner *sc, const struct kta_columns *t, size_t at, size_t line)
{
    for (size_t c = 0; c < t->n; c++) {
        size_t start = at_place(sc, at, line, t->column[c].at);
        size_t end = at_place(sc, at, line, t->column[c].until);
        if (start < line && start > at && sc->s[start - 1] != ' ')
            return false;
        if (end < line && sc->s[end - 1] != ' ')
            return false;
        while (end > start && blank(sc->s[end - 1]))
            end--;
        while (start < end && blank(sc->s[start]))
            start++;
        judge_cell(sc, at, start, end, t->column[c].tells);
    }
    return true;
}

static bool delimited_row(struct scanner *sc, const struct kta_columns *t, size_t at, size_t line)
{
    struct field cell[KTA_LEN(t->column)];
    size_t n = 0, found = 0, from = at;
    for (;;) {
        struct field f = field_at(sc, from, line, t->delimiter);
        if (found < t->n && t->column[found].at == n)
            cell[found++] = f;
        n++;
        if (!f.next || n > t->fields)
            break;
        from = f.next;
    }
    if (n != t->fields)
        return false;
    for (size_t c = 0; c < found; c++)
        judge_cell(sc, at, cell[c].start, cell[c].end, t->column[c].tells);
    return true;
}

/* The rows from t->from on; t->end is where they ended. */
static void rows(struct scanner *sc, struct kta_columns *t)
{
    size_t at = t->from;
    if (at && sc->s[at - 1] != '\n')
        at = kta_line_end(sc, at) + 1;
    while (at < sc->n) {
        size_t line = kta_line_end(sc, at);
        if (line == sc->n && !sc->last)
            break; /* not here yet */
        size_t end = line > at && sc->s[line - 1] == '\r' ? line - 1 : line;
        bool row = end > at &&
                   (rule(sc, at, end) || (t->delimiter == ' ' ? aligned_row(sc, t, at, end)
                                                              : delimited_row(sc, t, at, end)));
        if (!row) {
            t->end = at;
            return;
        }
        at = line + 1;
    }
    t->end = sc->n;
}

/* ---- INSERT INTO t (a, b) VALUES (…), (…); COPY t (a, b) FROM stdin ---- */

/* The names between ( and ); at is behind the (. Returns what is behind the ), or 0. */
static size_t names(const struct scanner *sc, size_t at, struct kta_columns *t)
{
    size_t max = sc->n - at > NEAR ? at + NEAR : sc->n;
    while (at < max && t->fields < MAX_COLUMNS) {
        while (at < max && (isspace((unsigned char)sc->s[at]) || strchr("\"`'[\\", sc->s[at])))
            at++;
        size_t start = at;
        while (at < max && (isalnum((unsigned char)sc->s[at]) || strchr("_$", sc->s[at])))
            at++;
        if (at == start)
            return 0;
        add_column(t, t->fields++, 0, tells(sc, start, at));
        while (at < max && (isspace((unsigned char)sc->s[at]) || strchr("\"`']\\", sc->s[at])))
            at++;
        if (at < max && sc->s[at] == ')')
            return at + 1;
        if (at >= max || sc->s[at++] != ',')
            return 0;
    }
    return 0;
}

static size_t skip_space(const struct scanner *sc, size_t at)
{
    while (at < sc->n && isspace((unsigned char)sc->s[at]))
        at++;
    return at;
}

/* One (…) of the values; at is behind the (. Returns what is behind the ), or 0. */
static size_t tuple(struct scanner *sc, const struct kta_columns *t, size_t at)
{
    size_t row = at - 1, found = 0;
    for (size_t n = 0; n < MAX_COLUMNS; n++) {
        size_t start, end, value;
        bool quoted;
        value = skip_space(sc, at);
        if (value + 1 < sc->n && strchr("NE", sc->s[value]) && sc->s[value + 1] == '\'')
            value++;
        end = kta_value_end(sc, value, &start, &quoted, false);
        if (!quoted) {
            for (end = value; end < sc->n && !strchr(",)\n", sc->s[end]); end++)
                continue;
            if (end < sc->n && memchr(sc->s + value, '(', end - value)) /* MD5('…') */
                for (; end < sc->n && !strchr("\n)", sc->s[end]); end++)
                    continue;
        }
        if (found < t->n && t->column[found].at == n)
            judge_cell(sc, row, start, end, t->column[found++].tells);
        at = end + (quoted ? kta_quote(sc, end) : 0);
        while (at < sc->n && sc->s[at] != ',' && sc->s[at] != ')' && at < end + MAX_TITLE)
            at++; /* ::text */
        if (at >= sc->n || (sc->s[at] != ',' && sc->s[at] != ')'))
            return 0;
        if (sc->s[at++] == ')')
            return at;
    }
    return 0;
}

static void tuples(struct scanner *sc, struct kta_columns *t)
{
    size_t at = t->from;
    if (at <= 1) { /* goes on from the piece before: maybe in the middle of one */
        for (at = 0; at < sc->n && sc->s[at] != '(' && sc->s[at] != '\n'; at++)
            continue;
    }
    for (;;) {
        size_t row = at;
        at = skip_space(sc, at);
        at = skip_space(sc, at + (at < sc->n && sc->s[at] == ','));
        if (at < sc->n && sc->s[at] != '(') {
            t->end = at;
            return;
        }
        if (at < sc->n)
            at = tuple(sc, t, at + 1);
        if (!at || at >= sc->n) {
            if (!sc->last && sc->n - row < NEAR)
                kta_hold(sc, row);
            t->end = sc->n;
            return;
        }
    }
}

void kta_scan_insert(struct scanner *sc, size_t at, size_t end)
{
    struct kta_columns t = {0};
    bool copies = kta_at(sc, at, "copy");
    size_t open = end;
    if (at < sc->columns->end)
        return;
    while (open < sc->n && open - end < 200 && !strchr("(;:=", sc->s[open]))
        open++;
    size_t behind = open < sc->n && sc->s[open] == '(' ? names(sc, open + 1, &t) : 0;
    behind = behind ? skip_space(sc, behind) : 0;
    if (!sc->last && sc->n - at < NEAR && (!behind || behind + 16 > sc->n))
        kta_hold(sc, kta_line_start(sc, at));
    if (!behind || !t.n)
        return;
    if (copies && kta_at(sc, behind, "from ")) {
        t.delimiter = '\t';
        t.from = kta_line_end(sc, behind) + 1;
        rows(sc, &t);
    } else if (!copies && kta_at(sc, behind, "values")) {
        t.delimiter = '(';
        t.from = behind + strlen("values");
        tuples(sc, &t);
    } else {
        return;
    }
    *sc->columns = t;
}

/* ---- where they are found ---- */

void kta_columns_go_on(struct scanner *sc)
{
    struct kta_columns *t = sc->columns;
    if (t->delimiter == '(')
        tuples(sc, t);
    else if (t->delimiter)
        rows(sc, t);
}

static bool header(const struct scanner *sc, size_t at, size_t line, struct kta_columns *t)
{
    static const char delimiters[] = "\t;,";
    size_t end = line;
    while (end > at && blank(sc->s[end - 1]))
        end--;
    size_t first = kta_skip_blanks(sc, at);
    if (first < end && sc->s[first] > 0 && !isalpha((unsigned char)sc->s[first]) &&
        !strchr("\"'`*#_|", sc->s[first]))
        return false; /* most lines of logs */
    for (size_t i = first; i < end; i++)
        if ((sc->s[i] == '|' || sc->s[i] == '\xE2') && kta_bar(sc, i))
            return barred(sc, at, line) && delimited(sc, at, end, '|', t);
    for (const char *d = delimiters; *d; d++)
        if (memchr(sc->s + at, *d, end - at))
            return delimited(sc, at, end, *d, t);
    return aligned(sc, at, line, t);
}

bool kta_heads_column(struct scanner *sc, const struct kta_name *name)
{
    if (name->start < sc->header_end)
        return false; /* its line was looked at */
    size_t low = name->start > NEAR ? name->start - NEAR : 0;
    const char *p = memrchr(sc->s + low, '\n', name->start - low);
    size_t at = p ? (size_t)(p - sc->s) + 1 : low, line = kta_near_end(sc, name->start);
    sc->header_end = line;
    if ((!p && low) || (line == sc->n && !sc->last) || at < sc->columns->end)
        return false;
    if (!sc->last && (line + 1 >= sc->n || kta_line_end(sc, line + 1) == sc->n)) {
        kta_hold_next_line(sc, name, line); /* a line of dashes may come */
        return false;
    }
    struct kta_columns t = {.from = line + 1};
    if (!header(sc, at, line, &t) || !t.n)
        return false;
    if (t.from < sc->n)
        rows(sc, &t);
    else
        t.end = sc->n;
    if (t.end == t.from && t.from < sc->n)
        return false;
    *sc->columns = t;
    return true;
}
