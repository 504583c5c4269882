/*
 * owned.c - what goes with a deleted object because it owns it: the garbage collector takes an
 * object whose owners are all gone.
 *
 * Only a list of a kind tells who owns its objects, so it is asked where controllers hang objects
 * on an object: of custom resources, and of Ingresses (certificates). One list of metadata for each
 * kind that is served; what the workloads of the table own is known without.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/obj.h"

#define MAX_DEPTH 8 /* owners of owners */

static bool is_going(const struct kta_touch *t)
{
    return t->known_after && !t->after && t->live && !t->inside && !t->record;
}

static bool hangs_things(const struct kta_touch *t)
{
    const struct kta_kind *known = kta_kind_known(t->kind->kind);

    return is_going(t) &&
           (!known || !kta_streq(known->group, t->kind->group) || kta_touch_is(t, "Ingress"));
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

static int owned_in(struct kta_pipeline *p, struct kta_step *s, const char *ns, struct kta_err *err)
{
    struct family f = {.gone = kta_json_new_object()};
    kta_auto_str struct kta_str owners = KTA_STR_INIT;
    size_t n = 0, *counts = NULL;
    int rc;

    for (size_t i = 0; i < s->touches->n; i++) {
        const struct kta_touch *t = &s->touches->v[i];

        if (!hangs_things(t) || !kta_streq(t->ns, ns))
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

int kta_touch_owned(struct kta_pipeline *p, struct kta_step *s, struct kta_err *err)
{
    size_t n = s->touches->n;
    struct kta_err why = KTA_ERR_INIT;

    for (size_t i = 0; i < n; i++) {
        const char *ns = s->touches->v[i].ns;
        bool first = hangs_things(&s->touches->v[i]);

        if (is_going(&s->touches->v[i]) && kta_touch_is(&s->touches->v[i], "ServiceAccount") &&
            tokens_of(p, s, ns, s->touches->v[i].name, err) < 0)
            return -1;
        for (size_t k = 0; first && k < i; k++)
            first = !hangs_things(&s->touches->v[k]) || !kta_streq(s->touches->v[k].ns, ns);
        if (first && owned_in(p, s, ns, err) < 0)
            return -1;
    }
    if (s->touches->n == n || kta_touch_read(p, &s, 1, &why) == 0 || why.code != KTA_E_INTERRUPTED)
        return 0;
    *err = why;
    return -1;
}
