/*
 * refusals.c - workloads whose pods cannot even be created: quota, Pod Security, admission
 * webhooks, LimitRanges, a service account or a priority class that is not there.
 *
 * The refusal stands in the ReplicaFailure condition and in FailedCreate events of what makes the
 * pods (a Deployment's ReplicaSet, else the workload itself); the workload is blamed.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/quantity.h"
#include "kta/re.h"

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
    {"admission webhook", "Deployment.Webhook", "an admission webhook refuses them"},
    {"maximum memory usage", "Deployment.LimitRange", "they exceed the namespace's LimitRange"},
    {"maximum cpu usage", "Deployment.LimitRange", "they exceed the namespace's LimitRange"},
    {"minimum memory usage", "Deployment.LimitRange", "they fall below the namespace's LimitRange"},
    {"minimum cpu usage", "Deployment.LimitRange", "they fall below the namespace's LimitRange"},
    {"must be less than or equal to", "Deployment.LimitRange",
     "a container requests more than its limit, which a LimitRange may have given it"},
    {"max limit to request ratio", "Deployment.LimitRange",
     "their limits are too far above their requests for the namespace's LimitRange"},
    {"no PriorityClass with name", "Deployment.PriorityClass",
     "the priority class that they name does not exist"},
    {"RuntimeClass", "Deployment.RuntimeClass",
     "the runtime class that they name does not exist or does not suit"},
    {"ValidatingAdmissionPolicy", "Deployment.AdmissionPolicy",
     "an admission policy of the cluster refuses them"},
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
    /* The condition goes when a pod can be made again; some of several may be made meanwhile. */
    if (kta_json_str(c, "message") && kta_streq(kta_json_str(c, "status"), "True"))
        return kta_json_str(c, "message");
    /* Pods that could be made since tell that it is over. */
    const struct kta_json *made =
        ev ? kta_diag_event(w, *ret_from, "SuccessfulCreate", NULL) : NULL;
    if (made && kta_event_time(made) > kta_event_time(ev))
        return NULL;
    return ev ? kta_json_str(ev, "message") : NULL;
}

/* ---- quota ---- */

/* The value of a resource in "limits.cpu=1,limits.memory=1Gi, used: …" after a heading. */
static char *value_after(const char *text, const char *heading, const char *what)
{
    const char *at = strstr(text, heading);
    kta_auto_free char *want = kta_asprintf("%s=", what);
    for (const char *p = at ? at + strlen(heading) : NULL; p && (p = strstr(p, want)); p++)
        if (p[-1] == ' ' || p[-1] == ',')
            return kta_strndup(p + strlen(want), strcspn(p + strlen(want), ", "));
    return NULL;
}

/* How many pods are still to be made. */
static int64_t missing_pods(const struct kta_json *o, const struct kta_json *maker)
{
    const struct kta_json *x = kta_streq(kta_obj_kind(maker), "ReplicaSet") ? maker : o;
    int64_t have =
        kta_json_int(x,
                     kta_streq(kta_obj_kind(x), "DaemonSet") ? "status.currentNumberScheduled"
                                                             : "status.replicas",
                     0);
    int64_t n = kta_diag_desired(x) - have;
    return n > 0 ? n : 1;
}

static bool is_bytes(const char *what)
{
    return kta_stristr(what, "memory") || kta_stristr(what, "storage");
}

