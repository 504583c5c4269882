/*
 * fix.c - the command fix: the loop of kta/mend.h on the targets of the command line, with the
 * person at the terminal.
 */
#include "kta/alloc.h"
#include "kta/mend.h"
#include "look.h"

#define ROUNDS 6 /* plans of one run: several objects may take turns */

struct fixing {
    struct app *app;
    struct kta_json *steps;   /* of all plans, in order */
    struct kta_str in_force;  /* the IDs of changes that were not put back, "3, 4" */
    struct kta_argv troubles; /* "CODE of KIND NAME" of what was found first */
};

static int look_again(void *ctx, struct kta_findings *ret, struct kta_err *err)
{
    struct fixing *x = ctx;
    struct look l = {0};
    int r = look(x->app, &l, err);

    *ret = l.findings;
    l.findings = (struct kta_findings){0};
    look_release(&l);
    return r;
}

static void keep_steps(void *ctx, const struct kta_mend_round *round)
{
    struct fixing *x = ctx;
    kta_auto_json struct kta_json *steps = kta_plan_json(round->plan);
    bool kept = false;

    for (size_t i = 0; i < round->plan->n; i++)
        kept = kept || (round->plan->v[i]->began && round->plan->v[i]->state != KTA_UNDONE);
    if (kept && round->plan->id)
        kta_str_addf(&x->in_force, "%s%s", x->in_force.len ? ", " : "", round->plan->id);

    if (round->err->code == KTA_E_OK)
        app_print_script(x->app, round->plan);
    kta_json_each(s, steps) {
        struct kta_json *copy = kta_json_push(x->steps, kta_json_copy(s));
        kta_auto_free char *id = kta_asprintf("%zu", kta_json_len(x->steps));
        kta_json_set_str(copy, "id", id);
    }
}

static void troubles_of(const struct kta_findings *f, struct kta_argv *out)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i]->severity >= KTA_WARNING)
            kta_argv_addf(out, "%s of %s %s", f->v[i]->code, f->v[i]->object.kind,
                          f->v[i]->object.name);
}

static bool holds(const struct kta_argv *v, const char *word)
{
    for (size_t i = 0; i < v->n; i++)
        if (kta_streq(v->v[i], word))
            return true;
    return false;
}

/* The last word: what is gone, what is left, and how to take it back. */
static void tell_end(const struct fixing *x, const struct kta_mend *m)
{
    const struct kta_report *report = kta_ui_report(x->app->ui);
    kta_auto_argv struct kta_argv left = KTA_ARGV_INIT;
    kta_auto_str struct kta_str line = KTA_STR_INIT;
    size_t gone = 0;

    troubles_of(&m->now, &left);
    for (size_t i = 0; i < x->troubles.n; i++)
        gone += !holds(&left, x->troubles.v[i]);
    for (size_t i = 0; i < left.n && i < 5; i++)
        kta_str_addf(&line, "%s%s", i ? "; " : "", left.v[i]);
    if (left.n > 5)
        kta_str_addf(&line, "; and %zu more", left.n - 5);
    kta_report_note(report, "gone: %zu of %zu finding%s%s%s", gone, x->troubles.n,
                    x->troubles.n == 1 ? "" : "s", left.n ? "; left: " : "", line.s);
    if (x->in_force.len)
        kta_report_note(report, "to take it back: kubectl todo-ai undo %s", x->in_force.s);
}

int cmd_fix(struct app *app, struct kta_err *err)
{
    struct fixing x = {.app = app, .steps = kta_json_new_array()};
    struct kta_mend m = {.pipeline = &app->pipeline,
                         .question = "fix",
                         .max_rounds = ROUNDS,
                         .ctx = &x,
                         .look = look_again,
                         .ended = keep_steps};
    int r;

    if (set_on(&app->set, OPT_WATCH)) {
        kta_json_free(x.steps);
        kta_err_set(err, KTA_E_USAGE, "fix does not go on watching: -w belongs to diagnose");
        return kta_err_hint(err, "diagnose -w tells what is new; fix mends it once");
    }
    r = look_again(&x, &m.now, err);

    if (app->cluster)
        app_audit_question(app, "fix", app->words.n ? app->words.v[0] : NULL);
    kta_auto_json struct kta_json *findings = kta_findings_json(&m.now);
    if (r == 0) {
        app->pipeline.caller_undoes = true;
        m.namespace_ = app->scope.namespace_;
        m.clear_ms = app->pipeline.verify_timeout_ms;
        kta_ui_findings(app->ui, &m.now);
        troubles_of(&m.now, &x.troubles);
        r = kta_mend_run(&m, err);
        if (x.in_force.len)
            tell_end(&x, &m);
    }
    if (r == 0 && m.rounds == 0)
        kta_ui_print(app->ui, "There is nothing that the engine can mend in %s.\n",
                     kta_or(app->scope.namespace_, "all namespaces"));
    if (r == 0 && m.declined)
        r = kta_err_set(err, KTA_E_UNCONFIRMED, "%zu fix%s declined", m.declined,
                        m.declined == 1 ? " was" : "es were");
    if (app->cluster) {
        kta_auto_json struct kta_json *doc = document_new(app, "Answer");
        kta_json_set(doc, "findings", KTA_STEAL(findings));
        kta_json_set(doc, "plan", KTA_STEAL(x.steps));
        document_print(app, doc, err);
    }
    kta_json_free(x.steps);
    kta_str_release(&x.in_force);
    kta_argv_release(&x.troubles);
    kta_mend_release(&m);
    return r;
}
