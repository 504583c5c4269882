/*
 * rest.c - reading a live cluster: many GETs at once, lists page by page.
 *
 * All reads of a call go out together; what is not done after a round (a further page, a retry)
 * goes into the next round. A 401 renews the credentials once and tries again.
 */
#include "rest.h"

#include <poll.h>
#include <string.h>
#include "auth.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/log.h"
#include "rest_job.h"

enum { MAX_ROUNDS = 256 /* more than KTA_MAX_LIST / KTA_LIST_PAGE, with retries */ };

/* ---- the connection ---- */

static int make_http(struct kta_cluster *c, struct kta_err *err)
{
    struct rest *r = c->impl;
    const struct kta_kubeconfig *k = c->k;
    struct kta_http_config config = {
        .base = k->server,
        .proxy = k->proxy_url,
        .tls = {.ca_pem = k->ca_pem,
                .cert_pem = auth_cert(r->auth),
                .key_pem = auth_key(r->auth),
                .server_name = k->tls_server_name,
                .insecure = k->insecure},
        .user_agent = "kubectl-todo-ai/" KTA_VERSION,
    };

    if (kta_http_new(&config, &r->http, err) < 0)
        return kta_err_wrap(err, "the connection to %s", k->server);
    return 0;
}

int rest_connect(struct kta_cluster *c, bool force, struct kta_err *err)
{
    struct rest *r = c->impl;
    int generation = auth_generation(r->auth);

    if (r->reading)
        return force ? kta_err_set(err, KTA_E_AUTH, "other reads are under way") : 0;
    if (auth_prepare(r->auth, force, err) < 0)
        return -1;
    if (r->http && generation != auth_generation(r->auth)) {
        kta_http_free(r->http);
        r->http = NULL;
    }
    if (!r->http && make_http(c, err) < 0)
        return -1;
    kta_http_header(r->http, "Authorization", auth_header(r->auth));
    return 0;
}

bool rest_can_renew(const struct kta_cluster *c)
{
    const struct rest *r = c->impl;

    return auth_can_renew(r->auth);
}

/* ---- rounds ---- */

/* Sends what is pending. Returns -1 when interrupted. */
static int round_run(struct kta_cluster *c, struct rest_job *jobs, size_t n, struct kta_err *err)
{
    struct rest *r = c->impl;
    struct kta_http_req *reqs = kta_calloc(n, sizeof *reqs);
    size_t m = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        if (jobs[i].pending)
            rest_job_request(&jobs[i], &reqs[m++]);
    r->reading++;
    rc = kta_http_run(r->http, reqs, m, err);
    r->reading--;
    for (size_t i = 0; i < m; i++)
        kta_http_req_release(&reqs[i]);
    free(reqs);
    return rc;
}

/* Waits as long as the most patient answer asked for. */
static int round_wait(struct rest_job *jobs, size_t n, struct kta_err *err)
{
    int64_t ms = 0;

    for (size_t i = 0; i < n; i++) {
        if (jobs[i].pending && jobs[i].wait_ms > ms)
            ms = jobs[i].wait_ms;
        jobs[i].wait_ms = 0;
    }
    if (ms > 0) {
        struct pollfd p = {.fd = kta_interrupt_fd(), .events = POLLIN};

        kta_log(2, "k8s: the API server asks to wait %lld ms", (long long)ms);
        poll(&p, 1, (int)ms);
    }
    return kta_interrupt_check(err);
}

/* Answers of 401 are taken back, once, when other credentials can be had. */
static bool renew(struct kta_cluster *c, struct rest_job *jobs, size_t n, bool *renewed)
{
    struct kta_err why = KTA_ERR_INIT;
    bool refused = false;

    for (size_t i = 0; i < n; i++)
        refused |= jobs[i].read->failed && jobs[i].read->status == 401;
    if (!refused || *renewed || !rest_can_renew(c))
        return false;
    *renewed = true;
    if (rest_connect(c, /* force= */ true, &why) < 0) {
        kta_log(1, "k8s: new credentials: %s", why.msg);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct kta_read *read = jobs[i].read;

        if (!read->failed || read->status != 401)
            continue;
        read->failed = false;
        kta_err_clear(&read->err);
        rest_job_release(&jobs[i]);
        rest_job_init(c, &jobs[i], read);
    }
    return true;
}

static bool any_pending(const struct rest_job *jobs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (jobs[i].pending)
            return true;
    return false;
}

/* 0 if at least one read was answered by Kubernetes. */
static int verdict(const struct rest_job *jobs, size_t n, struct kta_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (jobs[i].reached)
            return 0;
    *err = jobs[0].read->err;
    return -1;
}

