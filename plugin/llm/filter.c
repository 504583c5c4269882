/*
 * filter.c - parts what a model writes into text, thinking and calls, as it streams.
 *
 * Models that are served without a parser put their thinking between <think> tags and their calls
 * between <tool_call> tags into the text, each family its own, and some let the tokens through that
 * end a turn. A tag may be split over any pieces, so what could become one is held back, never more
 * than the longest tag.
 */
#include <string.h>
#include "kta/alloc.h"
#include "kta/limits.h"
#include "llm_private.h"

enum tag_kind { THINKING, CALL, NOTHING };

struct llm_tag {
    const char *open, *close; /* close NULL: until the end; NOTHING has none */
    enum tag_kind kind;
};

static const struct llm_tag tags[] = {
    {"<think>", "</think>", THINKING},
    {"<thinking>", "</thinking>", THINKING},
    {"<thought>", "</thought>", THINKING},
    {"<reasoning>", "</reasoning>", THINKING},
    {"<seed:think>", "</seed:think>", THINKING},
    {"[THINK]", "[/THINK]", THINKING},
    {"<|START_THINKING|>", "<|END_THINKING|>", THINKING},
    {"<|channel|>analysis<|message|>", "<|end|>", THINKING},
    {"<tool_call>", "</tool_call>", CALL},
    {"<function_call>", "</function_call>", CALL},
    {"<function_calls>", "</function_calls>", CALL},
    {"<minimax:tool_call>", "</minimax:tool_call>", CALL},
    {"<tool_calls>", "</tool_calls>", CALL},
    {"<tools>", "</tools>", CALL},
    {"<tool_use>", "</tool_use>", CALL},
    {"<TOOLCALL>", "</TOOLCALL>", CALL},
    {"<|action_start|>", "<|action_end|>", CALL},
    {"<function name=", "</function>", CALL},
    {"<function=", "</function>", CALL},
    {"<|python_tag|>", NULL, CALL},
    {"[TOOL_CALLS]", NULL, CALL},
    {"<|tool_call|>", "<|/tool_call|>", CALL},
    {"<|START_ACTION|>", "<|END_ACTION|>", CALL},
    {"<|tool_calls_section_begin|>", "<|tool_calls_section_end|>", CALL},
    {"<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", CALL},
    {"<|channel|>commentary to=", "<|call|>", CALL},
    {"<|channel|>commentary<|message|>", NULL, NOTHING},
    {"<|channel|>final<|message|>", NULL, NOTHING},
    {"<|start|>assistant", NULL, NOTHING},
    {"<|end|>", NULL, NOTHING},
    {"<|return|>", NULL, NOTHING},
    {"<|im_end|>", NULL, NOTHING},
    {"<|eot_id|>", NULL, NOTHING},
    {"<|eom_id|>", NULL, NOTHING},
    {"<|end_of_text|>", NULL, NOTHING},
    {"<|endoftext|>", NULL, NOTHING},
    {"<|eot|>", NULL, NOTHING},
    {"<|end_of_turn|>", NULL, NOTHING},
    {"</s>", NULL, NOTHING},
    {"<eos>", NULL, NOTHING},
    {"<end_of_turn>", NULL, NOTHING},
    {"<｜end▁of▁sentence｜>", NULL, NOTHING},
};

static bool usable(const struct llm_filter *f, const struct llm_tag *t)
{
    return t->kind != CALL || f->on_call;
}

/* What was found to be no tag goes where it belongs. */
static void pass(struct llm_filter *f, const char *p, size_t n)
{
    if (!n)
        return;
    if (!f->in)
        f->on_text(f->ctx, p, n);
    else if (f->in->kind == THINKING)
        f->on_thinking(f->ctx, p, n);
    else
        kta_str_addn(&f->call, p, n);
}

static void end_call(struct llm_filter *f)
{
    f->on_call(f->ctx, f->call.s);
    kta_str_clear(&f->call);
}

/* A tag that does not end by itself is the beginning of what the call says. */
static void begin(struct llm_filter *f, const struct llm_tag *t)
{
    if (t->kind == CALL && !kta_ends(t->open, ">") && !kta_ends(t->open, "]"))
        kta_str_add(&f->call, t->open);
    f->in = t->kind == NOTHING ? NULL : t;
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
            if (f->in->kind == CALL)
                end_call(f);
            f->in = NULL;
        }
        return best;
    }
    for (size_t i = 0; i < KTA_LEN(tags); i++) {
        enum held h = usable(f, &tags[i]) ? compare(f, tags[i].open) : HELD_NO;
        bool alone = tags[i].kind == THINKING && kta_starts(tags[i].close, "</");
        enum held stray = alone ? compare(f, tags[i].close) : HELD_NO;
        if (h == HELD_DONE) {
            begin(f, &tags[i]);
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
    if (f->in && f->in->kind == CALL)
        end_call(f);
    f->in = NULL;
}

void llm_filter_release(struct llm_filter *f)
{
    kta_str_release(&f->hold);
    kta_str_release(&f->call);
}
