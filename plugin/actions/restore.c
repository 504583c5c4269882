/*
 * restore.c - the patch that takes one change back and leaves everything else alone.
 *
 * Objects are compared key by key; lists element by element where a name tells the elements apart,
 * else as a whole. What nobody but us changed is put back; what somebody changed since is a
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

/* ---- lists whose elements have names ---- */
static const char *const KEYS[] = {"name", "mountPath", "containerPort", "port", "ip",
                                   "host", "path",      "key",           "uid"};
#define MAX_LIST 1000 /* elements; a longer one is put back as a whole */

/* Each element has a value of its own there. */
static bool tells_apart(const struct kta_json *list, const char *key)
{
    kta_json_each(a, list) {
        const struct kta_json *v = kta_json_get(a, key);

        if (!v)
            return false;
        kta_json_each(b, list) {
            if (a == b)
                break;
            if (kta_json_equal(v, kta_json_get(b, key)))
                return false;
        }
    }
    return true;
}

/* The field that tells the elements of all three lists apart; NULL: there is none. */
static const char *list_key(const struct place *at)
{
    const struct kta_json *const lists[] = {at->before, at->after, at->live};

    for (size_t i = 0; i < KTA_LEN(lists); i++)
        if (kta_json_type(lists[i]) != KTA_JSON_ARRAY || kta_json_len(lists[i]) > MAX_LIST)
            return NULL;
    for (size_t k = 0; k < KTA_LEN(KEYS); k++)
        if (tells_apart(at->before, KEYS[k]) && tells_apart(at->after, KEYS[k]) &&
            tells_apart(at->live, KEYS[k]))
            return KEYS[k];
    return NULL;
}

/* The index of the element that is the same as `like`; -1: it is not there. */
static long find(const struct kta_json *list, const char *key, const struct kta_json *like)
{
    long i = 0;

    kta_json_each(e, list) {
        if (kta_json_equal(kta_json_get(e, key), kta_json_get(like, key)))
            return i;
        i++;
    }
    return -1;
}

/* Those that stay keep their order, so that element by element gives the list that was there. */
static bool in_order(const struct kta_json *a, const struct kta_json *b, const char *key)
{
    long last = -1;

    kta_json_each(e, a) {
        long at = find(b, key, e);

        if (at >= 0 && at < last)
            return false;
        last = at >= 0 ? at : last;
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
    kta_json_each(m, at->before)
        walk_key(r, path, at, kta_json_key(m), depth);
    kta_json_each(m, at->after) {
        if (!kta_json_get(at->before, kta_json_key(m)))
            walk_key(r, path, at, kta_json_key(m), depth);
    }
}

/* Element by element: first what stays (live's indexes hold), then, from the end, what the change
 * had added, then what it had taken out. */
static void walk_list(struct restore *r, const char *path, const struct place *at, const char *key,
                      int depth)
{
    long n = (long)kta_json_len(at->live);

    for (long i = 0; i < n; i++) {
        kta_auto_free char *p = kta_asprintf("%s/%ld", path, i);
        const struct kta_json *live = kta_json_item(at->live, (size_t)i);
        long was = find(at->before, key, live), is = find(at->after, key, live);
        struct place child = {was < 0 ? NULL : kta_json_item(at->before, (size_t)was),
                              is < 0 ? NULL : kta_json_item(at->after, (size_t)is), live,
                              was < 0 ? NULL : kta_json_item(at->shown, (size_t)was)};

        if (was >= 0)
            walk(r, p, &child, depth + 1);
    }
    for (long i = n; i-- > 0;) {
        kta_auto_free char *p = kta_asprintf("%s/%ld", path, i);
        const struct kta_json *live = kta_json_item(at->live, (size_t)i);
        long is = find(at->after, key, live);
        struct place child = {NULL, is < 0 ? NULL : kta_json_item(at->after, (size_t)is), live,
                              NULL};

        if (is >= 0 && find(at->before, key, live) < 0)
            whole(r, p, &child);
    }
    for (long i = 0, to = 0; i < (long)kta_json_len(at->before); i++) {
        const struct kta_json *before = kta_json_item(at->before, (size_t)i);
        long is = find(at->after, key, before), now = find(at->live, key, before);
        size_t ops = kta_json_len(r->ops);
        kta_auto_free char *p = kta_asprintf("%s/%ld", path, to);
        struct place child = {before, is < 0 ? NULL : kta_json_item(at->after, (size_t)is), NULL,
                              kta_json_item(at->shown, (size_t)i)};

        if (now < 0)
            walk(r, p, &child, depth + 1);
        to += now >= 0 || kta_json_len(r->ops) > ops;
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
    const char *key;

    if (same(at->before, at->after))
        return;
    if (depth < 100 && is_object(at->after) && is_object(at->live) &&
        (is_object(at->before) || (!at->before && is_shared_map(path))))
        walk_object(r, path, at, depth);
    else if (depth < 100 && (key = list_key(at)) != NULL && in_order(at->before, at->after, key) &&
             in_order(at->before, at->live, key))
        walk_list(r, path, at, key, depth);
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

/* ---- carried out here ---- */
char *kta_pointer_part(const char **path)
{
    struct kta_str s = KTA_STR_INIT;

    for ((*path)++; **path && **path != '/'; (*path)++) {
        bool escape = **path == '~' && ((*path)[1] == '0' || (*path)[1] == '1');

        kta_str_addc(&s, !escape ? **path : (*path)[1] == '0' ? '~' : '/');
        *path += escape;
    }
    return kta_str_detach(&s);
}

const struct kta_json *kta_pointer_find(const struct kta_json *object, const char *path)
{
    const struct kta_json *o = object;

    while (o && *path == '/') {
        kta_auto_free char *key = kta_pointer_part(&path);

        o = kta_json_type(o) == KTA_JSON_ARRAY ? kta_json_item(o, (size_t)strtoul(key, NULL, 10))
                                               : kta_json_get(o, key);
    }
    return o;
}

/* An array with an element more (value not NULL) or less at i. */
static void change_array(struct kta_json *array, size_t at, const struct kta_json *value)
{
    kta_auto_json struct kta_json *out = kta_json_new_array();
    size_t i = 0;

    kta_json_each(e, array) {
        if (i == at && value)
            kta_json_push(out, kta_json_copy(value));
        if (i != at || value)
            kta_json_push(out, kta_json_copy(e));
        i++;
    }
    if (at >= i && value)
        kta_json_push(out, kta_json_copy(value));
    kta_json_swap(array, out);
}

static void apply_one(struct kta_json *o, const struct kta_json *op_)
{
    const char *path = kta_or(kta_json_str(op_, "path"), "");
    const struct kta_json *value = kta_json_get(op_, "value");

    while (*path == '/') {
        kta_auto_free char *key = kta_pointer_part(&path);
        bool array = kta_json_type(o) == KTA_JSON_ARRAY;
        size_t at = array ? (size_t)strtoul(key, NULL, 10) : 0;

        if (*path) {
            o = array ? kta_json_item(o, at) : kta_json_get(o, key);
        } else if (array) {
            if (kta_streq(kta_json_str(op_, "op"), "replace"))
                change_array(o, at, NULL);
            change_array(o, at, value);
        } else if (value) {
            kta_json_set(o, key, kta_json_copy(value));
        } else {
            kta_json_remove(o, key);
        }
    }
}

void kta_restore_apply(struct kta_json *object, const struct kta_json *ops)
{
    kta_json_each(o, ops)
        apply_one(object, o);
}
