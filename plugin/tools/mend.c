/*
 * mend.c - the loop of fix and remediate (kta/mend.h).
 *
 * Invariant: what did not help is put back before anything else is tried on that object, and the
 * next candidate is computed from what was seen before it: that is true again then.
 */
#include "kta/mend.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/interrupt.h"
#include "kta/journal.h"
#include "kta/policy.h"

#define MAX_TRIES 3
#define CLEAR_MS  120000 /* an autoscaler looks every 15 s */
#define FAILED_MS 10000  /* how long after a verification that failed */
#define LOOK_MS   2000

enum fate { GONE, CHANGED, SAME };

/* What was tried on one object. */
struct kta_cure {
    struct kta_ref object;
    const struct kta_finding *from; /* what the last try was for: of `seen` */
    bool again;                     /* it did not help: `from` is the truth, not the last look */
    struct kta_argv tried[MAX_TRIES];
    size_t n;
    bool kept;         /* something that was tried is in force */
    bool now;          /* tried in this round */
    size_t first, end; /* its steps in this round's plan */
};

size_t kta_mend_troubles(const struct kta_findings *f)
{
    size_t n = 0;

    for (size_t i = 0; i < f->n; i++)
        n += f->v[i]->severity >= KTA_WARNING;
    return n;
}

void kta_mend_release(struct kta_mend *m)
{
    for (size_t i = 0; i < m->n_cures; i++) {
        kta_ref_release(&m->cures[i].object);
        for (size_t k = 0; k < m->cures[i].n; k++)
            kta_argv_release(&m->cures[i].tried[k]);
    }
    free(m->cures);
    for (size_t i = 0; i < m->n_seen; i++)
        kta_findings_release(&m->seen[i]);
    free(m->seen);
    kta_findings_release(&m->now);
}

/* The index: the list may move when it grows. */
static size_t cure_of(struct kta_mend *m, const struct kta_ref *object)
{
    for (size_t i = 0; i < m->n_cures; i++)
        if (kta_ref_equal(&m->cures[i].object, object))
            return i;
    KTA_GROW(m->cures, m->n_cures, m->cap_cures);
    struct kta_cure *c = &m->cures[m->n_cures];
    *c = (struct kta_cure){0};
    kta_ref_set(&c->object, object->kind, object->namespace_, object->name);
    return m->n_cures++;
}

/* ---- choosing ---- */

static bool worth_mending(const struct kta_finding *f)
{
    return f->n_fixes > 0 && f->severity >= KTA_WARNING && f->confidence >= 0.5;
}

static bool was_tried(const struct kta_cure *c, const struct kta_argv *argv)
{
    for (size_t i = 0; i < c->n; i++)
        if (kta_argv_equal(&c->tried[i], argv))
            return true;
    return false;
}

/* The last change is our own then: undoing it leads back to where we came from. */
static bool undoes_ours(const struct kta_cure *c, const struct kta_fix *fix)
{
    return c->kept && fix->undoes;
}

/* What differs from the release is what was mended. */
static bool drift_is_ours(const struct kta_cure *c, const struct kta_finding *f)
{
    return c->kept && kta_streq(f->code, "Helm.Drift") && !kta_streq(c->from->code, f->code);
}

static void plan_begin(const struct kta_mend *m, struct kta_plan *plan)
{
    kta_plan_init(plan, m->question, kta_cluster_context(m->pipeline->cluster), m->namespace_);
}

/* Does yes cover it (unless any), and may it be? */
static bool may(struct kta_mend *m, const struct kta_finding *f, const struct kta_fix *fix,
                bool any)
{
    struct kta_plan one = {0};
    struct kta_err ignored = KTA_ERR_INIT;

    plan_begin(m, &one);
    bool ok = kta_plan_add_fix(&one, m->pipeline->policy, fix, &ignored) != NULL;
    for (size_t i = 0; i < one.n && !any; i++)
        ok = ok && one.v[i]->state == KTA_PLANNED && !one.v[i]->verdict.protected_ &&
             (int)one.v[i]->risk <= m->pipeline->yes;
    ok = ok && (!m->may || m->may(m->ctx, f, &one));
    kta_plan_release(&one);
    return ok;
}

