/*
 * fold.c - cascades become one cause with its symptoms.
 *
 * A finding is folded into another only if that one explains it: the Service's pods are broken, the
 * dependency is broken, the same pods fail for a better known reason. Nothing is folded into what
 * is itself folded: chains end at the cause.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"

/* What it called is there again, and its next start will tell: what calls it waits no less. */
static bool recovers(const struct kta_finding *f)
{
    return f->severity == KTA_INFO && (kta_streq(f->code, "CrashLoop.DependencyUnreachable") ||
                                       kta_streq(f->code, "CrashLoop.DNS"));
}

/* Puts finding i beneath finding j and removes it. */
static void into(struct kta_findings *f, size_t i, size_t j)
{
    struct kta_finding *a = f->v[i], *b = f->v[j];
    kta_finding_symptom(b, a->object.kind, a->object.namespace_, a->object.name);
    for (size_t k = 0; k < a->n_symptoms; k++)
        kta_finding_symptom(b, a->symptoms[k].kind, a->symptoms[k].namespace_, a->symptoms[k].name);
    if (a->severity > b->severity && !recovers(b))
        b->severity = a->severity;
    kta_findings_drop(f, i);
}

static bool has_symptom(const struct kta_finding *f, const struct kta_ref *r)
{
    for (size_t i = 0; i < f->n_symptoms; i++)
        if (kta_ref_equal(&f->symptoms[i], r))
            return true;
    return false;
}

/* Does b say why the object of that reference is broken? */
static bool explains(const struct kta_finding *b, const struct kta_ref *r)
{
    return kta_ref_equal(&b->object, r) || has_symptom(b, r);
}

static bool is_effect(const struct kta_finding *f)
{
    static const char *const codes[] = {"Service.NoEndpoints", "Deployment.Stuck",
                                        "HPA.NoMetrics",       "PDB.Blocks",
                                        "Helm.Failed",         "CronJob.Blocked"};
    for (size_t i = 0; i < KTA_LEN(codes); i++)
        if (kta_streq(f->code, codes[i]))
            return true;
    return false;
}

static bool depends(const struct kta_finding *f)
{
    return kta_streq(f->code, "CrashLoop.DependencyUnreachable") ||
           kta_streq(f->code, "CrashLoop.DNS") || kta_streq(f->code, "Init.NeverEnds") ||
           kta_starts(f->code, "Probe.") || kta_streq(f->code, "Scheduling.Volume") ||
           kta_starts(f->code, "Ingress.") || kta_streq(f->code, "Webhook.Unavailable");
}

/* A Service that nothing serves, and that is known by the webhook that calls it: nothing of the
 * Service itself is to be mended. */
static bool left_of_webhook(const struct kta_finding *service, const struct kta_finding *hook)
{
    return kta_starts(service->code, "Service.") && !service->n_fixes &&
           kta_streq(hook->code, "Webhook.Unavailable") && has_symptom(hook, &service->object);
}

/* Is o the workload behind that Service? Then the Service fails for it, not the other way about. */
static bool serves(struct kta_world *w, const struct kta_ref *o, const struct kta_ref *service)
{
    if (!w || !kta_streq(service->kind, "Service"))
        return false;
    const struct kta_json *s =
        kta_world_get(w, "services", service->namespace_, service->name, NULL);
    const struct kta_json *workload = kta_world_get(w, o->kind, o->namespace_, o->name, NULL);
    return kta_json_len(kta_json_at(s, "spec.selector")) &&
           kta_map_matches(kta_json_at(s, "spec.selector"),
                           kta_json_at(kta_diag_template(workload), "metadata.labels"));
}

/* The finding that explains finding i, or -1. */
static long cause_of(struct kta_world *w, const struct kta_findings *f, size_t i)
{
    const struct kta_finding *a = f->v[i];
    for (size_t j = 0; j < f->n; j++) {
        const struct kta_finding *b = f->v[j];
        /* What rests at zero is no fault by itself, but the cause when something calls it. */
        if (j == i || (b->severity == KTA_INFO && !kta_streq(b->code, "Deployment.ScaledToZero") &&
                       !recovers(b)))
            continue;
        if (is_effect(a) && !is_effect(b)) {
            if (kta_ref_equal(&a->object, &b->object) || has_symptom(a, &b->object))
                return (long)j;
        }
        if (left_of_webhook(a, b))
            return (long)j;
        /* Two webhooks that call the same Service are each in the way. */
        if (depends(a) && !left_of_webhook(b, a) && !kta_streq(b->code, "Webhook.Unavailable") &&
            !kta_ref_equal(&a->object, &b->object)) {
            for (size_t s = 0; s < a->n_symptoms; s++)
                if (!kta_streq(a->symptoms[s].kind, "Pod") && explains(b, &a->symptoms[s]) &&
                    !serves(w, &a->object, &a->symptoms[s]) &&
                    !(depends(b) && has_symptom(b, &a->object)))
                    return (long)j;
        }
    }
    return -1;
}