static int rest_read(struct kta_cluster *c, struct kta_read *reads, size_t n, struct kta_err *err)
{
    struct rest_job *jobs = kta_calloc(n, sizeof *jobs);
    int64_t began = kta_now_ms();
    bool renewed = false;
    int rc;

    for (size_t i = 0; i < n; i++)
        rest_job_init(c, &jobs[i], &reads[i]);
    rc = rest_connect(c, /* force= */ false, err);
    for (int i = 0; rc == 0 && i < MAX_ROUNDS && any_pending(jobs, n); i++) {
        rc = round_run(c, jobs, n, err);
        if (rc == 0 && !renew(c, jobs, n, &renewed))
            rc = round_wait(jobs, n, err);
    }
    if (rc == 0)
        rc = verdict(jobs, n, err);
    for (size_t i = 0; i < n; i++)
        rest_job_release(&jobs[i]);
    free(jobs);
    c->stats.ms += kta_now_ms() - began;
    return rc;
}

/* ---- dry runs and reviews ---- */

static void send_request(const struct rest *r, const struct kta_send *s, struct kta_http_req *q)
{
    *q = (struct kta_http_req){.method = s->method,
                               .path = s->path,
                               .body = s->body,
                               .body_len = s->body ? strlen(s->body) : 0,
                               .content_type = s->content_type,
                               .headers = (const char *const *)r->headers.v,
                               .timeout_ms = r->timeout_ms,
                               .answer = KTA_STR_INIT};
}

static void send_answered(struct kta_cluster *c, struct kta_send *s, const struct kta_http_req *q)
{
    kta_auto_str struct kta_str doing = KTA_STR_INIT;
    struct kta_err ignored = KTA_ERR_INIT;
    int path_len = (int)strcspn(s->path, "?");

    c->stats.bytes += q->answer.len;
    if (q->failed) {
        kta_str_addf(&doing, "send a dry run to %.*s", path_len, s->path);
        status_transport(c, doing.s, q, &s->err);
    } else if (kta_json_parse(q->answer.s, q->answer.len, &s->json, &ignored) < 0) {
        kta_str_addf(&doing, "validate a change of %.*s", path_len, s->path);
        status_answer(c, s->path, doing.s, q, &s->err);
    } else {
        s->status = q->status;
    }
}

static bool any_refused(const struct kta_http_req *q, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!q[i].failed && q[i].status == 401)
            return true;
    return false;
}

static int send_round(struct kta_cluster *c, const struct kta_send *sends, struct kta_http_req *q,
                      size_t n, struct kta_err *err)
{
    struct rest *r = c->impl;

    for (size_t i = 0; i < n; i++) {
        kta_http_req_release(&q[i]);
        send_request(r, &sends[i], &q[i]);
    }
    c->stats.requests += (int)n;
    return kta_http_run(r->http, q, n, err);
}

static int rest_send(struct kta_cluster *c, struct kta_send *sends, size_t n, struct kta_err *err)
{
    struct kta_http_req *q = kta_calloc(n, sizeof *q);
    struct kta_err ignored = KTA_ERR_INIT;
    int64_t began = kta_now_ms();
    int rc = rest_connect(c, /* force= */ false, err);

    if (rc == 0)
        rc = send_round(c, sends, q, n, err);
    if (rc == 0 && any_refused(q, n) && rest_can_renew(c) &&
        rest_connect(c, /* force= */ true, &ignored) == 0)
        rc = send_round(c, sends, q, n, err);
    for (size_t i = 0; i < n; i++) {
        if (rc == 0)
            send_answered(c, &sends[i], &q[i]);
        kta_http_req_release(&q[i]);
    }
    free(q);
    c->stats.ms += kta_now_ms() - began;
    return rc;
}

/* ---- the table ---- */

static void rest_free(struct kta_cluster *c)
{
    struct rest *r = c->impl;

    kta_http_free(r->http);
    auth_free(r->auth);
    kta_argv_release(&r->headers);
    free(r);
}

static const struct cluster_ops rest_ops = {rest_read, rest_send, rest_watch, rest_free};

int rest_open(struct kta_cluster *c, int64_t timeout_ms, struct kta_err *err)
{
    struct rest *r = kta_calloc(1, sizeof *r);

    r->timeout_ms = timeout_ms;
    r->auth = auth_new(c->k);
    c->impl = r;
    c->ops = &rest_ops;
    return auth_impersonation(c->k, &r->headers, err);
}
