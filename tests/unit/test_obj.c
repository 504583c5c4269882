/* Objects, selectors, quantities, and the words kubectl prints for pods. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/obj.h"
#include "kta/quantity.h"

static struct kta_json *parse(const char *text)
{
    struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;

    if (kta_json_parse(text, strlen(text), &v, &err) < 0)
        fail_msg("%s: %s", err.msg, text);
    return v;
}

static void test_quantities(void **state)
{
    static const struct {
        const char *text;
        int64_t milli;
    } cases[] = {
        {"500m", 500},
        {"2", 2000},
        {"0.1", 100},
        {"100.5m", 101}, /* up, as Kubernetes */
        {"1u", 1},
        {"1n", 1},
        {"1.5Gi", 1610612736000},
        {"128974848", 128974848000},
        {"1e3", 1000000},
        {"1E3", 1000000},
        {"12e-1", 1200},
        {"1E", INT64_MAX},
        {"1k", 1000000},
        {"64Mi", 67108864000},
        {"+1", 1000},
        {".5", 500},
        {"5.", 5000},
        {"0", 0},
        {"16Ei", INT64_MAX},
        {"99999999999999999999999", INT64_MAX},
        {"1145250n", 2},
        {"", -1},
        {"abc", -1},
        {"1KB", -1},
        {"1 Gi", -1},
        {"-1", -1},
        {"1e", -1},
        {"Mi", -1},
        {NULL, -1},
    };

    (void)state;
    for (size_t i = 0; i < KTA_LEN(cases); i++)
        if (kta_quantity_milli(cases[i].text) != cases[i].milli)
            fail_msg("%s is %lld, not %lld", cases[i].text ? cases[i].text : "NULL",
                     (long long)kta_quantity_milli(cases[i].text), (long long)cases[i].milli);
}

static void test_quantity_text(void **state)
{
    static const struct {
        int64_t milli;
        const char *memory, *cpu, *whole;
    } cases[] = {
        {268435456000, "256Mi", "268435456", "256Mi"},
        {1610612736000, "1.5Gi", "1610612736", "1536Mi"},
        {250, "0", "250m", "1Ki"},
        {2000, "2", "2", "1Ki"},
        {1073741824000, "1Gi", "1073741824", "1Gi"},
        {12455405158400, "11.6Gi", "12455405158400m", "11879Mi"},
    };

    (void)state;
    for (size_t i = 0; i < KTA_LEN(cases); i++) {
        kta_auto_str struct kta_str m = KTA_STR_INIT, c = KTA_STR_INIT, w = KTA_STR_INIT;

        kta_quantity_memory(cases[i].milli, &m);
        kta_quantity_cpu(cases[i].milli, &c);
        assert_string_equal(m.s, cases[i].memory);
        kta_quantity_memory_whole(cases[i].milli, &w);
        assert_string_equal(c.s, cases[i].cpu);
        assert_string_equal(w.s, cases[i].whole);
    }
}

static void test_selectors(void **state)
{
    static const struct {
        const char *selector;
        bool matches;
    } cases[] = {
        {"{}", true},
        {"{\"matchLabels\":{}}", true},
        {"{\"matchLabels\":{\"app\":\"x\"}}", true},
        {"{\"matchLabels\":{\"app\":\"y\"}}", false},
        {"{\"matchLabels\":{\"app\":\"x\",\"tier\":\"web\"}}", true},
        {"{\"matchLabels\":{\"none\":\"x\"}}", false},
        {"{\"app\":\"x\"}", true}, /* a Service's map */
        {"{\"app\":\"y\"}", false},
        {"{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"In\",\"values\":[\"a\",\"x\"]}]}",
         true},
        {"{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"NotIn\",\"values\":[\"x\"]}]}",
         false},
        {"{\"matchExpressions\":[{\"key\":\"no\",\"operator\":\"NotIn\",\"values\":[\"x\"]}]}",
         true},
        {"{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"Exists\"}]}", true},
        {"{\"matchExpressions\":[{\"key\":\"no\",\"operator\":\"Exists\"}]}", false},
        {"{\"matchExpressions\":[{\"key\":\"no\",\"operator\":\"DoesNotExist\"}]}", true},
        {"{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"Like\"}]}", false},
        {"[]", false},
    };
    kta_auto_json struct kta_json *labels = parse("{\"app\":\"x\",\"tier\":\"web\"}");
    kta_auto_json struct kta_json *empty = parse("{}");

    (void)state;
    for (size_t i = 0; i < KTA_LEN(cases); i++) {
        kta_auto_json struct kta_json *s = parse(cases[i].selector);

        if (kta_selector_matches(s, labels) != cases[i].matches)
            fail_msg("%s", cases[i].selector);
    }
    assert_false(kta_selector_matches(NULL, labels));
    assert_false(kta_map_matches(empty, labels)); /* a Service without a selector has no pods */
    assert_false(kta_map_matches(NULL, labels));
}

