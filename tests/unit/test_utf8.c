/* Text from outside: decoding, cutting, cleaning, measuring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/utf8.h"

static void test_decoding_at_the_boundaries(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        size_t n, len;
        uint32_t cp;
    } rows[] = {
        {"A", 1, 1, 'A'},
        {"\xC2\x80", 2, 2, 0x80},
        {"\xDF\xBF", 2, 2, 0x7FF},
        {"\xE0\xA0\x80", 3, 3, 0x800},
        {"\xEF\xBF\xBF", 3, 3, 0xFFFF},
        {"\xF0\x90\x80\x80", 4, 4, 0x10000},
        {"\xF4\x8F\xBF\xBF", 4, 4, 0x10FFFF},
        {"\xF4\x90\x80\x80", 4, 1, 0xFFFD}, /* above the last */
        {"\xED\xA0\x80", 3, 1, 0xFFFD},     /* a surrogate */
        {"\xC0\xAF", 2, 1, 0xFFFD},         /* overlong */
        {"\xE0\x9F\xBF", 3, 1, 0xFFFD},
        {"\xF0\x8F\xBF\xBF", 4, 1, 0xFFFD},
        {"\x80", 1, 1, 0xFFFD},
        {"\xE2\x82", 2, 1, 0xFFFD}, /* cut */
        {"\xFF", 1, 1, 0xFFFD},
        {"\0", 1, 1, 0},
    };
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        uint32_t cp = 1;
        assert_int_equal(kta_utf8_decode(rows[i].s, rows[i].n, &cp), rows[i].len);
        assert_int_equal(cp, rows[i].cp);
        assert_int_equal(kta_utf8_valid(rows[i].s, rows[i].n), cp != 0xFFFD);
    }
    assert_true(kta_utf8_valid("\xEF\xBF\xBD", 3)); /* U+FFFD itself is valid */
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    kta_utf8_encode(0x24, &s);
    kta_utf8_encode(0xA2, &s);
    kta_utf8_encode(0x20AC, &s);
    kta_utf8_encode(0x10348, &s);
    kta_utf8_encode(0xD800, &s);
    assert_string_equal(s.s, "$\xC2\xA2\xE2\x82\xAC\xF0\x90\x8D\x88\xEF\xBF\xBD");
}

static void test_cutting(void **state)
{
    (void)state;
    const char *s = "a\xE2\x82\xAC\xF0\x90\x8D\x88";
    static const size_t want[] = {0, 1, 1, 1, 4, 4, 4, 4, 8, 8};
    for (size_t max = 0; max < KTA_LEN(want); max++)
        assert_int_equal(kta_utf8_prefix(s, 8, max), want[max]);
    assert_int_equal(kta_utf8_prefix("\x80\x80\x80\x80\x80\x80", 6, 5), 5); /* not UTF-8 at all */
}

static void cleaned(const char *s, size_t n, const char *want)
{
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    kta_clean(s, n, &out);
    assert_string_equal(out.s, want);
    assert_int_equal(kta_deceptive(s, n), n != out.len || memcmp(s, out.s, n) != 0);
    kta_auto_str struct kta_str again = KTA_STR_INIT;
    kta_clean(out.s, out.len, &again);
    assert_string_equal(again.s, want);
}
#define CLEANED(s, want) cleaned((s), sizeof(s) - 1, (want))

static void test_cleaning(void **state)
{
    (void)state;
    CLEANED("plain\ttext\n", "plain\ttext\n");
    CLEANED("a\r\nb\r", "a\nb");
    CLEANED("\033[1;31mred\033[0m", "red");
    CLEANED("\033]8;;http://evil\033\\link\033]8;;\a", "link");
    CLEANED("\033]0;title\xC2\x9Cx", "x");
    CLEANED("\033Pq#1\033\\x", "x");
    CLEANED("\xC2\x9B"
            "31mx",
            "x");
    CLEANED("\033(Bx\033cy", "xy");
    CLEANED("\033]never ends", "never ends");
    CLEANED("\033]a\nb\a", "a\nb");
    CLEANED("\033[31", "");
    CLEANED("\033", "");
    CLEANED("a\0b\bc\x7F", "abc");
    CLEANED("\xE2\x80\xAEgnp.exe", "gnp.exe");
    CLEANED("de\xE2\x80\x8B"
            "fault\xEF\xBB\xBF",
            "default");
    CLEANED("\xE2\x81\xA6x\xE2\x81\xA9", "x");
    CLEANED("\xF3\xA0\x81\xA1x", "x"); /* a tag character */
    CLEANED("bad\xFF\xC3", "bad\xEF\xBF\xBD\xEF\xBF\xBD");
    CLEANED("ok \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80",
            "ok \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80");
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(kta_width('a'), 1);
    assert_int_equal(kta_width(0xE4), 1);
    assert_int_equal(kta_width(0x301), 0);
    assert_int_equal(kta_width(0x4E2D), 2);
    assert_int_equal(kta_width(0xAC00), 2);
    assert_int_equal(kta_width(0xFF21), 2);
    assert_int_equal(kta_width(0x1F600), 2);
    assert_int_equal(kta_width(0x20000), 2);
    assert_int_equal(kta_width(0x200B), 0);
    assert_int_equal(kta_width(0x2502), 1);
    assert_int_equal(kta_width(0x416), 1);
    assert_int_equal(kta_str_width("e\xCC\x81\xE4\xB8\xAD", 5), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decoding_at_the_boundaries),
        cmocka_unit_test(test_cutting),
        cmocka_unit_test(test_cleaning),
        cmocka_unit_test(test_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
