/*
 * snapfiles.c - names of a snapshot's files, selectors, and one answer made from another.
 *
 * Invariant: a name never leaves the folder: segments come from api_path_parse, which refuses ".."
 * and slashes.
 */
#include "snapfiles.h"

#include <ctype.h>
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/http.h"
#include "kta/obj.h"
#include "kta/selector.h"

enum { MAX_SEGMENT = 200 }; /* bytes of one name in a folder; longer ones end in a hash */

static const char *const selector_keys[] = {"labelSelector", "fieldSelector"};

/* ---- names ---- */

/* Appends s as (part of) a file's name. */
static void add_segment(struct kta_str *out, const char *s)
{
    kta_auto_str struct kta_str esc = KTA_STR_INIT;

    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        if (isalnum(c) || strchr("-_.:=,!@()", c))
            kta_str_addc(&esc, (char)c);
        else
            kta_str_addf(&esc, "%%%02X", c);
    }
    if (esc.len > MAX_SEGMENT) {
        uint32_t h = 2166136261u; /* FNV-1a */

        for (size_t i = 0; i < esc.len; i++)
            h = (h ^ (unsigned char)esc.s[i]) * 16777619u;
        kta_str_truncate(&esc, MAX_SEGMENT - 10);
        kta_str_addf(&esc, "~%08x", h);
    }
    kta_str_add(out, esc.s);
}

bool snap_has_selectors(const char *query)
{
    for (size_t i = 0; i < KTA_LEN(selector_keys); i++) {
        kta_auto_str struct kta_str v = KTA_STR_INIT;

        if (api_query_get(query, selector_keys[i], &v) && v.len)
            return true;
    }
    return false;
}

static void add_selectors(const char *query, struct kta_str *out)
{
    for (size_t i = 0; i < KTA_LEN(selector_keys); i++) {
        kta_auto_str struct kta_str v = KTA_STR_INIT;

        if (api_query_get(query, selector_keys[i], &v) && v.len)
            kta_str_addf(out, "@%s=%s", selector_keys[i], v.s);
    }
}

/* "/version", "/apis", "/apis/GROUP/VERSION": no resource. */
static bool plain_name(const char *path, struct kta_str *out)
{
    size_t n = strcspn(path, "?");

    while (n && *path == '/')
        path++, n--;
    if (n == 0 || n > MAX_SEGMENT)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)path[i]) && !strchr("-_./", path[i]))
            return false;
    if (memmem(path, n, "..", 2) || memmem(path, n, "//", 2))
        return false;
    kta_str_addn(out, path, n);
    kta_str_add(out, ".json");
    return true;
}

/* A log's end has the log's name; other parts of it stand beside it: what was written of late, and
 * the beginning. */
static const char *part_of_log(const struct api_path *a)
{
    kta_auto_str struct kta_str end = KTA_STR_INIT, since = KTA_STR_INIT, bytes = KTA_STR_INIT;

    if (api_query_get(a->query, "tailLines", &end))
        return "";
    if (api_query_get(a->query, "sinceSeconds", &since))
        return ".late";
    return api_query_get(a->query, "limitBytes", &bytes) ? ".head" : "";
}

static void log_name(const struct api_path *a, struct kta_str *out)
{
    kta_auto_str struct kta_str container = KTA_STR_INIT, previous = KTA_STR_INIT;

    api_query_get(a->query, "container", &container);
    api_query_get(a->query, "previous", &previous);
    bool earlier = strcmp(previous.s, "true") == 0 || strcmp(previous.s, "1") == 0;
    kta_str_add(out, "/log/");
    add_segment(out, container.len ? container.s : "_default");
    kta_str_addf(out, "%s%s.txt", earlier ? ".previous" : "", part_of_log(a));
}

bool snap_name(const struct api_path *a, const char *path, enum kta_accept accept,
               bool with_selectors, struct kta_str *out)
{
    kta_auto_str struct kta_str last = KTA_STR_INIT;

    if (!a->resource[0])
        return plain_name(path, out);
    kta_str_add(out, a->group[0] ? "apis/" : "api/");
    if (a->group[0]) {
        add_segment(out, a->group);
        kta_str_addc(out, '/');
    }
    add_segment(out, a->version);
    if (a->namespace_[0]) {
        kta_str_add(out, "/namespaces/");
        add_segment(out, a->namespace_);
    }
    kta_str_addc(out, '/');
    kta_str_add(&last, a->resource);
    if (a->list && with_selectors)
        add_selectors(a->query, &last);
    add_segment(out, last.s);
    if (a->name[0]) {
        kta_str_addc(out, '/');
        add_segment(out, a->name);
    }
    if (strcmp(a->subresource, "log") == 0) {
        log_name(a, out);
        return true;
    }
    if (a->subresource[0]) {
        kta_str_addc(out, '/');
        add_segment(out, a->subresource);
    }
    kta_str_add(out, accept == KTA_ACCEPT_TABLE      ? ".table.json"
                     : accept == KTA_ACCEPT_METADATA ? ".metadata.json"
                     : accept == KTA_ACCEPT_TEXT     ? ".txt"
                                                     : ".json");
    return true;
}

/* ---- selectors ---- */

