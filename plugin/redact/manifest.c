/*
 * manifest.c - data and stringData of Secrets in text: YAML, JSON, JSON inside of JSON.
 *
 * Whether `data:` is a Secret's is decided by its sibling `kind:`, which kubectl prints behind it;
 * where the kind is not in sight (a text that was cut), a value is hidden if it is base64 of text.
 */
#include "scanner.h"
#include <ctype.h>
#include <string.h>
#include "kta/b64.h"
#include "kta/utf8.h"

enum { MAX_MANIFEST = 4 << 20 };

enum owner { OWNER_UNKNOWN, OWNER_SECRET, OWNER_OTHER };

/* Texts that only look like manifests could make every "data" look at all the rest. */
static bool too_much_work(const struct scanner *sc)
{
    return sc->work / 16 > sc->n + 65536;
}

/* Of five bytes and more, or padded: a short word may look like base64 by chance. */
static bool base64_of_text(const char *v, size_t n)
{
    struct kta_str plain = KTA_STR_LIMITED(MAX_VALUE);
    size_t pad = n % 4;
    bool yes = n >= 4 && !pad && !kta_b64_decode(v, n, &plain) &&
               (plain.len >= 5 || v[n - 1] == '=') && kta_utf8_valid(plain.s, plain.len) &&
               !kta_deceptive(plain.s, plain.len);
    kta_str_release(&plain);
    return yes;
}

static void hide_value(struct scanner *sc, size_t from, size_t start, size_t end, enum owner owner)
{
    if (start >= end || owner == OWNER_OTHER)
        return;
    const char *v = sc->s + start;
    size_t n = end - start;
    if (n >= 3 && !memcmp(v, "\xE2\x9F\xA6", 3)) /* a foreign placeholder is defused */
        return;
    if ((n == 4 && !memcmp(v, "null", 4)) || (n == 2 && !memcmp(v, "{}", 2)))
        return;
    if (owner == OWNER_SECRET || base64_of_text(v, n))
        kta_hide(sc, from, start, end, "data of a Secret");
}

/* ---- YAML ---- */

/* Columns before the key: "- " of a list item counts. */
static size_t indent(const struct scanner *sc, size_t line, size_t line_end)
{
    size_t i = line;
    while (i < line_end &&
           (sc->s[i] == ' ' || (sc->s[i] == '-' && i + 1 < line_end && sc->s[i + 1] == ' ')))
        i++;
    return i - line;
}

static bool empty_line(const struct scanner *sc, size_t line, size_t line_end)
{
    while (line < line_end && isspace((unsigned char)sc->s[line]))
        line++;
    return line == line_end;
}

static enum owner owner_on_line(const struct scanner *sc, size_t key, size_t line_end)
{
    if (!kta_at(sc, key, "kind:"))
        return OWNER_UNKNOWN;
    size_t i = kta_skip_blanks(sc, key + 5);
    i += kta_quote(sc, i);
    if (!kta_at(sc, i, "Secret"))
        return OWNER_OTHER;
    i += 6;
    return i >= line_end || !isalnum((unsigned char)sc->s[i]) ? OWNER_SECRET : OWNER_OTHER;
}

static enum owner yaml_owner_before(struct scanner *sc, size_t line, size_t in)
{
    for (size_t low = line > MAX_MANIFEST ? line - MAX_MANIFEST : 0; line > low;) {
        if (sc->s[line - 1 < sc->n ? line - 1 : 0] != '\n')
            return OWNER_UNKNOWN;
        size_t end = line - 1;
        line = kta_line_start(sc, end);
        sc->work += end - line + 1;
        if (too_much_work(sc))
            return OWNER_UNKNOWN;
        if (empty_line(sc, line, end))
            continue;
        size_t this = indent(sc, line, end);
        if (this < in || (end - line >= 3 && !memcmp(sc->s + line, "---", 3)))
            return OWNER_UNKNOWN;
        if (this > in)
            continue;
        enum owner o = owner_on_line(sc, line + this, end);
        if (o != OWNER_UNKNOWN)
            return o;
        if (memchr(sc->s + line, '-', this)) /* the item's first key */
            return OWNER_UNKNOWN;
    }
    return OWNER_UNKNOWN;
}

