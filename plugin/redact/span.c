/* span.c - lists of byte ranges that are to be hidden. */
#include "session.h"
#include <stdlib.h>
#include "kta/alloc.h"

void kta_spans_add(struct kta_spans *sp, size_t start, size_t end, const char *why)
{
    if (start >= end)
        return;
    KTA_GROW(sp->v, sp->n, sp->cap);
    sp->v[sp->n++] = (struct kta_span){.start = start, .end = end, .from = start, .why = why};
}

/* By start; of two that start together the longer first, then the one whose value is known. */
static int by_start(const void *pa, const void *pb)
{
    const struct kta_span *a = pa, *b = pb;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->end != b->end)
        return a->end > b->end ? -1 : 1;
    return (b->id != 0) - (a->id != 0);
}

void kta_spans_settle(struct kta_spans *sp)
{
    if (sp->n < 2)
        return;
    qsort(sp->v, sp->n, sizeof *sp->v, by_start);
    size_t to = 0;
    for (size_t i = 1; i < sp->n; i++) {
        struct kta_span *last = &sp->v[to];
        if (sp->v[i].start >= last->end) {
            sp->v[++to] = sp->v[i];
        } else {
            if (sp->v[i].from < last->from)
                last->from = sp->v[i].from;
            if (sp->v[i].end > last->end) {
                last->end = sp->v[i].end;
                last->id = 0;
            }
        }
    }
    sp->n = to + 1;
}

void kta_spans_release(struct kta_spans *sp)
{
    free(sp->v);
    *sp = (struct kta_spans){0};
}
