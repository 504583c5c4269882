/*
 * preview_by_kubectl.c - what kubectl itself must work out: its own dry run, and the objects that
 * this prints.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/limits.h"
#include "kta/obj.h"
#include "kta/yaml.h"

static bool takes_output(const struct kta_command *cmd)
{
    return !kta_streq(cmd->verb, "delete") && !kta_streq(cmd->verb, "drain");
}

/* The step's argv as a dry run that prints objects; the last of repeated flags counts. */
static void dry_argv(const struct kta_step *s, const struct kta_command *cmd, struct kta_argv *argv)
{
    kta_argv_copy(argv, &s->argv);
    kta_argv_insert_flag(argv,
                         kta_streq(cmd->verb, "auth") ? "--dry-run=client" : "--dry-run=server");
    if (kta_preview_migrates(cmd))
        kta_argv_insert_flag(argv, "--show-managed-fields");
    if (takes_output(cmd))
        kta_argv_insert_flag(argv, "-oyaml");
    else
        kta_argv_insert_flag(argv, "-oname");
}

/* A dry run invents a name for generateName, and the real run another one: it has none yet. */
static const char *name_of(const struct kta_step *s, const struct kta_kind *k,
                           const struct kta_json *object)
{
    const char *name = kta_or(kta_obj_name(object), "");

    if (!kta_json_str(object, "metadata.generateName"))
        return name;
    for (size_t i = 0; i < s->touches->n; i++)
        if (s->touches->v[i].kind == k && kta_streq(s->touches->v[i].name, name))
            return name;
    return "";
}

/* goes: the object is what is there now, and will not be. */
static void take_object(struct kta_pipeline *p, struct kta_step *s, const char *ns,
                        const struct kta_json *object, bool goes)
{
    const char *version = kta_json_str(object, "apiVersion"), *kind = kta_obj_kind(object);
    const struct kta_kind *k = version && kind ? kta_kind_of(p->cluster, version, kind) : NULL;
    const char *own = kta_obj_namespace(object), *name;
    struct kta_touch *t = NULL;

    if (!k)
        return;
    name = name_of(s, k, object);
    for (size_t i = 0; !name[0] && !t && i < s->touches->n; i++) /* the manifest's */
        if (s->touches->v[i].kind == k && !s->touches->v[i].name[0] &&
            !s->touches->v[i].known_after)
            t = &s->touches->v[i];
    if (!t)
        t = kta_touch_add(s->touches, k, own ? own : ns, name);
    if (!t)
        return;
    kta_json_free(t->after);
    t->after = goes ? NULL : kta_json_copy(object);
    if (!name[0])
        kta_json_remove(kta_json_get(t->after, "metadata"), "name");
    if (!t->live)
        kta_drop_chosen(t->after);
    t->known_after = true;
}

/* kubectl prints several objects with nothing in between, or with a line that says so; what `apply
 * --prune` would delete comes behind the one document of what is applied. The begin of the next
 * one; NULL: there is none. */
static const char *next_object(const char *text)
{
    const char *at = strstr(text, "\napiVersion: ");

    return at ? at + 1 : NULL;
}

/* False where they cannot be read, which is told. */
static bool take_objects(struct kta_pipeline *p, struct kta_step *s, const struct kta_command *cmd,
                         const char *text)
{
    bool prunes = kta_command_has(cmd, "prune"), goes = false;
    const char *ns = cmd->namespace_ ? cmd->namespace_ : kta_cluster_namespace(p->cluster);

    while (text) {
        const char *next = next_object(text);
        kta_auto_free char *part = kta_strndup(text, next ? (size_t)(next - text) : strlen(text));
        struct kta_err why = KTA_ERR_INIT;
        kta_auto_json struct kta_json *objects = kta_manifest_open(part, &why);

        if (!objects) {
            kta_preview_warn(&s->preview, "kubectl's dry run gave no objects: %s", why.msg);
            return false;
        }
        kta_json_each(o, objects)
            take_object(p, s, ns, o, goes);
        goes = prunes;
        text = next;
    }
    return true;
}

/* "pod/x" and "deployment.apps/y", one a line: what a delete by file takes. */
static void take_names(struct kta_pipeline *p, struct kta_step *s, const struct kta_command *cmd,
                       const char *text)
{
    const char *ns = cmd->namespace_ ? cmd->namespace_ : kta_cluster_namespace(p->cluster);

    for (const char *line = text; *line;) {
        size_t n = strcspn(line, "\n");
        const char *slash = memchr(line, '/', n);

        if (slash) {
            kta_auto_free char *kind = kta_strndup(line, (size_t)(slash - line));
            kta_auto_free char *name = kta_strndup(slash + 1, n - (size_t)(slash - line) - 1);
            const struct kta_kind *k;
            struct kta_err why = KTA_ERR_INIT;
            struct kta_touch *t;

            name[strcspn(name, " ")] = '\0';
            t = kta_kind_find(p->cluster, kind, &k, &why) == 0
                    ? kta_touch_add(s->touches, k, ns, name)
                    : NULL;
            if (t)
                t->known_after = true;
        }
        line += n + (line[n] == '\n');
    }
}

