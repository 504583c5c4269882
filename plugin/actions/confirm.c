/*
 * confirm.c - the question: what --yes covers, what a person answers, and what happens when there
 * is nobody to ask.
 *
 * Invariant: a plan is confirmed as a whole or step by step; when nobody can be asked and one step
 * needs it, nothing of the plan runs. A protected target is never covered by --yes.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/limits.h"

static bool covered(const struct kta_pipeline *p, const struct kta_step *s)
{
    return s->verdict.class_ == KTA_CLASS_READ ||
           (!s->verdict.protected_ && p->yes >= 0 && (int)s->risk <= p->yes);
}

/* Steps that could run: nothing when one is known to fail, as half a plan is seldom what is wanted;
 * of an undo, what comes before it, as each step brings back something. */
static size_t runnable(const struct kta_plan *plan, bool *may)
{
    size_t n = 0;
    bool stop = false;

    for (size_t i = 0; !plan->undo_of && i < plan->n; i++)
        stop = stop || kta_step_is_known_to_fail(plan->v[i]);
    for (size_t i = 0; i < plan->n; i++) {
        stop = stop || kta_step_is_known_to_fail(plan->v[i]);
        may[i] = !stop && plan->v[i]->state == KTA_PLANNED;
        n += may[i];
    }
    return n;
}

static void step_told(const struct kta_pipeline *p, const struct kta_plan *plan,
                      const struct kta_step *s)
{
    if (p->report && p->report->step)
        p->report->step(p->report->ctx, plan, s);
}

static int nobody(struct kta_pipeline *p, struct kta_plan *plan, const bool *may,
                  struct kta_err *err)
{
    const struct kta_step *protected_ = NULL;
    int needed = KTA_RISK_LOW;

    for (size_t i = 0; i < plan->n; i++) {
        struct kta_step *s = plan->v[i];

        if (!may[i])
            continue;
        if (s->verdict.protected_ && !protected_)
            protected_ = s;
        needed = (int)s->risk > needed ? (int)s->risk : needed;
        s->state = s->verdict.protected_ ? KTA_REFUSED : KTA_DECLINED;
        step_told(p, plan, s);
    }
    if (protected_) {
        kta_err_set(err, KTA_E_POLICY,
                    "step %s touches what is protected, and there is nobody to "
                    "confirm it",
                    protected_->id);
        return kta_err_hint(err, "run it at a terminal; --yes does not cover protected targets");
    }
    kta_err_set(err, KTA_E_UNCONFIRMED, "nothing was changed: nobody was there to confirm it");
    return kta_err_hint(err, "confirm at a terminal, or give --yes=%s",
                        kta_risk_name((enum kta_risk)needed));
}

/* The whole plan at once: said in one sentence, not step by step. */
static int declined(struct kta_plan *plan, const bool *may, struct kta_err *err)
{
    for (size_t i = 0; i < plan->n; i++)
        if (may[i])
            plan->v[i]->state = KTA_DECLINED;
    return kta_err_set(err, KTA_E_UNCONFIRMED, "nothing was changed: the plan was declined");
}

static void classify_again(struct kta_pipeline *p, struct kta_plan *plan, struct kta_step *s)
{
    kta_session_flags_drop(p->session_flags, &s->argv);
    kta_step_pin(plan, s);
    s->unasked = false; /* the person wrote it */
    kta_step_classify(plan, p->policy, s);
    kta_session_flags_add(p->session_flags, &s->argv);
}

/* After an edit the steps are others: classified, previewed and shown again. */
static int edited(struct kta_pipeline *p, struct kta_plan *plan, struct kta_step *step,
                  struct kta_err *err)
{
    for (size_t i = 0; i < plan->n; i++)
        if (step ? plan->v[i] == step : plan->v[i]->state == KTA_PLANNED)
            classify_again(p, plan, plan->v[i]);
    if (step)
        return kta_preview_step(p, step, err);
    if (kta_preview_plan(p, plan, err) < 0)
        return -1;
    kta_plan_dependencies(plan);
    return 0;
}

