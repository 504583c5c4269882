/*
 * question.c - one question, from the command line or of a conversation: its answer, its plan
 * through the pipeline, one document.
 */
#include "app.h"
#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/log.h"
#include "kta/term.h"

static int read_prompts(struct app *app, char **ret_template, struct kta_argv *extra,
                        struct kta_err *err)
{
    const char *path = set_text(&app->set, OPT_TEMPLATE);
    struct kta_argv *paths = &app->set.v[OPT_EXTRA_PROMPTS].list;
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    if (path) {
        if (kta_fs_read(path, KTA_MAX_CONFIG_FILE, &text, err) < 0)
            goto bad;
        *ret_template = kta_str_detach(&text);
    }
    for (size_t i = 0; i < paths->n; i++) {
        kta_str_clear(&text);
        if (kta_fs_read(paths->v[i], KTA_MAX_CONFIG_FILE, &text, err) < 0)
            goto bad;
        kta_argv_add(extra, text.s);
    }
    return 0;
bad:
    err->code = KTA_E_USAGE;
    return kta_err_wrap(err, "read a prompt file");
}

static struct kta_json *answer_document(const struct app *app, const struct kta_agent *a)
{
    struct kta_json *doc = document_new(app, "Answer");
    struct kta_json *usage = kta_json_new_object();

    kta_json_set_str(doc, "question", a->question);
    kta_json_set_str(doc, "answer", a->answer.s);
    kta_json_set_str(doc, "model", a->model);
    kta_json_set_int(doc, "turns", a->turns);
    kta_json_set_int(usage, "promptTokens", a->prompt_tokens);
    kta_json_set_int(usage, "completionTokens", a->completion_tokens);
    kta_json_set(doc, "usage", usage);
    kta_json_set(doc, "findings", kta_findings_json(&a->findings));
    kta_json_set(doc, "plan", kta_plan_json(&a->plan));
    if (a->alternatives.n > 0)
        kta_json_set(doc, "alternatives", kta_plan_json(&a->alternatives));
    return doc;
}

static void findings_event(struct app *app, const struct kta_agent *a)
{
    kta_auto_json struct kta_json *data = kta_json_new_object();

    kta_json_set(data, "findings", kta_findings_json(&a->findings));
    kta_report_event(kta_ui_report(app->ui), "findings", data);
}

/* With a model the findings are told at once, a line each, while it thinks. */
static void headline(struct app *app, const struct kta_agent *a)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    if (!a->llm || app->output != KTA_OUT_TEXT)
        return;
    for (size_t i = 0; i < a->findings.n && i < 5; i++) {
        const struct kta_finding *f = a->findings.v[i];
        kta_str_addf(&text, "[%s] %s %s %s: %s\n", f->id, f->code, f->object.kind, f->object.name,
                     kta_or(f->summary, ""));
    }
    if (text.len > 0)
        kta_str_addc(&text, '\n');
    kta_ui_answer(app->ui, text.s);
}

static int helped(void *agent, const struct kta_plan *plan, struct kta_err *err)
{
    return kta_agent_helped(agent, plan, err);
}

/* The plan first; when the person declines it, the model's alternative, if there is one. */
static int run_plans(struct app *app, struct kta_agent *a, struct kta_err *err)
{
    struct kta_pipeline p = app->pipeline;

    if (a->plan.n == 0)
        return 0;
    if (!a->plan.said && a->llm)
        a->plan.said = kta_redact_dup(app->redact, a->answer.s);
    p.helped = helped;
    p.helped_ctx = a;
    int r = kta_pipeline_run(&p, &a->plan, err);
    bool declined = r < 0 && err->code == KTA_E_UNCONFIRMED;
    if (a->alternatives.n == 0)
        return r;
    if (!declined || app->pipeline.quiet || !kta_term_can_ask()) {
        kta_preview_plan(&app->pipeline, &a->alternatives, &(struct kta_err)KTA_ERR_INIT);
        kta_ui_print(app->ui, "\nThe model proposes instead (not run):\n");
        kta_ui_report(app->ui)->plan(app->ui, &a->alternatives);
        return r;
    }
    kta_ui_print(app->ui, "\nThe model proposes instead:\n");
    kta_err_clear(err);
    return kta_pipeline_run(&p, &a->alternatives, err);
}

static int show_prompt(struct app *app, struct kta_agent *a, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    if (kta_agent_collect(a, err) < 0 || app_check_namespace(app, a->world, &a->targets, err) < 0)
        return -1;
    kta_auto_json struct kta_json *doc = kta_agent_prompt(a);
    if (app->output != KTA_OUT_TEXT) {
        kta_ui_document(app->ui, doc);
        return 0;
    }
    kta_json_each(m, kta_json_get(doc, "messages")) {
        kta_str_addf(&text, "=== %s ===\n%s\n", kta_json_str(m, "role"),
                     kta_json_str(m, "content"));
    }
    if (kta_json_get(doc, "tools")) {
        kta_str_add(&text, "=== tools ===\n");
        kta_json_print(kta_json_get(doc, "tools"), true, &text);
        kta_str_addc(&text, '\n');
    }
    kta_ui_print(app->ui, "%s", text.s);
    return 0;
}

