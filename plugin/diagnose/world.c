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
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/kinds.h"
#include "kta/http.h"
#include "kta/limits.h"
#include "kta/obj.h"

struct world_list {
    char *kind, *ns; /* plural; ns NULL: all namespaces, or cluster-scoped */
    struct kta_json *doc;
    struct kta_json **items;
    size_t n, cap;
    bool readable, partial;
    size_t total; /* of a partial one: with those that were not kept */
};

struct world_single {
    char *kind, *ns, *name;
    struct kta_json *object; /* NULL: not there, or not readable */
    bool known;
};

struct event_row {
    const char *uid;
    struct kta_json *event;
    int64_t when;
};

struct kta_world {
    struct kta_cluster *cluster;
    struct kta_redact *redact;
    const struct kta_report *report;
    struct world_list **lists;
    size_t n_lists, cap_lists;
    struct world_single *singles;
    size_t n_singles, cap_singles;
    struct kta_json **by_uid; /* open addressing; size is a power of two */
    size_t uid_size, uid_n;
    struct event_row *events;
    size_t n_events, cap_events, events_seen_lists;
    const char **focus;
    size_t n_focus, cap_focus;
    struct kta_str missing;
    struct kta_json *running; /* pods of all namespaces that take room */
    struct kta_json **running_items;
    size_t n_running;
    bool running_read;
    int probe;
    struct kta_world_logs *logs;
    struct kta_argv secrets_seen;
    void **owned; /* what went out of use while somebody may still look at it */
    size_t n_owned, cap_owned;
    struct kta_json **extra; /* objects that were put into lists one by one */
    size_t n_extra, cap_extra;
    const char **asked; /* uids of objects whose pods were asked for */
    size_t n_asked, cap_asked;
    int fetches;
    bool wants_metrics;
};

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

static void index_uid(struct kta_world *w, struct kta_json *o)
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

static const struct kta_kind *kind_of(struct kta_world *w, const char *name)
{
    const struct kta_kind *k = kta_kind_known(name);
    if (k)
        return k;
    struct kta_err err = KTA_ERR_INIT;
    if (!w->cluster || kta_kind_find(w->cluster, name, &k, &err))
        return NULL;
    return k;
}

static bool metadata_only(const struct kta_kind *k)
{
    return !*k->group && (kta_streq(k->plural, "secrets") || kta_streq(k->plural, "configmaps"));
}

static struct world_list *find_list(struct kta_world *w, const char *kind, const char *ns)
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

static void name_kind(struct kta_json *o, const struct kta_kind *k)
{
    kta_auto_free char *api =
        *k->group ? kta_asprintf("%s/%s", k->group, k->version) : kta_strdup(k->version);
    kta_json_set_str(o, "kind", k->kind);
    kta_json_set_str(o, "apiVersion", api);
}

static struct world_list *have_list(struct kta_world *w, const struct kta_kind *k, const char *ns);

static void own(struct kta_world *w, void *p)
{
    KTA_GROW(w->owned, w->n_owned, w->cap_owned);
    w->owned[w->n_owned++] = p;
}

/* The old array stays: whoever walks through it while something is added goes on. */
static void add_item(struct kta_world *w, struct world_list *l, struct kta_json *o)
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
    kta_json_each(o, kta_json_get(doc, "items"))
    {
        name_kind(o, k);
        index_uid(w, o);
        KTA_GROW(l->items, l->n, l->cap);
        l->items[l->n++] = o;
    }
    l->total += l->n;
}

bool kta_world_partial(struct kta_world *w, const char *kind, const char *ns)
{
    const struct kta_kind *k = kta_kind_known(kind);
    const struct world_list *l = k ? have_list(w, k, ns) : NULL;
    return l && l->partial;
}

size_t kta_world_total(struct kta_world *w, const char *kind, const char *ns)
{
    const struct kta_kind *k = kta_kind_known(kind);
    const struct world_list *l = k ? have_list(w, k, ns) : NULL;
    return l ? l->total : 0;
}

