/* report.c - the calls into a frontend that are safe when it is not there. */
#include "kta/report.h"
#include <stdarg.h>
#include "kta/str.h"

void kta_report_progress(const struct kta_report *r, const char *fmt, ...)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    va_list ap;
    if (!r || !r->progress)
        return;
    va_start(ap, fmt);
    kta_str_vaddf(&text, fmt, ap);
    va_end(ap);
    r->progress(r->ctx, text.s);
}

void kta_report_done(const struct kta_report *r)
{
    if (r && r->progress)
        r->progress(r->ctx, NULL);
}

void kta_report_note(const struct kta_report *r, const char *fmt, ...)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    va_list ap;
    if (!r || !r->note)
        return;
    va_start(ap, fmt);
    kta_str_vaddf(&text, fmt, ap);
    va_end(ap);
    r->note(r->ctx, text.s);
}

void kta_report_event(const struct kta_report *r, const char *type, const struct kta_json *data)
{
    if (r && r->event)
        r->event(r->ctx, type, data);
}
