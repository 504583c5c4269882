/*
 * evidence.c - what a model needs to know of the targets besides the findings: numbered pieces,
 * each with its worth, so that a short budget keeps the most telling ones.
 *
 * Every piece is redacted and cleaned here: nothing of the cluster leaves otherwise.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/evidence.h"
#include "kta/utf8.h"

#define LINES_MAX 60   /* rows of one table of evidence */
#define LOG_MAX   3000 /* bytes of one log's digest */

void kta_evidence_add(struct kta_evidence *e, int weight, const char *source, const char *text)
{
    if (!text || !*text)
        return;
    KTA_GROW(e->v, e->n, e->cap);
    e->v[e->n++] = (struct kta_item){kta_strdup(source), kta_strdup(text), weight};
}

void kta_evidence_release(struct kta_evidence *e)
{
    for (size_t i = 0; i < e->n; i++) {
        free(e->v[i].source);
        free(e->v[i].text);
    }
    free(e->v);
    *e = (struct kta_evidence){0};
}

/* Redacts, cleans, adds. */
static void put(struct kta_world *w, struct kta_evidence *e, int weight, const char *source,
                struct kta_str *text)
{
    struct kta_redact *r = kta_world_redact(w);
    kta_auto_free char *redacted = r ? kta_redact_dup(r, text->s) : kta_strdup(text->s);
    kta_auto_str struct kta_str clean = KTA_STR_INIT;
    kta_clean(redacted, strlen(redacted), &clean);
    kta_str_trim(&clean);
    kta_evidence_add(e, weight, source, clean.s);
}

/* ---- states ---- */

static void container_line(const struct kta_json *s, struct kta_str *out)
{
    const struct kta_json *end = kta_json_at(s, "lastState.terminated");
    if (!end)
        end = kta_json_at(s, "state.terminated");
    const char *waiting = kta_json_str(s, "state.waiting.reason");
    kta_str_addf(out, "; %s: %s", kta_or(kta_json_str(s, "name"), "?"),
                 waiting                              ? waiting
                 : kta_json_at(s, "state.running")    ? "running"
                 : kta_json_at(s, "state.terminated") ? "terminated"
                                                      : "?");
    if (end)
        kta_str_addf(out, ", last exit %lld %s", (long long)kta_json_int(end, "exitCode", 0),
                     kta_or(kta_json_str(end, "reason"), ""));
}

static void pods(struct kta_world *w, const char *ns, struct kta_evidence *e)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "pods", ns, &v), shown = 0, healthy = 0;
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    for (size_t i = 0; i < n; i++) {
        if (!kta_world_focused(w, v[i]))
            continue;
        bool fine = kta_pod_ready(v[i]) && !kta_pod_restarts(v[i]);
        if (shown >= LINES_MAX || (fine && !kta_world_has_focus(w) && shown >= 20)) {
            healthy++;
            continue;
        }
        shown++;
        char buf[64];
        kta_auto_str struct kta_str age = KTA_STR_INIT;
        kta_diag_age(w, kta_obj_created(v[i]), &age);
        kta_str_addf(&out, "pod/%s %s%s%s %s, restarts %d, made %s, node %s", kta_obj_name(v[i]),
                     ns ? "" : "in ", ns ? "" : kta_obj_namespace(v[i]), ns ? "" : ",",
                     kta_pod_status_word(v[i], buf, sizeof buf), kta_pod_restarts(v[i]), age.s,
                     kta_or(kta_json_str(v[i], "spec.nodeName"), "none"));
        if (kta_world_has_focus(w) && kta_json_str(v[i], "status.podIP"))
            kta_str_addf(&out, ", address %s", kta_json_str(v[i], "status.podIP"));
        kta_json_each(s, kta_json_at(v[i], "status.initContainerStatuses"))
            if (!kta_streq(kta_json_str(s, "state.terminated.reason"), "Completed"))
                container_line(s, &out);
        kta_json_each(s, kta_json_at(v[i], "status.containerStatuses"))
            container_line(s, &out);
        kta_str_addc(&out, '\n');
    }
    if (healthy)
        kta_str_addf(&out, "and %zu more\n", healthy);
    kta_auto_free char *source = ns ? kta_asprintf("pods in %s", ns) : kta_strdup("pods");
    put(w, e, 70, source, &out);
}

