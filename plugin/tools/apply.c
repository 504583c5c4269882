/*
 * apply.c - the tools' one way to a change: the pipeline, with a client's person to ask.
 *
 * Invariant: a step runs only when --approve covers its risk, or a person said yes to exactly this
 * preview through the client. What is of high risk or protected is never settled through a client
 * (it may answer by itself): that takes a token and a terminal (approve).
 */
#include <stdlib.h>
#include <string.h>

#include "kta/alloc.h"
#include "kta/journal.h"
#include "tool_list.h"
#include "kta/tools_plan.h"
#include "kta/tools_proposal.h"

static int ask(void *ctx, struct kta_plan *plan, struct kta_step *step, enum kta_answer *ret,
               struct kta_err *err)
{
    struct tool_asker *a = ctx;
    kta_auto_str struct kta_str preview = KTA_STR_INIT, message = KTA_STR_INIT;
    char digest[65];

    (void)step;
    (void)err;
    if (a->puts_back && plan->undo_of) {
        *ret = KTA_ANSWER_YES;
        return 0;
    }
    *ret = KTA_ANSWER_NOBODY;
    a->terminal = true;
    if (tool_plan_risk(plan) >= KTA_RISK_HIGH || tool_plan_protected(plan) || !a->env->ask)
        return 0;
    kta_plan_text(plan, &preview);
    kta_plan_digest(plan, digest);
    kta_str_addf(&message, "May kubectl-todo-ai change the cluster (context %s, %s risk)?",
                 kta_or(plan->context, "?"), kta_risk_name(tool_plan_risk(plan)));
    struct kta_tool_question q = {.message = message.s,
                                  .preview = preview.s,
                                  .digest = digest,
                                  .plan_id = a->plan_id,
                                  .risk = tool_plan_risk(plan)};
    enum kta_ask answer = a->env->ask(a->env->ctx, &q);
    a->terminal = answer == KTA_ASK_UNSUPPORTED;
    a->later = answer == KTA_ASK_LATER;
    if (answer == KTA_ASK_YES || answer == KTA_ASK_NO)
        *ret = answer == KTA_ASK_YES ? KTA_ANSWER_YES : KTA_ANSWER_NO;
    return 0;
}

static void on_progress(void *ctx, const char *text)
{
    struct tool_asker *a = ctx;

    if (text)
        tool_progress(a->env, a->done += 1, 0, "%s", text);
}

static void on_step(void *ctx, const struct kta_plan *plan, const struct kta_step *s)
{
    struct tool_asker *a = ctx;

    (void)plan;
    tool_progress(a->env, a->done += 1, 0, "step %s: %s%s%s", s->id, kta_state_name(s->state),
                  s->outcome ? ": " : "", kta_or(s->outcome, ""));
}

static const char *state_of(const struct kta_plan *plan, const struct kta_err *err)
{
    switch (err->code) {
    case KTA_E_OK: {
        for (size_t i = 0; i < plan->n; i++)
            if (plan->v[i]->state == KTA_EXECUTED || plan->v[i]->state == KTA_VERIFIED)
                return "done";
        return "nothing";
    }
    case KTA_E_UNCONFIRMED:
        return "declined";
    case KTA_E_POLICY:
        return "refused";
    case KTA_E_VERIFY:
        return "unverified";
    case KTA_E_INTERRUPTED:
        return "interrupted";
    case KTA_E_FAIL:
    case KTA_E_USAGE:
    case KTA_E_CLUSTER:
    case KTA_E_AUTH:
    case KTA_E_MODEL:
    case KTA_E_EXECUTE:
    case KTA_E_FAIL_ON:
    case KTA_E_NOT_FOUND:
    case KTA_E_LIMIT:
    case KTA_E_TIMEOUT:
    case KTA_E_PARSE:
        break;
    }
    return "failed";
}

