/* A plan: added, as JSON and back, confirmed by a fake person or by nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kta/alloc.h"
#include "kta/limits.h"
#include "../../plugin/actions/actions.h"

static struct kta_policy policy = {.context = "c", .namespace_ = "n"};

static struct kta_step *add(struct kta_plan *p, const char *line, const char *input)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_step *s;

    if (kta_argv_split(line, &argv, &err) < 0)
        fail_msg("%s", err.msg);
    s = kta_plan_add(p, &policy, &argv, input, "because", &err);
    if (!s)
        fail_msg("%s", err.msg);
    return s;
}

static bool has_word(const struct kta_argv *a, const char *word)
{
    for (size_t i = 0; i < a->n; i++)
        if (kta_streq(a->v[i], word))
            return true;
    return false;
}

static void test_add(void **state)
{
    struct kta_plan p;
    struct kta_step *a, *b;

    (void)state;
    kta_plan_init(&p, "q", "c", "n");
    a = add(&p, "kubectl rollout restart deployment/web", NULL);
    b = add(&p, "kubectl rollout restart deployment/web", NULL);
    assert_ptr_equal(a, b);
    assert_int_equal(p.n, 1);
    assert_true(has_word(&a->argv, "c"));
    assert_true(has_word(&a->argv, "n"));
    assert_int_equal(a->state, KTA_PLANNED);
    b = add(&p, "rm -rf /", NULL);
    assert_int_equal(b->state, KTA_REFUSED);
    assert_string_equal(b->id, "2");
    kta_plan_release(&p);
}

static void test_json_and_back(void **state)
{
    struct kta_plan p, q = {0};
    kta_auto_json struct kta_json *j = NULL;
    struct kta_err err = KTA_ERR_INIT;

    (void)state;
    kta_plan_init(&p, "q", "c", "n");
    add(&p, "kubectl scale deploy/web --replicas=2", NULL);
    add(&p, "kubectl apply -f -", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n");
    p.v[0]->unasked = true;
    j = kta_plan_json(&p);
    assert_int_equal(kta_plan_parse(j, &policy, &q, &err), 0);
    assert_int_equal(q.n, 2);
    assert_true(q.v[0]->unasked);
    assert_int_equal(q.v[0]->risk, KTA_RISK_HIGH);
    assert_false(q.v[1]->unasked);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(q.v[i]->argv.n, p.v[i]->argv.n);
        for (size_t k = 0; k < p.v[i]->argv.n; k++)
            assert_string_equal(q.v[i]->argv.v[k], p.v[i]->argv.v[k]);
    }
    assert_string_equal(q.v[1]->stdin_text, p.v[1]->stdin_text);
    assert_string_equal(q.v[0]->why, "because");
    kta_plan_release(&p);
    kta_plan_release(&q);
}

static void test_broken_documents(void **state)
{
    static const char *const BAD[] = {
        "{}",
        "[{}]",
        "[{\"argv\":[]}]",
        "[{\"argv\":[1]}]",
        "{\"plan\":{},\"plan\":[]}",
        "{\"apiVersion\":\"todo-ai/v9\",\"plan\":[]}",
        "[{\"argv\":[\"kubectl\",\"set\",\"env\",\"d/x\",\"A=\xe2\x9f\xa6secret:1\xe2\x9f\xa7\"]}]",
    };

    (void)state;
    for (size_t i = 0; i < KTA_LEN(BAD); i++) {
        kta_auto_json struct kta_json *j = NULL;
        struct kta_err err = KTA_ERR_INIT;
        struct kta_plan q = {0};

        assert_int_equal(kta_json_parse(BAD[i], strlen(BAD[i]), &j, &err), 0);
        if (kta_plan_parse(j, &policy, &q, &err) == 0)
            fail_msg("accepted: %s", BAD[i]);
        assert_true(err.msg[0]);
    }
}

/* ---- confirming ---- */
struct person {
    enum kta_answer plan, step[4];
    int asked;
};

static int ask(void *ctx, struct kta_plan *plan, struct kta_step *step, enum kta_answer *ret,
               struct kta_err *err)
{
    struct person *x = ctx;

