/*
 * workloads.c - Deployments, StatefulSets and DaemonSets that do not come to what they should be:
 * paused, at zero, refused by quota or admission, stuck without a pod that tells why.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/re.h"

/* Intent that a person wrote down: such a state is no fault. */
static bool on_purpose(const struct kta_json *o)
{
    kta_json_each(a, kta_json_at(o, "metadata.annotations"))
    {
        const char *k = kta_or(kta_json_key(a), "");
        if (kta_stristr(k, "paused") || kta_stristr(k, "pause-reason") ||
            kta_stristr(k, "maintenance") || kta_stristr(k, "scaled-down") ||
            kta_stristr(k, "suspend") || kta_stristr(k, "downscaler") ||
            kta_stristr(k, "intentional") || kta_stristr(k, "on-purpose"))
            return true;
    }
    return false;
}

/* ---- the pods cannot even be created: quota, admission, service account ---- */

static const struct {
    const char *text, *code, *means;
} refusals[] = {
    {"exceeded quota", "Deployment.QuotaExceeded", "the namespace's quota is used up"},
    {"must specify limits", "Deployment.QuotaExceeded",
     "the namespace's quota wants requests or limits that the pods do not set"},
    {"failed quota", "Deployment.QuotaExceeded",
     "the namespace's quota wants requests or limits that the pods do not set"},
    {"violates PodSecurity", "Deployment.PodSecurity",
     "the namespace enforces a Pod Security standard that they do not meet"},
    {"error looking up service account", "Deployment.ServiceAccount",
     "their service account does not exist"},
    {"serviceaccount", "Deployment.ServiceAccount", "their service account does not exist"},
    {"failed calling webhook", "Deployment.Webhook", "an admission webhook does not answer"},
    {"admission webhook", "Deployment.Webhook", "an admission webhook refuses them"},
    {"maximum memory usage", "Deployment.LimitRange", "they exceed the namespace's LimitRange"},
    {"maximum cpu usage", "Deployment.LimitRange", "they exceed the namespace's LimitRange"},
    {"minimum memory usage", "Deployment.LimitRange", "they fall below the namespace's LimitRange"},
    {"minimum cpu usage", "Deployment.LimitRange", "they fall below the namespace's LimitRange"},
    {"no PriorityClass with name", "Deployment.PriorityClass",
     "the priority class that they name does not exist"},
    {"is invalid", "Deployment.InvalidPod", "the API server finds them invalid"},
    {"is forbidden", "Deployment.Forbidden", "the API server refuses them"},
};

/* The message why a workload's pods are not created, or NULL; *ret_from is what carries it. */
static const char *refusal(struct kta_world *w, struct kta_json *o, struct kta_json **ret_from,
                           const struct kta_json **ret_event)
{
    *ret_event = NULL;
    *ret_from = o;
    const struct kta_json *c = kta_obj_condition(o, "ReplicaFailure");
    struct kta_json *const *rs;
    size_t n = kta_streq(kta_obj_kind(o), "Deployment")
                   ? kta_world_list(w, "replicasets", kta_obj_namespace(o), &rs)
                   : 0;
    const struct kta_json *ev = kta_diag_event(w, o, "FailedCreate", NULL);
    for (size_t i = 0; i < n && !ev; i++)
        if (kta_obj_owned_by(rs[i], kta_obj_uid(o)) &&
            kta_json_int(rs[i], "spec.replicas", 0) > 0 &&
            (ev = kta_diag_event(w, rs[i], "FailedCreate", NULL)))
            *ret_from = rs[i];
    *ret_event = ev;
    if (kta_json_str(c, "message") && kta_streq(kta_json_str(c, "status"), "True"))
        return kta_json_str(c, "message");
    return ev ? kta_json_str(ev, "message") : NULL;
}

