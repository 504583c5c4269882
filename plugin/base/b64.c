/* b64.c - base64 in and out. Decoding never reads past n and takes either alphabet, also mixed. */
#include "kta/b64.h"
#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void kta_b64_encode(const void *p, size_t n, struct kta_str *out)
{
    const unsigned char *s = p;
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)s[i] << 16;
        if (i + 1 < n)
            v |= (uint32_t)s[i + 1] << 8;
        if (i + 2 < n)
            v |= s[i + 2];
        char q[4] = {alphabet[v >> 18], alphabet[v >> 12 & 63], alphabet[v >> 6 & 63],
                     alphabet[v & 63]};
        if (i + 1 >= n)
            q[2] = '=';
        if (i + 2 >= n)
            q[3] = '=';
        kta_str_addn(out, q, 4);
    }
}

static int value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    if (c == '/' || c == '_')
        return 63;
    return -1;
}

static int blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int kta_b64_decode(const char *s, size_t n, struct kta_str *out)
{
    uint32_t v = 0;
    int have = 0; /* sextets of the quantum that is being read */
    size_t i = 0;
    char buf[768] = {0};
    size_t used = 0;
    int rc = 0;
    for (; i < n; i++) {
        int x = value(s[i]);
        if (x < 0) {
            if (blank(s[i]))
                continue;
            break;
        }
        v = v << 6 | (uint32_t)x;
        if (++have == 4) {
            if (used + 3 > sizeof buf) {
                kta_str_addn(out, buf, used);
                used = 0;
            }
            buf[used++] = (char)(v >> 16);
            buf[used++] = (char)(v >> 8 & 0xff);
            buf[used++] = (char)(v & 0xff);
            v = 0;
            have = 0;
        }
    }
    kta_str_addn(out, buf, used);
    if (have == 2 || have == 3) {
        v <<= 6 * (4 - have);
        kta_str_addc(out, (char)(v >> 16));
        if (have == 3)
            kta_str_addc(out, (char)(v >> 8 & 0xff));
    }
    if (have == 1)
        rc = -1;
    int pad = 0;
    for (; i < n; i++) {
        if (s[i] == '=' && have >= 2 && pad < 4 - have)
            pad++;
        else if (!blank(s[i]))
            return -1;
    }
    return rc;
}
