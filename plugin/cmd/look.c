/* look.c - one look of the engine: what is named is found, and diagnosed. */
#include "look.h"

#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/log.h"

void look_release(struct look *l)
{
    kta_findings_release(&l->findings);
    kta_targets_release(&l->targets);
    kta_world_free(l->world);
    *l = (struct look){0};
}

/* Targets given as words ("deploy/backend", "backend"); a name that nothing has is an error. */
static int find(struct app *app, struct look *l, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    for (size_t i = 0; i < app->words.n; i++)
        kta_str_addf(&text, "%s%s", i ? " " : "", app->words.v[i]);
    if (kta_target_find(l->world, &app->scope, text.s, &l->targets, err) < 0)
        return -1;
    if (app_check_namespace(app, l->world, &l->targets, err) < 0)
        return -1;
    return app->words.n ? kta_target_check(&l->targets, &app->scope, text.s, err) : 0;
}

/* *ret: the earlier document, or NULL without --baseline. */
static int read_baseline(const struct app *app, struct kta_json **ret, struct kta_err *err)
{
    const char *path = set_text(&app->set, OPT_BASELINE);
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    if (!path)
        return 0;
    if (kta_fs_read(app_input(path), KTA_MAX_STDIN, &text, err) < 0 ||
        kta_json_parse(text.s, text.len, ret, err) < 0) {
        err->code = KTA_E_USAGE;
        kta_err_wrap(err, "the baseline '%s'", path);
        return kta_err_hint(err, "kubectl todo-ai diagnose -o json > FILE writes one");
    }
    if (kta_json_type(*ret) == KTA_JSON_ARRAY) { /* the findings alone */
        struct kta_json *doc = kta_json_new_object();
        kta_json_set(doc, "findings", *ret);
        *ret = doc;
    }
    bool right = kta_json_type(kta_json_get(*ret, "findings")) == KTA_JSON_ARRAY;
    kta_json_each(row, kta_json_get(*ret, "findings"))
        right = right && kta_json_str(row, "code") && kta_json_str(row, "object.name");
    if (right)
        return 0;
    kta_err_set(err, KTA_E_USAGE, "the baseline '%s' holds no findings", path);
    return kta_err_hint(err, "kubectl todo-ai diagnose -o json > FILE writes one");
}

int look(struct app *app, struct look *l, struct kta_err *err)
{
    kta_auto_json struct kta_json *baseline = NULL;
    struct kta_diagnose_options options = {.no_probe = set_on(&app->set, OPT_NO_PROBE),
                                           .probe_any = set_on(&app->set, OPT_PROBE),
                                           .ignore = app->config.ignore};
    const struct kta_report *report = kta_ui_report(app->ui);

    if (read_baseline(app, &baseline, err) < 0 || app_open_cluster(app, err) < 0)
        return -1;
    options.known = kta_json_get(baseline, "findings");
    l->world = kta_world_new(app->cluster, app->redact, report);
    kta_world_want_checks(l->world);
    if (find(app, l, err) < 0 ||
        kta_diagnose(l->world, &app->scope, &l->targets, &options, &l->findings, err) < 0)
        return -1;
    kta_report_done(report);
    app_note_missing(app, l->world);
    struct kta_cluster_stats st = kta_cluster_stats(app->cluster);
    kta_log(1, "evidence: %d requests, %zu bytes, %d ms; %zu findings", st.requests, st.bytes,
            (int)st.ms, l->findings.n);
    return 0;
}
