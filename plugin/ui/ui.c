/*
 * ui.c - the frontend of a terminal, a pipe, or a program that reads JSON.
 *
 * Text mode: answer, findings, plan and outcome on stdout; progress, notes and questions on stderr
 * and /dev/tty. With -o json stdout carries one document, with jsonl a line for each event. As a
 * script (--dry-run -q) stdout carries only the plan's commands.
 */
#include "kta/ui.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/llm.h"
#include "kta/term.h"
#include "kta/utf8.h"
#include "render.h"
#include "ui_private.h"

static FILE *people(const struct kta_ui *ui)
{
    return ui->o.output == KTA_OUT_TEXT && !ui->o.script ? stdout : stderr;
}

int ui_width(FILE *to)
{
    return kta_term_isatty(fileno(to)) ? kta_term_width(fileno(to)) : 0;
}

/* Prose on stderr. */
static void tell(const char *first, const char *text)
{
    kta_auto_str struct kta_str lines = KTA_STR_INIT;

    ui_wrap(first, text, ui_width(stderr), &lines);
    fputs(lines.s, stderr);
}

static void on_progress(void *ctx, const char *text)
{
    struct kta_ui *ui = ctx;

    ui->hidden = 0;
    if (text)
        ui_end_text(ui); /* also where it is not shown: something else begins */
    if (!ui->progress_wanted)
        return;
    if (!text) {
        progress_clear();
        return;
    }
    kta_auto_str struct kta_str clean = KTA_STR_INIT;
    kta_clean(text, strlen(text), &clean);
    progress_show(clean.s);
}

static const struct kta_ui_word *word_at(const struct kta_ui *ui, const char *text)
{
    const struct kta_ui_word *w = ui ? ui->words : NULL;

    while (w && w->line && !kta_starts(text, w->line))
        w++;
    return w && w->line ? w : NULL;
}

/* A note or hint as it is said here; a command line with flags has no other form. */
static void clean_here(const struct kta_ui *ui, const char *text, struct kta_str *out)
{
    kta_auto_str struct kta_str here = KTA_STR_INIT;

    while (*text) {
        const struct kta_ui_word *w = word_at(ui, text);
        if (!w || strstr(text + strlen(w->line), " --")) {
            kta_str_addc(&here, *text++);
            continue;
        }
        kta_str_add(&here, w->here);
        text += strlen(w->line);
    }
    kta_clean(here.s, here.len, out);
}

static void on_note(void *ctx, const char *text)
{
    struct kta_ui *ui = ctx;
    kta_auto_str struct kta_str clean = KTA_STR_INIT;

    ui_end_text(ui);
    progress_clear();
    clean_here(ui, text, &clean);
    kta_str_trim(&clean);
    tell("note: ", clean.s);
}

static void write_rendered(struct kta_ui *ui, struct kta_str *out)
{
    if (out->len > 0)
        progress_clear();
    fwrite(out->s, 1, out->len, people(ui));
    fflush(people(ui));
    kta_str_release(out);
}

static void on_text(void *ctx, const char *p, size_t n)
{
    struct kta_ui *ui = ctx;
    struct kta_str out = KTA_STR_INIT;

    if (ui->o.output != KTA_OUT_TEXT)
        return;
    ui->render.width = ui_width(people(ui)); /* the window may have another size by now */
    render_feed(&ui->render, p, n, &out);
    write_rendered(ui, &out);
    ui->text_open = true;
}

/* The answer as it comes; where nobody sees it yet (a pipe, a document) it is counted. */
static void on_stream(void *ctx, const char *p, size_t n)
{
    struct kta_ui *ui = ctx;

    if (ui->progress_wanted &&
        (ui->o.output != KTA_OUT_TEXT || !kta_term_isatty(fileno(ui->out)))) {
        char line[64];
        ui->hidden += n;
        snprintf(line, sizeof line, "answering: about %d tokens", kta_llm_tokens(ui->hidden));
        on_text(ui, p, n);
        progress_show(line);
        return;
    }
    on_text(ui, p, n);
}

void ui_end_text(struct kta_ui *ui)
{
    struct kta_str out = KTA_STR_INIT;

    if (!ui->text_open)
        return;
    render_end(&ui->render, &out);
    write_rendered(ui, &out);
    ui->text_open = false;
}

static void on_event(void *ctx, const char *type, const struct kta_json *data)
{
    struct kta_ui *ui = ctx;
    /* what a model is sent goes to a trace only: it is large, and the trace was asked for */
    bool print = ui->o.output == KTA_OUT_JSONL && !kta_streq(type, "request");

    if (!print && !ui->trace)
        return;
    kta_auto_str struct kta_str line = KTA_STR_INIT, now = KTA_STR_INIT;
    struct kta_json *e = kta_json_new_object();
    kta_json_set_str(e, "apiVersion", "todo-ai/v1");
    kta_json_set_str(e, "kind", "Event");
    kta_json_set_str(e, "type", type);
    kta_time_format(kta_wall(), &now);
    kta_json_set_str(e, "time", now.s);
    kta_json_set(e, "data", data ? kta_json_copy(data) : kta_json_new_object());
    kta_json_print(e, false, &line);
    kta_json_free(e);
    if (ui->trace) {
        fprintf(ui->trace, "%s\n", line.s);
        fflush(ui->trace);
    }
    if (print) {
        puts(line.s);
        fflush(stdout);
    }
}