static void workloads(struct kta_world *w, const char *ns, struct kta_evidence *e)
{
    static const char *const lists[] = {"deployments", "statefulsets", "daemonsets"};
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    size_t shown = 0;
    for (size_t l = 0; l < KTA_LEN(lists); l++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, lists[l], ns, &v);
        for (size_t i = 0; i < n && shown < LINES_MAX; i++) {
            if (!kta_world_focused(w, v[i]))
                continue;
            shown++;
            kta_auto_free char *ref = kta_diag_ref(v[i]);
            kta_str_addf(&out, "%s: %lld of %lld ready", ref, (long long)kta_diag_ready(v[i]),
                         (long long)kta_diag_desired(v[i]));
            kta_json_each(c, kta_json_at(v[i], "spec.template.spec.containers")) {
                kta_str_addf(&out, "; container %s image %s", kta_json_str(c, "name"),
                             kta_or(kta_json_str(c, "image"), "?"));
                if (!kta_world_has_focus(w))
                    continue;
                static const char *const parts[] = {"command", "args", "resources", "ports"};
                for (size_t k = 0; k < KTA_LEN(parts); k++)
                    if (kta_json_len(kta_json_get(c, parts[k]))) {
                        kta_str_addf(&out, " %s ", parts[k]);
                        kta_json_print(kta_json_get(c, parts[k]), false, &out);
                    }
                kta_str_add(&out, " env");
                kta_json_each(env, kta_json_get(c, "env"))
                    kta_str_addf(&out, " %s", kta_json_str(env, "name"));
                kta_json_each(from, kta_json_get(c, "envFrom"))
                    kta_str_addf(&out, " (all of %s)",
                                 kta_or(kta_json_str(from, "configMapRef.name"),
                                        kta_or(kta_json_str(from, "secretRef.name"), "?")));
            }
            kta_str_addc(&out, '\n');
        }
    }
    put(w, e, 60, "workloads", &out);
}

static void services(struct kta_world *w, const char *ns, struct kta_evidence *e)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "services", ns, &v), shown = 0;
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    for (size_t i = 0; i < n && shown < LINES_MAX; i++) {
        if (!kta_json_len(kta_json_at(v[i], "spec.selector")))
            continue;
        if (kta_world_has_focus(w)) {
            struct kta_json **p;
            size_t k = kta_world_pods_of(w, v[i], &p);
            bool mine = kta_world_focused(w, v[i]);
            for (size_t x = 0; x < k && !mine; x++)
                mine = kta_world_focused(w, p[x]);
            free(p);
            if (!mine)
                continue;
        }
        shown++;
        kta_str_addf(&out, "service/%s (%s %s) selects ", kta_obj_name(v[i]),
                     kta_or(kta_json_str(v[i], "spec.type"), "ClusterIP"),
                     kta_or(kta_json_str(v[i], "spec.clusterIP"), "without an address"));
        kta_diag_labels(kta_json_at(v[i], "spec.selector"), &out);
        kta_json_each(p, kta_json_at(v[i], "spec.ports")) {
            kta_str_addf(&out, "; port %lld to ", (long long)kta_json_int(p, "port", 0));
            if (kta_json_str(p, "targetPort"))
                kta_str_add(&out, kta_json_str(p, "targetPort"));
            else
                kta_str_addf(&out, "%lld", (long long)kta_json_int(p, "targetPort", 0));
        }
        int ready = kta_service_ready(w, v[i]);
        if (ready >= 0)
            kta_str_addf(&out, "; %d ready endpoints", ready);
        kta_str_addc(&out, '\n');
    }
    put(w, e, 50, "services", &out);
}

