/*
 * proc.h - child processes: an argv, its own process group, a deadline, bounded output.
 *
 * There is no shell. The program is found by absolute path by the caller (kta_fs_which at start).
 * Both outputs are polled; whatever ends the wait (deadline, interrupt) ends the whole process
 * group: SIGTERM, 2 s later SIGKILL. All our descriptors are O_CLOEXEC. A child that has our
 * terminal (inherit_tty) is in our process group, or the terminal would stop it: only it is ended
 * then, and what it has started stays.
 */
#ifndef KTA_PROC_H
#define KTA_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kta/argv.h"
#include "kta/err.h"
#include "kta/str.h"

struct kta_proc {
    /* filled in by the caller */
    const struct kta_argv *argv; /* argv->v[0] is what the child sees as its name */
    const char *path;            /* absolute path of the executable */
    const char *const *env;      /* NULL-terminated "K=V"; NULL: our environment */
    const char *input;           /* bytes for its stdin; NULL: /dev/null */
    size_t input_len;
    const char *dir;    /* working folder; NULL: ours */
    int64_t timeout_ms; /* 0: KTA_PROC_TIMEOUT_MS */
    size_t max_output;  /* of each stream; 0: KTA_MAX_PROC_OUTPUT; more is read and dropped */
    bool secret;        /* its output is a credential: never recorded */
    /* stdin, stdout, stderr are ours ($EDITOR, $PAGER), and so is not Ctrl-C: it is the child's */
    bool inherit_tty;
    bool catch_stdout; /* with inherit_tty: stdout goes to out all the same, and Ctrl-C ends both */
    /* Called with each piece as it comes; NULL: none. fd is 1 or 2. */
    void (*on_output)(void *ctx, int fd, const char *p, size_t n);
    void *ctx;
    /* results */
    struct kta_str out, err; /* released with kta_proc_release */
    int exit_code;           /* 0-255; 128+N for a signal; 255 too where nobody can know it */
    bool timed_out, interrupted, started;
};

/* Runs it to its end. 0 when it ran, whatever its exit code; -1 when it could not be started
 * (KTA_E_NOT_FOUND: no such program), passed its deadline (KTA_E_TIMEOUT) or was interrupted. */
int kta_proc_run(struct kta_proc *p, struct kta_err *err);
void kta_proc_release(struct kta_proc *p);

#endif
