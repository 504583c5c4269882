/*
 * kubefiles.c - reading kubeconfig files and finding entries in them.
 *
 * Invariants: every file in v parsed as an object (or is empty), its three lists are lists of named
 * entries without doubles, so that look-ups need no checks. Source of the rules:
 * https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 */
#include "kubefiles.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <unistd.h>
#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/yaml.h"

static const struct {
    const char *list, *member;
} kube_lists[] = {{"clusters", "cluster"}, {"users", "user"}, {"contexts", "context"}};

/* Absolute, without touching the file: it need not exist. Caller frees. */
static char *absolute(const char *path)
{
    char cwd[PATH_MAX];

    if (path[0] == '/' || !getcwd(cwd, sizeof cwd))
        return kta_strdup(path);
    return kta_fs_join(cwd, path);
}

/* "load kubeconfig 'F': line N: …"; the line is left out where it is not known. */
static int fail_at(const struct kube_file *f, const char *where, struct kta_err *err,
                   const char *what)
{
    int line = kta_yaml_line_of(f->text.s, f->text.len, where);

    if (line > 0)
        kta_err_set(err, KTA_E_USAGE, "kubeconfig '%s': line %d: %s", f->path, line, what);
    else
        kta_err_set(err, KTA_E_USAGE, "kubeconfig '%s': %s", f->path, what);
    return -1;
}

static int check_list(const struct kube_file *f, const char *list, const char *member,
                      struct kta_err *err)
{
    const struct kta_json *v = kta_json_get(f->json, list);
    char where[96], what[384];
    size_t i = 0;

    if (!v || kta_json_type(v) == KTA_JSON_NULL)
        return 0;
    if (kta_json_type(v) != KTA_JSON_ARRAY) {
        snprintf(what, sizeof what, "'%s' must be a list of entries with a name and a %s", list,
                 member);
        return fail_at(f, list, err, what);
    }
    kta_json_each(e, v) {
        const char *name = kta_json_text(kta_json_get(e, "name"));
        const struct kta_json *body = kta_json_get(e, member);

        snprintf(where, sizeof where, "%s[%zu]", list, i++);
        if (!name) {
            snprintf(what, sizeof what, "an entry of '%s' has no name that is a string", list);
            return fail_at(f, where, err, what);
        }
        if (body && kta_json_type(body) != KTA_JSON_OBJECT &&
            kta_json_type(body) != KTA_JSON_NULL) {
            snprintf(what, sizeof what, "%s '%.200s' must be a map", member, name);
            return fail_at(f, where, err, what);
        }
        for (const struct kta_json *o = kta_json_first(v); o != e; o = kta_json_next(o)) {
            if (kta_streq(kta_json_text(kta_json_get(o, "name")), name)) {
                snprintf(what, sizeof what, "%s '%.200s' is there twice", member, name);
                return fail_at(f, where, err, what);
            }
        }
    }
    return 0;
}

/* JSON is nearly YAML, but not quite (surrogate escapes); YAML's errors name the line. */
static int parse(struct kube_file *f, struct kta_err *err)
{
    struct kta_err ignored = KTA_ERR_INIT;
    const char *p = f->text.s + strspn(f->text.s, " \t\r\n");

    if (*p == '{' && kta_json_parse(f->text.s, f->text.len, &f->json, &ignored) == 0)
        return 0;
    if (kta_yaml_parse(f->text.s, f->text.len, &f->json, err) < 0) {
        err->code = KTA_E_USAGE;
        kta_err_wrap(err, "kubeconfig '%s'", f->path);
        return kta_err_hint(err, "mend the file, or name another one with --kubeconfig");
    }
    return 0;
}

