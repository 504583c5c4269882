/*
 * err.h - how a function says that it failed.
 *
 * A fallible function returns 0, or -1 with *err filled in. err may not be NULL. A function that
 * succeeds leaves *err as it was. The message is a sentence for the person at the terminal without
 * a final period ("cannot read '~/.kube/config': Permission denied"); the hint says what to do and
 * may be empty. Nothing below cmd/ and mcp/ prints an error: it is wrapped on the way up and
 * printed once.
 */
#ifndef KTA_ERR_H
#define KTA_ERR_H

#include <stddef.h>

/* What class of failure it is; a table in cmd/ maps it to the README's exit codes, and its name
 * (kta_code_name) is the "code" of the JSON error. */
enum kta_code {
    KTA_E_OK = 0,
    KTA_E_FAIL,        /* any other failure                                   1 */
    KTA_E_USAGE,       /* command line or configuration                       2 */
    KTA_E_UNCONFIRMED, /* a change was proposed and not confirmed             3 */
    KTA_E_POLICY,      /* refused by policy                                   4 */
    KTA_E_CLUSTER,     /* cluster unreachable                                 5 */
    KTA_E_AUTH,        /* cluster refused us: TLS, 401, 403                   5 */
    KTA_E_MODEL,       /* model endpoint unreachable, refused, or nonsense    6 */
    KTA_E_EXECUTE,     /* a change failed to execute                          7 */
    KTA_E_VERIFY,      /* executed, but did not recover                       8 */
    KTA_E_FAIL_ON,     /* --fail-on                                           9 */
    KTA_E_NOT_FOUND,   /* an object or file that was asked for is not there   1 */
    KTA_E_LIMIT,       /* larger than limits.h allows                         1 */
    KTA_E_TIMEOUT,     /* deadline passed                                     1 */
    KTA_E_PARSE,       /* a document is broken                                1 */
    KTA_E_INTERRUPTED, /* SIGINT, SIGTERM, SIGHUP            130, 143, 129 */
};

struct kta_err {
    enum kta_code code;
    int http; /* HTTP status, or 0 */
    int sys;  /* errno, or 0 */
    char msg[1024];
    char hint[512];
};

#define KTA_ERR_INIT                                                                               \
    {                                                                                              \
        .code = KTA_E_OK                                                                           \
    }

/* Fills *err and returns -1, so that "return kta_err_set(...)" is one line. */
int kta_err_set(struct kta_err *err, enum kta_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same; appends ": strerror(sys)". */
int kta_err_sys(struct kta_err *err, enum kta_code code, int sys, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Puts "text: " before the message: "load kubeconfig 'x': line 12: …". Returns -1. */
int kta_err_wrap(struct kta_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Sets what to do about it: lower case and no full stop, as the message. Returns -1. */
int kta_err_hint(struct kta_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void kta_err_clear(struct kta_err *err);
/* "NotFound", "Policy", …: the stable word for JSON. Static. */
const char *kta_code_name(enum kta_code code);

#endif
