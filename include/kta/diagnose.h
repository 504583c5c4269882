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
#include "kta/evidence.h"
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
    char *unknown;    /* a word that must be a name, where nothing has that name. Or NULL */
    bool ambiguous;   /* the same name in several namespaces: v lists them all */
};
void kta_targets_release(struct kta_targets *t);

struct kta_scope {
    const char *namespace_; /* NULL: all namespaces (-A) */
    const char *selector;   /* -l, or NULL */
};

/* Finds the objects that the words of a question (or "kind/name", "name" targets) mean, against the
 * cluster: exact name, prefix, app label, Service, Deployment; in the namespace that the words name
 * ("namespace X", "… in X"), else in scope and then, by name only, in other namespaces. No match is
 * not an error: then v is the namespace itself, without an object if it is not known to exist. */
int kta_target_find(struct kta_world *w, const struct kta_scope *scope, const char *text,
                    struct kta_targets *ret, struct kta_err *err);
/* 0 where text, which is a name and no question, named something; else -1 with KTA_E_NOT_FOUND and
 * the nearest name. */
int kta_target_check(const struct kta_targets *t, const struct kta_scope *scope, const char *text,
                     struct kta_err *err);
/* Puts the world's focus on the objects that are meant, and their owners. False, and no focus,
 * where a namespace is meant, or t is NULL. */
bool kta_target_focus(struct kta_world *w, const struct kta_targets *t);
/* Appends what is meant, for people: "Deployment backend, Service shop/web", "namespace demo", "the
 * cluster". */
void kta_target_words(const struct kta_targets *t, const struct kta_scope *scope,
                      struct kta_str *out);

/* ---- a text without a cluster ---- */
/* Appends, as Markdown, the cause that a text (a log) tells, or what stands out in it; true: a
 * cause. text is redacted already. */
bool kta_text_markdown(const char *text, struct kta_str *out);

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
/* Can every row of an ignore: list mean something: codes that there are, keys that are known? */
int kta_ignore_check(const struct kta_json *ignore, struct kta_err *err);
/* What a model needs to know of the targets besides the findings: states, events, logs, changes. */
int kta_collect_evidence(struct kta_world *w, const struct kta_scope *scope,
                         const struct kta_targets *targets, const struct kta_findings *findings,
                         struct kta_evidence *ret, struct kta_err *err);
/* An analyzer: a row of the table in diagnose/analyzers.c; each family in a file of its own. */
struct kta_analyzer {
    const char *name;
    void (*run)(struct kta_world *w, const char *ns, struct kta_findings *out);
};

/* explain CODE: what it means, what causes it, how it is fixed; NULL when unknown. Static. */
const char *kta_explain(const char *code);
const char *const *kta_explain_codes(size_t *ret_n);

#endif
