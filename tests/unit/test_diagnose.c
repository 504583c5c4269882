/*
 * The engine on a small snapshot that is written here: which objects are meant, the cause of a
 * crash, the change that it follows and the fix that undoes it, near misses, evidence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "kta/agent.h"
#include "kta/alloc.h"
#include "kta/diagnose.h"
#include "kta/evidence.h"
#include "kta/fs.h"
#include "../../plugin/agent/agent_private.h"

static char dir[] = "/tmp/test_diagnose.XXXXXX";

static void put(const char *name, const char *text)
{
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_free char *path = kta_fs_join(dir, name);
    kta_auto_free char *parent = kta_fs_dirname(path);
    assert_int_equal(kta_fs_mkdirs(parent, &err), 0);
    assert_int_equal(kta_fs_write(path, text, strlen(text), &err), 0);
}

#define LIST(items)       "{\"kind\":\"List\",\"items\":[" items "]}"
#define CORE(kind, items) put("api/v1/namespaces/demo/" kind ".json", LIST(items))
#define APPS(kind, items) put("apis/apps/v1/namespaces/demo/" kind ".json", LIST(items))
#define TEMPLATE(cmd)                                                                              \
    "\"template\":{\"metadata\":{\"labels\":{\"app\":\"backend\"}},\"spec\":{\"containers\":[{"    \
    "\"name\":\"backend\",\"image\":\"todo-backend:v1\"" cmd "}]}}"
#define REPLICA_SET(name, rev, cmd, time)                                                          \
    "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"demo\",\"uid\":\"" name                  \
    "\",\"creationTimestamp\":\"" time "\",\"annotations\":{\"deployment.kubernetes.io/revision\"" \
    ":\"" rev "\"},\"ownerReferences\":[{\"controller\":true,\"uid\":\"d1\",\"kind\":"             \
    "\"Deployment\",\"name\":\"backend\"}]},\"spec\":{\"replicas\":1," TEMPLATE(                   \
        cmd) "},"                                                                                  \
             "\"status\":{}}"

/* The one pod of the backend: its Ready condition, and its container's status. */
static void put_pod(const char *ready, const char *status)
{
    kta_auto_free char *list = kta_asprintf(
        "{\"kind\":\"List\",\"items\":[{\"metadata\":{\"name\":\"backend-2-abc\",\"namespace\":"
        "\"demo\","
        "\"uid\":\"p1\",\"labels\":{\"app\":\"backend\"},\"creationTimestamp\":\"2026-01-01T12:05:"
        "00Z\","
        "\"ownerReferences\":[{\"controller\":true,\"uid\":\"backend-2\",\"kind\":\"ReplicaSet\","
        "\"name\":\"backend-2\"}]},\"spec\":{\"restartPolicy\":\"Always\",\"nodeName\":\"n1\","
        "\"containers\":[{\"name\":\"backend\",\"image\":\"todo-backend:v1\",\"command\":[\"/bin/"
        "sh\","
        "\"-c\",\"exit "
        "1\"]}]},\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\","
        "\"status\":\"%s\"}],\"containerStatuses\":[{\"name\":\"backend\",%s}]}}]}",
        ready, status);
    put("api/v1/namespaces/demo/pods.json", list);
}

