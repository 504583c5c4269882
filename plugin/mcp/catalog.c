/*
 * catalog.c - the tools, resources and prompts of tools/ for a client; what they report, ask and
 * show on the way goes to it, too.
 */
#include "mcp.h"
#include "kta/mcp_content.h"

#include <stdio.h>
#include <string.h>

#include "kta/alloc.h"
#include "kta/interrupt.h"
#include "kta/limits.h"

/* ---- what the pipeline reports goes to the call that it works for ---- */

static void report_progress(void *ctx, const char *text)
{
    struct mcp_server *s = ctx;

    if (text && s->working)
        mcp_progress(s->working, s->working->progress < 0 ? 1 : s->working->progress + 1, 0, text);
}

static void report_note(void *ctx, const char *text)
{
    struct mcp_server *s = ctx;

    if (text && s->working)
        mcp_log(s->working, 3 /* warning */, text);
}

static int report_ask(void *ctx, struct kta_plan *plan, struct kta_step *step, enum kta_answer *ret,
                      struct kta_err *err)
{
    (void)ctx, (void)plan, (void)step, (void)err;
    *ret = KTA_ANSWER_NOBODY; /* a client is asked by the tool, through env->ask */
    return 0;
}

/* ---- the tools' environment ---- */

static void tool_progress(void *ctx, double done, double total, const char *text)
{
    mcp_progress(ctx, done, total, text);
}

static bool tool_cancelled(void *ctx)
{
    return mcp_cancelled(ctx) || kta_interrupted();
}

static struct kta_json *question_params(const struct kta_tool_question *q)
{
    struct kta_json *p = kta_json_new_object();
    kta_auto_free char *message = kta_asprintf("%s\n\n%s", q->message, kta_or(q->preview, ""));

    kta_json_set_str(p, "message", message);
    struct kta_json *schema = kta_json_set(p, "requestedSchema", kta_json_new_object());
    kta_json_set_str(schema, "type", "object");
    struct kta_json *props = kta_json_set(schema, "properties", kta_json_new_object());
    struct kta_json *yes = kta_json_set(props, "confirm", kta_json_new_object());
    kta_json_set_str(yes, "type", "boolean");
    kta_json_set_str(yes, "title", "Run exactly this plan");
    kta_json_set_str(yes, "description", "true runs the plan above; anything else runs nothing");
    kta_json_push_str(kta_json_set(schema, "required", kta_json_new_array()), "confirm");
    return p;
}

static enum kta_ask answer_of(const struct kta_json *answer)
{
    return kta_streq(kta_json_str(answer, "action"), "accept") &&
                   kta_json_bool(answer, "content.confirm", false)
               ? KTA_ASK_YES
               : KTA_ASK_NO;
}

static enum kta_ask ask_back(struct mcp_call *call, const struct kta_tool_question *q)
{
    const struct kta_json *answer = mcp_input(call, "confirm");

    /* a yes is one to what was shown: the same commands, manifests and differences */
    if (answer && call->state && kta_streq(kta_json_str(call->state, "digest"), q->digest) &&
        mcp_use_state(call))
        return answer_of(answer);
    struct kta_json *state = kta_json_new_object();
    kta_json_set_str(state, "digest", q->digest);
    if (mcp_keep_state(call, state) < 0)
        return KTA_ASK_UNSUPPORTED;
    mcp_need_input(call, "confirm", "elicitation/create", question_params(q));
    return KTA_ASK_LATER;
}

static enum kta_ask tool_ask(void *ctx, const struct kta_tool_question *q)
{
    struct mcp_call *call = ctx;

    if (!mcp_client_can(call, "elicitation"))
        return KTA_ASK_UNSUPPORTED;
    if (call->revision >= MCP_2026_07_28)
        return ask_back(call, q);
    kta_auto_json struct kta_json *answer =
        mcp_request(call, "elicitation/create", question_params(q));
    /* an error, or nothing in time: nobody was asked, so a person's terminal is left */
    return !answer && !mcp_cancelled(call) ? KTA_ASK_UNSUPPORTED : answer_of(answer);
}

