/*
 * named.c - values that stand beside their name: {"name": NAME, "value": …}, <name>…</name>,
 * ("name", …), | name | … |, the field of a form.
 */
#include "pair.h"
#include <ctype.h>
#include <string.h>
#include "kta/alloc.h"

/* The name is itself a value: {"name": "DB_PASSWORD", "value": "…"}, <add key="…" value="…"/>. */
static bool is_named_by(const struct scanner *sc, const struct kta_name *name)
{
    static const char *const keys[] = {"name",      "key",    "env", "variable",
                                       "parameter", "header", "type"};
    size_t i = name->start;
    for (int k = 0; k < 24 && i && strchr("\"'\\ \t:=", sc->s[i - 1]); k++)
        i--;
    if (i == name->start)
        return false;
    for (size_t k = 0; k < KTA_LEN(keys); k++)
        if (i >= strlen(keys[k]) && kta_at(sc, i - strlen(keys[k]), keys[k]))
            return true;
    return false;
}

/* The first byte of a line of a diff. */
static bool diff_mark(const struct scanner *sc, size_t i)
{
    return i && sc->s[i - 1] == '\n' && strchr("+-", sc->s[i]) && kta_at(sc, i + 1, " ");
}

/* name="password", an empty line, the value: multipart/form-data. */
static bool form_field(struct scanner *sc, const struct kta_name *name, size_t at, size_t line)
{
    int breaks = 0;
    for (size_t i = at; i < line; i++)
        breaks += sc->s[i] == '\n';
    if (breaks != 2 || sc->s[at] > '\r' ||
        !kta_at(sc, kta_line_start(sc, name->start), "content-disp"))
        return false;
    size_t end = kta_line_end(sc, line);
    end -= end > line && sc->s[end - 1] == '\r';
    kta_judge(sc, name, line, end, /* quoted= */ true, /* assigned= */ true);
    return true;
}

static void element_content(struct scanner *sc, struct kta_name name, size_t at);

static bool named_value(struct scanner *sc, const struct kta_name *name, size_t at)
{
    size_t i = at;
    while (i < sc->n && i - at < 120 &&
           (isspace((unsigned char)sc->s[i]) || strchr(",#", sc->s[i]) || diff_mark(sc, i)))
        i = sc->s[i] == '#' ? kta_near_end(sc, i) : i + 1; /* a comment of YAML */
    kta_hold_next_line(sc, name, name->end);
    if (form_field(sc, name, at, i))
        return true;
    if (at < sc->n && sc->s[at] == '>') { /* <parameter name="…">…</parameter> */
        element_content(sc, *name, at + 1);
        return true;
    }
    i = kta_skip_quotes(sc, i);
    if (kta_at(sc, i, "parametervalue"))
        i += strlen("parameter");
    if (kta_at(sc, i, "content="))
        i += strlen("content") - strlen("value");
    else if (!kta_at(sc, i, "value") || (i + 5 < sc->n && isalnum((unsigned char)sc->s[i + 5])))
        return false;
    i = kta_skip_blanks(sc, kta_skip_quotes(sc, i + 5));
    bool assigns;
    size_t n = kta_separator(sc, i, &assigns);
    if (n)
        kta_value_at(sc, name, i + n, /* assigned= */ true);
    return n != 0;
}

/* {"value": "…", "name": "DB_PASSWORD"} and the same in YAML. */
static void value_before(struct scanner *sc, const struct kta_name *name)
{
    size_t low = name->start > 600 ? name->start - 600 : 0;
    const char *p = NULL, *from = sc->s + low, *to = sc->s + name->start;
    for (const char *q = from; (q = memmem(q, (size_t)(to - q), "value", 5)); q += 5)
        p = q;
    if (!p || memchr(p, '{', (size_t)(to - p)) || memchr(p, '}', (size_t)(to - p)) ||
        memmem(p, (size_t)(to - p), "\n- ", 3) || memmem(p, (size_t)(to - p), " - ", 3))
        return;
    size_t at = kta_skip_blanks(sc, kta_skip_quotes(sc, (size_t)(p - sc->s) + 5)), start;
    bool assigns, quoted;
    size_t n = kta_separator(sc, at, &assigns);
    if (!n)
        return;
    at = kta_skip_blanks(sc, at + n);
    size_t end = kta_value_end(sc, at, &start, &quoted, false);
    /* between the value and the name stands only ["], name: */
    size_t between = name->start - end;
    if (end < name->start && between < 40 && !memchr(sc->s + end, '=', between))
        kta_judge(sc, name, start, end, quoted, true);
}

