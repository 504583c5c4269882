/*
 * journal.c - changes on disk: before, what ran, after.
 *
 * state/kubectl-todo-ai/journal/ID/
 *   entry.json      the plan with its states, redacted; rewritten whole at each state
 *   plan.sealed     argv and manifests as they were, for --resume
 *   N.before, N.after   the touched objects of step N, sealed
 *   lock            held while the plan runs, or is undone: an entry that says "running" and is not
 *                   locked was interrupted, and its state is unknown
 * IDs are numbers that only grow (made by mkdir, so that two processes never share one, and a clock
 * that is set back changes nothing). Their number, size and age are bounded (journal_bounds.c).
 *
 * Invariant: kta_journal_before returns 0 only when the pre-images and the state are on disk.
 */
#include "journal_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/obj.h"
#include "kta/seal.h"

#define MAX_SEALED (64u << 20)

struct kta_journal {
    struct kta_pipeline *p;
    char *dir; /* of the entry */
    char *cluster_uid;
    int lock, undone; /* the entry's own, and that of the change which it undoes; -1 */
    int64_t time;
    const struct kta_step *running;
};

char *kta_journal_dir(void)
{
    return kta_xdg_path(KTA_XDG_STATE, "journal");
}

char *kta_journal_id(const char *id, const char **ret_step)
{
    size_t n = strcspn(id, ".");

    *ret_step = id[n] == '.' ? id + n + 1 : NULL;
    return kta_strndup(id, n);
}

static char *key_file(void)
{
    return kta_xdg_path(KTA_XDG_STATE, "journal.key");
}

/* ---- sealed files ---- */
/* "17/2.before": what a sealed file is, so that none stands in for another. Caller frees. */
static char *about(const char *dir, const char *name)
{
    const char *slash = strrchr(dir, '/');

    return kta_asprintf("%s/%s", slash ? slash + 1 : dir, name);
}

/* A value under a name in an entry's folder, sealed. */
static int put(const char *dir, const char *name, const struct kta_json *v, struct kta_err *err)
{
    kta_auto_free char *file = kta_fs_join(dir, name), *key = key_file();
    kta_auto_free char *what = about(dir, name);
    kta_auto_str struct kta_str text = KTA_STR_INIT, sealed = KTA_STR_INIT;

    kta_json_print(v, false, &text);
    if (kta_seal(key, what, text.s, text.len, &sealed, err) < 0)
        return -1;
    return kta_fs_write(file, sealed.s, sealed.len, err);
}

int kta_journal_take(const char *dir, const char *name, struct kta_json **ret, struct kta_err *err)
{
    kta_auto_free char *file = kta_fs_join(dir, name), *key = key_file();
    kta_auto_free char *what = about(dir, name);
    kta_auto_str struct kta_str sealed = KTA_STR_INIT, text = KTA_STR_INIT;

    if (kta_fs_read(file, MAX_SEALED, &sealed, err) < 0 ||
        kta_unseal(key, what, sealed.s, sealed.len, &text, err) < 0)
        return -1;
    return kta_json_parse(text.s, text.len, ret, err);
}

/* ---- the cluster's identity ---- */
/* kube-system's uid is as good as a cluster's own; NULL when it may not be read. Caller frees. */
char *kta_cluster_uid(struct kta_cluster *c)
{
    kta_auto_json struct kta_json *ns = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    if (kta_cluster_get(c, &ns, &ignored, "/api/v1/namespaces/kube-system") < 0)
        return NULL;
    return kta_strdup(kta_obj_uid(ns));
}

/* ---- entries ---- */
static struct kta_json *touches_json(const struct kta_touches *t)
{
    struct kta_json *a = kta_json_new_array();

    for (size_t i = 0; t && i < t->n; i++) {
        struct kta_json *o;

        if (t->v[i].record)
            continue;
        o = kta_json_new_object();
        kta_json_set_str(o, "kind", t->v[i].kind->kind);
        if (t->v[i].ns)
            kta_json_set_str(o, "namespace", t->v[i].ns);
        kta_json_set_str(o, "name", t->v[i].name);
        if (!t->v[i].name[0])
            kta_json_set_str(o, "generateName",
                             kta_or(kta_json_str(t->v[i].after, "metadata.generateName"), ""));
        kta_json_push(a, o);
    }
    return a;
}

/* A step for entry.json: no value that redaction knows, no diff. */
static struct kta_json *step_entry(const struct kta_journal *j, const struct kta_step *s)
{
    struct kta_json *o = kta_step_json(s);

