/*
 * crash_env.c - crashes for want of a variable, a file or a command: where the missing thing is in
 * the cluster, if it is.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "address.h"
#include "crash.h"
#include "kta/alloc.h"
#include "kta/re.h"

/* ---- keys and values ---- */

size_t kta_data_keys(const struct kta_json *o, char ***ret)
{
    static const char *const parts[] = {"f:data", "f:binaryData"};
    char **v = NULL;
    size_t n = 0, cap = 0;
    kta_json_each(m, kta_json_at(o, "metadata.managedFields")) {
        for (size_t p = 0; p < KTA_LEN(parts); p++)
            kta_json_each(k, kta_json_get(kta_json_get(m, "fieldsV1"), parts[p])) {
                if (!kta_starts(kta_json_key(k), "f:"))
                    continue;
                bool twice = false;
                for (size_t i = 0; i < n; i++)
                    twice |= kta_streq(v[i], kta_json_key(k) + 2);
                if (twice)
                    continue;
                KTA_GROW(v, n, cap);
                v[n++] = kta_strdup(kta_json_key(k) + 2);
            }
    }
    *ret = v;
    return n;
}

void kta_keys_free(char **keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(keys[i]);
    free(keys);
}

static bool has_key(const struct kta_json *o, const char *key)
{
    char **keys;
    size_t n = kta_data_keys(o, &keys);
    bool found = false;
    for (size_t i = 0; i < n; i++)
        found |= kta_streq(keys[i], key);
    kta_keys_free(keys, n);
    return found;
}

char *kta_env_value(struct kta_world *w, const char *ns, const struct kta_json *env)
{
    if (kta_json_str(env, "value"))
        return kta_strdup(kta_json_str(env, "value"));
    const char *name = kta_json_str(env, "valueFrom.configMapKeyRef.name");
    const char *key = kta_json_str(env, "valueFrom.configMapKeyRef.key");
    if (!name || !key || !kta_world_cluster(w))
        return NULL;
    kta_auto_json struct kta_json *cm = NULL;
    struct kta_err err = KTA_ERR_INIT;
    if (kta_cluster_get(kta_world_cluster(w), &cm, &err, "/api/v1/namespaces/%s/configmaps/%s", ns,
                        name))
        return NULL;
    return kta_strdup(kta_json_text(kta_json_get(kta_json_get(cm, "data"), key)));
}

/* ---- a missing variable ---- */

void kta_env_over(struct kta_json *env, const struct kta_json *there)
{
    struct kta_json *from = kta_json_get(env, "valueFrom");
    if (from && kta_json_get(there, "value"))
        kta_json_set(env, "value", kta_json_new_null());
    if (!from && kta_json_get(there, "valueFrom"))
        kta_json_set(env, "valueFrom", kta_json_new_null());
    kta_json_each(old, kta_json_get(there, "valueFrom"))
        if (from && !kta_json_get(from, kta_json_key(old)))
            kta_json_set(from, kta_json_key(old), kta_json_new_null());
}

/* Adds a fix that gives the container a variable: env is the entry without its name (taken). */
static void fix_env(const struct kta_pod_trouble *t, struct kta_finding *f, const char *name,
                    struct kta_json *env, const char *why)
{
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    kta_json_set_str(env, "name", name);
    kta_env_over(env, kta_diag_env(t->container, name));
    kta_json_push(kta_json_set(c, "env", kta_json_new_array()), env);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec, "%s", why);
}

static void from_store(const struct kta_pod_trouble *t, struct kta_finding *f, const char *name,
                       const char *kind, const char *ref)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(t->w, kind, kta_obj_namespace(t->pod), &v);
    for (size_t i = 0; i < n; i++) {
        if (!has_key(v[i], name))
            continue;
        struct kta_json *env = kta_json_new_object();
        struct kta_json *from = kta_json_set(kta_json_set(env, "valueFrom", kta_json_new_object()),
                                             ref, kta_json_new_object());
        kta_json_set_str(from, "name", kta_obj_name(v[i]));
        kta_json_set_str(from, "key", name);
        kta_auto_free char *other = kta_diag_ref(v[i]);
        kta_auto_free char *why = kta_asprintf("take %s from %s, which has that key", name, other);
        fix_env(t, f, name, env, why);
        return;
    }
}

