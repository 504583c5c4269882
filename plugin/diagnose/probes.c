/*
 * probes.c - containers that run and are not healthy by their own probes: what the probe asks for
 * against what the container serves.
 *
 * Sources: Unhealthy and Killing events (all of them, not the newest alone), the probe, the ports
 * that the container declares, and the port that its log says it listens on.
 */
#include <stdlib.h>
#include <string.h>
#include "address.h"
#include "crash.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/re.h"

enum kind { STARTUP, LIVENESS, READINESS };

static const struct {
    const char *says, *field, *code, *word, *kills;
} probes[] = {
    [STARTUP] = {"Startup probe", "startupProbe", "Probe.Startup", "startup",
                 "failed startup probe"},
    [LIVENESS] = {"Liveness probe", "livenessProbe", "Probe.Liveness", "liveness",
                  "failed liveness probe"},
    [READINESS] = {"Readiness probe", "readinessProbe", "Probe.Readiness", "readiness", ""},
};

struct ask { /* what a probe asks for */
    const struct kta_json *probe;
    const char *path;
    const char *host; /* that the node asks instead of the pod; NULL: the pod */
    const char *port_name;
    int64_t port;
    bool http, https, tcp, exec, grpc;
};

static struct ask ask_of(const struct kta_json *container, enum kind k)
{
    struct ask a = {.probe = kta_json_get(container, probes[k].field)};
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

static int declared_port(const struct kta_json *container)
{
    const struct kta_json *ports = kta_json_get(container, "ports");
    return kta_json_len(ports) == 1
               ? (int)kta_json_int(kta_json_item(ports, 0), "containerPort", -1)
               : -1;
}

static bool declares(const struct kta_json *container, int64_t port)
{
    kta_json_each(p, kta_json_get(container, "ports"))
        if (kta_json_int(p, "containerPort", 0) == port)
            return true;
    return false;
}

/* ---- fixes ---- */

static bool asks_same(const struct ask *a, const struct ask *b)
{
    return a->probe && b->probe && (a->http || a->tcp) && a->http == b->http &&
           a->https == b->https && a->tcp == b->tcp && a->port == b->port &&
           kta_streq(a->path, b->path) && kta_streq(a->host, b->host);
}

/* The patch by which the probe asks otherwise, and so does each other probe of the container that
 * asks the very same now. handler goes to it. *ret_many: it was not the only one. */
static struct kta_json *ask_otherwise(const struct kta_pod_trouble *t, enum kind k,
                                      struct kta_json *handler, bool *ret_many)
{
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct ask a = ask_of(t->container, k);

    *ret_many = false;
    for (int o = STARTUP; o <= READINESS; o++) {
        struct ask b = ask_of(t->container, (enum kind)o);
        if (o != (int)k && !asks_same(&a, &b))
            continue;
        kta_json_set(c, probes[o].field, kta_json_copy(handler));
        *ret_many |= o != (int)k;
    }
    kta_json_free(handler);
    return spec;
}

static void fix_port(const struct kta_pod_trouble *t, struct kta_finding *f, enum kind k,
                     const struct ask *a, int port)
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

static void fix_path(const struct kta_pod_trouble *t, struct kta_finding *f, enum kind k,
                     const char *path, const char *why)
{
    struct kta_json *handler = kta_json_new_object();
    bool many;
    kta_json_set_str(kta_json_set(handler, "httpGet", kta_json_new_object()), "path", path);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, ask_otherwise(t, k, handler, &many),
                           "probe %s, %s", path, why);
}

/* What is to be asked only its authors know; that it answers at all is known. */
static void fix_to_tcp(const struct kta_pod_trouble *t, struct kta_finding *f, enum kind k,
                       const struct ask *a)
{
    struct kta_json *handler = kta_json_new_object();
    bool many;
    kta_json_set(handler, a->grpc ? "grpc" : "httpGet", kta_json_new_null());
    kta_json_set_int(kta_json_set(handler, "tcpSocket", kta_json_new_object()), "port", a->port);
    struct kta_json *spec = ask_otherwise(t, k, handler, &many);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "let the %s ask only whether port %lld takes connections, until it is "
                           "known %s the program serves",
                           many             ? "probes"
                           : k == READINESS ? "readiness probe"
                           : k == LIVENESS  ? "liveness probe"
                                            : "startup probe",
                           (long long)a->port, a->grpc ? "what" : "which path");
}

static void fix_time(const struct kta_pod_trouble *t, struct kta_finding *f, enum kind k,
                     const char *field, int64_t value, const char *why)
{
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    kta_json_set_int(kta_json_set(c, probes[k].field, kta_json_new_object()), field, value);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "set %s of the %s probe to "
                           "%lld: %s",
                           field, probes[k].word, (long long)value, why);
}

/* The path of another probe of the container that does not fail, or of a sibling's. */
static const char *other_path(const struct kta_pod_trouble *t, enum kind k, const char *path)
{
    for (int o = STARTUP; o <= READINESS; o++) {
        struct ask a = ask_of(t->container, (enum kind)o);
        if (o != (int)k && a.http && !kta_streq(a.path, path) &&
            !kta_diag_event(t->w, t->pod, "Unhealthy", probes[o].says))
            return a.path;
    }
    return NULL;
}

