/*
 * alloc.h - memory that is there or ends the program.
 *
 * kta_malloc and friends never return NULL: when memory is gone they print one line and exit(1).
 * Sizes that come from outside are checked against limits.h before they reach these functions.
 * Everything they return is released with free().
 */
#ifndef KTA_ALLOC_H
#define KTA_ALLOC_H

#include <stddef.h>

void *kta_malloc(size_t size);
void *kta_calloc(size_t n, size_t size);
void *kta_realloc(void *p, size_t size);
/* Grows an array for at least one more element; overflow-checked. Use KTA_GROW. */
void *kta_grow(void *p, size_t n, size_t *cap, size_t elem);
_Noreturn void kta_out_of_memory(void); /* what a library's own allocation failed with */
char *kta_strdup(const char *s);        /* NULL gives NULL */
char *kta_strndup(const char *s, size_t n);
char *kta_asprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* KTA_GROW(v, n, cap): makes room in the array v (n used, cap allocated) for v[n]. */
#define KTA_GROW(v, n, cap) ((v) = kta_grow((v), (n), &(cap), sizeof *(v)))

/* kta_auto_free char *s = …; frees s when the scope is left (and may have no other use). */
void kta_free_cleanup(void *pp);
#define kta_auto_free __attribute__((unused, cleanup(kta_free_cleanup)))

/* KTA_STEAL(p): the value of p, which becomes NULL: how a cleanup local is returned. */
#define KTA_STEAL(p)                                                                               \
    __extension__({                                                                                \
        __typeof__(p) steal_tmp_ = (p);                                                            \
        (p) = NULL;                                                                                \
        steal_tmp_;                                                                                \
    })

#define KTA_LEN(a) (sizeof(a) / sizeof *(a))

#endif
