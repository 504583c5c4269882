/*
 * proc.c - runs a child process to its end.
 *
 * Invariants: the child is the leader of its own process group, and whatever ends the wait ends the
 * whole group, grandchildren included, before the leader is reaped (so its number cannot belong to
 * somebody else). Input, both outputs, the child's end, the deadline and our own signals are waited
 * for in one poll(), so that no order of reads and writes can block. Output above the cap is read
 * and dropped, which keeps the child running, and marks the buffer as cut.
 */
#include "kta/proc.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/tap.h"
#include "kta/log.h"

#define GRACE_MS 2000 /* between SIGTERM and SIGKILL */
#define DRAIN_MS 500  /* for outputs that a grandchild keeps open after the child's end */
#define TICK_MS  50   /* where the kernel has no pidfd */

extern char **environ;

struct run {
    struct kta_proc *p;
    pid_t pid;
    int in, out, err, pidfd; /* ours; -1: closed */
    size_t written;
    int64_t started, deadline; /* ms; deadline 0: none */
    int64_t kill_at;           /* when SIGKILL follows; 0: not ending yet */
    int64_t drain_until;       /* 0: the child has not ended */
    bool exited, killed;
    bool reaped; /* not by us: how it ended is unknown */
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_ours(struct run *r)
{
    close_fd(&r->in);
    close_fd(&r->out);
    close_fd(&r->err);
    close_fd(&r->pidfd);
}

/* A pipe whose ends are above the standard descriptors, so that dup2 in the child never meets
 * itself, and close-on-exec. */
static int make_pipe(int fds[2])
{
    int raw[2];
    if (pipe2(raw, O_CLOEXEC) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        fds[i] = raw[i];
        if (raw[i] > 2)
            continue;
        fds[i] = fcntl(raw[i], F_DUPFD_CLOEXEC, 3);
        close(raw[i]);
    }
    return fds[0] < 0 || fds[1] < 0 ? -1 : 0;
}

static void child_signals(posix_spawnattr_t *attr, bool own_group)
{
    static const int ours[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGCHLD, SIGWINCH};
    sigset_t set;
    sigemptyset(&set);
    posix_spawnattr_setsigmask(attr, &set);
    for (size_t i = 0; i < KTA_LEN(ours); i++)
        sigaddset(&set, ours[i]);
    posix_spawnattr_setsigdefault(attr, &set);
    posix_spawnattr_setpgroup(attr, 0);
    posix_spawnattr_setflags(attr, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                           (own_group ? POSIX_SPAWN_SETPGROUP : 0)));
}

/* posix_spawn's errno, 0 when the child runs. fds are the child's ends; -1: none, so it has ours.
 */
static int spawn(struct run *r, const int *fds)
{
    const struct kta_proc *p = r->p;
    posix_spawn_file_actions_t acts;
    posix_spawnattr_t attr;
    char *const *env;
    int rc;

    memcpy(&env, p->env ? (const void *)&p->env : (const void *)&environ, sizeof env);
    posix_spawn_file_actions_init(&acts);
    posix_spawnattr_init(&attr);
    child_signals(&attr, !p->inherit_tty);
    if (p->dir)
        posix_spawn_file_actions_addchdir_np(&acts, p->dir);
    if (fds[0] < 0 && !p->inherit_tty)
        posix_spawn_file_actions_addopen(&acts, 0, "/dev/null", O_RDONLY, 0);
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0)
            posix_spawn_file_actions_adddup2(&acts, fds[i], i);
    rc = posix_spawn(&r->pid, p->path, &acts, &attr, p->argv->v, env);
    posix_spawn_file_actions_destroy(&acts);
    posix_spawnattr_destroy(&attr);
    return rc;
}

static int start_failed(const struct kta_proc *p, int sys, struct kta_err *err)
{
    if (sys == ENOENT && p->dir && access(p->dir, X_OK) < 0)
        return kta_err_sys(err, KTA_E_NOT_FOUND, sys, "cannot run '%s' in '%s'", p->path, p->dir);
    if (sys == E2BIG)
        return kta_err_set(err, KTA_E_LIMIT, "cannot run '%s': its arguments are too long",
                           p->path);
    return kta_err_sys(err, sys == ENOENT ? KTA_E_NOT_FOUND : KTA_E_FAIL, sys, "cannot run '%s'",
                       p->path);
}

