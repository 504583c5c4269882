/* A live cluster, good and bad: tests/servers/api_server.py plays it. Run from the checkout's top.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "kta/alloc.h"
#include "kta/argv.h"
#include "kta/cluster.h"
#include "kta/fs.h"
#include "kta/kinds.h"
#include "kta/obj.h"
#include "kta/str.h"

extern char **environ;

#define PODS "/api/v1/namespaces/demo/pods"

static char dir[64];
static pid_t server;

/* ---- the scripted server ---- */

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

static char *read_file(const char *name)
{
    kta_auto_free char *path = in_dir(name);
    struct kta_str s = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;

    if (kta_fs_read(path, 1 << 20, &s, &err) < 0)
        fail_msg("%s", err.msg);
    return kta_str_detach(&s);
}

/* Starts it with the flags of one line; '@' stands for the test's folder. */
static void start(const char *flags)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    kta_auto_str struct kta_str line = KTA_STR_INIT;
    kta_auto_free char *ready = in_dir("port");
    struct kta_err err = KTA_ERR_INIT;

    kta_str_addf(&line,
                 "python3 tests/servers/api_server.py --root %s/root --port-file %s "
                 "--kubeconfig %s/kc --log %s/log --log-headers ",
                 dir, ready, dir, dir);
    for (; *flags; flags++) {
        if (*flags == '@')
            kta_str_add(&line, dir);
        else
            kta_str_addc(&line, *flags);
    }
    assert_int_equal(kta_argv_split(line.s, &argv, &err), 0);
    unlink(ready);
    assert_int_equal(posix_spawnp(&server, "python3", NULL, NULL, argv.v, environ), 0);
    for (int i = 0; i < 200 && !kta_fs_exists(ready); i++)
        usleep(50000);
    assert_true(kta_fs_exists(ready));
}

static void stop(void)
{
    if (server > 0) {
        kill(server, SIGTERM);
        waitpid(server, NULL, 0);
    }
    server = 0;
}

static void some_pods(int n, struct kta_str *out)
{
    kta_str_add(out, "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[");
    for (int i = 0; i < n; i++)
        kta_str_addf(out,
                     "%s{\"metadata\":{\"name\":\"p%d\",\"namespace\":\"demo\",\"labels\":{\"app\":"
                     "\"%s\"}},\"spec\":{\"containers\":[{\"name\":\"c\"}]},\"status\":{\"phase\":"
                     "\"Running\"}}",
                     i ? "," : "", i, i % 2 ? "odd" : "even");
    kta_str_add(out, "]}");
}

