/* ui_private.h - what the files of ui/ share. */
#ifndef UI_UI_PRIVATE_H
#define UI_UI_PRIVATE_H

#include <stdio.h>

#include "kta/ui.h"
#include "render.h"

struct kta_ui {
    struct kta_ui_options o;
    char *context, *server, *namespace_;
    FILE *out;   /* where text for people goes */
    FILE *trace; /* --trace-path, or NULL */
    bool colour, progress_wanted, progress_shown, text_open;
    struct render render;
    struct kta_report report;
};

void ui_end_text(struct kta_ui *ui);
/* plan_text.c */
void ui_show_plan(void *ctx, const struct kta_plan *plan);
void ui_show_step(void *ctx, const struct kta_plan *plan, const struct kta_step *step);
/* ask.c */
int ui_ask(void *ctx, struct kta_plan *plan, struct kta_step *step, enum kta_answer *ret,
           struct kta_err *err);

#endif
