/*
 * re.c - regular expressions on top of PCRE2, the only file that knows it.
 *
 * Every match runs under limits of steps, depth and memory, so that a pattern that a user wrote
 * cannot run away on a text that a cluster wrote: such a match counts as "no match". Matching is
 * UTF with invalid bytes allowed in the text, which never match.
 */
#include "kta/re.h"
#include <stdlib.h>
#include <string.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include "kta/alloc.h"
#include "kta/log.h"

#define MATCH_LIMIT 1000000u
#define DEPTH_LIMIT 10000u
#define HEAP_LIMIT  (8u << 10) /* KiB */
#define MAX_PATTERN 8192
#define JIT_FROM    (32u << 10) /* bytes: compiling to machine code costs what matching these does */

struct kta_re {
    pcre2_code *code;
    pcre2_match_data *data; /* reused: there are no threads */
    size_t matched;         /* bytes, until it is compiled to machine code */
};

static pcre2_match_context *limits(void)
{
    static pcre2_match_context *context;
    if (!context) {
        context = pcre2_match_context_create(NULL);
        if (context) {
            pcre2_set_match_limit(context, MATCH_LIMIT);
            pcre2_set_depth_limit(context, DEPTH_LIMIT);
            pcre2_set_heap_limit(context, HEAP_LIMIT);
        }
    }
    return context;
}

static uint32_t options(int flags)
{
    uint32_t o = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
    if (flags & KTA_RE_ICASE)
        o |= PCRE2_CASELESS;
    if (flags & KTA_RE_MULTILINE)
        o |= PCRE2_MULTILINE;
    if (flags & KTA_RE_DOTALL)
        o |= PCRE2_DOTALL;
    if (flags & KTA_RE_UNTIL)
        o |= PCRE2_USE_OFFSET_LIMIT;
    return o;
}

int kta_re_compile(const char *pattern, int flags, struct kta_re **ret, struct kta_err *err)
{
    int code;
    PCRE2_SIZE at;
    PCRE2_UCHAR why[120] = "";
    pcre2_code *c;
    struct kta_re *re;

    if (strlen(pattern) > MAX_PATTERN)
        return kta_err_set(err, KTA_E_LIMIT, "regular expression longer than %d bytes",
                           MAX_PATTERN);
    c = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options(flags), &code, &at, NULL);
    if (!c) {
        pcre2_get_error_message(code, why, sizeof why);
        return kta_err_set(err, KTA_E_PARSE,
                           "regular expression '%.200s' is wrong at character %zu: %s", pattern,
                           at + 1, (const char *)why);
    }
    re = kta_calloc(1, sizeof *re);
    re->code = c;
    re->data = pcre2_match_data_create_from_pattern(c, NULL);
    if (!re->data) {
        kta_re_free(re);
        return kta_err_set(err, KTA_E_FAIL, "out of memory for a regular expression");
    }
    *ret = re;
    return 0;
}

struct kta_re *kta_re_must(const char *pattern, int flags)
{
    struct kta_err err = KTA_ERR_INIT;
    struct kta_re *re = NULL;
    if (kta_re_compile(pattern, flags, &re, &err) < 0) {
        kta_log(0, "%s", err.msg);
        abort();
    }
    return re;
}

void kta_re_free(struct kta_re *re)
{
    if (!re)
        return;
    pcre2_match_data_free(re->data);
    pcre2_code_free(re->code);
    free(re);
}

static void fill(const struct kta_re *re, int groups, struct kta_match *m)
{
    const PCRE2_SIZE *o = pcre2_get_ovector_pointer(re->data);
    m->n = groups < KTA_RE_MAX_GROUPS ? groups : KTA_RE_MAX_GROUPS;
    for (int g = 0; g < KTA_RE_MAX_GROUPS; g++) {
        bool is_set = g < m->n && o[2 * g] != PCRE2_UNSET && o[2 * g] <= o[2 * g + 1];
        m->start[g] = is_set ? o[2 * g] : (size_t)-1;
        m->end[g] = is_set ? o[2 * g + 1] : (size_t)-1;
    }
}

/* Most patterns see one short log; those that see much are worth machine code. Where there is none,
 * the interpreter goes on. */
static void count(struct kta_re *re, size_t n)
{
    if (re->matched >= JIT_FROM)
        return;
    re->matched += n < JIT_FROM ? n : JIT_FROM;
    if (re->matched >= JIT_FROM)
        pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE);
}

/* What pcre2_match returns. */
static int search(const struct kta_re *re, const char *s, size_t n, size_t from, size_t last)
{
    pcre2_match_context *context = limits();

    if (context)
        pcre2_set_offset_limit(context, last);
    count((struct kta_re *)(size_t)re,
          n - from); /* every re is made by kta_re_compile, not const */
    int got = pcre2_match(re->code, (PCRE2_SPTR)s, n, from, 0, re->data, context);

    if (got == PCRE2_ERROR_JIT_STACKLIMIT) /* the interpreter has the larger stack */
        got = pcre2_match(re->code, (PCRE2_SPTR)s, n, from, PCRE2_NO_JIT, re->data, context);
    return got;
}

static bool find(const struct kta_re *re, const char *s, size_t n, size_t from, size_t last,
                 struct kta_match *m)
{
    int got = from > n ? 0 : search(re, s, n, from, last);

    if (got <= 0)
        return false;
    if (m)
        fill(re, got, m);
    return true;
}

bool kta_re_find(const struct kta_re *re, const char *s, size_t n, size_t from, struct kta_match *m)
{
    return find(re, s, n, from, PCRE2_UNSET, m);
}

bool kta_re_find_until(const struct kta_re *re, const char *s, size_t n, size_t from, size_t last,
                       struct kta_match *m)
{
    return find(re, s, n, from, last, m);
}

int kta_re_test(const struct kta_re *re, const char *s, size_t n, struct kta_err *err)
{
    int got = search(re, s, n, 0, PCRE2_UNSET);

    if (got < 0 && got != PCRE2_ERROR_NOMATCH)
        return kta_err_set(err, KTA_E_LIMIT, "the search for a pattern was given up");
    return got > 0;
}

char *kta_re_group(const char *s, const struct kta_match *m, int g)
{
    if (g < 0 || g >= KTA_RE_MAX_GROUPS || m->start[g] == (size_t)-1)
        return NULL;
    return kta_strndup(s + m->start[g], m->end[g] - m->start[g]);
}

int kta_re_named(const struct kta_re *re, const char *name)
{
    int g = pcre2_substring_number_from_name(re->code, (PCRE2_SPTR)name);
    return g > 0 ? g : -1;
}
