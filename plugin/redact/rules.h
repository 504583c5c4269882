/*
 * rules.h - the table of secrets that are known by their shape.
 */
#ifndef KTA_REDACT_RULES_H
#define KTA_REDACT_RULES_H

#include <stddef.h>

struct kta_rule {
    const char *name;
    const char *literals; /* separated by blanks ('^' stands for one): one is in every match; case
                             is ignored here, the pattern decides */
    const char *pattern;  /* PCRE2; the match contains the literal */
    int group;            /* which group is the secret: 0 the whole match */
    int back;            /* bytes before the literal where the match may begin; 0: at the literal */
    int reach;           /* bytes after the literal that the match may need; 0: DEFAULT_REACH */
    const char *example; /* the secret stands between « and »; ·, « and » are taken out */
};

/* Not in the middle of a word; but an escaped line break or a percent escape ends in a letter. */
#define KTA_WORD_BEGINS                                                                            \
    "(?:(?<![A-Za-z0-9])|(?<=\\\\[nrt])|(?<=%[0-9A-Fa-f]{2})|(?<=u00[0-9a-f]{2}))"

extern const struct kta_rule kta_rules[];
extern const size_t kta_rules_n;

#endif
