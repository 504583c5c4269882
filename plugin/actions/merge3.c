/*
 * merge3.c - helm's three-way merge: what the live object will be.
 *
 * The lists of the table are merged by the field that the API server tells their elements apart by;
 * other lists are replaced. A quantity that is written in another way ("0.5" for "500m") is no
 * change.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/obj.h"
#include "kta/quantity.h"

static const struct {
    const char *list, *key;
} KEYS[] = {
    {"containers", "name"},
    {"initContainers", "name"},
    {"ephemeralContainers", "name"},
    {"env", "name"},
    {"volumes", "name"},
    {"imagePullSecrets", "name"},
    {"secrets", "name"},
    {"webhooks", "name"},
    {"volumeMounts", "mountPath"},
    {"volumeDevices", "devicePath"},
    {"ports", "containerPort"},
    {"ports", "port"},
    {"hostAliases", "ip"},
    {"topologySpreadConstraints", "topologyKey"},
};

/* The field by which the elements of the list of that name are told apart; NULL: none. */
static const char *merge_key(const char *name, const struct kta_json *list)
{
    for (size_t k = 0; k < KTA_LEN(KEYS); k++) {
        bool all = kta_streq(KEYS[k].list, name) && kta_json_len(list) > 0;

        kta_json_each(e, list)
            all = all && kta_json_get(e, KEYS[k].key);
        if (all)
            return KEYS[k].key;
    }
    return NULL;
}

static const struct kta_json *element(const struct kta_json *list, const char *key,
                                      const struct kta_json *like)
{
    kta_json_each(e, list) {
        const struct kta_json *v = kta_json_get(e, key);

        if (v && kta_json_equal(v, kta_json_get(like, key)))
            return e;
    }
    return NULL;
}

/* Where the manifest says what it said, the element as it is, if it has no more than defaults on
 * top of that. */
static struct kta_json *replaced(const struct kta_json *e, const struct kta_json *live)
{
    struct kta_json *merged = kta_merge3(NULL, e, live);

    if (kta_json_equal(merged, live))
        return merged;
    kta_json_free(merged);
    return kta_json_copy(e);
}

static struct kta_json *merge_list(const char *name, const struct kta_json *old,
                                   const struct kta_json *new_, const struct kta_json *live)
{
    const char *key = merge_key(name, new_);
    struct kta_json *out = kta_json_new_array();
    bool aligned = kta_json_len(new_) == kta_json_len(live) && (!old || kta_json_equal(old, new_));
    size_t i = 0;

    kta_json_each(e, new_) {
        kta_json_push(out, key ? kta_merge3(element(old, key, e), e, element(live, key, e))
                               : replaced(e, aligned ? kta_json_item(live, i) : NULL));
        i++;
    }
    if (!key)
        return out;
    kta_json_each(e, live) /* what others added stays */
    {
        if (!element(new_, key, e) && !element(old, key, e))
            kta_json_push(out, kta_json_copy(e));
    }
    return out;
}

static struct kta_json *merge_named(const char *name, const struct kta_json *old,
                                    const struct kta_json *new_, const struct kta_json *live);

static struct kta_json *merge_object(const struct kta_json *old, const struct kta_json *new_,
                                     const struct kta_json *live)
{
    struct kta_json *out =
        kta_json_type(live) == KTA_JSON_OBJECT ? kta_json_copy(live) : kta_json_new_object();

    kta_json_each(m, old) {
        if (!kta_json_get(new_, kta_json_key(m)))
            kta_json_remove(out, kta_json_key(m));
    }
    kta_json_each(m, new_) {
        const char *key = kta_json_key(m);

        if (kta_json_type(m) != KTA_JSON_NULL)
            kta_json_set(out, key,
                         merge_named(key, kta_json_get(old, key), m, kta_json_get(live, key)));
    }
    return out;
}

/* "1" and 1, "0.5" and "500m": the API server keeps one form of them. */
static bool same_amount(const struct kta_json *a, const struct kta_json *b)
{
    kta_auto_str struct kta_str x = KTA_STR_INIT, y = KTA_STR_INIT;
    int64_t m;

    if (!a || !b)
        return false;
    kta_json_type(a) == KTA_JSON_STRING ? kta_str_add(&x, kta_json_text(a))
                                        : (kta_json_print(a, false, &x), 0);
    kta_json_type(b) == KTA_JSON_STRING ? kta_str_add(&y, kta_json_text(b))
                                        : (kta_json_print(b, false, &y), 0);
    m = kta_quantity_milli(x.s);
    return m >= 0 && m == kta_quantity_milli(y.s);
}

static struct kta_json *merge_named(const char *name, const struct kta_json *old,
                                    const struct kta_json *new_, const struct kta_json *live)
{
    if (kta_json_type(new_) == KTA_JSON_OBJECT)
        return merge_object(old, new_, live);
    if (kta_json_type(new_) == KTA_JSON_ARRAY)
        return merge_list(name, old, new_, live);
    return kta_json_copy(same_amount(new_, live) ? live : new_);
}

struct kta_json *kta_merge3(const struct kta_json *old, const struct kta_json *new_,
                            const struct kta_json *live)
{
    return merge_named(NULL, old, new_, live);
}

struct kta_json *kta_merge_patch(const struct kta_json *from, const struct kta_json *to)
{
    struct kta_json *out = kta_json_new_object();

    kta_json_each(m, from) {
        if (!kta_json_get(to, kta_json_key(m)))
            kta_json_set(out, kta_json_key(m), kta_json_new_null());
    }
    kta_json_each(m, to) {
        const struct kta_json *was = kta_json_get(from, kta_json_key(m));
        bool both = kta_json_type(m) == KTA_JSON_OBJECT && kta_json_type(was) == KTA_JSON_OBJECT;

        if (!was || !kta_json_equal(was, m))
            kta_json_set(out, kta_json_key(m), both ? kta_merge_patch(was, m) : kta_json_copy(m));
    }
    return out;
}
