/*
 * snapfiles.h - the files of a snapshot: their names, and answering one read from another's answer
 * (private to k8s/).
 */
#ifndef KTA_K8S_SNAPFILES_H
#define KTA_K8S_SNAPFILES_H

#include "apipath.h"
#include "cluster_impl.h"

/* Fills in c from the folder. Also takes a folder of kubectl cluster-info dump. */
int snapshot_open(struct kta_cluster *c, const char *dir, struct kta_err *err);

/* Appends the file's name for a read, relative to the folder, without a leading slash. With
 * selectors: the name of exactly this read, "pods@labelSelector=….json". false: no safe name. */
bool snap_name(const struct api_path *a, const char *path, enum kta_accept accept,
               bool with_selectors, struct kta_str *out);
bool snap_has_selectors(const char *query);

/* Keeps of a list what the selectors of the query, and the namespace ("" for all), select. Takes
 * what it cannot understand as selecting nothing. */
void snap_filter(struct kta_json *list, const char *query, const char *ns);

/* Turns a list or an object into what the accept asks for. Takes and gives ownership. */
struct kta_json *snap_convert(struct kta_json *v, enum kta_accept accept, const char *resource,
                              int64_t now);

/* ---- cluster-info dump (snapdump.c) ---- */
bool dump_is(const char *dir);
/* The newest time that the dump itself tells, or KTA_NO_TIME. */
int64_t dump_time(const char *dir);
/* The file that holds a resource's list of a namespace ("" for cluster-scoped), or false. */
bool dump_list_name(const struct api_path *a, struct kta_str *out);
/* Appends a container's part of a pod's logs.txt; false when there is none. */
bool dump_log(const char *dir, const struct api_path *a, const char *container,
              struct kta_str *out);

#endif
