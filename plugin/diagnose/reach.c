/*
 * reach.c - do NetworkPolicies let connections through: a simulation.
 *
 * Semantics are those of networking.k8s.io/v1: a pod that no policy of a direction selects is open
 * in that direction; else one rule of one policy must let the peer and the port through. Both ends
 * are asked: egress of the source, ingress of the destination. Policies see pods' own ports, so a
 * Service's port is translated first.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/kinds.h"
#include "kta/questions.h"

/* One end: a pod (or what its workload's template makes), or an address. */
struct end {
    const char *what; /* as it was asked for */
    char *ns, *label; /* label: "deployment/backend in shop" */
    const struct kta_json *labels, *spec;
    const struct kta_json *service; /* that led here, or NULL */
    const char *ip;                 /* of a pod, or the address itself */
    bool pod, internet;
    size_t ready; /* pods behind a Service that are ready */
};

static void end_release(struct end *e)
{
    free(e->ns);
    free(e->label);
}

/* ---- finding an end ---- */

static bool take(struct kta_world *w, struct end *e, struct kta_json *o)
{
    const struct kta_json *template = kta_diag_template(o);
    kta_auto_free char *ref = kta_diag_ref(o);

    if (kta_streq(kta_obj_kind(o), "Service")) {
        struct kta_json **pods;
        size_t n = kta_world_pods_of(w, o, &pods);
        e->service = o;
        if (n) {
            for (size_t i = 0; i < n; i++)
                e->ready += kta_pod_ready(pods[i]);
            (void)take(w, e, kta_world_owner(w, pods[0]));
        }
        free(pods);
    } else if (template) {
        e->pod = true;
        e->labels = kta_json_at(template, "metadata.labels");
        e->spec = kta_json_get(template, "spec");
        e->ip = kta_json_str(o, "status.podIP");
    }
    free(e->label);
    e->label = kta_asprintf("%s in namespace %s", ref, kta_obj_namespace(o));
    free(e->ns);
    e->ns = kta_strdup(kta_obj_namespace(o));
    return true;
}

static bool labelled(struct kta_world *w, struct end *e, const char *ns, const char *name)
{
    static const char *const keys[] = {"app", "app.kubernetes.io/name", "k8s-app"};
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "pods", ns, &v);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < KTA_LEN(keys); k++)
            if (kta_streq(kta_obj_label(v[i], keys[k]), name))
                return take(w, e, kta_world_owner(w, v[i]));
    return false;
}

/* Any pod of a namespace: what no selector picks out. */
static bool any_pod_of(struct kta_world *w, struct end *e, const char *ns)
{
    e->pod = true;
    e->ns = kta_strdup(ns);
    e->label = kta_asprintf("pods in namespace %s (whatever their labels)", ns);
    return kta_world_get(w, "namespaces", NULL, ns, NULL) != NULL;
}

static bool find_end(struct kta_world *w, const char *ns, const char *text, bool to, struct end *e)
{
    static const char *const kinds[] = {"deployments", "statefulsets", "daemonsets", "pods",
                                        "services"};
    struct in6_addr addr;
    kta_auto_free char *name = kta_strdup(text), *space = kta_strdup(ns);
    char *slash = strchr(name, '/'), *dot = strchr(name, '.');
    const struct kta_kind *kind = NULL;

    e->what = text;
    if (inet_pton(AF_INET, text, &addr) == 1 || inet_pton(AF_INET6, text, &addr) == 1) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, "pods", NULL, &v);
        for (size_t i = 0; i < n; i++)
            if (kta_streq(kta_json_str(v[i], "status.podIP"), text))
                return take(w, e, v[i]);
        e->ip = text;
        e->label = kta_asprintf("the address %s", text);
        return true;
    }
    if (kta_streq(text, "internet")) {
        e->internet = true;
        e->ip = "8.8.8.8";
        e->label = kta_strdup("the internet");
        return true;
    }
    if (slash) {
        *slash = '\0';
        kind = kta_kind_known(name);
        if (kind && kta_streq(kind->plural, "namespaces"))
            return any_pod_of(w, e, slash + 1);
        if (!kind) {
            free(space);
            space = kta_strdup(name);
        }
        memmove(name, slash + 1, strlen(slash + 1) + 1);
    } else if (dot) { /* name.namespace.svc.cluster.local */
        size_t n = strcspn(dot + 1, ".");
        free(space);
        space = kta_strndup(dot + 1, n);
        *dot = '\0';
    }
    for (size_t i = 0; i < KTA_LEN(kinds); i++) {
        /* What is connected to is a Service, where there is one of that name. */
        const char *plural = to ? kinds[(i + KTA_LEN(kinds) - 1) % KTA_LEN(kinds)] : kinds[i];
        struct kta_json *o = kind && !kta_streq(kind->plural, plural)
                                 ? NULL
                                 : kta_world_get(w, plural, space, name, NULL);
        if (o)
            return take(w, e, o);
    }
    return !kind && labelled(w, e, space, name);
}

