/*
 * ask.c - no command but a question: words and stdin become one, which question.c answers; without
 * any a conversation begins (repl.c).
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/tools.h"
#include "kta/tap.h"
#include "kta/term.h"

#define STDIN_PATIENCE_MS 2000 /* then it is dropped, with a notice */

/* Text on stdin, if it is a pipe or a file (or there is no question, and no terminal). More than
 * KTA_MAX_STDIN keeps its head and its tail. */
static int read_stdin(bool needed, struct kta_str *out, struct kta_err *err)
{
    struct stat st;
    struct pollfd fds[2] = {{.fd = 0, .events = POLLIN},
                            {.fd = kta_interrupt_fd(), .events = POLLIN}};
    bool first = true;
    char buf[65536];

    if (fstat(0, &st) < 0 || kta_term_isatty(0))
        return 0;
    if (!S_ISFIFO(st.st_mode) && !S_ISREG(st.st_mode) && !(needed && S_ISSOCK(st.st_mode)))
        return 0;
    for (;;) {
        int n = poll(fds, 2, needed || !first ? -1 : STDIN_PATIENCE_MS);
        if (kta_interrupt_check(err) < 0)
            return -1;
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0) {
            fputs("note: nothing came on stdin for 2 s; going on without it\n", stderr);
            return 0;
        }
        ssize_t got = read(0, buf, sizeof buf);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return kta_err_sys(err, KTA_E_FAIL, errno, "cannot read the standard input");
        if (got == 0)
            return 0;
        first = false;
        kta_str_addn(out, buf, (size_t)got);
        if (out->len > KTA_MAX_STDIN) { /* the end of a log tells as much as its beginning */
            kta_auto_str struct kta_str cut = KTA_STR_INIT;
            kta_cut_middle(out->s, out->len, KTA_MAX_STDIN / 2, &cut);
            kta_str_clear(out);
            kta_str_addn(out, cut.s, cut.len);
        }
    }
}

static void join_words(const struct kta_argv *words, struct kta_str *out)
{
    for (size_t i = 0; i < words->n; i++)
        kta_str_addf(out, "%s%s", i ? " " : "", words->v[i]);
    kta_str_trim(out);
}

/* --new-session and --resume-session go with a question, too: it is remembered. */
static int ask_in_session(struct app *app, const char *question, const char *piped,
                          struct conversation *c, struct kta_err *err)
{
    if (!set_on(&app->set, OPT_NEW_SESSION) && !set_text(&app->set, OPT_RESUME_SESSION))
        return app_ask(app, question, piped, NULL, err);
    int r = app_ask(app, question, piped, c, err);
    conversation_save(app, c);
    if (c->session.id)
        kta_report_note(kta_ui_report(app->ui), "session %s", c->session.id);
    return r;
}

/* "kubectl todo-ai diagnos": a question of one word that is nearly a command's name. */
static void note_typo(struct app *app)
{
    const char *word = app->words.n == 1 ? app->words.v[0] : "";
    const char *near = strlen(word) > 3 ? command_nearest(word) : NULL;

    if (near && !kta_streq(near, word)) /* "explain", beside a text, is one */
        kta_report_note(kta_ui_report(app->ui),
                        "'%s' is taken as a question; did you mean the command '%s'?", word, near);
}

static int ask_or_talk(struct app *app, struct conversation *c, struct kta_err *err)
{
    kta_auto_str struct kta_str question = KTA_STR_INIT, piped = KTA_STR_INIT;

    join_words(&app->words, &question);
    if (question.len == 0 && (kta_term_isatty(0) || kta_tap_types(KTA_TYPED_LINE)))
        return cmd_repl(app, c, err);
    if (replay_piped(app))
        kta_str_add(&piped, replay_piped(app));
    else if (!replaying(app) && read_stdin(question.len == 0, &piped, err) < 0)
        return -1;
    kta_str_trim(&piped);
    if (question.len == 0) {
        kta_str_addn(&question, piped.s, piped.len);
        kta_str_clear(&piped);
    }
    if (question.len == 0) {
        kta_err_set(err, KTA_E_USAGE, "there is no question");
        return kta_err_hint(err, "ask one: kubectl todo-ai \"why is backend crashing\"; "
                                 "'kubectl todo-ai help' tells more");
    }
    if (question.len > KTA_MAX_QUESTION) {
        kta_err_set(err, KTA_E_LIMIT, "the question has %zu bytes; at most %u are taken",
                    question.len, KTA_MAX_QUESTION);
        return kta_err_hint(err, "pipe long text in beside a short question: "
                                 "… | kubectl todo-ai \"explain\"");
    }
    note_typo(app);
    app->piped = piped.len ? piped.s : NULL;
    if (app_open_llm(app, err) < 0 || app_open_policy(app, err) < 0)
        return -1;
    if (app_open_cluster(app, err) < 0) {
        if (!app_read_text(app, question.s, piped.len ? piped.s : "", err))
            return -1;
        kta_err_clear(err);
        return 0;
    }
    if (!set_on(&app->set, OPT_SHOW_PROMPT))
        app_first_use(app);
    return ask_in_session(app, question.s, piped.len ? piped.s : NULL, c, err);
}

int cmd_ask(struct app *app, struct kta_err *err)
{
    const char *resume = set_text(&app->set, OPT_RESUME_SESSION);
    const char *remove = set_text(&app->set, OPT_DELETE_SESSION);
    struct conversation c;

    if (remove)
        return sessions_delete(app, remove, err);
    if (set_on(&app->set, OPT_LIST_SESSIONS))
        return sessions_list(app, err);
    if (resume && set_on(&app->set, OPT_NEW_SESSION))
        return kta_err_set(err, KTA_E_USAGE,
                           "--new-session and --resume-session exclude each other");
    conversation_init(&c);
    app_make_redact(app);
    int r = resume ? kta_session_resume(resume, app->redact, &c.session, err) : 0;
    if (r == 0)
        r = ask_or_talk(app, &c, err);
    conversation_release(&c);
    return r;
}
