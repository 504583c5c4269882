/*
 * touch.c - which objects a step concerns, and how they are now.
 *
 * Named objects cost one GET each, all in parallel; a selector costs one list. What only kubectl
 * can tell (manifest files, create's generators) is added by the preview from its dry run.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/http.h"
#include "kta/limits.h"
#include "kta/obj.h"
#include "kta/yaml.h"

#define MAX_NAMED 128

static void touch_release(struct kta_touch *t)
{
    free(t->ns);
    free(t->name);
    free(t->path);
    kta_json_free(t->live);
    kta_json_free(t->after);
}

void kta_touches_free(struct kta_touches *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n; i++)
        touch_release(&t->v[i]);
    free(t->v);
    kta_str_release(&t->unread);
    free(t);
}

struct kta_touch *kta_touch_add(struct kta_touches *t, const struct kta_kind *kind, const char *ns,
                                const char *name)
{
    struct kta_str path = KTA_STR_INIT;
    struct kta_touch *x;

    if (!kind->namespaced)
        ns = NULL;
    for (size_t i = 0; i < t->n; i++)
        if (name[0] && kta_streq(t->v[i].name, name) && kta_streq(t->v[i].ns, ns) &&
            kta_streq(t->v[i].kind->plural, kind->plural) &&
            kta_streq(t->v[i].kind->group, kind->group))
            return &t->v[i];
    if (t->n == KTA_MAX_TOUCHES) {
        t->more++;
        return NULL;
    }
    KTA_GROW(t->v, t->n, t->cap);
    x = &t->v[t->n++];
    *x = (struct kta_touch){.kind = kind, .ns = kta_strdup(ns), .name = kta_strdup(name)};
    kta_kind_path(kind, ns, name[0] ? name : NULL, &path);
    x->path = kta_str_detach(&path);
    return x;
}

bool kta_touch_is(const struct kta_touch *t, const char *kind)
{
    return kta_streq(t->kind->kind, kind);
}

void kta_touch_name(const struct kta_touch *t, struct kta_str *out)
{
    for (const char *p = t->kind->kind; *p; p++)
        kta_str_addc(out, *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p);
    kta_str_addf(out, "/%s", t->name[0] ? t->name : "(name chosen by the server)");
    if (t->ns)
        kta_str_addf(out, " in '%s'", t->ns);
}

bool kta_touch_goes(const struct kta_touches *t, const char *uid)
{
    for (size_t i = 0; uid && i < t->n; i++)
        if (t->v[i].known_after && !t->v[i].after && kta_streq(kta_obj_uid(t->v[i].live), uid))
            return true;
    return false;
}

/* ---- names that the server chose ---- */
static void name_it(struct kta_touches *t, const struct kta_kind *kind, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (kta_streq(t->v[i].name, name) && t->v[i].kind == kind)
            return; /* named in the manifest */
    for (size_t i = 0; i < t->n; i++) {
        struct kta_touch *x = &t->v[i];
        kta_auto_str struct kta_str path = KTA_STR_INIT;

        if (x->name[0] || x->kind != kind)
            continue;
        free(x->name);
        free(x->path);
        x->name = kta_strdup(name);
        kta_kind_path(kind, x->ns, name, &path);
        x->path = kta_str_detach(&path);
        return;
    }
}

void kta_touch_created(struct kta_pipeline *p, struct kta_step *s)
{
    bool any = false;

    for (size_t i = 0; i < s->touches->n; i++)
        any = any || !s->touches->v[i].name[0];
    if (!any)
        return;
    for (const char *line = kta_or(s->output, ""); *line;) {
        size_t n = strcspn(line, "\n"), slash = strcspn(line, "/ \n");
        kta_auto_free char *word = kta_strndup(line, slash), *name = NULL;
        const struct kta_kind *kind;
        struct kta_err ignored = KTA_ERR_INIT;

        if (line[slash] == '/') {
            name = kta_strndup(line + slash + 1, strcspn(line + slash + 1, " \n"));
            if (kta_kind_find(p->cluster, word, &kind, &ignored) == 0)
                name_it(s->touches, kind, name);
        }
        line += n + (line[n] == '\n');
    }
}

/* ---- manifests ---- */
static void open_lists(struct kta_json *from, struct kta_json *to)
{
    kta_json_each(m, from) {
        const char *kind = kta_obj_kind(m);
        struct kta_json *items = kta_json_get(m, "items");

        if (kind && kta_ends(kind, "List") && kta_json_type(items) == KTA_JSON_ARRAY)
            open_lists(items, to);
        else if (kta_json_type(m) == KTA_JSON_OBJECT)
            kta_json_push(to, kta_json_copy(m));
    }
}

struct kta_json *kta_manifest_open(const char *text, struct kta_err *err)
{
    kta_auto_json struct kta_json *all = NULL;
    struct kta_json *out;

