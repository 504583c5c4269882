/* A snapshot answers what was recorded, redacted, whatever the order and the selectors of reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/cluster.h"
#include "kta/fs.h"
#include "kta/kinds.h"
#include "kta/obj.h"
#include "kta/snapshot.h"

#define DEMO "/api/v1/namespaces/demo"

static char dir[64];

static char *in_dir(const char *name)
{
    return kta_fs_join(dir, name);
}

static void write_file(const char *name, const char *text)
{
    kta_auto_free char *path = in_dir(name), *folder = kta_fs_dirname(path);
    struct kta_err err = KTA_ERR_INIT;

    assert_int_equal(kta_fs_mkdirs(folder, &err), 0);
    assert_int_equal(kta_fs_write(path, text, strlen(text), &err), 0);
}

static int set_up(void **state)
{
    (void)state;
    memcpy(dir, "/tmp/kta-snap-XXXXXX", 21);
    assert_non_null(mkdtemp(dir));
    write_file("a/meta.json", "{\"version\":1,\"context\":\"prod\",\"server\":\"https://x\","
                              "\"namespace\":\"demo\",\"user\":\"u\","
                              "\"time\":\"2026-01-02T03:04:05Z\"}");
    write_file("a" DEMO "/pods.json",
               "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":["
               "{\"metadata\":{\"name\":\"web-1\",\"namespace\":\"demo\",\"labels\":{\"app\":"
               "\"web\",\"tier\":\"front\"}},\"spec\":{\"nodeName\":\"n1\",\"containers\":[{}]},"
               "\"status\":{\"phase\":\"Running\"}},"
               "{\"metadata\":{\"name\":\"db-1\",\"namespace\":\"demo\",\"labels\":{\"app\":\"db\"}"
               "},\"spec\":{\"nodeName\":\"n2\"},\"status\":{\"phase\":\"Pending\"}}]}");
    write_file("a/api/v1/namespaces/other/pods.json",
               "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[{\"metadata\":{\"name\":"
               "\"lonely\",\"namespace\":\"other\"}}]}");
    write_file("a" DEMO "/secrets.json",
               "{\"kind\":\"SecretList\",\"apiVersion\":\"v1\",\"items\":[{\"metadata\":{\"name\":"
               "\"db\",\"namespace\":\"demo\"},\"data\":{\"password\":"
               "\"Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5\"}}]}");
    write_file("a" DEMO "/events.json", "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"code\":403,"
                                        "\"message\":\"cannot list events: forbidden\"}");
    write_file("a" DEMO "/pods/web-1/log/c.txt", "password=correct-horse-battery\nready\n");
    write_file("a" DEMO "/pods/web-1/log/c.previous.txt", "panic\n");
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct kta_cluster *open_dir(const char *name)
{
    kta_auto_free char *path = in_dir(name);
    struct kta_cluster *c = NULL;
    struct kta_err err = KTA_ERR_INIT;

    if (kta_cluster_open_snapshot(path, &c, &err) < 0)
        fail_msg("%s", err.msg);
    return c;
}

/* One read; *ret_text is the names of the items ("web-1 db-1"), the object's name, or the log. */
static enum kta_code read_names(struct kta_cluster *c, const char *path, struct kta_str *ret_text)
{
    struct kta_read *r = NULL;
    size_t n = 0, cap = 0;
    struct kta_err err = KTA_ERR_INIT;
    enum kta_code code;

    kta_read_add(&r, &n, &cap, strstr(path, "/log") ? KTA_ACCEPT_TEXT : KTA_ACCEPT_JSON, "%s",
                 path);
    assert_int_equal(kta_cluster_read(c, r, n, &err), 0);
    code = r[0].failed ? r[0].err.code : KTA_E_OK;
    assert_true(r[0].failed == (code != KTA_E_OK));
    kta_json_each(o, kta_json_get(r[0].json, "items"))
        kta_str_addf(ret_text, "%s%s", ret_text->len ? " " : "", kta_obj_name(o));
    kta_str_add(ret_text, kta_or(kta_obj_name(r[0].json), ""));
    kta_str_add(ret_text, r[0].failed ? r[0].err.msg : r[0].text.s);
    kta_reads_free(r, n);
    return code;
}

