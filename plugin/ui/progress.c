/*
 * progress.c - the line on stderr that tells what goes on, and for how long it has.
 *
 * Invariants: the signal handler reads only what is complete (`shown` is set last and cleared
 * first, both in the thread that the signal interrupts) and calls only async-signal-safe functions.
 * Every other write to the terminal clears the line first.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kta/clock.h"
#include "kta/str.h"
#include "kta/term.h"
#include "kta/utf8.h"
#include "ui_private.h"

#define DRAW_MS  50 /* tokens come faster than anybody reads */
#define MAX_LINE 400

static struct {
    volatile sig_atomic_t shown;
    char text[MAX_LINE];
    size_t len, label; /* label: the part before a colon, the same while the same thing goes on */
    time_t since;      /* seconds of the monotonic clock */
    int64_t drawn;     /* ms */
    bool has_timer;
    timer_t timer;
} now;

static time_t monotonic(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

static size_t add(char *buf, size_t at, const char *s, size_t n)
{
    memcpy(buf + at, s, n);
    return at + n;
}

static void draw(void)
{
    static const char begin[] = "\r\033[K\033[2m… ", end[] = "\033[0m";
    char buf[MAX_LINE + 64], digits[24];
    size_t at = add(buf, 0, begin, sizeof begin - 1), d = sizeof digits;
    time_t secs = monotonic() - now.since;

    at = add(buf, at, now.text, now.len);
    if (secs >= 1) {
        at = add(buf, at, " (", 2);
        for (; secs > 0 && d > 0; secs /= 10)
            digits[--d] = (char)('0' + secs % 10);
        at = add(buf, at, digits + d, sizeof digits - d);
        at = add(buf, at, " s)", 3);
    }
    at = add(buf, at, end, sizeof end - 1);
    if (write(STDERR_FILENO, buf, at) < 0)
        return; /* a terminal that is gone shows nothing */
}

static void on_timer(int sig)
{
    int saved = errno;

    (void)sig;
    if (now.shown)
        draw();
    errno = saved;
}

static void set_timer(time_t seconds)
{
    struct itimerspec t = {.it_value.tv_sec = seconds, .it_interval.tv_sec = seconds};

    if (!now.has_timer) {
        struct sigaction sa = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
        struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3};
        sigemptyset(&sa.sa_mask);
        if (sigaction(SIGRTMIN + 3, &sa, NULL) < 0 ||
            timer_create(CLOCK_MONOTONIC, &ev, &now.timer) < 0)
            return; /* then it is drawn only when there is news */
        now.has_timer = true;
    }
    timer_settime(now.timer, 0, &t, NULL);
}

void progress_show(const char *text)
{
    size_t n = strcspn(text, "\n"), label = strcspn(text, ":\n");
    int width = kta_term_width(STDERR_FILENO) - 12; /* the dots before it, the time behind it */
    bool same = now.shown && label == now.label && memcmp(text, now.text, label) == 0;
    int64_t ms = kta_now_ms();

    n = kta_utf8_prefix(text, n, MAX_LINE - 1);
    while (n > 0 && kta_str_width(text, n) > (width > 8 ? width : 8))
        n = kta_utf8_prefix(text, n, n - 1);
    bool draws = !same || ms - now.drawn >= DRAW_MS;
    now.shown = 0;
    memcpy(now.text, text, n);
    now.len = n;
    now.label = label < n ? label : n;
    if (!same)
        now.since = monotonic();
    now.shown = 1;
    if (draws) {
        now.drawn = ms;
        draw();
    }
    if (!same)
        set_timer(1);
}

void progress_clear(void)
{
    static const char clear[] = "\r\033[K";

    if (!now.shown)
        return;
    now.shown = 0;
    if (now.has_timer)
        set_timer(0);
    if (write(STDERR_FILENO, clear, sizeof clear - 1) < 0)
        return;
}
