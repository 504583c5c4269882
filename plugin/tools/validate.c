/*
 * validate.c - the tool "validate_config": manifests, a chart with values, or a live object, judged
 * by the API server's dry run (schema, admission, what may not be changed) and by looking: does
 * what it refers to exist, are probes and resources set, does it run with less than it could.
 *
 * Nothing is changed: the server is asked with dryRun=All, and a chart is rendered by
 * `helm template`.
 */
#include <string.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/kinds.h"
#include "kta/limits.h"
#include "kta/obj.h"
#include "kta/yaml.h"
#include "tool_list.h"

#define MAX_DOCUMENTS 100

struct check {
    const struct tool_at *at;
    struct kta_world *world;
    const struct kta_json *documents; /* what comes together may refer to each other */
    const struct kta_json *object;
    const char *ns;
    struct tool_rows rows;
    size_t errors, problems;
};

static void problem(struct check *c, const char *severity, const char *check, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void problem(struct check *c, const char *severity, const char *check, const char *fmt, ...)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT, line = KTA_STR_INIT;
    va_list ap;

    va_start(ap, fmt);
    kta_str_vaddf(&text, fmt, ap);
    va_end(ap);
    kta_auto_free char *safe = kta_redact_dup(c->at->p->redact, text.s);
    struct kta_json *o = kta_json_new_object();
    kta_json_set_str(o, "severity", severity);
    kta_json_set_str(o, "check", check);
    kta_json_set_str(o, "object", kta_obj_kind(c->object));
    kta_json_set_str(o, "name", kta_obj_name(c->object));
    kta_json_set_str(o, "text", safe);
    kta_str_addf(&line, "%s [%s] %s/%s: %s", severity, check, kta_or(kta_obj_kind(c->object), "?"),
                 kta_or(kta_obj_name(c->object), "?"), safe);
    c->errors += kta_streq(severity, "error");
    c->problems++;
    tool_rows_add(&c->rows, line.s, o);
}

/* ---- references ---- */
static const struct kta_json *beside(const struct check *c, const char *kind, const char *name)
{
    kta_json_each(o, c->documents) {
        if (kta_streq(kta_obj_kind(o), kind) && kta_streq(kta_obj_name(o), name))
            return o;
    }
    return NULL;
}

static void refers(struct check *c, const char *kind, const char *plural, const char *name,
                   const char *key, bool optional)
{
    bool known = true;

    if (!name || optional)
        return;
    const struct kta_json *o = beside(c, kind, name);
    if (!o)
        o = kta_world_get(c->world, plural, c->ns, name, &known);
    if (!o && known)
        problem(c, "error", "reference", "%s '%s' does not exist in '%s'", kind, name, c->ns);
    else if (o && key && kta_json_get(o, "data") && !kta_json_get(kta_json_get(o, "data"), key) &&
             !kta_json_get(kta_json_get(o, "stringData"), key) &&
             !kta_json_get(kta_json_get(o, "binaryData"), key))
        problem(c, "error", "reference", "%s '%s' has no key '%s'", kind, name, key);
}

static void container_refs(struct check *c, const struct kta_json *container)
{
    kta_json_each(e, kta_json_get(container, "env")) {
        const struct kta_json *from = kta_json_get(e, "valueFrom");
        refers(c, "ConfigMap", "configmaps", kta_json_str(from, "configMapKeyRef.name"),
               kta_json_str(from, "configMapKeyRef.key"),
               kta_json_bool(from, "configMapKeyRef.optional", false));
        refers(c, "Secret", "secrets", kta_json_str(from, "secretKeyRef.name"), NULL,
               kta_json_bool(from, "secretKeyRef.optional", false));
    }
    kta_json_each(e, kta_json_get(container, "envFrom")) {
        refers(c, "ConfigMap", "configmaps", kta_json_str(e, "configMapRef.name"), NULL,
               kta_json_bool(e, "configMapRef.optional", false));
        refers(c, "Secret", "secrets", kta_json_str(e, "secretRef.name"), NULL,
               kta_json_bool(e, "secretRef.optional", false));
    }
}