    if (kta_yaml_parse_all(text, strlen(text), &all, err) < 0) {
        kta_err_wrap(err, "the manifest is broken");
        return NULL;
    }
    out = kta_json_new_array();
    open_lists(all, out);
    return out;
}

static int find_in_manifest(struct kta_pipeline *p, struct kta_step *s, const char *ns,
                            struct kta_err *err)
{
    kta_auto_json struct kta_json *objects = kta_manifest_open(s->stdin_text, err);

    if (!objects)
        return -1;
    kta_json_each(o, objects) {
        const char *version = kta_json_str(o, "apiVersion"), *kind = kta_obj_kind(o);
        const char *name = kta_obj_name(o), *own = kta_obj_namespace(o);
        const struct kta_kind *k = version && kind ? kta_kind_of(p->cluster, version, kind) : NULL;

        if (!version || !kind)
            return kta_err_set(err, KTA_E_PARSE,
                               "a document of the manifest has no apiVersion or no kind");
        if (!k)
            s->touches->partial = true; /* its kind may come with an earlier document or step */
        else
            kta_touch_add(s->touches, k, own ? own : ns, kta_or(name, ""));
    }
    return 0;
}

/* ---- argv ---- */
static bool by_selector(const struct kta_command *cmd)
{
    const char *all = kta_command_flag(cmd, "all");

    return kta_command_flag(cmd, "selector") || kta_command_flag(cmd, "field-selector") ||
           (kta_command_has(cmd, "all") && !kta_streq(all, "false"));
}

/* Verbs whose positional arguments do not name existing objects of a kind. */
static bool names_nothing(const struct kta_command *cmd)
{
    static const char *const VERBS[] = {"create", "run",    "apply",        "replace", "exec",
                                        "cp",     "attach", "port-forward", "debug",   "proxy",
                                        "config", "auth",   "certificate"};

    for (size_t i = 0; i < KTA_LEN(VERBS); i++)
        if (kta_streq(cmd->verb, VERBS[i]))
            return true;
    return false;
}

static const char *implied_kind(const struct kta_command *cmd)
{
    return kta_streq(cmd->verb, "cordon") || kta_streq(cmd->verb, "uncordon") ||
                   kta_streq(cmd->verb, "drain")
               ? "nodes"
               : NULL;
}

/* label, annotate, set and taint mix names and assignments. */
static bool is_assignment(const struct kta_command *cmd, const char *arg)
{
    bool mixes = kta_streq(cmd->verb, "label") || kta_streq(cmd->verb, "annotate") ||
                 kta_streq(cmd->verb, "set") || kta_streq(cmd->verb, "taint");

    return mixes && (strchr(arg, '=') || strchr(arg, ':') || kta_ends(arg, "-"));
}

struct kta_touch *kta_touch_item(struct kta_touches *touches, const struct kta_kind *kind,
                                 const struct kta_json *object)
{
    struct kta_touch *t;
    char *version;

    if (!kta_obj_name(object))
        return NULL;
    t = kta_touch_add(touches, kind, kta_obj_namespace(object), kta_obj_name(object));
    if (!t || t->live)
        return t;
    t->live = kta_json_copy(object);
    t->status = 200;
    if (kta_obj_kind(object))
        return t;
    version = kind->group[0] ? kta_asprintf("%s/%s", kind->group, kind->version)
                             : kta_strdup(kind->version); /* items of a list do not name theirs */
    kta_json_set_str(t->live, "apiVersion", version);
    kta_json_set_str(t->live, "kind", kind->kind);
    free(version);
    return t;
}

static int add_listed(struct kta_pipeline *p, struct kta_step *s, const struct kta_command *cmd,
                      const struct kta_kind *kind, const char *ns, struct kta_err *err)
{
    kta_auto_json struct kta_json *list = NULL;
    kta_auto_str struct kta_str path = KTA_STR_INIT, query = KTA_STR_INIT;
    const char *label = kta_command_flag(cmd, "selector");
    const char *field = kta_command_flag(cmd, "field-selector");

    kta_kind_path(kind, kind->namespaced && !cmd->all_namespaces ? ns : NULL, NULL, &path);
    if (label) {
        kta_str_add(&query, "?labelSelector=");
        kta_url_escape(label, &query);
    }
    if (field) {
        kta_str_addf(&query, "%cfieldSelector=", query.len ? '&' : '?');
        kta_url_escape(field, &query);
    }
    if (kta_cluster_get(p->cluster, &list, err, "%s%s", path.s, query.s) < 0)
        return -1;
    kta_json_each(o, kta_json_get(list, "items")) {
        kta_touch_item(s->touches, kind, o);
    }
    return 0;
}

