/*
 * err.c - errors as sentences. A message that does not fit is cut at a code point's boundary.
 *
 * Arguments of a message may point into the error itself (wrapping it), so every message is
 * composed beside and then copied.
 */
#include "kta/err.h"
#include "kta/utf8.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const code_names[] = {
    [KTA_E_OK] = "OK",           [KTA_E_FAIL] = "Failed",
    [KTA_E_USAGE] = "Usage",     [KTA_E_UNCONFIRMED] = "Unconfirmed",
    [KTA_E_POLICY] = "Policy",   [KTA_E_CLUSTER] = "Cluster",
    [KTA_E_AUTH] = "Auth",       [KTA_E_MODEL] = "Model",
    [KTA_E_EXECUTE] = "Execute", [KTA_E_VERIFY] = "Verify",
    [KTA_E_FAIL_ON] = "FailOn",  [KTA_E_NOT_FOUND] = "NotFound",
    [KTA_E_LIMIT] = "Limit",     [KTA_E_TIMEOUT] = "Timeout",
    [KTA_E_PARSE] = "Parse",     [KTA_E_INTERRUPTED] = "Interrupted",
};

/* Copies text into to[size], cut where a code point ends. */
static void copy(char *to, size_t size, const char *text)
{
    size_t n = kta_utf8_prefix(text, strlen(text), size - 1);
    memmove(to, text, n);
    to[n] = '\0';
}

/* 4 bytes more than a message holds, so that a cut code point is seen as cut. */
struct text {
    char s[sizeof((struct kta_err *)0)->msg + 4];
};

static void __attribute__((format(printf, 2, 0)))
compose(struct text *t, const char *fmt, va_list ap)
{
    if (vsnprintf(t->s, sizeof t->s, fmt, ap) < 0)
        t->s[0] = '\0';
}

static int fill(struct kta_err *err, enum kta_code code, int sys, const struct text *t)
{
    err->code = code;
    err->http = 0;
    err->sys = sys;
    copy(err->msg, sizeof err->msg, t->s);
    err->hint[0] = '\0';
    return -1;
}

int kta_err_set(struct kta_err *err, enum kta_code code, const char *fmt, ...)
{
    struct text t;
    va_list ap;
    va_start(ap, fmt);
    compose(&t, fmt, ap);
    va_end(ap);
    return fill(err, code, 0, &t);
}

int kta_err_sys(struct kta_err *err, enum kta_code code, int sys, const char *fmt, ...)
{
    struct text t;
    va_list ap;
    va_start(ap, fmt);
    compose(&t, fmt, ap);
    va_end(ap);
    size_t used = strlen(t.s);
    snprintf(t.s + used, sizeof t.s - used, ": %s", strerror(sys));
    return fill(err, code, sys, &t);
}

int kta_err_wrap(struct kta_err *err, const char *fmt, ...)
{
    struct text t;
    va_list ap;
    va_start(ap, fmt);
    compose(&t, fmt, ap);
    va_end(ap);
    size_t used = strlen(t.s);
    snprintf(t.s + used, sizeof t.s - used, "%s%s", err->msg[0] ? ": " : "", err->msg);
    copy(err->msg, sizeof err->msg, t.s);
    if (err->code == KTA_E_OK)
        err->code = KTA_E_FAIL;
    return -1;
}

int kta_err_hint(struct kta_err *err, const char *fmt, ...)
{
    struct text t;
    va_list ap;
    va_start(ap, fmt);
    compose(&t, fmt, ap);
    va_end(ap);
    copy(err->hint, sizeof err->hint, t.s);
    return -1;
}

void kta_err_clear(struct kta_err *err)
{
    memset(err, 0, sizeof *err);
}

const char *kta_code_name(enum kta_code code)
{
    if ((size_t)code >= sizeof code_names / sizeof *code_names)
        return "Failed";
    return code_names[code];
}
