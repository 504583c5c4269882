/*
 * sql.c - rows of SQL: INSERT INTO t (a, b) VALUES (…), (…); COPY t (a, b) FROM stdin.
 */
#include "pair.h"
#include <ctype.h>
#include <string.h>

/* The names between ( and ); at is behind the (. Returns what is behind the ), or 0. */
static size_t names(const struct scanner *sc, size_t at, struct kta_columns *t)
{
    size_t max = sc->n - at > NEAR ? at + NEAR : sc->n;
    while (at < max && t->fields < KTA_MAX_COLUMNS) {
        while (at < max && (isspace((unsigned char)sc->s[at]) || strchr("\"`'[\\", sc->s[at])))
            at++;
        size_t start = at;
        while (at < max && (isalnum((unsigned char)sc->s[at]) || strchr("_$", sc->s[at])))
            at++;
        if (at == start)
            return 0;
        kta_add_column(t, t->fields++, 0, kta_title_tells(sc, start, at));
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
    for (size_t n = 0; n < KTA_MAX_COLUMNS; n++) {
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
        if (found < t->n && t->column[found].at == n && !quoted)
            kta_bound(sc, row, row, start, (enum kta_telling)t->column[found].tells);
        if (found < t->n && t->column[found].at == n)
            kta_judge_cell(sc, row, start, end, t->column[found++].tells);
        at = end + (quoted ? kta_quote(sc, end) : 0);
        while (at < sc->n && sc->s[at] != ',' && sc->s[at] != ')' && at < end + 48)
            at++; /* ::text */
        if (at >= sc->n || (sc->s[at] != ',' && sc->s[at] != ')'))
            return 0;
        if (sc->s[at++] == ')')
            return at;
    }
    return 0;
}

void kta_sql_tuples(struct scanner *sc, struct kta_columns *t)
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
        kta_rows(sc, &t);
    } else if (!copies && kta_at(sc, behind, "values")) {
        t.delimiter = '(';
        t.from = behind + strlen("values");
        kta_sql_tuples(sc, &t);
    } else {
        return;
    }
    *sc->columns = t;
}
