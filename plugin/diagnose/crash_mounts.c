/*
 * crash_mounts.c - the files that ConfigMaps and Secrets give a container, and a working directory
 * from which it does not find them.
 */
#include <ctype.h>
#include <string.h>
#include "crash.h"
#include "kta/alloc.h"

/* ---- the files ---- */

static void add_file(const struct kta_json *mount, const char *file, struct kta_argv *out)
{
    const char *at = kta_or(kta_json_str(mount, "mountPath"), "");
    const char *sub = kta_json_str(mount, "subPath");
    size_t n = strlen(at), len = sub ? strlen(sub) : 0;
    while (n > 1 && at[n - 1] == '/')
        n--;
    if (!sub)
        kta_argv_addf(out, "%.*s/%s", (int)n, at, file);
    else if (!strncmp(file, sub, len) && (!file[len] || file[len] == '/'))
        kta_argv_addf(out, "%.*s%s", (int)n, at, file + len);
}

/* Of a volume, or of one source of a projected one. */
static void add_source(const struct kta_pod_trouble *t, const struct kta_json *mount,
                       const struct kta_json *source, struct kta_argv *out)
{
    static const char *const parts[][3] = {{"configMap", "name", "configmaps"},
                                           {"secret", "secretName", "secrets"},
                                           {"secret", "name", "secrets"}};
    for (size_t i = 0; i < KTA_LEN(parts); i++) {
        const struct kta_json *part = kta_json_get(source, parts[i][0]);
        const char *name = kta_json_str(part, parts[i][1]);
        const struct kta_json *items = kta_json_get(part, "items");
        char **keys;
        if (!name)
            continue;
        size_t n =
            kta_data_keys(kta_world_get(t->w, parts[i][2], kta_obj_namespace(t->pod), name, NULL),
                          &keys);
        for (size_t k = 0; k < n && !items; k++)
            add_file(mount, keys[k], out);
        kta_json_each(item, items)
            for (size_t k = 0; k < n; k++)
                if (kta_streq(kta_json_str(item, "key"), keys[k]))
                    add_file(mount, kta_or(kta_json_str(item, "path"), keys[k]), out);
        kta_keys_free(keys, n);
    }
}

void kta_mount_files(const struct kta_pod_trouble *t, const struct kta_json *mount,
                     struct kta_argv *out)
{
    const struct kta_json *volume =
        kta_volume_named(kta_json_get(t->pod, "spec"), kta_or(kta_json_str(mount, "name"), ""));
    add_source(t, mount, volume, out);
    kta_json_each(source, kta_json_at(volume, "projected.sources"))
        add_source(t, mount, source, out);
}

/* ---- the working directory ---- */

static bool of_path(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("._-/", c));
}

/* Does the text name the file, as one that is looked for from that directory ("" unknown)? */
static bool names(const char *text, const char *file, const char *dir)
{
    size_t n = strlen(file), d = strlen(dir);
    for (const char *p = text; (p = strstr(p, file)); p++) {
        const char *from = p;
        if (p - text >= 2 && !strncmp(p - 2, "./", 2))
            from = p - 2;
        else if (d && (size_t)(p - text) > d && p[-1] == '/' && !strncmp(p - 1 - d, dir, d))
            from = p - 1 - d;
        bool ends = !of_path(p[n]) || (p[n] == '.' && !of_path(p[n + 1]));
        if (ends && (from == text || !of_path(from[-1])))
            return true;
    }
    return false;
}

/* How long the name of a module is that is this file, or 0. */
static size_t module_len(const char *file)
{
    static const char *const ends[] = {".py", ".js",  ".mjs",   ".cjs", ".ts",
                                       ".rb", ".jar", ".class", ".pl"};
    for (size_t i = 0; i < KTA_LEN(ends); i++)
        if (kta_ends(file, ends[i]))
            return strlen(file) - strlen(ends[i]);
    return 0;
}

