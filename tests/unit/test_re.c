/* Regular expressions: groups, invalid UTF-8, and patterns that would run away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kta/re.h"
#include "kta/str.h"

static void test_groups(void **state)
{
    struct kta_re *re = kta_re_must("(?<key>[a-z]+)=(\\d+)?", KTA_RE_ICASE);
    const char *s = "x: KEY=12, other=";
    struct kta_match m;
    char *g;
    (void)state;
    assert_true(kta_re_find(re, s, strlen(s), 0, &m));
    g = kta_re_group(s, &m, kta_re_named(re, "key"));
    assert_string_equal(g, "KEY");
    free(g);
    assert_int_equal(m.start[2], 7);
    assert_true(kta_re_find(re, s, strlen(s), m.end[0], &m));
    assert_null(kta_re_group(s, &m, 2));
    assert_int_equal(kta_re_named(re, "none"), -1);
    assert_false(kta_re_find(re, s, strlen(s), strlen(s) + 1, &m));
    kta_re_free(re);
}

static void test_invalid_utf8(void **state)
{
    struct kta_re *re = kta_re_must("caf\xc3\xa9|token", 0);
    const char s[] = "\xff\xfe\x80 token \xc3";
    struct kta_match m;
    (void)state;
    assert_true(kta_re_find(re, s, sizeof s - 1, 0, &m));
    assert_int_equal(m.start[0], 4);
    assert_false(kta_re_find(re, s, sizeof s - 1, m.end[0], &m));
    kta_re_free(re);
}

static void test_wrong_pattern(void **state)
{
    struct kta_re *re = NULL;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    assert_int_equal(kta_re_compile("a(b", 0, &re, &err), -1);
    assert_int_equal(err.code, KTA_E_PARSE);
    assert_non_null(strstr(err.msg, "a(b"));
    assert_null(re);
}

static void test_cannot_run_away(void **state)
{
    struct kta_re *re = kta_re_must("^(a+)+$", 0);
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    (void)state;
    for (int i = 0; i < 5000; i++)
        kta_str_addc(&s, 'a');
    kta_str_addc(&s, '!');
    assert_false(kta_re_find(re, s.s, s.len, 0, NULL));
    kta_re_free(re);
    re = kta_re_must("^(a|b|[^x])*(.)\\2$", 0);
    assert_false(kta_re_find(re, s.s, s.len, 0, NULL));
    kta_re_free(re);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_invalid_utf8),
        cmocka_unit_test(test_wrong_pattern),
        cmocka_unit_test(test_cannot_run_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
