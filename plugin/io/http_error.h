/*
 * http_error.h - from what the transport reports to a sentence for the person (private to io/).
 */
#ifndef KTA_IO_HTTP_ERROR_H
#define KTA_IO_HTTP_ERROR_H

#include <stdbool.h>
#include <stdint.h>
#include "kta/err.h"

struct kta_http_failure {
    int curl;         /* CURLcode */
    const char *kind; /* curl's name for it */
    const char *why;  /* curl's details, "" if none */
    const char *peer; /* host:port */
    long verify;      /* OpenSSL's X509_V_ERR_…, 0 */
    int sys;          /* errno of the connection, 0 */
    int status;       /* HTTP status that had come already, 0 */
    int64_t connect_ms;
    bool tls_without_cert; /* TLS, and we had no certificate to show */
};

/* True for the CURLcodes that say that a connection which stood has gone. */
bool kta_http_broke(int curl);
void kta_http_explain(const struct kta_http_failure *f, struct kta_err *err);

#endif
