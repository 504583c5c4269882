/* repl_show.c - looking at what an answer rests on: evidence, findings, tools, tokens. */
#include "repl.h"

#include <string.h>

#include "kta/alloc.h"
#include "kta/evidence.h"
#include "kta/markdown.h"
#include "kta/tools.h"

/* The very list that the model is given. */
int repl_tools(struct repl *r, const char *rest, struct kta_err *err)
{
    kta_auto_json struct kta_json *tools = kta_tools_json();
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    (void)rest;
    (void)err;
    kta_custom_tools_json(r->app->custom_tools, tools);
    kta_json_each(tool, tools)
        kta_str_addf(&text, "- **%s**: %s\n", kta_or(kta_json_str(tool, "function.name"), ""),
                     kta_or(kta_json_str(tool, "function.description"), ""));
    kta_ui_answer(r->app->ui, text.s);
    return 0;
}

static int nothing_yet(const struct repl *r, struct kta_err *err)
{
    return r->c->asked ? 0 : kta_err_set(err, KTA_E_USAGE, "no question has been asked yet");
}

int repl_evidence(struct repl *r, const char *rest, struct kta_err *err)
{
    const struct kta_evidence *e = &r->c->last.evidence;

    (void)rest;
    if (nothing_yet(r, err) < 0)
        return -1;
    for (size_t i = 0; i < e->n; i++)
        kta_ui_print(r->app->ui, "  [e%zu] %s (%zu bytes)\n", i + 1, e->v[i].source,
                     strlen(e->v[i].text));
    for (size_t i = 0; i < r->c->last.findings.n; i++)
        kta_ui_print(r->app->ui, "  [%s] %s: %s\n", r->c->last.findings.v[i]->id,
                     r->c->last.findings.v[i]->code, kta_or(r->c->last.findings.v[i]->summary, ""));
    if (e->n + r->c->last.findings.n == 0)
        kta_ui_print(r->app->ui, "Nothing was read for the last question.\n");
    return 0;
}

static void show_item(struct repl *r, size_t i)
{
    const struct kta_item *item = &r->c->last.evidence.v[i];
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    kta_str_addf(&text, "**[e%zu] %s**\n\n", i + 1, item->source);
    kta_code_block(item->text, strlen(item->text), &text);
    kta_ui_answer(r->app->ui, text.s);
}

/* "3", "e3", "[e3]", "f1", "[f1.a]" */
int repl_show(struct repl *r, const char *rest, struct kta_err *err)
{
    const struct kta_evidence *e = &r->c->last.evidence;
    const struct kta_findings *f = &r->c->last.findings;
    char *end;

    if (nothing_yet(r, err) < 0)
        return -1;
    rest += strspn(rest, "[ ");
    kta_auto_free char *name = kta_strndup(rest, strcspn(rest, "]. \t"));
    for (size_t i = 0; i < f->n; i++) {
        if (!kta_streq(f->v[i]->id, name))
            continue;
        struct kta_findings one = {.v = &f->v[i], .n = 1};
        kta_ui_findings(r->app->ui, &one);
        return 0;
    }
    const char *digits = name + (name[0] == 'e');
    long n = strtol(digits, &end, 10);
    if (*digits && !*end && n >= 1 && (size_t)n <= e->n) {
        show_item(r, (size_t)n - 1);
        return 0;
    }
    kta_err_set(err, KTA_E_USAGE, "there is no '%s' in what was read for the last question", rest);
    return kta_err_hint(err, "/evidence lists it: e1 to e%zu%s", e->n,
                        f->n ? " and the findings f1 …" : "");
}

int repl_tokens(struct repl *r, const char *rest, struct kta_err *err)
{
    const struct conversation *c = r->c;
    const struct {
        const char *what;
        size_t bytes;
    } parts[] = {
        {"system prompt", c->prompt},           {"tools", c->tools},
        {"earlier questions", c->earlier},      {"evidence", c->evidence},
        {"findings and question", c->question}, {"read by the model, and its answer", c->read},
    };
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    size_t all = 0;

    (void)rest;
    (void)err;
    if (c->prompt > 0) {
        kta_str_add(&text, "| The last prompt | about tokens |\n|---|---:|\n");
        for (size_t i = 0; i < KTA_LEN(parts); i++) {
            all += parts[i].bytes;
            kta_str_addf(&text, "| %s | %d |\n", parts[i].what,
                         parts[i].bytes ? kta_llm_tokens(parts[i].bytes) : 0);
        }
        kta_str_addf(&text, "| **all** | **%d** |\n", kta_llm_tokens(all));
    }
    int window = r->app->llm ? kta_llm_window(r->app->llm) : 0;
    if (window > 0)
        kta_str_addf(&text, "The model's window is %d tokens.\n", window);
    kta_str_addf(&text,
                 "This session: %lld tokens sent, %lld received, as the endpoint counts, in "
                 "%d turn%s.\n",
                 (long long)c->session.prompt_tokens, (long long)c->session.completion_tokens,
                 c->session.turns_with_model, c->session.turns_with_model == 1 ? "" : "s");
    kta_ui_answer(r->app->ui, text.s);
    return 0;
}
