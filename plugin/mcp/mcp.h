/*
 * mcp.h - what the files of this room share: server, sessions, calls.
 *
 * stdio.c and http.c (http_routes.c, http_conn.c, http_answers.c, http_check.c) carry messages,
 * server.c takes them apart, admit.c lets requests in, methods.c has a row for each method, call.c
 * answers, session.c remembers clients, engine.c lets one call at a time work on the cluster,
 * catalog.c offers the tools.
 *
 * A transport hands every message to mcp_receive with an exchange, which says where the answers
 * go. server->lock guards sessions, calls and questions; server->engine is held by the one call
 * that works on the cluster. Whoever holds both took engine first.
 */
#ifndef MCP_MCP_H
#define MCP_MCP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kta/json.h"
#include "kta/mcp.h"
#include "kta/report.h"
#include "kta/str.h"

enum mcp_revision {
    MCP_2024_11_05,
    MCP_2025_03_26,
    MCP_2025_06_18,
    MCP_2025_11_25, /* the last with initialize and sessions */
    MCP_2026_07_28, /* stateless */
    MCP_REVISIONS
};
extern const char *const mcp_revision_names[MCP_REVISIONS];
/* The revision of that name, or MCP_REVISIONS. */
enum mcp_revision mcp_revision_find(const char *name);

/* JSON-RPC's codes, and MCP's own. */
enum {
    MCP_PARSE_ERROR = -32700,
    MCP_INVALID_REQUEST = -32600,
    MCP_METHOD_NOT_FOUND = -32601,
    MCP_INVALID_PARAMS = -32602,
    MCP_INTERNAL_ERROR = -32603,
    MCP_BUSY = -32000,
    MCP_NOT_FOUND = -32002, /* a resource, until 2025-11-25 */
    MCP_HEADER_MISMATCH = -32020,
    MCP_MISSING_CAPABILITY = -32021,
    MCP_UNSUPPORTED_VERSION = -32022,
};

#define META_VERSION      "io.modelcontextprotocol/protocolVersion"
#define META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define META_LOG_LEVEL    "io.modelcontextprotocol/logLevel"
#define META_SERVER       "io.modelcontextprotocol/serverInfo"

/* A client that said initialize. Counted references: one of the server, one of each call. */
struct mcp_session {
    char id[33];
    enum mcp_revision revision;
    bool greeted;          /* initialize was answered */
    struct kta_json *caps; /* the client's capabilities */
    int log_level;         /* of mcp_log_levels */
    int64_t used_ms;
    unsigned refs;
    bool ended;
    void *stream; /* the /sse connection that its answers go to, or NULL */
    struct mcp_session *next;
};

/* Where the answers of what was received together go. */
struct mcp_transport {
    /* A notification or a request of ours, before the answer. */
    void (*message)(void *to, const char *text, size_t n);
    /* The answer, "" if there is none; status is HTTP's. `to` is not used afterwards. */
    void (*done)(void *to, const char *text, size_t n, int status);
};

struct mcp_exchange {
    struct mcp_server *server;
    struct mcp_session *session; /* NULL: none yet, or stateless */
    const struct mcp_transport *transport;
    void *to;
    const char *(*header)(void *to, const char *name); /* of an HTTP request; NULL: stdio, SSE */
    bool http;    /* Streamable HTTP: initialize opens a session */
    char *opened; /* 33 bytes that get its id, or NULL */
    /* below: server.c's */
    unsigned open; /* answers that are still to come, plus one while receiving */
    bool batch;
    unsigned answers;
    struct kta_str text;
    int status;
};

struct mcp_method;

/* A request under way. */
struct mcp_call {
    struct mcp_server *server;
    struct mcp_exchange *exchange;
    struct mcp_session *session; /* NULL: stateless */
    const struct mcp_method *method;
    enum mcp_revision revision;
    struct kta_json *message;      /* owned; the members below point into it */
    const struct kta_json *id;     /* string or number */
    const struct kta_json *params; /* an object, or NULL */
    const struct kta_json *caps;   /* the client's capabilities */
    const struct kta_json *token;  /* progressToken, or NULL */
    double progress;               /* the last one told */
    int log_level;                 /* least level that is sent; above all: none */
    bool cancelled, holds_engine;
    struct kta_json *state;  /* what requestState held, or NULL */
    struct kta_json *inputs; /* what is asked back: inputRequests; NULL: nothing */
    /* the answer */
    struct kta_json *result;
    int code, status; /* of an error (0: none); HTTP's status (0: 200) */
    char why[600];
    struct kta_json *data;
    struct mcp_call *next;
};

/* Which list. */
enum mcp_list { MCP_TOOLS, MCP_RESOURCES, MCP_TEMPLATES, MCP_PROMPTS, MCP_LISTS };

/* What a server offers: the tools of tools.h (catalog.c), or a test's own. Functions that take a
 * call answer it with mcp_result, mcp_fail, or mcp_need_input. */
struct mcp_catalog {
    struct kta_json *(*list)(struct mcp_call *call, enum mcp_list which); /* caller owns */
    void (*tool)(struct mcp_call *call, const char *name, const struct kta_json *args);
    void (*read)(struct mcp_call *call, const char *uri);
    void (*prompt)(struct mcp_call *call, const char *name, const struct kta_json *args);
    void (*complete)(struct mcp_call *call);
    bool subscribe; /* resources/subscribe is served */
};
extern const struct mcp_catalog mcp_tool_catalog;

struct mcp_question;

