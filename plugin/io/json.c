/*
 * json.c - JSON values on top of cJSON, the only file that knows it.
 *
 * What cJSON survives badly is settled before it sees the text: json_scan.c. Printing:
 * json_print.c.
 */
#include "kta/json.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cjson/cJSON.h>
#include "json_scan.h"
#include "kta/alloc.h"
#include "kta/utf8.h"

/* ---- parsing ---- */

/* Numbers keep their text where a double would lose digits. sc goes through the document in the
 * order in which cJSON has made the values. */
static void keep_digits(struct json_scan *sc, struct kta_json *v)
{
    if ((v->type & 0xFF) == cJSON_Number) {
        size_t n = 0;
        const char *text = json_next_number(sc, &n);
        if (n > JSON_EXACT_DIGITS)
            v->valuestring = kta_strndup(text, n);
    }
    for (struct kta_json *m = v->child; m; m = m->next)
        keep_digits(sc, m);
}

static void use_our_memory(void)
{
    static bool done;
    cJSON_Hooks hooks = {kta_malloc, free};
    if (!done)
        cJSON_InitHooks(&hooks);
    done = true;
}

static int syntax_error(const char *s, size_t n, const char *end, struct kta_err *err)
{
    kta_auto_str struct kta_str near = KTA_STR_INIT;
    size_t at = end ? (size_t)(end - s) : n;
    if (at >= n)
        return kta_err_set(err, KTA_E_PARSE, "JSON ends too early");
    kta_clean(s + at, n - at < 20 ? n - at : 20, &near);
    near.s[strcspn(near.s, "\n")] = '\0';
    return kta_err_set(err, KTA_E_PARSE, "line %d: JSON syntax error near '%s'",
                       json_line_at(s, at), near.s);
}

int kta_json_parse(const char *s, size_t n, struct kta_json **ret, struct kta_err *err)
{
    kta_auto_free char *mended = NULL;
    struct json_scan sc = {.s = s, .n = n};
    const char *end = NULL;
    struct kta_json *v;

    use_our_memory();
    if (json_scan(&sc, NULL, err) < 0)
        return -1;
    if (sc.lone) {
        mended = kta_malloc(n + 1);
        memcpy(mended, s, n);
        mended[n] = '\0';
        sc = (struct json_scan){.s = s, .n = n};
        json_scan(&sc, mended, err);
        s = mended;
    }
    v = n ? cJSON_ParseWithLengthOpts(s, n, &end, /* require_null_terminated= */ 0) : NULL;
    if (!v)
        return syntax_error(s, n, end, err);
    while ((size_t)(end - s) < n && strchr(" \t\r\n", *end) && *end)
        end++;
    if ((size_t)(end - s) < n) {
        cJSON_Delete(v);
        return kta_err_set(err, KTA_E_PARSE, "line %d: more text after the JSON value",
                           json_line_at(s, (size_t)(end - s)));
    }
    sc.i = 0;
    sc.s = s;
    if (sc.long_)
        keep_digits(&sc, v);
    *ret = v;
    return 0;
}

void kta_json_free(struct kta_json *v)
{
    cJSON_Delete(v);
}

void kta_json_cleanup(struct kta_json **pv)
{
    cJSON_Delete(*pv);
    *pv = NULL;
}

struct kta_json *kta_json_copy(const struct kta_json *v)
{
    use_our_memory();
    return v ? cJSON_Duplicate(v, /* recurse= */ 1) : NULL;
}

/* ---- reading ---- */

enum kta_json_type kta_json_type(const struct kta_json *v)
{
    static const struct {
        int bit;
        enum kta_json_type type;
    } types[] = {
        {cJSON_NULL, KTA_JSON_NULL},     {cJSON_False, KTA_JSON_BOOL},
        {cJSON_True, KTA_JSON_BOOL},     {cJSON_Number, KTA_JSON_NUMBER},
        {cJSON_String, KTA_JSON_STRING}, {cJSON_Array, KTA_JSON_ARRAY},
        {cJSON_Object, KTA_JSON_OBJECT},
    };
    for (size_t i = 0; v && i < KTA_LEN(types); i++)
        if ((v->type & 0xFF) == types[i].bit)
            return types[i].type;
    return KTA_JSON_NONE;
}

static struct kta_json *get_n(const struct kta_json *v, const char *key, size_t n)
{
    if (kta_json_type(v) != KTA_JSON_OBJECT)
        return NULL;
    for (struct kta_json *m = v->child; m; m = m->next)
        if (m->string && !strncmp(m->string, key, n) && !m->string[n])
            return m;
    return NULL;
}

