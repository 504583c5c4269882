/*
 * kubeconfig.c - from files and flags to one resolved cluster and user, by kubectl's rules.
 *
 * Order of resolution: context, cluster, user, flags on top, then what only makes sense together
 * (no credentials over plain http, a CA and insecure contradict). What kubectl's validation refuses
 * is refused here with the file and line. Source: client-go, tools/clientcmd (client_config.go,
 * loader.go, validation.go).
 */
#include "kta/kubeconfig.h"

#include <errno.h>
#include <limits.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kta/alloc.h"
#include "kta/b64.h"
#include "kta/fs.h"
#include "kta/json.h"
#include "kta/limits.h"
#include "kta/str.h"
#include "kubeexec.h"
#include "kubefiles.h"

#define SERVICE_ACCOUNT_DIR "/var/run/secrets/kubernetes.io/serviceaccount"

/* ---- errors that list what there is ---- */

/* "(a, b, c and 3 more)" */
static void some_names(const struct kta_argv *names, struct kta_str *out)
{
    enum { SHOWN = 8 };

    for (size_t i = 0; i < names->n && i < SHOWN; i++)
        kta_str_addf(out, "%s%s", i ? ", " : "", names->v[i]);
    if (names->n > SHOWN)
        kta_str_addf(out, " and %zu more", names->n - SHOWN);
}

static void searched(const struct kube_files *fs, struct kta_str *out)
{
    for (size_t i = 0; i < fs->paths.n; i++)
        kta_str_addf(out, "%s%s", i ? ", " : "", fs->paths.v[i]);
}

static int unknown_entry(const struct kube_files *fs, const char *list, const char *what,
                         const char *name, const char *referrer, struct kta_err *err)
{
    kta_auto_argv struct kta_argv names = KTA_ARGV_INIT;
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    const char *near;

    kube_files_names(fs, list, &names);
    near = names.n ? kta_nearest(name, (const char *const *)names.v, names.n) : NULL;
    if (referrer)
        kta_err_set(err, KTA_E_USAGE, "context '%s' refers to %s '%s', which no kubeconfig has",
                    referrer, what, name);
    else
        kta_err_set(err, KTA_E_USAGE, "there is no %s '%s' in the kubeconfig", what, name);
    if (near)
        return kta_err_hint(err, "did you mean '%s'?", near);
    some_names(&names, &s);
    if (names.n)
        return kta_err_hint(err, "%ss there are: %s", what, s.s);
    searched(fs, &s);
    return kta_err_hint(err, "looked in: %s", kta_or(s.s, "no file at all"));
}

static int no_server(const struct kube_files *fs, struct kta_err *err)
{
    kta_auto_argv struct kta_argv names = KTA_ARGV_INIT;
    kta_auto_str struct kta_str s = KTA_STR_INIT;

    kube_files_names(fs, "contexts", &names);
    if (names.n) {
        some_names(&names, &s);
        kta_err_set(err, KTA_E_USAGE, "the kubeconfig has no current context");
        return kta_err_hint(err,
                            "choose one with --context, or for good with kubectl config "
                            "use-context NAME: %s",
                            s.s);
    }
    searched(fs, &s);
    kta_err_set(err, KTA_E_USAGE, "no cluster is configured: %s",
                fs->n ? "the kubeconfig is empty" : "there is no kubeconfig");
    return kta_err_hint(
        err,
        "looked in: %s; get a kubeconfig from your cluster's provider (minikube "
        "start, kind export kubeconfig, aws eks update-kubeconfig, gcloud container "
        "clusters get-credentials …) or name one with --kubeconfig",
        kta_or(s.s, "nothing, since HOME is not set"));
}

/* ---- pieces of an entry ---- */

static int check_pem(const struct kube_entry *e, const char *key, const char *pem,
                     struct kta_err *err)
{
    if (strstr(pem, "-----BEGIN"))
        return 0;
    return kube_entry_fail(e, key, err, "'%s' holds no PEM block (-----BEGIN …)", key);
}

