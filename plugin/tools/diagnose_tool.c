/* diagnose_tool.c - the tools of the engine: "diagnose", "what_changed", "analyze_pod_logs". */
#include <string.h>

#include "kta/alloc.h"
#include "kta/evidence.h"
#include "kta/kinds.h"
#include "kta/obj.h"
#include "tool_list.h"

static void finding_text(const struct kta_finding *f, struct kta_str *out)
{
    kta_str_addf(out, "%s [%s] %s %s/%s%s%s: %s", f->id, kta_severity_name(f->severity), f->code,
                 f->object.kind, f->object.name, f->object.namespace_ ? " in " : "",
                 kta_or(f->object.namespace_, ""), kta_or(f->summary, ""));
    if (f->change)
        kta_str_addf(out, "\n  changed before: %s", f->change);
    for (size_t i = 0; i < f->n_evidence && i < 4; i++)
        kta_str_addf(out, "\n  evidence (%s): %.400s", f->evidence[i].source, f->evidence[i].text);
    if (f->advice)
        kta_str_addf(out, "\n  advice: %s", f->advice);
    for (size_t i = 0; i < f->n_fixes; i++) {
        kta_auto_str struct kta_str line = KTA_STR_INIT;
        kta_argv_quote(&f->fixes[i].argv, &line);
        kta_str_addf(out, "\n  fix %s (%s risk): %s\n    %s", f->fixes[i].id,
                     kta_risk_name(f->fixes[i].risk), f->fixes[i].summary, line.s);
    }
}

static void add_findings(struct kta_tool_env *env, const struct kta_json *args,
                         const struct kta_findings *f, struct kta_tool_result *result)
{
    struct tool_cursor cursor;
    struct tool_rows rows;
    size_t i;

    if (!tool_cursor_of(args, &cursor, result))
        return;
    kta_auto_free char *token = cursor.token;
    tool_rows_begin(&rows, result, "findings", tool_budget(env, args),
                    (size_t)kta_json_int(args, "limit", 20));
    for (i = cursor.skip; i < f->n; i++) {
        kta_auto_str struct kta_str text = KTA_STR_INIT;
        finding_text(f->v[i], &text);
        if (!tool_rows_add(&rows, text.s, kta_finding_json(f->v[i])))
            break;
    }
    kta_json_set_int(result->structured, "count", (int64_t)rows.n);
    kta_json_set_int(result->structured, "total", (int64_t)f->n);
    if (i < f->n)
        tool_next(result, i, NULL, "a target (kind/name), a namespace");
}

TOOL(tool_diagnose)
{
    struct tool_at at;
    struct kta_world *w = NULL;
    struct kta_targets targets = {0};
    struct kta_findings findings = {0};

    if (!tool_at(env, args, &at, result))
        return;
    tool_progress(env, 1, 2, "reading the cluster");
    if (tool_findings(env, &at, kta_json_str(args, "target"), &w, &targets, &findings, result) &&
        (findings.n > 0 || !tool_no_namespace(&at, result))) {
        result->structured = kta_json_new_object();
        kta_json_set_str(result->structured, "context", kta_cluster_context(at.p->cluster));
        if (at.scope.namespace_)
            kta_json_set_str(result->structured, "namespace", at.scope.namespace_);
        if (findings.n == 0)
            kta_str_addf(&result->text, "Nothing is wrong in %s as far as the engine can see.\n",
                         kta_or(at.scope.namespace_, "all namespaces"));
        add_findings(env, args, &findings, result);
        if (w && *kta_world_missing(w))
            kta_str_addf(&result->text, "could not be read: %.500s\n", kta_world_missing(w));
    }
    tool_progress(env, 2, 2, "%zu findings", findings.n);
    kta_findings_release(&findings);
    kta_targets_release(&targets);
    kta_world_free(w);
}

/* The evidence whose source begins with one of two prefixes, as one text. */
static bool evidence(struct kta_world *w, const struct tool_at *at,
                     const struct kta_targets *targets, const struct kta_findings *findings,
                     const char *prefix, const char *holding, struct kta_str *out,
                     struct kta_tool_result *result)
{
    struct kta_err err = KTA_ERR_INIT;
    struct kta_evidence e = {0};
    bool ok = kta_collect_evidence(w, &at->scope, targets, findings, &e, &err) == 0;

    if (!ok)
        tool_fail_err(result, &err);
    for (size_t i = 0; ok && i < e.n; i++)
        if (kta_starts(e.v[i].source, prefix) && strstr(e.v[i].source, holding))
            kta_str_addf(out, "%s:\n%s\n\n", e.v[i].source, e.v[i].text);
    kta_evidence_release(&e);
    return ok;
}

TOOL(tool_what_changed)
{
    struct tool_at at;
    struct kta_world *w = NULL;
    struct kta_targets targets = {0};
    struct kta_findings findings = {0};
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    if (!tool_at(env, args, &at, result))
        return;
    if (tool_findings(env, &at, kta_json_str(args, "target"), &w, &targets, &findings, result) &&
        evidence(w, &at, &targets, &findings, "what changed", "", &text, result)) {
        for (size_t i = 0; i < findings.n; i++)
            if (findings.v[i]->change)
                kta_str_addf(&text, "%s/%s: %s\n", findings.v[i]->object.kind,
                             findings.v[i]->object.name, findings.v[i]->change);
        if (text.len == 0)
            kta_str_add(&text, "No change was found.\n");
        tool_page_text(result, args, tool_budget(env, args), text.s, "a target (kind/name)");
    }
    kta_findings_release(&findings);
    kta_targets_release(&targets);
    kta_world_free(w);
}

TOOL(tool_analyze_logs)
{
    struct tool_at at;
    struct kta_world *w = NULL;
    struct kta_targets targets = {0};
    struct kta_findings findings = {0};
    const char *pod = kta_json_str(args, "pod_name");
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    if (!tool_at(env, args, &at, result) || !tool_pod(&at, "pod_name", pod, result))
        return;
    kta_auto_free char *target = kta_asprintf("pod/%s", pod);
    if (!tool_mayl(&at, result, "kubectl", "logs", pod, NULL))
        return;
    if (!tool_findings(env, &at, target, &w, &targets, &findings, result)) {
        if (!targets.suggestion)
            tool_near(&at, kta_kind_known("pods"), pod, result);
    } else if (evidence(w, &at, &targets, &findings, "log", pod, &text, result)) {
        result->structured = kta_json_new_object();
        kta_json_set_str(result->structured, "pod", pod);
        add_findings(env, args, &findings, result);
        if (findings.n == 0)
            kta_str_add(&result->text, "The engine knows of nothing wrong with this pod.\n");
        size_t used = tool_result_size(result) + 200, budget = tool_budget(env, args);
        kta_auto_str struct kta_str cut = KTA_STR_INIT;
        if (used < budget && text.len > 0) {
            kta_cut_middle(text.s, text.len, (budget - used) * 3 / 4, &cut);
            tool_fence("", cut.s, cut.len, &result->text);
        } else if (text.len == 0) {
            kta_str_add(&result->text, "Its logs hold nothing that looks like a failure.\n");
        }
    }
    kta_findings_release(&findings);
    kta_targets_release(&targets);
    kta_world_free(w);
}
