/* The model's side against a scripted endpoint: a row for each way in which servers differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include "../../plugin/llm/llm_private.h"
#include "../servers/server.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/interrupt.h"
#include "kta/llm.h"

static char dir[] = "/tmp/kta-test-llm-XXXXXX";
static struct test_server server;
static char *log_path;

static const char tools_text[] = "[{\"type\":\"function\",\"function\":{\"name\":\"kubectl\","
                                 "\"parameters\":{\"type\":\"object\",\"properties\":{\"args\":{},"
                                 "\"why\":{}},\"required\":[\"args\"]}}},"
                                 "{\"type\":\"function\",\"function\":{\"name\":\"helm\","
                                 "\"parameters\":{\"type\":\"object\"}}}]";

static struct kta_json *parse(const char *s)
{
    struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;
    if (kta_json_parse(s, strlen(s), &v, &err) < 0)
        fail_msg("%s: %s", s, err.msg);
    return v;
}

/* ---- the server ---- */

static void start(const char *script)
{
    kta_auto_free char *path = kta_fs_join(dir, "script.json");
    const char *const argv[] = {"python3", "tests/servers/model_server.py", path, "--log", log_path,
                                NULL};
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_free char *cache = kta_fs_join(dir, "cache/kubectl-todo-ai/models.json");
    unlink(cache);
    unlink(log_path);
    assert_int_equal(kta_fs_write(path, script, strlen(script), &err), 0);
    assert_int_equal(test_server_start(&server, argv), 0);
}

static struct kta_llm *open_model(const char *provider, const char *path, const char *model)
{
    kta_auto_free char *url = kta_asprintf("http://127.0.0.1:%d%s", server.port, path);
    struct kta_llm_config c = {.provider = provider,
                               .model = model,
                               .endpoint = url,
                               .api_key = "sk-secret-key",
                               .back_off_ms = 1};
    struct kta_llm *m = NULL;
    struct kta_err err = KTA_ERR_INIT;
    if (kta_llm_open(&c, &m, &err) < 0)
        fail_msg("%s", err.msg);
    assert_non_null(m);
    return m;
}

static struct kta_llm *open_as(const char *provider, const char *path)
{
    return open_model(provider, path, "m");
}

/* Every request so far as an array. */
static struct kta_json *requests(void)
{
    struct kta_json *all = kta_json_new_array();
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    if (kta_fs_read(log_path, 16u << 20, &s, &err) < 0)
        return all;
    for (char *line = s.s, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        kta_json_push(all, parse(line));
    }
    return all;
}

/* ---- a turn ---- */

struct heard {
    struct kta_str text, thinking, retries;
    bool broken_utf8;
    size_t last; /* bytes of the last piece of text */
};

static void hear_text(void *ctx, const char *p, size_t n)
{
    struct heard *h = ctx;
    if (n && ((unsigned char)*p & 0xC0) == 0x80)
        h->broken_utf8 = true;
    kta_str_addn(&h->text, p, n);
    h->last = n;
}

static void hear_thinking(void *ctx, const char *p, size_t n)
{
    kta_str_addn(&((struct heard *)ctx)->thinking, p, n);
}

static void hear_retry(void *ctx, int attempt, int64_t wait_ms, const char *why)
{
    (void)why;
    kta_str_addf(&((struct heard *)ctx)->retries, "%d:%lld ", attempt, (long long)wait_ms);
}

static int ask(struct kta_llm *m, enum kta_llm_way way, struct kta_llm_turn *t, struct heard *h,
               struct kta_err *err)
{
    kta_auto_json struct kta_json *messages =
        parse("[{\"role\":\"system\",\"content\":\"be brief\"},"
              "{\"role\":\"user\",\"content\":\"why is it down?\"}]");
    kta_auto_json struct kta_json *tools = parse(tools_text);
    kta_auto_json struct kta_json *schema = parse("{\"type\":\"object\"}");
    int rc;
    *h = (struct heard){KTA_STR_INIT, KTA_STR_INIT, KTA_STR_INIT, false, 0};
    *t = (struct kta_llm_turn){.messages = messages,
                               .tools = tools,
                               .schema = schema,
                               .way = way,
                               .on_text = hear_text,
                               .on_thinking = hear_thinking,
                               .on_retry = hear_retry,
                               .ctx = h};
    rc = kta_llm_chat(m, t, err);
    t->messages = t->tools = t->schema = NULL;
    return rc;
}

static void forget(struct kta_llm_turn *t, struct heard *h)
{
    kta_llm_turn_release(t);
    kta_str_release(&h->text);
    kta_str_release(&h->thinking);
    kta_str_release(&h->retries);
}

/* ---- answers ---- */

#define CALL "\"tool_calls\":[{\"name\":\"kubectl\",\"arguments\":{\"args\":[\"get\",\"pods\"]}}]"
#define TWO                                                                                        \
    "\"tool_calls\":[{\"name\":\"kubectl\",\"arguments\":{\"args\":[\"get\",\"pods\"]}},"          \
    "{\"name\":\"helm\",\"arguments\":{\"args\":[\"list\"]}}]"
#define CALLED     "kubectl {\"args\":[\"get\",\"pods\"]};"
#define CALLED_TWO CALLED "helm {\"args\":[\"list\"]};"