static const struct {
    const char *path;
    enum kta_code code;
    const char *text; /* NULL: whatever */
} reads[] = {
    {DEMO "/pods", KTA_E_OK, "web-1 db-1"},
    {DEMO "/pods?limit=500", KTA_E_OK, "web-1 db-1"},
    {DEMO "/pods?labelSelector=app%3Dweb", KTA_E_OK, "web-1"},
    {DEMO "/pods?labelSelector=app+in+(db,x)", KTA_E_OK, "db-1"},
    {DEMO "/pods?labelSelector=app%20in%20(db,x)", KTA_E_OK, "db-1"},
    {DEMO "/pods?labelSelector=app%20notin%20(db),tier", KTA_E_OK, "web-1"},
    {DEMO "/pods?labelSelector=%21tier", KTA_E_OK, "db-1"},
    {DEMO "/pods?labelSelector=app!%3Dweb", KTA_E_OK, "db-1"},
    {DEMO "/pods?labelSelector=app%3D%3Dweb,tier%3Dfront", KTA_E_OK, "web-1"},
    {DEMO "/pods?fieldSelector=metadata.name%3Ddb-1", KTA_E_OK, "db-1"},
    {DEMO "/pods?fieldSelector=status.phase!%3DRunning", KTA_E_OK, "db-1"},
    {DEMO "/pods?fieldSelector=spec.nodeName%3Dn1,status.phase%3DRunning", KTA_E_OK, "web-1"},
    {"/api/v1/pods", KTA_E_OK, "web-1 db-1 lonely"}, /* of all namespaces that were recorded */
    {DEMO "/pods/db-1", KTA_E_OK, "db-1"},           /* an object out of its list */
    {DEMO "/pods/db-2", KTA_E_NOT_FOUND, "there is no pod 'db-2' in namespace 'demo'"},
    {DEMO "/services", KTA_E_NOT_FOUND, "the snapshot holds no services of namespace 'demo'"},
    {"/api/v1/namespaces/../../../pods", KTA_E_NOT_FOUND, NULL},
    {"/api/v1/namespaces/%2e%2e/pods", KTA_E_NOT_FOUND, NULL},
    {"/a/../../etc/passwd", KTA_E_NOT_FOUND, NULL},
    {DEMO "/events", KTA_E_AUTH, "cannot list events: forbidden"},
    {DEMO "/pods/web-1/log?container=c&tailLines=5", KTA_E_OK, NULL},
    {DEMO "/pods/web-1/log", KTA_E_OK, NULL},
    {DEMO "/pods/web-1/log?container=c&previous=true", KTA_E_OK, "panic\n"},
    {DEMO "/pods/db-1/log?container=c", KTA_E_NOT_FOUND, NULL},
};

static void check_reads(struct kta_cluster *c)
{
    for (size_t i = 0; i < KTA_LEN(reads); i++) {
        kta_auto_str struct kta_str text = KTA_STR_INIT;
        enum kta_code code = read_names(c, reads[i].path, &text);

        if (code != reads[i].code || (reads[i].text && strcmp(text.s, reads[i].text) != 0))
            fail_msg("%s: %s '%s'", reads[i].path, kta_code_name(code), text.s);
    }
}

static void test_reads(void **state)
{
    struct kta_cluster *c;

    (void)state;
    c = open_dir("a");
    assert_true(kta_cluster_is_snapshot(c));
    assert_string_equal(kta_cluster_context(c), "prod");
    assert_string_equal(kta_cluster_namespace(c), "demo");
    assert_int_equal(kta_cluster_now(c), kta_time_parse("2026-01-02T03:04:05Z"));
    check_reads(c);
    kta_cluster_free(c);
}

