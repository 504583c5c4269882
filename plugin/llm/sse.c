/*
 * sse.c - server-sent events, a line at a time, whatever pieces the bytes come in.
 *
 * Invariant between two calls: `line` holds the bytes of the line that has not ended, `data` the
 * data lines of the event that has not ended, each with its LF.
 */
#include "kta/sse.h"
#include <string.h>
#include "kta/limits.h"

void kta_sse_init(struct kta_sse *s, bool (*on_event)(void *, const char *, const char *, size_t),
                  void *ctx)
{
    *s = (struct kta_sse){.on_event = on_event, .ctx = ctx};
    kta_str_init(&s->line, KTA_MAX_SSE_LINE);
    kta_str_init(&s->data, KTA_MAX_LLM_BODY);
    kta_str_init(&s->event, 256);
}

void kta_sse_release(struct kta_sse *s)
{
    kta_str_release(&s->line);
    kta_str_release(&s->data);
    kta_str_release(&s->event);
}

static int too_long(struct kta_err *err)
{
    return kta_err_set(err, KTA_E_LIMIT, "the event stream has a line or event that is too long");
}

/* The blank line that ends an event. 1 when the callback wants no more. */
static int dispatch(struct kta_sse *s)
{
    bool more = true;
    if (s->data.len) {
        kta_str_truncate(&s->data, s->data.len - 1);
        more = s->on_event(s->ctx, *s->event.s ? s->event.s : "message", s->data.s, s->data.len);
    }
    kta_str_clear(&s->data);
    kta_str_clear(&s->event);
    return more ? 0 : 1;
}

/* One whole line without its end. */
static int take_line(struct kta_sse *s, struct kta_err *err)
{
    const char *p = s->line.s, *value;
    size_t n = s->line.len, name;

    if (!s->started && n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3))
        p += 3, n -= 3;
    s->started = true;
    if (!n)
        return dispatch(s);
    value = memchr(p, ':', n);
    name = value ? (size_t)(value - p) : n;
    value = value ? value + 1 : p + n;
    if (value < p + n && *value == ' ')
        value++;
    if (name == 4 && !memcmp(p, "data", 4)) {
        kta_str_addn(&s->data, value, (size_t)(p + n - value));
        if (kta_str_addc(&s->data, '\n') < 0)
            return too_long(err);
    } else if (name == 5 && !memcmp(p, "event", 5)) {
        kta_str_clear(&s->event);
        kta_str_addn(&s->event, value, (size_t)(p + n - value));
    }
    return 0; /* comments (an empty name), id, retry */
}

static int end_line(struct kta_sse *s, struct kta_err *err)
{
    int rc = take_line(s, err);
    kta_str_clear(&s->line);
    return rc;
}

int kta_sse_feed(struct kta_sse *s, const char *p, size_t n, struct kta_err *err)
{
    const char *end = p + n;
    while (p < end) {
        const char *stop = p;
        int rc;
        if (s->cr && *p == '\n') { /* the second half of a CRLF */
            s->cr = false;
            p++;
            continue;
        }
        s->cr = false;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        if (kta_str_addn(&s->line, p, (size_t)(stop - p)) < 0)
            return too_long(err);
        if (stop == end)
            return 0;
        s->cr = *stop == '\r';
        p = stop + 1;
        rc = end_line(s, err);
        if (rc)
            return rc;
    }
    return 0;
}

int kta_sse_end(struct kta_sse *s, struct kta_err *err)
{
    int rc = s->line.len ? end_line(s, err) : 0;
    return rc ? rc : dispatch(s);
}
