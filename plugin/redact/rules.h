/*
 * rules.h - the secrets that are known by their shape (prompts/secrets.txt tells the fields).
 */
#ifndef KTA_REDACT_RULES_H
#define KTA_REDACT_RULES_H

#include <stddef.h>

struct kta_rule {
    const char *name, *literals, *pattern;
    int group, back, reach;
    const char *example;
};

/* What <begin> stands for: not in the middle of a word; but an escaped line break or a percent
 * escape ends in a letter. */
#define KTA_WORD_BEGINS                                                                            \
    "(?:(?<![A-Za-z0-9])|(?<=\\\\[nrt])|(?<=%[0-9A-Fa-f]{2})|(?<=u00[0-9a-f]{2}))"

size_t kta_rules_n(void); /* reads them at the first call */
/* 0 ≤ i < kta_rules_n(), which must have been called. Static. */
const struct kta_rule *kta_rule(size_t i);

#endif