/* exceeded quota: q, requested: limits.cpu=1,pods=1, used: limits.cpu=2,pods=4, limited: … */
static void fix_quota(struct kta_world *w, struct kta_finding *f, const struct kta_json *o,
                      const struct kta_json *maker, const char *text)
{
    const char *at = strstr(text, "exceeded quota: ") + strlen("exceeded quota: ");
    kta_auto_free char *quota = kta_strndup(at, strcspn(at, ", "));
    const char *requested = strstr(text, "requested: ");
    const struct kta_json *q =
        kta_world_get(w, "resourcequotas", kta_obj_namespace(o), quota, NULL);
    kta_auto_str struct kta_str hard = KTA_STR_INIT;
    int64_t fits = -1, missing = missing_pods(o, maker);
    for (const char *p = requested ? requested + strlen("requested: ") : ""; *p;) {
        size_t n = strcspn(p, "=");
        kta_auto_free char *what = kta_strndup(p, n);
        kta_auto_free char *asks = value_after(text, "requested: ", what);
        kta_auto_free char *used = value_after(text, "used: ", what);
        kta_auto_free char *limit = value_after(text, "limited: ", what);
        p += n + (p[n] == '=');
        p += strcspn(p, ", ");
        bool more = *p == ',' && p[1] != ' ';
        p = more ? p + 1 : "";
        int64_t a = kta_quantity_milli(asks), u = kta_quantity_milli(used),
                h = kta_quantity_milli(limit);
        if (!asks || !used || !limit || a <= 0 || u < 0 || h < 0)
            continue;
        kta_finding_quote(f, "resourcequota", "%s: %s of %s is used, and a pod asks for %s of %s",
                          quota, used, limit, asks, what);
        kta_auto_str struct kta_str v = KTA_STR_INIT;
        int64_t need = u + a * missing > h ? u + a * missing : h;
        if (is_bytes(what))
            kta_quantity_memory_whole(need, &v);
        else
            kta_quantity_cpu(need, &v);
        kta_str_addf(&hard, "%s\"%s\":\"%s\"", hard.len ? "," : "", what, v.s);
        int64_t room = (h - u) / a;
        fits = fits < 0 || room < fits ? room : fits;
    }
    const char *who;
    int64_t when;
    if (q && kta_managed_by(q, "spec.hard", &who, &when) && when != KTA_NO_TIME &&
        when > kta_obj_created(q)) {
        kta_diag_changed(w, f, when, "%s changed resourcequota/%s", who, quota);
        kta_finding_symptom(f, "ResourceQuota", kta_obj_namespace(q), quota);
    }
    if (q && hard.len) {
        kta_auto_free char *body = kta_asprintf("{\"spec\":{\"hard\":{%s}}}", hard.s);
        struct kta_fix *x = kta_fix_patch(w, f, KTA_RISK_MEDIUM, q, KTA_PATCH_MERGE, body,
                                          "raise quota %s to what it takes (%s)", quota, hard.s);
        kta_fix_then_retry(w, x, maker);
    }
    fits += fits >= 0 ? kta_diag_ready(o) : 0;
    if (fits > 0 && fits < kta_diag_desired(o) && kta_streq(kta_obj_kind(o), "Deployment"))
        (void)kta_fix_scale(w, f, o, (int)fits, "that many fit within the quota");
}

/* A value that suits a container which sets none: what is usual, but within what the quota leaves
 * to each pod; never below what the container requests. */
static int64_t usual(struct kta_world *w, const struct kta_json *o, const struct kta_json *c,
                     const char *key)
{
    bool bytes = is_bytes(key);
    int64_t v = bytes ? 128LL * 1024 * 1024 * 1000 : 100, n = kta_diag_desired(o);
    struct kta_json *const *q;
    size_t k = kta_world_list(w, "resourcequotas", kta_obj_namespace(o), &q);
    for (size_t i = 0; i < k; i++) {
        const char *hard = kta_json_text(kta_json_get(kta_json_at(q[i], "status.hard"), key));
        const char *used = kta_json_text(kta_json_get(kta_json_at(q[i], "status.used"), key));
        int64_t left = hard ? kta_quantity_milli(hard) - kta_quantity_milli(kta_or(used, "0")) : -1;
        left = left > 0 ? left / ((n > 0 ? n : 1) + 1) : left;
        if (hard && left > 0 && left < v)
            v = left;
    }
    const char *request =
        kta_json_text(kta_json_get(kta_json_at(c, "resources.requests"),
                                   strchr(key, '.') ? strchr(key, '.') + 1 : key));
    int64_t r = request ? kta_quantity_milli(request) : 0;
    return r > v ? r : v;
}

