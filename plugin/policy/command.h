/*
 * command.h - parsing against one table, for classify.c, which asks both of helm's.
 */
#ifndef KTA_POLICY_COMMAND_H
#define KTA_POLICY_COMMAND_H

#include <stdbool.h>
#include "kta/policy.h"
#include "table.h"

/* The tables of argv[0], newest first; NULL-terminated. NULL when it is no program of ours. */
const struct kta_table *const *kta_tables_of(const struct kta_argv *argv);
/* kta_command_parse against one table. */
int kta_command_parse_with(const struct kta_table *table, const struct kta_argv *argv,
                           struct kta_command *ret, struct kta_err *err);
/* Go's strconv.ParseBool: 1, 0 or -1. */
int kta_go_bool(const char *s);
/* The words after "--" are a container's command, not more arguments. */
bool kta_command_runs_container(const char *path);

#endif
