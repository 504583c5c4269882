/*
 * check.c - the verdict on a command: what it is by itself, then what the rules make of it.
 *
 * The table has a row for every command of kubectl and helm (a test compares it with the generated
 * tables); a command without one is denied. A row's class is what the command is at its worst
 * without flags; flags, words and output can raise it, and only a dry run, --local or --list, where
 * the row says so and nothing else raised it, make a read of a write.
 */
#include "classify.h"
#include <stdarg.h>
#include "kta/redact.h"
#include "kta/str.h"
#include "kta/utf8.h"
#include "target.h"

enum {
    DRY = 1,    /* --dry-run=client|server makes it a read */
    LOCAL = 2,  /* so does --local */
    LIST = 4,   /* so does --list without a change beside it */
    CHART = 8,  /* words are charts: files and addresses */
    WORDS = 16, /* words may be anything: none of them is a name */
    ALONE = 32, /* does its work with nothing behind it; the other writes then tell their usage */
};

struct verb_row {
    const char *program, *path;
    enum kta_class class_;
    int opts;
    const char *why;
};

#define K "kubectl"
#define H "helm"
#define R KTA_CLASS_READ
#define W KTA_CLASS_WRITE
#define D KTA_CLASS_DENY

static const struct verb_row verbs[] = {
    {K, "", R, 0, "prints help"},
    {K, "alpha", R, 0, "prints help"},
    {K, "alpha kuberc", R, 0, "prints help"},
    {K, "alpha kuberc set", D, 0, "changes kubectl's own preferences"},
    {K, "alpha kuberc view", R, 0, "shows kubectl's preferences"},
    {K, "annotate", W, DRY | LOCAL | LIST, "changes annotations"},
    {K, "api-resources", R, 0, "lists kinds"},
    {K, "api-versions", R, 0, "lists API versions"},
    {K, "apply", W, DRY, "creates or changes objects"},
    {K, "apply edit-last-applied", D, 0, "opens an editor"},
    {K, "apply set-last-applied", W, DRY, "changes annotations"},
    {K, "apply view-last-applied", R, 0, "shows a manifest"},
    {K, "attach", W, 0, "attaches to a running container"},
    {K, "auth", R, 0, "prints help"},
    {K, "auth can-i", R, 0, "asks for rights"},
    {K, "auth reconcile", W, DRY, "changes roles and bindings"},
    {K, "auth whoami", R, 0, "shows who is asking"},
    {K, "autoscale", W, DRY, "creates an autoscaler"},
    {K, "certificate", R, 0, "prints help"},
    {K, "certificate approve", W, 0, "approves a certificate"},
    {K, "certificate deny", W, 0, "denies a certificate"},
    {K, "cluster-info", R, 0, "shows addresses of the cluster"},
    {K, "cluster-info dump", R, 0, "shows objects and logs"},
    {K, "completion", R, WORDS, "prints a script"},
    {K, "config", R, 0, "prints help"},
    {K, "config current-context", R, 0, "shows the context"},
    {K, "config delete-cluster", D, 0, "changes the kubeconfig"},
    {K, "config delete-context", D, 0, "changes the kubeconfig"},
    {K, "config delete-user", D, 0, "changes the kubeconfig"},
    {K, "config get-clusters", R, 0, "lists clusters"},
    {K, "config get-contexts", R, 0, "lists contexts"},
    {K, "config get-users", R, 0, "lists users"},
    {K, "config rename-context", D, 0, "changes the kubeconfig"},
    {K, "config set", D, 0, "changes the kubeconfig"},
    {K, "config set-cluster", D, 0, "changes the kubeconfig"},
    {K, "config set-context", D, 0, "changes the kubeconfig"},
    {K, "config set-credentials", D, 0, "changes the kubeconfig"},
    {K, "config unset", D, 0, "changes the kubeconfig"},
    {K, "config use-context", D, 0, "changes the kubeconfig"},
    {K, "config view", R, 0, "shows the kubeconfig without credentials"},
    {K, "cordon", W, DRY, "keeps new pods off a node"},
    {K, "cp", W, WORDS, "copies files"},
    {K, "create", W, DRY, "creates objects"},
    {K, "create clusterrole", W, DRY, "creates a ClusterRole"},
    {K, "create clusterrolebinding", W, DRY, "creates a ClusterRoleBinding"},
    {K, "create configmap", W, DRY, "creates a ConfigMap"},
    {K, "create cronjob", W, DRY, "creates a CronJob"},
    {K, "create deployment", W, DRY, "creates a Deployment"},
    {K, "create ingress", W, DRY, "creates an Ingress"},
    {K, "create job", W, DRY, "creates a Job"},
    {K, "create namespace", W, DRY, "creates a namespace"},
    {K, "create poddisruptionbudget", W, DRY, "creates a PodDisruptionBudget"},
    {K, "create priorityclass", W, DRY, "creates a PriorityClass"},
    {K, "create quota", W, DRY, "creates a ResourceQuota"},
    {K, "create role", W, DRY, "creates a Role"},
    {K, "create rolebinding", W, DRY, "creates a RoleBinding"},
    {K, "create secret", R, 0, "prints help"},
    {K, "create secret docker-registry", W, DRY, "creates a Secret"},
    {K, "create secret generic", W, DRY, "creates a Secret"},
    {K, "create secret tls", W, DRY, "creates a Secret"},
    {K, "create service", R, 0, "prints help"},
    {K, "create service clusterip", W, DRY, "creates a Service"},
    {K, "create service externalname", W, DRY, "creates a Service"},
    {K, "create service loadbalancer", W, DRY, "creates a Service"},
    {K, "create service nodeport", W, DRY, "creates a Service"},
    {K, "create serviceaccount", W, DRY, "creates a ServiceAccount"},
    {K, "create token", W, 0, "shows a credential"},
    {K, "debug", W, 0, "runs a debugging container"},
    {K, "delete", W, DRY, "deletes objects"},
    {K, "describe", R, 0, "shows objects"},
    {K, "diff", R, 0, "shows what would change"},
    {K, "drain", W, DRY, "evicts a node's pods"},
    {K, "edit", D, 0, "opens an editor"},
    {K, "events", R, 0, "shows events"},
    {K, "exec", W, 0, "runs a program in a container"},
    {K, "explain", R, 0, "shows documentation"},
    {K, "expose", W, DRY, "creates a Service"},
    {K, "get", R, 0, "shows objects"},
    {K, "help", R, WORDS, "prints help"},
    {K, "kustomize", R, CHART, "builds manifests from a folder"},
    {K, "label", W, DRY | LOCAL | LIST, "changes labels"},
    {K, "logs", R, 0, "shows logs"},
    {K, "options", R, 0, "prints help"},
    {K, "patch", W, DRY | LOCAL, "changes objects"},
    {K, "plugin", R, 0, "prints help"},
    {K, "plugin list", R, 0, "lists plugins"},
    {K, "port-forward", W, 0, "listens on this machine"},
    {K, "proxy", W, ALONE, "listens on this machine"},
    {K, "replace", W, DRY, "replaces objects"},
    {K, "rollout", R, 0, "prints help"},
    {K, "rollout history", R, 0, "shows revisions"},
    {K, "rollout pause", W, 0, "pauses a rollout"},
    {K, "rollout restart", W, 0, "restarts a workload's pods"},
    {K, "rollout resume", W, 0, "resumes a rollout"},
    {K, "rollout status", R, 0, "shows a rollout"},
    {K, "rollout undo", W, DRY, "rolls a workload back"},
    {K, "run", W, DRY, "starts a pod"},
    {K, "scale", W, DRY, "changes the number of replicas"},
    {K, "set", R, 0, "prints help"},
    {K, "set env", W, DRY | LOCAL | LIST, "changes environment variables"},
    {K, "set image", W, DRY | LOCAL, "changes images"},
    {K, "set resources", W, DRY | LOCAL, "changes requests and limits"},
    {K, "set selector", W, DRY | LOCAL, "changes a selector"},
    {K, "set serviceaccount", W, DRY | LOCAL, "changes a ServiceAccount"},
    {K, "set subject", W, DRY | LOCAL, "changes a binding"},
    {K, "taint", W, DRY, "changes taints"},
    {K, "top", R, 0, "prints help"},
    {K, "top node", R, 0, "shows use of resources"},
    {K, "top pod", R, 0, "shows use of resources"},
    {K, "uncordon", W, DRY, "lets new pods on a node"},
    {K, "version", R, 0, "shows versions"},
    {K, "wait", R, 0, "waits for a condition"},

    {H, "", R, 0, "prints help"},
    {H, "completion", R, WORDS, "prints a script"},
    {H, "completion bash", R, 0, "prints a script"},
    {H, "completion fish", R, 0, "prints a script"},
    {H, "completion powershell", R, 0, "prints a script"},
    {H, "completion zsh", R, 0, "prints a script"},
    {H, "create", W, CHART, "writes files"},
    {H, "dependency", R, 0, "prints help"},
    {H, "dependency build", W, CHART | ALONE, "writes files"},
    {H, "dependency list", R, CHART, "lists a chart's dependencies"},
    {H, "dependency update", W, CHART | ALONE, "writes files"},
    {H, "env", R, 0, "shows helm's settings"},
    {H, "get", R, 0, "prints help"},
    {H, "get all", W, 0, "shows a release's values and manifests"},
    {H, "get hooks", W, 0, "shows a release's manifests"},
    {H, "get manifest", W, 0, "shows a release's manifests"},
    {H, "get metadata", R, 0, "shows a release"},
    {H, "get notes", R, 0, "shows a release's notes"},
    {H, "get values", W, 0, "shows a release's values"},
    {H, "help", R, WORDS, "prints help"},
    {H, "history", R, 0, "shows a release's revisions"},
    {H, "install", W, DRY | CHART, "installs a release"},
    {H, "lint", R, CHART, "checks a chart"},
    {H, "list", R, 0, "lists releases"},
    {H, "package", W, CHART, "writes files"},
    {H, "plugin", R, 0, "prints help"},
    {H, "plugin install", D, 0, "installs another program"},
    {H, "plugin list", R, 0, "lists plugins"},
    {H, "plugin package", D, 0, "writes files"},
    {H, "plugin uninstall", D, 0, "removes a program"},
    {H, "plugin update", D, 0, "installs another program"},
    {H, "plugin verify", R, CHART, "checks a signature"},
    {H, "pull", W, CHART, "writes files"},
    {H, "push", D, CHART, "sends a chart with the registry's credentials"},
    {H, "registry", R, 0, "prints help"},
    {H, "registry login", D, 0, "changes the registry's credentials"},
    {H, "registry logout", D, 0, "changes the registry's credentials"},
    {H, "repo", R, 0, "prints help"},
    {H, "repo add", W, WORDS, "changes where charts come from"},
    {H, "repo index", W, CHART, "writes files"},
    {H, "repo list", R, 0, "lists repositories"},
    {H, "repo remove", W, 0, "changes where charts come from"},
    {H, "repo update", W, ALONE, "writes files"},
    {H, "rollback", W, DRY, "rolls a release back"},
    {H, "search", R, 0, "prints help"},
    {H, "search hub", R, WORDS, "searches charts"},
    {H, "search repo", R, WORDS, "searches charts"},
    {H, "show", R, 0, "prints help"},
    {H, "show all", R, CHART, "shows a chart"},
    {H, "show chart", R, CHART, "shows a chart"},
    {H, "show crds", R, CHART, "shows a chart"},
    {H, "show readme", R, CHART, "shows a chart"},
    {H, "show values", R, CHART, "shows a chart"},
    {H, "status", R, 0, "shows a release"},
    {H, "template", R, CHART, "renders a chart"},
    {H, "test", W, 0, "runs a release's tests"},
    {H, "uninstall", W, DRY, "removes a release"},
    {H, "upgrade", W, DRY | CHART, "changes a release"},
    {H, "verify", R, CHART, "checks a signature"},
    {H, "version", R, 0, "shows versions"},
};