static int check(struct kube_file *f, struct kta_err *err)
{
    const struct kta_json *v;
    const char *kind;

    if (kta_json_type(f->json) == KTA_JSON_NULL || kta_json_type(f->json) == KTA_JSON_NONE) {
        kta_json_free(f->json);
        f->json = NULL;
        return 0;
    }
    if (kta_json_type(f->json) != KTA_JSON_OBJECT)
        return fail_at(f, "", err,
                       "this is not a kubeconfig: it must be a map with clusters, "
                       "users and contexts");
    kind = kta_json_str(f->json, "kind");
    if (kind && *kind && strcmp(kind, "Config") != 0)
        return fail_at(f, "kind", err, "this is not a kubeconfig: its kind is not Config");
    v = kta_json_get(f->json, "current-context");
    if (v && kta_json_type(v) != KTA_JSON_STRING && kta_json_type(v) != KTA_JSON_NULL)
        return fail_at(f, "current-context", err,
                       "current-context must be a string (put it in quotes)");
    for (size_t i = 0; i < KTA_LEN(kube_lists); i++)
        if (check_list(f, kube_lists[i].list, kube_lists[i].member, err) < 0)
            return -1;
    return 0;
}

static int load_one(struct kube_files *fs, const char *path, bool must_exist, struct kta_err *err)
{
    struct kube_file f = {.path = absolute(path), .text = KTA_STR_INIT};
    struct kta_err e = KTA_ERR_INIT;

    kta_argv_add(&fs->paths, f.path);
    if (kta_fs_read(f.path, KTA_MAX_KUBECONFIG, &f.text, &e) < 0) {
        bool missing = e.code == KTA_E_NOT_FOUND;

        free(f.path);
        kta_str_release(&f.text);
        if (missing && !must_exist)
            return 0;
        *err = e;
        err->code = KTA_E_USAGE;
        kta_err_wrap(err, "kubeconfig");
        return kta_err_hint(err, missing ? "--kubeconfig names a file that must exist"
                                         : "check the file's permissions, or name another one "
                                           "with --kubeconfig");
    }
    f.dir = kta_fs_dirname(f.path);
    KTA_GROW(fs->v, fs->n, fs->cap);
    fs->v[fs->n++] = f;
    if (parse(&fs->v[fs->n - 1], err) < 0)
        return -1;
    return check(&fs->v[fs->n - 1], err);
}

static bool listed(const struct kta_argv *a, const char *s)
{
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->v[i], s) == 0)
            return true;
    return false;
}

/* $KUBECONFIG: colon-separated, empty elements and repetitions skipped. */
static int load_env(struct kube_files *fs, const char *list, struct kta_err *err)
{
    for (const char *p = list;; p++) {
        size_t n = strcspn(p, ":");

        if (n > 0) {
            kta_auto_free char *one = kta_strndup(p, n);
            kta_auto_free char *abs = absolute(one);

            if (!listed(&fs->paths, abs) && load_one(fs, one, false, err) < 0)
                return -1;
        }
        p += n;
        if (!*p)
            return 0;
    }
}

int kube_files_load(const char *explicit_path, struct kube_files *ret, struct kta_err *err)
{
    struct kube_files fs = {0};
    const char *env = getenv("KUBECONFIG");
    int r = 0;

    if (explicit_path && *explicit_path) {
        r = load_one(&fs, explicit_path, true, err);
    } else if (env && *env) {
        r = load_env(&fs, env, err);
    } else if (getenv("HOME") && *getenv("HOME")) {
        kta_auto_free char *path = kta_fs_expand("~/.kube/config");
        r = load_one(&fs, path, false, err);
    }
    if (r < 0) {
        kube_files_release(&fs);
        return -1;
    }
    *ret = fs;
    return 0;
}

void kube_files_release(struct kube_files *fs)
{
    for (size_t i = 0; i < fs->n; i++) {
        free(fs->v[i].path);
        free(fs->v[i].dir);
        kta_str_release(&fs->v[i].text);
        kta_json_free(fs->v[i].json);
    }
    free(fs->v);
    kta_argv_release(&fs->paths);
    memset(fs, 0, sizeof *fs);
}

const char *kube_files_current_context(const struct kube_files *fs)
{
    for (size_t i = 0; i < fs->n; i++) {
        const char *s = kta_json_text(kta_json_get(fs->v[i].json, "current-context"));

        if (s && *s)
            return s;
    }
    return NULL;
}

