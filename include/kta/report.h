/*
 * report.h - how the rooms below tell the person what goes on, and ask.
 *
 * The frontends (ui/ for a terminal, mcp/, tests) fill in this struct; the rooms below never
 * print. Every function may be NULL. Text passed here is already redacted and cleaned.
 */
#ifndef KTA_REPORT_H
#define KTA_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/err.h"
#include "kta/json.h"

struct kta_plan;
struct kta_step;

enum kta_answer {
    KTA_ANSWER_NO,
    KTA_ANSWER_YES,
    KTA_ANSWER_EDIT, /* the plan or the step was changed by ask(): classify again */
    KTA_ANSWER_ONE_BY_ONE,
    KTA_ANSWER_NOBODY, /* there is nobody to ask */
};

struct kta_report {
    void *ctx;
    /* What is being done, replaced by the next: "reading 3 logs". NULL text clears it. */
    void (*progress)(void *ctx, const char *text);
    /* A lasting line: a warning, a cut, what could not be read. */
    void (*note)(void *ctx, const char *text);
    /* One piece of the answer's text, as it comes. */
    void (*text)(void *ctx, const char *p, size_t n);
    /* A machine-readable event (-o jsonl): an Event of this type; data is borrowed. */
    void (*event)(void *ctx, const char *type, const struct kta_json *data);
    /* Shows the plan with its previews, before anything is asked. */
    void (*plan)(void *ctx, const struct kta_plan *plan);
    /* A step changed its state (executed, failed, verified …). */
    void (*step)(void *ctx, const struct kta_plan *plan, const struct kta_step *step);
    /* Output of a running step. */
    void (*output)(void *ctx, const char *p, size_t n);
    /* Asks about the whole plan (step NULL) or one step. May edit the step. -1 when interrupted. */
    int (*ask)(void *ctx, struct kta_plan *plan, struct kta_step *step, enum kta_answer *ret,
               struct kta_err *err);
};

/* NULL-safe calls; printf-style for the two texts. */
void kta_report_progress(const struct kta_report *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void kta_report_done(const struct kta_report *r); /* clears the progress */
void kta_report_note(const struct kta_report *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void kta_report_event(const struct kta_report *r, const char *type, const struct kta_json *data);

#endif