/* failed quota: q: must specify limits.cpu for: app; limits.memory for: app */
static void fix_unspecified(struct kta_world *w, struct kta_finding *f, const struct kta_json *o,
                            const char *text)
{
    static const char *const keys[] = {"limits.cpu", "limits.memory", "requests.cpu",
                                       "requests.memory"};
    static const char *const lists[] = {"containers", "initContainers"};
    const struct kta_json *spec = kta_json_get(kta_diag_template(o), "spec");
    const char *demand = strstr(text, "must specify ");
    struct kta_json *patch = kta_json_new_object();
    bool any = false;
    for (size_t l = 0; l < KTA_LEN(lists) && demand; l++) {
        if (!kta_json_len(kta_json_get(spec, lists[l])))
            continue;
        struct kta_json *list = kta_json_set(patch, lists[l], kta_json_new_array());
        kta_json_each(c, kta_json_get(spec, lists[l])) {
            struct kta_json *x = kta_json_push(list, kta_json_new_object());
            kta_json_set_str(x, "name", kta_json_str(c, "name"));
            struct kta_json *r = kta_json_set(x, "resources", kta_json_new_object());
            for (size_t k = 0; k < KTA_LEN(keys); k++) {
                kta_auto_free char *part = kta_strndup(keys[k], strcspn(keys[k], "."));
                const char *what = keys[k] + strlen(part) + 1;
                const struct kta_json *have = kta_json_get(kta_json_get(c, "resources"), part);
                if (!strstr(demand, keys[k]) || kta_json_get(have, what))
                    continue;
                struct kta_json *at = kta_json_get(r, part);
                if (!at)
                    at = kta_json_set(r, part, kta_json_new_object());
                kta_auto_str struct kta_str v = KTA_STR_INIT;
                if (is_bytes(what))
                    kta_quantity_memory_whole(usual(w, o, c, keys[k]), &v);
                else
                    kta_quantity_cpu(usual(w, o, c, keys[k]), &v);
                kta_json_set_str(at, what, v.s);
                any = true;
            }
        }
    }
    if (any)
        (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, o, patch,
                               "give the containers the requests and limits that the quota wants");
    else
        kta_json_free(patch);
}

/* ---- LimitRange ---- */

/* A container's resources moved within one bound; false: nothing to move. */
static bool within(const struct kta_json *c, const char *what, bool max, const char *bound,
                   struct kta_json *list)
{
    static const char *const parts[] = {"limits", "requests"};
    int64_t b = kta_quantity_milli(bound);
    struct kta_json *x = kta_json_new_object();
    kta_json_set_str(x, "name", kta_json_str(c, "name"));
    struct kta_json *r = kta_json_set(x, "resources", kta_json_new_object());
    bool any = false;
    for (size_t i = 0; i < KTA_LEN(parts); i++) {
        const char *s =
            kta_json_text(kta_json_get(kta_json_get(kta_json_get(c, "resources"), parts[i]), what));
        int64_t v = s ? kta_quantity_milli(s) : -1;
        bool unset = v < 0 && (max ? i == 0 : i == 1);
        if (!unset && (v < 0 || (max ? v <= b : v >= b)))
            continue;
        kta_json_set_str(kta_json_set(r, parts[i], kta_json_new_object()), what, bound);
        any = true;
    }
    if (any)
        kta_json_push(list, x);
    else
        kta_json_free(x);
    return any;
}

/* spec.containers[0].resources.requests: Invalid value: "96Mi": must be less than or equal to
 * memory limit of 64Mi: the limit becomes what is requested. */
static size_t raise_limits(const struct kta_json *spec, const char *text, struct kta_json *list)
{
    static struct kta_re *re;
    if (!re)
        re = kta_re_must("containers\\[(\\d+)\\]\\.resources\\.requests: Invalid value: "
                         "\"([^\"]+)\": must be less than or equal to (\\S+) limit",
                         0);
    size_t len = strlen(text), n = 0;
    struct kta_match m;
    for (size_t from = 0; from < len && kta_re_find(re, text, len, from, &m); from = m.end[0]) {
        kta_auto_free char *at = kta_re_group(text, &m, 1), *value = kta_re_group(text, &m, 2);
        kta_auto_free char *what = kta_re_group(text, &m, 3);
        const struct kta_json *c =
            kta_json_item(kta_json_get(spec, "containers"), (size_t)strtoul(at, NULL, 10));
        if (!c)
            continue;
        struct kta_json *x = kta_json_push(list, kta_json_new_object());
        kta_json_set_str(x, "name", kta_json_str(c, "name"));
        kta_json_set_str(kta_json_set(kta_json_set(x, "resources", kta_json_new_object()), "limits",
                                      kta_json_new_object()),
                         what, value);
        n++;
    }
    return n;
}

/* cpu max limit to request ratio per Container is 2, but provided ratio is 10.000000: a request
 * that is as near to its limit as that. */
