/*
 * preview_helm.c - what a helm command would do to the live objects.
 *
 * The release's records (Secrets) tell the old manifest; the new one comes from helm itself with
 * --dry-run=server (install, upgrade) or from the record that is gone back to (rollback). Each
 * object is then shown as it is and as it will be, and the API server is asked whether it takes it.
 * A release that is applied by the server (helm 4) is refused by helm where another manager owns a
 * field: that is asked, too.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/b64.h"
#include "kta/helmrel.h"
#include "kta/http.h"
#include "kta/limits.h"
#include "kta/obj.h"

struct release {
    struct kta_json *records;     /* list of Secrets */
    struct kta_json *current;     /* decoded; NULL: there is none */
    struct kta_json *goal;        /* decoded or printed by helm; NULL: uninstall */
    struct kta_json *old, *new_;  /* arrays of manifests' objects */
    struct kta_json *definitions; /* made where they are not there: the namespace, crds/ */
    bool with_kinds;              /* it brings kinds of its objects along */
};

static void release_free(struct release *r)
{
    kta_json_free(r->records);
    kta_json_free(r->current);
    kta_json_free(r->goal);
    kta_json_free(r->old);
    kta_json_free(r->new_);
    kta_json_free(r->definitions);
}

/* ---- records ---- */
/* The revision whose manifest is what runs: the newest deployed one, else the newest. */
static const struct kta_json *deployed(const struct kta_json *records)
{
    const struct kta_json *best = kta_helm_record(records, "deployed", 0);

    return best ? best : kta_helm_record(records, NULL, 0);
}

/* The name cannot be used again: helm's dry run does not look. */
static bool is_taken(const struct kta_json *records, bool replace)
{
    const char *status = kta_obj_label(kta_helm_record(records, NULL, 0), "status");

    return status &&
           !(replace && (kta_streq(status, "uninstalled") || kta_streq(status, "failed")));
}

static int read_records(struct kta_pipeline *p, struct kta_step *s, const char *ns,
                        const char *name, struct release *r, struct kta_err *err)
{
    const struct kta_kind *secret = kta_kind_known("secrets");
    kta_auto_str struct kta_str query = KTA_STR_INIT;
    struct kta_err why = KTA_ERR_INIT;
    const struct kta_json *now;

    kta_str_add(&query, "owner=helm,name=");
    kta_str_add(&query, name);
    kta_auto_str struct kta_str escaped = KTA_STR_INIT;
    kta_url_escape(query.s, &escaped);
    if (kta_cluster_get(p->cluster, &r->records, &why,
                        "/api/v1/namespaces/%s/secrets?labelSelector=%s", ns, escaped.s) < 0) {
        if (why.code == KTA_E_INTERRUPTED) {
            *err = why;
            return -1;
        }
        kta_preview_warn(&s->preview, "the release's records cannot be read: %s", why.msg);
        return 0;
    }
    kta_json_each(o, kta_json_get(r->records, "items")) {
        struct kta_touch *t = kta_touch_add(s->touches, secret, ns, kta_or(kta_obj_name(o), ""));

        if (!t || t->live)
            continue;
        t->record = true;
        t->status = 200;
        t->live = kta_json_copy(o);
        kta_json_set_str(t->live, "apiVersion", "v1");
        kta_json_set_str(t->live, "kind", "Secret");
    }
    now = deployed(r->records);
    if (now && kta_helm_release_decode(now, &r->current, &why) < 0)
        kta_preview_warn(&s->preview, "the release's record is broken: %s", why.msg);
    return 0;
}

/* ---- where it goes ---- */
static void helm_refused(struct kta_pipeline *p, struct kta_step *s, const char *text)
{
    kta_auto_free char *shown = kta_redact_dup(p->redact, text);

    for (char *c = shown; *c; c++)
        *c = *c == '\n' ? ' ' : *c;
    s->preview.rejected = true;
    kta_preview_warn(&s->preview, "helm refuses it: %.600s",
                     kta_starts(shown, "Error: ") ? shown + 7 : shown);
}

/* A chart that brings its kinds along (crds/) has no dry run on a cluster that lacks them: helm
 * says so. What it would install is asked of `helm template` then. */
static bool lacks_kinds(const char *said)
{
    return kta_stristr(said, "no matches for kind") && kta_stristr(said, "ensure CRDs");
}

