/*
 * classify.h - the parts of a verdict: what a command is by itself, then rules, then risk.
 *
 * Every part can only raise a class (read < write < deny), so their order does not matter for
 * safety; the first one that gives a class its reason keeps it.
 */
#ifndef KTA_POLICY_CLASSIFY_H
#define KTA_POLICY_CLASSIFY_H

#include <stdbool.h>
#include "command.h"
#include "kta/json.h"
#include "kta/policy.h"

#define KTA_MAX_NAMED 64 /* objects of one command that are looked at; more is "many" */

/* ---- verdict.c ---- */
/* Raises v to at least class_; where that changes it, reason and rule are set. */
void kta_raise(struct kta_verdict *v, enum kta_class class_, const char *rule, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Notes what the command reads outside of the cluster and the working folder. */
void kta_outside(struct kta_verdict *v, const char *what);

/* ---- check.c ---- */
/* What the command is by itself: verb, flags, words. p may be NULL. */
void kta_classify(const struct kta_policy *p, struct kta_command *cmd, struct kta_verdict *v);

/* ---- helm.c ---- */
/* The part of kta_classify that knows helm's output. */
void kta_classify_helm(const struct kta_command *cmd, struct kta_verdict *v);

/* ---- words.c ---- */
/* A word in which nothing can hide: printable ASCII without blanks, quotes and shell syntax. */
bool kta_plain_word(const char *s);
/* Printable ASCII, blanks allowed. */
bool kta_plain_text(const char *s);
/* A file of the working folder, by its spelling. ret_why says what it is when it is not. */
bool kta_local_file(const char *path, const char **ret_why);
/* A file that may hold a secret by its name: for flags whose command prints what is in the file. */
bool kta_telling_file(const char *path);
/* A file that calls itself secret: for manifests and values, most of which are not. */
bool kta_secret_file(const char *path);
bool kta_is_loopback(const char *address);

/* ---- flags.c ---- */
void kta_check_flags(const struct kta_policy *p, const struct kta_command *cmd,
                     struct kta_verdict *v);

/* ---- secret.c ---- */
/* True if the command's output may hold what is in a Secret. */
bool kta_may_reveal_secret(struct kta_command *cmd, char *why, size_t n);
/* The effective output format without its argument ("jsonpath"), lower case; "" if none. */
void kta_output_format(const struct kta_command *cmd, char *ret, size_t n);

/* ---- objects.c ---- */
/* "Pods", "po", "pods.v1." → "pod"; unknown ones in lower case without version and group. */
void kta_canonical_kind(const char *kind, char *ret, size_t n);
bool kta_kind_is_cluster_scoped(const char *kind); /* as written */
/* Index of the first argument that is KEY=VALUE or KEY- for verbs that take those; else n_args. */
size_t kta_first_pair(const struct kta_command *cmd);

struct kta_targets; /* target.h */

/* ---- risk.c ---- */
void kta_assess_risk(struct kta_command *cmd, const struct kta_targets *targets,
                     struct kta_verdict *v);

/* ---- pin.c ---- */
/* A dry run of helm's that is run with --hide-secret, given or added. */
bool kta_command_hides_secrets(const struct kta_command *cmd);

/* ---- rules.c ---- */
void kta_apply_rules(const struct kta_policy *p, struct kta_command *cmd,
                     const struct kta_targets *targets, struct kta_verdict *v);

/* ---- manifest.c ---- */
struct kta_doc {
    char kind[64], name[254], namespace_[64]; /* "" when absent */
};
/* The objects of a manifest (Lists unfolded). Returns how many there are (at most max are filled
 * in), or -1 when it cannot be read. */
int kta_manifest_objects(const char *text, struct kta_doc *ret, int max, struct kta_err *err);

#endif