static size_t fix_ratio(struct kta_finding *f, const struct kta_json *spec, const char *text,
                        struct kta_json *list)
{
    static struct kta_re *re;
    if (!re)
        re = kta_re_must("(cpu|memory) max limit to request ratio per (?:Container|Pod) is "
                         "([\\d.]*\\d)",
                         0);
    struct kta_match m;
    size_t n = 0;
    if (!kta_re_find(re, text, strlen(text), 0, &m))
        return 0;
    kta_auto_free char *what = kta_re_group(text, &m, 1), *bound = kta_re_group(text, &m, 2);
    double ratio = strtod(bound, NULL);
    kta_finding_quote(f, "limitrange", "limit to request ratio of %s: at most %s", what, bound);
    kta_json_each(c, kta_json_get(spec, "containers")) {
        const char *limit = kta_json_text(kta_json_get(kta_json_at(c, "resources.limits"), what));
        int64_t l = limit ? kta_quantity_milli(limit) : -1;
        if (l <= 0 || ratio < 1)
            continue;
        kta_auto_str struct kta_str v = KTA_STR_INIT;
        int64_t least = (int64_t)((double)l / ratio + 0.999);
        if (is_bytes(what))
            kta_quantity_memory_whole(least, &v);
        else
            kta_quantity_cpu(least, &v);
        struct kta_json *x = kta_json_push(list, kta_json_new_object());
        kta_json_set_str(x, "name", kta_json_str(c, "name"));
        struct kta_json *r = kta_json_set(kta_json_set(x, "resources", kta_json_new_object()),
                                          "requests", kta_json_new_object());
        kta_json_set_str(r, what, v.s);
        n++;
    }
    return n;
}

/* maximum memory usage per Container is 256Mi, but limit is 512Mi; several are joined by ", " */
static void fix_range(struct kta_world *w, struct kta_finding *f, const struct kta_json *o,
                      const char *text)
{
    static struct kta_re *re;
    if (!re)
        re = kta_re_must("(maximum|minimum) (cpu|memory) usage per (Container|Pod) is ([\\w.]*\\w)",
                         0);
    const struct kta_json *spec = kta_json_get(kta_diag_template(o), "spec");
    struct kta_json *patch = kta_json_new_object();
    struct kta_json *list = kta_json_set(patch, "containers", kta_json_new_array());
    size_t len = strlen(text), n = fix_ratio(f, spec, text, list);
    struct kta_match m;
    for (size_t from = 0; from < len && kta_re_find(re, text, len, from, &m); from = m.end[0]) {
        kta_auto_free char *side = kta_re_group(text, &m, 1), *what = kta_re_group(text, &m, 2);
        kta_auto_free char *of = kta_re_group(text, &m, 3), *bound = kta_re_group(text, &m, 4);
        kta_finding_quote(f, "limitrange", "%s %s of a %s: %s", side, what, of, bound);
        bool pod = kta_streq(of, "Pod");
        if (pod && kta_json_len(kta_json_get(spec, "containers")) > 1)
            continue; /* how they share it is for a person to say */
        kta_json_each(c, kta_json_get(spec, "containers"))
            n += within(c, what, kta_streq(side, "maximum"), bound, list);
    }
    n += raise_limits(spec, text, list);
    if (n)
        (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, o, patch,
                               "keep the containers' resources within the LimitRange");
    else
        kta_json_free(patch);
    kta_finding_advice(f, "Or change the LimitRange, if the pods really need more.");
}

/* ---- Pod Security ---- */

/* The namespaces of the node that the pods share: given up. */
static void leave_host(const struct kta_json *spec, struct kta_json *patch)
{
    static const char *const shared[] = {"hostNetwork", "hostPID", "hostIPC"};
    for (size_t i = 0; i < KTA_LEN(shared); i++)
        if (kta_json_bool(spec, shared[i], false))
            kta_json_set_bool(patch, shared[i], false);
}

/* The fields that the standard asks for. Volumes and ports of the host are not taken away: what
 * should be there instead is for a person to say. */
