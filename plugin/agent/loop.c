/*
 * loop.c - turns with the model: ask, run what it reads, ask again, until it is done.
 *
 * Three ways to act end in the same place (act.c): native tool calls, one JSON object held to a
 * schema, or commands in fenced text. A malformed call is answered to the model, never a crash.
 */

#include "agent_private.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/log.h"

#define SMALL_WINDOW 32768 /* tokens; in larger ones a limit would only cut */
#define STUCK_TURNS  2     /* in a row, in which the model asks for nothing that it has not had */

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
        if (a->turns > 0 ? !agent_shorten_results(a->messages) : *budget < 512)
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
        agent_act_on_calls(turns, t);
        *ret_again = true;
        return 0;
    }
    if (t->cut_by_length)
        kta_report_note(a->pipeline->report,
                        t->repeats ? "the model repeated itself: its answer was cut"
                                   : "the model's answer was cut by its length limit");
    if (t->way == KTA_WAY_SCHEMA && t->cut_by_length) {
        agent_take_cut_object(a, t->text.s);
        return 0;
    }
    if (t->way == KTA_WAY_SCHEMA) {
        *ret_again = agent_act_on_object(turns, t->text.s);
        if (*ret_again || a->answer.len > 0 || a->plan.n > 0)
            return 0;
        return kta_err_set(err, KTA_E_MODEL, "the model %s gave an empty answer", a->model);
    }
    kta_str_clear(&a->answer);
    kta_str_addn(&a->answer, t->text.s, t->text.len);
    if (t->text.len == 0)
        return kta_err_set(err, KTA_E_MODEL, "the model %s gave an empty answer", a->model);
    *ret_again = agent_act_on_text(turns, t->text.s, t->way == KTA_WAY_TEXT);
    if (!*ret_again)
        agent_say(a->messages, "assistant", t->text.s);
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
