/*
 * schema.c - is a value what a JSON Schema says? The part of 2020-12 that our schemas use.
 *
 * A keyword that is not known here is ignored, as the specification wants; "$ref" is not followed.
 * Depth is bounded by the parser's KTA_MAX_JSON_DEPTH.
 */
#include <math.h>
#include <string.h>

#include "kta/alloc.h"
#include "kta/tools.h"
#include "tool_list.h"

static const struct {
    const char *name;
    enum kta_json_type type;
} types[] = {
    {"object", KTA_JSON_OBJECT}, {"array", KTA_JSON_ARRAY},    {"string", KTA_JSON_STRING},
    {"number", KTA_JSON_NUMBER}, {"integer", KTA_JSON_NUMBER}, {"boolean", KTA_JSON_BOOL},
    {"null", KTA_JSON_NULL},
};

static bool is_type(const struct kta_json *v, const char *name)
{
    for (size_t i = 0; i < KTA_LEN(types); i++)
        if (kta_streq(types[i].name, name))
            return kta_json_type(v) == types[i].type &&
                   (!kta_streq(name, "integer") ||
                    floor(kta_json_num(v, "", 0.5)) == kta_json_num(v, "", 0.5));
    return true;
}

struct place {
    const char *path; /* "args[2]", "" for the whole */
    struct kta_str *out;
};

