/* Child processes: no deadlock, no leftovers, deadlines and signals that end the whole group. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include "kta/clock.h"
#include "kta/interrupt.h"
#include "kta/proc.h"

static int run(struct kta_proc *p, struct kta_err *err, const char *script)
{
    struct kta_argv argv = KTA_ARGV_INIT;
    int rc;
    kta_argv_addl(&argv, "sh", "-c", script, NULL);
    p->argv = &argv;
    p->path = "/bin/sh";
    rc = kta_proc_run(p, err);
    kta_argv_release(&argv);
    return rc;
}

/* No such process, or one that is dead and only waits for init to bury it. */
static bool gone(const char *pid_text)
{
    long pid = strtol(pid_text, NULL, 10);
    char path[64], state = 'Z';
    FILE *f;
    assert_true(pid > 1);
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    f = fopen(path, "re");
    if (f && fscanf(f, "%*d %*s %c", &state) != 1)
        state = '?';
    if (f)
        fclose(f);
    return state == 'Z';
}

/* Descriptors of ours that a child inherits because whoever started us left them open. */
static int inherited(void)
{
    int n = 0;
    for (int fd = 0; fd < 1024; fd++) {
        int flags = fcntl(fd, F_GETFD);
        n += flags >= 0 && !(flags & FD_CLOEXEC);
    }
    return n;
}

static void test_outputs_and_code(void **state)
{
    struct kta_proc p = {0};
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    assert_int_equal(run(&p, &err, "echo out; echo err >&2; cat; exit 3"), 0);
    assert_string_equal(p.out.s, "out\n");
    assert_string_equal(p.err.s, "err\n");
    assert_int_equal(p.exit_code, 3);
    assert_true(p.started);
    kta_proc_release(&p);

    p = (struct kta_proc){0};
    assert_int_equal(run(&p, &err, "kill -9 $$"), 0);
    assert_int_equal(p.exit_code, 137);
    kta_proc_release(&p);
}

static void test_large_input_and_output(void **state)
{
    kta_auto_str struct kta_str in = KTA_STR_INIT;
    struct kta_proc p = {0};
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    for (int i = 0; i < 400000; i++)
        kta_str_add(&in, "line\n");
    p.input = in.s, p.input_len = in.len;
    assert_int_equal(run(&p, &err, "tee /dev/stderr"), 0);
    assert_int_equal(p.out.len, in.len);
    assert_int_equal(p.err.len, in.len);
    kta_proc_release(&p);
    /* a child that does not read is no error */
    p = (struct kta_proc){.input = in.s, .input_len = in.len};
    assert_int_equal(run(&p, &err, "exit 0"), 0);
    assert_int_equal(p.exit_code, 0);
    kta_proc_release(&p);
}

static void test_output_is_capped(void **state)
{
    struct kta_proc p = {.max_output = 1000};
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    assert_int_equal(run(&p, &err, "head -c 3000000 /dev/zero | tr '\\0' x; exit 5"), 0);
    assert_int_equal(p.out.len, 1000);
    assert_true(p.out.cut);
    assert_int_equal(p.exit_code, 5);
    kta_proc_release(&p);
}

static void test_deadline_ends_the_group(void **state)
{
    struct kta_proc p = {.timeout_ms = 300};
    struct kta_err err = KTA_ERR_INIT;
    int64_t start = kta_now_ms();
    (void)state;
    /* the child ignores SIGTERM, the grandchild holds the pipe */
    assert_int_equal(run(&p, &err, "trap '' TERM; sleep 30 & echo $!; sleep 31; sleep 31"), -1);
    assert_int_equal(err.code, KTA_E_TIMEOUT);
    assert_true(p.timed_out);
    assert_true(kta_now_ms() - start < 15000);
    usleep(20000);
    assert_true(gone(p.out.s));
    kta_proc_release(&p);
}

static void test_leftover_grandchild_does_not_hang(void **state)
{
    struct kta_proc p = {0};
    struct kta_err err = KTA_ERR_INIT;
    int64_t start = kta_now_ms();
    (void)state;
    assert_int_equal(run(&p, &err, "sleep 30 & echo $!; exit 0"), 0);
    assert_int_equal(p.exit_code, 0);
    assert_true(kta_now_ms() - start < 15000);
    usleep(20000);
    assert_true(gone(p.out.s));
    kta_proc_release(&p);
}

static void test_start_fails(void **state)
{
    struct kta_argv argv = KTA_ARGV_INIT;
    struct kta_proc p = {.argv = &argv, .path = "/nonexistent/kubectl"};
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    kta_argv_add(&argv, "kubectl");
    assert_int_equal(kta_proc_run(&p, &err), -1);
    assert_int_equal(err.code, KTA_E_NOT_FOUND);
    assert_false(p.started);
    kta_proc_release(&p);
    p = (struct kta_proc){.argv = &argv, .path = "/bin/true", .dir = "/nonexistent"};
    assert_int_equal(kta_proc_run(&p, &err), -1);
    assert_non_null(strstr(err.msg, "/nonexistent"));
    kta_proc_release(&p);
    kta_argv_release(&argv);
}

