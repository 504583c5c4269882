/*
 * world.c - what has been read of the cluster for one question.
 *
 * Invariants: an object stays where it is until the world is freed; every object of a list has its
 * kind and apiVersion (the API leaves them out in lists); a list is read at most once, also when it
 * could not be read. Secrets and ConfigMaps are read as metadata alone: their keys are known from
 * managedFields, their values never come here.
 */
#include "kta/world.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "world_private.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/limits.h"
#include "kta/obj.h"

/* ---- life ---- */

struct kta_world *kta_world_new(struct kta_cluster *c, struct kta_redact *redact,
                                const struct kta_report *report)
{
    struct kta_world *w = kta_calloc(1, sizeof *w);
    w->cluster = c;
    w->redact = redact;
    w->report = report;
    kta_str_init(&w->missing, 0);
    return w;
}

void kta_world_free(struct kta_world *w)
{
    if (!w)
        return;
    kta_world_logs_free(w);
    kta_fixes_forget(w);
    for (size_t i = 0; i < w->n_lists; i++) {
        struct world_list *l = w->lists[i];
        free(l->kind);
        free(l->ns);
        free(l->items);
        kta_json_free(l->doc);
        free(l);
    }
    for (size_t i = 0; i < w->n_singles; i++) {
        free(w->singles[i].kind);
        free(w->singles[i].ns);
        free(w->singles[i].name);
        kta_json_free(w->singles[i].object);
    }
    for (size_t i = 0; i < w->n_owned; i++)
        free(w->owned[i]);
    for (size_t i = 0; i < w->n_extra; i++)
        kta_json_free(w->extra[i]);
    free(w->owned);
    free(w->extra);
    free(w->asked);
    free(w->asking);
    free(w->lists);
    free(w->singles);
    free(w->by_uid);
    free(w->events);
    free(w->focus);
    free(w->running_items);
    kta_json_free(w->running);
    kta_argv_release(&w->secrets_seen);
    kta_str_release(&w->missing);
    free(w);
}

struct kta_cluster *kta_world_cluster(struct kta_world *w)
{
    return w->cluster;
}

struct kta_argv *kta_world_secrets_seen(struct kta_world *w)
{
    return &w->secrets_seen;
}

struct kta_redact *kta_world_redact(struct kta_world *w)
{
    return w->redact;
}

const struct kta_report *kta_world_report(struct kta_world *w)
{
    return w->report;
}

struct kta_world_logs **kta_world_logs(struct kta_world *w)
{
    return &w->logs;
}

int64_t kta_world_now(const struct kta_world *w)
{
    return w->cluster ? kta_cluster_now(w->cluster) : kta_wall();
}

const char *kta_world_missing(struct kta_world *w)
{
    return w->missing.s;
}

void kta_world_note_missing(struct kta_world *w, const char *fmt, ...)
{
    kta_auto_str struct kta_str line = KTA_STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    kta_str_vaddf(&line, fmt, ap);
    va_end(ap);
    if (strstr(w->missing.s, line.s))
        return;
    kta_str_addf(&w->missing, "%s\n", line.s);
}

/* ---- the index of uids ---- */

static size_t hash(const char *s)
{
    size_t h = 1469598103934665603u;
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 1099511628211u;
    return h;
}

static struct kta_json **uid_slot(struct kta_world *w, const char *uid)
{
    size_t i = hash(uid) & (w->uid_size - 1);
    while (w->by_uid[i] && !kta_streq(kta_obj_uid(w->by_uid[i]), uid))
        i = (i + 1) & (w->uid_size - 1);
    return &w->by_uid[i];
}

void world_index_uid(struct kta_world *w, struct kta_json *o)
{
    const char *uid = kta_obj_uid(o);
    if (!uid)
        return;
    if (2 * (w->uid_n + 1) > w->uid_size) {
        struct kta_json **old = w->by_uid;
        size_t n = w->uid_size;
        w->uid_size = n ? 2 * n : 256;
        w->by_uid = kta_calloc(w->uid_size, sizeof *w->by_uid);
        for (size_t i = 0; i < n; i++)
            if (old[i])
                *uid_slot(w, kta_obj_uid(old[i])) = old[i];
        free(old);
    }
    struct kta_json **slot = uid_slot(w, uid);
    if (!*slot) {
        *slot = o;
        w->uid_n++;
    }
}

