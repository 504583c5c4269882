/*
 * agent.c - one question: collect, then the model or the engine, then one plan.
 *
 * A model's choice never silently beats a finding of high confidence: where they disagree, the
 * finding's fix is the plan and the model's proposal becomes the alternative; both are shown.
 */
#include "agent_private.h"

#include <string.h>

#include "kta/alloc.h"
#include "kta/evidence.h"
#include "kta/intent.h"
#include "kta/limits.h"
#include "kta/log.h"

#define SURE 0.8 /* a finding's confidence from which it is not silently overruled */

void kta_agent_init(struct kta_agent *a)
{
    memset(a, 0, sizeof *a);
    a->model = "none";
    kta_str_init(&a->answer, 0);
}

void kta_agent_release(struct kta_agent *a)
{
    kta_plan_release(&a->plan);
    kta_plan_release(&a->alternatives);
    kta_findings_release(&a->findings);
    kta_evidence_release(&a->evidence);
    kta_targets_release(&a->targets);
    kta_str_release(&a->answer);
    kta_json_free(a->messages);
    kta_world_free(a->world);
    kta_agent_init(a);
}

static const char *namespace_of(const struct kta_agent *a)
{
    /* the objects' own namespace where they all share one; it may have been found elsewhere */
    if (a->targets.n > 0 && a->targets.v[0].ref.namespace_)
        return a->targets.v[0].ref.namespace_;
    return kta_or(a->scope.namespace_, kta_cluster_namespace(a->pipeline->cluster));
}

