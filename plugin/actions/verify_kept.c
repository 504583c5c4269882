/*
 * verify_kept.c - what a change has set is still so at the end: a controller may set it back.
 *
 * What was promised is what the server's dry run changed of the live object. A field that is as it
 * was before has been set back, whoever did it; one that has a third value counts when another
 * manager than ours has set it, since the server itself fills in ports, times and the like. Where
 * another manager owns a promised field, or the object has a controller, it gets a moment to do so.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/obj.h"

struct watched {
    struct kta_pipeline *p;
    const struct kta_step *s;
    const struct kta_touch *t;
    struct kta_str *why; /* a sentence, where it is not kept */
    bool kept;
};

#define MAX_SHOWN 100 /* bytes of a value */

/* ---- who owns a field ---- */
/* The entry of a list's element in fieldsV1: "k:{"name":"web"}" holds the fields that tell it. */
static const struct kta_json *element_of(const struct kta_json *fields, const struct kta_json *e)
{
    kta_json_each(m, fields) {
        const char *key = kta_json_key(m);
        kta_auto_json struct kta_json *like = NULL;
        struct kta_err ignored = KTA_ERR_INIT;
        bool same;

        if (!kta_starts(key, "k:") || kta_json_parse(key + 2, strlen(key) - 2, &like, &ignored) < 0)
            continue;
        same = true;
        kta_json_each(k, like)
            same = same && kta_json_equal(k, kta_json_get(e, kta_json_key(k)));
        if (same)
            return m;
    }
    return NULL;
}

/* The entry owns what the JSON pointer leads to in o, or something that it lies in. */
static bool owns(const struct kta_json *fields, const struct kta_json *o, const char *path)
{
    while (*path == '/') {
        kta_auto_free char *key = kta_pointer_part(&path);
        kta_auto_free char *field = kta_asprintf("f:%s", key);
        bool array = kta_json_type(o) == KTA_JSON_ARRAY;

        o = array ? kta_json_item(o, (size_t)strtoul(key, NULL, 10)) : kta_json_get(o, key);
        fields = array ? element_of(fields, o) : kta_json_get(fields, field);
        if (!fields)
            return false;
        if (kta_json_len(fields) == 0)
            return true; /* an atomic map or list, or the field itself */
    }
    return true;
}

/* The manager who set the field last; NULL: nobody is on record. Borrowed. */
static const char *manager_of(const struct kta_json *o, const char *path)
{
    const char *who = NULL, *when = "";

    kta_json_each(m, kta_json_at(o, "metadata.managedFields")) {
        const char *time = kta_or(kta_json_str(m, "time"), "");

        if (strcmp(time, when) < 0 || !owns(kta_json_get(m, "fieldsV1"), o, path))
            continue;
        who = kta_json_str(m, "manager");
        when = time;
    }
    return who;
}

/* The program itself, or a name that its argv gives it. */
static bool is_ours(const struct kta_step *s, const char *manager)
{
    for (size_t i = 0; i < s->argv.n; i++)
        if (kta_ends(s->argv.v[i], manager))
            return true;
    return kta_starts(manager, "kubectl");
}

/* A field that was taken out has no manager: then whoever else wrote last. */
static const char *last_other(const struct kta_step *s, const struct kta_json *o)
{
    const char *who = "somebody", *when = "";

    kta_json_each(m, kta_json_at(o, "metadata.managedFields")) {
        const char *manager = kta_or(kta_json_str(m, "manager"), "");
        const char *time = kta_or(kta_json_str(m, "time"), "");

        if (strcmp(time, when) < 0 || is_ours(s, manager) || kta_json_str(m, "subresource"))
            continue;
        who = manager;
        when = time;
    }
    return who;
}

/* ---- what is not as it was promised ---- */
static void tell(const struct watched *w, const struct kta_json *now, const char *path,
                 const char *how)
{
    kta_auto_json struct kta_json *shown = kta_json_copy(now);
    kta_auto_str struct kta_str value = KTA_STR_LIMITED(MAX_SHOWN);
    const struct kta_json *v;
    const char *who = manager_of(now, path);

    if (w->p->redact)
        kta_redact_object(w->p->redact, shown);
    v = kta_pointer_find(shown, path);
    if (v)
        kta_json_print(v, false, &value);
    else
        kta_str_add(&value, "nothing");
    kta_str_clear(w->why);
    kta_str_addf(w->why, "%s was %s %s%s by %s", path, how, value.s, value.cut ? "…" : "",
                 who ? who : last_other(w->s, now));
}

