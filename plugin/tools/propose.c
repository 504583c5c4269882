/* propose.c - tools that make a plan: "propose", "restart_pods", "undo"; and "history". */
#include <string.h>

#include "kta/alloc.h"
#include "kta/http.h"
#include "kta/journal.h"
#include "kta/obj.h"
#include "tool_list.h"

/* A pinned server proposes nothing outside of its namespace. */
bool tool_plan_inside(struct kta_tool_env *env, const struct kta_plan *plan,
                      struct kta_tool_result *result)
{
    for (size_t i = 0; env->namespace_pinned && i < plan->n; i++) {
        struct kta_command cmd;
        struct kta_err err = KTA_ERR_INIT;
        if (kta_command_parse(&plan->v[i]->argv, &cmd, &err) < 0)
            continue; /* policy denies it */
        const char *ns = kta_command_flag(&cmd, "namespace");
        bool inside = kta_streq(ns, env->scope.namespace_) &&
                      !kta_command_has(&cmd, "all-namespaces") && !plan->v[i]->stdin_text &&
                      !kta_command_has(&cmd, "filename") && !kta_command_has(&cmd, "kustomize");
        kta_command_release(&cmd);
        if (!inside) {
            tool_fail(result,
                      "This server works in namespace '%s' alone; step %s may reach beyond it.",
                      env->scope.namespace_, plan->v[i]->id);
            return false;
        }
    }
    return true;
}

/* The findings of a call's target, again: ids are those of diagnose on the same target. */
bool tool_findings(struct kta_tool_env *env, const struct tool_at *at, const char *target,
                   struct kta_world **ret_world, struct kta_targets *targets,
                   struct kta_findings *findings, struct kta_tool_result *result)
{
    struct kta_err err = KTA_ERR_INIT;
    struct kta_diagnose_options options = {.ignore = env->ignore};

    if (!tool_mayl(at, result, "kubectl", "get", "pods", NULL))
        return false;
    if (target && strstr(target, " -")) {
        tool_fail(result,
                  "'%.100s' is more than a target: namespace and context are arguments of "
                  "their own.",
                  target);
        return false;
    }
    *ret_world = tool_world(at);
    if (kta_target_find(*ret_world, &at->scope, kta_or(target, ""), targets, &err) < 0 ||
        kta_diagnose(*ret_world, &at->scope, targets, &options, findings, &err) < 0) {
        tool_fail_err(result, &err);
        return false;
    }
    bool found = targets->n > 0 && targets->v[0].object && !targets->suggestion;
    if (target && *target && !found) {
        tool_fail(result, "Nothing in %s is called '%.100s'.",
                  kta_or(at->scope.namespace_, "any namespace"), target);
        if (targets->suggestion)
            kta_str_addf(&result->text, " The nearest name is '%s'.", targets->suggestion);
        else if (strchr(target, '/'))
            kta_str_add(&result->text, " A target is kind/name; its namespace is an argument of "
                                       "its own.");
        return false;
    }
    return true;
}

static bool add_fixes(struct kta_tool_env *env, const struct tool_at *at,
                      const struct kta_json *args, struct kta_plan *plan,
                      struct kta_tool_result *result)
{
    struct kta_world *w = NULL;
    struct kta_targets targets = {0};
    struct kta_findings findings = {0};
    struct kta_err err = KTA_ERR_INIT;
    bool ok = tool_findings(env, at, kta_json_str(args, "target"), &w, &targets, &findings, result);

    kta_json_each(id, ok ? kta_json_get(args, "fix_ids") : NULL) {
        const struct kta_fix *fix = kta_findings_fix(&findings, kta_or(kta_json_text(id), ""));
        struct kta_step *s = NULL;
        if (!fix)
            tool_fail(result, "There is no fix '%s' now; diagnose the same target again.",
                      kta_or(kta_json_text(id), ""));
        else if (!(s = kta_plan_add(plan, at->p->policy, &fix->argv, fix->stdin_text, fix->summary,
                                    &err)))
            tool_fail_err(result, &err);
        if (!s) {
            ok = false;
            break;
        }
        snprintf(s->fix_id, sizeof s->fix_id, "%s", fix->id);
    }
    kta_findings_release(&findings);
    kta_targets_release(&targets);
    kta_world_free(w);
    return ok;
}

