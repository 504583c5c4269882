/*
 * undo.c - the plan that puts a change back: from its pre-images, its post-images and what is there
 * now.
 *
 * Objects are put back by undo_objects.c, releases by undo_helm.c. The plan is run by the pipeline
 * like any other, so that an undo can be undone.
 */
#include "journal_private.h"

#include "kta/alloc.h"
#include "kta/journal.h"
#include "kta/obj.h"

/* A deletion that has begun cannot be stopped: what it takes is made again when it is gone. */
static int still_going(struct kta_undo *u, struct kta_err *err)
{
    for (size_t i = 0; i < u->n; i++) {
        const struct kta_undo_item *x = &u->v[i];
        const char *finalizer = kta_finalizer(x->live);

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
    kta_undo_find_recreated(u);
    if ((helm_step ? kta_undo_helm_back(u, helm_step, err) : kta_undo_objects_back(u, err)) < 0)
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
    if (u->plan->n > 0 || (undoable && !u->lost.len))
        return 0;
    if (u->lost.len)
        return kta_err_set(err, KTA_E_FAIL, "change %s cannot be undone", id);
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
    kta_undo_find_orphaned(u, *ret_entry);
    kta_undo_release(u);
    return 0;
}

static int close_change(struct kta_undo *u, int rc)
{
    kta_undo_release(u);
    kta_json_free(u->orphaned);
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
