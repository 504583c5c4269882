/*
 * test_policy.c - the corpus of commands and their class: tests/policy/corpus.jsonl.
 *
 * A row is {"argv": […], "class": "read|write|deny", "why": "…"}; "why" is the row's reason for a
 * reader. The session's context is "dev", its namespace "default", for all of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kta/alloc.h"
#include "kta/json.h"
#include "kta/policy.h"
#include "../../plugin/policy/classify.h"
#include "../../plugin/policy/table.h"

static const struct kta_policy session = {.context = "dev", .namespace_ = "default"};

/* Like the program: a word that is no text makes the whole line no argv. */
static enum kta_class class_of(const struct kta_json *words, char *reason, size_t n)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    struct kta_verdict v;

    kta_json_each(w, words) {
        assert_non_null(kta_json_text(w));
        kta_argv_add(&argv, kta_json_text(w));
    }
    kta_policy_check(&session, &argv, NULL, &v);
    assert_true(v.reason[0] != '\0');
    assert_true(v.rule[0] != '\0');
    snprintf(reason, n, "%s (%s)", v.reason, v.rule);
    return v.class_;
}

static void test_corpus(void **state)
{
    FILE *f = fopen("tests/policy/corpus.jsonl", "r");
    char *line = NULL, reason[400];
    size_t cap = 0;
    ssize_t n;
    int rows = 0, wrong = 0;

    (void)state;
    assert_non_null(f);
    while ((n = getline(&line, &cap, f)) > 0) {
        kta_auto_json struct kta_json *row = NULL;
        struct kta_err err = KTA_ERR_INIT;
        assert_int_equal(kta_json_parse(line, (size_t)n, &row, &err), 0);
        const char *want = kta_json_str(row, "class");
        assert_non_null(want);
        assert_non_null(kta_json_str(row, "why"));
        enum kta_class got = class_of(kta_json_get(row, "argv"), reason, sizeof reason);
        rows++;
        if (strcmp(kta_class_name(got), want) != 0) {
            print_error("%s instead of %s, %s: %s", kta_class_name(got), want, reason, line);
            wrong++;
        }
    }
    free(line);
    fclose(f);
    assert_int_equal(wrong, 0);
    assert_true(rows >= 500);
}

static struct kta_json *json(const char *text)
{
    struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;

    assert_int_equal(kta_json_parse(text, strlen(text), &v, &err), 0);
    return v;
}

/* ---- mutations: words of all rows, mixed and cut, never crash and never lose a forbidden flag --
 */

struct pool {
    char **v;
    size_t n, cap;
};

static void fill_pool(struct pool *pool)
{
    FILE *f = fopen("tests/policy/corpus.jsonl", "r");
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;

    assert_non_null(f);
    while ((n = getline(&line, &cap, f)) > 0) {
        kta_auto_json struct kta_json *row = NULL;
        struct kta_err err = KTA_ERR_INIT;
        assert_int_equal(kta_json_parse(line, (size_t)n, &row, &err), 0);
        kta_json_each(w, kta_json_get(row, "argv")) {
            KTA_GROW(pool->v, pool->n, pool->cap);
            pool->v[pool->n++] = kta_strdup(kta_json_text(w));
        }
    }
    free(line);
    fclose(f);
}

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Some words of the pool after the program's name; some of them cut short. */
static void random_argv(const struct pool *pool, unsigned *seed, struct kta_argv *argv)
{
    size_t words = next_random(seed) % 9;

    kta_argv_add(argv, next_random(seed) % 4 ? "kubectl" : "helm");
    for (size_t i = 0; i < words; i++) {
        const char *w = pool->v[next_random(seed) % pool->n];
        if (next_random(seed) % 16 == 0 && *w)
            kta_argv_addf(argv, "%.*s", (int)(next_random(seed) % strlen(w)), w);
        else
            kta_argv_add(argv, w);
    }
}

