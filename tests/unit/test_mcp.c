/* Who may talk to the MCP server over HTTP (Host, Origin, bearer token), its names, and what a
 * request state is worth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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

static bool use(struct mcp_server *s, int i)
{
    struct mcp_call call = {.server = s, .state = kta_json_new_object()};
    char nonce[33];

    snprintf(nonce, sizeof nonce, "%032d", i);
    kta_json_set_str(call.state, "nonce", nonce);
    kta_json_set_int(call.state, "until", 1000 + i);
    bool ok = mcp_use_state(&call);
    kta_json_free(call.state);
    return ok;
}

/* Once, also when more were used since than are remembered. */
static void a_state_is_used_once(void **state)
{
    struct kta_mcp options = {0};
    struct mcp_server s;

    (void)state;
    mcp_server_init(&s, &options);
    for (int i = 0; i < 200; i++) {
        assert_true(use(&s, i));
        assert_false(use(&s, i));
    }
    for (int i = 0; i < 200; i++)
        assert_false(use(&s, i));
    assert_true(use(&s, 200));
    mcp_server_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_is_used_once),  cmocka_unit_test(host_names_us),
        cmocka_unit_test(origin_is_ours),        cmocka_unit_test(token_is_shown),
        cmocka_unit_test(revisions_and_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
