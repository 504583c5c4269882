/*
 * verify.c - after a step: are its objects as they should be, and do they stay so?
 *
 * One row of CHECKS for each kind that can tell; for the others it is enough that they are there.
 * A change of nothing but labels or annotations is not held against anything's health.
 */
#include "actions.h"

#include <poll.h>
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/interrupt.h"
#include "kta/obj.h"

#define KTA_KUBELET_MS 20000 /* by then a change of a pod has been tried, also on a busy node */

enum verdict { WAIT, GOOD, BAD, GONE };

struct job {
    struct kta_pipeline *p;
    const struct kta_touches *touches;
    bool undo;        /* what was ill before may be so again: it is enough that it is there */
    int64_t since;    /* seconds: when the step ran */
    int64_t deadline; /* kta_now_ms */
};

/* ---- one look at one object; why is a sentence for WAIT and BAD ---- */
static enum verdict check_pod(const struct kta_json *o, struct kta_str *why)
{
    char word[128];
    const char *phase = kta_json_str(o, "status.phase");

    if (kta_pod_ready(o) || kta_streq(phase, "Succeeded"))
        return GOOD;
    kta_str_addf(why, "pod '%s' is %s", kta_obj_name(o), kta_pod_status_word(o, word, sizeof word));
    return kta_streq(phase, "Failed") || strstr(why->s, "BackOff") ||
                   strstr(why->s, "CreateContainerConfigError")
               ? BAD
               : WAIT;
}

static enum verdict check_job(const struct kta_json *o, struct kta_str *why)
{
    if (kta_obj_condition_is(o, "Complete", "True") || kta_json_bool(o, "spec.suspend", false))
        return GOOD;
    if (kta_obj_condition_is(o, "Failed", "True")) {
        kta_str_addf(why, "Job '%s' failed: %s", kta_obj_name(o),
                     kta_or(kta_json_str(kta_obj_condition(o, "Failed"), "message"), "no message"));
        return BAD;
    }
    kta_str_addf(why, "Job '%s' is still running", kta_obj_name(o));
    return WAIT;
}

static enum verdict check_claim(const struct kta_json *o, struct kta_str *why)
{
    const char *phase = kta_or(kta_json_str(o, "status.phase"), "Pending");

    if (kta_streq(phase, "Bound"))
        return GOOD;
    kta_str_addf(why, "the volume claim '%s' is %s", kta_obj_name(o), phase);
    return kta_streq(phase, "Lost") ? BAD : WAIT;
}

static enum verdict check_autoscaler(const struct kta_json *o, struct kta_str *why)
{
    if (kta_obj_condition_is(o, "ScalingActive", "True"))
        return GOOD;
    kta_str_addf(why, "the autoscaler '%s' does not scale: %s", kta_obj_name(o),
                 kta_or(kta_json_str(kta_obj_condition(o, "ScalingActive"), "message"),
                        "it has not been seen yet"));
    return WAIT;
}

static enum verdict check_namespace(const struct kta_json *o, struct kta_str *why)
{
    kta_str_add(why, "the namespace is not active");
    return kta_streq(kta_json_str(o, "status.phase"), "Active") ? GOOD : WAIT;
}

static enum verdict check_definition(const struct kta_json *o, struct kta_str *why)
{
    kta_str_add(why, "the definition is not established");
    return kta_obj_condition_is(o, "Established", "True") ? GOOD : WAIT;
}

static const struct {
    const char *kind;
    enum verdict (*fn)(const struct kta_json *o, struct kta_str *why);
    int64_t patience_s; /* longer than this is not waited; 0: the step's deadline */
} CHECKS[] = {
    {"Pod", check_pod, 0},
    {"Job", check_job, 0},
    {"PersistentVolumeClaim", check_claim, 30}, /* it may wait for its first consumer */
    {"HorizontalPodAutoscaler", check_autoscaler, 60},
    {"Namespace", check_namespace, 0},
    {"CustomResourceDefinition", check_definition, 0},
};

static enum verdict check_object(const char *kind, const struct kta_json *o, struct kta_str *why,
                                 int64_t *ret_patience_s)
{
    for (size_t i = 0; i < KTA_LEN(CHECKS); i++) {
        if (kta_streq(CHECKS[i].kind, kind)) {
            *ret_patience_s = CHECKS[i].patience_s;
            return CHECKS[i].fn(o, why);
        }
    }
    return GOOD;
}

