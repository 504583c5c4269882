/*
 * whocan.c - who is bound to a Role that grants something (RBAC).
 *
 * Every binding that counts in the namespace is followed to its role; a rule grants when its verbs,
 * groups and resources hold what is asked, or "*". What other authorizers grant is not seen here.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/kinds.h"
#include "kta/questions.h"

struct ask {
    const char *verb, *ns, *name;
    char *resource, *sub; /* "pods", "exec" or NULL */
    const char *group;
};

static bool holds(const struct kta_json *list, const char *word)
{
    kta_json_each(x, list)
        if (kta_streq(kta_json_text(x), word) || kta_streq(kta_json_text(x), "*"))
            return true;
    return false;
}

static bool resource_held(const struct kta_json *list, const struct ask *a)
{
    kta_auto_free char *full =
        a->sub ? kta_asprintf("%s/%s", a->resource, a->sub) : kta_strdup(a->resource);
    kta_auto_free char *any = a->sub ? kta_asprintf("*/%s", a->sub) : NULL;
    return holds(list, full) || (any && holds(list, any));
}

/* *ret_only: the objects that the rule is confined to, or NULL. */
static bool grants(const struct kta_json *role, const struct ask *a,
                   const struct kta_json **ret_only)
{
    bool found = false;
    kta_json_each(r, kta_json_get(role, "rules")) {
        const struct kta_json *names = kta_json_get(r, "resourceNames");
        if (!holds(kta_json_get(r, "verbs"), a->verb) ||
            !holds(kta_json_get(r, "apiGroups"), a->group) ||
            !resource_held(kta_json_get(r, "resources"), a))
            continue;
        if (kta_json_len(names) && a->name && !holds(names, a->name))
            continue;
        *ret_only = kta_json_len(names) && !a->name ? names : NULL;
        found = true;
        if (!*ret_only)
            return true;
    }
    return found;
}

static void add_row(const struct kta_json *binding, const struct kta_json *subject,
                    const struct kta_json *only, struct kta_str *out)
{
    const char *kind = kta_or(kta_json_str(subject, "kind"), "?");
    const char *ns = kta_streq(kind, "ServiceAccount") ? kta_json_str(subject, "namespace") : NULL;
    kta_auto_free char *by = kta_diag_ref(binding);

    kta_str_addf(out, "| %s %s%s%s | %s, %s %s | ", kind, ns ? ns : "", ns ? "/" : "",
                 kta_or(kta_json_str(subject, "name"), "?"), by,
                 kta_or(kta_json_str(binding, "roleRef.kind"), "role"),
                 kta_or(kta_json_str(binding, "roleRef.name"), "?"));
    if (kta_obj_namespace(binding))
        kta_str_addf(out, "namespace %s", kta_obj_namespace(binding));
    else
        kta_str_add(out, "everywhere");
    kta_json_each(n, only)
        kta_str_addf(out, "%s%s", n == kta_json_first(only) ? ", only " : ", ",
                     kta_or(kta_json_text(n), "?"));
    kta_str_add(out, " |\n");
}

static size_t follow(struct kta_world *w, const char *bindings, const struct ask *a,
                     struct kta_str *out)
{
    struct kta_json *const *v;
    size_t rows = 0, n = kta_world_list(w, bindings, a->ns, &v);
    for (size_t i = 0; i < n; i++) {
        bool own = kta_streq(kta_json_str(v[i], "roleRef.kind"), "Role");
        const struct kta_json *only = NULL;
        const struct kta_json *role =
            kta_world_get(w, own ? "roles" : "clusterroles", own ? kta_obj_namespace(v[i]) : NULL,
                          kta_json_str(v[i], "roleRef.name"), NULL);
        if (!grants(role, a, &only))
            continue;
        kta_json_each(s, kta_json_get(v[i], "subjects")) {
            add_row(v[i], s, only, out);
            rows++;
        }
    }
    return rows;
}

/* What of RBAC may not be read, so that it counts for nothing in the answer. */
static void unseen(struct kta_world *w, const struct ask *a, bool in_namespaces,
                   struct kta_str *out)
{
    static const struct {
        const char *kind;
        bool namespaced;
    } kinds[] = {{"rolebindings", true},
                 {"roles", true},
                 {"clusterrolebindings", false},
                 {"clusterroles", false}};
    for (size_t i = 0; i < KTA_LEN(kinds); i++)
        if ((!kinds[i].namespaced || in_namespaces) &&
            !kta_world_readable(w, kinds[i].kind, kinds[i].namespaced ? a->ns : NULL))
            kta_str_addf(out, "%s%s", out->len ? ", " : "", kinds[i].kind);
}

int kta_who_can(struct kta_world *w, const char *verb, const char *resource, const char *ns,
                const char *name, size_t *ret_n, struct kta_str *out, struct kta_err *err)
{
    static const char *const kinds[] = {"rolebindings", "roles", "clusterrolebindings",
                                        "clusterroles"};
    size_t base = strcspn(resource, "/");
    kta_auto_free char *word = kta_strndup(resource, base);
    const struct kta_kind *k = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    bool any = kta_streq(word, "*");

    *ret_n = 0;
    if (!any && kta_kind_find(kta_world_cluster(w), word, &k, &ignored))
        return kta_err_set(err, KTA_E_NOT_FOUND, "there is no resource '%s'", word);
    kta_auto_free char *plural = kta_strdup(any ? "*" : k->plural);
    struct ask a = {verb, k && !k->namespaced ? NULL : ns,
                    name, plural,
                    NULL, any ? "*" : k->group};
    kta_auto_free char *sub = resource[base] ? kta_strdup(resource + base + 1) : NULL;
    a.sub = sub;
    if (kta_world_prefetch(w, a.ns, kinds, KTA_LEN(kinds), err))
        return -1;
    kta_auto_str struct kta_str rows = KTA_STR_INIT, hidden = KTA_STR_INIT;
    bool in_namespaces = !k || k->namespaced;
    unseen(w, &a, in_namespaces, &hidden);
    if (in_namespaces)
        *ret_n += follow(w, "rolebindings", &a, &rows);
    *ret_n += follow(w, "clusterrolebindings", &a, &rows);
    kta_str_addf(out, "Who can %s %s%s%s%s%s in %s%s:\n\n", verb, a.resource, sub ? "/" : "",
                 kta_or(sub, ""), name ? " " : "", kta_or(name, ""), a.ns ? "namespace " : "",
                 kta_or(a.ns, "the cluster"));
    if (*ret_n)
        kta_str_addf(out, "| Subject | By | Where |\n|---|---|---|\n%s", rows.s);
    else
        kta_str_addf(out, "%s.\n",
                     hidden.len ? "It cannot be told: nothing that you may read grants it"
                                : "Nobody, as far as RBAC tells");
    if (hidden.len)
        kta_str_addf(out, "\nYou may not read %s: what they grant is not in this answer.\n",
                     hidden.s);
    kta_str_add(out, "\nMembers of the group system:masters can do everything.\n");
    kta_report_done(kta_world_report(w));
    return 0;
}
