/*
 * http.c - the server over HTTP on top of libmicrohttpd, the only file that knows it.
 *
 * One thread of libmicrohttpd serves all connections. What is not answered at once is suspended
 * until the call's thread has something: an answer alone goes out as JSON with its status, anything
 * before it makes the answer a stream of events. A connection (struct conn) belongs to the library
 * and, while an exchange is under way, also to that: the last one frees it.
 * The library with what it needs is 10 MiB, which a server on stdio does not pay: it is loaded
 * here.
 */
#include "mcp.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/log.h"

#define TICK_MS       250   /* how soon a client's going is seen */
#define KEEP_ALIVE_MS 15000 /* a comment on a silent stream */

#define MHD_CALLS(X)                                                                               \
    X(MHD_add_response_header)                                                                     \
    X(MHD_create_response_from_buffer)                                                             \
    X(MHD_create_response_from_callback)                                                           \
    X(MHD_destroy_response)                                                                        \
    X(MHD_get_connection_info)                                                                     \
    X(MHD_get_daemon_info)                                                                         \
    X(MHD_lookup_connection_value)                                                                 \
    X(MHD_queue_response)                                                                          \
    X(MHD_resume_connection)                                                                       \
    X(MHD_start_daemon)                                                                            \
    X(MHD_stop_daemon)                                                                             \
    X(MHD_suspend_connection)

#define MHD_MEMBER(f) __typeof__(f) *f;
static struct {
    MHD_CALLS(MHD_MEMBER)
} lib;

#define MHD_NAME(f) {#f, offsetof(__typeof__(lib), f)},
static int load_library(struct kta_err *err)
{
    static const struct {
        const char *name;
        size_t at;
    } calls[] = {MHD_CALLS(MHD_NAME)};
    void *handle = dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL);

    for (size_t i = 0; handle && i < KTA_LEN(calls); i++) {
        void *call = dlsym(handle, calls[i].name);
        if (!call)
            handle = NULL;
        else
            memcpy((char *)&lib + calls[i].at, &call, sizeof call);
    }
    if (handle)
        return 0;
    kta_err_set(err, KTA_E_FAIL, "cannot load libmicrohttpd.so.12, which --http needs");
    return kta_err_hint(err, "install it: apt-get install libmicrohttpd12");
}

struct web {
    struct mcp_server *server;
    struct mcp_http_rules rules;
    pthread_mutex_t lock; /* guards every conn */
    struct conn *conns;
    unsigned n_conns;
};

enum route { ROUTE_NONE, ROUTE_MCP, ROUTE_SSE, ROUTE_MESSAGES };

struct conn {
    struct web *web;
    struct MHD_Connection *mhd; /* NULL: the client has gone */
    enum route route;
    enum MHD_Result (*run)(struct conn *c); /* what the route does */
    const char *refusal;                    /* or why it is refused */
    int refusal_status;
    struct kta_str body;
    bool too_large, received, suspended, streaming, done, json, events;
    bool stateless;
    unsigned refs; /* of the library, of the exchange */
    int status;
    char session_id[33];
    char *headers[4];            /* copies: threads ask for them after the library moved on */
    struct mcp_session *session; /* of /sse */
    struct kta_str out;          /* events, or the JSON */
    size_t sent;                 /* of out */
    int64_t last_ms;
    struct mcp_exchange *exchange; /* only to compare */
    struct conn *next;
};

/* ---- a connection's life ---- */

static struct conn *conn_new(struct web *web, struct MHD_Connection *mhd)
{
    struct conn *c = kta_calloc(1, sizeof *c);

    c->web = web;
    c->mhd = mhd;
    c->refs = 1;
    c->last_ms = kta_now_ms();
    kta_str_init(&c->body, KTA_MCP_MESSAGE);
    kta_str_init(&c->out, 0);
    pthread_mutex_lock(&web->lock);
    c->next = web->conns;
    web->conns = c;
    pthread_mutex_unlock(&web->lock);
    return c;
}

