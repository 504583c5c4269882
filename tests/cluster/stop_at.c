/*
 * stop_at.c - kills the program that it is preloaded into at its Nth boundary.
 *
 * A boundary is what the outside can see: a folder is made, a file appears (rename), a log line is
 * durable (fsync of a file opened for appending), a child process starts, has started, has ended.
 * STOP_AT=N kills with SIGKILL before the Nth; without it they are only counted. STOP_LOG=FILE gets
 * a line for each. The program itself is the one that is shipped.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void boundary(const char *what, const char *detail)
{
    static int count;
    const char *at = getenv("STOP_AT"), *log = getenv("STOP_LOG");

    count++;
    if (log) {
        char line[512];
        int fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        int n = snprintf(line, sizeof line, "%d %s %s\n", count, what, detail ? detail : "");

        if (fd >= 0 && n > 0 && (size_t)n < sizeof line && write(fd, line, (size_t)n) != n)
            abort();
        close(fd);
    }
    if (at && atoi(at) == count)
        kill(getpid(), SIGKILL);
}

/* What is made durable, in order, beside what starts: TRACE=FILE gets it. */
static void trace(const char *what, const char *detail)
{
    const char *path = getenv("TRACE");
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;

    if (fd < 0)
        return;
    if (dprintf(fd, "%s %s\n", what, detail) < 0)
        abort();
    close(fd);
}

#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

static const char *base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

int mkdir(const char *path, mode_t mode)
{
    struct stat st;

    if (stat(path, &st) < 0)
        boundary("mkdir", base(path));
    return REAL(mkdir)(path, mode);
}

int rename(const char *from, const char *to)
{
    boundary("rename", base(to));
    trace("from", base(from));
    trace("rename", base(to));
    return REAL(rename)(from, to);
}

int fsync(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    char link[64], path[4096] = "";
    struct stat st;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof path - 1) < 0)
        abort();
    trace("sync", fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? "folder" : base(path));
    if (flags >= 0 && (flags & O_APPEND))
        boundary("append", NULL);
    return REAL(fsync)(fd);
}

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attr, char *const argv[], char *const env[])
{
    int rc;

    boundary("start", base(path));
    trace("start", base(path));
    rc = REAL(posix_spawn)(pid, path, actions, attr, argv, env);
    boundary("started", base(path));
    return rc;
}

pid_t waitpid(pid_t pid, int *status, int options)
{
    pid_t got = REAL(waitpid)(pid, status, options);

    if (got > 0)
        boundary("ended", NULL);
    return got;
}