/* Makes the pipes and starts the child; afterwards only our ends are open. */
static int start(struct run *r, struct kta_err *err)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, errs[2] = {-1, -1}, rc;
    struct kta_proc *p = r->p;

    if ((p->input && make_pipe(in) < 0) ||
        ((!p->inherit_tty || p->catch_stdout) && make_pipe(out) < 0) ||
        (!p->inherit_tty && make_pipe(errs) < 0)) {
        rc = errno;
    } else {
        const int child[3] = {in[0], out[1], errs[1]};
        rc = spawn(r, child);
    }
    close_fd(&in[0]);
    close_fd(&out[1]);
    close_fd(&errs[1]);
    r->in = in[1], r->out = out[0], r->err = errs[0];
    if (rc) {
        close_ours(r);
        return start_failed(p, rc, err);
    }
    for (int i = 0, fds[] = {r->in, r->out, r->err}; i < 3; i++)
        if (fds[i] >= 0)
            fcntl(fds[i], F_SETFL, O_NONBLOCK);
    r->pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
    if (r->pidfd >= 0)
        fcntl(r->pidfd, F_SETFD, FD_CLOEXEC);
    p->started = true;
    return 0;
}

static void feed(struct run *r)
{
    const struct kta_proc *p = r->p;
    while (r->written < p->input_len) {
        ssize_t n = write(r->in, p->input + r->written, p->input_len - r->written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) /* EPIPE: it reads no more, which is its right */
            break;
        r->written += (size_t)n;
    }
    close_fd(&r->in);
}

/* Reads what is there; closes *fd at its end. */
static void drain(struct run *r, int *fd, int number, struct kta_str *to)
{
    char buf[16384];
    for (int rounds = 0; *fd >= 0 && rounds < 64; rounds++) {
        ssize_t n = read(*fd, buf, sizeof buf);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            close_fd(fd);
            return;
        }
        kta_str_addn(to, buf, (size_t)n);
        if (r->p->on_output)
            r->p->on_output(r->p->ctx, number, buf, (size_t)n);
    }
}

