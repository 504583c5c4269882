/*
 * undo.c - what was done, listed, and the plan that puts it back.
 */
#include "journal_private.h"

#include "kta/journal.h"

int kta_journal_list(const char *id, struct kta_json **ret, struct kta_err *err)
{
    (void)id;
    (void)err;
    *ret = kta_json_new_array();
    return 0;
}

int kta_journal_undo_plan(struct kta_pipeline *p, const char *id, bool force, struct kta_plan *ret,
                          struct kta_err *err)
{
    (void)p;
    (void)id;
    (void)force;
    (void)ret;
    return kta_err_set(err, KTA_E_FAIL, "undo is not built in yet");
}

void kta_journal_mark_undone(const char *id, const char *by)
{
    (void)id;
    (void)by;
}
