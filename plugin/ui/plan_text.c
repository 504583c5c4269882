/*
 * plan_text.c - a plan as a person confirms it: each command exactly as it will run, what it
 * changes, whether it is allowed, and what came of it.
 */
#include <string.h>

#include "kta/alloc.h"
#include "kta/utf8.h"
#include "ui_private.h"
#include "kta/tools_plan.h"

#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define BOLD   "\033[1m"
#define PLAIN  "\033[0m"

static const char *paint(const struct kta_ui *ui, const char *code)
{
    return ui->colour ? code : "";
}

/* Prints text with every line indented. */
static void indented(struct kta_ui *ui, const char *text, const char *indent, bool diff)
{
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, "\n");
        const char *code = !diff ? "" : *p == '+' ? GREEN : *p == '-' ? RED : "";
        fprintf(ui->out, "%s%s%.*s%s\n", indent, paint(ui, code), (int)n, p,
                *code ? paint(ui, PLAIN) : "");
        p += n + (p[n] == '\n');
    }
}

static void show_alarm(struct kta_ui *ui, const char *text)
{
    size_t n = strcspn(text, ":"); /* what it is stands before the colon */

    if (kta_starts(text, "not asked for"))
        fprintf(ui->out, "     %s%.*s%s%s\n", paint(ui, RED), (int)n, text, paint(ui, PLAIN),
                text + n);
    else
        indented(ui, text, "     ! ", false);
}

static void show_fact(void *ctx, enum kta_fact what, const char *text)
{
    static const char *const indents[] = {
        [KTA_FACT_WHY] = "     ",        [KTA_FACT_EVIDENCE] = "     evidence: ",
        [KTA_FACT_MANIFEST] = "     | ", [KTA_FACT_RISK] = "     ",
        [KTA_FACT_WARNING] = "     ! ",  [KTA_FACT_DIFF] = "       ",
    };
    struct kta_ui *ui = ctx;

    if (what == KTA_FACT_COMMAND) {
        fprintf(ui->out, "%s%s%s\n", paint(ui, BOLD), text, paint(ui, PLAIN));
    } else if (what == KTA_FACT_ALARM) {
        show_alarm(ui, text);
    } else if (what == KTA_FACT_REFUSED) {
        fprintf(ui->out, "     %srefused by policy: %s%s\n", paint(ui, RED), text,
                paint(ui, PLAIN));
    } else {
        if (what == KTA_FACT_MANIFEST)
            fprintf(ui->out, "     with this manifest as its input:\n");
        if (what == KTA_FACT_DIFF && !*text)
            text = "(no difference to show)";
        indented(ui, text, indents[what], what == KTA_FACT_DIFF);
    }
}

#define MAX_NAMESPACES 3 /* named above a plan; more are counted */

/* ", namespace a" or ", namespaces a, b": where the commands themselves say they act; the session's
 * own namespace may be another, or all. */
static void namespaces_of(const struct kta_plan *plan, struct kta_str *out)
{
    kta_auto_argv struct kta_argv names = KTA_ARGV_INIT;

    for (size_t i = 0; i < plan->n; i++) {
        struct kta_command cmd;
        struct kta_err err = KTA_ERR_INIT;
        if (kta_command_parse(&plan->v[i]->argv, &cmd, &err) < 0)
            continue;
        const char *ns = cmd.all_namespaces ? "all" : cmd.namespace_;
        bool known = !ns;
        for (size_t k = 0; k < names.n; k++)
            known = known || kta_streq(names.v[k], ns);
        if (!known)
            kta_argv_add(&names, ns);
        kta_command_release(&cmd);
    }
    for (size_t i = 0; i < names.n && i < MAX_NAMESPACES; i++)
        kta_str_addf(out, "%s%s",
                     i             ? ", "
                     : names.n > 1 ? ", namespaces "
                                   : ", namespace ",
                     names.v[i]);
    if (names.n > MAX_NAMESPACES)
        kta_str_addf(out, " and %zu more", names.n - MAX_NAMESPACES);
}

void ui_show_plan(void *ctx, const struct kta_plan *plan)
{
    struct kta_ui *ui = ctx;

    ui_end_text(ui);
    if (ui->o.output != KTA_OUT_TEXT || plan->n == 0)
        return;
    progress_clear();
    kta_auto_str struct kta_str names = KTA_STR_INIT, where = KTA_STR_INIT;
    namespaces_of(plan, &names);
    kta_clean(names.s, names.len, &where);
    fprintf(ui->out, "\nPlan for context %s%s%s, server %s%s:\n", paint(ui, BOLD),
            kta_or(ui->context, "?"), paint(ui, PLAIN), kta_or(ui->server, "?"), where.s);
    for (size_t i = 0; i < plan->n; i++) {
        fprintf(ui->out, "  %s. ", plan->v[i]->id);
        kta_step_facts(plan->v[i], show_fact, ui);
    }
    fflush(ui->out);
}

static const struct {
    const char *mark, *code;
} marks[] = {
    [KTA_PLANNED] = {"…", ""},
    [KTA_DECLINED] = {"not done", ""},
    [KTA_REFUSED] = {"refused", RED},
    [KTA_EXECUTED] = {"done", GREEN},
    [KTA_FAILED] = {"failed", RED},
    [KTA_VERIFIED] = {"done and verified", GREEN},
    [KTA_UNVERIFIED] = {"done, but not recovered", RED},
    [KTA_UNKNOWN] = {"interrupted, state unknown", YELLOW},
    [KTA_UNDONE] = {"undone", YELLOW},
};

void ui_show_step(void *ctx, const struct kta_plan *plan, const struct kta_step *step)
{
    struct kta_ui *ui = ctx;

    (void)plan;
    if (ui->o.output != KTA_OUT_TEXT || step->state == KTA_PLANNED)
        return;
    kta_report_done(&ui->report);
    bool not_run = step->state == KTA_FAILED && !step->began;
    fprintf(ui->out, "  %s. %s%s%s", step->id, paint(ui, marks[step->state].code),
            not_run ? "not run" : marks[step->state].mark,
            *marks[step->state].code ? paint(ui, PLAIN) : "");
    if (step->state == KTA_FAILED && step->began)
        fprintf(ui->out, " (exit code %d)", step->exit_code);
    if (step->outcome && *step->outcome) {
        kta_auto_str struct kta_str clean = KTA_STR_INIT;
        kta_clean(step->outcome, strlen(step->outcome), &clean);
        fprintf(ui->out, ": %s", clean.s);
    }
    fputc('\n', ui->out);
    fflush(ui->out);
}
