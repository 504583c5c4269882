/*
 * fs.c - files, folders, the XDG places.
 *
 * A file is written beside its final name as ".NAME.XXXXXX" and renamed; a crash leaves the old
 * file or the new one, never a part, and at worst a stray dot file.
 */
#include "kta/fs.h"
#include "kta/alloc.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
#define auto_fd __attribute__((cleanup(close_fd)))

static int read_all(int fd, const char *path, size_t max, struct kta_str *out, struct kta_err *err)
{
    char buf[16384];
    size_t total = 0;
    for (;;) {
        ssize_t n = read(fd, buf, sizeof buf);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return kta_err_sys(err, KTA_E_FAIL, errno, "cannot read '%s'", path);
        if (!n)
            return 0;
        if ((size_t)n > max - total)
            return kta_err_set(err, KTA_E_LIMIT, "'%s' is larger than the %zu bytes allowed", path,
                               max);
        total += (size_t)n;
        if (kta_str_addn(out, buf, (size_t)n) < 0)
            return kta_err_set(err, KTA_E_LIMIT, "'%s' is larger than the %zu bytes allowed", path,
                               out->max);
    }
}

int kta_fs_read(const char *path, size_t max, struct kta_str *out, struct kta_err *err)
{
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return kta_err_sys(err, errno == ENOENT || errno == ENOTDIR ? KTA_E_NOT_FOUND : KTA_E_FAIL,
                           errno, "cannot read '%s'", path);
    struct stat st;
    if (fstat(fd, &st) < 0)
        return kta_err_sys(err, KTA_E_FAIL, errno, "cannot read '%s'", path);
    if (S_ISDIR(st.st_mode))
        return kta_err_sys(err, KTA_E_FAIL, EISDIR, "cannot read '%s'", path);
    if (S_ISBLK(st.st_mode))
        return kta_err_set(err, KTA_E_FAIL, "cannot read '%s': it is a block device", path);
    size_t before = out->len;
    int rc = read_all(fd, path, max, out, err);
    if (rc < 0)
        kta_str_truncate(out, before);
    return rc;
}

int kta_fs_write_all(int fd, const void *data, size_t n)
{
    const char *p = data;

    while (n) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return -1;
        p += w;
        n -= (size_t)w;
    }
    return 0;
}

int kta_fs_sync_dir(const char *dir, struct kta_err *err)
{
    auto_fd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* a file system that cannot sync folders (EINVAL) still has the file */
    if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL))
        return kta_err_sys(err, KTA_E_FAIL, errno, "cannot sync the folder '%s'", dir);
    return 0;
}

int kta_fs_write(const char *path, const void *data, size_t n, struct kta_err *err)
{
    kta_auto_free char *dir = kta_fs_dirname(path);
    const char *slash = strrchr(path, '/');
    kta_auto_free char *temp = kta_asprintf("%s/.%s.XXXXXX", dir, slash ? slash + 1 : path);
    auto_fd int fd = mkostemp(temp, O_CLOEXEC); /* 0600 whatever the umask is */
    if (fd < 0)
        return kta_err_sys(err, errno == ENOENT ? KTA_E_NOT_FOUND : KTA_E_FAIL, errno,
                           "cannot write '%s'", path);
    if (fchmod(fd, 0600) < 0 || kta_fs_write_all(fd, data, n) < 0 || fsync(fd) < 0 ||
        rename(temp, path) < 0) {
        int sys = errno;
        unlink(temp);
        return kta_err_sys(err, KTA_E_FAIL, sys, "cannot write '%s'", path);
    }
    return kta_fs_sync_dir(dir, err);
}

