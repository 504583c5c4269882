/*
 * rest.h - the live cluster behind cluster_impl.h (private to k8s/).
 */
#ifndef KTA_K8S_REST_H
#define KTA_K8S_REST_H

#include "cluster_impl.h"
#include "kta/http.h"

struct auth;

struct rest {
    struct kta_http *http; /* made at the first request, again when a client certificate changed */
    struct auth *auth;
    struct kta_argv headers; /* of every request: whom to act as */
    int64_t timeout_ms;
    int reading; /* a read may start others when it is answered: the connection must stay then */
};

/* Fills in c->ops and c->impl from c->k. */
int rest_open(struct kta_cluster *c, int64_t timeout_ms, struct kta_err *err);

/* Makes sure that there is a connection with credentials that are good now. force: the ones in use
 * were refused. */
int rest_connect(struct kta_cluster *c, bool force, struct kta_err *err);
/* True if new credentials might help after a 401. */
bool rest_can_renew(const struct kta_cluster *c);

int rest_watch(struct kta_cluster *c, struct cluster_watch *w, struct kta_err *err);

/* ---- status.c: what an answer means, as a sentence ---- */

/* Appends "list events in namespace 'x'", "read the log of pod 'y' in …"; lists differ from gets.
 */
void describe_read(const char *path, struct kta_str *out);
/* Appends the word for one object of a path's resource: "pod". */
struct api_path;
void describe_kind(const struct api_path *a, struct kta_str *out);
/* The transport failed (q->failed). */
void status_transport(const struct kta_cluster *c, const char *doing, const struct kta_http_req *q,
                      struct kta_err *err);
/* An answer that is no 2xx, or no JSON where JSON was asked for. True if it came from Kubernetes
 * (and not from a proxy, a wrong address or the authentication). */
bool status_answer(const struct kta_cluster *c, const char *path, const char *doing,
                   const struct kta_http_req *q, struct kta_err *err);

#endif
