/*
 * list.c - the tools "list" and "search": many objects, a line each, in pages.
 *
 * A list is the server's own Table (what kubectl prints), or with `fields` a projection of the
 * objects. Pages follow the server's continue token; a page that the budget ends goes on inside it.
 */
#include <stdlib.h>
#include <string.h>

#include "kta/alloc.h"
#include "kta/http.h"
#include "kta/kinds.h"
#include "kta/obj.h"
#include "kta/clock.h"
#include "tool_list.h"

#define PAGE      50
#define PAGE_MAX  500
#define FIELD_MAX 20
#define CELL_MAX  600 /* bytes of one projected value */

static const char *const list_advice =
    "a selector, a field_selector, a namespace, fewer fields, a smaller limit";

static void list_path(const struct tool_at *at, const struct kta_kind *kind,
                      const struct kta_json *args, const struct tool_cursor *cursor, int64_t limit,
                      struct kta_str *path)
{
    const char *field = kta_json_str(args, "field_selector");

    kta_kind_path(kind, kind->namespaced ? at->scope.namespace_ : NULL, NULL, path);
    kta_str_addf(path, "?limit=%d", (int)limit);
    if (at->scope.selector) {
        kta_str_add(path, "&labelSelector=");
        kta_url_escape(at->scope.selector, path);
    }
    if (field) {
        kta_str_add(path, "&fieldSelector=");
        kta_url_escape(field, path);
    }
    if (cursor->token) {
        kta_str_add(path, "&continue=");
        kta_url_escape(cursor->token, path);
    }
}

static void cell_text(const struct kta_json *v, struct kta_str *out)
{
    kta_auto_str struct kta_str text = KTA_STR_LIMITED(CELL_MAX);

    if (kta_json_text(v))
        kta_str_add(&text, kta_json_text(v));
    else if (v && kta_json_type(v) != KTA_JSON_NULL)
        kta_json_print(v, false, &text);
    for (size_t i = 0; i < text.len; i++)
        if (text.s[i] == '\n' || text.s[i] == '|')
            text.s[i] = ' ';
    kta_str_add(out, text.len ? text.s : "-");
}

/* One object as columns of a Table row, or by its fields. */
struct row {
    struct kta_str line;
    struct kta_json *item;
};

static void row_cell(struct row *r, const char *name, const struct kta_json *v)
{
    if (r->line.len)
        kta_str_add(&r->line, " | ");
    cell_text(v, &r->line);
    if (v && kta_json_type(v) != KTA_JSON_NULL)
        kta_json_set(r->item, name, kta_json_copy(v));
}

static void row_text(struct row *r, const char *name, const char *text)
{
    kta_auto_json struct kta_json *v = kta_json_new_str(text);
    row_cell(r, name, v);
}

static void table_row(struct row *r, const struct kta_json *columns, const struct kta_json *cells,
                      const char *ns)
{
    size_t i = 0;

    if (ns)
        row_text(r, "Namespace", ns);
    kta_json_each(c, columns) {
        if (kta_json_int(c, "priority", 0) == 0)
            row_cell(r, kta_or(kta_json_str(c, "name"), "?"), kta_json_item(cells, i));
        i++;
    }
}

static void object_row(struct row *r, const struct kta_json *object, const struct kta_json *fields,
                       bool with_ns)
{
    if (with_ns && kta_obj_namespace(object))
        row_text(r, "Namespace", kta_obj_namespace(object));
    row_text(r, "Name", kta_obj_name(object));
    kta_json_each(f, fields) {
        const char *path = kta_or(kta_json_text(f), "");
        kta_auto_json struct kta_json *v = tool_field(object, path);
        row_cell(r, path, v);
    }
    if (!fields && kta_streq(kta_obj_kind(object), "Pod")) {
        char word[64];
        row_text(r, "Status", kta_pod_status_word(object, word, sizeof word));
    }
    if (!fields)
        row_text(r, "Created", kta_json_str(object, "metadata.creationTimestamp"));
}

static void head_line(struct kta_str *out, const struct kta_json *columns,
                      const struct kta_json *fields, bool with_ns, bool pods)
{
    if (with_ns)
        kta_str_add(out, "NAMESPACE | ");
    if (columns) {
        bool first = true;
        kta_json_each(c, columns) {
            if (kta_json_int(c, "priority", 0) != 0)
                continue;
            kta_str_addf(out, "%s%s", first ? "" : " | ", kta_or(kta_json_str(c, "name"), "?"));
            first = false;
        }
    } else {
        kta_str_add(out, "NAME");
        kta_json_each(f, fields) {
            kta_str_addf(out, " | %s", kta_or(kta_json_text(f), ""));
        }
        if (!fields)
            kta_str_add(out, pods ? " | STATUS | CREATED" : " | CREATED");
    }
    kta_str_addc(out, '\n');
}

