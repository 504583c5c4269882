/* Commands and manifests in a model's text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kta/tools.h"
#include "kta/alloc.h"

#define MAP "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n"

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
    const char *lines; /* joined by |; behind a ! the problem, or a part of it */
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
    {"`kubectl get pods`.", ""},
    {"1. `kubectl rollout restart deploy/a`\n2. Then wait.", "kubectl rollout restart deploy/a"},
    {"- kubectl rollout restart deploy/a", "kubectl rollout restart deploy/a"},
    {"**kubectl get pods**", "kubectl get pods"},
    {"1. `kubectl get pods` shows them.", ""},
    {"kubectl is a program.\nkubectl get shows objects.\nkubectl frobs it", ""},
    {"```console\nme@host:~$ kubectl get pods\nNAME READY\n# kubectl delete ns a\n```",
     "kubectl get pods"},
    {"```\nsudo kubectl get pods # isn't it\nk get svc\n```", "kubectl get pods|kubectl get svc"},
    {"~~~\nkubectl get pods\n```\nkubectl get svc\n~~~", "kubectl get pods|kubectl get svc"},
    {"```\nkubectl get pods && kubectl get svc; helm list\n```",
     "kubectl get pods|kubectl get svc|helm list"},
    {"```\nkubectl get pods -l 'a;b && c'\n```", "kubectl get pods -l 'a;b && c'"},
    {"```\nkubectl patch deploy a -p '{\n}'\nkubectl get pods\n```",
     "kubectl patch deploy a -p '{\n}'|kubectl get pods"},
    {"```\nkubectl annotate pod a b='c\n```\nkubectl get pods",
     "!a ' that is never closed|kubectl get pods"},
    {"```\nkubectl get pods | grep a\n```", "!a pipe"},
    {"```\nkubectl get pods && rm -rf /\n```", "!&&"},
    {"```\nkubectl delete pod $POD\n```", "!a variable"},
    {"```\nkubectl describe pod <pod-name>\n```", "!<pod-name> stands for a name"},
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct seen s = {.n = 0};
        struct kta_str all = KTA_STR_INIT;
        kta_commands_in_text(rows[i].text, on_found, &s);
        const char *want = rows[i].lines;
        for (size_t j = 0; j < s.n; j++) {
            size_t n = strcspn(want + (*want == '!'), "|");
            kta_auto_free char *problem = kta_strndup(want + 1, n);
            if (*want == '!' && s.problem[j] && strstr(s.problem[j], problem))
                kta_str_addf(&all, "%s!%s", j ? "|" : "", problem);
            else
                kta_str_addf(&all, "%s%s", j ? "|" : "", s.line[j]);
            want += (*want == '!') + n;
            want += *want == '|';
        }
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

/* A document goes to the command that reads it, in whatever way the text writes it to a file. */
static const struct document_row {
    const char *text, *lines, *document; /* document: of the first command */
} documents[] = {
    {"```yaml\n" MAP "```\n```\nkubectl apply -f map.yaml\n```", "kubectl apply -f -", MAP},
    {"```\nkubectl create --filename=map.yaml\n```\n```yaml\n" MAP "```",
     "kubectl create --filename=-", MAP},
    {"```\ncat <<'EOF' > map.yaml\n" MAP "EOF\nkubectl apply -f map.yaml -n a\n```",
     "kubectl apply -f - -n a", MAP},
    {"```\ncat <<EOF | kubectl apply -f -\n" MAP "EOF\nkubectl get cm\n```",
     "kubectl apply -f -|kubectl get cm", MAP},
    {"```\nkubectl apply -f - <<-EOF\n\ta: b\n\tEOF\n```", "kubectl apply -f -", "a: b\n"},
    {"```yaml\n" MAP "```\n```\nkubectl get cm\n```", "kubectl apply -f -|kubectl get cm", MAP},
    {"```\nkubectl apply -f https://a.test/x.yaml\n```", "kubectl apply -f https://a.test/x.yaml",
     NULL},
    {"```yaml\n" MAP "```\n```\nhelm install a b -f values.yaml\n```",
     "kubectl apply -f -|helm install a b -f values.yaml", MAP},
};

static void test_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < KTA_LEN(documents); i++) {
        struct seen s = {.n = 0};
        struct kta_str all = KTA_STR_INIT;
        kta_commands_in_text(documents[i].text, on_found, &s);
        for (size_t j = 0; j < s.n; j++)
            kta_str_addf(&all, "%s%s", j ? "|" : "", s.line[j]);
        assert_string_equal(all.s, documents[i].lines);
        assert_string_equal(kta_or(s.stdin_text[0], "none"), kta_or(documents[i].document, "none"));
        kta_str_release(&all);
        release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),         cmocka_unit_test(test_manifest_block),
        cmocka_unit_test(test_here_document), cmocka_unit_test(test_yaml_that_is_no_manifest),
        cmocka_unit_test(test_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
