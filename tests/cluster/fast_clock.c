/*
 * fast_clock.c - a minute passes in a second for the program that this is preloaded into, from the
 * moment that the file FAST_WHEN is there: a deadline of minutes comes in seconds.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

int clock_gettime(clockid_t id, struct timespec *t)
{
    static struct timespec from;
    const char *when = getenv("FAST_WHEN");
    int rc = REAL(clock_gettime)(id, t);

    if (rc == 0 && id == CLOCK_MONOTONIC && when && access(when, F_OK) == 0) {
        if (!from.tv_sec)
            from = *t;
        t->tv_sec += 60 * (t->tv_sec - from.tv_sec);
    }
    return rc;
}

int poll(struct pollfd *fds, nfds_t n, int ms)
{
    return REAL(poll)(fds, n, ms < 0 || ms > 200 ? 200 : ms);
}
