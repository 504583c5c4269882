/*
 * held.c - a delete that waits for a finalizer: said before it waits, not waited for as long as for
 * other steps, and told as what it is when the time is up: begun, not done.
 *
 * The cluster's own finalizers (kubernetes.io, and those without a domain) do not count: its
 * controllers see to them, in their own time.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/obj.h"

static bool is_clusters_own(const char *finalizer)
{
    const char *slash = strchr(finalizer, '/');
    size_t n = slash ? (size_t)(slash - finalizer) : 0;
    kta_auto_free char *domain = kta_strndup(finalizer, n);

    return n == 0 || kta_streq(domain, "kubernetes.io") || kta_ends(domain, ".kubernetes.io");
}

static const char *somebodys_own(const struct kta_json *object)
{
    kta_json_each(f, kta_json_at(object, "metadata.finalizers")) {
        if (!is_clusters_own(kta_or(kta_json_text(f), "")))
            return kta_json_text(f);
    }
    return NULL;
}

const char *kta_finalizer(const struct kta_json *object)
{
    return kta_or(somebodys_own(object),
                  kta_json_text(kta_json_item(kta_json_at(object, "metadata.finalizers"), 0)));
}

static bool goes(const struct kta_touch *t)
{
    return t->known_after && !t->after && t->live;
}

const struct kta_touch *kta_held(const struct kta_step *s, const char **ret_finalizer)
{
    for (size_t i = 0; s->touches && i < s->touches->n; i++) {
        const struct kta_touch *t = &s->touches->v[i];

        *ret_finalizer = goes(t) ? somebodys_own(t->live) : NULL;
        if (*ret_finalizer)
            return t;
    }
    return NULL;
}

int64_t kta_held_ms(const struct kta_pipeline *p)
{
    return p->verify_timeout_ms > 0 ? p->verify_timeout_ms : KTA_HELD_MS;
}

bool kta_is_going(struct kta_pipeline *p, const struct kta_step *s)
{
    for (size_t i = 0; s->touches && i < s->touches->n; i++) {
        const struct kta_touch *t = &s->touches->v[i];
        kta_auto_json struct kta_json *now = NULL;
        struct kta_err why = KTA_ERR_INIT;

        if (!goes(t) || t->inside)
            continue;
        if (kta_cluster_get(p->cluster, &now, &why, "%s", t->path) < 0) {
            if (why.code != KTA_E_NOT_FOUND)
                return false;
        } else if (kta_streq(kta_obj_uid(now), kta_obj_uid(t->live)) &&
                   !kta_json_at(now, "metadata.deletionTimestamp")) {
            return false;
        }
    }
    return true;
}
