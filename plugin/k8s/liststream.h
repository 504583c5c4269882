/*
 * liststream.h - a list's items one by one, while its text still arrives (private to k8s/).
 *
 * The text goes in as it comes; each element of the top level's array "items" (or "rows") is parsed
 * alone and handed out, so that memory is that of one item and of what is kept. The rest of the
 * text, with the array empty, is the head.
 */
#ifndef KTA_K8S_LISTSTREAM_H
#define KTA_K8S_LISTSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/err.h"
#include "kta/json.h"
#include "kta/str.h"

struct list_stream {
    const char *key;                                   /* "items" or "rows" */
    void (*on_item)(void *ctx, struct kta_json *item); /* takes the item */
    void *ctx;
    struct kta_str head, item, word; /* word: the last string at the top level */
    int depth;
    bool in_array, in_string, escaped;
    struct kta_err err; /* set when an item is no JSON or too large */
};

void list_stream_init(struct list_stream *s, const char *key,
                      void (*on_item)(void *ctx, struct kta_json *item), void *ctx);
void list_stream_release(struct list_stream *s);
/* -1 with s->err set: the text is broken. */
int list_stream_feed(struct list_stream *s, const char *p, size_t n);

#endif
