/*
 * rules.c - what the configuration and the administrator say: enabledCommands, rules, protected.
 *
 * A rule that asks or denies holds where it may match (a kind or name that cannot be seen counts);
 * one that allows holds only where it matches for certain and for every object. Of each list the
 * first rule that holds wins; of the administrator's, the user's and the built-in verdict the
 * strictest counts, so nobody can loosen what stands above. A broken list denies everything.
 */
#include "target.h"
#include <ctype.h>
#include <strings.h>
#include "kta/alloc.h"
#include "kta/kinds.h"
#include "kta/re.h"
#include "kta/str.h"

static const char *const rule_keys[] = {"verb", "kind",   "namespace", "context",
                                        "name", "action", "reason"};
static const char *const protected_keys[] = {"context", "namespace", "action", "reason"};

/* How a pattern stands to a value. */
struct match {
    bool possible, certain;
};

struct subject {
    const struct kta_command *cmd;
    const struct kta_targets *targets;
};

/* ---- patterns ---- */

/* One pattern against the whole of a value. A broken one gives -1, and so does one that is given up
 * before it is known. */
static int matches(const char *pattern, const char *value, int flags, struct kta_err *err)
{
    char *whole = kta_asprintf("\\A(?:%s)\\z", pattern);
    struct kta_re *re = NULL;
    int r = kta_re_compile(whole, flags, &re, err);

    free(whole);
    if (r < 0)
        return -1;
    r = kta_re_test(re, value, strlen(value), err);
    kta_re_free(re);
    return r;
}

/* A pattern, or a list of them, against any of the values; n_values 0 means a value unknown. */
static int any_matches(const struct kta_json *want, const char *const *values, size_t n, int flags,
                       struct kta_err *err)
{
    if (kta_json_type(want) == KTA_JSON_ARRAY) {
        kta_json_each(one, want) {
            int r = any_matches(one, values, n, flags, err);
            if (r != 0)
                return r;
        }
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        int r = matches(kta_json_text(want), values[i], flags, err);
        if (r != 0)
            return r;
    }
    return 0;
}

/* A rule's key against a value that may be unknown (NULL). */
static int match_value(const struct kta_json *rule, const char *key, const char *value, int flags,
                       struct match *m, struct kta_err *err)
{
    const struct kta_json *want = kta_json_get(rule, key);
    int r;

    if (!want)
        return 0;
    if (!value) {
        m->certain = false;
        return 0;
    }
    r = any_matches(want, &value, 1, flags, err);
    if (r == 0)
        m->possible = m->certain = false;
    return r < 0 ? -1 : 0;
}

static int match_verb(const struct kta_json *rule, const struct kta_command *cmd, struct match *m,
                      struct kta_err *err)
{
    const struct kta_json *want = kta_json_get(rule, "verb");
    char full[96];
    const char *values[4];
    size_t n = 0;
    int r;

    if (!want)
        return 0;
    snprintf(full, sizeof full, "%s %s", cmd->program, cmd->path);
    values[n++] = full;
    if (strcmp(cmd->program, "helm") == 0) {
        values[n++] = "helm";
    } else {
        values[n++] = cmd->path;
        if (cmd->verb)
            values[n++] = cmd->verb;
    }
    r = any_matches(want, values, n, 0, err);
    if (r == 0)
        m->possible = m->certain = false;
    return r < 0 ? -1 : 0;
}

/* Singular and plural of a kind that is not in the table, which may be given as either. */
struct forms {
    char text[4][80];
    const char *v[6];
    size_t n;
};

static void add_form(struct forms *f, size_t i, const char *kind, size_t cut, const char *end)
{
    snprintf(f->text[i], sizeof f->text[i], "%.*s%s", (int)(strlen(kind) - cut), kind, end);
    f->v[f->n++] = f->text[i];
}

static void forms_of(const struct kta_target *t, struct forms *f)
{
    const char *k = t->kind;

    f->n = 0;
    f->v[f->n++] = k;
    f->v[f->n++] = t->written;
    add_form(f, 0, k, 0, kta_ends(k, "s") ? "es" : "s");
    if (kta_ends(k, "y"))
        add_form(f, 1, k, 1, "ies");
    if (kta_ends(k, "ies"))
        add_form(f, 1, k, 3, "y");
    if (kta_ends(k, "s"))
        add_form(f, 2, k, 1, "");
    if (kta_ends(k, "es"))
        add_form(f, 3, k, 2, "");
}

static const char *const category_all[] = {
    "pod",
    "service",
    "deployment",
    "replicaset",
    "statefulset",
    "daemonset",
    "job",
    "cronjob",
    "replicationcontroller",
    "horizontalpodautoscaler",
    "pods",
    "services",
    "deployments",
    "replicasets",
    "statefulsets",
    "daemonsets",
    "jobs",
    "cronjobs",
    "replicationcontrollers",
    "horizontalpodautoscalers",
};