static int write_snapshot(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    put("meta.json", "{\"version\":1,\"context\":\"test\",\"server\":\"https://x\",\"namespace\":"
                     "\"demo\",\"time\":\"2026-01-01T12:10:00Z\"}");
    APPS(
        "deployments",
        "{\"metadata\":{\"name\":\"backend\",\"namespace\":\"demo\",\"uid\":\"d1\","
        "\"creationTimestamp\":\"2026-01-01T10:00:00Z\",\"labels\":{\"app\":\"backend\"},"
        "\"annotations\":{\"deployment.kubernetes.io/revision\":\"2\"},"
        "\"managedFields\":[{\"manager\":\"kubectl-patch\",\"time\":\"2026-01-01T12:05:00Z\","
        "\"fieldsV1\":{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":"
        "\\\"backend\\\"}\":{\"f:command\":{}}}}}}}}]},\"spec\":{\"replicas\":1,"
        "\"selector\":{\"matchLabels\":{\"app\":\"backend\"}}," TEMPLATE(
            ",\"command\":[\"/bin/sh\",\"-c\",\"exit 1\"]") "},\"status\":{\"replicas\":1}},"
                                                            "{\"metadata\":{\"name\":\"frontend\","
                                                            "\"namespace\":\"demo\",\"uid\":\"d2\","
                                                            "\"labels\":{"
                                                            "\"app\":\"web\"}},\"spec\":{"
                                                            "\"replicas\":1,\"template\":{"
                                                            "\"metadata\":{\"labels\":{\"app\":"
                                                            "\"web\"}},\"spec\":{\"containers\":[{"
                                                            "\"name\":\"web\"}]}}},\"status\":{"
                                                            "\"readyReplicas\":1,"
                                                            "\"replicas\":1}}");
    APPS("replicasets", REPLICA_SET("backend-1", "1", "", "2026-01-01T10:00:00Z") "," REPLICA_SET(
                            "backend-2", "2", ",\"command\":[\"/bin/sh\",\"-c\",\"exit 1\"]",
                            "2026-01-01T12:05:00Z"));
    APPS("statefulsets", "");
    APPS("daemonsets", "");
    put_pod("False", "\"ready\":false,\"restartCount\":4,\"state\":{\"waiting\":{\"reason\":"
                     "\"CrashLoopBackOff\"}},\"lastState\":{\"terminated\":{\"exitCode\":1,"
                     "\"reason\":\"Error\",\"finishedAt\":\"2026-01-01T12:09:00Z\"}}");
    CORE("services",
         "{\"metadata\":{\"name\":\"backend\",\"namespace\":\"demo\",\"uid\":\"s1\"},\"spec\":{"
         "\"selector\":{\"app\":\"backend\"},\"ports\":[{\"port\":8000,\"targetPort\":8000}]}}");
    CORE("events", "");
    put("apis/discovery.k8s.io/v1/namespaces/demo/endpointslices.json", LIST(""));
    return 0;
}

struct run {
    struct kta_cluster *cluster;
    struct kta_redact *redact;
    struct kta_world *world;
    struct kta_scope scope;
    struct kta_targets targets;
};

static void begin(struct run *r, const char *text)
{
    struct kta_err err = KTA_ERR_INIT;
    *r = (struct run){.scope = {.namespace_ = "demo"}};
    if (kta_cluster_open_snapshot(dir, &r->cluster, &err))
        fail_msg("%s", err.msg);
    r->redact = kta_redact_new(KTA_REDACT_STANDARD);
    r->world = kta_world_new(r->cluster, r->redact, NULL);
    if (kta_target_find(r->world, &r->scope, text, &r->targets, &err))
        fail_msg("%s", err.msg);
}

static void end(struct run *r)
{
    kta_targets_release(&r->targets);
    kta_world_free(r->world);
    kta_redact_free(r->redact);
    kta_cluster_free(r->cluster);
}

static void test_targets(void **state)
{
    (void)state;
    static const struct {
        const char *text, *kind, *name, *suggestion;
    } rows[] = {
        {"why is backend crashing", "Deployment", "backend", NULL},
        {"deployment/backend", "Deployment", "backend", NULL},
        {"what is wrong with the service backend?", "Service", "backend", NULL},
        {"Restart the frontend deployment", "Deployment", "frontend", NULL},
        {"pod/backend-2-abc", "Pod", "backend-2-abc", NULL},
        {"why does backend-2 fail", "Deployment", "backend", NULL}, /* by a pod's prefix */
        {"why is web slow", "Deployment", "frontend", NULL},        /* by app label */
        {"why is bakend crashing", "Deployment", "backend", "backend"},
        {"why are my pods crashing?", "Namespace", "demo", NULL},
        {"", "Namespace", "demo", NULL},
    };
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct run r;
        begin(&r, rows[i].text);
        if (r.targets.n != 1 || strcmp(r.targets.v[0].ref.kind, rows[i].kind) != 0 ||
            strcmp(r.targets.v[0].ref.name, rows[i].name) != 0 ||
            !kta_streq(r.targets.suggestion, rows[i].suggestion))
            fail_msg("'%s': %zu targets, %s/%s, suggestion %s", rows[i].text, r.targets.n,
                     r.targets.n ? r.targets.v[0].ref.kind : "",
                     r.targets.n ? r.targets.v[0].ref.name : "",
                     r.targets.suggestion ? r.targets.suggestion : "none");
        end(&r);
    }
}

