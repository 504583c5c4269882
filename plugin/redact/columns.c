/*
 * columns.c - values below a telling name in a table's header, line by line.
 *
 * A line is a header when all of its fields look like titles; the rows are the lines below with as
 * many fields, or with a blank in front of the telling column where blanks align it.
 */
#include "pair.h"
#include <ctype.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/utf8.h"

enum { MAX_TITLE = 48 }; /* bytes of a title */

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
enum kta_telling kta_title_tells(const struct scanner *sc, size_t start, size_t end)
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

void kta_add_column(struct kta_columns *t, size_t at, size_t until, enum kta_telling telling)
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

static bool rule_below(const struct scanner *sc, size_t line, size_t skip)
{
    size_t below = line + 1 + skip;
    return below < sc->n && rule(sc, below, kta_near_end(sc, below));
}

/* | in Markdown and boxes has a line of dashes below the header; a|b|c has no blanks. */
static bool barred(const struct scanner *sc, size_t at, size_t line, size_t skip)
{
    if (rule_below(sc, line, skip))
        return true;
    for (size_t i = at; i < line; i++)
        if (isdigit((unsigned char)sc->s[i])) /* password|x1 is a pair */
            return false;
    return !kta_bar(sc, at) && !memmem(sc->s + at, line - at, " |", 2);
}

/* The fields of a header between delimiters; false if the line is none. */
static bool delimited(const struct scanner *sc, size_t at, size_t line, char delimiter,
                      struct kta_columns *t)
{
    size_t titles = 0;
    t->delimiter = delimiter;
    for (t->fields = 0; t->fields < KTA_MAX_COLUMNS;) {
        struct field f = field_at(sc, at, line, delimiter);
        size_t i = t->fields++;
        if (f.start < f.end) {
            if (!title(sc, f.start, f.end))
                return false;
            titles++;
            kta_add_column(t, i, 0, kta_title_tells(sc, f.start, f.end));
        } else if (f.next && (delimiter != '|' || i)) {
            return false; /* nothing but at an edge */
        }
        if (!f.next)
            break;
        at = f.next;
    }
    return titles >= 2;
}

/* ||Login||Password|| of Jira, above rows |x|y| */
static bool jira(const struct scanner *sc, size_t at, size_t line, struct kta_columns *t)
{
    t->delimiter = '|';
    t->fields = 1; /* in front of the first bar */
    for (at += 2; at < line; t->fields++) {
        const char *bars = memmem(sc->s + at, line - at, "||", 2);
        size_t end = bars ? (size_t)(bars - sc->s) : line, next = end + 2;
        while (at < end && blank(sc->s[at]))
            at++;
        while (end > at && blank(sc->s[end - 1]))
            end--;
        if (!bars || !title(sc, at, end))
            return false;
        kta_add_column(t, t->fields, 0, kta_title_tells(sc, at, end));
        at = next;
    }
    return ++t->fields > 3;
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
    bool capitals = true, shouted = true, ruled = rule_below(sc, line, t->skip);
    size_t i = at;
    t->delimiter = ' ';
    for (t->fields = 0; t->fields < KTA_MAX_COLUMNS; t->fields++) {
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
        kta_add_column(t, place(sc, at, start), next < line ? place(sc, at, next) : (size_t)-1,
                       kta_title_tells(sc, start, i));
    }
    return t->fields >= 2 && (ruled || (!t->skip && (shouted || capitals || t->fields >= 3)));
}

/* ---- rows ---- */

void kta_judge_cell(struct scanner *sc, size_t row, size_t start, size_t end, int telling)
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
        kta_judge_cell(sc, at, start, end, t->column[c].tells);
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
        kta_judge_cell(sc, at, cell[c].start, cell[c].end, t->column[c].tells);
    return true;
}

static bool single_row(struct scanner *sc, const struct kta_columns *t, size_t at, size_t line)
{
    bool mixed = !t->unsure, upper = false, lower = false;
    while (at < line && blank(sc->s[at]))
        at++;
    for (size_t i = at; i < line; i++) {
        unsigned char c = (unsigned char)sc->s[i];
        if (strchr(t->unsure ? " :=/<>{}" : " ", c))
            return false;
        mixed |= isdigit(c) || strchr("!@#$%^&*+~?", c);
        upper |= isupper(c) != 0;
        lower |= islower(c) != 0;
    }
    if (mixed || (upper && lower))
        kta_judge_cell(sc, at, at, line, t->column[0].tells);
    return true;
}

static char shape(char c)
{
    return (char)(isdigit((unsigned char)c) ? '0' : isalpha((unsigned char)c) ? 'a' : c);
}

static bool same_prefix(const struct scanner *sc, const struct kta_columns *t, size_t at,
                        size_t end)
{
    if (end - at < t->skip)
        return false;
    for (size_t i = 0; i < t->skip; i++)
        if (shape(sc->s[at + i]) != t->prefix[i])
            return false;
    return true;
}

static bool row(struct scanner *sc, const struct kta_columns *t, size_t at, size_t end)
{
    if (!same_prefix(sc, t, at, end) || end == at + t->skip)
        return false;
    at += t->skip;
    if (rule(sc, at, end))
        return true;
    return t->delimiter == ' '    ? aligned_row(sc, t, at, end)
           : t->delimiter == '\n' ? single_row(sc, t, at, end)
                                  : delimited_row(sc, t, at, end);
}

