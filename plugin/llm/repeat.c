/*
 * repeat.c - notices a model that says the same thing without end.
 *
 * Small models fall into a loop and fill the rest of their window with one sentence, minutes on a
 * CPU. What is sent lately is kept in a small buffer; it is a loop when its end is one piece, at
 * most MAX_PERIOD bytes long, said MIN_TIMES over and at least MIN_BYTES of it. A rule or the
 * padding of a table is shorter than that.
 */
#include <string.h>
#include "llm_private.h"

#define MIN_TIMES  6
#define MIN_BYTES  600
#define MAX_PERIOD (sizeof((struct llm_repeat *)0)->tail / MIN_TIMES)
#define LOOK_EVERY 64 /* bytes between two looks */

/* How many bytes at the end of s repeat what is `period` before them. */
static size_t periodic_end(const char *s, size_t n, size_t period)
{
    size_t same = 0;
    while (same < n - period && s[n - 1 - same] == s[n - 1 - same - period])
        same++;
    return same + period;
}

/* The length of what is said over and over, or 0. */
static size_t loop_of(const char *s, size_t n)
{
    for (size_t period = 1; period <= MAX_PERIOD && period < n; period++) {
        size_t need = period * MIN_TIMES > MIN_BYTES ? period * MIN_TIMES : MIN_BYTES;
        if (s[n - 1] == s[n - 1 - period] && n >= need && periodic_end(s, n, period) >= need)
            return period;
    }
    return 0;
}

bool llm_repeat_feed(struct llm_repeat *r, const char *p, size_t n)
{
    while (n > 0 && !r->found) {
        size_t some = n < LOOK_EVERY - r->unseen ? n : LOOK_EVERY - r->unseen;
        if (r->len + some > sizeof r->tail) {
            size_t drop = r->len + some - sizeof r->tail;
            memmove(r->tail, r->tail + drop, r->len - drop);
            r->len -= drop;
        }
        memcpy(r->tail + r->len, p, some);
        r->len += some;
        p += some;
        n -= some;
        r->unseen = (r->unseen + some) % LOOK_EVERY;
        if (r->unseen == 0)
            r->found = loop_of(r->tail, r->len);
    }
    return r->found > 0;
}

void llm_repeat_cut(const struct llm_repeat *r, struct kta_str *text)
{
    size_t period = r->found;

    while (period && text->len >= 2 * period &&
           !memcmp(text->s + text->len - period, text->s + text->len - 2 * period, period))
        kta_str_truncate(text, text->len - period);
}
