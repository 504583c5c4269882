/*
 * args.c - arguments as models and clients write them → as the tool's schema has them.
 *
 * They name the same thing differently from one server to the next (podName, pod_name, pod), write
 * numbers as text, lists as one text, a kind and a name as one word. What can mean one thing only
 * is taken for that; everything else stays, and the schema says what is wrong with it. Nothing here
 * decides what is allowed: that is done on what comes out.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kta/alloc.h"
#include "kta/kinds.h"
#include "tool_list.h"

/* ---- names of arguments ---- */

/* Each line is one thing; a schema has at most one of its words, or tells them apart itself. */
static const char *const same[][9] = {
    {"pod", "pod_name", "name", "resource_name"},
    {"pod_name", "pod", "name", "resource_name"},
    {"name", "resource_name", "object_name", "object", "pod_name", "pod"},
    {"kind", "resource", "resource_type", "resource_kind", "object_kind"},
    {"resource", "resource_type", "kind"},
    {"selector", "label_selector", "labels", "label"},
    {"label", "label_selector", "selector", "labels"},
    {"target", "resource", "object", "workload", "deployment", "pod", "pod_name", "name"},
    {"tail", "tail_lines", "lines", "limit_lines"},
    {"contains", "grep", "filter", "pattern", "search"},
    {"container", "container_name"},
    {"query", "text", "pattern", "search", "q"},
    {"plan_id", "id", "plan"},
    {"id", "change_id", "change"},
    {"commands", "command", "cmd"},
    {"fix_ids", "fixes", "fix_id", "fix", "ids"},
    {"manifest", "manifests", "yaml", "config"},
    {"namespace", "ns"},
    {"from", "source", "src"},
    {"to", "destination", "dest", "dst"},
    {"since", "since_time", "since_duration"},
};

/* podName, pod-name and pod_name are one. */
static bool same_word(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a == '_' || *a == '-')
            a++;
        while (*b == '_' || *b == '-')
            b++;
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return false;
        if (!*a)
            return true;
    }
}

static const char *property_of(const struct kta_json *properties, const char *key)
{
    if (kta_json_get(properties, key))
        return key;
    kta_json_each(p, properties) {
        if (same_word(kta_json_key(p), key))
            return kta_json_key(p);
    }
    for (size_t i = 0; i < KTA_LEN(same); i++)
        for (size_t k = 1; k < KTA_LEN(same[i]) && same[i][k]; k++)
            if (same_word(same[i][k], key) && kta_json_get(properties, same[i][0]))
                return same[i][0];
    return key;
}

/* ---- values ---- */

static bool is_a(const struct kta_json *schema, const char *type)
{
    return kta_streq(kta_json_str(schema, "type"), type);
}

static struct kta_json *list_of(const char *text, const struct kta_json *items)
{
    struct kta_err ignored = KTA_ERR_INIT;
    struct kta_json *list = NULL;

    if (*text == '[' && kta_json_parse(text, strlen(text), &list, &ignored) == 0)
        return list;
    list = kta_json_new_array();
    if (!is_a(items, "string")) { /* a command line has commas of its own */
        kta_json_push_str(list, text);
        return list;
    }
    for (const char *p = text; *p;) {
        p += strspn(p, ", ");
        size_t n = strcspn(p, ",");
        kta_auto_str struct kta_str word = KTA_STR_INIT;
        kta_str_addn(&word, p, n);
        kta_str_trim(&word);
        if (word.len > 0)
            kta_json_push_str(list, word.s);
        p += n;
    }
    return list;
}

static struct kta_json *from_text(const char *text, const struct kta_json *schema)
{
    size_t n = strlen(text);

    if (is_a(schema, "integer") && n > 0 && n < 10 && strspn(text, "0123456789") == n)
        return kta_json_new_int(strtoll(text, NULL, 10));
    if (is_a(schema, "boolean") && (!strcasecmp(text, "true") || !strcasecmp(text, "false")))
        return kta_json_new_bool(!strcasecmp(text, "true"));
    if (is_a(schema, "array"))
        return list_of(text, kta_json_get(schema, "items"));
    kta_json_each(choice, kta_json_get(schema, "enum")) {
        if (kta_json_text(choice) && !strcasecmp(kta_json_text(choice), text))
            return kta_json_copy(choice);
    }
    return NULL;
}

/* {"app": "x"} and ["app=x"] are "app=x"; any other object is itself, as JSON, which is YAML. */
static struct kta_json *to_text(const char *key, const struct kta_json *v)
{
    bool pairs = kta_json_type(v) == KTA_JSON_OBJECT;
    bool labels = kta_streq(key, "selector") || kta_streq(key, "label");
    kta_auto_str struct kta_str out = KTA_STR_INIT;

    if (kta_json_type(v) == KTA_JSON_NUMBER || (pairs && !labels))
        kta_json_print(v, false, &out);
    kta_json_each(m, labels ? v : NULL) {
        if (!kta_json_text(m))
            return NULL;
        kta_str_addf(&out, "%s%s%s%s", out.len ? "," : "", pairs ? kta_json_key(m) : "",
                     pairs ? "=" : "", kta_json_text(m));
    }
    return out.len > 0 ? kta_json_new_str(out.s) : NULL;
}

