/*
 * liststream.c - see liststream.h.
 *
 * Invariant: depth counts the brackets that are open outside strings; the array's elements lie at
 * depth 2, so what begins there deeper belongs to one element.
 */
#include "liststream.h"

#include <string.h>
#include "kta/limits.h"

enum { ELEMENT_DEPTH = 2 };

void list_stream_init(struct list_stream *s, const char *key,
                      void (*on_item)(void *ctx, struct kta_json *item), void *ctx)
{
    *s = (struct list_stream){.key = key, .on_item = on_item, .ctx = ctx, .err = KTA_ERR_INIT};
    kta_str_init(&s->head, KTA_MAX_HTTP_BODY);
    kta_str_init(&s->item, KTA_MAX_HTTP_BODY);
    kta_str_init(&s->word, 0);
}

void list_stream_release(struct list_stream *s)
{
    kta_str_release(&s->head);
    kta_str_release(&s->item);
    kta_str_release(&s->word);
}

static int item_done(struct list_stream *s)
{
    struct kta_json *v = NULL;

    if (kta_json_parse(s->item.s, s->item.len, &v, &s->err) < 0)
        return -1;
    kta_str_clear(&s->item);
    s->on_item(s->ctx, v);
    return 0;
}

static int put(struct list_stream *s, struct kta_str *to, const char *p, size_t n)
{
    if (kta_str_addn(to, p, n) == 0)
        return 0;
    return kta_err_set(&s->err, KTA_E_LIMIT, "an answer of the API server is too large");
}

/* How much of p is the inside of a string: up to its closing quote, that included. */
static size_t string_part(struct list_stream *s, const char *p, size_t n)
{
    size_t i = 0;

    while (i < n && s->in_string) {
        if (s->escaped)
            s->escaped = false;
        else if (p[i] == '\\')
            s->escaped = true;
        else if (p[i] == '"')
            s->in_string = false;
        i++;
    }
    return i;
}

static int feed_string(struct list_stream *s, const char *p, size_t n, size_t *used)
{
    bool element = s->in_array && s->depth >= ELEMENT_DEPTH;

    *used = string_part(s, p, n);
    if (!element && s->depth == 1)
        (void)kta_str_addn(&s->word, p, *used - (s->in_string ? 0 : 1));
    return put(s, element ? &s->item : &s->head, p, *used);
}

static int feed_char(struct list_stream *s, char c)
{
    bool element = s->in_array && s->depth > ELEMENT_DEPTH;

    if (c == '"') {
        s->in_string = true;
        if (s->depth == 1)
            kta_str_clear(&s->word);
    } else if (c == '{' || c == '[') {
        if (c == '[' && s->depth == 1 && !strcmp(s->word.s, s->key)) {
            s->in_array = true;
            s->depth++;
            return put(s, &s->head, &c, 1);
        }
        element = s->in_array;
        s->depth++;
    } else if (c == '}' || c == ']') {
        s->depth--;
        if (element && s->depth == ELEMENT_DEPTH)
            return put(s, &s->item, &c, 1) < 0 ? -1 : item_done(s);
        if (s->in_array && s->depth < ELEMENT_DEPTH)
            s->in_array = false;
    } else if (s->in_array && !element) {
        return 0; /* commas and blanks between elements */
    }
    return put(s, element ? &s->item : &s->head, &c, 1);
}

/* What is plain text of an element goes over in one piece. */
static size_t plain_part(const struct list_stream *s, const char *p, size_t n)
{
    size_t i = 0;

    if (!s->in_array || s->depth <= ELEMENT_DEPTH)
        return 0;
    while (i < n && p[i] != '"' && p[i] != '{' && p[i] != '}' && p[i] != '[' && p[i] != ']')
        i++;
    return i;
}

int list_stream_feed(struct list_stream *s, const char *p, size_t n)
{
    while (n > 0) {
        size_t used = 1, plain;

        if (s->in_string) {
            if (feed_string(s, p, n, &used) < 0)
                return -1;
        } else if ((plain = plain_part(s, p, n)) > 0) {
            used = plain;
            if (put(s, &s->item, p, plain) < 0)
                return -1;
        } else if (feed_char(s, *p) < 0) {
            return -1;
        }
        p += used;
        n -= used;
    }
    return 0;
}
