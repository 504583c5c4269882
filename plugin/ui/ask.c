/*
 * ask.c - the question before a change, through /dev/tty.
 *
 * The whole plan can be edited before it is confirmed. A change of high risk is confirmed by typing
 * the name of the object that it touches.
 */
#include <string.h>
#include <strings.h>
#include "kta/alloc.h"
#include "kta/str.h"
#include "kta/term.h"
#include "kta/utf8.h"
#include "ui_private.h"

/* The word to be typed: the name of the first object, as it is named or found; else the verb. */
static void word_for(const struct kta_step *s, char *buf, size_t n)
{
    struct kta_command cmd;
    struct kta_named named[1];
    struct kta_err err = KTA_ERR_INIT;

    snprintf(buf, n, "yes");
    if (kta_command_parse(&s->argv, &cmd, &err) < 0)
        return;
    if (kta_command_objects(&cmd, named, 1) > 0 && named[0].name)
        snprintf(buf, n, "%s", named[0].name);
    else if (kta_step_object(s))
        snprintf(buf, n, "%s", kta_step_object(s));
    else if (cmd.verb)
        snprintf(buf, n, "%s", cmd.verb);
    kta_command_release(&cmd);
}

/* A protected target outweighs any risk. */
static int weight(const struct kta_step *s)
{
    return s->verdict.protected_ ? KTA_RISK_HIGH + 1 : (int)s->risk;
}

static const struct kta_step *riskiest(const struct kta_plan *plan, const struct kta_step *step)
{
    const struct kta_step *worst = step;

    for (size_t i = 0; !step && i < plan->n; i++)
        if (plan->v[i]->state == KTA_PLANNED && (!worst || weight(plan->v[i]) > weight(worst)))
            worst = plan->v[i];
    return worst;
}

static int type_name(const struct kta_step *s, enum kta_answer *ret, struct kta_err *err)
{
    kta_auto_str struct kta_str line = KTA_STR_INIT;
    char word[256], prompt[640];

    word_for(s, word, sizeof word);
    snprintf(prompt, sizeof prompt, "Step %s is %s%s%s. Type '%s' to do it: ", s->id,
             s->verdict.protected_ ? "on a protected target" : "of high risk",
             s->verdict.risk_why[0] ? ": " : "", s->verdict.risk_why, word);
    if (kta_term_ask(prompt, &line, err) < 0)
        return -1;
    kta_str_trim(&line);
    *ret = kta_streq(line.s, word) ? KTA_ANSWER_YES : KTA_ANSWER_NO;
    return 0;
}

#define FAR 10 /* lines of a difference: the command has scrolled away */

/* "Step 2 of 3: kubectl patch … (medium risk)": which one is meant, where the plan alone does not
 * say it. The plan shows the command whole. */
static void name_step(const struct kta_plan *plan, const struct kta_step *step, struct kta_str *out)
{
    const struct kta_step *s = step ? step : riskiest(plan, NULL);
    kta_auto_str struct kta_str command = KTA_STR_INIT, clean = KTA_STR_INIT, end = KTA_STR_INIT;

    if (!step && (plan->n != 1 || ui_diff_lines(plan, NULL) <= FAR))
        return;
    kta_argv_quote(&s->argv, &command);
    kta_clean(command.s, strcspn(command.s, "\n"), &clean);
    for (size_t i = 0; plan->n > 1 && i < plan->n; i++)
        if (plan->v[i] == s)
            kta_str_addf(out, "Step %zu of %zu: ", i + 1, plan->n);
    kta_str_addf(&end, " (%s risk)", kta_risk_name(s->risk));
    ui_cut(clean.s, kta_term_width(2) - (int)(out->len + end.len), out);
    kta_str_addf(out, "%s\n", end.s);
}

/* What may be answered: a letter, and the words behind it. */
static void letters(const struct kta_ui *ui, const struct kta_plan *plan,
                    const struct kta_step *step, struct kta_str *out)
{
    bool several = !step && plan->n > 1;

    kta_str_addf(out, "[y]es, [n]o, [e]dit%s%s%s", several ? ", [o]ne by one" : "",
                 ui_diff_lines(plan, step) ? ", [p]ager" : "",
                 !ui->session || !ui_may_approve(plan, step) ? ""
                 : several ? ", [d]on't ask again for these commands"
                           : ", [d]on't ask again for this command");
}

