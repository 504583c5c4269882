/* Times, ages, durations, base64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/b64.h"
#include "kta/clock.h"

static void test_rfc3339(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t want;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-23T18:40:00Z", 1795459200},
        {"2026-11-23T18:40:00.123456789Z", 1795459200},
        {"2026-11-23T20:10:00+01:30", 1795459200},
        {"2026-11-23t13:40:00-05:00", 1795459200},
        {"2024-02-29T00:00:00Z", 1709164800},
        {"2000-02-29T23:59:60Z", 951868800},
        {"0001-01-01T00:00:00Z", -62135596800},
        {"9999-12-31T23:59:59Z", 253402300799},
        {"2023-02-29T00:00:00Z", KTA_NO_TIME},
        {"2026-13-01T00:00:00Z", KTA_NO_TIME},
        {"2026-01-01T24:00:00Z", KTA_NO_TIME},
        {"2026-01-01T00:00:00", KTA_NO_TIME},
        {"2026-01-01T00:00:00.Z", KTA_NO_TIME},
        {"2026-01-01T00:00:00Zx", KTA_NO_TIME},
        {"2026-01-01T00:00:00+1:00", KTA_NO_TIME},
        {"2026-01-01", KTA_NO_TIME},
        {"", KTA_NO_TIME},
        {NULL, KTA_NO_TIME},
    };
    for (size_t i = 0; i < KTA_LEN(rows); i++)
        if (kta_time_parse(rows[i].text) != rows[i].want)
            fail_msg("%s: %lld", rows[i].text, (long long)kta_time_parse(rows[i].text));
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    kta_time_format(1795459200, &s);
    assert_string_equal(s.s, "2026-11-23T18:40:00Z");
}

static void test_ages_as_kubectl_prints_them(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *want;
    } rows[] = {
        {0, "0s"},        {119, "119s"},     {120, "2m"},       {200, "3m20s"},
        {599, "9m59s"},   {600, "10m"},      {10799, "179m"},   {10800, "3h"},
        {12240, "3h24m"}, {28800, "8h"},     {172799, "47h"},   {172800, "2d"},
        {180000, "2d2h"}, {691200, "8d"},    {63072000, "2y"},  {66528000, "2y40d"},
        {-1, "0s"},       {-5, "<invalid>"}, {252288000, "8y"},
    };
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        kta_auto_str struct kta_str s = KTA_STR_INIT;
        kta_age(rows[i].seconds, &s);
        assert_string_equal(s.s, rows[i].want);
    }
}

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t want; /* -1: an error */
    } rows[] = {
        {"30s", 30000},
        {"1m30s", 90000},
        {"2h", 7200000},
        {"0", 0},
        {"0s", 0},
        {"500ms", 500},
        {"15", 15000},
        {"1.5h", 5400000},
        {"1ns", 1},
        {"+5s", 5000},
        {".5s", 500},
        {"1h2m3s4ms", 3723004},
        {"100us", 1},
        {"2.5", 2500},
        {"", -1},
        {"s", -1},
        {"5x", -1},
        {"-5s", -1},
        {"5s3", -1},
        {"1d", -1},
        {"1 s", -1},
        {"1e3s", -1},
        {"99999999999999999h", -1},
        {"1m30", -1},
        {"nan", -1},
        {"0x10", -1},
    };
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct kta_err err = KTA_ERR_INIT;
        int64_t ms = -1;
        int rc = kta_duration(rows[i].text, &ms, &err);
        if (rc != (rows[i].want < 0 ? -1 : 0) || ms != rows[i].want)
            fail_msg("%s: %d %lld", rows[i].text, rc, (long long)ms);
        if (rc < 0)
            assert_int_equal(err.code, KTA_E_USAGE);
    }
}

static void test_base64_both_ways(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < KTA_LEN(pairs); i++) {
        kta_auto_str struct kta_str e = KTA_STR_INIT, d = KTA_STR_INIT;
        kta_b64_encode(pairs[i][0], strlen(pairs[i][0]), &e);
        assert_string_equal(e.s, pairs[i][1]);
        assert_int_equal(kta_b64_decode(e.s, e.len, &d), 0);
        assert_string_equal(d.s, pairs[i][0]);
    }
    kta_auto_str struct kta_str d = KTA_STR_INIT;
    assert_int_equal(kta_b64_decode(" Zm 9v\nYg \n", 11, &d), 0);
    assert_string_equal(d.s, "foob");
    kta_str_clear(&d);
    assert_int_equal(kta_b64_decode("-_-_", 4, &d), 0);
    assert_memory_equal(d.s, "\xfb\xff\xbf", 3);
    kta_str_clear(&d);
    assert_int_equal(kta_b64_decode("Zm9v!", 5, &d), -1);
    assert_string_equal(d.s, "foo");
    static const char *const broken[] = {"Z", "Zm9vY", "Zg===", "=", "Zm9v=", "Zg==Zg==", "Z=g="};
    for (size_t i = 0; i < KTA_LEN(broken); i++)
        assert_int_equal(kta_b64_decode(broken[i], strlen(broken[i]), &d), -1);
    unsigned char all[3000];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (unsigned char)(i * 7 + i / 256);
    kta_auto_str struct kta_str e = KTA_STR_INIT;
    kta_b64_encode(all, sizeof all, &e);
    kta_str_clear(&d);
    assert_int_equal(kta_b64_decode(e.s, e.len, &d), 0);
    assert_int_equal(d.len, sizeof all);
    assert_memory_equal(d.s, all, sizeof all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc3339),
        cmocka_unit_test(test_ages_as_kubectl_prints_them),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_base64_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