/* A command: its words, or one line. What a shell would do with a line is refused. */
static bool argv_of(const struct kta_json *c, struct kta_argv *argv, struct kta_tool_result *result)
{
    const struct kta_json *words = kta_json_get(c, "argv");
    const char *line =
        kta_json_len(words) == 1 ? kta_json_text(kta_json_item(words, 0)) : kta_json_text(c);
    struct kta_err err = KTA_ERR_INIT;

    if (line && kta_argv_split(line, argv, &err) < 0) {
        tool_fail_err(result, &err);
        return false;
    }
    kta_json_each(word, line ? NULL : words) {
        kta_argv_add(argv, kta_or(kta_json_text(word), ""));
    }
    /* "get pods": kubectl goes without saying */
    struct kta_command cmd;
    kta_auto_argv struct kta_argv whole = KTA_ARGV_INIT;
    kta_argv_copy(&whole, argv);
    kta_argv_insert(&whole, 0, "kubectl");
    if (argv->n > 0 && !kta_streq(argv->v[0], "kubectl") && !kta_streq(argv->v[0], "helm") &&
        kta_command_parse(&whole, &cmd, &err) == 0) {
        kta_argv_insert(argv, 0, "kubectl");
        kta_command_release(&cmd);
    }
    return true;
}

/* ["kubectl", "scale", …] is one command, not many. */
static bool is_one(const struct kta_json *commands)
{
    const char *first = kta_json_text(kta_json_item(commands, 0));

    kta_json_each(c, commands) {
        if (!kta_json_text(c))
            return false;
    }
    return kta_streq(first, "kubectl") || kta_streq(first, "helm");
}

static bool add_commands(const struct tool_at *at, const struct kta_json *args,
                         struct kta_plan *plan, struct kta_tool_result *result)
{
    struct kta_err err = KTA_ERR_INIT;

    const struct kta_json *commands = kta_json_get(args, "commands");
    kta_auto_json struct kta_json *one = NULL;

    if (is_one(commands)) {
        one = kta_json_new_array();
        kta_json_set(kta_json_push(one, kta_json_new_object()), "argv", kta_json_copy(commands));
        commands = one;
    }
    kta_json_each(c, commands) {
        kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
        if (!argv_of(c, &argv, result))
            return false;
        struct kta_step *s = kta_plan_add(plan, at->p->policy, &argv, kta_json_str(c, "stdin"),
                                          kta_json_str(c, "why"), &err);
        if (!s) {
            tool_fail_err(result, &err);
            return false;
        }
        if (s->verdict.class_ == KTA_CLASS_DENY) {
            tool_fail(result, "Refused by policy: %s.", s->verdict.reason);
            return false;
        }
        s->unasked = s->verdict.outside[0]; /* no person is seen to name it */
        kta_step_classify(plan, at->p->policy, s);
    }
    return true;
}

TOOL(tool_propose)
{
    struct tool_at at;
    struct kta_plan plan = {0};

    if (!tool_at(env, args, &at, result))
        return;
    kta_plan_init(&plan, kta_or(kta_json_str(args, "why"), "proposed by an MCP client"),
                  kta_cluster_context(at.p->cluster),
                  kta_or(at.scope.namespace_, kta_cluster_namespace(at.p->cluster)));
    bool ok = (!kta_json_get(args, "fix_ids") || add_fixes(env, &at, args, &plan, result)) &&
              add_commands(&at, args, &plan, result) && tool_plan_inside(env, &plan, result);
    if (ok && plan.n == 0)
        tool_fail(result, "Nothing is proposed: give fix_ids of a diagnosis, or commands.");
    else if (ok)
        tool_offer(env, &at, &plan, result);
    kta_plan_release(&plan);
}

/* Offers the plan and goes on to apply it in the same call. */
static void do_plan(struct kta_tool_env *env, const struct tool_at *at, struct kta_plan *plan,
                    struct kta_tool_result *result)
{
    kta_auto_free char *id = NULL;
    struct kta_err err = KTA_ERR_INIT;

    if (tool_proposal_put(at->p, plan, &id, &err) < 0)
        tool_fail_err(result, &err);
    else
        tool_run_plan(env, at->p, plan, id, result);
}

static bool restartable(const struct kta_json *o)
{
    const char *kind = kta_obj_kind(o);

    return kta_streq(kind, "Deployment") || kta_streq(kind, "StatefulSet") ||
           kta_streq(kind, "DaemonSet");
}

