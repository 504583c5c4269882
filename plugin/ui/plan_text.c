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

/* A manifest or a difference, line by line; most 0: all of it. */
static void lines(struct kta_ui *ui, const char *text, const char *indent, bool diff, size_t most)
{
    size_t n = 0;

    for (const char *p = text; *p; n++) {
        size_t len = strcspn(p, "\n");
        const char *code = !diff ? "" : *p == '+' ? GREEN : *p == '-' ? RED : "";
        if (most == 0 || n < most)
            fprintf(ui->out, "%s%s%.*s%s\n", indent, paint(ui, code), (int)len, p,
                    *code ? paint(ui, PLAIN) : "");
        p += len + (p[len] == '\n');
    }
    if (most > 0 && n > most)
        fprintf(ui->out, "%s… %zu more lines: [p]ager shows all\n", indent, n - most);
}

static void prose(struct kta_ui *ui, const char *first, const char *code, const char *text)
{
    kta_auto_str struct kta_str out = KTA_STR_INIT;

    ui_wrap(first, text, ui_width(ui->out), &out);
    fprintf(ui->out, "%s%s%s", paint(ui, code), out.s, *code ? paint(ui, PLAIN) : "");
}

static void show_alarm(struct kta_ui *ui, const char *text)
{
    bool unasked = kta_starts(text, "not asked for");

    prose(ui, unasked ? "     " : "     ! ", unasked ? RED : "", text);
}

static void show_fact(void *ctx, enum kta_fact what, const char *text)
{
    static const char *const indents[] = {
        [KTA_FACT_WHY] = "     ",
        [KTA_FACT_EVIDENCE] = "     evidence: ",
        [KTA_FACT_MANIFEST] = "     | ",
        [KTA_FACT_RISK] = "     ",
        [KTA_FACT_WARNING] = "     ! ",
        [KTA_FACT_DIFF] = "       ",
        [KTA_FACT_REFUSED] = "     refused by policy: ",
    };
    struct kta_ui *ui = ctx;

    switch (what) {
    case KTA_FACT_COMMAND:
        fprintf(ui->out, "%s%s%s\n", paint(ui, BOLD), text, paint(ui, PLAIN));
        break;
    case KTA_FACT_ALARM:
        show_alarm(ui, text);
        break;
    case KTA_FACT_MANIFEST:
        fprintf(ui->out, "     with this manifest as its input:\n");
        lines(ui, text, indents[what], false, 0);
        break;
    case KTA_FACT_DIFF:
        lines(ui, *text ? text : "(no difference to show)", indents[what], true, ui->diff_lines);
        break;
    case KTA_FACT_WHY:
    case KTA_FACT_EVIDENCE:
    case KTA_FACT_RISK:
    case KTA_FACT_WARNING:
    case KTA_FACT_REFUSED:
        prose(ui, indents[what], what == KTA_FACT_REFUSED ? RED : "", text);
        break;
    }
}

/* ---- how much of the differences is shown ---- */

#define MAX_DIFF 60 /* lines of all differences of a plan, where a person reads them */
#define MIN_DIFF 10 /* of each, however many there are */

static size_t lines_of_each(const struct kta_ui *ui, const struct kta_plan *plan)
{
    size_t with = 0;

    if (ui->o.whole_diffs || ui_width(ui->out) == 0)
        return 0;
    for (size_t i = 0; i < plan->n; i++)
        with += plan->v[i]->preview.diff && *plan->v[i]->preview.diff;
    return with == 0 || MAX_DIFF / with >= MIN_DIFF ? MAX_DIFF / (with ? with : 1) : MIN_DIFF;
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
    ui->diff_lines = lines_of_each(ui, plan);
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

/* That it is done was told when it was. */
static const char *mark_of(const struct kta_ui *ui, const struct kta_step *s)
{
    bool told = ui->done == s;

    if (s->state == KTA_FAILED && !s->began)
        return "not run";
    return told && s->state == KTA_VERIFIED     ? "verified"
           : told && s->state == KTA_UNVERIFIED ? "not recovered"
                                                : marks[s->state].mark;
}

void ui_show_step(void *ctx, const struct kta_plan *plan, const struct kta_step *step)
{
    struct kta_ui *ui = ctx;

    (void)plan;
    if (ui->o.output != KTA_OUT_TEXT || step->state == KTA_PLANNED)
        return;
    kta_report_done(&ui->report);
    kta_auto_str struct kta_str first = KTA_STR_INIT, text = KTA_STR_INIT;
    kta_str_addf(&first, "  %s. ", step->id);
    kta_str_addf(&text, "%s", mark_of(ui, step));
    if (step->state == KTA_FAILED && step->began)
        kta_str_addf(&text, " (exit code %d)", step->exit_code);
    if (step->outcome && *step->outcome) {
        kta_str_add(&text, ": ");
        kta_clean(step->outcome, strlen(step->outcome), &text);
    }
    prose(ui, first.s, marks[step->state].code, text.s);
    ui->done = step->state == KTA_EXECUTED ? step : NULL;
    fflush(ui->out);
}
