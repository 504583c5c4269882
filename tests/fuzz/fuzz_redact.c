/*
 * fuzz_redact.c - redaction: a value that is known to be secret never comes out, whole or in
 * pieces, in text or in an object; and the way back gives the text.
 */
#include "fuzz.h"
#include <string.h>
#include "kta/redact.h"
#include "kta/utf8.h"

#define CANARY "Zq7-canary/VALUE+9x"

static bool holds(const struct kta_str *s)
{
    return s->len && memmem(s->s, s->len, CANARY, strlen(CANARY));
}

/* Brackets of placeholders are replaced in foreign text, so that text does not come back. */
static bool has_bracket(const char *s, size_t n)
{
    return memmem(s, n, "\xE2\x9F\xA6", 3) || memmem(s, n, "\xE2\x9F\xA7", 3) ||
           memmem(s, n, "\\u27e", 5) || memmem(s, n, "\\u27E", 5) || memchr(s, '\0', n);
}

/* A value that is known comes back in one spelling only, so the way back is tried without. */
static struct kta_redact *session(enum kta_redact_mode mode, bool knows)
{
    struct kta_redact *r = kta_redact_new(mode);

    if (knows)
        kta_redact_learn(r, CANARY, strlen(CANARY), "canary");
    return r;
}

static void judge(struct kta_redact *r, bool knows, const struct kta_str *text,
                  const struct kta_str *out)
{
    kta_auto_str struct kta_str back = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;

    CHECK(!knows || !holds(out));
    if (!knows && !has_bracket(text->s, text->len)) {
        CHECK(kta_redact_restore(r, kta_or(out->s, ""), &back, &err) == 0);
        CHECK(back.len == text->len && !memcmp(back.s, text->s, text->len));
    }
    kta_redact_free(r);
}

static void whole(enum kta_redact_mode mode, bool knows, const struct kta_str *text)
{
    struct kta_redact *r = session(mode, knows);
    kta_auto_str struct kta_str out = KTA_STR_INIT;

    kta_redact_text(r, text->s, text->len, &out);
    judge(r, knows, text, &out);
}

static void pieces(bool knows, const struct kta_str *text, size_t piece)
{
    struct kta_redact *r = session(KTA_REDACT_STANDARD, knows);
    struct kta_redact_stream *s = kta_redact_stream_new(r);
    kta_auto_str struct kta_str out = KTA_STR_INIT;

    for (size_t at = 0; at < text->len; at += piece)
        kta_redact_stream_feed(s, text->s + at, text->len - at < piece ? text->len - at : piece,
                               &out);
    kta_redact_stream_end(s, &out);
    judge(r, knows, text, &out);
}

static void object(const struct kta_str *text)
{
    struct kta_redact *r = kta_redact_new(KTA_REDACT_STANDARD);
    kta_auto_json struct kta_json *v = NULL;
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;

    kta_redact_learn(r, CANARY, strlen(CANARY), "canary");
    if (kta_json_parse(text->s, text->len, &v, &err) == 0) {
        struct kta_json *list = kta_json_new_array();
        kta_json_push(list, v);
        v = list;
        kta_json_push_str(list, "log: " CANARY);
        kta_redact_object(r, v);
        kta_json_print(v, false, &out);
        /* keys are names: only values are secret */
        CHECK(kta_json_has_duplicates(v) ||
              !strstr(kta_or(kta_json_text(kta_json_item(v, 1)), ""), CANARY));
    }
    kta_redact_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    size_t at = size > 2 ? (data[0] * 256u + data[1]) % (size - 1) : 0;

    if (size < 3)
        return 0;
    kta_str_addn(&text, (const char *)data + 2, at > 2 ? at - 2 : 0);
    kta_str_add(&text, CANARY);
    kta_str_addn(&text, (const char *)data + (at > 2 ? at : 2), size - (at > 2 ? at : 2));
    for (int knows = 0; knows < 2; knows++) {
        whole(KTA_REDACT_STANDARD, knows, &text);
        whole(KTA_REDACT_STRICT, knows, &text);
        pieces(knows, &text, 1 + data[0] % 97u);
    }
    kta_str_clear(&text);
    kta_str_addn(&text, (const char *)data, size);
    object(&text);
    return 0;
}
