/*
 * utf8.h - text that comes from outside, made safe to show.
 */
#ifndef KTA_UTF8_H
#define KTA_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "kta/str.h"

/* Decodes one code point at s (n bytes left). Returns its length in bytes; an invalid sequence is
 * one byte long with *ret_cp = 0xFFFD. n must be > 0. */
size_t kta_utf8_decode(const char *s, size_t n, uint32_t *ret_cp);
/* Appends a code point; one that is none as U+FFFD. */
void kta_utf8_encode(uint32_t cp, struct kta_str *out);
/* No overlong form, no half of a surrogate pair, nothing above U+10FFFF. */
bool kta_utf8_valid(const char *s, size_t n);
/* The longest prefix of s that ends at a code point's boundary: for cutting. */
size_t kta_utf8_prefix(const char *s, size_t n, size_t max);

/* Appends s without what could deceive a reader or a terminal: C0 and C1 controls but \n and \t,
 * escape sequences (CSI, OSC, DCS whole), bidirectional and zero-width characters, invalid bytes
 * (as U+FFFD). CR LF becomes LF. */
void kta_clean(const char *s, size_t n, struct kta_str *out);
/* True if kta_clean would change it: used where such text is refused instead of cleaned. */
bool kta_deceptive(const char *s, size_t n);
/* Columns on a terminal: 0 for combining, 2 for wide; cluster text must be cleaned before. */
int kta_width(uint32_t cp);
int kta_str_width(const char *s, size_t n);

#endif
