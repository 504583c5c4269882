/*
 * owned.c - what goes with a deleted object because it owns it: the garbage collector takes an
 * object whose owners are all gone.
 *
 * Only a list of a kind tells who owns its objects: one list of metadata for each kind that is
 * served. The preview asks where controllers hang objects on an object: of custom resources, and of
 * Ingresses that an annotation hands to one (certificates). What the workloads of the table own is
 * known without; whether somebody hung more on them, or on any other object, is looked for when the
 * deletion is about to run.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/obj.h"

#define MAX_DEPTH 8 /* owners of owners */

static bool is_going(const struct kta_touch *t)
{
    return t->known_after && !t->after && t->live && !t->inside && !t->record;
}

/* Somebody's annotation, which a controller may act upon. */
static bool is_annotated(const struct kta_json *object)
{
    kta_json_each(a, kta_json_at(object, "metadata.annotations")) {
        if (!kta_starts(kta_json_key(a), "kubectl.kubernetes.io/"))
            return true;
    }
    return false;
}

static bool hangs_things(const struct kta_touch *t)
{
    const struct kta_kind *known = kta_kind_known(t->kind->kind);

    return is_going(t) && (!known || !kta_streq(known->group, t->kind->group) ||
                           (kta_touch_is(t, "Ingress") && is_annotated(t->live)));
}

static bool may_own(const struct kta_touch *t)
{
    return is_going(t) && t->ns && !hangs_things(t);
}

/* ---- what has an owner at all ---- */
static bool has_owner(void *ctx, struct kta_json *item)
{
    (void)ctx;
    return kta_json_len(kta_json_at(item, "metadata.ownerReferences")) > 0;
}

static void shorten(struct kta_json *item)
{
    kta_json_remove(kta_json_get(item, "metadata"), "managedFields");
    kta_json_remove(kta_json_get(item, "metadata"), "annotations");
    kta_json_remove(kta_json_get(item, "metadata"), "labels");
}

struct family {
    struct kta_kind_list kinds;
    struct kta_read *reads; /* one a kind */
    size_t n, cap;
    struct kta_json *gone; /* uids, as keys */
};

/* ns NULL: everywhere. */
static int read_all(struct kta_pipeline *p, const char *ns, struct family *f, struct kta_err *err)
{
    struct kta_err why = KTA_ERR_INIT;

    if (kta_kinds_there(p, /* everywhere= */ !ns, &f->kinds, err) < 0)
        return -1;
    for (size_t i = 0; i < f->kinds.n; i++) {
        kta_auto_str struct kta_str path = KTA_STR_INIT;
        struct kta_read *r;

        kta_kind_path(f->kinds.v[i], ns, NULL, &path);
        r = kta_read_add(&f->reads, &f->n, &f->cap, KTA_ACCEPT_METADATA, "%s", path.s);
        r->page = KTA_PREVIEW_PAGE;
        r->keep = has_owner;
        r->trim = shorten;
    }
    if (kta_cluster_read(p->cluster, f->reads, f->n, &why) < 0 && why.code == KTA_E_INTERRUPTED) {
        *err = why;
        return -1;
    }
    return 0;
}

/* ---- who goes ---- */
static bool goes(const struct family *f, const struct kta_json *o)
{
    if (kta_json_get(f->gone, kta_or(kta_obj_uid(o), "")))
        return false; /* already counted */
    kta_json_each(ref, kta_json_at(o, "metadata.ownerReferences")) {
        if (!kta_json_get(f->gone, kta_or(kta_json_str(ref, "uid"), "")))
            return false;
    }
    return true;
}

/* What a controller makes again is not ours to keep. */
static void keep(struct kta_step *s, const struct kta_kind *kind, const struct kta_json *o)
{
    struct kta_touch *t;

    if (kta_obj_controller(o))
        return;
    t = kta_touch_add(s->touches, kind, kta_obj_namespace(o), kta_or(kta_obj_name(o), ""));
    if (t && !t->known_after)
        t->inside = t->known_after = true;
}

static bool collect(struct kta_step *s, struct family *f, size_t *counts)
{
    bool any = false;

    for (size_t i = 0; i < f->n; i++)
        kta_json_each(o, kta_json_get(f->reads[i].json, "items")) {
            if (!goes(f, o))
                continue;
            kta_json_set_bool(f->gone, kta_or(kta_obj_uid(o), ""), true);
            keep(s, f->kinds.v[i], o);
            counts[i]++;
            any = true;
        }
    return any;
}

/* How far the search went is said: what it finds is what a list told. */
static void tell(struct kta_step *s, const struct family *f, const char *owners,
                 const size_t *counts)
{
    kta_auto_str struct kta_str words = KTA_STR_INIT, unread = KTA_STR_INIT;

    for (size_t i = 0; i < f->n; i++) {
        int status = f->reads[i].status;

        if (!f->reads[i].json && status != 404 && status != 405)
            kta_str_addf(&unread, "%s%s", unread.len ? ", " : "", f->kinds.v[i]->plural);
        if (counts[i])
            kta_str_addf(&words, "%s%zu %s", words.len ? ", " : "", counts[i],
                         f->kinds.v[i]->plural);
    }
    if (words.len)
        kta_preview_warn(&s->preview,
                         "deleting %s takes what it owns with it: %s (%zu kinds were looked "
                         "through)",
                         owners, words.s, f->n);
    else
        kta_preview_warn(&s->preview, "%s owns nothing: %zu kinds were looked through", owners,
                         f->n);
    if (unread.len)
        kta_preview_warn(&s->preview, "%s may own objects that could not be listed: %s", owners,
                         unread.s);
    if (f->kinds.untold)
        kta_preview_warn(&s->preview, "%s may own objects of kinds that could not be told", owners);
    if (f->kinds.cut)
        kta_preview_warn(&s->preview, "%s may own more: only the first %zu kinds were looked at",
                         owners, f->n);
}

