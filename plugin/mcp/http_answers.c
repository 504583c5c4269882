/* http_answers.c - where the answers of an exchange go: to the POST that asked, or to /sse. */
#include "http_impl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kta/alloc.h"
#include "kta/limits.h"

static void post_message(void *to, const char *text, size_t n)
{
    struct conn *c = to;

    pthread_mutex_lock(&c->web->lock);
    /* a slow reader loses notices, never the answer */
    if (c->events && c->mhd && c->out.len - c->sent < KTA_MCP_STREAM) {
        c->streaming = true;
        conn_event(c, "message", text, n);
        conn_wake(c);
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
            conn_event(c, "message", text, n);
    } else {
        kta_str_addn(&c->out, text, n);
    }
    conn_wake(c);
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

struct mcp_exchange *post_exchange(struct conn *c)
{
    struct mcp_exchange *x = mcp_exchange_new(c->web->server, &post, c);

    x->header = kept_header;
    x->http = true;
    for (size_t i = 0; i < KTA_LEN(kept_headers); i++)
        c->headers[i] = kta_strdup(
            mcp_mhd.MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, kept_headers[i]));
    pthread_mutex_lock(&c->web->lock);
    c->refs++;
    c->exchange = x;
    pthread_mutex_unlock(&c->web->lock);
    return x;
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
                conn_event(c, "message", text, n);
            conn_wake(c);
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

struct mcp_exchange *sse_exchange(struct web *web, const struct mcp_session *session)
{
    struct sse_target *t = kta_calloc(1, sizeof *t);

    t->web = web;
    memcpy(t->session_id, session->id, sizeof t->session_id);
    return mcp_exchange_new(web->server, &sse, t);
}
