/* tap.c - the one tap (kta/tap.h). */
#include "kta/tap.h"
#include <stddef.h>

static const struct kta_tap *current;

void kta_tap_set(const struct kta_tap *tap)
{
    current = tap;
}

const struct kta_tap *kta_tap(void)
{
    return current;
}

void kta_tap_body(struct kta_http_req *r, const char *p, size_t n)
{
    if (r->on_body && r->status >= 200 && r->status <= 299)
        (void)r->on_body(r->ctx, p, n);
    else
        kta_str_addn(&r->answer, p, n);
}

void kta_tap_typed(enum kta_typed as, const char *line)
{
    if (current && current->typed)
        current->typed(current->ctx, as, line);
}

bool kta_tap_types(enum kta_typed as)
{
    return current && current->types && current->types(current->ctx, as);
}

char *kta_tap_type(enum kta_typed as)
{
    return current->type(current->ctx, as);
}