static int tool_open(void *ctx, const char *context, struct kta_pipeline **ret, struct kta_err *err)
{
    struct mcp_server *s = ((struct mcp_call *)ctx)->server;
    const struct kta_mcp *o = s->options;

    if (o->open_context(o->ctx, context, ret, err) < 0)
        return -1;
    (*ret)->report = &s->report;
    return 0;
}

/* With the engine held: opens what is not open yet, and makes the environment this call's. */
static int enter(struct mcp_call *call, struct kta_err *err)
{
    struct mcp_server *s = call->server;
    const struct kta_mcp *o = s->options;

    mcp_engine_take(call);
    if (kta_interrupt_check(err) < 0)
        return -1;
    if (!s->opened && o->open && o->open(o->ctx, &s->env, err) < 0)
        return -1;
    s->opened = true;
    s->report = (struct kta_report){.ctx = s,
                                    .progress = report_progress,
                                    .note = report_note,
                                    .ask = report_ask};
    if (s->env.pipeline)
        s->env.pipeline->report = &s->report;
    s->env.ctx = call;
    s->env.progress = tool_progress;
    s->env.cancelled = tool_cancelled;
    s->env.ask = tool_ask;
    s->env.open = o->open_context ? tool_open : NULL;
    return 0;
}

static void fail_with(struct mcp_call *call, int code, const struct kta_err *err)
{
    mcp_fail(call, code, 200, "%s%s%s", err->msg, err->hint[0] ? ". " : "", err->hint);
}

/* ---- the catalog ---- */

static bool offered(const struct mcp_server *s, const struct kta_tool *tool)
{
    const struct kta_argv *only = s->options->tools;
    bool named = !only || only->n == 0;

    for (size_t i = 0; !named && i < only->n; i++)
        named = kta_streq(only->v[i], tool->name);
    return named && (tool->for_ & KTA_FOR_MCP) && kta_tool_offered(&s->options->env, tool);
}

static struct kta_json *tools(struct mcp_server *s)
{
    struct kta_json *list = kta_json_new_array();
    size_t n;
    const struct kta_tool *t = kta_tools(&n);

    for (size_t i = 0; i < n; i++)
        if (offered(s, &t[i]))
            kta_json_push(list, kta_tool_json(&t[i]));
    return list;
}

/* A resource is the answer of a tool: who may not call that may not read this. */
static bool readable(const struct mcp_server *s, const char *uri)
{
    const char *name = uri ? kta_resource_tool(uri) : NULL;
    const struct kta_tool *tool = name ? kta_tool_find(name, KTA_FOR_MCP) : NULL;

    return !tool || offered(s, tool);
}

static struct kta_json *only_readable(const struct mcp_server *s, struct kta_json *list,
                                      const char *key)
{
    struct kta_json *next;

    for (struct kta_json *r = kta_json_first(list); r; r = next) {
        next = kta_json_next(r);
        if (!readable(s, kta_json_str(r, key)))
            kta_json_free(kta_json_detach(list, r));
    }
    return list;
}

static struct kta_json *catalog_list(struct mcp_call *call, enum mcp_list which)
{
    struct kta_err err = KTA_ERR_INIT;
    struct kta_json *list = NULL;

    if (which == MCP_TOOLS)
        return tools(call->server);
    if (which == MCP_TEMPLATES)
        return only_readable(call->server, kta_resource_templates_json(), "uriTemplate");
    if (which == MCP_PROMPTS)
        return kta_prompts_json();
    if (enter(call, &err) < 0)
        fail_with(call, MCP_INTERNAL_ERROR, &err);
    else
        list = only_readable(call->server, kta_resources_json(&call->server->env), "uri");
    mcp_engine_give(call);
    return list;
}

/* An error that the model should read is a result: it may do something about it. */
static void say(struct mcp_call *call, const char *text, bool is_error)
{
    struct kta_json *r = mcp_result(call);
    struct kta_json *block =
        kta_json_push(kta_json_set(r, "content", kta_json_new_array()), kta_json_new_object());

    kta_json_set_str(block, "type", "text");
    kta_json_set_str(block, "text", text);
    kta_json_set_bool(r, "isError", is_error);
}

