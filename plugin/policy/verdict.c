/*
 * verdict.c - a verdict, as every part of a classification adds to it.
 */
#include "classify.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *kta_class_name(enum kta_class c)
{
    static const char *const names[] = {"read", "write", "deny"};
    return names[c];
}

void kta_raise(struct kta_verdict *v, enum kta_class class_, const char *rule, const char *fmt, ...)
{
    va_list ap;

    if (class_ <= v->class_)
        return;
    v->class_ = class_;
    snprintf(v->rule, sizeof v->rule, "%s", rule);
    va_start(ap, fmt);
    vsnprintf(v->reason, sizeof v->reason, fmt, ap);
    va_end(ap);
}

void kta_outside(struct kta_verdict *v, const char *what)
{
    if (!v->outside[0] && strlen(what) < sizeof v->outside)
        snprintf(v->outside, sizeof v->outside, "%s", what);
    else if (strcmp(v->outside, what) != 0)
        snprintf(v->outside, sizeof v->outside, "several addresses or files");
}
