/*
 * remediate.c - from detection to verified recovery: detect → collect → analyse → fix → verify.
 *
 * The loop is that of `fix`: findings, their first fixes as a plan, the pipeline. Around it: at
 * most three attempts, each with fixes that were not tried yet; an attempt after which the same
 * finding is still there is undone; a look at the cluster again is the proof, not the command's
 * exit code.
 *
 * Invariant of mode auto: a step runs only when the configuration's risk for its namespace covers
 * it, the changes of the last hour are within the budget, and the circuit breaker is closed.
 * Without a configuration nothing is allowed.
 */
#include <poll.h>
#include <string.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/interrupt.h"
#include "kta/journal.h"
#include "kta/limits.h"
#include "tool_list.h"
#include "kta/tools_remediate.h"

#define ATTEMPTS    3
#define TIMEOUT_MS  (15 * 60 * 1000)
#define SETTLE_MS   90000 /* how long findings may take to go after a verified change */
#define FAILED_MS   20000 /* after one whose verification failed */
#define LOOK_MS     5000
#define BUDGET      5    /* changes an hour */
#define BREAK_AFTER 3    /* failures in a row that open the breaker */
#define BREAK_S     3600 /* for so long */

static const char *const mode_names[] = {"propose", "ask", "auto"};

const char *kta_mode_name(enum kta_mode m)
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

/* What was seen at one time. */
struct view {
    struct kta_world *world;
    struct kta_targets targets;
    struct kta_findings findings;
};

struct job {
    struct kta_remediation *r;
    struct kta_pipeline pipeline;
    struct view now;
    struct kta_json *report, *steps, *attempts;
    struct kta_argv tried; /* quoted commands that were tried or may not be */
    bool proposing;        /* nothing will run: what auto may do is no matter */
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
static void forget(struct view *v)
{
    kta_findings_release(&v->findings);
    kta_targets_release(&v->targets);
    kta_world_free(v->world);
    *v = (struct view){0};
}

static int look(struct job *j, struct kta_err *err)
{
    struct kta_diagnose_options options = {.ignore = j->r->ignore};
    const char *target = kta_or(j->r->target, "");

    forget(&j->now);
    j->now.world = kta_world_new(j->pipeline.cluster, j->pipeline.redact, j->pipeline.report);
    if (kta_target_find(j->now.world, &j->r->scope, target, &j->now.targets, err) < 0)
        return -1;
    bool found = j->now.targets.n > 0 && j->now.targets.v[0].object && !j->now.targets.suggestion;
    if (*target && !found) {
        kta_err_set(err, KTA_E_NOT_FOUND, "nothing in %s is called '%s'",
                    kta_or(j->r->scope.namespace_, "any namespace"), target);
        if (j->now.targets.suggestion)
            kta_err_hint(err, "the nearest name is '%s'", j->now.targets.suggestion);
        return -1;
    }
    return kta_diagnose(j->now.world, &j->r->scope, &j->now.targets, &options, &j->now.findings,
                        err);
}

static size_t troubles(const struct kta_findings *f)
{
    size_t n = 0;

    for (size_t i = 0; i < f->n; i++)
        n += f->v[i]->severity >= KTA_WARNING;
    return n;
}

/* What was wrong when an attempt began: "code kind/ns/name" each. */
static void troubles_keys(const struct kta_findings *f, struct kta_argv *out)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i]->severity >= KTA_WARNING)
            kta_argv_addf(out, "%s %s/%s/%s", f->v[i]->code, f->v[i]->object.kind,
                          kta_or(f->v[i]->object.namespace_, ""), f->v[i]->object.name);
}

static size_t shared(const struct kta_argv *a, const struct kta_argv *b)
{
    size_t n = 0;

    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n; k++)
            n += kta_streq(a->v[i], b->v[k]);
    return n;
}

/* Looks until nothing is wrong any more, or time is up. *ret_left: how much of `before` is still
 * there; *ret_new: how much is there that was not. */
static int settle(struct job *j, int64_t limit_ms, const struct kta_argv *before, size_t *ret_left,
                  size_t *ret_new, struct kta_err *err)
{
    int64_t end = kta_now_ms() + limit_ms;

    for (;;) {
        kta_auto_argv struct kta_argv now = KTA_ARGV_INIT;
        if (look(j, err) < 0) {
            if (err->code != KTA_E_NOT_FOUND)
                return -1;
            kta_err_clear(err); /* a bare pod is made anew: it may be gone for a moment */
            kta_argv_copy(&now, before);
        } else {
            troubles_keys(&j->now.findings, &now);
        }
        *ret_left = shared(before, &now);
        *ret_new = now.n - *ret_left;
        if (now.n == 0 || kta_now_ms() > end)
            return 0;
        if (stopped(j, err))
            return -1;
        struct pollfd p = {.fd = kta_interrupt_fd(), .events = POLLIN};
        poll(&p, p.fd >= 0, LOOK_MS);
    }
}

