/*
 * remediate.c - from detection to verified recovery: detect → collect → analyse → fix → verify.
 *
 * The loop is that of `fix`: findings, their first fixes as a plan, the pipeline. Around it: at
 * most three attempts, each with fixes that were not tried yet; an attempt after which the same
 * finding is still there is undone; a look at the cluster again is the proof, not the command's
 * exit code.
 *
 * Invariant of mode auto: a step runs only when the configuration's risk for its namespace covers
 * it, the changes of the last hour are within the budget, and the circuit breaker is closed
 * (autonomy.c). Without a configuration nothing is allowed.
 */
#include <string.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/evidence.h"
#include "kta/interrupt.h"
#include "kta/journal.h"
#include "kta/limits.h"
#include "kta/mend.h"
#include "tool_list.h"
#include "kta/tools_remediate.h"

#define ATTEMPTS   3
#define TIMEOUT_MS (15 * 60 * 1000)
#define SETTLE_MS  90000 /* how long findings may take to go after a change */

static const char *const mode_names[] = {"propose", "ask", "auto"};

static const char *mode_name(enum kta_mode m)
{
    return mode_names[m];
}

int kta_mode_parse(const char *s, enum kta_mode *ret)
{
    for (size_t i = 0; i < KTA_LEN(mode_names); i++)
        if (kta_streq(s, mode_names[i])) {
            *ret = (enum kta_mode)i;
            return 0;
        }
    return -1;
}

struct job {
    struct kta_remediation *r;
    struct kta_pipeline pipeline;
    struct kta_mend mend;
    struct kta_json *report, *steps, *attempts;
    struct kta_argv refused; /* fixes that auto may not do, as they were told */
    int64_t deadline;
    double done;
};

static void step(struct job *j, const char *phase, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void step(struct job *j, const char *phase, const char *fmt, ...)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT, now = KTA_STR_INIT;
    va_list ap;

    va_start(ap, fmt);
    kta_str_vaddf(&text, fmt, ap);
    va_end(ap);
    kta_time_format(kta_wall(), &now);
    struct kta_json *o = kta_json_push(j->steps, kta_json_new_object());
    kta_json_set_str(o, "time", now.s);
    kta_json_set_str(o, "phase", phase);
    kta_json_set_str(o, "text", text.s);
    kta_report_progress(j->r->pipeline->report, "%s: %s", phase, text.s);
    kta_report_event(j->r->pipeline->report, "remediation", o);
    if (j->r->env)
        tool_progress(j->r->env, j->done += 1, 0, "%s: %s", phase, text.s);
}

static bool stopped(struct job *j, struct kta_err *err)
{
    if (kta_interrupt_check(err) < 0)
        return true;
    if (j->r->env && tool_cancelled(j->r->env)) {
        kta_err_set(err, KTA_E_INTERRUPTED, "the client cancelled it");
        return true;
    }
    if (kta_now_ms() < j->deadline)
        return false;
    kta_err_set(err, KTA_E_TIMEOUT, "the time limit of the remediation has passed");
    return true;
}

/* ---- looking ---- */
struct view {
    struct kta_world *world;
    struct kta_targets targets;
};

static void view_release(struct view *v)
{
    kta_targets_release(&v->targets);
    kta_world_free(v->world);
}

static int view(struct job *j, struct view *v, struct kta_findings *ret, struct kta_err *err)
{
    struct kta_diagnose_options options = {.ignore = j->r->ignore};
    const char *target = kta_or(j->r->target, "");

    v->world = kta_world_new(j->pipeline.cluster, j->pipeline.redact, j->pipeline.report);
    if (kta_target_find(v->world, &j->r->scope, target, &v->targets, err) < 0)
        return -1;
    if (*target && kta_target_check(&v->targets, &j->r->scope, target, err) < 0)
        return -1;
    return kta_diagnose(v->world, &j->r->scope, &v->targets, &options, ret, err);
}

static int look_again(void *job, struct kta_findings *ret, struct kta_err *err)
{
    struct view v = {0};
    int rc = view(job, &v, ret, err);

    view_release(&v);
    return rc;
}

/* ---- the loop's questions ---- */

/* The first time that a fix is passed over: why. */
static void passed_over(struct job *j, const struct kta_plan *one, const char *why)
{
    kta_auto_str struct kta_str line = KTA_STR_INIT;

    kta_argv_quote(&one->v[0]->argv, &line);
    for (size_t i = 0; i < j->refused.n; i++)
        if (kta_streq(j->refused.v[i], line.s))
            return;
    kta_argv_add(&j->refused, line.s);
    step(j, "analyse", "%s: %s", why, line.s);
}

