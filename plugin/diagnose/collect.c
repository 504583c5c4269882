/*
 * collect.c - what is read before anything is analyzed: lists in one round, then the logs of what
 * is unhealthy and the lists that its trouble calls for in another.
 *
 * One workload costs at most 15 requests; a healthy one costs the first round and its log.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/learn.h"
#include "kta/limits.h"

const char *const kta_base_kinds[] = {"pods",           "events",      "services",
                                      "endpointslices", "deployments", "replicasets",
                                      "statefulsets",   "daemonsets"};
const size_t kta_n_base_kinds = KTA_LEN(kta_base_kinds);

/* A whole namespace: what else may be broken in it. */
static const char *const wide_kinds[] = {"jobs",
                                         "cronjobs",
                                         "horizontalpodautoscalers",
                                         "poddisruptionbudgets",
                                         "ingresses",
                                         "networkpolicies",
                                         "persistentvolumeclaims",
                                         "resourcequotas",
                                         "configmaps",
                                         "secrets",
                                         "nodes",
                                         "ingressclasses",
                                         "storageclasses",
                                         "persistentvolumes"};

/* What a kind of trouble calls for. */
static const struct {
    const char *needs[4];
    bool trouble, config, image, pending, memory, revisions, jobs, focus;
} needs[] = {
    /* one workload: what scales it */
    {{"horizontalpodautoscalers", NULL, NULL}, .focus = true},
    /* what changed is looked for in these: together now, rather than one after the other later */
    {{"configmaps", "secrets", "persistentvolumeclaims", NULL}, .trouble = true},
    {{"configmaps", "secrets", NULL}, .config = true},
    {{"nodes", NULL, NULL}, .image = true},
    {{"nodes", "persistentvolumeclaims", "storageclasses", NULL}, .pending = true},
    {{"resourcequotas", "limitranges", NULL}, .memory = true},
    {{"controllerrevisions", NULL, NULL}, .revisions = true},
    {{"jobs", "cronjobs", NULL}, .jobs = true},
};

struct signs {
    bool trouble, config, image, pending, memory, revisions, jobs, focus;
};

static void signs_of_container(const struct kta_json *s, struct signs *g)
{
    const char *reason = kta_json_str(s, "state.waiting.reason");
    g->image |= kta_image_trouble(reason, "");
    g->config |=
        kta_streq(reason, "CreateContainerConfigError") || kta_streq(reason, "ContainerCreating");
}

/* What the kernel ended: neither its log nor what it is configured by tells more. */
static bool out_of_memory(const struct kta_json *pod)
{
    for (size_t l = 0; l < KTA_LEN(kta_status_lists); l++)
        kta_json_each(s, kta_json_get(kta_json_get(pod, "status"), kta_status_lists[l])) {
            if (kta_streq(kta_json_str(s, "lastState.terminated.reason"), "OOMKilled") ||
                kta_streq(kta_json_str(s, "state.terminated.reason"), "OOMKilled"))
                return true;
        }
    return false;
}

static void signs_of(struct kta_world *w, const char *ns, struct signs *g)
{
    struct kta_json *const *pods;
    size_t n = kta_world_list(w, "pods", ns, &pods);
    for (size_t i = 0; i < n; i++) {
        struct kta_json *pod = pods[i];
        if (!kta_world_focused(w, pod))
            continue;
        const char *owner = kta_json_str(kta_obj_controller(pod), "kind");
        g->jobs |= kta_streq(owner, "Job");
        if (kta_pod_ready(pod) && !kta_pod_restarts(pod))
            continue;
        bool memory = out_of_memory(pod);
        g->memory |= memory;
        g->trouble |= !memory;
        g->revisions |= kta_streq(owner, "StatefulSet") || kta_streq(owner, "DaemonSet");
        g->pending |= kta_obj_condition_is(pod, "PodScheduled", "False");
        kta_json_each(s, kta_json_at(pod, "status.containerStatuses"))
            signs_of_container(s, g);
        kta_json_each(s, kta_json_at(pod, "status.initContainerStatuses"))
            signs_of_container(s, g);
    }
}

static int base_lists(struct kta_world *w, const char *ns, bool wide, struct kta_err *err)
{
    const char *kinds[64];
    size_t n = 0;
    for (size_t i = 0; i < kta_n_base_kinds; i++)
        kinds[n++] = kta_base_kinds[i];
    for (size_t i = 0; wide && i < KTA_LEN(wide_kinds); i++)
        kinds[n++] = wide_kinds[i];
    kta_report_progress(kta_world_report(w), "reading %s%s", ns ? "namespace " : "all namespaces",
                        ns ? ns : "");
    if (kta_world_prefetch(w, ns, kinds, n, err) || kta_large_complete(w, ns, err))
        return -1;
    return 0;
}

