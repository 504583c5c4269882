/*
 * loop.c - turns with the model: ask, run what it reads, ask again, until it is done.
 *
 * Three ways to act end in the same place (tools/): native tool calls, one JSON object held to a
 * schema, or commands in fenced text. A malformed call is answered to the model, never a crash.
 */
#include <string.h>

#include "agent_private.h"
#include "kta/alloc.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/log.h"

#define AGENT_RESULTS "Results:\n" /* begins what the user never said: the output of reads */
#define SMALL_WINDOW  32768        /* tokens; in larger ones a limit would only cut */

#define STUCK_TURNS 2 /* in a row, in which the model asks for nothing that it has not had */

/* One question's turns. */
struct turns {
    struct kta_agent *a;
    struct kta_tool_env *env;
    struct kta_argv had; /* what was called, with its arguments */
    int stuck;           /* turns in a row without anything new */
};

struct turn_ctx {
    struct kta_agent *a;
    struct kta_llm_turn *turn;
    size_t bytes; /* that came and are not shown */
    bool shows;   /* something of this turn is shown */
};

/* What cannot be read as it comes is counted. */
static void count_hidden(struct turn_ctx *t, const char *what, size_t n)
{
    t->bytes += n;
    kta_report_progress(t->a->pipeline->report, "%s is %s: about %d tokens", t->a->model, what,
                        kta_llm_tokens(t->bytes));
}

static void on_text(void *ctx, const char *p, size_t n)
{
    struct turn_ctx *t = ctx;
    const struct kta_report *r = t->a->pipeline->report;

    if (t->turn->way == KTA_WAY_SCHEMA)
        count_hidden(t, "answering", n);
    if (t->turn->way == KTA_WAY_SCHEMA || !r || !r->text)
        return;
    if (t->a->streamed && !t->shows)
        r->text(r->ctx, "\n", 1); /* what it said before it read more is a paragraph of its own */
    t->shows = t->a->streamed = true;
    r->text(r->ctx, p, n);
}

static void on_thinking(void *ctx, const char *p, size_t n)
{
    struct turn_ctx *t = ctx;

    (void)p;
    count_hidden(t, "thinking", n);
}

static void on_retry(void *ctx, int attempt, int64_t wait_ms, const char *why)
{
    struct turn_ctx *t = ctx;

    kta_report_note(t->a->pipeline->report, "%s; trying again in %.1f s (attempt %d)", why,
                    (double)wait_ms / 1000, attempt + 1);
}

/* A small window is shared: a quarter of it is for the answer, which otherwise may run to its end.
 * Where the window is not known the endpoint has limits of its own. */
static int answer_tokens(struct kta_agent *a)
{
    int window = kta_llm_window(a->llm);

    return window > 0 && window <= SMALL_WINDOW ? window / 4 : 0;
}

/* The endpoint turned out to take another way: it is told the one. */
static void on_way(void *ctx, enum kta_llm_way way)
{
    struct turn_ctx *t = ctx;

    agent_set_way(t->a, t->a->messages, way);
}

static void show_tool(struct kta_agent *a, const char *what, const struct kta_str *result)
{
    kta_report_progress(a->pipeline->report, "%s", what);
    if (a->show_tool_output)
        kta_report_note(a->pipeline->report, "%s\n%s", what, result->s);
    kta_log(1, "tool: %s: %zu bytes", what, result->len);
}

static void push_text(struct kta_json *messages, const char *role, const char *text)
{
    struct kta_json *m = kta_json_push(messages, kta_json_new_object());

    kta_json_set_str(m, "role", role);
    kta_json_set_str(m, "content", text);
}

/* True the first time. */
static bool is_new(struct turns *t, const char *what, const char *with)
{
    kta_auto_free char *key = kta_asprintf("%s %s", what, kta_or(with, ""));

    for (size_t i = 0; i < t->had.n; i++)
        if (kta_streq(t->had.v[i], key))
            return false;
    kta_argv_add(&t->had, key);
    return true;
}

static bool is_object(const char *text)
{
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    return kta_json_parse(text, strlen(text), &v, &ignored) == 0 &&
           kta_json_type(v) == KTA_JSON_OBJECT;
}

/* The assistant's message as the API wants to see it again. Arguments that are no object are not
 * repeated: many servers refuse the whole conversation for them. */