static void fix_pod_security(struct kta_world *w, struct kta_finding *f, const struct kta_json *o,
                             const char *text)
{
    static const char *const only_fields[] = {"hostPath", "hostPort", "host ports"};
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
    if (strstr(text, "host namespaces"))
        leave_host(spec, patch);
    if (strstr(text, "privileged (") || strstr(text, "host namespaces"))
        kta_finding_advice(f, "If the program needs that right, run it in a namespace that allows "
                              "it.");
    if (strstr(text, "seccompProfile"))
        kta_json_set_str(kta_json_set(pod, "seccompProfile", kta_json_new_object()), "type",
                         "RuntimeDefault");
    static const char *const lists[] = {"containers", "initContainers"};
    for (size_t l = 0; l < KTA_LEN(lists); l++) {
        if (!kta_json_len(kta_json_get(spec, lists[l])))
            continue;
        struct kta_json *cs = kta_json_set(patch, lists[l], kta_json_new_array());
        kta_json_each(c, kta_json_get(spec, lists[l])) {
            struct kta_json *x = kta_json_push(cs, kta_json_new_object());
            kta_json_set_str(x, "name", kta_json_str(c, "name"));
            struct kta_json *ctx = kta_json_set(x, "securityContext", kta_json_new_object());
            if (kta_json_bool(c, "securityContext.privileged", false))
                kta_json_set_bool(ctx, "privileged", false);
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
            if (kta_json_at(c, "securityContext.runAsUser") &&
                kta_json_int(c, "securityContext.runAsUser", 0) == 0)
                kta_json_set_int(ctx, "runAsUser", 1000);
        }
    }
    (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, o, patch,
                           "give the pods the security settings that the namespace demands");
}

static void fix_account(struct kta_world *w, struct kta_finding *f, const struct kta_json *o,
                        const struct kta_json *maker)
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
    struct kta_fix *x = kta_fix_kubectl(w, f, KTA_RISK_LOW, /* undoable= */ true, ns, args, why);
    kta_fix_then_retry(w, x, maker);
    free(names);
}

/* A class that the pods name and that is not there: the nearest that is, or none. */
static void fix_class(struct kta_world *w, struct kta_finding *f, const struct kta_json *o,
                      const char *field, const char *plural, const char *word)
{
    kta_auto_free char *path = kta_asprintf("spec.%s", field);
    const char *name = kta_json_str(kta_diag_template(o), path);
    size_t n;
    const char **names = kta_world_names(w, plural, NULL, &n);
    const char *near = name ? kta_nearest(name, names, n) : NULL;
    struct kta_json *spec = kta_json_new_object();
    if (near)
        kta_json_set_str(spec, field, near);
    else
        kta_json_set(spec, field, kta_json_new_null());
    (void)kta_fix_template(w, f, KTA_RISK_MEDIUM, o, spec,
                           near ? "use the %s class %s, which exists"
                                : "run without the %s class %s",
                           word, kta_or(near, kta_or(name, "")));
    free(names);
}

/* ---- a webhook that does not answer: it is the cause, not the workload that meets it ---- */

static struct kta_json *webhook_config(struct kta_world *w, const char *name, size_t *ret_index,
                                       const struct kta_json **ret_hook)
{
    static const char *const kinds[] = {"validatingwebhookconfigurations",
                                        "mutatingwebhookconfigurations"};
    for (size_t k = 0; k < KTA_LEN(kinds); k++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, kinds[k], NULL, &v);
        for (size_t i = 0; i < n; i++) {
            *ret_index = 0;
            kta_json_each(h, kta_json_get(v[i], "webhooks")) {
                *ret_hook = h;
                if (kta_streq(kta_json_str(h, "name"), name))
                    return v[i];
                ++*ret_index;
            }
        }
    }
    return NULL;
}

