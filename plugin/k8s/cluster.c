/*
 * cluster.c - the interface of cluster.h, over a live cluster or a snapshot.
 *
 * Invariant: nothing that could change a cluster gets past kta_cluster_send.
 */
#include "cluster_impl.h"

#include <strings.h>
#include "apipath.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/limits.h"

const char *kta_cluster_context(const struct kta_cluster *c)
{
    return kta_or(c->context, "");
}

const char *kta_cluster_server(const struct kta_cluster *c)
{
    return kta_or(c->server, "");
}

const char *kta_cluster_namespace(const struct kta_cluster *c)
{
    return kta_or(c->namespace_, "default");
}

const char *kta_cluster_user(const struct kta_cluster *c)
{
    return kta_or(c->user, "");
}

bool kta_cluster_is_snapshot(const struct kta_cluster *c)
{
    return c->k == NULL;
}

void kta_cluster_set_now(struct kta_cluster *c, int64_t now)
{
    c->now = now;
}

int64_t kta_cluster_now(const struct kta_cluster *c)
{
    return c->now == KTA_NO_TIME ? kta_wall() : c->now;
}

const struct kta_kubeconfig *kta_cluster_kubeconfig(const struct kta_cluster *c)
{
    return c->k;
}

struct kta_cluster_stats kta_cluster_stats(const struct kta_cluster *c)
{
    return c->stats;
}

/* ---- reads ---- */

static struct kta_read *read_vadd(struct kta_read **reads, size_t *n, size_t *cap,
                                  enum kta_accept accept, const char *fmt, va_list ap)
{
    struct kta_str path = KTA_STR_INIT;
    struct kta_read *r;

    KTA_GROW(*reads, *n, *cap);
    r = &(*reads)[(*n)++];
    memset(r, 0, sizeof *r);
    kta_str_vaddf(&path, fmt, ap);
    r->path = kta_str_detach(&path);
    r->accept = accept;
    kta_str_init(&r->text, 0);
    return r;
}

struct kta_read *kta_read_add(struct kta_read **reads, size_t *n, size_t *cap,
                              enum kta_accept accept, const char *fmt, ...)
{
    struct kta_read *r;
    va_list ap;

    va_start(ap, fmt);
    r = read_vadd(reads, n, cap, accept, fmt, ap);
    va_end(ap);
    return r;
}

static void read_clear(struct kta_read *r)
{
    free(r->path);
    kta_json_free(r->json);
    kta_str_release(&r->text);
}

void kta_reads_free(struct kta_read *reads, size_t n)
{
    for (size_t i = 0; i < n; i++)
        read_clear(&reads[i]);
    free(reads);
}

int kta_cluster_read(struct kta_cluster *c, struct kta_read *reads, size_t n, struct kta_err *err)
{
    int r;

    for (size_t i = 0; i < n; i++) { /* the results of an earlier use */
        reads[i].status = 0;
        reads[i].failed = false;
        reads[i].dropped = 0;
        kta_json_free(reads[i].json);
        reads[i].json = NULL;
        kta_str_clear(&reads[i].text);
        kta_err_clear(&reads[i].err);
    }
    if (n == 0)
        return 0;
    r = c->ops->read(c, reads, n, err);
    for (size_t i = 0; r == 0 && c->record && i < n; i++)
        c->record(c->record_ctx, &reads[i]);
    return r;
}

void read_answered(struct kta_read *r)
{
    if (r->json && r->accept != KTA_ACCEPT_TABLE)
        list_complete(r->json);
    if (r->on_done)
        r->on_done(r->done_ctx, r);
}

int kta_cluster_get(struct kta_cluster *c, struct kta_json **ret, struct kta_err *err,
                    const char *fmt, ...)
{
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0;
    va_list ap;
    int r;

    va_start(ap, fmt);
    read_vadd(&reads, &n, &cap, KTA_ACCEPT_JSON, fmt, ap);
    va_end(ap);
    r = kta_cluster_read(c, reads, n, err);
    if (r == 0 && reads[0].failed) {
        *err = reads[0].err;
        r = -1;
    }
    if (r == 0)
        *ret = KTA_STEAL(reads[0].json);
    kta_reads_free(reads, n);
    return r;
}