struct kta_json *kta_world_uid(struct kta_world *w, const char *uid)
{
    return uid && w->uid_size ? *uid_slot(w, uid) : NULL;
}

/* ---- lists ---- */

const struct kta_kind *world_kind(struct kta_world *w, const char *name)
{
    const struct kta_kind *k = kta_kind_known(name);
    if (k)
        return k;
    struct kta_err err = KTA_ERR_INIT;
    if (!w->cluster || kta_kind_find(w->cluster, name, &k, &err))
        return NULL;
    return k;
}

bool world_metadata_only(const struct kta_kind *k)
{
    return !*k->group && (kta_streq(k->plural, "secrets") || kta_streq(k->plural, "configmaps"));
}

struct world_list *world_find_list(struct kta_world *w, const char *kind, const char *ns)
{
    for (size_t i = 0; i < w->n_lists; i++)
        if (kta_streq(w->lists[i]->kind, kind) && kta_streq(w->lists[i]->ns, ns))
            return w->lists[i];
    return NULL;
}

static struct world_list *new_list(struct kta_world *w, const char *kind, const char *ns)
{
    struct world_list *l = kta_calloc(1, sizeof *l);
    l->kind = kta_strdup(kind);
    l->ns = kta_strdup(ns);
    KTA_GROW(w->lists, w->n_lists, w->cap_lists);
    w->lists[w->n_lists++] = l;
    return l;
}

void world_name_kind(struct kta_json *o, const struct kta_kind *k)
{
    kta_auto_free char *api =
        *k->group ? kta_asprintf("%s/%s", k->group, k->version) : kta_strdup(k->version);
    kta_json_set_str(o, "kind", k->kind);
    kta_json_set_str(o, "apiVersion", api);
}

static void own(struct kta_world *w, void *p)
{
    KTA_GROW(w->owned, w->n_owned, w->cap_owned);
    w->owned[w->n_owned++] = p;
}

/* The old array stays: whoever walks through it while something is added goes on. */
void world_add_item(struct kta_world *w, struct world_list *l, struct kta_json *o)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 16;
        struct kta_json **more = kta_calloc(l->cap, sizeof(struct kta_json *));
        if (l->n)
            memcpy(more, l->items, l->n * sizeof(struct kta_json *));
        own(w, l->items);
        l->items = more;
    }
    l->items[l->n++] = o;
}

/* Takes doc. */
static void fill_list(struct kta_world *w, struct world_list *l, const struct kta_kind *k,
                      struct kta_json *doc)
{
    l->doc = doc;
    l->readable = true;
    l->total = (size_t)kta_json_int(doc, "metadata.remainingItemCount", 0);
    l->partial = l->total > 0 || *kta_or(kta_json_str(doc, "metadata.continue"), "");
    kta_json_each(o, kta_json_get(doc, "items")) {
        world_name_kind(o, k);
        world_index_uid(w, o);
        KTA_GROW(l->items, l->n, l->cap);
        l->items[l->n++] = o;
    }
    l->total += l->n;
}

bool kta_world_partial(struct kta_world *w, const char *kind, const char *ns)
{
    const struct kta_kind *k = kta_kind_known(kind);
    const struct world_list *l = k ? world_have_list(w, k, ns) : NULL;
    return l && l->partial;
}

size_t kta_world_total(struct kta_world *w, const char *kind, const char *ns)
{
    const struct kta_kind *k = kta_kind_known(kind);
    const struct world_list *l = k ? world_have_list(w, k, ns) : NULL;
    return l ? l->total : 0;
}

void kta_world_set_total(struct kta_world *w, const char *kind, const char *ns, size_t total)
{
    struct world_list *l = world_find_list(w, kind, ns);
    if (l)
        l->total = total;
}

