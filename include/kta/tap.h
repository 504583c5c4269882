/*
 * tap.h - where a recorder listens to what comes from outside, and a replay answers instead.
 *
 * One tap for the whole program, none at first. It sees HTTP answers (cluster and model) and the
 * children that are run, but for those that hand out credentials (kta_proc.secret) and those that
 * have the terminal.
 */
#ifndef KTA_TAP_H
#define KTA_TAP_H

#include "kta/http.h"
#include "kta/proc.h"

struct kta_tap {
    void *ctx;
    /* After a real one. base: "https://host:port". body: all of it, also of a streamed answer. */
    void (*http_done)(void *ctx, const char *base, const struct kta_http_req *r,
                      const struct kta_str *body);
    void (*proc_done)(void *ctx, const struct kta_proc *p);
    /* Instead of a real one, when set: fill in the results (kta_tap_body gives the body). */
    void (*http_answer)(void *ctx, const char *base, struct kta_http_req *r);
    int (*proc_answer)(void *ctx, struct kta_proc *p, struct kta_err *err);
};

void kta_tap_set(const struct kta_tap *tap); /* borrowed; NULL: none */
const struct kta_tap *kta_tap(void);
/* Hands a whole body to the request, as if it had come from the network. */
void kta_tap_body(struct kta_http_req *r, const char *p, size_t n);

#endif
