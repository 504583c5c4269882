/*
 * probe_command.c - probes that run a command in the container.
 */
#include "probe.h"
#include <stdlib.h>
#include <string.h>
#include "address.h"
#include "kta/alloc.h"
#include "kta/re.h"

/* Its words, in one line. */
static void command_of(const struct probe_ask *a, struct kta_str *out)
{
    kta_json_each(word, kta_json_at(a->probe, "exec.command"))
        kta_str_addf(out, "%s ", kta_or(kta_json_text(word), ""));
}

/* "curl -f http://localhost:8000/health": kubelet asks that itself; of any other command it is the
 * container's only port that can be asked. */
static void fix_by_kubelet(const struct kta_pod_trouble *t, struct kta_finding *f,
                           enum probe_kind k, const struct probe_ask *a)
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
                                   : probe_declared_port(t->container);
    if (number <= 0)
        return;
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *probe = kta_json_set(c, probe_kinds[k].field, kta_json_new_object());
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

void probe_command_missing(const struct kta_pod_trouble *t, struct kta_finding *f,
                           enum probe_kind k, const struct probe_ask *a)
{
    kta_auto_free char *who = kta_trouble_who(t);
    const char *command = kta_json_text(kta_json_first(kta_json_at(a->probe, "exec.command")));
    kta_finding_summary(f, "the %s probe of %s runs %s, which is not in the image",
                        probe_kinds[k].word, who, kta_or(command, "a command"));
    fix_by_kubelet(t, f, k, a);
    kta_finding_advice(f, "Let the probe run a command that the image holds, or ask a port by "
                          "httpGet or tcpSocket.");
    f->confidence = 0.95;
}

/* The program says by its probe that it is not well, and by its log, or by what the probe's command
 * prints, for want of whom. */
void probe_not_well(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                    const struct kta_log_cause *c)
{
    if (!kta_streq(c->pattern->class_, "DNS") &&
        !kta_streq(c->pattern->class_, "DependencyUnreachable"))
        return;
    kta_crash_dependency(t, f, c);
    kta_auto_free char *why = kta_strdup(f->summary);
    kta_finding_summary(f, "the %s probe fails since %s", probe_kinds[k].word, why);
}

/* "wget -q localhost:8080/health" where the container listens on another port. refused: its output
 * says so; where it says nothing, the log and the declared ports have to. */
bool probe_command_port(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                        const struct probe_ask *a, int heard, bool refused)
{
    static struct kta_re *re;
    const struct kta_json *command = kta_json_at(a->probe, "exec.command");
    int listens = heard > 0 ? heard : refused ? probe_declared_port(t->container) : -1;
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
    if (kta_streq(port, right) ||
        (!refused && probe_declares(t->container, strtol(port, NULL, 10))))
        return false;
    /* In one word, or the port as a word of its own: "nc", "-z", "localhost", "8080". */
    const struct renaming ways[] = {{from, to}, {port, right}};
    kta_auto_free char *who = kta_trouble_who(t);
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *exec =
        kta_json_set(kta_json_set(c, probe_kinds[k].field, kta_json_new_object()), "exec",
                     kta_json_new_object());
    struct kta_json *now = kta_json_set(exec, "command", kta_json_new_array());
    kta_json_each(word, command) {
        const char *s = kta_or(kta_json_text(word), "");
        kta_auto_str struct kta_str put = KTA_STR_INIT;
        address_rename(s, &ways[kta_streq(s, port)], 1, &put);
        kta_json_push_str(now, put.s);
    }
    kta_finding_summary(f, "the %s probe of %s asks port %s, but the container listens on %s",
                        probe_kinds[k].word, who, port, right);
    f->confidence = 0.95;
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "probe port %s, where the container listens", right);
    return true;
}

/* A command that prints nothing, and that names a Service with nothing behind it. */
void probe_command_calls(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                         const struct probe_ask *a)
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
                            probe_kinds[k].word, who, g.host, kta_obj_name(s));
        kta_finding_symptom(f, "Service", ns, kta_obj_name(s));
    }
    free(g.host);
    free(g.port);
}

/* The Service that a log says is not reached is part of it, and leads to the cause behind it. */
void probe_wants(const struct kta_pod_trouble *t, struct kta_finding *f,
                 const struct kta_log_cause *c)
{
    const char *ns;
    bool cluster;
    struct kta_json *s =
        c->host && c->pattern->weight >= PROBE_CLEAR
            ? kta_dependency_service(t->w, kta_obj_namespace(t->pod), c->host, &ns, &cluster)
            : NULL;
    if (s)
        kta_finding_symptom(f, "Service", ns, kta_obj_name(s));
}

/* "Readiness probe failed: wget: can't connect to …" */
void probe_command_says(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                        const char *text)
{
    struct kta_log_cause c;
    const char *said = strstr(text, ": ");
    if (!said || !kta_log_cause(said + 2, strlen(said + 2), &c))
        return;
    if (!c.host || !kta_starts(c.host, "127."))
        probe_not_well(t, f, k, &c);
    probe_wants(t, f, &c);
    kta_log_cause_release(&c);
}
