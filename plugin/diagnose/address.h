/*
 * address.h - the address that a container calls (private to address.c, to dependency.c, which
 * tells what is wrong with it, and to probe_command.c).
 */
#ifndef DIAGNOSE_ADDRESS_H
#define DIAGNOSE_ADDRESS_H

#include "crash.h"

bool address_is_ip(const char *host);
/* A host name from its Service's name on: what stands before may be a pod of a StatefulSet of the
 * namespace (*ret_set, if wanted), which has a name of its own below its headless Service. */
const char *address_from_service(struct kta_world *w, const char *ns, const char *host,
                                 const struct kta_json **ret_set);

/* A variable of a container whose value holds an address; owned. */
struct naming {
    char *name; /* of the variable */
    char *value;
    char *host, *port;
};
/* The container's variable whose value names the host (NULL: any host, and then host and port are
 * what it names). */
bool naming_of(const struct kta_pod_trouble *t, const char *host, struct naming *ret);
void naming_release(struct naming *x);
/* A fix that sets the variable with `from` replaced by `to`. */
void naming_fix(const struct kta_pod_trouble *t, struct kta_finding *f, const struct naming *x,
                const char *from, const char *to, const char *why);

/* What an address is to be replaced by, where it is a word of its own. */
struct renaming {
    const char *from, *to;
};
/* The same where a ConfigMap that the container mounts names it, or its own command, in any of the
 * ways given; the first way is what is told. False: nothing names it. */
bool naming_elsewhere(const struct kta_pod_trouble *t, struct kta_finding *f,
                      const struct renaming *ways, size_t n, const char *why);

/* The patch of the container's command and args with every word renamed, or NULL where none of them
 * holds one; the caller's. */
struct kta_json *renamed_command(const struct kta_pod_trouble *t, const struct renaming *ways,
                                 size_t n);

/* Puts the text into out (empty), renamed; false: there was nothing to rename. */
bool address_rename(const char *text, const struct renaming *ways, size_t n, struct kta_str *out);

/* The address that a log leaves out: of the Services that the container's variables and command
 * name, the first, or one that a NetworkPolicy closes. */
struct given {
    const struct kta_pod_trouble *t;
    const char *only;  /* this port, or NULL: any */
    char *host, *port; /* of a Service that the container is told of; the caller's */
    bool closed;       /* a NetworkPolicy keeps the container from it */
};
struct given address_given(const struct kta_pod_trouble *t, const char *port);
/* The first Service that the text names with a port; as address_given. */
struct given address_said(const struct kta_pod_trouble *t, const char *text, const char *port);
/* The Service that the container is told of and that had an address by which none is known now:
 * with that port; none where the container is told of the address itself. */
struct given address_behind(const struct kta_pod_trouble *t, const char *ip, const char *port);

#endif
