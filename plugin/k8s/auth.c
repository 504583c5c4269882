/*
 * auth.c - which credentials go into a request.
 *
 * A token given by hand wins over a plugin, a token file over the token beside it, as in client-go.
 */
#include "auth.h"

#include <ctype.h>
#include "execcred.h"
#include "kta/alloc.h"
#include "kta/b64.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/limits.h"

enum { TOKEN_FILE_SECONDS = 60 }; /* how long a read token file is good */

struct auth {
    const struct kta_kubeconfig *k;
    struct kta_str header;
    struct exec_credential cred; /* of the plugin */
    bool have_cred;
    char *file_token;
    int64_t file_read; /* kta_wall() of the last reading */
    int generation;
};

struct auth *auth_new(const struct kta_kubeconfig *k)
{
    struct auth *a = kta_calloc(1, sizeof *a);

    a->k = k;
    kta_str_init(&a->header, 0);
    return a;
}

void auth_free(struct auth *a)
{
    if (!a)
        return;
    kta_str_release(&a->header);
    exec_credential_release(&a->cred);
    free(a->file_token);
    free(a);
}

/* A header's value may hold no control character: it would be another header. */
static bool clean_value(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return false;
    return true;
}

static int set_bearer(struct auth *a, const char *token, struct kta_err *err)
{
    kta_str_clear(&a->header);
    if (!clean_value(token))
        return kta_err_set(err, KTA_E_USAGE,
                           "the token of user '%s' holds line breaks or control characters",
                           kta_or(a->k->user, ""));
    kta_str_addf(&a->header, "Bearer %s", token);
    return 0;
}

static int read_token_file(struct auth *a, bool force, struct kta_err *err)
{
    kta_auto_str struct kta_str s = KTA_STR_LIMITED(KTA_MAX_ARG);
    struct kta_err why = KTA_ERR_INIT;
    int64_t now = kta_wall();

    if (!force && a->file_token && now - a->file_read < TOKEN_FILE_SECONDS)
        return 0;
    if (kta_fs_read(a->k->token_file, KTA_MAX_ARG, &s, &why) < 0) {
        if (a->file_token || a->k->token) /* the last good one is used on */
            return 0;
        *err = why;
        err->code = KTA_E_USAGE;
        return kta_err_wrap(err, "the token file of user '%s'", kta_or(a->k->user, ""));
    }
    kta_str_trim(&s);
    if (s.len == 0 && !a->file_token && !a->k->token)
        return kta_err_set(err, KTA_E_USAGE, "the token file '%s' is empty", a->k->token_file);
    if (s.len) {
        free(a->file_token);
        a->file_token = kta_str_detach(&s);
    }
    a->file_read = now;
    return 0;
}

static int run_plugin(struct auth *a, bool force, struct kta_err *err)
{
    struct exec_credential fresh = {0};

    if (a->have_cred && !force && (a->cred.expires == KTA_NO_TIME || a->cred.expires > kta_wall()))
        return 0;
    if (exec_credential_get(a->k, &fresh, err) < 0)
        return -1;
    if (!kta_streq(fresh.cert_pem, a->cred.cert_pem) || !kta_streq(fresh.key_pem, a->cred.key_pem))
        a->generation++;
    exec_credential_release(&a->cred);
    a->cred = fresh;
    a->have_cred = true;
    return 0;
}

int auth_prepare(struct auth *a, bool force, struct kta_err *err)
{
    const struct kta_kubeconfig *k = a->k;

    if (k->token_file) {
        if (read_token_file(a, force, err) < 0)
            return -1;
        return set_bearer(a, a->file_token ? a->file_token : k->token, err);
    }
    if (k->token)
        return set_bearer(a, k->token, err);
    if (k->exec) {
        if (run_plugin(a, force, err) < 0)
            return -1;
        if (a->cred.token)
            return set_bearer(a, a->cred.token, err);
        kta_str_clear(&a->header);
        return 0;
    }
    if (k->username || k->password) {
        kta_auto_free char *pair =
            kta_asprintf("%s:%s", kta_or(k->username, ""), kta_or(k->password, ""));

        kta_str_clear(&a->header);
        kta_str_add(&a->header, "Basic ");
        kta_b64_encode(pair, strlen(pair), &a->header);
    }
    return 0;
}

const char *auth_header(const struct auth *a)
{
    return a->header.len ? a->header.s : NULL;
}

const char *auth_cert(const struct auth *a)
{
    return a->have_cred && a->cred.cert_pem ? a->cred.cert_pem : a->k->cert_pem;
}

const char *auth_key(const struct auth *a)
{
    return a->have_cred && a->cred.cert_pem ? a->cred.key_pem : a->k->key_pem;
}

int auth_generation(const struct auth *a)
{
    return a->generation;
}

bool auth_can_renew(const struct auth *a)
{
    return a->k->token_file || (a->k->exec && !a->k->token);
}

/* Header names take no byte outside RFC 7230's token; others are percent-encoded, as client-go. */
static void extra_key(const char *key, size_t n, struct kta_str *out)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)key[i];

        if (isalnum(c) || (c && strchr("!#$&'*+-.^_`|~", c)))
            kta_str_addc(out, (char)tolower(c));
        else
            kta_str_addf(out, "%%%02X", c);
    }
}

int auth_impersonation(const struct kta_kubeconfig *k, struct kta_argv *ret, struct kta_err *err)
{
    if (!k->as)
        return 0;
    kta_argv_addf(ret, "Impersonate-User: %s", k->as);
    if (k->as_uid)
        kta_argv_addf(ret, "Impersonate-Uid: %s", k->as_uid);
    for (size_t i = 0; i < k->as_groups.n; i++)
        kta_argv_addf(ret, "Impersonate-Group: %s", k->as_groups.v[i]);
    for (size_t i = 0; i < k->as_extra.n; i++) {
        kta_auto_str struct kta_str key = KTA_STR_INIT;
        const char *e = k->as_extra.v[i];
        size_t n = strcspn(e, "=");

        extra_key(e, n, &key);
        kta_argv_addf(ret, "Impersonate-Extra-%s: %s", key.s, e[n] ? e + n + 1 : "");
    }
    for (size_t i = 0; i < ret->n; i++)
        if (!clean_value(ret->v[i]))
            return kta_err_set(err, KTA_E_USAGE,
                               "the user, uid or group to act as (--as) holds control characters");
    return 0;
}
