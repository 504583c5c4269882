/*
 * mcp.h - the MCP server "kagent-k8s": the tools of tools.h for any client, over stdio or HTTP.
 *
 * One process. One thread reads; each call that needs the cluster runs in a thread of its own, one
 * at a time (the engine below knows no threads); the engine is let go while a person is asked.
 * Nothing of the cluster is opened before the first call that needs it.
 */
#ifndef KTA_MCP_H
#define KTA_MCP_H

#include <stdbool.h>
#include "kta/argv.h"
#include "kta/err.h"
#include "kta/tools.h"

struct mcp_catalog;

/* Filled in by the caller, borrowed. */
struct kta_mcp {
    const char *http;             /* "ADDR:PORT"; NULL: stdin and stdout */
    bool allow_remote;            /* an address that is not loopback */
    const char *token;            /* the bearer token that HTTP clients must show, or NULL */
    const struct kta_argv *tools; /* the only tools that are offered; NULL: all */
    struct kta_tool_env env;      /* pipeline may be an empty one with read_only set, see open */
    /* Opens what env points to. Called before the first call that needs it, again if it failed. */
    int (*open)(void *ctx, struct kta_tool_env *env, struct kta_err *err);
    /* The pipeline of another context of the kubeconfig, kept by the callee; NULL: this one alone.
     */
    int (*open_context)(void *ctx, const char *context, struct kta_pipeline **ret,
                        struct kta_err *err);
    void *ctx;
    const struct mcp_catalog *catalog; /* NULL: the table of tools.h (tests have another) */
};

/* Serves until stdin ends or a signal comes. */
int kta_mcp_serve(const struct kta_mcp *m, struct kta_err *err);

#endif