static void fill_page(const struct kta_json *answer, const struct kta_kind *kind,
                      const struct kta_json *fields, bool with_ns, struct tool_cursor *cursor,
                      size_t limit, size_t budget, struct kta_tool_result *result)
{
    const struct kta_json *columns = kta_json_get(answer, "columnDefinitions");
    const struct kta_json *all = kta_json_get(answer, columns ? "rows" : "items");
    const char *more = kta_json_str(answer, "metadata.continue");
    struct tool_rows rows;
    size_t i = 0;
    bool cut = false;

    head_line(&result->text, columns, fields, with_ns, kta_streq(kind->kind, "Pod"));
    tool_rows_begin(&rows, result, "items", budget, limit);
    kta_json_each(o, all) {
        if (i++ < cursor->skip)
            continue;
        struct row r = {.line = KTA_STR_INIT, .item = kta_json_new_object()};
        const char *ns = with_ns ? kta_json_str(o, "object.metadata.namespace") : NULL;
        if (columns)
            table_row(&r, columns, kta_json_get(o, "cells"), ns);
        else
            object_row(&r, o, fields, with_ns);
        cut = !tool_rows_add(&rows, r.line.s, r.item);
        kta_str_release(&r.line);
        if (cut)
            break;
    }
    kta_json_set_int(result->structured, "count", (int64_t)rows.n);
    if (rows.n == 0)
        kta_str_add(&result->text, "(none)\n");
    int64_t left = kta_json_int(answer, "metadata.remainingItemCount", 0);
    if (left > 0)
        kta_json_set_int(result->structured, "remaining", left);
    if (cut)
        tool_next(result, i - 1, cursor->token, list_advice);
    else if (more && *more)
        tool_next(result, 0, more, list_advice);
}

TOOL(tool_list)
{
    struct tool_at at;
    struct tool_cursor cursor;
    struct kta_err err = KTA_ERR_INIT;
    const struct kta_kind *kind;
    const struct kta_json *fields = kta_json_get(args, "fields");
    kta_auto_str struct kta_str path = KTA_STR_INIT;
    kta_auto_json struct kta_json *answer = NULL;
    int64_t limit = kta_json_int(args, "limit", PAGE);

    if (!tool_at(env, args, &at, result) || !tool_cursor_of(args, &cursor, result))
        return;
    if (kta_kind_find(at.p->cluster, kta_json_str(args, "kind"), &kind, &err) < 0) {
        tool_fail_err(result, &err);
        if (strpbrk(kta_json_str(args, "kind"), "/, ") ||
            kta_streq(kta_json_str(args, "kind"), "all"))
            kta_str_add(&result->text, " list takes one kind; get takes a kind and a name, and "
                                       "search looks through many kinds.");
        free(cursor.token);
        return;
    }
    bool with_ns = kind->namespaced && !at.scope.namespace_;
    bool snapshot = kta_cluster_is_snapshot(at.p->cluster);
    if (fields && kta_json_len(fields) == 0)
        fields = NULL;
    if (tool_mayl(&at, result, "kubectl", "get", kind->plural, fields ? "-o=json" : "-o=wide",
                  NULL)) {
        list_path(&at, kind, args, &cursor, limit, &path);
        if (!fields && !snapshot)
            kta_str_add(&path, "&includeObject=Metadata");
        answer =
            tool_read(&at, fields || snapshot ? KTA_ACCEPT_JSON : KTA_ACCEPT_TABLE, path.s, result);
    }
    if (answer) {
        result->structured = kta_json_new_object();
        kta_json_set_str(result->structured, "kind", kind->kind);
        kta_json_set_str(result->structured, "context", kta_cluster_context(at.p->cluster));
        if (kind->namespaced && at.scope.namespace_)
            kta_json_set_str(result->structured, "namespace", at.scope.namespace_);
        fill_page(answer, kind, fields, with_ns, &cursor, (size_t)limit, tool_budget(env, args),
                  result);
        if (kind->namespaced && kta_json_int(result->structured, "count", 0) == 0)
            tool_no_namespace(&at, result);
    }
    free(cursor.token);
}

/* ---- search ---- */
static const char *const searched[] = {
    "pods",       "deployments", "statefulsets",           "daemonsets", "services", "ingresses",
    "configmaps", "jobs",        "persistentvolumeclaims", "cronjobs",   "nodes",
};

static bool holds(const char *text, const char *query)
{
    return text && kta_stristr(text, query);
}

