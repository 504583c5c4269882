/*
 * http_transfer.c - one request on its way: its options, what comes back, how it ends.
 *
 * When the certificate's name is not the URL's host, the URL has that name (so that SNI and
 * verification use it), CURLOPT_CONNECT_TO leads to the real address, and Host stays what the user
 * wrote. The sentences for what curl reports are in http_error.c.
 */
#include "http_impl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "http_error.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/limits.h"
#include "kta/log.h"
#include "kta/tap.h"

#define MS_A_DAY 86400000

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    struct kta_http_req *r = t->req;
    size_t max = r->max_body ? r->max_body : KTA_MAX_HTTP_BODY;
    n *= size;
    t->got += n;
    t->http->progress++;
    t->last = kta_now_ms();
    if (t->got > max) {
        t->too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    if (kta_tap())
        kta_str_addn(&t->taped, p, n);
    if (!r->on_body || r->status < 200 || r->status > 299) {
        kta_str_addn(&r->answer, p, n);
        return n;
    }
    if (r->on_body(r->ctx, p, n))
        return n;
    t->stopped = true;
    return CURL_WRITEFUNC_ERROR;
}

/* The value if the header line is `name`, else NULL. */
static char *header_value(const char *line, size_t n, const char *name)
{
    size_t len = strlen(name);
    if (n <= len || line[len] != ':' || strncasecmp(line, name, len) != 0)
        return NULL;
    line += len + 1;
    n -= len + 1;
    while (n && isspace((unsigned char)*line))
        line++, n--;
    while (n && isspace((unsigned char)line[n - 1]))
        n--;
    return kta_strndup(line, n);
}

/* Within a day, whatever a server asks for; its "nan" is no wait. */
static int64_t within_a_day(double ms)
{
    return ms > 0 ? ms < MS_A_DAY ? (int64_t)ms : MS_A_DAY : 0;
}

/* A number in this unit, or (RFC 9110, 10.2.3) a date; -1: neither. */
static int64_t retry_after(const char *value, double ms_a_unit)
{
    char *end;
    double n = strtod(value, &end);
    time_t date;
    if (end != value && !*end)
        return within_a_day(n * ms_a_unit);
    date = curl_getdate(value, NULL);
    return date == (time_t)-1 ? -1 : within_a_day(difftime(date, time(NULL)) * 1000);
}

static void take_content_type(struct kta_http_req *r, const char *value)
{
    size_t n = strcspn(value, "; \t");
    if (n >= sizeof r->content_type_in)
        n = sizeof r->content_type_in - 1;
    for (size_t i = 0; i < n; i++)
        r->content_type_in[i] = (char)tolower((unsigned char)value[i]);
    r->content_type_in[n] = '\0';
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
    struct transfer *t = ctx;
    kta_auto_free char *type = NULL, *after = NULL, *after_ms = NULL;
    n *= size;
    t->http->progress++;
    t->last = kta_now_ms();
    if (n > 5 && !strncmp(p, "HTTP/", 5)) { /* a new answer: after a 100 or a proxy's 200 */
        const char *blank = memchr(p, ' ', n);
        t->req->status = blank ? (int)strtol(blank, NULL, 10) : 0;
        t->req->content_type_in[0] = '\0';
        t->req->retry_after_ms = -1;
        return n;
    }
    if ((type = header_value(p, n, "content-type")))
        take_content_type(t->req, type);
    else if ((after = header_value(p, n, "retry-after")) && t->req->retry_after_ms < 0)
        t->req->retry_after_ms = retry_after(after, 1000);
    else if ((after_ms = header_value(p, n, "retry-after-ms")))
        t->req->retry_after_ms = retry_after(after_ms, 1);
    return n;
}

static void set_blob(CURL *e, CURLoption option, const char *pem)
{
    struct curl_blob blob = {.flags = CURL_BLOB_NOCOPY};
    blob.len = strlen(pem);
    memcpy(&blob.data, &pem, sizeof pem);
    curl_easy_setopt(e, option, &blob);
}

static void set_tls(const struct kta_http *h, CURL *e)
{
    curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (h->insecure) {
        curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (h->ca) {
        set_blob(e, CURLOPT_CAINFO_BLOB, h->ca);
        curl_easy_setopt(e, CURLOPT_CAPATH, NULL); /* only that authority, not the system's too */
    }
    if (h->cert)
        set_blob(e, CURLOPT_SSLCERT_BLOB, h->cert);
    if (h->key)
        set_blob(e, CURLOPT_SSLKEY_BLOB, h->key);
}

static void add_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (!longer)
        kta_out_of_memory(); /* nothing else fails it, and a request without a header is another */
    *list = longer;
}

static void add_header(struct curl_slist **list, const char *name, const char *value)
{
    /* curl leaves out "Name:"; "Name;" is the header without a value */
    kta_auto_free char *line =
        *value ? kta_asprintf("%s: %s", name, value) : kta_asprintf("%s;", name);
    add_line(list, line);
}

