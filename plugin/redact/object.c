/*
 * object.c - Kubernetes objects, lists and Tables in place.
 *
 * What the API says is secret (data and stringData of a Secret, a Helm release, a registry's
 * credentials) is replaced whole; a value whose neighbour `name` or whose own key is telling is
 * judged by the text rules as "name=value"; every other string goes through the text rules.
 */
#include "session.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/b64.h"
#include "names.h"

enum { MAX_NAME = 256 };

static void replace_whole(struct kta_redact *r, struct kta_json *v, const char *source)
{
    const char *text = kta_json_text(v);
    if (!text || !*text)
        return;
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    kta_redact_whole(r, text, strlen(text), source, KTA_HIDE_SECRET, &out);
    kta_json_replace_text(v, out.s);
}

/* "db.shop.svc", "db.shop.svc:5432", "10.0.0.5": where something is, which a diagnosis needs. */
static bool is_host(const char *s, size_t n)
{
    size_t dots = 0, at = 0;
    for (; at < n && (islower((unsigned char)s[at]) || isdigit((unsigned char)s[at]) ||
                      (at && strchr("-.", s[at])));
         at++)
        dots += s[at] == '.';
    if (at < n && s[at] == ':')
        for (at++; at < n && isdigit((unsigned char)s[at]);)
            at++;
    return at == n && dots && n < 254 && !kta_value_random(s, n);
}

static void learn(struct kta_redact *r, const char *s, size_t n, const char *source)
{
    while (n && isspace((unsigned char)s[n - 1]))
        n--;
    if (!is_host(s, n))
        kta_redact_learn(r, s, n, source);
}

/* data (base64) and stringData of a Secret. */
static void secret_values(struct kta_redact *r, struct kta_json *object, const char *member,
                          bool encoded)
{
    const char *name = kta_or(kta_json_str(object, "metadata.name"), "?");
    const char *space = kta_json_str(object, "metadata.namespace");
    kta_json_each(v, kta_json_get(object, member)) {
        kta_auto_free char *source =
            kta_asprintf("secret %s%s%s key %s", space ? space : "", space ? "/" : "", name,
                         kta_or(kta_json_key(v), "?"));
        const char *text = kta_json_text(v);
        if (!text)
            continue;
        kta_auto_str struct kta_str plain = KTA_STR_INIT;
        if (!encoded)
            learn(r, text, strlen(text), source);
        else if (!kta_b64_decode(text, strlen(text), &plain))
            learn(r, plain.s, plain.len, source);
        replace_whole(r, v, source);
    }
}

static void text_value(struct kta_redact *r, struct kta_json *v)
{
    const char *text = kta_json_text(v);
    if (!text)
        return;
    kta_auto_free char *out = kta_redact_dup(r, text);
    if (strcmp(out, text) != 0)
        kta_json_replace_text(v, out);
}

/* A string under a key: judged as "key=value", of which only the value is kept. The value of an
 * environment variable is what a program may log. */
static void named_value(struct kta_redact *r, const char *name, bool env, struct kta_json *v)
{
    const char *text = kta_json_text(v);
    size_t n = name ? strlen(name) : 0;
    if (!text || !*text)
        return;
    if (!n || n > MAX_NAME) {
        text_value(r, v);
        return;
    }
    struct kta_value_place place = {.quoted = true,
                                    .assigned = true,
                                    .own_line = true,
                                    .last = true};
    enum kta_telling tells = kta_telling(name, n, NULL, 0);
    if (tells >= KTA_TELLS_TOKEN && kta_value_secret(text, strlen(text), tells, &place)) {
        kta_auto_free char *source = kta_asprintf("value of %s", name);
        if (env || kta_value_random(text, strlen(text)))
            kta_redact_learn(r, text, strlen(text), source);
        replace_whole(r, v, source);
        return;
    }
    if (strchr(text, '\n')) {
        text_value(r, v);
        return;
    }
    kta_auto_free char *pair = kta_asprintf("%s=%s", name, text);
    kta_auto_free char *out = kta_redact_dup(r, pair);
    if (strncmp(out, pair, n + 1) != 0)
        text_value(r, v);
    else if (strcmp(out + n + 1, text) != 0)
        kta_json_replace_text(v, out + n + 1);
}

static void walk(struct kta_redact *r, struct kta_json *v, const char *name, bool env)
{
    if (kta_json_type(v) == KTA_JSON_STRING) {
        named_value(r, name, env, v);
        return;
    }
    if (kta_json_type(v) == KTA_JSON_ARRAY) {
        kta_json_each(item, v)
            walk(r, item, name, false);
        return;
    }
    if (kta_json_type(v) != KTA_JSON_OBJECT)
        return;
    bool secret = kta_streq(kta_json_text(kta_json_get(v, "kind")), "Secret");
    if (secret) {
        secret_values(r, v, "data", /* encoded= */ true);
        secret_values(r, v, "stringData", /* encoded= */ false);
    }
    /* a copy: the name itself goes through the rules, too */
    kta_auto_free char *named = kta_strdup(kta_json_text(kta_json_get(v, "name")));
    kta_json_each(m, v) {
        const char *key = kta_json_key(m);
        if (secret && (kta_streq(key, "data") || kta_streq(key, "stringData")))
            continue; /* a placeholder that is read again would be defused */
        bool of_name = named && kta_streq(key, "value");
        walk(r, m, of_name ? named : key, of_name);
    }
}

void kta_redact_object(struct kta_redact *r, struct kta_json *object)
{
    if (r->mode != KTA_REDACT_OFF)
        walk(r, object, NULL, false);
}
