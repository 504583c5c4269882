/*
 * header.c - HTTP headers that carry credentials, in curl's, Go's, Python's and JSON's spelling:
 * Authorization (scheme and credentials), Cookie and Set-Cookie (each value).
 */
#include "scanner.h"
#include <ctype.h>
#include <string.h>
#include "kta/alloc.h"
#include "names.h"

/* Schemes whose credentials are one word; others have parameters, which rules know. */
static const char *const schemes[] = {"bearer",    "basic", "apikey", "api-key",   "token",
                                      "negotiate", "ntlm",  "splunk", "genie-key", "key",
                                      "pat",       "jwt",   "dpop"};
static const char *const with_parameters[] = {"digest", "aws4-hmac-sha256", "hawk", "oauth",
                                              "mac",    "signature",        "hmac"};

static size_t scheme_at(const struct scanner *sc, size_t at, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(list[i]);
        if (!kta_at(sc, at, list[i]))
            continue;
        if (kta_at(sc, at + len, " "))
            return len + 1;
        if (kta_at(sc, at + len, "%20"))
            return len + 3;
        if (kta_at(sc, at + len, "+") || kta_at(sc, at + len, "="))
            return len + 1;
    }
    return 0;
}

static bool any_digit(const char *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isdigit((unsigned char)v[i]))
            return true;
    return false;
}

static void authorization(struct scanner *sc, size_t from, size_t at)
{
    if (scheme_at(sc, at, with_parameters, KTA_LEN(with_parameters)))
        return;
    size_t scheme = scheme_at(sc, at, schemes, KTA_LEN(schemes)), start;
    bool quoted;
    at = kta_skip_blanks(sc, at + scheme);
    size_t end = kta_value_end(sc, at, &start, &quoted, false);
    const char *v = sc->s + start;
    size_t n = end - start;
    if (n < 4 || kta_value_stop_word(v, n, false) || strchr("<${", *v))
        return;
    if (scheme ? n >= 6 : (n >= 8 && any_digit(v, n)) || kta_value_random(v, n))
        kta_hide(sc, from, start, end, "authorization header");
}

static bool attribute(const struct scanner *sc, size_t at)
{
    static const char *const names[] = {"path=",     "domain=",   "expires=", "max-age=",
                                        "samesite=", "priority=", "version="};
    for (size_t i = 0; i < KTA_LEN(names); i++)
        if (kta_at(sc, at, names[i]))
            return true;
    return false;
}

/* name=value; name=value up to the line's or the string's end. */
static void cookies(struct scanner *sc, size_t from, size_t at)
{
    for (int i = 0; i < 64; i++) {
        at = kta_skip_blanks(sc, at);
        size_t name = at;
        while (at < sc->n &&
               (isalnum((unsigned char)sc->s[at]) || strchr("_.-%$!#*+~[]", sc->s[at])))
            at++;
        if (at == name || at >= sc->n || sc->s[at] != '=')
            return;
        size_t start = ++at;
        while (at < sc->n && (unsigned char)sc->s[at] > ' ' && !strchr(";\"'\\<>`,", sc->s[at]))
            at++;
        if (!attribute(sc, name) && at - start >= 4)
            kta_hide(sc, from, start, at, "cookie");
        while (at < sc->n && sc->s[at] == ';') {
            at = kta_skip_blanks(sc, at + 1);
            if (kta_at(sc, at, "httponly") || kta_at(sc, at, "secure"))
                while (at < sc->n && isalpha((unsigned char)sc->s[at]))
                    at++;
        }
    }
}

void kta_scan_header(struct scanner *sc, size_t at, size_t end)
{
    size_t i = kta_skip_quotes(sc, end);
    i = kta_skip_blanks(sc, i);
    bool assigns;
    size_t n = kta_separator(sc, i, &assigns);
    if (!n && !(i < sc->n && sc->s[i] == ',')) /* ["Authorization", "Bearer …"] */
        return;
    i = kta_skip_blanks(sc, i + (n ? n : 1));
    if (i < sc->n && sc->s[i] == '[')
        i++;
    i += kta_quote(sc, i);
    if (end - at == strlen("cookie"))
        cookies(sc, at, i);
    else
        authorization(sc, at, i);
}
