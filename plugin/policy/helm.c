/*
 * helm.c - what helm's reads and dry runs show: values and manifests, in which Secrets stand.
 */
#include <strings.h>
#include "classify.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/str.h"
#include "kta/yaml.h"

/* A file that is there and holds no values gives none. */
static bool gives_values(const char *path)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    kta_auto_json struct kta_json *values = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    if (strchr(path, ','))
        return false; /* several: not looked at */
    if (kta_fs_read(path, KTA_MAX_MANIFEST, &text, &ignored) < 0)
        return true; /* helm ends there, too */
    return kta_yaml_parse(text.s, text.len, &values, &ignored) < 0 || kta_json_len(values) > 0;
}

/* helm upgrade takes the values of the release when it is given none, and renders them. */
static bool renders_stored_values(const struct kta_command *cmd)
{
    static const char *const sets[] = {"set", "set-string", "set-json", "set-file", "set-literal"};
    const char *file = kta_command_flag(cmd, "values");

    if (strcmp(cmd->path, "upgrade") != 0 || kta_command_true(cmd, "reset-values"))
        return false;
    if (kta_command_true(cmd, "reuse-values") || kta_command_true(cmd, "reset-then-reuse-values"))
        return true;
    for (size_t i = 0; i < KTA_LEN(sets); i++)
        if (strchr(kta_or(kta_command_flag(cmd, sets[i]), ""), '='))
            return false;
    return !file || !gives_values(file);
}

/* A dry run at the server; helm 4 does the same for --validate. */
static bool asks_server(const struct kta_command *cmd)
{
    return cmd->dry_run == KTA_DRY_SERVER ||
           (strcmp(cmd->path, "template") == 0 && kta_command_true(cmd, "validate"));
}

/* Templates may look objects up when the dry run asks the server: a chart from elsewhere decides
 * which, Secrets among them. */
static bool looks_up(const struct kta_command *cmd)
{
    /* spelt like a chart of the working folder rather than "repository/chart" */
    static const char *const folders[] = {"./", "charts/", "chart/", "helm/", "deploy/"};
    const char *chart = cmd->n_args ? cmd->args[cmd->n_args - 1] : "";

    if (!asks_server(cmd))
        return false;
    for (size_t i = 0; i < KTA_LEN(folders); i++)
        if (kta_starts(chart, folders[i]))
            return false;
    return strchr(chart, '/') != NULL;
}

/* A dry run prints the manifests without their Secrets, since kta_command_hide_secrets says so to
 * it; the values themselves stand in its other formats. */
static void look_at_dry_run(const struct kta_command *cmd, const char *output,
                            struct kta_verdict *v)
{
    bool hides = kta_command_hides_secrets(cmd), values = renders_stored_values(cmd);

    if (looks_up(cmd) && !hides)
        kta_raise(v, KTA_CLASS_WRITE, "helm lookup",
                  "templates of a chart from elsewhere may show Secrets in a server dry run");
    if (values && (!hides || strcmp(output, "table") != 0 || kta_command_true(cmd, "debug")))
        kta_raise(v, KTA_CLASS_WRITE, "helm upgrade",
                  "this dry run shows the release's own values (--reset-values does not)");
}

void kta_classify_helm(const struct kta_command *cmd, struct kta_verdict *v)
{
    const char *output = kta_or(kta_command_flag(cmd, "output"), "table");

    if (strcmp(cmd->path, "status") == 0 &&
        (strcmp(output, "table") != 0 || kta_command_true(cmd, "debug")))
        kta_raise(v, KTA_CLASS_WRITE, "helm status", "shows the release's values and manifests");
    /* all of it is harmless: no variable HELM_KUBE… reaches helm */
    if (strcmp(cmd->path, "env") == 0 && cmd->n_args > 0 &&
        strcasecmp(cmd->args[0], "HELM_KUBETOKEN") == 0)
        kta_raise(v, KTA_CLASS_WRITE, "helm env", "shows a credential (HELM_KUBETOKEN)");
    if (cmd->dry_run != KTA_DRY_NONE || asks_server(cmd))
        look_at_dry_run(cmd, output, v);
}
