/*
 * fixes.c - typed fixes: each an argv that kubectl takes as it is, and the request by which the API
 * server is asked beforehand whether it would be accepted.
 *
 * Invariants: every argv carries context and namespace (kta_command_pin); a fix that the server
 * refuses is dropped; one that could not be asked about keeps validated -1.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/kinds.h"
#include "kta/log.h"
#include "kta/policy.h"

static const struct {
    const char *flag, *type;
} patches[] = {
    [KTA_PATCH_STRATEGIC] = {"strategic", "application/strategic-merge-patch+json"},
    [KTA_PATCH_MERGE] = {"merge", "application/merge-patch+json"},
    [KTA_PATCH_JSON] = {"json", "application/json-patch+json"},
};

static void pin(struct kta_world *w, struct kta_argv *argv, const char *ns)
{
    struct kta_cluster *c = kta_world_cluster(w);
    const char *context = c ? kta_cluster_context(c) : NULL;
    kta_command_pin(argv, context && *context ? context : NULL, ns);
}

static char *vtext(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
static char *vtext(const char *fmt, va_list ap)
{
    struct kta_str s = KTA_STR_INIT;
    kta_str_vaddf(&s, fmt, ap);
    return kta_str_detach(&s);
}

/* "/apis/…/deployments/backend?dryRun=All", in the version that the object is written in, as
 * kubectl sends it; NULL for a kind that is not known. */
static char *dry_path(struct kta_world *w, const char *api, const char *kind, const char *ns,
                      const char *name, const char *sub)
{
    const struct kta_kind *k = api ? kta_kind_of(kta_world_cluster(w), api, kind) : NULL;
    if (!k)
        k = kta_kind_known(kind);
    if (!k)
        return NULL;
    struct kta_kind written = *k;
    const char *slash = strchr(kta_or(api, ""), '/');
    if (slash)
        written.version = slash + 1;
    struct kta_str path = KTA_STR_INIT;
    kta_kind_path(&written, k->namespaced ? ns : NULL, name, &path);
    kta_str_addf(&path, "%s%s?dryRun=All", *sub ? "/" : "", sub);
    return kta_str_detach(&path);
}

static struct kta_fix_check check(struct kta_world *w, const struct kta_json *o, const char *method,
                                  const char *sub, const char *type, char *body)
{
    return (struct kta_fix_check){.path =
                                      dry_path(w, kta_json_str(o, "apiVersion"), kta_obj_kind(o),
                                               kta_obj_namespace(o), kta_obj_name(o), sub),
                                  .method = kta_strdup(method),
                                  .type = kta_strdup(type),
                                  .body = body};
}

static void add_ref(struct kta_argv *argv, const struct kta_json *o)
{
    kta_auto_free char *ref = kta_diag_ref(o);
    kta_argv_add(argv, ref);
}

struct kta_fix *kta_fix_patch(struct kta_world *w, struct kta_finding *f, enum kta_risk risk,
                              const struct kta_json *o, enum kta_patch type, const char *body,
                              const char *summary_fmt, ...)
{
    va_list ap;
    va_start(ap, summary_fmt);
    kta_auto_free char *summary = vtext(summary_fmt, ap);
    va_end(ap);
    struct kta_fix *x = kta_finding_fix(f, risk, /* undoable= */ true, "%s", summary);
    kta_argv_addl(&x->argv, "kubectl", "patch", NULL);
    add_ref(&x->argv, o);
    kta_argv_addf(&x->argv, "--type=%s", patches[type].flag);
    kta_argv_addl(&x->argv, "-p", body, NULL);
    pin(w, &x->argv, kta_obj_namespace(o));
    x->check = check(w, o, "PATCH", "", patches[type].type, kta_strdup(body));
    return x;
}

/* The JSON patch that puts back an old pod template, as rollout undo does. */
static char *undo_body(const struct kta_json *template_)
{
    kta_auto_json struct kta_json *patch = kta_json_new_array();
    struct kta_json *op = kta_json_push(patch, kta_json_new_object());
    kta_json_set_str(op, "op", "replace");
    kta_json_set_str(op, "path", "/spec/template");
    struct kta_json *t = kta_json_set(op, "value", kta_json_copy(template_));
    struct kta_json *labels = kta_json_at(t, "metadata.labels");
    if (labels)
        kta_json_remove(labels, "pod-template-hash");
    struct kta_str s = KTA_STR_INIT;
    kta_json_print(patch, false, &s);
    return kta_str_detach(&s);
}

