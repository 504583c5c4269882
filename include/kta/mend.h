/*
 * mend.h - the loop of fix and remediate: the findings' fixes as plans, through the pipeline, until
 * the findings are gone.
 *
 * A fix counts when the engine, asked again, does not find the trouble any more. One that changed
 * nothing is put back, and the next candidate of the same finding is a plan of its own, confirmed
 * again or covered by the pipeline's yes; three for one object at most.
 */
#ifndef KTA_MEND_H
#define KTA_MEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kta/err.h"
#include "kta/finding.h"
#include "kta/pipeline.h"
#include "kta/plan.h"

struct kta_cure;

/* What came of a plan, as the findings tell: of the objects that it was for. */
struct kta_mend_round {
    const struct kta_plan *plan;
    const struct kta_err *err;  /* the pipeline's word; KTA_E_OK: verified */
    bool ran;                   /* something was changed */
    size_t gone, changed, same; /* troubles: away; another one in its place; there still */
};

struct kta_mend {
    /* filled in by the caller, borrowed */
    struct kta_pipeline *pipeline; /* with caller_undoes */
    const char *question;          /* of the plans; may be NULL */
    const char *namespace_;        /* of the plans; NULL: all */
    size_t max_rounds;
    int64_t clear_ms; /* how long a finding may take to go; 0: 2 min */
    bool until_well;  /* wait until nothing at all is wrong, not only what was tried on */
    void *ctx;
    /* Looks anew; fills *ret, which is empty. KTA_E_NOT_FOUND: the object is not there (now). */
    int (*look)(void *ctx, struct kta_findings *ret, struct kta_err *err);
    /* May this fix be planned? one holds its steps. NULL: all may. */
    bool (*may)(void *ctx, const struct kta_finding *f, const struct kta_plan *one);
    /* Before a round, and (round false) while one is watched: -1 ends it. NULL: no limit. A round
     * that ends by KTA_E_TIMEOUT is put back as one that did not help. */
    int (*go_on)(void *ctx, bool round, struct kta_err *err);
    void (*ended)(void *ctx, const struct kta_mend_round *round); /* may be NULL */
    /* the loop's own; begin with 0 */
    struct kta_findings now;   /* the last look */
    struct kta_findings *seen; /* earlier ones: what was tried came from them */
    size_t n_seen, cap_seen;
    struct kta_cure *cures;
    size_t n_cures, cap_cures;
    size_t rounds;   /* plans that were run */
    size_t declined; /* fixes that a person said no to */
};

/* The plan of a next round: for each finding that is worth it the first candidate that was not
 * tried. any: also what the pipeline's yes does not cover. What it holds counts as tried. */
int kta_mend_plan(struct kta_mend *m, bool any, struct kta_plan *plan, struct kta_err *err);
/* Rounds until nothing that may be tried is left: first what the pipeline's yes covers, so that one
 * risky fix does not keep the others from being done, then the rest. now must hold a look. -1 with
 * the pipeline's error, or KTA_E_VERIFY when what was done has not helped. */
int kta_mend_run(struct kta_mend *m, struct kta_err *err);
void kta_mend_release(struct kta_mend *m);

/* Findings of severity warning or more. */
size_t kta_mend_troubles(const struct kta_findings *f);

#endif
