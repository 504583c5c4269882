/*
 * dependents.c - what hangs on an object that changes or goes: the pods that mount it, the Services
 * that select it, the Ingresses that lead to it, the PodDisruptionBudgets that guard it.
 *
 * One list for each question, and only for kinds where there is one, so that the preview of a
 * one-object change stays cheap. What may not be read is not told.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/obj.h"

#define MAX_NAMES 5

/* Only what a preview looks at stays in memory. */
static void trim(struct kta_json *o)
{
    kta_json_remove(o, "status");
    kta_json_remove(kta_json_get(o, "metadata"), "managedFields");
    kta_json_remove(kta_json_get(o, "metadata"), "annotations");
}

static bool keep(void *ctx, struct kta_json *o)
{
    (void)ctx;
    (void)o;
    return true;
}

/* group: "api/v1", "apis/policy/v1". ns NULL: everywhere. Caller frees; NULL: unreadable. */
static struct kta_json *list(struct kta_pipeline *p, const char *group, const char *ns,
                             const char *plural)
{
    struct kta_read *reads = NULL, *r;
    size_t n = 0, cap = 0;
    struct kta_json *l;
    struct kta_err ignored = KTA_ERR_INIT;

    r = kta_read_add(&reads, &n, &cap, KTA_ACCEPT_JSON, "/%s%s%s/%s", group,
                     ns ? "/namespaces/" : "", kta_or(ns, ""), plural);
    r->page = KTA_PREVIEW_PAGE;
    if (kta_streq(plural, "pods")) {
        r->keep = keep;
        r->trim = trim;
    }
    (void)kta_cluster_read(p->cluster, reads, n, &ignored);
    l = KTA_STEAL(reads->json);
    kta_reads_free(reads, n);
    return l;
}

struct names {
    struct kta_str text;
    size_t n;
};

static void add_name(struct names *v, const char *name)
{
    if (v->n++ < MAX_NAMES)
        kta_str_addf(&v->text, "%s'%s'", v->text.len ? ", " : "", kta_or(name, "?"));
}

/* "'a', 'b' and 3 more" */
static const char *told(struct names *v)
{
    if (v->n > MAX_NAMES)
        kta_str_addf(&v->text, " and %zu more", v->n - MAX_NAMES);
    return v->text.s;
}

/* ---- who mounts it ---- */
/* Where a pod's spec names an object of each kind: of a volume, of env, of envFrom. */
static const struct {
    const char *kind, *volume, *projected, *env, *env_from;
} MOUNTS[] = {
    {"ConfigMap", "configMap.name", "configMap.name", "valueFrom.configMapKeyRef.name",
     "configMapRef.name"},
    {"Secret", "secret.secretName", "secret.name", "valueFrom.secretKeyRef.name", "secretRef.name"},
    {"PersistentVolumeClaim", "persistentVolumeClaim.claimName", NULL, NULL, NULL},
    {"ServiceAccount", NULL, NULL, NULL, NULL},
};

static bool container_reads(const struct kta_json *containers, size_t k, const char *name)
{
    kta_json_each(c, containers) {
        kta_json_each(e, kta_json_get(c, "env")) {
            if (MOUNTS[k].env && kta_streq(kta_json_str(e, MOUNTS[k].env), name))
                return true;
        }
        kta_json_each(e, kta_json_get(c, "envFrom")) {
            if (MOUNTS[k].env_from && kta_streq(kta_json_str(e, MOUNTS[k].env_from), name))
                return true;
        }
    }
    return false;
}

static bool pod_uses(const struct kta_json *pod, size_t k, const char *name)
{
    const struct kta_json *spec = kta_json_get(pod, "spec");

    if (kta_streq(MOUNTS[k].kind, "ServiceAccount"))
        return kta_streq(kta_json_str(spec, "serviceAccountName"), name);
    kta_json_each(v, kta_json_get(spec, "volumes")) {
        if (MOUNTS[k].volume && kta_streq(kta_json_str(v, MOUNTS[k].volume), name))
            return true;
        kta_json_each(s, kta_json_at(v, "projected.sources")) {
            if (MOUNTS[k].projected && kta_streq(kta_json_str(s, MOUNTS[k].projected), name))
                return true;
        }
    }
    return container_reads(kta_json_get(spec, "containers"), k, name) ||
           container_reads(kta_json_get(spec, "initContainers"), k, name);
}

