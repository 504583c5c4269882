/*
 * crash_limits.c - crashes at a limit that the pod sets or the node has: memory, ports, file
 * systems, permissions.
 */
#include <stdlib.h>
#include <string.h>
#include "crash.h"
#include "kta/alloc.h"
#include "kta/re.h"
#include "kta/clock.h"
#include "kta/quantity.h"

/* ---- memory ---- */

static int64_t used_memory(const struct kta_pod_trouble *t)
{
    struct kta_json *const *v;
    size_t n = kta_world_pod_metrics(t->w, kta_obj_namespace(t->pod), &v);
    for (size_t i = 0; i < n; i++)
        if (kta_streq(kta_obj_name(v[i]), kta_obj_name(t->pod)))
            kta_json_each(c, kta_json_get(v[i], "containers"))
                if (kta_streq(kta_json_str(c, "name"), t->name))
                    return kta_quantity_milli(kta_json_str(c, "usage.memory"));
    return -1;
}

/* What the namespace's quota still leaves for limits.memory; -1: no such quota. */
static int64_t quota_left(struct kta_world *w, const char *ns)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "resourcequotas", ns, &v);
    int64_t left = -1;
    for (size_t i = 0; i < n; i++) {
        int64_t hard = kta_quantity_milli(
            kta_json_text(kta_json_get(kta_json_at(v[i], "status.hard"), "limits.memory")));
        int64_t used = kta_quantity_milli(
            kta_json_text(kta_json_get(kta_json_at(v[i], "status.used"), "limits.memory")));
        if (hard >= 0 && used >= 0 && (left < 0 || hard - used < left))
            left = hard > used ? hard - used : 0;
    }
    return left;
}

/* The highest limit that a LimitRange allows a container; -1: none. */
static int64_t range_max(struct kta_world *w, const char *ns)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "limitranges", ns, &v);
    int64_t max = -1;
    for (size_t i = 0; i < n; i++)
        kta_json_each(l, kta_json_at(v[i], "spec.limits")) {
            int64_t m = kta_quantity_milli(kta_json_str(l, "max.memory"));
            if (m > 0 && (max < 0 || m < max))
                max = m;
        }
    return max;
}

/* A step up that is worth taking: twice the limit, in whole Mi, at least 64Mi more. */
static int64_t higher(int64_t limit)
{
    const int64_t mi = 1024LL * 1024 * 1000;
    int64_t want = 2 * limit;
    if (want < limit + 64 * mi)
        want = limit + 64 * mi;
    return (want + mi - 1) / mi * mi;
}

/* "128m" is a tenth of a byte to Kubernetes, and 128Mi to who wrote it. */
static int64_t meant(const char *limit)
{
    size_t n = limit ? strspn(limit, "0123456789") : 0;
    return n && kta_streq(limit + n, "m") ? strtoll(limit, NULL, 10) * 1024 * 1024 * 1000 : -1;
}

static void fix_memory(const struct kta_pod_trouble *t, struct kta_finding *f, int64_t limit)
{
    const char *ns = kta_obj_namespace(t->pod);
    int64_t want = higher(limit), left = quota_left(t->w, ns), max = range_max(t->w, ns);
    int64_t said = meant(kta_json_str(t->container, "resources.limits.memory"));
    if (said > limit) {
        kta_finding_quote(f, "spec",
                          "resources.limits.memory: %s: m stands for thousandths of a "
                          "byte, Mi for 1024 * 1024 bytes",
                          kta_json_str(t->container, "resources.limits.memory"));
        want = said;
    }
    int64_t replicas = kta_diag_desired(t->owner);
    replicas = replicas > 0 ? replicas : 1;
    if (left >= 0 && want - limit > left / replicas)
        want = limit + left / replicas / 1000 / (1 << 20) * 1000 * (1 << 20);
    if (max > 0 && want > max)
        want = max;
    if (want <= limit) {
        kta_finding_advice(f, "The namespace's quota or LimitRange leaves no room for a higher "
                              "limit: raise that first, or make the program use less.");
        return;
    }
    kta_auto_str struct kta_str q = KTA_STR_INIT;
    kta_quantity_memory_whole(want, &q);
    struct kta_json *c;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &c);
    struct kta_json *res = kta_json_set(c, "resources", kta_json_new_object());
    kta_json_set_str(kta_json_set(res, "limits", kta_json_new_object()), "memory", q.s);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "raise the memory limit of %s to %s", t->name, q.s);
}

