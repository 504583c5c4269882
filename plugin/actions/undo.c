/*
 * undo.c - the plan that puts a change back: from its pre-images, its post-images and what is there
 * now.
 *
 * What was changed is patched back, and only that; what was deleted is created again; what was
 * created is deleted; a helm release is rolled back, uninstalled or restored with its records. Real
 * values of Secrets travel as placeholders, put back when the step runs. The plan is run by the
 * pipeline like any other, so that an undo can be undone.
 */
#include "journal_private.h"

#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/helmrel.h"
#include "kta/journal.h"
#include "kta/limits.h"
#include "kta/obj.h"

#define MAX_PATCHES 20          /* more objects than this are replaced by one manifest */
#define MAX_DELETE  100         /* objects that one step names */
#define MAX_PATCH   (32u << 10) /* bytes; a larger patch is a manifest, too */

/* ---- building steps ---- */
/* How kubectl is told the kind: "deployment", or "widgets.example.com". Caller frees. */
static char *kind_word(const struct kta_json *image)
{
    const char *kind = kta_or(kta_json_str(image, "kind"), ""),
               *group = kta_json_str(image, "group");
    const struct kta_kind *known = kta_kind_known(kind);
    char *word;

    if (!known || !kta_streq(known->group, kta_or(group, "")))
        return kta_asprintf("%s%s%s", kta_or(kta_json_str(image, "plural"), kind),
                            group && *group ? "." : "", kta_or(group, ""));
    word = kta_strdup(kind);
    for (char *c = word; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    return word;
}

static int add_step(struct kta_undo *u, struct kta_argv *argv, const char *ns, const char *input,
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
    return add_step(u, &argv, ns, applied->s, "puts back what kubectl apply remembers", err);
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
    if (add_step(u, &argv, ns, u->create.s, "creates what was deleted", err) < 0)
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

/* Who changed since what the change had made; NULL: nobody. Borrowed. */
static const char *changed_by(const struct kta_undo_item *x)
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

static void add_conflict(struct kta_undo *u, const struct kta_undo_item *x, const char *what,
                         const char *who)
{
    kta_auto_free char *kind = kind_word(x->image);

    kta_str_addf(&u->conflicts, "%s%s/%s (%s%s)", u->conflicts.len ? ", " : "", kind,
                 kta_json_str(x->image, "name"), what, kta_or(who, ""));
}

/* What was deleted is there again by somebody else's hand, and otherwise than it was. */
static void find_recreated(struct kta_undo *u)
{
    for (size_t i = 0; i < u->n; i++) {
        struct kta_undo_item *x = &u->v[i];

        if (!x->before || x->after || !x->live || kta_undo_comes_back(x) ||
            kta_streq(kta_obj_uid(x->before), kta_obj_uid(x->live)))
            continue;
        kta_auto_json struct kta_json *again = kta_undo_again(u, x->before);
        if (kta_as_manifest(again, x->live))
            continue;
        add_conflict(u, x, "somebody has created it anew", NULL);
        if (u->force)
            x->after = x->live;
    }
}

/* A delete step that is being put together: objects of one kind in one namespace. */
struct going {
    struct kta_argv argv;
    char *kind;
    const char *ns;
    size_t n;
    bool owned; /* some may go with their owners before it is their turn */
};

static int delete_them(struct kta_undo *u, struct going *g, struct kta_err *err)
{
    if (g->owned)
        kta_argv_add(&g->argv, "--ignore-not-found");
    int rc = g->n ? add_step(u, &g->argv, g->ns, NULL, "deletes what was created", err) : 0;

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
    const char *who = another ? NULL : changed_by(x);
    if (another || who)
        add_conflict(u, x, another ? "it is another object now" : "changed since by ", who);
    if ((another || who) && !u->force)
        return 0;
    if ((g->n == MAX_DELETE || (g->n && (!kta_streq(g->kind, kind) || !kta_streq(g->ns, ns)))) &&
        delete_them(u, g, err) < 0)
        return -1;
    if (g->n++ == 0) {
        kta_argv_addl(&g->argv, "kubectl", "delete", kind, NULL);
        g->kind = KTA_STEAL(kind);
        g->ns = ns;
    }
    kta_argv_add(&g->argv, kta_json_str(x->image, "name"));
    g->owned = g->owned || kta_json_len(kta_json_at(x->live, "metadata.ownerReferences")) > 0;
    return 0;
}

/* only: which objects (NULL: all). */
static int delete_created(struct kta_undo *u, bool (*only)(const struct kta_undo_item *x),
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
    if (add_step(u, &argv, kta_json_str(x->image, "namespace"), manifest.s,
                 "makes it again as it was", err) < 0)
        return -1;
    add_applied(u, live, &applied);
    return restore_applied(u, kta_json_str(x->image, "namespace"), &applied, err);
}

static int patch_back(struct kta_undo *u, struct kta_undo_item *x, bool as_manifest,
                      struct kta_err *err)
{
    kta_auto_json struct kta_json *before = kta_json_copy(x->before),
                                  *after = kta_json_copy(x->after);
    kta_auto_json struct kta_json *live = kta_json_copy(x->live), *shown = kta_json_copy(x->before);
    kta_auto_json struct kta_json *ops = NULL, *real = NULL;
    kta_auto_str struct kta_str conflicts = KTA_STR_INIT, text = KTA_STR_INIT;
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    kta_auto_free char *kind = kind_word(x->image);
    const char *name = kta_json_str(x->image, "name");

    kta_server_strip(before);
    kta_server_strip(after);
    kta_server_strip(live);
    kta_server_strip(shown);
    kta_redact_object(u->p->redact, shown);
    ops = kta_restore_ops(before, after, live, shown, u->force, &conflicts);
    if (conflicts.len)
        kta_str_addf(&u->conflicts, "%s%s of %s/%s", u->conflicts.len ? ", " : "", conflicts.s,
                     kind, name);
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
        kta_streq(kta_json_str(x->image, "kind"), "Secret") || !restores_to(u, text.s, real)) {
        replace_by(u, x, live, real);
        return 0;
    }
    kta_argv_addl(&argv, "kubectl", "patch", kind, name, "--type=json", "-p", text.s, NULL);
    return add_step(u, &argv, kta_json_str(x->image, "namespace"), NULL,
                    "puts back what was changed", err);
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
    if (add_step(u, &argv, ns, u->replace.s, "puts back what was changed", err) < 0)
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

/* ---- helm ---- */
/* The highest revision of the release that was there before; 0: there was none. */
static long revision_before(const struct kta_undo *u, bool *ret_uninstalled)
{
    long best = 0;

    *ret_uninstalled = false;

    for (size_t i = 0; i < u->n; i++) {
        const char *dot = kta_undo_is_record(&u->v[i]) && u->v[i].before
                              ? strrchr(kta_json_str(u->v[i].image, "name"), '.')
                              : NULL;
        long n = dot && dot[1] == 'v' ? strtol(dot + 2, NULL, 10) : 0;

        if (n <= best)
            continue;
        best = n;
        *ret_uninstalled = kta_streq(kta_obj_label(u->v[i].before, "status"), "uninstalled");
    }
    return best;
}

/* Fields of the release that somebody changed since: helm would set them without a word. */
static void helm_conflicts(struct kta_undo *u)
{
    for (size_t i = 0; i < u->n; i++) {
        const struct kta_undo_item *x = &u->v[i];
        kta_auto_str struct kta_str conflicts = KTA_STR_INIT;

        if (!x->before || !x->after || !x->live || kta_undo_is_record(x) || kta_undo_is_hook(x))
            continue;
        kta_json_free(kta_undo_ops(x, x->live, u->force, &conflicts));
        if (conflicts.len)
            kta_str_addf(&u->conflicts, "%s%s of %s/%s", u->conflicts.len ? ", " : "", conflicts.s,
                         kta_json_str(x->image, "kind"), kta_json_str(x->image, "name"));
    }
}

/* Hooks, definitions and the namespace that came with the release stay when helm takes it back. */
static bool helm_leaves(const struct kta_undo_item *x)
{
    const char *kind = kta_json_str(x->image, "kind");

    return kta_undo_is_hook(x) || kta_streq(kind, "CustomResourceDefinition") ||
           kta_streq(kind, "Namespace");
}

/* Where the server applies a release (helm 4), a field that anybody else has ever set is refused;
 * whether somebody did since the change has been looked at. */
static bool needs_force(const struct kta_undo *u)
{
    bool server_side = false, others = false;

    for (size_t i = 0; i < u->n; i++) {
        kta_auto_json struct kta_json *release = NULL;
        struct kta_err ignored = KTA_ERR_INIT;

        if (kta_undo_is_record(&u->v[i]))
            server_side =
                server_side ||
                (u->v[i].live && kta_helm_release_decode(u->v[i].live, &release, &ignored) == 0 &&
                 kta_streq(kta_json_str(release, "apply_method"), "ssa"));
        else
            kta_json_each(m, kta_json_at(u->v[i].live, "metadata.managedFields")) {
                others = others || (!kta_json_str(m, "subresource") &&
                                    !kta_streq(kta_json_str(m, "manager"), "helm"));
            }
    }
    return server_side && others;
}

/* helm may have been refused, or have failed before it did anything. */
static bool changed_anything(struct kta_undo *u, const struct kta_command *cmd, long revision)
{
    kta_auto_json struct kta_json *record = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    for (size_t i = 0; i < u->n; i++)
        if (!kta_streq(kta_json_str(u->v[i].before, "metadata.resourceVersion"),
                       kta_json_str(u->v[i].after, "metadata.resourceVersion")))
            return true;
    return kta_cluster_get(u->p->cluster, &record, &ignored,
                           "/api/v1/namespaces/%s/secrets/sh.helm.release.v1.%s.v%ld",
                           kta_or(cmd->namespace_, kta_cluster_namespace(u->p->cluster)),
                           cmd->args[0], revision + 1) == 0;
}

static int helm_back(struct kta_undo *u, const struct kta_json *step, struct kta_err *err)
{
    kta_auto_argv struct kta_argv was = KTA_ARGV_INIT, argv = KTA_ARGV_INIT;
    struct kta_command cmd = {0};
    bool gone;
    long revision = revision_before(u, &gone);
    const char *release;
    bool back;
    int rc;

    kta_json_each(a, kta_json_get(step, "argv"))
        kta_argv_add(&was, kta_or(kta_json_text(a), ""));
    if (kta_command_parse(&was, &cmd, err) < 0)
        return -1;
    release = cmd.n_args ? cmd.args[0] : NULL;
    if (!release || kta_command_has(&cmd, "generate-name"))
        rc = kta_err_set(err, KTA_E_FAIL,
                         "helm chose the release's name itself: uninstall it by "
                         "hand");
    else if (!changed_anything(u, &cmd, revision))
        rc = 0;
    else if (kta_streq(cmd.verb, "uninstall"))
        rc = create_again(u, err) < 0 ? -1 : change_back(u, err); /* --keep-history: its record */
    else {
        helm_conflicts(u);
        for (size_t i = 0; revision == 0 && i < u->n; i++)
            if (!u->v[i].before && u->v[i].after && !kta_undo_is_record(&u->v[i]) &&
                changed_by(&u->v[i]))
                add_conflict(u, &u->v[i], "changed since by ", changed_by(&u->v[i]));
        back = revision > 0 && !gone;
        kta_argv_addl(&argv, "helm", back ? "rollback" : "uninstall", release, NULL);
        if (gone) /* it had been uninstalled, and its records kept */
            kta_argv_add(&argv, "--keep-history");
        if (back)
            kta_argv_addf(&argv, "%ld", revision);
        if (back && needs_force(u))
            kta_argv_add(&argv, "--force-conflicts");
        rc = add_step(u, &argv, cmd.namespace_, NULL,
                      back ? "goes back to the release before" : "removes the new release", err);
        if (rc == 0)
            rc = delete_created(u, helm_leaves, err);
    }
    kta_command_release(&cmd);
    return rc;
}

/* ---- the plan ---- */
/* A deletion that has begun cannot be stopped: what it takes is made again when it is gone. */
static int still_going(struct kta_undo *u, struct kta_err *err)
{
    for (size_t i = 0; i < u->n; i++) {
        const struct kta_undo_item *x = &u->v[i];
        const char *finalizer =
            kta_json_text(kta_json_item(kta_json_at(x->live, "metadata.finalizers"), 0));

        if (!x->before || kta_undo_comes_back(x) ||
            !kta_json_at(x->live, "metadata.deletionTimestamp") ||
            kta_json_at(x->before, "metadata.deletionTimestamp"))
            continue;
        kta_err_set(err, KTA_E_FAIL,
                    "%s '%s' is still being deleted%s%s%s, which cannot be stopped",
                    kta_json_str(x->image, "kind"), kta_json_str(x->image, "name"),
                    finalizer ? " (finalizer '" : "", kta_or(finalizer, ""),
                    finalizer ? "' holds it)" : "");
        return kta_err_hint(err, "undo again when it is gone: then it is created again");
    }
    return 0;
}

/* The loaded images, put back: helm_step names the helm command, or is NULL. */
static int put_back(struct kta_undo *u, const struct kta_json *helm_step, struct kta_err *err)
{
    for (size_t i = 0; i < u->n; i++)
        if (!u->v[i].readable)
            kta_str_addf(&u->lost, "%s%s/%s could not be read before", u->lost.len ? ", " : "",
                         kta_json_str(u->v[i].image, "kind"), kta_json_str(u->v[i].image, "name"));
    if (still_going(u, err) < 0)
        return -1;
    find_recreated(u);
    if (helm_step ? helm_back(u, helm_step, err) < 0
                  : delete_created(u, NULL, err) < 0 || change_back(u, err) < 0 ||
                        create_again(u, err) < 0)
        return -1;
    if (u->conflicts.len && !u->force) {
        kta_err_set(err, KTA_E_UNCONFIRMED, "somebody changed the same since: %.700s",
                    u->conflicts.s);
        return kta_err_hint(err, "--force puts it back all the same");
    }
    if (u->lost.len)
        kta_report_note(u->p->report, "cannot be put back: %s", u->lost.s);
    if (u->unsure.len)
        kta_report_note(u->p->report, "%s", u->unsure.s);
    return 0;
}

int kta_journal_same_cluster(struct kta_pipeline *p, const char *id, const struct kta_json *entry,
                             const char *here, struct kta_err *err)
{
    const char *uid = kta_json_str(entry, "clusterUid");

    if (uid && here ? kta_streq(uid, here)
                    : kta_streq(kta_json_str(entry, "server"), kta_cluster_server(p->cluster)))
        return 0;
    kta_err_set(err, KTA_E_USAGE, "change %s was made on another cluster (context '%s', server %s)",
                id, kta_or(kta_json_str(entry, "context"), ""),
                kta_or(kta_json_str(entry, "server"), "unknown"));
    return kta_err_hint(err, "kubectl todo-ai undo %s --context %s", id,
                        kta_or(kta_json_str(entry, "context"), "NAME"));
}

/* A plan with helm in it is undone step by step, backwards; any other as one. */
static int undo_steps(struct kta_undo *u, const char *id, const char *only,
                      const struct kta_json *entry, bool helm, struct kta_err *err)
{
    const struct kta_json *steps = kta_json_get(entry, "plan");

    if (!helm)
        return kta_undo_load(u, id, entry, only, only, err) < 0 ? -1 : put_back(u, NULL, err);
    for (size_t i = kta_json_len(steps); i-- > 0;) {
        const struct kta_json *s = kta_json_item(steps, i);

        if (kta_undo_chosen(s, only) &&
            (kta_undo_load(u, id, entry, kta_json_str(s, "id"), only, err) < 0 ||
             put_back(u, kta_undo_is_helm(s) ? s : NULL, err) < 0))
            return -1;
    }
    return 0;
}

static int undo_entry(struct kta_undo *u, const char *id, const char *only,
                      const struct kta_json *entry, struct kta_err *err)
{
    bool any = false, undone = false, helm = false, undoable = false;

    kta_json_each(s, kta_json_get(entry, "plan")) {
        if (only && !kta_streq(only, kta_json_str(s, "id")))
            continue;
        undone = undone || kta_streq(kta_json_str(s, "state"), "undone");
        any = any || kta_undo_chosen(s, only);
        helm = helm || (kta_undo_chosen(s, only) && kta_undo_is_helm(s));
        undoable = undoable || (kta_undo_chosen(s, only) && kta_json_bool(s, "undoable", true));
    }
    if (!any)
        return kta_err_set(err, KTA_E_FAIL,
                           undone ? "change %s is undone already" : "change %s never ran", id);
    if (undo_steps(u, id, only, entry, helm, err) < 0)
        return -1;
    if (u->plan->n > 0 || undoable)
        return 0;
    kta_err_set(err, KTA_E_FAIL,
                "change %s cannot be undone: what it did is not in the cluster's objects", id);
    return kta_err_hint(err, "kubectl todo-ai history lists those before it");
}

/* The change `id` (or one step of it), if it is one of this cluster and nobody else is at it. */
static int open_change(struct kta_undo *u, const char *id, struct kta_json **ret_entry,
                       struct kta_err *err)
{
    kta_auto_free char *uid = kta_cluster_uid(u->p->cluster), *question = NULL;
    const char *step;
    kta_auto_free char *only = kta_journal_id(id, &step);

    if (kta_journal_entry(only, ret_entry, err) < 0 ||
        kta_journal_same_cluster(u->p, only, *ret_entry, uid, err) < 0)
        return -1;
    question = kta_asprintf("undo %s", id);
    kta_plan_init(u->plan, question, kta_cluster_context(u->p->cluster),
                  kta_json_str(*ret_entry, "namespace"));
    u->plan->undo_of = kta_strdup(id);
    kta_undo_release(u);
    return 0;
}

static int close_change(struct kta_undo *u, int rc)
{
    kta_undo_release(u);
    if (rc < 0)
        kta_plan_release(u->plan);
    return rc;
}

int kta_journal_undo_plan(struct kta_pipeline *p, const char *id, bool force, struct kta_plan *ret,
                          struct kta_err *err)
{
    struct kta_undo u = {.p = p, .plan = ret, .force = force};
    kta_auto_free char *uid = id ? NULL : kta_cluster_uid(p->cluster), *latest = NULL, *only = NULL;
    kta_auto_json struct kta_json *entry = NULL;
    const char *step;

    if (!id && kta_journal_latest(kta_cluster_context(p->cluster), uid, &latest, err) < 0)
        return -1;
    id = id ? id : latest;
    only = kta_journal_id(id, &step);
    if (open_change(&u, id, &entry, err) < 0)
        return -1;
    return close_change(&u, kta_journal_idle(only, err) < 0
                                ? -1
                                : undo_entry(&u, only, step, entry, err));
}

int kta_journal_undo_rest(struct kta_pipeline *p, const char *id, const char *by,
                          struct kta_plan *ret, struct kta_err *err)
{
    struct kta_undo u = {.p = p, .plan = ret, .force = true};
    kta_auto_json struct kta_json *entry = NULL;
    const char *step;
    kta_auto_free char *only = kta_journal_id(id, &step);
    bool helm = false, adopted;
    int rc;

    if (open_change(&u, id, &entry, err) < 0)
        return -1;
    rc = kta_undo_load(&u, only, entry, step, step, err);
    if (rc == 0)
        rc = kta_undo_helm_left(&u, by, &helm, err);
    adopted = rc == 0 && kta_undo_adopt(&u);
    for (size_t i = 0; i < u.n;) /* a release's records are helm's own */
        if (helm ? kta_undo_is_record(&u.v[i]) || kta_undo_is_hook(&u.v[i]) : !u.v[i].adopted)
            u.v[i] = u.v[--u.n];
        else
            i++;
    if (rc == 0 && (helm || adopted))
        rc = put_back(&u, NULL, err);
    return close_change(&u, rc);
}
