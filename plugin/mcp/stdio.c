/*
 * stdio.c - one client on stdin and stdout: a JSON message a line, nothing else on stdout.
 *
 * The thread that reads answers what is quick itself. A client that does not read stops us by the
 * full pipe: nothing is queued. At the end of stdin the calls that came are still answered, unless
 * nobody reads them any more.
 */
#include "mcp.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/interrupt.h"
#include "kta/limits.h"

struct stdio {
    struct mcp_server *server;
    struct mcp_session *session;
    pthread_mutex_t out;
    bool broken; /* nobody reads our answers */
    struct kta_str line;
    bool skipping; /* the rest of a line that is too long */
    sigset_t signals;
};

/* Waits with the signals let in, so that none comes between the look and the wait. */
static int wait_for(struct stdio *io, struct pollfd *fds, nfds_t n)
{
    sigset_t open = io->signals;
    return ppoll(fds, n, NULL, &open);
}

/* In pieces that a pipe takes at once or not at all, so that a write never stands still. */
static bool write_all(struct stdio *io, const char *p, size_t n)
{
    while (n > 0) {
        struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
        if (wait_for(io, &out, 1) <= 0) {
            if (kta_interrupt_signal())
                return false; /* we are to end, and it does not read */
            continue;
        }
        ssize_t w = write(STDOUT_FILENO, p, n < PIPE_BUF ? n : PIPE_BUF);
        if (w < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        p += w > 0 ? w : 0;
        n -= w > 0 ? (size_t)w : 0;
    }
    return true;
}

static void write_line(void *to, const char *text, size_t n)
{
    struct stdio *io = to;

    pthread_mutex_lock(&io->out);
    if (!io->broken && !(write_all(io, text, n) && write_all(io, "\n", 1)))
        io->broken = true;
    pthread_mutex_unlock(&io->out);
}

static void write_answer(void *to, const char *text, size_t n, int status)
{
    (void)status;
    if (n > 0)
        write_line(to, text, n);
}

static const struct mcp_transport lines = {write_line, write_answer};

static struct mcp_exchange *exchange(struct stdio *io)
{
    struct mcp_exchange *x = mcp_exchange_new(io->server, &lines, io);

    x->session = mcp_session_find(io->server, io->session->id);
    return x;
}

static void take_line(struct stdio *io)
{
    kta_str_trim(&io->line);
    if (io->line.len > 0)
        mcp_receive(exchange(io), io->line.s, io->line.len);
    kta_str_clear(&io->line);
    if (io->line.cap > (64u << 10))
        kta_str_release(&io->line); /* a long one does not stay */
}

static void take(struct stdio *io, const char *p, size_t n)
{
    while (n > 0) {
        const char *nl = memchr(p, '\n', n);
        size_t part = nl ? (size_t)(nl - p) : n;
        if (!io->skipping && io->line.len + part > KTA_MCP_MESSAGE) {
            io->skipping = true;
            kta_str_release(&io->line);
            mcp_refuse(exchange(io), MCP_INVALID_REQUEST, 413,
                       "this message is larger than 4 MiB; it was not read");
        }
        if (!io->skipping)
            kta_str_addn(&io->line, p, part);
        if (nl) {
            if (!io->skipping)
                take_line(io);
            io->skipping = false;
            part++;
        }
        p += part;
        n -= part;
    }
}

/* False at the end of stdin. */
static bool read_some(struct stdio *io)
{
    char chunk[16384];
    ssize_t n = read(STDIN_FILENO, chunk, sizeof chunk);

    if (n > 0)
        take(io, chunk, (size_t)n);
    else if (n == 0 && io->line.len > 0 && !io->skipping)
        take_line(io); /* the last line, without its end */
    return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

static void read_all(struct stdio *io)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};

    while (!kta_interrupt_signal() && !io->broken) {
        if (wait_for(io, &in, 1) > 0 && !read_some(io))
            return;
    }
}

/* stdin has ended: what came is answered; who does not read any more has gone. */
static void finish(struct stdio *io)
{
    uint64_t drop;

    while (mcp_calls(io->server) > 0 && !kta_interrupt_signal()) {
        struct pollfd fds[] = {{.fd = STDOUT_FILENO}, {.fd = io->server->wake, .events = POLLIN}};
        if (wait_for(io, fds, 2) > 0 && (fds[0].revents & (POLLERR | POLLHUP)))
            break;
        if (read(io->server->wake, &drop, sizeof drop) < 0 && errno != EAGAIN)
            break;
        if (io->broken)
            break;
    }
    mcp_cancel(io->server, NULL, NULL, NULL);
    mcp_drain(io->server, 20000);
}

int mcp_stdio(struct mcp_server *s, struct kta_err *err)
{
    struct stdio io = {.server = s, .line = KTA_STR_INIT};
    sigset_t block;

    sigemptyset(&block);
    sigaddset(&block, SIGINT);
    sigaddset(&block, SIGTERM);
    sigaddset(&block, SIGHUP);
    sigaddset(&block, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &block, &io.signals);
    pthread_mutex_init(&io.out, NULL);
    io.session = mcp_session_new(s);
    read_all(&io);
    finish(&io);
    mcp_session_unref(s, io.session);
    kta_str_release(&io.line);
    pthread_sigmask(SIG_SETMASK, &io.signals, NULL);
    return kta_interrupt_check(err);
}