static const struct kta_fix *candidate(struct kta_mend *m, const struct kta_finding *f,
                                       const struct kta_cure *c, bool any)
{
    for (size_t i = 0; i < f->n_fixes; i++)
        if (!undoes_ours(c, &f->fixes[i]) && !was_tried(c, &f->fixes[i].argv) &&
            may(m, f, &f->fixes[i], any))
            return &f->fixes[i];
    return NULL;
}

/* The engine's first choice waits for a person, while a fix that yes covers is tried. */
static void tell_passed_over(const struct kta_mend *m, const struct kta_fix *first)
{
    kta_auto_str struct kta_str line = KTA_STR_INIT;

    kta_argv_quote(&first->argv, &line);
    kta_report_note(m->pipeline->report,
                    "the first fix (%.300s) is refused, or of more risk than %s: one that needs "
                    "no question is tried before it",
                    line.s, kta_risk_name((enum kta_risk)m->pipeline->yes));
}

static int plan_one(struct kta_mend *m, const struct kta_finding *f, struct kta_cure *c, bool any,
                    struct kta_plan *plan, struct kta_err *err)
{
    const struct kta_fix *fix =
        c->now || c->n >= MAX_TRIES || !worth_mending(f) || drift_is_ours(c, f)
            ? NULL
            : candidate(m, f, c, any);

    if (!fix)
        return 0;
    const struct kta_fix *first = any ? fix : candidate(m, f, c, /* any= */ true);
    if (first != fix)
        tell_passed_over(m, first);
    c->first = plan->n;
    if (!kta_plan_add_fix(plan, m->pipeline->policy, fix, err))
        return -1;
    c->end = plan->n;
    c->from = f;
    c->now = true;
    kta_argv_copy(&c->tried[c->n++], &fix->argv);
    return 0;
}

