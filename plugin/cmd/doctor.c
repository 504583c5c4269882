/*
 * doctor.c - the command doctor: is everything there that the program needs, what is wrong with it,
 * and how to mend it.
 *
 * A row of the table is a check; it reports one or more lines. Nothing is changed; the model is
 * asked something only with the word "model", since that may cost money.
 */
#include <string.h>

#include "app.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/interrupt.h"
#include "kta/proc.h"
#include "kta/utf8.h"

#define CLIENT_MS   10000
#define CLIENT_MAX  (64u << 10)
#define SKEW_WARN_S 5
#define SKEW_BAD_S  60 /* tokens and certificates begin to be refused */

enum state { GOOD, WARNING, BAD, SKIPPED };
static const char *const state_names[] = {"ok", "warning", "failed", "skipped"};

struct doctor {
    struct app *app;
    struct kta_json *checks;
    bool ask_model;
    bool cluster_open, cluster_answers;
    int server_minor, client_minor; /* 0: not known */
    struct kta_err first;           /* of the failed checks: its code is the exit code */
    const char *first_name;
    int failed;
};

static void add(struct doctor *d, const char *name, enum state state, const char *hint,
                const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void add(struct doctor *d, const char *name, enum state state, const char *hint,
                const char *fmt, ...)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct kta_json *check = kta_json_push(d->checks, kta_json_new_object());
    va_list ap;

    va_start(ap, fmt);
    kta_str_vaddf(&text, fmt, ap);
    va_end(ap);
    kta_json_set_str(check, "name", name);
    kta_json_set_str(check, "state", state_names[state]);
    kta_json_set_str(check, "message", text.s);
    kta_json_set_str(check, "hint", hint);
    kta_ui_print(d->app->ui, "%-8s %s: %s\n", state_names[state], name, text.s);
    if (hint && *hint)
        kta_ui_print(d->app->ui, "         %s\n", hint);
}

static void add_err(struct doctor *d, const char *name, const struct kta_err *e, const char *hint)
{
    add(d, name, BAD, e->hint[0] ? e->hint : hint, "%s", e->msg);
    if (d->failed++ == 0) {
        d->first = *e;
        d->first_name = name;
    }
}

static void add_bad(struct doctor *d, const char *name, enum kta_code code, const char *msg,
                    const char *hint)
{
    struct kta_err e = KTA_ERR_INIT;

    kta_err_set(&e, code, "%s", msg);
    add_err(d, name, &e, hint);
}

/* ---- programs ---- */

/* A client's version, by asking it. */
static int client(const char *path, const char *const *words, struct kta_str *out,
                  struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    struct kta_proc p = {.argv = &argv,
                         .path = path,
                         .timeout_ms = CLIENT_MS,
                         .max_output = CLIENT_MAX};
    int r;

    for (; *words; words++)
        kta_argv_add(&argv, *words);
    r = kta_proc_run(&p, err);
    kta_str_trim(&p.out);
    kta_str_trim(&p.err);
    const char *said = p.err.len ? p.err.s : p.out.s;
    if (r == 0 && p.exit_code != 0)
        r = kta_err_set(err, KTA_E_FAIL, "%s ended with %d%s%.200s", path, p.exit_code,
                        *said ? ": " : "", said);
    if (r == 0)
        kta_str_addn(out, p.out.s, p.out.len);
    kta_proc_release(&p);
    return r;
}

static void check_kubectl(struct doctor *d)
{
    static const char *const words[] = {"kubectl", "version", "--client", "-o", "json", NULL};
    kta_auto_free char *path = kta_fs_which("kubectl");
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err e = KTA_ERR_INIT;

    if (!path) {
        add_bad(d, "kubectl", KTA_E_FAIL, "it is not on PATH: nothing can be changed",
                "Install it (https://kubernetes.io/docs/tasks/tools/) and put it on PATH.");
        return;
    }
    if (client(path, words, &out, &e) < 0 || kta_json_parse(out.s, out.len, &v, &e) < 0) {
        add_err(d, "kubectl", &e, "Try it by hand: kubectl version --client");
        return;
    }
    d->client_minor = (int)strtol(kta_or(kta_json_str(v, "clientVersion.minor"), "0"), NULL, 10);
    add(d, "kubectl", GOOD, NULL, "%s, %s",
        kta_or(kta_json_str(v, "clientVersion.gitVersion"), "a version that it does not tell"),
        path);
}

