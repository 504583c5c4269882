/*
 * preview_kubectl.c - the preview of kubectl's verbs, by a table.
 *
 * What is a plain patch is asked of the API server directly (PATCH with dryRun=All). What kubectl
 * itself makes into objects (apply, create, set …) is asked of kubectl with --dry-run=server, once.
 * What has no dry run at all says so.
 */
#include "actions.h"

#include "kta/alloc.h"

static int preview_cordon(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                          struct kta_err *err)
{
    return kta_dry_patch_all(p, s, KTA_PATCH_MERGE,
                             kta_streq(cmd->verb, "uncordon")
                                 ? "{\"spec\":{\"unschedulable\":null}}"
                                 : "{\"spec\":{\"unschedulable\":true}}",
                             err);
}

static int preview_drain(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                         struct kta_err *err)
{
    s->preview.no_undo = true;
    return preview_cordon(p, s, cmd, err); /* its pods are listed by the effects */
}

static int preview_delete(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                          struct kta_err *err)
{
    if (s->touches->partial && s->touches->n == 0)
        return kta_preview_by_kubectl(p, s, cmd, err);
    for (size_t i = 0, n = s->touches->n; i < n; i++) {
        const struct kta_touch *t = &s->touches->v[i];

        s->touches->v[i].known_after = true; /* after stays NULL: it goes */
        if (kta_touch_is(t, "Namespace") && t->live && kta_touch_namespace(p, s, t->name, err) < 0)
            return -1;
        t = &s->touches->v[i]; /* the list may have moved */
        if (kta_touch_is(t, "CustomResourceDefinition") && t->live &&
            kta_touch_definition(p, s, t->live, err) < 0)
            return -1;
    }
    return 0;
}

static int preview_replace(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                           struct kta_err *err)
{
    return kta_command_has(cmd, "force") ? kta_preview_replace(p, s, cmd, err)
                                         : kta_preview_by_kubectl(p, s, cmd, err);
}

/* kubectl adds what is missing to what is there by itself, and prints that; there is no other. */
static int preview_reconcile(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                             struct kta_err *err)
{
    int rc = kta_preview_by_kubectl(p, s, cmd, err);

    s->preview.validated = false;
    return rc;
}

static const struct {
    const char *verb;
    int (*fn)(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
              struct kta_err *err);
} HOW[] = {
    {"patch", kta_preview_patch},       {"scale", kta_preview_scale},
    {"rollout", kta_preview_rollout},   {"cordon", preview_cordon},
    {"uncordon", preview_cordon},       {"drain", preview_drain},
    {"delete", preview_delete},         {"apply", kta_preview_by_kubectl},
    {"create", kta_preview_by_kubectl}, {"replace", preview_replace},
    {"set", kta_preview_by_kubectl},    {"label", kta_preview_marks},
    {"annotate", kta_preview_marks},    {"taint", kta_preview_by_kubectl},
    {"expose", kta_preview_by_kubectl}, {"autoscale", kta_preview_by_kubectl},
    {"run", kta_preview_by_kubectl},    {"auth", preview_reconcile},
};

int kta_preview_kubectl(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                        struct kta_err *err)
{
    if (kta_streq(kta_command_flag(cmd, "subresource"), "status")) {
        s->touches->status = s->preview.no_undo = true;
        kta_preview_warn(&s->preview, "a status is its controller's: an undo does not put it back");
    }
    for (size_t i = 0; i < KTA_LEN(HOW) && !kta_preview_has_none(cmd); i++)
        if (kta_streq(cmd->verb, HOW[i].verb))
            return HOW[i].fn(p, s, cmd, err);
    return kta_preview_unseen(s, cmd);
}
