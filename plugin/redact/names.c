/*
 * names.c - what a name says of its value.
 *
 * A name is split into words (at _ - . / and at capitals). Only its end tells: "secretName" and
 * "tokenExpirationSeconds" speak of something about a secret, "DB_PASSWORD" and "accessToken" of
 * the secret itself. All tables are lower case.
 */
#include "names.h"
#include <ctype.h>
#include <string.h>
#include "kta/alloc.h"

enum { MAX_WORDS = 12, MAX_WORD = 40 };

struct words {
    char w[MAX_WORDS][MAX_WORD];
    size_t n;
};

#define LIST(name, ...) static const char *const name[] = {__VA_ARGS__, NULL}

/* Words that may follow the telling one without changing what the value is. */
LIST(neutral, "value", "val", "raw", "plain", "plaintext", "text", "cleartext", "base64", "b64",
     "prod", "production", "dev", "development", "staging", "stage", "test", "qa", "uat", "live",
     "old", "new", "prev", "previous", "current", "cur", "next", "primary", "secondary", "backup",
     "main", "base", "data", "string", "str", "env", "here", "hash", "digest", "encoded", "enc",
     "encrypted", "cipher", "bytes", "override", "default", "input", "field", "param", "arg", "var",
     "variable", "is", "was", "hex", "confirmation", "confirm", "again", "repeat", "eu", "us",
     "global", "internal", "external", "master", "root", "admin", "ro", "rw", "write", "read",
     "readonly");
/* Whole names in which a telling word tells nothing. */
LIST(harmless, "checksum", "fingerprint", "thumbprint", "sha256sum", "public", "pub", "publishable",
     "no", "skip", "hide", "show", "reveal", "disable", "enable", "require", "requires", "allow",
     "use", "has", "is", "max", "min", "num", "count", "foreign", "sort", "partition", "routing",
     "primary", "object", "cache");
/* In front of "key", beside those: a fingerprint or a name. */
LIST(key_weak, "gpg", "pgp");
LIST(sums, "hash", "digest");
/* "key" in other languages. */
LIST(foreign_keys, "schlüssel", "schluessel", "schlussel");
LIST(password_ends, "password", "passwd", "passphrase", "passcode", "passwort", "kennwort",
     "motdepasse", "senha", "wachtwoord", "heslo", "salasana", "pwd", "userpass", "dbpass",
     "rootpass", "adminpass", "requirepass", "masterauth", "keypass", "storepass", "smtppass",
     "ftppass", "bindpass", "authpass", "mypass", "adgangskode", "lösenord", "hasło", "haslo",
     "losenord", "lösenordet", "passordet", "sifre", "jelszo", "jelszó", "jelszava", "şifre",
     "şifresi", "geslo", "lozinka", "parola", "parol", "passord", "парола", "пароль", "пароля",
     "κωδικός", "contraseña", "authtok", "密码", "密碼", "口令", "パスワード", "비밀번호");
LIST(password_words, "pass", "pw", "passwd", "pwd", "psk", "rootpw", "adminpw", "dbpw", "userpw",
     "bindpw", "ldappw", "contrasena", "passw", "passe");
/* Words that end as "dbpass" does. */
LIST(passing, "bypass", "compass", "encompass", "surpass", "trespass", "overpass", "underpass");
LIST(token_ends, "token", "apikey", "secretkey", "accesskey", "privatekey", "authkey", "masterkey",
     "signingkey", "encryptionkey", "accountkey", "sharedkey", "clientsecret", "sharedsecret",
     "appsecret", "jwtsecret", "sharedaccesskey", "licensekey", "hmackey", "storagekey");
LIST(token_words, "jwt", "mnemonic", "pat", "bearer", "otp", "totp", "passkey", "sas",
     "passwordsalt", "segredo", "секрет", "токен", "令牌", "密钥");
LIST(reference_words, "secret", "credential", "credentials", "creds", "cred", "secrets");
LIST(maybe_words, "key", "dsn", "auth", "session", "sid", "sessionid", "salt", "signature", "sig",
     "csrf", "xsrf", "jsessionid", "phpsessid", "sessid", "nonce", "login", "webhook", "license",
     "code", "seed", "pin", "cookie", "tokens", "keys", "passwords", "apikeys", "private",
     "connectionstring", "authorization");
