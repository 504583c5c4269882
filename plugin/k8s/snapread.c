/*
 * snapread.c - a folder as a cluster: the reading half of snapshot.h.
 *
 * A read is answered by the first of: the file of exactly this read; the list that holds it, of its
 * namespace or of all, filtered; the lists of all namespaces that were recorded, put together. What
 * none of them has was not recorded, and is 404.
 */
#include <sys/stat.h>
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/obj.h"
#include "kta/yaml.h"
#include "rest.h"
#include "snapfiles.h"

struct snapshot {
    char *dir;
    bool dump; /* written by kubectl cluster-info dump */
};

static struct snapshot *snapshot_of(const struct kta_cluster *c)
{
    return c->impl;
}

/* ---- files ---- */

/* 1: *ret is the parsed file; 0: there is none; -1: it is broken, or a recorded refusal. */
static int load(const struct snapshot *s, const char *name, struct kta_json **ret,
                struct kta_err *err)
{
    kta_auto_free char *path = kta_fs_join(s->dir, name);
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct kta_json *v = NULL;
    int64_t code;

    if (!kta_fs_exists(path))
        return 0;
    if (kta_fs_read(path, KTA_MAX_HTTP_BODY, &text, err) < 0)
        return -1;
    if (kta_ends(name, ".yaml") ? kta_yaml_parse(text.s, text.len, &v, err) < 0
                                : kta_json_parse(text.s, text.len, &v, err) < 0)
        return kta_err_wrap(err, "the snapshot's file '%s'", name);
    if (!kta_streq(kta_json_str(v, "kind"), "Status")) {
        *ret = v;
        return 1;
    }
    code = kta_json_int(v, "code", 500);
    kta_err_set(err,
                code == 403 || code == 401 ? KTA_E_AUTH
                : code == 404              ? KTA_E_NOT_FOUND
                                           : KTA_E_CLUSTER,
                "%s", kta_or(kta_json_str(v, "message"), "refused"));
    err->http = (int)code;
    kta_json_free(v);
    return -1;
}

/* The file of a path in one of its forms; as load(). */
static int load_as(const struct snapshot *s, const struct api_path *a, const char *path,
                   enum kta_accept accept, bool selectors, struct kta_json **ret,
                   struct kta_err *err)
{
    kta_auto_str struct kta_str name = KTA_STR_INIT;

    if (s->dump) {
        if (accept != KTA_ACCEPT_JSON || selectors || !a->list || !dump_list_name(a, &name))
            return 0;
    } else if (!snap_name(a, path, accept, selectors, &name)) {
        return 0;
    }
    return load(s, name.s, ret, err);
}

/* ---- lists ---- */

/* The namespaces of which anything was recorded. */
static int recorded_namespaces(const struct snapshot *s, const struct api_path *a, char ***ret,
                               size_t *n, struct kta_err *err)
{
    kta_auto_str struct kta_str dir = KTA_STR_INIT;

    if (s->dump)
        kta_str_add(&dir, s->dir);
    else if (a->group[0])
        kta_str_addf(&dir, "%s/apis/%s/%s/namespaces", s->dir, a->group, a->version);
    else
        kta_str_addf(&dir, "%s/api/%s/namespaces", s->dir, a->version);
    return kta_fs_list(dir.s, ret, n, err);
}

/* All namespaces: the lists of each one that was recorded, together. */
static int load_union(const struct snapshot *s, const struct api_path *a, struct kta_json **ret,
                      struct kta_err *err)
{
    struct kta_json *all = NULL;
    char **names;
    size_t n;

    if (recorded_namespaces(s, a, &names, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct api_path one = *a;
        struct kta_json *v = NULL;
        struct kta_err ignored = KTA_ERR_INIT;

        if (strlen(names[i]) >= sizeof one.namespace_)
            continue;
        memcpy(one.namespace_, names[i], strlen(names[i]) + 1);
        if (load_as(s, &one, "", KTA_ACCEPT_JSON, false, &v, &ignored) <= 0)
            continue;
        if (!all) {
            all = v;
            continue;
        }
        kta_json_each(o, kta_json_get(v, "items"))
            kta_json_push(kta_json_get(all, "items"), kta_json_copy(o));
        kta_json_free(v);
    }
    kta_fs_free_names(names, n);
    *ret = all;
    return all ? 1 : 0;
}

/* The list a holds, unfiltered but for the namespace. As load(). */
static int load_list(const struct snapshot *s, const struct api_path *a, struct kta_json **ret,
                     struct kta_err *err)
{
    struct api_path all = *a;
    int r = load_as(s, a, "", KTA_ACCEPT_JSON, false, ret, err);

    if (r != 0)
        return r;
    if (!a->namespace_[0])
        return load_union(s, a, ret, err);
    all.namespace_[0] = '\0';
    return load_as(s, &all, "", KTA_ACCEPT_JSON, false, ret, err);
}

static int read_list(const struct snapshot *s, const struct api_path *a, struct kta_read *r,
                     struct kta_json **ret, struct kta_err *err)
{
    int rc;

