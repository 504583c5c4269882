/*
 * get.c - the tools "get" (one object, whole or projected) and "describe".
 *
 * What a Secret holds is never shown: policy lets its list through, and not its data.
 */
#include <stdlib.h>
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

static struct kta_json *walk(const struct kta_json *o, const char *path);

/* "[2]", "[*]" (a list of what each item has there), "['a.b']" at path. */
static struct kta_json *walk_index(const struct kta_json *o, const char *path)
{
    char quote = path[1];
    bool key = quote == '"' || quote == '\'';
    const char *from = path + 1 + key, *end = strchr(from, key ? quote : ']');
    const char *rest = end ? end + 1 + (key && end[1] == ']') : "";
    kta_auto_free char *word = kta_strndup(from, end ? (size_t)(end - from) : strlen(from));

    if (key)
        return walk(kta_json_get(o, word), rest);
    if (!kta_streq(word, "*"))
        return walk(kta_json_item(o, (size_t)strtoul(word, NULL, 10)), rest);
    struct kta_json *list = kta_json_new_array();
    kta_json_each(item, o) {
        kta_json_push(list, walk(item, rest));
    }
    return list;
}

static struct kta_json *walk(const struct kta_json *o, const char *path)
{
    kta_auto_str struct kta_str key = KTA_STR_INIT;

    path += *path == '.';
    if (!*path || !o)
        return o ? kta_json_copy(o) : kta_json_new_null();
    if (*path == '[')
        return walk_index(o, path);
    for (; *path && *path != '.' && *path != '['; path++) {
        path += *path == '\\' && path[1]; /* "labels.app\.kubernetes\.io/name" */
        kta_str_addc(&key, *path);
    }
    return walk(kta_json_get(o, kta_or(key.s, "")), path);
}

struct kta_json *tool_field(const struct kta_json *o, const char *path)
{
    path += strspn(path, "{$");
    kta_auto_free char *plain = kta_strndup(path, strcspn(path, "}"));
    return walk(o, plain);
}

static struct kta_json *project(const struct kta_json *o, const struct kta_json *fields)
{
    struct kta_json *ret = kta_json_new_object();

    kta_json_each(f, fields) {
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
    kta_kind_path(*ret_kind, (*ret_kind)->namespaced ? at->scope.namespace_ : NULL, name, &path);
    struct kta_json *o = tool_read(at, KTA_ACCEPT_JSON, path.s, result);
    if (o)
        strip(o);
    else if (!(*ret_kind)->namespaced || !tool_no_namespace(at, result))
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

/* Appends the namespaces in which there is one of that name. */
static void elsewhere(const struct tool_at *at, const struct kta_kind *kind, const char *name,
                      struct kta_tool_result *result)
{
    kta_auto_free char *query = kta_asprintf("?fieldSelector=metadata.name%%3D%s&limit=5", name);
    kta_auto_json struct kta_json *list = names_of(at, kind, NULL, query);
    const char *before = " One of that name is in namespace ";

    kta_json_each(o, kta_json_get(list, "items")) {
        kta_str_addf(&result->text, "%s%s", before, kta_or(kta_obj_namespace(o), "?"));
        before = ", ";
    }
    if (kta_json_len(kta_json_get(list, "items")) > 0)
        kta_str_addc(&result->text, '.');
}

bool tool_no_namespace(const struct tool_at *at, struct kta_tool_result *result)
{
    struct kta_err err = KTA_ERR_INIT;
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0;
    bool gone = false;

    if (!at->scope.namespace_ || kta_cluster_is_snapshot(at->p->cluster))
        return false;
    kta_read_add(&reads, &n, &cap, KTA_ACCEPT_METADATA, "/api/v1/namespaces/%s",
                 at->scope.namespace_);
    if (kta_cluster_read(at->p->cluster, reads, n, &err) == 0)
        gone = reads[0].failed && reads[0].err.code == KTA_E_NOT_FOUND;
    kta_reads_free(reads, n);
    if (!gone)
        return false;
    kta_str_clear(&result->text);
    kta_json_free(result->structured);
    result->structured = NULL;
    tool_fail(result, "There is no namespace '%s'.", at->scope.namespace_);
    tool_near(at, kta_kind_known("namespaces"), at->scope.namespace_, result);
    return true;
}

void tool_near(const struct tool_at *at, const struct kta_kind *kind, const char *name,
               struct kta_tool_result *result)
{
    const char *ns = kind->namespaced ? at->scope.namespace_ : NULL, *names[500];
    kta_auto_json struct kta_json *list = names_of(at, kind, ns, "?limit=500");
    kta_auto_str struct kta_str near = KTA_STR_INIT;
    size_t n = 0, shown = 0;

    kta_json_each(o, kta_json_get(list, "items")) {
        const char *own = kta_obj_name(o);
        if (kta_streq(own, name))
            return; /* it is there: something else is amiss */
        if (!own || n == KTA_LEN(names))
            continue;
        names[n++] = own;
        if (kta_starts(own, name) && shown < 5)
            kta_str_addf(&near, "%s%s", shown++ ? ", " : "", own);
    }
    const char *nearest = n > 0 ? kta_nearest(name, names, n) : NULL;
    if (shown == 0 && n > 12 && nearest)
        kta_str_add(&near, nearest);
    for (size_t i = 0; shown == 0 && n <= 12 && i < n; i++)
        kta_str_addf(&near, "%s%s", near.len ? ", " : "", names[i]);
    if (near.len > 0)
        kta_str_addf(&result->text, " There is: %s.", near.s);
    if (ns && !at->pinned && shown == 0)
        elsewhere(at, kind, name, result);
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
        kta_str_trim(&text);
        tool_fail(result, "%s.", text.s);
        if (strstr(text.s, "NotFound") && !tool_no_namespace(&at, result))
            tool_near(&at, kind, name, result);
    } else {
        if (!at.scope.namespace_)
            at.scope.namespace_ = "default";
        head(result, &at, kind, name);
        tool_page_text(result, args, tool_budget(env, args), text.s,
                       "use get with fields, or events");
    }
}