const char *kta_world_keep_text(struct kta_world *w, const char *s)
{
    char *copy = kta_strdup(s);
    own(w, copy);
    return copy;
}

bool kta_world_count_fetch(struct kta_world *w, int most)
{
    return w->fetches++ < most;
}

bool kta_world_count_ask(struct kta_world *w, int most)
{
    return w->healthy_asks++ < most;
}

void kta_world_pods_asked(struct kta_world *w, const struct kta_json *object)
{
    KTA_GROW(w->asked, w->n_asked, w->cap_asked);
    w->asked[w->n_asked++] = kta_obj_uid(object);
}

bool kta_world_pods_known(struct kta_world *w, const struct kta_json *object)
{
    if (!kta_world_partial(w, "pods", kta_obj_namespace(object)))
        return true;
    for (size_t i = 0; i < w->n_asked; i++)
        if (kta_streq(w->asked[i], kta_obj_uid(object)))
            return true;
    return false;
}

/* A namespace's part of a list of all namespaces. */
static struct world_list *view(struct kta_world *w, const struct world_list *all, const char *ns)
{
    struct world_list *l = new_list(w, all->kind, ns);
    l->readable = all->readable;
    l->partial = all->partial;
    l->total = all->total;
    for (size_t i = 0; i < all->n; i++)
        if (kta_streq(kta_obj_namespace(all->items[i]), ns)) {
            KTA_GROW(l->items, l->n, l->cap);
            l->items[l->n++] = all->items[i];
        }
    return l;
}

struct world_list *world_have_list(struct kta_world *w, const struct kta_kind *k, const char *ns)
{
    if (!k->namespaced)
        ns = NULL;
    struct world_list *l = world_find_list(w, k->plural, ns);
    if (!l && ns && (l = world_find_list(w, k->plural, NULL)))
        l = view(w, l, ns);
    return l;
}

/* ---- metrics ---- */

/* Listed as "podmetrics": their plural is "pods", too. */
static const struct kta_kind pod_metrics = {"PodMetrics", "podmetrics", "metrics.k8s.io",
                                            "v1beta1",    "",           true};

static void list_path(const struct kta_kind *k, const char *ns, struct kta_str *out)
{
    if (k != &pod_metrics)
        kta_kind_path(k, k->namespaced ? ns : NULL, NULL, out);
    else if (ns)
        kta_str_addf(out, "/apis/metrics.k8s.io/v1beta1/namespaces/%s/pods", ns);
    else
        kta_str_add(out, "/apis/metrics.k8s.io/v1beta1/pods");
}

void kta_world_want_metrics(struct kta_world *w)
{
    w->wants_metrics = true;
}

void kta_world_want_logs(struct kta_world *w)
{
    w->wants_logs = true;
}

bool kta_world_wants_logs(const struct kta_world *w)
{
    return w->wants_logs;
}

void kta_world_want_checks(struct kta_world *w)
{
    w->wants_checks = true;
}

bool kta_world_wants_checks(const struct kta_world *w)
{
    return w->wants_checks;
}

struct kta_asked_ahead **kta_world_asked_ahead(struct kta_world *w)
{
    return &w->asked_ahead;
}

void kta_world_on_list(struct kta_world *w,
                       void (*on_list)(struct kta_world *w, const char *kind, const char *ns,
                                       void *ctx),
                       void *ctx)
{
    w->on_list = on_list;
    w->on_list_ctx = ctx;
}

/* A list that may come while others are under way. */
struct early {
    struct kta_world *w;
    const struct kta_kind *kind;
    const char *ns;
    bool taken; /* it came, and is in the world */
};

static void list_came(void *ctx, struct kta_read *read)
{
    struct early *e = ctx;
    struct kta_world *w = e->w;

    if (!w->on_list || !read->json || read->dropped ||
        *kta_or(kta_json_str(read->json, "metadata.continue"), ""))
        return;
    e->taken = true;
    fill_list(w, new_list(w, e->kind->plural, e->ns), e->kind, read->json);
    w->on_list(w, e->kind->plural, e->ns, w->on_list_ctx);
}

