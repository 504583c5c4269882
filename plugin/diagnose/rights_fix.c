/*
 * rights_fix.c - the smallest grant of what was refused, by what nearly grants it: a binding that
 * names another account, one that refers to a role that does not exist, a role that lacks the verb
 * or the object's name, a role that is bound to nobody; else a role of its own.
 *
 * To grant rights is of high risk, as policy has it, too. ClusterRoles that several bindings may
 * share are not touched for a namespace's sake.
 */
#include <stdlib.h>
#include <string.h>
#include "kta/alloc.h"
#include "rights.h"

static bool holds(const struct kta_json *list, const char *word)
{
    kta_json_each(x, list)
        if (kta_streq(kta_json_text(x), word) || kta_streq(kta_json_text(x), "*"))
            return true;
    return false;
}

/* ---- rules ---- */

/* The rule names resource and group, whatever its verbs and objects. */
static bool concerns(const struct kta_json *rule, const struct kta_denied *d)
{
    const char *slash = strchr(d->resource, '/');
    kta_auto_free char *any = slash ? kta_asprintf("*%s", slash) : NULL;
    const struct kta_json *resources = kta_json_get(rule, "resources");

    return (holds(resources, d->resource) || (any && holds(resources, any))) &&
           holds(kta_json_get(rule, "apiGroups"), d->group);
}

static bool names_object(const struct kta_json *rule, const struct kta_denied *d)
{
    const struct kta_json *names = kta_json_get(rule, "resourceNames");
    return !kta_json_len(names) || (d->object && holds(names, d->object));
}

static bool grants(const struct kta_json *role, const struct kta_denied *d)
{
    kta_json_each(r, kta_json_get(role, "rules"))
        if (holds(kta_json_get(r, "verbs"), d->verb) && concerns(r, d) && names_object(r, d))
            return true;
    return false;
}

/* ---- bindings ---- */

static const char *subject_ns(const struct kta_json *s, const struct kta_json *binding)
{
    return kta_or(kta_json_str(s, "namespace"), kta_or(kta_obj_namespace(binding), ""));
}

static bool is_subject(const struct kta_json *s, const struct kta_json *binding,
                       const struct kta_denied *d)
{
    const char *kind = kta_json_str(s, "kind"), *name = kta_or(kta_json_str(s, "name"), "");
    static const char all[] = "system:serviceaccounts";

    if (kta_streq(kind, "User"))
        return kta_streq(name, d->user);
    if (!d->sa)
        return false;
    /* What all who are authenticated may do (discovery, mostly) is never what is refused. */
    if (kta_streq(kind, "Group"))
        return kta_streq(name, all) ||
               (kta_starts(name, all) && kta_streq(name + sizeof all, d->sa_ns));
    return kta_streq(name, d->sa) && kta_streq(subject_ns(s, binding), d->sa_ns);
}

static bool binds(const struct kta_json *binding, const struct kta_denied *d)
{
    kta_json_each(s, kta_json_get(binding, "subjects"))
        if (is_subject(s, binding, d))
            return true;
    return false;
}

/* The role of a binding; *ret_known as kta_world_get. */
static struct kta_json *role_of(struct kta_world *w, const struct kta_json *binding,
                                bool *ret_known)
{
    bool own = kta_streq(kta_json_str(binding, "roleRef.kind"), "Role");
    return kta_world_get(w, own ? "roles" : "clusterroles", own ? kta_obj_namespace(binding) : NULL,
                         kta_json_str(binding, "roleRef.name"), ret_known);
}

bool kta_rights_granted(struct kta_world *w, const struct kta_denied *d)
{
    static const char *const lists[] = {"rolebindings", "clusterrolebindings", "roles"};
    struct kta_err ignored = KTA_ERR_INIT; /* what could not be read is noted */
    size_t first = d->ns ? 0 : 1;
    (void)kta_world_prefetch(w, d->ns, lists + first, d->ns ? 3 : 1, &ignored);
    for (size_t l = first; l < 2; l++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, lists[l], l ? NULL : d->ns, &v);
        for (size_t i = 0; i < n; i++)
            if (binds(v[i], d) && grants(role_of(w, v[i], NULL), d))
                return true;
    }
    return false;
}

/* Bindings that count where it was refused. */
static size_t bindings(struct kta_world *w, const struct kta_denied *d,
                       struct kta_json *const **ret)
{
    return d->ns ? kta_world_list(w, "rolebindings", d->ns, ret)
                 : kta_world_list(w, "clusterrolebindings", NULL, ret);
}

