/*
 * diag.h - what the files of diagnose/ share among themselves.
 *
 * Analyzers are plain functions of the world; they add findings and never print, never change.
 * Strings returned as char * are the caller's, as const char * point into the world.
 */
#ifndef KTA_DIAG_H
#define KTA_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kta/argv.h"
#include "kta/diagnose.h"
#include "kta/finding.h"
#include "kta/json.h"
#include "kta/obj.h"
#include "kta/world.h"

#define KTA_DIAG_MAX_FIXES 4    /* fixes shown of one finding */
#define KTA_DIAG_QUOTE     1200 /* bytes of one quoted piece */
#define KTA_ASKS_MAX       20   /* questions to workloads themselves in one diagnosis */
#define KTA_ASK_MS         3000 /* that one of them may take */
#define KTA_ASK_BYTES      2048 /* of its answer that are read */

/* ---- finding.c ---- */
void kta_finding_drop_fix(struct kta_finding *f, size_t i);
void kta_finding_last_fix_first(struct kta_finding *f); /* there is one */
void kta_findings_drop(struct kta_findings *f, size_t i);
void kta_findings_redact(struct kta_findings *f, struct kta_redact *r);

/* ---- world.c ---- */
struct kta_world_focus;
/* A focus narrows analyzers to some objects; without one everything is looked at. */
void kta_world_focus_add(struct kta_world *w, struct kta_json *object);
void kta_world_focus_clear(struct kta_world *w);
bool kta_world_focused(struct kta_world *w, struct kta_json *object); /* true without a focus */
bool kta_world_has_focus(const struct kta_world *w);
const struct kta_report *kta_world_report(struct kta_world *w);
/* Whether paths and ports that probes declare may be asked through the API server (--no-probe). */
void kta_world_set_probe(struct kta_world *w,
                         int level); /* 0 none, 1 declared paths, 2 others too */
