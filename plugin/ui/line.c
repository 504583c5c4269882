/*
 * line.c - readline: editing as in the user's inputrc, history, completion.
 *
 * Signals stay ours (interrupt.h): the handler sets a flag, and readline's event hook, called ten
 * times a second and after every interrupted read, ends the line. Only SIGWINCH is readline's: it
 * redraws.
 */
#include "kta/line.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/interrupt.h"
#include "kta/str.h"
#include "kta/tap.h"
#include "line_readline.h"

static struct {
    const struct kta_line_hooks *hooks;
    struct kta_argv candidates;
    bool had_text; /* when Ctrl-C came */
    const char *initial;
} state;

static int on_event(void)
{
    if (kta_interrupted()) {
        if (!*line_rl.rl_done && kta_interrupted() == SIGINT) {
            state.had_text = *line_rl.rl_end > 0;
            fputs("^C", *line_rl.rl_outstream); /* behind what stays to be read */
        }
        *line_rl.rl_done = 1;
    } else if (state.hooks && state.hooks->idle) {
        state.hooks->idle(state.hooks->ctx);
    }
    return 0;
}

/* ---- completion ---- */

static char *next_candidate(const char *text, int again)
{
    static size_t at;

    (void)text;
    at = again ? at + 1 : 0;
    if (at >= state.candidates.n)
        return NULL;
    char *copy = strdup(state.candidates.v[at]); /* readline frees it */
    return copy;
}

static char **complete(const char *text, int start, int end)
{
    (void)end;
    kta_argv_release(&state.candidates);
    *line_rl.rl_attempted_completion_over = 1;
    if (!state.hooks || !state.hooks->complete)
        return NULL;
    kta_auto_free char *before = kta_strndup(*line_rl.rl_line_buffer, (size_t)start);
    if (state.hooks->complete(state.hooks->ctx, before, text, &state.candidates))
        *line_rl.rl_attempted_completion_over = 0;
    if (state.candidates.n == 0)
        return NULL;
    if (state.candidates.n == 1 && kta_ends(state.candidates.v[0], "/"))
        *line_rl.rl_completion_suppress_append = 1;
    return line_rl.rl_completion_matches(text, next_candidate);
}

int kta_line_open(struct kta_err *err)
{
    static bool done;

    if (done)
        return 0;
    if (line_readline_load(err) < 0)
        return -1;
    done = true;
    *line_rl.rl_readline_name = "kubectl-todo-ai"; /* for $if in inputrc */
    *line_rl.rl_catch_signals = 0;
    *line_rl.rl_change_environment = 0;
    *line_rl.rl_event_hook = on_event;
    *line_rl.rl_signal_event_hook = on_event;
    *line_rl.rl_attempted_completion_function = complete;
    *line_rl.rl_basic_word_break_characters = " \t\n";
    *line_rl.rl_completer_word_break_characters = " \t\n";
    line_rl.using_history();
    line_rl.stifle_history(KTA_LINE_HISTORY);
    return 0;
}

void kta_line_hooks(const struct kta_line_hooks *hooks)
{
    state.hooks = hooks;
    if (!hooks)
        kta_argv_release(&state.candidates);
}

void kta_line_history_add(const char *line)
{
    HIST_ENTRY *last =
        *line_rl.history_length > 0
            ? line_rl.history_get(*line_rl.history_base + *line_rl.history_length - 1)
            : NULL;
    if (!last || !kta_streq(last->line, line))
        line_rl.add_history(line);
}

/* ---- lines ---- */

/* readline hands over a half-typed line when the terminal goes away: that was no question. */
static bool lost(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL));
}

/* What was typed when the session was recorded. */
static char *type_again(enum kta_typed as, const char *prompt)
{
    char *line = kta_tap_type(as);

    fprintf(as == KTA_TYPED_LINE ? stdout : stderr, "%s%s\n", prompt, kta_or(line, ""));
    return line;
}

char *kta_line_read(const char *prompt, enum kta_line_end *ret_end)
{
    if (kta_tap_types(KTA_TYPED_LINE)) {
        char *line = type_again(KTA_TYPED_LINE, prompt);
        *ret_end = line ? KTA_LINE_OK : KTA_LINE_EOF;
        return line;
    }
    *line_rl.rl_instream = stdin;
    *line_rl.rl_outstream = isatty(STDOUT_FILENO) ? stdout : stderr;
    line_rl.rl_reset_screen_size(); /* the window may have changed while we were not reading */
    state.had_text = false;
    char *got = line_rl.readline(prompt);
    int sig = kta_interrupted();
    *ret_end = KTA_LINE_OK;
    if (sig == SIGINT) {
        kta_interrupt_clear();
        *ret_end = state.had_text ? KTA_LINE_DROPPED : KTA_LINE_INTERRUPT;
    } else if (sig || !got || lost(STDIN_FILENO)) {
        *ret_end = KTA_LINE_EOF;
    }
    if (*ret_end == KTA_LINE_OK || *ret_end == KTA_LINE_EOF)
        kta_tap_typed(KTA_TYPED_LINE, *ret_end == KTA_LINE_OK ? got : NULL);
    if (*ret_end == KTA_LINE_OK) {
        char *copy = kta_strdup(got);
        free(got);
        return copy;
    }
    free(got);
    if (*ret_end == KTA_LINE_EOF && !sig)
        fputc('\n', *line_rl.rl_outstream);
    return NULL;
}

static int put_initial(void)
{
    line_rl.rl_insert_text(state.initial);
    return 0;
}

char *kta_line_edit(const char *prompt, const char *text, struct kta_err *err)
{
    const struct kta_line_hooks *hooks = state.hooks;
    if (kta_tap_types(KTA_TYPED_EDIT)) {
        char *line = type_again(KTA_TYPED_EDIT, prompt);
        if (!line)
            kta_err_set(err, KTA_E_UNCONFIRMED, "it was broken off");
        return line;
    }
    FILE *in = fopen("/dev/tty", "re"), *out = fopen("/dev/tty", "we");
    char *copy = NULL;

    if (in && out && kta_line_open(err) == 0) {
        *line_rl.rl_instream = in;
        *line_rl.rl_outstream = out;
        *line_rl.rl_startup_hook = put_initial;
        state.initial = text;
        state.hooks = NULL; /* commands are not completed as questions are */
        line_rl.rl_reset_screen_size();
        char *got = line_rl.readline(prompt);
        *line_rl.rl_startup_hook = NULL;
        state.hooks = hooks;
        *line_rl.rl_instream = stdin;
        *line_rl.rl_outstream = stdout;
        if (kta_interrupt_check(err) == 0) {
            copy = got && !lost(fileno(in)) ? kta_strdup(got) : NULL;
            if (!copy)
                kta_err_set(err, KTA_E_UNCONFIRMED, "the terminal's input has ended");
        }
        free(got);
        kta_tap_typed(KTA_TYPED_EDIT, copy);
    } else if (!in || !out) {
        kta_err_sys(err, KTA_E_UNCONFIRMED, errno, "there is no terminal to edit on");
    }
    if (in)
        fclose(in);
    if (out)
        fclose(out);
    return copy;
}