static struct kta_fix_check undo_check(struct kta_world *w, const struct kta_json *workload,
                                       const struct kta_change *c)
{
    return check(w, workload, "PATCH", "", patches[KTA_PATCH_JSON].type, undo_body(c->template_));
}

struct kta_fix *kta_fix_undo(struct kta_world *w, struct kta_finding *f,
                             const struct kta_json *workload, const struct kta_change *c)
{
    kta_auto_free char *ref = kta_diag_ref(workload);
    struct kta_fix *x = kta_finding_fix(f, KTA_RISK_MEDIUM, /* undoable= */ true,
                                        "undo the change: put %s back to revision %lld%s", ref,
                                        (long long)c->revision, c->worked ? ", which worked" : "");
    kta_argv_addl(&x->argv, "kubectl", "rollout", "undo", ref, NULL);
    kta_argv_addf(&x->argv, "--to-revision=%lld", (long long)c->revision);
    pin(w, &x->argv, kta_obj_namespace(workload));
    x->undoes = true;
    if (c->template_)
        x->check = undo_check(w, workload, c);
    return x;
}

struct kta_fix *kta_fix_image(struct kta_world *w, struct kta_finding *f,
                              const struct kta_json *workload, const char *container,
                              const char *image, const char *why)
{
    if (kta_streq(kta_obj_kind(workload), "Job")) { /* its pods' template cannot be changed */
        const char *in = "containers";
        (void)kta_diag_container(kta_json_get(kta_diag_template(workload), "spec"), container, &in);
        struct kta_json *changed;
        struct kta_json *patch = kta_fix_container_patch(in, container, &changed);
        kta_json_set_str(changed, "image", image);
        return kta_fix_template(w, f, KTA_RISK_MEDIUM, workload, patch,
                                "set the image of %s to %s: %s", container, image, why);
    }
    kta_auto_free char *ref = kta_diag_ref(workload);
    struct kta_fix *x = kta_finding_fix(f, KTA_RISK_MEDIUM, /* undoable= */ true,
                                        "set the image of %s to %s: %s", container, image, why);
    kta_argv_addl(&x->argv, "kubectl", "set", "image", ref, NULL);
    kta_argv_addf(&x->argv, "%s=%s", container, image);
    pin(w, &x->argv, kta_obj_namespace(workload));
    const char *list = "containers";
    const struct kta_json *template_ = kta_diag_template(workload);
    (void)kta_diag_container(kta_json_get(template_, "spec"), container, &list);
    struct kta_json *c;
    kta_auto_json struct kta_json *spec = kta_fix_container_patch(list, container, &c);
    kta_json_set_str(c, "image", image);
    kta_auto_json struct kta_json *body = kta_json_new_object();
    if (template_ == workload) {
        kta_json_set(body, "spec", KTA_STEAL(spec));
    } else {
        struct kta_json *t = kta_json_set(kta_json_set(body, "spec", kta_json_new_object()),
                                          "template", kta_json_new_object());
        kta_json_set(t, "spec", KTA_STEAL(spec));
    }
    struct kta_str s = KTA_STR_INIT;
    kta_json_print(body, false, &s);
    x->check =
        check(w, workload, "PATCH", "", patches[KTA_PATCH_STRATEGIC].type, kta_str_detach(&s));
    return x;
}

struct kta_fix *kta_fix_scale(struct kta_world *w, struct kta_finding *f,
                              const struct kta_json *workload, int replicas, const char *why)
{
    kta_auto_free char *ref = kta_diag_ref(workload);
    struct kta_fix *x =
        kta_finding_fix(f, replicas ? KTA_RISK_LOW : KTA_RISK_MEDIUM,
                        /* undoable= */ true, "scale %s to %d: %s", ref, replicas, why);
    kta_argv_addl(&x->argv, "kubectl", "scale", ref, NULL);
    kta_argv_addf(&x->argv, "--replicas=%d", replicas);
    pin(w, &x->argv, kta_obj_namespace(workload));
    x->check = check(w, workload, "PATCH", "scale", patches[KTA_PATCH_MERGE].type,
                     kta_asprintf("{\"spec\":{\"replicas\":%d}}", replicas));
    return x;
}