/* Goes on behind the block; *ret_open: the text ends before the object does. */
static enum owner yaml_owner_after(struct scanner *sc, size_t line, size_t in, bool *ret_open)
{
    size_t max = sc->n - line > MAX_MANIFEST ? line + MAX_MANIFEST : sc->n;
    *ret_open = false;
    while (line < max && !too_much_work(sc)) {
        size_t end = kta_line_end(sc, line);
        sc->work += end - line + 1;
        if (end == sc->n && !sc->last)
            break; /* half a line */
        if (!empty_line(sc, line, end)) {
            size_t this = indent(sc, line, end);
            bool item = memchr(sc->s + line, '-', this) != NULL;
            if (this < in || kta_at(sc, line, "---") || (item && this == in))
                return OWNER_UNKNOWN;
            enum owner o = this == in ? owner_on_line(sc, line + this, end) : OWNER_UNKNOWN;
            if (o != OWNER_UNKNOWN)
                return o;
            if (this == in && !memchr(sc->s + line, ':', end - line))
                return OWNER_UNKNOWN; /* no YAML any more */
        }
        line = end + 1;
    }
    *ret_open = max == sc->n;
    return OWNER_UNKNOWN;
}

/* One "key: value" of the block; returns the start of the line behind it. */
static size_t yaml_value(struct scanner *sc, size_t from, size_t line, size_t in, enum owner owner)
{
    size_t end = kta_line_end(sc, line), next = end + 1, key = line + indent(sc, line, end);
    const char *colon = memmem(sc->s + key, end - key, ": ", 2);
    size_t at = colon ? (size_t)(colon - sc->s) + 2 : end;
    at = kta_skip_blanks(sc, at);
    if (kta_at(sc, at, "!!binary"))
        at = kta_skip_blanks(sc, at + 8);
    if (at < end && (sc->s[at] == '|' || sc->s[at] == '>')) { /* deeper lines are the value */
        size_t start = next, stop = next;
        while (next < sc->n) {
            size_t e = kta_line_end(sc, next);
            if (!empty_line(sc, next, e) && indent(sc, next, e) <= in)
                break;
            stop = e;
            next = e + 1;
        }
        while (start < stop && isspace((unsigned char)sc->s[start]))
            start++;
        while (stop > start && isspace((unsigned char)sc->s[stop - 1]))
            stop--;
        hide_value(sc, from, start, stop, owner == OWNER_UNKNOWN ? OWNER_OTHER : owner);
        return next;
    }
    if (at < end) {
        size_t start, stop;
        bool quoted;
        stop = kta_value_end(sc, at, &start, &quoted, false);
        if (!quoted && stop < end) /* the rest of the line is the value */
            for (stop = end; stop > start && isspace((unsigned char)sc->s[stop - 1]);)
                stop--;
        hide_value(sc, from, start, stop, owner);
    }
    return next;
}

static void yaml(struct scanner *sc, size_t at, size_t end)
{
    size_t line = kta_line_start(sc, at), line_end = kta_line_end(sc, at);
    size_t in = indent(sc, line, line_end);
    if (line + in != at || !empty_line(sc, end + 1, line_end))
        return;
    size_t block = line_end + 1;
    bool open;
    enum owner owner = yaml_owner_before(sc, line, in);
    if (owner == OWNER_UNKNOWN)
        owner = yaml_owner_after(sc, block, in, &open);
    else
        yaml_owner_after(sc, block, in, &open);
    if (!sc->last && (open || block >= sc->n) && sc->n - line < MAX_MANIFEST / 2) {
        kta_hold(sc, line);
        return;
    }
    while (block < sc->n) {
        size_t e = kta_line_end(sc, block);
        size_t this = indent(sc, block, e);
        if (!empty_line(sc, block, e) && this <= in)
            break;
        block = empty_line(sc, block, e) ? e + 1 : yaml_value(sc, line, block, this, owner);
    }
}

