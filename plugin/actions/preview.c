/*
 * preview.c - what a step would do, found out without doing it.
 *
 * Costs for a one-object patch: one GET, one dry-run PATCH, one SelfSubjectAccessReview and no
 * process; one list more for who uses the object. Only what goes with an owner may cost more
 * (owned.c, touch_namespace.c). A problem becomes a sentence of the preview; only an interrupt ends
 * it.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/interrupt.h"

/* The diff of all touches into s->preview.diff, and their count. */
static void preview_diff(struct kta_pipeline *p, struct kta_step *s)
{
    struct kta_str diff = KTA_STR_LIMITED(KTA_MAX_DIFF);
    struct kta_touches *t = s->touches;
    bool known = false;

    for (size_t i = 0; t && i < t->n; i++) {
        kta_auto_str struct kta_str title = KTA_STR_INIT;

        if (!t->v[i].known_after || t->v[i].inside)
            continue;
        known = true;
        kta_touch_name(&t->v[i], &title);
        kta_show_diff(p->redact, title.s, t->v[i].live, t->v[i].after, t->status, &diff);
    }
    if (!known) {
        kta_str_release(&diff);
        return;
    }
    if (diff.cut) {
        kta_preview_warn(&s->preview, "the diff is longer than %u KiB: the rest is not shown",
                         KTA_MAX_DIFF >> 10);
        while (diff.len > 0 && diff.s[diff.len - 1] != '\n')
            kta_str_truncate(&diff, diff.len - 1);
    }
    free(s->preview.diff);
    s->preview.diff = kta_str_detach(&diff);
}

/* The diff leaves out what `kubectl apply` wrote last (kta_server_strip leaves it). */
static bool changes_unshown(const struct kta_touches *t)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].known_after && !kta_same_but_server(t->v[i].live, t->v[i].after))
            return true;
    return false;
}

/* Named objects must be there for every verb but those that make them. */
static void check_there(struct kta_step *s, const struct kta_command *cmd)
{
    bool makes = kta_streq(cmd->verb, "apply") || kta_streq(cmd->verb, "create") ||
                 kta_streq(cmd->verb, "run") || kta_streq(cmd->verb, "expose") ||
                 kta_streq(cmd->verb, "autoscale") || kta_streq(cmd->verb, "auth") ||
                 kta_streq(cmd->program, "helm");
    bool lenient = kta_command_true(cmd, "ignore-not-found");

    for (size_t i = 0; !makes && !lenient && i < s->touches->n; i++) {
        kta_auto_str struct kta_str name = KTA_STR_INIT;

        if (s->touches->v[i].status != 404)
            continue;
        kta_touch_name(&s->touches->v[i], &name);
        kta_preview_warn(&s->preview, "%s does not exist", name.s);
        s->preview.rejected = true;
    }
}

/* What is not known beforehand is in no pre-image. */
static void warn_unknown(struct kta_step *s)
{
    if (s->touches->n > 0 || !s->touches->partial || s->preview.no_undo)
        return;
    s->preview.no_undo = true;
    kta_preview_warn(&s->preview, "which objects it changes is not known: it cannot be undone");
}

static int preview_one(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                       struct kta_err *err)
{
    int rc;

    if (s->unasked && s->verdict.outside[0]) {
        /* fetching it may tell somebody something, and showing it may tell the model */
        kta_preview_warn(&s->preview,
                         "'%s' is not read before you agree, since you have not named it: there is "
                         "no preview",
                         s->verdict.outside);
        s->preview.no_undo = true;
        return 0;
    }
    if (s->preview.rejected) /* already: what it names cannot be found, or is elsewhere */
        return 0;
    if (cmd->dry_run != KTA_DRY_NONE) {
        kta_touches_free(s->touches);
        s->touches = kta_calloc(1, sizeof *s->touches);
        kta_preview_warn(&s->preview, "it is a dry run itself: it changes nothing");
        return 0;
    }
    check_there(s, cmd);
    if (s->touches->more)
        kta_preview_warn(&s->preview,
                         "it concerns more than %d objects, which is refused: narrow "
                         "it down",
                         KTA_MAX_TOUCHES);
    if (s->touches->more)
        s->preview.rejected = true;
    if (!s->preview.rejected) {
        rc = kta_streq(cmd->program, "helm") ? kta_preview_helm(p, s, cmd, err)
                                             : kta_preview_kubectl(p, s, cmd, err);
        if (rc < 0 || (!kta_leaves_orphans(cmd) && kta_touch_owned(p, s, err) < 0))
            return -1;
    }
    if (s->touches->n > 0 || !s->touches->partial) {
        s->preview.objects = 0;
        for (size_t i = 0; i < s->touches->n; i++)
            s->preview.objects += !s->touches->v[i].record;
    }
    if (!s->preview.rejected) { /* the last warning of a rejected step says why */
        kta_preview_effects(p, s, cmd);
        warn_unknown(s);
    }
    preview_diff(p, s);
    if (s->preview.diff && !s->preview.diff[0] && !s->preview.rejected && !s->preview.no_undo)
        kta_preview_warn(&s->preview, "%s",
                         changes_unshown(s->touches)
                             ? "only what kubectl apply remembers of it would change: an "
                               "annotation that is not shown"
                             : "nothing would change");
    return kta_preview_rights(p, s, cmd, err);
}

