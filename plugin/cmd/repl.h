/*
 * repl.h - what the files of the conversation on a terminal share.
 *
 * To add a command: a function in the file of its concept, a row in repl_commands.c; help,
 * completion and the nearest name follow from the row.
 */
#ifndef CMD_REPL_H
#define CMD_REPL_H

#include "app.h"

struct names;

struct repl {
    struct app *app;
    struct conversation *c;
    struct names *names;
    bool leave;
};

/* What an argument of a command can become. */
enum repl_complete {
    NO_COMPLETION,
    COMPLETE_COMMAND, /* a slash command */
    COMPLETE_CONTEXT,
    COMPLETE_NAMESPACE,
    COMPLETE_FILE,
    COMPLETE_RUN,
    COMPLETE_CHANGE, /* the ID of a change */
    COMPLETE_EVIDENCE,
};

struct repl_command {
    const char *name; /* with its slash */
    const char *word; /* kubectl-ai's plain word for it, or NULL */
    const char *args; /* "[NAME]", or "" */
    const char *help; /* NULL: not listed */
    enum repl_complete complete;
    int (*run)(struct repl *r, const char *rest, struct kta_err *err);
};
extern const struct repl_command repl_commands[]; /* ends with a NULL name */
/* *ret_known: the line was a command (then 0 or -1), else it is a question. */
int repl_command(struct repl *r, const char *line, bool *ret_known, struct kta_err *err);

/* repl.c: "Session ID with 3 questions goes on." */
void repl_goes_on(const struct repl *r);

/* repl_show.c */
int repl_tools(struct repl *r, const char *rest, struct kta_err *err);
int repl_evidence(struct repl *r, const char *rest, struct kta_err *err);
int repl_show(struct repl *r, const char *rest, struct kta_err *err);
int repl_tokens(struct repl *r, const char *rest, struct kta_err *err);
/* repl_act.c */
int repl_plan(struct repl *r, const char *rest, struct kta_err *err);
int repl_apply(struct repl *r, const char *rest, struct kta_err *err);
int repl_run(struct repl *r, const char *rest, struct kta_err *err);
int repl_undo(struct repl *r, const char *rest, struct kta_err *err);
int repl_history(struct repl *r, const char *rest, struct kta_err *err);
/* repl_where.c */
int repl_context(struct repl *r, const char *rest, struct kta_err *err);
int repl_namespace(struct repl *r, const char *rest, struct kta_err *err);
int repl_model(struct repl *r, const char *rest, struct kta_err *err);
int repl_models(struct repl *r, const char *rest, struct kta_err *err);
void repl_prompt(const struct repl *r, struct kta_str *out);

/* repl_lines.c: the lines that were typed, over all sessions: 0600, bounded, without secrets. */
void lines_load(void);
void lines_add(struct kta_redact *redact, const char *line);

/* repl_complete.c */
bool repl_complete(void *ctx, const char *before, const char *word, struct kta_argv *ret);

/* repl_names.c: names of the cluster's objects, read by a process of its own in the background, so
 * that no key stroke waits for the cluster. */
struct names *names_new(const struct app *app);
void names_free(struct names *n);
/* They may be others now: read again (soon: what is known stays until then). */
void names_stale(struct names *n);
/* Another context or namespace: what is known is forgotten. */
void names_forget(struct names *n);
/* Takes what has come; starts a read where one is due. Never waits. */
void names_idle(struct names *n);
/* Names of a kind (by its plural); NULL: not known (yet). */
const struct kta_argv *names_of(const struct names *n, const char *plural);
/* Kinds whose names are read: the i-th plural, NULL behind the last. */
const char *names_kind(size_t i);

#endif
