/*
 * auth.h - the credentials of one user, good now (private to k8s/).
 *
 * Sources: a token, a token file (read again, since bound tokens are rotated), a password, a client
 * certificate, an exec credential plugin.
 */
#ifndef KTA_K8S_AUTH_H
#define KTA_K8S_AUTH_H

#include <stdbool.h>
#include "kta/err.h"
#include "kta/kubeconfig.h"
#include "kta/str.h"

struct auth;

struct auth *auth_new(const struct kta_kubeconfig *k); /* k is borrowed */
void auth_free(struct auth *a);

/* Makes the credentials good now: reads the token file, runs the plugin, when that is due. force:
 * what was used so far has been refused with 401. */
int auth_prepare(struct auth *a, bool force, struct kta_err *err);
/* After auth_prepare: the Authorization header's value, or NULL; the client certificate, or NULL.
 */
const char *auth_header(const struct auth *a);
const char *auth_cert(const struct auth *a);
const char *auth_key(const struct auth *a);
/* Grows by one when the certificate changes: then the connections must be made anew. */
int auth_generation(const struct auth *a);
bool auth_can_renew(const struct auth *a);
/* "Impersonate-User: …" headers. */
int auth_impersonation(const struct kta_kubeconfig *k, struct kta_argv *ret, struct kta_err *err);

#endif