/* What the reads of lists brought; -1 when not one of many could be read: that is said once. */
static int take_lists(struct kta_world *w, const char *ns, const struct kta_kind *const *of,
                      struct kta_read *reads, size_t n, bool *ret_many_pods, struct kta_err *err)
{
    size_t failed = 0;
    bool nothing = true;

    for (size_t i = 0; i < n; i++)
        failed += reads[i].failed;
    for (size_t i = 0; i < w->n_lists; i++)
        nothing &= !w->lists[i]->readable;
    if (failed == n && n > 3 && nothing) {
        *err = reads[0].err;
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        if (!reads[i].json && !reads[i].failed)
            continue; /* it came early */
        struct world_list *l = new_list(w, of[i]->plural, of[i]->namespaced ? ns : NULL);
        if (reads[i].json && !reads[i].failed) {
            bool pods = kta_streq(of[i]->plural, "pods");
            if (pods && *kta_or(kta_json_str(reads[i].json, "metadata.continue"), "")) {
                *ret_many_pods = true;
                kta_large_first_pods(reads[i].json);
            }
            fill_list(w, l, of[i], KTA_STEAL(reads[i].json));
        } else if (reads[i].status != 404 && of[i] != &pod_metrics) {
            kta_world_note_missing(w, "%s", reads[i].err.msg);
        } else if (of[i] != &pod_metrics) {
            struct kta_kind served;
            struct kta_json *list = world_read_otherwise(w, of[i], ns, &served);
            if (list)
                fill_list(w, l, &served, list);
        }
    }
    return 0;
}

static bool under_way(const struct kta_world *w, const struct kta_kind *k)
{
    for (size_t i = 0; i < w->n_asking; i++)
        if (w->asking[i] == k)
            return true;
    return false;
}

/* Reads for the kinds that are not there yet. Returns how many. */
static size_t begin_lists(struct kta_world *w, const char *ns, const char *const *kinds, size_t n,
                          bool metrics, const struct kta_kind **of, struct kta_read **reads,
                          size_t *n_reads, size_t *cap)
{
    for (size_t i = 0; i < n + metrics; i++) {
        const struct kta_kind *k = i < n ? world_kind(w, kinds[i]) : &pod_metrics;
        if (!k || under_way(w, k) || world_have_list(w, k, ns))
            continue;
        kta_auto_str struct kta_str path = KTA_STR_INIT;
        list_path(k, ns, &path);
        if (kta_large_page(k->plural))
            kta_str_addf(&path, "?limit=%zu", kta_large_page(k->plural));
        struct kta_read *r =
            kta_read_add(reads, n_reads, cap,
                         world_metadata_only(k) ? KTA_ACCEPT_METADATA : KTA_ACCEPT_JSON, "%s",
                         path.s);
        kta_large_read(r, k->plural);
        of[*n_reads - 1] = k;
        KTA_GROW(w->asking, w->n_asking, w->cap_asking);
        w->asking[w->n_asking++] = k;
    }
    return *n_reads;
}

