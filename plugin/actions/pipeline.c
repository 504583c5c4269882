/*
 * pipeline.c - preview → confirm → journal → execute → verify, in this order and no other.
 *
 * Invariant: a process that changes a cluster is started in one place (run_step), after the step's
 * pre-image is on disk. When several things went wrong, the caller gets the first of the README's
 * order: interrupted, verify, execute, policy, unconfirmed.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/interrupt.h"
#include "kta/journal.h"
#include "kta/limits.h"

static const enum kta_code ORDER[] = {KTA_E_INTERRUPTED, KTA_E_VERIFY, KTA_E_EXECUTE, KTA_E_POLICY,
                                      KTA_E_UNCONFIRMED};

static size_t rank(enum kta_code code)
{
    size_t i = 0;

    while (i < KTA_LEN(ORDER) && ORDER[i] != code)
        i++;
    return i;
}

/* Keeps the weightier of two errors. */
static void weigh(struct kta_err *kept, const struct kta_err *now)
{
    if (now->code != KTA_E_OK && (kept->code == KTA_E_OK || rank(now->code) < rank(kept->code)))
        *kept = *now;
}

static void told(const struct kta_pipeline *p, const struct kta_plan *plan,
                 const struct kta_step *s)
{
    if (p->report && p->report->step)
        p->report->step(p->report->ctx, plan, s);
}

static void set_outcome(struct kta_step *s, const char *text)
{
    free(s->outcome);
    s->outcome = kta_strdup(text);
}

/* ---- is it still what was previewed? ---- */
static bool moved(const struct kta_touch *t, const struct kta_json *now)
{
    int64_t was = kta_json_int(t->live, "metadata.generation", 0);

    if (!t->live || !now)
        return !t->live != !now;
    if (!kta_streq(kta_json_str(t->live, "metadata.uid"), kta_json_str(now, "metadata.uid")))
        return true;
    if (was > 0)
        return was != kta_json_int(now, "metadata.generation", 0);
    return !kta_same_but_server(t->live, now);
}

/* True when a touched object is not as it was at the preview. Unreadable counts as unchanged: the
 * command itself will tell. */
static int has_moved(struct kta_pipeline *p, const struct kta_step *s, bool *ret,
                     struct kta_err *err)
{
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0, k = 0;
    int rc = 0;

    *ret = false;
    for (size_t i = 0; i < s->touches->n; i++)
        if (s->touches->v[i].name[0])
            kta_read_add(&reads, &n, &cap, KTA_ACCEPT_JSON, "%s", s->touches->v[i].path);
    if (n > 0 && kta_cluster_read(p->cluster, reads, n, err) < 0)
        rc = err->code == KTA_E_INTERRUPTED ? -1 : 0;
    for (size_t i = 0; rc == 0 && i < s->touches->n; i++) {
        if (!s->touches->v[i].name[0])
            continue;
        if (reads[k].json || reads[k].status == 404)
            *ret = *ret || moved(&s->touches->v[i], reads[k].json);
        k++;
    }
    kta_reads_free(reads, n);
    return rc;
}

/* Previews a step again when its objects changed. *ret_go: it may run. */
static int refresh(struct kta_pipeline *p, struct kta_plan *plan, struct kta_step *s, bool ours,
                   bool *ret_go, struct kta_err *err)
{
    kta_auto_free char *was = NULL;
    bool changed = false, asked = s->asked;

    *ret_go = true;
    if (s->verdict.class_ == KTA_CLASS_READ || !s->touches)
        return 0;
    if (!s->touches->later && has_moved(p, s, &changed, err) < 0)
        return -1;
    if (!changed && !s->touches->later)
        return 0;
    was = kta_strdup(s->preview.diff);
    if ((s->touches->later && kta_wait_served(p, s, err) < 0) || kta_preview_step(p, s, err) < 0)
        return -1;
    s->asked = asked;
    if (s->preview.rejected)
        return 0;
    if (ours || !was || kta_streq(was, s->preview.diff))
        return 0;
    kta_report_note(p->report,
                    "what step %s touches has changed since the preview: it was "
                    "previewed again",
                    s->id);
    return kta_confirm_again(p, plan, s, ret_go, err);
}

