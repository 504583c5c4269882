/*
 * policy.h - what a command is, and whether it may run: a pure function of argv, tables and rules.
 *
 * argv is parsed as kubectl and helm parse it (flags before, between and after; shorthands and
 * groups; --flag=value and --flag value by a table of which flags take one; "--" ends flags).
 * What a model says of its own command is never looked at. What is unknown is never a read.
 */
#ifndef KTA_POLICY_H
#define KTA_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/argv.h"
#include "kta/err.h"
#include "kta/json.h"

enum kta_class {
    KTA_CLASS_READ,  /* changes nothing anywhere, reveals no secret: runs without asking */
    KTA_CLASS_WRITE, /* goes through the pipeline: preview, confirmation */
    KTA_CLASS_DENY,  /* never runs for a model */
};
const char *kta_class_name(enum kta_class c); /* "read", "write", "deny" */

/* One parsed flag, in the order given. */
struct kta_flag {
    const char *name;  /* long name without dashes ("namespace" for -n), or as given if unknown */
    const char *value; /* NULL for a switch without a value */
    size_t at;         /* index in argv of its first word */
    bool known;        /* always true after kta_command_parse, which refuses others as they do */
    char takes;        /* 'b' a boolean, 'o' a value after = only, 's' a value, 'l' a list's part */
};

struct kta_table;
struct kta_cmd_def;

/* --dry-run, kubectl's and helm's and ours: nothing is changed but tried, by whom. */
enum kta_dry { KTA_DRY_NONE, KTA_DRY_CLIENT, KTA_DRY_SERVER };

/* A command as kubectl or helm would understand it. Strings point into argv or static tables
 * (except those in `own`); released with kta_command_release. argv must outlive it. */
struct kta_command {
    const char *program;        /* "kubectl" or "helm" */
    const char *verb, *subverb; /* "rollout", "restart"; NULL when there is none */
    struct kta_flag *flags;
    size_t n_flags;
    const char **args; /* positional arguments after the verbs, before "--" */
    size_t n_args;
    const char *const *after; /* arguments after "--" (a container's command); NULL if none */
    size_t n_after;
    const char *namespace_, *context; /* the last -n / --context (--kube-context), or NULL */
    bool all_namespaces;
    enum kta_dry dry_run; /* where the verb has the flag */
    bool reads_stdin;     /* -f - */
    const char *path;     /* the verbs as the table has them: "create secret generic"; "" if none */
    bool help;            /* --help, or the help command: the program prints its help and ends */
    size_t dash;          /* index in argv of the "--" that ends the flags; argv's n if none */
    const struct kta_table *table; /* policy/'s own: which program and version understood it */
    const struct kta_cmd_def *def; /* policy/'s own: the command's row */
    struct kta_argv own;           /* storage */
};

/* KTA_E_POLICY with a sentence when it cannot be parsed: the program itself would refuse it, or it
 * is no command of kubectl or helm. helm's is read as helm 4 has it, else as helm 3. */
int kta_command_parse(const struct kta_argv *argv, struct kta_command *ret, struct kta_err *err);
void kta_command_release(struct kta_command *cmd);
const char *kta_command_flag(const struct kta_command *cmd, const char *name); /* last value */
bool kta_command_has(const struct kta_command *cmd, const char *name);
/* A boolean flag is given and its last value is true. */
bool kta_command_true(const struct kta_command *cmd, const char *name);
/* The objects a kubectl command names: kind (as written, NULL if none), names. "pod/x svc/y" and
 * "pods a b" both; returns the count, at most max are filled in. */
struct kta_named {
    const char *kind, *name; /* point into `own` of the command; name NULL: all, or by selector */
};
size_t kta_command_objects(struct kta_command *cmd, struct kta_named *ret, size_t max);

/* What a command acts on: the objects of its words and of the manifest beside it. kind is in lower
 * case and singular; name "" is all of them, those of a selector, or those of a file. Returns how
 * many there are; at most max are filled in. 0: none, or no command. */
struct kta_acted {
    char kind[64], name[254], namespace_[64];
};
size_t kta_command_acts_on(const struct kta_argv *argv, const char *stdin_text,
                           struct kta_acted *ret, size_t max);

/* What is in force for a session. Everything borrowed. */
struct kta_policy {
    const struct kta_argv *enabled_commands; /* the configuration's allow-list; NULL: absent */
    const struct kta_json *rules;            /* the configuration's `rules:` list, or NULL */
    const struct kta_json *protected_;       /* the configuration's `protected:`, or NULL */
    const struct kta_json *admin;     /* the administrator's policy document (/etc/kubectl-todo-ai/
                                         policy.yaml as a whole: rules, protected, enabledCommands), or
                                         NULL; evaluated first, and users can only tighten it */
    const char *context, *namespace_; /* the session's own */
};

struct kta_verdict {
    enum kta_class class_;
    bool not_enabled; /* denied by enabledCommands */
    bool protected_;  /* target is protected: typed confirmation */
    char reason[256]; /* a sentence: why this class */
    char rule[96];    /* which rule decided, for policy explain: "verb get", "flag --server", … */
    int risk;         /* of a write: 0 low, 1 medium, 2 high (by verb, kind, namespace, selector,
                         context and the manifest's kinds); 0 for a read, 2 for deny */
    char risk_why[128]; /* why it is more than low: "deletes a namespace"; "" when low */
    char outside[160];  /* the address, or the file outside the working folder, that it reads;
                           "several …" when there are more; "" none */
};

/* Never fails: what cannot be parsed is deny. stdin_text is the manifest that travels beside the
 * argv (its documents are looked at for kinds), or NULL. p may be NULL. */
void kta_policy_check(const struct kta_policy *p, const struct kta_argv *argv,
                      const char *stdin_text, struct kta_verdict *ret);

/* Says what is wrong with a `rules:` and a `protected:` list (either may be NULL), or with an
 * administrator's document; a list that is wrong denies everything. KTA_E_USAGE. */
int kta_policy_validate(const struct kta_json *rules, const struct kta_json *protected_,
                        struct kta_err *err);
int kta_policy_validate_admin(const struct kta_json *document, struct kta_err *err);

/* Makes a dry run of helm's print no Secrets: --hide-secret, where the command has it and does not
 * say otherwise. Policy counts on it: a read is run in this form. */
void kta_command_hide_secrets(struct kta_argv *argv);

/* Puts the session's context and namespace into an argv that lacks them (--context/-n for kubectl,
 * --kube-context/-n for helm), before any "--". Cluster-scoped commands get no namespace. */
void kta_command_pin(struct kta_argv *argv, const char *context, const char *namespace_);

#endif