/* ---- waiting for one object ---- */
/* Labels and annotations change, or nothing: its health is not this step's doing. */
static bool spec_same(const struct kta_touch *t)
{
    return t->live && t->after &&
           kta_json_equal(kta_json_get(t->live, "spec"), kta_json_get(t->after, "spec"));
}

struct watched {
    const char *version; /* resourceVersion seen last */
    bool changed;
};

static bool on_event(void *ctx, const char *type, struct kta_json *object)
{
    struct watched *w = ctx;

    w->changed = kta_streq(type, "DELETED") ||
                 !kta_streq(kta_json_str(object, "metadata.resourceVersion"), w->version);
    return !w->changed;
}

/* Until the object changes, at most ms. */
static int wait_for(struct job *j, const struct kta_touch *t, const struct kta_json *o, int64_t ms,
                    struct kta_err *err)
{
    kta_auto_str struct kta_str path = KTA_STR_INIT;
    struct watched w = {.version = kta_json_str(o, "metadata.resourceVersion")};
    struct kta_err why = KTA_ERR_INIT;

    kta_kind_path(t->kind, t->ns, NULL, &path);
    kta_str_addf(&path, "?fieldSelector=metadata.name%%3D%s", t->name);
    if (kta_cluster_watch(j->p->cluster, path.s, ms, on_event, NULL, 0, &w, &why) < 0 &&
        why.code != KTA_E_TIMEOUT) {
        if (why.code == KTA_E_INTERRUPTED) {
            *err = why;
            return -1;
        }
        poll(&(struct pollfd){.fd = kta_interrupt_fd(), .events = POLLIN}, 1, 1000);
    }
    return kta_interrupt_check(err);
}

/* A claim of such a storage class is bound when a pod uses it, not before. */
static bool waits_for_consumer(struct kta_pipeline *p, const struct kta_json *claim)
{
    const char *name = kta_json_str(claim, "spec.storageClassName");
    kta_auto_json struct kta_json *storage = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    return name && *name &&
           kta_cluster_get(p->cluster, &storage, &ignored,
                           "/apis/storage.k8s.io/v1/storageclasses/%s", name) == 0 &&
           kta_streq(kta_json_str(storage, "volumeBindingMode"), "WaitForFirstConsumer");
}

/* A pod that is new, or was changed, is ready before it fails: it has to stay so. */
static bool just_ready(const struct job *j, const struct kta_touch *t, const struct kta_json *o,
                       int64_t *since)
{
    if (j->undo || !kta_touch_is(t, "Pod") ||
        !kta_streq(kta_json_str(o, "status.phase"), "Running") || spec_same(t))
        return false;
    *since = *since ? *since : kta_now_ms();
    return kta_now_ms() - *since < KTA_STABLE_MS;
}

/* What others need at once when it is made again. */
static bool keeps_waiting(const struct kta_touch *t)
{
    return kta_touch_is(t, "Namespace") || kta_touch_is(t, "CustomResourceDefinition");
}

/* A pod that was changed in place shows its old trouble until the kubelet has looked at it. */
static bool stale(const struct kta_touch *t, const struct kta_json *now, int64_t begun)
{
    return kta_touch_is(t, "Pod") && kta_streq(kta_obj_uid(t->live), kta_obj_uid(now)) &&
           kta_now_ms() - begun < KTA_KUBELET_MS;
}

/* A namespace says itself what holds it. */
static void why_there(const struct kta_json *o, struct kta_str *out)
{
    static const char *const HOLDS[] = {"NamespaceFinalizersRemaining", "NamespaceContentRemaining",
                                        "NamespaceDeletionContentFailure",
                                        "NamespaceDeletionDiscoveryFailure"};
    const char *finalizer = kta_finalizer(o);

    kta_str_addf(out, "it is still there%s%s", finalizer ? ", held by finalizer " : "",
                 kta_or(finalizer, ""));
    for (size_t i = 0; i < KTA_LEN(HOLDS); i++)
        if (kta_obj_condition_is(o, HOLDS[i], "True"))
            kta_str_addf(out, ": %s",
                         kta_or(kta_json_str(kta_obj_condition(o, HOLDS[i]), "message"), HOLDS[i]));
}

