/*
 * snapdump.c - folders written by kubectl cluster-info dump --output-directory.
 *
 * Layout: nodes.json, and for each namespace a folder with events, services, pods, … as lists, and
 * POD/logs.txt, in which each container's log stands between "==== START logs for container C of
 * pod NS/POD ====" and "==== END logs …". JSON or, with -o yaml, YAML. There are no previous logs.
 */
#include <sys/stat.h>
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/json.h"
#include "kta/limits.h"
#include "snapfiles.h"

/* resource → the file's name without its ending */
static const struct {
    const char *group, *resource, *file;
} dump_files[] = {
    {"", "nodes", "nodes"},
    {"", "events", "events"},
    {"", "replicationcontrollers", "replication-controllers"},
    {"", "services", "services"},
    {"apps", "daemonsets", "daemonsets"},
    {"apps", "deployments", "deployments"},
    {"apps", "replicasets", "replicasets"},
    {"apps", "statefulsets", "statefulsets"},
    {"", "persistentvolumes", "pvs"},
    {"", "persistentvolumeclaims", "pvcs"},
    {"", "pods", "pods"},
};

bool dump_list_name(const struct api_path *a, struct kta_str *out)
{
    for (size_t i = 0; i < KTA_LEN(dump_files); i++) {
        if (strcmp(a->group, dump_files[i].group) != 0 ||
            strcmp(a->resource, dump_files[i].resource) != 0)
            continue;
        kta_str_addf(out, "%s%s%s.json", a->namespace_, a->namespace_[0] ? "/" : "",
                     dump_files[i].file);
        return true;
    }
    return false;
}

bool dump_is(const char *dir)
{
    kta_auto_free char *nodes = kta_fs_join(dir, "nodes.json");
    struct kta_err ignored = KTA_ERR_INIT;
    bool found = kta_fs_exists(nodes);
    char **names;
    size_t n;

    if (found || kta_fs_list(dir, &names, &n, &ignored) < 0)
        return found;
    for (size_t i = 0; i < n && !found; i++) {
        kta_auto_free char *pods = kta_asprintf("%s/%s/pods.json", dir, names[i]);
        found = kta_fs_exists(pods);
    }
    kta_fs_free_names(names, n);
    return found;
}

static void later(int64_t *t, const char *text)
{
    int64_t v = kta_time_parse(text);

    if (v != KTA_NO_TIME && (*t == KTA_NO_TIME || v > *t))
        *t = v;
}

static void times_of(const char *path, int64_t *t)
{
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    kta_auto_json struct kta_json *v = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    if (kta_fs_read(path, KTA_MAX_HTTP_BODY, &s, &ignored) < 0 ||
        kta_json_parse(s.s, s.len, &v, &ignored) < 0)
        return;
    kta_json_each(o, kta_json_get(v, "items")) {
        later(t, kta_json_str(o, "lastTimestamp"));
        later(t, kta_json_str(o, "metadata.creationTimestamp"));
        kta_json_each(c, kta_json_at(o, "status.conditions"))
            later(t, kta_json_str(c, "lastHeartbeatTime"));
    }
}

int64_t dump_time(const char *dir)
{
    kta_auto_free char *nodes = kta_fs_join(dir, "nodes.json");
    struct kta_err ignored = KTA_ERR_INIT;
    int64_t t = KTA_NO_TIME;
    char **names;
    size_t n;

    times_of(nodes, &t);
    if (kta_fs_list(dir, &names, &n, &ignored) < 0)
        return t;
    for (size_t i = 0; i < n; i++) {
        kta_auto_free char *events = kta_asprintf("%s/%s/events.json", dir, names[i]);
        times_of(events, &t);
    }
    kta_fs_free_names(names, n);
    return t;
}

bool dump_log(const char *dir, const struct api_path *a, const char *container, struct kta_str *out)
{
    kta_auto_free char *path = kta_asprintf("%s/%s/%s/logs.txt", dir, a->namespace_, a->name);
    kta_auto_str struct kta_str s = KTA_STR_INIT, start = KTA_STR_INIT, previous = KTA_STR_INIT;
    struct kta_err ignored = KTA_ERR_INIT;
    const char *p, *end;

    if (strcmp(a->subresource, "log") != 0 ||
        (api_query_get(a->query, "previous", &previous) && strcmp(previous.s, "true") == 0) ||
        !kta_fs_exists(path) || kta_fs_read(path, KTA_MAX_HTTP_BODY, &s, &ignored) < 0)
        return false;
    kta_str_addf(&start, "==== START logs for container %s%sof pod ", container,
                 *container ? " " : "");
    if (!*container)
        kta_str_truncate(&start, strlen("==== START logs for container "));
    p = strstr(s.s, start.s);
    if (!p || !(p = strchr(p, '\n')))
        return false;
    p++;
    end = strstr(p, "==== END logs for container ");
    kta_str_addn(out, p, end ? (size_t)(end - p) : strlen(p));
    return true;
}
