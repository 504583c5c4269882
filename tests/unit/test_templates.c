/* Differences of pod templates, and who changed a field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "../../plugin/diagnose/diag.h"
#include "kta/selector.h"

static struct kta_json *parse(const char *s)
{
    struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;
    assert_int_equal(kta_json_parse(s, strlen(s), &v, &err), 0);
    return v;
}

static void differs(const char *a, const char *b, size_t n, const char *text)
{
    kta_auto_json struct kta_json *x = parse(a), *y = parse(b);
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    assert_int_equal(kta_template_diff(x, y, &out), n);
    assert_string_equal(out.s, text);
}

static void test_differences(void **state)
{
    (void)state;
    differs("{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"x:1\"}]}}",
            "{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"x:2\"}]}}", 1,
            "containers[a].image: x:1 -> x:2\n");
    differs("{\"spec\":{\"containers\":[{\"name\":\"a\"}]}}",
            "{\"spec\":{\"containers\":[{\"name\":\"a\",\"command\":[\"sh\",\"-c\",\"exit 1\"]}]}}",
            1, "containers[a].command: (none) -> [\"sh\",\"-c\",\"exit 1\"]\n");
    /* the order of named items does not matter; a variable that is gone is named */
    differs(
        "{\"spec\":{\"containers\":[{\"name\":\"a\",\"env\":[{\"name\":\"X\",\"value\":\"1\"},"
        "{\"name\":\"Y\",\"value\":\"2\"}]}]}}",
        "{\"spec\":{\"containers\":[{\"name\":\"a\",\"env\":[{\"name\":\"Y\",\"value\":\"2\"}]}]}}",
        1, "containers[a].env[X]: {\"name\":\"X\",\"value\":\"1\"} -> (none)\n");
    /* a value that may be a secret is not told */
    differs("{\"spec\":{\"containers\":[{\"name\":\"a\",\"env\":[{\"name\":\"DB_PASSWORD\","
            "\"value\":\"one\"}]}]}}",
            "{\"spec\":{\"containers\":[{\"name\":\"a\",\"env\":[{\"name\":\"DB_PASSWORD\","
            "\"value\":\"two\"}]}]}}",
            1, "containers[a].env[DB_PASSWORD].value: (value) -> (value)\n");
    /* a restart is no change */
    differs("{\"metadata\":{\"labels\":{\"app\":\"a\",\"pod-template-hash\":\"1\"}}}",
            "{\"metadata\":{\"labels\":{\"app\":\"a\"},\"annotations\":{\"kubectl.kubernetes.io/"
            "restartedAt\":\"2026-01-01T00:00:00Z\"}}}",
            0, "");
    /* nor is how a ControllerRevision is to be merged */
    differs("{\"$patch\":\"replace\",\"metadata\":{}}", "{\"metadata\":{}}", 0, "");
}

static void test_who(void **state)
{
    (void)state;
    kta_auto_json struct kta_json *o = parse(
        "{\"metadata\":{\"managedFields\":["
        "{\"manager\":\"helm\",\"time\":\"2026-01-01T00:00:00Z\",\"fieldsV1\":{\"f:spec\":{\"f:"
        "replicas\":{},\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}"
        "\":"
        "{\".\":{},\"f:image\":{}}}}}}}},"
        "{\"manager\":\"kubectl-patch\",\"time\":\"2026-01-02T00:00:00Z\",\"fieldsV1\":{\"f:spec\":"
        "{"
        "\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\"f:"
        "command\":"
        "{}}}}}}}}]}}");
    const char *who = NULL;
    int64_t when = 0;
    assert_true(kta_managed_by(o, "spec.template.spec.containers[a].command", &who, &when));
    assert_string_equal(who, "kubectl-patch");
    assert_true(kta_managed_by(o, "spec.template.spec.containers[a].image", &who, &when));
    assert_string_equal(who, "helm");
    assert_false(kta_managed_by(o, "spec.paused", &who, &when));
}

static void test_selectors(void **state)
{
    (void)state;
    kta_auto_json struct kta_json *l = parse("{\"app\":\"a\",\"tier\":\"web\"}");
    assert_true(kta_selector_text_matches("app=a", l));
    assert_true(kta_selector_text_matches("app==a,tier!=db", l));
    assert_true(kta_selector_text_matches("tier,!gone", l));
    assert_false(kta_selector_text_matches("app=b", l));
    assert_false(kta_selector_text_matches("gone", l));
    assert_false(kta_selector_text_matches("app!=a", l));
    assert_true(kta_selector_text_matches(" app in ( b , a ), tier notin(db)", l));
    assert_false(kta_selector_text_matches("app in (b,c)", l));
    assert_false(kta_selector_text_matches("app within (a)", l)); /* cannot be read */
    assert_true(kta_selector_text_matches("", l));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_differences),
                                       cmocka_unit_test(test_who),
                                       cmocka_unit_test(test_selectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
