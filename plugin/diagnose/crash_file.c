/*
 * crash_file.c - crashes for want of a file or directory: which ConfigMap, Secret or volume holds
 * it, and where it is mounted instead.
 */
#include <stdlib.h>
#include <string.h>
#include "address.h"
#include "crash.h"
#include "kta/alloc.h"
#include "kta/re.h"

const char *kta_base_name(const char *path)
{
    const char *s = strrchr(path, '/');
    return s ? s + 1 : path;
}

/* The mount under which a path lies, or NULL. */
const struct kta_json *kta_mount_of(const struct kta_json *container, const char *path)
{
    const struct kta_json *best = NULL;
    size_t longest = 0;
    kta_json_each(m, kta_json_get(container, "volumeMounts")) {
        const char *at = kta_or(kta_json_str(m, "mountPath"), "");
        size_t n = strlen(at);
        while (n > 1 && at[n - 1] == '/')
            n--;
        if (!strncmp(path, at, n) && (path[n] == '/' || !path[n]) && n >= longest) {
            best = m;
            longest = n;
        }
    }
    return best;
}

const struct kta_json *kta_volume_named(const struct kta_json *spec, const char *name)
{
    kta_json_each(v, kta_json_get(spec, "volumes"))
        if (kta_streq(kta_json_str(v, "name"), name))
            return v;
    return NULL;
}

const struct kta_json *kta_store_of(struct kta_world *w, const char *ns,
                                    const struct kta_json *volume)
{
    const char *cm = kta_json_str(volume, "configMap.name");
    const char *secret = kta_json_str(volume, "secret.secretName");
    return cm       ? kta_world_get(w, "configmaps", ns, cm, NULL)
           : secret ? kta_world_get(w, "secrets", ns, secret, NULL)
                    : NULL;
}

static void move_mount(const struct kta_pod_trouble *t, struct kta_finding *f,
                       const struct kta_json *mount, const char *dir)
{
    struct kta_json *c;
    struct kta_json *patch = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *mounts = kta_json_set(c, "volumeMounts", kta_json_new_array());
    struct kta_json *gone = kta_json_push(mounts, kta_json_new_object());
    kta_json_set_str(gone, "$patch", "delete");
    kta_json_set_str(gone, "mountPath", kta_json_str(mount, "mountPath"));
    struct kta_json *now = kta_json_push(mounts, kta_json_copy(mount));
    kta_json_set_str(now, "mountPath", dir);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, patch,
                           "mount volume %s at %s, where the program looks",
                           kta_json_str(mount, "name"), dir);
}

/* The folder above a path, or above that one …, whose name is nearly that; NULL: none. */
static char *folder_near(const char *path, const char *at)
{
    char *dir = kta_strdup(path);
    for (char *end; (end = strrchr(dir, '/')) && end > dir;) {
        *end = '\0';
        if (!kta_streq(dir, at) && kta_nearest(dir, &at, 1) && kta_distance(dir, at, 2) <= 2)
            return dir;
    }
    free(dir);
    return NULL;
}

/* A volume of this container that holds a file of that name, mounted elsewhere, or that is mounted
 * in a folder of nearly the right name and holds nobody knows what: mount it here. */
static void fix_mount_path(const struct kta_pod_trouble *t, struct kta_finding *f, const char *path)
{
    kta_json_each(m, kta_json_get(t->container, "volumeMounts")) {
        kta_auto_argv struct kta_argv files = {0};
        const char *at = kta_or(kta_json_str(m, "mountPath"), "");
        kta_auto_free char *dir = NULL;
        if (kta_json_get(m, "subPath") || kta_starts(at, "/var/run/secrets/"))
            continue;
        kta_mount_files(t, m, &files);
        for (size_t i = 0; i < files.n && !dir; i++) {
            const char *file = files.v[i] + strlen(at) - kta_ends(at, "/"); /* "/app.conf" */
            if (kta_ends(path, file) && strlen(path) > strlen(file))
                dir = kta_strndup(path, strlen(path) - strlen(file));
        }
        if (dir)
            kta_finding_quote(f, "spec", "volume %s, which holds %s, is mounted at %s",
                              kta_json_str(m, "name"), kta_base_name(path), at);
        else if (!files.n && (dir = folder_near(path, at)))
            kta_finding_quote(f, "spec", "volume %s is mounted at %s, not at %s",
                              kta_json_str(m, "name"), at, dir);
        if (!dir)
            continue;
        move_mount(t, f, m, dir);
        return;
    }
}

