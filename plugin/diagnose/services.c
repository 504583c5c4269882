/*
 * services.c - Services that lead nowhere: no pod selected, pods not ready, a port that nothing
 * listens on, a load balancer that never came.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/re.h"

/* ---- the Service, or what was changed after it ---- */

/* When that field of the Service was set last. */
static int64_t set_at(const struct kta_json *service, const char *field)
{
    const char *who;
    int64_t when = kta_obj_created(service);
    (void)kta_managed_by(service, field, &who, &when);
    return when;
}

/* Roughly as long as it takes to make the objects of one application (seconds). */
#define MADE_TOGETHER 5

/* The pod template was changed after that field of the Service was: to *ret, the caller's. Times
 * are whole seconds; in the second in which the Service was made, the change of what there was
 * before came after it. What was put back is what the Service was made for. */
static bool changed_since(struct kta_world *w, const struct kta_json *service,
                          struct kta_json *workload, const char *field, struct kta_change *ret)
{
    int64_t when = set_at(service, field);
    return kta_change_of(w, workload, ret) && ret->text && ret->revision > 0 &&
           !(ret->back && ret->since <= when + MADE_TOGETHER) &&
           (ret->when == KTA_NO_TIME || ret->when > when ||
            (ret->when == when && when == kta_obj_created(service)));
}

/* Did the pods carry the labels that the Service selects until they were changed? */
static bool lost_labels(struct kta_world *w, const struct kta_json *service,
                        struct kta_json *workload)
{
    struct kta_change c = {0};
    bool yes = changed_since(w, service, workload, "spec.selector", &c) &&
               kta_map_matches(kta_json_at(service, "spec.selector"),
                               kta_json_at(c.template_, "metadata.labels"));
    kta_change_release(&c);
    return yes;
}

/* Blames the Service, or the workload that was changed after it. */
static struct kta_finding *blame(struct kta_findings *out, const char *code,
                                 enum kta_severity severity, double confidence,
                                 const struct kta_json *service, const struct kta_json *changed)
{
    struct kta_finding *f =
        kta_diag_add(out, code, severity, changed ? changed : service, confidence);
    if (changed)
        kta_finding_symptom(f, "Service", kta_obj_namespace(service), kta_obj_name(service));
    return f;
}

/* ---- the selector that nearly matches ---- */

struct near {
    struct kta_json *workload;
    int score; /* larger is nearer */
};

/* How near are a template's labels to a selector? 0: not at all. */
static int nearness(const struct kta_json *selector, const struct kta_json *labels)
{
    int score = 0;
    kta_json_each(s, selector) {
        const char *want = kta_or(kta_json_text(s), "");
        const char *have = kta_json_text(kta_json_get(labels, kta_json_key(s)));
        if (kta_streq(want, have))
            score += 10;
        else if (have && kta_distance(want, have, 3) <= (strlen(want) < 5 ? 1 : 3))
            score += 6;
        else if (have && (kta_starts(have, want) || kta_starts(want, have)))
            score += 4;
        else
            kta_json_each(l, labels)
                if (kta_streq(kta_json_text(l), want) ||
                    (kta_json_text(l) && strlen(want) > 4 &&
                     kta_distance(want, kta_json_text(l), 2) <= 2))
                    score += 5; /* the same value under another key */
    }
    return score;
}

struct kta_json *kta_nearest_workload(struct kta_world *w, const char *ns, const char *name,
                                      const struct kta_json *selector)
{
    static const char *const lists[] = {"deployments", "statefulsets", "daemonsets", "pods"};
    struct near best = {0};
    for (size_t l = 0; l < KTA_LEN(lists); l++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, lists[l], ns, &v);
        for (size_t i = 0; i < n; i++) {
            if (kta_obj_controller(v[i]))
                continue;
            int score = nearness(selector, kta_json_at(kta_diag_template(v[i]), "metadata.labels"));
            if (kta_names_alike(name, kta_obj_name(v[i])))
                score += 8;
            if (score > best.score)
                best = (struct near){v[i], score};
        }
    }
    return best.score >= 5 ? best.workload : NULL;
}

