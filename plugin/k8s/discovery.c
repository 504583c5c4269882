/*
 * discovery.c - custom kinds, from the API server's discovery.
 *
 * Asked once for the life of a cluster: /apis answers for every group in one read (aggregated
 * discovery, Kubernetes 1.26 and newer). An older server answers with the names of its groups; then
 * each group is read. The core group's kinds are the table's. Invariant: rows stay where they are
 * once made, since callers keep pointers to them.
 */
#include "discovery.h"

#include "cluster_impl.h"
#include "kta/alloc.h"
#include "kta/limits.h"

struct discovery {
    struct kta_kind **v; /* every string owned */
    size_t n, cap;
    bool stale; /* kinds may have come since */
};

static void kind_free(struct kta_kind *k)
{
    free((char *)(uintptr_t)k->kind);
    free((char *)(uintptr_t)k->plural);
    free((char *)(uintptr_t)k->group);
    free((char *)(uintptr_t)k->version);
    free((char *)(uintptr_t)k->shorts);
    free(k);
}

void discovery_free(struct discovery *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->n; i++)
        kind_free(d->v[i]);
    free(d->v);
    free(d);
}

/* The first of a group's versions that has the resource is the preferred one. version NULL: any. */
static const struct kta_kind *row_of(const struct discovery *d, const char *group,
                                     const char *version, const char *plural)
{
    for (size_t i = 0; i < d->n; i++)
        if (strcmp(d->v[i]->group, group) == 0 && strcmp(d->v[i]->plural, plural) == 0 &&
            (!version || strcmp(d->v[i]->version, version) == 0))
            return d->v[i];
    return NULL;
}

static void add_kind(struct discovery *d, const char *group, const char *version, const char *kind,
                     const char *plural, const char *one, const struct kta_json *shorts,
                     bool namespaced)
{
    struct kta_str words = KTA_STR_INIT;
    struct kta_kind *k;

    if (!group || !version || !kind || !plural || strchr(plural, '/') || d->n >= KTA_MAX_KINDS ||
        row_of(d, group, version, plural))
        return;
    if (one && *one)
        kta_str_add(&words, one);
    kta_json_each(s, shorts)
        kta_str_addf(&words, "%s%s", words.len ? " " : "", kta_or(kta_json_text(s), ""));
    k = kta_calloc(1, sizeof *k);
    k->kind = kta_strdup(kind);
    k->plural = kta_strdup(plural);
    k->group = kta_strdup(group);
    k->version = kta_strdup(version);
    k->shorts = kta_str_detach(&words);
    k->namespaced = namespaced;
    KTA_GROW(d->v, d->n, d->cap);
    d->v[d->n++] = k;
}

/* ---- aggregated: APIGroupDiscoveryList ---- */

static void take_aggregated(struct discovery *d, const struct kta_json *list)
{
    kta_json_each(g, kta_json_get(list, "items")) {
        const char *group = kta_or(kta_json_str(g, "metadata.name"), "");

        kta_json_each(v, kta_json_get(g, "versions")) {
            kta_json_each(r, kta_json_get(v, "resources"))
                add_kind(d, group, kta_json_str(v, "version"), kta_json_str(r, "responseKind.kind"),
                         kta_json_str(r, "resource"), kta_json_str(r, "singularResource"),
                         kta_json_get(r, "shortNames"),
                         kta_streq(kta_json_str(r, "scope"), "Namespaced"));
        }
    }
}

/* ---- one read a group: APIResourceList ---- */

static void take_resources(struct discovery *d, const struct kta_json *list)
{
    const char *gv = kta_or(kta_json_str(list, "groupVersion"), "");
    const char *slash = strchr(gv, '/');
    kta_auto_free char *group = slash ? kta_strndup(gv, (size_t)(slash - gv)) : kta_strdup("");

    kta_json_each(r, kta_json_get(list, "resources"))
        add_kind(d, group, slash ? slash + 1 : gv, kta_json_str(r, "kind"), kta_json_str(r, "name"),
                 kta_json_str(r, "singularName"), kta_json_get(r, "shortNames"),
                 kta_json_bool(r, "namespaced", false));
}

static int read_groups(struct kta_cluster *c, struct discovery *d, const struct kta_json *groups,
                       struct kta_err *err)
{
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0;
    int r;

    kta_json_each(g, kta_json_get(groups, "groups")) {
        const char *gv = kta_json_str(g, "preferredVersion.groupVersion");

        if (gv)
            kta_read_add(&reads, &n, &cap, KTA_ACCEPT_JSON, "/apis/%s", gv);
    }
    r = kta_cluster_read(c, reads, n, err);
    for (size_t i = 0; r == 0 && i < n; i++)
        take_resources(d, reads[i].json);
    kta_reads_free(reads, n);
    return r;
}

