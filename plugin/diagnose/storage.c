/*
 * storage.c - claims that are not bound, by cause; volumes that wait to be freed; resizes refused.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/quantity.h"

static bool is_default(const struct kta_json *class_)
{
    return kta_streq(kta_obj_annotation(class_, "storageclass.kubernetes.io/is-default-class"),
                     "true");
}

/* What uses the claim: the workload whose pods cannot start for it is a symptom. */
static void users(struct kta_world *w, const struct kta_json *pvc, struct kta_finding *f)
{
    struct kta_json *const *pods;
    size_t n = kta_world_list(w, "pods", kta_obj_namespace(pvc), &pods);
    for (size_t i = 0; i < n; i++)
        kta_json_each(v, kta_json_at(pods[i], "spec.volumes")) {
            if (!kta_streq(kta_json_str(v, "persistentVolumeClaim.claimName"), kta_obj_name(pvc)))
                continue;
            const struct kta_json *o = kta_world_owner(w, pods[i]);
            kta_finding_symptom(f, kta_obj_kind(o), kta_obj_namespace(o), kta_obj_name(o));
            kta_finding_symptom(f, "Pod", kta_obj_namespace(pods[i]), kta_obj_name(pods[i]));
        }
}

static bool used_by_focus(struct kta_world *w, const struct kta_json *pvc)
{
    struct kta_json *const *pods;
    size_t n = kta_world_list(w, "pods", kta_obj_namespace(pvc), &pods);
    for (size_t i = 0; i < n; i++)
        if (kta_world_focused(w, pods[i]))
            kta_json_each(v, kta_json_at(pods[i], "spec.volumes"))
                if (kta_streq(kta_json_str(v, "persistentVolumeClaim.claimName"),
                              kta_obj_name(pvc)))
                    return true;
    return false;
}

/* An unbound claim cannot be changed either: a changed copy takes its place (it holds no data).
 * *ret_spec is where the change goes. */
static struct kta_json *copy_of(const struct kta_json *pvc, struct kta_json **ret_spec)
{
    struct kta_json *copy = kta_json_new_object();
    kta_json_set_str(copy, "apiVersion", "v1");
    kta_json_set_str(copy, "kind", "PersistentVolumeClaim");
    struct kta_json *m = kta_json_set(copy, "metadata", kta_json_new_object());
    kta_json_set_str(m, "name", kta_obj_name(pvc));
    kta_json_set_str(m, "namespace", kta_obj_namespace(pvc));
    if (kta_json_at(pvc, "metadata.labels"))
        kta_json_set(m, "labels", kta_json_copy(kta_json_at(pvc, "metadata.labels")));
    *ret_spec = kta_json_set(copy, "spec", kta_json_copy(kta_json_get(pvc, "spec")));
    return copy;
}

static void fix_class(struct kta_world *w, struct kta_finding *f, const struct kta_json *pvc,
                      const char *class_)
{
    struct kta_json *spec;
    kta_auto_json struct kta_json *copy = copy_of(pvc, &spec);
    kta_json_set_str(spec, "storageClassName", class_);
    kta_auto_free char *why = kta_asprintf(
        "make the claim again with storage class %s (it was never bound, so it holds no data)",
        class_);
    (void)kta_fix_manifest(w, f, KTA_RISK_MEDIUM, /* undoable= */ true, kta_obj_namespace(pvc),
                           copy, "replace", why);
}

static const char *other_class(struct kta_world *w, const char *wanted)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "storageclasses", NULL, &v), k;
    const char **names = kta_world_names(w, "storageclasses", NULL, &k);
    const char *near = wanted ? kta_nearest(wanted, names, k) : NULL;
    free(names);
    for (size_t i = 0; i < n && !near; i++)
        if (is_default(v[i]))
            near = kta_obj_name(v[i]);
    return near ? near : n == 1 ? kta_obj_name(v[0]) : NULL;
}

