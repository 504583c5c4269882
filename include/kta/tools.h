/*
 * tools.h - what a model or an MCP client may call.
 *
 * One table renders the tools for a chat request (KTA_FOR_MODEL) and for an MCP server
 * (KTA_FOR_MCP). A tool never fails: what went wrong is text, with is_error, so that the caller can
 * correct itself. Nothing here changes a cluster but through the pipeline.
 */
#ifndef KTA_TOOLS_H
#define KTA_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/diagnose.h"
#include "kta/finding.h"
#include "kta/json.h"
#include "kta/pipeline.h"
#include "kta/plan.h"
#include "kta/str.h"

/* ---- what a tool works on ---- */
enum kta_ask {
    KTA_ASK_NO,
    KTA_ASK_YES,
    KTA_ASK_UNSUPPORTED, /* the client cannot ask a person */
    KTA_ASK_LATER,       /* the answer comes with a repeated call (input_required): the tool stops
                            with result.pending, having changed nothing */
};

/* A question to a person. All borrowed, redacted, cleaned. */
struct kta_tool_question {
    const char *message; /* one sentence: what is to be allowed */
    const char *preview; /* the plan with its diffs, as text; goes into the request whole */
    const char *digest;  /* 64 hex digits (kta_plan_digest): what a yes is bound to */
    const char *plan_id;
    enum kta_risk risk; /* never KTA_RISK_HIGH: that needs a terminal (approve) */
};

#define KTA_TOOL_BUDGET     (24u << 10) /* bytes of an answer when nobody says otherwise */
#define KTA_TOOL_BUDGET_MIN 1024u
#define KTA_TOOL_BUDGET_MAX (256u << 10)

struct kta_custom_tools;

/* All borrowed; everything but pipeline may be NULL or zero. */
struct kta_tool_env {
    struct kta_pipeline *pipeline;
    /* ---- of a model's turn ---- */
    struct kta_plan *plan;               /* where changes are added */
    const struct kta_findings *findings; /* whose fixes may be chosen */
    int reads, changes, refused;         /* counted here */
    const struct kta_custom_tools *custom;
    /* Does the command read a local file that the user did not name? NULL: nothing is asked. */
    bool (*reads_unnamed)(void *ctx, const struct kta_argv *argv, struct kta_str *ret_file);
    /* ---- of a server ---- */
    struct kta_scope scope;             /* where a call looks that names no namespace */
    bool namespace_pinned;              /* --namespace: another namespace, or all, is refused */
    bool context_pinned;                /* --context: another context is refused */
    const char *kubeconfig;             /* --kubeconfig: whose contexts are completed */
    const struct kta_json *ignore;      /* the configuration's ignore: */
    const struct kta_json *remediation; /* the configuration's remediation: */
    size_t budget;                      /* bytes of one answer at most; 0: KTA_TOOL_BUDGET. A call's
                                           max_bytes may ask for less, up to KTA_TOOL_BUDGET_MAX */
    bool approve_set;                   /* --approve was given: up to and including `approve` no */
    enum kta_risk approve;              /* person is asked; a protected target always needs one */
    void *ctx;
    /* done grows with each call; total 0: unknown. */
    void (*progress)(void *ctx, double done, double total, const char *message);
    bool (*cancelled)(void *ctx);
    enum kta_ask (*ask)(void *ctx, const struct kta_tool_question *q);
    /* Another context's pipeline; -1 with err. NULL: only this one. The server keeps it. */
    int (*open)(void *ctx, const char *context, struct kta_pipeline **ret, struct kta_err *err);
};

struct kta_tool_result {
    struct kta_str text;         /* Markdown; redacted, cleaned */
    struct kta_str note;         /* what we say of it ourselves: comes behind the text */
    struct kta_json *structured; /* an object that matches output_schema, or NULL */
    bool is_error;
    bool pending; /* env->ask said LATER: nothing was done, the call will come again */
};
#define KTA_TOOL_RESULT_INIT                                                                       \
    {                                                                                              \
        .text = KTA_STR_INIT, .note = KTA_STR_INIT                                                 \
    }
void kta_tool_result_release(struct kta_tool_result *r);

