/* text.c - looking around in a piece of text: quotes in their disguises, separators, values. */
#include "scanner.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "kta/alloc.h"

enum { MAX_LINE = 64 << 10 }; /* further back no line's start is looked for */

size_t kta_line_start(const struct scanner *sc, size_t at)
{
    size_t low = at > MAX_LINE ? at - MAX_LINE : 0;
    const char *p = at ? memrchr(sc->s + low, '\n', at - low) : NULL;
    return p ? (size_t)(p - sc->s) + 1 : low;
}

size_t kta_near_end(const struct scanner *sc, size_t at)
{
    size_t max = sc->n - at > NEAR ? at + NEAR : sc->n;
    const char *p = at < max ? memchr(sc->s + at, '\n', max - at) : NULL;
    return p ? (size_t)(p - sc->s) : max;
}

size_t kta_line_end(const struct scanner *sc, size_t at)
{
    const char *p = at < sc->n ? memchr(sc->s + at, '\n', sc->n - at) : NULL;
    return p ? (size_t)(p - sc->s) : sc->n;
}

static unsigned char fold(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 'A' && u <= 'Z' ? u | 32 : u;
}

bool kta_at_whole(const struct scanner *sc, size_t at, const char *text)
{
    for (; *text; text++, at++)
        if (at >= sc->n || fold(sc->s[at]) != fold(*text))
            return false;
    return true;
}

/* Quotes that are more than one byte long. */
static const char *const disguises[] = {"%22",    "%27",     "&quot;",  "&#34;",  "&#39;",
                                        "&apos;", "\\u0022", "\\u0027", "%5C%22", "\\\\u0022"};

size_t kta_quote(const struct scanner *sc, size_t at)
{
    if (at >= sc->n)
        return 0;
    char c = sc->s[at];
    if (c == '"' || c == '\'' || c == '`')
        return 1;
    if (c == '\\') { /* \" and \\\" */
        size_t n = 1;
        while (at + n < sc->n && n < 8 && sc->s[at + n] == '\\')
            n++;
        if (at + n < sc->n && (sc->s[at + n] == '"' || sc->s[at + n] == '\''))
            return n + 1;
    }
    if (c == '%' || c == '&' || c == '\\')
        for (size_t i = 0; i < KTA_LEN(disguises); i++)
            if (kta_at(sc, at, disguises[i]))
                return strlen(disguises[i]);
    return 0;
}

size_t kta_skip_quotes(const struct scanner *sc, size_t at)
{
    if (at < sc->n && sc->s[at] == '\033')
        at = kta_skip_blanks(sc, at);
    for (int i = 0; i < 3; i++) {
        size_t n = kta_quote(sc, at);
        if (!n && at < sc->n && (sc->s[at] == ']' || sc->s[at] == '*' || sc->s[at] == ')'))
            n = 1;
        if (!n)
            break;
        at += n;
    }
    return at;
}

size_t kta_skip_blanks(const struct scanner *sc, size_t at)
{
    for (int i = 0; i < 80 && at < sc->n; i++) {
        if (sc->s[at] == ' ' || sc->s[at] == '\t') {
            at++;
        } else if (sc->s[at] == '\033' && at + 1 < sc->n && sc->s[at + 1] == '[') { /* a colour */
            for (at += 2; at < sc->n && strchr("0123456789;", sc->s[at]); at++)
                continue;
            at += at < sc->n;
        } else {
            break;
        }
    }
    return at;
}

size_t kta_skip_emphasis(const struct scanner *sc, size_t at)
{
    static const char *const tags[] = {"</b>", "</strong>", "</code>",  "</span>", "</em>",
                                       "<b>",  "<code>",    "<strong>", "<span>",  "<em>"};
    for (size_t i = 0; at < sc->n && sc->s[at] == '<' && i < KTA_LEN(tags); i++)
        if (kta_at(sc, at, tags[i])) {
            at = kta_skip_blanks(sc, at + strlen(tags[i]));
            i = (size_t)-1;
        }
    return at;
}

/* How many dots stand at `at`, at most 100. */
static size_t dots(const struct scanner *sc, size_t at)
{
    size_t i = at;
    while (i < sc->n && i - at < 100 && sc->s[i] == '.')
        i++;
    return i - at;
}

