/*
 * fix.c - the command fix: the findings' fixes as a plan, through the pipeline, until the findings
 * are gone.
 *
 * A fix counts when the engine, asked again, does not find the trouble any more. One that changed
 * nothing is put back, and the next candidate is a plan of its own, confirmed again or covered by
 * --yes; three for one object at most. What --yes covers comes first, so that one risky fix does
 * not keep the others from being done.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/interrupt.h"
#include "kta/journal.h"
#include "look.h"

#define MAX_TRIES 3
#define ROUNDS    6      /* plans of one run: several objects may take turns */
#define CLEAR_MS  120000 /* how long a finding may take to go: an autoscaler looks every 15 s */
#define LOOK_MS   2000

/* What was tried on one object. */
struct cure {
    struct kta_ref object;
    char *code, *summary; /* of the finding that the last try was for */
    char *fix_ids;        /* of that try: " f1.a " */
    struct kta_argv tried[MAX_TRIES];
    size_t n;
    bool now;  /* tried in this round */
    bool done; /* its finding is gone, or there is nothing left to try */
};

struct mending {
    struct app *app;
    struct look look;
    struct cure *v;
    size_t n, cap;
    struct kta_json *steps; /* of all plans, in order */
    size_t rounds;
};

static void cure_forget(struct cure *c)
{
    free(c->code);
    free(c->summary);
    free(c->fix_ids);
    c->code = c->summary = c->fix_ids = NULL;
}

static void mending_release(struct mending *m)
{
    for (size_t i = 0; i < m->n; i++) {
        kta_ref_release(&m->v[i].object);
        cure_forget(&m->v[i]);
        for (size_t k = 0; k < m->v[i].n; k++)
            kta_argv_release(&m->v[i].tried[k]);
    }
    free(m->v);
    kta_json_free(m->steps);
    look_release(&m->look);
}

static struct cure *cure_of(struct mending *m, const struct kta_ref *object)
{
    for (size_t i = 0; i < m->n; i++)
        if (kta_ref_equal(&m->v[i].object, object))
            return &m->v[i];
    KTA_GROW(m->v, m->n, m->cap);
    struct cure *c = &m->v[m->n++];
    *c = (struct cure){0};
    kta_ref_set(&c->object, object->kind, object->namespace_, object->name);
    return c;
}

/* ---- choosing ---- */

static bool worth_mending(const struct kta_finding *f)
{
    return f->n_fixes > 0 && f->severity >= KTA_WARNING && f->confidence >= 0.5;
}

static bool was_tried(const struct cure *c, const struct kta_argv *argv)
{
    for (size_t i = 0; i < c->n; i++)
        if (kta_argv_equal(&c->tried[i], argv))
            return true;
    return false;
}

/* Does --yes cover it? Without --yes nothing needs to be covered. */
static bool covered(struct app *app, const struct kta_fix *fix)
{
    struct kta_plan plan = {0};
    struct kta_err ignored = KTA_ERR_INIT;

    if (app->pipeline.yes < 0)
        return true;
    kta_plan_init(&plan, "fix", kta_cluster_context(app->cluster), app->scope.namespace_);
    bool all = kta_plan_add_fix(&plan, &app->policy, fix, &ignored) != NULL;
    for (size_t i = 0; i < plan.n; i++)
        all = all && plan.v[i]->state == KTA_PLANNED && !plan.v[i]->verdict.protected_ &&
              (int)plan.v[i]->risk <= app->pipeline.yes;
    kta_plan_release(&plan);
    return all;
}

/* The last change is our own then: undoing it leads back to where we came from. */
static bool undoes_ours(const struct cure *c, const struct kta_fix *fix)
{
    return c->n > 0 && fix->argv.n > 2 && kta_streq(fix->argv.v[1], "rollout") &&
           kta_streq(fix->argv.v[2], "undo");
}

/* The first candidate that was not tried yet and that --yes covers; any: whatever its risk. */
static const struct kta_fix *candidate(struct mending *m, const struct kta_finding *f,
                                       const struct cure *c, bool any)
{
    for (size_t i = 0; i < f->n_fixes; i++)
        if (!undoes_ours(c, &f->fixes[i]) && !was_tried(c, &f->fixes[i].argv) &&
            (any || covered(m->app, &f->fixes[i])))
            return &f->fixes[i];
    return NULL;
}