/* Mounts another key (or the only one) at the path of that mount. */
static void fix_sub_path(const struct kta_pod_trouble *t, struct kta_finding *f,
                         const struct kta_json *mount, const char *key)
{
    struct kta_json *c;
    struct kta_json *patch = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *now =
        kta_json_push(kta_json_set(c, "volumeMounts", kta_json_new_array()), kta_json_copy(mount));
    kta_json_set_str(now, "subPath", key);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, patch,
                           "mount the key %s at %s, which there is", key,
                           kta_json_str(mount, "mountPath"));
}

/* The service account's token, which is mounted unless the pod or the account says otherwise. */
static void no_token(const struct kta_pod_trouble *t, struct kta_finding *f)
{
    kta_finding_quote(f, "spec", "the service account's token is not mounted%s",
                      kta_json_bool(t->pod, "spec.automountServiceAccountToken", true)
                          ? ""
                          : ": automountServiceAccountToken is false");
    struct kta_json *spec = kta_json_new_object();
    kta_json_set_bool(spec, "automountServiceAccountToken", true);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "mount the service account's token, which the program reads");
    kta_finding_advice(f, "Or keep the program from calling the API server.");
}

/* The volume gives each key the name of its file, or one that its items say; one of these names is
 * nearly what the program asks for. */
static void fix_file_name(const struct kta_pod_trouble *t, struct kta_finding *f,
                          const struct kta_json *volume, const struct kta_argv *names,
                          const char *near, const char *file)
{
    const char *member = kta_json_get(volume, "secret") ? "secret" : "configMap";
    const struct kta_json *given = kta_json_get(volume, member);
    const struct kta_json *now = kta_json_get(given, "items");
    struct kta_json *spec = kta_json_new_object();
    struct kta_json *v =
        kta_json_push(kta_json_set(spec, "volumes", kta_json_new_array()), kta_json_new_object());
    kta_json_set_str(v, "name", kta_json_str(volume, "name"));
    struct kta_json *store = kta_json_set(v, member, kta_json_copy(given));
    struct kta_json *items =
        kta_json_set(store, "items", now ? kta_json_copy(now) : kta_json_new_array());
    for (size_t i = 0; !now && i < names->n; i++) {
        struct kta_json *x = kta_json_push(items, kta_json_new_object());
        kta_json_set_str(x, "key", names->v[i]);
        kta_json_set_str(x, "path", names->v[i]);
    }
    bool found = false;
    kta_json_each(x, items)
        if (kta_streq(kta_json_str(x, "path"), near)) {
            kta_json_set_str(x, "path", file);
            found = true;
        }
    if (!found)
        kta_json_free(spec);
    else
        (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                               "give %s the name %s in the volume, for which the program asks",
                               near, file);
}

/* The container's own command asks for the file: it is easier corrected there. */
static void fix_in_command(const struct kta_pod_trouble *t, struct kta_finding *f, const char *path,
                           const char *near)
{
    kta_auto_free char *right =
        kta_asprintf("%.*s%s", (int)(kta_base_name(path) - path), path, near);
    struct renaming way = {path, right};
    struct kta_json *spec = renamed_command(t, &way, 1);
    if (spec)
        (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                               "let the command ask for %s, which there is", right);
}

