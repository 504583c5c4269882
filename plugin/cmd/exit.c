/* exit.c - from an error to the README's exit code and JSON. */
#include "app.h"

#include <signal.h>

#include "kta/interrupt.h"
#include "kta/str.h"

static const int codes[] = {
    [KTA_E_OK] = 0,      [KTA_E_FAIL] = 1,    [KTA_E_USAGE] = 2,   [KTA_E_UNCONFIRMED] = 3,
    [KTA_E_POLICY] = 4,  [KTA_E_CLUSTER] = 5, [KTA_E_AUTH] = 5,    [KTA_E_MODEL] = 6,
    [KTA_E_EXECUTE] = 7, [KTA_E_VERIFY] = 8,  [KTA_E_FAIL_ON] = 9, [KTA_E_NOT_FOUND] = 1,
    [KTA_E_LIMIT] = 1,   [KTA_E_TIMEOUT] = 1, [KTA_E_PARSE] = 1,   [KTA_E_INTERRUPTED] = 130,
};

int exit_code(const struct kta_err *err)
{
    if (err->code != KTA_E_OK && kta_interrupted() == SIGALRM)
        return codes[KTA_E_TIMEOUT]; /* --timeout, whatever it cut short */
    if (err->code == KTA_E_INTERRUPTED && kta_interrupted())
        return 128 + kta_interrupted();
    return codes[err->code];
}

static struct kta_json *error_json(const struct kta_err *err)
{
    if (err->code == KTA_E_OK)
        return kta_json_new_null();
    struct kta_json *e = kta_json_new_object();
    kta_json_set_str(e, "code", kta_code_name(err->code));
    kta_json_set_str(e, "message", err->msg);
    kta_json_set_str(e, "hint", err->hint);
    return e;
}

struct kta_json *document_new(const struct app *app, const char *kind)
{
    struct kta_json *doc = kta_json_new_object();

    kta_json_set_str(doc, "apiVersion", "todo-ai/v1");
    kta_json_set_str(doc, "kind", kind);
    if (app->cluster) {
        kta_json_set_str(doc, "context", kta_cluster_context(app->cluster));
        kta_json_set_str(doc, "server", kta_cluster_server(app->cluster));
        kta_json_set_str(doc, "namespace",
                         kta_or(app->scope.namespace_,
                                app->cluster ? kta_cluster_namespace(app->cluster) : NULL));
    }
    return doc;
}

void document_print(struct app *app, struct kta_json *doc, const struct kta_err *err)
{
    if (app->output == KTA_OUT_TEXT || app->documented)
        return;
    app->documented = true;
    kta_json_set(doc, "error", error_json(err));
    kta_json_set_int(doc, "exitCode", exit_code(err));
    kta_ui_document(app->ui, doc);
}
