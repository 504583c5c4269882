/* explain.c - the command explain: what a finding's code means. */
#include "app.h"

#include <string.h>
#include <strings.h>

#include "kta/diagnose.h"

static void one(struct app *app, const char *code)
{
    struct kta_json *doc = document_new(app, "Explanation");

    kta_json_set_str(doc, "code", code);
    kta_json_set_str(doc, "text", kta_explain(code));
    if (app->output == KTA_OUT_TEXT)
        kta_ui_answer(app->ui, kta_explain(code));
    document_print(app, doc, &(struct kta_err)KTA_ERR_INIT);
    kta_json_free(doc);
}

static void all(struct app *app, const char *const *codes, size_t n)
{
    struct kta_json *doc = document_new(app, "ExplanationList");
    struct kta_json *list = kta_json_set(doc, "codes", kta_json_new_array());

    for (size_t i = 0; i < n; i++) {
        const char *text = kta_explain(codes[i]);
        kta_ui_print(app->ui, "%-34s %.*s\n", codes[i], (int)strcspn(text, "\n"), text);
        kta_json_push_str(list, codes[i]);
    }
    document_print(app, doc, &(struct kta_err)KTA_ERR_INIT);
    kta_json_free(doc);
}

int cmd_explain(struct app *app, struct kta_err *err)
{
    size_t n;
    const char *const *codes = kta_explain_codes(&n);

    if (app->words.n == 0) {
        all(app, codes, n);
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(codes[i], app->words.v[0]) == 0) {
            one(app, codes[i]);
            return 0;
        }
    kta_err_set(err, KTA_E_USAGE, "there is no finding with the code '%s'", app->words.v[0]);
    const char *near = kta_nearest(app->words.v[0], codes, n);
    if (near)
        return kta_err_hint(err, "did you mean %s?", near);
    return kta_err_hint(err, "'kubectl todo-ai explain' lists all codes");
}