#define OOM_NEAR 60 /* seconds between the kernel's kill and the kubelet's word of it */

/* The kubelet's word that the node itself ran out of memory then. Events of nodes are kept in the
 * namespace default. */
const struct kta_json *kta_node_oom(const struct kta_pod_trouble *t, int64_t when, int64_t near)
{
    struct kta_json *const *v;
    const char *node = kta_json_str(t->pod, "spec.nodeName");
    size_t n = node ? kta_world_list(t->w, "events", "default", &v) : 0;
    for (size_t i = 0; i < n; i++) {
        int64_t told = kta_event_time(v[i]);
        if (kta_streq(kta_json_str(v[i], "reason"), "SystemOOM") &&
            kta_streq(kta_json_str(v[i], "involvedObject.name"), node) && when != KTA_NO_TIME &&
            told >= when - near && told <= when + near)
            return v[i];
    }
    return NULL;
}

static void node_oom(const struct kta_pod_trouble *t, struct kta_finding *f, const char *who,
                     const struct kta_json *ev)
{
    const char *node = kta_or(kta_json_str(t->pod, "spec.nodeName"), "?");
    bool limited = kta_json_str(t->container, "resources.limits.memory") != NULL;
    kta_finding_summary(f, "%s is killed because its node %s ran out of memory%s", who, node,
                        limited ? "" : "; it has no memory limit of its own");
    if (ev) {
        kta_finding_quote(f, "event node", "SystemOOM: %s",
                          kta_or(kta_json_str(ev, "message"), ""));
        kta_finding_symptom(f, "Node", NULL, node);
    }
    kta_finding_advice(f, "Give the containers memory requests that fit their need, so that the "
                          "scheduler finds a node with room, and limits, so that none takes what "
                          "the others need.");
}

void kta_crash_oom(const struct kta_pod_trouble *t, const struct kta_json *ended)
{
    bool down = !kta_json_bool(t->status, "ready", false);
    struct kta_finding *f =
        kta_trouble_add(t, "Memory.OOMKilled", down ? KTA_CRITICAL : KTA_WARNING, 0.95);
    kta_auto_free char *who = kta_trouble_who(t);
    const char *text = kta_json_str(t->container, "resources.limits.memory");
    int64_t limit = text ? kta_quantity_milli(text) : -1;
    const struct kta_json *of_node =
        kta_node_oom(t, kta_time_parse(kta_json_str(ended, "finishedAt")), OOM_NEAR);
    if (of_node || limit <= 0)
        node_oom(t, f, who, of_node);
    else
        kta_finding_summary(f, "%s is killed for using more memory than its limit of %s%s", who,
                            text, down ? "" : " (it runs again now)");
    kta_auto_free char *source = kta_asprintf("status pod/%s", kta_obj_name(t->pod));
    if (ended)
        kta_finding_quote(f, source, "container %s: OOMKilled at %s, exit code %lld, %lld restarts",
                          t->name, kta_or(kta_json_str(ended, "finishedAt"), "?"),
                          (long long)kta_json_int(ended, "exitCode", 137),
                          (long long)kta_json_int(t->status, "restartCount", 0));
    else
        kta_diag_quote_event(f, t->pod, kta_diag_event(t->w, t->pod, NULL, "OOM-killed"));
    int64_t used = used_memory(t);
    if (used > 0) {
        kta_auto_str struct kta_str u = KTA_STR_INIT;
        kta_quantity_memory(used, &u);
        kta_finding_quote(f, "metrics", "container %s uses %s now", t->name, u.s);
    }
    if (of_node || limit <= 0)
        return;
    if (kta_pod_outdated(t->w, t->pod, t->owner))
        kta_finding_advice(f, "This pod is of an older revision; the new one's pods will tell "
                              "whether its limit is enough.");
    else
        fix_memory(t, f, limit);
    if (!f->advice)
        kta_finding_advice(f, "If it grows without end whatever the limit, the program leaks: "
                              "a higher limit only buys time.");
}

