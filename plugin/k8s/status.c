/*
 * status.c - what an answer of the API server (or of what sits in its place) means, as a sentence.
 *
 * Invariant: text that came over the network is cleaned and bounded before it enters an error.
 */
#include <ctype.h>
#include "apipath.h"
#include "kta/alloc.h"
#include "kta/kinds.h"
#include "kta/utf8.h"
#include "rest.h"

/* The plural where the resource is not in the table. */
void describe_kind(const struct api_path *a, struct kta_str *out)
{
    size_t n;
    const struct kta_kind *k = kta_kinds(&n);

    for (size_t i = 0; i < n; i++) {
        if (strcmp(k[i].plural, a->resource) != 0)
            continue;
        for (const char *p = k[i].kind; *p; p++)
            kta_str_addc(out, (char)tolower((unsigned char)*p));
        return;
    }
    kta_str_add(out, a->resource);
}

static void describe_place(const struct api_path *a, struct kta_str *out)
{
    const struct kta_kind *k = kta_kind_known(a->resource);

    if (a->namespace_[0])
        kta_str_addf(out, " in namespace '%s'", a->namespace_);
    else if (a->list && k && k->namespaced)
        kta_str_add(out, " in all namespaces");
}

void describe_read(const char *path, struct kta_str *out)
{
    struct api_path a;

    if (!api_path_parse(path, &a) || !a.resource[0]) {
        kta_str_addf(out, "read %.*s", (int)strcspn(path, "?"), path);
        return;
    }
    if (a.list) {
        kta_str_addf(out, "list %s", a.resource);
        if (strcmp(a.group, "metrics.k8s.io") == 0)
            kta_str_truncate(out, out->len - 1);
        if (strcmp(a.group, "metrics.k8s.io") == 0)
            kta_str_add(out, " metrics");
    } else {
        kta_str_add(out, "read ");
        if (strcmp(a.subresource, "log") == 0)
            kta_str_add(out, "the log of ");
        else if (a.subresource[0])
            kta_str_addf(out, "the %s of ", a.subresource);
        describe_kind(&a, out);
        kta_str_addf(out, " '%s'", a.name);
    }
    describe_place(&a, out);
}

/* ---- no answer ---- */

static const char *context_of(const struct kta_cluster *c, char *buf, size_t n)
{
    if (!*c->context)
        return "the cluster";
    snprintf(buf, n, "the cluster of context '%.200s'", c->context);
    return buf;
}

/* The HTTP layer's sentences begin with "host:port: "; the server's address is told already. */
static void drop_peer(const char *server, struct kta_err *err)
{
    const char *host = strstr(server, "://"), *rest = strstr(err->msg, ": ");
    size_t n;

    if (!host || !rest)
        return;
    host += 3;
    n = strcspn(host, "/");
    if (strncmp(err->msg, host, n < (size_t)(rest - err->msg) ? n : (size_t)(rest - err->msg)) == 0)
        memmove(err->msg, rest + 2, strlen(rest + 2) + 1);
}

/* The proxy is named without its user and password. */
static void proxy_failed(const struct kta_cluster *c, const char *cluster, struct kta_err *err)
{
    const char *url = c->k->proxy_url, *at = strrchr(url, '@'), *host = strstr(url, "://");

    kta_err_wrap(err, "cannot reach %s at %s through the proxy %s", cluster, c->server,
                 at ? at + 1 : host + 3);
    kta_err_hint(err, "is the proxy-url of cluster '%s' in the kubeconfig right?",
                 kta_or(c->k->cluster, ""));
}

void status_transport(const struct kta_cluster *c, const char *doing, const struct kta_http_req *q,
                      struct kta_err *err)
{
    char buf[256];
    const char *cluster = context_of(c, buf, sizeof buf);

