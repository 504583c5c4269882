/*
 * seal.h - bytes kept on disk that only this user may read back: authenticated encryption.
 *
 * XChaCha20-Poly1305 by libsodium. The key is a file of 32 random bytes, 0600, made at first use
 * and never replaced. `about` (what the bytes are, "17.2 before") is authenticated with them: a
 * file that was moved or renamed does not open.
 */
#ifndef KTA_SEAL_H
#define KTA_SEAL_H

#include <stddef.h>
#include "kta/err.h"
#include "kta/str.h"

/* Appends the sealed bytes to out. */
int kta_seal(const char *key_file, const char *about, const void *p, size_t n, struct kta_str *out,
             struct kta_err *err);
/* Appends the opened bytes; KTA_E_PARSE when they were changed, or belong to another key or place.
 */
int kta_unseal(const char *key_file, const char *about, const void *p, size_t n,
               struct kta_str *out, struct kta_err *err);

/* 64 hex digits: BLAKE2b-256 of the bytes. */
void kta_digest(const void *p, size_t n, char ret[65]);
/* n random bytes as 2n hex digits and a NUL: what cannot be guessed. */
void kta_random_hex(char *ret, size_t n);

#endif
