/*
 * kubefiles.h - the kubeconfig files in force, merged by look-up (private to k8s/).
 *
 * kubectl merges the files of $KUBECONFIG entry by entry: the first file that has a cluster, user
 * or context of a name wins whole, and the first non-empty current-context wins. Nothing is merged
 * into one document here: an entry remembers its file, because relative paths and error messages
 * need it.
 */
#ifndef KTA_K8S_KUBEFILES_H
#define KTA_K8S_KUBEFILES_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/argv.h"
#include "kta/err.h"
#include "kta/json.h"
#include "kta/str.h"

struct kube_file {
    char *path, *dir; /* absolute */
    struct kta_str text;
    struct kta_json *json; /* an object, or NULL for an empty file */
};

struct kube_files {
    struct kube_file *v;
    size_t n, cap;
    struct kta_argv paths; /* every file that was looked for, absolute, in order */
};

/* One named cluster, user or context. */
struct kube_entry {
    const char *list;             /* "clusters", "users" or "contexts" */
    const char *member;           /* "cluster", "user" or "context" */
    const char *name;             /* points into the file's json */
    const struct kube_file *file; /* NULL: there is no such entry */
    const struct kta_json *value; /* an object, or NULL when the entry is empty */
    size_t index;                 /* in its list, to find its line */
};

/* explicit_path: --kubeconfig, which must exist; NULL: $KUBECONFIG, else ~/.kube/config. */
int kube_files_load(const char *explicit_path, struct kube_files *ret, struct kta_err *err);
void kube_files_release(struct kube_files *f);

const char *kube_files_current_context(const struct kube_files *f); /* or NULL */
/* list is "clusters", "users" or "contexts". ret->file is NULL when no file has that name. */
void kube_files_find(const struct kube_files *f, const char *list, const char *name,
                     struct kube_entry *ret);
/* Names of a list over all files, each once, in order of appearance. */
void kube_files_names(const struct kube_files *f, const char *list, struct kta_argv *ret);

/* Members of an entry. An absent one, null and "" give *ret NULL; another type is an error that
 * names file and line. *ret points into the file's json. */
int kube_entry_str(const struct kube_entry *e, const char *key, const char **ret,
                   struct kta_err *err);
int kube_entry_bool(const struct kube_entry *e, const char *key, bool *ret, struct kta_err *err);
/* A path member made absolute against the entry's file; NULL when absent. Caller frees. */
int kube_entry_path(const struct kube_entry *e, const char *key, char **ret, struct kta_err *err);
/* A string member as a copy in place of *ret, which is freed. */
int kube_entry_copy(const struct kube_entry *e, const char *key, char **ret, struct kta_err *err);
/* v's strings (a member of the entry, named key in errors); null and absence are an empty list. */
int kube_entry_list(const struct kube_entry *e, const char *key, const struct kta_json *v,
                    struct kta_argv *ret, struct kta_err *err);
/* "load kubeconfig 'FILE': line N: user 'x': …" with KTA_E_USAGE; key "" blames the entry itself.
 */
int kube_entry_fail(const struct kube_entry *e, const char *key, struct kta_err *err,
                    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
