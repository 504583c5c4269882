/*
 * value.c - whether a value looks like a secret.
 *
 * What a diagnosis needs is told apart here: references to a secret, paths, states ("expired"),
 * names of objects, masks.
 */
#include "names.h"
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>
#include "kta/alloc.h"

#define LIST(name, ...) static const char *const name[] = {__VA_ARGS__, NULL}

/* First words of what is said about a secret; none is a likely password. Lower case, sorted by
 * nothing: it is short. */
LIST(stop_words, "required", "missing", "invalid", "expired", "expires", "not", "is", "was", "are",
     "be", "must", "cannot", "can", "could", "unknown", "empty", "unset", "incorrect", "wrong",
     "failed", "failure", "denied", "rejected", "revoked", "malformed", "mismatch", "mismatched",
     "unauthorized", "unauthenticated", "forbidden", "authentication", "authorization",
     "verification", "validation", "has", "have", "had", "used", "provided", "given", "set",
     "changed", "updated", "added", "rotated", "created", "deleted", "mounted", "found", "loaded",
     "accepted", "valid", "ok", "success", "successful", "successfully", "error", "errors",
     "timeout", "refresh", "refreshed", "hidden", "masked", "redacted", "disabled", "enabled", "no",
     "yes", "true", "false", "null", "nil", "none", "undefined", "omitted", "filtered", "removed",
     "protected", "only", "does", "did", "should", "will", "would", "may", "length", "too",
     "unable", "unexpected", "expected", "request", "requests", "requested", "because", "please",
     "check", "using", "via", "when", "than", "then", "unsupported", "issued", "signature",
     "signed", "optional", "n/a", "deprecated", "pending", "generated", "generating", "stored",
     "resolved", "renewed", "renewal", "fetching", "fetched", "loading", "rotation", "check",
     "skipped", "ignored", "present", "absent", "available", "unavailable", "exists", "already",
     "never", "being", "been", "decryption", "encryption", "parsing", "bytes", "auth", "bearer",
     "basic", "files", "compat", "systemd");

/* The same, but a phrase may begin with them: "the quick brown fox". */
LIST(joining_words, "for", "from", "in", "the", "a", "an", "of", "to", "and", "or", "with",
     "without", "this", "that");

/* Words that go on with a sentence or name a thing, where the value is neither quoted nor assigned:
 * "get token: Post …". They may well be passwords elsewhere. */
LIST(chain_words, "get", "post", "put", "open", "read", "reading", "write", "dial", "lookup", "rpc",
     "http", "https", "context", "object", "string", "token", "tokens", "password", "opaque",
     "user", "username", "field", "value", "data", "service", "store", "manager", "file", "path",
     "name", "ref", "key", "type", "kind", "instead", "flag", "option", "secret", "secrets", "env",
     "environment", "variable", "configmap", "volume", "server", "default", "access", "your", "you",
     "on", "at", "as", "by", "if", "it", "its", "use");

static bool in(const char *v, size_t n, const char *const *list)
{
    int first = tolower((unsigned char)*v), second = n > 1 ? tolower((unsigned char)v[1]) : 0;

    for (; *list; list++)
        if (**list == first && (*list)[1] == second && !strncasecmp(v, *list, n) && !(*list)[n])
            return true;
    return false;
}

static size_t word_length(const char *v, size_t n)
{
    size_t i = 0;
    while (i < n && (isalpha((unsigned char)v[i]) || v[i] == '/' || v[i] == '\''))
        i++;
    return i;
}

/* "field is required", "this value must not …": said of the secret. */
static bool says_of_it(const char *v, size_t n)
{
    static const char *const subjects[] = {"field", "value",    "this",   "it", "key",
                                           "token", "password", "string", NULL};
    size_t at = 0, w = word_length(v, n);
    while (w && at + w < n && v[at + w] == ' ' && in(v + at, w, subjects)) {
        at += w + 1;
        w = word_length(v + at, n - at);
    }
    return at && w && in(v + at, w, stop_words) && (at + w == n || v[at + w] == ' ');
}

bool kta_value_stop_word(const char *v, size_t n, bool phrase)
{
    size_t w = word_length(v, n);
    if (says_of_it(v, n))
        return true;
    if (!w || !(in(v, w, stop_words) || (!phrase && in(v, w, joining_words))))
        return false;
    return w == n || strchr(" ,.;:!?)(\t\"", v[w]) != NULL;
}

static bool all_of(const char *v, size_t n, const char *set)
{
    for (size_t i = 0; i < n; i++)
        if (!memchr(set, v[i], strlen(set)))
            return false;
    return true;
}

static bool is_digits(const char *v, size_t n)
{
    return all_of(v, n, "0123456789");
}

