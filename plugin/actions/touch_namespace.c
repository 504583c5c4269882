/*
 * touch_namespace.c - what goes with a namespace: read before it is deleted, so that it can be
 * told, and put back.
 *
 * Only kinds of the table are looked at: custom resources are not put back, and the preview says
 * so. What controllers make by themselves (replicas, endpoints, events) is left out.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/obj.h"

static const char *const MADE_BY_ITSELF[] = {"Event", "Endpoints",          "EndpointSlice",
                                             "Lease", "ControllerRevision", "PodMetrics"};

static bool is_made_by_itself(const struct kta_kind *k, const struct kta_json *o)
{
    const char *name = kta_obj_name(o);

    if (kta_obj_controller(o))
        return true;
    if (kta_streq(k->kind, "ConfigMap"))
        return kta_streq(name, "kube-root-ca.crt");
    if (kta_streq(k->kind, "ServiceAccount"))
        return kta_streq(name, "default");
    return kta_streq(k->kind, "Secret") &&
           kta_streq(kta_json_str(o, "type"), "kubernetes.io/service-account-token");
}

static bool looked_at(const struct kta_kind *k)
{
    for (size_t i = 0; i < KTA_LEN(MADE_BY_ITSELF); i++)
        if (kta_streq(MADE_BY_ITSELF[i], k->kind))
            return false;
    return k->namespaced;
}

static size_t take(struct kta_step *s, const struct kta_kind *k, const struct kta_json *list)
{
    size_t n = 0;

    kta_json_each(o, kta_json_get(list, "items"))
    {
        struct kta_touch *t;

        if (is_made_by_itself(k, o))
            continue;
        t = kta_touch_item(s->touches, k, o);
        if (!t)
            continue;
        t->inside = true;
        t->known_after = true;
        n++;
    }
    return n;
}

int kta_touch_namespace(struct kta_pipeline *p, struct kta_step *s, const char *ns,
                        struct kta_err *err)
{
    size_t n_kinds, n = 0, cap = 0, k = 0;
    const struct kta_kind *kinds = kta_kinds(&n_kinds);
    struct kta_read *reads = NULL;
    kta_auto_str struct kta_str words = KTA_STR_INIT;
    struct kta_err why = KTA_ERR_INIT;
    int rc;

    for (size_t i = 0; i < n_kinds; i++) {
        kta_auto_str struct kta_str path = KTA_STR_INIT;

        if (!looked_at(&kinds[i]))
            continue;
        kta_kind_path(&kinds[i], ns, NULL, &path);
        kta_read_add(&reads, &n, &cap, KTA_ACCEPT_JSON, "%s", path.s);
    }
    rc = kta_cluster_read(p->cluster, reads, n, &why);
    for (size_t i = 0; rc == 0 && i < n_kinds; i++) {
        size_t found;

        if (!looked_at(&kinds[i]))
            continue;
        if (reads[k].status == 403)
            kta_preview_warn(&s->preview,
                             "the %s in '%s' may not be read: they could not be put "
                             "back",
                             kinds[i].plural, ns);
        found = take(s, &kinds[i], reads[k++].json);
        if (found)
            kta_str_addf(&words, "%s%zu %s", words.len ? ", " : "", found, kinds[i].plural);
    }
    kta_reads_free(reads, n);
    if (rc < 0 && why.code == KTA_E_INTERRUPTED) {
        *err = why;
        return -1;
    }
    kta_preview_warn(&s->preview, "namespace '%s' holds: %s", ns,
                     rc < 0 ? "(cannot be read)" : kta_or(words.s, "nothing that somebody made"));
    return 0;
}
