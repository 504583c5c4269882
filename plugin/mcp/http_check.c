/*
 * http_check.c - who may talk to the server: Host, Origin and the bearer token.
 *
 * A page in a browser reaches a server on loopback by a name that it makes point there (DNS
 * rebinding): so the name in Host and Origin must be one of ours, not only the address.
 */
#include "mcp.h"

#include <string.h>
#include <strings.h>

#include "kta/alloc.h"

/* "host:port", "[v6]:port" or without a port → the host, without brackets. */
static char *host_of(const char *text)
{
    if (*text == '[') {
        const char *end = strchr(text, ']');
        return end ? kta_strndup(text + 1, (size_t)(end - text - 1)) : kta_strdup("");
    }
    return kta_strndup(text, strcspn(text, ":/"));
}

bool mcp_is_loopback(const char *host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "::1"};

    for (size_t i = 0; i < KTA_LEN(names); i++)
        if (!strcasecmp(host, names[i]))
            return true;
    return !strncmp(host, "127.", 4) && strspn(host, "0123456789.") == strlen(host);
}

static bool is_ours(const struct mcp_http_rules *rules, const char *text)
{
    kta_auto_free char *host = host_of(text);

    return mcp_is_loopback(host) || !strcasecmp(host, rules->address);
}

/* Every byte is looked at, so that the time tells nothing about the token. */
static bool same_token(const char *given, const char *token)
{
    size_t n = strlen(token), m = strlen(given);
    unsigned char differs = n != m;

    for (size_t i = 0; i < n; i++)
        differs |= (unsigned char)(given[m > 0 ? i % m : 0] ^ token[i]);
    return !differs;
}

const char *mcp_http_check(const struct mcp_http_rules *rules, const char *host, const char *origin,
                           const char *authorization, int *ret_status)
{
    *ret_status = 403;
    /* remote: the names that lead here are not known, and the token protects */
    if (!rules->remote && (!host || !is_ours(rules, host)))
        return "the Host header does not name this server";
    if (origin) {
        bool web = kta_starts(origin, "http://") || kta_starts(origin, "https://");
        if (!web || !is_ours(rules, strstr(origin, "://") + 3))
            return "requests from this Origin are not allowed";
    }
    *ret_status = 401;
    if (rules->token && (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0 ||
                         !same_token(authorization + 7, rules->token)))
        return "a bearer token is needed, and it was not shown";
    return NULL;
}
