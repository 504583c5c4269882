/* open.c - a cluster made from a kubeconfig or a snapshot's folder, and its end. */
#include "cluster_impl.h"

#include <stdlib.h>
#include "discovery.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/limits.h"
#include "rest.h"
#include "snapfiles.h"

int kta_cluster_open(struct kta_kubeconfig *k, int64_t timeout_ms, struct kta_cluster **ret,
                     struct kta_err *err)
{
    struct kta_cluster *c = kta_calloc(1, sizeof *c);

    c->k = k;
    c->context = kta_strdup(kta_or(k->context, ""));
    c->server = kta_strdup(k->server);
    c->namespace_ = kta_strdup(kta_or(k->namespace_, "default"));
    c->user = kta_strdup(kta_or(k->user, ""));
    c->now = KTA_NO_TIME;
    if (rest_open(c, timeout_ms > 0 ? timeout_ms : KTA_HTTP_TIMEOUT_MS, err) < 0) {
        kta_cluster_free(c);
        return -1;
    }
    *ret = c;
    return 0;
}

int kta_cluster_open_snapshot(const char *dir, struct kta_cluster **ret, struct kta_err *err)
{
    struct kta_cluster *c = kta_calloc(1, sizeof *c);

    c->now = KTA_NO_TIME;
    if (snapshot_open(c, dir, err) < 0) {
        kta_cluster_free(c);
        return -1;
    }
    *ret = c;
    return 0;
}

void kta_cluster_free(struct kta_cluster *c)
{
    if (!c)
        return;
    if (c->ops)
        c->ops->free(c);
    discovery_free(c->discovery);
    kta_kubeconfig_free(c->k);
    free(c->context);
    free(c->server);
    free(c->namespace_);
    free(c->user);
    free(c);
}
