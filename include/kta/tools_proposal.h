/* tools_proposal.h - plans that wait for a person's yes, and the tokens that stand for them. */
#ifndef KTA_TOOLS_PROPOSAL_H
#define KTA_TOOLS_PROPOSAL_H

#include "kta/err.h"
#include "kta/pipeline.h"
#include "kta/plan.h"

/* Kept sealed under $XDG_STATE_HOME/kubectl-todo-ai/proposals, 0600. */
#define KTA_PROPOSAL_S 3600 /* seconds from propose, in which the plan can be applied by its ID */
#define KTA_TOKEN_S    900  /* seconds from apply_plan, in which a person can approve its token */
/* Takes the plan that a token stands for, once: a second take, a token that expired, was changed or
 * belongs to another machine's key is KTA_E_POLICY. *ret_plan_id: for kta_proposal_done. */
int kta_proposal_take(const char *token, struct kta_pipeline *p, struct kta_plan *ret,
                      char **ret_plan_id, struct kta_err *err);
/* Notes what became of it, so that the client that proposed it is told. */
void kta_proposal_done(const char *plan_id, const struct kta_plan *plan, const struct kta_err *err);

#endif
