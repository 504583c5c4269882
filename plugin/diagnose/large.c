/*
 * large.c - lists that are too long to keep: what is healthy leaves nothing behind.
 *
 * A list up to a kind's keep_all is kept whole. A longer one is reduced while it streams in, by the
 * kind's row of the table below; pods are not even read, but a Table of them is, whose columns tell
 * which are in trouble: those are fetched whole, with their owners. Such a list is partial
 * (kta_world_partial): that something is not in it does not mean that it does not exist.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/kinds.h"
#include "kta/limits.h"
#include "kta/log.h"

/* ---- what of a long list is kept ---- */

static void drop_managed(struct kta_json *o)
{
    kta_json_remove(kta_json_get(o, "metadata"), "managedFields");
}

static bool keep_workload(struct kta_json *o)
{
    int64_t want = kta_diag_desired(o);

    return kta_diag_ready(o) < want || want == 0 || kta_json_bool(o, "spec.paused", false) ||
           kta_json_int(o, "status.updatedReplicas",
                        kta_json_int(o, "status.updatedNumberScheduled", want)) < want ||
           kta_json_int(o, "status.observedGeneration", 0) <
               kta_json_int(o, "metadata.generation", 0) ||
           kta_obj_condition_is(o, "ReplicaFailure", "True");
}

/* Active ones link pods to their Deployments; the templates of the healthy are not needed. */
static bool keep_replicaset(struct kta_json *o)
{
    int64_t want = kta_json_int(o, "spec.replicas", 1);

    if (want == 0)
        return false;
    if (kta_json_int(o, "status.readyReplicas", 0) < want)
        return true;
    kta_json_remove(kta_json_get(o, "spec"), "template");
    kta_json_set_bool(o, KTA_SLIM, true);
    return true;
}

static bool keep_event(struct kta_json *o)
{
    return kta_streq(kta_json_str(o, "type"), "Warning");
}

/* Of the endpoints that are ready, and of those that are not, two tell as much as all. */
static bool keep_slice(struct kta_json *o)
{
    struct kta_json *all = kta_json_get(o, "endpoints"), *next;
    int kept[2] = {0, 0};

    for (struct kta_json *e = kta_json_first(all); e; e = next) {
        next = kta_json_next(e);
        if (kept[kta_json_bool(e, "conditions.ready", true)]++ >= 2)
            kta_json_free(kta_json_detach(all, e));
    }
    return true;
}

static bool keep_all(struct kta_json *o)
{
    (void)o;
    return true;
}

static bool keep_service(struct kta_json *o)
{
    drop_managed(o);
    return true;
}

static bool keep_node(struct kta_json *o)
{
    kta_json_remove(kta_json_get(o, "status"), "images");
    return true;
}

static bool keep_unbound(struct kta_json *o)
{
    return !kta_streq(kta_json_str(o, "status.phase"), "Bound");
}

static bool keep_unfinished(struct kta_json *o)
{
    return !kta_obj_condition_is(o, "Complete", "True");
}

/* Their names and keys are asked for one by one; Helm's releases are looked for. */
static bool keep_release(struct kta_json *o)
{
    const char *status = kta_obj_label(o, "status");

    return kta_streq(kta_obj_label(o, "owner"), "helm") && !kta_streq(status, "superseded");
}

static bool keep_none(struct kta_json *o)
{
    (void)o;
    return false;
}

static bool keep_pod(struct kta_json *o)
{
    return !kta_pod_ready(o) && !kta_streq(kta_json_str(o, "status.phase"), "Succeeded");
}

static const struct kept {
    const char *plural;
    size_t keep_all; /* so many are kept whole */
    size_t most;     /* so many of a reduced list, then no more */
    bool (*keep)(struct kta_json *o);
    bool managed; /* who changed what is worth keeping */
} kept_kinds[] = {
    {"pods", 200, 200, keep_pod, false},
    {"events", 500, KTA_MAX_EVENTS, keep_event, false},
    {"services", 300, 5000, keep_service, true},
    {"endpointslices", 200, 5000, keep_slice, false},
    {"deployments", 150, 500, keep_workload, true},
    {"statefulsets", 150, 500, keep_workload, true},
    {"daemonsets", 150, 500, keep_workload, true},
    {"replicasets", 200, 3000, keep_replicaset, false},
    {"jobs", 300, 500, keep_unfinished, true},
    {"configmaps", 500, 500, keep_none, true},
    {"secrets", 500, 1000, keep_release, true},
    {"persistentvolumeclaims", 500, 1000, keep_unbound, true},
    {"persistentvolumes", 500, 1000, keep_unbound, true},
    {"nodes", 100, 5000, keep_node, true},
    {"namespaces", 500, 10000, keep_all, false},
};
static const struct kept other_kind = {"", 2000, 2000, keep_none, true};

