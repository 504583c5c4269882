/* Growable bytes, their limits, and the helpers on C strings; the errors made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/err.h"
#include "kta/str.h"

static void test_grows_and_is_always_terminated(void **state)
{
    (void)state;
    struct kta_str b = KTA_STR_INIT;
    assert_string_equal(b.s, "");
    for (int i = 0; i < 10000; i++) {
        kta_str_addc(&b, 'x');
        assert_int_equal(b.s[b.len], '\0');
    }
    assert_int_equal(b.len, 10000);
    kta_str_clear(&b);
    kta_str_addn(&b, "a\0b", 3);
    assert_int_equal(b.len, 3);
    assert_memory_equal(b.s, "a\0b", 4);
    kta_str_clear(&b);
    kta_str_addf(&b, "%s-%d", "x", 7);
    kta_str_addf(&b, "%0500d", 1); /* longer than the buffer on the stack */
    assert_int_equal(b.len, 503);
    char *s = kta_str_detach(&b);
    assert_int_equal(strlen(s), 503);
    free(s);
    assert_string_equal(b.s, "");
    s = kta_str_detach(&b);
    assert_string_equal(s, "");
    free(s);
    kta_str_release(&b);
    kta_str_release(&b);
}

static void test_a_limit_cuts_and_says_so(void **state)
{
    (void)state;
    kta_auto_str struct kta_str b = KTA_STR_LIMITED(5);
    assert_int_equal(kta_str_add(&b, "abc"), 0);
    assert_int_equal(kta_str_add(&b, "de"), 0);
    assert_false(b.cut);
    assert_int_equal(kta_str_add(&b, "f"), -1);
    assert_true(b.cut);
    assert_string_equal(b.s, "abcde");
    kta_str_clear(&b);
    assert_false(b.cut);
    assert_int_equal(kta_str_addf(&b, "%s", "1234567"), -1);
    assert_string_equal(b.s, "12345");
    kta_str_release(&b);
    assert_int_equal(b.max, 5);
}

static void test_trim_and_truncate(void **state)
{
    (void)state;
    kta_auto_str struct kta_str b = KTA_STR_INIT;
    kta_str_trim(&b);
    kta_str_truncate(&b, 9);
    kta_str_add(&b, " \t\n a b \r\n");
    kta_str_trim(&b);
    assert_string_equal(b.s, "a b");
    kta_str_truncate(&b, 1);
    assert_string_equal(b.s, "a");
    kta_str_clear(&b);
    kta_str_add(&b, " \n ");
    kta_str_trim(&b);
    assert_string_equal(b.s, "");
    assert_int_equal(b.len, 0);
}

static void test_helpers(void **state)
{
    (void)state;
    assert_true(kta_streq(NULL, NULL));
    assert_false(kta_streq(NULL, ""));
    assert_true(kta_starts("abc", "ab") && !kta_starts("a", "ab") && !kta_starts(NULL, "a"));
    assert_true(kta_ends("abc", "bc") && !kta_ends("c", "bc") && kta_ends("c", ""));
    assert_string_equal(kta_or("", "x"), "x");
    assert_string_equal(kta_stristr("Back-Off restarting", "OFF"), "Off restarting");
    assert_null(kta_stristr("abc", "abcd"));
    assert_null(kta_stristr(NULL, "a"));
    assert_string_equal(kta_stristr("", ""), "");
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const names[] = {"--namespace", "--context", "--output", "get", "describe"};
    size_t n = KTA_LEN(names);
    assert_string_equal(kta_nearest("--namespcae", names, n), "--namespace");
    assert_string_equal(kta_nearest("--outptu", names, n), "--output");
    assert_string_equal(kta_nearest("desc", names, n), "describe");
    assert_string_equal(kta_nearest("gte", names, n), "get");
    assert_null(kta_nearest("completely-else", names, n));
    assert_null(kta_nearest("", names, n));
    static const char *const keys[] = {"USERNAME", "PASSWORD", "redis-url", "redis_urls"};
    assert_string_equal(kta_nearest("password", keys, 4), "PASSWORD");
    assert_string_equal(kta_nearest("REDIS_URL", keys, 4), "redis-url");
    assert_string_equal(kta_nearest("redis_url", keys, 4), "redis-url");
    assert_string_equal(kta_nearest("a-b", (const char *const[]){"A_B", "a-b"}, 2), "a-b");
    assert_int_equal(kta_distance("ab", "ba", 5), 1);
    assert_int_equal(kta_distance("kitten", "sitting", 5), 3);
    assert_int_equal(kta_distance("kitten", "sitting", 2), 3);
    assert_int_equal(kta_distance("", "abc", 3), 3);
    char big[400];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    assert_int_equal(kta_distance(big, big, 3), 4);
    assert_null(kta_nearest(big, names, n));
}

static void test_errors_are_sentences(void **state)
{
    (void)state;
    struct kta_err err = KTA_ERR_INIT;
    assert_int_equal(kta_err_sys(&err, KTA_E_FAIL, ENOENT, "cannot read '%s'", "x"), -1);
    assert_string_equal(err.msg, "cannot read 'x': No such file or directory");
    assert_int_equal(err.sys, ENOENT);
    kta_err_hint(&err, "create it");
    kta_err_wrap(&err, "load kubeconfig");
    assert_string_equal(err.msg, "load kubeconfig: cannot read 'x': No such file or directory");
    assert_string_equal(err.hint, "create it");
    kta_err_set(&err, KTA_E_POLICY, "again: %s", err.msg); /* its own text as argument */
    assert_true(kta_starts(err.msg, "again: load kubeconfig: "));
    assert_string_equal(err.hint, "");
    assert_string_equal(kta_code_name(KTA_E_NOT_FOUND), "NotFound");
    assert_string_equal(kta_code_name((enum kta_code)99), "Failed");
    char big[3000];
    for (size_t i = 0; i + 2 < sizeof big; i += 2)
        memcpy(big + i, "ä", 2);
    big[sizeof big - 2] = '\0';
    kta_err_set(&err, KTA_E_FAIL, "x%s", big);
    size_t n = strlen(err.msg);
    assert_true(n == sizeof err.msg - 1);
    kta_err_set(&err, KTA_E_FAIL, "%s", big);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 2); /* no half of an ä */
    kta_err_clear(&err);
    kta_err_wrap(&err, "alone");
    assert_string_equal(err.msg, "alone");
}

static void test_memory(void **state)
{
    (void)state;
    assert_null(kta_strdup(NULL));
    kta_auto_free char *a = kta_strndup("abc", 2);
    assert_string_equal(a, "ab");
    char *stolen = KTA_STEAL(a);
    assert_null(a);
    free(stolen);
    int *v = NULL;
    size_t n = 0, cap = 0;
    for (int i = 0; i < 1000; i++) {
        KTA_GROW(v, n, cap);
        v[n++] = i;
    }
    assert_int_equal(v[999], 999);
    free(v);
    free(kta_malloc(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows_and_is_always_terminated),
        cmocka_unit_test(test_a_limit_cuts_and_says_so),
        cmocka_unit_test(test_trim_and_truncate),
        cmocka_unit_test(test_helpers),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_errors_are_sentences),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
