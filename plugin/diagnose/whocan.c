/*
 * whocan.c - who is bound to a Role that grants something, and what one is granted (RBAC).
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
    const char *subject;      /* the one that is asked about, or NULL */
    struct kta_str *grant_of; /* and by what it is granted to it */
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

/* Is it the one that is asked about, by any of its names ("ci", "shop/ci", "shop:ci",
 * "system:serviceaccount:shop:ci"), or a group that it is in for certain? */
static bool is_subject(const struct kta_json *s, const struct ask *a)
{
    const char *name = kta_or(kta_json_str(s, "name"), "");
    const char *asked = a->subject, *ns = kta_or(kta_json_str(s, "namespace"), a->ns);
    bool account = kta_streq(kta_json_str(s, "kind"), "ServiceAccount");
    kta_auto_free char *full = kta_asprintf("system:serviceaccount:%s:%s", kta_or(ns, ""), name);
    kta_auto_free char *slash = kta_asprintf("%s/%s", kta_or(ns, ""), name);
    kta_auto_free char *colon = kta_asprintf("%s:%s", kta_or(ns, ""), name);

    if (kta_streq(kta_json_str(s, "kind"), "Group") && kta_streq(name, "system:authenticated"))
        return true;
    if (!account)
        return kta_streq(name, asked);
    return kta_streq(full, asked) || kta_streq(slash, asked) || kta_streq(colon, asked) ||
           (kta_streq(name, asked) && (!a->ns || kta_streq(ns, a->ns)));
}

static const struct kta_json *role_of(struct kta_world *w, const struct kta_json *binding)
{
    bool own = kta_streq(kta_json_str(binding, "roleRef.kind"), "Role");

    return kta_world_get(w, own ? "roles" : "clusterroles", own ? kta_obj_namespace(binding) : NULL,
                         kta_json_str(binding, "roleRef.name"), NULL);
}

static size_t follow(struct kta_world *w, const char *bindings, const struct ask *a,
                     struct kta_str *out)
{
    struct kta_json *const *v;
    size_t rows = 0, n = kta_world_list(w, bindings, a->ns, &v);
    for (size_t i = 0; i < n; i++) {
        const struct kta_json *only = NULL;
        if (!grants(role_of(w, v[i]), a, &only))
            continue;
        kta_json_each(s, kta_json_get(v[i], "subjects")) {
            add_row(v[i], s, only, out);
            rows++;
            if (a->subject && is_subject(s, a)) {
                kta_auto_free char *by = kta_diag_ref(v[i]);
                kta_str_addf(a->grant_of, "%s%s (%s %s%s)", a->grant_of->len ? ", " : "", by,
                             kta_or(kta_json_str(v[i], "roleRef.kind"), "role"),
                             kta_or(kta_json_str(v[i], "roleRef.name"), "?"),
                             only ? ", only some of them" : "");
            }
        }
    }
    return rows;
}

static const char *const kinds[] = {"rolebindings", "roles", "clusterrolebindings", "clusterroles"};

/* What of RBAC may not be read, so that it counts for nothing in the answer. */
static void unseen(struct kta_world *w, const struct ask *a, bool in_namespaces,
                   struct kta_str *out)
{
    static const struct {
        const char *kind;
        bool namespaced;
    } rows[] = {{"rolebindings", true},
                {"roles", true},
                {"clusterrolebindings", false},
                {"clusterroles", false}};
    for (size_t i = 0; i < KTA_LEN(rows); i++)
        if ((!rows[i].namespaced || in_namespaces) &&
            !kta_world_readable(w, rows[i].kind, rows[i].namespaced ? a->ns : NULL))
            kta_str_addf(out, "%s%s", out->len ? ", " : "", rows[i].kind);
}

/* "get pods/log web in namespace shop" */
static void what_is_asked(const struct ask *a, struct kta_str *out)
{
    kta_str_addf(out, "%s %s%s%s%s%s in %s%s", a->verb, a->resource, a->sub ? "/" : "",
                 kta_or(a->sub, ""), a->name ? " " : "", kta_or(a->name, ""),
                 a->ns ? "namespace " : "", kta_or(a->ns, "the cluster"));
}

/* hidden: what may not be read of RBAC. */
static void tell_subject(const struct ask *a, const char *hidden, struct kta_str *out)
{
    kta_auto_str struct kta_str what = KTA_STR_INIT;

    what_is_asked(a, &what);
    if (a->grant_of->len)
        kta_str_addf(out, "Yes: %s can %s, by %s.\n\n", a->subject, what.s, a->grant_of->s);
    else if (*hidden)
        kta_str_addf(out, "It cannot be told whether %s can %s.\n\n", a->subject, what.s);
    else
        kta_str_addf(out,
                     "No: no binding lets %s %s (its groups, which only the authentication "
                     "knows, may).\n\n",
                     a->subject, what.s);
}

static void tell_everybody(const struct ask *a, const char *rows, const char *hidden,
                           struct kta_str *out)
{
    kta_str_add(out, "Who can ");
    what_is_asked(a, out);
    kta_str_add(out, ":\n\n");
    if (*rows)
        kta_str_addf(out, "| Subject | By | Where |\n|---|---|---|\n%s", rows);
    else
        kta_str_addf(out, "%s.\n",
                     *hidden ? "It cannot be told: nothing that you may read grants it"
                             : "Nobody, as far as RBAC tells");
    if (*hidden)
        kta_str_addf(out, "\nYou may not read %s: what they grant is not in this answer.\n",
                     hidden);
    kta_str_add(out, "\nMembers of the group system:masters can do everything.\n");
}

