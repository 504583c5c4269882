/* logs.c - the tools "logs" (the end of a container's log, backwards in pages) and "can_i". */
#include <string.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/kinds.h"
#include "kta/http.h"
#include "kta/learn.h"
#include "kta/limits.h"
#include "kta/utf8.h"
#include "tool_list.h"

#define LINES 100

TOOL(tool_logs)
{
    struct tool_at at;
    struct kta_err err = KTA_ERR_INIT;
    const char *pod = kta_json_str(args, "pod"), *container = kta_json_str(args, "container");
    const char *since = kta_json_str(args, "since"), *grep = kta_json_str(args, "contains");
    kta_auto_str struct kta_str path = KTA_STR_INIT, safe = KTA_STR_INIT, clean = KTA_STR_INIT;
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0;
    int64_t since_ms = 0;

    if (!tool_at(env, args, &at, result) || !tool_pod(&at, "pod", pod, result) ||
        (container && !tool_name("container", container, result)))
        return;
    if (since && kta_duration(since, &since_ms, &err) < 0) {
        tool_fail_err(result, &err);
        return;
    }
    if (!tool_mayl(&at, result, "kubectl", "logs", pod, NULL))
        return;
    kta_str_addf(&path, "/api/v1/namespaces/%s/pods/%s/log?tailLines=%d",
                 kta_or(at.scope.namespace_, "default"), pod, kta_json_count(args, "tail", LINES));
    if (container)
        kta_str_addf(&path, "&container=%s", container);
    if (kta_json_bool(args, "previous", false))
        kta_str_add(&path, "&previous=true");
    if (since_ms)
        kta_str_addf(&path, "&sinceSeconds=%d", (int)(since_ms / 1000 ? since_ms / 1000 : 1));
    kta_read_add(&reads, &n, &cap, KTA_ACCEPT_TEXT, "%s", path.s)->max = KTA_LOG_BYTES * 4;
    if (kta_learn_object(at.p->cluster, at.p->redact, "pods",
                         kta_or(at.scope.namespace_, "default"), pod, &err) < 0 ||
        kta_cluster_read(at.p->cluster, reads, n, &err) < 0)
        tool_fail_err(result, &err);
    else if (reads[0].failed)
        tool_fail_err(result, &reads[0].err);
    if (result->is_error && reads[0].err.code == KTA_E_NOT_FOUND)
        if (!tool_no_namespace(&at, result))
            tool_near(&at, kta_kind_known("pods"), pod, result);
    if (!result->is_error) {
        kta_redact_text(at.p->redact, reads[0].text.s, reads[0].text.len, &safe);
        for (const char *p = safe.s; *p;) {
            size_t len = strcspn(p, "\n");
            kta_auto_free char *line = kta_strndup(p, len);
            if (!grep || kta_stristr(line, grep)) {
                kta_clean(line, len, &clean);
                kta_str_addc(&clean, '\n');
            }
            p += len + (p[len] == '\n');
        }
        result->structured = kta_json_new_object();
        kta_json_set_str(result->structured, "pod", pod);
        if (clean.len == 0)
            kta_str_add(&clean, "(no lines)\n");
        if (clean.len < 20 && grep)
            kta_str_addf(&result->note,
                         "Looked at the last %d lines; a larger tail looks further.\n",
                         kta_json_count(args, "tail", LINES));
        tool_page_text(result, args, tool_budget(env, args), clean.s,
                       "a smaller tail, since \"10m\", contains \"error\"");
    }
    kta_reads_free(reads, n);
}

TOOL(tool_can_i)
{
    struct tool_at at;
    struct kta_err err = KTA_ERR_INIT;
    const struct kta_kind *kind;
    const char *verb = kta_json_str(args, "verb"), *part = kta_json_str(args, "subresource");
    const char *resource = kta_json_str(args, "resource"), *slash = strchr(resource, '/');
    kta_auto_free char *whole = kta_strndup(resource, strcspn(resource, "/")); /* "pods/log" */
    kta_auto_str struct kta_str body = KTA_STR_INIT;
    int status = 0;

    if (!tool_at(env, args, &at, result))
        return;
    part = part ? part : slash ? slash + 1 : NULL;
    if (kta_kind_find(at.p->cluster, whole, &kind, &err) < 0) {
        tool_fail_err(result, &err);
        return;
    }
    kta_auto_json struct kta_json *o = kta_json_new_object(), *answer = NULL;
    kta_json_set_str(o, "apiVersion", "authorization.k8s.io/v1");
    kta_json_set_str(o, "kind", "SelfSubjectAccessReview");
    struct kta_json *spec = kta_json_set(o, "spec", kta_json_new_object());
    struct kta_json *a = kta_json_set(spec, "resourceAttributes", kta_json_new_object());
    kta_json_set_str(a, "verb", verb);
    kta_json_set_str(a, "group", kind->group);
    kta_json_set_str(a, "resource", kind->plural);
    if (part)
        kta_json_set_str(a, "subresource", part);
    if (kta_json_str(args, "name"))
        kta_json_set_str(a, "name", kta_json_str(args, "name"));
    if (kind->namespaced && at.scope.namespace_)
        kta_json_set_str(a, "namespace", at.scope.namespace_);
    kta_json_print(o, false, &body);
    if (kta_cluster_send(at.p->cluster, "POST",
                         "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                         "application/json", body.s, &status, &answer, &err) < 0) {
        tool_fail_err(result, &err);
        return;
    }
    bool allowed = kta_json_bool(answer, "status.allowed", false);
    result->structured = kta_json_new_object();
    kta_json_set_bool(result->structured, "allowed", allowed);
    kta_json_set_str(result->structured, "reason",
                     kta_or(kta_json_str(answer, "status.reason"), ""));
    kta_str_addf(&result->text, "%s: %s %s%s%s%s%s\n", allowed ? "yes" : "no", verb, kind->plural,
                 part ? "/" : "", kta_or(part, ""),
                 kind->namespaced && at.scope.namespace_ ? " in " : "",
                 kind->namespaced ? kta_or(at.scope.namespace_, "") : "");
}
