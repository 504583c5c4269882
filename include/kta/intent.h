/*
 * intent.h - what a question wants, recognised by rules (prompts/intents.txt) when there is no
 * model. No cluster is asked.
 */
#ifndef KTA_INTENT_H
#define KTA_INTENT_H

#include <stdbool.h>
#include <stdint.h>

enum kta_intent {
    KTA_INTENT_DIAGNOSE, /* why is … crashing; what is wrong; anything else */
    KTA_INTENT_MEMORY,   /* pods with high memory usage */
    KTA_INTENT_CPU,
    KTA_INTENT_RESTART, /* restart the frontend deployment */
    KTA_INTENT_SCALE,   /* scale backend to 3 */
    KTA_INTENT_LIST,    /* show / list pods, deployments … */
    KTA_INTENT_LOGS,    /* show the logs of … */
    KTA_INTENT_CHANGES, /* what changed */
    KTA_INTENT_RESTARTS,
    KTA_INTENT_NOT_READY,
    KTA_INTENT_IMAGES,
    KTA_INTENT_LIMITS,  /* what containers request and may use */
    KTA_INTENT_USED_BY, /* which workloads name this ConfigMap, Secret, claim, ServiceAccount */
    KTA_INTENT_USES,    /* which ConfigMaps, Secrets, claims and ServiceAccount this one names */
    KTA_INTENT_YAML,    /* show the yaml of … */
    KTA_INTENT_WHO_CAN,
    KTA_INTENT_RIGHTS, /* what may this one do */
    KTA_INTENT_REACH,
    KTA_INTENT_INSTALL,  /* install the todo app */
    KTA_INTENT_IMAGE,    /* update backend to image todo-backend:v2 */
    KTA_INTENT_ROLLBACK, /* roll back the backend deployment */
};
struct kta_intent_match {
    enum kta_intent intent;
    bool fact;     /* not sure, but it asks what is, and for no change */
    bool sure;     /* false: the general diagnosis is given, and it is said */
    char kind[64]; /* for LIST and USES, and where nothing is sure: the kind of which some are asked
                      for */
    int number;    /* for SCALE: replicas, -1 when none */
    bool everywhere; /* "in all namespaces" is said */
    /* parts of REACH (from: "namespace/shop", any pod of it), WHO_CAN and RIGHTS, "" when not
     * given; name also: the name that is all of a question for DIAGNOSE */
    char from[256], to[256], port[64], verb[64], resource[64], name[256], ns[64];
    char subject[256]; /* for RIGHTS, and WHO_CAN: "can alice delete pods" */
    char image[256];   /* for IMAGE: the image that is named */
    int64_t seconds;   /* for CHANGES: how far back, 0: not said */
};
void kta_intent_of(const char *question, struct kta_intent_match *ret);

#endif