static void mounted(struct kta_pipeline *p, struct kta_step *s, const struct kta_touch *t, size_t k)
{
    kta_auto_json struct kta_json *pods = list(p, "api/v1", t->ns, "pods");
    struct names used = {.text = KTA_STR_INIT};

    kta_json_each(pod, kta_json_get(pods, "items")) {
        if (pod_uses(pod, k, t->name))
            add_name(&used, kta_obj_name(pod));
    }
    if (used.n > 0)
        kta_preview_warn(&s->preview, "%s '%s' is in use by %zu pod%s: %s", t->kind->kind, t->name,
                         used.n, used.n == 1 ? "" : "s", told(&used));
    kta_str_release(&used.text);
}

/* ---- who selects it, and who leads to it ---- */
static void selected(struct kta_pipeline *p, struct kta_step *s, const struct kta_touch *t)
{
    const struct kta_json *labels = kta_touch_is(t, "Pod")
                                        ? kta_json_at(t->live, "metadata.labels")
                                        : kta_json_at(t->live, "spec.template.metadata.labels");
    kta_auto_json struct kta_json *services = list(p, "api/v1", t->ns, "services");
    struct names of = {.text = KTA_STR_INIT};

    kta_json_each(service, kta_json_get(services, "items")) {
        if (kta_map_matches(kta_json_at(service, "spec.selector"), labels))
            add_name(&of, kta_obj_name(service));
    }
    if (of.n > 0)
        kta_preview_warn(&s->preview, "Service %s sends%s its requests to the pods of '%s'",
                         told(&of), of.n > 1 ? " (each)" : "", t->name);
    kta_str_release(&of.text);
}

static void outage(struct kta_step *s, size_t go, const char *kind, const char *name)
{
    kta_preview_warn(&s->preview, "%zu of %zu pods of %s '%s' at once: an outage", go, go, kind,
                     name);
}

/* Of the pods of one owner that go, the first tells whether all of them do, and any was ready. */
static void all_at_once(struct kta_pipeline *p, struct kta_step *s, const struct kta_touch *t)
{
    const struct kta_json *owner = kta_obj_controller(t->live);
    const char *uid = kta_json_str(owner, "uid");
    kta_auto_json struct kta_json *pods = NULL;
    size_t go = 0, are = 0;
    bool ready = false;

    for (size_t i = 0; uid && i < s->touches->n; i++) {
        const struct kta_touch *x = &s->touches->v[i];

        if (!x->known_after || x->after || !kta_obj_owned_by(x->live, uid))
            continue;
        if (go++ == 0 && x != t)
            return;
        ready = ready || kta_pod_ready(x->live);
    }
    pods = ready ? list(p, "api/v1", t->ns, "pods") : NULL;
    kta_json_each(pod, kta_json_get(pods, "items")) {
        are += kta_obj_owned_by(pod, uid) && !kta_json_at(pod, "metadata.deletionTimestamp");
    }
    if (pods && go >= are && !kta_touch_goes(s->touches, uid))
        outage(s, go, kta_or(kta_json_str(owner, "kind"), "owner"),
               kta_or(kta_json_str(owner, "name"), "?"));
}

/* ---- what a selector, or labels that change, do ---- */
/* The pods that a Service or a NetworkPolicy selects; -1: it selects no pods at all. */
static long selects(const struct kta_touch *t, const struct kta_json *object,
                    const struct kta_json *pods)
{
    bool service = kta_touch_is(t, "Service");
    const struct kta_json *selector =
        kta_json_at(object, service ? "spec.selector" : "spec.podSelector");
    long n = 0;

    if (!selector)
        return -1;
    kta_json_each(pod, kta_json_get(pods, "items")) {
        const struct kta_json *labels = kta_json_at(pod, "metadata.labels");

        n += service ? kta_map_matches(selector, labels) : kta_selector_matches(selector, labels);
    }
    return n;
}

/* The pods that the step itself brings and that are selected: they are not there yet. */
static long brings(const struct kta_step *s, const struct kta_touch *t)
{
    bool service = kta_touch_is(t, "Service");
    const struct kta_json *selector =
        kta_json_at(t->after, service ? "spec.selector" : "spec.podSelector");
    long n = 0;

    for (size_t i = 0; i < s->touches->n; i++) {
        const struct kta_touch *b = &s->touches->v[i];
        bool pod = kta_touch_is(b, "Pod");
        const struct kta_json *labels =
            kta_json_at(b->after, pod ? "metadata.labels" : "spec.template.metadata.labels");

        if (b->live || !b->after || !kta_streq(b->ns, t->ns) ||
            (!pod && !kta_is_workload(b->after)))
            continue;
        if (service ? kta_map_matches(selector, labels) : kta_selector_matches(selector, labels))
            n += pod ? 1 : (long)kta_json_int(b->after, "spec.replicas", 1);
    }
    return n;
}

