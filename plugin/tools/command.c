/*
 * command.c - the tools "kubectl" and "helm": an argv, classified by policy.
 *
 * Arguments arrive as an array of words; models also send one string, the program's name as first
 * word, or a "command" key with a whole line (kubectl-ai's form), a here-document in it: all are
 * taken, and none goes near a shell.
 */
#include <stdint.h>
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
    kta_auto_str struct kta_str file = KTA_STR_INIT;
    struct kta_verdict verdict;

    if (stdin_text && strlen(stdin_text) > KTA_MAX_MANIFEST) {
        kta_str_addf(result, "The manifest is larger than %u bytes.", KTA_MAX_MANIFEST);
        return;
    }
    kta_policy_check(env->pipeline->policy, argv, stdin_text, &verdict);
    switch (verdict.class_) {
    case KTA_CLASS_READ:
        if (env->reads_unnamed && env->reads_unnamed(env->ctx, argv, &file))
            kta_str_addf(result,
                         "Not run: it reads '%s' of the user's machine, which the user has not "
                         "named. Ask for it, or do without.",
                         file.s);
        else
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

/* ---- the words of a call ---- */

static bool is_program(const char *word)
{
    return kta_streq(word, "kubectl") || kta_streq(word, "helm");
}

static void add_words(const struct kta_json *list, struct kta_argv *argv)
{
    kta_json_each(word, list) {
        kta_auto_str struct kta_str text = KTA_STR_INIT;
        if (kta_json_text(word))
            kta_str_add(&text, kta_json_text(word));
        else
            kta_json_print(word, false, &text);
        kta_argv_add(argv, text.s);
    }
}

struct line_ctx {
    struct kta_tool_env *env;
    const char *why, *namespace_;
    struct kta_str *result;
};

static void run_words(const struct line_ctx *c, struct kta_argv *argv, const char *stdin_text)
{
    kta_command_pin(argv, NULL, c->namespace_);
    kta_tool_command(c->env, argv, stdin_text, c->why, c->result);
}

static void found_in_line(void *ctx, struct kta_proposed *p)
{
    const struct line_ctx *c = ctx;

    if (c->result->len)
        kta_str_addc(c->result, '\n');
    if (p->problem)
        kta_str_addf(c->result, "The call cannot be used: %s.", p->problem);
    else
        run_words(c, &p->argv, p->stdin_text);
}

/* A whole command line, perhaps with a here-document, or several. */
static void run_line(const struct line_ctx *c, const char *program, const char *line)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    size_t before = c->result->len;

    kta_str_add(&text, line);
    kta_str_trim(&text);
    kta_commands_in_block(text.s, found_in_line, (void *)(uintptr_t)c);
    if (c->result->len > before)
        return;
    kta_auto_free char *whole = kta_asprintf("%s %s", program, text.s);
    kta_commands_in_block(whole, found_in_line, (void *)(uintptr_t)c);
}

/* The first that there is of the names that models give to one argument. */
static const struct kta_json *first_of(const struct kta_json *args, const char *const *keys)
{
    const struct kta_json *v = NULL;

    for (; *keys && !v; keys++)
        v = kta_json_get(args, *keys);
    return v;
}

/* A manifest as text or, as some write it, as the object that it is. */
static void stdin_of(const struct kta_json *args, struct kta_str *out)
{
    static const char *const keys[] = {"stdin", "manifest", "yaml", NULL};
    const struct kta_json *v = first_of(args, keys);

    if (kta_json_text(v))
        kta_str_add(out, kta_json_text(v));
    else if (kta_json_len(v) > 0)
        kta_json_print(v, /* pretty= */ true, out);
}

static void run_program(const char *program, struct kta_tool_env *env, const struct kta_json *args,
                        struct kta_str *result)
{
    const struct line_ctx c = {.env = env,
                               .why =
                                   kta_or(kta_json_str(args, "why"), kta_json_str(args, "reason")),
                               .namespace_ = kta_json_str(args, "namespace"),
                               .result = result};
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    kta_auto_str struct kta_str manifest = KTA_STR_INIT;
    kta_auto_json struct kta_json *list = NULL;
    struct kta_err err = KTA_ERR_INIT;
    static const char *const keys[] = {"args", "command", "cmd", "argv", NULL};
    const struct kta_json *words = first_of(args, keys);
    const char *line = kta_json_text(words);

    stdin_of(args, &manifest);
    if (line && *line == '[' && kta_json_parse(line, strlen(line), &list, &err) == 0)
        line = NULL;
    add_words(list ? list : words, &argv);
    if (argv.n == 1 && strchr(argv.v[0], ' '))
        line = argv.v[0];
    if (line && *line && !manifest.len) {
        run_line(&c, program, line);
        return;
    }
    if (line && kta_argv_split(line, &argv, &err) < 0) {
        kta_str_addf(result, "The call cannot be used: %s.", err.msg);
        return;
    }
    if (argv.n == 0) {
        kta_str_add(result, "The call cannot be used: there are no arguments; send them as "
                            "\"args\": [\"get\", \"pods\"].");
        return;
    }
    if (argv.n > KTA_MAX_ARGV) {
        kta_str_addf(result, "The call cannot be used: there are more than %d arguments.",
                     KTA_MAX_ARGV);
        return;
    }
    if (!is_program(argv.v[0]))
        kta_argv_insert(&argv, 0, program);
    run_words(&c, &argv, manifest.len ? manifest.s : NULL);
}

TOOL(tool_kubectl)
{
    run_program("kubectl", env, args, &result->text);
}

TOOL(tool_helm)
{
    run_program("helm", env, args, &result->text);
}
