/*
 * flags.c - what a flag does to a command's class: a table of flags and conditions.
 *
 * Flags whose last value counts are judged by that value, flags that add up by each of them.
 * A flag that redirects where credentials go or whose they are is denied whatever its value.
 */
#include <strings.h>
#include "classify.h"
#include "kta/str.h"

enum cond {
    ALWAYS,
    IF_TRUE,           /* a boolean whose last value is true */
    IF_SET,            /* the value is not empty */
    IF_VALUE,          /* the flag of that name that takes a value */
    IF_OTHER_CTX,      /* not the session's context */
    IF_VERBOSE,        /* a level that prints requests with their headers, or no number */
    IF_PROFILING,      /* other than "none" */
    IF_NOT_LOCAL,      /* a file outside the working folder, an address, stdin */
    IF_TELLING,        /* the same, or a file that may be secret by its name */
    IF_PAIR_TELLING,   /* the same behind "key=" */
    IF_SECRET_VALUES,  /* the same, or a values file that calls itself secret */
    IF_NOT_LOOPBACK,   /* any of a list of addresses */
    IF_NOT_DASH,       /* output to a folder; "-" is stdout */
    IF_NO_RESTRICTION, /* kustomize's LoadRestrictionsNone */
    IF_NOT_PLAIN,      /* a name in which something may hide */
    IF_OTHER_PART, /* a subresource that is more than a view of the object: proxy, exec, token */
    IF_UNKNOWN_OUTPUT, /* -o with a format that is not known, or a template file */
};

/* Which flag of that name is meant: commands have own flags named like global ones. */
enum scope { GLOBAL, OWN, ANY };

struct flag_rule {
    const char *program;
    const char *path; /* a command's path, or NULL for all */
    const char *name;
    enum scope scope;
    enum cond cond;
    enum kta_class class_;
    const char *why; /* "--NAME …" */
};

#define K "kubectl"
#define H "helm"
#define W KTA_CLASS_WRITE
#define D KTA_CLASS_DENY

