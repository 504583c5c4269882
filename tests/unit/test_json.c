/* JSON values: what cJSON would get wrong, and what our own printing promises. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kta/json.h"
#include "kta/limits.h"

static struct kta_json *parse(const char *s)
{
    struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;
    if (kta_json_parse(s, strlen(s), &v, &err) < 0)
        fail_msg("%s: %s", s, err.msg);
    return v;
}

static void refuses(const char *s, size_t n, enum kta_code code)
{
    struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;
    assert_int_equal(kta_json_parse(s, n, &v, &err), -1);
    assert_null(v);
    assert_int_equal(err.code, code);
    assert_true(err.msg[0] != '\0');
}

static void test_round_trip(void **state)
{
    static const char *const rows[][2] = {
        {"{\"a\":[1,2.5,-3,true,false,null,\"x\"]}", NULL},
        {" [ ] \n", "[]"},
        {"{}", NULL},
        {"0", NULL},
        {"9007199254740992", NULL},
        {"1732387000123456", NULL},
        {"{\"a\\\"1\":[\"-1\",9007199254740993,{\"b\":-9223372036854775808},0.12345678901234567890]"
         "}",
         NULL},
        {"0.1", NULL},
        {"1e300", "1e+300"},
        {"\"\\u00e9 \\ud83d\\ude00\"", "\"é 😀\""},
        {"\"\\ud83d alone\"", "\"\xef\xbf\xbd alone\""},
        {"\"\\ude00\\ud83d\"", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\"\\\\ud83d\"", NULL},
        {"\"a\\nb\\u0001\\u007f\\\"\\\\\"", NULL},
        {"\"\xff\xfe\"", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kta_auto_json struct kta_json *v = parse(rows[i][0]);
        kta_auto_str struct kta_str out = KTA_STR_INIT;
        kta_json_print(v, false, &out);
        assert_string_equal(out.s, rows[i][1] ? rows[i][1] : rows[i][0]);
    }
}

static void test_refuses(void **state)
{
    static const char *const rows[] = {"",          "{",       "[1,]",  "{\"a\":}",
                                       "nul",       "1 2",     "{} x",  "\"open",
                                       "{\"a\" 1}", "'x'",     "[1 2]", "{\"a\":1",
                                       "\"\\u12\"", "\"\\x\"", "-",     "[\"a\\"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuses(rows[i], strlen(rows[i]), KTA_E_PARSE);
    refuses("\"a\\u0000b\"", 10, KTA_E_PARSE);
    refuses("\"a\0b\"", 5, KTA_E_PARSE);
    /* no byte beyond n is looked at */
    refuses("[1,2]", 3, KTA_E_PARSE);
    refuses("\"\\ud83d\\ude00\"", 9, KTA_E_PARSE);
}

static void test_depth(void **state)
{
    kta_auto_str struct kta_str deep = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_json *v = NULL;
    (void)state;
    for (int i = 0; i < KTA_MAX_JSON_DEPTH; i++)
        kta_str_addc(&deep, '[');
    for (int i = 0; i < KTA_MAX_JSON_DEPTH; i++)
        kta_str_addc(&deep, ']');
    assert_int_equal(kta_json_parse(deep.s, deep.len, &v, &err), 0);
    kta_json_free(v);
    kta_str_clear(&deep);
    for (int i = 0; i < 100000; i++)
        kta_str_add(&deep, "{\"a\":");
    refuses(deep.s, deep.len, KTA_E_LIMIT);
    /* brackets in strings do not count */
    kta_str_clear(&deep);
    kta_str_addc(&deep, '"');
    for (int i = 0; i < 1000; i++)
        kta_str_addc(&deep, '[');
    kta_str_addc(&deep, '"');
    assert_int_equal(kta_json_parse(deep.s, deep.len, &v, &err), 0);
    kta_json_free(v);
}

