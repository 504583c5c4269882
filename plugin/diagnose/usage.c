/*
 * usage.c - pods by memory or CPU, against what they request and may use, as a table.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/quantity.h"
#include "kta/questions.h"

#define ROWS_MAX 30

struct row {
    const char *ns, *pod;
    int64_t used, request, limit; /* milli; -1: not set */
};

static int by_use(const void *pa, const void *pb)
{
    const struct row *a = pa, *b = pb;
    if (a->used != b->used)
        return a->used > b->used ? -1 : 1;
    return strcmp(a->pod, b->pod);
}

/* The sum over a pod's containers of a resource; -1 when one of them sets none. */
static int64_t sum(const struct kta_json *pod, const char *which, const char *what)
{
    int64_t total = 0;
    kta_json_each(c, kta_json_at(pod, "spec.containers")) {
        const struct kta_json *r = kta_json_get(kta_json_get(c, "resources"), which);
        int64_t q = kta_quantity_milli(kta_json_text(kta_json_get(r, what)));
        if (q < 0)
            return -1;
        total += q;
    }
    return total;
}

static void quantity(bool memory, int64_t milli, struct kta_str *out)
{
    if (milli < 0) {
        kta_str_add(out, "-");
    } else if (memory) {
        /* One digit after the point is enough for a person. */
        double mi = (double)milli / 1000 / (1 << 20);
        if (mi >= 1024)
            kta_str_addf(out, "%.1fGi", mi / 1024);
        else if (mi < 1)
            kta_str_addf(out, milli ? "%.0fKi" : "0", mi * 1024);
        else
            kta_str_addf(out, "%.0fMi", mi);
    } else {
        kta_str_addf(out, "%lldm", (long long)milli);
    }
}

static void table(const struct row *rows, size_t n, bool memory, bool with_ns, struct kta_str *out)
{
    kta_str_addf(out, "%s| Pod | %s | Request | Limit | Of limit |\n",
                 with_ns ? "| Namespace " : "", memory ? "Memory" : "CPU");
    kta_str_addf(out, "%s|---|---:|---:|---:|---:|\n", with_ns ? "|---" : "");
    for (size_t i = 0; i < n && i < ROWS_MAX; i++) {
        kta_auto_str struct kta_str u = KTA_STR_INIT, r = KTA_STR_INIT, l = KTA_STR_INIT;
        quantity(memory, rows[i].used, &u);
        quantity(memory, rows[i].request, &r);
        quantity(memory, rows[i].limit, &l);
        if (with_ns)
            kta_str_addf(out, "| %s ", rows[i].ns);
        kta_str_addf(out, "| %s | %s | %s | %s | ", rows[i].pod, u.s, r.s, l.s);
        if (rows[i].limit > 0)
            kta_str_addf(out, "%.0f%% |\n", 100.0 * (double)rows[i].used / (double)rows[i].limit);
        else
            kta_str_add(out, "- |\n");
    }
    if (n > ROWS_MAX)
        kta_str_addf(out, "\nand %zu more pods that use less.\n", n - ROWS_MAX);
}

static void tell_high(const struct row *rows, size_t n, bool memory, struct kta_str *out)
{
    bool first = true;
    for (size_t i = 0; i < n; i++)
        if (rows[i].limit > 0 && rows[i].used * 10 >= rows[i].limit * 8) {
            kta_str_addf(out, "%s%s (%.0f%%)", first ? "\nAbove 80% of their limit: " : ", ",
                         rows[i].pod, 100.0 * (double)rows[i].used / (double)rows[i].limit);
            first = false;
        }
    if (!first)
        kta_str_addf(out, ".%s\n", memory ? " What passes its limit is killed." : "");
}

