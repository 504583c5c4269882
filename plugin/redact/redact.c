/*
 * redact.c - a session: values ↔ placeholders, and text through the rules.
 *
 * Invariants: a number is given once and never changes its value; only numbers that this session
 * gave are ever restored; a placeholder's opening bracket that comes with the text is replaced
 * before the text is emitted, so no text can carry one through. Values are wiped when freed.
 */
#include "session.h"
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "rules.h"

#define OPEN  "\xE2\x9F\xA6" /* ⟦ */
#define CLOSE "\xE2\x9F\xA7" /* ⟧ */

enum {
    MAX_VALUES = 1 << 17,      /* placeholders of one session */
    MAX_VALUE_BYTES = 64 << 20 /* of all their values */
};

static const char *const labels[] = {
    [KTA_HIDE_SECRET] = "secret:", [KTA_HIDE_NAME] = "name:", [KTA_HIDE_ADDRESS] = "address:"};

struct kta_redact *kta_redact_new(enum kta_redact_mode mode)
{
    struct kta_redact *r = kta_calloc(1, sizeof *r);
    r->mode = mode;
    return r;
}

void kta_redact_read_secrets(struct kta_redact *r, bool yes)
{
    r->leaves_secrets = !yes;
}

bool kta_redact_reads_secrets(const struct kta_redact *r)
{
    return r->mode != KTA_REDACT_OFF && !r->leaves_secrets;
}

void kta_redact_free(struct kta_redact *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n; i++) {
        explicit_bzero(r->value[i].text, r->value[i].n);
        free(r->value[i].text);
        free(r->value[i].source);
    }
    free(r->value);
    free(r->slot);
    kta_learned_release(&r->learned);
    free(r);
}

/* ---- values and their numbers ---- */

static uint64_t hash(const char *p, size_t n)
{
    uint64_t h = UINT64_C(1469598103934665603);
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)p[i]) * UINT64_C(1099511628211);
    return h;
}

/* The slot where a value is or would be. */
static size_t find_slot(const struct kta_redact *r, const char *p, size_t n)
{
    size_t i = hash(p, n) & (r->slots - 1);
    for (; r->slot[i]; i = (i + 1) & (r->slots - 1)) {
        const struct value *v = &r->value[r->slot[i] - 1];
        if (v->n == n && !memcmp(v->text, p, n))
            break;
    }
    return i;
}

static void grow_slots(struct kta_redact *r)
{
    if (r->slots && r->n < r->slots / 2)
        return;
    r->slots = r->slots ? r->slots * 2 : 64;
    free(r->slot);
    r->slot = kta_calloc(r->slots, sizeof *r->slot);
    for (size_t i = 0; i < r->n; i++)
        r->slot[find_slot(r, r->value[i].text, r->value[i].n)] = (uint32_t)i + 1;
}

int kta_redact_id(struct kta_redact *r, const char *p, size_t n, const char *source,
                  enum kta_hidden kind)
{
    grow_slots(r);
    size_t i = find_slot(r, p, n);
    if (r->slot[i])
        return (int)r->slot[i];
    if (r->n >= MAX_VALUES || n > MAX_VALUE_BYTES - r->bytes)
        return 0;
    KTA_GROW(r->value, r->n, r->cap);
    char *copy = kta_malloc(n + 1);
    memcpy(copy, p, n);
    copy[n] = '\0';
    r->value[r->n] =
        (struct value){.text = copy, .n = n, .source = kta_strdup(source), .kind = kind};
    r->bytes += n;
    r->slot[i] = (uint32_t)++r->n;
    return (int)r->n;
}

int kta_redact_count(const struct kta_redact *r)
{
    return (int)r->n;
}

const char *kta_redact_source(const struct kta_redact *r, int i)
{
    return i >= 1 && (size_t)i <= r->n ? r->value[i - 1].source : NULL;
}

/* ---- emitting ---- */

static void put_placeholder(enum kta_hidden kind, int id, struct kta_str *out)
{
    kta_str_addf(out, OPEN "%s%d" CLOSE, labels[kind], id);
}

/* Text that is no secret: its own brackets of placeholders become square ones, also written as a
 * JSON escape that a later parser would turn into the bracket. */
static void put_defused(const char *s, size_t n, struct kta_str *out)
{
    while (n) {
        const char *p = memchr(s, '\xE2', n), *q = memchr(s, '\\', p ? (size_t)(p - s) : n);
        if (q)
            p = q;
        size_t before = p ? (size_t)(p - s) : n;
        kta_str_addn(out, s, before);
        s += before;
        n -= before;
        if (!n)
            break;
        size_t take = 1;
        char instead = 0;
        if (n >= 3 && s[1] == '\x9F' && (s[2] == '\xA6' || s[2] == '\xA7') && *s != '\\') {
            take = 3;
            instead = s[2] == '\xA6' ? '[' : ']';
        } else if (n >= 6 && (!strncmp(s, "\\u27e", 5) || !strncmp(s, "\\u27E", 5)) &&
                   (s[5] == '6' || s[5] == '7')) {
            take = 6;
            instead = s[5] == '6' ? '[' : ']';
        }
        if (instead)
            kta_str_addc(out, instead);
        else
            kta_str_addn(out, s, take);
        s += take;
        n -= take;
    }
}

