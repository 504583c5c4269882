/*
 * world_private.h - what world.c and the files beside it share: what was read, and where it is
 * kept.
 *
 * Objects belong to the world and stay where they are until it is freed.
 */
#ifndef KTA_WORLD_PRIVATE_H
#define KTA_WORLD_PRIVATE_H

#include "diag.h"
#include "kta/kinds.h"

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
    int probe, asks;
    struct kta_world_logs *logs;
    struct kta_argv secrets_seen;
    void **owned; /* what went out of use while somebody may still look at it */
    size_t n_owned, cap_owned;
    struct kta_json **extra; /* objects that were put into lists one by one */
    size_t n_extra, cap_extra;
    const char **asked; /* uids of objects whose pods were asked for */
    size_t n_asked, cap_asked;
    int fetches, healthy_asks;
    bool wants_metrics;
    bool wants_logs;
    const struct kta_kind **asking; /* lists that are under way */
    size_t n_asking, cap_asking;
    void (*on_list)(struct kta_world *w, const char *kind, const char *ns, void *ctx);
    void *on_list_ctx;
    bool wants_checks;
    struct kta_asked_ahead *asked_ahead;
};

/* The kind of that name, known or discovered; NULL: the cluster has none. */
const struct kta_kind *world_kind(struct kta_world *w, const char *name);
/* The list of a kind under the version that this server has it in, or NULL; *ret: the kind so.
 * (world_versions.c) */
struct kta_json *world_read_otherwise(struct kta_world *w, const struct kta_kind *k, const char *ns,
                                      struct kta_kind *ret);
/* Secrets and ConfigMaps: their values are never read. */
bool world_metadata_only(const struct kta_kind *k);
/* A list that was read (or tried); have: NULL where it was not, need: it is read now, and NULL
 * means that there is no such kind, or that it is under way (kta_world_on_list). */
struct world_list *world_find_list(struct kta_world *w, const char *kind, const char *ns);
struct world_list *world_have_list(struct kta_world *w, const struct kta_kind *k, const char *ns);
struct world_list *world_need_list(struct kta_world *w, const char *kind, const char *ns);
/* Adds o to the list's end; o is owned by somebody else. */
void world_add_item(struct kta_world *w, struct world_list *l, struct kta_json *o);
/* Sets kind and apiVersion, which the API leaves out in lists. */
void world_name_kind(struct kta_json *o, const struct kta_kind *k);
void world_index_uid(struct kta_world *w, struct kta_json *o);

#endif