/* A server that is pinned to its namespace changes nothing outside, whoever says yes. */
static bool may_here(void *job, const struct kta_finding *f, const struct kta_plan *one)
{
    struct job *j = job;
    struct kta_tool_result ignored = KTA_TOOL_RESULT_INIT;
    bool ok = !j->r->env || tool_plan_inside(j->r->env, one, &ignored);

    (void)f;
    kta_tool_result_release(&ignored);
    if (!ok)
        passed_over(j, one, "a fix reaches beyond this server's namespace");
    return ok;
}

static bool may_auto(void *job, const struct kta_finding *f, const struct kta_plan *one)
{
    struct job *j = job;
    const char *ns = f->object.namespace_;
    int allowed = autonomy_risk(j->r->config, ns), risk = KTA_RISK_LOW;
    bool ok = true;

    if (!may_here(job, f, one))
        return false;
    for (size_t i = 0; i < one->n; i++) {
        const struct kta_step *s = one->v[i];
        ok = ok && !s->verdict.protected_ && s->verdict.class_ == KTA_CLASS_WRITE &&
             (int)s->risk <= allowed;
        risk = (int)s->risk > risk ? (int)s->risk : risk;
    }
    if (ok)
        return true;
    kta_auto_free char *why =
        kta_asprintf("a fix of %s risk in %s needs a person (%s)",
                     kta_risk_name((enum kta_risk)risk), kta_or(ns, "the cluster"),
                     allowed < 0 ? "the configuration allows nothing there"
                                 : "it allows less there");
    passed_over(j, one, why);
    return false;
}

static int go_on(void *job, bool round, struct kta_err *err)
{
    struct job *j = job;

    if (stopped(j, err))
        return -1;
    return round && j->r->mode == KTA_MODE_AUTO ? autonomy_check(j->r->config, err) : 0;
}

static size_t steps_in(const struct kta_plan *plan, bool undone)
{
    size_t n = 0;

    for (size_t i = 0; i < plan->n; i++)
        n += plan->v[i]->journal && (!undone || plan->v[i]->state == KTA_UNDONE);
    return n;
}

/* For a client: the plan can be had by apply_plan. */
static void keep_plan(struct job *j, const struct kta_plan *plan)
{
    kta_auto_free char *id = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    if (j->r->env && tool_proposal_put(j->r->pipeline, plan, &id, &ignored) == 0)
        kta_json_set_str(j->report, "planId", id);
}

/* An attempt is over. */
static void ended(void *job, const struct kta_mend_round *round)
{
    struct job *j = job;
    const struct kta_plan *plan = round->plan;
    size_t ran = steps_in(plan, false), undone = steps_in(plan, true);
    struct kta_json *a = kta_json_push(j->attempts, kta_json_new_object());

    kta_json_set_int(a, "attempt", (int64_t)kta_json_len(j->attempts));
    kta_json_set(a, "plan", kta_plan_json(plan));
    if (plan->id)
        kta_json_set_str(a, "change", plan->id);
    if (round->err->code != KTA_E_OK)
        kta_json_set_str(a, "error", round->err->msg);
    if (!round->ran) {
        step(j, "fix", "%s%s",
             kta_starts(round->err->msg, "nothing was changed") ? "" : "nothing was changed: ",
             round->err->msg);
        if (round->err->code == KTA_E_UNCONFIRMED)
            keep_plan(j, plan);
        return;
    }
    if (j->r->mode == KTA_MODE_AUTO)
        autonomy_changed(ran);
    step(j, "fix", "%zu change%s", ran, ran == 1 ? "" : "s");
    if (undone > 0)
        step(j, "undo", "change %s did not help%s and was put back", plan->id,
             undone < ran ? " in part" : "");
    if (round->same > 0)
        kta_json_set_bool(a, "undone", undone == ran);
    if (round->changed > 0)
        kta_json_set_bool(a, "doubtful", true);
    kta_auto_str struct kta_str fate = KTA_STR_INIT;
    kta_str_addf(&fate, "%zu finding%s gone", round->gone, round->gone == 1 ? " is" : "s are");
    if (round->changed > 0)
        kta_str_addf(&fate, ", %zu became another", round->changed);
    if (round->same > 0)
        kta_str_addf(&fate, ", %zu still there", round->same);
    step(j, "verify", "%s", fate.s);
}

/* It has not recovered: what only put one trouble in another's place is put back, newest first. */
static void take_back_doubtful(struct job *j)
{
    struct kta_pipeline p = j->pipeline;

    p.yes = KTA_RISK_HIGH;
    p.quiet = p.no_verify = true; /* what was there before was broken, too */
    for (size_t i = kta_json_len(j->attempts); i-- > 0;) {
        struct kta_json *a = kta_json_item(j->attempts, i);
        const char *id = kta_json_str(a, "change");
        struct kta_plan undo = {0};
        struct kta_err err = KTA_ERR_INIT;

        if (!id || !kta_json_bool(a, "doubtful", false))
            continue;
        bool done = kta_journal_undo_plan(&p, id, false, &undo, &err) == 0 &&
                    kta_pipeline_run(&p, &undo, &err) == 0;
        step(j, "undo", done ? "change %s was put back" : "change %s could not be put back: %s", id,
             err.msg);
        kta_json_set_bool(a, "undone", done);
        kta_json_remove(j->report, "planId"); /* it was made for what has just gone */
        kta_plan_release(&undo);
    }
}