struct kta_json *kta_json_get(const struct kta_json *v, const char *key)
{
    return get_n(v, key, strlen(key));
}

struct kta_json *kta_json_at(const struct kta_json *v, const char *path)
{
    struct kta_json *at;
    /* the constness of the tree is the caller's business, as with strchr */
    memcpy(&at, &v, sizeof at);
    while (at && path && *path) {
        size_t n = strcspn(path, ".[");
        if (*path == '[') {
            char *end;
            unsigned long i = strtoul(path + 1, &end, 10);
            if (*end != ']' || end == path + 1)
                return NULL;
            at = kta_json_type(at) == KTA_JSON_ARRAY ? kta_json_item(at, i) : NULL;
            path = end + 1;
        } else {
            at = get_n(at, path, n);
            path += n;
        }
        if (*path == '.')
            path++;
    }
    return at;
}

const char *kta_json_text(const struct kta_json *v)
{
    return kta_json_type(v) == KTA_JSON_STRING ? v->valuestring : NULL;
}

const char *kta_json_str(const struct kta_json *v, const char *path)
{
    return kta_json_text(kta_json_at(v, path));
}

const char *kta_json_digits(const struct kta_json *v)
{
    return kta_json_type(v) == KTA_JSON_NUMBER ? v->valuestring : NULL;
}

double kta_json_num(const struct kta_json *v, const char *path, double otherwise)
{
    const struct kta_json *at = kta_json_at(v, path);
    return kta_json_type(at) == KTA_JSON_NUMBER ? at->valuedouble : otherwise;
}

int64_t kta_json_int(const struct kta_json *v, const char *path, int64_t otherwise)
{
    const struct kta_json *at = kta_json_at(v, path);
    double d;
    if (kta_json_type(at) != KTA_JSON_NUMBER)
        return otherwise;
    d = at->valuedouble;
    if (isnan(d))
        return otherwise;
    if (d >= 9223372036854775807.0)
        return INT64_MAX;
    return d <= -9223372036854775808.0 ? INT64_MIN : (int64_t)d;
}

int kta_json_count(const struct kta_json *v, const char *path, int otherwise)
{
    int64_t n = kta_json_int(v, path, otherwise);
    return n < 0 ? 0 : n > INT_MAX ? INT_MAX : (int)n;
}

bool kta_json_bool(const struct kta_json *v, const char *path, bool otherwise)
{
    const struct kta_json *at = kta_json_at(v, path);
    return kta_json_type(at) == KTA_JSON_BOOL ? (at->type & 0xFF) == cJSON_True : otherwise;
}

struct kta_json *kta_json_first(const struct kta_json *v)
{
    enum kta_json_type t = kta_json_type(v);
    return t == KTA_JSON_ARRAY || t == KTA_JSON_OBJECT ? v->child : NULL;
}

struct kta_json *kta_json_next(const struct kta_json *v)
{
    return v ? v->next : NULL;
}

size_t kta_json_len(const struct kta_json *v)
{
    size_t n = 0;
    kta_json_each(m, v)
        n++;
    return n;
}

struct kta_json *kta_json_item(const struct kta_json *v, size_t i)
{
    struct kta_json *m = kta_json_first(v);
    while (m && i--)
        m = m->next;
    return m;
}

const char *kta_json_key(const struct kta_json *member)
{
    return member ? member->string : NULL;
}