static const struct flag_rule rules[] = {
    /* where credentials go, and whose they are */
    {K, NULL, "server", GLOBAL, ALWAYS, D, "sends the credentials to another server"},
    {K, NULL, "token", GLOBAL, ALWAYS, D, "replaces the session's credentials"},
    {K, NULL, "kubeconfig", GLOBAL, ALWAYS, D, "replaces the session's cluster and credentials"},
    {K, NULL, "cluster", GLOBAL, ALWAYS, D, "sends the credentials to another cluster"},
    {K, NULL, "user", GLOBAL, ALWAYS, D, "replaces the session's credentials"},
    {K, NULL, "username", GLOBAL, ALWAYS, D, "replaces the session's credentials"},
    {K, NULL, "password", GLOBAL, ALWAYS, D, "replaces the session's credentials"},
    {K, NULL, "as", GLOBAL, ALWAYS, D, "acts as somebody else"},
    {K, NULL, "as-group", GLOBAL, ALWAYS, D, "acts as somebody else"},
    {K, NULL, "as-uid", GLOBAL, ALWAYS, D, "acts as somebody else"},
    {K, NULL, "as-user-extra", GLOBAL, ALWAYS, D, "acts as somebody else"},
    {K, NULL, "certificate-authority", GLOBAL, ALWAYS, D, "changes which server is trusted"},
    {K, NULL, "client-certificate", GLOBAL, ALWAYS, D, "replaces the session's credentials"},
    {K, NULL, "client-key", GLOBAL, ALWAYS, D, "replaces the session's credentials"},
    {K, NULL, "tls-server-name", GLOBAL, ALWAYS, D, "changes which server is trusted"},
    {K, NULL, "insecure-skip-tls-verify", GLOBAL, IF_TRUE, D, "trusts any server"},
    {K, "logs", "insecure-skip-tls-verify-backend", OWN, IF_TRUE, D, "trusts any server"},
    {H, NULL, "kube-apiserver", GLOBAL, ALWAYS, D, "sends the credentials to another server"},
    {H, NULL, "kube-token", GLOBAL, ALWAYS, D, "replaces the session's credentials"},
    {H, NULL, "kubeconfig", GLOBAL, ALWAYS, D, "replaces the session's cluster and credentials"},
    {H, NULL, "kube-as-user", GLOBAL, ALWAYS, D, "acts as somebody else"},
    {H, NULL, "kube-as-group", GLOBAL, ALWAYS, D, "acts as somebody else"},
    {H, NULL, "kube-ca-file", GLOBAL, ALWAYS, D, "changes which server is trusted"},
    {H, NULL, "kube-tls-server-name", GLOBAL, ALWAYS, D, "changes which server is trusted"},
    {H, NULL, "kube-insecure-skip-tls-verify", GLOBAL, IF_TRUE, D, "trusts any server"},
    {H, NULL, "registry-config", GLOBAL, ALWAYS, D, "replaces the registry's credentials"},
    {H, NULL, "repository-config", GLOBAL, ALWAYS, D, "replaces the list of repositories"},
    {H, NULL, "ca-file", OWN, ALWAYS, D, "changes which server is trusted"},
    {H, NULL, "cert-file", OWN, ALWAYS, D, "uses a client certificate"},
    {H, NULL, "key-file", OWN, ALWAYS, D, "uses a client key"},
    {H, NULL, "username", OWN, ALWAYS, D, "sends credentials"},
    {H, NULL, "password", OWN, ALWAYS, D, "sends credentials"},
    {H, NULL, "passphrase-file", OWN, ALWAYS, D, "uses a key's passphrase"},
    {H, NULL, "pass-credentials", OWN, IF_TRUE, D, "sends credentials to other servers"},
    {H, NULL, "insecure-skip-tls-verify", OWN, IF_TRUE, D, "trusts any server"},
    {H, NULL, "plain-http", OWN, IF_TRUE, D, "sends what it sends in clear"},

    /* other programs and editors */
    {H, NULL, "post-renderer", OWN, ALWAYS, D, "runs another program"},
    {H, NULL, "post-renderer-args", OWN, ALWAYS, D, "runs another program"},
    {K, "create", "edit", OWN, IF_TRUE, D, "opens an editor"},
    {K, "kustomize", "enable-alpha-plugins", OWN, IF_TRUE, D, "runs other programs"},
    {K, "kustomize", "enable-helm", OWN, IF_TRUE, D, "runs another program"},
    {K, "kustomize", "helm-command", OWN, ALWAYS, D, "runs another program"},
    {K, "kustomize", "network", OWN, IF_TRUE, D, "gives plugins the network"},
    {K, "kustomize", "mount", OWN, ALWAYS, D, "gives plugins files of this machine"},

    /* listeners */
    {K, "port-forward", "address", OWN, IF_NOT_LOOPBACK, D, "listens on other than loopback"},
    {K, "proxy", "address", OWN, IF_NOT_LOOPBACK, D, "listens on other than loopback"},
    {K, "proxy", "disable-filter", OWN, IF_TRUE, D, "lets any web page use the credentials"},
    {K, "proxy", "accept-hosts", OWN, ALWAYS, D, "lets other hosts use the credentials"},

    /* the session's cluster */
    {K, NULL, "context", GLOBAL, IF_OTHER_CTX, W, "is another context than the session's"},
    {H, NULL, "kube-context", GLOBAL, IF_OTHER_CTX, W, "is another context than the session's"},
    {K, NULL, "namespace", GLOBAL, IF_NOT_PLAIN, D, "hides something in a name"},
    {H, NULL, "namespace", GLOBAL, IF_NOT_PLAIN, D, "hides something in a name"},
    {K, NULL, "container", OWN, IF_NOT_PLAIN, D, "hides something in a name"},
    {K, NULL, "subresource", OWN, IF_OTHER_PART, W, "is not a known part of an object"},
    {K, "events", "for", OWN, IF_NOT_PLAIN, D, "hides something in a name"},

    /* what prints or writes more than the answer */
    {K, NULL, "v", GLOBAL, IF_VERBOSE, W, "prints requests with their headers and bodies"},
    {K, NULL, "vmodule", GLOBAL, IF_SET, W, "prints requests with their headers and bodies"},
    {K, NULL, "profile", GLOBAL, IF_PROFILING, W, "writes a file"},
    {K, NULL, "cache-dir", GLOBAL, ALWAYS, W, "writes files"},
    {H, NULL, "repository-cache", GLOBAL, ALWAYS, W, "writes files"},
    {H, NULL, "content-cache", GLOBAL, ALWAYS, W, "writes files"},
    {K, NULL, "raw", OWN, IF_VALUE, W, "is any path of the API"},
    {K, NULL, "output", OWN, IF_UNKNOWN_OUTPUT, W, "is not a known format"},
    {H, NULL, "output", OWN, IF_UNKNOWN_OUTPUT, W, "is not a known format"},
    {K, NULL, "interactive", OWN, IF_TRUE, W, "asks questions"},
    {K, NULL, "stdin", OWN, IF_TRUE, W, "is interactive"},
    {K, NULL, "tty", OWN, IF_TRUE, W, "is interactive"},
    {K, NULL, "attach", OWN, IF_TRUE, W, "attaches to a container"},
    {K, "cluster-info dump", "output-directory", OWN, IF_NOT_DASH, W, "writes files"},
    {K, "kustomize", "output", OWN, ALWAYS, W, "writes files"},
    {H, NULL, "output-dir", OWN, ALWAYS, W, "writes files"},
    {H, NULL, "dependency-update", OWN, IF_TRUE, W, "writes files"},
    {K, "set env", "resolve", OWN, IF_TRUE, W, "shows the values of Secrets"},

    /* files and addresses that are read */
    {K, NULL, "filename", OWN, IF_NOT_LOCAL, W, NULL},
    {K, NULL, "kustomize", OWN, IF_NOT_LOCAL, W, NULL},
    {K, NULL, "patch-file", OWN, IF_TELLING, W, NULL},
    {K, NULL, "from-file", OWN, IF_PAIR_TELLING, W, NULL},
    {K, NULL, "from-env-file", OWN, IF_NOT_LOCAL, W, NULL},
    {K, NULL, "cert", OWN, IF_NOT_LOCAL, W, NULL},
    {K, NULL, "key", OWN, IF_NOT_LOCAL, W, NULL},
    {K, "kustomize", "load-restrictor", OWN, IF_NO_RESTRICTION, W,
     "reads files outside the folder"},
    {K, "kustomize", "env", OWN, ALWAYS, W, "gives plugins values of the environment"},
    {H, NULL, "values", OWN, IF_SECRET_VALUES, W, NULL},
    {H, NULL, "set-file", OWN, IF_PAIR_TELLING, W, NULL},
    {H, NULL, "keyring", OWN, IF_NOT_LOCAL, W, NULL},
    {H, NULL, "repo", OWN, ALWAYS, W, "reads from an address"},
    {H, "search hub", "endpoint", OWN, ALWAYS, W, "reads from an address"},
    {H, NULL, "name-template", OWN, IF_NOT_PLAIN, W, "may show variables of the environment"},
    {H, NULL, "enable-dns", OWN, IF_TRUE, W, "lets a chart send names to DNS servers"},
};