static struct kta_json *without_name(const struct kta_json *env)
{
    struct kta_json *copy = kta_json_copy(env);
    kta_json_remove(copy, "name");
    return copy;
}

/* The variable under a name nearly the same, in this container. */
static void from_near_name(const struct kta_pod_trouble *t, struct kta_finding *f, const char *name)
{
    const struct kta_json *list = kta_json_get(t->container, "env"), *best = NULL;
    int limit = strlen(name) < 8 ? 1 : 3, at = limit + 1;
    kta_json_each(e, list) {
        const char *other = kta_or(kta_json_str(e, "name"), "");
        int d = strcasecmp(name, other) == 0 && !kta_streq(name, other)
                    ? 1
                    : kta_distance(name, other, limit);
        if (d > 0 && d < at) {
            at = d;
            best = e;
        }
    }
    if (!best)
        return;
    kta_auto_free char *why = kta_asprintf("set %s as %s is set: the name looks misspelt", name,
                                           kta_json_str(best, "name"));
    kta_finding_quote(f, "spec", "container %s has %s, not %s", t->name, kta_json_str(best, "name"),
                      name);
    fix_env(t, f, name, without_name(best), why);
}

/* The variable as another workload of the namespace has it. */
static void from_sibling(const struct kta_pod_trouble *t, struct kta_finding *f, const char *name)
{
    static const char *const lists[] = {"deployments", "statefulsets"};
    for (size_t l = 0; l < KTA_LEN(lists); l++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(t->w, lists[l], kta_obj_namespace(t->pod), &v);
        for (size_t i = 0; i < n; i++) {
            if (v[i] == t->owner)
                continue;
            kta_json_each(c, kta_json_at(v[i], "spec.template.spec.containers")) {
                const struct kta_json *e = kta_diag_env(c, name);
                if (!e || (kta_json_str(e, "value") && !*kta_json_str(e, "value")))
                    continue;
                kta_auto_free char *ref = kta_diag_ref(v[i]);
                kta_auto_free char *why = kta_asprintf("set %s as %s has it", name, ref);
                /* Where it comes from is shared knowledge; another's value would be a guess. */
                if (kta_json_get(e, "valueFrom"))
                    fix_env(t, f, name, without_name(e), why);
                else
                    kta_finding_quote(f, "spec", "%s sets %s to a value of its own", ref, name);
                return;
            }
        }
    }
}

/* A setting's own name as the variable that gives it: settings of Python and Ruby are in small
 * letters, Spring's have dots ("db.url" is DB_URL). A name with both cases is taken as it is. */
static char *variable_of(const char *setting)
{
    char *name = kta_strdup(setting);
    for (const char *p = setting; *p; p++)
        if (isupper((unsigned char)*p))
            return name;
    for (char *p = name; *p; p++)
        *p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
    return name;
}

void kta_crash_env(const struct kta_pod_trouble *t, struct kta_finding *f,
                   const struct kta_log_cause *c)
{
    kta_auto_free char *who = kta_trouble_who(t);
    kta_auto_free char *name = c->name ? variable_of(c->name) : NULL;
    if (!name) {
        kta_finding_summary(f, "%s exits because a variable that it needs is not set: %s", who,
                            c->line);
        kta_finding_advice(f, "Set the variable that the program asks for "
                              "(spec.containers[].env).");
        return;
    }
    const struct kta_json *there = kta_diag_env(t->container, name);
    kta_finding_summary(f, "%s exits because the environment variable %s is %s", who, name,
                        there ? "empty or unusable" : "not set");
    if (there)
        kta_finding_quote(f, "spec", "container %s has %s, %s", t->name, name,
                          kta_json_str(there, "value") ? "with a value of its own"
                                                       : "taken from elsewhere");
    from_store(t, f, name, "secrets", "secretKeyRef");
    from_store(t, f, name, "configmaps", "configMapKeyRef");
    from_near_name(t, f, name);
    if (!f->n_fixes)
        from_sibling(t, f, name);
    kta_auto_free char *ref = kta_diag_ref(t->owner);
    kta_finding_advice(f,
                       "Provide %s for container %s of %s: in a Secret or ConfigMap that the "
                       "container reads, or by kubectl set env %s %s=VALUE. Only you can know "
                       "the value.",
                       name, t->name, ref, ref, name);
}

