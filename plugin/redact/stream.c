/*
 * stream.c - unbounded text in pieces.
 *
 * Held back is what the rules have not settled: at most MAX_HELD bytes, then it is judged as it is.
 * A scan costs as much as what is held, so the next one waits until that has grown by half (or by
 * a line, when nothing old is held).
 */
#include "session.h"
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"

enum {
    MAX_HELD = 4 << 20,
    CONTEXT = 64 /* bytes in front of a span that are kept with it */
};

struct kta_redact_stream {
    struct kta_redact *r;
    struct kta_str held;
    struct kta_columns columns; /* of a table that is not at its end */
    size_t next;                /* scan when this much is held */
};

struct kta_redact_stream *kta_redact_stream_new(struct kta_redact *r)
{
    struct kta_redact_stream *s = kta_calloc(1, sizeof *s);
    s->r = r;
    kta_str_init(&s->held, 0);
    return s;
}

/* Where to cut, at most at `done`: not inside of a span or of what it was judged by; with some text
 * in front of the next one, which its rule may have looked at; not inside of a word. A span that is
 * done is no such text, so a cut right behind one is always good. */
static size_t settled_end(const struct kta_redact_stream *s, const struct kta_spans *sp,
                          size_t done)
{
    size_t i = sp->n;
    for (;;) {
        while (i > 0 && sp->v[i - 1].end > done)
            i--;
        size_t floor = i ? sp->v[i - 1].end : 0;
        if (i < sp->n && sp->v[i].from < done && sp->v[i].from < floor) {
            done = sp->v[i].from; /* judged together with the span before it */
            continue;
        }
        if (i < sp->n && sp->v[i].from < done + CONTEXT) {
            size_t low = sp->v[i].from < done ? sp->v[i].from : done;
            while (low > floor && low + CONTEXT > sp->v[i].from && s->held.s[low - 1] != '\n')
                low--;
            done = low;
        }
        while (done > floor && !strchr(" ,\"'\t\n", s->held.s[done - 1]))
            done--;
        return done;
    }
}

/* What is still in a table after the cut. */
static void go_on(struct kta_redact_stream *s, const struct kta_columns *before, size_t done)
{
    struct kta_columns *t = &s->columns;
    if (!done)
        *t = *before;
    else if (t->end < s->held.len || t->from > done)
        *t = (struct kta_columns){0};
    else
        t->from = s->held.s[done - 1] != '\n'; /* 1: the rest of a row comes first */
    t->end = 0;
}

static void scan(struct kta_redact_stream *s, bool last, struct kta_str *out)
{
    struct kta_spans sp = {0};
    struct kta_columns before = s->columns;
    size_t done = kta_scan(s->r, s->held.s, s->held.len, last, &s->columns, &sp);
    kta_spans_settle(&sp);
    if (!last)
        done = settled_end(s, &sp, done);
    kta_redact_emit(s->r, s->held.s, done, &sp, out);
    go_on(s, &before, done);
    kta_spans_release(&sp);
    size_t rest = s->held.len - done;
    if (rest)
        memmove(s->held.s, s->held.s + done, rest);
    kta_str_truncate(&s->held, rest);
    s->next = rest + rest / 2;
}

void kta_redact_stream_feed(struct kta_redact_stream *s, const char *p, size_t n,
                            struct kta_str *out)
{
    if (s->r->mode == KTA_REDACT_OFF) {
        kta_str_addn(out, p, n);
        return;
    }
    while (n) {
        size_t take = n < MAX_HELD - s->held.len ? n : MAX_HELD - s->held.len;
        kta_str_addn(&s->held, p, take);
        p += take;
        n -= take;
        if (s->held.len >= MAX_HELD)
            scan(s, /* last= */ false, out);
        if (s->held.len >= MAX_HELD)
            scan(s, /* last= */ true, out);
    }
    if (s->held.len > s->next)
        scan(s, /* last= */ false, out);
}

void kta_redact_stream_end(struct kta_redact_stream *s, struct kta_str *out)
{
    scan(s, /* last= */ true, out);
    kta_str_release(&s->held);
    free(s);
}
