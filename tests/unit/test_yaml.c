/* YAML as kubectl reads it, its limits, and printing that reads back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <time.h>
#include "kta/alloc.h"
#include "kta/limits.h"
#include "kta/yaml.h"

static void reads_as(const char *yaml, const char *json)
{
    kta_auto_json struct kta_json *v = NULL;
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    if (kta_yaml_parse(yaml, strlen(yaml), &v, &err) < 0)
        fail_msg("%s: %s", yaml, err.msg);
    kta_json_print(v, false, &out);
    assert_string_equal(out.s, json);
}

static void refuses(const char *yaml, const char *why)
{
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;
    if (kta_yaml_parse(yaml, strlen(yaml), &v, &err) == 0)
        fail_msg("%s was accepted", yaml);
    if (!strstr(err.msg, why))
        fail_msg("%s: '%s' does not say '%s'", yaml, err.msg, why);
}

static void test_scalars(void **state)
{
    static const char *const rows[][2] = {
        {"yes", "true"},
        {"On", "true"},
        {"n", "false"},
        {"off", "false"},
        {"yEs", "\"yEs\""},
        {"'yes'", "\"yes\""},
        {"\"1\"", "\"1\""},
        {"~", "null"},
        {"", "null"},
        {"NULL", "null"},
        {"12", "12"},
        {"-3", "-3"},
        {"+3", "3"},
        {"010", "8"},
        {"0o10", "8"},
        {"0x1F", "31"},
        {"0b101", "5"},
        {"1_000", "1000"},
        {"089", "89"},
        {"1.5", "1.5"},
        {".5", "0.5"},
        {"1e3", "1000"},
        {"1.2.3", "\"1.2.3\""},
        {"100m", "\"100m\""},
        {"1Gi", "\"1Gi\""},
        {"-", "[null]"},
        {"!!str 1", "\"1\""},
        {"!!int '1'", "1"},
        {"! 1", "\"1\""},
        {"2024-01-01", "\"2024-01-01\""},
        {".inf", "\".inf\""},
        {"0x", "\"0x\""},
        {"--flag", "\"--flag\""},
        {"|\n a\n b\n", "\"a\\nb\\n\""},
        {">-\n a\n b\n", "\"a b\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        reads_as(rows[i][0], rows[i][1]);
}

static void test_collections(void **state)
{
    (void)state;
    reads_as("a:\n- 1\n- {b: [x, z]}\n", "{\"a\":[1,{\"b\":[\"x\",\"z\"]}]}");
    reads_as("on: push\n1: one\n1.5: x\n", "{\"true\":\"push\",\"1\":\"one\",\"1.5\":\"x\"}");
    reads_as("base: &b {x: 1, w: 2}\nc:\n  w: 3\n  <<: *b\n",
             "{\"base\":{\"x\":1,\"w\":2},\"c\":{\"w\":3,\"x\":1}}");
    reads_as("p: &p {x: 1}\nq: &q {x: 2, z: 3}\nc:\n  <<: [*p, *q]\n",
             "{\"p\":{\"x\":1},\"q\":{\"x\":2,\"z\":3},\"c\":{\"x\":1,\"z\":3}}");
    reads_as("a: &x [1]\nb: *x\n", "{\"a\":[1],\"b\":[1]}");
    reads_as("'<<': 1\n", "{\"<<\":1}");
    reads_as("---\na: 1\n---\n", "{\"a\":1}");
}

static void test_refuses(void **state)
{
    (void)state;
    refuses("a: 1\nb: 2\na: 3\n", "line 3: the key 'a' is there twice");
    refuses("a: 1\n---\nb: 2\n", "second document");
    refuses("a: *nope\n", "unknown anchor 'nope'");
    refuses("a: [1\n", "line ");
    refuses("a: \"\\0\"\n", "NUL");
    refuses("? [a]\n: 1\n", "key must be a string");
    refuses("<<: 1\n", "map merge");
    refuses("!!binary aGk=\n", "not supported");
    refuses("a: !Ref x\n", "not supported");
    refuses("\tx: 1\n", "line 1");
    refuses("a: &a [*a]\n", "unknown anchor");
    refuses("\xff\xff: 1\n", "UTF-8");
}

static void test_limits(void **state)
{
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    (void)state;
    for (int i = 0; i < KTA_MAX_YAML_DEPTH + 2; i++)
        kta_str_addc(&s, '[');
    refuses(s.s, "nested deeper");
    /* a billion laughs */
    kta_str_clear(&s);
    kta_str_add(&s, "a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 10; i++) {
        kta_str_addf(&s, "a%d: &a%d [", i, i);
        for (int j = 0; j < 9; j++)
            kta_str_addf(&s, "%s*a%d", j ? "," : "", i - 1);
        kta_str_add(&s, "]\n");
    }
    refuses(s.s, "more than");
}

