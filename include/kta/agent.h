/*
 * agent.h - from a question to an answer and a plan: evidence first, then (where there is one) the
 * model, whose reads are answered until it is done.
 */
#ifndef KTA_AGENT_H
#define KTA_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/diagnose.h"
#include "kta/err.h"
#include "kta/evidence.h"
#include "kta/intent.h"
#include "kta/llm.h"
#include "kta/pipeline.h"
#include "kta/plan.h"
#include "kta/world.h"

struct kta_custom_tools; /* tools.h */

/* What a session may use at most; 0: no ceiling. */
struct kta_ceiling {
    int64_t tokens;
    double usd;
    double usd_in, usd_out; /* of a million tokens; 0 where only the server tells the cost */
};
/* "200k", "1.5M" tokens; "0.50usd", "$0.50". price: "IN/OUT" or NULL. KTA_E_USAGE. */
int kta_ceiling_parse(const char *text, const char *price, struct kta_ceiling *ret,
                      struct kta_err *err);

struct kta_agent {
    /* filled in by the caller, borrowed */
    struct kta_pipeline *pipeline; /* cluster, policy, redact, report, kubectl, helm */
    struct kta_llm *llm;           /* NULL: the built-in engine alone */
    struct kta_scope scope;
    const char *question;
    const char *piped;  /* text from stdin that belongs to the question, or NULL */
    int max_iterations; /* 0: KTA_MAX_ITERATIONS */
    bool shim;          /* --enable-tool-use-shim: no native tools */
    bool show_tool_output;
    bool interactive;                     /* a REPL's: more questions may follow */
    const char *template_text;            /* replaces prompts/system.md, or NULL; this and */
    const struct kta_argv *extra_prompts; /* texts appended to it are Go templates */
    struct kta_diagnose_options diagnose;
    const struct kta_custom_tools *custom; /* or NULL */
    struct kta_ceiling ceiling;            /* --max-cost */
    const struct kta_json *history;        /* earlier messages (the REPL), or NULL */
    /* results; released with kta_agent_release */
    struct kta_world *world;
    struct kta_targets targets;
    struct kta_findings findings;
    struct kta_evidence evidence;
    struct kta_intent_match intent;
    struct kta_plan plan; /* what is proposed */
    struct kta_plan
        alternatives;          /* what the model proposes where the engine is surer; may be empty */
    struct kta_str answer;     /* Markdown */
    bool streamed;             /* the answer already went out through report->text */
    struct kta_json *messages; /* the conversation, for the next question */
    const char *model;         /* "none" without one */
    int turns;
    int64_t prompt_tokens, completion_tokens; /* of all turns */
    struct kta_err model_err; /* set when the model failed and the engine answered instead */
};

void kta_agent_init(struct kta_agent *a);
void kta_agent_release(struct kta_agent *a);

/* Appends to the answer what the engine makes of the piped text alone. No cluster is needed. */
void kta_agent_read_text(struct kta_agent *a, struct kta_redact *redact);

/* Targets, findings, evidence: everything before the model. */
int kta_agent_collect(struct kta_agent *a, struct kta_err *err);
/* The messages that the first turn would send, as JSON ({"messages":[…],"tools":[…]}): for
 * --show-prompt. After kta_agent_collect. Caller owns. */
struct kta_json *kta_agent_prompt(struct kta_agent *a);
/* Collect, ask, plan. A failing model is not an error here: see model_err. */
int kta_agent_answer(struct kta_agent *a, struct kta_err *err);

/* After a plan was run and verified: are the findings gone that its steps came from (fix_id)? Looks
 * until they are, at most pipeline->verify_timeout_ms and 2 min. -1: KTA_E_VERIFY, one is still
 * there; KTA_E_INTERRUPTED; or the cluster cannot be asked. 0 for a plan that came from none. */
int kta_agent_helped(const struct kta_agent *a, const struct kta_plan *plan, struct kta_err *err);

#endif