    *err = q->err;
    if (q->err.code == KTA_E_INTERRUPTED)
        return;
    drop_peer(c->server, err);
    if (q->err.code == KTA_E_LIMIT) {
        kta_err_wrap(err, "cannot %s", doing);
        return;
    }
    if (q->err.code == KTA_E_AUTH) {
        kta_err_wrap(err, "no safe connection to %s at %s", cluster, c->server);
        if (!*err->hint)
            kta_err_hint(err,
                         "check certificate-authority and tls-server-name of cluster '%s' in "
                         "the kubeconfig; only for a test: --insecure-skip-tls-verify",
                         kta_or(c->k->cluster, ""));
        return;
    }
    if (q->status)
        kta_err_wrap(err, "%s at %s broke off its answer", cluster, c->server);
    else if (c->k->proxy_url)
        proxy_failed(c, cluster, err);
    else
        kta_err_wrap(err, "cannot reach %s at %s", cluster, c->server);
    if (err->code == KTA_E_TIMEOUT)
        kta_err_hint(err, "the API server is slow or not there; --request-timeout gives it longer");
    else if (!*err->hint)
        kta_err_hint(err, "is it running, and is this the right context? kubectl config "
                          "get-contexts lists them");
    err->code = KTA_E_CLUSTER; /* a deadline of the server's is not one of the user's */
}

/* ---- an answer that says no ---- */

/* The message of a Status, or the body's first line. */
static void server_words(const struct kta_json *status, const struct kta_str *body,
                         struct kta_str *out)
{
    enum { SHOWN = 300 };
    const char *s = kta_json_str(status, "message");
    size_t n = s ? strlen(s) : strcspn(body->s, "\r\n");
    kta_auto_str struct kta_str clean = KTA_STR_INIT;

    kta_clean(s ? s : body->s, n, &clean);
    kta_str_trim(&clean);
    kta_str_addn(out, clean.s, kta_utf8_prefix(clean.s, clean.len, SHOWN));
}

static bool looks_like_html(const struct kta_http_req *q)
{
    return strstr(q->content_type_in, "html") ||
           (q->answer.s[strspn(q->answer.s, " \t\r\n")] == '<' &&
            !strstr(q->content_type_in, "json"));
}

/* The user the API server names in a refusal ('User "jane" cannot …'), else the kubeconfig's. */
static void refused_user(const struct kta_cluster *c, const char *message, struct kta_str *out)
{
    const char *p = strstr(message, "User \""), *end = p ? strchr(p + 6, '"') : NULL;

    if (end && end > p + 6)
        kta_str_addn(out, p + 6, (size_t)(end - p - 6));
    else if (c->k->as)
        kta_str_add(out, c->k->as);
    else
        kta_str_add(out, kta_or(c->user, "(none)"));
}

static void unauthorized(const struct kta_cluster *c, const char *words, struct kta_err *err)
{
    const struct kta_kubeconfig *k = c->k;

    if (!k->token && !k->token_file && !k->exec && !k->username && !k->cert_pem) {
        kta_err_set(err, KTA_E_AUTH,
                    "the cluster wants credentials, and none were sent for user '%s': %s", c->user,
                    words);
        if (strncmp(c->server, "http://", 7) == 0)
            kta_err_hint(err,
                         "credentials are sent over https:// alone, and the kubeconfig's server "
                         "is http://");
        else
            kta_err_hint(err, "log in to the cluster again, or choose another --context or --user");
        return;
    }
    kta_err_set(err, KTA_E_AUTH, "the cluster refused the credentials of user '%s': %s", c->user,
                words);
    if (k->exec)
        kta_err_hint(err, "they came from the plugin '%s': log in again with it",
                     k->exec->argv.v[0]);
    else if (k->token_file)
        kta_err_hint(err, "the token in '%s' may have expired", k->token_file);
    else if (k->token)
        kta_err_hint(err, "the token may have expired: get a new one");
    else
        kta_err_hint(err, "the %s may have expired: log in to the cluster again",
                     k->cert_pem ? "client certificate" : "password");
}