/* What a model may write in one manifest is read in linear time, more or less. */
static int64_t cpu_of(const char *before, const char *after, int n)
{
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;
    struct timespec a, b;
    kta_str_add(&s, "a:\n");
    for (int i = 0; i < n; i++)
        kta_str_addf(&s, "%s%d%s", before, (int)((i * 7919LL) % 1000003), after);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    assert_int_equal(kta_yaml_parse(s.s, s.len, &v, &err), 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    return (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000;
}

static void test_large_mappings(void **state)
{
    static const char *const entries[][2] = {{" k", ": 1\n"},
                                             {" - &k", " 1\n"},
                                             {" <<: {k", ": 1}\n"}};
    (void)state;
    for (size_t i = 0; i < KTA_LEN(entries); i++) {
        int64_t small = 0, large = INT64_MAX;
        for (int again = 0; again < 5 && large > 40 * small + 20000; again++) {
            int64_t few = cpu_of(entries[i][0], entries[i][1], 6000),
                    many = cpu_of(entries[i][0], entries[i][1], 60000);
            small = few > small ? few : small; /* a busy machine slows either */
            large = many < large ? many : large;
        }
        if (large > 40 * small + 20000)
            fail_msg("%s: ten times as many took %lld us instead of %lld", entries[i][0],
                     (long long)large, (long long)small);
    }
}

static void test_all_documents(void **state)
{
    static const char yaml[] = "---\na: 1\n---\n---\n# nothing\n---\nb: &x 2\n...\n";
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    assert_int_equal(kta_yaml_parse_all(yaml, sizeof yaml - 1, &v, &err), 0);
    assert_int_equal(kta_json_len(v), 2);
    assert_int_equal(kta_json_int(v, "[1].b", 0), 2);
}

static void test_line_of(void **state)
{
    static const char yaml[] = "clusters:\n- name: a\n  cluster:\n    server: x\n- name: b\n";
    (void)state;
    assert_int_equal(kta_yaml_line_of(yaml, sizeof yaml - 1, "clusters[0].cluster.server"), 4);
    assert_int_equal(kta_yaml_line_of(yaml, sizeof yaml - 1, "clusters[1].name"), 5);
    assert_int_equal(kta_yaml_line_of(yaml, sizeof yaml - 1, "nope"), 0);
}

/* The text of every row reads back as itself, as a value, in a list, as a key, at the end. */
static void test_print_reads_back(void **state)
{
    static const char *const rows[] = {
        "",
        "plain",
        "two words",
        "yes",
        "null",
        "12",
        "1e3",
        "0x1f",
        "a: b",
        "a:",
        "a #b",
        "#x",
        "- x",
        "-c",
        "--flag",
        "---",
        "...",
        "? x",
        "?x",
        ":80",
        " lead",
        "trail ",
        "a\nb",
        "a\nb\n",
        "a\n\n",
        "\n",
        "\na",
        "  a\nb",
        "a\n  b\n",
        "a \nb\t",
        "\tx",
        "a\tb",
        "it's",
        "\"q\"",
        "'",
        "{a}",
        "[a]",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a`",
        "|",
        ">",
        "=",
        "<<",
        "~",
        "é 😀",
        "\x01",
        "\x7f",
        "\xc2\x85",
        "\xe2\x80\xa8x",
        "\xef\xbb\xbfx",
        "a,b",
        "a\\b",
        "sh -c 'exit 1'",
        "a\r\nb",
        "http://x:80/y?z=1#f",
        "a\n \n",
        "a\n\n\n",
        "echo a\n\nb\n",
        "x\n   ",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kta_auto_json struct kta_json *v = kta_json_new_object(), *back = NULL;
        kta_auto_str struct kta_str out = KTA_STR_INIT;
        struct kta_err err = KTA_ERR_INIT;
        struct kta_json *list = kta_json_set(v, "list", kta_json_new_array());
        struct kta_json *inner = kta_json_set(v, "inner", kta_json_new_object());
        kta_json_push_str(list, rows[i]);
        kta_json_push_str(list, rows[i]);
        kta_json_set_str(inner, rows[i], rows[i]);
        kta_json_push(list, kta_json_copy(inner));
        kta_json_push(list, kta_json_copy(list));
        kta_json_set_str(v, "last", rows[i]);
        kta_yaml_print(v, &out);
        if (kta_yaml_parse(out.s, out.len, &back, &err) < 0)
            fail_msg("row %zu: %s\n%s", i, err.msg, out.s);
        if (!kta_json_equal(v, back))
            fail_msg("row %zu reads back as something else:\n%s", i, out.s);
    }
}

static void test_print_looks_like_kubectl(void **state)
{
    static const char yaml[] = "apiVersion: v1\n"
                               "kind: Pod\n"
                               "spec:\n"
                               "  containers:\n"
                               "  - args:\n"
                               "    - -c\n"
                               "    - |\n"
                               "      echo hi\n"
                               "      exit 1\n"
                               "    env: []\n"
                               "    image: nginx:1.27\n"
                               "    ports:\n"
                               "    - containerPort: 80\n"
                               "      name: \"8080\"\n"
                               "  nodeSelector: {}\n"
                               "  text: 'a: b'\n";
    kta_auto_json struct kta_json *v = NULL;
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    assert_int_equal(kta_yaml_parse(yaml, sizeof yaml - 1, &v, &err), 0);
    kta_yaml_print(v, &out);
    assert_string_equal(out.s, yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_collections),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_large_mappings),
        cmocka_unit_test(test_all_documents),
        cmocka_unit_test(test_line_of),
        cmocka_unit_test(test_print_reads_back),
        cmocka_unit_test(test_print_looks_like_kubectl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