size_t kta_separator(const struct scanner *sc, size_t at, bool *ret_assigns)
{
    static const struct {
        const char *text;
        bool assigns;
    } rows[] = {{":=", true},      {"=>", true},    {"->", true},    {"==", true},  {"=", true},
                {"::", false},     {"://", false},  {":", false},    {"%3D", true}, {"%3A", false},
                {"\\u003d", true}, {"&#61;", true}, {"%253D", true}, {"：", false}, {"＝", true},
                {"→", true},       {"\\=", true}};
    if (at >= sc->n || !strchr("=:-%\\&.\xEF\xE2", sc->s[at]))
        return 0;
    if (kta_at(sc, at, "....")) { /* password.........x: dots that lead to it */
        *ret_assigns = false;
        return dots(sc, at);
    }
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        if (!kta_at(sc, at, rows[i].text))
            continue;
        if (kta_at(sc, at, ":: ")) { /* base64 in LDIF */
            *ret_assigns = true;
            return 2;
        }
        if (!strcmp(rows[i].text, "::") || kta_at(sc, at, "://"))
            return 0; /* a scope, a scheme */
        *ret_assigns = rows[i].assigns;
        return strlen(rows[i].text);
    }
    return 0;
}

/* Does "name=" or "name:" stand at `at`? */
static bool next_pair(const struct scanner *sc, size_t at)
{
    size_t i = at;
    while (i < sc->n && sc->s[i] == ' ' && i < at + 2)
        i++;
    size_t from = i;
    while (i < sc->n && i < from + 64 &&
           (isalnum((unsigned char)sc->s[i]) || strchr("_.-", sc->s[i])))
        i++;
    if (i == from || !isalpha((unsigned char)sc->s[from]))
        return false;
    while (i < sc->n && sc->s[i] == ' ') /* "User Id=" */
        if (++i < sc->n && isalpha((unsigned char)sc->s[i]))
            while (i < sc->n && isalnum((unsigned char)sc->s[i]))
                i++;
    return i < sc->n && (sc->s[i] == '=' || sc->s[i] == ':' || kta_at(sc, i, "%3D"));
}

static bool blank_or_end(const struct scanner *sc, size_t at)
{
    return at >= sc->n || isspace((unsigned char)sc->s[at]);
}

/* , ; & | end a value only where something else begins behind them: passwords hold them, too. */
static bool ends_at_delimiter(const struct scanner *sc, size_t i, bool in_query)
{
    char c = sc->s[i];
    if ((c == '&' || c == '#') && in_query)
        return true;
    if (blank_or_end(sc, i + 1) || kta_quote(sc, i + 1))
        return true;
    if (c == '|')
        return false;
    return next_pair(sc, i + 1);
}

static bool ends_at_bracket(const struct scanner *sc, size_t from, size_t i)
{
    static const char open[] = "([{", close[] = ")]}";
    char opener = open[strchr(close, sc->s[i]) - close];
    if (memchr(sc->s + from, opener, i - from))
        return false;
    return blank_or_end(sc, i + 1) || strchr(",;.:)]}\"'\\`<&", sc->s[i + 1]);
}

/* Bytes at which a value without quotes may end; all others are passed over. */
static const bool may_end[256] = {
    [0] = 1,    [1] = 1,    [2] = 1,    [3] = 1,    [4] = 1,    [5] = 1,   [6] = 1,   [7] = 1,
    [8] = 1,    [9] = 1,    [10] = 1,   [11] = 1,   [12] = 1,   [13] = 1,  [14] = 1,  [15] = 1,
    [16] = 1,   [17] = 1,   [18] = 1,   [19] = 1,   [20] = 1,   [21] = 1,  [22] = 1,  [23] = 1,
    [24] = 1,   [25] = 1,   [26] = 1,   [27] = 1,   [28] = 1,   [29] = 1,  [30] = 1,  [31] = 1,
    [' '] = 1,  [0x7F] = 1, ['"'] = 1,  ['#'] = 1,  ['\''] = 1, ['`'] = 1, ['<'] = 1, ['>'] = 1,
    ['\\'] = 1, [','] = 1,  [';'] = 1,  ['&'] = 1,  ['|'] = 1,  [')'] = 1, ['}'] = 1, [']'] = 1,
    ['%'] = 1,  [0xE2] = 1, [0xE3] = 1, [0xEF] = 1,
};

/* A comma or a full stop of Chinese and Japanese. */
static bool wide_stop(const struct scanner *sc, size_t at)
{
    static const char *const marks[] = {"，", "。", "；", "、", "）", "」"};
    for (size_t i = 0; i < KTA_LEN(marks); i++)
        if (kta_at(sc, at, marks[i]))
            return true;
    return false;
}

