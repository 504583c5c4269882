/*
 * journal_bounds.c - how much of the journal is kept: the oldest entries go first.
 *
 * An entry whose plan still runs stays, and so does the newest, whatever a clock says.
 */
#include "journal_private.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"

#define MAX_ENTRIES 200
#define MAX_BYTES   (256ll << 20)
#define MAX_AGE_S   (90ll * 86400)

struct kept {
    long id;
    int64_t bytes, time;
};

/* Nobody holds the lock: the plan that wrote "running" is not running any more. */
bool kta_journal_abandoned(const char *dir)
{
    kta_auto_free char *lock = kta_fs_join(dir, "lock");
    int fd = open(lock, O_RDWR | O_CLOEXEC);
    bool free_ = fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0;

    if (fd >= 0)
        close(fd);
    return free_;
}

static void remove_entry(const char *path)
{
    struct kta_err ignored = KTA_ERR_INIT;
    char **names = NULL;
    size_t n = 0;

    if (!kta_journal_abandoned(path) || kta_fs_list(path, &names, &n, &ignored) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        kta_auto_free char *file = kta_fs_join(path, names[i]);

        unlink(file);
    }
    kta_fs_free_names(names, n);
    rmdir(path);
}

static void weigh(const char *path, struct kept *k)
{
    struct kta_err ignored = KTA_ERR_INIT;
    struct stat st;
    char **names = NULL;
    size_t n = 0;

    if (kta_fs_list(path, &names, &n, &ignored) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        kta_auto_free char *file = kta_fs_join(path, names[i]);

        if (stat(file, &st) < 0)
            continue;
        k->bytes += st.st_size;
        k->time = st.st_mtime > k->time ? st.st_mtime : k->time;
    }
    kta_fs_free_names(names, n);
}

static int by_id(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;

    return x->id < y->id ? -1 : x->id > y->id;
}

void kta_journal_prune(const char *dir, const struct kta_journal_limits *limits)
{
    size_t max = limits->entries > 0 ? (size_t)limits->entries : MAX_ENTRIES;
    int64_t max_bytes = limits->bytes > 0 ? limits->bytes : MAX_BYTES, bytes = 0;
    int64_t oldest = kta_wall() - (limits->age_s > 0 ? limits->age_s : MAX_AGE_S);
    struct kta_err ignored = KTA_ERR_INIT;
    struct kept *v = NULL;
    char **names = NULL;
    size_t n = 0, count = 0, cap = 0;

    if (kta_fs_list(dir, &names, &n, &ignored) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        kta_auto_free char *path = kta_fs_join(dir, names[i]);
        char *end;
        long id = strtol(names[i], &end, 10);

        if (*end || id <= 0)
            continue;
        KTA_GROW(v, count, cap);
        v[count] = (struct kept){.id = id};
        weigh(path, &v[count]);
        bytes += v[count++].bytes;
    }
    kta_fs_free_names(names, n);
    if (count > 1)
        qsort(v, count, sizeof *v, by_id);
    for (size_t i = 0; i + 1 < count; i++) { /* one more comes: below max, not at it */
        kta_auto_free char *path = kta_asprintf("%s/%ld", dir, v[i].id);

        if (count - i < max && bytes <= max_bytes && v[i].time >= oldest)
            continue;
        bytes -= v[i].bytes;
        remove_entry(path);
    }
    free(v);
}
