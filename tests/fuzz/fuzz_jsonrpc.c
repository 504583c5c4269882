/*
 * fuzz_jsonrpc.c - a client of the MCP server that sends any lines: each is answered with JSON or
 * not at all, nothing stays under way. The tools are stand-ins: what is fed is the protocol.
 */
#include "fuzz.h"
#include <string.h>
#include "../../plugin/mcp/mcp.h"

static struct kta_json *list(struct mcp_call *call, enum mcp_list which)
{
    struct kta_json *all = kta_json_new_array();
    struct kta_json *one = kta_json_push(all, kta_json_new_object());

    (void)call;
    kta_json_set_str(one, "name", which == MCP_TOOLS ? "tool" : "other");
    return all;
}

static void tool(struct mcp_call *call, const char *name, const struct kta_json *args)
{
    if (kta_streq(name, "back") && mcp_open_state(call) == 0)
        mcp_need_input(call, "k", "elicitation/create", kta_json_new_object());
    else
        kta_json_set(mcp_result(call), "structuredContent",
                     args ? kta_json_copy(args) : kta_json_new_null());
    mcp_progress(call, 1, 2, "half");
    mcp_log(call, 3, "line");
}

static void reads(struct mcp_call *call, const char *uri)
{
    kta_json_set_str(mcp_result(call), "uri", uri);
}

static void prompt(struct mcp_call *call, const char *name, const struct kta_json *args)
{
    (void)args;
    kta_json_set_str(mcp_result(call), "description", name);
}

static void complete(struct mcp_call *call)
{
    (void)mcp_result(call);
}

static const struct mcp_catalog stand_ins = {list, tool, reads, prompt, complete, true};

static void valid(const char *text, size_t n)
{
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;

    CHECK(n == 0 || kta_json_parse(text, n, &v, &err) == 0);
}

static void on_message(void *to, const char *text, size_t n)
{
    (void)to;
    valid(text, n);
}

static void on_done(void *to, const char *text, size_t n, int status)
{
    valid(text, n);
    CHECK(status >= 0 && status < 600);
    ++*(int *)to;
}

static const struct mcp_transport transport = {on_message, on_done};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kta_mcp options = {.catalog = &stand_ins};
    struct mcp_server server = {0};
    int sent = 0, answered = 0;

    mcp_server_init(&server, &options);
    struct mcp_session *session = mcp_session_new(&server);
    const char *p = (const char *)data, *end = p + size;
    while (p < end && sent < 32) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        size_t n = newline ? (size_t)(newline - p) : (size_t)(end - p);
        kta_auto_str struct kta_str line = KTA_STR_INIT; /* with its NULs */
        kta_str_addn(&line, p, n);
        struct mcp_exchange *x = mcp_exchange_new(&server, &transport, &answered);
        if (size & 1)
            x->session = mcp_session_find(&server, session->id);
        mcp_receive(x, line.s, n);
        mcp_drain(&server, 2000);
        sent++;
        p += n + 1;
    }
    CHECK(answered == sent && mcp_calls(&server) == 0);
    mcp_session_end(&server, session);
    mcp_session_unref(&server, session);
    mcp_server_release(&server);
    return 0;
}
