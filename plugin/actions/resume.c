/*
 * resume.c - the rest of a plan that stopped: what was not done, in its old order.
 *
 * The values behind the old session's placeholders come from the sealed plan, and become this
 * session's placeholders: they are never shown.
 */
#include "journal_private.h"

#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/journal.h"

static bool is_left(const struct kta_json *entry, const char *id)
{
    static const char *const LEFT[] = {"planned", "failed", "unknown"};

    kta_json_each(s, kta_json_get(entry, "plan")) {
        for (size_t i = 0; kta_streq(kta_json_str(s, "id"), id) && i < KTA_LEN(LEFT); i++)
            if (kta_streq(kta_json_str(s, "state"), LEFT[i]))
                return true;
    }
    return false;
}

/* The change that took up change `id` (or a step of it) before; NULL: none did. Borrowed. */
static const char *taken_up_by(const struct kta_json *all, const char *id)
{
    kta_json_each(entry, all) {
        if (kta_streq(kta_json_str(entry, "resumes"), id))
            return kta_json_str(entry, "id");
    }
    return NULL;
}

/* This session's placeholder for a value. Caller frees. */
static char *placeholder(struct kta_redact *r, const struct kta_json *secret)
{
    kta_auto_json struct kta_json *o = kta_json_new_object();
    struct kta_json *data = kta_json_new_object();

    kta_json_set_str(o, "apiVersion", "v1");
    kta_json_set_str(o, "kind", "Secret");
    kta_json_set(o, "stringData", data);
    kta_json_set_str(data, "value", kta_or(kta_json_str(secret, "value"), ""));
    kta_redact_object(r, o);
    return kta_strdup(kta_json_str(o, "stringData.value"));
}

/* A text of the old session with this session's placeholders. Caller frees. */
static char *translated(struct kta_redact *r, const char *text, const struct kta_json *secrets)
{
    struct kta_str out = KTA_STR_INIT;

    for (const char *c = text; *c;) {
        const struct kta_json *hit = NULL;

        kta_json_each(s, secrets) {
            if (kta_starts(c, kta_json_key(s)))
                hit = s;
        }
        if (!hit) {
            kta_str_addc(&out, *c++);
            continue;
        }
        kta_auto_free char *mark = placeholder(r, hit);
        kta_str_add(&out, kta_or(mark, ""));
        c += strlen(kta_json_key(hit));
    }
    return kta_str_detach(&out);
}

static int add_step(struct kta_pipeline *p, struct kta_plan *plan, const struct kta_json *step,
                    const struct kta_json *secrets, struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    const char *input = kta_json_str(step, "stdin");
    kta_auto_free char *text = input ? translated(p->redact, input, secrets) : NULL;

    kta_json_each(a, kta_json_get(step, "argv")) {
        kta_auto_free char *arg = translated(p->redact, kta_or(kta_json_text(a), ""), secrets);

        kta_argv_add(&argv, arg);
    }
    return kta_plan_add(plan, p->policy, &argv, text, kta_json_str(step, "why"), err) ? 0 : -1;
}

static int take_rest(struct kta_pipeline *p, const char *id, const char *only,
                     const struct kta_json *entry, const struct kta_json *all,
                     struct kta_plan *plan, struct kta_err *err)
{
    kta_auto_free char *root = kta_journal_dir(), *dir = kta_fs_join(root, id);
    kta_auto_json struct kta_json *sealed = NULL;

    if (kta_journal_take(dir, "plan.sealed", &sealed, err) < 0)
        return kta_err_wrap(err, "change %s cannot be resumed", id);
    kta_json_each(s, kta_json_get(sealed, "plan")) {
        const char *step = kta_json_str(s, "id");
        kta_auto_free char *whole = kta_asprintf("%s.%s", id, kta_or(step, ""));

        if (step && (!only || kta_streq(only, step)) && is_left(entry, step) &&
            !taken_up_by(all, whole) &&
            add_step(p, plan, s, kta_json_get(sealed, "secrets"), err) < 0)
            return -1;
    }
    return 0;
}

/* An undo that stopped when helm had done its part. */
static int after_helm(struct kta_pipeline *p, const char *id, const struct kta_json *entry,
                      struct kta_plan *plan, struct kta_err *err)
{
    const char *of = kta_json_str(entry, "undoOf"), *step;
    kta_auto_free char *only = of ? kta_journal_id(of, &step) : NULL;
    kta_auto_json struct kta_json *undone = NULL;
    struct kta_plan rest = {0};
    int rc;

    if (!of)
        return 0;
    if (kta_journal_entry(only, &undone, err) < 0)
        return -1;
    if (kta_json_str(undone, "undoneBy")) /* what differs now is somebody's since */
        return 0;
    rc = kta_journal_undo_rest(p, of, id, &rest, err);
    if (rc == 0)
        kta_plan_join(plan, &rest);
    kta_plan_release(&rest);
    return rc;
}

int kta_journal_resume_plan(struct kta_pipeline *p, const char *id, struct kta_plan *ret,
                            struct kta_err *err)
{
    const char *only = NULL;
    kta_auto_free char *number = kta_journal_id(id, &only), *uid = NULL;
    kta_auto_json struct kta_json *entry = NULL, *all = NULL;
    const char *by;

    if (kta_journal_entry(number, &entry, err) < 0 || kta_journal_idle(number, err) < 0 ||
        kta_journal_list(NULL, &all, err) < 0)
        return -1;
    by = taken_up_by(all, number);
    if (by) {
        kta_err_set(err, KTA_E_FAIL, "change %s was taken up by change %s", number, by);
        return kta_err_hint(err, "kubectl todo-ai history %s --resume", by);
    }
    uid = kta_cluster_uid(p->cluster);
    if (kta_journal_same_cluster(p, number, entry, uid, err) < 0)
        return -1;
    kta_plan_init(ret, kta_json_str(entry, "question"), kta_cluster_context(p->cluster),
                  kta_json_str(entry, "namespace"));
    ret->resumes = kta_strdup(id);
    if (kta_json_str(entry, "undoOf"))
        ret->undo_of = kta_strdup(kta_json_str(entry, "undoOf"));
    if (take_rest(p, number, only, entry, all, ret, err) == 0 &&
        (ret->n > 0 || after_helm(p, number, entry, ret, err) == 0)) {
        if (ret->n > 0)
            return 0;
        kta_err_set(err, KTA_E_FAIL, "nothing of change %s is left to be done", number);
    }
    kta_plan_release(ret);
    return -1;
}