/* data: {user: eA==, "pin": "eQ=="}, also within {kind: Secret, …}: YAML's other way. */

/* The brace that closes the one at `open`, or n; none stands between them. */
static size_t flow_end(const struct scanner *sc, size_t open)
{
    size_t i = open + 1;
    while (i < sc->n && i - open < NEAR && !strchr("{}", sc->s[i]))
        i++;
    return i < sc->n && sc->s[i] == '}' ? i : sc->n;
}

static enum owner flow_owner(struct scanner *sc, size_t at, size_t close, bool *ret_open)
{
    size_t line = kta_line_start(sc, at), line_end = kta_line_end(sc, close);
    size_t in = indent(sc, line, line_end);
    enum owner owner = OWNER_UNKNOWN;

    *ret_open = false;
    if (line + in == at) {
        owner = yaml_owner_before(sc, line, in);
        return owner != OWNER_UNKNOWN ? owner : yaml_owner_after(sc, line_end + 1, in, ret_open);
    }
    *ret_open = line_end == sc->n;
    for (size_t i = line; i + 5 < line_end && owner == OWNER_UNKNOWN && line_end - line < NEAR; i++)
        owner = owner_on_line(sc, i, line_end);
    return owner;
}

static void flow(struct scanner *sc, size_t at, size_t open)
{
    size_t close = flow_end(sc, open), start, line = kta_line_start(sc, at);
    bool unsettled = true, quoted;
    enum owner owner = close < sc->n ? flow_owner(sc, at, close, &unsettled) : OWNER_UNKNOWN;

    if (owner == OWNER_UNKNOWN && unsettled && !sc->last && sc->n - line < NEAR)
        kta_hold(sc, line);
    if (owner != OWNER_SECRET)
        return;
    for (size_t i = open + 1; i < close;) {
        const char *colon = memchr(sc->s + i, ':', close - i);
        if (!colon)
            return;
        size_t value = kta_skip_blanks(sc, (size_t)(colon - sc->s) + 1);
        size_t end = kta_value_end(sc, value, &start, &quoted, false);
        for (end = quoted ? end : start; !quoted && end < close && !strchr(",\n", sc->s[end]);)
            end++;
        hide_value(sc, line, start, end, owner);
        i = end + 1 + quoted;
    }
}

/* ---- JSON, whose quotes may be escaped ---- */

struct json {
    struct scanner *sc;
    const char *quote; /* " or \" or \\\" */
    size_t n;          /* of the quote */
};

static bool quote_at(const struct json *j, size_t at)
{
    return at + j->n <= j->sc->n && !memcmp(j->sc->s + at, j->quote, j->n);
}

/* Behind the string that begins at `at` (its quote), or n when it does not end. */
static size_t skip_string(const struct json *j, size_t at)
{
    const struct scanner *sc = j->sc;
    for (at += j->n; at < sc->n;) {
        if (quote_at(j, at))
            return at + j->n;
        if (j->n == 1 && sc->s[at] == '\\')
            at++;
        else if (sc->s[at] == '\\') { /* a deeper escape: more backslashes, then a byte */
            while (at < sc->n && sc->s[at] == '\\')
                at++;
        }
        at++;
    }
    return sc->n;
}

static size_t skip_space(const struct json *j, size_t at)
{
    const struct scanner *sc = j->sc;
    while (at < sc->n &&
           (isspace((unsigned char)sc->s[at]) || (j->n > 1 && sc->s[at] == '\\' && at + 1 < sc->n &&
                                                  strchr("nt", sc->s[at + 1]) && at++ < sc->n)))
        at++;
    return at;
}