/* ---- telling ---- */

static int64_t budget(const struct ask *a)
{
    return kta_json_int(a->probe, "initialDelaySeconds", 0) +
           kta_json_int(a->probe, "periodSeconds", 10) *
               kta_json_int(a->probe, "failureThreshold", 3);
}

/* The program is told to listen on 127.0.0.1: in its command line, or in a variable. */
static void fix_address(const struct kta_pod_trouble *t, struct kta_finding *f)
{
    static const char local[] = "127.0.0.1", all[] = "0.0.0.0";
    static const char *const lists[] = {"command", "args"};
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    bool any = false;
    for (size_t l = 0; l < KTA_LEN(lists); l++) {
        struct kta_json *words = kta_json_new_array();
        bool here = false;
        kta_json_each(word, kta_json_get(t->container, lists[l])) {
            kta_auto_str struct kta_str now = KTA_STR_INIT;
            const char *s = kta_or(kta_json_text(word), "");
            for (const char *at; (at = strstr(s, local)); s = at + strlen(local)) {
                kta_str_addf(&now, "%.*s%s", (int)(at - s), s, all);
                here = true;
            }
            kta_str_add(&now, s);
            kta_json_push_str(words, now.s);
        }
        if (here)
            kta_json_set(c, lists[l], words);
        else
            kta_json_free(words);
        any |= here;
    }
    kta_json_each(e, kta_json_get(t->container, "env")) {
        const char *value = kta_or(kta_json_str(e, "value"), "");
        if (any || (!kta_streq(value, local) && !kta_streq(value, "localhost")))
            continue;
        struct kta_json *x =
            kta_json_push(kta_json_set(c, "env", kta_json_new_array()), kta_json_new_object());
        kta_json_set_str(x, "name", kta_json_str(e, "name"));
        kta_json_set_str(x, "value", all);
        any = true;
    }
    if (any)
        (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                               "let it listen on all addresses of its pod");
    else
        kta_json_free(spec);
}

/* The node asks, so that a probe's host is looked up there, and "localhost" is the node itself. */
static void other_host(const struct kta_pod_trouble *t, struct kta_finding *f, enum kind k,
                       const struct ask *a)
{
    kta_auto_free char *who = kta_trouble_who(t);
    const char *how = a->http ? "httpGet" : "tcpSocket";
    kta_finding_summary(f,
                        "the %s probe of %s does not ask its pod but host %s, as the node sees it",
                        probes[k].word, who, a->host);
    kta_finding_quote(f, "spec", "container %s: %s.%s.host: %s", t->name, probes[k].field, how,
                      a->host);
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *probe = kta_json_set(c, probes[k].field, kta_json_new_object());
    kta_json_set(kta_json_set(probe, how, kta_json_new_object()), "host", kta_json_new_null());
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "probe the pod itself, as a probe without a host does");
    kta_finding_advice(f, "If the server wants a name, give it in the Host header (httpHeaders).");
    f->confidence = 0.95;
}

static void refused(const struct kta_pod_trouble *t, struct kta_finding *f, enum kind k,
                    const struct ask *a, const char *log, size_t len)
{
    kta_auto_free char *who = kta_trouble_who(t);
    int heard = log ? kta_log_listening(log, len) : -1;
    if (heard == a->port && kta_log_only_local(log, len, a->port)) {
        kta_finding_summary(f,
                            "the %s probe of %s is refused: the program listens on 127.0.0.1 "
                            "alone, so nothing outside of the container reaches it",
                            probes[k].word, who);
        kta_finding_quote(f, "log", "container %s says that it listens on 127.0.0.1:%d", t->name,
                          heard);
        f->confidence = 0.95;
        fix_address(t, f);
        kta_finding_advice(f, "Let the program listen on 0.0.0.0 (its host or bind setting).");
        return;
    }
    int right = heard > 0                          ? heard
                : !declares(t->container, a->port) ? declared_port(t->container)
                                                   : -1;
    if (right > 0 && right != a->port) {
        kta_finding_summary(f, "the %s probe of %s asks port %lld, but the container listens on %d",
                            probes[k].word, who, (long long)a->port, right);
        kta_finding_quote(f, heard > 0 ? "log" : "spec",
                          heard > 0 ? "container %s says that it listens on port %d"
                                    : "container %s declares containerPort %d",
                          t->name, right);
        fix_port(t, f, k, a, right);
        f->confidence = heard > 0 ? 0.95 : 0.85;
        return;
    }
    kta_finding_summary(f, "the %s probe of %s finds nothing listening on port %lld",
                        probes[k].word, who, (long long)a->port);
    if (k == LIVENESS && budget(a) < 60 && !kta_json_get(t->container, "startupProbe")) {
        kta_finding_quote(f, "spec", "the probe gives the container %lld s to start listening",
                          (long long)budget(a));
        fix_time(t, f, k, "initialDelaySeconds", 60, "time to start before the probe counts");
    }
    if (k == STARTUP) {
        int64_t more = 4 * kta_json_int(a->probe, "failureThreshold", 3);
        kta_finding_quote(f, "spec", "the probe gives the container %lld s to start listening",
                          (long long)budget(a));
        fix_time(t, f, k, "failureThreshold", more < 30 ? 30 : more, "time enough to start");
    }
    kta_finding_advice(f, "If the program is slow to start, give it a startup probe with time "
                          "enough; else make the probe ask the port that it serves.");
}

