/*
 * dependency.c - a program that cannot reach another: what is wrong with the Service that it calls,
 * its endpoints and its pods, or with the address.
 *
 * When the other one is there and broken, its own finding is the cause and this one is folded
 * beneath it (the Service is a symptom of both).
 */
#include <stdlib.h>
#include <string.h>
#include "address.h"
#include "crash.h"
#include "kta/alloc.h"
#include "kta/clock.h"

static bool serves_port(const struct kta_json *service, long port)
{
    kta_json_each(p, kta_json_at(service, "spec.ports"))
        if (kta_json_int(p, "port", 0) == port)
            return true;
    return false;
}

/* The Service was changed while its callers were running: then the change is the cause. */
static void port_changed(const struct kta_pod_trouble *t, struct kta_finding *effect,
                         const struct kta_json *service, const char *port)
{
    const struct kta_json *ports = kta_json_at(service, "spec.ports");
    const char *who;
    int64_t when;
    if (kta_json_len(ports) != 1 || !kta_managed_by(service, "spec.ports", &who, &when) ||
        when == KTA_NO_TIME || when <= kta_obj_created(service) ||
        when < kta_obj_created(t->owner) || kta_diag_find(t->out, "Service.PortMismatch", service))
        return;
    struct kta_finding *f =
        kta_diag_add(t->out, "Service.PortMismatch", KTA_CRITICAL, service, 0.9);
    kta_auto_free char *ref = kta_diag_ref(t->owner);
    long long now = (long long)kta_json_int(kta_json_item(ports, 0), "port", 0);
    f->since = when;
    kta_diag_changed(t->w, f, when, "%s changed the ports of Service %s", who,
                     kta_obj_name(service));
    kta_finding_summary(f, "Service %s serves port %lld now, and %s still calls it on port %s",
                        kta_obj_name(service), now, ref, port);
    for (size_t i = 0; i < effect->n_evidence; i++)
        kta_finding_quote(f, effect->evidence[i].source, "%s", effect->evidence[i].text);
    kta_finding_symptom(f, kta_obj_kind(t->owner), kta_obj_namespace(t->owner),
                        kta_obj_name(t->owner));
    kta_auto_free char *body =
        kta_asprintf("[{\"op\":\"replace\",\"path\":\"/spec/ports/0/port\",\"value\":%ld}]",
                     strtol(port, NULL, 10));
    (void)kta_fix_patch(t->w, f, KTA_RISK_MEDIUM, service, KTA_PATCH_JSON, body,
                        "undo the change: serve port %s again", port);
    kta_finding_advice(f, "Or make its callers use port %lld.", now);
    kta_finding_symptom(effect, "Service", kta_obj_namespace(service), kta_obj_name(service));
}

static void wrong_port(const struct kta_pod_trouble *t, struct kta_finding *f,
                       const struct kta_json *service, const char *host, const char *port)
{
    kta_auto_free char *who = kta_trouble_who(t);
    long long right =
        (long long)kta_json_int(kta_json_item(kta_json_at(service, "spec.ports"), 0), "port", 0);
    kta_finding_summary(f, "%s calls %s on port %s, but Service %s serves port %lld", who, host,
                        port, kta_obj_name(service), right);
    kta_finding_quote(f, "spec", "service/%s: port %lld", kta_obj_name(service), right);
    struct naming x;
    if (naming_of(t, host, &x)) {
        kta_auto_free char *from = kta_asprintf("%s:%s", host, port);
        kta_auto_free char *to = kta_asprintf("%s:%lld", host, right);
        naming_fix(t, f, &x, from, to, "the port that the Service serves");
        naming_release(&x);
    }
    kta_json_each(e, kta_json_get(t->container, "env")) {
        kta_auto_free char *v = kta_env_value(t->w, kta_obj_namespace(t->pod), e);
        if (f->n_fixes || !v || !kta_streq(v, port))
            continue;
        struct naming y = {.name = kta_strdup(kta_or(kta_json_str(e, "name"), "")),
                           .value = kta_strdup(v)};
        kta_auto_free char *to = kta_asprintf("%lld", right);
        naming_fix(t, f, &y, port, to, "the port that the Service serves");
        naming_release(&y);
    }
    if (!f->n_fixes) { /* "cache:6379", "nc -z cache 6379" */
        kta_auto_free char *from = kta_asprintf("%s:%s", host, port);
        kta_auto_free char *to = kta_asprintf("%s:%lld", host, right);
        kta_auto_free char *from2 = kta_asprintf("%s %s", host, port);
        kta_auto_free char *to2 = kta_asprintf("%s %lld", host, right);
        (void)naming_elsewhere(t, f, (struct renaming[]){{from, to}, {from2, to2}}, 2,
                               "the port that the Service serves");
    }
    port_changed(t, f, service, port);
}

