/*
 * session.h - a conversation that outlives the program: what was asked and answered, redacted.
 *
 * One file for each session, 0600, in $XDG_STATE_HOME/kubectl-todo-ai/sessions: ID.json. A session
 * that was read again holds no placeholder of the program that wrote it: those are defused, since
 * the values behind them are not known any more.
 */
#ifndef KTA_SESSION_H
#define KTA_SESSION_H

#include <stddef.h>
#include "kta/err.h"
#include "kta/json.h"
#include "kta/redact.h"
#include "kta/str.h"

#define KTA_MAX_SESSION  (16u << 20) /* bytes of a session's file */
#define KTA_MAX_TURNS    500         /* questions that are kept; older ones are dropped */
#define KTA_MAX_SESSIONS 500         /* files that are kept; the oldest are removed */

struct kta_session {
    char *id;                  /* "20260131-0001"; NULL: not saved yet */
    char *created;             /* RFC 3339 */
    struct kta_json *turns;    /* [{"question","answer","time"}], oldest first */
    struct kta_json *messages; /* what the model is told of it, in the chat API's form, or NULL */
    int64_t prompt_tokens, completion_tokens;
    int turns_with_model;
};

void kta_session_init(struct kta_session *s);
void kta_session_release(struct kta_session *s);
/* Forgets what was said; the session goes on under its ID. */
void kta_session_clear(struct kta_session *s);
/* One question and its answer, both redacted by the caller. */
void kta_session_add(struct kta_session *s, const char *question, const char *answer);
/* The same for the model: a user's message and its answer. */
void kta_session_say(struct kta_session *s, const char *user, const char *assistant);

/* path NULL: the session's own file; it gets its ID with the first. */
int kta_session_save(struct kta_session *s, const char *path, struct kta_err *err);
/* id "latest" is the one that was saved last. s is replaced on success. KTA_E_USAGE when there is
 * none; the nearest is not guessed. */
int kta_session_resume(const char *id, struct kta_redact *redact, struct kta_session *s,
                       struct kta_err *err);
/* A file of kta_session_save: s keeps its ID. */
int kta_session_read(const char *path, struct kta_redact *redact, struct kta_session *s,
                     struct kta_err *err);
/* KTA_E_USAGE when there is none. */
int kta_session_delete(const char *id, struct kta_err *err);
/* [{"id","updated","questions","first"}], the latest first. Caller owns. */
int kta_session_list(struct kta_json **ret, struct kta_err *err);

/* The conversation as Markdown. */
void kta_session_markdown(const struct kta_session *s, struct kta_str *out);

#endif
