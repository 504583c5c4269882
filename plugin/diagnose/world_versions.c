/*
 * world_versions.c - kinds that an older (or newer) server has under another version than the
 * table's: discovery decides.
 */
#include <stdlib.h>

#include "diag.h"
#include "world_private.h"
#include "kta/alloc.h"
#include "kta/kinds.h"

static bool serves(struct kta_world *w, const char *group_version, const char *plural)
{
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    if (kta_cluster_get(w->cluster, &v, &ignored, "/apis/%s", group_version))
        return false;
    kta_json_each(r, kta_json_get(v, "resources")) {
        if (kta_streq(kta_json_str(r, "name"), plural))
            return true;
    }
    return false;
}

struct kta_json *world_read_otherwise(struct kta_world *w, const struct kta_kind *k, const char *ns,
                                      struct kta_kind *ret)
{
    kta_auto_json struct kta_json *groups = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    if (!*k->group || kta_cluster_is_snapshot(w->cluster) ||
        kta_cluster_get(w->cluster, &groups, &ignored, "/apis"))
        return NULL;
    kta_json_each(g, kta_json_get(groups, "groups")) {
        if (!kta_streq(kta_json_str(g, "name"), k->group))
            continue;
        kta_json_each(v, kta_json_get(g, "versions")) {
            const char *version = kta_json_str(v, "version");
            const char *full = kta_json_str(v, "groupVersion");
            if (!version || !full || kta_streq(version, k->version) || !serves(w, full, k->plural))
                continue;
            kta_auto_str struct kta_str path = KTA_STR_INIT;
            struct kta_json *list = NULL;
            *ret = *k;
            ret->version = kta_world_keep_text(w, version);
            kta_kind_path(ret, k->namespaced ? ns : NULL, NULL, &path);
            return kta_cluster_get(w->cluster, &list, &ignored, "%s", path.s) ? NULL : list;
        }
    }
    return NULL;
}