/* Sees whether the child has ended, without reaping it. */
static void look_for_end(struct run *r, int64_t now)
{
    siginfo_t info = {0};
    if (r->exited)
        return;
    if (waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        r->reaped = errno == ECHILD;
    if (!info.si_pid && !r->reaped)
        return;
    r->exited = true;
    r->drain_until = now + DRAIN_MS;
}

/* To the child's group, or to the child alone where it is in ours. */
static void send(const struct run *r, int sig)
{
    kill(r->p->inherit_tty ? r->pid : -r->pid, sig);
}

static void end_child(struct run *r, int64_t now)
{
    if (r->kill_at)
        return;
    send(r, SIGTERM);
    r->kill_at = now + GRACE_MS;
}

/* Deadline, signals, grace: what is to be done because time has passed. */
static void look_at_clock(struct run *r, int64_t now)
{
    if (!r->p->interrupted && !r->kill_at && kta_interrupted()) {
        r->p->interrupted = true;
        end_child(r, now);
    }
    if (r->deadline && now >= r->deadline && !r->kill_at && !r->exited) {
        r->p->timed_out = true;
        end_child(r, now);
    }
    if (r->kill_at && now >= r->kill_at && !r->killed) {
        send(r, SIGKILL);
        r->killed = true;
    }
}

static int wait_ms(const struct run *r, int64_t now)
{
    int64_t until = 0;
    const int64_t ends[] = {r->kill_at && !r->killed ? r->kill_at : 0,
                            r->kill_at || r->exited ? 0 : r->deadline, r->drain_until};
    for (size_t i = 0; i < KTA_LEN(ends); i++)
        if (ends[i] && (!until || ends[i] < until))
            until = ends[i];
    if (r->pidfd < 0 && !r->exited && (!until || until > now + TICK_MS))
        until = now + TICK_MS;
    if (!until)
        return -1;
    return until <= now ? 0 : (int)(until - now > 60000 ? 60000 : until - now);
}

static void wait_for_it(struct run *r)
{
    for (;;) {
        int64_t now = kta_now_ms();
        struct pollfd fds[5] = {
            {.fd = r->in, .events = POLLOUT},
            {.fd = r->out, .events = POLLIN},
            {.fd = r->err, .events = POLLIN},
            {.fd = r->exited ? -1 : r->pidfd, .events = POLLIN},
            {.fd = r->kill_at ? -1 : kta_interrupt_fd(), .events = POLLIN},
        };
        look_at_clock(r, now);
        if (r->exited && ((r->out < 0 && r->err < 0) || now >= r->drain_until))
            return;
        if (r->kill_at)
            fds[4].fd = -1;
        (void)poll(fds, KTA_LEN(fds), wait_ms(r, now));
        if (r->in >= 0 && fds[0].revents)
            feed(r);
        drain(r, &r->out, 1, &r->p->out);
        drain(r, &r->err, 2, &r->p->err);
        look_for_end(r, kta_now_ms());
    }
}

static void reap(struct run *r)
{
    int status = 0;
    r->p->exit_code = 255;
    if (r->reaped)
        return;
    if (!r->p->inherit_tty)
        send(r, SIGKILL); /* what it left behind; the zombie keeps the number ours */
    while (waitpid(r->pid, &status, 0) < 0)
        if (errno != EINTR)
            return;
    r->p->exit_code = WIFEXITED(status)     ? WEXITSTATUS(status)
                      : WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                            : 255;
}

static int start_and_wait(struct run *r, struct kta_err *err)
{
    if (start(r, err) < 0)
        return -1;
    wait_for_it(r);
    close_ours(r);
    reap(r);
    return 0;
}

/* The terminal is the child's: its Ctrl-C is not meant for us. */
static int with_terminal(struct run *r, struct kta_err *err)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old_int, old_quit;
    int rc;
    sigaction(SIGINT, &ignore, &old_int);
    sigaction(SIGQUIT, &ignore, &old_quit);
    rc = start_and_wait(r, err);
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGQUIT, &old_quit, NULL);
    return rc;
}

/* Arguments may hold what nobody should read later: only the first two words are logged. */
static void log_it(const struct run *r)
{
    const struct kta_argv *a = r->p->argv;
    kta_log(2, "proc: %s %s (%zu arguments): exit %d, %zu + %zu bytes, %lld ms", r->p->path,
            a->n > 1 ? a->v[1] : "", a->n ? a->n - 1 : 0, r->p->exit_code, r->p->out.len,
            r->p->err.len, (long long)(kta_now_ms() - r->started));
}

int kta_proc_run(struct kta_proc *p, struct kta_err *err)
{
    struct run r = {.p = p, .in = -1, .out = -1, .err = -1, .pidfd = -1, .started = kta_now_ms()};
    int64_t timeout = p->timeout_ms ? p->timeout_ms : KTA_PROC_TIMEOUT_MS;
    size_t max = p->max_output ? p->max_output : KTA_MAX_PROC_OUTPUT;
    const struct kta_tap *tap = p->secret || p->inherit_tty ? NULL : kta_tap();

    kta_str_init(&p->out, max);
    kta_str_init(&p->err, max);
    if (kta_interrupt_check(err) < 0) {
        p->interrupted = true;
        return -1;
    }
    if (tap && tap->proc_answer)
        return tap->proc_answer(tap->ctx, p, err);
    r.deadline = r.started + timeout;
    if ((p->inherit_tty && !p->catch_stdout ? with_terminal : start_and_wait)(&r, err) < 0)
        return -1;
    log_it(&r);
    if (tap && tap->proc_done)
        tap->proc_done(tap->ctx, p);
    if (p->interrupted)
        return kta_interrupt_check(err) < 0
                   ? -1
                   : kta_err_set(err, KTA_E_INTERRUPTED, "'%s' was interrupted", p->path);
    if (p->timed_out)
        return kta_err_set(err, KTA_E_TIMEOUT, "'%s' did not end within %lld s", p->path,
                           (long long)((timeout + 999) / 1000));
    return 0;
}

void kta_proc_release(struct kta_proc *p)
{
    kta_str_release(&p->out);
    kta_str_release(&p->err);
}