/* Labels worth selecting by: the keys of the selector as the workload has them; else its own
 * selector. Keys of the old selector that it lacks become null. */
static struct kta_json *better_selector(const struct kta_json *service,
                                        const struct kta_json *workload)
{
    const struct kta_json *old = kta_json_at(service, "spec.selector");
    const struct kta_json *labels = kta_json_at(kta_diag_template(workload), "metadata.labels");
    struct kta_json *now = kta_json_new_object();
    bool any = false;
    kta_json_each(s, old) {
        const char *have = kta_json_text(kta_json_get(labels, kta_json_key(s)));
        if (have)
            kta_json_set_str(now, kta_json_key(s), have);
        else
            kta_json_set(now, kta_json_key(s), kta_json_new_null());
        any |= have != NULL;
    }
    if (!any) {
        const struct kta_json *own = kta_json_at(workload, "spec.selector.matchLabels");
        kta_json_each(m, own ? own : labels)
            kta_json_set_str(now, kta_json_key(m), kta_json_text(m));
    }
    return now;
}

static void elsewhere(struct kta_world *w, const struct kta_json *service, struct kta_finding *f)
{
    if (!kta_world_readable(w, "deployments", NULL))
        return;
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "deployments", NULL, &v);
    for (size_t i = 0; i < n; i++) {
        if (kta_streq(kta_obj_namespace(v[i]), kta_obj_namespace(service)) ||
            !kta_map_matches(kta_json_at(service, "spec.selector"),
                             kta_json_at(v[i], "spec.template.metadata.labels")))
            continue;
        kta_finding_quote(f, "deployments", "deployment/%s in namespace %s has these labels",
                          kta_obj_name(v[i]), kta_obj_namespace(v[i]));
        kta_finding_advice(f,
                           "A Service selects pods of its own namespace only: create it in "
                           "namespace %s, or move the pods.",
                           kta_obj_namespace(v[i]));
        return;
    }
}

static void selects_nothing(struct kta_world *w, struct kta_json *service, struct kta_findings *out)
{
    kta_auto_str struct kta_str labels = KTA_STR_INIT;
    kta_diag_labels(kta_json_at(service, "spec.selector"), &labels);
    struct kta_json *near =
        kta_nearest_workload(w, kta_obj_namespace(service), kta_obj_name(service),
                             kta_json_at(service, "spec.selector"));
    /* A workload that it would match is just not there with pods: scaled to 0 tells that. */
    if (near && kta_map_matches(kta_json_at(service, "spec.selector"),
                                kta_json_at(kta_diag_template(near), "metadata.labels")))
        return;
    bool lost = near && lost_labels(w, service, near);
    struct kta_finding *f =
        blame(out, "Service.SelectorMismatch", near ? KTA_CRITICAL : KTA_WARNING, near ? 0.9 : 0.7,
              service, lost ? near : NULL);
    kta_finding_summary(f, "Service %s has no endpoints: no pod has the labels %s that it selects",
                        kta_obj_name(service), labels.s);
    kta_finding_quote(f, "spec", "service/%s: selector %s", kta_obj_name(service), labels.s);
    f->since = lost ? KTA_NO_TIME : kta_obj_created(service);
    const char *who;
    int64_t when;
    if (!lost && kta_managed_by(service, "spec.selector", &who, &when) && when != KTA_NO_TIME) {
        if (when > kta_obj_created(service)) {
            kta_diag_changed(w, f, when, "%s changed the selector of Service %s", who,
                             kta_obj_name(service));
        }
        f->since = when;
    }
    if (near) {
        kta_auto_str struct kta_str have = KTA_STR_INIT;
        kta_diag_labels(kta_json_at(kta_diag_template(near), "metadata.labels"), &have);
        kta_auto_free char *ref = kta_diag_ref(near);
        kta_finding_quote(f, "spec", "pods of %s have the labels %s", ref, have.s);
        kta_auto_json struct kta_json *body = kta_json_new_object();
        kta_json_set(kta_json_set(body, "spec", kta_json_new_object()), "selector",
                     better_selector(service, near));
        kta_auto_str struct kta_str s = KTA_STR_INIT;
        kta_json_print(body, false, &s);
        (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, service, KTA_PATCH_MERGE, s.s,
                            "select the labels that the pods of %s really carry", ref);
    } else {
        elsewhere(w, service, f);
        if (!f->advice)
            kta_finding_advice(f, "Create the workload whose pods carry these labels, correct the "
                                  "selector, or delete the Service if nothing needs it.");
    }
}

