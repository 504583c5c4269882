/*
 * ask.c - the question before a change, through /dev/tty.
 *
 * A change of high risk is confirmed by typing the name of the object that it touches.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/proc.h"
#include "kta/term.h"
#include "ui_private.h"

/* The word to be typed: the name of the first object, else the namespace, else the verb. */
static void word_for(const struct kta_step *s, char *buf, size_t n)
{
    struct kta_command cmd;
    struct kta_named named[1];
    struct kta_err err = KTA_ERR_INIT;

    snprintf(buf, n, "yes");
    if (kta_command_parse(&s->argv, &cmd, &err) < 0)
        return;
    if (kta_command_objects(&cmd, named, 1) > 0 && named[0].name)
        snprintf(buf, n, "%s", named[0].name);
    else if (cmd.verb)
        snprintf(buf, n, "%s", cmd.verb);
    kta_command_release(&cmd);
}

/* A protected target outweighs any risk. */
static int weight(const struct kta_step *s)
{
    return s->verdict.protected_ ? KTA_RISK_HIGH + 1 : (int)s->risk;
}

static const struct kta_step *riskiest(const struct kta_plan *plan, const struct kta_step *step)
{
    const struct kta_step *worst = step;

    for (size_t i = 0; !step && i < plan->n; i++)
        if (plan->v[i]->state == KTA_PLANNED && (!worst || weight(plan->v[i]) > weight(worst)))
            worst = plan->v[i];
    return worst;
}

static int type_name(const struct kta_step *s, enum kta_answer *ret, struct kta_err *err)
{
    kta_auto_str struct kta_str line = KTA_STR_INIT;
    char word[256], prompt[640];

    word_for(s, word, sizeof word);
    snprintf(prompt, sizeof prompt, "Step %s is %s%s%s. Type '%s' to do it: ", s->id,
             s->verdict.protected_ ? "on a protected target" : "of high risk",
             s->verdict.risk_why[0] ? ": " : "", s->verdict.risk_why, word);
    if (kta_term_ask(prompt, &line, err) < 0)
        return -1;
    kta_str_trim(&line);
    *ret = kta_streq(line.s, word) ? KTA_ANSWER_YES : KTA_ANSWER_NO;
    return 0;
}

/* Puts an edited command back into the step. */
static int take_edit(struct kta_step *s, const char *text, struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    const char *end = strchr(text, '\n');
    kta_auto_free char *line = kta_strndup(text, end ? (size_t)(end - text) : strlen(text));

    if (kta_argv_split(line, &argv, err) < 0)
        return -1;
    if (argv.n == 0)
        return kta_err_set(err, KTA_E_UNCONFIRMED, "the command was emptied");
    kta_argv_copy(&s->argv, &argv);
    if (end && s->stdin_text) {
        free(s->stdin_text);
        s->stdin_text = kta_strdup(end + 1);
    }
    return 0;
}

static int run_editor(const char *editor, const char *file, struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;

    if (kta_argv_split(editor, &argv, err) < 0)
        return -1;
    kta_auto_free char *path =
        strchr(argv.v[0], '/') ? kta_strdup(argv.v[0]) : kta_fs_which(argv.v[0]);
    if (!path)
        return kta_err_set(err, KTA_E_NOT_FOUND, "the editor '%s' is not on PATH", argv.v[0]);
    kta_argv_add(&argv, file);
    struct kta_proc p = {.argv = &argv, .path = path, .inherit_tty = true, .timeout_ms = 86400000};
    int r = kta_proc_run(&p, err);
    kta_proc_release(&p);
    return r;
}

/* In $VISUAL or $EDITOR where there is one, else on the line. */
static int edit(struct kta_step *s, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    const char *editor = kta_or(getenv("VISUAL"), getenv("EDITOR"));

    if (!editor || !*editor) {
        if (kta_term_ask("New command: ", &text, err) < 0)
            return -1;
        return take_edit(s, text.s, err);
    }
    char file[] = "/tmp/kubectl-todo-ai-XXXXXX";
    int fd = mkstemp(file);
    if (fd < 0)
        return kta_err_set(err, KTA_E_FAIL, "cannot make a file to edit under /tmp");
    close(fd);
    kta_argv_quote(&s->argv, &text);
    kta_str_addc(&text, '\n');
    kta_str_add(&text, s->stdin_text ? s->stdin_text : "");
    int r = kta_fs_write(file, text.s, text.len, err);
    if (r == 0)
        r = run_editor(editor, file, err);
    kta_str_clear(&text);
    if (r == 0)
        r = kta_fs_read(file, KTA_MAX_MANIFEST + KTA_MAX_ARG, &text, err);
    unlink(file);
    return r < 0 ? -1 : take_edit(s, text.s, err);
}

int ui_ask(void *ctx, struct kta_plan *plan, struct kta_step *step, enum kta_answer *ret,
           struct kta_err *err)
{
    struct kta_ui *ui = ctx;
    kta_auto_str struct kta_str line = KTA_STR_INIT;
    const struct kta_step *worst = riskiest(plan, step);
    bool several = !step && plan->n > 1;

    ui_end_text(ui);
    kta_report_done(&ui->report);
    fflush(ui->out);
    *ret = KTA_ANSWER_NOBODY;
    if (!kta_term_can_ask() || !worst)
        return 0;
    for (;;) {
        char prompt[160];
        snprintf(prompt, sizeof prompt, "%s [y]es, [n]o, [e]dit%s: ",
                 step      ? "Do this step?"
                 : several ? "Do all of this?"
                           : "Do this?",
                 several ? ", [o]ne by one" : "");
        kta_str_clear(&line);
        if (kta_term_ask(prompt, &line, err) < 0)
            return -1;
        kta_str_trim(&line);
        char c = (char)(line.s[0] | 0x20);
        if (c == 'y') {
            if (weight(worst) >= KTA_RISK_HIGH)
                return type_name(worst, ret, err);
            *ret = KTA_ANSWER_YES;
            return 0;
        }
        if (c == 'n') {
            *ret = KTA_ANSWER_NO;
            return 0;
        }
        if (c == 'o' && several) {
            *ret = KTA_ANSWER_ONE_BY_ONE;
            return 0;
        }
        if (c == 'e') {
            struct kta_step *s = step ? step : plan->v[0];
            if (edit(s, err) < 0) {
                if (err->code == KTA_E_INTERRUPTED)
                    return -1;
                kta_ui_error(ui, err);
                kta_err_clear(err);
                continue;
            }
            *ret = KTA_ANSWER_EDIT;
            return 0;
        }
    }
}
