/*
 * undo_images.c - a change's pre-images and post-images beside what is there now.
 */
#include "journal_private.h"

#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/journal.h"
#include "kta/obj.h"

/* One revision of a helm release, as helm keeps it. */
bool kta_undo_is_record(const struct kta_undo_item *x)
{
    return kta_starts(kta_or(kta_json_str(x->image, "name"), ""), "sh.helm.release.v1.");
}

/* helm makes it anew each time; what it did is not in the cluster's objects. */
bool kta_undo_is_hook(const struct kta_undo_item *x)
{
    return kta_obj_annotation(x->before ? x->before : x->after, "helm.sh/hook") != NULL;
}

static const struct kta_json *object_of(const struct kta_json *image)
{
    const struct kta_json *o = kta_json_get(image, "object");

    return kta_json_type(o) == KTA_JSON_OBJECT ? o : NULL;
}

void kta_undo_release(struct kta_undo *u)
{
    kta_json_free(u->before);
    kta_json_free(u->after);
    kta_json_free(u->was);
    kta_json_free(u->wanted);
    kta_reads_free(u->reads, u->n_reads);
    free(u->v);
    kta_str_release(&u->replace);
    kta_str_release(&u->create);
    kta_str_release(&u->applied);
    kta_str_release(&u->conflicts);
    kta_str_release(&u->lost);
    kta_str_release(&u->unsure);
    *u = (struct kta_undo){.p = u->p, .plan = u->plan, .force = u->force, .orphaned = u->orphaned};
    kta_str_init(&u->replace, 0);
    kta_str_init(&u->create, 0);
    kta_str_init(&u->applied, 0);
    kta_str_init(&u->conflicts, 0);
    kta_str_init(&u->lost, 0);
    kta_str_init(&u->unsure, 0);
}

struct kta_json *kta_undo_ops(const struct kta_undo_item *x, const struct kta_json *live,
                              bool force, struct kta_str *conflicts)
{
    kta_auto_json struct kta_json *before = kta_json_copy(x->before), *now = kta_json_copy(live);
    kta_auto_json struct kta_json *after = kta_json_copy(x->after);

    kta_server_strip(before);
    kta_server_strip(after);
    kta_server_strip(now);
    return kta_restore_ops(before, after, now, before, force, conflicts);
}

/* ---- reading a step's images ---- */
static const struct kta_json *image_at(const struct kta_json *images, const char *path)
{
    kta_json_each(i, images) {
        if (kta_streq(kta_json_str(i, "path"), path))
            return i;
    }
    return NULL;
}

/* Adds the images of one more step, in the order in which they ran: of an object, the first step's
 * before and the last step's after count. */
static int add_images(struct kta_undo *u, const char *id, const char *step, struct kta_err *err)
{
    kta_auto_free char *root = kta_journal_dir(), *dir = kta_fs_join(root, id);
    kta_auto_free char *before = kta_asprintf("%s.before", step);
    kta_auto_free char *after = kta_asprintf("%s.after", step);
    kta_auto_json struct kta_json *b = NULL, *a = NULL;
    struct kta_err why = KTA_ERR_INIT;

    if (kta_journal_take(dir, before, &b, err) < 0)
        return kta_err_wrap(err, "change %s.%s cannot be undone", id, step);
    if (kta_journal_take(dir, after, &a, &why) < 0) {
        a = NULL; /* killed in between: what is there now counts as the outcome */
        if (why.code != KTA_E_NOT_FOUND && !u->force) {
            *err = why;
            kta_err_wrap(err, "what change %s.%s did is not known", id, step);
            return kta_err_hint(err, "--force takes what is there now for it");
        }
    }
    if (!u->before)
        u->before = kta_json_new_array();
    if (!u->after)
        u->after = kta_json_new_object();
    kta_json_each(i, b) {
        const char *path = kta_json_str(i, "path"), *name = kta_json_str(i, "name");

        if (path && name && *name && !image_at(u->before, path))
            kta_json_push(u->before, kta_json_copy(i));
        if (path && !a)
            kta_json_remove(u->after, path);
        if (kta_json_str(i, "unread"))
            kta_str_addf(&u->lost, "%s%s, which could not be read before", u->lost.len ? ", " : "",
                         kta_json_str(i, "unread"));
    }
    kta_json_each(i, a) {
        const char *path = kta_json_str(i, "path"), *name = kta_json_str(i, "name");

        if (path && kta_json_int(i, "status", 0))
            kta_json_set(u->after, path, kta_json_copy(i));
        if (path && name && *name && !image_at(u->before, path)) { /* the server chose its name */
            struct kta_json *none = kta_json_push(u->before, kta_json_copy(i));

            kta_json_set(none, "object", kta_json_new_null());
            kta_json_set_int(none, "status", 404);
        }
    }
    return kta_undo_unnamed(u, b, a, err);
}

