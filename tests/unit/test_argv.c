/* Splitting a line without a shell, and quoting it for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/argv.h"
#include "kta/limits.h"

#define S(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct {
    const char *line;
    const char *const *want;
} good[] = {
    {"kubectl get pods", S("kubectl", "get", "pods")},
    {"  kubectl\tget   pods  \n", S("kubectl", "get", "pods")},
    {"\n\nkubectl get po\r\n", S("kubectl", "get", "po")},
    {"a 'b c' \"d e\" f\\ g", S("a", "b c", "d e", "f g")},
    {"a ''  \"\"", S("a", "", "")},
    {"a 'it'\\''s'", S("a", "it's")},
    {"a \"x\\\"y\\\\z\\n\"", S("a", "x\"y\\z\\n")},
    {"kubectl \\\n  get \\\n po", S("kubectl", "get", "po")},
    {"k get po -o 'jsonpath={.items[*].metadata.name}'",
     S("k", "get", "po", "-o", "jsonpath={.items[*].metadata.name}")},
    {"k get po -o jsonpath={.items}", S("k", "get", "po", "-o", "jsonpath={.items}")},
    {"k -p '{\"spec\":{\"replicas\":2}}'", S("k", "-p", "{\"spec\":{\"replicas\":2}}")},
    {"k set env deploy/a A=b 'C=$d'", S("k", "set", "env", "deploy/a", "A=b", "C=$d")},
    {"k -l 'a in (b,c)' x=~y a#b", S("k", "-l", "a in (b,c)", "x=~y", "a#b")},
    {"k \"100$\" \"a;b|c>d\"", S("k", "100$", "a;b|c>d")},
    {"k \"two\nlines\"", S("k", "two\nlines")},
    {"k \\$HOME \\;", S("k", "$HOME", ";")},
    {"k ü\xC3\xA4", S("k", "ü\xC3\xA4")},
    {"", S(NULL)},
    {" \n ", S(NULL)},
};

static void test_splits_as_a_shell_would(void **state)
{
    (void)state;
    for (size_t i = 0; i < KTA_LEN(good); i++) {
        kta_auto_argv struct kta_argv a = KTA_ARGV_INIT;
        struct kta_err err = KTA_ERR_INIT;
        if (kta_argv_split(good[i].line, &a, &err) < 0)
            fail_msg("[%s]: %s", good[i].line, err.msg);
        size_t n = 0;
        for (; good[i].want[n]; n++) {
            assert_true(n < a.n);
            assert_string_equal(a.v[n], good[i].want[n]);
        }
        assert_int_equal(a.n, n);
        assert_true(!a.v || !a.v[a.n]);
    }
}

static const struct {
    const char *line, *says;
} bad[] = {
    {"kubectl get po | grep x", "a pipe"},
    {"kubectl get po|sh", "a pipe"},
    {"kubectl get po && rm -rf /", "&&"},
    {"kubectl get po || true", "||"},
    {"kubectl get po; id", "(;)"},
    {"kubectl get po & id", "background"},
    {"kubectl get po > /etc/passwd", "redirection"},
    {"kubectl apply -f - <<EOF", "here-document"},
    {"kubectl apply -f - < x", "redirection"},
    {"kubectl get po $(id)", "command substitution"},
    {"kubectl get po `id`", "command substitution"},
    {"kubectl get po \"$(id)\"", "command substitution"},
    {"kubectl get po \"`id`\"", "command substitution"},
    {"kubectl get po $HOME", "variable"},
    {"kubectl get po \"${HOME}\"", "variable"},
    {"kubectl get po \"$X\"", "variable"},
    {"kubectl get po *", "file name pattern"},
    {"kubectl get po a?", "file name pattern"},
    {"kubectl get po [ab]", "file name pattern"},
    {"kubectl get po a{b,c}", "brace expansion"},
    {"kubectl get po {1..9}", "brace expansion"},
    {"(kubectl get po)", "subshell"},
    {"KUBECONFIG=/tmp/x kubectl get po", "assignment"},
    {"A+=1 kubectl get po", "assignment"},
    {"kubectl get po\nkubectl delete ns x", "second line"},
    {"kubectl get po\rkubectl delete ns x", "second line"},
    {"kubectl get po # all", "comment"},
    {"kubectl -f ~/x", "home folder"},
    {"kubectl get 'po", "never closed"},
    {"kubectl get \"po", "never closed"},
    {"kubectl get po \\", "backslash"},
};

static void test_refuses_what_only_a_shell_could_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < KTA_LEN(bad); i++) {
        kta_auto_argv struct kta_argv a = KTA_ARGV_INIT;
        struct kta_err err = KTA_ERR_INIT;
        if (kta_argv_split(bad[i].line, &a, &err) == 0)
            fail_msg("accepted: %s", bad[i].line);
        assert_int_equal(err.code, KTA_E_POLICY);
        if (!strstr(err.msg, bad[i].says))
            fail_msg("[%s] says '%s', not '%s'", bad[i].line, err.msg, bad[i].says);
        assert_int_equal(a.n, 0);
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_argv struct kta_argv a = KTA_ARGV_INIT;
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    for (int i = 0; i < KTA_MAX_ARGV; i++)
        kta_str_add(&s, "x ");
    assert_int_equal(kta_argv_split(s.s, &a, &err), 0);
    assert_int_equal(a.n, KTA_MAX_ARGV);
    kta_str_add(&s, "x");
    assert_int_equal(kta_argv_split(s.s, &a, &err), -1);
    assert_int_equal(err.code, KTA_E_LIMIT);
    kta_str_clear(&s);
    for (unsigned i = 0; i < KTA_MAX_ARG; i++)
        kta_str_addc(&s, 'x');
    kta_argv_release(&a);
    assert_int_equal(kta_argv_split(s.s, &a, &err), 0);
    assert_int_equal(strlen(a.v[0]), KTA_MAX_ARG);
    kta_str_addc(&s, 'x');
    assert_int_equal(kta_argv_split(s.s, &a, &err), -1);
    assert_int_equal(err.code, KTA_E_LIMIT);
}

/* What is quoted comes back as it was. */
static void test_quoting_round_trips(void **state)
{
    (void)state;
    const char *const args[] = {"kubectl",  "",    "a b",  "it's",  "$x `y`", "{\"a\":1}", "*",
                                "two\nlns", "=x",  "~",    "a=b",   "\\",     "ü",         "-",
                                "#c",       "[0]", "a\tb", "{a,b}", "!x",     "'"};
    for (size_t first = 0; first < KTA_LEN(args); first++) {
        kta_auto_argv struct kta_argv a = KTA_ARGV_INIT, b = KTA_ARGV_INIT;
        kta_auto_str struct kta_str line = KTA_STR_INIT;
        struct kta_err err = KTA_ERR_INIT;
        for (size_t i = 0; i < KTA_LEN(args); i++)
            kta_argv_add(&a, args[(first + i) % KTA_LEN(args)]);
        kta_argv_quote(&a, &line);
        if (kta_argv_split(line.s, &b, &err) < 0)
            fail_msg("%s: %s", line.s, err.msg);
        assert_int_equal(a.n, b.n);
        for (size_t i = 0; i < a.n; i++)
            assert_string_equal(a.v[i], b.v[i]);
    }
}

static void test_building(void **state)
{
    (void)state;
    kta_auto_argv struct kta_argv a = KTA_ARGV_INIT, b = KTA_ARGV_INIT;
    kta_argv_addl(&a, "kubectl", "get", NULL);
    kta_argv_addf(&a, "--limit=%d", 5);
    kta_argv_insert(&a, 1, "-n");
    kta_argv_insert(&a, 2, "x");
    kta_argv_insert(&a, 99, "end");
    kta_argv_copy(&b, &a);
    kta_argv_copy(&b, &b);
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    kta_argv_quote(&b, &s);
    assert_string_equal(s.s, "kubectl -n x get --limit=5 end");
    assert_null(b.v[b.n]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_splits_as_a_shell_would),
        cmocka_unit_test(test_refuses_what_only_a_shell_could_do),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_quoting_round_trips),
        cmocka_unit_test(test_building),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