/* What the step deletes may own more than its preview could say. *ret_go: it may run. */
static int look_for_more(struct kta_pipeline *p, struct kta_plan *plan, struct kta_step *s,
                         bool *ret_go, struct kta_err *err)
{
    size_t had = s->preview.n_warnings;
    bool more = false;

    if (s->verdict.class_ == KTA_CLASS_READ || s->preview.rejected)
        return 0;
    if (kta_touch_owned_more(p, s, &more, err) < 0)
        return -1;
    if (!more)
        return 0;
    for (size_t i = had; i < s->preview.n_warnings; i++)
        kta_report_note(p->report, "step %s: %s", s->id, s->preview.warnings[i]);
    return kta_confirm_again(p, plan, s, ret_go, err);
}

/* ---- one step ---- */
struct run {
    struct kta_pipeline *p;
    struct kta_plan *plan;
    struct kta_journal *journal;
    const bool *go;
    size_t done;
};

static int verify(struct run *r, struct kta_step *s, struct kta_err *err)
{
    if (r->p->no_verify || s->verdict.class_ == KTA_CLASS_READ)
        return 0;
    if (kta_verify(r->p, r->plan, s, err) < 0)
        return -1;
    kta_journal_state(r->journal, r->plan);
    told(r->p, r->plan, s);
    if (s->state != KTA_UNVERIFIED)
        return 0;
    if (!r->plan->undo_of) /* an undo is judged by what was there before, which may have been ill */
        return kta_err_set(err, KTA_E_VERIFY, "step %s was done, but %s", s->id,
                           kta_or(s->outcome, "it did not recover"));
    kta_report_note(r->p->report, "step %s: %s", s->id, kta_or(s->outcome, "it is not well"));
    return 0;
}

static bool touched_before(const struct run *r, size_t at)
{
    const struct kta_touches *mine = r->plan->v[at]->touches;

    for (size_t i = 0; i < at; i++) {
        const struct kta_touches *t = r->plan->v[i]->touches;

        for (size_t a = 0; r->go[i] && t && mine && a < t->n; a++)
            for (size_t b = 0; b < mine->n; b++)
                if (kta_streq(t->v[a].path, mine->v[b].path))
                    return true;
    }
    return false;
}

static int run_step(struct run *r, size_t at, struct kta_err *err)
{
    struct kta_step *s = r->plan->v[at];
    bool go = true;

    if (kta_interrupt_check(err) < 0 ||
        refresh(r->p, r->plan, s, touched_before(r, at), &go, err) < 0 ||
        (go && look_for_more(r->p, r->plan, s, &go, err) < 0))
        return -1;
    if (s->preview.rejected || !go) {
        s->state = go ? KTA_FAILED : KTA_DECLINED;
        set_outcome(s, go ? kta_rejection(s) : "what it touches changed; it was not confirmed");
        told(r->p, r->plan, s);
        return kta_err_set(err, go ? KTA_E_EXECUTE : KTA_E_UNCONFIRMED, "step %s was not run: %s",
                           s->id, s->outcome);
    }
    if (kta_audit_start(r->p, r->plan, s, err) < 0 ||
        kta_journal_before(r->journal, r->plan, s, err) < 0) {
        s->state = KTA_FAILED;
        set_outcome(s, err->msg);
        err->code = KTA_E_EXECUTE;
        told(r->p, r->plan, s);
        return -1;
    }
    int rc = kta_execute(r->p, r->plan, s, err);

    kta_touch_created(r->p, s);
    if (rc < 0) {
        kta_journal_after(r->journal, r->plan, s);
        told(r->p, r->plan, s);
        return -1;
    }
    r->done++;
    kta_journal_after(r->journal, r->plan, s);
    told(r->p, r->plan, s);
    return kta_verify_later(r->plan, r->go, at) ? 0 : verify(r, s, err);
}

/* Steps whose verification had to wait for later ones. */
static int verify_waiting(struct run *r, struct kta_err *err)
{
    for (size_t i = 0; i < r->plan->n; i++)
        if (r->go[i] && r->plan->v[i]->state == KTA_EXECUTED && verify(r, r->plan->v[i], err) < 0)
            return -1;
    return 0;
}

static int run_steps(struct run *r, struct kta_err *err)
{
    size_t wanted = 0;
    int rc = 0;

    for (size_t i = 0; i < r->plan->n; i++)
        wanted += r->go[i];
    for (size_t i = 0; rc == 0 && i < r->plan->n; i++)
        if (r->go[i])
            rc = run_step(r, i, err);
    if (rc == 0)
        rc = verify_waiting(r, err);
    if (rc < 0 && err->code == KTA_E_INTERRUPTED) {
        size_t unknown = 0, left = 0;

        for (size_t i = 0; i < r->plan->n; i++) {
            unknown += r->plan->v[i]->state == KTA_UNKNOWN;
            left += r->go[i] && r->plan->v[i]->state == KTA_PLANNED;
        }
        kta_err_set(err, KTA_E_INTERRUPTED, "interrupted%s: %zu of %zu done%s, %zu not started",
                    r->done == wanted ? " before all was verified" : "", r->done, wanted,
                    unknown ? ", 1 unknown" : "", left);
        if (r->done + unknown)
            kta_err_hint(err, "kubectl todo-ai history %s", r->plan->id);
    }
    return rc;
}

