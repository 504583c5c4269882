/*
 * probe_tell.c - why a probe fails: what the kubelet was told, against what the container serves by
 * its log, its declared ports, and what it answers now.
 */
#include "probe.h"
#include <stdlib.h>
#include <string.h>
#include "address.h"
#include "kta/alloc.h"
#include "kta/re.h"

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
static void other_host(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                       const struct probe_ask *a)
{
    kta_auto_free char *who = kta_trouble_who(t);
    const char *how = a->http ? "httpGet" : "tcpSocket";
    kta_finding_summary(f,
                        "the %s probe of %s does not ask its pod but host %s, as the node sees it",
                        probe_kinds[k].word, who, a->host);
    kta_finding_quote(f, "spec", "container %s: %s.%s.host: %s", t->name, probe_kinds[k].field, how,
                      a->host);
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *probe = kta_json_set(c, probe_kinds[k].field, kta_json_new_object());
    kta_json_set(kta_json_set(probe, how, kta_json_new_object()), "host", kta_json_new_null());
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "probe the pod itself, as a probe without a host does");
    kta_finding_advice(f, "If the server wants a name, give it in the Host header (httpHeaders).");
    f->confidence = 0.95;
}

static void refused(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                    const struct probe_ask *a, const char *log, size_t len)
{
    kta_auto_free char *who = kta_trouble_who(t);
    int heard = log ? kta_log_listening(log, len) : -1;
    if (heard == a->port && kta_log_only_local(log, len, a->port)) {
        kta_finding_summary(f,
                            "the %s probe of %s is refused: the program listens on 127.0.0.1 "
                            "alone, so nothing outside of the container reaches it",
                            probe_kinds[k].word, who);
        kta_finding_quote(f, "log", "container %s says that it listens on 127.0.0.1:%d", t->name,
                          heard);
        f->confidence = 0.95;
        fix_address(t, f);
        kta_finding_advice(f, "Let the program listen on 0.0.0.0 (its host or bind setting).");
        return;
    }
    int right = heard > 0                                ? heard
                : !probe_declares(t->container, a->port) ? probe_declared_port(t->container)
                                                         : -1;
    if (right > 0 && right != a->port) {
        kta_finding_summary(f, "the %s probe of %s asks port %lld, but the container listens on %d",
                            probe_kinds[k].word, who, (long long)a->port, right);
        kta_finding_quote(f, heard > 0 ? "log" : "spec",
                          heard > 0 ? "container %s says that it listens on port %d"
                                    : "container %s declares containerPort %d",
                          t->name, right);
        probe_fix_port(t, f, k, a, right);
        f->confidence = heard > 0 ? 0.95 : 0.85;
        return;
    }
    kta_finding_summary(f, "the %s probe of %s finds nothing listening on port %lld",
                        probe_kinds[k].word, who, (long long)a->port);
    if (k == PROBE_LIVENESS && probe_budget(a) < 60 &&
        !kta_json_get(t->container, "startupProbe")) {
        kta_finding_quote(f, "spec", "the probe gives the container %lld s to start listening",
                          (long long)probe_budget(a));
        probe_fix_time(t, f, k, "initialDelaySeconds", 60, "time to start before the probe counts");
    }
    if (k == PROBE_STARTUP) {
        int64_t more = 4 * kta_json_int(a->probe, "failureThreshold", 3);
        kta_finding_quote(f, "spec", "the probe gives the container %lld s to start listening",
                          (long long)probe_budget(a));
        probe_fix_time(t, f, k, "failureThreshold", more < 30 ? 30 : more, "time enough to start");
    }
    kta_finding_advice(f, "If the program is slow to start, give it a startup probe with time "
                          "enough; else make the probe ask the port that it serves.");
}

/* The probe speaks TLS and the server does not, or the other way round. */
static void other_scheme(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                         const char *scheme)
{
    kta_auto_free char *who = kta_trouble_who(t);
    kta_finding_summary(f, "the %s probe of %s does not speak %s, as the container does",
                        probe_kinds[k].word, who, scheme);
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *probe = kta_json_set(c, probe_kinds[k].field, kta_json_new_object());
    kta_json_set_str(kta_json_set(probe, "httpGet", kta_json_new_object()), "scheme", scheme);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec, "probe by %s", scheme);
    f->confidence = 0.95;
}