/* In front of "key": it opens something … */
LIST(key_strong, "api", "access", "secret", "private", "encryption", "encrypt", "decryption",
     "decrypt", "master", "signing", "sign", "signature", "license", "licence", "account", "auth",
     "authentication", "shared", "storage", "ssh", "hmac", "aes", "rsa", "crypto", "cipher",
     "session", "jwt", "token", "deploy", "instrumentation", "subscription", "fernet", "wireguard",
     "preshared", "stripe", "sendgrid", "openai", "anthropic", "mailgun", "datadog", "dd",
     "newrelic", "twilio", "algolia", "rollbar", "honeycomb", "cohere", "mistral", "groq", "gemini",
     "consumer", "unseal", "recovery", "webhook", "csrf", "cookie", "xsrf", "vault", "azure",
     "google", "aws", "gcp", "sec", "functions", "apim", "ocp", "kek", "dek", "cryption",
     "database");
/* … in front of "auth": a password, not a switch … */
LIST(auth_strong, "redis", "neo4j", "smtp", "mqtt", "elastic", "basic", "proxy", "http", "valkey");
/* … in front of "secret": an object of Kubernetes is meant. */
LIST(secret_object, "tls", "pull", "image", "existing", "volume", "ca", "cert", "certificate",
     "registry", "k8s", "kubernetes", "kube", "source", "target", "ssl", "ingress", "kind",
     "resource", "type", "the", "a", "this", "that", "missing", "default", "password", "passwd",
     "credentials", "token");

/* Words that tell only behind another one. */
static const struct {
    const char *before, *word;
    enum kta_telling tells;
} two_words[] = {
    {"auth", "ident", KTA_TELLS_TOKEN}, /* .yarnrc.yml */
    {"erlang", "cookie", KTA_TELLS_TOKEN},
    {"auth", "cookie", KTA_TELLS_TOKEN},
    {"session", "id", KTA_TELLS_MAYBE},
    {"connection", "string", KTA_TELLS_MAYBE},
    {"account", "sid", KTA_TELLS_NOTHING},            /* of Twilio */
    {"authentication", "string", KTA_TELLS_PASSWORD}, /* of MySQL's users */
    {"signing", "salt", KTA_TELLS_TOKEN},             /* of Phoenix */
    {"encryption", "salt", KTA_TELLS_TOKEN},
};

static bool in(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (**list == *word && !strcmp(word, *list))
            return true;
    return false;
}

static bool ends_in(const char *word, const char *const *list)
{
    size_t n = strlen(word);
    for (; n && *list; list++) {
        size_t m = strlen(*list);
        if (m <= n && word[n - m] == **list && !strcmp(word + n - m, *list))
            return true;
    }
    return false;
}

/* A letter's second byte, where that of the capital is one before it: À to Þ, Ş, Ω, Я. */
static void lower_pair(char *last)
{
    unsigned char *p = (unsigned char *)last - 1;
    if (p[0] == 0xC3 && p[1] >= 0x80 && p[1] <= 0x9E)
        p[1] += 0x20;
    else if (p[0] == 0xC4 || p[0] == 0xC5) /* Ş, Č; from Ĺ to ň the odd ones are capitals */
        p[1] += p[1] % 2 == ((p[0] == 0xC4 && p[1] >= 0xB9) || (p[0] == 0xC5 && p[1] <= 0x88));
    else if ((p[0] == 0xD0 || p[0] == 0xCE) && p[1] >= 0x90 && p[1] <= 0x9F)
        p[1] += 0x20;
    else if ((p[0] == 0xD0 || p[0] == 0xCE) && p[1] >= 0xA0 && p[1] <= 0xAF) {
        p[0]++;
        p[1] -= 0x20;
    }
}

/* The start of a new word at s[i]: after a separator, aB, and the B of ABc. */
static bool begins_word(const char *s, size_t i, size_t n)
{
    if (!i || !isupper((unsigned char)s[i]))
        return false;
    unsigned char prev = (unsigned char)s[i - 1];
    return islower(prev) || isdigit(prev) ||
           (isupper(prev) && i + 1 < n && islower((unsigned char)s[i + 1]));
}

static void split(const char *s, size_t n, struct words *w)
{
    size_t len = 0;
    for (size_t i = 0; i <= n; i++) {
        bool part = i < n && (isalnum((unsigned char)s[i]) || (unsigned char)s[i] >= 0x80);
        if (len && (!part || begins_word(s, i, n))) {
            w->w[w->n++][len] = '\0';
            len = 0;
            if (w->n == MAX_WORDS) { /* keep the end, it is what tells */
                memmove(w->w[0], w->w[1], sizeof w->w[0] * (MAX_WORDS - 1));
                w->n--;
            }
        }
        if (part && len < MAX_WORD - 1)
            w->w[w->n][len++] = (char)tolower((unsigned char)s[i]);
        if (part && len > 1 && (unsigned char)s[i] >= 0x80)
            lower_pair(&w->w[w->n][len - 1]);
    }
}

static bool all_digits(const char *s)
{
    return s[strspn(s, "0123456789")] == '\0';
}

