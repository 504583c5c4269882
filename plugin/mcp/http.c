/* http.c - the server over HTTP: loads libmicrohttpd, listens, serves until a signal. */
#include "http_impl.h"

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/interrupt.h"
#include "kta/limits.h"

#define TICK_MS 250 /* how soon a client's going is seen */

struct mcp_mhd mcp_mhd;

#define MHD_NAME(f) {#f, offsetof(struct mcp_mhd, f)},
static int load_library(struct kta_err *err)
{
    static const struct {
        const char *name;
        size_t at;
    } calls[] = {MHD_CALLS(MHD_NAME)};
    void *handle = dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL);

    for (size_t i = 0; handle && i < KTA_LEN(calls); i++) {
        void *call = dlsym(handle, calls[i].name);
        if (!call)
            handle = NULL;
        else
            memcpy((char *)&mcp_mhd + calls[i].at, &call, sizeof call);
    }
    if (handle)
        return 0;
    kta_err_set(err, KTA_E_FAIL, "cannot load libmicrohttpd.so.12, which --http needs");
    return kta_err_hint(err, "install it: apt-get install libmicrohttpd12");
}

/* "ADDR:PORT" or "[v6]:PORT" → parts; *ret_host and *ret_port are the caller's. */
static int split_address(const char *text, char **ret_host, char **ret_port, struct kta_err *err)
{
    const char *colon = strrchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : 0;

    if (!colon || !colon[1] || n == 0 || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
        strtoul(colon + 1, NULL, 10) > 65535)
        return kta_err_set(err, KTA_E_USAGE, "--http takes ADDR:PORT, as 127.0.0.1:9080, not '%s'",
                           text);
    bool brackets = text[0] == '[' && text[n - 1] == ']';
    *ret_host = kta_strndup(text + brackets, n - 2 * brackets);
    *ret_port = kta_strdup(colon + 1);
    return 0;
}

static int check_remote(const struct kta_mcp *o, const char *host, struct kta_err *err)
{
    if (mcp_is_loopback(host))
        return 0;
    if (!o->allow_remote) {
        kta_err_set(err, KTA_E_USAGE, "%s is not a loopback address", host);
        return kta_err_hint(err, "others could then operate the cluster: --allow-remote with "
                                 "--token-file FILE allows it to those who have the token");
    }
    if (!o->token) {
        kta_err_set(err, KTA_E_USAGE, "--allow-remote needs a bearer token");
        return kta_err_hint(err, "give it with --token-file FILE");
    }
    return 0;
}

static struct MHD_Daemon *start(struct web *web, const struct addrinfo *where)
{
    unsigned flags =
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_EPOLL;

    if (where->ai_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    return mcp_mhd.MHD_start_daemon(flags, 0, NULL, NULL, mcp_http_request, web,
                                    MHD_OPTION_SOCK_ADDR, where->ai_addr,
                                    MHD_OPTION_NOTIFY_COMPLETED, mcp_http_completed, NULL,
                                    MHD_OPTION_CONNECTION_LIMIT, (unsigned)KTA_MCP_CONNECTIONS,
                                    MHD_OPTION_CONNECTION_TIMEOUT, 120u,
                                    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(32u << 10),
                                    MHD_OPTION_END);
}

static unsigned port_of(struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info =
        mcp_mhd.MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

static void serve(struct web *web, struct MHD_Daemon *daemon, const sigset_t *open)
{
    struct mcp_server *s = web->server;

    while (!kta_interrupt_signal()) {
        struct timespec pause = {.tv_nsec = TICK_MS * 1000000L};
        ppoll(NULL, 0, &pause, open);
        conn_tick(web);
    }
    mcp_cancel(s, NULL, NULL, NULL);
    mcp_drain(s, 20000);
    pthread_mutex_lock(&web->lock);
    for (struct conn *c = web->conns; c; c = c->next) {
        c->done = true; /* open streams end */
        conn_wake(c);
    }
    pthread_mutex_unlock(&web->lock);
    mcp_mhd.MHD_stop_daemon(daemon);
}

static int listen_and_serve(struct web *web, const char *text, const sigset_t *open,
                            struct kta_err *err)
{
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM},
                    *where = NULL;
    int r = getaddrinfo(web->rules.address, web->rules.port, &hints, &where);

    if (r != 0)
        return kta_err_set(err, KTA_E_USAGE, "--http %s: %s", text, gai_strerror(r));
    struct MHD_Daemon *daemon = start(web, where);
    int why = errno;
    freeaddrinfo(where);
    if (!daemon)
        return kta_err_sys(err, KTA_E_FAIL, why, "cannot listen on %s", text);
    bool v6 = strchr(web->rules.address, ':') != NULL;
    dprintf(STDERR_FILENO,
            "kubectl-todo-ai: MCP server kagent-k8s on http://%s%s%s:%u/mcp (older "
            "clients: /sse)\n",
            v6 ? "[" : "", web->rules.address, v6 ? "]" : "", port_of(daemon));
    serve(web, daemon, open);
    return kta_interrupt_check(err);
}

int mcp_http(struct mcp_server *s, struct kta_err *err)
{
    const struct kta_mcp *o = s->options;
    kta_auto_free char *host = NULL, *port = NULL;
    struct web web = {.server = s};
    sigset_t block, open;

    if (split_address(o->http, &host, &port, err) < 0 || check_remote(o, host, err) < 0 ||
        load_library(err) < 0)
        return -1;
    web.rules = (struct mcp_http_rules){.address = host,
                                        .port = port,
                                        .remote = !mcp_is_loopback(host),
                                        .token = o->token};
    pthread_mutex_init(&web.lock, NULL);
    sigemptyset(&block);
    sigaddset(&block, SIGINT);
    sigaddset(&block, SIGTERM);
    sigaddset(&block, SIGHUP);
    sigaddset(&block, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &block, &open);
    int r = listen_and_serve(&web, o->http, &open, err);
    pthread_sigmask(SIG_SETMASK, &open, NULL);
    pthread_mutex_destroy(&web.lock);
    return r;
}
