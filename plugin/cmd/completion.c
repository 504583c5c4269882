/*
 * completion.c - completion for the shells, from the same tables.
 *
 * bash, zsh and fish scripts call "kubectl-todo-ai __complete WORDS… CURRENT", which prints one
 * candidate a line: commands, flags, their choices, contexts. kubectl itself calls the executable
 * kubectl_complete-todo_ai with the words typed so far (installed by `make install`).
 */
#include "app.h"

#include <string.h>

#include "kta/alloc.h"
#include "kta/diagnose.h"
#include "kta/journal.h"
#include "kta/kubeconfig.h"
#include "kta/proc.h"

#define NAMES_MS 2000 /* a shell waits for it */

static const char bash_script[] =
    "_kubectl_todo_ai() {\n"
    "    local IFS=$'\\n'\n"
    "    COMPREPLY=($(kubectl-todo-ai __complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null))\n"
    "}\n"
    "complete -o default -F _kubectl_todo_ai kubectl-todo-ai\n";

static const char zsh_script[] =
    "#compdef kubectl-todo-ai\n"
    "_kubectl_todo_ai() {\n"
    "    local -a found\n"
    "    found=(\"${(@f)$(kubectl-todo-ai __complete \"${words[@]:1:$((CURRENT-1))}\" "
    "2>/dev/null)}\")\n"
    "    compadd -a found\n"
    "}\n"
    "compdef _kubectl_todo_ai kubectl-todo-ai\n";

static const char fish_script[] =
    "complete -c kubectl-todo-ai -f -a "
    "'(kubectl-todo-ai __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'\n";

int cmd_completion(struct app *app, struct kta_err *err)
{
    const char *shell = app->words.n ? app->words.v[0] : "";

    if (kta_streq(shell, "bash"))
        fputs(bash_script, stdout);
    else if (kta_streq(shell, "zsh"))
        fputs(zsh_script, stdout);
    else if (kta_streq(shell, "fish"))
        fputs(fish_script, stdout);
    else
        return kta_err_set(err, KTA_E_USAGE, "completion takes bash, zsh or fish, not '%s'", shell);
    return 0;
}

static void offer(const char *candidate, const char *typed)
{
    if (kta_starts(candidate, typed))
        puts(candidate);
}

static void offer_flags(const char *typed)
{
    char flag[64];

    for (int i = 0; i < OPT_COUNT; i++) {
        if (opt_rows[i].hidden || opt_rows[i].type == OPT_LEVEL)
            continue;
        snprintf(flag, sizeof flag, "--%s", opt_rows[i].name);
        offer(flag, typed);
    }
}

static void offer_each(const char *choices, const char *typed)
{
    for (const char *p = choices; p && *p;) {
        size_t n = strcspn(p, "|");
        kta_auto_free char *choice = kta_strndup(p, n);
        offer(choice, typed);
        p += n + (p[n] == '|');
    }
}

static void offer_contexts(const char *typed)
{
    struct kta_kube_flags flags = {0};
    struct kta_argv names = KTA_ARGV_INIT;
    struct kta_err err = KTA_ERR_INIT;

    if (kta_kubeconfig_contexts(&flags, &names, &err) == 0)
        for (size_t i = 0; i < names.n; i++)
            offer(names.v[i], typed);
    kta_argv_release(&names);
}

/* The row that wants the current word as its value, or NULL. */
static const struct opt_row *wants_value(const char *before)
{
    for (int i = 0; before && i < OPT_COUNT; i++) {
        const struct opt_row *r = &opt_rows[i];
        bool is_long = kta_starts(before, "--") && kta_streq(before + 2, r->name);
        bool is_short = r->letter && before[0] == '-' && before[1] == r->letter && !before[2];
        if ((is_long || is_short) && (r->type == OPT_TEXT || r->type == OPT_REPEAT))
            return r;
    }
    return NULL;
}

