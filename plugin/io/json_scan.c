/* json_scan.c - a JSON text before and beside its parser: depth, strings and numbers. */
#include "json_scan.h"
#include <ctype.h>
#include <string.h>
#include "kta/json.h"
#include "kta/limits.h"

int json_line_at(const char *s, size_t at)
{
    int line = 1;
    for (size_t i = 0; i < at; i++)
        line += s[i] == '\n';
    return line;
}

static int hex4(const char *s)
{
    int v = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)s[i];
        if (!isxdigit(c))
            return -1;
        v = v * 16 + (isdigit(c) ? c - '0' : (c | 32) - 'a' + 10);
    }
    return v;
}

/* The code unit of the \uXXXX at i, or -1. */
static int unit_at(const struct json_scan *sc, size_t i)
{
    if (i + 6 > sc->n || sc->s[i] != '\\' || sc->s[i + 1] != 'u')
        return -1;
    return hex4(sc->s + i + 2);
}

/* i is at the backslash; leaves it behind the escape. With `mend`, lone halves are overwritten in
 * that copy of the text, whose length stays the same. */
static int scan_escape(struct json_scan *sc, char *mend, struct kta_err *err)
{
    int unit = unit_at(sc, sc->i), low;
    if (unit < 0) { /* another escape, or broken: cJSON tells */
        sc->i += 2;
        return 0;
    }
    if (unit == 0)
        return kta_err_set(err, KTA_E_PARSE, "line %d: JSON string holds a NUL character",
                           json_line_at(sc->s, sc->i));
    low = (unit & 0xFC00) == 0xD800 ? unit_at(sc, sc->i + 6) : -1;
    if (low >= 0 && (low & 0xFC00) == 0xDC00) {
        sc->i += 12;
        return 0;
    }
    if ((unit & 0xF800) == 0xD800) {
        sc->lone = true;
        if (mend)
            memcpy(mend + sc->i + 2, "fffd", 4);
    }
    sc->i += 6;
    return 0;
}

static int scan_string(struct json_scan *sc, char *mend, struct kta_err *err)
{
    sc->i++;
    while (sc->i < sc->n && sc->s[sc->i] != '"') {
        if (sc->s[sc->i] == '\0')
            return kta_err_set(err, KTA_E_PARSE, "line %d: JSON string holds a NUL character",
                               json_line_at(sc->s, sc->i));
        if (sc->s[sc->i] != '\\')
            sc->i++;
        else if (scan_escape(sc, mend, err) < 0)
            return -1;
    }
    sc->i++;
    return 0;
}

int json_scan(struct json_scan *sc, char *mend, struct kta_err *err)
{
    while (sc->i < sc->n) {
        char c = sc->s[sc->i];
        if (c == '"') {
            if (scan_string(sc, mend, err) < 0)
                return -1;
            continue;
        }
        if ((c == '{' || c == '[') && ++sc->depth > KTA_MAX_JSON_DEPTH)
            return kta_err_set(err, KTA_E_LIMIT, "line %d: JSON nested deeper than %d levels",
                               json_line_at(sc->s, sc->i), KTA_MAX_JSON_DEPTH);
        if (c == '}' || c == ']')
            sc->depth--;
        sc->digits = c >= '0' && c <= '9' ? sc->digits + 1 : 0;
        sc->long_ = sc->long_ || sc->digits > JSON_EXACT_DIGITS;
        sc->i++;
    }
    return 0;
}

const char *json_next_number(struct json_scan *sc, size_t *ret_n)
{
    while (sc->i < sc->n && sc->s[sc->i] != '-' && !isdigit((unsigned char)sc->s[sc->i])) {
        if (sc->s[sc->i] == '"')
            for (sc->i++; sc->i < sc->n && sc->s[sc->i] != '"'; sc->i++)
                sc->i += sc->s[sc->i] == '\\';
        sc->i++;
    }
    const char *begin = sc->s + sc->i;
    while (sc->i < sc->n && strchr("+-.0123456789eE", sc->s[sc->i]) && sc->s[sc->i])
        sc->i++;
    *ret_n = (size_t)(sc->s + sc->i - begin);
    return begin;
}

size_t kta_json_span(const char *s)
{
    size_t depth = 0;
    bool quoted = false;

    for (size_t i = 0; s[i]; i++) {
        if (quoted && s[i] == '\\' && s[i + 1])
            i++;
        else if (s[i] == '"')
            quoted = !quoted;
        else if (!quoted && (s[i] == '{' || s[i] == '['))
            depth++;
        else if (!quoted && depth > 0 && (s[i] == '}' || s[i] == ']') && --depth == 0)
            return i + 1;
        if (depth == 0)
            return 0;
    }
    return 0;
}
