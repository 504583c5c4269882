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
        kta_json_each(v, kta_json_at(pods[i], "spec.volumes"))
        {
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
            kta_json_each(
                v,
                kta_json_at(
                    pods[i],
                    "spec.volumes")) if (kta_streq(kta_json_str(v,
                                                                "persistentVolumeClaim.claimName"),
                                                   kta_obj_name(pvc))) return true;
    return false;
}

/* A claim's class cannot be changed: a changed copy takes its place (it is unbound: no data). */
static void fix_class(struct kta_world *w, struct kta_finding *f, const struct kta_json *pvc,
                      const char *class_)
{
    kta_auto_json struct kta_json *copy = kta_json_new_object();
    kta_json_set_str(copy, "apiVersion", "v1");
    kta_json_set_str(copy, "kind", "PersistentVolumeClaim");
    struct kta_json *m = kta_json_set(copy, "metadata", kta_json_new_object());
    kta_json_set_str(m, "name", kta_obj_name(pvc));
    kta_json_set_str(m, "namespace", kta_obj_namespace(pvc));
    if (kta_json_at(pvc, "metadata.labels"))
        kta_json_set(m, "labels", kta_json_copy(kta_json_at(pvc, "metadata.labels")));
    struct kta_json *spec = kta_json_set(copy, "spec", kta_json_copy(kta_json_get(pvc, "spec")));
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

/* Why no volume that is there will do: class, access mode, size. */
static void compare_volumes(struct kta_world *w, struct kta_json *pvc, struct kta_findings *out)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "persistentvolumes", NULL, &v);
    const char *class_ = kta_or(kta_json_str(pvc, "spec.storageClassName"), "");
    int64_t size = kta_quantity_milli(kta_json_str(pvc, "spec.resources.requests.storage"));
    const char *mode = kta_json_text(kta_json_item(kta_json_at(pvc, "spec.accessModes"), 0));
    struct kta_finding *f = add(w, out, "Storage.NoVolume", pvc, 0.85);
    kta_finding_summary(f,
                        "PersistentVolumeClaim %s finds no volume: its class provisions none, "
                        "and none that is there fits",
                        kta_obj_name(pvc));
    for (size_t i = 0; i < n; i++) {
        if (!kta_streq(kta_json_str(v[i], "status.phase"), "Available") &&
            !kta_streq(kta_json_str(v[i], "status.phase"), "Released"))
            continue;
        if (!kta_streq(kta_or(kta_json_str(v[i], "spec.storageClassName"), ""), class_))
            continue;
        bool has_mode = false;
        kta_json_each(m, kta_json_at(v[i], "spec.accessModes")) has_mode |=
            kta_streq(kta_json_text(m), mode);
        const char *cap = kta_or(kta_json_str(v[i], "spec.capacity.storage"), "0");
        if (!has_mode)
            kta_finding_quote(f, "persistentvolumes", "%s does not offer %s", kta_obj_name(v[i]),
                              mode);
        else if (kta_quantity_milli(cap) < size)
            kta_finding_quote(f, "persistentvolumes", "%s has %s, the claim asks for %s",
                              kta_obj_name(v[i]), cap,
                              kta_json_str(pvc, "spec.resources.requests.storage"));
        else if (kta_streq(kta_json_str(v[i], "status.phase"), "Released")) {
            kta_finding_quote(f, "persistentvolumes",
                              "%s would fit, but is Released: an old claim still holds it",
                              kta_obj_name(v[i]));
            (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, v[i], KTA_PATCH_JSON,
                                "[{\"op\":\"remove\",\"path\":\"/spec/claimRef\"}]",
                                "free volume %s of the claim that is gone", kta_obj_name(v[i]));
        }
    }
    const char *other = other_class(w, NULL);
    if (other && !kta_streq(other, class_))
        fix_class(w, f, pvc, other);
    kta_finding_advice(f,
                       "Create a PersistentVolume that fits (class, access mode, size), or use a "
                       "class that provisions.");
}

static void pending(struct kta_world *w, struct kta_json *pvc, struct kta_findings *out)
{
    const char *class_ = kta_json_str(pvc, "spec.storageClassName"), *name = kta_obj_name(pvc);
    if (!kta_world_readable(w, "storageclasses", NULL))
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
    if (class_ && *class_ && !sc) {
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
    if (failed || external) {
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
    if (waits &&
        !(sc && kta_streq(kta_json_str(sc, "provisioner"), "kubernetes.io/no-provisioner")))
        return; /* ordinary: bound when a pod uses it */
    if (!sc || kta_streq(kta_json_str(sc, "provisioner"), "kubernetes.io/no-provisioner")) {
        /* One that waits and that nothing uses is at rest. */
        struct kta_json *const *pods;
        size_t n = kta_world_list(w, "pods", kta_obj_namespace(pvc), &pods);
        bool used = !waits;
        for (size_t i = 0; i < n; i++)
            kta_json_each(v, kta_json_at(pods[i], "spec.volumes")) used |=
                kta_streq(kta_json_str(v, "persistentVolumeClaim.claimName"), name);
        if (used)
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
        const struct kta_json *ev = kta_diag_event(w, v[i], "VolumeResizeFailed", NULL);
        if (ev && kta_world_now(w) - kta_event_time(ev) < 3600) {
            struct kta_finding *f =
                kta_diag_add(out, "Storage.ResizeFailed", KTA_WARNING, v[i], 0.9);
            kta_finding_summary(f, "PersistentVolumeClaim %s cannot be resized",
                                kta_obj_name(v[i]));
            kta_diag_quote_event(f, v[i], ev);
            kta_finding_advice(f,
                               "The storage class must allow expansion and its driver support it.");
        }
    }
}
