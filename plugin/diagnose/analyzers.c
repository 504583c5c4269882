/*
 * analyzers.c - the table of analyzers, and the engine that runs them: collect, analyze, fold, what
 * changed, validate.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/interrupt.h"

/* To add one: a function in a file of its family, a row here, its codes in prompts/explain.md. */
static const struct kta_analyzer analyzers[] = {
    {"pods", kta_analyze_pods},
    {"probes", kta_analyze_probes},
    {"scheduling", kta_analyze_scheduling},
    {"services", kta_analyze_services},
    {"podstate", kta_analyze_podstate},
    {"rights", kta_analyze_rights},
    {"storage", kta_analyze_storage},
    {"jobs", kta_analyze_jobs},
    {"autoscale", kta_analyze_autoscale},
    {"ingresses", kta_analyze_ingresses},
    {"nodes", kta_analyze_nodes},
    {"helm", kta_analyze_helm},
    {"deprecated", kta_analyze_deprecated},
    {"workloads", kta_analyze_workloads}, /* late: it tells what nothing else explains */
    {"drift", kta_analyze_drift},         /* last: of what is not broken */
    {"log errors", kta_analyze_log_errors},
};

/* ---- focus ---- */

static void focus_on(struct kta_world *w, struct kta_json *o)
{
    struct kta_json *owner = kta_world_owner(w, o);
    struct kta_json *const *same_kind;
    kta_world_focus_add(w, o);
    (void)kta_world_list(w, kta_or(kta_obj_kind(o), ""), kta_obj_namespace(o), &same_kind);
    kta_world_focus_add(w, owner);
    kta_large_pods_of(w, owner);
    if (!kta_streq(kta_obj_kind(o), "Service"))
        return;
    struct kta_json **pods;
    size_t n = kta_world_pods_of(w, o, &pods);
    for (size_t i = 0; i < n; i++)
        kta_world_focus_add(w, kta_world_owner(w, pods[i]));
    free(pods);
}

/* Services that the unhealthy ones call, by the logs that were read, and what is behind them. */
static void follow_dependencies(struct kta_world *w, const char *ns)
{
    struct kta_json *const *pods;
    size_t n = kta_world_list(w, "pods", ns, &pods);
    for (size_t i = 0; i < n; i++) {
        if (!kta_world_focused(w, pods[i]) ||
            (kta_pod_ready(pods[i]) && !kta_pod_restarts(pods[i])))
            continue;
        kta_json_each(s, kta_json_at(pods[i], "status.containerStatuses")) {
            bool previous;
            size_t len;
            struct kta_log_cause c;
            if (!kta_unhealthy_log(pods[i], s, &previous))
                continue;
            const char *name = kta_json_str(s, "name"), *in;
            const char *log = kta_world_has_log(w, pods[i], name, previous, &len);
            if (!log || !kta_log_cause(log, len, &c))
                continue;
            bool cluster;
            struct kta_json *service =
                c.host ? kta_dependency_service(w, ns, c.host, &in, &cluster) : NULL;
            if (service && kta_streq(in, ns) && kta_service_ready(w, service) == 0)
                focus_on(w, service);
            kta_log_cause_release(&c);
        }
    }
}

/* ---- the engine ---- */

static int in_namespace(struct kta_world *w, const char *ns, bool wide, struct kta_findings *ret,
                        struct kta_err *err)
{
    if (kta_collect(w, ns, wide, err))
        return -1;
    if (kta_world_has_focus(w) && ns) {
        follow_dependencies(w, ns);
        if (kta_collect_logs(w, ns, err))
            return -1;
    }
    kta_report_progress(kta_world_report(w), "analyzing");
    for (size_t i = 0; i < KTA_LEN(analyzers); i++) {
        analyzers[i].run(w, ns, ret);
        if (kta_interrupt_check(err))
            return -1;
    }
    return 0;
}

static bool done_before(const struct kta_targets *t, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (kta_streq(t->v[k].ref.namespace_, t->v[i].ref.namespace_))
            return true;
    return false;
}

/* How bad it is for those who use it: the pods of before may serve on while a new version fails. */
static void tell_what_serves(struct kta_world *w, struct kta_findings *f)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct kta_ref *r = &f->v[i]->object;
        const struct kta_json *o =
            f->v[i]->severity >= KTA_WARNING && kta_streq(r->kind, "Deployment")
                ? kta_world_get(w, "deployments", r->namespace_, r->name, NULL)
                : NULL;
        int64_t want = o ? kta_diag_desired(o) : 0, ready = o ? kta_diag_ready(o) : 0;
        bool failing = ready < kta_json_int(o, "status.replicas", 0) || ready < want;

        if (ready > 0 && want > 0 && failing)
            kta_finding_quote(f->v[i], "status", "%lld of the %lld pods that are wanted %s ready",
                              (long long)(ready < want ? ready : want), (long long)want,
                              ready == 1 || want == 1 ? "is" : "are");
    }
}

int kta_diagnose(struct kta_world *w, const struct kta_scope *scope,
                 const struct kta_targets *targets, const struct kta_diagnose_options *options,
                 struct kta_findings *ret, struct kta_err *err)
{
    bool any = false;
    kta_world_set_probe(w, options && options->no_probe    ? 0
                           : options && options->probe_any ? 2
                                                           : 1);
    kta_world_focus_clear(w);
    for (size_t i = 0; targets && i < targets->n; i++) {
        if (!targets->v[i].object || targets->v[i].by == KTA_BY_NAMESPACE)
            continue;
        any = true;
        focus_on(w, targets->v[i].object);
    }
    int rc = 0;
    if (any) {
        for (size_t i = 0; i < targets->n && !rc; i++)
            if (targets->v[i].object && targets->v[i].by != KTA_BY_NAMESPACE &&
                !done_before(targets, i))
                rc = in_namespace(w,
                                  targets->v[i].ref.namespace_ ? targets->v[i].ref.namespace_
                                                               : scope->namespace_,
                                  false, ret, err);
    } else {
        const char *ns = scope->namespace_;
        if (targets && targets->n && targets->v[0].by == KTA_BY_NAMESPACE)
            ns = targets->v[0].ref.name;
        rc = in_namespace(w, ns, true, ret, err);
    }
    if (rc)
        return -1;
    kta_fold(w, ret);
    kta_changes_apply(w, ret);
    kta_drift_apply(w, ret);
    tell_what_serves(w, ret);
    kta_fixes_complete(w, ret);
    for (size_t i = 0; options && i < ret->n;)
        if (kta_ignored(options->ignore, ret->v[i]) || kta_known(options->known, ret->v[i])) {
            kta_findings_drop(ret, i);
            ret->left_out++;
        } else {
            i++;
        }
    kta_findings_finish(ret);
    if (!options || !options->no_validate) {
        kta_report_progress(kta_world_report(w),
                            "asking the API server about the fixes of %zu finding%s", ret->n,
                            ret->n == 1 ? "" : "s");
        kta_fixes_validate(w, ret);
        kta_findings_finish(ret);
    }
    kta_findings_redact(ret, kta_world_redact(w));
    kta_report_done(kta_world_report(w));
    return 0;
}
