/*
 * podconfig.c - pods kept from starting by what they refer to: ConfigMaps, Secrets, keys, volumes,
 * security settings.
 *
 * The event tells what is missing; the cluster tells what is nearly it.
 */
#include <stdlib.h>
#include <string.h>
#include "crash.h"
#include "kta/alloc.h"
#include "kta/quantity.h"
#include "kta/re.h"

/* ---- changing references ---- */

/* Replaces the string at every place of a pod spec where a store of that kind is named; builds the
 * JSON patch. field "name" of secretKeyRef, secretRef, configMapKeyRef …, secretName of volumes. */
static void replace_refs(struct kta_json *v, const char *path, bool secret, const char *from,
                         const char *to, struct kta_json *ops)
{
    static const char *const of_secret[] = {"secretKeyRef", "secretRef", "secret"};
    static const char *const of_map[] = {"configMapKeyRef", "configMapRef", "configMap"};
    size_t i = 0;
    bool list = kta_json_type(v) == KTA_JSON_ARRAY;
    kta_json_each(m, v) {
        kta_auto_free char *sub =
            list ? kta_asprintf("%s/%zu", path, i++) : kta_asprintf("%s/%s", path, kta_json_key(m));
        if (!list)
            for (size_t k = 0; k < 3; k++) {
                if (!kta_streq(kta_json_key(m), secret ? of_secret[k] : of_map[k]))
                    continue;
                static const char *const fields[] = {"name", "secretName"};
                for (size_t n = 0; n < 2; n++) {
                    struct kta_json *s = kta_json_get(m, fields[n]);
                    if (!kta_streq(kta_json_text(s), from))
                        continue;
                    kta_json_replace_text(s, to);
                    struct kta_json *op = kta_json_push(ops, kta_json_new_object());
                    kta_auto_free char *at = kta_asprintf("%s/%s", sub, fields[n]);
                    kta_json_set_str(op, "op", "replace");
                    kta_json_set_str(op, "path", at);
                    kta_json_set_str(op, "value", to);
                }
            }
        replace_refs(m, sub, secret, from, to, ops);
    }
}

static void replace_keys(struct kta_json *v, const char *path, const char *store, const char *from,
                         const char *to, struct kta_json *ops)
{
    size_t i = 0;
    bool list = kta_json_type(v) == KTA_JSON_ARRAY;
    bool mine = kta_streq(kta_json_text(kta_json_get(v, "name")), store) ||
                kta_streq(kta_json_text(kta_json_get(v, "secretName")), store);
    const struct kta_json *items = mine ? kta_json_get(v, "items") : NULL;
    if (mine && !list && kta_streq(kta_json_text(kta_json_get(v, "key")), from)) {
        kta_json_replace_text(kta_json_get(v, "key"), to);
        struct kta_json *op = kta_json_push(ops, kta_json_new_object());
        kta_auto_free char *at = kta_asprintf("%s/key", path);
        kta_json_set_str(op, "op", "replace");
        kta_json_set_str(op, "path", at);
        kta_json_set_str(op, "value", to);
    }
    size_t k = 0;
    kta_json_each(it, items) {
        if (kta_streq(kta_json_str(it, "key"), from)) {
            kta_json_replace_text(kta_json_get(it, "key"), to);
            struct kta_json *op = kta_json_push(ops, kta_json_new_object());
            kta_auto_free char *at = kta_asprintf("%s/items/%zu/key", path, k);
            kta_json_set_str(op, "op", "replace");
            kta_json_set_str(op, "path", at);
            kta_json_set_str(op, "value", to);
        }
        k++;
    }
    kta_json_each(m, v) {
        kta_auto_free char *sub =
            list ? kta_asprintf("%s/%zu", path, i++) : kta_asprintf("%s/%s", path, kta_json_key(m));
        if (m != items)
            replace_keys(m, sub, store, from, to, ops);
    }
}