/* `at` is at a key's opening quote. Is it "kind": "…"? */
static enum owner json_kind(const struct json *j, size_t at)
{
    const struct scanner *sc = j->sc;
    if (!kta_at(sc, at + j->n, "kind") || !quote_at(j, at + j->n + 4))
        return OWNER_UNKNOWN;
    at = skip_space(j, at + 2 * j->n + 4);
    if (at >= sc->n || sc->s[at] != ':')
        return OWNER_UNKNOWN;
    at = skip_space(j, at + 1);
    if (!quote_at(j, at))
        return OWNER_UNKNOWN;
    return kta_at(sc, at + j->n, "Secret") && quote_at(j, at + j->n + 6) ? OWNER_SECRET
                                                                         : OWNER_OTHER;
}

/* Forward from `at`, which is inside of an object, to its end; looks for its "kind". */
static enum owner json_owner_after(const struct json *j, size_t at, bool *ret_open)
{
    struct scanner *sc = j->sc;
    size_t from = at;
    int depth = 0;
    size_t max = sc->n - at > MAX_MANIFEST ? at + MAX_MANIFEST : sc->n;
    *ret_open = false;
    for (; at < max && !too_much_work(sc); sc->work += at - from, from = at) {
        if (quote_at(j, at)) {
            enum owner o = depth ? OWNER_UNKNOWN : json_kind(j, at);
            if (o != OWNER_UNKNOWN)
                return o;
            at = skip_string(j, at);
            continue;
        }
        if (sc->s[at] == '{' || sc->s[at] == '[')
            depth++;
        else if ((sc->s[at] == '}' || sc->s[at] == ']') && --depth < 0)
            return OWNER_UNKNOWN;
        at++;
    }
    *ret_open = max == sc->n;
    return OWNER_UNKNOWN;
}

/* Backwards, brackets inside of strings are not told apart: they come in pairs nearly always. */
static enum owner json_owner_before(const struct json *j, size_t at)
{
    struct scanner *sc = j->sc;
    int depth = 0;
    for (size_t low = at > 65536 ? at - 65536 : 0; at > low; at--) {
        if (!(at % 64) && too_much_work(sc))
            return OWNER_UNKNOWN;
        sc->work++;
        char c = sc->s[at - 1];
        if (c == '}' || c == ']')
            depth++;
        else if ((c == '{' || c == '[') && --depth < 0)
            return OWNER_UNKNOWN;
        else if (!depth && quote_at(j, at - 1)) {
            enum owner o = json_kind(j, at - 1);
            if (o != OWNER_UNKNOWN)
                return o;
        }
    }
    return OWNER_UNKNOWN;
}

static void json(struct scanner *sc, const struct json *j, size_t key, size_t at)
{
    bool open = false, data_open = false;
    enum owner owner = json_owner_before(j, key);
    json_owner_after(j, at, &data_open);
    if (owner == OWNER_UNKNOWN) {
        /* behind the data's own object */
        size_t i = at;
        int depth = 0;
        for (; i < sc->n && depth >= 0 && !too_much_work(sc); i++) {
            sc->work++;
            if (quote_at(j, i))
                i = skip_string(j, i) - 1;
            else if (sc->s[i] == '{')
                depth++;
            else if (sc->s[i] == '}')
                depth--;
        }
        owner = json_owner_after(j, i < sc->n ? i : sc->n, &open);
    }
    if (!sc->last && (open || data_open) && sc->n - key < MAX_MANIFEST / 2) {
        kta_hold(sc, key);
        return;
    }
    while (at < sc->n) {
        at = skip_space(j, at);
        if (!quote_at(j, at))
            return;
        at = skip_space(j, skip_string(j, at));
        if (at >= sc->n || sc->s[at] != ':')
            return;
        at = skip_space(j, at + 1);
        if (!quote_at(j, at))
            return;
        size_t end = skip_string(j, at), stop = end;
        if (stop >= j->n && quote_at(j, stop - j->n) && stop > at + j->n)
            stop -= j->n;
        hide_value(sc, key, at + j->n, stop, owner);
        at = skip_space(j, end);
        if (at >= sc->n || sc->s[at] != ',')
            return;
        at++;
    }
}