static void test_reading(void **state)
{
    kta_auto_json struct kta_json *v =
        parse("{\"spec\":{\"c\":[{\"image\":\"a:1\",\"n\":7,\"on\":true}],\"Replicas\":3},"
              "\"big\":1e30,\"s\":\"\",\"a.b\":1}");
    int n = 0;
    (void)state;
    assert_string_equal(kta_json_str(v, "spec.c[0].image"), "a:1");
    assert_int_equal(kta_json_int(v, "spec.c[0].n", -1), 7);
    assert_true(kta_json_bool(v, "spec.c[0].on", false));
    assert_null(kta_json_at(v, "spec.c[1]"));
    assert_null(kta_json_at(v, "spec.c[x]"));
    assert_null(kta_json_at(v, "spec[0]"));
    assert_null(kta_json_at(v, "spec.c.image"));
    assert_null(kta_json_get(v, "Spec")); /* case matters */
    assert_int_equal(kta_json_int(v, "spec.replicas", -1), -1);
    assert_int_equal(kta_json_int(v, "big", 0), INT64_MAX);
    assert_int_equal(kta_json_count(v, "big", 0), INT_MAX);
    assert_int_equal(kta_json_count(v, "absent", -1), 0);
    assert_int_equal(kta_json_int(v, "s", 5), 5);
    assert_string_equal(kta_json_str(v, "s"), "");
    assert_int_equal(kta_json_int(kta_json_get(v, "a.b"), NULL, 0), 1);
    assert_null(kta_json_at(NULL, "a"));
    assert_int_equal(kta_json_len(NULL), 0);
    assert_int_equal(kta_json_type(NULL), KTA_JSON_NONE);
    kta_json_each(m, v)
        n += kta_json_key(m) != NULL;
    assert_int_equal(n, 4);
}

static void test_building(void **state)
{
    kta_auto_json struct kta_json *v = kta_json_new_object();
    kta_auto_json struct kta_json *copy = NULL;
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    struct kta_json *list = kta_json_set(v, "list", kta_json_new_array());
    (void)state;
    kta_json_set_str(v, "name", "old");
    kta_json_set_str(v, "name", "new\xc3");
    kta_json_set_int(v, "n", 0);
    kta_json_set_bool(v, "b", false);
    kta_json_set_str(v, "nothing", NULL);
    kta_json_push_str(list, "x");
    kta_json_push(list, kta_json_new_num(0.25));
    assert_null(kta_json_set(list, "k", kta_json_new_null()));
    assert_null(kta_json_push(NULL, kta_json_new_null()));
    kta_json_remove(v, "b");
    kta_json_remove(v, "not there");
    kta_json_print(v, false, &out);
    assert_string_equal(out.s, "{\"list\":[\"x\",0.25],\"name\":\"new\xef\xbf\xbd\",\"n\":0,"
                               "\"nothing\":null}");
    copy = kta_json_copy(v);
    assert_true(kta_json_equal(v, copy));
    kta_json_replace_text(kta_json_get(copy, "name"), "a longer text than before");
    assert_string_equal(kta_json_str(copy, "name"), "a longer text than before");
    assert_false(kta_json_equal(v, copy));
    kta_str_clear(&out);
    kta_json_print(kta_json_get(v, "list"), true, &out);
    assert_string_equal(out.s, "[\n  \"x\",\n  0.25\n]");
}

static void test_equal_and_duplicates(void **state)
{
    kta_auto_json struct kta_json *a = parse("{\"x\":1,\"y\":[{\"k\":null}]}");
    kta_auto_json struct kta_json *b = parse("{\"y\":[{\"k\":null}],\"x\":1.0}");
    kta_auto_json struct kta_json *twice = parse("[{\"a\":{\"v\":1,\"w\":2,\"v\":3}}]");
    (void)state;
    assert_true(kta_json_equal(a, b));
    assert_false(kta_json_equal(a, twice));
    assert_false(kta_json_has_duplicates(a));
    assert_true(kta_json_has_duplicates(twice));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_depth),      cmocka_unit_test(test_reading),
        cmocka_unit_test(test_building),   cmocka_unit_test(test_equal_and_duplicates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