/* The file's folder is a volume of a ConfigMap or Secret, which lacks it. */
static void not_in_store(const struct kta_pod_trouble *t, struct kta_finding *f, const char *path,
                         const struct kta_json *mount, const struct kta_json *volume,
                         const struct kta_json *store)
{
    kta_auto_argv struct kta_argv files = {0};
    kta_auto_str struct kta_str list = KTA_STR_INIT;
    kta_auto_free char *ref = kta_diag_ref(store);
    kta_mount_files(t, mount, &files);
    for (size_t i = 0; i < files.n; i++) {
        memmove(files.v[i], kta_base_name(files.v[i]), strlen(kta_base_name(files.v[i])) + 1);
        kta_str_addf(&list, "%s%s", i ? ", " : "", files.v[i]);
    }
    kta_finding_quote(f, "spec", "%s is mounted at %s and has the keys: %s", ref,
                      kta_json_str(mount, "mountPath"), list.len ? list.s : "(none)");
    const char *file = kta_base_name(path);
    const char *near = kta_nearest(file, (const char *const *)files.v, files.n);
    if (!near) {
        kta_finding_advice(f,
                           "Add the key %s to %s with the file's content, then restart the "
                           "workload. Only you can know the content.",
                           file, ref);
        return;
    }
    fix_in_command(t, f, path, near);
    fix_file_name(t, f, volume, &files, near, file);
    kta_finding_advice(f,
                       "The key %s of %s has nearly that name: rename it to %s, or make the "
                       "program read %s.",
                       near, ref, file, near);
}

void kta_crash_file(const struct kta_pod_trouble *t, struct kta_finding *f,
                    const struct kta_log_cause *c)
{
    kta_auto_free char *who = kta_trouble_who(t);
    if (!c->path || *c->path != '/') {
        kta_finding_summary(f, "%s exits because a file is missing: %s", who, c->line);
        kta_finding_advice(f, "Put the file that the log names into the image, or mount it.");
        return;
    }
    kta_finding_summary(f, "%s exits because the file %s does not exist", who, c->path);
    const char *ns = kta_obj_namespace(t->pod);
    const struct kta_json *m = kta_mount_of(t->container, c->path);
    const struct kta_json *volume =
        m ? kta_volume_named(kta_json_get(t->pod, "spec"), kta_json_str(m, "name")) : NULL;
    const struct kta_json *store = kta_store_of(t->w, ns, volume);
    kta_config_optional(t, f, volume);
    kta_json_each(source, kta_json_at(volume, "projected.sources"))
        kta_config_optional(t, f, source);
    if (f->n_fixes)
        return;
    if (store) {
        not_in_store(t, f, c->path, m, volume, store);
        return;
    }
    if (kta_starts(c->path, "/var/run/secrets/kubernetes.io/serviceaccount/")) {
        no_token(t, f);
        return;
    }
    if (strstr(c->line, "nonexistent directory")) {
        kta_crash_readonly(t, f, c);
        kta_finding_summary(f, "%s exits because the directory of %s does not exist", who, c->path);
        return;
    }
    fix_mount_path(t, f, c->path);
    kta_finding_advice(f,
                       "Provide %s: in the image, or as a key of a ConfigMap or Secret mounted "
                       "there.",
                       c->path);
}

/* The key of the ConfigMap or Secret that holds the file which the log speaks of. */
void kta_crash_config(const struct kta_pod_trouble *t, struct kta_finding *f,
                      const struct kta_log_cause *c)
{
    static struct kta_re *re;
    if (!re)
        re = kta_re_must("/[\\w.\\-]+(?:/[\\w.\\-]+)+", 0);
    kta_crash_plain(t, f, c);
    struct kta_match m;
    size_t len = strlen(c->quote);
    for (size_t from = 0; from < len && kta_re_find(re, c->quote, len, from, &m); from = m.end[0]) {
        kta_auto_free char *path = kta_re_group(c->quote, &m, 0);
        const struct kta_json *mount = kta_mount_of(t->container, path);
        const struct kta_json *store =
            mount ? kta_store_of(t->w, kta_obj_namespace(t->pod),
                                 kta_volume_named(kta_json_get(t->pod, "spec"),
                                                  kta_json_str(mount, "name")))
                  : NULL;
        if (!store)
            continue;
        kta_auto_free char *ref = kta_diag_ref(store);
        const char *key = kta_or(kta_json_str(mount, "subPath"), kta_base_name(path));
        kta_finding_quote(f, "spec", "%s is the key %s of %s", path, key, ref);
        kta_finding_advice(
            f,
            "Correct the key %s of %s where the log says, then restart the workload. "
            "Only you can know the content.",
            key, ref);
        return;
    }
}

