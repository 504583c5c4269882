/*
 * completion.c - completion for the shells, from the same tables.
 *
 * bash, zsh and fish scripts call "kubectl-todo-ai __complete WORDS… CURRENT", which prints one
 * candidate a line: commands, flags, their choices, contexts. kubectl itself calls the executable
 * kubectl_complete-todo_ai with the words typed so far (installed by `make install`).
 */
#include "app.h"

#include <string.h>

#include "kta/kubeconfig.h"

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

static void offer_choices(const struct opt_row *row, const char *typed)
{
    char choice[64];

    for (const char *p = row->choices; p && *p;) {
        size_t n = strcspn(p, "|");
        snprintf(choice, sizeof choice, "%.*s", (int)n, p);
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

void complete_words(int argc, char **argv)
{
    const char *typed = argc > 0 ? argv[argc - 1] : "";
    const struct opt_row *row = wants_value(argc > 1 ? argv[argc - 2] : NULL);

    if (row == &opt_rows[OPT_CONTEXT]) {
        offer_contexts(typed);
    } else if (row) {
        offer_choices(row, typed);
    } else if (typed[0] == '-') {
        offer_flags(typed);
    } else if (argc <= 1) {
        for (const struct command *c = commands; c->name; c++)
            if (c->help)
                offer(c->name, typed);
    }
}
