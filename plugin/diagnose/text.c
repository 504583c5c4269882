/*
 * text.c - what a text tells that somebody piped in: a log, as a rule. No cluster is asked.
 */
#include <string.h>

#include "crash.h"
#include "kta/diagnose.h"
#include "kta/str.h"

enum { SHOWN = 1500 /* bytes of the text that are quoted where no cause is recognised */ };

/* Each line as code, so that nothing of it is Markdown. */
static void quote(const char *text, struct kta_str *out)
{
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, "\n");
        kta_str_addf(out, "    %.*s\n", (int)n, p);
        p += n + (p[n] == '\n');
    }
}

bool kta_text_markdown(const char *text, struct kta_str *out)
{
    struct kta_log_cause c;
    size_t len = strlen(text);

    if (!kta_log_cause(text, len, &c)) {
        kta_auto_str struct kta_str digest = KTA_STR_INIT;
        kta_str_add(out, "The text that was piped in names no cause that the engine recognises. "
                         "What stands out in it:\n\n");
        kta_log_digest(text, len, SHOWN, &digest);
        quote(digest.s, out);
        return false;
    }
    const char *code = kta_crash_code(c.pattern->class_);
    kta_str_addf(out, "The text that was piped in fails at line %zu", c.at);
    if (c.count > 1)
        kta_str_addf(out, ", said %zu times", c.count);
    kta_str_add(out, ":\n\n");
    quote(c.quote && *c.quote ? c.quote : c.line, out);
    kta_str_addf(out, "\nThat is `%s` (`kubectl todo-ai explain %s` tells what to do about it)",
                 code, code);
    const struct {
        const char *what, *value;
    } named[] = {{"variable or object", c.name},
                 {"host", c.host},
                 {"port", c.port},
                 {"path", c.path}};
    for (size_t i = 0, n = 0; i < sizeof named / sizeof *named; i++)
        if (named[i].value)
            kta_str_addf(out, "%s %s `%s`", n++ ? "," : ":", named[i].what, named[i].value);
    kta_str_add(out, ".\n");
    kta_log_cause_release(&c);
    return true;
}
