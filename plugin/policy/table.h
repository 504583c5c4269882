/*
 * table.h - what a program takes on its command line: the shape of the generated tables.
 *
 * The data is generated from the programs' own help by gen_tables.py and holds nothing else: what a
 * command means is in classify.c. A flag that a command does not have is an error for the program,
 * and so it is for us.
 */
#ifndef KTA_POLICY_TABLE_H
#define KTA_POLICY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/alloc.h"

/* What a flag takes, as pflag has it. */
enum {
    KTA_FLAG_BOOL = 'b',     /* "=value" only, a boolean in Go's spelling */
    KTA_FLAG_OPTIONAL = 'o', /* "=value" only, a default when bare (--dry-run) */
    KTA_FLAG_SCALAR = 's',   /* a value, also as the next word; the last one counts */
    KTA_FLAG_LIST = 'l',     /* the same; repeated flags add up */
};

struct kta_flag_def {
    const char *name;
    char shorthand; /* 0: none */
    char takes;
};

struct kta_cmd_def {
    const char *path;    /* "rollout restart"; "" is the program itself */
    const char *aliases; /* other names of the last word, blank-separated */
    const struct kta_flag_def *flags;
    size_t n_flags;
};

struct kta_table {
    const char *program;
    const char *version;
    bool underscores; /* "_" in a flag's name is "-" (kubectl) */
    const struct kta_flag_def *globals;
    size_t n_globals;
    const struct kta_cmd_def *cmds;
    size_t n_cmds;
};

extern const struct kta_table kta_table_kubectl, kta_table_helm3, kta_table_helm4;

#endif
