/* change.c - the commands around changes that were planned or made: apply, undo, history. */
#include "app.h"

#include <string.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/journal.h"
#include "kta/limits.h"

static int one_word(struct app *app, const char *what, bool needed, const char **ret,
                    struct kta_err *err)
{
    *ret = app->words.n ? app->words.v[0] : NULL;
    if (app->words.n > 1)
        return kta_err_set(err, KTA_E_USAGE, "one %s is enough, not also '%s'", what,
                           app->words.v[1]);
    if (needed && !*ret) {
        kta_err_set(err, KTA_E_USAGE, "the %s is missing", what);
        return kta_err_hint(err, "'kubectl todo-ai help' shows each command with its arguments");
    }
    return 0;
}

static int run_and_tell(struct app *app, struct kta_plan *plan, const char *kind,
                        struct kta_err *err)
{
    int r = kta_pipeline_run(&app->pipeline, plan, err);
    kta_auto_json struct kta_json *doc = document_new(app, kind);

    kta_json_set(doc, "plan", kta_plan_json(plan));
    document_print(app, doc, err);
    return r;
}

int cmd_apply(struct app *app, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    kta_auto_json struct kta_json *doc = NULL;
    struct kta_plan plan = {0};
    const char *file;

    if (one_word(app, "plan file", true, &file, err) < 0)
        return -1;
    if (kta_fs_read(app_input(file), KTA_MAX_MANIFEST * 4, &text, err) < 0) {
        err->code = KTA_E_USAGE;
        return kta_err_wrap(err, "the plan");
    }
    if (kta_json_parse(text.s, text.len, &doc, err) < 0) {
        err->code = KTA_E_USAGE;
        kta_err_wrap(err, "%s is no plan", file);
        return kta_err_hint(err, "a plan is what --dry-run -o json prints");
    }
    const char *context = kta_json_str(doc, "context");
    /* the plan says where it belongs, unless the person does */
    if (context && *context && app->set.v[OPT_CONTEXT].source != FROM_FLAG &&
        settings_set(&app->set, OPT_CONTEXT, context, FROM_FLAG, 0, err) < 0)
        return -1;
    if (app_open_cluster(app, err) < 0)
        return -1;
    app_audit_question(app, "apply", file);
    int r = kta_plan_parse(doc, &app->policy, &plan, err);
    if (r < 0) {
        err->code = err->code == KTA_E_PARSE ? KTA_E_USAGE : err->code;
        kta_err_wrap(err, "%s", file);
    } else
        r = run_and_tell(app, &plan, "Answer", err);
    kta_plan_release(&plan);
    return r;
}

/* A number that the journal does not know is told without asking a cluster. */
static int known(const char *id, struct kta_err *err)
{
    kta_auto_json struct kta_json *list = NULL;

    return id ? kta_journal_list(id, &list, err) : 0;
}

/* A change that is undone already by whoever did it: a bare undo then means the one before it. */
static int nothing_left(struct app *app, const struct kta_plan *plan, struct kta_err *err)
{
    const struct kta_pipeline *p = &app->pipeline;
    kta_auto_free char *differs = NULL;

    if (kta_journal_settle(&app->pipeline, plan->undo_of,
                           p->dry_run == KTA_DRY_NONE && !p->read_only, &differs, err) < 0)
        return -1;
    kta_report_note(kta_ui_report(app->ui), "there is nothing to put back: %s",
                    differs ? differs : "what was changed is as it was before");
    return 0;
}

int cmd_undo(struct app *app, struct kta_err *err)
{
    struct kta_plan plan = {0};
    const char *id;

    if (one_word(app, "change's ID", false, &id, err) < 0 || known(id, err) < 0 ||
        app_open_cluster(app, err) < 0)
        return -1;
    app_audit_question(app, "undo", id);
    int r = kta_journal_undo_plan(&app->pipeline, id, set_on(&app->set, OPT_FORCE), &plan, err);
    if (r == 0 && plan.n == 0)
        r = nothing_left(app, &plan, err);
    if (r == 0)
        r = run_and_tell(app, &plan, "Change", err);
    kta_plan_release(&plan);
    return r;
}

static int resume(struct app *app, const char *id, struct kta_err *err)
{
    struct kta_plan plan = {0};

    if (known(id, err) < 0 || app_open_cluster(app, err) < 0)
        return -1;
    app_audit_question(app, "history --resume", id);
    int r = kta_journal_resume_plan(&app->pipeline, id, &plan, err);
    if (r == 0)
        r = run_and_tell(app, &plan, "Change", err);
    kta_plan_release(&plan);
    return r;
}