/* "cert" may be short for "certificate": all of its letters in that order, and
 * "certs". */
static bool may_be_short(const char *kind, const char *full, size_t n)
{
    size_t at = 0, length = strlen(kind);

    if (length >= n || length > 8 || n == 0 || tolower((unsigned char)*full) != *kind)
        return false;
    for (size_t i = 0; i < n && at < length; i++)
        at += tolower((unsigned char)full[i]) == kind[at];
    return at == length || (at + 1 == length && kind[at] == 's');
}

/* A custom kind, whose group and short names only the cluster knows, against the words of a
 * pattern: the rule's group is not seen in "externalsecrets", the kind not in "es". */
static bool may_be_of(const struct kta_json *want, const struct kta_target *t,
                      const struct forms *forms)
{
    if (kta_json_type(want) == KTA_JSON_ARRAY) {
        kta_json_each(one, want)
            if (may_be_of(one, t, forms))
                return true;
        return false;
    }
    if (kta_kind_known(t->kind))
        return false;
    for (const char *p = kta_json_text(want); *p; p += *p == '|') {
        size_t n = strcspn(p, ".|");
        kta_auto_free char *word = kta_strndup(p, n);
        for (size_t i = 0; p[n] == '.' && i < forms->n; i++)
            if (strcasecmp(word, forms->v[i]) == 0)
                return true;
        if (!kta_kind_known(word) && may_be_short(t->kind, p, n))
            return true;
        p += strcspn(p, "|");
    }
    return false;
}

static int match_kind(const struct kta_json *rule, const struct kta_target *t, struct match *m,
                      struct kta_err *err)
{
    const struct kta_json *want = kta_json_get(rule, "kind");
    struct forms forms;
    int r;

    if (!want)
        return 0;
    if (!t->kind) {
        m->certain = false;
        return 0;
    }
    forms_of(t, &forms);
    r = any_matches(want, forms.v, forms.n, KTA_RE_ICASE, err);
    if (r == 0 && kta_streq(t->kind, "all")) { /* it is all of these */
        r = any_matches(want, category_all, KTA_LEN(category_all), KTA_RE_ICASE, err);
        m->certain = false;
    }
    if (r == 0 && may_be_of(want, t, &forms))
        m->certain = false;
    else if (r == 0)
        m->possible = m->certain = false;
    return r < 0 ? -1 : 0;
}

/* The rule against every target: possible for any of them, certain for all. */
static int match_rule(const struct kta_json *rule, const struct subject *s, struct match *ret,
                      struct kta_err *err)
{
    *ret = (struct match){false, !s->targets->many};
    for (size_t i = 0; i < s->targets->n; i++) {
        const struct kta_target *t = &s->targets->v[i];
        struct match m = {true, true};
        if (match_verb(rule, s->cmd, &m, err) < 0 || match_kind(rule, t, &m, err) < 0 ||
            match_value(rule, "namespace", t->namespace_, 0, &m, err) < 0 ||
            match_value(rule, "name", t->name, 0, &m, err) < 0 ||
            match_value(rule, "context", s->targets->context, 0, &m, err) < 0)
            return -1;
        ret->possible |= m.possible;
        ret->certain &= m.certain;
    }
    ret->possible |= s->targets->many;
    return 0;
}

/* ---- shape ---- */

static bool is_pattern(const struct kta_json *v)
{
    if (kta_json_type(v) != KTA_JSON_ARRAY)
        return kta_json_text(v) != NULL;
    kta_json_each(one, v)
        if (!kta_json_text(one))
            return false;
    return true;
}