static void test_mutations(void **state)
{
    kta_auto_json struct kta_json *rules =
        json("[{\"kind\":\"secret\",\"name\":\"a.*\",\"action\":\"ask\"}]");
    struct pool pool = {0};
    struct kta_policy p = session;
    unsigned seed = 1;

    (void)state;
    p.rules = rules;
    fill_pool(&pool);
    for (int i = 0; i < 20000; i++) {
        kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
        struct kta_verdict v;
        random_argv(&pool, &seed, &argv);
        kta_policy_check(&p, &argv, i % 3 ? NULL : "kind: Secret\n", &v);
        assert_in_range(v.class_, KTA_CLASS_READ, KTA_CLASS_DENY);
        assert_true(v.reason[0] != '\0');
        kta_command_pin(&argv, "dev", "web");
        /* as the first word it is always the program's own */
        kta_argv_insert(&argv, 1, strcmp(argv.v[0], "helm") ? "--token=x" : "--kube-token=x");
        kta_policy_check(&p, &argv, NULL, &v);
        assert_int_equal(v.class_, KTA_CLASS_DENY);
    }
    for (size_t i = 0; i < pool.n; i++)
        free(pool.v[i]);
    free(pool.v);
}

/* A command of the generated tables has a row of its own; one without is never a read. */
static void test_every_command_is_known(void **state)
{
    static const struct kta_table *const tables[] = {&kta_table_kubectl, &kta_table_helm3,
                                                     &kta_table_helm4};
    struct kta_command cmd;
    struct kta_verdict v;

    (void)state;
    for (size_t t = 0; t < KTA_LEN(tables); t++)
        for (size_t i = 0; i < tables[t]->n_cmds; i++) {
            const struct kta_cmd_def *def = &tables[t]->cmds[i];
            cmd = (struct kta_command){.program = tables[t]->program,
                                       .table = tables[t],
                                       .def = def,
                                       .path = def->path};
            v = (struct kta_verdict){.class_ = KTA_CLASS_READ};
            kta_classify(NULL, &cmd, &v);
            if (strcmp(v.rule, "unknown command") == 0)
                fail_msg("%s %s has no row", cmd.program, cmd.path);
        }
    cmd.path = "frobnicate";
    v = (struct kta_verdict){.class_ = KTA_CLASS_READ};
    kta_classify(NULL, &cmd, &v);
    assert_int_equal(v.class_, KTA_CLASS_DENY);
}

/* ---- rules ---- */

static void verdict(const struct kta_policy *p, const char *line, const char *stdin_text,
                    struct kta_verdict *v)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    struct kta_err err = KTA_ERR_INIT;

    assert_int_equal(kta_argv_split(line, &argv, &err), 0);
    kta_policy_check(p, &argv, stdin_text, v);
}

static void expect(const struct kta_policy *p, const char *line, enum kta_class class_,
                   const char *rule)
{
    struct kta_verdict v;

    verdict(p, line, NULL, &v);
    if (v.class_ != class_ || (rule && strcmp(v.rule, rule) != 0))
        fail_msg("%s: %s by '%s' (%s), not %s by '%s'", line, kta_class_name(v.class_), v.rule,
                 v.reason, kta_class_name(class_), rule ? rule : "");
}

static void test_enabled_commands(void **state)
{
    kta_auto_argv struct kta_argv enabled = KTA_ARGV_INIT;
    struct kta_policy p = session;
    struct kta_verdict v;

    (void)state;
    kta_argv_addl(&enabled, "get", "describe", "logs", "exec", NULL);
    p.enabled_commands = &enabled;
    expect(&p, "kubectl get pods", KTA_CLASS_READ, NULL);
    expect(&p, "kubectl exec web -- ls", KTA_CLASS_WRITE, NULL);
    expect(&p, "kubectl rollout restart deploy/web", KTA_CLASS_DENY, "enabledCommands");
    expect(&p, "kubectl top pod", KTA_CLASS_DENY, "enabledCommands");
    expect(&p, "helm get values web", KTA_CLASS_DENY, "enabledCommands");
    expect(&p, "kubectl get pods --token=x", KTA_CLASS_DENY, "flag --token");
    verdict(&p, "kubectl delete pod x", NULL, &v);
    assert_true(v.not_enabled);
    kta_argv_addl(&enabled, "rollout restart", "helm list", NULL);
    expect(&p, "kubectl rollout restart deploy/web", KTA_CLASS_WRITE, NULL);
    expect(&p, "kubectl rollout undo deploy/web", KTA_CLASS_DENY, "enabledCommands");
    expect(&p, "helm ls", KTA_CLASS_READ, NULL);
    expect(&p, "helm uninstall x", KTA_CLASS_DENY, "enabledCommands");
    kta_argv_add(&enabled, "helm");
    expect(&p, "helm uninstall x", KTA_CLASS_WRITE, NULL);
}

