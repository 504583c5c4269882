/*
 * repl_lines.c - the lines that were typed, kept for the arrow keys of later sessions.
 *
 * $XDG_STATE_HOME/kubectl-todo-ai/lines.jsonl, 0600, a JSON string for each, so that a line may
 * hold newlines; appended to, so that two terminals do not overwrite each other's; cut to the last
 * KTA_LINE_HISTORY at the start. A line in which something had to be redacted is not written.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/line.h"
#include "repl.h"

#define MAX_FILE ((size_t)KTA_LINE_HISTORY * 4096) /* bytes that are read back */

static char *file(void)
{
    return kta_xdg_path(KTA_XDG_STATE, "lines.jsonl");
}

static void rewrite(const char *path, const char *from)
{
    struct kta_err ignored = KTA_ERR_INIT;

    kta_fs_write(path, from, strlen(from), &ignored);
}

void lines_load(void)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    kta_auto_free char *path = file();
    struct kta_err err = KTA_ERR_INIT;
    size_t n = 0, skip;

    if (!path || kta_fs_read(path, MAX_FILE, &text, &err) < 0) {
        if (path && err.code == KTA_E_LIMIT)
            unlink(path); /* larger than what we write */
        return;
    }
    for (const char *p = text.s; (p = strchr(p, '\n')); p++)
        n++;
    skip = n > KTA_LINE_HISTORY ? n - KTA_LINE_HISTORY : 0;
    const char *p = text.s;
    for (; skip > 0; skip--)
        p = strchr(p, '\n') + 1;
    if (n > 2 * KTA_LINE_HISTORY)
        rewrite(path, p);
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
    if (write(fd, text.s, text.len) < 0)
        errno = 0; /* a full disk costs the history, not the session */
    close(fd);
}