/* ---- a missing file ---- */

static const char *base_name(const char *path)
{
    const char *s = strrchr(path, '/');
    return s ? s + 1 : path;
}

/* The mount under which a path lies, or NULL. */
static const struct kta_json *mount_of(const struct kta_json *container, const char *path)
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

static const struct kta_json *volume_named(const struct kta_json *spec, const char *name)
{
    kta_json_each(v, kta_json_get(spec, "volumes"))
        if (kta_streq(kta_json_str(v, "name"), name))
            return v;
    return NULL;
}

static const struct kta_json *store_of(struct kta_world *w, const char *ns,
                                       const struct kta_json *volume)
{
    const char *cm = kta_json_str(volume, "configMap.name");
    const char *secret = kta_json_str(volume, "secret.secretName");
    return cm       ? kta_world_get(w, "configmaps", ns, cm, NULL)
           : secret ? kta_world_get(w, "secrets", ns, secret, NULL)
                    : NULL;
}

/* A volume of this container that holds a file of that name, mounted elsewhere: mount it here. */
static void fix_mount_path(const struct kta_pod_trouble *t, struct kta_finding *f, const char *path)
{
    const struct kta_json *spec = kta_json_get(t->pod, "spec");
    kta_json_each(m, kta_json_get(t->container, "volumeMounts")) {
        const struct kta_json *store =
            store_of(t->w, kta_obj_namespace(t->pod), volume_named(spec, kta_json_str(m, "name")));
        if (!store || !has_key(store, base_name(path)) || kta_json_get(m, "subPath"))
            continue;
        kta_auto_free char *dir = kta_strndup(path, (size_t)(base_name(path) - path));
        size_t n = strlen(dir);
        while (n > 1 && dir[n - 1] == '/')
            dir[--n] = '\0';
        struct kta_json *c;
        struct kta_json *patch = kta_fix_container_patch(t->list, t->name, &c);
        struct kta_json *mounts = kta_json_set(c, "volumeMounts", kta_json_new_array());
        struct kta_json *gone = kta_json_push(mounts, kta_json_new_object());
        kta_json_set_str(gone, "$patch", "delete");
        kta_json_set_str(gone, "mountPath", kta_json_str(m, "mountPath"));
        struct kta_json *now = kta_json_push(mounts, kta_json_copy(m));
        kta_json_set_str(now, "mountPath", dir);
        kta_auto_free char *ref = kta_diag_ref(store);
        kta_finding_quote(f, "spec", "%s, which holds %s, is mounted at %s", ref, base_name(path),
                          kta_json_str(m, "mountPath"));
        if (!kta_streq(kta_obj_kind(t->owner), "Pod"))
            (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, patch,
                                   "mount %s at %s, where the program looks", ref, dir);
        else
            kta_json_free(patch);
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

/* The volume gives each key the name of its file, and one of them the name that the program asks
 * for. */
static void fix_file_name(const struct kta_pod_trouble *t, struct kta_finding *f,
                          const struct kta_json *volume, char *const *keys, size_t n,
                          const char *key, const char *file)
{
    const char *member = kta_json_get(volume, "secret") ? "secret" : "configMap";
    const struct kta_json *given = kta_json_get(volume, member);
    if (kta_json_get(given, "items"))
        return;
    struct kta_json *spec = kta_json_new_object();
    struct kta_json *v =
        kta_json_push(kta_json_set(spec, "volumes", kta_json_new_array()), kta_json_new_object());
    kta_json_set_str(v, "name", kta_json_str(volume, "name"));
    struct kta_json *store = kta_json_set(v, member, kta_json_copy(given));
    struct kta_json *items = kta_json_set(store, "items", kta_json_new_array());
    for (size_t i = 0; i < n; i++) {
        struct kta_json *x = kta_json_push(items, kta_json_new_object());
        kta_json_set_str(x, "key", keys[i]);
        kta_json_set_str(x, "path", kta_streq(keys[i], key) ? file : keys[i]);
    }
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "give the key %s the name %s in the volume, for which the program asks",
                           key, file);
}

void kta_crash_file(const struct kta_pod_trouble *t, struct kta_finding *f,
                    const struct kta_log_cause *c)
{
    kta_auto_free char *who = kta_trouble_who(t);
    if (!c->path) {
        kta_finding_summary(f, "%s exits because a file is missing: %s", who, c->line);
        kta_finding_advice(f, "Put the file that the log names into the image, or mount it.");
        return;
    }
    kta_finding_summary(f, "%s exits because the file %s does not exist", who, c->path);
    const char *ns = kta_obj_namespace(t->pod);
    const struct kta_json *m = mount_of(t->container, c->path);
    const struct kta_json *volume =
        m ? volume_named(kta_json_get(t->pod, "spec"), kta_json_str(m, "name")) : NULL;
    const struct kta_json *store = store_of(t->w, ns, volume);
    if (store) {
        char **keys;
        size_t n = kta_data_keys(store, &keys);
        kta_auto_str struct kta_str list = KTA_STR_INIT;
        for (size_t i = 0; i < n; i++)
            kta_str_addf(&list, "%s%s", i ? ", " : "", keys[i]);
        kta_auto_free char *ref = kta_diag_ref(store);
        kta_finding_quote(f, "spec", "%s is mounted at %s and has the keys: %s", ref,
                          kta_json_str(m, "mountPath"), n ? list.s : "(none)");
        const char *near = kta_nearest(base_name(c->path), (const char *const *)keys, n);
        if (near) {
            fix_file_name(t, f, volume, keys, n, near, base_name(c->path));
            kta_finding_advice(f,
                               "The key %s of %s has nearly that name: rename it to %s, or make "
                               "the program read %s.",
                               near, ref, base_name(c->path), near);
        } else
            kta_finding_advice(f,
                               "Add the key %s to %s with the file's content, then restart the "
                               "workload. Only you can know the content.",
                               base_name(c->path), ref);
        kta_keys_free(keys, n);
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
        const struct kta_json *mount = mount_of(t->container, path);
        const struct kta_json *store =
            mount
                ? store_of(t->w, kta_obj_namespace(t->pod),
                           volume_named(kta_json_get(t->pod, "spec"), kta_json_str(mount, "name")))
                : NULL;
        if (!store)
            continue;
        kta_auto_free char *ref = kta_diag_ref(store);
        const char *key = kta_or(kta_json_str(mount, "subPath"), base_name(path));
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
        *ret_store = store_of(t->w, kta_obj_namespace(t->pod),
                              volume_named(spec, kta_or(kta_json_str(m, "name"), "")));
        if (path ? kta_streq(kta_json_str(m, "mountPath"), path)
                 : *ret_store && sub && !has_key(*ret_store, sub))
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
    const char *wanted = kta_or(sub, base_name(path));
    const char *key =
        !sub && has_key(store, wanted) ? wanted : kta_nearest(wanted, (const char *const *)keys, n);
    key = key ? key : n == 1 ? keys[0] : NULL;
    kta_finding_quote(f, "spec", "volume %s, from %s, is mounted at %s %s%s%s",
                      kta_json_str(m, "name"), ref, path,
                      sub ? "by the subPath " : "without a subPath", kta_or(sub, ""),
                      sub && !has_key(store, sub) ? ", which is none of its keys" : "");
    if (key && (!sub || !has_key(store, sub)))
        fix_sub_path(t, f, m, key);
    kta_finding_advice(f, "Mount the one key of %s that is to be %s, by its name as subPath.", ref,
                       path);
    kta_keys_free(keys, n);
}

/* ---- a command that is not there ---- */

/* clang-format off */
static const char *const programs[] = {
    "sh", "bash", "sleep", "python", "python3", "pip", "node", "npm", "npx", "yarn", "java", "nginx",
    "httpd", "uvicorn", "gunicorn", "flask", "celery", "redis-server", "postgres", "psql", "mysqld",
    "mysql", "mongod", "ruby", "php", "php-fpm", "dotnet", "go", "perl", "tini", "busybox", "traefik",
    "envoy", "caddy", "haproxy", "memcached", "rabbitmq-server", "etcd", "nc", "curl", "wget", "git",
    "tail", "head", "cat", "cut", "cmp", "echo", "printf", "env", "true", "false", "test", "exec",
    "export", "grep", "sed", "awk", "date", "mkdir", "touch", "chmod", "chown", "find", "sudo",
    "ping", "tree", "tar",
};
/* clang-format on */

bool kta_crash_holds(const struct kta_pod_trouble *t, const char *path)
{
    const struct kta_json *m = mount_of(t->container, path);
    const struct kta_json *store =
        m ? store_of(t->w, kta_obj_namespace(t->pod),
                     volume_named(kta_json_get(t->pod, "spec"), kta_json_str(m, "name")))
          : NULL;
    return store && has_key(store, kta_or(kta_json_str(m, "subPath"), base_name(path)));
}

/* A volume over a folder of the image hides what the image holds there. */
bool kta_crash_hidden(const struct kta_pod_trouble *t, struct kta_finding *f, const char *path)
{
    const struct kta_json *m = *path == '/' ? mount_of(t->container, path) : NULL;
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

/* kubelet gives every container variables of the namespace's Services (APP_PORT=tcp://…), which a
 * program may take for settings of its own. */
void kta_crash_service_links(const struct kta_pod_trouble *t, struct kta_finding *f,
                             const struct kta_log_cause *c)
{
    struct kta_json *const *v;
    if (!strstr(kta_or(c->quote, ""), "tcp://") ||
        !kta_json_bool(t->pod, "spec.enableServiceLinks", true))
        return;
    size_t n = kta_world_list(t->w, "services", kta_obj_namespace(t->pod), &v);
    for (size_t i = 0; i < n; i++) {
        kta_auto_free char *link =
            kta_asprintf("tcp://%s:", kta_or(kta_json_str(v[i], "spec.clusterIP"), "?"));
        if (!strstr(c->quote, link))
            continue;
        kta_finding_quote(f, "spec",
                          "service/%s: its variables (…_PORT=%s…) are given to every container of "
                          "the namespace",
                          kta_obj_name(v[i]), link);
        struct kta_json *spec = kta_json_new_object();
        kta_json_set_bool(spec, "enableServiceLinks", false);
        (void)
            kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                             "keep the variables of Services, as those of %s, from its containers",
                             kta_obj_name(v[i]));
        kta_finding_advice(f, "Or set the variable that the program reads to what it expects.");
        return;
    }
}

/* "$(NAME)" in command and arguments that no variable of the container answers to stays as it is.
 */
void kta_crash_unexpanded(const struct kta_pod_trouble *t, struct kta_finding *f)
{
    static const char *const lists[] = {"command", "args"};
    const char *names[64];
    size_t n = 0;
    kta_json_each(e, kta_json_get(t->container, "env"))
        if (n < KTA_LEN(names))
            names[n++] = kta_or(kta_json_str(e, "name"), "");
    for (size_t l = 0; l < KTA_LEN(lists) && !kta_json_len(kta_json_get(t->container, "envFrom"));
         l++)
        kta_json_each(word, kta_json_get(t->container, lists[l])) {
            const char *s = kta_or(kta_json_text(word), ""), *at = strstr(s, "$(");
            size_t len = at ? strspn(at + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") : 0;
            if (!len || at[2 + len] != ')' || (at > s && at[-1] == '$'))
                continue;
            kta_auto_free char *name = kta_strndup(at + 2, len);
            if (kta_diag_env(t->container, name))
                continue;
            kta_finding_quote(f, "spec",
                              "%s of container %s: $(%s), and it has no variable of that name",
                              lists[l], t->name, name);
            const char *near = kta_nearest(name, names, n);
            if (!near)
                continue;
            struct kta_json *c;
            struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
            struct kta_json *now = kta_json_set(c, lists[l], kta_json_new_array());
            kta_json_each(w, kta_json_get(t->container, lists[l])) {
                kta_auto_free char *put =
                    w == word ? kta_asprintf("%.*s$(%s%s", (int)(at - s), s, near, at + 2 + len)
                              : NULL;
                kta_json_push_str(now, put ? put : kta_or(kta_json_text(w), ""));
            }
            (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                                   "write $(%s), which is set, instead of $(%s)", near, name);
            return;
        }
}

/* A script out of a ConfigMap or Secret, whose files are not executable unless it is said. */
void kta_crash_fix_script(const struct kta_pod_trouble *t, struct kta_finding *f,
                          const char *script)
{
    const struct kta_json *m = mount_of(t->container, script);
    const struct kta_json *v =
        m ? volume_named(kta_json_get(t->pod, "spec"), kta_json_str(m, "name")) : NULL;
    const char *part = kta_json_get(v, "configMap") ? "configMap"
                       : kta_json_get(v, "secret")  ? "secret"
                                                    : NULL;
    if (!part)
        return;
    kta_finding_quote(f, "spec", "%s comes from volume %s (%s), whose files are not executable",
                      script, kta_json_str(m, "name"), part);
    struct kta_json *spec = kta_json_new_object();
    struct kta_json *x =
        kta_json_push(kta_json_set(spec, "volumes", kta_json_new_array()), kta_json_new_object());
    kta_json_set_str(x, "name", kta_json_str(m, "name"));
    kta_json_set_int(kta_json_set(x, part, kta_json_new_object()), "defaultMode", 0755);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "make the files of volume %s executable (defaultMode 0755)",
                           kta_json_str(m, "name"));
}

/* The whole command line as one word: ["sh -c serve"]. */
static bool fix_one_word(const struct kta_pod_trouble *t, struct kta_finding *f,
                         const struct kta_json *command, const char *line)
{
    kta_auto_argv struct kta_argv words = {0};
    struct kta_err err = KTA_ERR_INIT;
    if (!strchr(line, ' ') || kta_argv_split(line, &words, &err) || words.n < 2)
        return false;
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *now = kta_json_set(c, "command", kta_json_new_array());
    for (size_t i = 0; i < words.n; i++)
        kta_json_push_str(now, words.v[i]);
    for (size_t i = 1; i < kta_json_len(command); i++)
        kta_json_push(now, kta_json_copy(kta_json_item(command, i)));
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "give the command as words of their own, %s first", words.v[0]);
    return true;
}

/* The usual program that a name is one letter away from, or two of a longer one that begins alike;
 * NULL where it is itself a usual one. */
static const char *misspelt(const char *name)
{
    const char *near = NULL;
    int at = 3;
    for (size_t i = 0; i < KTA_LEN(programs); i++) {
        int d = kta_distance(name, programs[i], 2);
        if (d == 0)
            return NULL;
        bool close = d == 1 || (d == 2 && *name == *programs[i] && strlen(name) > 3);
        if (close && d < at) {
            at = d;
            near = programs[i];
        }
    }
    return near;
}

/* An image that is made for one program starts it by itself; one that is made for others to build
 * on starts a shell, or nothing. */
static bool has_program(const char *image)
{
    static const char *const bases[] = {"busybox", "alpine", "debian", "ubuntu",  "bash",
                                        "python",  "node",   "golang", "openjdk", "eclipse-temurin",
                                        "ruby",    "php",    "rust",   "centos",  "fedora"};
    const char *name = base_name(kta_or(image, ""));
    size_t len = strcspn(name, ":@");
    for (size_t i = 0; i < KTA_LEN(bases); i++)
        if (strlen(bases[i]) == len && !strncmp(name, bases[i], len))
            return false;
    return len > 0;
}

static void own_program(const struct kta_pod_trouble *t, struct kta_finding *f, const char *first)
{
    const char *image = kta_json_str(t->container, "image");
    if (!has_program(image) || kta_crash_holds(t, first))
        return;
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    kta_json_set(c, "command", kta_json_new_null());
    if (kta_json_get(t->container, "args"))
        kta_json_set(c, "args", kta_json_new_null());
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "let image %s start its own program: it does not hold %s", image, first);
}

