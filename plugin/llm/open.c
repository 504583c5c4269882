/*
 * open.c - which endpoint, model and key: flag > environment > configuration file > the row.
 *
 * Nothing is sent here. The key stays in this struct and in the one header that carries it: it is
 * never logged, and kta_llm_endpoint gives the address without any credential.
 */
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/log.h"
#include "kta/proc.h"
#include "llm_private.h"

#define BACK_OFF_MS    500
#define KEY_COMMAND_MS 60000 /* it may ask for a fingerprint */

/* The first variable of a blank-separated list that is set and not empty, or NULL. */
static const char *first_set(const char *vars)
{
    while (vars && *vars) {
        char name[64];
        size_t n = strcspn(vars, " ");
        const char *value;
        snprintf(name, sizeof name, "%.*s", (int)n, vars);
        value = getenv(name);
        if (value && *value)
            return value;
        vars += n + (vars[n] == ' ');
    }
    return NULL;
}

static const char *file_value(const struct kta_llm_config *c, size_t member)
{
    const char *value = NULL;
    if (c->file)
        memcpy(&value, (const char *)c->file + member, sizeof value);
    return value && *value ? value : NULL;
}
#define FROM_FILE(c, member) file_value((c), offsetof(struct kta_llm_config, member))

static const char *pick(const char *flag, const char *env, const char *file)
{
    if (flag && *flag)
        return flag;
    return env ? env : file;
}

/* ---- provider ---- */

