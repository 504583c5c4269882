/* fuzz_json.c - JSON: what is read and printed reads the same again. */
#include "fuzz.h"
#include <string.h>
#include "kta/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kta_auto_json struct kta_json *v = NULL, *again = NULL, *copy = NULL;
    kta_auto_str struct kta_str text = KTA_STR_INIT, twice = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;

    if (kta_json_parse((const char *)data, size, &v, &err) < 0) {
        CHECK(err.msg[0]);
        return 0;
    }
    (void)kta_json_has_duplicates(v);
    (void)kta_json_str(v, "metadata.name");
    (void)kta_json_at(v, "a[3].b");
    kta_json_print(v, data[0] & 1, &text);
    CHECK(kta_json_parse(text.s, text.len, &again, &err) == 0);
    kta_json_print(again, data[0] & 1, &twice);
    CHECK(text.len == twice.len && !memcmp(text.s, twice.s, text.len));
    copy = kta_json_copy(v);
    if (!kta_json_has_duplicates(v))
        CHECK(kta_json_equal(v, copy));
    return 0;
}
