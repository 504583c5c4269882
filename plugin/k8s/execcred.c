/*
 * execcred.c - runs an exec credential plugin and reads what it gave.
 *
 * Invariant: argv only, never a shell.
 */
#include "execcred.h"

#include <unistd.h>
#include "kta/alloc.h"
#include "kta/b64.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/json.h"
#include "kta/limits.h"
#include "kta/proc.h"
#include "kta/utf8.h"

extern char **environ;

void exec_credential_release(struct exec_credential *c)
{
    free(c->token);
    free(c->cert_pem);
    free(c->key_pem);
    memset(c, 0, sizeof *c);
}

/* ---- what the plugin is told ---- */

static void info_cluster(const struct kta_kubeconfig *k, struct kta_json *spec)
{
    struct kta_json *c = kta_json_set(spec, "cluster", kta_json_new_object());
    struct kta_json *config = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    kta_json_set_str(c, "server", k->server);
    if (k->tls_server_name)
        kta_json_set_str(c, "tls-server-name", k->tls_server_name);
    if (k->insecure)
        kta_json_set_bool(c, "insecure-skip-tls-verify", true);
    if (k->ca_pem) {
        kta_auto_str struct kta_str b64 = KTA_STR_INIT;

        kta_b64_encode(k->ca_pem, strlen(k->ca_pem), &b64);
        kta_json_set_str(c, "certificate-authority-data", b64.s);
    }
    if (k->proxy_url)
        kta_json_set_str(c, "proxy-url", k->proxy_url);
    if (k->exec->cluster_config &&
        kta_json_parse(k->exec->cluster_config, strlen(k->exec->cluster_config), &config,
                       &ignored) == 0)
        kta_json_set(c, "config", config);
}

/* Appends the value of KUBERNETES_EXEC_INFO. */
static void exec_info(const struct kta_kubeconfig *k, bool interactive, struct kta_str *out)
{
    kta_auto_json struct kta_json *v = kta_json_new_object();
    struct kta_json *spec;

    kta_json_set_str(v, "kind", "ExecCredential");
    kta_json_set_str(v, "apiVersion", k->exec->api_version);
    spec = kta_json_set(v, "spec", kta_json_new_object());
    if (k->exec->provide_cluster_info)
        info_cluster(k, spec);
    kta_json_set_bool(spec, "interactive", interactive);
    kta_json_print(v, false, out);
}

/* ---- what it answers ---- */

static const char *text_or_null(const char *s)
{
    return s && *s ? s : NULL;
}

static int parse_answer(const char *json, size_t n, const char *api_version,
                        struct exec_credential *ret, struct kta_err *err)
{
    kta_auto_json struct kta_json *v = NULL;
    const struct kta_json *status;
    const char *token, *cert, *key, *expires;
    int64_t until;

    if (kta_json_parse(json, n, &v, err) < 0)
        return kta_err_wrap(err, "its output is no JSON");
    if (!kta_streq(kta_json_str(v, "kind"), "ExecCredential"))
        return kta_err_set(err, KTA_E_AUTH, "its output is no ExecCredential");
    if (!kta_streq(kta_json_str(v, "apiVersion"), api_version))
        return kta_err_set(err, KTA_E_AUTH,
                           "it answered in version '%s', the kubeconfig asks for "
                           "'%s'",
                           kta_or(kta_json_str(v, "apiVersion"), ""), api_version);
    status = kta_json_get(v, "status");
    token = kta_json_str(status, "token");
    cert = kta_json_str(status, "clientCertificateData");
    key = kta_json_str(status, "clientKeyData");
    expires = kta_json_str(status, "expirationTimestamp");
    if (!text_or_null(token) && !text_or_null(cert) && !text_or_null(key))
        return kta_err_set(err, KTA_E_AUTH, "it gave neither a token nor a certificate");
    if (!text_or_null(cert) != !text_or_null(key))
        return kta_err_set(err, KTA_E_AUTH,
                           "it gave a certificate without its key, or a key "
                           "without its certificate");
    until = kta_time_parse(expires);
    if (expires && *expires && until == KTA_NO_TIME)
        return kta_err_set(err, KTA_E_AUTH, "its expirationTimestamp is no RFC 3339 time");
    ret->token = kta_strdup(text_or_null(token));
    ret->cert_pem = kta_strdup(text_or_null(cert));
    ret->key_pem = kta_strdup(text_or_null(key));
    ret->expires = until;
    return 0;
}

/* ---- running ---- */

static bool same_variable(const char *a, const char *b)
{
    size_t n = strcspn(a, "=");

    return strncmp(a, b, n) == 0 && b[n] == '=';
}

