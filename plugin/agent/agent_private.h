/* agent_private.h - what the files of agent/ share. */
#ifndef AGENT_AGENT_PRIVATE_H
#define AGENT_AGENT_PRIVATE_H

#include "kta/agent.h"
#include "kta/tools.h"

/* engine.c: answer and plan without a model. */
int agent_engine_answer(struct kta_agent *a, struct kta_err *err);
/* The findings that speak of the targets (or, for a namespace, all) and are worth acting on. */
bool agent_worth_fixing(const struct kta_finding *f);
/* Adds each such finding's first fix to plan. */
void agent_plan_fixes(struct kta_agent *a, struct kta_plan *plan);

/* usage.c: *ret_source is NULL when it is no such question. */
int agent_usage(struct kta_agent *a, const char **ret_source, struct kta_str *out,
                struct kta_err *err);
/* The scope, in the namespace that the question names. */
struct kta_scope agent_scope(const struct kta_agent *a);
int agent_install(struct kta_agent *a, struct kta_err *err); /* install.c */

/* The line that begins the user's words; what stands before it is evidence. */
#define AGENT_QUESTION "\nQuestion: "

/* prompt.c: system message, history and question for this way to act; what differs from question
 * to question (history, evidence, findings) is kept to budget bytes. */
struct kta_json *agent_first_messages(struct kta_agent *a, enum kta_llm_way way, size_t budget);
/* Replaces the system message by the one for this way. */
void agent_set_way(const struct kta_agent *a, struct kta_json *messages, enum kta_llm_way way);
struct kta_json *agent_tools(const struct kta_agent *a);
struct kta_json *agent_schema(const struct kta_agent *a);
/* How the model will act, as far as it is known before asking; asks the endpoint for its window. */
enum kta_llm_way agent_way(const struct kta_agent *a);
/* Bytes for what differs, by the model's window. */
size_t agent_budget(const struct kta_agent *a, enum kta_llm_way way, const struct kta_json *tools);
/* Appends what a tool read, fenced by a marker of its own. */
void agent_fence(const char *text, struct kta_str *out);
/* asked.c: marks the steps whose objects neither question nor findings name, and says which
 * evidence each step rests on. */
void agent_mark_steps(struct kta_agent *a, struct kta_plan *plan);
/* Does the command read a file or folder of this machine that the user's words do not name? Its
 * name is appended. */
bool agent_reads_unnamed(const struct kta_agent *a, const struct kta_argv *argv,
                         struct kta_str *ret_file);
/* budget.c: may this turn be asked? -1 (KTA_E_LIMIT) when the session's ceiling would be passed;
 * near it *max_tokens of the answer shrinks. */
int agent_afford(const struct kta_agent *a, int *max_tokens, struct kta_err *err);
/* history.c: earlier messages, condensed to budget bytes. Caller owns. */
struct kta_json *agent_condense(const struct kta_json *history, size_t budget);

/* ---- act.c: what a turn asks for. true: there is something new to tell the model. ---- */
struct turns { /* of one question */
    struct kta_agent *a;
    struct kta_tool_env *env;
    struct kta_argv had; /* what was called, with its arguments */
    int stuck;           /* turns in a row without anything new */
};
/* Adds a message {role, content}. */
void agent_say(struct kta_json *messages, const char *role, const char *text);
/* Every call of the turn gets one answer. */
void agent_act_on_calls(struct turns *turns, struct kta_llm_turn *t);
/* Commands in text; reads: run those that only read, too (the model has no other way to ask).
 * True: results it should see, or commands that it should write in another way. */
bool agent_act_on_text(struct turns *turns, const char *text, bool reads);
/* The object of the schema, {answer, fixes, commands}: the answer becomes the agent's. */
bool agent_act_on_object(struct turns *turns, const char *text);
/* An object that was cut: its answer as far as it came. What it wanted to do is not whole, so it is
 * not done. */
void agent_take_cut_object(struct kta_agent *a, const char *text);
/* Cuts the longest of what the model has read in this question in half. False: there is nothing
 * left to cut. */
bool agent_shorten_results(struct kta_json *messages);

/* loop.c: turns with the model. -1: the model failed. */
int agent_model_answer(struct kta_agent *a, struct kta_err *err);

#endif
