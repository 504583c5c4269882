/*
 * fixture_server.c - the server of plugin/mcp with the tools, resources and prompts that the public
 * conformance suite calls by name (their answers are written down in its scenarios). A program of
 * the tests alone: nothing of it is in kubectl-todo-ai.
 *
 *   fixture_server [--http ADDR:PORT]
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kta/alloc.h"
#include "kta/interrupt.h"
#include "mcp/mcp.h"

#define PNG                                                                                        \
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJg" \
    "gg=="
#define WAV     "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA="
#define NO_ARGS "{\"type\":\"object\",\"properties\":{}}"

static struct kta_json *parse(const char *text)
{
    struct kta_err err = KTA_ERR_INIT;
    struct kta_json *v = NULL;

    if (kta_json_parse(text, strlen(text), &v, &err) < 0)
        fprintf(stderr, "fixture_server: %s in %s\n", err.msg, text);
    return v;
}

static void pause_ms(long ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* ---- answers ---- */

static void content(struct mcp_call *call, const char *blocks)
{
    kta_json_set(mcp_result(call), "content", parse(blocks));
}

static void say(struct mcp_call *call, const char *text)
{
    struct kta_json *list = kta_json_set(mcp_result(call), "content", kta_json_new_array());
    struct kta_json *block = kta_json_push(list, kta_json_new_object());

    kta_json_set_str(block, "type", "text");
    kta_json_set_str(block, "text", text);
}

/* "PREFIX action=…, content=…" of what a client answered to a question. */
static void say_answer(struct mcp_call *call, const char *prefix, const struct kta_json *answer)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    kta_str_addf(&text, "%s action=%s, content=", prefix,
                 kta_or(kta_json_str(answer, "action"), "none"));
    if (kta_json_get(answer, "content"))
        kta_json_print(kta_json_get(answer, "content"), false, &text);
    say(call, text.s);
}

static bool lacks(struct mcp_call *call, const char *capability)
{
    if (mcp_client_can(call, capability))
        return false;
    mcp_fail(call, MCP_MISSING_CAPABILITY, 400, "this needs the client's capability %s",
             capability);
    call->data = kta_json_new_object();
    struct kta_json *need = kta_json_set(call->data, "requiredCapabilities", kta_json_new_object());
    kta_json_set(need, capability, kta_json_new_object());
    return true;
}

/* ---- tools ---- */

static void tool_text(struct mcp_call *call, const struct kta_json *args)
{
    (void)args;
    say(call, "This is a simple text response for testing.");
}

static void tool_image(struct mcp_call *call, const struct kta_json *args)
{
    (void)args;
    content(call, "[{\"type\":\"image\",\"data\":\"" PNG "\",\"mimeType\":\"image/png\"}]");
}

static void tool_audio(struct mcp_call *call, const struct kta_json *args)
{
    (void)args;
    content(call, "[{\"type\":\"audio\",\"data\":\"" WAV "\",\"mimeType\":\"audio/wav\"}]");
}

static void tool_embedded(struct mcp_call *call, const struct kta_json *args)
{
    (void)args;
    content(call, "[{\"type\":\"resource\",\"resource\":{\"uri\":\"test://embedded-resource\","
                  "\"mimeType\":\"text/plain\",\"text\":\"This is an embedded resource "
                  "content.\"}}]");
}

static void tool_mixed(struct mcp_call *call, const struct kta_json *args)
{
    (void)args;
    content(call, "[{\"type\":\"text\",\"text\":\"Multiple content types test:\"},"
                  "{\"type\":\"image\",\"data\":\"" PNG "\",\"mimeType\":\"image/png\"},"
                  "{\"type\":\"resource\",\"resource\":{\"uri\":\"test://mixed-content-resource\","
                  "\"mimeType\":\"application/json\",\"text\":\"{\\\"test\\\":\\\"data\\\","
                  "\\\"value\\\":123}\"}}]");
}

static void tool_logging(struct mcp_call *call, const struct kta_json *args)
{
    (void)args;
    mcp_log(call, 1, "Tool execution started");
    pause_ms(50);
    mcp_log(call, 1, "Tool processing data");
    pause_ms(50);
    mcp_log(call, 1, "Tool execution completed");
    say(call, "Tool with logging executed");
}

