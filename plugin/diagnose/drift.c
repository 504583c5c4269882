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
    bool only_replicas;
    int64_t rolled_out; /* when its newest ReplicaSet was made, if that was after the release */
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
    kta_json_each(o, kta_json_get(records, "items"))
        if (version_of(o) < below && version_of(o) > version_of(best))
            best = o;
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

/* The object of that kind and name as a revision has it; taken out of *docs, which owns it. */
static const struct kta_json *in_manifest(const struct kta_json *record, const struct kta_json *o,
                                          struct kta_json **docs)
{
    const char *text = kta_or(kta_json_str(record, "manifest"), "");
    struct kta_err ignored = KTA_ERR_INIT;

    if (kta_yaml_parse_all(text, strlen(text), docs, &ignored))
        return NULL;
    kta_json_each(x, *docs)
        if (kta_streq(kta_obj_kind(x), kta_obj_kind(o)) &&
            kta_streq(kta_obj_name(x), kta_obj_name(o)))
            return x;
    return NULL;
}

/* How many pods a manifest asks for: one, where it says nothing. */
static bool at_rest(const struct kta_json *o)
{
    return kta_json_int(o, "spec.replicas", 1) == 0;
}

/* The newest revision before this one that came to be and had another template for the object, or
 * let it run where this one does not. */
static int64_t revision_before(struct drift *d, const struct kta_json *o)
{
    kta_auto_json struct kta_json *now_docs = NULL;
    const struct kta_json *now = in_manifest(d->newest, o, &now_docs);
    int64_t below = d->version;

    for (int i = 0; i < RECORDS_MAX && now; i++) {
        const struct kta_json *secret = newest_below(d->records, below);
        const char *status = kta_obj_label(secret, "status");
        kta_auto_json struct kta_json *older = NULL, *docs = NULL;
        kta_auto_str struct kta_str differs = KTA_STR_INIT;
        struct kta_err ignored = KTA_ERR_INIT;
        if (!secret)
            return 0;
        below = version_of(secret);
        if ((!kta_streq(status, "deployed") && !kta_streq(status, "superseded")) ||
            kta_helm_release_decode(secret, &older, &ignored))
            continue;
        const struct kta_json *then = in_manifest(older, o, &docs);
        if (then && ((at_rest(now) && !at_rest(then)) ||
                     kta_template_diff(kta_diag_template(then), kta_diag_template(now), &differs)))
            return below;
    }
    return 0;
}

static bool helm_or_controller(const char *who)
{
    static const char *const names[] = {"helm", "kube-", "kubelet", "Helm"};
    for (size_t i = 0; i < KTA_LEN(names); i++)
        if (kta_starts(who, names[i]))
            return true;
    return false;
}

/* Who changed the object last, apart from Helm and the cluster's controllers: a field that was
 * taken out has no manager any more. */
static bool last_hand(const struct kta_json *o, const char **ret_who, int64_t *ret_when)
{
    *ret_when = KTA_NO_TIME;
    kta_json_each(m, kta_json_at(o, "metadata.managedFields")) {
        const char *who = kta_or(kta_json_str(m, "manager"), "someone");
        int64_t t = kta_time_parse(kta_json_str(m, "time"));
        if (kta_json_str(m, "subresource") || helm_or_controller(who) || t == KTA_NO_TIME ||
            (*ret_when != KTA_NO_TIME && t < *ret_when))
            continue;
        *ret_who = who;
        *ret_when = t;
    }
    return *ret_when != KTA_NO_TIME;
}

/* Written out or left out, it is the same to the API server. */
static bool means_none(const char *value)
{
    static const char *const values[] = {"{}", "[]", "null", "\"\"", "false", "0"};
    for (size_t i = 0; i < KTA_LEN(values); i++)
        if (kta_starts(value, values[i]) && kta_starts(value + strlen(values[i]), " -> "))
            return true;
    return false;
}

/* What the API server fills in where nothing is said (its defaults for a pod template): whoever
 * wrote the whole object back, as an undo does, owns these too. */
