/* help.c - help, version, the man page: generated from the command and option tables. */
#include "app.h"

#include <string.h>

#include "kta/alloc.h"
#include "kta/str.h"
#include "kta/utf8.h"

#define USAGE_WIDTH 28 /* columns; a longer usage stands on a line of its own */

static void command_line(const struct command *c, struct kta_str *out)
{
    int width = kta_str_width(c->usage, strlen(c->usage));

    kta_str_addf(out, "  kubectl todo-ai %s", c->usage);
    if (width > USAGE_WIDTH)
        kta_str_addf(out, "\n%*s", 18 + USAGE_WIDTH + 1, "");
    else
        kta_str_addf(out, "%*s", USAGE_WIDTH - width + 1, "");
    kta_str_addf(out, "%s\n", c->help);
}

static const char *const examples[] = {
    "kubectl todo-ai \"why is backend crashing\" -n demo",
    "kubectl logs deploy/backend | kubectl todo-ai \"what do these lines say\"",
    "kubectl todo-ai --dry-run -q \"restart the frontend deployment\" > plan.sh",
    "kubectl todo-ai --llm-provider none diagnose -A --fail-on critical",
};

/* A line of the exit codes or the files: what, and what it means. */
struct row {
    const char *what, *means;
};
static const struct row exit_codes[] = {
    {"0", "done, or there was nothing to do"},
    {"1", "any other failure"},
    {"2", "usage or configuration"},
    {"3", "a change was proposed and not confirmed"},
    {"4", "refused by policy"},
    {"5", "the cluster cannot be reached, or refused us"},
    {"6", "the model cannot be reached, refused us, or answered nonsense"},
    {"7", "a change failed"},
    {"8", "changed, but the workload did not recover"},
    {"9", "--fail-on"},
    {"130, 143, 129", "ended by SIGINT, SIGTERM, SIGHUP"},
};
static const struct row files[] = {
    {"$XDG_CONFIG_HOME/kubectl-todo-ai/config.yaml", "the configuration ('config init')"},
    {"$XDG_CONFIG_HOME/kubectl-todo-ai/tools.yaml", "tools of your own for the model"},
    {"/etc/kubectl-todo-ai/policy.yaml", "rules that users cannot loosen"},
    {"$XDG_STATE_HOME/kubectl-todo-ai/", "journal of changes, audit log, sessions, tokens"},
    {"$XDG_CACHE_HOME/kubectl-todo-ai/", "what model endpoints were found not to take"},
};
static const char environment[] =
    "KUBECONFIG; OPENAI_API_KEY, OPENAI_ENDPOINT, OPENAI_MODEL and the other providers' own; "
    "NO_COLOR; XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_CACHE_HOME; http_proxy, https_proxy, no_proxy.";

static void overview(struct kta_str *out)
{
    kta_str_add(out, "kubectl todo-ai: ask your cluster a question, see what would mend it, "
                     "decide.\n\nUsage:\n"
                     "  kubectl todo-ai [FLAGS] QUESTION…    one question (piped text is added to "
                     "it)\n"
                     "  kubectl todo-ai [FLAGS]              on a terminal: a conversation\n");
    for (const struct command *c = commands; c->name; c++)
        if (c->help)
            command_line(c, out);
    kta_str_add(out, "\nExamples:\n");
    for (size_t i = 0; i < KTA_LEN(examples); i++)
        kta_str_addf(out, "  %s\n", examples[i]);
}

static void footer(struct kta_str *out)
{
    kta_str_addf(out, "\nEnvironment: %s\n\nExit codes:\n", environment);
    for (size_t i = 0; i < KTA_LEN(exit_codes); i++)
        kta_str_addf(out, "  %-14s %s\n", exit_codes[i].what, exit_codes[i].means);
}

/* ---- the man page ---- */

/* roff: dashes are minus signs, a backslash is escaped, and so is all that is not ASCII. */
static void roff(const char *s, struct kta_str *out)
{
    while (*s) {
        uint32_t c;
        s += kta_utf8_decode(s, strlen(s), &c);
        if (c == '\\')
            kta_str_add(out, "\\e");
        else if (c == '-')
            kta_str_add(out, "\\-");
        else if (c == '|')
            kta_str_add(out, "|\\:"); /* a line may end there */
        else if (c > 0x7e)
            kta_str_addf(out, "\\[u%04X]", (unsigned)c);
        else
            kta_str_addc(out, (char)c);
    }
}

static void roff_item(const char *what, const char *means, struct kta_str *out)
{
    kta_str_add(out, ".TP\n.B ");
    roff(what, out);
    kta_str_addc(out, '\n');
    roff(means, out);
    kta_str_addc(out, '\n');
}

