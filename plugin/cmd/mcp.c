/*
 * mcp.c - the command mcp: the server "kagent-k8s" for any MCP client.
 *
 * Nothing of the cluster is opened before a client's first call that needs it. stdout is the
 * protocol's.
 */
#include "app.h"

#include <stdlib.h>
#include <string.h>

#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/kubeconfig.h"
#include "kta/limits.h"
#include "kta/mcp.h"

struct other;
struct contexts {
    struct app *app;
    struct other *others;
};

/* Opened at the first call, and again after a failure: what a failed attempt left is put back. */
static int open_engine(void *ctx, struct kta_tool_env *env, struct kta_err *err)
{
    struct app *app = ((struct contexts *)ctx)->app;

    kta_argv_release(&app->session_flags);
    kta_json_free(app->admin_policy);
    app->admin_policy = NULL;
    kta_cluster_free(app->cluster);
    app->cluster = NULL;
    if (app_open_cluster(app, err) < 0)
        return -1;
    app->pipeline.read_only |= set_text(&app->set, OPT_SNAPSHOT) != NULL;
    env->pipeline = &app->pipeline;
    env->scope = app->scope;
    env->ignore = app->config.ignore;
    env->remediation = app->config.remediation;
    return 0;
}

/* ---- other contexts: each with a cluster, a policy and a pipeline of its own ---- */

struct other {
    struct kta_policy policy;
    struct kta_pipeline pipeline;
    struct other *next;
};

static struct kta_kubeconfig *load_context(const struct app *app, const char *context,
                                           struct kta_err *err)
{
    static const enum opt_id fixed[] = {OPT_CLUSTER, OPT_USER, OPT_SERVER, OPT_TOKEN};
    const struct settings *s = &app->set;
    struct kta_kubeconfig *k = NULL;
    struct kta_kube_flags flags = {
        .kubeconfig = set_text(s, OPT_KUBECONFIG),
        .context = context,
        .as = set_text(s, OPT_AS),
        .as_uid = set_text(s, OPT_AS_UID),
        .as_groups = &s->v[OPT_AS_GROUP].list,
        .insecure = set_on(s, OPT_INSECURE),
    };

    for (size_t i = 0; i < KTA_LEN(fixed); i++)
        if (set_text(s, fixed[i])) {
            kta_err_set(err, KTA_E_POLICY,
                        "this server works with --%s, which another context "
                        "would not mean",
                        opt_rows[fixed[i]].name);
            return NULL;
        }
    return kta_kubeconfig_load(&flags, &k, err) < 0 ? NULL : k;
}

static int open_context(void *ctx, const char *context, struct kta_pipeline **ret,
                        struct kta_err *err)
{
    struct contexts *c = ctx;
    struct app *app = c->app;
    int64_t timeout;

    for (struct other *o = c->others; o; o = o->next)
        if (kta_streq(kta_cluster_context(o->pipeline.cluster), context)) {
            *ret = &o->pipeline;
            return 0;
        }
    if (set_text(&app->set, OPT_SNAPSHOT))
        return kta_err_set(err, KTA_E_USAGE, "a snapshot has no context '%s'", context);
    if (set_duration(&app->set, OPT_REQUEST_TIMEOUT, 0, &timeout, err) < 0)
        return -1;
    struct kta_kubeconfig *k = load_context(app, context, err);
    struct kta_cluster *cluster = NULL;
    if (!k || kta_cluster_open(k, timeout, &cluster, err) < 0)
        return -1;
    struct other *o = kta_calloc(1, sizeof *o);
    o->policy = app->policy;
    o->policy.context = kta_cluster_context(cluster);
    o->policy.namespace_ = kta_cluster_namespace(cluster);
    o->pipeline = app->pipeline;
    o->pipeline.cluster = cluster;
    o->pipeline.policy = &o->policy;
    o->next = c->others;
    c->others = o;
    *ret = &o->pipeline;
    return 0;
}

static void contexts_free(struct contexts *c)
{
    while (c->others) {
        struct other *o = c->others;
        c->others = o->next;
        kta_cluster_free(o->pipeline.cluster);
        free(o);
    }
}

/* A line end after the token is not part of it. */
static int read_token(const char *path, struct kta_str *token, struct kta_err *err)
{
    if (kta_fs_read(path, 4096, token, err) < 0)
        return kta_err_wrap(err, "read the token");
    kta_str_trim(token);
    if (token->len < 16)
        return kta_err_set(err, KTA_E_USAGE, "the token in %s is shorter than 16 characters", path);
    return 0;
}

