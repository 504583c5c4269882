/*
 * literals.h - finds any of many short strings in one pass, ASCII case ignored (Aho-Corasick).
 */
#ifndef KTA_REDACT_LITERALS_H
#define KTA_REDACT_LITERALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KTA_LITERAL_CLASSES = 64 };

/* What a literal is for. */
enum kta_literal_use {
    KTA_USE_RULE,     /* at: index into the rules */
    KTA_USE_NAME,     /* a telling word */
    KTA_USE_URI,      /* "://" */
    KTA_USE_PEM,      /* "-----begin" */
    KTA_USE_ENCODED,  /* a telling word inside base64 */
    KTA_USE_MANIFEST, /* "data" */
    KTA_USE_HEADER,   /* "authorization", "cookie" */
    KTA_USE_INSERT,   /* "insert into" */
    KTA_USE_TABLE,    /* "<tr" */
};

struct kta_literal {
    const char *text; /* as the table spells it; n bytes, not terminated */
    uint8_t n;
    uint8_t use;
    bool exact; /* its case counts */
    bool word;  /* begins where a word does */
    uint16_t at;
    uint32_t next; /* 1 + index of another literal that ends at the same place */
};

/* The automaton: the state after a byte is next[state][class of the byte]; hits[state] says which
 * literals end there (1 + index into literal). State 0 is the start. */
struct kta_automaton {
    uint8_t class_of[256];
    uint16_t (*next)[KTA_LITERAL_CLASSES];
    uint32_t *hits;
    struct kta_literal *literal;
};

/* Built at the first call. */
const struct kta_automaton *kta_automaton(void);

#endif
