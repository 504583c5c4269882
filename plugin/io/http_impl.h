/*
 * http_impl.h - libcurl and what is behind struct kta_http (private to http*.c, the only files that
 * know libcurl).
 *
 * libcurl is loaded at the first request: with what it needs it is 30 libraries, 10 ms and 8 MiB,
 * which a run without a cluster should not pay for. Every call goes through the table http_curl.
 */
#ifndef KTA_IO_HTTP_IMPL_H
#define KTA_IO_HTTP_IMPL_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#undef curl_easy_setopt /* macros over the variadic functions, which are called through a table */
#undef curl_easy_getinfo
#undef curl_multi_setopt
#include "http_address.h"
#include "kta/http.h"
#include "kta/limits.h"

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
struct http_curl {
    CURL_CALLS(CURL_MEMBER)
};
extern struct http_curl http_curl;

#define curl_easy_cleanup(...)        http_curl.curl_easy_cleanup(__VA_ARGS__)
#define curl_easy_getinfo(...)        http_curl.curl_easy_getinfo(__VA_ARGS__)
#define curl_easy_init(...)           http_curl.curl_easy_init(__VA_ARGS__)
#define curl_easy_reset(...)          http_curl.curl_easy_reset(__VA_ARGS__)
#define curl_easy_setopt(...)         http_curl.curl_easy_setopt(__VA_ARGS__)
#define curl_easy_strerror(...)       http_curl.curl_easy_strerror(__VA_ARGS__)
#define curl_getdate(...)             http_curl.curl_getdate(__VA_ARGS__)
#define curl_multi_add_handle(...)    http_curl.curl_multi_add_handle(__VA_ARGS__)
#define curl_multi_cleanup(...)       http_curl.curl_multi_cleanup(__VA_ARGS__)
#define curl_multi_info_read(...)     http_curl.curl_multi_info_read(__VA_ARGS__)
#define curl_multi_init(...)          http_curl.curl_multi_init(__VA_ARGS__)
#define curl_multi_perform(...)       http_curl.curl_multi_perform(__VA_ARGS__)
#define curl_multi_poll(...)          http_curl.curl_multi_poll(__VA_ARGS__)
#define curl_multi_remove_handle(...) http_curl.curl_multi_remove_handle(__VA_ARGS__)
#define curl_multi_setopt(...)        http_curl.curl_multi_setopt(__VA_ARGS__)
#define curl_slist_append(...)        http_curl.curl_slist_append(__VA_ARGS__)
#define curl_slist_free_all(...)      http_curl.curl_slist_free_all(__VA_ARGS__)

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

/* http_curl.c: loads libcurl, once. */
int http_curl_load(struct kta_err *err);

/* http_transfer.c: one request on its way. begin gives it to the multi handle; finish takes what
 * curl says of it; fail ends it with a sentence (ms: the deadline that passed, or 0). */
void http_transfer_begin(struct kta_http *h, struct transfer *t, struct kta_http_req *r);
void http_transfer_finish(struct transfer *t, CURLcode rc);
void http_transfer_fail(struct transfer *t, enum kta_code code, const char *what, int64_t ms);

#endif
