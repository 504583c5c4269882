/*
 * risk.c - how much a change may cost: tables of verbs, kinds and circumstances.
 *
 * A change is as risky as the riskiest row that holds for it. What stands here decides which
 * question is asked (a bare --yes covers medium), never whether a command may run.
 */
#include <strings.h>
#include "kta/str.h"
#include "target.h"

enum { LOW, MEDIUM, HIGH };

struct verb_risk {
    const char *program, *path; /* "create" covers "create role" too, a longer row wins */
    int risk;
    const char *why;
};

static const struct verb_risk verbs[] = {
    {"kubectl", "apply", MEDIUM, "applies a manifest"},
    {"kubectl", "attach", MEDIUM, "attaches to a running container"},
    {"kubectl", "auth reconcile", HIGH, "changes rights"},
    {"kubectl", "certificate", HIGH, "decides on a credential"},
    {"kubectl", "cordon", MEDIUM, "keeps pods off a node"},
    {"kubectl", "cp", MEDIUM, "copies files, which cannot be previewed"},
    {"kubectl", "create clusterrolebinding", HIGH, "gives rights"},
    {"kubectl", "create rolebinding", HIGH, "gives rights"},
    {"kubectl", "create clusterrole", MEDIUM, "defines rights"},
    {"kubectl", "create role", MEDIUM, "defines rights"},
    {"kubectl", "create token", HIGH, "shows a credential"},
    {"kubectl", "debug", MEDIUM, "runs a container, which cannot be previewed"},
    {"kubectl", "delete", HIGH, "deletes"},
    {"kubectl", "drain", HIGH, "evicts every pod of a node"},
    {"kubectl", "exec", MEDIUM, "runs a program, which cannot be previewed"},
    {"kubectl", "get", MEDIUM, "may show what is secret"},
    {"kubectl", "patch", MEDIUM, "changes an object's fields"},
    {"kubectl", "port-forward", MEDIUM, "opens a port on this machine"},
    {"kubectl", "proxy", HIGH, "opens the API to this machine"},
    {"kubectl", "replace", MEDIUM, "replaces an object"},
    {"kubectl", "rollout undo", MEDIUM, "rolls back"},
    {"kubectl", "run", MEDIUM, "starts a pod"},
    {"kubectl", "set env", MEDIUM, "restarts pods with other settings"},
    {"kubectl", "set image", MEDIUM, "restarts pods with another image"},
    {"kubectl", "set resources", MEDIUM, "restarts pods with other resources"},
    {"kubectl", "set selector", HIGH, "changes what is selected"},
    {"kubectl", "set serviceaccount", MEDIUM, "restarts pods with other rights"},
    {"kubectl", "set subject", HIGH, "gives rights"},
    {"kubectl", "taint", MEDIUM, "changes where pods run"},
    {"helm", "get", MEDIUM, "may show what is secret"},
    {"helm", "install", MEDIUM, "installs a chart"},
    {"helm", "rollback", MEDIUM, "rolls a release back"},
    {"helm", "test", MEDIUM, "runs the chart's tests"},
    {"helm", "uninstall", HIGH, "removes a release"},
    {"helm", "upgrade", MEDIUM, "changes a release"},
    {"helm", "repo", MEDIUM, "changes where charts come from"},
};

/* Kinds whose change reaches far. gentle: by a label, an annotation or their creation. */
struct kind_risk {
    const char *kind;
    int gentle, risk;
    const char *why;
};

static const struct kind_risk kinds[] = {
    {"namespace", LOW, HIGH, "a namespace holds everything in it"},
    {"persistentvolumeclaim", LOW, HIGH, "a volume claim holds data"},
    {"persistentvolume", MEDIUM, HIGH, "a volume holds data"},
    {"storageclass", MEDIUM, HIGH, "a storage class serves the whole cluster"},
    {"customresourcedefinition", HIGH, HIGH, "a CRD holds all objects of its kind"},
    {"apiservice", HIGH, HIGH, "an APIService is part of the API"},
    {"node", MEDIUM, HIGH, "a node carries many pods"},
    {"clusterrole", MEDIUM, HIGH, "rights in the whole cluster"},
    {"clusterrolebinding", HIGH, HIGH, "rights in the whole cluster"},
    {"role", MEDIUM, HIGH, "rights in a namespace"},
    {"rolebinding", HIGH, HIGH, "rights in a namespace"},
    {"mutatingwebhookconfiguration", HIGH, HIGH, "a webhook stands before every change"},
    {"validatingwebhookconfiguration", HIGH, HIGH, "a webhook stands before every change"},
    {"priorityclass", MEDIUM, HIGH, "priorities evict other pods"},
    {"secret", LOW, MEDIUM, "a Secret may be in use by many pods"},
    {"certificatesigningrequest", MEDIUM, HIGH, "a credential"},
};

