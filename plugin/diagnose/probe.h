/*
 * probe.h - what a container's probe asks for, and why it fails (private to diagnose/).
 */
#ifndef DIAGNOSE_PROBE_H
#define DIAGNOSE_PROBE_H

#include "crash.h"

enum probe_kind { PROBE_STARTUP, PROBE_LIVENESS, PROBE_READINESS };

extern const struct probe_words {
    const char *says, *field, *code, *word, *kills;
} probe_kinds[];

struct probe_ask { /* what a probe asks for */
    const struct kta_json *probe;
    const char *path;
    const char *host; /* that the node asks instead of the pod; NULL: the pod */
    const char *port_name;
    int64_t port;
    bool http, https, tcp, exec, grpc;
};

/* ---- probe.c: what it asks, and how it is made to ask otherwise ---- */
struct probe_ask probe_ask_of(const struct kta_json *container, enum probe_kind k);
bool probe_asks_same(const struct probe_ask *a, const struct probe_ask *b);
/* Seconds from the container's start until it gives up. */
int64_t probe_budget(const struct probe_ask *a);
int probe_declared_port(const struct kta_json *container); /* the only one, or -1 */
bool probe_declares(const struct kta_json *container, int64_t port);
/* The path of another probe of the container that does not fail, or NULL. */
const char *probe_other_path(const struct kta_pod_trouble *t, enum probe_kind k, const char *path);
/* Each adds a fix to f. */
void probe_fix_port(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                    const struct probe_ask *a, int port);
void probe_fix_path(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                    const char *path, const char *why);
void probe_fix_to_tcp(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                      const struct probe_ask *a);
void probe_fix_time(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                    const char *field, int64_t value, const char *why);

/* ---- probe_tell.c: why it fails, from what the kubelet was told (text) ---- */
void probe_tell(const struct kta_pod_trouble *t, enum probe_kind k, const char *text,
                struct kta_finding *f);
/* Its port's name is none of the container's. */
void probe_tell_no_port(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                        const struct probe_ask *a);

/* ---- probe_command.c: probes that run a command ---- */
enum { PROBE_CLEAR = 84 }; /* the weight of log patterns that tell a cause */
void probe_command_missing(const struct kta_pod_trouble *t, struct kta_finding *f,
                           enum probe_kind k, const struct probe_ask *a);
/* It asks another port than the container listens on (heard; -1: nothing tells). True: told.
 * refused: its output says so; where it says nothing, the log and the declared ports have to. */
bool probe_command_port(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                        const struct probe_ask *a, int heard, bool refused);
/* What it prints tells whom it waits for, or what it calls. */
void probe_command_says(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                        const char *text);
void probe_command_calls(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                         const struct probe_ask *a);
/* The program says that it is not well, and by its log, or by what the command prints, for want of
 * whom. */
void probe_not_well(const struct kta_pod_trouble *t, struct kta_finding *f, enum probe_kind k,
                    const struct kta_log_cause *c);
/* The Service that a log says is not reached is part of it, and leads to the cause behind it. */
void probe_wants(const struct kta_pod_trouble *t, struct kta_finding *f,
                 const struct kta_log_cause *c);

/* ---- probe_ends.c: runs that the kubelet ended for a probe ---- */
/* The event of its failing, or NULL. */
struct kta_json *probe_failed(const struct kta_pod_trouble *t, enum probe_kind k);
/* Seconds that a run lasted, -1 unknown. */
int64_t probe_run_lasted(const struct kta_json *end);
/* Did it end as this probe lets it, when no event can tell of it any more? */
bool probe_ended_by_time(const struct kta_pod_trouble *t, enum probe_kind k);

#endif
