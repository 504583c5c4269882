/* http_routes.c - from a request to its path's function: /mcp, /sse and /messages. */
#include "http_impl.h"

#include <string.h>
#include <strings.h>

#include "kta/alloc.h"
#include "kta/limits.h"

static const char *header(struct conn *c, const char *name)
{
    return mcp_mhd.MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, name);
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
        return conn_refuse(c, 413, "the message is larger than 4 MiB");
    if (!is_json(type))
        return conn_refuse(c, 415, "the Content-Type must be application/json");
    if (!c->json && !c->events)
        return conn_refuse(c, 406, "the answer is application/json or text/event-stream");
    struct mcp_session *session =
        id && legacy_header(c) ? mcp_session_find(c->web->server, id) : NULL;
    if (id && !session && legacy_header(c))
        return conn_refuse(c, 404, "there is no such session (any more): send initialize");
    struct mcp_exchange *x = post_exchange(c);
    x->session = session;
    c->stateless = !session;
    x->opened = c->session_id;
    mcp_receive(x, c->body.s, c->body.len);
    kta_str_release(&c->body);
    return conn_reply_or_wait(c);
}

static enum MHD_Result delete_mcp(struct conn *c)
{
    struct mcp_server *s = c->web->server;
    struct mcp_session *session = mcp_session_find(s, header(c, "Mcp-Session-Id"));

    if (!session)
        return conn_refuse(c, 404, "there is no such session");
    mcp_cancel(s, session, NULL, NULL);
    mcp_session_end(s, session);
    mcp_session_unref(s, session);
    return conn_reply(c, 204, NULL, "", 0);
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
    conn_event(c, "endpoint", where.s, where.len);
    return conn_stream(c);
}

static enum MHD_Result post_messages(struct conn *c)
{
    const char *id =
        mcp_mhd.MHD_lookup_connection_value(c->mhd, MHD_GET_ARGUMENT_KIND, "sessionId");
    struct mcp_server *s = c->web->server;
    struct mcp_session *session = id ? mcp_session_find(s, id) : NULL;

    if (session && !session->stream) {
        mcp_session_unref(s, session);
        session = NULL;
    }
    if (!session)
        return conn_refuse(c, 404, "there is no such session: open /sse");
    if (c->too_large || c->body.cut) {
        mcp_session_unref(s, session);
        return conn_refuse(c, 413, "the message is larger than 4 MiB");
    }
    struct mcp_exchange *x = sse_exchange(c->web, session);
    x->session = session;
    mcp_receive(x, c->body.s, c->body.len);
    return conn_reply(c, 202, "text/plain", "Accepted", 8);
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
    return conn_reply(c, 200, "text/plain", "ok\n", 3);
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

enum MHD_Result mcp_http_request(void *cls, struct MHD_Connection *mhd, const char *url,
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
        return c->refusal ? conn_refuse(c, c->refusal_status, c->refusal) : c->run(c);
    }
    return conn_reply_or_wait(c); /* woken */
}

void mcp_http_completed(void *cls, struct MHD_Connection *mhd, void **state,
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
        mcp_cancel(s, c->session, NULL, NULL);
        mcp_session_end(s, c->session);
        mcp_session_unref(s, c->session);
    }
    pthread_mutex_lock(&c->web->lock);
    c->mhd = NULL;
    c->suspended = false;
    /* closing the stream is how a stateless call is cancelled; one of a session runs on */
    struct mcp_exchange *x = !c->done && c->stateless ? c->exchange : NULL;
    if (x)
        mcp_cancel(s, NULL, x, NULL);
    conn_unref(c);
}