static const struct verb_row *row_of(const struct kta_command *cmd)
{
    for (size_t i = 0; i < KTA_LEN(verbs); i++)
        if (strcmp(verbs[i].program, cmd->program) == 0 && strcmp(verbs[i].path, cmd->path) == 0)
            return &verbs[i];
    return NULL;
}

/* ---- words ---- */

static void check_words(const struct verb_row *row, const struct kta_command *cmd,
                        struct kta_verdict *v)
{
    size_t names = kta_first_pair(cmd);
    const char *why;

    for (size_t i = 0; i < cmd->n_args; i++) {
        const char *s = cmd->args[i];
        bool key = i >= names;
        if (key) {
            /* the key is a name, the value may be any text */
            char part[512];
            snprintf(part, sizeof part, "%.*s", (int)strcspn(s, "="), s);
            if (!kta_plain_word(part))
                kta_raise(v, KTA_CLASS_DENY, "names", "'%.40s' is not a plain name", s);
        } else if (row->opts & (WORDS | CHART) ? !kta_plain_text(s) : !kta_plain_word(s)) {
            kta_raise(v, KTA_CLASS_DENY, "names", "'%.40s' has characters that are part of no name",
                      s);
        }
        if ((row->opts & CHART) && !kta_local_file(s, &why)) {
            kta_raise(v, KTA_CLASS_WRITE, "argument", "'%.60s' %s", s, why);
            kta_outside(v, s);
        }
    }
}