static void push_calls(struct kta_json *messages, const struct kta_llm_turn *t)
{
    struct kta_json *m = kta_json_push(messages, kta_json_new_object());

    kta_json_set_str(m, "role", "assistant");
    kta_json_set_str(m, "content", t->text.s);
    struct kta_json *calls = kta_json_set(m, "tool_calls", kta_json_new_array());
    for (size_t i = 0; i < t->n_calls; i++) {
        struct kta_json *c = kta_json_push(calls, kta_json_new_object());
        kta_json_set_str(c, "id", t->calls[i].id);
        kta_json_set_str(c, "type", "function");
        struct kta_json *f = kta_json_set(c, "function", kta_json_new_object());
        kta_json_set_str(f, "name", t->calls[i].name);
        kta_json_set_str(f, "arguments", is_object(t->calls[i].args) ? t->calls[i].args : "{}");
    }
}

/* One answer for each call. */
static void answer_calls(struct turns *turns, struct kta_llm_turn *t)
{
    struct kta_agent *a = turns->a;
    struct kta_tool_env *env = turns->env;
    bool news = false;

    push_calls(a->messages, t);
    for (size_t i = 0; i < t->n_calls; i++) {
        kta_auto_str struct kta_str result = KTA_STR_INIT, fenced = KTA_STR_INIT;
        int reads = env->reads;
        if (kta_interrupted()) {
            kta_str_add(&result, "The user stopped this.");
        } else if (is_new(turns, t->calls[i].name, t->calls[i].args)) {
            kta_tool_call(env, t->calls[i].name, t->calls[i].args, &result);
            news = true;
        } else {
            kta_str_add(&result, "You have called this already; the result is the same. Answer the "
                                 "question now.");
        }
        kta_auto_free char *what = kta_asprintf("%s %.120s", t->calls[i].name, t->calls[i].args);
        show_tool(a, what, &result);
        struct kta_json *answer = kta_json_push(a->messages, kta_json_new_object());
        kta_json_set_str(answer, "role", "tool");
        kta_json_set_str(answer, "tool_call_id", t->calls[i].id);
        if (env->reads > reads)
            agent_fence(result.s, &fenced);
        kta_json_set_str(answer, "content", env->reads > reads ? fenced.s : result.s);
    }
    turns->stuck = news ? 0 : turns->stuck + 1;
}

/* ---- commands in text ---- */

struct text_ctx {
    struct turns *turns;
    bool reads; /* run the reads too (where the model has no other way to ask) */
    bool told;  /* something of the results is news to the model */
    struct kta_str results;
};

/* What stands before the shell's syntax only reads. */
static bool begins_as_read(const struct kta_policy *policy, const char *line)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    kta_auto_free char *head = kta_strndup(line, strcspn(line, "|;&<>$`()*?"));
    struct kta_err ignored = KTA_ERR_INIT;
    struct kta_verdict verdict;

    if (kta_argv_split(head, &argv, &ignored) < 0)
        return false;
    kta_policy_check(policy, &argv, NULL, &verdict);
    return verdict.class_ == KTA_CLASS_READ;
}

/* A command that cannot be taken: a model that acts in text is told, else the person, of a change.
 */
static void tell_problem(struct text_ctx *t, const struct kta_proposed *p)
{
    const char *line = p->argv.v[0];
    struct kta_pipeline *pipeline = t->turns->a->pipeline;

    if (!is_new(t->turns, line, p->problem))
        return;
    if (t->reads) {
        kta_str_addf(&t->results, "%s\n  cannot be used: %s\n", line, p->problem);
        t->told = true;
    } else if (!begins_as_read(pipeline->policy, line)) {
        kta_report_note(pipeline->report, "not in the plan: %s: %s", line, p->problem);
    }
}

static void found_command(void *ctx, struct kta_proposed *p)
{
    struct text_ctx *t = ctx;
    struct kta_tool_env *env = t->turns->env;
    kta_auto_str struct kta_str line = KTA_STR_INIT, result = KTA_STR_INIT;
    struct kta_verdict verdict;

    if (p->problem) {
        tell_problem(t, p);
        return;
    }
    kta_argv_quote(&p->argv, &line);
    kta_policy_check(t->turns->a->pipeline->policy, &p->argv, p->stdin_text, &verdict);
    if ((verdict.class_ == KTA_CLASS_READ && !t->reads) || !is_new(t->turns, line.s, p->stdin_text))
        return;
    int reads = env->reads;
    kta_tool_command(env, &p->argv, p->stdin_text, NULL, &result);
    show_tool(t->turns->a, line.s, &result);
    if (env->reads > reads)
        kta_str_addf(&t->results, "$ %s\n", line.s);
    if (env->reads > reads || verdict.class_ == KTA_CLASS_DENY) {
        kta_auto_str struct kta_str cut = KTA_STR_INIT;
        kta_cut_middle(result.s, result.len, KTA_MAX_TOOL_RESULT / 2, &cut);
        agent_fence(cut.s, &t->results);
    }
    t->told |= env->reads > reads;
}