/* One fix out of the collected operations: a JSON patch, or for a bare pod a replacement. */
static void fix_refs(const struct kta_pod_trouble *t, struct kta_finding *f, bool key, bool secret,
                     const char *store, const char *from, const char *to, const char *why)
{
    const char *kind = kta_obj_kind(t->owner);
    const char *base = kta_streq(kind, "CronJob") ? "/spec/jobTemplate/spec/template/spec"
                       : kta_streq(kind, "Pod")   ? "/spec"
                                                  : "/spec/template/spec";
    kta_auto_json struct kta_json *spec =
        kta_json_copy(kta_json_get(kta_diag_template(t->owner), "spec"));
    kta_auto_json struct kta_json *ops = kta_json_new_array();
    if (key)
        replace_keys(spec, base, store, from, to, ops);
    else
        replace_refs(spec, base, secret, from, to, ops);
    if (!kta_json_len(ops))
        return;
    if (kta_streq(kind, "Pod") || kta_streq(kind, "Job")) {
        (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, KTA_STEAL(spec), "%s", why);
        return;
    }
    kta_auto_str struct kta_str body = KTA_STR_INIT;
    kta_json_print(ops, false, &body);
    (void)kta_fix_patch(t->w, f, KTA_RISK_MEDIUM, t->owner, KTA_PATCH_JSON, body.s, "%s", why);
}

/* ---- what is missing ---- */

static struct kta_finding *add(const struct kta_pod_trouble *t, const char *code, double confidence)
{
    if (kta_diag_find(t->out, code, t->owner))
        return NULL;
    struct kta_finding *f = kta_diag_add(t->out, code, KTA_CRITICAL, t->owner, confidence);
    f->since = kta_obj_created(t->pod);
    return f;
}

/* "--from-file=password=FILE …": the keys that the pod template takes out of that store. */
static void wanted_keys(const struct kta_json *v, const char *store, struct kta_str *out)
{
    if (kta_json_type(v) == KTA_JSON_OBJECT && kta_json_str(v, "key") &&
        kta_streq(kta_json_str(v, "name"), store)) {
        kta_auto_free char *arg = kta_asprintf(" --from-file=%s=FILE", kta_json_str(v, "key"));
        if (!strstr(out->s, arg))
            kta_str_add(out, arg);
    }
    kta_json_each(m, v)
        wanted_keys(m, store, out);
}

static void missing_store(const struct kta_pod_trouble *t, const char *kind, const char *name,
                          const char *told, const char *source)
{
    bool secret = kta_streq(kind, "secret");
    struct kta_finding *f =
        add(t, secret ? "Config.MissingSecret" : "Config.MissingConfigMap", 0.95);
    if (!f)
        return;
    kta_auto_free char *ref = kta_diag_ref(t->owner);
    const char *ns = kta_obj_namespace(t->pod), *word = secret ? "Secret" : "ConfigMap";
    kta_finding_summary(f, "%s cannot start: %s %s does not exist in namespace %s", ref, word, name,
                        ns);
    kta_finding_quote(f, source, "%s", told);
    size_t n;
    const char *plural = secret ? "secrets" : "configmaps";
    const char **names = kta_world_names(t->w, plural, ns, &n);
    const char *near = kta_nearest(name, names, n);
    if (near) {
        kta_finding_quote(f, plural, "there is a %s %s in namespace %s", word, near, ns);
        kta_auto_free char *why = kta_asprintf("refer to %s %s, which exists", word, near);
        fix_refs(t, f, false, secret, NULL, name, near, why);
    }
    kta_auto_str struct kta_str keys = KTA_STR_INIT;
    wanted_keys(kta_json_get(t->pod, "spec"), name, &keys);
    kta_finding_advice(f,
                       "Or create it with its content, which only you can know: kubectl create "
                       "%s %s -n %s%s",
                       secret ? "secret generic" : "configmap", name, ns,
                       keys.len ? keys.s : " --from-file=KEY=FILE");
    free(names);
}

/* What a key speaks of, by its name: a user is not what a password was renamed to. 0: of any. */
static int speaks_of(const char *key)
{
    static const char *const things[] = {"passw|pwd|secret|token|credential|(?<![a-z])(?:pass|key)",
                                         "user|login|account", "host|server|addr|url|uri|endpoint",
                                         "(?<![a-z])port(?![a-z])",
                                         "crt|cert|(?<![a-z])ca(?![a-z])"};
    static struct kta_re *re[KTA_LEN(things)];
    for (size_t i = 0; i < KTA_LEN(things); i++) {
        if (!re[i])
            re[i] = kta_re_must(things[i], KTA_RE_ICASE);
        if (kta_re_find(re[i], key, strlen(key), 0, NULL))
            return (int)i + 1;
    }
    return 0;
}

/* The key of a ConfigMap or Secret that was meant: one of nearly that name, or the only one, if it
 * speaks of the same. NULL: none. */