/* The probe speaks TLS and the server does not, or the other way round. */
static void other_scheme(const struct kta_pod_trouble *t, struct kta_finding *f, enum kind k,
                         const char *scheme)
{
    kta_auto_free char *who = kta_trouble_who(t);
    kta_finding_summary(f, "the %s probe of %s does not speak %s, as the container does",
                        probes[k].word, who, scheme);
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *probe = kta_json_set(c, probes[k].field, kta_json_new_object());
    kta_json_set_str(kta_json_set(probe, "httpGet", kta_json_new_object()), "scheme", scheme);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec, "probe by %s", scheme);
    f->confidence = 0.95;
}

static void bad_status(const struct kta_pod_trouble *t, struct kta_finding *f, enum kind k,
                       const struct ask *a, long status)
{
    kta_auto_free char *who = kta_trouble_who(t);
    kta_finding_summary(f, "the %s probe of %s gets status %ld from %s on port %lld",
                        probes[k].word, who, status, a->path, (long long)a->port);
    kta_auto_str struct kta_str said = KTA_STR_INIT;
    if (status == 400 && a->http && !a->https &&
        kta_active_status(t->w, t->pod, false, a->port, a->path, &said) == 400 &&
        kta_stristr(said.s, "HTTPS")) {
        other_scheme(t, f, k, "HTTPS");
        kta_finding_quote(f, "GET", "pod/%s:%lld%s: 400 %.300s", kta_obj_name(t->pod),
                          (long long)a->port, a->path, said.s);
        return;
    }
    if (status != 404 && status != 405 && status != 401 && status != 403 && status / 100 != 3) {
        kta_finding_advice(f, "The program itself answers that it is not well: its log tells why.");
        return;
    }
    const char *path = other_path(t, k, a->path);
    if (path) {
        int got = kta_active_status(t->w, t->pod, a->https, a->port, path, NULL);
        if (got == 0 || got / 100 == 2) {
            fix_path(t, f, k, path, got ? "which answers" : "which its other probe uses");
            f->confidence = 0.9;
        }
    }
    static const char *const usual[] = {"/health", "/healthz", "/"};
    for (size_t i = 0; i < KTA_LEN(usual) && !f->n_fixes && kta_world_probe(t->w) > 1; i++)
        if (!kta_streq(usual[i], a->path) &&
            kta_active_status(t->w, t->pod, a->https, a->port, usual[i], NULL) / 100 == 2)
            fix_path(t, f, k, usual[i], "which answers");
    if (!f->n_fixes && a->http && !a->https)
        fix_to_tcp(t, f, k, a);
    kta_finding_advice(f, "Make the probe ask a path that the program serves%s.",
                       kta_world_probe(t->w) == 1
                           ? "; with --probe the engine asks which of the usual ones answer"
                           : "");
}

/* Nothing of the port answers as a gRPC server with the health service does. */
static void not_grpc(const struct kta_pod_trouble *t, struct kta_finding *f, enum kind k,
                     const struct ask *a, const char *log, size_t len)
{
    int heard = log ? kta_log_listening(log, len) : -1;
    if (heard > 0 && heard != a->port) {
        refused(t, f, k, a, log, len);
        return;
    }
    kta_auto_free char *who = kta_trouble_who(t);
    kta_finding_summary(f, "the %s probe of %s finds no gRPC health service on port %lld",
                        probes[k].word, who, (long long)a->port);
    fix_to_tcp(t, f, k, a);
    kta_finding_advice(f, "Let the program serve grpc.health.v1.Health there without TLS, or probe "
                          "it by what it does serve.");
}

static void too_slow(const struct kta_pod_trouble *t, struct kta_finding *f, enum kind k,
                     const struct ask *a)
{
    kta_auto_free char *who = kta_trouble_who(t);
    int64_t now = kta_json_int(a->probe, "timeoutSeconds", 1);
    kta_finding_summary(f, "the %s probe of %s gets no answer within its timeout of %lld s",
                        probes[k].word, who, (long long)now);
    fix_time(t, f, k, "timeoutSeconds", now < 5 ? 5 : 2 * now, "the answer takes longer");
    kta_finding_advice(f, "If it answers no more at all, its log and CPU limit tell why.");
}

/* Its words, in one line. */
static void command_of(const struct ask *a, struct kta_str *out)
{
    kta_json_each(word, kta_json_at(a->probe, "exec.command"))
        kta_str_addf(out, "%s ", kta_or(kta_json_text(word), ""));
}