/* "status.phase!=Running,metadata.name=x" */
static bool fields_match(const char *selector, const struct kta_json *object)
{
    for (const char *s = selector; *s;) {
        size_t n = strcspn(s, ","), key_len = strcspn(s, "!=,");
        kta_auto_free char *key = kta_strndup(s, key_len);
        const char *op = s + key_len, *have = kta_or(kta_json_str(object, key), "");
        bool negated = *op == '!';
        size_t skip = strspn(op, "!=");
        kta_auto_free char *want = kta_strndup(op + skip, n - key_len - skip);

        if ((strcmp(have, want) == 0) == negated)
            return false;
        s += n + (s[n] == ',');
    }
    return true;
}

void snap_filter(struct kta_json *list, const char *query, const char *ns)
{
    kta_auto_str struct kta_str labels = KTA_STR_INIT, fields = KTA_STR_INIT;
    struct kta_json *kept = kta_json_new_array();

    api_query_get(query, "labelSelector", &labels);
    api_query_get(query, "fieldSelector", &fields);
    kta_json_each(o, kta_json_get(list, "items")) {
        if (*ns && !kta_streq(kta_obj_namespace(o), ns))
            continue;
        if (kta_selector_text_matches(labels.s, kta_json_at(o, "metadata.labels")) &&
            fields_match(fields.s, o))
            kta_json_push(kept, kta_json_copy(o));
    }
    kta_json_set(list, "items", kept);
}

/* ---- conversions ---- */

static struct kta_json *metadata_only(const struct kta_json *o)
{
    struct kta_json *m = kta_json_new_object();

    kta_json_set_str(m, "kind", "PartialObjectMetadata");
    kta_json_set_str(m, "apiVersion", "meta.k8s.io/v1");
    kta_json_set(m, "metadata", kta_json_copy(kta_json_get(o, "metadata")));
    return m;
}

static struct kta_json *to_metadata(struct kta_json *v)
{
    struct kta_json *list, *items;

    if (!kta_json_get(v, "items")) {
        list = metadata_only(v);
    } else {
        list = kta_json_new_object();
        kta_json_set_str(list, "kind", "PartialObjectMetadataList");
        kta_json_set_str(list, "apiVersion", "meta.k8s.io/v1");
        items = kta_json_set(list, "items", kta_json_new_array());
        kta_json_each(o, kta_json_get(v, "items"))
            kta_json_push(items, metadata_only(o));
    }
    kta_json_free(v);
    return list;
}

static void add_column(struct kta_json *columns, const char *name, const char *type)
{
    struct kta_json *c = kta_json_push(columns, kta_json_new_object());

    kta_json_set_str(c, "name", name);
    kta_json_set_str(c, "type", type);
}

static void pod_cells(const struct kta_json *pod, struct kta_json *cells)
{
    const struct kta_json *statuses = kta_json_at(pod, "status.containerStatuses");
    char buf[256], ready[64];
    int n = 0;

    kta_json_each(s, statuses)
        n += kta_json_bool(s, "ready", false);
    snprintf(ready, sizeof ready, "%d/%zu", n, kta_json_len(kta_json_at(pod, "spec.containers")));
    kta_json_push_str(cells, ready);
    kta_json_push_str(cells, kta_pod_status_word(pod, buf, sizeof buf));
    kta_json_push(cells, kta_json_new_int(kta_pod_restarts(pod)));
}

static void table_row(const struct kta_json *o, bool pods, int64_t now, struct kta_json *rows)
{
    struct kta_json *row = kta_json_push(rows, kta_json_new_object());
    struct kta_json *cells = kta_json_set(row, "cells", kta_json_new_array());
    kta_auto_str struct kta_str age = KTA_STR_INIT;
    int64_t created = kta_obj_created(o);

    kta_json_push_str(cells, kta_obj_name(o));
    if (pods)
        pod_cells(o, cells);
    if (created != KTA_NO_TIME)
        kta_age(now > created ? now - created : 0, &age);
    kta_json_push_str(cells, age.len ? age.s : "<unknown>");
    kta_json_set(row, "object", metadata_only(o));
}

/* The columns that every kind has, and those of pods: enough for what reads Tables here. */
static struct kta_json *to_table(struct kta_json *v, bool pods, int64_t now)
{
    struct kta_json *t = kta_json_new_object(), *columns, *rows;

    kta_json_set_str(t, "kind", "Table");
    kta_json_set_str(t, "apiVersion", "meta.k8s.io/v1");
    columns = kta_json_set(t, "columnDefinitions", kta_json_new_array());
    add_column(columns, "Name", "string");
    if (pods) {
        add_column(columns, "Ready", "string");
        add_column(columns, "Status", "string");
        add_column(columns, "Restarts", "string");
    }
    add_column(columns, "Age", "string");
    rows = kta_json_set(t, "rows", kta_json_new_array());
    if (kta_json_get(v, "items")) {
        kta_json_each(o, kta_json_get(v, "items"))
            table_row(o, pods, now, rows);
    } else {
        table_row(v, pods, now, rows);
    }
    kta_json_free(v);
    return t;
}

struct kta_json *snap_convert(struct kta_json *v, enum kta_accept accept, const char *resource,
                              int64_t now)
{
    if (accept == KTA_ACCEPT_METADATA)
        return to_metadata(v);
    if (accept == KTA_ACCEPT_TABLE)
        return to_table(v, strcmp(resource, "pods") == 0, now);
    return v;
}
