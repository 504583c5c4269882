/*
 * gzip.h - gzip (RFC 1952) in and out, for Helm's releases.
 */
#ifndef KTA_GZIP_H
#define KTA_GZIP_H

#include <stddef.h>
#include "kta/err.h"
#include "kta/str.h"

/* Appends the unpacked bytes; KTA_E_LIMIT above KTA_MAX_GUNZIP. */
int kta_gunzip(const void *p, size_t n, struct kta_str *out, struct kta_err *err);
/* As Helm packs a release: what the tests unpack. */
int kta_gzip(const void *p, size_t n, struct kta_str *out, struct kta_err *err);

#endif
