/*
 * yaml_scalar.c - resolution of plain scalars as sigs.k8s.io/yaml does it (YAML 1.1 with Go's
 * integer syntax), so that `on`, `0o17` and `1_000` mean to us what they mean to kubectl.
 */
#include "yaml_scalar.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/re.h"

static const struct {
    const char *text;
    enum { WORD_FALSE, WORD_TRUE, WORD_NULL } means;
} words[] = {
    {"", WORD_NULL},     {"~", WORD_NULL},      {"null", WORD_NULL},   {"Null", WORD_NULL},
    {"NULL", WORD_NULL}, {"y", WORD_TRUE},      {"Y", WORD_TRUE},      {"yes", WORD_TRUE},
    {"Yes", WORD_TRUE},  {"YES", WORD_TRUE},    {"true", WORD_TRUE},   {"True", WORD_TRUE},
    {"TRUE", WORD_TRUE}, {"on", WORD_TRUE},     {"On", WORD_TRUE},     {"ON", WORD_TRUE},
    {"n", WORD_FALSE},   {"N", WORD_FALSE},     {"no", WORD_FALSE},    {"No", WORD_FALSE},
    {"NO", WORD_FALSE},  {"false", WORD_FALSE}, {"False", WORD_FALSE}, {"FALSE", WORD_FALSE},
    {"off", WORD_FALSE}, {"Off", WORD_FALSE},   {"OFF", WORD_FALSE},
};

/* digits in `base`; -1 if there is anything else */
static int to_int(const char *digits, int base, bool negative, double *ret)
{
    char *end;
    unsigned long long u;
    if (!*digits || *digits == '-' || *digits == '+')
        return -1;
    errno = 0;
    u = strtoull(digits, &end, base);
    if (*end || errno)
        return -1;
    *ret = negative ? -(double)u : (double)u;
    return 0;
}

/* Go's strconv.ParseInt(text, 0, 64): 0x, 0o, 0b, and a leading 0 is octal. */
static int parse_int(const char *text, double *ret)
{
    bool negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    if (text[0] == '0' && (text[1] | 32) == 'x')
        return to_int(text + 2, 16, negative, ret);
    if (text[0] == '0' && (text[1] | 32) == 'o')
        return to_int(text + 2, 8, negative, ret);
    if (text[0] == '0' && (text[1] | 32) == 'b')
        return to_int(text + 2, 2, negative, ret);
    return to_int(text, text[0] == '0' && text[1] ? 8 : 10, negative, ret);
}

static bool is_float(const char *text)
{
    static struct kta_re *re;
    if (!re)
        re = kta_re_must("\\A[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?\\z", 0);
    return kta_re_find(re, text, strlen(text), 0, NULL);
}

struct kta_json *kta_yaml_resolve(const char *text)
{
    char plain[64];
    size_t n = 0;
    double d;

    for (size_t i = 0; i < KTA_LEN(words); i++)
        if (!strcmp(words[i].text, text))
            return words[i].means == WORD_NULL ? kta_json_new_null()
                                               : kta_json_new_bool(words[i].means == WORD_TRUE);
    if (!strchr("+-.0123456789", *text))
        return NULL;
    for (const char *p = text; *p; p++) { /* 1_000 is 1000 */
        if (*p == '_')
            continue;
        if (n + 1 >= sizeof plain)
            return NULL;
        plain[n++] = *p;
    }
    plain[n] = '\0';
    if (parse_int(plain, &d) == 0)
        return kta_json_new_num(d);
    if (is_float(plain))
        return kta_json_new_num(strtod(plain, NULL));
    return NULL;
}
