/*
 * verify_kinds.c - what is asked of an object besides its own health: a Service has endpoints, a
 * node that is to take pods is ready, a release is deployed and its objects are as it recorded
 * them.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/helmrel.h"
#include "kta/http.h"
#include "kta/interrupt.h"
#include "kta/obj.h"

#define ENDPOINTS_MS 20000 /* pods that were ready before are endpoints within moments */

/* ---- Services ---- */
static bool has_ready(const struct kta_json *slice)
{
    kta_json_each(e, kta_json_get(slice, "endpoints")) {
        if (kta_json_bool(e, "conditions.ready", true))
            return true;
    }
    return false;
}

struct endpoints {
    bool ready;
};

static bool on_slice(void *ctx, const char *type, struct kta_json *slice)
{
    struct endpoints *e = ctx;

    e->ready = !kta_streq(type, "DELETED") && has_ready(slice);
    return !e->ready;
}

static int verify_service(struct kta_pipeline *p, const struct kta_touch *t, int64_t deadline,
                          bool *ret_good, struct kta_str *why, struct kta_err *err)
{
    const struct kta_json *selector = kta_json_at(t->after, "spec.selector");
    kta_auto_free char *path =
        kta_asprintf("/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices?labelSelector="
                     "kubernetes.io%%2Fservice-name%%3D%s",
                     t->ns, t->name);
    kta_auto_json struct kta_json *now = NULL;
    int64_t left = deadline - kta_now_ms();
    struct endpoints e = {0};
    struct kta_err ignored = KTA_ERR_INIT;

    if (!t->live || kta_json_len(selector) == 0 ||
        kta_json_equal(kta_json_at(t->live, "spec.selector"), selector))
        return 0; /* a new one may wait for its pods; one that selects the same is not to blame */
    if (kta_cluster_get(p->cluster, &now, &ignored, "%s", path) < 0)
        return kta_interrupt_check(err); /* what may not be read is not held against it */
    kta_json_each(slice, kta_json_get(now, "items"))
        e.ready = e.ready || has_ready(slice);
    if (!e.ready) {
        kta_report_progress(p->report, "Service %s: waiting for its endpoints", t->name);
        if (left > ENDPOINTS_MS)
            left = ENDPOINTS_MS;
        kta_err_clear(&ignored);
        if (left > 0 &&
            kta_cluster_watch(p->cluster, path, left, on_slice, NULL, 0, &e, &ignored) < 0 &&
            ignored.code == KTA_E_INTERRUPTED) {
            *err = ignored;
            return -1;
        }
    }
    if (!e.ready) {
        *ret_good = false;
        kta_str_clear(why);
        kta_str_add(why, "no ready pod stands behind it: it has no endpoints");
    }
    return 0;
}

/* ---- nodes ---- */
static int verify_node(struct kta_pipeline *p, const struct kta_touch *t, bool *ret_good,
                       struct kta_str *why, struct kta_err *err)
{
    kta_auto_json struct kta_json *o = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    if (kta_json_bool(t->after, "spec.unschedulable", false))
        return 0; /* it is not to take pods */
    if (kta_cluster_get(p->cluster, &o, &ignored, "%s", t->path) < 0)
        return kta_interrupt_check(err);
    if (!kta_obj_condition_is(o, "Ready", "True")) {
        *ret_good = false;
        kta_str_clear(why);
        kta_str_addf(why, "the node is not ready: %s",
                     kta_or(kta_json_str(kta_obj_condition(o, "Ready"), "message"), "no message"));
    }
    return 0;
}

int kta_verify_more(struct kta_pipeline *p, const struct kta_touch *t, int64_t deadline,
                    bool *ret_good, struct kta_str *why, struct kta_err *err)
{
    if (!t->after)
        return 0;
    if (kta_touch_is(t, "Service"))
        return verify_service(p, t, deadline, ret_good, why, err);
    if (kta_touch_is(t, "Node"))
        return verify_node(p, t, ret_good, why, err);
    return 0;
}

/* ---- releases ---- */
/* What helm has recorded of the release's newest revision: the preview's manifest may hold values
 * that a chart chooses anew each time. False: it is not deployed. *ret_objects stays NULL when the
 * record may not be read, or helm keeps its records elsewhere. */
static bool is_deployed(struct kta_pipeline *p, const char *ns, const char *release,
                        struct kta_json **ret_objects)
{
    kta_auto_json struct kta_json *all = NULL, *decoded = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    const struct kta_json *newest;

    if (kta_cluster_get(p->cluster, &all, &ignored,
                        "/api/v1/namespaces/%s/secrets?labelSelector=owner%%3Dhelm%%2Cname%%3D%s",
                        ns, release) < 0)
        return true;
    newest = kta_helm_record(all, NULL, 0);
    if (newest && kta_helm_release_decode(newest, &decoded, &ignored) == 0)
        *ret_objects = kta_helm_objects(decoded);
    return !newest || kta_streq(kta_obj_label(newest, "status"), "deployed");
}

bool kta_as_manifest(const struct kta_json *after, const struct kta_json *live)
{
    kta_auto_json struct kta_json *goal = kta_json_copy(after), *now = kta_json_copy(live);
    kta_auto_json struct kta_json *merged = NULL;

    kta_server_strip(goal);
    kta_server_strip(now);
    merged = kta_merge3(NULL, goal, now);
    return kta_json_equal(merged, now);
}

/* Every object of the release is as the manifest has it. */
static void compare_release(struct kta_pipeline *p, const struct kta_touches *t,
                            const struct kta_json *objects, bool *ret_good, struct kta_str *why)
{
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0, k = 0;
    struct kta_err ignored = KTA_ERR_INIT;

    for (size_t i = 0; i < t->n; i++)
        if (t->v[i].after && !t->v[i].record)
            kta_read_add(&reads, &n, &cap, KTA_ACCEPT_JSON, "%s", t->v[i].path);
    if (n > 0)
        (void)kta_cluster_read(p->cluster, reads, n, &ignored);
    for (size_t i = 0; n > 0 && *ret_good && i < t->n; i++) {
        const struct kta_json *now, *goal;

        if (!t->v[i].after || t->v[i].record)
            continue;
        now = reads[k++].json;
        goal = kta_helm_object(objects, t->v[i].after);
        if (!now || kta_as_manifest(goal ? goal : t->v[i].after, now))
            continue;
        *ret_good = false;
        kta_touch_name(&t->v[i], why);
        kta_str_add(why, " is not as the release's manifest says");
    }
    kta_reads_free(reads, n);
}

int kta_verify_release(struct kta_pipeline *p, const struct kta_step *s, bool *ret_good,
                       struct kta_str *why, struct kta_err *err)
{
    struct kta_command cmd = {0};
    kta_auto_json struct kta_json *objects = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    if (kta_command_parse(&s->argv, &cmd, &ignored) < 0)
        return 0;
    if (kta_streq(cmd.program, "helm") && cmd.n_args > 0 && !kta_streq(cmd.verb, "uninstall") &&
        !is_deployed(p, kta_or(cmd.namespace_, kta_cluster_namespace(p->cluster)), cmd.args[0],
                     &objects)) {
        *ret_good = false;
        kta_str_addf(why, "release '%s' is not deployed", cmd.args[0]);
    }
    if (kta_streq(cmd.program, "helm") && *ret_good)
        compare_release(p, s->touches, objects, ret_good, why);
    kta_command_release(&cmd);
    return kta_interrupt_check(err);
}
