/*
 * fuzz_reply.c - what a model endpoint sends, stream or document: whole and in pieces of any size
 * it is the same text and the same calls.
 */
#include "fuzz.h"
#include <string.h>
#include "../../plugin/llm/llm_private.h"
#include "kta/alloc.h"

static void read_reply(const uint8_t *p, size_t n, size_t piece, struct kta_str *out)
{
    static const char offered[] =
        "[{\"function\":{\"name\":\"kubectl\",\"parameters\":{\"properties\":{\"args\":{}},"
        "\"required\":[\"args\"]}}}]";
    kta_auto_json struct kta_json *tools = NULL;
    kta_auto_str struct kta_str shown = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_http_req req = {.status = 200};
    struct kta_llm_turn turn = {.way = KTA_WAY_TOOLS};
    struct llm_reply r;

    if (kta_json_parse(offered, sizeof offered - 1, &tools, &err) < 0)
        return;
    turn.tools = tools;
    llm_reply_init(&r, &turn, &req, &shown);
    for (size_t at = 0; at < n; at += piece)
        if (!llm_reply_feed(&r, (const char *)p + at, n - at < piece ? n - at : piece))
            break;
    llm_reply_end(&r);
    kta_str_addf(out, "%d %d %s|%s", r.ended, turn.cut_by_length, turn.text.s, r.error.s);
    for (size_t i = 0; i < turn.n_calls; i++)
        kta_str_addf(out, "|%s %s", turn.calls[i].name, turn.calls[i].args);
    llm_reply_release(&r);
    kta_llm_turn_release(&turn);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t pieces[] = {1, 3, 1 + (size ? data[0] % 31u : 0)};
    kta_auto_str struct kta_str whole = KTA_STR_INIT;

    read_reply(data, size, size ? size : 1, &whole);
    for (size_t i = 0; i < KTA_LEN(pieces); i++) {
        kta_auto_str struct kta_str parts = KTA_STR_INIT;
        read_reply(data, size, pieces[i], &parts);
        CHECK(parts.len == whole.len && !memcmp(parts.s, whole.s, whole.len));
    }
    return 0;
}