static void unanswered_webhook(struct kta_world *w, struct kta_json *o, struct kta_json *from,
                               const struct kta_json *ev, const char *text,
                               struct kta_findings *out)
{
    const char *at = strstr(text, "webhook \"");
    kta_auto_free char *name = at ? kta_strndup(at + 9, strcspn(at + 9, "\"")) : kta_strdup("?");
    const struct kta_json *hook = NULL;
    size_t index = 0;
    struct kta_json *config = webhook_config(w, name, &index, &hook);
    struct kta_json *blamed = config ? config : o;
    struct kta_finding *f = kta_diag_find(out, "Webhook.Unavailable", blamed);
    kta_auto_free char *ref = kta_diag_ref(o);
    if (f && f->n_fixes) {
        kta_finding_symptom(f, kta_obj_kind(o), kta_obj_namespace(o), kta_obj_name(o));
        return;
    }
    if (!f)
        f = kta_diag_add(out, "Webhook.Unavailable", KTA_CRITICAL, blamed, 0.95);
    kta_finding_symptom(f, kta_obj_kind(o), kta_obj_namespace(o), kta_obj_name(o));
    kta_finding_summary(f, "admission webhook %s does not answer, so pods of %s cannot be created",
                        name, ref);
    if (ev)
        kta_diag_quote_event(f, from, ev);
    else
        kta_finding_quote(f, "status", "%.*s", KTA_DIAG_QUOTE, text);
    const char *service = kta_json_str(hook, "clientConfig.service.name");
    const char *ns = kta_json_str(hook, "clientConfig.service.namespace");
    if (service) {
        bool known;
        const struct kta_json *s = kta_world_get(w, "services", ns, service, &known);
        kta_finding_symptom(f, "Service", ns, service);
        kta_finding_quote(f, "spec", "webhook %s calls service/%s in namespace %s, which %s", name,
                          service, ns,
                          s ? kta_service_ready(w, s) == 0 ? "has no ready endpoints" : "exists"
                          : known ? "does not exist"
                                  : "cannot be read");
    }
    if (config) {
        kta_auto_free char *body = kta_asprintf(
            "[{\"op\":\"replace\",\"path\":\"/webhooks/%zu/failurePolicy\",\"value\":\"Ignore\"}]",
            index);
        (void)kta_fix_patch(w, f, KTA_RISK_HIGH, config, KTA_PATCH_JSON, body,
                            "let requests pass while webhook %s does not answer (what it guards is "
                            "not guarded then)",
                            name);
    }
    kta_finding_advice(f,
                       "Mend what serves the webhook%s%s first; if it is gone for good, delete "
                       "its configuration.",
                       service ? ": service/" : "", service ? service : "");
}

bool kta_refused(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    struct kta_json *from;
    const struct kta_json *ev;
    const char *text = refusal(w, o, &from, &ev);
    if (!text)
        return false;
    if (strstr(text, "failed calling webhook") || strstr(text, "failed to call webhook")) {
        unanswered_webhook(w, o, from, ev, text, out);
        return true;
    }
    size_t i = 0;
    while (i < KTA_LEN(refusals) && !kta_stristr(text, refusals[i].text))
        i++;
    if (i == KTA_LEN(refusals))
        return false;
    const char *code = refusals[i].code;
    struct kta_json *blamed = kta_world_owner(w, o);
    if (kta_diag_find(out, code, blamed))
        return true;
    struct kta_finding *f = kta_diag_add(out, code, KTA_CRITICAL, blamed, 0.95);
    kta_auto_free char *ref = kta_diag_ref(blamed);
    kta_finding_summary(f, "pods of %s cannot be created: %s", ref, refusals[i].means);
    if (ev)
        kta_diag_quote_event(f, from, ev);
    else
        kta_finding_quote(f, "status", "%.*s", KTA_DIAG_QUOTE, text);
    if (f->since == KTA_NO_TIME)
        f->since = kta_time_parse(
            kta_json_str(kta_obj_condition(o, "ReplicaFailure"), "lastTransitionTime"));
    if (strstr(text, "exceeded quota: "))
        fix_quota(w, f, blamed, from, text);
    else if (kta_streq(code, "Deployment.QuotaExceeded"))
        fix_unspecified(w, f, blamed, text);
    else if (kta_streq(code, "Deployment.PodSecurity"))
        fix_pod_security(w, f, blamed, text);
    else if (kta_streq(code, "Deployment.ServiceAccount"))
        fix_account(w, f, blamed, from);
    else if (kta_streq(code, "Deployment.LimitRange"))
        fix_range(w, f, blamed, text);
    else if (kta_streq(code, "Deployment.PriorityClass"))
        fix_class(w, f, blamed, "priorityClassName", "priorityclasses", "priority");
    else if (kta_streq(code, "Deployment.RuntimeClass"))
        fix_class(w, f, blamed, "runtimeClassName", "runtimeclasses", "runtime");
    if (!f->n_fixes && !f->advice)
        kta_finding_advice(f, "The message names what is refused: change that in the pod template, "
                              "or the rule that refuses it.");
    return true;
}