static const char *meant_key(const char *key, char *const *keys, size_t n)
{
    const char *near = kta_nearest(key, (const char *const *)keys, n);
    int of = speaks_of(key);
    if (near)
        return of && speaks_of(near) && of != speaks_of(near) ? NULL : near;
    return n == 1 && of == speaks_of(keys[0]) ? keys[0] : NULL;
}

static void missing_key(const struct kta_pod_trouble *t, const char *kind, const char *store,
                        const char *key, const char *told, const char *source)
{
    struct kta_finding *f = add(t, "Config.MissingKey", 0.95);
    if (!f)
        return;
    bool secret = kta_stristr(kind, "secret") != NULL;
    const char *ns = kta_obj_namespace(t->pod);
    kta_auto_free char *ref = kta_diag_ref(t->owner);
    kta_finding_summary(f, "%s cannot start: %s %s has no key %s", ref,
                        secret ? "Secret" : "ConfigMap", store, key);
    kta_finding_quote(f, source, "%s", told);
    const struct kta_json *o =
        kta_world_get(t->w, secret ? "secrets" : "configmaps", ns, store, NULL);
    char **keys;
    size_t n = kta_data_keys(o, &keys);
    const char *near = meant_key(key, keys, n);
    kta_auto_str struct kta_str list = KTA_STR_INIT;
    for (size_t i = 0; i < n; i++)
        kta_str_addf(&list, "%s%s", i ? ", " : "", keys[i]);
    if (n)
        kta_finding_quote(f, "keys", "%s %s has: %s", secret ? "secret" : "configmap", store,
                          list.s);
    if (near) {
        kta_auto_free char *why = kta_asprintf("use the key %s, which %s has", near, store);
        fix_refs(t, f, true, secret, store, key, near, why);
    }
    kta_finding_advice(f, "Or add the key %s to %s; only you can know its value.", key, store);
    kta_keys_free(keys, n);
}

/* A volume's message names the key alone: the stores that the volume is made of. */
static void missing_in_volume(const struct kta_pod_trouble *t, const char *volume, const char *kind,
                              const char *key, const char *text, const char *source)
{
    const char *field = kta_stristr(kind, "secret") ? "secret" : "configMap";
    const char *store = NULL;
    kta_json_each(v, kta_json_at(t->pod, "spec.volumes")) {
        if (!kta_streq(kta_json_str(v, "name"), volume))
            continue;
        store = kta_or(kta_json_str(v, "configMap.name"), kta_json_str(v, "secret.secretName"));
        kta_json_each(s, kta_json_at(v, "projected.sources"))
            kta_json_each(item, kta_json_at(kta_json_get(s, field), "items"))
                if (kta_streq(kta_json_str(item, "key"), key))
                    store = kta_json_str(kta_json_get(s, field), "name");
    }
    missing_key(t, kind, kta_or(store, volume), key, text, source);
}

const struct kta_store_ref kta_store_refs[] = {
    {"configMapKeyRef", "name", "configmaps", "ConfigMap"},
    {"configMapRef", "name", "configmaps", "ConfigMap"},
    {"configMap", "name", "configmaps", "ConfigMap"},
    {"secretKeyRef", "name", "secrets", "Secret"},
    {"secretRef", "name", "secrets", "Secret"},
    {"secret", "secretName", "secrets", "Secret"},
    {"secret", "name", "secrets", "Secret"}, /* of a projected volume */
};
const size_t kta_n_store_refs = KTA_LEN(kta_store_refs);

bool kta_template_reads(const struct kta_json *spec, const char *kind, const char *name)
{
    kta_json_each(m, spec) {
        for (size_t i = 0; kta_json_key(m) && i < kta_n_store_refs; i++) {
            const struct kta_store_ref *r = &kta_store_refs[i];
            if (kta_streq(kta_json_key(m), r->member) && kta_streq(kind, r->word) &&
                kta_streq(name, kta_json_str(m, r->name)))
                return true;
        }
        if (kta_template_reads(m, kind, name))
            return true;
    }
    return false;
}

/* ---- what need not be there, and is not ---- */

