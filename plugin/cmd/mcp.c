/*
 * mcp.c - the command mcp: the server "kagent-k8s" for any MCP client.
 *
 * Nothing of the cluster is opened before a client's first call that needs it. stdout is the
 * protocol's.
 */
#include "app.h"

#include <string.h>

#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/mcp.h"

/* Opened at the first call, and again after a failure: what a failed attempt left is put back. */
static int open_engine(void *ctx, struct kta_tool_env *env, struct kta_err *err)
{
    struct app *app = ctx;

    kta_argv_release(&app->session_flags);
    kta_json_free(app->admin_policy);
    app->admin_policy = NULL;
    kta_cluster_free(app->cluster);
    app->cluster = NULL;
    if (app_open_cluster(app, err) < 0)
        return -1;
    env->pipeline = &app->pipeline;
    env->scope = app->scope;
    env->ignore = app->config.ignore;
    return 0;
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
        return near ? kta_err_hint(err, "Did you mean %s?", near) : -1;
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
        return kta_err_hint(err, "--approve low|medium lets a client change without a person.");
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
    struct kta_mcp m = {.http = set_text(s, OPT_HTTP),
                        .allow_remote = set_on(s, OPT_ALLOW_REMOTE),
                        .tools = &tools,
                        .open = open_engine,
                        .ctx = app};

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
    if (set_text(s, OPT_APPROVE)) {
        m.env.approve_set = true;
        if (kta_risk_parse(set_text(s, OPT_APPROVE), &m.env.approve) < 0)
            return kta_err_set(err, KTA_E_USAGE, "--approve is low or medium");
    }
    return kta_mcp_serve(&m, err);
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