static void no_tool(struct mcp_call *call, const char *name)
{
    struct mcp_server *s = call->server;
    kta_auto_str struct kta_str names = KTA_STR_INIT;
    size_t n;
    const struct kta_tool *t = kta_tools(&n);

    for (size_t i = 0; i < n; i++)
        if (offered(s, &t[i]))
            kta_str_addf(&names, "%s%s", names.len ? ", " : "", t[i].name);
    const struct kta_tool *known = kta_tool_find(name, KTA_FOR_MCP);
    mcp_fail(call, MCP_INVALID_PARAMS, 200, "there is no tool '%.100s'%s; there is %s", name,
             known ? " on this server, which was narrowed at its start" : "", names.s);
}

static void catalog_tool(struct mcp_call *call, const char *name, const struct kta_json *args)
{
    struct mcp_server *s = call->server;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_tool_result result = KTA_TOOL_RESULT_INIT;
    const struct kta_tool *tool = kta_tool_find(name, KTA_FOR_MCP);

    if (!tool || !offered(s, tool)) {
        no_tool(call, name);
        return;
    }
    if (enter(call, &err) < 0) {
        kta_auto_free char *text =
            kta_asprintf("%s%s%s", err.msg, err.hint[0] ? "\n" : "", err.hint);
        say(call, text, true);
    } else {
        kta_tool_run(&s->env, tool, args, &result);
        if (!result.pending) {
            mcp_no_input(call); /* it may have gone on without an answer to its question */
            say(call, result.text.s, result.is_error);
            if (result.structured && call->revision >= MCP_2025_06_18)
                kta_json_set(mcp_result(call), "structuredContent", KTA_STEAL(result.structured));
        }
    }
    mcp_engine_give(call);
    kta_tool_result_release(&result);
}

static void catalog_read(struct mcp_call *call, const char *uri)
{
    struct kta_err err = KTA_ERR_INIT;
    struct kta_json *contents = NULL;

    if (!readable(call->server, uri)) {
        kta_err_set(&err, KTA_E_NOT_FOUND,
                    "this server, which was narrowed at its start, does not give '%.200s'", uri);
    } else {
        if (enter(call, &err) == 0)
            contents = kta_resource_read(&call->server->env, uri, &err);
        mcp_engine_give(call);
    }
    if (contents) {
        kta_json_set(mcp_result(call), "contents", contents);
        return;
    }
    bool missing = err.code == KTA_E_NOT_FOUND || err.code == KTA_E_USAGE;
    fail_with(call,
              !missing                           ? MCP_INTERNAL_ERROR
              : call->revision >= MCP_2026_07_28 ? MCP_INVALID_PARAMS
                                                 : MCP_NOT_FOUND,
              &err);
    call->data = kta_json_new_object();
    kta_json_set_str(call->data, "uri", uri);
}

static void catalog_prompt(struct mcp_call *call, const char *name, const struct kta_json *args)
{
    struct kta_err err = KTA_ERR_INIT;
    struct kta_json *prompt = NULL;

    if (enter(call, &err) == 0)
        prompt = kta_prompt_get(&call->server->env, name, args, &err);
    mcp_engine_give(call);
    if (prompt)
        call->result = prompt;
    else
        fail_with(call,
                  err.code == KTA_E_NOT_FOUND || err.code == KTA_E_USAGE ? MCP_INVALID_PARAMS
                                                                         : MCP_INTERNAL_ERROR,
                  &err);
}

static void catalog_complete(struct mcp_call *call)
{
    const struct kta_json *p = call->params;
    struct kta_err err = KTA_ERR_INIT;
    bool prompt = kta_streq(kta_json_str(p, "ref.type"), "ref/prompt");
    struct kta_json *values = NULL;

    if (enter(call, &err) == 0)
        values = kta_complete(&call->server->env, prompt,
                              kta_or(kta_json_str(p, prompt ? "ref.name" : "ref.uri"), ""),
                              kta_json_str(p, "argument.name"), kta_json_str(p, "argument.value"),
                              kta_json_at(p, "context.arguments"));
    mcp_engine_give(call);
    if (!values) {
        values = kta_json_new_object();
        kta_json_set(values, "values", kta_json_new_array());
    }
    kta_json_set(mcp_result(call), "completion", values);
}

const struct mcp_catalog mcp_tool_catalog = {
    .list = catalog_list,
    .tool = catalog_tool,
    .read = catalog_read,
    .prompt = catalog_prompt,
    .complete = catalog_complete,
};
