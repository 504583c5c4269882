/* Files appear whole, private and durable; folders, the XDG places, programs on PATH. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/interrupt.h"

static char dir[] = "/tmp/kta-test-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    struct kta_err err;
    char **names;
    size_t n;
    kta_auto_free char *sub = kta_fs_join(dir, "a/b");
    rmdir(sub);
    *strrchr(sub, '/') = '\0';
    rmdir(sub);
    if (!kta_fs_list(dir, &names, &n, &err)) {
        for (size_t i = 0; i < n; i++) {
            kta_auto_free char *p = kta_fs_join(dir, names[i]);
            unlink(p);
        }
        kta_fs_free_names(names, n);
    }
    return rmdir(dir);
}

static void test_write_is_whole_and_private(void **state)
{
    (void)state;
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_free char *p = kta_fs_join(dir, "f");
    umask(0);
    assert_int_equal(kta_fs_write(p, "one\0two", 7, &err), 0);
    assert_int_equal(kta_fs_write(p, "new", 3, &err), 0);
    struct stat st;
    assert_int_equal(stat(p, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    assert_int_equal(kta_fs_read(p, 3, &s, &err), 0);
    assert_string_equal(s.s, "new");
    char **names;
    size_t n;
    assert_int_equal(kta_fs_list(dir, &names, &n, &err), 0);
    assert_int_equal(n, 1); /* nothing is left beside it */
    kta_fs_free_names(names, n);
    /* a link is replaced, not written through */
    kta_auto_free char *l = kta_fs_join(dir, "l");
    assert_int_equal(symlink("f", l), 0);
    assert_int_equal(kta_fs_write(l, "x", 1, &err), 0);
    kta_str_clear(&s);
    assert_int_equal(kta_fs_read(p, 99, &s, &err), 0);
    assert_string_equal(s.s, "new");
}

static void test_failures_are_told_apart(void **state)
{
    (void)state;
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    kta_str_add(&s, "kept");
    kta_auto_free char *none = kta_fs_join(dir, "none");
    kta_auto_free char *deep = kta_fs_join(dir, "none/x");
    kta_auto_free char *big = kta_fs_join(dir, "big");
    assert_int_equal(kta_fs_read(none, 9, &s, &err), -1);
    assert_int_equal(err.code, KTA_E_NOT_FOUND);
    assert_int_equal(kta_fs_write(big, "0123456789", 10, &err), 0);
    assert_int_equal(kta_fs_read(big, 9, &s, &err), -1);
    assert_int_equal(err.code, KTA_E_LIMIT);
    assert_string_equal(s.s, "kept");
    assert_int_equal(kta_fs_read(dir, 9, &s, &err), -1);
    assert_int_equal(kta_fs_write(deep, "x", 1, &err), -1);
    assert_non_null(strstr(err.msg, "none/x"));
    assert_int_equal(kta_fs_mkdirs(big, &err), -1);
    assert_int_equal(kta_fs_mkdirs("", &err), -1);
    char **names;
    size_t n = 9;
    assert_int_equal(kta_fs_list(none, &names, &n, &err), 0);
    assert_int_equal(n, 0);
    assert_int_equal(kta_fs_list(big, &names, &n, &err), -1);
}