static const struct answer_row {
    const char *turns;           /* as many as the turn takes, with its retries */
    const char *text, *thinking; /* NULL: "" */
    const char *calls;
    bool cut;
} answers[] = {
    {"{\"text\":\"All is well.\"}", "All is well.", NULL, "", false},
    {"{\"text\":\"h\xc3\xa9llo \xf0\x9f\x98\x80 \xe2\x82\xac!\",\"chunk\":1,\"split_bytes\":1}",
     "h\xc3\xa9llo \xf0\x9f\x98\x80 \xe2\x82\xac!", NULL, "", false},
    {"{\"text\":\"crlf\",\"eol\":\"\\r\\n\",\"comments\":true,\"split_bytes\":3}", "crlf", NULL, "",
     false},
    {"{\"text\":\"cr\",\"eol\":\"\\r\",\"bom\":true,\"no_space\":true}", "cr", NULL, "", false},
    {"{\"text\":\"whole\",\"stream\":false}", "whole", NULL, "", false},
    {"{\"text\":\"typed wrongly\",\"content_type\":\"application/json\"}", "typed wrongly", NULL,
     "", false},
    {"{\"text\":\"no done\",\"no_done\":true}", "no done", NULL, "", false},
    {"{\"text\":\"no finish\",\"no_finish\":true}", "no finish", NULL, "", false},
    {"{\"text\":\"no usage\",\"usage\":false}", "no usage", NULL, "", false},
    {"{\"text\":\"cut by le\",\"finish\":\"length\"}", "cut by le", NULL, "", true},
    /* thinking */
    {"{\"text\":\"so\",\"reasoning\":\"hm, let me see\"}", "so", "hm, let me see", "", false},
    {"{\"text\":\"so\",\"reasoning\":\"hm\",\"reasoning_key\":\"reasoning\"}", "so", "hm", "",
     false},
    {"{\"text\":\"so\",\"think\":\"hm <b> </thin\",\"chunk\":1}", "so", "hm <b> </thin", "", false},
    {"{\"text\":\"so\",\"think\":\"hm\",\"chunk\":100,\"stream\":false}", "so", "hm", "", false},
    {"{\"text\":\"I was thinking</think>so\",\"chunk\":4}", "so", "I was thinking", "", false},
    {"{\"text\":\"a <b> c < d [e] <think\",\"chunk\":3}", "a <b> c < d [e] <think", NULL, "",
     false},
    /* calls */
    {"{" CALL "}", "", NULL, CALLED, false},
    {"{" CALL ",\"text\":\"let me look\"}", "let me look", NULL, CALLED, false},
    {"{" CALL ",\"chunk\":1,\"split_bytes\":2}", "", NULL, CALLED, false},
    {"{" TWO ",\"chunk\":3}", "", NULL, CALLED_TWO, false},
    {"{" TWO ",\"no_ids\":true}", "", NULL, CALLED_TWO, false},
    {"{" TWO ",\"no_index\":true}", "", NULL, CALLED_TWO, false},
    {"{" TWO ",\"no_index\":true,\"no_ids\":true}", "", NULL, CALLED_TWO, false},
    {"{" TWO ",\"same_index\":true,\"one_piece\":true}", "", NULL, CALLED_TWO, false},
    {"{" TWO ",\"object_args\":true}", "", NULL, CALLED_TWO, false},
    {"{" TWO ",\"object_args\":true,\"no_index\":true,\"no_ids\":true}", "", NULL, CALLED_TWO,
     false},
    {"{" TWO ",\"stream\":false}", "", NULL, CALLED_TWO, false},
    {"{" TWO ",\"stream\":false,\"object_args\":true,\"no_ids\":true}", "", NULL, CALLED_TWO,
     false},
    {"{" CALL ",\"finish\":\"stop\",\"no_done\":true}", "", NULL, CALLED, false},
    {"{\"tool_calls\":[{\"name\":\"kubectl\",\"arguments\":\"\"}]}", "", NULL, "kubectl {};",
     false},
    {"{\"tool_calls\":[{\"name\":\"kubectl\",\"arguments\":\"{broken\"}]}", "", NULL,
     "kubectl {broken;", false},
    {"{\"tool_calls\":[{\"name\":\"kubectl\",\"arguments\":\"\\\"{\\\\\\\"a\\\\\\\":1}\\\"\"}]}",
     "", NULL, "kubectl {\"a\":1};", false},
    {"{\"tool_calls\":[{\"name\":\"unknown\",\"arguments\":{}}]}", "", NULL, "unknown {};", false},
    /* calls written as text by models whose server has no parser */
    {"{\"text\":\"<tool_call>\\n{\\\"name\\\": \\\"kubectl\\\", \\\"arguments\\\": {\\\"args\\\": "
     "[\\\"get\\\",\\\"pods\\\"]}}\\n</tool_call>\",\"chunk\":5}",
     "", NULL, CALLED, false},
    {"{\"text\":\"Look:\\n<tool_call>{\\\"name\\\":\\\"helm\\\",\\\"arguments\\\":{}}\"}",
     "Look:\n", NULL, "helm {};", false},
    {"{\"text\":\"[TOOL_CALLS] [{\\\"name\\\":\\\"helm\\\",\\\"arguments\\\":{}}]\"}", "", NULL,
     "helm {};", false},
    {"{\"text\":\"```json\\n{\\\"name\\\":\\\"helm\\\",\\\"parameters\\\":{\\\"a\\\":1}}\\n```\"}",
     "", NULL, "helm {\"a\":1};", false},
    {"{\"text\":\"{\\\"name\\\":\\\"no-tool\\\",\\\"parameters\\\":{}}\"}",
     "{\"name\":\"no-tool\",\"parameters\":{}}", NULL, "", false},
    {"{\"text\":\"<tool_call>not json</tool_call>\"}", "not json", NULL, "", false},
    /* what passes: tried again */
    {"{\"status\":429,\"retry_after\":\"0\"},{\"text\":\"after 429\"}", "after 429", NULL, "",
     false},
    {"{\"status\":500,\"retry_after\":\"0\"},{\"status\":503,\"retry_after\":0},{\"text\":"
     "\"third\"}",
     "third", NULL, "", false},
    {"{\"status\":408,\"retry_after\":\"0.05\"},{\"status\":409,\"retry_after\":0},{\"text\":"
     "\"y\"}",
     "y", NULL, "", false},
    {"{\"close\":true},{\"text\":\"came back\"}", "came back", NULL, "", false},
    {"{\"text\":\"the answer is 42\",\"cut\":500},{\"text\":\"the answer is 42\"}",
     "the answer is 42", NULL, "", false},
    {"{\"text\":\"the answer is 42\",\"cut\":500,\"close_delimited\":true},"
     "{\"text\":\"the answer is 42\"}",
     "the answer is 42", NULL, "", false},
    {"{" CALL ",\"cut\":700},{" CALL "}", "", NULL, CALLED, false},
    {"{\"text\":\"\"},{\"text\":\"not empty\"}", "not empty", NULL, "", false},
    {"{\"error_in_stream\":\"out of memory\"},{\"text\":\"fine\"}", "fine", NULL, "", false},
    /* half a character in each of two events */
    {"{\"latin1\":true,\"raw\":\"data: {\\\"choices\\\":[{\\\"delta\\\":{\\\"content\\\":"
     "\\\"h\\u00c3\\\"}}]}\\n\\ndata: {\\\"choices\\\":[{\\\"delta\\\":{\\\"content\\\":"
     "\\\"\\u00a9!\\\"},\\\"finish_reason\\\":\\\"stop\\\"}]}\\n\\n\"}",
     "h\xc3\xa9!", NULL, "", false},
    /* shapes */
    {"{\"raw\":\"data: {\\\"choices\\\":[{\\\"delta\\\":{\\\"content\\\":\\\"a\\\"}}]}\\n"
     "data: {\\\"choices\\\":[{\\\"delta\\\":{\\\"content\\\":\\\"b\\\"},\\\"finish_reason\\\":"
     "\\\"stop\\\"}]}\\ndata: [DONE]\\n\\n\"}",
     "ab", NULL, "", false},
    {"{\"raw\":\"data: "
     "{\\\"choices\\\":[{\\\"delta\\\":{\\\"content\\\":[{\\\"type\\\":\\\"text\\\","
     "\\\"text\\\":\\\"parts\\\"}]},\\\"finish_reason\\\":\\\"stop\\\"}]}\\n\\n\"}",
     "parts", NULL, "", false},
    {"{\"raw\":\"data: {\\\"choices\\\":[{\\\"message\\\":{\\\"content\\\":\\\"message\\\"},"
     "\\\"finish_reason\\\":\\\"stop\\\"}]}\\n\\n\"}",
     "message", NULL, "", false},
    {"{\"raw\":\"data: {\\\"choices\\\":[{\\\"delta\\\":null}]}\\n\\ndata: nonsense\\n\\n"
     "data: {\\\"choices\\\":[{\\\"delta\\\":{\\\"content\\\":\\\"x\\\"},\\\"finish_reason\\\":"
     "\\\"stop\\\"}]}\\n\\n\"}",
     "x", NULL, "", false},
    {"{\"raw\":\"data: {\\\"choices\\\":[{\\\"delta\\\":{\\\"function_call\\\":{\\\"name\\\":"
     "\\\"helm\\\",\\\"arguments\\\":\\\"{}\\\"}},\\\"finish_reason\\\":\\\"function_call\\\"}]}"
     "\\n\\n\"}",
     "", NULL, "helm {};", false},
};

/* "NAME ARGUMENTS;" without blanks */
static void add_call(const struct kta_tool_call *call, struct kta_str *out)
{
    kta_str_addf(out, "%s ", call->name);
    for (const char *p = call->args; *p; p++)
        if (*p != ' ')
            kta_str_addc(out, *p);
    kta_str_addc(out, ';');
}

static void check_answer(const struct answer_row *row, struct kta_llm *m)
{
    kta_auto_str struct kta_str calls = KTA_STR_INIT;
    struct kta_llm_turn t;
    struct heard h;
    struct kta_err err = KTA_ERR_INIT;
    if (ask(m, KTA_WAY_AUTO, &t, &h, &err) < 0)
        fail_msg("%s\n%s", row->turns, err.msg);
    for (size_t i = 0; i < t.n_calls; i++) {
        add_call(&t.calls[i], &calls);
        assert_true(t.calls[i].id[0] != '\0');
        assert_true(i == 0 || strcmp(t.calls[i].id, t.calls[i - 1].id) != 0);
    }
    if (strcmp(t.text.s, row->text) != 0 || strcmp(calls.s, row->calls) != 0 ||
        strcmp(h.thinking.s, kta_or(row->thinking, "")) != 0 || t.cut_by_length != row->cut)
        fail_msg("%s\ntext '%s' thinking '%s' calls '%s' cut %d", row->turns, t.text.s,
                 h.thinking.s, calls.s, t.cut_by_length);
    /* what was shown is the text, but for a text that turned out to be something else */
    if (*row->text && !kta_ends(h.text.s, row->text))
        fail_msg("%s\nshown '%s'", row->turns, h.text.s);
    assert_false(h.broken_utf8);
    assert_int_equal(t.way, KTA_WAY_TOOLS);
    forget(&t, &h);
}

static void test_answers(void **state)
{
    kta_auto_str struct kta_str script = KTA_STR_INIT;
    struct kta_llm *m;
    (void)state;
    kta_str_addc(&script, '[');
    for (size_t i = 0; i < KTA_LEN(answers); i++)
        kta_str_addf(&script, "%s%s", i ? "," : "", answers[i].turns);
    kta_str_addc(&script, ']');
    start(script.s);
    m = open_as("openai-compatible", "/v1");
    for (size_t i = 0; i < KTA_LEN(answers); i++)
        check_answer(&answers[i], m);
    kta_llm_free(m);
    test_server_stop(&server);
}

/* What the providers really send, a case a row of llm_shapes.json; all of one conversation. */
static void check_shape(const struct kta_json *row, struct kta_llm *m)
{
    const char *name = kta_json_str(row, "name"), *text = kta_json_str(row, "text");
    kta_auto_str struct kta_str calls = KTA_STR_INIT;
    struct kta_llm_turn t;
    struct heard h;
    struct kta_err err = KTA_ERR_INIT;
    if (ask(m, KTA_WAY_AUTO, &t, &h, &err) < 0)
        fail_msg("%s: %s", name, err.msg);
    for (size_t i = 0; i < t.n_calls; i++) {
        add_call(&t.calls[i], &calls);
        assert_true(i == 0 || strcmp(t.calls[i].id, t.calls[i - 1].id) != 0);
    }
    text = kta_or(text, "");
    if (strcmp(t.text.s, text) != 0 ||
        strcmp(calls.s, kta_or(kta_json_str(row, "calls"), "")) != 0 ||
        strcmp(h.thinking.s, kta_or(kta_json_str(row, "thinking"), "")) != 0 ||
        t.cut_by_length != kta_json_bool(row, "cut", false))
        fail_msg("%s: text '%.500s' thinking '%s' calls '%s' cut %d", name, t.text.s, h.thinking.s,
                 calls.s, t.cut_by_length);
    /* before a call more may have been shown: a mark that nobody knows */
    if (t.n_calls ? !kta_starts(h.text.s, t.text.s) : !kta_ends(h.text.s, t.text.s))
        fail_msg("%s: shown '%.500s'", name, h.text.s);
    if (strcmp(kta_or(kta_json_str(row, "shown"), h.text.s), h.text.s) != 0)
        fail_msg("%s: shown '%.500s'", name, h.text.s);
    if (kta_json_get(row, "prompt_tokens"))
        assert_int_equal(t.prompt_tokens, kta_json_int(row, "prompt_tokens", 0));
    forget(&t, &h);
}

