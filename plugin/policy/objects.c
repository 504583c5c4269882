/*
 * objects.c - which objects a command names.
 *
 * kubectl takes "TYPE NAME…", "TYPE,TYPE NAME…", "TYPE/NAME…"; some verbs have a type of their own
 * ("logs POD", "cordon NODE"), some take KEY=VALUE after the names. A name that is absent means all
 * objects of the type, or those that a selector picks.
 */
#include <ctype.h>
#include "classify.h"
#include "kta/kinds.h"
#include "kta/str.h"

enum shape {
    NOTHING,   /* names no object */
    RESOURCES, /* TYPE NAME…, TYPE/NAME… */
    PAIRS,     /* the same, then KEY=VALUE… */
    FIRST,     /* TYPE NAME or TYPE/NAME, then other words */
    OF_KIND,   /* NAME… of the row's kind */
    POD_FIRST, /* POD or TYPE/NAME, then other words */
    ONE,       /* the first word is the name of the row's kind */
    UNNAMED,   /* an object of the row's kind, named in some other way */
};

struct shape_row {
    const char *path;
    enum shape shape;
    const char *kind;
};

static const struct shape_row kubectl_shapes[] = {
    {"annotate", PAIRS, NULL},
    {"apply view-last-applied", RESOURCES, NULL},
    {"apply edit-last-applied", RESOURCES, NULL},
    {"attach", POD_FIRST, "pod"},
    {"autoscale", RESOURCES, NULL},
    {"certificate approve", OF_KIND, "certificatesigningrequest"},
    {"certificate deny", OF_KIND, "certificatesigningrequest"},
    {"cordon", OF_KIND, "node"},
    {"create clusterrole", ONE, "clusterrole"},
    {"create clusterrolebinding", ONE, "clusterrolebinding"},
    {"create configmap", ONE, "configmap"},
    {"create cronjob", ONE, "cronjob"},
    {"create deployment", ONE, "deployment"},
    {"create ingress", ONE, "ingress"},
    {"create job", ONE, "job"},
    {"create namespace", ONE, "namespace"},
    {"create poddisruptionbudget", ONE, "poddisruptionbudget"},
    {"create priorityclass", ONE, "priorityclass"},
    {"create quota", ONE, "resourcequota"},
    {"create role", ONE, "role"},
    {"create rolebinding", ONE, "rolebinding"},
    {"create secret docker-registry", ONE, "secret"},
    {"create secret generic", ONE, "secret"},
    {"create secret tls", ONE, "secret"},
    {"create service clusterip", ONE, "service"},
    {"create service externalname", ONE, "service"},
    {"create service loadbalancer", ONE, "service"},
    {"create service nodeport", ONE, "service"},
    {"create serviceaccount", ONE, "serviceaccount"},
    {"create token", ONE, "serviceaccount"},
    {"debug", POD_FIRST, "pod"},
    {"delete", RESOURCES, NULL},
    {"describe", RESOURCES, NULL},
    {"drain", OF_KIND, "node"},
    {"edit", RESOURCES, NULL},
    {"cp", UNNAMED, "pod"},
    {"events", UNNAMED, "event"},
    {"exec", POD_FIRST, "pod"},
    {"expose", RESOURCES, NULL},
    {"get", RESOURCES, NULL},
    {"label", PAIRS, NULL},
    {"logs", POD_FIRST, "pod"},
    {"patch", RESOURCES, NULL},
    {"port-forward", POD_FIRST, "pod"},
    {"rollout history", RESOURCES, NULL},
    {"rollout pause", RESOURCES, NULL},
    {"rollout restart", RESOURCES, NULL},
    {"rollout resume", RESOURCES, NULL},
    {"rollout status", RESOURCES, NULL},
    {"rollout undo", RESOURCES, NULL},
    {"run", ONE, "pod"},
    {"scale", RESOURCES, NULL},
    {"set env", PAIRS, NULL},
    {"set image", PAIRS, NULL},
    {"set resources", RESOURCES, NULL},
    {"set selector", PAIRS, NULL},
    {"set serviceaccount", FIRST, NULL},
    {"set subject", RESOURCES, NULL},
    {"taint", PAIRS, NULL},
    {"top node", OF_KIND, "node"},
    {"top pod", OF_KIND, "pod"},
    {"uncordon", OF_KIND, "node"},
    {"wait", RESOURCES, NULL},
};

static const struct shape_row helm_shapes[] = {
    {"get all", ONE, "release"},       {"get hooks", ONE, "release"},
    {"get manifest", ONE, "release"},  {"get metadata", ONE, "release"},
    {"get notes", ONE, "release"},     {"get values", ONE, "release"},
    {"history", ONE, "release"},       {"install", ONE, "release"},
    {"list", UNNAMED, "release"},      {"rollback", ONE, "release"},
    {"status", ONE, "release"},        {"test", ONE, "release"},
    {"uninstall", OF_KIND, "release"}, {"upgrade", ONE, "release"},
};

