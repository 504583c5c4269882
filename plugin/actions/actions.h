/*
 * actions.h - what the files of this room share.
 *
 * A step's touches are the objects that it concerns: found from its argv and manifest, read once
 * (`live`: the pre-image, never redacted, never shown as it is), and joined by what the API
 * server's dry run says they will be (`after`). Preview, rights, journal and verification all look
 * at them.
 */
#ifndef KTA_ACTIONS_H
#define KTA_ACTIONS_H

#include "kta/cluster.h"
#include "kta/kinds.h"
#include "kta/pipeline.h"
#include "kta/plan.h"
#include "kta/proc.h"

#define KTA_MAX_TOUCHES  500  /* objects of one step; more are not changed at once */
#define KTA_PREVIEW_PAGE 2000 /* objects: a preview is to cost one list, not many pages of it */
#define KTA_MAX_DIFF     (128u << 10) /* bytes of one step's diff */
#define KTA_MAX_OUTPUT   (64u << 10)  /* bytes of a step's output that are kept */
#define KTA_PREVIEW_MS   45000        /* one kubectl or helm process of a preview */
#define KTA_READ_MS      60000        /* one process of class read */
#define KTA_STEP_MS      300000       /* one step; a --timeout of its own is added */
#define KTA_STEP_MAX_MS  3600000
#define KTA_VERIFY_MS    300000
#define KTA_HELD_MS      60000 /* a delete that a finalizer of somebody's own holds up */
#define KTA_STABLE_MS    10000 /* ready for so long counts as recovered (or minReadySeconds) */

struct kta_touch {
    const struct kta_kind *kind;
    char *ns;               /* NULL: cluster-scoped */
    char *name;             /* "": the server will choose (generateName) */
    char *path;             /* REST path of the object */
    struct kta_json *live;  /* before; NULL: not there, or not read */
    struct kta_json *after; /* by dry run; NULL: unknown, or gone */
    int status;             /* HTTP status of the read of live; 0: not read */
    bool record;            /* a helm release's own record: kept and restored, not shown */
    bool hook;              /* of a helm release: helm makes it, and may take it away itself */
    bool inside;            /* goes with its namespace: told by kind, not shown whole */
    bool known_after;       /* after is what will be (NULL: the object goes) */
};

struct kta_touches {
    struct kta_touch *v;
    size_t n, cap;
    size_t more;           /* objects beyond KTA_MAX_TOUCHES */
    bool read;             /* live versions were read */
    bool partial;          /* the step concerns objects that could not be named beforehand */
    bool later;            /* an earlier step makes what it needs: previewed again at its turn */
    bool status;           /* the step changes a status, which is shown then */
    bool template_;        /* the step changes a pod template: pods will be replaced */
    struct kta_str unread; /* what goes too and could not be read: "the secrets in 'x'", … */
    bool held;             /* what is to go is held by finalizers, and was waited for in vain */
    int64_t before_s;      /* seconds since the epoch: when the step was started; 0: not yet */
};

/* ---- plan.c ---- */
/* Forgets preview, touches and the yes that was given to them: before a new preview. */
void kta_step_forget_preview(struct kta_step *s);
struct kta_json *kta_step_json(const struct kta_step *s);
/* Puts the plan's context and the namespace into its argv, or into the objects of a manifest of
 * which others say that they are elsewhere. */
void kta_step_pin(const struct kta_plan *p, struct kta_step *s);
/* Moves more's steps behind those of p. */
void kta_plan_join(struct kta_plan *p, struct kta_plan *more);
void kta_step_free(struct kta_step *s);

/* ---- script.c ---- */
/* A delimiter for a here-document that is no line of text. */
void kta_heredoc_mark(const char *text, char *mark, size_t n);

/* ---- touch.c ---- */
void kta_touches_free(struct kta_touches *t);
struct kta_touch *kta_touch_add(struct kta_touches *t, const struct kta_kind *kind, const char *ns,
                                const char *name);
/* Finds the objects that the step names (argv, selectors, manifest). err is a sentence for the
 * preview; what can be found is in s->touches either way. */
int kta_touch_find(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                   struct kta_err *err);
/* Reads the live versions of several steps' touches, in parallel. -1 only as kta_cluster_read. */
int kta_touch_read(struct kta_pipeline *p, struct kta_step **steps, size_t n, struct kta_err *err);
/* Adds an item of a list of that kind, with its live version. NULL: there are too many. */
struct kta_touch *kta_touch_item(struct kta_touches *t, const struct kta_kind *kind,
                                 const struct kta_json *object);