static struct kta_finding *add(struct kta_world *w, struct kta_findings *out, const char *code,
                               const struct kta_json *pvc, double confidence)
{
    struct kta_finding *f = kta_diag_add(out, code, KTA_CRITICAL, pvc, confidence);
    f->since = kta_obj_created(pvc);
    users(w, pvc, f);
    return f;
}

/* What keeps a claim from a volume of its class; exactly one of them can be mended. */
struct unfit {
    bool mode, size, reserved, released, selector, block;
};

static bool offers(const struct kta_json *volume, const struct kta_json *pvc)
{
    kta_json_each(want, kta_json_at(pvc, "spec.accessModes")) {
        bool has = false;
        kta_json_each(m, kta_json_at(volume, "spec.accessModes"))
            has |= kta_streq(kta_json_text(m), kta_json_text(want));
        if (!has)
            return false;
    }
    return true;
}

static bool reserved(const struct kta_json *volume, const struct kta_json *pvc)
{
    const char *name = kta_json_str(volume, "spec.claimRef.name");
    return name &&
           (!kta_streq(name, kta_obj_name(pvc)) ||
            !kta_streq(kta_json_str(volume, "spec.claimRef.namespace"), kta_obj_namespace(pvc)));
}

static struct unfit compare(const struct kta_json *volume, const struct kta_json *pvc)
{
    const struct kta_json *selector = kta_json_at(pvc, "spec.selector");
    int64_t wants = kta_quantity_milli(kta_json_str(pvc, "spec.resources.requests.storage"));
    int64_t has = kta_quantity_milli(kta_json_str(volume, "spec.capacity.storage"));
    bool released = kta_streq(kta_json_str(volume, "status.phase"), "Released");

    return (struct unfit){
        .mode = !offers(volume, pvc),
        .size = has < wants,
        .released = released,
        .reserved = !released && reserved(volume, pvc),
        .selector =
            selector && !kta_selector_matches(selector, kta_json_at(volume, "metadata.labels")),
        .block = !kta_streq(kta_or(kta_json_str(volume, "spec.volumeMode"), "Filesystem"),
                            kta_or(kta_json_str(pvc, "spec.volumeMode"), "Filesystem")),
    };
}

static void quote_unfit(struct kta_finding *f, const struct kta_json *volume,
                        const struct kta_json *pvc, const struct unfit *u)
{
    const char *name = kta_obj_name(volume), *source = "persistentvolumes";
    const char *mode =
        kta_or(kta_json_text(kta_json_item(kta_json_at(pvc, "spec.accessModes"), 0)), "?");
    if (u->released)
        kta_finding_quote(f, source, "%s is Released: an old claim, %s, still holds it", name,
                          kta_or(kta_json_str(volume, "spec.claimRef.name"), "?"));
    if (u->reserved)
        kta_finding_quote(f, source, "%s is reserved for claim %s/%s", name,
                          kta_or(kta_json_str(volume, "spec.claimRef.namespace"), "?"),
                          kta_json_str(volume, "spec.claimRef.name"));
    if (u->mode)
        kta_finding_quote(f, source, "%s does not offer %s", name, mode);
    if (u->size)
        kta_finding_quote(f, source, "%s has %s, the claim asks for %s", name,
                          kta_or(kta_json_str(volume, "spec.capacity.storage"), "?"),
                          kta_or(kta_json_str(pvc, "spec.resources.requests.storage"), "?"));
    if (u->selector)
        kta_finding_quote(f, source, "%s does not have the labels that the claim selects", name);
    if (u->block)
        kta_finding_quote(f, source, "%s is of volumeMode %s, the claim of %s", name,
                          kta_or(kta_json_str(volume, "spec.volumeMode"), "Filesystem"),
                          kta_or(kta_json_str(pvc, "spec.volumeMode"), "Filesystem"));
}