/* Pods that run and have no metrics: the table says nothing of them. */
static void tell_unmeasured(struct kta_world *w, const char *ns, bool narrow,
                            struct kta_json *const *metrics, size_t n_metrics, struct kta_str *out)
{
    enum { NAMED = 10 };
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "pods", ns, &v), found = 0;
    kta_auto_str struct kta_str names = KTA_STR_INIT;
    for (size_t i = 0; i < n; i++) {
        bool measured = !kta_streq(kta_json_str(v[i], "status.phase"), "Running") ||
                        (narrow && !kta_world_focused(w, v[i]));
        for (size_t k = 0; k < n_metrics && !measured; k++)
            measured = kta_streq(kta_obj_name(metrics[k]), kta_obj_name(v[i])) &&
                       kta_streq(kta_obj_namespace(metrics[k]), kta_obj_namespace(v[i]));
        if (!measured && found++ < NAMED)
            kta_str_addf(&names, "%s%s%s%s", found > 1 ? ", " : "",
                         ns ? "" : kta_obj_namespace(v[i]), ns ? "" : "/", kta_obj_name(v[i]));
    }
    if (found > NAMED)
        kta_str_addf(&names, " and %zu more", found - NAMED);
    if (found)
        kta_str_addf(out,
                     "\nThere are no metrics of %s: a new pod has none for about a minute; else "
                     "metrics-server does not reach its node.\n",
                     names.s);
}

int kta_usage_table(struct kta_world *w, const struct kta_scope *scope, bool by_memory,
                    struct kta_str *out, struct kta_err *err)
{
    const char *ns = scope->namespace_;
    const char *kinds[] = {"pods", "replicasets", "deployments"};
    if (kta_world_prefetch(w, ns, kinds, KTA_LEN(kinds), err))
        return -1;
    bool narrow = kta_world_has_focus(w);
    struct kta_json *const *v;
    size_t n = kta_world_pod_metrics(w, ns, &v), k = 0;
    if (!v) {
        kta_str_add(out, "No metrics: this cluster does not answer metrics.k8s.io (or you may not "
                         "read it). Install metrics-server: kubectl apply -f "
                         "https://github.com/kubernetes-sigs/metrics-server/releases/latest/"
                         "download/components.yaml\n");
        return 0;
    }
    const char *what = by_memory ? "memory" : "cpu";
    struct row *rows = kta_calloc(n + 1, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        struct kta_json *pod =
            kta_world_get(w, "pods", kta_obj_namespace(v[i]), kta_obj_name(v[i]), NULL);
        if (narrow && (!pod || !kta_world_focused(w, pod)))
            continue;
        struct row *r = &rows[k++];
        *r = (struct row){kta_obj_namespace(v[i]), kta_obj_name(v[i]), 0,
                          sum(pod, "requests", what), sum(pod, "limits", what)};
        kta_json_each(c, kta_json_get(v[i], "containers")) {
            int64_t q =
                kta_quantity_milli(kta_json_text(kta_json_get(kta_json_get(c, "usage"), what)));
            r->used += q > 0 ? q : 0;
        }
    }
    qsort(rows, k, sizeof *rows, by_use);
    struct kta_json *const *pods;
    if (!k && !narrow && !kta_world_list(w, "pods", ns, &pods))
        kta_str_addf(out, "There are no pods in %s.\n", ns ? ns : "the cluster");
    else if (!k)
        kta_str_addf(out,
                     "There are no metrics of pods in %s yet (a new pod has none for about a "
                     "minute).\n",
                     ns ? ns : "the cluster");
    else
        table(rows, k, by_memory, !ns, out);
    tell_high(rows, k, by_memory, out);
    if (k)
        tell_unmeasured(w, ns, narrow, v, n, out);
    free(rows);
    kta_report_done(kta_world_report(w));
    return 0;
}

/* ---- images, readiness, restarts ---- */

static int look(struct kta_world *w, const struct kta_scope *scope, struct kta_err *err)
{
    int rc = kta_collect_lists(w, scope->namespace_, /* wide= */ false, err);

    kta_report_done(kta_world_report(w));
    return rc;
}