/* Quotes why the right is lacking, and says it in the finding's first sentence, too. */
static void because(struct kta_finding *f, const char *why)
{
    kta_auto_free char *lacks = kta_strdup(f->summary);
    kta_finding_quote(f, "rbac", "%s", why);
    kta_finding_summary(f, "%s: %s", lacks, why);
}

/* ---- a binding that names another account ---- */

/* Is the subject meant to be ours: the same name in another namespace, or nearly the same name? */
static bool nearly(const struct kta_json *s, const struct kta_json *binding,
                   const struct kta_denied *d)
{
    const char *name = kta_or(kta_json_str(s, "name"), "");
    bool here = kta_streq(subject_ns(s, binding), d->sa_ns);

    return kta_streq(kta_json_str(s, "kind"), "ServiceAccount") &&
           (here ? strlen(name) > 3 && kta_distance(name, d->sa, 2) <= 2 : kta_streq(name, d->sa));
}

static bool fix_subject(struct kta_world *w, struct kta_finding *f, const struct kta_json *binding,
                        const struct kta_denied *d)
{
    size_t i = 0;
    kta_json_each(s, kta_json_get(binding, "subjects")) {
        size_t at = i++;
        if (!nearly(s, binding, d))
            continue;
        bool known;
        const char *ns = subject_ns(s, binding), *name = kta_json_str(s, "name");
        kta_auto_free char *ref = kta_diag_ref(binding);
        bool there = kta_world_get(w, "serviceaccounts", ns, name, &known) || !known;
        kta_auto_free char *why =
            kta_asprintf("%s grants it to service account %s/%s%s, not to %s/%s", ref, ns, name,
                         there ? "" : ", which does not exist", d->sa_ns, d->sa);
        because(f, why);
        kta_auto_free char *value =
            kta_asprintf("{\"kind\":\"ServiceAccount\",\"name\":\"%s\",\"namespace\":\"%s\"}",
                         d->sa, d->sa_ns);
        kta_auto_free char *body =
            there ? kta_asprintf("[{\"op\":\"add\",\"path\":\"/subjects/-\",\"value\":%s}]", value)
                  : kta_asprintf("[{\"op\":\"replace\",\"path\":\"/subjects/%zu\",\"value\":%s}]",
                                 at, value);
        (void)kta_fix_patch(w, f, KTA_RISK_HIGH, binding, KTA_PATCH_JSON, body,
                            "let %s name the account that the pods use, %s/%s", ref, d->sa_ns,
                            d->sa);
        return true;
    }
    return false;
}

static bool other_account(struct kta_world *w, struct kta_finding *f, const struct kta_denied *d)
{
    struct kta_json *const *v;
    size_t n = bindings(w, d, &v);
    for (size_t i = 0; i < n; i++)
        if (grants(role_of(w, v[i], NULL), d) && fix_subject(w, f, v[i], d))
            return true;
    return false;
}

/* ---- a binding that refers to a role that does not exist ---- */

/* The role that it means: of that name among the other kind, or of the nearest name. */
static const struct kta_json *meant(struct kta_world *w, const struct kta_json *binding,
                                    const struct kta_denied *d)
{
    static const char *const lists[] = {"roles", "clusterroles"};
    const char *name = kta_or(kta_json_str(binding, "roleRef.name"), "");
    for (size_t l = d->ns ? 0 : 1; l < KTA_LEN(lists); l++) {
        const char *ns = l ? NULL : d->ns;
        size_t n;
        const char **names = kta_world_names(w, lists[l], ns, &n);
        const char *near = kta_nearest(name, names, n);
        const struct kta_json *role = kta_world_get(w, lists[l], ns, name, NULL);
        if (!role && near)
            role = kta_world_get(w, lists[l], ns, near, NULL);
        free(names);
        if (role && grants(role, d))
            return role;
    }
    return NULL;
}