/* True if there were reads whose results the model should see, or commands that it should write in
 * another way. */
static bool act_on_text(struct turns *turns, const char *text, bool reads)
{
    struct kta_agent *a = turns->a;
    struct text_ctx t = {.turns = turns, .reads = reads, .results = KTA_STR_LIMITED(65536)};

    kta_commands_in_text(text, found_command, &t);
    if (t.told) {
        push_text(a->messages, "assistant", text);
        kta_auto_free char *all = kta_asprintf(AGENT_RESULTS "%s", t.results.s);
        push_text(a->messages, "user", all);
    }
    kta_str_release(&t.results);
    return t.told;
}

/* An object that was cut: its answer as far as it came. What it wanted to do is not whole, so it is
 * not done. */
static void take_cut_object(struct kta_agent *a, const char *text)
{
    static const char *const closers[] = {"\"}", "}", "\"]}]}", "]}]}", "}]}"};
    kta_auto_json struct kta_json *doc = NULL;

    kta_str_clear(&a->answer);
    for (size_t i = 0; i < KTA_LEN(closers) && !doc; i++) {
        kta_auto_free char *whole = kta_asprintf("%s%s", text, closers[i]);
        struct kta_err ignored = KTA_ERR_INIT;
        if (kta_json_parse(whole, strlen(whole), &doc, &ignored) < 0)
            doc = NULL;
    }
    kta_str_add(&a->answer, kta_or(kta_json_str(doc, "answer"), ""));
}

/* The object that an answer is, also in a fence or between words: an endpoint may take a schema and
 * not hold the model to it. NULL: there is none. Caller owns. */
static struct kta_json *answer_object(const char *text)
{
    struct kta_json *doc = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    const char *p = strchr(text, '{');
    size_t n = p ? kta_json_span(p) : 0;

    if (n == 0 || kta_json_parse(p, n, &doc, &ignored) < 0)
        return NULL;
    if (p == text || kta_json_str(doc, "answer"))
        return doc;
    kta_json_free(doc);
    return NULL;
}

static void choose_fix(struct turns *turns, const char *id, struct kta_str *results)
{
    const struct kta_fix *fix = id ? kta_findings_fix(&turns->a->findings, id) : NULL;

    if (fix)
        kta_tool_command(turns->env, &fix->argv, fix->stdin_text, fix->summary, results);
    if (fix && fix->then.n)
        kta_tool_command(turns->env, &fix->then, NULL, fix->summary, results);
}

/* {argv, stdin, why}, or only the words, as a list or a line. */
static void run_command(struct turns *turns, const struct kta_json *c, struct kta_str *results)
{
    kta_auto_json struct kta_json *args =
        kta_json_type(c) == KTA_JSON_OBJECT ? kta_json_copy(c) : kta_json_new_object();
    kta_auto_argv struct kta_argv words = KTA_ARGV_INIT;
    kta_auto_str struct kta_str label = KTA_STR_INIT, text = KTA_STR_INIT;
    const struct kta_json *argv = kta_json_type(c) == KTA_JSON_OBJECT ? kta_json_get(c, "argv") : c;

    if (argv)
        kta_json_set(args, "args", kta_json_copy(argv));
    kta_json_each(w, kta_json_get(args, "args"))
        kta_argv_add(&words, kta_or(kta_json_text(w), ""));
    kta_argv_quote(&words, &label);
    kta_json_print(args, /* pretty= */ false, &text);
    if (!is_new(turns, "kubectl", text.s))
        return;
    kta_str_addf(results, "%s:\n", label.len ? label.s : kta_or(kta_json_str(args, "args"), "?"));
    kta_tool_call(turns->env, "kubectl", text.s, results);
    kta_str_addc(results, '\n');
}

/* The object of the schema: {answer, fixes, commands}. True if the model should go on. */
static bool act_on_object(struct turns *turns, const char *text)
{
    struct kta_agent *a = turns->a;
    struct kta_tool_env *env = turns->env;
    kta_auto_json struct kta_json *doc = answer_object(text);
    kta_auto_str struct kta_str results = KTA_STR_INIT;
    int before = env->reads;

    kta_str_clear(&a->answer);
    if (!doc) {
        kta_str_add(&a->answer, text);
        return act_on_text(turns, text, true);
    }
    choose_fix(turns, kta_json_str(doc, "fixes"), &results);
    kta_json_each(id, kta_json_get(doc, "fixes"))
        choose_fix(turns, kta_json_text(id), &results);
    kta_json_each(c, kta_json_get(doc, "commands"))
        run_command(turns, c, &results);
    kta_str_add(&a->answer, kta_or(kta_json_str(doc, "answer"), ""));
    if (env->reads == before)
        return false;
    push_text(a->messages, "assistant", text);
    kta_auto_str struct kta_str all = KTA_STR_INIT;
    kta_str_add(&all, AGENT_RESULTS);
    agent_fence(results.s, &all);
    push_text(a->messages, "user", all.s);
    return true;
}

