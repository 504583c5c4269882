/*
 * repl.c - the conversation on a terminal: questions, one after another, with a memory.
 *
 * Ctrl-C stops what goes on and keeps the session, twice in a row leaves; Ctrl-D or /exit leaves; a
 * terminal that goes away ends it. The session is saved after each question.
 */
#include "repl.h"

#include <signal.h>
#include <string.h>

#include "kta/alloc.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/line.h"

#define MORE "... "

/* What hints name, and what is at hand here instead. */
static const struct kta_ui_word words[] = {
    {"kubectl todo-ai undo", "/undo"},
    {"kubectl todo-ai history", "/history"},
    {"'kubectl todo-ai --list-sessions'", "/sessions"},
    {NULL, NULL},
};

/* A fence that is open, or a backslash at the end: the next line belongs to it, too. */
static bool wants_more(struct kta_str *text)
{
    size_t slashes = 0, fences = 0;

    while (slashes < text->len && text->s[text->len - 1 - slashes] == '\\')
        slashes++;
    for (const char *p = text->s; p; p = strchr(p, '\n'), p = p ? p + 1 : NULL)
        fences += kta_starts(p + strspn(p, " "), "```");
    if (slashes % 2) {
        kta_str_truncate(text, text->len - 1);
        return true;
    }
    return fences % 2;
}

/* A question or command, which may go over several lines. */
static enum kta_line_end read_input(const struct repl *r, struct kta_str *text)
{
    kta_auto_str struct kta_str prompt = KTA_STR_INIT;
    enum kta_line_end end;

    repl_prompt(r, &prompt);
    kta_str_clear(text);
    do {
        kta_auto_free char *line = kta_line_read(text->len ? MORE : prompt.s, &end);
        if (end == KTA_LINE_EOF && text->len > 0 && !kta_interrupted())
            return KTA_LINE_OK; /* Ctrl-D ends the text */
        if (end != KTA_LINE_OK)
            return end;
        if (text->len > 0)
            kta_str_addc(text, '\n');
        kta_str_add(text, line);
    } while (wants_more(text) && text->len <= KTA_MAX_QUESTION);
    kta_str_trim(text);
    return KTA_LINE_OK;
}

static void one_input(struct repl *r, const char *text)
{
    struct kta_err err = KTA_ERR_INIT;
    bool known = false;

    lines_add(r->app->redact, text);
    r->app->documented = false;
    int rc = repl_command(r, text, &known, &err);
    if (!known && strlen(text) > KTA_MAX_QUESTION)
        rc = kta_err_set(&err, KTA_E_LIMIT, "the question has %zu bytes; at most %u are taken",
                         strlen(text), KTA_MAX_QUESTION);
    else if (!known)
        rc = app_ask(r->app, text, NULL, r->c, &err);
    if (rc < 0)
        kta_ui_error(r->app->ui, &err);
    if (!r->leave)
        conversation_save(r->app, r->c);
    names_stale(r->names);
}

void repl_goes_on(const struct repl *r)
{
    size_t n = kta_json_len(r->c->session.turns);

    kta_ui_print(r->app->ui, "Session %s with %zu question%s goes on.\n", r->c->session.id, n,
                 n == 1 ? "" : "s");
}

static void welcome(const struct repl *r)
{
    const struct app *app = r->app;

    kta_ui_print(app->ui, "context %s, namespace %s, %s\n/help lists the commands, /exit leaves.\n",
                 kta_cluster_context(app->cluster), kta_or(app->scope.namespace_, "(all)"),
                 app->llm ? kta_llm_model(app->llm) : "no model: the built-in engine answers");
    if (r->c->session.id)
        repl_goes_on(r);
}

static int talk(struct repl *r, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    int interrupts = 0; /* in a row, with nothing typed between them */

    while (!r->leave) {
        enum kta_line_end end = read_input(r, &text);
        if (end == KTA_LINE_EOF)
            break;
        if (end == KTA_LINE_INTERRUPT && ++interrupts == 2)
            return kta_err_set(err, KTA_E_INTERRUPTED, "left by Ctrl-C");
        if (end == KTA_LINE_INTERRUPT)
            kta_ui_print(r->app->ui, "(once more leaves, and so do Ctrl-D and /exit)\n");
        if (end != KTA_LINE_OK || text.len == 0)
            continue;
        interrupts = 0;
        one_input(r, text.s);
        if (kta_interrupted() && kta_interrupted() != SIGINT)
            break;
        interrupts = kta_interrupted() == SIGINT;
        kta_interrupt_clear();
    }
    return kta_interrupt_check(err);
}

static void idle(void *ctx)
{
    struct repl *r = ctx;

    names_idle(r->names);
}

int cmd_repl(struct app *app, struct conversation *c, struct kta_err *err)
{
    struct repl r = {.app = app, .c = c};
    const struct kta_line_hooks hooks = {.ctx = &r, .complete = repl_complete, .idle = idle};

    if (kta_line_open(err) < 0 || app_open_llm(app, err) < 0 || app_open_cluster(app, err) < 0)
        return -1;
    app_first_use(app);
    kta_ui_session(app->ui, words);
    r.names = names_new(app);
    kta_line_hooks(&hooks);
    lines_load();
    welcome(&r);
    int rc = talk(&r, err);
    kta_line_hooks(NULL);
    names_free(r.names);
    if (rc == 0 && c->session.id)
        kta_ui_print(app->ui, "Go on later with: kubectl todo-ai --resume-session %s\n",
                     c->session.id);
    return rc;
}
