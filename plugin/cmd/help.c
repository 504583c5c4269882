/* help.c - help, version, the man page: generated from the command and option tables. */
#include "app.h"

#include <ctype.h>

#include "kta/alloc.h"
#include "kta/str.h"

static void overview(struct kta_str *out)
{
    kta_str_add(out, "kubectl todo-ai: ask your cluster a question, see what would mend it, "
                     "decide.\n\nUsage:\n"
                     "  kubectl todo-ai [FLAGS] QUESTION…    one question (piped text is added to "
                     "it)\n"
                     "  kubectl todo-ai [FLAGS]              on a terminal: a conversation\n");
    for (const struct command *c = commands; c->name; c++) {
        if (c->help)
            kta_str_addf(out, "  kubectl todo-ai %-20s %s\n", c->usage, c->help);
    }
    kta_str_add(out,
                "\nExamples:\n"
                "  kubectl todo-ai \"why is backend crashing\" -n demo\n"
                "  kubectl logs deploy/backend | kubectl todo-ai \"explain\"\n"
                "  kubectl todo-ai --dry-run -q \"restart the frontend deployment\" > plan.sh\n"
                "  kubectl todo-ai --llm-provider none diagnose -A --fail-on critical\n");
}

static void footer(struct kta_str *out)
{
    kta_str_add(
        out,
        "\nEnvironment: KUBECONFIG; OPENAI_API_KEY, OPENAI_ENDPOINT, OPENAI_MODEL and the other\n"
        "providers' own; NO_COLOR; XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_CACHE_HOME; the proxies.\n"
        "Exit codes: 0 done, 1 failure, 2 usage, 3 not confirmed, 4 refused by policy, 5 cluster,\n"
        "6 model, 7 a change failed, 8 it did not recover, 9 --fail-on, 130/143/129 "
        "interrupted.\n");
}

/* roff: a dash at the start of a word and a backslash are escaped. */
static void roff(const char *s, struct kta_str *out)
{
    for (; *s; s++) {
        if (*s == '\\')
            kta_str_add(out, "\\e");
        else if (*s == '-')
            kta_str_add(out, "\\-");
        else
            kta_str_addc(out, *s);
    }
}

static void man_page(struct kta_str *out)
{
    kta_str_add(out, ".TH KUBECTL\\-TODO\\-AI 1 \"\" \"kubectl-todo-ai " KTA_VERSION "\"\n"
                     ".SH NAME\nkubectl\\-todo\\-ai \\- ask a Kubernetes cluster a question, see "
                     "what would mend it, decide\n"
                     ".SH SYNOPSIS\n.B kubectl todo\\-ai\n[FLAGS] QUESTION...\n.br\n");
    for (const struct command *c = commands; c->name; c++) {
        if (!c->help)
            continue;
        kta_str_add(out, ".B kubectl todo\\-ai\n");
        roff(c->usage, out);
        kta_str_add(out, "\n.br\n");
    }
    kta_str_add(out, ".SH COMMANDS\n");
    for (const struct command *c = commands; c->name; c++) {
        if (!c->help)
            continue;
        kta_str_add(out, ".TP\n.B ");
        roff(c->usage, out);
        kta_str_addc(out, '\n');
        roff(kta_or(c->help, ""), out);
        kta_str_addc(out, '\n');
    }
    for (int sec = 0; sec < SEC_COUNT; sec++) {
        kta_str_addf(out, ".SH \"%s\"\n", opt_sections[sec]);
        for (int i = 0; i < OPT_COUNT; i++) {
            const struct opt_row *r = &opt_rows[i];
            if (r->section != (enum opt_section)sec || r->hidden)
                continue;
            kta_str_add(out, ".TP\n.B ");
            if (r->letter)
                kta_str_addf(out, "\\-%c%s", r->letter, r->type == OPT_LEVEL ? "" : ", ");
            if (r->type != OPT_LEVEL) {
                kta_str_add(out, "\\-\\-");
                roff(r->name, out);
            }
            if (r->arg)
                kta_str_addf(out, " %s", r->arg);
            kta_str_addc(out, '\n');
            roff(r->help, out);
            kta_str_addc(out, '\n');
        }
    }
    kta_auto_str struct kta_str foot = KTA_STR_INIT;
    footer(&foot);
    kta_str_add(out, ".SH NOTES\n");
    roff(foot.s + 1, out);
}

int cmd_help(struct app *app, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    const char *what = app->words.n ? app->words.v[0] : NULL;

    if (kta_streq(what, "man")) {
        man_page(&text);
        fputs(text.s, stdout);
        return 0;
    }
    const struct command *c = what ? command_find(what) : NULL;
    if (what && !c)
        return kta_err_set(err, KTA_E_USAGE, "there is no command '%s'", what);
    if (c)
        kta_str_addf(&text, "kubectl todo-ai %s\n  %s\n", c->usage, kta_or(c->help, ""));
    else
        overview(&text);
    options_help(&text);
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
