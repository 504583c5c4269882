/*
 * gzip.h - gzip (RFC 1952) unpacked, for Helm's releases.
 */
#ifndef KTA_GZIP_H
#define KTA_GZIP_H

#include <stddef.h>
#include "kta/err.h"
#include "kta/str.h"

/* Appends the unpacked bytes; of broken data (KTA_E_PARSE), or more than KTA_MAX_GUNZIP of it
 * (KTA_E_LIMIT), those that came before. */
int kta_gunzip(const void *p, size_t n, struct kta_str *out, struct kta_err *err);

#endif