/* kubectl folds the case of "json", "yaml" and "name"; behind a "=" stands a template. */
static bool known_output(const char *value)
{
    static const char *const plain[] = {"", "wide", "table", "plaintext", "plaintext-openapiv2"};
    static const char *const folded[] = {"json", "yaml", "kyaml", "name"};
    static const char *const templates[] = {"template",           "jsonpath",
                                            "go-template",        "jsonpath-as-json",
                                            "custom-columns",     "go-template-file",
                                            "templatefile",       "jsonpath-file",
                                            "custom-columns-file"};
    size_t n = strcspn(value, "=");

    for (size_t i = 0; i < KTA_LEN(plain); i++)
        if (strcmp(plain[i], value) == 0)
            return true;
    for (size_t i = 0; i < KTA_LEN(folded); i++)
        if (strcasecmp(folded[i], value) == 0)
            return true;
    for (size_t i = 0; i < KTA_LEN(templates); i++)
        if (strlen(templates[i]) == n && strncasecmp(templates[i], value, n) == 0)
            return true;
    return false;
}

static bool known_part(const char *value)
{
    static const char *const parts[] = {"",       "status",   "scale",
                                        "resize", "approval", "ephemeralcontainers"};

    for (size_t i = 0; i < KTA_LEN(parts); i++)
        if (strcmp(parts[i], value) == 0)
            return true;
    return false;
}

