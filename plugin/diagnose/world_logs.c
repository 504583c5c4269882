/*
 * world_logs.c - containers' logs: read in parallel, each once, raw.
 *
 * Invariant: at most KTA_MAX_LOGS logs are read for one world, each of at most KTA_LOG_LINES lines
 * and KTA_LOG_BYTES bytes, and a beginning of HEAD_BYTES; what is left out is said once.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/limits.h"
#include "kta/world.h"

struct world_log {
    char *ns, *pod, *container;
    bool previous, there;
    struct kta_str text;
};

struct kta_world_logs {
    struct world_log *v;
    size_t n, cap;
};

static struct kta_world_logs *storage(struct kta_world *w)
{
    struct kta_world_logs **l = kta_world_logs(w);
    if (!*l)
        *l = kta_calloc(1, sizeof **l);
    return *l;
}

void kta_world_logs_free(struct kta_world *w)
{
    struct kta_world_logs **l = kta_world_logs(w);
    if (!*l)
        return;
    for (size_t i = 0; i < (*l)->n; i++) {
        free((*l)->v[i].ns);
        free((*l)->v[i].pod);
        free((*l)->v[i].container);
        kta_str_release(&(*l)->v[i].text);
    }
    free((*l)->v);
    free(*l);
    *l = NULL;
}

static struct world_log *find(struct kta_world_logs *l, const struct kta_log_want *q)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].previous == q->previous && kta_streq(l->v[i].pod, q->pod) &&
            kta_streq(l->v[i].container, q->container) && kta_streq(l->v[i].ns, q->ns))
            return &l->v[i];
    return NULL;
}

static void take(struct kta_world_logs *l, const struct kta_log_want *q, struct kta_read *r)
{
    KTA_GROW(l->v, l->n, l->cap);
    struct world_log *x = &l->v[l->n++];
    *x = (struct world_log){kta_strdup(q->ns),
                            kta_strdup(q->pod),
                            kta_strdup(q->container),
                            q->previous,
                            !r->failed && !kta_log_gone(r->text.s),
                            r->text};
    kta_str_init(&r->text, 0);
}

#define HEAD_BYTES (KTA_LOG_BYTES / 4)

/* The last `lines` of it (0: from its beginning), at most `bytes`. */
static void ask(struct kta_read **reads, size_t *n, size_t *cap, const struct kta_log_want *q,
                size_t lines, size_t bytes)
{
    kta_auto_free char *tail = lines ? kta_asprintf("&tailLines=%zu", lines) : kta_strdup("");
    struct kta_read *r =
        kta_read_add(reads, n, cap, KTA_ACCEPT_TEXT,
                     "/api/v1/namespaces/%s/pods/%s/log?container=%s%s%s&limitBytes=%zu", q->ns,
                     q->pod, q->container, q->previous ? "&previous=true" : "", tail, bytes);
    r->max = bytes;
}

size_t kta_world_logs_begin(struct kta_world *w, const struct kta_log_want *wants, size_t n,
                            const struct kta_log_want **of, struct kta_read **reads,
                            size_t *n_reads, size_t *cap)
{
    struct kta_world_logs *l = storage(w);
    size_t added = 0;

    for (size_t i = 0; i < n; i++) {
        bool twice = find(l, &wants[i]) != NULL;
        for (size_t k = 0; k < added && !twice; k++)
            twice = of[k]->previous == wants[i].previous && kta_streq(of[k]->pod, wants[i].pod) &&
                    kta_streq(of[k]->container, wants[i].container);
        if (twice)
            continue;
        if (l->n + added >= KTA_MAX_LOGS) {
            kta_world_note_missing(w, "more than %d logs: the rest was not read", KTA_MAX_LOGS);
            break;
        }
        ask(reads, n_reads, cap, &wants[i], KTA_LOG_LINES, KTA_LOG_BYTES);
        of[added++] = &wants[i];
    }
    if (added)
        kta_report_progress(kta_world_report(w), "reading %zu log%s", added, added == 1 ? "" : "s");
    return added;
}

static size_t lines_of(const struct kta_str *text)
{
    size_t lines = 0;
    for (size_t i = 0; i < text->len; i++)
        lines += text->s[i] == '\n';
    return lines;
}

/* limitBytes counts from the first of the lines that were asked for: what fills it has lost its
 * end, and what a program says last tells most. The ends are asked for anew, together, by so many
 * lines as surely fit, and put behind the beginnings. */
static void read_ends(struct kta_world *w, const struct kta_log_want *const *of,
                      struct kta_read *reads, size_t n)
{
    struct kta_read *ends = NULL;
    size_t n_ends = 0, cap = 0;
    kta_auto_free size_t *end_of = kta_calloc(n + 1, sizeof *end_of);
    struct kta_err err = KTA_ERR_INIT;

