/*
 * redact.h - secrets out of every text of the cluster, and back in only for what a person
 * confirmed.
 *
 * A struct kta_redact is one session's memory: the same secret value gets the same placeholder
 * (⟦secret:3⟧) all session long, so that a model can reason about equality. A placeholder that the
 * cluster's own text already contains is defused, so it can never be put back.
 * Rules are rows of a table (name, pattern, which group is the secret, an example).
 * A text goes through here once: placeholders that a second pass meets are foreign to it and are
 * defused, too.
 */
#ifndef KTA_REDACT_H
#define KTA_REDACT_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/err.h"
#include "kta/json.h"
#include "kta/str.h"

enum kta_redact_mode { KTA_REDACT_OFF, KTA_REDACT_STANDARD, KTA_REDACT_STRICT };

struct kta_redact;

struct kta_redact *kta_redact_new(enum kta_redact_mode mode);
void kta_redact_free(struct kta_redact *r);

/* Text of any kind (a log, an event's message, a command's output). Appends the redacted text. */
void kta_redact_text(struct kta_redact *r, const char *s, size_t n, struct kta_str *out);
/* The same for a C string, as a new string. Caller frees. NULL gives NULL. */
char *kta_redact_dup(struct kta_redact *r, const char *s);
/* A Kubernetes object, list or Table, in place: Secret data and stringData, values of env by name
 * and shape, last-applied annotations, helm releases, and every other string by the text rules. */
void kta_redact_object(struct kta_redact *r, struct kta_json *object);
/* Makes a value secret wherever it appears from now on (at least 8 characters; shorter is ignored),
 * also URL-encoded, escaped as in JSON and in base64, and what is secret inside of it (a password
 * in a URL or in a file's text: of a URL that alone, since its host is needed). source is what a
 * person is shown: "secret demo/db key password". */
void kta_redact_learn(struct kta_redact *r, const char *value, size_t n, const char *source);

/* A text that went through before something was learned: replaces only what is known now. */
void kta_redact_again(struct kta_redact *r, const char *s, size_t n, struct kta_str *out);

/* Whether Secrets of the cluster may be read for their values (on unless the session is off). */
void kta_redact_read_secrets(struct kta_redact *r, bool yes);
bool kta_redact_reads_secrets(const struct kta_redact *r);

/* Unbounded text in pieces: nothing is missed at an edge; memory is bounded. */
struct kta_redact_stream;
struct kta_redact_stream *kta_redact_stream_new(struct kta_redact *r);
void kta_redact_stream_feed(struct kta_redact_stream *s, const char *p, size_t n,
                            struct kta_str *out);
void kta_redact_stream_end(struct kta_redact_stream *s, struct kta_str *out); /* frees s */

/* ---- the way back, for what a person has confirmed ---- */
bool kta_redact_has_placeholder(const char *s);
/* Replaces placeholders by their values; fails (KTA_E_POLICY) on one that this session never gave.
 */
int kta_redact_restore(struct kta_redact *r, const char *s, struct kta_str *out,
                       struct kta_err *err);
/* "secret demo/db key password" for placeholder number i (from 1), or NULL. */
const char *kta_redact_source(const struct kta_redact *r, int i);
int kta_redact_count(const struct kta_redact *r);
/* The name of row i of the table of shapes and its example (the secret stands between « and »; ·, «
 * and » are no part of it), or NULL behind the last row: the tests hold each row to its example. */
const char *kta_redact_rule(size_t i, const char **ret_example);
/* Turns placeholders into ${SECRET_3:?} for a shell script (the text is already shell-quoted). */
void kta_redact_script(const char *quoted, struct kta_str *out);

#endif