static void selector_changes(struct kta_pipeline *p, struct kta_step *s, const struct kta_touch *t)
{
    bool service = kta_touch_is(t, "Service");
    const char *path = service ? "spec.selector" : "spec.podSelector";
    kta_auto_json struct kta_json *pods = NULL;
    long was, is;

    if (!t->after || !kta_json_at(t->after, path) ||
        (t->live && kta_json_equal(kta_json_at(t->live, path), kta_json_at(t->after, path))))
        return;
    pods = list(p, "api/v1", t->ns, "pods");
    if (!pods)
        return;
    was = selects(t, t->live, pods);
    is = selects(t, t->after, pods) + brings(s, t);
    if (service && was > 0 && is == 0)
        kta_preview_warn(&s->preview, "Service '%s' selects no pod then, and %ld now: an outage",
                         t->name, was);
    else if (t->live)
        kta_preview_warn(&s->preview, "%s '%s' selects %ld pod%s then, and %ld now", t->kind->kind,
                         t->name, is, is == 1 ? "" : "s", was < 0 ? 0 : was);
    else
        kta_preview_warn(&s->preview, "%s '%s' selects %ld pod%s", t->kind->kind, t->name, is,
                         is == 1 ? "" : "s");
}

/* A pod that Services or its owner know by labels which it loses. */
static void labels_change(struct kta_pipeline *p, struct kta_step *s, const struct kta_touch *t)
{
    const struct kta_json *was = kta_json_at(t->live, "metadata.labels");
    const struct kta_json *is = kta_json_at(t->after, "metadata.labels");
    const struct kta_json *owner = kta_obj_controller(t->live);
    kta_auto_json struct kta_json *services = NULL;
    struct names left = {.text = KTA_STR_INIT};

    if (!t->after || kta_json_equal(was, is))
        return;
    services = list(p, "api/v1", t->ns, "services");
    kta_json_each(service, kta_json_get(services, "items")) {
        const struct kta_json *selector = kta_json_at(service, "spec.selector");

        if (kta_map_matches(selector, was) && !kta_map_matches(selector, is))
            add_name(&left, kta_obj_name(service));
    }
    if (left.n > 0)
        kta_preview_warn(&s->preview, "pod '%s' leaves Service %s", t->name, told(&left));
    kta_str_release(&left.text);
    kta_json_each(label, was) {
        const struct kta_json *now = kta_json_get(is, kta_json_key(label));

        if (owner && (!now || !kta_json_equal(label, now))) {
            kta_preview_warn(&s->preview,
                             "%s '%s' may let go of pod '%s' and make another one, if it selects "
                             "by label '%s'",
                             kta_or(kta_json_str(owner, "kind"), "?"),
                             kta_or(kta_json_str(owner, "name"), "?"), t->name,
                             kta_json_key(label));
            return;
        }
    }
}

static bool leads_to(const struct kta_json *ingress, const char *service)
{
    if (kta_streq(kta_json_str(ingress, "spec.defaultBackend.service.name"), service))
        return true;
    kta_json_each(rule, kta_json_at(ingress, "spec.rules")) {
        kta_json_each(path, kta_json_at(rule, "http.paths")) {
            if (kta_streq(kta_json_str(path, "backend.service.name"), service))
                return true;
        }
    }
    return false;
}

static void routed(struct kta_pipeline *p, struct kta_step *s, const struct kta_touch *t)
{
    kta_auto_json struct kta_json *all = list(p, "apis/networking.k8s.io/v1", t->ns, "ingresses");
    struct names by = {.text = KTA_STR_INIT};

    kta_json_each(ingress, kta_json_get(all, "items")) {
        if (leads_to(ingress, t->name))
            add_name(&by, kta_obj_name(ingress));
    }
    if (by.n > 0)
        kta_preview_warn(&s->preview, "Ingress %s leads to Service '%s'", told(&by), t->name);
    kta_str_release(&by.text);
}

