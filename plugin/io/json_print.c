/*
 * json_print.c - JSON values as text.
 *
 * Our own, because cJSON prints integers above 2^53 as floats and copies invalid UTF-8.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kta/json.h"
#include "kta/utf8.h"

/* A number that a double holds exactly lies within ±2^53. */
#define EXACT_INT 9007199254740992.0

void kta_json_quote(const char *s, size_t n, struct kta_str *out)
{
    static const char *const shorts[32] = {
        ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t"};
    kta_str_addc(out, '"');
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)s[i];
        size_t run = 0;
        uint32_t cp;
        while (i + run < n && (unsigned char)s[i + run] >= 0x20 &&
               (unsigned char)s[i + run] < 0x7F && s[i + run] != '"' && s[i + run] != '\\')
            run++;
        if (run) {
            kta_str_addn(out, s + i, run);
            i += run;
        } else if (c == '"' || c == '\\') {
            kta_str_addc(out, '\\');
            kta_str_addc(out, s[i++]);
        } else if (c < 0x20 || c == 0x7F) {
            if (c < 0x20 && shorts[c])
                kta_str_add(out, shorts[c]);
            else
                kta_str_addf(out, "\\u%04x", c);
            i++;
        } else {
            i += kta_utf8_decode(s + i, n - i, &cp);
            kta_utf8_encode(cp, out);
        }
    }
    kta_str_addc(out, '"');
}

/* The shortest text that reads back as the same double. */
static void print_number(double d, struct kta_str *out)
{
    char buf[40];
    if (isnan(d) || isinf(d)) {
        kta_str_add(out, "null");
        return;
    }
    if (fabs(d) <= EXACT_INT && fabs(d - trunc(d)) <= 0) {
        kta_str_addf(out, "%lld", (long long)d);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        double back;
        snprintf(buf, sizeof buf, "%.*g", digits, d);
        back = strtod(buf, NULL);
        if (back >= d && back <= d)
            break;
    }
    kta_str_add(out, buf);
}

static void new_line(bool pretty, int depth, struct kta_str *out)
{
    if (!pretty)
        return;
    kta_str_addc(out, '\n');
    for (int i = 0; i < depth; i++)
        kta_str_add(out, "  ");
}

static void print_value(const struct kta_json *v, bool pretty, int depth, struct kta_str *out);

static void print_children(const struct kta_json *v, bool pretty, int depth, struct kta_str *out)
{
    bool object = kta_json_type(v) == KTA_JSON_OBJECT;
    kta_str_addc(out, object ? '{' : '[');
    kta_json_each(m, v) {
        new_line(pretty, depth + 1, out);
        if (object) {
            kta_json_quote(kta_json_key(m), strlen(kta_json_key(m)), out);
            kta_str_add(out, pretty ? ": " : ":");
        }
        print_value(m, pretty, depth + 1, out);
        if (kta_json_next(m))
            kta_str_addc(out, ',');
    }
    if (kta_json_first(v))
        new_line(pretty, depth, out);
    kta_str_addc(out, object ? '}' : ']');
}

static void print_value(const struct kta_json *v, bool pretty, int depth, struct kta_str *out)
{
    enum kta_json_type t = kta_json_type(v);
    if (t == KTA_JSON_STRING)
        kta_json_quote(kta_json_text(v), strlen(kta_json_text(v)), out);
    else if (kta_json_digits(v))
        kta_str_add(out, kta_json_digits(v));
    else if (t == KTA_JSON_NUMBER)
        print_number(kta_json_num(v, NULL, 0), out);
    else if (t == KTA_JSON_BOOL)
        kta_str_add(out, kta_json_bool(v, NULL, false) ? "true" : "false");
    else if (t == KTA_JSON_ARRAY || t == KTA_JSON_OBJECT)
        print_children(v, pretty, depth, out);
    else
        kta_str_add(out, "null");
}

void kta_json_print(const struct kta_json *v, bool pretty, struct kta_str *out)
{
    print_value(v, pretty, 0, out);
}