/* KEY-data (base64 of PEM) or KEY (a file of PEM); both is an error, as in kubectl. */
static int load_pem(const struct kube_entry *e, const char *key, char **ret, struct kta_err *err)
{
    kta_auto_str struct kta_str pem = KTA_STR_LIMITED(KTA_MAX_CONFIG_FILE);
    kta_auto_free char *path = NULL;
    char data_key[64];
    const char *data;

    snprintf(data_key, sizeof data_key, "%s-data", key);
    if (kube_entry_str(e, data_key, &data, err) < 0 || kube_entry_path(e, key, &path, err) < 0)
        return -1;
    if (data && path)
        return kube_entry_fail(e, key, err, "'%s' and '%s' are both given: remove one", key,
                               data_key);
    if (data) {
        if (kta_b64_decode(data, strlen(data), &pem) < 0)
            return kube_entry_fail(e, data_key, err, "'%s' is not base64", data_key);
        if (check_pem(e, data_key, pem.s, err) < 0)
            return -1;
    } else if (path) {
        struct kta_err why = KTA_ERR_INIT;

        if (kta_fs_read(path, KTA_MAX_CONFIG_FILE, &pem, &why) < 0)
            return kube_entry_fail(e, key, err, "'%s': %s", key, why.msg);
        if (check_pem(e, key, pem.s, err) < 0)
            return -1;
    } else {
        return 0;
    }
    *ret = kta_str_detach(&pem);
    return 0;
}

/* as-user-extra: {key: [value, …]} */
static int copy_extra(const struct kube_entry *e, struct kta_argv *ret, struct kta_err *err)
{
    const struct kta_json *v = kta_json_get(e->value, "as-user-extra");

    kta_json_each(m, v) {
        kta_auto_argv struct kta_argv values = KTA_ARGV_INIT;

        if (kube_entry_list(e, "as-user-extra", m, &values, err) < 0)
            return -1;
        for (size_t i = 0; i < values.n; i++)
            kta_argv_addf(ret, "%s=%s", kta_json_key(m), values.v[i]);
    }
    return 0;
}

/* ---- cluster and user ---- */

static int load_cluster(const struct kube_entry *e, const struct kta_kube_flags *f,
                        struct kta_kubeconfig *k, struct kta_err *err)
{
    if (kube_entry_copy(e, "server", &k->server, err) < 0 ||
        kube_entry_copy(e, "proxy-url", &k->proxy_url, err) < 0 ||
        kube_entry_copy(e, "tls-server-name", &k->tls_server_name, err) < 0 ||
        kube_entry_bool(e, "insecure-skip-tls-verify", &k->insecure, err) < 0)
        return -1;
    if (!k->server && !f->server)
        return kube_entry_fail(e, "server", err, "no server is given");
    if (k->proxy_url && strncasecmp(k->proxy_url, "http://", 7) != 0 &&
        strncasecmp(k->proxy_url, "https://", 8) != 0 &&
        strncasecmp(k->proxy_url, "socks5://", 9) != 0)
        return kube_entry_fail(e, "proxy-url", err,
                               "proxy-url must begin with http://, https:// or socks5://");
    if (f->insecure) /* the flag sets a CA aside */
        return 0;
    if (load_pem(e, "certificate-authority", &k->ca_pem, err) < 0)
        return -1;
    if (k->insecure && k->ca_pem)
        return kube_entry_fail(e, "insecure-skip-tls-verify", err,
                               "a certificate authority and insecure-skip-tls-verify contradict "
                               "each other: remove one");
    return 0;
}

/* The one auth-provider that kubectl still has; its id-token is a bearer token. */
static int load_auth_provider(const struct kube_entry *e, struct kta_kubeconfig *k,
                              struct kta_err *err)
{
    const struct kta_json *v = kta_json_get(e->value, "auth-provider");
    const char *name = kta_json_str(v, "name"), *token = kta_json_str(v, "config.id-token");

