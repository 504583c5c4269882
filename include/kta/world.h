/*
 * world.h - what has been read of the cluster for one question: objects, indexed, read once.
 *
 * Analyzers ask the world, and the world asks the cluster for what it does not have yet: so they
 * are plain functions of it, and run on a snapshot as on a live cluster. kta_world_prefetch reads
 * what will be needed in parallel; a later single read is the exception. What could not be read
 * (403, 404 of an API) is remembered and told once.
 */
#ifndef KTA_WORLD_H
#define KTA_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kta/cluster.h"
#include "kta/err.h"
#include "kta/finding.h"
#include "kta/json.h"
#include "kta/redact.h"
#include "kta/report.h"

struct kta_world;

/* Borrows all three, which must outlive it; report may be NULL. */
struct kta_world *kta_world_new(struct kta_cluster *c, struct kta_redact *redact,
                                const struct kta_report *report);
void kta_world_free(struct kta_world *w);
struct kta_cluster *kta_world_cluster(struct kta_world *w);
struct kta_redact *kta_world_redact(struct kta_world *w);
int64_t kta_world_now(const struct kta_world *w);

/* Reads, in parallel, the lists of these kinds ("pods", "deployments" …) in ns (NULL: all
 * namespaces, or cluster-scoped). Kinds already there are not read again. -1 as kta_cluster_read.
 */
int kta_world_prefetch(struct kta_world *w, const char *ns, const char *const *kinds, size_t n,
                       struct kta_err *err);

/* Called when a prefetch has a list of ns (unless it is too long to keep) while others are still
 * under way; may prefetch what it calls for, beside them. kind: plural. Lasts until it is replaced;
 * NULL: nobody. */
void kta_world_on_list(struct kta_world *w,
                       void (*on_list)(struct kta_world *w, const char *kind, const char *ns,
                                       void *ctx),
                       void *ctx);
/* Fixes will be asked about: what a change that broke something would be undone with is sent for a
 * dry run as soon as the change is seen, beside reading. */
void kta_world_want_checks(struct kta_world *w);

/* The objects of a kind in a namespace (ns NULL: all that were read); reads the list if it was not
 * read yet. Returns how many. *ret and the objects are the world's own; the array holds until
 * something else is read, the objects as long as the world. Unreadable: 0 (kta_world_missing). */
size_t kta_world_list(struct kta_world *w, const char *kind, const char *ns,
                      struct kta_json *const **ret);
/* One object, or NULL. *ret_known (may be NULL) is false when it could not be read at all: then
 * NULL does not mean that it does not exist. */
struct kta_json *kta_world_get(struct kta_world *w, const char *kind, const char *ns,
                               const char *name, bool *ret_known);
struct kta_json *kta_world_uid(struct kta_world *w, const char *uid); /* among what was read */

/* Events of an object, matched by uid (by kind and name where an event has none), newest first. */
size_t kta_world_events(struct kta_world *w, const struct kta_json *object,
                        struct kta_json ***ret); /* caller frees the array */
/* The object at the top of the ownership chain: pod → ReplicaSet → Deployment. Never NULL for a
 * non-NULL object: at least itself. */
struct kta_json *kta_world_owner(struct kta_world *w, struct kta_json *object);
/* Pods that a workload or Service selects (owned ones, for a workload). Caller frees the array. */
size_t kta_world_pods_of(struct kta_world *w, const struct kta_json *object,
                         struct kta_json ***ret);

/* A container's log, NULL if there is none. Read once, raw: redact before it is shown. */
const char *kta_world_log(struct kta_world *w, const char *ns, const char *pod,
                          const char *container, bool previous, size_t *ret_len);
/* Reads several logs in parallel, so that kta_world_log finds them. */
struct kta_log_want {
    const char *ns, *pod, *container;
    bool previous;
};
int kta_world_prefetch_logs(struct kta_world *w, const struct kta_log_want *wants, size_t n,
                            struct kta_err *err);
/* Both at once. */
int kta_world_prefetch_all(struct kta_world *w, const char *ns, const char *const *kinds, size_t n,
                           const struct kta_log_want *wants, size_t n_wants, struct kta_err *err);
/* metrics.k8s.io for a namespace: PodMetrics list; NULL when it does not answer. */
size_t kta_world_pod_metrics(struct kta_world *w, const char *ns, struct kta_json *const **ret);
/* They will be asked for: the next prefetch reads them beside its lists. metrics-server answers
 * slower than all the rest (measured: 15 ms against 2). */
void kta_world_want_metrics(struct kta_world *w);
/* The logs of what runs well are of interest too, not only of objects that were named: a question
 * is about them. */
void kta_world_want_logs(struct kta_world *w);

/* What could not be read: "events in 'demo': forbidden …"; one line each, or "". */
const char *kta_world_missing(struct kta_world *w);

#endif
