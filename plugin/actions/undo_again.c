/*
 * undo_again.c - an object of the journal as a manifest: to be created again, or to replace what is
 * there. What only the first life of the object could have (the server's fields, a claim's volume,
 * owners that are gone) is left out, and told.
 */
#include "journal_private.h"

#include "kta/alloc.h"
#include "kta/obj.h"
#include "kta/yaml.h"

/* ---- what it belonged to ---- */
static bool lives(struct kta_undo *u, const char *version, const char *kind_name, const char *ns,
                  const char *name, const char *uid)
{
    const struct kta_kind *kind =
        version && kind_name ? kta_kind_of(u->p->cluster, version, kind_name) : NULL;
    kta_auto_str struct kta_str path = KTA_STR_INIT;
    kta_auto_json struct kta_json *owner = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    if (!kind || !name)
        return false;
    kta_kind_path(kind, kind->namespaced ? ns : NULL, name, &path);
    return kta_cluster_get(u->p->cluster, &owner, &ignored, "%s", path.s) == 0 &&
           kta_streq(kta_obj_uid(owner), uid);
}

/* Something else makes it again by itself; a CronJob makes other Jobs, at other times. */
bool kta_undo_comes_back(const struct kta_undo_item *x)
{
    const struct kta_json *owner = kta_obj_controller(x->before);

    return owner && !kta_streq(kta_json_str(owner, "kind"), "CronJob");
}

bool kta_undo_is_lost(const struct kta_undo_item *x)
{
    return x->before && !x->after && !x->live && !kta_undo_comes_back(x);
}

/* The owner among the objects of the change; NULL: it is none of them. */
static const struct kta_undo_item *owner_of(const struct kta_undo *u, const struct kta_json *ref)
{
    for (size_t i = 0; i < u->n; i++)
        if (kta_streq(kta_json_str(u->v[i].image, "object.metadata.uid"), kta_json_str(ref, "uid")))
            return &u->v[i];
    return NULL;
}

/* The owners as they are now, of what was made again without those that were gone. */
static struct kta_json *owners_now(const struct kta_undo *u, const struct kta_undo_item *x,
                                   bool *ret_new)
{
    struct kta_json *refs = kta_json_new_array();

    kta_json_each(ref, kta_json_at(x->before, "metadata.ownerReferences")) {
        const struct kta_undo_item *owner = owner_of(u, ref);
        const char *uid = owner ? kta_obj_uid(owner->live) : NULL;
        struct kta_json *now;

        uid = uid ? uid : kta_json_str(ref, "uid");
        if (!kta_obj_owned_by(x->live, uid) && !(owner && owner->live))
            continue;
        now = kta_json_push(refs, kta_json_copy(ref));
        kta_json_set_str(now, "uid", uid);
        *ret_new = *ret_new || !kta_obj_owned_by(x->live, uid);
    }
    return refs;
}

bool kta_undo_adopt(struct kta_undo *u)
{
    bool any = false;

    for (size_t i = 0; i < u->n; i++) {
        struct kta_undo_item *x = &u->v[i];
        kta_auto_json struct kta_json *refs = NULL;
        struct kta_json *o;
        bool again = false;

        if (!x->before || x->after || !x->live)
            continue;
        refs = owners_now(u, x, &again);
        if (!again)
            continue;
        u->wanted = u->wanted ? u->wanted : kta_json_new_array();
        o = kta_json_push(u->wanted, kta_json_copy(x->live));
        kta_json_set(kta_json_get(o, "metadata"), "ownerReferences", KTA_STEAL(refs));
        x->before = o;
        x->after = x->live;
        x->adopted = any = true;
    }
    return any;
}

/* Owners that are there still; with one that is gone the object would be collected at once. One
 * that is created again takes it over afterwards. */
static void keep_owners(struct kta_undo *u, struct kta_json *o)
{
    struct kta_json *meta = kta_json_get(o, "metadata"), *kept = kta_json_new_array();

    kta_json_each(ref, kta_json_get(meta, "ownerReferences")) {
        if (lives(u, kta_json_str(ref, "apiVersion"), kta_json_str(ref, "kind"),
                  kta_obj_namespace(o), kta_json_str(ref, "name"), kta_json_str(ref, "uid")))
            kta_json_push(kept, kta_json_copy(ref));
        else if (!owner_of(u, ref) || !kta_undo_is_lost(owner_of(u, ref)))
            kta_str_addf(&u->lost, "%sthat %s '%s' belonged to %s '%s', which is gone",
                         u->lost.len ? ", " : "", kta_obj_kind(o), kta_obj_name(o),
                         kta_or(kta_json_str(ref, "kind"), "?"),
                         kta_or(kta_json_str(ref, "name"), "?"));
    }
    kta_json_remove(meta, "ownerReferences");
    if (kta_json_len(kept) > 0)
        kta_json_set(meta, "ownerReferences", kept);
    else
        kta_json_free(kept);
}

