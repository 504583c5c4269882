/*
 * plan_text.c - a plan as a person is asked about it through a client, and what a yes is bound to.
 *
 * Invariant: everything that will run (argv, manifest) and everything that it was said to change
 * (diff, warnings) is in the text and in the digest, so that no other plan fits the same yes.
 */
#include <string.h>

#include "kta/alloc.h"
#include "kta/seal.h"
#include "kta/utf8.h"
#include "tool_list.h"

static void clean_fence(const char *language, const char *text, struct kta_str *out)
{
    kta_auto_str struct kta_str clean = KTA_STR_INIT;

    kta_clean(text, strlen(text), &clean);
    tool_fence(language, clean.s, clean.len, out);
}

static void step_text(const struct kta_step *s, struct kta_str *out)
{
    kta_auto_str struct kta_str line = KTA_STR_INIT;

    kta_argv_quote(&s->argv, &line);
    kta_str_addf(out, "%s. ", s->id);
    clean_fence("sh", line.s, out);
    if (s->why && *s->why)
        kta_str_addf(out, "%s\n", s->why);
    if (s->stdin_text) {
        kta_str_add(out, "with this manifest as its input:\n");
        clean_fence("yaml", s->stdin_text, out);
    }
    if (s->verdict.class_ == KTA_CLASS_DENY) {
        kta_str_addf(out, "refused by policy: %s\n", s->verdict.reason);
        return;
    }
    kta_str_addf(out, "%s risk%s%s%s; ", kta_risk_name(s->risk), s->verdict.risk_why[0] ? " (" : "",
                 s->verdict.risk_why, s->verdict.risk_why[0] ? ")" : "");
    if (s->preview.objects >= 0)
        kta_str_addf(out, "objects: %d; ", s->preview.objects);
    kta_str_addf(out, "%s\n",
                 s->preview.rejected    ? "the API server REFUSES it (dry run)"
                 : s->preview.validated ? "the API server accepts it (dry run)"
                                        : "not validated by the server");
    for (size_t i = 0; i < s->preview.n_warnings; i++)
        kta_str_addf(out, "! %s\n", s->preview.warnings[i]);
    if (s->preview.diff && *s->preview.diff)
        clean_fence("diff", s->preview.diff, out);
}

void kta_plan_text(const struct kta_plan *plan, struct kta_str *out)
{
    kta_str_addf(out, "Plan for context %s, server %s, namespace %s:\n\n",
                 kta_or(plan->context, "?"), kta_or(plan->server, "?"),
                 kta_or(plan->namespace_, "?"));
    for (size_t i = 0; i < plan->n; i++)
        step_text(plan->v[i], out);
}

void kta_plan_digest(const struct kta_plan *plan, char ret[65])
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    /* quoted, so that where one part ends and the next begins cannot be moved */
    kta_json_quote(kta_or(plan->context, ""), strlen(kta_or(plan->context, "")), &text);
    kta_json_quote(kta_or(plan->server, ""), strlen(kta_or(plan->server, "")), &text);
    for (size_t i = 0; i < plan->n; i++) {
        const struct kta_step *s = plan->v[i];
        for (size_t k = 0; k < s->argv.n; k++)
            kta_json_quote(s->argv.v[k], strlen(s->argv.v[k]), &text);
        kta_str_addc(&text, '\n');
        kta_json_quote(kta_or(s->stdin_text, ""), strlen(kta_or(s->stdin_text, "")), &text);
        kta_json_quote(kta_or(s->preview.diff, ""), strlen(kta_or(s->preview.diff, "")), &text);
        kta_str_addf(&text, "%d\n", (int)s->risk);
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