/* with is in lower case */
static bool starts(const char *v, size_t n, const char *with)
{
    for (size_t i = 0; with[i]; i++)
        if (i >= n || tolower((unsigned char)v[i]) != (unsigned char)with[i])
            return false;
    return true;
}

static bool masked(const char *v, size_t n)
{
    return all_of(v, n, "*xX.-#_?") || starts(v, n, "***") || starts(v, n, "\xE2\x80\xA2") ||
           starts(v, n, "xxxx");
}

LIST(reference_starts, "${{", "!ref", "!sub", "!getatt", "!vault", "!secret", "!env",
     "vault:", "arn:aws", "op://", "ref+", "projects/", "env:", "file:", "secretkeyref",
     "valuefrom", "ssm:", "awssm", "gcpsm", "sops", "\xE2\x9F\xA6", "<set to", "data:image",
     "sm://", "keyvault", "akv", "k8s:", "kubernetes.io/", "secret/", "secrets/", "http://",
     "https://", "ssh-rsa ", "ssh-ed25519 ", "ecdsa-sha2-", "configmap/",
     "sha256:", "sha512:", "docker.io/", "ghcr.io/", "quay.io/", "(sensitive", "(known");

static bool enclosed(const char *v, size_t n, const char *open, char close)
{
    return starts(v, n, open) && v[n - 1] == close;
}

static bool identifier(const char *v, size_t n, const char *more)
{
    for (size_t i = 0; i < n; i++)
        if (!isalpha((unsigned char)v[i]) && !memchr(more, v[i], strlen(more)))
            return false;
    return true;
}

/* os.environ["X"], process.env.X, self.token, get_token(request): an expression of a program. */
static bool expression(const char *v, size_t n)
{
    static const char *const roots[] = {"process.env", "os.environ", "import.meta.env", "self.",
                                        "this.",       "var.",       "local.",          "module.",
                                        "secrets.",    "settings.",  "args.",           "cfg.",
                                        "env.",        "config."};
    const char *open = v[n - 1] == ')' ? memchr(v, '(', n) : memchr(v, '[', n);
    size_t head = open ? (size_t)(open - v) : n;
    if (open && *open == '[' && v[n - 1] == ']' && head >= 3) /* Optional[str] */
        return identifier(v, head, "_.") && identifier(open + 1, n - head - 2, "_., []\"'");
    if (open && *open == '(')
        return head >= 3 && identifier(v, head, "_.") && identifier(open + 1, n - head - 2, "_., ");
    for (size_t k = 0; k < KTA_LEN(roots); k++)
        if (starts(v, n, roots[k]))
            return identifier(v, head, "_.");
    return false;
}

/* %s, %v, %-10s, %(password)s, {}, {0}: a message before it was filled in */
static bool format(const char *v, size_t n)
{
    if (starts(v, n, "%("))
        return n > 3 && v[n - 2] == ')';
    return v[0] == '%' && n >= 2 && n <= 6 && strchr("sdvqxXr", v[n - 1]) &&
           all_of(v + 1, n - 2, "-+#.0123456789");
}

/* $secret, $dir/cakey.pem, $DB_PASSWORD of a shell; but $ecret is a password. */
static bool variable(const char *v, size_t n)
{
    size_t i = 1;
    bool shouted = true;
    for (; i < n && (isalnum((unsigned char)v[i]) || v[i] == '_'); i++)
        shouted &= !islower((unsigned char)v[i]);
    if (v[0] != '$' || i < 2 || isdigit((unsigned char)v[1]))
        return false;
    return i == n ? shouted || kta_telling(v + 1, n - 1, "", 0) != KTA_TELLS_NOTHING : v[i] == '/';
}

/* *common of YAML */
static bool alias(const char *v, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (!isalpha((unsigned char)v[i]) && v[i] != '_' && v[i] != '-')
            return false;
    return n > 1 && v[0] == '*';
}

/* {name}/{key}: the words in braces are to be filled in. */
static bool template(const char *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isalpha((unsigned char)v[i]) && !strchr("{}/ _-.", v[i]))
            return false;
    return v[0] == '{' && v[n - 1] == '}';
}

/* $(DB_PASSWORD), ${X}, {{ .Values.x }}, <nil>, %X%, $X, @/run/file */
static bool reference(const char *v, size_t n)
{
    for (const char *const *p = reference_starts; *p; p++)
        if (starts(v, n, *p))
            return true;
    if (n > 2 && starts(v, n, "$(") && isalpha((unsigned char)v[2]) && !memchr(v, ')', n))
        return true; /* $(kubectl get … */
    if (format(v, n) || expression(v, n))
        return true;
    if (enclosed(v, n, "$(", ')') || enclosed(v, n, "${", '}') || starts(v, n, "{{") ||
        enclosed(v, n, "<", '>') || enclosed(v, n, "#{", '}') || enclosed(v, n, "[", ']') ||
        enclosed(v, n, "(", ')') || enclosed(v, n, "__", '_'))
        return true;
    if (n > 2 && v[0] == '%' && v[n - 1] == '%')
        return true;
    return variable(v, n) || alias(v, n) || template(v, n);
}

