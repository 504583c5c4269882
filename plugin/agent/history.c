/*
 * history.c - earlier questions of a conversation, made to fit.
 *
 * The newest questions stay as they were said, so that a prefix cache knows them. Of older ones the
 * question and the answer stay, without evidence, calls and their results; then answers are cut;
 * only what even so has no room is dropped, and that is said.
 */
#include <string.h>

#include "agent_private.h"
#include "kta/utf8.h"

#define MAX_QUESTIONS 200 /* older ones are dropped */
#define SHORT_ANSWER  600 /* bytes that are left of an old answer when there is little room */

/* One question with all that followed until the next. */
struct round {
    const struct kta_json *first;
    size_t n; /* messages */
    const char *question, *answer;
    size_t bytes;
};

/* What the user said, without the evidence that went with it; NULL: no question of the user. */
static const char *question_in(const struct kta_json *m)
{
    const char *text = kta_json_str(m, "content"), *at = text, *last = NULL;

    if (!kta_streq(kta_json_str(m, "role"), "user") || !text)
        return NULL;
    if (kta_starts(text, AGENT_QUESTION + 1))
        return text + strlen(AGENT_QUESTION) - 1;
    while ((at = strstr(at, AGENT_QUESTION)))
        last = at += strlen(AGENT_QUESTION);
    return last;
}

static size_t size_of(const struct kta_json *m)
{
    size_t n = strlen(kta_or(kta_json_str(m, "content"), "")) + 32;

    kta_json_each(call, kta_json_get(m, "tool_calls")) {
        n += strlen(kta_or(kta_json_str(call, "function.arguments"), "")) + 64;
    }
    return n;
}

static size_t split(const struct kta_json *history, struct round *rounds)
{
    size_t n = 0;

    kta_json_each(m, history) {
        const char *question = question_in(m);
        if (question || n == 0) {
            if (n == MAX_QUESTIONS) {
                memmove(rounds, rounds + 1, (n - 1) * sizeof *rounds);
                n--;
            }
            rounds[n++] = (struct round){.first = m, .question = question};
        }
        struct round *r = &rounds[n - 1];
        r->n++;
        r->bytes += size_of(m);
        if (kta_streq(kta_json_str(m, "role"), "assistant") && kta_json_str(m, "content"))
            r->answer = kta_json_str(m, "content");
    }
    return n;
}

static void push(struct kta_json *out, const char *role, const char *text)
{
    struct kta_json *m = kta_json_push(out, kta_json_new_object());

    kta_json_set_str(m, "role", role);
    kta_json_set_str(m, "content", text);
}

static size_t condensed_size(const struct round *r, bool cut)
{
    size_t answer = strlen(kta_or(r->answer, ""));

    if (cut && answer > SHORT_ANSWER)
        answer = SHORT_ANSWER + 4;
    return strlen(kta_or(r->question, "")) + answer + 64;
}

static void push_condensed(struct kta_json *out, const struct round *r, bool cut)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    const char *answer = kta_or(r->answer, "(no answer)");

    kta_str_addf(&text, "%s%s", AGENT_QUESTION + 1, kta_or(r->question, "(left out)"));
    kta_str_trim(&text);
    push(out, "user", text.s);
    kta_str_clear(&text);
    size_t n = strlen(answer);
    if (cut && n > SHORT_ANSWER) {
        kta_str_addn(&text, answer, kta_utf8_prefix(answer, n, SHORT_ANSWER));
        kta_str_add(&text, " …");
    } else {
        kta_str_add(&text, answer);
    }
    push(out, "assistant", text.s);
}

static void push_whole(struct kta_json *out, const struct round *r)
{
    const struct kta_json *m = r->first;

    for (size_t i = 0; i < r->n; i++, m = kta_json_next(m))
        kta_json_push(out, kta_json_copy(m));
}

struct kta_json *agent_condense(const struct kta_json *history, size_t budget)
{
    struct kta_json *out = kta_json_new_array();
    struct round rounds[MAX_QUESTIONS];
    size_t n = split(history, rounds), whole, first, used = 0;
    bool cut = false;

    for (whole = n; whole > 0 && used + rounds[whole - 1].bytes <= budget; whole--)
        used += rounds[whole - 1].bytes;
    if (whole > 0 && n > 0) { /* room for the condensed ones is made by one whole round less */
        size_t need = 0;
        for (size_t i = 0; i < whole; i++)
            need += condensed_size(&rounds[i], false);
        while (whole < n && used + need > budget) {
            used -= rounds[whole].bytes;
            need += condensed_size(&rounds[whole++], false);
        }
        cut = used + need > budget;
    }
    for (first = whole; first > 0; first--) {
        size_t size = condensed_size(&rounds[first - 1], cut);
        if (used + size > budget)
            break;
        used += size;
    }
    if (first > 0)
        push(out, "user", "(Earlier questions of this conversation are left out.)");
    for (size_t i = first; i < whole; i++)
        push_condensed(out, &rounds[i], cut);
    for (size_t i = whole; i < n; i++)
        push_whole(out, &rounds[i]);
    return out;
}
