/*
 * apipath.h - a REST path of the API server, taken apart (private to k8s/).
 *
 * "/apis/apps/v1/namespaces/demo/deployments/backend/scale?x=y" → group apps, version v1, namespace
 * demo, resource deployments, name backend, subresource scale, query "x=y". Segments are
 * percent-decoded. What is not of that shape (/version, /apis) has an empty resource.
 */
#ifndef KTA_K8S_APIPATH_H
#define KTA_K8S_APIPATH_H

#include <stdbool.h>
#include "kta/str.h"

enum { API_SEGMENT = 320 }; /* a name has at most 253 characters */

struct api_path {
    char group[API_SEGMENT], version[64], namespace_[API_SEGMENT], resource[API_SEGMENT];
    char name[API_SEGMENT], subresource[64];
    const char *query; /* points into the path, "" when there is none */
    bool list;         /* a collection: resource and no name */
};

/* false when a segment is too long or deceptive ("..", a slash, control characters). */
bool api_path_parse(const char *path, struct api_path *ret);
/* The decoded value of a query's parameter; false when it is absent. */
bool api_query_get(const char *query, const char *key, struct kta_str *out);
/* path without the parameters named (NULL-terminated), then with extra ("a=b&c=d", or "") added. */
void api_query_edit(const char *path, const char *const *without, const char *extra,
                    struct kta_str *out);

#endif