/* ---- the job ---- */

static void set_cause(struct job *j, struct view *v)
{
    struct kta_evidence e = {0};
    struct kta_err ignored = KTA_ERR_INIT;
    kta_auto_str struct kta_str prevention = KTA_STR_INIT;

    kta_json_set(j->report, "findings", kta_findings_json(&j->mend.now));
    kta_json_set(j->report, "cause", kta_finding_json(j->mend.now.v[0]));
    for (size_t i = 0; i < j->mend.now.n; i++)
        if (j->mend.now.v[i]->severity >= KTA_WARNING)
            kta_prevention(j->mend.now.v[i]->code, &prevention);
    kta_json_set_str(j->report, "prevention", prevention.s);
    struct kta_json *evidence = kta_json_set(j->report, "evidence", kta_json_new_array());
    if (kta_collect_evidence(v->world, &j->r->scope, &v->targets, &j->mend.now, &e, &ignored) == 0)
        for (size_t i = 0; i < e.n && i < 8; i++) {
            if (!kta_starts(e.v[i].source, "what changed") && !kta_starts(e.v[i].source, "log"))
                continue;
            kta_auto_str struct kta_str cut = KTA_STR_INIT;
            kta_cut_middle(e.v[i].text, strlen(e.v[i].text), 2000, &cut);
            struct kta_json *o = kta_json_push(evidence, kta_json_new_object());
            kta_json_set_str(o, "source", e.v[i].source);
            kta_json_set_str(o, "text", cut.s);
        }
    kta_evidence_release(&e);
    size_t n = kta_json_len(evidence) + kta_json_len(kta_json_at(j->report, "cause.evidence"));
    step(j, "collect", "%zu piece%s of evidence", n, n == 1 ? "" : "s");
}

/* Only the plan, previewed, under an id that apply_plan takes. */
static int propose(struct job *j, struct kta_err *err)
{
    struct kta_plan plan = {0};
    struct kta_pipeline quiet = j->pipeline;
    kta_auto_free char *id = NULL;

    j->mend.may = may_here; /* nothing will run: what auto may do is no matter */
    int rc = kta_mend_plan(&j->mend, /* any= */ true, &plan, err);

    quiet.report = NULL;
    if (rc == 0 && plan.n > 0) {
        rc = kta_preview_plan(&quiet, &plan, err);
        if (rc == 0 && !j->pipeline.read_only && !kta_cluster_is_snapshot(j->pipeline.cluster)) {
            rc = tool_proposal_put(j->r->pipeline, &plan, &id, err);
            kta_json_set_str(j->report, "planId", id);
        }
        step(j, "fix", "%zu change%s proposed, nothing changed", plan.n, plan.n == 1 ? "" : "s");
    }
    kta_json_set(j->report, "plan", kta_plan_json(&plan));
    kta_json_set_str(j->report, "state", plan.n ? "proposed" : "needs_person");
    kta_plan_release(&plan);
    return rc;
}

static int attempts(struct job *j, struct kta_err *err)
{
    struct kta_err why = KTA_ERR_INIT;
    int rc = kta_mend_run(&j->mend, &why);
    bool any = j->mend.rounds > 0, well = any && kta_mend_troubles(&j->mend.now) == 0;

    if (well && why.code != KTA_E_INTERRUPTED) {
        step(j, "verify", "nothing is wrong any more");
        kta_json_set_str(j->report, "state", "recovered");
        return 0;
    }
    if (why.code == KTA_E_UNCONFIRMED)
        kta_json_set_str(j->report, "state", "declined");
    else
        kta_json_set_str(j->report, "state", any ? "not_recovered" : "needs_person");
    if (rc < 0 && (!any || (why.code != KTA_E_VERIFY && why.code != KTA_E_EXECUTE))) {
        *err = why;
        return -1;
    }
    if (any)
        return kta_err_set(err, KTA_E_VERIFY, "it has not recovered");
    step(j, "analyse", "no fix is left that may be tried: a person is needed");
    return j->r->mode == KTA_MODE_AUTO
               ? kta_err_set(err, KTA_E_POLICY, "no fix may be applied automatically here")
               : kta_err_set(err, KTA_E_FAIL,
                             "no fix is left that may be tried: a person is needed");
}