/* exceeded quota: q, requested: limits.cpu=1, used: limits.cpu=2, limited: limits.cpu=2 */
static void fix_quota(struct kta_world *w, struct kta_finding *f, const struct kta_json *o,
                      const char *text)
{
    static struct kta_re *re;
    if (!re)
        re = kta_re_must(
            "exceeded quota: ([\\w.\\-]+), requested: ([\\w./\\-]+)=([\\w.]+)[^,]*(?:,[^"
            ":]*?)?, used: \\2=([\\w.]+)[^:]*, limited: \\2=([\\w.]+)",
            0);
    struct kta_match m;
    if (!kta_re_find(re, text, strlen(text), 0, &m))
        return;
    kta_auto_free char *quota = kta_re_group(text, &m, 1), *what = kta_re_group(text, &m, 2);
    kta_auto_free char *asks = kta_re_group(text, &m, 3), *used = kta_re_group(text, &m, 4);
    kta_auto_free char *hard = kta_re_group(text, &m, 5);
    kta_finding_quote(f, "resourcequota", "%s: %s of %s is used, and a pod asks for %s of %s",
                      quota, used, hard, asks, what);
    int64_t a = kta_quantity_milli(asks), u = kta_quantity_milli(used),
            h = kta_quantity_milli(hard);
    int64_t missing = kta_diag_desired(o) - kta_diag_ready(o);
    if (a <= 0 || u < 0 || h < 0)
        return;
    const struct kta_json *q =
        kta_world_get(w, "resourcequotas", kta_obj_namespace(o), quota, NULL);
    int64_t need = u + a * (missing > 0 ? missing : 1);
    kta_auto_str struct kta_str v = KTA_STR_INIT;
    if (kta_stristr(what, "memory") || kta_stristr(what, "storage"))
        kta_quantity_memory(need, &v);
    else
        kta_quantity_cpu(need, &v);
    if (q) {
        kta_auto_free char *body = kta_asprintf("{\"spec\":{\"hard\":{\"%s\":\"%s\"}}}", what, v.s);
        (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, q, KTA_PATCH_MERGE, body,
                            "raise %s of quota %s to %s, which is what it takes", what, quota, v.s);
    }
    int fits = (int)((h - u) / a + kta_diag_ready(o));
    if (fits > 0 && fits < kta_diag_desired(o) && kta_streq(kta_obj_kind(o), "Deployment"))
        (void)kta_fix_scale(w, f, o, fits, "that many fit within the quota");
}

/* The fields that Pod Security's restricted asks for; nothing that it forbids is removed. */
static void fix_pod_security(struct kta_world *w, struct kta_finding *f, const struct kta_json *o,
                             const char *text)
{
    static const char *const only_fields[] = {"host namespaces", "hostPath", "privileged (",
                                              "hostPort", "host ports"};
    for (size_t i = 0; i < KTA_LEN(only_fields); i++)
        if (strstr(text, only_fields[i])) {
            kta_finding_advice(f,
                               "The pods use what the standard forbids altogether (see the "
                               "message): remove it, or run them in a namespace that allows it.");
            return;
        }
    const struct kta_json *spec = kta_json_get(kta_diag_template(o), "spec");
    struct kta_json *patch = kta_json_new_object();
    struct kta_json *pod = kta_json_set(patch, "securityContext", kta_json_new_object());
    if (strstr(text, "runAsNonRoot")) {
        kta_json_set_bool(pod, "runAsNonRoot", true);
        if (kta_json_int(spec, "securityContext.runAsUser", 0) == 0)
            kta_json_set_int(pod, "runAsUser", 1000);
    }
    if (strstr(text, "seccompProfile"))
        kta_json_set_str(kta_json_set(pod, "seccompProfile", kta_json_new_object()), "type",
                         "RuntimeDefault");
    static const char *const lists[] = {"containers", "initContainers"};
    for (size_t l = 0; l < KTA_LEN(lists); l++) {
        if (!kta_json_len(kta_json_get(spec, lists[l])))
            continue;
        struct kta_json *cs = kta_json_set(patch, lists[l], kta_json_new_array());
        kta_json_each(c, kta_json_get(spec, lists[l]))
        {
            struct kta_json *x = kta_json_push(cs, kta_json_new_object());
            kta_json_set_str(x, "name", kta_json_str(c, "name"));
            struct kta_json *ctx = kta_json_set(x, "securityContext", kta_json_new_object());
            if (strstr(text, "allowPrivilegeEscalation"))
                kta_json_set_bool(ctx, "allowPrivilegeEscalation", false);
            if (strstr(text, "capabilities")) {
                struct kta_json *caps = kta_json_set(ctx, "capabilities", kta_json_new_object());
                kta_json_push_str(kta_json_set(caps, "drop", kta_json_new_array()), "ALL");
                if (kta_json_at(c, "securityContext.capabilities.add"))
                    kta_json_set(caps, "add", kta_json_new_null());
            }
            if (strstr(text, "runAsNonRoot") && kta_json_at(c, "securityContext.runAsNonRoot"))
                kta_json_set_bool(ctx, "runAsNonRoot", true);
        }
    }
    (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, o, patch,
                           "give the pods the security settings that the namespace demands");
}

static void fix_account(struct kta_world *w, struct kta_finding *f, const struct kta_json *o)
{
    const char *ns = kta_obj_namespace(o);
    const char *name =
        kta_or(kta_json_str(kta_diag_template(o), "spec.serviceAccountName"), "default");
    size_t n;
    const char **names = kta_world_names(w, "serviceaccounts", ns, &n);
    const char *near = kta_nearest(name, names, n);
    if (near) {
        struct kta_json *spec = kta_json_new_object();
        kta_json_set_str(spec, "serviceAccountName", near);
        kta_json_set_str(spec, "serviceAccount", near);
        (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, o, spec,
                               "use service account %s, which exists", near);
    }
    const char *args[] = {"create", "serviceaccount", name, NULL};
    kta_auto_free char *why =
        kta_asprintf("create service account %s (it has no rights yet)", name);
    (void)kta_fix_kubectl(w, f, KTA_RISK_LOW, /* undoable= */ true, ns, args, why);
    free(names);
}

