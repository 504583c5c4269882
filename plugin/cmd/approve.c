/*
 * approve.c - a person's yes, in a terminal of their own, to a plan that an MCP client proposed.
 *
 * Invariant: --yes, --skip-permissions and -q do not count here, and without /dev/tty nothing
 * happens: the one who approves is somebody who sees the preview.
 */
#include "app.h"

#include <stdlib.h>

#include "kta/term.h"
#include "kta/tools.h"
#include "kta/tools_proposal.h"

int cmd_approve(struct app *app, struct kta_err *err)
{
    struct kta_plan plan = {0};
    struct kta_pipeline p;
    kta_auto_json struct kta_json *doc = NULL;
    char *id = NULL;

    if (app->words.n != 1)
        return kta_err_set(err, KTA_E_USAGE, "which token? approve takes one");
    if (!kta_term_can_ask()) {
        kta_err_set(err, KTA_E_UNCONFIRMED, "approve needs a terminal: a person must see the plan");
        return kta_err_hint(err, "run it in a terminal of your own; --yes does not count here");
    }
    if (app_open_cluster(app, err) < 0)
        return -1;
    p = app->pipeline;
    p.yes = -1;
    p.quiet = false;
    if (!p.report->ask)
        return kta_err_set(err, KTA_E_USAGE, "approve asks: it cannot be quiet");
    if (kta_proposal_take(app->words.v[0], &p, &plan, &id, err) < 0)
        return -1;
    int r = kta_pipeline_run(&p, &plan, err);
    kta_proposal_done(id, &plan, err);
    doc = document_new(app, "Answer");
    kta_json_set(doc, "plan", kta_plan_json(&plan));
    document_print(app, doc, err);
    kta_plan_release(&plan);
    free(id);
    return r;
}
