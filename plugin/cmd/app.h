/*
 * app.h - one run of the program: what the command line and the configuration said, and the rooms
 * that a command opens as it needs them.
 *
 * To add a command: a function in a file of its own (cmd_NAME.c), a declaration here, a row in
 * commands.c.
 */
#ifndef CMD_APP_H
#define CMD_APP_H

#include <stdbool.h>
#include "config.h"
#include "kta/agent.h"
#include "kta/cluster.h"
#include "kta/llm.h"
#include "kta/pipeline.h"
#include "kta/policy.h"
#include "kta/redact.h"
#include "kta/session.h"
#include "kta/ui.h"
#include "options.h"

struct command;
struct kta_recording;

struct app {
    struct settings set;
    struct config config;
    struct kta_argv words; /* of the command line, without flags and the command's name */
    int dash;              /* how many of words came before "--", or -1 */
    enum kta_output output;
    bool examples_told; /* what the engine understands was said */
    bool documented;    /* the document of -o json is out */
    struct kta_ui *ui;
    /* opened by the functions below */
    struct kta_redact *redact;
    struct kta_cluster *cluster;
    struct kta_llm *llm;
    struct kta_custom_tools *custom_tools;
    struct kta_ceiling ceiling;
    struct kta_recording *recording; /* being written, or being replayed */
    struct kta_argv given;           /* the words before the command's name was taken off */
    const char *piped;               /* text from stdin, while it is kept */
    char *replay_dir;                /* where a replay keeps what it would keep */
    struct kta_policy policy;
    struct kta_json *admin_policy;
    struct kta_pipeline pipeline;
    struct kta_argv session_flags;
    struct kta_scope scope;
    char *kubectl, *helm;
};

struct command {
    const char *name;
    const char *usage;
    const char *help; /* one line; NULL: not in the list */
    int (*run)(struct app *app, struct kta_err *err);
    unsigned sections;   /* of flags that its help lists: bits 1 << SEC_… */
    int most;            /* words that it takes; -1: it says itself */
    const char *choices; /* "a|b|c": what its first word can be, or NULL */
    const char *words;   /* what its words mean, a line; or NULL */
    const char *example;
};
extern const struct command commands[]; /* ends with a NULL name */
const struct command *command_find(const char *name);
/* The command that a mistyped name probably means; NULL: none is near. */
const char *command_nearest(const char *name);

/* Reads flags and configuration, makes the ui. */
int app_init(struct app *app, int argc, char **argv, struct kta_err *err);
void app_release(struct app *app);
/* Cluster (or snapshot), namespace, policy, pipeline. */
int app_open_cluster(struct app *app, struct kta_err *err);
void app_make_redact(struct app *app);
int app_open_policy(struct app *app, struct kta_err *err);
/* The model, or NULL where the engine is to answer alone. */
int app_open_llm(struct app *app, struct kta_err *err);
/* Tells, once for each endpoint, what goes where. */
void app_first_use(struct app *app);
/* What could not be read, in a few lines. */
void app_note_missing(struct app *app, struct kta_world *world);
/* KTA_E_USAGE when the namespace that was asked for does not exist. Costs a request only where
 * nothing was found in it. */
int app_check_namespace(struct app *app, struct kta_world *world, const struct kta_targets *targets,
                        struct kta_err *err);
/* The cluster is closed, the namespace and what was said of it stay: another context follows. */
void app_close_cluster(struct app *app);
/* The path of a file that a person names: "-" is stdin. */
const char *app_input(const char *file);
/* Namespace, or all, as the settings have it now. */
void app_set_scope(struct app *app);