    if (!v || kta_json_type(v) == KTA_JSON_NULL)
        return 0;
    if (!kta_streq(name, "oidc"))
        return kube_entry_fail(e, "auth-provider", err,
                               "auth-provider '%s' was removed from kubectl: use an exec "
                               "credential plugin instead",
                               kta_or(name, ""));
    if (!k->token)
        k->token = kta_strdup(token);
    return 0;
}

static int check_user(const struct kube_entry *e, const struct kta_kubeconfig *k,
                      struct kta_err *err)
{
    if (k->cert_pem && !k->key_pem)
        return kube_entry_fail(e, "", err, "there is a client-certificate and no client-key");
    if (k->token && (k->username || k->password))
        return kube_entry_fail(e, "", err,
                               "there are both a token and a username: only one is allowed");
    if (k->exec && kta_json_type(kta_json_get(e->value, "auth-provider")) == KTA_JSON_OBJECT)
        return kube_entry_fail(e, "", err, "there are both exec and auth-provider");
    if (!k->as && (k->as_uid || k->as_groups.n || k->as_extra.n))
        return kube_entry_fail(e, "", err,
                               "as-uid, as-groups and as-user-extra need a user to act as (as)");
    return 0;
}

static int load_user(const struct kube_entry *e, struct kta_kubeconfig *k, struct kta_err *err)
{
    if (kube_entry_copy(e, "token", &k->token, err) < 0 ||
        kube_entry_path(e, "tokenFile", &k->token_file, err) < 0 ||
        kube_entry_copy(e, "username", &k->username, err) < 0 ||
        kube_entry_copy(e, "password", &k->password, err) < 0 ||
        kube_entry_copy(e, "as", &k->as, err) < 0 ||
        kube_entry_copy(e, "as-uid", &k->as_uid, err) < 0 ||
        kube_entry_list(e, "as-groups", kta_json_get(e->value, "as-groups"), &k->as_groups, err) <
            0 ||
        copy_extra(e, &k->as_extra, err) < 0 || load_auth_provider(e, k, err) < 0 ||
        load_pem(e, "client-certificate", &k->cert_pem, err) < 0 ||
        load_pem(e, "client-key", &k->key_pem, err) < 0 || kube_exec_load(e, &k->exec, err) < 0)
        return -1;
    return 0;
}

/* ---- flags, and what holds at the end ---- */

static void put(char **at, const char *value)
{
    if (value && *value) {
        free(*at);
        *at = kta_strdup(value);
    }
}

static void apply_flags(const struct kta_kube_flags *f, struct kta_kubeconfig *k)
{
    if (f->server && *f->server) { /* its name in the certificate is another one */
        free(k->tls_server_name);
        k->tls_server_name = NULL;
    }
    put(&k->server, f->server);
    if (f->insecure) {
        k->insecure = true;
        free(k->ca_pem);
        k->ca_pem = NULL;
    }
    if (f->token && *f->token) {
        free(k->token_file);
        k->token_file = NULL;
        kube_exec_free(k->exec); /* a given token is used as it is */
        k->exec = NULL;
    }
    put(&k->token, f->token);
    put(&k->as, f->as);
    put(&k->as_uid, f->as_uid);
    if (f->as_groups && f->as_groups->n)
        kta_argv_copy(&k->as_groups, f->as_groups);
    put(&k->namespace_, f->namespace_);
}

/* "host:6443" has no scheme: TLS if anything about TLS is configured, as in client-go. */
static void complete_server(struct kta_kubeconfig *k)
{
    size_t n;

    if (!strstr(k->server, "://")) {
        bool tls = k->ca_pem || k->cert_pem || k->insecure;
        char *url = kta_asprintf("%s://%s", tls ? "https" : "http", k->server);

        free(k->server);
        k->server = url;
    }
    n = strcspn(k->server, "?#");
    while (n > 0 && k->server[n - 1] == '/')
        n--;
    k->server[n] = '\0';
}

