/*
 * child.c - kubectl and helm as child processes: their environment, their argv.
 *
 * Invariants: the child gets no variable that is not on the list below (no API key of a model, no
 * HELM_KUBE…, which would redirect credentials); kubectl's own preference file (kuberc) is off, or
 * its aliases could make another command of what was shown; placeholders are put back only here and
 * in hidden.c.
 */
#include "actions.h"

#include <unistd.h>
#include "kta/alloc.h"
#include "kta/kubeconfig.h"

extern char **environ;

/* Names, or beginnings of names (with a star), of variables that pass. */
static const char *const PASS[] = {
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_*",
    "TZ",
    "TMPDIR",
    "TERM",
    "XDG_*",
    /* networks */
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "KUBERNETES_SERVICE_*",
    /* exec credential plugins */
    "AWS_*",
    "GOOGLE_*",
    "CLOUDSDK_*",
    "USE_GKE_GCLOUD_AUTH_PLUGIN",
    "GCE_*",
    "BOTO_*",
    "AZURE_*",
    "AAD_*",
    "ARM_*",
    "MSI_*",
    "IDENTITY_*",
    "OCI_*",
    "DIGITALOCEAN_*",
    "DO_*",
    "LINODE_*",
    "HCLOUD_*",
    "SCW_*",
    "IBMCLOUD_*",
    "ALIBABA_*",
    "ALIBABACLOUD_*",
    "VULTR_*",
    "CIVO_*",
    "TELEPORT_*",
    "TSH_*",
    "VAULT_*",
    "OKTA_*",
    "OIDC_*",
    "KUBELOGIN_*",
    "SSH_AUTH_SOCK",
    "DBUS_SESSION_BUS_ADDRESS",
    "KRB5*",
    "KUBECACHEDIR",
    /* helm's own folders and storage; never HELM_KUBE…, HELM_NAMESPACE, HELM_DEBUG */
    "HELM_CACHE_HOME",
    "HELM_CONFIG_HOME",
    "HELM_DATA_HOME",
    "HELM_REPOSITORY_*",
    "HELM_REGISTRY_CONFIG",
    "HELM_PLUGINS",
    "HELM_DRIVER",
    "HELM_MAX_HISTORY",
};

/* Keys of models, which the list above would let through. */
static const char *const STOP[] = {"AZURE_OPENAI_", "GOOGLE_API_KEY=", "AWS_BEARER_TOKEN_BEDROCK="};

static bool passes(const char *pair)
{
    for (size_t i = 0; i < KTA_LEN(STOP); i++)
        if (kta_starts(pair, STOP[i]))
            return false;
    for (size_t i = 0; i < KTA_LEN(PASS); i++) {
        size_t n = strlen(PASS[i]);

        if (PASS[i][n - 1] == '*' ? strncmp(pair, PASS[i], n - 1) == 0
                                  : strncmp(pair, PASS[i], n) == 0 && pair[n] == '=')
            return true;
    }
    return false;
}

char **kta_child_env(char *const *ours, const char *kubeconfig)
{
    char **env = NULL;
    size_t n = 0, cap = 0;

    for (; ours && *ours; ours++) {
        if (!passes(*ours))
            continue;
        KTA_GROW(env, n, cap);
        env[n++] = kta_strdup(*ours);
    }
    if (kubeconfig) {
        KTA_GROW(env, n, cap);
        env[n++] = kta_asprintf("KUBECONFIG=%s", kubeconfig);
    }
    KTA_GROW(env, n, cap);
    env[n++] = kta_strdup("KUBECTL_KUBERC=false");
    KTA_GROW(env, n, cap);
    env[n] = NULL;
    return env;
}

void kta_child_env_free(char **env)
{
    for (size_t i = 0; env && env[i]; i++)
        free(env[i]);
    free(env);
}

static const char *program_path(struct kta_pipeline *p, const char *name, struct kta_err *err)
{
    const char *path = kta_streq(name, "kubectl") ? p->kubectl
                       : kta_streq(name, "helm")  ? p->helm
                                                  : NULL;

    if (path)
        return path;
    if (kta_streq(name, "kubectl") || kta_streq(name, "helm")) {
        kta_err_set(err, KTA_E_NOT_FOUND, "%s is not installed, or not on PATH", name);
        kta_err_hint(err, "install %s, then try again (`kubectl todo-ai doctor` checks it)", name);
    } else {
        kta_err_set(err, KTA_E_POLICY, "'%s' is neither kubectl nor helm", name);
    }
    return NULL;
}

