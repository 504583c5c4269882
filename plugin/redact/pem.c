/*
 * pem.c - private keys in PEM armour, also over log lines with a prefix each, with escaped or
 * URL-encoded line breaks, and cut off in the middle. Certificates and public keys stay.
 */
#include "scanner.h"
#include <ctype.h>
#include <string.h>

static bool base64_byte(char c)
{
    return isalnum((unsigned char)c) || c == '+' || c == '/' || c == '=';
}

/* Is this the armour of a private key? *ret_body is behind its closing dashes. */
static bool private_key(const struct scanner *sc, size_t end, size_t *ret_body)
{
    size_t max = sc->n - end > 80 ? end + 80 : sc->n;
    const char *close = memmem(sc->s + end, max - end, "----", 4);
    if (!close)
        return false;
    size_t label = (size_t)(close - sc->s) - end;
    if (!(memmem(sc->s + end, label, "PRIVATE", 7) || memmem(sc->s + end, label, "Static", 6)) ||
        memchr(sc->s + end, '\n', label))
        return false;
    size_t body = (size_t)(close - sc->s);
    while (body < sc->n && sc->s[body] == '-')
        body++;
    *ret_body = body;
    return true;
}

/* The last word of a line, without what quotes or escapes it. */
static void last_word(const struct scanner *sc, size_t line, size_t line_end, size_t *ret_start,
                      size_t *ret_end)
{
    size_t end = line_end;
    for (;;) {
        if (end > line &&
            (isspace((unsigned char)sc->s[end - 1]) || strchr("\"',\\+;", sc->s[end - 1])))
            end--;
        else if (end >= line + 2 && sc->s[end - 2] == '\\' && strchr("nr", sc->s[end - 1]))
            end -= 2;
        else
            break;
    }
    size_t start = end;
    while (start > line && base64_byte(sc->s[start - 1]))
        start--;
    *ret_start = start;
    *ret_end = end;
}

/* {"log":"MIIE…\n","stream":"stdout"}: the longest run, or the one before an escaped line break. */
static void inner_run(const struct scanner *sc, size_t line, size_t line_end, bool tail,
                      size_t *ret_start, size_t *ret_end)
{
    for (size_t i = line; i < line_end;) {
        size_t from = i;
        while (i < line_end && base64_byte(sc->s[i]))
            i++;
        bool before_break = i + 1 < line_end && sc->s[i] == '\\' && sc->s[i + 1] == 'n';
        if (i - from > *ret_end - *ret_start &&
            (i - from >= 24 || (tail && before_break && i > from))) {
            *ret_start = from;
            *ret_end = i;
        }
        i += i == from;
    }
}

/* Body lines, each with what a logger put in front of it. Without an END the key stops at the first
 * two lines that are no base64. */
static void lines(struct scanner *sc, size_t from, size_t body, size_t end, bool closed)
{
    size_t first = 0, last = 0;
    bool bare = true; /* nothing but blanks in front: hidden as one */
    int strange = 0;
    size_t hidden_from = sc->out->n;
    for (size_t at = body; at < end;) {
        size_t line_end = kta_line_end(sc, at), start, stop;
        if (line_end > end)
            line_end = end;
        last_word(sc, at, line_end, &start, &stop);
        size_t next = line_end + 1;
        if (line_end > at && sc->s[line_end - 1] == '}') {
            stop = start = at;
            inner_run(sc, at, line_end, closed && next >= end, &start, &stop);
        }
        size_t n = stop - start;
        bool tail = closed && next >= end && n > 0;
        if (n >= 24 || tail || (n >= 4 && sc->s[stop - 1] == '=')) {
            kta_hide(sc, from, start, stop, "private key");
            first = first ? first : start;
            last = stop;
            strange = 0;
        } else if (line_end > at && at != body) {
            bool header = memchr(sc->s + at, ':', line_end - at) != NULL && bare;
            if (!closed && !header && ++strange > 1)
                break;
        }
        for (size_t i = at; i < start && n >= 24; i++)
            bare &= strchr(" \t\"'+", sc->s[i]) != NULL;
        at = next;
    }
    if (bare && first && sc->out->n > hidden_from) {
        sc->out->n = hidden_from;
        kta_hide(sc, from, first, last, "private key");
    }
    sc->pem_end = last;
}

void kta_scan_pem(struct scanner *sc, size_t at, size_t end)
{
    size_t body;
    if (at < sc->pem_end)
        return;
    if (!private_key(sc, end, &body)) {
        if (sc->n - end < 80 && !sc->last)
            kta_hold(sc, kta_line_start(sc, at));
        return;
    }
    size_t max = sc->n - body > MAX_PEM ? body + MAX_PEM : sc->n;
    const char *close = memmem(sc->s + body, max - body, "---END", 6);
    if (!close)
        close = memmem(sc->s + body, max - body, "--- END", 7);
    if (!close && max == sc->n && !sc->last)
        kta_hold(sc, kta_line_start(sc, at));
    size_t stop = close ? (size_t)(close - sc->s) : max;
    while (close && stop > body && sc->s[stop - 1] == '-')
        stop--;
    if (close && !memchr(sc->s + body, '\n', stop - body)) {
        kta_hide(sc, at, body, stop, "private key"); /* escaped line breaks and all */
        sc->pem_end = stop;
        return;
    }
    if (close) /* the prefix of the END's own log line is no part of the key */
        while (stop > body && sc->s[stop - 1] != '\n')
            stop--;
    if (!close && !memchr(sc->s + body, '\n', stop - body)) { /* cut, on one line */
        size_t i = body;
        while (i < stop && (base64_byte(sc->s[i]) || strchr("\\%-_: ,", sc->s[i])))
            i++;
        kta_hide(sc, at, body, i, "private key");
        sc->pem_end = i;
        return;
    }
    /* the header's line may go on with an escaped part of the body */
    size_t head = kta_line_end(sc, body), i = body;
    while (i < head && (base64_byte(sc->s[i]) || sc->s[i] == '\\'))
        i++;
    if (i - body > 24)
        kta_hide(sc, at, body, i, "private key");
    lines(sc, at, body, stop, close != NULL);
}