static void tool_error(struct mcp_call *call, const struct kta_json *args)
{
    (void)args;
    say(call, "This tool intentionally returns an error for testing");
    kta_json_set_bool(mcp_result(call), "isError", true);
}

static void tool_progress(struct mcp_call *call, const struct kta_json *args)
{
    (void)args;
    mcp_progress(call, 0, 100, NULL);
    pause_ms(50);
    mcp_progress(call, 50, 100, NULL);
    pause_ms(50);
    mcp_progress(call, 100, 100, NULL);
    say(call, "Tool with progress executed");
}

/* Runs for that many ms, or until it is cancelled. Works on what the engine would. */
static void tool_sleep(struct mcp_call *call, const struct kta_json *args)
{
    int64_t ms = kta_json_int(args, "ms", 100);

    for (int64_t done = 0; done < ms && !mcp_cancelled(call); done += 10) {
        mcp_progress(call, (double)done, (double)ms, NULL);
        pause_ms(10);
    }
    say(call, mcp_cancelled(call) ? "cancelled" : "slept");
}

/* As many bytes as are asked for. */
static void tool_large(struct mcp_call *call, const struct kta_json *args)
{
    int64_t n = kta_json_int(args, "bytes", 1000);
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    for (int64_t i = 0; i < n && i < (8 << 20); i++)
        kta_str_addc(&text, (char)('a' + i % 26));
    say(call, text.s);
}

static struct kta_json *sampling_params(const char *prompt)
{
    struct kta_json *p =
        parse("{\"messages\":[{\"role\":\"user\",\"content\":{\"type\":\"text\"}}],"
              "\"maxTokens\":100}");
    kta_json_set_str(kta_json_at(p, "messages[0].content"), "text", prompt);
    return p;
}

static void tool_sampling(struct mcp_call *call, const struct kta_json *args)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    if (lacks(call, "sampling"))
        return;
    kta_auto_json struct kta_json *answer =
        mcp_request(call, "sampling/createMessage",
                    sampling_params(kta_or(kta_json_str(args, "prompt"), "")));
    kta_str_addf(&text, "LLM response: %s", kta_or(kta_json_str(answer, "content.text"), ""));
    say(call, text.s);
}

static struct kta_json *question(const char *message, const char *schema)
{
    struct kta_json *p = kta_json_new_object();

    kta_json_set_str(p, "message", message);
    kta_json_set(p, "requestedSchema", parse(schema));
    return p;
}

static void elicit(struct mcp_call *call, const char *prefix, const char *message,
                   const char *schema)
{
    if (lacks(call, "elicitation"))
        return;
    kta_auto_json struct kta_json *answer =
        mcp_request(call, "elicitation/create", question(message, schema));
    say_answer(call, prefix, answer);
}

static void tool_elicitation(struct mcp_call *call, const struct kta_json *args)
{
    elicit(call, "User response:", kta_or(kta_json_str(args, "message"), "?"),
           "{\"type\":\"object\",\"properties\":{\"username\":{\"type\":\"string\",\"description\":"
           "\"User's response\"},\"email\":{\"type\":\"string\",\"description\":\"User's email "
           "address\"}},\"required\":[\"username\",\"email\"]}");
}

static void tool_defaults(struct mcp_call *call, const struct kta_json *args)
{
    (void)args;
    elicit(call, "Elicitation completed:", "Please confirm your details",
           "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\",\"default\":\"John "
           "Doe\"},\"age\":{\"type\":\"integer\",\"default\":30},\"score\":{\"type\":\"number\","
           "\"default\":95.5},\"status\":{\"type\":\"string\",\"enum\":[\"active\",\"inactive\","
           "\"pending\"],\"default\":\"active\"},\"verified\":{\"type\":\"boolean\",\"default\":"
           "true}},\"required\":[]}");
}

