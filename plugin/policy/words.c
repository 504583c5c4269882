/*
 * words.c - what a word may look like: names, paths, addresses.
 *
 * Judged by spelling, so that the verdict is the same wherever it is asked for; only a symbolic
 * link in the working folder is looked at, since it may lead out of it whatever it is called.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
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

bool kta_secret_file(const char *path)
{
    return kta_stristr(path, "secret") || kta_stristr(path, "passw") ||
           kta_stristr(path, "credential");
}

/* What exists at path is, links resolved, below root. */
static bool stays_below(const char *root, const char *path)
{
    char real[PATH_MAX];
    size_t n = strlen(root);

    if (!realpath(path, real))
        return true; /* nothing is there, so nothing is read */
    return strncmp(real, root, n) == 0 && (real[n] == '/' || real[n] == '\0' || n == 1);
}

enum { MAX_DEPTH = 6, MAX_ENTRIES = 4096 };

/* A folder's files are read, too. */
static bool folder_stays_below(const char *root, const char *path, int depth, int *left)
{
    DIR *d = opendir(path);
    bool stays = true;

    for (struct dirent *e; d && stays && (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        kta_auto_free char *file = kta_asprintf("%s/%s", path, e->d_name);
        if (--*left < 0 || depth == 0)
            stays = false; /* not looked at */
        else if (e->d_type == DT_LNK || e->d_type == DT_UNKNOWN)
            stays = stays_below(root, file);
        else if (e->d_type == DT_DIR)
            stays = folder_stays_below(root, file, depth - 1, left);
    }
    if (d)
        closedir(d);
    return stays;
}

static bool leads_out(const char *path)
{
    char root[PATH_MAX];
    struct stat st;
    int left = MAX_ENTRIES;

    if (!*path || !realpath(".", root))
        return false;
    if (!stays_below(root, path))
        return true;
    /* the working folder itself may be anything: its links are those of whoever works there */
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && strcmp(path, ".") != 0 &&
           !folder_stays_below(root, path, MAX_DEPTH, &left);
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
    else if (leads_out(path))
        why = "leads outside the working folder (a symbolic link)";
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
