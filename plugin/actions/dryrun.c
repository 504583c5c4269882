/*
 * dryrun.c - what the API server says of one object's change when it is only tried.
 */
#include "actions.h"

#include "kta/alloc.h"

/* The server's refusal as a sentence: Status.message. */
static void refused(struct kta_step *s, int status, const struct kta_json *answer)
{
    const char *message = kta_or(kta_json_str(answer, "message"), "no reason given");

    if (status == 400 && kta_stristr(message, "dry run") && kta_stristr(message, "webhook")) {
        kta_preview_warn(&s->preview, "cannot be validated beforehand: %s", message);
        return;
    }
    if (status >= 500) {
        kta_preview_warn(&s->preview, "could not be validated: the API server answered %d: %s",
                         status, message);
        return;
    }
    s->preview.rejected = true;
    s->preview.validated = false;
    if (status == 403 && kta_lacks_right(message))
        s->preview.allowed = 0;
    kta_preview_warn(&s->preview, "the API server refuses it: %s", message);
}

int kta_dry_validate(struct kta_pipeline *p, struct kta_step *s, const struct kta_touch *t,
                     const struct kta_dry_how *how, const char *body, struct kta_json **ret_after,
                     struct kta_err *err)
{
    kta_auto_str struct kta_str path = KTA_STR_INIT;
    kta_auto_json struct kta_json *answer = NULL;
    struct kta_err why = KTA_ERR_INIT;
    int status = 0;

    kta_str_addf(&path, "%s?dryRun=All&fieldManager=%s%s", t->path, how->manager,
                 how->force ? "&force=true" : "");
    if (kta_cluster_send(p->cluster, "PATCH", path.s, how->type, body, &status, &answer, &why) <
        0) {
        if (why.code == KTA_E_INTERRUPTED) {
            *err = why;
            return -1;
        }
        kta_preview_warn(&s->preview, "could not be validated: %s", why.msg);
        return 0;
    }
    if (status < 200 || status > 299)
        refused(s, status, answer);
    else
        *ret_after = KTA_STEAL(answer);
    return 0;
}

int kta_dry_patch(struct kta_pipeline *p, struct kta_step *s, struct kta_touch *t,
                  const char *content_type, const char *body, struct kta_err *err)
{
    const struct kta_dry_how how = {content_type, "kubectl-patch", false};
    struct kta_json *after = NULL;

    if (kta_dry_validate(p, s, t, &how, body, &after, err) < 0)
        return -1;
    if (!after)
        return 0;
    kta_json_free(t->after);
    t->after = after;
    t->known_after = true;
    s->preview.validated = true;
    return 0;
}

int kta_dry_patch_all(struct kta_pipeline *p, struct kta_step *s, const char *content_type,
                      const char *body, struct kta_err *err)
{
    for (size_t i = 0; i < s->touches->n; i++)
        if (kta_dry_patch(p, s, &s->touches->v[i], content_type, body, err) < 0)
            return -1;
    return 0;
}

const char *kta_rejection(const struct kta_step *s)
{
    return s->preview.n_warnings ? s->preview.warnings[s->preview.n_warnings - 1]
                                 : "its dry run fails";
}

bool kta_step_is_known_to_fail(const struct kta_step *s)
{
    return s->state == KTA_PLANNED && s->preview.rejected;
}
