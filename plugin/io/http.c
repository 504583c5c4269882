/*
 * http.c - HTTP on top of libcurl, the only file that knows it.
 *
 * One multi handle per peer keeps the connections; one loop (kta_http_run) drives whatever is under
 * way and wakes on sockets, on our own deadlines and on signals. Easy handles are reused. All
 * deadlines of a request (whole, first byte, idle) are ours, so that each has its own sentence.
 * When the certificate's name is not the URL's host, the URL is rewritten to that name (so that SNI
 * and verification use it), CURLOPT_CONNECT_TO leads to the real address, and Host stays what the
 * user wrote.
 * The sentences for what curl reports are in http_error.c.
 */
#include "kta/http.h"
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#undef curl_easy_setopt /* macros over the variadic functions, which are called through a table */
#undef curl_easy_getinfo
#undef curl_multi_setopt
#include "http_address.h"
#include "http_error.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/log.h"
#include "kta/tap.h"

/* libcurl 7.88 now and then leaves the data of one HTTP/2 stream in its buffers when it has served
 * another, and no socket wakes us for it (measured: 1 to 3 runs in 100 stood still until the poll
 * ended). So the poll is short after something came, and twice as long each time nothing does. */
#define MIN_PAUSE_MS 2
#define MAX_PAUSE_MS 1000

struct header {
    char *name, *value;
};

struct transfer {
    CURL *easy;
    struct kta_http *http;
    struct kta_http_req *req; /* NULL: idle */
    struct curl_slist *headers;
    int64_t started, last; /* ms: begin, last byte received */
    size_t got;            /* bytes of the body */
    bool stopped, too_large;
    struct kta_str taped; /* the whole body, where a recorder listens */
    char why[CURL_ERROR_SIZE];
};

struct kta_http {
    CURLM *multi; /* NULL until the first request */
    struct kta_http_address address;
    char *origin;     /* "https://host:port", as it goes into the URL */
    char *connect_to; /* where the URL was rewritten: "name:port:host:port", else NULL */
    struct curl_slist *connect_list;
    char *proxy; /* NULL: the environment's */
    char *agent;
    char *ca, *cert, *key;
    bool insecure;
    struct header *headers;
    size_t n_headers, cap_headers;
    int64_t connect_ms;
    unsigned long progress; /* counts pieces received and transfers ended */
    struct transfer slots[KTA_HTTP_PARALLEL];
};

/* ---- libcurl ---- */

/* Loaded at the first request: with what it needs it is 30 libraries, 10 ms and 8 MiB, which a run
 * without a cluster should not pay for. Every call below goes through this table. */
#define CURL_CALLS(X)                                                                              \
    X(curl_global_init)                                                                            \
    X(curl_easy_cleanup)                                                                           \
    X(curl_easy_getinfo)                                                                           \
    X(curl_easy_init)                                                                              \
    X(curl_easy_reset)                                                                             \
    X(curl_easy_setopt)                                                                            \
    X(curl_easy_strerror)                                                                          \
    X(curl_getdate)                                                                                \
    X(curl_multi_add_handle)                                                                       \
    X(curl_multi_cleanup)                                                                          \
    X(curl_multi_info_read)                                                                        \
    X(curl_multi_init)                                                                             \
    X(curl_multi_perform)                                                                          \
    X(curl_multi_poll)                                                                             \
    X(curl_multi_remove_handle)                                                                    \
    X(curl_multi_setopt)                                                                           \
    X(curl_slist_append)                                                                           \
    X(curl_slist_free_all)

#define CURL_MEMBER(f) __typeof__(f) *f;
static struct {
    CURL_CALLS(CURL_MEMBER)
} lib;

#define CURL_NAME(f) {#f, offsetof(__typeof__(lib), f)},
static int load_curl(struct kta_err *err)
{
    static const struct {
        const char *name;
        size_t at;
    } calls[] = {CURL_CALLS(CURL_NAME)};
    static bool loaded;
    void *handle;

    if (loaded)
        return 0;
    handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; handle && i < KTA_LEN(calls); i++) {
        void *call = dlsym(handle, calls[i].name);
        if (!call) {
            dlclose(handle);
            handle = NULL;
        } else {
            memcpy((char *)&lib + calls[i].at, &call, sizeof call);
        }
    }
    if (!handle) {
        kta_err_set(err, KTA_E_FAIL, "cannot load libcurl.so.4");
        return kta_err_hint(err, "Install it: apt-get install libcurl4.");
    }
    if (lib.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return kta_err_set(err, KTA_E_FAIL, "cannot start libcurl");
    loaded = true;
    return 0;
}

#define curl_easy_cleanup        lib.curl_easy_cleanup
#define curl_easy_getinfo        lib.curl_easy_getinfo
#define curl_easy_init           lib.curl_easy_init
#define curl_easy_reset          lib.curl_easy_reset
#define curl_easy_setopt         lib.curl_easy_setopt
#define curl_easy_strerror       lib.curl_easy_strerror
#define curl_getdate             lib.curl_getdate
#define curl_multi_add_handle    lib.curl_multi_add_handle
#define curl_multi_cleanup       lib.curl_multi_cleanup
#define curl_multi_info_read     lib.curl_multi_info_read
#define curl_multi_init          lib.curl_multi_init
#define curl_multi_perform       lib.curl_multi_perform
#define curl_multi_poll          lib.curl_multi_poll
#define curl_multi_remove_handle lib.curl_multi_remove_handle
#define curl_multi_setopt        lib.curl_multi_setopt
#define curl_slist_append        lib.curl_slist_append
#define curl_slist_free_all      lib.curl_slist_free_all