/* "curl -f http://localhost:8000/health": kubelet asks that itself; of any other command it is the
 * container's only port that can be asked. */
static void fix_by_kubelet(const struct kta_pod_trouble *t, struct kta_finding *f, enum kind k,
                           const struct ask *a)
{
    static struct kta_re *re;
    struct kta_match m = {0};
    kta_auto_str struct kta_str words = KTA_STR_INIT;
    if (!re)
        re = kta_re_must("\\b(http|https)://(?:localhost|127\\.0\\.0\\.1|0\\.0\\.0\\.0|\\[::1?\\])"
                         "(?::(\\d{1,5}))?(/[^\\s\"'|;&]*)?(?=[\\s\"'|;&]|$)",
                         0);
    command_of(a, &words);
    bool http = kta_re_find(re, words.s, words.len, 0, &m);
    kta_auto_free char *scheme = http ? kta_re_group(words.s, &m, 1) : NULL;
    kta_auto_free char *port = http && m.n > 2 ? kta_re_group(words.s, &m, 2) : NULL;
    kta_auto_free char *path = http && m.n > 3 ? kta_re_group(words.s, &m, 3) : NULL;
    bool tls = kta_streq(scheme, "https");
    int64_t number = port && *port ? strtol(port, NULL, 10)
                     : http        ? (tls ? 443 : 80)
                                   : declared_port(t->container);
    if (number <= 0)
        return;
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *probe = kta_json_set(c, probes[k].field, kta_json_new_object());
    kta_json_set(probe, "exec", kta_json_new_null());
    struct kta_json *ask =
        kta_json_set(probe, http ? "httpGet" : "tcpSocket", kta_json_new_object());
    kta_json_set_int(ask, "port", number);
    if (http)
        kta_json_set_str(ask, "path", path && *path ? path : "/");
    if (tls)
        kta_json_set_str(ask, "scheme", "HTTPS");
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "let kubelet ask port %lld%s itself", (long long)number,
                           http ? kta_or(path, "") : "");
}

static void no_command(const struct kta_pod_trouble *t, struct kta_finding *f, enum kind k,
                       const struct ask *a)
{
    kta_auto_free char *who = kta_trouble_who(t);
    const char *command = kta_json_text(kta_json_first(kta_json_at(a->probe, "exec.command")));
    kta_finding_summary(f, "the %s probe of %s runs %s, which is not in the image", probes[k].word,
                        who, kta_or(command, "a command"));
    fix_by_kubelet(t, f, k, a);
    kta_finding_advice(f, "Let the probe run a command that the image holds, or ask a port by "
                          "httpGet or tcpSocket.");
    f->confidence = 0.95;
}

/* A port's name that the container does not have: the nearest one, or its only one. */
static void no_such_port(const struct kta_pod_trouble *t, struct kta_finding *f, enum kind k,
                         const struct ask *a)
{
    const struct kta_json *ports = kta_json_get(t->container, "ports");
    const char *names[32], *near = NULL;
    size_t n = 0;
    kta_json_each(p, ports)
        if (kta_json_str(p, "name") && n < KTA_LEN(names))
            names[n++] = kta_json_str(p, "name");
    near = kta_nearest(a->port_name, names, n);
    near = near ? near : n == 1 ? names[0] : NULL;
    kta_auto_free char *who = kta_trouble_who(t);
    kta_finding_summary(f,
                        "the %s probe of %s asks port \"%s\", and the container has no port of "
                        "that name",
                        probes[k].word, who, a->port_name);
    f->confidence = 0.95;
    kta_finding_advice(f, "Name one of the container's ports \"%s\", or ask a port that it has.",
                       a->port_name);
    if (!near)
        return;
    kta_finding_quote(f, "spec", "container %s has a port %s", t->name, near);
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *probe = kta_json_set(c, probes[k].field, kta_json_new_object());
    kta_json_set_str(kta_json_set(probe, a->http ? "httpGet" : "tcpSocket", kta_json_new_object()),
                     "port", near);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "probe port %s, which there is", near);
}

/* The program says by its probe that it is not well, and by its log, or by what the probe's command
 * prints, for want of whom. */
static void not_well(const struct kta_pod_trouble *t, struct kta_finding *f, enum kind k,
                     const struct kta_log_cause *c)
{
    if (!kta_streq(c->pattern->class_, "DNS") &&
        !kta_streq(c->pattern->class_, "DependencyUnreachable"))
        return;
    kta_crash_dependency(t, f, c);
    kta_auto_free char *why = kta_strdup(f->summary);
    kta_finding_summary(f, "the %s probe fails since %s", probes[k].word, why);
}

/* "wget -q localhost:8080/health" where the container listens on another port. refused: its output
 * says so; where it says nothing, the log and the declared ports have to. */
