/* prevention.c - how to keep a cause from coming back: the lines of prompts/prevention.txt. */
#include <string.h>

#include "kta/alloc.h"
#include "kta/embedded.h"
#include "kta/tools_remediate.h"

void kta_prevention(const char *code, struct kta_str *out)
{
    const char *best = NULL;
    size_t longest = 0;

    for (const char *p = kta_embedded("prevention.txt"); *p; p += strcspn(p, "\n") + 1) {
        size_t n = strcspn(p, " \n");
        bool fits = !strncmp(p, code, n) && strchr(".", code[n]) != NULL;
        if (*p != '#' && fits && n > longest) {
            longest = n;
            best = p + n + 1;
        }
        if (!strchr(p, '\n'))
            break;
    }
    kta_auto_free char *line = best ? kta_strndup(best, strcspn(best, "\n")) : NULL;
    if (line && (out->len == 0 || !strstr(out->s, line)))
        kta_str_addf(out, "%s\n", line);
}