void kube_files_find(const struct kube_files *fs, const char *list, const char *name,
                     struct kube_entry *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->list = list;
    ret->name = name;
    for (size_t i = 0; i < KTA_LEN(kube_lists); i++)
        if (strcmp(kube_lists[i].list, list) == 0)
            ret->member = kube_lists[i].member;
    for (size_t i = 0; name && i < fs->n; i++) {
        size_t at = 0;

        kta_json_each(e, kta_json_get(fs->v[i].json, list)) {
            const char *found = kta_json_text(kta_json_get(e, "name"));

            if (kta_streq(found, name)) {
                struct kta_json *body = kta_json_get(e, ret->member);

                ret->name = found;
                ret->file = &fs->v[i];
                ret->value = kta_json_type(body) == KTA_JSON_OBJECT ? body : NULL;
                ret->index = at;
                return;
            }
            at++;
        }
    }
}

void kube_files_names(const struct kube_files *fs, const char *list, struct kta_argv *ret)
{
    for (size_t i = 0; i < fs->n; i++) {
        kta_json_each(e, kta_json_get(fs->v[i].json, list)) {
            const char *name = kta_json_text(kta_json_get(e, "name"));

            if (!listed(ret, name))
                kta_argv_add(ret, name);
        }
    }
}

int kube_entry_fail(const struct kube_entry *e, const char *key, struct kta_err *err,
                    const char *fmt, ...)
{
    char where[256], what[768];
    int n = snprintf(what, sizeof what, "%s '%.128s': ", e->member, kta_or(e->name, ""));
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what + n, sizeof what - (size_t)n, fmt, ap);
    va_end(ap);
    if (!e->file)
        return kta_err_set(err, KTA_E_USAGE, "kubeconfig: %s", what);
    snprintf(where, sizeof where, "%s[%zu].%s.%s", e->list, e->index, e->member, key);
    if (kta_yaml_line_of(e->file->text.s, e->file->text.len, where) <= 0)
        snprintf(where, sizeof where, "%s[%zu]", e->list, e->index);
    return fail_at(e->file, where, err, what);
}

int kube_entry_str(const struct kube_entry *e, const char *key, const char **ret,
                   struct kta_err *err)
{
    const struct kta_json *v = kta_json_get(e->value, key);

    *ret = NULL;
    if (!v || kta_json_type(v) == KTA_JSON_NULL)
        return 0;
    if (kta_json_type(v) != KTA_JSON_STRING)
        return kube_entry_fail(e, key, err, "'%s' must be a string (put it in quotes)", key);
    if (*kta_json_text(v))
        *ret = kta_json_text(v);
    return 0;
}

int kube_entry_bool(const struct kube_entry *e, const char *key, bool *ret, struct kta_err *err)
{
    const struct kta_json *v = kta_json_get(e->value, key);

    *ret = false;
    if (!v || kta_json_type(v) == KTA_JSON_NULL)
        return 0;
    if (kta_json_type(v) != KTA_JSON_BOOL)
        return kube_entry_fail(e, key, err, "'%s' must be true or false, without quotes", key);
    *ret = kta_json_bool(e->value, key, false);
    return 0;
}

int kube_entry_path(const struct kube_entry *e, const char *key, char **ret, struct kta_err *err)
{
    const char *s;

    *ret = NULL;
    if (kube_entry_str(e, key, &s, err) < 0)
        return -1;
    if (s)
        *ret = kta_fs_join(e->file->dir, s);
    return 0;
}

int kube_entry_copy(const struct kube_entry *e, const char *key, char **ret, struct kta_err *err)
{
    const char *s;

    if (kube_entry_str(e, key, &s, err) < 0)
        return -1;
    free(*ret);
    *ret = kta_strdup(s);
    return 0;
}

int kube_entry_list(const struct kube_entry *e, const char *key, const struct kta_json *v,
                    struct kta_argv *ret, struct kta_err *err)
{
    if (!v || kta_json_type(v) == KTA_JSON_NULL)
        return 0;
    if (kta_json_type(v) != KTA_JSON_ARRAY)
        return kube_entry_fail(e, key, err, "'%s' must be a list of strings", key);
    kta_json_each(i, v) {
        if (!kta_json_text(i))
            return kube_entry_fail(e, key, err, "'%s' must be a list of strings (quote them)", key);
        kta_argv_add(ret, kta_json_text(i));
    }
    return 0;
}
