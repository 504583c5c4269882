/*
 * uri.c - credentials in front of a host: scheme://user:PASSWORD@host, scheme://TOKEN@host.
 *
 * Only the password is hidden: user, host, port and path are what a diagnosis needs. A password
 * that was not percent-encoded may hold / ? # and @, so the last @ that a host follows counts.
 */
#include "scanner.h"
#include <ctype.h>
#include <string.h>
#include "names.h"

enum { MAX_AUTHORITY = 2048 };

static size_t region_end(const struct scanner *sc, size_t at)
{
    size_t max = sc->n - at > MAX_AUTHORITY ? at + MAX_AUTHORITY : sc->n;
    for (; at < max && (unsigned char)sc->s[at] > ' '; at++)
        switch (sc->s[at]) {
        case '"':
        case '\'':
        case '`':
        case '<':
        case '>':
            return at;
        case '\\':
            if (at + 1 < max && strchr("nrtu\"'\\", sc->s[at + 1]))
                return at;
            break;
        default:
            break;
        }
    return at;
}

/* host, host:port, [v6], then nothing or / ? # , ; ) */
static bool host_at(const struct scanner *sc, size_t at, size_t end)
{
    size_t from = at;
    while (at < end && (isalnum((unsigned char)sc->s[at]) || strchr("._-[]:{}$%(", sc->s[at])))
        at++;
    return at > from && (at == end || strchr("/?#,;)}&|", sc->s[at]));
}

/* Where the userinfo ends (at its @), or 0. */
static size_t userinfo_end(const struct scanner *sc, size_t at, size_t end)
{
    static const char server[] = "sqlserver://"; /* properties follow its host, a ; before each */
    const size_t n = sizeof server - 1;
    const char *stop = at >= n && kta_at(sc, at - n, server) ? "/?#;" : "/?#";
    size_t auth = at;
    while (auth < end && !strchr(stop, sc->s[auth]))
        auth++;
    const char *p = memrchr(sc->s + at, '@', auth - at);
    if (p)
        return (size_t)(p - sc->s);
    const char *colon = memchr(sc->s + at, ':', auth - at);
    if (!colon)
        return 0;
    bool port = true; /* host:8080/…@… has no userinfo */
    for (const char *c = colon + 1; c < sc->s + auth; c++)
        port &= isdigit((unsigned char)*c) != 0;
    if (port)
        return 0;
    for (size_t i = end; i > auth; i--)
        if (sc->s[i - 1] == '@' && host_at(sc, i, end))
            return i - 1;
    return 0;
}

static bool placeholder(const char *v, size_t n)
{
    size_t mask = 0;
    while (mask < n && (v[mask] == '*' || v[mask] == 'x'))
        mask++;
    return memmem(v, n, "$(", 2) || memmem(v, n, "${", 2) || memmem(v, n, "{{", 2) ||
           ((n >= 3 || *v == '*') && mask == n) || (n > 1 && *v == '$') ||
           (n > 1 && *v == '%' && v[n - 1] == '%');
}

void kta_scan_uri(struct scanner *sc, size_t at, size_t end)
{
    if (end > sc->uri_end)
        sc->uri_end = region_end(sc, end);
    size_t stop = sc->uri_end;
    if (stop == sc->n && !sc->last)
        kta_hold(sc, kta_line_start(sc, at));
    size_t at_sign = userinfo_end(sc, end, stop);
    if (!at_sign)
        return;
    const char *colon = memchr(sc->s + end, ':', at_sign - end);
    size_t start = colon ? (size_t)(colon - sc->s) + 1 : end, n = at_sign - start;
    const char *v = sc->s + start;
    if (!n || placeholder(v, n))
        return;
    if (colon || kta_value_random(v, n) || n >= 32)
        kta_hide(sc, at, start, at_sign, "password in a URL");
}
