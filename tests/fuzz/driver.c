/*
 * driver.c - a fuzzer's main where libFuzzer is not installed: the files that are named, then their
 * mutations for some seconds. Without coverage, so it finds less; the checks are the same.
 *
 * usage: FUZZER [-max_total_time=SECONDS] [-seed=N] FILE|FOLDER...
 */
#include "fuzz.h"
#include <dirent.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "kta/fs.h"

enum { MAX_INPUT = 64 << 10, MAX_FILES = 4096, LIMIT_S = 10 };

static struct kta_str files[MAX_FILES];
static size_t n_files;
static uint64_t state = 88172645463325252ULL;
static struct kta_str current; /* what a crash is written down from */

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static void add_file(const char *path)
{
    struct kta_err err = KTA_ERR_INIT;

    if (n_files < MAX_FILES && kta_fs_read(path, MAX_INPUT, &files[n_files], &err) == 0)
        n_files++;
}

static void add(const char *path)
{
    DIR *d = opendir(path);

    if (!d) {
        add_file(path);
        return;
    }
    for (struct dirent *e; (e = readdir(d));) {
        kta_auto_free char *file = kta_asprintf("%s/%s", path, e->d_name);
        if (e->d_name[0] != '.')
            add_file(file);
    }
    closedir(d);
}

static void run(const char *s, size_t n)
{
    /* a block of its own, so that a sanitizer sees the first byte behind it */
    uint8_t *copy = malloc(n ? n : 1);

    if (!copy)
        abort();
    memcpy(copy, s, n);
    alarm(LIMIT_S);
    LLVMFuzzerTestOneInput(copy, n);
    alarm(0);
    free(copy);
}

static void mutate(struct kta_str *t)
{
    static const char *const tokens[] = {"\n", "\r\n", ": ", "- ", "{", "}", "\"", "=", "--", "\\"};

    for (uint64_t times = 1 + next_random() % 8; times; times--) {
        size_t at = t->len ? next_random() % t->len : 0, n = t->len - at;
        switch (next_random() % 5) {
        case 0:
            if (t->len)
                t->s[at] = (char)next_random();
            break;
        case 1: { /* the rest moves up: something is inserted */
            kta_auto_free char *tail = kta_strndup(t->s + at, n);
            kta_str_truncate(t, at);
            kta_str_add(t, tokens[next_random() % KTA_LEN(tokens)]);
            kta_str_addn(t, tail, strlen(tail));
            break;
        }
        case 2:
            kta_str_truncate(t, at);
            break;
        case 3: /* a piece of another file */
            if (n_files && t->len < MAX_INPUT / 2) {
                const struct kta_str *o = &files[next_random() % n_files];
                size_t from = o->len ? next_random() % o->len : 0;
                kta_str_addn(t, o->s + from, (o->len - from) / 2);
            }
            break;
        case 4: /* twice */
            if (n < 4096 && t->len < MAX_INPUT / 2) {
                kta_auto_free char *tail = kta_strndup(t->s + at, n);
                kta_str_addn(t, tail, strlen(tail));
            }
            break;
        }
    }
}

int main(int argc, char **argv)
{
    long seconds = 0;

    for (int i = 1; i < argc; i++) {
        if (kta_starts(argv[i], "-max_total_time="))
            seconds = atol(argv[i] + strlen("-max_total_time="));
        else if (kta_starts(argv[i], "-seed="))
            state ^= strtoull(argv[i] + strlen("-seed="), NULL, 10) << 20;
        else if (argv[i][0] != '-')
            add(argv[i]);
    }
    for (size_t i = 0; i < n_files; i++)
        run(files[i].s, files[i].len);
    size_t runs = n_files;
    for (time_t end = time(NULL) + seconds; n_files && time(NULL) < end; runs++) {
        kta_str_clear(&current);
        const struct kta_str *from = &files[next_random() % n_files];
        kta_str_addn(&current, from->s, from->len);
        mutate(&current);
        run(current.s, current.len);
    }
    printf("%zu inputs of %zu files\n", runs, n_files);
    return 0;
}