static void test_a_crash_after_a_change(void **state)
{
    (void)state;
    struct run r;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_findings f = {0};
    begin(&r, "why is backend crashing");
    assert_int_equal(kta_diagnose(r.world, &r.scope, &r.targets, NULL, &f, &err), 0);
    assert_int_equal(f.n, 1); /* the Service without endpoints is a symptom */
    assert_string_equal(f.v[0]->code, "CrashLoop.Exit");
    assert_string_equal(f.v[0]->object.kind, "Deployment");
    assert_non_null(f.v[0]->change);
    assert_non_null(strstr(f.v[0]->change, "kubectl-patch changed containers[backend].command"));
    assert_non_null(strstr(f.v[0]->change, "5m ago"));
    /* what outlives the minute has the time of day, and is the same in the next run */
    kta_auto_json struct kta_json *doc = kta_finding_json(f.v[0]);
    assert_true(kta_starts(kta_json_str(doc, "change"), "2026-01-01T12:05:00Z kubectl-patch "));
    assert_true(f.v[0]->n_fixes >= 1);
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    kta_argv_quote(&f.v[0]->fixes[0].argv, &s);
    assert_non_null(strstr(s.s, "rollout undo deployment/backend --to-revision=1"));
    assert_non_null(strstr(s.s, "--context"));
    assert_int_equal(f.v[0]->fixes[0].validated, -1); /* a snapshot cannot be asked */
    bool service = false;
    for (size_t i = 0; i < f.v[0]->n_symptoms; i++)
        service |= kta_streq(f.v[0]->symptoms[i].kind, "Service");
    assert_true(service);

    struct kta_evidence e = {0};
    assert_int_equal(kta_collect_evidence(r.world, &r.scope, &r.targets, &f, &e, &err), 0);
    bool changed = false;
    for (size_t i = 0; i < e.n; i++)
        changed |= kta_streq(e.v[i].source, "what changed");
    assert_true(changed);
    kta_evidence_release(&e);
    kta_findings_release(&f);
    end(&r);
}

static void test_ignored_findings(void **state)
{
    (void)state;
    struct run r;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_findings f = {0};
    struct kta_json *ignore = NULL;
    static const char text[] = "[{\"code\":\"CrashLoop.*\",\"object\":\"deployment/backend\"}]";
    assert_int_equal(kta_json_parse(text, sizeof text - 1, &ignore, &err), 0);
    begin(&r, "backend");
    struct kta_diagnose_options o = {.ignore = ignore};
    assert_int_equal(kta_diagnose(r.world, &r.scope, &r.targets, &o, &f, &err), 0);
    assert_int_equal(f.n, 0);
    kta_json_free(ignore);
    kta_findings_release(&f);
    end(&r);
}

/* Ready again after one failed run: that says something only once it has lasted. Now is 12:10:00.
 */
static void test_ready_between_crashes(void **state)
{
    (void)state;
    static const struct {
        const char *began, *ended, *since; /* the failed run, and this one */
        bool crash;
    } rows[] = {
        {"2026-01-01T12:09:56Z", "2026-01-01T12:09:56Z", "2026-01-01T12:09:57Z", true},
        {"2026-01-01T12:09:25Z", "2026-01-01T12:09:25Z", "2026-01-01T12:09:26Z", false},
        {"2026-01-01T12:08:30Z", "2026-01-01T12:09:20Z", "2026-01-01T12:09:21Z", true},
        {"2026-01-01T01:00:00Z", "2026-01-01T12:08:20Z", "2026-01-01T12:08:21Z", false},
    };
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct run r;
        struct kta_err err = KTA_ERR_INIT;
        struct kta_findings f = {0};
        kta_auto_free char *status = kta_asprintf(
            "\"ready\":true,\"restartCount\":1,\"state\":{\"running\":{\"startedAt\":\"%s\"}},"
            "\"lastState\":{\"terminated\":{\"exitCode\":1,\"reason\":\"Error\",\"startedAt\":\"%"
            "s\","
            "\"finishedAt\":\"%s\"}}",
            rows[i].since, rows[i].began, rows[i].ended);
        put_pod("True", status);
        begin(&r, "deployment/backend");
        assert_int_equal(kta_diagnose(r.world, &r.scope, &r.targets, NULL, &f, &err), 0);
        bool crash = f.n > 0 && strncmp(f.v[0]->code, "CrashLoop.", 10) == 0;
        if (crash != rows[i].crash)
            fail_msg("row %zu: %zu findings, the first %s", i, f.n, f.n ? f.v[0]->code : "none");
        kta_findings_release(&f);
        end(&r);
    }
}

/* The last run's log is gone, and the kubelet says so where the log would be: this run's is read.
 */
