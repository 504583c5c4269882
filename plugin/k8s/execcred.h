/*
 * execcred.h - exec credential plugins, client.authentication.k8s.io/v1 and v1beta1 (private to
 * k8s/). Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/
 *
 * The plugin is started by argv, without a shell, once a process, as kubectl does: nothing is kept
 * on disk. Who it logs in as depends on the environment (AWS_PROFILE) and on files of its own (az
 * login), so what another run was given may be another person's.
 */
#ifndef KTA_K8S_EXECCRED_H
#define KTA_K8S_EXECCRED_H

#include <stdbool.h>
#include <stdint.h>
#include "kta/err.h"
#include "kta/kubeconfig.h"
#include "kta/str.h"

struct exec_credential {
    char *token, *cert_pem, *key_pem; /* a token, or certificate and key, or all */
    int64_t expires;                  /* seconds since the epoch, or KTA_NO_TIME */
};

void exec_credential_release(struct exec_credential *c);
/* Errors are KTA_E_AUTH and carry the plugin's stderr and the kubeconfig's installHint. */
int exec_credential_get(const struct kta_kubeconfig *k, struct exec_credential *ret,
                        struct kta_err *err);

#endif