static void check_helm(struct doctor *d)
{
    static const char *const words[] = {"helm", "version", "--short", NULL};
    kta_auto_free char *path = kta_fs_which("helm");
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    struct kta_err e = KTA_ERR_INIT;

    if (!path)
        add(d, "helm", WARNING, "Only releases need it: https://helm.sh/docs/intro/install/",
            "it is not on PATH: releases cannot be changed");
    else if (client(path, words, &out, &e) < 0)
        add_err(d, "helm", &e, "Try it by hand: helm version");
    else
        add(d, "helm", GOOD, NULL, "%s, %s", out.s, path);
}

/* ---- the cluster ---- */

static void check_cluster(struct doctor *d)
{
    struct kta_err e = KTA_ERR_INIT;
    kta_auto_json struct kta_json *v = NULL;

    if (app_open_cluster(d->app, &e) < 0) {
        add_err(d, "cluster", &e, "'kubectl config get-contexts' lists what is configured.");
        return;
    }
    d->cluster_open = true;
    struct kta_cluster *c = d->app->cluster;
    if (kta_cluster_is_snapshot(c)) {
        add(d, "cluster", GOOD, NULL, "a snapshot of %s", kta_cluster_context(c));
        return;
    }
    int64_t begin = kta_now_ms();
    if (kta_cluster_get(c, &v, &e, "/version") < 0) {
        add_err(d, "cluster", &e,
                "Is it running, and is this its context? Try: kubectl cluster-info");
        return;
    }
    d->cluster_answers = true;
    d->server_minor = (int)strtol(kta_or(kta_json_str(v, "minor"), "0"), NULL, 10);
    add(d, "cluster", GOOD, NULL, "context %s, %s, %s, answered in %d ms", kta_cluster_context(c),
        kta_cluster_server(c), kta_or(kta_json_str(v, "gitVersion"), "no version"),
        (int)(kta_now_ms() - begin));
    int apart = d->server_minor - d->client_minor;
    if (d->client_minor && d->server_minor && (apart > 1 || apart < -1))
        add(d, "versions", WARNING, "Install a kubectl of the cluster's minor version.",
            "kubectl 1.%d and the cluster 1.%d are more than one minor version apart",
            d->client_minor, d->server_minor);
}

/* What the work needs: to read, and (told as a warning) to change. */
static const struct {
    const char *verb, *group, *resource, *subresource;
    bool change;
} rights[] = {
    {"list", "", "pods", "", false},
    {"list", "", "events", "", false},
    {"get", "", "pods", "log", false},
    {"list", "apps", "deployments", "", false},
    {"list", "apps", "replicasets", "", false},
    {"list", "", "services", "", false},
    {"patch", "apps", "deployments", "", true},
    {"delete", "", "pods", "", true},
};