/* The next plan; any: also what --yes does not cover. */
static int plan_of(struct mending *m, bool any, struct kta_plan *plan, struct kta_err *err)
{
    for (size_t i = 0; i < m->look.findings.n; i++) {
        const struct kta_finding *f = m->look.findings.v[i];
        struct cure *c = worth_mending(f) ? cure_of(m, &f->object) : NULL;
        if (!c || c->now || c->n >= MAX_TRIES)
            continue;
        const struct kta_fix *fix = candidate(m, f, c, any);
        if (!fix)
            continue;
        if (!kta_plan_add_fix(plan, &m->app->policy, fix, err))
            return -1;
        cure_forget(c);
        c->code = kta_strdup(f->code);
        c->summary = kta_strdup(f->summary);
        c->fix_ids = kta_strdup(fix->id);
        c->now = true;
        kta_argv_copy(&c->tried[c->n++], &fix->argv);
    }
    return 0;
}

/* ---- what came of it ---- */

enum fate { GONE, CHANGED, SAME };

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

/* Is the trouble gone, another one further on, or the same still? */
static enum fate fate_of(const struct cure *c, const struct kta_findings *now)
{
    enum fate fate = GONE;
    for (size_t i = 0; i < now->n; i++) {
        const struct kta_finding *f = now->v[i];
        if (f->severity < KTA_WARNING || !kta_ref_equal(&f->object, &c->object))
            continue;
        bool same = kta_streq(f->code, c->code) && kta_streq(f->summary, c->summary);
        /* An image that can be pulled and then crashes is more likely the wrong image. */
        bool wrong_image = kta_starts(c->code, "Image.") && kta_starts(f->code, "CrashLoop.");
        if (same || wrong_image || stage(f->code) < stage(c->code))
            return SAME;
        fate = CHANGED;
    }
    return fate;
}

static bool tried_now(const struct mending *m, enum fate fate, const struct kta_findings *now)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->v[i].now && fate_of(&m->v[i], now) == fate)
            return true;
    return false;
}

/* Looks again until no finding that was tried on is still the same, or time is up. */
static int wait_until_clear(struct mending *m, int64_t ms, struct kta_err *err)
{
    const struct kta_report *report = kta_ui_report(m->app->ui);
    int64_t until = kta_now_ms() + ms;

    for (;;) {
        look_release(&m->look);
        if (look(m->app, &m->look, err) < 0)
            return -1;
        int64_t left = until - kta_now_ms();
        if (!tried_now(m, SAME, &m->look.findings) || left <= 0)
            return 0;
        kta_report_progress(report, "waiting for the finding to clear");
        poll(&(struct pollfd){.fd = kta_interrupt_fd(), .events = POLLIN}, 1,
             (int)(left < LOOK_MS ? left : LOOK_MS));
        if (kta_interrupt_check(err) < 0)
            return -1;
    }
}

/* Puts back the steps of a plan that belong to what did not help. */
static int put_back(struct mending *m, struct kta_plan *plan, struct kta_err *err)
{
    const struct kta_report *report = kta_ui_report(m->app->ui);
    struct kta_pipeline p = m->app->pipeline;

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

        for (size_t k = 0; k < m->n; k++)
            mine = mine || (m->v[k].now && kta_streq(m->v[k].fix_ids, s->fix_id) &&
                            fate_of(&m->v[k], &m->look.findings) == SAME);
        if (!mine || !s->journal || s->state == KTA_UNDONE)
            continue;
        if (kta_journal_undo_plan(&p, s->journal, false, &undo, &why) == 0 && undo.n > 0) {
            kta_report_note(report, "step %s did not help: it is put back", s->id);
            if (kta_pipeline_run(&p, &undo, &why) == 0)
                s->state = KTA_UNDONE;
        }
        kta_plan_release(&undo);
        if (why.code == KTA_E_INTERRUPTED || why.code == KTA_E_UNCONFIRMED) {
            *err = why;
            return -1;
        }
        if (why.code != KTA_E_OK)
            kta_report_note(report, "step %s could not be put back: %s", s->id, why.msg);
    }
    return 0;
}

static void keep_steps(struct mending *m, const struct kta_plan *plan)
{
    kta_auto_json struct kta_json *steps = kta_plan_json(plan);
    kta_json_each(s, steps)
    {
        struct kta_json *copy = kta_json_push(m->steps, kta_json_copy(s));
        kta_auto_free char *id = kta_asprintf("%zu", kta_json_len(m->steps));
        kta_json_set_str(copy, "id", id);
    }
}

static void end_round(struct mending *m)
{
    for (size_t i = 0; i < m->n; i++)
        m->v[i].now = false;
}

