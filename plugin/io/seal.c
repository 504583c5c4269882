/*
 * seal.c - authenticated encryption for what the journal keeps; the one user of libsodium.
 *
 * Layout: 8 bytes of magic, 24 of nonce, the ciphertext with its tag. The key never leaves this
 * file and is wiped after use.
 */
#include "kta/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "kta/alloc.h"
#include "kta/fs.h"

#define MAGIC     "ktaseal1"
#define MAGIC_LEN 8u
#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LEN   crypto_aead_xchacha20poly1305_ietf_ABYTES
#define KEY_LEN   crypto_aead_xchacha20poly1305_ietf_KEYBYTES

/* Makes the key, unless somebody else just did: link() of a finished file never shows half a key.
 */
static int make_key(const char *file, struct kta_err *err)
{
    kta_auto_free char *dir = kta_fs_dirname(file);
    kta_auto_free char *temp = kta_asprintf("%s.%ld", file, (long)getpid());
    unsigned char key[KEY_LEN];
    int rc;

    if (kta_fs_mkdirs(dir, err) < 0)
        return -1;
    randombytes_buf(key, sizeof key);
    rc = kta_fs_write(temp, key, sizeof key, err);
    sodium_memzero(key, sizeof key);
    if (rc < 0)
        return -1;
    if (link(temp, file) < 0 && errno != EEXIST)
        rc = kta_err_sys(err, KTA_E_FAIL, errno, "cannot make the key file '%s'", file);
    unlink(temp);
    return rc;
}

/* make: a key that is not there is made; what was sealed with a lost one is not for a new one. */
static int load_key(const char *file, bool make, unsigned char key[KEY_LEN], struct kta_err *err)
{
    struct kta_str text = KTA_STR_INIT;
    int rc = 0;

    if (sodium_init() < 0)
        return kta_err_set(err, KTA_E_FAIL, "libsodium cannot be used on this machine");
    if (!make && !kta_fs_exists(file))
        return kta_err_set(err, KTA_E_PARSE,
                           "the key file '%s' is gone: what was sealed with it does not open",
                           file);
    if (!kta_fs_exists(file) && make_key(file, err) < 0)
        return -1;
    (void)chmod(file, 0600); /* a restored backup may have widened it */
    if (kta_fs_read(file, KEY_LEN + 1, &text, err) < 0)
        rc = -1;
    else if (text.len != KEY_LEN)
        rc =
            kta_err_set(err, KTA_E_PARSE, "the key file '%s' is broken: it holds %zu bytes, not %u",
                        file, text.len, (unsigned)KEY_LEN);
    else
        memcpy(key, text.s, KEY_LEN);
    if (text.len)
        sodium_memzero(text.s, text.len);
    kta_str_release(&text);
    return rc;
}

int kta_seal(const char *key_file, const char *about, const void *p, size_t n, struct kta_str *out,
             struct kta_err *err)
{
    unsigned char key[KEY_LEN], nonce[NONCE_LEN], *sealed;
    unsigned long long sealed_len = 0;

    if (load_key(key_file, true, key, err) < 0)
        return -1;
    randombytes_buf(nonce, sizeof nonce);
    sealed = kta_malloc(n + TAG_LEN);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &sealed_len, p, n,
                                               (const unsigned char *)about, strlen(about), NULL,
                                               nonce, key);
    sodium_memzero(key, sizeof key);
    kta_str_addn(out, MAGIC, MAGIC_LEN);
    kta_str_addn(out, nonce, sizeof nonce);
    kta_str_addn(out, sealed, (size_t)sealed_len);
    free(sealed);
    return 0;
}

int kta_unseal(const char *key_file, const char *about, const void *p, size_t n,
               struct kta_str *out, struct kta_err *err)
{
    const unsigned char *bytes = p;
    const size_t head = MAGIC_LEN + NONCE_LEN;
    unsigned char key[KEY_LEN], *open;
    unsigned long long open_len = 0;
    int rc = 0;

    if (n < head + TAG_LEN || memcmp(bytes, MAGIC, MAGIC_LEN) != 0)
        return kta_err_set(err, KTA_E_PARSE, "what was kept of '%s' is broken", about);
    if (load_key(key_file, false, key, err) < 0)
        return -1;
    open = kta_malloc(n);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(open, &open_len, NULL, bytes + head, n - head,
                                                   (const unsigned char *)about, strlen(about),
                                                   bytes + MAGIC_LEN, key) != 0)
        rc = kta_err_set(err, KTA_E_PARSE,
                         "what was kept of '%s' does not open: it was changed, or '%s' is another "
                         "key",
                         about, key_file);
    else
        kta_str_addn(out, open, (size_t)open_len);
    sodium_memzero(key, sizeof key);
    sodium_memzero(open, n);
    free(open);
    return rc;
}

void kta_digest(const void *p, size_t n, char ret[65])
{
    unsigned char hash[32];

    crypto_generichash(hash, sizeof hash, p, n, NULL, 0);
    sodium_bin2hex(ret, 65, hash, sizeof hash);
}

void kta_random_hex(char *ret, size_t n)
{
    unsigned char byte;

    for (size_t i = 0; i < n; i++) {
        randombytes_buf(&byte, 1);
        snprintf(ret + 2 * i, 3, "%02x", byte);
    }
}
