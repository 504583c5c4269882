/* events.c - the tools "events" (newest first) and "top" (who uses most). */
#include <stdlib.h>
#include <string.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/kinds.h"
#include "kta/obj.h"
#include "kta/quantity.h"
#include "tool_list.h"

static int64_t when_of(const struct kta_json *e)
{
    static const char *const places[] = {"series.lastObservedTime", "lastTimestamp", "eventTime",
                                         "firstTimestamp", "metadata.creationTimestamp"};

    for (size_t i = 0; i < KTA_LEN(places); i++)
        if (kta_time_parse(kta_json_str(e, places[i])) != KTA_NO_TIME)
            return kta_time_parse(kta_json_str(e, places[i]));
    return 0;
}

static int newest_first(const void *a, const void *b)
{
    int64_t ta = when_of(*(struct kta_json *const *)a), tb = when_of(*(struct kta_json *const *)b);

    return ta < tb ? 1 : ta > tb ? -1 : 0;
}

static bool wanted(const struct kta_json *e, const struct kta_json *args, int64_t since)
{
    const char *kind = kta_json_str(args, "kind"), *name = kta_json_str(args, "name");
    const struct kta_kind *known = kind ? kta_kind_known(kind) : NULL; /* "po", "pods" */
    const char *type = kta_json_str(args, "type"), *reason = kta_json_str(args, "reason");
    const struct kta_json *o = kta_json_get(e, "involvedObject");

    if (known)
        kind = known->kind;
    return (!kind || kta_stristr(kta_or(kta_json_str(o, "kind"), ""), kind)) &&
           (!name || kta_starts(kta_or(kta_json_str(o, "name"), ""), name)) &&
           (!type || kta_streq(kta_json_str(e, "type"), type)) &&
           (!reason || kta_streq(kta_json_str(e, "reason"), reason)) && when_of(e) >= since;
}

static bool add_event(struct tool_rows *rows, const struct kta_json *e, int64_t now, bool with_ns)
{
    const struct kta_json *o = kta_json_get(e, "involvedObject");
    const char *ns = kta_json_str(o, "namespace");
    int64_t count = kta_json_int(e, "series.count", kta_json_int(e, "count", 1));
    kta_auto_str struct kta_str line = KTA_STR_INIT, time = KTA_STR_INIT, age = KTA_STR_INIT;
    struct kta_json *item = kta_json_new_object();

    kta_age(now - when_of(e), &age);
    kta_time_format(when_of(e), &time);
    kta_json_set_str(item, "time", time.s);
    kta_json_set_str(item, "type", kta_or(kta_json_str(e, "type"), "Normal"));
    kta_json_set_str(item, "reason", kta_or(kta_json_str(e, "reason"), ""));
    kta_json_set_str(item, "kind", kta_or(kta_json_str(o, "kind"), ""));
    if (ns)
        kta_json_set_str(item, "namespace", ns);
    kta_json_set_str(item, "name", kta_or(kta_json_str(o, "name"), ""));
    kta_json_set_str(item, "message", kta_or(kta_json_str(e, "message"), ""));
    kta_json_set_int(item, "count", count);
    kta_str_addf(&line, "%s ago %s %s %s%s%s/%s (x%d): %s", age.s, kta_json_str(item, "type"),
                 kta_json_str(item, "reason"), with_ns ? kta_or(ns, "") : "", with_ns ? " " : "",
                 kta_json_str(item, "kind"), kta_json_str(item, "name"), (int)count,
                 kta_json_str(item, "message"));
    for (size_t i = 0; i < line.len; i++)
        if (line.s[i] == '\n')
            line.s[i] = ' ';
    return tool_rows_add(rows, line.s, item);
}

TOOL(tool_events)
{
    struct tool_at at;
    struct tool_cursor cursor;
    struct kta_err err = KTA_ERR_INIT;
    int64_t since_ms = 0;
    size_t n = 0, cap = 0, i;
    struct kta_json **v = NULL;

    if (!tool_at(env, args, &at, result) || !tool_cursor_of(args, &cursor, result))
        return;
    free(cursor.token);
    if (kta_json_str(args, "since") &&
        kta_duration(kta_json_str(args, "since"), &since_ms, &err) < 0) {
        tool_fail_err(result, &err);
        return;
    }
    if (!tool_mayl(&at, result, "kubectl", "events", NULL))
        return;
    int64_t now = kta_cluster_now(at.p->cluster), since = since_ms ? now - since_ms / 1000 : 0;
    kta_auto_free char *path =
        at.scope.namespace_ ? kta_asprintf("/api/v1/namespaces/%s/events", at.scope.namespace_)
                            : kta_strdup("/api/v1/events");
    kta_auto_json struct kta_json *list = tool_read(&at, KTA_ACCEPT_JSON, path, result);
    if (!list)
        return;
    kta_json_each(e, kta_json_get(list, "items")) {
        if (!wanted(e, args, since))
            continue;
        KTA_GROW(v, n, cap);
        v[n++] = e;
    }
    if (n)
        qsort(v, n, sizeof *v, newest_first);
    struct tool_rows rows;
    tool_rows_begin(&rows, result, "events", tool_budget(env, args),
                    (size_t)kta_json_int(args, "limit", 50));
    for (i = cursor.skip; i < n; i++)
        if (!add_event(&rows, v[i], now, !at.scope.namespace_))
            break;
    kta_json_set_int(result->structured, "count", (int64_t)rows.n);
    kta_json_set_int(result->structured, "total", (int64_t)n);
    if (n == 0 && !tool_no_namespace(&at, result))
        kta_str_add(&result->text, "(no events)\n");
    if (i < n)
        tool_next(result, i, NULL, "kind, name, type \"Warning\", reason, since \"10m\"");
    free(v);
}

