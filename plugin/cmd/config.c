/* config.c - reads config.yaml into settings; every mistake is told with its line. */
#include "config.h"

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/diagnose.h"
#include "kta/finding.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/obj.h"
#include "kta/quantity.h"
#include "kta/yaml.h"

/* Keys that are not flags. */
static const struct key_row {
    const char *name;
    enum kta_json_type type;
    const char *help;
} structured[] = {
    {"enabledCommands", KTA_JSON_ARRAY,
     "kubectl verbs that may be proposed or run (\"helm\" enables helm); absent: all that policy "
     "allows"},
    {"rules", KTA_JSON_ARRAY, "policy rules, first match wins"},
    {"protected", KTA_JSON_ARRAY, "contexts and namespaces where changes are refused or typed"},
    {"readSecrets", KTA_JSON_BOOL, "whether Secrets are read so that redaction knows their values"},
    {"redaction", KTA_JSON_NONE, "off, standard or strict"},
    {"auditLog", KTA_JSON_NONE,
     "where the audit log goes: false, a file, syslog, or {file: …, syslog: true, maxSize: 10Mi, "
     "keep: 5}"},
    {"journal", KTA_JSON_OBJECT,
     "how much of what undo needs is kept: {maxEntries: 200, maxSize: 256Mi, maxAge: 90d}"},
    {"ignore", KTA_JSON_ARRAY, "findings not to report, by code and object"},
    {"remediation", KTA_JSON_OBJECT,
     "mode, risk, namespaces, changesPerHour, breakAfter, timeout of remediate"},
    {"caFile", KTA_JSON_STRING,
     "PEM file of the authority that the model endpoint's certificate has"},
    {"headers", KTA_JSON_ARRAY, "more headers for the model endpoint, each \"Name: value\""},
    {"apiKeyCommand", KTA_JSON_ARRAY,
     "program and arguments that print the model's API key (a password manager); no shell"},
};

static int unknown_key(const char *path, int line, const char *key, struct kta_err *err)
{
    const char *names[OPT_COUNT + KTA_LEN(structured)];
    size_t n = 0;

    for (size_t i = 0; i < KTA_LEN(structured); i++)
        names[n++] = structured[i].name;
    char *keys[OPT_COUNT];
    size_t n_keys = 0;
    for (int i = 0; i < OPT_COUNT; i++)
        if (!opt_rows[i].no_key)
            names[n++] = keys[n_keys++] = opt_key(&opt_rows[i]);
    kta_err_set(err, KTA_E_USAGE, "%s: line %d: unknown key '%s'", path, line, key);
    const char *near = kta_nearest(key, names, n);
    if (near)
        kta_err_hint(err, "did you mean '%s'?", near);
    else
        kta_err_hint(err, "'kubectl todo-ai config init' writes a file with all keys");
    for (size_t i = 0; i < n_keys; i++)
        free(keys[i]);
    return -1;
}

static const char *type_name(enum kta_json_type t)
{
    return t == KTA_JSON_ARRAY    ? "a list"
           : t == KTA_JSON_STRING ? "a text"
           : t == KTA_JSON_BOOL   ? "true or false"
                                  : "another value";
}

static int take_words(const struct config *c, const struct key_row *row, const struct kta_json *v,
                      int line, struct kta_argv *to, struct kta_err *err)
{
    kta_json_each(item, v) {
        if (!kta_json_text(item))
            return kta_err_set(err, KTA_E_USAGE, "%s: line %d: '%s' must be a list of words",
                               c->path, line, row->name);
        kta_argv_add(to, kta_json_text(item));
    }
    return 0;
}

/* 36h, 90d → seconds; -1 when it is no duration. */
static int64_t age_of(const char *text)
{
    struct kta_err ignored = KTA_ERR_INIT;
    char *end;
    long long days = strtoll(text, &end, 10);
    int64_t ms;

    if (end != text && kta_streq(end, "d") && days > 0 && days < 100000)
        return days * 86400;
    return kta_duration(text, &ms, &ignored) == 0 && ms >= 1000 ? ms / 1000 : -1;
}

static int take_journal(struct config *c, const struct kta_json *v, int line, struct kta_err *err)
{
    kta_json_each(m, v) {
        kta_auto_str struct kta_str text = KTA_STR_INIT;
        const char *key = kta_json_key(m);
        int64_t n = -1;

        if (kta_json_text(m))
            kta_str_add(&text, kta_json_text(m));
        else
            kta_json_print(m, false, &text);
        if (kta_streq(key, "maxEntries")) {
            n = strtoll(text.s, NULL, 10);
            c->journal.entries = n > 0 && n <= 100000 ? (int)n : 0;
            n = c->journal.entries ? n : -1;
        } else if (kta_streq(key, "maxSize")) {
            n = kta_quantity_milli(text.s) / 1000;
            c->journal.bytes = n;
        } else if (kta_streq(key, "maxAge")) {
            n = age_of(text.s);
            c->journal.age_s = n;
        }
        if (n <= 0)
            return kta_err_set(
                err, KTA_E_USAGE,
                "%s: line %d: 'journal' takes maxEntries (a number), maxSize (256Mi) "
                "and maxAge (90d), not '%s: %s'",
                c->path, line, key, text.s);
    }
    return 0;
}