static void test_a_log_that_is_gone(void **state)
{
    struct run r;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_findings f = {0};
    (void)state;
    put("api/v1/namespaces/demo/pods/backend-2-abc/log/backend.previous.txt",
        "failed to try resolving symlinks in path \"/var/log/pods/demo_backend/backend/2.log\": "
        "lstat /var/log/pods/demo_backend/backend/2.log: no such file or directory\n");
    put("api/v1/namespaces/demo/pods/backend-2-abc/log/backend.txt",
        "Traceback (most recent call last):\n  File \"app.py\", line 3, in <module>\n"
        "KeyError: 'DATABASE_URL'\n");
    put_pod("True", "\"ready\":true,\"restartCount\":3,\"state\":{\"running\":{\"startedAt\":"
                    "\"2026-01-01T12:09:57Z\"}},\"lastState\":{\"terminated\":{\"exitCode\":1,"
                    "\"startedAt\":\"2026-01-01T12:09:56Z\",\"finishedAt\":"
                    "\"2026-01-01T12:09:56Z\"}}");
    begin(&r, "deployment/backend");
    assert_int_equal(kta_diagnose(r.world, &r.scope, &r.targets, NULL, &f, &err), 0);
    assert_int_equal(f.n, 1);
    assert_string_equal(f.v[0]->code, "CrashLoop.MissingEnv");
    kta_findings_release(&f);
    end(&r);
    put("api/v1/namespaces/demo/pods/backend-2-abc/log/backend.previous.txt", "");
    put("api/v1/namespaces/demo/pods/backend-2-abc/log/backend.txt", "");
}

/* Who still applies what a newer Kubernetes refuses: by managedFields, by what apply remembers; the
 * present versions are no finding. */
static void test_deprecated_versions(void **state)
{
    struct run r;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_findings f = {0};
    size_t told = 0;
    (void)state;
    put("apis/policy/v1/namespaces/demo/poddisruptionbudgets.json",
        LIST("{\"metadata\":{\"name\":\"old\",\"namespace\":\"demo\",\"uid\":\"b1\","
             "\"managedFields\":["
             "{\"manager\":\"helm\",\"apiVersion\":\"policy/v1beta1\",\"time\":"
             "\"2026-01-01T10:00:00Z\"}]},\"spec\":{},\"status\":{}},"
             "{\"metadata\":{\"name\":\"new\",\"namespace\":\"demo\",\"uid\":\"b2\","
             "\"managedFields\":["
             "{\"manager\":\"helm\",\"apiVersion\":\"policy/v1\"}]},\"spec\":{},\"status\":{}}"));
    put("apis/batch/v1/namespaces/demo/cronjobs.json",
        LIST("{\"metadata\":{\"name\":\"nightly\",\"namespace\":\"demo\",\"uid\":\"c1\","
             "\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":"
             "\"{\\\"apiVersion\\\":\\\"batch/v1beta1\\\",\\\"kind\\\":\\\"CronJob\\\"}\"}},"
             "\"spec\":{\"schedule\":\"0 3 * * *\"},\"status\":{}}"));
    begin(&r, "what is wrong");
    assert_int_equal(kta_diagnose(r.world, &r.scope, &r.targets, NULL, &f, &err), 0);
    for (size_t i = 0; i < f.n; i++) {
        if (!kta_streq(f.v[i]->code, "Api.Deprecated"))
            continue;
        told++;
        assert_int_equal(f.v[i]->severity, KTA_INFO);
        assert_true(kta_streq(f.v[i]->object.name, "old") ||
                    kta_streq(f.v[i]->object.name, "nightly"));
    }
    assert_int_equal(told, 2);
    kta_findings_release(&f);
    end(&r);
    put("apis/policy/v1/namespaces/demo/poddisruptionbudgets.json", LIST(""));
    put("apis/batch/v1/namespaces/demo/cronjobs.json", LIST(""));
}

#define KILLED_POD(set, limit)                                                                     \
    "{\"metadata\":{\"name\":\"" set "-x\",\"namespace\":\"demo\",\"uid\":\"p-" set                \
    "\",\"labels\":{\"app\":\"backend\"},\"ownerReferences\":[{\"controller\":true,\"uid\":\"" set \
    "\",\"kind\":\"ReplicaSet\",\"name\":\"" set                                                   \
    "\"}]},\"spec\":{\"restartPolicy\":\"Always\",\"containers\":[{\"name\":\"backend\","          \
    "\"resources\""                                                                                \
    ":{\"limits\":{\"memory\":\"" limit "\"}}}]},\"status\":{\"phase\":\"Running\","               \
    "\"containerStatuses\":[{\"name\":\"backend\",\"ready\":"                                      \
    "false,\"restartCount\":4,\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}},"          \
    "\"lastState\":{\"terminated\":{\"exitCode\":137,\"reason\":\"OOMKilled\",\"finishedAt\":"     \
    "\"2026-01-01T12:09:00Z\"}}}]}}"