/* ---- ports ---- */

static const struct kta_json *port_named(const struct kta_json *spec, const char *name)
{
    kta_json_each(c, kta_json_get(spec, "containers"))
        kta_json_each(p, kta_json_get(c, "ports"))
            if (kta_streq(kta_json_str(p, "name"), name))
                return p;
    kta_json_each(c, kta_json_get(spec, "initContainers")) {
        if (!kta_streq(kta_json_str(c, "restartPolicy"), "Always"))
            continue; /* it does not run beside the others */
        kta_json_each(p, kta_json_get(c, "ports"))
            if (kta_streq(kta_json_str(p, "name"), name))
                return p;
    }
    return NULL;
}

/* protocol NULL: whichever. */
static bool declares(const struct kta_json *spec, int64_t port, const char *protocol)
{
    kta_json_each(c, kta_json_get(spec, "containers"))
        kta_json_each(p, kta_json_get(c, "ports")) {
            if (kta_json_int(p, "containerPort", 0) == port &&
                (!protocol || kta_streq(kta_or(kta_json_str(p, "protocol"), "TCP"), protocol)))
                return true;
        }
    return false;
}

/* The only declared port, or the one nearest by name; -1 when that is not clear. */
static int64_t likely_port(const struct kta_json *spec, const char *name, const char **ret_name)
{
    int64_t one = -1;
    int n = 0;
    *ret_name = NULL;
    kta_json_each(c, kta_json_get(spec, "containers"))
        kta_json_each(p, kta_json_get(c, "ports")) {
            n++;
            one = kta_json_int(p, "containerPort", -1);
            if (name && kta_json_str(p, "name") &&
                kta_distance(name, kta_json_str(p, "name"), 3) <= 2) {
                *ret_name = kta_json_str(p, "name");
                return one;
            }
        }
    if (n != 1)
        return -1;
    return one;
}

/* A port that probes of the pod use, when it is ready: something listens there for certain. */
static bool probed(const struct kta_json *spec, int64_t port)
{
    static const char *const probes[] = {"readinessProbe", "livenessProbe", "startupProbe"};
    kta_json_each(c, kta_json_get(spec, "containers"))
        for (size_t i = 0; i < KTA_LEN(probes); i++) {
            const struct kta_json *p = kta_json_get(c, probes[i]);
            if (kta_json_int(p, "httpGet.port", -1) == port ||
                kta_json_int(p, "tcpSocket.port", -1) == port)
                return true;
        }
    return false;
}

static void fix_port(struct kta_world *w, struct kta_finding *f, const struct kta_json *service,
                     size_t index, const char *name, int64_t number)
{
    kta_auto_free char *value =
        name ? kta_asprintf("\"%s\"", name) : kta_asprintf("%lld", (long long)number);
    kta_auto_free char *body =
        kta_asprintf("[{\"op\":\"replace\",\"path\":\"/spec/ports/%zu/targetPort\",\"value\":%s}]",
                     index, value);
    (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, service, KTA_PATCH_JSON, body,
                        "send port %lld to %s, which the pods have",
                        (long long)kta_json_int(kta_json_item(kta_json_at(service, "spec.ports"),
                                                              index),
                                                "port", 0),
                        value);
}