static void test_rules(void **state)
{
    kta_auto_json struct kta_json *rules =
        json("[{\"verb\":\"scale\",\"namespace\":\"web-.*\",\"action\":\"allow\"},"
             " {\"verb\":[\"scale\",\"delete\"],\"namespace\":\"web-1|prod\",\"action\":\"deny\","
             "  \"reason\":\"ask the web team\"},"
             " {\"kind\":\"secrets\",\"action\":\"deny\"},"
             " {\"verb\":\"logs\",\"name\":\"pay-.*\",\"action\":\"ask\"},"
             " {\"context\":\"live\",\"action\":\"deny\"}]");
    struct kta_policy p = session;

    (void)state;
    p.rules = rules;
    /* an allowed change still asks: allow ends the list, it does not loosen */
    expect(&p, "kubectl scale deploy/x --replicas=2 -n web-1", KTA_CLASS_WRITE, NULL);
    expect(&p, "kubectl scale deploy/x --replicas=2 -n prod", KTA_CLASS_DENY, "rules[1]");
    expect(&p, "kubectl delete deploy x -n web-1", KTA_CLASS_DENY, "rules[1]");
    expect(&p, "kubectl delete deploy x -n web-2", KTA_CLASS_WRITE, NULL);
    expect(&p, "kubectl delete ns prod", KTA_CLASS_DENY, "rules[1]");
    expect(&p, "kubectl delete pods --all -A", KTA_CLASS_DENY, "rules[1]");
    expect(&p, "kubectl get secret", KTA_CLASS_DENY, "rules[2]");
    expect(&p, "kubectl get pods,secret", KTA_CLASS_DENY, "rules[2]");
    expect(&p, "kubectl get secret.v1. x", KTA_CLASS_DENY, "rules[2]");
    expect(&p, "kubectl get -f x.yaml", KTA_CLASS_DENY, "rules[2]");
    expect(&p, "kubectl get pods", KTA_CLASS_READ, NULL);
    expect(&p, "kubectl logs pay-1", KTA_CLASS_WRITE, "rules[3]");
    expect(&p, "kubectl logs -l app=pay", KTA_CLASS_WRITE, "rules[3]");
    expect(&p, "kubectl logs web-1", KTA_CLASS_READ, NULL);
    expect(&p, "kubectl get pods --context live", KTA_CLASS_DENY, "rules[4]");
    expect(&p, "kubectl edit deploy x", KTA_CLASS_DENY, "verb edit");
}

/* The first rule that holds ends the list; an allow that may not hold does not. */
static void test_first_rule_wins(void **state)
{
    kta_auto_json struct kta_json *rules =
        json("[{\"namespace\":\"web\",\"action\":\"allow\"},"
             " {\"verb\":\"logs\",\"action\":\"ask\"}, {\"action\":\"deny\"}]");
    struct kta_policy p = session;

    (void)state;
    p.rules = rules;
    expect(&p, "kubectl get pods -n web", KTA_CLASS_READ, NULL);
    expect(&p, "kubectl get pods -A", KTA_CLASS_DENY, "rules[2]");
    expect(&p, "kubectl logs web-1 -n prod", KTA_CLASS_WRITE, "rules[1]");
    expect(&p, "kubectl get pods -n prod", KTA_CLASS_DENY, "rules[2]");
}

