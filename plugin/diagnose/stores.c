/*
 * stores.c - fixes within a ConfigMap that a workload reads: a word of a file or value that is
 * wrong, or a key that kubectl apply set and somebody changed since.
 *
 * Lists of ConfigMaps come without their data, so each one that is looked into is a read more. What
 * reads the ConfigMap is restarted after it: a program reads its file when it starts.
 */
#include <stdlib.h>
#include <string.h>

#include "kta/alloc.h"
#include "kta/re.h"
#include "stores.h"

#define STORES_READ 3           /* ConfigMaps looked into for one finding */
#define VALUE_BYTES (16 * 1024) /* a longer value is no argument for a command */

static struct kta_json *read_store(struct kta_world *w, const char *ns, const char *name)
{
    struct kta_json *cm = NULL;
    struct kta_err ignored = KTA_ERR_INIT; /* then nothing is proposed */
    if (name && kta_world_cluster(w))
        (void)kta_cluster_get(kta_world_cluster(w), &cm, &ignored,
                              "/api/v1/namespaces/%s/configmaps/%s", ns, name);
    return cm;
}

/* Sets one key, and lets the workload read it. */
static struct kta_fix *set_key(struct kta_world *w, struct kta_finding *f,
                               const struct kta_json *owner, const struct kta_json *cm,
                               const char *key, const char *value, const char *why)
{
    kta_auto_json struct kta_json *patch = kta_json_new_object();
    kta_auto_str struct kta_str body = KTA_STR_INIT;
    kta_json_set_str(kta_json_set(patch, "data", kta_json_new_object()), key, value);
    kta_json_print(patch, false, &body);
    struct kta_fix *x =
        kta_fix_patch(w, f, KTA_RISK_MEDIUM, cm, KTA_PATCH_MERGE, body.s, "%s", why);
    if (kta_diag_restartable(owner)) {
        kta_auto_free char *ref = kta_diag_ref(owner);
        const char *args[] = {"rollout", "restart", ref, NULL};
        kta_fix_then(w, x, kta_obj_namespace(owner), args);
    }
    return x;
}

static bool rename_in(const struct kta_pod_trouble *t, struct kta_finding *f, const char *store,
                      const struct renaming *ways, size_t n, const char *why)
{
    const char *ns = kta_obj_namespace(t->pod);
    kta_auto_json struct kta_json *cm = read_store(t->w, ns, store);
    kta_json_each(member, kta_json_get(cm, "data")) {
        kta_auto_str struct kta_str now = KTA_STR_INIT;
        const char *value = kta_or(kta_json_text(member), ""), *key = kta_json_key(member);
        if (strlen(value) > VALUE_BYTES || !address_rename(value, ways, n, &now))
            continue;
        kta_finding_quote(f, "spec", "key %s of configmap/%s names %s", key, store, ways->from);
        kta_auto_free char *text = kta_asprintf("call %s instead of %s in configmap/%s: %s",
                                                ways->to, ways->from, store, why);
        (void)set_key(t->w, f, t->owner, cm, key, now.s, text);
        return true;
    }
    return false;
}

bool kta_store_rename(const struct kta_pod_trouble *t, struct kta_finding *f,
                      const struct renaming *ways, size_t n, const char *why)
{
    const struct kta_json *volumes = kta_json_at(t->pod, "spec.volumes");
    size_t left = STORES_READ;
    kta_json_each(m, kta_json_get(t->container, "volumeMounts"))
        kta_json_each(v, volumes) {
            const char *store = kta_json_str(v, "configMap.name");
            if (store && left && kta_streq(kta_json_str(v, "name"), kta_json_str(m, "name")) &&
                left-- && rename_in(t, f, store, ways, n, why))
                return true;
        }
    return false;
}

bool kta_store_restore(struct kta_world *w, struct kta_finding *f, const struct kta_json *owner,
                       const struct kta_json *store)
{
    if (!kta_streq(kta_obj_kind(store), "ConfigMap"))
        return false; /* of a Secret nothing is put into a command */
    kta_auto_json struct kta_json *cm =
        read_store(w, kta_obj_namespace(store), kta_obj_name(store));
    const char *text = kta_obj_annotation(cm, "kubectl.kubernetes.io/last-applied-configuration");
    struct kta_err ignored = KTA_ERR_INIT;
    kta_auto_json struct kta_json *applied = NULL;
    if (text)
        (void)kta_json_parse(text, strlen(text), &applied, &ignored);
    kta_json_each(member, kta_json_get(applied, "data")) {
        const char *key = kta_json_key(member), *was = kta_json_text(member);
        if (!was || strlen(was) > VALUE_BYTES ||
            kta_streq(was, kta_json_text(kta_json_get(kta_json_get(cm, "data"), key))))
            continue;
        kta_auto_free char *ref = kta_diag_ref(store);
        kta_auto_free char *why =
            kta_asprintf("undo the change: the key %s of %s as it was applied", key, ref);
        set_key(w, f, owner, cm, key, was, why)->undoes = true;
        return true;
    }
    return false;
}

bool kta_store_holds_number(struct kta_world *w, const struct kta_json *store,
                            const struct kta_json *keys, int64_t number)
{
    if (!kta_streq(kta_obj_kind(store), "ConfigMap"))
        return false;
    kta_auto_json struct kta_json *cm =
        read_store(w, kta_obj_namespace(store), kta_obj_name(store));
    kta_auto_free char *whole = kta_asprintf("(?<!\\d)%lld(?!\\d)", (long long)number);
    struct kta_re *re = kta_re_must(whole, 0);
    bool holds = false;
    kta_json_each(member, kta_json_get(cm, "data")) {
        kta_auto_free char *key = kta_asprintf("f:%s", kta_json_key(member));
        const char *value = kta_or(kta_json_text(member), "");
        holds |= kta_json_get(keys, key) && kta_re_find(re, value, strlen(value), 0, NULL);
    }
    kta_re_free(re);
    return holds;
}