static void needs_terminal(struct kta_plan *plan, const char *plan_id,
                           struct kta_tool_result *result)
{
    kta_auto_free char *token = NULL;
    struct kta_err err = KTA_ERR_INIT;

    if (tool_proposal_token(plan_id, plan, &token, &err) < 0) {
        tool_fail_err(result, &err);
        return;
    }
    /* where the person is not on this machine, the server was told how to get here (the chart) */
    const char *way = getenv("KAGENT_APPROVE");
    bool pin = !way && plan->context && *plan->context;
    kta_auto_free char *command =
        kta_asprintf("%s %s%s%s", kta_or(way, "kubectl todo-ai approve"), token,
                     pin ? " --context " : "", pin ? plan->context : "");
    kta_json_set_str(result->structured, "state", "needs_approval");
    kta_json_set_str(result->structured, "token", token);
    kta_json_set_str(result->structured, "command", command);
    kta_json_set_int(result->structured, "expiresInSeconds", KTA_TOKEN_S);
    kta_str_addf(&result->text,
                 "Nothing has been changed. A person must approve it in a terminal of their own, "
                 "within %d minutes:\n\n    %s\n\nThen call apply_plan again with plan_id \"%s\" "
                 "to learn what came of it.\n\n",
                 KTA_TOKEN_S / 60, command, plan_id);
    kta_plan_text(plan, &result->text);
}

static void outcome(const struct kta_plan *plan, const struct kta_err *err,
                    struct kta_tool_result *result)
{
    const char *state = state_of(plan, err);

    result->is_error =
        !kta_streq(state, "done") && !kta_streq(state, "nothing") && !kta_streq(state, "declined");
    kta_json_set_str(result->structured, "state", state);
    if (plan->id)
        kta_json_set_str(result->structured, "change", plan->id);
    kta_json_set_str(result->structured, "message", err->msg);
    kta_str_addf(&result->text, "%s%s%s\n", state, err->msg[0] ? ": " : ".", err->msg);
    for (size_t i = 0; i < plan->n; i++) {
        const struct kta_step *s = plan->v[i];
        kta_auto_str struct kta_str line = KTA_STR_INIT;
        kta_argv_quote(&s->argv, &line);
        kta_str_addf(&result->text, "%s. %s: %s%s%s\n", s->id, line.s, kta_state_name(s->state),
                     s->outcome ? ": " : "", kta_or(s->outcome, ""));
        if (s->state == KTA_FAILED && s->output)
            tool_fence("", s->output, strlen(s->output), &result->text);
    }
    if (plan->id)
        kta_str_addf(&result->text, "To put it back: undo with id \"%s\".\n", plan->id);
}

struct kta_report tool_person(struct tool_asker *a)
{
    return (struct kta_report){.ctx = a, .progress = on_progress, .step = on_step, .ask = ask};
}

void tool_run_plan(struct kta_tool_env *env, struct kta_pipeline *p, struct kta_plan *plan,
                   const char *plan_id, struct kta_tool_result *result)
{
    struct tool_asker a = {.env = env, .plan_id = plan_id};
    struct kta_report report = tool_person(&a);
    struct kta_pipeline mine = *p;
    struct kta_err err = KTA_ERR_INIT;

    mine.report = &report;
    mine.quiet = false;
    mine.yes = env->approve_set ? (int)env->approve : -1;
    if (tool_proposal_claim(plan_id, &err) < 0) {
        tool_fail_err(result, &err);
        return;
    }
    kta_pipeline_run(&mine, plan, &err);
    if (!result->structured)
        result->structured = kta_json_new_object();
    kta_json_set_str(result->structured, "planId", plan_id);
    bool refused = err.code == KTA_E_POLICY && !tool_plan_protected(plan);
    if (a.later || (a.terminal && !plan->id && !refused)) {
        tool_proposal_unclaim(plan_id);
        result->pending = a.later;
        if (!a.later)
            needs_terminal(plan, plan_id, result);
        return;
    }
    kta_proposal_done(plan_id, plan, &err);
    outcome(plan, &err, result);
}

