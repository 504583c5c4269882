/*
 * http_address.h - the parts of a base address, and which proxy leads to it (private to io/).
 */
#ifndef KTA_IO_HTTP_ADDRESS_H
#define KTA_IO_HTTP_ADDRESS_H

#include <stdbool.h>
#include "kta/err.h"

struct kta_http_address {
    bool https;
    char *host;   /* as it goes into a URL: IPv6 in brackets */
    char *port;   /* decimal, the scheme's default where none was given */
    char *prefix; /* the path without a final slash */
    char *peer;   /* "host:port" */
};

/* KTA_E_USAGE when it is not an http:// or https:// address. A user and password in it are left
 * out: credentials are headers. */
int kta_http_address_parse(const char *url, struct kta_http_address *ret, struct kta_err *err);
void kta_http_address_release(struct kta_http_address *a);
/* The proxy to use; "" none, NULL the environment's own rules. Caller frees. */
char *kta_http_proxy(const struct kta_http_address *a, const char *given);

#endif