/* The claim as that volume would fit it. */
static void fix_claim(struct kta_world *w, struct kta_finding *f, const struct kta_json *pvc,
                      const struct kta_json *volume, const struct unfit *u)
{
    struct kta_json *spec;
    kta_auto_json struct kta_json *copy = copy_of(pvc, &spec);
    const char *what = "without its selector";
    if (u->mode) {
        kta_json_set(spec, "accessModes", kta_json_copy(kta_json_at(volume, "spec.accessModes")));
        what = "with the access modes that it offers";
    } else if (u->size) {
        struct kta_json *r =
            kta_json_set(kta_json_get(spec, "resources"), "requests", kta_json_new_object());
        kta_json_set_str(r, "storage", kta_json_str(volume, "spec.capacity.storage"));
        what = "for as much as it has";
    } else if (u->block) {
        kta_json_set_str(spec, "volumeMode",
                         kta_or(kta_json_str(volume, "spec.volumeMode"), "Filesystem"));
        what = "for its volumeMode";
    } else {
        kta_json_remove(spec, "selector");
    }
    kta_auto_free char *why = kta_asprintf("make the claim again to fit volume %s, %s (it was "
                                           "never bound, so it holds no data)",
                                           kta_obj_name(volume), what);
    (void)kta_fix_manifest(w, f, KTA_RISK_MEDIUM, /* undoable= */ true, kta_obj_namespace(pvc),
                           copy, "replace", why);
}

static void consider(struct kta_world *w, struct kta_finding *f, const struct kta_json *pvc,
                     const struct kta_json *volume)
{
    struct unfit u = compare(volume, pvc);
    int claims = u.mode + u.size + u.selector + u.block;
    quote_unfit(f, volume, pvc, &u);
    if (!claims && u.released)
        (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, volume, KTA_PATCH_JSON,
                            "[{\"op\":\"remove\",\"path\":\"/spec/claimRef\"}]",
                            "free volume %s of the claim that is gone", kta_obj_name(volume));
    if (claims == 1 && !u.released && !u.reserved)
        fix_claim(w, f, pvc, volume, &u);
}

/* Why no volume that is there will do: class, access mode, size, who it is for. */
static void compare_volumes(struct kta_world *w, struct kta_json *pvc, struct kta_findings *out)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "persistentvolumes", NULL, &v);
    const char *class_ = kta_or(kta_json_str(pvc, "spec.storageClassName"), "");
    struct kta_finding *f = add(w, out, "Storage.NoVolume", pvc, 0.85);
    kta_finding_summary(f,
                        "PersistentVolumeClaim %s finds no volume: its class provisions none, "
                        "and none that is there fits",
                        kta_obj_name(pvc));
    for (size_t i = 0; i < n; i++) {
        const char *phase = kta_json_str(v[i], "status.phase");
        if ((kta_streq(phase, "Available") || kta_streq(phase, "Released")) &&
            kta_streq(kta_or(kta_json_str(v[i], "spec.storageClassName"), ""), class_))
            consider(w, f, pvc, v[i]);
    }
    const char *other = other_class(w, NULL);
    if (other && !kta_streq(other, class_))
        fix_class(w, f, pvc, other);
    kta_finding_advice(f,
                       "Create a PersistentVolume that fits (class, access mode, size), or use a "
                       "class that provisions.");
}

/* A claim that was deleted while pods use it: it goes, with its data, when they do. */
static void terminating(struct kta_world *w, struct kta_json *pvc, struct kta_findings *out)
{
    int64_t when = kta_time_parse(kta_json_str(pvc, "metadata.deletionTimestamp"));
    if (when == KTA_NO_TIME || kta_world_now(w) - when < 15)
        return;
    struct kta_finding *f = kta_diag_add(out, "Storage.Terminating", KTA_WARNING, pvc, 0.9);
    f->since = when;
    users(w, pvc, f);
    kta_auto_str struct kta_str at = KTA_STR_INIT;
    kta_time_format(when, &at);
    kta_finding_summary(f, "PersistentVolumeClaim %s was deleted at %s and is still there: %s",
                        kta_obj_name(pvc), at.s,
                        f->n_symptoms ? "pods use it, and when they end it goes with its data"
                                      : "a finalizer holds it");
    kta_json_each(x, kta_json_at(pvc, "metadata.finalizers"))
        kta_finding_quote(f, "metadata", "finalizer %s", kta_or(kta_json_text(x), "?"));
    kta_finding_advice(f, "A deletion cannot be taken back: save the data, or set the volume's "
                          "persistentVolumeReclaimPolicy to Retain, before the pods end; end them "
                          "if the claim is to go.");
}