void kta_world_set_total(struct kta_world *w, const char *kind, const char *ns, size_t total)
{
    struct world_list *l = find_list(w, kind, ns);
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

/* Takes o. An object that is there already without its template is completed in its place. */
static void put_object(struct kta_world *w, const struct kta_kind *k, struct kta_json *o)
{
    struct kta_json *there = kta_world_uid(w, kta_obj_uid(o));
    name_kind(o, k);
    if (there && kta_json_get(there, KTA_SLIM))
        kta_json_swap(there, o);
    KTA_GROW(w->extra, w->n_extra, w->cap_extra);
    w->extra[w->n_extra++] = o;
    if (there)
        return;
    index_uid(w, o);
    for (size_t i = 0; i < w->n_lists; i++) {
        struct world_list *l = w->lists[i];
        if (kta_streq(l->kind, k->plural) && (!l->ns || kta_streq(l->ns, kta_obj_namespace(o))))
            add_item(w, l, o);
    }
}

int kta_world_fetch(struct kta_world *w, const struct kta_world_want *wants, size_t n,
                    struct kta_err *err)
{
    struct kta_read *reads = NULL;
    size_t n_reads = 0, cap = 0;
    const struct kta_kind **of = kta_calloc(n + 1, sizeof *of);
    for (size_t i = 0; i < n; i++) {
        const struct kta_kind *k = kind_of(w, wants[i].kind);
        kta_auto_str struct kta_str path = KTA_STR_INIT;
        if (!k)
            continue;
        kta_kind_path(k, wants[i].ns, wants[i].name, &path);
        if (wants[i].labels) {
            kta_str_add(&path, "?limit=20&labelSelector=");
            kta_url_escape(wants[i].labels, &path);
        }
        kta_read_add(&reads, &n_reads, &cap,
                     metadata_only(k) ? KTA_ACCEPT_METADATA : KTA_ACCEPT_JSON, "%s", path.s);
        of[n_reads - 1] = k;
    }
    int rc = n_reads && w->cluster ? kta_cluster_read(w->cluster, reads, n_reads, err) : 0;
    for (size_t i = 0; i < n_reads && !rc; i++) {
        struct kta_json *items = kta_json_get(reads[i].json, "items"), *o;
        if (reads[i].failed && reads[i].status != 404)
            kta_world_note_missing(w, "%s", reads[i].err.msg);
        if (reads[i].failed || !reads[i].json)
            continue;
        while (items && (o = kta_json_first(items)))
            put_object(w, of[i], kta_json_detach(items, o));
        if (!items)
            put_object(w, of[i], KTA_STEAL(reads[i].json));
    }
    kta_reads_free(reads, n_reads);
    free(of);
    return rc;
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

static struct world_list *have_list(struct kta_world *w, const struct kta_kind *k, const char *ns)
{
    if (!k->namespaced)
        ns = NULL;
    struct world_list *l = find_list(w, k->plural, ns);
    if (!l && ns && (l = find_list(w, k->plural, NULL)))
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
        }
    }
    return 0;
}

/* Reads for the kinds that are not there yet. Returns how many. */
static size_t begin_lists(struct kta_world *w, const char *ns, const char *const *kinds, size_t n,
                          bool metrics, const struct kta_kind **of, struct kta_read **reads,
                          size_t *n_reads, size_t *cap)
{
    for (size_t i = 0; i < n + metrics; i++) {
        const struct kta_kind *k = i < n ? kind_of(w, kinds[i]) : &pod_metrics;
        bool twice = false;
        for (size_t j = 0; j < *n_reads; j++)
            twice |= of[j] == k;
        if (!k || twice || have_list(w, k, ns))
            continue;
        kta_auto_str struct kta_str path = KTA_STR_INIT;
        list_path(k, ns, &path);
        if (kta_large_page(k->plural))
            kta_str_addf(&path, "?limit=%zu", kta_large_page(k->plural));
        struct kta_read *r =
            kta_read_add(reads, n_reads, cap,
                         metadata_only(k) ? KTA_ACCEPT_METADATA : KTA_ACCEPT_JSON, "%s", path.s);
        kta_large_read(r, k->plural);
        of[*n_reads - 1] = k;
    }
    return *n_reads;
}