/* What the log of a pod behind the Service says it listens on, if it was read; -1 unknown. */
static int listens_on(struct kta_world *w, struct kta_json *pod)
{
    kta_json_each(c, kta_json_at(pod, "spec.containers")) {
        size_t len = 0;
        const char *log = kta_world_log(w, kta_obj_namespace(pod), kta_obj_name(pod),
                                        kta_json_str(c, "name"), false, &len);
        int port = log ? kta_log_listening(log, len) : -1;
        if (port > 0)
            return port;
    }
    return -1;
}

/* The right port by the wrong protocol. */
static bool other_protocol(struct kta_world *w, struct kta_json *service, struct kta_json *pod,
                           size_t index, struct kta_findings *out)
{
    const struct kta_json *spec = kta_json_get(pod, "spec");
    const struct kta_json *p = kta_json_item(kta_json_at(service, "spec.ports"), index);
    const char *wants = kta_or(kta_json_str(p, "protocol"), "TCP");
    const char *name = kta_json_str(p, "targetPort");
    const struct kta_json *named = name ? port_named(spec, name) : NULL;
    int64_t number = named ? kta_json_int(named, "containerPort", 0)
                           : kta_json_int(p, "targetPort", kta_json_int(p, "port", 0));
    if (!declares(spec, number, NULL) || declares(spec, number, wants))
        return false;
    size_t same = 0; /* one port by both protocols: what is declared is only half of the truth */
    kta_json_each(q, kta_json_at(service, "spec.ports"))
        same += kta_json_int(q, "port", 0) == kta_json_int(p, "port", 0);
    if (same > 1)
        return false;
    const char *has = declares(spec, number, "TCP") ? "TCP" : "UDP";
    struct kta_finding *f = kta_diag_add(out, "Service.PortMismatch", KTA_CRITICAL, service, 0.85);
    kta_auto_free char *ref = kta_diag_ref(kta_world_owner(w, pod));
    kta_finding_summary(f, "Service %s sends port %lld by %s, and %s serves port %lld by %s",
                        kta_obj_name(service), (long long)kta_json_int(p, "port", 0), wants, ref,
                        (long long)number, has);
    kta_finding_quote(f, "spec", "service/%s: protocol %s; %s: containerPort %lld, protocol %s",
                      kta_obj_name(service), wants, ref, (long long)number, has);
    kta_auto_free char *body = kta_asprintf(
        "[{\"op\":\"replace\",\"path\":\"/spec/ports/%zu/protocol\",\"value\":\"%s\"}]", index,
        has);
    (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, service, KTA_PATCH_JSON, body,
                        "send by %s, as the pods serve it", has);
    return true;
}

/* A port that speaks HTTP by all that is said of it: a GET does it no harm. */
static bool speaks_http(const struct kta_json *port, int64_t number)
{
    static const int usual[] = {80, 3000, 5000, 8000, 8080, 8081, 8888, 9090};
    const char *app = kta_or(kta_json_str(port, "appProtocol"), "");
    const char *name = kta_or(kta_json_str(port, "name"), "");
    for (size_t i = 0; i < KTA_LEN(usual); i++)
        if (number == usual[i])
            return true;
    return kta_stristr(app, "http") || kta_stristr(name, "http") || kta_stristr(name, "web");
}

#define STARTS 40 /* seconds that a program may take until it listens */
#define ASKED_MAX                                                                                  \
    8 /* Services of one run whose declared port is asked whether anything listens                 \
       */

/* Is it worth asking whether anything listens on a port that the container declares? A probe that
 * succeeds there has told already. */
static bool worth_asking(struct kta_world *w, const struct kta_json *spec,
                         const struct kta_json *port, int64_t number)
{
    if (probed(spec, number) || !kta_streq(kta_or(kta_json_str(port, "protocol"), "TCP"), "TCP") ||
        !speaks_http(port, number))
        return false;
    return kta_world_count_ask(w, ASKED_MAX);
}

/* A difference that may change what a program listens on: what it runs and by which words; of its
 * variables those that speak of ports, or hold one of the two. */
