/* main.c - argv → command table → exit code. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/app.h"
#include "kta/interrupt.h"

/* One argument with blanks in it is always a question; the first word is a command only if it is
 * exactly a command's name. */
static const struct command *choose(struct app *app)
{
    if (set_on(&app->set, OPT_HELP)) {
        if (app->words.n > 0 && !command_find(app->words.v[0]))
            kta_argv_release(&app->words); /* "why -h": the whole help */
        return command_find("help");
    }
    if (set_on(&app->set, OPT_VERSION))
        return command_find("version");
    const struct command *c =
        app->words.n > 0 && app->dash != 0 ? command_find(app->words.v[0]) : NULL;
    /* "kubectl logs x | kubectl todo-ai explain": a question about the piped text, not a code */
    struct stat st;
    bool piped = fstat(0, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISREG(st.st_mode));
    if (!c || (c == command_find("explain") && app->words.n == 1 && piped))
        return command_find("ask");
    free(app->words.v[0]);
    memmove(app->words.v, app->words.v + 1, app->words.n * sizeof *app->words.v);
    app->words.n--;
    if (app->dash > 0)
        app->dash--;
    return c;
}

static bool superfluous(const struct app *app, const struct command *c, struct kta_err *err)
{
    if (c->most < 0 || app->words.n <= (size_t)c->most || set_on(&app->set, OPT_HELP) ||
        set_on(&app->set, OPT_VERSION))
        return false;
    kta_err_set(err, KTA_E_USAGE, "%s does not take '%s'", c->name, app->words.v[c->most]);
    kta_err_hint(err, "kubectl todo-ai %s; a question that begins so: kubectl todo-ai ask …",
                 c->usage);
    return true;
}

/* --timeout: the whole run. */
static int arm_timeout(struct app *app, struct kta_err *err)
{
    int64_t ms;

    if (set_duration(&app->set, OPT_TIMEOUT, 0, &ms, err) < 0)
        return -1;
    if (ms > 0)
        kta_interrupt_after(ms);
    return 0;
}

static int run(struct app *app, int argc, char **argv, struct kta_err *err)
{
    if (app_init(app, argc, argv, err) < 0 || arm_timeout(app, err) < 0)
        return -1;
    const struct command *c = choose(app);
    int r = superfluous(app, c, err) ? -1 : c->run(app, err);
    if (r < 0 && app->output != KTA_OUT_TEXT && !app->documented) {
        struct kta_json *doc = document_new(app, "Answer");
        document_print(app, doc, err);
        kta_json_free(doc);
    }
    return r;
}

/* Keys and what Secrets hold are in memory: a crash leaves none of it on disk. The limit keeps a
 * file from being written, the filter keeps memory out of what a crash handler is given. */
static void no_core(void)
{
    struct rlimit none = {0, 0};
    int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);

    setrlimit(RLIMIT_CORE, &none);
    if (fd >= 0) {
        ssize_t ignored = write(fd, "0", 1);
        (void)ignored;
        close(fd);
    }
}

/* A caller may have closed them (`2>&-`): no file of ours may become one of the three, and be
 * written to as if it were. What is put there can neither be read nor written, as before. */
static void hold_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd) /* the lowest that is free */
            _exit(1);
}

/* The process ends, and all that it holds with it: to free it piece by piece, and to let 38
 * libraries tidy up before, takes as long as reading a list. A build that looks for leaks does
 * both. */
static _Noreturn void leave(struct app *app, int code)
{
#ifdef KTA_RELEASE_ALL
    app_release(app);
    exit(code);
#else
    (void)app;
    fflush(NULL);
    _exit(code);
#endif
}

int main(int argc, char **argv)
{
    struct app app;
    struct kta_err err = KTA_ERR_INIT;

    umask(077);
    hold_standard_descriptors();
    no_core();
    kta_interrupt_install();
    if (argc > 1 && !strcmp(argv[1], "__complete")) {
        complete_words(argc - 2, argv + 2);
        return 0;
    }
    int r = run(&app, argc - 1, argv + 1, &err);
    struct kta_err ended = KTA_ERR_INIT;
    if (recording_end(&app, &ended) < 0 && r == 0) {
        err = ended;
        r = -1;
    }
    if (kta_ui_flush(app.ui, r < 0 ? &(struct kta_err)KTA_ERR_INIT : &err) < 0)
        r = -1;
    if (r < 0)
        kta_ui_error(app.ui, &err);
    leave(&app, r < 0 ? exit_code(&err) : 0);
}
