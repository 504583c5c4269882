/*
 * plan.h - proposed actions: each an argv, with what is known of it before and after it ran.
 *
 * A plan owns its steps, and both own every string in them: all goes with kta_plan_release. A step
 * stays where it is while others are added; kta_plan_edit_take makes new ones of those that
 * changed.
 */
#ifndef KTA_PLAN_H
#define KTA_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/argv.h"
#include "kta/err.h"
#include "kta/finding.h"
#include "kta/json.h"
#include "kta/policy.h"
#include "kta/redact.h"
#include "kta/str.h"

enum kta_state {
    KTA_PLANNED,
    KTA_DECLINED,
    KTA_REFUSED,  /* by policy */
    KTA_EXECUTED, /* ran; verification not wanted */
    KTA_FAILED,
    KTA_VERIFIED,
    KTA_UNVERIFIED, /* ran, but the workload did not recover, or it cannot be known */
    KTA_UNKNOWN,    /* interrupted: it may or may not have happened */
    KTA_UNDONE,
};
const char *kta_state_name(enum kta_state s);

struct kta_preview {
    char *diff;  /* unified diff of what changes, redacted; "" when nothing changes; NULL: none */
    int objects; /* touched; -1 unknown */
    int allowed; /* 1, 0, -1 unknown: SelfSubjectAccessReview */
    bool validated;  /* the API server accepted a dry run */
    bool rejected;   /* it refused one: the step would fail and is not run; why is in warnings */
    bool no_undo;    /* what the step does cannot be put back (exec, cp, a drain's evictions) */
    char **warnings; /* sentences */
    size_t n_warnings, cap_warnings;
};
void kta_preview_warn(struct kta_preview *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

struct kta_step {
    char id[16];          /* "1", "2" … */
    struct kta_argv argv; /* exactly what is shown and run */
    char *stdin_text;     /* manifest, with placeholders; NULL: none */
    char *why;
    char fix_id[16]; /* of the finding it came from, or "" */
    bool unasked;   /* neither the question nor a finding names its object, or what it reads outside
                       of the working folder: of high risk; the latter is not read for a preview */
    char *evidence; /* what it rests on: "[e1] log pod/web-1; …", redacted, or NULL */
    struct kta_verdict verdict;
    enum kta_risk risk;
    struct kta_preview preview;
    enum kta_state state;
    bool began; /* its program was started; a failed step that did not begin changed nothing */
    int exit_code;
    char *output;                /* redacted, bounded */
    char *outcome;               /* what verification saw: a sentence */
    char *journal;               /* ID.N, or NULL */
    struct kta_touches *touches; /* the objects it concerns; only actions/ looks inside */
    bool asked;                  /* a person said yes to exactly this preview */
    char confirmed[48];          /* who said yes: "a person", "--yes=medium"; "" nobody (yet) */
    struct kta_json *reviewed;   /* of a plan that was read: its class, risk, diff; or NULL */
};

struct kta_plan {
    char *id;      /* journal ID once it has one */
    char *undo_of; /* the journal ID that this plan undoes, or NULL */
    char *resumes; /* the journal ID (of a step, too) whose rest this plan is, or NULL */
    char *guessed; /* why its objects may not be those that were meant ("'backend' is only the
                      nearest name …"): every change then counts as of high risk; or NULL. Set
                      before steps are added */
    char *said;    /* the model's answer, redacted, for the journal; or NULL */
    char *reviewed_server; /* of a plan that was read: where it was reviewed; or NULL */
    char *server;          /* the API server's address, for what is shown; NULL until previewed */
    char *question;
    char *context, *namespace_;
    struct kta_step **v;
    size_t n, cap;
};

void kta_plan_init(struct kta_plan *p, const char *question, const char *context,
                   const char *namespace_);
void kta_plan_release(struct kta_plan *p);
/* Adds a step: copies argv, pins context and namespace (kta_command_pin), classifies it, assigns
 * the risk. A step with the same argv and stdin as one that is there is not added twice; then that
 * one is returned. NULL with err when the plan is full or the argv is not a command at all. */
struct kta_step *kta_plan_add(struct kta_plan *p, const struct kta_policy *policy,
                              const struct kta_argv *argv, const char *stdin_text, const char *why,
                              struct kta_err *err);
/* Adds a finding's fix, with what must follow it. The first step, or NULL with err. */
struct kta_step *kta_plan_add_fix(struct kta_plan *p, const struct kta_policy *policy,
                                  const struct kta_fix *fix, struct kta_err *err);
/* The name of the first object that a previewed step touches; NULL: none is known. */
const char *kta_step_object(const struct kta_step *s);
/* Classifies a step again after it was edited. */
void kta_step_classify(struct kta_plan *p, const struct kta_policy *policy, struct kta_step *s);

/* The steps that can still run (or only one of them) as text for an editor, and back: all or
 * nothing. Steps that changed are neither classified nor previewed then; ids are given anew. */
void kta_plan_edit_text(const struct kta_plan *p, const struct kta_step *only, struct kta_str *out);
int kta_plan_edit_take(struct kta_plan *p, struct kta_step *only, const char *text,
                       struct kta_err *err);

struct kta_json *kta_plan_json(const struct kta_plan *p); /* a document's "plan" */
/* Reads the plan of an Answer document (or a bare array of steps) for apply, classified anew. ret
 * need not be initialised; after -1 (KTA_E_PARSE, which names the step) there is nothing in it to
 * release. */
int kta_plan_parse(const struct kta_json *document, const struct kta_policy *policy,
                   struct kta_plan *ret, struct kta_err *err);
/* The script of --dry-run --quiet. */
void kta_plan_script(const struct kta_plan *p, struct kta_str *out);

#endif