TOOL(tool_restart)
{
    struct tool_at at;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_plan plan = {0};
    const char *kinds[] = {"pods", "replicasets", "deployments", "statefulsets", "daemonsets"};
    const char *label = kta_json_str(args, "label");
    size_t bare = 0, matched = 0;

    if (!tool_at(env, args, &at, result))
        return;
    if (!at.scope.namespace_) {
        tool_fail(result, "Restarting takes a namespace: name it.");
        return;
    }
    if (!strchr(label, '=') && !strstr(label, " in (")) {
        tool_fail(result, "'%.80s' is no label: give it as key=value.", label);
        return;
    }
    kta_plan_init(&plan, "restart_pods", kta_cluster_context(at.p->cluster), at.scope.namespace_);
    struct kta_world *w = tool_world(&at);
    if (kta_world_prefetch(w, at.scope.namespace_, kinds, KTA_LEN(kinds), &err) < 0)
        tool_fail_err(result, &err);
    kta_auto_str struct kta_str path = KTA_STR_INIT;
    kta_str_addf(&path, "/api/v1/namespaces/%s/pods?labelSelector=", at.scope.namespace_);
    kta_url_escape(label, &path);
    kta_auto_json struct kta_json *list =
        result->is_error ? NULL : tool_read(&at, KTA_ACCEPT_METADATA, path.s, result);
    kta_json_each(item, kta_json_get(list, "items")) {
        struct kta_json *pod =
            kta_world_get(w, "pods", at.scope.namespace_, kta_obj_name(item), NULL);
        if (!pod)
            continue;
        matched++;
        struct kta_json *top = kta_world_owner(w, pod);
        if (!restartable(top)) {
            bare++;
            continue;
        }
        kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
        kta_argv_addl(&argv, "kubectl", "rollout", "restart", NULL);
        kta_argv_addf(&argv, "%s/%s", kta_obj_kind(top), kta_obj_name(top));
        for (char *c = argv.v[3]; *c && *c != '/'; c++)
            *c = (char)(*c | 0x20);
        kta_argv_addl(&argv, "-n", at.scope.namespace_, NULL);
        if (!kta_plan_add(&plan, at.p->policy, &argv, NULL,
                          "restart the pods of that label, one after another", &err))
            tool_fail_err(result, &err);
    }
    if (!result->is_error && matched == 0)
        tool_fail(result, "No pod in %s has the label %s.", at.scope.namespace_, label);
    else if (!result->is_error && plan.n == 0)
        tool_fail(
            result,
            "%zu pod%s of the label, but no Deployment, StatefulSet or DaemonSet owns what is "
            "there: nothing would start it again.",
            bare, bare == 1 ? "" : "s");
    if (!result->is_error && kta_json_bool(args, "preview_only", false))
        tool_offer(env, &at, &plan, result);
    else if (!result->is_error)
        do_plan(env, &at, &plan, result);
    kta_world_free(w);
    kta_plan_release(&plan);
}

TOOL(tool_undo)
{
    struct tool_at at;
    struct kta_plan plan = {0};
    struct kta_err err = KTA_ERR_INIT;

    if (!tool_at(env, args, &at, result))
        return;
    if (kta_journal_undo_plan(at.p, kta_json_str(args, "id"), false, &plan, &err) < 0)
        tool_fail_err(result, &err);
    else if (tool_plan_inside(env, &plan, result))
        do_plan(env, &at, &plan, result);
    kta_plan_release(&plan);
}

/* A pinned server tells nothing of what was done elsewhere. */
static bool told_here(const struct kta_tool_env *env, const struct kta_json *change)
{
    const char *context = kta_cluster_context(env->pipeline->cluster);

    return (!env->namespace_pinned ||
            kta_streq(kta_json_str(change, "namespace"), env->scope.namespace_)) &&
           (!env->context_pinned || kta_streq(kta_json_str(change, "context"), context));
}

TOOL(tool_history)
{
    struct tool_cursor cursor;
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_json struct kta_json *list = NULL;
    struct tool_rows rows;
    size_t i = 0;
    bool cut = false;

    if (!tool_cursor_of(args, &cursor, result))
        return;
    kta_auto_free char *token = cursor.token;
    if (kta_journal_list(kta_json_str(args, "id"), &list, &err) < 0) {
        tool_fail_err(result, &err);
        return;
    }
    const struct kta_json *all = kta_json_get(list, "changes");
    tool_rows_begin(&rows, result, "changes", tool_budget(env, args),
                    (size_t)kta_json_int(args, "limit", 20));
    kta_json_each(c, all ? all : list) {
        if (i++ < cursor.skip || !told_here(env, c))
            continue;
        kta_auto_str struct kta_str line = KTA_STR_INIT;
        kta_str_addf(&line, "%s at %s in %s: %s", kta_or(kta_json_str(c, "id"), "?"),
                     kta_or(kta_json_str(c, "time"), "?"), kta_or(kta_json_str(c, "context"), "?"),
                     kta_or(kta_json_str(c, "question"), ""));
        kta_json_each(s, kta_json_get(c, "plan")) {
            kta_str_addf(&line, "\n  %s %s:", kta_or(kta_json_str(s, "id"), "?"),
                         kta_or(kta_json_str(s, "state"), "?"));
            kta_json_each(word, kta_json_get(s, "argv")) {
                kta_str_addf(&line, " %s", kta_or(kta_json_text(word), ""));
            }
        }
        if ((cut = !tool_rows_add(&rows, line.s, kta_json_copy(c))))
            break;
    }
    kta_json_set_int(result->structured, "count", (int64_t)rows.n);
    if (rows.n == 0)
        kta_str_add(&result->text, "No changes have been made here yet.\n");
    if (cut)
        tool_next(result, i - 1, NULL, "one id, a smaller limit");
}
