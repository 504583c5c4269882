/* agent_private.h - what the files of agent/ share. */
#ifndef AGENT_AGENT_PRIVATE_H
#define AGENT_AGENT_PRIVATE_H

#include "kta/agent.h"
#include "kta/tools.h"

/* The findings that speak of the targets (or, for a namespace, all) and are worth acting on. */
bool agent_worth_fixing(const struct kta_finding *f);
/* Adds each such finding's first fix to plan. */
void agent_plan_fixes(struct kta_agent *a, struct kta_plan *plan);
void agent_context_line(struct kta_agent *a, struct kta_str *out);

/* engine.c: answer and plan without a model. */
int agent_engine_answer(struct kta_agent *a, struct kta_err *err);
/* prompt.c: system and user message; evidence is kept up to budget bytes. */
struct kta_json *agent_first_messages(struct kta_agent *a, bool text_way, size_t budget);
struct kta_json *agent_schema(const struct kta_agent *a);
/* loop.c: turns with the model. -1: the model failed. */
int agent_model_answer(struct kta_agent *a, struct kta_err *err);

#endif