/* The port that a Service's pods listen on for one of its ports; -1: unknown. */
static int64_t target_port(struct kta_world *w, const struct kta_json *service, long port)
{
    const struct kta_json *target = NULL;
    kta_json_each(p, kta_json_at(service, "spec.ports"))
        if (kta_json_int(p, "port", 0) == port)
            target = p;
    const char *name = kta_json_str(target, "targetPort");
    int64_t number = target && !name ? kta_json_int(target, "targetPort", port) : -1;
    struct kta_json **pods;
    size_t n = name ? kta_world_pods_of(w, service, &pods) : 0;
    for (size_t i = 0; i < n; i++)
        kta_json_each(c, kta_json_at(pods[i], "spec.containers"))
            kta_json_each(q, kta_json_get(c, "ports"))
                if (kta_streq(kta_json_str(q, "name"), name))
                    number = kta_json_int(q, "containerPort", -1);
    if (name)
        free(pods);
    return number;
}

/* A headless Service's name leads to the pods themselves: its ports are not mapped. */
static bool headless_port(const struct kta_pod_trouble *t, struct kta_finding *f,
                          const struct kta_json *service, const char *port)
{
    long called = port ? strtol(port, NULL, 10) : 0;
    if (!kta_streq(kta_json_str(service, "spec.clusterIP"), "None") || !called ||
        kta_service_ready(t->w, service) <= 0)
        return false;
    int64_t right = target_port(t->w, service, called);
    const char *name = kta_obj_name(service);
    if (right <= 0 || right == called)
        return false;
    kta_auto_free char *who = kta_trouble_who(t);
    kta_finding_summary(f,
                        "%s calls %s on port %ld, but that Service is headless: its name leads to "
                        "the pods themselves, which listen on %lld",
                        who, name, called, (long long)right);
    kta_finding_quote(f, "spec", "service/%s: clusterIP None, port %ld, targetPort %lld", name,
                      called, (long long)right);
    f->confidence = 0.9;
    struct naming x;
    if (naming_of(t, name, &x)) {
        kta_auto_free char *from = kta_asprintf("%s:%ld", name, called);
        kta_auto_free char *to = kta_asprintf("%s:%lld", name, (long long)right);
        naming_fix(t, f, &x, from, to, "the port that the pods listen on");
        naming_release(&x);
    }
    kta_finding_advice(f,
                       "Call port %lld, or give the Service an address of its own (a cluster "
                       "IP), which maps its ports.",
                       (long long)right);
    return true;
}

/* The same for a log that names no port: one of the Service's. */
static bool headless_ports(const struct kta_pod_trouble *t, struct kta_finding *f,
                           const struct kta_json *service, const char *port)
{
    if (port)
        return headless_port(t, f, service, port);
    kta_json_each(p, kta_json_at(service, "spec.ports")) {
        kta_auto_free char *one = kta_asprintf("%lld", (long long)kta_json_int(p, "port", 0));
        if (headless_port(t, f, service, one))
            return true;
    }
    return false;
}

