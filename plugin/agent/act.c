/*
 * act.c - what a turn of the model asks for, done: tool calls, commands in text, or the object of
 * the schema. Reads run and their results join the conversation; changes join the plan (tools/).
 *
 * What was asked for before is not done again.
 */
#include <string.h>

#include "agent_private.h"
#include "kta/alloc.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/log.h"

#define RESULTS "Results:\n" /* begins what the user never said: the output of reads */

static void show_tool(struct kta_agent *a, const char *what, const struct kta_str *result)
{
    kta_report_progress(a->pipeline->report, "%s", what);
    if (a->show_tool_output)
        kta_report_note(a->pipeline->report, "%s\n%s", what, result->s);
    kta_log(1, "tool: %s: %zu bytes", what, result->len);
}

void agent_say(struct kta_json *messages, const char *role, const char *text)
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

void agent_act_on_calls(struct turns *turns, struct kta_llm_turn *t)
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
    kta_argv_add(&argv, "x"); /* what the shell would put there: a bare verb does nothing */
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

bool agent_act_on_text(struct turns *turns, const char *text, bool reads)
{
    struct kta_agent *a = turns->a;
    struct text_ctx t = {.turns = turns, .reads = reads, .results = KTA_STR_LIMITED(65536)};

    kta_commands_in_text(text, found_command, &t);
    if (t.told) {
        agent_say(a->messages, "assistant", text);
        kta_auto_free char *all = kta_asprintf(RESULTS "%s", t.results.s);
        agent_say(a->messages, "user", all);
    }
    kta_str_release(&t.results);
    return t.told;
}

void agent_take_cut_object(struct kta_agent *a, const char *text)
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

bool agent_act_on_object(struct turns *turns, const char *text)
{
    struct kta_agent *a = turns->a;
    struct kta_tool_env *env = turns->env;
    kta_auto_json struct kta_json *doc = answer_object(text);
    kta_auto_str struct kta_str results = KTA_STR_INIT;
    int before = env->reads;

    kta_str_clear(&a->answer);
    if (!doc) {
        kta_str_add(&a->answer, text);
        return agent_act_on_text(turns, text, true);
    }
    choose_fix(turns, kta_json_str(doc, "fixes"), &results);
    kta_json_each(id, kta_json_get(doc, "fixes"))
        choose_fix(turns, kta_json_text(id), &results);
    kta_json_each(c, kta_json_get(doc, "commands"))
        run_command(turns, c, &results);
    kta_str_add(&a->answer, kta_or(kta_json_str(doc, "answer"), ""));
    if (env->reads == before)
        return false;
    agent_say(a->messages, "assistant", text);
    kta_auto_str struct kta_str all = KTA_STR_INIT;
    kta_str_add(&all, RESULTS);
    agent_fence(results.s, &all);
    agent_say(a->messages, "user", all.s);
    return true;
}

/* ---- too long a conversation ---- */

bool agent_shorten_results(struct kta_json *messages)
{
    struct kta_json *longest = NULL;
    size_t most = 1000;

    kta_json_each(m, messages) {
        const char *text = kta_json_str(m, "content");
        bool result =
            kta_streq(kta_json_str(m, "role"), "tool") || (text && kta_starts(text, RESULTS));
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
