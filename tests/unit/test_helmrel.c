/* Helm's release records unpack, and broken ones say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/b64.h"
#include "gzip.h"
#include "kta/helmrel.h"
#include "kta/str.h"

static struct kta_json *secret(const char *release, bool packed)
{
    kta_auto_str struct kta_str gz = KTA_STR_INIT, once = KTA_STR_INIT, twice = KTA_STR_INIT;
    struct kta_json *s = kta_json_new_object(), *data;

    if (packed)
        gzip(release, strlen(release), &gz);
    else
        kta_str_add(&gz, release);
    kta_b64_encode(gz.s, gz.len, &once);
    kta_b64_encode(once.s, once.len, &twice);
    data = kta_json_set(s, "data", kta_json_new_object());
    kta_json_set_str(data, "release", twice.s);
    return s;
}

static void test_decode(void **state)
{
    (void)state;
    for (int packed = 0; packed < 2; packed++) {
        kta_auto_json struct kta_json *s = secret("{\"name\":\"todo\",\"version\":3}", packed);
        kta_auto_json struct kta_json *v = NULL;
        struct kta_err err = KTA_ERR_INIT;

        assert_int_equal(kta_helm_release_decode(s, &v, &err), 0);
        assert_string_equal(kta_json_str(v, "name"), "todo");
        assert_int_equal(kta_json_int(v, "version", 0), 3);
    }
}

static void test_broken(void **state)
{
    kta_auto_json struct kta_json *none = kta_json_new_object();
    kta_auto_json struct kta_json *text = secret("not json", true);
    kta_auto_json struct kta_json *cut = secret("\x1f\x8b\x08 cut", false);
    struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;

    (void)state;
    assert_int_equal(kta_helm_release_decode(none, &v, &err), -1);
    assert_int_equal(kta_helm_release_decode(text, &v, &err), -1);
    assert_int_equal(kta_helm_release_decode(cut, &v, &err), -1);
    assert_int_equal(kta_helm_release_decode(NULL, &v, &err), -1);
    assert_null(v);
}

/* What a snapshot keeps decodes as the original does, without what is secret. */
static void test_redacted(void **state)
{
    static const char record[] =
        "{\"name\":\"shop\",\"version\":2,\"apply_method\":\"ssa\",\"config\":{\"password\":"
        "\"hunter2hunter2\"},\"chart\":{\"values\":{}},\"info\":{\"status\":\"failed\","
        "\"description\":\"Upgrade failed: timed out\",\"notes\":\"password: hunter2hunter2\"},"
        "\"manifest\":\"---\\nkind: Secret\\nmetadata: {name: db}\\nstringData: {password: "
        "hunter2hunter2}\\n---\\nkind: Deployment\\nmetadata: {name: shop}\\nspec: {template: "
        "{spec: "
        "{containers: [{name: shop, image: 'shop:v1', env: [{name: DB_PASSWORD, value: "
        "hunter2hunter2}]}]}}}\\n\"}";
    kta_auto_json struct kta_json *s = secret(record, true), *v = NULL;
    struct kta_redact *r = kta_redact_new(KTA_REDACT_STANDARD);
    kta_auto_free char *release = kta_helm_release_redacted(s, r);
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;

    (void)state;
    assert_non_null(release);
    kta_json_set_str(kta_json_get(s, "data"), "release", release);
    assert_int_equal(kta_helm_release_decode(s, &v, &err), 0);
    kta_json_print(v, false, &text);
    assert_null(strstr(text.s, "hunter2"));
    assert_string_equal(kta_json_str(v, "info.description"), "Upgrade failed: timed out");
    assert_string_equal(kta_json_str(v, "apply_method"), "ssa");
    assert_null(kta_json_get(v, "config"));
    assert_null(kta_json_get(v, "chart"));
    assert_non_null(strstr(kta_json_str(v, "manifest"), "shop:v1"));
    kta_redact_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_decode), cmocka_unit_test(test_broken),
                                       cmocka_unit_test(test_redacted)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