/* The directory from which the text's words for that file would find it; NULL: it does not speak of
 * it. The caller's. */
static char *found_from(const char *file, const char *text, const char *dir)
{
    kta_auto_free char *module = kta_strndup(file, module_len(file));
    for (const char *at = strchr(file, '/'); at; at = strchr(at + 1, '/')) {
        size_t n = (size_t)(at + 1 - file);
        if (names(text, at + 1, dir) || (module[0] && module[n] && names(text, module + n, dir)))
            return at == file ? kta_strdup("/") : kta_strndup(file, n - 1);
    }
    return NULL;
}

/* Without a slash at its end, "" where it is the image's; the caller's. */
static char *dir_of(const struct kta_json *container)
{
    char *dir = kta_strdup(kta_or(kta_json_str(container, "workingDir"), ""));
    for (size_t n = strlen(dir); n > 1 && dir[n - 1] == '/';)
        dir[--n] = '\0';
    return dir;
}

/* The folder among those that volumes make, and what is above them, whose name is nearly that. */
static char *nearly(const struct kta_json *container, const char *dir)
{
    kta_auto_argv struct kta_argv dirs = {0};
    kta_json_each(m, kta_json_get(container, "volumeMounts")) {
        kta_auto_free char *at = kta_strdup(kta_or(kta_json_str(m, "mountPath"), ""));
        for (char *end = at + strlen(at); end && end > at; end = strrchr(at, '/')) {
            *end = '\0';
            if (!kta_streq(at, dir) && kta_distance(at, dir, 3) <= 3)
                kta_argv_add(&dirs, at);
        }
    }
    return kta_strdup(kta_nearest(dir, (const char *const *)dirs.v, dirs.n));
}

/* NULL: the image's own. */
static void fix_dir(const struct kta_pod_trouble *t, struct kta_finding *f, const char *dir)
{
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    kta_json_set(c, "workingDir", kta_json_new_str(dir));
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "let container %s work in %s (workingDir)", t->name,
                           kta_or(dir, "its image's own folder"));
}

bool kta_crash_working_dir(const struct kta_pod_trouble *t, struct kta_finding *f, const char *text)
{
    kta_auto_argv struct kta_argv files = {0};
    kta_auto_free char *now = dir_of(t->container);
    kta_json_each(m, kta_json_get(t->container, "volumeMounts"))
        kta_mount_files(t, m, &files);
    for (size_t i = 0; i < files.n; i++) {
        kta_auto_free char *dir = found_from(files.v[i], text, now);
        if (!dir)
            continue;
        if (kta_streq(dir, now))
            return false; /* it is where it is looked for */
        kta_auto_free char *who = kta_trouble_who(t);
        kta_finding_summary(f, "%s exits because it looks in %s for %s", who,
                            *now ? now : "its image's own folder", files.v[i]);
        kta_finding_quote(f, "spec", "container %s: workingDir %s; a volume gives it %s", t->name,
                          *now ? now : "of its image", files.v[i]);
        kta_finding_advice(f, "Or mount that file where the program looks for it.");
        fix_dir(t, f, dir);
        kta_finding_last_fix_first(f);
        return true;
    }
    return false;
}

/* No volume's known file tells: a folder of nearly that name, or where the image itself starts. */
void kta_crash_guess_dir(const struct kta_pod_trouble *t, struct kta_finding *f, const char *path)
{
    kta_auto_free char *now = dir_of(t->container);
    size_t n = strlen(now);
    bool relative = !path || *path != '/' || (!strncmp(path, now, n) && path[n] == '/');
    if (!n || !relative || kta_mount_of(t->container, now))
        return;
    kta_auto_free char *near = nearly(t->container, now);
    if (!near && f->n_fixes)
        return;
    kta_finding_quote(f, "spec", "container %s: workingDir %s", t->name, now);
    fix_dir(t, f, near);
    kta_finding_last_fix_first(f);
}
