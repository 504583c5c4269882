/* gzip.h - packs, for the tests of what the program only unpacks. */
#ifndef TESTS_GZIP_H
#define TESTS_GZIP_H

#include <stdlib.h>
#include <zlib.h>
#include "kta/alloc.h"
#include "kta/str.h"

static void gzip(const void *p, size_t n, struct kta_str *out)
{
    enum { WINDOW = 15 + 16 /* the largest one, gzip's header */ };
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, WINDOW, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&z, n);
    kta_auto_free unsigned char *buf = kta_malloc(room);
    memcpy(&z.next_in, &p, sizeof p);
    z.avail_in = (uInt)n;
    z.next_out = buf;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    kta_str_addn(out, buf, z.total_out);
    deflateEnd(&z);
}

#endif