/* ---- ports ---- */

#define PORTS_MAX 16

struct port {
    int number; /* of the pod; 0: any */
    char name[64], protocol[8];
};

static const struct kta_json *container_port(const struct end *e, const char *name, int number)
{
    kta_json_each(c, kta_json_get(e->spec, "containers"))
        kta_json_each(p, kta_json_get(c, "ports"))
            if (name ? kta_streq(kta_json_str(p, "name"), name)
                     : kta_json_int(p, "containerPort", 0) == number)
                return p;
    return NULL;
}

static void set_port(const struct end *e, const char *name, int number, const char *protocol,
                     struct port *ret)
{
    const struct kta_json *p = container_port(e, name, number);

    *ret = (struct port){.number = p ? (int)kta_json_int(p, "containerPort", 0) : number};
    (void)snprintf(ret->name, sizeof ret->name, "%s", kta_or(kta_json_str(p, "name"), ""));
    (void)snprintf(ret->protocol, sizeof ret->protocol, "%s",
                   kta_or(protocol, kta_or(kta_json_str(p, "protocol"), "TCP")));
}

/* The pod's ports that are meant: the Service's, translated; those that the pod declares. */
static size_t ports_of(const struct end *to, const char *port, struct port *v)
{
    size_t n = 0;
    int number = port ? (int)strtol(port, NULL, 10) : 0;

    kta_json_each(p, kta_json_at(to->service, "spec.ports")) {
        const char *target = kta_json_str(p, "targetPort");
        if (n < PORTS_MAX && (!port || kta_json_int(p, "port", 0) == number ||
                              kta_streq(kta_json_str(p, "name"), port)))
            set_port(to, target, (int)kta_json_int(p, "targetPort", kta_json_int(p, "port", 0)),
                     kta_json_str(p, "protocol"), &v[n++]);
    }
    if (n)
        return n;
    if (port) {
        set_port(to, number ? NULL : port, number, NULL, &v[0]);
        return 1;
    }
    kta_json_each(c, kta_json_get(to->spec, "containers"))
        kta_json_each(p, kta_json_get(c, "ports"))
            if (n < PORTS_MAX)
                set_port(to, NULL, (int)kta_json_int(p, "containerPort", 0), NULL, &v[n++]);
    if (!n)
        set_port(to, NULL, 0, NULL, &v[n++]);
    return n;
}

/* named: the pod whose container ports a name means. */
static bool port_matches(const struct kta_json *ports, const struct end *named,
                         const struct port *port)
{
    if (!kta_json_len(ports))
        return true;
    kta_json_each(p, ports) {
        const struct kta_json *number = kta_json_get(p, "port");
        int from = (int)kta_json_int(p, "port", 0), to = (int)kta_json_int(p, "endPort", from);
        if (!kta_streq(kta_or(kta_json_str(p, "protocol"), "TCP"), port->protocol))
            continue;
        if (!number)
            return true;
        if (kta_json_text(number)) {
            const struct kta_json *c = container_port(named, kta_json_text(number), 0);
            if (c && kta_json_int(c, "containerPort", 0) == port->number)
                return true;
        } else if (port->number >= from && port->number <= to) {
            return true;
        }
    }
    return false;
}

