/*
 * show.c - objects as people compare them: without the server's own fields, redacted, as YAML.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/diff.h"
#include "kta/utf8.h"
#include "kta/yaml.h"

#define MAX_SAME 200  /* bytes of a line that stays, in a diff */
#define MAX_LINE 2000 /* of one that changes */

/* Fields that the server keeps: they differ with every write and tell a reader nothing. */
static const char *const META[] = {
    "managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink",
};
static const char *const ANNOTATIONS[] = {
    "deployment.kubernetes.io/revision",
    "deprecated.daemonset.template.generation",
    "autoscaling.alpha.kubernetes.io/conditions",
    "control-plane.alpha.kubernetes.io/leader",
    "kubectl.kubernetes.io/last-applied-configuration", /* the last: only hidden, not the server's
                                                         */
};

static void strip_meta(struct kta_json *meta, size_t n_annotations)
{
    struct kta_json *annotations = kta_json_get(meta, "annotations");

    for (size_t i = 0; i < KTA_LEN(META); i++)
        kta_json_remove(meta, META[i]);
    for (size_t i = 0; annotations && i < n_annotations; i++)
        kta_json_remove(annotations, ANNOTATIONS[i]);
    if (annotations && kta_json_len(annotations) == 0)
        kta_json_remove(meta, "annotations");
}

/* Taints that follow from the node's state, by the node controller's hand; all but one of that
 * name.
 */
static bool is_controllers(const struct kta_json *taint)
{
    const char *key = kta_or(kta_json_str(taint, "key"), "");

    return kta_starts(key, "node.kubernetes.io/") &&
           !kta_streq(key, "node.kubernetes.io/out-of-service");
}

static void strip_taints(struct kta_json *object)
{
    struct kta_json *spec = kta_json_get(object, "spec"), *kept;
    const struct kta_json *taints = kta_json_get(spec, "taints");

    if (!kta_streq(kta_json_str(object, "kind"), "Node") || !taints)
        return;
    kept = kta_json_new_array();
    kta_json_each(t, taints) {
        if (!is_controllers(t))
            kta_json_push(kept, kta_json_copy(t));
    }
    kta_json_remove(spec, "taints");
    if (kta_json_len(kept) > 0)
        kta_json_set(spec, "taints", kept);
    else
        kta_json_free(kept);
}

static void strip(struct kta_json *object, size_t n_annotations)
{
    struct kta_json *meta = kta_json_get(object, "metadata");
    struct kta_json *template_ = kta_json_at(object, "spec.template.metadata");

    if (!object)
        return;
    kta_json_remove(object, "status");
    if (meta)
        strip_meta(meta, n_annotations);
    if (template_)
        kta_json_remove(template_, "creationTimestamp");
}

void kta_server_strip(struct kta_json *object)
{
    strip(object, KTA_LEN(ANNOTATIONS) - 1);
    strip_taints(object);
}

/* ---- what the server chooses for an object that is not there yet ---- */
/* named: the Job's name is not the server's choice. */
static void drop_labels(struct kta_json *labels, bool named)
{
    kta_json_remove(labels, "controller-uid");
    kta_json_remove(labels, "batch.kubernetes.io/controller-uid");
    if (named)
        return;
    kta_json_remove(labels, "job-name");
    kta_json_remove(labels, "batch.kubernetes.io/job-name");
}

/* A copy of a list without the elements whose name (or volume's name) is the token's. */
static void drop_token(struct kta_json *owner, const char *key)
{
    struct kta_json *kept = kta_json_new_array();

    kta_json_each(e, kta_json_get(owner, key)) {
        if (!kta_starts(kta_or(kta_json_str(e, "name"), ""), "kube-api-access-"))
            kta_json_push(kept, kta_json_copy(e));
    }
    kta_json_remove(owner, key);
    if (kta_json_len(kept) > 0)
        kta_json_set(owner, key, kept);
    else
        kta_json_free(kept);
}

void kta_drop_chosen(struct kta_json *object)
{
    static const char *const CONTAINERS[] = {"spec.containers", "spec.initContainers"};
    bool named = kta_json_str(object, "metadata.name") != NULL;

    if (kta_streq(kta_json_str(object, "kind"), "Job")) {
        drop_labels(kta_json_at(object, "metadata.labels"), named);
        drop_labels(kta_json_at(object, "spec.template.metadata.labels"), named);
        if (!kta_json_bool(object, "spec.manualSelector", false))
            kta_json_remove(kta_json_get(object, "spec"), "selector");
    }
    if (!kta_streq(kta_json_str(object, "kind"), "Pod"))
        return;
    drop_token(kta_json_get(object, "spec"), "volumes");
    for (size_t i = 0; i < KTA_LEN(CONTAINERS); i++)
        kta_json_each(c, kta_json_at(object, CONTAINERS[i])) {
            drop_token(c, "volumeMounts");
        }
}

