/*
 * read.c - commands of class read, run for the model or the user without asking.
 *
 * Bounded in time and size; what comes out is redacted by structure where it is an object (-o json,
 * -o yaml), else by the text rules. Anything that policy does not call a read is refused here too.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/diagnose.h"
#include "kta/learn.h"
#include "kta/limits.h"
#include "kta/utf8.h"
#include "kta/yaml.h"

static const char *output_format(const struct kta_argv *argv, char *buf, size_t n)
{
    struct kta_command cmd = {0};
    struct kta_err ignored = KTA_ERR_INIT;

    buf[0] = '\0';
    if (kta_command_parse(argv, &cmd, &ignored) == 0) {
        snprintf(buf, n, "%s", kta_or(kta_command_flag(&cmd, "output"), ""));
        kta_command_release(&cmd);
    }
    return buf;
}

/* Objects are redacted as objects: a Secret's data by its place, not by its looks. */
static bool redact_structure(struct kta_redact *r, const char *format, const struct kta_str *raw,
                             struct kta_str *out)
{
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    if (kta_streq(format, "json")) {
        if (kta_json_parse(raw->s, raw->len, &v, &ignored) < 0)
            return false;
        kta_redact_object(r, v);
        kta_json_print(v, true, out);
        kta_str_addc(out, '\n');
        return true;
    }
    if (!kta_streq(format, "yaml") || kta_yaml_parse(raw->s, raw->len, &v, &ignored) < 0)
        return false;
    kta_redact_object(r, v);
    kta_yaml_print(v, out);
    return true;
}

static void show(struct kta_redact *r, const struct kta_argv *argv, const struct kta_proc *proc,
                 struct kta_str *out)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    char format[32];

    if (proc->out.cut ||
        !redact_structure(r, output_format(argv, format, sizeof format), &proc->out, &text))
        kta_redact_text(r, proc->out.s, proc->out.len, &text);
    if (proc->err.len) {
        if (text.len && text.s[text.len - 1] != '\n')
            kta_str_addc(&text, '\n');
        kta_redact_text(r, proc->err.s, proc->err.len, &text);
    }
    kta_clean(text.s, text.len, out);
    if (proc->out.cut)
        kta_str_addf(out, "\n… (cut after %u KiB)\n", KTA_MAX_PROC_OUTPUT >> 10);
}

/* A log, a description or a whole object may hold what is in the Secrets of the pods that it is
 * about, in a command line as well: those are learned before it is read. */
static int learn(struct kta_pipeline *p, const struct kta_argv *argv, struct kta_err *err)
{
    struct kta_acted on[8];
    struct kta_command cmd;
    struct kta_err ignored = KTA_ERR_INIT;
    int rc = 0;

    if (kta_command_parse(argv, &cmd, &ignored) < 0)
        return 0;
    bool tells = kta_streq(cmd.verb, "logs") || kta_streq(cmd.verb, "describe") ||
                 (kta_streq(cmd.verb, "get") && kta_command_flag(&cmd, "output"));
    size_t n = tells ? kta_command_acts_on(argv, NULL, on, KTA_LEN(on)) : 0;
    for (size_t i = 0; i < n && i < KTA_LEN(on) && rc == 0; i++)
        rc = kta_learn_object(p->cluster, p->redact, on[i].kind,
                              on[i].namespace_[0] ? on[i].namespace_ : cmd.namespace_, on[i].name,
                              err);
    kta_command_release(&cmd);
    return rc;
}

int kta_run_read(struct kta_pipeline *p, const struct kta_argv *argv, struct kta_str *out,
                 int *ret_exit, struct kta_err *err)
{
    kta_auto_argv struct kta_argv full = KTA_ARGV_INIT;
    struct kta_proc proc = {.timeout_ms = KTA_READ_MS, .max_output = KTA_MAX_PROC_OUTPUT};
    struct kta_verdict verdict;
    int rc;

    kta_policy_check(p->policy, argv, NULL, &verdict);
    if (verdict.class_ != KTA_CLASS_READ)
        return kta_err_set(err, KTA_E_POLICY, "this is no read: %s", verdict.reason);
    if (!p->cluster || kta_cluster_is_snapshot(p->cluster))
        return kta_err_set(err, KTA_E_FAIL, "a snapshot is read: kubectl and helm cannot be asked");
    kta_argv_copy(&full, argv);
    kta_command_pin(&full, kta_cluster_context(p->cluster), kta_cluster_namespace(p->cluster));
    kta_command_hide_secrets(&full);
    kta_session_flags_add(p->session_flags, &full);
    if (learn(p, &full, err) < 0)
        return -1;
    rc = kta_child_run(p, &full, NULL, &proc, err);
    if (rc == 0 || proc.started)
        show(p->redact, argv, &proc, out);
    if (rc == 0)
        *ret_exit = proc.exit_code;
    kta_proc_release(&proc);
    return rc;
}