static void test_no_descriptor_leaks_into_the_child(void **state)
{
    struct kta_proc p = {0};
    struct kta_err err = KTA_ERR_INIT;
    int before, after;
    (void)state;
    before = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(before);
    assert_int_equal(run(&p, &err, "ls /proc/self/fd | wc -l"), 0);
    /* and the one with which ls reads the folder */
    assert_true(strtol(p.out.s, NULL, 10) <= inherited() + 1);
    kta_proc_release(&p);
    after = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(after);
    assert_int_equal(before, after);
}

struct heard {
    int calls, fds;
};

static void hear(void *ctx, int fd, const char *p, size_t n)
{
    struct heard *h = ctx;
    (void)p;
    h->calls += n > 0;
    h->fds |= fd;
}

static void test_output_as_it_comes_and_environment(void **state)
{
    static const char *const env[] = {"ONLY=this", NULL};
    struct heard h = {0};
    struct kta_proc p = {.env = env, .dir = "/", .on_output = hear, .ctx = &h};
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    assert_int_equal(run(&p, &err, "echo $ONLY$HOME; pwd; echo x >&2"), 0);
    assert_string_equal(p.out.s, "this\n/\n");
    assert_true(h.calls >= 2);
    assert_int_equal(h.fds, 3);
    kta_proc_release(&p);
}

static void test_interrupt(void **state)
{
    struct kta_proc p = {0};
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_str struct kta_str script = KTA_STR_INIT;
    int64_t start = kta_now_ms();
    (void)state;
    kta_interrupt_install();
    kta_str_addf(&script, "(sleep 0.2; kill -INT %d) & sleep 30", (int)getpid());
    assert_int_equal(run(&p, &err, script.s), -1);
    assert_int_equal(err.code, KTA_E_INTERRUPTED);
    assert_true(p.interrupted);
    assert_true(kta_now_ms() - start < 15000);
    kta_proc_release(&p);
    kta_interrupt_clear();
}

/* A child that has our terminal is bound as any other. */
static void test_with_the_terminal(void **state)
{
    kta_auto_str struct kta_str script = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_proc p = {.inherit_tty = true, .catch_stdout = true, .max_output = 1000};
    (void)state;
    assert_int_equal(run(&p, &err, "head -c 3000000 /dev/zero | tr '\\0' x; exit 5"), 0);
    assert_int_equal(p.out.len, 1000);
    assert_int_equal(p.exit_code, 5);
    kta_proc_release(&p);

    for (int catch = 0; catch < 2; catch ++) {
        p = (struct kta_proc){.inherit_tty = true, .catch_stdout = catch, .timeout_ms = 200};
        assert_int_equal(run(&p, &err, "exec sleep 30"), -1);
        assert_int_equal(err.code, KTA_E_TIMEOUT);
        kta_proc_release(&p);

        kta_interrupt_install();
        kta_str_clear(&script);
        kta_str_addf(&script, "kill -TERM %d; exec sleep 30", (int)getpid());
        p = (struct kta_proc){.inherit_tty = true, .catch_stdout = catch, .timeout_ms = 20000};
        assert_int_equal(run(&p, &err, script.s), -1);
        assert_int_equal(err.code, KTA_E_INTERRUPTED);
        kta_proc_release(&p);
        kta_interrupt_clear();
    }
}

/* Whoever started us had its children reaped by the kernel. */
static void test_started_with_sigchld_ignored(void **state)
{
    struct kta_proc p = {.timeout_ms = 20000};
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    signal(SIGCHLD, SIG_IGN);
    assert_int_equal(run(&p, &err, "echo out; exit 3"), 0);
    assert_string_equal(p.out.s, "out\n");
    assert_int_equal(p.exit_code, 255);
    kta_proc_release(&p);
    kta_interrupt_install();
    p = (struct kta_proc){0};
    assert_int_equal(run(&p, &err, "exit 3"), 0);
    assert_int_equal(p.exit_code, 3);
    kta_proc_release(&p);
}

static void test_started_with_sigalrm_ignored(void **state)
{
    struct kta_proc p = {.timeout_ms = 20000};
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    signal(SIGALRM, SIG_IGN);
    kta_interrupt_install();
    kta_interrupt_after(50);
    assert_int_equal(run(&p, &err, "sleep 30"), -1);
    assert_int_equal(err.code, KTA_E_TIMEOUT);
    assert_true(p.interrupted);
    kta_proc_release(&p);
    kta_interrupt_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outputs_and_code),
        cmocka_unit_test(test_large_input_and_output),
        cmocka_unit_test(test_output_is_capped),
        cmocka_unit_test(test_deadline_ends_the_group),
        cmocka_unit_test(test_leftover_grandchild_does_not_hang),
        cmocka_unit_test(test_start_fails),
        cmocka_unit_test(test_no_descriptor_leaks_into_the_child),
        cmocka_unit_test(test_output_as_it_comes_and_environment),
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_with_the_terminal),
        cmocka_unit_test(test_started_with_sigchld_ignored),
        cmocka_unit_test(test_started_with_sigalrm_ignored),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