static void test_shapes(void **state)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT, script = KTA_STR_INIT;
    kta_auto_json struct kta_json *rows = NULL, *turns = kta_json_new_array();
    struct kta_err err = KTA_ERR_INIT;
    struct kta_llm *m;
    (void)state;
    assert_int_equal(kta_fs_read("tests/unit/llm_shapes.json", 1u << 20, &text, &err), 0);
    rows = parse(text.s);
    kta_json_each(row, rows)
        kta_json_each(turn, kta_json_get(row, "turns"))
            kta_json_push(turns, kta_json_copy(turn));
    kta_json_print(turns, /* pretty= */ false, &script);
    start(script.s);
    m = open_as("openai-compatible", "/v1");
    kta_json_each(row, rows)
        check_shape(row, m);
    kta_llm_free(m);
    test_server_stop(&server);
}

/* What may be a call is held back; once it is seen to be an example, the text streams again. */
static void test_examples_stream(void **state)
{
    static const char *const texts[] = {
        "So:\\n```json\\n{\\\"a\\\": 1}\\n```\\nand then more words",
        "{\\\"a\\\": [1,\\n2]} is one,\\nand then more words"};
    (void)state;
    for (size_t i = 0; i < KTA_LEN(texts); i++) {
        kta_auto_free char *script = kta_asprintf("[{\"text\":\"%s\",\"chunk\":4}]", texts[i]);
        struct kta_llm *m;
        struct kta_llm_turn t;
        struct heard h;
        struct kta_err err = KTA_ERR_INIT;
        start(script);
        m = open_as("openai-compatible", "/v1");
        assert_int_equal(ask(m, KTA_WAY_AUTO, &t, &h, &err), 0);
        assert_string_equal(h.text.s, t.text.s);
        assert_true(h.last <= 4);
        forget(&t, &h);
        kta_llm_free(m);
        test_server_stop(&server);
    }
}

static void test_request_and_usage(void **state)
{
    kta_auto_json struct kta_json *log = NULL;
    struct kta_json *body;
    struct kta_llm *m;
    struct kta_llm_turn t;
    struct heard h;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    start("[{\"text\":\"hi\",\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":7,"
          "\"cached_tokens\":90},\"delay_ms\":30}]");
    m = open_as("openai-compatible", "/v1/");
    assert_int_equal(ask(m, KTA_WAY_AUTO, &t, &h, &err), 0);
    assert_int_equal(t.prompt_tokens, 100);
    assert_int_equal(t.completion_tokens, 7);
    assert_int_equal(t.cached_tokens, 90);
    assert_true(t.first_ms >= 25 && t.took_ms >= t.first_ms);
    forget(&t, &h);
    log = requests();
    assert_int_equal(kta_json_len(log), 1);
    assert_string_equal(kta_json_str(log, "[0].path"), "/v1/chat/completions");
    assert_string_equal(kta_json_str(log, "[0].headers.authorization"), "Bearer sk-secret-key");
    body = kta_json_at(log, "[0].body");
    assert_string_equal(kta_json_str(body, "model"), "m");
    assert_true(kta_json_bool(body, "stream", false));
    assert_true(kta_json_bool(body, "stream_options.include_usage", false));
    assert_string_equal(kta_json_str(body, "messages[0].role"), "system");
    assert_int_equal(kta_json_len(kta_json_get(body, "tools")), 2);
    assert_null(kta_json_get(body, "response_format"));
    kta_llm_free(m);
    test_server_stop(&server);
}

/* ---- what endpoints reject ---- */

static const struct reject_row {
    const char *reject;   /* JSON list */
    const char *more;     /* of the script */
    enum kta_llm_way way; /* that is taken in the end */
    size_t requests;      /* of the first question; the second takes one */
    const char *absent;   /* in the last request */
} rejects[] = {
    {"[\"tools\"]", "", KTA_WAY_SCHEMA, 2, "tools"},
    {"[\"tools\",\"response_format\"]", "", KTA_WAY_TEXT, 3, "response_format"},
    {"[\"stream_options\"]", "", KTA_WAY_TOOLS, 2, "stream_options"},
    {"[\"temperature\"]", "", KTA_WAY_TOOLS, 2, "temperature"},
    {"[\"stream_options\",\"temperature\"]", "", KTA_WAY_TOOLS, 3, "temperature"},
    {"[\"stream\"]", "", KTA_WAY_TOOLS, 2, "stream_options"},
    {"[\"system\"]", "", KTA_WAY_TOOLS, 2, NULL},
    {"[\"tools\"]",
     ",\"reject_status\":500,\"reject_message\":\"tools param requires --jinja flag\"",
     KTA_WAY_SCHEMA, 2, "tools"},
    {"[\"tools\"]",
     ",\"reject_status\":404,\"reject_message\":\"No endpoints found that support "
     "tool use\"",
     KTA_WAY_SCHEMA, 2, "tools"},
    {"[\"stream_options\",\"temperature\"]", ",\"reject_message\":\"Bad Request\"", KTA_WAY_TOOLS,
     3, "temperature"},
};

static void test_rejections_are_remembered(void **state)
{
    kta_auto_str struct kta_str script = KTA_STR_INIT;
    (void)state;
    kta_str_add(&script, "{\"routes\":{");
    for (size_t i = 0; i < KTA_LEN(rejects); i++)
        kta_str_addf(&script,
                     "%s\"/r%zu\":{\"turns\":[{\"text\":\"{}\"}],\"loop\":true,"
                     "\"reject\":%s%s}",
                     i ? "," : "", i, rejects[i].reject, rejects[i].more);
    kta_str_add(&script, "}}");
    start(script.s);
    for (size_t i = 0; i < KTA_LEN(rejects); i++) {
        const struct reject_row *row = &rejects[i];
        kta_auto_free char *path = kta_asprintf("/r%zu/v1", i);
        kta_auto_json struct kta_json *log = NULL;
        unlink(log_path);
        for (int question = 0; question < 2; question++) { /* the second by a new process */
            struct kta_llm *m = open_as("openai-compatible", path);
            struct kta_llm_turn t;
            struct heard h;
            struct kta_err err = KTA_ERR_INIT;
            if (ask(m, KTA_WAY_AUTO, &t, &h, &err) < 0)
                fail_msg("%s: %s", row->reject, err.msg);
            assert_int_equal(t.way, row->way);
            assert_int_equal(kta_llm_known_way(m), row->way);
            assert_string_equal(t.text.s, "{}");
            forget(&t, &h);
            kta_llm_free(m);
        }
        log = requests();
        if (kta_json_len(log) != row->requests + 1)
            fail_msg("%s: %zu requests", row->reject, kta_json_len(log));
        const struct kta_json *last = kta_json_get(kta_json_item(log, row->requests), "body");
        if (row->absent)
            assert_null(kta_json_get(last, row->absent));
        /* no more than what was refused */
        assert_int_equal(kta_json_bool(last, "stream", false), !strstr(row->reject, "\"stream\""));
        assert_int_equal(!kta_json_get(last, "temperature"),
                         strstr(row->reject, "temperature") != NULL);
    }
    test_server_stop(&server);
}

/* What is left out after which refusal; ALL: the request had every part. */
#define ALL (2u * LLM_NO_END - 1)
static const struct refusal_row {
    int status;
    const char *message;
    unsigned parts, quirk;
} refusals[] = {
    {400, "Unrecognized request argument supplied: stream_options", ALL, LLM_NO_STREAM_OPTIONS},
    {400, "'temperature' does not support 0 with this model", ALL, LLM_NO_TEMPERATURE},
    {400, "Invalid parameter: response_format", ALL, LLM_NO_SCHEMA},
    {400, "type json_schema is not supported", ALL, LLM_NO_SCHEMA},
    {400, "JSON schema is not supported", ALL, LLM_NO_SCHEMA},
    {400, "failed to parse grammar", ALL, LLM_NO_SCHEMA},
    {422, "Structured outputs are not available", ALL, LLM_NO_SCHEMA},
    {400, "'max_tokens' is not supported: use 'max_completion_tokens'", ALL, LLM_OTHER_MAX},
    {400, "unknown field max_tokens", LLM_NO_MAX, LLM_NO_MAX},
    {400, "Unknown name \"max_completion_tokens\"", ALL, LLM_OTHER_MAX},
    {400, "Unknown name \"max_completion_tokens\"", LLM_NO_MAX, LLM_NO_MAX},
    {400, "does not support 'developer' with this model", ALL, LLM_NO_DEVELOPER},
    {400, "System role not supported", ALL, LLM_NO_SYSTEM},
    {400, "a system message is not allowed", ALL, LLM_NO_SYSTEM},
    {400, "unexpected role 'system'", ALL, LLM_NO_SYSTEM},
    {400, "the 'system' role is not allowed", ALL, LLM_NO_SYSTEM},
    {400, "does not support 'system' with this model", ALL, LLM_NO_SYSTEM},
    {400, "Invalid field: system_instruction", ALL, LLM_NO_SYSTEM},
    {400, "Developer instruction is not enabled for models/gemma",
     ALL & ~(unsigned)LLM_NO_DEVELOPER, LLM_NO_SYSTEM},
    {500, "Conversation roles must alternate user/assistant (jinja)", ALL, LLM_NO_SYSTEM},
    {400, "m does not support tools", ALL, LLM_NO_TOOLS},
    {400, "Function calling is not enabled", ALL, LLM_NO_TOOLS},
    {422, "extra field: functions", ALL, LLM_NO_TOOLS},
    {500, "this needs the --jinja flag", ALL, LLM_NO_TOOLS},
    {501, "tools are not implemented", ALL, LLM_NO_TOOLS},
    {400, "streaming is not supported", ALL, LLM_NO_STREAM},
    {400, "messages.2: text content blocks must be non-empty", ALL, LLM_NO_EMPTY},
    {400, "The text field in the ContentBlock object is blank", ALL, LLM_NO_EMPTY},
    {400, "the tool's text must not be empty", LLM_NO_TOOLS, LLM_NO_TOOLS},
    {400, "Bad Request", ALL, LLM_NO_STREAM_OPTIONS}, /* guessed */
    {400, "Bad Request", LLM_NO_TOOLS | LLM_NO_SCHEMA, LLM_NO_SCHEMA},
    /* about something else */
    {404, "Not Found", ALL, 0},
    {401, "tools: no such key", ALL, 0},
    {429, "too many tool calls", ALL, 0},
    {500, "the tool call could not be parsed", ALL, 0},
    {400, "Incorrect API key; see tools", ALL, 0},
    {404, "The model 'tool-m' does not exist", ALL, 0},
    {400, "Invalid model identifier \"tool-m\"", ALL, 0},
    {400, "tool-m is not a valid model ID", ALL, 0},
    {400, "Model Not Exist", ALL, 0},
    {400, "content_filter: the tool's result", ALL, 0},
    {400, "tool_use_failed", ALL, 0},
    {400, "your credit balance is too low for tools", ALL, 0},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < KTA_LEN(refusals); i++) {
        const struct refusal_row *row = &refusals[i];
        unsigned quirk = llm_quirk_of(row->status, row->message, row->parts);
        if (quirk != row->quirk)
            fail_msg("%s: %u, not %u", row->message, quirk, row->quirk);
    }
}

