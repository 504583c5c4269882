/*
 * world_focus.c - what a question is about, and who owns whom.
 */
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "world_private.h"
#include "kta/alloc.h"
#include "kta/obj.h"

/* ReplicaSets that may not be read: their Deployment, by its name, which theirs begins with. */
static struct kta_json *deployment_of(struct kta_world *w, const struct kta_json *pod,
                                      const char *replica_set)
{
    const char *hash = kta_obj_label(pod, "pod-template-hash"), *ns = kta_obj_namespace(pod);
    size_t n = strlen(replica_set), k = hash ? strlen(hash) : 0;
    if (!k || n < k + 2 || strcmp(replica_set + n - k, hash) != 0 ||
        !kta_world_has_list(w, "deployments", ns) || kta_world_readable(w, "replicasets", ns))
        return NULL;
    kta_auto_free char *name = kta_strndup(replica_set, n - k - 1);
    return kta_world_get(w, "deployments", ns, name, NULL);
}

static struct kta_json *above(struct kta_world *w, const struct kta_json *o)
{
    const struct kta_json *ref = kta_obj_controller(o);
    struct kta_json *up = ref ? kta_world_uid(w, kta_json_str(ref, "uid")) : NULL;
    if (!up && kta_streq(kta_json_str(ref, "kind"), "ReplicaSet"))
        up = deployment_of(w, o, kta_or(kta_json_str(ref, "name"), ""));
    return up;
}

struct kta_json *kta_world_owner(struct kta_world *w, struct kta_json *object)
{
    for (int depth = 0; object && depth < 8; depth++) {
        struct kta_json *up = above(w, object);
        if (!up || up == object)
            return object;
        object = up;
    }
    return object;
}

static bool is_service(const struct kta_json *o)
{
    return kta_streq(kta_obj_kind(o), "Service");
}

size_t kta_world_pods_of(struct kta_world *w, const struct kta_json *object, struct kta_json ***ret)
{
    *ret = NULL;
    struct kta_json *const *pods;
    if (kta_world_partial(w, "pods", kta_obj_namespace(object)))
        kta_large_pods_of(w, object);
    size_t n = kta_world_list(w, "pods", kta_obj_namespace(object), &pods), found = 0, cap = 0;
    const char *uid = kta_obj_uid(object);
    for (size_t i = 0; i < n; i++) {
        bool mine = pods[i] == object;
        if (is_service(object)) {
            mine = kta_map_matches(kta_json_at(object, "spec.selector"),
                                   kta_json_at(pods[i], "metadata.labels"));
        } else {
            struct kta_json *up = pods[i];
            for (int depth = 0; up && !mine && depth < 8; depth++) {
                mine = kta_obj_owned_by(up, uid);
                up = above(w, up);
                mine |= up == object;
            }
        }
        if (!mine)
            continue;
        KTA_GROW(*ret, found, cap);
        (*ret)[found++] = pods[i];
    }
    return found;
}

/* ---- focus ---- */

void kta_world_set_probe(struct kta_world *w, int level)
{
    w->probe = level;
    w->asks = 0;
}

bool kta_world_may_ask(struct kta_world *w)
{
    return w->probe > 0 && w->asks++ < KTA_ASKS_MAX;
}

int kta_world_probe(const struct kta_world *w)
{
    return w->probe;
}

void kta_world_focus_add(struct kta_world *w, struct kta_json *object)
{
    const char *uid = kta_obj_uid(object);
    if (!uid)
        return;
    for (size_t i = 0; i < w->n_focus; i++)
        if (kta_streq(w->focus[i], uid))
            return;
    KTA_GROW(w->focus, w->n_focus, w->cap_focus);
    w->focus[w->n_focus++] = uid;
}

void kta_world_focus_clear(struct kta_world *w)
{
    w->n_focus = 0;
}

bool kta_world_has_focus(const struct kta_world *w)
{
    return w->n_focus > 0;
}

bool kta_world_focused(struct kta_world *w, struct kta_json *object)
{
    if (!w->n_focus)
        return true;
    for (int depth = 0; object && depth < 8; depth++) {
        const char *uid = kta_obj_uid(object);
        for (size_t i = 0; i < w->n_focus; i++)
            if (kta_streq(w->focus[i], uid))
                return true;
        object = above(w, object);
    }
    return false;
}
