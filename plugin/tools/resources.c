/*
 * resources.c - objects, findings and history as MCP resources.
 *
 * Each is the answer of a tool under an address: policy, redaction and budget are those of the
 * tool.
 */
#include <string.h>

#include "kta/alloc.h"
#include "tool_list.h"
#include "kta/mcp_content.h"

static void add(struct kta_json *list, const char *key, const char *uri, const char *name,
                const char *title, const char *description, const char *mime)
{
    struct kta_json *o = kta_json_push(list, kta_json_new_object());

    kta_json_set_str(o, key, uri);
    kta_json_set_str(o, "name", name);
    kta_json_set_str(o, "title", title);
    kta_json_set_str(o, "description", description);
    kta_json_set_str(o, "mimeType", mime);
}

struct kta_json *kta_resources_json(struct kta_tool_env *env)
{
    struct kta_json *list = kta_json_new_array();

    (void)env;
    add(list, "uri", "kagent://findings", "findings", "Findings",
        "What is wrong in the server's namespace, now", "application/json");
    add(list, "uri", "kagent://history", "history", "Changes made",
        "Changes made through the pipeline, newest first", "application/json");
    return list;
}

struct kta_json *kta_resource_templates_json(void)
{
    struct kta_json *list = kta_json_new_array();

    add(list, "uriTemplate", "k8s://{context}/{namespace}/{kind}/{name}", "object",
        "A Kubernetes object", "As YAML, redacted; namespace - for what lives in none",
        "application/yaml");
    add(list, "uriTemplate", "kagent://findings/{namespace}", "findings-of", "Findings",
        "What is wrong in a namespace, now", "application/json");
    add(list, "uriTemplate", "kagent://history/{id}", "change", "One change",
        "A change: its commands, their state, what undo would do", "application/json");
    return list;
}

const char *kta_resource_tool(const char *uri)
{
    return kta_starts(uri, "k8s://")              ? "get"
           : kta_starts(uri, "kagent://findings") ? "diagnose"
           : kta_starts(uri, "kagent://history")  ? "history"
                                                  : NULL;
}

/* %XX of an address; false when it is broken or hides a NUL. */
static bool decode(const char *s, size_t n, struct kta_str *out)
{
    for (size_t i = 0; i < n; i++) {
        unsigned v = (unsigned char)s[i];
        if (s[i] == '%') {
            char hex[3] = {i + 2 < n ? s[i + 1] : 0, i + 2 < n ? s[i + 2] : 0, 0};
            if (strspn(hex, "0123456789abcdefABCDEF") != 2)
                return false;
            v = (unsigned)strtoul(hex, NULL, 16);
            i += 2;
        }
        if (v == 0)
            return false;
        kta_str_addc(out, (char)v);
    }
    return true;
}

/* The parts between slashes, decoded. Returns how many, 0 when one is empty or broken. */
static size_t parts(const char *rest, struct kta_str *v, size_t max)
{
    size_t n = 0;

    for (const char *p = rest;; p++) {
        size_t len = strcspn(p, "/");
        if (len == 0 || n == max || !decode(p, len, &v[n++]))
            return 0;
        p += len;
        if (!*p)
            return n;
    }
}

static void call(struct kta_tool_env *env, const char *tool, const char *const *pairs,
                 struct kta_tool_result *result)
{
    kta_auto_json struct kta_json *args = kta_json_new_object();

    for (size_t i = 0; pairs[i]; i += 2)
        kta_json_set_str(args, pairs[i], pairs[i + 1]);
    kta_tool_run(env, kta_tool_find(tool, KTA_FOR_MCP), args, result);
}

static bool read_uri(struct kta_tool_env *env, const char *uri, struct kta_tool_result *result,
                     bool *ret_yaml)
{
    struct kta_str v[4] = {KTA_STR_INIT, KTA_STR_INIT, KTA_STR_INIT, KTA_STR_INIT};
    bool known = false;

    *ret_yaml = kta_starts(uri, "k8s://");
    if (*ret_yaml && parts(uri + strlen("k8s://"), v, 4) == 4) {
        const char *pairs[] = {"context",
                               v[0].s,
                               "kind",
                               v[2].s,
                               "name",
                               v[3].s,
                               kta_streq(v[1].s, "-") ? NULL : "namespace",
                               v[1].s,
                               NULL};
        known = true;
        call(env, "get", pairs, result);
    } else if (kta_streq(uri, "kagent://findings") || kta_starts(uri, "kagent://findings/")) {
        bool one = uri[strlen("kagent://findings")] && parts(uri + 18, v, 1) == 1;
        const char *pairs[] = {one ? "namespace" : NULL, v[0].s, NULL};
        known = one || !uri[strlen("kagent://findings")];
        if (known)
            call(env, "diagnose", pairs, result);
    } else if (kta_streq(uri, "kagent://history") || kta_starts(uri, "kagent://history/")) {
        bool one = uri[strlen("kagent://history")] && parts(uri + 17, v, 1) == 1;
        const char *pairs[] = {one ? "id" : NULL, v[0].s, NULL};
        known = one || !uri[strlen("kagent://history")];
        if (known)
            call(env, "history", pairs, result);
    }
    for (size_t i = 0; i < KTA_LEN(v); i++)
        kta_str_release(&v[i]);
    return known;
}

struct kta_json *kta_resource_read(struct kta_tool_env *env, const char *uri, struct kta_err *err)
{
    struct kta_tool_result result = KTA_TOOL_RESULT_INIT;
    struct kta_json *list = NULL;
    bool yaml;

    if (strlen(uri) > 1024 || !read_uri(env, uri, &result, &yaml)) {
        kta_err_set(err, KTA_E_NOT_FOUND, "there is no resource '%.200s'", uri);
    } else if (result.is_error) {
        kta_err_set(err, KTA_E_NOT_FOUND, "%.800s", result.text.s);
    } else {
        kta_auto_str struct kta_str text = KTA_STR_INIT;
        const char *whole = kta_json_str(result.structured, "text");
        list = kta_json_new_array();
        struct kta_json *o = kta_json_push(list, kta_json_new_object());
        if (yaml && whole)
            kta_str_add(&text, whole);
        else
            kta_json_print(result.structured, true, &text);
        kta_json_set_str(o, "uri", uri);
        kta_json_set_str(o, "mimeType", yaml ? "application/yaml" : "application/json");
        kta_json_set_str(o, "text", text.s);
    }
    kta_tool_result_release(&result);
    return list;
}
