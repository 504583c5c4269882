/*
 * kubeexec.h - a user's exec credential plugin, as the kubeconfig describes it (private to k8s/).
 * It is run by execcred.c.
 */
#ifndef KTA_K8S_KUBEEXEC_H
#define KTA_K8S_KUBEEXEC_H

#include "kta/kubeconfig.h"
#include "kubefiles.h"

/* *ret stays NULL where the user has none; on failure it holds what was read so far. Caller frees.
 */
int kube_exec_load(const struct kube_entry *user, struct kta_exec_spec **ret, struct kta_err *err);
/* Adds the cluster's own configuration for the plugin: its extension
 * client.authentication.k8s.io/exec. */
void kube_exec_config(const struct kube_entry *cluster, struct kta_exec_spec *x);
void kube_exec_free(struct kta_exec_spec *x);

#endif
