/*
 * touch_namespace.c - what goes with a namespace or a CustomResourceDefinition: read before it is
 * deleted, so that it can be told, and put back.
 *
 * The kinds of the table are looked at, and those that discovery names besides. What controllers
 * make by themselves (replicas, endpoints, events) is left out.
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

static bool looked_at(const struct kta_kind *k, bool everywhere)
{
    for (size_t i = 0; i < KTA_LEN(MADE_BY_ITSELF); i++)
        if (kta_streq(MADE_BY_ITSELF[i], k->kind))
            return false;
    return (k->namespaced || everywhere) && !kta_streq(k->group, "metrics.k8s.io");
}

static size_t take(struct kta_step *s, const struct kta_kind *k, const struct kta_json *list)
{
    size_t n = 0;

    kta_json_each(o, kta_json_get(list, "items")) {
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

/* ---- the kinds to look at ---- */
#define MAX_CUSTOM 100 /* kinds that are not in the table */

static bool has_verb(const struct kta_json *resource, const char *verb)
{
    kta_json_each(v, kta_json_get(resource, "verbs")) {
        if (kta_streq(kta_json_text(v), verb))
            return true;
    }
    return false;
}

static void add_kind(struct kta_kind_list *l, const struct kta_kind *k)
{
    for (size_t i = 0; i < l->n; i++)
        if (kta_streq(l->v[i]->plural, k->plural) && kta_streq(l->v[i]->group, k->group))
            return;
    KTA_GROW(l->v, l->n, l->cap);
    l->v[l->n++] = k;
}

static void add_custom(struct kta_pipeline *p, struct kta_kind_list *l, const char *group,
                       const struct kta_json *resource, bool everywhere)
{
    kta_auto_free char *name =
        kta_asprintf("%s.%s", kta_or(kta_json_str(resource, "resource"), ""), group);
    const struct kta_kind *k;
    struct kta_err ignored = KTA_ERR_INIT;

    if ((!everywhere && !kta_streq(kta_json_str(resource, "scope"), "Namespaced")) ||
        !has_verb(resource, "list") || !has_verb(resource, "create") ||
        !has_verb(resource, "delete"))
        return;
    for (size_t i = 0; i < KTA_LEN(MADE_BY_ITSELF); i++)
        if (kta_streq(kta_json_str(resource, "responseKind.kind"), MADE_BY_ITSELF[i]))
            return;
    if (kta_kind_find(p->cluster, name, &k, &ignored) < 0)
        return;
    if (l->n < MAX_CUSTOM)
        add_kind(l, k);
    else
        l->cut = true;
}

/* What the API server serves besides the table; a server without aggregated discovery is told. */
static int find_custom(struct kta_pipeline *p, struct kta_kind_list *l, bool everywhere,
                       struct kta_err *err)
{
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0;
    struct kta_err why = KTA_ERR_INIT;

    kta_read_add(&reads, &n, &cap, KTA_ACCEPT_DISCOVERY, "/apis");
    if (kta_cluster_read(p->cluster, reads, n, &why) < 0 && why.code == KTA_E_INTERRUPTED) {
        kta_reads_free(reads, n);
        *err = why;
        return -1;
    }
    l->untold = !kta_json_get(reads[0].json, "items");
    kta_json_each(g, kta_json_get(reads[0].json, "items")) {
        const struct kta_json *newest = kta_json_item(kta_json_get(g, "versions"), 0);
        const char *group = kta_json_str(g, "metadata.name");

        kta_json_each(r, kta_json_get(newest, "resources")) {
            if (group && *group)
                add_custom(p, l, group, r, everywhere);
        }
    }
    kta_reads_free(reads, n);
    return 0;
}

int kta_kinds_there(struct kta_pipeline *p, bool everywhere, struct kta_kind_list *ret,
                    struct kta_err *err)
{
    struct kta_kind_list custom = {0};
    size_t n;
    const struct kta_kind *kinds = kta_kinds(&n);
    int rc = find_custom(p, &custom, everywhere, err);