/* Reads what is there now and lines it up with the images. */
static int line_up(struct kta_undo *u, struct kta_err *err)
{
    size_t k = 0;

    kta_json_each(i, u->before)
        kta_read_add(&u->reads, &u->n_reads, &u->cap_reads, KTA_ACCEPT_JSON, "%s",
                     kta_json_str(i, "path"));
    if (u->n_reads > 0 && kta_cluster_read(u->p->cluster, u->reads, u->n_reads, err) < 0)
        return -1;
    kta_json_each(i, u->before) {
        const struct kta_json *later = kta_json_get(u->after, kta_json_str(i, "path"));
        struct kta_undo_item *x;

        KTA_GROW(u->v, u->n, u->cap);
        x = &u->v[u->n++];
        *x = (struct kta_undo_item){.image = i, .before = object_of(i), .live = u->reads[k++].json};
        x->readable = x->before || kta_json_int(i, "status", 0) == 404;
        x->after = later ? object_of(later) : x->live;
        if (kta_json_at(x->after, "metadata.deletionTimestamp") && x->before &&
            !kta_json_at(x->before, "metadata.deletionTimestamp"))
            x->after = NULL; /* a finalizer held it: it was on its way out */
    }
    return 0;
}

bool kta_undo_chosen(const struct kta_json *step, const char *only)
{
    return kta_journal_step_ran(step) && kta_json_str(step, "id") &&
           (!only || kta_streq(only, kta_json_str(step, "id")));
}

/* What a later step of the same undo has made of an object is not somebody else's doing. */
static void take_later(struct kta_undo *u, const char *id, const char *step)
{
    kta_auto_free char *root = kta_journal_dir(), *dir = kta_fs_join(root, id);
    kta_auto_free char *name = kta_asprintf("%s.after", step);
    kta_auto_json struct kta_json *a = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    if (kta_journal_take(dir, name, &a, &ignored) < 0)
        return;
    kta_json_each(i, a) {
        const char *path = kta_json_str(i, "path");

        if (path && kta_json_int(i, "status", 0) && image_at(u->before, path))
            kta_json_set(u->after, path, kta_json_copy(i));
    }
}

int kta_undo_load(struct kta_undo *u, const char *id, const struct kta_json *entry,
                  const char *only, const char *among, struct kta_err *err)
{
    bool later = false;

    kta_undo_release(u);
    kta_json_each(s, kta_json_get(entry, "plan")) {
        if (kta_undo_chosen(s, only) && add_images(u, id, kta_json_str(s, "id"), err) < 0)
            return -1;
        if (only && later && kta_undo_chosen(s, among))
            take_later(u, id, kta_json_str(s, "id"));
        later = later || kta_streq(kta_json_str(s, "id"), only);
    }
    return line_up(u, err);
}

/* ---- after helm's part of an undo ---- */
bool kta_undo_is_helm(const struct kta_json *step)
{
    return kta_streq(kta_json_text(kta_json_item(kta_json_get(step, "argv"), 0)), "helm");
}

/* How the objects of an undo's helm steps were before these ran, in the undo that it resumes, too:
 * the first image of each counts. */
static int take_was(struct kta_undo *u, const char *id, struct kta_err *err)
{
    const char *step;
    kta_auto_free char *only = kta_journal_id(id, &step), *root = kta_journal_dir();
    kta_auto_free char *dir = kta_fs_join(root, only);
    kta_auto_json struct kta_json *entry = NULL;
    const char *earlier;

    if (kta_journal_entry(only, &entry, err) < 0)
        return -1;
    earlier = kta_json_str(entry, "resumes");
    if (earlier && strtol(earlier, NULL, 10) < strtol(only, NULL, 10) &&
        take_was(u, earlier, err) < 0)
        return -1;
    kta_json_each(s, kta_json_get(entry, "plan")) {
        kta_auto_free char *name = kta_asprintf("%s.before", kta_or(kta_json_str(s, "id"), ""));
        kta_auto_json struct kta_json *images = NULL;

        if (!kta_undo_is_helm(s) || !kta_undo_chosen(s, NULL))
            continue;
        if (kta_journal_take(dir, name, &images, err) < 0)
            return -1;
        kta_json_each(i, images) {
            if (!image_at(u->was, kta_json_str(i, "path")))
                kta_json_push(u->was, kta_json_copy(i));
        }
    }
    return 0;
}

/* As it was when the undo began, with the change taken back: what others did since stays theirs,
 * though helm has reset it. What helm made again is as it was before the change. */