/* /etc/x, ./x, ~/x, @/x: at least two parts of ordinary characters, or one that is short. */
static bool path(const char *v, size_t n)
{
    if (n && v[0] == '@') {
        v++;
        n--;
    }
    if (n >= 2 && (v[0] == '~' || v[0] == '.') && v[1] == '/')
        return true;
    if (n > 3 && isalpha((unsigned char)v[0]) && v[1] == ':' && v[2] == '\\')
        return true;
    if (n < 2 || v[0] != '/')
        return false;
    size_t parts = 0, lower = 0, upper = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)v[i];
        parts += c == '/';
        upper += isupper(c) != 0;
        lower += islower(c) || c == '/' || c == '-' || c == '.' || c == '_';
        if (!isalnum(c) && !strchr("/._-{}*:@$", c))
            return false;
    }
    return (parts >= 2 && lower * 4 >= n * 3) || (!upper && n <= 64);
}

/* v1.2.3, 1.4.0-rc1, 10.0.0.1, 30s, 5m */
static bool version_or_duration(const char *v, size_t n)
{
    size_t i = n && v[0] == 'v' ? 1 : 0, digits = 0, dots = 0;
    while (i < n && (isdigit((unsigned char)v[i]) || v[i] == '.')) {
        digits += v[i] != '.';
        dots += v[i] == '.';
        i++;
    }
    if (!digits || digits > 12)
        return false;
    if (i == n)
        return dots > 0 || v[0] == 'v';
    if (dots >= 2 && v[i] == '-')
        return true;
    return n - i <= 2 && digits <= 6 && all_of(v + i, n - i, "smhdKMGi");
}

/* 5432/TCP */
static bool port(const char *v, size_t n)
{
    return n > 4 && n < 10 && v[n - 4] == '/' && is_digits(v, n - 4) &&
           (starts(v + n - 3, 3, "tcp") || starts(v + n - 3, 3, "udp"));
}

/* 2026-11-30, 2026-11-30T10:00:00Z */
static bool date(const char *v, size_t n)
{
    return n >= 10 && n <= 35 && is_digits(v, 4) && v[4] == '-' && is_digits(v + 5, 2) &&
           v[7] == '-' && is_digits(v + 8, 2) && all_of(v + 10, n - 10, "0123456789T:Z.+- ");
}

/* "Forgot your password?" is a label. */
static bool asks(const char *v, size_t n)
{
    return v[n - 1] == '?' && memchr(v, ' ', n);
}

static bool hex(const char *v, size_t n)
{
    return all_of(v, n, "0123456789abcdefABCDEF");
}

static bool uuid(const char *v, size_t n)
{
    if (n != 36)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? v[i] != '-' : !isxdigit((unsigned char)v[i]))
            return false;
    }
    return true;
}

/* Lower-case words and numbers joined by - . / : as objects, images and hosts are named. */
static bool object_name(const char *v, size_t n)
{
    bool letter = false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)v[i];
        if (!islower(c) && !isdigit(c) && !strchr("-./:_", c))
            return false;
        letter |= islower(c) != 0;
    }
    return letter && !kta_value_random(v, n);
}

/* PreferNoSchedule: each capital begins a word. */
static bool camel_case(const char *v, size_t n)
{
    size_t words = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isalpha((unsigned char)v[i]))
            return false;
        if (!isupper((unsigned char)v[i]))
            continue;
        words++;
        if (i + 1 >= n || !islower((unsigned char)v[i + 1]))
            return false;
    }
    return words * 3 <= n;
}

bool kta_value_random(const char *v, size_t n)
{
    size_t best = 0, capital = 0;
    while (capital < n && !isupper((unsigned char)v[capital]))
        capital++;
    const char *joins = capital < n ? "+/=_" : "+/="; /* snake_case is words */
    for (size_t i = 0; i < n;) {
        size_t from = i, digits = 0, upper = 0, lower = 0, count[128] = {0};
        for (; i < n && (isalnum((unsigned char)v[i]) || strchr(joins, v[i])); i++) {
            unsigned char c = (unsigned char)v[i];
            digits += isdigit(c) != 0;
            upper += isupper(c) != 0;
            lower += islower(c) != 0;
            count[c & 127]++;
        }
        size_t len = i - from;
        if (len >= 16 && !camel_case(v + from, len) &&
            ((digits >= 2 && (upper || lower)) || (upper >= 3 && lower >= 3))) {
            double bits = 0;
            for (size_t k = 0; k < 128; k++)
                if (count[k])
                    bits -= (double)count[k] * log2((double)count[k] / (double)len);
            if (bits / (double)len >= (hex(v + from, len) ? 2.5 : 3.2) && len > best)
                best = len;
        }
        i += i == from;
    }
    return best >= 16;
}

