/*
 * ask.c - the question before a change, through /dev/tty.
 *
 * The whole plan can be edited before it is confirmed. A change of high risk is confirmed by typing
 * the name of the object that it touches.
 */
#include <string.h>

#include "kta/str.h"
#include "kta/term.h"
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

static void ask_text(const struct kta_ui *ui, const struct kta_plan *plan,
                     const struct kta_step *step, bool several, char *buf, size_t n)
{
    snprintf(buf, n, "%s [y]es, [n]o, [e]dit%s%s%s: ",
             step      ? "Do this step?"
             : several ? "Do all of this?"
                       : "Do this?",
             several ? ", [o]ne by one" : "", ui_has_diff(plan, step) ? ", [p]ager" : "",
             !ui->session || !ui_may_approve(plan, step) ? ""
             : several                                   ? ", [d]on't ask again for these commands"
                                                         : ", [d]on't ask again for this command");
}

/* What a letter says. *ret_again: nothing yet, so it is asked once more. */
static int take_letter(struct kta_ui *ui, char c, struct kta_plan *plan, struct kta_step *step,
                       enum kta_answer *ret, bool *ret_again, struct kta_err *err)
{
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
        if (c == 'p' && ui_has_diff(plan, step))
            r = ui_page(plan, step, err);
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
        char prompt[200];
        ask_text(ui, plan, step, several, prompt, sizeof prompt);
        kta_str_clear(&line);
        if (kta_term_ask(prompt, &line, err) < 0)
            return -1;
        kta_str_trim(&line);
        if (take_letter(ui, (char)(line.s[0] | 0x20), plan, step, ret, &again, err) < 0)
            return -1;
    }
    return 0;
}
