/*
 * audit.c - the audit log: one line an event, in a file that is only appended to, or in syslog.
 *
 * Invariants: a line is one write, so that two processes never mix theirs; the file is turned over
 * under a lock, by whoever finds it too long; nothing is ever rewritten.
 */
#include "kta/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/obj.h"
#include "kta/quantity.h"

#define MAX_SIZE    (10u << 20)
#define KEEP        5
#define MAX_KEEP    100
#define SYSLOG_LINE 8000 /* bytes; longer datagrams may be dropped */

/* ---- configuration ---- */
static int wrong(const char *what, struct kta_err *err)
{
    kta_err_set(err, KTA_E_USAGE, "'auditLog' %s", what);
    return kta_err_hint(err, "auditLog: false, a file, syslog, or {file: …, syslog: true, "
                             "maxSize: 10Mi, keep: 5}");
}

/* true, 10Mi, 5 … as they were written. */
static void written(const struct kta_json *v, struct kta_str *out)
{
    if (kta_json_text(v))
        kta_str_add(out, kta_json_text(v));
    else
        kta_json_print(v, false, out);
}

static int take_member(struct kta_audit_config *c, const struct kta_json *v, struct kta_err *err)
{
    const char *key = kta_json_key(v), *text = kta_json_text(v);
    kta_auto_str struct kta_str value = KTA_STR_INIT;

    written(v, &value);
    if (kta_streq(key, "file") && text && *text) {
        free(c->file);
        c->file = kta_fs_expand(text);
    } else if (kta_streq(key, "syslog") && kta_json_type(v) == KTA_JSON_BOOL) {
        c->syslog = kta_streq(value.s, "true");
    } else if (kta_streq(key, "maxSize")) {
        int64_t milli = kta_quantity_milli(value.s);

        if (milli < 1024 * 1000)
            return wrong("has a maxSize that is no size of at least 1Ki", err);
        c->max_size = (size_t)(milli / 1000);
    } else if (kta_streq(key, "keep") && kta_json_type(v) == KTA_JSON_NUMBER) {
        long n = strtol(value.s, NULL, 10);

        if (n < 0 || n > MAX_KEEP)
            return wrong("keeps between 0 and 100 older files", err);
        c->keep = (int)n;
    } else {
        kta_auto_free char *text_ = kta_asprintf("has no such part, or not so: '%s'", key);

        return wrong(text_, err);
    }
    return 0;
}

int kta_audit_configure(const struct kta_json *value, struct kta_audit_config *ret,
                        struct kta_err *err)
{
    const char *text = kta_json_text(value);
    kta_auto_str struct kta_str word = KTA_STR_INIT;

    written(value, &word);
    *ret = (struct kta_audit_config){.file = kta_xdg_path(KTA_XDG_STATE, "audit.jsonl"),
                                     .max_size = MAX_SIZE,
                                     .keep = KEEP};
    if (!value || kta_json_type(value) == KTA_JSON_NULL)
        return 0;
    if (kta_streq(word.s, "false") || kta_streq(text, "off") || kta_streq(text, "syslog")) {
        free(ret->file);
        ret->file = NULL;
        ret->syslog = kta_streq(text, "syslog");
    } else if (text && *text) {
        free(ret->file);
        ret->file = kta_fs_expand(text);
    } else if (kta_json_type(value) == KTA_JSON_OBJECT) {
        kta_json_each(v, value) {
            if (take_member(ret, v, err) < 0)
                return -1;
        }
    } else if (kta_json_type(value) != KTA_JSON_BOOL) {
        return wrong("is neither a switch, a file nor a list of settings", err);
    }
    if (ret->file && ret->file[0] != '/')
        return wrong("needs an absolute path (or one that begins with ~/)", err);
    return 0;
}

void kta_audit_release(struct kta_audit_config *c)
{
    free(c->file);
    *c = (struct kta_audit_config){0};
}

/* ---- the file ---- */
static int open_log(const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd >= 0)
        (void)fchmod(fd, 0600);
    return fd;
}

/* 0, or the errno of what hinders it. */
static int turn_over(const struct kta_audit_config *c)
{
    for (int i = c->keep; i > 0; i--) {
        kta_auto_free char *to = kta_asprintf("%s.%d", c->file, i);
        kta_auto_free char *from =
            i > 1 ? kta_asprintf("%s.%d", c->file, i - 1) : kta_strdup(c->file);

        if (rename(from, to) < 0 && errno != ENOENT) /* there are not so many yet */
            return errno;
    }
    return c->keep == 0 && unlink(c->file) < 0 ? errno : 0;
}

