/* commands.c - the table of commands: what main dispatches, help lists and completion offers. */
#include "app.h"

#include <stddef.h>

#include "kta/alloc.h"
#include "kta/str.h"

#define READS   (1u << SEC_CLUSTER | 1u << SEC_OUTPUT | 1u << SEC_GENERAL)
#define CHANGES (READS | 1u << SEC_CHANGE)
#define ASKS    (CHANGES | 1u << SEC_MODEL | 1u << SEC_SESSION)
#define LOCAL   (1u << SEC_OUTPUT | 1u << SEC_GENERAL)

#define TARGET "TARGET: kind/name, or a name; without it the whole namespace"
#define ID     "ID: of a change, or of a step (7, 7.1), as history lists them"

/* clang-format off */
const struct command commands[] = {
    {"ask", "ask QUESTION…", "ask, also when the question begins with a command's name", cmd_ask, ASKS, -1, NULL, NULL, "kubectl todo-ai ask \"explain what backend does\""},
    {"diagnose", "diagnose [TARGET…]", "findings of the built-in engine, no model", cmd_diagnose, READS, -1, NULL, TARGET, "kubectl todo-ai diagnose deploy/backend -n demo"},
    {"fix", "fix [TARGET…]", "the same findings, their fixes as a plan", cmd_fix, CHANGES, -1, NULL, TARGET, "kubectl todo-ai fix deploy/backend -n demo --dry-run"},
    {"remediate", "remediate [TARGET…]", "detect, analyse, fix, verify, report (--mode)", cmd_remediate, CHANGES, -1, NULL, TARGET, "kubectl todo-ai remediate -n demo --mode propose"},
    {"apply", "apply PLAN.json", "run a reviewed plan (the JSON of --dry-run)", cmd_apply, CHANGES, -1, NULL, "PLAN.json: what --dry-run -o json printed, or - for stdin", "kubectl todo-ai apply plan.json"},
    {"undo", "undo [ID]", "put back what a change did (default: the last)", cmd_undo, CHANGES, -1, NULL, ID, "kubectl todo-ai undo 7"},
    {"history", "history [ID [--resume]]", "changes made, their state, what undo would do", cmd_history, CHANGES, -1, NULL, ID, "kubectl todo-ai history 7"},
    {"approve", "approve TOKEN", "a person's yes to a plan that an MCP client proposed", cmd_approve, CHANGES, -1, NULL, "TOKEN: as the MCP client was told", "kubectl todo-ai approve 4F7K-Q2MD"},
    {"snapshot", "snapshot DIR", "write what diagnosis needs, redacted, to a folder", cmd_snapshot, READS, -1, NULL, "DIR: a folder, made when it is not there", "kubectl todo-ai snapshot ./state -n demo"},
    {"policy", "policy check|explain [--jsonl] [-- ARGV…]", "what a command is, and why", cmd_policy, LOCAL, -1, "check|explain", "ARGV: the command with its words, after --", "kubectl todo-ai policy explain -- kubectl delete pod web-0"},
    {"redact", "redact", "stdin to stdout with secrets replaced by placeholders", cmd_redact, LOCAL, 0, NULL, NULL, "kubectl logs web-0 | kubectl todo-ai redact"},
    {"config", "config view|path|init", "the configuration in force", cmd_config, LOCAL, 1, "view|path|init", NULL, "kubectl todo-ai config view"},
    {"doctor", "doctor [model]", "checks kubectl, helm, cluster, rights and model; 'model' asks it", cmd_doctor, READS | 1u << SEC_MODEL, -1, "model", NULL, "kubectl todo-ai doctor model"},
    {"mcp", "mcp [install CLIENT]", "the MCP server kagent-k8s, on stdio or --http", cmd_mcp, CHANGES | 1u << SEC_MCP, -1, "install", "CLIENT: the program whose configuration is written", "kubectl todo-ai mcp install cursor"},
    {"explain", "explain [CODE]", "what a finding's code means", cmd_explain, LOCAL, -1, NULL, "CODE: of a finding; without it all are listed", "kubectl todo-ai explain CrashLoop.MissingEnv"},
    {"completion", "completion bash|zsh|fish", "the shell's completion script", cmd_completion, LOCAL, 1, "bash|zsh|fish", NULL, "kubectl todo-ai completion bash > ~/.bash_completion"},
    {"version", "version", "the version", cmd_version, LOCAL, 0, NULL, NULL, "kubectl todo-ai version -o json"},
    {"help", "help [COMMAND]", "this text", cmd_help, LOCAL, 1, NULL, NULL, "kubectl todo-ai help fix"},
    {"__names", "__names", NULL, cmd_names, 0, 0, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, 0, 0, NULL, NULL, NULL},
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