/* Adds what a namespace holds and only its deletion would take: the objects that somebody made,
 * not those that controllers make again. */
int kta_touch_namespace(struct kta_pipeline *p, struct kta_step *s, const char *ns,
                        struct kta_err *err);
/* The same for the objects whose kind a CustomResourceDefinition defines. */
int kta_touch_definition(struct kta_pipeline *p, struct kta_step *s, const struct kta_json *crd,
                         struct kta_err *err);
/* Kinds whose objects somebody makes: the table's and, of discovery, the first hundred others. */
struct kta_kind_list {
    const struct kta_kind **v;
    size_t n, cap;
    bool cut;    /* there are more */
    bool untold; /* discovery does not tell the others */
};
/* everywhere: those without a namespace, too. free(ret->v). -1 only when interrupted. */
int kta_kinds_there(struct kta_pipeline *p, bool everywhere, struct kta_kind_list *ret,
                    struct kta_err *err);
/* ---- owned.c ---- */
/* What goes because its owners go: told by kind; what no controller makes again is touched, too. */
int kta_touch_owned(struct kta_pipeline *p, struct kta_step *s, struct kta_err *err);
/* The same for objects of which the preview did not look, just before they go. *ret_more: there is
 * something that nothing makes again, and the preview now says so. */
int kta_touch_owned_more(struct kta_pipeline *p, struct kta_step *s, bool *ret_more,
                         struct kta_err *err);

/* After the step ran: the names that the server chose, from kubectl's "job.batch/x-7f2k4 created".
 */
void kta_touch_created(struct kta_pipeline *p, struct kta_step *s);
/* "deployment/backend in 'demo'"; appended. */
void kta_touch_name(const struct kta_touch *t, struct kta_str *out);
bool kta_touch_is(const struct kta_touch *t, const char *kind);
/* The step takes the object of that uid away. */
bool kta_touch_goes(const struct kta_touches *t, const char *uid);
/* The documents of a manifest, lists opened; NULL with err when it is no YAML. Caller frees. */
struct kta_json *kta_manifest_open(const char *text, struct kta_err *err);

/* ---- show.c ---- */
/* Takes out what the server keeps for itself (managedFields, status, generation …): what is left is
 * the user's, to be put back by an undo. */
void kta_server_strip(struct kta_json *object);
/* Takes out what a dry run of a creation chooses, and the real one chooses anew: a Job's uid, the
 * name of a Pod's token volume. */
void kta_drop_chosen(struct kta_json *object);
/* The same object for its owner: nothing but the server's own fields differs. */
bool kta_same_but_server(const struct kta_json *a, const struct kta_json *b);
/* Appends a unified diff of before and after (either NULL), redacted. status: with the part that is
 * the server's. */
void kta_show_diff(struct kta_redact *r, const char *title, const struct kta_json *before,
                   const struct kta_json *after, bool status, struct kta_str *out);

/* ---- hidden.c ---- */
/* argv with its placeholders put back: in files (their paths are added to `files`) where a flag has
 * a form that reads one, else in place. KTA_E_POLICY for a placeholder that was never given. */
int kta_hidden_argv(struct kta_redact *r, const struct kta_argv *argv, struct kta_argv *ret,
                    struct kta_argv *files, struct kta_err *err);
void kta_hidden_remove(struct kta_argv *files); /* unlinks them, and releases the list */

/* ---- child.c ---- */
/* The environment of kubectl and helm: only what they and credential plugins need. NULL-terminated,
 * freed with kta_child_env_free. kubeconfig may be NULL. */
char **kta_child_env(char *const *ours, const char *kubeconfig);
void kta_child_env_free(char **env);
/* Runs an argv (placeholders put back, program by its absolute path). Fill in input, timeout,
 * max_output, on_output of *proc before. As kta_proc_run. */
int kta_child_run(struct kta_pipeline *p, const struct kta_argv *argv, const char *input,
                  struct kta_proc *proc, struct kta_err *err);
/* Puts the session's flags, each "--name=value" (helm spells them its own way), as
 * flags of the command; takes them out again. */
void kta_session_flags_add(const struct kta_argv *flags, struct kta_argv *argv);
void kta_session_flags_drop(const struct kta_argv *flags, struct kta_argv *argv);
/* Inserts a flag where the program takes it for one: before the "--" that ends the flags. */
void kta_argv_insert_flag(struct kta_argv *argv, const char *flag);

