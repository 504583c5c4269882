/*
 * questions.h - questions about a cluster that have a definite answer: who can do what, what can
 * reach what, what changed lately, what runs, what is not ready, what uses most.
 *
 * Each appends Markdown for people (redacted) and returns 0; -1 with err only when nothing could be
 * read at all. What could not be seen is said in the text.
 */
#ifndef KTA_QUESTIONS_H
#define KTA_QUESTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include "kta/diagnose.h"
#include "kta/err.h"
#include "kta/str.h"
#include "kta/world.h"

enum kta_reachable {
    KTA_REACH_UNKNOWN, /* an end was not found, or is outside of what policies can tell */
    KTA_REACH_NO,
    KTA_REACH_YES,
};
/* Do NetworkPolicies let connections from one end to the other? from and to: "backend",
 * "deployment/backend", "other-ns/backend", "backend.other-ns.svc", a pod, a Service (to),
 * "namespace/shop" (from: a pod there that has no labels), an IP address or "internet". port:
 * "5432", "http", or NULL: any that the destination declares. A simulation: what enforces policies
 * may differ in corners, and this is said. */
int kta_reach(struct kta_world *w, const char *ns, const char *from, const char *to,
              const char *port, enum kta_reachable *ret, struct kta_str *out, struct kta_err *err);

/* What RBAC may grant. */
struct kta_right {
    const char *verb;     /* as RBAC spells it: "get", "delete", "*" */
    const char *resource; /* in any spelling kubectl takes, with a subresource: "pods/exec" */
    const char *ns;       /* NULL: in all namespaces */
    const char *name;     /* NULL: any object */
    const char *subject;  /* "alice", "ci", "shop/ci": whether it may is said first; or NULL */
};
/* Who is bound to a role that grants it. *ret_n: subjects. */
int kta_who_can(struct kta_world *w, const struct kta_right *asked, size_t *ret_n,
                struct kta_str *out, struct kta_err *err);

/* What a subject ("alice", "ci", "shop/ci") may do by RBAC, rule by rule, and where: in ns, or NULL
 * in all namespaces. What everybody may who is known at all is left out, which is said. */
int kta_rights_of(struct kta_world *w, const char *subject, const char *ns, struct kta_str *out,
                  struct kta_err *err);

/* What was changed in the scope in the last so many seconds, newest first: rollouts with what they
 * changed, Helm revisions, fields by managedFields with manager, objects that are new. Where the
 * world has a focus (kta_target_focus): only of that, and of the ConfigMaps and Secrets it reads.
 */
int kta_recent_changes(struct kta_world *w, const struct kta_scope *scope, int64_t seconds,
                       size_t *ret_n, struct kta_str *out, struct kta_err *err);

/* Images that run, with how many pods each; pods and workloads that are not ready; restarts; what
 * containers request and may use. Of what the world has a focus on, where it has one. */
int kta_images_table(struct kta_world *w, const struct kta_scope *scope, struct kta_str *out,
                     struct kta_err *err);
int kta_not_ready_table(struct kta_world *w, const struct kta_scope *scope, struct kta_str *out,
                        struct kta_err *err);
int kta_restarts_table(struct kta_world *w, const struct kta_scope *scope, struct kta_str *out,
                       struct kta_err *err);
int kta_limits_table(struct kta_world *w, const struct kta_scope *scope, struct kta_str *out,
                     struct kta_err *err);

/* Which workloads of its namespace name a ConfigMap, Secret, claim or ServiceAccount. */
int kta_used_by(struct kta_world *w, const struct kta_json *object, struct kta_str *out,
                struct kta_err *err);

/* What a workload's pods name of ConfigMaps, Secrets, claims and ServiceAccounts, and what of it is
 * not there. plural: of that kind alone; "" or another kind: of all. */
int kta_uses(struct kta_world *w, const struct kta_json *workload, const char *plural,
             struct kta_str *out, struct kta_err *err);

/* Usage as a table, from metrics.k8s.io; says how to get metrics where there are none. Appends
 * text for people (Markdown). */
int kta_usage_table(struct kta_world *w, const struct kta_scope *scope, bool by_memory,
                    struct kta_str *out, struct kta_err *err);

#endif