struct kta_fix *kta_fix_delete(struct kta_world *w, struct kta_finding *f, enum kta_risk risk,
                               const struct kta_json *o, const char *why)
{
    kta_auto_free char *ref = kta_diag_ref(o);
    struct kta_fix *x = kta_finding_fix(f, risk, /* undoable= */ true, "delete %s: %s", ref, why);
    kta_argv_addl(&x->argv, "kubectl", "delete", ref, NULL);
    pin(w, &x->argv, kta_obj_namespace(o));
    x->check = check(w, o, "DELETE", "", "application/json", NULL);
    return x;
}

struct kta_fix *kta_fix_kubectl(struct kta_world *w, struct kta_finding *f, enum kta_risk risk,
                                bool undoable, const char *ns, const char *const *args,
                                const char *why)
{
    struct kta_fix *x = kta_finding_fix(f, risk, undoable, "%s", why);
    kta_argv_add(&x->argv, "kubectl");
    for (; *args; args++)
        kta_argv_add(&x->argv, *args);
    pin(w, &x->argv, ns);
    return x;
}

void kta_fix_then(struct kta_world *w, struct kta_fix *x, const char *ns, const char *const *args)
{
    kta_argv_release(&x->then);
    kta_argv_add(&x->then, "kubectl");
    for (; *args; args++)
        kta_argv_add(&x->then, *args);
    pin(w, &x->then, ns);
}

void kta_fix_then_retry(struct kta_world *w, struct kta_fix *x, const struct kta_json *o)
{
    kta_auto_free char *ref = kta_diag_ref(o);
    kta_auto_free char *note = kta_asprintf("todo-ai/retried-at=%lld", (long long)kta_world_now(w));
    const char *args[] = {"annotate", ref, note, "--overwrite", NULL};
    kta_fix_then(w, x, kta_obj_namespace(o), args);
}

/* What a server filled in and a client may not send again. */
static void strip(struct kta_json *o)
{
    static const char *const meta[] = {"uid",
                                       "resourceVersion",
                                       "creationTimestamp",
                                       "generation",
                                       "managedFields",
                                       "selfLink",
                                       "ownerReferences",
                                       "deletionTimestamp",
                                       "deletionGracePeriodSeconds"};
    kta_json_remove(o, "status");
    struct kta_json *m = kta_json_get(o, "metadata");
    for (size_t i = 0; i < KTA_LEN(meta); i++)
        kta_json_remove(m, meta[i]);
    struct kta_json *notes = kta_json_get(m, "annotations");
    if (notes)
        kta_json_remove(notes, "kubectl.kubernetes.io/last-applied-configuration");
}

struct kta_fix *kta_fix_manifest(struct kta_world *w, struct kta_finding *f, enum kta_risk risk,
                                 bool undoable, const char *ns, struct kta_json *manifest,
                                 const char *verb, const char *why)
{
    struct kta_fix *x = kta_finding_fix(f, risk, undoable, "%s", why);
    kta_argv_addl(&x->argv, "kubectl", verb, NULL);
    if (kta_streq(verb, "replace"))
        kta_argv_add(&x->argv, "--force");
    kta_argv_addl(&x->argv, "-f", "-", NULL);
    pin(w, &x->argv, ns);
    struct kta_str s = KTA_STR_INIT;
    kta_json_print(manifest, true, &s);
    kta_str_addc(&s, '\n');
    x->stdin_text = kta_str_detach(&s);
    /* Of a List the first object is asked about. Asked under another name: the object itself is
     * still there. */
    if (kta_json_get(manifest, "items"))
        manifest = kta_json_item(kta_json_get(manifest, "items"), 0);
    kta_auto_json struct kta_json *copy = kta_json_copy(manifest);
    kta_auto_free char *name = kta_asprintf("%.40s-dry-run", kta_or(kta_obj_name(manifest), "x"));
    if (kta_streq(verb, "replace"))
        kta_json_set_str(kta_json_get(copy, "metadata"), "name", name);
    x->check.path =
        dry_path(w, kta_json_str(manifest, "apiVersion"), kta_obj_kind(manifest), ns, NULL, "");
    x->check.method = kta_strdup("POST");
    x->check.type = kta_strdup("application/json");
    struct kta_str body = KTA_STR_INIT;
    kta_json_print(copy, false, &body);
    x->check.body = kta_str_detach(&body);
    return x;
}