/* A word of a script that a shell runs: "sh", "-c", "ech ready". */
static void fix_in_script(const struct kta_pod_trouble *t, struct kta_finding *f,
                          const char *program)
{
    struct renaming way = {program, strlen(program) > 2 ? misspelt(program) : NULL};
    bool near = way.to && kta_distance(way.from, way.to, 2) == 1;
    struct kta_json *spec = near ? renamed_command(t, &way, 1) : NULL;

    if (spec)
        (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                               "run %s instead of %s, which looks misspelt", way.to, way.from);
}

void kta_crash_fix_command(const struct kta_pod_trouble *t, struct kta_finding *f,
                           const char *program)
{
    const struct kta_json *command = kta_json_get(t->container, "command");
    const char *first = kta_json_text(kta_json_item(command, 0));
    if (program && !kta_streq(first, program))
        fix_in_script(t, f, program);
    if (!command || !first || (program && !kta_streq(first, program)) ||
        fix_one_word(t, f, command, first))
        return;
    const char *name = base_name(first), *near = misspelt(name);
    if (!near) {
        if (program)
            own_program(t, f, first);
        return;
    }
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *now = kta_json_set(c, "command", kta_json_new_array());
    kta_auto_free char *path = kta_asprintf("%.*s%s", (int)(name - first), first, near);
    kta_json_push_str(now, path);
    for (size_t i = 1; i < kta_json_len(command); i++)
        kta_json_push(now, kta_json_copy(kta_json_item(command, i)));
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "start %s instead of %s, which looks misspelt", path, first);
}