/* ---- commands that need a closer look ---- */

static bool has_change(const struct kta_command *cmd)
{
    return kta_first_pair(cmd) < cmd->n_args || kta_command_has(cmd, "env") ||
           kta_command_has(cmd, "from");
}

static void look_at_kubectl(struct kta_command *cmd, struct kta_verdict *v)
{
    char why[128];

    if (strcmp(cmd->path, "config view") == 0 &&
        (kta_command_true(cmd, "raw") || kta_command_true(cmd, "flatten")))
        kta_raise(v, KTA_CLASS_DENY, "config view", "shows the credentials of the kubeconfig");
    if (v->class_ == KTA_CLASS_READ && kta_may_reveal_secret(cmd, why, sizeof why))
        kta_raise(v, KTA_CLASS_WRITE, "secret", "%s", why);
    if (v->class_ == KTA_CLASS_READ && kta_command_has(cmd, "from-env-file") &&
        kta_command_has(cmd, "output"))
        kta_raise(v, KTA_CLASS_WRITE, "flag --from-env-file", "shows the values of a file");
}

/* ---- the whole of it ---- */

/* Nothing behind the verb but where it would work. */
static bool is_alone(const struct kta_command *cmd)
{
    static const char *const places[] = {"namespace", "context", "kube-context"};
    size_t n = 0;

    for (size_t i = 0; i < cmd->n_flags; i++)
        for (size_t k = 0; k < KTA_LEN(places); k++)
            n += strcmp(places[k], cmd->flags[i].name) == 0;
    return n == cmd->n_flags && cmd->n_args == 0 && cmd->n_after == 0;
}