/* An address of a pod that is behind no Service. */
static bool pod_address(const struct kta_pod_trouble *t, struct kta_finding *f, const char *host,
                        const char *port)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(t->w, "pods", kta_obj_namespace(t->pod), &v), i = 0;
    while (i < n && !kta_streq(kta_json_str(v[i], "status.podIP"), host))
        i++;
    if (i == n)
        return false;
    kta_auto_free char *who = kta_trouble_who(t), *ref = kta_diag_ref(kta_world_owner(t->w, v[i]));
    kta_finding_summary(f, "%s cannot reach %s%s%s, a pod of %s: %s", who, host, port ? ":" : "",
                        kta_or(port, ""), ref, kta_obj_name(v[i]));
    kta_finding_advice(f, "Look whether %s listens on that port.", ref);
    return true;
}

static const char *service_by_port(struct kta_world *w, const char *ns, const char *port)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "services", ns, &v);
    const char *found = NULL;
    for (size_t i = 0; i < n && port; i++)
        if (serves_port(v[i], strtol(port, NULL, 10))) {
            if (found)
                return NULL;
            found = kta_obj_name(v[i]);
        }
    return found;
}

/* The namespace of a Service of that name: the caller's own, or another. */
static const char *service_elsewhere(const struct kta_pod_trouble *t, const char *name)
{
    struct kta_json *const *v;
    const char *own = kta_obj_namespace(t->pod);
    if (kta_world_get(t->w, "services", own, name, NULL))
        return own;
    size_t n = kta_world_list(t->w, "services", NULL, &v);
    for (size_t i = 0; i < n; i++)
        if (kta_streq(kta_obj_name(v[i]), name))
            return kta_obj_namespace(v[i]);
    return NULL;
}

/* Named after the same thing: "redis-cache", "redis". */
static bool akin(const char *a, const char *b)
{
    size_t n = strcspn(a, "-");
    return n > 1 && strcspn(b, "-") == n && !strncmp(a, b, n);
}

/* The one Service that is named after the same thing as what is called, other than the caller's
 * own, and that serves the port, if it is known. */
static const char *kin_service(const struct kta_pod_trouble *t, const char *ns, const char *name,
                               const char *port)
{
    struct kta_json *const *v;
    const struct kta_json *labels = kta_json_at(t->pod, "metadata.labels");
    const char *found = NULL;
    size_t n = kta_world_list(t->w, "services", ns, &v);
    for (size_t i = 0; i < n; i++) {
        const struct kta_json *selector = kta_json_at(v[i], "spec.selector");
        if (!akin(kta_obj_name(v[i]), name) ||
            (kta_json_len(selector) && kta_map_matches(selector, labels)) ||
            (port && !serves_port(v[i], strtol(port, NULL, 10))))
            continue;
        if (found)
            return NULL;
        found = kta_obj_name(v[i]);
    }
    return found;
}