static int ask_template(struct kta_pipeline *p, struct kta_step *s, struct release *r,
                        struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    struct kta_proc proc = {.timeout_ms = KTA_PREVIEW_MS, .max_output = 8u << 20};
    struct kta_err why = KTA_ERR_INIT;
    int rc;

    for (size_t i = 0; i < s->argv.n; i++)
        kta_argv_add(&argv, kta_streq(s->argv.v[i], "install") ? "template" : s->argv.v[i]);
    kta_argv_insert_flag(&argv, "--include-crds");
    kta_argv_insert_flag(&argv, "--no-hooks");
    rc = kta_child_run(p, &argv, s->stdin_text, &proc, &why);
    if (rc < 0 && why.code == KTA_E_INTERRUPTED) {
        *err = why;
    } else if (rc < 0 || proc.exit_code != 0) {
        helm_refused(p, s, rc < 0 ? why.msg : proc.err.s);
        rc = 0;
    } else {
        r->goal = kta_json_new_object();
        r->with_kinds = true;
        kta_json_set_str(r->goal, "manifest", proc.out.s);
        kta_preview_warn(&s->preview,
                         "the chart brings kinds along that the cluster does not have: "
                         "the API server could not validate it, its hooks are not "
                         "named");
    }
    kta_proc_release(&proc);
    return rc;
}

/* helm's own dry run, as JSON: what install and upgrade make of chart and values. */
static int ask_helm(struct kta_pipeline *p, struct kta_step *s, struct release *r,
                    struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    struct kta_proc proc = {.timeout_ms = KTA_PREVIEW_MS, .max_output = 8u << 20};
    struct kta_err why = KTA_ERR_INIT;
    int rc;

    kta_argv_copy(&argv, &s->argv);
    kta_argv_insert_flag(&argv, "--dry-run=server");
    kta_argv_insert_flag(&argv, "--output=json");
    rc = kta_child_run(p, &argv, s->stdin_text, &proc, &why);
    if (rc < 0 && why.code == KTA_E_INTERRUPTED) {
        *err = why;
    } else if (rc < 0) {
        kta_preview_warn(&s->preview, "cannot be previewed: %s", why.msg);
        s->preview.rejected = why.code == KTA_E_NOT_FOUND || why.code == KTA_E_POLICY;
        rc = 0;
    } else if (proc.exit_code != 0 &&
               kta_streq(kta_or(s->argv.n > 1 ? s->argv.v[1] : NULL, ""), "install") &&
               lacks_kinds(proc.err.s)) {
        rc = ask_template(p, s, r, err);
    } else if (proc.exit_code != 0) {
        helm_refused(p, s, proc.err.len ? proc.err.s : proc.out.s);
    } else if (kta_json_parse(proc.out.s, proc.out.len, &r->goal, &why) < 0) {
        kta_preview_warn(&s->preview, "helm's dry run cannot be read: %s", why.msg);
    }
    kta_proc_release(&proc);
    return rc;
}

static void find_rollback(struct kta_step *s, const struct kta_command *cmd, struct release *r)
{
    int64_t newest = kta_helm_revision(r->records);
    int64_t to = cmd->n_args > 1 ? strtoll(cmd->args[1], NULL, 10) : 0;
    struct kta_err why = KTA_ERR_INIT;
    const struct kta_json *secret;

    if (to <= 0)
        to = newest - 1;
    secret = to > 0 ? kta_helm_record(r->records, NULL, to) : NULL;
    if (!secret) {
        kta_preview_warn(&s->preview, "release '%s' has no revision %lld to go back to",
                         cmd->args[0], (long long)to);
        s->preview.rejected = true;
        return;
    }
    if (kta_helm_release_decode(secret, &r->goal, &why) < 0) {
        kta_preview_warn(&s->preview, "revision %lld cannot be read: %s", (long long)to, why.msg);
        return;
    }
    kta_preview_warn(&s->preview, "goes back to revision %lld (%s %s)", (long long)to,
                     kta_or(kta_json_str(r->goal, "chart.metadata.name"), "chart"),
                     kta_or(kta_json_str(r->goal, "chart.metadata.version"), "?"));
}

/* ---- objects ---- */
/* helm marks what it makes or changes; the manifest does not say so. */
static void own(struct kta_json *objects, const char *release, const char *ns)
{
    kta_json_each(o, objects) {
        struct kta_json *metadata = kta_json_get(o, "metadata");
        struct kta_json *labels = kta_json_get(metadata, "labels");
        struct kta_json *annotations = kta_json_get(metadata, "annotations");

        if (!metadata)
            continue;
        if (!labels)
            labels = kta_json_set(metadata, "labels", kta_json_new_object());
        if (!annotations)
            annotations = kta_json_set(metadata, "annotations", kta_json_new_object());
        kta_json_set_str(labels, "app.kubernetes.io/managed-by", "Helm");
        kta_json_set_str(annotations, "meta.helm.sh/release-name", release);
        kta_json_set_str(annotations, "meta.helm.sh/release-namespace", ns);
    }
}

