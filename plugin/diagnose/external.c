/*
 * external.c - Services without a selector: another name (ExternalName), or endpoints that somebody
 * or something else has to make.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"

/* ---- another name ---- */

/* An ExternalName that means a Service of this cluster which does not exist. */
static void external_name(struct kta_world *w, struct kta_json *s, struct kta_findings *out)
{
    const char *host = kta_or(kta_json_str(s, "spec.externalName"), "");
    const char *dot = strchr(host, '.'), *tail = dot ? strchr(dot + 1, '.') : NULL;
    bool known;
    if (!tail || !kta_starts(tail, ".svc"))
        return; /* outside of the cluster: it cannot be told from here */
    kta_auto_free char *name = kta_strndup(host, (size_t)(dot - host));
    kta_auto_free char *ns = kta_strndup(dot + 1, (size_t)(tail - dot - 1));
    if (kta_world_get(w, "services", ns, name, &known) || !known)
        return;
    struct kta_finding *f = kta_diag_add(out, "Service.ExternalName", KTA_CRITICAL, s, 0.9);
    f->since = kta_obj_created(s);
    kta_finding_summary(f,
                        "Service %s stands for %s, and there is no Service %s in namespace %s: "
                        "its name does not resolve",
                        kta_obj_name(s), host, name, ns);
    kta_finding_quote(f, "spec", "service/%s: externalName %s", kta_obj_name(s), host);
    size_t n;
    const char **names = kta_world_names(w, "services", ns, &n);
    const char *near = kta_nearest(name, names, n), *space = ns;
    struct kta_json *const *all;
    size_t k = near ? 0 : kta_world_list(w, "services", NULL, &all);
    for (size_t i = 0; i < k && !near; i++)
        if (kta_streq(kta_obj_name(all[i]), name) && all[i] != s) {
            near = name;
            space = kta_obj_namespace(all[i]);
        }
    if (near) {
        kta_finding_quote(f, "services", "there is a Service %s in namespace %s", near, space);
        kta_auto_free char *body =
            kta_asprintf("{\"spec\":{\"externalName\":\"%s.%s%s\"}}", near, space, tail);
        (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, s, KTA_PATCH_MERGE, body,
                            "stand for %s in namespace %s, which exists", near, space);
    }
    kta_finding_advice(f, "Or create the Service %s in namespace %s.", name, ns);
    free(names);
}

/* ---- endpoints by hand ---- */

/* Do the endpoints that are there serve the Service's port? They are matched by the port's name. */
static bool served(struct kta_world *w, const struct kta_json *s, const struct kta_json *port,
                   const char **ret_other)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "endpointslices", kta_obj_namespace(s), &v);
    const char *name = kta_or(kta_json_str(port, "name"), "");
    for (size_t i = 0; i < n; i++) {
        if (!kta_streq(kta_obj_label(v[i], "kubernetes.io/service-name"), kta_obj_name(s)))
            continue;
        kta_json_each(p, kta_json_get(v[i], "ports")) {
            const char *have = kta_or(kta_json_str(p, "name"), "");
            if (kta_streq(have, name))
                return true;
            *ret_other = have;
        }
    }
    return false;
}

/* The workload of nearly the same name, whose pods it may be meant for. */
static struct kta_json *namesake(struct kta_world *w, const struct kta_json *s)
{
    static const char *const lists[] = {"deployments", "statefulsets", "daemonsets"};
    for (size_t l = 0; l < KTA_LEN(lists); l++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, lists[l], kta_obj_namespace(s), &v);
        for (size_t i = 0; i < n; i++)
            if (kta_names_alike(kta_obj_name(s), kta_obj_name(v[i])))
                return v[i];
    }
    return NULL;
}

static void no_endpoints(struct kta_world *w, struct kta_json *s, struct kta_findings *out)
{
    /* Without a workload of its name it may be meant for what comes later, or from elsewhere. */
    const struct kta_json *o = namesake(w, s);
    if (!o)
        return;
    struct kta_finding *f = kta_diag_add(out, "Service.NoSelector", KTA_WARNING, s, 0.85);
    f->since = kta_obj_created(s);
    kta_finding_summary(f,
                        "Service %s selects no pods, and nobody made endpoints for it: it leads "
                        "nowhere",
                        kta_obj_name(s));
    kta_finding_quote(f, "spec", "service/%s: no selector", kta_obj_name(s));
    const struct kta_json *labels = kta_json_at(o, "spec.selector.matchLabels");
    if (labels) {
        kta_auto_str struct kta_str map = KTA_STR_INIT;
        kta_auto_free char *ref = kta_diag_ref(o);
        kta_json_print(labels, false, &map);
        kta_auto_free char *body = kta_asprintf("{\"spec\":{\"selector\":%s}}", map.s);
        (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, s, KTA_PATCH_MERGE, body,
                            "select the pods of %s", ref);
    }
    kta_finding_advice(f,
                       "Give it a selector, or an EndpointSlice with the addresses that it "
                       "stands for (label kubernetes.io/service-name=%s).",
                       kta_obj_name(s));
}

static void by_hand(struct kta_world *w, struct kta_json *s, struct kta_findings *out)
{
    int ready = kta_service_ready(w, s);
    if (ready == 0)
        no_endpoints(w, s, out);
    if (ready <= 0)
        return;
    kta_json_each(p, kta_json_at(s, "spec.ports")) {
        const char *other = NULL;
        if (served(w, s, p, &other) || !other)
            continue;
        struct kta_finding *f = kta_diag_add(out, "Service.NamedPort", KTA_CRITICAL, s, 0.9);
        kta_finding_summary(f,
                            "Service %s calls its port \"%s\", and its endpoints call theirs "
                            "\"%s\": they do not find each other",
                            kta_obj_name(s), kta_or(kta_json_str(p, "name"), ""), other);
        kta_finding_quote(f, "endpointslices", "port name \"%s\"", other);
        kta_finding_advice(f, "Give the port of the Service and of its EndpointSlice the same "
                              "name.");
        return;
    }
}

void kta_service_external(struct kta_world *w, struct kta_json *s, struct kta_findings *out)
{
    if (kta_streq(kta_json_str(s, "spec.type"), "ExternalName"))
        external_name(w, s, out);
    else if (kta_world_readable(w, "endpointslices", kta_obj_namespace(s)))
        by_hand(w, s, out);
}