static bool of_ports(const char *line, int64_t before, int64_t now)
{
    static struct kta_re *all, *env;
    if (!all) {
        all = kta_re_must(
            "^(?:initC|c)ontainers\\[[^\\]]*\\](?:\\.(?:command|args|image|envFrom|ports)\\b|:)",
            0);
        env = kta_re_must("\\.env\\[[^\\]]*(?:PORT|ADDR|LISTEN|BIND|HOST)[^\\]]*\\]", KTA_RE_ICASE);
    }
    kta_auto_free char *a = kta_asprintf("%lld", (long long)before);
    kta_auto_free char *b = kta_asprintf("%lld", (long long)now);
    size_t n = strlen(line);
    return kta_re_find(all, line, n, 0, NULL) || kta_re_find(env, line, n, 0, NULL) ||
           (strstr(line, ".env[") && (strstr(line, a) || (now > 0 && strstr(line, b))));
}

/* Did the pods serve that port, as far as can be known, until they were changed? now: where they
 * listen, -1 unknown; not so if they said that they do already before. */
static bool lost_port(struct kta_world *w, const struct kta_json *service,
                      struct kta_json *workload, int64_t port, int64_t now)
{
    struct kta_change c = {0};
    bool yes = false;
    if (changed_since(w, service, workload, "spec.ports", &c) &&
        !(now > 0 && declares(kta_json_get(c.template_, "spec"), now, NULL)))
        for (char *line = c.diff, *end; *line && !yes; line = end + (*end == '\n')) {
            end = line + strcspn(line, "\n");
            kta_auto_free char *one = kta_strndup(line, (size_t)(end - line));
            yes = of_ports(one, port, now);
        }
    kta_change_release(&c);
    return yes;
}

static bool lost_name(struct kta_world *w, const struct kta_json *service,
                      struct kta_json *workload, const char *name)
{
    struct kta_change c = {0};
    bool yes = changed_since(w, service, workload, "spec.ports", &c) &&
               port_named(kta_json_get(c.template_, "spec"), name);
    kta_change_release(&c);
    return yes;
}