static void test_worth_another_try(void **state)
{
    static const int passing[] = {408, 409, 425, 429, 500, 502, 503, 504, 520, 529};
    static const int final[] = {400, 401, 402, 403, 404, 405, 413, 415, 418, 422, 501, 505};
    (void)state;
    for (size_t i = 0; i < KTA_LEN(passing); i++)
        if (!llm_worth_retry(passing[i], "words"))
            fail_msg("%d", passing[i]);
    for (size_t i = 0; i < KTA_LEN(final); i++)
        if (llm_worth_retry(final[i], "words"))
            fail_msg("%d", final[i]);
    assert_false(llm_worth_retry(429, "You exceeded your current quota"));
    assert_true(llm_worth_retry(429, "You exceeded your current quota. Please retry in 32.5s."));
    assert_true(llm_worth_retry(400, "tool_use_failed"));
}

static void test_names_of_the_limit(void **state)
{
    static const struct {
        const char *provider;
        unsigned quirks;
        const char *has; /* NULL: no limit is given */
    } rows[] = {
        {"openai", 0, "\"max_completion_tokens\":10"},
        {"openai", LLM_OTHER_MAX, "\"max_tokens\":10"},
        {"openai-compatible", 0, "\"max_tokens\":10"},
        {"openai-compatible", LLM_OTHER_MAX, "\"max_completion_tokens\":10"},
        {"openai-compatible", LLM_OTHER_MAX | LLM_NO_MAX, NULL},
    };
    kta_auto_json struct kta_json *messages = parse("[]");
    struct kta_llm_turn t = {.messages = messages, .max_tokens = 10};
    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct kta_llm_config c = {.provider = rows[i].provider,
                                   .api_key = "k",
                                   .model = "m",
                                   .endpoint = "https://b.test/v1",
                                   .without = rows[i].quirks};
        struct kta_llm *m = NULL;
        struct kta_err err = KTA_ERR_INIT;
        kta_auto_str struct kta_str body = KTA_STR_INIT;
        assert_int_equal(kta_llm_open(&c, &m, &err), 0);
        llm_request_body(m, &t, &body);
        assert_non_null(strstr(body.s, kta_or(rows[i].has, "messages")));
        assert_int_equal(strstr(body.s, "tokens\":") != NULL, rows[i].has != NULL);
        kta_llm_free(m);
    }
}

static void age_memory(int days)
{
    kta_auto_free char *path = kta_fs_join(dir, "cache/kubectl-todo-ai/models.json");
    kta_auto_str struct kta_str text = KTA_STR_INIT, out = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    assert_int_equal(kta_fs_read(path, 1u << 20, &text, &err), 0);
    kta_auto_json struct kta_json *all = parse(text.s);
    kta_json_each(one, all)
        kta_json_set_int(one, "since", kta_wall() - days * 24 * 3600);
    kta_json_print(all, /* pretty= */ false, &out);
    assert_int_equal(kta_fs_write(path, out.s, out.len, &err), 0);
}

/* What is remembered is of this endpoint and this model, and for a week. */
static void test_memory(void **state)
{
    static const struct {
        const char *path, *model;
        int days; /* since the row before */
        size_t requests;
    } rows[] = {
        {"/a/v1", "m", 0, 2}, {"/a/v1", "m", 6, 1}, {"/b/v1", "m", 0, 2},
        {"/a/v1", "n", 0, 2}, {"/a/v1", "m", 8, 2}, {"/a/v1", "m", 0, 1},
    };
    (void)state;
    start("{\"turns\":[{\"text\":\"x\"}],\"loop\":true,\"reject\":[\"temperature\"]}");
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct kta_llm_turn t;
        struct heard h;
        struct kta_err err = KTA_ERR_INIT;
        unlink(log_path);
        if (rows[i].days)
            age_memory(rows[i].days);
        struct kta_llm *m = open_model("openai-compatible", rows[i].path, rows[i].model);
        assert_int_equal(ask(m, KTA_WAY_TEXT, &t, &h, &err), 0);
        kta_auto_json struct kta_json *log = requests();
        if (kta_json_len(log) != rows[i].requests)
            fail_msg("row %zu: %zu requests", i, kta_json_len(log));
        forget(&t, &h);
        kta_llm_free(m);
    }
    test_server_stop(&server);
}

static void test_system_text_moves_to_the_user(void **state)
{
    kta_auto_json struct kta_json *log = NULL;
    struct kta_llm *m;
    struct kta_llm_turn t;
    struct heard h;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    start("{\"turns\":[{\"text\":\"x\"}],\"reject\":[\"system\"]}");
    m = open_as("openai-compatible", "/v1");
    assert_int_equal(ask(m, KTA_WAY_AUTO, &t, &h, &err), 0);
    log = requests();
    assert_int_equal(kta_json_len(kta_json_at(log, "[1].body.messages")), 1);
    assert_string_equal(kta_json_str(log, "[1].body.messages[0].content"),
                        "be brief\n\nwhy is it down?");
    forget(&t, &h);
    kta_llm_free(m);
    test_server_stop(&server);
}

static void test_address_without_v1(void **state)
{
    kta_auto_json struct kta_json *log = NULL;
    struct kta_llm *m;
    struct kta_llm_turn t;
    struct heard h;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    start("{\"turns\":[{\"text\":\"x\"}],\"no_v1\":true}");
    m = open_as("openai-compatible", "");
    assert_int_equal(ask(m, KTA_WAY_TEXT, &t, &h, &err), 0);
    assert_int_equal(t.way, KTA_WAY_TEXT);
    log = requests();
    assert_string_equal(kta_json_str(log, "[0].path"), "/v1/chat/completions");
    assert_string_equal(kta_json_str(log, "[1].path"), "/chat/completions");
    forget(&t, &h);
    kta_llm_free(m);
    test_server_stop(&server);
}

/* ---- what ends badly ---- */

