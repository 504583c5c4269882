/*
 * undo_orphans.c - what was deleted without what it owned (--cascade=orphan) and made again by an
 * undo owns that again. It was there before: taking the undo back leaves it behind once more.
 */
#include "journal_private.h"

#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/journal.h"

static bool left_orphans(const struct kta_json *step)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    struct kta_err ignored = KTA_ERR_INIT;
    struct kta_command cmd = {0};
    bool left;

    kta_json_each(a, kta_json_get(step, "argv"))
        kta_argv_add(&argv, kta_or(kta_json_text(a), ""));
    if (kta_command_parse(&argv, &cmd, &ignored) < 0)
        return false;
    left = kta_streq(argv.v[0], "kubectl") && kta_leaves_orphans(&cmd);
    kta_command_release(&cmd);
    return left;
}

void kta_undo_find_orphaned(struct kta_undo *u, const struct kta_json *entry)
{
    const char *of = kta_json_str(entry, "undoOf"), *only = NULL;
    kta_auto_free char *id = of ? kta_journal_id(of, &only) : NULL, *root = kta_journal_dir();
    kta_auto_free char *dir = id && root ? kta_fs_join(root, id) : NULL;
    kta_auto_json struct kta_json *undone = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    u->orphaned = kta_json_new_array();
    if (!dir || kta_journal_entry(id, &undone, &ignored) < 0)
        return;
    kta_json_each(s, kta_json_get(undone, "plan")) {
        kta_auto_free char *name = kta_asprintf("%s.before", kta_or(kta_json_str(s, "id"), ""));
        kta_auto_json struct kta_json *images = NULL;

        /* its state is "undone" by now: that it ran is seen from its images */
        if ((only && !kta_streq(only, kta_json_str(s, "id"))) || !left_orphans(s) ||
            kta_journal_take(dir, name, &images, &ignored) < 0)
            continue;
        kta_json_each(i, images)
            kta_json_push_str(u->orphaned, kta_or(kta_json_str(i, "path"), ""));
    }
}

bool kta_undo_orphans(const struct kta_undo *u, const struct kta_undo_item *x)
{
    kta_json_each(path, u->orphaned) {
        if (kta_streq(kta_json_text(path), kta_json_str(x->image, "path")))
            return true;
    }
    return false;
}