static void pod_refs(struct check *c, const struct kta_json *spec)
{
    kta_json_each(v, kta_json_get(spec, "volumes")) {
        refers(c, "ConfigMap", "configmaps", kta_json_str(v, "configMap.name"), NULL,
               kta_json_bool(v, "configMap.optional", false));
        refers(c, "Secret", "secrets", kta_json_str(v, "secret.secretName"), NULL,
               kta_json_bool(v, "secret.optional", false));
        refers(c, "PersistentVolumeClaim", "persistentvolumeclaims",
               kta_json_str(v, "persistentVolumeClaim.claimName"), NULL, false);
        if (kta_json_get(v, "hostPath"))
            problem(c, "warning", "security", "mounts the node's folder '%s'",
                    kta_or(kta_json_str(v, "hostPath.path"), "?"));
    }
    kta_json_each(s, kta_json_get(spec, "imagePullSecrets")) {
        refers(c, "Secret", "secrets", kta_json_str(s, "name"), NULL, false);
    }
    refers(c, "ServiceAccount", "serviceaccounts", kta_json_str(spec, "serviceAccountName"), NULL,
           false);
}

/* ---- probes, resources, security ---- */
static void container_rules(struct check *c, const struct kta_json *spec,
                            const struct kta_json *container, bool init)
{
    const char *name = kta_or(kta_json_str(container, "name"), "?");
    const char *image = kta_or(kta_json_str(container, "image"), "");
    const char *tag = strrchr(image, ':');
    const struct kta_json *own = kta_json_get(container, "securityContext");

    container_refs(c, container);
    if (!strchr(image, '@') && (!tag || strchr(tag, '/') || kta_streq(tag, ":latest")))
        problem(c, "warning", "security", "container %s: image '%s' has no fixed version", name,
                image);
    if (!kta_json_at(container, "resources.limits.memory"))
        problem(c, "warning", "resources", "container %s has no memory limit", name);
    if (!kta_json_at(container, "resources.requests"))
        problem(c, "warning", "resources", "container %s requests nothing", name);
    if (!init && kta_json_get(container, "ports") && !kta_json_get(container, "readinessProbe"))
        problem(c, "warning", "probes", "container %s has ports and no readiness probe", name);
    if (kta_json_bool(own, "privileged", false))
        problem(c, "error", "security", "container %s is privileged", name);
    if (kta_json_bool(own, "allowPrivilegeEscalation", true))
        problem(c, "warning", "security", "container %s may gain privileges", name);
    if (!kta_json_bool(own, "runAsNonRoot",
                       kta_json_bool(spec, "securityContext.runAsNonRoot", false)))
        problem(c, "warning", "security", "container %s may run as root", name);
    kta_json_each(e, kta_json_get(container, "env")) {
        const char *key = kta_or(kta_json_str(e, "name"), "");
        if (kta_json_str(e, "value") && *kta_json_str(e, "value") &&
            (kta_stristr(key, "password") || kta_stristr(key, "secret") ||
             kta_stristr(key, "token") || kta_stristr(key, "api_key")))
            problem(c, "warning", "security", "container %s: %s is written in the manifest", name,
                    key);
    }
}

static const struct kta_json *template_of(const struct kta_json *o)
{
    if (kta_streq(kta_obj_kind(o), "Pod"))
        return o;
    if (kta_streq(kta_obj_kind(o), "CronJob"))
        return kta_json_at(o, "spec.jobTemplate.spec.template");
    return kta_json_at(o, "spec.template");
}

static void pod_rules(struct check *c)
{
    const struct kta_json *t = template_of(c->object), *spec = kta_json_get(t, "spec");
    const struct kta_json *selector = kta_json_at(c->object, "spec.selector");
    static const char *const shared[] = {"hostNetwork", "hostPID", "hostIPC"};

    if (!kta_json_get(spec, "containers"))
        return;
    pod_refs(c, spec);
    kta_json_each(k, kta_json_get(spec, "initContainers")) {
        container_rules(c, spec, k, true);
    }
    kta_json_each(k, kta_json_get(spec, "containers")) {
        container_rules(c, spec, k, false);
    }
    for (size_t i = 0; i < KTA_LEN(shared); i++)
        if (kta_json_bool(spec, shared[i], false))
            problem(c, "warning", "security", "uses the node's own: %s", shared[i]);
    if (kta_json_get(selector, "matchLabels") &&
        !kta_selector_matches(selector, kta_json_at(t, "metadata.labels")))
        problem(c, "error", "reference", "its selector does not match its pods' labels");
}

