/*
 * drift.c - what differs between a Helm release and the live workload, who changed it, and what
 * really restores it.
 *
 * helm 3 patches what differs between two manifests: what somebody added beside them stays, also
 * after a rollback that says "success". helm 4 applies on the server, where a field that another
 * manager owns is a conflict: nothing is restored unless conflicts are forced, and the failed try
 * counts as a revision, so the wanted one has to be named.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/helmrel.h"
#include "kta/http.h"
#include "kta/yaml.h"

#define RECORDS_MAX 12 /* of a release that are decoded, newest first */

struct drift {
    const char *release, *ns;
    struct kta_json *records; /* list of Secrets */
    struct kta_json *newest;  /* decoded */
    int64_t version, wanted;  /* wanted: the revision whose manifest the newest one meant */
    char *fields;             /* a line each */
    const char *who;
    int64_t when;
    bool in_chart; /* the release sets the (first) field that differs */
};

static void drift_release(struct drift *d)
{
    kta_json_free(d->records);
    kta_json_free(d->newest);
    free(d->fields);
}

static int64_t version_of(const struct kta_json *secret)
{
    const char *s = kta_obj_label(secret, "version");
    return s ? strtoll(s, NULL, 10) : 0;
}

static const struct kta_json *newest_below(const struct kta_json *records, int64_t below)
{
    const struct kta_json *best = NULL;
    kta_json_each(o, kta_json_get(records, "items")) if (version_of(o) < below &&
                                                         version_of(o) > version_of(best)) best = o;
    return best;
}

/* The release's records; false when they cannot be read. */
static bool read_records(struct kta_world *w, struct drift *d)
{
    kta_auto_str struct kta_str labels = KTA_STR_INIT;
    kta_auto_free char *query = kta_asprintf("owner=helm,name=%s", d->release);
    struct kta_err err = KTA_ERR_INIT;

    kta_url_escape(query, &labels);
    if (kta_cluster_get(kta_world_cluster(w), &d->records, &err,
                        "/api/v1/namespaces/%s/secrets?labelSelector=%s", d->ns, labels.s)) {
        if (err.http != 404)
            kta_world_note_missing(w, "the records of Helm release %s: %s", d->release, err.msg);
        return false;
    }
    const struct kta_json *newest = newest_below(d->records, INT64_MAX);
    if (!newest || kta_helm_release_decode(newest, &d->newest, &err))
        return false;
    d->version = version_of(newest);
    return true;
}

/* A rollback's record has the manifest of the revision that it goes back to. */
static void find_wanted(struct drift *d)
{
    const char *mine = kta_or(kta_json_str(d->newest, "manifest"), "");
    int64_t below = d->version;

    for (int i = 0; i < RECORDS_MAX && !d->wanted; i++) {
        const struct kta_json *secret = newest_below(d->records, below);
        kta_auto_json struct kta_json *older = NULL;
        struct kta_err ignored = KTA_ERR_INIT;
        if (!secret)
            return;
        below = version_of(secret);
        if (kta_streq(kta_obj_label(secret, "status"), "failed") ||
            kta_helm_release_decode(secret, &older, &ignored))
            continue;
        if (kta_streq(kta_or(kta_json_str(older, "manifest"), ""), mine))
            d->wanted = below;
    }
}

/* The object of that kind and name as the release has it; taken out of *docs, which owns it. */
static const struct kta_json *in_manifest(const struct drift *d, const struct kta_json *o,
                                          struct kta_json **docs)
{
    const char *text = kta_or(kta_json_str(d->newest, "manifest"), "");
    struct kta_err ignored = KTA_ERR_INIT;

    if (kta_yaml_parse_all(text, strlen(text), docs, &ignored))
        return NULL;
    kta_json_each(x, *docs) if (kta_streq(kta_obj_kind(x), kta_obj_kind(o)) &&
                                kta_streq(kta_obj_name(x), kta_obj_name(o))) return x;
    return NULL;
}

static bool helm_or_controller(const char *who)
{
    static const char *const names[] = {"helm", "kube-", "kubelet", "Helm"};
    for (size_t i = 0; i < KTA_LEN(names); i++)
        if (kta_starts(who, names[i]))
            return true;
    return false;
}

/* Keeps the lines of a difference whose field somebody else owns. */
static void judge_line(struct kta_world *w, struct drift *d, const struct kta_json *o,
                       const char *line, struct kta_str *out)
{
    kta_auto_free char *path = kta_strndup(line, strcspn(line, ":"));
    kta_auto_free char *full = kta_starts(path, "metadata.")
                                   ? kta_asprintf("spec.template.%s", path)
                                   : kta_asprintf("spec.template.spec.%s", path);
    const char *who;
    int64_t when;

    (void)w;
    if (!kta_managed_by(o, full, &who, &when) || helm_or_controller(who))
        return;
    if (!out->len || when > d->when) {
        d->who = who;
        d->when = when;
    }
    if (!out->len)
        d->in_chart = !kta_starts(line + strlen(path), ": (none) ->");
    kta_str_addf(out, "%s\n", line);
}