bool kta_json_equal(const struct kta_json *a, const struct kta_json *b)
{
    enum kta_json_type t = kta_json_type(a);
    if (t != kta_json_type(b))
        return false;
    if (t == KTA_JSON_STRING)
        return !strcmp(a->valuestring, b->valuestring);
    if (t == KTA_JSON_NUMBER && kta_json_digits(a) && kta_json_digits(b))
        return !strcmp(a->valuestring, b->valuestring);
    if (t == KTA_JSON_NUMBER)
        return a->valuedouble >= b->valuedouble && a->valuedouble <= b->valuedouble;
    if (t == KTA_JSON_BOOL)
        return (a->type & 0xFF) == (b->type & 0xFF);
    if (kta_json_len(a) != kta_json_len(b))
        return false;
    for (const struct kta_json *x = kta_json_first(a), *y = kta_json_first(b); x;
         x = x->next, y = y->next)
        if (!kta_json_equal(x, t == KTA_JSON_OBJECT && strcmp(x->string, y->string) != 0
                                   ? kta_json_get(b, x->string)
                                   : y))
            return false;
    return true;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool object_has_duplicates(const struct kta_json *v)
{
    size_t n = kta_json_len(v), i = 0;
    kta_auto_free char **keys = kta_calloc(n + 1, sizeof *keys);
    kta_json_each(m, v)
        keys[i++] = m->string;
    qsort(keys, n, sizeof *keys, by_text);
    for (i = 1; i < n; i++)
        if (!strcmp(keys[i - 1], keys[i]))
            return true;
    return false;
}

bool kta_json_has_duplicates(const struct kta_json *v)
{
    if (kta_json_type(v) == KTA_JSON_OBJECT && object_has_duplicates(v))
        return true;
    kta_json_each(m, v)
        if (kta_json_has_duplicates(m))
            return true;
    return false;
}

/* ---- building ---- */

struct kta_json *kta_json_new_object(void)
{
    use_our_memory();
    return cJSON_CreateObject();
}

struct kta_json *kta_json_new_array(void)
{
    use_our_memory();
    return cJSON_CreateArray();
}

struct kta_json *kta_json_new_str(const char *s)
{
    kta_auto_str struct kta_str b = KTA_STR_INIT;
    size_t n;
    use_our_memory();
    if (!s)
        return cJSON_CreateNull();
    n = strlen(s);
    if (kta_utf8_valid(s, n))
        return cJSON_CreateString(s);
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        i += kta_utf8_decode(s + i, n - i, &cp);
        kta_utf8_encode(cp, &b);
    }
    return cJSON_CreateString(b.s);
}

struct kta_json *kta_json_new_int(int64_t n)
{
    use_our_memory();
    return cJSON_CreateNumber((double)n);
}

struct kta_json *kta_json_new_num(double n)
{
    use_our_memory();
    return cJSON_CreateNumber(n);
}

struct kta_json *kta_json_new_bool(bool b)
{
    use_our_memory();
    return cJSON_CreateBool(b);
}

struct kta_json *kta_json_new_null(void)
{
    use_our_memory();
    return cJSON_CreateNull();
}

struct kta_json *kta_json_add(struct kta_json *obj, const char *key, struct kta_json *value)
{
    cJSON_AddItemToObject(obj, key, value);
    return value;
}

struct kta_json *kta_json_set(struct kta_json *obj, const char *key, struct kta_json *value)
{
    struct kta_json *old = kta_json_get(obj, key);
    if (!value)
        value = kta_json_new_null();
    if (kta_json_type(obj) != KTA_JSON_OBJECT) {
        kta_json_free(value);
        return NULL;
    }
    if (!old)
        return kta_json_add(obj, key, value);
    if (old != value)
        cJSON_ReplaceItemInObjectCaseSensitive(obj, key, value);
    return value;
}

struct kta_json *kta_json_push(struct kta_json *arr, struct kta_json *value)
{
    if (!value)
        value = kta_json_new_null();
    if (kta_json_type(arr) != KTA_JSON_ARRAY) {
        kta_json_free(value);
        return NULL;
    }
    cJSON_AddItemToArray(arr, value);
    return value;
}

void kta_json_set_str(struct kta_json *obj, const char *key, const char *s)
{
    kta_json_set(obj, key, kta_json_new_str(s));
}

void kta_json_set_int(struct kta_json *obj, const char *key, int64_t n)
{
    kta_json_set(obj, key, kta_json_new_int(n));
}

void kta_json_set_bool(struct kta_json *obj, const char *key, bool b)
{
    kta_json_set(obj, key, kta_json_new_bool(b));
}

void kta_json_push_str(struct kta_json *arr, const char *s)
{
    kta_json_push(arr, kta_json_new_str(s));
}

struct kta_json *kta_json_detach(struct kta_json *from, struct kta_json *child)
{
    return cJSON_DetachItemViaPointer(from, child);
}

void kta_json_swap(struct kta_json *a, struct kta_json *b)
{
    struct kta_json *child = a->child;
    a->child = b->child;
    b->child = child;
}

void kta_json_remove(struct kta_json *obj, const char *key)
{
    struct kta_json *m = kta_json_get(obj, key);
    if (m)
        cJSON_Delete(cJSON_DetachItemViaPointer(obj, m));
}

void kta_json_replace_text(struct kta_json *v, const char *s)
{
    char *copy;
    if (!kta_json_text(v))
        return;
    copy = kta_strdup(s); /* s may point into the old text */
    explicit_bzero(v->valuestring, strlen(v->valuestring));
    free(v->valuestring);
    v->valuestring = copy;
}