/* A kind is matched however it is spelt, and in "all". */
static void test_rules_know_kinds(void **state)
{
    kta_auto_json struct kta_json *rules =
        json("[{\"kind\":[\"certificate\",\"backups\",\"policy\",\"deployment\"],"
             "  \"action\":\"deny\"}]");
    kta_auto_json struct kta_json *secrets = json("[{\"kind\":\"secret\",\"action\":\"ask\"}]");
    kta_auto_json struct kta_json *custom =
        json("[{\"kind\":\"externalsecrets.external-secrets.io\",\"action\":\"ask\"}]");
    static const char *const denied[] = {
        "kubectl delete cert x",
        "kubectl get crts",
        "kubectl delete certificates x",
        "kubectl delete Certificates.cert-manager.io x",
        "kubectl delete backup x",
        "kubectl delete policies.v1.kyverno.io/x",
        "kubectl delete deployments.apps x",
        "kubectl delete all --all",
        "kubectl delete po,deploy -l a=b",
        "kubectl get all",
    };
    struct kta_policy p = session;

    (void)state;
    p.rules = rules;
    for (size_t i = 0; i < KTA_LEN(denied); i++)
        expect(&p, denied[i], KTA_CLASS_DENY, "rules[0]");
    expect(&p, "kubectl delete widgets x", KTA_CLASS_WRITE, NULL);
    expect(&p, "kubectl delete certx x", KTA_CLASS_WRITE, NULL);
    expect(&p, "kubectl delete dp x", KTA_CLASS_WRITE,
           NULL);     /* all names of deployment are known */
    p.rules = custom; /* its short names are not, nor is the group of what is asked for */
    expect(&p, "kubectl get es", KTA_CLASS_WRITE, "rules[0]");
    expect(&p, "kubectl get po,es", KTA_CLASS_WRITE, "rules[0]");
    expect(&p, "kubectl get externalsecret x", KTA_CLASS_WRITE, "rules[0]");
    expect(&p, "kubectl get externalsecrets.v1.external-secrets.io", KTA_CLASS_WRITE, "rules[0]");
    expect(&p, "kubectl get ep", KTA_CLASS_READ, NULL);
    expect(&p, "kubectl get secrets", KTA_CLASS_READ, NULL);
    p.rules = secrets; /* of which "all" has none */
    expect(&p, "kubectl get all", KTA_CLASS_READ, NULL);
}

static void test_rules_and_manifest(void **state)
{
    kta_auto_json struct kta_json *rules = json("[{\"kind\":\"secret\",\"action\":\"deny\"}]");
    struct kta_policy p = session;
    struct kta_verdict v;

    (void)state;
    p.rules = rules;
    verdict(&p, "kubectl apply -f -", "kind: ConfigMap\nmetadata: {name: a}\n", &v);
    assert_int_equal(v.class_, KTA_CLASS_WRITE);
    verdict(&p, "kubectl apply -f -", "kind: ConfigMap\n---\nkind: Secret\n", &v);
    assert_int_equal(v.class_, KTA_CLASS_DENY);
    verdict(&p, "kubectl apply -f -", "kind: List\nitems:\n- kind: Secret\n", &v);
    assert_int_equal(v.class_, KTA_CLASS_DENY);
    verdict(&p, "kubectl apply -f -", ": : not yaml [", &v);
    assert_int_equal(v.class_, KTA_CLASS_DENY);
}

static void test_admin_cannot_be_loosened(void **state)
{
    kta_auto_json struct kta_json *admin =
        json("{\"rules\":[{\"verb\":\"delete\",\"action\":\"deny\"}],"
             "\"enabledCommands\":[\"get\",\"delete\",\"scale\"],"
             "\"protected\":[{\"namespace\":\"kube-.*\",\"action\":\"refuse\"}]}");
    kta_auto_json struct kta_json *user = json("[{\"action\":\"allow\"}]");
    struct kta_policy p = session;

    (void)state;
    p.admin = admin;
    p.rules = user;
    expect(&p, "kubectl delete pod x", KTA_CLASS_DENY, "admin rules[0]");
    expect(&p, "kubectl patch pod x -p {}", KTA_CLASS_DENY, "admin enabledCommands");
    expect(&p, "kubectl scale deploy/x --replicas=1 -n kube-system", KTA_CLASS_DENY,
           "admin protected[0]");
    expect(&p, "kubectl scale deploy/x --replicas=1", KTA_CLASS_WRITE, NULL);
}

static void test_protected(void **state)
{
    kta_auto_json struct kta_json *list =
        json("[\"prod\", {\"context\":\"live\",\"action\":\"refuse\"}]");
    struct kta_policy p = session;
    struct kta_verdict v;

    (void)state;
    p.protected_ = list;
    verdict(&p, "kubectl scale deploy/x --replicas=1 -n prod", NULL, &v);
    assert_true(v.protected_);
    assert_int_equal(v.class_, KTA_CLASS_WRITE);
    verdict(&p, "kubectl get pods -n prod", NULL, &v);
    assert_false(v.protected_);
    verdict(&p, "kubectl scale deploy/x --replicas=1", NULL, &v);
    assert_false(v.protected_);
    p.context = "live";
    expect(&p, "kubectl scale deploy/x --replicas=1", KTA_CLASS_DENY, "protected[1]");
}