/* ---- the loop ---- */

static void tell_request(const struct kta_agent *a, const struct kta_json *tools)
{
    kta_auto_json struct kta_json *data = kta_json_new_object();

    kta_json_set_str(data, "model", a->model);
    kta_json_set(data, "messages", kta_json_copy(a->messages));
    if (tools)
        kta_json_set(data, "tools", kta_json_copy(tools));
    kta_report_event(a->pipeline->report, "request", data);
}

static void tell_response(const struct kta_agent *a, const struct kta_llm_turn *t)
{
    kta_auto_json struct kta_json *data = kta_json_new_object();
    struct kta_json *calls = kta_json_set(data, "toolCalls", kta_json_new_array());

    kta_json_set_int(data, "turn", a->turns);
    kta_json_set_str(data, "text", t->text.s);
    for (size_t i = 0; i < t->n_calls; i++) {
        struct kta_json *c = kta_json_push(calls, kta_json_new_object());
        kta_json_set_str(c, "name", t->calls[i].name);
        kta_json_set_str(c, "arguments", t->calls[i].args);
    }
    kta_json_set_int(data, "promptTokens", t->prompt_tokens);
    kta_json_set_int(data, "completionTokens", t->completion_tokens);
    kta_report_event(a->pipeline->report, "response", data);
}

/* Cuts what the model read in this question, longest first, in half. False: nothing is left to
 * cut. */
static bool shorten_results(struct kta_json *messages)
{
    struct kta_json *longest = NULL;
    size_t most = 1000;

    kta_json_each(m, messages) {
        const char *text = kta_json_str(m, "content");
        bool result =
            kta_streq(kta_json_str(m, "role"), "tool") || (text && kta_starts(text, AGENT_RESULTS));
        if (result && text && strlen(text) > most) {
            longest = m;
            most = strlen(text);
        }
    }
    if (!longest)
        return false;
    kta_auto_str struct kta_str cut = KTA_STR_INIT;
    kta_cut_middle(kta_json_str(longest, "content"), most, most / 2, &cut);
    kta_json_set_str(longest, "content", cut.s);
    return true;
}

#define MAX_SHRINK 5

/* One turn; a prompt that is too long is asked again with half of the evidence, or, when the model
 * has read more since, with less of that. */
static int ask(struct kta_agent *a, struct kta_llm_turn *t, size_t *budget, struct kta_err *err)
{
    enum kta_llm_way wanted = t->way;

    for (int shrink = 0;; shrink++) {
        if (kta_llm_chat(a->llm, t, err) == 0)
            return 0;
        if (!t->context_overflow || shrink == MAX_SHRINK)
            return -1;
        enum kta_llm_way way = t->way;
        if (a->turns > 0 ? !shorten_results(a->messages) : *budget < 512)
            return -1;
        kta_report_note(a->pipeline->report,
                        "the prompt is too long for %s; asking again with less evidence", a->model);
        if (a->turns == 0) {
            *budget /= 2;
            kta_json_free(a->messages);
            a->messages = agent_first_messages(a, way, *budget);
        }
        t->messages = a->messages;
        t->way = wanted;
        kta_llm_turn_release(t);
        kta_err_clear(err);
    }
}

static void count(struct kta_agent *a, const struct kta_llm_turn *t)
{
    a->turns++;
    a->prompt_tokens += t->prompt_tokens;
    a->completion_tokens += t->completion_tokens;
    kta_log(1, "model: turn %d: %d+%d tokens (%d cached), first after %d ms, %d ms", a->turns,
            t->prompt_tokens, t->completion_tokens, t->cached_tokens, (int)t->first_ms,
            (int)t->took_ms);
}

