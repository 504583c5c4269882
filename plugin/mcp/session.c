/*
 * session.c - clients that said initialize.
 *
 * There are at most KTA_MCP_SESSIONS: for a new one, the one that was idle longest goes. A session
 * that ended is freed when its last call is.
 */
#include "mcp.h"

#include <stdio.h>
#include <sys/random.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/limits.h"

void mcp_random_id(char ret[33])
{
    unsigned char raw[16];
    size_t got = 0;

    while (got < sizeof raw) {
        ssize_t n = getrandom(raw + got, sizeof raw - got, 0);
        if (n > 0)
            got += (size_t)n;
    }
    for (size_t i = 0; i < sizeof raw; i++)
        snprintf(ret + 2 * i, 3, "%02x", raw[i]);
}

static void unref_locked(struct mcp_session *session)
{
    if (--session->refs > 0)
        return;
    kta_json_free(session->caps);
    free(session);
}

static void end_locked(struct mcp_server *s, struct mcp_session *session)
{
    struct mcp_session **at = &s->sessions;

    while (*at && *at != session)
        at = &(*at)->next;
    if (!*at)
        return; /* ended before */
    *at = session->next;
    session->ended = true;
    unref_locked(session);
}

/* refs 1: nothing but the list knows it, so no call is under way. */
static void make_room(struct mcp_server *s)
{
    struct mcp_session *oldest = NULL;
    unsigned n = 0;

    for (struct mcp_session *i = s->sessions; i; i = i->next) {
        n++;
        if (i->refs == 1 && !i->stream && (!oldest || i->used_ms < oldest->used_ms))
            oldest = i;
    }
    if (n >= KTA_MCP_SESSIONS && oldest)
        end_locked(s, oldest);
}

struct mcp_session *mcp_session_new(struct mcp_server *s)
{
    struct mcp_session *session = kta_calloc(1, sizeof *session);

    mcp_random_id(session->id);
    session->revision = MCP_2025_11_25;
    session->log_level = 1; /* info, until logging/setLevel */
    session->used_ms = kta_now_ms();
    session->refs = 2; /* the list's and the caller's */
    pthread_mutex_lock(&s->lock);
    make_room(s);
    session->next = s->sessions;
    s->sessions = session;
    pthread_mutex_unlock(&s->lock);
    return session;
}

struct mcp_session *mcp_session_find(struct mcp_server *s, const char *id)
{
    struct mcp_session *found;

    pthread_mutex_lock(&s->lock);
    for (found = s->sessions; found && !kta_streq(found->id, id); found = found->next)
        continue;
    if (found) {
        found->refs++;
        found->used_ms = kta_now_ms();
    }
    pthread_mutex_unlock(&s->lock);
    return found;
}

void mcp_session_unref(struct mcp_server *s, struct mcp_session *session)
{
    pthread_mutex_lock(&s->lock);
    unref_locked(session);
    pthread_mutex_unlock(&s->lock);
}

void mcp_session_end(struct mcp_server *s, struct mcp_session *session)
{
    pthread_mutex_lock(&s->lock);
    end_locked(s, session);
    pthread_mutex_unlock(&s->lock);
}