static bool is_verbose(const char *value)
{
    size_t digits = strspn(value, "0123456789");
    return !value[0] || value[digits] || digits > 3 || strtol(value, NULL, 10) > 6;
}

/* Calls is_bad for each part of a comma-separated list, and for the whole. */
static bool any_not_local(const char *value, bool pair, const char **ret_why)
{
    char part[512];

    for (const char *p = value;; p++) {
        size_t n = strcspn(p, ",");
        if (n >= sizeof part) {
            *ret_why = "names a file with a very long name";
            return true;
        }
        memcpy(part, p, n);
        part[n] = '\0';
        const char *path = pair && strchr(part, '=') ? strchr(part, '=') + 1 : part;
        if (!kta_local_file(path, ret_why))
            return true;
        p += n;
        if (!*p)
            return false;
    }
}

/* The whole value is looked at, commas and "key=" with it. */
static bool any_telling(const char *value, const char **ret_why)
{
    const char *eq = strrchr(value, '=');

    if (!kta_telling_file(eq ? eq + 1 : value))
        return false;
    *ret_why = "may print a secret file";
    return true;
}

/* "values.secret.yaml": rendering a chart prints what is in it. */
static bool secret_values(const char *value, const char **ret_why)
{
    if (!kta_secret_file(value))
        return false;
    *ret_why = "may print a secret file";
    return true;
}

static bool any_not_loopback(const char *value)
{
    char part[64];

    for (const char *p = value;; p++) {
        size_t n = strcspn(p, ",");
        if (n >= sizeof part)
            return true;
        memcpy(part, p, n);
        part[n] = '\0';
        if (!kta_is_loopback(part))
            return true;
        p += n;
        if (!*p)
            return false;
    }
}

static bool holds(const struct flag_rule *r, const struct kta_policy *p,
                  const struct kta_command *cmd, const struct kta_flag *f, const char **ret_why)
{
    const char *value = kta_or(f->value, "");

    switch (r->cond) {
    case ALWAYS:
        return true;
    case IF_TRUE:
        return kta_command_true(cmd, f->name);
    case IF_VALUE:
        return f->takes != KTA_FLAG_BOOL;
    case IF_SET:
        return value[0] != '\0';
    case IF_OTHER_CTX:
        return !p || !p->context || strcmp(p->context, value) != 0;
    case IF_VERBOSE:
        return is_verbose(value);
    case IF_PROFILING:
        return strcmp(value, "none") != 0;
    case IF_NOT_LOCAL:
        return any_not_local(value, false, ret_why);
    case IF_TELLING:
        return any_not_local(value, false, ret_why) || any_telling(value, ret_why);
    case IF_PAIR_TELLING:
        return any_not_local(value, true, ret_why) || any_telling(value, ret_why);
    case IF_SECRET_VALUES:
        return any_not_local(value, false, ret_why) || secret_values(value, ret_why);
    case IF_NOT_LOOPBACK:
        return any_not_loopback(value);
    case IF_NOT_DASH:
        return value[0] != '\0' && strcmp(value, "-") != 0;
    case IF_NO_RESTRICTION:
        return strcmp(value, "LoadRestrictionsRootOnly") != 0;
    case IF_NOT_PLAIN:
        return !kta_plain_word(value);
    case IF_OTHER_PART:
        return strcmp(cmd->path, "auth can-i") != 0 && !known_part(value);
    case IF_UNKNOWN_OUTPUT:
        return strcmp(cmd->path, "kustomize") != 0 && !known_output(value);
    }
    return true;
}

/* The file of "key=file". */
static const char *source_of(const struct kta_flag *f)
{
    const char *value = kta_or(f->value, ""), *eq = strrchr(value, '=');
    bool pair = kta_streq(f->name, "from-file") || kta_streq(f->name, "set-file");

    return pair && eq ? eq + 1 : value;
}

