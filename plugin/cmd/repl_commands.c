/*
 * repl_commands.c - the table of slash commands and kubectl-ai's plain words for them; those that
 * concern the session itself.
 */
#include "repl.h"

#include <ctype.h>
#include <string.h>

#include "kta/alloc.h"
#include "kta/fs.h"

static int help(struct repl *r, const char *rest, struct kta_err *err)
{
    (void)rest;
    (void)err;
    kta_ui_print(r->app->ui, "Ask a question, or:\n");
    for (const struct repl_command *c = repl_commands; c->name; c++) {
        if (!c->help)
            continue;
        kta_auto_free char *left = kta_asprintf("%s %s", c->name, c->args);
        kta_ui_print(r->app->ui, "  %-20s %s\n", left, c->help);
    }
    kta_ui_print(r->app->ui, "A line that ends with a backslash, or opens a ``` fence, goes on. "
                             "Tab completes.\nCtrl-C stops a question, twice leaves, as Ctrl-D "
                             "does.\n");
    return 0;
}

static int clear(struct repl *r, const char *rest, struct kta_err *err)
{
    (void)rest;
    (void)err;
    kta_session_clear(&r->c->session);
    if (r->c->asked)
        kta_agent_release(&r->c->last);
    r->c->asked = false;
    kta_ui_print(r->app->ui, "The conversation is forgotten.\n");
    return 0;
}

static int leave(struct repl *r, const char *rest, struct kta_err *err)
{
    (void)rest;
    (void)err;
    r->leave = true;
    return 0;
}

static int version(struct repl *r, const char *rest, struct kta_err *err)
{
    (void)rest;
    return cmd_version(r->app, err);
}

static int sessions(struct repl *r, const char *rest, struct kta_err *err)
{
    (void)rest;
    return sessions_list(r->app, err);
}

static int session(struct repl *r, const char *rest, struct kta_err *err)
{
    const struct kta_session *s = &r->c->session;
    size_t n = kta_json_len(s->turns);

    (void)rest;
    (void)err;
    kta_ui_print(r->app->ui, "Session %s, %zu question%s.\n", kta_or(s->id, "(not saved yet)"), n,
                 n == 1 ? "" : "s");
    return 0;
}

static int save_session(struct repl *r, const char *rest, struct kta_err *err)
{
    conversation_save(r->app, r->c);
    return session(r, rest, err);
}

static int need_file(const char *rest, struct kta_err *err)
{
    return *rest ? 0 : kta_err_set(err, KTA_E_USAGE, "which file?");
}

static int save(struct repl *r, const char *rest, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    kta_auto_free char *path = kta_fs_expand(rest);

    if (need_file(rest, err) < 0)
        return -1;
    if (kta_ends(path, ".md"))
        kta_session_markdown(&r->c->session, &text);
    if (kta_ends(path, ".md") ? kta_fs_write(path, text.s, text.len, err)
                              : kta_session_save(&r->c->session, path, err))
        return -1;
    kta_ui_print(r->app->ui, "Wrote %s%s.\n", path,
                 kta_ends(path, ".md") ? "" : "; /load reads it");
    return 0;
}

static int load(struct repl *r, const char *rest, struct kta_err *err)
{
    kta_auto_free char *path = kta_fs_expand(rest);

    if (need_file(rest, err) < 0 || kta_session_read(path, r->app->redact, &r->c->session, err) < 0)
        return -1;
    kta_ui_print(r->app->ui, "The conversation goes on with the %zu questions of %s.\n",
                 kta_json_len(r->c->session.turns), path);
    return 0;
}

static int resume(struct repl *r, const char *rest, struct kta_err *err)
{
    if (!*rest)
        return kta_err_set(err, KTA_E_USAGE, "which session? /sessions lists them");
    conversation_save(r->app, r->c);
    if (kta_session_resume(rest, r->app->redact, &r->c->session, err) < 0)
        return -1;
    repl_goes_on(r);
    return 0;
}