/* A binding's role cannot be changed: a changed copy takes its place. */
static bool no_such_role(struct kta_world *w, struct kta_finding *f, const struct kta_denied *d)
{
    struct kta_json *const *v;
    size_t n = bindings(w, d, &v);
    for (size_t i = 0; i < n; i++) {
        bool known;
        if (!binds(v[i], d) || role_of(w, v[i], &known) || !known)
            continue;
        kta_auto_free char *ref = kta_diag_ref(v[i]);
        kta_auto_free char *cause =
            kta_asprintf("%s refers to %s %s, which does not exist", ref,
                         kta_json_str(v[i], "roleRef.kind"), kta_json_str(v[i], "roleRef.name"));
        because(f, cause);
        const struct kta_json *role = meant(w, v[i], d);
        if (!role)
            continue;
        kta_auto_json struct kta_json *copy = kta_json_new_object();
        kta_json_set_str(copy, "apiVersion", "rbac.authorization.k8s.io/v1");
        kta_json_set_str(copy, "kind", kta_obj_kind(v[i]));
        struct kta_json *m = kta_json_set(copy, "metadata", kta_json_new_object());
        kta_json_set_str(m, "name", kta_obj_name(v[i]));
        if (d->ns)
            kta_json_set_str(m, "namespace", d->ns);
        kta_json_set(copy, "subjects", kta_json_copy(kta_json_get(v[i], "subjects")));
        struct kta_json *r = kta_json_set(copy, "roleRef", kta_json_new_object());
        kta_json_set_str(r, "apiGroup", "rbac.authorization.k8s.io");
        kta_json_set_str(r, "kind", kta_obj_kind(role));
        kta_json_set_str(r, "name", kta_obj_name(role));
        kta_auto_free char *why = kta_asprintf("make %s again with %s %s, which exists", ref,
                                               kta_obj_kind(role), kta_obj_name(role));
        (void)kta_fix_manifest(w, f, KTA_RISK_HIGH, /* undoable= */ true, d->ns, copy, "replace",
                               why);
        return true;
    }
    return false;
}

/* ---- a role that lacks something ---- */

/* ClusterRoles that came with the cluster, or that other bindings may share. */
static bool shared(const struct kta_json *role, const struct kta_denied *d)
{
    return kta_streq(kta_obj_kind(role), "ClusterRole") &&
           (d->ns || kta_obj_label(role, "kubernetes.io/bootstrapping") ||
            kta_starts(kta_obj_name(role), "system:"));
}

/* The same resource under another API group: so often the mistake that it is worth a word. */
static void quote_group(struct kta_finding *f, const char *ref, const struct kta_json *rule,
                        const struct kta_denied *d)
{
    if (!holds(kta_json_get(rule, "resources"), d->resource) ||
        holds(kta_json_get(rule, "apiGroups"), d->group))
        return;
    kta_finding_quote(f, "rbac", "%s names %s in API group \"%s\"; they are in \"%s\"", ref,
                      d->resource,
                      kta_or(kta_json_text(kta_json_item(kta_json_get(rule, "apiGroups"), 0)), ""),
                      d->group);
}

static void fix_role(struct kta_world *w, struct kta_finding *f, const struct kta_json *role,
                     const struct kta_denied *d)
{
    kta_auto_free char *ref = kta_diag_ref(role), *body = NULL;
    size_t at = 0;
    kta_json_each(r, kta_json_get(role, "rules")) {
        bool verb = holds(kta_json_get(r, "verbs"), d->verb);
        quote_group(f, ref, r, d);
        if (concerns(r, d) && !verb && !kta_json_len(kta_json_get(r, "resourceNames")))
            body =
                kta_asprintf("[{\"op\":\"add\",\"path\":\"/rules/%zu/verbs/-\",\"value\":\"%s\"}]",
                             at, d->verb);
        else if (concerns(r, d) && verb && d->object)
            body = kta_asprintf(
                "[{\"op\":\"add\",\"path\":\"/rules/%zu/resourceNames/-\",\"value\":\"%s\"}]", at,
                d->object);
        if (body)
            break;
        at++;
    }
    if (!body)
        body = kta_asprintf("[{\"op\":\"add\",\"path\":\"/rules%s\",\"value\":%s{\"apiGroups\":"
                            "[\"%s\"],\"resources\":[\"%s\"],\"verbs\":[\"%s\"]}%s}]",
                            at ? "/-" : "", at ? "" : "[", d->group, d->resource, d->verb,
                            at ? "" : "]");
    kta_finding_quote(f, "rbac", "%s is bound to it, and does not grant that", ref);
    (void)kta_fix_patch(w, f, KTA_RISK_HIGH, role, KTA_PATCH_JSON, body, "let %s also %s %s%s%s",
                        ref, d->verb, d->resource, d->object ? " " : "", kta_or(d->object, ""));
}

static bool lacks(struct kta_world *w, struct kta_finding *f, const struct kta_denied *d)
{
    struct kta_json *const *v;
    size_t n = bindings(w, d, &v);
    for (size_t i = 0; i < n; i++) {
        const struct kta_json *role = binds(v[i], d) ? role_of(w, v[i], NULL) : NULL;
        if (!role || shared(role, d) || kta_json_get(role, "aggregationRule"))
            continue;
        fix_role(w, f, role, d);
        return true;
    }
    return false;
}

