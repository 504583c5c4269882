/*
 * evidence.h - numbered pieces of what was seen, for a model to cite.
 *
 * What is added is copied; all of it goes with kta_evidence_release.
 */
#ifndef KTA_EVIDENCE_H
#define KTA_EVIDENCE_H

#include <stddef.h>

struct kta_item { /* one numbered piece, [e1] … */
    char *source; /* "pods in demo", "log pod/backend-… previous", "what changed" */
    char *text;   /* redacted, cleaned */
    int weight;   /* larger is kept first when the budget is short */
};
struct kta_evidence {
    struct kta_item *v;
    size_t n, cap;
};
void kta_evidence_add(struct kta_evidence *e, int weight, const char *source, const char *text);
void kta_evidence_release(struct kta_evidence *e);

#endif