static struct kta_json *value_of(const char *key, const struct kta_json *v,
                                 const struct kta_json *schema)
{
    struct kta_json *ret = NULL;

    if (kta_json_text(v))
        ret = from_text(kta_json_text(v), schema);
    else if (is_a(schema, "string"))
        ret = to_text(key, v);
    else if (is_a(schema, "array") && kta_json_type(v) == KTA_JSON_OBJECT)
        kta_json_push(ret = kta_json_new_array(), kta_json_copy(v));
    return ret ? ret : kta_json_copy(v);
}

/* ---- what names an object ---- */

static void set_missing(struct kta_json *args, const struct kta_json *properties, const char *key,
                        const char *value)
{
    if (kta_json_get(properties, key) && !kta_json_get(args, key))
        kta_json_set_str(args, key, value);
}

/* "deployment/backend", "apps/v1/Deployment" and "pod x" as a kind. */
static void split_kind(struct kta_json *args, const struct kta_json *properties)
{
    const char *text = kta_json_str(args, "kind");
    size_t n = text ? strcspn(text, "/ ") : 0;

    if (!text || !text[n])
        return;
    kta_auto_free char *first = kta_strndup(text, n);
    const char *slash = strrchr(text, '/');
    kta_auto_free char *last = kta_strdup(slash ? slash + 1 : text + n + 1);
    if (kta_kind_known(first) && kta_json_get(properties, "name")) {
        set_missing(args, properties, "name", last);
        if (!kta_streq(kta_json_str(args, "name"), last) && !kta_kind_known(last))
            return; /* two different names */
        kta_json_set_str(args, "kind", first);
    } else if (kta_kind_known(last)) {
        kta_json_set_str(args, "kind", last);
    }
}

/* "pod/x" and "shop/x" as a name: a kind before the slash is the kind, else it is the namespace. */
static void split_name(struct kta_json *args, const struct kta_json *properties, const char *key)
{
    const char *text = kta_json_str(args, key), *slash = text ? strchr(text, '/') : NULL;

    if (!slash || !slash[1] || strchr(slash + 1, '/'))
        return;
    kta_auto_free char *before = kta_strndup(text, (size_t)(slash - text));
    kta_auto_free char *name = kta_strdup(slash + 1);
    const struct kta_kind *kind = kta_kind_known(before),
                          *wanted = kta_kind_known(
                              kta_or(kta_json_str(args, "kind"), strstr(key, "pod") ? "pod" : ""));
    if (kind && wanted && kind != wanted)
        return;
    if (kind)
        set_missing(args, properties, "kind", kind->plural);
    else
        set_missing(args, properties, "namespace", before);
    if (kind || kta_streq(kta_json_str(args, "namespace"), before))
        kta_json_set_str(args, key, name);
}

/* A tool that takes a target, called with a kind and a name. */
static void join_target(struct kta_json *ret, const struct kta_json *properties,
                        const struct kta_json *args)
{
    const char *kind = kta_json_str(args, "kind"), *name = kta_json_str(args, "name");

    if (!kta_json_get(properties, "target") || kta_json_get(properties, "kind") || !kind || !name)
        return;
    kta_auto_free char *target = kta_asprintf("%s/%s", kind, name);
    kta_json_set_str(ret, "target", target);
    kta_json_remove(ret, "kind");
}

struct kta_json *tool_args(const struct kta_json *schema, const struct kta_json *args)
{
    const struct kta_json *properties = kta_json_get(schema, "properties");
    struct kta_json *ret = kta_json_new_object();

    kta_json_each(m, args) {
        const char *key = property_of(properties, kta_json_key(m));
        bool empty =
            kta_json_type(m) == KTA_JSON_NULL || (kta_json_text(m) && kta_json_text(m)[0] == '\0');
        if (empty && kta_json_get(properties, key))
            continue; /* nothing was given */
        if (key != kta_json_key(m) && (kta_json_get(args, key) || kta_json_get(ret, key)))
            key = kta_json_key(m); /* the same thing twice: this one is too many */
        kta_json_set(ret, key, value_of(key, m, kta_json_get(properties, key)));
    }
    if (kta_streq(kta_json_str(ret, "namespace"), "*") &&
        kta_json_get(properties, "all_namespaces")) {
        kta_json_remove(ret, "namespace");
        kta_json_set_bool(ret, "all_namespaces", true);
    }
    split_kind(ret, properties);
    static const char *const named[] = {"name", "pod", "pod_name"};
    for (size_t i = 0; i < KTA_LEN(named); i++)
        if (kta_json_get(properties, named[i]))
            split_name(ret, properties, named[i]);
    join_target(ret, properties, args);
    return ret;
}

void tool_args_help(const struct kta_json *schema, struct kta_str *out)
{
    const char *comma = "";

    kta_json_each(p, kta_json_get(schema, "properties")) {
        bool needed = false;
        kta_json_each(r, kta_json_get(schema, "required")) {
            needed = needed || kta_streq(kta_json_text(r), kta_json_key(p));
        }
        kta_str_addf(out, "%s%s (%s%s)", comma, kta_json_key(p),
                     kta_or(kta_json_str(p, "type"), "string or integer"),
                     needed ? ", required" : "");
        comma = ", ";
    }
}
