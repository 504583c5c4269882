/*
 * finding.h - what is wrong, why we believe it, and what would mend it.
 *
 * A finding blames one object (the Deployment, not its third pod) under a stable code Area.Cause.
 * Its fixes are commands that kubectl or helm accept as they are. Texts are redacted and cleaned.
 */
#ifndef KTA_FINDING_H
#define KTA_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kta/argv.h"
#include "kta/json.h"
#include "kta/str.h"

enum kta_severity { KTA_INFO, KTA_WARNING, KTA_CRITICAL };
enum kta_risk { KTA_RISK_LOW, KTA_RISK_MEDIUM, KTA_RISK_HIGH };
const char *kta_severity_name(enum kta_severity s);
const char *kta_risk_name(enum kta_risk r);
int kta_severity_parse(const char *s, enum kta_severity *ret); /* 0 or -1 */
int kta_risk_parse(const char *s, enum kta_risk *ret);

struct kta_ref {
    char *kind, *namespace_, *name; /* namespace_ NULL for cluster-scoped */
};
/* Copies all three; what r held is not released. */
void kta_ref_set(struct kta_ref *r, const char *kind, const char *ns, const char *name);
void kta_ref_release(struct kta_ref *r);
bool kta_ref_equal(const struct kta_ref *a, const struct kta_ref *b);

struct kta_quote {
    char *source; /* "log pod/backend-7d… previous", "event", "spec", "node/n1" */
    char *text;
};

/* How the API server is asked whether a fix is acceptable; path NULL: it cannot be asked. */
struct kta_fix_check {
    char *method, *path, *type, *body; /* path holds dryRun=All; NULL: cannot be asked about */
};
void kta_fix_check_release(struct kta_fix_check *c);

struct kta_fix {
    char id[16]; /* "f1.a" */
    char *summary;
    struct kta_argv argv;
    char *stdin_text;     /* manifest for -f -, or NULL */
    struct kta_argv then; /* what must follow so that the cluster takes it up at once; n 0: none */
    enum kta_risk risk;
    bool undoable;
    bool undoes; /* takes back the last change of what it changes */
    struct kta_fix_check check;
    int validated; /* 1 by a server dry-run, 0 refused (such fixes are dropped), -1 not tried */
};

struct kta_finding {
    char id[16];      /* "f1" */
    const char *code; /* "CrashLoop.MissingEnv"; static */
    enum kta_severity severity;
    struct kta_ref object;
    char *summary;   /* one sentence: the cause */
    char *advice;    /* what only a person can provide, or NULL */
    char *change;    /* "3m ago kubectl-patch changed …": what changed before, or NULL */
    char *change_at; /* the same with the time of day, for what outlives this minute */
    struct kta_quote *evidence;
    size_t n_evidence, cap_evidence;
    struct kta_fix *fixes;
    size_t n_fixes, cap_fixes;
    struct kta_ref *symptoms; /* objects whose trouble is folded into this one */
    size_t n_symptoms, cap_symptoms;
    int64_t since;     /* seconds since the epoch, or KTA_NO_TIME */
    double confidence; /* 0 to 1 */
};

struct kta_findings {
    struct kta_finding **v; /* pointers stay valid while the list grows */
    size_t n, cap;
    size_t left_out; /* that are known (--baseline) or ignored (ignore:) */
};

/* Adds an empty finding, which the list owns; it stays where it is until kta_findings_release or
 * kta_findings_finish. code is static, confidence 0 to 1; the names are copied. */
struct kta_finding *kta_findings_add(struct kta_findings *f, const char *code,
                                     enum kta_severity severity, const char *kind, const char *ns,
                                     const char *name, double confidence);
/* A sentence each; a later one replaces the earlier. */
void kta_finding_summary(struct kta_finding *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void kta_finding_advice(struct kta_finding *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Adds evidence; what is there already is not added twice. */
void kta_finding_quote(struct kta_finding *f, const char *source, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Adds a fix, behind those that are there, and returns it so that its argv can be filled in; the
 * finding owns it, and the pointer holds until another one is added. */
struct kta_fix *kta_finding_fix(struct kta_finding *f, enum kta_risk risk, bool undoable,
                                const char *summary_fmt, ...) __attribute__((format(printf, 4, 5)));
/* Adds an object whose trouble this one explains, once, and never the finding's own. */
void kta_finding_symptom(struct kta_finding *f, const char *kind, const char *ns, const char *name);
/* Sorts (severity, confidence, since), removes doubles, gives the ids f1, f1.a … */
void kta_findings_finish(struct kta_findings *f);
void kta_findings_release(struct kta_findings *f);
struct kta_fix *kta_findings_fix(const struct kta_findings *f, const char *fix_id); /* or NULL */

/* As in a document's "findings". Caller owns. */
struct kta_json *kta_finding_json(const struct kta_finding *f);
struct kta_json *kta_findings_json(const struct kta_findings *f); /* the array */

#endif
