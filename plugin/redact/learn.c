/*
 * learn.c - values that are secret because of where they were found, in every spelling that texts
 * give them.
 *
 * Invariant: what is learned has at least eight characters and is no word that every text uses.
 */
#include "session.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/b64.h"
#include "kta/json.h"

/* Words of eight letters and more that Secrets often hold and every text uses. */
static const char *const common[] = {
    "postgres",      "postgresql", "username",      "password",   "database",  "localhost",
    "mongodb",       "production", "development",   "kubernetes", "default",   "cluster-admin",
    "administrator", "rabbitmq",   "disabled",      "enabled",    "required",  "internal",
    "external",      "127.0.0.1",  "us-east-1",     "us-west-2",  "eu-west-1", "undefined",
    "changeme",      "wordpress",  "elasticsearch",
};

static bool worth_learning(const char *p, size_t n)
{
    for (size_t i = 0; i < KTA_LEN(common); i++)
        if (strlen(common[i]) == n && !memcmp(common[i], p, n))
            return false;
    return n >= 8;
}

/* Letters, digits and -._~ as they are, the rest as %XX; a blank as + in a form. */
static void url_encoded(const char *p, size_t n, bool form, const char *hex, struct kta_str *out)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (isalnum(c) || (c && strchr("-._~", c)))
            kta_str_addc(out, p[i]);
        else if (form && c == ' ')
            kta_str_addc(out, '+');
        else
            kta_str_addf(out, "%%%c%c", hex[c >> 4], hex[c & 15]);
    }
}

/* As in a JSON string, without its quotes. Go writes & < > as \u0026 …, too. */
static void json_escaped(const char *p, size_t n, bool go, struct kta_str *out)
{
    kta_auto_str struct kta_str quoted = KTA_STR_INIT;

    kta_json_quote(p, n, &quoted);
    for (size_t i = 1; i + 1 < quoted.len; i++)
        if (go && strchr("&<>", quoted.s[i]))
            kta_str_addf(out, "\\u00%02x", (unsigned)quoted.s[i]);
        else
            kta_str_addc(out, quoted.s[i]);
}

/* The other spellings of a value have its placeholder: it is the same secret. */
static void learn_forms(struct kta_redact *r, const char *p, size_t n, int id)
{
    struct kta_str form[] = {KTA_STR_INIT, KTA_STR_INIT, KTA_STR_INIT, KTA_STR_INIT,
                             KTA_STR_INIT, KTA_STR_INIT, KTA_STR_INIT};

    url_encoded(p, n, false, "0123456789ABCDEF", &form[0]);
    url_encoded(p, n, false, "0123456789abcdef", &form[1]);
    url_encoded(p, n, true, "0123456789ABCDEF", &form[2]);
    json_escaped(p, n, false, &form[3]);
    json_escaped(p, n, true, &form[4]);
    json_escaped(form[3].s, form[3].len, false, &form[5]); /* JSON inside of JSON */
    json_escaped(form[4].s, form[4].len, false, &form[6]);
    for (size_t i = 0; i < KTA_LEN(form); i++) {
        if (form[i].len != n)
            kta_learned_add(&r->learned, form[i].s, form[i].len, id);
        explicit_bzero(form[i].s, form[i].len);
        kta_str_release(&form[i]);
    }
}

/* A value is also found inside a longer base64 text ("user:" before it in a Basic header), where it
 * begins at one of three places in a quantum; the characters that its neighbours share are left
 * out. */
static void learn_base64(struct kta_redact *r, const char *p, size_t n, const char *source)
{
    kta_auto_str struct kta_str whole = KTA_STR_INIT;
    kta_b64_encode(p, n, &whole);
    int id = kta_redact_id(r, whole.s, whole.len, source, KTA_HIDE_SECRET);
    kta_learned_add(&r->learned, whole.s, whole.len, id);
    for (size_t shift = 0; shift < 3; shift++) {
        kta_auto_str struct kta_str in = KTA_STR_INIT, b = KTA_STR_INIT;
        kta_str_addn(&in, "\0\0", shift);
        kta_str_addn(&in, p, n);
        kta_b64_encode(in.s, in.len, &b);
        size_t from = (shift * 8 + 5) / 6, to = in.len * 8 / 6;
        if (to - from < 10)
            continue;
        id = kta_redact_id(r, b.s + from, to - from, source, KTA_HIDE_SECRET);
        kta_learned_add(&r->learned, b.s + from, to - from, id);
    }
}

static void learn_value(struct kta_redact *r, const char *value, size_t n, const char *source)
{
    if (!worth_learning(value, n))
        return;
    int id = kta_redact_id(r, value, n, source, KTA_HIDE_SECRET);
    kta_learned_add(&r->learned, value, n, id);
    learn_forms(r, value, n, id);
    learn_base64(r, value, n, kta_or(source, "secret (base64)"));
}

/* The password in a connection string, the tokens in a configuration file: an application logs
 * them alone. Returns whether there were any. */
static bool learn_parts(struct kta_redact *r, const char *value, size_t n, const char *source)
{
    struct kta_spans parts = {0};

    kta_scan_depth(r, value, n, 0, &parts);
    kta_spans_settle(&parts);
    bool any = parts.n > 0;
    for (size_t i = 0; i < parts.n; i++)
        if (!parts.v[i].id) /* else it is known */
            learn_value(r, value + parts.v[i].start, parts.v[i].end - parts.v[i].start, source);
    kta_spans_release(&parts);
    return any;
}

void kta_redact_learn(struct kta_redact *r, const char *value, size_t n, const char *source)
{
    if (r->mode == KTA_REDACT_OFF || !value)
        return;
    while (n && (value[n - 1] == '\n' || value[n - 1] == '\r')) /* echo "…" | base64 */
        n--;
    bool any = learn_parts(r, value, n, source);
    bool url = memmem(value, n, "://", 3) && !memchr(value, '\n', n) && !memchr(value, ' ', n);
    if (!any || !url)
        learn_value(r, value, n, source);
}