bool kta_same_but_server(const struct kta_json *a, const struct kta_json *b)
{
    kta_auto_json struct kta_json *x = kta_json_copy(a), *y = kta_json_copy(b);

    if (!a || !b)
        return !a && !b;
    kta_server_strip(x);
    kta_server_strip(y);
    return kta_json_equal(x, y);
}

/* Keys in one order on both sides, or a moved key would look like a change. */
static struct kta_json *sorted(const struct kta_json *v)
{
    struct kta_json *out;
    const struct kta_json **m;
    size_t n = kta_json_len(v), i = 0;

    if (kta_json_type(v) == KTA_JSON_ARRAY) {
        out = kta_json_new_array();
        kta_json_each(e, v)
            kta_json_push(out, sorted(e));
        return out;
    }
    if (kta_json_type(v) != KTA_JSON_OBJECT)
        return kta_json_copy(v);
    m = kta_calloc(n + 1, sizeof *m);
    kta_json_each(e, v) {
        size_t at = i++;

        for (; at > 0 && strcmp(kta_json_key(m[at - 1]), kta_json_key(e)) > 0; at--)
            m[at] = m[at - 1];
        m[at] = e;
    }
    out = kta_json_new_object();
    for (size_t k = 0; k < i; k++)
        kta_json_set(out, kta_json_key(m[k]), sorted(m[k]));
    free(m);
    return out;
}

/* The parts that a reader expects first, then the rest by name. */
static struct kta_json *ordered(const struct kta_json *object)
{
    static const char *const FIRST[] = {"apiVersion", "kind", "metadata"};
    struct kta_json *all = sorted(object), *out = kta_json_new_object();

    for (size_t i = 0; i < KTA_LEN(FIRST); i++) {
        if (kta_json_get(all, FIRST[i])) {
            kta_json_set(out, FIRST[i], kta_json_copy(kta_json_get(all, FIRST[i])));
            kta_json_remove(all, FIRST[i]);
        }
    }
    kta_json_each(m, all)
        kta_json_set(out, kta_json_key(m), kta_json_copy(m));
    kta_json_free(all);
    return out;
}

static void yaml(struct kta_redact *r, const struct kta_json *object, bool status,
                 struct kta_str *out)
{
    kta_auto_json struct kta_json *copy = NULL;
    kta_auto_json struct kta_json *shown = NULL;

    if (!object)
        return;
    copy = kta_json_copy(object);
    strip(copy, KTA_LEN(ANNOTATIONS)); /* the last one only hides */
    if (status && kta_json_get(object, "status"))
        kta_json_set(copy, "status", kta_json_copy(kta_json_get(object, "status")));
    if (r)
        kta_redact_object(r, copy);
    shown = ordered(copy);
    kta_yaml_print(shown, out);
}

/* Tells lines apart whose ends are not shown (FNV-1a). */
static uint32_t checksum(const char *s, size_t n)
{
    uint32_t sum = 2166136261u;

    for (size_t i = 1; i < n; i++) /* without the mark of the diff */
        sum = (sum ^ (unsigned char)s[i]) * 16777619u;
    return sum;
}

/* One value may be megabytes: what changes is not to drown in it. */
static void add_lines(const char *hunks, struct kta_str *out)
{
    while (*hunks) {
        size_t n = strcspn(hunks, "\n"), most = *hunks == ' ' ? MAX_SAME : MAX_LINE;

        if (n > most)
            kta_str_addf(out, "%.*s… (the rest of %zu bytes is not shown, checksum %08x)\n",
                         (int)kta_utf8_prefix(hunks, n, most), hunks, n - 1, checksum(hunks, n));
        else
            kta_str_addf(out, "%.*s\n", (int)n, hunks);
        hunks += n + (hunks[n] == '\n');
    }
}

void kta_show_diff(struct kta_redact *r, const char *title, const struct kta_json *before,
                   const struct kta_json *after, bool status, struct kta_str *out)
{
    kta_auto_str struct kta_str a = KTA_STR_INIT, b = KTA_STR_INIT, hunks = KTA_STR_INIT;

    yaml(r, before, status, &a);
    yaml(r, after, status, &b);
    kta_diff(a.s, b.s, 3, &hunks);
    if (hunks.len == 0)
        return;
    kta_str_addf(out, "--- %s%s\n+++ %s%s\n", before ? "" : "(nothing) ", title,
                 after ? "" : "(nothing) ", title);
    add_lines(hunks.s, out);
}
