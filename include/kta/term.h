/*
 * term.h - the terminal: whether there is one, its width, its colours, asking through /dev/tty.
 */
#ifndef KTA_TERM_H
#define KTA_TERM_H

#include <stdbool.h>
#include "kta/err.h"
#include "kta/str.h"

/* Colours are wanted on fd: it is a terminal, TERM is not dumb, NO_COLOR is unset or empty. */
bool kta_term_colour(int fd);
bool kta_term_isatty(int fd);
int kta_term_width(int fd); /* columns; 80 where unknown */
/* True if /dev/tty can be opened: there is a person to ask. */
bool kta_term_can_ask(void);
/* Prints prompt on /dev/tty, reads one line from there (also when stdin is piped). What was typed
 * before the prompt is dropped: it was not meant for it. The line replaces what was in it, without
 * its newline. -1 with
 * KTA_E_UNCONFIRMED when there is no terminal or it ended, KTA_E_INTERRUPTED on a signal. */
int kta_term_ask(const char *prompt, struct kta_str *line, struct kta_err *err);

#endif
