/* The environment of kubectl and helm, and the session's flags in their argv. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "../../plugin/actions/actions.h"
#include <string.h>
#include <sys/stat.h>
#include "kta/alloc.h"
#include "kta/fs.h"

static bool has(char **env, const char *pair)
{
    for (; *env; env++)
        if (kta_streq(*env, pair))
            return true;
    return false;
}

static void test_only_what_is_needed_passes(void **state)
{
    const char *ours[] = {"PATH=/bin",          "HOME=/h",
                          "OPENAI_API_KEY=k",   "GOOGLE_API_KEY=k",
                          "AWS_PROFILE=p",      "HTTPS_PROXY=http://p",
                          "HELM_KUBETOKEN=t",   "HELM_DRIVER=x",
                          "LD_PRELOAD=/x.so",   "KUBECONFIG=/other",
                          "AZURE_OPENAI_KEY=k", "PATHOLOGY=1",
                          "KUBE_EDITOR=vi",     NULL};
    char **env = kta_child_env((char *const *)(uintptr_t)ours, "/k");

    (void)state;
    assert_true(has(env, "PATH=/bin"));
    assert_true(has(env, "HOME=/h"));
    assert_true(has(env, "AWS_PROFILE=p"));
    assert_true(has(env, "HTTPS_PROXY=http://p"));
    assert_true(has(env, "HELM_DRIVER=x"));
    assert_true(has(env, "KUBECONFIG=/k"));
    assert_true(has(env, "KUBECTL_KUBERC=false"));
    for (char **e = env; *e; e++) {
        assert_false(kta_starts(*e, "OPENAI"));
        assert_false(kta_starts(*e, "AZURE_OPENAI"));
        assert_false(kta_starts(*e, "GOOGLE_API_KEY"));
        assert_false(kta_starts(*e, "HELM_KUBE"));
        assert_false(kta_starts(*e, "LD_"));
        assert_false(kta_starts(*e, "PATHOLOGY"));
        assert_string_not_equal(*e, "KUBECONFIG=/other");
    }
    kta_child_env_free(env);
}

static char *quoted(const struct kta_argv *a)
{
    struct kta_str s = KTA_STR_INIT;

    kta_argv_quote(a, &s);
    return kta_str_detach(&s);
}

static void test_session_flags(void **state)
{
    kta_auto_argv struct kta_argv flags = KTA_ARGV_INIT, a = KTA_ARGV_INIT, h = KTA_ARGV_INIT;
    char *text;

    (void)state;
    kta_argv_addl(&flags, "--as=jane", "--as-group=dev", "--as-group=ops", "--as-uid=7", NULL);
    kta_argv_addl(&a, "kubectl", "exec", "p", "--", "sh", NULL);
    kta_session_flags_add(&flags, &a);
    kta_session_flags_add(&flags, &a); /* once is enough */
    text = quoted(&a);
    assert_string_equal(text, "kubectl exec p --as=jane --as-group=dev --as-group=ops --as-uid=7 "
                              "-- sh");
    free(text);
    kta_session_flags_drop(&flags, &a);
    text = quoted(&a);
    assert_string_equal(text, "kubectl exec p -- sh");
    free(text);
    kta_argv_addl(&h, "helm", "rollback", "web", NULL);
    kta_session_flags_add(&flags, &h);
    text = quoted(&h);
    assert_string_equal(text, "helm rollback web --kube-as-user=jane --kube-as-group=dev "
                              "--kube-as-group=ops");
    free(text);
}

/* A preview whose --dry-run became another flag's value would be the change itself. */
static void test_flags_land_where_they_are_flags(void **state)
{
    static const struct {
        const char *line, *want;
    } rows[] = {
        {"kubectl set image deploy/x a=b --field-manager --",
         "kubectl set image deploy/x a=b --field-manager -- --dry-run=server"},
        {"kubectl set image deploy/x a=b --field-manager -- -- c=d",
         "kubectl set image deploy/x a=b --field-manager -- --dry-run=server -- c=d"},
        {"kubectl label pod x --field-manager=y -n -- a=b",
         "kubectl label pod x --field-manager=y -n -- a=b --dry-run=server"},
        {"helm upgrade x ./c --description --", "helm upgrade x ./c --description -- "
                                                "--dry-run=server"},
        {"kubectl run x --image=y -- --dry-run=none",
         "kubectl run x --image=y --dry-run=server -- --dry-run=none"},
    };
    kta_auto_argv struct kta_argv flags = KTA_ARGV_INIT;

    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        kta_auto_argv struct kta_argv a = KTA_ARGV_INIT;
        struct kta_err err = KTA_ERR_INIT;
        assert_int_equal(kta_argv_split(rows[i].line, &a, &err), 0);
        kta_argv_insert_flag(&a, "--dry-run=server");
        kta_auto_free char *text = quoted(&a);
        assert_string_equal(text, rows[i].want);
    }
    /* nor is the session's own flag there because a value is spelt like it */
    kta_auto_argv struct kta_argv a = KTA_ARGV_INIT;
    kta_argv_add(&flags, "--as=jane");
    kta_argv_addl(&a, "kubectl", "label", "pod", "x", "a=b", "--field-manager", "--as=jane", NULL);
    kta_session_flags_add(&flags, &a);
    kta_auto_free char *with = quoted(&a);
    assert_string_equal(with, "kubectl label pod x a=b --field-manager --as=jane --as=jane");
    kta_session_flags_drop(&flags, &a);
    kta_auto_free char *without = quoted(&a);
    assert_string_equal(without, "kubectl label pod x a=b --field-manager --as=jane");
}