    kta_json_remove(o, "preview");
    kta_json_remove(o, "stdin");
    kta_json_each(arg, kta_json_get(o, "argv")) {
        kta_auto_free char *shown = kta_redact_dup(j->p->redact, kta_json_text(arg));

        if (shown)
            kta_json_replace_text(arg, shown);
    }
    kta_json_set_bool(o, "undoable", !s->preview.no_undo);
    kta_json_set(o, "objects", touches_json(s->touches));
    if (s == j->running)
        kta_json_set_str(o, "state", "running");
    return o;
}

static int write_entry(struct kta_journal *j, const struct kta_plan *plan, struct kta_err *err)
{
    kta_auto_json struct kta_json *o = kta_json_new_object();
    struct kta_json *steps = kta_json_new_array();
    kta_auto_str struct kta_str text = KTA_STR_INIT, when = KTA_STR_INIT;
    kta_auto_free char *file = kta_fs_join(j->dir, "entry.json");
    kta_auto_free char *question = kta_redact_dup(j->p->redact, plan->question);

    kta_time_format(j->time, &when);
    kta_json_set_int(o, "version", 1);
    kta_json_set_str(o, "id", plan->id);
    kta_json_set_str(o, "time", when.s);
    kta_json_set(o, "question", kta_json_new_str(question));
    kta_json_set_str(o, "context", kta_or(plan->context, ""));
    kta_json_set_str(o, "namespace", kta_or(plan->namespace_, ""));
    kta_json_set_str(o, "server", kta_cluster_server(j->p->cluster));
    kta_json_set(o, "clusterUid", kta_json_new_str(j->cluster_uid));
    kta_json_set(o, "undoOf", kta_json_new_str(plan->undo_of));
    if (plan->resumes)
        kta_json_set_str(o, "resumes", plan->resumes);
    if (plan->said)
        kta_json_set_str(o, "answer", plan->said);
    for (size_t i = 0; i < plan->n; i++)
        kta_json_push(steps, step_entry(j, plan->v[i]));
    kta_json_set(o, "plan", steps);
    kta_json_print(o, true, &text);
    kta_str_addc(&text, '\n');
    return kta_fs_write(file, text.s, text.len, err);
}

/* The values of the placeholders in a text, each once: only the session knows them. */
static void add_secrets(struct kta_redact *r, const char *text, struct kta_json *secrets)
{
    for (int i = 1; text && r && i <= kta_redact_count(r); i++) {
        kta_auto_free char *mark = kta_asprintf("⟦secret:%d⟧", i);
        kta_auto_str struct kta_str value = KTA_STR_INIT;
        struct kta_err ignored = KTA_ERR_INIT;
        struct kta_json *o;

        if (!strstr(text, mark) || kta_json_get(secrets, mark) ||
            kta_redact_restore(r, mark, &value, &ignored) < 0)
            continue;
        o = kta_json_new_object();
        kta_json_set_str(o, "value", value.s);
        kta_json_set_str(o, "source", kta_or(kta_redact_source(r, i), "the journal"));
        kta_json_set(secrets, mark, o);
    }
}

/* What a step needs to run again in another session, which has flags of its own. */
static int seal_plan(struct kta_journal *j, const struct kta_plan *plan, struct kta_err *err)
{
    kta_auto_json struct kta_json *o = kta_json_new_object();
    struct kta_json *steps = kta_json_new_array(), *secrets = kta_json_new_object();

    kta_json_set(o, "plan", steps);
    kta_json_set(o, "secrets", secrets);
    for (size_t i = 0; i < plan->n; i++) {
        const struct kta_step *s = plan->v[i];
        struct kta_json *step = kta_json_new_object(), *argv = kta_json_new_array();
        kta_auto_argv struct kta_argv own = KTA_ARGV_INIT;

        kta_argv_copy(&own, &s->argv);
        kta_session_flags_drop(j->p->session_flags, &own);
        for (size_t k = 0; k < own.n; k++) {
            kta_json_push_str(argv, own.v[k]);
            add_secrets(j->p->redact, own.v[k], secrets);
        }
        add_secrets(j->p->redact, s->stdin_text, secrets);
        kta_json_set_str(step, "id", s->id);
        kta_json_set(step, "argv", argv);
        kta_json_set(step, "stdin", kta_json_new_str(s->stdin_text));
        kta_json_set(step, "why", kta_json_new_str(s->why));
        kta_json_push(steps, step);
    }
    return put(j->dir, "plan.sealed", o, err);
}

/* ---- making an entry ---- */
static long number(const char *name)
{
    char *end;
    long n = strtol(name, &end, 10);

    return *end || n <= 0 ? 0 : n;
}

