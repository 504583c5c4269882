/*
 * undo_objects.c - the steps that put objects back: what was changed is patched back, and only
 * that; what was deleted is created again, what others need first; what was created is deleted.
 * Real values of Secrets travel as placeholders, put back when the step runs.
 */
#include "journal_private.h"

#include "kta/alloc.h"
#include "kta/limits.h"
#include "kta/obj.h"
#include "kta/utf8.h"

#define MAX_PATCHES 20          /* more objects than this are replaced by one manifest */
#define MAX_DELETE  100         /* objects that one step names */
#define MAX_PATCH   (32u << 10) /* bytes; a larger patch is a manifest, too */

/* ---- building steps ---- */
/* How kubectl is told the kind: "deployment", or "widgets.v1.example.com" in the version in which
 * the object was read. Caller frees. */
static char *kind_word(const struct kta_json *image)
{
    const char *kind = kta_or(kta_json_str(image, "kind"), "");
    const char *group = kta_or(kta_json_str(image, "group"), "");
    const char *path = kta_or(kta_json_str(image, "path"), "");
    const struct kta_kind *known = kta_kind_known(kind);
    kta_auto_str struct kta_str usual = KTA_STR_INIT;
    kta_auto_free char *api = kta_asprintf("/apis/%s/", group);
    char *word;

    if (known)
        kta_kind_path(known, NULL, NULL, &usual);
    kta_str_truncate(&usual, known ? usual.len - strlen(known->plural) : 0);
    if (!known || !kta_streq(known->group, group) || !kta_starts(path, usual.s)) {
        const char *version = kta_starts(path, api) ? path + strlen(api) : "";
        size_t n = strcspn(version, "/");

        return kta_asprintf("%s%s%.*s%s%s", kta_or(kta_json_str(image, "plural"), kind),
                            n ? "." : "", (int)n, version, *group ? "." : "", group);
    }
    word = kta_strdup(kind);
    for (char *c = word; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    return word;
}

int kta_undo_step(struct kta_undo *u, struct kta_argv *argv, const char *ns, const char *input,
                  const char *why, struct kta_err *err)
{
    if (ns)
        kta_argv_addl(argv, "-n", ns, NULL);
    return kta_plan_add(u->plan, u->p->policy, argv, input, why, err) ? 0 : -1;
}

/* Order in which kinds are created: what others need comes first. */
static const char *const FIRST[] = {
    "Namespace",
    "CustomResourceDefinition",
    "ResourceQuota",
    "LimitRange",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Service",
};

static size_t rank(const struct kta_undo_item *x)
{
    size_t i = 0;

    while (i < KTA_LEN(FIRST) && !kta_streq(FIRST[i], kta_json_str(x->image, "kind")))
        i++;
    return i;
}

/* kubectl create and replace rewrite the annotation by which `kubectl apply` knows what it set:
 * with the whole object in it, the next apply would take out what others had set. */
#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"
/* What the annotation says, as a document for `kubectl apply set-last-applied`. */
static void add_applied(struct kta_undo *u, const struct kta_json *object, struct kta_str *out)
{
    const char *text = kta_obj_annotation(object, LAST_APPLIED);
    kta_auto_json struct kta_json *applied = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    if (text && kta_json_parse(text, strlen(text), &applied, &ignored) == 0)
        kta_undo_manifest(u, applied, out);
}

static int restore_applied(struct kta_undo *u, const char *ns, const struct kta_str *applied,
                           struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;

    if (applied->len == 0 || applied->len > KTA_MAX_MANIFEST)
        return 0;
    kta_argv_addl(&argv, "kubectl", "apply", "set-last-applied", "--create-annotation", "-f", "-",
                  NULL);
    return kta_undo_step(u, &argv, ns, applied->s, "puts back what kubectl apply remembers", err);
}

static void create_one(struct kta_undo *u, const struct kta_undo_item *x)
{
    kta_auto_json struct kta_json *o = kta_undo_again(u, x->before);

    kta_undo_manifest(u, o, &u->create);
}

/* One manifest for the objects of one namespace (NULL: cluster-scoped): kubectl refuses a manifest
 * whose objects are in another namespace than its -n. */
static int create_in(struct kta_undo *u, const char *ns, struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    kta_auto_str struct kta_str applied = KTA_STR_INIT;

    kta_str_clear(&u->create);
    for (size_t r = 0; r <= KTA_LEN(FIRST); r++)
        for (size_t i = 0; i < u->n; i++)
            if (kta_undo_is_lost(&u->v[i]) && rank(&u->v[i]) == r &&
                kta_streq(kta_json_str(u->v[i].image, "namespace"), ns) &&
                (!kta_undo_is_record(&u->v[i]) || u->create.len < KTA_MAX_MANIFEST / 2))
                create_one(u, &u->v[i]);
    if (u->create.len == 0)
        return 0;
    kta_argv_addl(&argv, "kubectl", "create", "-f", "-", NULL);
    if (kta_undo_step(u, &argv, ns, u->create.s, "creates what was deleted", err) < 0)
        return -1;
    for (size_t i = 0; i < u->n; i++)
        if (kta_undo_is_lost(&u->v[i]) && kta_streq(kta_json_str(u->v[i].image, "namespace"), ns))
            add_applied(u, u->v[i].before, &applied);
    return restore_applied(u, ns, &applied, err);
}

static int create_again(struct kta_undo *u, struct kta_err *err)
{
    if (create_in(u, NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < u->n; i++) {
        const char *ns = kta_json_str(u->v[i].image, "namespace");
        bool first = ns && kta_undo_is_lost(&u->v[i]);

        for (size_t k = 0; first && k < i; k++)
            first = !kta_undo_is_lost(&u->v[k]) ||
                    !kta_streq(kta_json_str(u->v[k].image, "namespace"), ns);
        if (first && create_in(u, ns, err) < 0)
            return -1;
        if (kta_undo_is_lost(&u->v[i]) &&
            kta_streq(kta_json_str(u->v[i].image, "kind"), "PersistentVolumeClaim"))
            kta_str_addf(&u->lost, "%sthe data of volume claim %s", u->lost.len ? ", " : "",
                         kta_json_str(u->v[i].image, "name"));
    }
    return 0;
}

/* ---- what others did to what the change made ---- */
/* The time moves when a manager sets a field, not when another one takes a field over. */
static bool same_entry(const struct kta_json *a, const struct kta_json *b)
{
    return kta_json_equal(kta_json_get(a, "manager"), kta_json_get(b, "manager")) &&
           kta_json_equal(kta_json_get(a, "operation"), kta_json_get(b, "operation")) &&
           kta_json_equal(kta_json_get(a, "time"), kta_json_get(b, "time"));
}

/* It sets more than metadata and status, and is not of the cluster's own controllers: these fill in
 * what was made without being asked. */
static bool is_somebodys(const struct kta_json *entry)
{
    const char *manager = kta_or(kta_json_str(entry, "manager"), "");

    if (kta_json_str(entry, "subresource") ||
        (kta_starts(manager, "kube") && !kta_starts(manager, "kubectl")))
        return false;
    kta_json_each(f, kta_json_get(entry, "fieldsV1")) {
        if (!kta_streq(kta_json_key(f), "f:metadata") && !kta_streq(kta_json_key(f), "f:status"))
            return true;
    }
    return false;
}

const char *kta_undo_changed_by(const struct kta_undo_item *x)
{
    kta_json_each(now, kta_json_at(x->live, "metadata.managedFields")) {
        bool known = !is_somebodys(now);

        kta_json_each(then, kta_json_at(x->after, "metadata.managedFields")) {
            known = known || same_entry(now, then);
        }
        if (!known)
            return kta_or(kta_json_str(now, "manager"), "somebody");
    }
    return NULL;
}

void kta_undo_conflict(struct kta_undo *u, const struct kta_undo_item *x, const char *what,
                       const char *who)
{
    kta_auto_free char *kind = kind_word(x->image);

    kta_str_addf(&u->conflicts, "%s%s/%s (%s%s)", u->conflicts.len ? ", " : "", kind,
                 kta_json_str(x->image, "name"), what, kta_or(who, ""));
}

void kta_undo_find_recreated(struct kta_undo *u)
{
    for (size_t i = 0; i < u->n; i++) {
        struct kta_undo_item *x = &u->v[i];

        if (!x->before || x->after || !x->live || kta_undo_comes_back(x) ||
            kta_streq(kta_obj_uid(x->before), kta_obj_uid(x->live)))
            continue;
        kta_auto_json struct kta_json *again = kta_undo_again(u, x->before);
        if (kta_as_manifest(again, x->live))
            continue;
        kta_undo_conflict(u, x, "somebody has created it anew", NULL);
        if (u->force)
            x->after = x->live;
    }
}

/* A delete step that is being put together: objects of one kind in one namespace, that all leave
 * behind what they own, or take it along. */
struct going {
    struct kta_argv argv;
    char *kind;
    const char *ns;
    size_t n;
    bool orphans;
    bool owned; /* some may go with their owners before it is their turn */
};

static int delete_them(struct kta_undo *u, struct going *g, struct kta_err *err)
{
    if (g->owned)
        kta_argv_add(&g->argv, "--ignore-not-found");
    if (g->orphans)
        kta_argv_add(&g->argv, "--cascade=orphan");
    int rc = g->n ? kta_undo_step(u, &g->argv, g->ns, NULL, "deletes what was created", err) : 0;

    kta_argv_release(&g->argv);
    free(g->kind);
    *g = (struct going){.argv = KTA_ARGV_INIT};
    return rc;
}

static int delete_one(struct kta_undo *u, struct going *g, const struct kta_undo_item *x,
                      struct kta_err *err)
{
    kta_auto_free char *kind = kind_word(x->image);
    const char *ns = kta_json_str(x->image, "namespace");

    if (x->before || !x->readable || !x->live || !x->after)
        return 0;
    bool another = !kta_streq(kta_obj_uid(x->live), kta_obj_uid(x->after));
    bool orphans = kta_undo_orphans(u, x);
    const char *who = another ? NULL : kta_undo_changed_by(x);
    if (another || who)
        kta_undo_conflict(u, x, another ? "it is another object now" : "changed since by ", who);
    if ((another || who) && !u->force)
        return 0;
    if ((g->n == MAX_DELETE ||
         (g->n && (!kta_streq(g->kind, kind) || !kta_streq(g->ns, ns) || g->orphans != orphans))) &&
        delete_them(u, g, err) < 0)
        return -1;
    if (g->n++ == 0) {
        kta_argv_addl(&g->argv, "kubectl", "delete", kind, NULL);
        g->kind = KTA_STEAL(kind);
        g->ns = ns;
        g->orphans = orphans;
    }
    kta_argv_add(&g->argv, kta_json_str(x->image, "name"));
    g->owned = g->owned || kta_json_len(kta_json_at(x->live, "metadata.ownerReferences")) > 0;
    return 0;
}

int kta_undo_delete_created(struct kta_undo *u, bool (*only)(const struct kta_undo_item *x),
                            struct kta_err *err)
{
    struct going g = {.argv = KTA_ARGV_INIT};
    int rc = 0;

    for (size_t i = u->n; rc == 0 && i-- > 0;)
        if (!only || only(&u->v[i]))
            rc = delete_one(u, &g, &u->v[i], err);
    if (rc < 0)
        g.n = 0;
    return delete_them(u, &g, err) < 0 ? -1 : rc;
}

/* The same patch with placeholders must become the real one again when it runs. */
static bool restores_to(struct kta_undo *u, const char *shown, const struct kta_json *real)
{
    kta_auto_str struct kta_str back = KTA_STR_INIT;
    kta_auto_json struct kta_json *parsed = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    return kta_redact_restore(u->p->redact, shown, &back, &ignored) == 0 &&
           kta_json_parse(back.s, back.len, &parsed, &ignored) == 0 && kta_json_equal(parsed, real);
}

/* Puts an object back by manifest: as it is now, but for what the change did. */
static void replace_by(struct kta_undo *u, struct kta_undo_item *x, struct kta_json *live,
                       const struct kta_json *ops)
{
    kta_restore_apply(live, ops);
    add_applied(u, live, &u->applied);
    kta_json_set_str(kta_json_get(live, "metadata"), "resourceVersion",
                     kta_json_str(x->live, "metadata.resourceVersion"));
    kta_undo_manifest(u, live, &u->replace);
}

/* The change was to delete it and create another one (replace --force), or to seal it (immutable):
 * what differs cannot be changed, the object is made again. */
static int anew(struct kta_undo *u, const struct kta_undo_item *x, struct kta_json *live,
                const struct kta_json *ops, struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    kta_auto_str struct kta_str manifest = KTA_STR_INIT, applied = KTA_STR_INIT;

    kta_restore_apply(live, ops);
    kta_auto_json struct kta_json *o = kta_undo_again(u, live);
    kta_undo_manifest(u, o, &manifest);
    kta_argv_addl(&argv, "kubectl", "replace", "--force", "-f", "-", NULL);
    if (kta_undo_step(u, &argv, kta_json_str(x->image, "namespace"), manifest.s,
                      "makes it again as it was", err) < 0)
        return -1;
    add_applied(u, live, &applied);
    return restore_applied(u, kta_json_str(x->image, "namespace"), &applied, err);
}

/* A running pod's resources are changed by a subresource of their own. */
static bool is_resize(const struct kta_undo_item *x, const struct kta_json *op)
{
    return kta_streq(kta_json_str(x->image, "kind"), "Pod") &&
           strstr(kta_or(kta_json_str(op, "path"), ""), "/resources") != NULL;
}

/* The operations that are a resize, or those that are none. */
static int patch_part(struct kta_undo *u, const struct kta_undo_item *x, const struct kta_json *ops,
                      bool resize, struct kta_err *err)
{
    kta_auto_json struct kta_json *part = kta_json_new_array();
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    kta_auto_free char *kind = kind_word(x->image);

    kta_json_each(o, ops) {
        if (is_resize(x, o) == resize)
            kta_json_push(part, kta_json_copy(o));
    }
    if (kta_json_len(part) == 0)
        return 0;
    kta_json_print(part, false, &text);
    kta_argv_addl(&argv, "kubectl", "patch", kind, kta_json_str(x->image, "name"), "--type=json",
                  "-p", text.s, resize ? "--subresource=resize" : NULL, NULL);
    return kta_undo_step(u, &argv, kta_json_str(x->image, "namespace"), NULL,
                         "puts back what was changed", err);
}

static int patch_back(struct kta_undo *u, struct kta_undo_item *x, bool as_manifest,
                      struct kta_err *err)
{
    kta_auto_json struct kta_json *before = kta_json_copy(x->before),
                                  *after = kta_json_copy(x->after);
    kta_auto_json struct kta_json *live = kta_json_copy(x->live), *shown = kta_json_copy(x->before);
    kta_auto_json struct kta_json *ops = NULL, *real = NULL;
    kta_auto_str struct kta_str conflicts = KTA_STR_INIT, text = KTA_STR_INIT;
    kta_auto_free char *kind = kind_word(x->image);

    kta_server_strip(before);
    kta_server_strip(after);
    kta_server_strip(live);
    kta_server_strip(shown);
    kta_redact_object(u->p->redact, shown);
    ops = kta_restore_ops(before, after, live, shown, u->force, &conflicts);
    if (conflicts.len)
        kta_str_addf(&u->conflicts, "%s%s of %s/%s", u->conflicts.len ? ", " : "", conflicts.s,
                     kind, kta_json_str(x->image, "name"));
    if (kta_json_len(ops) == 0)
        return 0;
    real = kta_restore_ops(before, after, live, before, u->force, &conflicts);
    kta_json_print(ops, false, &text);
    if ((!kta_streq(kta_obj_uid(x->before), kta_obj_uid(x->after)) &&
         kta_streq(kta_obj_uid(x->after), kta_obj_uid(x->live))) ||
        (kta_json_bool(x->live, "immutable", false) &&
         !kta_json_bool(x->before, "immutable", false)))
        return anew(u, x, live, real, err);
    if (as_manifest || text.len > MAX_PATCH ||
        kta_deceptive(text.s, text.len) || /* policy lets it into no argv */
        kta_streq(kta_json_str(x->image, "kind"), "Secret") || !restores_to(u, text.s, real)) {
        replace_by(u, x, live, real);
        return 0;
    }
    return patch_part(u, x, ops, /* resize= */ false, err) < 0
               ? -1
               : patch_part(u, x, ops, /* resize= */ true, err);
}

/* What is put back by manifest in one namespace. */
static int replace_in(struct kta_undo *u, const char *ns, bool as_manifest, struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;

    kta_str_clear(&u->replace);
    kta_str_clear(&u->applied);
    for (size_t i = u->n; i-- > 0;) {
        struct kta_undo_item *x = &u->v[i];

        if (x->before && x->after && x->live &&
            kta_streq(kta_json_str(x->image, "namespace"), ns) &&
            patch_back(u, x, as_manifest, err) < 0)
            return -1;
    }
    if (u->replace.len == 0)
        return 0;
    kta_argv_addl(&argv, "kubectl", "replace", "-f", "-", NULL);
    if (kta_undo_step(u, &argv, ns, u->replace.s, "puts back what was changed", err) < 0)
        return -1;
    return restore_applied(u, ns, &u->applied, err);
}

static int change_back(struct kta_undo *u, struct kta_err *err)
{
    size_t patches = 0;

    for (size_t i = 0; i < u->n; i++)
        patches += u->v[i].before && u->v[i].after && u->v[i].live;
    for (size_t i = u->n; i-- > 0;) {
        const struct kta_undo_item *x = &u->v[i];
        const char *ns = kta_json_str(x->image, "namespace");
        bool first = x->before && x->after;

        if (first && !x->live && !kta_undo_comes_back(x))
            kta_str_addf(&u->lost, "%s%s/%s is not there any more", u->lost.len ? ", " : "",
                         kta_json_str(x->image, "kind"), kta_json_str(x->image, "name"));
        for (size_t k = u->n; first && --k > i;)
            first = !u->v[k].before || !u->v[k].after ||
                    !kta_streq(kta_json_str(u->v[k].image, "namespace"), ns);
        if (first && replace_in(u, ns, patches > MAX_PATCHES, err) < 0)
            return -1;
    }
    return 0;
}

int kta_undo_objects_back(struct kta_undo *u, struct kta_err *err)
{
    return kta_undo_delete_created(u, NULL, err) < 0 || change_back(u, err) < 0 ||
                   create_again(u, err) < 0
               ? -1
               : 0;
}
