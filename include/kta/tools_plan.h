/*
 * tools_plan.h - a plan as a person reads it, at a terminal or through a client: the facts of it,
 * which a frontend only colours or fences, and the digest that a yes is bound to.
 *
 * Every fact is cleaned (kta_clean), and characters that pass for others carry their code.
 */
#ifndef KTA_TOOLS_PLAN_H
#define KTA_TOOLS_PLAN_H

#include <stdbool.h>
#include "kta/plan.h"
#include "kta/str.h"

enum kta_fact {
    KTA_FACT_COMMAND, /* exactly what will run, quoted for a shell */
    KTA_FACT_ALARM,   /* look-alikes; not asked for */
    KTA_FACT_WHY,
    KTA_FACT_EVIDENCE, /* what it rests on */
    KTA_FACT_MANIFEST, /* its input, whole */
    KTA_FACT_REFUSED,  /* by policy: the last fact */
    KTA_FACT_RISK,     /* risk, objects, rights, what the dry run said: one line */
    KTA_FACT_WARNING,
    KTA_FACT_DIFF, /* "" when the server says that nothing changes */
};
/* Calls fact for each thing to know of a step, in this order. */
void kta_step_facts(const struct kta_step *s,
                    void (*fact)(void *ctx, enum kta_fact what, const char *text), void *ctx);
/* Appends s with the code behind every character that passes for an ASCII one, as in
 * "p\u0430yments<U+0430>"; true if there was one. */
bool kta_mark_lookalikes(const char *s, size_t n, struct kta_str *out);

/* The whole plan as Markdown, and the digest over what runs and what it changes. A moment that a
 * command writes ("restartedAt") is no part of the digest: it is another one at each preview. */
void kta_plan_text(const struct kta_plan *plan, struct kta_str *out);
void kta_plan_digest(const struct kta_plan *plan, char ret[65]);

#endif
