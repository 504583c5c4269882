/* Markdown for a terminal: the bytes, and the same bytes in whatever pieces it comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../plugin/ui/render.h"
#include "kta/alloc.h"
#include "kta/markdown.h"
#include "kta/utf8.h"

#define B "\033[1m"
#define C "\033[36m"
#define E "\033[35m"
#define D "\033[2m"
#define P "\033[0m"

static const struct row {
    bool colour;
    int width;
    const char *in, *out;
} rows[] = {
    /* plain: no byte of an escape */
    {false, 0, "plain\n", "plain\n"},
    {false, 0, "no newline", "no newline\n"},
    {false, 0, "", ""},
    {false, 0, "\n\na\n\n", "\n\na\n\n"},
    {false, 0, "**bold** and `code` [e3]\n", "bold and code [e3]\n"},
    {false, 0, "# Title\n> quoted\n---\n", "Title\n> quoted\n---\n"},
    {false, 0, "a\r\nb\n", "a\nb\n"},
    /* marks */
    {true, 0, "**bold** and `code`\n", B "bold" P " and " C "code" P "\n"},
    {true, 0, "**two words**, **a `b` c**\n",
     B "two words" P ", " B "a " P B C "b" P B " c" P "\n"},
    {true, 0, "a * b ** c ` d\n", "a * b ** c ` d\n"},
    {true, 0, "**open\n`open\n", "**open\n`open\n"},
    {true, 0, "``a`b`` \\*no\\* 2*3*4 ***x***\n",
     C "a`b" P " *no* 2*3*4 **"
       "*x**"
       "*\n"},
    {false, 0, "`` `a` `` and ` b ` and ``  ``\n", "`a` and b and   \n"},
    {true, 0, "see [e3] and [e1, e12], [f1.a]\n",
     "see " E "[e3]" P " and " E "[e1, e12]" P ", " E "[f1.a]" P "\n"},
    {true, 0, "[e] [x](http://y) [ ] [e3 a[0] [\n", "[e] [x](http://y) [ ] [e3 a[0] [\n"},
    {true, 0, "__init__ snake_case\n", "__init__ snake_case\n"},
    /* blocks */
    {true, 0, "# Title\n### **b** x\n", B "Title" P "\n" B "b x" P "\n"},
    {true, 0, "#5 is a number\n#tag\n", "#5 is a number\n#tag\n"},
    {true, 0, "- a\n  - b\n* c\n+ d\n1. e\n12) f\n", "• a\n  • b\n• c\n• d\n1. e\n12) f\n"},
    {true, 0, "-\n-5 is\n1.5 is\n- \n1999 was\n", "-\n-5 is\n1.5 is\n• \n1999 was\n"},
    {true, 0, "**a**\n*b*\n", B "a" P "\n*b*\n"},
    {true, 6, "---\n***\n--\n", D "──────" P "\n" D "──────" P "\n--\n"},
    {true, 0, "> a\n", D "│" P " a\n"},
    /* code */
    {false, 0, "```yaml\na: **b**\n```\nend\n", "  a: **b**\nend\n"},
    {true, 0, "```yaml\na: **b**\n\n# c\n```\nend\n",
     D "│" P "  a: **b**\n" D "│" P "  \n" D "│" P "  # c\nend\n"},
    {true, 0, "````\n```\n````\nend\n~~~\n```\n~~~\n", D "│" P "  ```\nend\n" D "│" P "  ```\n"},
    {true, 0, "- x\n  ```sh\n  a\n    b\n  ```\n", "• x\n" D "│" P "  a\n" D "│" P "    b\n"},
    {true, 0, "```inline``` x\n", C "inline" P " x\n"},
    {false, 0, "```\nnot closed", "  not closed\n"},
    /* words at the edge */
    {false, 20, "one two three four five six\n", "one two three four\nfive six\n"},
    {false, 20, "- one two three four five six\n", "- one two three four\n  five six\n"},
    {false, 20, "12345678901234567890 12345\n", "12345678901234567890\n12345\n"},
    {false, 20, "a 12345678901234567890123 b\n", "a\n12345678901234567890123 b\n"},
    {false, 20, "aaaaaaaaaaaaaaa 123456789012345678901234 b\n",
     "aaaaaaaaaaaaaaa\n123456789012345678901234 b\n"},
    {false, 60, "image tag it has is not there: todo-frontend:v9 and the registry said so\n",
     "image tag it has is not there: todo-frontend:v9 and the\nregistry said so\n"},
    {false, 40, "the image is todo-frontend-of-the-team:v9\n",
     "the image is\ntodo-frontend-of-the-team:v9\n"},
    {true, 20, "aaaaaaaaaaaaaaa **bbb ccc** d\n", "aaaaaaaaaaaaaaa " B "bbb\nccc" P " d\n"},
    {false, 20, "run `kubectl get pods -A` now\n", "run\nkubectl get pods -A\nnow\n"},
    {false, 20, "run this here x `a b c d e`\n", "run this here x\na b c d e\n"},
    {false, 10, "漢字漢字漢字漢字\n", "漢字漢字漢\n字漢字\n"},
    {false, 10,
     "e\xCC\x81"
     "e\xCC\x81"
     "e\xCC\x81"
     "e\xCC\x81"
     "e\xCC\x81"
     " bbbb cc\n",
     "e\xCC\x81"
     "e\xCC\x81"
     "e\xCC\x81"
     "e\xCC\x81"
     "e\xCC\x81"
     " bbbb\ncc\n"},
    /* tables */
    {false, 0, "| A | Blong |\n| --- | --- |\n| xx | y |\ntext\n", "A    Blong\nxx   y\ntext\n"},
    {true, 0, "| A |\n|---|\n| `x` |\n", B "A" P "\n" C "x" P "\n"},
    {false, 0, "|A|B|\n|---|---:|\n|x|1|\n|y|100|\n", "A     B\nx     1\ny   100\n"},
    {false, 0, "|A|B|\n|-|-|\n|a\\|b|`c|d`|\n", "A     B\na|b   c|d\n"},
    {false, 0, "|漢字|B|\n|-|-|\n|x|e\xCC\x81|\n|yyyyy|z|\n",
     "漢字    B\nx       e\xCC\x81\nyyyyy   z\n"},
    {false, 30, "|NAME|WHY|\n|-|-|\n|backend|it has no DATABASE_URL and so it ends|\n",
     "NAME      WHY\nbackend   it has no\n          DATABASE_URL and so\n          it ends\n"},
    {false, 24, "|A|B|\n|-|-|\n|0123456789abc|0123456789abcdef|\n",
     "A            B\n0123456789   0123456789a\nabc          bcdef\n"},
    {false, 14, "|A|B|\n|-|-|\n|0123456789|0123456789|\n|x|y|\n",
     "A: 0123456789\nB: 0123456789\n\nA: x\nB: y\n"},
    {false, 20,
     "|a|b with words|c|\n|-|-|-|\n|one two three four five|`x y z` and more|漢字漢字|\n",
     "a: one two three\nfour five\nb with words: x y z\nand more\nc: 漢字漢字\n"},
    {false, 14, "|0123456789|abcde fghij|\n|-|-|\n", "0123456789\nabcde fghij\n"},
    {false, 0, "| not\n| a table\n", "not\na table\n"},
    /* what must not pass */
    {false, 0, "evil \033[2Jclear \033]8;;http://x\007link\n", "evil clear link\n"},
    {false, 0,
     "a\xC2\x9B"
     "31mb\xE2\x80\xAE"
     "c\x08\xFF\n",
     "abc\xEF\xBF\xBD\n"},
    {false, 0, "\033[", "\n"},
};