/* With the lock held, which it lets go. */
static void conn_unref(struct conn *c)
{
    struct web *web = c->web;

    if (--c->refs > 0) {
        pthread_mutex_unlock(&web->lock);
        return;
    }
    struct conn **at = &web->conns;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    pthread_mutex_unlock(&web->lock);
    kta_str_release(&c->body);
    kta_str_release(&c->out);
    for (size_t i = 0; i < KTA_LEN(c->headers); i++)
        free(c->headers[i]);
    free(c);
}

/* With the lock held: lets the library look at this connection again. */
static void wake(struct conn *c)
{
    if (c->suspended && c->mhd) {
        c->suspended = false;
        lib.MHD_resume_connection(c->mhd);
    }
}

static void add_event(struct conn *c, const char *type, const char *text, size_t n)
{
    if (c->sent > 0 && c->sent == c->out.len) {
        kta_str_clear(&c->out);
        c->sent = 0;
    }
    kta_str_addf(&c->out, "event: %s\ndata: ", type);
    kta_str_addn(&c->out, text, n);
    kta_str_add(&c->out, "\n\n");
    c->last_ms = kta_now_ms();
}

/* ---- what calls say ---- */

static void post_message(void *to, const char *text, size_t n)
{
    struct conn *c = to;

    pthread_mutex_lock(&c->web->lock);
    /* a slow reader loses notices, never the answer */
    if (c->events && c->mhd && c->out.len - c->sent < KTA_MCP_STREAM) {
        c->streaming = true;
        add_event(c, "message", text, n);
        wake(c);
    }
    pthread_mutex_unlock(&c->web->lock);
}

static void post_done(void *to, const char *text, size_t n, int status)
{
    struct conn *c = to;

    pthread_mutex_lock(&c->web->lock);
    c->done = true;
    c->status = status;
    if (c->streaming || (!c->json && n > 0)) {
        c->streaming = true;
        if (n > 0)
            add_event(c, "message", text, n);
    } else {
        kta_str_addn(&c->out, text, n);
    }
    wake(c);
    conn_unref(c);
}

static const struct mcp_transport post = {post_message, post_done};

static const char *const kept_headers[] = {"MCP-Protocol-Version", "Mcp-Method", "Mcp-Name",
                                           "Mcp-Session-Id"};

static const char *kept_header(void *to, const char *name)
{
    struct conn *c = to;

    for (size_t i = 0; i < KTA_LEN(kept_headers); i++)
        if (!strcasecmp(kept_headers[i], name))
            return c->headers[i];
    return NULL;
}

/* The answers to /messages go to the stream of /sse, wherever that is by now. */
struct sse_target {
    struct web *web;
    char session_id[33];
};

static void sse_message(void *to, const char *text, size_t n)
{
    struct sse_target *t = to;

    pthread_mutex_lock(&t->web->lock);
    for (struct conn *c = t->web->conns; c; c = c->next) {
        if (c->route == ROUTE_SSE && c->mhd && kta_streq(c->session_id, t->session_id)) {
            if (c->out.len - c->sent < 4 * KTA_MCP_STREAM)
                add_event(c, "message", text, n);
            wake(c);
        }
    }
    pthread_mutex_unlock(&t->web->lock);
}

static void sse_done(void *to, const char *text, size_t n, int status)
{
    (void)status;
    if (n > 0)
        sse_message(to, text, n);
    free(to);
}

static const struct mcp_transport sse = {sse_message, sse_done};

/* ---- answers ---- */

