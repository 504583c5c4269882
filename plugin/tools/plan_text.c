/*
 * plan_text.c - the facts of a plan that a person is asked about, and what a yes is bound to.
 *
 * Invariant: everything that will run (argv, manifest) and everything that it was said to change
 * (diff, warnings) is in the text and in the digest, so that no other plan fits the same yes.
 */
#include <string.h>

#include "kta/alloc.h"
#include "kta/seal.h"
#include "kta/utf8.h"
#include "tool_list.h"
#include "kta/tools_plan.h"

#define LOOKALIKE_ALARM                                                                            \
    "characters that look like others are marked with their code: it is not what it seems to be"

/* ---- the facts ---- */

struct teller {
    void (*fact)(void *ctx, enum kta_fact what, const char *text);
    void *ctx;
};

/* True if something in it passed for something else. */
static bool tell(const struct teller *t, enum kta_fact what, const char *text)
{
    kta_auto_str struct kta_str plain = KTA_STR_INIT, marked = KTA_STR_INIT;

    kta_clean(text, strlen(text), &plain);
    bool any = kta_mark_lookalikes(plain.s, plain.len, &marked);
    t->fact(t->ctx, what, marked.s);
    return any;
}

static void tell_risk(const struct teller *t, const struct kta_step *s)
{
    kta_auto_str struct kta_str line = KTA_STR_INIT;
    const struct kta_preview *p = &s->preview;

    kta_str_addf(&line, "%s risk", kta_risk_name(s->risk));
    if (s->verdict.risk_why[0])
        kta_str_addf(&line, " (%s)", s->verdict.risk_why);
    if (p->objects >= 0)
        kta_str_addf(&line, "; %d object%s", p->objects, p->objects == 1 ? "" : "s");
    if (p->allowed >= 0)
        kta_str_addf(&line, "; %s", p->allowed ? "you may do this" : "you may NOT do this (RBAC)");
    kta_str_addf(&line, "; %s",
                 p->rejected    ? "the API server REFUSES it (dry run)"
                 : p->validated ? "the API server accepts it (dry run)"
                                : "not validated by the server");
    tell(t, KTA_FACT_RISK, line.s);
}

void kta_step_facts(const struct kta_step *s,
                    void (*fact)(void *ctx, enum kta_fact what, const char *text), void *ctx)
{
    const struct teller t = {.fact = fact, .ctx = ctx};
    const struct kta_preview *p = &s->preview;
    kta_auto_str struct kta_str line = KTA_STR_INIT;

    kta_argv_quote(&s->argv, &line);
    if (tell(&t, KTA_FACT_COMMAND, line.s))
        tell(&t, KTA_FACT_ALARM, LOOKALIKE_ALARM);
    if (s->unasked)
        tell(&t, KTA_FACT_ALARM,
             "not asked for: neither your words nor a finding name what it touches");
    if (s->why && *s->why)
        tell(&t, KTA_FACT_WHY, s->why);
    if (s->evidence)
        tell(&t, KTA_FACT_EVIDENCE, s->evidence);
    if (s->stdin_text)
        tell(&t, KTA_FACT_MANIFEST, s->stdin_text);
    if (s->verdict.class_ == KTA_CLASS_DENY) {
        tell(&t, KTA_FACT_REFUSED, s->verdict.reason);
        return;
    }
    if (p->diff && (*p->diff || p->validated))
        tell(&t, KTA_FACT_DIFF, p->diff);
    tell_risk(&t, s); /* last, right above the question: a difference may fill the screen */
    for (size_t i = 0; i < p->n_warnings; i++)
        tell(&t, KTA_FACT_WARNING, p->warnings[i]);
}

/* ---- as Markdown ---- */

static void write_fact(void *ctx, enum kta_fact what, const char *text)
{
    static const struct {
        const char *before, *fence; /* fence NULL: a line of its own */
    } forms[] = {
        [KTA_FACT_COMMAND] = {"", "sh"},
        [KTA_FACT_ALARM] = {"! ", NULL},
        [KTA_FACT_WHY] = {"", NULL},
        [KTA_FACT_EVIDENCE] = {"evidence: ", NULL},
        [KTA_FACT_MANIFEST] = {"with this manifest as its input:\n", "yaml"},
        [KTA_FACT_REFUSED] = {"refused by policy: ", NULL},
        [KTA_FACT_RISK] = {"", NULL},
        [KTA_FACT_WARNING] = {"! ", NULL},
        [KTA_FACT_DIFF] = {"", "diff"},
    };
    struct kta_str *out = ctx;

    if (what == KTA_FACT_DIFF && !*text) {
        kta_str_add(out, "(no difference to show)\n");
        return;
    }
    kta_str_add(out, forms[what].before);
    if (forms[what].fence)
        tool_fence(forms[what].fence, text, strlen(text), out);
    else
        kta_str_addf(out, "%s\n", text);
}

void kta_plan_text(const struct kta_plan *plan, struct kta_str *out)
{
    kta_str_addf(out, "Plan for context %s, server %s, namespace %s:\n\n",
                 kta_or(plan->context, "?"), kta_or(plan->server, "?"),
                 kta_or(plan->namespace_, "?"));
    for (size_t i = 0; i < plan->n; i++) {
        kta_str_addf(out, "%s. ", plan->v[i]->id);
        kta_step_facts(plan->v[i], write_fact, out);
    }
}

/* ---- what a yes is bound to ---- */

/* Quoted, so that where one part ends and the next begins cannot be moved. */
static void part(const char *text, struct kta_str *out)
{
    kta_json_quote(kta_or(text, ""), strlen(kta_or(text, "")), out);
}

/* A diff without the moment of a restart, which is another one at each preview. */
static void steady_part(const char *diff, struct kta_str *out)
{
    static const char stamp[] = "kubectl.kubernetes.io/restartedAt: ";
    kta_auto_str struct kta_str steady = KTA_STR_INIT;
    const char *at;

    for (diff = kta_or(diff, ""); (at = strstr(diff, stamp)); diff = at + strcspn(at, "\n"))
        kta_str_addn(&steady, diff, (size_t)(at - diff) + sizeof stamp - 1);
    kta_str_add(&steady, diff);
    part(steady.s, out);
}

void kta_plan_digest(const struct kta_plan *plan, char ret[65])
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    part(plan->context, &text);
    part(plan->server, &text);
    for (size_t i = 0; i < plan->n; i++) {
        const struct kta_step *s = plan->v[i];
        for (size_t k = 0; k < s->argv.n; k++)
            part(s->argv.v[k], &text);
        kta_str_addc(&text, '\n');
        part(s->stdin_text, &text);
        steady_part(s->preview.diff, &text);
        for (size_t k = 0; k < s->preview.n_warnings; k++)
            part(s->preview.warnings[k], &text);
        kta_str_addf(&text, "%d%d\n", (int)s->risk, s->unasked);
    }
    kta_digest(text.s, text.len, ret);
}

enum kta_risk tool_plan_risk(const struct kta_plan *plan)
{
    enum kta_risk most = KTA_RISK_LOW;

    for (size_t i = 0; i < plan->n; i++)
        if (plan->v[i]->verdict.class_ == KTA_CLASS_WRITE && plan->v[i]->risk > most)
            most = plan->v[i]->risk;
    return most;
}

bool tool_plan_protected(const struct kta_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->v[i]->verdict.protected_)
            return true;
    return false;
}