static void check_ports(struct kta_world *w, struct kta_json *service, struct kta_json *pod,
                        struct kta_findings *out)
{
    const struct kta_json *spec = kta_json_get(pod, "spec");
    size_t index = 0;
    bool declared_any = false;
    kta_json_each(c, kta_json_get(spec, "containers"))
        declared_any |= kta_json_len(kta_json_get(c, "ports")) > 0;
    kta_json_each(p, kta_json_at(service, "spec.ports")) {
        size_t at = index++;
        const struct kta_json *target = kta_json_get(p, "targetPort");
        const char *name = kta_json_text(target);
        int64_t number = kta_json_int(p, "targetPort", kta_json_int(p, "port", 0));
        const char *near = NULL;
        kta_auto_free char *ref = NULL;
        if (name && !port_named(spec, name)) {
            struct kta_json *owner = kta_world_owner(w, pod);
            struct kta_finding *f = blame(out, "Service.NamedPort", KTA_CRITICAL, 0.95, service,
                                          lost_name(w, service, owner, name) ? owner : NULL);
            ref = kta_diag_ref(owner);
            kta_finding_summary(f,
                                "Service %s sends to port \"%s\", but no container of %s has a "
                                "port of that name",
                                kta_obj_name(service), name, ref);
            kta_finding_quote(f, "spec", "service/%s: targetPort %s", kta_obj_name(service), name);
            int64_t likely = likely_port(spec, name, &near);
            if (likely > 0)
                fix_port(w, f, service, at, near, likely);
            kta_finding_advice(f,
                               "Name the container's port \"%s\", or send to a port that it "
                               "has.",
                               name);
            continue;
        }
        if (other_protocol(w, service, pod, at, out))
            continue;
        if (!kta_pod_ready(pod) || probed(spec, number))
            continue;
        bool declared = name || declares(spec, number, NULL);
        if (name)
            number = kta_json_int(port_named(spec, name), "containerPort", 0);
        if (declared && (kta_diag_settling(w, pod, STARTS) || !worth_asking(w, spec, p, number)))
            continue;
        int heard = declared ? -1 : listens_on(w, pod);
        if (heard == number)
            continue;
        /* What a container declares is no proof either way: whether something listens is asked. */
        int open = kta_streq(kta_or(kta_json_str(p, "protocol"), "TCP"), "TCP")
                       ? kta_port_open(w, pod, number)
                       : -1;
        if (open == 1 || (open < 0 && heard < 0 && !declared_any) || (declared && open != 0))
            continue;
        if (declared)
            heard = listens_on(w, pod);
        int64_t likely = heard > 0 ? heard : likely_port(spec, NULL, &near);
        if (likely == number)
            likely = -1;
        /* Nothing declared, nothing said: perhaps nobody calls that port either. */
        bool sure = heard > 0 || (open == 0 && declared_any);
        enum kta_severity severity = sure ? KTA_CRITICAL : declared_any ? KTA_WARNING : KTA_INFO;
        struct kta_json *owner = kta_world_owner(w, pod);
        bool lost = lost_port(w, service, owner, number, likely);
        bool told = !lost && heard > 0 &&
                    kta_store_set_number(w, owner, set_at(service, "spec.ports"), heard);
        struct kta_finding *f = blame(out, "Service.PortMismatch", severity, sure ? 0.95 : 0.75,
                                      service, lost || told ? owner : NULL);
        if (told) /* by a ConfigMap, which it has read at its start: changes.c tells of it */
            f->since = kta_obj_created(pod);
        ref = kta_diag_ref(owner);
        kta_finding_summary(f,
                            "Service %s sends port %lld to port %lld of %s, where nothing "
                            "listens as far as its pods tell",
                            kta_obj_name(service), (long long)kta_json_int(p, "port", 0),
                            (long long)number, ref);
        if (open == 0)
            kta_finding_quote(f, "GET", "pod/%s:%lld: connection refused", kta_obj_name(pod),
                              (long long)number);
        if (heard > 0)
            kta_finding_quote(f, "log", "pod/%s listens on port %d", kta_obj_name(pod), heard);
        else if (likely > 0)
            kta_finding_quote(f, "spec", "%s declares containerPort %lld", ref, (long long)likely);
        if (likely > 0)
            fix_port(w, f, service, at, NULL, likely);
        else
            kta_finding_advice(f, "Find out which port the program listens on, and send there.");
    }
}

/* ---- the analyzer ---- */

/* Whoever provides load balancers says so at once by an event of the Service; then it may take its
 * time (seconds). Where nobody does, nobody will. */
#define LB_TAKES   120
#define LB_NOTICED 20

static void load_balancer(struct kta_world *w, struct kta_json *s, struct kta_findings *out)
{
    if (!kta_streq(kta_json_str(s, "spec.type"), "LoadBalancer") ||
        kta_json_len(kta_json_at(s, "status.loadBalancer.ingress")))
        return;
    const struct kta_json *any = kta_diag_event(w, s, NULL, NULL);
    bool failed = kta_streq(kta_json_str(any, "type"), "Warning");
    if (kta_diag_settling(w, s, any && !failed ? LB_TAKES : LB_NOTICED))
        return;
    struct kta_finding *f = kta_diag_add(out, "Service.LoadBalancerPending", KTA_WARNING, s, 0.85);
    f->since = kta_obj_created(s);
    kta_finding_summary(f,
                        "Service %s of type LoadBalancer has no address: nothing in this cluster "
                        "provides load balancers, or it fails to",
                        kta_obj_name(s));
    kta_diag_quote_event(f, s, any);
    kta_finding_quote(f, "status", "service/%s: loadBalancer is empty", kta_obj_name(s));
    kta_finding_advice(f, "Install a load balancer (a cloud controller, MetalLB), or reach it by "
                          "its node port meanwhile.");
    (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, s, KTA_PATCH_MERGE,
                        "{\"spec\":{\"type\":\"NodePort\"}}",
                        "make it a NodePort Service, which needs no load balancer");
}