int kta_who_can(struct kta_world *w, const struct kta_right *asked, size_t *ret_n,
                struct kta_str *out, struct kta_err *err)
{
    size_t base = strcspn(asked->resource, "/");
    kta_auto_free char *word = kta_strndup(asked->resource, base);
    const struct kta_kind *k = NULL;
    struct kta_err ignored = KTA_ERR_INIT;
    bool any = kta_streq(word, "*");

    *ret_n = 0;
    if (!any && kta_kind_find(kta_world_cluster(w), word, &k, &ignored))
        return kta_err_set(err, KTA_E_NOT_FOUND, "there is no resource '%s'", word);
    kta_auto_free char *plural = kta_strdup(any ? "*" : k->plural);
    kta_auto_free char *sub = asked->resource[base] ? kta_strdup(asked->resource + base + 1) : NULL;
    kta_auto_str struct kta_str rows = KTA_STR_INIT, hidden = KTA_STR_INIT, grants = KTA_STR_INIT;
    struct ask a = {.verb = asked->verb,
                    .ns = k && !k->namespaced ? NULL : asked->ns,
                    .name = asked->name,
                    .resource = plural,
                    .sub = sub,
                    .group = any ? "*" : k->group,
                    .subject = asked->subject,
                    .grant_of = &grants};
    if (kta_world_prefetch(w, a.ns, kinds, KTA_LEN(kinds), err))
        return -1;
    bool in_namespaces = !k || k->namespaced;
    unseen(w, &a, in_namespaces, &hidden);
    if (in_namespaces)
        *ret_n += follow(w, "rolebindings", &a, &rows);
    *ret_n += follow(w, "clusterrolebindings", &a, &rows);
    if (a.subject)
        tell_subject(&a, hidden.s, out);
    tell_everybody(&a, rows.s, hidden.s, out);
    kta_report_done(kta_world_report(w));
    return 0;
}

/* ---- what one may do ---- */

#define RULES_MAX 100

static void words(const struct kta_json *list, struct kta_str *out)
{
    kta_json_each(x, list)
        kta_str_addf(out, "%s%s", x == kta_json_first(list) ? "" : ", ",
                     kta_or(kta_json_text(x), "?"));
}

static void add_rule(const struct kta_json *rule, const struct kta_json *binding,
                     struct kta_str *out)
{
    const struct kta_json *names = kta_json_get(rule, "resourceNames");
    const struct kta_json *urls = kta_json_get(rule, "nonResourceURLs");
    kta_auto_free char *by = kta_diag_ref(binding);

    kta_str_add(out, "| ");
    words(kta_json_get(rule, "verbs"), out);
    kta_str_add(out, " | ");
    words(urls ? urls : kta_json_get(rule, "resources"), out);
    if (kta_json_len(names)) {
        kta_str_add(out, ", only ");
        words(names, out);
    }
    kta_str_addf(out, " | %s, %s %s | %s%s |\n", by,
                 kta_or(kta_json_str(binding, "roleRef.kind"), "role"),
                 kta_or(kta_json_str(binding, "roleRef.name"), "?"),
                 kta_obj_namespace(binding) ? "namespace " : "everywhere",
                 kta_or(kta_obj_namespace(binding), ""));
}

/* The rules of the bindings that name it; what everybody is granted is no binding of its own. */
static size_t rules_of(struct kta_world *w, const char *bindings, const struct ask *a,
                       struct kta_str *out)
{
    struct kta_json *const *v;
    size_t rows = 0, n = kta_world_list(w, bindings, a->ns, &v);
    for (size_t i = 0; i < n; i++) {
        bool named = false;
        kta_json_each(s, kta_json_get(v[i], "subjects"))
            named |=
                !kta_streq(kta_json_str(s, "name"), "system:authenticated") && is_subject(s, a);
        if (!named)
            continue;
        const struct kta_json *role = role_of(w, v[i]);
        kta_json_each(r, kta_json_get(role, "rules"))
            if (rows++ < RULES_MAX)
                add_rule(r, v[i], out);
        if (!role) {
            kta_auto_free char *by = kta_diag_ref(v[i]);
            kta_str_addf(out, "| ? | ? | %s, %s %s (not there, or not readable) | |\n", by,
                         kta_or(kta_json_str(v[i], "roleRef.kind"), "role"),
                         kta_or(kta_json_str(v[i], "roleRef.name"), "?"));
            rows++;
        }
    }
    return rows;
}

int kta_rights_of(struct kta_world *w, const char *subject, const char *ns, struct kta_str *out,
                  struct kta_err *err)
{
    struct ask a = {.ns = ns, .subject = subject};
    kta_auto_str struct kta_str rows = KTA_STR_INIT, hidden = KTA_STR_INIT;

    if (kta_world_prefetch(w, ns, kinds, KTA_LEN(kinds), err))
        return -1;
    unseen(w, &a, true, &hidden);
    size_t n =
        rules_of(w, "rolebindings", &a, &rows) + rules_of(w, "clusterrolebindings", &a, &rows);
    if (n)
        kta_str_addf(out,
                     "What %s may do%s%s:\n\n| Verbs | Of | By | Where |\n|---|---|---|---|\n%s",
                     subject, ns ? " in namespace " : "", kta_or(ns, ""), rows.s);
    else
        kta_str_addf(out, "No binding%s%s that can be seen names %s.\n", ns ? " in namespace " : "",
                     kta_or(ns, ""), subject);
    if (n > RULES_MAX)
        kta_str_addf(out, "\n(%zu more rules)\n", n - RULES_MAX);
    if (hidden.len)
        kta_str_addf(out, "\nYou may not read %s: what they grant is not in this answer.\n",
                     hidden.s);
    kta_str_add(out, "\nLeft out is what everybody may who is known to the cluster, and what its "
                     "groups may, which only the authentication knows.\n");
    kta_report_done(kta_world_report(w));
    return 0;
}
