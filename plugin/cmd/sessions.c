/* sessions.c - the saved conversations: listed, deleted. */
#include "app.h"

#include <string.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/str.h"
#include "kta/utf8.h"

#define MAX_SHOWN 60 /* bytes of a question */

/* The beginning of a question, on one line. */
static void beginning(const char *question, struct kta_str *out)
{
    size_t n = strlen(question), keep = kta_utf8_prefix(question, n, MAX_SHOWN);

    kta_str_addn(out, question, keep);
    for (char *p = out->s; *p; p++)
        *p = *p == '\n' || *p == '\t' ? ' ' : *p;
    kta_str_add(out, keep < n ? "…" : "");
}

int sessions_list(struct app *app, struct kta_err *err)
{
    kta_auto_json struct kta_json *list = NULL;

    if (kta_session_list(&list, err) < 0)
        return -1;
    if (kta_json_len(list) == 0)
        kta_ui_print(app->ui, "There are no saved sessions yet.\n");
    kta_json_each(s, list) {
        kta_auto_str struct kta_str age = KTA_STR_INIT, first = KTA_STR_INIT;
        int64_t t = kta_time_parse(kta_json_str(s, "updated"));
        if (t != KTA_NO_TIME)
            kta_age(kta_wall() - t, &age);
        beginning(kta_or(kta_json_str(s, "first"), ""), &first);
        kta_ui_print(app->ui, "%s  %s ago  %d question%s  %s\n", kta_json_str(s, "id"), age.s,
                     kta_json_count(s, "questions", 0),
                     kta_json_int(s, "questions", 0) == 1 ? "" : "s", first.s);
    }
    kta_auto_json struct kta_json *doc = document_new(app, "SessionList");
    kta_json_set(doc, "sessions", kta_json_copy(list));
    if (app->output != KTA_OUT_TEXT)
        document_print(app, doc, err);
    return 0;
}

int sessions_delete(struct app *app, const char *id, struct kta_err *err)
{
    if (kta_session_delete(id, err) < 0)
        return -1;
    kta_ui_print(app->ui, "Session %s is deleted.\n", id);
    return 0;
}
