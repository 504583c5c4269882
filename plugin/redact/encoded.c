/*
 * encoded.c - base64 whose content holds a secret: found by what a telling word looks like inside
 * of base64, decoded, judged by the same rules, hidden whole.
 */
#include "scanner.h"
#include <ctype.h>
#include <string.h>
#include "kta/b64.h"
#include "kta/utf8.h"

enum {
    MAX_RUN = 4 << 20,
    MIN_RUN = 16,
    MAX_DEPTH = 2,
};

static bool run_byte(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("+/-_", c));
}

static bool text_like(const struct kta_str *t)
{
    size_t strange = 0;
    for (size_t i = 0; i < t->len; i++) {
        unsigned char c = (unsigned char)t->s[i];
        strange += c >= 0x7F || (c < ' ' && c != '\n' && c != '\r' && c != '\t');
    }
    return t->len >= 8 && strange * 10 <= t->len;
}

static bool holds_secret(struct scanner *sc, const char *s, size_t n)
{
    struct kta_str plain = KTA_STR_LIMITED(MAX_RUN);
    struct kta_spans found = {0};
    bool yes = false;
    kta_b64_decode(s, n, &plain);
    if (text_like(&plain)) {
        kta_scan_depth(sc->r, plain.s, plain.len, sc->depth + 1, &found);
        yes = found.n > 0;
    }
    kta_spans_release(&found);
    if (plain.cap)
        explicit_bzero(plain.s, plain.len);
    kta_str_release(&plain);
    return yes;
}

void kta_scan_encoded(struct scanner *sc, size_t at, size_t end)
{
    if (sc->depth >= MAX_DEPTH || end <= sc->encoded_end)
        return;
    size_t a = at, b = end;
    while (a && run_byte(sc->s[a - 1]) && at - a < MAX_RUN)
        a--;
    while (b < sc->n && run_byte(sc->s[b]) && b - a < MAX_RUN)
        b++;
    sc->encoded_end = b;
    if (b == sc->n && !sc->last)
        kta_hold(sc, kta_line_start(sc, a));
    if (b - a < MIN_RUN)
        return;
    size_t tail = b;
    while (tail < sc->n && sc->s[tail] == '=' && tail < b + 2)
        tail++;
    for (size_t shift = 0; shift < 4; shift++)
        if (holds_secret(sc, sc->s + a + shift, b - a - shift)) {
            kta_hide(sc, a, a, tail, "base64 of a secret");
            return;
        }
}
