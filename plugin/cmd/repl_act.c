/*
 * repl_act.c - acting from the conversation: the plan again, a command of the user's own, undo.
 *
 * A command that the user types takes the same way as one that a model proposes: policy, and for a
 * change the pipeline.
 */
#include "repl.h"

#include <string.h>

#include "kta/alloc.h"

/* Steps that were not run may be, now. */
static size_t open_again(struct kta_plan *plan)
{
    size_t n = 0;

    for (size_t i = 0; i < plan->n; i++) {
        if (plan->v[i]->state == KTA_DECLINED)
            plan->v[i]->state = KTA_PLANNED;
        n += plan->v[i]->state == KTA_PLANNED;
    }
    return n;
}

int repl_plan(struct repl *r, const char *rest, struct kta_err *err)
{
    struct kta_plan *plan = &r->c->last.plan;
    const struct kta_report *report = kta_ui_report(r->app->ui);

    (void)rest;
    if (!r->c->asked || plan->n == 0)
        return kta_err_set(err, KTA_E_USAGE, "there is no plan: the last answer proposed nothing");
    report->plan(report->ctx, plan);
    for (size_t i = 0; i < plan->n; i++)
        report->step(report->ctx, plan, plan->v[i]);
    if (r->c->last.alternatives.n > 0) {
        kta_ui_print(r->app->ui, "\nThe model proposed instead:\n");
        report->plan(report->ctx, &r->c->last.alternatives);
    }
    return 0;
}

int repl_apply(struct repl *r, const char *rest, struct kta_err *err)
{
    struct kta_plan *plan = &r->c->last.plan;

    (void)rest;
    if (!r->c->asked || plan->n == 0)
        return kta_err_set(err, KTA_E_USAGE, "there is no plan: the last answer proposed nothing");
    if (open_again(plan) == 0)
        return kta_err_set(err, KTA_E_USAGE, "nothing of the plan is left to run; ask again");
    return kta_pipeline_run(&r->app->pipeline, plan, err);
}

/* ---- /run ---- */

static int run_read(struct repl *r, const struct kta_argv *argv, const char *line,
                    struct kta_err *err)
{
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    int code = 0;

    if (kta_run_read(&r->app->pipeline, argv, &out, &code, err) < 0)
        return -1;
    kta_ui_print(r->app->ui, "%s%s", out.s, out.len && out.s[out.len - 1] != '\n' ? "\n" : "");
    if (code != 0) {
        kta_ui_print(r->app->ui, "(exit code %d)\n", code);
        kta_str_addf(&out, "\n(exit code %d)\n", code);
    }
    conversation_ran(r->app, r->c, line, out.s);
    return 0;
}

static int run_change(struct repl *r, const struct kta_argv *argv, const char *line,
                      struct kta_err *err)
{
    struct app *app = r->app;
    struct kta_plan plan;
    kta_auto_str struct kta_str out = KTA_STR_INIT;

    kta_plan_init(&plan, line, kta_cluster_context(app->cluster),
                  kta_or(app->scope.namespace_, kta_cluster_namespace(app->cluster)));
    int rc = kta_plan_add(&plan, &app->policy, argv, NULL, NULL, err)
                 ? kta_pipeline_run(&app->pipeline, &plan, err)
                 : -1;
    for (size_t i = 0; i < plan.n; i++)
        kta_str_addf(&out, "%s%s\n%s", kta_or(plan.v[i]->output, ""),
                     kta_state_name(plan.v[i]->state), kta_or(plan.v[i]->outcome, ""));
    if (plan.n > 0)
        conversation_ran(app, r->c, line, out.s);
    kta_plan_release(&plan);
    return rc;
}

int repl_run(struct repl *r, const char *rest, struct kta_err *err)
{
    struct app *app = r->app;
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    kta_auto_str struct kta_str line = KTA_STR_INIT;
    struct kta_policy policy = app->policy;
    struct kta_verdict verdict;

    if (!*rest)
        return kta_err_set(err, KTA_E_USAGE, "which command? For example: /run get pods");
    if (kta_argv_split(rest, &argv, err) < 0)
        return -1;
    if (!kta_streq(argv.v[0], "kubectl") && !kta_streq(argv.v[0], "helm"))
        kta_argv_insert(&argv, 0, "kubectl");
    kta_argv_quote(&argv, &line);
    kta_command_pin(&argv, kta_cluster_context(app->cluster),
                    kta_or(app->scope.namespace_, kta_cluster_namespace(app->cluster)));
    kta_policy_check(&policy, &argv, NULL, &verdict);
    switch (verdict.class_) {
    case KTA_CLASS_READ:
        return run_read(r, &argv, line.s, err);
    case KTA_CLASS_WRITE:
        if (app->pipeline.read_only)
            return kta_err_set(err, KTA_E_POLICY, "this session is read-only");
        return run_change(r, &argv, line.s, err);
    case KTA_CLASS_DENY:
        break;
    }
    kta_err_set(err, KTA_E_POLICY, "refused by policy: %s", verdict.reason);
    return kta_err_hint(err, "run it outside of this session, if you must");
}

/* ---- what was changed ---- */

static int with_words(struct repl *r, const char *rest,
                      int (*run)(struct app *app, struct kta_err *err), struct kta_err *err)
{
    struct app *app = r->app;

    kta_argv_release(&app->words);
    if (*rest)
        kta_argv_add(&app->words, rest);
    int rc = run(app, err);
    kta_argv_release(&app->words);
    return rc;
}

int repl_undo(struct repl *r, const char *rest, struct kta_err *err)
{
    return with_words(r, rest, cmd_undo, err);
}

int repl_history(struct repl *r, const char *rest, struct kta_err *err)
{
    return with_words(r, rest, cmd_history, err);
}
