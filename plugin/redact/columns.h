/*
 * columns.h - tables whose header names a secret: CSV and its kin, Markdown, boxes, columns that
 * blanks align, the rows of an SQL statement.
 */
#ifndef KTA_REDACT_COLUMNS_H
#define KTA_REDACT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

/* The telling columns of the table that a piece of text ends in: its rows go on in the next one. */
struct kta_columns {
    /* , ; tab or |; ' ' of aligned columns; newline of a single one; ( of SQL's rows; 0: no table
     */
    char delimiter;
    size_t skip;     /* bytes in front of each line: a log's stamp and level … */
    char prefix[64]; /* … in their shape: digits are 0, letters a */
    bool unsure;     /* only the title says that this is a table */
    size_t fields;   /* of the header */
    size_t from;     /* the rows begin here */
    size_t end;      /* and end here: at the text's end more may come */
    size_t n;
    struct kta_column {
        size_t at;    /* which field, or which place on the line of aligned ones */
        size_t until; /* where the next aligned one begins */
        int tells;    /* enum kta_telling */
    } column[8];
};

#endif
