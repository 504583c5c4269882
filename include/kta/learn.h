/*
 * learn.h - the values of Secrets, taught to the redaction session before text that may hold them
 * is read.
 */
#ifndef KTA_LEARN_H
#define KTA_LEARN_H

#include "kta/cluster.h"
#include "kta/err.h"
#include "kta/json.h"
#include "kta/redact.h"
#include "kta/world.h"

/* Reads the Secrets that the pods in sight refer to and teaches their values to the redaction
 * session; nothing else keeps them. Not on a snapshot, not where it is switched off
 * (kta_redact_read_secrets). -1 only when interrupted. */
int kta_learn_secrets(struct kta_world *w, const char *ns, struct kta_err *err);
/* The same for one object and its pods' template, before its log or its description is read outside
 * of a world. kind as kubectl spells it; name NULL or "": the pods of the namespace (at most 200).
 * Kinds without pods are passed over. */
int kta_learn_object(struct kta_cluster *c, struct kta_redact *r, const char *kind, const char *ns,
                     const char *name, struct kta_err *err);

/* The same for an object or a list of them that was read already. */
int kta_learn_from(struct kta_cluster *c, struct kta_redact *r, const struct kta_json *objects,
                   struct kta_err *err);

#endif
