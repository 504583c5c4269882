/*
 * complete.c - values for the arguments of prompts and resource templates: contexts, namespaces,
 * kinds, names. What cannot be read gives no values.
 */
#include <string.h>

#include "kta/alloc.h"
#include "kta/kinds.h"
#include "kta/obj.h"
#include "kta/kubeconfig.h"
#include "tool_list.h"
#include "kta/mcp_content.h"

#define VALUES_MAX 100

struct values {
    struct kta_json *list;
    const char *prefix;
    size_t total;
};

/* "ba" begins "backend", and "deployment/backend". */
static void add(struct values *v, const char *text)
{
    const char *slash = text ? strchr(text, '/') : NULL;

    if (!text || (!kta_starts(text, v->prefix) && !(slash && kta_starts(slash + 1, v->prefix))))
        return;
    if (v->total++ < VALUES_MAX)
        kta_json_push_str(v->list, text);
}

static void add_names(struct values *v, const struct tool_at *at, const struct kta_kind *kind,
                      const char *before)
{
    struct kta_tool_result quiet = KTA_TOOL_RESULT_INIT;
    kta_auto_str struct kta_str path = KTA_STR_INIT;

    if (tool_mayl(at, &quiet, "kubectl", "get", kind->plural, NULL)) {
        kta_kind_path(kind, kind->namespaced ? at->scope.namespace_ : NULL, NULL, &path);
        kta_auto_json struct kta_json *list = tool_read(at, KTA_ACCEPT_METADATA, path.s, &quiet);
        kta_json_each(o, kta_json_get(list, "items")) {
            kta_auto_free char *text = kta_asprintf("%s%s", before, kta_or(kta_obj_name(o), ""));
            add(v, text);
        }
    }
    kta_tool_result_release(&quiet);
}

static void targets(struct values *v, const struct tool_at *at)
{
    static const char *const kinds[] = {"deployments", "statefulsets", "daemonsets", "pods"};
    static const char *const words[] = {"deployment/", "statefulset/", "daemonset/", "pod/"};

    for (size_t i = 0; i < KTA_LEN(kinds); i++)
        add_names(v, at, kta_kind_known(kinds[i]), words[i]);
}

/* Those that a call may name: all of the kubeconfig, unless the server is narrowed to its own. */
static void contexts(struct values *v, const struct kta_tool_env *env)
{
    kta_auto_argv struct kta_argv names = KTA_ARGV_INIT;
    const struct kta_kube_flags flags = {.kubeconfig = env->kubeconfig};
    struct kta_err ignored = KTA_ERR_INIT;

    if (env->context_pinned || !env->open || kta_kubeconfig_contexts(&flags, &names, &ignored) < 0)
        add(v, kta_cluster_context(env->pipeline->cluster));
    for (size_t i = 0; i < names.n; i++)
        add(v, names.v[i]);
}

static void of_argument(struct values *v, struct kta_tool_env *env, const char *argument,
                        const struct kta_json *context)
{
    struct kta_tool_result quiet = KTA_TOOL_RESULT_INIT;
    kta_auto_json struct kta_json *none = kta_json_new_object();
    const struct kta_kind *kind = kta_kind_known(kta_or(kta_json_str(context, "kind"), ""));
    struct tool_at at;
    size_t n;

    if (kta_streq(argument, "context")) {
        contexts(v, env);
    } else if (kta_streq(argument, "kind")) {
        const struct kta_kind *all = kta_kinds(&n);
        for (size_t i = 0; i < n; i++)
            add(v, all[i].plural);
    } else if (tool_at(env, context ? context : none, &at, &quiet)) {
        if (kta_streq(argument, "namespace") && env->namespace_pinned)
            add(v, env->scope.namespace_);
        else if (kta_streq(argument, "namespace"))
            add_names(v, &at, kta_kind_known("namespaces"), "");
        else if (kta_streq(argument, "name") && kind)
            add_names(v, &at, kind, "");
        else if (kta_streq(argument, "target"))
            targets(v, &at);
    }
    kta_tool_result_release(&quiet);
}

struct kta_json *kta_complete(struct kta_tool_env *env, bool ref_is_prompt, const char *ref,
                              const char *argument, const char *value,
                              const struct kta_json *context)
{
    struct kta_json *o = kta_json_new_object();
    struct values v = {.prefix = kta_or(value, "")};

    (void)ref_is_prompt; /* the arguments' names mean the same everywhere */
    (void)ref;
    v.list = kta_json_set(o, "values", kta_json_new_array());
    of_argument(&v, env, kta_or(argument, ""), context);
    kta_json_set_int(o, "total", (int64_t)v.total);
    kta_json_set_bool(o, "hasMore", v.total > VALUES_MAX);
    return o;
}