static const struct error_row {
    const char *turns;
    const char *word, *other; /* both in message or hint */
    bool overflow;
} errors[] = {
    {"{\"status\":401,\"error\":\"Incorrect API key provided: sk-secret-key.\"}", "(HTTP 401)",
     "API key", false},
    {"{\"status\":404,\"error\":\"The model 'tool-x' does not exist\"}", "does not have this model",
     "--model", false},
    {"{\"status\":400,\"error\":\"Invalid model identifier 'm'\"}", "does not have this model",
     "--model", false},
    {"{\"status\":403,\"body\":\"{\\\"error\\\":{\\\"message\\\":\\\"Provider returned error\\\","
     "\\\"metadata\\\":{\\\"raw\\\":\\\"the cat is out\\\"}}}\"}",
     "Provider returned error: the cat is out", "403", false},
    {"{\"status\":404,\"error\":\"The API deployment does not exist\",\"code\":"
     "\"DeploymentNotFound\"}",
     "does not have this deployment", "--model", false},
    {"{\"status\":400,\"error\":\"The response was filtered\",\"code\":\"content_filter\"}",
     "withholds an answer", "other words", false},
    {"{\"status\":400,\"error\":\"API key not valid. Please pass a valid API key.\"}",
     "does not accept the API key", "--api-key-file", false},
    {"{\"status\":404,\"body\":\"404 page not found\"}", "nothing at this address", "/v1", false},
    {"{\"status\":400,\"error\":\"This model's maximum context length is 8192 tokens\","
     "\"code\":\"context_length_exceeded\"}",
     "too long", "8192", true},
    {"{\"status\":400,\"body\":\"{\\\"error\\\":{\\\"code\\\":400,\\\"message\\\":\\\"the request "
     "exceeds the available context size. try increasing the context size\\\",\\\"type\\\":"
     "\\\"exceed_context_size_error\\\",\\\"n_ctx\\\":512}}\",\"content_type\":\"application/"
     "json\"}",
     "too long", "exceed_context_size_error", true},
    {"{\"status\":413,\"html\":\"Request Entity Too Large\"}", "too long", "Entity", true},
    {"{\"status\":429,\"error\":\"You exceeded your current "
     "quota\",\"code\":\"insufficient_quota\"}",
     "quota", "billing", false},
    {"{\"status\":403,\"html\":\"Access denied\"}", "refused", "Access denied", false},
    {"{\"html\":\"Log in to the hotel\"}", "Log in to the hotel", "/v1", false},
    {"{\"status\":501,\"body\":\"[{\\\"error\\\":{\\\"message\\\":\\\"wrapped\\\"}}]\"}", "wrapped",
     "501", false},
    {"{\"status\":418,\"body\":\"{\\\"detail\\\":[{\\\"msg\\\":\\\"a teapot\\\"}]}\"}", "a teapot",
     "418", false},
    {"{\"text\":\"\",\"finish\":\"length\",\"reasoning\":\"long\"}", "used up its length",
     "thinking", false},
    {"{\"text\":\"so\",\"finish\":\"content_filter\"}", "withheld", "content filter", false},
    {"{\"status\":302,\"body\":\"\"}", "302", "", false},
    {"{\"status\":429,\"retry_after\":\"7200\"}", "limits the rate", "7200 s", false},
    {"{\"status\":429,\"error\":\"Rate limit reached. Please try again in 7m12.5s.\"}",
     "limits the rate", "432 s", false},
    {"{\"status\":429,\"error\":\"Please retry after 86 seconds.\"}", "limits the rate", "86 s",
     false},
    {"{\"status\":500,\"retry_after\":0},{\"status\":500,\"retry_after\":0},"
     "{\"status\":500,\"retry_after\":0,\"error\":\"GPU on\\nfire\\u001b[31m\"}",
     "GPU on fire", "500", false},
    {"{\"body\":\"{\\\"code\\\":1113,\\\"msg\\\":\\\"in "
     "arrears\\\"}\",\"content_type\":\"application/"
     "json\"},{\"body\":\"{\\\"code\\\":1113,\\\"msg\\\":\\\"in "
     "arrears\\\"}\",\"content_type\":\"application/"
     "json\"},{\"body\":\"{\\\"code\\\":1113,\\\"msg\\\":\\\"in "
     "arrears\\\"}\",\"content_type\":\"application/json\"}",
     "empty answer: in arrears", "", false},
    {"{\"error_in_stream\":\"prompt is too long: 9000 tokens\"}", "9000", "", true},
};

/* Leaving parts out did not help: the refusal was about something else, and nothing is concluded
 * from it. */
static void test_a_refusal_of_something_else(void **state)
{
    kta_auto_json struct kta_json *log = NULL;
    kta_auto_free char *cache = kta_fs_join(dir, "cache/kubectl-todo-ai/models.json");
    kta_auto_str struct kta_str script = KTA_STR_INIT;
    struct kta_llm *m;
    struct kta_llm_turn t;
    struct heard h;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    kta_str_add(&script, "[");
    for (int i = 0; i < 5; i++) /* as it is; without four parts, one after another */
        kta_str_add(&script, "{\"status\":400,\"error\":\"Please use a valid role\"},");
    kta_str_add(&script, "{\"text\":\"ok\"}]");
    start(script.s);
    m = open_as("openai-compatible", "/v1");
    assert_int_equal(ask(m, KTA_WAY_AUTO, &t, &h, &err), -1);
    forget(&t, &h);
    kta_err_clear(&err);
    assert_int_equal(ask(m, KTA_WAY_AUTO, &t, &h, &err), 0);
    forget(&t, &h);
    log = requests();
    assert_non_null(kta_json_at(log, "[5].body.tools"));
    assert_non_null(kta_json_at(log, "[5].body.stream_options"));
    assert_int_equal(access(cache, F_OK), -1);
    kta_llm_free(m);
    test_server_stop(&server);
}

static void test_errors_are_sentences(void **state)
{
    kta_auto_str struct kta_str script = KTA_STR_INIT;
    struct kta_llm *m;
    (void)state;
    kta_str_addc(&script, '[');
    for (size_t i = 0; i < KTA_LEN(errors); i++)
        kta_str_addf(&script, "%s%s", i ? "," : "", errors[i].turns);
    kta_str_addc(&script, ']');
    start(script.s);
    m = open_as("openai", "/v1"); /* who does not tell its window but in an error */
    for (size_t i = 0; i < KTA_LEN(errors); i++) {
        const struct error_row *row = &errors[i];
        struct kta_llm_turn t;
        struct heard h;
        struct kta_err err = KTA_ERR_INIT;
        kta_auto_free char *all = NULL;
        if (ask(m, KTA_WAY_TEXT, &t, &h, &err) == 0)
            fail_msg("%s was no error", row->turns);
        all = kta_asprintf("%s | %s", err.msg, err.hint);
        if (!strstr(all, row->word) || !strstr(all, row->other) ||
            t.context_overflow != row->overflow || strchr(all, '\n') || strchr(all, '\x1b') ||
            strstr(all, "sk-secret") || err.code != KTA_E_MODEL)
            fail_msg("%s\n%s (overflow %d, code %d)", row->turns, all, t.context_overflow,
                     (int)err.code);
        forget(&t, &h);
    }
    assert_int_equal(kta_llm_window(m), 512);
    kta_llm_free(m);
    test_server_stop(&server);
}

static void test_nobody_there(void **state)
{
    struct kta_llm_config c = {.provider = "ollama", .model = "m", .endpoint = "127.0.0.1:1"};
    struct kta_llm *m = NULL;
    struct kta_llm_turn t;
    struct heard h;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    assert_int_equal(kta_llm_open(&c, &m, &err), 0);
    assert_int_equal(ask(m, KTA_WAY_AUTO, &t, &h, &err), -1);
    assert_int_equal(err.code, KTA_E_MODEL);
    assert_non_null(strstr(err.msg, "refused"));
    assert_non_null(strstr(err.hint, "ollama serve"));
    assert_int_equal(h.retries.len, 0); /* nothing will change */
    forget(&t, &h);
    kta_llm_free(m);
}

static void test_retry_shows_nothing_twice(void **state)
{
    struct kta_llm *m;
    struct kta_llm_turn t;
    struct heard h;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    start(
        "[{\"text\":\"one two three four\",\"chunk\":4,\"cut\":900},{\"text\":\"one two three "
        "four\"},"
        "{\"text\":\"one two three four\",\"chunk\":4,\"cut\":900},{\"text\":\"something else\"}]");
    m = open_as("openai-compatible", "/v1");
    assert_int_equal(ask(m, KTA_WAY_TEXT, &t, &h, &err), 0);
    assert_string_equal(h.text.s, "one two three four");
    assert_true(h.retries.len > 0);
    forget(&t, &h);
    assert_int_equal(ask(m, KTA_WAY_TEXT, &t, &h, &err), 0);
    assert_true(kta_starts(h.text.s, "one "));
    assert_true(kta_ends(h.text.s, "\n\nsomething else"));
    assert_string_equal(t.text.s, "something else");
    forget(&t, &h);
    kta_llm_free(m);
    test_server_stop(&server);
}

/* Between three and five quarters of the base, which doubles: evenly, both ends are reached. */
static void test_back_off(void **state)
{
    const int64_t base = 500;
    (void)state;
    for (int attempt = 1; attempt <= 3; attempt++) {
        int64_t ms = base << (attempt - 1), before = ms * 3 / 4;
        assert_int_equal(llm_back_off(base, attempt, 0), before);
        assert_int_equal(llm_back_off(base, attempt, UINT32_MAX), ms * 5 / 4);
        for (uint32_t i = 1; i <= 16; i++) {
            int64_t now = llm_back_off(base, attempt, UINT32_MAX / 16 * i);
            assert_in_range(now - before, ms / 32 - 2, ms / 32 + 2);
            before = now;
        }
    }
}

static uint32_t dice[2], thrown;

static uint32_t throw_dice(void)
{
    return dice[thrown++ % KTA_LEN(dice)];
}

/* Each wait is thrown anew, is said, and is waited. */
static void test_retries_wait_at_random(void **state)
{
    static const struct {
        uint32_t dice[2];
        const char *said;
        int64_t all;
    } rows[] = {{{0, UINT32_MAX}, "1:30 2:100 ", 130}, {{UINT32_MAX, 0}, "1:50 2:60 ", 110}};
    (void)state;
    start("{\"turns\":[{\"status\":503}],\"loop\":true}");
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct kta_llm *m = open_as("openai-compatible", "/v1");
        struct kta_llm_turn t;
        struct heard h;
        struct kta_err err = KTA_ERR_INIT;
        int64_t begin = kta_now_ms();
        assert_ptr_equal(m->random, arc4random);
        m->random = throw_dice;
        m->back_off_ms = 40;
        memcpy(dice, rows[i].dice, sizeof dice);
        thrown = 0;
        assert_int_equal(ask(m, KTA_WAY_TEXT, &t, &h, &err), -1);
        assert_string_equal(h.retries.s, rows[i].said);
        assert_true(kta_now_ms() - begin >= rows[i].all);
        forget(&t, &h);
        kta_llm_free(m);
    }
    test_server_stop(&server);
}

static void test_stream_without_an_end(void **state)
{
    struct kta_llm *m;
    struct kta_llm_turn t;
    struct heard h;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    start("{\"turns\":[{\"text\":\"endless\",\"no_done\":true,\"no_finish\":true}],\"loop\":true}");
    m = open_as("openai-compatible", "/v1");
    assert_int_equal(ask(m, KTA_WAY_TEXT, &t, &h, &err), 0);
    assert_string_equal(t.text.s, "endless");
    assert_string_equal(h.text.s, "endless");
    assert_true(t.cut_by_length);
    forget(&t, &h);
    kta_llm_free(m);
    test_server_stop(&server);
}

