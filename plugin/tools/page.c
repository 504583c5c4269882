/*
 * page.c - answers in pieces: cursors, rows and long texts within a budget.
 *
 * A cursor is base64 of "SKIP:TOKEN": the page begins SKIP rows behind what the API server gives
 * for its continue token TOKEN (empty: the first page). It holds nothing worth forging: a client
 * may only skip what it may read anyway.
 */
#include <stdlib.h>
#include <string.h>

#include "kta/alloc.h"
#include "kta/b64.h"
#include "kta/utf8.h"
#include "tool_list.h"

#define RESERVE 700 /* bytes kept for the head, the cursor and the advice */

bool tool_cursor_of(const struct kta_json *args, struct tool_cursor *ret,
                    struct kta_tool_result *result)
{
    const char *text = kta_json_str(args, "cursor");
    kta_auto_str struct kta_str plain = KTA_STR_INIT;
    char *end;

    *ret = (struct tool_cursor){0};
    if (!text)
        return true;
    if (kta_b64_decode(text, strlen(text), &plain) == 0 && plain.len == strlen(plain.s)) {
        unsigned long long skip = strtoull(plain.s, &end, 10);
        if (end != plain.s && *end == ':' && skip <= 100u << 20) {
            ret->skip = (size_t)skip;
            ret->token = end[1] ? kta_strdup(end + 1) : NULL;
            return true;
        }
    }
    tool_fail(result, "This cursor is none that this tool gave. Leave it out to begin again.");
    return false;
}

void tool_next(struct kta_tool_result *result, size_t skip, const char *token, const char *advice)
{
    kta_auto_str struct kta_str plain = KTA_STR_INIT, text = KTA_STR_INIT;

    kta_str_addf(&plain, "%zu:%s", skip, kta_or(token, ""));
    kta_b64_encode(plain.s, plain.len, &text);
    if (result->structured)
        kta_json_set_str(result->structured, "nextCursor", text.s);
    kta_str_addf(&result->note, "There is more: call again with cursor \"%s\", or narrow it: %s.\n",
                 text.s, advice);
}

void tool_rows_begin(struct tool_rows *rows, struct kta_tool_result *result, const char *key,
                     size_t budget, size_t max)
{
    if (!result->structured)
        result->structured = kta_json_new_object();
    *rows = (struct tool_rows){.result = result, .max = max};
    rows->items = kta_json_set(result->structured, key, kta_json_new_array());
    rows->used = tool_result_size(result) + RESERVE;
    rows->budget = budget;
}

static size_t row_size(const char *line, const struct kta_json *item)
{
    kta_auto_str struct kta_str wire = KTA_STR_INIT;

    kta_json_quote(line, strlen(line), &wire);
    kta_json_print(item, false, &wire);
    return wire.len + 2;
}

static char *cut_to(const char *s, size_t max)
{
    size_t n = strlen(s);

    return n <= max ? kta_strdup(s) : kta_asprintf("%.*s…", (int)kta_utf8_prefix(s, n, max), s);
}

/* Cuts the texts in a value, but not the words of a command: half of one is another one. */
static void cut_texts(struct kta_json *v, size_t max)
{
    kta_json_each(m, v) {
        if (kta_streq(kta_json_key(m), "argv"))
            continue;
        cut_texts(m, max);
        if (!kta_json_text(m) || strlen(kta_json_text(m)) <= max)
            continue;
        kta_auto_free char *part = cut_to(kta_json_text(m), max);
        kta_json_replace_text(m, part);
    }
}

bool tool_rows_add(struct tool_rows *rows, const char *line, struct kta_json *item)
{
    size_t room = rows->budget > rows->used ? rows->budget - rows->used : 0;
    size_t size = row_size(line, item);
    kta_auto_free char *part = kta_strdup(line);

    if (rows->n > 0 && (rows->n >= rows->max || size > room)) {
        kta_json_free(item);
        return false;
    }
    /* the first row is always given, cut if it must be: a page is never empty */
    for (size_t max = room / 2; size > room && max > 15; max /= 2) {
        free(part);
        part = cut_to(line, max);
        cut_texts(item, max);
        size = row_size(part, item);
    }
    rows->used += size;
    rows->n++;
    /* what does not fit at all leaves the room to the text (keep_to) */
    kta_str_addf(&rows->result->text, "%s\n", size > room ? line : part);
    kta_json_push(rows->items, item);
    return true;
}

void tool_fence(const char *language, const char *text, size_t n, struct kta_str *out)
{
    size_t run = 0, longest = 2;

    for (size_t i = 0; i < n; i++) {
        run = text[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    kta_auto_free char *fence = kta_malloc(longest + 2);
    memset(fence, '`', longest + 1);
    fence[longest + 1] = '\0';
    kta_str_addf(out, "%s%s\n", fence, language);
    kta_str_addn(out, text, n);
    kta_str_addf(out, "%s%s\n", n && text[n - 1] != '\n' ? "\n" : "", fence);
}

void tool_page_text(struct kta_tool_result *result, const struct kta_json *args, size_t budget,
                    const char *text, const char *advice)
{
    struct tool_cursor cursor;
    size_t len = strlen(text), used, at;

    if (!tool_cursor_of(args, &cursor, result))
        return;
    free(cursor.token);
    if (!result->structured)
        result->structured = kta_json_new_object();
    used = tool_result_size(result) + RESERVE;
    at = cursor.skip > len ? len : cursor.skip;
    size_t end = at;
    while (end < len) {
        size_t line = strcspn(text + end, "\n") + (strchr(text + end, '\n') ? 1 : 0);
        kta_auto_str struct kta_str wire = KTA_STR_INIT;
        kta_json_quote(text + end, line, &wire);
        if (used + wire.len * 2 > budget && end > at)
            break; /* the text goes out twice: as text and structured */
        if (used + wire.len * 2 > budget)
            line = line > (budget - used) / 4 ? (budget - used) / 4 : line;
        used += wire.len * 2;
        end += line ? line : 1;
    }
    kta_auto_free char *part = kta_strndup(text + at, end - at);
    tool_fence("", part, end - at, &result->text);
    kta_json_set_str(result->structured, "text", part);
    if (end < len)
        tool_next(result, end, NULL, advice);
}
