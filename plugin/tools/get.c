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

/* Where "[*]" stands, a list of what each item has there. */
static struct kta_json *each_at(const struct kta_json *o, const char *path)
{
    const char *star = strstr(path, "[*]");

    if (!star) {
        const struct kta_json *v = *path ? kta_json_at(o, path) : o;
        return v ? kta_json_copy(v) : kta_json_new_null();
    }
    kta_auto_free char *before = kta_strndup(path, (size_t)(star - path));
    struct kta_json *list = kta_json_new_array();
    kta_json_each(item, *before ? kta_json_at(o, before) : o)
    {
        kta_json_push(list, each_at(item, star + 3 + (star[3] == '.')));
    }
    return list;
}

struct kta_json *tool_field(const struct kta_json *o, const char *path)
{
    size_t n;

    path += strspn(path, "{$.");
    n = strcspn(path, "}");
    kta_auto_free char *plain = kta_strndup(path, n);
    return each_at(o, plain);
}

static struct kta_json *project(const struct kta_json *o, const struct kta_json *fields)
{
    struct kta_json *ret = kta_json_new_object();

    kta_json_each(f, fields)
    {
        kta_json_set(ret, kta_or(kta_json_text(f), "?"),
                     tool_field(o, kta_or(kta_json_text(f), "")));
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
    else
        tool_near(at, *ret_kind, name, result);
    return o;
}

/* ---- what is not there ---- */

/* Names (with their namespaces) of a kind, as "metadata" answers; NULL: cannot be read. */
static struct kta_json *names_of(const struct tool_at *at, const struct kta_kind *kind,
                                 const char *ns, const char *query)
{
    kta_auto_str struct kta_str path = KTA_STR_INIT;
    struct kta_tool_result ignored = KTA_TOOL_RESULT_INIT;

    kta_kind_path(kind, ns, NULL, &path);
    kta_str_add(&path, query);
    struct kta_json *list = tool_read(at, KTA_ACCEPT_METADATA, path.s, &ignored);
    kta_tool_result_release(&ignored);
    return list;
}

void tool_near(const struct tool_at *at, const struct kta_kind *kind, const char *name,
               struct kta_tool_result *result)
{
    const char *ns = kind->namespaced ? at->scope.namespace_ : NULL, *names[500];
    kta_auto_json struct kta_json *list = names_of(at, kind, ns, "?limit=500");
    kta_auto_str struct kta_str near = KTA_STR_INIT;
    size_t n = 0, shown = 0;

    kta_json_each(o, kta_json_get(list, "items"))
    {
        const char *own = kta_obj_name(o);
        if (kta_streq(own, name))
            return; /* it is there: something else is amiss */
        if (!own || n == KTA_LEN(names))
            continue;
        names[n++] = own;
        if (kta_starts(own, name) && shown < 5)
            kta_str_addf(&near, "%s%s", shown++ ? ", " : "", own);
    }
    if (shown == 0 && n > 0 && kta_nearest(name, names, n))
        kta_str_add(&near, kta_nearest(name, names, n));
    for (size_t i = 0; near.len == 0 && i < n && i < 8; i++)
        kta_str_addf(&near, "%s%s", near.len ? ", " : "", names[i]);
    if (near.len > 0)
        kta_str_addf(&result->text, " There is: %s.", near.s);
    else if (list)
        kta_str_addf(&result->text, " There are no %s there at all; name their namespace.",
                     kind->plural);
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