/* False, with a sentence, when a promised field is not so (any more). */
static bool is_kept(const struct watched *w, const struct kta_json *now)
{
    kta_auto_json struct kta_json *was = kta_json_copy(w->t->live);
    kta_auto_json struct kta_json *promised = kta_json_copy(w->t->after);
    kta_auto_json struct kta_json *is = kta_json_copy(now), *back = NULL;
    kta_auto_str struct kta_str other = KTA_STR_INIT;
    const char *path;

    kta_server_strip(was);
    kta_server_strip(promised);
    kta_server_strip(is);
    /* what would have to be done to turn it from how it was into what was promised */
    back = kta_restore_ops(promised, was, is, NULL, /* force= */ false, &other);
    path = kta_json_str(kta_json_item(back, 0), "path");
    if (path) {
        tell(w, now, path, "set back to");
        return false;
    }
    for (char *at = other.s; at && *at;) {
        char *end = strstr(at, ", ");
        const char *who;

        if (end)
            *end = '\0';
        who = manager_of(now, at);
        if (who && !is_ours(w->s, who)) {
            tell(w, now, at, "set to");
            return false;
        }
        at = end ? end + 2 : NULL;
    }
    return true;
}

/* Somebody who may set it back: its controller, or the manager of a promised field. */
static bool is_guarded(const struct kta_step *s, const struct kta_touch *t)
{
    kta_auto_json struct kta_json *was = kta_json_copy(t->live),
                                  *promised = kta_json_copy(t->after);
    kta_auto_json struct kta_json *ops = NULL;
    kta_auto_str struct kta_str ignored = KTA_STR_INIT;

    if (kta_obj_controller(t->live) && !kta_touch_is(t, "Pod"))
        return true;
    kta_server_strip(was);
    kta_server_strip(promised);
    ops = kta_restore_ops(promised, was, was, NULL, /* force= */ false, &ignored);
    kta_json_each(o, ops) {
        const char *who = manager_of(t->live, kta_or(kta_json_str(o, "path"), ""));

        if (who && !is_ours(s, who) && !kta_streq(who, "helm"))
            return true;
    }
    return false;
}

/* ---- looking ---- */
static bool on_event(void *ctx, const char *type, struct kta_json *object)
{
    struct watched *w = ctx;

    kta_json_set_str(object, "kind", w->t->kind->kind); /* a list's items do not say it */
    if (!kta_streq(type, "DELETED"))
        w->kept = is_kept(w, object);
    return w->kept;
}

/* The object as it is now, and as it becomes for so long (0: now is enough). */
static int look(struct watched *w, int64_t ms, struct kta_err *err)
{
    kta_auto_json struct kta_json *now = NULL;
    kta_auto_str struct kta_str path = KTA_STR_INIT;
    struct kta_err why = KTA_ERR_INIT;

    if (ms <= 0) {
        if (kta_cluster_get(w->p->cluster, &now, &why, "%s", w->t->path) == 0)
            (void)on_event(w, "", now);
    } else {
        kta_kind_path(w->t->kind, w->t->ns, NULL, &path);
        kta_str_addf(&path, "?fieldSelector=metadata.name%%3D%s", w->t->name);
        kta_report_progress(w->p->report, "%s '%s': will it stay so?", w->t->kind->kind,
                            w->t->name);
        (void)kta_cluster_watch(w->p->cluster, path.s, ms, on_event, NULL, 0, w, &why);
    }
    if (why.code != KTA_E_INTERRUPTED)
        return 0; /* what may not be read is not held against it */
    *err = why;
    return -1;
}

int kta_verify_kept(struct kta_pipeline *p, const struct kta_step *s, const struct kta_touch *t,
                    int64_t until, bool *ret_good, struct kta_str *why, struct kta_err *err)
{
    kta_auto_str struct kta_str other = KTA_STR_INIT;
    struct watched w = {p, s, t, &other, true};

    if (!t->known_after || !t->live || !t->after || kta_streq(s->argv.v[0], "helm") ||
        kta_same_but_server(t->live, t->after))
        return 0;
    if (look(&w, is_guarded(s, t) ? until - kta_now_ms() : 0, err) < 0)
        return -1;
    if (w.kept)
        return 0;
    *ret_good = false;
    kta_str_clear(why);
    kta_str_add(why, other.s);
    return 0;
}