struct mcp_server {
    const struct kta_mcp *options;
    const struct mcp_catalog *catalog;
    pthread_mutex_t lock, engine;
    pthread_cond_t changed; /* a question was answered, a call was cancelled or ended */
    struct mcp_session *sessions;
    struct mcp_call *calls;
    unsigned n_calls;
    struct mcp_call *working; /* holds the engine */
    struct mcp_question *questions;
    int64_t next_question;
    int64_t bucket_ms; /* the rate limit: when the bucket would be full again */
    int wake;          /* eventfd: a call ended */
    bool opened;
    struct kta_tool_env env; /* under engine */
    struct kta_report report;
    char id[33]; /* of this run: a request state of an earlier one is asked again */
    struct {
        char nonce[33];
        int64_t until;
    } used[64]; /* request states that were used */
    unsigned n_used;
    int64_t used_floor; /* what ends by then may have been used and forgotten */
};

/* ---- server.c ---- */
void mcp_server_init(struct mcp_server *s, const struct kta_mcp *options);
void mcp_server_release(struct mcp_server *s);
/* One message or batch as it came. Takes the exchange, which is answered through its transport,
 * maybe before this returns. */
void mcp_receive(struct mcp_exchange *x, const char *text, size_t n);
/* Answers without looking at a message (too large …). Takes the exchange. */
void mcp_refuse(struct mcp_exchange *x, int code, int status, const char *why);
struct mcp_exchange *mcp_exchange_new(struct mcp_server *s, const struct mcp_transport *transport,
                                      void *to);
/* Cancels the calls of a session, of an exchange, with an id: each NULL for any. */
void mcp_cancel(struct mcp_server *s, const struct mcp_session *session,
                const struct mcp_exchange *x, const struct kta_json *id);
/* Waits until no call is under way, at most ms. */
void mcp_drain(struct mcp_server *s, int64_t ms);
unsigned mcp_calls(struct mcp_server *s);

/* ---- admit.c ---- */
/* Fills in the call's session, revision, capabilities and log level; false after mcp_fail. */
bool mcp_admit(struct mcp_call *call, const char *method);

/* ---- session.c ---- */
struct mcp_session *mcp_session_new(struct mcp_server *s);
/* With a reference of the caller's, or NULL. */
struct mcp_session *mcp_session_find(struct mcp_server *s, const char *id);
void mcp_session_unref(struct mcp_server *s, struct mcp_session *session);
void mcp_session_end(struct mcp_server *s, struct mcp_session *session);
/* 32 hex digits that nobody can guess. */
void mcp_random_id(char ret[33]);

/* ---- methods.c ---- */
enum {
    MCP_SLOW = 1,
    MCP_LEGACY = 2,
    MCP_MODERN = 4,
    MCP_BEFORE = 8,
    MCP_INPUT = 16,
    MCP_CACHE = 32
};
struct mcp_method {
    const char *name;
    void (*run)(struct mcp_call *call);
    unsigned flags;    /* slow: in a thread; before: also before initialize; input: may ask back */
    const char *named; /* the parameter that the header Mcp-Name repeats, or NULL */
};
const struct mcp_method *mcp_method_find(const char *name);
extern const char *const mcp_log_levels[8];

/* ---- call.c ---- */
struct kta_json *mcp_result(struct mcp_call *call); /* an empty object that is the result */
void mcp_fail(struct mcp_call *call, int code, int status, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The whole answer as a message. */
void mcp_answer_text(struct mcp_call *call, struct kta_str *out);
void mcp_progress(struct mcp_call *call, double done, double total, const char *text);
void mcp_log(struct mcp_call *call, int level, const char *text);
bool mcp_cancelled(struct mcp_call *call);
bool mcp_client_can(const struct mcp_call *call, const char *capability);
/* A request of ours to the client (until 2025-11-25); waits for the answer, the engine is let go
 * meanwhile. Takes params. The result is the caller's; NULL: refused, gone, cancelled or late. */
struct kta_json *mcp_request(struct mcp_call *call, const char *method, struct kta_json *params);
void mcp_answered(struct mcp_server *s, const struct mcp_session *session,
                  struct kta_json *message);
/* 2026-07-28: asks back. Takes params. mcp_input: what came for it, or NULL. */
void mcp_need_input(struct mcp_call *call, const char *key, const char *method,
                    struct kta_json *params);
void mcp_no_input(struct mcp_call *call); /* nothing is asked after all: this answer is whole */
const struct kta_json *mcp_input(const struct mcp_call *call, const char *key);
/* Reads requestState; -1 after mcp_fail. */
int mcp_open_state(struct mcp_call *call);
/* Adds requestState, which holds `state` (taken), to the result; -1 if it cannot be sealed. */
int mcp_keep_state(struct mcp_call *call, struct kta_json *state);
/* Marks the request state as used; false if it was used before. */
bool mcp_use_state(struct mcp_call *call);

/* ---- engine.c ---- */
/* Waits until no other call works on the cluster; a call that was cancelled is interrupted then. */
void mcp_engine_take(struct mcp_call *call);
void mcp_engine_give(struct mcp_call *call);

/* ---- transports ---- */
int mcp_stdio(struct mcp_server *s, struct kta_err *err);
int mcp_http(struct mcp_server *s, struct kta_err *err);

/* ---- http_check.c: what a request's headers must be; NULL or why it is refused ---- */
struct mcp_http_rules {
    const char *address, *port; /* where we listen */
    bool remote;                /* --allow-remote */
    const char *token;
};
const char *mcp_http_check(const struct mcp_http_rules *rules, const char *host, const char *origin,
                           const char *authorization, int *ret_status);
bool mcp_is_loopback(const char *host);

#endif