static bool filled_in(const char *path, const char *change)
{
    static const struct {
        const char *field, *value;
    } defaults[] = {
        {"resources", "{}"},
        {"securityContext", "{}"},
        {"terminationMessagePath", "/dev/termination-log"},
        {"terminationMessagePolicy", "File"},
        {"imagePullPolicy", "IfNotPresent"},
        {"imagePullPolicy", "Always"},
        {"restartPolicy", "Always"},
        {"terminationGracePeriodSeconds", "30"},
        {"dnsPolicy", "ClusterFirst"},
        {"schedulerName", "default-scheduler"},
        {"protocol", "TCP"},
        {"scheme", "HTTP"},
        {"periodSeconds", "10"},
        {"timeoutSeconds", "1"},
        {"successThreshold", "1"},
        {"failureThreshold", "3"},
        {"defaultMode", "420"},
        {"apiVersion", "v1"},
        {"creationTimestamp", "null"},
    };
    const char *dot = strrchr(path, '.'), *field = dot ? dot + 1 : path;
    const char *value = change + strlen("(none) -> ");

    if (!kta_starts(change, "(none) -> "))
        return false;
    for (size_t i = 0; i < KTA_LEN(defaults); i++)
        if (kta_streq(field, defaults[i].field) && kta_streq(value, defaults[i].value))
            return true;
    return kta_streq(field, "serviceAccount"); /* the old name of serviceAccountName */
}

/* Keeps the lines of a difference whose field somebody else owns, or took out. */
static void judge_line(struct drift *d, const struct kta_json *o, const char *line,
                       struct kta_str *out)
{
    kta_auto_free char *path = kta_strndup(line, strcspn(line, ":"));
    kta_auto_free char *full = kta_starts(path, "metadata.")
                                   ? kta_asprintf("spec.template.%s", path)
                                   : kta_asprintf("spec.template.spec.%s", path);
    const char *who;
    int64_t when;

    if (kta_ends(line, " -> (none)")) {
        if (means_none(line + strlen(path) + 2))
            return;
        if (!last_hand(o, &who, &when)) {
            who = "somebody";
            when = d->rolled_out;
        }
    } else if (filled_in(path, line + strlen(path) + 2) || !kta_managed_by(o, full, &who, &when) ||
               helm_or_controller(who)) {
        return;
    }
    if (!out->len || when > d->when) {
        d->who = who;
        d->when = when;
    }
    if (!out->len)
        d->in_chart = !kta_starts(line + strlen(path), ": (none) ->");
    kta_str_addf(out, "%s\n", line);
}

/* The number of pods, where no autoscaler is to set it. */
static void judge_replicas(struct kta_world *w, struct drift *d, const struct kta_json *o,
                           const struct kta_json *wanted, struct kta_str *out)
{
    int64_t mine = kta_json_int(wanted, "spec.replicas", -1),
            its = kta_json_int(o, "spec.replicas", -1);
    struct kta_json *const *v;
    const char *who;
    int64_t when;
    if (mine < 0 || its < 0 || mine == its || !kta_managed_by(o, "spec.replicas", &who, &when) ||
        helm_or_controller(who))
        return;
    size_t n = kta_world_list(w, "horizontalpodautoscalers", d->ns, &v);
    for (size_t i = 0; i < n; i++)
        if (kta_streq(kta_json_str(v[i], "spec.scaleTargetRef.name"), kta_obj_name(o)))
            return;
    if (!out->len) {
        d->who = who;
        d->when = when;
        d->in_chart = d->only_replicas = true;
    }
    kta_str_addf(out, "replicas: %lld -> %lld\n", (long long)mine, (long long)its);
}

static bool find_drift(struct kta_world *w, const struct kta_json *o, struct drift *d)
{
    kta_auto_json struct kta_json *docs = NULL;
    kta_auto_str struct kta_str all = KTA_STR_INIT;
    struct kta_str fields = KTA_STR_INIT;
    const struct kta_json *wanted = in_manifest(d->newest, o, &docs);

    if (wanted && kta_json_get(kta_json_get(o, "spec"), "template")) /* not of a CronJob */
        (void)kta_template_diff(kta_json_at(wanted, "spec.template"),
                                kta_json_at(o, "spec.template"), &all);
    for (const char *p = all.s; *p;) {
        size_t n = strcspn(p, "\n");
        kta_auto_free char *line = kta_strndup(p, n);
        judge_line(d, o, line, &fields);
        p += n + (p[n] == '\n');
    }
    judge_replicas(w, d, o, wanted, &fields);
    bool any = fields.len > 0;
    d->fields = kta_str_detach(&fields);
    return any;
}

/* ---- what it means for a finding ---- */

