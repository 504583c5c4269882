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
    struct kta_json *steps; /* of all plans, in order */
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

    if (round->err->code == KTA_E_OK)
        app_print_script(x->app, round->plan);
    kta_json_each(s, steps) {
        struct kta_json *copy = kta_json_push(x->steps, kta_json_copy(s));
        kta_auto_free char *id = kta_asprintf("%zu", kta_json_len(x->steps));
        kta_json_set_str(copy, "id", id);
    }
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
        r = kta_mend_run(&m, err);
    }
    if (r == 0 && m.rounds == 0)
        kta_ui_print(app->ui, "There is nothing that the engine can mend in %s.\n",
                     kta_or(app->scope.namespace_, "all namespaces"));
    if (app->cluster) {
        kta_auto_json struct kta_json *doc = document_new(app, "Answer");
        kta_json_set(doc, "findings", KTA_STEAL(findings));
        kta_json_set(doc, "plan", KTA_STEAL(x.steps));
        document_print(app, doc, err);
    }
    kta_json_free(x.steps);
    kta_mend_release(&m);
    return r;
}
