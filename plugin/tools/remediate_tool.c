/* remediate_tool.c - the report of a remediation as Markdown, and the tool "remediate". */
#include <string.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "tool_list.h"
#include "kta/tools_remediate.h"

static void command_of(const struct kta_json *s, struct kta_str *out)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;

    kta_json_each(w, kta_json_get(s, "argv")) {
        kta_argv_add(&argv, kta_or(kta_json_text(w), ""));
    }
    kta_argv_quote(&argv, out);
}

static bool changed(const struct kta_json *report)
{
    kta_json_each(a, kta_json_get(report, "attempts")) {
        if (kta_json_str(a, "change"))
            return true;
    }
    return false;
}

static void plan_markdown(const struct kta_json *plan, struct kta_str *out)
{
    kta_json_each(s, plan) {
        const char *diff = kta_json_str(s, "preview.diff"), *why = kta_json_str(s, "why");
        kta_str_add(out, "- `");
        command_of(s, out);
        kta_str_addf(out, "` (%s risk): %s%s%s\n", kta_or(kta_json_str(s, "risk"), "?"),
                     kta_or(kta_json_str(s, "state"), "?"), why ? "; " : "", kta_or(why, ""));
        if (kta_json_str(s, "outcome"))
            kta_str_addf(out, "  %s\n", kta_json_str(s, "outcome"));
        if (diff && *diff)
            tool_fence("diff", diff, strlen(diff), out);
    }
}

static void finding_markdown(const char *before, const struct kta_json *f, struct kta_str *out)
{
    kta_str_addf(out, "%s%s on %s %s: %s\n", before, kta_or(kta_json_str(f, "code"), "?"),
                 kta_or(kta_json_str(f, "object.kind"), "?"),
                 kta_or(kta_json_str(f, "object.name"), "?"),
                 kta_or(kta_json_str(f, "summary"), ""));
}

static void attempts_markdown(const struct kta_json *report, struct kta_str *out)
{
    kta_json_each(a, kta_json_get(report, "attempts")) {
        kta_str_addf(out, "\nAttempt %d", kta_json_count(a, "attempt", 0));
        if (kta_json_str(a, "change"))
            kta_str_addf(out, " (change %s%s)", kta_json_str(a, "change"),
                         kta_json_bool(a, "undone", false) ? ", undone: it did not help" : "");
        kta_str_add(out, ":\n\n");
        plan_markdown(kta_json_get(a, "plan"), out);
        if (kta_json_str(a, "change") && !kta_json_bool(a, "undone", false))
            kta_str_addf(out, "\nTo put it back: `kubectl todo-ai undo %s`\n",
                         kta_json_str(a, "change"));
        if (kta_json_str(a, "error"))
            kta_str_addf(out, "\n%s\n", kta_json_str(a, "error"));
    }
}

static void prevention_markdown(const char *lines, struct kta_str *out)
{
    kta_str_add(out, "\n## How to prevent it\n\n");
    for (size_t n = strcspn(lines, "\n"); *lines; n = strcspn(lines, "\n")) {
        kta_str_add(out, "- ");
        kta_str_addn(out, lines, n);
        kta_str_addc(out, '\n');
        lines += n + (lines[n] == '\n');
    }
}

/* A text of one line stands in the list; a longer one, or one that is Markdown itself, is fenced.
 */
static void evidence_markdown(const char *source, const char *text, struct kta_str *out)
{
    kta_auto_str struct kta_str trimmed = KTA_STR_INIT;

    kta_str_add(&trimmed, text);
    kta_str_trim(&trimmed);
    if (!strpbrk(trimmed.s, "\n`")) {
        kta_str_addf(out, "- %s: %s\n", source, trimmed.s);
        return;
    }
    kta_str_addf(out, "- %s:\n", source);
    tool_fence("", trimmed.s, trimmed.len, out);
}

static void cause_markdown(const struct kta_json *report, struct kta_str *out)
{
    const struct kta_json *cause = kta_json_get(report, "cause");
    size_t others = 0;

    kta_str_add(out, "\n## Cause\n\n");
    finding_markdown("", cause, out);
    if (kta_json_str(cause, "advice"))
        kta_str_addf(out, "\n%s\n", kta_json_str(cause, "advice"));
    kta_json_each(f, kta_json_get(report, "findings")) {
        if (kta_streq(kta_json_str(f, "id"), kta_json_str(cause, "id")) ||
            kta_streq(kta_json_str(f, "severity"), "info"))
            continue;
        if (others++ == 0)
            kta_str_add(out, "\nAlso found:\n\n");
        if (others <= 10)
            finding_markdown("- ", f, out);
    }
    if (others > 10)
        kta_str_addf(out, "- … and %zu more\n", others - 10);
    kta_str_add(out, "\n## Evidence\n\n");
    kta_json_each(e, kta_json_get(cause, "evidence")) {
        evidence_markdown(kta_or(kta_json_str(e, "source"), "?"),
                          kta_or(kta_json_str(e, "text"), ""), out);
    }
}