/* Values that a flag can take from a file are not in the argv, which everybody may read. */
static void test_hidden_values_are_in_files(void **state)
{
    static const struct {
        const char *line, *begins, *in_file; /* ⟦…⟧ of the line; what is in the file, NULL: argv */
    } rows[] = {
        {"kubectl patch secret s -p '{\"stringData\":{\"k\":\"%s\"}}'",
         "kubectl patch secret s --patch-file=/", "{\"stringData\":{\"k\":\"hunter2hunter2\"}}"},
        {"kubectl patch secret s --patch='{\"a\":\"%s\"}' --type=merge",
         "kubectl patch secret s --patch-file=/", "{\"a\":\"hunter2hunter2\"}"},
        {"kubectl create secret generic s --from-literal=user=jane --from-literal k=%s -n demo",
         "kubectl create secret generic s --from-literal=user=jane --from-file=k=/",
         "hunter2hunter2"},
        {"helm upgrade w ./c --set a=1 --set db.password=%s",
         "helm upgrade w ./c --set a=1 --set-file=db.password=/", "hunter2hunter2"},
        {"helm upgrade w ./c --set a=%s,b=2", "helm upgrade w ./c --set a=hunter2hunter2,b=2",
         NULL},
        {"kubectl set env deploy/x K=%s", "kubectl set env deploy/x K=hunter2hunter2", NULL},
    };
    struct kta_redact *r = kta_redact_new(KTA_REDACT_STANDARD);
    kta_auto_free char *shown = kta_redact_dup(r, "password=hunter2hunter2");
    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT, real = KTA_ARGV_INIT;
        struct kta_argv files = KTA_ARGV_INIT;
        struct kta_err err = KTA_ERR_INIT;
        kta_auto_str struct kta_str line = KTA_STR_INIT, content = KTA_STR_INIT;
        const char *at = strstr(rows[i].line, "%s");
        kta_str_addn(&line, rows[i].line, (size_t)(at - rows[i].line));
        kta_str_add(&line, strchr(shown, '=') + 1);
        kta_str_add(&line, at + 2);
        assert_int_equal(kta_argv_split(line.s, &argv, &err), 0);
        assert_int_equal(kta_hidden_argv(r, &argv, &real, &files, &err), 0);
        kta_auto_str struct kta_str words = KTA_STR_INIT;
        for (size_t k = 0; k < real.n; k++)
            kta_str_addf(&words, "%s%s", k ? " " : "", real.v[k]);
        if (!kta_starts(words.s, rows[i].begins))
            fail_msg("%s: %s", rows[i].line, words.s);
        assert_int_equal(files.n, rows[i].in_file ? 1 : 0);
        assert_int_equal(strstr(words.s, "hunter2") == NULL, rows[i].in_file != NULL);
        if (rows[i].in_file) {
            struct stat st;
            kta_auto_free char *path = kta_strdup(files.v[0]);
            assert_int_equal(kta_fs_read(path, 4096, &content, &err), 0);
            assert_string_equal(content.s, rows[i].in_file);
            assert_int_equal(stat(path, &st), 0);
            assert_int_equal(st.st_mode & 07777, 0600);
            kta_hidden_remove(&files);
            assert_int_equal(stat(path, &st), -1);
        }
        kta_hidden_remove(&files);
    }
    kta_redact_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_what_is_needed_passes),
        cmocka_unit_test(test_session_flags),
        cmocka_unit_test(test_flags_land_where_they_are_flags),
        cmocka_unit_test(test_hidden_values_are_in_files),
    };
    return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