void kta_crash_memory(const struct kta_pod_trouble *t, struct kta_finding *f,
                      const struct kta_log_cause *c)
{
    kta_auto_free char *who = kta_trouble_who(t);
    kta_finding_summary(f, "%s runs out of memory within its own runtime: %s", who, c->line);
    int64_t limit = kta_quantity_milli(kta_json_str(t->container, "resources.limits.memory"));
    /* PHP's limit is its own whatever the container has. */
    if (limit > 0 && !strstr(c->line, "Allowed memory size"))
        fix_memory(t, f, limit);
    kta_finding_advice(f,
                       "If the runtime's own limit (-Xmx, --max-old-space-size, memory_limit) is "
                       "below the container's memory limit, raise that instead.");
}

#define KILL_NEWS (60 * 60) /* seconds: a log's line has no time of its own */

/* The kernel ends the process that asks for more than the limit, which need not be the container's
 * first: then the status tells nothing of it, and only the log does. */
void kta_crash_child(const struct kta_pod_trouble *t, struct kta_finding *f,
                     const struct kta_log_cause *c)
{
    kta_auto_free char *who = kta_trouble_who(t);
    const char *text = kta_json_str(t->container, "resources.limits.memory");
    const struct kta_json *of_node = text ? NULL : kta_node_oom(t, kta_world_now(t->w), KILL_NEWS);
    if (of_node) {
        node_oom(t, f, who, of_node);
        return;
    }
    if (!text) {
        f->code = "CrashLoop.Killed";
        kta_finding_summary(f, "a process within %s is killed (SIGKILL): %s", who, c->line);
        kta_finding_advice(f, "It has no memory limit of its own: look whether its node ran out of "
                              "memory, or what else kills it.");
        return;
    }
    kta_finding_summary(f,
                        "a process within %s is killed, as the kernel does with what uses more "
                        "memory than the limit of %s: %s",
                        who, text, c->line);
    fix_memory(t, f, kta_quantity_milli(text));
    if (!f->advice)
        kta_finding_advice(f, "If it grows without end whatever the limit, the program leaks: a "
                              "higher limit only buys time.");
}

void kta_crash_timeout(const struct kta_pod_trouble *t, struct kta_finding *f,
                       const struct kta_log_cause *c)
{
    kta_auto_free char *who = kta_trouble_who(t);
    kta_finding_summary(f, "%s ends its own workers, which take longer than its time-out: %s", who,
                        c->line);
    kta_finding_advice(f, "Look what a worker waits for; if the work is that long, raise the "
                          "server's time-out (gunicorn --timeout, uWSGI harakiri, unicorn "
                          "timeout). It is not for want of memory.");
}

/* ---- ports ---- */

void kta_crash_port(const struct kta_pod_trouble *t, struct kta_finding *f,
                    const struct kta_log_cause *c)
{
    kta_auto_free char *who = kta_trouble_who(t);
    kta_finding_summary(f, "%s exits because the port %s%sthat it wants to listen on is in use",
                        who, kta_or(c->port, ""), c->port ? " " : "");
    kta_json_each(o, kta_json_at(t->pod, "spec.containers")) {
        if (kta_streq(kta_json_str(o, "name"), t->name))
            continue;
        kta_auto_str struct kta_str ports = KTA_STR_INIT;
        kta_json_each(p, kta_json_get(o, "ports"))
            kta_str_addf(&ports, " %lld", (long long)kta_json_int(p, "containerPort", 0));
        kta_finding_quote(f, "spec", "container %s of the same pod shares its ports%s%s",
                          kta_json_str(o, "name"), ports.len ? " and declares" : "", ports.s);
    }
    if (kta_json_bool(t->pod, "spec.hostNetwork", false))
        kta_finding_quote(f, "spec", "hostNetwork: true: the port is shared with the whole node");
    kta_finding_advice(f, "Containers of a pod share one network: give one of them another port.");
}

