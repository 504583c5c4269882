/*
 * filter.c - parts what a model writes into text, thinking and calls, as it streams.
 *
 * Models that are served without a parser put their thinking between <think> tags and their calls
 * between <tool_call> tags into the text. A tag may be split over any pieces, so what could become
 * one is held back, never more than the longest tag.
 */
#include <string.h>
#include "kta/alloc.h"
#include "kta/limits.h"
#include "llm_private.h"

struct llm_tag {
    const char *open, *close; /* close NULL: until the end */
    bool call;
};

static const struct llm_tag tags[] = {
    {"<think>", "</think>", false},        {"<thinking>", "</thinking>", false},
    {"<thought>", "</thought>", false},    {"<reasoning>", "</reasoning>", false},
    {"<tool_call>", "</tool_call>", true}, {"<|python_tag|>", NULL, true},
    {"[TOOL_CALLS]", NULL, true},
};

static bool usable(const struct llm_filter *f, const struct llm_tag *t)
{
    return !t->call || f->on_call;
}

/* What was found to be no tag goes where it belongs. */
static void pass(struct llm_filter *f, const char *p, size_t n)
{
    if (!n)
        return;
    if (!f->in)
        f->on_text(f->ctx, p, n);
    else if (!f->in->call)
        f->on_thinking(f->ctx, p, n);
    else
        kta_str_addn(&f->call, p, n);
}

static void end_call(struct llm_filter *f)
{
    f->on_call(f->ctx, f->call.s);
    kta_str_clear(&f->call);
}

enum held { HELD_NO, HELD_MAYBE, HELD_DONE };

static enum held compare(const struct llm_filter *f, const char *tag)
{
    if (!tag || strncmp(tag, f->hold.s, f->hold.len) != 0)
        return HELD_NO;
    return tag[f->hold.len] ? HELD_MAYBE : HELD_DONE;
}

/* The held bytes after one more: acts on a whole tag. */
static enum held look(struct llm_filter *f)
{
    enum held best = HELD_NO;
    if (f->in) {
        best = compare(f, f->in->close);
        if (best == HELD_DONE) {
            if (f->in->call)
                end_call(f);
            f->in = NULL;
        }
        return best;
    }
    for (size_t i = 0; i < KTA_LEN(tags); i++) {
        enum held h = usable(f, &tags[i]) ? compare(f, tags[i].open) : HELD_NO;
        enum held stray = tags[i].call ? HELD_NO : compare(f, tags[i].close);
        if (h == HELD_DONE) {
            f->in = &tags[i];
            return HELD_DONE;
        }
        if (stray == HELD_DONE) {
            f->on_only_close(f->ctx);
            return HELD_DONE;
        }
        if (h == HELD_MAYBE || stray == HELD_MAYBE)
            best = HELD_MAYBE;
    }
    return best;
}

static void take(struct llm_filter *f, char c)
{
    kta_str_addc(&f->hold, c);
    for (;;) {
        enum held h = look(f);
        if (h == HELD_MAYBE)
            return;
        if (h == HELD_DONE) {
            kta_str_clear(&f->hold);
            return;
        }
        /* no tag begins at the first held byte: it passes, the rest may still begin one */
        pass(f, f->hold.s, 1);
        memmove(f->hold.s, f->hold.s + 1, f->hold.len - 1);
        kta_str_truncate(&f->hold, f->hold.len - 1);
        if (!f->hold.len)
            return;
    }
}

void llm_filter_feed(struct llm_filter *f, const char *p, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t run = 0;
        while (!f->hold.len && i + run < n && p[i + run] != '<' && p[i + run] != '[')
            run++;
        pass(f, p + i, run);
        i += run;
        if (i < n)
            take(f, p[i++]);
    }
}

void llm_filter_end(struct llm_filter *f)
{
    pass(f, f->hold.s, f->hold.len);
    kta_str_clear(&f->hold);
    if (f->in && f->in->call)
        end_call(f);
    f->in = NULL;
}

void llm_filter_release(struct llm_filter *f)
{
    kta_str_release(&f->hold);
    kta_str_release(&f->call);
}