/* ---- what auto may do ---- */
static char *state_file(void)
{
    return kta_xdg_path(KTA_XDG_STATE, "remediation.json");
}

static struct kta_json *load_state(void)
{
    kta_auto_free char *file = state_file();
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct kta_json *v = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    if (!file || kta_fs_read(file, KTA_MAX_CONFIG_FILE, &text, &ignored) < 0 ||
        kta_json_parse(text.s, text.len, &v, &ignored) < 0)
        return kta_json_new_object();
    return v;
}

static int save_state(const struct kta_json *v, struct kta_err *err)
{
    kta_auto_free char *file = state_file(), *dir = file ? kta_fs_dirname(file) : NULL;
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    kta_json_print(v, false, &text);
    if (!file)
        return kta_err_set(err, KTA_E_FAIL, "there is no place to count changes: HOME is not set");
    return kta_fs_mkdirs(dir, err) < 0 ? -1 : kta_fs_write(file, text.s, text.len, err);
}

static int changes_last_hour(const struct kta_json *state)
{
    int n = 0;

    kta_json_each(t, kta_json_get(state, "changes"))
    {
        n += kta_json_int(t, "", 0) > kta_wall() - 3600;
    }
    return n;
}

/* -1: nothing is allowed there. */
static int allowed_risk(const struct kta_json *config, const char *ns)
{
    enum kta_risk risk;
    const char *here =
        ns ? kta_json_text(kta_json_get(kta_json_get(config, "namespaces"), ns)) : NULL;
    const char *text = here ? here : kta_json_str(config, "risk");

    return text && kta_risk_parse(text, &risk) == 0 ? (int)risk : -1;
}

/* Whether auto may go on at all; err says why not (KTA_E_POLICY). */
static int guard(struct job *j, struct kta_err *err)
{
    kta_auto_json struct kta_json *state = load_state();
    int budget = (int)kta_json_int(j->r->config, "changesPerHour", BUDGET);
    int64_t until = kta_json_int(state, "openUntil", 0);

    if (until > kta_wall())
        return kta_err_set(err, KTA_E_POLICY,
                           "the circuit breaker is open for %d more minutes, after remediations "
                           "that failed",
                           (int)((until - kta_wall()) / 60 + 1));
    if (changes_last_hour(state) >= budget)
        return kta_err_set(err, KTA_E_POLICY,
                           "the budget of %d automatic changes an hour is used up", budget);
    return 0;
}

/* Changes of the last hour, with these now. */
static void count_changes(struct job *j, size_t changes)
{
    kta_auto_json struct kta_json *state = load_state();
    struct kta_json *kept = kta_json_new_array();
    struct kta_err ignored = KTA_ERR_INIT;

    kta_json_each(t, kta_json_get(state, "changes"))
    {
        if (kta_json_int(t, "", 0) > kta_wall() - 3600)
            kta_json_push(kept, kta_json_copy(t));
    }
    for (size_t i = 0; i < changes; i++)
        kta_json_push(kept, kta_json_new_int(kta_wall()));
    kta_json_set(state, "changes", kept);
    if (j->r->mode == KTA_MODE_AUTO)
        save_state(state, &ignored);
}

/* A remediation that changed something is over: failures in a row open the circuit breaker. */
static void count_outcome(struct job *j, bool recovered)
{
    kta_auto_json struct kta_json *state = load_state();
    struct kta_err ignored = KTA_ERR_INIT;
    int64_t failures = recovered ? 0 : kta_json_int(state, "failures", 0) + 1;

    if (failures >= kta_json_int(j->r->config, "breakAfter", BREAK_AFTER)) {
        kta_json_set_int(state, "openUntil", kta_wall() + BREAK_S);
        failures = 0;
    }
    kta_json_set_int(state, "failures", failures);
    if (j->r->mode == KTA_MODE_AUTO)
        save_state(state, &ignored);
}

/* ---- a plan of what was not tried yet ---- */
static bool known(const struct job *j, const char *command)
{
    for (size_t i = 0; i < j->tried.n; i++)
        if (kta_streq(j->tried.v[i], command))
            return true;
    return false;
}