/* "all" and other categories: what the API server's discovery counts among them. */
static int add_category(struct kta_pipeline *p, struct kta_step *s, const struct kta_command *cmd,
                        const char *name, const char *ns, struct kta_err *err)
{
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0, found = 0;
    int rc;

    kta_read_add(&reads, &n, &cap, KTA_ACCEPT_DISCOVERY, "/api");
    kta_read_add(&reads, &n, &cap, KTA_ACCEPT_DISCOVERY, "/apis");
    rc = kta_cluster_read(p->cluster, reads, n, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        kta_json_each(g, kta_json_get(reads[i].json, "items"))
            kta_json_each(r, kta_json_at(g, "versions[0].resources"))
                kta_json_each(c, kta_json_get(r, "categories")) {
                    const char *group = kta_or(kta_json_str(g, "metadata.name"), "");
                    kta_auto_free char *full = kta_asprintf("%s%s%s", kta_json_str(r, "resource"),
                                                            *group ? "." : "", group);
                    const struct kta_kind *kind;
                    struct kta_err ignored = KTA_ERR_INIT;

                    if (rc < 0 || !kta_streq(kta_json_text(c), name) ||
                        kta_kind_find(p->cluster, full, &kind, &ignored) < 0)
                        continue;
                    found++;
                    rc = add_listed(p, s, cmd, kind, ns, err);
                }
    kta_reads_free(reads, n);
    if (rc == 0 && !found)
        rc = kta_err_set(err, KTA_E_NOT_FOUND, "the cluster has no kind of object called '%s'",
                         name);
    return rc;
}

static int find_in_argv(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                        const char *ns, struct kta_err *err)
{
    struct kta_named named[MAX_NAMED];
    size_t n = kta_command_objects(cmd, named, MAX_NAMED);

    if (n > MAX_NAMED) {
        s->touches->more += n - MAX_NAMED;
        n = MAX_NAMED;
    }
    for (size_t i = 0; i < n; i++) {
        const char *kind_name = named[i].kind ? named[i].kind : implied_kind(cmd);
        const struct kta_kind *kind;

        if (!kind_name || (named[i].name && is_assignment(cmd, named[i].name)))
            continue;
        struct kta_err why = KTA_ERR_INIT;
        if (kta_kind_find(p->cluster, kind_name, &kind, &why) < 0) {
            if (why.code == KTA_E_NOT_FOUND && !named[i].name && by_selector(cmd)) {
                if (add_category(p, s, cmd, kind_name, ns, err) < 0)
                    return -1;
                continue;
            }
            *err = why;
            return -1;
        }
        if (named[i].name)
            kta_touch_add(s->touches, kind, ns, named[i].name);
        else if (by_selector(cmd) && add_listed(p, s, cmd, kind, ns, err) < 0)
            return -1;
    }
    return 0;
}

int kta_touch_find(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                   struct kta_err *err)
{
    const char *ns = cmd->namespace_ ? cmd->namespace_ : kta_cluster_namespace(p->cluster);

    if (!s->touches)
        s->touches = kta_calloc(1, sizeof *s->touches);
    if (!kta_streq(cmd->program, "kubectl") || kta_streq(cmd->verb, "expose") ||
        kta_streq(cmd->verb, "autoscale")) /* read what they name, and make another object */
        return 0;
    if (s->stdin_text && cmd->reads_stdin)
        return find_in_manifest(p, s, ns, err);
    if (kta_command_has(cmd, "filename") || kta_command_has(cmd, "kustomize")) {
        s->touches->partial = true;
        return 0;
    }
    if (names_nothing(cmd))
        return 0;
    return find_in_argv(p, s, cmd, ns, err);
}

/* ---- how they are now ---- */
struct wanted {
    struct kta_touches *touches;
    size_t at;
};

int kta_touch_read(struct kta_pipeline *p, struct kta_step **steps, size_t n, struct kta_err *err)
{
    struct kta_read *reads = NULL;
    struct wanted *wanted = NULL;
    size_t n_reads = 0, cap = 0, n_wanted = 0, cap_wanted = 0;
    int rc = 0;

    for (size_t i = 0; i < n; i++) {
        struct kta_touches *t = steps[i]->touches;

        for (size_t k = 0; t && k < t->n; k++) {
            if (t->v[k].status || !t->v[k].name[0])
                continue;
            kta_read_add(&reads, &n_reads, &cap, KTA_ACCEPT_JSON, "%s", t->v[k].path);
            KTA_GROW(wanted, n_wanted, cap_wanted);
            wanted[n_wanted++] = (struct wanted){t, k};
        }
        if (t)
            t->read = true;
    }
    if (n_reads > 0)
        rc = kta_cluster_read(p->cluster, reads, n_reads, err);
    for (size_t i = 0; rc == 0 && i < n_reads; i++) {
        struct kta_touch *t = &wanted[i].touches->v[wanted[i].at];

        t->status = reads[i].status;
        t->live = KTA_STEAL(reads[i].json);
    }
    kta_reads_free(reads, n_reads);
    free(wanted);
    return rc;
}