static int unknown_provider(const char *name, struct kta_err *err)
{
    kta_auto_str struct kta_str all = KTA_STR_INIT;
    const char *names[32];
    size_t n, i;
    const struct kta_provider *table = kta_providers(&n);
    const char *near;
    for (i = 0; i < n && i < KTA_LEN(names); i++) {
        names[i] = table[i].name;
        kta_str_addf(&all, "%s%s", i ? ", " : "", table[i].name);
    }
    near = kta_nearest(name, names, i);
    kta_err_set(err, KTA_E_USAGE, "unknown model provider '%.60s'%s%s%s", name,
                near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
    return kta_err_hint(err, "providers: %s", all.s);
}

/* Why the last kta_llm_open chose as it did; of a row's variables the one that is set. */
static char reason[160];

static void because(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void because(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(reason, sizeof reason, fmt, ap);
    va_end(ap);
}

/* The name of the first variable of the list that is set. */
static bool because_of(const char *vars)
{
    for (; vars && *vars; vars += strcspn(vars, " "), vars += *vars == ' ') {
        kta_auto_free char *name = kta_strndup(vars, strcspn(vars, " "));
        if (!first_set(name))
            continue;
        because("because %s is set", name);
        return true;
    }
    return false;
}

/* *ret is NULL when nothing is configured. */
static int choose_provider(const struct kta_llm_config *c, const struct kta_provider **ret,
                           struct kta_err *err)
{
    const char *name = pick(c->provider, first_set("LLM_CLIENT"), FROM_FILE(c, provider));
    kta_auto_free char *scheme = NULL;
    size_t n;
    const struct kta_provider *table = kta_providers(&n);

    *ret = NULL;
    because("no key and no endpoint is configured");
    if (name) {
        because("by %s", c->provider && *c->provider ? "--llm-provider"
                         : first_set("LLM_CLIENT")   ? "LLM_CLIENT"
                                                     : "llmProvider in the configuration");
        const char *colon = strstr(name, "://"); /* kubectl-ai's LLM_CLIENT may be "openai://" */
        scheme = colon ? kta_strndup(name, (size_t)(colon - name)) : kta_strdup(name);
        *ret = kta_provider_find(scheme);
        return *ret ? 0 : unknown_provider(scheme, err);
    }
    if ((c->endpoint && *c->endpoint) || FROM_FILE(c, endpoint)) {
        *ret = kta_provider_find("openai-compatible");
        because("by %s",
                c->endpoint && *c->endpoint ? "--endpoint" : "endpoint in the configuration");
        return 0;
    }
    for (size_t i = 0; i < n && !*ret; i++)
        if (because_of(table[i].base_vars) || because_of(table[i].key_vars))
            *ret = &table[i];
    if (!*ret && ((c->api_key_file && *c->api_key_file) || (c->api_key && *c->api_key) ||
                  FROM_FILE(c, api_key_file) || (c->file && c->file->api_key_command)))
        *ret = kta_provider_find("openai"), because("by the key's file or command");
    return 0;
}

unsigned kta_llm_without(const struct kta_llm *m)
{
    return m->quirks;
}

const char *kta_llm_why(const struct kta_llm *m)
{
    return m ? m->why : reason;
}

/* ---- address ---- */

static bool host_is(const char *host, const char *name)
{
    size_t n = strlen(name);
    return !strncasecmp(host, name, n) && (!host[n] || strchr(":/", host[n]));
}

static bool is_loopback(const char *host)
{
    return host_is(host, "localhost") || host_is(host, "[::1]") || kta_starts(host, "127.") ||
           host_is(host, "0.0.0.0");
}

/* The part of "scheme://user:pw@host…" from the host on. */
static const char *host_of(const char *url)
{
    const char *host = strstr(url, "://"), *at, *slash;
    host = host ? host + 3 : url;
    slash = host + strcspn(host, "/?#");
    at = memchr(host, '@', (size_t)(slash - host));
    return at ? at + 1 : host;
}

static void cut_end(struct kta_str *s, const char *end)
{
    if (kta_ends(s->s, end))
        kta_str_truncate(s, s->len - strlen(end));
}

/* What people paste: no scheme, a final slash, the whole path of the call, a query. */
static int set_base(struct kta_llm *m, const char *given, struct kta_err *err)
{
    kta_auto_str struct kta_str url = KTA_STR_INIT;
    const char *question, *host;

    if (!strstr(given, "://"))
        kta_str_add(&url, is_loopback(given) || !strcmp(m->row->name, "ollama") ||
                                  !strcmp(m->row->name, "llamacpp")
                              ? "http://"
                              : "https://");
    kta_str_add(&url, given);
    kta_str_trim(&url);
    question = strpbrk(url.s, "?#");
    if (question) {
        if (*question == '?') {
            free(m->query);
            m->query = kta_strndup(question, strcspn(question, "#"));
        }
        kta_str_truncate(&url, (size_t)(question - url.s));
    }
    while (kta_ends(url.s, "/"))
        cut_end(&url, "/");
    cut_end(&url, "/chat/completions");
    host = host_of(url.s);
    if (!*host || (!kta_starts(url.s, "http://") && !kta_starts(url.s, "https://")))
        return kta_err_set(err, KTA_E_USAGE,
                           "the model endpoint '%.200s' is not an http:// or https:// address",
                           host);
    if (host_is(host, "0.0.0.0")) { /* where a server listens is not where it is reached */
        size_t at = (size_t)(host - url.s);
        kta_auto_free char *rest = kta_strdup(host + strlen("0.0.0.0"));
        kta_str_truncate(&url, at);
        kta_str_addf(&url, "127.0.0.1%s", rest);
        host = url.s + at;
    }
    m->v1_added = !strchr(host, '/');
    m->local = is_loopback(host);
    m->base = kta_str_detach(&url);
    return 0;
}

/* Azure's address names the resource; the path names the deployment. */
static void finish_base(struct kta_llm *m)
{
    kta_auto_str struct kta_str url = KTA_STR_INIT;
    const char *scheme_end;
    kta_str_add(&url, m->base);
    if (!strcmp(m->row->name, "azopenai")) {
        if (m->v1_added || kta_ends(url.s, "/openai")) {
            cut_end(&url, "/openai");
            kta_str_add(&url, "/openai/deployments/");
            kta_url_escape(m->model, &url);
        }
        m->v1_added = false;
    } else if (m->v1_added) {
        kta_str_add(&url, "/v1");
    }
    free(m->base);
    m->base = kta_str_detach(&url);
    scheme_end = strstr(m->base, "://") + 3;
    m->shown = kta_asprintf("%.*s%s", (int)(scheme_end - m->base), m->base, host_of(m->base));
    m->prefix = kta_strdup(scheme_end + strcspn(scheme_end, "/"));
    m->origin = kta_strndup(m->base, strlen(m->base) - strlen(m->prefix));
}

static int check_plain_http(const struct kta_llm *m, const struct kta_llm_config *c,
                            struct kta_err *err)
{
    if (m->local || c->insecure || !kta_starts(m->base, "http://"))
        return 0;
    kta_err_set(err, KTA_E_USAGE,
                "the model endpoint %s is not encrypted: what is read from the cluster would cross "
                "the network in the clear",
                m->shown);
    return kta_err_hint(err, "use https://, a tunnel to localhost, or allow it with "
                             "--skip-verify-ssl");
}

/* ---- key ---- */

static int read_key(struct kta_llm *m, const char *path, struct kta_err *err)
{
    kta_auto_free char *expanded = kta_fs_expand(path);
    struct kta_str s = KTA_STR_INIT;
    if (kta_fs_read(expanded, 64u << 10, &s, err) < 0) {
        err->code = KTA_E_USAGE;
        return kta_err_wrap(err, "the model's API key");
    }
    kta_str_trim(&s);
    m->key = kta_str_detach(&s);
    if (!*m->key || strpbrk(m->key, "\r\n"))
        return kta_err_set(err, KTA_E_USAGE, "the key file '%s' must hold one line: the API key",
                           path);
    return 0;
}

static int run_key_command(struct kta_llm *m, const struct kta_argv *argv, struct kta_err *err)
{
    kta_auto_free char *path = kta_fs_which(argv->v[0]);
    struct kta_proc p = {.argv = argv,
                         .path = path,
                         .secret = true,
                         .timeout_ms = KEY_COMMAND_MS,
                         .max_output = 64u << 10};
    int rc = -1;
    if (!path)
        return kta_err_set(err, KTA_E_USAGE, "the command for the API key, '%s', is not on PATH",
                           argv->v[0]);
    if (kta_proc_run(&p, err) < 0) {
        kta_err_wrap(err, "the command for the API key");
    } else if (p.exit_code) {
        kta_str_trim(&p.err);
        kta_err_set(err, KTA_E_USAGE, "the command for the API key, '%s', ended with %d%s%.200s",
                    argv->v[0], p.exit_code, p.err.len ? ": " : "", p.err.s);
    } else {
        kta_str_trim(&p.out);
        m->key = kta_strdup(p.out.s);
        rc = *m->key && !strpbrk(m->key, "\r\n")
                 ? 0
                 : kta_err_set(err, KTA_E_USAGE,
                               "the command for the API key, '%s', must print one line: the key",
                               argv->v[0]);
    }
    explicit_bzero(p.out.s, p.out.len);
    kta_proc_release(&p);
    return rc;
}

static int set_key(struct kta_llm *m, const struct kta_llm_config *c, struct kta_err *err)
{
    const char *env = first_set(m->row->key_vars);
    const char *path = c->api_key_file && *c->api_key_file ? c->api_key_file : NULL;
    const struct kta_argv *command =
        c->file && c->file->api_key_command ? c->file->api_key_command : c->api_key_command;
    if (c->api_key && *c->api_key)
        m->key = kta_strdup(c->api_key);
    else if (path)
        return read_key(m, path, err);
    else if (env)
        m->key = kta_strdup(env);
    else if (FROM_FILE(c, api_key_file))
        return read_key(m, FROM_FILE(c, api_key_file), err);
    else if (command && command->n)
        return run_key_command(m, command, err);
    if (m->key || !m->row->key_needed)
        return 0;
    /* a server of one's own behind OPENAI_ENDPOINT may need none */
    if (strcmp(m->base, kta_or(m->row->base, "")) != 0 && m->row->base)
        return 0;
    kta_err_set(err, KTA_E_USAGE, "the provider '%s' needs an API key", m->row->name);
    return kta_err_hint(err, "set %.*s, or give a file with --api-key-file",
                        (int)strcspn(m->row->key_vars, " "), m->row->key_vars);
}

/* ---- open ---- */

static int set_model(struct kta_llm *m, const struct kta_llm_config *c, struct kta_err *err)
{
    const char *model = pick(c->model, first_set(m->row->model_vars), FROM_FILE(c, model));
    if (!model)
        model = m->row->model;
    if (!model) {
        kta_err_set(err, KTA_E_USAGE, "which model? The provider '%s' has no default",
                    m->row->name);
        return kta_err_hint(err, "give it with --model NAME or model: in the configuration%s",
                            !strcmp(m->row->name, "ollama") ? " (`ollama list` names yours)" : "");
    }
    m->model = kta_strdup(model);
    return 0;
}

static void set_query(struct kta_llm *m)
{
    const char *version = first_set("AZURE_OPENAI_API_VERSION OPENAI_API_VERSION");
    if (m->query)
        return;
    if (!m->row->query)
        m->query = kta_strdup("");
    else if (version && !strcmp(m->row->name, "azopenai"))
        m->query = kta_asprintf("?api-version=%s", version);
    else
        m->query = kta_asprintf("?%s", m->row->query);
}

static int make_http(struct kta_llm *m, const struct kta_llm_config *c, struct kta_err *err)
{
    kta_auto_str struct kta_str ca = KTA_STR_INIT;
    const char *ca_file = pick(c->ca_file, first_set("SSL_CERT_FILE"), FROM_FILE(c, ca_file));
    const struct kta_argv *extra = c->headers ? c->headers : c->file ? c->file->headers : NULL;
    const char *skip = first_set("LLM_SKIP_VERIFY_SSL");
    struct kta_http_config config = {.base = m->origin};

    if (ca_file && kta_starts(m->base, "https://")) {
        kta_auto_free char *path = kta_fs_expand(ca_file);
        if (kta_fs_read(path, KTA_MAX_KUBECONFIG, &ca, err) < 0) {
            err->code = KTA_E_USAGE;
            return kta_err_wrap(err, "the model endpoint's certificate authorities");
        }
        config.tls.ca_pem = ca.s;
    }
    config.tls.insecure = c->insecure || kta_streq(skip, "1") || kta_streq(skip, "true");
    if (extra && extra->n) {
        const char *const *list;
        memcpy(&list, &extra->v, sizeof list);
        config.headers = list;
    }
    if (kta_http_new(&config, &m->http, err) < 0)
        return -1;
    if (m->row->header) {
        const char *colon = strchr(m->row->header, ':');
        kta_auto_free char *name = kta_strndup(m->row->header, (size_t)(colon - m->row->header));
        kta_http_header(m->http, name, colon + 2);
    }
    if (m->key && m->row->auth_header) {
        kta_http_header(m->http, m->row->auth_header, m->key);
    } else if (m->key) {
        char *bearer = kta_asprintf("Bearer %s", m->key);
        kta_http_header(m->http, "Authorization", bearer);
        explicit_bzero(bearer, strlen(bearer));
        free(bearer);
    }
    return 0;
}

static int fill(struct kta_llm *m, const struct kta_llm_config *c, struct kta_err *err)
{
    const char *base = pick(c->endpoint, first_set(m->row->base_vars), FROM_FILE(c, endpoint));
    if (!base)
        base = m->row->base;
    if (!base) {
        kta_err_set(err, KTA_E_USAGE, "the provider '%s' needs an address", m->row->name);
        return kta_err_hint(err, "give it with --endpoint URL or in %.*s",
                            (int)strcspn(m->row->base_vars, " "), m->row->base_vars);
    }
    if (set_model(m, c, err) < 0 || set_base(m, base, err) < 0)
        return -1;
    finish_base(m);
    set_query(m);
    if (check_plain_http(m, c, err) < 0 || set_key(m, c, err) < 0)
        return -1;
    return make_http(m, c, err);
}

int kta_llm_open(const struct kta_llm_config *config, struct kta_llm **ret, struct kta_err *err)
{
    const struct kta_provider *row;
    struct kta_llm *m;

    *ret = NULL;
    if (choose_provider(config, &row, err) < 0)
        return -1;
    if (!row || !strcmp(row->name, "none"))
        return 0;
    m = kta_calloc(1, sizeof *m);
    m->row = row;
    m->why = kta_strdup(reason);
    m->window = -1;
    m->back_off_ms = config->back_off_ms ? config->back_off_ms : BACK_OFF_MS;
    m->first_byte_ms = config->first_byte_ms ? config->first_byte_ms : KTA_LLM_FIRST_BYTE_MS;
    m->random = arc4random;
    m->idle_ms = config->idle_ms ? config->idle_ms : KTA_LLM_IDLE_MS;
    if (fill(m, config, err) < 0) {
        kta_llm_free(m);
        return -1;
    }
    llm_quirks_load(m);
    m->quirks |= config->without;
    if (row->no_schema)
        m->quirks |= LLM_NO_SCHEMA;
    kta_log(2, "model: %s %s at %s", row->name, m->model, m->shown);
    *ret = m;
    return 0;
}

void kta_llm_free(struct kta_llm *m)
{
    if (!m)
        return;
    kta_http_free(m->http);
    if (m->key)
        explicit_bzero(m->key, strlen(m->key));
    free(m->key);
    free(m->why);
    free(m->model);
    free(m->base);
    free(m->shown);
    free(m->origin);
    free(m->prefix);
    free(m->query);
    free(m);
}

const char *kta_llm_model(const struct kta_llm *m)
{
    return m->model;
}

const char *kta_llm_endpoint(const struct kta_llm *m)
{
    return m->shown;
}

const char *kta_llm_provider(const struct kta_llm *m)
{
    return m->row->name;
}

bool kta_llm_is_local(const struct kta_llm *m)
{
    return m->local;
}

int kta_llm_tokens(size_t bytes)
{
    return bytes ? (int)(bytes * 2 / 7) + 1 : 0;
}