static void roff_rows(const char *title, const struct row *rows, size_t n, struct kta_str *out)
{
    kta_str_addf(out, ".SH %s\n", title);
    for (size_t i = 0; i < n; i++)
        roff_item(rows[i].what, rows[i].means, out);
}

static void roff_options(enum opt_section section, struct kta_str *out)
{
    kta_str_addf(out, ".SH \"%s\"\n", opt_sections[section]);
    for (int i = 0; i < OPT_COUNT; i++) {
        const struct opt_row *r = &opt_rows[i];
        kta_auto_str struct kta_str what = KTA_STR_INIT;
        if (r->section != section || r->hidden)
            continue;
        if (r->letter)
            kta_str_addf(&what, "-%c%s", r->letter, r->type == OPT_LEVEL ? "" : ", ");
        if (r->type != OPT_LEVEL)
            kta_str_addf(&what, "--%s", r->name);
        if (r->arg)
            kta_str_addf(&what, r->type == OPT_OPTIONAL ? "[=%s]" : " %s", r->arg);
        kta_auto_str struct kta_str means = KTA_STR_INIT;
        opt_means(r, &means);
        roff_item(what.s, means.s, out);
    }
}

static void man_page(struct kta_str *out)
{
    kta_str_add(out, ".TH KUBECTL\\-TODO\\-AI 1 \"\" \"kubectl-todo-ai " KTA_VERSION "\"\n.ad l\n"
                     ".SH NAME\nkubectl\\-todo\\-ai \\- ask a Kubernetes cluster a question, see "
                     "what would mend it, decide\n"
                     ".SH SYNOPSIS\n.B kubectl todo\\-ai\n[FLAGS] QUESTION...\n.br\n"
                     ".B kubectl todo\\-ai\nCOMMAND [FLAGS] [ARGUMENTS]\n.SH COMMANDS\n");
    for (const struct command *c = commands; c->name; c++)
        if (c->help) {
            kta_auto_str struct kta_str means = KTA_STR_INIT;
            kta_str_addf(&means, "%s. %s%s", c->help, kta_or(c->words, ""), c->words ? ". " : "");
            kta_str_addf(&means, "Example: %s", c->example);
            roff_item(c->usage, means.s, out);
        }
    for (int section = 0; section < SEC_COUNT; section++)
        roff_options((enum opt_section)section, out);
    kta_str_add(out, ".SH ENVIRONMENT\n");
    roff(environment, out);
    kta_str_addc(out, '\n');
    roff_rows("FILES", files, KTA_LEN(files), out);
    roff_rows("EXIT STATUS", exit_codes, KTA_LEN(exit_codes), out);
    kta_str_add(out, ".SH EXAMPLES\n.nf\n");
    for (size_t i = 0; i < KTA_LEN(examples); i++) {
        roff(examples[i], out);
        kta_str_addc(out, '\n');
    }
    kta_str_add(out, ".fi\n.SH SEE ALSO\n.BR kubectl (1),\n.BR helm (1)\n");
}

int cmd_help(struct app *app, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    const char *what = app->words.n ? app->words.v[0] : NULL;
    const struct command *c = what ? command_find(what) : NULL;

    if (kta_streq(what, "man")) {
        man_page(&text);
        fputs(text.s, stdout);
        return 0;
    }
    if (what && !c) {
        const char *near = command_nearest(what);
        kta_err_set(err, KTA_E_USAGE, "there is no command '%s'", what);
        if (near)
            return kta_err_hint(err, "did you mean %s?", near);
        return kta_err_hint(err, "'kubectl todo-ai help' lists them all");
    }
    if (c) {
        kta_str_addf(&text, "kubectl todo-ai %s\n  %s\n", c->usage, kta_or(c->help, ""));
        if (c->words)
            kta_str_addf(&text, "  %s\n", c->words);
        if (c->example)
            kta_str_addf(&text, "\nExample:\n  %s\n", c->example);
        options_help(c->sections, c->name, &text);
    } else {
        overview(&text);
        options_help(~0u, NULL, &text);
    }
    footer(&text);
    fputs(text.s, stdout);
    return 0;
}

int cmd_version(struct app *app, struct kta_err *err)
{
    (void)err;
    kta_ui_print(app->ui, "kubectl-todo-ai %s\n", KTA_VERSION);
    struct kta_json *doc = document_new(app, "Version");
    kta_json_set_str(doc, "version", KTA_VERSION);
    document_print(app, doc, &(struct kta_err)KTA_ERR_INIT);
    kta_json_free(doc);
    return 0;
}
