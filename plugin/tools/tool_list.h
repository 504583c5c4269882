/* tool_list.h - the functions behind the table in table.c, and what the tools share. */
#ifndef TOOLS_TOOL_LIST_H
#define TOOLS_TOOL_LIST_H

#include "kta/tools.h"

/* "run" of a row: see struct kta_tool. */
#define TOOL(name)                                                                                 \
    void name(struct kta_tool_env *env, const struct kta_json *args, struct kta_tool_result *result)
TOOL(tool_kubectl);
TOOL(tool_helm);
TOOL(tool_apply_fix);
TOOL(tool_list);
TOOL(tool_search);
TOOL(tool_get);
TOOL(tool_describe);
TOOL(tool_logs);
TOOL(tool_analyze_logs);
TOOL(tool_events);
TOOL(tool_top);
TOOL(tool_can_i);
TOOL(tool_diagnose);
TOOL(tool_what_changed);
TOOL(tool_restart);
TOOL(tool_propose);
TOOL(tool_apply_plan);
TOOL(tool_undo);
TOOL(tool_history);
TOOL(tool_remediate);
TOOL(tool_reach);
TOOL(tool_validate);

/* tools.c: is_error, and the sentence; "hint" of an error becomes a second one. */
void tool_fail(struct kta_tool_result *result, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void tool_fail_err(struct kta_tool_result *result, const struct kta_err *err);
/* Bytes that this call's answer may have: the server's limit, or the less that max_bytes asks. */
size_t tool_budget(const struct kta_tool_env *env, const struct kta_json *args);
/* Bytes of the answer as it goes out: the text quoted, and the structured content. */
size_t tool_result_size(const struct kta_tool_result *r);

/* args.c: the arguments as the schema spells them, where what was meant is plain. Caller owns. */
struct kta_json *tool_args(const struct kta_json *schema, const struct kta_json *args);
/* Appends what a tool takes: "kind (string, required), namespace (string), …". */
void tool_args_help(const struct kta_json *schema, struct kta_str *out);

/* Puts a text that quotes the cluster between two lines that it cannot know. */
void tool_frame(struct kta_str *text);

/* custom.c: false when there is no tool of that name. */
bool tool_custom(struct kta_tool_env *env, const char *name, const struct kta_json *args,
                 struct kta_str *result);
/* ---- scope.c: where a call looks ---- */
struct tool_at {
    struct kta_pipeline *p;
    struct kta_scope scope; /* borrowed from env and args */
    bool pinned;            /* nothing outside of the namespace may be told */
};
/* context, namespace, all_namespaces of the arguments, within what the server is pinned to. False:
 * the result says why not. */
bool tool_at(struct kta_tool_env *env, const struct kta_json *args, struct tool_at *ret,
             struct kta_tool_result *result);
/* A name that may stand in a path and in an argv (no blank, no leading dash). False: said. */
bool tool_name(const char *what, const char *name, struct kta_tool_result *result);
/* The same for a pod; what stands for a workload is told its pods. */
bool tool_pod(const struct tool_at *at, const char *what, const char *name,
              struct kta_tool_result *result);
bool tool_mayl(const struct tool_at *at, struct kta_tool_result *result, ...)
    __attribute__((sentinel));
/* A world on this call's cluster. Caller frees with kta_world_free. */
struct kta_world *tool_world(const struct tool_at *at);
/* One GET; NULL: the result says what failed. Redacted. Caller owns. */
struct kta_json *tool_read(const struct tool_at *at, enum kta_accept accept, const char *path,
                           struct kta_tool_result *result);
void tool_progress(struct kta_tool_env *env, double done, double total, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool tool_cancelled(struct kta_tool_env *env);

/* ---- get.c ---- */
struct kta_kind;
/* What is at a path, also as JSONPath has it ("{.spec.containers[*].image}"). Caller owns. */
struct kta_json *tool_field(const struct kta_json *o, const char *path);
/* An answer is empty: is it that there is no such namespace? Then the result is that. */
bool tool_no_namespace(const struct tool_at *at, struct kta_tool_result *result);
/* Appends which names there are, for one that is not. */
void tool_near(const struct tool_at *at, const struct kta_kind *kind, const char *name,
               struct kta_tool_result *result);
/* One object by kind and name, redacted, without what only the server needs. NULL: said why. */
struct kta_json *tool_object(const struct tool_at *at, const char *kind_name, const char *name,
                             const struct kta_kind **ret_kind, struct kta_tool_result *result);

/* ---- plan_text.c ---- */
enum kta_risk tool_plan_risk(const struct kta_plan *plan); /* the highest */
bool tool_plan_protected(const struct kta_plan *plan);

/* ---- proposals.c ---- */
/* Keeps the plan's commands; *ret_id is what apply_plan takes. Caller frees. */
int tool_proposal_put(struct kta_pipeline *p, const struct kta_plan *plan, char **ret_id,
                      struct kta_err *err);
/* Reads it back. *ret_done (may come out NULL) is what became of it, when it has been used: then
 * *ret is empty. */
int tool_proposal_get(const char *id, struct kta_pipeline *p, struct kta_plan *ret,
                      struct kta_json **ret_done, struct kta_err *err);
/* Takes the right to run it: the first caller alone gets 0. */
int tool_proposal_claim(const char *id, struct kta_err *err);
void tool_proposal_unclaim(const char *id);
/* A new token for it, bound to the previewed plan; earlier tokens are worth nothing then. */
int tool_proposal_token(const char *id, const struct kta_plan *plan, char **ret_token,
                        struct kta_err *err);

/* ---- apply.c: the one way of the tools to a change ---- */
struct tool_asker {
    struct kta_tool_env *env;
    const char *plan_id;
    bool puts_back;       /* the yes to a plan covers putting it back when it did not help */
    bool terminal, later; /* it takes a terminal; the answer comes with a repeated call */
    double done;
};
/* A report that asks the client's person. `a` must outlive it. */
struct kta_report tool_person(struct tool_asker *a);
/* The pipeline with this client as the person. Text and structured ("plan", "state") are filled. */
void tool_run_plan(struct kta_tool_env *env, struct kta_pipeline *p, struct kta_plan *plan,
                   const char *plan_id, struct kta_tool_result *result);
/* Keeps and previews the plan and tells its id: the end of propose, restart_pods … */
void tool_offer(struct kta_tool_env *env, const struct tool_at *at, struct kta_plan *plan,
                struct kta_tool_result *result);

/* ---- propose.c ---- */
bool tool_plan_inside(struct kta_tool_env *env, const struct kta_plan *plan,
                      struct kta_tool_result *result);
/* Findings of a target ("" or NULL: the whole scope). False: said why. Release all three. */
bool tool_findings(struct kta_tool_env *env, const struct tool_at *at, const char *target,
                   struct kta_world **ret_world, struct kta_targets *targets,
                   struct kta_findings *findings, struct kta_tool_result *result);

/* ---- autonomy.c: what mode auto may do; config: the configuration's remediation ---- */
/* The highest risk (enum kta_risk) that may be run in a namespace (NULL: cluster-scoped); -1: none.
 */
int autonomy_risk(const struct kta_json *config, const char *ns);
/* May a round of changes begin? KTA_E_POLICY: the hour's budget is used up, the circuit breaker is
 * open, or changes cannot be counted. */
int autonomy_check(const struct kta_json *config, struct kta_err *err);
/* So many changes were made just now. */
void autonomy_changed(size_t changes);
/* A remediation that changed something is over: failures in a row open the circuit breaker. */
void autonomy_ended(const struct kta_json *config, bool recovered);

/* ---- page.c: answers in pieces ---- */
/* A cursor is opaque to the client: where to go on (skip) behind a continue token. */
struct tool_cursor {
    size_t skip;
    char *token; /* the API server's continue token, or NULL; owned */
};
/* False: the result says that the cursor is none of ours. */
bool tool_cursor_of(const struct kta_json *args, struct tool_cursor *ret,
                    struct kta_tool_result *result);
/* "cursor": the structured answer gets nextCursor, the note says how to go on and to narrow. */
void tool_next(struct kta_tool_result *result, size_t skip, const char *token, const char *advice);
/* Rows collected until the budget is used up: each is a line of text and an item. */
struct tool_rows {
    struct kta_tool_result *result;
    struct kta_json *items; /* array inside result->structured */
    size_t budget, used, n, max;
};
void tool_rows_begin(struct tool_rows *rows, struct kta_tool_result *result, const char *key,
                     size_t budget, size_t max);
/* Takes the item. False: it did not fit and was freed; the page ends before it. */
bool tool_rows_add(struct tool_rows *rows, const char *line, struct kta_json *item);
/* A long text in pieces of whole lines, from the cursor on; structured gets "text". */
void tool_page_text(struct kta_tool_result *result, const struct kta_json *args, size_t budget,
                    const char *text, const char *advice);
/* Appends text as a fenced block that nothing in it can close. */
void tool_fence(const char *language, const char *text, size_t n, struct kta_str *out);

#endif
