/*
 * str.h - growable bytes.
 *
 * Invariants: s is never NULL and s[len] is always '\0', also after init and after a failure, so
 * s can be handed to any C function. The bytes may hold NULs; len counts.
 * A buffer that outside data grows is made with KTA_STR_LIMITED(max): appending past max appends
 * what fits, sets `cut`, and returns -1; buffers without a limit never fail.
 */
#ifndef KTA_STR_H
#define KTA_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct kta_str {
    char *s;
    size_t len;
    size_t cap; /* 0: s is the shared empty string */
    size_t max; /* 0: no limit */
    bool cut;   /* something did not fit */
};

extern char kta_str_empty[1];
#define KTA_STR_INIT                                                                               \
    {                                                                                              \
        .s = kta_str_empty                                                                         \
    }
#define KTA_STR_LIMITED(lim)                                                                       \
    {                                                                                              \
        .s = kta_str_empty, .max = (lim)                                                           \
    }

void kta_str_init(struct kta_str *b, size_t max);
void kta_str_release(struct kta_str *b); /* frees; the buffer is empty and usable again */
void kta_str_clear(struct kta_str *b);   /* len = 0; keeps the memory and the limit */
/* Gives the text to the caller, who free()s it; the buffer is empty afterwards. Never NULL. */
char *kta_str_detach(struct kta_str *b);

int kta_str_add(struct kta_str *b, const char *s);
int kta_str_addn(struct kta_str *b, const void *p, size_t n);
int kta_str_addc(struct kta_str *b, char c);
int kta_str_addf(struct kta_str *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int kta_str_vaddf(struct kta_str *b, const char *fmt, va_list ap);
void kta_str_truncate(struct kta_str *b, size_t len);
void kta_str_trim(struct kta_str *b); /* white space at both ends */

#define kta_auto_str __attribute__((cleanup(kta_str_release)))

/* ---- small helpers on C strings ---- */
bool kta_streq(const char *a, const char *b); /* NULL equals only NULL */
bool kta_starts(const char *s, const char *prefix);
bool kta_ends(const char *s, const char *suffix);
const char *kta_or(const char *s, const char *otherwise); /* otherwise if s is NULL or "" */
/* Case-insensitive search for an ASCII word; NULL if it is not there. */
const char *kta_stristr(const char *hay, const char *needle);
/* Levenshtein distance with transpositions, stops above max (returns max + 1). */
int kta_distance(const char *a, const char *b, int max);
/* The candidate nearest to word, or NULL if none is near enough to be meant (distance at most a
 * third of the length, or a prefix). Case, and which of - _ . is between words, count only where
 * two are equally near. The result points into names. */
const char *kta_nearest(const char *word, const char *const *names, size_t n);

#endif
