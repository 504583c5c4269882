/*
 * journal_private.h - the journal's files, for listing and undoing.
 */
#ifndef KTA_JOURNAL_PRIVATE_H
#define KTA_JOURNAL_PRIVATE_H

#include "actions.h"

char *kta_journal_dir(void); /* caller frees; NULL without HOME */
/* A value under a name in an entry's folder, sealed. */
int kta_journal_put(const char *dir, const char *name, const struct kta_json *v,
                    struct kta_err *err);
int kta_journal_take(const char *dir, const char *name, struct kta_json **ret, struct kta_err *err);
char *kta_cluster_uid(struct kta_cluster *c); /* caller frees; NULL: may not be read */

/* ---- history.c ---- */
/* entry.json of an ID ("17"); "running" of a process that is gone is read as "unknown". */
int kta_journal_entry(const char *id, struct kta_json **ret, struct kta_err *err);
bool kta_journal_step_ran(const struct kta_json *step);
/* "17" of "17.2"; *ret_step points at "2" or is NULL. Caller frees. */
char *kta_journal_id(const char *id, const char **ret_step);
/* The latest change on this cluster that is neither undone nor an undo; NULL: none. Caller frees.
 */
char *kta_journal_latest(const char *cluster_uid);

#endif
