/* kubeconfig files, flags and the service account resolve as kubectl resolves them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kta/alloc.h"
#include "kta/err.h"
#include "kta/fs.h"
#include "kta/kubeconfig.h"
#include "kta/str.h"

#define PEM_A "LS0tLS1CRUdJTiBBLS0tLS0K" /* base64 of "-----BEGIN A-----\n" */

static char dir[64];

static void write_file(const char *name, const char *text)
{
    kta_auto_free char *path = kta_fs_join(dir, name), *folder = kta_fs_dirname(path);
    struct kta_err err = KTA_ERR_INIT;

    assert_int_equal(kta_fs_mkdirs(folder, &err), 0);
    assert_int_equal(kta_fs_write(path, text, strlen(text), &err), 0);
}

static int set_up(void **state)
{
    (void)state;
    memcpy(dir, "/tmp/kta-kube-XXXXXX", 21);
    assert_non_null(mkdtemp(dir));
    setenv("HOME", dir, 1);
    unsetenv("KUBECONFIG");
    unsetenv("KUBERNETES_MASTER");
    unsetenv("KUBERNETES_SERVICE_HOST");
    write_file("a/one.yaml", "apiVersion: v1\n"
                             "kind: Config\n"
                             "current-context: ''\n"
                             "clusters:\n"
                             "- name: c1\n"
                             "  cluster: {server: 'https://one:6443/', tls-server-name: inner}\n"
                             "- name: shared\n"
                             "  cluster: {server: 'https://shared-one'}\n"
                             "contexts:\n"
                             "- name: prod\n"
                             "  context: {cluster: c1, user: u1, namespace: team}\n"
                             "- name: lost\n"
                             "  context: {cluster: nowhere, user: u1}\n"
                             "- name: nobody\n"
                             "  context: {cluster: c1, user: ghost}\n"
                             "users:\n"
                             "- name: u1\n"
                             "  user: {tokenFile: tok, as: jane, as-groups: [g1, g2],\n"
                             "         as-user-extra: {reason: [x, z]}}\n");
    write_file("a/tok", "from-file\n");
    write_file("b/two.json",
               "{\"apiVersion\":\"v1\",\"kind\":\"Config\",\"current-context\":\"two\","
               "\"clusters\":[{\"name\":\"shared\",\"cluster\":{\"server\":"
               "\"https://shared-two\",\"insecure-skip-tls-verify\":true}},"
               "{\"name\":\"plain\",\"cluster\":{\"server\":\"http://plain\"}}],"
               "\"contexts\":[{\"name\":\"two\",\"context\":{\"cluster\":\"shared\","
               "\"user\":\"u2\"}},{\"name\":\"plain\",\"context\":{\"cluster\":"
               "\"plain\",\"user\":\"u2\"}}],"
               "\"users\":[{\"name\":\"u2\",\"user\":{\"token\":\"t2\"}}]}");
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
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct kta_kubeconfig *load(const struct kta_kube_flags *f)
{
    struct kta_kubeconfig *k = NULL;
    struct kta_err err = KTA_ERR_INIT;

    if (kta_kubeconfig_load(f, &k, &err) < 0)
        fail_msg("%s", err.msg);
    return k;
}

static void fails(const struct kta_kube_flags *f, const char *message, const char *hint)
{
    struct kta_kubeconfig *k = NULL;
    struct kta_err err = KTA_ERR_INIT;

    assert_int_equal(kta_kubeconfig_load(f, &k, &err), -1);
    assert_int_equal(err.code, KTA_E_USAGE);
    if (!strstr(err.msg, message))
        fail_msg("'%s' has no '%s'", err.msg, message);
    if (!strstr(err.hint, hint))
        fail_msg("hint '%s' has no '%s'", err.hint, hint);
}

static void set_env(const char *fmt)
{
    kta_auto_str struct kta_str s = KTA_STR_INIT;

    for (; *fmt; fmt++) {
        if (*fmt == '@')
            kta_str_add(&s, dir);
        else
            kta_str_addc(&s, *fmt);
    }
    setenv("KUBECONFIG", s.s, 1);
}

static void test_merge(void **state)
{
    struct kta_kube_flags none = {0}, prod = {.context = "prod"};
    struct kta_kubeconfig *k;
    kta_auto_free char *tok = kta_fs_join(dir, "a/tok");

    (void)state;
    set_env("@/missing::@/a/one.yaml:@/b/two.json:@/a/one.yaml");
    k = load(&none); /* the first current-context that is not empty */
    assert_string_equal(k->context, "two");
    assert_string_equal(k->server, "https://shared-one"); /* the first file's entry, whole */
    assert_false(k->insecure);
    assert_string_equal(k->token, "t2");
    assert_string_equal(k->namespace_, "default");
    assert_true(kta_ends(k->env_kubeconfig, "/b/two.json"));
    kta_kubeconfig_free(k);
    k = load(&prod);
    assert_string_equal(k->server, "https://one:6443");
    assert_string_equal(k->tls_server_name, "inner");
    assert_string_equal(k->namespace_, "team");
    assert_string_equal(k->token_file, tok); /* relative to its own file */
    assert_string_equal(k->as, "jane");
    assert_int_equal(k->as_groups.n, 2);
    assert_string_equal(k->as_extra.v[1], "reason=z");
    kta_kubeconfig_free(k);
}

static void test_flags(void **state)
{
    kta_auto_argv struct kta_argv groups = KTA_ARGV_INIT;
    kta_auto_free char *one = kta_fs_join(dir, "a/one.yaml");
    struct kta_kube_flags f = {.kubeconfig = one,
                               .context = "prod",
                               .server = "https://other:1",
                               .token = "given",
                               .as = "root",
                               .namespace_ = "n",
                               .insecure = true,
                               .as_groups = &groups};
    struct kta_kubeconfig *k;

    (void)state;
    kta_argv_add(&groups, "g9");
    set_env("@/b/two.json"); /* --kubeconfig alone counts */
    k = load(&f);
    assert_string_equal(k->server, "https://other:1");
    assert_null(k->tls_server_name); /* another server has another name */
    assert_string_equal(k->token, "given");
    assert_null(k->token_file);
    assert_string_equal(k->as, "root");
    assert_int_equal(k->as_groups.n, 1);
    assert_string_equal(k->namespace_, "n");
    assert_true(k->insecure);
    kta_kubeconfig_free(k);
    k = load(&(struct kta_kube_flags){.kubeconfig = one, .cluster = "shared", .user = "u1"});
    assert_string_equal(k->server, "https://shared-one");
    kta_kubeconfig_free(k);
}

/* Credentials do not travel in the clear, as in kubectl. */
static void test_plain_http(void **state)
{
    struct kta_kubeconfig *k;

    (void)state;
    set_env("@/b/two.json");
    k = load(&(struct kta_kube_flags){.context = "plain"});
    assert_null(k->token);
    assert_string_equal(k->user, "u2");
    kta_kubeconfig_free(k);
    unsetenv("KUBECONFIG");
    k = load(&(struct kta_kube_flags){.server = "localhost:8080"});
    assert_string_equal(k->server, "http://localhost:8080");
    assert_string_equal(k->context, "");
    kta_kubeconfig_free(k);
}

static void test_unknown_names(void **state)
{
    (void)state;
    set_env("@/a/one.yaml:@/b/two.json");
    fails(&(struct kta_kube_flags){.context = "prdo"}, "no context 'prdo'", "'prod'");
    fails(&(struct kta_kube_flags){.context = "zzzzzzz"}, "no context", "prod, lost, nobody, two");
    fails(&(struct kta_kube_flags){.context = "lost"}, "refers to cluster 'nowhere'", "c1");
    fails(&(struct kta_kube_flags){.context = "nobody"}, "refers to user 'ghost'", "u1");
    fails(&(struct kta_kube_flags){.user = "u9"}, "no user 'u9'", "u");
    fails(&(struct kta_kube_flags){.kubeconfig = "/nonexistent/x"}, "/nonexistent/x", "must exist");
    unsetenv("KUBECONFIG");
    fails(&(struct kta_kube_flags){0}, "no kubeconfig", ".kube/config");
    set_env("@/a/one.yaml");
    fails(&(struct kta_kube_flags){0}, "no current context", "--context");
}

static void test_broken_files(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"apiVersion: v1\nclusters:\n- name: [\n", "line "},
        {"{\"clusters\": [}", "line 1"},
        {"clusters: 7\n", "line 1: 'clusters' must be a list"},
        {"a: 1\nclusters:\n- cluster: {}\n", "line 3: an entry of 'clusters' has no name"},
        {"contexts:\n- name: y\n  context: {}\n", "has no name that is a string"},
        {"users:\n- name: u\n- name: u\n", "line 3: user 'u' is there twice"},
        {"kind: Pod\n", "its kind is not Config"},
        {"- 1\n", "it must be a map"},
        {"current-context: 5\n", "current-context must be a string"},
    };

    (void)state;
    set_env("@/broken");
    for (size_t i = 0; i < KTA_LEN(cases); i++) {
        write_file("broken", cases[i].text);
        fails(&(struct kta_kube_flags){0}, cases[i].message, "");
        fails(&(struct kta_kube_flags){0}, "/broken'", "");
    }
}