static void tell_partial(struct kta_world *w, const struct kta_scope *scope, const char *what,
                         struct kta_str *out)
{
    if (kta_world_partial(w, "pods", scope->namespace_))
        kta_str_addf(out, "\nThere are %zu pods: %s.\n",
                     kta_world_total(w, "pods", scope->namespace_), what);
}

struct image {
    const char *name, *first;
    size_t pods;
};

static int by_pods(const void *pa, const void *pb)
{
    const struct image *a = pa, *b = pb;
    if (a->pods != b->pods)
        return a->pods > b->pods ? -1 : 1;
    return strcmp(a->name, b->name);
}

static void count_image(struct image **v, size_t *n, size_t *cap, const char *name, const char *pod,
                        size_t pods)
{
    for (size_t i = 0; i < *n; i++)
        if (kta_streq((*v)[i].name, name)) {
            (*v)[i].pods += pods;
            return;
        }
    KTA_GROW(*v, *n, *cap);
    (*v)[(*n)++] = (struct image){name, pod, pods};
}

int kta_images_table(struct kta_world *w, const struct kta_scope *scope, struct kta_str *out,
                     struct kta_err *err)
{
    struct kta_json *const *pods;
    struct image *v = NULL;
    size_t n = 0, cap = 0;

    if (look(w, scope, err))
        return -1;
    size_t n_pods = kta_world_list(w, "pods", scope->namespace_, &pods);
    for (size_t i = 0; i < n_pods; i++) {
        static const char *const lists[] = {"initContainers", "containers"};
        const char *phase = kta_json_str(pods[i], "status.phase");
        if (kta_streq(phase, "Succeeded") || kta_streq(phase, "Failed") ||
            !kta_world_focused(w, pods[i]))
            continue;
        for (size_t l = 0; l < KTA_LEN(lists); l++)
            kta_json_each(c, kta_json_get(kta_json_get(pods[i], "spec"), lists[l]))
                count_image(&v, &n, &cap, kta_or(kta_json_str(c, "image"), "?"),
                            kta_obj_name(pods[i]), 1);
    }
    if (n)
        qsort(v, n, sizeof *v, by_pods);
    kta_str_add(out, "| Image | Containers | For example in pod |\n|---|---:|---|\n");
    for (size_t i = 0; i < n && i < 2 * ROWS_MAX; i++)
        kta_str_addf(out, "| %s | %zu | %s |\n", v[i].name, v[i].pods, v[i].first);
    if (n > 2 * ROWS_MAX)
        kta_str_addf(out, "\nand %zu more images.\n", n - 2 * ROWS_MAX);
    tell_partial(w, scope, "only those in trouble were looked at; name a namespace for the rest",
                 out);
    free(v);
    return 0;
}

static const struct kta_json *first_trouble(const struct kta_json *pod)
{
    kta_json_each(s, kta_json_at(pod, "status.containerStatuses"))
        if (!kta_json_bool(s, "ready", false))
            return s;
    return NULL;
}

int kta_not_ready_table(struct kta_world *w, const struct kta_scope *scope, struct kta_str *out,
                        struct kta_err *err)
{
    struct kta_json *const *v;
    size_t rows = 0;
    static const char *const lists[] = {"deployments", "statefulsets", "daemonsets"};