static void wrong(const struct place *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void wrong(const struct place *p, const char *fmt, ...)
{
    va_list ap;

    if (p->out->len > 0)
        return; /* the first mistake is enough */
    if (*p->path)
        kta_str_addf(p->out, "'%s' ", p->path);
    else
        kta_str_add(p->out, "it ");
    va_start(ap, fmt);
    kta_str_vaddf(p->out, fmt, ap);
    va_end(ap);
}

static void check(const struct kta_json *schema, const struct kta_json *v, const struct place *p);

static void check_type(const struct kta_json *schema, const struct kta_json *v,
                       const struct place *p)
{
    const struct kta_json *type = kta_json_get(schema, "type");
    kta_auto_str struct kta_str names = KTA_STR_INIT;

    if (!type)
        return;
    if (kta_json_text(type) && is_type(v, kta_json_text(type)))
        return;
    kta_json_each(t, type) {
        if (is_type(v, kta_json_text(t)))
            return;
        kta_str_addf(&names, "%s%s", names.len ? " or " : "", kta_or(kta_json_text(t), "?"));
    }
    wrong(p, "must be of type %s", kta_or(kta_json_text(type), names.s));
}

static void check_enum(const struct kta_json *schema, const struct kta_json *v,
                       const struct place *p)
{
    const struct kta_json *list = kta_json_get(schema, "enum"),
                          *one = kta_json_get(schema, "const");
    kta_auto_str struct kta_str names = KTA_STR_INIT;

    if (one && !kta_json_equal(one, v)) {
        kta_json_print(one, false, &names);
        wrong(p, "must be %s", names.s);
    }
    if (!list)
        return;
    kta_json_each(m, list) {
        if (kta_json_equal(m, v))
            return;
        if (names.len)
            kta_str_add(&names, ", ");
        if (kta_json_text(m))
            kta_str_add(&names, kta_json_text(m));
        else
            kta_json_print(m, false, &names);
    }
    wrong(p, "must be one of %s", names.s);
}

static void unknown(const struct place *p, const char *key, const struct kta_json *properties)
{
    const char *names[64];
    size_t n = 0;

    kta_json_each(known, properties) {
        if (n < KTA_LEN(names))
            names[n++] = kta_json_key(known);
    }
    const char *near = kta_nearest(key, names, n);
    wrong(p, "has no member '%.60s'%s%s%s", key, near ? "; did you mean '" : "", kta_or(near, ""),
          near ? "'?" : "");
}

static void check_object(const struct kta_json *schema, const struct kta_json *v,
                         const struct place *p)
{
    const struct kta_json *properties = kta_json_get(schema, "properties");
    const struct kta_json *more = kta_json_get(schema, "additionalProperties");
    bool closed = kta_json_type(more) == KTA_JSON_BOOL &&
                  !kta_json_bool(schema, "additionalProperties", true);

    kta_json_each(m, v) {
        const char *key = kta_json_key(m);
        const struct kta_json *sub = kta_json_get(properties, key);

        if (!sub && closed) {
            unknown(p, key, properties);
        }
        if (!sub && kta_json_type(more) == KTA_JSON_OBJECT)
            sub = more;
        kta_auto_free char *path = kta_asprintf("%s%s%.60s", p->path, *p->path ? "." : "", key);
        check(sub, m, &(struct place){path, p->out});
    }
    kta_json_each(name, kta_json_get(schema, "required")) {
        if (!kta_json_get(v, kta_or(kta_json_text(name), "")))
            wrong(p, "lacks '%s'", kta_or(kta_json_text(name), ""));
    }
}

static void check_array(const struct kta_json *schema, const struct kta_json *v,
                        const struct place *p)
{
    const struct kta_json *items = kta_json_get(schema, "items");
    int64_t most = kta_json_int(schema, "maxItems", -1),
            least = kta_json_int(schema, "minItems", 0);
    size_t i = 0;

    if (most >= 0 && kta_json_len(v) > (size_t)most)
        wrong(p, "has %zu items; at most %d are taken", kta_json_len(v), (int)most);
    if (kta_json_len(v) < (size_t)least)
        wrong(p, "has %zu items; at least %d are needed", kta_json_len(v), (int)least);
    kta_json_each(m, v) {
        kta_auto_free char *path = kta_asprintf("%s[%zu]", p->path, i++);
        check(items, m, &(struct place){path, p->out});
    }
}

static void check_scalar(const struct kta_json *schema, const struct kta_json *v,
                         const struct place *p)
{
    if (kta_json_text(v)) {
        size_t n = strlen(kta_json_text(v));
        int64_t most = kta_json_int(schema, "maxLength", -1);
        if (most >= 0 && n > (size_t)most)
            wrong(p, "is %zu bytes long; at most %d are taken", n, (int)most);
        if (n < (size_t)kta_json_int(schema, "minLength", 0))
            wrong(p, "%s", n ? "is too short" : "is empty");
    }
    if (kta_json_type(v) == KTA_JSON_NUMBER) {
        double d = kta_json_num(v, "", 0);
        if (kta_json_get(schema, "minimum") && d < kta_json_num(schema, "minimum", d))
            wrong(p, "is less than %g", kta_json_num(schema, "minimum", d));
        if (kta_json_get(schema, "maximum") && d > kta_json_num(schema, "maximum", d))
            wrong(p, "is more than %g", kta_json_num(schema, "maximum", d));
    }
}

/* How many of the alternatives a value is. */
static size_t fitting(const struct kta_json *list, const struct kta_json *v)
{
    size_t n = 0;

    kta_json_each(m, list) {
        kta_auto_str struct kta_str text = KTA_STR_INIT;
        check(m, v, &(struct place){"", &text});
        n += text.len == 0;
    }
    return n;
}

static void check(const struct kta_json *schema, const struct kta_json *v, const struct place *p)
{
    const struct kta_json *any = kta_json_get(schema, "anyOf"),
                          *one = kta_json_get(schema, "oneOf");

    if (kta_json_type(schema) != KTA_JSON_OBJECT || p->out->len > 0)
        return;
    check_type(schema, v, p);
    check_enum(schema, v, p);
    if (any && fitting(any, v) == 0)
        wrong(p, "is none of what it may be");
    if (one && fitting(one, v) != 1)
        wrong(p, "must be exactly one of what it may be");
    if (kta_json_type(v) == KTA_JSON_OBJECT)
        check_object(schema, v, p);
    else if (kta_json_type(v) == KTA_JSON_ARRAY)
        check_array(schema, v, p);
    else
        check_scalar(schema, v, p);
}

void kta_schema_check(const struct kta_json *schema, const struct kta_json *value,
                      struct kta_str *out)
{
    check(schema, value, &(struct place){"", out});
}