static void test_folders_and_names(void **state)
{
    (void)state;
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_free char *p = kta_fs_join(dir, "a/b/");
    assert_int_equal(kta_fs_mkdirs(p, &err), 0);
    assert_int_equal(kta_fs_mkdirs(p, &err), 0);
    struct stat st;
    assert_int_equal(stat(p, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    static const char *const rows[][2] = {{"/a/b", "/a"}, {"a", "."},    {"/a", "/"},
                                          {"/", "/"},     {"a/b/", "a"}, {"a//b", "a"}};
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        kta_auto_free char *d = kta_fs_dirname(rows[i][0]);
        assert_string_equal(d, rows[i][1]);
    }
    setenv("HOME", "/h", 1);
    kta_auto_free char *e = kta_fs_expand("~/x"), *f = kta_fs_expand("~u/x");
    assert_string_equal(e, "/h/x");
    assert_string_equal(f, "~u/x");
    unsetenv("XDG_STATE_HOME");
    kta_auto_free char *x = kta_xdg_path(KTA_XDG_STATE, "journal");
    assert_string_equal(x, "/h/.local/state/kubectl-todo-ai/journal");
    setenv("XDG_CACHE_HOME", "/c", 1);
    kta_auto_free char *c = kta_xdg_path(KTA_XDG_CACHE, NULL);
    assert_string_equal(c, "/c/kubectl-todo-ai");
    setenv("XDG_CACHE_HOME", "relative", 1);
    kta_auto_free char *r = kta_xdg_path(KTA_XDG_CACHE, NULL);
    assert_string_equal(r, "/h/.cache/kubectl-todo-ai");
    kta_auto_free char *sh = kta_fs_which("sh");
    assert_non_null(sh);
    assert_true(*sh == '/');
    assert_null(kta_fs_which("no-such-program"));
    assert_null(kta_fs_which("../bin/sh"));
    assert_null(kta_fs_which(""));
    assert_int_equal(chdir("/"), 0);
    setenv("PATH", "bin::.", 1);
    assert_null(kta_fs_which("sh"));
}

static void test_signals_are_a_flag(void **state)
{
    (void)state;
    struct kta_err err = KTA_ERR_INIT;
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_IGN);
    assert_int_equal(kta_interrupt_fd(), -1);
    kta_interrupt_install();
    assert_int_equal(kta_interrupt_check(&err), 0);
    raise(SIGHUP); /* ignored before us, as nohup does: still ignored */
    assert_int_equal(kta_interrupted(), 0);
    raise(SIGTERM);
    assert_int_equal(kta_interrupted(), SIGTERM);
    assert_int_equal(kta_interrupt_check(&err), -1);
    assert_int_equal(err.code, KTA_E_INTERRUPTED);
    char c;
    assert_int_equal(read(kta_interrupt_fd(), &c, 1), 1);
    kta_interrupt_clear();
    assert_int_equal(kta_interrupted(), 0);
    assert_int_equal(read(kta_interrupt_fd(), &c, 1), -1);
    assert_true(fcntl(kta_interrupt_fd(), F_GETFD) & FD_CLOEXEC);
}

static void test_temp(void **state)
{
    kta_auto_free char *run = kta_asprintf("%s/run", dir), *tmp = kta_asprintf("%s/tmp", dir);
    kta_auto_free char *a = NULL, *b = NULL, *c = NULL;
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    struct stat st;
    (void)state;
    assert_int_equal(mkdir(tmp, 0700), 0);
    setenv("XDG_RUNTIME_DIR", run, 1); /* not there */
    setenv("TMPDIR", tmp, 1);
    a = kta_fs_temp(".diff", "some text", 9, &err);
    assert_non_null(a);
    assert_true(kta_starts(a, tmp) && kta_ends(a, ".diff"));
    assert_int_equal(stat(a, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(kta_fs_read(a, 100, &text, &err), 0);
    assert_string_equal(text.s, "some text");
    assert_int_equal(mkdir(run, 0700), 0);
    b = kta_fs_temp("", "", 0, &err);
    assert_true(kta_starts(b, run));
    unsetenv("XDG_RUNTIME_DIR");
    unsetenv("TMPDIR");
    c = kta_fs_temp(".sh", "", 0, &err);
    assert_true(kta_starts(c, "/tmp/"));
    unlink(a), unlink(b), unlink(c);
    rmdir(run), rmdir(tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_is_whole_and_private),
        cmocka_unit_test(test_failures_are_told_apart),
        cmocka_unit_test(test_folders_and_names),
        cmocka_unit_test(test_temp),
        cmocka_unit_test(test_signals_are_a_flag),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