static bool may_auto(struct job *j, const struct kta_step *s, const char *ns)
{
    int allowed = allowed_risk(j->r->config, ns);

    if (!s->verdict.protected_ && s->verdict.class_ == KTA_CLASS_WRITE && (int)s->risk <= allowed)
        return true;
    step(j, "analyse", "a fix of %s risk in %s needs a person: %s", kta_risk_name(s->risk),
         kta_or(ns, "the cluster"),
         allowed < 0 ? "the configuration allows nothing there" : "it allows less there");
    return false;
}

/* The first fix of each finding that was not tried. In mode auto only what is allowed. */
static int make_plan(struct job *j, struct kta_plan *plan, struct kta_err *err)
{
    kta_auto_str struct kta_str question = KTA_STR_INIT;

    kta_str_addf(&question, "remediate %s", kta_or(j->r->target, ""));
    kta_str_trim(&question);
    kta_plan_init(plan, question.s, kta_cluster_context(j->pipeline.cluster),
                  j->r->scope.namespace_);
    for (size_t i = 0; i < j->now.findings.n; i++) {
        const struct kta_finding *f = j->now.findings.v[i];
        for (size_t k = 0; f->severity >= KTA_WARNING && k < f->n_fixes; k++) {
            kta_auto_str struct kta_str line = KTA_STR_INIT;
            kta_argv_quote(&f->fixes[k].argv, &line);
            kta_str_add(&line, kta_or(f->fixes[k].stdin_text, ""));
            if (known(j, line.s))
                continue;
            struct kta_plan one = {0};
            kta_plan_init(&one, NULL, plan->context, plan->namespace_);
            struct kta_step *s = kta_plan_add(&one, j->pipeline.policy, &f->fixes[k].argv,
                                              f->fixes[k].stdin_text, f->fixes[k].summary, err);
            bool ok = s && (j->r->mode != KTA_MODE_AUTO || j->proposing ||
                            may_auto(j, s, f->object.namespace_));
            kta_plan_release(&one);
            kta_argv_add(&j->tried, line.s);
            if (!ok)
                continue;
            s = kta_plan_add(plan, j->pipeline.policy, &f->fixes[k].argv, f->fixes[k].stdin_text,
                             f->fixes[k].summary, err);
            if (!s)
                return -1;
            snprintf(s->fix_id, sizeof s->fix_id, "%s", f->fixes[k].id);
            break;
        }
    }
    return 0;
}

/* ---- one attempt ---- */
static size_t ran(const struct kta_plan *plan)
{
    size_t n = 0;

    for (size_t i = 0; i < plan->n; i++)
        n += plan->v[i]->journal != NULL;
    return n;
}

static void take_back(struct job *j, struct kta_json *attempt)
{
    const char *id = kta_json_str(attempt, "change");
    struct kta_pipeline p = j->pipeline;
    struct kta_plan undo = {0};
    struct kta_err err = KTA_ERR_INIT;

    /* what was there before was broken, too: waiting for it to recover would be in vain */
    p.yes = KTA_RISK_HIGH;
    p.quiet = p.no_verify = true;
    p.rollback_on_failure = false;
    if (kta_journal_undo_plan(&p, id, false, &undo, &err) == 0 &&
        kta_pipeline_run(&p, &undo, &err) == 0) {
        step(j, "undo", "change %s did not help and was put back", id);
        kta_json_set_bool(attempt, "undone", true);
    } else {
        step(j, "undo", "change %s did not help and could not be put back: %s", id, err.msg);
        kta_json_set_bool(attempt, "undone", false);
    }
    kta_plan_release(&undo);
}

enum attempt { AGAIN, RECOVERED, NOTHING, STOP };

/* Whether a plan that ran helped: by the findings before it and after it, never by its own word. */
static enum attempt judge(struct job *j, bool verified, struct kta_json *attempt,
                          struct kta_err *err)
{
    kta_auto_argv struct kta_argv before = KTA_ARGV_INIT;
    struct view was = j->now;
    size_t left = 0, new = 0;

