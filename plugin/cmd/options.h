/*
 * options.h - every flag as a row of data: the parser, --help, the man page, the completion and the
 * configuration file are made from this one table (options.c).
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <stdbool.h>
#include "kta/argv.h"
#include "kta/err.h"

enum opt_id {
    OPT_NAMESPACE,
    OPT_ALL_NAMESPACES,
    OPT_SELECTOR,
    OPT_CONTEXT,
    OPT_KUBECONFIG,
    OPT_CLUSTER,
    OPT_USER,
    OPT_AS,
    OPT_AS_GROUP,
    OPT_AS_UID,
    OPT_SERVER,
    OPT_TOKEN,
    OPT_INSECURE,
    OPT_REQUEST_TIMEOUT,
    OPT_DRY_RUN,
    OPT_YES,
    OPT_SKIP_PERMISSIONS,
    OPT_READ_ONLY,
    OPT_NO_VERIFY,
    OPT_VERIFY_TIMEOUT,
    OPT_ROLLBACK,
    OPT_FORCE,
    OPT_MODE,
    OPT_RESUME,
    OPT_LLM_PROVIDER,
    OPT_MODEL,
    OPT_ENDPOINT,
    OPT_API_KEY_FILE,
    OPT_MAX_ITERATIONS,
    OPT_RECORD,
    OPT_REPLAY,
    OPT_MAX_COST,
    OPT_MODEL_PRICE,
    OPT_CUSTOM_TOOLS,
    OPT_SHIM,
    OPT_SHOW_TOOL_OUTPUT,
    OPT_SKIP_VERIFY_SSL,
    OPT_TEMPLATE,
    OPT_EXTRA_PROMPTS,
    OPT_TRACE,
    OPT_SHOW_PROMPT,
    OPT_SNAPSHOT,
    OPT_NEW_SESSION,
    OPT_RESUME_SESSION,
    OPT_LIST_SESSIONS,
    OPT_DELETE_SESSION,
    OPT_FAIL_ON,
    OPT_BASELINE,
    OPT_PROBE,
    OPT_NO_PROBE,
    OPT_WATCH,
    OPT_OUTPUT,
    OPT_QUIET,
    OPT_NO_COLOR,
    OPT_TIMEOUT,
    OPT_CONFIG,
    OPT_HTTP,
    OPT_ALLOW_REMOTE,
    OPT_TOKEN_FILE,
    OPT_TOOLS,
    OPT_APPROVE,
    OPT_JSONL,
    OPT_VERBOSE,
    OPT_HELP,
    OPT_VERSION,
    OPT_COUNT
};

enum opt_type {
    OPT_SWITCH,   /* --x, --x=true, --x=false */
    OPT_TEXT,     /* --x V, --x=V */
    OPT_OPTIONAL, /* --x (the row's bare value), --x=V */
    OPT_REPEAT,   /* given several times, or comma-separated */
    OPT_LEVEL,    /* -v: bare is 1; the next word is its value only when it is all digits */
};

enum opt_section {
    SEC_CLUSTER,
    SEC_CHANGE,
    SEC_MODEL,
    SEC_SESSION,
    SEC_OUTPUT,
    SEC_MCP,
    SEC_GENERAL,
    SEC_COUNT
};

struct opt_row {
    const char *name; /* without dashes */
    char letter;      /* 0: none */
    enum opt_type type;
    enum opt_section section;
    const char *arg;     /* "NAME" in the help */
    const char *bare;    /* OPT_OPTIONAL: the value of the bare flag */
    const char *choices; /* "a|b|c", or NULL */
    bool no_key;         /* may not be set in the configuration file */
    bool hidden;         /* not in the help (one command's own) */
    const char *help;
};
extern const struct opt_row opt_rows[OPT_COUNT];
extern const char *const opt_sections[SEC_COUNT];

enum opt_source { FROM_DEFAULT, FROM_FILE, FROM_FLAG };

struct settings {
    struct {
        char *value;          /* last one given; "true"/"false" for switches; NULL: not given */
        struct kta_argv list; /* OPT_REPEAT */
        enum opt_source source;
        int line; /* in the configuration file */
    } v[OPT_COUNT];
};

void settings_release(struct settings *s);
/* Parses a command line without the program's name: flags into s, everything else into words.
 * *ret_dash is how many words came before "--", or -1. */
int options_parse(int argc, char **argv, struct settings *s, struct kta_argv *words, int *ret_dash,
                  struct kta_err *err);
int settings_set(struct settings *s, enum opt_id id, const char *value, enum opt_source source,
                 int line, struct kta_err *err);
const char *set_text(const struct settings *s, enum opt_id id); /* NULL when not given */
bool set_on(const struct settings *s, enum opt_id id);
/* A duration in ms; otherwise when not given. */
int set_duration(const struct settings *s, enum opt_id id, int64_t otherwise, int64_t *ret,
                 struct kta_err *err);
int set_number(const struct settings *s, enum opt_id id, int otherwise, int *ret,
               struct kta_err *err);
/* "llm-provider" → "llmProvider", the key in the configuration file. Caller frees. */
char *opt_key(const struct opt_row *row);
/* "a|b|c": the values that it can have; nothing where any will do. */
void opt_values(const struct opt_row *row, struct kta_str *out);
/* Its help, with those values where its argument does not name them. */
void opt_means(const struct opt_row *row, struct kta_str *out);
/* Appends the help of the options of these sections (bits 1 << SEC_…), without those that belong to
 * another command than this; command NULL: all. */
void options_help(unsigned sections, const char *command, struct kta_str *out);

#endif