/* ---- what the first steps leave of an undo ---- */
/* helm knows its charts, not what was there, and who owns what was created again is known when the
 * owner is there: the rest is put back object by object, by steps that are shown, confirmed and
 * recorded with the others. */
static int run_rest(struct run *r, struct kta_err *err)
{
    struct kta_plan rest = {0};
    struct kta_err why = KTA_ERR_INIT;
    bool may[KTA_MAX_STEPS] = {false}, go[KTA_MAX_STEPS] = {false};
    size_t had = r->plan->n;
    int rc = 0;

    if (!r->plan->undo_of)
        return 0;
    if (kta_journal_undo_rest(r->p, r->plan->undo_of, r->plan->id, &rest, &why) < 0 ||
        rest.n == 0 || had + rest.n > KTA_MAX_STEPS) { /* what it left is told by the comparison */
        kta_plan_release(&rest);
        return 0;
    }
    kta_report_note(r->p->report, "not everything is put back yet: the rest follows");
    rc = kta_preview_plan(r->p, &rest, err);
    if (rc == 0 && r->p->report && r->p->report->plan)
        r->p->report->plan(r->p->report->ctx, &rest);
    if (rc == 0)
        rc = kta_confirm(r->p, &rest, may, err);
    for (size_t i = 0; rc == 0 && i < rest.n; i++)
        go[had + i] = may[i];
    kta_plan_join(r->plan, &rest);
    r->go = go;
    r->done = 0;
    if (rc == 0)
        rc = kta_journal_more(r->journal, r->plan, err);
    if (rc == 0)
        rc = run_steps(r, err);
    kta_plan_release(&rest);
    return rc;
}

/* ---- when it went wrong ---- */
static void offer_undo(struct kta_pipeline *p, struct kta_plan *plan, const struct kta_err *cause)
{
    struct kta_pipeline again = *p;
    struct kta_plan undo = {0};
    struct kta_err err = KTA_ERR_INIT;
    bool asked = false;

    for (size_t i = 0; i < plan->n; i++)
        asked = asked || plan->v[i]->asked;
    if (p->caller_undoes || plan->undo_of || cause->code == KTA_E_INTERRUPTED ||
        rank(cause->code) > rank(KTA_E_EXECUTE))
        return;
    if (!p->rollback_on_failure && (!asked || p->quiet)) {
        kta_report_note(p->report, "to put it back: kubectl todo-ai undo %s", plan->id);
        return;
    }
    if (kta_journal_undo_plan(p, plan->id, false, &undo, &err) < 0) {
        kta_report_note(p->report, "it cannot be put back: %s", err.msg);
        return;
    }
    kta_report_note(p->report,
                    p->rollback_on_failure ? "putting it back" : "shall it be put back?");
    again.rollback_on_failure = false;
    if (p->rollback_on_failure)
        again.yes = KTA_RISK_HIGH; /* but for what is protected */
    if (undo.n > 0 && kta_pipeline_run(&again, &undo, &err) == 0) {
        for (size_t i = 0; i < plan->n; i++)
            if (plan->v[i]->journal)
                plan->v[i]->state = KTA_UNDONE;
    } else if (undo.n > 0) {
        kta_report_note(p->report, "it was not put back: %s", err.msg);
    }
    kta_plan_release(&undo);
}

/* An undo counts when the objects are as they were (helm may say "success" and leave things). */
static int undone(struct kta_pipeline *p, struct kta_plan *plan, struct kta_err *err)
{
    kta_auto_free char *differs = NULL;
    struct kta_err why = KTA_ERR_INIT;

    if (!p->no_verify && kta_journal_compare(p, plan->undo_of, &differs, &why) < 0)
        kta_report_note(p->report, "it could not be compared with what was there before: %s",
                        why.msg);
    if (!differs) {
        kta_journal_mark_undone(plan->undo_of, plan->id);
        return 0;
    }
    return kta_err_set(err, KTA_E_VERIFY, "change %s is not wholly undone: %.800s", plan->undo_of,
                       differs);
}

