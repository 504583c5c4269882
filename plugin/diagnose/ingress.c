/*
 * ingress.c - Ingresses that no controller takes or that send to what is not there.
 */
#include <stdlib.h>
#include <string.h>
#include "crash.h"
#include "kta/alloc.h"

static void replace(struct kta_world *w, struct kta_finding *f, const struct kta_json *ing,
                    const char *path, const char *value, bool text, const char *why)
{
    kta_auto_free char *body =
        kta_asprintf("[{\"op\":\"replace\",\"path\":\"%s\",\"value\":%s%s%s}]", path,
                     text ? "\"" : "", value, text ? "\"" : "");
    (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, ing, KTA_PATCH_JSON, body, "%s", why);
}

#define OLD_CLASS "kubernetes.io/ingress.class"

/* The annotation of before there were class objects: its controller may have none. Only what is
 * nearly the name of one, and has no address, is a slip. */
static void old_class(struct kta_world *w, struct kta_json *ing, const char *name,
                      struct kta_findings *out)
{
    size_t n;
    const char **names = kta_world_names(w, "ingressclasses", NULL, &n);
    const char *near = kta_world_get(w, "ingressclasses", NULL, name, NULL) ||
                               kta_json_len(kta_json_at(ing, "status.loadBalancer.ingress"))
                           ? NULL
                           : kta_nearest(name, names, n);
    if (near) {
        struct kta_finding *f = kta_diag_add(out, "Ingress.Class", KTA_CRITICAL, ing, 0.85);
        kta_finding_summary(f,
                            "Ingress %s wants class %s by its annotation, which does not exist: no "
                            "controller takes it",
                            kta_obj_name(ing), name);
        kta_finding_quote(f, "metadata", OLD_CLASS ": %s", name);
        kta_auto_free char *body =
            kta_asprintf("{\"metadata\":{\"annotations\":{\"" OLD_CLASS "\":\"%s\"}}}", near);
        (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, ing, KTA_PATCH_MERGE, body,
                            "use class %s, which exists", near);
    }
    free(names);
}

static void class_(struct kta_world *w, struct kta_json *ing, struct kta_findings *out)
{
    const char *name = kta_json_str(ing, "spec.ingressClassName");
    const char *old = kta_obj_annotation(ing, OLD_CLASS);
    if (!kta_world_readable(w, "ingressclasses", NULL))
        return;
    if (old) {
        old_class(w, ing, old, out);
        return;
    }
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "ingressclasses", NULL, &v), k;
    if (name && kta_world_get(w, "ingressclasses", NULL, name, NULL))
        return;
    for (size_t i = 0; i < n && !name; i++)
        if (kta_streq(kta_obj_annotation(v[i], "ingressclass.kubernetes.io/is-default-class"),
                      "true"))
            return;
    if (!name && n == 0)
        return; /* controllers without a class object take such ones */
    struct kta_finding *f = kta_diag_add(out, "Ingress.Class", KTA_CRITICAL, ing, 0.9);
    if (name)
        kta_finding_summary(f,
                            "Ingress %s wants class %s, which does not exist: no controller takes "
                            "it",
                            kta_obj_name(ing), name);
    else
        kta_finding_summary(f,
                            "Ingress %s names no class, and there is no default one: no controller "
                            "takes it",
                            kta_obj_name(ing));
    const char **names = kta_world_names(w, "ingressclasses", NULL, &k);
    const char *near = name ? kta_nearest(name, names, k) : NULL;
    if (!near && k == 1)
        near = names[0];
    if (near) {
        kta_auto_free char *body = kta_asprintf("{\"spec\":{\"ingressClassName\":\"%s\"}}", near);
        (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, ing, KTA_PATCH_MERGE, body,
                            "use class %s, which exists", near);
    }
    kta_finding_advice(f, "Or install an ingress controller that serves its class.");
    free(names);
}