/* kubectl's own words for why not, without its "error: " and warnings, and on one line. */
static void kubectl_refused(struct kta_pipeline *p, struct kta_step *s, const char *text)
{
    kta_auto_str struct kta_str line = KTA_STR_INIT;
    kta_auto_str struct kta_str shown = KTA_STR_INIT;

    while (kta_starts(text, "Warning: ") && strchr(text, '\n'))
        text = strchr(text, '\n') + 1;
    kta_redact_text(p->redact, text, strlen(text), &shown);
    for (const char *c = shown.s; *c && line.len < 600; c++)
        kta_str_addc(&line, *c == '\n' ? ' ' : *c);
    kta_str_trim(&line);
    s->preview.rejected = true;
    if (kta_lacks_right(line.s))
        s->preview.allowed = 0;
    kta_preview_warn(&s->preview, "the dry run fails: %s",
                     kta_starts(line.s, "error: ") ? line.s + 7 : line.s);
}

/* ---- namespaces that the manifest itself makes ---- */
/* A namespace of the manifest that is not there yet. */
static bool is_new_namespace(const struct kta_step *s, const char *ns)
{
    for (size_t i = 0; i < s->touches->n; i++)
        if (kta_touch_is(&s->touches->v[i], "Namespace") && s->touches->v[i].status == 404 &&
            kta_streq(s->touches->v[i].name, ns))
            return true;
    return false;
}

/* The API server has no dry run for what goes into a namespace that is not there: it is shown as
 * the manifest has it. *now gets the rest of the manifest, *inside (array) what is left out of it;
 * both stay as they are where there is no such namespace. */
static int split_manifest(struct kta_pipeline *p, struct kta_step *s, const char *ns,
                          struct kta_str *now, struct kta_json **inside, struct kta_err *err)
{
    kta_auto_str struct kta_str real = KTA_STR_INIT;
    kta_auto_json struct kta_json *shown = NULL, *objects = NULL;

    if (!s->stdin_text)
        return 0;
    if (!p->redact)
        kta_str_add(&real, s->stdin_text);
    else if (kta_redact_restore(p->redact, s->stdin_text, &real, err) < 0)
        return -1;
    shown = kta_manifest_open(s->stdin_text, err);
    objects = kta_manifest_open(real.s, err);
    if (!shown || !objects || kta_json_len(shown) != kta_json_len(objects))
        return 0; /* kubectl says what is wrong with it */
    for (size_t i = 0; i < kta_json_len(objects); i++) {
        const struct kta_json *o = kta_json_item(objects, i);
        const struct kta_kind *kind =
            kta_kind_of(p->cluster, kta_json_str(o, "apiVersion"), kta_obj_kind(o));

        if (kind && kind->namespaced && is_new_namespace(s, kta_or(kta_obj_namespace(o), ns))) {
            *inside = *inside ? *inside : kta_json_new_array();
            kta_json_push(*inside, kta_json_copy(o));
            continue;
        }
        kta_str_add(now, now->len ? "---\n" : "");
        kta_yaml_print(kta_json_item(shown, i), now);
    }
    return 0;
}

static void take_inside(struct kta_pipeline *p, struct kta_step *s, const char *ns,
                        const struct kta_json *inside)
{
    kta_json_each(o, inside)
        take_object(p, s, ns, o, false);
    if (!inside)
        return;
    s->preview.validated = false;
    kta_preview_warn(&s->preview, "the API server cannot validate what goes into a namespace that "
                                  "is not there yet: it is shown as the manifest has it");
}

int kta_preview_by_kubectl(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                           struct kta_err *err)
{
    const char *ns = kta_or(cmd->namespace_, kta_cluster_namespace(p->cluster));
    kta_auto_str struct kta_str now = KTA_STR_INIT;
    kta_auto_json struct kta_json *inside = NULL;
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    struct kta_proc proc = {.timeout_ms = KTA_PREVIEW_MS, .max_output = KTA_MAX_PROC_OUTPUT};
    struct kta_err why = KTA_ERR_INIT;

    s->touches->partial = true; /* until it says what it concerns */
    dry_argv(s, cmd, &argv);
    if (split_manifest(p, s, ns, &now, &inside, &why) < 0 ||
        kta_child_run(p, &argv, inside ? now.s : s->stdin_text, &proc, &why) < 0) {
        bool stopped = why.code == KTA_E_INTERRUPTED;

        kta_proc_release(&proc);
        if (stopped) {
            *err = why;
            return -1;
        }
        kta_preview_warn(&s->preview, "cannot be previewed: %s", why.msg);
        s->preview.rejected = why.code == KTA_E_NOT_FOUND || why.code == KTA_E_POLICY;
        return 0;
    }
    if (proc.exit_code != 0) {
        kubectl_refused(p, s, proc.err.len ? proc.err.s : proc.out.s);
    } else {
        s->preview.validated = true;
        s->touches->partial = takes_output(cmd) && !take_objects(p, s, cmd, proc.out.s);
        if (!takes_output(cmd))
            take_names(p, s, cmd, proc.out.s);
        take_inside(p, s, ns, inside);
        if (kta_preview_migrates(cmd))
            kta_preview_migrated(s);
    }
    kta_proc_release(&proc);
    return kta_touch_read(p, &s, 1, err); /* what only the dry run named */
}