static int allowed(struct doctor *d, size_t i, bool *ret, struct kta_err *err)
{
    kta_auto_json struct kta_json *body = kta_json_new_object(), *v = NULL;
    struct kta_json *attributes = kta_json_new_object(), *spec = kta_json_new_object();
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    int status;

    if (d->app->scope.namespace_)
        kta_json_set_str(attributes, "namespace", d->app->scope.namespace_);
    kta_json_set_str(attributes, "verb", rights[i].verb);
    kta_json_set_str(attributes, "group", rights[i].group);
    kta_json_set_str(attributes, "resource", rights[i].resource);
    kta_json_set_str(attributes, "subresource", rights[i].subresource);
    kta_json_set(spec, "resourceAttributes", attributes);
    kta_json_set_str(body, "apiVersion", "authorization.k8s.io/v1");
    kta_json_set_str(body, "kind", "SelfSubjectAccessReview");
    kta_json_set(body, "spec", spec);
    kta_json_print(body, false, &text);
    if (kta_cluster_send(d->app->cluster, "POST",
                         "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                         "application/json", text.s, &status, &v, err) < 0)
        return -1;
    if (status < 200 || status > 299)
        return kta_err_set(err, KTA_E_AUTH, "rights cannot be asked for: HTTP %d", status);
    *ret = kta_json_bool(v, "status.allowed", false);
    return 0;
}

static void check_rights(struct doctor *d)
{
    kta_auto_str struct kta_str no_read = KTA_STR_INIT, no_change = KTA_STR_INIT;
    const char *where = kta_or(d->app->scope.namespace_, "all namespaces");

    for (size_t i = 0; i < KTA_LEN(rights); i++) {
        struct kta_err e = KTA_ERR_INIT;
        bool yes = false;
        if (allowed(d, i, &yes, &e) < 0) {
            add_err(d, "rights", &e, "Try: kubectl auth can-i --list");
            return;
        }
        struct kta_str *no = rights[i].change ? &no_change : &no_read;
        if (!yes)
            kta_str_addf(no, "%s%s %s%s%s", no->len ? ", " : "", rights[i].verb, rights[i].resource,
                         *rights[i].subresource ? "/" : "", rights[i].subresource);
    }
    if (no_read.len) {
        kta_auto_free char *msg = kta_asprintf("in %s you may not %s: what needs it is left out of "
                                               "every diagnosis",
                                               where, no_read.s);
        add_bad(d, "rights", KTA_E_AUTH, msg,
                "Ask an administrator for the ClusterRole 'view' there, or use -n.");
    }
    if (no_change.len)
        add(d, "rights", WARNING, "For changes the ClusterRole 'edit' is needed.",
            "in %s you may not %s", where, no_change.s);
    if (!no_read.len && !no_change.len)
        add(d, "rights", GOOD, NULL, "in %s you may read what a diagnosis needs, and change it",
            where);
}

static void check_metrics(struct doctor *d)
{
    struct kta_err e = KTA_ERR_INIT;
    kta_auto_json struct kta_json *v = NULL;

    if (kta_cluster_get(d->app->cluster, &v, &e,
                        "/apis/metrics.k8s.io/v1beta1/namespaces/%s/pods?limit=1",
                        kta_or(d->app->scope.namespace_, "kube-system")) == 0)
        add(d, "metrics", GOOD, NULL, "usage of memory and CPU can be read");
    else
        add(d, "metrics", WARNING,
            e.code == KTA_E_NOT_FOUND
                ? "Install metrics-server: https://github.com/kubernetes-sigs/metrics-server"
            : e.code == KTA_E_AUTH
                ? "You may not list pods of metrics.k8s.io: ask an administrator for that right"
                : "Is metrics-server running? Try: kubectl -n kube-system get deployment "
                  "metrics-server",
            "usage of memory and CPU cannot be read: %s", e.msg);
}

/* The server stamps a review with its time. */
static void check_clock(struct doctor *d)
{
    static const char body[] = "{\"apiVersion\":\"authentication.k8s.io/v1\","
                               "\"kind\":\"SelfSubjectReview\"}";
    struct kta_err e = KTA_ERR_INIT;
    kta_auto_json struct kta_json *v = NULL;
    int status = 0;
    int64_t before = kta_wall(), there = KTA_NO_TIME;

    if (kta_cluster_send(d->app->cluster, "POST",
                         "/apis/authentication.k8s.io/v1/selfsubjectreviews", "application/json",
                         body, &status, &v, &e) == 0)
        there = kta_time_parse(kta_json_str(v, "metadata.creationTimestamp"));
    int64_t after = kta_wall();
    if (there == KTA_NO_TIME) {
        add(d, "clock", SKIPPED, NULL, "the API server (before 1.28) does not tell its time");
        return;
    }
    int64_t apart = there < before ? before - there : there > after ? there - after : 0;
    const char *hint = "Set this machine's clock: timedatectl set-ntp true";
    if (apart > SKEW_BAD_S) {
        kta_auto_free char *msg = kta_asprintf(
            "this machine's clock and the API server's are %lld s apart: ages are wrong, and "
            "tokens and certificates may be refused",
            (long long)apart);
        add_bad(d, "clock", KTA_E_FAIL, msg, hint);
    } else if (apart > SKEW_WARN_S) {
        add(d, "clock", WARNING, hint, "this machine's clock and the API server's are %lld s apart",
            (long long)apart);
    } else {
        add(d, "clock", GOOD, NULL, "within %d s of the API server's", SKEW_WARN_S);
    }
}

/* ---- the model ---- */

static void ask_model(struct doctor *d)
{
    kta_auto_json struct kta_json *messages = kta_json_new_array();
    struct kta_json *m = kta_json_push(messages, kta_json_new_object());
    struct kta_llm_turn t = {.messages = messages, .way = KTA_WAY_TEXT, .max_tokens = 16};
    struct kta_err e = KTA_ERR_INIT;

    kta_json_set_str(m, "role", "user");
    kta_json_set_str(m, "content", "Answer with the one word: ok");
    if (kta_llm_chat(d->app->llm, &t, &e) < 0) {
        add_err(d, "model answer", &e, "");
    } else {
        kta_str_truncate(&t.text, strcspn(t.text.s, "\n"));
        add(d, "model answer", GOOD, NULL, "'%.*s' after %d ms; %d tokens asked, %d answered",
            (int)kta_utf8_prefix(t.text.s, t.text.len, 40), t.text.s, (int)t.took_ms,
            t.prompt_tokens, t.completion_tokens);
    }
    kta_llm_turn_release(&t);
}

static void check_model(struct doctor *d)
{
    static const char *const ways[] = {"", "native tool calls", "a JSON schema", "fenced text"};
    struct kta_err e = KTA_ERR_INIT;
    const char *why;

    if (app_open_llm(d->app, &e) < 0) {
        add_err(d, "model", &e, "");
        return;
    }
    why = kta_llm_why(d->app->llm);
    if (!d->app->llm) {
        add(d, "model", GOOD, "Set OPENAI_API_KEY, or give --llm-provider and --model.",
            "none: the built-in engine answers alone (%s)", why);
        return;
    }
    int window = kta_llm_window(d->app->llm);
    add(d, "model", GOOD, NULL, "%s, %s at %s (%s)", kta_llm_provider(d->app->llm),
        kta_llm_model(d->app->llm), kta_llm_endpoint(d->app->llm), why);
    add(d, "model ways", GOOD, NULL, "it acts by %s%s", ways[kta_llm_known_way(d->app->llm)],
        window ? "" : "; its window is not told");
    if (window)
        add(d, "model window", window < 4096 ? WARNING : GOOD,
            window < 4096 ? "Give the server a larger context: evidence is cut to what fits."
                          : NULL,
            "%d tokens", window);
    if (d->ask_model)
        ask_model(d);
    else
        add(d, "model answer", SKIPPED, "'kubectl todo-ai doctor model' asks it a word.",
            "it was not asked");
}

/* ---- the table ---- */

static const struct {
    void (*run)(struct doctor *d);
    bool needs_cluster;
    const char *name;
} checks[] = {
    {check_kubectl, false, "kubectl"}, {check_helm, false, "helm"},
    {check_cluster, false, "cluster"}, {check_rights, true, "rights"},
    {check_metrics, true, "metrics"},  {check_clock, true, "clock"},
    {check_model, false, "model"},
};

int cmd_doctor(struct app *app, struct kta_err *err)
{
    struct doctor d = {.app = app, .checks = kta_json_new_array()};
    struct kta_json *doc;

    if (app->words.n > 1 || (app->words.n == 1 && !kta_streq(app->words.v[0], "model"))) {
        kta_json_free(d.checks);
        kta_err_set(err, KTA_E_USAGE, "doctor takes nothing, or the word 'model'");
        return kta_err_hint(err, "'doctor model' also asks the model one small question");
    }
    d.ask_model = app->words.n == 1;
    for (size_t i = 0; i < KTA_LEN(checks) && kta_interrupt_check(err) == 0; i++) {
        if (checks[i].needs_cluster && !d.cluster_answers)
            add(&d, checks[i].name, SKIPPED, NULL, "the cluster was not reached");
        else
            checks[i].run(&d);
    }
    doc = document_new(app, "Check");
    kta_json_set(doc, "checks", d.checks);
    if (err->code == KTA_E_OK && d.failed > 0)
        kta_err_set(err, d.first.code, "%d check%s failed, the first: %s", d.failed,
                    d.failed == 1 ? "" : "s", d.first_name);
    document_print(app, doc, err);
    kta_json_free(doc);
    return err->code == KTA_E_OK ? 0 : -1;
}