void list_complete(struct kta_json *list)
{
    const char *kind = kta_json_str(list, "kind"), *version = kta_json_str(list, "apiVersion");
    kta_auto_free char *item_kind = NULL;

    if (!kind || !version || !kta_ends(kind, "List") || strcmp(kind, "List") == 0)
        return;
    item_kind = kta_strndup(kind, strlen(kind) - 4);
    kta_json_each(item, kta_json_get(list, "items")) {
        if (kta_json_type(item) != KTA_JSON_OBJECT)
            continue;
        if (!kta_json_get(item, "kind"))
            kta_json_set_str(item, "kind", item_kind);
        if (!kta_json_get(item, "apiVersion"))
            kta_json_set_str(item, "apiVersion", version);
    }
}

/* ---- dry runs and reviews ---- */

/* A dry run for certain: the parameter is there once, and says All. */
static bool is_dry_run(const char *path)
{
    kta_auto_str struct kta_str v = KTA_STR_INIT;
    const char *query = strchr(path, '?'), *p;
    int times = 0;

    if (!query || !api_query_get(query + 1, "dryRun", &v) || strcmp(v.s, "All") != 0)
        return false;
    for (p = query; (p = strcasestr(p, "dryRun")) != NULL; p++)
        times++;
    return times == 1;
}

/* A URL's parser might read it otherwise than we do: a fragment would swallow dryRun=All. */
static bool is_plain(const char *path)
{
    for (const char *p = path; *p; p++)
        if ((unsigned char)*p <= 0x20 || *p == 0x7f || *p == '#' || *p == '\\')
            return false;
    return *path == '/';
}

static bool is_review(const char *method, const char *path)
{
    struct api_path a;

    return strcmp(method, "POST") == 0 && api_path_parse(path, &a) && a.list &&
           kta_ends(a.resource, "reviews") &&
           (strcmp(a.group, "authorization.k8s.io") == 0 ||
            strcmp(a.group, "authentication.k8s.io") == 0);
}

static int may_send(const struct kta_cluster *c, const struct kta_send *s, struct kta_err *err)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
    bool known = false;

    for (size_t i = 0; i < KTA_LEN(methods); i++)
        known |= strcmp(s->method, methods[i]) == 0;
    if (!known || !is_plain(s->path) || !(is_dry_run(s->path) || is_review(s->method, s->path)))
        return kta_err_set(err, KTA_E_POLICY,
                           "%s %s would change the cluster: only dry runs and "
                           "reviews are sent from here",
                           s->method, s->path);
    if (!c->ops->send)
        return kta_err_set(err, KTA_E_CLUSTER, "a snapshot cannot validate a change");
    return 0;
}

int kta_cluster_send_all(struct kta_cluster *c, struct kta_send *sends, size_t n,
                         struct kta_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (may_send(c, &sends[i], err) < 0)
            return -1;
    return n ? c->ops->send(c, sends, n, err) : 0;
}

int kta_cluster_send(struct kta_cluster *c, const char *method, const char *path,
                     const char *content_type, const char *body, int *ret_status,
                     struct kta_json **ret, struct kta_err *err)
{
    struct kta_send s = {.method = method,
                         .path = path,
                         .content_type = content_type,
                         .body = body};

    if (kta_cluster_send_all(c, &s, 1, err) < 0)
        return -1;
    if (!s.status) {
        *err = s.err;
        return -1;
    }
    *ret_status = s.status;
    *ret = s.json;
    return 0;
}

int kta_cluster_watch(struct kta_cluster *c, const char *path, int64_t deadline_ms,
                      bool (*on_event)(void *ctx, const char *type, struct kta_json *object),
                      bool (*tick)(void *ctx), int64_t tick_ms, void *ctx, struct kta_err *err)
{
    struct cluster_watch w = {
        .path = path,
        .deadline = kta_now_ms() + deadline_ms,
        .on_event = on_event,
        .tick = tick,
        .tick_ms = tick && tick_ms > 0 ? tick_ms : 0,
        .ctx = ctx,
    };

    return c->ops->watch(c, &w, err);
}
