/*
 * history.c - the journal's entries, read: the list, which one an undo means, what became of it.
 */
#include "journal_private.h"

#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/journal.h"
#include "kta/limits.h"

#define MAX_ENTRY (8u << 20)
#define VERSION   1 /* of entry.json */

int kta_journal_idle(const char *id, struct kta_err *err)
{
    kta_auto_free char *root = kta_journal_dir(), *dir = kta_fs_join(root, id);

    return kta_journal_abandoned(dir)
               ? 0
               : kta_err_set(err, KTA_E_FAIL, "change %s still runs, or is being undone", id);
}

int kta_journal_entry(const char *id, struct kta_json **ret, struct kta_err *err)
{
    kta_auto_free char *root = kta_journal_dir(), *dir = NULL, *file = NULL;
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    if (!root)
        return kta_err_set(err, KTA_E_FAIL, "neither XDG_STATE_HOME nor HOME is set");
    dir = kta_fs_join(root, id);
    file = kta_fs_join(dir, "entry.json");
    if (strspn(id, "0123456789") != strlen(id) || !*id || !kta_fs_exists(file)) {
        kta_err_set(err, KTA_E_NOT_FOUND, "there is no change '%s'", id);
        return kta_err_hint(err, "kubectl todo-ai history lists the changes");
    }
    if (kta_fs_read(file, MAX_ENTRY, &text, err) < 0 ||
        kta_json_parse(text.s, text.len, ret, err) < 0)
        return kta_err_wrap(err, "what was recorded of change %s cannot be read", id);
    if (kta_json_int(*ret, "version", 0) != VERSION) {
        kta_json_free(KTA_STEAL(*ret));
        return kta_err_set(err, KTA_E_FAIL,
                           "change %s was recorded by another version of kubectl-todo-ai", id);
    }
    kta_json_each(s, kta_json_get(*ret, "plan")) {
        if (kta_streq(kta_json_str(s, "state"), "running") && kta_journal_abandoned(dir))
            kta_json_set_str(s, "state", "unknown");
    }
    return 0;
}

bool kta_journal_step_ran(const struct kta_json *step)
{
    static const char *const RAN[] = {"executed", "verified", "unverified",
                                      "failed",   "unknown",  "running"};
    const char *state = kta_json_str(step, "state");

    for (size_t i = 0; i < KTA_LEN(RAN); i++)
        if (kta_streq(state, RAN[i]))
            return kta_json_str(step, "journal") != NULL;
    return false;
}

static int by_number(const void *a, const void *b)
{
    long x = strtol(*(char *const *)a, NULL, 10), y = strtol(*(char *const *)b, NULL, 10);

    return x < y ? 1 : x > y ? -1 : 0;
}

/* Names of all entries, newest first; freed with kta_fs_free_names. */
static int entry_names(char ***ret, size_t *ret_n, struct kta_err *err)
{
    kta_auto_free char *root = kta_journal_dir();

    *ret = NULL;
    *ret_n = 0;
    if (!root || !kta_fs_exists(root))
        return 0;
    if (kta_fs_list(root, ret, ret_n, err) < 0)
        return -1;
    if (*ret_n > 1)
        qsort(*ret, *ret_n, sizeof **ret, by_number);
    return 0;
}

/* ---- the list ---- */
/* The server chose a name for what it made, and nobody lived to hear it. */
static bool is_unheard(const struct kta_json *step)
{
    kta_json_each(o, kta_json_get(step, "objects")) {
        if (kta_json_str(o, "generateName"))
            return true;
    }
    return false;
}

static const char *undo_words(const struct kta_json *step)
{
    const char *program = kta_json_text(kta_json_item(kta_json_get(step, "argv"), 0));

    if (kta_streq(kta_json_str(step, "state"), "undone"))
        return "already undone";
    if (!kta_journal_step_ran(step))
        return NULL;
    if (!kta_json_bool(step, "undoable", true) || kta_json_len(kta_json_get(step, "objects")) == 0)
        return "cannot be undone";
    if (is_unheard(step))
        return "looks for what it may have made under a name of the server's, and deletes it";
    return kta_streq(program, "helm") ? "puts the release back as it was"
                                      : "puts the objects back as they were, where nobody changed "
                                        "them since";
}

static struct kta_json *described(struct kta_json *entry, const char *step)
{
    struct kta_json *steps = kta_json_new_array();

    kta_json_each(s, kta_json_get(entry, "plan")) {
        struct kta_json *copy;

        if (step && !kta_streq(step, kta_json_str(s, "id")))
            continue;
        copy = kta_json_copy(s);
        kta_json_set(copy, "undo", kta_json_new_str(undo_words(s)));
        kta_json_push(steps, copy);
    }
    kta_json_set(entry, "plan", steps);
    return entry;
}

static struct kta_json *unreadable(const char *id, const struct kta_err *why)
{
    struct kta_json *o = kta_json_new_object();

    kta_json_set_str(o, "id", id);
    kta_json_set_str(o, "error", why->msg);
    kta_json_set(o, "plan", kta_json_new_array());
    return o;
}

