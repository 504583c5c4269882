/*
 * preview_helm.c - what a helm command would do.
 */
#include "actions.h"

int kta_preview_helm(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                     struct kta_err *err)
{
    (void)p;
    (void)err;
    kta_preview_warn(&s->preview, "'helm %s' is not previewed", cmd->verb ? cmd->verb : "");
    return 0;
}