static const struct shape_row *shape_of(const struct kta_command *cmd)
{
    static const struct shape_row nothing = {"", NOTHING, NULL};
    bool helm = kta_streq(cmd->program, "helm");
    const struct shape_row *rows = helm ? helm_shapes : kubectl_shapes;
    size_t n = helm ? KTA_LEN(helm_shapes) : KTA_LEN(kubectl_shapes);

    for (size_t i = 0; i < n; i++)
        if (kta_streq(rows[i].path, cmd->path))
            return &rows[i];
    return &nothing;
}

void kta_canonical_kind(const char *kind, char *ret, size_t n)
{
    const struct kta_kind *known = kta_kind_known(kind);
    size_t i = 0;

    if (known)
        kind = known->kind;
    for (; kind[i] && i + 1 < n && (known || kind[i] != '.'); i++)
        ret[i] = (char)tolower((unsigned char)kind[i]);
    ret[i] = '\0';
    /* "secrets.v1." is a Secret wherever its dots are */
    if (!known && (known = kta_kind_known(ret)) != NULL)
        kta_canonical_kind(ret, ret, n);
}

bool kta_kind_is_cluster_scoped(const char *kind)
{
    const struct kta_kind *k = kta_kind_known(kind);
    return k && !k->namespaced;
}

size_t kta_first_pair(const struct kta_command *cmd)
{
    size_t n;

    if (shape_of(cmd)->shape != PAIRS)
        return cmd->n_args;
    for (size_t i = 0; i < cmd->n_args; i++) {
        n = strlen(cmd->args[i]);
        if (strchr(cmd->args[i], '=') || (n > 0 && cmd->args[i][n - 1] == '-'))
            return i;
    }
    return cmd->n_args;
}

/* ---- collecting ---- */

struct list {
    struct kta_command *cmd;
    struct kta_named *v;
    size_t n, max;
};

static const char *keep(struct list *l, const char *s, size_t n)
{
    kta_argv_addf(&l->cmd->own, "%.*s", (int)n, s);
    return l->cmd->own.v[l->cmd->own.n - 1];
}

static void add(struct list *l, const char *kind, const char *name)
{
    if (l->n < l->max)
        l->v[l->n] = (struct kta_named){kind, name};
    l->n++;
}

/* Each type of "TYPE,TYPE" with a name (or none). */
static void add_types(struct list *l, const char *types, const char *name)
{
    for (const char *p = types;; p++) {
        size_t n = strcspn(p, ",");
        add(l, l->n < l->max ? keep(l, p, n) : NULL, name);
        p += n;
        if (!*p)
            break;
    }
}

/* "TYPE/NAME". kubectl refuses several types here, but each of them is looked at. */
static void add_slashed(struct list *l, const char *word)
{
    const char *slash = strchr(word, '/');
    add_types(l, keep(l, word, (size_t)(slash - word)), slash + 1);
}

static void add_resources(struct list *l, size_t n_words)
{
    const char *const *args = l->cmd->args;

    if (n_words == 0)
        return;
    if (strchr(args[0], '/')) {
        for (size_t i = 0; i < n_words; i++)
            if (strchr(args[i], '/'))
                add_slashed(l, args[i]);
            else
                add(l, NULL, args[i]); /* kubectl refuses the mixture */
    } else if (n_words == 1) {
        add_types(l, args[0], NULL);
    } else {
        for (size_t i = 1; i < n_words; i++)
            add_types(l, args[0], args[i]);
    }
}

size_t kta_command_objects(struct kta_command *cmd, struct kta_named *ret, size_t max)
{
    const struct shape_row *row = shape_of(cmd);
    struct list l = {.cmd = cmd, .v = ret, .max = max};

    switch (row->shape) {
    case NOTHING:
        break;
    case RESOURCES:
    case PAIRS:
        add_resources(&l, kta_first_pair(cmd));
        break;
    case FIRST: /* the last word is something else */
        add_resources(&l, cmd->n_args ? cmd->n_args - 1 : 0);
        break;
    case OF_KIND:
        for (size_t i = 0; i < cmd->n_args; i++)
            add(&l, row->kind, cmd->args[i]);
        if (cmd->n_args == 0)
            add(&l, row->kind, NULL);
        break;
    case POD_FIRST:
        if (cmd->n_args == 0)
            add(&l, row->kind, NULL);
        else if (strchr(cmd->args[0], '/'))
            add_slashed(&l, cmd->args[0]);
        else
            add(&l, row->kind, cmd->args[0]);
        break;
    case ONE:
        add(&l, row->kind, cmd->n_args ? cmd->args[0] : NULL);
        break;
    case UNNAMED:
        add(&l, row->kind, NULL);
        break;
    }
    return l.n;
}