static void render(const struct row *row, size_t first, size_t piece, struct kta_str *out)
{
    struct render r;
    size_t n = strlen(row->in);

    render_init(&r, row->colour, row->width);
    for (size_t i = 0; i < n;) {
        size_t len = i == 0 && first > 0 ? first : piece;
        len = n - i < len ? n - i : len;
        render_feed(&r, row->in + i, len, out);
        i += len;
    }
    render_end(&r, out);
    render_release(&r);
}

static void check(const struct row *row, size_t first, size_t piece)
{
    struct kta_str out = KTA_STR_INIT;

    render(row, first, piece, &out);
    if (!kta_streq(out.s, row->out))
        print_error("of <%s>, pieces of %zu, first %zu:\n", row->in, piece, first);
    assert_string_equal(out.s, row->out);
    kta_str_release(&out);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++)
        check(&rows[i], 0, SIZE_MAX);
}

/* Cut once at every byte, and into pieces of every size. */
static void test_streamed(void **state)
{
    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        for (size_t at = 1; at < strlen(rows[i].in); at++) {
            check(&rows[i], at, SIZE_MAX);
            check(&rows[i], 0, at);
        }
    }
}

/* All rows as one text, at every width, with colours and without: streamed is the same as
 * whole. */
static void test_every_width(void **state)
{
    struct kta_str all = KTA_STR_INIT;

    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++)
        kta_str_addf(&all, "%s\n", rows[i].in);
    for (int width = 0; width < 100; width += 7) {
        for (int colour = 0; colour < 2; colour++) {
            struct kta_str whole = KTA_STR_INIT;
            struct row row = {colour, width, all.s, NULL};
            render(&row, 0, SIZE_MAX, &whole);
            row.out = whole.s;
            check(&row, 0, 1);
            check(&row, 0, 5);
            kta_str_release(&whole);
        }
    }
    kta_str_release(&all);
}

