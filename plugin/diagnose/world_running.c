/*
 * world_running.c - the pods of all namespaces that take room on nodes.
 */
#include <stdlib.h>

#include "world_private.h"
#include "kta/alloc.h"
#include "kta/obj.h"

#define RUNNING_MOST 3000 /* pods of the cluster that are counted */

/* NULL: they could not be read, or are too many to be worth it. */
static struct kta_json *read_running(struct kta_world *w)
{
    static const char path[] = "/api/v1/pods?fieldSelector=status.phase%21%3DSucceeded%2C"
                               "status.phase%21%3DFailed";
    struct kta_err err = KTA_ERR_INIT;
    struct kta_json *doc = NULL;
    for (int page = 1; page >= 0 && !doc; page--) {
        struct kta_read *reads = NULL;
        size_t n = 0, cap = 0;
        kta_read_add(&reads, &n, &cap, KTA_ACCEPT_JSON, "%s%s", path, page ? "&limit=500" : "");
        kta_large_running(&reads[0]);
        if (kta_cluster_read(w->cluster, reads, n, &err) || reads[0].failed) {
            kta_world_note_missing(w, "%s", reads[0].failed ? reads[0].err.msg : err.msg);
            page = -1;
        } else if (kta_json_int(reads[0].json, "metadata.remainingItemCount", 0) > RUNNING_MOST) {
            kta_world_note_missing(w, "the room on nodes: more than %d pods take of it",
                                   RUNNING_MOST);
            page = -1;
        } else if (!page || !*kta_or(kta_json_str(reads[0].json, "metadata.continue"), "")) {
            doc = KTA_STEAL(reads[0].json);
        }
        kta_reads_free(reads, n);
    }
    return doc;
}

size_t kta_world_running_pods(struct kta_world *w, struct kta_json *const **ret)
{
    if (!w->running_read && w->cluster) {
        w->running_read = true;
        struct world_list *all = world_find_list(w, "pods", NULL);
        if (!all)
            w->running = read_running(w);
        const struct kta_json *items = kta_json_get(w->running, "items");
        size_t n = all ? all->n : kta_json_len(items), i = 0;
        w->running_items = kta_calloc(n + 1, sizeof *w->running_items);
        if (all && !all->partial)
            for (; i < n; i++)
                w->running_items[i] = all->items[i];
        kta_json_each(o, items)
            w->running_items[i++] = o;
        for (size_t k = 0; k < i; k++) {
            const char *phase = kta_json_str(w->running_items[k], "status.phase");
            if (!kta_streq(phase, "Succeeded") && !kta_streq(phase, "Failed"))
                w->running_items[w->n_running++] = w->running_items[k];
        }
    }
    *ret = w->running_items;
    return w->n_running;
}