/* A pod of an older revision tells only what those of the present one do not, and is not what a
 * change is computed from. */
static void test_a_pod_of_an_older_revision(void **state)
{
    (void)state;
    static const struct {
        const char *pods, *limit;
        bool fix;
    } rows[] = {
        {LIST(KILLED_POD("backend-1", "384Mi") "," KILLED_POD("backend-2", "32Mi")), "32Mi", true},
        {LIST(KILLED_POD("backend-1", "384Mi")), "384Mi", false},
    };
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct run r;
        struct kta_err err = KTA_ERR_INIT;
        struct kta_findings f = {0};
        put("api/v1/namespaces/demo/pods.json", rows[i].pods);
        begin(&r, "deployment/backend");
        assert_int_equal(kta_diagnose(r.world, &r.scope, &r.targets, NULL, &f, &err), 0);
        assert_true(f.n > 0);
        assert_string_equal(f.v[0]->code, "Memory.OOMKilled");
        assert_non_null(strstr(f.v[0]->summary, rows[i].limit));
        bool fix = false;
        for (size_t k = 0; k < f.v[0]->n_fixes; k++)
            fix |= strstr(f.v[0]->fixes[k].summary, "raise the memory limit") != NULL;
        assert_int_equal(fix, rows[i].fix);
        kta_findings_release(&f);
        end(&r);
    }
}

#define BACKEND_READY "\"ready\":true,\"restartCount\":0,\"state\":{\"running\":{}}"
#define BACKEND_ENDS                                                                               \
    "\"ready\":false,\"restartCount\":4,\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}}" \
    ","                                                                                            \
    "\"lastState\":{\"terminated\":{\"exitCode\":1,\"reason\":\"Error\",\"finishedAt\":\"2026-01-" \
    "01T12:09:00Z\"}}"

/* A plan has helped when the findings that its steps came from are gone; a step that came from none
 * is not judged. */
static void test_whether_a_plan_helped(void **state)
{
    (void)state;
    static const struct {
        const char *fix_id, *journal, *after;
        bool helped;
    } rows[] = {
        {"f1.a", "7/1", BACKEND_ENDS, false},
        {"f1.a", "7/1", BACKEND_READY, true},
        {"", "7/1", BACKEND_ENDS, true},
        {"f1.a", NULL, BACKEND_ENDS, true},
    };
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct run r;
        struct kta_err err = KTA_ERR_INIT;
        put_pod("False", BACKEND_ENDS);
        begin(&r, "deployment/backend");
        struct kta_pipeline p = {.cluster = r.cluster, .redact = r.redact, .verify_timeout_ms = 1};
        struct kta_step step = {.journal = (char *)rows[i].journal}, *steps[] = {&step};
        struct kta_plan plan = {.v = steps, .n = 1};
        struct kta_agent a = {.pipeline = &p, .scope = r.scope, .question = "deployment/backend"};
        assert_int_equal(kta_diagnose(r.world, &r.scope, &r.targets, NULL, &a.findings, &err), 0);
        assert_true(a.findings.n > 0 && a.findings.v[0]->n_fixes > 0);
        snprintf(step.fix_id, sizeof step.fix_id, "%s", rows[i].fix_id);
        put_pod(strstr(rows[i].after, "waiting") ? "False" : "True", rows[i].after);
        int rc = kta_agent_helped(&a, &plan, &err);
        if ((rc == 0) != rows[i].helped)
            fail_msg("row %zu: %d, %s", i, rc, err.msg);
        if (rc < 0)
            assert_int_equal(err.code, KTA_E_VERIFY);
        kta_findings_release(&a.findings);
        end(&r);
    }
}

/* What the cluster says cannot know where its own end is: no marker comes twice. */
static void fences_differ(struct kta_agent *a)
{
    kta_auto_json struct kta_json *one = agent_first_messages(a, KTA_WAY_TEXT, 4000),
                                  *two = agent_first_messages(a, KTA_WAY_TEXT, 4000);
    kta_auto_str struct kta_str first = KTA_STR_INIT, second = KTA_STR_INIT;

    assert_string_not_equal(kta_json_str(kta_json_item(one, kta_json_len(one) - 1), "content"),
                            kta_json_str(kta_json_item(two, kta_json_len(two) - 1), "content"));
    agent_fence("a log", &first);
    agent_fence("a log", &second);
    assert_int_equal(first.len, second.len);
    assert_string_not_equal(first.s, second.s);
}