static bool refused(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    struct kta_json *from;
    const struct kta_json *ev;
    const char *text = refusal(w, o, &from, &ev);
    if (!text)
        return false;
    size_t i = 0;
    while (i < KTA_LEN(refusals) && !kta_stristr(text, refusals[i].text))
        i++;
    if (i == KTA_LEN(refusals))
        return false;
    struct kta_finding *f = kta_diag_add(out, refusals[i].code, KTA_CRITICAL, o, 0.95);
    kta_auto_free char *ref = kta_diag_ref(o);
    kta_finding_summary(f, "pods of %s cannot be created: %s", ref, refusals[i].means);
    if (ev)
        kta_diag_quote_event(f, from, ev);
    else
        kta_finding_quote(f, "status", "%.*s", KTA_DIAG_QUOTE, text);
    if (f->since == KTA_NO_TIME)
        f->since = kta_time_parse(
            kta_json_str(kta_obj_condition(o, "ReplicaFailure"), "lastTransitionTime"));
    if (strstr(text, "exceeded quota"))
        fix_quota(w, f, o, text);
    if (strstr(text, "violates PodSecurity"))
        fix_pod_security(w, f, o, text);
    if (kta_streq(refusals[i].code, "Deployment.ServiceAccount"))
        fix_account(w, f, o);
    if (!f->n_fixes && !f->advice)
        kta_finding_advice(f, "The message names what is refused: change that in the pod template, "
                              "or the rule that refuses it.");
    return true;
}

/* ---- paused, at zero ---- */

static bool autoscaled(struct kta_world *w, const struct kta_json *o)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "horizontalpodautoscalers", kta_obj_namespace(o), &v);
    for (size_t i = 0; i < n; i++)
        if (kta_streq(kta_json_str(v[i], "spec.scaleTargetRef.name"), kta_obj_name(o)) &&
            kta_streq(kta_json_str(v[i], "spec.scaleTargetRef.kind"), kta_obj_kind(o)))
            return true;
    return false;
}

/* Is there a Service that sends to this workload's pods? Then somebody counts on it. */
static struct kta_json *called_by(struct kta_world *w, const struct kta_json *o)
{
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "services", kta_obj_namespace(o), &v);
    for (size_t i = 0; i < n; i++)
        if (kta_map_matches(kta_json_at(v[i], "spec.selector"),
                            kta_json_at(kta_diag_template(o), "metadata.labels")))
            return v[i];
    return NULL;
}

/* The most replicas that any of its revisions last asked for. */
static int replicas_before(struct kta_world *w, const struct kta_json *o)
{
    int64_t most = 0;
    struct kta_json *const *rs;
    size_t n = kta_world_list(w, "replicasets", kta_obj_namespace(o), &rs);
    for (size_t i = 0; i < n; i++)
        if (kta_obj_owned_by(rs[i], kta_obj_uid(o))) {
            const char *s = kta_obj_annotation(rs[i], "deployment.kubernetes.io/desired-replicas");
            int64_t d = s ? strtol(s, NULL, 10) : 0;
            most = d > most ? d : most;
        }
    return most > 0 ? (int)most : 1;
}

static void at_zero(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    struct kta_json *service = called_by(w, o);
    if (on_purpose(o))
        return;
    /* Nothing calls it: resting, not broken. In focus it is still worth saying. */
    bool asked = kta_world_has_focus(w) && kta_world_focused(w, o);
    bool recent = false;
    const char *who = NULL;
    int64_t when = KTA_NO_TIME;
    bool known = kta_managed_by(o, "spec.replicas", &who, &when);
    recent = known && when != KTA_NO_TIME && when > kta_obj_created(o) + 2;
    if (!service && !asked)
        return;
    struct kta_finding *f =
        kta_diag_add(out, "Deployment.ScaledToZero", asked || recent ? KTA_CRITICAL : KTA_INFO, o,
                     recent ? 0.85 : 0.7);
    kta_auto_free char *ref = kta_diag_ref(o);
    kta_finding_summary(f, "%s is scaled to 0, so nothing of it runs%s%s", ref,
                        service ? " behind Service " : "", service ? kta_obj_name(service) : "");
    kta_finding_quote(f, "spec", "%s: replicas 0", ref);
    if (recent) {
        kta_auto_str struct kta_str age = KTA_STR_INIT;
        kta_diag_age(w, when, &age);
        f->change = kta_asprintf("%s %s set replicas to 0", age.s, who);
        f->since = when;
    }
    if (service)
        kta_finding_symptom(f, "Service", kta_obj_namespace(service), kta_obj_name(service));
    (void)kta_fix_scale(w, f, o, replicas_before(w, o), "so that it serves again");
    kta_finding_advice(f, "If it rests on purpose, say so in an annotation.");
}