static enum MHD_Result reply(struct conn *c, int status, const char *type, const char *text,
                             size_t n)
{
    struct MHD_Response *r =
        lib.MHD_create_response_from_buffer(n, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

    if (type)
        lib.MHD_add_response_header(r, "Content-Type", type);
    if (c->session_id[0] && c->route == ROUTE_MCP)
        lib.MHD_add_response_header(r, "Mcp-Session-Id", c->session_id);
    if (status == 401)
        lib.MHD_add_response_header(r, "WWW-Authenticate", "Bearer realm=\"kagent-k8s\"");
    if (status == 405)
        lib.MHD_add_response_header(r, "Allow",
                                    c->route == ROUTE_SSE   ? "GET"
                                    : c->route == ROUTE_MCP ? "POST, DELETE"
                                                            : "POST");
    enum MHD_Result ok = lib.MHD_queue_response(c->mhd, (unsigned)status, r);
    lib.MHD_destroy_response(r);
    return ok;
}

/* An error of HTTP itself, as a JSON-RPC error so that any client can show it. */
static enum MHD_Result refuse(struct conn *c, int status, const char *why)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    kta_str_add(&text, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":");
    kta_json_quote(why, strlen(why), &text);
    kta_str_add(&text, "}}");
    kta_log(1, "mcp: refused with %d: %s", status, why);
    return reply(c, status, "application/json", text.s, text.len);
}

static ssize_t read_stream(void *cls, uint64_t pos, char *buf, size_t max)
{
    struct conn *c = cls;
    ssize_t n = 0;

    (void)pos;
    pthread_mutex_lock(&c->web->lock);
    size_t left = c->out.len - c->sent;
    if (left > 0) {
        n = (ssize_t)(left < max ? left : max);
        memcpy(buf, c->out.s + c->sent, (size_t)n);
        c->sent += (size_t)n;
    } else if (c->done) {
        n = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        c->suspended = true;
        lib.MHD_suspend_connection(c->mhd);
    }
    pthread_mutex_unlock(&c->web->lock);
    return n;
}

static enum MHD_Result reply_stream(struct conn *c)
{
    struct MHD_Response *r =
        lib.MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, read_stream, c, NULL);

    lib.MHD_add_response_header(r, "Content-Type", "text/event-stream");
    lib.MHD_add_response_header(r, "Cache-Control", "no-cache, no-transform");
    lib.MHD_add_response_header(r, "X-Accel-Buffering", "no");
    if (c->session_id[0] && c->route == ROUTE_MCP)
        lib.MHD_add_response_header(r, "Mcp-Session-Id", c->session_id);
    enum MHD_Result ok = lib.MHD_queue_response(c->mhd, 200, r);
    lib.MHD_destroy_response(r);
    return ok;
}

/* What is there by now goes out; nothing: the connection waits. */
static enum MHD_Result reply_or_wait(struct conn *c)
{
    pthread_mutex_lock(&c->web->lock);
    bool wait = !c->done && !c->streaming;
    bool stream = c->streaming;
    if (wait) {
        c->suspended = true;
        lib.MHD_suspend_connection(c->mhd);
    }
    pthread_mutex_unlock(&c->web->lock);
    if (wait)
        return MHD_YES;
    if (stream)
        return reply_stream(c);
    return reply(c, c->status ? c->status : 200, c->out.len > 0 ? "application/json" : NULL,
                 c->out.s, c->out.len);
}

/* ---- requests ---- */

static const char *header(struct conn *c, const char *name)
{
    return lib.MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, name);
}

/* range: what stands for all of its main type. */
static bool accepts(struct conn *c, const char *type, const char *range)
{
    const char *accept = header(c, "Accept");
    return !accept || kta_stristr(accept, type) || kta_stristr(accept, range) ||
           strstr(accept, "*/*");
}

static bool is_json(const char *type)
{
    static const char json[] = "application/json";

    return type && !strncasecmp(type, json, sizeof json - 1) &&
           strchr("; \t", type[sizeof json - 1]);
}

static struct mcp_exchange *new_exchange(struct conn *c)
{
    struct mcp_exchange *x = mcp_exchange_new(c->web->server, &post, c);

    x->header = kept_header;
    x->http = true;
    pthread_mutex_lock(&c->web->lock);
    c->refs++;
    c->exchange = x;
    pthread_mutex_unlock(&c->web->lock);
    return x;
}

static bool legacy_header(struct conn *c)
{
    const char *version = header(c, "MCP-Protocol-Version");
    return !version || mcp_revision_find(version) < MCP_2026_07_28;
}