/* What makes no sense in the entries that are used names them and their line. */
static void test_entries(void **state)
{
    static const struct {
        const char *cluster, *user, *message;
    } cases[] = {
        {"{server: 5}", "{}", "line 2: cluster 'c': 'server' must be a string"},
        {"{}", "{}", "cluster 'c': no server"},
        {"{server: 'ftp://x'}", "{}", "no http:// or https://"},
        {"{server: 'https://x', certificate-authority: nope.crt}", "{}", "/nope.crt'"},
        {"{server: 'https://x', certificate-authority-data: '%%%'}", "{}", "is not base64"},
        {"{server: 'https://x', certificate-authority-data: aGVsbG8=}", "{}", "no PEM block"},
        {"{server: 'https://x', certificate-authority-data: " PEM_A
         ", insecure-skip-tls-verify: true}",
         "{}", "contradict"},
        {"{server: 'https://x', proxy-url: 'ssh://x'}", "{}", "proxy-url must begin"},
        {"{server: 'https://x'}", "{client-certificate-data: " PEM_A "}", "no client-key"},
        {"{server: 'https://x'}", "{token: a, username: b}", "only one is allowed"},
        {"{server: 'https://x'}", "{as-groups: [a]}", "need a user to act as"},
        {"{server: 'https://x'}", "{tokenFile: gone}", "is not there"},
        {"{server: 'https://x'}", "{auth-provider: {name: gcp}}", "exec credential plugin"},
        {"{server: 'https://x'}", "{exec: {command: a}}", "no apiVersion"},
        {"{server: 'https://x'}", "{exec: {apiVersion: client.authentication.k8s.io/v1}}",
         "no command"},
        {"{server: 'https://x'}",
         "{exec: {apiVersion: client.authentication.k8s.io/v1, command: a}}", "interactiveMode"},
        {"{server: 'https://x'}",
         "{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: a}}", "v1beta1"},
        {"{server: 'https://x'}",
         "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: a, args: [1]}}",
         "list of strings"},
    };

    (void)state;
    set_env("@/entry");
    for (size_t i = 0; i < KTA_LEN(cases); i++) {
        kta_auto_str struct kta_str s = KTA_STR_INIT;

        kta_str_addf(&s,
                     "clusters:\n- {name: c, cluster: %s}\nusers:\n- {name: u, user: %s}\n"
                     "contexts:\n- {name: x, context: {cluster: c, user: u}}\ncurrent-context: x\n",
                     cases[i].cluster, cases[i].user);
        write_file("entry", s.s);
        fails(&(struct kta_kube_flags){0}, cases[i].message, "");
    }
}