static const struct kta_json *port_of(const struct kta_json *service, const struct kta_json *port)
{
    const char *name = kta_json_str(port, "name");
    int64_t number = kta_json_int(port, "number", -1);
    kta_json_each(p, kta_json_at(service, "spec.ports")) {
        if (name ? kta_streq(kta_json_str(p, "name"), name) : kta_json_int(p, "port", 0) == number)
            return p;
    }
    return NULL;
}

/* The port that is meant: the Service's only one, or the one whose name is nearly that, or whose
 * pods listen on that number. NULL: unknown. */
static const struct kta_json *nearest_port(const struct kta_json *service,
                                           const struct kta_json *port)
{
    const struct kta_json *ports = kta_json_at(service, "spec.ports"), *found = NULL;
    const char *names[64], *name = kta_json_str(port, "name"), *near;
    int64_t number = kta_json_int(port, "number", -1);
    size_t n = 0;
    if (kta_json_len(ports) == 1)
        return kta_json_item(ports, 0);
    kta_json_each(p, ports) {
        if (kta_json_str(p, "name") && n < KTA_LEN(names))
            names[n++] = kta_json_str(p, "name");
        if (kta_json_int(p, "targetPort", -2) == number)
            found = p;
    }
    near = name ? kta_nearest(name, names, n) : NULL;
    kta_json_each(p, ports)
        if (near && kta_streq(kta_json_str(p, "name"), near))
            found = p;
    return found;
}

static void backend(struct kta_world *w, struct kta_json *ing, const struct kta_json *b,
                    const char *path, struct kta_findings *out)
{
    const char *name = kta_json_str(b, "service.name"), *ns = kta_obj_namespace(ing);
    bool known;
    if (!name)
        return;
    const struct kta_json *s = kta_world_get(w, "services", ns, name, &known);
    if (!s && known) {
        if (kta_diag_find(out, "Ingress.Backend", ing))
            return;
        struct kta_finding *f = kta_diag_add(out, "Ingress.Backend", KTA_CRITICAL, ing, 0.95);
        kta_finding_summary(f, "Ingress %s sends to Service %s, which does not exist",
                            kta_obj_name(ing), name);
        kta_finding_quote(f, "spec", "%s: service %s", path, name);
        size_t n;
        const char **names = kta_world_names(w, "services", ns, &n);
        const char *near = kta_nearest(name, names, n);
        if (near) {
            kta_auto_free char *at = kta_asprintf("%s/service/name", path);
            kta_auto_free char *why = kta_asprintf("send to Service %s, which exists", near);
            replace(w, f, ing, at, near, true, why);
        }
        kta_finding_advice(f, "Or create the Service %s.", name);
        free(names);
        return;
    }
    const struct kta_json *port = kta_json_at(b, "service.port");
    if (s && !port_of(s, port) && !kta_diag_find(out, "Ingress.Port", ing)) {
        struct kta_finding *f = kta_diag_add(out, "Ingress.Port", KTA_CRITICAL, ing, 0.95);
        kta_auto_str struct kta_str want = KTA_STR_INIT;
        kta_json_print(kta_json_first(port), false,
                       &want); /* {"number": 8080} or {"name": "web"} */
        kta_finding_summary(f, "Ingress %s sends to port %s, which Service %s does not have",
                            kta_obj_name(ing), want.s, name);
        kta_json_each(p, kta_json_at(s, "spec.ports"))
            kta_finding_quote(f, "spec", "service/%s: port %lld %s", name,
                              (long long)kta_json_int(p, "port", 0),
                              kta_or(kta_json_str(p, "name"), ""));
        const struct kta_json *near = nearest_port(s, port);
        if (near) {
            kta_auto_free char *at = kta_asprintf("%s/service/port", path);
            kta_auto_free char *value =
                kta_asprintf("{\"number\":%lld}", (long long)kta_json_int(near, "port", 0));
            replace(w, f, ing, at, value, false, "send to the port that the Service has");
        }
        kta_finding_advice(f, "Name a port that the Service has.");
    }
}