/* ---- resizing ---- */

static bool grows(const struct kta_json *pvc)
{
    return kta_quantity_milli(kta_or(kta_json_str(pvc, "spec.resources.requests.storage"), "0")) >
           kta_quantity_milli(kta_or(kta_json_str(pvc, "status.capacity.storage"), "0"));
}

static void resize(struct kta_world *w, struct kta_json *pvc, struct kta_findings *out)
{
    static const char *const failed[] = {"VolumeResizeFailed", "FileSystemResizeFailed",
                                         "ExternalExpanding"};
    const struct kta_json *ev = NULL;
    for (size_t i = 0; i < KTA_LEN(failed) && !ev; i++)
        ev = kta_diag_event(w, pvc, failed[i], NULL);
    if (!kta_streq(kta_json_str(pvc, "status.phase"), "Bound") || !grows(pvc) || !ev ||
        kta_world_now(w) - kta_event_first(ev) < 20)
        return;
    struct kta_finding *f = kta_diag_add(out, "Storage.ResizeFailed", KTA_WARNING, pvc, 0.9);
    kta_finding_summary(f, "PersistentVolumeClaim %s does not grow from %s to %s",
                        kta_obj_name(pvc),
                        kta_or(kta_json_str(pvc, "status.capacity.storage"), "?"),
                        kta_or(kta_json_str(pvc, "spec.resources.requests.storage"), "?"));
    kta_diag_quote_event(f, pvc, ev);
    kta_finding_advice(f, "The storage class must allow expansion and its driver support it.");
}

/* A class without an object is a name by which claims and volumes made by hand find each other. */
static bool volumes_of_class(struct kta_world *w, const char *class_)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "persistentvolumes", NULL, &v);
    for (size_t i = 0; i < n; i++)
        if (kta_streq(kta_json_str(v[i], "spec.storageClassName"), class_))
            return true;
    return false;
}

/* Volumes and claims made at once find each other when the controller looks again (seconds). */
#define BINDER_TAKES 20

/* Its class only binds claims to volumes that somebody made. */
static bool by_hand(const struct kta_json *storage_class)
{
    return kta_streq(kta_json_str(storage_class, "provisioner"), "kubernetes.io/no-provisioner");
}

