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

/* The step's argv as a creation that is only tried. */
static void create_argv(const struct kta_step *s, struct kta_argv *argv)
{
    static const char *const only_replace[] = {"--force", "--grace-period", "--cascade",
                                               "--timeout", "--wait"};

    for (size_t i = 0; i < s->argv.n; i++) {
        bool dropped = false;

        for (size_t k = 0; k < KTA_LEN(only_replace); k++)
            dropped = dropped || kta_streq(s->argv.v[i], only_replace[k]) ||
                      (kta_starts(s->argv.v[i], only_replace[k]) &&
                       s->argv.v[i][strlen(only_replace[k])] == '=');
        if (!dropped)
            kta_argv_add(argv, kta_streq(s->argv.v[i], "replace") ? "create" : s->argv.v[i]);
    }
    kta_argv_insert_flag(argv, "--dry-run=server");
    kta_argv_insert_flag(argv, "-oyaml");
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

int kta_preview_replace(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                        struct kta_err *err)
{
    kta_auto_json struct kta_json *objects = NULL;
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    kta_auto_free char *input = NULL;
    struct kta_proc proc = {.timeout_ms = KTA_PREVIEW_MS, .max_output = KTA_MAX_PROC_OUTPUT};
    struct kta_err why = KTA_ERR_INIT;
    int rc = 0;

    if (!s->stdin_text || !(objects = kta_manifest_open(s->stdin_text, &why))) {
        kta_preview_warn(&s->preview, "'replace --force' of a file cannot be previewed");
        return 0;
    }
    input = renamed(objects);
    create_argv(s, &argv);
    if (kta_child_run(p, &argv, input, &proc, &why) < 0) {
        kta_preview_warn(&s->preview, "cannot be previewed: %s", why.msg);
        s->preview.rejected = why.code == KTA_E_NOT_FOUND || why.code == KTA_E_POLICY;
        if (why.code == KTA_E_INTERRUPTED) {
            *err = why;
            rc = -1;
        }
    } else if (proc.exit_code != 0) {
        refused(p, s, proc.err.len ? proc.err.s : proc.out.s);
    } else {
        s->preview.validated = true;
        take(p, s, cmd, objects, proc.out.s);
        s->touches->partial = false;
    }
    kta_proc_release(&proc);
    return rc < 0 ? rc : kta_touch_read(p, &s, 1, err);
}