static bool selects(const struct check *c, const struct kta_json *selector)
{
    struct kta_json *const *pods;
    size_t n = kta_world_list(c->world, "pods", c->ns, &pods);

    for (size_t i = 0; i < n; i++)
        if (kta_map_matches(selector, kta_json_at(pods[i], "metadata.labels")))
            return true;
    kta_json_each(o, c->documents) {
        if (template_of(o) &&
            kta_map_matches(selector, kta_json_at(template_of(o), "metadata.labels")))
            return true;
    }
    return false;
}

static void other_rules(struct check *c)
{
    const struct kta_json *selector = kta_json_at(c->object, "spec.selector");

    if (kta_streq(kta_obj_kind(c->object), "Service") && kta_json_len(selector) > 0 &&
        !selects(c, selector))
        problem(c, "error", "reference", "its selector selects no pod");
    kta_json_each(r, kta_streq(kta_obj_kind(c->object), "Ingress")
                         ? kta_json_at(c->object, "spec.rules")
                         : NULL) {
        kta_json_each(p, kta_json_at(r, "http.paths")) {
            refers(c, "Service", "services", kta_json_str(p, "backend.service.name"), NULL, false);
        }
    }
    if (kta_streq(kta_obj_kind(c->object), "HorizontalPodAutoscaler")) {
        const struct kta_kind *k =
            kta_kind_known(kta_or(kta_json_str(c->object, "spec.scaleTargetRef.kind"), ""));
        if (k)
            refers(c, k->kind, k->plural, kta_json_str(c->object, "spec.scaleTargetRef.name"), NULL,
                   false);
    }
}

/* ---- the server's own opinion: schema, admission, immutable fields ---- */
static void dry_run(struct check *c)
{
    const char *version = kta_json_str(c->object, "apiVersion"), *kind = kta_obj_kind(c->object);
    const struct kta_kind *k =
        version && kind ? kta_kind_of(c->at->p->cluster, version, kind) : NULL;
    kta_auto_str struct kta_str path = KTA_STR_INIT, body = KTA_STR_INIT;
    kta_auto_json struct kta_json *answer = NULL, *object = kta_json_copy(c->object);
    struct kta_err err = KTA_ERR_INIT;
    int status = 0;

    if (!version || !kind || !kta_obj_name(c->object)) {
        problem(c, "error", "schema", "apiVersion, kind or metadata.name is missing");
        return;
    }
    if (!k) {
        problem(c, "error", "schema", "the cluster knows no %s of %s", kind, version);
        return;
    }
    if (kta_cluster_is_snapshot(c->at->p->cluster))
        return;
    kta_json_remove(kta_json_get(object, "metadata"), "managedFields");
    kta_json_remove(kta_json_get(object, "metadata"), "resourceVersion");
    kta_json_remove(kta_json_get(object, "metadata"), "uid");
    kta_json_remove(object, "status");
    kta_kind_path(k, k->namespaced ? c->ns : NULL, kta_obj_name(c->object), &path);
    kta_str_add(&path,
                "?dryRun=All&fieldManager=kubectl-todo-ai&force=true&fieldValidation=Strict");
    kta_json_print(object, false, &body);
    if (kta_cluster_send(c->at->p->cluster, "PATCH", path.s, "application/apply-patch+yaml", body.s,
                         &status, &answer, &err) < 0)
        problem(c, "warning", "server", "the API server could not be asked: %s", err.msg);
    else if (status >= 400) {
        const char *message = kta_or(kta_json_str(answer, "message"), "refused");
        bool fixed =
            kta_stristr(message, "immutable") || kta_stristr(message, "forbidden: updates");
        problem(c, "error", fixed ? "immutable" : "schema", "the API server refuses it: %s",
                message);
    }
}