/* Questions one after another, with a memory (conversation.c). */
struct conversation {
    struct kta_session session;
    struct kta_agent last; /* evidence, findings and plan of the last question; no world */
    bool asked;            /* there is one */
    /* bytes of the last prompt */
    size_t prompt, tools, earlier, evidence, question, read;
};
void conversation_init(struct conversation *c);
void conversation_release(struct conversation *c);
/* After a question: what is remembered of it. failed: it was not answered. */
void conversation_take(struct app *app, struct conversation *c, const char *question, bool failed);
/* What the user ran, with its output, becomes part of the conversation. */
void conversation_ran(struct app *app, struct conversation *c, const char *command,
                      const char *output);
/* Writes the session's file; a failure is noted, once. */
void conversation_save(struct app *app, struct conversation *c);

/* One question: answer, plan, pipeline, document (question.c). piped: text that belongs to it, or
 * NULL. c NULL: nothing is remembered. */
int app_ask(struct app *app, const char *question, const char *piped, struct conversation *c,
            struct kta_err *err);
/* Where `why` says that no cluster is configured, and there is no model either: the engine's answer
 * from the piped text alone. False: not so, and nothing is done. */
bool app_read_text(struct app *app, const char *question, const char *piped,
                   const struct kta_err *why);
/* One line of the audit log; a failure is told. */
void app_audit_question(struct app *app, const char *command, const char *question);
/* Text mode under --dry-run --quiet: the plan as a script on stdout; otherwise nothing. */
void app_print_script(const struct app *app, const struct kta_plan *plan);

/* recording.c: --record and --replay. */
/* With --replay, when only redact is there: flags and words of the recording, where none were
 * given. */
int replay_begin(struct app *app, struct kta_err *err);
bool replaying(const struct app *app);
int replay_open_cluster(struct app *app, struct kta_err *err);
int replay_open_llm(struct app *app, struct kta_err *err);
const char *replay_piped(const struct app *app); /* what was piped in then, or NULL */
/* When cluster (and model) are open. piped may be NULL. */
int record_begin(struct app *app, const char *piped, struct kta_err *err);
int recording_end(struct app *app, struct kta_err *err);

/* exit.c: the README's exit codes and error objects. */
int exit_code(const struct kta_err *err);
struct kta_json *document_new(const struct app *app, const char *kind);
/* Adds error and exitCode and prints it once, where -o wants a document. */
void document_print(struct app *app, struct kta_json *doc, const struct kta_err *err);

int cmd_ask(struct app *app, struct kta_err *err);
int cmd_repl(struct app *app, struct conversation *c, struct kta_err *err);
/* sessions.c: --list-sessions, --delete-session */
int sessions_list(struct app *app, struct kta_err *err);
int sessions_delete(struct app *app, const char *id, struct kta_err *err);
int cmd_apply(struct app *app, struct kta_err *err);
int cmd_diagnose(struct app *app, struct kta_err *err);
int cmd_fix(struct app *app, struct kta_err *err);
int cmd_approve(struct app *app, struct kta_err *err);
int cmd_remediate(struct app *app, struct kta_err *err);
int cmd_undo(struct app *app, struct kta_err *err);
int cmd_history(struct app *app, struct kta_err *err);
int cmd_snapshot(struct app *app, struct kta_err *err);
int cmd_policy(struct app *app, struct kta_err *err);
int cmd_redact(struct app *app, struct kta_err *err);
int cmd_names(struct app *app, struct kta_err *err);
int cmd_config(struct app *app, struct kta_err *err);
int cmd_doctor(struct app *app, struct kta_err *err);
int cmd_explain(struct app *app, struct kta_err *err);
int cmd_mcp(struct app *app, struct kta_err *err);
/* mcp install CLIENT (mcp_install.c) */
int mcp_install(struct app *app, const char *client, struct kta_err *err);
const char *mcp_clients(void); /* "a|b|c": the clients that it knows */
int cmd_completion(struct app *app, struct kta_err *err);
int cmd_version(struct app *app, struct kta_err *err);
int cmd_help(struct app *app, struct kta_err *err);
/* Candidates for the last of the words, one a line. */
void complete_words(int argc, char **argv);

#endif
