/*
 * requests.c - what the containers of workloads request and may use, as a table; what sets no limit
 * is named.
 */
#include <stdlib.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/questions.h"

#define ROWS_MAX 60

static const char *cell(const struct kta_json *container, const char *which, const char *what)
{
    const struct kta_json *r = kta_json_get(kta_json_get(container, "resources"), which);
    return kta_or(kta_json_text(kta_json_get(r, what)), "-");
}

struct table {
    struct kta_str rows, unlimited;
    size_t n;
    bool with_ns;
};

static void add_workload(struct table *t, const struct kta_json *o, const struct kta_json *spec)
{
    kta_auto_free char *ref = kta_diag_ref(o);
    kta_json_each(c, kta_json_get(spec, "containers")) {
        const char *name = kta_or(kta_json_str(c, "name"), "?");
        if (kta_streq(cell(c, "limits", "memory"), "-"))
            kta_str_addf(&t->unlimited, "%s%s (%s)", t->unlimited.len ? ", " : "", ref, name);
        if (t->n++ >= ROWS_MAX)
            continue;
        if (t->with_ns)
            kta_str_addf(&t->rows, "| %s ", kta_obj_namespace(o));
        kta_str_addf(&t->rows, "| %s | %s | %s | %s | %s | %s |\n", ref, name,
                     cell(c, "requests", "cpu"), cell(c, "limits", "cpu"),
                     cell(c, "requests", "memory"), cell(c, "limits", "memory"));
    }
}

int kta_limits_table(struct kta_world *w, const struct kta_scope *scope, struct kta_str *out,
                     struct kta_err *err)
{
    static const char *const kinds[] = {"deployments", "statefulsets", "daemonsets", "replicasets",
                                        "pods"};
    const char *ns = scope->namespace_;
    struct table t = {.with_ns = !ns};

    if (kta_world_prefetch(w, ns, kinds, KTA_LEN(kinds), err))
        return -1;
    struct kta_json **v;
    size_t n = kta_diag_uncontrolled(w, ns, kinds, KTA_LEN(kinds), &v);
    for (size_t i = 0; i < n; i++)
        if (kta_world_focused(w, v[i]))
            add_workload(&t, v[i], kta_diag_pod_spec(v[i]));
    free(v);
    if (t.n)
        kta_str_addf(out,
                     "%s| Workload | Container | CPU request | CPU limit | Memory request | "
                     "Memory limit |\n%s|---|---|---:|---:|---:|---:|\n%s",
                     t.with_ns ? "| Namespace " : "", t.with_ns ? "|---" : "", t.rows.s);
    else
        kta_str_addf(out, "There are no workloads in %s.\n", kta_or(ns, "the cluster"));
    if (t.n > ROWS_MAX)
        kta_str_addf(out, "\nand %zu more containers.\n", t.n - ROWS_MAX);
    if (t.unlimited.len)
        kta_str_addf(out, "\nWithout a memory limit: %s.\n", t.unlimited.s);
    else if (t.n)
        kta_str_add(out, "\nEvery container has a memory limit.\n");
    kta_str_release(&t.rows);
    kta_str_release(&t.unlimited);
    kta_report_done(kta_world_report(w));
    return 0;
}
