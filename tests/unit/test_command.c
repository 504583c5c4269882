/*
 * test_command.c - argv as kubectl and helm read it; names; context and namespace put in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kta/alloc.h"
#include "kta/policy.h"
#include "../../plugin/policy/table.h"

struct parsed {
    struct kta_argv argv;
    struct kta_command cmd;
    struct kta_err err;
    int ret;
};

static void parse(const char *line, struct parsed *p)
{
    struct kta_err err = KTA_ERR_INIT;

    *p = (struct parsed){.argv = KTA_ARGV_INIT};
    assert_int_equal(kta_argv_split(line, &p->argv, &err), 0);
    p->ret = kta_command_parse(&p->argv, &p->cmd, &p->err);
    if (p->ret < 0)
        assert_int_equal(p->err.code, KTA_E_POLICY);
}

static void done(struct parsed *p)
{
    kta_command_release(&p->cmd);
    kta_argv_release(&p->argv);
}

static void test_verbs(void **state)
{
    static const struct {
        const char *line, *path, *verb, *subverb;
    } rows[] = {
        {"kubectl get pods", "get", "get", NULL},
        {"kubectl -n x get pods", "get", "get", NULL},
        {"kubectl --namespace=x get pods", "get", "get", NULL},
        {"kubectl rollout -n x restart deploy/y", "rollout restart", "rollout", "restart"},
        {"kubectl -v 4 rollout restart", "rollout restart", "rollout", "restart"},
        {"kubectl create cm x", "create configmap", "create", "configmap"},
        {"kubectl create secret generic x", "create secret generic", "create", "secret"},
        {"kubectl config use x", "config use-context", "config", "use-context"},
        {"kubectl top po", "top pod", "top", "pod"},
        {"kubectl -A pods delete --all", "delete", "delete", NULL},
        {"kubectl", "", NULL, NULL},
        {"helm ls", "list", "list", NULL},
        {"helm del x", "uninstall", "uninstall", NULL},
        {"helm -n x dep up y", "dependency update", "dependency", "update"},
        {"helm --debug get values x", "get values", "get", "values"},
    };
    struct parsed p;

    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        parse(rows[i].line, &p);
        if (p.ret < 0)
            fail_msg("%s: %s", rows[i].line, p.err.msg);
        assert_string_equal(p.cmd.path, rows[i].path);
        assert_true(kta_streq(p.cmd.verb, rows[i].verb));
        assert_true(kta_streq(p.cmd.subverb, rows[i].subverb));
        done(&p);
    }
}

static void test_flags(void **state)
{
    struct parsed p;

    (void)state;
    parse("kubectl exec -itc app web -nprod --context dev -- sh -c 'x' --dry-run", &p);
    assert_int_equal(p.ret, 0);
    assert_true(kta_command_true(&p.cmd, "stdin"));
    assert_true(kta_command_true(&p.cmd, "tty"));
    assert_string_equal(kta_command_flag(&p.cmd, "container"), "app");
    assert_string_equal(p.cmd.namespace_, "prod");
    assert_string_equal(p.cmd.context, "dev");
    assert_int_equal(p.cmd.n_args, 1);
    assert_string_equal(p.cmd.args[0], "web");
    assert_int_equal(p.cmd.n_after, 4);
    assert_string_equal(p.cmd.after[0], "sh");
    assert_int_equal(p.cmd.dry_run, KTA_DRY_NONE);
    assert_string_equal(p.argv.v[p.cmd.dash], "--");
    done(&p);

    parse("kubectl get --show_labels -l -A -- pods -n x", &p);
    assert_int_equal(p.ret, 0);
    assert_true(kta_command_true(&p.cmd, "show-labels"));
    assert_string_equal(kta_command_flag(&p.cmd, "selector"), "-A");
    assert_false(p.cmd.all_namespaces);
    assert_int_equal(p.cmd.n_args, 3);
    assert_null(p.cmd.namespace_);
    done(&p);

    parse("kubectl get pods -n a -n=b -nc", &p);
    assert_string_equal(p.cmd.namespace_, "c");
    assert_int_equal(p.cmd.n_flags, 3);
    assert_int_equal(p.cmd.flags[1].at, 5);
    done(&p);

    parse("kubectl apply -f a.yaml,-", &p);
    assert_true(p.cmd.reads_stdin);
    done(&p);

    /* helm's first look at its global flags sees what is another flag's value in the second */
    parse("helm list --filter --kube-token=x", &p);
    assert_int_equal(p.ret, 0);
    assert_string_equal(kta_command_flag(&p.cmd, "kube-token"), "x");
    assert_string_equal(kta_command_flag(&p.cmd, "filter"), "--kube-token=x");
    done(&p);
}

static void test_dry_run(void **state)
{
    static const struct {
        const char *value;
        int dry; /* -1: refused */
    } rows[] = {{"", KTA_DRY_CLIENT},
                {"=client", KTA_DRY_CLIENT},
                {"=server", KTA_DRY_SERVER},
                {"=none", KTA_DRY_NONE},
                {"=true", KTA_DRY_CLIENT},
                {"=T", KTA_DRY_CLIENT},
                {"=0", KTA_DRY_NONE},
                {"=False", KTA_DRY_NONE},
                {"=unchanged", KTA_DRY_CLIENT},
                {"=", -1},
                {"=yes", -1},
                {"=SERVER", -1},
                {" server", KTA_DRY_CLIENT}};
    char line[80];
    struct parsed p;

    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        snprintf(line, sizeof line, "kubectl delete pod x --dry-run%s", rows[i].value);
        parse(line, &p);
        assert_int_equal(p.ret, rows[i].dry < 0 ? -1 : 0);
        if (rows[i].dry >= 0)
            assert_int_equal(p.cmd.dry_run, rows[i].dry);
        done(&p);
    }
}