    (void)plan;
    (void)err;
    x->asked++;
    *ret = step ? x->step[step->id[0] - '1'] : x->plan;
    return 0;
}

static enum kta_code confirm(struct kta_plan *p, struct person *person, int yes, bool quiet,
                             bool *go)
{
    struct kta_report report = {.ctx = person, .ask = person ? ask : NULL};
    struct kta_pipeline pipeline = {.report = &report,
                                    .yes = yes,
                                    .quiet = quiet,
                                    .policy = &policy};
    struct kta_err err = KTA_ERR_INIT;

    memset(go, 0, KTA_MAX_STEPS * sizeof *go);
    for (size_t i = 0; i < p->n; i++)
        if (p->v[i]->state != KTA_REFUSED)
            p->v[i]->state = KTA_PLANNED;
    return kta_confirm(&pipeline, p, go, &err) == 0 ? KTA_E_OK : err.code;
}

static void test_confirming(void **state)
{
    struct kta_plan p;
    bool go[KTA_MAX_STEPS];
    struct person x = {.plan = KTA_ANSWER_YES};

    (void)state;
    kta_plan_init(&p, "q", "c", "n");
    add(&p, "kubectl label pod x a=b", NULL)->risk = KTA_RISK_LOW;
    add(&p, "kubectl delete pod x", NULL)->risk = KTA_RISK_MEDIUM;
    assert_int_equal(confirm(&p, &x, -1, false, go), KTA_E_OK);
    assert_true(go[0] && go[1]);
    /* nobody there: nothing runs, not even what --yes covers */
    assert_int_equal(confirm(&p, NULL, KTA_RISK_LOW, false, go), KTA_E_UNCONFIRMED);
    assert_false(go[0] || go[1]);
    assert_int_equal(p.v[0]->state, KTA_DECLINED);
    x.asked = 0;
    assert_int_equal(confirm(&p, &x, -1, /* quiet= */ true, go), KTA_E_UNCONFIRMED);
    assert_int_equal(x.asked, 0);
    assert_int_equal(confirm(&p, NULL, KTA_RISK_MEDIUM, false, go), KTA_E_OK);
    assert_true(go[0] && go[1]);
    x.plan = KTA_ANSWER_NO;
    assert_int_equal(confirm(&p, &x, -1, false, go), KTA_E_UNCONFIRMED);
    x = (struct person){.plan = KTA_ANSWER_ONE_BY_ONE, .step = {KTA_ANSWER_NO, KTA_ANSWER_YES}};
    assert_int_equal(confirm(&p, &x, -1, false, go), KTA_E_OK);
    assert_true(!go[0] && go[1]);
    assert_int_equal(p.v[0]->state, KTA_DECLINED);
    kta_plan_release(&p);
}

static void test_protected_and_rejected(void **state)
{
    struct kta_plan p;
    bool go[KTA_MAX_STEPS];

    (void)state;
    kta_plan_init(&p, "q", "c", "n");
    add(&p, "kubectl label pod x a=b", NULL)->verdict.protected_ = true;
    assert_int_equal(confirm(&p, NULL, KTA_RISK_HIGH, false, go), KTA_E_POLICY);
    assert_int_equal(p.v[0]->state, KTA_REFUSED);
    p.v[0]->state = KTA_PLANNED;
    p.v[0]->verdict.protected_ = false;
    add(&p, "kubectl label pod y a=b", NULL)->preview.rejected = true;
    add(&p, "kubectl label pod z a=b", NULL);
    /* nothing when a step is known to fail */
    assert_int_equal(confirm(&p, NULL, KTA_RISK_HIGH, false, go), KTA_E_OK);
    assert_false(go[0] || go[1] || go[2]);
    /* an undo brings back what it can */
    p.undo_of = kta_strdup("1");
    assert_int_equal(confirm(&p, NULL, KTA_RISK_HIGH, false, go), KTA_E_OK);
    assert_true(go[0] && !go[1] && !go[2]);
    kta_plan_release(&p);
}