static void no_such_service(const struct kta_pod_trouble *t, struct kta_finding *f,
                            const char *host, const char *port, const char *ns)
{
    kta_auto_free char *who = kta_trouble_who(t);
    const struct kta_json *set = NULL;
    const char *from = address_from_service(t->w, kta_obj_namespace(t->pod), host, &set);
    kta_auto_free char *name = kta_strndup(from, strcspn(from, "."));
    kta_finding_summary(f, "%s cannot resolve %s: there is no Service %s in namespace %s", who,
                        host, name, ns);
    size_t n;
    const char **names = kta_world_names(t->w, "services", ns, &n);
    const char *near = kta_nearest(name, names, n);
    const char *governs = kta_json_str(set, "spec.serviceName");
    if (kta_streq(governs, name) && set == t->owner) { /* its own: podstate.c tells the rest */
        f->code = "StatefulSet.MissingService";
        return;
    }
    if (kta_streq(governs, name)) /* whose Service is missing: told of it */
        kta_finding_symptom(f, "StatefulSet", ns, kta_obj_name(set));
    if (governs && kta_world_get(t->w, "services", ns, governs, NULL))
        near = governs;
    struct naming x = {0};
    bool named = naming_of(t, host, &x);
    if (!near && !service_elsewhere(t, name))
        near = kin_service(t, ns, name, port);
    if (near) {
        kta_finding_quote(f, "services", "there is a Service %s in namespace %s", near, ns);
        static const char why[] = "the Service that exists";
        kta_auto_free char *to =
            kta_asprintf("%.*s%s%s", (int)(from - host), host, near, from + strlen(name));
        if (named)
            naming_fix(t, f, &x, host, to, why);
        else if (!naming_elsewhere(t, f, &(struct renaming){host, to}, 1, why))
            kta_finding_advice(f, "Make it call %s, %s.", near, why);
    } else {
        const char *home = service_elsewhere(t, name);
        if (home) {
            kta_finding_quote(f, "services", "there is a Service %s in namespace %s", name, home);
            size_t len = strlen(name) + (host[strlen(name)] ? 1 + strlen(ns) : 0);
            kta_auto_free char *to = kta_asprintf("%s.%s%s", name, home, host + len);
            static const char why[] = "the Service of that name is in that namespace";
            if (named && from == host)
                naming_fix(t, f, &x, host, to, why);
            else if (from == host)
                (void)naming_elsewhere(t, f, &(struct renaming){host, to}, 1, why);
        }
    }
    if (!f->n_fixes && !f->advice)
        kta_finding_advice(f,
                           "Create the Service %s, or correct the host name that the program is "
                           "given%s%s.",
                           name, named ? " in " : "", named ? x.name : "");
    naming_release(&x);
    free(names);
}

static void localhost(const struct kta_pod_trouble *t, struct kta_finding *f, const char *host,
                      const char *port)
{
    kta_auto_free char *who = kta_trouble_who(t);
    kta_finding_summary(f, "%s calls %s%s%s, but nothing listens there in its own pod", who, host,
                        port ? ":" : "", port ? port : "");
    const char *service = service_by_port(t->w, kta_obj_namespace(t->pod), port);
    struct naming x;
    if (service && naming_of(t, host, &x)) {
        naming_fix(t, f, &x, host, service, "the Service that serves that port");
        naming_release(&x);
    }
    kta_finding_advice(f, "Inside a pod localhost is the pod itself: give the program the other "
                          "Service's name.");
}

#define DNS_KEEPS 30 /* seconds that a name server remembers that there was no such name */

/* Has what it calls come back since it ended for want of it? Then its next start will tell. */
static bool back_since(const struct kta_pod_trouble *t, const struct kta_json *service,
                       int64_t slack)
{
    int64_t ended = kta_time_parse(kta_json_str(kta_trouble_ended(t), "finishedAt")), when;
    const char *who;
    struct kta_json **pods;
    if (ended == KTA_NO_TIME)
        return false;
    ended -= slack;
    if (kta_managed_by(service, "spec", &who, &when) && when >= ended)
        return true;
    size_t n = kta_world_pods_of(t->w, service, &pods);
    bool back = false;
    for (size_t i = 0; i < n; i++)
        back |= kta_pod_ready(pods[i]) &&
                kta_time_parse(kta_json_str(kta_obj_condition(pods[i], "Ready"),
                                            "lastTransitionTime")) >= ended;
    free(pods);
    return back;
}

static void waits_to_retry(const struct kta_pod_trouble *t, struct kta_finding *f, const char *host)
{
    kta_auto_free char *who = kta_trouble_who(t);
    f->severity = KTA_INFO;
    kta_finding_summary(f,
                        "%s could not reach %s, which is there again by now; it tries again when "
                        "kubelet starts it the next time",
                        who, host);
    if (!kta_streq(kta_obj_kind(t->owner), "Deployment"))
        return;
    kta_auto_free char *ref = kta_diag_ref(t->owner);
    kta_auto_free char *why = kta_asprintf("restart %s, so that it tries again now", ref);
    const char *args[] = {"rollout", "restart", ref, NULL};
    (void)kta_fix_kubectl(t->w, f, KTA_RISK_MEDIUM, /* undoable= */ true,
                          kta_obj_namespace(t->owner), args, why);
}