char *kta_fs_temp(const char *suffix, const void *data, size_t n, struct kta_err *err)
{
    const char *const dirs[] = {getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR"), "/tmp"};
    int sys = 0;
    for (size_t i = 0; i < KTA_LEN(dirs); i++) {
        if (!dirs[i] || dirs[i][0] != '/')
            continue;
        kta_auto_free char *path = kta_asprintf("%s/kubectl-todo-ai-XXXXXX%s", dirs[i], suffix);
        auto_fd int fd = mkostemps(path, (int)strlen(suffix), O_CLOEXEC);
        if (fd >= 0 && kta_fs_write_all(fd, data, n) == 0)
            return KTA_STEAL(path);
        sys = errno;
        if (fd >= 0)
            unlink(path);
    }
    kta_err_sys(err, KTA_E_FAIL, sys, "cannot make a temporary file");
    return NULL;
}

int kta_fs_mkdirs(const char *path, struct kta_err *err)
{
    kta_auto_free char *p = kta_strdup(path);
    for (char *s = p + 1; *p; s++) {
        if (*s && *s != '/')
            continue;
        char c = *s;
        *s = '\0';
        if (mkdir(p, 0700) < 0 && errno != EEXIST)
            return kta_err_sys(err, KTA_E_FAIL, errno, "cannot create the folder '%s'", p);
        *s = c;
        if (!c)
            break;
    }
    struct stat st;
    if (stat(path, &st) < 0)
        return kta_err_sys(err, KTA_E_FAIL, errno, "cannot create the folder '%s'", path);
    if (!S_ISDIR(st.st_mode))
        return kta_err_sys(err, KTA_E_FAIL, ENOTDIR, "cannot create the folder '%s'", path);
    return 0;
}

bool kta_fs_exists(const char *path)
{
    return path && !access(path, F_OK);
}

char *kta_fs_join(const char *dir, const char *name)
{
    if (*name == '/')
        return kta_strdup(name);
    return kta_asprintf("%s%s%s", dir, kta_ends(dir, "/") || !*dir ? "" : "/", name);
}

char *kta_fs_dirname(const char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    while (n && path[n - 1] != '/')
        n--;
    if (!n)
        return kta_strdup(".");
    while (n > 1 && path[n - 1] == '/')
        n--;
    return kta_strndup(path, n);
}

char *kta_fs_expand(const char *path)
{
    const char *home = getenv("HOME");
    if (!home || path[0] != '~' || (path[1] && path[1] != '/'))
        return kta_strdup(path);
    return kta_asprintf("%s%s", home, path + 1);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int kta_fs_list(const char *dir, char ***ret_names, size_t *ret_n, struct kta_err *err)
{
    char **names = NULL;
    size_t n = 0, cap = 0;
    DIR *d = opendir(dir);
    if (!d && errno != ENOENT)
        return kta_err_sys(err, KTA_E_FAIL, errno, "cannot read the folder '%s'", dir);
    int sys = 0;
    while (d) {
        errno = 0;
        struct dirent *e = readdir(d);
        if (!e) {
            sys = errno;
            break;
        }
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        KTA_GROW(names, n, cap);
        names[n++] = kta_strdup(e->d_name);
    }
    if (d)
        closedir(d);
    if (sys) {
        kta_fs_free_names(names, n);
        return kta_err_sys(err, KTA_E_FAIL, sys, "cannot read the folder '%s'", dir);
    }
    if (n)
        qsort(names, n, sizeof *names, by_name);
    *ret_names = names;
    *ret_n = n;
    return 0;
}

void kta_fs_free_names(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

char *kta_xdg_path(enum kta_xdg which, const char *name)
{
    static const struct {
        const char *variable, *otherwise;
    } places[] = {
        [KTA_XDG_CONFIG] = {"XDG_CONFIG_HOME", ".config"},
        [KTA_XDG_STATE] = {"XDG_STATE_HOME", ".local/state"},
        [KTA_XDG_CACHE] = {"XDG_CACHE_HOME", ".cache"},
        [KTA_XDG_DATA] = {"XDG_DATA_HOME", ".local/share"},
    };
    const char *base = getenv(places[which].variable);
    const char *home = getenv("HOME");
    bool given = base && *base == '/'; /* a relative one is invalid and ignored */
    if (!given && (!home || !*home))
        return NULL;
    return kta_asprintf("%s%s%s/kubectl-todo-ai%s%s", given ? base : home, given ? "" : "/",
                        given ? "" : places[which].otherwise, name ? "/" : "", name ? name : "");
}

char *kta_fs_which(const char *program)
{
    if (!*program || strchr(program, '/'))
        return NULL;
    const char *path = kta_or(getenv("PATH"), "/usr/local/bin:/usr/bin:/bin");
    for (const char *p = path; p;) {
        const char *end = strchr(p, ':');
        size_t n = end ? (size_t)(end - p) : strlen(p);
        if (n && *p == '/') {
            kta_auto_free char *full = kta_asprintf("%.*s/%s", (int)n, p, program);
            struct stat st;
            if (!stat(full, &st) && S_ISREG(st.st_mode) && !access(full, X_OK))
                return KTA_STEAL(full);
        }
        p = end ? end + 1 : NULL;
    }
    return NULL;
}
