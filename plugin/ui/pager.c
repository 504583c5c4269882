/*
 * pager.c - the whole difference that a plan or one step makes, in the person's pager. It reads a
 * file of its own, for their eyes alone, which goes when the pager ends.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/fs.h"
#include "ui_private.h"

static bool is_shown(const struct kta_step *s, const struct kta_step *only)
{
    return only ? s == only : s->state == KTA_PLANNED;
}

size_t ui_diff_lines(const struct kta_plan *plan, const struct kta_step *only)
{
    size_t n = 0;

    for (size_t i = 0; i < plan->n; i++)
        if (is_shown(plan->v[i], only))
            for (const char *p = kta_or(plan->v[i]->preview.diff, ""); *p; n++) {
                p += strcspn(p, "\n");
                p += *p == '\n';
            }
    return n;
}

int ui_page(const struct kta_plan *plan, const struct kta_step *only, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    const char *pager = getenv("PAGER");
    kta_auto_free char *file = NULL;
    int r;

    for (size_t i = 0; i < plan->n; i++) {
        const struct kta_step *s = plan->v[i];

        if (!is_shown(s, only))
            continue;
        kta_str_addf(&text, "%s. ", s->id);
        kta_argv_quote(&s->argv, &text);
        kta_str_addf(&text, "\n%s\n", kta_or(s->preview.diff, "(no difference is known)\n"));
    }
    file = kta_fs_temp(".diff", text.s, text.len, err);
    if (!file)
        return kta_err_wrap(err, "the pager");
    r = ui_open_file("pager", pager && *pager ? pager : "less", file, err);
    unlink(file);
    return r;
}