void kta_remediation_markdown(const struct kta_json *report, struct kta_str *out)
{
    const char *ns = kta_json_str(report, "namespace");
    kta_auto_free char *space =
        ns ? kta_asprintf("namespace %s", ns) : kta_strdup("all namespaces");

    kta_str_addf(out, "# Remediation of %s: %s\n\nContext %s, %s, mode %s, %s to %s.\n",
                 kta_or(kta_json_str(report, "target"), space),
                 kta_or(kta_json_str(report, "state"), "?"),
                 kta_or(kta_json_str(report, "context"), "?"), space,
                 kta_or(kta_json_str(report, "mode"), "?"),
                 kta_or(kta_json_str(report, "startedAt"), "?"),
                 kta_or(kta_json_str(report, "endedAt"), "?"));
    if (kta_json_str(report, "message") && *kta_json_str(report, "message"))
        kta_str_addf(out, "\n%s.\n", kta_json_str(report, "message"));
    if (kta_json_get(report, "cause"))
        cause_markdown(report, out);
    if (kta_json_len(kta_json_get(report, "attempts")) ||
        kta_json_len(kta_json_get(report, "plan")))
        kta_str_add(out, "\n## Change\n");
    attempts_markdown(report, out);
    if (kta_json_len(kta_json_get(report, "plan"))) {
        kta_str_add(out, "\nProposed, not done:\n\n");
        plan_markdown(kta_json_get(report, "plan"), out);
    }
    if (kta_json_get(report, "proof")) {
        bool recovered = kta_json_bool(report, "proof.recovered", false);
        kta_str_addf(out, "\n## Proof of recovery\n\n%s\n",
                     recovered ? "Looked at again after the change: nothing is wrong any more."
                     : changed(report) ? "None: these findings are still there."
                                       : "None: nothing was changed, and it is still there.");
        kta_json_each(f, recovered ? NULL : kta_json_at(report, "proof.findings")) {
            finding_markdown("- ", f, out);
        }
    }
    if (kta_json_str(report, "prevention") && *kta_json_str(report, "prevention"))
        prevention_markdown(kta_json_str(report, "prevention"), out);
    kta_str_add(out, "\n## Steps\n\n");
    kta_json_each(s, kta_json_get(report, "steps")) {
        kta_str_addf(out, "- %s %s: %s\n", kta_or(kta_json_str(s, "time"), "?"),
                     kta_or(kta_json_str(s, "phase"), "?"), kta_or(kta_json_str(s, "text"), ""));
    }
}

/* The configuration's, or less where the client asks for less. */
static int time_limit(const struct kta_tool_env *env, const struct kta_json *args, int64_t *ret,
                      struct kta_err *err)
{
    const char *asked = kta_json_str(args, "timeout"),
               *most = kta_json_str(env->remediation, "timeout");
    int64_t limit = 0;

    if ((asked && kta_duration(asked, ret, err) < 0) ||
        (most && kta_duration(most, &limit, err) < 0))
        return -1;
    if (limit > 0 && (*ret == 0 || *ret > limit))
        *ret = limit;
    return 0;
}

/* The client's person, asked about each plan of the job. */
TOOL(tool_remediate)
{
    struct tool_at at;
    struct kta_err err = KTA_ERR_INIT;
    const char *mode = kta_or(kta_json_str(args, "mode"),
                              kta_or(kta_json_str(env->remediation, "mode"), "propose"));
    struct kta_remediation r = {.env = env, .config = env->remediation, .ignore = env->ignore};
    kta_auto_json struct kta_json *report = NULL;
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    if (!tool_at(env, args, &at, result))
        return;
    if (kta_mode_parse(mode, &r.mode) < 0) {
        tool_fail(result, "There is no mode '%s': propose, ask or auto.", mode);
        return;
    }
    if (time_limit(env, args, &r.timeout_ms, &err) < 0) {
        tool_fail_err(result, &err);
        return;
    }
    if (!tool_mayl(&at, result, "kubectl", "get", "pods", NULL))
        return;
    struct kta_pipeline mine = *at.p;
    struct tool_asker asker = {.env = env, .plan_id = "", .puts_back = true};
    struct kta_report person = tool_person(&asker);
    mine.report = &person;
    mine.quiet = false;
    mine.yes = env->approve_set ? (int)env->approve : -1;
    /* nobody to ask but a terminal: the plan is proposed instead, and apply_plan gives the token */
    if (r.mode == KTA_MODE_ASK && !env->ask && !env->approve_set)
        r.mode = KTA_MODE_PROPOSE;
    r.pipeline = &mine;
    r.scope = at.scope;
    r.target = kta_json_str(args, "target");
    int rc = kta_remediate(&r, &report, &err);
    if (asker.later && !changed(report)) {
        result->pending = true;
        return;
    }
    /* what waits for a yes is a plan like any other; what was declined is not offered again */
    if (r.mode == KTA_MODE_ASK && err.code == KTA_E_UNCONFIRMED) {
        if (asker.later || asker.terminal) {
            kta_json_set_str(report, "state", "needs_person");
            kta_json_set_str(report, "message", "the next change waits for a person's yes");
        } else {
            kta_json_remove(report, "planId");
        }
    }
    kta_remediation_markdown(report, &text);
    if (kta_json_str(report, "planId"))
        kta_str_addf(&result->note, "%s: apply_plan with plan_id \"%s\".\n",
                     changed(report) ? "To have the next plan done, which waits for a yes"
                                     : "Nothing has been changed. To have it done",
                     kta_json_str(report, "planId"));
    tool_frame(&text); /* also where it is an error: it quotes the evidence */
    kta_str_add(&result->text, text.s);
    result->is_error = rc < 0;
    result->structured = KTA_STEAL(report);
    kta_json_remove(result->structured, "evidence"); /* the cause quotes the telling lines */
    kta_json_remove(result->structured, "findings");
    kta_json_remove(result->structured, "prevention");
    if (tool_result_size(result) > tool_budget(env, args)) {
        kta_json_remove(result->structured, "steps");
        kta_json_remove(result->structured, "attempts");
        kta_json_remove(result->structured, "plan");
        kta_json_remove(result->structured, "proof");
    }
}