/* A loop is cut, in the text, in the thinking and in a call's arguments; a rule of a table is not.
 */
static void test_endless_repetition(void **state)
{
    static const char *const begin[] = {
        "{\"text\":\"",
        "{\"text\":\"Well. ",
        "{\"reasoning\":\"",
        "{\"tool_calls\":[{\"name\":\"kubectl\",\"arguments\":\"",
    };
    static const char *const end[] = {"\"}", "\"}", "\"}", "\"}]}"};
    (void)state;
    for (size_t i = 0; i < KTA_LEN(begin); i++) {
        kta_auto_str struct kta_str much = KTA_STR_INIT;
        struct kta_llm_turn t;
        struct heard h;
        struct kta_err err = KTA_ERR_INIT;
        for (int k = 0; k < 5000; k++)
            kta_str_add(&much, "It is caused by the error in the file. ");
        char *turns = kta_asprintf("{\"turns\":[%s%s%s]}", begin[i], much.s, end[i]);
        start(turns);
        struct kta_llm *m = open_as("openai-compatible", "/v1");
        int r = ask(m, KTA_WAY_AUTO, &t, &h, &err);
        assert_true(t.repeats);
        assert_true(t.text.len < 8192);
        if (i == 2)
            assert_non_null(strstr(err.msg, "repeats itself"));
        else
            assert_int_equal(r, 0);
        forget(&t, &h);
        kta_llm_free(m);
        test_server_stop(&server);
        free(turns);
    }
}

static void test_a_rule_is_no_repetition(void **state)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct llm_repeat r = {.len = 0};
    (void)state;
    for (int i = 0; i < 20; i++)
        kta_str_addf(&text, "| pod-%d | %*s | Running |\n|%.200s|\n", i, 80, "",
                     "----------------------------------------------------------------------------"
                     "----------------------------------------------------------------------------"
                     "------------------------------------------------");
    assert_false(llm_repeat_feed(&r, text.s, text.len));
}

/* Of what is too much a part is taken: 16 calls, 256 KiB of arguments. */
static void test_caps_of_calls(void **state)
{
    kta_auto_str struct kta_str script = KTA_STR_INIT;
    struct kta_llm *m;
    struct kta_llm_turn t;
    struct heard h;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    kta_str_add(&script, "[{\"tool_calls\":[");
    for (int i = 0; i < 2 * KTA_MAX_TOOL_CALLS; i++)
        kta_str_addf(&script, "%s{\"name\":\"kubectl\",\"arguments\":{\"args\":[\"%d\"]}}",
                     i ? "," : "", i);
    kta_str_add(&script, "]},{\"chunk\":4096,\"tool_calls\":[{\"name\":\"kubectl\","
                         "\"arguments\":\"");
    for (int i = 0; i < (int)KTA_MAX_CALL_ARGS / 6; i++)
        kta_str_addf(&script, "%x ", 0x100000 + i * i);
    kta_str_add(&script, "\"}]}]");
    start(script.s);
    m = open_as("openai-compatible", "/v1");
    assert_int_equal(ask(m, KTA_WAY_AUTO, &t, &h, &err), 0);
    assert_int_equal(t.n_calls, KTA_MAX_TOOL_CALLS);
    assert_string_equal(t.calls[KTA_MAX_TOOL_CALLS - 1].args, "{\"args\": [\"15\"]}");
    forget(&t, &h);
    assert_int_equal(ask(m, KTA_WAY_AUTO, &t, &h, &err), 0);
    assert_int_equal(t.n_calls, 1);
    assert_in_range(strlen(t.calls[0].args), KTA_MAX_CALL_ARGS / 2, KTA_MAX_CALL_ARGS);
    forget(&t, &h);
    kta_llm_free(m);
    test_server_stop(&server);
}

/* ---- every byte ---- */

static void test_cut_at_every_byte(void **state)
{
    kta_auto_str struct kta_str script = KTA_STR_INIT;
    struct kta_llm *m;
    int n = 0;
    (void)state;
    kta_str_addc(&script, '[');
    for (int cut = 1; cut < 1000; cut += 37, n++)
        kta_str_addf(&script,
                     "%s{" CALL ",\"text\":\"I look.\",\"cut\":%d},{" CALL ",\"text\":\"I look.\"}",
                     n ? "," : "", cut);
    kta_str_addc(&script, ']');
    start(script.s);
    m = open_as("openai-compatible", "/v1");
    for (int i = 0; i < n; i++) {
        struct kta_llm_turn t;
        struct heard h;
        struct kta_err err = KTA_ERR_INIT;
        if (ask(m, KTA_WAY_AUTO, &t, &h, &err) < 0)
            fail_msg("%s", err.msg);
        assert_string_equal(h.text.s, "I look.");
        assert_int_equal(t.n_calls, 1);
        forget(&t, &h);
    }
    kta_llm_free(m);
    test_server_stop(&server);
}

static void test_interrupt(void **state)
{
    struct kta_llm *m;
    struct kta_llm_turn t;
    struct heard h;
    struct kta_err err = KTA_ERR_INIT;
    int64_t begin;
    pid_t child;
    (void)state;
    start("[{\"text\":\"never\",\"stall_after\":1},{\"status\":503,\"retry_after\":20}]");
    m = open_as("openai-compatible", "/v1");
    kta_interrupt_install();
    for (int i = 0; i < 2; i++) {
        begin = kta_now_ms();
        child = fork();
        if (child == 0) {
            usleep(200000);
            kill(getppid(), SIGINT);
            _exit(0);
        }
        assert_int_equal(ask(m, KTA_WAY_TEXT, &t, &h, &err), -1);
        assert_int_equal(err.code, KTA_E_INTERRUPTED);
        assert_true(kta_now_ms() - begin < 8000);
        waitpid(child, NULL, 0);
        kta_interrupt_clear();
        forget(&t, &h);
    }
    kta_llm_free(m);
    test_server_stop(&server);
}

/* ---- choosing ---- */

static const char *const vars[] = {
    "OPENAI_API_KEY",        "OPENAI_ENDPOINT",      "OPENAI_API_BASE",   "OPENAI_BASE_URL",
    "OPENAI_MODEL",          "OLLAMA_HOST",          "LLAMACPP_HOST",     "GEMINI_API_KEY",
    "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY", "GROK_API_KEY",      "LLM_CLIENT",
    "GOOGLE_API_KEY",        "XAI_API_KEY",          "ANTHROPIC_API_KEY", "SSL_CERT_FILE",
    "LLM_SKIP_VERIFY_SSL",   "OLLAMA_MODEL"};

static const struct open_row {
    const char *env; /* "NAME=value NAME=value" */
    struct kta_llm_config flags, file;
    const char *provider, *endpoint, *model; /* provider NULL: none; endpoint NULL: an error */
    const char *word;                        /* of the error */
} opens[] = {
    {"", {0}, {0}, NULL, NULL, NULL, NULL},
    {"", {0}, {.model = "gpt-4"}, NULL, NULL, NULL, NULL},
    {"OPENAI_API_KEY=k",
     {0},
     {.model = "gpt-4"},
     "openai",
     "https://api.openai.com/v1",
     "gpt-4",
     NULL},
    {"OPENAI_API_KEY=k", {.provider = "none"}, {0}, NULL, NULL, NULL, NULL},
    {"OPENAI_API_KEY=k OPENAI_MODEL=env",
     {0},
     {.model = "file"},
     "openai",
     "https://api.openai.com/v1",
     "env",
     NULL},
    {"OPENAI_API_KEY=k OPENAI_MODEL=env",
     {.model = "flag"},
     {.model = "file"},
     "openai",
     "https://api.openai.com/v1",
     "flag",
     NULL},
    {"OPENAI_API_BASE=https://b.test/v1 OPENAI_BASE_URL=https://c.test/v1",
     {.model = "x"},
     {0},
     "openai",
     "https://b.test/v1",
     "x",
     NULL},
    {"OPENAI_ENDPOINT=https://a.test/v1 OPENAI_API_BASE=https://b.test/v1",
     {.model = "x"},
     {0},
     "openai",
     "https://a.test/v1",
     "x",
     NULL},
    {"OPENAI_ENDPOINT=https://a.test/v1",
     {.model = "x", .endpoint = "https://f.test/api/v1/"},
     {0},
     "openai-compatible",
     "https://f.test/api/v1",
     "x",
     NULL},
    {"OPENAI_ENDPOINT=https://a.test/v1",
     {.model = "x"},
     {.endpoint = "https://f.test/v1"},
     "openai-compatible",
     "https://a.test/v1",
     "x",
     NULL},
    {"",
     {.model = "x", .endpoint = "localhost:9"},
     {0},
     "openai-compatible",
     "http://localhost:9/v1",
     "x",
     NULL},
    {"",
     {.model = "x", .endpoint = "https://u:pw@f.test/v1/chat/completions"},
     {0},
     "openai-compatible",
     "https://f.test/v1",
     "x",
     NULL},
    {"OLLAMA_HOST=0.0.0.0:11434",
     {.model = "x"},
     {0},
     "ollama",
     "http://127.0.0.1:11434/v1",
     "x",
     NULL},
    {"",
     {.provider = "ollama", .model = "x"},
     {0},
     "ollama",
     "http://127.0.0.1:11434/v1",
     "x",
     NULL},
    {"LLAMACPP_HOST=http://127.0.0.1:8080",
     {0},
     {0},
     "llamacpp",
     "http://127.0.0.1:8080/v1",
     "default",
     NULL},
    {"GEMINI_API_KEY=k",
     {0},
     {0},
     "gemini",
     "https://generativelanguage.googleapis.com/v1beta/openai",
     "gemini-2.5-pro",
     NULL},
    {"GEMINI_API_KEY=k OPENAI_API_KEY=k",
     {.provider = "grok", .api_key = "k"},
     {0},
     "grok",
     "https://api.x.ai/v1",
     "grok-4",
     NULL},
    {"AZURE_OPENAI_API_KEY=k AZURE_OPENAI_ENDPOINT=https://r.openai.azure.com/",
     {.model = "d"},
     {0},
     "azopenai",
     "https://r.openai.azure.com/openai/deployments/d",
     "d",
     NULL},
    {"LLM_CLIENT=grok OPENAI_API_KEY=k GROK_API_KEY=k",
     {0},
     {0},
     "grok",
     "https://api.x.ai/v1",
     "grok-4",
     NULL},
    {"LLM_CLIENT=openai:// OPENAI_API_KEY=k",
     {.model = "x"},
     {0},
     "openai",
     "https://api.openai.com/v1",
     "x",
     NULL},
    {"", {.provider = "opnai"}, {0}, "", NULL, NULL, "did you mean 'openai'?"},
    {"", {.provider = "openai"}, {0}, "", NULL, NULL, "needs an API key"},
    {"", {.provider = "openai-compatible", .model = "x"}, {0}, "", NULL, NULL, "needs an address"},
    {"OLLAMA_HOST=localhost", {0}, {0}, "", NULL, NULL, "which model?"},
    {"", {.model = "x", .endpoint = "ftp://x"}, {0}, "", NULL, NULL, "not an http"},
    {"", {.model = "x", .endpoint = "http://10.1.2.3/v1"}, {0}, "", NULL, NULL, "not encrypted"},
    {"",
     {.model = "x", .endpoint = "http://10.1.2.3/v1", .insecure = true},
     {0},
     "openai-compatible",
     "http://10.1.2.3/v1",
     "x",
     NULL},
    {"", {.provider = "openai", .api_key_file = "/nonexistent"}, {0}, "", NULL, NULL, "API key"},
};

