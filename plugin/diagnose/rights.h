/*
 * rights.h - a refusal by RBAC as the API server words it, and what would grant it.
 */
#ifndef KTA_RIGHTS_H
#define KTA_RIGHTS_H

#include "diag.h"

/* 'secrets "db" is forbidden: User "system:serviceaccount:NS:NAME" cannot get resource "secrets" in
 * API group "" in the namespace "demo"' */
struct kta_denied {
    char *user, *verb, *resource, *group;
    char *ns;         /* NULL: at the cluster scope */
    char *object;     /* its name, where the refusal is of one object; else NULL */
    char *sa_ns, *sa; /* the service account that the user is, or NULL */
};

/* The last refusal that a text tells; false: none. */
bool kta_denied_parse(const char *text, size_t len, struct kta_denied *ret);
void kta_denied_release(struct kta_denied *d);
/* Do the bindings that may be read grant it by now? */
bool kta_rights_granted(struct kta_world *w, const struct kta_denied *d);
/* Quotes the binding or role that nearly grants it; adds the smallest change that would. */
void kta_rights_fix(struct kta_world *w, struct kta_finding *f, const struct kta_denied *d);

#endif