static void tool_enums(struct mcp_call *call, const struct kta_json *args)
{
    (void)args;
    elicit(
        call, "Elicitation completed:", "Please choose",
        "{\"type\":\"object\",\"properties\":{"
        "\"untitledSingle\":{\"type\":\"string\",\"enum\":[\"option1\",\"option2\",\"option3\"]},"
        "\"titledSingle\":{\"type\":\"string\",\"oneOf\":[{\"const\":\"value1\",\"title\":"
        "\"First Option\"},{\"const\":\"value2\",\"title\":\"Second Option\"},{\"const\":"
        "\"value3\",\"title\":\"Third Option\"}]},"
        "\"legacyEnum\":{\"type\":\"string\",\"enum\":[\"opt1\",\"opt2\",\"opt3\"],"
        "\"enumNames\":[\"Option One\",\"Option Two\",\"Option Three\"]},"
        "\"untitledMulti\":{\"type\":\"array\",\"items\":{\"type\":\"string\",\"enum\":["
        "\"option1\",\"option2\",\"option3\"]}},"
        "\"titledMulti\":{\"type\":\"array\",\"items\":{\"anyOf\":[{\"const\":\"value1\","
        "\"title\":\"First Choice\"},{\"const\":\"value2\",\"title\":\"Second Choice\"},"
        "{\"const\":\"value3\",\"title\":\"Third Choice\"}]}}}}");
}

static void tool_missing(struct mcp_call *call, const struct kta_json *args)
{
    (void)args;
    if (!lacks(call, "sampling"))
        say(call, "the client can sample");
}

/* ---- what asks back (2026-07-28) ---- */

#define NAME_SCHEMA                                                                                \
    "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}},\"required\":[\"name\"]" \
    "}"
#define OK_SCHEMA                                                                                  \
    "{\"type\":\"object\",\"properties\":{\"ok\":{\"type\":\"boolean\"}},\"required\":[\"ok\"]}"

static void ask_name(struct mcp_call *call, const char *key)
{
    mcp_need_input(call, key, "elicitation/create", question("What is your name?", NAME_SCHEMA));
}

static void ask_model(struct mcp_call *call, const char *key)
{
    mcp_need_input(call, key, "sampling/createMessage",
                   sampling_params("What is the capital of France?"));
}

static void keep(struct mcp_call *call, const char *step)
{
    struct kta_json *state = kta_json_new_object();

    kta_json_set_str(state, "step", step);
    if (mcp_keep_state(call, state) < 0)
        mcp_fail(call, MCP_INTERNAL_ERROR, 500, "the state cannot be sealed");
}

static void tool_ask_name(struct mcp_call *call, const struct kta_json *args)
{
    const char *name = kta_json_str(mcp_input(call, "user_name"), "content.name");
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    (void)args;
    if (!name) {
        ask_name(call, "user_name");
        return;
    }
    kta_str_addf(&text, "Hello, %s!", name);
    say(call, text.s);
}

static void tool_ask_model(struct mcp_call *call, const struct kta_json *args)
{
    const struct kta_json *answer = mcp_input(call, "capital_question");

    (void)args;
    if (!answer)
        ask_model(call, "capital_question");
    else
        say(call, kta_or(kta_json_str(answer, "content.text"),
                         kta_or(kta_json_str(answer, "content[0].text"), "?")));
}

static void tool_ask_roots(struct mcp_call *call, const struct kta_json *args)
{
    const struct kta_json *answer = mcp_input(call, "client_roots");
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    (void)args;
    if (!answer) {
        mcp_need_input(call, "client_roots", "roots/list", NULL);
        return;
    }
    kta_str_add(&text, "Roots: ");
    kta_json_print(kta_json_get(answer, "roots"), false, &text);
    say(call, text.s);
}

static void tool_ask_state(struct mcp_call *call, const struct kta_json *args)
{
    (void)args;
    if (call->state && mcp_input(call, "confirm")) {
        say(call, "state-ok");
        return;
    }
    mcp_need_input(call, "confirm", "elicitation/create", question("Please confirm", OK_SCHEMA));
    keep(call, "1");
}

static void tool_ask_three(struct mcp_call *call, const struct kta_json *args)
{
    (void)args;
    if (call->state && mcp_input(call, "user_name") && mcp_input(call, "greeting") &&
        mcp_input(call, "client_roots")) {
        say(call, "all answered");
        return;
    }
    ask_name(call, "user_name");
    ask_model(call, "greeting");
    mcp_need_input(call, "client_roots", "roots/list", NULL);
    keep(call, "1");
}