#define INIT2 "\"spec\":{\"initContainers\":[{\"name\":\"i\"},{\"name\":\"j\"}]},"
#define SIDECAR                                                                                    \
    "\"spec\":{\"initContainers\":[{\"name\":\"i\",\"restartPolicy\":\"Always\"},{\"name\":\"j\"}" \
    "]},"

/* Each word as kubectl prints it for such a pod. */
static void test_status_words(void **state)
{
    static const struct {
        const char *pod, *word;
        int restarts;
    } cases[] = {
        {"{\"status\":{\"phase\":\"Running\"}}", "Running", 0},
        {"{\"status\":{\"phase\":\"Pending\"}}", "Pending", 0},
        {"{\"status\":{\"phase\":\"Failed\",\"reason\":\"Evicted\"}}", "Evicted", 0},
        {"{\"status\":{\"phase\":\"Pending\",\"conditions\":[{\"type\":\"PodScheduled\","
         "\"status\":\"False\",\"reason\":\"SchedulingGated\"}]}}",
         "SchedulingGated", 0},
        {"{\"status\":{\"phase\":\"Running\",\"containerStatuses\":[{\"restartCount\":4,\"state\":"
         "{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}}}]}}",
         "CrashLoopBackOff", 4},
        {"{\"status\":{\"phase\":\"Running\",\"containerStatuses\":[{\"restartCount\":1,\"state\":"
         "{\"terminated\":{\"reason\":\"OOMKilled\",\"exitCode\":137}}}]}}",
         "OOMKilled", 1},
        {"{\"status\":{\"phase\":\"Running\",\"containerStatuses\":[{\"state\":{\"terminated\":"
         "{\"exitCode\":3}}}]}}",
         "ExitCode:3", 0},
        {"{\"status\":{\"phase\":\"Running\",\"containerStatuses\":[{\"state\":{\"terminated\":"
         "{\"signal\":9,\"exitCode\":137}}}]}}",
         "Signal:9", 0},
        {"{\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":"
         "\"True\"}],\"containerStatuses\":[{\"state\":{\"terminated\":{\"reason\":\"Completed\"}}}"
         ",{\"ready\":true,\"state\":{\"running\":{}}}]}}",
         "Running", 0},
        {"{\"status\":{\"phase\":\"Running\",\"containerStatuses\":[{\"state\":{\"terminated\":"
         "{\"reason\":\"Completed\"}}},{\"ready\":true,\"state\":{\"running\":{}}}]}}",
         "NotReady", 0},
        {"{" INIT2 "\"status\":{\"phase\":\"Pending\",\"initContainerStatuses\":[{\"name\":\"i\","
         "\"state\":{\"terminated\":{\"exitCode\":0}}},{\"name\":\"j\",\"state\":{\"running\":{}}}]"
         "}}",
         "Init:1/2", 0},
        {"{" INIT2 "\"status\":{\"phase\":\"Pending\",\"initContainerStatuses\":[{\"name\":\"i\","
         "\"restartCount\":3,\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}}}]}}",
         "Init:CrashLoopBackOff", 3},
        {"{" INIT2 "\"status\":{\"phase\":\"Pending\",\"initContainerStatuses\":[{\"name\":\"i\","
         "\"state\":{\"waiting\":{\"reason\":\"PodInitializing\"}}}]}}",
         "Init:0/2", 0},
        {"{" INIT2 "\"status\":{\"phase\":\"Pending\",\"initContainerStatuses\":[{\"name\":\"i\","
         "\"state\":{\"terminated\":{\"reason\":\"Error\",\"exitCode\":1}}}]}}",
         "Init:Error", 0},
        {"{" INIT2 "\"status\":{\"phase\":\"Pending\",\"initContainerStatuses\":[{\"name\":\"i\","
         "\"state\":{\"terminated\":{\"exitCode\":7}}}]}}",
         "Init:ExitCode:7", 0},
        {"{" SIDECAR "\"status\":{\"phase\":\"Running\",\"initContainerStatuses\":[{\"name\":\"i\","
         "\"started\":true,\"restartCount\":2,\"state\":{\"running\":{}}},{\"name\":\"j\",\"state\""
         ":{\"terminated\":{\"exitCode\":0}}}],\"containerStatuses\":[{\"restartCount\":1,\"ready\""
         ":true,\"state\":{\"running\":{}}}]}}",
         "Running", 3},
        {"{\"metadata\":{\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"},\"status\":{\"phase\":"
         "\"Running\"}}",
         "Terminating", 0},
        {"{\"metadata\":{\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"},\"status\":{\"phase\":"
         "\"Running\",\"reason\":\"NodeLost\"}}",
         "Unknown", 0},
        {"{\"metadata\":{\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"},\"status\":{\"phase\":"
         "\"Succeeded\"}}",
         "Succeeded", 0},
        {"{}", "", 0},
    };
    char buf[64];

    (void)state;
    for (size_t i = 0; i < KTA_LEN(cases); i++) {
        kta_auto_json struct kta_json *pod = parse(cases[i].pod);

        assert_string_equal(kta_pod_status_word(pod, buf, sizeof buf), cases[i].word);
        assert_int_equal(kta_pod_restarts(pod), cases[i].restarts);
    }
    assert_null(kta_pod_status_word(NULL, buf, sizeof buf));
}