static void fix_rollback(struct kta_world *w, struct kta_finding *f, const struct drift *d,
                         int64_t revision, bool force)
{
    const char *context = kta_cluster_context(kta_world_cluster(w));
    struct kta_fix *x =
        kta_finding_fix(f, KTA_RISK_MEDIUM, /* undoable= */ true,
                        "roll release %s back to revision %lld%s", d->release, (long long)revision,
                        force ? ", taking the fields back from whoever changed them" : "");
    kta_argv_addl(&x->argv, "helm", "rollback", d->release, NULL);
    kta_argv_addf(&x->argv, "%lld", (long long)revision);
    kta_argv_addl(&x->argv, "-n", d->ns, NULL);
    if (force)
        kta_argv_addl(&x->argv, "--force-conflicts", NULL);
    if (context && *context)
        kta_argv_addl(&x->argv, "--kube-context", context, NULL);
    kta_finding_last_fix_first(f);
}

static void tell(struct kta_world *w, struct kta_finding *f, const struct drift *d)
{
    const char *status = kta_or(kta_json_str(d->newest, "info.status"), "?");
    const char *description = kta_or(kta_json_str(d->newest, "info.description"), "");
    bool failed = kta_streq(status, "failed");
    bool ssa = kta_streq(kta_json_str(d->newest, "apply_method"), "ssa");
    bool conflict = failed && kta_stristr(description, "conflict");
    kta_auto_free char *field = kta_diag_first_line(d->fields, 300);

    kta_finding_quote(f, "helm release", "%s revision %lld: %s: %.600s", d->release,
                      (long long)d->version, status, description);
    if (!*d->fields)
        return;
    kta_finding_quote(f, "drift from the release", "%.*s", KTA_DIAG_QUOTE, d->fields);
    kta_diag_changed(w, f, d->when, "%s changed %s, against Helm release %s%s", d->who, field,
                     d->release,
                     conflict ? ", and the rollback after it failed: it met that conflict"
                     : failed ? ", whose last revision failed"
                              : "");
    if (ssa && d->in_chart) {
        if (!d->wanted)
            return;
        fix_rollback(w, f, d, d->wanted, /* force= */ true);
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

/* Did the upgrade fail only for want of ready pods? Then their trouble is its cause. */
static bool failed_waiting(const struct drift *d)
{
    static const char *const says[] = {"timed out", "deadline", "not ready", "Failed to become"};
    const char *description = kta_or(kta_json_str(d->newest, "info.description"), "");
    if (!kta_streq(kta_json_str(d->newest, "info.status"), "failed"))
        return false;
    for (size_t i = 0; i < KTA_LEN(says); i++)
        if (kta_stristr(description, says[i]))
            return true;
    return false;
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

static void begin(struct drift *d, const struct kta_json *o)
{
    *d = (struct drift){.release = kta_obj_annotation(o, "meta.helm.sh/release-name"),
                        .ns = kta_obj_annotation(o, "meta.helm.sh/release-namespace"),
                        .when = KTA_NO_TIME};
}

static void find_good(struct drift *d)
{
    find_wanted(d);
    if (!d->wanted && !kta_streq(kta_json_str(d->newest, "info.status"), "failed"))
        d->wanted = d->version;
}

/* Does the revision hold what the finding misses? Of the newest one its name is enough; of an
 * older one, which held much that is gone for good, the finding names its kind too. */
static bool holds_missing(struct kta_world *w, struct kta_finding *f, const struct drift *d,
                          const struct kta_json *record, int64_t revision)
{
    static const char *const kinds[][2] = {{"ConfigMap", "configmaps"},
                                           {"Secret", "secrets"},
                                           {"Service", "services"},
                                           {"ServiceAccount", "serviceaccounts"},
                                           {"PersistentVolumeClaim", "persistentvolumeclaims"}};
    const char *text = kta_or(kta_json_str(record, "manifest"), "");
    kta_auto_json struct kta_json *docs = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    if (kta_yaml_parse_all(text, strlen(text), &docs, &ignored))
        return false;
    kta_json_each(x, docs)
        for (size_t k = 0; k < KTA_LEN(kinds); k++) {
            const char *name = kta_or(kta_obj_name(x), "");
            kta_auto_free char *full = kta_asprintf("%s %s ", kinds[k][0], name);
            bool known;
            if (!kta_streq(kta_obj_kind(x), kinds[k][0]) ||
                !strstr(f->summary, revision == d->wanted ? name : full) ||
                kta_world_get(w, kinds[k][1], d->ns, name, &known) || !known)
                continue;
            kta_finding_quote(f, "helm release",
                              "revision %lld of %s has the %s %s, and it is gone",
                              (long long)revision, d->release, kinds[k][0], name);
            return true;
        }
    return false;
}

/* What the finding misses, the release has or had: somebody deleted it, or an upgrade dropped or
 * renamed it. A rollback makes it again. */
static bool find_missing(struct kta_world *w, struct kta_finding *f, const struct drift *d)
{
    int64_t below = d->version;
    if (d->wanted && holds_missing(w, f, d, d->newest, d->wanted)) {
        fix_rollback(w, f, d, d->wanted, /* force= */ false);
        return true;
    }
    for (int i = 0; i < RECORDS_MAX; i++) {
        const struct kta_json *secret = newest_below(d->records, below);
        kta_auto_json struct kta_json *older = NULL;
        struct kta_err ignored = KTA_ERR_INIT;
        if (!secret)
            return false;
        below = version_of(secret);
        if (kta_streq(kta_obj_label(secret, "status"), "failed") ||
            kta_helm_release_decode(secret, &older, &ignored) ||
            !holds_missing(w, f, d, older, below))
            continue;
        fix_rollback(w, f, d, below, /* force= */ false);
        return true;
    }
    return false;
}

/* What Helm changed, Helm takes back: else the live object and the release part. */
static void only_by_helm(struct kta_finding *f)
{
    for (size_t i = f->n_fixes; i-- > 0;)
        if (f->fixes[i].argv.n > 2 && kta_streq(f->fixes[i].argv.v[1], "rollout") &&
            kta_streq(f->fixes[i].argv.v[2], "undo"))
            kta_finding_drop_fix(f, i);
}

#define LOOKED_MAX 5 /* releases whose records are read, of either kind */

static const char *const workload_kinds[][2] = {{"Deployment", "deployments"},
                                                {"StatefulSet", "statefulsets"},
                                                {"DaemonSet", "daemonsets"},
                                                {"CronJob", "cronjobs"}};

void kta_drift_apply(struct kta_world *w, struct kta_findings *f)
{
    int looked = 0;
    for (size_t i = 0; i < f->n && looked < LOOKED_MAX; i++) {
        struct kta_finding *x = f->v[i];
        struct kta_json *o = NULL;
        struct drift d;
        for (size_t k = 0; k < KTA_LEN(workload_kinds) && !o; k++)
            if (kta_streq(x->object.kind, workload_kinds[k][0]))
                o = kta_world_get(w, workload_kinds[k][1], x->object.namespace_, x->object.name,
                                  NULL);
        begin(&d, o);
        if (!d.release || !d.ns || x->severity == KTA_INFO || kta_streq(x->code, "Helm.Drift"))
            continue;
        looked++;
        if (read_records(w, &d)) {
            find_good(&d);
            bool drifted = find_drift(w, o, &d);
            tell(w, x, &d);
            bool missing = find_missing(w, x, &d);
            int64_t back = drifted || missing ? 0 : revision_before(&d, o);
            back = x->change || failed_waiting(&d) || kta_streq(x->code, "Deployment.ScaledToZero")
                       ? back
                       : 0;
            if (back)
                fix_rollback(w, x, &d, back, /* force= */ false);
            if (back || missing)
                only_by_helm(x);
            if (drifted || failed_waiting(&d))
                fold_release(f, x, &d);
            i = 0;
            while (i < f->n && f->v[i] != x)
                i++;
        }
        drift_release(&d);
    }
}

struct kta_json *kta_helm_newest(struct kta_world *w, const char *ns, const char *release)
{
    struct drift d = {.release = release, .ns = ns};
    struct kta_json *newest = read_records(w, &d) ? KTA_STEAL(d.newest) : NULL;
    drift_release(&d);
    return newest;
}

/* ---- what runs well and is not as the release has it ---- */

/* Did pods of the workload fail again and again before it was changed? Then the change mended it.
 */
static bool was_broken(struct kta_world *w, const struct kta_json *o, int64_t before)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "events", kta_obj_namespace(o), &v), len = strlen(kta_obj_name(o));
    for (size_t i = 0; i < n; i++) {
        const char *name = kta_or(kta_json_str(v[i], "involvedObject.name"), "");
        if (kta_streq(kta_json_str(v[i], "type"), "Warning") &&
            !strncmp(name, kta_obj_name(o), len) && (!name[len] || name[len] == '-') &&
            kta_event_first(v[i]) <= before && kta_event_count(v[i]) > 1)
            return true;
    }
    return false;
}

static void drifted(struct kta_world *w, const struct kta_json *o, const struct drift *d,
                    struct kta_findings *out)
{
    bool by_hand = kta_starts(d->who, "kubectl") || kta_streq(d->who, "somebody");
    struct kta_finding *f =
        kta_diag_add(out, "Helm.Drift",
                     by_hand && !was_broken(w, o, d->when) ? KTA_WARNING : KTA_INFO, o, 0.85);
    kta_auto_free char *ref = kta_diag_ref(o);
    struct kta_change c = {0};
    struct kta_json *live = kta_world_uid(w, kta_obj_uid(o));

    f->since = d->when;
    kta_finding_summary(f,
                        "%s is not as Helm release %s has it: the next upgrade takes that back, or "
                        "meets a conflict",
                        ref, d->release);
    tell(w, f, d);
    kta_auto_free char *body =
        kta_asprintf("{\"spec\":{\"replicas\":%ld}}", strtol(strchr(d->fields, ' '), NULL, 10));
    if (d->only_replicas)
        (void)kta_fix_patch(w, f, KTA_RISK_HIGH, o, KTA_PATCH_MERGE, body,
                            "run as many pods as the release says");
    else if (d->in_chart && d->wanted && !f->n_fixes)
        fix_rollback(w, f, d, d->wanted, /* force= */ false);
    if (!d->only_replicas && live && kta_change_of(w, live, &c))
        (void)kta_fix_undo(w, f, o, &c);
    kta_change_release(&c);
    /* It runs well, and somebody may have meant it: never without being asked. */
    for (size_t i = 0; i < f->n_fixes; i++)
        f->fixes[i].risk = KTA_RISK_HIGH;
    kta_finding_advice(f, "Or put the change into the chart's values, if it is to stay.");
}

/* A template that is younger than the release: the newest ReplicaSet tells. A field that was taken
 * out leaves no other trace. */
static int64_t rolled_out_since(struct kta_world *w, const struct kta_json *o,
                                const struct drift *d)
{
    struct kta_json *const *v;
    int64_t released = KTA_NO_TIME, rolled = KTA_NO_TIME;
    size_t n =
        kta_world_has_list(w, "secrets", d->ns) ? kta_world_list(w, "secrets", d->ns, &v) : 0;
    for (size_t i = 0; i < n; i++)
        if (kta_streq(kta_obj_label(v[i], "owner"), "helm") &&
            kta_streq(kta_obj_label(v[i], "name"), d->release) && kta_obj_created(v[i]) > released)
            released = kta_obj_created(v[i]);
    n = kta_world_list(w, "replicasets", d->ns, &v);
    for (size_t i = 0; i < n; i++)
        if (kta_obj_owned_by(v[i], kta_obj_uid(o)) && kta_obj_created(v[i]) > rolled)
            rolled = kta_obj_created(v[i]);
    return released != KTA_NO_TIME && rolled > released + 1 ? rolled : KTA_NO_TIME;
}

/* Somebody who is neither Helm nor a controller owns something in it, or its pods are of a newer
 * template: else nothing is read. */
static bool touched(struct kta_world *w, const struct kta_json *o, struct drift *d)
{
    const char *who;
    int64_t when;
    d->rolled_out = rolled_out_since(w, o, d);
    if (d->rolled_out != KTA_NO_TIME)
        return true;
    bool scaled = kta_managed_by(o, "spec.replicas", &who, &when) && !helm_or_controller(who);
    return last_hand(o, &who, &when) || scaled;
}

void kta_analyze_drift(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    int looked = 0;
    for (size_t k = 0; k < KTA_LEN(workload_kinds); k++) {
        struct kta_json *const *v;
        bool there = kta_world_has_list(w, workload_kinds[k][1], ns); /* not read for this alone */
        size_t n = there ? kta_world_list(w, workload_kinds[k][1], ns, &v) : 0;
        for (size_t i = 0; i < n && looked < LOOKED_MAX; i++) {
            struct drift d;
            begin(&d, v[i]);
            const struct kta_finding *f = kta_diag_find(out, NULL, v[i]);
            if (!d.release || !d.ns || (f && f->severity != KTA_INFO) ||
                !kta_world_focused(w, v[i]) || !touched(w, v[i], &d))
                continue;
            looked++;
            if (read_records(w, &d)) {
                find_good(&d);
                if (find_drift(w, v[i], &d))
                    drifted(w, v[i], &d, out);
            }
            drift_release(&d);
        }
    }
}
