/*
 * http_impl.h - libmicrohttpd and a connection (private to http*.c, the only files that know it).
 *
 * One thread of libmicrohttpd serves all connections. What is not answered at once is suspended
 * until the call's thread has something: an answer alone goes out as JSON with its status, anything
 * before it makes the answer a stream of events. A connection (struct conn) belongs to the library
 * and, while an exchange is under way, also to that: the last one frees it.
 * The library with what it needs is 10 MiB, which a server on stdio does not pay: it is loaded by
 * http.c, and every call goes through the table mcp_mhd.
 */
#ifndef MCP_HTTP_IMPL_H
#define MCP_HTTP_IMPL_H

#include "mcp.h"

#include <microhttpd.h>

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
extern struct mcp_mhd {
    MHD_CALLS(MHD_MEMBER)
} mcp_mhd;

struct web {
    struct mcp_server *server;
    struct mcp_http_rules rules;
    pthread_mutex_t lock; /* guards every conn */
    struct conn *conns;
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

/* ---- http_conn.c: a connection, and what goes out over it ---- */
struct conn *conn_new(struct web *web, struct MHD_Connection *mhd);
/* With web->lock held, which it lets go. */
void conn_unref(struct conn *c);
/* An event for a stream; with web->lock held, or before the connection is answered. */
void conn_event(struct conn *c, const char *type, const char *text, size_t n);
/* With web->lock held: lets the library look at this connection again. */
void conn_wake(struct conn *c);
/* Answers whole (type may be NULL); with an error of HTTP, as a JSON-RPC error that any client can
 * show; with a stream of what c->out gets; or with what is there by now, and else waits for it. */
enum MHD_Result conn_reply(struct conn *c, int status, const char *type, const char *text,
                           size_t n);
enum MHD_Result conn_refuse(struct conn *c, int status, const char *why);
enum MHD_Result conn_stream(struct conn *c);
enum MHD_Result conn_reply_or_wait(struct conn *c);
/* Sees which clients have gone, and keeps silent streams alive: a suspended connection is not
 * watched by the library. To be called all the time. */
void conn_tick(struct web *web);

/* ---- http_answers.c: where the answers of an exchange go ---- */
struct mcp_exchange *post_exchange(struct conn *c); /* to the POST that asked */
/* To the stream of /sse of that session, wherever it is by now. */
struct mcp_exchange *sse_exchange(struct web *web, const struct mcp_session *session);

/* ---- http_routes.c: libmicrohttpd's callbacks ---- */
enum MHD_Result mcp_http_request(void *cls, struct MHD_Connection *mhd, const char *url,
                                 const char *method, const char *version, const char *data,
                                 size_t *data_n, void **state);
/* The client has its answer, or has gone. */
void mcp_http_completed(void *cls, struct MHD_Connection *mhd, void **state,
                        enum MHD_RequestTerminationCode code);

#endif
