/*
 * probe.c - what a probe asks, and the patches by which it asks otherwise.
 */
#include "probe.h"
#include "kta/alloc.h"

const struct probe_words probe_kinds[] = {
    [PROBE_STARTUP] = {"Startup probe", "startupProbe", "Probe.Startup", "startup",
                       "failed startup probe"},
    [PROBE_LIVENESS] = {"Liveness probe", "livenessProbe", "Probe.Liveness", "liveness",
                        "failed liveness probe"},
    [PROBE_READINESS] = {"Readiness probe", "readinessProbe", "Probe.Readiness", "readiness", ""},
};

struct probe_ask probe_ask_of(const struct kta_json *container, enum probe_kind k)
{
    struct probe_ask a = {.probe = kta_json_get(container, probe_kinds[k].field)};
    const struct kta_json *h = kta_json_get(a.probe, "httpGet"),
                          *t = kta_json_get(a.probe, "tcpSocket");
    const struct kta_json *at = h ? h : t;
    a.http = h;
    a.https = kta_streq(kta_json_str(h, "scheme"), "HTTPS");
    a.tcp = t;
    a.exec = kta_json_get(a.probe, "exec");
    a.grpc = kta_json_get(a.probe, "grpc");
    a.path = kta_or(kta_json_str(h, "path"), "/");
    a.host = kta_json_str(at, "host");
    a.port = kta_json_int(at, "port", a.grpc ? kta_json_int(a.probe, "grpc.port", -1) : -1);
    a.port_name = kta_json_str(at, "port");
    if (a.port_name)
        kta_json_each(p, kta_json_get(container, "ports"))
            if (kta_streq(kta_json_str(p, "name"), a.port_name))
                a.port = kta_json_int(p, "containerPort", -1);
    return a;
}

int probe_declared_port(const struct kta_json *container)
{
    const struct kta_json *ports = kta_json_get(container, "ports");
    return kta_json_len(ports) == 1
               ? (int)kta_json_int(kta_json_item(ports, 0), "containerPort", -1)
               : -1;
}

bool probe_declares(const struct kta_json *container, int64_t port)
{
    kta_json_each(p, kta_json_get(container, "ports"))
        if (kta_json_int(p, "containerPort", 0) == port)
            return true;
    return false;
}

int64_t probe_budget(const struct probe_ask *a)
{
    return kta_json_int(a->probe, "initialDelaySeconds", 0) +
           kta_json_int(a->probe, "periodSeconds", 10) *
               kta_json_int(a->probe, "failureThreshold", 3);
}

/* ---- fixes ---- */

bool probe_asks_same(const struct probe_ask *a, const struct probe_ask *b)
{
    return a->probe && b->probe && (a->http || a->tcp) && a->http == b->http &&
           a->https == b->https && a->tcp == b->tcp && a->port == b->port &&
           kta_streq(a->path, b->path) && kta_streq(a->host, b->host);
}

/* The patch by which the probe asks otherwise, and so does each other probe of the container that
 * asks the very same now. handler goes to it. *ret_many: it was not the only one. */
static struct kta_json *ask_otherwise(const struct kta_pod_trouble *t, enum probe_kind k,
                                      struct kta_json *handler, bool *ret_many)
{
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct probe_ask a = probe_ask_of(t->container, k);

    *ret_many = false;
    for (int o = PROBE_STARTUP; o <= PROBE_READINESS; o++) {
        struct probe_ask b = probe_ask_of(t->container, (enum probe_kind)o);
        if (o != (int)k && !probe_asks_same(&a, &b))
            continue;
        kta_json_set(c, probe_kinds[o].field, kta_json_copy(handler));
        *ret_many |= o != (int)k;
    }
    kta_json_free(handler);
    return spec;
}

void probe_fix_port(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                    const struct probe_ask *a, int port)
{
    struct kta_json *handler = kta_json_new_object();
    bool many;
    kta_json_set_int(kta_json_set(handler,
                                  a->http  ? "httpGet"
                                  : a->tcp ? "tcpSocket"
                                           : "grpc",
                                  kta_json_new_object()),
                     "port", port);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, ask_otherwise(t, k, handler, &many),
                           "probe port %d, where the container listens", port);
}

void probe_fix_path(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                    const char *path, const char *why)
{
    struct kta_json *handler = kta_json_new_object();
    bool many;
    kta_json_set_str(kta_json_set(handler, "httpGet", kta_json_new_object()), "path", path);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, ask_otherwise(t, k, handler, &many),
                           "probe %s, %s", path, why);
}

/* What is to be asked only its authors know; that it answers at all is known. */
void probe_fix_to_tcp(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                      const struct probe_ask *a)
{
    struct kta_json *handler = kta_json_new_object();
    bool many;
    kta_json_set(handler, a->grpc ? "grpc" : "httpGet", kta_json_new_null());
    kta_json_set_int(kta_json_set(handler, "tcpSocket", kta_json_new_object()), "port", a->port);
    struct kta_json *spec = ask_otherwise(t, k, handler, &many);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "let the %s ask only whether port %lld takes connections, until it is "
                           "known %s the program serves",
                           many                   ? "probes"
                           : k == PROBE_READINESS ? "readiness probe"
                           : k == PROBE_LIVENESS  ? "liveness probe"
                                                  : "startup probe",
                           (long long)a->port, a->grpc ? "what" : "which path");
}

void probe_fix_time(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                    const char *field, int64_t value, const char *why)
{
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    kta_json_set_int(kta_json_set(c, probe_kinds[k].field, kta_json_new_object()), field, value);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "set %s of the %s probe to "
                           "%lld: %s",
                           field, probe_kinds[k].word, (long long)value, why);
}

/* The path of another probe of the container that does not fail, or of a sibling's. */
const char *probe_other_path(const struct kta_pod_trouble *t, enum probe_kind k, const char *path)
{
    for (int o = PROBE_STARTUP; o <= PROBE_READINESS; o++) {
        struct probe_ask a = probe_ask_of(t->container, (enum probe_kind)o);
        if (o != (int)k && a.http && !kta_streq(a.path, path) &&
            !kta_diag_event(t->w, t->pod, "Unhealthy", probe_kinds[o].says))
            return a.path;
    }
    return NULL;
}