/* ---- peers ---- */

static bool in_cidr(const char *cidr, const char *ip)
{
    unsigned char net[16], addr[16];
    size_t n = strcspn(cidr, "/");
    kta_auto_free char *base = kta_strndup(cidr, n);
    int family = strchr(base, ':') ? AF_INET6 : AF_INET;
    int bits = cidr[n] ? (int)strtol(cidr + n + 1, NULL, 10) : family == AF_INET6 ? 128 : 32;

    if (!ip || inet_pton(family, base, net) != 1 || inet_pton(family, ip, addr) != 1 || bits < 0 ||
        bits > (family == AF_INET6 ? 128 : 32))
        return false;
    for (int i = 0; i < bits; i++)
        if ((net[i / 8] ^ addr[i / 8]) & (0x80 >> i % 8))
            return false;
    return true;
}

static bool in_block(const struct kta_json *block, const char *ip)
{
    if (!in_cidr(kta_or(kta_json_str(block, "cidr"), ""), ip))
        return false;
    kta_json_each(x, kta_json_get(block, "except"))
        if (in_cidr(kta_or(kta_json_text(x), ""), ip))
            return false;
    return true;
}

static bool peer_matches(struct kta_world *w, const struct kta_json *peer, const char *policy_ns,
                         const struct end *e)
{
    const struct kta_json *block = kta_json_get(peer, "ipBlock");
    const struct kta_json *pods = kta_json_get(peer, "podSelector");
    const struct kta_json *spaces = kta_json_get(peer, "namespaceSelector");

    if (block)
        return e->ip && in_block(block, e->ip);
    if (!e->pod || (!pods && !spaces))
        return false;
    if (spaces) {
        const struct kta_json *ns = kta_world_get(w, "namespaces", NULL, e->ns, NULL);
        if (!kta_selector_matches(spaces, kta_json_at(ns, "metadata.labels")))
            return false;
    } else if (!kta_streq(policy_ns, e->ns)) {
        return false;
    }
    return !pods || kta_selector_matches(pods, e->labels);
}

/* ---- policies ---- */

static bool is_of(const struct kta_json *policy, bool egress)
{
    const struct kta_json *types = kta_json_at(policy, "spec.policyTypes");

    if (!kta_json_len(types))
        return !egress || kta_json_len(kta_json_at(policy, "spec.egress")) > 0;
    kta_json_each(t, types)
        if (kta_streq(kta_json_text(t), egress ? "Egress" : "Ingress"))
            return true;
    return false;
}

static bool lets_through(struct kta_world *w, const struct kta_json *policy, bool egress,
                         const struct end *peer, const struct end *named, const struct port *port)
{
    kta_json_each(rule, kta_json_at(policy, egress ? "spec.egress" : "spec.ingress")) {
        const struct kta_json *peers = kta_json_get(rule, egress ? "to" : "from");
        if (!port_matches(kta_json_get(rule, "ports"), named, port))
            continue;
        if (!kta_json_len(peers))
            return true;
        kta_json_each(p, peers)
            if (peer_matches(w, p, kta_obj_namespace(policy), peer))
                return true;
    }
    return false;
}

/* One direction: is it open, and what decided. *ret_closed (may be NULL): the policy in the way,
 * one with rules of its own rather than one that denies everything. */
static bool direction(struct kta_world *w, const struct end *self, const struct end *peer,
                      const struct end *named, bool egress, const struct port *port,
                      struct kta_str *why, struct kta_json **ret_closed)
{
    struct kta_json *const *v, *blamed = NULL;
    const char *word = egress ? "egress" : "ingress";
    const char *rules = egress ? "spec.egress" : "spec.ingress";
    kta_auto_str struct kta_str closed = KTA_STR_INIT;

