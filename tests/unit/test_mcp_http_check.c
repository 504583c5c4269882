/* Who may talk to the MCP server over HTTP: Host, Origin, bearer token. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../plugin/mcp/mcp.h"

static const struct mcp_http_rules local = {.address = "127.0.0.1", .port = "9080"};
static const struct mcp_http_rules named = {.address = "10.1.2.3",
                                            .port = "9080",
                                            .remote = true,
                                            .token = "a-long-enough-token"};

static int status_of(const struct mcp_http_rules *rules, const char *host, const char *origin,
                     const char *authorization)
{
    int status;
    return mcp_http_check(rules, host, origin, authorization, &status) ? status : 200;
}

static void host_names_us(void **state)
{
    (void)state;
    assert_int_equal(status_of(&local, "127.0.0.1:9080", NULL, NULL), 200);
    assert_int_equal(status_of(&local, "localhost", NULL, NULL), 200);
    assert_int_equal(status_of(&local, "LOCALHOST:1", NULL, NULL), 200);
    assert_int_equal(status_of(&local, "[::1]:9080", NULL, NULL), 200);
    assert_int_equal(status_of(&local, "127.0.0.9", NULL, NULL), 200);
    assert_int_equal(status_of(&local, NULL, NULL, NULL), 403);
    assert_int_equal(status_of(&local, "", NULL, NULL), 403);
    assert_int_equal(status_of(&local, "evil.example:9080", NULL, NULL), 403);
    assert_int_equal(status_of(&local, "127.0.0.1.evil.example", NULL, NULL), 403);
    assert_int_equal(status_of(&local, "localhost.evil.example", NULL, NULL), 403);
    assert_int_equal(status_of(&local, "[::1", NULL, NULL), 403);
}

static void origin_is_ours(void **state)
{
    (void)state;
    assert_int_equal(status_of(&local, "localhost", "http://localhost:3000", NULL), 200);
    assert_int_equal(status_of(&local, "localhost", "http://[::1]", NULL), 200);
    assert_int_equal(status_of(&local, "localhost", "null", NULL), 403);
    assert_int_equal(status_of(&local, "localhost", "http://evil.example", NULL), 403);
    assert_int_equal(status_of(&local, "localhost", "http://localhost.evil.example", NULL), 403);
    assert_int_equal(status_of(&local, "localhost", "http://localhost@evil.example", NULL), 403);
    assert_int_equal(status_of(&named, "x", "http://evil.example", "Bearer a-long-enough-token"),
                     403);
}

static void token_is_shown(void **state)
{
    (void)state;
    assert_int_equal(status_of(&named, "any.name", NULL, "Bearer a-long-enough-token"), 200);
    assert_int_equal(status_of(&named, "any.name", NULL, "bearer a-long-enough-token"), 200);
    assert_int_equal(status_of(&named, "any.name", NULL, NULL), 401);
    assert_int_equal(status_of(&named, "any.name", NULL, "Bearer "), 401);
    assert_int_equal(status_of(&named, "any.name", NULL, "Bearer a-long-enough-toke"), 401);
    assert_int_equal(status_of(&named, "any.name", NULL, "Bearer a-long-enough-tokenx"), 401);
    assert_int_equal(status_of(&named, "any.name", NULL, "Basic a-long-enough-token"), 401);
}

/* Every listed name is found, an unknown one is none. */
static void revisions_and_methods(void **state)
{
    (void)state;
    assert_int_equal(mcp_revision_find("2024-11-05"), MCP_2024_11_05);
    assert_int_equal(mcp_revision_find("2026-07-28"), MCP_2026_07_28);
    assert_int_equal(mcp_revision_find("2026-07-29"), MCP_REVISIONS);
    assert_int_equal(mcp_revision_find(NULL), MCP_REVISIONS);
    assert_non_null(mcp_method_find("tools/call"));
    assert_null(mcp_method_find("tools/Call"));
    assert_true(mcp_method_find("initialize")->flags & MCP_LEGACY);
    assert_false(mcp_method_find("initialize")->flags & MCP_MODERN);
    assert_false(mcp_method_find("server/discover")->flags & MCP_LEGACY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_names_us),
        cmocka_unit_test(origin_is_ours),
        cmocka_unit_test(token_is_shown),
        cmocka_unit_test(revisions_and_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
