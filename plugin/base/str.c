/*
 * str.c - growable bytes and small helpers on C strings.
 *
 * kta_str_empty is shared by every empty buffer and never written: cap == 0 says that s is it.
 */
#include "kta/str.h"
#include "kta/alloc.h"
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

char kta_str_empty[1];

void kta_str_init(struct kta_str *b, size_t max)
{
    *b = (struct kta_str){.s = kta_str_empty, .max = max};
}

void kta_str_release(struct kta_str *b)
{
    if (b->cap)
        free(b->s);
    kta_str_init(b, b->max);
}

void kta_str_clear(struct kta_str *b)
{
    b->len = 0;
    b->cut = false;
    if (b->cap)
        b->s[0] = '\0';
}

char *kta_str_detach(struct kta_str *b)
{
    char *s = b->cap ? b->s : kta_strdup("");
    kta_str_init(b, b->max);
    return s;
}

/* Makes room for n more bytes and the terminator; says how many of n the limit lets in. */
static size_t reserve(struct kta_str *b, size_t n)
{
    if (b->max && n > b->max - (b->len < b->max ? b->len : b->max)) {
        n = b->len < b->max ? b->max - b->len : 0;
        b->cut = true;
    }
    if (n >= b->cap - b->len || !b->cap) { /* cap == 0 needs room even for the terminator */
        size_t want = b->len + n + 1;
        if (want < n)
            want = SIZE_MAX; /* malloc refuses it */
        if (want < b->cap + b->cap / 2)
            want = b->cap + b->cap / 2;
        if (want < 32)
            want = 32;
        bool shared = !b->cap;
        b->s = kta_realloc(shared ? NULL : b->s, want);
        if (shared)
            b->s[0] = '\0';
        b->cap = want;
    }
    return n;
}

int kta_str_addn(struct kta_str *b, const void *p, size_t n)
{
    if (!n)
        return 0;
    size_t fits = reserve(b, n);
    if (fits)
        memcpy(b->s + b->len, p, fits);
    b->len += fits;
    b->s[b->len] = '\0';
    return fits == n ? 0 : -1;
}

int kta_str_add(struct kta_str *b, const char *s)
{
    return kta_str_addn(b, s, strlen(s));
}

int kta_str_addc(struct kta_str *b, char c)
{
    return kta_str_addn(b, &c, 1);
}

int kta_str_vaddf(struct kta_str *b, const char *fmt, va_list ap)
{
    char small[256];
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    int rc = -1;
    if (n >= 0 && (size_t)n < sizeof small) {
        rc = kta_str_addn(b, small, (size_t)n);
    } else if (n >= 0) {
        kta_auto_free char *big = kta_malloc((size_t)n + 1);
        vsnprintf(big, (size_t)n + 1, fmt, again);
        rc = kta_str_addn(b, big, (size_t)n);
    }
    va_end(again);
    return rc;
}

int kta_str_addf(struct kta_str *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int rc = kta_str_vaddf(b, fmt, ap);
    va_end(ap);
    return rc;
}

void kta_str_truncate(struct kta_str *b, size_t len)
{
    if (len >= b->len)
        return;
    b->len = len;
    b->s[len] = '\0';
}

static bool blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

void kta_str_trim(struct kta_str *b)
{
    size_t from = 0;
    while (b->len && blank(b->s[b->len - 1]))
        b->len--;
    while (from < b->len && blank(b->s[from]))
        from++;
    if (!b->cap)
        return;
    memmove(b->s, b->s + from, b->len - from);
    b->len -= from;
    b->s[b->len] = '\0';
}

bool kta_streq(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

bool kta_starts(const char *s, const char *prefix)
{
    return s && !strncmp(s, prefix, strlen(prefix));
}

bool kta_ends(const char *s, const char *suffix)
{
    if (!s)
        return false;
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && !memcmp(s + n - m, suffix, m);
}

const char *kta_or(const char *s, const char *otherwise)
{
    return s && *s ? s : otherwise;
}

const char *kta_stristr(const char *hay, const char *needle)
{
    size_t n = strlen(needle);
    for (; hay; hay++) {
        if (!strncasecmp(hay, needle, n))
            return hay;
        if (!*hay)
            break;
    }
    return NULL;
}

enum { DISTANCE_MAX_LEN = 255 }; /* longer words are compared as being too far apart */

static int as_it_is(int c)
{
    return c;
}

/* Letters without their case, and what stands between words, are alike: DB_HOST, db-host. */
static int folded(int c)
{
    return c == '_' || c == '.' ? '-' : c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static int distance(const char *a, const char *b, int max, int (*letter)(int))
{
    size_t la = strlen(a), lb = strlen(b);
    size_t apart = la > lb ? la - lb : lb - la;
    if (max < 0 || apart > (size_t)max || la > DISTANCE_MAX_LEN || lb > DISTANCE_MAX_LEN)
        return max + 1;
    /* rows i-2, i-1, i of the optimal string alignment table */
    int rows[3][DISTANCE_MAX_LEN + 1];
    for (size_t j = 0; j <= lb; j++)
        rows[0][j] = (int)j;
    for (size_t i = 1; i <= la; i++) {
        int *row = rows[i % 3], *prev = rows[(i + 2) % 3], *prev2 = rows[(i + 1) % 3];
        int best = row[0] = (int)i;
        for (size_t j = 1; j <= lb; j++) {
            int x = letter(a[i - 1]), y = letter(b[j - 1]);
            int d = prev[j - 1] + (x != y);
            if (prev[j] + 1 < d)
                d = prev[j] + 1;
            if (row[j - 1] + 1 < d)
                d = row[j - 1] + 1;
            if (i > 1 && j > 1 && x == letter(b[j - 2]) && letter(a[i - 2]) == y &&
                prev2[j - 2] + 1 < d)
                d = prev2[j - 2] + 1;
            row[j] = d;
            if (d < best)
                best = d;
        }
        if (best > max)
            return max + 1;
    }
    int d = rows[la % 3][lb];
    return d > max ? max + 1 : d;
}

int kta_distance(const char *a, const char *b, int max)
{
    return distance(a, b, max, as_it_is);
}

const char *kta_nearest(const char *word, const char *const *names, size_t n)
{
    size_t len = strlen(word);
    const char *best = NULL;
    int best_d = (int)(len > 300 ? 100 : len / 3), best_exact = 0;
    if (len > 1 && best_d < 1)
        best_d = 1; /* one slip is forgiven from two letters on */
    for (size_t i = 0; i < n; i++) {
        int d = names[i] ? distance(word, names[i], best_d, folded) : best_d + 1;
        int exact = d <= best_d ? kta_distance(word, names[i], DISTANCE_MAX_LEN) : 0;
        if (d < best_d || (d == best_d && (!best || exact < best_exact))) {
            best_d = d;
            best_exact = exact;
            best = names[i];
        }
    }
    for (size_t i = 0; !best && len >= 2 && i < n; i++)
        if (kta_starts(names[i], word))
            best = names[i];
    return best;
}
