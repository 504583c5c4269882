/* A plan as a shell script runs exactly the plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kta/alloc.h"
#include "kta/plan.h"

#define SECRET3 "\xe2\x9f\xa6secret:3\xe2\x9f\xa7"

/* The script of one step. Caller frees. */
static char *script(const char *const *words, const char *input, enum kta_state state)
{
    struct kta_step s = {.stdin_text = (char *)(uintptr_t)input, .state = state};
    struct kta_step *steps[] = {&s};
    struct kta_plan p = {.v = steps, .n = 1};
    struct kta_str out = KTA_STR_INIT;

    for (; *words; words++)
        kta_argv_add(&s.argv, *words);
    kta_plan_script(&p, &out);
    kta_argv_release(&s.argv);
    return kta_str_detach(&out);
}

static void expect(const char *const *words, const char *input, const char *want)
{
    kta_auto_free char *got = script(words, input, KTA_PLANNED);

    assert_string_equal(got, want);
}

static void test_quoting(void **state)
{
    const char *plain[] = {"kubectl", "rollout", "restart", "deployment/web", "-n", "demo", NULL};
    const char *odd[] = {"kubectl", "annotate", "pod", "x", "note=it's $HOME", "", NULL};

    (void)state;
    expect(plain, NULL, "kubectl rollout restart deployment/web -n demo\n");
    kta_auto_free char *got = script(odd, NULL, KTA_PLANNED);
    assert_non_null(strstr(got, "'note=it'\\''s $HOME'"));
    assert_non_null(strstr(got, " ''\n"));
}

static void test_here_documents(void **state)
{
    const char *apply[] = {"kubectl", "apply", "-f", "-", NULL};

    (void)state;
    expect(apply, "a: $x\n", "kubectl apply -f - <<'EOF'\na: $x\nEOF\n");
    expect(apply, "a: b", "kubectl apply -f - <<'EOF'\na: b\nEOF\n");
    /* a delimiter that the manifest itself has as a line */
    expect(apply, "EOF\nEOF_1\n", "kubectl apply -f - <<'EOF_2'\nEOF\nEOF_1\nEOF_2\n");
    /* a redacted value: expanded, so everything else that a shell would expand is escaped */
    expect(apply, "p: " SECRET3 "\nq: $x `y` \\z\n",
           "kubectl apply -f - <<EOF\np: ${SECRET_3:?}\nq: \\$x \\`y\\` \\\\z\nEOF\n");
}

static void test_placeholder_in_argv(void **state)
{
    const char *words[] = {"kubectl", "set", "env", "deploy/x", "P=" SECRET3, NULL};

    (void)state;
    kta_auto_free char *got = script(words, NULL, KTA_PLANNED);
    assert_non_null(strstr(got, "${SECRET_3:?}"));
    assert_null(strstr(got, "'${SECRET_3:?}'"));
}

static void test_refused_steps_are_left_out(void **state)
{
    const char *words[] = {"kubectl", "delete", "ns", "prod", NULL};

    (void)state;
    kta_auto_free char *got = script(words, NULL, KTA_REFUSED);
    assert_string_equal(got, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quoting),
        cmocka_unit_test(test_here_documents),
        cmocka_unit_test(test_placeholder_in_argv),
        cmocka_unit_test(test_refused_steps_are_left_out),
    };
    return cmocka_run_group_tests_name("script", tests, NULL, NULL);
}