static void tool_ask_rounds(struct mcp_call *call, const struct kta_json *args)
{
    const char *step = kta_json_str(call->state, "step");

    (void)args;
    if (kta_streq(step, "2") && mcp_input(call, "step2")) {
        say(call, "both answered");
    } else if (kta_streq(step, "1") && mcp_input(call, "step1")) {
        mcp_need_input(call, "step2", "elicitation/create",
                       question("Step 2: What is your favorite color?",
                                "{\"type\":\"object\",\"properties\":{\"color\":{\"type\":"
                                "\"string\"}},\"required\":[\"color\"]}"));
        keep(call, "2");
    } else {
        ask_name(call, "step1");
        keep(call, "1");
    }
}

static void tool_ask_what_can(struct mcp_call *call, const struct kta_json *args)
{
    (void)args;
    if (kta_json_len(kta_json_get(call->params, "inputResponses")) > 0) {
        say(call, "answered");
        return;
    }
    if (mcp_client_can(call, "elicitation"))
        ask_name(call, "user_name");
    if (mcp_client_can(call, "sampling"))
        ask_model(call, "capital_question");
    if (!call->inputs)
        say(call, "this client cannot be asked");
}

static const struct {
    const char *name;
    void (*run)(struct mcp_call *call, const struct kta_json *args);
    const char *schema;
} tools[] = {
    {"test_simple_text", tool_text, NO_ARGS},
    {"test_image_content", tool_image, NO_ARGS},
    {"test_audio_content", tool_audio, NO_ARGS},
    {"test_embedded_resource", tool_embedded, NO_ARGS},
    {"test_multiple_content_types", tool_mixed, NO_ARGS},
    {"test_tool_with_logging", tool_logging, NO_ARGS},
    {"test_logging_tool", tool_logging, NO_ARGS},
    {"test_error_handling", tool_error, NO_ARGS},
    {"test_tool_with_progress", tool_progress, NO_ARGS},
    {"test_sleep", tool_sleep,
     "{\"type\":\"object\",\"properties\":{\"ms\":{\"type\":\"integer\"}}}"},
    {"test_large", tool_large,
     "{\"type\":\"object\",\"properties\":{\"bytes\":{\"type\":\"integer\"}}}"},
    {"test_sampling", tool_sampling,
     "{\"type\":\"object\",\"properties\":{\"prompt\":{\"type\":\"string\"}},\"required\":["
     "\"prompt\"]}"},
    {"test_elicitation", tool_elicitation,
     "{\"type\":\"object\",\"properties\":{\"message\":{\"type\":\"string\"}},\"required\":["
     "\"message\"]}"},
    {"test_elicitation_sep1034_defaults", tool_defaults, NO_ARGS},
    {"test_elicitation_sep1330_enums", tool_enums, NO_ARGS},
    {"test_missing_capability", tool_missing, NO_ARGS},
    {"test_streaming_elicitation", tool_ask_name, NO_ARGS},
    {"test_input_required_result_elicitation", tool_ask_name, NO_ARGS},
    {"test_input_required_result_sampling", tool_ask_model, NO_ARGS},
    {"test_input_required_result_list_roots", tool_ask_roots, NO_ARGS},
    {"test_input_required_result_request_state", tool_ask_state, NO_ARGS},
    {"test_input_required_result_tampered_state", tool_ask_state, NO_ARGS},
    {"test_input_required_result_multiple_inputs", tool_ask_three, NO_ARGS},
    {"test_input_required_result_multi_round", tool_ask_rounds, NO_ARGS},
    {"test_input_required_result_capabilities", tool_ask_what_can, NO_ARGS},
    {"json_schema_2020_12_tool", tool_text,
     "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\",\"$defs\":{"
     "\"address\":{\"$anchor\":\"addressDef\",\"type\":\"object\",\"properties\":{\"street\":{"
     "\"type\":\"string\"},\"city\":{\"type\":\"string\"}}}},\"properties\":{\"name\":{\"type\":"
     "\"string\"},\"address\":{\"$ref\":\"#/$defs/"
     "address\"},\"contactMethod\":{\"type\":\"string\","
     "\"enum\":[\"phone\",\"email\"]},\"phone\":{\"type\":\"string\"},\"email\":{\"type\":"
     "\"string\"}},\"allOf\":[{\"anyOf\":[{\"required\":[\"phone\"]},{\"required\":[\"email\"]}]}],"
     "\"if\":{\"properties\":{\"contactMethod\":{\"const\":\"phone\"}},\"required\":["
     "\"contactMethod\"]},\"then\":{\"required\":[\"phone\"]},\"else\":{\"required\":[\"email\"]},"
     "\"additionalProperties\":false}"},
};

