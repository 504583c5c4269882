/*
 * diagnose.h - from a question or a target to findings and evidence, with no model.
 */
#ifndef KTA_DIAGNOSE_H
#define KTA_DIAGNOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kta/argv.h"
#include "kta/err.h"
#include "kta/finding.h"
#include "kta/world.h"

/* ---- which objects are meant ---- */
struct kta_target {
    struct kta_ref ref;
    struct kta_json *object; /* in the world; NULL: the namespace that nothing narrowed down */
    enum {
        KTA_BY_KIND_NAME,
        KTA_BY_NAME,
        KTA_BY_PREFIX,
        KTA_BY_APP_LABEL,
        KTA_BY_SERVICE,
        KTA_BY_NAMESPACE
    } by;
};

struct kta_targets {
    struct kta_target *v;
    size_t n, cap;
    char *suggestion; /* a near miss: "backend" for "bakend"; nothing matched exactly. Or NULL */
    bool ambiguous;   /* the same name in several namespaces: v lists them all */
};
void kta_targets_release(struct kta_targets *t);

struct kta_scope {
    const char *namespace_; /* NULL: all namespaces (-A) */
    const char *selector;   /* -l, or NULL */
};

/* Finds the objects that the words of a question (or "kind/name", "name" targets) mean, against the
 * cluster: exact name, prefix, app label, Service, Deployment, in scope first and then, by name
 * only, in other namespaces. No match is not an error: then v is the namespace itself. */
int kta_target_find(struct kta_world *w, const struct kta_scope *scope, const char *text,
                    struct kta_targets *ret, struct kta_err *err);

/* ---- what the question wants, recognised by rules (prompts/intents) when there is no model ----
 */
enum kta_intent {
    KTA_INTENT_DIAGNOSE, /* why is … crashing; what is wrong; anything else */
    KTA_INTENT_MEMORY,   /* pods with high memory usage */
    KTA_INTENT_CPU,
    KTA_INTENT_RESTART, /* restart the frontend deployment */
    KTA_INTENT_SCALE,   /* scale backend to 3 */
    KTA_INTENT_LIST,    /* show / list pods, deployments … */
    KTA_INTENT_LOGS,    /* show the logs of … */
    KTA_INTENT_CHANGES, /* what changed */
    KTA_INTENT_RESTARTS,
    KTA_INTENT_NOT_READY,
    KTA_INTENT_IMAGES,
    KTA_INTENT_WHO_CAN,
    KTA_INTENT_REACH,
    KTA_INTENT_INSTALL, /* install the todo app */
};
struct kta_intent_match {
    enum kta_intent intent;
    bool sure;     /* false: the general diagnosis is given, and it is said */
    char kind[64]; /* for LIST: the kind named, or "" */
    int number;    /* for SCALE: replicas, -1 when none */
    /* parts of REACH and WHO_CAN, "" when not given */
    char from[256], to[256], port[64], verb[64], resource[64], name[256], ns[64];
    int64_t seconds; /* for CHANGES: how far back, 0: not said */
};
void kta_intent_of(const char *question, struct kta_intent_match *ret);

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

/* ---- a text without a cluster ---- */
/* Appends, as Markdown, the cause that a text (a log) tells, or what stands out in it; true: a
 * cause. text is redacted already. */
bool kta_text_markdown(const char *text, struct kta_str *out);

/* ---- evidence ---- */
struct kta_item { /* one numbered piece, [e1] … */
    char *source; /* "pods in demo", "log pod/backend-… previous", "what changed" */
    char *text;   /* redacted, cleaned */
    int weight;   /* larger is kept first when the budget is short */
};
struct kta_evidence {
    struct kta_item *v;
    size_t n, cap;
};
void kta_evidence_add(struct kta_evidence *e, int weight, const char *source, const char *text);
void kta_evidence_release(struct kta_evidence *e);

/* ---- the engine ---- */
/* Reads what the targets need (in parallel), runs every analyzer that applies, folds cascades,
 * computes fixes and has the API server validate them (live cluster, unless no_validate). */
struct kta_diagnose_options {
    bool no_validate;              /* no dry-runs of fixes */
    bool no_probe;                 /* no GET of paths that probes declare (--no-probe) */
    bool probe_any;                /* other usual paths too (--probe) */
    const struct kta_json *ignore; /* the configuration's ignore: list, or NULL */
    const struct kta_json *known; /* an earlier run's findings (array) that are left out, or NULL */
};
int kta_diagnose(struct kta_world *w, const struct kta_scope *scope,
                 const struct kta_targets *targets, const struct kta_diagnose_options *options,
                 struct kta_findings *ret, struct kta_err *err);
/* What a model needs to know of the targets besides the findings: states, events, logs, changes. */
int kta_collect_evidence(struct kta_world *w, const struct kta_scope *scope,
                         const struct kta_targets *targets, const struct kta_findings *findings,
                         struct kta_evidence *ret, struct kta_err *err);
/* Usage as a table, from metrics.k8s.io; says how to get metrics where there are none. Appends
 * text for people (Markdown). */
int kta_usage_table(struct kta_world *w, const struct kta_scope *scope,
                    const struct kta_targets *targets, bool by_memory, struct kta_str *out,
                    struct kta_err *err);

/* An analyzer: a row of the table in diagnose/analyzers.c; each family in a file of its own. */
struct kta_analyzer {
    const char *name;
    void (*run)(struct kta_world *w, const char *ns, struct kta_findings *out);
};

/* explain CODE: what it means, what causes it, how it is fixed; NULL when unknown. Static. */
const char *kta_explain(const char *code);
const char *const *kta_explain_codes(size_t *ret_n);

#endif