static void drop_credentials(struct kta_kubeconfig *k)
{
    char **const all[] = {&k->token,    &k->token_file, &k->username,
                          &k->password, &k->cert_pem,   &k->key_pem};

    for (size_t i = 0; i < KTA_LEN(all); i++) {
        free(*all[i]);
        *all[i] = NULL;
    }
    kube_exec_free(k->exec);
    k->exec = NULL;
}

static int finish(struct kta_kubeconfig *k, struct kta_err *err)
{
    complete_server(k);
    if (strncasecmp(k->server, "https://", 8) != 0 && strncasecmp(k->server, "http://", 7) != 0)
        return kta_err_set(err, KTA_E_USAGE,
                           "the server '%s' of the kubeconfig is no http:// or https:// address",
                           k->server);
    /* kubectl sends no credentials in the clear either. */
    if (strncasecmp(k->server, "http://", 7) == 0)
        drop_credentials(k);
    if (k->token_file && !k->token && !kta_fs_exists(k->token_file))
        return kta_err_set(err, KTA_E_USAGE, "the token file '%s' of user '%s' is not there",
                           k->token_file, kta_or(k->user, ""));
    if (!k->namespace_ || !*k->namespace_)
        put(&k->namespace_, "default");
    if (!k->context)
        k->context = kta_strdup("");
    if (!k->cluster)
        k->cluster = kta_strdup("");
    if (!k->user)
        k->user = kta_strdup("");
    return 0;
}

/* ---- the service account of a pod ---- */

static const char *service_account_dir(void)
{
    const char *dir = getenv("KTA_SERVICE_ACCOUNT_DIR"); /* for tests */

    return dir && *dir ? dir : SERVICE_ACCOUNT_DIR;
}

static bool in_cluster_possible(void)
{
    kta_auto_free char *token = kta_fs_join(service_account_dir(), "token");
    const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
    struct stat st;

    return host && *host && port && *port && stat(token, &st) == 0 && !S_ISDIR(st.st_mode);
}

static int load_in_cluster(const struct kta_kube_flags *f, struct kta_kubeconfig *k,
                           struct kta_err *err)
{
    const char *dir = service_account_dir();
    kta_auto_free char *ca = kta_fs_join(dir, "ca.crt");
    kta_auto_free char *ns = kta_fs_join(dir, "namespace");
    kta_auto_str struct kta_str s = KTA_STR_LIMITED(KTA_MAX_CONFIG_FILE);
    const char *host = getenv("KUBERNETES_SERVICE_HOST"), *pod_ns = getenv("POD_NAMESPACE");
    struct kta_err ignored = KTA_ERR_INIT;

    k->in_cluster = true;
    k->server = kta_asprintf(strchr(host, ':') ? "https://[%s]:%s" : "https://%s:%s", host,
                             getenv("KUBERNETES_SERVICE_PORT"));
    k->token_file = kta_fs_join(dir, "token");
    k->user = kta_strdup("service account");
    if (!f->insecure && kta_fs_read(ca, KTA_MAX_CONFIG_FILE, &s, &ignored) == 0)
        k->ca_pem = kta_str_detach(&s);
    if (pod_ns && *pod_ns) {
        k->namespace_ = kta_strdup(pod_ns);
    } else if (kta_fs_read(ns, 4096, &s, &ignored) == 0) {
        kta_str_trim(&s);
        k->namespace_ = kta_str_detach(&s);
    }
    apply_flags(f, k);
    return finish(k, err);
}

/* ---- loading ---- */

static char *env_for_kubectl(const struct kube_files *fs)
{
    struct kta_str s = KTA_STR_INIT;

    for (size_t i = 0; i < fs->paths.n; i++)
        kta_str_addf(&s, "%s%s", i ? ":" : "", fs->paths.v[i]);
    return kta_str_detach(&s);
}

