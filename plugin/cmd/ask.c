/*
 * ask.c - the main job: a question, its answer, its plan through the pipeline, one document.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app.h"
#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/log.h"
#include "kta/tools.h"
#include "kta/term.h"

#define STDIN_PATIENCE_MS 2000 /* then it is dropped, with a notice */

/* Text on stdin, if it is a pipe or a file (or there is no question, and no terminal). More than
 * KTA_MAX_STDIN keeps its head and its tail. */
static int read_stdin(bool needed, struct kta_str *out, struct kta_err *err)
{
    struct stat st;
    struct pollfd fds[2] = {{.fd = 0, .events = POLLIN},
                            {.fd = kta_interrupt_fd(), .events = POLLIN}};
    bool first = true;
    char buf[65536];

    if (fstat(0, &st) < 0 || kta_term_isatty(0))
        return 0;
    if (!S_ISFIFO(st.st_mode) && !S_ISREG(st.st_mode) && !(needed && S_ISSOCK(st.st_mode)))
        return 0;
    for (;;) {
        int n = poll(fds, 2, needed || !first ? -1 : STDIN_PATIENCE_MS);
        if (kta_interrupt_check(err) < 0)
            return -1;
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0) {
            fputs("note: nothing came on stdin for 2 s; going on without it\n", stderr);
            return 0;
        }
        ssize_t got = read(0, buf, sizeof buf);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return kta_err_sys(err, KTA_E_FAIL, errno, "cannot read the standard input");
        if (got == 0)
            return 0;
        first = false;
        kta_str_addn(out, buf, (size_t)got);
        if (out->len > KTA_MAX_STDIN) { /* the end of a log tells as much as its beginning */
            kta_auto_str struct kta_str cut = KTA_STR_INIT;
            kta_cut_middle(out->s, out->len, KTA_MAX_STDIN / 2, &cut);
            kta_str_clear(out);
            kta_str_addn(out, cut.s, cut.len);
        }
    }
}

static void join_words(const struct kta_argv *words, struct kta_str *out)
{
    for (size_t i = 0; i < words->n; i++)
        kta_str_addf(out, "%s%s", i ? " " : "", words->v[i]);
    kta_str_trim(out);
}

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

    if (kta_agent_collect(a, err) < 0 || app_check_namespace(app, a->world, err) < 0)
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

static int answer_and_act(struct app *app, struct kta_agent *a, struct kta_err *err)
{
    if (kta_agent_collect(a, err) < 0 || app_check_namespace(app, a->world, err) < 0)
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
    kta_log(1, "answer: %d turns, %d+%d tokens", a->turns, a->prompt_tokens, a->completion_tokens);
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

/* --new-session and --resume-session go with a question, too: it is remembered. */
static int ask_in_session(struct app *app, const char *question, const char *piped,
                          struct conversation *c, struct kta_err *err)
{
    if (!set_on(&app->set, OPT_NEW_SESSION) && !set_text(&app->set, OPT_RESUME_SESSION))
        return app_ask(app, question, piped, NULL, err);
    int r = app_ask(app, question, piped, c, err);
    conversation_save(app, c);
    if (c->session.id)
        kta_report_note(kta_ui_report(app->ui), "session %s", c->session.id);
    return r;
}

/* No model and no cluster, but a text: the engine reads that. */
static bool text_alone(struct app *app, const char *question, const char *piped,
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

/* "kubectl todo-ai diagnos": a question of one word that is nearly a command's name. */
static void note_typo(struct app *app)
{
    const char *word = app->words.n == 1 ? app->words.v[0] : "";
    const char *near = strlen(word) > 3 ? command_nearest(word) : NULL;

    if (near)
        kta_report_note(kta_ui_report(app->ui),
                        "'%s' is taken as a question; did you mean the command '%s'?", word, near);
}

static int ask_or_talk(struct app *app, struct conversation *c, struct kta_err *err)
{
    kta_auto_str struct kta_str question = KTA_STR_INIT, piped = KTA_STR_INIT;

    join_words(&app->words, &question);
    if (question.len == 0 && kta_term_isatty(0))
        return cmd_repl(app, c, err);
    if (replay_piped(app))
        kta_str_add(&piped, replay_piped(app));
    else if (!replaying(app) && read_stdin(question.len == 0, &piped, err) < 0)
        return -1;
    kta_str_trim(&piped);
    if (question.len == 0) {
        kta_str_addn(&question, piped.s, piped.len);
        kta_str_clear(&piped);
    }
    if (question.len == 0) {
        kta_err_set(err, KTA_E_USAGE, "there is no question");
        return kta_err_hint(err, "ask one: kubectl todo-ai \"why is backend crashing\"; "
                                 "'kubectl todo-ai help' tells more");
    }
    if (question.len > KTA_MAX_QUESTION) {
        kta_err_set(err, KTA_E_LIMIT, "the question has %zu bytes; at most %u are taken",
                    question.len, KTA_MAX_QUESTION);
        return kta_err_hint(err, "pipe long text in beside a short question: "
                                 "… | kubectl todo-ai \"explain\"");
    }
    note_typo(app);
    app->piped = piped.len ? piped.s : NULL;
    if (app_open_llm(app, err) < 0 || app_open_policy(app, err) < 0)
        return -1;
    if (app_open_cluster(app, err) < 0) {
        if (!text_alone(app, question.s, piped.len ? piped.s : "", err))
            return -1;
        kta_err_clear(err);
        return 0;
    }
    if (!set_on(&app->set, OPT_SHOW_PROMPT))
        app_first_use(app);
    return ask_in_session(app, question.s, piped.len ? piped.s : NULL, c, err);
}

int cmd_ask(struct app *app, struct kta_err *err)
{
    const char *resume = set_text(&app->set, OPT_RESUME_SESSION);
    const char *remove = set_text(&app->set, OPT_DELETE_SESSION);
    struct conversation c;

    if (remove)
        return sessions_delete(app, remove, err);
    if (set_on(&app->set, OPT_LIST_SESSIONS))
        return sessions_list(app, err);
    if (resume && set_on(&app->set, OPT_NEW_SESSION))
        return kta_err_set(err, KTA_E_USAGE,
                           "--new-session and --resume-session exclude each other");
    conversation_init(&c);
    app_make_redact(app);
    int r = resume ? kta_session_resume(resume, app->redact, &c.session, err) : 0;
    if (r == 0)
        r = ask_or_talk(app, &c, err);
    conversation_release(&c);
    return r;
}
