/*
 * render_inline.c - within a line: **bold**, `code`, citations like [e3]; marks without a partner
 * stay as they are.
 */
#include <string.h>

#include "kta/utf8.h"
#include "render.h"

void style_change(int from, int to, struct kta_str *out)
{
    static const struct {
        int style;
        const char *code;
    } codes[] = {
        {STYLE_BOLD, "\033[1m"},
        {STYLE_DIM, "\033[2m"},
        {STYLE_CODE, "\033[36m"},
        {STYLE_CITE, "\033[35m"},
    };

    if (from == to)
        return;
    if (from)
        kta_str_add(out, "\033[0m");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (to & codes[i].style)
            kta_str_add(out, codes[i].code);
}

static size_t put_one(const char *s, size_t n, int style,
                      void (*put)(void *ctx, const struct glyph *g), void *ctx)
{
    uint32_t cp;
    size_t len = kta_utf8_decode(s, n, &cp);
    struct glyph g = {.s = s, .n = len, .width = cp == '\t' ? 1 : kta_width(cp), .style = style};

    put(ctx, &g);
    return len;
}

static void put_all(const char *s, size_t n, int style,
                    void (*put)(void *ctx, const struct glyph *g), void *ctx)
{
    for (size_t i = 0; i < n;)
        i += put_one(s + i, n - i, style, put, ctx);
}

static size_t run_of(const char *s, size_t n, char c)
{
    size_t i = 0;

    while (i < n && s[i] == c)
        i++;
    return i;
}

/* `code`, ``co`de``: as long a run of marks ends it; of `` `x` `` the outer blanks only part the
 * marks. *ret_open: marks that open nothing. */
static size_t code(const char *s, size_t n, bool end, int style, size_t *ret_open,
                   void (*put)(void *ctx, const struct glyph *g), void *ctx)
{
    size_t mark = run_of(s, n, '`');

    *ret_open = mark;
    for (size_t i = mark; i < n;) {
        size_t close = run_of(s + i, n - i, '`');
        if (close == mark && i > mark && (end || i + close < n)) {
            size_t apart = i - mark > 2 && s[mark] == ' ' && s[i - 1] == ' ';
            put_all(s + mark + apart, i - mark - 2 * apart, style | STYLE_CODE, put, ctx);
            return i + close;
        }
        i += close ? close : 1;
    }
    return 0;
}

/* **bold**, with code and citations in it. */
static size_t bold(const char *s, size_t n, int style,
                   void (*put)(void *ctx, const struct glyph *g), void *ctx)
{
    if (n < 3 || s[2] == ' ' || s[2] == '*')
        return 0;
    const char *close = memmem(s + 2, n - 2, "**", 2);
    if (!close)
        return 0;
    size_t inner = (size_t)(close - s) - 2;
    for (size_t i = 0; i < inner;)
        i += inline_step(s + 2 + i, inner - i, true, style | STYLE_BOLD, put, ctx);
    return inner + 4;
}

#define MAX_CITATION 40

/* [e3], [f1.a], [e1, e2]: its length; 0: it is none. *ret_more: it could still become one. */
static size_t citation(const char *s, size_t n, bool *ret_more)
{
    bool number = false, letter = false;

    *ret_more = false;
    for (size_t i = 1; i < n && i < MAX_CITATION; i++) {
        if (s[i] >= '0' && s[i] <= '9' && letter) {
            number = true;
        } else if ((s[i] == 'e' || s[i] == 'f') && !letter) {
            letter = true;
        } else if (number && s[i] == '.' && i + 1 < n && s[i + 1] >= 'a' && s[i + 1] <= 'z') {
            i++;
        } else if (number && s[i] == '.' && i + 1 == n) {
            continue;
        } else if (number && s[i] == ',') {
            number = letter = false;
        } else if (s[i] != ' ' || letter) {
            return s[i] == ']' && number ? i + 1 : 0;
        }
    }
    *ret_more = n < MAX_CITATION;
    return 0;
}

size_t inline_step(const char *s, size_t n, bool end, int style,
                   void (*put)(void *ctx, const struct glyph *g), void *ctx)
{
    size_t taken, open;
    bool more;

    switch (s[0]) {
    case '`':
        taken = code(s, n, end, style, &open, put, ctx);
        if (taken || !end)
            return taken;
        put_all(s, open, style, put, ctx);
        return open;
    case '*':
        if (n == 1 && !end)
            return 0;
        if (n == 1 || s[1] != '*' || (n > 2 && s[2] == ' '))
            break;
        taken = bold(s, n, style, put, ctx);
        if (taken || (!end && (n == 2 || s[2] != '*')))
            return taken;
        put_all(s, 2, style, put, ctx);
        return 2;
    case '[':
        taken = citation(s, n, &more);
        if (!taken && more && !end)
            return 0;
        if (!taken)
            break;
        put_all(s, taken, style | STYLE_CITE, put, ctx);
        return taken;
    case '\\':
        if (n == 1 && !end)
            return 0;
        if (n == 1 || !strchr("*_`|", s[1]))
            break;
        put_one(s + 1, n - 1, style, put, ctx);
        return 2;
    default:
        break;
    }
    return put_one(s, n, style, put, ctx);
}
