/* commands.c - the table of commands: what main dispatches, help lists and completion offers. */
#include "app.h"

#include <stddef.h>

#include "kta/alloc.h"
#include "kta/str.h"

#define READS   (1u << SEC_CLUSTER | 1u << SEC_OUTPUT | 1u << SEC_GENERAL)
#define CHANGES (READS | 1u << SEC_CHANGE)
#define ASKS    (CHANGES | 1u << SEC_MODEL | 1u << SEC_SESSION)
#define LOCAL   (1u << SEC_OUTPUT | 1u << SEC_GENERAL)

/* clang-format off */
const struct command commands[] = {
    {"ask", "ask QUESTION…", "ask, also when the question begins with a command's name", cmd_ask, ASKS},
    {"diagnose", "diagnose [TARGET…]", "findings of the built-in engine, no model", cmd_diagnose, READS},
    {"fix", "fix [TARGET…]", "the same findings, their fixes as a plan", cmd_fix, CHANGES},
    {"remediate", "remediate [TARGET…]", "detect, analyse, fix, verify, report (--mode)", cmd_remediate, CHANGES},
    {"apply", "apply PLAN.json", "run a reviewed plan (the JSON of --dry-run)", cmd_apply, CHANGES},
    {"undo", "undo [ID]", "put back what a change did (default: the last)", cmd_undo, CHANGES},
    {"history", "history [ID [--resume]]", "changes made, their state, what undo would do", cmd_history, CHANGES},
    {"approve", "approve TOKEN", "a person's yes to a plan that an MCP client proposed", cmd_approve, CHANGES},
    {"snapshot", "snapshot DIR", "write what diagnosis needs, redacted, to a folder", cmd_snapshot, READS},
    {"policy", "policy check|explain [--jsonl] [-- ARGV…]", "what a command is, and why", cmd_policy, LOCAL},
    {"redact", "redact", "stdin to stdout with secrets replaced by placeholders", cmd_redact, LOCAL},
    {"config", "config view|path|init", "the configuration in force", cmd_config, LOCAL},
    {"doctor", "doctor [model]", "checks kubectl, helm, cluster, rights and model; 'model' asks it", cmd_doctor, READS | 1u << SEC_MODEL},
    {"mcp", "mcp [install CLIENT]", "the MCP server kagent-k8s, on stdio or --http", cmd_mcp, CHANGES | 1u << SEC_MCP},
    {"explain", "explain [CODE]", "what a finding's code means", cmd_explain, LOCAL},
    {"completion", "completion bash|zsh|fish", "the shell's completion script", cmd_completion, LOCAL},
    {"version", "version", "the version", cmd_version, LOCAL},
    {"help", "help [COMMAND]", "this text", cmd_help, LOCAL},
    {"__names", "__names", NULL, cmd_names, 0},
    {NULL, NULL, NULL, NULL, 0},
};
/* clang-format on */

const char *command_nearest(const char *name)
{
    const char *names[KTA_LEN(commands)];
    size_t n = 0;

    for (const struct command *c = commands; c->name; c++)
        if (c->help)
            names[n++] = c->name;
    return kta_nearest(name, names, n);
}

const struct command *command_find(const char *name)
{
    for (const struct command *c = commands; name && c->name; c++)
        if (kta_streq(c->name, name))
            return c;
    return NULL;
}
