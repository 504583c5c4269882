/*
 * learn.c - the values of Secrets that pods in sight refer to, and of telling variables, so that
 * redaction knows them wherever they turn up: in a log, an argument, an event.
 *
 * The values go into the redaction session and nowhere else: not into the world, not into a
 * snapshot. A Secret that may not be read (403) or is not there stays unknown without a word:
 * whether a pod lacks one is an analyzer's business. readSecrets: false switches all of it off.
 */
#include "diag.h"
#include "kta/alloc.h"
#include "kta/diagnose.h"
#include "kta/kinds.h"
#include "kta/learn.h"
#include "kta/obj.h"

enum { MAX_SECRETS = 64 /* of one question */ };

struct wanted {
    struct kta_world *w;
    const char *ns;
    struct kta_argv *seen; /* "namespace/name" of all that were ever wanted for this world */
    size_t first;          /* those from here on are new */
};

static void want(struct wanted *k, const char *name)
{
    kta_auto_free char *full = NULL;

    if (!name || !*name || k->seen->n >= MAX_SECRETS)
        return;
    full = kta_asprintf("%s/%s", k->ns, name);
    for (size_t i = 0; i < k->seen->n; i++)
        if (kta_streq(k->seen->v[i], full))
            return;
    kta_argv_add(k->seen, full);
}

static void of_containers(struct wanted *k, const struct kta_json *containers)
{
    kta_json_each(c, containers) {
        kta_auto_json struct kta_json *env = kta_json_copy(kta_json_get(c, "env"));
        if (env) /* values that are secret by their variable's name */
            kta_redact_object(kta_world_redact(k->w), env);
        kta_json_each(e, kta_json_get(c, "env"))
            want(k, kta_json_str(e, "valueFrom.secretKeyRef.name"));
        kta_json_each(e, kta_json_get(c, "envFrom"))
            want(k, kta_json_str(e, "secretRef.name"));
    }
}

static void of_spec(struct wanted *k, const char *ns, const struct kta_json *spec)
{
    k->ns = ns;
    of_containers(k, kta_json_get(spec, "initContainers"));
    of_containers(k, kta_json_get(spec, "containers"));
    of_containers(k, kta_json_get(spec, "ephemeralContainers"));
    kta_json_each(v, kta_json_get(spec, "volumes")) {
        want(k, kta_json_str(v, "secret.secretName"));
        kta_json_each(s, kta_json_at(v, "projected.sources"))
            want(k, kta_json_str(s, "secret.name"));
    }
    kta_json_each(s, kta_json_get(spec, "imagePullSecrets"))
        want(k, kta_json_str(s, "name"));
}

/* A pod's own spec, or that of the template in a workload. */
static void of_object(struct wanted *k, const struct kta_json *o)
{
    static const char *const places[] = {"spec.jobTemplate.spec.template.spec",
                                         "spec.template.spec", "spec"};

    for (size_t i = 0; i < KTA_LEN(places); i++) {
        const struct kta_json *spec = kta_json_at(o, places[i]);
        if (kta_json_get(spec, "containers")) {
            of_spec(k, kta_obj_namespace(o), spec);
            return;
        }
    }
}

/* Those in trouble first: there are at most MAX_SECRETS. */
static void of_pods(struct wanted *k, const char *ns)
{
    struct kta_json *const *pods;
    size_t n = kta_world_list(k->w, "pods", ns, &pods);

    for (int healthy = 0; healthy < 2; healthy++)
        for (size_t i = 0; i < n; i++)
            if (kta_world_focused(k->w, pods[i]) &&
                (kta_pod_ready(pods[i]) && !kta_pod_restarts(pods[i])) == (healthy == 1))
                of_object(k, pods[i]);
}

/* Reads what is wanted since k->first. */
static int read_wanted(struct wanted *k, struct kta_err *err)
{
    struct kta_redact *r = kta_world_redact(k->w);
    struct kta_cluster *c = kta_world_cluster(k->w);
    struct kta_read *reads = NULL;
    struct kta_err why = KTA_ERR_INIT;
    size_t n = 0, cap = 0;
    int rc = 0;

    if (!kta_redact_reads_secrets(r) || kta_cluster_is_snapshot(c))
        return 0;
    for (size_t i = k->first; i < k->seen->n; i++) {
        const char *slash = strchr(k->seen->v[i], '/');
        kta_read_add(&reads, &n, &cap, KTA_ACCEPT_JSON, "/api/v1/namespaces/%.*s/secrets/%s",
                     (int)(slash - k->seen->v[i]), k->seen->v[i], slash + 1);
    }
    if (n && kta_cluster_read(c, reads, n, &why) < 0 && why.code == KTA_E_INTERRUPTED) {
        *err = why;
        rc = -1;
    }
    for (size_t i = 0; i < n; i++)
        if (reads[i].json)
            kta_redact_object(r, reads[i].json);
    kta_reads_free(reads, n);
    return rc;
}

int kta_learn_secrets(struct kta_world *w, const char *ns, struct kta_err *err)
{
    struct wanted k = {.w = w, .seen = kta_world_secrets_seen(w)};

    if (!kta_world_redact(w) || !kta_world_cluster(w))
        return 0;
    k.first = k.seen->n;
    of_pods(&k, ns);
    return read_wanted(&k, err);
}

int kta_learn_from(struct kta_cluster *c, struct kta_redact *r, const struct kta_json *objects,
                   struct kta_err *err)
{
    if (!c || !r)
        return 0;
    struct kta_world *w = kta_world_new(c, r, NULL);
    struct wanted k = {.w = w, .seen = kta_world_secrets_seen(w)};

    of_object(&k, objects);
    kta_json_each(o, kta_json_get(objects, "items"))
        of_object(&k, o);
    int rc = read_wanted(&k, err);
    kta_world_free(w);
    return rc;
}

int kta_learn_object(struct kta_cluster *c, struct kta_redact *r, const char *kind, const char *ns,
                     const char *name, struct kta_err *err)
{
    const struct kta_kind *known = kta_kind_known(kind);
    kta_auto_str struct kta_str path = KTA_STR_INIT;
    struct kta_read *reads = NULL;
    struct kta_err why = KTA_ERR_INIT;
    size_t n = 0, cap = 0;
    int rc = 0;

    if (!c || !r || !known || !known->namespaced || kta_streq(known->plural, "secrets"))
        return 0;
    kta_kind_path(known, ns, name && *name ? name : NULL, &path);
    if (!name || !*name)
        kta_str_add(&path, "?limit=200");
    kta_read_add(&reads, &n, &cap, KTA_ACCEPT_JSON, "%s", path.s);
    if (kta_cluster_read(c, reads, n, &why) < 0 && why.code == KTA_E_INTERRUPTED) {
        *err = why;
        rc = -1;
    } else {
        rc = kta_learn_from(c, r, reads[0].json, err);
    }
    kta_reads_free(reads, n);
    return rc;
}