/* What the budget has no room for is what tells least: findings and what changed stay, then the
 * first error, then states; of the log the first error stays when its end does not fit. */
static void test_evidence_by_worth(void **state)
{
    (void)state;
    static const struct {
        size_t budget;
        const char *kept[6], *cut[6];
    } rows[] = {
        {64000,
         {"[f1] CrashLoop.", "] what changed", "] log pod/", "] pods in demo", "] events",
          "] workloads"},
         {"did not fit"}},
        {2700,
         {"[f1] CrashLoop.", "] what changed", "FATAL: the pool is closed", "did not fit"},
         {"] events", "] workloads"}},
        {1100, {"[f1] CrashLoop.", "] what changed", "did not fit"}, {"] log pod/", "] events"}},
    };
    struct run r;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_str log = KTA_STR_INIT;
    kta_str_add(&log, "FATAL: the pool is closed\n");
    for (int i = 0; i < 400; i++)
        kta_str_addf(&log, "INFO a line like %c%c, and no other\n", 'a' + i / 26 % 26,
                     'a' + i % 26);
    put("api/v1/namespaces/demo/pods/backend-2-abc/log/backend.txt", log.s);
    kta_str_release(&log);
    kta_auto_free char *event =
        kta_asprintf("{\"kind\":\"List\",\"items\":[{\"metadata\":{\"name\":\"e1\",\"namespace\":"
                     "\"demo\"},\"involvedObject\":"
                     "{\"kind\":\"Pod\",\"name\":\"backend-2-abc\",\"uid\":\"p1\"},\"type\":"
                     "\"Warning\",\"reason\":\"BackOff\","
                     "\"message\":\"%0700d\",\"lastTimestamp\":\"2026-01-01T12:09:00Z\"}]}",
                     0);
    put("api/v1/namespaces/demo/events.json", event);
    put_pod("False", BACKEND_ENDS);
    begin(&r, "deployment/backend");
    struct kta_pipeline p = {.cluster = r.cluster, .redact = r.redact};
    struct kta_agent a = {.pipeline = &p, .scope = r.scope, .question = "why", .world = r.world};
    a.targets = r.targets;
    assert_int_equal(kta_diagnose(r.world, &r.scope, &r.targets, NULL, &a.findings, &err), 0);
    assert_int_equal(kta_collect_evidence(r.world, &r.scope, &r.targets, &a.findings, &a.evidence,
                                          &err),
                     0);
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        kta_auto_json struct kta_json *m = agent_first_messages(&a, KTA_WAY_TEXT, rows[i].budget);
        const char *user = kta_json_str(kta_json_item(m, kta_json_len(m) - 1), "content");
        if (getenv("SHOW"))
            print_message("%zu: %zu\n%s\n", rows[i].budget, strlen(user), user);
        for (size_t k = 0; k < 6 && rows[i].kept[k]; k++)
            if (!strstr(user, rows[i].kept[k]))
                fail_msg("%zu bytes: '%s' is not there", rows[i].budget, rows[i].kept[k]);
        for (size_t k = 0; k < 6 && rows[i].cut[k]; k++)
            if (strstr(user, rows[i].cut[k]))
                fail_msg("%zu bytes: '%s' is there", rows[i].budget, rows[i].cut[k]);
        assert_true(strlen(user) < rows[i].budget + 1500); /* question, context, what frames it */
    }
    fences_differ(&a);
    put("api/v1/namespaces/demo/events.json", LIST(""));
    kta_evidence_release(&a.evidence);
    kta_findings_release(&a.findings);
    end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_a_crash_after_a_change),
        cmocka_unit_test(test_ignored_findings),
        cmocka_unit_test(test_ready_between_crashes),
        cmocka_unit_test(test_a_log_that_is_gone),
        cmocka_unit_test(test_deprecated_versions),
        cmocka_unit_test(test_a_pod_of_an_older_revision),
        cmocka_unit_test(test_whether_a_plan_helped),
        cmocka_unit_test(test_evidence_by_worth),
    };
    return cmocka_run_group_tests(tests, write_snapshot, NULL);
}