static void set_headers(struct transfer *t)
{
    const struct kta_http *h = t->http;
    const struct kta_http_req *r = t->req;
    struct curl_slist *list = NULL;
    for (size_t i = 0; i < h->n_headers; i++)
        add_header(&list, h->headers[i].name, h->headers[i].value);
    if (h->connect_to)
        add_header(&list, "Host", h->address.peer);
    add_header(&list, "Accept", kta_or(r->accept, "application/json"));
    if (r->body)
        add_header(&list, "Content-Type", kta_or(r->content_type, "application/json"));
    add_line(&list, "Expect:"); /* no pause before a large body */
    for (const char *const *e = r->headers; e && *e; e++)
        if (!strpbrk(*e, "\r\n"))
            add_line(&list, *e);
    curl_slist_free_all(t->headers);
    t->headers = list;
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, list);
}

static void set_method(CURL *e, const struct kta_http_req *r)
{
    const char *method = kta_or(r->method, "GET");
    if (!strcmp(method, "HEAD"))
        curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
    if (r->body || !strcmp(method, "POST")) {
        curl_easy_setopt(e, CURLOPT_POST, 1L);
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(r->body ? r->body_len : 0));
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, r->body ? r->body : "");
    }
    curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method);
}

void http_transfer_begin(struct kta_http *h, struct transfer *t, struct kta_http_req *r)
{
    CURL *e = t->easy;
    kta_auto_free char *url =
        kta_asprintf("%s%s%s", h->origin, h->address.prefix, kta_or(r->path, "/"));

    *t = (struct transfer){.easy = e, .http = h, .req = r, .headers = t->headers};
    t->started = t->last = kta_now_ms();
    kta_str_init(&t->taped, KTA_MAX_HTTP_BODY);
    r->retry_after_ms = -1;
    curl_easy_reset(e);
    curl_easy_setopt(e, CURLOPT_URL, url);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(e, CURLOPT_PRIVATE, t);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->why);
    curl_easy_setopt(e, CURLOPT_USERAGENT, h->agent);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)h->connect_ms);
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(e, CURLOPT_PIPEWAIT,
                     h->address.https ? 1L : 0L); /* share the first connection */
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
    if (r->fresh)
        curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
    if (r->unpack)
        curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "identity");
    if (h->proxy)
        curl_easy_setopt(e, CURLOPT_PROXY, h->proxy);
    if (h->connect_to)
        curl_easy_setopt(e, CURLOPT_CONNECT_TO, h->connect_list);
    if (h->address.https)
        set_tls(h, e);
    set_method(e, r);
    set_headers(t);
    kta_log(3, "http: %s %s Accept: %s", kta_or(r->method, "GET"), kta_or(r->path, "/"),
            kta_or(r->accept, "application/json"));
    if (curl_multi_add_handle(h->multi, e) != CURLM_OK)
        http_transfer_fail(t, KTA_E_FAIL, "libcurl does not take the request", 0);
}

static void end(struct transfer *t)
{
    struct kta_http_req *r = t->req;
    r->took_ms = kta_now_ms() - t->started;
    curl_multi_remove_handle(t->http->multi, t->easy);
    kta_log(2, "http: %s %s%.*s: %d, %zu bytes, %lld ms%s%s", kta_or(r->method, "GET"),
            t->http->address.peer, (int)strcspn(kta_or(r->path, "/"), "?"), kta_or(r->path, "/"),
            r->status, t->got, (long long)r->took_ms, r->failed ? ": " : "",
            r->failed ? r->err.msg : "");
    if (kta_tap() && kta_tap()->http_done)
        kta_tap()->http_done(kta_tap()->ctx, t->http->origin, r, &t->taped);
    kta_str_release(&t->taped);
    t->req = NULL;
    t->http->progress++;
    if (r->on_end && r->err.code != KTA_E_INTERRUPTED)
        r->on_end(r);
}

void http_transfer_fail(struct transfer *t, enum kta_code code, const char *what, int64_t ms)
{
    t->req->failed = true;
    if (ms)
        kta_err_set(&t->req->err, code, "%s: %s within %g s", t->http->address.peer, what,
                    (double)ms / 1000);
    else
        kta_err_set(&t->req->err, code, "%s: %s", t->http->address.peer, what);
    end(t);
}

/* curl is done with it. */
void http_transfer_finish(struct transfer *t, CURLcode rc)
{
    struct kta_http_failure f = {.curl = (int)rc, .why = t->why, .peer = t->http->address.peer};
    struct kta_http_req *r = t->req;
    long verify = 0, sys = 0;

    if (t->too_large) {
        r->failed = true;
        kta_err_set(&r->err, KTA_E_LIMIT, "%s: the answer is larger than %zu KiB",
                    t->http->address.peer, (r->max_body ? r->max_body : KTA_MAX_HTTP_BODY) >> 10);
    } else if (rc != CURLE_OK && !t->stopped) {
        curl_easy_getinfo(t->easy, CURLINFO_SSL_VERIFYRESULT, &verify);
        curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &sys);
        f.verify = verify;
        f.sys = (int)sys;
        f.status = r->status;
        r->broke = kta_http_broke((int)rc);
        f.tls_without_cert = t->http->address.https && !t->http->cert;
        f.connect_ms = t->http->connect_ms;
        f.kind = curl_easy_strerror(rc);
        r->failed = true;
        kta_http_explain(&f, &r->err);
    }
    end(t);
}
