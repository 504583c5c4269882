/*
 * install.c - "install the todo app": the helm command with the chart that comes with the program.
 *
 * The chart lies beside the program in a checkout (../charts), or where it was installed
 * ($PREFIX/share/kubectl-todo-ai/charts). Its Secret holds what only a person has: when it is not
 * there, the command that makes it is said, and nothing is proposed.
 */
#include <string.h>
#include <unistd.h>
#include "agent_private.h"
#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/obj.h"

#define RELEASE "todo-local"
#define SECRET  "todo-app-secrets"

/* The chart's folder, or NULL; caller frees. */
static char *find_chart(void)
{
    static const char *const places[] = {"../charts/todo-app",
                                         "../share/kubectl-todo-ai/charts/todo-app",
                                         "../../charts/todo-app"};
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    if (n <= 0)
        return NULL;
    self[n] = '\0';
    kta_auto_free char *dir = kta_fs_dirname(self);
    for (size_t i = 0; i < KTA_LEN(places); i++) {
        kta_auto_free char *joined = kta_fs_join(dir, places[i]);
        kta_auto_free char *real = realpath(joined, NULL);
        kta_auto_free char *chart = real ? kta_fs_join(real, "Chart.yaml") : NULL;
        if (chart && kta_fs_exists(chart))
            return KTA_STEAL(real);
    }
    return NULL;
}

static const char *values_for(const char *question)
{
    static const struct {
        const char *word, *file;
    } words[] = {{"dev", "values-dev.yaml"},
                 {"local", "values-dev.yaml"},
                 {"minikube", "values-dev.yaml"},
                 {"test", "values-dev.yaml"},
                 {"prod", "values-prod.yaml"}};

    for (size_t i = 0; i < KTA_LEN(words); i++)
        if (kta_stristr(question, words[i].word))
            return words[i].file;
    return NULL;
}

/* A release of the chart in this namespace that is there already, or NULL. */
static const char *release_there(struct kta_agent *a, const char *ns)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(a->world, "deployments", ns, &v);
    for (size_t i = 0; i < n; i++)
        if (kta_starts(kta_or(kta_obj_label(v[i], "helm.sh/chart"), ""), "todo-app-"))
            return kta_or(kta_obj_annotation(v[i], "meta.helm.sh/release-name"), "?");
    return NULL;
}

static void tell_secret(const char *ns, struct kta_str *out)
{
    kta_str_addf(out,
                 "The app needs a Secret that only you can fill: there is no Secret " SECRET
                 " in namespace %s. Create it, then ask again:\n\n"
                 "    kubectl create secret generic " SECRET " -n %s \\\n"
                 "      --from-literal=DATABASE_URL=postgresql://… \\\n"
                 "      --from-literal=BETTER_AUTH_SECRET=\"$(openssl rand -base64 32)\" \\\n"
                 "      --from-literal=OPENAI_API_KEY=…\n\n"
                 "(OPENAI_API_KEY may be left out: then the chat says so and the rest works.)\n",
                 ns, ns);
}

int agent_install(struct kta_agent *a, struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    kta_auto_free char *chart = find_chart();
    const char *ns = kta_or(a->scope.namespace_, kta_cluster_namespace(a->pipeline->cluster));
    const char *values = values_for(a->question), *there = release_there(a, ns);
    bool known = false;

    if (!chart) {
        kta_str_add(&a->answer, "The todo app's chart is not beside this program: install it with "
                                "'make install', or run the program of a checkout.\n");
        return 0;
    }
    if (there) {
        kta_str_addf(&a->answer,
                     "The todo app is installed in namespace %s already, as release %s. To change "
                     "it: helm upgrade %s %s -n %s\n",
                     ns, there, there, chart, ns);
        return 0;
    }
    bool made = kta_world_get(a->world, "secrets", ns, SECRET, &known) != NULL;
    if (known && !made) {
        tell_secret(ns, &a->answer);
        return 0;
    }
    if (a->pipeline->read_only) {
        kta_str_add(&a->answer, "This session is read-only, so it is not offered.\n");
        return 0;
    }
    kta_argv_addl(&argv, "helm", "install", RELEASE, chart, NULL);
    if (values) {
        kta_auto_free char *file = kta_fs_join(chart, values);
        kta_argv_addl(&argv, "-f", file, NULL);
    }
    kta_argv_addl(&argv, "-n", ns, NULL);
    kta_str_addf(&a->answer,
                 "The todo app is installed by its chart, with %s, as release " RELEASE
                 " in namespace %s. It needs the images todo-frontend:local and todo-backend:local "
                 "in the cluster.\n",
                 kta_or(values, "its defaults"), ns);
    return kta_plan_add(&a->plan, a->pipeline->policy, &argv, NULL,
                        "install the todo app, as asked", err)
               ? 0
               : -1;
}
