/* scan.c - the rules on a piece of text. */
#include "session.h"
#include <string.h>
#include "kta/alloc.h"
#include "kta/re.h"

static struct rule {
    const char *name, *pattern;
    int group;
    struct kta_re *re;
} rules[] = {
    {"jwt", "eyJ[\\w-]{8,}\\.eyJ[\\w-]{8,}\\.[\\w-]*", 0, NULL},
    {"key", "\\b(?:gh[pousr]_|github_pat_|glpat-|sk-|sk_live_|xox[a-z]-|AKIA|npm_)[\\w-]{16,}", 0,
     NULL},
    {"pem", "-----BEGIN [A-Z ]*PRIVATE KEY-----([\\s\\S]*?)-----END", 1, NULL},
    {"url", "[a-z][a-z0-9+.-]*://[^\\s:/@]*:([^\\s/@]+)@", 1, NULL},
    {"authorization", "(?i)authorization[\"']?: *[\"']?\\w+ +([^\\s\"']+)", 1, NULL},
    {"assignment",
     "(?i)(?:password|passwd|secret|token|api_?key)[\"']?(?:: *|=)[\"']?([^\\s\"',;&]{4,})", 1,
     NULL},
};

size_t kta_scan(struct kta_redact *r, const char *s, size_t n, bool last, struct kta_spans *out)
{
    if (!last) {
        const char *end = memrchr(s, '\n', n);
        n = end ? (size_t)(end - s) + 1 : 0;
    }
    kta_learned_find(&r->learned, s, n, out);
    for (size_t i = 0; i < KTA_LEN(rules); i++) {
        struct rule *rule = &rules[i];
        if (!rule->re)
            rule->re = kta_re_must(rule->pattern, 0);
        struct kta_match m;
        for (size_t at = 0; kta_re_find(rule->re, s, n, at, &m) && m.end[0] > at; at = m.end[0])
            kta_spans_add(out, m.start[rule->group], m.end[rule->group], rule->name);
    }
    return n;
}
