/*
 * session.h - what the files of this room share: spans of text to hide, the memory of a session.
 */
#ifndef KTA_REDACT_SESSION_H
#define KTA_REDACT_SESSION_H

#include "columns.h"
#include "kta/redact.h"
#include <stdint.h>

/* What a placeholder calls itself. */
enum kta_hidden { KTA_HIDE_SECRET, KTA_HIDE_NAME, KTA_HIDE_ADDRESS };

/* Bytes [start, end) are to be hidden; they can be judged only together with what begins at `from`.
 * why is the rule's name: static. id is the placeholder when
 * it is already known (a learned value), else 0. */
struct kta_span {
    size_t start, end, from;
    const char *why;
    enum kta_hidden kind;
    int id;
};

struct kta_spans {
    struct kta_span *v;
    size_t n, cap;
};

void kta_spans_add(struct kta_spans *sp, size_t start, size_t end, const char *why);
/* Sorts by start; overlapping spans become one that covers them all. */
void kta_spans_settle(struct kta_spans *sp);
void kta_spans_release(struct kta_spans *sp);

/* ---- learned.c: values that are secret wherever they appear ---- */
struct kta_learned {
    struct pattern *v;
    size_t n, cap;
    uint32_t *chain_of;       /* hash of the first four bytes → 1 + index into v */
    uint64_t *seen;           /* a bit per hash: the fast way to "no" */
    size_t shortest, longest; /* bytes of a pattern */
};

void kta_learned_release(struct kta_learned *l);
void kta_learned_add(struct kta_learned *l, const char *p, size_t n, int id);
/* Adds the spans of every learned value in s. */
void kta_learned_find(const struct kta_learned *l, const char *s, size_t n, struct kta_spans *out);

/* ---- redact.c: the session ---- */
struct kta_redact {
    enum kta_redact_mode mode;
    bool leaves_secrets; /* Secrets are not read for their values */
    struct value {
        char *text;
        size_t n;
        char *source;
        enum kta_hidden kind;
    } * value;
    size_t n, cap;
    size_t bytes;   /* of all values: bounded */
    uint32_t *slot; /* open addressing: 1 + index into value */
    size_t slots;   /* a power of two, or 0 */
    struct kta_learned learned;
};

/* The placeholder's number of a value (a new one, or the one it has); 0 when the session's memory
 * is full: such a placeholder can never be restored. */
int kta_redact_id(struct kta_redact *r, const char *p, size_t n, const char *source,
                  enum kta_hidden kind);
/* Appends s[0..n) with the settled spans replaced and foreign placeholders defused. */
void kta_redact_emit(struct kta_redact *r, const char *s, size_t n, const struct kta_spans *sp,
                     struct kta_str *out);
/* Replaces the whole of a value, but for what is none (empty). */
void kta_redact_whole(struct kta_redact *r, const char *s, size_t n, const char *source,
                      enum kta_hidden kind, struct kta_str *out);

/* ---- scan.c: the rules on a piece of text ---- */

/* Adds the spans that the rules find. Returns how many bytes of s are settled: with `last` all of
 * them, else up to where more text could change the judgement. columns: the table that goes on from
 * the piece before, and then the last one in this piece. */
size_t kta_scan(struct kta_redact *r, const char *s, size_t n, bool last,
                struct kta_columns *columns, struct kta_spans *out);
/* The same for a text that is inside of `depth` others (base64 in base64). */
void kta_scan_depth(struct kta_redact *r, const char *s, size_t n, int depth,
                    struct kta_spans *out);

#endif
