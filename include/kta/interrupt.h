/*
 * interrupt.h - SIGINT, SIGTERM, SIGHUP and the end of --timeout (SIGALRM) as a flag that every
 * wait looks at.
 *
 * After kta_interrupt_install() these signals no longer end the process: they set a flag and make
 * kta_interrupt_fd() readable, so that poll() and curl wake up. Whoever waits gives up with
 * KTA_E_INTERRUPTED, or KTA_E_TIMEOUT after SIGALRM. One of the first three that we were started
 * with as ignored (nohup) stays so. SIGPIPE is ignored: a closed stdout is an ordinary write error.
 * SIGCHLD has its default, so that children wait for us to hear how they ended.
 */
#ifndef KTA_INTERRUPT_H
#define KTA_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>
#include "kta/err.h"

void kta_interrupt_install(void);
int kta_interrupted(void);      /* the signal's number, SIGINT for a cancelled call, or 0 */
int kta_interrupt_fd(void);     /* -1 before install */
void kta_interrupt_clear(void); /* the REPL: the question is stopped, the session goes on */
/* The same as a signal, ms from now (--timeout): kta_interrupt_check then fails with KTA_E_TIMEOUT.
 */
void kta_interrupt_after(int64_t ms);
/* The same as a signal, for the one call that a server has under way: until it is taken back with
 * false, every wait gives up. May be called from another thread. */
void kta_interrupt_cancel(bool on);
int kta_interrupt_signal(void); /* a signal's number, never a cancelled call; or 0 */
/* Fills err and returns -1 if a signal came or the call is cancelled, else returns 0. */
int kta_interrupt_check(struct kta_err *err);

#endif
