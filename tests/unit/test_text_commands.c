/* Commands and manifests in a model's text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kta/agent.h"
#include "kta/alloc.h"

struct seen {
    char *line[16], *stdin_text[16], *problem[16];
    size_t n;
};

static void on_found(void *ctx, struct kta_proposed *p)
{
    struct seen *s = ctx;
    struct kta_str line = KTA_STR_INIT;

    kta_argv_quote(&p->argv, &line);
    s->line[s->n] = kta_str_detach(&line);
    s->stdin_text[s->n] = kta_strdup(p->stdin_text);
    s->problem[s->n] = kta_strdup(p->problem);
    s->n++;
}

static void release(struct seen *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->line[i]);
        free(s->stdin_text[i]);
        free(s->problem[i]);
    }
}

static const struct row {
    const char *text;
    const char *lines; /* joined by | */
} rows[] = {
    {"Nothing to do.", ""},
    {"Run `kubectl get pods` now.", ""},
    {"```\nkubectl get pods -n demo\n```", "kubectl get pods -n demo"},
    {"```bash\n$ kubectl get pods\n# a comment\n$ helm list\n```", "kubectl get pods|helm list"},
    {"kubectl get pods", "kubectl get pods"},
    {"`kubectl get pods`", "kubectl get pods"},
    {"```sh\nkubectl set image deploy/a \\\n  a=b:1\n```", "kubectl set image deploy/a a=b:1"},
    {"```\r\nkubectl get pods\r\n```\r\n", "kubectl get pods"},
    {"```\nkubectl get pods", "kubectl get pods"},
    {"```\nrm -rf /\n```", ""},
    {"```\nkubectl scale deploy/a --replicas=2\n```\ntext\n```\nhelm rollback r 1\n```",
     "kubectl scale deploy/a --replicas=2|helm rollback r 1"},
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct seen s = {.n = 0};
        struct kta_str all = KTA_STR_INIT;
        kta_commands_in_text(rows[i].text, on_found, &s);
        for (size_t j = 0; j < s.n; j++)
            kta_str_addf(&all, "%s%s", j ? "|" : "", s.line[j]);
        assert_string_equal(all.s, rows[i].lines);
        kta_str_release(&all);
        release(&s);
    }
}

static void test_manifest_block(void **state)
{
    struct seen s = {.n = 0};

    (void)state;
    kta_commands_in_text("```yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n```\n",
                         on_found, &s);
    assert_int_equal(s.n, 1);
    assert_string_equal(s.line[0], "kubectl apply -f -");
    assert_non_null(strstr(s.stdin_text[0], "kind: ConfigMap"));
    release(&s);
}

static void test_yaml_that_is_no_manifest(void **state)
{
    struct seen s = {.n = 0};

    (void)state;
    kta_commands_in_text("```yaml\nreplicas: 3\n```\n", on_found, &s);
    assert_int_equal(s.n, 0);
}

static void test_here_document(void **state)
{
    struct seen s = {.n = 0};

    (void)state;
    kta_commands_in_text("```\nkubectl apply -f - <<'EOF'\nkind: X\nEOF\nkubectl get pods\n```",
                         on_found, &s);
    assert_int_equal(s.n, 2);
    assert_string_equal(s.line[0], "kubectl apply -f -");
    assert_string_equal(s.stdin_text[0], "kind: X\n");
    assert_string_equal(s.line[1], "kubectl get pods");
    release(&s);
}

static void test_shell_syntax_is_told(void **state)
{
    struct seen s = {.n = 0};

    (void)state;
    kta_commands_in_text("```\nkubectl get pods | grep x\n```", on_found, &s);
    assert_int_equal(s.n, 1);
    assert_non_null(s.problem[0]);
    release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_manifest_block),
        cmocka_unit_test(test_here_document),
        cmocka_unit_test(test_yaml_that_is_no_manifest),
        cmocka_unit_test(test_shell_syntax_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
