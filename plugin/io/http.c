/*
 * http.c - HTTP on top of libcurl: the peer and the loop.
 *
 * One multi handle per peer keeps the connections; one loop (kta_http_run) drives whatever is under
 * way and wakes on sockets, on our own deadlines and on signals. Easy handles are reused. All
 * deadlines of a request (whole, first byte, idle) are ours, so that each has its own sentence.
 */
#include "kta/http.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "http_impl.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/tap.h"

/* libcurl 7.88 now and then leaves the data of one HTTP/2 stream in its buffers when it has served
 * another, and no socket wakes us for it (measured: 1 to 3 runs in 100 stood still until the poll
 * ended). So the poll is short after something came, and twice as long each time nothing does. */
#define MIN_PAUSE_MS 2
#define MAX_PAUSE_MS 1000

/* ---- the peer ---- */

/* Where the certificate's name is not the host's, the URL has that name (see http_transfer.c). */
static void set_origin(struct kta_http *h, const char *server_name)
{
    const struct kta_http_address *a = &h->address;
    if (a->https && server_name && *server_name && strcmp(server_name, a->host) != 0) {
        h->origin = kta_asprintf("https://%s:%s", server_name, a->port);
        h->connect_to = kta_asprintf("%s:%s:%s:%s", server_name, a->port, a->host, a->port);
    } else {
        h->origin = kta_asprintf("%s://%s", a->https ? "https" : "http", a->peer);
    }
}

static int add_config_headers(struct kta_http *h, const char *const *list, struct kta_err *err)
{
    for (; list && *list; list++) {
        const char *colon = strchr(*list, ':'), *value;
        kta_auto_free char *name = NULL;
        if (!colon || colon == *list || strpbrk(*list, "\r\n"))
            return kta_err_set(err, KTA_E_USAGE, "a header must be 'Name: value' on one line");
        name = kta_strndup(*list, (size_t)(colon - *list));
        for (value = colon + 1; *value == ' ' || *value == '\t'; value++)
            ;
        kta_http_header(h, name, value);
    }
    return 0;
}

int kta_http_new(const struct kta_http_config *config, struct kta_http **ret, struct kta_err *err)
{
    struct kta_http *h = kta_calloc(1, sizeof *h);
    if (kta_http_address_parse(config->base, &h->address, err) < 0 ||
        add_config_headers(h, config->headers, err) < 0) {
        kta_http_free(h);
        return -1;
    }
    set_origin(h, config->tls.server_name);
    h->proxy = kta_http_proxy(&h->address, config->proxy);
    h->agent = kta_strdup(kta_or(config->user_agent, "kubectl-todo-ai/" KTA_VERSION));
    h->ca = kta_strdup(config->tls.ca_pem);
    h->cert = kta_strdup(config->tls.cert_pem);
    h->key = kta_strdup(config->tls.key_pem);
    h->insecure = config->tls.insecure;
    h->connect_ms = config->connect_ms ? config->connect_ms : KTA_HTTP_CONNECT_MS;
    *ret = h;
    return 0;
}

/* Before the first request. */
static int get_ready(struct kta_http *h, struct kta_err *err)
{
    if (h->multi)
        return 0;
    if (http_curl_load(err) < 0)
        return -1;
    h->multi = curl_multi_init();
    if (!h->multi)
        return kta_err_set(err, KTA_E_FAIL, "cannot start libcurl");
    curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)KTA_HTTP_PARALLEL);
    if (h->connect_to && !(h->connect_list = curl_slist_append(NULL, h->connect_to)))
        kta_out_of_memory();
    return 0;
}

static void wipe(char *s)
{
    if (s)
        explicit_bzero(s, strlen(s));
    free(s);
}

void kta_http_free(struct kta_http *h)
{
    if (!h)
        return;
    if (h->multi) {
        for (size_t i = 0; i < KTA_HTTP_PARALLEL; i++) {
            curl_easy_cleanup(h->slots[i].easy);
            curl_slist_free_all(h->slots[i].headers);
        }
        curl_multi_cleanup(h->multi);
        curl_slist_free_all(h->connect_list);
    }
    for (size_t i = 0; i < h->n_headers; i++) {
        free(h->headers[i].name);
        wipe(h->headers[i].value);
    }
    free(h->headers);
    kta_http_address_release(&h->address);
    free(h->origin);
    free(h->connect_to);
    wipe(h->proxy);
    free(h->agent);
    free(h->ca);
    wipe(h->cert);
    wipe(h->key);
    free(h);
}

void kta_http_header(struct kta_http *h, const char *name, const char *value)
{
    size_t i = 0;
    while (i < h->n_headers && strcasecmp(h->headers[i].name, name) != 0)
        i++;
    if (i < h->n_headers) {
        free(h->headers[i].name);
        wipe(h->headers[i].value);
        h->headers[i] = h->headers[--h->n_headers];
    }
    if (!value)
        return;
    KTA_GROW(h->headers, h->n_headers, h->cap_headers);
    h->headers[h->n_headers].name = kta_strdup(name);
    /* a line break would begin another header */
    h->headers[h->n_headers++].value = kta_strndup(value, strcspn(value, "\r\n"));
}

/* ---- the loop ---- */

