/*
 * stores.h - fixes within a ConfigMap that a workload reads (private to diagnose/).
 */
#ifndef DIAGNOSE_STORES_H
#define DIAGNOSE_STORES_H

#include "address.h"

/* A fix of a ConfigMap that the container mounts and that names an address: renamed. False: none
 * does. */
bool kta_store_rename(const struct kta_pod_trouble *t, struct kta_finding *f,
                      const struct renaming *ways, size_t n, const char *why);
/* A fix that puts back what kubectl apply set last in a ConfigMap that was changed otherwise since.
 * False: it is as it was applied, or nobody knows. */
bool kta_store_restore(struct kta_world *w, struct kta_finding *f, const struct kta_json *owner,
                       const struct kta_json *store);
/* Does one of those keys (members "f:KEY") of a ConfigMap hold that number? */
bool kta_store_holds_number(struct kta_world *w, const struct kta_json *store,
                            const struct kta_json *keys, int64_t number);

#endif
