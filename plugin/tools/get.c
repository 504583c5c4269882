/*
 * get.c - the tools "get" (one object, whole or projected) and "describe".
 *
 * What a Secret holds is never shown: policy lets its list through, and not its data.
 */
#include <string.h>

#include "kta/alloc.h"
#include "kta/kinds.h"
#include "kta/obj.h"
#include "kta/utf8.h"
#include "kta/yaml.h"
#include "tool_list.h"

static const char *const get_advice = "name the fields that are wanted (\"status.conditions\")";

/* What only the server needs. */
static void strip(struct kta_json *o)
{
    kta_json_remove(kta_json_get(o, "metadata"), "managedFields");
    kta_json_remove(kta_json_at(o, "metadata.annotations"),
                    "kubectl.kubernetes.io/last-applied-configuration");
}

static struct kta_json *project(const struct kta_json *o, const struct kta_json *fields)
{
    struct kta_json *ret = kta_json_new_object();

    kta_json_each(f, fields)
    {
        const struct kta_json *v = kta_json_at(o, kta_or(kta_json_text(f), ""));
        kta_json_set(ret, kta_or(kta_json_text(f), "?"),
                     v ? kta_json_copy(v) : kta_json_new_null());
    }
    return ret;
}

struct kta_json *tool_object(const struct tool_at *at, const char *kind_name, const char *name,
                             const struct kta_kind **ret_kind, struct kta_tool_result *result)
{
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_str struct kta_str path = KTA_STR_INIT;

    if (!tool_name("name", name, result))
        return NULL;
    if (kta_kind_find(at->p->cluster, kind_name, ret_kind, &err) < 0) {
        tool_fail_err(result, &err);
        return NULL;
    }
    if ((*ret_kind)->namespaced && !at->scope.namespace_) {
        tool_fail(result, "%s lives in a namespace: name it.", (*ret_kind)->kind);
        return NULL;
    }
    if (!tool_mayl(at, result, "kubectl", "get", (*ret_kind)->plural, name, "-o=yaml", NULL))
        return NULL;
    if (kta_learn_object(at->p->cluster, at->p->redact, (*ret_kind)->plural, at->scope.namespace_,
                         name, &err) < 0) {
        tool_fail_err(result, &err);
        return NULL;
    }
    kta_kind_path(*ret_kind, (*ret_kind)->namespaced ? at->scope.namespace_ : NULL, name, &path);
    struct kta_json *o = tool_read(at, KTA_ACCEPT_JSON, path.s, result);
    if (o)
        strip(o);
    return o;
}

static void head(struct kta_tool_result *result, const struct tool_at *at,
                 const struct kta_kind *kind, const char *name)
{
    struct kta_json *s = result->structured = kta_json_new_object();

    kta_json_set_str(s, "context", kta_cluster_context(at->p->cluster));
    kta_json_set_str(s, "kind", kind->kind);
    if (kind->namespaced)
        kta_json_set_str(s, "namespace", at->scope.namespace_);
    kta_json_set_str(s, "name", name);
}

TOOL(tool_get)
{
    struct tool_at at;
    const struct kta_kind *kind;
    const struct kta_json *fields = kta_json_get(args, "fields");
    const char *name = kta_json_str(args, "name");
    kta_auto_str struct kta_str yaml = KTA_STR_INIT, clean = KTA_STR_INIT;
    size_t budget = tool_budget(env, args);

    if (!tool_at(env, args, &at, result))
        return;
    struct kta_json *o = tool_object(&at, kta_json_str(args, "kind"), name, &kind, result);
    if (!o)
        return;
    if (kta_json_len(fields) > 0) {
        struct kta_json *part = project(o, fields);
        kta_json_free(o);
        o = part;
    }
    kta_yaml_print(o, &yaml);
    kta_clean(yaml.s, yaml.len, &clean);
    head(result, &at, kind, name);
    kta_json_free(o);
    tool_page_text(result, args, budget, clean.s, get_advice);
}

TOOL(tool_describe)
{
    struct tool_at at;
    struct kta_err err = KTA_ERR_INIT;
    const struct kta_kind *kind;
    const char *name = kta_json_str(args, "name");
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    int code = 0;

    if (!tool_at(env, args, &at, result) || !tool_name("name", name, result))
        return;
    if (kta_kind_find(at.p->cluster, kta_json_str(args, "kind"), &kind, &err) < 0) {
        tool_fail_err(result, &err);
        return;
    }
    kta_argv_addl(&argv, "kubectl", "describe", kind->plural, name, NULL);
    if (kind->namespaced)
        kta_argv_addl(&argv, "-n", kta_or(at.scope.namespace_, "default"), NULL);
    if (kta_run_read(at.p, &argv, &text, &code, &err) < 0) {
        tool_fail_err(result, &err);
    } else if (code != 0) {
        tool_fail(result, "%s", text.s);
    } else {
        if (!at.scope.namespace_)
            at.scope.namespace_ = "default";
        head(result, &at, kind, name);
        tool_page_text(result, args, tool_budget(env, args), text.s,
                       "use get with fields, or events");
    }
}
