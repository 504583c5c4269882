/*
 * world_get.c - one object by its name, and several at once.
 */
#include <stdlib.h>
#include <string.h>

#include "world_private.h"
#include "kta/alloc.h"
#include "kta/http.h"
#include "kta/obj.h"

/* Takes o. An object that is there already without its template is completed in its place. */
static void put_object(struct kta_world *w, const struct kta_kind *k, struct kta_json *o)
{
    struct kta_json *there = kta_world_uid(w, kta_obj_uid(o));
    world_name_kind(o, k);
    if (there && kta_json_get(there, KTA_SLIM))
        kta_json_swap(there, o);
    KTA_GROW(w->extra, w->n_extra, w->cap_extra);
    w->extra[w->n_extra++] = o;
    if (there)
        return;
    world_index_uid(w, o);
    for (size_t i = 0; i < w->n_lists; i++) {
        struct world_list *l = w->lists[i];
        if (kta_streq(l->kind, k->plural) && (!l->ns || kta_streq(l->ns, kta_obj_namespace(o))))
            world_add_item(w, l, o);
    }
}

int kta_world_fetch(struct kta_world *w, const struct kta_world_want *wants, size_t n,
                    struct kta_err *err)
{
    struct kta_read *reads = NULL;
    size_t n_reads = 0, cap = 0;
    const struct kta_kind **of = kta_calloc(n + 1, sizeof *of);
    for (size_t i = 0; i < n; i++) {
        const struct kta_kind *k = world_kind(w, wants[i].kind);
        kta_auto_str struct kta_str path = KTA_STR_INIT;
        if (!k)
            continue;
        kta_kind_path(k, wants[i].ns, wants[i].name, &path);
        if (wants[i].labels) {
            kta_str_add(&path, "?limit=20&labelSelector=");
            kta_url_escape(wants[i].labels, &path);
        }
        kta_read_add(&reads, &n_reads, &cap,
                     world_metadata_only(k) ? KTA_ACCEPT_METADATA : KTA_ACCEPT_JSON, "%s", path.s);
        of[n_reads - 1] = k;
    }
    int rc = n_reads && w->cluster ? kta_cluster_read(w->cluster, reads, n_reads, err) : 0;
    for (size_t i = 0; i < n_reads && !rc; i++) {
        struct kta_json *items = kta_json_get(reads[i].json, "items"), *o;
        if (reads[i].failed && reads[i].status != 404)
            kta_world_note_missing(w, "%s", reads[i].err.msg);
        if (reads[i].failed || !reads[i].json)
            continue;
        while (items && (o = kta_json_first(items)))
            put_object(w, of[i], kta_json_detach(items, o));
        if (!items)
            put_object(w, of[i], KTA_STEAL(reads[i].json));
    }
    kta_reads_free(reads, n_reads);
    free(of);
    return rc;
}

static struct kta_json *by_name(const struct world_list *l, const char *ns, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (kta_streq(kta_obj_name(l->items[i]), name) &&
            (!ns || kta_streq(kta_obj_namespace(l->items[i]), ns)))
            return l->items[i];
    return NULL;
}

struct kta_json *kta_world_get(struct kta_world *w, const char *kind, const char *ns,
                               const char *name, bool *ret_known)
{
    bool unused;
    if (!ret_known)
        ret_known = &unused;
    *ret_known = false;
    const struct kta_kind *k = world_kind(w, kind);
    if (!k || !name)
        return NULL;
    if (!k->namespaced)
        ns = NULL;
    struct world_list *l = world_have_list(w, k, ns);
    if (l && l->readable) {
        struct kta_json *o = by_name(l, ns, name);
        *ret_known = true;
        if ((o && !kta_json_get(o, KTA_SLIM)) || !l->partial)
            return o;
    }
    for (size_t i = 0; i < w->n_singles; i++) {
        struct world_single *s = &w->singles[i];
        if (kta_streq(s->kind, k->plural) && kta_streq(s->ns, ns) && kta_streq(s->name, name)) {
            *ret_known = s->known;
            return s->object;
        }
    }
    struct world_single s = {kta_strdup(k->plural), kta_strdup(ns), kta_strdup(name), NULL, false};
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_str struct kta_str path = KTA_STR_INIT;
    kta_kind_path(k, ns, name, &path);
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0;
    if (w->cluster) {
        kta_read_add(&reads, &n, &cap,
                     world_metadata_only(k) ? KTA_ACCEPT_METADATA : KTA_ACCEPT_JSON, "%s", path.s);
        if (!kta_cluster_read(w->cluster, reads, n, &err)) {
            s.known = reads[0].status == 404 || (reads[0].json && !reads[0].failed);
            if (reads[0].json && !reads[0].failed) {
                s.object = reads[0].json;
                reads[0].json = NULL;
                world_name_kind(s.object, k);
                world_index_uid(w, s.object);
            } else if (!s.known) {
                kta_world_note_missing(w, "%s", reads[0].err.msg);
            }
        }
        kta_reads_free(reads, n);
    }
    KTA_GROW(w->singles, w->n_singles, w->cap_singles);
    w->singles[w->n_singles++] = s;
    *ret_known = s.known;
    return s.object;
}