int kta_world_probe(const struct kta_world *w);
bool kta_world_may_ask(struct kta_world *w); /* one more question to a workload; counts it */
void kta_world_note_missing(struct kta_world *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* True if the list was read (for ns or for all) and could be. */
bool kta_world_readable(struct kta_world *w, const char *kind, const char *ns);
/* True if the list has been read already; reads nothing. */
bool kta_world_has_list(struct kta_world *w, const char *kind, const char *ns);
/* All pods that take room on nodes, of every namespace; 0 when that may not be read. */
size_t kta_world_running_pods(struct kta_world *w, struct kta_json *const **ret);
/* Names of a list's objects, for near misses; caller frees the array alone. */
const char **kta_world_names(struct kta_world *w, const char *kind, const char *ns, size_t *ret_n);
/* True if only a part of a long list was read, or kept (see large.c): that something is not in it
 * does not mean that it does not exist. Reads nothing. */
bool kta_world_partial(struct kta_world *w, const char *kind, const char *ns);
/* How many there are, those counted that were not kept. */
size_t kta_world_total(struct kta_world *w, const char *kind, const char *ns);
void kta_world_set_total(struct kta_world *w, const char *kind, const char *ns, size_t total);
/* Were all (or enough) pods of the object looked for, so that none means none? */
bool kta_world_pods_known(struct kta_world *w, const struct kta_json *object);
void kta_world_pods_asked(struct kta_world *w, const struct kta_json *object);
bool kta_world_count_fetch(struct kta_world *w, int most); /* false when it was enough */
bool kta_world_count_ask(struct kta_world *w, int most);   /* the same, of asks of healthy pods */
/* An object by name, or objects by labels, that are read and put into the lists of their kind. */
struct kta_world_want {
    const char *kind, *ns, *name, *labels;
};
int kta_world_fetch(struct kta_world *w, const struct kta_world_want *wants, size_t n,
                    struct kta_err *err);
const char *kta_world_keep_text(struct kta_world *w,
                                const char *s); /* lives as long as the world */
void kta_world_logs_free(struct kta_world *w);
/* A container's log, if it has been read already, or NULL. */
const char *kta_world_has_log(struct kta_world *w, const struct kta_json *pod,
                              const char *container, bool previous, size_t *ret_len);
/* What a container has written in the last so many seconds; false: unknown. Read each time. */
bool kta_world_log_late(struct kta_world *w, const struct kta_json *pod, const char *container,
                        int64_t seconds, struct kta_str *ret);
struct kta_argv *kta_world_secrets_seen(struct kta_world *w); /* learn.c's own storage */
struct kta_world_logs **kta_world_logs(struct kta_world *w);  /* world_logs.c's own storage */

bool kta_world_wants_logs(const struct kta_world *w); /* kta_world_want_logs */

/* ---- large.c ---- */
#define KTA_SLIM "kta-slim" /* member of an object that was kept without its template */
void kta_large_read(struct kta_read *r, const char *plural); /* a long list is to be reduced */
void kta_large_read_done(struct kta_read *r);
void kta_large_running(struct kta_read *r); /* pods: only what they request */
size_t kta_large_page(const char *plural);  /* of the first read, 0: as many as there are */
void kta_large_first_pods(struct kta_json *list);
int kta_large_pods(struct kta_world *w, const char *ns, struct kta_err *err);
/* Reads what belongs to the objects in trouble of partial lists: owners, revisions. */
int kta_large_complete(struct kta_world *w, const char *ns, struct kta_err *err);
void kta_large_pods_of(struct kta_world *w, const struct kta_json *object);

/* ---- util.c ---- */
/* The pod template ({metadata, spec}) of a workload; a pod is its own. NULL for anything else. */
struct kta_json *kta_diag_template(const struct kta_json *o);
/* The spec of its pods, or of itself where it is a pod. */
const struct kta_json *kta_diag_pod_spec(const struct kta_json *o);
/* The objects of those kinds that nothing controls. The list is the caller's. */
size_t kta_diag_uncontrolled(struct kta_world *w, const char *ns, const char *const *kinds,
                             size_t n_kinds, struct kta_json ***ret);
/* "deployment" for "Deployment": the word kubectl takes. */
void kta_diag_kind_word(const char *kind, struct kta_str *out);
/* "deployment/backend" */
char *kta_diag_ref(const struct kta_json *o);
/* The first line, at most max bytes. */
char *kta_diag_first_line(const char *s, size_t max);
/* The finding of that code and object, or NULL. */
struct kta_finding *kta_diag_find(const struct kta_findings *f, const char *code,
                                  const struct kta_json *o);
/* Adds a finding that blames o. */
struct kta_finding *kta_diag_add(struct kta_findings *out, const char *code,
                                 enum kta_severity severity, const struct kta_json *o,
                                 double confidence);
int64_t kta_event_time(const struct kta_json *ev);  /* last seen */
int64_t kta_event_first(const struct kta_json *ev); /* first seen */
int64_t kta_event_count(const struct kta_json *ev);
/* The newest event of o with that reason (NULL: any) that holds that text (NULL: any), or NULL. */
struct kta_json *kta_diag_event(struct kta_world *w, const struct kta_json *o, const char *reason,
                                const char *text);
void kta_diag_quote_event(struct kta_finding *f, const struct kta_json *o,
                          const struct kta_json *ev);
/* The container of that name in a pod spec (init, ordinary, ephemeral), or NULL; *ret_list is
 * "containers" or "initContainers". */
struct kta_json *kta_diag_container(const struct kta_json *spec, const char *name,
                                    const char **ret_list);
struct kta_json *kta_diag_env(const struct kta_json *container, const char *name);
/* "app=backend,tier=api" */
void kta_diag_labels(const struct kta_json *map, struct kta_str *out);
void kta_diag_age(struct kta_world *w, int64_t when, struct kta_str *out); /* "3m ago" */
/* What changed before, and when (or KTA_NO_TIME): "kubectl-patch changed …". */
void kta_diag_changed(struct kta_world *w, struct kta_finding *f, int64_t when, const char *fmt,
                      ...) __attribute__((format(printf, 4, 5)));
int64_t kta_diag_desired(const struct kta_json *workload); /* replicas wanted; -1 unknown */
int64_t kta_diag_ready(const struct kta_json *workload);
bool kta_diag_restartable(const struct kta_json *o); /* by "rollout restart" */
/* A Deployment's pod of another revision than its present one. */
bool kta_pod_outdated(struct kta_world *w, const struct kta_json *pod,
                      const struct kta_json *owner);
/* A job that tells nothing of its CronJob any more: a newer one was started, or the CronJob's
 * template was changed since. */
bool kta_job_outdated(struct kta_world *w, const struct kta_json *job);
/* A pod of a job whose work is done by another pod, or of an outdated job. */
bool kta_pod_settled(struct kta_world *w, const struct kta_json *pod);
/* True while a rollout is simply under way: young, nothing failed yet. */
bool kta_diag_settling(struct kta_world *w, const struct kta_json *o, int64_t seconds);
/* A Service and a workload that are named alike: backend-service, backend-svc, backend. */
bool kta_names_alike(const char *service, const char *workload);

/* ---- logs.c ---- */
struct kta_log_pattern {
    char *class_; /* "MissingEnv": the code's second word */
    int weight;
    bool last; /* of several matches the last one counts, not the first */
    char *pattern;
    char **examples, **nots;
    size_t n_examples, n_nots;
    struct kta_re *re; /* by kta_log_pattern_re */
};
/* The heaviest first. */
const struct kta_log_pattern *kta_log_patterns(size_t *ret_n);
/* Compiled at first use: what is behind the pattern that matches never is. */
const struct kta_re *kta_log_pattern_re(const struct kta_log_pattern *p);

struct kta_log_cause {
    const struct kta_log_pattern *pattern;
    char *line;                      /* the cause, one line */
    char *quote;                     /* with what belongs to it, at most KTA_DIAG_QUOTE bytes */
    char *name, *host, *port, *path; /* named groups of the pattern, or NULL */
    size_t count;                    /* how often it was said */
    size_t at;                       /* line number, from 1 */
};
/* The cause that a log tells, or false. Cleans the text itself. */
bool kta_log_cause(const char *log, size_t len, struct kta_log_cause *ret);
/* The same, of one class alone: what else the log tells is left aside. */
bool kta_log_says(const char *log, size_t len, const char *class_, struct kta_log_cause *ret);
void kta_log_cause_release(struct kta_log_cause *c);
/* The last port that the log says something listens on, or -1. */
int kta_log_listening(const char *log, size_t len);
/* Does what listens on that port, as the log tells, take calls of its own pod alone? */
/* "0 errors", "error: null": words of an error in a line that tells of none. */
bool kta_log_harmless(const char *text, size_t len);
bool kta_log_alike(const char *a, const char *b); /* equal but for numbers */
bool kta_log_only_local(const char *log, size_t len, int64_t port);
/* What a reader needs of a log: the first error with its context, then the tail; at most max. */
void kta_log_digest(const char *log, size_t len, size_t max, struct kta_str *out);

/* ---- changes.c ---- */
struct kta_change {
    char *text;       /* "kubectl-patch changed containers[backend].command: …"; NULL: none */
    char *diff;       /* all field differences, a line each */
    char *who;        /* the manager that changed it, or NULL */
    int64_t when;     /* or KTA_NO_TIME */
    int64_t since;    /* when what runs now was there first, or KTA_NO_TIME */
    bool back;        /* what runs now is older than what worked last: it was put back */
    int64_t revision; /* the last good one, 0: none */
    bool worked;      /* that revision is known to have worked */
    struct kta_json *template_; /* of that revision; borrowed from the world */
};
/* What changed in a workload's pod template since it last worked. False: nothing known. */
bool kta_change_of(struct kta_world *w, struct kta_json *workload, struct kta_change *ret);
void kta_change_release(struct kta_change *c);
/* Field differences of two pod templates, one a line: "containers[backend].image: a -> b".
 * Returns how many. */
size_t kta_template_diff(const struct kta_json *before, const struct kta_json *after,
                         struct kta_str *out);
/* Who changed a path (dots and [name]s as kta_template_diff prints them) last, by managedFields. */
bool kta_managed_by(const struct kta_json *o, const char *field, const char **ret_manager,
                    int64_t *ret_when);
/* Is that number in what somebody has changed since then in a ConfigMap that the workload reads?
 * Only the last change is looked into. */
bool kta_store_set_number(struct kta_world *w, const struct kta_json *workload, int64_t since,
                          int64_t number);
/* For findings that blame a workload: leads with the change and puts its undoing first. */
void kta_changes_apply(struct kta_world *w, struct kta_findings *f);

/* ---- drift.c ---- */
/* For findings that blame a workload of a Helm release: what differs from the release, who changed
 * it, and the rollback that restores it. */
void kta_drift_apply(struct kta_world *w, struct kta_findings *f);
/* A release's newest record, decoded, or NULL. Caller frees. */
struct kta_json *kta_helm_newest(struct kta_world *w, const char *ns, const char *release);

/* ---- fixes.c ---- */
enum kta_patch { KTA_PATCH_STRATEGIC, KTA_PATCH_MERGE, KTA_PATCH_JSON };
/* Each adds one fix whose argv kubectl accepts as it is, with context and namespace pinned. */
struct kta_fix *kta_fix_patch(struct kta_world *w, struct kta_finding *f, enum kta_risk risk,
                              const struct kta_json *o, enum kta_patch type, const char *body,
                              const char *summary_fmt, ...) __attribute__((format(printf, 7, 8)));
struct kta_fix *kta_fix_undo(struct kta_world *w, struct kta_finding *f,
                             const struct kta_json *workload, const struct kta_change *c);
struct kta_fix *kta_fix_image(struct kta_world *w, struct kta_finding *f,
                              const struct kta_json *workload, const char *container,
                              const char *image, const char *why);
struct kta_fix *kta_fix_scale(struct kta_world *w, struct kta_finding *f,
                              const struct kta_json *workload, int replicas, const char *why);
struct kta_fix *kta_fix_delete(struct kta_world *w, struct kta_finding *f, enum kta_risk risk,
                               const struct kta_json *o, const char *why);
/* Any other: argv after "kubectl", NULL-terminated; not checked by the server. */
struct kta_fix *kta_fix_kubectl(struct kta_world *w, struct kta_finding *f, enum kta_risk risk,
                                bool undoable, const char *ns, const char *const *args,
                                const char *why);
/* Replaces a bare pod or a job by a changed copy (delete and create): edit() changes the copy's
 * pod template. */
struct kta_fix *kta_fix_manifest(struct kta_world *w, struct kta_finding *f, enum kta_risk risk,
                                 bool undoable, const char *ns, struct kta_json *manifest,
                                 const char *verb, const char *why);
/* A command that must follow the fix: argv after "kubectl". */
void kta_fix_then(struct kta_world *w, struct kta_fix *x, const char *ns, const char *const *args);
/* A controller that failed to create pods tries again after ever longer pauses, up to a quarter of
 * an hour: a touch of the object that makes the pods lets it try at once. */
void kta_fix_then_retry(struct kta_world *w, struct kta_fix *x, const struct kta_json *o);
/* A change to the pod template of whatever owns the pods: a strategic patch of the template of a
 * workload; a replacement of a bare pod. spec_patch is the pod spec's part (taken). */
struct kta_fix *kta_fix_template(struct kta_world *w, struct kta_finding *f, enum kta_risk risk,
                                 const struct kta_json *o, struct kta_json *spec_patch,
                                 const char *summary_fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* {"containers":[{"name":c, …}]}: *ret_container is where the caller puts the change. */
struct kta_json *kta_fix_container_patch(const char *list, const char *container,
                                         struct kta_json **ret_container);
/* Adds what must follow a fix so that it reaches the pods (an ordered StatefulSet). */
void kta_fixes_complete(struct kta_world *w, struct kta_findings *f);
/* Asks the API server about every fix that has a check; drops what it refuses. */
void kta_fixes_validate(struct kta_world *w, struct kta_findings *f);
/* Asks about an undoing before there is a finding; kta_fixes_validate has the answer then. */
void kta_fixes_ask_undo(struct kta_world *w, const struct kta_json *workload,
                        const struct kta_change *c);
void kta_fixes_forget(struct kta_world *w); /* these answers; the world goes */
struct kta_asked_ahead **kta_world_asked_ahead(struct kta_world *w); /* where they are */
bool kta_world_wants_checks(const struct kta_world *w);

/* ---- ignore.c ---- */
bool kta_ignored(const struct kta_json *ignore, const struct kta_finding *f);
bool kta_known(const struct kta_json *earlier, const struct kta_finding *f);

/* ---- fold.c ---- */
void kta_fold(struct kta_world *w, struct kta_findings *f);

/* ---- spread.c ---- */
/* What the nodes cannot meet of a workload's topology spread constraints, and its fixes. */
void kta_scheduling_spread(struct kta_world *w, struct kta_finding *f, struct kta_json *owner);

/* ---- services.c, external.c ---- */
/* What a selector of plain labels nearly matches, or is named after, or NULL. */
struct kta_json *kta_nearest_workload(struct kta_world *w, const char *ns, const char *name,
                                      const struct kta_json *selector);
/* A Service that selects pods of several workloads (service_mixed.c): puts one that serves its port
 * first. */
void kta_service_mixed(struct kta_world *w, struct kta_json *s, struct kta_json **pods, size_t n,
                       struct kta_findings *out);
/* A Service without a selector. */
void kta_service_external(struct kta_world *w, struct kta_json *s, struct kta_findings *out);

/* ---- reach.c ---- */
struct kta_reach_gap { /* what a policy does not let through; strings and labels are borrowed */
    bool egress;       /* of the caller; else ingress of what is called */
    int port;          /* of the pod; 0: any */
    char protocol[8];
    const struct kta_json *from, *to; /* labels; to NULL: the cluster's DNS */
    const char *from_ns, *to_ns;
};
/* The NetworkPolicy that keeps the pods of a workload from a Service (NULL: from the cluster's
 * DNS), by simulation, or NULL. */
struct kta_json *kta_reach_closed(struct kta_world *w, struct kta_json *from,
                                  struct kta_json *service, const char *port,
                                  struct kta_reach_gap *ret);

/* ---- pods.c … : what analyzers call of each other ---- */
extern const char *const kta_status_lists[3]; /* of a pod's status: init, ordinary, ephemeral */
/* A container of a pod that is in trouble, with what was found out. */
struct kta_pod_trouble {
    struct kta_world *w;
    struct kta_json *pod, *owner, *status, *container; /* container: of the pod's spec */
    const char *name, *list;                           /* "containers" or "initContainers" */
    struct kta_findings *out;
};
void kta_crash_analyze(const struct kta_pod_trouble *t); /* crash.c */
/* A container that runs, while its log says that a process within it was killed: then it is told,
 * and true. Of a ready one only a log that has been read already is looked into. (crash.c) */
bool kta_child_analyze(const struct kta_pod_trouble *t);
/* A ready container whose log, read already, tells of connections that a NetworkPolicy drops.
 * (dependency.c) */
void kta_dropped_analyze(const struct kta_pod_trouble *t);
/* An init container that does not end: told at once if its log names why, else after `silent`
 * seconds. (crash.c) */
void kta_init_analyze(const struct kta_pod_trouble *t, int64_t silent);
void kta_image_analyze(const struct kta_pod_trouble *t);  /* images.c */
void kta_config_analyze(const struct kta_pod_trouble *t); /* podconfig.c */
/* Whether a waiting container is kept by its image, or by its configuration. */
bool kta_image_trouble(const char *reason, const char *message);
/* A dependency by name, as the owner's pods see it: Service, or NULL. *ret_ns is the namespace the
 * name means. */
struct kta_json *kta_dependency_service(struct kta_world *w, const char *ns, const char *host,
                                        const char **ret_ns, bool *ret_cluster_name);
/* Are the pods of a workload (or Job) refused at creation? Then it is told. (refusals.c) */
bool kta_refused(struct kta_world *w, struct kta_json *o, struct kta_findings *out);
/* The status of a GET, asked of the pod through the API server; 0: not asked, or no answer. Only
 * for paths that a probe declares, or with --probe. What came is added to *ret_said (or NULL).
 * (active.c) */
int kta_active_status(struct kta_world *w, const struct kta_json *pod, bool https, int64_t port,
                      const char *path, struct kta_str *ret_said);
/* Does anything listen on that port of a pod: 1 yes, 0 no (the connection is refused), -1 unknown.
 * Only for ports that a Service or a probe declares. */
int kta_port_open(struct kta_world *w, const struct kta_json *pod, int64_t port);
/* Number of pod IPs ready behind a Service; -1 unknown. */
int kta_service_ready(struct kta_world *w, const struct kta_json *service);

/* the analyzers of the table */
void kta_analyze_pods(struct kta_world *w, const char *ns, struct kta_findings *out);
void kta_analyze_probes(struct kta_world *w, const char *ns, struct kta_findings *out);
void kta_analyze_scheduling(struct kta_world *w, const char *ns, struct kta_findings *out);
void kta_analyze_services(struct kta_world *w, const char *ns, struct kta_findings *out);
void kta_analyze_workloads(struct kta_world *w, const char *ns, struct kta_findings *out);
void kta_analyze_storage(struct kta_world *w, const char *ns, struct kta_findings *out);
void kta_analyze_jobs(struct kta_world *w, const char *ns, struct kta_findings *out);
void kta_analyze_autoscale(struct kta_world *w, const char *ns, struct kta_findings *out);
void kta_analyze_ingresses(struct kta_world *w, const char *ns, struct kta_findings *out);
void kta_analyze_podstate(struct kta_world *w, const char *ns, struct kta_findings *out);
void kta_analyze_nodes(struct kta_world *w, const char *ns, struct kta_findings *out);
void kta_analyze_helm(struct kta_world *w, const char *ns, struct kta_findings *out);
void kta_analyze_deprecated(struct kta_world *w, const char *ns, struct kta_findings *out);
void kta_analyze_log_errors(struct kta_world *w, const char *ns, struct kta_findings *out);
void kta_analyze_drift(struct kta_world *w, const char *ns, struct kta_findings *out);
void kta_analyze_rights(struct kta_world *w, const char *ns, struct kta_findings *out);
/* A ready pod with a service account of its own: it may be refused by the API and go on. */
bool kta_uses_api(const struct kta_json *pod);

/* ---- world_logs.c: logs that are read beside lists ---- */
/* Appends a read for each log that is not there yet, at most n, and to of[] (of n) what it is of.
 * Returns how many; kta_world_logs_end takes what came. */
size_t kta_world_logs_begin(struct kta_world *w, const struct kta_log_want *wants, size_t n,
                            const struct kta_log_want **of, struct kta_read **reads,
                            size_t *n_reads, size_t *cap);
void kta_world_logs_end(struct kta_world *w, const struct kta_log_want *const *of,
                        struct kta_read *reads, size_t n);

/* ---- podconfig.c: where a pod spec names a ConfigMap or a Secret ---- */
extern const struct kta_store_ref {
    const char *member, *name, *plural, *word; /* word: its kind */
} kta_store_refs[];
extern const size_t kta_n_store_refs;
/* Does it name that ConfigMap or Secret? */
bool kta_template_reads(const struct kta_json *spec, const char *kind, const char *name);

/* ---- collect.c ---- */
extern const char *const kta_base_kinds[]; /* what nearly every question needs */
extern const size_t kta_n_base_kinds;
/* Reads in parallel what analyzers will ask for: lists (wide: of all that may be broken in a
 * namespace), then what the trouble in them calls for: further lists, and logs. */
int kta_collect(struct kta_world *w, const char *ns, bool wide, struct kta_err *err);
/* For kta_world_on_list: asks for the logs and lists that pods in trouble call for whose names
 * begin with one of the words (none: all pods), as kta_collect will want them once it knows the
 * owners; then about the undoing of what changed before, if fixes will be asked about. What cannot
 * be read is told by whoever asks for it then. ctx: a struct kta_early_words. */
struct kta_early_words {
    char *const *v;
    size_t n;
};
void kta_collect_early(struct kta_world *w, const char *kind, const char *ns, void *ctx);
int kta_collect_lists(struct kta_world *w, const char *ns, bool wide, struct kta_err *err);
int kta_collect_logs(struct kta_world *w, const char *ns, struct kta_err *err);

/* ---- trouble.c ---- */
/* Which log of a container tells why it is unhealthy. False: none would. */
bool kta_unhealthy_log(const struct kta_json *pod, const struct kta_json *status,
                       bool *ret_previous);
/* That log; where the last run's is gone, this run's. Lives as long as the world; NULL: none. */
const char *kta_unhealthy_log_text(struct kta_world *w, const struct kta_json *pod,
                                   const struct kta_json *status, size_t *ret_len,
                                   bool *ret_previous);

#endif
