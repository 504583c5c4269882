/* Unified diffs: exact small ones, and that any script turns one text into the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/diff.h"

static void test_small_ones(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
        int context;
        const char *want;
    } rows[] = {
        {"a\nb\n", "a\nb\n", 3, ""},
        {"a\nb\nc\n", "a\nx\nc\n", 3, "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"},
        {"", "a\n", 3, "@@ -0,0 +1 @@\n+a\n"},
        {"a\n", "", 3, "@@ -1 +0,0 @@\n-a\n"},
        {"a", "a\n", 3, "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
        {"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\nX\n4\n5\n6\n7\nY\n9\n", 1,
         "@@ -2,3 +2,3 @@\n 2\n-3\n+X\n 4\n@@ -7,3 +7,3 @@\n 7\n-8\n+Y\n 9\n"},
        {"1\n2\n3\n4\n", "X\n2\n3\nY\n", 1, "@@ -1,4 +1,4 @@\n-1\n+X\n 2\n 3\n-4\n+Y\n"},
        {"a\nb\nc\n", "a\nc\n", 0, "@@ -2 +1,0 @@\n-b\n"},
    };
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        kta_auto_str struct kta_str out = KTA_STR_INIT;
        kta_diff(rows[i].before, rows[i].after, rows[i].context, &out);
        assert_string_equal(out.s, rows[i].want);
    }
}

/* With all of the text as context, the lines " " and "-" are the one text, " " and "+" the other.
 */
static void check(const char *before, const char *after, size_t max_edits)
{
    kta_auto_str struct kta_str out = KTA_STR_INIT, a = KTA_STR_INIT, b = KTA_STR_INIT;
    kta_diff(before, after, 1000000, &out);
    size_t edits = 0;
    for (const char *p = out.s; *p;) {
        size_t n = strcspn(p, "\n") + 1;
        if (*p == ' ' || *p == '-')
            kta_str_addn(&a, p + 1, n - 1);
        if (*p == ' ' || *p == '+')
            kta_str_addn(&b, p + 1, n - 1);
        edits += *p == '-' || *p == '+';
        p += n;
    }
    if (out.len) {
        assert_string_equal(a.s, before);
        assert_string_equal(b.s, after);
    } else {
        assert_string_equal(before, after);
    }
    assert_true(edits <= max_edits);
}

static void test_random_edits(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 300; round++) {
        kta_auto_str struct kta_str a = KTA_STR_INIT, b = KTA_STR_INIT;
        size_t edits = 0;
        for (int i = 0; i < 60; i++) {
            int word = rand() % 5;
            int what = rand() % 10;
            if (what != 0)
                kta_str_addf(&a, "%d\n", word);
            if (what != 1)
                kta_str_addf(&b, "%d\n", word);
            edits += what < 2;
        }
        check(a.s, b.s, edits); /* minimal: never more than what was done */
    }
}

static void test_large_ones_are_bounded(void **state)
{
    (void)state;
    kta_auto_str struct kta_str a = KTA_STR_INIT, b = KTA_STR_INIT;
    for (int i = 0; i < 30000; i++) {
        kta_str_addf(&a, "%d\n", i);
        kta_str_addf(&b, "%d\n", i == 100 || i == 200 ? -i : i);
    }
    check(a.s, b.s, 202); /* one replaced block, but between the common ends */
    kta_str_clear(&a);
    kta_str_clear(&b);
    for (int i = 0; i < 10000; i++) {
        kta_str_addf(&a, "a%d\n", i);
        kta_str_addf(&b, "b%d\n", i);
    }
    check(a.s, b.s, 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_ones),
        cmocka_unit_test(test_random_edits),
        cmocka_unit_test(test_large_ones_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