static void test_fields(void **state)
{
    kta_auto_json struct kta_json *o = parse(
        "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"namespace\":\"n\",\"uid\":\"u\","
        "\"creationTimestamp\":\"1970-01-01T00:01:00Z\",\"labels\":{\"a.b/c\":\"d\"},"
        "\"ownerReferences\":[{\"uid\":\"x\"},{\"uid\":\"y\",\"controller\":true,\"name\":\"rs\"}]}"
        ",\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}],"
        "\"initContainerStatuses\":[{\"name\":\"init\"}],\"containerStatuses\":[{\"name\":\"c\"}]}"
        "}");

    (void)state;
    assert_string_equal(kta_obj_name(o), "p");
    assert_string_equal(kta_obj_namespace(o), "n");
    assert_int_equal(kta_obj_created(o), 60);
    assert_string_equal(kta_obj_label(o, "a.b/c"), "d");
    assert_null(kta_obj_annotation(o, "a"));
    assert_string_equal(kta_json_str(kta_obj_controller(o), "name"), "rs");
    assert_true(kta_obj_owned_by(o, "x"));
    assert_false(kta_obj_owned_by(o, "z"));
    assert_true(kta_pod_ready(o));
    assert_null(kta_obj_name(NULL));
    assert_int_equal(kta_obj_created(NULL), KTA_NO_TIME);
    assert_false(kta_pod_ready(NULL));
    assert_int_equal(kta_pod_restarts(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantities), cmocka_unit_test(test_quantity_text),
        cmocka_unit_test(test_selectors),  cmocka_unit_test(test_status_words),
        cmocka_unit_test(test_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
