/* Refusals as programs of all kinds log them: who, what, where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "../../plugin/diagnose/rights.h"
#include "kta/alloc.h"
#include "kta/str.h"

static const struct {
    const char *text, *sa_ns, *sa, *verb, *resource, *group, *ns, *object;
} rows[] = {
    {"Error from server (Forbidden): pods is forbidden: User \"system:serviceaccount:demo:app\" "
     "cannot list resource \"pods\" in API group \"\" in the namespace \"demo\"",
     "demo", "app", "list", "pods", "", "demo", NULL},
    {"Error from server (Forbidden): secrets \"db\" is forbidden: User "
     "\"system:serviceaccount:demo:app\" cannot get resource \"secrets\" in API group \"\" in the "
     "namespace \"shop\"",
     "demo", "app", "get", "secrets", "", "shop", "db"},
    /* client-go, at the scope of the cluster */
    {"E0101 10:00:00.000000 1 reflector.go:205] \"Failed to watch\" err=\"failed to list *v1.Node: "
     "nodes is forbidden: User \\\"system:serviceaccount:kube-ops:agent\\\" cannot list resource "
     "\\\"nodes\\\" in API group \\\"\\\" at the cluster scope\" type=\"*v1.Node\"",
     "kube-ops", "agent", "list", "nodes", "", NULL, NULL},
    /* Python's client: JSON within the text */
    {"HTTP response body: {\"kind\":\"Status\",\"message\":\"deployments.apps \\\"web\\\" is "
     "forbidden: User \\\"system:serviceaccount:demo:app\\\" cannot patch resource "
     "\\\"deployments\\\" in API group \\\"apps\\\" in the namespace \\\"demo\\\"\",\"code\":403}",
     "demo", "app", "patch", "deployments", "apps", "demo", "web"},
    /* fabric8 */
    {"KubernetesClientException: Failure executing: GET at: https://10.0.0.1/api/v1/namespaces/a/"
     "pods/x/log. Message: pods \"x\" is forbidden: User \"system:serviceaccount:a:b\" cannot get "
     "resource \"pods/log\" in API group \"\" in the namespace \"a\". Received status",
     "a", "b", "get", "pods/log", "", "a", "x"},
    /* the last one counts */
    {"User \"system:serviceaccount:a:b\" cannot list resource \"pods\" in API group \"\" in the "
     "namespace \"a\"\nUser \"system:serviceaccount:a:b\" cannot list resource \"jobs\" in API "
     "group \"batch\" in the namespace \"a\"\n",
     "a", "b", "list", "jobs", "batch", "a", NULL},
    {"configmaps is forbidden: User \"jane\" cannot list resource \"configmaps\" in API group \"\" "
     "in the namespace \"demo\"",
     NULL, NULL, "list", "configmaps", "", "demo", NULL},
};

static void same(const char *have, const char *want)
{
    if (!kta_streq(have, want))
        fail_msg("'%s' is not '%s'", kta_or(have, "NULL"), kta_or(want, "NULL"));
}

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct kta_denied d;
        assert_true(kta_denied_parse(rows[i].text, strlen(rows[i].text), &d));
        same(d.sa_ns, rows[i].sa_ns);
        same(d.sa, rows[i].sa);
        same(d.verb, rows[i].verb);
        same(d.resource, rows[i].resource);
        same(d.group, rows[i].group);
        same(d.ns, rows[i].ns);
        same(d.object, rows[i].object);
        kta_denied_release(&d);
    }
}

static void test_other_refusals(void **state)
{
    static const char *const texts[] = {
        "GET /admin 403 Forbidden",
        "User jane cannot log in",
        "nginx: [error] directory index of \"/www/\" is forbidden",
        "",
    };
    (void)state;
    for (size_t i = 0; i < KTA_LEN(texts); i++) {
        struct kta_denied d;
        assert_false(kta_denied_parse(texts[i], strlen(texts[i]), &d));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_other_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
