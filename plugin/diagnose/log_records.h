/*
 * log_records.h - a log as records: a line with what belongs to it.
 */
#ifndef KTA_LOG_RECORDS_H
#define KTA_LOG_RECORDS_H

#include <stddef.h>
#include "kta/str.h"

struct kta_record {
    struct kta_str text; /* lines joined by \n; a JSON line as "LEVEL message: error\nstack" */
    size_t line;         /* number of its first line, from 1 */
    size_t said;         /* how many equal records follow one another, from 1 */
};

struct kta_records {
    struct kta_record *v;
    size_t n, cap;
};

/* Cleans the text (control and escape sequences), then cuts it. */
void kta_records_of(const char *log, size_t len, struct kta_records *ret);
void kta_records_release(struct kta_records *r);

#endif