static bool is_one_of(const char *word, const char *words)
{
    size_t n = strlen(word);
    const char *at = n ? strstr(words, word) : NULL;
    return at && (at == words || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0');
}

static int check_shape(const struct kta_json *o, const char *const *keys, size_t n,
                       const char *actions, const char *where, size_t i, struct kta_err *err)
{
    const char *action = kta_json_text(kta_json_get(o, "action"));

    if (kta_json_type(o) != KTA_JSON_OBJECT)
        return kta_err_set(err, KTA_E_USAGE, "%s[%zu] is not a mapping", where, i);
    kta_json_each(m, o) {
        const char *key = kta_json_key(m);
        bool known = false;
        for (size_t k = 0; k < n; k++)
            known |= kta_streq(key, keys[k]);
        if (!known) {
            const char *near = kta_nearest(key, keys, n);
            kta_err_set(err, KTA_E_USAGE, "%s[%zu]: unknown key '%s'", where, i, key);
            return near ? kta_err_hint(err, "did you mean '%s'?", near) : -1;
        }
        if (!is_pattern(m))
            return kta_err_set(err, KTA_E_USAGE, "%s[%zu].%s is neither a text nor a list of texts",
                               where, i, key);
        if (!kta_streq(key, "action") && !kta_streq(key, "reason")) {
            const char *probe = "";
            if (any_matches(m, &probe, 1, 0, err) < 0)
                return kta_err_wrap(err, "%s[%zu].%s", where, i, key);
        }
    }
    if (action && !is_one_of(action, actions))
        return kta_err_set(err, KTA_E_USAGE, "%s[%zu].action is '%s', not one of %s", where, i,
                           action, actions);
    return 0;
}

static int check_rules(const struct kta_json *rules, const char *where, struct kta_err *err)
{
    size_t i = 0;

    if (rules && kta_json_type(rules) != KTA_JSON_ARRAY)
        return kta_err_set(err, KTA_E_USAGE, "%s is not a list", where);
    kta_json_each(r, rules) {
        if (check_shape(r, rule_keys, KTA_LEN(rule_keys), "allow ask deny", where, i, err) < 0)
            return -1;
        if (!kta_json_get(r, "action"))
            return kta_err_set(err, KTA_E_USAGE, "%s[%zu] has no action (allow, ask or deny)",
                               where, i);
        i++;
    }
    return 0;
}

static int check_protected(const struct kta_json *list, const char *where, struct kta_err *err)
{
    const char *probe = "";
    size_t i = 0;

    if (list && kta_json_type(list) != KTA_JSON_ARRAY)
        return kta_err_set(err, KTA_E_USAGE, "%s is not a list", where);
    kta_json_each(r, list) {
        if (kta_json_text(r)) {
            if (any_matches(r, &probe, 1, 0, err) < 0)
                return kta_err_wrap(err, "%s[%zu]", where, i);
        } else if (check_shape(r, protected_keys, KTA_LEN(protected_keys), "type refuse", where, i,
                               err) < 0) {
            return -1;
        } else if (!kta_json_get(r, "context") && !kta_json_get(r, "namespace")) {
            return kta_err_set(err, KTA_E_USAGE, "%s[%zu] names no context and no namespace", where,
                               i);
        }
        i++;
    }
    return 0;
}

int kta_policy_validate(const struct kta_json *rules, const struct kta_json *protected_,
                        struct kta_err *err)
{
    if (check_rules(rules, "rules", err) < 0)
        return -1;
    return check_protected(protected_, "protected", err);
}

int kta_policy_validate_admin(const struct kta_json *document, struct kta_err *err)
{
    static const char *const keys[] = {"rules", "protected", "enabledCommands"};
    const struct kta_json *enabled;

    if (!document || kta_json_type(document) == KTA_JSON_NULL)
        return 0;
    if (kta_json_type(document) != KTA_JSON_OBJECT)
        return kta_err_set(err, KTA_E_USAGE, "the administrator's policy is not a mapping");
    kta_json_each(m, document) {
        bool known = false;
        for (size_t k = 0; k < KTA_LEN(keys); k++)
            known |= kta_streq(kta_json_key(m), keys[k]);
        if (!known)
            return kta_err_set(err, KTA_E_USAGE, "the administrator's policy: unknown key '%s'",
                               kta_json_key(m));
    }
    enabled = kta_json_get(document, "enabledCommands");
    if (enabled && (kta_json_type(enabled) != KTA_JSON_ARRAY || !is_pattern(enabled)))
        return kta_err_set(err, KTA_E_USAGE, "enabledCommands is not a list of commands");
    return kta_policy_validate(kta_json_get(document, "rules"), kta_json_get(document, "protected"),
                               err);
}

/* ---- verdict ---- */

/* Whose list it is, for the rule's name: "rules", "admin rules". */
static int apply_list(const struct kta_json *rules, const char *whose, const struct subject *s,
                      struct kta_verdict *v, struct kta_err *err)
{
    size_t i = 0;

    kta_json_each(r, rules) {
        const char *action = kta_or(kta_json_text(kta_json_get(r, "action")), "deny");
        const char *reason = kta_json_text(kta_json_get(r, "reason"));
        struct match m;
        char name[64];

        if (match_rule(r, s, &m, err) < 0)
            return -1;
        snprintf(name, sizeof name, "%srules[%zu]", whose, i++);
        if (strcmp(action, "allow") == 0) {
            if (m.certain)
                return 0;
        } else if (m.possible) {
            kta_raise(v, strcmp(action, "ask") == 0 ? KTA_CLASS_WRITE : KTA_CLASS_DENY, name, "%s",
                      kta_or(reason, strcmp(action, "ask") == 0 ? "a rule asks before this"
                                                                : "a rule forbids this"));
            return 0;
        }
    }
    return 0;
}

static void protect(const struct kta_json *entry, const char *where, struct kta_verdict *v)
{
    const char *action = kta_json_text(kta_json_get(entry, "action"));

    v->protected_ = true;
    if (kta_streq(action, "refuse"))
        kta_raise(v, KTA_CLASS_DENY, where, "%s",
                  kta_or(kta_json_text(kta_json_get(entry, "reason")),
                         "changes are refused here: the target is protected"));
}

static int apply_protected(const struct kta_json *list, const char *whose, const struct subject *s,
                           struct kta_verdict *v, struct kta_err *err)
{
    size_t i = 0;

    kta_json_each(entry, v->class_ == KTA_CLASS_READ ? NULL : list) {
        bool hit = false;
        char where[64];
        snprintf(where, sizeof where, "%sprotected[%zu]", whose, i++);
        if (kta_json_text(entry)) { /* a bare name is a context or a namespace */
            const char *context = s->targets->context;
            int r = context ? matches(kta_json_text(entry), context, 0, err) : 0;
            for (size_t t = 0; r == 0 && t < s->targets->n; t++) {
                const char *ns = s->targets->v[t].namespace_;
                r = ns ? matches(kta_json_text(entry), ns, 0, err) : 1;
            }
            if (r < 0)
                return -1;
            hit = r == 1;
        } else {
            struct match m;
            if (match_rule(entry, s, &m, err) < 0)
                return -1;
            hit = m.possible;
        }
        if (hit)
            protect(entry, where, v);
    }
    return 0;
}

/* An entry of enabledCommands: "get", "rollout restart", "helm", "helm list", "kubectl get". */
static bool enables(const char *entry, const struct kta_command *cmd)
{
    char full[96];
    size_t n = strlen(entry);

    snprintf(full, sizeof full, "%s %s", cmd->program, cmd->path);
    for (int with_program = 0; with_program < 2; with_program++) {
        const char *have = full;
        if (!with_program) {
            if (strcmp(cmd->program, "kubectl") != 0)
                continue;
            have = cmd->path;
        }
        if (n > 0 && strncmp(have, entry, n) == 0 && (have[n] == ' ' || have[n] == '\0'))
            return true;
    }
    return false;
}

static void not_enabled(const struct kta_command *cmd, const char *whose, struct kta_verdict *v)
{
    char rule[64];

    v->not_enabled = true;
    snprintf(rule, sizeof rule, "%senabledCommands", whose);
    kta_raise(v, KTA_CLASS_DENY, rule, "'%s%s' is not among the enabled commands",
              strcmp(cmd->program, "helm") == 0 ? "helm " : "", cmd->path);
}

static void apply_enabled(const struct kta_policy *p, const struct kta_command *cmd,
                          struct kta_verdict *v)
{
    const struct kta_json *admin = kta_json_get(p->admin, "enabledCommands");
    bool enabled = !admin, user = !p->enabled_commands;

    if (!cmd->verb || cmd->help)
        return;
    kta_json_each(e, admin)
        enabled |= enables(kta_or(kta_json_text(e), ""), cmd);
    if (!enabled)
        not_enabled(cmd, "admin ", v);
    for (size_t i = 0; !user && i < p->enabled_commands->n; i++)
        user = enables(p->enabled_commands->v[i], cmd);
    if (!user)
        not_enabled(cmd, "", v);
}

static int apply_all(const struct kta_policy *p, const struct subject *s, struct kta_verdict *v,
                     struct kta_err *err)
{
    const struct kta_json *admin_rules = kta_json_get(p->admin, "rules");
    const struct kta_json *admin_protected = kta_json_get(p->admin, "protected");

    if (kta_policy_validate_admin(p->admin, err) < 0 ||
        kta_policy_validate(p->rules, p->protected_, err) < 0)
        return -1;
    apply_enabled(p, s->cmd, v);
    if (apply_list(admin_rules, "admin ", s, v, err) < 0 || apply_list(p->rules, "", s, v, err) < 0)
        return -1;
    if (apply_protected(admin_protected, "admin ", s, v, err) < 0)
        return -1;
    return apply_protected(p->protected_, "", s, v, err);
}

void kta_apply_rules(const struct kta_policy *p, struct kta_command *cmd,
                     const struct kta_targets *targets, struct kta_verdict *v)
{
    struct subject s = {cmd, targets};
    struct kta_err err = KTA_ERR_INIT;

    if (p && apply_all(p, &s, v, &err) < 0)
        kta_raise(v, KTA_CLASS_DENY, "rules", "the policy cannot be used: %.180s", err.msg);
}
