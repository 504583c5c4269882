/*
 * look.h - one look of the engine at the targets of the command line: what diagnose prints and fix
 * mends.
 */
#ifndef CMD_LOOK_H
#define CMD_LOOK_H

#include "app.h"
#include "kta/finding.h"
#include "kta/world.h"

struct look {
    struct kta_world *world;
    struct kta_targets targets;
    struct kta_findings findings;
};

/* Everything is read anew. look_release also after a failure. */
int look(struct app *app, struct look *l, struct kta_err *err);
void look_release(struct look *l);

/* watch.c: tells what is new and what is gone until interrupted; l is the first look, and the last
 * one when it returns -1. */
int watch_findings(struct app *app, struct look *l, struct kta_err *err);

#endif
