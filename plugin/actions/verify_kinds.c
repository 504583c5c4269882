/*
 * verify_kinds.c - what is asked of an object besides its own health: a Service has endpoints, a
 * node takes pods (or none), the replicas are those that were asked for, a release is deployed and
 * its objects are as its manifest says.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/clock.h"
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

/* ---- nodes and replicas ---- */
static int verify_as_asked(struct kta_pipeline *p, const struct kta_touch *t, bool *ret_good,
                           struct kta_str *why, struct kta_err *err)
{
    kta_auto_json struct kta_json *o = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    int64_t asked = kta_json_int(t->after, "spec.replicas", -1), is;
    bool node = kta_touch_is(t, "Node");
    bool wanted = !kta_json_bool(t->after, "spec.unschedulable", false);

    if (kta_cluster_get(p->cluster, &o, &ignored, "%s", t->path) < 0)
        return kta_interrupt_check(err);
    is = kta_json_int(o, "spec.replicas", -1);
    if (node && wanted == kta_json_bool(o, "spec.unschedulable", false)) {
        *ret_good = false;
        kta_str_clear(why);
        kta_str_addf(why, "the node %s pods all the same", wanted ? "takes no" : "takes");
    } else if (node && wanted && !kta_obj_condition_is(o, "Ready", "True")) {
        *ret_good = false;
        kta_str_clear(why);
        kta_str_addf(why, "the node is not ready: %s",
                     kta_or(kta_json_str(kta_obj_condition(o, "Ready"), "message"), "no message"));
    } else if (asked >= 0 && is >= 0 && asked != is) {
        *ret_good = false;
        kta_str_clear(why);
        kta_str_addf(why, "%lld replicas were asked for, and something has set %lld",
                     (long long)asked, (long long)is);
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
    if (kta_touch_is(t, "Node") || kta_json_at(t->after, "spec.replicas"))
        return verify_as_asked(p, t, ret_good, why, err);
    return 0;
}

/* ---- releases ---- */
static bool is_deployed(struct kta_pipeline *p, const char *ns, const char *release)
{
    kta_auto_json struct kta_json *all = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    const struct kta_json *newest = NULL;
    long best = -1;

    if (kta_cluster_get(p->cluster, &all, &ignored,
                        "/api/v1/namespaces/%s/secrets?labelSelector=owner%%3Dhelm%%2Cname%%3D%s",
                        ns, release) < 0)
        return true; /* it may not be read, or helm keeps its records elsewhere */
    kta_json_each(o, kta_json_get(all, "items")) {
        long n = strtol(kta_or(kta_obj_label(o, "version"), "0"), NULL, 10);

        if (n > best) {
            best = n;
            newest = o;
        }
    }
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

int kta_verify_release(struct kta_pipeline *p, const struct kta_step *s, bool *ret_good,
                       struct kta_str *why, struct kta_err *err)
{
    const struct kta_touches *t = s->touches;
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0, k = 0;
    struct kta_command cmd = {0};
    struct kta_err ignored = KTA_ERR_INIT;

    if (kta_command_parse(&s->argv, &cmd, &ignored) < 0)
        return 0;
    if (kta_streq(cmd.program, "helm") && cmd.n_args > 0 && !kta_streq(cmd.verb, "uninstall") &&
        !is_deployed(p, kta_or(cmd.namespace_, kta_cluster_namespace(p->cluster)), cmd.args[0])) {
        *ret_good = false;
        kta_str_addf(why, "release '%s' is not deployed", cmd.args[0]);
    }
    if (kta_streq(cmd.program, "helm"))
        for (size_t i = 0; *ret_good && i < t->n; i++)
            if (t->v[i].after && !t->v[i].record)
                kta_read_add(&reads, &n, &cap, KTA_ACCEPT_JSON, "%s", t->v[i].path);
    kta_command_release(&cmd);
    if (n > 0)
        (void)kta_cluster_read(p->cluster, reads, n, &ignored);
    for (size_t i = 0; n > 0 && *ret_good && i < t->n; i++) {
        if (!t->v[i].after || t->v[i].record)
            continue;
        if (reads[k].json && !kta_as_manifest(t->v[i].after, reads[k].json)) {
            *ret_good = false;
            kta_touch_name(&t->v[i], why);
            kta_str_add(why, " is not as the release's manifest says");
        }
        k++;
    }
    kta_reads_free(reads, n);
    return kta_interrupt_check(err);
}