/* Keys that a reference asks for: its own, or those of its items. */
static void absent_keys(const struct kta_pod_trouble *t, struct kta_finding *f,
                        const struct kta_json *ref, const struct kta_json *store, bool secret)
{
    const struct kta_json *items = kta_json_get(ref, "items");
    kta_auto_free char *what = kta_diag_ref(store);
    char **keys;
    size_t n = kta_data_keys(store, &keys);
    for (size_t i = 0; i < (items ? kta_json_len(items) : 1); i++) {
        const char *key = kta_json_str(items ? kta_json_item(items, i) : ref, "key");
        if (!key || kta_has_key(store, key))
            continue;
        const char *near = meant_key(key, keys, n);
        kta_auto_free char *why =
            near ? kta_asprintf("use the key %s, which %s has", near, what) : NULL;
        kta_finding_quote(f, "spec", "its key %s of %s is optional, and there is none", key, what);
        if (near)
            fix_refs(t, f, true, secret, kta_obj_name(store), key, near, why);
        kta_finding_advice(f, "%s the key %s to %s; only you can know its value.",
                           near ? "Or add" : "Add", key, what);
    }
    kta_keys_free(keys, n);
}

void kta_config_optional(const struct kta_pod_trouble *t, struct kta_finding *f,
                         const struct kta_json *of)
{
    const char *ns = kta_obj_namespace(t->pod);
    for (size_t i = 0; i < kta_n_store_refs; i++) {
        const struct kta_store_ref *row = &kta_store_refs[i];
        const struct kta_json *ref = kta_json_get(of, row->member);
        const char *name = kta_json_str(ref, row->name);
        bool known, secret = kta_streq(row->plural, "secrets");
        if (!name || !kta_json_bool(ref, "optional", false))
            continue;
        const struct kta_json *store = kta_world_get(t->w, row->plural, ns, name, &known);
        if (store)
            absent_keys(t, f, ref, store, secret);
        if (store || !known)
            continue;
        size_t n;
        const char **names = kta_world_names(t->w, row->plural, ns, &n);
        const char *near = kta_nearest(name, names, n);
        kta_auto_free char *why =
            near ? kta_asprintf("refer to %s %s, which exists", row->word, near) : NULL;
        kta_finding_quote(f, "spec", "%s %s is optional, and does not exist", row->word, name);
        if (near)
            fix_refs(t, f, false, secret, NULL, name, near, why);
        kta_finding_advice(f, "%s %s %s with its content, which only you can know.",
                           near ? "Or create" : "Create", row->word, name);
        free(names);
    }
}

/* ---- who the container runs as ---- */

static void run_as_root(const struct kta_pod_trouble *t, const char *told, const char *source)
{
    struct kta_finding *f = add(t, "Config.RunAsNonRoot", 0.95);
    if (!f)
        return;
    kta_auto_free char *ref = kta_diag_ref(t->owner);
    bool by_name = strstr(told, "non-numeric user") != NULL;
    bool by_spec = strstr(told, "runAsUser breaks") != NULL;
    kta_finding_summary(f, "container %s of %s cannot start: it must not run as root, and its %s",
                        t->name ? t->name : "?", ref,
                        by_name   ? "image names its user by a word, which cannot be checked"
                        : by_spec ? "runAsUser is 0, which is root"
                                  : "image runs as root");
    kta_finding_quote(f, source, "%s", told);
    if (t->name) {
        struct kta_json *c;
        struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
        kta_json_set_int(kta_json_set(c, "securityContext", kta_json_new_object()), "runAsUser",
                         1000);
        (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                               "run container %s as user 1000", t->name);
    }
    kta_finding_advice(f, "Use the number of the user that the image is made for, if it has one.");
}

/* ---- the texts ---- */

struct row {
    const char *re;
    enum { STORE, KEY, KEY_LIST, NON_ROOT } what;
};

static const struct row rows[] = {
    {"(configmap|secret) \"([^\"]+)\" not found", STORE},
    {"(?:object )\"[^\"/]*\"/\"([^\"]+)\" not registered", STORE},
    {"couldn't find key (\\S+) in (ConfigMap|Secret) [^/\\s]*/?([\\w.\\-]+)", KEY},
    {"references non-existent (secret|config) key: ?(\\S+)", KEY_LIST},
    {"runAsNonRoot|breaks non-root policy", NON_ROOT},
};

