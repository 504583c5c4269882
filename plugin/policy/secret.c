/*
 * secret.c - whether the answer to a command may show what is in a Secret.
 *
 * Tables, names and describe of Secrets show none of it. Any other format does, unless it is a
 * template that provably asks for metadata alone.
 */
#include <ctype.h>
#include <errno.h>
#include <strings.h>
#include <sys/stat.h>
#include "classify.h"
#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/str.h"

void kta_output_format(const struct kta_command *cmd, char *ret, size_t n)
{
    const char *value = kta_or(kta_command_flag(cmd, "output"), "");
    size_t i = 0;

    /* a template alone makes the format go-template */
    if (!*value && kta_command_flag(cmd, "template"))
        value = "go-template";
    for (; value[i] && value[i] != '=' && i + 1 < n; i++)
        ret[i] = (char)tolower((unsigned char)value[i]);
    ret[i] = '\0';
}

/* "secrets", "secret.v1", "Secrets.v1.", and other kinds that call themselves so. */
static bool is_secret(const char *kind)
{
    size_t n = strcspn(kind, ".");
    return (n == 6 && strncasecmp(kind, "secret", 6) == 0) ||
           (n == 7 && strncasecmp(kind, "secrets", 7) == 0);
}

static bool takes_files(const struct kta_command *cmd)
{
    return (kta_command_has(cmd, "filename") || kta_command_has(cmd, "kustomize")) &&
           strcmp(cmd->path, "kustomize") != 0;
}

/* A file that names a Secret, or may: it calls itself so, cannot be read as manifests, is a folder.
 * `absent`: what is assumed of one that is not there. */
static bool may_hold_secret(const char *path, bool absent)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct kta_doc docs[KTA_MAX_NAMED];
    struct kta_err err = KTA_ERR_INIT;
    struct stat st;
    int n;

    if (kta_secret_file(path))
        return true;
    if (stat(path, &st) < 0)
        return absent || (errno != ENOENT && errno != ENOTDIR);
    if (!S_ISREG(st.st_mode) || kta_fs_read(path, KTA_MAX_MANIFEST, &text, &err) < 0)
        return true;
    n = kta_manifest_objects(text.s, docs, KTA_MAX_NAMED, &err);
    for (int i = 0; i < n && i < KTA_MAX_NAMED; i++)
        if (!docs[i].kind[0] || is_secret(docs[i].kind) || kta_ends(docs[i].kind, "List"))
            return true;
    return n < 0 || n > KTA_MAX_NAMED || strlen(text.s) != text.len;
}

/* A dry run prints what it was given; what is read by a file's names may be anything. */
static bool files_may_hold_secret(const struct kta_command *cmd)
{
    bool absent = cmd->dry_run == KTA_DRY_NONE && !kta_command_true(cmd, "local");

    for (size_t i = 0; i < cmd->n_flags; i++) {
        if (strcmp(cmd->flags[i].name, "filename") != 0 &&
            strcmp(cmd->flags[i].name, "kustomize") != 0)
            continue;
        for (const char *p = kta_or(cmd->flags[i].value, "");; p++) {
            size_t n = strcspn(p, ",");
            kta_auto_free char *path = kta_strndup(p, n);
            if (may_hold_secret(path, absent))
                return true;
            p += n;
            if (!*p)
                break;
        }
    }
    return false;
}

/* True if the command may name a Secret: by kind, or in a file that holds one or may. */
static bool may_name_secret(struct kta_command *cmd)
{
    struct kta_named named[KTA_MAX_NAMED];
    size_t n;

    if (takes_files(cmd))
        return files_may_hold_secret(cmd);
    n = kta_command_objects(cmd, named, KTA_MAX_NAMED);
    if (n > KTA_MAX_NAMED)
        return true;
    for (size_t i = 0; i < n; i++)
        if (!named[i].kind || !*named[i].kind || is_secret(named[i].kind))
            return true;
    return false;
}

/* ---- templates ---- */

/* The fields of a Secret that are no secret. Annotations are: kubectl keeps a copy of what it
 * applied there. */
static const char *const open_fields[] = {
    "metadata.name",
    "metadata.namespace",
    "metadata.creationTimestamp",
    "metadata.uid",
    "metadata.resourceVersion",
    "metadata.generation",
    "metadata.deletionTimestamp",
    "metadata.ownerReferences[*].name",
    "metadata.ownerReferences[*].kind",
    "metadata.finalizers",
    "type",
    "kind",
    "apiVersion",
};