/* The lists that the trouble seen so far calls for. */
static size_t needed_lists(struct kta_world *w, const char *ns, const char **kinds)
{
    struct signs g = {.focus = kta_world_has_focus(w)};
    size_t n = 0;
    signs_of(w, ns, &g);
    for (size_t i = 0; i < KTA_LEN(needs); i++) {
        if (!((needs[i].trouble && g.trouble) || (needs[i].config && g.config) ||
              (needs[i].image && g.image) || (needs[i].pending && g.pending) ||
              (needs[i].memory && g.memory) || (needs[i].revisions && g.revisions) ||
              (needs[i].jobs && g.jobs) || (needs[i].focus && g.focus)))
            continue;
        for (size_t k = 0; needs[i].needs[k]; k++)
            kinds[n++] = needs[i].needs[k];
    }
    return n;
}

/* ---- logs ---- */

/* Pods of one workload whose logs are read, if they are as this one. */
static size_t logs_each(const struct kta_json *pod)
{
    return out_of_memory(pod) ? 1 : 2;
}

struct wants {
    struct kta_log_want *v;
    size_t n, cap;
};

static void want(struct wants *x, const struct kta_json *pod, const char *container, bool previous)
{
    KTA_GROW(x->v, x->n, x->cap);
    x->v[x->n++] =
        (struct kta_log_want){kta_obj_namespace(pod), kta_obj_name(pod), container, previous};
}

#define LOGS_OF_READY 8 /* of one namespace, a pod of a workload each */

/* Workloads of which pods were looked at. */
struct owners {
    struct {
        const struct kta_json *owner;
        size_t pods;
    } * v;
    size_t n, cap;
};

static size_t *pods_of_owner(struct owners *o, const struct kta_json *owner)
{
    size_t k = 0;
    while (k < o->n && o->v[k].owner != owner)
        k++;
    if (k == o->n) {
        KTA_GROW(o->v, o->n, o->cap);
        o->v[o->n].owner = owner;
        o->v[o->n++].pods = 0;
    }
    return &o->v[k].pods;
}

/* What goes on as if nothing were: the API server may refuse it, the kernel end a process of it, a
 * NetworkPolicy drop its connections. Where other pods of the workload are in trouble, theirs tell.
 */
static void wanted_of_ready(struct kta_world *w, const char *ns, struct owners *seen,
                            struct wants *x)
{
    struct kta_json *const *pods;
    size_t n = ns ? kta_world_list(w, "pods", ns, &pods) : 0, wanted = 0;
    bool any = kta_world_has_focus(w) || kta_world_total(w, "networkpolicies", ns) > 0;
    for (size_t i = 0; i < n && wanted < LOGS_OF_READY; i++) {
        if (!kta_world_focused(w, pods[i]) || !kta_pod_ready(pods[i]))
            continue;
        size_t *of_owner = pods_of_owner(seen, kta_world_owner(w, pods[i]));
        bool all = any || kta_uses_api(pods[i]);
        size_t before = x->n;
        if (*of_owner)
            continue;
        kta_json_each(c, kta_json_at(pods[i], "spec.containers")) {
            if (all || kta_json_at(c, "resources.limits.memory"))
                want(x, pods[i], kta_json_str(c, "name"), /* previous= */ false);
        }
        *of_owner += x->n > before;
        wanted += x->n > before;
    }
}

/* The logs of what is unhealthy, and of some that look well. */
static void wanted_logs(struct kta_world *w, const char *ns, struct wants *x)
{
    struct kta_json *const *pods;
    size_t n = kta_world_list(w, "pods", ns, &pods);
    struct owners seen = {0};
    for (size_t i = 0; i < n && x->n < KTA_MAX_LOGS; i++) {
        struct kta_json *pod = pods[i];
        if (!kta_world_focused(w, pod) || (kta_pod_ready(pod) && !kta_pod_restarts(pod)) ||
            kta_streq(kta_json_str(pod, "status.phase"), "Succeeded") ||
            (*pods_of_owner(&seen, kta_world_owner(w, pod)))++ >= logs_each(pod))
            continue;
        for (size_t l = 0; l < KTA_LEN(kta_status_lists); l++)
            kta_json_each(s, kta_json_get(kta_json_get(pod, "status"), kta_status_lists[l])) {
                bool previous;
                if (kta_unhealthy_log(pod, s, &previous))
                    want(x, pod, kta_json_str(s, "name"), previous);
            }
    }
    wanted_of_ready(w, ns, &seen, x);
    free(seen.v);
}

static int second_round(struct kta_world *w, const char *ns, bool lists, bool logs,
                        struct kta_err *err)
{
    const char *kinds[KTA_LEN(needs) * KTA_LEN(needs[0].needs)];
    struct wants wants = {0};
    size_t n = lists ? needed_lists(w, ns, kinds) : 0;
    if (logs)
        wanted_logs(w, ns, &wants);
    /* before the logs: a snapshot is redacted as they are read */
    int rc = logs ? kta_learn_secrets(w, ns, err) : 0;