/* Where a Service leads nowhere, the Service and what is behind it are looked at too. */
static void behind(const struct kta_pod_trouble *t, struct kta_finding *f, struct kta_json *service,
                   const char *host)
{
    kta_auto_free char *who = kta_trouble_who(t);
    int ready = kta_service_ready(t->w, service);
    const char *name = kta_obj_name(service);
    kta_finding_symptom(f, "Service", kta_obj_namespace(service), name);
    if (ready == 0) {
        kta_finding_summary(f, "%s cannot reach %s: Service %s has no ready endpoints", who, host,
                            name);
        kta_finding_quote(f, "endpointslices", "service/%s: 0 ready endpoints", name);
        kta_finding_advice(f, "Mend what is behind Service %s first.", name);
    } else if (ready > 0 && back_since(t, service, 0)) {
        waits_to_retry(t, f, host);
    } else {
        kta_finding_summary(f, "%s cannot connect to %s (Service %s, %d ready endpoint%s)", who,
                            host, name, ready, ready == 1 ? "" : "s");
        kta_finding_advice(f, "The Service has endpoints: look whether its targetPort is the port "
                              "that they listen on.");
    }
}

/* The Service is there, but its name is not found: where does the pod look names up? */
static void unresolved(const struct kta_pod_trouble *t, struct kta_finding *f,
                       const struct kta_json *service, const char *host)
{
    kta_auto_free char *who = kta_trouble_who(t);
    const char *policy = kta_or(kta_json_str(t->pod, "spec.dnsPolicy"), "ClusterFirst");
    bool host_net = kta_json_bool(t->pod, "spec.hostNetwork", false);
    const char *right = host_net ? "ClusterFirstWithHostNet" : "ClusterFirst";
    kta_finding_symptom(f, "Service", kta_obj_namespace(service), kta_obj_name(service));
    if (kta_streq(policy, right) && kta_service_ready(t->w, service) > 0 &&
        back_since(t, service, DNS_KEEPS)) {
        waits_to_retry(t, f, host);
        return;
    }
    if (kta_streq(policy, right)) {
        kta_finding_summary(f, "%s cannot resolve %s, although Service %s exists", who, host,
                            kta_obj_name(service));
        kta_finding_advice(f, "Look at the cluster's DNS (kube-dns in kube-system), and whether a "
                              "NetworkPolicy lets the pod ask it.");
        return;
    }
    kta_finding_summary(f,
                        "%s cannot resolve %s: with dnsPolicy %s%s its pod does not ask the "
                        "cluster's DNS",
                        who, host, policy, host_net ? " and the host's network" : "");
    kta_finding_quote(f, "spec", "dnsPolicy: %s%s", policy, host_net ? ", hostNetwork: true" : "");
    struct kta_json *spec = kta_json_new_object();
    kta_json_set_str(spec, "dnsPolicy", right);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec, "set dnsPolicy %s", right);
}

