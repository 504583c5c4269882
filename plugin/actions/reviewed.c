/*
 * reviewed.c - a plan that was read from a file runs only as it was reviewed.
 *
 * What is compared is what a reviewer saw: the server, each step's class and risk, each diff. What
 * differs from one preview to the next by its nature (numbers of placeholders, the time of a
 * restart) or is moved by what is none of the step's business (line numbers) is left out.
 */
#include "actions.h"

#include "kta/alloc.h"

/* Appends a diff without what changes by itself. */
static void essence(const char *diff, struct kta_str *out)
{
    static const char MARK[] = "⟦secret:", RESTART[] = "restartedAt:", HUNK[] = "@@ -";

    for (bool line_begins = true; *diff; line_begins = diff[-1] == '\n') {
        size_t skip = kta_starts(diff, MARK) ? strlen(MARK) : 0;

        if (skip)
            skip += strspn(diff + skip, "0123456789");
        else if (kta_starts(diff, RESTART) || (line_begins && kta_starts(diff, HUNK)))
            skip = strcspn(diff, "\n");
        if (skip)
            kta_str_addc(out, '#');
        else
            kta_str_addc(out, *diff++);
        diff += skip;
    }
}

static bool same_diff(const char *a, const char *b)
{
    kta_auto_str struct kta_str x = KTA_STR_INIT, y = KTA_STR_INIT;

    essence(a, &x);
    essence(b, &y);
    return kta_streq(x.s, y.s);
}

static int check_step(const struct kta_step *s, struct kta_err *err)
{
    const char *class_ = kta_json_str(s->reviewed, "class"),
               *risk = kta_json_str(s->reviewed, "risk");
    const char *diff = kta_json_str(s->reviewed, "preview.diff");
    enum kta_risk was;

    if (class_ && !kta_streq(class_, kta_class_name(s->verdict.class_)))
        return kta_err_set(err, KTA_E_POLICY,
                           "the policy has changed since the plan was reviewed: step %s was of "
                           "class %s, and is %s now (%s)",
                           s->id, class_, kta_class_name(s->verdict.class_), s->verdict.reason);
    if (risk && kta_risk_parse(risk, &was) == 0 && was < s->risk)
        return kta_err_set(err, KTA_E_POLICY,
                           "the policy has changed since the plan was reviewed: the risk of step "
                           "%s was %s, and is %s now (%s)",
                           s->id, risk, kta_risk_name(s->risk), s->verdict.risk_why);
    if (diff && s->preview.diff && !same_diff(diff, s->preview.diff))
        return kta_err_set(
            err, KTA_E_UNCONFIRMED,
            "the cluster has changed since the plan was reviewed: what step %s would "
            "do now is not what was reviewed",
            s->id);
    return 0;
}

int kta_plan_still_reviewed(struct kta_pipeline *p, const struct kta_plan *plan,
                            struct kta_err *err)
{
    int rc = 0;

    if (plan->reviewed_server && !kta_streq(plan->reviewed_server, kta_cluster_server(p->cluster)))
        rc = kta_err_set(err, KTA_E_UNCONFIRMED, "the plan was reviewed for server %s, this is %s",
                         plan->reviewed_server, kta_cluster_server(p->cluster));
    for (size_t i = 0; rc == 0 && i < plan->n; i++)
        if (plan->v[i]->reviewed)
            rc = check_step(plan->v[i], err);
    if (rc < 0)
        kta_err_hint(err, "nothing was changed; look at it anew: kubectl todo-ai apply PLAN.json "
                          "--dry-run -o json");
    return rc;
}
