/*
 * world_versions.c - kinds that an older (or newer) server has under another version than the
 * table's: discovery decides.
 */
#include "diag.h"
#include "world_private.h"
#include "kta/alloc.h"
#include "kta/kinds.h"

struct kta_json *world_read_otherwise(struct kta_world *w, const struct kta_kind *k, const char *ns,
                                      struct kta_kind *ret)
{
    struct kta_err ignored = KTA_ERR_INIT;
    kta_auto_str struct kta_str path = KTA_STR_INIT;
    struct kta_json *list = NULL;
    if (!*k->group || kta_cluster_is_snapshot(w->cluster))
        return NULL;
    const struct kta_kind *served = kta_kind_served(w->cluster, k);
    if (!served || kta_streq(served->version, k->version))
        return NULL;
    *ret = *k;
    ret->version = served->version;
    kta_kind_path(ret, k->namespaced ? ns : NULL, NULL, &path);
    return kta_cluster_get(w->cluster, &list, &ignored, "%s", path.s) ? NULL : list;
}
