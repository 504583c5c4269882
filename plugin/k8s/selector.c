/*
 * selector.c - label selectors in text.
 *
 * Requirements are parted by commas that are in no parentheses; all of them must hold: key, !key,
 * key=value, key==value, key!=value, key in (a,b), key notin (a,b). As in Kubernetes, what has no
 * such label meets != and notin.
 * Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
 */
#include "kta/selector.h"

#include <string.h>

struct requirement {
    char key[320]; /* prefix/name: 253 + 1 + 63 */
    const char *values;
    size_t n_values; /* bytes: "a" or "a, b" */
    enum { HAS, HAS_NOT, IN, NOT_IN } op;
};

static size_t blanks(const char *p)
{
    return strspn(p, " \t");
}

/* The values between parentheses. The position after them, or NULL. */
static const char *set_of(const char *p, struct requirement *r)
{
    p += blanks(p);
    const char *end = *p == '(' ? strchr(p, ')') : NULL;
    if (!end)
        return NULL;
    r->values = p + 1;
    r->n_values = (size_t)(end - r->values);
    return end + 1;
}

static const char *operator_of(const char *p, struct requirement *r)
{
    r->op = HAS;
    if (!*p || *p == ',')
        return p;
    if (!strncmp(p, "in", 2) || !strncmp(p, "notin", 5)) {
        r->op = *p == 'i' ? IN : NOT_IN;
        return set_of(p + (r->op == IN ? 2 : 5), r);
    }
    if (*p != '=' && strncmp(p, "!=", 2) != 0)
        return NULL;
    r->op = *p == '=' ? IN : NOT_IN;
    p += *p == '!' || p[1] == '=' ? 2 : 1;
    p += blanks(p);
    r->values = p;
    r->n_values = strcspn(p, ", \t()=!");
    return p + r->n_values;
}

/* One requirement at p; the position after it and its comma, or NULL where it is none. */
static const char *next(const char *p, struct requirement *r)
{
    *r = (struct requirement){.op = HAS};
    p += blanks(p);
    bool absent = *p == '!';
    p += absent;
    size_t n = strcspn(p, " \t,=!()");
    if (!n || n >= sizeof r->key)
        return NULL;
    memcpy(r->key, p, n);
    p += n;
    p += blanks(p);
    if (absent)
        r->op = HAS_NOT;
    else if (!(p = operator_of(p, r)))
        return NULL;
    p += blanks(p);
    if (*p && *p != ',')
        return NULL;
    return p + (*p == ',');
}

int kta_selector_text_check(const char *selector, struct kta_err *err)
{
    struct requirement r;

    for (const char *p = selector; *p;) {
        const char *at = p;
        if (!(p = next(p, &r))) {
            kta_err_set(err, KTA_E_USAGE, "'%s' is no label selector: '%.60s' cannot be read",
                        selector, at);
            return kta_err_hint(err, "it may be app=web, app!=web, app in (web,api), app, !app, or "
                                     "several of them with commas");
        }
    }
    return 0;
}

static bool is_among(const struct requirement *r, const char *value)
{
    size_t len = strlen(value);

    for (const char *p = r->values, *end = p + r->n_values; p <= end;) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma ? comma : end;
        const char *last = stop;
        while (p < last && (*p == ' ' || *p == '\t'))
            p++;
        while (last > p && (last[-1] == ' ' || last[-1] == '\t'))
            last--;
        if ((size_t)(last - p) == len && !memcmp(p, value, len))
            return true;
        p = stop + 1;
    }
    return false;
}

bool kta_selector_text_matches(const char *selector, const struct kta_json *labels)
{
    struct requirement r;

    for (const char *p = selector; p && *p;) {
        if (!(p = next(p, &r)))
            return false;
        const char *have = kta_json_text(kta_json_get(labels, r.key));
        bool holds = r.op == HAS       ? have != NULL
                     : r.op == HAS_NOT ? have == NULL
                     : r.op == IN      ? have && is_among(&r, have)
                                       : !have || !is_among(&r, have);
        if (!holds)
            return false;
    }
    return true;
}
