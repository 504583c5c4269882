/*
 * engine.c - the one call at a time that works on the cluster.
 *
 * Everything under the tools knows no threads, so it is called with server->engine held. A person
 * who is asked may take minutes: the engine is let go meanwhile (mcp_request). A cancelled call is
 * interrupted as by a signal, but only while it holds the engine.
 */
#include "mcp.h"

#include "kta/interrupt.h"

void mcp_engine_take(struct mcp_call *call)
{
    struct mcp_server *s = call->server;

    pthread_mutex_lock(&s->engine);
    pthread_mutex_lock(&s->lock);
    s->working = call;
    call->holds_engine = true;
    if (call->cancelled)
        kta_interrupt_cancel(true);
    pthread_mutex_unlock(&s->lock);
}

void mcp_engine_give(struct mcp_call *call)
{
    struct mcp_server *s = call->server;

    pthread_mutex_lock(&s->lock);
    s->working = NULL;
    call->holds_engine = false;
    kta_interrupt_cancel(false);
    pthread_mutex_unlock(&s->lock);
    pthread_mutex_unlock(&s->engine);
}
