/*
 * repl_where.c - which cluster, namespace and model the conversation is about.
 *
 * Going elsewhere either succeeds or leaves everything as it was. What was said on the command line
 * of one cluster (its address, user, token) is never taken to another.
 */
#include "repl.h"

#include <unistd.h>

#include "kta/alloc.h"

void repl_prompt(const struct repl *r, struct kta_str *out)
{
    kta_str_addf(out, "%.40s/%.40s todo-ai> ", kta_cluster_context(r->app->cluster),
                 kta_or(r->app->scope.namespace_, "(all)"));
}

/* A setting as it was; taken back or dropped. */
struct kept {
    enum opt_id id;
    char *value;
    enum opt_source source;
};

static void unset(struct app *app, enum opt_id id)
{
    free(app->set.v[id].value);
    app->set.v[id].value = NULL;
    kta_argv_release(&app->set.v[id].list);
}

static void take_out(struct app *app, struct kept *k)
{
    k->value = app->set.v[k->id].value;
    k->source = app->set.v[k->id].source;
    app->set.v[k->id].value = NULL;
}

static void put_back(struct app *app, struct kept *k)
{
    unset(app, k->id);
    app->set.v[k->id].value = KTA_STEAL(k->value);
    app->set.v[k->id].source = k->source;
}

static void here(const struct repl *r)
{
    const struct app *app = r->app;

    kta_ui_print(app->ui, "context %s, namespace %s\n", kta_cluster_context(app->cluster),
                 kta_or(app->scope.namespace_, "(all)"));
}