/* Watches a touch until it is good, bad or gone, or time is up. */
static int watch_object(struct job *j, const struct kta_touch *t, bool to_go, bool *ret_good,
                        struct kta_str *ret_why, struct kta_err *err)
{
    const char *old_uid = kta_obj_uid(t->live);
    int64_t begun = kta_now_ms(), ready = 0;
    bool leaving = kta_json_at(t->live, "metadata.deletionTimestamp") != NULL;

    for (;;) {
        kta_auto_json struct kta_json *o = NULL;
        struct kta_err why = KTA_ERR_INIT;
        int64_t patience_s = 0, left;
        enum verdict v;

        kta_str_clear(ret_why);
        if (kta_cluster_get(j->p->cluster, &o, &why, "%s", t->path) < 0) {
            if (why.code == KTA_E_INTERRUPTED) {
                *err = why;
                return -1;
            }
            v = why.code == KTA_E_NOT_FOUND ? GONE : WAIT;
            kta_str_add(ret_why, why.msg);
        } else if (to_go) {
            v = kta_streq(kta_obj_uid(o), old_uid) ? WAIT : GONE;
            why_there(o, ret_why);
        } else {
            v = spec_same(t) || (j->undo && !keeps_waiting(t))
                    ? GOOD
                    : check_object(t->kind->kind, o, ret_why, &patience_s);
            if (v == BAD && stale(t, o, begun))
                v = WAIT;
            if (v == GOOD && just_ready(j, t, o, &ready)) {
                v = WAIT;
                kta_str_addf(ret_why, "pod '%s' is ready; will it stay so?", t->name);
            } else if (v == WAIT) {
                ready = 0;
            }
        }
        left = j->deadline - kta_now_ms();
        if (patience_s && begun + patience_s * 1000 - kta_now_ms() < left)
            left = begun + patience_s * 1000 - kta_now_ms();
        /* What was on its way out before the change and is gone now has gone where it was to. */
        *ret_good = to_go || leaving ? v == GONE : v == GOOD;
        if (v == WAIT && left <= 0 && kta_touch_is(t, "PersistentVolumeClaim"))
            *ret_good = waits_for_consumer(j->p, o);
        if (*ret_good || v == BAD || v == GONE || left <= 0)
            return 0;
        kta_report_progress(j->p->report, "%s", ret_why->s);
        if (wait_for(j, t, o, left < 5000 ? left : 5000, err) < 0)
            return -1;
    }
}

/* ---- which checks a touch needs ---- */
/* The workload that makes a pod again, as a path; NULL: nothing does, or that goes as well. */
static char *owner_path(struct job *j, const struct kta_json *object, const char *ns)
{
    const struct kta_json *ref = kta_obj_controller(object);
    const struct kta_kind *kind = kta_kind_known(kta_or(kta_json_str(ref, "kind"), ""));
    kta_auto_json struct kta_json *owner = NULL;
    kta_auto_str struct kta_str path = KTA_STR_INIT;
    struct kta_err ignored = KTA_ERR_INIT;

    if (!ref || !kind || !kta_json_str(ref, "name") || kta_streq(kind->kind, "Job") ||
        kta_touch_goes(j->touches, kta_json_str(ref, "uid")))
        return NULL;
    kta_kind_path(kind, ns, kta_json_str(ref, "name"), &path);
    if (kta_streq(kind->kind, "ReplicaSet") &&
        (kta_cluster_get(j->p->cluster, &owner, &ignored, "%s", path.s) < 0 ||
         kta_obj_controller(owner)))
        return owner_path(j, owner, ns);
    return kta_str_detach(&path);
}

static bool is_workload_kind(const struct kta_touch *t)
{
    kta_auto_json struct kta_json *o = kta_json_new_object();

    kta_json_set_str(o, "kind", t->kind->kind);
    return kta_is_workload(o);
}

static int verify_touch(struct job *j, const struct kta_touch *t, bool *ret_good,
                        struct kta_str *why, struct kta_err *err)
{
    kta_auto_free char *path = NULL, *text = NULL;
    bool goes = t->known_after && !t->after;

