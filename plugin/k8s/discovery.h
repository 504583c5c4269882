/*
 * discovery.h - kinds that the table does not know, asked of the API server (private to k8s/).
 */
#ifndef KTA_K8S_DISCOVERY_H
#define KTA_K8S_DISCOVERY_H

#include "kta/kinds.h"

/* True if name ("deploy", "Deployment", "deployments.apps", "deployments.v1.apps") means k. */
bool kind_is(const struct kta_kind *k, const char *name);

struct discovery;
void discovery_free(struct discovery *d);

#endif