/* <password>, <ns:password a="b">, &lt;password&gt;: where its content begins, or 0. */
static size_t element(const struct scanner *sc, const struct kta_name *name, size_t at)
{
    if (name->start >= 4 && kta_at(sc, name->start - 4, "&lt;"))
        return kta_at(sc, at, "&gt;") ? at + 4 : 0;
    if (!name->start || !strchr("<:", sc->s[name->start - 1]) || at >= sc->n)
        return 0;
    size_t open = name->start - 1;
    while (open && name->start - open < 64 && sc->s[open] != '<' &&
           (isalnum((unsigned char)sc->s[open]) || sc->s[open] == ':'))
        open--;
    if (sc->s[open] != '<')
        return 0;
    if (sc->s[at] == ' ') { /* attributes */
        size_t line = kta_near_end(sc, at);
        while (at < line && sc->s[at] != '>' && sc->s[at] != '<')
            at++;
        if (at < line && sc->s[at - 1] == '/')
            return 0;
    }
    return at < sc->n && sc->s[at] == '>' ? at + 1 : 0;
}

/* `password  | x` of psql is no pipe: it is padded, or the line before has a bar there, too. */
static bool padded(const struct scanner *sc, size_t line, size_t at)
{
    if (at >= line + 2 && sc->s[at - 1] == ' ' && sc->s[at - 2] == ' ')
        return true;
    if (!line)
        return false;
    size_t above = kta_line_start(sc, line - 1) + (at - line);
    return above < line && (kta_bar(sc, above) || sc->s[above] == '+');
}

/* The first cell of | `PASSWORD` | x | in Markdown and of a box: where the second begins, or 0. */
static size_t cell(const struct scanner *sc, const struct kta_name *name, size_t at)
{
    at = kta_skip_blanks(sc, at);
    size_t n = kta_bar(sc, at);
    if (!n || !kta_at(sc, at + n, " ") || name->start - kta_line_start(sc, name->start) > 80)
        return 0;
    size_t line = kta_line_start(sc, name->start), i = kta_skip_blanks(sc, line);
    size_t first = kta_bar(sc, i);
    i = kta_skip_quotes(sc, kta_skip_blanks(sc, i + first));
    return i == name->start && (first || padded(sc, line, at)) ? kta_skip_blanks(sc, at + n) : 0;
}

/* password|x of a dump: a digit or a sign tells that x is no title. */
static bool bar_pair(struct scanner *sc, const struct kta_name *name, size_t at)
{
    bool telling = false;
    if (at >= sc->n || sc->s[at] != '|' || !kta_begins_line(sc, name->start))
        return false;
    size_t end = ++at;
    for (; end < sc->n && (unsigned char)sc->s[end] > ' ' && sc->s[end] != '|'; end++)
        telling |= !isalpha((unsigned char)sc->s[end]) && sc->s[end] != '_';
    if (telling)
        kta_judge(sc, name, at, end, /* quoted= */ true, /* assigned= */ true);
    return telling;
}

/* An environment variable of several words. */
static bool shouted(const struct scanner *sc, const struct kta_name *name)
{
    for (size_t i = name->start; i < name->end; i++)
        if (islower((unsigned char)sc->s[i]))
            return false;
    return memchr(sc->s + name->start, '_', name->end - name->start) != NULL;
}