void kta_crash_dependency(const struct kta_pod_trouble *t, struct kta_finding *f,
                          const struct kta_log_cause *c)
{
    kta_auto_free char *who = kta_trouble_who(t);
    const char *ns = kta_obj_namespace(t->pod), *host = c->host, *port = c->port, *in;
    struct naming x = {0};
    struct given g = {0};
    bool cluster = false;
    /* What a policy drops is never refused. */
    bool dropped = !kta_stristr(c->line, "refused");
    bool unknown = host && address_is_ip(host) && !kta_starts(host, "127.") &&
                   !kta_dependency_service(t->w, ns, host, &in, &cluster);
    if (!host || unknown)
        g = address_said(t, c->quote, port);
    if (!g.host && unknown && !dropped && port)
        g = address_behind(t, host, port);
    if (g.host) {
        host = g.host;
        port = port ? port : g.port;
    } else if ((!host || unknown) && dropped) {
        g = address_given(t, NULL);
        host = g.closed ? g.host : host;
        port = g.closed && !port ? g.port : port;
    }
    if (!host && naming_of(t, NULL, &x)) {
        host = x.host;
        port = port ? port : x.port;
    }
    if (!host && g.host) {
        host = g.host;
        port = port ? port : g.port;
    }
    struct kta_json *service = host ? kta_dependency_service(t->w, ns, host, &in, &cluster) : NULL;
    if (!host) {
        kta_finding_summary(f, "%s cannot reach something that it needs: %s", who, c->line);
        kta_finding_advice(f, "Find out which address it is given, and whether that answers.");
    } else if (kta_streq(host, "localhost") || kta_starts(host, "127.")) {
        localhost(t, f, host, port);
    } else if (service && port && !serves_port(service, strtol(port, NULL, 10)) &&
               !address_is_ip(host)) {
        wrong_port(t, f, service, host, port);
    } else if (service && kta_stristr(c->line, "refused") && (port || address_is_ip(host)) &&
               headless_ports(t, f, service, port)) {
        ; /* told */
    } else if (!service && address_is_ip(host) && pod_address(t, f, host, port)) {
        ; /* told */
    } else if (service && kta_streq(c->pattern->class_, "DNS")) {
        unresolved(t, f, service, host);
    } else if (service) {
        behind(t, f, service, host);
        if (dropped && kta_service_ready(t->w, service) != 0)
            kta_policy_in_the_way(t, f, service, port);
    } else if (cluster && kta_world_readable(t->w, "services", in)) {
        no_such_service(t, f, host, port, in);
    } else {
        kta_finding_summary(f, "%s cannot reach %s%s%s: %s", who, host, port ? ":" : "",
                            port ? port : "", c->line);
        kta_finding_advice(f,
                           "%s is outside of this cluster: check that the address is right and "
                           "that it answers from here.",
                           host);
    }
    if (kta_streq(c->pattern->class_, "DNS") && (service || !cluster))
        kta_policy_in_the_way(t, f, NULL, NULL);
    naming_release(&x);
    free(g.host);
    free(g.port);
}

void kta_dropped(const struct kta_pod_trouble *t, struct kta_finding *effect,
                 const struct kta_log_cause *c)
{
    const char *ns = kta_obj_namespace(t->pod), *in;
    bool cluster;
    struct given g = {0};
    if (!kta_streq(c->pattern->class_, "DependencyUnreachable") || kta_stristr(c->line, "refused"))
        return;
    if (!c->host)
        g = address_given(t, NULL);
    const char *host = c->host ? c->host : g.host;
    struct kta_json *service = host ? kta_dependency_service(t->w, ns, host, &in, &cluster) : NULL;
    if (service)
        kta_policy_in_the_way(t, effect, service, c->host ? c->port : g.port);
    free(g.host);
    free(g.port);
}

void kta_dropped_analyze(const struct kta_pod_trouble *t)
{
    size_t len;
    struct kta_log_cause c;
    const char *log = kta_world_has_log(t->w, t->pod, t->name, false, &len);
    if (!log || !kta_log_says(log, len, "DependencyUnreachable", &c))
        return;
    struct kta_findings aside = {0}; /* it runs: there is no effect to tell of */
    struct kta_finding *effect =
        kta_diag_add(&aside, "CrashLoop.DependencyUnreachable", KTA_WARNING, t->owner, 0.5);
    kta_trouble_quote_log(t, effect, &c, /* previous= */ false);
    kta_dropped(t, effect, &c);
    kta_findings_release(&aside);
    kta_log_cause_release(&c);
}
