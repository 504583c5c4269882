/* test_tools.c - the table of tools and the check of arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kta/alloc.h"
#include "kta/tools.h"

static struct kta_json *parse(const char *text)
{
    struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;

    assert_int_equal(kta_json_parse(text, strlen(text), &v, &err), 0);
    return v;
}

/* Every row parses, names are unique, and every hint of a tool for MCP is stated. */
static void table_is_whole(void **state)
{
    size_t n;
    const struct kta_tool *tools = kta_tools(&n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        kta_auto_json struct kta_json *schema = parse(tools[i].schema);
        assert_string_equal(kta_json_str(schema, "type"), "object");
        if (tools[i].output_schema) {
            kta_auto_json struct kta_json *out = parse(tools[i].output_schema);
            assert_string_equal(kta_json_str(out, "type"), "object");
        }
        assert_non_null(tools[i].title);
        assert_non_null(tools[i].run);
        assert_ptr_equal(kta_tool_find(tools[i].name, tools[i].for_), &tools[i]);
        assert_false(tools[i].hints.read_only && tools[i].hints.destructive);
        kta_auto_json struct kta_json *row = kta_tool_json(&tools[i]);
        assert_int_equal(kta_json_len(kta_json_get(row, "annotations")), 5);
    }
}

static void schema_names_the_mistake(void **state)
{
    static const struct {
        const char *schema, *value, *says;
    } rows[] = {
        {"{\"type\":\"object\"}", "{}", ""},
        {"{\"type\":\"object\"}", "[]", "must be of type object"},
        {"{\"type\":\"object\",\"required\":[\"a\"]}", "{}", "lacks 'a'"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}}}", "{\"a\":1.5}",
         "'a' must be of type integer"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\",\"maximum\":3}}}",
         "{\"a\":4}", "'a' is more than 3"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{\"enum\":[\"x\",\"y\"]}}}", "{\"a\":\"z\"}",
         "'a' must be one of x, y"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\",\"items\":{\"type\":"
         "\"string\"}}}}",
         "{\"a\":[\"x\",2]}", "'a[1]' must be of type string"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{}},\"additionalProperties\":false}",
         "{\"b\":1}", "has no member 'b'; it may have a"},
        {"{\"type\":[\"string\",\"null\"]}", "null", ""},
        {"{\"type\":[\"string\",\"null\"]}", "3", "must be of type string or null"},
        {"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"array\"}]}", "{}",
         "is none of what it may be"},
        {"{\"type\":\"string\",\"minLength\":1}", "\"\"", "is empty"},
        {"{\"type\":\"string\",\"maxLength\":2}", "\"abc\"", "at most 2"},
    };

    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        kta_auto_json struct kta_json *schema = parse(rows[i].schema),
                                      *value = parse(rows[i].value);
        kta_auto_str struct kta_str out = KTA_STR_INIT;
        kta_schema_check(schema, value, &out);
        if (!*rows[i].says)
            assert_string_equal(out.s, "");
        else if (!strstr(out.s, rows[i].says))
            fail_msg("%s: '%s' lacks '%s'", rows[i].value, out.s, rows[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_whole),
        cmocka_unit_test(schema_names_the_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