static int set_up(void **state)
{
    kta_auto_str struct kta_str pods = KTA_STR_INIT;

    (void)state;
    memcpy(dir, "/tmp/kta-rest-XXXXXX", 21);
    assert_non_null(mkdtemp(dir));
    setenv("HOME", dir, 1);
    setenv("XDG_CACHE_HOME", dir, 1);
    unsetenv("KUBERNETES_MASTER");
    some_pods(1203, &pods);
    write_file("root" PODS ".json", pods.s);
    write_file("root" PODS "/p1/log/c.txt", "hello\nworld\n");
    write_file("root/apis/example.io/v1/namespaces/demo/gadgets.json",
               "{\"kind\":\"GadgetList\",\"apiVersion\":\"example.io/v1\",\"items\":[{\"metadata\":"
               "{\"name\":\"g\"}}]}");
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
    stop();
    return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- reading ---- */

static struct kta_cluster *open_with(const struct kta_kube_flags *more, int64_t timeout_ms)
{
    struct kta_kube_flags f = *more;
    kta_auto_free char *path = in_dir("kc");
    struct kta_kubeconfig *k = NULL;
    struct kta_cluster *c = NULL;
    struct kta_err err = KTA_ERR_INIT;

    f.kubeconfig = path;
    if (kta_kubeconfig_load(&f, &k, &err) < 0 || kta_cluster_open(k, timeout_ms, &c, &err) < 0)
        fail_msg("%s", err.msg);
    return c;
}

static struct kta_cluster *open_it(void)
{
    return open_with(&(struct kta_kube_flags){0}, 0);
}

struct outcome {
    int rc, failed[2];
    struct kta_err err, errs[2];
};

/* Reads pods and events together. */
static struct outcome read_two(int64_t timeout_ms)
{
    struct kta_cluster *c = open_with(&(struct kta_kube_flags){0}, timeout_ms);
    struct outcome o = {0};
    struct kta_read *r = NULL;
    size_t n = 0, cap = 0;

    kta_read_add(&r, &n, &cap, KTA_ACCEPT_JSON, PODS);
    kta_read_add(&r, &n, &cap, KTA_ACCEPT_JSON, "/api/v1/namespaces/demo/events");
    o.rc = kta_cluster_read(c, r, n, &o.err);
    for (size_t i = 0; i < n; i++) {
        o.failed[i] = r[i].failed;
        o.errs[i] = r[i].err;
    }
    kta_reads_free(r, n);
    kta_cluster_free(c);
    return o;
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' has no '%s'", text, part);
}

/* ---- tests ---- */

static void test_lists(void **state)
{
    struct kta_read *r = NULL;
    size_t n = 0, cap = 0;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_cluster *c;
    const struct kta_json *first;

    (void)state;
    start("");
    c = open_it();
    kta_read_add(&r, &n, &cap, KTA_ACCEPT_JSON, PODS);
    kta_read_add(&r, &n, &cap, KTA_ACCEPT_JSON, "/api/v1/pods?labelSelector=app%%3Dodd");
    kta_read_add(&r, &n, &cap, KTA_ACCEPT_JSON, PODS "?limit=7");
    kta_read_add(&r, &n, &cap, KTA_ACCEPT_TABLE, PODS);
    kta_read_add(&r, &n, &cap, KTA_ACCEPT_METADATA, PODS);
    kta_read_add(&r, &n, &cap, KTA_ACCEPT_TEXT, PODS "/p1/log?container=c");
    kta_read_add(&r, &n, &cap, KTA_ACCEPT_TEXT, PODS "/p1/log?container=c")->max = 5;
    kta_read_add(&r, &n, &cap, KTA_ACCEPT_JSON, PODS "/nope");
    kta_read_add(&r, &n, &cap, KTA_ACCEPT_JSON, "/apis/metrics.k8s.io/v1beta1/pods");
    kta_read_add(&r, &n, &cap, KTA_ACCEPT_TEXT, PODS "/p1/log?previous=true");
    kta_read_add(&r, &n, &cap, KTA_ACCEPT_METADATA, PODS "/p1");
    assert_int_equal(kta_cluster_read(c, r, n, &err), 0);
    assert_int_equal(kta_json_len(kta_json_get(r[0].json, "items")), 1203);
    assert_null(kta_json_str(r[0].json, "metadata.continue"));
    first = kta_json_item(kta_json_get(r[0].json, "items"), 1202);
    assert_string_equal(kta_obj_kind(first), "Pod"); /* the server leaves it out */
    assert_string_equal(kta_json_str(first, "apiVersion"), "v1");
    assert_int_equal(kta_json_len(kta_json_get(r[1].json, "items")), 601);
    assert_int_equal(kta_json_len(kta_json_get(r[2].json, "items")), 7);
    assert_int_equal(kta_json_len(kta_json_get(r[3].json, "rows")), 1203);
    assert_null(kta_json_at(r[3].json, "rows[0].object"));
    assert_int_equal(kta_json_len(kta_json_get(r[4].json, "items")), 1203);
    assert_string_equal(kta_json_str(r[4].json, "items[0].kind"), "PartialObjectMetadata");
    assert_string_equal(r[5].text.s, "hello\nworld\n");
    assert_string_equal(r[6].text.s, "hello");
    assert_false(r[6].failed);
    assert_int_equal(r[7].err.code, KTA_E_NOT_FOUND);
    assert_string_equal(r[7].err.msg, "there is no pod 'nope' in namespace 'demo'");
    has(r[8].err.msg, "does not serve pods.metrics.k8s.io/v1beta1");
    has(r[8].err.hint, "metrics-server");
    has(r[9].err.msg, "cannot read the log of pod 'p1' in namespace 'demo': previous terminated");
    assert_string_equal(kta_obj_name(r[10].json), "p1");
    assert_null(kta_json_get(r[10].json, "spec"));
    kta_reads_free(r, n);
    kta_cluster_free(c);
}

/* One sentence, with the right class, when nothing reached the cluster. */
static void test_unreachable(void **state)
{
    static const struct {
        const char *flags;
        enum kta_code code;
        const char *message, *hint;
    } cases[] = {
        {"--refuse-after-accept", KTA_E_CLUSTER,
         "cannot reach the cluster of context 'scripted' at "
         "http://127.0.0.1:",
         "context"},
        {"--slow 0", KTA_E_CLUSTER, "within 0.5 s", "--request-timeout"},
        {"--cut", KTA_E_CLUSTER, "broke off its answer", ""},
        {"--html", KTA_E_CLUSTER, "answered with a web page", "proxy"},
        {"--html --status 403", KTA_E_CLUSTER, "web page (HTTP 403)", "proxy"},
        {"--garbage", KTA_E_CLUSTER, "not JSON", "API server"},
        {"--unauthorized", KTA_E_AUTH, "none were sent for user 'tester'", "https://"},
        {"--unauthorized --token x --tls-self @/tls", KTA_E_AUTH,
         "refused the credentials of user 'tester': Unauthorized", "token may have expired"},
        {"--tls-self @/tls --wrong-ca", KTA_E_AUTH, "no safe connection to the cluster",
         "certificate"},
        {"--tls-self @/tls --tls-name other.example", KTA_E_AUTH, "another host name",
         "tls-server-name"},
    };

    (void)state;
    for (size_t i = 0; i < KTA_LEN(cases); i++) {
        struct outcome o;

        start(cases[i].flags);
        o = read_two(strstr(cases[i].flags, "--slow") ? 500 : 0);
        stop();
        assert_int_equal(o.rc, -1);
        has(o.err.msg, cases[i].message);
        has(o.err.hint, cases[i].hint);
        assert_int_equal(o.err.code, cases[i].code);
    }
}

/* What the cluster itself says no to is told by each read. */
static void test_partly(void **state)
{
    struct outcome o;

    (void)state;
    start("--forbid events");
    o = read_two(0);
    stop();
    assert_int_equal(o.rc, 0);
    assert_false(o.failed[0]);
    assert_int_equal(o.errs[1].code, KTA_E_AUTH);
    assert_int_equal(o.errs[1].http, 403);
    assert_string_equal(o.errs[1].msg,
                        "cannot list events in namespace 'demo': forbidden for user 'tester'");
    start("--status 500");
    o = read_two(0);
    stop();
    assert_int_equal(o.rc, 0);
    has(o.errs[0].msg, "the API server failed (HTTP 500: etcdserver: request timed out)");
    start("--busy 1");
    o = read_two(0);
    stop();
    assert_false(o.failed[0] || o.failed[1]); /* it was asked again after the pause */
    start("--huge 70000000");
    o = read_two(0);
    assert_int_equal(o.rc, 0);
    assert_int_equal(o.errs[0].code, KTA_E_LIMIT);
}

static void test_expired_continue(void **state)
{
    struct outcome o;

    (void)state;
    start("--gone"); /* once: the list starts over */
    o = read_two(0);
    stop();
    assert_false(o.failed[0]);
    start("--gone 0"); /* always: an error, and no half list */
    o = read_two(0);
    assert_true(o.failed[0]);
    assert_int_equal(o.errs[0].http, 410);
}

static void test_identity(void **state)
{
    kta_auto_argv struct kta_argv groups = KTA_ARGV_INIT;
    kta_auto_free char *log = NULL;
    struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_cluster *c;

    (void)state;
    start("--token s3cret --tls-self @/tls --forbid events");
    kta_argv_addl(&groups, "devs", "ops", NULL);
    c = open_with(&(struct kta_kube_flags){.as = "jane", .as_uid = "7", .as_groups = &groups}, 0);
    assert_int_equal(kta_cluster_get(c, &v, &err, PODS "/p1"), 0);
    kta_json_free(v);
    assert_int_equal(kta_cluster_get(c, &v, &err, "/api/v1/events"), -1);
    has(err.msg, "forbidden for user 'jane'");
    kta_cluster_free(c);
    log = read_file("log");
    has(log, "Authorization: Bearer s3cret");
    has(log, "Impersonate-User: jane");
    has(log, "Impersonate-Uid: 7");
    has(log, "Impersonate-Group: devs");
    has(log, "Impersonate-Group: ops");
}

/* ---- exec credential plugins ---- */

/* A kubeconfig whose user runs DIR/plugin, which counts its runs and tells what it was given. */
static void exec_kubeconfig(const char *answer)
{
    kta_auto_free char *kc = read_file("kc"), *plugin = in_dir("plugin");
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    const char *user = strstr(kc, "\"user\": {");

    assert_non_null(user);
    kta_str_addn(&s, kc, (size_t)(user - kc));
    kta_str_addf(&s,
                 "\"user\": {\"exec\": {\"apiVersion\": \"client.authentication.k8s.io/v1\","
                 "\"command\": \"./plugin\", \"args\": [\"a b\", \"$(touch %s/pwned)\"],"
                 "\"env\": [{\"name\": \"REGION\", \"value\": \"eu\"}],"
                 "\"interactiveMode\": \"Never\", \"provideClusterInfo\": true,"
                 "\"installHint\": \"get it from the shop\"}}}]}",
                 dir);
    write_file("kc", s.s);
    kta_str_clear(&s);
    kta_str_addf(&s,
                 "#!/bin/sh\necho run >>%s/runs\n"
                 "printf '%%s|%%s|%%s\\n%%s\\n' \"$1\" \"$2\" \"$REGION\" "
                 "\"$KUBERNETES_EXEC_INFO\" >%s/told\n%s\n",
                 dir, dir, answer);
    write_file("plugin", s.s);
    assert_int_equal(chmod(plugin, 0700), 0);
}

static int runs(void)
{
    kta_auto_free char *s = read_file("runs");

    return (int)(strlen(s) / strlen("run\n"));
}

#define CREDENTIAL(status)                                                                         \
    "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\","       \
    "\"status\":{" status "}}'"

static void test_exec_once_a_process(void **state)
{
    kta_auto_free char *told = NULL, *pwned = in_dir("pwned");
    struct outcome o;

    (void)state;
    start("--token good --tls-self @/tls");
    exec_kubeconfig(
        CREDENTIAL("\"token\":\"'$WHO'\",\"expirationTimestamp\":\"2999-01-01T00:00:00Z\""));
    setenv("WHO", "good", 1);
    o = read_two(0);
    assert_int_equal(o.rc, 0);
    assert_int_equal(runs(), 1);
    told = read_file("told");
    has(told, "a b|$(touch ");
    has(told, "|eu\n");
    has(told, "\"certificate-authority-data\":");
    has(told, "\"interactive\":false");
    assert_false(kta_fs_exists(pwned)); /* there was no shell */

    setenv("WHO", "somebody-else", 1); /* the next run is not the first one's person */
    o = read_two(0);
    assert_int_equal(o.rc, -1);
    assert_int_equal(o.err.http, 401);
    unsetenv("WHO");
}

/* A cached token that the server refuses is asked for again, once. */
static void test_exec_renewed(void **state)
{
    struct outcome o;

    (void)state;
    start("--token new --tls-self @/tls");
    exec_kubeconfig("if [ $(wc -l <\"${0%/*}/runs\") = 1 ]; then t=old; else t=new; fi\n"
                    "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":"
                    "\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"'$t'\","
                    "\"expirationTimestamp\":\"2999-01-01T00:00:00Z\"}}'");
    o = read_two(0);
    assert_int_equal(o.rc, 0);
    assert_int_equal(runs(), 2);
    stop();
    start("--token newer --tls-self @/tls --port 0");
    exec_kubeconfig(CREDENTIAL("\"token\":\"never\""));
    o = read_two(0);
    assert_int_equal(o.rc, -1);
    assert_int_equal(o.err.http, 401);
    has(o.err.hint, "plugin");
    assert_int_equal(runs(), 4);
}

static void test_exec_failures(void **state)
{
    static const struct {
        const char *answer, *message;
    } cases[] = {
        {"echo no session >&2; exit 3", "failed with exit code 3: no session"},
        {"echo hello", "no JSON"},
        {"echo '{\"kind\":\"Pod\"}'", "no ExecCredential"},
        {"echo '{\"kind\":\"ExecCredential\",\"apiVersion\":"
         "\"client.authentication.k8s.io/v1beta1\",\"status\":{\"token\":\"x\"}}'",
         "in version 'client.authentication.k8s.io/v1beta1'"},
        {CREDENTIAL(""), "neither a token nor a certificate"},
        {CREDENTIAL("\"clientCertificateData\":\"x\""), "without its key"},
        {CREDENTIAL("\"token\":\"x\",\"expirationTimestamp\":\"soon\""), "RFC 3339"},
    };

    (void)state;
    start("--token t --tls-self @/tls");
    for (size_t i = 0; i < KTA_LEN(cases); i++) {
        kta_auto_free char *kc = read_file("kc");
        struct outcome o;

        exec_kubeconfig(cases[i].answer);
        o = read_two(0);
        write_file("kc", kc);
        assert_int_equal(o.rc, -1);
        assert_int_equal(o.err.code, KTA_E_AUTH);
        has(o.err.msg, "/plugin' of user 'tester'");
        has(o.err.msg, cases[i].message);
        has(o.err.hint, "get it from the shop");
    }
}

/* ---- writes ---- */

static void test_only_dry_runs(void **state)
{
    static const struct {
        const char *method, *path;
    } refused[] = {
        {"PATCH", PODS "/p1"},
        {"PATCH", PODS "/p1?dryRun=all"},
        {"PATCH", PODS "/p1?dryRun=None&dryRun=All"},
        {"PATCH", PODS "/p1?dryRun=All&dryRun=None"},
        {"PATCH", PODS "/p1?xdryRun=All"},
        {"DELETE", PODS "/dryRun=All"},
        {"DELETE", PODS "/p1#?dryRun=All"},
        {"DELETE", PODS "/p1?x=#&dryRun=All"},
        {"POST", "/apis/authorization.k8s.io/v1/reviews/a/b/../../../../../api/v1/pods"},
        {"GET", PODS "?dryRun=All"},
        {"PUT", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"},
        {"POST", "/apis/example.io/v1/selfsubjectaccessreviews"},
        {"POST", "/apis/authorization.k8s.io/v1/../../../api/v1/pods/reviews"},
    };
    struct kta_cluster *c;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_json *v = NULL;
    const char *patch = "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}";
    const char *review = "{\"spec\":{\"resourceAttributes\":{\"verb\":\"delete\"}}}";
    int status = 0;

    (void)state;
    start("--deny delete --reject bad");
    c = open_it();
    for (size_t i = 0; i < KTA_LEN(refused); i++) {
        kta_err_clear(&err);
        assert_int_equal(kta_cluster_send(c, refused[i].method, refused[i].path, NULL, "{}",
                                          &status, &v, &err),
                         -1);
        assert_int_equal(err.code, KTA_E_POLICY);
    }
    assert_int_equal(kta_cluster_send(c, "PATCH", PODS "/p1?dryRun=All",
                                      "application/merge-patch+json", patch, &status, &v, &err),
                     0);
    assert_int_equal(status, 200);
    assert_string_equal(kta_obj_label(v, "a"), "b");
    kta_json_free(v);
    assert_int_equal(kta_cluster_send(c, "PATCH", PODS "/p1?dryRun=All",
                                      "application/merge-patch+json", "{\"bad\":1}", &status, &v,
                                      &err),
                     0);
    assert_int_equal(status, 422); /* the server's no is an answer */
    kta_json_free(v);
    assert_int_equal(kta_cluster_send(c, "POST",
                                      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                                      NULL, review, &status, &v, &err),
                     0);
    assert_false(kta_json_bool(v, "status.allowed", true));
    kta_json_free(v);
    kta_cluster_free(c);
}

/* Several go out at once, and each has its own answer; one that may not be sent keeps all back. */
static void test_send_all(void **state)
{
    struct kta_send sends[] = {
        {.method = "PATCH", .path = PODS "/p1?dryRun=All", .body = "{\"bad\":1}"},
        {.method = "PATCH", .path = PODS "/p1?dryRun=All", .body = "{\"metadata\":{}}"},
        {.method = "PATCH", .path = PODS "/p1", .body = "{\"metadata\":{}}"}};
    struct kta_err err = KTA_ERR_INIT;

    (void)state;
    start("--reject bad");
    struct kta_cluster *c = open_it();
    for (size_t i = 0; i < KTA_LEN(sends); i++)
        sends[i].content_type = "application/merge-patch+json";
    assert_int_equal(kta_cluster_send_all(c, sends, 3, &err), -1);
    assert_int_equal(err.code, KTA_E_POLICY);
    assert_int_equal(kta_cluster_stats(c).requests, 0);
    assert_int_equal(kta_cluster_send_all(c, sends, 2, &err), 0);
    assert_int_equal(sends[0].status, 422);
    assert_int_equal(sends[1].status, 200);
    assert_string_equal(kta_obj_name(sends[1].json), "p1");
    kta_json_free(sends[0].json);
    kta_json_free(sends[1].json);
    kta_cluster_free(c);
}

/* ---- watches ---- */

struct seen {
    struct kta_str text;
    int ticks;
};

static bool on_event(void *ctx, const char *type, struct kta_json *object)
{
    struct seen *s = ctx;

    kta_str_addf(&s->text, "%s %s %s;", type, kta_obj_kind(object), kta_obj_name(object));
    return strcmp(type, "DELETED") != 0;
}

static bool on_tick(void *ctx)
{
    struct seen *s = ctx;

    return ++s->ticks < 100;
}

static void test_watch(void **state)
{
    static const char *const flags[] = {
        "--watch-events @/events --watch-break 1 --watch-break-mid",
        "--watch-events @/events --watch-break 1",
    };
    struct kta_err err = KTA_ERR_INIT;

    (void)state;
    write_file("events",
               "{\"after\":0.1,\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Pod\",\"metadata\":"
               "{\"name\":\"p1\",\"namespace\":\"demo\"}}}\n"
               "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"metadata\":{}}}\n"
               "{\"after\":0.5,\"type\":\"DELETED\",\"object\":{\"kind\":\"Pod\",\"metadata\":"
               "{\"name\":\"p1\",\"namespace\":\"demo\"}}}\n");
    for (size_t i = 0; i < KTA_LEN(flags); i++) {
        struct seen s = {.text = KTA_STR_INIT};
        struct kta_cluster *c;

        start(flags[i]);
        c = open_it();
        assert_int_equal(kta_cluster_watch(c, PODS "?fieldSelector=metadata.name%3Dp1", 20000,
                                           on_event, on_tick, 200, &s, &err),
                         0);
        assert_string_equal(s.text.s, "ADDED Pod p1;MODIFIED Pod p1;DELETED Pod p1;");
        assert_true(s.ticks >= 2);
        kta_str_release(&s.text);
        kta_cluster_free(c);
        stop();
    }
}

/* 410 starts over with a list; a deadline ends it; what is forbidden is not tried again. */
static void test_watch_ends(void **state)
{
    struct seen s = {.text = KTA_STR_INIT};
    struct kta_err err = KTA_ERR_INIT;
    struct kta_cluster *c;

    (void)state;
    start("--watch-gone");
    c = open_it();
    assert_int_equal(kta_cluster_watch(c, PODS "?fieldSelector=metadata.name%3Dp1", 3000, on_event,
                                       NULL, 0, &s, &err),
                     -1);
    assert_int_equal(err.code, KTA_E_TIMEOUT);
    assert_string_equal(s.text.s, "ADDED Pod p1;ADDED Pod p1;");
    kta_cluster_free(c);
    stop();
    start("--forbid pods");
    c = open_it();
    kta_err_clear(&err);
    assert_int_equal(kta_cluster_watch(c, PODS, 5000, on_event, NULL, 0, &s, &err), -1);
    assert_int_equal(err.code, KTA_E_AUTH);
    kta_cluster_free(c);
    kta_str_release(&s.text);
}

/* ---- discovery ---- */

static void test_discovery(void **state)
{
    const struct kta_kind *k = NULL;
    kta_auto_str struct kta_str path = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_cluster *c;

    (void)state;
    start("");
    c = open_it();
    assert_int_equal(kta_kind_find(c, "gadget", &k, &err), 0);
    kta_kind_path(k, "demo", "a b", &path);
    assert_string_equal(path.s, "/apis/example.io/v1/namespaces/demo/gadgets/a%20b");
    assert_ptr_equal(kta_kind_of(c, "example.io/v1", "Gadget"), k);
    assert_int_equal(kta_kind_find(c, "gadgets.example.io", &k, &err), 0);
    assert_int_equal(kta_kind_find(c, "gadgts", &k, &err), -1);
    assert_int_equal(err.code, KTA_E_NOT_FOUND);
    has(err.hint, "'gadgets'");
    assert_int_equal(kta_cluster_stats(c).requests, 1); /* asked once */
    kta_cluster_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unreachable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_partly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_expired_continue, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_identity, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_exec_once_a_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_exec_renewed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_exec_failures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_only_dry_runs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_watch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_send_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_watch_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_discovery, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
