/*
 * preview_rollout.c - rollout restart, pause, resume, undo as the patches that kubectl sends.
 *
 * kubectl has no server dry run for restart, pause and resume. Undo takes the template of an older
 * ReplicaSet (Deployment) or the data of an older ControllerRevision (StatefulSet, DaemonSet).
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/obj.h"

#define REVISION "deployment.kubernetes.io/revision"

/* What kubectl does with a paused rollout alone (resume), or only with one that is not. */
static bool refused(struct kta_step *s, const char *verb, bool paused)
{
    for (size_t i = 0; i < s->touches->n; i++) {
        const struct kta_touch *t = &s->touches->v[i];

        if (!t->live || paused == kta_json_bool(t->live, "spec.paused", false))
            continue;
        kta_preview_warn(&s->preview, "the rollout of '%s' is %spaused: kubectl refuses to %s it%s",
                         t->name, paused ? "not " : "", verb,
                         paused || kta_streq(verb, "pause") ? "" : " (resume it first)");
        s->preview.rejected = true;
    }
    return s->preview.rejected;
}

static int restart(struct kta_pipeline *p, struct kta_step *s, struct kta_err *err)
{
    kta_auto_str struct kta_str body = KTA_STR_INIT;

    kta_str_add(&body, "{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{"
                       "\"kubectl.kubernetes.io/restartedAt\":\"");
    kta_time_format(kta_wall(), &body);
    kta_str_add(&body, "\"}}}}}");
    return kta_dry_patch_all(p, s, KTA_PATCH_MERGE, body.s, err);
}

/* ---- undo ---- */
static int64_t revision_of(const struct kta_json *o)
{
    const char *text = kta_obj_annotation(o, REVISION);

    return text ? strtoll(text, NULL, 10) : kta_json_int(o, "revision", 0);
}

/* The revision to go back to: `to`, or the newest before the current one. */
static const struct kta_json *pick(const struct kta_json *list, const char *uid, int64_t to,
                                   int64_t *ret_revision)
{
    const struct kta_json *best = NULL, *newest = NULL;
    int64_t best_n = -1, newest_n = -1;

    kta_json_each(o, kta_json_get(list, "items")) {
        int64_t n = revision_of(o);

        if (!kta_obj_owned_by(o, uid))
            continue;
        if (n > newest_n) {
            best = newest;
            best_n = newest_n;
            newest = o;
            newest_n = n;
        } else if (n > best_n) {
            best = o;
            best_n = n;
        }
        if (to > 0 && n == to) {
            *ret_revision = n;
            return o;
        }
    }
    *ret_revision = best_n;
    return to > 0 ? NULL : best;
}

/* The patch that brings an older revision back, in the form kubectl sends it. */
static const char *undo_patch(const struct kta_touch *t, const struct kta_json *revision,
                              struct kta_str *body)
{
    kta_auto_json struct kta_json *template_ = NULL;

    if (!kta_touch_is(t, "Deployment")) {
        kta_json_print(kta_json_get(revision, "data"), false, body);
        return KTA_PATCH_STRATEGIC;
    }
    template_ = kta_json_copy(kta_json_at(revision, "spec.template"));
    kta_json_remove(kta_json_at(template_, "metadata.labels"), "pod-template-hash");
    kta_str_add(body, "[{\"op\":\"replace\",\"path\":\"/spec/template\",\"value\":");
    kta_json_print(template_, false, body);
    kta_str_add(body, "}]");
    return KTA_PATCH_JSON;
}

static int undo_one(struct kta_pipeline *p, struct kta_step *s, struct kta_touch *t, int64_t to,
                    struct kta_err *err)
{
    const char *plural = kta_touch_is(t, "Deployment") ? "replicasets" : "controllerrevisions";
    kta_auto_json struct kta_json *list = NULL;
    kta_auto_str struct kta_str body = KTA_STR_INIT;
    struct kta_err why = KTA_ERR_INIT;
    const struct kta_json *revision;
    const char *type;
    int64_t n = 0;

    if (kta_cluster_get(p->cluster, &list, &why, "/apis/apps/v1/namespaces/%s/%s", t->ns, plural) <
        0) {
        if (why.code == KTA_E_INTERRUPTED) {
            *err = why;
            return -1;
        }
        kta_preview_warn(&s->preview, "cannot tell what it goes back to: %s", why.msg);
        return 0;
    }
    revision = pick(list, kta_obj_uid(t->live), to, &n);
    if (!revision) {
        kta_preview_warn(&s->preview, "'%s' has no %s revision to go back to", t->name,
                         to > 0 ? "such" : "earlier");
        s->preview.rejected = true;
        return 0;
    }
    kta_preview_warn(&s->preview, "goes back to revision %lld", (long long)n);
    type = undo_patch(t, revision, &body);
    return kta_dry_patch(p, s, t, type, body.s, err);
}

static int undo(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                struct kta_err *err)
{
    const char *to = kta_command_flag(cmd, "to-revision");

    for (size_t i = 0; i < s->touches->n; i++)
        if (undo_one(p, s, &s->touches->v[i], to ? strtoll(to, NULL, 10) : 0, err) < 0)
            return -1;
    return 0;
}

int kta_preview_rollout(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                        struct kta_err *err)
{
    static const char *const KNOWN[] = {"restart", "pause", "resume", "undo"};

    for (size_t i = 0; i < KTA_LEN(KNOWN); i++)
        if (kta_streq(cmd->subverb, KNOWN[i]) &&
            refused(s, KNOWN[i], kta_streq(KNOWN[i], "resume")))
            return 0;
    if (kta_streq(cmd->subverb, "restart"))
        return restart(p, s, err);
    if (kta_streq(cmd->subverb, "pause"))
        return kta_dry_patch_all(p, s, KTA_PATCH_MERGE, "{\"spec\":{\"paused\":true}}", err);
    if (kta_streq(cmd->subverb, "resume"))
        return kta_dry_patch_all(p, s, KTA_PATCH_MERGE, "{\"spec\":{\"paused\":null}}", err);
    if (kta_streq(cmd->subverb, "undo"))
        return undo(p, s, cmd, err);
    kta_preview_warn(&s->preview, "'rollout %s' cannot be previewed", kta_or(cmd->subverb, ""));
    return 0;
}