static int check_tools(const struct kta_argv *names, struct kta_err *err)
{
    const char *known[128];
    size_t n, n_known = 0;
    const struct kta_tool *t = kta_tools(&n);

    for (size_t i = 0; i < n && n_known < KTA_LEN(known); i++)
        if (t[i].for_ & KTA_FOR_MCP)
            known[n_known++] = t[i].name;
    for (size_t i = 0; i < names->n; i++) {
        if (kta_tool_find(names->v[i], KTA_FOR_MCP))
            continue;
        kta_err_set(err, KTA_E_USAGE, "--tools: there is no tool '%s'", names->v[i]);
        const char *near = kta_nearest(names->v[i], known, n_known);
        return near ? kta_err_hint(err, "did you mean %s?", near) : -1;
    }
    return 0;
}

/* "a,b" is two names. */
static void split_names(const struct kta_argv *given, struct kta_argv *out)
{
    for (size_t i = 0; i < given->n; i++) {
        for (const char *p = given->v[i]; *p;) {
            size_t n = strcspn(p, ",");
            kta_auto_free char *name = kta_strndup(p, n);
            if (n > 0)
                kta_argv_add(out, name);
            p += n + (p[n] == ',');
        }
    }
}

static int check_flags(struct app *app, struct kta_err *err)
{
    const struct settings *s = &app->set;

    if (set_text(s, OPT_YES) || set_on(s, OPT_SKIP_PERMISSIONS)) {
        kta_err_set(err, KTA_E_USAGE, "mcp does not take --yes");
        return kta_err_hint(err, "--approve low|medium lets a client change without a person");
    }
    if (!set_text(s, OPT_HTTP) && (set_on(s, OPT_ALLOW_REMOTE) || set_text(s, OPT_TOKEN_FILE)))
        return kta_err_set(err, KTA_E_USAGE, "--allow-remote and --token-file go with --http");
    if (set_on(s, OPT_READ_ONLY) && set_text(s, OPT_APPROVE))
        return kta_err_set(err, KTA_E_USAGE, "--read-only and --approve exclude each other");
    return 0;
}

static int serve(struct app *app, struct kta_err *err)
{
    const struct settings *s = &app->set;
    kta_auto_str struct kta_str token = KTA_STR_INIT;
    kta_auto_argv struct kta_argv tools = KTA_ARGV_INIT;
    struct contexts contexts = {.app = app};
    struct kta_mcp m = {.http = set_text(s, OPT_HTTP),
                        .allow_remote = set_on(s, OPT_ALLOW_REMOTE),
                        .tools = &tools,
                        .open = open_engine,
                        .open_context = open_context,
                        .ctx = &contexts};

    split_names(&s->v[OPT_TOOLS].list, &tools);
    if (check_flags(app, err) < 0 || check_tools(&tools, err) < 0)
        return -1;
    if (set_text(s, OPT_TOKEN_FILE)) {
        if (read_token(set_text(s, OPT_TOKEN_FILE), &token, err) < 0)
            return -1;
        m.token = token.s;
    }
    app->pipeline.read_only = set_on(s, OPT_READ_ONLY) || set_text(s, OPT_SNAPSHOT);
    m.env.pipeline = &app->pipeline;
    m.env.namespace_pinned = s->v[OPT_NAMESPACE].source == FROM_FLAG;
    m.env.context_pinned = s->v[OPT_CONTEXT].source == FROM_FLAG;
    m.env.kubeconfig = set_text(s, OPT_KUBECONFIG);
    if (set_text(s, OPT_APPROVE)) {
        m.env.approve_set = true;
        if (kta_risk_parse(set_text(s, OPT_APPROVE), &m.env.approve) < 0)
            return kta_err_set(err, KTA_E_USAGE, "--approve is low or medium");
    }
    int r = kta_mcp_serve(&m, err);
    contexts_free(&contexts);
    return r;
}

int cmd_mcp(struct app *app, struct kta_err *err)
{
    if (app->words.n == 0)
        return serve(app, err);
    if (!kta_streq(app->words.v[0], "install"))
        return kta_err_set(err, KTA_E_USAGE, "mcp takes nothing, or install CLIENT; not '%s'",
                           app->words.v[0]);
    if (app->words.n > 2)
        return kta_err_set(err, KTA_E_USAGE, "mcp install takes one client");
    return mcp_install(app, app->words.n == 2 ? app->words.v[1] : NULL, err);
}
