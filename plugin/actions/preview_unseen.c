/*
 * preview_unseen.c - commands without a dry run: what will run, or be copied, where. What it does
 * there can be neither previewed nor undone.
 */
#include "actions.h"

#include <string.h>

#include "kta/alloc.h"

bool kta_preview_has_none(const struct kta_command *cmd)
{
    static const char *const attached[] = {"stdin", "tty", "attach", "rm"};

    if (kta_streq(cmd->verb, "create"))
        return kta_streq(cmd->subverb, "token") ||
               (cmd->n_args > 0 && !cmd->subverb && kta_streq(cmd->args[0], "token"));
    for (size_t i = 0; kta_streq(cmd->verb, "run") && i < KTA_LEN(attached); i++)
        if (kta_command_has(cmd, attached[i]))
            return true;
    return false;
}

static void container_of(const struct kta_command *cmd, struct kta_str *out)
{
    const char *name = kta_command_flag(cmd, "container");

    if (name)
        kta_str_addf(out, "container %s of %s", name, cmd->args[0]);
    else
        kta_str_addf(out, "the container of %s", cmd->args[0]);
}

/* "pod:path" and "namespace/pod:path" are of a pod, all else of this machine, as kubectl cp has it.
 */
static void file_of(const char *word, struct kta_str *out)
{
    const char *colon = strchr(word, ':');

    if (colon && colon > word)
        kta_str_addf(out, "%s of pod %.*s", colon + 1, (int)(colon - word), word);
    else
        kta_str_addf(out, "%s of this machine", word);
}

static void of_cp(const struct kta_command *cmd, struct kta_str *out)
{
    if (cmd->n_args < 2)
        return;
    kta_str_add(out, "copies ");
    file_of(cmd->args[0], out);
    kta_str_add(out, " over ");
    file_of(cmd->args[1], out);
}

static void of_debug(const struct kta_command *cmd, struct kta_str *out)
{
    const char *image = kta_or(kta_command_flag(cmd, "image"), "the pod's own image");
    const char *copy = kta_command_flag(cmd, "copy-to");
    const char *slash = strchr(cmd->args[0], '/');

    if (slash && (kta_starts(cmd->args[0], "node/") || kta_starts(cmd->args[0], "nodes/") ||
                  kta_starts(cmd->args[0], "no/")))
        kta_str_addf(out,
                     "starts a pod with %s on node %s, in the node's own namespaces, with its "
                     "files under /host",
                     image, slash + 1);
    else if (copy)
        kta_str_addf(out, "starts pod %s, a copy of %s, with %s", copy, cmd->args[0], image);
    else
        kta_str_addf(out, "adds a container with %s to %s, which stays until the pod ends", image,
                     cmd->args[0]);
}

/* What will run where. */
static void where(const struct kta_command *cmd, struct kta_str *out)
{
    if (!cmd->n_args)
        return;
    if (kta_streq(cmd->verb, "exec")) {
        kta_str_add(out, "runs in ");
        container_of(cmd, out);
    } else if (kta_streq(cmd->verb, "attach")) {
        kta_str_add(out, "speaks to the process in ");
        container_of(cmd, out);
    } else if (kta_streq(cmd->verb, "cp")) {
        of_cp(cmd, out);
    } else if (kta_streq(cmd->verb, "debug")) {
        of_debug(cmd, out);
    } else if (kta_streq(cmd->verb, "run")) {
        kta_str_addf(out, "starts pod %s with %s", cmd->args[0],
                     kta_or(kta_command_flag(cmd, "image"), "an image"));
    }
    for (size_t i = 0; out->len && i < cmd->n_after; i++) {
        kta_str_add(out, i ? " " : ": ");
        kta_quote_arg(cmd->after[i], out);
    }
}

int kta_preview_unseen(struct kta_step *s, const struct kta_command *cmd)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    s->preview.no_undo = s->touches->n == 0;
    where(cmd, &text);
    if (text.len)
        kta_preview_warn(&s->preview, "%s. What it does there can be neither previewed nor undone",
                         text.s);
    else
        kta_preview_warn(
            &s->preview,
            s->preview.no_undo
                ? "'%s %s' can be neither previewed nor undone"
                : "'%s %s' cannot be previewed; what it does to the objects it names can be undone",
            cmd->program, cmd->path);
    return 0;
}
