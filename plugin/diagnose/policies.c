/*
 * policies.c - a NetworkPolicy that keeps a program from what it calls.
 *
 * A policy by itself is never a fault, a default-deny least of all: it is told only when a program
 * fails for want of a connection and the simulation (reach.c) says that the policy does not let it
 * through. The fix lets that one connection through and nothing else.
 */
#include <stdlib.h>
#include <string.h>
#include "crash.h"
#include "kta/alloc.h"

static struct kta_json *selector(struct kta_json *in, const char *key,
                                 const struct kta_json *labels)
{
    struct kta_json *s = kta_json_set(in, key, kta_json_new_object());
    kta_json_set(s, "matchLabels", labels ? kta_json_copy(labels) : kta_json_new_object());
    return s;
}

static void add_port(struct kta_json *ports, int number, const char *protocol)
{
    struct kta_json *p = kta_json_push(ports, kta_json_new_object());
    kta_json_set_int(p, "port", number);
    kta_json_set_str(p, "protocol", protocol);
}

/* The rule that lets through what the gap lacks: the peer by its labels, the port. */
static struct kta_json *rule(const struct kta_reach_gap *g, const struct kta_json *peer)
{
    struct kta_json *r = kta_json_new_object();
    if (g->to) {
        struct kta_json *list = kta_json_set(r, g->egress ? "to" : "from", kta_json_new_array());
        struct kta_json *p = kta_json_push(list, kta_json_new_object());
        (void)selector(p, "podSelector", peer);
        if (!kta_streq(g->from_ns, g->to_ns)) {
            kta_auto_json struct kta_json *name = kta_json_new_object();
            kta_json_set_str(name, "kubernetes.io/metadata.name",
                             g->egress ? g->to_ns : g->from_ns);
            (void)selector(p, "namespaceSelector", name);
        }
    }
    struct kta_json *ports = kta_json_new_array();
    if (g->port)
        add_port(ports, g->port, g->protocol);
    if (!g->to)
        add_port(ports, g->port, "TCP"); /* DNS answers that are long */
    kta_json_set(r, "ports", ports);
    return r;
}

/* A policy that has no rules is meant to deny: another one stands beside it. */
static void beside(struct kta_world *w, struct kta_finding *f, const struct kta_reach_gap *g,
                   const char *name, const struct kta_json *self, struct kta_json *allow)
{
    const char *ns = g->egress ? g->from_ns : g->to_ns;
    kta_auto_json struct kta_json *o = kta_json_new_object();
    kta_json_set_str(o, "apiVersion", "networking.k8s.io/v1");
    kta_json_set_str(o, "kind", "NetworkPolicy");
    struct kta_json *m = kta_json_set(o, "metadata", kta_json_new_object());
    kta_json_set_str(m, "name", name);
    kta_json_set_str(m, "namespace", ns);
    struct kta_json *spec = kta_json_set(o, "spec", kta_json_new_object());
    (void)selector(spec, "podSelector", self);
    kta_json_push_str(kta_json_set(spec, "policyTypes", kta_json_new_array()),
                      g->egress ? "Egress" : "Ingress");
    kta_json_push(kta_json_set(spec, g->egress ? "egress" : "ingress", kta_json_new_array()),
                  allow);
    kta_auto_free char *why =
        kta_asprintf("allow that one connection by a NetworkPolicy of its own, %s", name);
    (void)kta_fix_manifest(w, f, KTA_RISK_MEDIUM, /* undoable= */ true, ns, o, "apply", why);
}

static void fix(const struct kta_pod_trouble *t, struct kta_finding *f,
                const struct kta_json *policy, const struct kta_json *service,
                const struct kta_reach_gap *g)
{
    const char *word = g->egress ? "egress" : "ingress";
    const struct kta_json *own = kta_json_at(t->owner, "spec.selector.matchLabels");
    const struct kta_json *from = own ? own : g->from;
    const struct kta_json *to = g->to ? kta_json_at(service, "spec.selector") : NULL;
    kta_auto_json struct kta_json *allow = rule(g, g->egress ? to : from);
    kta_auto_free char *list = kta_asprintf("spec.%s", word);

    if (!kta_json_len(kta_json_at(policy, list))) {
        kta_auto_free char *name = kta_asprintf("%.60s-to-%.60s", kta_obj_name(t->owner),
                                                g->to ? kta_obj_name(service) : "dns");
        beside(t->w, f, g, name, g->egress ? from : to, KTA_STEAL(allow));
        return;
    }
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    kta_json_print(allow, false, &s);
    kta_auto_free char *body =
        kta_asprintf("[{\"op\":\"add\",\"path\":\"/spec/%s/-\",\"value\":%s}]", word, s.s);
    (void)kta_fix_patch(t->w, f, KTA_RISK_MEDIUM, policy, KTA_PATCH_JSON, body,
                        "let NetworkPolicy %s allow that one connection, too",
                        kta_obj_name(policy));
}

void kta_policy_in_the_way(const struct kta_pod_trouble *t, struct kta_finding *effect,
                           struct kta_json *service, const char *port)
{
    struct kta_reach_gap g;
    struct kta_json *policy = kta_reach_closed(t->w, t->owner, service, port, &g);
    if (!policy)
        return;
    struct kta_finding *f = kta_diag_find(t->out, "NetworkPolicy.Blocks", policy);
    kta_auto_free char *ref = kta_diag_ref(t->owner);
    kta_auto_free char *to = service ? kta_asprintf("service/%s", kta_obj_name(service))
                                     : kta_strdup("the cluster's DNS");
    kta_finding_symptom(effect, kta_obj_kind(policy), kta_obj_namespace(policy),
                        kta_obj_name(policy));
    if (!f) {
        f = kta_diag_add(t->out, "NetworkPolicy.Blocks", KTA_CRITICAL, policy, 0.9);
        f->since = kta_obj_created(policy);
        kta_finding_summary(f, "NetworkPolicy %s does not let %s reach %s on port %d/%s",
                            kta_obj_name(policy), ref, to, g.port, g.protocol);
        for (size_t i = 0; i < effect->n_evidence; i++)
            kta_finding_quote(f, effect->evidence[i].source, "%s", effect->evidence[i].text);
        kta_finding_quote(f, "simulation",
                          "%s of %s: no rule of the policies that select it lets "
                          "port %d/%s through",
                          g.egress ? "egress" : "ingress", g.egress ? ref : to, g.port, g.protocol);
        fix(t, f, policy, service, &g);
        kta_finding_advice(f, "Whether policies are enforced depends on the cluster's network "
                              "plugin.");
    }
    kta_finding_symptom(f, kta_obj_kind(t->owner), kta_obj_namespace(t->owner),
                        kta_obj_name(t->owner));
}
