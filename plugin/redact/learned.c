/*
 * learned.c - finds any of many known values in one pass over a text.
 *
 * Every pattern has at least MIN_PATTERN bytes. Its first four bytes select a bit and a chain; a
 * text position whose bit is not set costs one load, one multiplication and one test.
 */
#include "session.h"
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"

enum { MIN_PATTERN = 8, HASH_BITS = 16, HASHES = 1 << HASH_BITS };

struct pattern {
    char *text;
    size_t n;
    int id;
    uint32_t next; /* 1 + index of the next in the chain */
};

static uint32_t hash4(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v * 2654435761u >> (32 - HASH_BITS);
}

void kta_learned_add(struct kta_learned *l, const char *p, size_t n, int id)
{
    if (n < MIN_PATTERN)
        return;
    if (!l->seen) {
        l->seen = kta_calloc(HASHES / 64, sizeof *l->seen);
        l->chain_of = kta_calloc(HASHES, sizeof *l->chain_of);
    }
    uint32_t h = hash4(p);
    for (uint32_t i = l->chain_of[h]; i; i = l->v[i - 1].next)
        if (l->v[i - 1].n == n && !memcmp(l->v[i - 1].text, p, n))
            return;
    KTA_GROW(l->v, l->n, l->cap);
    char *copy = kta_malloc(n);
    memcpy(copy, p, n);
    l->v[l->n] = (struct pattern){.text = copy, .n = n, .id = id, .next = l->chain_of[h]};
    l->chain_of[h] = (uint32_t)++l->n;
    l->seen[h / 64] |= UINT64_C(1) << h % 64;
    if (!l->shortest || n < l->shortest)
        l->shortest = n;
    if (n > l->longest)
        l->longest = n;
}

/* The longest pattern that stands at s, or NULL. */
static const struct pattern *longest_at(const struct kta_learned *l, uint32_t h, const char *s,
                                        size_t n)
{
    const struct pattern *best = NULL;
    for (uint32_t i = l->chain_of[h]; i; i = l->v[i - 1].next) {
        const struct pattern *p = &l->v[i - 1];
        if (p->n <= n && (!best || p->n > best->n) && !memcmp(p->text, s, p->n))
            best = p;
    }
    return best;
}

void kta_learned_find(const struct kta_learned *l, const char *s, size_t n, struct kta_spans *out)
{
    if (!l->n || n < l->shortest)
        return;
    for (size_t i = 0; i + l->shortest <= n; i++) {
        uint32_t h = hash4(s + i);
        if (!(l->seen[h / 64] >> h % 64 & 1))
            continue;
        const struct pattern *p = longest_at(l, h, s + i, n - i);
        if (!p)
            continue;
        kta_spans_add(out, i, i + p->n, "learned");
        out->v[out->n - 1].id = p->id;
        i += p->n - 1;
    }
}

void kta_learned_release(struct kta_learned *l)
{
    for (size_t i = 0; i < l->n; i++) {
        explicit_bzero(l->v[i].text, l->v[i].n);
        free(l->v[i].text);
    }
    free(l->v);
    free(l->chain_of);
    free(l->seen);
    *l = (struct kta_learned){0};
}