/* ---- the table ---- */
enum { KTA_FOR_MODEL = 1, KTA_FOR_MCP = 2 };

struct kta_tool_hints {
    bool read_only, destructive, idempotent, open_world;
    bool quotes; /* the answer quotes the cluster: kta_tool_run fences it by a random marker */
};

struct kta_tool {
    const char *name, *title, *description;
    const char *schema;        /* JSON Schema of the arguments; static text */
    const char *output_schema; /* of `structured`; NULL: none */
    unsigned for_;             /* KTA_FOR_… */
    struct kta_tool_hints hints;
    /* Fills in the result. args is an object, never NULL. */
    void (*run)(struct kta_tool_env *env, const struct kta_json *args,
                struct kta_tool_result *result);
};
const struct kta_tool *kta_tools(size_t *ret_n); /* in the order in which they are listed */
/* By name (also an alias: pod-restart …) among those of `for_`; NULL: there is none. */
const struct kta_tool *kta_tool_find(const char *name, unsigned for_);
/* False for a tool that this env does not offer: a change where it is read-only. */
bool kta_tool_offered(const struct kta_tool_env *env, const struct kta_tool *tool);
/* One tool as tools/list has it: name, title, description, inputSchema, outputSchema, annotations
 * (all five stated). Caller owns. */
struct kta_json *kta_tool_json(const struct kta_tool *tool);
/* Checks the arguments against the schema (wrong ones are is_error, in words) and runs the tool.
 * args may be NULL: {}. The text, and the structured content printed, together keep to the budget.
 */
void kta_tool_run(struct kta_tool_env *env, const struct kta_tool *tool,
                  const struct kta_json *args, struct kta_tool_result *result);
/* What is wrong with a value by a schema (type, required, properties, additionalProperties, enum,
 * items, minimum, maximum, minLength, maxLength, maxItems, const, oneOf, anyOf): one sentence that
 * names the place, appended; nothing when it is right. */
void kta_schema_check(const struct kta_json *schema, const struct kta_json *value,
                      struct kta_str *out);

/* ---- for a model ---- */
/* The "tools" array of a chat request, byte-equal for every question, so that prefix caches hit.
 * Caller owns. */
struct kta_json *kta_tools_json(void);
/* Tools of the user's own (custom.c has the format): adds those of a file, or of all files in a
 * folder, to *pc, which may be NULL. KTA_E_USAGE names file and tool. */
int kta_custom_tools_load(const char *path, struct kta_custom_tools **pc, struct kta_err *err);
void kta_custom_tools_free(struct kta_custom_tools *c);
/* Appends them to a "tools" array. */
void kta_custom_tools_json(const struct kta_custom_tools *c, struct kta_json *tools);
/* Runs a call by name with arguments as the model wrote them. Appends the result, at most
 * KTA_MAX_TOOL_RESULT bytes. Interrupted: says so. */
void kta_tool_call(struct kta_tool_env *env, const char *name, const char *args_text,
                   struct kta_str *result);
/* One command proposed in text (fenced blocks, `command` strings): classified, run or planned. */
void kta_tool_command(struct kta_tool_env *env, const struct kta_argv *argv, const char *stdin_text,
                      const char *why, struct kta_str *result);
/* Cuts text to at most max bytes by taking out the middle, on line boundaries, saying how much. */
void kta_cut_middle(const char *s, size_t n, size_t max, struct kta_str *out);

/* ---- commands in text ---- */
/* A kubectl or helm command that somebody wrote. */
struct kta_proposed {
    struct kta_argv argv; /* with a problem: one word, the line */
    char *stdin_text;     /* a manifest beside it, or NULL */
    char *problem;        /* why it cannot be taken as it is (shell syntax …), or NULL */
};
/* Those of a model's text, in its order: fenced blocks, manifests in them, and lines that are
 * nothing but a command. At most KTA_MAX_STEPS; nothing is ever given to a shell. */
void kta_commands_in_text(const char *text, void (*found)(void *ctx, struct kta_proposed *p),
                          void *ctx);
/* Those of a text that is commands only, as a fenced block is. */
void kta_commands_in_block(const char *text, void (*found)(void *ctx, struct kta_proposed *p),
                           void *ctx);

#endif