    j->now = (struct view){0};
    troubles_keys(&was.findings, &before);
    step(j, "verify", "looking whether it helped");
    int rc = settle(j, verified ? SETTLE_MS : FAILED_MS, &before, &left, &new, err);
    bool timeout = rc < 0 && err->code == KTA_E_TIMEOUT, same = rc == 0 && left >= before.n;
    if (timeout || same)
        take_back(j, attempt);
    if (same) { /* what was seen before it is true again */
        forget(&j->now);
        j->now = was;
    } else {
        forget(&was);
    }
    if (rc < 0)
        return STOP;
    if (left + new == 0) {
        step(j, "verify", "nothing is wrong any more");
        return RECOVERED;
    }
    if (!same) {
        step(j, "verify", "%zu of %zu findings are gone, %zu came; going on with the rest",
             before.n - left, before.n, new);
        kta_json_set_bool(attempt, "doubtful", new > 0);
    }
    return AGAIN;
}

static enum attempt run_attempt(struct job *j, struct kta_plan *plan, struct kta_json *attempt,
                                struct kta_err *err)
{
    struct kta_err ran_err = KTA_ERR_INIT;

    step(j, "fix", "%zu change%s", plan->n, plan->n == 1 ? "" : "s");
    int rc = kta_pipeline_run(&j->pipeline, plan, &ran_err);
    kta_json_set(attempt, "plan", kta_plan_json(plan));
    if (plan->id)
        kta_json_set_str(attempt, "change", plan->id);
    if (rc < 0)
        kta_json_set_str(attempt, "error", ran_err.msg);
    if (ran(plan) == 0) {
        step(j, "fix", "nothing was changed: %s", ran_err.msg);
        if (ran_err.code == KTA_E_EXECUTE)
            return AGAIN; /* its dry run fails: another fix may do */
        *err = ran_err;
        return STOP;
    }
    count_changes(j, ran(plan));
    if (ran_err.code == KTA_E_INTERRUPTED) {
        *err = ran_err;
        return STOP;
    }
    return judge(j, rc == 0, attempt, err);
}

/* It has not recovered: what only put one trouble in another's place is put back, newest first. */
static void take_back_doubtful(struct job *j)
{
    for (size_t i = kta_json_len(j->attempts); i-- > 0;) {
        struct kta_json *a = kta_json_item(j->attempts, i);
        if (kta_json_bool(a, "doubtful", false))
            take_back(j, a);
    }
}

static void set_cause(struct job *j)
{
    struct kta_evidence e = {0};
    struct kta_err ignored = KTA_ERR_INIT;
    kta_auto_str struct kta_str prevention = KTA_STR_INIT;

    kta_json_set(j->report, "findings", kta_findings_json(&j->now.findings));
    for (size_t i = 0; i < j->now.findings.n; i++) {
        const struct kta_finding *f = j->now.findings.v[i];
        if (i == 0)
            kta_json_set(j->report, "cause", kta_finding_json(f));
        if (f->advice)
            kta_str_addf(&prevention, "%s: %s\n", f->code, f->advice);
        if (kta_explain(f->code) && prevention.len < 4000)
            kta_str_addf(&prevention, "%s\n", kta_explain(f->code));
    }
    kta_json_set_str(j->report, "prevention", prevention.s);
    struct kta_json *evidence = kta_json_set(j->report, "evidence", kta_json_new_array());
    if (kta_collect_evidence(j->now.world, &j->r->scope, &j->now.targets, &j->now.findings, &e,
                             &ignored) == 0)
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
    step(j, "collect", "%zu pieces of evidence", kta_json_len(evidence));
}

