/* http_conn.c - a connection: its life, and the answer or stream that goes out over it. */
#include "http_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/limits.h"
#include "kta/log.h"

#define KEEP_ALIVE_MS 15000 /* a comment on a silent stream */

struct conn *conn_new(struct web *web, struct MHD_Connection *mhd)
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

void conn_unref(struct conn *c)
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

void conn_wake(struct conn *c)
{
    if (c->suspended && c->mhd) {
        c->suspended = false;
        mcp_mhd.MHD_resume_connection(c->mhd);
    }
}

void conn_event(struct conn *c, const char *type, const char *text, size_t n)
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

/* ---- answers ---- */

enum MHD_Result conn_reply(struct conn *c, int status, const char *type, const char *text, size_t n)
{
    struct MHD_Response *r =
        mcp_mhd.MHD_create_response_from_buffer(n, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

    if (type)
        mcp_mhd.MHD_add_response_header(r, "Content-Type", type);
    if (c->session_id[0] && c->route == ROUTE_MCP)
        mcp_mhd.MHD_add_response_header(r, "Mcp-Session-Id", c->session_id);
    if (status == 401)
        mcp_mhd.MHD_add_response_header(r, "WWW-Authenticate", "Bearer realm=\"kagent-k8s\"");
    if (status == 405)
        mcp_mhd.MHD_add_response_header(r, "Allow",
                                        c->route == ROUTE_SSE   ? "GET"
                                        : c->route == ROUTE_MCP ? "POST, DELETE"
                                                                : "POST");
    enum MHD_Result ok = mcp_mhd.MHD_queue_response(c->mhd, (unsigned)status, r);
    mcp_mhd.MHD_destroy_response(r);
    return ok;
}

enum MHD_Result conn_refuse(struct conn *c, int status, const char *why)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    kta_str_add(&text, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":");
    kta_json_quote(why, strlen(why), &text);
    kta_str_add(&text, "}}");
    kta_log(1, "mcp: refused with %d: %s", status, why);
    return conn_reply(c, status, "application/json", text.s, text.len);
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
        mcp_mhd.MHD_suspend_connection(c->mhd);
    }
    pthread_mutex_unlock(&c->web->lock);
    return n;
}

enum MHD_Result conn_stream(struct conn *c)
{
    struct MHD_Response *r =
        mcp_mhd.MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, read_stream, c, NULL);

    mcp_mhd.MHD_add_response_header(r, "Content-Type", "text/event-stream");
    mcp_mhd.MHD_add_response_header(r, "Cache-Control", "no-cache, no-transform");
    mcp_mhd.MHD_add_response_header(r, "X-Accel-Buffering", "no");
    if (c->session_id[0] && c->route == ROUTE_MCP)
        mcp_mhd.MHD_add_response_header(r, "Mcp-Session-Id", c->session_id);
    enum MHD_Result ok = mcp_mhd.MHD_queue_response(c->mhd, 200, r);
    mcp_mhd.MHD_destroy_response(r);
    return ok;
}

enum MHD_Result conn_reply_or_wait(struct conn *c)
{
    pthread_mutex_lock(&c->web->lock);
    bool wait = !c->done && !c->streaming;
    bool stream = c->streaming;
    if (wait) {
        c->suspended = true;
        mcp_mhd.MHD_suspend_connection(c->mhd);
    }
    pthread_mutex_unlock(&c->web->lock);
    if (wait)
        return MHD_YES;
    if (stream)
        return conn_stream(c);
    return conn_reply(c, c->status ? c->status : 200, c->out.len > 0 ? "application/json" : NULL,
                      c->out.s, c->out.len);
}

void conn_tick(struct web *web)
{
    int64_t now = kta_now_ms();

    pthread_mutex_lock(&web->lock);
    for (struct conn *c = web->conns; c; c = c->next) {
        char byte;
        if (!c->suspended || !c->mhd)
            continue;
        const union MHD_ConnectionInfo *info =
            mcp_mhd.MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
        ssize_t n = info ? recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) : 1;
        bool gone = n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
        if (gone || (c->streaming && now - c->last_ms > KEEP_ALIVE_MS)) {
            if (c->streaming || c->events) {
                c->streaming = true;
                kta_str_add(&c->out, ": still here\n\n");
                c->last_ms = now;
            }
            conn_wake(c);
        }
    }
    pthread_mutex_unlock(&web->lock);
}
