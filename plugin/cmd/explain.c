/* explain.c - the command explain: what a finding's code means. */
#include "app.h"
#include "kta/diagnose.h"

int cmd_explain(struct app *app, struct kta_err *err)
{
    size_t n;
    const char *const *codes = kta_explain_codes(&n);

    if (app->words.n == 0) {
        for (size_t i = 0; i < n; i++)
            kta_ui_print(app->ui, "%s\n", codes[i]);
        return 0;
    }
    const char *text = kta_explain(app->words.v[0]);
    if (text) {
        kta_ui_answer(app->ui, text);
        return 0;
    }
    kta_err_set(err, KTA_E_USAGE, "there is no finding with the code '%s'", app->words.v[0]);
    const char *near = kta_nearest(app->words.v[0], codes, n);
    if (near)
        return kta_err_hint(err, "did you mean %s?", near);
    return kta_err_hint(err, "'kubectl todo-ai explain' lists all codes");
}