/* The context, and the names of cluster and user that it and the flags give (NULL: none). */
static int load_context(const struct kube_files *fs, const struct kta_kube_flags *f,
                        struct kta_kubeconfig *k, struct kta_err *err)
{
    const char *name = f->context && *f->context ? f->context : kube_files_current_context(fs);
    struct kube_entry e;

    if (name) {
        kube_files_find(fs, "contexts", name, &e);
        if (!e.file)
            return unknown_entry(fs, "contexts", "context", name, NULL, err);
        k->context = kta_strdup(name);
        if (kube_entry_copy(&e, "cluster", &k->cluster, err) < 0 ||
            kube_entry_copy(&e, "user", &k->user, err) < 0 ||
            kube_entry_copy(&e, "namespace", &k->namespace_, err) < 0)
            return -1;
    }
    put(&k->cluster, f->cluster);
    put(&k->user, f->user);
    return 0;
}

static int resolve(const struct kube_files *fs, const struct kta_kube_flags *f,
                   struct kta_kubeconfig *k, struct kta_err *err)
{
    const char *master = getenv("KUBERNETES_MASTER");
    struct kube_entry cluster = {0}, user = {0};

    if (load_context(fs, f, k, err) < 0)
        return -1;
    kube_files_find(fs, "clusters", k->cluster, &cluster);
    kube_files_find(fs, "users", k->user, &user);
    if (k->cluster && !cluster.file)
        return unknown_entry(fs, "clusters", "cluster", k->cluster,
                             f->cluster && *f->cluster ? NULL : k->context, err);
    if (k->user && !user.file)
        return unknown_entry(fs, "users", "user", k->user, f->user && *f->user ? NULL : k->context,
                             err);
    if (cluster.file && load_cluster(&cluster, f, k, err) < 0)
        return -1;
    if (user.file && load_user(&user, k, err) < 0)
        return -1;
    if (!k->server && master && *master)
        k->server = kta_strdup(master);
    apply_flags(f, k);
    if (!k->server) {
        if (in_cluster_possible() && !k->context)
            return load_in_cluster(f, k, err);
        return no_server(fs, err);
    }
    if (user.file ? check_user(&user, k, err) < 0 : false)
        return -1;
    if (!user.file && !k->as && (k->as_uid || k->as_groups.n))
        return kta_err_set(err, KTA_E_USAGE, "--as-group and --as-uid need --as");
    if (cluster.file && k->exec)
        kube_exec_config(&cluster, k->exec);
    return finish(k, err);
}

int kta_kubeconfig_load(const struct kta_kube_flags *flags, struct kta_kubeconfig **ret,
                        struct kta_err *err)
{
    struct kta_kubeconfig *k;
    struct kube_files fs;
    int r;

    if (kube_files_load(flags->kubeconfig, &fs, err) < 0)
        return -1;
    k = kta_calloc(1, sizeof *k);
    r = resolve(&fs, flags, k, err);
    if (r == 0 && fs.n)
        k->env_kubeconfig = env_for_kubectl(&fs);
    kube_files_release(&fs);
    if (r < 0)
        kta_kubeconfig_free(k);
    else
        *ret = k;
    return r;
}

void kta_kubeconfig_free(struct kta_kubeconfig *k)
{
    if (!k)
        return;
    drop_credentials(k);
    free(k->context);
    free(k->cluster);
    free(k->user);
    free(k->namespace_);
    free(k->server);
    free(k->proxy_url);
    free(k->tls_server_name);
    free(k->ca_pem);
    free(k->as);
    free(k->as_uid);
    kta_argv_release(&k->as_groups);
    kta_argv_release(&k->as_extra);
    free(k->env_kubeconfig);
    free(k);
}

int kta_kubeconfig_contexts(const struct kta_kube_flags *flags, struct kta_argv *ret,
                            struct kta_err *err)
{
    struct kube_files fs;

    if (kube_files_load(flags->kubeconfig, &fs, err) < 0)
        return -1;
    kube_files_names(&fs, "contexts", ret);
    kube_files_release(&fs);
    return 0;
}