void kta_rows(struct scanner *sc, struct kta_columns *t)
{
    size_t at = t->from;
    if (at && sc->s[at - 1] != '\n')
        at = kta_line_end(sc, at) + 1;
    while (at < sc->n) {
        size_t line = kta_line_end(sc, at);
        if (line == sc->n && !sc->last)
            break; /* not here yet */
        size_t end = line > at && sc->s[line - 1] == '\r' ? line - 1 : line;
        if (!row(sc, t, at, end)) {
            t->end = at;
            return;
        }
        at = line + 1;
    }
    t->end = sc->n;
}

/* ---- where they are found ---- */

void kta_columns_go_on(struct scanner *sc)
{
    struct kta_columns *t = sc->columns;
    if (t->delimiter == '(')
        kta_sql_tuples(sc, t);
    else if (t->delimiter)
        kta_rows(sc, t);
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
    if (kta_at(sc, first, "||"))
        return jira(sc, first, end, t);
    for (size_t i = first; i < end; i++)
        if ((sc->s[i] == '|' || sc->s[i] == '\xE2') && kta_bar(sc, i))
            return barred(sc, at, line, t->skip) && delimited(sc, at, end, '|', t);
    for (const char *d = delimiters; *d; d++)
        if (memchr(sc->s + at, *d, end - at))
            return delimited(sc, at, end, *d, t);
    return aligned(sc, at, line, t);
}

/* Nothing but the title on its line, and dashes below or nothing above. */
static bool single(const struct scanner *sc, const struct kta_name *name, size_t at, size_t line,
                   struct kta_columns *t)
{
    size_t first = at, end = line;
    while (first < line && (blank(sc->s[first]) || sc->s[first] == '"'))
        first++;
    while (end > first && (blank(sc->s[end - 1]) || sc->s[end - 1] == '"'))
        end--;
    if (first != name->start || end != name->end || name->tells < KTA_TELLS_TOKEN)
        return false;
    bool ruled = rule_below(sc, line, 0);
    if (!(ruled || (first == at && (!at || (at > 1 && sc->s[at - 2] == '\n')))))
        return false;
    t->delimiter = '\n';
    t->unsure = !ruled;
    kta_add_column(t, 0, 0, kta_title_tells(sc, first, end));
    return true;
}

/* A title stands beside a delimiter. */
static bool delimiter_near(const struct scanner *sc, const struct kta_name *name)
{
    size_t before = name->start, behind = kta_skip_blanks(sc, kta_skip_quotes(sc, name->end));
    while (before && strchr(" \t\"", sc->s[before - 1]))
        before--;
    return (behind < sc->n && (strchr(",;|", sc->s[behind]) || kta_bar(sc, behind))) ||
           (before && strchr(",;|", sc->s[before - 1])) ||
           (before > 2 && kta_bar(sc, before - 3) == 3);
}

/* The table stands behind a log's stamp and level, or compose's `name | `. */
static bool header_behind_prefix(const struct scanner *sc, size_t at, size_t line,
                                 struct kta_columns *ret)
{
    bool loglike = false;
    for (size_t i = at; i + 1 < line && i - at < sizeof ret->prefix - 1; i++) {
        if (strchr("{}\"'=", sc->s[i]))
            return false;
        ret->prefix[i - at] = shape(sc->s[i]);
        loglike |= isdigit((unsigned char)sc->s[i]) || sc->s[i] == '|' || sc->s[i] == ']';
        if (!loglike || !blank(sc->s[i]) || blank(sc->s[i + 1]))
            continue;
        struct kta_columns t = *ret;
        t.skip = i + 1 - at;
        if (header(sc, i + 1, line, &t) && t.n) {
            *ret = t;
            return true;
        }
    }
    return false;
}

bool kta_heads_column(struct scanner *sc, const struct kta_name *name)
{
    if (name->start < sc->header_end)
        return false; /* its line was looked at */
    size_t low = name->start > NEAR ? name->start - NEAR : 0;
    const char *p = memrchr(sc->s + low, '\n', name->start - low);
    size_t at = p ? (size_t)(p - sc->s) + 1 : low, line = kta_near_end(sc, name->start);
    sc->header_end = line;
    if ((!p && low) || (line == sc->n && !sc->last) || at < sc->columns->end || sc->s[at] == '{')
        return false;
    if (!sc->last && (line + 1 >= sc->n || kta_line_end(sc, line + 1) == sc->n)) {
        kta_hold_next_line(sc, name, line); /* a line of dashes may come */
        return false;
    }
    struct kta_columns t = {.from = line + 1};
    if (!(header(sc, at, line, &t) && t.n)) {
        t = (struct kta_columns){.from = line + 1};
        if (!single(sc, name, at, line, &t) &&
            !(delimiter_near(sc, name) && header_behind_prefix(sc, at, line, &t)))
            return false;
    }
    if (t.from < sc->n)
        kta_rows(sc, &t);
    else
        t.end = sc->n;
    if (t.end == t.from && t.from < sc->n)
        return false;
    *sc->columns = t;
    return true;
}