int kta_world_prefetch_all(struct kta_world *w, const char *ns, const char *const *kinds, size_t n,
                           const struct kta_log_want *wants, size_t n_wants, struct kta_err *err)
{
    struct kta_read *reads = NULL;
    size_t n_reads = 0, cap = 0;
    bool metrics = w->wants_metrics && (n || !n_wants) && !find_list(w, pod_metrics.plural, ns);
    bool many_pods = false;
    const struct kta_kind **of = kta_calloc(n + 1, sizeof *of);
    const struct kta_log_want **log_of = kta_calloc(n_wants + 1, sizeof *log_of);
    size_t n_lists = begin_lists(w, ns, kinds, n, metrics, of, &reads, &n_reads, &cap);
    size_t n_logs = kta_world_logs_begin(w, wants, n_wants, log_of, &reads, &n_reads, &cap);
    int rc = 0;

    if (n_reads && w->cluster) {
        rc = kta_cluster_read(w->cluster, reads, n_reads, err);
        for (size_t i = 0; i < n_lists; i++)
            kta_large_read_done(&reads[i]);
        if (!rc)
            rc = take_lists(w, ns, of, reads, n_lists, &many_pods, err);
        if (!rc)
            kta_world_logs_end(w, log_of, reads + n_lists, n_logs);
    }
    kta_reads_free(reads, n_reads);
    free(of);
    free(log_of);
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

static struct world_list *need_list(struct kta_world *w, const char *kind, const char *ns)
{
    const struct kta_kind *k = kind_of(w, kind);
    if (!k)
        return NULL;
    struct world_list *l = have_list(w, k, ns);
    if (l)
        return l;
    struct kta_err err = KTA_ERR_INIT;
    const char *one[] = {k->plural};
    if (kta_world_prefetch(w, ns, one, 1, &err)) {
        kta_world_note_missing(w, "%s", err.msg);
        return new_list(w, k->plural, k->namespaced ? ns : NULL);
    }
    l = have_list(w, k, ns);
    return l ? l : new_list(w, k->plural, k->namespaced ? ns : NULL);
}

size_t kta_world_list(struct kta_world *w, const char *kind, const char *ns,
                      struct kta_json *const **ret)
{
    struct world_list *l = need_list(w, kind, ns);
    *ret = l ? l->items : NULL;
    return l ? l->n : 0;
}

bool kta_world_readable(struct kta_world *w, const char *kind, const char *ns)
{
    struct world_list *l = need_list(w, kind, ns);
    return l && l->readable;
}

bool kta_world_has_list(struct kta_world *w, const char *kind, const char *ns)
{
    const struct kta_kind *k = kta_kind_known(kind);
    return k && have_list(w, k, ns);
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

/* ---- one object ---- */

static struct kta_json *by_name(const struct world_list *l, const char *ns, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (kta_streq(kta_obj_name(l->items[i]), name) &&
            (!ns || kta_streq(kta_obj_namespace(l->items[i]), ns)))
            return l->items[i];
    return NULL;
}

struct kta_json *kta_world_get(struct kta_world *w, const char *kind, const char *ns,
                               const char *name, bool *ret_known)
{
    bool unused;
    if (!ret_known)
        ret_known = &unused;
    *ret_known = false;
    const struct kta_kind *k = kind_of(w, kind);
    if (!k || !name)
        return NULL;
    if (!k->namespaced)
        ns = NULL;
    struct world_list *l = have_list(w, k, ns);
    if (l && l->readable) {
        struct kta_json *o = by_name(l, ns, name);
        *ret_known = true;
        if ((o && !kta_json_get(o, KTA_SLIM)) || !l->partial)
            return o;
    }
    for (size_t i = 0; i < w->n_singles; i++) {
        struct world_single *s = &w->singles[i];
        if (kta_streq(s->kind, k->plural) && kta_streq(s->ns, ns) && kta_streq(s->name, name)) {
            *ret_known = s->known;
            return s->object;
        }
    }
    struct world_single s = {kta_strdup(k->plural), kta_strdup(ns), kta_strdup(name), NULL, false};
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_str struct kta_str path = KTA_STR_INIT;
    kta_kind_path(k, ns, name, &path);
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0;
    if (w->cluster) {
        kta_read_add(&reads, &n, &cap, metadata_only(k) ? KTA_ACCEPT_METADATA : KTA_ACCEPT_JSON,
                     "%s", path.s);
        if (!kta_cluster_read(w->cluster, reads, n, &err)) {
            s.known = reads[0].status == 404 || (reads[0].json && !reads[0].failed);
            if (reads[0].json && !reads[0].failed) {
                s.object = reads[0].json;
                reads[0].json = NULL;
                name_kind(s.object, k);
                index_uid(w, s.object);
            } else if (!s.known) {
                kta_world_note_missing(w, "%s", reads[0].err.msg);
            }
        }
        kta_reads_free(reads, n);
    }
    KTA_GROW(w->singles, w->n_singles, w->cap_singles);
    w->singles[w->n_singles++] = s;
    *ret_known = s.known;
    return s.object;
}

/* ---- events ---- */

static int by_uid_newest(const void *pa, const void *pb)
{
    const struct event_row *a = pa, *b = pb;
    int d = strcmp(a->uid, b->uid);
    if (d)
        return d;
    return a->when > b->when ? -1 : a->when < b->when;
}

/* The events of every list that was read so far, sorted by uid ("" for those without one). */
static void index_events(struct kta_world *w)
{
    size_t lists = 0;
    for (size_t i = 0; i < w->n_lists; i++)
        lists += kta_streq(w->lists[i]->kind, "events") && w->lists[i]->doc;
    if (lists == w->events_seen_lists)
        return;
    w->events_seen_lists = lists;
    w->n_events = 0;
    for (size_t i = 0; i < w->n_lists; i++) {
        const struct world_list *l = w->lists[i];
        if (!kta_streq(l->kind, "events") || !l->doc)
            continue;
        for (size_t k = 0; k < l->n; k++) {
            KTA_GROW(w->events, w->n_events, w->cap_events);
            w->events[w->n_events++] =
                (struct event_row){kta_or(kta_json_str(l->items[k], "involvedObject.uid"), ""),
                                   l->items[k], kta_event_time(l->items[k])};
        }
    }
    if (w->n_events)
        qsort(w->events, w->n_events, sizeof *w->events, by_uid_newest);
}

static size_t first_row(const struct kta_world *w, const char *uid)
{
    size_t lo = 0, hi = w->n_events;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(w->events[mid].uid, uid) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

size_t kta_world_events(struct kta_world *w, const struct kta_json *object, struct kta_json ***ret)
{
    const char *ns = kta_obj_namespace(object), *uid = kta_obj_uid(object);
    const char *kind = kta_obj_kind(object), *name = kta_obj_name(object);
    if (ns)
        (void)need_list(w, "events", ns);
    index_events(w);
    struct kta_json **v = NULL;
    size_t n = 0, cap = 0;
    if (uid)
        for (size_t i = first_row(w, uid); i < w->n_events && kta_streq(w->events[i].uid, uid);
             i++) {
            KTA_GROW(v, n, cap);
            v[n++] = w->events[i].event;
        }
    /* A node's events carry its name as uid; some recorders set none. */
    const char *other = kta_streq(kind, "Node") ? name : "";
    for (size_t i = first_row(w, kta_or(other, "")); i < w->n_events; i++) {
        if (!kta_streq(w->events[i].uid, kta_or(other, "")))
            break;
        const struct kta_json *of = kta_json_get(w->events[i].event, "involvedObject");
        if (!kta_streq(kta_json_str(of, "kind"), kind) ||
            !kta_streq(kta_json_str(of, "name"), name))
            continue;
        KTA_GROW(v, n, cap);
        v[n++] = w->events[i].event;
    }
    *ret = v;
    return n;
}

/* ---- ownership ---- */

struct kta_json *kta_world_owner(struct kta_world *w, struct kta_json *object)
{
    for (int depth = 0; object && depth < 8; depth++) {
        const struct kta_json *ref = kta_obj_controller(object);
        struct kta_json *up = ref ? kta_world_uid(w, kta_json_str(ref, "uid")) : NULL;
        if (!up || up == object)
            return object;
        object = up;
    }
    return object;
}

static bool is_service(const struct kta_json *o)
{
    return kta_streq(kta_obj_kind(o), "Service");
}

size_t kta_world_pods_of(struct kta_world *w, const struct kta_json *object, struct kta_json ***ret)
{
    *ret = NULL;
    struct kta_json *const *pods;
    if (kta_world_partial(w, "pods", kta_obj_namespace(object)))
        kta_large_pods_of(w, object);
    size_t n = kta_world_list(w, "pods", kta_obj_namespace(object), &pods), found = 0, cap = 0;
    const char *uid = kta_obj_uid(object);
    for (size_t i = 0; i < n; i++) {
        bool mine = pods[i] == object;
        if (is_service(object)) {
            mine = kta_map_matches(kta_json_at(object, "spec.selector"),
                                   kta_json_at(pods[i], "metadata.labels"));
        } else {
            struct kta_json *up = pods[i];
            for (int depth = 0; up && !mine && depth < 8; depth++) {
                mine = kta_obj_owned_by(up, uid);
                up = kta_world_uid(w, kta_json_str(kta_obj_controller(up), "uid"));
            }
        }
        if (!mine)
            continue;
        KTA_GROW(*ret, found, cap);
        (*ret)[found++] = pods[i];
    }
    return found;
}

/* ---- room on nodes ---- */

#define RUNNING_MOST 3000 /* pods of the cluster that are counted */

/* NULL: they could not be read, or are too many to be worth it. */
static struct kta_json *read_running(struct kta_world *w)
{
    static const char path[] = "/api/v1/pods?fieldSelector=status.phase%21%3DSucceeded%2C"
                               "status.phase%21%3DFailed";
    struct kta_err err = KTA_ERR_INIT;
    struct kta_json *doc = NULL;
    for (int page = 1; page >= 0 && !doc; page--) {
        struct kta_read *reads = NULL;
        size_t n = 0, cap = 0;
        kta_read_add(&reads, &n, &cap, KTA_ACCEPT_JSON, "%s%s", path, page ? "&limit=500" : "");
        kta_large_running(&reads[0]);
        if (kta_cluster_read(w->cluster, reads, n, &err) || reads[0].failed) {
            kta_world_note_missing(w, "%s", reads[0].failed ? reads[0].err.msg : err.msg);
            page = -1;
        } else if (kta_json_int(reads[0].json, "metadata.remainingItemCount", 0) > RUNNING_MOST) {
            kta_world_note_missing(w, "the room on nodes: more than %d pods take of it",
                                   RUNNING_MOST);
            page = -1;
        } else if (!page || !*kta_or(kta_json_str(reads[0].json, "metadata.continue"), "")) {
            doc = KTA_STEAL(reads[0].json);
        }
        kta_reads_free(reads, n);
    }
    return doc;
}

size_t kta_world_running_pods(struct kta_world *w, struct kta_json *const **ret)
{
    if (!w->running_read && w->cluster) {
        w->running_read = true;
        struct world_list *all = find_list(w, "pods", NULL);
        if (!all)
            w->running = read_running(w);
        const struct kta_json *items = kta_json_get(w->running, "items");
        size_t n = all ? all->n : kta_json_len(items), i = 0;
        w->running_items = kta_calloc(n + 1, sizeof *w->running_items);
        if (all && !all->partial)
            for (; i < n; i++)
                w->running_items[i] = all->items[i];
        kta_json_each(o, items) w->running_items[i++] = o;
        for (size_t k = 0; k < i; k++) {
            const char *phase = kta_json_str(w->running_items[k], "status.phase");
            if (!kta_streq(phase, "Succeeded") && !kta_streq(phase, "Failed"))
                w->running_items[w->n_running++] = w->running_items[k];
        }
    }
    *ret = w->running_items;
    return w->n_running;
}

/* ---- focus ---- */

void kta_world_set_probe(struct kta_world *w, int level)
{
    w->probe = level;
}

int kta_world_probe(const struct kta_world *w)
{
    return w->probe;
}

void kta_world_focus_add(struct kta_world *w, struct kta_json *object)
{
    const char *uid = kta_obj_uid(object);
    if (!uid)
        return;
    for (size_t i = 0; i < w->n_focus; i++)
        if (kta_streq(w->focus[i], uid))
            return;
    KTA_GROW(w->focus, w->n_focus, w->cap_focus);
    w->focus[w->n_focus++] = uid;
}

void kta_world_focus_clear(struct kta_world *w)
{
    w->n_focus = 0;
}

bool kta_world_has_focus(const struct kta_world *w)
{
    return w->n_focus > 0;
}

bool kta_world_focused(struct kta_world *w, struct kta_json *object)
{
    if (!w->n_focus)
        return true;
    for (int depth = 0; object && depth < 8; depth++) {
        const char *uid = kta_obj_uid(object);
        for (size_t i = 0; i < w->n_focus; i++)
            if (kta_streq(w->focus[i], uid))
                return true;
        const struct kta_json *ref = kta_obj_controller(object);
        object = ref ? kta_world_uid(w, kta_json_str(ref, "uid")) : NULL;
    }
    return false;
}

/* Never a fault: many clusters have none. */
size_t kta_world_pod_metrics(struct kta_world *w, const char *ns, struct kta_json *const **ret)
{
    struct world_list *l = find_list(w, pod_metrics.plural, ns);
    struct kta_err ignored = KTA_ERR_INIT;

    if (!l) {
        kta_world_want_metrics(w);
        kta_world_prefetch(w, ns, NULL, 0, &ignored);
        l = find_list(w, pod_metrics.plural, ns);
        if (!l)
            l = new_list(w, pod_metrics.plural, ns);
    }
    *ret = l->readable ? l->items : NULL;
    return l->n;
}