typedef bool kta_picks(const struct kta_touch *t);

/* What the picked objects of a namespace (NULL: those without one) own. */
static int owned_in(struct kta_pipeline *p, struct kta_step *s, const char *ns, kta_picks *picks,
                    struct kta_err *err)
{
    struct family f = {.gone = kta_json_new_object()};
    kta_auto_str struct kta_str owners = KTA_STR_INIT;
    size_t n = 0, had = s->touches->n, *counts = NULL;
    int rc;

    for (size_t i = 0; i < s->touches->n; i++) {
        const struct kta_touch *t = &s->touches->v[i];

        if (!picks(t) || !kta_streq(t->ns, ns))
            continue;
        kta_json_set_bool(f.gone, kta_or(kta_obj_uid(t->live), ""), true);
        if (n++ == 0)
            kta_str_addf(&owners, "%s '%s'", t->kind->kind, t->name);
    }
    if (n > 1)
        kta_str_addf(&owners, " and %zu more", n - 1);
    rc = read_all(p, ns, &f, err);
    if (rc == 0) {
        counts = kta_calloc(f.n + 1, sizeof *counts);
        for (int depth = 0; depth < MAX_DEPTH && collect(s, &f, counts); depth++)
            ;
        if (picks == hangs_things || s->touches->n > had)
            tell(s, &f, owners.s, counts);
    }
    free(counts);
    free(f.kinds.v);
    kta_json_free(f.gone);
    kta_reads_free(f.reads, f.n);
    return rc;
}

/* The token controller takes the token Secrets of an account that goes. */
static int tokens_of(struct kta_pipeline *p, struct kta_step *s, const char *ns, const char *name,
                     struct kta_err *err)
{
    kta_auto_json struct kta_json *list = NULL;
    struct kta_err why = KTA_ERR_INIT;

    if (kta_cluster_get(p->cluster, &list, &why,
                        "/api/v1/namespaces/%s/secrets?fieldSelector=type%%3Dkubernetes.io%%2F"
                        "service-account-token",
                        ns) < 0) {
        if (why.code != KTA_E_INTERRUPTED)
            return 0;
        *err = why;
        return -1;
    }
    kta_json_each(o, kta_json_get(list, "items")) {
        struct kta_touch *t;

        if (!kta_streq(kta_obj_annotation(o, "kubernetes.io/service-account.name"), name))
            continue;
        t = kta_touch_item(s->touches, kta_kind_known("secrets"), o);
        if (t && !t->known_after)
            t->inside = t->known_after = true;
        kta_preview_warn(&s->preview, "deleting ServiceAccount '%s' takes its token '%s' with it",
                         name, kta_obj_name(o));
    }
    return 0;
}

/* Once for each namespace of the first n touches in which some are picked. */
static int owned_by(struct kta_pipeline *p, struct kta_step *s, size_t n, kta_picks *picks,
                    struct kta_err *err)
{
    for (size_t i = 0; i < n; i++) {
        const char *ns = s->touches->v[i].ns;
        bool first = picks(&s->touches->v[i]);

        for (size_t k = 0; first && k < i; k++)
            first = !picks(&s->touches->v[k]) || !kta_streq(s->touches->v[k].ns, ns);
        if (first && owned_in(p, s, ns, picks, err) < 0)
            return -1;
    }
    return 0;
}

/* The live versions of those that have come since there were n. */
static int read_new(struct kta_pipeline *p, struct kta_step *s, size_t n, struct kta_err *err)
{
    struct kta_err why = KTA_ERR_INIT;

    if (s->touches->n == n || kta_touch_read(p, &s, 1, &why) == 0 || why.code != KTA_E_INTERRUPTED)
        return 0;
    *err = why;
    return -1;
}

int kta_touch_owned(struct kta_pipeline *p, struct kta_step *s, struct kta_err *err)
{
    size_t n = s->touches->n;

    for (size_t i = 0; i < n; i++)
        if (is_going(&s->touches->v[i]) && kta_touch_is(&s->touches->v[i], "ServiceAccount") &&
            tokens_of(p, s, s->touches->v[i].ns, s->touches->v[i].name, err) < 0)
            return -1;
    if (owned_by(p, s, n, hangs_things, err) < 0)
        return -1;
    return read_new(p, s, n, err);
}

int kta_touch_owned_more(struct kta_pipeline *p, struct kta_step *s, bool *ret_more,
                         struct kta_err *err)
{
    struct kta_command cmd = {0};
    struct kta_err ignored = KTA_ERR_INIT;
    size_t n = s->touches ? s->touches->n : 0;
    int rc = 0;

    *ret_more = false;
    if (n == 0 || kta_command_parse(&s->argv, &cmd, &ignored) < 0)
        return 0;
    if (!kta_leaves_orphans(&cmd))
        rc = owned_by(p, s, n, may_own, err);
    kta_command_release(&cmd);
    if (rc < 0 || read_new(p, s, n, err) < 0)
        return -1;
    *ret_more = s->touches->n > n;
    s->preview.objects += (int64_t)(s->touches->n - n);
    return 0;
}