static const struct kept *kept_of(const char *plural)
{
    for (size_t i = 0; i < KTA_LEN(kept_kinds); i++)
        if (kta_streq(kept_kinds[i].plural, plural))
            return &kept_kinds[i];
    return &other_kind;
}

struct keeping {
    const struct kept *kind;
    size_t n;
};

static bool keep_item(void *ctx, struct kta_json *item)
{
    struct keeping *k = ctx;

    return k->n < k->kind->most && k->kind->keep(item) && ++k->n;
}

void kta_large_read(struct kta_read *r, const char *plural)
{
    struct keeping *k = kta_calloc(1, sizeof *k);

    k->kind = kept_of(plural);
    r->keep = keep_item;
    r->keep_ctx = k;
    r->keep_all = k->kind->keep_all;
    r->trim = k->kind->managed ? NULL : drop_managed;
}

void kta_large_read_done(struct kta_read *r)
{
    free(r->keep_ctx);
    r->keep_ctx = NULL;
    r->keep = NULL;
}

size_t kta_large_page(const char *plural)
{
    return kta_streq(plural, "pods") ? kept_of(plural)->keep_all : 0;
}

void kta_large_first_pods(struct kta_json *list)
{
    struct kta_json *items = kta_json_get(list, "items"), *next;

    for (struct kta_json *o = kta_json_first(items); o; o = next) {
        next = kta_json_next(o);
        if (!keep_pod(o))
            kta_json_free(kta_json_detach(items, o));
    }
}

/* What a pod takes of its node is all that counts. */
static void trim_running(struct kta_json *pod)
{
    static const char *const parts[] = {
        "env",          "envFrom", "volumeMounts", "livenessProbe", "readinessProbe",
        "startupProbe", "command", "args"};
    drop_managed(pod);
    kta_json_remove(kta_json_get(pod, "metadata"), "annotations");
    kta_json_remove(kta_json_get(pod, "spec"), "volumes");
    kta_json_remove(kta_json_get(pod, "status"), "containerStatuses");
    kta_json_each(c, kta_json_at(pod, "spec.containers"))
        for (size_t i = 0; i < KTA_LEN(parts); i++)
            kta_json_remove(c, parts[i]);
}

static bool keep_any(void *ctx, struct kta_json *item)
{
    (void)ctx;
    (void)item;
    return true;
}

void kta_large_running(struct kta_read *r)
{
    r->keep = keep_any;
    r->trim = trim_running;
}

/* ---- pods, by their Table ---- */

enum { NAME, READY, STATUS, RESTARTS }; /* columns */

#define WHOLE_PODS 200 /* pods in trouble that are fetched */
#define ALIKE_PODS 3   /* of one owner and status, when there are more in trouble than that */

static const char *cell(const struct kta_json *row, int i)
{
    return kta_or(kta_json_text(kta_json_item(kta_json_get(row, "cells"), (size_t)i)), "");
}

/* "3 (5m3s ago)": within the last hour. Older restarts are of the past. */
static bool restarted_lately(const char *restarts)
{
    const char *ago = strchr(restarts, '(');
    char *unit;

    if (!ago)
        return false;
    long n = strtol(ago + 1, &unit, 10);
    return *unit == 's' || (*unit == 'm' && n <= 60);
}

static bool row_in_trouble(void *ctx, struct kta_json *row)
{
    const char *ready = cell(row, READY), *status = cell(row, STATUS);
    const char *slash = strchr(ready, '/');

    (void)ctx;
    if (kta_streq(status, "Completed") || kta_streq(status, "Succeeded"))
        return false;
    if (!kta_streq(status, "Running") || !slash)
        return true;
    size_t n = (size_t)(slash - ready);
    return strlen(slash + 1) != n || strncmp(ready, slash + 1, n) != 0 ||
           restarted_lately(cell(row, RESTARTS));
}

struct sick {
    const char *ns, *name, *status;
};

/* "backend-7d9-x2x" belongs with "backend-7d9-k8k". */
static bool alike(const struct sick *a, const struct sick *b)
{
    const char *cut = strrchr(a->name, '-');
    size_t n = cut ? (size_t)(cut - a->name) + 1 : strlen(a->name) + 1;

    return !strcmp(a->ns, b->ns) && !strcmp(a->status, b->status) && !strncmp(a->name, b->name, n);
}

