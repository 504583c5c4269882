/*
 * preview_replace.c - the preview of `replace --force`, which deletes and creates and for which
 * kubectl has no dry run: the new objects are asked for under another name, while the old ones are
 * still there.
 *
 * What the old object takes up now (a quota's share) it no longer does when the new one is made, so
 * a refusal for want of quota is a warning only.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/limits.h"
#include "kta/obj.h"

/* The manifest with every name changed, as a List. */
static char *renamed(const struct kta_json *objects)
{
    kta_auto_json struct kta_json *list = kta_json_new_object();
    struct kta_json *items;
    struct kta_str text = KTA_STR_INIT;

    kta_json_set_str(list, "apiVersion", "v1");
    kta_json_set_str(list, "kind", "List");
    items = kta_json_set(list, "items", kta_json_new_array());
    kta_json_each(o, objects) {
        struct kta_json *copy = kta_json_push(items, kta_json_copy(o));
        kta_auto_free char *name =
            kta_asprintf("%.40s-dry-run", kta_or(kta_obj_name(o), "unnamed"));

        kta_json_set_str(kta_json_get(copy, "metadata"), "name", name);
    }
    kta_json_print(list, false, &text);
    return kta_str_detach(&text);
}

static bool is_one_of(const char *name, const char *const *v)
{
    for (; *v; v++)
        if (kta_streq(*v, name))
            return true;
    return false;
}

/* The step as a creation that is only tried: by the client of what the step names, or by the server
 * of what is on stdin. */
static void create_argv(const struct kta_command *cmd, bool by_server, struct kta_argv *argv)
{
    static const char *const ONLY_REPLACE[] = {"force", "grace-period", "cascade", "timeout",
                                               "wait",  "output",       NULL};
    static const char *const NAMES[] = {"filename", "kustomize", "recursive", NULL};

    kta_argv_addl(argv, "kubectl", "create", NULL);
    for (size_t i = 0; i < cmd->n_flags; i++) {
        const struct kta_flag *f = &cmd->flags[i];

        if (is_one_of(f->name, ONLY_REPLACE) || (by_server && is_one_of(f->name, NAMES)))
            continue;
        kta_argv_addf(argv, "--%s%s%s", f->name, f->value ? "=" : "", kta_or(f->value, ""));
    }
    if (by_server)
        kta_argv_add(argv, "--filename=-");
    kta_argv_addl(argv, by_server ? "--dry-run=server" : "--dry-run=client", "--output=yaml", NULL);
}

/* What the server made of the renamed objects is what the real ones will be. */
static void take(struct kta_pipeline *p, struct kta_step *s, const struct kta_command *cmd,
                 const struct kta_json *wanted, const char *answer)
{
    struct kta_err why = KTA_ERR_INIT;
    kta_auto_json struct kta_json *made = kta_manifest_open(answer, &why);
    const char *ns = cmd->namespace_ ? cmd->namespace_ : kta_cluster_namespace(p->cluster);
    size_t i = 0;

    kta_json_each(o, made) {
        const struct kta_json *as = kta_json_item(wanted, i++);
        const char *version = kta_json_str(o, "apiVersion"), *kind = kta_obj_kind(o);
        const struct kta_kind *k = version && kind ? kta_kind_of(p->cluster, version, kind) : NULL;
        struct kta_touch *t = k && as
                                  ? kta_touch_add(s->touches, k, kta_or(kta_obj_namespace(as), ns),
                                                  kta_or(kta_obj_name(as), ""))
                                  : NULL;

        if (!t)
            continue;
        kta_json_set_str(kta_json_get(o, "metadata"), "name", kta_or(kta_obj_name(as), ""));
        kta_json_free(t->after);
        t->after = kta_json_copy(o);
        t->known_after = true;
    }
}

static void refused(struct kta_pipeline *p, struct kta_step *s, const char *said)
{
    kta_auto_free char *text = kta_redact_dup(p->redact, said);
    size_t n = strcspn(text, "\n");

    s->preview.rejected = !kta_stristr(text, "exceeded quota");
    if (s->preview.rejected && kta_lacks_right(text))
        s->preview.allowed = 0;
    kta_preview_warn(&s->preview, "the dry run fails: %.*s", (int)(n < 600 ? n : 600), text);
}

/* What kubectl says of the creation, into out; that stays empty where it cannot, which is told. -1
 * only when interrupted. */
static int try_create(struct kta_pipeline *p, struct kta_step *s, const struct kta_command *cmd,
                      const char *renamed, struct kta_str *out, struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    struct kta_proc proc = {.timeout_ms = KTA_PREVIEW_MS, .max_output = KTA_MAX_PROC_OUTPUT};
    struct kta_err why = KTA_ERR_INIT;
    int rc = 0;

    create_argv(cmd, renamed != NULL, &argv);
    if (kta_child_run(p, &argv, renamed, &proc, &why) < 0) {
        kta_preview_warn(&s->preview, "cannot be previewed: %s", why.msg);
        s->preview.rejected = why.code == KTA_E_NOT_FOUND || why.code == KTA_E_POLICY;
        if (why.code == KTA_E_INTERRUPTED) {
            *err = why;
            rc = -1;
        }
    } else if (proc.exit_code != 0) {
        refused(p, s, proc.err.len ? proc.err.s : proc.out.s);
    } else {
        kta_str_addn(out, proc.out.s, proc.out.len);
    }
    kta_proc_release(&proc);
    return rc;
}

int kta_preview_replace(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                        struct kta_err *err)
{
    kta_auto_str struct kta_str manifest = KTA_STR_INIT, made = KTA_STR_INIT;
    kta_auto_json struct kta_json *objects = NULL;
    kta_auto_free char *input = NULL;
    struct kta_err why = KTA_ERR_INIT;

    s->touches->partial = true; /* until it says what it concerns */
    if (s->stdin_text)
        kta_str_add(&manifest, s->stdin_text);
    else if (try_create(p, s, cmd, NULL, &manifest, err) < 0)
        return -1;
    if (!manifest.len)
        return 0;
    objects = kta_manifest_open(manifest.s, &why);
    if (!objects) {
        kta_preview_warn(&s->preview, "cannot be previewed: %s", why.msg);
        return 0;
    }
    input = renamed(objects);
    if (try_create(p, s, cmd, input, &made, err) < 0)
        return -1;
    if (made.len) {
        s->preview.validated = true;
        take(p, s, cmd, objects, made.s);
        s->touches->partial = false;
    }
    return kta_touch_read(p, &s, 1, err);
}