/* Flags that widen or sharpen what a verb does. */
struct flag_risk {
    const char *program, *path, *flag; /* path NULL: all */
    const char *value;                 /* NULL: a true boolean, or any value */
    int risk;
    const char *why;
};

static const struct flag_risk flags[] = {
    {"kubectl", NULL, "all", NULL, HIGH, "everything of a kind in the namespace"},
    {"kubectl", NULL, "all-namespaces", NULL, HIGH, "in all namespaces"},
    {"kubectl", NULL, "selector", NULL, HIGH, "several objects by selector"},
    {"kubectl", NULL, "field-selector", NULL, HIGH, "several objects by selector"},
    {"kubectl", NULL, "prune", NULL, HIGH, "deletes what the manifests no longer hold"},
    {"kubectl", NULL, "force", NULL, HIGH, "forced, without a graceful end"},
    {"kubectl", NULL, "now", NULL, HIGH, "without a graceful end"},
    {"kubectl", NULL, "grace-period", "0", HIGH, "without a graceful end"},
    {"kubectl", NULL, "cascade", "orphan", HIGH, "leaves what it owned behind"},
    {"kubectl", NULL, "force-conflicts", NULL, HIGH, "takes fields from other managers"},
    {"kubectl", NULL, "raw", NULL, HIGH, "any path of the API"},
    {"kubectl", NULL, "privileged", NULL, HIGH, "a privileged container"},
    {"kubectl", "debug", "profile", "sysadmin", HIGH, "a privileged container"},
    {"kubectl", "run", "overrides", NULL, HIGH, "a pod with fields of its own"},
    {"kubectl", "scale", "replicas", "0", HIGH, "stops every pod of it"},
    {"helm", NULL, "force", NULL, HIGH, "replaces objects"},
    {"helm", NULL, "force-replace", NULL, HIGH, "replaces objects"},
    {"helm", NULL, "force-conflicts", NULL, HIGH, "takes fields from other managers"},
    {"helm", NULL, "take-ownership", NULL, HIGH, "takes objects from other releases"},
};

static void raise_risk(struct kta_verdict *v, int risk, const char *why)
{
    if (risk <= v->risk)
        return;
    v->risk = risk;
    snprintf(v->risk_why, sizeof v->risk_why, "%s", why);
}

static void by_verb(const struct kta_command *cmd, struct kta_verdict *v)
{
    const struct verb_risk *best = NULL;

    for (size_t i = 0; i < KTA_LEN(verbs); i++) {
        size_t n = strlen(verbs[i].path);
        if (strcmp(verbs[i].program, cmd->program) == 0 &&
            strncmp(verbs[i].path, cmd->path, n) == 0 &&
            (cmd->path[n] == ' ' || cmd->path[n] == '\0') && (!best || n > strlen(best->path)))
            best = &verbs[i];
    }
    if (best)
        raise_risk(v, best->risk, best->why);
}

static void by_flags(const struct kta_command *cmd, bool remade, struct kta_verdict *v)
{
    for (size_t i = 0; i < KTA_LEN(flags); i++) {
        const struct flag_risk *f = &flags[i];
        if (remade && strcmp(f->flag, "force") == 0)
            continue;
        const char *value = kta_command_flag(cmd, f->flag);
        if (strcmp(f->program, cmd->program) != 0 || (f->path && strcmp(f->path, cmd->path) != 0))
            continue;
        if (f->value ? kta_streq(value, f->value)
                     : kta_command_true(cmd, f->flag) || (value && kta_go_bool(value) < 0))
            raise_risk(v, f->risk, f->why);
    }
}

