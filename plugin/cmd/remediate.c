/* remediate.c - the command remediate: the job of tools/, with a terminal as the person. */
#include "app.h"

#include "kta/clock.h"
#include "kta/tools.h"
#include "kta/tools_remediate.h"

int cmd_remediate(struct app *app, struct kta_err *err)
{
    kta_auto_str struct kta_str target = KTA_STR_INIT, text = KTA_STR_INIT;
    kta_auto_json struct kta_json *report = NULL;
    const char *mode = set_text(&app->set, OPT_MODE);
    struct kta_remediation r = {.config = app->config.remediation, .ignore = app->config.ignore};

    if (!mode)
        mode = kta_or(kta_json_str(r.config, "mode"), "propose");
    if (kta_mode_parse(mode, &r.mode) < 0)
        return kta_err_set(err, KTA_E_USAGE, "there is no mode '%s': propose, ask or auto", mode);
    if (kta_json_str(r.config, "timeout") &&
        kta_duration(kta_json_str(r.config, "timeout"), &r.timeout_ms, err) < 0)
        return kta_err_wrap(err, "remediation.timeout");
    if (app_open_cluster(app, err) < 0)
        return -1;
    for (size_t i = 0; i < app->words.n; i++)
        kta_str_addf(&target, "%s%s", i ? " " : "", app->words.v[i]);
    r.pipeline = &app->pipeline;
    r.scope = app->scope;
    r.target = target.s;
    int rc = kta_remediate(&r, &report, err);
    if (app->output == KTA_OUT_TEXT) {
        kta_remediation_markdown(report, &text);
        kta_ui_answer(app->ui, text.s);
    }
    document_print(app, report, err);
    return rc;
}