/* Opens the file locked; one that somebody else has turned over meanwhile is opened anew. */
static int open_locked(const struct kta_audit_config *c, size_t n, struct kta_err *err)
{
    for (int tries = 0; tries < 100; tries++) {
        struct stat opened, named;
        int fd = open_log(c->file), hindered = 0;

        if (fd < 0 || flock(fd, LOCK_EX) < 0 || fstat(fd, &opened) < 0) {
            int sys = errno;

            if (fd >= 0)
                close(fd);
            return kta_err_sys(err, KTA_E_FAIL, sys, "cannot open the audit log '%s'", c->file);
        }
        if (stat(c->file, &named) == 0 && named.st_ino == opened.st_ino) {
            if (!S_ISREG(opened.st_mode) || opened.st_size == 0 ||
                (size_t)opened.st_size + n <= c->max_size)
                return fd;
            hindered = turn_over(c);
        }
        close(fd);
        if (hindered) {
            kta_err_sys(err, KTA_E_FAIL, hindered, "cannot turn over the audit log '%s'", c->file);
            return kta_err_hint(err,
                                "It has reached its maxSize (auditLog: {maxSize: …, file: …}).");
        }
    }
    return kta_err_set(err, KTA_E_FAIL, "cannot open the audit log '%s': it keeps moving", c->file);
}

static int append(const struct kta_audit_config *c, const struct kta_str *line, bool durable,
                  struct kta_err *err)
{
    kta_auto_free char *dir = kta_fs_dirname(c->file);
    struct stat st;
    ssize_t n;
    int fd, sys = 0;

    if (kta_fs_mkdirs(dir, err) < 0)
        return kta_err_wrap(err, "the audit log");
    fd = open_locked(c, line->len, err);
    if (fd < 0)
        return -1;
    do
        n = write(fd, line->s, line->len);
    while (n < 0 && errno == EINTR);
    if (n < 0 || (size_t)n < line->len) {
        sys = n < 0 ? errno : ENOSPC;
        if (n > 0 && fstat(fd, &st) == 0) /* no half line: the next one would be lost with it */
            (void)!ftruncate(fd, st.st_size - n);
    } else if (durable && fsync(fd) < 0 && errno != EINVAL && errno != EROFS)
        sys = errno;
    close(fd);
    return sys ? kta_err_sys(err, KTA_E_FAIL, sys, "cannot write to the audit log '%s'", c->file)
               : 0;
}

/* ---- a record ---- */
static const char *user(void)
{
    static char name[64];
    const struct passwd *pw = getpwuid(getuid());

    if (pw)
        snprintf(name, sizeof name, "%s", pw->pw_name);
    else
        snprintf(name, sizeof name, "%lld", (long long)getuid());
    return name;
}

int kta_audit_write(const struct kta_audit_config *config, const char *type,
                    struct kta_json *record, struct kta_err *err)
{
    kta_auto_json struct kta_json *body = record, *whole = kta_json_new_object();
    kta_auto_str struct kta_str line = KTA_STR_INIT, when = KTA_STR_INIT;

    if (!config || (!config->file && !config->syslog))
        return 0;
    kta_time_format(kta_wall(), &when);
    kta_json_set_str(whole, "time", when.s);
    kta_json_set_str(whole, "type", type);
    kta_json_set_str(whole, "user", user());
    if (getenv("SUDO_USER"))
        kta_json_set_str(whole, "sudoUser", getenv("SUDO_USER"));
    kta_json_set_int(whole, "pid", getpid());
    kta_json_each(m, body)
        kta_json_set(whole, kta_json_key(m), kta_json_copy(m));
    kta_json_print(whole, false, &line);
    if (config->syslog) {
        openlog("kubectl-todo-ai", LOG_PID, LOG_AUTHPRIV);
        syslog(LOG_INFO, "%.*s", SYSLOG_LINE, line.s);
        closelog();
    }
    kta_str_addc(&line, '\n');
    /* a question changes nothing: the disk is not waited for */
    return config->file ? append(config, &line, !kta_streq(type, "question"), err) : 0;
}