    if (look(w, scope, err))
        return -1;
    kta_auto_str struct kta_str table = KTA_STR_INIT;
    for (size_t l = 0; l < KTA_LEN(lists); l++) {
        size_t n = kta_world_list(w, lists[l], scope->namespace_, &v);
        for (size_t i = 0; i < n; i++) {
            if (kta_diag_ready(v[i]) >= kta_diag_desired(v[i]) || !kta_world_focused(w, v[i]) ||
                rows++ >= 2 * ROWS_MAX)
                continue;
            kta_auto_free char *ref = kta_diag_ref(v[i]);
            kta_str_addf(&table, "| %s | %s | %lld of %lld ready |\n", kta_obj_namespace(v[i]), ref,
                         (long long)kta_diag_ready(v[i]), (long long)kta_diag_desired(v[i]));
        }
    }
    size_t n = kta_world_list(w, "pods", scope->namespace_, &v);
    for (size_t i = 0; i < n; i++) {
        char buf[64];
        if (kta_pod_ready(v[i]) || kta_streq(kta_json_str(v[i], "status.phase"), "Succeeded") ||
            !kta_world_focused(w, v[i]) || rows++ >= 2 * ROWS_MAX)
            continue;
        const struct kta_json *s = first_trouble(v[i]);
        kta_str_addf(&table, "| %s | pod/%s | %s%s%s |\n", kta_obj_namespace(v[i]),
                     kta_obj_name(v[i]), kta_pod_status_word(v[i], buf, sizeof buf),
                     s ? ", container " : "", kta_or(kta_json_str(s, "name"), ""));
    }
    if (rows)
        kta_str_addf(out, "| Namespace | What | State |\n|---|---|---|\n%s", table.s);
    else
        kta_str_addf(out, "Everything is ready in %s.\n",
                     kta_or(scope->namespace_, "all namespaces"));
    if (rows > 2 * ROWS_MAX)
        kta_str_addf(out, "\nand %zu more.\n", rows - 2 * ROWS_MAX);
    return 0;
}

struct restart {
    const struct kta_json *pod, *status;
    int64_t n;
};

static int most_restarts(const void *pa, const void *pb)
{
    const struct restart *a = pa, *b = pb;
    return a->n > b->n ? -1 : a->n < b->n;
}

int kta_restarts_table(struct kta_world *w, const struct kta_scope *scope, struct kta_str *out,
                       struct kta_err *err)
{
    struct kta_json *const *pods;
    struct restart *v = NULL;
    size_t n = 0, cap = 0;

    if (look(w, scope, err))
        return -1;
    size_t n_pods = kta_world_list(w, "pods", scope->namespace_, &pods);
    for (size_t i = 0; i < n_pods; i++)
        kta_json_each(s, kta_json_at(pods[i], "status.containerStatuses")) {
            int64_t times = kta_json_int(s, "restartCount", 0);
            if (times <= 0 || !kta_world_focused(w, pods[i]))
                continue;
            KTA_GROW(v, n, cap);
            v[n++] = (struct restart){pods[i], s, times};
        }
    if (n)
        qsort(v, n, sizeof *v, most_restarts);
    else
        kta_str_addf(out, "No container has restarted in %s.\n",
                     kta_or(scope->namespace_, "all namespaces"));
    if (n)
        kta_str_add(out, "| Namespace | Pod | Container | Restarts | Last end |\n"
                         "|---|---|---|---:|---|\n");
    for (size_t i = 0; i < n && i < ROWS_MAX; i++) {
        const struct kta_json *end = kta_json_at(v[i].status, "lastState.terminated");
        kta_auto_str struct kta_str age = KTA_STR_INIT;
        if (end)
            kta_diag_age(w, kta_time_parse(kta_json_str(end, "finishedAt")), &age);
        kta_str_addf(out, "| %s | %s | %s | %lld | %s%s%lld %s |\n", kta_obj_namespace(v[i].pod),
                     kta_obj_name(v[i].pod), kta_or(kta_json_str(v[i].status, "name"), "?"),
                     (long long)v[i].n, age.s, age.len ? ", exit code " : "exit code ",
                     (long long)kta_json_int(end, "exitCode", 0),
                     kta_or(kta_json_str(end, "reason"), ""));
    }
    if (n > ROWS_MAX)
        kta_str_addf(out, "\nand %zu more containers with fewer restarts.\n", n - ROWS_MAX);
    tell_partial(w, scope, "those that restarted more than an hour ago and are ready are left out",
                 out);
    free(v);
    return 0;
}
