/*
 * effects.c - what a change does to what runs, in words: pods restarted or gone, an outage, what a
 * delete takes with it.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/http.h"
#include "kta/obj.h"

/* maxUnavailable of n, a number or a percentage rounded down as the controllers do; absent 25%. */
static int64_t max_unavailable(const struct kta_json *rolling, int64_t n)
{
    const char *text = kta_json_str(rolling, "maxUnavailable");

    if (!text)
        return kta_json_int(rolling, "maxUnavailable", n / 4);
    return kta_ends(text, "%") ? n * strtoll(text, NULL, 10) / 100 : strtoll(text, NULL, 10);
}

/* A new template that changes no pod by itself, in words. */
static const char *stays(const struct kta_touch *t)
{
    if (kta_touch_is(t, "Deployment") && kta_json_bool(t->after, "spec.paused", false))
        return "stay as they are until its rollout is resumed";
    if (kta_streq(kta_json_str(t->after, "spec.updateStrategy.type"), "OnDelete") ||
        kta_touch_is(t, "ReplicaSet") || kta_touch_is(t, "ReplicationController"))
        return "stay as they are until they are deleted";
    return NULL;
}

/* The pods that the workload wants, as it is there. */
static int64_t wanted(const struct kta_touch *t)
{
    return kta_touch_is(t, "DaemonSet") ? kta_json_int(t->live, "status.desiredNumberScheduled", 0)
                                        : kta_json_int(t->live, "spec.replicas", 1);
}

static void rollout(struct kta_step *s, const struct kta_touch *t)
{
    int64_t n =
        kta_touch_is(t, "DaemonSet") ? wanted(t) : kta_json_int(t->after, "spec.replicas", 1);
    const char *strategy = kta_json_str(t->after, "spec.strategy.type"), *why = stays(t);
    const struct kta_json *rolling =
        kta_json_at(t->after, kta_touch_is(t, "Deployment") ? "spec.strategy.rollingUpdate"
                                                            : "spec.updateStrategy.rollingUpdate");

    s->touches->template_ = true;
    if (kta_touch_is(t, "StatefulSet")) /* those below it keep the old template */
        n -= kta_json_int(rolling, "partition", 0);
    if (n <= 0 || kta_touch_is(t, "CronJob") || kta_touch_is(t, "Job"))
        return;
    if (why)
        kta_preview_warn(&s->preview, "the pods of '%s' %s", t->name, why);
    else if (kta_streq(strategy, "Recreate") ||
             ((kta_touch_is(t, "Deployment") ||
               (kta_touch_is(t, "DaemonSet") && kta_json_get(rolling, "maxUnavailable"))) &&
              max_unavailable(rolling, n) >= n && n > (kta_touch_is(t, "DaemonSet") ? 1 : 0)))
        kta_preview_warn(&s->preview, "replaces %lld of %lld pods of '%s' at once: an outage",
                         (long long)n, (long long)n, t->name);
    else if (kta_touch_is(t, "StatefulSet") && n == 1)
        kta_preview_warn(&s->preview, "replaces the only pod of '%s': an outage until it is back",
                         t->name);
    else if (n == 1)
        kta_preview_warn(&s->preview, "replaces the pod of '%s'%s", t->name,
                         kta_touch_is(t, "Deployment") ? "; a new one is ready before it goes"
                                                       : "");
    else
        kta_preview_warn(&s->preview, "replaces the %lld pods of '%s', one after another",
                         (long long)n, t->name);
}

/* Who set spec.replicas is on record: the controller does it for a HorizontalPodAutoscaler. */
static bool is_autoscaled(const struct kta_touch *t)
{
    kta_json_each(m, kta_json_at(t->live, "metadata.managedFields")) {
        if (kta_streq(kta_json_str(m, "manager"), "kube-controller-manager") &&
            kta_json_at(m, "fieldsV1.f:spec.f:replicas"))
            return true;
    }
    return false;
}

/* A StatefulSet's claims outlive it, unless it says otherwise. */
#define RETENTION "spec.persistentVolumeClaimRetentionPolicy"

static void scaled(struct kta_pipeline *p, struct kta_step *s, const struct kta_touch *t)
{
    int64_t was = kta_json_int(t->live, "spec.replicas", -1);
    int64_t is = kta_json_int(t->after, "spec.replicas", -1);

    if (was < 0 || is < 0 || was == is)
        return;
    if (is < was && kta_streq(kta_json_str(t->live, RETENTION ".whenScaled"), "Delete"))
        kta_preview_warn(&s->preview,
                         "the volume claims of the pods that '%s' loses go with them, and their "
                         "data",
                         t->name);
    if (is == 0)
        kta_preview_warn(&s->preview, "stops all %lld pods of '%s': an outage", (long long)was,
                         t->name);
    else if (is < was)
        kta_preview_warn(&s->preview, "stops %lld of %lld pods of '%s'", (long long)(was - is),
                         (long long)was, t->name);
    if (is < was)
        kta_preview_budgets(p, s, t, is);
    if (is_autoscaled(t))
        kta_preview_warn(&s->preview,
                         "an autoscaler set the replicas of '%s': it may set them again", t->name);
}

