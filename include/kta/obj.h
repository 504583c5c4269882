/*
 * obj.h - reading Kubernetes objects: what every analyzer asks of them.
 *
 * All accept NULL and return NULL, 0 or false then (kta_obj_created KTA_NO_TIME). Strings and
 * objects that are returned point into the object, and hold as long as it is not changed. The
 * fields are those of Kubernetes' API (k8s.io/api), whatever the kind.
 */
#ifndef KTA_OBJ_H
#define KTA_OBJ_H

#include <stdbool.h>
#include <stdint.h>
#include "kta/json.h"

const char *kta_obj_kind(const struct kta_json *o);
const char *kta_obj_name(const struct kta_json *o);
const char *kta_obj_namespace(const struct kta_json *o);
const char *kta_obj_uid(const struct kta_json *o);
int64_t kta_obj_created(const struct kta_json *o); /* seconds since the epoch, or KTA_NO_TIME */
const char *kta_obj_label(const struct kta_json *o, const char *key);
const char *kta_obj_annotation(const struct kta_json *o, const char *key);
/* The controlling owner reference (controller: true), or NULL. */
struct kta_json *kta_obj_controller(const struct kta_json *o);
bool kta_obj_owned_by(const struct kta_json *o, const char *uid);
/* The condition of that type, or NULL; whether its status is "True". */
struct kta_json *kta_obj_condition(const struct kta_json *o, const char *type);
bool kta_obj_condition_is(const struct kta_json *o, const char *type, const char *status);

/* A LabelSelector ({matchLabels, matchExpressions}) or a plain map (Service): does it select o's
 * labels? An empty LabelSelector selects everything, an empty or absent Service map nothing. */
bool kta_selector_matches(const struct kta_json *selector, const struct kta_json *labels);
bool kta_map_matches(const struct kta_json *map, const struct kta_json *labels);

bool kta_pod_ready(const struct kta_json *pod);   /* its condition Ready is True */
int kta_pod_restarts(const struct kta_json *pod); /* as kubectl counts RESTARTS */
/* The word kubectl prints in STATUS (CrashLoopBackOff, Init:0/1, Terminating …); buf is used when
 * it has to be composed. */
const char *kta_pod_status_word(const struct kta_json *pod, char *buf, size_t n);
/* Is the text of a log, answered with 200, the kubelet's word that there is none (any more)? From
 * kubelet's pkg/kubelet/kuberuntime/logs and GetContainerLogs. */
bool kta_log_gone(const char *text);

#endif