/* Ends what has passed a deadline; returns the ms until the next one, at most `wait`. */
static int64_t look_at_clock(struct kta_http *h, int64_t wait)
{
    int64_t now = kta_now_ms();
    for (size_t i = 0; i < KTA_HTTP_PARALLEL; i++) {
        struct transfer *t = &h->slots[i];
        const struct kta_http_req *r = t->req;
        int64_t whole, left;
        if (!r)
            continue;
        bool idles = r->idle_ms && (t->got || (r->idle_from_head && r->status));
        whole = r->timeout_ms ? r->timeout_ms : KTA_HTTP_TIMEOUT_MS;
        if (whole > 0 && now >= t->started + whole) {
            http_transfer_fail(t, KTA_E_TIMEOUT, "no complete answer", whole);
            continue;
        }
        if (r->first_byte_ms && !t->got && now >= t->started + r->first_byte_ms) {
            http_transfer_fail(t, KTA_E_TIMEOUT, "no answer", r->first_byte_ms);
            continue;
        }
        if (idles && now >= t->last + r->idle_ms) {
            t->req->broke = true;
            http_transfer_fail(t, KTA_E_TIMEOUT, "the answer stalled: nothing more came",
                               r->idle_ms);
            continue;
        }
        left = whole > 0 ? t->started + whole - now : wait;
        if (r->first_byte_ms && !t->got && t->started + r->first_byte_ms - now < left)
            left = t->started + r->first_byte_ms - now;
        if (idles && t->last + r->idle_ms - now < left)
            left = t->last + r->idle_ms - now;
        wait = left < wait ? left : wait;
    }
    return wait;
}

/* Returns how many of these requests are not done yet. Others may be under way beside them: those
 * of the run that this one was started from, by its on_end. */
static size_t fill_slots(struct kta_http *h, struct kta_http_req *reqs, size_t n, size_t *next)
{
    size_t left = 0;
    for (size_t i = 0; i < KTA_HTTP_PARALLEL; i++) {
        struct transfer *t = &h->slots[i];
        if (!t->req && *next < n) {
            if (!t->easy && !(t->easy = curl_easy_init()))
                kta_out_of_memory();
            http_transfer_begin(h, t, &reqs[(*next)++]);
        }
        left += t->req >= reqs && t->req < reqs + n;
    }
    return left + (n - *next);
}

static void collect(struct kta_http *h)
{
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(h->multi, &left))) {
        struct transfer *t = NULL;
        CURLcode rc = m->data.result;
        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
        if (t && t->req)
            http_transfer_finish(t, rc);
    }
}

static int give_up(struct kta_http *h, struct kta_http_req *reqs, size_t n, size_t next,
                   struct kta_err *err)
{
    kta_interrupt_check(err);
    for (size_t i = 0; i < KTA_HTTP_PARALLEL; i++)
        if (h->slots[i].req)
            http_transfer_fail(&h->slots[i], KTA_E_INTERRUPTED, err->msg, 0);
    for (; next < n; next++) {
        reqs[next].failed = true;
        kta_err_set(&reqs[next].err, KTA_E_INTERRUPTED, "%s: %s", h->address.peer, err->msg);
    }
    return -1;
}

/* Nothing goes out: the answer is a recorded one, or why nothing can go out. */
static void answer_unsent(struct kta_http *h, struct kta_http_req *r, const struct kta_err *why)
{
    if (why) {
        r->failed = true;
        r->err = *why;
    } else {
        kta_tap()->http_answer(kta_tap()->ctx, h->origin, r);
    }
    if (r->on_end)
        r->on_end(r);
}

int kta_http_run(struct kta_http *h, struct kta_http_req *reqs, size_t n, struct kta_err *err)
{
    size_t next = 0;
    int64_t pause = MIN_PAUSE_MS;
    struct kta_err broken = KTA_ERR_INIT;
    for (size_t i = 0; i < n; i++) {
        struct kta_http_req *r = &reqs[i];
        r->status = 0;
        r->failed = r->broke = false;
        r->retry_after_ms = -1;
        r->content_type_in[0] = '\0';
        kta_err_clear(&r->err);
        kta_str_init(&r->answer, 0);
    }
    bool replayed = kta_tap() && kta_tap()->http_answer;
    if (replayed || get_ready(h, &broken) < 0) {
        for (size_t i = 0; i < n; i++)
            answer_unsent(h, &reqs[i], replayed ? NULL : &broken);
        return replayed ? kta_interrupt_check(err) : 0;
    }
    while (fill_slots(h, reqs, n, &next)) {
        struct curl_waitfd wake = {.fd = kta_interrupt_fd(), .events = CURL_WAIT_POLLIN};
        unsigned long before = h->progress;
        int running = 0;
        int64_t wait;
        curl_multi_perform(h->multi, &running);
        collect(h);
        pause = h->progress != before ? MIN_PAUSE_MS : pause * 2;
        pause = pause > MAX_PAUSE_MS ? MAX_PAUSE_MS : pause;
        wait = look_at_clock(h, pause);
        if (kta_interrupted())
            return give_up(h, reqs, n, next, err);
        if (fill_slots(h, reqs, n, &next) && running)
            curl_multi_poll(h->multi, &wake, wake.fd >= 0, (int)wait, NULL);
    }
    return 0;
}

void kta_http_req_release(struct kta_http_req *r)
{
    kta_str_release(&r->answer);
}

void kta_url_escape(const char *s, struct kta_str *out)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (isalnum(c) || strchr("-._~", c))
            kta_str_addc(out, (char)c);
        else
            kta_str_addf(out, "%%%02X", c);
    }
}
