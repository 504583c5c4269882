/*
 * log.h - what -v shows. Nothing here is an error: errors travel in struct kta_err.
 *
 * Lines go to stderr, one a call, "  12ms http: GET /api/v1/… 200 4.1 KiB". Levels: 1 usage, turns,
 * times, requests counted; 2 each request and process; 3 bodies (redacted by the caller).
 */
#ifndef KTA_LOG_H
#define KTA_LOG_H

#include <stdbool.h>

void kta_log_level(int level);
bool kta_log_on(int level);
void kta_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
