/*
 * render.h - Markdown as it streams, for a terminal: pieces of any size in, bytes out.
 *
 * Rendering a text in pieces gives the same bytes as rendering it whole. Colours only where wanted;
 * control characters, escapes and bidirectional marks never pass (kta_clean). Links stay text.
 * Tables are held back until they are complete and then aligned.
 */
#ifndef UI_RENDER_H
#define UI_RENDER_H

#include <stdbool.h>
#include "kta/str.h"

struct render {
    bool colour;
    struct kta_str line;  /* of the input, not yet complete */
    struct kta_str table; /* complete lines of a table */
    bool fence;
};

void render_init(struct render *r, bool colour);
void render_feed(struct render *r, const char *p, size_t n, struct kta_str *out);
void render_end(struct render *r, struct kta_str *out); /* flushes; usable again */
void render_release(struct render *r);

#endif