/* What of the object matches: "name", "label app=backend", "image …"; NULL: nothing does. */
static char *match(const struct kta_json *o, const char *query)
{
    if (holds(kta_obj_name(o), query))
        return kta_strdup("name");
    kta_json_each(l, kta_json_at(o, "metadata.labels")) {
        kta_auto_free char *pair =
            kta_asprintf("%s=%s", kta_json_key(l), kta_or(kta_json_text(l), ""));
        if (holds(pair, query))
            return kta_asprintf("label %s", pair);
    }
    const struct kta_json *spec = kta_json_at(o, "spec.template.spec");
    kta_json_each(c, kta_json_get(spec ? spec : kta_json_get(o, "spec"), "containers")) {
        if (holds(kta_json_str(c, "image"), query))
            return kta_asprintf("image %s", kta_json_str(c, "image"));
    }
    char word[64];
    if (kta_streq(kta_obj_kind(o), "Pod") &&
        holds(kta_pod_status_word(o, word, sizeof word), query))
        return kta_asprintf("status %s", kta_pod_status_word(o, word, sizeof word));
    kta_json_each(d, kta_json_get(o, "data")) {
        if (holds(kta_json_key(d), query))
            return kta_asprintf("key %s", kta_json_key(d));
    }
    return NULL;
}

struct search {
    const struct tool_at *at;
    const char *query;
    struct tool_rows rows;
    size_t seen, skip;
    bool cut;
};

static void search_kind(struct search *s, struct kta_world *w, const char *plural)
{
    struct kta_json *const *v;
    const struct kta_kind *kind = kta_kind_known(plural);
    size_t n =
        kta_world_list(w, plural, kind && kind->namespaced ? s->at->scope.namespace_ : NULL, &v);

    for (size_t i = 0; i < n && !s->cut; i++) {
        kta_auto_free char *what = match(v[i], s->query);
        if (!what || s->seen++ < s->skip)
            continue;
        kta_auto_free char *shown = kta_redact_dup(s->at->p->redact, what);
        const char *name = kta_obj_name(v[i]), *ns = kta_obj_namespace(v[i]);
        struct kta_json *item = kta_json_new_object();
        kta_json_set_str(item, "kind", kind ? kind->kind : plural);
        if (ns)
            kta_json_set_str(item, "namespace", ns);
        kta_json_set_str(item, "name", name);
        kta_json_set_str(item, "matched", shown);
        kta_auto_free char *line = kta_asprintf("%s %s%s%s (%s)", kind ? kind->kind : plural,
                                                ns ? ns : "", ns ? "/" : "", name, shown);
        s->cut = !tool_rows_add(&s->rows, line, item);
    }
}

TOOL(tool_search)
{
    struct tool_at at;
    struct tool_cursor cursor;
    struct kta_err err = KTA_ERR_INIT;
    const char *kinds[FIELD_MAX + KTA_LEN(searched)];
    size_t n = 0;

    if (!tool_at(env, args, &at, result) || !tool_cursor_of(args, &cursor, result))
        return;
    free(cursor.token);
    kta_json_each(k, kta_json_get(args, "kinds")) {
        const struct kta_kind *kind;
        if (kta_kind_find(at.p->cluster, kta_json_text(k), &kind, &err) < 0) {
            tool_fail_err(result, &err);
            return;
        }
        kinds[n++] = kind->plural;
    }
    for (size_t i = 0; n == 0 && i < KTA_LEN(searched); i++)
        kinds[i] = searched[i];
    n = n ? n : KTA_LEN(searched);
    for (size_t i = 0; i < n; i++)
        if (!tool_mayl(&at, result, "kubectl", "get", kinds[i], NULL))
            return;
    struct kta_world *w = tool_world(&at);
    if (kta_world_prefetch(w, at.scope.namespace_, kinds, n, &err) < 0) {
        tool_fail_err(result, &err);
    } else {
        struct search s = {.at = &at, .query = kta_json_str(args, "query"), .skip = cursor.skip};
        result->structured = kta_json_new_object();
        kta_json_set_str(result->structured, "context", kta_cluster_context(at.p->cluster));
        tool_rows_begin(&s.rows, result, "matches", tool_budget(env, args),
                        (size_t)kta_json_int(args, "limit", PAGE));
        for (size_t i = 0; i < n && !s.cut; i++)
            search_kind(&s, w, kinds[i]);
        kta_json_set_int(result->structured, "count", (int64_t)s.rows.n);
        if (s.rows.n == 0 && !tool_no_namespace(&at, result))
            kta_str_addf(&result->text, "Nothing in %s matches.\n",
                         kta_or(at.scope.namespace_, "the cluster"));
        if (s.cut)
            tool_next(result, s.seen - 1, NULL, "kinds, a namespace, a longer query");
    }
    kta_world_free(w);
}
