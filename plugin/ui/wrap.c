/*
 * wrap.c - prose that is whole already, in lines of a terminal's width. Commands and differences
 * never come here: broken by us, they could not be copied.
 */
#include <string.h>

#include "kta/utf8.h"
#include "ui_private.h"

/* One line of the text: its words, broken where the next one does not fit. */
static void wrap_line(const char *s, size_t n, int column, int indent, int width,
                      struct kta_str *out)
{
    bool begun = false;

    for (size_t i = 0; i < n;) {
        size_t blank = strspn(s + i, " "), word = strcspn(s + i + blank, " \n");
        if (i + blank >= n)
            break;
        int wide = kta_str_width(s + i + blank, word);
        if (begun && width > 0 && column + (int)blank + wide > width) {
            kta_str_addf(out, "\n%*s", indent, "");
            column = indent;
        } else {
            kta_str_addf(out, "%*s", (int)blank, "");
            column += (int)blank;
        }
        kta_str_addn(out, s + i + blank, word);
        column += wide;
        begun = true;
        i += blank + word;
    }
}

void ui_wrap(const char *first, const char *text, int width, struct kta_str *out)
{
    int indent = kta_str_width(first, strlen(first)), column = indent;

    if (width > 0 && indent > width / 2)
        indent = width / 2;
    kta_str_add(out, first);
    for (;;) {
        size_t n = strcspn(text, "\n");
        wrap_line(text, n, column, indent, width, out);
        kta_str_addc(out, '\n');
        text += n + (text[n] == '\n');
        if (!*text)
            return;
        kta_str_addf(out, "%*s", indent, "");
        column = indent;
    }
}

void ui_cut(const char *s, int width, struct kta_str *out)
{
    size_t n = strlen(s), fits = n;

    if (kta_str_width(s, n) > width)
        for (fits = 0, width--; fits < n;) {
            uint32_t c;
            size_t len = kta_utf8_decode(s + fits, n - fits, &c);
            width -= kta_width(c);
            if (width < 0)
                break;
            fits += len;
        }
    kta_str_addf(out, "%.*s%s", (int)fits, s, fits < n ? "…" : "");
}