static void command_of(const struct kta_json *step, struct kta_str *out)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;

    kta_json_each(w, kta_json_get(step, "argv"))
        kta_argv_add(&argv, kta_or(kta_json_text(w), ""));
    kta_argv_quote(&argv, out);
}

/* What it was about: the question; of a command of this program, what it ran. */
static void title(const struct kta_json *c, struct kta_str *out)
{
    const char *question = kta_or(kta_json_str(c, "question"), "");
    const struct kta_json *plan = kta_json_get(c, "plan");

    if (*question && !command_find(question)) {
        kta_str_add(out, question);
        return;
    }
    command_of(kta_json_item(plan, 0), out);
    if (kta_json_len(plan) > 1)
        kta_str_addf(out, " and %zu more", kta_json_len(plan) - 1);
}

/* The states of its steps, each once. */
static void states(const struct kta_json *c, struct kta_str *out)
{
    kta_json_each(s, kta_json_get(c, "plan")) {
        const char *state = kta_or(kta_json_str(s, "state"), "?");
        if (!strstr(out->s, state))
            kta_str_addf(out, "%s%s", out->len ? ", " : "", state);
    }
}

/* "7  3m ago  verified  prod/shop  why is backend crashing" */
static void change_line(struct app *app, const struct kta_json *c)
{
    kta_auto_str struct kta_str age = KTA_STR_INIT, what = KTA_STR_INIT, state = KTA_STR_INIT;
    const char *id = kta_or(kta_json_str(c, "id"), "?"), *ns = kta_json_str(c, "namespace");
    int64_t t = kta_time_parse(kta_json_str(c, "time"));

    if (kta_json_str(c, "error")) {
        kta_ui_print(app->ui, "%s  %s\n", id, kta_json_str(c, "error"));
        return;
    }
    if (t != KTA_NO_TIME)
        kta_age(kta_wall() - t, &age);
    title(c, &what);
    states(c, &state);
    kta_auto_free char *first =
        kta_asprintf("%s  %s ago  %s  %s%s%s  ", id, age.s, state.s,
                     kta_or(kta_json_str(c, "context"), ""), ns ? "/" : "", kta_or(ns, ""));
    kta_ui_prose(app->ui, first, what.s);
}

/* Its steps, and what to type to take it back or to go on. */
static void change_details(struct app *app, const struct kta_json *c)
{
    const char *id = kta_or(kta_json_str(c, "id"), "?");
    bool undo = false, left = false;

    kta_json_each(s, kta_json_get(c, "plan")) {
        kta_auto_str struct kta_str line = KTA_STR_INIT;
        const char *state = kta_or(kta_json_str(s, "state"), ""), *how = kta_json_str(s, "undo");

        command_of(s, &line);
        kta_ui_print(app->ui, "    %s  %s  %s\n", kta_or(kta_json_str(s, "id"), ""), state, line.s);
        if (how)
            kta_ui_prose(app->ui, "      undo: ", how);
        undo =
            undo || kta_starts(kta_or(how, ""), "puts ") || kta_starts(kta_or(how, ""), "looks ");
        left = left || kta_streq(state, "planned");
    }
    kta_auto_free char *back = kta_asprintf("kubectl todo-ai undo %s", id);
    kta_auto_free char *on = kta_asprintf("kubectl todo-ai history %s --resume", id);
    if (undo)
        kta_ui_prose(app->ui, "    to take it back: ", back);
    if (left)
        kta_ui_prose(app->ui, "    to go on: ", on);
}

int cmd_history(struct app *app, struct kta_err *err)
{
    kta_auto_json struct kta_json *list = NULL;
    const char *id;

    if (one_word(app, "change's ID", set_on(&app->set, OPT_RESUME), &id, err) < 0)
        return -1;
    if (set_on(&app->set, OPT_RESUME))
        return resume(app, id, err);
    if (kta_journal_list(id, &list, err) < 0)
        return -1;
    struct kta_json *changes = kta_json_get(list, "changes");
    if (!changes)
        changes = list;
    if (app->output == KTA_OUT_TEXT && kta_json_len(changes) == 0)
        kta_ui_print(app->ui, "No changes have been made yet.\n");
    kta_json_each(c, changes) {
        if (app->output != KTA_OUT_TEXT)
            continue;
        change_line(app, c);
        if (id)
            change_details(app, c);
    }
    kta_auto_json struct kta_json *doc = document_new(app, "ChangeList");
    kta_json_set(doc, "changes", kta_json_copy(changes));
    document_print(app, doc, err);
    return 0;
}