/* Our environment, then the plugin's own variables, then what it is told. */
static void plugin_env(const struct kta_kubeconfig *k, const char *info, struct kta_argv *env)
{
    for (char **e = environ; *e; e++) {
        bool replaced = same_variable("KUBERNETES_EXEC_INFO=", *e);

        for (size_t i = 0; i < k->exec->env.n; i++)
            replaced |= same_variable(k->exec->env.v[i], *e);
        if (!replaced)
            kta_argv_add(env, *e);
    }
    for (size_t i = 0; i < k->exec->env.n; i++)
        kta_argv_add(env, k->exec->env.v[i]);
    kta_argv_addf(env, "KUBERNETES_EXEC_INFO=%s", info);
}

/* The last words of the plugin's stderr, made safe to show. */
static void last_words(const struct kta_str *s, struct kta_str *out)
{
    enum { SHOWN = 400 };
    kta_auto_str struct kta_str clean = KTA_STR_INIT;
    size_t from;

    kta_clean(s->s, s->len, &clean);
    kta_str_trim(&clean);
    from = clean.len > SHOWN ? clean.len - SHOWN : 0;
    for (; clean.s[from]; from++)
        kta_str_addc(out, clean.s[from] == '\n' ? ' ' : clean.s[from]);
}

static int plugin_failed(const struct kta_kubeconfig *k, struct kta_err *err)
{
    kta_auto_str struct kta_str hint = KTA_STR_INIT;
    const char *command = k->exec->argv.v[0];

    if (err->code != KTA_E_INTERRUPTED)
        err->code = KTA_E_AUTH;
    kta_err_wrap(err, "the credential plugin '%s' of user '%s'", command, kta_or(k->user, ""));
    if (k->exec->install_hint)
        kta_clean(k->exec->install_hint, strlen(k->exec->install_hint), &hint);
    kta_str_trim(&hint);
    if (hint.len)
        return kta_err_hint(err, "%.400s", hint.s);
    return kta_err_hint(err, "the kubeconfig names this program to log in with: run it by hand to "
                             "see what it lacks");
}

static int run(const struct kta_kubeconfig *k, struct kta_proc *p, bool interactive,
               struct kta_err *err)
{
    kta_auto_argv struct kta_argv env = KTA_ARGV_INIT;
    kta_auto_str struct kta_str info = KTA_STR_INIT, words = KTA_STR_INIT;

    exec_info(k, interactive, &info);
    plugin_env(k, info.s, &env);
    p->env = (const char *const *)env.v;
    p->inherit_tty = p->catch_stdout = interactive; /* it may ask, or show a code on stderr */
    p->timeout_ms = interactive ? KTA_EXECCRED_LOGIN_MS : KTA_EXECCRED_TIMEOUT_MS;
    p->max_output = KTA_MAX_CONFIG_FILE;
    if (kta_proc_run(p, err) < 0)
        return -1;
    if (p->exit_code == 0)
        return 0;
    last_words(&p->err, &words);
    kta_err_set(err, KTA_E_AUTH, "failed with exit code %d%s%s", p->exit_code,
                words.len ? ": " : "", words.s);
    return -1;
}

static int run_plugin(const struct kta_kubeconfig *k, struct exec_credential *ret,
                      struct kta_err *err)
{
    const char *command = k->exec->argv.v[0], *mode = k->exec->interactive_mode;
    kta_auto_free char *path = strchr(command, '/') ? kta_strdup(command) : kta_fs_which(command);
    bool interactive = strcmp(mode, "Never") != 0 && isatty(0);
    struct kta_proc p = {.argv = &k->exec->argv,
                         .secret = true,
                         .path = path,
                         .out = KTA_STR_INIT,
                         .err = KTA_STR_INIT};
    int r = -1;

    if (!path || access(path, X_OK) < 0)
        return kta_err_set(err, KTA_E_AUTH,
                           path ? "there is no such program"
                                : "it is not installed (not found on PATH)");
    if (strcmp(mode, "Always") == 0 && !interactive)
        return kta_err_set(err, KTA_E_AUTH,
                           "it has to ask at the terminal, and standard input is none");
    if (run(k, &p, interactive, err) == 0)
        r = parse_answer(p.out.s, p.out.len, k->exec->api_version, ret, err);
    kta_proc_release(&p);
    return r;
}

int exec_credential_get(const struct kta_kubeconfig *k, struct exec_credential *ret,
                        struct kta_err *err)
{
    return run_plugin(k, ret, err) < 0 ? plugin_failed(k, err) : 0;
}
