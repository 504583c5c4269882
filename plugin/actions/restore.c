/*
 * restore.c - the patch that takes one change back and leaves everything else alone.
 *
 * Objects are compared key by key; lists element by element while their elements are the same by
 * name, else as a whole. What nobody but us changed is put back; what somebody changed since is a
 * conflict.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/obj.h"

struct restore {
    struct kta_json *ops;
    struct kta_str *conflicts;
    bool force;
};

/* One place in the four documents. NULL: absent there. */
struct place {
    const struct kta_json *before, *after, *live, *shown;
};

static void op(struct restore *r, const char *path, const struct place *at)
{
    struct kta_json *o = kta_json_new_object();

    kta_json_set_str(o, "op", !at->before ? "remove" : at->live ? "replace" : "add");
    kta_json_set_str(o, "path", path);
    if (at->before)
        kta_json_set(o, "value", kta_json_copy(at->shown ? at->shown : at->before));
    kta_json_push(r->ops, o);
}

static bool same(const struct kta_json *a, const struct kta_json *b)
{
    return a && b ? kta_json_equal(a, b) : a == b;
}

static void whole(struct restore *r, const char *path, const struct place *at)
{
    if (same(at->live, at->before))
        return;
    if (!same(at->live, at->after)) {
        kta_str_addf(r->conflicts, "%s%s", r->conflicts->len ? ", " : "", path);
        if (!r->force)
            return;
    }
    if (at->before || at->live)
        op(r, path, at);
}

/* Lists whose elements stay who they are. */
static bool same_elements(const struct kta_json *a, const struct kta_json *b)
{
    size_t n = kta_json_len(a);

    if (kta_json_type(a) != KTA_JSON_ARRAY || kta_json_type(b) != KTA_JSON_ARRAY ||
        n != kta_json_len(b))
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct kta_json *x = kta_json_item(a, i), *y = kta_json_item(b, i);
        const char *name = kta_json_text(kta_json_get(x, "name"));

        if (!name || !kta_streq(name, kta_json_text(kta_json_get(y, "name"))))
            return false;
    }
    return true;
}

static bool is_object(const struct kta_json *v)
{
    return kta_json_type(v) == KTA_JSON_OBJECT;
}

static char *below(const char *path, const char *key)
{
    struct kta_str s = KTA_STR_INIT;

    kta_str_addf(&s, "%s/", path);
    for (; *key; key++) {
        if (*key == '~')
            kta_str_add(&s, "~0");
        else if (*key == '/')
            kta_str_add(&s, "~1");
        else
            kta_str_addc(&s, *key);
    }
    return kta_str_detach(&s);
}

static void walk(struct restore *r, const char *path, const struct place *at, int depth);

static void walk_key(struct restore *r, const char *path, const struct place *at, const char *key,
                     int depth)
{
    kta_auto_free char *p = below(path, key);
    struct place child = {kta_json_get(at->before, key), kta_json_get(at->after, key),
                          kta_json_get(at->live, key), kta_json_get(at->shown, key)};

    walk(r, p, &child, depth + 1);
}

static void walk_object(struct restore *r, const char *path, const struct place *at, int depth)
{
    kta_json_each(m, at->before) walk_key(r, path, at, kta_json_key(m), depth);
    kta_json_each(m, at->after)
    {
        if (!kta_json_get(at->before, kta_json_key(m)))
            walk_key(r, path, at, kta_json_key(m), depth);
    }
}

static void walk_list(struct restore *r, const char *path, const struct place *at, int depth)
{
    for (size_t i = 0; i < kta_json_len(at->before); i++) {
        kta_auto_free char *p = kta_asprintf("%s/%zu", path, i);
        struct place child = {kta_json_item(at->before, i), kta_json_item(at->after, i),
                              kta_json_item(at->live, i), kta_json_item(at->shown, i)};

        walk(r, p, &child, depth + 1);
    }
}

/* Maps that others write to as well: a key of ours goes, the map stays. */
static bool is_shared_map(const char *path)
{
    return kta_ends(path, "/metadata/annotations") || kta_ends(path, "/metadata/labels") ||
           kta_ends(path, "/nodeSelector") || kta_streq(path, "/data");
}

static void walk(struct restore *r, const char *path, const struct place *at, int depth)
{
    if (same(at->before, at->after))
        return;
    if (depth < 100 && is_object(at->after) && is_object(at->live) &&
        (is_object(at->before) || (!at->before && is_shared_map(path))))
        walk_object(r, path, at, depth);
    else if (depth < 100 && same_elements(at->before, at->after) &&
             same_elements(at->before, at->live))
        walk_list(r, path, at, depth);
    else
        whole(r, path, at);
}

struct kta_json *kta_restore_ops(const struct kta_json *before, const struct kta_json *after,
                                 const struct kta_json *live, const struct kta_json *shown,
                                 bool force, struct kta_str *conflicts)
{
    struct restore r = {kta_json_new_array(), conflicts, force};
    struct place root = {before, after, live, shown};

    walk(&r, "", &root, 0);
    return r.ops;
}
