/*
 * hidden.c - placeholders back to their values, for a child's eyes only.
 *
 * Everybody on the machine may read a process's argv. Where the command has a flag that takes the
 * same from a file, the value goes into one of ours (0600, gone when the child is); else it has to
 * stand in the argv.
 */
#include "actions.h"

#include <string.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/fs.h"

static const struct {
    const char *program, *path; /* path NULL: every command of the program */
    const char *flag, *file;
    bool keyed; /* "key=value": the key stays in the argv */
} forms[] = {
    {"kubectl", "patch", "patch", "patch-file", false},
    {"kubectl", "create secret generic", "from-literal", "from-file", true},
    {"kubectl", "create configmap", "from-literal", "from-file", true},
    {"helm", NULL, "set", "set-file", true},
    {"helm", NULL, "set-string", "set-file", true},
};

/* Of a keyed value, what stands behind the key, if it is one placeholder alone: helm would take
 * more than that apart. */
static const char *behind_key(const char *value)
{
    const char *eq = strchr(value, '='), *end = eq ? strstr(eq, "⟧") : NULL;
    kta_auto_free char *key = eq ? kta_strndup(value, (size_t)(eq - value)) : NULL;

    if (!end || end[strlen("⟧")] || !kta_starts(eq + 1, "⟦") || kta_redact_has_placeholder(key))
        return NULL;
    return eq + 1;
}

static int put_back(struct kta_redact *r, const char *s, struct kta_str *out, struct kta_err *err)
{
    if (!kta_redact_has_placeholder(s)) {
        kta_str_add(out, s);
        return 0;
    }
    if (!r)
        return kta_err_set(err, KTA_E_POLICY, "a placeholder stands for nothing here");
    return kta_redact_restore(r, s, out, err);
}

/* *ret_word: the flag that reads a file instead of this one; NULL: there is none. Caller frees. */
static int as_file(struct kta_redact *r, const struct kta_command *cmd, const struct kta_flag *f,
                   char **ret_word, struct kta_argv *files, struct kta_err *err)
{
    kta_auto_str struct kta_str value = KTA_STR_INIT;
    size_t i = 0;

    *ret_word = NULL;
    while (i < KTA_LEN(forms) &&
           (!kta_streq(forms[i].program, cmd->program) || !kta_streq(forms[i].flag, f->name) ||
            (forms[i].path && !kta_streq(forms[i].path, cmd->path))))
        i++;
    if (i == KTA_LEN(forms) || !f->value || !kta_redact_has_placeholder(f->value))
        return 0;
    const char *hidden = forms[i].keyed ? behind_key(f->value) : f->value;
    if (!hidden)
        return 0;
    if (put_back(r, hidden, &value, err) < 0)
        return -1;
    kta_auto_free char *path = kta_fs_temp("", value.s, value.len, err);
    if (!path)
        return -1;
    kta_argv_add(files, path);
    *ret_word =
        kta_asprintf("--%s=%.*s%s", forms[i].file, (int)(hidden - f->value), f->value, path);
    return 0;
}

static int with_files(struct kta_redact *r, const struct kta_argv *argv, struct kta_argv *ret,
                      struct kta_argv *files, struct kta_err *err)
{
    struct kta_command cmd;
    struct kta_err ignored = KTA_ERR_INIT;
    size_t at = 0;
    int rc = 0;

    if (kta_command_parse(argv, &cmd, &ignored) < 0)
        cmd = (struct kta_command){.n_flags = 0};
    for (size_t i = 0; i < cmd.n_flags && rc == 0; i++) {
        const struct kta_flag *f = &cmd.flags[i];
        kta_auto_free char *word = NULL;
        rc = as_file(r, &cmd, f, &word, files, err);
        if (!word || f->at < at)
            continue;
        for (; at < f->at; at++)
            kta_argv_add(ret, argv->v[at]);
        kta_argv_add(ret, word);
        at += 1 + (f->at + 1 < argv->n && f->value == argv->v[f->at + 1]);
    }
    for (; at < argv->n && rc == 0; at++)
        kta_argv_add(ret, argv->v[at]);
    kta_command_release(&cmd);
    return rc;
}

int kta_hidden_argv(struct kta_redact *r, const struct kta_argv *argv, struct kta_argv *ret,
                    struct kta_argv *files, struct kta_err *err)
{
    kta_auto_argv struct kta_argv left = KTA_ARGV_INIT;
    bool any = false;

    for (size_t i = 0; i < argv->n; i++)
        any |= kta_redact_has_placeholder(argv->v[i]);
    if (!any)
        kta_argv_copy(&left, argv);
    else if (with_files(r, argv, &left, files, err) < 0)
        return -1;
    for (size_t i = 0; i < left.n; i++) {
        kta_auto_str struct kta_str word = KTA_STR_INIT;
        if (put_back(r, left.v[i], &word, err) < 0)
            return -1;
        kta_argv_add(ret, word.s);
    }
    return 0;
}

void kta_hidden_remove(struct kta_argv *files)
{
    for (size_t i = 0; i < files->n; i++)
        unlink(files->v[i]);
    kta_argv_release(files);
}