static void ask_text(const struct kta_ui *ui, const struct kta_plan *plan,
                     const struct kta_step *step, struct kta_str *out)
{
    name_step(plan, step, out);
    kta_str_add(out, step ? "Do this step? " : plan->n > 1 ? "Do all of this? " : "Do this? ");
    letters(ui, plan, step, out);
    kta_str_add(out, ": ");
}

/* A letter that says nothing here: what would. */
static void unknown_letter(const struct kta_ui *ui, const char *typed, const struct kta_plan *plan,
                           const struct kta_step *step)
{
    kta_auto_str struct kta_str clean = KTA_STR_INIT, can = KTA_STR_INIT;

    kta_clean(typed, strlen(typed), &clean);
    letters(ui, plan, step, &can);
    fprintf(stderr, "'%s' is no answer here; the letter in brackets is: %s\n", clean.s, can.s);
}

/* The letter that was meant: it alone, or its whole word ("don't" is no "don't ask again"). '\0':
 * none of them. */
static char letter_of(const char *typed)
{
    static const char *const words[] = {"yes",      "no",   "nope",
                                        "edit",     "one",  "one by one",
                                        "pager",    "page", "don't ask again",
                                        "don't ask"};

    for (size_t i = 0; i < KTA_LEN(words); i++)
        if (strcasecmp(typed, words[i]) == 0 ||
            (typed[0] && !typed[1] && (typed[0] | 0x20) == *words[i]))
            return *words[i];
    return '\0';
}

/* What a letter says. *ret_again: nothing yet, so it is asked once more. */
static int take_letter(struct kta_ui *ui, const char *typed, struct kta_plan *plan,
                       struct kta_step *step, enum kta_answer *ret, bool *ret_again,
                       struct kta_err *err)
{
    char c = letter_of(typed);
    const struct kta_step *worst = riskiest(plan, step);
    int r = 0;

    *ret_again = false;
    if (c == 'y' && weight(worst) >= KTA_RISK_HIGH)
        return type_name(worst, ret, err);
    if (c == 'y')
        *ret = KTA_ANSWER_YES;
    else if (c == 'n')
        *ret = KTA_ANSWER_NO;
    else if (c == 'o' && !step && plan->n > 1)
        *ret = KTA_ANSWER_ONE_BY_ONE;
    else if (c == 'd' && ui->session && ui_may_approve(plan, step)) {
        ui_approve(ui, plan, step);
        *ret = KTA_ANSWER_YES;
    } else if (c == 'e' && (r = ui_edit(plan, step, err)) == 0) {
        *ret = KTA_ANSWER_EDIT;
    } else {
        *ret_again = true;
        if (c == 'p' && ui_diff_lines(plan, step))
            r = ui_page(plan, step, err);
        else if (c != 'e' && *typed)
            unknown_letter(ui, typed, plan, step);
        if (r < 0 && err->code == KTA_E_INTERRUPTED)
            return -1;
        if (r < 0)
            kta_ui_error(ui, err);
        kta_err_clear(err);
    }
    return 0;
}

int ui_ask(void *ctx, struct kta_plan *plan, struct kta_step *step, enum kta_answer *ret,
           struct kta_err *err)
{
    struct kta_ui *ui = ctx;
    kta_auto_str struct kta_str line = KTA_STR_INIT;
    bool several = !step && plan->n > 1, again = true;

    ui_end_text(ui);
    kta_report_done(&ui->report);
    fflush(ui->out);
    *ret = KTA_ANSWER_NOBODY;
    if (!kta_term_can_ask() || !riskiest(plan, step))
        return 0;
    if (ui_approved(ui, plan, step)) {
        kta_ui_print(ui, "  Not asked again: you said so for %s.\n",
                     several ? "these commands" : "this command");
        *ret = KTA_ANSWER_YES;
        return 0;
    }
    while (again) {
        kta_auto_str struct kta_str prompt = KTA_STR_INIT;
        ask_text(ui, plan, step, &prompt);
        kta_str_clear(&line);
        if (kta_term_ask(prompt.s, &line, err) < 0)
            return -1;
        kta_str_trim(&line);
        if (take_letter(ui, line.s, plan, step, ret, &again, err) < 0)
            return -1;
    }
    return 0;
}
