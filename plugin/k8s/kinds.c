/*
 * kinds.c - the well-known kinds, and names of them as kubectl takes them.
 *
 * The table is in the order in which an ambiguous name means something (events of the core group
 * before events.k8s.io, Pod before PodMetrics); look-up takes the first. Custom kinds: discovery.c.
 */
#include "kta/kinds.h"

#include <strings.h>
#include "kta/alloc.h"
#include "kta/http.h"
#include "discovery.h"

#define CORE   ""
#define METRIC "metrics.k8s.io"
#define RBAC   "rbac.authorization.k8s.io"
#define ADMIT  "admissionregistration.k8s.io"

/* kind, plural, group, version, short names, namespaced */
static const struct kta_kind kinds[] = {
    {"Pod", "pods", CORE, "v1", "po", true},
    {"Deployment", "deployments", "apps", "v1", "deploy", true},
    {"ReplicaSet", "replicasets", "apps", "v1", "rs", true},
    {"StatefulSet", "statefulsets", "apps", "v1", "sts", true},
    {"DaemonSet", "daemonsets", "apps", "v1", "ds", true},
    {"ControllerRevision", "controllerrevisions", "apps", "v1", "", true},
    {"Job", "jobs", "batch", "v1", "", true},
    {"CronJob", "cronjobs", "batch", "v1", "cj", true},
    {"Service", "services", CORE, "v1", "svc", true},
    {"Endpoints", "endpoints", CORE, "v1", "ep", true},
    {"EndpointSlice", "endpointslices", "discovery.k8s.io", "v1", "", true},
    {"Ingress", "ingresses", "networking.k8s.io", "v1", "ing", true},
    {"IngressClass", "ingressclasses", "networking.k8s.io", "v1", "", false},
    {"NetworkPolicy", "networkpolicies", "networking.k8s.io", "v1", "netpol", true},
    {"ConfigMap", "configmaps", CORE, "v1", "cm", true},
    {"Secret", "secrets", CORE, "v1", "", true},
    {"ServiceAccount", "serviceaccounts", CORE, "v1", "sa", true},
    {"PersistentVolumeClaim", "persistentvolumeclaims", CORE, "v1", "pvc", true},
    {"PersistentVolume", "persistentvolumes", CORE, "v1", "pv", false},
    {"StorageClass", "storageclasses", "storage.k8s.io", "v1", "sc", false},
    {"VolumeAttachment", "volumeattachments", "storage.k8s.io", "v1", "", false},
    {"CSIDriver", "csidrivers", "storage.k8s.io", "v1", "", false},
    {"CSINode", "csinodes", "storage.k8s.io", "v1", "", false},
    {"Namespace", "namespaces", CORE, "v1", "ns", false},
    {"Node", "nodes", CORE, "v1", "no", false},
    {"Event", "events", CORE, "v1", "ev", true},
    {"Event", "events", "events.k8s.io", "v1", "", true},
    {"HorizontalPodAutoscaler", "horizontalpodautoscalers", "autoscaling", "v2", "hpa", true},
    {"PodDisruptionBudget", "poddisruptionbudgets", "policy", "v1", "pdb", true},
    {"ResourceQuota", "resourcequotas", CORE, "v1", "quota", true},
    {"LimitRange", "limitranges", CORE, "v1", "limits", true},
    {"ReplicationController", "replicationcontrollers", CORE, "v1", "rc", true},
    {"PodTemplate", "podtemplates", CORE, "v1", "", true},
    {"Role", "roles", RBAC, "v1", "", true},
    {"RoleBinding", "rolebindings", RBAC, "v1", "", true},
    {"ClusterRole", "clusterroles", RBAC, "v1", "", false},
    {"ClusterRoleBinding", "clusterrolebindings", RBAC, "v1", "", false},
    {"PriorityClass", "priorityclasses", "scheduling.k8s.io", "v1", "pc", false},
    {"RuntimeClass", "runtimeclasses", "node.k8s.io", "v1", "", false},
    {"Lease", "leases", "coordination.k8s.io", "v1", "", true},
    {"CustomResourceDefinition", "customresourcedefinitions", "apiextensions.k8s.io", "v1",
     "crd crds", false},
    {"APIService", "apiservices", "apiregistration.k8s.io", "v1", "", false},
    {"MutatingWebhookConfiguration", "mutatingwebhookconfigurations", ADMIT, "v1", "", false},
    {"ValidatingWebhookConfiguration", "validatingwebhookconfigurations", ADMIT, "v1", "", false},
    {"CertificateSigningRequest", "certificatesigningrequests", "certificates.k8s.io", "v1", "csr",
     false},
    {"PodMetrics", "pods", METRIC, "v1beta1", "", true},
    {"NodeMetrics", "nodes", METRIC, "v1beta1", "", false},
};

const struct kta_kind *kta_kinds(size_t *ret_n)
{
    *ret_n = KTA_LEN(kinds);
    return kinds;
}

/* One of the blank-separated words, case ignored. */
static bool is_word(const char *words, const char *s, size_t n)
{
    while (*words) {
        size_t w = strcspn(words, " ");

        if (w == n && strncasecmp(words, s, n) == 0)
            return true;
        words += w;
        words += strspn(words, " ");
    }
    return false;
}

bool kind_is(const struct kta_kind *k, const char *name)
{
    const char *dot = strchr(name, '.'), *group;
    size_t n = dot ? (size_t)(dot - name) : strlen(name);
    size_t v = strlen(k->version);

    if (n == 0 ||
        !(is_word(k->plural, name, n) || is_word(k->kind, name, n) || is_word(k->shorts, name, n)))
        return false;
    if (!dot)
        return true;
    group = dot + 1; /* "apps", "v1.apps", or "v1" and "v1." for the core group */
    if (strncasecmp(group, k->version, v) == 0 && (group[v] == '.' || group[v] == '\0'))
        group += v + (group[v] == '.');
    return strcasecmp(group, k->group) == 0;
}

const struct kta_kind *kta_kind_known(const char *name)
{
    for (size_t i = 0; name && i < KTA_LEN(kinds); i++) /* as nearly always */
        if (strcmp(kinds[i].plural, name) == 0)
            return &kinds[i];
    for (size_t i = 0; name && i < KTA_LEN(kinds); i++)
        if (kind_is(&kinds[i], name))
            return &kinds[i];
    return NULL;
}

void kta_kind_path(const struct kta_kind *k, const char *ns, const char *name, struct kta_str *out)
{
    if (*k->group)
        kta_str_addf(out, "/apis/%s/%s", k->group, k->version);
    else
        kta_str_addf(out, "/api/%s", k->version);
    if (k->namespaced && ns && *ns) {
        kta_str_add(out, "/namespaces/");
        kta_url_escape(ns, out);
    }
    kta_str_addf(out, "/%s", k->plural);
    if (name && *name) {
        kta_str_addc(out, '/');
        kta_url_escape(name, out);
    }
}
