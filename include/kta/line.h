/*
 * line.h - reading a line with editing, history and completion on a terminal (readline lives behind
 * it; keys are as the user's inputrc has them).
 *
 * One terminal, one process: the state is global. No call blocks a key stroke: candidates come from
 * what the caller knows already, and `idle` is called about ten times a second while a line is
 * waited for, so that it can fetch more.
 */
#ifndef KTA_LINE_H
#define KTA_LINE_H

#include <stdbool.h>
#include "kta/argv.h"
#include "kta/err.h"

enum kta_line_end {
    KTA_LINE_OK,
    KTA_LINE_EOF,       /* Ctrl-D on an empty line, a lost terminal, SIGTERM, SIGHUP */
    KTA_LINE_DROPPED,   /* Ctrl-C: what was typed is gone */
    KTA_LINE_INTERRUPT, /* Ctrl-C on an empty line */
};

struct kta_line_hooks {
    void *ctx;
    /* Adds what the word could become; before is the line up to it. True: names of files are
     * offered as well. */
    bool (*complete)(void *ctx, const char *before, const char *word, struct kta_argv *ret);
    void (*idle)(void *ctx); /* may be NULL */
};
/* Loads readline. Before all others but kta_line_hooks and kta_line_edit. -1: it is missing. */
int kta_line_open(struct kta_err *err);
/* hooks is borrowed; NULL: none any more. */
void kta_line_hooks(const struct kta_line_hooks *hooks);

/* One line without its end, as it was typed; text that was pasted may hold newlines. NULL unless
 * *ret_end is KTA_LINE_OK. Caller frees. */
char *kta_line_read(const char *prompt, enum kta_line_end *ret_end);
/* Text on /dev/tty that the person may change; also when stdin is piped. NULL with
 * KTA_E_INTERRUPTED or KTA_E_UNCONFIRMED. Caller frees. */
char *kta_line_edit(const char *prompt, const char *text, struct kta_err *err);
/* What the arrow keys bring back: oldest first, the last KTA_LINE_HISTORY are kept. */
#define KTA_LINE_HISTORY 1000
void kta_line_history_add(const char *line);

#endif
