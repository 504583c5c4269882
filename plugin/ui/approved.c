/*
 * approved.c - "don't ask again for this command": commands that were confirmed for the session.
 *
 * Invariant: an approval is for exactly these words and this manifest, and never covers a step of
 * high risk or on a protected target, whatever was said before.
 */
#include "kta/alloc.h"
#include "kta/limits.h"
#include "ui_private.h"

#define MAX_APPROVED 200

bool ui_may_approve(const struct kta_plan *plan, const struct kta_step *step)
{
    bool any = false;

    for (size_t i = 0; i < plan->n; i++) {
        const struct kta_step *s = plan->v[i];
        if (step ? s != step : s->state != KTA_PLANNED)
            continue;
        if (s->risk >= KTA_RISK_HIGH || s->verdict.protected_)
            return false;
        any = true;
    }
    return any;
}

static bool is_approved(const struct kta_ui *ui, const struct kta_step *s)
{
    for (size_t i = 0; i < ui->n_approved; i++)
        if (kta_argv_equal(&ui->approved[i].argv, &s->argv) &&
            kta_streq(ui->approved[i].input, s->stdin_text))
            return true;
    return false;
}

bool ui_approved(const struct kta_ui *ui, const struct kta_plan *plan, const struct kta_step *step)
{
    if (!ui_may_approve(plan, step))
        return false;
    for (size_t i = 0; i < plan->n; i++) {
        const struct kta_step *s = plan->v[i];
        if ((step ? s == step : s->state == KTA_PLANNED) && !is_approved(ui, s))
            return false;
    }
    return true;
}

void ui_approve(struct kta_ui *ui, const struct kta_plan *plan, const struct kta_step *step)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct kta_step *s = plan->v[i];
        if ((step ? s != step : s->state != KTA_PLANNED) || is_approved(ui, s) ||
            ui->n_approved == MAX_APPROVED)
            continue;
        KTA_GROW(ui->approved, ui->n_approved, ui->cap_approved);
        struct approved *a = &ui->approved[ui->n_approved++];
        *a = (struct approved){.input = kta_strdup(s->stdin_text)};
        kta_argv_copy(&a->argv, &s->argv);
    }
}

void ui_approved_release(struct kta_ui *ui)
{
    for (size_t i = 0; i < ui->n_approved; i++) {
        kta_argv_release(&ui->approved[i].argv);
        free(ui->approved[i].input);
    }
    free(ui->approved);
    ui->approved = NULL;
    ui->n_approved = ui->cap_approved = 0;
}
