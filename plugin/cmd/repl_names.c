/*
 * repl_names.c - what the objects of the cluster are called, for completion.
 *
 * The names are read by a child process (this program's own hidden command __names), so that
 * neither a key stroke nor the prompt ever waits for the cluster. Its output, "PLURAL NAME" a line,
 * is taken when it is there; a table that is complete replaces the one before it. At most one child
 * runs.
 */
#include "repl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/kinds.h"
#include "kta/limits.h"

#define FRESH_MS  20000 /* so long names are taken as they are */
#define PAUSE_MS  3000  /* between two children, also when questions follow quickly */
#define MAX_BYTES (1u << 20)
#define MAX_NAMES 500 /* of one kind */

extern char **environ;

static const char *const kinds[] = {
    "namespaces",
    "pods",
    "deployments",
    "statefulsets",
    "daemonsets",
    "services",
    "ingresses",
    "jobs",
    "cronjobs",
    "configmaps",
    "persistentvolumeclaims",
    "nodes",
};

struct names {
    const struct app *app;
    struct kta_argv v[KTA_LEN(kinds)];
    bool known;
    bool stale;
    int64_t started; /* ms; 0: never */
    pid_t pid;       /* 0: no child */
    int fd;
    struct kta_str text; /* of the child, so far */
};

const char *names_kind(size_t i)
{
    return i < KTA_LEN(kinds) ? kinds[i] : NULL;
}

/* ---- the child ---- */

static void print_names(const struct kta_read *read, const char *plural)
{
    kta_json_each(item, kta_json_get(read->json, "items")) {
        const char *name = kta_json_str(item, "metadata.name");
        if (name)
            printf("%s %s\n", plural, name);
    }
}

int cmd_names(struct app *app, struct kta_err *err)
{
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0;

    if (app_open_cluster(app, err) < 0)
        return -1;
    bool snapshot = kta_cluster_is_snapshot(app->cluster);
    for (size_t i = 0; i < KTA_LEN(kinds); i++) {
        const struct kta_kind *k = kta_kind_known(kinds[i]);
        kta_auto_str struct kta_str path = KTA_STR_INIT;
        kta_kind_path(k, k->namespaced ? app->scope.namespace_ : NULL, NULL, &path);
        if (!snapshot)
            kta_str_addf(&path, "?limit=%d", MAX_NAMES);
        kta_read_add(&reads, &n, &cap, snapshot ? KTA_ACCEPT_JSON : KTA_ACCEPT_METADATA, "%s",
                     path.s);
    }
    int rc = kta_cluster_read(app->cluster, reads, n, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        print_names(&reads[i], kinds[i]);
    kta_reads_free(reads, n);
    return rc;
}

/* Which cluster, as whom: the flags of this session as they are now. */
static void child_argv(const struct app *app, struct kta_argv *argv)
{
    kta_argv_addl(argv, "kubectl-todo-ai", "__names", "--quiet", NULL);
    for (int i = 0; i < OPT_COUNT; i++) {
        const struct opt_row *row = &opt_rows[i];
        if (app->set.v[i].source != FROM_FLAG || !app->set.v[i].value ||
            (row->section != SEC_CLUSTER && i != OPT_CONFIG))
            continue;
        for (size_t k = 0; k < app->set.v[i].list.n; k++)
            kta_argv_addf(argv, "--%s=%s", row->name, app->set.v[i].list.v[k]);
        if (app->set.v[i].list.n == 0)
            kta_argv_addf(argv, "--%s=%s", row->name, app->set.v[i].value);
    }
}

static void start(struct names *n)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    posix_spawn_file_actions_t acts;
    posix_spawnattr_t attr;
    sigset_t set;
    int fds[2];

    n->started = kta_now_ms();
    n->stale = false;
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
        return;
    child_argv(n->app, &argv);
    posix_spawn_file_actions_init(&acts);
    posix_spawn_file_actions_addopen(&acts, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&acts, fds[1], 1);
    posix_spawn_file_actions_addopen(&acts, 2, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attr);
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attr, &set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGPIPE);
    posix_spawnattr_setsigdefault(&attr, &set);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                        POSIX_SPAWN_SETPGROUP);
    if (posix_spawn(&n->pid, "/proc/self/exe", &acts, &attr, argv.v, environ) == 0) {
        n->fd = fds[0];
    } else {
        n->pid = 0;
        close(fds[0]);
    }
    close(fds[1]);
    posix_spawn_file_actions_destroy(&acts);
    posix_spawnattr_destroy(&attr);
}

static void stop(struct names *n)
{
    if (n->pid == 0)
        return;
    kill(-n->pid, SIGKILL); /* it only reads */
    while (waitpid(n->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    close(n->fd);
    n->pid = 0;
    n->fd = -1;
    kta_str_clear(&n->text);
}

/* ---- what it said ---- */

static void take(struct names *n)
{
    for (size_t i = 0; i < KTA_LEN(kinds); i++)
        kta_argv_release(&n->v[i]);
    for (char *p = n->text.s; *p;) {
        size_t len = strcspn(p, "\n");
        char *blank = memchr(p, ' ', len);
        for (size_t i = 0; blank && i < KTA_LEN(kinds); i++) {
            if (strlen(kinds[i]) != (size_t)(blank - p) || !kta_starts(p, kinds[i]))
                continue;
            kta_auto_free char *name = kta_strndup(blank + 1, len - (size_t)(blank + 1 - p));
            kta_argv_add(&n->v[i], name);
        }
        p += len + (p[len] == '\n');
    }
    n->known = true;
}

void names_idle(struct names *n)
{
    char buf[16384];
    int64_t now = kta_now_ms(), age = now - n->started;

    if (n->pid == 0) {
        if (n->started == 0 || age > FRESH_MS || (n->stale && age > PAUSE_MS))
            start(n);
        return;
    }
    for (;;) {
        ssize_t got = read(n->fd, buf, sizeof buf);
        if (got > 0 && n->text.len < MAX_BYTES) {
            kta_str_addn(&n->text, buf, (size_t)got);
            continue;
        }
        if (got < 0 && (errno == EAGAIN || errno == EINTR) && age < KTA_HTTP_TIMEOUT_MS)
            return;
        if (got == 0 && n->text.len > 0)
            take(n);
        stop(n);
        return;
    }
}

struct names *names_new(const struct app *app)
{
    struct names *n = kta_calloc(1, sizeof *n);

    n->app = app;
    n->fd = -1;
    kta_str_init(&n->text, 0);
    return n;
}

void names_free(struct names *n)
{
    stop(n);
    for (size_t i = 0; i < KTA_LEN(kinds); i++)
        kta_argv_release(&n->v[i]);
    kta_str_release(&n->text);
    free(n);
}

void names_stale(struct names *n)
{
    n->stale = true;
}

void names_forget(struct names *n)
{
    stop(n);
    for (size_t i = 0; i < KTA_LEN(kinds); i++)
        kta_argv_release(&n->v[i]);
    n->known = false;
    n->started = 0;
}

const struct kta_argv *names_of(const struct names *n, const char *plural)
{
    for (size_t i = 0; n->known && i < KTA_LEN(kinds); i++)
        if (kta_streq(kinds[i], plural))
            return &n->v[i];
    return NULL;
}