static void not_found(const struct api_path *a, const char *doing, const struct kta_json *status,
                      const char *words, struct kta_err *err)
{
    kta_auto_str struct kta_str s = KTA_STR_INIT;

    if (a->resource[0] && kta_json_str(status, "details.name")) {
        describe_kind(a, &s);
        kta_str_addf(&s, " '%s'", a->name[0] ? a->name : kta_json_str(status, "details.name"));
        kta_err_set(err, KTA_E_NOT_FOUND, "there is no %s%s%s%s", s.s,
                    a->namespace_[0] ? " in namespace '" : "", a->namespace_,
                    a->namespace_[0] ? "'" : "");
        return;
    }
    if (a->group[0]) {
        kta_err_set(err, KTA_E_NOT_FOUND, "cannot %s: the cluster does not serve %s.%s/%s", doing,
                    a->resource, a->group, a->version);
        if (strcmp(a->group, "metrics.k8s.io") == 0)
            kta_err_hint(err, "metrics-server is not installed in this cluster");
        return;
    }
    kta_err_set(err, KTA_E_NOT_FOUND, "cannot %s: %s", doing, kta_or(words, "not found"));
}

static void forbidden(const struct kta_cluster *c, const char *doing, const char *words,
                      struct kta_err *err)
{
    kta_auto_str struct kta_str user = KTA_STR_INIT;

    refused_user(c, words, &user);
    kta_err_set(err, KTA_E_AUTH, "cannot %s: forbidden for user '%s'", doing, user.s);
    if (strcmp(user.s, "system:anonymous") == 0)
        kta_err_hint(err,
                     "the cluster did not take user '%s' of the kubeconfig for anybody: log in "
                     "again, or choose another --context or --user",
                     c->user);
    else
        kta_err_hint(err, "ask an administrator of the cluster for the right to %s", doing);
}

static void server_error(const struct api_path *a, const char *doing, int http, const char *words,
                         struct kta_err *err)
{
    if (a->group[0] && http == 503)
        kta_err_set(err, KTA_E_CLUSTER,
                    "cannot %s: the API %s is installed and does not answer "
                    "(HTTP 503: %s)",
                    doing, a->group, words);
    else if (http == 429)
        kta_err_set(err, KTA_E_CLUSTER, "cannot %s: the API server is overloaded (HTTP 429)",
                    doing);
    else
        kta_err_set(err, KTA_E_CLUSTER, "cannot %s: the API server failed (HTTP %d%s%s)", doing,
                    http, *words ? ": " : "", words);
}

bool status_answer(const struct kta_cluster *c, const char *path, const char *doing,
                   const struct kta_http_req *q, struct kta_err *err)
{
    kta_auto_json struct kta_json *status = NULL;
    kta_auto_str struct kta_str words = KTA_STR_INIT;
    struct kta_err ignored = KTA_ERR_INIT;
    struct api_path a;
    bool kubernetes = true;

    if (kta_json_parse(q->answer.s, q->answer.len, &status, &ignored) < 0)
        status = NULL;
    if (!api_path_parse(path, &a))
        memset(&a, 0, sizeof a);
    server_words(status, &q->answer, &words);
    if (!status && looks_like_html(q)) {
        kta_err_set(err, KTA_E_CLUSTER,
                    "%s answered with a web page (HTTP %d) instead of "
                    "Kubernetes' API",
                    c->server, q->status);
        kta_err_hint(err, "the kubeconfig's server may be a wrong address, or a proxy is in "
                          "between (check HTTPS_PROXY and NO_PROXY)");
        kubernetes = false;
    } else if (q->status == 401) {
        unauthorized(c, words.len ? words.s : "Unauthorized", err);
        kubernetes = false;
    } else if (q->status == 403) {
        forbidden(c, doing, words.s, err);
    } else if (q->status == 404) {
        not_found(&a, doing, status, words.s, err);
    } else if (q->status >= 500 || q->status == 429) {
        server_error(&a, doing, q->status, words.s, err);
    } else if (q->status / 100 == 3) {
        kta_err_set(err, KTA_E_CLUSTER, "%s redirects elsewhere (HTTP %d): it is no API server",
                    c->server, q->status);
        kubernetes = false;
    } else if (q->status / 100 == 2) {
        kta_err_set(err, KTA_E_CLUSTER, "cannot %s: %s answered with something that is not JSON",
                    doing, c->server);
        kta_err_hint(err, "is the kubeconfig's server a Kubernetes API server?");
        kubernetes = false;
    } else {
        kta_err_set(err, KTA_E_FAIL, "cannot %s: %s (HTTP %d)", doing,
                    words.len ? words.s : "refused", q->status);
    }
    err->http = q->status;
    return kubernetes;
}