static void bad_status(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                       const struct probe_ask *a, long status)
{
    kta_auto_free char *who = kta_trouble_who(t);
    kta_finding_summary(f, "the %s probe of %s gets status %ld from %s on port %lld",
                        probe_kinds[k].word, who, status, a->path, (long long)a->port);
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
    const char *path = probe_other_path(t, k, a->path);
    if (path) {
        int got = kta_active_status(t->w, t->pod, a->https, a->port, path, NULL);
        if (got == 0 || got / 100 == 2) {
            probe_fix_path(t, f, k, path, got ? "which answers" : "which its other probe uses");
            f->confidence = 0.9;
        }
    }
    static const char *const usual[] = {"/health", "/healthz", "/"};
    for (size_t i = 0; i < KTA_LEN(usual) && !f->n_fixes && kta_world_probe(t->w) > 1; i++)
        if (!kta_streq(usual[i], a->path) &&
            kta_active_status(t->w, t->pod, a->https, a->port, usual[i], NULL) / 100 == 2)
            probe_fix_path(t, f, k, usual[i], "which answers");
    if (!f->n_fixes && a->http && !a->https)
        probe_fix_to_tcp(t, f, k, a);
    kta_finding_advice(f, "Make the probe ask a path that the program serves%s.",
                       kta_world_probe(t->w) == 1
                           ? "; with --probe the engine asks which of the usual ones answer"
                           : "");
}

/* Nothing of the port answers as a gRPC server with the health service does. */
static void not_grpc(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                     const struct probe_ask *a, const char *log, size_t len)
{
    int heard = log ? kta_log_listening(log, len) : -1;
    if (heard > 0 && heard != a->port) {
        refused(t, f, k, a, log, len);
        return;
    }
    kta_auto_free char *who = kta_trouble_who(t);
    kta_finding_summary(f, "the %s probe of %s finds no gRPC health service on port %lld",
                        probe_kinds[k].word, who, (long long)a->port);
    probe_fix_to_tcp(t, f, k, a);
    kta_finding_advice(f, "Let the program serve grpc.health.v1.Health there without TLS, or probe "
                          "it by what it does serve.");
}

static void too_slow(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                     const struct probe_ask *a)
{
    kta_auto_free char *who = kta_trouble_who(t);
    int64_t now = kta_json_int(a->probe, "timeoutSeconds", 1);
    kta_finding_summary(f, "the %s probe of %s gets no answer within its timeout of %lld s",
                        probe_kinds[k].word, who, (long long)now);
    probe_fix_time(t, f, k, "timeoutSeconds", now < 5 ? 5 : 2 * now, "the answer takes longer");
    kta_finding_advice(f, "If it answers no more at all, its log and CPU limit tell why.");
}

/* A port's name that the container does not have: the nearest one, or its only one. */
void probe_tell_no_port(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                        const struct probe_ask *a)
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
                        probe_kinds[k].word, who, a->port_name);
    f->confidence = 0.95;
    kta_finding_advice(f, "Name one of the container's ports \"%s\", or ask a port that it has.",
                       a->port_name);
    if (!near)
        return;
    kta_finding_quote(f, "spec", "container %s has a port %s", t->name, near);
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *probe = kta_json_set(c, probe_kinds[k].field, kta_json_new_object());
    kta_json_set_str(kta_json_set(probe, a->http ? "httpGet" : "tcpSocket", kta_json_new_object()),
                     "port", near);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "probe port %s, which there is", near);
}

void probe_tell(const struct kta_pod_trouble *t, enum probe_kind k, const char *text,
                struct kta_finding *f)
{
    struct probe_ask a = probe_ask_of(t->container, k);
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
        probe_tell_no_port(t, f, k, &a);
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
        probe_command_missing(t, f, k, &a);
    else if (a.exec && probe_command_port(t, f, k, &a, log ? kta_log_listening(log, len) : -1,
                                          kta_stristr(text, "refused") != NULL))
        return;
    else if (a.grpc && (strstr(text, "failed to connect") || strstr(text, "not implement")))
        not_grpc(t, f, k, &a, log, len);
    else if (strstr(text, "deadline exceeded") || strstr(text, "timed out") ||
             strstr(text, "Timeout") || strstr(text, "timeout"))
        too_slow(t, f, k, &a);
    else {
        kta_auto_free char *who = kta_trouble_who(t), *line = kta_diag_first_line(text, 300);
        kta_finding_summary(f, "the %s probe of %s fails: %s", probe_kinds[k].word, who, line);
        kta_finding_advice(f, "%s",
                           a.exec ? "Run the probe's command yourself, or correct it if "
                                    "the image does not hold it."
                                  : "Correct the probe, or what it asks.");
    }
    struct kta_log_cause c;
    bool clear = false; /* the log tells a cause, not only that something failed */
    if (log && kta_log_cause(log, len, &c)) {
        clear = c.pattern->weight >= PROBE_CLEAR;
        if (clear)
            kta_trouble_quote_log(t, f, &c, previous);
        if (clear && !f->n_fixes && (a.exec || strstr(text, "statuscode: 5")))
            probe_not_well(t, f, k, &c);
        probe_wants(t, f, &c);
        kta_dropped(t, f, &c);
        kta_log_cause_release(&c);
    }
    if (a.exec && !clear && !f->n_fixes) {
        probe_command_says(t, f, k, text);
        if (!f->n_symptoms)
            probe_command_calls(t, f, k, &a);
    }
}