/* ---- preview_*.c: fill in s->preview; problems become its warnings ---- */
int kta_preview_kubectl(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                        struct kta_err *err);
/* Asks kubectl itself, with a dry run. */
int kta_preview_by_kubectl(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                           struct kta_err *err);
int kta_preview_patch(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                      struct kta_err *err);
int kta_preview_scale(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                      struct kta_err *err);
/* label and annotate */
int kta_preview_marks(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                      struct kta_err *err);
int kta_preview_helm(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                     struct kta_err *err);
int kta_preview_rollout(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                        struct kta_err *err);
/* A command that has no dry run at all, and what is said of it instead. */
bool kta_preview_has_none(const struct kta_command *cmd);
int kta_preview_unseen(struct kta_step *s, const struct kta_command *cmd);
/* apply --server-side of what was applied by the client; its dry run has to show who owns what. */
bool kta_preview_migrates(const struct kta_command *cmd);
void kta_preview_migrated(struct kta_step *s);
/* replace --force. */
int kta_preview_replace(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                        struct kta_err *err);

/* ---- dryrun.c ---- */
#define KTA_PATCH_STRATEGIC "application/strategic-merge-patch+json"
#define KTA_PATCH_MERGE     "application/merge-patch+json"
#define KTA_PATCH_JSON      "application/json-patch+json"
/* A PATCH with dryRun=All of one touch, or of all: after, validated, rejected. -1 only when
 * interrupted. */
int kta_dry_patch(struct kta_pipeline *p, struct kta_step *s, struct kta_touch *t,
                  const char *content_type, const char *body, struct kta_err *err);
int kta_dry_patch_all(struct kta_pipeline *p, struct kta_step *s, const char *content_type,
                      const char *body, struct kta_err *err);
struct kta_dry_how {
    const char *type, *manager;
    bool force; /* takes fields that other managers own */
};
/* The same as another manager; *ret_after gets what it would be, caller owns; it stays as it was
 * when that is not known. */
int kta_dry_validate(struct kta_pipeline *p, struct kta_step *s, const struct kta_touch *t,
                     const struct kta_dry_how *how, const char *body, struct kta_json **ret_after,
                     struct kta_err *err);
#define KTA_PATCH_APPLY "application/apply-patch+yaml"
/* The last sentence of a rejected preview; borrowed. */
const char *kta_rejection(const struct kta_step *s);
/* It was refused when it was tried, and waits for no earlier step. */
bool kta_step_is_known_to_fail(const struct kta_step *s);

/* ---- helm_objects.c ---- */
/* Of a list of a release's Secrets the one with that version (0: the newest), and that status
 * (NULL: any); NULL: there is none. */
const struct kta_json *kta_helm_record(const struct kta_json *records, const char *status,
                                       int64_t version);
int64_t kta_helm_revision(const struct kta_json *records); /* its version; 0: there is none */
/* The objects of a decoded release's manifest, as the API server keeps them. Caller frees. */
struct kta_json *kta_helm_objects(const struct kta_json *release);
/* The one of such a list that has the kind, name and namespace of `like`; NULL: none has. */
const struct kta_json *kta_helm_object(const struct kta_json *objects, const struct kta_json *like);

/* ---- merge3.c ---- */
/* What helm makes of `live`: the new manifest's fields set, those that only the old manifest had
 * taken out, the rest left. Caller frees. old and live may be NULL. */
struct kta_json *kta_merge3(const struct kta_json *old, const struct kta_json *new_,
                            const struct kta_json *live);
/* The JSON merge patch that makes one object of the other. Caller frees. */
struct kta_json *kta_merge_patch(const struct kta_json *from, const struct kta_json *to);

/* ---- effects.c ---- */
/* ---- held.c ---- */
/* The finalizer that says most: one of somebody's own, else the first; NULL: none. Borrowed. */
const char *kta_finalizer(const struct kta_json *object);
/* What a step deletes and somebody's own finalizer holds; NULL: nothing. Borrowed, both. */
const struct kta_touch *kta_held(const struct kta_step *s, const char **ret_finalizer);
int64_t kta_held_ms(const struct kta_pipeline *p); /* how long that is waited for */
/* The server has taken the deletion of everything that the step names. */
bool kta_is_going(struct kta_pipeline *p, const struct kta_step *s);