    for (size_t i = 0; i < n; i++) {
        if (reads[i].failed || reads[i].text.len < KTA_LOG_BYTES - 1)
            continue;
        end_of[n_ends] = i;
        ask(&ends, &n_ends, &cap, of[i], lines_of(&reads[i].text) / 2 + 1, KTA_LOG_BYTES);
    }
    bool came = n_ends && kta_cluster_read(kta_world_cluster(w), ends, n_ends, &err) == 0;
    for (size_t k = 0; came && k < n_ends; k++) {
        struct kta_str *text = &reads[end_of[k]].text;
        size_t head = HEAD_BYTES;
        if (ends[k].failed || ends[k].text.len >= KTA_LOG_BYTES - 1)
            continue;
        while (head && text->s[head - 1] != '\n')
            head--;
        kta_str_truncate(text, head);
        kta_str_addn(text, ends[k].text.s, ends[k].text.len);
    }
    kta_reads_free(ends, n_ends);
}

/* A beginning goes before an end, without the lines that they share. */
static void put_before(struct kta_str *end, const struct kta_str *beginning)
{
    size_t head = beginning->len, at = 0;
    while (head && beginning->s[head - 1] != '\n')
        head--;
    while (at < head &&
           (head - at > end->len || memcmp(beginning->s + at, end->s, head - at) != 0)) {
        const char *nl = memchr(beginning->s + at, '\n', head - at);
        at = (size_t)(nl - beginning->s) + 1;
    }
    kta_auto_str struct kta_str all = KTA_STR_INIT;
    kta_str_addn(&all, beginning->s, at);
    kta_str_addn(&all, end->s, end->len);
    struct kta_str both = all;
    all = *end;
    *end = both;
}

/* A program may say its cause once and go on with other things: of a log that is longer than what
 * was read, and whose end names no cause, the beginning is read too. */
static void read_beginnings(struct kta_world *w, const struct kta_log_want *const *of,
                            struct kta_read *reads, size_t n)
{
    struct kta_read *heads = NULL;
    size_t n_heads = 0, cap = 0;
    kta_auto_free size_t *head_of = kta_calloc(n + 1, sizeof *head_of);
    struct kta_err err = KTA_ERR_INIT;

    for (size_t i = 0; i < n; i++) {
        struct kta_log_cause c;
        if (reads[i].failed || lines_of(&reads[i].text) < KTA_LOG_LINES)
            continue;
        if (kta_log_cause(reads[i].text.s, reads[i].text.len, &c)) {
            kta_log_cause_release(&c);
            continue;
        }
        head_of[n_heads] = i;
        ask(&heads, &n_heads, &cap, of[i], 0, HEAD_BYTES);
    }
    bool came = n_heads && kta_cluster_read(kta_world_cluster(w), heads, n_heads, &err) == 0;
    for (size_t k = 0; came && k < n_heads; k++)
        if (!heads[k].failed)
            put_before(&reads[head_of[k]].text, &heads[k].text);
    kta_reads_free(heads, n_heads);
}

/* A log that is gone is an ordinary thing (400, 404); one that may not be read is not. */
void kta_world_logs_end(struct kta_world *w, const struct kta_log_want *const *of,
                        struct kta_read *reads, size_t n)
{
    read_ends(w, of, reads, n);
    read_beginnings(w, of, reads, n);
    for (size_t i = 0; i < n; i++) {
        if (reads[i].failed && (reads[i].status == 403 || reads[i].status == 401))
            kta_world_note_missing(w, "%s", reads[i].err.msg);
        take(storage(w), of[i], &reads[i]);
    }
}

const char *kta_world_log(struct kta_world *w, const char *ns, const char *pod,
                          const char *container, bool previous, size_t *ret_len)
{
    struct kta_log_want q = {ns, pod, container, previous};
    struct world_log *x = find(storage(w), &q);
    struct kta_err err = KTA_ERR_INIT;
    if (!x && !kta_world_prefetch_logs(w, &q, 1, &err))
        x = find(storage(w), &q);
    if (!x || !x->there || !x->text.len)
        return NULL;
    if (ret_len)
        *ret_len = x->text.len;
    return x->text.s;
}

bool kta_world_log_late(struct kta_world *w, const struct kta_json *pod, const char *container,
                        int64_t seconds, struct kta_str *ret)
{
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_read *r = kta_read_add(
        &reads, &n, &cap, KTA_ACCEPT_TEXT,
        "/api/v1/namespaces/%s/pods/%s/log?container=%s&sinceSeconds=%lld&limitBytes=%u",
        kta_obj_namespace(pod), kta_obj_name(pod), container, (long long)seconds, KTA_LOG_BYTES);
    r->max = KTA_LOG_BYTES;
    bool came = kta_world_cluster(w) && !kta_cluster_read(kta_world_cluster(w), reads, n, &err) &&
                !reads[0].failed;
    if (came)
        kta_str_addn(ret, reads[0].text.s, reads[0].text.len);
    kta_reads_free(reads, n);
    return came;
}

const char *kta_world_has_log(struct kta_world *w, const struct kta_json *pod,
                              const char *container, bool previous, size_t *ret_len)
{
    struct kta_log_want q = {kta_obj_namespace(pod), kta_obj_name(pod), container, previous};
    const struct world_log *x = find(storage(w), &q);
    if (!x || !x->there)
        return NULL;
    *ret_len = x->text.len;
    return x->text.s;
}
