/* snapshot.c - the command snapshot: diagnosis of the scope, recorded. */
#include "app.h"
#include "kta/alloc.h"
#include "kta/evidence.h"
#include "kta/learn.h"
#include "kta/snapshot.h"

/* The values of Secrets are learned before anything is recorded, and are not read again: what is
 * read from then on lands in the folder. */
static int learn(struct app *app, struct kta_err *err)
{
    struct kta_world *w = kta_world_new(app->cluster, app->redact, kta_ui_report(app->ui));
    int r = kta_learn_secrets(w, app->scope.namespace_, err);

    kta_world_free(w);
    kta_redact_read_secrets(app->redact, false);
    return r;
}

int cmd_snapshot(struct app *app, struct kta_err *err)
{
    struct kta_snapshot_writer *w = NULL;
    struct kta_targets targets = {0};
    struct kta_findings findings = {0};
    struct kta_evidence evidence = {0};
    struct kta_diagnose_options options = {.no_validate = true, .no_probe = true};
    size_t files = 0;

    if (app->words.n != 1) {
        kta_err_set(err, KTA_E_USAGE, "snapshot takes one folder to write to");
        return kta_err_hint(err, "kubectl todo-ai snapshot DIR [-n NS | -A]");
    }
    if (app_open_cluster(app, err) < 0 || learn(app, err) < 0 ||
        kta_snapshot_begin(app->words.v[0], app->cluster, app->redact, &w, err) < 0)
        return -1;
    struct kta_world *world = kta_world_new(app->cluster, app->redact, kta_ui_report(app->ui));
    int r = kta_target_find(world, &app->scope, "", &targets, err);
    if (r == 0)
        r = kta_diagnose(world, &app->scope, &targets, &options, &findings, err);
    if (r == 0)
        r = kta_collect_evidence(world, &app->scope, &targets, &findings, &evidence, err);
    struct kta_err end = KTA_ERR_INIT;
    int e = kta_snapshot_end(w, &files, &end);
    if (r == 0 && e < 0) {
        *err = end;
        r = -1;
    }
    kta_report_done(kta_ui_report(app->ui));
    if (r == 0)
        kta_ui_print(app->ui,
                     "%zu answers of the cluster are in %s, redacted.\n"
                     "Read it with: kubectl todo-ai --snapshot %s diagnose\n",
                     files, app->words.v[0], app->words.v[0]);
    kta_evidence_release(&evidence);
    kta_findings_release(&findings);
    kta_targets_release(&targets);
    kta_world_free(world);
    return r;
}