/* What the plan never came to, for an earlier step failed, was not tried. */
static bool forget_not_run(struct mending *m, const struct kta_plan *plan)
{
    bool any = false;
    for (size_t i = 0; i < m->n; i++) {
        struct cure *c = &m->v[i];
        bool left = c->now;
        for (size_t k = 0; k < plan->n && left; k++)
            if (kta_streq(plan->v[k]->fix_id, c->fix_ids))
                left = plan->v[k]->state == KTA_PLANNED && !plan->v[k]->journal;
        if (!left)
            continue;
        kta_argv_release(&c->tried[--c->n]);
        c->now = false;
        any = true;
    }
    return any;
}

static bool was_run(const struct kta_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->v[i]->journal)
            return true;
    return false;
}

/* One plan: run, looked at, put back where it did not help. *ret_again: there may be more to try.
 * -1 with the pipeline's error when the round failed. */
static int one_round(struct mending *m, bool any, bool *ret_again, struct kta_err *err)
{
    struct app *app = m->app;
    struct kta_plan plan = {0};
    int r;

    *ret_again = false;
    kta_plan_init(&plan, "fix", kta_cluster_context(app->cluster), app->scope.namespace_);
    r = plan_of(m, any, &plan, err);
    if (r == 0 && plan.n > 0) {
        m->rounds++;
        r = kta_pipeline_run(&app->pipeline, &plan, err);
        bool ran = r == 0 || err->code == KTA_E_VERIFY || err->code == KTA_E_EXECUTE;
        bool left = ran && was_run(&plan) && forget_not_run(m, &plan);
        bool watch = ran && was_run(&plan) && !app->pipeline.no_verify;
        if (watch) {
            int64_t given = app->pipeline.verify_timeout_ms;
            struct kta_err why = KTA_ERR_INIT;
            if (wait_until_clear(m,
                                 r < 0       ? LOOK_MS
                                 : given > 0 ? given
                                             : CLEAR_MS,
                                 &why) < 0 ||
                put_back(m, &plan, &why) < 0) {
                *err = why;
                r = -1;
            } else {
                *ret_again = true;
            }
        } else if (r < 0 && err->code == KTA_E_EXECUTE) {
            *ret_again = true; /* refused before anything happened: the next one */
        }
        *ret_again |= left;
        if (r == 0)
            app_print_script(app, &plan);
        keep_steps(m, &plan);
    }
    kta_plan_release(&plan);
    return r;
}

/* Rounds until nothing that can be tried is left. The last word is what the engine sees. */
static int rounds(struct mending *m, bool any, struct kta_err *err)
{
    bool again = true;
    int r = 0;

    for (size_t i = 0; i < ROUNDS && again; i++) {
        struct kta_err now = KTA_ERR_INIT;
        size_t before = m->rounds;

        int rc = one_round(m, any, &again, &now);
        if (m->rounds == before && rc == 0)
            break; /* nothing left to try */
        bool same = tried_now(m, SAME, &m->look.findings);
        kta_err_clear(err);
        r = rc;
        if (rc < 0)
            *err = now;
        if (rc < 0 && again && !same && now.code == KTA_E_VERIFY &&
            !tried_now(m, CHANGED, &m->look.findings)) {
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

static const char *where(const struct app *app)
{
    return kta_or(app->scope.namespace_, "all namespaces");
}

int cmd_fix(struct app *app, struct kta_err *err)
{
    struct mending m = {.app = app, .steps = kta_json_new_array()};
    kta_auto_json struct kta_json *findings = NULL;
    int r = look(app, &m.look, err);

    if (app->cluster)
        app_audit_question(app, "fix", app->words.n ? app->words.v[0] : NULL);
    if (r == 0) {
        app->pipeline.caller_undoes = true;
        kta_ui_findings(app->ui, &m.look.findings);
        findings = kta_findings_json(&m.look.findings);
        r = rounds(&m, app->pipeline.yes < 0, err);
        /* What --yes does not cover is asked for by itself, when the rest is done. */
        if (app->pipeline.yes >= 0 && (r == 0 || err->code == KTA_E_VERIFY)) {
            struct kta_err why = KTA_ERR_INIT;
            int rc = rounds(&m, true, &why);
            if (r == 0 && rc < 0) {
                *err = why;
                r = -1;
            }
        }
    }
    if (r == 0 && m.rounds == 0)
        kta_ui_print(app->ui, "There is nothing that the engine can mend in %s.\n", where(app));
    if (m.look.world || findings) {
        kta_auto_json struct kta_json *doc = document_new(app, "Answer");
        kta_json_set(doc, "findings", findings ? KTA_STEAL(findings) : kta_json_new_array());
        kta_json_set(doc, "plan", KTA_STEAL(m.steps));
        document_print(app, doc, err);
    }
    mending_release(&m);
    return r;
}