    if (snap_has_selectors(a->query)) {
        rc = load_as(s, a, r->path, KTA_ACCEPT_JSON, true, ret, err);
        if (rc != 0)
            return rc;
    }
    rc = load_list(s, a, ret, err);
    if (rc == 1)
        snap_filter(*ret, a->query, a->namespace_);
    return rc;
}

/* ---- objects ---- */

static int read_object(const struct snapshot *s, const struct api_path *a, struct kta_read *r,
                       struct kta_json **ret, struct kta_err *err)
{
    struct api_path list = *a;
    kta_auto_json struct kta_json *v = NULL;
    kta_auto_str struct kta_str kind = KTA_STR_INIT;
    int rc = load_as(s, a, r->path, KTA_ACCEPT_JSON, false, ret, err);

    if (rc != 0 || a->subresource[0])
        return rc;
    list.name[0] = '\0';
    list.list = true;
    list.query = "";
    rc = load_list(s, &list, &v, err);
    if (rc != 1)
        return rc;
    list_complete(v);
    kta_json_each(o, kta_json_get(v, "items")) {
        if (kta_streq(kta_obj_name(o), a->name) &&
            (!a->namespace_[0] || kta_streq(kta_obj_namespace(o), a->namespace_))) {
            *ret = kta_json_copy(o);
            return 1;
        }
    }
    describe_kind(a, &kind);
    kta_err_set(err, KTA_E_NOT_FOUND, "there is no %s '%s'%s%s%s", kind.s, a->name,
                a->namespace_[0] ? " in namespace '" : "", a->namespace_,
                a->namespace_[0] ? "'" : "");
    err->http = 404;
    return -1;
}

/* ---- logs ---- */

/* A log asked for without its container: the pod's only one. Appends its name in the folder. */
static bool only_log(const struct snapshot *s, const struct api_path *a, struct kta_str *name)
{
    kta_auto_str struct kta_str v = KTA_STR_INIT;
    kta_auto_free char *path = kta_fs_join(s->dir, name->s), *folder = kta_fs_dirname(path);
    struct kta_err ignored = KTA_ERR_INIT;
    const char *found = NULL;
    char **names;
    size_t n, current = 0;

    if (api_query_get(a->query, "container", &v) || api_query_get(a->query, "previous", &v) ||
        kta_fs_list(folder, &names, &n, &ignored) < 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!kta_ends(names[i], ".txt") || kta_ends(names[i], ".previous.txt"))
            continue;
        found = names[i];
        current++;
    }
    if (current == 1) {
        kta_str_truncate(name, (size_t)(strrchr(name->s, '/') - name->s) + 1);
        kta_str_add(name, found);
    }
    kta_fs_free_names(names, n);
    return current == 1;
}

static int read_text(const struct snapshot *s, const struct api_path *a, struct kta_read *r,
                     struct kta_err *err)
{
    kta_auto_str struct kta_str name = KTA_STR_INIT, container = KTA_STR_INIT;
    kta_auto_str struct kta_str whole = KTA_STR_INIT;
    kta_auto_free char *path = NULL;

    r->text.max = r->max ? r->max : KTA_MAX_HTTP_BODY;
    if (s->dump) {
        api_query_get(a->query, "container", &container);
        return dump_log(s->dir, a, container.s, &r->text) ? 1 : 0;
    }
    if (!snap_name(a, r->path, KTA_ACCEPT_TEXT, false, &name))
        return 0;
    path = kta_fs_join(s->dir, name.s);
    if (!kta_fs_exists(path)) {
        if (!only_log(s, a, &name))
            return 0;
        free(path);
        path = kta_fs_join(s->dir, name.s);
    }
    if (kta_fs_read(path, KTA_MAX_HTTP_BODY, &whole, err) < 0)
        return -1;
    kta_str_addn(&r->text, whole.s, whole.len); /* cut at its limit */
    return 1;
}

/* ---- one read ---- */

static void not_recorded(const struct api_path *a, const struct kta_read *r, struct kta_err *err)
{
    if (strcmp(a->subresource, "log") == 0)
        kta_err_set(err, KTA_E_NOT_FOUND, "the snapshot holds no such log of pod '%s'", a->name);
    else if (a->resource[0])
        kta_err_set(err, KTA_E_NOT_FOUND, "the snapshot holds no %s%s%s%s", a->resource,
                    a->namespace_[0] ? " of namespace '" : "", a->namespace_,
                    a->namespace_[0] ? "'" : "");
    else
        kta_err_set(err, KTA_E_NOT_FOUND, "the snapshot holds no %s", r->path);
    err->http = 404;
}

/* As a live cluster's answer would have been reduced while it came. */
static void judge(struct kta_read *r)
{
    struct kta_json *items = kta_json_get(r->json, "items"), *next;
    struct kta_json *meta = kta_json_get(r->json, "metadata");

    if (!items)
        items = kta_json_get(r->json, "rows");
    if (kta_json_len(items) <= r->keep_all)
        return;
    for (struct kta_json *o = kta_json_first(items); o; o = next) {
        next = kta_json_next(o);
        if (!r->keep(r->keep_ctx, o)) {
            kta_json_free(kta_json_detach(items, o));
            r->dropped++;
        }
    }
    if (r->dropped && meta)
        kta_json_set_int(meta, "remainingItemCount",
                         kta_json_int(meta, "remainingItemCount", 0) + (int64_t)r->dropped);
}