static int discover(struct kta_cluster *c, struct kta_err *err)
{
    struct discovery *d = c->discovery ? c->discovery : kta_calloc(1, sizeof *d);
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0;
    int r;

    if (c->discovery && !d->stale)
        return 0;
    kta_read_add(&reads, &n, &cap, KTA_ACCEPT_DISCOVERY, "/apis");
    r = kta_cluster_read(c, reads, n, err);
    if (r == 0 && kta_json_get(reads->json, "items"))
        take_aggregated(d, reads->json);
    else if (r == 0 && kta_json_get(reads->json, "groups"))
        r = read_groups(c, d, reads->json, err);
    if (r == 0 && reads->failed) {
        *err = reads->err;
        r = -1;
    }
    kta_reads_free(reads, n);
    d->stale = r < 0;
    if (r == 0)
        c->discovery = d;
    else if (!c->discovery)
        discovery_free(d);
    return r;
}

void kta_kinds_changed(struct kta_cluster *c)
{
    if (c->discovery)
        c->discovery->stale = true;
}

/* ---- look-up ---- */

static int unknown_kind(const struct discovery *d, const char *name, struct kta_err *err)
{
    size_t known, n = 0;
    const struct kta_kind *rows = kta_kinds(&known);
    const char **names = kta_calloc(2 * (known + (d ? d->n : 0)) + 1, sizeof *names);
    const char *near;

    for (size_t i = 0; i < known; i++) {
        names[n++] = rows[i].plural;
        names[n++] = rows[i].kind;
    }
    for (size_t i = 0; d && i < d->n; i++)
        names[n++] = d->v[i]->plural;
    near = kta_nearest(name, names, n);
    kta_err_set(err, KTA_E_NOT_FOUND, "the cluster has no kind of object called '%s'", name);
    if (near)
        kta_err_hint(err, "did you mean '%s'?", near);
    else
        kta_err_hint(err, "kubectl api-resources lists what there is");
    free(names);
    return -1;
}

int kta_kind_find(struct kta_cluster *c, const char *name, const struct kta_kind **ret,
                  struct kta_err *err)
{
    const struct kta_kind *k = kta_kind_known(name);
    struct kta_err why = KTA_ERR_INIT;

    if (k) {
        *ret = k;
        return 0;
    }
    if (c && discover(c, &why) < 0 && !kta_cluster_is_snapshot(c)) {
        *err = why;
        return -1;
    }
    for (size_t i = 0; c && c->discovery && i < c->discovery->n; i++) {
        if (kind_is(c->discovery->v[i], name)) {
            *ret = c->discovery->v[i];
            return 0;
        }
    }
    return unknown_kind(c ? c->discovery : NULL, name, err);
}

/* api_version: "apps/v1", "v1"; its version counts only when exact. */
static bool is_of(const struct kta_kind *k, const char *api_version, const char *kind, bool exact)
{
    const char *slash = strchr(api_version, '/');
    size_t n = slash ? (size_t)(slash - api_version) : 0;

    return strlen(k->group) == n && strncmp(k->group, api_version, n) == 0 &&
           strcmp(k->kind, kind) == 0 &&
           (!exact || strcmp(k->version, slash ? slash + 1 : api_version) == 0);
}

static const struct kta_kind *in_table(const char *api_version, const char *kind, bool exact)
{
    size_t known;
    const struct kta_kind *rows = kta_kinds(&known);

    for (size_t i = 0; i < known; i++)
        if (is_of(&rows[i], api_version, kind, exact))
            return &rows[i];
    return NULL;
}

static const struct kta_kind *discovered(const struct discovery *d, const char *api_version,
                                         const char *kind, bool exact)
{
    for (size_t i = 0; d && i < d->n; i++)
        if (is_of(d->v[i], api_version, kind, exact))
            return d->v[i];
    return NULL;
}

const struct kta_kind *kta_kind_of(struct kta_cluster *c, const char *api_version, const char *kind)
{
    struct kta_err ignored = KTA_ERR_INIT;
    const struct kta_kind *k;

    if (!api_version || !kind)
        return NULL;
    k = in_table(api_version, kind, /* exact= */ true);
    if (k)
        return k;
    if (c && discover(c, &ignored) == 0)
        k = discovered(c->discovery, api_version, kind, /* exact= */ true);
    if (!k)
        k = in_table(api_version, kind, /* exact= */ false);
    return k || !c ? k : discovered(c->discovery, api_version, kind, /* exact= */ false);
}

const struct kta_kind *kta_kind_served(struct kta_cluster *c, const struct kta_kind *k)
{
    struct kta_err ignored = KTA_ERR_INIT;

    return c && discover(c, &ignored) == 0 ? row_of(c->discovery, k->group, NULL, k->plural) : NULL;
}
