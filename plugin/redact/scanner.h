/*
 * scanner.h - one pass over a piece of text: what the parts of the scanner share.
 *
 * Every part is called where one of its literals stands, looks around it within bounded distance,
 * and calls hide. Where the answer depends on text that has not come yet, it sets hold.
 */
#ifndef KTA_REDACT_SCANNER_H
#define KTA_REDACT_SCANNER_H

#include "session.h"
#include <stdbool.h>

/* A long value without quotes or brackets: one that begins inside of it ends where it does. */
struct run {
    size_t from, end;
    bool encoded, in_query;
};

struct scanner {
    struct kta_redact *r;
    const char *s;
    size_t n;
    bool last; /* no more text will come */
    int depth; /* of base64 in base64 */
    struct kta_spans *out;
    size_t hold;        /* text from here on is not settled yet */
    size_t name_end;    /* identifiers before this are judged */
    size_t encoded_end; /* runs of base64 before this are judged */
    size_t pem_end;     /* PEM blocks before this are judged */
    size_t uri_end;     /* where the region of the last URI ends */
    size_t waiting;     /* behind this, fewer than two line breaks follow */
    size_t long_end;    /* a long value that is hidden ends here: names inside of it are none */
    size_t header_end;  /* lines before this are looked at for titles of columns */
    struct run *run;    /* the last one */
    struct kta_columns *columns; /* of the last table */
    size_t work;                 /* bytes that were looked at for owners: bounded */
};

enum {
    MAX_NAME = 160,      /* bytes of an identifier */
    MAX_VALUE = 2 << 20, /* bytes of a value */
    NEAR = 4096,         /* bytes of a line that are looked at around a name */
    MAX_PEM = 32 << 10,  /* bytes between BEGIN and END */
};

/* from: where the text begins that must be seen together with the value. */
void kta_hide(struct scanner *sc, size_t from, size_t start, size_t end, const char *why);
/* Text from `at` on must be judged again with what follows, if anything follows. */
void kta_hold(struct scanner *sc, size_t at);

/* [at, end) is the literal that was found. */
void kta_scan_rule(struct scanner *sc, size_t rule, size_t at, size_t end);
void kta_scan_name(struct scanner *sc, size_t at, size_t end);
void kta_scan_header(struct scanner *sc, size_t at, size_t end);
void kta_scan_uri(struct scanner *sc, size_t at, size_t end);
void kta_scan_pem(struct scanner *sc, size_t at, size_t end);
void kta_scan_encoded(struct scanner *sc, size_t at, size_t end);
void kta_scan_manifest(struct scanner *sc, size_t at, size_t end);
void kta_scan_insert(struct scanner *sc, size_t at, size_t end);
void kta_scan_table(struct scanner *sc, size_t at, size_t end);
/* The rows of the table that the piece before ended in. */
void kta_columns_go_on(struct scanner *sc);
/* [start, end) is a telling name's value. Where it is base64 of text, so may its siblings be: the
 * data of a Secret without the Secret ({"password":"…","user":"…"}, map[password:… user:…]). */
void kta_scan_siblings(struct scanner *sc, size_t start, size_t end);
void kta_scan_strict(struct scanner *sc); /* names and addresses, on the whole piece */

/* ---- text.c: looking around ---- */
size_t kta_line_start(const struct scanner *sc, size_t at);
size_t kta_line_end(const struct scanner *sc, size_t at); /* at the newline or at n */
/* The same, at most NEAR further on. */
size_t kta_near_end(const struct scanner *sc, size_t at);
bool kta_at_whole(const struct scanner *sc, size_t at, const char *text);
/* Does `text`, which is not empty, stand at `at`? ASCII case is ignored. */
static inline bool kta_at(const struct scanner *sc, size_t at, const char *text)
{
    return at < sc->n && !((sc->s[at] ^ *text) & ~('a' ^ 'A')) && kta_at_whole(sc, at, text);
}
/* The length of a quote at `at` in any of its disguises (", ', `, \", %22, &quot;, \u0022), or 0.
 */
size_t kta_quote(const struct scanner *sc, size_t at);
size_t kta_skip_quotes(const struct scanner *sc, size_t at);
size_t kta_skip_blanks(const struct scanner *sc, size_t at);   /* blanks and tabs, at most 80 */
size_t kta_skip_emphasis(const struct scanner *sc, size_t at); /* </b> <code>, and blanks */
/* The length of "=", ":", "=>", "%3D" … at `at`, or 0; whether it assigns. */
size_t kta_separator(const struct scanner *sc, size_t at, bool *ret_assigns);
/* The end of a value that begins at `at`; *ret_start skips its quote. */
size_t kta_value_end(const struct scanner *sc, size_t at, size_t *ret_start, bool *ret_quoted,
                     bool in_query);

#endif
