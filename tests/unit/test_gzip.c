/* gzip: round trip, damage, a bomb. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "gzip.h"
#include "kta/gzip.h"
#include "kta/limits.h"

static void test_round_trip(void **state)
{
    kta_auto_str struct kta_str in = KTA_STR_INIT, packed = KTA_STR_INIT, out = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    for (int i = 0; i < 50000; i++)
        kta_str_addf(&in, "line %d\n", i);
    kta_str_addn(&in, "\0\xff", 2);
    gzip(in.s, in.len, &packed);
    assert_true(packed.len < in.len / 2);
    assert_int_equal(kta_gunzip(packed.s, packed.len, &out, &err), 0);
    assert_int_equal(out.len, in.len);
    assert_memory_equal(out.s, in.s, in.len);
}

static void test_damage(void **state)
{
    kta_auto_str struct kta_str packed = KTA_STR_INIT, out = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    gzip("hello hello hello", 17, &packed);
    for (size_t n = 0; n < packed.len; n++)
        assert_int_equal(kta_gunzip(packed.s, n, &out, &err), -1);
    packed.s[packed.len - 6] ^= 1; /* the checksum */
    assert_int_equal(kta_gunzip(packed.s, packed.len, &out, &err), -1);
    assert_int_equal(kta_gunzip("not gzip at all", 15, &out, &err), -1);
    assert_int_equal(err.code, KTA_E_PARSE);
}

static void test_bomb(void **state)
{
    kta_auto_str struct kta_str in = KTA_STR_INIT, packed = KTA_STR_INIT, out = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    static const char zeros[1 << 16];
    (void)state;
    for (size_t i = 0; i < KTA_MAX_GUNZIP / sizeof zeros; i++)
        kta_str_addn(&in, zeros, sizeof zeros);
    gzip(in.s, in.len, &packed);
    assert_int_equal(kta_gunzip(packed.s, packed.len, &out, &err), 0);
    kta_str_clear(&out);
    kta_str_clear(&packed);
    kta_str_addc(&in, 'x');
    gzip(in.s, in.len, &packed);
    assert_int_equal(kta_gunzip(packed.s, packed.len, &out, &err), -1);
    assert_int_equal(err.code, KTA_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_bomb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
