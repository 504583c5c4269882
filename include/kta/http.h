/*
 * http.h - HTTP(S) requests, many at once, over shared connections. libcurl lives behind it.
 *
 * One struct kta_http per peer identity (an API server as one user; a model endpoint). Requests are
 * described by structs and run together; HTTP/2 is used and multiplexed where TLS offers it.
 * Redirects are not followed. TLS 1.2 or newer; certificates are verified unless tls.insecure.
 * No threads: kta_http_run polls, and gives up when a signal came (interrupt.h).
 */
#ifndef KTA_HTTP_H
#define KTA_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kta/err.h"
#include "kta/str.h"

/* Who we are and whom we trust. Strings are copied. PEM texts, not files, NULL when unused. */
struct kta_tls {
    const char *ca_pem; /* NULL: the system's certificates */
    const char *cert_pem, *key_pem;
    const char *server_name; /* for SNI and the certificate, where it is not the URL's host */
    bool insecure;
};

struct kta_http_config {
    const char *base;  /* "https://host:6443/prefix"; request paths are appended */
    const char *proxy; /* NULL: the environment's proxies; "": none */
    struct kta_tls tls;
    const char *const *headers; /* NULL-terminated "Name: value", sent with each request */
    const char *user_agent;
    int64_t connect_ms; /* 0: KTA_HTTP_CONNECT_MS */
};

struct kta_http;

/* Sends nothing yet. KTA_E_USAGE: the address or a header is malformed. No run may be under way
 * when it is freed. */
int kta_http_new(const struct kta_http_config *config, struct kta_http **ret, struct kta_err *err);
void kta_http_free(struct kta_http *h);
/* Replaces (or with value NULL removes) a header that every later request carries: bearer tokens
 * that are renewed. */
void kta_http_header(struct kta_http *h, const char *name, const char *value);

struct kta_http_req {
    /* filled in by the caller; all pointers must live until the run ends */
    const char *method; /* NULL: GET */
    const char *path;   /* "/api/v1/pods?limit=500", already escaped */
    const char *body;
    size_t body_len;
    const char *content_type;       /* NULL with a body: application/json */
    const char *accept;             /* NULL: application/json */
    const char *const *headers;     /* more, or NULL */
    int64_t timeout_ms;             /* whole request; 0: KTA_HTTP_TIMEOUT_MS, -1: none (streams) */
    int64_t first_byte_ms, idle_ms; /* 0: none; idle counts from the first byte of the body, */
    bool idle_from_head;            /* or from the answer's head */
    bool fresh;                     /* not over a connection that is there */
    bool unpack;                    /* some proxies compress what nobody asked them to: undo it */
    size_t max_body;                /* 0: KTA_MAX_HTTP_BODY */
    /* Streaming: called with each piece of a 2xx body instead of collecting it. Returning false
     * ends the request early, which is then not an error. */
    bool (*on_body)(void *ctx, const char *p, size_t n);
    /* Called once when the request has ended, well or not, while others may still be under way; may
     * release the answer, and may itself run requests of this peer: all go on together. Not called
     * for those that an interrupt cut off. */
    void (*on_end)(struct kta_http_req *r);
    void *ctx; /* of on_body and on_end */
    /* results */
    int status;               /* 0 when no answer came */
    struct kta_str answer;    /* the body (of any status; for 2xx only without on_body) */
    char content_type_in[96]; /* of the answer, lower case, without parameters */
    int64_t retry_after_ms;   /* from Retry-After (seconds or date), or -1 */
    int64_t took_ms;
    /* Set only when the transport failed: no status, or the answer broke off. A 4xx is not an error
     * here. code is KTA_E_CLUSTER (refused, unreachable, resolve), KTA_E_AUTH (TLS), KTA_E_TIMEOUT,
     * KTA_E_LIMIT, KTA_E_INTERRUPTED. */
    struct kta_err err;
    bool failed;
    bool broke; /* failed after the connection stood: worth another try */
};

/* Runs n requests together (at most KTA_HTTP_PARALLEL under way), until all have ended. Returns -1
 * only when interrupted; each request tells its own fate. */
int kta_http_run(struct kta_http *h, struct kta_http_req *reqs, size_t n, struct kta_err *err);
/* Frees the answer; the caller's strings stay. */
void kta_http_req_release(struct kta_http_req *r);

/* Appends s percent-encoded for one path segment or query value (RFC 3986 unreserved kept). */
void kta_url_escape(const char *s, struct kta_str *out);

#endif