struct parsed {
    struct kta_command cmd;
    bool ok;
};

/* What a step names, before anything is read. */
static int begin(struct kta_pipeline *p, struct kta_step *s, struct parsed *c, struct kta_err *err)
{
    struct kta_err why = KTA_ERR_INIT;

    kta_step_forget_preview(s);
    s->touches = kta_calloc(1, sizeof *s->touches);
    if (s->verdict.class_ == KTA_CLASS_DENY)
        return 0;
    if (kta_command_parse(&s->argv, &c->cmd, &why) < 0) {
        kta_preview_warn(&s->preview, "%s", why.msg);
        s->preview.rejected = true;
        return 0;
    }
    c->ok = true;
    if (c->cmd.context && !kta_streq(c->cmd.context, kta_cluster_context(p->cluster))) {
        /* what is shown would be of one cluster, and what runs of another */
        kta_preview_warn(&s->preview, "it names context '%s', but this session is in '%s'",
                         c->cmd.context, kta_cluster_context(p->cluster));
        s->preview.rejected = true;
        return 0;
    }
    if (s->verdict.class_ == KTA_CLASS_READ || p->dry_run == KTA_DRY_CLIENT)
        return 0;
    if (kta_touch_find(p, s, &c->cmd, &why) < 0) {
        if (why.code == KTA_E_INTERRUPTED) {
            *err = why;
            return -1;
        }
        kta_preview_warn(&s->preview, "%s", why.msg);
        s->preview.rejected = why.code == KTA_E_PARSE || why.code == KTA_E_NOT_FOUND;
        s->touches->partial = true;
    }
    return 0;
}

static int preview_steps(struct kta_pipeline *p, struct kta_step **steps, size_t n,
                         struct kta_err *err)
{
    struct kta_err why = KTA_ERR_INIT;
    int rc = 0;

    if (!p->cluster || kta_cluster_is_snapshot(p->cluster)) {
        for (size_t i = 0; i < n; i++) {
            kta_step_forget_preview(steps[i]);
            steps[i]->touches = kta_calloc(1, sizeof(struct kta_touches));
        }
        return 0;
    }
    struct parsed *parsed = kta_calloc(n ? n : 1, sizeof *parsed);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = begin(p, steps[i], &parsed[i], err);
    if (rc == 0 && kta_touch_read(p, steps, n, &why) < 0) {
        if (why.code == KTA_E_INTERRUPTED) {
            *err = why;
            rc = -1;
        }
        for (size_t i = 0; i < n; i++) {
            kta_preview_warn(&steps[i]->preview, "cannot be previewed, nor undone: %s", why.msg);
            steps[i]->preview.no_undo = true;
        }
    }
    for (size_t i = 0; rc == 0 && why.code == KTA_E_OK && i < n; i++) {
        if (!parsed[i].ok || steps[i]->verdict.class_ != KTA_CLASS_WRITE ||
            p->dry_run == KTA_DRY_CLIENT)
            continue;
        kta_report_progress(p->report, "previewing step %s of %zu", steps[i]->id, n);
        rc = preview_one(p, steps[i], &parsed[i].cmd, err);
        if (rc == 0)
            rc = kta_interrupt_check(err);
    }
    for (size_t i = 0; i < n; i++)
        if (parsed[i].ok)
            kta_command_release(&parsed[i].cmd);
    free(parsed);
    kta_report_done(p->report);
    return rc;
}

int kta_preview_step(struct kta_pipeline *p, struct kta_step *s, struct kta_err *err)
{
    return preview_steps(p, &s, 1, err);
}

int kta_preview_plan(struct kta_pipeline *p, struct kta_plan *plan, struct kta_err *err)
{
    if (!plan->server && p->cluster)
        plan->server = kta_strdup(kta_cluster_server(p->cluster));
    if (kta_plan_split_definitions(p, plan, err) < 0)
        return -1;
    for (size_t i = 0; i < plan->n; i++)
        kta_session_flags_add(p->session_flags, &plan->v[i]->argv);
    return preview_steps(p, plan->v, plan->n, err);
}
