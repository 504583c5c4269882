/*
 * below.c - values on the lines below their name: YAML's blocks and lists, `kubectl describe`,
 * strings that go on over lines.
 */
#include "pair.h"
#include <ctype.h>
#include <string.h>

static size_t indentation(const struct scanner *sc, size_t line)
{
    size_t i = line;
    while (i < sc->n && sc->s[i] == ' ')
        i++;
    return i - line;
}

void kta_block_scalar(struct scanner *sc, const struct kta_name *name, size_t header_end)
{
    size_t key_line = kta_line_start(sc, name->start), indent = indentation(sc, key_line);
    while (key_line + indent < name->start && strchr("- ", sc->s[key_line + indent]))
        indent++;
    size_t at = header_end + 1, start = 0, end = 0;
    while (at < sc->n && at - header_end < MAX_VALUE) {
        size_t line_end = kta_line_end(sc, at), in = indentation(sc, at);
        if (at + in < line_end) {
            if (in <= indent)
                break;
            start = start ? start : at + in;
            end = line_end;
        }
        at = line_end + 1;
    }
    if (at >= sc->n && !sc->last)
        kta_hold(sc, key_line);
    if (start && name->tells >= KTA_TELLS_TOKEN)
        kta_hide(sc, name->start, start, end, "telling name");
}

/* `kubectl describe configmap`: the name, a line of dashes, the value's lines, an empty line. */
static void described(struct scanner *sc, const struct kta_name *name, size_t dashes)
{
    size_t start = kta_line_end(sc, dashes) + 1, end = start;
    while (end < sc->n && sc->s[end] != '\n' && end - start < MAX_VALUE)
        end = kta_line_end(sc, end) + 1;
    if (end > sc->n)
        end = sc->n;
    while (end > start && isspace((unsigned char)sc->s[end - 1]))
        end--;
    if (start < end)
        kta_judge(sc, name, start, end, /* quoted= */ true, /* assigned= */ true);
}

struct kta_name kta_singular(const struct scanner *sc, const struct kta_name *name)
{
    struct kta_name one = *name;
    if (name->end > name->start + 4 && tolower((unsigned char)sc->s[name->end - 1]) == 's') {
        enum kta_telling t = kta_telling(sc->s + name->start, name->end - name->start - 1, "", 0);
        one.tells = t > name->tells ? t : name->tells;
    }
    return one;
}

bool kta_one_of_several(const struct scanner *sc, const struct kta_name *one, size_t start,
                        size_t end)
{
    const char *v = sc->s + start;
    size_t n = end - start;
    return one->tells == KTA_TELLS_PASSWORD || kta_value_random(v, n) ||
           (n == 36 && v[8] == '-' && v[13] == '-');
}

/* Deeper lines "maps: value" behind a name like "apiKeys". Returns whether there were any. */
static bool yaml_members(struct scanner *sc, const struct kta_name *name, size_t at)
{
    struct kta_name one = kta_singular(sc, name);
    size_t key = kta_line_start(sc, name->start), indent = indentation(sc, key);
    int i = 0;
    if (one.tells < KTA_TELLS_TOKEN || key + indent != name->start)
        return false;
    for (; i < 64 && at < sc->n && indentation(sc, at) > indent; i++) {
        size_t line_end = kta_line_end(sc, at), start;
        const char *colon = memmem(sc->s + at, line_end - at, ": ", 2);
        bool quoted;
        if (colon) {
            size_t value = kta_skip_blanks(sc, (size_t)(colon - sc->s) + 2);
            size_t end = kta_value_end(sc, value, &start, &quoted, false);
            if (kta_one_of_several(sc, &one, start, end))
                kta_judge(sc, &one, start, end, quoted, true);
        }
        at = line_end + 1;
    }
    if (at >= sc->n && !sc->last && sc->n - key < NEAR)
        kta_hold(sc, key);
    return i > 0;
}

/* Lines "- value" behind a name without a value. */
static void yaml_list(struct scanner *sc, const struct kta_name *name, size_t at)
{
    struct kta_name one = kta_singular(sc, name);
    for (int i = 0; i < 64 && at < sc->n; i++) {
        size_t dash = kta_skip_blanks(sc, at), line_end = kta_line_end(sc, at), start;
        if (!kta_at(sc, dash, "- "))
            return;
        bool quoted;
        size_t end = kta_value_end(sc, kta_skip_blanks(sc, dash + 2), &start, &quoted, false);
        if (end < line_end && sc->s[end] != '"' && sc->s[end] != '\'')
            return; /* "- name: …" */
        if (!memchr(sc->s + start, ':', end - start))
            kta_judge(sc, &one, start, end, quoted, true);
        at = line_end + 1;
    }
    if (!sc->last)
        kta_hold(sc, kta_line_start(sc, name->start));
}

