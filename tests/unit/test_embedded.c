/* The files of prompts/ are in the program, whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kta/embedded.h"

static void test_every_file_is_there(void **state)
{
    (void)state;
    assert_non_null(kta_embedded("system.md"));
    assert_null(kta_embedded("no such file"));
    for (const struct kta_embedded *f = kta_embedded_files; f->name; f++)
        assert_int_equal(f->text[f->size], '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_file_is_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
