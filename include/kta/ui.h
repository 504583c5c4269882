/*
 * ui.h - what a person sees: the answer and the plan on stdout, all else on stderr.
 */
#ifndef KTA_UI_H
#define KTA_UI_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/finding.h"
#include "kta/plan.h"
#include "kta/report.h"
#include "kta/str.h"

enum kta_output { KTA_OUT_TEXT, KTA_OUT_JSON, KTA_OUT_JSONL };

struct kta_ui;

struct kta_ui_options {
    enum kta_output output;
    bool quiet; /* no progress, no notes but warnings, never asks */
    bool no_colour;
    bool whole_diffs; /* no question follows a plan: its differences are shown to their ends */
    bool script;      /* --dry-run -q in text: stdout is a script, everything else goes to stderr */
    const char *context, *server, *namespace_; /* shown above a plan; may be set later */
};

struct kta_ui *kta_ui_new(const struct kta_ui_options *options);
void kta_ui_free(struct kta_ui *ui);
const struct kta_report *kta_ui_report(struct kta_ui *ui);
void kta_ui_where(struct kta_ui *ui, const char *context, const char *server,
                  const char *namespace_);

/* What a command line of this program is in a conversation: "kubectl todo-ai undo" is "/undo". */
struct kta_ui_word {
    const char *line, *here;
};
/* What follows is a conversation: "don't ask again for this command" is offered, and notes and
 * hints name its own commands. words: ends with a NULL line; outlives the ui. */
void kta_ui_session(struct kta_ui *ui, const struct kta_ui_word *words);

/* From now on every event, also what a model is sent (redacted), goes to that file, a JSON line
 * each, 0600. */
int kta_ui_trace(struct kta_ui *ui, const char *path, struct kta_err *err);

/* Markdown for a terminal (colour) or as it is (plain); cleaned. */
void kta_ui_answer(struct kta_ui *ui, const char *markdown);
void kta_ui_findings(struct kta_ui *ui, const struct kta_findings *f);
/* Any text of the frontend: stdout (or stderr where stdout carries a document). */
void kta_ui_print(struct kta_ui *ui, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* One paragraph: first, then text in lines of the terminal's width, under where it began. */
void kta_ui_prose(struct kta_ui *ui, const char *first, const char *text);
/* "kubectl-todo-ai: message" (in a conversation only the message) and "  hint" on stderr. */
void kta_ui_error(struct kta_ui *ui, const struct kta_err *err);
/* The whole document (-o json), or the last line of -o jsonl. */
void kta_ui_document(struct kta_ui *ui, const struct kta_json *doc);
/* Flushes stdout; -1 with a sentence when it could not be written. */
int kta_ui_flush(struct kta_ui *ui, struct kta_err *err);

#endif