/* When there are too many, a few of those that are alike stand for the rest. */
static size_t sample(struct kta_world *w, struct sick *v, size_t n)
{
    if (n <= WHOLE_PODS)
        return n;
    size_t kept = 0;
    for (size_t i = 0; i < n && kept < WHOLE_PODS; i++) {
        int twins = 0;
        for (size_t k = 0; k < kept && twins < ALIKE_PODS; k++)
            twins += alike(&v[i], &v[k]);
        if (twins < ALIKE_PODS)
            v[kept++] = v[i];
    }
    kta_world_note_missing(w,
                           "%zu pods are in trouble: %zu of them were looked at, those that are "
                           "alike by a few",
                           n, kept);
    return kept;
}

static size_t healthy_rows(const struct kta_read *r)
{
    return r->dropped ? r->dropped
                      : (size_t)kta_json_int(r->json, "metadata.remainingItemCount", 0);
}

/* The Tables of a namespace, or of each. */
static struct kta_read *read_tables(struct kta_world *w, const char *ns, size_t *n,
                                    struct kta_err *err)
{
    struct kta_read *reads = NULL;
    struct kta_json *const *spaces = NULL;
    size_t cap = 0, n_spaces = ns ? 1 : kta_world_list(w, "namespaces", NULL, &spaces);

    *n = 0;
    for (size_t i = 0; i < n_spaces; i++) {
        struct kta_read *r = kta_read_add(&reads, n, &cap, KTA_ACCEPT_TABLE,
                                          "/api/v1/namespaces/%s/pods?resourceVersion=0",
                                          ns ? ns : kta_obj_name(spaces[i]));
        r->keep = row_in_trouble;
    }
    if (*n && kta_cluster_read(kta_world_cluster(w), reads, *n, err) < 0) {
        kta_reads_free(reads, *n);
        return NULL;
    }
    return reads;
}

static const char *namespace_of_read(const struct kta_read *r, char *buf, size_t size)
{
    const char *at = strstr(r->path, "/namespaces/") + strlen("/namespaces/");

    (void)snprintf(buf, size, "%.*s", (int)strcspn(at, "/"), at);
    return buf;
}

int kta_large_pods(struct kta_world *w, const char *ns, struct kta_err *err)
{
    size_t n_reads, n = 0, cap = 0, total = 0;

    kta_report_progress(kta_world_report(w), "many pods: looking for those in trouble");
    struct kta_read *reads = read_tables(w, ns, &n_reads, err);
    struct sick *v = NULL;
    char(*names)[256] = kta_calloc(n_reads + 1, sizeof *names);
    if (!reads && err->code != KTA_E_OK) {
        free(names);
        return -1;
    }
    for (size_t i = 0; i < n_reads; i++) {
        if (reads[i].failed) {
            kta_world_note_missing(w, "%s", reads[i].err.msg);
            continue;
        }
        total += healthy_rows(&reads[i]);
        kta_json_each(row, kta_json_get(reads[i].json, "rows")) {
            KTA_GROW(v, n, cap);
            v[n++] = (struct sick){namespace_of_read(&reads[i], names[i], sizeof names[i]),
                                   cell(row, NAME), cell(row, STATUS)};
            total++;
        }
    }
    kta_report_progress(kta_world_report(w), "%zu pods, %zu of them in trouble", total, n);
    kta_log(1, "diagnose: %zu pods, %zu of them in trouble", total, n);
    size_t few = sample(w, v, n);
    struct kta_world_want *wants = kta_calloc(few + 1, sizeof *wants);
    for (size_t i = 0; i < few; i++)
        wants[i] = (struct kta_world_want){"pods", v[i].ns, v[i].name, NULL};
    int rc = kta_world_fetch(w, wants, few, err);
    kta_world_set_total(w, "pods", ns, total);
    free(wants);
    free(v);
    free(names);
    kta_reads_free(reads, n_reads);
    return rc;
}

/* ---- what belongs to those in trouble ---- */

/* "a=b,c in (d,e)" of a LabelSelector or a Service's map. */
static void selector_text(const struct kta_json *selector, struct kta_str *out)
{
    const struct kta_json *labels = kta_json_get(selector, "matchLabels");
    const struct kta_json *terms = kta_json_get(selector, "matchExpressions");

    kta_json_each(m, labels || terms ? labels : selector)
        if (kta_json_text(m))
            kta_str_addf(out, "%s%s=%s", out->len ? "," : "", kta_json_key(m), kta_json_text(m));
    kta_json_each(t, terms) {
        static const char *const words[][2] = {{"In", " in "}, {"NotIn", " notin "}};
        const char *op = kta_json_str(t, "operator");
        kta_str_addf(out, "%s%s%s", out->len ? "," : "", kta_streq(op, "DoesNotExist") ? "!" : "",
                     kta_or(kta_json_str(t, "key"), ""));
        for (size_t i = 0; i < KTA_LEN(words); i++) {
            if (!kta_streq(op, words[i][0]))
                continue;
            kta_str_addf(out, "%s(", words[i][1]);
            kta_json_each(v, kta_json_get(t, "values"))
                kta_str_addf(out, "%s%s", v == kta_json_first(kta_json_get(t, "values")) ? "" : ",",
                             kta_or(kta_json_text(v), ""));
            kta_str_addc(out, ')');
        }
    }
}

