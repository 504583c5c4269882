/* A redaction session: stable placeholders, the way back, foreign placeholders, objects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/redact.h"

#define P(n) "\xE2\x9F\xA6secret:" #n "\xE2\x9F\xA7"

static void redacts(struct kta_redact *r, const char *text, const char *want)
{
    kta_auto_free char *got = kta_redact_dup(r, text);
    assert_string_equal(got, want);
}

static void test_placeholders_are_stable_and_come_back(void **state)
{
    (void)state;
    struct kta_redact *r = kta_redact_new(KTA_REDACT_STANDARD);
    redacts(r, "DB_PASSWORD=hunter2000", "DB_PASSWORD=" P(1));
    redacts(r, "API_TOKEN=abcd-efgh-1234", "API_TOKEN=" P(2));
    redacts(r, "OTHER_PASSWORD=hunter2000", "OTHER_PASSWORD=" P(1));
    assert_int_equal(kta_redact_count(r), 2);
    assert_non_null(kta_redact_source(r, 2));
    assert_null(kta_redact_source(r, 3));
    assert_null(kta_redact_source(r, 0));
    assert_null(kta_redact_dup(r, NULL));
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    assert_int_equal(kta_redact_restore(r, "a" P(1) "b" P(2) "\xE2\x9F\xA6", &out, &err), 0);
    assert_string_equal(out.s, "ahunter2000babcd-efgh-1234\xE2\x9F\xA6");
    kta_str_clear(&out);
    assert_int_equal(kta_redact_restore(r, "x" P(3), &out, &err), -1);
    assert_int_equal(err.code, KTA_E_POLICY);
    assert_string_equal(out.s, "");
    assert_int_equal(kta_redact_restore(r, P(0), &out, &err), -1);
    assert_int_equal(kta_redact_restore(r, P(99999999999), &out, &err), 0); /* is none */
    assert_true(kta_redact_has_placeholder("a" P(7)));
    assert_false(kta_redact_has_placeholder("secret:7"));
    kta_redact_free(r);
}

static void test_foreign_placeholders_are_defused(void **state)
{
    (void)state;
    struct kta_redact *r = kta_redact_new(KTA_REDACT_STANDARD);
    redacts(r, "DB_PASSWORD=hunter2000", "DB_PASSWORD=" P(1));
    redacts(r, "run with " P(1) ".", "run with [secret:1].");
    redacts(r, "\\u27e6name:1\\u27E7 \\n", "[name:1] \\n");
    redacts(r, "\xE2\x9F", "\xE2\x9F");
    kta_redact_free(r);
}

static void test_scripts(void **state)
{
    (void)state;
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    kta_redact_script("a --x='p=" P(2) " q' \\'" P(1), &out);
    assert_string_equal(out.s, "a --x='p='\"${SECRET_2:?}\"' q' \\'\"${SECRET_1:?}\"");
}

static void test_learned_values_are_found_everywhere(void **state)
{
    (void)state;
    struct kta_redact *r = kta_redact_new(KTA_REDACT_STANDARD);
    kta_redact_learn(r, "Tr0ub4dor&3\n", 12, "secret demo/db key password");
    kta_redact_learn(r, "short", 5, "too short");
    redacts(r, "login Tr0ub4dor&3 short", "login " P(1) " short");
    redacts(r, "login Tr0ub4dor%263!", "login " P(1) "!");
    assert_string_equal(kta_redact_source(r, 1), "secret demo/db key password");
    /* base64 of "user:Tr0ub4dor&3" and of the value itself */
    kta_auto_free char *a = kta_redact_dup(r, "x dXNlcjpUcjB1YjRkb3ImMw== y VHIwdWI0ZG9yJjM= z");
    assert_null(strstr(a, "UcjB1YjRkb3ImM"));
    assert_null(strstr(a, "VHIwdWI0ZG9yJjM"));
    kta_redact_free(r);
}

/* Every spelling that URLs, JSON, Go's JSON and JSON inside of JSON give a value. */
static void test_learned_values_in_other_spellings(void **state)
{
    (void)state;
    struct kta_redact *r = kta_redact_new(KTA_REDACT_STANDARD);
    static const char *const texts[] = {
        "got p&ss <w>\"7\\ x.",
        "GET /?q=p%26ss%20%3Cw%3E%227%5C&z=1",
        "GET /?q=p%26ss%20%3cw%3e%227%5c&z=1",
        "q=p%26ss+%3Cw%3E%227%5C&z=1",
        "{\"m\":\"p&ss <w>\\\"7\\\\\"}",
        "{\"m\":\"p\\u0026ss \\u003cw\\u003e\\\"7\\\\\"}",
        "{\"m\":\"{\\\"n\\\":\\\"p\\\\u0026ss \\\\u003cw\\\\u003e\\\\\\\"7\\\\\\\\\\\"}\"}",
        "seen cCZzcyA8dz4iN1w= there",
    };
    kta_redact_learn(r, "p&ss <w>\"7\\", 11, "secret demo/db key password");
    for (size_t i = 0; i < KTA_LEN(texts); i++) {
        kta_auto_free char *got = kta_redact_dup(r, texts[i]);
        if (!kta_redact_has_placeholder(got) || strstr(got, "ss ") || strstr(got, "ss%20"))
            fail_msg("%s: %s", texts[i], got);
    }
    kta_redact_free(r);
}