/* ---- top ---- */
struct use {
    const char *ns, *name;
    int64_t cpu, memory; /* milli */
    bool by_cpu;
};

static int most_first(const void *pa, const void *pb)
{
    const struct use *a = pa, *b = pb;
    int64_t ua = a->by_cpu ? a->cpu : a->memory, ub = b->by_cpu ? b->cpu : b->memory;

    return ua < ub ? 1 : ua > ub ? -1 : strcmp(a->name, b->name);
}

static void add_usage(struct use *u, const struct kta_json *usage)
{
    int64_t cpu = kta_quantity_milli(kta_json_str(usage, "cpu"));
    int64_t memory = kta_quantity_milli(kta_json_str(usage, "memory"));

    u->cpu += cpu > 0 ? cpu : 0;
    u->memory += memory > 0 ? memory : 0;
}

TOOL(tool_top)
{
    struct tool_at at;
    struct tool_cursor cursor;
    bool nodes = kta_streq(kta_json_str(args, "what"), "nodes");
    bool by_cpu = kta_streq(kta_json_str(args, "by"), "cpu");
    size_t n = 0, cap = 0, i;
    struct use *v = NULL;
    struct tool_rows rows;

    if (!tool_at(env, args, &at, result) || !tool_cursor_of(args, &cursor, result))
        return;
    free(cursor.token);
    if (!tool_mayl(&at, result, "kubectl", "top", nodes ? "nodes" : "pods", NULL))
        return;
    kta_auto_str struct kta_str path = KTA_STR_INIT;
    kta_str_add(&path, "/apis/metrics.k8s.io/v1beta1/");
    if (!nodes && at.scope.namespace_)
        kta_str_addf(&path, "namespaces/%s/", at.scope.namespace_);
    kta_str_add(&path, nodes ? "nodes" : "pods");
    kta_auto_json struct kta_json *list = tool_read(&at, KTA_ACCEPT_JSON, path.s, result);
    if (!list) {
        kta_str_add(&result->text, " Usage comes from metrics-server: is it installed?");
        return;
    }
    kta_json_each(o, kta_json_get(list, "items")) {
        KTA_GROW(v, n, cap);
        v[n] = (struct use){.ns = kta_obj_namespace(o), .name = kta_obj_name(o), .by_cpu = by_cpu};
        add_usage(&v[n], kta_json_get(o, "usage"));
        kta_json_each(c, kta_json_get(o, "containers")) {
            add_usage(&v[n], kta_json_get(c, "usage"));
        }
        n += v[n].name != NULL;
    }
    if (n)
        qsort(v, n, sizeof *v, most_first);
    tool_rows_begin(&rows, result, "items", tool_budget(env, args),
                    (size_t)kta_json_int(args, "limit", 20));
    for (i = cursor.skip; i < n; i++) {
        kta_auto_str struct kta_str line = KTA_STR_INIT;
        struct kta_json *item = kta_json_new_object();
        if (v[i].ns)
            kta_json_set_str(item, "namespace", v[i].ns);
        kta_json_set_str(item, "name", v[i].name);
        kta_json_set_int(item, "cpuMilli", v[i].cpu);
        kta_json_set_int(item, "memoryBytes", v[i].memory / 1000);
        kta_str_addf(&line, "%s%s%s: cpu ", kta_or(v[i].ns, ""), v[i].ns ? "/" : "", v[i].name);
        kta_quantity_cpu(v[i].cpu, &line);
        kta_str_add(&line, ", memory ");
        kta_quantity_memory(v[i].memory, &line);
        if (!tool_rows_add(&rows, line.s, item))
            break;
    }
    kta_json_set_int(result->structured, "count", (int64_t)rows.n);
    if (n == 0)
        kta_str_add(&result->text, "(no metrics yet)\n");
    if (i < n)
        tool_next(result, i, NULL, "a namespace, a smaller limit");
    free(v);
}
