/*
 * re.h - regular expressions (PCRE2, UTF), with match limits so that no input can run away.
 */
#ifndef KTA_RE_H
#define KTA_RE_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/err.h"

struct kta_re;

#define KTA_RE_MAX_GROUPS 16

struct kta_match {
    size_t start[KTA_RE_MAX_GROUPS], end[KTA_RE_MAX_GROUPS]; /* (size_t)-1: group not set */
    int n;                                                   /* groups, with the whole match as 0 */
};

enum { KTA_RE_ICASE = 1, KTA_RE_MULTILINE = 2, KTA_RE_DOTALL = 4, KTA_RE_UNTIL = 8 };

/* JIT-compiled where the library can. The pattern is ours or the user's, never a model's. */
int kta_re_compile(const char *pattern, int flags, struct kta_re **ret, struct kta_err *err);
/* For patterns that are part of the program: ends it with a message when one is wrong. */
struct kta_re *kta_re_must(const char *pattern, int flags);
void kta_re_free(struct kta_re *re);
/* Searches from `from`. True on a match. m may be NULL. Text need not be valid UTF-8. */
bool kta_re_find(const struct kta_re *re, const char *s, size_t n, size_t from,
                 struct kta_match *m);
/* The same for a match that begins at `last` at the latest; re is compiled with KTA_RE_UNTIL. */
bool kta_re_find_until(const struct kta_re *re, const char *s, size_t n, size_t from, size_t last,
                       struct kta_match *m);
/* Whether it matches: 1 or 0; -1 when a limit ended the search, which is no "no". */
int kta_re_test(const struct kta_re *re, const char *s, size_t n, struct kta_err *err);
/* A copy of group g, or NULL if it is not set. Caller frees. */
char *kta_re_group(const char *s, const struct kta_match *m, int g);
/* The number of a named group, or -1. */
int kta_re_named(const struct kta_re *re, const char *name);

#endif
