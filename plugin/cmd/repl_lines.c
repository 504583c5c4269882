/*
 * repl_lines.c - the lines that were typed, kept for the arrow keys of later sessions.
 *
 * $XDG_STATE_HOME/kubectl-todo-ai/lines.jsonl, 0600, a JSON string for each, so that a line may
 * hold newlines; appended to, so that two terminals do not overwrite each other's; cut at the start
 * to the last KTA_LINE_HISTORY, and to what MAX_FILE holds of them. Both are done under the file's
 * lock. A line in which something had to be redacted is not written.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/line.h"
#include "repl.h"

#define MAX_FILE ((off_t)KTA_LINE_HISTORY * 4096) /* bytes that are read back */

static char *file(void)
{
    return kta_xdg_path(KTA_XDG_STATE, "lines.jsonl");
}

/* Reads the last MAX_FILE bytes; where the whole lines of them begin. */
static const char *read_tail(int fd, struct kta_str *text)
{
    off_t end = lseek(fd, 0, SEEK_END), at = end > MAX_FILE ? end - MAX_FILE : 0;
    bool whole = at == 0;
    const char *newline;
    char buf[65536];
    ssize_t n;

    for (; (n = pread(fd, buf, sizeof buf, at)) > 0; at += n)
        kta_str_addn(text, buf, (size_t)n);
    newline = whole ? NULL : strchr(text->s, '\n');
    return newline ? newline + 1 : text->s;
}

static size_t n_lines(const char *p)
{
    size_t n = 0;

    for (; (p = strchr(p, '\n')); p++)
        n++;
    return n;
}

/* In place: who waits for the lock has the same file open. */
static void rewrite(int fd, const char *text)
{
    size_t n = strlen(text);

    if (pwrite(fd, text, n, 0) != (ssize_t)n || ftruncate(fd, (off_t)n) < 0)
        errno = 0; /* a full disk costs the history, not the session */
}

void lines_load(void)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    kta_auto_free char *path = file();
    struct kta_err err = KTA_ERR_INIT;
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    flock(fd, LOCK_EX);
    const char *p = read_tail(fd, &text);
    bool cut = p != text.s || n_lines(p) > 2 * KTA_LINE_HISTORY;
    for (size_t n = n_lines(p); n > KTA_LINE_HISTORY; n--)
        p = strchr(p, '\n') + 1;
    if (cut)
        rewrite(fd, p);
    close(fd);
    while (*p) {
        size_t len = strcspn(p, "\n");
        kta_auto_json struct kta_json *line = NULL;
        if (kta_json_parse(p, len, &line, &err) == 0 && kta_json_text(line))
            kta_line_history_add(kta_json_text(line));
        p += len + (p[len] == '\n');
    }
}

void lines_add(struct kta_redact *redact, const char *line)
{
    kta_auto_free char *path = file(), *safe = kta_redact_dup(redact, line);
    kta_auto_free char *dir = path ? kta_fs_dirname(path) : NULL;
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct kta_err ignored = KTA_ERR_INIT;

    kta_line_history_add(line);
    if (!path || !kta_streq(safe, line) || strlen(line) > 4000 || kta_fs_mkdirs(dir, &ignored) < 0)
        return;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    kta_json_quote(line, strlen(line), &text);
    kta_str_addc(&text, '\n');
    flock(fd, LOCK_EX);
    if (write(fd, text.s, text.len) < 0)
        errno = 0; /* a full disk costs the history, not the session */
    close(fd);
}