static void set_env(const char *list)
{
    for (size_t i = 0; i < KTA_LEN(vars); i++)
        unsetenv(vars[i]);
    while (*list) {
        size_t n = strcspn(list, " ");
        kta_auto_free char *one = kta_strndup(list, n);
        char *value = strchr(one, '=');
        *value = '\0';
        setenv(one, value + 1, 1);
        list += n + (list[n] == ' ');
    }
}

static void test_choosing(void **state)
{
    (void)state;
    for (size_t i = 0; i < KTA_LEN(opens); i++) {
        const struct open_row *row = &opens[i];
        struct kta_llm_config c = row->flags;
        struct kta_llm *m = NULL;
        struct kta_err err = KTA_ERR_INIT;
        int rc;
        c.file = &row->file;
        set_env(row->env);
        rc = kta_llm_open(&c, &m, &err);
        if (row->word) {
            if (rc == 0 || !strstr(err.msg, row->word) || err.code != KTA_E_USAGE)
                fail_msg("row %zu: %s", i, err.msg);
            continue;
        }
        if (rc < 0)
            fail_msg("row %zu: %s", i, err.msg);
        if (!row->provider) {
            assert_null(m);
            continue;
        }
        if (!m)
            fail_msg("row %zu: none", i);
        assert_string_equal(kta_llm_provider(m), row->provider);
        assert_string_equal(kta_llm_endpoint(m), row->endpoint);
        assert_string_equal(kta_llm_model(m), row->model);
        kta_llm_free(m);
    }
    set_env("");
}

/* Each row's columns as they come out. */
static const struct provider_row {
    const char *name, *base, *model, *query;
    const char *role;                  /* of the system's text */
    bool schema;                       /* is tried */
    const char *keys, *bases, *models; /* variables, the first that is set counts */
} provider_rows[] = {
    {"openai", "https://api.openai.com/v1", "gpt-4.1", "", "developer", true, "OPENAI_API_KEY",
     "OPENAI_ENDPOINT OPENAI_API_BASE OPENAI_BASE_URL", "OPENAI_MODEL"},
    {"openai-compatible", NULL, NULL, "", "system", true, "OPENAI_API_KEY",
     "OPENAI_ENDPOINT OPENAI_API_BASE OPENAI_BASE_URL", "OPENAI_MODEL"},
    {"azopenai", NULL, NULL, "?api-version=2024-10-21", "system", true, "AZURE_OPENAI_API_KEY",
     "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_MODEL AZURE_OPENAI_DEPLOYMENT"},
    {"gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "gemini-2.5-pro", "",
     "system", true, "GEMINI_API_KEY GOOGLE_API_KEY", "GEMINI_ENDPOINT", "GEMINI_MODEL"},
    {"grok", "https://api.x.ai/v1", "grok-4", "", "system", true, "GROK_API_KEY XAI_API_KEY",
     "GROK_ENDPOINT", "GROK_MODEL"},
    {"groq", "https://api.groq.com/openai/v1", "llama-3.3-70b-versatile", "", "system", true,
     "GROQ_API_KEY", "GROQ_BASE_URL", "GROQ_MODEL"},
    {"mistral", "https://api.mistral.ai/v1", "mistral-large-latest", "", "system", true,
     "MISTRAL_API_KEY", "MISTRAL_BASE_URL", "MISTRAL_MODEL"},
    {"deepseek", "https://api.deepseek.com/v1", "deepseek-chat", "", "system", false,
     "DEEPSEEK_API_KEY", "DEEPSEEK_BASE_URL", "DEEPSEEK_MODEL"},
    {"openrouter", "https://openrouter.ai/api/v1", NULL, "", "system", true, "OPENROUTER_API_KEY",
     "OPENROUTER_BASE_URL", "OPENROUTER_MODEL"},
    {"anthropic", "https://api.anthropic.com/v1", "claude-sonnet-4-5", "", "system", true,
     "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_MODEL"},
    {"ollama", "http://127.0.0.1:11434/v1", NULL, "", "system", true, "", "OLLAMA_HOST",
     "OLLAMA_MODEL"},
    {"llamacpp", "http://127.0.0.1:8080/v1", "default", "", "system", true, "", "LLAMACPP_HOST",
     "LLAMACPP_MODEL"},
};

/* With what the environment gives, and the rest of what the row needs. */
static struct kta_llm *open_row(const struct provider_row *row, bool key, bool base, bool model)
{
    struct kta_llm_config c = {.provider = row->name,
                               .api_key = key || !*row->keys ? NULL : "k",
                               .endpoint = base || row->base ? NULL : "https://b.test/v1",
                               .model = model || row->model ? NULL : "m"};
    struct kta_llm *m = NULL;
    struct kta_err err = KTA_ERR_INIT;
    if (kta_llm_open(&c, &m, &err) < 0)
        fail_msg("%s: %s", row->name, err.msg);
    return m;
}

/* Set from the last to the first, each comes out. */
static void check_variables(const struct provider_row *row, int which, const char *list)
{
    kta_auto_argv struct kta_argv names = KTA_ARGV_INIT;
    struct kta_err err = KTA_ERR_INIT;
    if (*list)
        assert_int_equal(kta_argv_split(list, &names, &err), 0);
    for (size_t i = names.n; i-- > 0;) {
        kta_auto_free char *wanted =
            kta_asprintf(which == 1 ? "https://h%zu.test/v1" : "value-%zu", i);
        setenv(names.v[i], wanted, 1);
        struct kta_llm *m = open_row(row, which == 0, which == 1, which == 2);
        const char *is = which == 0 ? m->key : which == 1 ? m->base : m->model;
        if (!kta_streq(is, wanted))
            fail_msg("%s: %s is not taken: %s", row->name, names.v[i], is);
        kta_llm_free(m);
    }
    for (size_t i = 0; i < names.n; i++)
        unsetenv(names.v[i]);
}

static void test_provider_rows(void **state)
{
    kta_auto_json struct kta_json *messages = parse("[{\"role\":\"system\",\"content\":\"s\"}]");
    struct kta_llm_turn t = {.messages = messages};
    size_t n;
    (void)state;
    (void)kta_providers(&n);
    assert_int_equal(n, KTA_LEN(provider_rows) + 1); /* and none */
    for (size_t i = 0; i < KTA_LEN(provider_rows); i++) {
        const struct provider_row *row = &provider_rows[i];
        struct kta_llm *m = open_row(row, false, false, false);
        kta_auto_str struct kta_str body = KTA_STR_INIT;
        assert_string_equal(m->base, kta_or(row->base, "https://b.test/v1"));
        assert_string_equal(m->model, kta_or(row->model, "m"));
        assert_string_equal(m->query, row->query);
        assert_int_equal(!(m->quirks & LLM_NO_SCHEMA), row->schema);
        llm_request_body(m, &t, &body);
        kta_auto_json struct kta_json *sent = parse(body.s);
        assert_string_equal(kta_json_str(sent, "messages[0].role"), row->role);
        kta_llm_free(m);
        check_variables(row, 0, row->keys);
        check_variables(row, 1, row->bases);
        check_variables(row, 2, row->models);
        setenv("AZURE_OPENAI_API_VERSION", "2030-01-01", 1);
        m = open_row(row, false, false, false);
        assert_string_equal(m->query, *row->query ? "?api-version=2030-01-01" : "");
        kta_llm_free(m);
        unsetenv("AZURE_OPENAI_API_VERSION");
    }
}