/* Once, for a person whose question the engine did not understand. */
static void examples(struct app *app, const struct kta_agent *a)
{
    if (a->llm || a->intent.sure || a->piped || app->output != KTA_OUT_TEXT || app->examples_told)
        return;
    kta_report_note(
        kta_ui_report(app->ui), "%s",
        "questions that are understood are, for example, \"why is backend crashing\", "
        "\"list pods\", \"logs of backend\", \"restart backend\", \"scale backend to 3\", "
        "\"update web to image web:2\" "
        "and \"who can delete pods\"; a model understands more (see kubectl todo-ai "
        "doctor)");
    app->examples_told = true;
}

static int answer_and_act(struct app *app, struct kta_agent *a, struct kta_err *err)
{
    if (kta_agent_collect(a, err) < 0 || app_check_namespace(app, a->world, &a->targets, err) < 0)
        return -1;
    app_note_missing(app, a->world);
    headline(app, a);
    findings_event(app, a);
    if (kta_agent_answer(a, err) < 0)
        return -1;
    if (!a->streamed)
        kta_ui_answer(app->ui, a->answer.s);
    else
        kta_ui_answer(app->ui, "");
    examples(app, a);
    kta_log(1, "answer: %d turns, %lld+%lld tokens", a->turns, (long long)a->prompt_tokens,
            (long long)a->completion_tokens);
    if (run_plans(app, a, err) < 0)
        return -1;
    app_print_script(app, &a->plan);
    return 0;
}

/* From the command line, for every question alike. */
static int set_up(struct app *app, struct kta_agent *a, char **ret_template, struct kta_argv *extra,
                  struct kta_err *err)
{
    a->pipeline = &app->pipeline;
    a->llm = app->llm;
    a->scope = app->scope;
    a->shim = set_on(&app->set, OPT_SHIM);
    a->show_tool_output = set_on(&app->set, OPT_SHOW_TOOL_OUTPUT);
    a->diagnose = (struct kta_diagnose_options){.no_probe = set_on(&app->set, OPT_NO_PROBE),
                                                .probe_any = set_on(&app->set, OPT_PROBE),
                                                .ignore = app->config.ignore};
    if (set_number(&app->set, OPT_MAX_ITERATIONS, 0, &a->max_iterations, err) < 0 ||
        read_prompts(app, ret_template, extra, err) < 0)
        return -1;
    a->custom = app->custom_tools;
    a->ceiling = app->ceiling;
    a->template_text = *ret_template;
    a->extra_prompts = extra;
    return 0;
}

int app_ask(struct app *app, const char *question, const char *piped, struct conversation *c,
            struct kta_err *err)
{
    static struct kta_agent own; /* of the one question of a run: goes with the program, at once */
    struct kta_agent *a = c ? &c->last : &own;
    kta_auto_free char *template = NULL;
    kta_auto_argv struct kta_argv extra = KTA_ARGV_INIT;

    if (c && c->asked)
        kta_agent_release(a);
    kta_agent_init(a);
    a->question = question;
    a->piped = piped;
    a->history = c ? c->session.messages : NULL;
    a->interactive = c != NULL;
    int r = set_up(app, a, &template, &extra, err);
    bool prompt_only = set_on(&app->set, OPT_SHOW_PROMPT);
    if (!prompt_only)
        app_audit_question(app, "ask", question);
    if (r == 0)
        r = prompt_only ? show_prompt(app, a, err) : answer_and_act(app, a, err);
    if (r == 0 && a->model_err.code != KTA_E_OK) {
        *err = a->model_err; /* the engine's answer was given; the exit code still tells */
        r = -1;
    }
    if (!prompt_only || r < 0) {
        kta_auto_json struct kta_json *doc = answer_document(app, a);
        document_print(app, doc, err);
    }
    if (c)
        conversation_take(app, c, question, a->answer.len == 0);
    return r;
}

bool app_read_text(struct app *app, const char *question, const char *piped,
                   const struct kta_err *why)
{
    struct kta_agent a;

    if (app->llm || !*piped || why->code != KTA_E_USAGE || set_text(&app->set, OPT_CONTEXT) ||
        set_text(&app->set, OPT_KUBECONFIG))
        return false;
    kta_agent_init(&a);
    a.question = question;
    a.piped = piped;
    kta_agent_read_text(&a, app->redact);
    kta_report_note(kta_ui_report(app->ui), "no cluster was looked at: %s", why->msg);
    kta_ui_answer(app->ui, a.answer.s);
    kta_auto_json struct kta_json *doc = answer_document(app, &a);
    document_print(app, doc, &(struct kta_err)KTA_ERR_INIT);
    kta_agent_release(&a);
    return true;
}