static bool command_port(const struct kta_pod_trouble *t, struct kta_finding *f, enum kind k,
                         const struct ask *a, int heard, bool refused)
{
    static struct kta_re *re;
    const struct kta_json *command = kta_json_at(a->probe, "exec.command");
    int listens = heard > 0 ? heard : refused ? declared_port(t->container) : -1;
    struct kta_match m;
    kta_auto_str struct kta_str words = KTA_STR_INIT;
    if (!re)
        re = kta_re_must("(?:localhost|127\\.0\\.0\\.1|0\\.0\\.0\\.0)[: ](\\d{2,5})\\b", 0);
    command_of(a, &words);
    if (listens <= 0 || !kta_re_find(re, words.s, words.len, 0, &m))
        return false;
    kta_auto_free char *from = kta_re_group(words.s, &m, 0), *port = kta_re_group(words.s, &m, 1);
    kta_auto_free char *to =
        kta_asprintf("%.*s%d", (int)(strlen(from) - strlen(port)), from, listens);
    kta_auto_free char *right = kta_asprintf("%d", listens);
    if (kta_streq(port, right) || (!refused && declares(t->container, strtol(port, NULL, 10))))
        return false;
    /* In one word, or the port as a word of its own: "nc", "-z", "localhost", "8080". */
    const struct renaming ways[] = {{from, to}, {port, right}};
    kta_auto_free char *who = kta_trouble_who(t);
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *exec = kta_json_set(kta_json_set(c, probes[k].field, kta_json_new_object()),
                                         "exec", kta_json_new_object());
    struct kta_json *now = kta_json_set(exec, "command", kta_json_new_array());
    kta_json_each(word, command) {
        const char *s = kta_or(kta_json_text(word), "");
        kta_auto_str struct kta_str put = KTA_STR_INIT;
        address_rename(s, &ways[kta_streq(s, port)], 1, &put);
        kta_json_push_str(now, put.s);
    }
    kta_finding_summary(f, "the %s probe of %s asks port %s, but the container listens on %s",
                        probes[k].word, who, port, right);
    f->confidence = 0.95;
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "probe port %s, where the container listens", right);
    return true;
}

/* A command that prints nothing, and that names a Service with nothing behind it. */
static void command_calls(const struct kta_pod_trouble *t, struct kta_finding *f, enum kind k,
                          const struct ask *a)
{
    kta_auto_str struct kta_str words = KTA_STR_INIT;
    command_of(a, &words);
    struct given g = address_said(t, words.s, NULL);
    const char *ns;
    bool cluster;
    struct kta_json *s =
        g.host ? kta_dependency_service(t->w, kta_obj_namespace(t->pod), g.host, &ns, &cluster)
               : NULL;
    if (s && kta_service_ready(t->w, s) == 0) {
        kta_auto_free char *who = kta_trouble_who(t);
        kta_finding_summary(f, "the %s probe of %s asks %s: Service %s has no ready endpoints",
                            probes[k].word, who, g.host, kta_obj_name(s));
        kta_finding_symptom(f, "Service", ns, kta_obj_name(s));
    }
    free(g.host);
    free(g.port);
}

enum { CLEAR = 84 }; /* the weight of patterns that tell a cause */

/* The Service that a log says is not reached is part of it, and leads to the cause behind it. */
static void wants(const struct kta_pod_trouble *t, struct kta_finding *f,
                  const struct kta_log_cause *c)
{
    const char *ns;
    bool cluster;
    struct kta_json *s =
        c->host && c->pattern->weight >= CLEAR
            ? kta_dependency_service(t->w, kta_obj_namespace(t->pod), c->host, &ns, &cluster)
            : NULL;
    if (s)
        kta_finding_symptom(f, "Service", ns, kta_obj_name(s));
}

/* "Readiness probe failed: wget: can't connect to …" */
static void command_says(const struct kta_pod_trouble *t, struct kta_finding *f, enum kind k,
                         const char *text)
{
    struct kta_log_cause c;
    const char *said = strstr(text, ": ");
    if (!said || !kta_log_cause(said + 2, strlen(said + 2), &c))
        return;
    if (!c.host || !kta_starts(c.host, "127."))
        not_well(t, f, k, &c);
    wants(t, f, &c);
    kta_log_cause_release(&c);
}