static const struct {
    const char *kind, *words;
    bool owns; /* what it takes are objects that it owns: they may be left behind */
} TAKES[] = {
    {"Namespace", "takes everything in the namespace with it", false},
    {"PersistentVolumeClaim", "loses the data of its volume, unless the volume's policy is Retain",
     false},
    {"PersistentVolume", "loses the data of the volume, unless its policy is Retain", false},
    {"CustomResourceDefinition", "takes all objects of that kind with it", false},
    {"Deployment", "takes its ReplicaSets and pods with it", true},
    {"StatefulSet", "takes its pods with it", true},
    {"DaemonSet", "takes its pods with it", true},
    {"ReplicaSet", "takes its pods with it", true},
    {"Job", "takes its pods and their logs with it", true},
    {"CronJob", "takes its Jobs with it", true},
    {"Node", "removes the node from the cluster; its pods are lost", false},
};

bool kta_leaves_orphans(const struct kta_command *cmd)
{
    const char *cascade = kta_command_flag(cmd, "cascade");

    return kta_streq(cascade, "orphan") || kta_streq(cascade, "false");
}

/* Its owner, which makes another one in its place; NULL: none, or that goes with it. */
static const struct kta_json *stays_behind(const struct kta_step *s, const struct kta_touch *t)
{
    const struct kta_json *owner = t->inside ? NULL : kta_obj_controller(t->live);

    return owner && kta_touch_goes(s->touches, kta_json_str(owner, "uid")) ? NULL : owner;
}

/* What a finalizer holds keeps its namespace, too. */
static void held(struct kta_step *s, const struct kta_touch *t)
{
    const char *finalizer = kta_finalizer(t->live);

    if (!finalizer || kta_touch_is(t, "PersistentVolumeClaim") ||
        kta_touch_is(t, "PersistentVolume"))
        return;
    if (t->inside && t->ns)
        kta_preview_warn(&s->preview,
                         "namespace '%s' is only gone when finalizer '%s' of %s '%s' lets go",
                         t->ns, finalizer, t->kind->kind, t->name);
    else
        kta_preview_warn(&s->preview, "'%s' is only gone when finalizer '%s' lets go", t->name,
                         finalizer);
}

static void deleted(struct kta_step *s, const struct kta_command *cmd, const struct kta_touch *t)
{
    const struct kta_json *owner = stays_behind(s, t);
    bool orphans = kta_leaves_orphans(cmd);

    for (size_t i = 0; i < KTA_LEN(TAKES); i++)
        if (kta_touch_is(t, TAKES[i].kind) && orphans && TAKES[i].owns)
            kta_preview_warn(&s->preview, "what %s '%s' owns stays, without an owner",
                             TAKES[i].kind, t->name);
        else if (kta_touch_is(t, TAKES[i].kind))
            kta_preview_warn(&s->preview, "deleting %s '%s' %s", TAKES[i].kind, t->name,
                             TAKES[i].words);
    if (kta_touch_is(t, "StatefulSet") && !orphans)
        kta_preview_warn(&s->preview,
                         kta_streq(kta_json_str(t->live, RETENTION ".whenDeleted"), "Delete")
                             ? "the volume claims of '%s' go with it, and their data"
                             : "the volume claims of '%s' stay",
                         t->name);
    if (kta_is_workload(t->live) && !orphans && wanted(t) > 0)
        kta_preview_warn(&s->preview, "stops all %lld pods of '%s': an outage",
                         (long long)wanted(t), t->name);
    if (kta_touch_is(t, "Job") && !kta_json_bool(t->live, "spec.suspend", false))
        kta_preview_warn(&s->preview, "an undo makes Job '%s' again, which runs again then",
                         t->name);
    if (kta_touch_is(t, "Pod") && !kta_obj_controller(t->live))
        kta_preview_warn(&s->preview, "nothing makes pod '%s' again", t->name);
    else if (owner)
        kta_preview_warn(&s->preview, "its %s '%s' makes another one in place of '%s'",
                         kta_or(kta_json_str(owner, "kind"), "owner"),
                         kta_or(kta_json_str(owner, "name"), "?"), t->name);
}