bool kta_crash_without_shell(const struct kta_pod_trouble *t, struct kta_finding *f,
                             const char *script)
{
    const struct kta_json *command = kta_json_get(t->container, "command");
    if (!kta_crash_holds(t, script))
        return false;
    kta_auto_free char *who = kta_trouble_who(t);
    f->code = "CrashLoop.BadCommand";
    kta_finding_summary(f, "%s cannot start: the first line of %s does not name what runs it (#!)",
                        who, script);
    kta_finding_advice(f, "Begin the script with #!/bin/sh, or whatever runs it.");
    if (!kta_streq(kta_json_text(kta_json_item(command, 0)), script))
        return true;
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *now = kta_json_set(c, "command", kta_json_new_array());
    kta_json_push_str(now, "sh");
    kta_json_each(word, command)
        kta_json_push(now, kta_json_copy(word));
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec, "run %s by sh", script);
    return true;
}

void kta_crash_architecture(const struct kta_pod_trouble *t, struct kta_finding *f,
                            const struct kta_log_cause *c)
{
    static struct kta_re *re;
    struct kta_match m;
    if (!re)
        re = kta_re_must("(/[^\\s:]+):", 0);
    kta_auto_free char *program =
        kta_re_find(re, c->line, strlen(c->line), 0, &m) ? kta_re_group(c->line, &m, 1) : NULL;
    if (!program || !kta_crash_without_shell(t, f, program))
        kta_crash_plain(t, f, c);
}

void kta_crash_command(const struct kta_pod_trouble *t, struct kta_finding *f,
                       const struct kta_log_cause *c)
{
    kta_auto_free char *who = kta_trouble_who(t);
    if (kta_streq(c->pattern->class_, "PermissionDenied"))
        kta_finding_summary(f, "%s exits because its command is not executable: %s", who, c->line);
    else if (c->name)
        kta_finding_summary(f, "%s exits because the command %s is not in the image", who, c->name);
    else
        kta_finding_summary(f, "%s exits because its command line is wrong: %s", who, c->line);
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    static const char *const parts[] = {"command", "args"};
    for (size_t i = 0; i < KTA_LEN(parts); i++)
        if (kta_json_get(t->container, parts[i])) {
            kta_str_addf(&s, "%s%s ", s.len ? ", " : "", parts[i]);
            kta_json_print(kta_json_get(t->container, parts[i]), false, &s);
        }
    if (s.len)
        kta_finding_quote(f, "spec", "container %s: %s", t->name, s.s);
    kta_crash_fix_command(t, f, c->name);
    kta_finding_advice(f, "Correct the container's command or arguments, or use an image that "
                          "holds the command.");
}