    for (size_t i = 0; rc == 0 && i < n; i++)
        if (looked_at(&kinds[i], everywhere))
            add_kind(ret, &kinds[i]);
    for (size_t i = 0; rc == 0 && i < custom.n; i++)
        add_kind(ret, custom.v[i]);
    ret->cut = custom.cut;
    ret->untold = custom.untold;
    free(custom.v);
    return rc;
}

/* kinds: "pods, secrets". */
static void tell_unread(struct kta_step *s, const char *kinds, const char *ns)
{
    kta_auto_free char *what =
        ns ? kta_asprintf("the %s in '%s'", kinds, ns) : kta_asprintf("the %s", kinds);

    kta_preview_warn(&s->preview, "%s may not be read: they could not be put back", what);
    kta_str_addf(&s->touches->unread, "%s%s", s->touches->unread.len ? ", " : "", what);
}

/* Reads what is there of each kind (ns NULL: everywhere) and takes it: "2 pods, 1 services". */
static int take_all(struct kta_pipeline *p, struct kta_step *s, const struct kta_kind_list *l,
                    const char *ns, struct kta_str *words, struct kta_err *err)
{
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0;
    kta_auto_str struct kta_str unread = KTA_STR_INIT;
    struct kta_err why = KTA_ERR_INIT;
    int rc;

    for (size_t i = 0; i < l->n; i++) {
        kta_auto_str struct kta_str path = KTA_STR_INIT;

        kta_kind_path(l->v[i], ns, NULL, &path);
        kta_read_add(&reads, &n, &cap, KTA_ACCEPT_JSON, "%s", path.s);
    }
    rc = n ? kta_cluster_read(p->cluster, reads, n, &why) : 0;
    for (size_t i = 0; rc == 0 && i < l->n; i++) {
        size_t found;

        if (!reads[i].json && reads[i].status != 404 && reads[i].status != 405)
            kta_str_addf(&unread, "%s%s", unread.len ? ", " : "", l->v[i]->plural);
        found = take(s, l->v[i], reads[i].json);
        if (found)
            kta_str_addf(words, "%s%zu %s", words->len ? ", " : "", found, l->v[i]->plural);
    }
    kta_reads_free(reads, n);
    if (rc < 0 && why.code == KTA_E_INTERRUPTED) {
        *err = why;
        return -1;
    }
    if (unread.len)
        tell_unread(s, unread.s, ns);
    if (rc < 0)
        kta_str_add(words, "(cannot be read)");
    return 0;
}

int kta_touch_namespace(struct kta_pipeline *p, struct kta_step *s, const char *ns,
                        struct kta_err *err)
{
    kta_auto_str struct kta_str words = KTA_STR_INIT;
    struct kta_kind_list kinds = {0};
    int rc = kta_kinds_there(p, /* everywhere= */ false, &kinds, err);

    if (kinds.untold)
        kta_preview_warn(&s->preview, "which custom resources it holds cannot be told: they could "
                                      "not be put back");
    if (kinds.cut)
        kta_preview_warn(&s->preview, "it may hold custom resources that could not be put back");
    if (rc == 0)
        rc = take_all(p, s, &kinds, ns, &words, err);
    free(kinds.v);
    if (rc < 0)
        return -1;
    kta_preview_warn(&s->preview, "namespace '%s' holds: %s", ns,
                     words.len ? words.s : "nothing that somebody made");
    return 0;
}

int kta_touch_definition(struct kta_pipeline *p, struct kta_step *s, const struct kta_json *crd,
                         struct kta_err *err)
{
    kta_auto_str struct kta_str words = KTA_STR_INIT;
    const char *name = kta_obj_name(crd);
    const struct kta_kind *k;
    struct kta_err ignored = KTA_ERR_INIT;
    struct kta_kind_list kinds = {0};
    int rc;

    if (!name || kta_kind_find(p->cluster, name, &k, &ignored) < 0)
        return 0; /* it is not served (yet): it has no objects */
    add_kind(&kinds, k);
    rc = take_all(p, s, &kinds, NULL, &words, err);
    free(kinds.v);
    if (rc == 0)
        kta_preview_warn(&s->preview, "the definition of %s has %s", k->plural,
                         words.len ? words.s : "no objects");
    return rc;
}
