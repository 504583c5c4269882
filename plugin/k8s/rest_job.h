/*
 * rest_job.h - one read of a live cluster under way (private to rest*.c).
 *
 * A job is sent, round by round, until it is no longer pending: a list page by page, what the
 * server puts off again after a pause.
 */
#ifndef KTA_K8S_REST_JOB_H
#define KTA_K8S_REST_JOB_H

#include "liststream.h"
#include "rest.h"

struct rest_job {
    struct kta_cluster *cluster;
    struct kta_read *read;
    struct kta_str url;   /* of the next request */
    struct kta_str doing; /* "list events in namespace 'x'" */
    const char *accept;
    const char *items; /* "items", "rows": what is collected page by page; NULL: no list */
    bool pending, reached;
    bool paged;     /* further pages are asked for: the path sets no limit itself */
    bool restarted; /* an expired continue token has started it over already */
    int tries;
    bool cut;
    bool broke;                /* an answer broke off or stood still: asked for once more */
    struct list_stream stream; /* of a list whose items are judged as they come */
    struct kta_json *kept;     /* this page's items that stay */
    size_t seen, seen_before;  /* items of all pages, of those before this one */
    size_t dropped_before, streamed;
    int64_t wait_ms; /* the server asks for this pause before the next try */
};

void rest_job_init(struct kta_cluster *c, struct rest_job *j, struct kta_read *read);
void rest_job_release(struct rest_job *j);
/* Fills in the next request; it borrows from the job. When it ends, the job takes the answer while
 * others are still under way: the read is done or failed then, or pending with a further page or
 * another try. */
void rest_job_request(struct rest_job *j, struct kta_http_req *q);

#endif
