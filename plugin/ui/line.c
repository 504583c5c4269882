/* line.c - readline: editing as in the user's inputrc, history of this session. */
#include "kta/line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <readline/readline.h>
#include <readline/history.h>

#include "kta/interrupt.h"
#include "kta/str.h"

/* Ctrl-C on the line: drop what was typed and begin a new one. */
static int on_event(void)
{
    if (kta_interrupted()) {
        rl_replace_line("", 0);
        rl_done = 1;
    }
    return 0;
}

char *kta_line_read(const char *prompt)
{
    struct kta_str line = KTA_STR_INIT;

    rl_catch_signals = 0;
    rl_event_hook = on_event;
    char *got = readline(prompt);
    if (!got)
        return NULL;
    if (kta_interrupted() == 2) {
        kta_interrupt_clear();
        putchar('\n');
    }
    kta_str_add(&line, got);
    free(got);
    kta_str_trim(&line);
    if (line.len > 0)
        add_history(line.s);
    return kta_str_detach(&line);
}