/* What is recorded while reading answers the same reads, and holds no secret. */
static void test_round_trip(void **state)
{
    struct kta_cluster *c;
    struct kta_redact *redact = kta_redact_new(KTA_REDACT_STANDARD);
    struct kta_snapshot_writer *w = NULL;
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_free char *to = in_dir("b"), *log = in_dir("b" DEMO "/pods/web-1/log/c.txt");
    kta_auto_free char *secrets = in_dir("b" DEMO "/secrets.json");
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    size_t files = 0;

    (void)state;
    c = open_dir("a");
    assert_int_equal(kta_snapshot_begin(to, c, redact, &w, &err), 0);
    assert_int_equal(read_names(c, DEMO "/secrets", &text), KTA_E_OK);
    check_reads(c);
    assert_int_equal(kta_snapshot_end(w, &files, &err), 0);
    kta_cluster_free(c);
    assert_true(files > 10);
    c = open_dir("b");
    assert_int_equal(kta_cluster_now(c), kta_time_parse("2026-01-02T03:04:05Z"));
    check_reads(c);
    kta_cluster_free(c);
    kta_str_clear(&text);
    assert_int_equal(kta_fs_read(log, 4096, &text, &err), 0);
    assert_int_equal(kta_fs_read(secrets, 4096, &text, &err), 0);
    assert_non_null(strstr(text.s, "ready"));
    assert_null(strstr(text.s, "correct-horse"));
    assert_null(strstr(text.s, "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5"));
    /* a second snapshot does not go into the first */
    c = open_dir("a");
    assert_int_equal(kta_snapshot_begin(to, c, redact, &w, &err), -1);
    assert_int_equal(err.code, KTA_E_USAGE);
    kta_cluster_free(c);
    kta_redact_free(redact);
}

static void test_other_forms(void **state)
{
    struct kta_read *r = NULL;
    size_t n = 0, cap = 0;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_cluster *c;

    (void)state;
    c = open_dir("a");
    kta_read_add(&r, &n, &cap, KTA_ACCEPT_TABLE, DEMO "/pods");
    kta_read_add(&r, &n, &cap, KTA_ACCEPT_METADATA, DEMO "/pods");
    kta_read_add(&r, &n, &cap, KTA_ACCEPT_TEXT, DEMO "/pods/web-1/log?container=c")->max = 4;
    assert_int_equal(kta_cluster_read(c, r, n, &err), 0);
    assert_string_equal(kta_json_str(r[0].json, "rows[0].cells[2]"), "Running");
    assert_string_equal(kta_json_str(r[1].json, "items[1].metadata.name"), "db-1");
    assert_null(kta_json_at(r[1].json, "items[1].spec"));
    assert_string_equal(r[2].text.s, "pass");
    kta_reads_free(r, n);
    kta_cluster_free(c);
}

static void test_nothing_is_sent(void **state)
{
    struct kta_cluster *c;
    struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;
    int status;

    (void)state;
    c = open_dir("a");
    assert_int_equal(kta_cluster_send(c, "PATCH", DEMO "/pods/x?dryRun=All", NULL, "{}", &status,
                                      &v, &err),
                     -1);
    kta_cluster_free(c);
}

static void test_broken(void **state)
{
    static const struct {
        const char *meta, *message;
    } cases[] = {
        {NULL, "no snapshot"},
        {"{", "meta.json"},
        {"{\"version\":2}", "version"},
        {"{\"version\":1}", "no time"},
    };
    kta_auto_free char *path = in_dir("c"), *none = in_dir("none");
    struct kta_cluster *c = NULL;
    struct kta_err err = KTA_ERR_INIT;

    (void)state;
    assert_int_equal(mkdir(path, 0700), 0);
    for (size_t i = 0; i < KTA_LEN(cases); i++) {
        if (cases[i].meta)
            write_file("c/meta.json", cases[i].meta);
        assert_int_equal(kta_cluster_open_snapshot(path, &c, &err), -1);
        if (!strstr(err.msg, cases[i].message))
            fail_msg("%s", err.msg);
    }
    assert_int_equal(kta_cluster_open_snapshot(none, &c, &err), -1);
    assert_int_equal(err.code, KTA_E_USAGE);
}

