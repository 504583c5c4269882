/*
 * helm.c - releases that failed or hang, known from the labels of Helm's own Secrets.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"

static bool is_release(const struct kta_json *secret)
{
    return kta_streq(kta_obj_label(secret, "owner"), "helm") &&
           kta_starts(kta_or(kta_obj_name(secret), ""), "sh.helm.release.v1.");
}

static long version(const struct kta_json *secret)
{
    return strtol(kta_or(kta_obj_label(secret, "version"), "0"), NULL, 10);
}

/* Helm itself waits longer only with --wait, for what is not ready by then (seconds). */
#define HELM_TAKES 60

/* "failed pre-install: …", "pre-upgrade hooks failed: …": of several hooks the description names
 * the one. hooks: "pre-install,pre-upgrade". */
static bool failed_as(const char *hooks, const char *description)
{
    for (size_t n; hooks && *hooks; hooks += n + (hooks[n] == ',')) {
        n = strcspn(hooks, ",");
        kta_auto_free char *first = kta_asprintf("failed %.*s", (int)n, hooks);
        kta_auto_free char *later = kta_asprintf("%.*s hooks failed", (int)n, hooks);
        if (n && (strstr(description, first) || strstr(description, later)))
            return true;
    }
    return false;
}

/* A job or pod of its hooks that failed is what the release failed for. */
static void failed_hooks(struct kta_world *w, struct kta_finding *f, const char *description,
                         const struct kta_findings *out)
{
    static const char *const kinds[] = {"jobs", "pods"};
    for (size_t k = 0; k < KTA_LEN(kinds); k++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, kinds[k], f->object.namespace_, &v);
        for (size_t i = 0; i < n; i++)
            if (failed_as(kta_obj_annotation(v[i], "helm.sh/hook"), description) &&
                kta_diag_find(out, NULL, v[i]))
                kta_finding_symptom(f, kta_obj_kind(v[i]), kta_obj_namespace(v[i]),
                                    kta_obj_name(v[i]));
    }
}

static void release(struct kta_world *w, struct kta_json *const *v, size_t n, size_t i,
                    struct kta_findings *out)
{
    const char *name = kta_obj_label(v[i], "name"), *ns = kta_obj_namespace(v[i]);
    const char *status = kta_or(kta_obj_label(v[i], "status"), "");
    const struct kta_json *good = NULL;
    for (size_t k = 0; k < n; k++) {
        if (!is_release(v[k]) || !kta_streq(kta_obj_label(v[k], "name"), name))
            continue;
        if (version(v[k]) > version(v[i]))
            return; /* an older revision */
        const char *s = kta_obj_label(v[k], "status");
        if (k != i && (kta_streq(s, "deployed") || kta_streq(s, "superseded")) &&
            (!good || version(v[k]) > version(good)))
            good = v[k];
    }
    bool bad = kta_streq(status, "failed");
    bool hangs = kta_starts(status, "pending-") && !kta_diag_settling(w, v[i], HELM_TAKES);
    if (!bad && !hangs)
        return;
    struct kta_finding *f = kta_findings_add(out, bad ? "Helm.Failed" : "Helm.Pending", KTA_WARNING,
                                             "Release", ns, name, 0.9);
    f->since = kta_obj_created(v[i]);
    if (bad)
        kta_finding_summary(f, "Helm release %s: revision %ld failed", name, version(v[i]));
    else
        kta_finding_summary(f,
                            "Helm release %s hangs in %s at revision %ld: Helm refuses further "
                            "upgrades",
                            name, status, version(v[i]));
    kta_finding_quote(f, "secrets", "%s: status %s", kta_obj_name(v[i]), status);
    kta_auto_json struct kta_json *record = kta_helm_newest(w, ns, name);
    const char *description = kta_json_str(record, "info.description");
    if (description && *description)
        kta_finding_quote(f, "helm release", "%.*s", KTA_DIAG_QUOTE, description);
    if (description && bad)
        failed_hooks(w, f, description, out);
    /* The first one, cut off: its own manifest, applied anew, brings it to its end. */
    bool first = hangs && !good;
    if (good || first) {
        const struct kta_json *to = good ? good : v[i];
        const char *context = kta_cluster_context(kta_world_cluster(w));
        struct kta_fix *x =
            kta_finding_fix(f, KTA_RISK_MEDIUM, /* undoable= */ true,
                            first ? "bring release %s to what its revision %ld holds, without "
                                    "its hooks for an install"
                                  : "roll release %s back to revision %ld",
                            name, version(to));
        kta_argv_addl(&x->argv, "helm", "rollback", name, NULL);
        kta_argv_addf(&x->argv, "%ld", version(to));
        kta_argv_addl(&x->argv, "-n", ns, NULL);
        if (context && *context)
            kta_argv_addl(&x->argv, "--kube-context", context, NULL);
    }
    kta_finding_advice(f,
                       "helm status %s -n %s tells what failed; a rollback counts only when the "
                       "workload is seen to recover.",
                       name, ns);
}

void kta_analyze_helm(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    struct kta_json *const *v;
    if (kta_world_has_focus(w))
        return;
    size_t n = kta_world_list(w, "secrets", ns, &v);
    for (size_t i = 0; i < n; i++)
        if (is_release(v[i]))
            release(w, v, n, i, out);
}