/* The highest ID so far. */
static long last_id(const char *dir)
{
    struct kta_err ignored = KTA_ERR_INIT;
    char **names = NULL;
    size_t n = 0;
    long last = 0;

    if (kta_fs_list(dir, &names, &n, &ignored) < 0)
        return 0;
    for (size_t i = 0; i < n; i++) {
        long id = number(names[i]);

        last = id > last ? id : last;
    }
    kta_fs_free_names(names, n);
    return last;
}

/* Nobody else undoes (or forgets) the change that is being undone. */
static int lock_undone(struct kta_journal *j, const char *id, struct kta_err *err)
{
    const char *step;
    kta_auto_free char *root = kta_journal_dir(), *only = kta_journal_id(id, &step);
    kta_auto_free char *dir = kta_fs_join(root, only), *lock = kta_fs_join(dir, "lock");

    j->undone = open(lock, O_RDWR | O_CLOEXEC);
    if (j->undone >= 0 && flock(j->undone, LOCK_EX | LOCK_NB) < 0)
        return kta_err_set(err, KTA_E_FAIL, "change %s is being undone by another process", only);
    return 0;
}

static int make_entry(struct kta_journal *j, struct kta_plan *plan, struct kta_err *err)
{
    kta_auto_free char *dir = kta_journal_dir(), *lock = NULL;

    if (!dir)
        return kta_err_set(err, KTA_E_FAIL, "neither XDG_STATE_HOME nor HOME is set");
    if (kta_fs_mkdirs(dir, err) < 0)
        return -1;
    kta_journal_prune(dir, &j->p->journal);
    for (long id = last_id(dir) + 1;; id++) {
        j->dir = kta_asprintf("%s/%ld", dir, id);
        if (mkdir(j->dir, 0700) == 0) {
            free(plan->id);
            plan->id = kta_asprintf("%ld", id);
            break;
        }
        if (errno != EEXIST)
            return kta_err_sys(err, KTA_E_FAIL, errno, "cannot make '%s'", j->dir);
        free(j->dir);
        j->dir = NULL;
    }
    lock = kta_fs_join(j->dir, "lock");
    j->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (j->lock < 0 || flock(j->lock, LOCK_EX | LOCK_NB) < 0)
        return kta_err_sys(err, KTA_E_FAIL, errno, "cannot lock '%s'", lock);
    return kta_fs_sync_dir(dir, err);
}

int kta_journal_begin(struct kta_pipeline *p, struct kta_plan *plan, struct kta_journal **ret,
                      struct kta_err *err)
{
    struct kta_journal *j = kta_calloc(1, sizeof *j);

    *j = (struct kta_journal){.p = p, .lock = -1, .undone = -1, .time = kta_wall()};
    if (plan->undo_of && lock_undone(j, plan->undo_of, err) < 0) {
        kta_journal_end(j, NULL);
        return -1;
    }
    j->cluster_uid = kta_cluster_uid(p->cluster);
    if (make_entry(j, plan, err) < 0 || seal_plan(j, plan, err) < 0 ||
        write_entry(j, plan, err) < 0) {
        kta_err_wrap(err, "the change cannot be recorded");
        kta_err_hint(err, "nothing was changed: make room in, or repair, the state folder "
                          "($XDG_STATE_HOME, ~/.local/state)");
        kta_journal_end(j, NULL);
        return -1;
    }
    *ret = j;
    return 0;
}

int kta_journal_more(struct kta_journal *j, const struct kta_plan *plan, struct kta_err *err)
{
    if (seal_plan(j, plan, err) == 0 && write_entry(j, plan, err) == 0)
        return 0;
    return kta_err_wrap(err, "the rest of the plan cannot be recorded");
}

/* ---- a step ---- */
/* An object that the server will name: by what is noted here an undo knows it again, if nobody
 * lives to hear its name. */
static void note_unnamed(struct kta_cluster *c, const struct kta_touch *t, struct kta_json *image)
{
    kta_auto_json struct kta_json *list = NULL;
    struct kta_json *there = kta_json_new_array();
    const char *prefix = kta_or(kta_json_str(t->after, "metadata.generateName"), "");
    struct kta_err ignored = KTA_ERR_INIT;

    if (kta_cluster_get(c, &list, &ignored, "%s", t->path) == 0)
        kta_json_each(o, kta_json_get(list, "items")) {
            if (kta_streq(kta_json_str(o, "metadata.generateName"), prefix))
                kta_json_push_str(there, kta_or(kta_obj_uid(o), ""));
        }
    kta_json_set_str(image, "prefix", prefix);
    kta_json_set(image, "there", there);
    kta_json_set_int(image, "started", kta_wall());
}