    if (!self->pod)
        return true;
    if (kta_json_bool(self->spec, "hostNetwork", false)) {
        kta_str_addf(why, "- %s: %s uses the node's network, which policies do not govern\n", word,
                     self->label);
        return true;
    }
    size_t n = kta_world_list(w, "networkpolicies", self->ns, &v);
    for (size_t i = 0; i < n; i++) {
        if (!is_of(v[i], egress) ||
            !kta_selector_matches(kta_json_at(v[i], "spec.podSelector"), self->labels))
            continue;
        if (lets_through(w, v[i], egress, peer, named, port)) {
            kta_str_addf(why, "- %s: NetworkPolicy %s lets it through\n", word, kta_obj_name(v[i]));
            return true;
        }
        kta_str_addf(&closed, "%s%s", closed.len ? ", " : "", kta_obj_name(v[i]));
        if (!blamed ||
            (!kta_json_len(kta_json_at(blamed, rules)) && kta_json_len(kta_json_at(v[i], rules))))
            blamed = v[i];
    }
    if (ret_closed)
        *ret_closed = blamed;
    if (!closed.len) {
        kta_str_addf(why, "- %s: no NetworkPolicy selects %s, so it is open\n", word, self->label);
        return true;
    }
    kta_str_addf(why,
                 "- %s: %s is selected by NetworkPolicy %s, and no rule of it lets this "
                 "through\n",
                 word, self->label, closed.s);
    return false;
}

static bool one_port(struct kta_world *w, const struct end *from, const struct end *to,
                     const struct port *port, struct kta_str *why)
{
    bool out = direction(w, from, to, to, true, port, why, NULL);
    bool in = direction(w, to, from, to, false, port, why, NULL);
    return out && in;
}

/* May it ask the cluster's DNS? Where that is no pod that can be seen, its usual labels are taken.
 */
static bool dns_open(struct kta_world *w, const struct end *from, struct kta_str *why,
                     struct kta_json **ret_closed)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "pods", "kube-system", &v);
    struct end dns = {.label = kta_strdup("the cluster's DNS"), .ns = kta_strdup("kube-system")};
    struct port port = {.number = 53, .protocol = "UDP"};
    kta_auto_json struct kta_json *labels = kta_json_new_object();

    kta_json_set_str(labels, "k8s-app", "kube-dns");
    dns.pod = true;
    dns.labels = labels;
    for (size_t i = 0; i < n; i++)
        if (kta_streq(kta_obj_label(v[i], "k8s-app"), "kube-dns")) {
            dns.labels = kta_json_at(v[i], "metadata.labels");
            dns.spec = kta_json_get(v[i], "spec");
            dns.ip = kta_json_str(v[i], "status.podIP");
        }
    bool open = !from->pod || direction(w, from, &dns, &dns, true, &port, why, ret_closed);
    end_release(&dns);
    return open;
}

/* A name has to be looked up first. */
static void tell_dns(struct kta_world *w, const struct end *from, struct kta_str *out)
{
    kta_auto_str struct kta_str why = KTA_STR_INIT;

    if (!dns_open(w, from, &why, NULL))
        kta_str_addf(out,
                     "\nBut %s may not ask the cluster's DNS (UDP 53), so it cannot look up "
                     "the Service's name:\n%s",
                     from->label, why.s);
}

struct kta_json *kta_reach_closed(struct kta_world *w, struct kta_json *from,
                                  struct kta_json *service, const char *port,
                                  struct kta_reach_gap *ret)
{
    struct end a = {0}, b = {0};
    struct port ports[PORTS_MAX];
    struct kta_json *closed = NULL;
    kta_auto_str struct kta_str why = KTA_STR_INIT;

