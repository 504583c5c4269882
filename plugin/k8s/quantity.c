/*
 * quantity.c - Kubernetes quantities ("500m", "1.5Gi") to numbers and back.
 *
 * The number is kept in thousandths in 64 bits; what is larger (above 9.2e15 units, 8 PiB) stays at
 * the largest value. Fractions below a thousandth round up, as in Kubernetes. Source:
 * k8s.io/apimachinery/pkg/api/resource.
 */
#include "kta/obj.h"

#include <ctype.h>
#include <math.h>
#include "kta/alloc.h"
#include "kta/quantity.h"

static const struct {
    const char *suffix;
    double factor;
} suffixes[] = {
    {"n", 1e-9},    {"u", 1e-6},    {"m", 1e-3},    {"", 1},
    {"k", 1e3},     {"M", 1e6},     {"G", 1e9},     {"T", 1e12},
    {"P", 1e15},    {"E", 1e18},    {"Ki", 1024.0}, {"Mi", 1048576.0},
    {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60},
};

/* "e3", "E-2": a decimal exponent; false when it is none ("E" alone is exa). */
static bool exponent(const char *s, double *ret)
{
    char *end;
    long n;

    if ((*s != 'e' && *s != 'E') || (!isdigit((unsigned char)s[1]) && s[1] != '-' && s[1] != '+'))
        return false;
    n = strtol(s + 1, &end, 10);
    if (*end || !isdigit((unsigned char)end[-1]) || n > 30 || n < -30)
        return false;
    *ret = pow(10, (double)n);
    return true;
}

static bool suffix_factor(const char *s, double *ret)
{
    for (size_t i = 0; i < KTA_LEN(suffixes); i++) {
        if (strcmp(s, suffixes[i].suffix) == 0) {
            *ret = suffixes[i].factor;
            return true;
        }
    }
    return exponent(s, ret);
}

int64_t kta_quantity_milli(const char *text)
{
    int64_t whole = 0, part = 0, scale = 1;
    const char *p = text;
    size_t digits = 0;
    double factor, v;
    bool small = true; /* exact in 64 bits */

    if (!p)
        return -1;
    if (*p == '+')
        p++;
    for (; isdigit((unsigned char)*p); p++, digits++) {
        if (whole > INT64_MAX / 10 - 10)
            small = false;
        else
            whole = whole * 10 + (*p - '0');
    }
    if (*p == '.') {
        for (p++; isdigit((unsigned char)*p); p++, digits++) {
            if (scale < 1000000000) {
                part = part * 10 + (*p - '0');
                scale *= 10;
            }
        }
    }
    if (!digits || !suffix_factor(p, &factor))
        return -1;
    if (!small)
        return INT64_MAX;
    if (part == 0 && factor == 1 && whole < INT64_MAX / 1000)
        return whole * 1000;
    v = ((double)whole + (double)part / (double)scale) * factor * 1000;
    if (v >= 9.2e18)
        return INT64_MAX;
    /* a double is exact to 15 digits: 0.1 * 1000 must not round up to 101 */
    return (int64_t)ceil(v - v * 1e-14 - 1e-9);
}

void kta_quantity_memory(int64_t milli, struct kta_str *out)
{
    static const char *const units[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi"};
    double v = (double)milli / 1000;
    size_t u = 0;

    if (milli < 0)
        return;
    while (u + 1 < KTA_LEN(units) && v >= 1024) {
        v /= 1024;
        u++;
    }
    if (u == 0 || v >= 100 || fabs(v - round(v)) < 0.05)
        kta_str_addf(out, "%.0f%s", v, units[u]);
    else
        kta_str_addf(out, "%.1f%s", v, units[u]);
}

void kta_quantity_memory_whole(int64_t milli, struct kta_str *out)
{
    const int64_t ki = 1024LL * 1000, mi = ki * 1024, gi = mi * 1024;
    int64_t unit = milli % gi == 0 ? gi : milli >= mi ? mi : ki;

    if (milli >= 0)
        kta_str_addf(out, "%lld%s", (long long)(milli / unit + (milli % unit != 0)),
                     unit == gi   ? "Gi"
                     : unit == mi ? "Mi"
                                  : "Ki");
}

void kta_quantity_cpu(int64_t milli, struct kta_str *out)
{
    if (milli < 0)
        return;
    if (milli % 1000 == 0)
        kta_str_addf(out, "%lld", (long long)(milli / 1000));
    else
        kta_str_addf(out, "%lldm", (long long)milli);
}