void kta_crash_privileged(const struct kta_pod_trouble *t, struct kta_finding *f,
                          const struct kta_log_cause *c)
{
    kta_auto_free char *who = kta_trouble_who(t);
    kta_finding_summary(f,
                        "%s exits because it may not listen on its port%s%s: ports below 1024 need "
                        "a right that it does not have",
                        who, c->port ? " " : "", kta_or(c->port, ""));
    kta_json_each(s, kta_json_at(t->pod, "spec.securityContext.sysctls"))
        kta_finding_quote(f, "spec", "sysctl %s=%s", kta_json_str(s, "name"),
                          kta_json_str(s, "value"));
    struct kta_json *spec = kta_json_new_object();
    struct kta_json *ctx = kta_json_set(spec, "securityContext", kta_json_new_object());
    struct kta_json *list = kta_json_set(ctx, "sysctls", kta_json_new_array());
    struct kta_json *s = kta_json_push(list, kta_json_new_object());
    kta_json_set_str(s, "name", "net.ipv4.ip_unprivileged_port_start");
    kta_json_set_str(s, "value", "0");
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "let the pod's unprivileged processes use low ports (a safe sysctl)");
    kta_finding_advice(f, "Better still, make it listen on a port above 1024 and point the "
                          "Service's targetPort there.");
}

/* ---- file systems ---- */

static char *dir_name(const char *path)
{
    const char *s = strrchr(path, '/');
    return s && s != path ? kta_strndup(path, (size_t)(s - path)) : kta_strdup(path);
}

static bool is_mounted(const struct kta_json *container, const char *path,
                       const struct kta_json **ret)
{
    kta_json_each(m, kta_json_get(container, "volumeMounts")) {
        const char *at = kta_or(kta_json_str(m, "mountPath"), "");
        size_t n = strlen(at);
        if (n > 1 && !strncmp(path, at, n) && (!path[n] || path[n] == '/')) {
            *ret = m;
            return true;
        }
    }
    return false;
}

/* A limit that was passed, nobody knows by how much: four times as much, and 64Mi at least. */
void kta_fix_size_limit(struct kta_world *w, struct kta_finding *f, const struct kta_json *owner,
                        const struct kta_json *volume)
{
    const char *size = kta_json_str(volume, "emptyDir.sizeLimit");
    const int64_t least = 64LL * 1024 * 1024 * 1000;
    kta_auto_str struct kta_str q = KTA_STR_INIT;
    if (!size)
        return;
    int64_t want = 4 * kta_quantity_milli(size);
    kta_quantity_memory_whole(want > least ? want : least, &q);
    struct kta_json *spec = kta_json_new_object();
    struct kta_json *x =
        kta_json_push(kta_json_set(spec, "volumes", kta_json_new_array()), kta_json_new_object());
    kta_json_set_str(x, "name", kta_json_str(volume, "name"));
    kta_json_set_str(kta_json_set(x, "emptyDir", kta_json_new_object()), "sizeLimit", q.s);
    (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, owner, spec, "raise sizeLimit of volume %s to %s",
                           kta_json_str(volume, "name"), q.s);
}

void kta_crash_disk(const struct kta_pod_trouble *t, struct kta_finding *f,
                    const struct kta_log_cause *c)
{
    const struct kta_json *m = NULL;
    kta_crash_plain(t, f, c);
    if (!c->path || !is_mounted(t->container, c->path, &m))
        return;
    kta_json_each(v, kta_json_at(t->pod, "spec.volumes")) {
        if (!kta_streq(kta_json_str(v, "name"), kta_json_str(m, "name")))
            continue;
        const char *size = kta_json_str(v, "emptyDir.sizeLimit");
        kta_finding_quote(f, "spec", "volume %s is mounted at %s%s%s", kta_json_str(v, "name"),
                          kta_json_str(m, "mountPath"), size ? ": emptyDir, sizeLimit " : "",
                          kta_or(size, ""));
        kta_fix_size_limit(t->w, f, t->owner, v);
    }
}

