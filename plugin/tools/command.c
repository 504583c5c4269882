/*
 * command.c - the tools "kubectl" and "helm": an argv, classified by policy.
 *
 * Arguments arrive as an array of words; models also send one string, the program's name as first
 * word, or a "command" key (kubectl-ai's form): all are taken, and none goes near a shell.
 */
#include <string.h>

#include "kta/alloc.h"
#include "kta/argv.h"
#include "kta/limits.h"
#include "tool_list.h"

static void run_read(struct kta_tool_env *env, const struct kta_argv *argv, struct kta_str *result)
{
    struct kta_err err = KTA_ERR_INIT;
    int exit_code = 0;

    env->reads++;
    if (kta_run_read(env->pipeline, argv, result, &exit_code, &err) < 0)
        kta_str_addf(result, "It could not be run: %s.", err.msg);
    else if (exit_code != 0)
        kta_str_addf(result, "\n(exit code %d)", exit_code);
    else if (result->len == 0)
        kta_str_add(result, "(no output)");
}

static void join_plan(struct kta_tool_env *env, const struct kta_argv *argv, const char *stdin_text,
                      const char *why, struct kta_str *result)
{
    struct kta_err err = KTA_ERR_INIT;

    if (env->pipeline->read_only) {
        env->refused++;
        kta_str_add(result, "This session is read-only: the change is not offered to the user. "
                            "Say in words what should be changed.");
        return;
    }
    struct kta_step *step =
        kta_plan_add(env->plan, env->pipeline->policy, argv, stdin_text, why, &err);
    if (!step) {
        kta_str_addf(result, "It was not added to the plan: %s.", err.msg);
        return;
    }
    env->changes++;
    kta_str_addf(result,
                 "Added to the plan as step %s. It has not run: the user sees its preview and "
                 "decides after your answer.",
                 step->id);
}

void kta_tool_command(struct kta_tool_env *env, const struct kta_argv *argv, const char *stdin_text,
                      const char *why, struct kta_str *result)
{
    struct kta_verdict verdict;

    if (stdin_text && strlen(stdin_text) > KTA_MAX_MANIFEST) {
        kta_str_addf(result, "The manifest is larger than %u bytes.", KTA_MAX_MANIFEST);
        return;
    }
    kta_policy_check(env->pipeline->policy, argv, stdin_text, &verdict);
    switch (verdict.class_) {
    case KTA_CLASS_READ:
        run_read(env, argv, result);
        break;
    case KTA_CLASS_WRITE:
        join_plan(env, argv, stdin_text, why, result);
        break;
    case KTA_CLASS_DENY:
        env->refused++;
        kta_str_addf(result, "Refused by policy: %s.", verdict.reason);
        /* The user asked for it, so the refusal is part of the plan and of the exit code. */
        if (!env->pipeline->read_only && argv->n > 0) {
            struct kta_err err = KTA_ERR_INIT;
            kta_plan_add(env->plan, env->pipeline->policy, argv, stdin_text, why, &err);
        }
        break;
    }
}

/* The words of the call, with the program's name in front. */
static int words_of(const char *program, const struct kta_json *args, struct kta_argv *argv,
                    struct kta_err *err)
{
    const struct kta_json *list = kta_json_get(args, "args");
    const char *line = kta_json_text(list);

    if (!line)
        line = kta_json_text(kta_json_get(args, "command"));
    if (line) {
        if (kta_argv_split(line, argv, err) < 0)
            return -1;
    } else if (kta_json_type(list) == KTA_JSON_ARRAY) {
        kta_json_each(word, list)
        {
            kta_auto_str struct kta_str text = KTA_STR_INIT;
            if (kta_json_text(word))
                kta_str_add(&text, kta_json_text(word));
            else
                kta_json_print(word, false, &text);
            kta_argv_add(argv, text.s);
        }
    }
    if (argv->n == 0)
        return kta_err_set(err, KTA_E_PARSE,
                           "there are no arguments; send them as \"args\": "
                           "[\"get\", \"pods\"]");
    if (argv->n > KTA_MAX_ARGV)
        return kta_err_set(err, KTA_E_LIMIT, "there are more than %d arguments", KTA_MAX_ARGV);
    if (!kta_streq(argv->v[0], program))
        kta_argv_insert(argv, 0, program);
    return 0;
}

static void run_program(const char *program, struct kta_tool_env *env, const struct kta_json *args,
                        struct kta_str *result)
{
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;

    if (words_of(program, args, &argv, &err) < 0) {
        kta_str_addf(result, "The call cannot be used: %s.", err.msg);
        return;
    }
    kta_tool_command(env, &argv, kta_json_str(args, "stdin"), kta_json_str(args, "why"), result);
}

TOOL(tool_kubectl)
{
    run_program("kubectl", env, args, &result->text);
}

TOOL(tool_helm)
{
    run_program("helm", env, args, &result->text);
}