static int list_contexts(struct repl *r, struct kta_err *err)
{
    struct kta_kube_flags flags = {.kubeconfig = set_text(&r->app->set, OPT_KUBECONFIG)};
    kta_auto_argv struct kta_argv names = KTA_ARGV_INIT;
    const char *now = kta_cluster_context(r->app->cluster);

    if (kta_cluster_is_snapshot(r->app->cluster)) {
        here(r);
        return 0;
    }
    if (kta_kubeconfig_contexts(&flags, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.n; i++)
        kta_ui_print(r->app->ui, "%s %s\n", kta_streq(names.v[i], now) ? "*" : " ", names.v[i]);
    return 0;
}

/* The cluster of another context, or the old one again. */
static int reopen(struct repl *r, struct kept *old, size_t n, struct kta_err *err)
{
    struct app *app = r->app;

    app_close_cluster(app);
    if (app_open_cluster(app, err) == 0) {
        for (size_t i = 0; i < n; i++)
            free(old[i].value);
        return 0;
    }
    app_close_cluster(app);
    for (size_t i = 0; i < n; i++)
        put_back(app, &old[i]);
    struct kta_err again = KTA_ERR_INIT;
    if (app_open_cluster(app, &again) < 0) { /* it was open a moment ago */
        *err = again;
        r->leave = true;
    }
    return -1;
}

int repl_context(struct repl *r, const char *rest, struct kta_err *err)
{
    struct app *app = r->app;
    struct kept old[] = {
        {.id = OPT_CONTEXT}, {.id = OPT_NAMESPACE}, {.id = OPT_ALL_NAMESPACES}, {.id = OPT_CLUSTER},
        {.id = OPT_USER},    {.id = OPT_SERVER},    {.id = OPT_TOKEN},
    };

    if (!*rest)
        return list_contexts(r, err);
    if (kta_cluster_is_snapshot(app->cluster))
        return kta_err_set(err, KTA_E_USAGE, "this is a snapshot: there is no other context");
    for (size_t i = 0; i < KTA_LEN(old); i++)
        take_out(app, &old[i]);
    if (settings_set(&app->set, OPT_CONTEXT, rest, FROM_FLAG, 0, err) < 0 ||
        reopen(r, old, KTA_LEN(old), err) < 0)
        return -1;
    names_forget(r->names);
    here(r);
    return 0;
}

/* *ret: false when the cluster says that there is no such namespace. */
static bool exists(struct repl *r, const char *ns)
{
    struct kta_json *object = NULL;
    struct kta_err err = KTA_ERR_INIT;

    if (kta_cluster_is_snapshot(r->app->cluster))
        return true;
    int rc = kta_cluster_get(r->app->cluster, &object, &err, "/api/v1/namespaces/%s", ns);
    kta_json_free(object);
    return rc == 0 || err.code != KTA_E_NOT_FOUND;
}

static bool is_name(const char *s)
{
    size_t n = strlen(s);

    return n > 0 && n <= 253 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-.") == n;
}

int repl_namespace(struct repl *r, const char *rest, struct kta_err *err)
{
    struct app *app = r->app;
    bool all = kta_streq(rest, "-A") || kta_streq(rest, "--all-namespaces");

    if (*rest && !all) {
        if (!is_name(rest))
            return kta_err_set(err, KTA_E_USAGE, "'%s' is no namespace's name", rest);
        if (!exists(r, rest)) {
            const struct kta_argv *known = names_of(r->names, "namespaces");
            const char *near =
                known ? kta_nearest(rest, (const char *const *)known->v, known->n) : NULL;
            kta_err_set(err, KTA_E_USAGE, "there is no namespace '%s' in context '%s'", rest,
                        kta_cluster_context(app->cluster));
            return near ? kta_err_hint(err, "did you mean %s?", near) : -1;
        }
        if (settings_set(&app->set, OPT_NAMESPACE, rest, FROM_FLAG, 0, err) < 0)
            return -1;
    }
    if (*rest) {
        if (settings_set(&app->set, OPT_ALL_NAMESPACES, all ? "true" : "false", FROM_FLAG, 0, err) <
            0)
            return -1;
        app_set_scope(app);
        names_forget(r->names);
    }
    here(r);
    return 0;
}

/* The model in force stands in the list also where the endpoint does not name it. */
int repl_models(struct repl *r, const char *rest, struct kta_err *err)
{
    struct kta_llm *m = r->app->llm;
    kta_auto_argv struct kta_argv all = KTA_ARGV_INIT;
    bool listed = false;

    if (!m || *rest)
        return repl_model(r, rest, err);
    if (kta_llm_models(m, &all, err) < 0)
        return -1;
    for (size_t i = 0; i < all.n; i++)
        listed |= kta_streq(all.v[i], kta_llm_model(m));
    if (!listed)
        kta_argv_insert(&all, 0, kta_llm_model(m));
    for (size_t i = 0; i < all.n; i++)
        kta_ui_print(r->app->ui, "%s %s\n", kta_streq(all.v[i], kta_llm_model(m)) ? "*" : " ",
                     all.v[i]);
    return 0;
}

int repl_model(struct repl *r, const char *rest, struct kta_err *err)
{
    struct app *app = r->app;
    struct kept old[] = {{.id = OPT_MODEL}, {.id = OPT_LLM_PROVIDER}};
    struct kta_llm *before = app->llm;
    bool none = kta_streq(rest, "none");
    bool provider = none || kta_streq(set_text(&app->set, OPT_LLM_PROVIDER), "none");

    if (*rest) {
        take_out(app, &old[0]);
        if (provider)
            take_out(app, &old[1]);
        app->llm = NULL;
        if (settings_set(&app->set, none ? OPT_LLM_PROVIDER : OPT_MODEL, rest, FROM_FLAG, 0, err) <
                0 ||
            app_open_llm(app, err) < 0) {
            app->llm = before;
            put_back(app, &old[0]);
            if (provider)
                put_back(app, &old[1]);
            return -1;
        }
        for (size_t i = 0; i < KTA_LEN(old); i++)
            free(old[i].value);
        kta_llm_free(before);
        app_first_use(app);
    }
    if (app->llm)
        kta_ui_print(app->ui, "model %s at %s (%s)\n", kta_llm_model(app->llm),
                     kta_llm_endpoint(app->llm), kta_llm_provider(app->llm));
    else
        kta_ui_print(app->ui, "%s",
                     *rest && !none ? "" : "no model: the built-in engine answers\n");
    return 0;
}