/* A role that a model does not know is another; elsewhere it is not tried. */
static void test_developer_role(void **state)
{
    static const struct {
        const char *endpoint, *refusal, *role;
    } rows[] = {
        {NULL, NULL, "developer"},
        {NULL, "'messages[0].role' does not support 'developer' with this model.", "system"},
        {"https://b.test/v1", NULL, "system"},
        {"https://b.test/v1", "'messages[0].role' does not support 'system' with this model.",
         "user"},
    };
    kta_auto_json struct kta_json *messages = parse("[{\"role\":\"system\",\"content\":\"s\"}]");
    struct kta_llm_turn t = {.messages = messages};
    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct kta_llm_config c = {.provider = "openai",
                                   .api_key = "k",
                                   .endpoint = rows[i].endpoint};
        struct kta_llm *m = NULL;
        struct kta_err err = KTA_ERR_INIT;
        kta_auto_str struct kta_str body = KTA_STR_INIT;
        assert_int_equal(kta_llm_open(&c, &m, &err), 0);
        if (rows[i].refusal)
            m->quirks |= llm_quirk_of(400, rows[i].refusal, llm_request_parts(m, &t));
        llm_request_body(m, &t, &body);
        kta_auto_json struct kta_json *sent = parse(body.s);
        assert_string_equal(kta_json_str(sent, "messages[0].role"), rows[i].role);
        kta_llm_free(m);
    }
}

static void test_key_file_and_azure(void **state)
{
    kta_auto_free char *path = kta_fs_join(dir, "key"), *url = NULL;
    kta_auto_json struct kta_json *log = NULL;
    struct kta_llm_config c = {.provider = "azopenai", .model = "d e", .api_key_file = path};
    struct kta_llm *m = NULL;
    struct kta_llm_turn t;
    struct heard h;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    start("[{\"text\":\"x\"}]");
    url = kta_asprintf("http://127.0.0.1:%d", server.port);
    c.endpoint = url;
    assert_int_equal(kta_fs_write(path, "  from-file\n", 12, &err), 0);
    if (kta_llm_open(&c, &m, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(ask(m, KTA_WAY_TEXT, &t, &h, &err), 0);
    log = requests();
    assert_string_equal(kta_json_text(kta_json_get(kta_json_at(log, "[0].headers"), "api-key")),
                        "from-file");
    assert_null(kta_json_at(log, "[0].headers.authorization"));
    assert_string_equal(kta_json_str(log, "[0].path"),
                        "/openai/deployments/d%20e/chat/completions?api-version=2024-10-21");
    forget(&t, &h);
    kta_llm_free(m);
    test_server_stop(&server);
}

/* Flag, file by flag, environment, file by configuration, command: the first that is given. */
static void test_which_key(void **state)
{
    kta_auto_free char *flag = kta_fs_join(dir, "by-flag"), *file = kta_fs_join(dir, "by-file");
    const char *const keys[] = {"given", "by-flag", "variable", "by-file", "command"};
    kta_auto_argv struct kta_argv command = KTA_ARGV_INIT;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    assert_int_equal(kta_fs_write(flag, "by-flag", 7, &err), 0);
    assert_int_equal(kta_fs_write(file, "by-file", 7, &err), 0);
    kta_argv_addl(&command, "echo", "command", NULL);
    for (size_t i = 0; i < KTA_LEN(keys); i++) {
        struct kta_llm_config configured = {.api_key_file = i <= 3 ? file : NULL,
                                            .api_key_command = &command};
        struct kta_llm_config c = {.provider = "openai",
                                   .api_key = i == 0 ? "given" : NULL,
                                   .api_key_file = i <= 1 ? flag : NULL,
                                   .file = &configured};
        struct kta_llm *m = NULL;
        if (i <= 2)
            setenv("OPENAI_API_KEY", "variable", 1);
        if (kta_llm_open(&c, &m, &err) < 0)
            fail_msg("%s", err.msg);
        assert_string_equal(m->key, keys[i]);
        kta_llm_free(m);
        unsetenv("OPENAI_API_KEY");
    }
}

static void test_key_from_a_command(void **state)
{
    static const struct {
        const char *script, *word; /* NULL: it works */
    } rows[] = {{"echo ' from-command '", NULL},
                {"echo locked >&2; exit 3", "ended with 3: locked"},
                {"true", "must print one line"},
                {"echo a; echo b", "must print one line"}};
    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        kta_auto_argv struct kta_argv command = KTA_ARGV_INIT;
        struct kta_llm_config c = {.provider = "openai", .api_key_command = &command};
        struct kta_llm *m = NULL;
        struct kta_err err = KTA_ERR_INIT;
        kta_argv_addl(&command, "sh", "-c", rows[i].script, NULL);
        assert_int_equal(kta_llm_open(&c, &m, &err), rows[i].word ? -1 : 0);
        if (rows[i].word && !strstr(err.msg, rows[i].word))
            fail_msg("%s", err.msg);
        kta_llm_free(m);
    }
}

static void test_window(void **state)
{
    static const struct {
        const char *script, *provider;
        int window;
    } rows[] = {
        {"{\"window\":8192,\"models\":[\"other\",\"m\"]}", "openai-compatible", 8192},
        {"{\"props\":{\"default_generation_settings\":{\"n_ctx\":2048}},\"window\":8192}",
         "llamacpp", 2048},
        {"{\"ps\":{\"models\":[{\"name\":\"m\",\"context_length\":16384}]}}", "ollama", 16384},
        {"{}", "ollama", 4096},
        {"{}", "openai-compatible", 0},
    };
    kta_auto_str struct kta_str script = KTA_STR_INIT;
    (void)state;
    kta_str_add(&script, "{\"routes\":{");
    for (size_t i = 0; i < KTA_LEN(rows); i++)
        kta_str_addf(&script, "%s\"/w%zu\":%s", i ? "," : "", i, rows[i].script);
    kta_str_add(&script, "}}");
    start(script.s);
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        kta_auto_free char *path = kta_asprintf("/w%zu/v1", i);
        struct kta_llm *m = open_as(rows[i].provider, path);
        assert_int_equal(kta_llm_window(m), rows[i].window);
        assert_int_equal(kta_llm_window(m), rows[i].window);
        kta_llm_free(m);
    }
    test_server_stop(&server);
    assert_int_equal(kta_llm_tokens(0), 0);
    assert_int_equal(kta_llm_tokens(1), 1);
    assert_int_equal(kta_llm_tokens(3500), 1001);
}

/* An endpoint that does not tell is asked once, also by later runs. */
static void test_window_is_asked_for_once(void **state)
{
    (void)state;
    start("{}");
    for (int i = 0; i < 2; i++) {
        struct kta_llm *m = open_as("openai-compatible", "/v1");
        kta_auto_json struct kta_json *before = requests();
        assert_int_equal(kta_llm_window(m), 0);
        kta_auto_json struct kta_json *after = requests();
        assert_int_equal(kta_json_len(after) > kta_json_len(before), i == 0);
        kta_llm_free(m);
    }
    test_server_stop(&server);
}

static void test_template_without_tools(void **state)
{
    struct kta_llm *m;
    (void)state;
    start("{\"props\":{\"default_generation_settings\":{\"n_ctx\":2048},"
          "\"chat_template_caps\":{\"supports_tools\":false}}}");
    m = open_as("llamacpp", "");
    assert_int_equal(kta_llm_known_way(m), KTA_WAY_TOOLS);
    assert_int_equal(kta_llm_window(m), 2048);
    assert_int_equal(kta_llm_known_way(m), KTA_WAY_SCHEMA);
    kta_llm_free(m);
    test_server_stop(&server);
}

static int begin(void **state)
{
    kta_auto_free char *cache = NULL;
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    if (!mkdtemp(dir))
        return -1;
    cache = kta_fs_join(dir, "cache");
    setenv("XDG_CACHE_HOME", cache, 1);
    log_path = kta_fs_join(dir, "requests");
    set_env("");
    return 0;
}

static int end(void **state)
{
    static const char *const argv[] = {"rm", "-rf", dir, NULL};
    pid_t pid;
    (void)state;
    free(log_path);
    if (posix_spawnp(&pid, "rm", NULL, NULL, (char *const *)(void *)(size_t)argv, environ) == 0)
        waitpid(pid, NULL, 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choosing),
        cmocka_unit_test(test_provider_rows),
        cmocka_unit_test(test_developer_role),
        cmocka_unit_test(test_request_and_usage),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_examples_stream),
        cmocka_unit_test(test_rejections_are_remembered),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_worth_another_try),
        cmocka_unit_test(test_names_of_the_limit),
        cmocka_unit_test(test_system_text_moves_to_the_user),
        cmocka_unit_test(test_address_without_v1),
        cmocka_unit_test(test_a_refusal_of_something_else),
        cmocka_unit_test(test_errors_are_sentences),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_retry_shows_nothing_twice),
        cmocka_unit_test(test_back_off),
        cmocka_unit_test(test_retries_wait_at_random),
        cmocka_unit_test(test_stream_without_an_end),
        cmocka_unit_test(test_endless_repetition),
        cmocka_unit_test(test_a_rule_is_no_repetition),
        cmocka_unit_test(test_caps_of_calls),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_key_file_and_azure),
        cmocka_unit_test(test_which_key),
        cmocka_unit_test(test_key_from_a_command),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_window_is_asked_for_once),
        cmocka_unit_test(test_template_without_tools),
        cmocka_unit_test(test_interrupt),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