static enum MHD_Result post_mcp(struct conn *c)
{
    const char *id = header(c, "Mcp-Session-Id"), *type = header(c, "Content-Type");

    c->json = accepts(c, "application/json", "application/*");
    c->events = accepts(c, "text/event-stream", "text/*");
    if (c->too_large || c->body.cut)
        return refuse(c, 413, "the message is larger than 4 MiB");
    if (!is_json(type))
        return refuse(c, 415, "the Content-Type must be application/json");
    if (!c->json && !c->events)
        return refuse(c, 406, "the answer is application/json or text/event-stream");
    for (size_t i = 0; i < KTA_LEN(kept_headers); i++)
        c->headers[i] = kta_strdup(header(c, kept_headers[i]));
    struct mcp_session *session =
        id && legacy_header(c) ? mcp_session_find(c->web->server, id) : NULL;
    if (id && !session && legacy_header(c))
        return refuse(c, 404, "there is no such session (any more): send initialize");
    struct mcp_exchange *x = new_exchange(c);
    x->session = session;
    c->stateless = !session;
    x->opened = c->session_id;
    mcp_receive(x, c->body.s, c->body.len);
    kta_str_release(&c->body);
    return reply_or_wait(c);
}

static enum MHD_Result delete_mcp(struct conn *c)
{
    struct mcp_server *s = c->web->server;
    struct mcp_session *session = mcp_session_find(s, header(c, "Mcp-Session-Id"));

    if (!session)
        return refuse(c, 404, "there is no such session");
    mcp_cancel(s, session, NULL);
    mcp_session_end(s, session);
    mcp_session_unref(s, session);
    return reply(c, 204, NULL, "", 0);
}

static enum MHD_Result open_sse(struct conn *c)
{
    struct mcp_server *s = c->web->server;
    kta_auto_str struct kta_str where = KTA_STR_INIT;

    c->session = mcp_session_new(s);
    c->session->stream = c;
    memcpy(c->session_id, c->session->id, sizeof c->session_id);
    kta_str_addf(&where, "/messages?sessionId=%s", c->session_id);
    c->streaming = true;
    add_event(c, "endpoint", where.s, where.len);
    return reply_stream(c);
}

static enum MHD_Result post_messages(struct conn *c)
{
    const char *id = lib.MHD_lookup_connection_value(c->mhd, MHD_GET_ARGUMENT_KIND, "sessionId");
    struct mcp_server *s = c->web->server;
    struct mcp_session *session = id ? mcp_session_find(s, id) : NULL;

    if (session && !session->stream) {
        mcp_session_unref(s, session);
        session = NULL;
    }
    if (!session)
        return refuse(c, 404, "there is no such session: open /sse");
    if (c->too_large || c->body.cut) {
        mcp_session_unref(s, session);
        return refuse(c, 413, "the message is larger than 4 MiB");
    }
    struct sse_target *t = kta_calloc(1, sizeof *t);
    t->web = c->web;
    memcpy(t->session_id, session->id, sizeof t->session_id);
    struct mcp_exchange *x = mcp_exchange_new(s, &sse, t);
    x->session = session;
    mcp_receive(x, c->body.s, c->body.len);
    return reply(c, 202, "text/plain", "Accepted", 8);
}

static const struct {
    const char *path, *method;
    enum route route;
    enum MHD_Result (*run)(struct conn *c);
} routes[] = {
    {"/mcp", "POST", ROUTE_MCP, post_mcp},
    {"/mcp", "DELETE", ROUTE_MCP, delete_mcp},
    {"/sse", "GET", ROUTE_SSE, open_sse},
    {"/messages", "POST", ROUTE_MESSAGES, post_messages},
};

static enum MHD_Result health(struct conn *c)
{
    return reply(c, 200, "text/plain", "ok\n", 3);
}

