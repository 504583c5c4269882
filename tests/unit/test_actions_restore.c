/* What an undo patches back, and what it leaves alone; helm's merge; what diffs hide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kta/alloc.h"
#include "../../plugin/actions/actions.h"

static struct kta_json *parse(const char *text)
{
    struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;

    if (kta_json_parse(text, strlen(text), &v, &err) < 0)
        fail_msg("%s in %s", err.msg, text);
    return v;
}

static void expect_ops(const char *before, const char *after, const char *live, bool force,
                       const char *want, const char *want_conflicts)
{
    kta_auto_json struct kta_json *b = parse(before), *a = parse(after), *l = parse(live);
    kta_auto_json struct kta_json *w = parse(want), *ops = NULL;
    kta_auto_str struct kta_str conflicts = KTA_STR_INIT, got = KTA_STR_INIT;

    ops = kta_restore_ops(b, a, l, b, force, &conflicts);
    kta_json_print(ops, false, &got);
    if (!kta_json_equal(ops, w))
        fail_msg("got %s, want %s", got.s, want);
    assert_string_equal(conflicts.s, want_conflicts);
}

/* By a manifest: what others changed since stays. */
static void test_restore_apply(void **state)
{
    kta_auto_json struct kta_json *b =
        parse("{\"data\":{\"a/b~c\":\"1\"},\"c\":[{\"name\":\"q\"},{\"name\":\"x\",\"v\":1}]}");
    kta_auto_json struct kta_json *a =
        parse("{\"data\":{\"k\":\"2\"},\"c\":[{\"name\":\"x\",\"v\":2},{\"name\":\"y\"}]}");
    kta_auto_json struct kta_json *l = parse("{\"data\":{\"k\":\"2\",\"theirs\":\"3\"},\"c\":[{"
                                             "\"name\":\"x\",\"v\":2,\"w\":3},{\"name\":\"y\"}]}");
    kta_auto_json struct kta_json *want = parse(
        "{\"data\":{\"a/"
        "b~c\":\"1\",\"theirs\":\"3\"},\"c\":[{\"name\":\"q\"},{\"name\":\"x\",\"v\":1,\"w\":3}]}");
    kta_auto_json struct kta_json *ops = NULL;
    kta_auto_str struct kta_str conflicts = KTA_STR_INIT, got = KTA_STR_INIT;

    (void)state;
    ops = kta_restore_ops(b, a, l, b, false, &conflicts);
    kta_restore_apply(l, ops);
    kta_json_print(l, false, &got);
    if (!kta_json_equal(l, want))
        fail_msg("got %s", got.s);
}

static void test_restore(void **state)
{
    (void)state;
    expect_ops("{\"spec\":{\"replicas\":1}}", "{\"spec\":{\"replicas\":3}}",
               "{\"spec\":{\"replicas\":3,\"paused\":true}}", false,
               "[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":1}]", "");
    /* somebody scaled it since */
    expect_ops("{\"spec\":{\"replicas\":1}}", "{\"spec\":{\"replicas\":3}}",
               "{\"spec\":{\"replicas\":5}}", false, "[]", "/spec/replicas");
    expect_ops("{\"spec\":{\"replicas\":1}}", "{\"spec\":{\"replicas\":3}}",
               "{\"spec\":{\"replicas\":5}}", true,
               "[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":1}]", "/spec/replicas");
    /* it is back already */
    expect_ops("{\"a\":1}", "{\"a\":2}", "{\"a\":1}", false, "[]", "");
    /* the first annotation was ours, another came since: only ours goes */
    expect_ops("{\"metadata\":{}}", "{\"metadata\":{\"annotations\":{\"x/y\":\"1\"}}}",
               "{\"metadata\":{\"annotations\":{\"x/y\":\"1\",\"z\":\"2\"}}}", false,
               "[{\"op\":\"remove\",\"path\":\"/metadata/annotations/x~1y\"}]", "");
    expect_ops("{\"a\":{\"k\":1}}", "{\"a\":{}}", "{\"a\":{}}", false,
               "[{\"op\":\"add\",\"path\":\"/a/k\",\"value\":1}]", "");
}

