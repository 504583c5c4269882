/*
 * fuzz_yaml.c - YAML: what is read and printed reads the same again; as a manifest and as the
 * configuration's rules it never brings policy down.
 */
#include "fuzz.h"
#include <string.h>
#include "kta/policy.h"
#include "kta/yaml.h"

static void as_policy(const char *text, const struct kta_json *doc)
{
    kta_auto_argv struct kta_argv apply = KTA_ARGV_INIT, get = KTA_ARGV_INIT;
    struct kta_policy p = {.rules = doc, .protected_ = doc, .admin = doc, .context = "dev"};
    struct kta_verdict v;
    struct kta_err err = KTA_ERR_INIT;
    bool valid;

    kta_argv_addl(&apply, "kubectl", "apply", "-f", "-", NULL);
    kta_argv_addl(&get, "kubectl", "get", "pods", NULL);
    kta_policy_check(NULL, &apply, text, &v);
    CHECK(v.class_ == KTA_CLASS_WRITE);
    valid = kta_policy_validate(doc, doc, &err) == 0 && kta_policy_validate_admin(doc, &err) == 0;
    kta_policy_check(&p, &get, NULL, &v);
    CHECK(valid || v.class_ == KTA_CLASS_DENY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kta_auto_json struct kta_json *all = NULL;
    kta_auto_free char *text = kta_strndup((const char *)data, size);
    struct kta_err err = KTA_ERR_INIT;

    (void)kta_yaml_line_of(text, strlen(text), "a.b[1].c");
    if (kta_yaml_parse_all((const char *)data, size, &all, &err) < 0) {
        CHECK(err.msg[0]);
        as_policy(text, NULL);
        return 0;
    }
    as_policy(text, kta_json_first(all));
    kta_json_each(doc, all) {
        kta_auto_json struct kta_json *again = NULL;
        kta_auto_str struct kta_str out = KTA_STR_INIT;
        if (kta_json_has_duplicates(doc))
            continue;
        kta_yaml_print(doc, &out);
        CHECK(kta_yaml_parse(out.s, out.len, &again, &err) == 0);
        CHECK(kta_json_equal(doc, again));
    }
    return 0;
}
