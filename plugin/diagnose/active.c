/*
 * active.c - active checks: what a workload answers, asked by GET through the API server's proxy.
 *
 * A GET may have effects, so only ports and paths that probes and Services declare are asked for,
 * other usual paths with --probe, and nothing with --no-probe or on a snapshot. Limited in number,
 * time and size: a workload that hangs or pours out costs little.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"

/* Asks once; 0: it was not asked, or no answer came, else the HTTP status and *said. */
static int ask(struct kta_world *w, const struct kta_json *pod, bool https, int64_t port,
               const char *path, struct kta_str *said)
{
    struct kta_cluster *c = kta_world_cluster(w);
    struct kta_read *r = NULL;
    struct kta_err err = KTA_ERR_INIT;
    size_t n = 0, cap = 0;
    if (!c || kta_cluster_is_snapshot(c) || !kta_world_may_ask(w))
        return 0;
    kta_read_add(&r, &n, &cap, KTA_ACCEPT_TEXT, "/api/v1/namespaces/%s/pods/%s%s:%lld/proxy%s%s",
                 kta_obj_namespace(pod), https ? "https:" : "", kta_obj_name(pod), (long long)port,
                 *path == '/' ? "" : "/", path);
    r->max = KTA_ASK_BYTES;
    r->once_ms = KTA_ASK_MS;
    int status = kta_cluster_read(c, r, n, &err) ? 0 : r->status;
    kta_str_add(said, r->text.s);
    kta_reads_free(r, n);
    return status;
}

/* Is it the API server that speaks, of its way to the pod or of our rights? */
static bool not_the_pod(const char *said)
{
    return strstr(said, "dial tcp") || strstr(said, "error trying to reach service") ||
           (strstr(said, "pods/proxy") && strstr(said, "forbidden"));
}

int kta_active_status(struct kta_world *w, const struct kta_json *pod, bool https, int64_t port,
                      const char *path, struct kta_str *ret_said)
{
    kta_auto_str struct kta_str said = KTA_STR_INIT;
    int status = ask(w, pod, https, port, path, &said);
    if (ret_said)
        kta_str_add(ret_said, said.s);
    return not_the_pod(said.s) ? 0 : status;
}

int kta_port_open(struct kta_world *w, const struct kta_json *pod, int64_t port)
{
    kta_auto_str struct kta_str said = KTA_STR_INIT;
    int status = ask(w, pod, /* https= */ false, port, "/", &said);
    if (!status || strstr(said.s, "pods/proxy"))
        return -1;
    if (!not_the_pod(said.s))
        return 1;
    /* Reached, and no HTTP: something listens all the same. */
    return strstr(said.s, "connection refused") ? 0 : strstr(said.s, "dial tcp") ? -1 : 1;
}
