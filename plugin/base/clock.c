/* clock.c - times and durations. No time zone is ever read: everything is UTC. */
#include "kta/clock.h"
#include <stdbool.h>
#include <string.h>

int64_t kta_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t ahead; /* seconds that kta_wall is ahead of the clock */

int64_t kta_wall(void)
{
    return (int64_t)time(NULL) + ahead;
}

void kta_wall_set(int64_t now)
{
    ahead = now - (int64_t)time(NULL);
}

/* Days since 1970-01-01 of a proleptic Gregorian date; years count from March, so that the leap day
 * is the last one. */
static int64_t days(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* Reads exactly n digits at *p, moves on; -1 if there are fewer. */
static int digits(const char **p, int n)
{
    int v = 0;
    for (; n; n--, (*p)++) {
        if (**p < '0' || **p > '9')
            return -1;
        v = v * 10 + (**p - '0');
    }
    return v;
}

static bool take(const char **p, char c)
{
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

static int month_days(int y, int m)
{
    static const int n[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    return n[m - 1] + (m == 2 && leap);
}

/* The offset that ends a time, in seconds. */
static bool offset(const char **p, int *ret)
{
    if (**p == 'Z' || **p == 'z') {
        (*p)++;
        *ret = 0;
        return true;
    }
    int sign = **p == '-' ? -1 : 1;
    if (**p != '-' && **p != '+')
        return false;
    (*p)++;
    int h = digits(p, 2);
    if (h < 0 || h > 23 || !take(p, ':'))
        return false;
    int m = digits(p, 2);
    if (m < 0 || m > 59)
        return false;
    *ret = sign * (h * 3600 + m * 60);
    return true;
}

int64_t kta_time_parse(const char *s)
{
    if (!s)
        return KTA_NO_TIME;
    int y = digits(&s, 4);
    if (y < 0 || !take(&s, '-'))
        return KTA_NO_TIME;
    int mo = digits(&s, 2);
    if (mo < 1 || mo > 12 || !take(&s, '-'))
        return KTA_NO_TIME;
    int d = digits(&s, 2);
    if (d < 1 || d > month_days(y, mo))
        return KTA_NO_TIME;
    if (*s != 'T' && *s != 't' && *s != ' ')
        return KTA_NO_TIME;
    s++;
    int h = digits(&s, 2);
    if (h < 0 || h > 23 || !take(&s, ':'))
        return KTA_NO_TIME;
    int mi = digits(&s, 2);
    if (mi < 0 || mi > 59 || !take(&s, ':'))
        return KTA_NO_TIME;
    int sec = digits(&s, 2);
    if (sec < 0 || sec > 60)
        return KTA_NO_TIME;
    if (take(&s, '.')) {
        if (digits(&s, 1) < 0)
            return KTA_NO_TIME;
        while (*s >= '0' && *s <= '9')
            s++;
    }
    int off;
    if (!offset(&s, &off) || *s)
        return KTA_NO_TIME;
    return days(y, mo, d) * 86400 + h * 3600 + mi * 60 + sec - off;
}

void kta_time_format(int64_t t, struct kta_str *out)
{
    time_t tt = (time_t)t;
    struct tm tm;
    if (!gmtime_r(&tt, &tm)) {
        kta_str_add(out, "unknown");
        return;
    }
    kta_str_addf(out, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* "3m" and, when there is a rest, "20s". */
static void two(struct kta_str *out, int64_t big, const char *big_unit, int64_t small,
                const char *small_unit)
{
    kta_str_addf(out, "%lld%s", (long long)big, big_unit);
    if (small)
        kta_str_addf(out, "%lld%s", (long long)small, small_unit);
}

/* The thresholds are those of k8s.io/apimachinery duration.HumanDuration. */
void kta_age(int64_t s, struct kta_str *out)
{
    const int64_t min = 60, hour = 3600, day = 86400, year = 365 * day;
    if (s < -1)
        kta_str_add(out, "<invalid>");
    else if (s < 0)
        kta_str_add(out, "0s");
    else if (s < 2 * min)
        two(out, s, "s", 0, "");
    else if (s < 10 * min)
        two(out, s / min, "m", s % min, "s");
    else if (s < 3 * hour)
        two(out, s / min, "m", 0, "");
    else if (s < 8 * hour)
        two(out, s / hour, "h", s % hour / min, "m");
    else if (s < 2 * day)
        two(out, s / hour, "h", 0, "");
    else if (s < 8 * day)
        two(out, s / day, "d", s % day / hour, "h");
    else if (s < 2 * year)
        two(out, s / day, "d", 0, "");
    else if (s < 8 * year)
        two(out, s / year, "y", s % year / day, "d");
    else
        two(out, s / year, "y", 0, "");
}

static const struct unit {
    const char *name;
    double ms;
} units[] = {
    {"ns", 1e-6}, {"us", 1e-3}, {"µs", 1e-3}, {"μs", 1e-3},
    {"ms", 1},    {"s", 1e3},   {"m", 60e3},  {"h", 3600e3},
};

static const struct unit *unit_at(const char *s)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t n = strlen(units[i].name);
        char after = s[0] && !strncmp(s, units[i].name, n) ? s[n] : 'x';
        if (!after || after == '.' || (after >= '0' && after <= '9'))
            return &units[i];
    }
    return NULL;
}

/* A decimal number at *p, moves on. */
static bool number(const char **p, double *ret)
{
    double v = 0, scale = 1;
    bool any = false;
    for (; **p >= '0' && **p <= '9'; (*p)++, any = true)
        v = v * 10 + (**p - '0');
    if (take(p, '.'))
        for (; **p >= '0' && **p <= '9'; (*p)++, any = true)
            v += (**p - '0') * (scale /= 10);
    *ret = v;
    return any;
}

int kta_duration(const char *text, int64_t *ret_ms, struct kta_err *err)
{
    const char *p = text;
    double total = 0, v;
    bool bare = true; /* no unit yet */
    if (*p == '-')
        return kta_err_set(err, KTA_E_USAGE, "'%s' is a negative duration", text);
    if (*p == '+')
        p++;
    do {
        if (!number(&p, &v))
            goto bad;
        if (!*p && bare) {
            total = v * 1000;
            break;
        }
        const struct unit *u = unit_at(p);
        if (!u)
            goto bad;
        p += strlen(u->name);
        total += v * u->ms;
        bare = false;
    } while (*p);
    if (total > 1e15)
        return kta_err_set(err, KTA_E_USAGE, "'%s' is too long a duration", text);
    *ret_ms = (int64_t)(total + 0.5);
    if (total > 0 && !*ret_ms)
        *ret_ms = 1; /* "1ns" is not "no limit" */
    return 0;
bad:
    return kta_err_set(err, KTA_E_USAGE, "'%s' is not a duration (30s, 1m30s, 2h, 500ms)", text);
}