struct kta_json *kta_fix_container_patch(const char *list, const char *container,
                                         struct kta_json **ret_container)
{
    struct kta_json *spec = kta_json_new_object();
    struct kta_json *l = kta_json_set(spec, list, kta_json_new_array());
    *ret_container = kta_json_push(l, kta_json_new_object());
    kta_json_set_str(*ret_container, "name", container);
    return spec;
}

/* ---- a bare pod or a job cannot be patched: a changed copy takes its place ---- */

static const char *merge_key(const char *list)
{
    return kta_streq(list, "volumeMounts")                ? "mountPath"
           : kta_streq(list, "ports")                     ? "containerPort"
           : kta_streq(list, "topologySpreadConstraints") ? "topologyKey"
                                                          : "name";
}

/* A strategic merge of what our patches hold: maps, lists by their key (whole where they have none:
 * envFrom, the sources of a projected volume), null removes. */
static void merge(struct kta_json *into, const struct kta_json *patch)
{
    kta_json_each(m, patch) {
        const char *key = kta_json_key(m);
        struct kta_json *have = kta_json_get(into, key);
        if (kta_json_type(m) == KTA_JSON_NULL) {
            kta_json_remove(into, key);
        } else if (kta_json_type(m) == KTA_JSON_OBJECT && have) {
            merge(have, m);
        } else if (kta_json_type(m) == KTA_JSON_ARRAY && have &&
                   kta_json_get(kta_json_first(m), merge_key(key))) {
            const char *by = merge_key(key);
            kta_json_each(e, m) {
                struct kta_json *same = NULL;
                kta_json_each(h, have)
                    if (kta_json_equal(kta_json_get(h, by), kta_json_get(e, by)))
                        same = h;
                if (kta_streq(kta_json_str(e, "$patch"), "delete"))
                    kta_json_free(same ? kta_json_detach(have, same) : NULL);
                else if (same)
                    merge(same, e);
                else
                    kta_json_push(have, kta_json_copy(e));
            }
        } else {
            kta_json_set(into, key, kta_json_copy(m));
        }
    }
}

static struct kta_json *replacement(const struct kta_json *o, const struct kta_json *spec_patch)
{
    struct kta_json *copy = kta_json_copy(o);
    strip(copy);
    struct kta_json *spec = kta_json_get(kta_diag_template(copy), "spec");
    if (kta_streq(kta_obj_kind(o), "Pod")) {
        kta_json_remove(spec, "nodeName");
    } else {
        struct kta_json *s = kta_json_get(copy, "spec");
        kta_json_remove(s, "selector");
        struct kta_json *labels = kta_json_at(copy, "spec.template.metadata.labels");
        static const char *const made[] = {"controller-uid", "job-name",
                                           "batch.kubernetes.io/controller-uid",
                                           "batch.kubernetes.io/job-name"};
        for (size_t i = 0; labels && i < KTA_LEN(made); i++) {
            kta_json_remove(labels, made[i]);
            if (kta_json_at(copy, "metadata.labels"))
                kta_json_remove(kta_json_at(copy, "metadata.labels"), made[i]);
        }
    }
    merge(spec, spec_patch);
    return copy;
}

struct kta_fix *kta_fix_template(struct kta_world *w, struct kta_finding *f, enum kta_risk risk,
                                 const struct kta_json *o, struct kta_json *spec_patch,
                                 const char *summary_fmt, ...)
{
    kta_auto_json struct kta_json *own = spec_patch;
    va_list ap;
    va_start(ap, summary_fmt);
    kta_auto_free char *summary = vtext(summary_fmt, ap);
    va_end(ap);
    const char *kind = kta_obj_kind(o);
    if (kta_streq(kind, "Pod") || kta_streq(kind, "Job")) {
        kta_auto_json struct kta_json *copy = replacement(o, own);
        kta_auto_free char *why =
            kta_asprintf("%s (a %s cannot be changed in place: it is replaced)", summary,
                         kta_streq(kind, "Pod") ? "bare pod" : "job");
        return kta_fix_manifest(w, f, risk > KTA_RISK_MEDIUM ? risk : KTA_RISK_MEDIUM,
                                /* undoable= */ true, kta_obj_namespace(o), copy, "replace", why);
    }
    kta_auto_json struct kta_json *body = kta_json_new_object();
    struct kta_json *at = kta_json_set(body, "spec", kta_json_new_object());
    if (kta_streq(kind, "CronJob"))
        at = kta_json_set(kta_json_set(at, "jobTemplate", kta_json_new_object()), "spec",
                          kta_json_new_object());
    at = kta_json_set(at, "template", kta_json_new_object());
    kta_json_set(at, "spec", KTA_STEAL(own));
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    kta_json_print(body, false, &s);
    return kta_fix_patch(w, f, risk, o, KTA_PATCH_STRATEGIC, s.s, "%s", summary);
}