/* A Secret that is there and holds no certificate; its keys are known from managedFields. */
static void tls_keys(struct kta_json *ing, const struct kta_json *secret, struct kta_findings *out)
{
    static const char *const wanted[] = {"tls.crt", "tls.key"};
    const char *name = kta_obj_name(secret), *lacks = NULL;
    char **keys;
    size_t n = kta_data_keys(secret, &keys);
    kta_auto_str struct kta_str have = KTA_STR_INIT;
    for (size_t k = 0; k < KTA_LEN(wanted); k++) {
        bool found = false;
        for (size_t i = 0; i < n; i++)
            found |= kta_streq(keys[i], wanted[k]);
        lacks = found || lacks ? lacks : wanted[k];
    }
    for (size_t i = 0; i < n; i++)
        kta_str_addf(&have, "%s%s", i ? ", " : "", keys[i]);
    kta_keys_free(keys, n);
    if (!n || !lacks || kta_diag_find(out, "Ingress.TLSSecret", ing))
        return;
    struct kta_finding *f = kta_diag_add(out, "Ingress.TLSSecret", KTA_CRITICAL, ing, 0.9);
    kta_finding_summary(f, "Ingress %s takes its certificate from Secret %s, which has no key %s",
                        kta_obj_name(ing), name, lacks);
    kta_finding_quote(f, "secrets", "secret/%s has the keys %s", name, have.s);
    kta_finding_advice(f,
                       "Make it again as a TLS Secret: kubectl create secret tls %s -n %s "
                       "--cert=FILE --key=FILE; only you have the certificate.",
                       name, kta_obj_namespace(ing));
}

static void tls(struct kta_world *w, struct kta_json *ing, struct kta_findings *out)
{
    size_t i = 0;
    kta_json_each(t, kta_json_at(ing, "spec.tls")) {
        const char *name = kta_json_str(t, "secretName");
        size_t at = i++;
        bool known;
        const struct kta_json *secret =
            name ? kta_world_get(w, "secrets", kta_obj_namespace(ing), name, &known) : NULL;
        if (secret)
            tls_keys(ing, secret, out);
        if (!name || secret || !known || kta_diag_find(out, "Ingress.TLSSecret", ing))
            continue;
        struct kta_finding *f = kta_diag_add(out, "Ingress.TLSSecret", KTA_CRITICAL, ing, 0.9);
        kta_finding_summary(f, "Ingress %s wants the TLS Secret %s, which does not exist",
                            kta_obj_name(ing), name);
        size_t n;
        const char **names = kta_world_names(w, "secrets", kta_obj_namespace(ing), &n);
        const char *near = kta_nearest(name, names, n);
        if (near) {
            kta_auto_free char *path = kta_asprintf("/spec/tls/%zu/secretName", at);
            kta_auto_free char *why = kta_asprintf("use Secret %s, which exists", near);
            replace(w, f, ing, path, near, true, why);
        }
        kta_finding_advice(f,
                           "Or create it: kubectl create secret tls %s -n %s --cert=FILE "
                           "--key=FILE; only you have the certificate.",
                           name, kta_obj_namespace(ing));
        free(names);
    }
}

void kta_analyze_ingresses(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    struct kta_json *const *v;
    if (kta_world_has_focus(w) && !kta_world_has_list(w, "ingresses", ns))
        return;
    size_t n = kta_world_list(w, "ingresses", ns, &v);
    for (size_t i = 0; i < n; i++) {
        if (!kta_world_focused(w, v[i]))
            continue;
        class_(w, v[i], out);
        backend(w, v[i], kta_json_at(v[i], "spec.defaultBackend"), "/spec/defaultBackend", out);
        size_t r = 0;
        kta_json_each(rule, kta_json_at(v[i], "spec.rules")) {
            size_t p = 0;
            kta_json_each(path, kta_json_at(rule, "http.paths")) {
                kta_auto_free char *at =
                    kta_asprintf("/spec/rules/%zu/http/paths/%zu/backend", r, p++);
                backend(w, v[i], kta_json_get(path, "backend"), at, out);
            }
            r++;
        }
        tls(w, v[i], out);
    }
}