/* kubectl delete --cascade=orphan: what the object owns is not deleted with it. */
bool kta_leaves_orphans(const struct kta_command *cmd);
/* What the change does to what runs: pods restarted or gone, an outage, what goes with a delete. */
void kta_preview_effects(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd);
/* ---- dependents.c ---- */
/* Who mounts, selects or leads to an object that changes or goes: sentences of the preview. */
void kta_preview_dependents(struct kta_pipeline *p, struct kta_step *s, const struct kta_touch *t);
/* The PodDisruptionBudgets of a workload that keeps `left` pods. */
void kta_preview_budgets(struct kta_pipeline *p, struct kta_step *s, const struct kta_touch *t,
                         int64_t left);
/* Those of pods (an array) that are to be evicted. */
void kta_preview_evictions(struct kta_pipeline *p, struct kta_step *s, const struct kta_json *pods);
/* One step again: after an edit, or when its objects changed meanwhile. */
int kta_preview_step(struct kta_pipeline *p, struct kta_step *s, struct kta_err *err);

/* ---- rights.c ---- */
/* A refusal for want of a right, not by an admission plugin or for a field that is "Forbidden". */
bool kta_lacks_right(const char *message);
/* One SelfSubjectAccessReview for each right that the step needs: s->preview.allowed, warnings. */
int kta_preview_rights(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                       struct kta_err *err);

/* ---- execute.c ---- */
/* Runs the step: state (executed, failed, unknown), exit code, output. -1 when the rest of the plan
 * must not run (err says why). */
int kta_execute(struct kta_pipeline *p, struct kta_plan *plan, struct kta_step *s,
                struct kta_err *err);

/* ---- verify.c ---- */
/* Watches until the step's objects are as they should be, or are seen not to become so: state
 * verified or unverified, outcome. -1 when interrupted (state unknown stays executed). */
int kta_verify(struct kta_pipeline *p, struct kta_plan *plan, struct kta_step *s,
               struct kta_err *err);

/* ---- verify_kinds.c ---- */
/* What is asked of an object besides its own health. *ret_good is set to false, why then says it.
 */
int kta_verify_more(struct kta_pipeline *p, const struct kta_touch *t, int64_t deadline,
                    bool *ret_good, struct kta_str *why, struct kta_err *err);
/* Applying the manifest `after` once more would change nothing of live. */
bool kta_as_manifest(const struct kta_json *after, const struct kta_json *live);
/* After a helm command: the release is deployed, and its objects are as its manifest says. */
int kta_verify_release(struct kta_pipeline *p, const struct kta_step *s, bool *ret_good,
                       struct kta_str *why, struct kta_err *err);

/* ---- verify_kept.c ---- */
/* What the preview showed of an object that was there is still so; one that a controller may set
 * back is watched until then (kta_now_ms). *ret_good is set to false, why then says it. */
int kta_verify_kept(struct kta_pipeline *p, const struct kta_step *s, const struct kta_touch *t,
                    int64_t until, bool *ret_good, struct kta_str *why, struct kta_err *err);

/* ---- verify_workload.c ---- */
/* What is known of a workload at one moment. */
struct kta_health {
    enum { KTA_HEALTH_WAIT, KTA_HEALTH_GOOD, KTA_HEALTH_BAD } state;
    char why[512];        /* a sentence, redacted by the caller */
    char pod[256];        /* BAD: the pod that shows it, or "" */
    char container[128];  /* BAD: its container, or "" */
    bool previous_log;    /* the log of the container that ended is the telling one */
    int64_t steady_since; /* seconds: when the last pod became ready; KTA_NO_TIME: not all are */
};
/* Judges a workload by itself and its pods. since: when the step ran (seconds). */
void kta_judge_workload(const struct kta_json *workload, const struct kta_json *replicasets,
                        const struct kta_json *pods, int64_t since, int64_t now,
                        struct kta_health *ret);
bool kta_is_workload(const struct kta_json *object);
/* Watches one workload until it is well and steady, or lost, or the deadline (kta_now_ms) passes.
 * *ret_why: a sentence with the newest evidence; caller frees. -1 only when interrupted. */
int kta_watch_workload(struct kta_pipeline *p, const char *path, int64_t since, int64_t deadline,
                       bool *ret_good, char **ret_why, struct kta_err *err);

/* ---- journal.c ---- */
struct kta_journal;
/* Makes the entry of a plan, durably; gives it its ID. */
int kta_journal_begin(struct kta_pipeline *p, struct kta_plan *plan, struct kta_journal **ret,
                      struct kta_err *err);