/* ---- what must follow ---- */

static bool changes_template(const struct kta_fix *x)
{
    static const char *const verbs[] = {"patch", "set", "rollout"};
    for (size_t i = 0; i < KTA_LEN(verbs); i++)
        if (x->argv.n > 1 && kta_streq(x->argv.v[1], verbs[i]))
            return true;
    return false;
}

/* An ordered StatefulSet does not replace a pod that never becomes ready; with OnDelete, and by a
 * ReplicaSet of nobody's, nothing is replaced at all: the broken pods have to be deleted before the
 * change reaches them. */
static void delete_broken_pods(struct kta_world *w, struct kta_finding *f)
{
    enum { MOST = 20 };
    static const char *const kinds[][2] = {{"StatefulSet", "statefulsets"},
                                           {"DaemonSet", "daemonsets"},
                                           {"ReplicaSet", "replicasets"}};
    struct kta_json *o = NULL;
    for (size_t i = 0; i < KTA_LEN(kinds); i++)
        if (kta_streq(f->object.kind, kinds[i][0]))
            o = kta_world_get(w, kinds[i][1], f->object.namespace_, f->object.name, NULL);
    bool all = kta_streq(kta_json_str(o, "spec.updateStrategy.type"), "OnDelete") ||
               kta_streq(f->object.kind, "ReplicaSet");
    bool ordered = kta_streq(f->object.kind, "StatefulSet") &&
                   !kta_streq(kta_json_str(o, "spec.podManagementPolicy"), "Parallel");
    if (!o || (!ordered && !all))
        return;
    struct kta_json **pods;
    char *refs[MOST];
    const char *args[MOST + 2] = {"delete"};
    size_t n = kta_world_pods_of(w, o, &pods), broken = 0;
    for (size_t i = 0; i < n && broken < (all ? MOST : 1); i++)
        if (!kta_pod_ready(pods[i]) && !kta_json_at(pods[i], "metadata.deletionTimestamp")) {
            refs[broken] = kta_asprintf("pod/%s", kta_obj_name(pods[i]));
            args[broken + 1] = refs[broken];
            broken++;
        }
    free(pods);
    for (size_t i = 0; broken && i < f->n_fixes; i++)
        if (!f->fixes[i].then.n && changes_template(&f->fixes[i]))
            kta_fix_then(w, &f->fixes[i], f->object.namespace_, args);
    while (broken)
        free(refs[--broken]);
}

/* A CronJob that forbids two jobs at once starts none while the broken one waits: that one is
 * brought to its end, and stays to be looked at. */
static void end_waiting_job(struct kta_world *w, struct kta_finding *f)
{
    const char *ns = f->object.namespace_;
    struct kta_json *o = kta_streq(f->object.kind, "CronJob")
                             ? kta_world_get(w, "cronjobs", ns, f->object.name, NULL)
                             : NULL;
    if (!kta_streq(kta_json_str(o, "spec.concurrencyPolicy"), "Forbid") ||
        kta_starts(f->code, "CronJob."))
        return;
    kta_json_each(active, kta_json_at(o, "status.active")) {
        const char *name = kta_or(kta_json_str(active, "name"), "");
        const struct kta_json *job = kta_world_get(w, "jobs", ns, name, NULL);
        kta_auto_free char *ref = kta_asprintf("job/%s", name);
        const char *args[] = {
            "patch", ref, "--type=merge", "-p", "{\"spec\":{\"activeDeadlineSeconds\":1}}", NULL};
        if (!job || kta_json_int(job, "status.ready", 0) > 0)
            continue;
        for (size_t i = 0; i < f->n_fixes; i++)
            if (!f->fixes[i].then.n && changes_template(&f->fixes[i]))
                kta_fix_then(w, &f->fixes[i], ns, args);
        return;
    }
}

/* What is shown is at least what policy will ask to be confirmed. */
static void judge(struct kta_fix *x)
{
    struct kta_verdict v;
    kta_policy_check(NULL, &x->argv, x->stdin_text, &v);
    if (v.risk > (int)x->risk)
        x->risk = (enum kta_risk)v.risk;
}