static bool find_drift(struct kta_world *w, const struct kta_json *o, struct drift *d)
{
    kta_auto_json struct kta_json *docs = NULL;
    kta_auto_str struct kta_str all = KTA_STR_INIT;
    struct kta_str fields = KTA_STR_INIT;
    const struct kta_json *wanted = in_manifest(d, o, &docs);

    if (wanted)
        (void)kta_template_diff(kta_json_at(wanted, "spec.template"),
                                kta_json_at(o, "spec.template"), &all);
    for (const char *p = all.s; *p;) {
        size_t n = strcspn(p, "\n");
        kta_auto_free char *line = kta_strndup(p, n);
        judge_line(w, d, o, line, &fields);
        p += n + (p[n] == '\n');
    }
    bool any = fields.len > 0;
    d->fields = kta_str_detach(&fields);
    return any;
}

/* ---- what it means for a finding ---- */

static void first_fix(struct kta_finding *f)
{
    struct kta_fix last = f->fixes[f->n_fixes - 1];
    memmove(&f->fixes[1], &f->fixes[0], (f->n_fixes - 1) * sizeof *f->fixes);
    f->fixes[0] = last;
}

static void fix_rollback(struct kta_world *w, struct kta_finding *f, const struct drift *d,
                         bool force)
{
    const char *context = kta_cluster_context(kta_world_cluster(w));
    struct kta_fix *x =
        kta_finding_fix(f, KTA_RISK_MEDIUM, /* undoable= */ true,
                        "roll release %s back to revision %lld%s", d->release, (long long)d->wanted,
                        force ? ", taking the fields back from whoever changed them" : "");
    kta_argv_addl(&x->argv, "helm", "rollback", d->release, NULL);
    kta_argv_addf(&x->argv, "%lld", (long long)d->wanted);
    kta_argv_addl(&x->argv, "-n", d->ns, NULL);
    if (force)
        kta_argv_addl(&x->argv, "--force-conflicts", NULL);
    if (context && *context)
        kta_argv_addl(&x->argv, "--kube-context", context, NULL);
    first_fix(f);
}

static void tell(struct kta_world *w, struct kta_finding *f, const struct drift *d)
{
    const char *status = kta_or(kta_json_str(d->newest, "info.status"), "?");
    const char *description = kta_or(kta_json_str(d->newest, "info.description"), "");
    bool failed = kta_streq(status, "failed");
    bool ssa = kta_streq(kta_json_str(d->newest, "apply_method"), "ssa");
    bool conflict = failed && kta_stristr(description, "conflict");
    kta_auto_free char *field = kta_diag_first_line(d->fields, 300);
    kta_auto_str struct kta_str age = KTA_STR_INIT;

    kta_finding_quote(f, "helm release", "%s revision %lld: %s: %.600s", d->release,
                      (long long)d->version, status, description);
    if (!*d->fields)
        return;
    kta_finding_quote(f, "drift from the release", "%.*s", KTA_DIAG_QUOTE, d->fields);
    kta_diag_age(w, d->when, &age);
    free(f->change);
    f->change = kta_asprintf("%s %s changed %s, against Helm release %s%s", age.s, d->who, field,
                             d->release,
                             conflict ? ", and the rollback after it failed: it met that conflict"
                             : failed ? ", whose last revision failed"
                                      : "");
    if (ssa && d->in_chart) {
        if (!d->wanted)
            return;
        fix_rollback(w, f, d, /* force= */ true);
        kta_finding_advice(f,
                           "A plain 'helm rollback' ends in a conflict with %s and restores "
                           "nothing; name the revision (%lld), since the failed try counts as one.",
                           d->who, (long long)d->wanted);
    } else if (!d->in_chart) {
        kta_finding_advice(f,
                           "Release %s does not set that field, so 'helm rollback' leaves it as it "
                           "is, also when it says success: the workload itself must be put back.",
                           d->release);
    }
}

static void fold_release(struct kta_findings *f, const struct kta_finding *keep,
                         const struct drift *d)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i] != keep && kta_starts(f->v[i]->code, "Helm.") &&
            kta_streq(f->v[i]->object.name, d->release) &&
            kta_streq(f->v[i]->object.namespace_, d->ns)) {
            kta_findings_drop(f, i);
            return;
        }
}

void kta_drift_apply(struct kta_world *w, struct kta_findings *f)
{
    static const char *const kinds[][2] = {{"Deployment", "deployments"},
                                           {"StatefulSet", "statefulsets"},
                                           {"DaemonSet", "daemonsets"}};
    int looked = 0;
    for (size_t i = 0; i < f->n && looked < 5; i++) {
        struct kta_finding *x = f->v[i];
        struct kta_json *o = NULL;
        for (size_t k = 0; k < KTA_LEN(kinds) && !o; k++)
            if (kta_streq(x->object.kind, kinds[k][0]))
                o = kta_world_get(w, kinds[k][1], x->object.namespace_, x->object.name, NULL);
        struct drift d = {.release = kta_obj_annotation(o, "meta.helm.sh/release-name"),
                          .ns = kta_obj_annotation(o, "meta.helm.sh/release-namespace"),
                          .when = KTA_NO_TIME};
        if (!d.release || !d.ns || x->severity == KTA_INFO)
            continue;
        looked++;
        if (read_records(w, &d)) {
            find_wanted(&d);
            if (!d.wanted && !kta_streq(kta_json_str(d.newest, "info.status"), "failed"))
                d.wanted = d.version;
            bool drifted = find_drift(w, o, &d);
            tell(w, x, &d);
            if (drifted)
                fold_release(f, x, &d);
            i = 0;
            while (i < f->n && f->v[i] != x)
                i++;
        }
        drift_release(&d);
    }
}