/* By the head alone: who is refused has no room for a body. */
static void admit(struct conn *c, const char *path, const char *method)
{
    bool known = false;

    if (kta_streq(path, "/healthz")) { /* a probe has no token, and learns nothing */
        c->run = health;
        return;
    }
    c->refusal = mcp_http_check(&c->web->rules, header(c, "Host"), header(c, "Origin"),
                                header(c, "Authorization"), &c->refusal_status);
    for (size_t i = 0; i < KTA_LEN(routes) && !c->refusal; i++) {
        if (!kta_streq(path, routes[i].path))
            continue;
        known = true;
        c->route = routes[i].route;
        if (kta_streq(method, routes[i].method)) {
            c->run = routes[i].run;
            return;
        }
    }
    if (c->refusal)
        return;
    c->refusal_status = known ? 405 : 404;
    c->refusal =
        known ? "this path does not take this method" : "the paths are /mcp, /sse and /messages";
}

static void take_body(struct conn *c, const char *data, size_t n)
{
    if (c->refusal || c->too_large || !c->run || c->run == health)
        return;
    if (kta_str_addn(&c->body, data, n) < 0) {
        c->too_large = true;
        kta_str_release(&c->body);
    }
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *mhd, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_n, void **state)
{
    struct conn *c = *state;

    (void)version;
    if (!c) {
        c = *state = conn_new(cls, mhd);
        admit(c, url, method);
        return MHD_YES;
    }
    if (*data_n > 0) {
        take_body(c, data, *data_n);
        *data_n = 0;
        return MHD_YES;
    }
    if (!c->received) {
        c->received = true;
        return c->refusal ? refuse(c, c->refusal_status, c->refusal) : c->run(c);
    }
    return reply_or_wait(c); /* woken */
}

/* The client has its answer, or has gone. */
static void on_completed(void *cls, struct MHD_Connection *mhd, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct conn *c = *state;
    struct mcp_server *s;

    (void)cls, (void)mhd, (void)code;
    if (!c)
        return;
    *state = NULL;
    s = c->web->server;
    if (c->session) {
        mcp_cancel(s, c->session, NULL);
        mcp_session_end(s, c->session);
        mcp_session_unref(s, c->session);
    }
    pthread_mutex_lock(&c->web->lock);
    c->mhd = NULL;
    c->suspended = false;
    /* closing the stream is how a stateless call is cancelled; one of a session runs on */
    struct mcp_exchange *x = !c->done && c->stateless ? c->exchange : NULL;
    if (x)
        mcp_cancel(s, NULL, x);
    conn_unref(c);
}

/* A suspended connection is not watched by the library: whether its client is still there is seen
 * here, and a silent stream gets a comment. */
static void tick(struct web *web)
{
    int64_t now = kta_now_ms();

    pthread_mutex_lock(&web->lock);
    for (struct conn *c = web->conns; c; c = c->next) {
        char byte;
        if (!c->suspended || !c->mhd)
            continue;
        const union MHD_ConnectionInfo *info =
            lib.MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
        ssize_t n = info ? recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) : 1;
        bool gone = n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
        if (gone || (c->streaming && now - c->last_ms > KEEP_ALIVE_MS)) {
            if (c->streaming || c->events) {
                c->streaming = true;
                kta_str_add(&c->out, ": still here\n\n");
                c->last_ms = now;
            }
            wake(c);
        }
    }
    pthread_mutex_unlock(&web->lock);
}

/* ---- start and end ---- */

/* "ADDR:PORT" or "[v6]:PORT" → parts; *ret_host and *ret_port are the caller's. */
static int split_address(const char *text, char **ret_host, char **ret_port, struct kta_err *err)
{
    const char *colon = strrchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : 0;

    if (!colon || !colon[1] || n == 0 || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
        strtoul(colon + 1, NULL, 10) > 65535)
        return kta_err_set(err, KTA_E_USAGE, "--http takes ADDR:PORT, as 127.0.0.1:9080, not '%s'",
                           text);
    bool brackets = text[0] == '[' && text[n - 1] == ']';
    *ret_host = kta_strndup(text + brackets, n - 2 * brackets);
    *ret_port = kta_strdup(colon + 1);
    return 0;
}