/* ---- the catalog ---- */

static struct kta_json *tool_list(void)
{
    struct kta_json *list = kta_json_new_array();

    for (size_t i = 0; i < KTA_LEN(tools); i++) {
        struct kta_json *t = kta_json_push(list, kta_json_new_object());
        kta_json_set_str(t, "name", tools[i].name);
        kta_json_set_str(t, "description", "a fixture of the conformance suite");
        kta_json_set(t, "inputSchema", parse(tools[i].schema));
    }
    return list;
}

static struct kta_json *list(struct mcp_call *call, enum mcp_list which)
{
    (void)call;
    if (which == MCP_RESOURCES)
        return parse("[{\"uri\":\"test://static-text\",\"name\":\"static-text\",\"description\":"
                     "\"text\",\"mimeType\":\"text/plain\"},{\"uri\":\"test://static-binary\","
                     "\"name\":\"static-binary\",\"description\":\"an image\",\"mimeType\":"
                     "\"image/png\"},{\"uri\":\"test://watched-resource\",\"name\":\"watched\","
                     "\"description\":\"watched\",\"mimeType\":\"text/plain\"}]");
    if (which == MCP_TEMPLATES)
        return parse("[{\"uriTemplate\":\"test://template/{id}/data\",\"name\":\"template\","
                     "\"description\":\"by id\",\"mimeType\":\"application/json\"}]");
    if (which == MCP_PROMPTS)
        return parse("[{\"name\":\"test_simple_prompt\",\"description\":\"simple\"},"
                     "{\"name\":\"test_prompt_with_arguments\",\"description\":\"two arguments\","
                     "\"arguments\":[{\"name\":\"arg1\",\"description\":\"one\",\"required\":true},"
                     "{\"name\":\"arg2\",\"description\":\"two\",\"required\":true}]},"
                     "{\"name\":\"test_prompt_with_embedded_resource\",\"description\":\"embeds\","
                     "\"arguments\":[{\"name\":\"resourceUri\",\"description\":\"which\","
                     "\"required\":true}]},"
                     "{\"name\":\"test_prompt_with_image\",\"description\":\"an image\"},"
                     "{\"name\":\"test_input_required_result_prompt\",\"description\":\"asks\"}]");
    return tool_list();
}

static void call_tool(struct mcp_call *call, const char *name, const struct kta_json *args)
{
    for (size_t i = 0; i < KTA_LEN(tools); i++) {
        if (kta_streq(tools[i].name, name)) {
            tools[i].run(call, args);
            return;
        }
    }
    mcp_fail(call, MCP_INVALID_PARAMS, 200, "there is no tool '%s'", name);
}

static void contents(struct mcp_call *call, const char *uri, const char *type, const char *key,
                     const char *text)
{
    struct kta_json *c = kta_json_set(mcp_result(call), "contents", kta_json_new_array());
    struct kta_json *one = kta_json_push(c, kta_json_new_object());

    kta_json_set_str(one, "uri", uri);
    kta_json_set_str(one, "mimeType", type);
    kta_json_set_str(one, key, text);
}