    *ret = (struct kta_reach_gap){.egress = true, .port = 53, .protocol = "UDP"};
    (void)take(w, &a, from);
    if (!service) {
        (void)dns_open(w, &a, &why, &closed);
    } else if (take(w, &b, service) && b.pod) {
        (void)ports_of(&b, port, ports);
        ret->port = ports[0].number;
        (void)snprintf(ret->protocol, sizeof ret->protocol, "%s", ports[0].protocol);
        ret->to = b.labels;
        if (direction(w, &a, &b, &b, true, &ports[0], &why, &closed)) {
            ret->egress = false;
            (void)direction(w, &b, &a, &b, false, &ports[0], &why, &closed);
        }
        ret->to_ns = kta_obj_namespace(service);
    }
    ret->from = a.labels;
    ret->from_ns = kta_obj_namespace(from);
    end_release(&a);
    end_release(&b);
    return closed;
}

static void not_found(const char *what, const char *ns, struct kta_str *out)
{
    kta_str_addf(out,
                 "There is no workload, pod or Service '%s' in namespace %s (another namespace is "
                 "written ns/%s).\n",
                 what, ns, what);
}

int kta_reach(struct kta_world *w, const char *ns, const char *from, const char *to,
              const char *port, enum kta_reachable *ret, struct kta_str *out, struct kta_err *err)
{
    static const char *const kinds[] = {"networkpolicies", "pods",        "services",
                                        "deployments",     "replicasets", "statefulsets",
                                        "daemonsets"};
    struct end a = {0}, b = {0};
    struct port ports[PORTS_MAX];
    size_t open = 0, n = 0;

    *ret = KTA_REACH_UNKNOWN;
    ns = kta_or(ns, kta_cluster_namespace(kta_world_cluster(w)));
    if (kta_world_prefetch(w, ns, kinds, KTA_LEN(kinds), err))
        return -1;
    bool found_a = find_end(w, ns, from, false, &a), found_b = find_end(w, ns, to, true, &b);
    if (!found_a)
        not_found(from, ns, out);
    else if (!found_b)
        not_found(to, ns, out);
    else if (!kta_world_readable(w, "networkpolicies", ns))
        kta_str_add(out, "NetworkPolicies may not be read, so it cannot be told.\n");
    else if (b.service && !b.pod)
        kta_str_addf(out, "No: Service %s selects no pod, so nothing answers behind it.\n",
                     kta_obj_name(b.service));
    else
        n = ports_of(&b, port, ports);
    if (b.service && !b.pod)
        *ret = KTA_REACH_NO;
    kta_auto_str struct kta_str why = KTA_STR_INIT;
    for (size_t i = 0; i < n; i++) {
        bool ok;
        if (ports[i].number)
            kta_str_addf(&why, "\nPort %d/%s:\n", ports[i].number, ports[i].protocol);
        else
            kta_str_add(&why, "\nAny port:\n");
        ok = one_port(w, &a, &b, &ports[i], &why);
        open += ok;
    }
    if (n) {
        *ret = open ? KTA_REACH_YES : KTA_REACH_NO;
        kta_str_addf(out, "%s: NetworkPolicies %slet %s reach %s%s%s.\n",
                     open == n ? "Yes"
                     : open    ? "Partly"
                               : "No",
                     open ? "" : "do not ", a.label, b.service ? "Service " : "",
                     b.service ? kta_obj_name(b.service) : b.label,
                     open && open < n ? " on some of its ports" : "");
        kta_str_add(out, why.s);
        if (b.service && !b.ready)
            kta_str_addf(out, "\nBut no pod behind Service %s is ready, so nothing answers now.\n",
                         kta_obj_name(b.service));
        if (open && b.service)
            tell_dns(w, &a, out);
        kta_str_add(out,
                    "\nThis is a simulation of the policies; whether they are enforced depends "
                    "on the cluster's network plugin.\n");
    }
    end_release(&a);
    end_release(&b);
    kta_report_done(kta_world_report(w));
    return 0;
}