static void test_exec(void **state)
{
    struct kta_kubeconfig *k;
    kta_auto_free char *plugin = kta_fs_join(dir, "sub/bin/login");

    (void)state;
    write_file("sub/x", "clusters:\n- name: c\n  cluster:\n    server: https://x\n"
                        "    extensions:\n    - name: client.authentication.k8s.io/exec\n"
                        "      extension: {audience: a}\n"
                        "users:\n- name: u\n  user:\n    exec:\n"
                        "      apiVersion: client.authentication.k8s.io/v1\n"
                        "      command: bin/login\n      args: [get, 'a b; rm']\n"
                        "      env: [{name: REGION, value: eu}]\n      interactiveMode: Never\n"
                        "      provideClusterInfo: true\n      installHint: get it\n"
                        "contexts:\n- {name: x, context: {cluster: c, user: u}}\n"
                        "current-context: x\n");
    set_env("@/sub/x");
    k = load(&(struct kta_kube_flags){0});
    assert_string_equal(k->exec->argv.v[0], plugin); /* a slash: relative to its file */
    assert_string_equal(k->exec->argv.v[2], "a b; rm");
    assert_string_equal(k->exec->env.v[0], "REGION=eu");
    assert_string_equal(k->exec->cluster_config, "{\"audience\":\"a\"}");
    assert_true(k->exec->provide_cluster_info);
    kta_kubeconfig_free(k);
    k = load(&(struct kta_kube_flags){.token = "t"}); /* a given token is used as it is */
    assert_null(k->exec);
    kta_kubeconfig_free(k);
}

static void test_service_account(void **state)
{
    kta_auto_free char *sa = kta_fs_join(dir, "sa");
    struct kta_kubeconfig *k;

    (void)state;
    write_file("sa/token", "sa-token");
    write_file("sa/namespace", "prod\n");
    write_file("sa/ca.crt", "-----BEGIN CERTIFICATE-----\n");
    setenv("KTA_SERVICE_ACCOUNT_DIR", sa, 1);
    setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    unsetenv("KUBECONFIG");
    k = load(&(struct kta_kube_flags){0});
    assert_true(k->in_cluster);
    assert_string_equal(k->server, "https://[fd00::1]:443");
    assert_string_equal(k->namespace_, "prod");
    assert_non_null(k->ca_pem);
    assert_null(k->env_kubeconfig);
    kta_kubeconfig_free(k);
    set_env("@/b/two.json"); /* a kubeconfig comes first */
    k = load(&(struct kta_kube_flags){0});
    assert_false(k->in_cluster);
    kta_kubeconfig_free(k);
}

static void test_contexts(void **state)
{
    kta_auto_argv struct kta_argv names = KTA_ARGV_INIT;
    struct kta_err err = KTA_ERR_INIT;

    (void)state;
    set_env("@/a/one.yaml:@/b/two.json");
    assert_int_equal(kta_kubeconfig_contexts(&(struct kta_kube_flags){0}, &names, &err), 0);
    assert_int_equal(names.n, 5);
    assert_string_equal(names.v[0], "prod");
    assert_string_equal(names.v[4], "plain");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_merge, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_flags, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_plain_http, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unknown_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_broken_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_entries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_exec, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_service_account, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_contexts, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
