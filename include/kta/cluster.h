/*
 * cluster.h - the one small interface through which everything reads a cluster: live, or a
 * snapshot.
 *
 * A read is a GET of a REST path. A live cluster answers over HTTP/2, many at once; a snapshot
 * answers from a folder that holds answers to the same reads (see snapshot.h). Nothing here can
 * change a cluster: kta_cluster_send refuses what is neither a dry run nor a review.
 * Answers are NOT redacted: redact.h is applied by whoever lets text out (evidence, preview).
 */
#ifndef KTA_CLUSTER_H
#define KTA_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kta/err.h"
#include "kta/json.h"
#include "kta/kubeconfig.h"
#include "kta/str.h"

struct kta_cluster;

/* timeout_ms: of one request (--request-timeout); 0 for the default. Takes ownership of k, also
 * when it fails. Nothing is sent yet, an exec credential plugin is run at the first read. *ret is
 * the caller's. */
int kta_cluster_open(struct kta_kubeconfig *k, int64_t timeout_ms, struct kta_cluster **ret,
                     struct kta_err *err);
/* dir: of kta_snapshot_write, or of `kubectl cluster-info dump`. *ret is the caller's. */
int kta_cluster_open_snapshot(const char *dir, struct kta_cluster **ret, struct kta_err *err);
void kta_cluster_free(struct kta_cluster *c);

/* What was opened. Never NULL. For a snapshot these are what was recorded. */
const char *kta_cluster_context(const struct kta_cluster *c);
const char *kta_cluster_server(const struct kta_cluster *c);
const char *kta_cluster_namespace(const struct kta_cluster *c); /* of the context, "default" else */
const char *kta_cluster_user(const struct kta_cluster *c);
bool kta_cluster_is_snapshot(const struct kta_cluster *c);
/* Now, or when the snapshot was taken: ages are counted from it. Seconds since the epoch. */
int64_t kta_cluster_now(const struct kta_cluster *c);
void kta_cluster_set_now(struct kta_cluster *c, int64_t now); /* it stands still there */
const struct kta_kubeconfig *kta_cluster_kubeconfig(const struct kta_cluster *c); /* or NULL */

enum kta_accept {
    KTA_ACCEPT_JSON,     /* application/json */
    KTA_ACCEPT_TABLE,    /* a Table, rows without objects */
    KTA_ACCEPT_METADATA, /* PartialObjectMetadata(List) */
    KTA_ACCEPT_TEXT,     /* a log: text, not parsed */
    KTA_ACCEPT_DISCOVERY /* /api and /apis: an aggregated APIGroupDiscoveryList */
};

struct kta_read {
    char *path; /* "/apis/apps/v1/namespaces/x/deployments?labelSelector=…"; owned */
    enum kta_accept accept;
    size_t page;     /* objects of one page of a list; 0: KTA_LIST_PAGE */
    size_t max;      /* bytes; 0: KTA_MAX_HTTP_BODY; a text answer is cut there, not refused */
    int64_t once_ms; /* not 0: asked only once, for at most so long; any status is the answer, in
                        text */
    /* Of a list that has more than keep_all items, those for which keep returns false are dropped
     * while it streams in (keep may also shorten an item): what is dropped is never all in memory
     * at once, and is counted in metadata.remainingItemCount. NULL: everything is kept. trim (or
     * NULL) shortens every item of such a list. */
    void (*trim)(struct kta_json *item);
    bool (*keep)(void *ctx, struct kta_json *item);
    void *keep_ctx;
    size_t keep_all;
    /* Called when this read has been answered well, maybe while others of the call are still under
     * way; may itself read: all go on together. NULL: nobody waits for it. */
    void (*on_done)(void *ctx, struct kta_read *read);
    void *done_ctx;
    /* results */
    int status;            /* HTTP status, 0: none came */
    size_t dropped;        /* items that keep did not want */
    struct kta_json *json; /* parsed answer of a 2xx, owned; NULL otherwise and for text */
    struct kta_str text;   /* for KTA_ACCEPT_TEXT */
    struct kta_err err;    /* set when not 2xx: "cannot list events in 'x': forbidden …" */
    bool failed;
};

/* Adds a read of a path (printf; escaping is the caller's) to the array. The pointer is good until
 * the next one is added, which may move the array: to look at a read later, keep its number. The
 * path, json and text of every read go with kta_reads_free: take them out (KTA_STEAL) to keep them.
 */
struct kta_read *kta_read_add(struct kta_read **reads, size_t *n, size_t *cap,
                              enum kta_accept accept, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* The array, too. */
void kta_reads_free(struct kta_read *reads, size_t n);

/* Does all reads, in parallel where it is live. Lists are paged through (limit, continue) up to
 * KTA_MAX_LIST items, unless the path has a limit of its own. Returns -1 only when interrupted, or
 * when not one of them reached the cluster (then err tells it once: refused, TLS, 401). */
int kta_cluster_read(struct kta_cluster *c, struct kta_read *reads, size_t n, struct kta_err *err);
/* One read of JSON: *ret is the answer, owned by the caller. 404 is KTA_E_NOT_FOUND. */
int kta_cluster_get(struct kta_cluster *c, struct kta_json **ret, struct kta_err *err,
                    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* A dry run (the path must hold dryRun=All) or a review (authorization.k8s.io,
 * authentication.k8s.io); anything else is refused with KTA_E_POLICY. */
struct kta_send {
    const char *method, *path;
    const char *content_type, *body; /* body NULL: none; borrowed until it is answered, as path */
    /* results */
    int status;            /* HTTP status, 0: no answer came, and err tells why */
    struct kta_json *json; /* the parsed answer, also of an error (a Status); the caller's */
    struct kta_err err;
};

/* Sends all at once. Returns -1 when interrupted, and, having sent nothing, when one may not be
 * sent or the cluster is a snapshot. */
int kta_cluster_send_all(struct kta_cluster *c, struct kta_send *sends, size_t n,
                         struct kta_err *err);
/* One of them: -1 when no answer came. */
int kta_cluster_send(struct kta_cluster *c, const char *method, const char *path,
                     const char *content_type, const char *body, int *ret_status,
                     struct kta_json **ret, struct kta_err *err);

/* Watches a list path (watch=true and resourceVersion are added) until on_event returns false, the
 * deadline (ms from now) passes (KTA_E_TIMEOUT) or a signal comes. type is ADDED, MODIFIED,
 * DELETED; the object is freed by the watch. Broken streams are taken up again; 410 starts over
 * with a list, whose items are reported as ADDED. tick (may be NULL) is called at least every
 * tick_ms and may also end it by returning false. */
int kta_cluster_watch(struct kta_cluster *c, const char *path, int64_t deadline_ms,
                      bool (*on_event)(void *ctx, const char *type, struct kta_json *object),
                      bool (*tick)(void *ctx), int64_t tick_ms, void *ctx, struct kta_err *err);

/* Counters for -v. */
struct kta_cluster_stats {
    int requests;
    size_t bytes;
    int64_t ms;
};
struct kta_cluster_stats kta_cluster_stats(const struct kta_cluster *c);

#endif
