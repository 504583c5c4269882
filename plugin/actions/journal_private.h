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

#endif