/* ---- where the documents come from ---- */
static bool render_chart(struct kta_tool_env *env, const struct tool_at *at,
                         const struct kta_json *args, struct kta_str *text,
                         struct kta_tool_result *result)
{
    const char *chart = kta_json_str(args, "chart"), *values = kta_json_str(args, "values");
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    kta_auto_free char *file = NULL;
    struct kta_err err = KTA_ERR_INIT;
    int code = 0;

    (void)env;
    if (*chart == '-') {
        tool_fail(result, "'%.100s' is no chart.", chart);
        return false;
    }
    kta_argv_addl(&argv, "helm", "template", "validated", chart, "--namespace",
                  kta_or(at->scope.namespace_, "default"), NULL);
    if (values) {
        file = kta_xdg_path(KTA_XDG_STATE, "validate-values.yaml");
        kta_auto_free char *dir = file ? kta_fs_dirname(file) : NULL;
        if (!file || kta_fs_mkdirs(dir, &err) < 0 ||
            kta_fs_write(file, values, strlen(values), &err) < 0) {
            tool_fail_err(result, &err);
            return false;
        }
        kta_argv_addl(&argv, "--values", file, NULL);
    }
    int rc = kta_run_read(at->p, &argv, text, &code, &err);
    if (file)
        unlink(file);
    if (rc < 0)
        tool_fail_err(result, &err);
    else if (code != 0)
        tool_fail(result, "The chart cannot be rendered: %s", text->s);
    return rc == 0 && code == 0;
}

static struct kta_json *documents(struct kta_tool_env *env, const struct tool_at *at,
                                  const struct kta_json *args, struct kta_tool_result *result)
{
    const char *manifest = kta_json_str(args, "manifest");
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_json *all = NULL;

    if (kta_json_str(args, "kind")) {
        const struct kta_kind *kind;
        struct kta_json *o =
            tool_object(at, kta_json_str(args, "kind"), kta_json_str(args, "name"), &kind, result);
        if (!o)
            return NULL;
        all = kta_json_new_array();
        kta_json_push(all, o);
        return all;
    }
    if (manifest)
        kta_str_add(&text, manifest);
    else if (!kta_json_str(args, "chart")) {
        tool_fail(result, "Give a manifest, a chart (with values), or kind and name.");
        return NULL;
    } else if (!render_chart(env, at, args, &text, result)) {
        return NULL;
    }
    if (kta_yaml_parse_all(text.s, text.len, &all, &err) < 0) {
        tool_fail(result, "It is no YAML: %s.", err.msg);
        return NULL;
    }
    return all;
}

TOOL(tool_validate)
{
    struct tool_at at;

    if (!tool_at(env, args, &at, result))
        return;
    kta_auto_json struct kta_json *all = documents(env, &at, args, result);
    bool live = kta_json_str(args, "kind") != NULL;
    size_t n = 0;
    if (!all)
        return;
    struct check c = {.at = &at, .documents = all, .world = tool_world(&at)};
    result->structured = kta_json_new_object();
    tool_rows_begin(&c.rows, result, "problems", tool_budget(env, args), 500);
    kta_json_each(o, all) {
        const char *own = kta_obj_namespace(o);
        c.object = o;
        c.ns = kta_or(own, kta_or(at.scope.namespace_, "default"));
        if (env->namespace_pinned && !kta_streq(c.ns, env->scope.namespace_)) {
            problem(&c, "error", "scope", "it is for namespace '%s', outside of this server", c.ns);
            continue;
        }
        if (++n > MAX_DOCUMENTS)
            break;
        if (!live)
            dry_run(&c);
        pod_rules(&c);
        other_rules(&c);
    }
    kta_json_set_bool(result->structured, "valid", c.errors == 0);
    kta_json_set_int(result->structured, "objects", (int64_t)n);
    kta_json_set_int(result->structured, "count", (int64_t)c.problems);
    kta_str_addf(&result->text, "%zu object%s: %s, %zu problem%s%s.\n", n, n == 1 ? "" : "s",
                 c.errors ? "not valid" : "valid", c.problems, c.problems == 1 ? "" : "s",
                 c.rows.n < c.problems
                     ? " (not all shown: validate fewer objects, or set max_bytes)"
                     : "");
    kta_world_free(c.world);
}
