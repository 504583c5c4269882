/*
 * tap.h - where a recorder listens to what comes from outside, and a replay answers instead.
 *
 * One tap for the whole program, none at first. It sees HTTP answers (cluster and model), what a
 * person types, and the children that are run, but for those that hand out credentials
 * (kta_proc.secret) and those that have the terminal.
 */
#ifndef KTA_TAP_H
#define KTA_TAP_H

#include <stdbool.h>

#include "kta/http.h"
#include "kta/proc.h"

/* What a typed line is: a question or command, an answer, a command that was edited. */
enum kta_typed { KTA_TYPED_LINE, KTA_TYPED_ANSWER, KTA_TYPED_EDIT };

struct kta_tap {
    void *ctx;
    /* After a real one. base: "https://host:port". body: all of it, also of a streamed answer. */
    void (*http_done)(void *ctx, const char *base, const struct kta_http_req *r,
                      const struct kta_str *body);
    void (*proc_done)(void *ctx, const struct kta_proc *p);
    /* Instead of a real one, when set: fill in the results (kta_tap_body gives the body). */
    void (*http_answer)(void *ctx, const char *base, struct kta_http_req *r);
    int (*proc_answer)(void *ctx, struct kta_proc *p, struct kta_err *err);
    /* After a line was typed. NULL: it was broken off. */
    void (*typed)(void *ctx, enum kta_typed as, const char *line);
    /* Instead of a person: is there one more, and which (the caller's; NULL: it was broken off). */
    bool (*types)(void *ctx, enum kta_typed as);
    char *(*type)(void *ctx, enum kta_typed as);
};

void kta_tap_set(const struct kta_tap *tap); /* borrowed; NULL: none */
const struct kta_tap *kta_tap(void);
void kta_tap_typed(enum kta_typed as, const char *line); /* tells the tap, if there is one */
bool kta_tap_types(enum kta_typed as);                   /* false without a tap */
char *kta_tap_type(enum kta_typed as);                   /* only after kta_tap_types */
/* Hands a whole body to the request, as if it had come from the network. */
void kta_tap_body(struct kta_http_req *r, const char *p, size_t n);

#endif
