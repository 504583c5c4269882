/*
 * json_scan.h - what cJSON cannot represent, or survives badly, is settled before it sees the text:
 * depth (it recurses to parse, print and free), \u0000 (it would truncate the string), halves of
 * surrogate pairs (it refuses the whole document; they become U+FFFD), numbers that a double does
 * not hold.
 */
#ifndef KTA_IO_JSON_SCAN_H
#define KTA_IO_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/err.h"

#define JSON_EXACT_DIGITS 15 /* any integer of so many is a double */

struct json_scan {
    const char *s; /* with n set by the caller, all else zero */
    size_t n, i;
    int depth;
    bool lone;     /* half of a surrogate pair was seen */
    size_t digits; /* of the number at i */
    bool long_;    /* a number was seen that a double may not hold */
};
/* Goes through the text; looks at depth and strings only, the grammar is cJSON's. mend: a copy of
 * the text, in which lone halves of surrogate pairs are overwritten (its length stays), or NULL.
 * KTA_E_LIMIT: deeper than KTA_MAX_JSON_DEPTH; KTA_E_PARSE: a NUL. */
int json_scan(struct json_scan *sc, char *mend, struct kta_err *err);
/* The text of the next number at or behind i, of a document that cJSON has taken; *ret_n: its
 * length. Points into s. */
const char *json_next_number(struct json_scan *sc, size_t *ret_n);
int json_line_at(const char *s, size_t at); /* counted from 1 */

#endif
