/*
 * execute.c - a confirmed step runs: the real kubectl or helm, its argv, nothing else.
 *
 * The state afterwards is what is known: failed means that the program said so; unknown means that
 * it was ended before it could (interrupt, deadline), so that the change may or may not have
 * happened.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/utf8.h"

struct sink {
    const struct kta_report *report;
    struct kta_redact_stream *stream;
    struct kta_str line; /* what came since the last newline: cleaning needs whole characters */
    struct kta_str kept; /* limited */
};

#define LINE_MAX_ 8192 /* bytes that are held back while no newline comes */

static void deliver(struct sink *k, bool last)
{
    kta_auto_str struct kta_str clean = KTA_STR_INIT;
    const char *end = k->line.len ? memrchr(k->line.s, '\n', k->line.len) : NULL;
    size_t n = end ? (size_t)(end - k->line.s) + 1 : 0;

    if (last || (n == 0 && k->line.len > LINE_MAX_))
        n = k->line.len;
    if (n == 0)
        return;
    kta_clean(k->line.s, n, &clean);
    kta_str_addn(&k->kept, clean.s, clean.len);
    if (k->report && k->report->output)
        k->report->output(k->report->ctx, clean.s, clean.len);
    memmove(k->line.s, k->line.s + n, k->line.len - n);
    kta_str_truncate(&k->line, k->line.len - n);
}

static void on_output(void *ctx, int fd, const char *p, size_t n)
{
    struct sink *k = ctx;

    (void)fd;
    kta_redact_stream_feed(k->stream, p, n, &k->line);
    deliver(k, false);
}

/* A --timeout of the command's own is its business: the deadline comes after it. */
static int64_t deadline_of(const struct kta_command *cmd)
{
    struct kta_err ignored = KTA_ERR_INIT;
    const char *own = kta_command_flag(cmd, "timeout");
    int64_t ms = 0;

    if (own && kta_duration(own, &ms, &ignored) < 0)
        ms = 0;
    ms += KTA_STEP_MS;
    return ms > KTA_STEP_MAX_MS ? KTA_STEP_MAX_MS : ms;
}

/* Says what a delete will wait for. True: it is held, and waits no longer than *ret_ms. */
static bool waits_for_finalizer(const struct kta_pipeline *p, const struct kta_step *s,
                                const struct kta_command *cmd, int64_t *ret_ms)
{
    const char *finalizer;
    const struct kta_touch *t = kta_held(s, &finalizer);

    if (!t || !kta_streq(cmd->verb, "delete") || kta_command_flag(cmd, "timeout") ||
        kta_streq(kta_command_flag(cmd, "wait"), "false"))
        return false;
    *ret_ms = kta_held_ms(p);
    kta_report_note(p->report,
                    "step %s waits until finalizer '%s' of %s '%s' lets go, at most %lld s", s->id,
                    finalizer, t->kind->kind, t->name, (long long)(*ret_ms + 999) / 1000);
    return true;
}

/* The deadline has passed, and what was asked for has begun: it ends when the finalizer lets go. */
static int begun(struct kta_step *s, struct kta_err *err)
{
    *err = (struct kta_err)KTA_ERR_INIT;
    s->touches->held = true;
    s->state = KTA_EXECUTED;
    s->exit_code = 0;
    free(s->outcome);
    s->outcome = kta_strdup("the deletion has begun; finalizers hold it up");
    return 0;
}

/* What came of a process that ran or did not. */
static int judge(struct kta_step *s, const struct kta_proc *proc, int rc, struct kta_err *err)
{
    s->began = proc->started;
    s->exit_code = proc->exit_code;
    if (rc == 0 && proc->exit_code == 0) {
        s->state = KTA_EXECUTED;
        return 0;
    }
    free(s->outcome);
    if (rc < 0 && err->code == KTA_E_INTERRUPTED) {
        s->state = proc->started ? KTA_UNKNOWN : KTA_PLANNED;
        s->outcome = kta_strdup(proc->started ? "interrupted: it may or may not have happened"
                                              : "interrupted before it began");
        return -1;
    }
    if (rc < 0 && proc->started) {
        s->state = KTA_UNKNOWN;
        s->outcome = kta_asprintf("%s: it may or may not have happened", err->msg);
        err->code = KTA_E_EXECUTE;
        return kta_err_wrap(err, "step %s", s->id);
    }
    s->state = KTA_FAILED;
    if (rc < 0) {
        s->outcome = kta_strdup(err->msg);
        err->code = KTA_E_EXECUTE;
        return kta_err_wrap(err, "step %s did not start", s->id);
    }
    s->outcome = kta_asprintf("%s ended with exit code %d", s->argv.v[0], proc->exit_code);
    return kta_err_set(err, KTA_E_EXECUTE, "step %s failed: %s ended with exit code %d", s->id,
                       s->argv.v[0], proc->exit_code);
}

int kta_execute(struct kta_pipeline *p, struct kta_plan *plan, struct kta_step *s,
                struct kta_err *err)
{
    struct sink sink = {.report = p->report, .kept = KTA_STR_LIMITED(KTA_MAX_OUTPUT)};
    struct kta_proc proc = {.on_output = on_output, .ctx = &sink, .max_output = 4096};
    struct kta_command cmd = {0};
    bool held;
    int rc;

    kta_str_init(&sink.line, 0);
    if (kta_command_parse(&s->argv, &cmd, err) < 0) {
        s->state = KTA_FAILED;
        return -1;
    }
    proc.timeout_ms = deadline_of(&cmd);
    held = waits_for_finalizer(p, s, &cmd, &proc.timeout_ms);
    kta_command_release(&cmd);
    if (s->touches)
        s->touches->before_s = kta_wall();
    free(s->outcome);
    s->outcome = NULL;
    kta_report_progress(p->report, "running step %s of %zu", s->id, plan->n);
    sink.stream = kta_redact_stream_new(p->redact);
    rc = kta_child_run(p, &s->argv, s->stdin_text, &proc, err);
    kta_redact_stream_end(sink.stream, &sink.line);
    deliver(&sink, true);
    kta_str_release(&sink.line);
    kta_report_done(p->report);
    held = held && rc < 0 && proc.timed_out;
    rc = judge(s, &proc, rc, err);
    if (held && kta_is_going(p, s))
        rc = begun(s, err);
    free(s->output);
    if (sink.kept.cut) {
        sink.kept.max = 0;
        kta_str_add(&sink.kept, "\n… (the rest of the output was dropped)\n");
    }
    s->output = kta_str_detach(&sink.kept);
    kta_proc_release(&proc);
    return rc;
}