/* c: to take the objects as they are before the step (NULL: their places alone). */
static struct kta_json *images(struct kta_cluster *c, const struct kta_touches *t)
{
    struct kta_json *a = kta_json_new_array();

    for (size_t i = 0; t && i < t->n; i++) {
        const struct kta_touch *x = &t->v[i];
        struct kta_json *o = kta_json_new_object();

        kta_json_set_str(o, "kind", x->kind->kind);
        kta_json_set_str(o, "plural", x->kind->plural);
        kta_json_set_str(o, "group", x->kind->group);
        kta_json_set_str(o, "path", x->path);
        kta_json_set(o, "namespace", kta_json_new_str(x->ns));
        kta_json_set_str(o, "name", x->name);
        kta_json_set_int(o, "status", x->status);
        if (c && !x->name[0])
            note_unnamed(c, x, o);
        if (c)
            kta_json_set(o, "object", x->live ? kta_json_copy(x->live) : kta_json_new_null());
        kta_json_push(a, o);
    }
    if (c && t && t->unread.len)
        kta_json_set_str(kta_json_push(a, kta_json_new_object()), "unread", t->unread.s);
    return a;
}

int kta_journal_before(struct kta_journal *j, struct kta_plan *plan, struct kta_step *s,
                       struct kta_err *err)
{
    kta_auto_json struct kta_json *before = images(j->p->cluster, s->touches);
    kta_auto_free char *name = kta_asprintf("%s.before", s->id);

    j->running = s;
    free(s->journal);
    s->journal = kta_asprintf("%s.%s", plan->id, s->id);
    if (put(j->dir, name, before, err) == 0 && write_entry(j, plan, err) == 0)
        return 0;
    j->running = NULL;
    kta_err_wrap(err, "what was there before step %s cannot be saved", s->id);
    return kta_err_hint(err, "the step was not run: make room in, or repair, the state folder "
                             "($XDG_STATE_HOME, ~/.local/state)");
}

/* The touched objects as they are now. What goes with an owner that was deleted counts as gone: the
 * garbage collector comes by later. */
static struct kta_json *read_after(struct kta_journal *j, const struct kta_step *s)
{
    const struct kta_touches *t = s->touches;
    struct kta_json *a = images(NULL, t);
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0, i = 0;
    struct kta_err ignored = KTA_ERR_INIT;

    for (size_t k = 0; t && k < t->n; k++)
        if (t->v[k].name[0])
            kta_read_add(&reads, &n, &cap, KTA_ACCEPT_JSON, "%s", t->v[k].path);
    if (n > 0)
        (void)kta_cluster_read(j->p->cluster, reads, n, &ignored);
    size_t k = 0;
    kta_json_each(o, a) {
        const struct kta_touch *x = &t->v[k++];

        if (!x->name[0])
            continue;
        bool collected = x->inside && s->state == KTA_EXECUTED;

        kta_json_set_int(o, "status", collected ? 404 : reads[i].status);
        kta_json_set(o, "object",
                     reads[i].json && !collected ? KTA_STEAL(reads[i].json) : kta_json_new_null());
        i++;
    }
    kta_reads_free(reads, n);
    return a;
}

void kta_journal_after(struct kta_journal *j, struct kta_plan *plan, struct kta_step *s)
{
    kta_auto_json struct kta_json *after = read_after(j, s);
    kta_auto_free char *name = kta_asprintf("%s.after", s->id);
    struct kta_err err = KTA_ERR_INIT;

    j->running = NULL;
    if (put(j->dir, name, after, &err) < 0 || write_entry(j, plan, &err) < 0)
        kta_report_note(j->p->report, "the outcome of step %s could not be recorded: %s", s->id,
                        err.msg);
}

void kta_journal_state(struct kta_journal *j, const struct kta_plan *plan)
{
    struct kta_err err = KTA_ERR_INIT;

    if (write_entry(j, plan, &err) < 0)
        kta_report_note(j->p->report, "the state of the plan could not be recorded: %s", err.msg);
}

void kta_journal_end(struct kta_journal *j, struct kta_plan *plan)
{
    if (!j)
        return;
    if (plan)
        kta_journal_state(j, plan);
    if (j->lock >= 0)
        close(j->lock);
    if (j->undone >= 0)
        close(j->undone);
    free(j->dir);
    free(j->cluster_uid);
    free(j);
}
