/* Server-sent events: every line end, every split, every limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kta/limits.h"
#include "kta/sse.h"

struct seen {
    struct kta_str text; /* "event|data;" for each */
    int stop_after;
};

static bool see(void *ctx, const char *event, const char *data, size_t n)
{
    struct seen *s = ctx;
    kta_str_addf(&s->text, "%s|", event);
    kta_str_addn(&s->text, data, n);
    kta_str_addc(&s->text, ';');
    return !s->stop_after || --s->stop_after > 0;
}

/* Feeds the text in pieces of `size` bytes. */
static void feeds(const char *text, size_t len, size_t size, const char *expected)
{
    struct seen seen = {.text = KTA_STR_INIT};
    struct kta_sse s;
    struct kta_err err = KTA_ERR_INIT;
    kta_sse_init(&s, see, &seen);
    for (size_t i = 0; i < len; i += size)
        assert_int_equal(kta_sse_feed(&s, text + i, len - i < size ? len - i : size, &err), 0);
    assert_int_equal(kta_sse_end(&s, &err), 0);
    assert_string_equal(seen.text.s, expected);
    kta_sse_release(&s);
    kta_str_release(&seen.text);
}

static void test_every_split(void **state)
{
    static const char *const rows[][2] = {
        {"data: a\n\ndata: b\n\n", "message|a;message|b;"},
        {"data: a\r\n\r\ndata: b\r\n\r\n", "message|a;message|b;"},
        {"data: a\r\rdata: b\r\r", "message|a;message|b;"},
        {"data: a\r\n\ndata: b\n\r\n", "message|a;message|b;"},
        {"data:a\n\n", "message|a;"},
        {"data:  a\n\n", "message| a;"},
        {"data: a\ndata: b\n\n", "message|a\nb;"},
        {": comment\n\n: another\n\ndata: a\n\n", "message|a;"},
        {"event: error\ndata: x\n\ndata: y\n\n", "error|x;message|y;"},
        {"id: 7\nretry: 10\nnonsense\ndata: a\n\n", "message|a;"},
        {"\xef\xbb\xbf"
         "data: a\n\n",
         "message|a;"},
        {"data: \xf0\x9f\x98\x80\n\n", "message|\xf0\x9f\x98\x80;"},
        {"data\n\n", "message|;"},
        {"data: last", "message|last;"},
        {"data: last\r\n", "message|last;"},
        {"event: nothing\n\n", ""},
        {"\n\n\r\r\n", ""},
        {"", ""},
        {"data: a:b: c\n\n", "message|a:b: c;"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t size = 1; size <= 40; size++)
            feeds(rows[i][0], strlen(rows[i][0]), size, rows[i][1]);
}

static void test_callback_stops(void **state)
{
    struct seen seen = {.text = KTA_STR_INIT, .stop_after = 1};
    struct kta_sse s;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    kta_sse_init(&s, see, &seen);
    assert_int_equal(kta_sse_feed(&s, "data: a\n\ndata: b\n\n", 18, &err), 1);
    assert_string_equal(seen.text.s, "message|a;");
    kta_sse_release(&s);
    kta_str_release(&seen.text);
}

static void test_limits(void **state)
{
    struct seen seen = {.text = KTA_STR_INIT};
    struct kta_sse s;
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_str struct kta_str line = KTA_STR_INIT;
    int rc = 0;
    (void)state;
    for (size_t i = 0; i < KTA_MAX_SSE_LINE / 2; i++)
        kta_str_addc(&line, 'x');
    kta_sse_init(&s, see, &seen);
    for (int i = 0; i < 4 && rc == 0; i++) /* one line without an end */
        rc = kta_sse_feed(&s, line.s, line.len, &err);
    assert_int_equal(rc, -1);
    assert_int_equal(err.code, KTA_E_LIMIT);
    kta_sse_release(&s);

    kta_sse_init(&s, see, &seen);
    rc = 0;
    for (int i = 0; i < 100 && rc == 0; i++) { /* one event without an end */
        rc = kta_sse_feed(&s, "data: ", 6, &err);
        if (rc == 0)
            rc = kta_sse_feed(&s, line.s, line.len, &err);
        if (rc == 0)
            rc = kta_sse_feed(&s, "\n", 1, &err);
    }
    assert_int_equal(rc, -1);
    kta_sse_release(&s);
    kta_str_release(&seen.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_split),
        cmocka_unit_test(test_callback_stops),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
