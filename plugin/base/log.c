/* log.c - what -v shows, on stderr. A line is written with one call, so lines never interleave. */
#include "kta/log.h"
#include "kta/clock.h"
#include "kta/str.h"
#include <stdarg.h>
#include <unistd.h>

static int current;
static int64_t started = -1;

void kta_log_level(int level)
{
    current = level;
    if (started < 0)
        started = kta_now_ms();
}

bool kta_log_on(int level)
{
    return level <= current;
}

void kta_log(int level, const char *fmt, ...)
{
    if (!kta_log_on(level))
        return;
    if (started < 0)
        started = kta_now_ms();
    kta_auto_str struct kta_str line = KTA_STR_INIT;
    kta_str_addf(&line, "%5lldms ", (long long)(kta_now_ms() - started));
    va_list ap;
    va_start(ap, fmt);
    kta_str_vaddf(&line, fmt, ap);
    va_end(ap);
    kta_str_addc(&line, '\n');
    if (write(STDERR_FILENO, line.s, line.len) < 0)
        return; /* nobody is left who could be told */
}
