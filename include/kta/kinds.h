/*
 * kinds.h - names of resources: "deploy", "deployments.apps", "Deployment" → path and properties.
 *
 * The well-known kinds are rows of a table; others (custom resources) are asked of the API server's
 * discovery (aggregated discovery, /api and /apis), once a cluster. A row of the table lives for
 * ever, a discovered kind as long as its kta_cluster.
 */
#ifndef KTA_KINDS_H
#define KTA_KINDS_H

#include <stdbool.h>
#include "kta/cluster.h"
#include "kta/err.h"
#include "kta/str.h"

struct kta_kind {
    const char *kind;    /* "Deployment" */
    const char *plural;  /* "deployments" */
    const char *group;   /* "apps", "" for core */
    const char *version; /* "v1" */
    const char *shorts;  /* "deploy" or "po,pods"…; blank-separated, may be "" */
    bool namespaced;
};

/* From the table alone; any spelling kubectl takes, case ignored; NULL when unknown. */
const struct kta_kind *kta_kind_known(const char *name);
/* The same, then discovery; KTA_E_NOT_FOUND names the nearest. c may be NULL (table only). */
int kta_kind_find(struct kta_cluster *c, const char *name, const struct kta_kind **ret,
                  struct kta_err *err);
/* The kind of an object by its apiVersion and kind (owner references, manifests): the table's, else
 * discovery's (a read of the cluster, the first time), in that version where it is served, else in
 * another one; NULL when unknown. c may be NULL (table only). */
const struct kta_kind *kta_kind_of(struct kta_cluster *c, const char *api_version,
                                   const char *kind);
/* The kind as this server has it: of the versions of its group the first that holds the resource
 * (discovery, a read of the cluster the first time); NULL when it has none, or cannot say. */
const struct kta_kind *kta_kind_served(struct kta_cluster *c, const struct kta_kind *k);
/* Kinds may have come since: the next one that is not known is asked of discovery again. */
void kta_kinds_changed(struct kta_cluster *c);
/* Appends "/apis/apps/v1/namespaces/NS/deployments[/NAME]"; escaped. ns NULL: all or cluster. */
void kta_kind_path(const struct kta_kind *k, const char *ns, const char *name, struct kta_str *out);
/* All rows, for completion and for matching words of a question. */
const struct kta_kind *kta_kinds(size_t *ret_n);

#endif
