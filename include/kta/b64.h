/*
 * b64.h - base64 (RFC 4648), standard and URL alphabet, padding optional, white space skipped.
 */
#ifndef KTA_B64_H
#define KTA_B64_H

#include <stddef.h>
#include "kta/str.h"

/* Appends p in the standard alphabet, padded, without line breaks. */
void kta_b64_encode(const void *p, size_t n, struct kta_str *out);
/* 0, or -1 if a byte is not base64; out then holds what came before. */
int kta_b64_decode(const char *s, size_t n, struct kta_str *out);

#endif
