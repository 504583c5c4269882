/*
 * crash_env.c - crashes for want of a variable: where its value is in the cluster, if it is.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
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

bool kta_has_key(const struct kta_json *o, const char *key)
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

static void fix_env_key(const struct kta_pod_trouble *t, struct kta_finding *f, const char *name,
                        const struct kta_json *store, const char *ref, const char *key)
{
    struct kta_json *env = kta_json_new_object();
    struct kta_json *from = kta_json_set(kta_json_set(env, "valueFrom", kta_json_new_object()), ref,
                                         kta_json_new_object());
    kta_json_set_str(from, "name", kta_obj_name(store));
    kta_json_set_str(from, "key", key);
    kta_auto_free char *other = kta_diag_ref(store);
    kta_auto_free char *why = kta_asprintf("take %s from the key %s of %s", name, key, other);
    fix_env(t, f, name, env, why);
}

/* The prefix of that envFrom is nearly the one that makes the key the name. */
static void fix_prefix(const struct kta_pod_trouble *t, struct kta_finding *f, const char *name,
                       const char *key, size_t index)
{
    const struct kta_json *list = kta_json_get(t->container, "envFrom");
    const char *now = kta_or(kta_json_str(kta_json_item(list, index), "prefix"), "");
    kta_auto_free char *right = kta_strndup(name, strlen(name) - strlen(key));
    if (!*now || !*right || kta_streq(now, right) || kta_distance(now, right, 2) > 2)
        return;
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *copy = kta_json_set(c, "envFrom", kta_json_copy(list));
    kta_json_set_str(kta_json_item(copy, index), "prefix", right);
    kta_finding_quote(f, "spec", "container %s takes %s with the prefix %s", t->name, key, now);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "take its variables with the prefix %s, not %s", right, now);
}

static void from_store(const struct kta_pod_trouble *t, struct kta_finding *f, const char *name,
                       const char *kind, const char *ref)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(t->w, kind, kta_obj_namespace(t->pod), &v);
    for (size_t i = 0; i < n; i++) {
        if (!kta_has_key(v[i], name))
            continue;
        fix_env_key(t, f, name, v[i], ref, name);
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

/* Whole ConfigMaps and Secrets that the container takes its variables from: one that is not there,
 * one whose key has nearly that name, one whose prefix is misspelt. */
static void from_whole_stores(const struct kta_pod_trouble *t, struct kta_finding *f,
                              const char *name)
{
    static const char *const refs[][3] = {{"configMapRef", "configmaps", "configMapKeyRef"},
                                          {"secretRef", "secrets", "secretKeyRef"}};
    const struct kta_json *list = kta_json_get(t->container, "envFrom");
    size_t at = 0;
    kta_json_each(from, list) {
        const char *prefix = kta_or(kta_json_str(from, "prefix"), "");
        size_t index = at++;
        kta_config_optional(t, f, from);
        for (size_t i = 0; i < KTA_LEN(refs); i++) {
            const char *of = kta_json_str(kta_json_get(from, refs[i][0]), "name");
            const struct kta_json *store =
                of ? kta_world_get(t->w, refs[i][1], kta_obj_namespace(t->pod), of, NULL) : NULL;
            char **keys;
            size_t n = kta_data_keys(store, &keys);
            for (size_t k = 0; k < n; k++)
                if (kta_ends(name, keys[k]))
                    fix_prefix(t, f, name, keys[k], index);
            const char *near = *prefix ? NULL : kta_nearest(name, (const char *const *)keys, n);
            if (near && !kta_streq(near, name) && kta_distance(near, name, 3) <= 3) {
                kta_auto_free char *ref = kta_diag_ref(store);
                kta_finding_quote(f, "keys", "%s has %s, not %s", ref, near, name);
                fix_env_key(t, f, name, store, refs[i][2], near);
            }
            kta_keys_free(keys, n);
        }
    }
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

/* Does the container take a variable of that name, without a value that can be seen, or did it in
 * the version that worked? */
static bool is_variable(const struct kta_pod_trouble *t, const char *name)
{
    static const char *const refs[][2] = {{"configMapRef", "configmaps"}, {"secretRef", "secrets"}};
    const struct kta_json *env = kta_diag_env(t->container, name);
    if (env)
        return !*kta_or(kta_json_str(env, "value"), "");
    kta_json_each(from, kta_json_get(t->container, "envFrom"))
        for (size_t i = 0; i < KTA_LEN(refs); i++) {
            const char *of = kta_json_str(kta_json_get(from, refs[i][0]), "name");
            if (of &&
                kta_has_key(kta_world_get(t->w, refs[i][1], kta_obj_namespace(t->pod), of, NULL),
                            name))
                return true;
        }
    struct kta_change c = {0};
    bool was =
        t->owner && kta_change_of(t->w, t->owner, &c) &&
        kta_diag_env(kta_diag_container(kta_json_get(c.template_, "spec"), t->name, NULL), name);
    kta_change_release(&c);
    return was;
}

/* Words alone do not tell a variable without an underscore from any other word: the spec does. */
char *kta_crash_env_named(const struct kta_pod_trouble *t, const char *line)
{
    static struct kta_re *re;
    if (!re)
        re = kta_re_must("(?|\\b([A-Za-z_]\\w+)\\b[\"'`}\\])]*:? (?i:(?:(?:environment |env )?"
                         "(?:variable|var) )?(?:is |was |must be |has |may not be |must not be "
                         "|cannot be )?(?:not (?:set|defined|provided|given)|unset|undefined|"
                         "missing|required|mandatory|empty|blank|set$))"
                         "|(?i:missing|please set|must set|expected|undefined|no value for)"
                         "(?i:(?: the)?(?: required)?(?: environment)?(?: variable)?):? "
                         "[\"'`$({\\[]*([A-Za-z_]\\w+))",
                         0);
    struct kta_match m;
    size_t len = strlen(line);
    for (size_t from = 0; from < len && kta_re_find(re, line, len, from, &m); from = m.end[0]) {
        char *name = kta_re_group(line, &m, 1);
        if (name && is_variable(t, name))
            return name;
        free(name);
    }
    return NULL;
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
    kta_config_optional(t, f, kta_json_get(there, "valueFrom"));
    from_whole_stores(t, f, name);
    bool told = f->advice != NULL;
    from_store(t, f, name, "secrets", "secretKeyRef");
    from_store(t, f, name, "configmaps", "configMapKeyRef");
    from_near_name(t, f, name);
    if (!f->n_fixes)
        from_sibling(t, f, name);
    if (told)
        return;
    kta_auto_free char *ref = kta_diag_ref(t->owner);
    kta_finding_advice(f,
                       "Provide %s for container %s of %s: in a Secret or ConfigMap that the "
                       "container reads, or by kubectl set env %s %s=VALUE. Only you can know "
                       "the value.",
                       name, t->name, ref, ref, name);
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
