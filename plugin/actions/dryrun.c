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
    if (status == 403)
        s->preview.allowed = 0;
    kta_preview_warn(&s->preview, "the API server refuses it: %s", message);
}

int kta_dry_patch(struct kta_pipeline *p, struct kta_step *s, struct kta_touch *t,
                  const char *content_type, const char *body, struct kta_err *err)
{
    kta_auto_str struct kta_str path = KTA_STR_INIT;
    struct kta_json *answer = NULL;
    int status = 0;

    kta_str_addf(&path, "%s?dryRun=All&fieldManager=kubectl-patch", t->path);
    if (kta_cluster_send(p->cluster, "PATCH", path.s, content_type, body, &status, &answer, err) <
        0) {
        if (err->code == KTA_E_INTERRUPTED)
            return -1;
        kta_preview_warn(&s->preview, "could not be validated: %s", err->msg);
        return 0;
    }
    if (status >= 200 && status < 300) {
        kta_json_free(t->after);
        t->after = answer;
        t->known_after = true;
        s->preview.validated = true;
        return 0;
    }
    refused(s, status, answer);
    kta_json_free(answer);
    return 0;
}

int kta_dry_validate(struct kta_pipeline *p, struct kta_step *s, const struct kta_touch *t,
                     const char *content_type, const char *body, bool force,
                     struct kta_json **ret_after, struct kta_err *err)
{
    kta_auto_str struct kta_str path = KTA_STR_INIT;
    kta_auto_json struct kta_json *answer = NULL;
    struct kta_err why = KTA_ERR_INIT;
    int status = 0;

    kta_str_addf(&path, "%s?dryRun=All&fieldManager=helm%s", t->path, force ? "&force=true" : "");
    if (kta_cluster_send(p->cluster, "PATCH", path.s, content_type, body, &status, &answer, &why) <
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
    else if (ret_after)
        *ret_after = KTA_STEAL(answer);
    return 0;
}

const char *kta_rejection(const struct kta_step *s)
{
    return s->preview.n_warnings ? s->preview.warnings[s->preview.n_warnings - 1]
                                 : "its dry run fails";
}
