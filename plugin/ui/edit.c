/*
 * edit.c - the whole plan, or one step of it, in the person's editor; without one, each command on
 * a line that can be edited.
 */
#include <string.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/line.h"
#include "kta/proc.h"
#include "ui_private.h"

#define EDITOR_MS  86400000
#define MAX_EDITED ((size_t)KTA_MAX_STEPS * (KTA_MAX_MANIFEST + KTA_MAX_ARG))

int ui_open_file(const char *what, const char *command, const char *file, struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;

    if (kta_argv_split(command, &argv, err) < 0)
        return -1;
    if (argv.n == 0)
        return kta_err_set(err, KTA_E_NOT_FOUND, "the setting of the %s names no program", what);
    kta_auto_free char *path =
        strchr(argv.v[0], '/') ? kta_strdup(argv.v[0]) : kta_fs_which(argv.v[0]);
    if (!path)
        return kta_err_set(err, KTA_E_NOT_FOUND, "the %s '%s' is not on PATH", what, argv.v[0]);
    kta_argv_add(&argv, file);
    struct kta_proc p = {.argv = &argv, .path = path, .inherit_tty = true, .timeout_ms = EDITOR_MS};
    int r = kta_proc_run(&p, err);
    if (r == 0 && p.exit_code != 0)
        r = kta_err_set(err, KTA_E_FAIL, "the %s ended with %d: nothing was changed", what,
                        p.exit_code);
    kta_proc_release(&p);
    return r;
}

static int in_editor(const char *editor, struct kta_str *text, struct kta_err *err)
{
    kta_auto_free char *file = kta_fs_temp(".sh", text->s, text->len, err);
    int r;

    if (!file)
        return kta_err_wrap(err, "the editor");
    r = ui_open_file("editor", editor, file, err);
    kta_str_clear(text);
    if (r == 0)
        r = kta_fs_read(file, MAX_EDITED, text, err);
    unlink(file);
    return r;
}

/* Manifests stay as they are: a line is no place for them. */
static int on_lines(const struct kta_plan *plan, const struct kta_step *only, struct kta_str *text,
                    struct kta_err *err)
{
    kta_str_clear(text);
    for (size_t i = 0; i < plan->n; i++) {
        const struct kta_step *s = plan->v[i];
        if (only ? s != only : s->state != KTA_PLANNED)
            continue;
        kta_auto_str struct kta_str line = KTA_STR_INIT;
        kta_auto_free char *prompt = only || plan->n == 1
                                         ? kta_strdup("New command: ")
                                         : kta_asprintf("Step %s (empty leaves it out): ", s->id);
        kta_argv_quote(&s->argv, &line);
        kta_auto_free char *got = kta_line_edit(prompt, line.s, err);
        if (!got)
            return -1;
        if (!*got)
            continue;
        kta_str_add(text, got);
        if (s->stdin_text) /* long enough to be no line of it */
            kta_str_addf(text, " <<'KTA_MANIFEST_ENDS'\n%s%sKTA_MANIFEST_ENDS", s->stdin_text,
                         kta_ends(s->stdin_text, "\n") ? "" : "\n");
        kta_str_addc(text, '\n');
    }
    return 0;
}

int ui_edit(struct kta_plan *plan, struct kta_step *step, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    const char *editor = kta_or(getenv("VISUAL"), getenv("EDITOR"));
    int r;

    if (editor && *editor) {
        kta_plan_edit_text(plan, step, &text);
        r = in_editor(editor, &text, err);
    } else {
        r = on_lines(plan, step, &text, err);
    }
    return r < 0 ? -1 : kta_plan_edit_take(plan, step, text.s, err);
}
