/* What a workload and its pods say after a change: well, on its way, or lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kta/clock.h"
#include "../../plugin/actions/actions.h"

#define DEPLOYMENT(updated, ready)                                                                 \
    "{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\",\"uid\":\"d\",\"generation\":2,"      \
    "\"annotations\":{\"deployment.kubernetes.io/revision\":\"2\"}},\"spec\":{\"replicas\":1,"     \
    "\"selector\":{\"matchLabels\":{\"app\":\"web\"}}},\"status\":{\"observedGeneration\":2,"      \
    "\"updatedReplicas\":" #updated ",\"readyReplicas\":" #ready "}}"
#define SETS                                                                                       \
    "[{\"kind\":\"ReplicaSet\",\"metadata\":{\"labels\":{\"pod-template-hash\":\"new\"},"          \
    "\"annotations\":{\"deployment.kubernetes.io/revision\":\"2\"},\"ownerReferences\":[{\"uid\":" \
    "\"d\",\"controller\":true}]}}]"
#define POD(hash, ready, status)                                                                   \
    "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"web-" hash "\",\"labels\":{"                       \
    "\"pod-template-hash\":\"" hash "\"},\"creationTimestamp\":\"2026-01-01T00:00:00Z\"},"         \
    "\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"" ready    \
    "\",\"lastTransitionTime\":\"2026-01-01T00:01:00Z\"}],\"containerStatuses\":[{\"name\":"       \
    "\"app\"," status "}]}}"
#define FINE "\"restartCount\":0,\"ready\":true,\"state\":{\"running\":{}}"
#define LOOP                                                                                       \
    "\"restartCount\":3,\"ready\":false,\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\","  \
    "\"message\":\"back-off\"}}"
#define ONCE                                                                                       \
    "\"restartCount\":1,\"ready\":false,\"state\":{\"running\":{}},\"lastState\":{\"terminated\":" \
    "{\"exitCode\":1,\"reason\":\"Error\",\"finishedAt\":\"2026-01-01T00:02:00Z\"}}"

/* killed by its liveness probe, and obliging */
#define ENDED_TWICE                                                                                \
    "\"restartCount\":2,\"ready\":true,\"state\":{\"running\":{}},\"lastState\":{\"terminated\":"  \
    "{\"exitCode\":0,\"reason\":\"Completed\",\"finishedAt\":\"2026-01-01T00:02:00Z\"}}"

static struct kta_json *parse(const char *text)
{
    struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;

    if (kta_json_parse(text, strlen(text), &v, &err) < 0)
        fail_msg("%s in %s", err.msg, text);
    return v;
}

static struct kta_health judge(const char *workload, const char *pods, const char *now)
{
    kta_auto_json struct kta_json *w = parse(workload), *rs = parse(SETS), *p = parse(pods);
    struct kta_health h;

    kta_judge_workload(w, rs, p, kta_time_parse("2026-01-01T00:01:30Z"), kta_time_parse(now), &h);
    return h;
}

static void test_ends_again_and_again(void **state)
{
    struct kta_health h =
        judge(DEPLOYMENT(1, 1), "[" POD("new", "True", ENDED_TWICE) "]", "2026-01-01T00:02:05Z");

    (void)state;
    assert_int_equal(h.state, KTA_HEALTH_BAD);
    assert_non_null(strstr(h.why, "ended: exit code 0"));
}

static void test_good(void **state)
{
    struct kta_health h =
        judge(DEPLOYMENT(1, 1), "[" POD("new", "True", FINE) "]", "2026-01-01T00:02:00Z");

    (void)state;
    assert_int_equal(h.state, KTA_HEALTH_GOOD);
    assert_int_equal(h.steady_since, kta_time_parse("2026-01-01T00:01:00Z"));
}

static void test_old_pods_are_not_evidence(void **state)
{
    struct kta_health h =
        judge(DEPLOYMENT(0, 0), "[" POD("old", "False", LOOP) "]", "2026-01-01T00:02:00Z");

    (void)state;
    assert_int_equal(h.state, KTA_HEALTH_WAIT);
}

static void test_a_loop_of_a_new_pod_is_lost(void **state)
{
    struct kta_health h =
        judge(DEPLOYMENT(1, 0), "[" POD("new", "False", LOOP) "]", "2026-01-01T00:02:00Z");

    (void)state;
    assert_int_equal(h.state, KTA_HEALTH_BAD);
    assert_string_equal(h.pod, "web-new");
    assert_string_equal(h.container, "app");
    assert_true(h.previous_log);
}