struct wants {
    struct kta_world_want *v;
    size_t n, cap;
};

static void want(struct wants *x, const char *kind, const char *ns, const char *name,
                 const char *labels)
{
    for (size_t i = 0; i < x->n; i++)
        if (kta_streq(x->v[i].kind, kind) && kta_streq(x->v[i].ns, ns) &&
            kta_streq(x->v[i].name, name) && kta_streq(x->v[i].labels, labels))
            return;
    KTA_GROW(x->v, x->n, x->cap);
    x->v[x->n++] = (struct kta_world_want){kind, ns, name, labels};
}

/* One step up the chains of ownership. */
static void want_owners(struct kta_world *w, const char *kind, const char *ns, struct wants *x)
{
    struct kta_json *const *v;
    if (!kta_world_has_list(w, kind, ns))
        return;
    size_t n = kta_world_list(w, kind, ns, &v);
    for (size_t i = 0; i < n; i++) {
        const struct kta_json *ref = kta_obj_controller(v[i]);
        const struct kta_json *up = kta_world_uid(w, kta_json_str(ref, "uid"));
        if (kta_json_get(v[i], KTA_SLIM) || !ref || (up && !kta_json_get(up, KTA_SLIM)))
            continue;
        const struct kta_kind *k =
            kta_kind_of(kta_world_cluster(w), kta_json_str(ref, "apiVersion"),
                        kta_json_str(ref, "kind"));
        if (k)
            want(x, k->plural, k->namespaced ? kta_obj_namespace(v[i]) : NULL,
                 kta_json_str(ref, "name"), NULL);
    }
}

/* The ReplicaSets of Deployments in trouble: what changed is told by them. */
static void want_revisions(struct kta_world *w, const char *ns, struct wants *x)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "deployments", ns, &v);
    for (size_t i = 0; i < n && x->n < WHOLE_PODS; i++) {
        kta_auto_str struct kta_str s = KTA_STR_INIT;
        if (!keep_workload(v[i]))
            continue;
        selector_text(kta_json_at(v[i], "spec.selector"), &s);
        if (s.len)
            want(x, "replicasets", kta_obj_namespace(v[i]), NULL, kta_world_keep_text(w, s.s));
    }
}

int kta_large_complete(struct kta_world *w, const char *ns, struct kta_err *err)
{
    static const char *const steps[] = {"pods", "replicasets", "jobs"};
    if (!kta_world_partial(w, "pods", ns) && !kta_world_partial(w, "replicasets", ns))
        return 0;
    int rc = 0;
    for (int step = 0; step < 3 && rc == 0; step++) {
        struct wants x = {0};
        if (step < 2)
            for (size_t i = 0; i < KTA_LEN(steps); i++)
                want_owners(w, steps[i], ns, &x);
        else if (kta_world_partial(w, "replicasets", ns))
            want_revisions(w, ns, &x);
        rc = kta_world_fetch(w, x.v, x.n, err);
        free(x.v);
    }
    return rc;
}

/* ---- pods of one object, of a list that is partial ---- */

#define FETCHES   200 /* objects whose pods are asked for */
#define SOME_PODS 20  /* pods of one object */

void kta_large_pods_of(struct kta_world *w, const struct kta_json *object)
{
    const char *kind = kta_obj_kind(object), *ns = kta_obj_namespace(object);
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;

    /* Those in focus have been asked for: any other object matters only if it selects them. */
    if (kta_streq(kind, "Pod") || kta_world_pods_known(w, object) ||
        (kta_world_has_focus(w) && !kta_world_focused(w, (struct kta_json *)(uintptr_t)object)) ||
        !kta_world_count_fetch(w, FETCHES))
        return;
    selector_text(kta_json_at(object, "spec.selector"), &s);
    kta_world_pods_asked(w, object);
    if (!s.len)
        return;
    struct kta_world_want one = {"pods", ns, NULL, s.s};
    if (kta_world_fetch(w, &one, 1, &err) < 0)
        kta_world_note_missing(w, "%s", err.msg);
}