/* What makes the command a read although its row is a write. */
static const char *harmless(const struct verb_row *row, const struct kta_command *cmd)
{
    if ((row->opts & DRY) && cmd->dry_run != KTA_DRY_NONE)
        return "a dry run";
    if ((row->opts & LOCAL) && kta_command_true(cmd, "local"))
        return "changes only what it prints (--local)";
    if ((row->opts & LIST) && kta_command_true(cmd, "list") && !has_change(cmd))
        return "lists without changing";
    if (row->class_ == KTA_CLASS_WRITE && !(row->opts & ALONE) && is_alone(cmd))
        return "tells how it is used: it has nothing to work on";
    return NULL;
}

void kta_classify(const struct kta_policy *p, struct kta_command *cmd, struct kta_verdict *v)
{
    const struct verb_row *row = row_of(cmd);
    const char *why;
    char rule[64];

    v->class_ = KTA_CLASS_READ;
    if (!row) {
        kta_raise(v, KTA_CLASS_DENY, "unknown command", "'%s %s' is not known here", cmd->program,
                  cmd->path);
        return;
    }
    snprintf(v->rule, sizeof v->rule, "verb %s%s%s", cmd->program, *cmd->path ? " " : "",
             cmd->path);
    snprintf(v->reason, sizeof v->reason, "%s", row->why);
    check_words(row, cmd, v);
    kta_check_flags(p, cmd, v);
    if (cmd->help) {
        if (v->class_ != KTA_CLASS_DENY) {
            *v = (struct kta_verdict){.class_ = KTA_CLASS_READ, .reason = "prints help"};
            snprintf(v->rule, sizeof v->rule, "flag --help");
        }
        return;
    }
    if (cmd->reads_stdin)
        kta_raise(v, KTA_CLASS_WRITE, "stdin", "reads from stdin");
    snprintf(rule, sizeof rule, "verb %s", cmd->path);
    why = harmless(row, cmd);
    if (!why)
        kta_raise(v, row->class_, rule, "%s", row->why);
    else if (v->class_ == KTA_CLASS_READ)
        snprintf(v->reason, sizeof v->reason, "%s", why);
    if (strcmp(cmd->program, K) == 0)
        look_at_kubectl(cmd, v);
    else
        kta_classify_helm(cmd, v);
}

