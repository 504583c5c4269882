/* Markdown for a terminal: the bytes, and the same bytes in whatever pieces it comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../plugin/ui/render.h"
#include "kta/alloc.h"

static const struct row {
    bool colour;
    const char *in, *out;
} rows[] = {
    {false, "plain\n", "plain\n"},
    {false, "no newline", "no newline\n"},
    {false, "**bold** and `code`\n", "bold and code\n"},
    {true, "**bold** and `code`\n", "\033[1mbold\033[0m and \033[36mcode\033[0m\n"},
    {false, "a * b ** c ` d\n", "a * b ** c ` d\n"},
    {true, "# Title\n", "\033[1mTitle\033[0m\n"},
    {false, "# Title\n", "Title\n"},
    {false, "#5 is a number\n", "#5 is a number\n"},
    {false, "```yaml\na: **b**\n```\nend\n", "  a: **b**\nend\n"},
    {false, "| A | Blong |\n| --- | --- |\n| xx | y |\ntext\n", "A    Blong\nxx   y\ntext\n"},
    {false, "evil \033[2Jclear \033]8;;http://x\007link\n", "evil clear link\n"},
    {false, "a\r\nb\n", "a\nb\n"},
    {false, "", ""},
};

static void render(bool colour, const char *in, size_t piece, struct kta_str *out)
{
    struct render r;
    size_t n = strlen(in);

    render_init(&r, colour);
    for (size_t i = 0; i < n; i += piece)
        render_feed(&r, in + i, n - i < piece ? n - i : piece, out);
    render_end(&r, out);
    render_release(&r);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        for (size_t piece = 1; piece < 40; piece += 6) {
            struct kta_str out = KTA_STR_INIT;
            render(rows[i].colour, rows[i].in, piece, &out);
            assert_string_equal(out.s, rows[i].out);
            kta_str_release(&out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