/* Before step s runs: its pre-images and its state "running" are on disk. */
int kta_journal_before(struct kta_journal *j, struct kta_plan *plan, struct kta_step *s,
                       struct kta_err *err);
/* After it: post-images, exit code, output, state. A failure is noted, not fatal. */
void kta_journal_after(struct kta_journal *j, struct kta_plan *plan, struct kta_step *s);
void kta_journal_state(struct kta_journal *j, const struct kta_plan *plan); /* states alone */
void kta_journal_end(struct kta_journal *j, struct kta_plan *plan);
/* The entry `id` is undone by `by`, as far as the undo's steps went well. */
void kta_journal_mark_undone(const char *id, const char *by);
/* What the undo `by` has left of change id: what helm did not put back, and who owns what was
 * created again. Without steps when nothing is left. */
int kta_journal_undo_rest(struct kta_pipeline *p, const char *id, const char *by,
                          struct kta_plan *ret, struct kta_err *err);
/* The plan has got more steps: they are on disk as the others are. */
int kta_journal_more(struct kta_journal *j, const struct kta_plan *plan, struct kta_err *err);
/* After an undo: are the objects as they were before change id? *ret_text names what still differs,
 * or is NULL; caller frees. */
int kta_journal_compare(struct kta_pipeline *p, const char *id, char **ret_text,
                        struct kta_err *err);

/* ---- restore.c ---- */
/* JSON patch operations that take back what turned `before` into `after`, and only that, from
 * `live` (all three stripped by kta_server_strip). Values come from `shown`: before, redacted.
 * Paths where live is neither are conflicts: appended to `conflicts`, and taken back only when
 * forced. Caller owns the array. */
struct kta_json *kta_restore_ops(const struct kta_json *before, const struct kta_json *after,
                                 const struct kta_json *live, const struct kta_json *shown,
                                 bool force, struct kta_str *conflicts);
/* Carries such operations out on an object. */
void kta_restore_apply(struct kta_json *object, const struct kta_json *ops);
/* The next part of a JSON pointer, its escapes taken out. Caller frees. */
char *kta_pointer_part(const char **path);
/* What it leads to; NULL: nothing. Borrowed. */
const struct kta_json *kta_pointer_find(const struct kta_json *object, const char *path);

/* ---- reviewed.c ---- */
/* A plan that somebody reviewed must still do what was reviewed: same server, class, risk, diff.
 * KTA_E_POLICY or KTA_E_UNCONFIRMED. */
int kta_plan_still_reviewed(struct kta_pipeline *p, const struct kta_plan *plan,
                            struct kta_err *err);

/* ---- audited.c ---- */
/* A step that begins: -1 when it cannot be audited, and must not run. */
int kta_audit_start(struct kta_pipeline *p, const struct kta_plan *plan, const struct kta_step *s,
                    struct kta_err *err);
/* What became of every step. */
void kta_audit_outcomes(struct kta_pipeline *p, const struct kta_plan *plan);

/* ---- confirm.c ---- */
/* Asks where the plan is not covered by --yes. A step that may run gets go[i] = true; others their
 * state (declined, refused). -1 with KTA_E_POLICY, KTA_E_UNCONFIRMED or KTA_E_INTERRUPTED. */
int kta_confirm(struct kta_pipeline *p, struct kta_plan *plan, bool *go, struct kta_err *err);
/* Asks about one step again, because its preview changed. *ret_yes. */
int kta_confirm_again(struct kta_pipeline *p, struct kta_plan *plan, struct kta_step *s,
                      bool *ret_yes, struct kta_err *err);

/* ---- definitions.c ---- */
/* Makes two steps of one whose manifest holds a definition, not there yet, and objects of its kind.
 */
int kta_plan_split_definitions(struct kta_pipeline *p, struct kta_plan *plan, struct kta_err *err);
/* An earlier step has defined kinds of the step's manifest: waits a moment until they are served.
 * -1 only when interrupted. */
int kta_wait_served(struct kta_pipeline *p, const struct kta_step *s, struct kta_err *err);

/* ---- depend.c ---- */
/* Steps that fail their dry run only because an earlier step has not run yet wait for it. */
void kta_plan_dependencies(struct kta_plan *plan);
/* Whether a later step that goes belongs to the same recovery, so that step i cannot be judged
 * before it ran. */
bool kta_verify_later(const struct kta_plan *plan, const bool *go, size_t i);

#endif
