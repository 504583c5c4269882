/*
 * fs.h - files, folders, the XDG places.
 *
 * Everything written is 0600 (folders 0700) and appears whole or not at all: written beside,
 * fsync'ed, renamed, the folder fsync'ed. Temporary files (kta_fs_temp) are only 0600.
 */
#ifndef KTA_FS_H
#define KTA_FS_H

#include <stdbool.h>
#include <stddef.h>
#include "kta/err.h"
#include "kta/str.h"

/* Appends a regular file or a pipe; KTA_E_LIMIT above max bytes, KTA_E_NOT_FOUND when it is not
 * there: out is as it was then. */
int kta_fs_read(const char *path, size_t max, struct kta_str *out, struct kta_err *err);
/* Writes whole or not at all, durably. */
int kta_fs_write(const char *path, const void *data, size_t n, struct kta_err *err);
/* All n bytes to a descriptor; -1 with errno. */
int kta_fs_write_all(int fd, const void *data, size_t n);
/* What was made in the folder is there after a crash, too. */
int kta_fs_sync_dir(const char *dir, struct kta_err *err);
/* A new file for another program to read, with these bytes, its name ending in suffix, in the first
 * of $XDG_RUNTIME_DIR, $TMPDIR and /tmp that takes it. Its path, which the caller unlinks and
 * frees, or NULL. */
char *kta_fs_temp(const char *suffix, const void *data, size_t n, struct kta_err *err);
/* mkdir -p, each new folder 0700. */
int kta_fs_mkdirs(const char *path, struct kta_err *err);
bool kta_fs_exists(const char *path);
/* dir + "/" + name; an absolute name is returned as it is. Caller frees. */
char *kta_fs_join(const char *dir, const char *name);
char *kta_fs_dirname(const char *path); /* caller frees */
/* Replaces a leading ~/ by $HOME. Caller frees. */
char *kta_fs_expand(const char *path);
/* Names in a folder, sorted, without . and ..; ret_names is freed with kta_fs_free_names. A folder
 * that is not there gives 0 names. */
int kta_fs_list(const char *dir, char ***ret_names, size_t *ret_n, struct kta_err *err);
void kta_fs_free_names(char **names, size_t n);

enum kta_xdg { KTA_XDG_CONFIG, KTA_XDG_STATE, KTA_XDG_CACHE, KTA_XDG_DATA };
/* "$XDG_…_HOME/kubectl-todo-ai[/name]" with the defaults of the XDG base directory specification.
 * Nothing is created. NULL only when neither the variable nor HOME is set. Caller frees. */
char *kta_xdg_path(enum kta_xdg which, const char *name);
/* The absolute path of a program found on PATH (only absolute PATH entries count), or NULL. Caller
 * frees. */
char *kta_fs_which(const char *program);

#endif
