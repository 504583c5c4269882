/*
 * fuzz_markdown.c - a model's Markdown on a terminal: whatever it is, nothing but our own colours
 * and text without control, invisible and bidirectional characters comes out.
 */
#include "fuzz.h"
#include <string.h>
#include "../../plugin/ui/render.h"
#include "kta/tools.h"
#include "kta/policy.h"
#include "kta/utf8.h"

static void render(bool colour, int width, const uint8_t *p, size_t n, size_t piece,
                   struct kta_str *out)
{
    struct render r;

    render_init(&r, colour, width);
    for (size_t at = 0; at < n; at += piece)
        render_feed(&r, (const char *)p + at, n - at < piece ? n - at : piece, out);
    render_end(&r, out);
    render_release(&r);
}

/* Colours are ESC [ digits and ; m, of our own making; no other escape is left out here. */
static void without_colours(const struct kta_str *s, struct kta_str *out)
{
    for (const char *p = s->s, *end = p + s->len; p < end;) {
        size_t digits = p[0] == '\033' && p[1] == '[' ? strspn(p + 2, "0123456789;") : 0;
        if (digits && p[2 + digits] == 'm')
            p += 3 + digits;
        else
            kta_str_addc(out, *p++);
    }
}

static void found(void *ctx, struct kta_proposed *p)
{
    struct kta_verdict v;

    (void)ctx;
    kta_policy_check(NULL, &p->argv, p->stdin_text, &v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int colour = 0; colour < 2; colour++) {
        kta_auto_str struct kta_str whole = KTA_STR_INIT, parts = KTA_STR_INIT,
                                    plain = KTA_STR_INIT;
        int width = size ? data[size - 1] % 100 : 80;
        render(colour, width, data, size, size ? size : 1, &whole);
        render(colour, width, data, size, 1 + (size ? data[0] % 13u : 0), &parts);
        CHECK(whole.len == parts.len &&
              !memcmp(kta_or(whole.s, ""), kta_or(parts.s, ""), whole.len));
        if (!whole.len)
            continue;
        if (colour)
            without_colours(&whole, &plain);
        else
            kta_str_addn(&plain, whole.s, whole.len);
        CHECK(!kta_deceptive(kta_or(plain.s, ""), plain.len));
    }
    kta_auto_free char *text = kta_strndup((const char *)data, size);
    kta_commands_in_text(text, found, NULL);
    kta_auto_str struct kta_str clean = KTA_STR_INIT;
    kta_clean((const char *)data, size, &clean);
    CHECK(!kta_deceptive(kta_or(clean.s, ""), clean.len));
    return 0;
}