/* A misspelt risk would allow what nobody meant, or nothing at all. */
static int check_remediation(const struct config *c, const struct kta_json *v, int line,
                             struct kta_err *err)
{
    static const char *const keys[] = {"mode",           "risk",       "namespaces",
                                       "changesPerHour", "breakAfter", "timeout"};
    enum kta_risk risk;

    kta_json_each(m, v) {
        const char *key = kta_json_key(m);
        bool known = false;
        for (size_t i = 0; i < KTA_LEN(keys); i++)
            known = known || kta_streq(key, keys[i]);
        if (!known)
            return kta_err_set(err, KTA_E_USAGE, "%s: line %d: unknown key 'remediation.%s'",
                               c->path, line, key);
        if (kta_streq(key, "risk") && kta_risk_parse(kta_or(kta_json_text(m), ""), &risk) < 0)
            return kta_err_set(err, KTA_E_USAGE,
                               "%s: line %d: 'remediation.risk' is low, medium or high", c->path,
                               line);
    }
    kta_json_each(ns, kta_json_get(v, "namespaces")) {
        if (kta_risk_parse(kta_or(kta_json_text(ns), ""), &risk) < 0)
            return kta_err_set(err, KTA_E_USAGE,
                               "%s: line %d: 'remediation.namespaces.%s' is low, medium or high",
                               c->path, line, kta_json_key(ns));
    }
    return 0;
}

static int take_structured(struct config *c, const struct key_row *row, const struct kta_json *v,
                           int line, struct kta_err *err)
{
    if (row->type != KTA_JSON_NONE && kta_json_type(v) != row->type)
        return kta_err_set(err, KTA_E_USAGE, "%s: line %d: '%s' must be %s", c->path, line,
                           row->name, type_name(row->type));
    if (kta_streq(row->name, "enabledCommands")) {
        c->has_enabled = true;
        return take_words(c, row, v, line, &c->enabled, err);
    }
    if (kta_streq(row->name, "headers"))
        return take_words(c, row, v, line, &c->headers, err);
    if (kta_streq(row->name, "apiKeyCommand"))
        return take_words(c, row, v, line, &c->api_key_command, err);
    if (kta_streq(row->name, "caFile")) {
        c->ca_file = kta_json_text(v);
    } else if (kta_streq(row->name, "rules")) {
        c->rules = v;
    } else if (kta_streq(row->name, "protected")) {
        c->protected_ = v;
    } else if (kta_streq(row->name, "auditLog")) {
        kta_audit_release(&c->audit);
        if (kta_audit_configure(v, &c->audit, err) < 0)
            return kta_err_wrap(err, "%s: line %d", c->path, line);
    } else if (kta_streq(row->name, "journal")) {
        return take_journal(c, v, line, err);
    } else if (kta_streq(row->name, "ignore")) {
        c->ignore = v;
        if (kta_ignore_check(v, err) < 0)
            return kta_err_wrap(err, "%s: line %d: 'ignore'", c->path, line);
    } else if (kta_streq(row->name, "readSecrets")) {
        c->leave_secrets = !kta_json_bool(c->tree, row->name, true);
    } else if (kta_streq(row->name, "remediation")) {
        c->remediation = v;
        return check_remediation(c, v, line, err);
    } else if (kta_streq(row->name, "redaction")) {
        /* YAML 1.1 takes a bare `off` for false */
        c->redaction = kta_json_type(v) == KTA_JSON_BOOL && !kta_json_bool(c->tree, row->name, true)
                           ? "off"
                           : kta_json_text(v);
        if (!kta_streq(c->redaction, "off") && !kta_streq(c->redaction, "standard") &&
            !kta_streq(c->redaction, "strict"))
            return kta_err_set(err, KTA_E_USAGE,
                               "%s: line %d: 'redaction' is off, standard or strict, not '%s'",
                               c->path, line, kta_or(c->redaction, "that"));
    }
    return 0;
}