/* What kubectl cluster-info dump --output-directory wrote. */
static void test_dump(void **state)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct kta_cluster *c;

    (void)state;
    write_file("d/nodes.json",
               "{\"kind\":\"NodeList\",\"apiVersion\":\"v1\",\"items\":[{\"status\":"
               "{\"conditions\":[{\"lastHeartbeatTime\":\"2026-05-05T05:05:05Z\"}]}"
               "}]}");
    write_file("d/demo/pods.json",
               "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[{\"metadata\":{\"name\":"
               "\"p\",\"namespace\":\"demo\"}}]}");
    write_file("d/demo/p/logs.txt", "==== START logs for container a of pod demo/p ====\nA\n"
                                    "==== END logs for container a of pod demo/p ====\n"
                                    "==== START logs for container b of pod demo/p ====\nB\n"
                                    "==== END logs for container b of pod demo/p ====\n");
    c = open_dir("d");
    assert_int_equal(kta_cluster_now(c), kta_time_parse("2026-05-05T05:05:05Z"));
    assert_int_equal(read_names(c, "/api/v1/pods", &text), KTA_E_OK);
    assert_int_equal(read_names(c, DEMO "/pods/p", &text), KTA_E_OK);
    assert_int_equal(read_names(c, DEMO "/pods/p/log?container=b", &text), KTA_E_OK);
    assert_int_equal(read_names(c, DEMO "/pods/p/log", &text), KTA_E_OK);
    assert_string_equal(text.s, "ppB\nA\n");
    assert_int_equal(read_names(c, DEMO "/pods/p/log?previous=true", &text), KTA_E_NOT_FOUND);
    assert_int_equal(read_names(c, "/api/v1/secrets", &text), KTA_E_NOT_FOUND);
    kta_cluster_free(c);
}

/* ---- kinds ---- */

static void test_kind_names(void **state)
{
    static const struct {
        const char *name, *path;
    } cases[] = {
        {"pods", "/api/v1/namespaces/n/pods/x"},
        {"Pod", "/api/v1/namespaces/n/pods/x"},
        {"po", "/api/v1/namespaces/n/pods/x"},
        {"deploy", "/apis/apps/v1/namespaces/n/deployments/x"},
        {"deployments.apps", "/apis/apps/v1/namespaces/n/deployments/x"},
        {"deployments.v1.apps", "/apis/apps/v1/namespaces/n/deployments/x"},
        {"Deployment.v1.apps", "/apis/apps/v1/namespaces/n/deployments/x"},
        {"DEPLOYMENT", "/apis/apps/v1/namespaces/n/deployments/x"},
        {"no", "/api/v1/nodes/x"},
        {"ev", "/api/v1/namespaces/n/events/x"},
        {"events.events.k8s.io", "/apis/events.k8s.io/v1/namespaces/n/events/x"},
        {"pods.metrics.k8s.io", "/apis/metrics.k8s.io/v1beta1/namespaces/n/pods/x"},
        {"hpa", "/apis/autoscaling/v2/namespaces/n/horizontalpodautoscalers/x"},
        {"crds", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/x"},
        {"pods.apps", NULL},
        {"deployments.v2.apps", NULL},
        {"pod/x", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < KTA_LEN(cases); i++) {
        const struct kta_kind *k = kta_kind_known(cases[i].name);
        kta_auto_str struct kta_str path = KTA_STR_INIT;

        if (k)
            kta_kind_path(k, "n", "x", &path);
        if (strcmp(path.s, kta_or(cases[i].path, "")) != 0)
            fail_msg("%s: %s", cases[i].name, path.s);
    }
    assert_string_equal(kta_kind_of(NULL, "apps/v1", "Deployment")->plural, "deployments");
    assert_string_equal(kta_kind_of(NULL, "autoscaling/v1", "HorizontalPodAutoscaler")->version,
                        "v2");
    assert_null(kta_kind_of(NULL, "v1", "Deployment"));
}

static void test_kind_nearest(void **state)
{
    const struct kta_kind *k = NULL;
    struct kta_err err = KTA_ERR_INIT;

    (void)state;
    assert_int_equal(kta_kind_find(NULL, "deploymnets", &k, &err), -1);
    assert_int_equal(err.code, KTA_E_NOT_FOUND);
    assert_non_null(strstr(err.hint, "'deployments'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_forms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_is_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_broken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dump, set_up, tear_down),
        cmocka_unit_test(test_kind_names),
        cmocka_unit_test(test_kind_nearest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