static void test_broken_rules_deny(void **state)
{
    static const char *const broken[] = {"[{\"verb\":\"(\",\"action\":\"ask\"}]",
                                         "[{\"verbs\":\"get\",\"action\":\"ask\"}]",
                                         "[{\"verb\":\"get\"}]",
                                         "[{\"verb\":7,\"action\":\"ask\"}]",
                                         "{}",
                                         "[\"get\"]",
                                         "[{\"action\":\"perhaps\"}]"};

    (void)state;
    for (size_t i = 0; i < KTA_LEN(broken); i++) {
        kta_auto_json struct kta_json *rules = json(broken[i]);
        struct kta_policy p = session;
        struct kta_err err = KTA_ERR_INIT;
        p.rules = rules;
        assert_int_equal(kta_policy_validate(rules, NULL, &err), -1);
        expect(&p, "kubectl get pods", KTA_CLASS_DENY, "rules");
    }
}

/* A name that a rule's pattern cannot be done with in time does not slip past it. */
static void test_endless_patterns_deny(void **state)
{
    kta_auto_json struct kta_json *rules =
        json("[{\"name\":\"(a|a|ab)*?[cd]\\\\z\",\"action\":\"deny\"}]");
    struct kta_policy p = session;

    (void)state;
    p.rules = rules;
    expect(&p, "kubectl get pod web", KTA_CLASS_READ, NULL);
    expect(&p, "kubectl get pod aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaae",
           KTA_CLASS_DENY, "rules");
}

/* ---- risk ---- */

static void test_risk(void **state)
{
    static const struct {
        const char *line;
        int risk;
    } rows[] = {
        {"kubectl get pods", 0},
        {"kubectl rollout restart deploy/x", 0},
        {"kubectl scale deploy/x --replicas=3", 0},
        {"kubectl label pod x a=b", 0},
        {"kubectl scale deploy/x --replicas=0", 2},
        {"kubectl scale deploy/x --replicas=3 -n prod", 2},
        {"kubectl scale deploy/x --replicas=3 -n non-prod", 0},
        {"kubectl scale deploy/x --replicas=3 -n kube-system", 2},
        {"kubectl set image deploy/x a=b", 1},
        {"kubectl exec x -- ls", 1},
        {"kubectl delete pod x", 1},
        {"kubectl delete pod x --force", 2},
        {"kubectl delete pod x y", 2},
        {"kubectl delete pods --all", 2},
        {"kubectl delete pods -l app=x", 2},
        {"kubectl delete deploy x", 2},
        {"kubectl delete ns x", 2},
        {"kubectl label ns x a=b", 0},
        {"kubectl patch pvc x -p {}", 2},
        {"kubectl patch crd x -p {}", 2},
        {"kubectl rollout restart deploy -l a=b", 2},
        {"kubectl rollout restart deploy", 2}, /* every one of the namespace */
        {"kubectl rollout restart deploy -l 1", 2},
        {"kubectl rollout restart deploy x --selector=", 0},
        {"kubectl scale deploy/x --replicas=00", 2},
        {"kubectl delete pod x --grace-period=0x0", 2},
        {"kubectl delete pod x --force=false", 1},
        {"kubectl drain n1", 2},
        {"helm uninstall x", 2},
        {"helm rollback x 1", 1},
        {"kubectl edit deploy x", 2},
    };
    struct kta_verdict v;

    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        verdict(&session, rows[i].line, NULL, &v);
        if (v.risk != rows[i].risk)
            fail_msg("%s: risk %d (%s), not %d", rows[i].line, v.risk, v.risk_why, rows[i].risk);
    }
    verdict(&session, "kubectl apply -f -", "kind: ClusterRoleBinding\n", &v);
    assert_int_equal(v.risk, 2);
    verdict(&session, "kubectl apply -f -", "kind: Deployment\n", &v);
    assert_int_equal(v.risk, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_every_command_is_known),
        cmocka_unit_test(test_enabled_commands),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_first_rule_wins),
        cmocka_unit_test(test_rules_know_kinds),
        cmocka_unit_test(test_rules_and_manifest),
        cmocka_unit_test(test_admin_cannot_be_loosened),
        cmocka_unit_test(test_protected),
        cmocka_unit_test(test_broken_rules_deny),
        cmocka_unit_test(test_endless_patterns_deny),
        cmocka_unit_test(test_risk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
