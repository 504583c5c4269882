/* test_liststream.c - a list's items one by one, however its text is cut into pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "../../plugin/k8s/liststream.h"

static const char text[] =
    "{\"kind\":\"PodList\",\"note\":\"items\",\"metadata\":{\"items\":[1],\"continue\":\"x\"},"
    "\"items\":[ {\"name\":\"a\\\"]}\",\"v\":[{\"x\":1},[2]]} , "
    "{\"name\":\"b\",\"items\":[{}]},{}],"
    "\"end\":\"\\\\\"}";

struct seen {
    int n;
    struct kta_str all;
};

static void on_item(void *ctx, struct kta_json *item)
{
    struct seen *s = ctx;

    s->n++;
    kta_json_print(item, false, &s->all);
    kta_json_free(item);
}

static void run(size_t piece)
{
    struct list_stream s;
    struct seen seen = {0, KTA_STR_INIT};
    struct kta_json *head = NULL;
    struct kta_err err = KTA_ERR_INIT;

    list_stream_init(&s, "items", on_item, &seen);
    for (size_t i = 0; i < sizeof text - 1; i += piece) {
        size_t n = sizeof text - 1 - i < piece ? sizeof text - 1 - i : piece;
        assert_int_equal(list_stream_feed(&s, text + i, n), 0);
    }
    assert_int_equal(seen.n, 3);
    assert_string_equal(seen.all.s, "{\"name\":\"a\\\"]}\",\"v\":[{\"x\":1},[2]]}"
                                    "{\"name\":\"b\",\"items\":[{}]}{}");
    assert_int_equal(kta_json_parse(s.head.s, s.head.len, &head, &err), 0);
    assert_int_equal(kta_json_len(kta_json_get(head, "items")), 0);
    assert_string_equal(kta_json_str(head, "metadata.continue"), "x");
    assert_string_equal(kta_json_str(head, "end"), "\\");
    kta_json_free(head);
    kta_str_release(&seen.all);
    list_stream_release(&s);
}

static void any_pieces(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < sizeof text; piece++)
        run(piece);
}

static void broken_item(void **state)
{
    struct list_stream s;
    struct seen seen = {0, KTA_STR_INIT};

    (void)state;
    list_stream_init(&s, "items", on_item, &seen);
    assert_int_equal(list_stream_feed(&s, "{\"items\":[{\"a\":}]}", 17), -1);
    assert_int_not_equal(s.err.code, KTA_E_OK);
    list_stream_release(&s);
    kta_str_release(&seen.all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(any_pieces), cmocka_unit_test(broken_item)};

    return cmocka_run_group_tests_name("liststream", tests, NULL, NULL);
}