/* The first word is on the screen before the line is complete. */
static void test_at_once(void **state)
{
    struct render r;
    struct kta_str out = KTA_STR_INIT;

    (void)state;
    render_init(&r, true, 80);
    render_feed(&r, "The", 3, &out);
    assert_string_equal(out.s, "The");
    render_feed(&r, " pod **is", 9, &out);
    assert_string_equal(out.s, "The pod");
    render_feed(&r, " down**", 7, &out);
    render_feed(&r, "! ", 2, &out); /* a word goes out when its end shows that it fits */
    assert_string_equal(out.s, "The pod " B "is down" P "!");
    render_end(&r, &out);
    render_release(&r);
    kta_str_release(&out);
}

/* Every short line of marks, as it is quoted from a log: first and second line of the evidence. */
static void test_evidence_is_shown_as_it_is(void **state)
{
    static const char marks[] = "`*\\#-|>~_1.e [";
    const size_t n = sizeof marks - 1;
    size_t all = 1;

    (void)state;
    for (int i = 0; i < 4; i++)
        all *= n;
    for (size_t k = 1; k <= all; k++) {
        char line[8] = "", both[32];
        size_t len = 0;
        for (size_t rest = k; rest > 0; rest = (rest - 1) / n)
            line[len++] = marks[(rest - 1) % n];
        if (line[len - 1] == ' ' || line[0] == ' ')
            continue;
        struct kta_findings f = {0};
        struct kta_finding *one =
            kta_findings_add(&f, "Code", KTA_WARNING, "Pod", "demo", "p", 0.9);
        snprintf(both, sizeof both, "%s\n%s\nend", line, line);
        kta_finding_quote(one, "log", "%s", both);
        kta_findings_finish(&f);
        kta_auto_str struct kta_str text = KTA_STR_INIT, out = KTA_STR_INIT, wanted = KTA_STR_INIT;
        kta_findings_markdown(&f, &text);
        render(&(struct row){false, 0, text.s, NULL}, 0, SIZE_MAX, &out);
        kta_str_addf(&wanted, "log: %s\n      %s\n      end\n", line, line);
        if (!strstr(out.s, wanted.s))
            fail_msg("'%s' became <%s>", line, out.s);
        kta_findings_release(&f);
    }
}

static void test_code_block(void **state)
{
    static const struct {
        const char *text, *block, *shown;
    } blocks[] = {
        {"a\nb", "```\na\nb\n```\n", "  a\n  b\n"},
        {"", "```\n\n```\n", "  \n"},
        {"```\nx\n````\n", "`````\n```\nx\n````\n`````\n", "  ```\n  x\n  ````\n"},
    };

    (void)state;
    for (size_t i = 0; i < KTA_LEN(blocks); i++) {
        kta_auto_str struct kta_str text = KTA_STR_INIT, out = KTA_STR_INIT;
        kta_code_block(blocks[i].text, strlen(blocks[i].text), &text);
        assert_string_equal(text.s, blocks[i].block);
        render(&(struct row){false, 0, text.s, NULL}, 0, SIZE_MAX, &out);
        assert_string_equal(out.s, blocks[i].shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_streamed),
        cmocka_unit_test(test_every_width),
        cmocka_unit_test(test_at_once),
        cmocka_unit_test(test_evidence_is_shown_as_it_is),
        cmocka_unit_test(test_code_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
