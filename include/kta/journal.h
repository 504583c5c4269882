/*
 * journal.h - changes made, durably: what was there before, what ran, what came of it; and undo.
 *
 * One folder per change under $XDG_STATE_HOME/kubectl-todo-ai/journal. Before a step runs, the
 * pre-image of every object that it touches is on disk (fsync of file and folder).
 */
#ifndef KTA_JOURNAL_H
#define KTA_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/err.h"
#include "kta/json.h"
#include "kta/pipeline.h"
#include "kta/plan.h"

/* All entries as a ChangeList, newest first; id NULL for all. Caller owns *ret. */
int kta_journal_list(const char *id, struct kta_json **ret, struct kta_err *err);
/* The plan that undoes change `id` (NULL: the latest of this context that is neither undone nor an
 * undo); it is then run by kta_pipeline_run like any other. ret must be zero; after -1 there is
 * nothing in it to release. */
int kta_journal_undo_plan(struct kta_pipeline *p, const char *id, bool force, struct kta_plan *ret,
                          struct kta_err *err);
/* An undo that has nothing to put back: *ret_differs says what is not as it was before all the same
 * (caller frees), or is NULL: then the change counts as undone, if mark. */
int kta_journal_settle(struct kta_pipeline *p, const char *id, bool mark, char **ret_differs,
                       struct kta_err *err);
/* What of change `id` has not been done (planned, failed, unknown), as a plan of its own, with the
 * real values of its placeholders. ret as above. */
int kta_journal_resume_plan(struct kta_pipeline *p, const char *id, struct kta_plan *ret,
                            struct kta_err *err);

#endif