static struct kta_touch *touch_of(struct kta_pipeline *p, struct kta_step *s, const char *ns,
                                  const struct kta_json *object)
{
    const char *version = kta_json_str(object, "apiVersion"), *kind = kta_obj_kind(object);
    const struct kta_kind *k = version && kind ? kta_kind_of(p->cluster, version, kind) : NULL;

    if (!k || !kta_obj_name(object)) {
        s->touches->partial = true;
        return NULL;
    }
    return kta_touch_add(s->touches, k, kta_or(kta_obj_namespace(object), ns),
                         kta_obj_name(object));
}

/* After all live objects were read: what each will be. */
static void foresee(struct kta_pipeline *p, struct kta_step *s, const char *ns,
                    const struct release *r)
{
    kta_json_each(o, r->new_) {
        struct kta_touch *t = touch_of(p, s, ns, o);

        if (!t)
            continue;
        kta_json_free(t->after);
        t->after = kta_merge3(kta_helm_object(r->old, o), o, t->live);
        t->known_after = true;
    }
    kta_json_each(o, r->definitions) {
        struct kta_touch *t = touch_of(p, s, NULL, o);

        if (!t || t->live)
            continue;
        t->after = kta_json_copy(o);
        t->known_after = true;
    }
    kta_json_each(o, r->old) {
        struct kta_touch *t = kta_helm_object(r->new_, o) ? NULL : touch_of(p, s, ns, o);

        if (t && t->live && !kta_streq(kta_obj_annotation(o, "helm.sh/resource-policy"), "keep"))
            t->known_after = true;
    }
}

static bool makes_namespace(const struct kta_step *s)
{
    for (size_t i = 0; i < s->touches->n; i++)
        if (kta_touch_is(&s->touches->v[i], "Namespace") && s->touches->v[i].status == 404)
            return true;
    return false;
}

/* Asks the API server for one object as helm would: what is there and not applied by the server is
 * patched, anything else applied. *ret_after as kta_dry_validate's. */
static int try_object(struct kta_pipeline *p, struct kta_step *s, const struct kta_touch *t,
                      const struct kta_json *manifest, bool server_side, bool force,
                      struct kta_json **ret_after, struct kta_err *err)
{
    bool patched = !server_side && t->live;
    const struct kta_dry_how how = {patched ? KTA_PATCH_MERGE : KTA_PATCH_APPLY, "helm",
                                    !patched && (!server_side || force)};
    kta_auto_json struct kta_json *patch = patched ? kta_merge_patch(t->live, t->after) : NULL;
    kta_auto_str struct kta_str body = KTA_STR_INIT;

    kta_json_print(patched ? patch : manifest, false, &body);
    return kta_dry_validate(p, s, t, &how, body.s, ret_after, err);
}

/* Whether the API server takes each object that changes, and what each will be: defaults are the
 * server's, and where helm applies by the server, which fields go is a matter of who owns them, not
 * of two manifests (a rollback that failed has left the newest one half applied). */
static int validate(struct kta_pipeline *p, struct kta_step *s, const struct kta_command *cmd,
                    const char *ns, const struct release *r, struct kta_err *err)
{
    bool goes_back = kta_streq(cmd->verb, "rollback"); /* else helm's dry run says how it applies */
    bool server_side =
        kta_streq(kta_json_str(goes_back ? r->current : r->goal, "apply_method"), "ssa");
    bool force = kta_command_has(cmd, "force-conflicts"), was_rejected = s->preview.rejected;

    if (r->with_kinds || makes_namespace(s))
        return 0;
    s->preview.validated = kta_json_len(r->new_) > 0;
    kta_json_each(o, r->new_) {
        struct kta_touch *t = touch_of(p, s, ns, o);
        struct kta_json *after = NULL;

        if (!t || (!server_side && t->live && kta_same_but_server(t->live, t->after)))
            continue;
        if (try_object(p, s, t, o, server_side, force, &after, err) < 0)
            return -1;
        if (after && t->live) {
            kta_json_free(t->after);
            t->after = KTA_STEAL(after);
        }
        kta_json_free(after);
    }
    if (server_side && !force && s->preview.rejected && !was_rejected &&
        kta_stristr(kta_rejection(s), "conflict"))
        kta_preview_warn(&s->preview,
                         "somebody else changed fields of the release: helm %s restores them only "
                         "with --force-conflicts",
                         cmd->verb);
    return 0;
}