static size_t word_end(const struct scanner *sc, size_t line)
{
    size_t i = kta_skip_blanks(sc, line);
    while (i < sc->n && (unsigned char)sc->s[i] > ' ')
        i++;
    return i;
}

/* A line with nothing but a key on it. */
static bool lone_random(const struct scanner *sc, size_t line)
{
    if (line >= sc->n)
        return false;
    size_t start = kta_skip_blanks(sc, line), end = word_end(sc, line),
           rest = kta_skip_blanks(sc, end);
    return (rest >= sc->n || sc->s[rest] == '\n' || sc->s[rest] == '\r') &&
           !memchr(sc->s + start, ':', end - start) && kta_value_random(sc->s + start, end - start);
}

void kta_folded(struct scanner *sc, const struct kta_name *name, size_t end)
{
    size_t key = kta_line_start(sc, name->start), in = indentation(sc, key);
    if (key + in != name->start || end >= sc->n || sc->s[end] != '\n')
        return;
    kta_hold_next_line(sc, name, end);
    for (int i = 0; i < 32 && end < sc->n; i++) {
        size_t next = end + 1;
        if (indentation(sc, next) <= in || !lone_random(sc, next))
            return;
        end = word_end(sc, next);
        kta_hide(sc, name->start, kta_skip_blanks(sc, next), end, "telling name");
    }
}

/* YAML's value on the line behind its key: one word, indented deeper, on a line of its own. */
static bool deeper_scalar(const struct scanner *sc, const struct kta_name *name, size_t line)
{
    size_t key = kta_line_start(sc, name->start), in = indentation(sc, key);
    size_t start = line + indentation(sc, line), end = word_end(sc, line);
    return key + in == name->start && start > line + in && !kta_quote(sc, start) && end > start &&
           end == kta_line_end(sc, line) && !strchr("-#&", sc->s[start]) &&
           !memchr(sc->s + start, ':', end - start);
}

/* "…" on a line of its own, which is no key. */
static bool lone_string(const struct scanner *sc, size_t line)
{
    size_t at = kta_skip_blanks(sc, line), start;
    bool quoted;
    if (at >= sc->n || at == line)
        return false;
    size_t end = kta_value_end(sc, at, &start, &quoted, false);
    end += kta_quote(sc, end);
    end += kta_at(sc, end, ",");
    return quoted && end == kta_line_end(sc, end);
}

bool kta_php_dump(const struct scanner *sc, size_t line)
{
    return kta_at(sc, kta_skip_blanks(sc, line), "string(");
}

size_t kta_string_end(struct scanner *sc, const struct kta_name *name, size_t quote, size_t newline)
{
    size_t at = newline + 1;
    for (int i = 0; i < 32; i++) {
        size_t end = kta_line_end(sc, at);
        if (end == sc->n && !sc->last)
            kta_hold(sc, kta_line_start(sc, name->start));
        const char *close = at < end ? memchr(sc->s + at, sc->s[quote], end - at) : NULL;
        if (close)
            return close + 1 == sc->s + end ? (size_t)(close - sc->s) : newline;
        if (end >= sc->n || memchr(sc->s + at, '=', end - at) ||
            memmem(sc->s + at, end - at, ": ", 2))
            break;
        at = end + 1;
    }
    return newline;
}

void kta_value_below(struct scanner *sc, const struct kta_name *name, size_t newline)
{
    kta_hold_next_line(sc, name, newline);
    size_t next = newline + 1;
    if (kta_at(sc, next, "----") && kta_line_end(sc, next) - next <= 5)
        described(sc, name, next);
    else if (name->tells >= KTA_TELLS_TOKEN && lone_random(sc, next))
        kta_hide(sc, name->start, kta_skip_blanks(sc, next), word_end(sc, next), "telling name");
    else if (kta_php_dump(sc, next) || (kta_begins_line(sc, name->start) && lone_string(sc, next)))
        kta_value_at(sc, name, kta_skip_blanks(sc, next), /* assigned= */ true);
    else if (name->tells == KTA_TELLS_PASSWORD && deeper_scalar(sc, name, next))
        kta_judge(sc, name, kta_skip_blanks(sc, next), word_end(sc, next), false, true);
    else if (name->end && tolower((unsigned char)sc->s[name->end - 1]) == 's')
        if (kta_at(sc, kta_skip_blanks(sc, next), "- ") || !yaml_members(sc, name, next))
            yaml_list(sc, name, next);
}
