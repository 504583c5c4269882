/* serve.c - begin and end of a server. */
#include "mcp.h"

#include <malloc.h>

int kta_mcp_serve(const struct kta_mcp *m, struct kta_err *err)
{
    static struct mcp_server server; /* a call that does not end outlives this function */

    /* threads come and go with the calls: one heap for all of them stays small */
    mallopt(M_ARENA_MAX, 1);
    mcp_server_init(&server, m);
    int r = m->http ? mcp_http(&server, err) : mcp_stdio(&server, err);
    if (mcp_calls(&server) == 0)
        mcp_server_release(&server);
    return r;
}
