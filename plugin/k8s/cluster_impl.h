/*
 * cluster_impl.h - what is behind struct kta_cluster (private to k8s/).
 *
 * Two implementations of one table: rest.c (live) and snapshot.c (a folder). Contracts of the
 * functions are those of cluster.h.
 */
#ifndef KTA_K8S_CLUSTER_IMPL_H
#define KTA_K8S_CLUSTER_IMPL_H

#include "kta/cluster.h"

struct apis;
struct discovery;

struct cluster_watch {
    const char *path;
    int64_t deadline; /* kta_now_ms() at which it ends */
    bool (*on_event)(void *ctx, const char *type, struct kta_json *object);
    bool (*tick)(void *ctx); /* or NULL */
    int64_t tick_ms;
    void *ctx;
};

struct cluster_ops {
    int (*read)(struct kta_cluster *c, struct kta_read *reads, size_t n, struct kta_err *err);
    /* NULL: nothing can be sent */
    int (*send)(struct kta_cluster *c, struct kta_send *sends, size_t n, struct kta_err *err);
    int (*watch)(struct kta_cluster *c, struct cluster_watch *w, struct kta_err *err);
    void (*free)(struct kta_cluster *c);
};

struct kta_cluster {
    const struct cluster_ops *ops;
    char *context, *server, *namespace_, *user;
    int64_t now;              /* KTA_NO_TIME: the clock's */
    struct kta_kubeconfig *k; /* NULL for a snapshot */
    void *impl;
    /* A snapshot being written: sees each read when it is done. */
    void (*record)(void *ctx, const struct kta_read *r);
    void *record_ctx;
    struct discovery *discovery; /* NULL until it was asked for */
    struct kta_cluster_stats stats;
};

/* Gives the items of a list the kind and apiVersion that the API server leaves out of them. */
void list_complete(struct kta_json *list);
/* A read has been answered well: called by both implementations, once, when it comes. */
void read_answered(struct kta_read *r);

#endif