/* The conditions on what is read, and the flags that always name an address. */
static bool reads_outside(const struct flag_rule *r)
{
    static const char *const addresses[] = {"repo", "endpoint"};

    for (size_t i = 0; i < KTA_LEN(addresses); i++)
        if (strcmp(addresses[i], r->name) == 0)
            return true;
    return r->cond == IF_NOT_LOCAL || r->cond == IF_TELLING || r->cond == IF_PAIR_TELLING ||
           r->cond == IF_SECRET_VALUES;
}

static bool is_own(const struct kta_command *cmd, const char *name)
{
    for (size_t i = 0; i < cmd->def->n_flags; i++)
        if (strcmp(cmd->def->flags[i].name, name) == 0)
            return true;
    return false;
}

static bool applies(const struct flag_rule *r, const struct kta_command *cmd,
                    const struct kta_flag *f)
{
    return strcmp(r->name, f->name) == 0 && strcmp(r->program, cmd->program) == 0 &&
           (!r->path || strcmp(r->path, cmd->path) == 0) &&
           (r->scope == ANY || (r->scope == OWN) == is_own(cmd, f->name));
}

/* A later flag of the same name takes this one's effect away. */
static bool overridden(const struct kta_command *cmd, size_t at)
{
    if (cmd->flags[at].takes == KTA_FLAG_LIST)
        return false;
    for (size_t i = at + 1; i < cmd->n_flags; i++)
        if (strcmp(cmd->flags[i].name, cmd->flags[at].name) == 0)
            return true;
    return false;
}

/* -o jsonpath-file=PATH, and --template PATH where the format says that it is a file. */
static void check_template_file(const struct kta_command *cmd, struct kta_verdict *v)
{
    char format[32];
    const char *output = kta_command_flag(cmd, "output"), *path = NULL, *why;

    kta_output_format(cmd, format, sizeof format);
    if (!strstr(format, "file") || strcmp(cmd->path, "kustomize") == 0)
        return;
    if (output && strchr(output, '='))
        path = strchr(output, '=') + 1;
    else
        path = kta_command_flag(cmd, "template");
    if (path && !kta_local_file(path, &why))
        kta_raise(v, KTA_CLASS_WRITE, "flag --output", "--output %s", why);
    else if (path && kta_telling_file(path))
        kta_raise(v, KTA_CLASS_WRITE, "flag --output", "--output may print a secret file");
}

/* Flags whose value may be any text; every other value is ASCII, so that nothing hides in it. */
static const char *const free_text[] = {
    "annotations", "description",   "docker-password", "env",          "filename",  "filter",
    "for",         "from-env-file", "from-file",       "from-literal", "kustomize", "output",
    "overrides",   "patch",         "patch-file",      "set",          "set-file",  "set-json",
    "set-literal", "set-string",    "template",        "time-format",  "values",
};

static void check_text(const struct kta_flag *f, struct kta_verdict *v)
{
    char rule[64];

    if (!f->value || kta_plain_text(f->value))
        return;
    for (size_t i = 0; i < KTA_LEN(free_text); i++)
        if (strcmp(free_text[i], f->name) == 0)
            return;
    snprintf(rule, sizeof rule, "flag --%s", f->name);
    kta_raise(v, KTA_CLASS_DENY, rule, "--%s hides something in a name", f->name);
}

void kta_check_flags(const struct kta_policy *p, const struct kta_command *cmd,
                     struct kta_verdict *v)
{
    char rule[64];

    for (size_t i = 0; i < cmd->n_flags; i++) {
        const struct kta_flag *f = &cmd->flags[i];
        check_text(f, v);
        for (size_t r = 0; r < KTA_LEN(rules); r++) {
            const char *why = rules[r].why;
            if (!applies(&rules[r], cmd, f) || !holds(&rules[r], p, cmd, f, &why))
                continue;
            if (rules[r].cond != ALWAYS && overridden(cmd, i))
                continue;
            snprintf(rule, sizeof rule, "flag --%s", f->name);
            kta_raise(v, rules[r].class_, rule, "--%s %s", f->name, kta_or(why, ""));
            if (reads_outside(&rules[r]) && !kta_streq(f->value, "-"))
                kta_outside(v, source_of(f));
        }
    }
    check_template_file(cmd, v);
}