int kta_ui_trace(struct kta_ui *ui, const char *path, struct kta_err *err)
{
    ui->trace = fopen(path, "ae");
    if (!ui->trace)
        return kta_err_sys(err, KTA_E_USAGE, errno, "cannot write the trace '%s'", path);
    return 0;
}

static void on_output(void *ctx, const char *p, size_t n)
{
    struct kta_ui *ui = ctx;
    kta_auto_str struct kta_str clean = KTA_STR_INIT;

    progress_clear();
    kta_clean(p, n, &clean);
    fwrite(clean.s, 1, clean.len, people(ui));
    fflush(people(ui)); /* it is watched, also through a pipe */
}

struct kta_ui *kta_ui_new(const struct kta_ui_options *options)
{
    struct kta_ui *ui = kta_calloc(1, sizeof *ui);

    ui->o = *options;
    ui->o.context = ui->o.server = ui->o.namespace_ = NULL;
    kta_ui_where(ui, options->context, options->server, options->namespace_);
    ui->out = people(ui);
    ui->colour = !options->no_colour && kta_term_colour(fileno(ui->out));
    ui->progress_wanted = !options->quiet && kta_term_isatty(2) && kta_term_colour(2);
    render_init(&ui->render, ui->colour, ui_width(ui->out));
    ui->report = (struct kta_report){.ctx = ui,
                                     .progress = on_progress,
                                     .note = on_note,
                                     .text = on_stream,
                                     .event = on_event,
                                     .plan = ui_show_plan,
                                     .step = ui_show_step,
                                     .output = on_output,
                                     .ask = options->quiet ? NULL : ui_ask};
    return ui;
}

void kta_ui_free(struct kta_ui *ui)
{
    if (!ui)
        return;
    progress_clear();
    render_release(&ui->render);
    ui_approved_release(ui);
    if (ui->trace)
        fclose(ui->trace);
    free(ui->context);
    free(ui->server);
    free(ui->namespace_);
    free(ui);
}

const struct kta_report *kta_ui_report(struct kta_ui *ui)
{
    return &ui->report;
}

void kta_ui_where(struct kta_ui *ui, const char *context, const char *server,
                  const char *namespace_)
{
    free(ui->context);
    free(ui->server);
    free(ui->namespace_);
    ui->context = kta_strdup(context);
    ui->server = kta_strdup(server);
    ui->namespace_ = kta_strdup(namespace_);
}

void kta_ui_session(struct kta_ui *ui, const struct kta_ui_word *words)
{
    ui->session = true;
    ui->words = words;
}

void kta_ui_answer(struct kta_ui *ui, const char *markdown)
{
    on_text(ui, markdown, strlen(markdown));
    ui_end_text(ui);
}

void kta_ui_print(struct kta_ui *ui, const char *fmt, ...)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT, clean = KTA_STR_INIT;
    va_list ap;

    ui_end_text(ui);
    progress_clear();
    va_start(ap, fmt);
    kta_str_vaddf(&text, fmt, ap);
    va_end(ap);
    kta_clean(text.s, text.len, &clean);
    fwrite(clean.s, 1, clean.len, people(ui));
}

void kta_ui_prose(struct kta_ui *ui, const char *first, const char *text)
{
    kta_auto_str struct kta_str clean = KTA_STR_INIT, lines = KTA_STR_INIT;

    clean_here(ui, text, &clean);
    ui_wrap(first, clean.s, ui_width(people(ui)), &lines);
    kta_ui_print(ui, "%s", lines.s);
}

void kta_ui_error(struct kta_ui *ui, const struct kta_err *err)
{
    kta_auto_str struct kta_str clean = KTA_STR_INIT;

    if (ui) {
        ui_end_text(ui);
        progress_clear();
    }
    fflush(stdout);
    kta_clean(err->msg, strlen(err->msg), &clean);
    tell(ui && ui->session ? "" : "kubectl-todo-ai: ", clean.s);
    kta_str_clear(&clean);
    clean_here(ui, err->hint, &clean);
    if (clean.len)
        tell("  ", clean.s);
}

void kta_ui_document(struct kta_ui *ui, const struct kta_json *doc)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    progress_clear();
    kta_json_print(doc, ui->o.output == KTA_OUT_JSON, &text);
    puts(text.s);
}

int kta_ui_flush(struct kta_ui *ui, struct kta_err *err)
{
    if (ui)
        ui_end_text(ui);
    if (fflush(stdout) != 0 || ferror(stdout))
        return kta_err_sys(err, KTA_E_FAIL, errno, "cannot write to the standard output");
    return 0;
}
