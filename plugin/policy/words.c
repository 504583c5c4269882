/*
 * words.c - what a word may look like: names, paths, addresses.
 *
 * Judged by spelling alone, so that the verdict is the same wherever it is asked for.
 */
#include <arpa/inet.h>
#include <strings.h>
#include "classify.h"
#include "kta/alloc.h"
#include "kta/str.h"

bool kta_plain_text(const char *s)
{
    for (; *s; s++)
        if (*s < 0x20 || *s > 0x7e)
            return false;
    return true;
}

bool kta_plain_word(const char *s)
{
    return kta_plain_text(s) && !strpbrk(s, " \"'`$;|&<>(){}\\!");
}

/* A path of several segments has ".." among them. */
static bool goes_up(const char *path)
{
    for (const char *p = path; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
        if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || p[2] == '\0'))
            return true;
    return false;
}

/* Spellings of an address: a scheme or "host:path", kustomize's short forms of a repository. */
static bool is_address(const char *path)
{
    static const char *const marks[] = {":",     "@",     "//",    "github.com",
                                        ".git/", "_git/", "?ref=", "?version="};

    for (size_t i = 0; i < KTA_LEN(marks); i++)
        if (strstr(path, marks[i]))
            return true;
    return kta_ends(path, ".git");
}

/* ".ssh/config", "a/.env": where programs keep what is not for everybody. */
static bool is_hidden(const char *path)
{
    for (const char *p = path; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
        if (p[0] == '.' && p[1] && p[1] != '/')
            return true;
    return false;
}

bool kta_telling_file(const char *path)
{
    static const char *const marks[] = {"secret", "passw", "token",  "credential", "key",
                                        "pem",    "p12",   "pfx",    "id_",        "kubeconfig",
                                        "auth",   "cert",  "htpass", "netrc"};

    if (strcmp(path, ".") == 0 || kta_ends(path, "/"))
        return true; /* every file of a folder */
    for (size_t i = 0; i < KTA_LEN(marks); i++)
        if (kta_stristr(path, marks[i]))
            return true;
    return false;
}

bool kta_local_file(const char *path, const char **ret_why)
{
    const char *why = NULL;

    if (strcmp(path, "-") == 0)
        why = "reads from stdin";
    else if (is_address(path))
        why = "reads from an address";
    else if (path[0] == '/' || path[0] == '~' || goes_up(path))
        why = "reads outside the working folder";
    else if (is_hidden(path))
        why = "reads a hidden file";
    if (ret_why)
        *ret_why = why;
    return !why;
}

bool kta_is_loopback(const char *address)
{
    struct in_addr v4;

    if (strcasecmp(address, "localhost") == 0 || strcmp(address, "::1") == 0)
        return true;
    return inet_pton(AF_INET, address, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}
