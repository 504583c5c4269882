/*
 * fuzz_argv.c - argv through policy, and lines through the splitter: the first byte chooses the
 * program, the words are separated by newlines.
 */
#include "fuzz.h"
#include <string.h>
#include "kta/argv.h"
#include "kta/limits.h"
#include "kta/policy.h"

static void words(const char *s, size_t n, struct kta_argv *argv)
{
    kta_argv_add(argv, n && *s & 1 ? "helm" : "kubectl");
    for (size_t i = n > 0; i < n && argv->n < 600;) {
        const char *end = memchr(s + i, '\n', n - i);
        size_t len = end ? (size_t)(end - s) - i : n - i;
        kta_auto_free char *word = kta_strndup(s + i, len);
        kta_argv_add(argv, word);
        i += len + 1;
    }
}

static void quoting(const struct kta_argv *argv)
{
    kta_auto_str struct kta_str line = KTA_STR_INIT;
    kta_auto_argv struct kta_argv again = KTA_ARGV_INIT;
    struct kta_err err = KTA_ERR_INIT;

    kta_argv_quote(argv, &line);
    if (kta_argv_split(line.s, &again, &err) == 0)
        CHECK(kta_argv_equal(argv, &again));
}

/* What is pinned is the same command, and says where it runs. */
static void pinning(const struct kta_policy *p, const struct kta_argv *argv,
                    const struct kta_verdict *was)
{
    kta_auto_argv struct kta_argv pinned = KTA_ARGV_INIT;
    struct kta_verdict v;
    struct kta_command cmd;
    struct kta_err err = KTA_ERR_INIT;

    kta_argv_copy(&pinned, argv);
    kta_command_pin(&pinned, "dev", "shop");
    if (pinned.n > KTA_MAX_ARGV)
        return;
    kta_policy_check(p, &pinned, NULL, &v);
    CHECK(v.class_ == was->class_);
    if (pinned.n == argv->n || kta_command_parse(&pinned, &cmd, &err) < 0)
        return;
    CHECK(!cmd.context || *cmd.context || argv->n > 1);
    kta_command_release(&cmd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT, split = KTA_ARGV_INIT;
    kta_auto_json struct kta_json *deny = kta_json_new_array();
    struct kta_policy p = {.context = "dev", .namespace_ = "shop"}, strict = p;
    struct kta_json *rule = kta_json_push(deny, kta_json_new_object());
    struct kta_verdict v, none;
    struct kta_err err = KTA_ERR_INIT;

    words((const char *)data, size, &argv);
    kta_policy_check(&p, &argv, NULL, &v);
    CHECK(v.class_ <= KTA_CLASS_DENY && v.risk >= 0 && v.risk <= 2 && v.reason[0] && v.rule[0]);
    quoting(&argv);
    pinning(&p, &argv, &v);
    kta_json_set_str(rule, "action", "deny");
    strict.rules = deny;
    kta_policy_check(&strict, &argv, "kind: Pod\n", &none);
    CHECK(none.class_ == KTA_CLASS_DENY);
    /* a session that is not known never makes more of it a read */
    kta_policy_check(NULL, &argv, NULL, &none);
    CHECK(none.class_ >= v.class_);
    kta_auto_free char *line = kta_strndup((const char *)data, size);
    if (kta_argv_split(line, &split, &err) == 0) {
        kta_policy_check(&p, &split, NULL, &v);
        quoting(&split);
    }
    return 0;
}
