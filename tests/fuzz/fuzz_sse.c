/* fuzz_sse.c - server-sent events: whole, and byte by byte, they are the same. */
#include "fuzz.h"
#include <string.h>
#include "kta/sse.h"

static bool on_event(void *ctx, const char *event, const char *data, size_t n)
{
    struct kta_str *out = ctx;

    kta_str_addf(out, "%s|%zu|", kta_or(event, ""), n);
    kta_str_addn(out, data, n);
    kta_str_addc(out, '\n');
    return true;
}

static int feed(const uint8_t *p, size_t n, size_t piece, struct kta_str *out)
{
    struct kta_sse s;
    struct kta_err err = KTA_ERR_INIT;
    int r = 0;

    kta_sse_init(&s, on_event, out);
    for (size_t at = 0; r == 0 && at < n; at += piece)
        r = kta_sse_feed(&s, (const char *)p + at, n - at < piece ? n - at : piece, &err);
    if (r == 0)
        r = kta_sse_end(&s, &err);
    kta_sse_release(&s);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t pieces[] = {1, 2, 1 + (size ? data[0] % 31u : 0)};
    kta_auto_str struct kta_str whole = KTA_STR_INIT;
    int r = feed(data, size, size ? size : 1, &whole);

    for (size_t i = 0; i < KTA_LEN(pieces); i++) {
        kta_auto_str struct kta_str parts = KTA_STR_INIT;
        CHECK(feed(data, size, pieces[i], &parts) == r);
        CHECK(parts.len == whole.len &&
              !memcmp(kta_or(parts.s, ""), kta_or(whole.s, ""), whole.len));
    }
    return 0;
}