static void read_resource(struct mcp_call *call, const char *uri)
{
    char id[64] = "", text[200];

    if (kta_streq(uri, "test://static-text")) {
        contents(call, uri, "text/plain", "text",
                 "This is the content of the static text resource.");
    } else if (kta_streq(uri, "test://watched-resource")) {
        contents(call, uri, "text/plain", "text", "watched");
    } else if (kta_streq(uri, "test://static-binary")) {
        contents(call, uri, "image/png", "blob", PNG);
    } else if (sscanf(uri, "test://template/%60[^/]/data", id) == 1) {
        snprintf(text, sizeof text,
                 "{\"id\":\"%s\",\"templateTest\":true,\"data\":\"Data for ID: %s\"}", id, id);
        contents(call, uri, "application/json", "text", text);
    } else {
        mcp_fail(call, call->revision >= MCP_2026_07_28 ? MCP_INVALID_PARAMS : MCP_NOT_FOUND, 200,
                 "Resource not found");
        call->data = kta_json_new_object();
        kta_json_set_str(call->data, "uri", uri);
    }
}

static void messages(struct mcp_call *call, const char *list_text)
{
    kta_json_set(mcp_result(call), "messages", parse(list_text));
}

static void get_prompt(struct mcp_call *call, const char *name, const struct kta_json *args)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    if (kta_streq(name, "test_simple_prompt")) {
        messages(call, "[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":\"This is a "
                       "simple prompt for testing.\"}}]");
    } else if (kta_streq(name, "test_prompt_with_arguments")) {
        kta_str_addf(&text, "Prompt with arguments: arg1='%s', arg2='%s'",
                     kta_or(kta_json_str(args, "arg1"), ""),
                     kta_or(kta_json_str(args, "arg2"), ""));
        messages(call, "[{\"role\":\"user\",\"content\":{\"type\":\"text\"}}]");
        kta_json_set_str(kta_json_at(mcp_result(call), "messages[0].content"), "text", text.s);
    } else if (kta_streq(name, "test_prompt_with_embedded_resource")) {
        messages(call, "[{\"role\":\"user\",\"content\":{\"type\":\"resource\",\"resource\":{"
                       "\"mimeType\":\"text/plain\",\"text\":\"Embedded resource content for "
                       "testing.\"}}},{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":"
                       "\"Please process the embedded resource above.\"}}]");
        kta_json_set_str(kta_json_at(mcp_result(call), "messages[0].content.resource"), "uri",
                         kta_or(kta_json_str(args, "resourceUri"), ""));
    } else if (kta_streq(name, "test_prompt_with_image")) {
        messages(call, "[{\"role\":\"user\",\"content\":{\"type\":\"image\",\"data\":\"" PNG
                       "\",\"mimeType\":\"image/png\"}},{\"role\":\"user\",\"content\":{\"type\":"
                       "\"text\",\"text\":\"Please analyze the image above.\"}}]");
    } else if (kta_streq(name, "test_input_required_result_prompt")) {
        if (!mcp_input(call, "user_context"))
            mcp_need_input(call, "user_context", "elicitation/create",
                           question("What context should the prompt use?",
                                    "{\"type\":\"object\",\"properties\":{\"context\":{\"type\":"
                                    "\"string\"}},\"required\":[\"context\"]}"));
        else
            messages(call, "[{\"role\":\"user\",\"content\":{\"type\":\"text\",\"text\":\"With "
                           "context\"}}]");
    } else {
        mcp_fail(call, MCP_INVALID_PARAMS, 200, "there is no prompt '%s'", name);
    }
}

static void complete(struct mcp_call *call)
{
    kta_json_set(mcp_result(call), "completion",
                 parse(
                     "{\"values\":[\"paris\",\"park\",\"party\"],\"total\":3,\"hasMore\":false}"));
}

static const struct mcp_catalog fixtures = {
    .list = list,
    .tool = call_tool,
    .read = read_resource,
    .prompt = get_prompt,
    .complete = complete,
    .subscribe = true,
};

int main(int argc, char **argv)
{
    struct kta_err err = KTA_ERR_INIT;
    struct kta_mcp options = {.catalog = &fixtures};

    if (argc == 3 && !strcmp(argv[1], "--http"))
        options.http = argv[2];
    kta_interrupt_install();
    if (kta_mcp_serve(&options, &err) < 0 && err.code != KTA_E_INTERRUPTED) {
        fprintf(stderr, "fixture_server: %s\n", err.msg);
        return 1;
    }
    return 0;
}