static int treat(struct job *j, struct kta_err *err)
{
    int rc = attempts(j, err);

    if (rc < 0 && err->code != KTA_E_INTERRUPTED)
        take_back_doubtful(j);
    if (j->mend.rounds > 0 && j->r->mode == KTA_MODE_AUTO)
        autonomy_ended(j->r->config, rc == 0);
    struct kta_json *proof = kta_json_set(j->report, "proof", kta_json_new_object());
    kta_json_set_bool(proof, "recovered", rc == 0);
    kta_json_set(proof, "findings", kta_findings_json(&j->mend.now));
    return rc;
}

static int whole(struct job *j, struct kta_err *err)
{
    struct view v = {0};

    step(j, "detect", "looking at %s", kta_or(j->r->target, "the namespace"));
    int rc = view(j, &v, &j->mend.now, err);
    bool well = rc == 0 && kta_mend_troubles(&j->mend.now) == 0;
    if (well) {
        step(j, "detect", "nothing is wrong");
        kta_json_set_str(j->report, "state", "healthy");
        kta_json_set(j->report, "findings", kta_findings_json(&j->mend.now));
    } else if (rc == 0) {
        step(j, "analyse", "%s: %s", j->mend.now.v[0]->code, j->mend.now.v[0]->summary);
        set_cause(j, &v);
    }
    view_release(&v);
    if (rc < 0 || well)
        return rc;
    if (j->r->mode == KTA_MODE_PROPOSE || j->pipeline.read_only ||
        j->pipeline.dry_run != KTA_DRY_NONE || kta_cluster_is_snapshot(j->pipeline.cluster))
        return propose(j, err);
    return treat(j, err);
}

/* How long it may take, and what it may do by itself. */
static void limit(struct job *j)
{
    int64_t ms = j->r->timeout_ms > 0 ? j->r->timeout_ms : TIMEOUT_MS;

    j->deadline = kta_now_ms() + ms;
    j->pipeline.caller_undoes = true;
    if (j->r->mode == KTA_MODE_AUTO) {
        j->pipeline.yes = KTA_RISK_HIGH; /* may_auto lets through only what is allowed */
        j->pipeline.quiet = true;
        j->pipeline.rollback_on_failure = false;
    }
    if (!j->pipeline.verify_timeout_ms || j->pipeline.verify_timeout_ms > ms / 2)
        j->pipeline.verify_timeout_ms = ms / 2 < 180000 ? ms / 2 : 180000;
}

static void open_report(struct job *j)
{
    kta_auto_str struct kta_str now = KTA_STR_INIT;

    j->report = kta_json_new_object();
    kta_json_set_str(j->report, "apiVersion", "todo-ai/v1");
    kta_json_set_str(j->report, "kind", "Report");
    kta_json_set_str(j->report, "target", kta_or(j->r->target, ""));
    kta_json_set_str(j->report, "context", kta_cluster_context(j->pipeline.cluster));
    kta_json_set_str(j->report, "namespace", j->r->scope.namespace_);
    kta_json_set_str(j->report, "mode", mode_name(j->r->mode));
    kta_json_set_str(j->report, "state", "failed");
    kta_time_format(kta_wall(), &now);
    kta_json_set_str(j->report, "startedAt", now.s);
    j->steps = kta_json_set(j->report, "steps", kta_json_new_array());
    j->attempts = kta_json_set(j->report, "attempts", kta_json_new_array());
}

int kta_remediate(struct kta_remediation *r, struct kta_json **ret_report, struct kta_err *err)
{
    struct job j = {.r = r, .pipeline = *r->pipeline};

    limit(&j);
    kta_auto_str struct kta_str question = KTA_STR_INIT;
    kta_str_addf(&question, "remediate %s", kta_or(r->target, ""));
    kta_str_trim(&question);
    j.mend = (struct kta_mend){.pipeline = &j.pipeline,
                               .question = question.s,
                               .namespace_ = r->scope.namespace_,
                               .max_rounds = ATTEMPTS,
                               .clear_ms = SETTLE_MS,
                               .until_well = true,
                               .ctx = &j,
                               .look = look_again,
                               .may = r->mode == KTA_MODE_AUTO ? may_auto : may_here,
                               .go_on = go_on,
                               .ended = ended};
    open_report(&j);
    int rc = whole(&j, err);
    kta_auto_str struct kta_str now = KTA_STR_INIT;
    kta_time_format(kta_wall(), &now);
    kta_json_set_str(j.report, "endedAt", now.s);
    kta_json_set_str(j.report, "message", rc < 0 ? err->msg : "");
    kta_report_done(r->pipeline->report);
    kta_argv_release(&j.refused);
    kta_mend_release(&j.mend);
    *ret_report = j.report;
    return rc;
}