void kta_preview_dependents(struct kta_pipeline *p, struct kta_step *s, const struct kta_touch *t)
{
    bool goes = t->known_after && !t->after;

    if (!t->ns || t->inside || t->record ||
        (t->live && t->after && kta_same_but_server(t->live, t->after))) /* stays as it is */
        return;
    if (kta_touch_is(t, "Service") || kta_touch_is(t, "NetworkPolicy"))
        selector_changes(p, s, t);
    if (!t->live)
        return;
    if (kta_touch_is(t, "Pod"))
        labels_change(p, s, t);
    for (size_t k = 0; k < KTA_LEN(MOUNTS); k++)
        if (kta_touch_is(t, MOUNTS[k].kind))
            mounted(p, s, t, k);
    if (goes && (kta_is_workload(t->live) || kta_touch_is(t, "Pod")))
        selected(p, s, t);
    if (goes && kta_touch_is(t, "Pod"))
        all_at_once(p, s, t);
    if (goes && kta_touch_is(t, "Service"))
        routed(p, s, t);
}

/* ---- budgets ---- */
void kta_preview_budgets(struct kta_pipeline *p, struct kta_step *s, const struct kta_touch *t,
                         int64_t left)
{
    const struct kta_json *labels = kta_json_at(t->live, "spec.template.metadata.labels");
    kta_auto_json struct kta_json *all = list(p, "apis/policy/v1", t->ns, "poddisruptionbudgets");

    kta_json_each(budget, kta_json_get(all, "items")) {
        int64_t wanted = kta_json_int(budget, "status.desiredHealthy", 0);

        if (kta_selector_matches(kta_json_at(budget, "spec.selector"), labels) && left < wanted)
            kta_preview_warn(&s->preview,
                             "leaves %lld pods of '%s', and PodDisruptionBudget '%s' wants at "
                             "least %lld",
                             (long long)left, t->name, kta_obj_name(budget), (long long)wanted);
    }
}

static size_t owned_among(const struct kta_json *pods, const char *uid)
{
    size_t n = 0;

    kta_json_each(pod, pods)
        n += kta_obj_owned_by(pod, uid);
    return n;
}

/* Owners that lose all their pods, one read of each. */
static void all_evicted(struct kta_pipeline *p, struct kta_step *s, const struct kta_json *pods)
{
    kta_auto_json struct kta_json *seen = kta_json_new_object();
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0;
    struct kta_err ignored = KTA_ERR_INIT;

    kta_json_each(pod, pods) {
        const struct kta_json *owner = kta_obj_controller(pod);
        const char *uid = kta_or(kta_json_str(owner, "uid"), "");
        const struct kta_kind *kind = kta_kind_known(kta_or(kta_json_str(owner, "kind"), ""));
        kta_auto_str struct kta_str path = KTA_STR_INIT;

        if (!kind || kta_json_get(seen, uid))
            continue;
        kta_json_set_bool(seen, uid, true);
        kta_kind_path(kind, kta_obj_namespace(pod), kta_json_str(owner, "name"), &path);
        kta_read_add(&reads, &n, &cap, KTA_ACCEPT_JSON, "%s", path.s);
    }
    if (n > 0)
        (void)kta_cluster_read(p->cluster, reads, n, &ignored);
    for (size_t i = 0; i < n; i++) {
        int64_t wanted = kta_json_int(reads[i].json, "spec.replicas", 0);
        size_t go = owned_among(pods, kta_obj_uid(reads[i].json));

        if (wanted > 0 && go >= (size_t)wanted)
            outage(s, go, kta_obj_kind(reads[i].json), kta_obj_name(reads[i].json));
    }
    kta_reads_free(reads, n);
}

void kta_preview_evictions(struct kta_pipeline *p, struct kta_step *s, const struct kta_json *pods)
{
    kta_auto_json struct kta_json *all = list(p, "apis/policy/v1", NULL, "poddisruptionbudgets");

    all_evicted(p, s, pods);
    kta_json_each(budget, kta_json_get(all, "items")) {
        int64_t allowed = kta_json_int(budget, "status.disruptionsAllowed", 0);
        size_t n = 0;

        kta_json_each(pod, pods) {
            n += kta_streq(kta_obj_namespace(pod), kta_obj_namespace(budget)) &&
                 kta_selector_matches(kta_json_at(budget, "spec.selector"),
                                      kta_json_at(pod, "metadata.labels"));
        }
        if (n == 0)
            continue;
        if (allowed <= 0)
            kta_preview_warn(&s->preview,
                             "PodDisruptionBudget '%s' in '%s' lets none of its %zu pods here go "
                             "now: the drain waits until it does",
                             kta_obj_name(budget), kta_obj_namespace(budget), n);
        else if ((size_t)allowed < n)
            kta_preview_warn(&s->preview,
                             "PodDisruptionBudget '%s' in '%s' lets %lld of its %zu pods here go "
                             "at a time",
                             kta_obj_name(budget), kta_obj_namespace(budget), (long long)allowed,
                             n);
    }
}