static void tell(const struct kta_pod_trouble *t, enum kind k, const char *text,
                 struct kta_finding *f)
{
    struct ask a = ask_of(t->container, k);
    size_t len = 0;
    bool previous = false;
    const char *log = kta_trouble_log(t, &len, &previous);
    if (!log)
        log = kta_world_log(t->w, kta_obj_namespace(t->pod), kta_obj_name(t->pod), t->name, false,
                            &len);
    static struct kta_re *status_re;
    if (!status_re)
        status_re = kta_re_must("statuscode: (\\d{3})", 0);
    struct kta_match m;
    if (a.port_name && a.port < 0)
        no_such_port(t, f, k, &a);
    else if (a.host && !kta_streq(a.host, kta_json_str(t->pod, "status.podIP")))
        other_host(t, f, k, &a);
    else if (!a.exec && (strstr(text, "connection refused") || strstr(text, "connection reset")))
        refused(t, f, k, &a, log, len);
    else if (strstr(text, "server gave HTTP response to HTTPS client"))
        other_scheme(t, f, k, "HTTP");
    else if (kta_re_find(status_re, text, strlen(text), 0, &m))
        bad_status(t, f, k, &a, strtol(text + m.start[1], NULL, 10));
    else if (a.exec && (strstr(text, "executable file not found") ||
                        (strstr(text, "exec") && strstr(text, "no such file or directory"))))
        no_command(t, f, k, &a);
    else if (a.exec && command_port(t, f, k, &a, log ? kta_log_listening(log, len) : -1,
                                    kta_stristr(text, "refused") != NULL))
        return;
    else if (a.grpc && (strstr(text, "failed to connect") || strstr(text, "not implement")))
        not_grpc(t, f, k, &a, log, len);
    else if (strstr(text, "deadline exceeded") || strstr(text, "timed out") ||
             strstr(text, "Timeout") || strstr(text, "timeout"))
        too_slow(t, f, k, &a);
    else {
        kta_auto_free char *who = kta_trouble_who(t), *line = kta_diag_first_line(text, 300);
        kta_finding_summary(f, "the %s probe of %s fails: %s", probes[k].word, who, line);
        kta_finding_advice(f, "%s",
                           a.exec ? "Run the probe's command yourself, or correct it if "
                                    "the image does not hold it."
                                  : "Correct the probe, or what it asks.");
    }
    struct kta_log_cause c;
    bool clear = false; /* the log tells a cause, not only that something failed */
    if (log && kta_log_cause(log, len, &c)) {
        clear = c.pattern->weight >= CLEAR;
        if (clear)
            kta_trouble_quote_log(t, f, &c, previous);
        if (clear && !f->n_fixes && (a.exec || strstr(text, "statuscode: 5")))
            not_well(t, f, k, &c);
        wants(t, f, &c);
        kta_dropped(t, f, &c);
        kta_log_cause_release(&c);
    }
    if (a.exec && !clear && !f->n_fixes) {
        command_says(t, f, k, text);
        if (!f->n_symptoms)
            command_calls(t, f, k, &a);
    }
}

/* Whose event is it, in a pod of several containers? */
static bool mine(const struct kta_pod_trouble *t, const struct kta_json *ev)
{
    const char *path = kta_json_str(ev, "involvedObject.fieldPath");
    kta_auto_free char *want = kta_asprintf("{%s}", t->name);
    return !path || strstr(path, want);
}

/* "Readiness probe failed: …", "… errored: …" (its command could not be run), not "… warning: …" */
static bool tells_of(enum kind k, const char *message)
{
    size_t n = strlen(probes[k].says);
    return kta_starts(message, probes[k].says) &&
           (kta_starts(message + n, " failed") || kta_starts(message + n, " errored"));
}

static struct kta_json *failing(const struct kta_pod_trouble *t, enum kind k)
{
    struct kta_json **v, *found = NULL;
    size_t n = kta_world_events(t->w, t->pod, &v);
    for (size_t i = 0; i < n && !found; i++)
        if (kta_streq(kta_json_str(v[i], "reason"), "Unhealthy") &&
            tells_of(k, kta_or(kta_json_str(v[i], "message"), "")) && mine(t, v[i]))
            found = v[i];
    free(v);
    return found;
}

/* ---- runs that the kubelet ended for a probe ---- */

#define EVENTS_KEPT 3600 /* seconds that an API server keeps events, by default */

/* The run that ended: seconds it lasted, -1 unknown. */
static int64_t lasted(const struct kta_json *end)
{
    int64_t began = kta_time_parse(kta_json_str(end, "startedAt"));
    int64_t ended = kta_time_parse(kta_json_str(end, "finishedAt"));
    return began == KTA_NO_TIME || ended == KTA_NO_TIME ? -1 : ended - began;
}

/* Is that how a container ends that is asked to end by a probe of this kind: with 143, with 137
 * after its grace, or of its own will with 0, and not sooner than the probe gives up? exact: nor
 * later than a probe that never succeeded does. */
static bool ends_like(const struct kta_pod_trouble *t, enum kind k, bool exact)
{
    const struct kta_json *end = kta_trouble_ended(t);
    int64_t code = kta_json_int(end, "exitCode", -1), run = lasted(end);
    struct ask a = ask_of(t->container, k);
    if (!a.probe || run < 0 || (code != 0 && code != 137 && code != 143))
        return false;
    int64_t grace =
        code != 137 ? 0
                    : kta_json_int(a.probe, "terminationGracePeriodSeconds",
                                   kta_json_int(t->pod, "spec.terminationGracePeriodSeconds", 30));
    int64_t last = budget(&a) + grace;
    int64_t first = last - kta_json_int(a.probe, "periodSeconds", 10);
    int64_t slack = 2 + kta_json_int(a.probe, "timeoutSeconds", 1);
    return run + 1 >= first && (!exact || run <= last + slack);
}

/* The event of its failing; of a probe that asks the very same, where the container ends as that
 * one lets it: the kubelet's own words of a pod are few once there were many. */
static struct kta_json *failed(const struct kta_pod_trouble *t, enum kind k)
{
    struct kta_json *ev = failing(t, k);
    struct ask a = ask_of(t->container, k), b = ask_of(t->container, READINESS);

