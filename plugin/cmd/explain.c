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

/* Codes that share a word with what was asked for ("CrashLoopBackOff", "image", "NotFound"). */
static void related(const char *const *codes, size_t n, const char *word, struct kta_str *out)
{
    enum { SHOWN = 30 };
    size_t shown = 0;

    for (size_t i = 0; i < n && shown < SHOWN; i++) {
        size_t area = strcspn(codes[i], "."), len = strcspn(word, ".*");
        const char *second = codes[i] + area + (codes[i][area] == '.');
        bool begins = len >= 3 && strncasecmp(codes[i], word, len < area ? len : area) == 0;
        if (begins || strcasecmp(second, word) == 0)
            kta_str_addf(out, "%s%s", shown++ ? ", " : "", codes[i]);
    }
}

int cmd_explain(struct app *app, struct kta_err *err)
{
    size_t n;
    const char *const *codes = kta_explain_codes(&n);
    kta_auto_str struct kta_str like = KTA_STR_INIT;

    if (app->words.n == 0) {
        all(app, codes, n);
        return 0;
    }
    if (app->words.n > 1) {
        kta_err_set(err, KTA_E_USAGE, "explain takes one code");
        return kta_err_hint(err, "a question that begins so: kubectl todo-ai ask explain …");
    }
    const char *word = app->words.v[0];
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(codes[i], word) == 0) {
            one(app, codes[i]);
            return 0;
        }
    kta_err_set(err, KTA_E_USAGE, "there is no finding with the code '%s'", word);
    const char *near = kta_nearest(word, codes, n);
    related(codes, n, word, &like);
    if (near)
        return kta_err_hint(err, "did you mean %s?", near);
    if (like.len)
        return kta_err_hint(err, "there are %s", like.s);
    return kta_err_hint(err, "'kubectl todo-ai explain' lists all codes");
}
