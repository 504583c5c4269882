/*
 * explain.c - what each code means, from prompts/explain.md: the same text documents them.
 *
 * A section "## Code" and what follows it, up to the next.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/embedded.h"

static char **codes;
static char **texts;
static size_t n_codes, cap_codes, n_texts, cap_texts;

static void load(void)
{
    const char *p = kta_embedded("explain.md");
    p = p ? strstr(p, "\n## ") : NULL;
    while (p) {
        p += 4;
        const char *next = strstr(p, "\n## ");
        size_t head = strcspn(p, "\n"), len = next ? (size_t)(next - p) : strlen(p);
        KTA_GROW(codes, n_codes, cap_codes);
        codes[n_codes++] = kta_strndup(p, head);
        struct kta_str s = KTA_STR_INIT;
        kta_str_addn(&s, p + head, len - head);
        kta_str_trim(&s);
        KTA_GROW(texts, n_texts, cap_texts);
        texts[n_texts++] = kta_str_detach(&s);
        p = next;
    }
}

const char *kta_explain(const char *code)
{
    if (!n_codes)
        load();
    for (size_t i = 0; i < n_codes; i++)
        if (kta_streq(codes[i], code))
            return texts[i];
    return NULL;
}

const char *const *kta_explain_codes(size_t *ret_n)
{
    if (!n_codes)
        load();
    *ret_n = n_codes;
    return (const char *const *)codes;
}