static void touch(struct kta_step *s, const char *kind, const char *name)
{
    struct kta_touch *t;

    s->touches = kta_calloc(1, sizeof *s->touches);
    s->touches->v = kta_calloc(1, sizeof *s->touches->v);
    s->touches->n = s->touches->cap = 1;
    t = s->touches->v;
    t->kind = kta_kind_known(kind);
    t->ns = kta_strdup("n");
    t->name = kta_strdup(name);
    t->path = kta_asprintf("/%s/%s", kind, name);
}

/* What refuses a step names what an earlier one touches, and it is not the step's own name. */
static void test_refused_for(void **state)
{
    static const struct {
        const char *kind, *name, *own, *why;
        int allowed;
        bool waits;
    } CASES[] = {
        {"ServiceAccount", "robot", "web", "service account n/robot: \"robot\" not found", 1, true},
        {"ResourceQuota", "few", "web", "pods \"web\" is forbidden: exceeded quota: few, x", 1,
         true},
        {"ResourceQuota", "few", "web", "the field few-or-many is not known", 1, false},
        {"ConfigMap", "web", "web", "Deployment \"web\" is invalid", 1, false},
        {"RoleBinding", "may", "web", "you may not create deployments", 0, true},
        {"ConfigMap", "may", "web", "you can not create deployments", 0, false},
    };

    (void)state;
    for (size_t i = 0; i < KTA_LEN(CASES); i++) {
        struct kta_plan p;
        struct kta_step *s;

        kta_plan_init(&p, "q", "c", "n");
        touch(add(&p, "kubectl apply -f a.yaml", NULL), CASES[i].kind, CASES[i].name);
        s = add(&p, "kubectl apply -f b.yaml", NULL);
        touch(s, "Deployment", CASES[i].own);
        s->preview.rejected = true;
        s->preview.allowed = CASES[i].allowed;
        kta_preview_warn(&s->preview, "%s", CASES[i].why);
        kta_plan_dependencies(&p);
        if (s->preview.rejected == CASES[i].waits)
            fail_msg("%s: waits %d", CASES[i].why, !s->preview.rejected);
        kta_plan_release(&p);
    }
}

/* ---- a plan that was reviewed ---- */
static enum kta_code reviewed(const char *then, const char *now)
{
    struct kta_pipeline pipeline = {.policy = &policy};
    struct kta_err err = KTA_ERR_INIT;
    struct kta_plan p;
    struct kta_step *s;
    struct kta_json *preview = kta_json_new_object();

    kta_plan_init(&p, "q", "c", "n");
    s = add(&p, "kubectl scale deploy/web --replicas=2", NULL);
    s->reviewed = kta_json_new_object();
    kta_json_set(s->reviewed, "preview", preview);
    kta_json_set_str(preview, "diff", then);
    s->preview.diff = kta_strdup(now);
    if (kta_plan_still_reviewed(&pipeline, &p, &err) == 0)
        err.code = KTA_E_OK;
    kta_plan_release(&p);
    return err.code;
}

static void test_reviewed(void **state)
{
    (void)state;
    assert_int_equal(
        reviewed("--- a\n+++ b\n@@ -8,3 +8,3 @@\n spec:\n-  replicas: 1\n+  replicas: 2\n",
                 "--- a\n+++ b\n@@ -9,3 +9,3 @@\n spec:\n-  replicas: 1\n+  replicas: 2\n"),
        KTA_E_OK);
    assert_int_equal(reviewed("@@ -8 +8 @@\n-  replicas: 1\n+  replicas: 2\n",
                              "@@ -8 +8 @@\n-  replicas: 3\n+  replicas: 2\n"),
                     KTA_E_UNCONFIRMED);
    /* the like of it in a value is no heading of a hunk */
    assert_int_equal(reviewed("+  text: @@ -1 @@\n", "+  text: @@ -2 @@\n"), KTA_E_UNCONFIRMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_json_and_back),
        cmocka_unit_test(test_broken_documents),
        cmocka_unit_test(test_confirming),
        cmocka_unit_test(test_protected_and_rejected),
        cmocka_unit_test(test_refused_for),
        cmocka_unit_test(test_reviewed),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
