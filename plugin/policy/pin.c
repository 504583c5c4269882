/*
 * pin.c - a command says by itself which cluster and namespace it means, and hides what it can.
 */
#include "classify.h"
#include "table.h"
#include "kta/str.h"

/* Commands that ask no cluster: a context would be an error or noise. */
static const char *const local[] = {"alpha",     "completion", "config", "help",
                                    "kustomize", "options",    "plugin", NULL};
static const char *const helm_local[] = {"completion", "create",  "dependency", "env",  "help",
                                         "lint",       "package", "plugin",     "pull", "push",
                                         "registry",   "repo",    "search",     "show", "verify",
                                         "version",    NULL};
/* Commands that ask the cluster, but nothing of a namespace. */
static const char *const no_namespace[] = {"api-resources",
                                           "api-versions",
                                           "certificate",
                                           "cluster-info",
                                           "cordon",
                                           "drain",
                                           "uncordon",
                                           "explain",
                                           "taint",
                                           "version",
                                           "top node",
                                           "auth whoami",
                                           "create clusterrole",
                                           "create clusterrolebinding",
                                           "create namespace",
                                           "create priorityclass",
                                           NULL};

static bool is_below(const char *path, const char *const *list)
{
    for (; *list; list++) {
        size_t n = strlen(*list);
        if (strncmp(path, *list, n) == 0 && (path[n] == ' ' || path[n] == '\0'))
            return true;
    }
    return false;
}

/* All kinds that are named are known to be cluster-scoped. */
static bool wants_namespace(struct kta_command *cmd)
{
    struct kta_named named[KTA_MAX_NAMED];
    size_t n;

    if (cmd->all_namespaces || is_below(cmd->path, no_namespace))
        return false;
    if (kta_command_has(cmd, "filename") || kta_command_has(cmd, "kustomize"))
        return true;
    n = kta_command_objects(cmd, named, KTA_MAX_NAMED);
    if (n > KTA_MAX_NAMED)
        n = KTA_MAX_NAMED;
    for (size_t i = 0; i < n; i++)
        if (!named[i].kind || !kta_kind_is_cluster_scoped(named[i].kind))
            return true;
    return n == 0;
}

void kta_command_pin(struct kta_argv *argv, const char *context, const char *namespace_)
{
    struct kta_command cmd;
    struct kta_err err = KTA_ERR_INIT;
    bool helm, add_context, add_namespace;
    size_t at;

    if (kta_command_parse(argv, &cmd, &err) < 0)
        return; /* the program would refuse it, and so does the policy */
    helm = strcmp(cmd.program, "helm") == 0;
    if (!cmd.verb || cmd.help || is_below(cmd.path, helm ? helm_local : local)) {
        kta_command_release(&cmd);
        return;
    }
    add_context = context && *context && !cmd.context;
    add_namespace = namespace_ && *namespace_ && !cmd.namespace_ &&
                    (helm ? !cmd.all_namespaces : wants_namespace(&cmd));
    at = cmd.dash;
    kta_command_release(&cmd); /* it points into argv, which changes now */
    if (add_context) {
        kta_argv_insert(argv, at++, helm ? "--kube-context" : "--context");
        kta_argv_insert(argv, at++, context);
    }
    if (add_namespace) {
        kta_argv_insert(argv, at++, "-n");
        kta_argv_insert(argv, at, namespace_);
    }
}

bool kta_command_hides_secrets(const struct kta_command *cmd)
{
    bool takes = false;

    for (size_t i = 0; i < cmd->def->n_flags; i++)
        takes |= strcmp(cmd->def->flags[i].name, "hide-secret") == 0;
    return takes && cmd->dry_run != KTA_DRY_NONE && strcmp(cmd->program, "helm") == 0 &&
           (!kta_command_has(cmd, "hide-secret") || kta_command_true(cmd, "hide-secret"));
}

void kta_command_hide_secrets(struct kta_argv *argv)
{
    struct kta_command cmd;
    struct kta_err err = KTA_ERR_INIT;
    size_t at = 0;

    if (kta_command_parse(argv, &cmd, &err) < 0)
        return;
    if (kta_command_hides_secrets(&cmd) && !kta_command_has(&cmd, "hide-secret"))
        at = cmd.dash;
    kta_command_release(&cmd); /* it points into argv, which changes now */
    if (at)
        kta_argv_insert(argv, at, "--hide-secret");
}