/* What is secret inside of a Secret's value is secret alone, too; of a URL only that. */
static void test_learned_parts(void **state)
{
    (void)state;
    struct kta_redact *r = kta_redact_new(KTA_REDACT_STANDARD);
    static const char url[] = "postgres://app:xk29-zz-yy@db.shop.svc:5432/orders";
    static const char file[] = "[smtp]\nhost=mail.shop.svc\npassword=mm-nn-oo-11\n";

    kta_redact_learn(r, url, strlen(url), "secret demo/db key url");
    kta_redact_learn(r, file, strlen(file), "secret demo/mail key conf");
    kta_auto_free char *got =
        kta_redact_dup(r, "tried xk29-zz-yy on db.shop.svc, then mm-nn-oo-11 on mail.shop.svc");
    assert_null(strstr(got, "xk29"));
    assert_null(strstr(got, "mm-nn"));
    assert_non_null(strstr(got, " on db.shop.svc, then "));
    assert_non_null(strstr(got, " on mail.shop.svc"));
    kta_redact_free(r);
}

/* The hosts that a Secret names are needed; everything else of it from eight characters on is
 * not. */
static void test_a_secrets_hosts_survive(void **state)
{
    (void)state;
    struct kta_redact *r = kta_redact_new(KTA_REDACT_STANDARD);
    struct kta_json *o = NULL;
    struct kta_err err = KTA_ERR_INIT;
    static const char text[] =
        "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"db\"},\"stringData\":{"
        "\"host\":\"db.shop.svc:5432\",\"user\":\"shop_writer\",\"pin\":\"1234567\"}}";
    assert_int_equal(kta_json_parse(text, strlen(text), &o, &err), 0);
    kta_redact_object(r, o);
    kta_json_free(o);
    kta_auto_free char *got = kta_redact_dup(r, "shop_writer at db.shop.svc:5432 got 1234567");
    assert_null(strstr(got, "shop_writer"));
    assert_non_null(strstr(got, " at db.shop.svc:5432 got 1234567"));
    kta_redact_free(r);
}

/* strict: names and addresses, each with a placeholder of its kind. */
static void test_strict_hides_names_and_addresses(void **state)
{
    (void)state;
    struct kta_redact *r = kta_redact_new(KTA_REDACT_STRICT);
    kta_auto_free char *got =
        kta_redact_dup(r, "jane@shop.dev on 10.2.3.4 and 2001:db8::17 asked api.shop.dev: "
                          "OOMKilled, password=hunter2000, then 10.2.3.4 again");
    static const char *const gone[] = {"jane", "10.2.3.4", "2001:db8", "api.shop", "hunter"};
    for (size_t i = 0; i < KTA_LEN(gone); i++)
        if (strstr(got, gone[i]))
            fail_msg("%s is in %s", gone[i], got);
    assert_non_null(strstr(got, "\xE2\x9F\xA6"
                                "address:"));
    assert_non_null(strstr(got, "\xE2\x9F\xA6"
                                "name:"));
    assert_non_null(strstr(got, "OOMKilled"));
    static const char *const hidden[][2] = {
        {"web-1   1/1   Running   0   3d   10.244.1.17   worker-3   <none>   <none>", "worker-3"},
        {"worker-3   Ready   control-plane   12d   v1.31.2\n", "worker-3"},
        {"worker-3   NotReady,SchedulingDisabled   <none>   12d   v1.31.2\n", "worker-3"},
        {"worker-3   250m   12%   1024Mi   30%\n", "worker-3"},
        {"Successfully assigned shop/web-1 to worker-3", "worker-3"},
        {"Node:  worker-3/10.0.0.7", "worker-3"},
        {"nodeName: worker", "worker"},
        {"\"kubernetes.io/hostname\":\"worker\"", "worker"},
        {"node/worker cordoned", "worker"},
        {"Node worker-3 is gone", "worker-3"},
        {"User \"jane\" cannot list pods", "jane"},
        {"username: jane", "jane"},
        {"GET https://shop.acme.xyz/v1", "acme"},
        {"fe80::1 and ::1", "::1"},
        {"02:42:ac:11:00:02", "02:42"},
        {"nodes \"worker-3\" not found", "worker-3"},
        {"BackOff  kubelet, worker-3  restarting", "worker-3"},
        {"i-0abc on ip-10-0-1-7", "ip-10"},
        {"- kind: User\n  name: jane\n", "jane"},
        {"{\"kind\":\"User\",\"apiGroup\":\"x\",\"name\":\"jane\"}", "jane"},
        {"Accepted publickey for jane from port 22", "jane"},
        {"uid=1000(jane)", "jane"},
        {"Author: Jane Doe <jane@shop.dev>", "Jane"},
        {"ssh -v jane@bastion uptime", "jane@bastion"},
    };
    static const char *const kept[] = {
        "2026-11-01 10:00:00 node is not ready",
        "node affinity, host network, user agent",
        "User \"system:serviceaccount:shop:web\"",
        "pod web-7d9c6b5f4d-x2k8p in namespace shop",
        "std::string at 12:30:00.5",
        "apiGroup: rbac.authorization.k8s.io",
        "taint node.kubernetes.io/disk-pressure",
        "containerd://1.7.3, 0/3 nodes, nodes/proxy",
        "deployment/backend calls http://redis-master:6379",
        "waiting for backend from the queue",
    };
    for (size_t i = 0; i < KTA_LEN(hidden); i++) {
        kta_auto_free char *text = kta_redact_dup(r, hidden[i][0]);
        if (strstr(text, hidden[i][1]))
            fail_msg("%s is in %s", hidden[i][1], text);
    }
    for (size_t i = 0; i < KTA_LEN(kept); i++)
        redacts(r, kept[i], kept[i]);
    struct kta_redact *standard = kta_redact_new(KTA_REDACT_STANDARD);
    redacts(standard, "jane@shop.dev on 10.2.3.4", "jane@shop.dev on 10.2.3.4");
    kta_redact_free(standard);
    kta_redact_free(r);
}

