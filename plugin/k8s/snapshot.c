/*
 * snapshot.c - the writing half of snapshot.h: what is read is recorded, redacted.
 *
 * Invariant: nothing gets into the folder that has not gone through redact.h. What cannot be
 * written is remembered and told at the end, so that reading goes on.
 */
#include "kta/snapshot.h"

#include <errno.h>
#include <sys/stat.h>
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/helmrel.h"
#include "snapfiles.h"

struct kta_snapshot_writer {
    char *dir;
    struct kta_cluster *c;
    struct kta_redact *redact;
    size_t files;
    int64_t began;
    struct kta_err err; /* the first thing that went wrong */
};

static void write_file(struct kta_snapshot_writer *w, const char *name, const struct kta_str *text)
{
    kta_auto_free char *path = kta_fs_join(w->dir, name);
    kta_auto_free char *folder = kta_fs_dirname(path);
    bool again = kta_fs_exists(path);

    if (w->err.code != KTA_E_OK)
        return;
    if (kta_fs_mkdirs(folder, &w->err) == 0 && kta_fs_write(path, text->s, text->len, &w->err) == 0)
        w->files += !again;
}

static void write_json(struct kta_snapshot_writer *w, const char *name, const struct kta_json *v)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    kta_json_print(v, /* pretty= */ true, &text);
    kta_str_addc(&text, '\n');
    write_file(w, name, &text);
}

/* A refusal, as the Status the API server would have sent: its sentence is kept for the reader. */
static struct kta_json *refusal(struct kta_snapshot_writer *w, const struct kta_read *r)
{
    struct kta_json *v = kta_json_new_object();
    kta_auto_free char *message = kta_redact_dup(w->redact, r->err.msg);

    kta_json_set_str(v, "kind", "Status");
    kta_json_set_str(v, "apiVersion", "v1");
    kta_json_set_str(v, "status", "Failure");
    kta_json_set_str(v, "message", message);
    kta_json_set_int(v, "code", r->status);
    return v;
}

/* An object or a log that is not there needs no file; a refused or missing list does. */
static bool worth_a_file(const struct api_path *a, const struct kta_read *r)
{
    if (!r->failed)
        return true;
    if (r->status == 404)
        return a->list && r->accept != KTA_ACCEPT_TEXT;
    return r->status == 403 || r->status >= 500;
}

/* Helm's records are Secrets; what diagnosis reads of them is kept, redacted. */
static void keep_releases(struct kta_snapshot_writer *w, const struct kta_json *from,
                          struct kta_json *to)
{
    struct kta_json *copy = kta_json_first(kta_json_get(to, "items"));

    kta_json_each(o, kta_json_get(from, "items")) {
        kta_auto_free char *release = kta_streq(kta_json_str(o, "type"), "helm.sh/release.v1")
                                          ? kta_helm_release_redacted(o, w->redact)
                                          : NULL;
        if (release)
            kta_json_set_str(kta_json_get(copy, "data"), "release", release);
        copy = kta_json_next(copy);
    }
}

static void record(void *ctx, const struct kta_read *r)
{
    struct kta_snapshot_writer *w = ctx;
    kta_auto_str struct kta_str name = KTA_STR_INIT, text = KTA_STR_INIT;
    kta_auto_json struct kta_json *v = NULL;
    struct api_path a;

    if (!api_path_parse(r->path, &a) || !worth_a_file(&a, r) ||
        !snap_name(&a, r->path,
                   r->failed && r->accept != KTA_ACCEPT_TEXT ? KTA_ACCEPT_JSON : r->accept,
                   /* with_selectors= */ true, &name))
        return;
    if (r->accept == KTA_ACCEPT_TEXT) {
        if (r->failed)
            return;
        kta_redact_text(w->redact, r->text.s, r->text.len, &text);
        write_file(w, name.s, &text);
        return;
    }
    v = r->failed ? refusal(w, r) : kta_json_copy(r->json);
    if (!r->failed) {
        kta_redact_object(w->redact, v);
        keep_releases(w, r->json, v);
    }
    write_json(w, name.s, v);
}

/* The folder must be new or empty: a mixture of two snapshots would be a lie. */
static int make_folder(const char *dir, struct kta_err *err)
{
    struct stat st;
    char **names;
    size_t n;

    if (stat(dir, &st) == 0 && !S_ISDIR(st.st_mode))
        return kta_err_set(err, KTA_E_USAGE, "'%s' is not a folder", dir);
    if (kta_fs_list(dir, &names, &n, err) < 0)
        return -1;
    kta_fs_free_names(names, n);
    if (n > 0) {
        kta_err_set(err, KTA_E_USAGE, "the folder '%s' is not empty", dir);
        return kta_err_hint(err, "a snapshot is written into a new folder");
    }
    return kta_fs_mkdirs(dir, err);
}

int kta_snapshot_begin(const char *dir, struct kta_cluster *c, struct kta_redact *redact,
                       struct kta_snapshot_writer **ret, struct kta_err *err)
{
    struct kta_snapshot_writer *w;

    if (make_folder(dir, err) < 0)
        return -1;
    w = kta_calloc(1, sizeof *w);
    w->dir = kta_strdup(dir);
    w->c = c;
    w->redact = redact;
    w->began = kta_cluster_now(c);
    c->record = record;
    c->record_ctx = w;
    *ret = w;
    return 0;
}

static void write_meta(struct kta_snapshot_writer *w)
{
    kta_auto_json struct kta_json *m = kta_json_new_object();
    kta_auto_free char *server = kta_redact_dup(w->redact, kta_cluster_server(w->c));
    kta_auto_str struct kta_str time = KTA_STR_INIT;

    kta_time_format(w->began, &time);
    kta_json_set_int(m, "version", 1);
    kta_json_set_str(m, "context", kta_cluster_context(w->c));
    kta_json_set_str(m, "server", server);
    kta_json_set_str(m, "namespace", kta_cluster_namespace(w->c));
    kta_json_set_str(m, "user", kta_cluster_user(w->c));
    kta_json_set_str(m, "time", time.s);
    kta_json_set_str(m, "tool", "kubectl-todo-ai " KTA_VERSION);
    write_json(w, "meta.json", m);
}

int kta_snapshot_end(struct kta_snapshot_writer *w, size_t *ret_files, struct kta_err *err)
{
    int r = 0;

    w->c->record = NULL;
    w->c->record_ctx = NULL;
    write_meta(w);
    if (w->err.code != KTA_E_OK) {
        *err = w->err;
        r = kta_err_wrap(err, "write the snapshot '%s'", w->dir);
    } else {
        *ret_files = w->files;
    }
    free(w->dir);
    free(w);
    return r;
}