/* Two reasons for the same pods: the better known one stays. */
static long better_known(const struct kta_findings *f, size_t i)
{
    static const char *const order[] = {"Memory.", "Image.",         "Config.",       "CrashLoop.",
                                        "Rights.", "Probe.Liveness", "Probe.Startup", "Probe."};
    const struct kta_finding *a = f->v[i];
    size_t mine = 0;
    while (mine < KTA_LEN(order) && !kta_starts(a->code, order[mine]))
        mine++;
    if (mine == KTA_LEN(order))
        return -1;
    for (size_t j = 0; j < f->n; j++) {
        const struct kta_finding *b = f->v[j];
        if (j == i || !kta_ref_equal(&a->object, &b->object) || b->severity < a->severity)
            continue;
        size_t its = 0;
        while (its < KTA_LEN(order) && !kta_starts(b->code, order[its]))
            its++;
        if (its == KTA_LEN(order))
            continue;
        bool vague =
            kta_streq(a->code, "CrashLoop.Exit") || kta_streq(a->code, "CrashLoop.Error") ||
            kta_streq(a->code, "CrashLoop.Completed") || kta_streq(a->code, "CrashLoop.Killed");
        if (kta_starts(a->code, "Probe.") && its < mine)
            return (long)j;
        if (vague && kta_starts(b->code, "CrashLoop.") && b->confidence > a->confidence)
            return (long)j;
        if (vague && its < mine)
            return (long)j;
    }
    return -1;
}

/* ---- owners that were not read: a custom resource, a kind that may not be read ---- */

static bool acts_on_template(const struct kta_fix *x)
{
    const char *verb = x->argv.n > 2 ? x->argv.v[1] : "";
    return kta_streq(verb, "patch") || kta_streq(verb, "set") || kta_streq(verb, "replace") ||
           kta_streq(verb, "scale");
}

/* What makes the pods again would undo a change of them: it is blamed, and what would change only
 * its pods is not proposed. */
static void blame_owner(struct kta_world *w, struct kta_finding *x)
{
    static const char *const made[][2] = {{"Pod", "pods"},
                                          {"ReplicaSet", "replicasets"},
                                          {"Job", "jobs"}};
    struct kta_json *o = NULL;
    for (size_t k = 0; k < KTA_LEN(made); k++)
        if (kta_streq(x->object.kind, made[k][0]))
            o = kta_world_get(w, made[k][1], x->object.namespace_, x->object.name, NULL);
    const struct kta_json *ref = o ? kta_obj_controller(o) : NULL;
    const char *kind = kta_json_str(ref, "kind"), *name = kta_json_str(ref, "name");
    if (!kind || !name || kta_starts(x->code, "Pod.") ||
        kta_world_uid(w, kta_json_str(ref, "uid")) || kta_streq(kind, "Node"))
        return;
    for (size_t i = 0; i < x->n_fixes;)
        if (acts_on_template(&x->fixes[i]))
            kta_finding_drop_fix(x, i);
        else
            i++;
    kta_auto_free char *what = kta_asprintf("%s %s", kind, name);
    if (!x->n_fixes && !x->advice)
        kta_finding_advice(x, "%s makes these pods: change it there.", what);
    kta_finding_quote(x, "metadata", "controlled by %s (%s)", what,
                      kta_or(kta_json_str(ref, "apiVersion"), "?"));
    kta_finding_symptom(x, x->object.kind, x->object.namespace_, x->object.name);
    kta_ref_set(&x->object, kind, x->object.namespace_, name);
}

void kta_fold(struct kta_world *w, struct kta_findings *f)
{
    for (size_t i = 0; w && i < f->n; i++)
        blame_owner(w, f->v[i]);
    for (size_t i = 0; i < f->n;) {
        long j = better_known(f, i);
        if (j >= 0)
            into(f, i, (size_t)j);
        else
            i++;
    }
    /* Effects first, so that what depends on a Service finds the Service beneath its cause. */
    for (int pass = 0; pass < 3; pass++)
        for (size_t i = 0; i < f->n;) {
            long j = pass == 0 && !is_effect(f->v[i]) ? -1 : cause_of(w, f, i);
            if (j >= 0) {
                into(f, i, (size_t)j);
                i = 0;
            } else {
                i++;
            }
        }
}
