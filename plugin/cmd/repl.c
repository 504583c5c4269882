/*
 * repl.c - the conversation on a terminal: questions, one after another, with a memory.
 *
 * Ctrl-C stops the question and keeps the session; Ctrl-D or /exit leaves.
 */
#include "app.h"

#include "kta/alloc.h"
#include "kta/interrupt.h"
#include "kta/line.h"

static bool slash(struct app *app, const char *line, struct kta_json **history, bool *leave)
{
    *leave = kta_streq(line, "/exit") || kta_streq(line, "exit") || kta_streq(line, "quit");
    if (*leave)
        return true;
    if (kta_streq(line, "/clear") || kta_streq(line, "clear")) {
        kta_json_free(*history);
        *history = NULL;
        kta_ui_print(app->ui, "The conversation is forgotten.\n");
        return true;
    }
    if (line[0] != '/')
        return false;
    kta_ui_print(app->ui, "Type a question, /clear to forget the conversation, /exit to leave.\n");
    return true;
}

int cmd_repl(struct app *app, struct kta_err *err)
{
    struct kta_json *history = NULL;
    bool leave = false;

    if (app_open_llm(app, err) < 0 || app_open_cluster(app, err) < 0)
        return -1;
    app_first_use(app);
    kta_ui_print(app->ui, "context %s, namespace %s, %s. /exit leaves.\n",
                 kta_cluster_context(app->cluster), kta_or(app->scope.namespace_, "(all)"),
                 app->llm ? kta_llm_model(app->llm) : "no model: the built-in engine answers");
    while (!leave) {
        enum kta_line_end end;
        kta_auto_free char *line = kta_line_read("todo-ai> ", &end);
        if (end == KTA_LINE_DROPPED || end == KTA_LINE_INTERRUPT)
            continue;
        if (!line)
            break;
        if (!*line || slash(app, line, &history, &leave))
            continue;
        struct kta_err e = KTA_ERR_INIT;
        app->documented = false;
        if (app_ask(app, line, NULL, app->llm ? &history : NULL, &e) < 0)
            kta_ui_error(app->ui, &e);
        if (kta_interrupted() && kta_interrupted() != 2)
            break;
        kta_interrupt_clear();
    }
    kta_json_free(history);
    return kta_interrupt_check(err);
}