/* A hook's objects stay when the release goes: an undo has to know them. */
static void touch_hook(struct kta_pipeline *p, struct kta_step *s, const char *ns,
                       const struct kta_json *hook)
{
    kta_auto_json struct kta_json *objects = kta_helm_objects(hook);

    kta_json_each(o, objects) {
        struct kta_touch *t = touch_of(p, s, ns, o);

        if (t)
            t->hook = true;
    }
}

/* helm install makes what is in the chart's crds/, where it is not there yet; nothing takes it away
 * again. */
static void touch_definitions(struct kta_pipeline *p, struct kta_step *s,
                              const struct kta_command *cmd, struct release *r)
{
    if (!kta_streq(cmd->verb, "install") || kta_command_has(cmd, "skip-crds"))
        return;
    kta_json_each(f, kta_json_at(r->goal, "chart.files")) {
        const char *data = kta_json_str(f, "data");
        kta_auto_str struct kta_str text = KTA_STR_INIT;
        struct kta_err ignored = KTA_ERR_INIT;
        kta_auto_json struct kta_json *objects = NULL;

        if (!data || !kta_starts(kta_or(kta_json_str(f, "name"), ""), "crds/") ||
            kta_b64_decode(data, strlen(data), &text) < 0)
            continue;
        objects = kta_manifest_open(text.s, &ignored);
        kta_json_each(o, objects) {
            if (kta_streq(kta_obj_kind(o), "CustomResourceDefinition")) {
                kta_json_push(r->definitions, kta_json_copy(o));
                touch_of(p, s, NULL, o);
            }
        }
    }
}

static void name_hooks(struct kta_pipeline *p, struct kta_step *s, const struct kta_command *cmd,
                       const char *ns, const struct kta_json *release)
{
    const char *verb = kta_streq(cmd->verb, "uninstall") ? "delete" : cmd->verb;

    if (kta_command_has(cmd, "no-hooks"))
        return;
    kta_json_each(h, kta_json_get(release, "hooks")) {
        kta_json_each(e, kta_json_get(h, "events")) {
            const char *event = kta_or(kta_json_text(e), "");

            if (kta_ends(event, verb))
                touch_hook(p, s, ns, h);
            if (kta_ends(event, verb))
                kta_preview_warn(&s->preview, "runs the hook %s '%s' (%s)",
                                 kta_or(kta_json_str(h, "kind"), "object"),
                                 kta_or(kta_json_str(h, "name"), "?"), event);
        }
    }
}

/* --create-namespace: helm makes it where it is not there, and leaves it when the release goes. */
static void touch_namespace(struct kta_pipeline *p, struct kta_step *s,
                            const struct kta_command *cmd, const char *ns, struct release *r)
{
    struct kta_json *o = kta_json_new_object();

    kta_json_set_str(o, "apiVersion", "v1");
    kta_json_set_str(o, "kind", "Namespace");
    kta_json_set_str(kta_json_set(o, "metadata", kta_json_new_object()), "name", ns);
    if (kta_command_true(cmd, "create-namespace") && touch_of(p, s, NULL, o))
        kta_json_push(r->definitions, o);
    else
        kta_json_free(o);
}

static int compare(struct kta_pipeline *p, struct kta_step *s, const struct kta_command *cmd,
                   const char *ns, struct release *r, struct kta_err *err)
{
    r->old = kta_helm_objects(r->current);
    r->new_ = kta_helm_objects(r->goal);
    own(r->new_, cmd->args[0], ns);
    kta_json_each(o, r->new_)
        touch_of(p, s, ns, o);
    kta_json_each(o, r->old)
        touch_of(p, s, ns, o);
    r->definitions = kta_json_new_array();
    touch_namespace(p, s, cmd, ns, r);
    touch_definitions(p, s, cmd, r);
    name_hooks(p, s, cmd, ns, r->goal ? r->goal : r->current);
    if (kta_touch_read(p, &s, 1, err) < 0)
        return err->code == KTA_E_INTERRUPTED ? -1 : 0;
    foresee(p, s, ns, r);
    return validate(p, s, cmd, ns, r, err);
}

