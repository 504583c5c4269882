/*
 * apipath.c - taking REST paths and their queries apart.
 */
#include "apipath.h"

#include "kta/alloc.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* plus: a '+' is a blank, as in queries. */
static void decode(const char *s, size_t n, bool plus, struct kta_str *out)
{
    for (size_t i = 0; i < n; i++) {
        int hi, lo;

        if (s[i] == '%' && i + 2 < n && (hi = hex(s[i + 1])) >= 0 && (lo = hex(s[i + 2])) >= 0) {
            kta_str_addc(out, (char)(hi * 16 + lo));
            i += 2;
        } else {
            kta_str_addc(out, plus && s[i] == '+' ? ' ' : s[i]);
        }
    }
}

static bool safe(const struct kta_str *s)
{
    if (s->len == 0 || strcmp(s->s, ".") == 0 || strcmp(s->s, "..") == 0)
        return false;
    for (size_t i = 0; i < s->len; i++)
        if ((unsigned char)s->s[i] < 0x20 || s->s[i] == '/' || s->s[i] == 0x7f)
            return false;
    return true;
}

/* Takes the next segment off *p into buf; false when it is too long or unsafe. "" at the end. */
static bool segment(const char **p, char *buf, size_t size)
{
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    size_t n;

    buf[0] = '\0';
    while (**p == '/')
        (*p)++;
    n = strcspn(*p, "/?");
    if (n == 0)
        return true;
    decode(*p, n, false, &s);
    *p += n;
    if (!safe(&s) || s.len >= size)
        return false;
    memcpy(buf, s.s, s.len + 1);
    return true;
}

bool api_path_parse(const char *path, struct api_path *ret)
{
    const char *p = path, *query = strchr(path, '?');
    char first[8];

    memset(ret, 0, sizeof *ret);
    ret->query = query ? query + 1 : "";
    if (!segment(&p, first, sizeof first))
        return true; /* "/healthz", "/openapi…": no resource */
    if (strcmp(first, "apis") == 0) {
        if (!segment(&p, ret->group, sizeof ret->group))
            return false;
    } else if (strcmp(first, "api") != 0) {
        return true;
    }
    if (!segment(&p, ret->version, sizeof ret->version) ||
        !segment(&p, ret->resource, sizeof ret->resource) ||
        !segment(&p, ret->name, sizeof ret->name))
        return false;
    /* namespaces/NS/pods is a resource in a namespace, namespaces/NS the namespace itself */
    if (strcmp(ret->resource, "namespaces") == 0 && ret->name[0]) {
        char next[API_SEGMENT];

        if (!segment(&p, next, sizeof next))
            return false;
        if (strcmp(next, "status") == 0 || strcmp(next, "finalize") == 0) {
            memcpy(ret->subresource, next, strlen(next) + 1);
        } else if (next[0]) {
            memcpy(ret->namespace_, ret->name, sizeof ret->name);
            memcpy(ret->resource, next, sizeof next);
            if (!segment(&p, ret->name, sizeof ret->name))
                return false;
        }
    }
    if (!ret->subresource[0] && !segment(&p, ret->subresource, sizeof ret->subresource))
        return false;
    ret->list = ret->resource[0] && !ret->name[0];
    return true;
}

/* Calls of the form for (…; query_next(&p, &key, &klen, &value, &vlen);) */
static bool query_next(const char **p, const char **key, size_t *klen, const char **value,
                       size_t *vlen)
{
    size_t n;

    while (**p == '&')
        (*p)++;
    if (!**p)
        return false;
    n = strcspn(*p, "&");
    *key = *p;
    *klen = strcspn(*p, "=&");
    *value = *klen < n ? *p + *klen + 1 : *p + n;
    *vlen = *klen < n ? n - *klen - 1 : 0;
    *p += n;
    return true;
}

bool api_query_get(const char *query, const char *key, struct kta_str *out)
{
    const char *p = query, *k, *v;
    size_t klen, vlen;

    while (query_next(&p, &k, &klen, &v, &vlen)) {
        if (klen == strlen(key) && strncmp(k, key, klen) == 0) {
            decode(v, vlen, true, out);
            return true;
        }
    }
    return false;
}

void api_query_edit(const char *path, const char *const *without, const char *extra,
                    struct kta_str *out)
{
    size_t n = strcspn(path, "?"), klen, vlen;
    const char *p = path[n] ? path + n + 1 : "", *k, *v;
    char sep = '?';

    kta_str_addn(out, path, n);
    while (query_next(&p, &k, &klen, &v, &vlen)) {
        bool drop = false;

        for (size_t i = 0; without[i]; i++)
            drop |= klen == strlen(without[i]) && strncmp(k, without[i], klen) == 0;
        if (drop)
            continue;
        kta_str_addc(out, sep);
        kta_str_addn(out, k, (size_t)(v + vlen - k));
        sep = '&';
    }
    if (*extra) {
        kta_str_addc(out, sep);
        kta_str_add(out, extra);
    }
}
