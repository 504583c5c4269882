/* Streams cut, stalled, garbled at every byte: no crash, no invented call, and what is not whole is
 * never taken for an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../plugin/llm/llm_private.h"
#include "kta/limits.h"

#define EVENT(delta) "data: {\"choices\":[{\"delta\":" delta "}]}\r\n\r\n"

static const char stream[] =
    "\xef\xbb\xbf: hello\n\n" EVENT("{\"role\":\"assistant\",\"content\":\"\"}")
        EVENT("{\"reasoning_content\":\"hm\"}") EVENT("{\"content\":\"<think>a</think>\"}")
            EVENT("{\"content\":\"caf\\u00e9 \xf0\x9f\x98\x80\"}")
                EVENT("{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":"
                      "\"kubectl\","
                      "\"arguments\":\"\"}}]}")
                    EVENT("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]"
                          "}") "data: "
                               "{\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}"
                               "\n\ndata: [DONE]\n\n";

struct result {
    bool ended, malformed;
    size_t calls, text;
};

static struct result read_stream(const char *s, size_t n, size_t piece)
{
    struct kta_llm_turn t = {.way = KTA_WAY_TOOLS};
    struct kta_http_req req = {.status = 200};
    struct kta_str shown = KTA_STR_INIT;
    struct llm_reply r;
    struct result got;
    llm_reply_init(&r, &t, &req, &shown);
    for (size_t i = 0; i < n; i += piece)
        if (!llm_reply_feed(&r, s + i, n - i < piece ? n - i : piece))
            break;
    llm_reply_end(&r);
    got = (struct result){r.ended, r.malformed, t.n_calls, t.text.len};
    llm_reply_release(&r);
    kta_llm_turn_release(&t);
    kta_str_release(&shown);
    return got;
}

static void test_whole_in_every_piece(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 64; piece++) {
        struct result r = read_stream(stream, sizeof stream - 1, piece);
        assert_true(r.ended && !r.malformed);
        assert_int_equal(r.calls, 1);
        assert_int_equal(r.text, strlen("caf\xc3\xa9 \xf0\x9f\x98\x80"));
    }
}

static void test_cut_at_every_byte(void **state)
{
    const char *finish = strstr(stream, "\"finish_reason\"");
    (void)state;
    for (size_t n = 0; n < (size_t)(finish - stream); n++)
        assert_false(read_stream(stream, n, 5).ended);
}

static void test_garbage_at_every_byte(void **state)
{
    static const char garbage[] = {'\0', '\n', '\r', '"', '\\', '{', '}', '<', ':', '\xff', 'x'};
    char copy[sizeof stream];
    (void)state;
    for (size_t at = 0; at + 1 < sizeof stream; at++) {
        for (size_t g = 0; g < sizeof garbage; g++) {
            struct result r;
            memcpy(copy, stream, sizeof stream);
            copy[at] = garbage[g];
            r = read_stream(copy, sizeof stream - 1, 7);
            assert_true(r.calls <= 16);
        }
    }
}

static bool feed_much(struct llm_reply *r, const char *s, size_t total)
{
    size_t n = strlen(s);
    for (size_t sent = 0; sent < total; sent += n)
        if (!llm_reply_feed(r, s, n))
            return false;
    return true;
}

/* 100 MiB of anything ends in an error, not in memory. */
static void test_endless(void **state)
{
    static const char *const rows[] = {
        "data: "
        "{\"choices\":[{\"delta\":{\"content\":\"0123456789012345678901234567890123456789\"}}]}"
        "\n\n",
        "data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n",
        "data:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "{\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        "data: "
        "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"name\":\"a\",\"arguments\":"
        "\"{}\"}}]}}]}\n\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kta_llm_turn t = {.way = KTA_WAY_TOOLS};
        struct kta_http_req req = {.status = 200};
        struct kta_str shown = KTA_STR_INIT;
        struct llm_reply r;
        llm_reply_init(&r, &t, &req, &shown);
        (void)feed_much(&r, rows[i], 100u << 20);
        assert_true(r.raw.len <= KTA_MAX_LLM_BODY && t.text.len <= KTA_MAX_LLM_BODY);
        llm_reply_end(&r);
        assert_true(t.n_calls <= 16);
        llm_reply_release(&r);
        kta_llm_turn_release(&t);
        kta_str_release(&shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_in_every_piece),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_garbage_at_every_byte),
        cmocka_unit_test(test_endless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