/* Takes one turn's result. *ret_again: there is more to say to the model. */
static int take(struct turns *turns, struct kta_llm_turn *t, bool *ret_again, struct kta_err *err)
{
    struct kta_agent *a = turns->a;

    *ret_again = false;
    if (t->n_calls > 0) {
        answer_calls(turns, t);
        *ret_again = true;
        return 0;
    }
    if (t->cut_by_length)
        kta_report_note(a->pipeline->report,
                        t->repeats ? "the model repeated itself: its answer was cut"
                                   : "the model's answer was cut by its length limit");
    if (t->way == KTA_WAY_SCHEMA && t->cut_by_length) {
        take_cut_object(a, t->text.s);
        return 0;
    }
    if (t->way == KTA_WAY_SCHEMA) {
        *ret_again = act_on_object(turns, t->text.s);
        if (*ret_again || a->answer.len > 0 || a->plan.n > 0)
            return 0;
        return kta_err_set(err, KTA_E_MODEL, "the model %s gave an empty answer", a->model);
    }
    kta_str_clear(&a->answer);
    kta_str_addn(&a->answer, t->text.s, t->text.len);
    if (t->text.len == 0)
        return kta_err_set(err, KTA_E_MODEL, "the model %s gave an empty answer", a->model);
    *ret_again = act_on_text(turns, t->text.s, t->way == KTA_WAY_TEXT);
    if (!*ret_again)
        push_text(a->messages, "assistant", t->text.s);
    return 0;
}

/* Why there are no more turns, or NULL. */
static const char *no_more(const struct turns *t)
{
    int limit = t->a->max_iterations > 0 ? t->a->max_iterations : KTA_MAX_ITERATIONS;

    if (t->stuck >= STUCK_TURNS)
        return "the model calls the same again and again";
    return t->a->turns >= limit ? "--max-iterations" : NULL;
}

/* The model was stopped: what it proposed is there; if it said and proposed nothing, it failed. */
static int stopped(struct turns *t, const char *why, struct kta_err *err)
{
    struct kta_agent *a = t->a;

    kta_report_note(a->pipeline->report, "stopped after %d turn%s: %s", a->turns,
                    a->turns == 1 ? "" : "s", why);
    if (a->answer.len > 0 || a->plan.n > 0)
        return 0;
    kta_err_set(err, KTA_E_MODEL, "the model %s gave no answer in %d turn%s", a->model, a->turns,
                a->turns == 1 ? "" : "s");
    return kta_err_hint(err, "use another model, or --enable-tool-use-shim");
}

static int run_turns(struct turns *turns, struct kta_err *err)
{
    struct kta_agent *a = turns->a;
    kta_auto_json struct kta_json *tools = agent_tools(a);
    kta_auto_json struct kta_json *schema = agent_schema(a);
    enum kta_llm_way way = agent_way(a);
    size_t budget = agent_budget(a, way, tools);
    bool again = true;

    a->messages = agent_first_messages(a, way, budget);
    while (again) {
        const char *why = no_more(turns);
        if (why)
            return stopped(turns, why, err);
        struct kta_llm_turn t = {.messages = a->messages,
                                 .tools = tools,
                                 .schema = a->shim ? NULL : schema,
                                 .way = a->shim ? KTA_WAY_TEXT : KTA_WAY_AUTO,
                                 .max_tokens = answer_tokens(a),
                                 .on_text = on_text,
                                 .on_thinking = on_thinking,
                                 .on_retry = on_retry,
                                 .on_way = on_way,
                                 .told = way};
        struct turn_ctx ctx = {.a = a, .turn = &t};
        t.ctx = &ctx;
        if (agent_afford(a, &t.max_tokens, err) < 0) {
            if (a->turns == 0)
                return -1;
            kta_report_note(a->pipeline->report, "stopped after %d turns: %s", a->turns, err->msg);
            kta_err_clear(err);
            break;
        }
        kta_report_progress(a->pipeline->report, "%s is thinking", a->model);
        tell_request(a, a->shim ? NULL : tools);
        int r = ask(a, &t, &budget, err);
        if (r == 0) {
            way = t.way;
            count(a, &t);
            tell_response(a, &t);
            r = take(turns, &t, &again, err);
        }
        kta_llm_turn_release(&t);
        kta_report_done(a->pipeline->report);
        if (r < 0)
            return -1;
        if (kta_interrupt_check(err) < 0)
            return -1;
    }
    return 0;
}

static bool reads_unnamed(void *ctx, const struct kta_argv *argv, struct kta_str *ret_file)
{
    return agent_reads_unnamed(ctx, argv, ret_file);
}

int agent_model_answer(struct kta_agent *a, struct kta_err *err)
{
    struct kta_tool_env env = {.pipeline = a->pipeline,
                               .plan = &a->plan,
                               .findings = &a->findings,
                               .custom = a->custom,
                               .reads_unnamed = reads_unnamed,
                               .ctx = a};
    struct turns turns = {.a = a, .env = &env, .had = KTA_ARGV_INIT};
    int rc = run_turns(&turns, err);

    kta_argv_release(&turns.had);
    return rc;
}