/* One pod that something owns comes back: the one delete that is not high by itself. */
static bool deletes_pods_by_name(const struct kta_command *cmd, const struct kta_targets *t)
{
    if (strcmp(cmd->program, "kubectl") != 0 || strcmp(cmd->path, "delete") != 0 || t->n != 1)
        return false;
    return kta_streq(t->v[0].kind, "pod") && t->v[0].name;
}

/* Pods and Jobs that are deleted to be made again by the same command: their pods start anew, which
 * is what deleting them one by one would do. */
static bool remakes_pods(const struct kta_command *cmd, const struct kta_targets *t)
{
    if (strcmp(cmd->program, "kubectl") != 0 || strcmp(cmd->path, "replace") != 0 || t->n != 1)
        return false;
    return (kta_streq(t->v[0].kind, "pod") || kta_streq(t->v[0].kind, "job")) && t->v[0].name;
}

static bool is_gentle(const struct kta_command *cmd)
{
    return kta_streq(cmd->verb, "label") || kta_streq(cmd->verb, "annotate") ||
           kta_streq(cmd->verb, "create") || kta_streq(cmd->verb, "apply");
}

static void by_targets(const struct kta_command *cmd, const struct kta_targets *t,
                       struct kta_verdict *v)
{
    bool gentle = is_gentle(cmd);

    for (size_t i = 0; i < t->n; i++) {
        for (size_t k = 0; k < KTA_LEN(kinds); k++)
            if (kta_streq(t->v[i].kind, kinds[k].kind))
                raise_risk(v, gentle ? kinds[k].gentle : kinds[k].risk, kinds[k].why);
        if (kta_streq(t->v[i].kind, "all"))
            raise_risk(v, HIGH, "everything in the namespace");
        if (t->v[i].namespace_ && kta_starts(t->v[i].namespace_, "kube-"))
            raise_risk(v, HIGH, "in a namespace of the cluster itself");
    }
    if (t->many)
        raise_risk(v, HIGH, "many objects at once");
    else if (t->n > 1)
        raise_risk(v, MEDIUM, "several objects at once");
}

/* "prod", "eu-production-2", "prod1", but not "non-prod" or "preprod". */
static bool looks_like_production(const char *name)
{
    static const char *const words[] = {"production", "prod", "prd", "live"};
    bool negated = false;

    for (const char *p = kta_or(name, ""); *p;) {
        size_t n = strcspn(p, "-_./:@");
        if (n == 3 && (strncasecmp(p, "non", n) == 0 || strncasecmp(p, "pre", n) == 0))
            negated = true;
        for (size_t i = 0; i < KTA_LEN(words) && !negated; i++) {
            size_t w = strlen(words[i]);
            if (n >= w && strncasecmp(p, words[i], w) == 0 && strspn(p + w, "0123456789") == n - w)
                return true;
        }
        p += n + (p[n] != '\0');
    }
    return false;
}

static void by_place(const struct kta_targets *t, struct kta_verdict *v)
{
    if (looks_like_production(t->context))
        raise_risk(v, HIGH, "the context looks like production");
    for (size_t i = 0; i < t->n; i++)
        if (looks_like_production(t->v[i].namespace_))
            raise_risk(v, HIGH, "the namespace looks like production");
}

void kta_assess_risk(struct kta_command *cmd, const struct kta_targets *t, struct kta_verdict *v)
{
    v->risk = LOW;
    v->risk_why[0] = '\0';
    if (v->class_ == KTA_CLASS_READ)
        return;
    if (v->class_ == KTA_CLASS_DENY) {
        v->risk = HIGH;
        return;
    }
    if (!deletes_pods_by_name(cmd, t))
        by_verb(cmd, v);
    else
        raise_risk(v, MEDIUM, "deletes a pod");
    if (remakes_pods(cmd, t))
        raise_risk(v, MEDIUM, "deletes and makes again");
    by_flags(cmd, remakes_pods(cmd, t), v);
    by_targets(cmd, t, v);
    by_place(t, v);
}