static void paused(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    bool behind = kta_json_int(o, "status.updatedReplicas", 0) < kta_diag_desired(o);
    if (on_purpose(o) || !behind)
        return;
    struct kta_finding *f = kta_diag_add(out, "Deployment.Paused", KTA_WARNING, o, 0.9);
    kta_finding_summary(f, "deployment/%s is paused: changes to it are not rolled out",
                        kta_obj_name(o));
    kta_finding_quote(f, "spec", "paused: true; %lld of %lld pods are of the newest template",
                      (long long)kta_json_int(o, "status.updatedReplicas", 0),
                      (long long)kta_diag_desired(o));
    const char *who;
    int64_t when;
    if (kta_managed_by(o, "spec.paused", &who, &when) && when != KTA_NO_TIME) {
        kta_auto_str struct kta_str age = KTA_STR_INIT;
        kta_diag_age(w, when, &age);
        f->change = kta_asprintf("%s %s paused it", age.s, who);
        f->since = when;
    }
    kta_auto_free char *ref = kta_diag_ref(o);
    const char *args[] = {"rollout", "resume", ref, NULL};
    (void)kta_fix_kubectl(w, f, KTA_RISK_LOW, /* undoable= */ true, kta_obj_namespace(o), args,
                          "resume the rollout");
}

/* ---- stuck ---- */

/* Has anything been said already about this workload or its pods? */
static bool told(const struct kta_findings *out, const struct kta_json *o)
{
    for (size_t i = 0; i < out->n; i++) {
        const struct kta_finding *f = out->v[i];
        if (f->severity != KTA_INFO && kta_streq(f->object.name, kta_obj_name(o)) &&
            kta_streq(f->object.kind, kta_obj_kind(o)) &&
            kta_streq(f->object.namespace_, kta_obj_namespace(o)))
            return true;
    }
    return false;
}

static void stuck(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    const struct kta_json *p = kta_obj_condition(o, "Progressing");
    bool deadline = kta_streq(kta_json_str(p, "reason"), "ProgressDeadlineExceeded");
    const struct kta_json *a = kta_obj_condition(o, "Available");
    bool down = kta_streq(kta_json_str(a, "status"), "False");
    int64_t since = kta_time_parse(kta_json_str(a, "lastTransitionTime"));
    if (!deadline && (!down || since == KTA_NO_TIME || kta_world_now(w) - since < 120))
        return;
    struct kta_finding *f = kta_diag_add(out, "Deployment.Stuck", KTA_CRITICAL, o, 0.6);
    f->since = since != KTA_NO_TIME ? since : kta_time_parse(kta_json_str(p, "lastTransitionTime"));
    kta_finding_summary(f, "deployment/%s does not get its pods ready: %lld of %lld",
                        kta_obj_name(o), (long long)kta_diag_ready(o),
                        (long long)kta_diag_desired(o));
    kta_finding_quote(f, "status", "Progressing: %s", kta_or(kta_json_str(p, "message"), "?"));
    if (a)
        kta_finding_quote(f, "status", "Available: %s", kta_or(kta_json_str(a, "message"), "?"));
}

void kta_analyze_workloads(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    static const char *const lists[] = {"deployments", "statefulsets", "daemonsets"};
    for (size_t l = 0; l < KTA_LEN(lists); l++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, lists[l], ns, &v);
        for (size_t i = 0; i < n; i++) {
            struct kta_json *o = v[i];
            int64_t want = kta_diag_desired(o);
            if (!kta_world_focused(w, o) || kta_json_at(o, "metadata.deletionTimestamp"))
                continue;
            if (want == 0) {
                if (l < 2 && !autoscaled(w, o))
                    at_zero(w, o, out);
                continue;
            }
            if (kta_json_bool(o, "spec.paused", false))
                paused(w, o, out);
            int64_t have = l == 2 ? kta_json_int(o, "status.currentNumberScheduled", 0)
                                  : kta_json_int(o, "status.replicas", 0);
            bool short_ = have < want || kta_json_int(o, "status.unavailableReplicas", 0) > 0 ||
                          kta_obj_condition_is(o, "ReplicaFailure", "True");
            if (short_ && refused(w, o, out))
                continue;
            if (l == 0 && kta_diag_ready(o) < want && !told(out, o))
                stuck(w, o, out);
        }
    }
}