/* A Job that is made, or let go, runs: what it does is not in the cluster's objects. */
static void runs_job(struct kta_step *s, const struct kta_touch *t)
{
    if (kta_touch_is(t, "Job") && t->after && !kta_json_bool(t->after, "spec.suspend", false) &&
        (!t->live || kta_json_bool(t->live, "spec.suspend", false)))
        kta_preview_warn(&s->preview,
                         "runs Job '%s': what that does can be neither previewed nor undone",
                         kta_or(kta_obj_name(t->after), "?"));
}

static bool has_taint(const struct kta_json *node, const struct kta_json *taint)
{
    kta_json_each(x, kta_json_at(node, "spec.taints")) {
        if (kta_json_equal(kta_json_get(x, "key"), kta_json_get(taint, "key")) &&
            kta_json_equal(kta_json_get(x, "value"), kta_json_get(taint, "value")) &&
            kta_json_equal(kta_json_get(x, "effect"), kta_json_get(taint, "effect")))
            return true;
    }
    return false;
}

static bool tolerates(const struct kta_json *pod, const struct kta_json *taint)
{
    kta_json_each(x, kta_json_at(pod, "spec.tolerations")) {
        const char *key = kta_json_str(x, "key"), *effect = kta_json_str(x, "effect");
        bool any = kta_streq(kta_json_str(x, "operator"), "Exists");

        if ((!effect || !*effect || kta_streq(effect, "NoExecute")) &&
            (any ? !key || !*key || kta_streq(key, kta_json_str(taint, "key"))
                 : kta_streq(key, kta_json_str(taint, "key")) &&
                       kta_streq(kta_or(kta_json_str(x, "value"), ""),
                                 kta_or(kta_json_str(taint, "value"), ""))))
            return true;
    }
    return false;
}

/* A new taint with NoExecute: the pods of the node that do not bear it go. */
static void tainted(struct kta_pipeline *p, struct kta_step *s, const struct kta_touch *t)
{
    kta_auto_json struct kta_json *pods = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    kta_json_each(taint, kta_json_at(t->after, "spec.taints")) {
        size_t n = 0;

        if (!kta_streq(kta_json_str(taint, "effect"), "NoExecute") || has_taint(t->live, taint))
            continue;
        if (!pods && kta_cluster_get(p->cluster, &pods, &ignored,
                                     "/api/v1/pods?fieldSelector=spec.nodeName%%3D%s", t->name) < 0)
            return;
        kta_json_each(pod, kta_json_get(pods, "items")) {
            n += !tolerates(pod, taint);
        }
        kta_preview_warn(&s->preview, "evicts the %zu pods of node '%s' that do not tolerate '%s'",
                         n, t->name, kta_or(kta_json_str(taint, "key"), "?"));
    }
}

/* Pods that kubectl does not evict without being told so: it cordons the node, and gives up. */
static const struct {
    const char *flag, *words;
    bool always; /* also worth a word where the flag is given */
} DRAINS[] = {
    {"ignore-daemonsets", "is made again at once by its DaemonSet", false},
    {"force", "is made again by nothing", true},
    {"delete-emptydir-data", "loses the data that it keeps on the node (emptyDir)", true},
};

static bool has_local_data(const struct kta_json *pod)
{
    kta_json_each(v, kta_json_at(pod, "spec.volumes")) {
        if (kta_json_get(v, "emptyDir"))
            return true;
    }
    return false;
}

static bool is_over(const struct kta_json *pod)
{
    const char *phase = kta_json_str(pod, "status.phase");

    return kta_streq(phase, "Succeeded") || kta_streq(phase, "Failed");
}

static void drain_takes(struct kta_step *s, const struct kta_command *cmd,
                        const struct kta_json *pod, bool refused)
{
    const char *owner = kta_json_str(kta_obj_controller(pod), "kind");
    bool over = is_over(pod), daemon = kta_streq(owner, "DaemonSet");
    const bool is[] = {daemon, !owner && !over, !daemon && !over && has_local_data(pod)};

    for (size_t i = 0; i < KTA_LEN(DRAINS); i++) {
        bool may = kta_command_true(cmd, DRAINS[i].flag);

        if (!is[i] || may == refused || (may && !DRAINS[i].always))
            continue;
        kta_preview_warn(&s->preview, "pod '%s' %s%s%s", kta_or(kta_obj_name(pod), "?"),
                         DRAINS[i].words, may ? "" : ": kubectl does not drain without --",
                         may ? "" : DRAINS[i].flag);
        s->preview.rejected = s->preview.rejected || !may;
    }
}

