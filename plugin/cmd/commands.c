/* commands.c - the table of commands: what main dispatches, help lists and completion offers. */
#include "app.h"

#include <stddef.h>

#include "kta/str.h"

const struct command commands[] = {
    {"ask", "ask QUESTION…", "ask, also when the question begins with a command's name", cmd_ask},
    {"diagnose", "diagnose [TARGET…]", "findings of the built-in engine, no model", cmd_diagnose},
    {"fix", "fix [TARGET…]", "the same findings, their fixes as a plan", cmd_fix},
    {"remediate", "remediate [TARGET…]", "detect, analyse, fix, verify, report (--mode)",
     cmd_remediate},
    {"apply", "apply PLAN.json", "run a reviewed plan (the JSON of --dry-run)", cmd_apply},
    {"undo", "undo [ID]", "put back what a change did (default: the last)", cmd_undo},
    {"history", "history [ID [--resume]]", "changes made, their state, what undo would do",
     cmd_history},
    {"approve", "approve TOKEN", "a person's yes to a plan that an MCP client proposed",
     cmd_approve},
    {"snapshot", "snapshot DIR", "write what diagnosis needs, redacted, to a folder", cmd_snapshot},
    {"policy", "policy check|explain [--jsonl] [-- ARGV…]", "what a command is, and why",
     cmd_policy},
    {"redact", "redact", "stdin to stdout with secrets replaced by placeholders", cmd_redact},
    {"config", "config view|path|init", "the configuration in force", cmd_config},
    {"doctor", "doctor [model]", "checks kubectl, helm, cluster, rights and model; 'model' asks it",
     cmd_doctor},
    {"mcp", "mcp [install CLIENT]", "the MCP server kagent-k8s, on stdio or --http", cmd_mcp},
    {"explain", "explain CODE", "what a finding's code means", cmd_explain},
    {"completion", "completion bash|zsh|fish", "the shell's completion script", cmd_completion},
    {"version", "version", "the version", cmd_version},
    {"help", "help [COMMAND]", "this text", cmd_help},
    {"__names", "__names", NULL, cmd_names},
    {NULL, NULL, NULL, NULL},
};

const struct command *command_find(const char *name)
{
    for (const struct command *c = commands; name && c->name; c++)
        if (kta_streq(c->name, name))
            return c;
    return NULL;
}
