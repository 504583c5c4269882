/*
 * outcome.c - did a plan help? The findings that its steps came from are looked for again.
 *
 * The pipeline's verification tells that what was changed is well (a rollout, endpoints, a
 * release); only the engine tells that the trouble that led to it is gone.
 */
#include <poll.h>
#include <string.h>
#include "agent_private.h"
#include "kta/clock.h"
#include "kta/interrupt.h"

#define CLEAR_MS 120000 /* how long a finding may take to go: an autoscaler looks every 15 s */
#define LOOK_MS  2000

static bool led_to(const struct kta_finding *f, const struct kta_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        for (size_t k = 0; plan->v[i]->journal && k < f->n_fixes; k++)
            if (kta_streq(plan->v[i]->fix_id, f->fixes[k].id))
                return true;
    return false;
}

static bool same_trouble(const struct kta_finding *a, const struct kta_finding *b)
{
    return kta_streq(a->code, b->code) && kta_streq(a->summary, b->summary) &&
           kta_ref_equal(&a->object, &b->object);
}

/* *ret_left: the first of the findings that led to the plan and is there still, borrowed of a. */
static int look_again(const struct kta_agent *a, const struct kta_plan *plan,
                      const struct kta_finding **ret_left, struct kta_err *err)
{
    struct kta_world *w = kta_world_new(a->pipeline->cluster, a->pipeline->redact, NULL);
    struct kta_targets targets = {0};
    struct kta_findings now = {0};
    int rc =
        kta_target_find(w, &a->scope, kta_or(a->targets.suggestion, a->question), &targets, err);

    *ret_left = NULL;
    if (rc == 0)
        rc = kta_diagnose(w, &a->scope, &targets, &a->diagnose, &now, err);
    for (size_t i = 0; i < a->findings.n && rc == 0; i++)
        for (size_t k = 0; k < now.n && !*ret_left; k++)
            if (same_trouble(a->findings.v[i], now.v[k]) && led_to(a->findings.v[i], plan))
                *ret_left = a->findings.v[i];
    kta_findings_release(&now);
    kta_targets_release(&targets);
    kta_world_free(w);
    return rc;
}

int kta_agent_helped(const struct kta_agent *a, const struct kta_plan *plan, struct kta_err *err)
{
    const struct kta_report *report = a->pipeline->report;
    int64_t given = a->pipeline->verify_timeout_ms;
    int64_t until = kta_now_ms() + (given > 0 && given < CLEAR_MS ? given : CLEAR_MS);
    const struct kta_finding *left = NULL;
    bool any = false;

    for (size_t i = 0; i < a->findings.n; i++)
        any = any || led_to(a->findings.v[i], plan);
    while (any) {
        if (kta_interrupt_check(err) < 0 || look_again(a, plan, &left, err) < 0)
            return -1;
        int64_t ms = until - kta_now_ms();
        if (!left || ms <= 0)
            break;
        kta_report_progress(report, "waiting for the finding to clear");
        poll(&(struct pollfd){.fd = kta_interrupt_fd(), .events = POLLIN}, 1,
             (int)(ms < LOOK_MS ? ms : LOOK_MS));
    }
    kta_report_done(report);
    if (left)
        return kta_err_set(err, KTA_E_VERIFY, "what was done has not helped, it is still so: %s",
                           left->summary);
    for (size_t i = 0; i < a->findings.n; i++) {
        const struct kta_finding *f = a->findings.v[i];
        if (led_to(f, plan))
            kta_report_note(report, "it has helped: %s of %s %s is gone", f->code, f->object.kind,
                            f->object.name);
    }
    return 0;
}