static void show(struct kta_pipeline *p, const struct kta_plan *plan)
{
    if (p->report->plan)
        p->report->plan(p->report->ctx, plan);
}

static void by_person(struct kta_step *s, bool yes)
{
    snprintf(s->confirmed, sizeof s->confirmed, "%s", yes ? "a person" : "");
}

static int one_by_one(struct kta_pipeline *p, struct kta_plan *plan, const bool *may, bool *go,
                      struct kta_err *err)
{
    bool any = false;

    for (size_t i = 0; i < plan->n; i++) {
        enum kta_answer answer = KTA_ANSWER_NO;
        struct kta_step *s = plan->v[i];

        if (!may[i])
            continue;
        for (;;) {
            if (p->report->ask(p->report->ctx, plan, s, &answer, err) < 0)
                return -1;
            if (answer != KTA_ANSWER_EDIT)
                break;
            if (edited(p, plan, s, err) < 0)
                return -1;
            show(p, plan);
            if (s->state != KTA_PLANNED || s->preview.rejected)
                break;
        }
        go[i] = answer == KTA_ANSWER_YES && s->state == KTA_PLANNED;
        s->asked = go[i];
        by_person(s, go[i]);
        any = any || go[i];
        if (!go[i] && s->state == KTA_PLANNED && !s->preview.rejected) {
            s->state = KTA_DECLINED;
            step_told(p, plan, s);
        }
    }
    return any ? 0
               : kta_err_set(err, KTA_E_UNCONFIRMED, "nothing was changed: no step was confirmed");
}

int kta_confirm(struct kta_pipeline *p, struct kta_plan *plan, bool *go, struct kta_err *err)
{
    for (;;) {
        bool may[KTA_MAX_STEPS] = {false}, all = true;
        enum kta_answer answer = KTA_ANSWER_NOBODY;

        if (runnable(plan, may) == 0)
            return 0;
        for (size_t i = 0; i < plan->n; i++)
            all = all && (!may[i] || covered(p, plan->v[i]));
        for (size_t i = 0; all && i < plan->n; i++) {
            go[i] = may[i];
            if (may[i] && plan->v[i]->verdict.class_ != KTA_CLASS_READ)
                snprintf(plan->v[i]->confirmed, sizeof plan->v[i]->confirmed, "--yes=%s",
                         kta_risk_name((enum kta_risk)p->yes));
        }
        if (all)
            return 0;
        if (p->quiet || !p->report || !p->report->ask)
            return nobody(p, plan, may, err);
        if (p->report->ask(p->report->ctx, plan, NULL, &answer, err) < 0)
            return -1;
        switch (answer) {
        case KTA_ANSWER_NOBODY:
            return nobody(p, plan, may, err);
        case KTA_ANSWER_NO:
            return declined(plan, may, err);
        case KTA_ANSWER_ONE_BY_ONE:
            return one_by_one(p, plan, may, go, err);
        case KTA_ANSWER_YES:
            for (size_t i = 0; i < plan->n; i++) {
                go[i] = plan->v[i]->asked = may[i];
                by_person(plan->v[i], may[i]);
            }
            return 0;
        case KTA_ANSWER_EDIT:
            if (edited(p, plan, NULL, err) < 0)
                return -1;
            show(p, plan);
            break;
        }
    }
}

int kta_confirm_again(struct kta_pipeline *p, struct kta_plan *plan, struct kta_step *s,
                      bool *ret_yes, struct kta_err *err)
{
    enum kta_answer answer = KTA_ANSWER_NOBODY;

    *ret_yes = covered(p, s);
    if (*ret_yes || p->quiet || !p->report || !p->report->ask)
        return 0;
    do {
        show(p, plan);
        if (p->report->ask(p->report->ctx, plan, s, &answer, err) < 0)
            return -1;
        if (answer == KTA_ANSWER_EDIT && edited(p, plan, s, err) < 0)
            return -1;
    } while (answer == KTA_ANSWER_EDIT && s->state == KTA_PLANNED && !s->preview.rejected);
    *ret_yes = answer == KTA_ANSWER_YES;
    return 0;
}