static int change(struct kta_pipeline *p, struct kta_plan *plan, const bool *go,
                  struct kta_err *err)
{
    struct run r = {.p = p, .plan = plan, .go = go};
    struct kta_err now = KTA_ERR_INIT;
    bool ran = false;
    int rc;

    if (kta_journal_begin(p, plan, &r.journal, err) < 0) {
        err->code = KTA_E_EXECUTE;
        return -1;
    }
    rc = run_steps(&r, &now);
    if (rc == 0)
        rc = run_rest(&r, &now);
    kta_journal_end(r.journal, plan);
    if (rc == 0 && !plan->undo_of && !p->no_verify && p->helped)
        rc = p->helped(p->helped_ctx, plan, &now);
    if (rc == 0 && plan->undo_of)
        rc = undone(p, plan, &now);
    for (size_t i = 0; i < plan->n; i++)
        ran = ran || plan->v[i]->journal;
    if (rc < 0 && ran)
        offer_undo(p, plan, &now);
    weigh(err, &now);
    return rc;
}

/* ---- the whole way ---- */
static void refused(struct kta_pipeline *p, struct kta_plan *plan, struct kta_err *kept)
{
    for (size_t i = 0; i < plan->n; i++) {
        struct kta_err now = KTA_ERR_INIT;
        struct kta_step *s = plan->v[i];

        if (s->state == KTA_REFUSED && !s->outcome) {
            kta_err_set(&now, KTA_E_POLICY, "step %s is refused: %s", s->id, s->verdict.reason);
            set_outcome(s, s->verdict.reason);
            told(p, plan, s);
            weigh(kept, &now);
        }
    }
}

/* The first step that is known to fail, and is therefore not run. any: other steps were. */
static void rejected(struct kta_pipeline *p, struct kta_plan *plan, bool any, struct kta_err *kept)
{
    for (size_t i = 0; i < plan->n; i++) {
        struct kta_err now = KTA_ERR_INIT;
        struct kta_step *s = plan->v[i];

        if (!kta_step_is_known_to_fail(s))
            continue;
        s->state = KTA_FAILED;
        set_outcome(s, kta_rejection(s));
        told(p, plan, s);
        kta_err_set(&now, KTA_E_EXECUTE,
                    any || plan->n == 1 ? "step %s was not run: %s"
                                        : "nothing of the plan was run, as step %s would fail: %s",
                    s->id, s->outcome);
        weigh(kept, &now);
        return;
    }
}

static bool may_be_undone(const struct kta_plan *plan, const bool *go)
{
    for (size_t i = 0; i < plan->n; i++)
        if (go[i] && (!plan->v[i]->preview.no_undo || plan->v[i]->touches->n > 0))
            return true;
    return false;
}

int kta_pipeline_run(struct kta_pipeline *p, struct kta_plan *plan, struct kta_err *err)
{
    struct kta_err kept = KTA_ERR_INIT, now = KTA_ERR_INIT;
    bool go[KTA_MAX_STEPS] = {false}, any = false;

    if (plan->n == 0)
        return 0;
    if (kta_preview_plan(p, plan, err) < 0)
        return -1;
    kta_plan_dependencies(plan);
    if (p->report && p->report->plan)
        p->report->plan(p->report->ctx, plan);
    if (p->dry_run != KTA_DRY_NONE || p->read_only || !p->cluster)
        return 0;
    if (kta_cluster_is_snapshot(p->cluster)) {
        kta_report_note(p->report, "a snapshot: nothing is run");
        return 0;
    }
    if (kta_plan_still_reviewed(p, plan, err) < 0)
        return -1;
    refused(p, plan, &kept);
    if (kta_confirm(p, plan, go, &now) < 0)
        weigh(&kept, &now);
    refused(p, plan, &kept); /* what an edit made of a step */
    for (size_t i = 0; i < plan->n; i++)
        any = any || go[i];
    if (now.code != KTA_E_INTERRUPTED) {
        if (any)
            (void)change(p, plan, go, &kept);
        rejected(p, plan, any, &kept);
    }
    kta_audit_outcomes(p, plan);
    if (kept.code != KTA_E_OK) {
        *err = kept;
        return -1;
    }
    if (any && plan->id && !plan->undo_of && !p->caller_undoes && may_be_undone(plan, go))
        kta_report_note(p->report, "to take it back: kubectl todo-ai undo %s", plan->id);
    return 0;
}
