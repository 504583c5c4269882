/*
 * argv.h - a vector of arguments: the only form in which this program holds a command.
 *
 * v is NULL-terminated and owned by the struct; v may be passed to posix_spawn. There is no shell
 * anywhere: kta_argv_split turns a line that a model wrote into arguments and refuses everything
 * that only a shell could do.
 */
#ifndef KTA_ARGV_H
#define KTA_ARGV_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/err.h"
#include "kta/str.h"

struct kta_argv {
    char **v; /* NULL when n == 0 and nothing was ever added */
    size_t n, cap;
};

#define KTA_ARGV_INIT                                                                              \
    {                                                                                              \
        0                                                                                          \
    }

void kta_argv_release(struct kta_argv *a);
#define kta_auto_argv __attribute__((cleanup(kta_argv_release)))

void kta_argv_add(struct kta_argv *a, const char *arg); /* copies */
void kta_argv_addf(struct kta_argv *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void kta_argv_insert(struct kta_argv *a, size_t at, const char *arg);
void kta_argv_copy(struct kta_argv *to, const struct kta_argv *from);    /* to is released first */
bool kta_argv_equal(const struct kta_argv *a, const struct kta_argv *b); /* word for word */
/* Adds NULL-terminated literals: kta_argv_addl(&a, "kubectl", "get", NULL). */
void kta_argv_addl(struct kta_argv *a, ...) __attribute__((sentinel));

/* Appends the command quoted for a POSIX shell: what a person may paste and get the same argv. */
void kta_argv_quote(const struct kta_argv *a, struct kta_str *out);
void kta_quote_arg(const char *arg, struct kta_str *out);

/* Splits a line by POSIX quoting rules (blanks, '…', "…", backslash, line continuation). Fails with
 * KTA_E_POLICY and a sentence when the line holds unquoted shell syntax: | & ; < > ( ) ` $ or a
 * glob, an assignment before the command, a here-document. Limits: KTA_MAX_ARGV, KTA_MAX_ARG. */
int kta_argv_split(const char *line, struct kta_argv *out, struct kta_err *err);

#endif