/* Names of the cluster, which the program asks for itself, as the flags so far say; briefly, and
 * without a word when it cannot be reached. plural NULL: of all kinds but namespaces. */
static void offer_names(int argc, char **argv, const char *plural, const char *typed)
{
    static const enum opt_id where[] = {OPT_NAMESPACE, OPT_CONTEXT, OPT_KUBECONFIG, OPT_CLUSTER,
                                        OPT_USER,      OPT_SERVER,  OPT_CONFIG};
    kta_auto_argv struct kta_argv ask = KTA_ARGV_INIT;
    struct kta_proc p = {.argv = &ask, .path = "/proc/self/exe", .timeout_ms = NAMES_MS};
    struct kta_err err = KTA_ERR_INIT;

    kta_argv_addl(&ask, "kubectl-todo-ai", "__names", "--quiet", NULL);
    for (int i = 0; i + 1 < argc; i++) {
        const struct opt_row *row = wants_value(argv[i]);
        for (size_t k = 0; row && k < KTA_LEN(where); k++)
            if (row == &opt_rows[where[k]] && i + 2 < argc)
                kta_argv_addf(&ask, "--%s=%s", row->name, argv[i + 1]);
    }
    bool read = kta_proc_run(&p, &err) == 0 && p.exit_code == 0;
    for (const char *line = read ? p.out.s : ""; *line;) {
        size_t n = strcspn(line, "\n"), kind = strcspn(line, " \n");
        kta_auto_free char *name = kind < n ? kta_strndup(line + kind + 1, n - kind - 1) : NULL;
        if (name && (plural ? kta_starts(line, plural) : !kta_starts(line, "namespaces ")))
            offer(name, typed);
        line += n + (line[n] == '\n');
    }
    kta_proc_release(&p);
}

static void offer_codes(const char *typed)
{
    size_t n;
    const char *const *codes = kta_explain_codes(&n);

    for (size_t i = 0; i < n; i++)
        offer(codes[i], typed);
}

static void offer_changes(const char *typed)
{
    kta_auto_json struct kta_json *list = NULL;
    struct kta_err err = KTA_ERR_INIT;

    if (kta_journal_list(NULL, &list, &err) == 0)
        kta_json_each(c, list)
            offer(kta_or(kta_json_str(c, "id"), ""), typed);
}

/* What a command's word can be. */
static void offer_words(const struct command *c, int argc, char **argv, const char *typed)
{
    const char *before = argv[argc - 2];

    if (kta_streq(before, "install"))
        offer_each(mcp_clients(), typed);
    else if (c->choices && kta_streq(before, c->name))
        offer_each(c->choices, typed);
    else if (c->run == cmd_explain)
        offer_codes(typed);
    else if (c->run == cmd_undo || c->run == cmd_history)
        offer_changes(typed);
    else if (c->run == cmd_diagnose || c->run == cmd_fix || c->run == cmd_remediate)
        offer_names(argc, argv, NULL, typed);
}

void complete_words(int argc, char **argv)
{
    const char *typed = argc > 0 ? argv[argc - 1] : "";
    const struct opt_row *row = wants_value(argc > 1 ? argv[argc - 2] : NULL);
    const struct command *c = argc > 1 ? command_find(argv[0]) : NULL;
    kta_auto_str struct kta_str values = KTA_STR_INIT;

    if (row == &opt_rows[OPT_CONTEXT]) {
        offer_contexts(typed);
    } else if (row == &opt_rows[OPT_NAMESPACE]) {
        offer_names(argc, argv, "namespaces ", typed);
    } else if (row) {
        opt_values(row, &values);
        offer_each(values.s, typed);
    } else if (typed[0] == '-') {
        offer_flags(typed);
    } else if (argc <= 1) {
        for (c = commands; c->name; c++)
            if (c->help)
                offer(c->name, typed);
    } else if (c) {
        offer_words(c, argc, argv, typed);
    }
}
