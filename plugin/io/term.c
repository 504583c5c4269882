/*
 * term.c - the terminal: its colours and width, and asking through /dev/tty, which is there also
 * when the standard streams are pipes.
 */
#include "kta/term.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/tap.h"

bool kta_term_isatty(int fd)
{
    return isatty(fd) == 1;
}

bool kta_term_colour(int fd)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return kta_term_isatty(fd) && (!no || !*no) && term && *term && strcmp(term, "dumb") != 0;
}

int kta_term_width(int fd)
{
    struct winsize size = {0};
    const char *columns = getenv("COLUMNS");
    long given = columns ? strtol(columns, NULL, 10) : 0;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return given >= 20 && given <= 1000 ? (int)given : 80;
}

static int open_tty(void)
{
    return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

bool kta_term_can_ask(void)
{
    int fd = kta_tap_types(KTA_TYPED_ANSWER) ? -1 : open_tty();
    if (fd < 0)
        return kta_tap_types(KTA_TYPED_ANSWER);
    close(fd);
    return true;
}

/* Reads up to a newline. Byte by byte: what follows the line belongs to whoever reads next. */
static int read_line(int fd, struct kta_str *line, struct kta_err *err)
{
    for (;;) {
        struct pollfd fds[2] = {{.fd = fd, .events = POLLIN},
                                {.fd = kta_interrupt_fd(), .events = POLLIN}};
        char c;
        ssize_t n;
        if (kta_interrupt_check(err) < 0)
            return -1;
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            break;
        if (!fds[0].revents)
            continue;
        n = read(fd, &c, 1);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            break;
        if (c == '\n')
            return 0;
        kta_str_addc(line, c);
        if (line->len > KTA_MAX_QUESTION)
            return kta_err_set(err, KTA_E_LIMIT, "the line is too long");
    }
    return kta_err_set(err, KTA_E_UNCONFIRMED, "nobody answered: the terminal's input has ended");
}

/* What was answered when the session was recorded. */
static int ask_again(const char *prompt, struct kta_str *line, struct kta_err *err)
{
    kta_auto_free char *typed = kta_tap_type(KTA_TYPED_ANSWER);
    kta_auto_free char *shown = kta_asprintf("%s%s\n", prompt, kta_or(typed, ""));

    kta_fs_write_all(STDERR_FILENO, shown, strlen(shown));
    kta_str_clear(line);
    kta_str_add(line, kta_or(typed, ""));
    return typed ? 0 : kta_err_set(err, KTA_E_INTERRUPTED, "it was broken off");
}

int kta_term_ask(const char *prompt, struct kta_str *line, struct kta_err *err)
{
    int fd = -1, rc;
    if (kta_tap_types(KTA_TYPED_ANSWER))
        return ask_again(prompt, line, err);
    fd = open_tty();
    if (fd < 0) {
        kta_err_set(err, KTA_E_UNCONFIRMED, "there is no terminal to ask on");
        return kta_err_hint(err, "run it in a terminal, or add --yes");
    }
    kta_str_clear(line);
    tcflush(fd, TCIFLUSH); /* what was typed before the question is no answer to it */
    if (kta_fs_write_all(fd, prompt, strlen(prompt)) < 0)
        rc = kta_err_sys(err, KTA_E_UNCONFIRMED, errno, "cannot write to the terminal");
    else
        rc = read_line(fd, line, err);
    if (rc == 0 && line->len && line->s[line->len - 1] == '\r')
        kta_str_truncate(line, line->len - 1);
    kta_tap_typed(KTA_TYPED_ANSWER, rc == 0 ? line->s : NULL);
    if (rc < 0)
        kta_fs_write_all(fd, "\n", 1); /* what is said of it does not go on behind the question */
    close(fd);
    return rc;
}