/* ---- a name that helm would choose ---- */
static bool is_unnamed(const struct kta_command *cmd)
{
    return kta_streq(cmd->verb, "install") && cmd->n_args == 1 &&
           (kta_command_true(cmd, "generate-name") || kta_command_has(cmd, "name-template"));
}

/* "install CHART --generate-name" → "install NAME CHART". cmd is of argv. */
static int write_name(struct kta_command *cmd, const char *name, struct kta_argv *argv,
                      struct kta_err *err)
{
    kta_auto_argv struct kta_argv was = KTA_ARGV_INIT;
    kta_auto_free char *chart = kta_strdup(cmd->args[0]);
    bool named = false;

    kta_argv_copy(&was, argv);
    kta_command_release(cmd);
    kta_argv_release(argv);
    for (size_t i = 0; i < was.n; i++) {
        const char *a = was.v[i];

        if (kta_streq(a, "-g") || kta_starts(a, "--generate-name") ||
            kta_starts(a, "--name-template")) {
            i += kta_streq(a, "--name-template");
            continue;
        }
        if (!named && kta_streq(a, chart)) {
            kta_argv_add(argv, name);
            named = true;
        }
        kta_argv_add(argv, a);
    }
    return kta_command_parse(argv, cmd, err);
}

/* helm's dry run has chosen a name: it becomes part of the command, so that what runs is what was
 * previewed, and can be taken back. */
static int preview_unnamed(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                           struct release *r, struct kta_err *err)
{
    const char *name;

    if (ask_helm(p, s, r, err) < 0)
        return -1;
    name = kta_json_str(r->goal, "name");
    if (s->preview.rejected || !r->goal)
        return 0;
    if (!name) {
        s->preview.no_undo = true;
        kta_preview_warn(&s->preview, "helm chooses the release's name when it runs: an undo will "
                                      "not know it");
        return 0;
    }
    if (write_name(cmd, name, &s->argv, err) < 0)
        return -1;
    kta_preview_warn(&s->preview, "the release gets the name '%s'", name);
    return compare(p, s, cmd, kta_or(cmd->namespace_, kta_cluster_namespace(p->cluster)), r, err);
}

/* The release that the command names as its at-th. */
static int preview(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd, size_t at,
                   struct release *r, struct kta_err *err)
{
    const char *ns = cmd->namespace_ ? cmd->namespace_ : kta_cluster_namespace(p->cluster);
    bool uninstalls = kta_streq(cmd->verb, "uninstall");

    if (is_unnamed(cmd))
        return preview_unnamed(p, s, cmd, r, err);
    if (read_records(p, s, ns, cmd->args[at], r, err) < 0)
        return -1;
    if (!r->current && (uninstalls || kta_streq(cmd->verb, "rollback"))) {
        kta_preview_warn(&s->preview, "there is no release '%s' in '%s'", cmd->args[at], ns);
        s->preview.rejected = true;
        return 0;
    }
    if (kta_streq(cmd->verb, "install") && is_taken(r->records, kta_command_has(cmd, "replace"))) {
        kta_preview_warn(&s->preview, "there is a release '%s' in '%s' already: helm refuses it",
                         cmd->args[0], ns);
        s->preview.rejected = true;
        return 0;
    }
    if (kta_streq(cmd->verb, "rollback"))
        find_rollback(s, cmd, r);
    else if (!uninstalls && ask_helm(p, s, r, err) < 0)
        return -1;
    if (s->preview.rejected || (!r->goal && !uninstalls))
        return 0;
    return compare(p, s, cmd, ns, r, err);
}

int kta_preview_helm(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                     struct kta_err *err)
{
    static const char *const VERBS[] = {"install", "upgrade", "rollback", "uninstall"};
    bool known = false;
    size_t n = kta_streq(cmd->verb, "uninstall") ? cmd->n_args : 1; /* it takes several releases */
    int rc = 0;

    for (size_t i = 0; i < KTA_LEN(VERBS); i++)
        known = known || kta_streq(cmd->verb, VERBS[i]);
    for (size_t at = 0; known && cmd->n_args > 0 && rc == 0 && at < n; at++) {
        struct release r = {0};

        rc = preview(p, s, cmd, at, &r, err);
        release_free(&r);
    }
    if (known && cmd->n_args > 0)
        return rc;
    s->preview.no_undo = true;
    kta_preview_warn(&s->preview, "'helm %s' can be neither previewed nor undone",
                     kta_or(cmd->verb, ""));
    return 0;
}