int kta_world_prefetch_all(struct kta_world *w, const char *ns, const char *const *kinds, size_t n,
                           const struct kta_log_want *wants, size_t n_wants, struct kta_err *err)
{
    struct kta_read *reads = NULL;
    size_t n_reads = 0, cap = 0;
    bool metrics =
        w->wants_metrics && (n || !n_wants) && !world_find_list(w, pod_metrics.plural, ns);
    bool many_pods = false;
    const struct kta_kind **of = kta_calloc(n + 1, sizeof *of);
    const struct kta_log_want **log_of = kta_calloc(n_wants + 1, sizeof *log_of);
    size_t n_lists = begin_lists(w, ns, kinds, n, metrics, of, &reads, &n_reads, &cap);
    size_t n_logs = kta_world_logs_begin(w, wants, n_wants, log_of, &reads, &n_reads, &cap);
    struct early *early = kta_calloc(n_lists + 1, sizeof *early);
    int rc = 0;

    for (size_t i = 0; w->on_list && i < n_lists; i++) {
        early[i] = (struct early){.w = w, .kind = of[i], .ns = of[i]->namespaced ? ns : NULL};
        reads[i].on_done = list_came;
        reads[i].done_ctx = &early[i];
    }
    if (n_reads && w->cluster) {
        rc = kta_cluster_read(w->cluster, reads, n_reads, err);
        for (size_t i = 0; i < n_lists; i++) {
            kta_large_read_done(&reads[i]);
            if (early[i].taken)
                reads[i].json = NULL; /* the list's now */
        }
        if (!rc)
            rc = take_lists(w, ns, of, reads, n_lists, &many_pods, err);
        if (!rc)
            kta_world_logs_end(w, log_of, reads + n_lists, n_logs);
    }
    w->n_asking -= n_lists;
    kta_reads_free(reads, n_reads);
    free(of);
    free(log_of);
    free(early);
    return many_pods && !rc ? kta_large_pods(w, ns, err) : rc;
}

int kta_world_prefetch(struct kta_world *w, const char *ns, const char *const *kinds, size_t n,
                       struct kta_err *err)
{
    return kta_world_prefetch_all(w, ns, kinds, n, NULL, 0, err);
}

int kta_world_prefetch_logs(struct kta_world *w, const struct kta_log_want *wants, size_t n,
                            struct kta_err *err)
{
    return n ? kta_world_prefetch_all(w, NULL, NULL, 0, wants, n, err) : 0;
}

struct world_list *world_need_list(struct kta_world *w, const char *kind, const char *ns)
{
    const struct kta_kind *k = world_kind(w, kind);
    if (!k)
        return NULL;
    struct world_list *l = world_have_list(w, k, ns);
    if (l || under_way(w, k))
        return l;
    struct kta_err err = KTA_ERR_INIT;
    const char *one[] = {k->plural};
    if (kta_world_prefetch(w, ns, one, 1, &err)) {
        kta_world_note_missing(w, "%s", err.msg);
        return new_list(w, k->plural, k->namespaced ? ns : NULL);
    }
    l = world_have_list(w, k, ns);
    return l ? l : new_list(w, k->plural, k->namespaced ? ns : NULL);
}

size_t kta_world_list(struct kta_world *w, const char *kind, const char *ns,
                      struct kta_json *const **ret)
{
    struct world_list *l = world_need_list(w, kind, ns);
    *ret = l ? l->items : NULL;
    return l ? l->n : 0;
}

bool kta_world_readable(struct kta_world *w, const char *kind, const char *ns)
{
    struct world_list *l = world_need_list(w, kind, ns);
    return l && l->readable;
}

bool kta_world_has_list(struct kta_world *w, const char *kind, const char *ns)
{
    const struct kta_kind *k = kta_kind_known(kind);
    return k && world_have_list(w, k, ns);
}

const char **kta_world_names(struct kta_world *w, const char *kind, const char *ns, size_t *ret_n)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, kind, ns, &v);
    const char **names = kta_calloc(n + 1, sizeof *names);
    *ret_n = 0;
    for (size_t i = 0; i < n; i++)
        if (kta_obj_name(v[i]))
            names[(*ret_n)++] = kta_obj_name(v[i]);
    return names;
}

/* Never a fault: many clusters have none. */
size_t kta_world_pod_metrics(struct kta_world *w, const char *ns, struct kta_json *const **ret)
{
    struct world_list *l = world_find_list(w, pod_metrics.plural, ns);
    struct kta_err ignored = KTA_ERR_INIT;

    if (!l) {
        kta_world_want_metrics(w);
        kta_world_prefetch(w, ns, NULL, 0, &ignored);
        l = world_find_list(w, pod_metrics.plural, ns);
        if (!l)
            l = new_list(w, pod_metrics.plural, ns);
    }
    static struct kta_json *const none[1];
    *ret = !l->readable ? NULL : l->items ? l->items : none;
    return l->n;
}