/* Control, invisible and bidirectional characters anywhere, and look-alikes of the programs. */
static int check_characters(const struct kta_argv *argv, struct kta_err *err)
{
    for (size_t i = 0; i < argv->n; i++) {
        const char *s = argv->v[i];
        if (kta_deceptive(s, strlen(s)))
            return kta_err_set(err, KTA_E_POLICY, "word %zu holds control or invisible characters",
                               i + 1);
        /* kubectl looks for this one by hand, wherever it stands */
        if (strcmp(argv->v[0], K) == 0 && strncmp(s, "--kuberc", 8) == 0)
            return kta_err_set(err, KTA_E_POLICY, "--kuberc loads aliases and flags from a file");
    }
    return 0;
}

static void deny(struct kta_verdict *v, const char *rule, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void deny(struct kta_verdict *v, const char *rule, const char *fmt, ...)
{
    va_list ap;

    *v = (struct kta_verdict){.class_ = KTA_CLASS_DENY, .risk = 2};
    snprintf(v->rule, sizeof v->rule, "%s", rule);
    va_start(ap, fmt);
    vsnprintf(v->reason, sizeof v->reason, fmt, ap);
    va_end(ap);
}

/* A hidden value is put back only in what a person has confirmed: a template that prints it in
 * another form would show it to the model. */
static bool holds_placeholder(const struct kta_argv *argv)
{
    for (size_t i = 0; i < argv->n; i++)
        if (kta_redact_has_placeholder(argv->v[i]))
            return true;
    return false;
}

/* The verdict for one version of the program; -1 when that version refuses the command. */
static int check_with(const struct kta_table *t, const struct kta_policy *p,
                      const struct kta_argv *argv, const char *stdin_text, struct kta_verdict *v,
                      struct kta_err *err)
{
    struct kta_command cmd;
    struct kta_targets *targets;

    if (kta_command_parse_with(t, argv, &cmd, err) < 0)
        return -1;
    *v = (struct kta_verdict){.class_ = KTA_CLASS_READ};
    kta_classify(p, &cmd, v);
    if (holds_placeholder(argv))
        kta_raise(v, KTA_CLASS_WRITE, "placeholder", "needs a value that is hidden from the model");
    targets = kta_calloc(1, sizeof *targets);
    kta_targets_of(p, &cmd, stdin_text, targets);
    kta_apply_rules(p, &cmd, targets, v);
    kta_assess_risk(&cmd, targets, v);
    free(targets);
    kta_command_release(&cmd);
    return 0;
}

void kta_policy_check(const struct kta_policy *p, const struct kta_argv *argv,
                      const char *stdin_text, struct kta_verdict *ret)
{
    const struct kta_table *const *t;
    struct kta_err err = KTA_ERR_INIT, other = KTA_ERR_INIT;
    bool understood = false;

    if (argv->n == 0 || !argv->v[0][0]) {
        deny(ret, "no command", "there is no command");
        return;
    }
    if (check_characters(argv, &err) < 0) {
        deny(ret, "characters", "%.200s", err.msg);
        return;
    }
    t = kta_tables_of(argv);
    if (!t) {
        deny(ret, "program", "only kubectl and helm are run, not '%.60s'", argv->v[0]);
        return;
    }
    /* the strictest of what the versions of the program would do */
    for (size_t i = 0; t[i]; i++) {
        struct kta_verdict v;
        if (check_with(t[i], p, argv, stdin_text, &v, understood || i ? &other : &err) < 0)
            continue;
        if (!understood || v.class_ > ret->class_)
            *ret = v;
        understood = true;
    }
    if (!understood)
        deny(ret, "parser", "%.200s", err.msg);
}