static bool wanted(struct kta_world *w, struct kta_json *s)
{
    if (kta_world_focused(w, s))
        return true;
    struct kta_json **pods;
    size_t n = kta_world_pods_of(w, s, &pods);
    bool yes = false;
    for (size_t i = 0; i < n && !yes; i++)
        yes = kta_world_focused(w, pods[i]);
    free(pods);
    return yes;
}

static void not_ready(struct kta_world *w, struct kta_json *s, struct kta_json **pods, size_t n,
                      struct kta_findings *out)
{
    struct kta_finding *f = kta_diag_add(out, "Service.NoEndpoints", KTA_CRITICAL, s, 0.7);
    struct kta_json *owner = kta_world_owner(w, pods[0]);
    kta_auto_free char *ref = kta_diag_ref(owner);
    kta_finding_summary(f,
                        "Service %s has no ready endpoints: none of the %zu pod%s of %s is ready",
                        kta_obj_name(s), n, n == 1 ? "" : "s", ref);
    kta_finding_quote(f, "endpointslices", "service/%s: 0 of %zu ready", kta_obj_name(s), n);
    for (size_t i = 0; i < n && i < 5; i++)
        kta_finding_symptom(f, "Pod", kta_obj_namespace(pods[i]), kta_obj_name(pods[i]));
    kta_finding_symptom(f, kta_obj_kind(owner), kta_obj_namespace(owner), kta_obj_name(owner));
}

/* An init container at work has as long as it needs: whether it ever ends is told of itself. */
static bool initializing(const struct kta_json *pod)
{
    kta_json_each(s, kta_json_at(pod, "status.initContainerStatuses")) {
        if (kta_json_at(s, "state.running") && kta_obj_condition_is(pod, "Initialized", "False"))
            return true;
    }
    return false;
}

static bool starting(struct kta_world *w, struct kta_json **pods, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((kta_diag_settling(w, pods[i], 20) || initializing(pods[i])) &&
            !kta_pod_restarts(pods[i]))
            return true;
    return false;
}

void kta_analyze_services(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "services", ns, &v);
    for (size_t i = 0; i < n; i++) {
        struct kta_json *s = v[i];
        if (kta_diag_settling(w, s, 5))
            continue;
        if (wanted(w, s))
            load_balancer(w, s, out);
        if (!kta_json_len(kta_json_at(s, "spec.selector")) ||
            kta_streq(kta_json_str(s, "spec.type"), "ExternalName")) {
            if (kta_world_focused(w, s))
                kta_service_external(w, s, out);
            continue;
        }
        /* Among very many, those that lead somewhere are not looked into. */
        if (!kta_world_has_focus(w) && kta_world_partial(w, "pods", kta_obj_namespace(s)) &&
            kta_service_ready(w, s) > 0)
            continue;
        struct kta_json **pods;
        size_t k = kta_world_pods_of(w, s, &pods), live = 0;
        if (!k && !kta_world_pods_known(w, s)) {
            free(pods);
            continue;
        }
        for (size_t p = 0; p < k; p++)
            if (!kta_streq(kta_json_str(pods[p], "status.phase"), "Succeeded") &&
                !kta_json_at(pods[p], "metadata.deletionTimestamp"))
                pods[live++] = pods[p];
        if (!live && (kta_world_focused(w, s) || !kta_world_has_focus(w)))
            selects_nothing(w, s, out);
        if (live && wanted(w, s)) {
            size_t ready = 0;
            for (size_t p = 0; p < live; p++)
                ready += kta_pod_ready(pods[p]);
            kta_service_mixed(w, s, pods, live, out);
            check_ports(w, s, pods[0], out);
            if (!ready && !starting(w, pods, live) &&
                !kta_json_bool(s, "spec.publishNotReadyAddresses", false))
                not_ready(w, s, pods, live, out);
        }
        free(pods);
    }
}