static int check_remote(const struct kta_mcp *o, const char *host, struct kta_err *err)
{
    if (mcp_is_loopback(host))
        return 0;
    if (!o->allow_remote) {
        kta_err_set(err, KTA_E_USAGE, "%s is not a loopback address", host);
        return kta_err_hint(err, "others could then operate the cluster: --allow-remote with "
                                 "--token-file FILE allows it to those who have the token");
    }
    if (!o->token) {
        kta_err_set(err, KTA_E_USAGE, "--allow-remote needs a bearer token");
        return kta_err_hint(err, "give it with --token-file FILE");
    }
    return 0;
}

static struct MHD_Daemon *start(struct web *web, const struct addrinfo *where)
{
    unsigned flags =
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_EPOLL;

    if (where->ai_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    return lib.MHD_start_daemon(flags, 0, NULL, NULL, on_request, web, MHD_OPTION_SOCK_ADDR,
                                where->ai_addr, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
                                MHD_OPTION_CONNECTION_LIMIT, (unsigned)KTA_MCP_CONNECTIONS,
                                MHD_OPTION_CONNECTION_TIMEOUT, 120u,
                                MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(32u << 10),
                                MHD_OPTION_END);
}

static unsigned port_of(struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = lib.MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

static void serve(struct web *web, struct MHD_Daemon *daemon, const sigset_t *open)
{
    struct mcp_server *s = web->server;

    while (!kta_interrupt_signal()) {
        struct timespec pause = {.tv_nsec = TICK_MS * 1000000L};
        ppoll(NULL, 0, &pause, open);
        tick(web);
    }
    mcp_cancel(s, NULL, NULL);
    mcp_drain(s, 20000);
    pthread_mutex_lock(&web->lock);
    for (struct conn *c = web->conns; c; c = c->next) {
        c->done = true; /* open streams end */
        wake(c);
    }
    pthread_mutex_unlock(&web->lock);
    lib.MHD_stop_daemon(daemon);
}

static int listen_and_serve(struct web *web, const char *text, const sigset_t *open,
                            struct kta_err *err)
{
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM},
                    *where = NULL;
    int r = getaddrinfo(web->rules.address, web->rules.port, &hints, &where);

    if (r != 0)
        return kta_err_set(err, KTA_E_USAGE, "--http %s: %s", text, gai_strerror(r));
    struct MHD_Daemon *daemon = start(web, where);
    int why = errno;
    freeaddrinfo(where);
    if (!daemon)
        return kta_err_sys(err, KTA_E_FAIL, why, "cannot listen on %s", text);
    bool v6 = strchr(web->rules.address, ':') != NULL;
    dprintf(STDERR_FILENO,
            "kubectl-todo-ai: MCP server kagent-k8s on http://%s%s%s:%u/mcp (older "
            "clients: /sse)\n",
            v6 ? "[" : "", web->rules.address, v6 ? "]" : "", port_of(daemon));
    serve(web, daemon, open);
    return kta_interrupt_check(err);
}

int mcp_http(struct mcp_server *s, struct kta_err *err)
{
    const struct kta_mcp *o = s->options;
    kta_auto_free char *host = NULL, *port = NULL;
    struct web web = {.server = s};
    sigset_t block, open;

    if (split_address(o->http, &host, &port, err) < 0 || check_remote(o, host, err) < 0 ||
        load_library(err) < 0)
        return -1;
    web.rules = (struct mcp_http_rules){.address = host,
                                        .port = port,
                                        .remote = !mcp_is_loopback(host),
                                        .token = o->token};
    pthread_mutex_init(&web.lock, NULL);
    sigemptyset(&block);
    sigaddset(&block, SIGINT);
    sigaddset(&block, SIGTERM);
    sigaddset(&block, SIGHUP);
    sigaddset(&block, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &block, &open);
    int r = listen_and_serve(&web, o->http, &open, err);
    pthread_sigmask(SIG_SETMASK, &open, NULL);
    pthread_mutex_destroy(&web.lock);
    return r;
}