/* ---- the peer ---- */

/* Where the certificate's name is not the host's, the URL has that name (see above). */
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
    if (load_curl(err) < 0)
        return -1;
    h->multi = curl_multi_init();
    if (!h->multi)
        return kta_err_set(err, KTA_E_FAIL, "cannot start libcurl");
    curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)KTA_HTTP_PARALLEL);
    if (h->connect_to)
        h->connect_list = curl_slist_append(NULL, h->connect_to);
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

/* ---- one transfer ---- */

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

static int64_t retry_after(const char *value)
{
    char *end;
    double s = strtod(value, &end);
    time_t date;
    if (end != value && !*end)
        return s < 0 ? 0 : s > 86400 ? 86400000 : (int64_t)(s * 1000);
    date = curl_getdate(value, NULL);
    if (date == (time_t)-1)
        return -1;
    return date <= time(NULL) ? 0 : (int64_t)(date - time(NULL)) * 1000;
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
        t->req->retry_after_ms = retry_after(after);
    else if ((after_ms = header_value(p, n, "retry-after-ms")))
        t->req->retry_after_ms = strtol(after_ms, NULL, 10);
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

static void add_header(struct curl_slist **list, const char *name, const char *value)
{
    /* curl leaves out "Name:"; "Name;" is the header without a value */
    kta_auto_free char *line =
        *value ? kta_asprintf("%s: %s", name, value) : kta_asprintf("%s;", name);
    *list = curl_slist_append(*list, line);
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
    list = curl_slist_append(list, "Expect:"); /* no pause before a large body */
    for (const char *const *e = r->headers; e && *e; e++)
        if (!strpbrk(*e, "\r\n"))
            list = curl_slist_append(list, *e);
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

static void begin(struct kta_http *h, struct transfer *t, struct kta_http_req *r)
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
    curl_multi_add_handle(h->multi, e);
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
}

static void end_failed(struct transfer *t, enum kta_code code, const char *what, int64_t ms)
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
static void finish(struct transfer *t, CURLcode rc)
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
        whole = r->timeout_ms ? r->timeout_ms : KTA_HTTP_TIMEOUT_MS;
        if (whole > 0 && now >= t->started + whole) {
            end_failed(t, KTA_E_TIMEOUT, "no complete answer", whole);
            continue;
        }
        if (r->first_byte_ms && !t->got && now >= t->started + r->first_byte_ms) {
            end_failed(t, KTA_E_TIMEOUT, "no answer", r->first_byte_ms);
            continue;
        }
        if (r->idle_ms && t->got && now >= t->last + r->idle_ms) {
            t->req->broke = true;
            end_failed(t, KTA_E_TIMEOUT, "the answer stalled: nothing more came", r->idle_ms);
            continue;
        }
        left = whole > 0 ? t->started + whole - now : wait;
        if (r->first_byte_ms && !t->got && t->started + r->first_byte_ms - now < left)
            left = t->started + r->first_byte_ms - now;
        if (r->idle_ms && t->got && t->last + r->idle_ms - now < left)
            left = t->last + r->idle_ms - now;
        wait = left < wait ? left : wait;
    }
    return wait;
}

static size_t fill_slots(struct kta_http *h, struct kta_http_req *reqs, size_t n, size_t *next)
{
    size_t active = 0;
    for (size_t i = 0; i < KTA_HTTP_PARALLEL; i++) {
        struct transfer *t = &h->slots[i];
        if (!t->req && *next < n) {
            if (!t->easy)
                t->easy = curl_easy_init();
            if (t->easy)
                begin(h, t, &reqs[(*next)++]);
        }
        active += t->req != NULL;
    }
    return active;
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
            finish(t, rc);
    }
}

static int give_up(struct kta_http *h, struct kta_http_req *reqs, size_t n, size_t next,
                   struct kta_err *err)
{
    kta_interrupt_check(err);
    for (size_t i = 0; i < KTA_HTTP_PARALLEL; i++)
        if (h->slots[i].req)
            end_failed(&h->slots[i], KTA_E_INTERRUPTED, err->msg, 0);
    for (; next < n; next++) {
        reqs[next].failed = true;
        kta_err_set(&reqs[next].err, KTA_E_INTERRUPTED, "%s: %s", h->address.peer, err->msg);
    }
    return -1;
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
    if (kta_tap() && kta_tap()->http_answer) {
        for (size_t i = 0; i < n; i++)
            kta_tap()->http_answer(kta_tap()->ctx, h->origin, &reqs[i]);
        return kta_interrupt_check(err);
    }
    if (get_ready(h, &broken) < 0) {
        for (size_t i = 0; i < n; i++) {
            reqs[i].failed = true;
            reqs[i].err = broken;
        }
        return 0;
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