int kta_child_run(struct kta_pipeline *p, const struct kta_argv *argv, const char *input,
                  struct kta_proc *proc, struct kta_err *err)
{
    const struct kta_kubeconfig *k = kta_cluster_kubeconfig(p->cluster);
    kta_auto_argv struct kta_argv real = KTA_ARGV_INIT;
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct kta_argv files = KTA_ARGV_INIT;
    char **env;
    int rc;

    proc->path = program_path(p, argv->n ? argv->v[0] : "", err);
    if (!proc->path)
        return -1;
    if (input) {
        if (p->redact && kta_redact_has_placeholder(input)) {
            if (kta_redact_restore(p->redact, input, &text, err) < 0)
                return -1;
        } else {
            kta_str_add(&text, input);
        }
        proc->input = text.s;
        proc->input_len = text.len;
    }
    if (kta_hidden_argv(p->redact, argv, &real, &files, err) < 0) {
        kta_hidden_remove(&files);
        return -1;
    }
    env = kta_child_env(environ, k ? k->env_kubeconfig : NULL);
    proc->argv = &real;
    proc->env = (const char *const *)env;
    rc = kta_proc_run(proc, err);
    proc->argv = NULL;
    proc->env = NULL;
    proc->input = NULL;
    kta_child_env_free(env);
    kta_hidden_remove(&files);
    return rc;
}

/* ---- the session's flags ---- */
/* "--" may be another flag's value: what follows that is no end. */
void kta_argv_insert_flag(struct kta_argv *argv, const char *flag)
{
    struct kta_command cmd;
    struct kta_err ignored = KTA_ERR_INIT;
    size_t at = argv->n;

    if (kta_command_parse(argv, &cmd, &ignored) == 0) {
        at = cmd.dash;
        kta_command_release(&cmd);
    }
    kta_argv_insert(argv, at, flag);
}

/* kubectl's global flags as helm spells them; NULL: helm has none. */
static const struct {
    const char *kubectl, *helm;
} SPELLING[] = {
    {"--as", "--kube-as-user"},
    {"--as-group", "--kube-as-group"},
    {"--as-uid", NULL},
    {"--server", "--kube-apiserver"},
    {"--token", "--kube-token"},
    {"--certificate-authority", "--kube-ca-file"},
    {"--tls-server-name", "--kube-tls-server-name"},
    {"--insecure-skip-tls-verify", "--kube-insecure-skip-tls-verify"},
    {"--request-timeout", NULL},
    {"--cluster", NULL},
    {"--user", NULL},
};

/* The flag in the program's spelling, or NULL when the program lacks it. Caller frees. */
static char *spelled(const char *program, const char *flag)
{
    size_t n = strcspn(flag, "=");

    if (!kta_streq(program, "helm"))
        return kta_strdup(flag);
    for (size_t i = 0; i < KTA_LEN(SPELLING); i++)
        if (strlen(SPELLING[i].kubectl) == n && strncmp(SPELLING[i].kubectl, flag, n) == 0)
            return SPELLING[i].helm ? kta_asprintf("%s%s", SPELLING[i].helm, flag + n) : NULL;
    return kta_strdup(flag);
}

/* Where the flag stands, not as the value of another; argv->n: nowhere. */
static size_t index_of(const struct kta_argv *argv, const char *flag)
{
    struct kta_command cmd;
    struct kta_err ignored = KTA_ERR_INIT;
    size_t at = argv->n;

    if (kta_command_parse(argv, &cmd, &ignored) < 0)
        return at;
    for (size_t i = 0; i < cmd.n_flags && at == argv->n; i++)
        if (kta_streq(argv->v[cmd.flags[i].at], flag))
            at = cmd.flags[i].at;
    kta_command_release(&cmd);
    return at;
}

void kta_session_flags_add(const struct kta_argv *flags, struct kta_argv *argv)
{
    for (size_t i = 0; flags && i < flags->n; i++) {
        kta_auto_free char *flag = spelled(argv->v[0], flags->v[i]);

        if (flag && index_of(argv, flag) == argv->n)
            kta_argv_insert_flag(argv, flag);
    }
}

void kta_session_flags_drop(const struct kta_argv *flags, struct kta_argv *argv)
{
    for (size_t i = 0; flags && i < flags->n; i++) {
        kta_auto_free char *flag = spelled(argv->v[0], flags->v[i]);
        size_t at = flag ? index_of(argv, flag) : argv->n;

        if (at >= argv->n)
            continue;
        free(argv->v[at]);
        memmove(argv->v + at, argv->v + at + 1, (argv->n - at) * sizeof *argv->v);
        argv->n--;
    }
}