/* Only the plan, previewed, under an id that apply_plan takes. */
static int propose(struct job *j, struct kta_err *err)
{
    struct kta_plan plan = {0};
    struct kta_pipeline quiet = j->pipeline;
    kta_auto_free char *id = NULL;

    j->proposing = true;
    int rc = make_plan(j, &plan, err);

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

static int attempts(struct job *j, bool *ret_any, struct kta_err *err)
{
    bool any = false;

    *ret_any = false;
    for (int i = 1; i <= ATTEMPTS; i++) {
        struct kta_plan plan = {0};
        enum attempt result = NOTHING;

        if (stopped(j, err) || (j->r->mode == KTA_MODE_AUTO && guard(j, err) < 0) ||
            make_plan(j, &plan, err) < 0) {
            kta_plan_release(&plan);
            kta_json_set_str(j->report, "state", any ? "not_recovered" : "needs_person");
            return -1;
        }
        if (plan.n > 0) {
            struct kta_json *a = kta_json_push(j->attempts, kta_json_new_object());
            kta_json_set_int(a, "attempt", i);
            result = run_attempt(j, &plan, a, err);
            *ret_any = any = true;
        }
        kta_plan_release(&plan);
        if (result == RECOVERED) {
            kta_json_set_str(j->report, "state", "recovered");
            return 0;
        }
        if (result == STOP) {
            kta_json_set_str(j->report, "state",
                             err->code == KTA_E_UNCONFIRMED ? "declined" : "not_recovered");
            return -1;
        }
        if (result == NOTHING)
            break;
    }
    kta_json_set_str(j->report, "state", any ? "not_recovered" : "needs_person");
    if (!any) {
        step(j, "analyse", "no fix is left that may be tried: a person is needed");
        return j->r->mode == KTA_MODE_AUTO
                   ? kta_err_set(err, KTA_E_POLICY, "no fix may be applied automatically here")
                   : kta_err_set(err, KTA_E_FAIL,
                                 "no fix is left that may be tried: a person is "
                                 "needed");
    }
    return kta_err_set(err, KTA_E_VERIFY, "it has not recovered");
}

static int whole(struct job *j, struct kta_err *err)
{
    step(j, "detect", "looking at %s", kta_or(j->r->target, "the namespace"));
    if (look(j, err) < 0)
        return -1;
    if (troubles(&j->now.findings) == 0) {
        step(j, "detect", "nothing is wrong");
        kta_json_set_str(j->report, "state", "healthy");
        kta_json_set(j->report, "findings", kta_findings_json(&j->now.findings));
        return 0;
    }
    step(j, "analyse", "%s: %s", j->now.findings.v[0]->code, j->now.findings.v[0]->summary);
    set_cause(j);
    if (j->r->mode == KTA_MODE_PROPOSE || j->pipeline.read_only ||
        j->pipeline.dry_run != KTA_DRYRUN_OFF || kta_cluster_is_snapshot(j->pipeline.cluster))
        return propose(j, err);
    bool any;
    int rc = attempts(j, &any, err);
    if (rc < 0 && err->code != KTA_E_INTERRUPTED)
        take_back_doubtful(j);
    if (any)
        count_outcome(j, rc == 0);
    struct kta_json *proof = kta_json_set(j->report, "proof", kta_json_new_object());
    kta_json_set_bool(proof, "recovered", rc == 0 && troubles(&j->now.findings) == 0);
    kta_json_set(proof, "findings", kta_findings_json(&j->now.findings));
    return rc;
}

int kta_remediate(struct kta_remediation *r, struct kta_json **ret_report, struct kta_err *err)
{
    struct job j = {.r = r, .pipeline = *r->pipeline};
    kta_auto_str struct kta_str now = KTA_STR_INIT;
    int64_t limit = r->timeout_ms > 0 ? r->timeout_ms : TIMEOUT_MS;

    j.deadline = kta_now_ms() + limit;
    j.pipeline.caller_undoes = true;
    if (r->mode == KTA_MODE_AUTO) {
        j.pipeline.yes = KTA_RISK_HIGH; /* make_plan lets through only what is allowed */
        j.pipeline.quiet = true;
        j.pipeline.rollback_on_failure = false;
    }
    if (!j.pipeline.verify_timeout_ms || j.pipeline.verify_timeout_ms > limit / 2)
        j.pipeline.verify_timeout_ms = limit / 2 < 180000 ? limit / 2 : 180000;
    j.report = kta_json_new_object();
    kta_json_set_str(j.report, "apiVersion", "todo-ai/v1");
    kta_json_set_str(j.report, "kind", "Report");
    kta_json_set_str(j.report, "target", kta_or(r->target, ""));
    kta_json_set_str(j.report, "context", kta_cluster_context(j.pipeline.cluster));
    kta_json_set_str(j.report, "namespace", r->scope.namespace_);
    kta_json_set_str(j.report, "mode", kta_mode_name(r->mode));
    kta_json_set_str(j.report, "state", "failed");
    kta_time_format(kta_wall(), &now);
    kta_json_set_str(j.report, "startedAt", now.s);
    j.steps = kta_json_set(j.report, "steps", kta_json_new_array());
    j.attempts = kta_json_set(j.report, "attempts", kta_json_new_array());
    int rc = whole(&j, err);
    kta_str_clear(&now);
    kta_time_format(kta_wall(), &now);
    kta_json_set_str(j.report, "endedAt", now.s);
    kta_json_set_str(j.report, "message", rc < 0 ? err->msg : "");
    kta_report_done(r->pipeline->report);
    kta_argv_release(&j.tried);
    forget(&j.now);
    *ret_report = j.report;
    return rc;
}
