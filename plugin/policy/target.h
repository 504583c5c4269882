/*
 * target.h - what a command acts on, as rules and risk see it.
 */
#ifndef KTA_POLICY_TARGET_H
#define KTA_POLICY_TARGET_H

#include "classify.h"

/* "" is none; NULL may be anything. */
struct kta_target {
    const char *kind;       /* canonical, lower case */
    const char *written;    /* as the command or the manifest has it */
    const char *name;       /* NULL: all, by selector, or in a file that is not seen from here */
    const char *namespace_; /* "" for cluster-scoped objects; a namespace's own name for itself */
};

struct kta_targets {
    struct kta_target v[KTA_MAX_NAMED];
    size_t n;
    bool many;           /* more than fit */
    bool from_file;      /* files name objects that are not seen from here */
    const char *context; /* NULL: unknown */
    char kinds[KTA_MAX_NAMED][64];
    struct kta_doc docs[KTA_MAX_NAMED];
};

/* Everything in ret points into cmd, p and ret itself. */
void kta_targets_of(const struct kta_policy *p, struct kta_command *cmd, const char *stdin_text,
                    struct kta_targets *ret);

#endif