/* True if the question has the name as a word of its own. */
static bool names(const char *question, const char *name)
{
    static const char in_names[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    size_t n = strlen(name);

    for (const char *at = question; (at = strstr(at, name)); at++) {
        bool begins = at == question || !strchr(in_names, at[-1]);
        if (begins && (!at[n] || !strchr(in_names, at[n])))
            return true;
    }
    return false;
}

/* The namespaces of what was found by its name in another one than was asked about, "a, b"; empty
 * when it is where it was sought, or the question names the namespace. */
static void elsewhere(const struct kta_agent *a, struct kta_str *out)
{
    const char *sought = a->scope.namespace_, *last = NULL;

    for (size_t i = 0; sought && i < a->targets.n; i++) {
        const struct kta_target *t = &a->targets.v[i];
        const char *ns = t->ref.namespace_;
        if (!t->object || !ns || kta_streq(ns, sought) || names(a->question, ns)) {
            kta_str_clear(out);
            return;
        }
        if (!kta_streq(ns, last))
            kta_str_addf(out, "%s%s", last ? ", " : "", ns);
        last = ns;
    }
}

static void tell_elsewhere(struct kta_agent *a)
{
    kta_auto_str struct kta_str where = KTA_STR_INIT;

    elsewhere(a, &where);
    if (where.len)
        kta_report_note(a->pipeline->report,
                        "nothing in namespace '%s' has that name; '%s' is in %s (-n chooses)",
                        a->scope.namespace_, a->targets.v[0].ref.name, where.s);
}

/* Why the objects may not be those that were meant; NULL when they are. */
static char *guessed(const struct kta_agent *a)
{
    kta_auto_str struct kta_str where = KTA_STR_INIT;

    if (a->targets.suggestion)
        return kta_asprintf("'%s' is only the nearest name to what was asked for",
                            a->targets.suggestion);
    elsewhere(a, &where);
    if (!where.len)
        return a->llm || a->intent.sure ? NULL
                                        : kta_strdup("the question is not understood in full");
    return kta_asprintf("'%s' is not in namespace '%s' but in %s", a->targets.v[0].ref.name,
                        a->scope.namespace_, where.s);
}

/* A name that nothing has, but something has nearly: the nearest is looked at, and it is said. */
static int find_targets(struct kta_agent *a, struct kta_err *err)
{
    if (kta_target_find(a->world, &a->scope, a->question, &a->targets, err) < 0)
        return -1;
    if (a->targets.suggestion)
        kta_report_note(a->pipeline->report, "nothing has exactly that name; the nearest is '%s'",
                        a->targets.suggestion);
    else
        tell_elsewhere(a);
    return 0;
}

/* The question is a name, or about one, and nothing is called that: what is told instead is a
 * guess. */
static void note_unknown_name(struct kta_agent *a)
{
    kta_auto_str struct kta_str where = KTA_STR_INIT;
    bool found = a->targets.n && a->targets.v[0].object && a->targets.v[0].by != KTA_BY_NAMESPACE;

    if (a->intent.intent != KTA_INTENT_DIAGNOSE || found)
        return;
    if (!*a->intent.name && a->targets.unknown)
        (void)snprintf(a->intent.name, sizeof a->intent.name, "%s", a->targets.unknown);
    if (!*a->intent.name)
        return;
    a->intent.sure = false;
    kta_target_words(&a->targets, &a->scope, &where);
    kta_auto_free char *text =
        kta_asprintf("Nothing in %s is called '%s'.", where.s, a->intent.name);
    kta_evidence_add(&a->evidence, 950, "names", text);
}

static void add_piped(struct kta_agent *a)
{
    if (!a->piped || !*a->piped)
        return;
    kta_auto_str struct kta_str cut = KTA_STR_INIT;
    kta_auto_free char *safe = kta_redact_dup(a->pipeline->redact, a->piped);
    kta_cut_middle(safe, strlen(safe), KTA_MAX_TOOL_RESULT * 2, &cut);
    kta_evidence_add(&a->evidence, 1000, "text that the user piped in", cut.s);
}

static int add_usage(struct kta_agent *a, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    const char *source;

    if (agent_usage(a, &source, &text, err) < 0)
        return -1;
    if (source)
        kta_evidence_add(&a->evidence, 900, source, text.s);
    return 0;
}

int kta_agent_collect(struct kta_agent *a, struct kta_err *err)
{
    if (a->world)
        return 0;
    const struct kta_report *r = a->pipeline->report;
    a->world = kta_world_new(a->pipeline->cluster, a->pipeline->redact, r);
    kta_world_want_metrics(a->world);
    kta_world_want_checks(a->world);
    kta_intent_of(a->question, &a->intent);
    if (a->intent.intent == KTA_INTENT_DIAGNOSE)
        kta_world_want_logs(a->world);
    if (a->intent.everywhere)
        a->scope.namespace_ = NULL;
    kta_report_progress(r, "looking at the cluster");
    if (find_targets(a, err) < 0)
        return -1;
    if (kta_diagnose(a->world, &a->scope, &a->targets, &a->diagnose, &a->findings, err) < 0)
        return -1;
    if (kta_collect_evidence(a->world, &a->scope, &a->targets, &a->findings, &a->evidence, err) < 0)
        return -1;
    add_piped(a);
    note_unknown_name(a);
    if (a->llm && add_usage(a, err) < 0)
        return -1;
    kta_plan_init(&a->plan, a->question, kta_cluster_context(a->pipeline->cluster),
                  namespace_of(a));
    kta_plan_init(&a->alternatives, a->question, kta_cluster_context(a->pipeline->cluster),
                  namespace_of(a));
    a->plan.guessed = guessed(a);
    a->alternatives.guessed = guessed(a);
    kta_report_done(r);
    struct kta_cluster_stats st = kta_cluster_stats(a->pipeline->cluster);
    kta_log(1, "evidence: %d requests, %zu bytes, %d ms; %zu findings", st.requests, st.bytes,
            (int)st.ms, a->findings.n);
    return 0;
}

/* Steps that are a finding's fix carry its id, however they came into the plan. */
static void link_fixes(struct kta_agent *a)
{
    for (size_t s = 0; s < a->plan.n; s++)
        for (size_t i = 0; i < a->findings.n; i++)
            for (size_t j = 0; j < a->findings.v[i]->n_fixes; j++)
                if (kta_argv_equal(&a->plan.v[s]->argv, &a->findings.v[i]->fixes[j].argv))
                    snprintf(a->plan.v[s]->fix_id, sizeof a->plan.v[s]->fix_id, "%s",
                             a->findings.v[i]->fixes[j].id);
}

static bool chose_a_fix_of(const struct kta_plan *plan, const struct kta_finding *f)
{
    for (size_t i = 0; i < plan->n; i++)
        for (size_t j = 0; j < f->n_fixes; j++)
            if (kta_streq(plan->v[i]->fix_id, f->fixes[j].id))
                return true;
    return false;
}

/* After the model: does the plan take care of what the engine is sure of? */
static void reconcile(struct kta_agent *a)
{
    link_fixes(a);
    agent_mark_steps(a, &a->plan);
    if (a->pipeline->read_only || !a->intent.sure || a->intent.intent != KTA_INTENT_DIAGNOSE)
        return;
    for (size_t i = 0; i < a->findings.n; i++) {
        const struct kta_finding *f = a->findings.v[i];
        if (!agent_worth_fixing(f) || f->confidence < SURE || chose_a_fix_of(&a->plan, f))
            continue;
        if (a->plan.n > 0)
            kta_report_note(a->pipeline->report,
                            "the model proposes something else than the finding %s (%s); the "
                            "finding's fix comes first, the model's proposal is the alternative",
                            f->id, f->code);
        struct kta_plan model = a->plan;
        a->plan = a->alternatives;
        a->alternatives = model;
        agent_plan_fixes(a, &a->plan);
        return;
    }
}

int kta_agent_answer(struct kta_agent *a, struct kta_err *err)
{
    if (kta_agent_collect(a, err) < 0)
        return -1;
    if (!a->llm)
        return agent_engine_answer(a, err);
    a->model = kta_llm_model(a->llm);
    if (agent_model_answer(a, &a->model_err) == 0) {
        reconcile(a);
        return 0;
    }
    if (a->model_err.code == KTA_E_INTERRUPTED || a->model_err.code == KTA_E_TIMEOUT) {
        *err = a->model_err;
        return -1;
    }
    kta_report_note(a->pipeline->report, "%s; the built-in engine answers instead",
                    a->model_err.msg);
    kta_plan_release(&a->plan);
    kta_plan_init(&a->plan, a->question, kta_cluster_context(a->pipeline->cluster),
                  namespace_of(a));
    kta_str_clear(&a->answer);
    a->streamed = false;
    return agent_engine_answer(a, err);
}