    if (!ev && k != READINESS && asks_same(&a, &b) &&
        kta_json_int(t->status, "restartCount", 0) > 1 && ends_like(t, k, /* exact= */ true))
        ev = failing(t, READINESS);
    return ev;
}

static bool killed(const struct kta_pod_trouble *t, enum kind k)
{
    int64_t code = kta_json_int(kta_trouble_ended(t), "exitCode", 0);
    const struct kta_json *ev = kta_diag_event(t->w, t->pod, "Killing", probes[k].kills);
    kta_auto_free char *me = kta_asprintf("ontainer %s ", t->name);
    return ev && strstr(kta_or(kta_json_str(ev, "message"), ""), me) &&
           (code == 137 || code == 143 || code == 0 || code == 2);
}

/* A Killing event comes late, or not at all: the kubelet sends few events of a pod once it has sent
 * many. Then an Unhealthy one of that run, or of an earlier one that ended alike, tells. */
bool kta_probe_ended(const struct kta_pod_trouble *t)
{
    int64_t began = kta_time_parse(kta_json_str(kta_trouble_ended(t), "startedAt"));
    for (int k = STARTUP; k <= LIVENESS; k++) {
        if (killed(t, (enum kind)k))
            return true;
        const struct kta_json *ev = failed(t, (enum kind)k);
        bool of_run = ev && began != KTA_NO_TIME && kta_event_time(ev) + 1 >= began;
        if (ev && ends_like(t, (enum kind)k, /* exact= */ !of_run))
            return true;
    }
    return false;
}

static bool ended_by_time(const struct kta_pod_trouble *t, enum kind k)
{
    int64_t ended = kta_time_parse(kta_json_str(kta_trouble_ended(t), "finishedAt"));
    bool gone = ended != KTA_NO_TIME && kta_world_now(t->w) - ended > EVENTS_KEPT;
    return !kta_json_bool(t->status, "ready", false) &&
           (gone || !kta_world_readable(t->w, "events", kta_obj_namespace(t->pod))) &&
           kta_json_int(t->status, "restartCount", 0) > 1 && ends_like(t, k, /* exact= */ true);
}

bool kta_probe_ended_by_time(const struct kta_pod_trouble *t)
{
    return ended_by_time(t, STARTUP) || ended_by_time(t, LIVENESS);
}

static bool still(const struct kta_pod_trouble *t, enum kind k, const struct kta_json *ev)
{
    int64_t now = kta_world_now(t->w), last = kta_event_time(ev);
    bool ready = kta_json_bool(t->status, "ready", false);
    if (k == READINESS)
        return !ready;
    /* It has been restarted for it, or is about to be. */
    return (!ready || now - last < 300) &&
           (kta_json_int(t->status, "restartCount", 0) > 0 || kta_event_count(ev) >= 2 || !ready);
}

/* A program that is young may not answer yet, or not well, and has as long as its probes allow:
 * only what cannot become right by itself (another port, a path that is not served) is told at
 * once. */
static bool still_starting(const struct kta_pod_trouble *t, enum kind k, const struct kta_json *ev)
{
    int64_t since = kta_time_parse(kta_json_str(t->status, "state.running.startedAt"));
    bool given_up = kta_json_int(t->status, "restartCount", 0) > 0 ||
                    kta_diag_event(t->w, t->pod, "Killing", probes[k].kills);
    if (k == READINESS ? since == KTA_NO_TIME || kta_world_now(t->w) - since >= 30 : given_up)
        return false;
    const char *text = kta_or(kta_json_str(ev, "message"), "");
    if (kta_event_count(ev) < 3)
        return true;
    if (strstr(text, "statuscode: 4"))
        return false;
    size_t len = 0;
    const char *log = kta_world_log(t->w, kta_obj_namespace(t->pod), kta_obj_name(t->pod), t->name,
                                    /* previous= */ false, &len);
    struct ask a = ask_of(t->container, k);
    int heard = log ? kta_log_listening(log, len) : -1;
    return heard < 0 || heard == a.port;
}

/* Nothing listened when the probe asked, but now something does: the next probe will tell. */
static bool answers_now(const struct kta_pod_trouble *t, enum kind k, const struct kta_json *ev)
{
    struct ask a = ask_of(t->container, k);
    if (!strstr(kta_or(kta_json_str(ev, "message"), ""), "connection refused") || a.port <= 0 ||
        a.host)
        return false;
    if (a.http) {
        int status = kta_active_status(t->w, t->pod, a.https, a.port, a.path, NULL);
        return status >= 200 && status < 400;
    }
    return a.tcp && kta_port_open(t->w, t->pod, a.port) == 1;
}

/* What the probe would be told, asked anew. */
static char *asked(const struct kta_pod_trouble *t, const struct ask *a)
{
    int status = a->http && a->port > 0 && a->path
                     ? kta_active_status(t->w, t->pod, a->https, a->port, a->path, NULL)
                     : 0;
    if (status >= 300)
        return kta_asprintf("HTTP probe failed with statuscode: %d", status);
    if (a->port > 0 && kta_port_open(t->w, t->pod, a->port) == 0)
        return kta_strdup("connection refused");
    return kta_strdup("it has not succeeded since the container was started");
}