static void test_objects(void **state)
{
    (void)state;
    struct kta_redact *r = kta_redact_new(KTA_REDACT_STANDARD);
    struct kta_err err = KTA_ERR_INIT;
    const char *text =
        "{\"kind\":\"List\",\"items\":[{\"kind\":\"Secret\",\"metadata\":{\"name\":\"db\","
        "\"namespace\":\"demo\"},\"data\":{\"password\":\"aHVudGVyMjAwMA==\",\"u\":\"YWRtaW4=\"}},"
        "{\"kind\":\"Pod\",\"spec\":{\"containers\":[{\"name\":\"app\",\"image\":\"a/b:1\","
        "\"env\":[{\"name\":\"DB_PASSWORD\",\"value\":\"sekrit99\"},{\"name\":\"LEVEL\","
        "\"value\":\"hunter2000\"}]}]}}]}";
    kta_auto_json struct kta_json *o = NULL;
    assert_int_equal(kta_json_parse(text, strlen(text), &o, &err), 0);
    kta_redact_object(r, o);
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    kta_json_print(o, false, &out);
    assert_null(strstr(out.s, "aHVudGVyMjAwMA"));
    assert_null(strstr(out.s, "YWRtaW4"));
    assert_null(strstr(out.s, "sekrit99"));
    assert_null(strstr(out.s, "hunter2000"));
    assert_non_null(strstr(out.s, "\"a/b:1\""));
    assert_non_null(strstr(out.s, "\"DB_PASSWORD\""));
    assert_non_null(kta_json_str(o, "items[0].data.password"));
    assert_true(kta_redact_has_placeholder(kta_json_str(o, "items[0].data.password")));
    assert_true(
        kta_redact_has_placeholder(kta_json_str(o, "items[1].spec.containers[0].env[0].value")));
    kta_redact_free(r);
}

/* What was learned later is hidden later; placeholders stay. */
static void test_a_text_again(void **state)
{
    (void)state;
    struct kta_redact *r = kta_redact_new(KTA_REDACT_STANDARD);
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    kta_auto_free char *first = kta_redact_dup(r, "DB_PASSWORD=hunter2000, then canary&4711");
    kta_redact_learn(r, "canary&4711", 11, "secret demo/db key password");
    kta_redact_again(r, first, strlen(first), &out);
    assert_string_equal(out.s, "DB_PASSWORD=" P(1) ", then " P(2));
    kta_redact_free(r);
}

static void test_off_changes_nothing(void **state)
{
    (void)state;
    struct kta_redact *r = kta_redact_new(KTA_REDACT_OFF);
    redacts(r, "DB_PASSWORD=hunter2000 " P(1), "DB_PASSWORD=hunter2000 " P(1));
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    kta_redact_again(r, "hunter2000", 10, &out);
    assert_string_equal(out.s, "hunter2000");
    kta_redact_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_placeholders_are_stable_and_come_back),
        cmocka_unit_test(test_foreign_placeholders_are_defused),
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_learned_values_are_found_everywhere),
        cmocka_unit_test(test_learned_values_in_other_spellings),
        cmocka_unit_test(test_learned_parts),
        cmocka_unit_test(test_a_secrets_hosts_survive),
        cmocka_unit_test(test_strict_hides_names_and_addresses),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_a_text_again),
        cmocka_unit_test(test_off_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
