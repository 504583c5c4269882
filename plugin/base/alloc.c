/*
 * alloc.c - memory that is there or ends the program.
 *
 * The one place below cmd/ that may exit: a process without memory can do nothing sensible, and
 * branches for it would never be tested.
 */
#include "kta/alloc.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void kta_out_of_memory(void)
{
    fputs("kubectl-todo-ai: out of memory\n", stderr);
    exit(1);
}

void *kta_malloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (!p)
        kta_out_of_memory();
    return p;
}

void *kta_calloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (!p)
        kta_out_of_memory();
    return p;
}

void *kta_realloc(void *p, size_t size)
{
    p = realloc(p, size ? size : 1);
    if (!p)
        kta_out_of_memory();
    return p;
}

void *kta_grow(void *p, size_t n, size_t *cap, size_t elem)
{
    if (n < *cap)
        return p;
    size_t want = n < 8 ? 8 : n + n / 2 + 1;
    size_t bytes;
    if (n == SIZE_MAX || want < n || __builtin_mul_overflow(want, elem, &bytes))
        kta_out_of_memory();
    *cap = want;
    return kta_realloc(p, bytes);
}

char *kta_strdup(const char *s)
{
    return s ? kta_strndup(s, strlen(s)) : NULL;
}

char *kta_strndup(const char *s, size_t n)
{
    if (!s)
        return NULL;
    n = strnlen(s, n);
    char *p = kta_malloc(n + 1);
    memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

char *kta_asprintf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *p = NULL;
    if (vasprintf(&p, fmt, ap) < 0)
        kta_out_of_memory();
    va_end(ap);
    return p;
}

void kta_free_cleanup(void *pp)
{
    void *p;
    memcpy(&p, pp, sizeof p);
    free(p);
}