/* ---- the data alone, as jsonpath and templates print it ---- */

/* Where the object or map around `at` begins and ends, if it is flat and near; else 0. */
static size_t flat_map(const struct scanner *sc, size_t at, size_t *ret_end)
{
    size_t open = at, close = at;
    while (open && at - open < NEAR && !strchr("{}[]\n", sc->s[open - 1]))
        open--;
    while (close < sc->n && close - at < NEAR && !strchr("{}[]\n", sc->s[close]))
        close++;
    *ret_end = close;
    if (open && sc->s[open - 1] == '{')
        return close < sc->n && sc->s[close] == '}' ? open : 0;
    return open >= 4 && kta_at(sc, open - 4, "map[") && close < sc->n && sc->s[close] == ']' ? open
                                                                                             : 0;
}

void kta_scan_siblings(struct scanner *sc, size_t start, size_t end)
{
    size_t stop, at;
    if (!base64_of_text(sc->s + start, end - start) || !(at = flat_map(sc, start, &stop)))
        return;
    for (size_t from = at; at < stop;) {
        size_t word = at;
        while (at < stop && !strchr("\" ,:", sc->s[at]))
            at++;
        bool key = kta_at(sc, at, "\":");
        if (word < at && word > from && strchr("\":", sc->s[word - 1]) && !key)
            hide_value(sc, from, word, at, OWNER_UNKNOWN);
        at += word == at;
    }
}

/* "kind: Secret" before the data: what follows is held until the object ends. */
static void kind(struct scanner *sc, size_t at, size_t end)
{
    bool open = false;
    size_t n = kta_quote(sc, end), line = kta_line_start(sc, at), line_end = kta_line_end(sc, at);
    if (sc->last || sc->hold <= line)
        return;
    if (n && at >= n) {
        struct json j = {.sc = sc, .quote = sc->s + end, .n = n};
        if (quote_at(&j, at - n) && json_kind(&j, at - n) == OWNER_SECRET)
            json_owner_after(&j, skip_string(&j, at - n), &open);
    } else if (line + indent(sc, line, line_end) == at &&
               owner_on_line(sc, at, line_end) == OWNER_SECRET) {
        size_t in = at - line;
        size_t next = line_end + 1;
        open = next >= sc->n;
        while (!open && next < sc->n) {
            size_t e = kta_line_end(sc, next), this = indent(sc, next, e);
            open = e == sc->n;
            if (!empty_line(sc, next, e) && (this < in || kta_at(sc, next, "---") ||
                                             (this == in && (!memchr(sc->s + next, ':', e - next) ||
                                                             memchr(sc->s + next, '-', this)))))
                break;
            next = e + 1;
            open |= next >= sc->n;
        }
    }
    if (open && sc->n - line < MAX_MANIFEST / 2)
        kta_hold(sc, line);
}

void kta_scan_manifest(struct scanner *sc, size_t at, size_t end)
{
    if (kta_at(sc, at, "kind")) {
        kind(sc, at, end);
        return;
    }
    if (at >= 6 && kta_at(sc, at - 6, "stringData"))
        at -= 6;
    if (at && (isalnum((unsigned char)sc->s[at - 1]) || strchr("-_./", sc->s[at - 1])))
        return;
    if (kta_at(sc, end, ":")) {
        size_t open = kta_skip_blanks(sc, end + 1);
        if (kta_at(sc, open, "{"))
            flow(sc, at, open);
        else
            yaml(sc, at, end);
        return;
    }
    size_t n = kta_quote(sc, end);
    if (!n || at < n || (sc->s[end + n - 1] != '"'))
        return;
    struct json j = {.sc = sc, .quote = sc->s + end, .n = n};
    if (!quote_at(&j, at - n))
        return;
    size_t i = skip_space(&j, end + n);
    if (i >= sc->n || sc->s[i] != ':')
        return;
    i = skip_space(&j, i + 1);
    if (i < sc->n && sc->s[i] == '{')
        json(sc, &j, at - n, i + 1);
}