/* ---- events, logs, changes, metrics ---- */

/* What every pod goes through tells nothing. */
static bool routine(const struct kta_json *ev)
{
    static const char *const reasons[] = {"Scheduled",        "Pulled",
                                          "Pulling",          "Created",
                                          "Started",          "SuccessfulCreate",
                                          "SuccessfulDelete", "ScalingReplicaSet"};
    for (size_t i = 0; i < KTA_LEN(reasons); i++)
        if (kta_streq(kta_json_str(ev, "reason"), reasons[i]))
            return !kta_streq(kta_json_str(ev, "type"), "Warning");
    return false;
}

static bool event_wanted(struct kta_world *w, const struct kta_json *ev)
{
    if (routine(ev))
        return false;
    if (!kta_world_has_focus(w))
        return kta_streq(kta_json_str(ev, "type"), "Warning");
    struct kta_json *o = kta_world_uid(w, kta_json_str(ev, "involvedObject.uid"));
    return o && kta_world_focused(w, o);
}

static int newest_first(const void *pa, const void *pb)
{
    int64_t a = kta_event_time(*(struct kta_json *const *)pa);
    int64_t b = kta_event_time(*(struct kta_json *const *)pb);
    return a > b ? -1 : a < b;
}

static void events(struct kta_world *w, const char *ns, struct kta_evidence *e)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "events", ns, &v), k = 0;
    struct kta_json **mine = kta_calloc(n + 1, sizeof *mine);
    for (size_t i = 0; i < n; i++)
        if (event_wanted(w, v[i]))
            mine[k++] = v[i];
    qsort(mine, k, sizeof *mine, newest_first);
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    for (size_t i = 0; i < k && i < 30; i++) {
        kta_auto_str struct kta_str age = KTA_STR_INIT;
        kta_diag_age(w, kta_event_time(mine[i]), &age);
        kta_str_addf(&out, "%s %s %s %s/%s (%lld times): %.400s\n", age.s,
                     kta_or(kta_json_str(mine[i], "type"), ""),
                     kta_or(kta_json_str(mine[i], "reason"), ""),
                     kta_or(kta_json_str(mine[i], "involvedObject.kind"), ""),
                     kta_or(kta_json_str(mine[i], "involvedObject.name"), ""),
                     (long long)kta_event_count(mine[i]),
                     kta_or(kta_json_str(mine[i], "message"), ""));
    }
    put(w, e, 65, "events", &out);
    free(mine);
}

static void one_log(struct kta_world *w, struct kta_json *pod, const char *container, bool previous,
                    int weight, struct kta_evidence *e)
{
    size_t len;
    const char *log =
        kta_world_log(w, kta_obj_namespace(pod), kta_obj_name(pod), container, previous, &len);
    if (!log)
        return;
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    kta_log_digest(log, len, LOG_MAX, &out);
    kta_auto_free char *source =
        kta_asprintf("log pod/%s %s%s", kta_obj_name(pod), container, previous ? " previous" : "");
    put(w, e, weight, source, &out);
}

static void logs(struct kta_world *w, const char *ns, struct kta_evidence *e)
{
    enum { EACH = 2 }; /* pods of one workload */
    struct kta_json *const *v;
    const struct kta_json *owner = NULL;
    size_t n = kta_world_list(w, "pods", ns, &v), shown = 0, of_owner = 0;
    for (size_t i = 0; i < n && shown < 6; i++) {
        if (!kta_world_focused(w, v[i]))
            continue;
        const struct kta_json *its = kta_world_owner(w, v[i]);
        size_t before = shown;
        if (its != owner) /* a list is in the order of names */
            of_owner = 0;
        owner = its;
        for (size_t l = 0; l < KTA_LEN(kta_status_lists) && of_owner < EACH; l++)
            kta_json_each(s, kta_json_get(kta_json_get(v[i], "status"), kta_status_lists[l])) {
                size_t len;
                bool previous;
                if (kta_unhealthy_log_text(w, v[i], s, &len, &previous)) {
                    one_log(w, v[i], kta_json_str(s, "name"), previous, 80, e);
                    shown++;
                }
            }
        of_owner += shown > before;
    }
    /* Nothing is unhealthy: the first of what was asked about still says what it does. */
    for (size_t i = 0; i < n && !shown && kta_world_has_focus(w); i++)
        if (kta_world_focused(w, v[i]) &&
            kta_json_at(v[i], "status.containerStatuses[0].state.running")) {
            one_log(w, v[i], kta_json_str(v[i], "spec.containers[0].name"), false, 40, e);
            shown++;
        }
}

