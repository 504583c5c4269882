/* A plan in an editor: written, changed, taken back; what is broken changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kta/alloc.h"
#include "kta/limits.h"
#include "../../plugin/actions/actions.h"

static struct kta_policy policy = {.context = "c", .namespace_ = "n"};

static void plan_of(struct kta_plan *p)
{
    static const struct {
        const char *line, *input;
    } steps[] = {
        {"kubectl set env deployment/web A='b c'", NULL},
        {"kubectl apply -f -", "kind: ConfigMap\ndata:\n  a: |\n    EOF\nEOF\n# not a comment\n"},
        {"kubectl patch deployment web -p '{\n \"spec\": {}}'", NULL},
        {"rm -rf /", NULL},
    };
    struct kta_err err = KTA_ERR_INIT;

    kta_plan_init(p, "q", "c", "n");
    for (size_t i = 0; i < KTA_LEN(steps); i++) {
        kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
        assert_int_equal(kta_argv_split(steps[i].line, &argv, &err), 0);
        assert_non_null(kta_plan_add(p, &policy, &argv, steps[i].input, "because", &err));
    }
    assert_int_equal(p->v[3]->state, KTA_REFUSED);
}

static void test_unchanged(void **state)
{
    struct kta_plan p;
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    (void)state;
    plan_of(&p);
    struct kta_step *was[] = {p.v[0], p.v[1], p.v[2], p.v[3]};
    kta_plan_edit_text(&p, NULL, &text);
    assert_null(strstr(text.s, "rm -rf"));
    assert_int_equal(kta_plan_edit_take(&p, NULL, text.s, &err), 0);
    assert_int_equal(p.n, 4);
    for (size_t i = 0; i < 4; i++)
        assert_ptr_equal(p.v[i], was[i]);
    for (size_t i = 0; i < 3; i++) {
        kta_str_clear(&text);
        kta_plan_edit_text(&p, p.v[i], &text);
        assert_int_equal(kta_plan_edit_take(&p, p.v[i], text.s, &err), 0);
        assert_ptr_equal(p.v[i], was[i]);
        assert_string_equal(p.v[i]->why, "because");
    }
    kta_plan_release(&p);
}

static void test_changed(void **state)
{
    struct kta_plan p;
    struct kta_err err = KTA_ERR_INIT;

    (void)state;
    plan_of(&p);
    /* the first is gone, the third comes first, one is new, one is written twice */
    assert_int_equal(kta_plan_edit_take(&p, NULL,
                                        "# comment\n\n"
                                        "kubectl scale deployment/web \\\n  --replicas=2\n"
                                        "kubectl apply -f - <<EOF\nkind: Secret\nEOF\n"
                                        "kubectl scale deployment/web --replicas=2",
                                        &err),
                     0);
    assert_int_equal(p.n, 3);
    assert_string_equal(p.v[0]->argv.v[1], "scale");
    assert_int_equal(p.v[0]->argv.n, 4);
    assert_string_equal(p.v[0]->id, "1");
    assert_string_equal(p.v[1]->stdin_text, "kind: Secret\n");
    assert_int_equal(p.v[2]->state, KTA_REFUSED);
    assert_string_equal(p.v[2]->id, "3");
    struct kta_step *step = p.v[0];
    assert_int_equal(kta_plan_edit_take(&p, step, "kubectl get pods\n", &err), 0);
    assert_ptr_equal(p.v[0], step);
    assert_string_equal(step->argv.v[1], "get");
    assert_string_equal(step->id, "1");
    kta_plan_release(&p);
}

static void test_broken(void **state)
{
    static const char *const texts[] = {
        "",
        "# nothing\n",
        "kubectl get pods | sh\n",
        "kubectl get 'pods\n",
        "kubectl apply -f - <<'EOF'\nkind: X\n",
        "kubectl apply -f - <<\nkind: X\n\n",
        "kubectl delete pod a; rm b\n",
    };
    struct kta_plan p;

    (void)state;
    plan_of(&p);
    for (size_t i = 0; i < KTA_LEN(texts); i++) {
        struct kta_err err = KTA_ERR_INIT;
        struct kta_step *first = p.v[0];
        assert_int_equal(kta_plan_edit_take(&p, NULL, texts[i], &err), -1);
        assert_true(err.msg[0]);
        assert_int_equal(p.n, 4);
        assert_ptr_equal(p.v[0], first);
        assert_string_equal(first->why, "because");
    }
    struct kta_err err = KTA_ERR_INIT;
    assert_int_equal(kta_plan_edit_take(&p, p.v[0], "kubectl get a\nkubectl get b\n", &err), -1);
    struct kta_str many = KTA_STR_INIT;
    for (int i = 0; i < KTA_MAX_STEPS; i++)
        kta_str_addf(&many, "kubectl get pod x%d\n", i);
    assert_int_equal(kta_plan_edit_take(&p, NULL, many.s, &err), -1); /* with the refused one */
    kta_str_release(&many);
    kta_plan_release(&p);
}

/* ---- through the confirmation ---- */
struct editor {
    const char *text;
    size_t step; /* 0: the plan */
    int asked;
};

static int ask(void *ctx, struct kta_plan *plan, struct kta_step *step, enum kta_answer *ret,
               struct kta_err *err)
{
    struct editor *e = ctx;

    *ret = KTA_ANSWER_YES;
    e->asked++;
    if (e->step && !step)
        *ret = KTA_ANSWER_ONE_BY_ONE;
    if (e->text && e->step == (step ? (size_t)(step->id[0] - '0') : 0)) {
        assert_int_equal(kta_plan_edit_take(plan, step, e->text, err), 0);
        e->text = NULL;
        *ret = KTA_ANSWER_EDIT;
    }
    return 0;
}

static void test_confirmed(void **state)
{
    struct kta_plan p;
    bool go[KTA_MAX_STEPS] = {false};
    struct editor e = {.text = "kubectl label pod a x=y\nkubectl label pod b x=y\n"
                               "kubectl get pods --server=https://elsewhere\n"};
    struct kta_report report = {.ctx = &e, .ask = ask};
    struct kta_pipeline pipeline = {.report = &report, .yes = -1, .policy = &policy};
    struct kta_err err = KTA_ERR_INIT;

    (void)state;
    plan_of(&p);
    assert_int_equal(kta_confirm(&pipeline, &p, go, &err), 0);
    assert_int_equal(e.asked, 2);
    assert_int_equal(p.n, 4);
    assert_true(go[0] && go[1]);
    assert_false(go[2] || go[3]);
    assert_int_equal(p.v[2]->state, KTA_REFUSED); /* an edit is judged like any other command */
    bool pinned = false;
    for (size_t i = 0; i < p.v[1]->argv.n; i++)
        pinned = pinned || kta_streq(p.v[1]->argv.v[i], "--context");
    assert_true(pinned);

    memset(go, 0, sizeof go);
    e = (struct editor){.text = "kubectl label pod c x=y\n", .step = 2};
    assert_int_equal(kta_confirm(&pipeline, &p, go, &err), 0);
    assert_true(go[0] && go[1]);
    assert_string_equal(p.v[1]->argv.v[3], "c");
    kta_plan_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unchanged),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_confirmed),
    };
    return cmocka_run_group_tests_name("edit", tests, NULL, NULL);
}