/* ('password', 'x') of Python, [["password", "x"], …] of JSON, {password,"x"} of Erlang, :password
 * "x" of EDN: where the value begins, or 0. */
static size_t tuple(const struct scanner *sc, const struct kta_name *name, size_t at)
{
    size_t a = name->start, start;
    while (a && strchr("\"'`*", sc->s[a - 1]))
        a--;
    char before = a ? sc->s[a - 1] : '\n';
    size_t i = kta_skip_blanks(sc, at);
    if (before == ':' && at == name->end && i > at && (a < 2 || strchr(" {(,\n", sc->s[a - 2])))
        return kta_quote(sc, i) ? i : 0;
    size_t outer = a ? a - 1 : 0;
    while (outer && sc->s[outer - 1] == ' ')
        outer--;
    bool list = before == '[' && (shouted(sc, name) || (outer && strchr("[,", sc->s[outer - 1])));
    if (i >= sc->n || sc->s[i] != ',' || !(before == '(' || before == '{' || list))
        return 0;
    i = kta_skip_blanks(sc, i + 1);
    size_t prefix = kta_at(sc, i, "<<") ? 2 : 0;
    bool quoted;
    size_t end = kta_value_end(sc, i + prefix, &start, &quoted, false);
    end += kta_quote(sc, end) + prefix;
    return quoted && end < sc->n &&
                   sc->s[end] == (list            ? ']'
                                  : before == '(' ? ')'
                                                  : '}')
               ? i + prefix
               : 0;
}

/* <td>Password</td><td>…</td>: where the content begins, or 0. */
static size_t next_cell(const struct scanner *sc, size_t at)
{
    static const char *const cells[] = {"</td>",  "</th>",   "</dt>",
                                        "</key>", "</name>", "</param-name>"};
    for (size_t i = 0; i < KTA_LEN(cells); i++)
        if (kta_at(sc, at, cells[i])) {
            at += strlen(cells[i]);
            while (at < sc->n && isspace((unsigned char)sc->s[at]))
                at++;
            if (!kta_at(sc, at, "<td") && !kta_at(sc, at, "<dd") && !kta_at(sc, at, "<string>") &&
                !kta_at(sc, at, "<value>") && !kta_at(sc, at, "<param-value>"))
                return 0;
            const char *close = memchr(sc->s + at, '>', kta_near_end(sc, at) - at);
            while (close && close[1] == '<' && close[2] != '/') /* <td><code> */
                close = memchr(close + 1, '>', (size_t)(sc->s + kta_near_end(sc, at) - close - 1));
            return close ? (size_t)(close - sc->s) + 1 : 0;
        }
    return 0;
}

static void element_content(struct scanner *sc, struct kta_name name, size_t at)
{
    at += kta_at(sc, at, "<![CDATA[") ? strlen("<![CDATA[") : 0;
    size_t line = kta_near_end(sc, at), close = at;
    while (close < line && !kta_at(sc, close, "]]>") && sc->s[close] != '<' &&
           !kta_at(sc, close, "&lt;"))
        close++;
    if (name.tells == KTA_TELLS_REFERENCE)
        name.tells = KTA_TELLS_TOKEN;
    if (close < line)
        kta_judge(sc, &name, at, close, /* quoted= */ true, /* assigned= */ true);
}

bool kta_value_elsewhere(struct scanner *sc, const struct kta_name *name, size_t at)
{
    size_t i = element(sc, name, at);
    if (i || (i = next_cell(sc, at))) {
        element_content(sc, *name, i);
        return true;
    }
    if ((i = tuple(sc, name, at))) {
        kta_value_at(sc, name, i, /* assigned= */ true);
        return true;
    }
    if ((i = cell(sc, name, at))) {
        kta_value_at(sc, name, i, /* assigned= */ false);
        return true;
    }
    if (bar_pair(sc, name, at))
        return true;
    if (is_named_by(sc, name)) {
        if (named_value(sc, name, at))
            return true;
        value_before(sc, name);
    }
    return false;
}
