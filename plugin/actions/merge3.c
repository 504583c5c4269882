/*
 * merge3.c - helm's three-way merge, for the eye: what the live object will be.
 *
 * Lists of named things are merged by name (or mountPath, containerPort, port); other lists are
 * replaced. A quantity that is written in another way ("0.5" for "500m") is no change.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/obj.h"
#include "kta/quantity.h"

static const char *const KEYS[] = {"name", "mountPath", "containerPort", "port", "ip", "host"};

/* The field by which the elements of a list are told apart; NULL: none that all have. */
static const char *merge_key(const struct kta_json *list)
{
    for (size_t k = 0; k < KTA_LEN(KEYS); k++) {
        bool all = kta_json_len(list) > 0;

        kta_json_each(e, list)
            all = all && kta_json_get(e, KEYS[k]);
        if (all)
            return KEYS[k];
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

static struct kta_json *merge_list(const struct kta_json *old, const struct kta_json *new_,
                                   const struct kta_json *live)
{
    const char *key = merge_key(new_);
    struct kta_json *out = kta_json_new_array();
    bool aligned = kta_json_len(new_) == kta_json_len(live);
    size_t i = 0;

    kta_json_each(e, new_) {
        kta_json_push(out, key ? kta_merge3(element(old, key, e), e, element(live, key, e))
                               : kta_merge3(NULL, e, aligned ? kta_json_item(live, i) : NULL));
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
            kta_json_set(out, key, kta_merge3(kta_json_get(old, key), m, kta_json_get(live, key)));
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

struct kta_json *kta_merge3(const struct kta_json *old, const struct kta_json *new_,
                            const struct kta_json *live)
{
    if (kta_json_type(new_) == KTA_JSON_OBJECT)
        return merge_object(old, new_, live);
    if (kta_json_type(new_) == KTA_JSON_ARRAY)
        return merge_list(old, new_, live);
    return kta_json_copy(same_amount(new_, live) ? live : new_);
}
