/*
 * clock.h - times and durations.
 */
#ifndef KTA_CLOCK_H
#define KTA_CLOCK_H

#include <stdint.h>
#include <time.h>
#include "kta/err.h"
#include "kta/str.h"

#define KTA_NO_TIME ((int64_t)-1)

int64_t kta_now_ms(void);       /* monotonic, for deadlines */
int64_t kta_wall(void);         /* seconds since the epoch */
void kta_wall_set(int64_t now); /* from now on kta_wall counts from there: a replay's time */
/* RFC 3339 (with or without a fraction, Z or offset) → seconds since the epoch, or KTA_NO_TIME
 * for NULL and for anything else. */
int64_t kta_time_parse(const char *rfc3339);
/* Appends "2026-11-23T18:40:00Z". */
void kta_time_format(int64_t t, struct kta_str *out);
/* Appends an age as kubectl prints it: 5s, 3m20s, 2h, 4d. */
void kta_age(int64_t seconds, struct kta_str *out);
/* Go's durations as kubectl takes them ("30s", "1m30s", "2h", "0", "500ms"), or a bare number of
 * seconds → milliseconds. */
int kta_duration(const char *text, int64_t *ret_ms, struct kta_err *err);

#endif