static void test_one_crash_has_a_grace(void **state)
{
    (void)state;
    assert_int_equal(
        judge(DEPLOYMENT(1, 0), "[" POD("new", "False", ONCE) "]", "2026-01-01T00:02:05Z").state,
        KTA_HEALTH_WAIT);
    assert_int_equal(
        judge(DEPLOYMENT(1, 0), "[" POD("new", "False", ONCE) "]", "2026-01-01T00:02:30Z").state,
        KTA_HEALTH_BAD);
}

static void test_old_ones_must_go(void **state)
{
    struct kta_health h =
        judge(DEPLOYMENT(1, 1), "[" POD("new", "True", FINE) "," POD("old", "True", FINE) "]",
              "2026-01-01T00:02:00Z");

    (void)state;
    assert_int_equal(h.state, KTA_HEALTH_WAIT);
}

#define SET(updated)                                                                               \
    "{\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"db\",\"uid\":\"s\",\"generation\":2},"     \
    "\"spec\":"                                                                                    \
    "{\"replicas\":2,\"updateStrategy\":{\"rollingUpdate\":{\"partition\":1}}},\"status\":{"       \
    "\"observedGeneration\":2,\"updateRevision\":\"new\",\"updatedReplicas\":" #updated            \
    ",\"readyReplicas\":2}}"
#define MEMBER(n, hash)                                                                            \
    "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"db-" #n                                            \
    "\",\"labels\":{\"controller-revision-hash\":\"" hash "\"},\"creationTimestamp\":"             \
    "\"2026-01-01T00:00:00Z\"},\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":"       \
    "\"Ready\",\"status\":\"True\",\"lastTransitionTime\":\"2026-01-01T00:01:00Z\"}],"             \
    "\"containerStatuses\":[{\"name\":\"app\"," FINE "}]}}"

static void test_a_partition_keeps_its_pods_and_no_more(void **state)
{
    const char *at = "2026-01-01T00:02:00Z";

    (void)state;
    assert_int_equal(judge(SET(1), "[" MEMBER(0, "old") "," MEMBER(1, "new") "]", at).state,
                     KTA_HEALTH_GOOD);
    assert_int_equal(judge(SET(0), "[" MEMBER(0, "old") "," MEMBER(1, "old") "]", at).state,
                     KTA_HEALTH_WAIT);
    assert_int_equal(judge(SET(1), "[" MEMBER(0, "old") "," MEMBER(1, "old") "]", at).state,
                     KTA_HEALTH_WAIT);
}

#define EVICTED                                                                                    \
    "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"web-gone\",\"labels\":{\"pod-template-hash\":"     \
    "\"old\"},\"creationTimestamp\":\"2026-01-01T00:00:00Z\"},\"status\":{\"phase\":\"Failed\","   \
    "\"reason\":\"Evicted\"}}"

static void test_what_was_evicted_is_no_old_one(void **state)
{
    struct kta_health h = judge(DEPLOYMENT(1, 1), "[" POD("new", "True", FINE) "," EVICTED "]",
                                "2026-01-01T00:02:00Z");

    (void)state;
    assert_int_equal(h.state, KTA_HEALTH_GOOD);
}

static void test_an_unseen_change_waits(void **state)
{
    struct kta_health h = judge("{\"kind\":\"Deployment\",\"metadata\":{\"generation\":3},"
                                "\"status\":{\"observedGeneration\":2}}",
                                "[]", "2026-01-01T00:02:00Z");

    (void)state;
    assert_int_equal(h.state, KTA_HEALTH_WAIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_ends_again_and_again),
        cmocka_unit_test(test_old_pods_are_not_evidence),
        cmocka_unit_test(test_a_loop_of_a_new_pod_is_lost),
        cmocka_unit_test(test_one_crash_has_a_grace),
        cmocka_unit_test(test_old_ones_must_go),
        cmocka_unit_test(test_what_was_evicted_is_no_old_one),
        cmocka_unit_test(test_a_partition_keeps_its_pods_and_no_more),
        cmocka_unit_test(test_an_unseen_change_waits),
    };
    return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
