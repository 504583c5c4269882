/*
 * service_mixed.c - a Service whose selector takes in pods of several workloads, of which not all
 * serve its port: part of the calls fail.
 */
#include <stdlib.h>

#include "diag.h"
#include "kta/alloc.h"

#define WORKLOADS 8 /* that are told apart */

/* The ready pods of a Service, one of each workload. */
struct side {
    struct kta_json *pod, *owner;
    int serves; /* 1 yes, 0 no, -1 unknown */
};

static size_t sides_of(struct kta_world *w, struct kta_json **pods, size_t n, struct side *sides)
{
    size_t found = 0;
    for (size_t i = 0; i < n && found < WORKLOADS; i++) {
        struct kta_json *owner = kta_world_owner(w, pods[i]);
        size_t k = 0;
        while (k < found && sides[k].owner != owner)
            k++;
        if (k == found && kta_pod_ready(pods[i]))
            sides[found++] = (struct side){pods[i], owner, -1};
    }
    return found;
}

/* What a pod declares of a port: 1 that port, 0 others only, -1 nothing. */
static int declared(const struct kta_json *pod, const struct kta_json *port)
{
    int any = -1;
    const char *name = kta_json_str(port, "targetPort");
    int64_t number = kta_json_int(port, "targetPort", kta_json_int(port, "port", 0));
    kta_json_each(c, kta_json_at(pod, "spec.containers"))
        kta_json_each(p, kta_json_get(c, "ports")) {
            if (name ? kta_streq(kta_json_str(p, "name"), name)
                     : kta_json_int(p, "containerPort", 0) == number)
                return 1;
            any = 0;
        }
    return any;
}

static int serves(struct kta_world *w, struct kta_json *pod, const struct kta_json *port)
{
    int said = declared(pod, port);
    if (said == 1 || kta_json_str(port, "targetPort"))
        return said;
    int open =
        kta_port_open(w, pod, kta_json_int(port, "targetPort", kta_json_int(port, "port", 0)));
    return open >= 0 ? open : said;
}

/* A label that all who serve it share, and none of the others has. */
static const struct kta_json *label_of_its_own(const struct side *sides, size_t n, size_t right)
{
    const struct kta_json *labels =
        kta_json_at(kta_diag_template(sides[right].owner), "metadata.labels");
    kta_json_each(l, labels) {
        bool good = true;
        for (size_t i = 0; i < n && good; i++)
            good = kta_streq(kta_obj_label(sides[i].pod, kta_json_key(l)), kta_json_text(l)) ==
                   (sides[i].serves != 0);
        if (good)
            return l;
    }
    return NULL;
}

static void tell(struct kta_world *w, struct kta_json *s, const struct kta_json *port,
                 const struct side *sides, size_t n, size_t right, struct kta_findings *out)
{
    struct kta_finding *f = kta_diag_add(out, "Service.MixedPods", KTA_WARNING, s, 0.9);
    kta_auto_free char *ref = kta_diag_ref(sides[right].owner);
    kta_auto_str struct kta_str others = KTA_STR_INIT, labels = KTA_STR_INIT;
    long long number = (long long)kta_json_int(port, "targetPort", kta_json_int(port, "port", 0));
    for (size_t i = 0; i < n; i++)
        if (sides[i].serves == 0) {
            kta_auto_free char *other = kta_diag_ref(sides[i].owner);
            kta_str_addf(&others, "%s%s", others.len ? ", " : "", other);
            kta_finding_symptom(f, kta_obj_kind(sides[i].owner), kta_obj_namespace(sides[i].owner),
                                kta_obj_name(sides[i].owner));
        }
    kta_diag_labels(kta_json_at(s, "spec.selector"), &labels);
    kta_finding_summary(f,
                        "Service %s sends a part of its calls to pods of %s, where nothing serves "
                        "port %lld: its selector takes them in beside those of %s",
                        kta_obj_name(s), others.s, number, ref);
    kta_finding_quote(f, "spec", "service/%s: selector %s", kta_obj_name(s), labels.s);
    const struct kta_json *own = label_of_its_own(sides, n, right);
    if (own) {
        kta_auto_json struct kta_json *body = kta_json_new_object();
        kta_auto_str struct kta_str patch = KTA_STR_INIT;
        struct kta_json *spec = kta_json_set(body, "spec", kta_json_new_object());
        kta_json_set_str(kta_json_set(spec, "selector", kta_json_new_object()), kta_json_key(own),
                         kta_json_text(own));
        kta_json_print(body, false, &patch);
        (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, s, KTA_PATCH_MERGE, patch.s,
                            "select by %s=%s too, which only the pods that serve it have",
                            kta_json_key(own), kta_json_text(own));
    }
    kta_finding_advice(f, "Select by a label that only the pods of %s have.", ref);
}

void kta_service_mixed(struct kta_world *w, struct kta_json *s, struct kta_json **pods, size_t n,
                       struct kta_findings *out)
{
    struct side sides[WORKLOADS];
    size_t k = sides_of(w, pods, n, sides);
    if (k < 2 || kta_streq(kta_json_str(s, "spec.clusterIP"), "None"))
        return;
    kta_json_each(port, kta_json_at(s, "spec.ports")) {
        size_t right = k;
        bool wrong = false;
        if (!kta_streq(kta_or(kta_json_str(port, "protocol"), "TCP"), "TCP"))
            continue;
        for (size_t i = 0; i < k; i++) {
            sides[i].serves = serves(w, sides[i].pod, port);
            right = sides[i].serves == 1 && right == k ? i : right;
            wrong |= sides[i].serves == 0;
        }
        if (right == k)
            continue;
        for (size_t i = 0; i < n; i++) /* the others are not what its ports are held against */
            if (pods[i] == sides[right].pod) {
                pods[i] = pods[0];
                pods[0] = sides[right].pod;
            }
        /* A port by name leads only to pods that have it. */
        if (wrong && !kta_json_str(port, "targetPort")) {
            tell(w, s, port, sides, k, right, out);
            return;
        }
    }
}