/* clang-format off */
const struct repl_command repl_commands[] = {
    {"/help", NULL, "", "this list", COMPLETE_COMMAND, help},
    {"/clear", "clear", "", "forget the conversation", NO_COMPLETION, clear},
    {"/context", NULL, "[NAME]", "show the context, or go to another", COMPLETE_CONTEXT, repl_context},
    {"/namespace", NULL, "[NS]", "show the namespace, or go to another (-A: all)", COMPLETE_NAMESPACE, repl_namespace},
    {"/model", "model", "[NAME]", "show the model, or take another", NO_COMPLETION, repl_model},
    {"/tools", "tools", "", "what the model may call", NO_COMPLETION, repl_tools},
    {"/evidence", NULL, "", "what was read for the last question", NO_COMPLETION, repl_evidence},
    {"/show", NULL, "N", "one piece of it, as cited: /show 3 for [e3], /show f1 for a finding", COMPLETE_EVIDENCE, repl_show},
    {"/plan", NULL, "", "the last plan", NO_COMPLETION, repl_plan},
    {"/apply", NULL, "", "run what of it has not run", NO_COMPLETION, repl_apply},
    {"/run", NULL, "CMD", "run a kubectl or helm command; the model sees what it prints", COMPLETE_RUN, repl_run},
    {"/undo", NULL, "[ID]", "put back what a change did (default: the last)", COMPLETE_CHANGE, repl_undo},
    {"/history", NULL, "[ID]", "changes made, and what undo would do", COMPLETE_CHANGE, repl_history},
    {"/save", NULL, "FILE", "write the conversation (FILE.md: to be read by people)", COMPLETE_FILE, save},
    {"/load", NULL, "FILE", "go on with a conversation from a file", COMPLETE_FILE, load},
    {"/tokens", NULL, "", "what takes how many tokens", NO_COMPLETION, repl_tokens},
    {"/exit", "exit", "", "leave", NO_COMPLETION, leave},
    {"/quit", "quit", "", NULL, NO_COMPLETION, leave},
    {"/reset", "reset", "", NULL, NO_COMPLETION, clear},
    {"/models", "models", "", "the models that the endpoint offers", NO_COMPLETION, repl_models},
    {"/version", "version", "", NULL, NO_COMPLETION, version},
    {"/sessions", "sessions", "", NULL, NO_COMPLETION, sessions},
    {"/session", "session", "", NULL, NO_COMPLETION, session},
    {"/save-session", "save-session", "", NULL, NO_COMPLETION, save_session},
    {"/resume-session", "resume-session", "ID", NULL, NO_COMPLETION, resume},
    {NULL, NULL, NULL, NULL, NO_COMPLETION, NULL},
};
/* clang-format on */

/* "/var/log is full" is a question. */
static bool looks_like_command(const char *line)
{
    const char *p = line + 1;

    while (isalpha((unsigned char)*p) || *p == '-' || *p == '?')
        p++;
    return line[0] == '/' && (!*p || isspace((unsigned char)*p));
}

static int unknown(const char *name, struct kta_err *err)
{
    const char *names[64];
    size_t n = 0;

    for (const struct repl_command *c = repl_commands; c->name && n < KTA_LEN(names); c++)
        if (c->help)
            names[n++] = c->name;
    const char *near = kta_nearest(name, names, n);
    kta_err_set(err, KTA_E_USAGE, "there is no command %s", name);
    if (near)
        return kta_err_hint(err, "did you mean %s? /help lists the commands", near);
    return kta_err_hint(err, "/help lists the commands");
}

int repl_command(struct repl *r, const char *line, bool *ret_known, struct kta_err *err)
{
    size_t n = strcspn(line, " \t\n");
    kta_auto_free char *name = kta_strndup(line, n);
    const char *rest = line + n + strspn(line + n, " \t\n");

    *ret_known = true;
    for (const struct repl_command *c = repl_commands; c->name; c++) {
        /* a plain word is a command only alone: "tools are missing" is a question */
        bool word = kta_streq(name, c->word) && (!*rest || kta_streq(c->args, "ID"));
        if (!word && !kta_streq(name, c->name))
            continue;
        if (*rest && !*c->args)
            return kta_err_set(err, KTA_E_USAGE, "%s takes nothing behind it", c->name);
        return c->run(r, rest, err);
    }
    *ret_known = looks_like_command(line);
    return *ret_known ? unknown(name, err) : 0;
}
