/*
 * gzip.c - gzip unpacked on top of zlib, the only file that knows it. What is unpacked is bounded
 * while it grows, so that a small archive cannot fill the memory.
 */
#include "kta/gzip.h"
#include <zlib.h>
#include "kta/limits.h"

#define GZIP_WINDOW (15 + 16) /* zlib: the largest window, gzip's header */

int kta_gunzip(const void *p, size_t n, struct kta_str *out, struct kta_err *err)
{
    unsigned char buf[32768];
    z_stream z = {0};
    size_t total = 0;
    int rc;

    if (n > KTA_MAX_GUNZIP)
        return kta_err_set(err, KTA_E_LIMIT, "gzip data is larger than %u MiB",
                           KTA_MAX_GUNZIP >> 20);
    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
        return kta_err_set(err, KTA_E_FAIL, "cannot start zlib");
    memcpy(&z.next_in, &p, sizeof p);
    z.avail_in = (uInt)n;
    do {
        size_t got;
        z.next_out = buf;
        z.avail_out = sizeof buf;
        rc = inflate(&z, Z_NO_FLUSH);
        got = sizeof buf - z.avail_out;
        total += got;
        if (total > KTA_MAX_GUNZIP) {
            inflateEnd(&z);
            return kta_err_set(err, KTA_E_LIMIT, "gzip data unpacks to more than %u MiB",
                               KTA_MAX_GUNZIP >> 20);
        }
        kta_str_addn(out, buf, got);
    } while (rc == Z_OK);
    inflateEnd(&z);
    if (rc == Z_STREAM_END)
        return 0;
    if (rc == Z_BUF_ERROR)
        return kta_err_set(err, KTA_E_PARSE, "gzip data ends too early");
    return kta_err_set(err, KTA_E_PARSE, "gzip data is broken%s%s", z.msg ? ": " : "",
                       z.msg ? z.msg : "");
}
