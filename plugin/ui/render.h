/*
 * render.h - Markdown as it streams, for a terminal: pieces of any size in, bytes out.
 *
 * Rendering a text in pieces gives the same bytes as rendering it whole: what is written depends on
 * the characters alone, never on where a piece ends. What cannot be decided yet (an open `**`, the
 * beginning of a line, a table) is held back, everything else is written at once.
 * Colours only where wanted; control characters, escapes and bidirectional marks never pass
 * (kta_clean). Links stay text. Lines are broken between words and tables made to fit where the
 * width is known.
 */
#ifndef UI_RENDER_H
#define UI_RENDER_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/str.h"

/* How a character looks; may be combined. */
enum { STYLE_BOLD = 1, STYLE_CODE = 2, STYLE_CITE = 4, STYLE_DIM = 8 };

/* One character, with the combining ones that follow it told one by one (width 0). */
struct glyph {
    const char *s;
    size_t n;
    int width;
    int style;
};

struct render {
    bool colour;
    int width; /* columns; 0: lines are as long as they are */
    /* the line that is coming in */
    struct kta_str raw;  /* bytes that cannot be cleaned yet: half a character, an escape */
    struct kta_str text; /* cleaned; [0, done) is written */
    size_t done;
    int kind; /* what the line is, 0: not known yet */
    /* blocks over several lines */
    struct kta_str table; /* complete lines of a table */
    char fence;           /* '`' or '~' inside a code block */
    size_t fence_length, fence_indent;
    /* the line that goes out */
    int style;           /* in force on the terminal */
    int base;            /* of the whole line (a heading) */
    int column, indent;  /* where the next character goes; where a broken line goes on */
    int spaces;          /* blanks that are written only when something follows them */
    bool started;        /* something of the line's words is written */
    bool in_word, held;  /* a word that may not fit is held until its end is known */
    struct kta_str word; /* the held word */
    int word_width;
};

void render_init(struct render *r, bool colour, int width);
void render_feed(struct render *r, const char *p, size_t n, struct kta_str *out);
void render_end(struct render *r, struct kta_str *out); /* flushes; usable again */
void render_release(struct render *r);

/* ---- render_inline.c ---- */
/* Reads one mark or character at s: calls put() for each visible character of it and returns how
 * many bytes it took; 0: not known before more comes (never when end is true: nothing follows). */
size_t inline_step(const char *s, size_t n, bool end, int style,
                   void (*put)(void *ctx, const struct glyph *g), void *ctx);
/* Appends what changes the terminal from one style to another. */
void style_change(int from, int to, struct kta_str *out);

/* ---- render_table.c ---- */
/* Renders complete lines of a table. */
void table_render(const char *lines, bool colour, int width, struct kta_str *out);

#endif
