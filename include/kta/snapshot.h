/*
 * snapshot.h - a folder that holds what diagnosis read, redacted.
 *
 * Layout: DIR/meta.json (version, context, server, namespace, time, tool version) and one file for
 * each read, named by its path: "api/v1/namespaces/demo/pods.json", a log as
 * "api/v1/namespaces/demo/pods/NAME/log/CONTAINER[.previous].txt". A list answers reads of its
 * items and of the same list with a labelSelector or fieldSelector on metadata.name, so that a
 * snapshot does not depend on the order of reads. What was not recorded is 404; what was forbidden
 * is recorded as such ({"kind":"Status",…}). Of Helm's records it holds status and manifest,
 * redacted (helmrel.h), so that drift is told from it, too. Also read: a folder written by kubectl
 * cluster-info dump --output-directory.
 */
#ifndef KTA_SNAPSHOT_H
#define KTA_SNAPSHOT_H

#include "kta/cluster.h"
#include "kta/err.h"
#include "kta/redact.h"

struct kta_snapshot_writer;

/* Makes DIR (must not exist or be empty). From now on every read of c is recorded, redacted. */
int kta_snapshot_begin(const char *dir, struct kta_cluster *c, struct kta_redact *redact,
                       struct kta_snapshot_writer **ret, struct kta_err *err);
/* Stops recording, writes meta.json; *ret_files is how many. Frees w. */
int kta_snapshot_end(struct kta_snapshot_writer *w, size_t *ret_files, struct kta_err *err);

#endif