static void test_restore_lists(void **state)
{
    (void)state;
    expect_ops("{\"c\":[{\"name\":\"a\",\"image\":\"1\"},{\"name\":\"b\",\"image\":\"1\"}]}",
               "{\"c\":[{\"name\":\"a\",\"image\":\"1\"},{\"name\":\"b\",\"image\":\"2\"}]}",
               "{\"c\":[{\"name\":\"a\",\"image\":\"7\"},{\"name\":\"b\",\"image\":\"2\"}]}", false,
               "[{\"op\":\"replace\",\"path\":\"/c/1/image\",\"value\":\"1\"}]", "");
    /* what was added goes, what was taken out comes back to its place */
    expect_ops("{\"e\":[{\"name\":\"a\"}]}", "{\"e\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
               "{\"e\":[{\"name\":\"a\"},{\"name\":\"b\"}]}", false,
               "[{\"op\":\"remove\",\"path\":\"/e/1\"}]", "");
    expect_ops("{\"e\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}]}",
               "{\"e\":[{\"name\":\"b\"},{\"name\":\"d\"}]}",
               "{\"e\":[{\"name\":\"b\"},{\"name\":\"d\"}]}", false,
               "[{\"op\":\"remove\",\"path\":\"/e/1\"},"
               "{\"op\":\"add\",\"path\":\"/e/0\",\"value\":{\"name\":\"a\"}},"
               "{\"op\":\"add\",\"path\":\"/e/2\",\"value\":{\"name\":\"c\"}}]",
               "");
    /* and what others added since stays */
    expect_ops("{\"e\":[{\"name\":\"a\",\"v\":1}]}",
               "{\"e\":[{\"name\":\"a\",\"v\":2},{\"name\":\"b\"}]}",
               "{\"e\":[{\"name\":\"z\"},{\"name\":\"a\",\"v\":2},{\"name\":\"b\"}]}", false,
               "[{\"op\":\"replace\",\"path\":\"/e/1/v\",\"value\":1},"
               "{\"op\":\"remove\",\"path\":\"/e/2\"}]",
               "");
    /* what they made of ours since is a conflict */
    expect_ops("{\"e\":[{\"name\":\"a\"}]}", "{\"e\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
               "{\"e\":[{\"name\":\"a\"},{\"name\":\"b\",\"v\":3}]}", false, "[]", "/e/1");
    expect_ops("{\"e\":[{\"name\":\"a\"}]}", "{\"e\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
               "{\"e\":[{\"name\":\"c\"}]}", false, "[]", "");
    /* names that are not told apart by the name alone */
    expect_ops(
        "{\"m\":[{\"name\":\"v\",\"mountPath\":\"/a\"},{\"name\":\"v\",\"mountPath\":\"/b\"}]}",
        "{\"m\":[{\"name\":\"v\",\"mountPath\":\"/a\"}]}",
        "{\"m\":[{\"name\":\"v\",\"mountPath\":\"/a\"},{\"name\":\"w\",\"mountPath\":\"/c\"}]}",
        false,
        "[{\"op\":\"add\",\"path\":\"/m/1\",\"value\":{\"name\":\"v\",\"mountPath\":\"/b\"}}]", "");
    /* without names a list is put back as a whole, unless somebody changed it since */
    expect_ops("{\"e\":[\"a\"]}", "{\"e\":[\"a\",\"b\"]}", "{\"e\":[\"a\",\"b\"]}", false,
               "[{\"op\":\"replace\",\"path\":\"/e\",\"value\":[\"a\"]}]", "");
    expect_ops("{\"e\":[\"a\"]}", "{\"e\":[\"a\",\"b\"]}", "{\"e\":[\"c\"]}", false, "[]", "/e");
}

static void expect_merge(const char *old, const char *new_, const char *live, const char *want)
{
    kta_auto_json struct kta_json *o = parse(old), *n = parse(new_), *l = parse(live);
    kta_auto_json struct kta_json *w = parse(want), *got = kta_merge3(o, n, l);
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    kta_json_print(got, false, &text);
    if (!kta_json_equal(got, w))
        fail_msg("got %s, want %s", text.s, want);
}