/* No event tells of it (they are lost on a busy node, and go with time), but the container is not
 * ready although its probe has had the time to succeed. */
static bool never_ready(const struct kta_pod_trouble *t, const struct ask *a)
{
    int64_t since = kta_time_parse(kta_json_str(t->status, "state.running.startedAt"));
    return a->probe && !kta_json_bool(t->status, "ready", true) && since != KTA_NO_TIME &&
           kta_json_bool(t->status, "started", true) &&
           kta_world_now(t->w) - since >= 30 + budget(a);
}

static void by_time(const struct kta_pod_trouble *t, enum kind k)
{
    const struct kta_json *end = kta_trouble_ended(t);
    if (kta_diag_find(t->out, NULL, t->owner))
        return;
    struct ask a = ask_of(t->container, k);
    struct kta_finding *f = kta_trouble_add(t, probes[k].code, KTA_CRITICAL, 0.6);
    kta_finding_quote(f, "status",
                      "container %s ended after %lld s, as long as its %s probe lets one run that "
                      "does not answer; no event tells of it",
                      t->name, (long long)lasted(end), probes[k].word);
    kta_auto_free char *said = kta_json_at(t->status, "state.running")
                                   ? asked(t, &a)
                                   : kta_strdup("each run ends when it gives up");
    tell(t, k, said, f);
}

/* Not ready, no word of a probe: a readiness gate, or too young to tell. */
static void look_at(struct kta_pod_trouble *t)
{
    for (int k = STARTUP; k <= READINESS; k++) {
        const struct kta_json *ev = failed(t, (enum kind)k);
        struct ask a = ask_of(t->container, (enum kind)k);
        kta_auto_free char *said =
            !ev && k == READINESS && never_ready(t, &a) ? asked(t, &a) : NULL;
        if (!ev && k != READINESS && ended_by_time(t, (enum kind)k))
            by_time(t, (enum kind)k);
        if (said && !kta_diag_find(t->out, NULL, t->owner)) {
            struct kta_finding *f = kta_trouble_add(t, probes[k].code, KTA_CRITICAL, 0.7);
            kta_finding_quote(f, "GET", "asked anew: %s", said);
            tell(t, READINESS, said, f);
        }
        if (!ev || !kta_json_get(t->container, probes[k].field) || !still(t, (enum kind)k, ev) ||
            kta_diag_find(t->out, probes[k].code, t->owner))
            continue;
        if (still_starting(t, (enum kind)k, ev) ||
            (k == READINESS && answers_now(t, (enum kind)k, ev)))
            continue;
        struct kta_finding *f = kta_trouble_add(t, probes[k].code, KTA_CRITICAL, 0.8);
        kta_diag_quote_event(f, t->pod, ev);
        tell(t, (enum kind)k, kta_or(kta_json_str(ev, "message"), ""), f);
        if (k != READINESS)
            return; /* what is restarted for its life is not ready either */
    }
}

/* kubelet cannot ask a port whose name the container lacks, and takes a liveness probe that it
 * cannot ask for one that tells nothing: the pod runs, unguarded. */
static void look_at_names(struct kta_pod_trouble *t)
{
    for (int k = STARTUP; k <= READINESS; k++) {
        struct ask a = ask_of(t->container, (enum kind)k);
        if (!a.port_name || a.port > 0 || kta_diag_find(t->out, probes[k].code, t->owner))
            continue;
        struct kta_finding *f = kta_trouble_add(t, probes[k].code, KTA_WARNING, 0.9);
        no_such_port(t, f, (enum kind)k, &a);
    }
}

void kta_analyze_probes(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    struct kta_json *const *pods;
    size_t n = kta_world_list(w, "pods", ns, &pods);
    for (size_t i = 0; i < n; i++) {
        struct kta_json *pod = pods[i];
        bool well = kta_pod_ready(pod) && !kta_pod_restarts(pod);
        if (!kta_world_focused(w, pod) || kta_json_at(pod, "metadata.deletionTimestamp") ||
            kta_streq(kta_json_str(pod, "status.phase"), "Succeeded"))
            continue;
        struct kta_json *owner = kta_world_owner(w, pod);
        /* of init containers, those that go on running beside the others have probes */
        for (size_t l = 0; l < 2; l++)
            kta_json_each(s, kta_json_get(kta_json_get(pod, "status"), kta_status_lists[l])) {
                struct kta_pod_trouble t = {w,    pod, owner, s, NULL, kta_json_str(s, "name"),
                                            NULL, out};
                t.container = kta_diag_container(kta_json_get(pod, "spec"), t.name, &t.list);
                size_t before = out->n;
                if (well)
                    look_at_names(&t);
                else
                    look_at(&t);
                for (size_t f = before; f < out->n; f++)
                    kta_finding_symptom(out->v[f], "Pod", kta_obj_namespace(pod),
                                        kta_obj_name(pod));
            }
    }
}