/* What nothing makes again, an undo does. */
static void keep_alone(struct kta_step *s, const struct kta_json *pods)
{
    kta_json_each(pod, pods) {
        struct kta_touch *t = !kta_obj_controller(pod) && !is_over(pod)
                                  ? kta_touch_item(s->touches, kta_kind_known("pods"), pod)
                                  : NULL;

        if (t)
            t->inside = t->known_after = true;
    }
}

/* The pods that a drain evicts. t does not hold afterwards. */
static void drained(struct kta_pipeline *p, struct kta_step *s, const struct kta_command *cmd,
                    const struct kta_touch *t)
{
    const char *selector = kta_command_flag(cmd, "pod-selector");
    kta_auto_json struct kta_json *pods = NULL, *evicted = kta_json_new_array();
    kta_auto_str struct kta_str labels = KTA_STR_INIT;
    struct kta_err why = KTA_ERR_INIT;
    size_t n = 0;

    if (selector) {
        kta_str_add(&labels, "&labelSelector=");
        kta_url_escape(selector, &labels);
    }
    if (kta_cluster_get(p->cluster, &pods, &why, "/api/v1/pods?fieldSelector=spec.nodeName%%3D%s%s",
                        t->name, labels.s) < 0)
        return;
    kta_json_each(pod, kta_json_get(pods, "items")) {
        const char *owner = kta_json_str(kta_obj_controller(pod), "kind");

        if (kta_streq(owner, "DaemonSet") || kta_streq(owner, "Node"))
            continue;
        n++;
        kta_json_push(evicted, kta_json_copy(pod));
    }
    kta_preview_warn(&s->preview, "evicts %zu pod%s from node '%s'", n, n == 1 ? "" : "s", t->name);
    if (n > 0)
        kta_preview_evictions(p, s, evicted);
    for (int refused = 0; refused <= 1; refused++) /* why not comes last */
        kta_json_each(pod, kta_json_get(pods, "items")) {
            if (!kta_streq(kta_json_str(kta_obj_controller(pod), "kind"), "Node"))
                drain_takes(s, cmd, pod, refused);
        }
    if (!s->preview.rejected)
        keep_alone(s, evicted);
}

/* Fields that the API server lets nobody set back. */
static const struct {
    const char *kind, *path, *words;
} ONE_WAY[] = {
    {"PersistentVolumeClaim", "spec.resources.requests.storage", "a volume claim does not shrink"},
    {"Pod", "spec.tolerations", "a pod's tolerations are only added to"},
    {"Pod", "spec.activeDeadlineSeconds", "a pod's deadline is only brought forward"},
};

static void one_way(struct kta_step *s, const struct kta_touch *t)
{
    for (size_t i = 0; i < KTA_LEN(ONE_WAY); i++) {
        if (!kta_touch_is(t, ONE_WAY[i].kind) ||
            kta_json_equal(kta_json_at(t->live, ONE_WAY[i].path),
                           kta_json_at(t->after, ONE_WAY[i].path)))
            continue;
        s->preview.no_undo = true;
        kta_preview_warn(&s->preview, "%s: this cannot be undone", ONE_WAY[i].words);
    }
}

static bool is_force_replace(const struct kta_command *cmd)
{
    return kta_streq(cmd->verb, "replace") && kta_command_true(cmd, "force");
}

/* What a change of what is there does, and does not, to what runs. */
static void changed(struct kta_pipeline *p, struct kta_step *s, const struct kta_touch *t)
{
    const struct kta_json *was = kta_json_at(t->live, "spec.template");
    const struct kta_json *is = kta_json_at(t->after, "spec.template");

    if (is && was && !kta_json_equal(is, was))
        rollout(s, t);
    scaled(p, s, t);
    one_way(s, t);
    if (kta_touch_is(t, "Node"))
        tainted(p, s, t);
}

void kta_preview_effects(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd)
{
    for (size_t i = 0; i < s->touches->n; i++) {
        const struct kta_touch *t = &s->touches->v[i];
        bool anew = t->live && t->after && is_force_replace(cmd); /* deleted, then made */
        bool goes = t->live && t->known_after && (!t->after || anew);

        if (goes && (!t->inside || kta_touch_is(t, "PersistentVolumeClaim")))
            deleted(s, cmd, t);
        if (goes)
            held(s, t);
        runs_job(s, t);
        if (goes && !t->inside && kta_is_workload(t->live) && !kta_leaves_orphans(cmd))
            kta_preview_budgets(p, s, t, 0);
        kta_preview_dependents(p, s, t);
        if (t->after && t->live && !anew)
            changed(p, s, t);
        if (kta_streq(cmd->verb, "drain") && kta_touch_is(t, "Node"))
            drained(p, s, cmd, t); /* the list of touches may have moved */
    }
}