static struct kta_json *should_be(struct kta_undo *u, const struct kta_undo_item *x,
                                  const struct kta_json *was)
{
    kta_auto_json struct kta_json *ops = NULL;
    kta_auto_str struct kta_str ignored = KTA_STR_INIT;
    struct kta_json *o;

    if (!was || !x->after)
        return kta_undo_again(u, x->before);
    o = kta_json_copy(was);
    kta_server_strip(o);
    ops = kta_undo_ops(x, o, /* force= */ true, &ignored);
    kta_restore_apply(o, ops);
    return o;
}

int kta_undo_helm_left(struct kta_undo *u, const char *by, bool *ret_any, struct kta_err *err)
{
    u->was = kta_json_new_array();
    u->wanted = kta_json_new_array();
    if (take_was(u, by, err) < 0)
        return -1;
    *ret_any = kta_json_len(u->was) > 0;
    for (size_t i = 0; i < u->n; i++) {
        struct kta_undo_item *x = &u->v[i];
        const struct kta_json *was = image_at(u->was, kta_json_str(x->image, "path"));
        struct kta_json *o;

        if (!was || !x->before || kta_undo_is_record(x) || kta_undo_is_hook(x))
            continue;
        if (!x->live) { /* it had been taken over by the release, and went with it */
            x->after = object_of(was) ? NULL : x->after;
            continue;
        }
        o = kta_json_push(u->wanted, should_be(u, x, object_of(was)));
        kta_json_set_str(kta_json_get(o, "metadata"), "uid", kta_or(kta_obj_uid(x->live), ""));
        x->before = o;
        x->after = x->live;
    }
    return 0;
}

/* ---- afterwards ---- */
static void compare_step(struct kta_undo *u, struct kta_str *differs)
{
    for (size_t i = 0; i < u->n; i++) {
        const struct kta_undo_item *x = &u->v[i];
        kta_auto_json struct kta_json *before = NULL, *ops = NULL;
        kta_auto_str struct kta_str ignored = KTA_STR_INIT;

        if (kta_undo_is_record(x) || (x->before && kta_undo_is_hook(x)) || !x->readable ||
            (x->before && kta_undo_comes_back(x)))
            continue;
        if (!x->before != !x->live) {
            kta_str_addf(differs, "%s%s/%s is %s", differs->len ? "; " : "",
                         kta_json_str(x->image, "kind"), kta_json_str(x->image, "name"),
                         x->live ? "still there" : "missing");
            continue;
        }
        if (!x->before)
            continue;
        if (!x->after) { /* it was created again */
            before = kta_undo_again(u, x->before);
            if (!kta_as_manifest(before, x->live))
                kta_str_addf(differs, "%s%s/%s was not created as it was", differs->len ? "; " : "",
                             kta_json_str(x->image, "kind"), kta_json_str(x->image, "name"));
            continue;
        }
        /* what others changed since is theirs: only what the change had touched is compared */
        ops = kta_undo_ops(x, x->live, /* force= */ true, &ignored);
        if (kta_json_len(ops) > 0)
            kta_str_addf(differs, "%s%s/%s differs at %s", differs->len ? "; " : "",
                         kta_json_str(x->image, "kind"), kta_json_str(x->image, "name"),
                         kta_or(kta_json_str(kta_json_item(ops, 0), "path"), "?"));
    }
}

int kta_journal_compare(struct kta_pipeline *p, const char *id, char **ret_text,
                        struct kta_err *err)
{
    const char *step;
    kta_auto_free char *only = kta_journal_id(id, &step);
    kta_auto_json struct kta_json *entry = NULL;
    struct kta_str differs = KTA_STR_INIT;
    struct kta_undo u = {.p = p};
    int rc = 0;

    *ret_text = NULL;
    if (kta_journal_entry(only, &entry, err) < 0)
        return -1;
    kta_undo_release(&u);
    rc = kta_undo_load(&u, only, entry, step, step, err);
    if (rc == 0)
        compare_step(&u, &differs);
    if (rc == 0 && u.unsure.len)
        kta_str_addf(&differs, "%s%s", differs.len ? "; " : "", u.unsure.s);
    kta_undo_release(&u);
    if (rc == 0 && differs.len)
        *ret_text = kta_str_detach(&differs);
    kta_str_release(&differs);
    return rc;
}

int kta_journal_settle(struct kta_pipeline *p, const char *id, bool mark, char **ret_differs,
                       struct kta_err *err)
{
    if (kta_journal_compare(p, id, ret_differs, err) < 0)
        return -1;
    if (!*ret_differs && mark)
        kta_journal_mark_undone(id, id);
    return 0;
}