void tool_offer(struct kta_tool_env *env, const struct tool_at *at, struct kta_plan *plan,
                struct kta_tool_result *result)
{
    kta_auto_free char *id = NULL;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_pipeline mine = *at->p;

    mine.report = NULL;
    if (tool_proposal_put(at->p, plan, &id, &err) < 0 || kta_preview_plan(&mine, plan, &err) < 0) {
        tool_fail_err(result, &err);
        return;
    }
    result->structured = kta_json_new_object();
    kta_json_set_str(result->structured, "planId", id);
    kta_json_set_str(result->structured, "state", "proposed");
    kta_json_set_str(result->structured, "risk", kta_risk_name(tool_plan_risk(plan)));
    struct kta_json *steps = kta_json_set(result->structured, "steps", kta_json_new_array());
    for (size_t i = 0; i < plan->n; i++) {
        struct kta_json *s = kta_json_push(steps, kta_json_new_object());
        struct kta_json *argv = kta_json_set(s, "argv", kta_json_new_array());
        for (size_t k = 0; k < plan->v[i]->argv.n; k++)
            kta_json_push_str(argv, plan->v[i]->argv.v[k]);
        kta_json_set_str(s, "risk", kta_risk_name(plan->v[i]->risk));
        kta_json_set_str(s, "class", kta_class_name(plan->v[i]->verdict.class_));
        kta_json_set_bool(s, "accepted", !plan->v[i]->preview.rejected);
    }
    const struct kta_step *refused = NULL;
    for (size_t i = 0; i < plan->n && !refused; i++)
        refused = plan->v[i]->preview.rejected ? plan->v[i] : NULL;
    if (refused)
        kta_str_addf(
            &result->text,
            "Nothing has been changed, and it cannot be done as it is: the dry run of step "
            "%s fails. Mend it and propose it again.\n\n",
            refused->id);
    else if (env->pipeline->read_only)
        kta_str_add(&result->text, "Nothing has been changed, and this server changes nothing: a "
                                   "person may run it.\n\n");
    else
        kta_str_addf(&result->text,
                     "Nothing has been changed. To have it done: apply_plan with plan_id "
                     "\"%s\".\n\n",
                     id);
    kta_plan_text(plan, &result->text);
}

TOOL(tool_apply_plan)
{
    struct tool_at at;
    struct kta_plan plan = {0};
    struct kta_err err = KTA_ERR_INIT;
    const char *id = kta_json_str(args, "plan_id");
    kta_auto_json struct kta_json *done = NULL;

    if (!tool_at(env, args, &at, result))
        return;
    if (tool_proposal_get(id, at.p, &plan, &done, &err) < 0) {
        tool_fail_err(result, &err);
        return;
    }
    if (done) {
        const char *change = kta_json_str(done, "change"), *why = kta_json_str(done, "error");
        result->structured = kta_json_new_object();
        kta_json_set_str(result->structured, "planId", id);
        kta_json_set_str(result->structured, "state", "already_used");
        kta_json_set_str(result->structured, "message", kta_or(why, ""));
        if (change)
            kta_json_set_str(result->structured, "change", change);
        kta_str_addf(&result->text, "Plan %s has been used%s%s%s%s.\n", id,
                     change ? ": it is change " : "", kta_or(change, ""),
                     kta_or(why, NULL) ? "; " : "", kta_or(why, ""));
        kta_json_each(s, kta_json_get(done, "plan")) {
            kta_str_addf(&result->text, "%s. %s %s\n", kta_or(kta_json_str(s, "id"), "?"),
                         kta_or(kta_json_str(s, "state"), "?"),
                         kta_or(kta_json_str(s, "outcome"), ""));
        }
        return;
    }
    if (env->namespace_pinned && !tool_plan_inside(env, &plan, result))
        ;
    else
        tool_run_plan(env, at.p, &plan, id, result);
    kta_plan_release(&plan);
}