static bool tell(const struct kta_pod_trouble *t, const char *text, const char *source)
{
    static struct kta_re *re[KTA_LEN(rows)];
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct kta_match m;
        if (!re[i])
            re[i] = kta_re_must(rows[i].re, 0);
        if (!kta_re_find(re[i], text, strlen(text), 0, &m))
            continue;
        kta_auto_free char *a = kta_re_group(text, &m, 1), *b = kta_re_group(text, &m, 2);
        kta_auto_free char *c = m.n > 3 ? kta_re_group(text, &m, 3) : NULL;
        if (rows[i].what == STORE && b) {
            missing_store(t, a, b, text, source);
        } else if (rows[i].what == KEY) {
            missing_key(t, b, c, a, text, source);
        } else if (rows[i].what == KEY_LIST) {
            /* The volume's name stands before: SetUp failed for volume "x" */
            const char *v = strstr(text, "for volume \"");
            kta_auto_free char *name =
                v ? kta_strndup(v + 12, strcspn(v + 12, "\"")) : kta_strdup("");
            missing_in_volume(t, name, a, b, text, source);
        } else if (rows[i].what == NON_ROOT) {
            run_as_root(t, text, source);
        } else {
            continue;
        }
        return true;
    }
    return false;
}

/* What keeps a pod in ContainerCreating, newest word of each kind; one newer event does not hide
 * an older cause. */
static const char *const creating[] = {
    "FailedMount",     "FailedAttachVolume", "FailedCreatePodSandBox",
    "FailedMapVolume", "NetworkNotReady",    "FailedCreatePodContainer"};

/* hostPath type check failed: /var/log/app is not a directory */
static void fix_host_path(const struct kta_pod_trouble *t, struct kta_finding *f, const char *text)
{
    kta_json_each(v, kta_json_at(t->pod, "spec.volumes")) {
        const char *path = kta_json_str(v, "hostPath.path");
        const char *type = kta_json_str(v, "hostPath.type");
        if (!path || !strstr(text, path) ||
            (!kta_streq(type, "Directory") && !kta_streq(type, "File")))
            continue;
        kta_auto_free char *made = kta_asprintf("%sOrCreate", type);
        struct kta_json *spec = kta_json_new_object();
        struct kta_json *x = kta_json_push(kta_json_set(spec, "volumes", kta_json_new_array()),
                                           kta_json_new_object());
        kta_json_set_str(x, "name", kta_json_str(v, "name"));
        struct kta_json *at = kta_json_set(x, "hostPath", kta_json_new_object());
        kta_json_set_str(at, "path", path);
        kta_json_set_str(at, "type", made);
        (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                               "make %s on the node, empty, where it is not there (%s)", path,
                               made);
    }
}

static void other(const struct kta_pod_trouble *t, const struct kta_json *ev)
{
    const char *reason = kta_or(kta_json_str(ev, "reason"), "");
    const char *text = kta_or(kta_json_str(ev, "message"), "");
    bool sandbox = strstr(reason, "SandBox") || kta_streq(reason, "NetworkNotReady");
    bool multi = strstr(text, "Multi-Attach") != NULL;
    struct kta_finding *f = add(t,
                                sandbox                                   ? "Pod.Sandbox"
                                : multi                                   ? "Volume.MultiAttach"
                                : kta_streq(reason, "FailedAttachVolume") ? "Volume.AttachFailed"
                                                                          : "Volume.MountFailed",
                                0.85);
    if (!f)
        return;
    kta_auto_free char *ref = kta_diag_ref(t->owner), *line = kta_diag_first_line(text, 300);
    kta_finding_summary(f, "%s cannot start: %s: %s", ref,
                        sandbox ? "the pod's sandbox or network cannot be made"
                        : multi ? "its volume is still attached to another node"
                                : "a volume cannot be mounted",
                        line);
    kta_diag_quote_event(f, t->pod, ev);
    if (strstr(text, "hostPath type check failed"))
        fix_host_path(t, f, text);
    kta_finding_advice(f, "%s",
                       sandbox ? "Look at the node's container runtime and network plugin."
                       : multi
                           ? "Only one node may have the volume: wait for the old pod to end, or "
                             "use the Recreate strategy."
                           : "Check what the volume refers to: its server, path, driver or "
                             "claim.");
}

/* A kubelet on a busy node, a new namespace (its root certificate comes a moment later), a network
 * plugin that starts: the first tries may fail and mean nothing. What names a Secret or ConfigMap
 * of the user's that is not there means something at once. */
#define PASSES_WITHIN 45 /* seconds */