/* ---- a role that is bound to nobody of ours, and a new one ---- */

static bool unbound(struct kta_world *w, struct kta_finding *f, const struct kta_denied *d)
{
    struct kta_json *const *v;
    size_t n = d->ns ? kta_world_list(w, "roles", d->ns, &v) : 0;
    for (size_t i = 0; i < n; i++) {
        if (!grants(v[i], d))
            continue;
        kta_auto_free char *name = kta_asprintf("%.50s-%.100s", d->sa, kta_obj_name(v[i]));
        kta_auto_free char *role = kta_asprintf("--role=%s", kta_obj_name(v[i]));
        kta_auto_free char *account = kta_asprintf("--serviceaccount=%s:%s", d->sa_ns, d->sa);
        const char *args[] = {"create", "rolebinding", name, role, account, NULL};
        kta_auto_free char *why =
            kta_asprintf("bind Role %s, which grants it, to service account %s", kta_obj_name(v[i]),
                         d->sa);
        kta_finding_quote(f, "rbac", "role/%s grants it, and is not bound to %s/%s",
                          kta_obj_name(v[i]), d->sa_ns, d->sa);
        (void)kta_fix_kubectl(w, f, KTA_RISK_HIGH, /* undoable= */ true, d->ns, args, why);
        return true;
    }
    return false;
}

static struct kta_json *object(const char *kind, const char *name, const char *ns)
{
    struct kta_json *o = kta_json_new_object();
    kta_json_set_str(o, "apiVersion", "rbac.authorization.k8s.io/v1");
    kta_json_set_str(o, "kind", kind);
    struct kta_json *m = kta_json_set(o, "metadata", kta_json_new_object());
    kta_json_set_str(m, "name", name);
    if (ns)
        kta_json_set_str(m, "namespace", ns);
    return o;
}

static void add_list(struct kta_json *rule, const char *key, const char *value)
{
    kta_json_push_str(kta_json_set(rule, key, kta_json_new_array()), value);
}

static void new_role(struct kta_world *w, struct kta_finding *f, const struct kta_denied *d)
{
    kta_auto_free char *name = kta_asprintf("%.50s-%.20s-%.60s", d->sa, d->verb, d->resource);
    for (char *p = name; *p; p++)
        if (*p == '/' || *p == '*')
            *p = '-';
    const char *kind = d->ns ? "Role" : "ClusterRole";
    kta_auto_json struct kta_json *list = kta_json_new_object();
    kta_json_set_str(list, "apiVersion", "v1");
    kta_json_set_str(list, "kind", "List");
    struct kta_json *items = kta_json_set(list, "items", kta_json_new_array());
    struct kta_json *role = kta_json_push(items, object(kind, name, d->ns));
    struct kta_json *rule =
        kta_json_push(kta_json_set(role, "rules", kta_json_new_array()), kta_json_new_object());
    add_list(rule, "apiGroups", d->group);
    add_list(rule, "resources", d->resource);
    add_list(rule, "verbs", d->verb);
    struct kta_json *binding =
        kta_json_push(items, object(d->ns ? "RoleBinding" : "ClusterRoleBinding", name, d->ns));
    struct kta_json *ref = kta_json_set(binding, "roleRef", kta_json_new_object());
    kta_json_set_str(ref, "apiGroup", "rbac.authorization.k8s.io");
    kta_json_set_str(ref, "kind", kind);
    kta_json_set_str(ref, "name", name);
    struct kta_json *subject =
        kta_json_push(kta_json_set(binding, "subjects", kta_json_new_array()),
                      kta_json_new_object());
    kta_json_set_str(subject, "kind", "ServiceAccount");
    kta_json_set_str(subject, "name", d->sa);
    kta_json_set_str(subject, "namespace", d->sa_ns);
    kta_auto_free char *why =
        kta_asprintf("grant %s on %s, and no more, to service account %s by a %s of its own%s",
                     d->verb, d->resource, d->sa, kind, d->ns ? "" : " (in the whole cluster)");
    (void)kta_fix_manifest(w, f, KTA_RISK_HIGH, /* undoable= */ true, d->ns, list, "apply", why);
}

void kta_rights_fix(struct kta_world *w, struct kta_finding *f, const struct kta_denied *d)
{
    if (!d->sa || !kta_world_readable(w, d->ns ? "rolebindings" : "clusterrolebindings", d->ns))
        return;
    if (!other_account(w, f, d) && !no_such_role(w, f, d) && !lacks(w, f, d) && !unbound(w, f, d))
        new_role(w, f, d);
}