    if (rc == 0 && (n || wants.n))
        rc = kta_world_prefetch_all(w, ns, kinds, n, wants.v, wants.n, err);
    free(wants.v);
    return rc;
}

/* ---- what can be asked for before the owners are known ---- */

/* A pod's name without what its controller has put behind the workload's. */
static size_t stem(const struct kta_json *pod)
{
    const char *name = kta_obj_name(pod), *hash = kta_obj_label(pod, "pod-template-hash");
    const char *at = hash && *hash ? strstr(name, hash) : strrchr(name, '-');
    return at && at > name ? (size_t)(at - name) - (at[-1] == '-') : strlen(name);
}

static bool meant(const struct kta_json *pod, char *const *words, size_t n)
{
    const char *name = kta_obj_name(pod);
    for (size_t i = 0; i < n; i++) {
        const char *word = strchr(words[i], '/') ? strchr(words[i], '/') + 1 : words[i];
        size_t len = strlen(word);
        if (len > 1 && !strncmp(name, word, len) && (!name[len] || name[len] == '-'))
            return true;
    }
    return n == 0;
}

#define EARLY_PODS 16

/* Pods in trouble that are meant, of each workload so many as logs are read. */
static size_t early_pods(struct kta_world *w, const char *ns, const struct kta_early_words *words,
                         struct kta_json *taken[EARLY_PODS])
{
    struct kta_json *const *pods;
    size_t n = kta_world_list(w, "pods", ns, &pods), n_taken = 0;
    for (size_t i = 0; i < n && n_taken < EARLY_PODS; i++) {
        size_t len = stem(pods[i]), same = 0;
        if ((kta_pod_ready(pods[i]) && !kta_pod_restarts(pods[i])) ||
            !meant(pods[i], words->v, words->n))
            continue;
        for (size_t k = 0; k < n_taken; k++)
            same += stem(taken[k]) == len &&
                    !strncmp(kta_obj_name(taken[k]), kta_obj_name(pods[i]), len);
        if (same < logs_each(pods[i]))
            taken[n_taken++] = pods[i];
    }
    return n_taken;
}

static void early_reads(struct kta_world *w, const char *ns, const struct kta_early_words *words)
{
    struct kta_json *taken[EARLY_PODS];
    struct kta_err err = KTA_ERR_INIT;
    size_t n = kta_world_has_focus(w) ? 0 : early_pods(w, ns, words, taken);
    for (size_t i = 0; i < n; i++)
        kta_world_focus_add(w, taken[i]);
    if (!n)
        return;
    (void)second_round(w, ns, /* lists= */ true, /* logs= */ true, &err);
    kta_world_focus_clear(w);
}

/* The first Deployment in trouble whose template changed: most failures follow a change. */
static void early_check(struct kta_world *w, const char *ns, const struct kta_early_words *words)
{
    struct kta_json *taken[EARLY_PODS];
    size_t n = early_pods(w, ns, words, taken);
    for (size_t i = 0; i < n; i++) {
        struct kta_json *owner = kta_world_owner(w, taken[i]);
        struct kta_change c;
        if (!kta_streq(kta_obj_kind(owner), "Deployment") || kta_pod_outdated(w, taken[i], owner) ||
            !kta_change_of(w, owner, &c))
            continue;
        kta_fixes_ask_undo(w, owner, &c);
        kta_change_release(&c);
        return;
    }
}

void kta_collect_early(struct kta_world *w, const char *kind, const char *ns, void *ctx)
{
    static const char *const of_change[] = {"pods", "events", "deployments", "replicasets"};
    size_t there = 0;
    if (kta_streq(kind, "pods"))
        early_reads(w, ns, ctx);
    for (size_t i = 0; i < KTA_LEN(of_change); i++)
        there += kta_world_has_list(w, of_change[i], ns);
    if (there == KTA_LEN(of_change) && kta_world_wants_checks(w) && !*kta_world_asked_ahead(w))
        early_check(w, ns, ctx);
}

int kta_collect_logs(struct kta_world *w, const char *ns, struct kta_err *err)
{
    return second_round(w, ns, /* lists= */ false, /* logs= */ true, err);
}

int kta_collect_lists(struct kta_world *w, const char *ns, bool wide, struct kta_err *err)
{
    return base_lists(w, ns, wide, err) ? -1 : second_round(w, ns, true, false, err);
}

int kta_collect(struct kta_world *w, const char *ns, bool wide, struct kta_err *err)
{
    return base_lists(w, ns, wide, err) ? -1 : second_round(w, ns, true, true, err);
}
