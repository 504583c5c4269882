/*
 * world_events.c - events, indexed by the uid of what they speak of.
 */
#include <stdlib.h>
#include <string.h>

#include "world_private.h"
#include "kta/alloc.h"
#include "kta/obj.h"

static int by_uid_newest(const void *pa, const void *pb)
{
    const struct event_row *a = pa, *b = pb;
    int d = strcmp(a->uid, b->uid);
    if (d)
        return d;
    return a->when > b->when ? -1 : a->when < b->when;
}

/* The events of every list that was read so far, sorted by uid ("" for those without one). */
static void index_events(struct kta_world *w)
{
    size_t lists = 0;
    for (size_t i = 0; i < w->n_lists; i++)
        lists += kta_streq(w->lists[i]->kind, "events") && w->lists[i]->doc;
    if (lists == w->events_seen_lists)
        return;
    w->events_seen_lists = lists;
    w->n_events = 0;
    for (size_t i = 0; i < w->n_lists; i++) {
        const struct world_list *l = w->lists[i];
        if (!kta_streq(l->kind, "events") || !l->doc)
            continue;
        for (size_t k = 0; k < l->n; k++) {
            KTA_GROW(w->events, w->n_events, w->cap_events);
            w->events[w->n_events++] =
                (struct event_row){kta_or(kta_json_str(l->items[k], "involvedObject.uid"), ""),
                                   l->items[k], kta_event_time(l->items[k])};
        }
    }
    if (w->n_events)
        qsort(w->events, w->n_events, sizeof *w->events, by_uid_newest);
}

static size_t first_row(const struct kta_world *w, const char *uid)
{
    size_t lo = 0, hi = w->n_events;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(w->events[mid].uid, uid) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

size_t kta_world_events(struct kta_world *w, const struct kta_json *object, struct kta_json ***ret)
{
    const char *ns = kta_obj_namespace(object), *uid = kta_obj_uid(object);
    const char *kind = kta_obj_kind(object), *name = kta_obj_name(object);
    if (ns)
        (void)world_need_list(w, "events", ns);
    index_events(w);
    struct kta_json **v = NULL;
    size_t n = 0, cap = 0;
    if (uid)
        for (size_t i = first_row(w, uid); i < w->n_events && kta_streq(w->events[i].uid, uid);
             i++) {
            KTA_GROW(v, n, cap);
            v[n++] = w->events[i].event;
        }
    /* A node's events carry its name as uid; some recorders set none. */
    const char *other = kta_streq(kind, "Node") ? name : "";
    for (size_t i = first_row(w, kta_or(other, "")); i < w->n_events; i++) {
        if (!kta_streq(w->events[i].uid, kta_or(other, "")))
            break;
        const struct kta_json *of = kta_json_get(w->events[i].event, "involvedObject");
        if (!kta_streq(kta_json_str(of, "kind"), kind) ||
            !kta_streq(kta_json_str(of, "name"), name))
            continue;
        KTA_GROW(v, n, cap);
        v[n++] = w->events[i].event;
    }
    *ret = v;
    return n;
}
