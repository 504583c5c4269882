/*
 * scope.c - where a call looks: its context, its namespace, and what the server is pinned to.
 *
 * Invariant: a name from outside reaches a REST path or an argv only after tool_name; every native
 * read is first put to policy as the command that it replaces.
 */
#include <string.h>

#include "kta/alloc.h"
#include "kta/interrupt.h"
#include "kta/kinds.h"
#include "kta/learn.h"
#include "tool_list.h"

#define NAME_MAX_BYTES 253

bool tool_name(const char *what, const char *name, struct kta_tool_result *result)
{
    if (!name || !*name || *name == '-' || strlen(name) > NAME_MAX_BYTES ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:_@") !=
            strlen(name) ||
        kta_streq(name, ".") || kta_streq(name, "..")) {
        if (!name || !*name)
            tool_fail(result, "The %s is missing.", what);
        else
            tool_fail(result, "%s '%.80s' is no name that Kubernetes takes.", what, name);
        return false;
    }
    return true;
}

bool tool_pod(const struct tool_at *at, const char *what, const char *name,
              struct kta_tool_result *result)
{
    const char *slash = strrchr(kta_or(name, ""), '/');

    if (!slash)
        return tool_name(what, name, result);
    tool_fail(result, "'%.100s' is no pod.", name);
    tool_near(at, kta_kind_known("pods"), slash + 1, result);
    return false;
}

static bool pick_context(struct kta_tool_env *env, const char *context, struct tool_at *ret,
                         struct kta_tool_result *result)
{
    struct kta_err err = KTA_ERR_INIT;

    ret->p = env->pipeline;
    if (!context || kta_streq(context, kta_cluster_context(env->pipeline->cluster)))
        return true;
    if (env->context_pinned || !env->open) {
        tool_fail(result, "This server works in context '%s' alone, not in '%.80s'.",
                  kta_cluster_context(env->pipeline->cluster), context);
        return false;
    }
    if (env->open(env->ctx, context, &ret->p, &err) < 0) {
        tool_fail_err(result, &err);
        return false;
    }
    if (!env->namespace_pinned)
        ret->scope.namespace_ = kta_cluster_namespace(ret->p->cluster);
    return true;
}

bool tool_at(struct kta_tool_env *env, const struct kta_json *args, struct tool_at *ret,
             struct kta_tool_result *result)
{
    const char *ns = kta_json_str(args, "namespace");
    bool all = kta_json_bool(args, "all_namespaces", false);

    ret->scope = env->scope;
    ret->pinned = env->namespace_pinned;
    if (!pick_context(env, kta_json_str(args, "context"), ret, result))
        return false;
    if (env->namespace_pinned && (all || (ns && !kta_streq(ns, env->scope.namespace_)))) {
        tool_fail(result, "This server works in namespace '%s' alone.", env->scope.namespace_);
        return false;
    }
    if (ns && !tool_name("namespace", ns, result))
        return false;
    if (ns || all)
        ret->scope.namespace_ = all ? NULL : ns;
    if (kta_json_str(args, "selector"))
        ret->scope.selector = kta_json_str(args, "selector");
    return true;
}

/* Would the command be read, and enabled, on the command line? What the tools read natively obeys
 * the same policy. False: the result says what decided. */
static bool may(const struct tool_at *at, const struct kta_argv *argv,
                struct kta_tool_result *result)
{
    struct kta_verdict verdict;
    kta_auto_argv struct kta_argv full = KTA_ARGV_INIT;

    kta_argv_copy(&full, argv);
    kta_command_pin(&full, kta_cluster_context(at->p->cluster), at->scope.namespace_);
    kta_policy_check(at->p->policy, &full, NULL, &verdict);
    if (verdict.class_ == KTA_CLASS_READ)
        return true;
    tool_fail(result, "Refused by policy: %s.", verdict.reason);
    return false;
}

bool tool_mayl(const struct tool_at *at, struct kta_tool_result *result, ...)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    va_list ap;

    va_start(ap, result);
    for (const char *word; (word = va_arg(ap, const char *));)
        kta_argv_add(&argv, word);
    va_end(ap);
    return may(at, &argv, result);
}

struct kta_world *tool_world(const struct tool_at *at)
{
    return kta_world_new(at->p->cluster, at->p->redact, at->p->report);
}

struct kta_json *tool_read(const struct tool_at *at, enum kta_accept accept, const char *path,
                           struct kta_tool_result *result)
{
    struct kta_err err = KTA_ERR_INIT;
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0;
    struct kta_json *ret = NULL;

    kta_read_add(&reads, &n, &cap, accept, "%s", path);
    if (kta_cluster_read(at->p->cluster, reads, n, &err) < 0) {
        tool_fail_err(result, &err);
    } else if (reads[0].failed) {
        tool_fail_err(result, &reads[0].err);
    } else {
        ret = KTA_STEAL(reads[0].json);
        if (kta_learn_from(at->p->cluster, at->p->redact, ret, &err) < 0) {
            tool_fail_err(result, &err);
            kta_json_free(ret);
            ret = NULL;
        } else {
            kta_redact_object(at->p->redact, ret);
        }
    }
    kta_reads_free(reads, n);
    return ret;
}

void tool_progress(struct kta_tool_env *env, double done, double total, const char *fmt, ...)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    va_list ap;

    if (!env->progress)
        return;
    va_start(ap, fmt);
    kta_str_vaddf(&text, fmt, ap);
    va_end(ap);
    env->progress(env->ctx, done, total, text.s);
}

bool tool_cancelled(struct kta_tool_env *env)
{
    return kta_interrupted() || (env->cancelled && env->cancelled(env->ctx));
}