static bool passing(const struct kta_pod_trouble *t, const struct kta_json *ev)
{
    const char *text = kta_or(kta_json_str(ev, "message"), "");
    if (strstr(text, "failed to sync")) /* the kubelet's own cache, a moment later it is there */
        return true;
    bool named = (strstr(text, "not found") || strstr(text, "non-existent")) &&
                 !strstr(text, "kube-root-ca.crt") && !strstr(text, "kube-api-access");
    return !named && kta_diag_settling(t->w, t->pod, PASSES_WITHIN);
}

#define SANDBOX_TAKES (8LL * 1024 * 1024 * 1000) /* thousandths of a byte */

/* The limit of all containers together is too low even for the pod's sandbox, or for the files that
 * kubelet puts into memory for it. */
static bool starved(const struct kta_pod_trouble *t, const char *text)
{
    const struct kta_json *least = NULL;
    int64_t low = 0;
    kta_json_each(c, kta_json_at(t->pod, "spec.containers")) {
        int64_t limit = kta_quantity_milli(kta_json_str(c, "resources.limits.memory"));
        if (limit > 0 && (!least || limit < low)) {
            least = c;
            low = limit;
        }
    }
    if (!least || (!strstr(text, "OOM-killed") && low >= SANDBOX_TAKES))
        return false;
    struct kta_pod_trouble of = *t;
    of.container = (struct kta_json *)(uintptr_t)least;
    of.name = kta_json_str(least, "name");
    of.list = "containers";
    if (!kta_trouble_find(&of, "Memory.OOMKilled"))
        kta_crash_oom(&of, NULL);
    return true;
}

/* A profile of the node's own (seccomp, AppArmor) that the node does not have: the runtime's. */
static void fix_profile(const struct kta_pod_trouble *t, struct kta_finding *f)
{
    static const char *const profiles[] = {"seccompProfile", "appArmorProfile"};
    const struct kta_json *pod = kta_json_at(t->pod, "spec.securityContext");
    const struct kta_json *own = kta_json_get(t->container, "securityContext");
    for (size_t i = 0; i < KTA_LEN(profiles); i++) {
        bool here = kta_json_get(own, profiles[i]) != NULL;
        const struct kta_json *now = kta_json_get(here ? own : pod, profiles[i]);
        const char *name = kta_json_str(now, "localhostProfile");
        if (!kta_streq(kta_json_str(now, "type"), "Localhost") || !name)
            continue;
        struct kta_json *c, *spec = here ? kta_fix_container_patch(t->list, t->name, &c)
                                         : (c = kta_json_new_object());
        struct kta_json *profile =
            kta_json_set(kta_json_set(c, "securityContext", kta_json_new_object()), profiles[i],
                         kta_json_new_object());
        kta_json_set_str(profile, "type", "RuntimeDefault");
        kta_json_set(profile, "localhostProfile", kta_json_new_null());
        kta_finding_quote(f, "spec", "%s: Localhost %s", profiles[i], name);
        (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                               "use the runtime's profile: its node does not have %s", name);
    }
}

void kta_config_analyze(const struct kta_pod_trouble *t)
{
    kta_auto_free char *source = kta_asprintf("status pod/%s", kta_obj_name(t->pod));
    const char *waiting = kta_json_str(t->status, "state.waiting.message");
    if (waiting) {
        if (tell(t, waiting, source))
            return;
        struct kta_finding *f = add(t, "Config.CreateContainer", 0.85);
        if (!f)
            return;
        kta_auto_free char *ref = kta_diag_ref(t->owner);
        kta_finding_summary(f, "container %s of %s cannot be created: %.300s", t->name, ref,
                            waiting);
        kta_finding_quote(f, source, "%.*s", KTA_DIAG_QUOTE, waiting);
        if (strstr(waiting, "profile"))
            fix_profile(t, f);
        kta_finding_advice(f, "Correct what the message names in the container's specification.");
        return;
    }
    for (size_t i = 0; i < KTA_LEN(creating); i++) {
        const struct kta_json *ev = kta_diag_event(t->w, t->pod, creating[i], NULL);
        const char *text = ev ? kta_or(kta_json_str(ev, "message"), "") : NULL;
        if (!ev || starved(t, text) || passing(t, ev))
            continue;
        kta_auto_free char *from = kta_asprintf("event pod/%s", kta_obj_name(t->pod));
        if (!tell(t, text, from))
            other(t, ev);
    }
}
