/*
 * pipeline.h - the one way to a change: preview → confirm → journal → execute → verify.
 *
 * Whoever asks (a question, fix, apply, undo, MCP) fills in a struct kta_pipeline and calls
 * kta_pipeline_run. Nothing else in the program starts a process that changes a cluster.
 */
#ifndef KTA_PIPELINE_H
#define KTA_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>
#include "kta/audit.h"
#include "kta/cluster.h"
#include "kta/err.h"
#include "kta/plan.h"
#include "kta/policy.h"
#include "kta/redact.h"
#include "kta/report.h"

/* How much of the journal is kept; 0: the default. */
struct kta_journal_limits {
    int entries;   /* 200 */
    int64_t bytes; /* 256 MiB */
    int64_t age_s; /* 90 days; the newest change is kept whatever its age */
};

/* Every pointer is borrowed and outlives the runs; the plan is the caller's, too. */
struct kta_pipeline {
    struct kta_cluster *cluster;
    struct kta_redact *redact;
    const struct kta_policy *policy;
    const struct kta_report *report;
    const char *kubectl, *helm;           /* absolute paths; NULL: not installed */
    const struct kta_argv *session_flags; /* --as … : added after classification, shown */
    enum kta_dry dry_run;
    bool read_only;
    bool quiet; /* never asks */
    int yes;    /* highest kta_risk that needs no question; -1: ask always */
    bool no_verify;
    bool rollback_on_failure;
    bool caller_undoes; /* what failed is neither put back nor offered to be: the caller does */
    /* Asked once all steps are done and verified (not for an undo, nor with no_verify): did the
     * plan help? -1 is a failed verification. NULL: nobody knows. */
    int (*helped)(void *ctx, const struct kta_plan *plan, struct kta_err *err);
    void *helped_ctx;
    int64_t verify_timeout_ms; /* 0: 5 min */
    struct kta_journal_limits journal;
    const struct kta_audit_config *audit; /* NULL: no audit log */
};

/* Previews every step of a plan (server dry-run, diff, rights, objects). Never changes anything.
 * -1 only when interrupted. */
int kta_preview_plan(struct kta_pipeline *p, struct kta_plan *plan, struct kta_err *err);

/* The whole way. Each step's state tells its fate; the return value and err tell the first of what
 * went wrong by the README's order (interrupted, KTA_E_VERIFY, KTA_E_EXECUTE, KTA_E_POLICY,
 * KTA_E_UNCONFIRMED). 0: done and verified, or a dry run, or nothing to do. */
int kta_pipeline_run(struct kta_pipeline *p, struct kta_plan *plan, struct kta_err *err);

/* Runs a command of class read and gives its output, bounded and redacted (tools/). Refuses
 * (KTA_E_POLICY) any other class. *ret_exit is the child's exit code. */
int kta_run_read(struct kta_pipeline *p, const struct kta_argv *argv, struct kta_str *out,
                 int *ret_exit, struct kta_err *err);

#endif