    if (goes) {
        if (watch_object(j, t, true, ret_good, why, err) < 0 || !*ret_good)
            return *ret_good ? 0 : kta_interrupt_check(err);
        path = kta_touch_is(t, "Pod") ? owner_path(j, t->live, t->ns) : NULL;
    } else if (is_workload_kind(t) && !spec_same(t)) {
        path = kta_strdup(t->path);
    }
    if (!path && goes) {
        kta_str_clear(why);
        kta_str_add(why, "it is gone");
        return 0;
    }
    if (!path) {
        int rc = watch_object(j, t, false, ret_good, why, err);

        if (rc == 0 && *ret_good) {
            kta_str_clear(why);
            kta_str_add(why, "it is as it should be");
        }
        return rc;
    }
    if (kta_watch_workload(j->p, path, j->since, j->deadline, ret_good, &text, err) < 0)
        return -1;
    kta_str_clear(why);
    kta_str_add(why, text);
    return 0;
}

/* The last step that ran after s and changed the object more than its labels: what became of that
 * is what counts. NULL: none. */
static const struct kta_step *again_by(const struct kta_plan *plan, const struct kta_step *s,
                                       const struct kta_touch *t)
{
    for (size_t i = plan->n; i-- > 0 && plan->v[i] != s;) {
        const struct kta_touches *more = plan->v[i]->touches;
        enum kta_state state = plan->v[i]->state;
        bool ran = state == KTA_EXECUTED || state == KTA_VERIFIED || state == KTA_UNVERIFIED;

        for (size_t k = 0; ran && more && k < more->n; k++)
            if (kta_streq(more->v[k].path, t->path) && !spec_same(&more->v[k]))
                return plan->v[i];
    }
    return NULL;
}

static int64_t patience(const struct kta_pipeline *p, const struct kta_step *s)
{
    const char *finalizer;

    if (s->touches->held)
        return 0;
    if (kta_held(s, &finalizer))
        return kta_held_ms(p);
    return p->verify_timeout_ms > 0 ? p->verify_timeout_ms : KTA_VERIFY_MS;
}

int kta_verify(struct kta_pipeline *p, struct kta_plan *plan, struct kta_step *s,
               struct kta_err *err)
{
    struct kta_touches *t = s->touches;
    struct job j = {.p = p, .touches = t};
    struct kta_str outcome = KTA_STR_INIT;
    bool all = true;
    int64_t until = kta_now_ms() + KTA_STABLE_MS;

    if (!t || t->n == 0)
        return 0; /* nothing to look at (exec, cp): it ran, and that is all that is known */
    j.undo = plan->undo_of != NULL;
    j.since = t->before_s ? t->before_s - 1 : kta_wall();
    j.deadline = kta_now_ms() + patience(p, s);
    until = until < j.deadline ? until : j.deadline;
    for (size_t i = 0; all && i < t->n; i++) {
        kta_auto_str struct kta_str why = KTA_STR_INIT, name = KTA_STR_INIT;

        const struct kta_step *later = again_by(plan, s, &t->v[i]);

        if (!t->v[i].name[0] || t->v[i].record || t->v[i].hook)
            continue;
        kta_touch_name(&t->v[i], &name);
        if (later) {
            kta_str_addf(&outcome, "%s%s: changed again by step %s", outcome.len ? "; " : "",
                         name.s, later->id);
            continue;
        }
        if (verify_touch(&j, &t->v[i], &all, &why, err) < 0 ||
            (all && !j.undo && kta_verify_more(p, &t->v[i], j.deadline, &all, &why, err) < 0) ||
            (all && !j.undo && kta_verify_kept(p, s, &t->v[i], until, &all, &why, err) < 0)) {
            kta_str_release(&outcome);
            kta_report_done(p->report);
            return -1;
        }
        if (!all) /* what is wrong is what counts */
            kta_str_clear(&outcome);
        if (i < 5 || !all)
            kta_str_addf(&outcome, "%s%s: %s", outcome.len ? "; " : "", name.s, why.s);
    }
    if (all && !j.undo) {
        kta_auto_str struct kta_str why = KTA_STR_INIT;

        if (kta_verify_release(p, s, &all, &why, err) < 0) {
            kta_str_release(&outcome);
            return -1;
        }
        if (!all) {
            kta_str_clear(&outcome);
            kta_str_add(&outcome, why.s);
        }
    }
    kta_report_done(p->report);
    s->state = all ? KTA_VERIFIED : KTA_UNVERIFIED;
    free(s->outcome);
    s->outcome = kta_str_detach(&outcome);
    return 0;
}
