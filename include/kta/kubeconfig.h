/*
 * kubeconfig.h - which cluster, as whom: kubectl's own rules.
 *
 * Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
 * Order: --kubeconfig; else the files of $KUBECONFIG merged (first to set a value wins, missing
 * files skipped); else ~/.kube/config; else, inside a pod, the service account. Relative paths in a
 * file are relative to that file. Nothing is written.
 */
#ifndef KTA_KUBECONFIG_H
#define KTA_KUBECONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/argv.h"
#include "kta/err.h"

/* kubectl's flags; all borrowed, NULL when not given. */
struct kta_kube_flags {
    const char *kubeconfig, *context, *cluster, *user, *namespace_;
    const char *server, *token, *as, *as_uid;
    const struct kta_argv *as_groups; /* may be NULL */
    bool insecure;
};

/* One exec credential plugin (client.authentication.k8s.io). */
struct kta_exec_spec {
    struct kta_argv argv; /* command and args; a command with a slash is relative to its file */
    struct kta_argv env;  /* "K=V" added to the environment */
    char *api_version, *install_hint, *interactive_mode;
    bool provide_cluster_info;
    char *cluster_config; /* JSON: the cluster's extension for the plugin, or NULL */
};

/* Everything resolved. All strings owned; PEM contents loaded from data or files. */
struct kta_kubeconfig {
    char *context, *cluster, *user, *namespace_; /* context "" with --server alone or in a pod */
    char *server, *proxy_url, *tls_server_name;
    char *ca_pem, *cert_pem, *key_pem;
    char *token, *token_file; /* a token file is read again when it changes (bound tokens) */
    char *username, *password;
    char *as, *as_uid;
    struct kta_argv as_groups;
    struct kta_argv as_extra; /* "key=value" */
    bool insecure, in_cluster;
    struct kta_exec_spec *exec; /* or NULL */
    char *env_kubeconfig;       /* what KUBECONFIG must be for kubectl to see the same files */
};

/* Errors: KTA_E_USAGE with file and line for a broken file, for an unknown context (the nearest
 * name is offered), for no configuration at all (the hint says how to make one). */
int kta_kubeconfig_load(const struct kta_kube_flags *flags, struct kta_kubeconfig **ret,
                        struct kta_err *err);
void kta_kubeconfig_free(struct kta_kubeconfig *k);
/* Names of all contexts, for completion and /context; ret is released by kta_argv_release. */
int kta_kubeconfig_contexts(const struct kta_kube_flags *flags, struct kta_argv *ret,
                            struct kta_err *err);

#endif
