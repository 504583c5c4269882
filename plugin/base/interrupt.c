/*
 * interrupt.c - SIGINT, SIGTERM and SIGHUP as a flag and a readable descriptor.
 *
 * The handler only stores the number and writes one byte to a non-blocking pipe: both are
 * async-signal-safe, and a full pipe is as readable as one with a byte.
 */
#include "kta/interrupt.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t caught;
static _Atomic bool cancelled;
static int pipe_fd[2] = {-1, -1};

static void on_signal(int sig)
{
    int saved = errno;
    caught = sig;
    if (pipe_fd[1] >= 0 && write(pipe_fd[1], "!", 1) < 0)
        errno = 0;
    errno = saved;
}

void kta_interrupt_install(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM};
    if (pipe_fd[0] < 0 && pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK) < 0)
        pipe_fd[0] = pipe_fd[1] = -1; /* the flag alone still works: waits have deadlines */
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sigemptyset(&sa.sa_mask);
    sa.sa_handler = on_signal; /* no SA_RESTART: a blocking call returns EINTR */
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction old;
        /* nohup and `sh -c '… &'` start us with a signal ignored: that stays so. --timeout is ours.
         */
        if (signals[i] != SIGALRM && !sigaction(signals[i], NULL, &old) &&
            old.sa_handler == SIG_IGN)
            continue;
        sigaction(signals[i], &sa, NULL);
    }
    sa.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &sa, NULL);
    sa.sa_handler = SIG_DFL; /* ignored, the kernel would reap our children */
    sigaction(SIGCHLD, &sa, NULL);
}

void kta_interrupt_after(int64_t ms)
{
    struct itimerval t = {
        .it_value = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)}};

    setitimer(ITIMER_REAL, &t, NULL);
}

int kta_interrupted(void)
{
    return caught ? caught : cancelled ? SIGINT : 0;
}

int kta_interrupt_signal(void)
{
    return caught;
}

/* The byte that wakes the waits stays in the pipe until the call is over. */
void kta_interrupt_cancel(bool on)
{
    cancelled = on;
    if (!on && !caught)
        kta_interrupt_clear();
    else if (pipe_fd[1] >= 0 && write(pipe_fd[1], "!", 1) < 0)
        errno = 0;
}

int kta_interrupt_fd(void)
{
    return pipe_fd[0];
}

void kta_interrupt_clear(void)
{
    char drop[64];
    caught = 0;
    while (pipe_fd[0] >= 0 && read(pipe_fd[0], drop, sizeof drop) > 0)
        continue;
}

int kta_interrupt_check(struct kta_err *err)
{
    int sig = caught;
    if (!sig && cancelled)
        return kta_err_set(err, KTA_E_INTERRUPTED, "the call was cancelled");
    if (!sig)
        return 0;
    if (sig == SIGALRM)
        return kta_err_set(err, KTA_E_TIMEOUT, "the run took longer than --timeout allows");
    return kta_err_set(err, KTA_E_INTERRUPTED, "interrupted by %s",
                       sig == SIGINT    ? "Ctrl-C"
                       : sig == SIGTERM ? "SIGTERM"
                                        : "SIGHUP");
}
