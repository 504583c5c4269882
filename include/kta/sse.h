/*
 * sse.h - server-sent events (WHATWG HTML, 9.2), fed in pieces of any size.
 *
 * Lines may end in CR, LF or CRLF, split anywhere; the blank after "data:" is optional; several
 * data lines are joined by LF; comments and a BOM are skipped. A line above KTA_MAX_SSE_LINE fails.
 */
#ifndef KTA_SSE_H
#define KTA_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/err.h"
#include "kta/str.h"

struct kta_sse {
    struct kta_str line, data, event;
    bool cr, started;
    /* Called for each event that has data; returning false stops feeding. */
    bool (*on_event)(void *ctx, const char *event, const char *data, size_t n);
    void *ctx;
};

void kta_sse_init(struct kta_sse *s, bool (*on_event)(void *, const char *, const char *, size_t),
                  void *ctx);
/* 0; 1 when the callback stopped; -1 on a line that is too long. */
int kta_sse_feed(struct kta_sse *s, const char *p, size_t n, struct kta_err *err);
/* The stream ended: an event without its closing blank line is delivered too. */
int kta_sse_end(struct kta_sse *s, struct kta_err *err);
void kta_sse_release(struct kta_sse *s);

#endif