static void test_merge3(void **state)
{
    (void)state;
    /* set by the new, removed because only the old had it, kept because neither did */
    expect_merge("{\"a\":1,\"b\":1}", "{\"a\":2}", "{\"a\":1,\"b\":1,\"c\":1}",
                 "{\"a\":2,\"c\":1}");
    /* a command that somebody added to a container stays: helm's rollback does not see it */
    expect_merge("{\"containers\":[{\"name\":\"x\",\"image\":\"2\"}]}",
                 "{\"containers\":[{\"name\":\"x\",\"image\":\"1\"}]}",
                 "{\"containers\":[{\"name\":\"x\",\"image\":\"2\",\"command\":[\"no\"]}]}",
                 "{\"containers\":[{\"name\":\"x\",\"image\":\"1\",\"command\":[\"no\"]}]}");
    /* a port is its number, not its name: another number is another port, with another default */
    expect_merge("{\"ports\":[{\"name\":\"http\",\"port\":80}]}",
                 "{\"ports\":[{\"name\":\"http\",\"port\":81}]}",
                 "{\"ports\":[{\"name\":\"http\",\"port\":80,\"targetPort\":80},{\"port\":9}]}",
                 "{\"ports\":[{\"name\":\"http\",\"port\":81},{\"port\":9}]}");
    /* a list that is not merged: as it is where the manifest says the same, else the new one's */
    expect_merge("{\"rules\":[{\"host\":\"a\"}]}", "{\"rules\":[{\"host\":\"a\"}]}",
                 "{\"rules\":[{\"host\":\"a\",\"x\":1}]}",
                 "{\"rules\":[{\"host\":\"a\",\"x\":1}]}");
    expect_merge("{\"rules\":[{\"host\":\"a\"}]}", "{\"rules\":[{\"host\":\"b\"}]}",
                 "{\"rules\":[{\"host\":\"a\",\"x\":1}]}", "{\"rules\":[{\"host\":\"b\"}]}");
    expect_merge("{}", "{\"cpu\":0.5}", "{\"cpu\":\"500m\"}", "{\"cpu\":\"500m\"}");
}

static void test_merge_patch(void **state)
{
    kta_auto_json struct kta_json *from = parse("{\"a\":{\"b\":1,\"c\":2},\"d\":[1],\"e\":3}");
    kta_auto_json struct kta_json *to = parse("{\"a\":{\"b\":1,\"f\":4},\"d\":[1,2],\"e\":3}");
    kta_auto_json struct kta_json *want = parse("{\"a\":{\"c\":null,\"f\":4},\"d\":[1,2]}");
    kta_auto_json struct kta_json *got = kta_merge_patch(from, to);

    (void)state;
    assert_true(kta_json_equal(got, want));
}

static void test_diff_hides_the_servers_fields(void **state)
{
    kta_auto_json struct kta_json *a = parse(
        "{\"kind\":\"X\",\"metadata\":{\"name\":\"x\",\"resourceVersion\":\"1\",\"generation\""
        ":1,\"managedFields\":[]},\"spec\":{\"n\":1},\"status\":{\"s\":1}}");
    kta_auto_json struct kta_json *b = parse(
        "{\"kind\":\"X\",\"metadata\":{\"resourceVersion\":\"2\",\"name\":\"x\",\"generation\""
        ":2,\"uid\":\"u\"},\"spec\":{\"n\":1},\"status\":{\"s\":2}}");
    kta_auto_str struct kta_str out = KTA_STR_INIT;

    (void)state;
    kta_show_diff(NULL, "x", a, b, false, &out);
    assert_string_equal(out.s, "");
    assert_true(kta_same_but_server(a, b));
    kta_show_diff(NULL, "x", NULL, b, false, &out);
    assert_non_null(strstr(out.s, "+++ x\n"));
    assert_non_null(strstr(out.s, "+  name: x\n"));
    assert_null(strstr(out.s, "status"));
}

/* The node controller's taints follow from the node's state; the one for a node that is off does
 * not. */
static void test_taints_of_the_node_controller(void **state)
{
    kta_auto_json struct kta_json *bare = parse("{\"kind\":\"Node\",\"spec\":{}}");
    kta_auto_json struct kta_json *unready = parse(
        "{\"kind\":\"Node\",\"spec\":{\"taints\":[{\"key\":\"node.kubernetes.io/not-ready\"}]}}");
    kta_auto_json struct kta_json *off = parse("{\"kind\":\"Node\",\"spec\":{\"taints\":[{\"key\":"
                                               "\"node.kubernetes.io/out-of-service\"}]}}");

    (void)state;
    assert_true(kta_same_but_server(bare, unready));
    assert_false(kta_same_but_server(bare, off));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restore),
        cmocka_unit_test(test_restore_lists),
        cmocka_unit_test(test_restore_apply),
        cmocka_unit_test(test_merge3),
        cmocka_unit_test(test_merge_patch),
        cmocka_unit_test(test_diff_hides_the_servers_fields),
        cmocka_unit_test(test_taints_of_the_node_controller),
    };
    return cmocka_run_group_tests_name("restore", tests, NULL, NULL);
}