/* One field path, with or without its leading dot and braces. */
static bool is_open_field(const char *s, size_t n)
{
    static const char labels[] = "metadata.labels";

    if (n >= 2 && s[0] == '{' && s[n - 1] == '}')
        s++, n -= 2;
    if (n > 0 && s[0] == '$')
        s++, n--;
    if (n > 10 && strncmp(s, ".items[*].", 10) == 0)
        s += 9, n -= 9;
    if (n > 0 && s[0] == '.')
        s++, n--;
    for (size_t i = 0; i < KTA_LEN(open_fields); i++)
        if (strlen(open_fields[i]) == n && strncmp(open_fields[i], s, n) == 0)
            return true;
    if (n < sizeof labels - 1 || strncmp(s, labels, sizeof labels - 1) != 0)
        return false;
    for (size_t i = sizeof labels - 1; i < n; i++)
        if (!isalnum((unsigned char)s[i]) && !strchr(".-_/\\", s[i]))
            return false;
    return true;
}

/* "NAME:.metadata.name,TYPE:.type" */
static bool open_columns(const char *spec)
{
    for (const char *p = spec;; p++) {
        size_t n = strcspn(p, ",");
        const char *colon = memchr(p, ':', n);
        if (!colon || !is_open_field(colon + 1, n - (size_t)(colon + 1 - p)))
            return false;
        p += n;
        if (!*p)
            return true;
    }
}

/* What stands between the braces: a field, a quoted text, the loop over the items. */
static bool is_open_action(const char *in, size_t n, const char *range)
{
    while (n && *in == ' ')
        in++, n--;
    while (n && in[n - 1] == ' ')
        n--;
    if (n >= 2 && (in[0] == '"' || in[0] == '\'') && in[n - 1] == in[0])
        return !memchr(in + 1, in[0], n - 2);
    if ((n == 3 && strncmp(in, "end", 3) == 0) ||
        (n == strlen(range) && strncmp(in, range, n) == 0))
        return true;
    return is_open_field(in, n);
}

/* Text with actions in braces of a template language. */
static bool open_template(const char *spec, const char *open, const char *close, const char *range)
{
    for (const char *p = spec; (p = strstr(p, open)) != NULL;) {
        const char *in = p + strlen(open), *end = strstr(in, close);
        if (!end || !is_open_action(in, (size_t)(end - in), range))
            return false;
        p = end + strlen(close);
    }
    return true;
}

static bool shows_metadata_only(const struct kta_command *cmd, const char *format)
{
    const char *output = kta_command_flag(cmd, "output");
    const char *spec = output ? strchr(output, '=') : NULL;

    if (!spec)
        return false;
    if (strcmp(format, "custom-columns") == 0)
        return open_columns(spec + 1);
    if (strcmp(format, "jsonpath") == 0 || strcmp(format, "jsonpath-as-json") == 0)
        return open_template(spec + 1, "{", "}", "range .items[*]");
    if (strcmp(format, "go-template") == 0 || strcmp(format, "template") == 0)
        return open_template(spec + 1, "{{", "}}", "range .items");
    return false;
}

static bool is_table(const char *format)
{
    return !*format || strcmp(format, "wide") == 0 || strcmp(format, "name") == 0;
}

/* A table sorted by a Secret's data tells something of the data. */
static bool sorts_by_data(const struct kta_command *cmd)
{
    const char *by = kta_command_flag(cmd, "sort-by");
    return by && *by && !is_open_field(by, strlen(by));
}

/* With --local these print only what has a pod template: of a Secret they say that it has none. */
static bool prints_workloads(const struct kta_command *cmd)
{
    static const char *const paths[] = {"set env", "set image", "set resources",
                                        "set serviceaccount"};

    for (size_t i = 0; i < KTA_LEN(paths); i++)
        if (strcmp(cmd->path, paths[i]) == 0)
            return true;
    return false;
}

bool kta_may_reveal_secret(struct kta_command *cmd, char *why, size_t n)
{
    char format[32];
    const char *condition = kta_command_flag(cmd, "for");
    bool tells = false;

    kta_output_format(cmd, format, sizeof format);
    if (strcmp(cmd->path, "apply view-last-applied") == 0)
        tells = true; /* the manifest as it was applied, in every format */
    else if (strcmp(cmd->path, "annotate") == 0 && kta_command_true(cmd, "list"))
        tells = true; /* so does the annotation */
    else if (strcmp(cmd->path, "wait") == 0 && condition && strncmp(condition, "jsonpath", 8) == 0)
        tells = true; /* an answer of yes or no to a guess */
    else if (strcmp(cmd->path, "get") == 0 && sorts_by_data(cmd))
        tells = true;
    else if (strcmp(cmd->path, "describe") != 0 && !prints_workloads(cmd))
        tells = !is_table(format) && !shows_metadata_only(cmd, format);
    if (!tells || !may_name_secret(cmd))
        return false;
    snprintf(why, n,
             takes_files(cmd) ? "the file may name Secrets, and this format shows them"
                              : "shows what is in a Secret");
    return true;
}
