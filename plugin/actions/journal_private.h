/*
 * journal_private.h - the journal's files, for listing and undoing.
 */
#ifndef KTA_JOURNAL_PRIVATE_H
#define KTA_JOURNAL_PRIVATE_H

#include "actions.h"

char *kta_journal_dir(void); /* caller frees; NULL without HOME */
/* "17" of "17.2"; *ret_step points at "2" or is NULL. Caller frees. */
char *kta_journal_id(const char *id, const char **ret_step);
int kta_journal_take(const char *dir, const char *name, struct kta_json **ret, struct kta_err *err);
/* Removes the oldest entries beyond the limits; never one that runs, nor the newest. */
void kta_journal_prune(const char *dir, const struct kta_journal_limits *limits);
/* Nobody holds the entry's lock. */
bool kta_journal_abandoned(const char *dir);
/* KTA_E_FAIL while change `id` ("17") runs or is being undone in another process. */
int kta_journal_idle(const char *id, struct kta_err *err);
/* KTA_E_USAGE when the change was made on another cluster than p's (`here`: its uid, or NULL). */
int kta_journal_same_cluster(struct kta_pipeline *p, const char *id, const struct kta_json *entry,
                             const char *here, struct kta_err *err);
char *kta_cluster_uid(struct kta_cluster *c); /* caller frees; NULL: may not be read */

/* ---- history.c ---- */
/* entry.json of an ID ("17"); "running" of a process that is gone is read as "unknown". */
int kta_journal_entry(const char *id, struct kta_json **ret, struct kta_err *err);
bool kta_journal_step_ran(const struct kta_json *step);
/* The ID of the latest change in this context that is neither undone nor an undo; caller frees. -1
 * also when a later one cannot be read: it might be the one that is meant. */
int kta_journal_latest(const char *context, const char *cluster_uid, char **ret,
                       struct kta_err *err);

/* ---- undo_images.c ---- */
/* One object of the change. */
struct kta_undo_item {
    const struct kta_json *image;                 /* of N.before: kind, path, name … */
    const struct kta_json *before, *after, *live; /* NULL: not there */
    bool readable;                                /* before could be read, or was not there */
    bool adopted;                                 /* before is live with its owners, made again */
};

struct kta_undo {
    struct kta_pipeline *p;
    struct kta_plan *plan;
    bool force;
    struct kta_json *before, *after; /* arrays of one step */
    struct kta_json *orphaned;       /* paths; see undo_orphans.c */
    struct kta_json *was;            /* images from before helm's part of the undo */
    struct kta_json *wanted;         /* how objects should be after it: array, owns what v shows */
    struct kta_read *reads;
    size_t n_reads, cap_reads;
    struct kta_undo_item *v;
    size_t n, cap;
    struct kta_str replace, create, applied; /* manifests */
    struct kta_str conflicts, lost;
    struct kta_str unsure; /* objects that the change may have made */
};

void kta_undo_release(struct kta_undo *u); /* keeps p, plan, force and orphaned */
/* kta_restore_ops of an item's images and `live`, all stripped. Caller owns. */
struct kta_json *kta_undo_ops(const struct kta_undo_item *x, const struct kta_json *live,
                              bool force, struct kta_str *conflicts);
/* A step that ran, and is the one that is wanted (only NULL: all are). */
bool kta_undo_chosen(const struct kta_json *step, const char *only);
/* The images of one step of an entry (only NULL: of all that ran), lined up with what is there now.
 * among: the step that is undone as a whole (NULL: all), whose later steps count as ours. */
int kta_undo_load(struct kta_undo *u, const char *id, const struct kta_json *entry,
                  const char *only, const char *among, struct kta_err *err);
/* ---- undo_unnamed.c ---- */
/* A step was cut off before the names that the server chose were recorded: adds to u->before what
 * it made, where that can be told (b, a: its images; a NULL: none), and to u->unsure where not. */
int kta_undo_unnamed(struct kta_undo *u, const struct kta_json *b, const struct kta_json *a,
                     struct kta_err *err);
/* What helm's part of an undo has left (by: the undo's own entry): `before` becomes how each object
 * should be, `after` how it is. *ret_any: helm ran. */
int kta_undo_helm_left(struct kta_undo *u, const char *by, bool *ret_any, struct kta_err *err);
bool kta_undo_is_helm(const struct kta_json *step);
/* One revision of a helm release, as helm keeps it. */
bool kta_undo_is_record(const struct kta_undo_item *x);
bool kta_undo_is_hook(const struct kta_undo_item *x);

/* ---- undo_orphans.c ---- */
/* entry: the undo that is to be taken back (of any other change: finds nothing). */
void kta_undo_find_orphaned(struct kta_undo *u, const struct kta_json *entry);
/* What x owns is to stay when it is deleted. */
bool kta_undo_orphans(const struct kta_undo *u, const struct kta_undo_item *x);

/* ---- undo_objects.c ---- */
int kta_undo_step(struct kta_undo *u, struct kta_argv *argv, const char *ns, const char *input,
                  const char *why, struct kta_err *err);
/* Who changed since what the change had made; NULL: nobody. Borrowed. */
const char *kta_undo_changed_by(const struct kta_undo_item *x);
void kta_undo_conflict(struct kta_undo *u, const struct kta_undo_item *x, const char *what,
                       const char *who);
/* What was deleted is there again by somebody else's hand, and otherwise than it was. */
void kta_undo_find_recreated(struct kta_undo *u);
/* only: which objects (NULL: all). */
int kta_undo_delete_created(struct kta_undo *u, bool (*only)(const struct kta_undo_item *x),
                            struct kta_err *err);
/* Deletes what was created, changes back what was changed, creates again what was deleted. */
int kta_undo_objects_back(struct kta_undo *u, struct kta_err *err);
/* ---- undo_helm.c ---- */
/* Takes back one helm command of an entry (its step). */
int kta_undo_helm_back(struct kta_undo *u, const struct kta_json *step, struct kta_err *err);

/* ---- undo_again.c ---- */
/* Something else makes it again by itself. */
bool kta_undo_comes_back(const struct kta_undo_item *x);
/* The change deleted it, and its undo creates it again. */
bool kta_undo_is_lost(const struct kta_undo_item *x);
/* After the creation: an object whose owner was created again with it is to belong to that one:
 * `before` becomes what is there with the owners' new uids, `after` what is there. True: some are.
 */
bool kta_undo_adopt(struct kta_undo *u);
/* The object as it can be created again; what cannot come back is added to u->lost. Caller owns. */
struct kta_json *kta_undo_again(struct kta_undo *u, const struct kta_json *object);
/* Appends it as a document of a manifest, its secrets as placeholders (in place). */
void kta_undo_manifest(struct kta_undo *u, struct kta_json *object, struct kta_str *out);

#endif