/* Finalizers come along, but for those of a deletion that was under way. */
static void keep_finalizers(struct kta_json *meta)
{
    struct kta_json *kept = kta_json_new_array();

    kta_json_each(f, kta_json_get(meta, "finalizers")) {
        if (!kta_streq(kta_json_text(f), "foregroundDeletion") &&
            !kta_streq(kta_json_text(f), "orphan"))
            kta_json_push(kept, kta_json_copy(f));
    }
    kta_json_remove(meta, "finalizers");
    if (kta_json_len(kept) > 0)
        kta_json_set(meta, "finalizers", kept);
    else
        kta_json_free(kept);
}

/* ---- what each kind leaves behind ---- */
static void pod_again(struct kta_undo *u, struct kta_json *o)
{
    (void)u;
    kta_json_remove(kta_json_get(o, "spec"), "nodeName");
    kta_json_remove(kta_json_get(o, "spec"), "ephemeralContainers");
}

/* The server makes the selector and its labels. */
static void job_again(struct kta_undo *u, struct kta_json *o)
{
    static const char *const LABELS[] = {"controller-uid", "batch.kubernetes.io/controller-uid",
                                         "job-name", "batch.kubernetes.io/job-name"};

    (void)u;
    if (kta_json_bool(o, "spec.manualSelector", false))
        return;
    kta_json_remove(kta_json_get(o, "spec"), "selector");
    for (size_t i = 0; i < KTA_LEN(LABELS); i++)
        kta_json_remove(kta_json_at(o, "spec.template.metadata.labels"), LABELS[i]);
}

static void claim_again(struct kta_undo *u, struct kta_json *o)
{
    struct kta_json *annotations = kta_json_at(o, "metadata.annotations");

    (void)u;
    kta_json_remove(kta_json_get(o, "spec"), "volumeName");
    kta_json_remove(annotations, "pv.kubernetes.io/bind-completed");
    kta_json_remove(annotations, "pv.kubernetes.io/bound-by-controller");
    kta_json_remove(annotations, "volume.kubernetes.io/selected-node");
}

/* Bound by name: a claim that is made again has another uid. */
static void volume_again(struct kta_undo *u, struct kta_json *o)
{
    (void)u;
    kta_json_remove(kta_json_at(o, "spec.claimRef"), "uid");
    kta_json_remove(kta_json_at(o, "spec.claimRef"), "resourceVersion");
}

#define ACCOUNT "kubernetes.io/service-account."

/* A token is worth nothing without the account that it was for. */
static void secret_again(struct kta_undo *u, struct kta_json *o)
{
    if (!kta_streq(kta_json_str(o, "type"), "kubernetes.io/service-account-token") ||
        lives(u, "v1", "ServiceAccount", kta_obj_namespace(o),
              kta_obj_annotation(o, ACCOUNT "name"), kta_obj_annotation(o, ACCOUNT "uid")))
        return;
    kta_json_remove(kta_json_at(o, "metadata.annotations"), ACCOUNT "uid");
    kta_json_remove(o, "data");
    kta_str_addf(&u->lost, "%sthe token in Secret '%s' (a new one is issued)",
                 u->lost.len ? ", " : "", kta_obj_name(o));
}

static const struct {
    const char *kind;
    void (*fn)(struct kta_undo *u, struct kta_json *o);
} AGAIN[] = {
    {"Pod", pod_again},
    {"Job", job_again},
    {"PersistentVolumeClaim", claim_again},
    {"PersistentVolume", volume_again},
    {"Secret", secret_again},
};

struct kta_json *kta_undo_again(struct kta_undo *u, const struct kta_json *object)
{
    struct kta_json *o = kta_json_copy(object), *meta = kta_json_get(o, "metadata");

    kta_server_strip(o);
    keep_owners(u, o);
    keep_finalizers(meta);
    kta_json_remove(meta, "deletionTimestamp");
    kta_json_remove(meta, "deletionGracePeriodSeconds");
    for (size_t i = 0; i < KTA_LEN(AGAIN); i++)
        if (kta_streq(kta_obj_kind(o), AGAIN[i].kind))
            AGAIN[i].fn(u, o);
    return o;
}

void kta_undo_manifest(struct kta_undo *u, struct kta_json *object, struct kta_str *out)
{
    kta_redact_object(u->p->redact, object);
    if (out->len)
        kta_str_add(out, "---\n");
    kta_yaml_print(object, out);
}