static void read_one(struct kta_cluster *c, struct kta_read *r)
{
    const struct snapshot *s = snapshot_of(c);
    struct kta_json *v = NULL;
    struct api_path a;
    int rc = 0;

    if (!api_path_parse(r->path, &a))
        memset(&a, 0, sizeof a), a.query = "";
    else if (r->accept == KTA_ACCEPT_TEXT)
        rc = read_text(s, &a, r, &r->err);
    else if (r->accept == KTA_ACCEPT_TABLE || r->accept == KTA_ACCEPT_METADATA)
        rc = load_as(s, &a, r->path, r->accept, true, &r->json, &r->err);
    if (rc == 0 && r->accept != KTA_ACCEPT_TEXT) {
        rc = !a.resource[0] ? load_as(s, &a, r->path, KTA_ACCEPT_JSON, false, &v, &r->err)
             : a.list       ? read_list(s, &a, r, &v, &r->err)
                            : read_object(s, &a, r, &v, &r->err);
        if (rc == 1)
            r->json = snap_convert(v, r->accept, a.resource, kta_cluster_now(c));
    }
    if (rc == 1 && r->keep && r->json)
        judge(r);
    if (rc == 0)
        not_recorded(&a, r, &r->err);
    r->failed = rc != 1;
    r->status = rc == 1 ? 200 : r->err.http ? r->err.http : 500;
}

static int snapshot_read(struct kta_cluster *c, struct kta_read *reads, size_t n,
                         struct kta_err *err)
{
    (void)err; /* a folder is always reached */
    for (size_t i = 0; i < n; i++) {
        read_one(c, &reads[i]);
        if (!reads[i].failed)
            read_answered(&reads[i]);
    }
    c->stats.requests += (int)n;
    return 0;
}

static int snapshot_watch(struct kta_cluster *c, struct cluster_watch *w, struct kta_err *err)
{
    kta_auto_json struct kta_json *list = NULL;

    if (kta_cluster_get(c, &list, err, "%s", w->path) < 0)
        return -1;
    kta_json_each(o, kta_json_get(list, "items")) {
        if (!w->on_event(w->ctx, "ADDED", o))
            return 0;
    }
    return kta_err_set(err, KTA_E_TIMEOUT,
                       "a snapshot does not change: there is nothing to wait "
                       "for");
}

static void snapshot_free(struct kta_cluster *c)
{
    struct snapshot *s = c->impl;

    free(s->dir);
    free(s);
}

static const struct cluster_ops snapshot_ops = {snapshot_read, NULL, snapshot_watch, snapshot_free};

/* ---- opening ---- */

static int read_meta(struct kta_cluster *c, const struct snapshot *s, struct kta_err *err)
{
    kta_auto_json struct kta_json *meta = NULL;
    int r = load(s, "meta.json", &meta, err);

    if (r < 0)
        return -1;
    if (r == 0)
        return kta_err_set(err, KTA_E_USAGE, "'%s' is no snapshot: it has no meta.json", s->dir);
    if (kta_json_int(meta, "version", 0) != 1)
        return kta_err_set(err, KTA_E_USAGE,
                           "the snapshot '%s' is of a version this program does "
                           "not know",
                           s->dir);
    c->context = kta_strdup(kta_or(kta_json_str(meta, "context"), ""));
    c->server = kta_strdup(kta_or(kta_json_str(meta, "server"), ""));
    c->namespace_ = kta_strdup(kta_or(kta_json_str(meta, "namespace"), "default"));
    c->user = kta_strdup(kta_or(kta_json_str(meta, "user"), ""));
    c->now = kta_time_parse(kta_json_str(meta, "time"));
    if (c->now == KTA_NO_TIME)
        return kta_err_set(err, KTA_E_USAGE, "meta.json of the snapshot '%s' has no time", s->dir);
    return 0;
}

int snapshot_open(struct kta_cluster *c, const char *dir, struct kta_err *err)
{
    struct snapshot *s = kta_calloc(1, sizeof *s);
    kta_auto_free char *meta = kta_fs_join(dir, "meta.json");
    struct stat st;

    s->dir = kta_strdup(dir);
    c->impl = s;
    c->ops = &snapshot_ops;
    if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode)) {
        kta_err_set(err, KTA_E_USAGE, "there is no snapshot '%s'", dir);
        return kta_err_hint(err, "kubectl todo-ai snapshot DIR writes one");
    }
    if (kta_fs_exists(meta) || !dump_is(dir))
        return read_meta(c, s, err);
    s->dump = true;
    c->context = kta_strdup("cluster-info dump");
    c->now = dump_time(dir);
    return 0;
}
