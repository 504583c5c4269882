/*
 * config.h - the configuration file: $XDG_CONFIG_HOME/kubectl-todo-ai/config.yaml.
 *
 * A flag's key is its name in camelCase (options.c); the structured keys are rows of a table in
 * config.c. An unknown key is an error that names the nearest known one and the line.
 */
#ifndef CMD_CONFIG_H
#define CMD_CONFIG_H

#include "kta/argv.h"
#include "kta/audit.h"
#include "kta/json.h"
#include "kta/pipeline.h"
#include "options.h"

/* The administrator's rules: the same keys, which users cannot loosen. */
#define ADMIN_POLICY "/etc/kubectl-todo-ai/policy.yaml"

struct config {
    char *path; /* the file that was read, or would be */
    bool found;
    struct kta_json *tree; /* or NULL */
    bool has_enabled;
    struct kta_argv enabled; /* enabledCommands */
    const struct kta_json *rules, *protected_, *ignore, *remediation;
    const char *redaction; /* off, standard, strict */
    bool leave_secrets;    /* readSecrets: false */
    struct kta_audit_config audit;
    struct kta_journal_limits journal;
    /* the model endpoint's */
    const char *ca_file;
    struct kta_argv headers, api_key_command;
};

/* path NULL: the default place, which need not exist. Values go into s where no flag set them. */
int config_load(const char *path, struct settings *s, struct config *ret, struct kta_err *err);
/* Is it a flag's key? The others are structured. */
bool config_is_option(const char *key);
void config_release(struct config *c);
/* The commented file that `config init` writes. */
void config_template(struct kta_str *out);

#endif
