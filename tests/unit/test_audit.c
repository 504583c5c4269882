/* The audit log's file: what hinders it is told, and no record is lost to another's trouble. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kta/alloc.h"
#include "kta/audit.h"
#include "kta/fs.h"

static char dir[] = "/tmp/kta-audit-XXXXXX";

static int note(const struct kta_audit_config *c, const char *what, struct kta_err *err)
{
    struct kta_json *v = kta_json_new_object();
    kta_json_set_str(v, "what", what);
    return kta_audit_write(c, "test", v, err);
}

static void test_cannot_turn_over(void **state)
{
    kta_auto_free char *file = kta_asprintf("%s/a", dir), *older = kta_asprintf("%s.1", file),
                       *in_it = kta_asprintf("%s/x", older);
    struct kta_audit_config c = {.file = file, .max_size = 1, .keep = 1};
    struct kta_err err = KTA_ERR_INIT;
    (void)state;
    assert_int_equal(note(&c, "first", &err), 0);
    assert_int_equal(mkdir(older, 0700), 0);
    assert_int_equal(note(&c, "second", &err), -1);
    assert_non_null(strstr(err.msg, "cannot turn over the audit log"));
    assert_non_null(strstr(err.msg, "Is a directory"));
    assert_non_null(strstr(err.hint, "maxSize"));
    rmdir(older);
    kta_err_clear(&err);
    assert_int_equal(note(&c, "third", &err), 0);
    assert_true(kta_fs_exists(older));
    unlink(older);
    unlink(file);
}

/* A full disk: the first bytes of a record fit, the rest does not. */
static void test_half_a_record(void **state)
{
    kta_auto_free char *file = kta_asprintf("%s/b", dir);
    struct kta_audit_config c = {.file = file, .max_size = 1 << 20, .keep = 1};
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    struct rlimit old, full;
    struct stat st;
    int lines = 0;
    (void)state;
    assert_int_equal(note(&c, "first", &err), 0);
    assert_int_equal(stat(file, &st), 0);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    full = (struct rlimit){.rlim_cur = (rlim_t)st.st_size + 10, .rlim_max = old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &full);
    assert_int_equal(note(&c, "second", &err), -1);
    setrlimit(RLIMIT_FSIZE, &old);
    kta_err_clear(&err);
    assert_int_equal(note(&c, "third", &err), 0);
    assert_int_equal(kta_fs_read(file, 1 << 20, &text, &err), 0);
    for (const char *p = text.s, *end; *p; p = end + 1, lines++) {
        kta_auto_json struct kta_json *v = NULL;
        end = strchr(p, '\n');
        assert_non_null(end);
        assert_int_equal(kta_json_parse(p, (size_t)(end - p), &v, &err), 0);
        assert_string_equal(kta_json_str(v, "what"), lines ? "third" : "first");
    }
    assert_int_equal(lines, 2);
    unlink(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cannot_turn_over),
        cmocka_unit_test(test_half_a_record),
    };
    int failed;
    if (!mkdtemp(dir))
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