/* The mount at that path; without a path the one whose subPath names no key of its store. */
static const struct kta_json *mount_at(const struct kta_pod_trouble *t, const char *path,
                                       const struct kta_json **ret_store)
{
    const struct kta_json *spec = kta_json_get(t->pod, "spec");
    kta_json_each(m, kta_json_get(t->container, "volumeMounts")) {
        const char *sub = kta_json_str(m, "subPath");
        *ret_store = kta_store_of(t->w, kta_obj_namespace(t->pod),
                                  kta_volume_named(spec, kta_or(kta_json_str(m, "name"), "")));
        if (path ? kta_streq(kta_json_str(m, "mountPath"), path)
                 : *ret_store && sub && !kta_has_key(*ret_store, sub))
            return m;
    }
    return NULL;
}

/* A subPath that names no key of its volume becomes a directory, and a volume mounted without one
 * is a directory. */
void kta_crash_directory(const struct kta_pod_trouble *t, struct kta_finding *f,
                         const struct kta_log_cause *c)
{
    kta_auto_free char *who = kta_trouble_who(t);
    const struct kta_json *store = NULL, *m = mount_at(t, c->path, &store);
    const char *path = kta_or(c->path, kta_or(kta_json_str(m, "mountPath"), "what it reads"));
    const char *sub = kta_json_str(m, "subPath");
    kta_finding_summary(f, "%s fails because %s is mounted as a directory and should be a file",
                        who, path);
    if (!m || !store) {
        kta_finding_summary(f, "%s exits because %s is a directory, and it reads a file", who,
                            path);
        kta_finding_advice(f, "Give the program the path of a file, or mount a file there.");
        return;
    }
    char **keys;
    size_t n = kta_data_keys(store, &keys);
    kta_auto_free char *ref = kta_diag_ref(store);
    const char *wanted = kta_or(sub, kta_base_name(path));
    const char *key = !sub && kta_has_key(store, wanted)
                          ? wanted
                          : kta_nearest(wanted, (const char *const *)keys, n);
    key = key ? key : n == 1 ? keys[0] : NULL;
    kta_finding_quote(f, "spec", "volume %s, from %s, is mounted at %s %s%s%s",
                      kta_json_str(m, "name"), ref, path,
                      sub ? "by the subPath " : "without a subPath", kta_or(sub, ""),
                      sub && !kta_has_key(store, sub) ? ", which is none of its keys" : "");
    if (key && (!sub || !kta_has_key(store, sub)))
        fix_sub_path(t, f, m, key);
    kta_finding_advice(f, "Mount the one key of %s that is to be %s, by its name as subPath.", ref,
                       path);
    kta_keys_free(keys, n);
}
bool kta_crash_holds(const struct kta_pod_trouble *t, const char *path)
{
    const struct kta_json *m = kta_mount_of(t->container, path);
    const struct kta_json *store =
        m ? kta_store_of(t->w, kta_obj_namespace(t->pod),
                         kta_volume_named(kta_json_get(t->pod, "spec"), kta_json_str(m, "name")))
          : NULL;
    return store && kta_has_key(store, kta_or(kta_json_str(m, "subPath"), kta_base_name(path)));
}

/* A volume over a folder of the image hides what the image holds there. */
bool kta_crash_hidden(const struct kta_pod_trouble *t, struct kta_finding *f, const char *path)
{
    const struct kta_json *m = *path == '/' ? kta_mount_of(t->container, path) : NULL;
    if (!m || kta_json_get(m, "subPath") || kta_crash_holds(t, path))
        return false;
    kta_auto_free char *who = kta_trouble_who(t);
    kta_finding_summary(f,
                        "%s cannot start %s: volume %s is mounted at %s and hides what the image "
                        "has there",
                        who, path, kta_json_str(m, "name"), kta_json_str(m, "mountPath"));
    kta_finding_quote(f, "spec", "volume %s is mounted at %s", kta_json_str(m, "name"),
                      kta_json_str(m, "mountPath"));
    kta_finding_advice(f, "Mount the volume elsewhere, or put the program into it.");
    return true;
}