static void pending(struct kta_world *w, struct kta_json *pvc, struct kta_findings *out)
{
    const char *class_ = kta_json_str(pvc, "spec.storageClassName"), *name = kta_obj_name(pvc);
    if (!kta_world_readable(w, "storageclasses", NULL) ||
        kta_json_at(pvc, "metadata.deletionTimestamp"))
        return;
    const struct kta_json *sc =
        class_ && *class_ ? kta_world_get(w, "storageclasses", NULL, class_, NULL) : NULL;
    const char *volume = kta_json_str(pvc, "spec.volumeName");
    bool known;
    if (volume && *volume && !kta_world_get(w, "persistentvolumes", NULL, volume, &known) &&
        known) {
        struct kta_finding *f = add(w, out, "Storage.MissingVolume", pvc, 0.95);
        kta_finding_summary(f, "PersistentVolumeClaim %s wants volume %s, which does not exist",
                            name, volume);
        kta_finding_advice(f, "Create that volume, or claim another.");
        return;
    }
    if (class_ && *class_ && !sc && !volumes_of_class(w, class_)) {
        struct kta_finding *f = add(w, out, "Storage.NoClass", pvc, 0.95);
        kta_finding_summary(f,
                            "PersistentVolumeClaim %s wants storage class %s, which does not exist",
                            name, class_);
        kta_finding_quote(f, "spec", "storageClassName: %s", class_);
        kta_diag_quote_event(f, pvc, kta_diag_event(w, pvc, "ProvisioningFailed", NULL));
        const char *other = other_class(w, class_);
        if (other)
            fix_class(w, f, pvc, other);
        kta_finding_advice(f, "Or create the storage class %s with its provisioner.", class_);
        return;
    }
    if (!class_) {
        struct kta_finding *f = add(w, out, "Storage.NoDefaultClass", pvc, 0.9);
        kta_finding_summary(f,
                            "PersistentVolumeClaim %s names no storage class, and the cluster has "
                            "no default one",
                            name);
        const char *other = other_class(w, NULL);
        if (other)
            fix_class(w, f, pvc, other);
        kta_finding_advice(f, "Or mark a storage class as the default one.");
        return;
    }
    const struct kta_json *waits = kta_diag_event(w, pvc, "WaitForFirstConsumer", NULL);
    const struct kta_json *failed = kta_diag_event(w, pvc, "ProvisioningFailed", NULL);
    const struct kta_json *external = kta_diag_event(w, pvc, "ExternalProvisioning", NULL);
    if (sc && !by_hand(sc) && (failed || external)) {
        struct kta_finding *f =
            add(w, out, failed ? "Storage.ProvisioningFailed" : "Storage.NoProvisioner", pvc, 0.85);
        kta_finding_summary(f, "PersistentVolumeClaim %s is not provisioned: %s", name,
                            failed ? "the provisioner fails"
                                   : "its provisioner does not answer; is it installed?");
        kta_diag_quote_event(f, pvc, failed ? failed : external);
        kta_finding_quote(f, "spec", "storageclass/%s: provisioner %s", class_,
                          kta_or(kta_json_str(sc, "provisioner"), "?"));
        const char *other = other_class(w, NULL);
        if (!failed && other && !kta_streq(other, class_))
            fix_class(w, f, pvc, other);
        kta_finding_advice(f, "Look at the provisioner of the class (its pods and their logs).");
        return;
    }
    if (waits && !by_hand(sc))
        return; /* ordinary: bound when a pod uses it */
    if (!sc || by_hand(sc)) {
        /* One that waits and that nothing uses is at rest. */
        struct kta_json *const *pods;
        size_t n = kta_world_list(w, "pods", kta_obj_namespace(pvc), &pods);
        bool used = !waits;
        for (size_t i = 0; i < n; i++)
            kta_json_each(v, kta_json_at(pods[i], "spec.volumes"))
                used |= kta_streq(kta_json_str(v, "persistentVolumeClaim.claimName"), name);
        if (used && !kta_diag_settling(w, pvc, BINDER_TAKES))
            compare_volumes(w, pvc, out);
    }
}

void kta_analyze_storage(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "persistentvolumeclaims", ns, &v);
    for (size_t i = 0; i < n; i++) {
        const char *phase = kta_json_str(v[i], "status.phase");
        if (kta_world_has_focus(w) && !kta_world_focused(w, v[i]) && !used_by_focus(w, v[i]))
            continue;
        if (kta_streq(phase, "Pending") && !kta_diag_settling(w, v[i], 8))
            pending(w, v[i], out);
        if (kta_streq(phase, "Lost")) {
            struct kta_finding *f = add(w, out, "Storage.Lost", v[i], 0.95);
            kta_finding_summary(f, "PersistentVolumeClaim %s lost its volume %s",
                                kta_obj_name(v[i]),
                                kta_or(kta_json_str(v[i], "spec.volumeName"), ""));
            kta_finding_advice(f, "Its data is gone unless the volume can be brought back: restore "
                                  "from a backup.");
        }
        resize(w, v[i], out);
        terminating(w, v[i], out);
    }
}
