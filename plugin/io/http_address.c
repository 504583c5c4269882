/* http_address.c - a base address taken apart, before anything of libcurl is needed. */
#include "http_address.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "kta/str.h"

static int bad(const char *url, struct kta_err *err)
{
    return kta_err_set(err, KTA_E_USAGE, "'%.200s' is not an http:// or https:// address", url);
}

static bool host_ok(const char *host)
{
    size_t n = strlen(host);
    if (*host == '[') {
        size_t inside = strspn(host + 1, "0123456789abcdefABCDEF:.%");
        return inside >= 2 && host[inside + 1] == ']' && inside + 2 == n;
    }
    for (const char *p = host; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("-._", *p) && (unsigned char)*p < 0x80)
            return false;
    return n > 0 && n < 256;
}

static bool port_ok(const char *port)
{
    size_t n = strlen(port);
    long value = n && n <= 5 && strspn(port, "0123456789") == n ? strtol(port, NULL, 10) : 0;
    return value > 0 && value < 65536;
}

static bool path_ok(const char *path)
{
    for (; *path; path++)
        if ((unsigned char)*path <= ' ' || *path == 0x7F)
            return false;
    return true;
}

int kta_http_address_parse(const char *url, struct kta_http_address *ret, struct kta_err *err)
{
    struct kta_http_address a = {0};
    kta_auto_free char *authority = NULL;
    const char *rest = strstr(url, "://"), *at;
    char *colon;
    size_t n;

    if (!rest || (strncasecmp(url, "https://", 8) && strncasecmp(url, "http://", 7)))
        return bad(url, err);
    a.https = tolower((unsigned char)url[4]) == 's';
    rest += 3;
    n = strcspn(rest, "/?#");
    at = memrchr(rest, '@', n);
    at = at ? at + 1 : rest;
    authority = kta_strndup(at, n - (size_t)(at - rest));
    colon = strrchr(authority, ':');
    if (colon && !strchr(colon, ']')) {
        *colon = '\0';
        a.port = kta_strdup(colon + 1);
    } else {
        a.port = kta_strdup(a.https ? "443" : "80");
    }
    a.host = kta_strdup(authority);
    a.prefix = kta_strndup(rest + n, strcspn(rest + n, "?#"));
    for (size_t len = strlen(a.prefix); len && a.prefix[len - 1] == '/'; len--)
        a.prefix[len - 1] = '\0';
    a.peer = kta_asprintf("%s:%s", a.host, a.port);
    if (!host_ok(a.host) || !port_ok(a.port) || !path_ok(a.prefix)) {
        kta_http_address_release(&a);
        return bad(url, err);
    }
    *ret = a;
    return 0;
}

void kta_http_address_release(struct kta_http_address *a)
{
    free(a->host);
    free(a->port);
    free(a->prefix);
    free(a->peer);
}

static bool is_loopback(const char *host)
{
    return kta_starts(host, "127.") || !strcasecmp(host, "localhost") || !strcmp(host, "[::1]");
}

/* As Go does for kubectl: loopback is never proxied, HTTP_PROXY counts too (curl reads only the
 * lower-case name), and a SOCKS proxy resolves the names. */
char *kta_http_proxy(const struct kta_http_address *a, const char *given)
{
    const char *upper = getenv("HTTP_PROXY");
    if (given && kta_starts(given, "socks5://"))
        return kta_asprintf("socks5h://%s", given + strlen("socks5://"));
    if (given)
        return kta_strdup(given);
    if (is_loopback(a->host))
        return kta_strdup("");
    return !a->https && !getenv("http_proxy") && upper ? kta_strdup(upper) : NULL;
}