void kta_crash_readonly(const struct kta_pod_trouble *t, struct kta_finding *f,
                        const struct kta_log_cause *c)
{
    kta_auto_free char *who = kta_trouble_who(t);
    kta_finding_summary(f, "%s exits because it writes to %s, which is read-only", who,
                        c->path ? c->path : "a file system");
    const struct kta_json *m = NULL;
    if (c->path && is_mounted(t->container, c->path, &m)) {
        kta_finding_quote(f, "spec", "volume %s is mounted at %s%s", kta_json_str(m, "name"),
                          kta_json_str(m, "mountPath"),
                          kta_json_bool(m, "readOnly", false) ? " with readOnly: true" : "");
        if (kta_json_bool(m, "readOnly", false)) {
            struct kta_json *ct;
            struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &ct);
            struct kta_json *mount =
                kta_json_push(kta_json_set(ct, "volumeMounts", kta_json_new_array()),
                              kta_json_new_object());
            kta_json_set_str(mount, "mountPath", kta_json_str(m, "mountPath"));
            kta_json_set_str(mount, "name", kta_json_str(m, "name"));
            kta_json_set_bool(mount, "readOnly", false);
            (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                                   "mount volume %s writable", kta_json_str(m, "name"));
        } else {
            kta_finding_advice(f, "Files of a ConfigMap, Secret or image cannot be written: let it "
                                  "write elsewhere, or copy them into an emptyDir at first.");
        }
        return;
    }
    if (kta_json_bool(t->container, "securityContext.readOnlyRootFilesystem", false))
        kta_finding_quote(f, "spec", "container %s: readOnlyRootFilesystem: true", t->name);
    /* What makes temporary files makes them in /tmp, unless told otherwise. */
    const char *path = c->path ? c->path
                       : kta_stristr(c->line, "mktemp") || kta_stristr(c->line, "temporary")
                           ? "/tmp/file.tmp"
                           : NULL;
    if (!path) {
        kta_finding_advice(f, "Mount an emptyDir where the program writes.");
        return;
    }
    /* An emptyDir where it writes keeps the root file system read-only. */
    kta_auto_free char *dir = dir_name(path);
    bool leaf_is_dir = !strchr(strrchr(path, '/'), '.');
    const char *at = kta_streq(dir, path) || (leaf_is_dir && !strstr(c->line, "open")) ? path : dir;
    if (strchr(at + 1, '/') == NULL && (kta_streq(at, "/etc") || kta_streq(at, "/usr") ||
                                        kta_streq(at, "/bin") || kta_streq(at, "/"))) {
        kta_finding_advice(f,
                           "The program writes into %s, which an emptyDir would hide: make it "
                           "write elsewhere, or set readOnlyRootFilesystem to false.",
                           at);
        return;
    }
    struct kta_json *ct;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &ct);
    struct kta_json *mount = kta_json_push(kta_json_set(ct, "volumeMounts", kta_json_new_array()),
                                           kta_json_new_object());
    kta_json_set_str(mount, "name", "writable");
    kta_json_set_str(mount, "mountPath", at);
    struct kta_json *vol =
        kta_json_push(kta_json_set(spec, "volumes", kta_json_new_array()), kta_json_new_object());
    kta_json_set_str(vol, "name", "writable");
    kta_json_set(vol, "emptyDir", kta_json_new_object());
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "mount an emptyDir at %s, where the program writes", at);
}

/* What only a capability allows, root or not. */
static const struct capability {
    const char *words; /* in the log's line */
    const char *names[2];
    bool usual;        /* a container has it unless it is dropped */
    const char *else_; /* what else would do */
} capabilities[] = {
    {"chown",
     {"CHOWN"},
     true,
     "Or have the volume belong to the right group by fsGroup, and drop the chown."},
    {"set(?:groups|gid|uid|resgid|resuid)\\b|failed switching to",
     {"SETGID", "SETUID"},
     true,
     "Or start it as the user that it changes to (runAsUser, runAsGroup)."},
    {"^ping: ", {"NET_RAW"}, true, "Or ask a port instead of pinging."},
    {"\\bmlock|lock memory", {"IPC_LOCK"}, false, "Or let the program do without locked memory."},
};

static bool names_capability(const struct kta_json *list, const char *name)
{
    kta_json_each(d, list)
        if (kta_streq(kta_json_text(d), "ALL") || kta_streq(kta_json_text(d), name))
            return true;
    return false;
}

/* Adds those that the container lacks. */
static void fix_capability(const struct kta_pod_trouble *t, struct kta_finding *f,
                           const struct capability *row, const struct kta_json *have)
{
    struct kta_json *ct;
    struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &ct);
    struct kta_json *now = kta_json_set(kta_json_set(ct, "securityContext", kta_json_new_object()),
                                        "capabilities", kta_json_new_object());
    struct kta_json *add =
        kta_json_set(now, "add", have ? kta_json_copy(have) : kta_json_new_array());
    for (size_t i = 0; i < KTA_LEN(row->names) && row->names[i]; i++)
        if (!names_capability(have, row->names[i]))
            kta_json_push_str(add, row->names[i]);
    (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                           "give container %s the capability %s%s%s", t->name, row->names[0],
                           row->names[1] ? " and " : "", kta_or(row->names[1], ""));
    kta_finding_advice(f, "%s", row->else_);
}