/* "v2", "2", "production" after the telling word. */
static bool says_nothing(const char *word)
{
    return all_digits(word) || (word[0] == 'v' && all_digits(word + 1)) || in(word, neutral);
}

/* "PASSWORD2" → "password" */
static void strip_digits(char *word)
{
    size_t n = strlen(word);
    while (n > 1 && isdigit((unsigned char)word[n - 1]))
        word[--n] = '\0';
}

static enum kta_telling of_key(const char *before)
{
    if (before && (in(before, harmless) || in(before, key_weak))) /* "public key", GPG_KEY */
        return KTA_TELLS_NOTHING;
    return before && in(before, key_strong) ? KTA_TELLS_TOKEN : KTA_TELLS_MAYBE;
}

static enum kta_telling of_word(const char *word, const char *before)
{
    size_t n = strlen(word);
    if (in(word, password_words) || ends_in(word, password_ends) ||
        (n > 5 && !strcmp(word + n - 4, "pass") && !in(word, passing)))
        return KTA_TELLS_PASSWORD;
    if (in(word, reference_words))
        return !before || strcmp(word, "secret") || in(before, secret_object) ? KTA_TELLS_REFERENCE
                                                                              : KTA_TELLS_TOKEN;
    if (in(word, token_words) || ends_in(word, token_ends))
        return KTA_TELLS_TOKEN;
    if (!strcmp(word, "key") || ends_in(word, foreign_keys))
        return of_key(before);
    if (!strcmp(word, "auth") && before && in(before, auth_strong))
        return KTA_TELLS_TOKEN;
    for (size_t i = 0; i < KTA_LEN(two_words); i++)
        if (before && !strcmp(before, two_words[i].before) && !strcmp(word, two_words[i].word))
            return two_words[i].tells;
    if (n > 6 && !strcmp(word + n - 6, "secret"))
        return KTA_TELLS_TOKEN;
    return in(word, maybe_words) ? KTA_TELLS_MAYBE : KTA_TELLS_NOTHING;
}

static bool shouted(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (islower((unsigned char)s[i]))
            return false;
    return true;
}

static enum kta_telling judge(const char *name, size_t n, const char *before, size_t n_before)
{
    struct words w = {.n = 0};
    if (n_before)
        split(before, n_before, &w);
    size_t own = w.n;
    split(name, n, &w);
    if (own > w.n)
        own = 0; /* so many words that the one before fell out */
    for (size_t i = own; i < w.n; i++)
        if (in(w.w[i], harmless) && i + 1 < w.n)
            return KTA_TELLS_NOTHING;
    for (size_t left = w.n, strip = 0; left > own && strip < 3; left--, strip++) {
        char *word = w.w[left - 1];
        const char *prev = left > 1 ? w.w[left - 2] : NULL;
        enum kta_telling t = of_word(word, prev);
        bool fills = says_nothing(word); /* "b64", which is no "b" */
        if (t == KTA_TELLS_NOTHING && !fills) {
            strip_digits(word);
            t = of_word(word, prev);
        }
        /* "password hash" is a secret, a "hash" alone mostly is none */
        if (t == KTA_TELLS_MAYBE && in(word, neutral) && left > own + 1)
            t = KTA_TELLS_NOTHING;
        /* a checksum of a Secret or of its object */
        if (t == KTA_TELLS_REFERENCE && left < w.n && in(w.w[w.n - 1], sums))
            return KTA_TELLS_NOTHING;
        /* SECRET=… in an environment is the secret itself */
        if (t == KTA_TELLS_REFERENCE && shouted(name, n) && !(prev && in(prev, secret_object)))
            t = KTA_TELLS_TOKEN;
        if (t != KTA_TELLS_NOTHING)
            return t;
        if (!fills)
            break;
    }
    return KTA_TELLS_NOTHING;
}

/* Logs say the same names over and over: the last judgement of each hash is kept. */
enum kta_telling kta_telling(const char *name, size_t n, const char *before, size_t n_before)
{
    static struct {
        char name[47];
        unsigned char n, tells;
    } cache[512];
    if (n_before || !n || n > sizeof cache->name)
        return judge(name, n, before, n_before);
    unsigned h = (unsigned)n;
    for (size_t i = 0; i < n; i++)
        h = h * 31 + (unsigned char)name[i];
    h = (h ^ h >> 9) % KTA_LEN(cache);
    if (cache[h].n != n || memcmp(cache[h].name, name, n) != 0) {
        cache[h].tells = (unsigned char)judge(name, n, NULL, 0);
        cache[h].n = (unsigned char)n;
        memcpy(cache[h].name, name, n);
    }
    return (enum kta_telling)cache[h].tells;
}
