/*
 * tools.h - what a model may call. One table renders the tools for a model (and later for MCP).
 *
 * A read runs at once, bounded; anything else joins the plan; what policy denies is answered with
 * the reason. A malformed or unknown call is answered too: a tool never fails, it explains.
 */
#ifndef KTA_TOOLS_H
#define KTA_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/finding.h"
#include "kta/json.h"
#include "kta/pipeline.h"
#include "kta/plan.h"
#include "kta/str.h"

/* What a tool works on. All borrowed. */
struct kta_tool_env {
    struct kta_pipeline *pipeline;
    struct kta_plan *plan;               /* where changes are added */
    const struct kta_findings *findings; /* whose fixes may be chosen */
    int reads, changes, refused;         /* counted here */
};

struct kta_tool {
    const char *name;
    const char *description;
    const char *schema; /* JSON Schema of the arguments; static text */
    /* Appends the result for the model. args is an object, never NULL. */
    void (*run)(struct kta_tool_env *env, const struct kta_json *args, struct kta_str *result);
};
const struct kta_tool *kta_tools(size_t *ret_n);

/* The "tools" array of a chat request. Caller owns. */
struct kta_json *kta_tools_json(const struct kta_findings *findings);
/* Runs a call by name with arguments as the model wrote them. Appends the result, at most
 * KTA_MAX_TOOL_RESULT bytes. Interrupted: says so. */
void kta_tool_call(struct kta_tool_env *env, const char *name, const char *args_text,
                   struct kta_str *result);
/* One command proposed in text (fenced blocks, `command` strings): classified, run or planned. */
void kta_tool_command(struct kta_tool_env *env, const struct kta_argv *argv, const char *stdin_text,
                      const char *why, struct kta_str *result);
/* Cuts text to at most max bytes by taking out the middle, on line boundaries, saying how much. */
void kta_cut_middle(const char *s, size_t n, size_t max, struct kta_str *out);

#endif