void kta_fixes_complete(struct kta_world *w, struct kta_findings *f)
{
    for (size_t i = 0; i < f->n; i++) {
        for (size_t k = 0; k < f->v[i]->n_fixes; k++)
            judge(&f->v[i]->fixes[k]);
        if (f->v[i]->n_fixes) {
            delete_broken_pods(w, f->v[i]);
            end_waiting_job(w, f->v[i]);
        }
    }
}

/* ---- asking the API server ---- */

/* What was asked about before there was a finding. */
struct kta_asked_ahead {
    struct kta_fix_check check;
    int status; /* 0: no answer came */
};

static struct kta_send send_of(const struct kta_fix_check *c)
{
    return (struct kta_send){.method = c->method,
                             .path = c->path,
                             .content_type = c->type,
                             .body = c->body};
}

void kta_fixes_ask_undo(struct kta_world *w, const struct kta_json *workload,
                        const struct kta_change *c)
{
    struct kta_asked_ahead **at = kta_world_asked_ahead(w), *asked;
    struct kta_cluster *cluster = kta_world_cluster(w);
    struct kta_err err = KTA_ERR_INIT;
    if (*at || !c->template_ || !cluster || kta_cluster_is_snapshot(cluster))
        return;
    *at = asked = kta_calloc(1, sizeof *asked);
    asked->check = undo_check(w, workload, c);
    struct kta_send s = send_of(&asked->check);
    (void)kta_cluster_send_all(cluster, &s, 1, &err);
    asked->status = s.status;
    kta_json_free(s.json);
}

void kta_fixes_forget(struct kta_world *w)
{
    struct kta_asked_ahead **at = kta_world_asked_ahead(w);
    if (*at)
        kta_fix_check_release(&(*at)->check);
    free(*at);
    *at = NULL;
}

/* The fix that a check is for: the number k of the finding f. */
struct checked {
    struct kta_finding *f;
    size_t k;
};

static void take_verdict(const struct checked *at, int status)
{
    /* What the server finds wrong with the change itself; a lack of rights is none. */
    if (status == 400 || status == 404 || status == 409 || status == 422)
        kta_finding_drop_fix(at->f, at->k);
    else if (status >= 200 && status < 300)
        at->f->fixes[at->k].validated = 1;
}

/* Returns how many fixes it was about. */
static size_t take_asked_ahead(struct kta_world *w, struct kta_findings *f)
{
    const struct kta_asked_ahead *asked = *kta_world_asked_ahead(w);
    size_t n = 0;
    for (size_t i = 0; asked && i < f->n; i++)
        for (size_t k = f->v[i]->n_fixes; k-- > 0;) {
            const struct kta_fix_check *c = &f->v[i]->fixes[k].check;
            if (!kta_streq(c->path, asked->check.path) || !kta_streq(c->body, asked->check.body))
                continue;
            take_verdict(&(struct checked){f->v[i], k}, asked->status);
            n++;
        }
    return n;
}

void kta_fixes_validate(struct kta_world *w, struct kta_findings *f)
{
    struct kta_cluster *c = kta_world_cluster(w);
    struct checked *at = NULL;
    struct kta_send *sends = NULL;
    size_t n = 0, cap = 0, cap_sends = 0;
    if (!c || kta_cluster_is_snapshot(c))
        return;
    size_t ahead = take_asked_ahead(w, f);
    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->v[i]->n_fixes && k < KTA_DIAG_MAX_FIXES; k++) {
            struct kta_fix *fix = &f->v[i]->fixes[k];
            if (!fix->check.path || fix->validated >= 0)
                continue;
            KTA_GROW(at, n, cap);
            KTA_GROW(sends, n, cap_sends);
            at[n] = (struct checked){f->v[i], k};
            sends[n++] = send_of(&fix->check);
        }
    int rc = kta_cluster_send_all(c, sends, n, &(struct kta_err)KTA_ERR_INIT);
    /* from the last on: a fix that goes moves only those behind it */
    for (size_t i = n; i-- > 0;) {
        if (rc == 0)
            take_verdict(&at[i], sends[i].status);
        kta_json_free(sends[i].json);
    }
    free(at);
    free(sends);
    kta_log(1, "fixes: %zu checked by a dry run, a request each", ahead + n);
}