static void changes(struct kta_world *w, const struct kta_targets *targets, const char *ns,
                    struct kta_evidence *e)
{
    static const char *const lists[] = {"deployments", "statefulsets", "daemonsets"};
    (void)targets;
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    size_t shown = 0;
    for (size_t l = 0; l < KTA_LEN(lists); l++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, lists[l], ns, &v);
        for (size_t i = 0; i < n && shown < 10; i++) {
            struct kta_change c;
            if (!kta_world_focused(w, v[i]) ||
                (!kta_world_has_focus(w) && kta_diag_ready(v[i]) >= kta_diag_desired(v[i])) ||
                !kta_change_of(w, v[i], &c))
                continue;
            kta_auto_free char *ref = kta_diag_ref(v[i]);
            kta_str_addf(&out, "%s: ", ref);
            if (c.when != KTA_NO_TIME) {
                kta_diag_age(w, c.when, &out);
                kta_str_addc(&out, ' ');
            }
            kta_str_addf(&out, "%s\nagainst revision %lld%s:\n%s", c.text, (long long)c.revision,
                         c.worked ? " (its pods are ready)" : "", c.diff);
            kta_change_release(&c);
            shown++;
        }
    }
    put(w, e, 90, "what changed", &out);
}

static void metrics(struct kta_world *w, const char *ns, struct kta_evidence *e)
{
    struct kta_json *const *v;
    size_t n = kta_world_pod_metrics(w, ns, &v), shown = 0;
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    for (size_t i = 0; i < n && shown < 20; i++) {
        struct kta_json *pod =
            kta_world_get(w, "pods", kta_obj_namespace(v[i]), kta_obj_name(v[i]), NULL);
        if (!pod || !kta_world_focused(w, pod))
            continue;
        shown++;
        kta_str_addf(&out, "pod/%s:", kta_obj_name(v[i]));
        kta_json_each(c, kta_json_get(v[i], "containers"))
            kta_str_addf(&out, " %s cpu %s memory %s", kta_json_str(c, "name"),
                         kta_or(kta_json_str(c, "usage.cpu"), "?"),
                         kta_or(kta_json_str(c, "usage.memory"), "?"));
        kta_str_addc(&out, '\n');
    }
    put(w, e, 30, "metrics", &out);
}

int kta_collect_evidence(struct kta_world *w, const struct kta_scope *scope,
                         const struct kta_targets *targets, const struct kta_findings *findings,
                         struct kta_evidence *ret, struct kta_err *err)
{
    const char *ns = scope->namespace_;
    if (targets && targets->n) {
        const struct kta_target *t = &targets->v[0];
        ns = t->by == KTA_BY_NAMESPACE ? t->ref.name : t->ref.namespace_ ? t->ref.namespace_ : ns;
    }
    (void)findings;
    if (kta_collect(w, ns, false, err))
        return -1;
    changes(w, targets, ns, ret);
    logs(w, ns, ret);
    pods(w, ns, ret);
    events(w, ns, ret);
    workloads(w, ns, ret);
    services(w, ns, ret);
    metrics(w, ns, ret);
    kta_auto_str struct kta_str missing = KTA_STR_INIT;
    kta_str_add(&missing, kta_world_missing(w));
    put(w, ret, 75, "what could not be read", &missing);
    kta_report_done(kta_world_report(w));
    return 0;
}
