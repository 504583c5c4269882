/* tools_remediate.h - remediation: detect → collect → analyse → fix → verify, as one job. */
#ifndef KTA_TOOLS_REMEDIATE_H
#define KTA_TOOLS_REMEDIATE_H

#include "kta/tools.h"

enum kta_mode { KTA_MODE_PROPOSE, KTA_MODE_ASK, KTA_MODE_AUTO };
int kta_mode_parse(const char *s, enum kta_mode *ret); /* 0 or -1 */

/* All borrowed. config is the configuration's remediation: {mode, risk, namespaces {NS: risk},
 * changesPerHour, breakAfter, timeout}; without a risk, mode auto changes nothing. */
struct kta_remediation {
    struct kta_pipeline *pipeline; /* its report asks (mode ask) */
    struct kta_scope scope;
    const char *target; /* as diagnose takes it; "" or NULL: the whole scope */
    enum kta_mode mode;
    const struct kta_json *config, *ignore;
    int64_t timeout_ms;       /* 0: 15 min */
    struct kta_tool_env *env; /* whose progress and cancellation count, or NULL */
};
/* *ret_report (always set; caller owns) is a Report; -1 as kta_pipeline_run, also when it
 * did not recover (KTA_E_VERIFY), was not allowed (KTA_E_POLICY), or time is up (KTA_E_TIMEOUT). */
int kta_remediate(struct kta_remediation *r, struct kta_json **ret_report, struct kta_err *err);
void kta_remediation_markdown(const struct kta_json *report, struct kta_str *out);
/* Appends the line of prompts/prevention.txt that fits a finding's code best, once. */
void kta_prevention(const char *code, struct kta_str *out);

#endif
