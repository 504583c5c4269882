/*
 * line_readline.h - readline's functions and variables, loaded with the first line that is read:
 * only a person at a terminal needs them, and every start would pay for them.
 */
#ifndef UI_LINE_READLINE_H
#define UI_LINE_READLINE_H

#include <stdio.h> /* readline's headers need it */
#include <readline/readline.h>
#include <readline/history.h>
#include "kta/err.h"

#define READLINE_NAMES(X)                                                                          \
    X(add_history)                                                                                 \
    X(history_get)                                                                                 \
    X(readline)                                                                                    \
    X(rl_completion_matches)                                                                       \
    X(rl_insert_text)                                                                              \
    X(rl_reset_screen_size)                                                                        \
    X(stifle_history)                                                                              \
    X(using_history)                                                                               \
    X(history_base)                                                                                \
    X(history_length)                                                                              \
    X(rl_attempted_completion_function)                                                            \
    X(rl_attempted_completion_over)                                                                \
    X(rl_basic_word_break_characters)                                                              \
    X(rl_catch_signals)                                                                            \
    X(rl_change_environment)                                                                       \
    X(rl_completer_word_break_characters)                                                          \
    X(rl_completion_suppress_append)                                                               \
    X(rl_done)                                                                                     \
    X(rl_end)                                                                                      \
    X(rl_event_hook)                                                                               \
    X(rl_instream)                                                                                 \
    X(rl_line_buffer)                                                                              \
    X(rl_outstream)                                                                                \
    X(rl_readline_name)                                                                            \
    X(rl_signal_event_hook)                                                                        \
    X(rl_startup_hook)

/* A pointer to each, under its own name. */
#define READLINE_POINTER(f) __typeof__(f) *f;
struct line_readline {
    READLINE_NAMES(READLINE_POINTER)
};
extern struct line_readline line_rl;

/* Loads it, once. -1: it is not installed. */
int line_readline_load(struct kta_err *err);

#endif
