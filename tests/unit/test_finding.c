/* Findings: order, doubles, ids, folding of cascades, JSON, advice, explanations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "../../plugin/diagnose/diag.h"

static void test_order_and_ids(void **state)
{
    (void)state;
    struct kta_findings f = {0};
    kta_findings_add(&f, "Node.Cordoned", KTA_WARNING, "Node", NULL, "n1", 0.9);
    struct kta_finding *c =
        kta_findings_add(&f, "CrashLoop.Exit", KTA_CRITICAL, "Deployment", "a", "backend", 0.6);
    kta_findings_add(&f, "CrashLoop.Exit", KTA_CRITICAL, "Deployment", "a", "backend", 0.5);
    for (int i = 0; i < 6; i++) {
        struct kta_fix *x = kta_finding_fix(c, KTA_RISK_LOW, true, "fix %d", i / 2);
        kta_argv_addl(&x->argv, "kubectl", "get", NULL);
        kta_argv_addf(&x->argv, "%d", i / 2);
    }
    kta_finding_quote(c, "event", "x");
    kta_finding_quote(c, "event", "x");
    kta_findings_finish(&f);
    assert_int_equal(f.n, 2);
    assert_string_equal(f.v[0]->code, "CrashLoop.Exit");
    assert_string_equal(f.v[0]->id, "f1");
    assert_int_equal(f.v[0]->n_fixes, 3); /* doubles are dropped */
    assert_int_equal(f.v[0]->n_evidence, 1);
    assert_string_equal(f.v[0]->fixes[1].id, "f1.b");
    assert_ptr_equal(kta_findings_fix(&f, "f1.c"), &f.v[0]->fixes[2]);
    assert_null(kta_findings_fix(&f, "f2.a"));
    struct kta_json *j = kta_findings_json(&f);
    assert_string_equal(kta_json_str(j, "[0].object.name"), "backend");
    assert_string_equal(kta_json_str(j, "[0].severity"), "critical");
    assert_string_equal(kta_json_str(j, "[0].fixes[0].risk"), "low");
    kta_json_free(j);
    kta_findings_release(&f);
}

static void test_a_cascade_is_one_cause(void **state)
{
    (void)state;
    struct kta_findings f = {0};
    struct kta_finding *a = kta_findings_add(&f, "CrashLoop.DependencyUnreachable", KTA_CRITICAL,
                                             "Deployment", "a", "backend", 0.85);
    kta_finding_symptom(a, "Service", "a", "db");
    struct kta_finding *s =
        kta_findings_add(&f, "Service.NoEndpoints", KTA_CRITICAL, "Service", "a", "db", 0.7);
    kta_finding_symptom(s, "Deployment", "a", "db");
    kta_findings_add(&f, "Memory.OOMKilled", KTA_CRITICAL, "Deployment", "a", "db", 0.95);
    kta_findings_add(&f, "Probe.Readiness", KTA_CRITICAL, "Deployment", "a", "db", 0.8);
    kta_findings_add(&f, "Image.NotFound", KTA_CRITICAL, "Deployment", "a", "other", 0.9);
    kta_fold(NULL, &f);
    kta_findings_finish(&f);
    assert_int_equal(f.n, 2);
    assert_string_equal(f.v[0]->code, "Memory.OOMKilled");
    assert_string_equal(f.v[1]->code, "Image.NotFound");
    bool service = false, backend = false;
    for (size_t i = 0; i < f.v[0]->n_symptoms; i++) {
        service |= kta_streq(f.v[0]->symptoms[i].kind, "Service");
        backend |= kta_streq(f.v[0]->symptoms[i].name, "backend");
    }
    assert_true(service && backend);
    kta_findings_release(&f);
}

static void test_advice_alone(void **state)
{
    (void)state;
    struct kta_findings f = {0};
    struct kta_finding *x =
        kta_findings_add(&f, "Config.MissingSecret", KTA_CRITICAL, "Deployment", "a", "b", 0.9);
    kta_finding_advice(x, "Or create it");
    kta_findings_finish(&f);
    assert_string_equal(f.v[0]->advice, "Create it");
    kta_findings_release(&f);
}

static void test_texts_are_cleaned(void **state)
{
    (void)state;
    struct kta_findings f = {0};
    struct kta_finding *x =
        kta_findings_add(&f, "CrashLoop.Error", KTA_CRITICAL, "Deployment", "a", "b", 0.9);
    kta_finding_summary(x, "bad \x1b[31mred\x1b[0m");
    kta_findings_redact(&f, NULL);
    assert_string_equal(f.v[0]->summary, "bad red");
    kta_findings_release(&f);
}

static void test_every_code_is_explained(void **state)
{
    (void)state;
    size_t n;
    const char *const *codes = kta_explain_codes(&n);
    assert_true(n > 80);
    for (size_t i = 0; i < n; i++) {
        const char *text = kta_explain(codes[i]);
        assert_non_null(text);
        assert_non_null(strstr(text, "Cause:"));
        assert_non_null(strstr(text, "Mend:"));
    }
    assert_null(kta_explain("Nothing.Such"));
    enum kta_severity s;
    assert_int_equal(kta_severity_parse("warning", &s), 0);
    assert_int_equal(s, KTA_WARNING);
    assert_int_equal(kta_severity_parse("bad", &s), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_ids),
        cmocka_unit_test(test_a_cascade_is_one_cause),
        cmocka_unit_test(test_advice_alone),
        cmocka_unit_test(test_texts_are_cleaned),
        cmocka_unit_test(test_every_code_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