static size_t unquoted_end(const struct scanner *sc, size_t from, bool in_query)
{
    bool encoded = (from >= 3 && (kta_at(sc, from - 3, "%3D") || kta_at(sc, from - 3, "%3A"))) ||
                   (from >= 5 && kta_at(sc, from - 5, "%253D"));
    size_t i = from, max = sc->n - from > MAX_VALUE ? from + MAX_VALUE : sc->n;
    bool bracket = false;
    if (from > sc->run->from && from < sc->run->end && encoded == sc->run->encoded &&
        in_query == sc->run->in_query)
        return sc->run->end;
    for (; i < max; i++) {
        unsigned char c = (unsigned char)sc->s[i];
        if (!may_end[c])
            continue;
        if (c <= ' ' || c == 0x7F || strchr("\"'`<>", c))
            break;
        if (c == '\\' && i + 1 < sc->n && strchr("nrtu\"'\\", sc->s[i + 1]))
            break;
        if ((c == ',' || c == ';' || c == '&' || c == '|' || (c == '#' && in_query)) &&
            ends_at_delimiter(sc, i, in_query))
            break;
        bracket |= c == ')' || c == '}' || c == ']';
        if ((c == ')' || c == '}' || c == ']') && ends_at_bracket(sc, from, i))
            break;
        if (encoded && c == '%' &&
            (kta_at(sc, i, "%26") || kta_at(sc, i, "%2526") || kta_at(sc, i, "%22") ||
             kta_at(sc, i, "%3B") || kta_at(sc, i, "%0A") || kta_at(sc, i, "%20") ||
             kta_at(sc, i, "%2C") || kta_at(sc, i, "%7D")))
            break;
        if (c == '%' && (kta_at(sc, i, "%0A") || kta_at(sc, i, "%22")))
            break;
        if (c >= 0xE3 && wide_stop(sc, i))
            break;
        /* "⟦" of a foreign placeholder is defused, not hidden */
        if (c == 0xE2 && kta_at(sc, i, "\xE2\x9F\xA7"))
            break;
    }
    while (i > from && strchr(".,;:!?", sc->s[i - 1]) && blank_or_end(sc, i))
        i--;
    if (i - from > NEAR && i < from + MAX_VALUE && !bracket)
        *sc->run = (struct run){from, i, encoded, in_query};
    return i;
}

static size_t backslashes(const struct scanner *sc, size_t at, size_t max)
{
    size_t i = at;
    while (i < max && sc->s[i] == '\\')
        i++;
    return i - at;
}

static size_t quoted_end(const struct scanner *sc, size_t from, const char *quote, size_t n)
{
    size_t max = sc->n - from > MAX_VALUE ? from + MAX_VALUE : sc->n;
    for (size_t i = from; i < max; i++) {
        if (sc->s[i] == '\n')
            return i;
        size_t run = n > 1 && *quote == '\\' ? backslashes(sc, i, max) : 0;
        if (run >= n) { /* the value's own quote, which is escaped deeper */
            i += run;
            continue;
        }
        if (n == 1 && sc->s[i] == '\\' &&
            (*quote == '"' ||
             (i + 2 < max && sc->s[i + 1] == *quote && isalnum((unsigned char)sc->s[i + 2])))) {
            i++;
            continue;
        }
        if (sc->s[i] == *quote && max - i >= n && !memcmp(sc->s + i, quote, n)) {
            /* '' inside of YAML's single quotes, "" inside of ADO.NET's */
            if (n == 1 && i + 1 < max && sc->s[i + 1] == *quote && i > from) {
                i++;
                continue;
            }
            return i;
        }
    }
    return max;
}

/* Quotes that open and close differently: where such a value ends, or 0. */
static size_t paired_end(const struct scanner *sc, size_t at, size_t *ret_start)
{
    static const char *const pairs[][2] = {{"“", "”"}, {"„", "“"},   {"«", "»"},
                                           {"‘", "’"}, {"「", "」"}, {"『", "』"}};
    for (size_t i = 0; i < KTA_LEN(pairs); i++) {
        if (!kta_at(sc, at, pairs[i][0]))
            continue;
        *ret_start = at + strlen(pairs[i][0]);
        const char *close = memmem(sc->s + *ret_start, kta_near_end(sc, *ret_start) - *ret_start,
                                   pairs[i][1], strlen(pairs[i][1]));
        if (close)
            return (size_t)(close - sc->s);
    }
    return 0;
}

size_t kta_value_end(const struct scanner *sc, size_t at, size_t *ret_start, bool *ret_quoted,
                     bool in_query)
{
    size_t q = kta_quote(sc, at);
    size_t paired =
        at < sc->n && (unsigned char)sc->s[at] >= 0x80 ? paired_end(sc, at, ret_start) : 0;
    if (paired) {
        *ret_quoted = true;
        return paired;
    }
    *ret_quoted = q != 0;
    *ret_start = at + q;
    if (!q)
        return unquoted_end(sc, at, in_query);
    return quoted_end(sc, at + q, sc->s + at, q);
}
