/*
 * undo_helm.c - a helm command, taken back: the release is rolled back or uninstalled by helm, or
 * its objects and records are put back without it where helm cannot.
 */
#include "journal_private.h"

#include "kta/alloc.h"
#include "kta/helmrel.h"
#include "kta/obj.h"

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

/* The release's records as they are now; NULL: they may not be read. Caller frees. */
static struct kta_json *records_now(const struct kta_undo *u, const struct kta_command *cmd)
{
    struct kta_json *records = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    (void)kta_cluster_get(u->p->cluster, &records, &ignored,
                          "/api/v1/namespaces/%s/secrets?labelSelector=owner%%3Dhelm%%2Cname%%3D%s",
                          kta_or(cmd->namespace_, kta_cluster_namespace(u->p->cluster)),
                          cmd->args[0]);
    return records;
}

/* The release has left an object behind (resource-policy: keep): helm does not go back to a
 * revision that has it, since it is there and not of the release. */
static bool left_behind(const struct kta_undo *u, const struct kta_json *records)
{
    const struct kta_json *newest = kta_helm_record(records, NULL, 0);
    kta_auto_json struct kta_json *release = NULL, *objects = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    if (!newest || kta_helm_release_decode(newest, &release, &ignored) < 0)
        return false;
    objects = kta_helm_objects(release);
    for (size_t i = 0; i < u->n; i++)
        if (u->v[i].before && u->v[i].live &&
            kta_streq(kta_obj_annotation(u->v[i].before, "helm.sh/resource-policy"), "keep") &&
            !kta_helm_object(objects, u->v[i].live))
            return true;
    return false;
}

/* Takes away the records of the revisions that came with the change. */
static int forget_revisions(struct kta_undo *u, const struct kta_json *records, long revision,
                            const char *ns, struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    size_t n;

    kta_argv_addl(&argv, "kubectl", "delete", "secret", NULL);
    n = argv.n;
    for (int64_t v = kta_helm_revision(records); v > revision; v--)
        if (kta_helm_record(records, NULL, v))
            kta_argv_add(&argv, kta_obj_name(kta_helm_record(records, NULL, v)));
    return argv.n > n
               ? kta_undo_step(u, &argv, ns, NULL, "removes the record of the new revision", err)
               : 0;
}

/* helm may have been refused, or have failed before it did anything. */
static bool changed_anything(const struct kta_undo *u, const struct kta_json *records,
                             long revision)
{
    for (size_t i = 0; i < u->n; i++)
        if (!kta_streq(kta_json_str(u->v[i].before, "metadata.resourceVersion"),
                       kta_json_str(u->v[i].after, "metadata.resourceVersion")))
            return true;
    return kta_helm_record(records, NULL, revision + 1) != NULL;
}

/* By helm: to the revision before, or to none. */
static int release_back(struct kta_undo *u, const struct kta_command *cmd, long revision, bool gone,
                        struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    bool back = revision > 0 && !gone;

    helm_conflicts(u);
    for (size_t i = 0; revision == 0 && i < u->n; i++)
        if (!u->v[i].before && u->v[i].after && !kta_undo_is_record(&u->v[i]) &&
            kta_undo_changed_by(&u->v[i]))
            kta_undo_conflict(u, &u->v[i], "changed since by ", kta_undo_changed_by(&u->v[i]));
    kta_argv_addl(&argv, "helm", back ? "rollback" : "uninstall", cmd->args[0], NULL);
    if (gone) /* it had been uninstalled, and its records kept */
        kta_argv_add(&argv, "--keep-history");
    if (back)
        kta_argv_addf(&argv, "%ld", revision);
    if (back && needs_force(u))
        kta_argv_add(&argv, "--force-conflicts");
    if (kta_undo_step(u, &argv, cmd->namespace_, NULL,
                      back ? "goes back to the release before" : "removes the new release",
                      err) < 0)
        return -1;
    return kta_undo_delete_created(u, helm_leaves, err);
}

int kta_undo_helm_back(struct kta_undo *u, const struct kta_json *step, struct kta_err *err)
{
    kta_auto_argv struct kta_argv was = KTA_ARGV_INIT;
    kta_auto_json struct kta_json *records = NULL;
    struct kta_command cmd = {0};
    bool gone;
    long revision = revision_before(u, &gone);
    int rc;

    kta_json_each(a, kta_json_get(step, "argv"))
        kta_argv_add(&was, kta_or(kta_json_text(a), ""));
    if (kta_command_parse(&was, &cmd, err) < 0)
        return -1;
    records = cmd.n_args ? records_now(u, &cmd) : NULL;
    if (!cmd.n_args || kta_command_has(&cmd, "generate-name"))
        rc = kta_err_set(err, KTA_E_FAIL,
                         "helm chose the release's name itself: uninstall it by "
                         "hand");
    else if (!changed_anything(u, records, revision))
        rc = 0;
    else if (kta_streq(cmd.verb, "uninstall"))
        rc = kta_undo_objects_back(u, err);
    else if (revision > 0 && left_behind(u, records))
        rc = kta_undo_objects_back(u, err) < 0
                 ? -1
                 : forget_revisions(u, records, revision, cmd.namespace_, err);
    else
        rc = release_back(u, &cmd, revision, gone, err);
    kta_command_release(&cmd);
    return rc;
}