static bool alphabetic(const char *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isalpha((unsigned char)v[i]))
            return false;
    return true;
}

static bool one_case(const char *v, size_t n)
{
    for (size_t i = 1; i < n; i++) /* Capitalized counts as one case */
        if ((islower((unsigned char)v[i]) != 0) != (islower((unsigned char)v[n - 1]) != 0))
            return false;
    return true;
}

/* What no name makes a secret. */
static bool never(const char *v, size_t n, bool phrase)
{
    return !n || masked(v, n) || kta_value_stop_word(v, n, phrase) || reference(v, n) ||
           path(v, n) || version_or_duration(v, n) || port(v, n) || date(v, n) || asks(v, n) ||
           v[n - 1] == ':' || memmem(v, n, "://", 3) || memmem(v, n, "%3A%2F%2F", 9) ||
           memmem(v, n, "%3a%2f%2f", 9);
}

LIST(reference_ends, "-secret", "-secrets", "-creds", "-credentials", "-token", "-tls", "-auth",
     "-key", "-keys", "-cert", "-certs", "-config", "-password", "-passwords");

static bool names_an_object(const char *v, size_t n)
{
    for (const char *const *p = reference_ends; *p; p++) {
        size_t m = strlen(*p);
        if (n > m && !memcmp(v + n - m, *p, m))
            return object_name(v, n);
    }
    return false;
}

/* Linux-npm-3b2a1908…: the key of a cache, words with a checksum at the end. */
static bool cache_key(const char *v, size_t n)
{
    size_t parts = 0, at = 0;
    for (const char *dash; (dash = memchr(v + at, '-', n - at)); parts++) {
        size_t len = (size_t)(dash - v) - at;
        if (!len || len > 12 || kta_value_random(v + at, len))
            return false;
        at = (size_t)(dash - v) + 1;
    }
    return parts >= 2 && (n - at == 32 || n - at == 40 || n - at == 64) && hex(v + at, n - at);
}

/* user:password, user/password */
static bool pair(const char *v, size_t n)
{
    const char *c = memchr(v, ':', n);
    return c && c != v && c + 3 < v + n && !object_name(v, n);
}

static bool reference_secret(const char *v, size_t n)
{
    bool digit = false, hyphen = false;
    for (size_t i = 0; i < n; i++) {
        digit |= isdigit((unsigned char)v[i]) != 0;
        hyphen |= v[i] == '-' || v[i] == '/' || v[i] == '.';
    }
    const char *slash = memchr(v, '/', n);
    if (slash && n >= 32 && kta_value_random(v, n)) /* AWS */
        return true;
    if (slash && digit && !memchr(v, '-', n) && !memchr(v, '.', n)) { /* admin/hunter2 */
        size_t i = (size_t)(slash - v);
        while (i < n && !isdigit((unsigned char)v[i]))
            i++;
        return i < n;
    }
    if (object_name(v, n))
        return digit && !hyphen && n >= 8;
    return n >= 6 && !uuid(v, n) &&
           (digit || kta_value_random(v, n) || pair(v, n) || !alphabetic(v, n));
}

bool kta_value_secret(const char *v, size_t n, enum kta_telling tells,
                      const struct kta_value_place *place)
{
    if (tells == KTA_TELLS_MAYBE && n < 16) /* nor random */
        return false;
    if (never(v, n, place->quoted && place->assigned))
        return false;
    if (!place->quoted && !place->assigned && !(place->own_line && tells == KTA_TELLS_PASSWORD) &&
        in(v, word_length(v, n), chain_words))
        return false;
    bool plain = alphabetic(v, n) && one_case(v, n) && n < 20;
    switch (tells) {
    case KTA_TELLS_NOTHING:
        return false;
    case KTA_TELLS_MAYBE:
        return kta_value_random(v, n) && !uuid(v, n) && !object_name(v, n) && !cache_key(v, n);
    case KTA_TELLS_REFERENCE:
        return reference_secret(v, n);
    case KTA_TELLS_TOKEN:
        if (n < 4 || (is_digits(v, n) && n < 6) ||
            (names_an_object(v, n) && !(place->variable && (place->assigned || place->quoted))))
            return false;
        return !plain || place->quoted || place->assigned || place->own_line;
    case KTA_TELLS_PASSWORD:
        if (is_digits(v, n) && n < 4)
            return false;
        return n >= 2 && (!plain || place->quoted || place->assigned || place->last);
    }
    return false;
}
