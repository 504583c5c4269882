/*
 * helmrel.h - Helm's release records: Secrets of type helm.sh/release.v1, whose data.release is
 * base64 (of the Secret) of base64 of gzip of JSON. Source: helm.sh/helm pkg/storage/driver.
 */
#ifndef KTA_HELMREL_H
#define KTA_HELMREL_H

#include "kta/err.h"
#include "kta/json.h"
#include "kta/redact.h"

/* *ret: {name, namespace, version, info{status, description, last_deployed…}, chart{metadata,
 * values…}, config, manifest}; owned by the caller. */
int kta_helm_release_decode(const struct kta_json *secret, struct kta_json **ret,
                            struct kta_err *err);
/* What may leave the cluster of a record: name, version, info, how it was applied, and the manifest
 * with its objects redacted; no chart, no values. As data.release of a Secret, so that it decodes
 * as above; NULL where the Secret holds no record. Caller frees. */
char *kta_helm_release_redacted(const struct kta_json *secret, struct kta_redact *r);

#endif