static void test_refused(void **state)
{
    static const char *const lines[] = {
        "kubectl get pods --foo",
        "kubectl get pods -n",
        "kubectl get --watch=maybe",
        "kubectl foo",
        "kubectl rollout foo x",
        "kubectl exec x --dry-run",
        "kubectl get pods --=",
        "helm list --no_headers",
        "helm uninstall x --dry-run=client",
        "kubectl get pods ---x",
        "kubectl -A get pods",
        "podman ps",
    };
    struct parsed p;

    (void)state;
    for (size_t i = 0; i < KTA_LEN(lines); i++) {
        parse(lines[i], &p);
        if (p.ret == 0)
            fail_msg("%s was accepted", lines[i]);
        done(&p);
    }
}

static void test_objects(void **state)
{
    static const struct {
        const char *line, *want; /* "kind/name …", "*" for no name */
    } rows[] = {
        {"kubectl get pods", "pods/*"},
        {"kubectl get pods a b", "pods/a pods/b"},
        {"kubectl get po/a svc/b", "po/a svc/b"},
        {"kubectl get po,svc", "po/* svc/*"},
        {"kubectl get po,svc x", "po/x svc/x"},
        {"kubectl label pods x a=b c-", "pods/x"},
        {"kubectl label pods --all a=b", "pods/*"},
        {"kubectl set image deploy/web a=b", "deploy/web"},
        {"kubectl set env deploy web A=b", "deploy/web"},
        {"kubectl set sa deploy web x", "deploy/web"},
        {"kubectl taint nodes n1 a:NoExecute-", "nodes/n1"},
        {"kubectl logs web app", "pod/web"},
        {"kubectl logs deploy/web", "deploy/web"},
        {"kubectl exec web -- ls", "pod/web"},
        {"kubectl drain n1 n2", "node/n1 node/n2"},
        {"kubectl create secret generic s", "secret/s"},
        {"kubectl create ns x", "namespace/x"},
        {"kubectl delete -- pod x", "pod/x"},
        {"kubectl top pod", "pod/*"},
        {"kubectl version", ""},
        {"kubectl apply -f x.yaml", ""},
        {"helm upgrade web ./chart", "release/web"},
        {"helm uninstall a b", "release/a release/b"},
    };
    struct kta_named named[4];
    struct parsed p;

    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        kta_auto_str struct kta_str got = KTA_STR_INIT;
        parse(rows[i].line, &p);
        size_t n = kta_command_objects(&p.cmd, named, KTA_LEN(named));
        for (size_t k = 0; k < n; k++)
            kta_str_addf(&got, "%s%s/%s", k ? " " : "", named[k].kind, kta_or(named[k].name, "*"));
        assert_string_equal(got.s, rows[i].want);
        done(&p);
    }
}

static void test_pin(void **state)
{
    static const struct {
        const char *line, *want;
    } rows[] = {
        {"kubectl get pods", "kubectl get pods --context dev -n web"},
        {"kubectl get pods -n x", "kubectl get pods -n x --context dev"},
        {"kubectl get pods --context x", "kubectl get pods --context x -n web"},
        {"kubectl get pods -A", "kubectl get pods -A --context dev"},
        {"kubectl get nodes", "kubectl get nodes --context dev"},
        {"kubectl get nodes,pods", "kubectl get nodes,pods --context dev -n web"},
        {"kubectl delete ns x", "kubectl delete ns x --context dev"},
        {"kubectl drain n1", "kubectl drain n1 --context dev"},
        {"kubectl exec web -- ls -n x", "kubectl exec web --context dev -n web -- ls -n x"},
        {"kubectl apply -f -", "kubectl apply -f - --context dev -n web"},
        {"kubectl get widgets w", "kubectl get widgets w --context dev -n web"},
        {"kubectl config view", "kubectl config view"},
        {"kubectl version", "kubectl version --context dev"},
        {"kubectl get pods -l", "kubectl get pods -l"},
        {"helm list", "helm list --kube-context dev -n web"},
        {"helm list -A", "helm list -A --kube-context dev"},
        {"helm repo list", "helm repo list"},
    };

    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
        kta_auto_str struct kta_str got = KTA_STR_INIT;
        struct kta_err err = KTA_ERR_INIT;
        assert_int_equal(kta_argv_split(rows[i].line, &argv, &err), 0);
        kta_command_pin(&argv, "dev", "web");
        kta_argv_quote(&argv, &got);
        assert_string_equal(got.s, rows[i].want);
        kta_command_pin(&argv, "dev", "web"); /* a second time changes nothing */
        kta_str_clear(&got);
        kta_argv_quote(&argv, &got);
        assert_string_equal(got.s, rows[i].want);
    }
}

/* Every command of the generated tables has a class of its own: its help is a read. */
static void test_every_command_is_known(void **state)
{
    static const struct kta_table *const tables[] = {&kta_table_kubectl, &kta_table_helm3,
                                                     &kta_table_helm4};
    char line[128];
    struct kta_verdict v;

    (void)state;
    for (size_t t = 0; t < KTA_LEN(tables); t++)
        for (size_t i = 0; i < tables[t]->n_cmds; i++) {
            kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
            struct kta_err err = KTA_ERR_INIT;
            snprintf(line, sizeof line, "%s %s --help", tables[t]->program,
                     tables[t]->cmds[i].path);
            assert_int_equal(kta_argv_split(line, &argv, &err), 0);
            kta_policy_check(NULL, &argv, NULL, &v);
            if (v.class_ != KTA_CLASS_READ)
                fail_msg("%s: %s", line, v.reason);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verbs),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_dry_run),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_pin),
        cmocka_unit_test(test_every_command_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