/* put: how the text between the spans is appended. */
static void emit(struct kta_redact *r, const char *s, size_t n, const struct kta_spans *sp,
                 void put(const char *, size_t, struct kta_str *), struct kta_str *out)
{
    size_t at = 0;
    for (size_t i = 0; i < sp->n && sp->v[i].start < n; i++) {
        const struct kta_span *v = &sp->v[i];
        put(s + at, v->start - at, out);
        int id = v->id ? v->id : kta_redact_id(r, s + v->start, v->end - v->start, v->why, v->kind);
        put_placeholder(id ? r->value[id - 1].kind : v->kind, id, out);
        at = v->end;
    }
    if (at < n)
        put(s + at, n - at, out);
}

void kta_redact_emit(struct kta_redact *r, const char *s, size_t n, const struct kta_spans *sp,
                     struct kta_str *out)
{
    emit(r, s, n, sp, put_defused, out);
}

static void put_as_is(const char *s, size_t n, struct kta_str *out)
{
    kta_str_addn(out, s, n);
}

void kta_redact_again(struct kta_redact *r, const char *s, size_t n, struct kta_str *out)
{
    struct kta_spans sp = {0};

    if (r->mode != KTA_REDACT_OFF)
        kta_learned_find(&r->learned, s, n, &sp);
    kta_spans_settle(&sp);
    emit(r, s, n, &sp, put_as_is, out);
    kta_spans_release(&sp);
}

void kta_redact_whole(struct kta_redact *r, const char *s, size_t n, const char *source,
                      enum kta_hidden kind, struct kta_str *out)
{
    if (!n)
        return;
    int id = kta_redact_id(r, s, n, source, kind);
    put_placeholder(id ? r->value[id - 1].kind : kind, id, out);
}

void kta_redact_text(struct kta_redact *r, const char *s, size_t n, struct kta_str *out)
{
    if (r->mode == KTA_REDACT_OFF) {
        kta_str_addn(out, s, n);
        return;
    }
    struct kta_spans sp = {0};
    kta_scan_depth(r, s, n, 0, &sp);
    kta_spans_settle(&sp);
    kta_redact_emit(r, s, n, &sp, out);
    kta_spans_release(&sp);
}

char *kta_redact_dup(struct kta_redact *r, const char *s)
{
    if (!s)
        return NULL;
    struct kta_str out = KTA_STR_INIT;
    kta_redact_text(r, s, strlen(s), &out);
    return kta_str_detach(&out);
}

/* ---- the way back ---- */

/* The length of a placeholder at s, with its number, or 0. */
static size_t placeholder_at(const char *s, int *ret_id)
{
    if (!kta_starts(s, OPEN))
        return 0;
    for (size_t k = 0; k < KTA_LEN(labels); k++) {
        const char *p = s + strlen(OPEN);
        if (!kta_starts(p, labels[k]))
            continue;
        p += strlen(labels[k]);
        int id = 0, digits = 0;
        for (; *p >= '0' && *p <= '9' && digits < 9; p++, digits++)
            id = id * 10 + (*p - '0');
        if (!digits || !kta_starts(p, CLOSE))
            continue;
        *ret_id = id;
        return (size_t)(p - s) + strlen(CLOSE);
    }
    return 0;
}

bool kta_redact_has_placeholder(const char *s)
{
    int id;
    for (const char *p = s; p && (p = strstr(p, OPEN)); p++)
        if (placeholder_at(p, &id))
            return true;
    return false;
}

int kta_redact_restore(struct kta_redact *r, const char *s, struct kta_str *out,
                       struct kta_err *err)
{
    size_t before = out->len;
    for (;;) {
        const char *p = strstr(s, OPEN);
        if (!p)
            break;
        kta_str_addn(out, s, (size_t)(p - s));
        int id = 0;
        size_t n = placeholder_at(p, &id);
        if (!n) {
            kta_str_add(out, OPEN);
            s = p + strlen(OPEN);
            continue;
        }
        if (id < 1 || (size_t)id > r->n) {
            kta_str_truncate(out, before);
            kta_err_set(err, KTA_E_POLICY,
                        "the placeholder '%.*s' stands for no value of this "
                        "session",
                        (int)n, p);
            return kta_err_hint(err, "name the Secret and key that hold the value instead");
        }
        kta_str_addn(out, r->value[id - 1].text, r->value[id - 1].n);
        s = p + n;
    }
    kta_str_add(out, s);
    return 0;
}

void kta_redact_script(const char *quoted, struct kta_str *out)
{
    bool single = false;
    for (const char *s = quoted; *s;) {
        int id;
        size_t n = placeholder_at(s, &id);
        if (n) { /* a variable expands only outside of single quotes; double ones keep it one word
                  */
            kta_str_addf(out, "%s\"${SECRET_%d:?}\"%s", single ? "'" : "", id, single ? "'" : "");
            s += n;
            continue;
        }
        if (*s == '\'')
            single = !single;
        if (*s == '\\' && !single && s[1])
            kta_str_addc(out, *s++);
        kta_str_addc(out, *s++);
    }
}

/* ---- the table, for its test ---- */

const char *kta_redact_rule(size_t i, const char **ret_example)
{
    if (i >= kta_rules_n())
        return NULL;
    *ret_example = kta_rule(i)->example;
    return kta_rule(i)->name;
}