static int take_scalar(struct settings *s, const char *path, enum opt_id id,
                       const struct kta_json *v, int line, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    if (kta_json_text(v))
        kta_str_add(&text, kta_json_text(v));
    else if (kta_json_type(v) == KTA_JSON_BOOL || kta_json_type(v) == KTA_JSON_NUMBER)
        kta_json_print(v, false, &text);
    else
        return kta_err_set(err, KTA_E_USAGE, "%s: line %d: '%s' must be a single value", path, line,
                           opt_rows[id].name);
    if (settings_set(s, id, text.s, FROM_FILE, line, err) < 0)
        return kta_err_wrap(err, "%s: line %d", path, line);
    return 0;
}

static int take_option(struct settings *s, const char *path, enum opt_id id,
                       const struct kta_json *v, int line, struct kta_err *err)
{
    if (s->v[id].source == FROM_FLAG)
        return 0;
    if (opt_rows[id].type == OPT_REPEAT && kta_json_type(v) == KTA_JSON_ARRAY) {
        kta_json_each(item, v) {
            if (take_scalar(s, path, id, item, line, err) < 0)
                return -1;
        }
        return 0;
    }
    return take_scalar(s, path, id, v, line, err);
}

bool config_is_option(const char *key)
{
    for (int id = 0; id < OPT_COUNT; id++) {
        kta_auto_free char *name = opt_key(&opt_rows[id]);
        if (kta_streq(name, key))
            return true;
    }
    return false;
}

static int take_key(struct config *c, struct settings *s, const struct kta_json *v, int line,
                    struct kta_err *err)
{
    const char *key = kta_json_key(v);

    for (size_t i = 0; i < KTA_LEN(structured); i++)
        if (kta_streq(structured[i].name, key))
            return take_structured(c, &structured[i], v, line, err);
    for (int id = 0; id < OPT_COUNT; id++) {
        kta_auto_free char *name = opt_key(&opt_rows[id]);
        if (!kta_streq(name, key))
            continue;
        if (opt_rows[id].no_key) {
            kta_err_set(err, KTA_E_USAGE, "%s: line %d: '%s' can only be given as a flag", c->path,
                        line, key);
            return kta_err_hint(err, "a file that switches safety off would do so for good");
        }
        return take_option(s, c->path, (enum opt_id)id, v, line, err);
    }
    return unknown_key(c->path, line, key, err);
}

int config_load(const char *path, struct settings *s, struct config *ret, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    if (kta_audit_configure(NULL, &ret->audit, err) < 0)
        return -1;
    ret->path = path ? kta_fs_expand(path) : kta_xdg_path(KTA_XDG_CONFIG, "config.yaml");
    if (!ret->path)
        return 0;
    if (kta_fs_read(ret->path, KTA_MAX_CONFIG_FILE, &text, err) < 0) {
        if (err->code == KTA_E_NOT_FOUND && !path) {
            kta_err_clear(err);
            return 0;
        }
        err->code = KTA_E_USAGE;
        return kta_err_wrap(err, "read the configuration");
    }
    ret->found = true;
    if (kta_yaml_parse(text.s, text.len, &ret->tree, err) < 0) {
        err->code = KTA_E_USAGE;
        return kta_err_wrap(err, "%s", ret->path);
    }
    if (kta_json_type(ret->tree) == KTA_JSON_NULL)
        return 0;
    if (kta_json_type(ret->tree) != KTA_JSON_OBJECT)
        return kta_err_set(err, KTA_E_USAGE, "%s: line 1: this is not a list of 'key: value'",
                           ret->path);
    kta_json_each(v, ret->tree) {
        kta_auto_free char *at = kta_asprintf("%s", kta_json_key(v));
        if (take_key(ret, s, v, kta_yaml_line_of(text.s, text.len, at), err) < 0)
            return -1;
    }
    return 0;
}

void config_release(struct config *c)
{
    free(c->path);
    kta_json_free(c->tree);
    kta_argv_release(&c->enabled);
    kta_argv_release(&c->headers);
    kta_argv_release(&c->api_key_command);
    kta_audit_release(&c->audit);
    memset(c, 0, sizeof *c);
}

void config_template(struct kta_str *out)
{
    kta_str_add(out,
                "# Configuration of kubectl-todo-ai. Every line is optional; a flag beats it.\n"
                "# 'kubectl todo-ai config view' shows what is in force and where it comes "
                "from.\n\n");
    for (int i = 0; i < OPT_COUNT; i++) {
        const struct opt_row *r = &opt_rows[i];
        if (r->no_key)
            continue;
        kta_auto_free char *key = opt_key(r);
        kta_str_addf(out, "# %s\n#%s: %s\n", r->help, key,
                     r->type == OPT_SWITCH ? "true" : kta_or(r->arg, "value"));
    }
    for (size_t i = 0; i < KTA_LEN(structured); i++)
        kta_str_addf(out, "\n# %s\n#%s:%s\n", structured[i].help, structured[i].name,
                     structured[i].type == KTA_JSON_ARRAY ? "\n#  - …" : " …");
}