int kta_mend_plan(struct kta_mend *m, bool any, struct kta_plan *plan, struct kta_err *err)
{
    plan_begin(m, plan);
    for (size_t i = 0; i < m->n_cures; i++)
        if (m->cures[i].again && plan_one(m, m->cures[i].from, &m->cures[i], any, plan, err) < 0)
            return -1;
    for (size_t i = 0; i < m->now.n; i++) {
        const struct kta_finding *f = m->now.v[i];
        size_t c = cure_of(m, &f->object);
        if (!m->cures[c].again && plan_one(m, f, &m->cures[c], any, plan, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- what came of it ---- */

/* Later stages of a pod's life: what fails there shows that the stage before was passed. */
static size_t stage(const char *code)
{
    static const char *const areas[] = {"Deployment.", "Storage.", "Scheduling.", "Volume.",
                                        "Image.",      "Config.",  "CrashLoop.",  "Probe."};
    size_t i = 0;

    while (i < KTA_LEN(areas) && !kta_starts(code, areas[i]))
        i++;
    return i < KTA_LEN(areas) ? i + 1 : 0;
}

/* Equal but for numbers: a time, a count, a port that was chosen. */
static bool alike(const char *a, const char *b)
{
    static const char digits[] = "0123456789";

    while (*a && *b) {
        size_t n = strspn(a, digits), k = strspn(b, digits);
        if (!n != !k || (!n && *a != *b))
            return false;
        a += n ? n : 1;
        b += k ? k : 1;
    }
    return !*a && !*b;
}

/* The same cause: it is told in the same words, or the program itself says the same. */
static bool same_cause(const struct kta_finding *a, const struct kta_finding *b)
{
    if (!kta_streq(a->code, b->code))
        return false;
    if (kta_streq(a->summary, b->summary))
        return true;
    for (size_t i = 0; i < a->n_evidence; i++)
        for (size_t k = 0; kta_starts(a->evidence[i].source, "log ") && k < b->n_evidence; k++)
            if (kta_starts(b->evidence[k].source, "log ") &&
                alike(a->evidence[i].text, b->evidence[k].text))
                return true;
    return false;
}

/* Is the trouble gone, another one further on, or the same still? */
static enum fate fate_of(const struct kta_cure *c, const struct kta_findings *now)
{
    enum fate fate = GONE;

    for (size_t i = 0; i < now->n; i++) {
        const struct kta_finding *f = now->v[i];
        if (f->severity < KTA_WARNING || !kta_ref_equal(&f->object, &c->object) ||
            (kta_streq(f->code, "Helm.Drift") && !kta_streq(c->from->code, f->code)))
            continue; /* that a release differs from what runs says nothing of how it runs */
        bool same = same_cause(f, c->from);
        /* An image that can be pulled and then crashes is more likely the wrong image; a limit at
         * which the program itself gives up is no better than one at which the kernel ends it. */
        bool no_better =
            (kta_starts(c->from->code, "Image.") && kta_starts(f->code, "CrashLoop.")) ||
            (kta_starts(c->from->code, "Memory.") && kta_streq(f->code, "CrashLoop.OutOfMemory"));
        if (same || no_better || stage(f->code) < stage(c->from->code))
            return SAME;
        fate = CHANGED;
    }
    return fate;
}

static size_t tried_now(const struct kta_mend *m, enum fate fate)
{
    size_t n = 0;

    for (size_t i = 0; i < m->n_cures; i++)
        n += m->cures[i].now && fate_of(&m->cures[i], &m->now) == fate;
    return n;
}

/* 1: the object is not there, as a bare pod is for a moment that is made anew. */
static int look(struct kta_mend *m, struct kta_err *err)
{
    struct kta_findings found = {0};

    if (m->look(m->ctx, &found, err) < 0) {
        kta_findings_release(&found);
        if (err->code != KTA_E_NOT_FOUND)
            return -1;
        kta_err_clear(err);
        return 1;
    }
    kta_findings_release(&m->now);
    m->now = found;
    return 0;
}

static int may_go_on(struct kta_mend *m, bool round, struct kta_err *err)
{
    if (kta_interrupt_check(err) < 0)
        return -1;
    return m->go_on ? m->go_on(m->ctx, round, err) : 0;
}

/* Is an object in trouble now that was not blamed before, and that nothing can be done for? What
 * failed for the cause's sake, and was told beneath it, takes a while longer to be well. */
static bool aftermath(const struct kta_mend *m)
{
    const struct kta_findings *before = &m->seen[m->n_seen - 1];

    for (size_t i = 0; i < m->now.n; i++) {
        bool blamed = m->now.v[i]->severity < KTA_WARNING || worth_mending(m->now.v[i]);

        for (size_t k = 0; k < before->n && !blamed; k++)
            blamed = kta_ref_equal(&before->v[k]->object, &m->now.v[i]->object);
        if (!blamed)
            return true;
    }
    return false;
}

/* Looks until no finding that was tried on is still the same and what followed from it is well too,
 * or time is up. */
static int watch(struct kta_mend *m, int64_t ms, struct kta_err *err)
{
    int64_t until = kta_now_ms() + ms;

    for (;;) {
        int looked = look(m, err);
        if (looked < 0)
            return -1;
        int64_t left = until - kta_now_ms();
        bool clear = looked == 0 && tried_now(m, SAME) == 0 && !aftermath(m) &&
                     (!m->until_well || tried_now(m, CHANGED) || !kta_mend_troubles(&m->now));
        if (clear || left <= 0)
            return 0;
        kta_report_progress(m->pipeline->report, "waiting for the finding to clear");
        poll(&(struct pollfd){.fd = kta_interrupt_fd(), .events = POLLIN}, kta_interrupt_fd() >= 0,
             (int)(left < LOOK_MS ? left : LOOK_MS));
        if (may_go_on(m, false, err) < 0)
            return -1;
    }
}

/* Its program could not be started at all: nothing was changed. */
static bool never_began(const struct kta_step *s)
{
    return s->state == KTA_FAILED && !s->began;
}

/* Puts back the steps of a plan that belong to what did not help. */
static int put_back(struct kta_mend *m, struct kta_plan *plan, struct kta_err *err)
{
    struct kta_pipeline p = *m->pipeline;

    p.no_verify = true; /* it is as ill as it was before; the engine is asked again anyway */
    p.rollback_on_failure = false;
    p.caller_undoes = true;
    if (p.yes >= 0)
        p.yes = KTA_RISK_HIGH;
    for (size_t i = plan->n; i-- > 0;) {
        struct kta_step *s = plan->v[i];
        struct kta_plan undo = {0};
        struct kta_err why = KTA_ERR_INIT;
        bool mine = false;

        for (size_t k = 0; k < m->n_cures; k++)
            mine = mine || (m->cures[k].now && i >= m->cures[k].first && i < m->cures[k].end &&
                            fate_of(&m->cures[k], &m->now) == SAME);
        if (!mine || !s->journal || s->state == KTA_UNDONE || never_began(s))
            continue;
        if (kta_journal_undo_plan(&p, s->journal, false, &undo, &why) == 0 && undo.n > 0) {
            kta_report_note(p.report, "step %s did not help: it is put back", s->id);
            if (kta_pipeline_run(&p, &undo, &why) == 0)
                s->state = KTA_UNDONE;
        }
        kta_plan_release(&undo);
        if (why.code == KTA_E_INTERRUPTED || why.code == KTA_E_UNCONFIRMED) {
            *err = why;
            return -1;
        }
        if (why.code != KTA_E_OK)
            kta_report_note(p.report, "step %s could not be put back: %s", s->id, why.msg);
    }
    return 0;
}

/* What the plan never came to, for an earlier step failed, was not tried. */
static bool forget_not_run(struct kta_mend *m, const struct kta_plan *plan)
{
    bool any = false;

    for (size_t i = 0; i < m->n_cures; i++) {
        struct kta_cure *c = &m->cures[i];
        bool left = c->now;
        for (size_t k = c->first; k < c->end && left; k++)
            left = plan->v[k]->state == KTA_PLANNED && !plan->v[k]->journal;
        if (!left)
            continue;
        kta_argv_release(&c->tried[--c->n]);
        c->now = false;
        any = true;
    }
    return any;
}

/* What a person said no to is not done, and not asked for again. */
static void leave_declined(struct kta_mend *m, const struct kta_plan *plan)
{
    for (size_t i = 0; i < m->n_cures; i++) {
        struct kta_cure *c = &m->cures[i];
        bool declined = c->now;
        for (size_t k = c->first; k < c->end && declined; k++)
            declined = plan->v[k]->state == KTA_DECLINED;
        if (!declined)
            continue;
        c->now = false;
        c->n = MAX_TRIES;
        m->declined++;
    }
}

static bool was_run(const struct kta_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->v[i]->journal && !never_began(plan->v[i]))
            return true;
    return false;
}

/* Runs a plan, looks, and puts back what did not help. *ret_again: there may be more to try. */
static int run(struct kta_mend *m, struct kta_plan *plan, bool *ret_again, struct kta_err *err)
{
    struct kta_findings *source = &m->seen[m->n_seen++];
    struct kta_err why = KTA_ERR_INIT;
    int64_t clear_ms = m->clear_ms > 0 ? m->clear_ms : CLEAR_MS;
    int r = kta_pipeline_run(m->pipeline, plan, err);
    bool ran = (r == 0 || err->code == KTA_E_VERIFY || err->code == KTA_E_EXECUTE) && was_run(plan);
    bool left = ran && forget_not_run(m, plan);

    leave_declined(m, plan);
    if (r < 0 && err->code == KTA_E_EXECUTE && !ran)
        *ret_again = true; /* refused before anything happened: the next one */
    *source = m->now;      /* what the plan came from outlives the next look */
    if (ran && !m->pipeline->no_verify) {
        m->now = (struct kta_findings){0};
        int w = watch(m, r < 0 && clear_ms > FAILED_MS ? FAILED_MS : clear_ms, &why);
        struct kta_err ignored = KTA_ERR_INIT;
        if (w == 0)
            w = put_back(m, plan, &why);
        else if (why.code == KTA_E_TIMEOUT)
            put_back(m, plan, &ignored);
        *ret_again = w == 0;
        if (w < 0) {
            *err = why;
            r = -1;
        }
    } else {
        m->n_seen--; /* there was none */
    }
    *ret_again |= left;
    return r;
}

static void end_round(struct kta_mend *m)
{
    for (size_t i = 0; i < m->n_cures; i++) {
        struct kta_cure *c = &m->cures[i];
        if (c->now) {
            c->again = fate_of(c, &m->now) == SAME;
            c->kept = c->kept || !c->again;
        }
        c->now = false;
    }
}

/* One plan: chosen, run, looked at. -1 with the pipeline's error when the round failed. */
static int one_round(struct kta_mend *m, bool any, bool *ret_again, struct kta_err *err)
{
    struct kta_plan plan = {0};
    int r = may_go_on(m, true, err);

    *ret_again = false;
    if (r == 0)
        r = kta_mend_plan(m, any, &plan, err);
    if (r == 0 && plan.n > 0) {
        m->rounds++;
        KTA_GROW(m->seen, m->n_seen, m->cap_seen);
        r = run(m, &plan, ret_again, err);
        struct kta_mend_round round = {.plan = &plan,
                                       .err = err,
                                       .ran = was_run(&plan),
                                       .gone = tried_now(m, GONE),
                                       .changed = tried_now(m, CHANGED),
                                       .same = tried_now(m, SAME)};
        if (m->ended)
            m->ended(m->ctx, &round);
    }
    kta_plan_release(&plan);
    return r;
}

/* Rounds until nothing that can be tried is left. The last word is what the engine sees. */
static int rounds(struct kta_mend *m, bool any, struct kta_err *err)
{
    bool again = true;
    int r = 0;

    while (again && m->rounds < m->max_rounds) {
        struct kta_err now = KTA_ERR_INIT;
        size_t before = m->rounds;

        int rc = one_round(m, any, &again, &now);
        if (m->rounds == before && rc == 0)
            break; /* nothing left to try */
        bool same = tried_now(m, SAME) > 0;
        kta_err_clear(err);
        r = rc;
        if (rc < 0)
            *err = now;
        if (rc < 0 && again && !same && now.code == KTA_E_VERIFY && !tried_now(m, CHANGED)) {
            kta_err_clear(err); /* late, but it came */
            r = 0;
        }
        if (rc == 0 && again && same)
            r = kta_err_set(err, KTA_E_VERIFY,
                            "what was done has not helped: the finding is still there");
        end_round(m);
    }
    return r;
}

int kta_mend_run(struct kta_mend *m, struct kta_err *err)
{
    const struct kta_pipeline *p = m->pipeline;
    bool only_shown = p->dry_run != KTA_DRY_NONE || p->read_only || !p->cluster ||
                      kta_cluster_is_snapshot(p->cluster);
    int r = rounds(m, p->yes < 0 || only_shown, err);

    /* What yes does not cover is asked for by itself, when the rest is done. */
    if (p->yes >= 0 && !only_shown && (r == 0 || err->code == KTA_E_VERIFY)) {
        struct kta_err why = KTA_ERR_INIT;
        int rc = rounds(m, true, &why);
        if (r == 0 && rc < 0) {
            *err = why;
            r = -1;
        }
    }
    return r;
}