int kta_journal_list(const char *id, struct kta_json **ret, struct kta_err *err)
{
    const char *step = NULL;
    kta_auto_free char *only = id ? kta_journal_id(id, &step) : NULL;
    struct kta_json *list = kta_json_new_array(), *entry = NULL;
    char **names = NULL;
    size_t n = 0;

    if (only) {
        if (kta_journal_entry(only, &entry, err) < 0) {
            kta_json_free(list);
            return -1;
        }
        kta_json_push(list, described(entry, step));
        *ret = list;
        return 0;
    }
    if (entry_names(&names, &n, err) < 0) {
        kta_json_free(list);
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        struct kta_err why = KTA_ERR_INIT;

        entry = NULL;
        if (kta_journal_entry(names[i], &entry, &why) == 0)
            kta_json_push(list, described(entry, NULL));
        else if (why.code != KTA_E_NOT_FOUND) /* a folder without an entry never ran anything */
            kta_json_push(list, unreadable(names[i], &why));
    }
    kta_fs_free_names(names, n);
    *ret = list;
    return 0;
}

/* ---- which change an undo without an ID means ---- */
static bool can_be_undone(const struct kta_json *entry, const char *cluster_uid)
{
    const char *uid = kta_json_str(entry, "clusterUid");

    if (kta_json_str(entry, "undoOf") || (uid && cluster_uid && !kta_streq(uid, cluster_uid)))
        return false;
    kta_json_each(s, kta_json_get(entry, "plan")) {
        if (kta_journal_step_ran(s))
            return true;
    }
    return false;
}

int kta_journal_latest(const char *context, const char *cluster_uid, char **ret,
                       struct kta_err *err)
{
    kta_auto_free char *elsewhere = NULL;
    char **names = NULL;
    size_t n = 0;
    int rc = 0;

    *ret = NULL;
    if (entry_names(&names, &n, err) < 0)
        return -1;
    for (size_t i = 0; rc == 0 && !*ret && i < n; i++) {
        kta_auto_json struct kta_json *entry = NULL;
        struct kta_err why = KTA_ERR_INIT;

        if (kta_journal_entry(names[i], &entry, &why) == 0) {
            bool can = can_be_undone(entry, cluster_uid);

            if (can && kta_streq(kta_json_str(entry, "context"), context))
                *ret = kta_strdup(names[i]);
            else if (can && !elsewhere)
                elsewhere = kta_asprintf("kubectl todo-ai undo %s (it was made in context '%s')",
                                         names[i], kta_or(kta_json_str(entry, "context"), ""));
        } else if (why.code != KTA_E_NOT_FOUND) { /* it may be the one that is meant */
            *err = why;
            rc = kta_err_hint(err, "name the change to undo: kubectl todo-ai undo ID");
        }
    }
    kta_fs_free_names(names, n);
    if (rc == 0 && !*ret)
        rc = kta_err_set(err, KTA_E_NOT_FOUND, "there is no change in context '%s' to undo",
                         context);
    if (rc < 0 && err->code == KTA_E_NOT_FOUND && elsewhere)
        kta_err_hint(err, "%s", elsewhere);
    return rc;
}

/* "undone", with what it was before; and back, when the undo itself is undone. */
static void mark(struct kta_json *step, bool undone)
{
    const char *state = kta_json_str(step, "state");

    if (undone) {
        kta_json_set_str(step, "was", state);
        kta_json_set_str(step, "state", "undone");
    } else if (kta_streq(state, "undone")) {
        kta_json_set_str(step, "state", kta_or(kta_json_str(step, "was"), "executed"));
        kta_json_remove(step, "was");
    }
}

/* by NULL: it is not undone any more. */
static void mark_entry(const char *id, const char *by)
{
    const char *step;
    kta_auto_free char *only = kta_journal_id(id, &step), *root = kta_journal_dir();
    kta_auto_free char *dir = kta_fs_join(root, only), *file = kta_fs_join(dir, "entry.json");
    kta_auto_json struct kta_json *entry = NULL;
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct kta_err ignored = KTA_ERR_INIT;

    if (kta_journal_entry(only, &entry, &ignored) < 0)
        return;
    kta_json_each(s, kta_json_get(entry, "plan")) {
        if ((!by || kta_journal_step_ran(s)) && (!step || kta_streq(step, kta_json_str(s, "id"))))
            mark(s, by != NULL);
    }
    if (by)
        kta_json_set_str(entry, "undoneBy", by);
    else
        kta_json_remove(entry, "undoneBy");
    kta_json_print(entry, true, &text);
    (void)kta_fs_write(file, text.s, text.len, &ignored); /* history then shows it as it was */
    if (kta_json_str(entry, "undoOf")) /* what an undo undid is there again, and the other way */
        mark_entry(kta_json_str(entry, "undoOf"), by ? NULL : only);
}

void kta_journal_mark_undone(const char *id, const char *by)
{
    mark_entry(id, by);
}