static bool lacks_capability(const struct kta_pod_trouble *t, struct kta_finding *f,
                             const struct kta_log_cause *c)
{
    static struct kta_re *re[KTA_LEN(capabilities)];
    const struct kta_json *caps = kta_json_at(t->container, "securityContext.capabilities");
    const struct kta_json *have = kta_json_get(caps, "add");
    for (size_t i = 0; i < KTA_LEN(capabilities); i++) {
        const struct capability *row = &capabilities[i];
        if (!re[i])
            re[i] = kta_re_must(row->words, 0);
        bool dropped = names_capability(kta_json_get(caps, "drop"), row->names[0]);
        if (!kta_re_find(re[i], c->line, strlen(c->line), 0, NULL) || (row->usual && !dropped) ||
            names_capability(have, row->names[0]))
            continue;
        kta_finding_quote(f, "spec", "container %s %s the capability %s", t->name,
                          dropped ? "drops" : "does not have", row->names[0]);
        fix_capability(t, f, row, have);
        return true;
    }
    return false;
}

void kta_crash_permission(const struct kta_pod_trouble *t, struct kta_finding *f,
                          const struct kta_log_cause *c)
{
    kta_auto_free char *who = kta_trouble_who(t);
    if (c->path)
        kta_finding_summary(f, "%s exits because it may not use %s: permission denied", who,
                            c->path);
    else
        kta_finding_summary(f, "%s exits for want of a permission: %s", who, c->line);
    int64_t user = kta_json_int(t->container, "securityContext.runAsUser",
                                kta_json_int(t->pod, "spec.securityContext.runAsUser", -1));
    int64_t group = kta_json_int(t->pod, "spec.securityContext.fsGroup", -1);
    if (user >= 0)
        kta_finding_quote(f, "spec", "container %s runs as user %lld%s", t->name, (long long)user,
                          group < 0 ? ", the pod has no fsGroup" : "");
    const struct kta_json *m = NULL;
    if (lacks_capability(t, f, c))
        return;
    if (c->path && is_mounted(t->container, c->path, &m) && group < 0 && user != 0) {
        int64_t want = kta_json_int(t->container, "securityContext.runAsGroup",
                                    kta_json_int(t->pod, "spec.securityContext.runAsGroup",
                                                 user > 0 ? user : 1000));
        struct kta_json *spec = kta_json_new_object();
        kta_json_set_int(kta_json_set(spec, "securityContext", kta_json_new_object()), "fsGroup",
                         want > 0 ? want : 1000);
        kta_finding_quote(f, "spec", "volume %s is mounted at %s", kta_json_str(m, "name"),
                          kta_json_str(m, "mountPath"));
        (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                               "set fsGroup %lld, so that the volume belongs to the pod's group",
                               (long long)(want > 0 ? want : 1000));
        return;
    }
    if (c->path && !m && user > 0 && !strstr(c->path, "/etc")) {
        kta_auto_free char *dir = dir_name(c->path);
        struct kta_json *ct;
        struct kta_json *spec = kta_fix_container_patch(t->list, t->name, &ct);
        struct kta_json *mount =
            kta_json_push(kta_json_set(ct, "volumeMounts", kta_json_new_array()),
                          kta_json_new_object());
        bool is_dir = !strchr(strrchr(c->path, '/'), '.') && strstr(c->line, "mkdir");
        const char *at = is_dir || kta_streq(dir, "/") ? c->path : dir;
        kta_json_set_str(mount, "name", "writable");
        kta_json_set_str(mount, "mountPath", at);
        struct kta_json *vol = kta_json_push(kta_json_set(spec, "volumes", kta_json_new_array()),
                                             kta_json_new_object());
        kta_json_set_str(vol, "name", "writable");
        kta_json_set(vol, "emptyDir", kta_json_new_object());
        (void)kta_fix_template(t->w, f, KTA_RISK_MEDIUM, t->owner, spec,
                               "mount an emptyDir at %s, where user %lld may write", at,
                               (long long)user);
    }
    kta_finding_advice(f, "Run the container as a user that owns the path, or make the path belong "
                          "to its user (in the image, or by fsGroup for a volume).");
}
