/* ui_private.h - what the files of ui/ share. */
#ifndef UI_UI_PRIVATE_H
#define UI_UI_PRIVATE_H

#include <stdio.h>

#include "kta/ui.h"
#include "render.h"

/* A command that was confirmed for the whole session. */
struct approved {
    struct kta_argv argv;
    char *input;
};

struct kta_ui {
    struct kta_ui_options o;
    char *context, *server, *namespace_;
    FILE *out;   /* where text for people goes */
    FILE *trace; /* --trace-path, or NULL */
    bool colour, progress_wanted, text_open, session;
    const struct kta_ui_word *words; /* NULL: no session */
    struct render render;
    struct kta_report report;
    size_t diff_lines;           /* shown of each difference; 0: all */
    const struct kta_step *done; /* the step that was last told to be done */
    size_t hidden;               /* bytes of an answer that comes and is not on the screen */
    struct approved *approved;
    size_t n_approved, cap_approved;
};

void ui_end_text(struct kta_ui *ui);
/* Columns of a stream; 0 where nobody sees lines: a pipe, a file. */
int ui_width(FILE *to);
/* ---- wrap.c ---- */
/* The beginning of s that fits, with … where something is missing. */
void ui_cut(const char *s, int width, struct kta_str *out);
/* first, then text, which goes on under where it began; ends with a newline. */
void ui_wrap(const char *first, const char *text, int width, struct kta_str *out);
/* progress.c: one line on stderr that tells what goes on and for how long; redrawn every second by
 * a timer's signal, so that it lives while something else waits. One for the process. */
void progress_show(const char *text);
void progress_clear(void);
/* plan_text.c */
void ui_show_plan(void *ctx, const struct kta_plan *plan);
void ui_show_step(void *ctx, const struct kta_plan *plan, const struct kta_step *step);
/* approved.c: step NULL: all steps that can still run */
bool ui_may_approve(const struct kta_plan *plan, const struct kta_step *step);
bool ui_approved(const struct kta_ui *ui, const struct kta_plan *plan, const struct kta_step *step);
void ui_approve(struct kta_ui *ui, const struct kta_plan *plan, const struct kta_step *step);
void ui_approved_release(struct kta_ui *ui);
/* edit.c: lets the person change the plan, or one step of it. */
int ui_edit(struct kta_plan *plan, struct kta_step *step, struct kta_err *err);
/* Runs a command of the person's with the file behind it, at the terminal; what: "editor". */
int ui_open_file(const char *what, const char *command, const char *file, struct kta_err *err);

/* ---- pager.c ---- */
/* Lines of the differences that a plan or one step makes. */
size_t ui_diff_lines(const struct kta_plan *plan, const struct kta_step *only);
int ui_page(const struct kta_plan *plan, const struct kta_step *only, struct kta_err *err);
/* ask.c */
int ui_ask(void *ctx, struct kta_plan *plan, struct kta_step *step, enum kta_answer *ret,
           struct kta_err *err);

#endif
