/*
 * engine.c - the answer without a model: what the question wants is recognised by rules, and each
 * kind of question is a row of a table. When unsure, the general diagnosis is given and it is said.
 */
#include <string.h>

#include "agent_private.h"
#include "kta/alloc.h"
#include "kta/http.h"
#include "kta/intent.h"
#include "kta/kinds.h"
#include "kta/obj.h"
#include "kta/selector.h"
#include "kta/yaml.h"
#include "kta/markdown.h"

bool agent_worth_fixing(const struct kta_finding *f)
{
    return f->n_fixes > 0 && f->severity >= KTA_WARNING && f->confidence >= 0.5;
}

/* False for a question that is not understood and names no object, or asks what is: nothing is
 * proposed then. */
static bool asks_for_fixes(const struct kta_agent *a)
{
    return a->intent.sure || (a->targets.n > 0 && a->targets.v[0].object && !a->intent.fact);
}

void agent_plan_fixes(struct kta_agent *a, struct kta_plan *plan)
{
    if (a->pipeline->read_only)
        return;
    for (size_t i = 0; i < a->findings.n; i++) {
        const struct kta_finding *f = a->findings.v[i];
        if (!agent_worth_fixing(f))
            continue;
        struct kta_err err = KTA_ERR_INIT;
        (void)kta_plan_add_fix(plan, a->pipeline->policy, &f->fixes[0], &err);
    }
}

/* Nothing has failed, but what is meant is not there yet: a rollout that has just begun. */
static void under_way(const struct kta_agent *a, struct kta_str *out)
{
    for (size_t i = 0; i < a->targets.n; i++) {
        const struct kta_json *o = a->targets.v[i].object;
        const struct kta_ref *r = &a->targets.v[i].ref;
        int64_t want = kta_json_int(o, "spec.replicas", -1);
        int64_t fresh = kta_json_int(o, "status.updatedReplicas", 0);
        int64_t ready = kta_json_int(o, "status.readyReplicas", 0);
        int64_t all = kta_json_int(o, "status.replicas", 0);

        if (want < 0 || (fresh == want && ready == want && all == want))
            continue;
        kta_str_addf(out,
                     "%s %s is changing at this moment (replicas: %lld desired, %lld updated, %lld "
                     "ready, %lld in all). Ask again when that has settled.\n",
                     r->kind, r->name, (long long)want, (long long)fresh, (long long)ready,
                     (long long)all);
    }
}

static bool names_object(const struct kta_agent *a)
{
    return a->targets.n && a->targets.v[0].object && !a->targets.suggestion &&
           a->targets.v[0].by != KTA_BY_NAMESPACE;
}

/* What was read of what is named answers many a question: how many replicas, which image, port,
 * node, limit. */
static void not_understood(const struct kta_agent *a, struct kta_str *out)
{
    static const char *const sources[] = {"workloads", "pods", "services"};
    bool named = names_object(a);

    kta_str_addf(out, "Without a model the question is not understood in full; this is %s.\n\n",
                 named ? "what there is of what it names, and the general diagnosis"
                       : "the general diagnosis");
    for (size_t k = 0; named && k < KTA_LEN(sources); k++)
        for (size_t i = 0; i < a->evidence.n; i++) {
            const char *text = a->evidence.v[i].text;
            if (!kta_starts(a->evidence.v[i].source, sources[k]))
                continue;
            kta_code_block(text, strlen(text), out);
            kta_str_addc(out, '\n');
        }
}

static int diagnose(struct kta_agent *a, struct kta_err *err)
{
    kta_auto_str struct kta_str what = KTA_STR_INIT;
    const char *where = agent_scope(a).namespace_;

    (void)err;
    if (!a->intent.sure && *a->intent.name)
        kta_str_addf(&a->answer,
                     "Nothing in %s%s is called '%s'; this is the general diagnosis.\n\n",
                     where ? "namespace " : "", kta_or(where, "any namespace"), a->intent.name);
    else if (!a->intent.sure)
        not_understood(a, &a->answer);
    if (a->findings.n == 0) {
        kta_target_words(&a->targets, &a->scope, &what);
        kta_str_addf(&a->answer, "Nothing is wrong with %s as far as the engine can see.\n",
                     what.s);
        under_way(a, &a->answer);
        return 0;
    }
    kta_findings_markdown(&a->findings, &a->answer);
    if (asks_for_fixes(a))
        agent_plan_fixes(a, &a->plan);
    return 0;
}

static int usage(struct kta_agent *a, struct kta_err *err)
{
    const char *source;

    return agent_usage(a, &source, &a->answer, err);
}

/* The workload that a change of this kind acts on; what cannot be is said. NULL then. */
static struct kta_json *workload(struct kta_agent *a, const char *verb)
{
    kta_auto_str struct kta_str what = KTA_STR_INIT;

    if (a->targets.suggestion) {
        kta_str_addf(&a->answer,
                     "Nothing has exactly that name. Did you mean '%s'? Ask again with "
                     "that name.\n",
                     a->targets.suggestion);
        return NULL;
    }
    struct kta_json *top = NULL;
    for (size_t i = 0; i < a->targets.n; i++) {
        struct kta_json *o = a->targets.v[i].object;
        if (!o)
            continue;
        o = kta_world_owner(a->world, o);
        const char *kind = kta_obj_kind(o);
        if (!kta_streq(kind, "Deployment") && !kta_streq(kind, "StatefulSet") &&
            !kta_streq(kind, "DaemonSet"))
            continue;
        if (top && top != o) {
            kta_target_words(&a->targets, &a->scope, &what);
            kta_str_addf(&a->answer,
                         "It is not clear what to %s; it may be one of: %s. Name one, "
                         "as kind/name, with -n NAMESPACE.\n",
                         verb, what.s);
            return NULL;
        }
        top = o;
    }
    if (!top)
        kta_str_addf(&a->answer,
                     "There is no Deployment, StatefulSet or DaemonSet of that name to "
                     "%s in %s. 'kubectl get deployments -A' lists them.\n",
                     verb, kta_or(agent_scope(a).namespace_, "this cluster"));
    return top;
}

static void lower_kind(const struct kta_json *o, char *buf, size_t n)
{
    snprintf(buf, n, "%s", kta_obj_kind(o));
    for (char *p = buf; *p; p++)
        *p = (char)(*p | 0x20);
}

static int propose(struct kta_agent *a, const struct kta_argv *argv, const char *why,
                   struct kta_err *err)
{
    if (a->pipeline->read_only) {
        kta_str_add(&a->answer, "This session is read-only, so it is not offered.\n");
        return 0;
    }
    return kta_plan_add(&a->plan, a->pipeline->policy, argv, NULL, why, err) ? 0 : -1;
}

/* kubectl rollout SUB of what is meant; before and after stand around its name in the answer. */
static int rollout(struct kta_agent *a, const char *verb, const char *sub, const char *before,
                   const char *after, const char *why, struct kta_err *err)
{
    struct kta_json *o = workload(a, verb);
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    char kind[64];

    if (!o)
        return 0;
    lower_kind(o, kind, sizeof kind);
    kta_argv_addl(&argv, "kubectl", "rollout", sub, NULL);
    kta_argv_addf(&argv, "%s/%s", kind, kta_obj_name(o));
    kta_argv_addl(&argv, "-n", kta_obj_namespace(o), NULL);
    kta_str_addf(&a->answer, "%s%s %s%s.\n", before, kind, kta_obj_name(o), after);
    return propose(a, &argv, why, err);
}

static int restart(struct kta_agent *a, struct kta_err *err)
{
    return rollout(a, "restart", "restart", "A rollout restart replaces the pods of ",
                   " one after another", "restart it, as asked", err);
}

static int roll_back(struct kta_agent *a, struct kta_err *err)
{
    return rollout(a, "roll back", "undo", "", " goes back to the revision before its present one",
                   "roll it back, as asked", err);
}

static int scale(struct kta_agent *a, struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    char kind[64];

    if (a->intent.number < 0) {
        kta_str_add(&a->answer, "To how many replicas? Ask, for example: scale backend to 3.\n");
        return 0;
    }
    struct kta_json *o = workload(a, "scale");
    if (!o)
        return 0;
    lower_kind(o, kind, sizeof kind);
    kta_argv_addl(&argv, "kubectl", "scale", NULL);
    kta_argv_addf(&argv, "%s/%s", kind, kta_obj_name(o));
    kta_argv_addf(&argv, "--replicas=%d", a->intent.number);
    kta_argv_addl(&argv, "-n", kta_obj_namespace(o), NULL);
    int now = kta_json_count(o, "spec.replicas", 1);
    kta_str_addf(&a->answer, "%s %s runs %d replica%s now; %d %s asked for.\n", kind,
                 kta_obj_name(o), now, now == 1 ? "" : "s", a->intent.number,
                 a->intent.number == 1 ? "was" : "were");
    return propose(a, &argv, "scale it, as asked", err);
}

/* An image without its tag or digest: what two versions of it have in common. */
static size_t repository(const char *image)
{
    const char *slash = strrchr(image, '/');
    size_t from = slash ? (size_t)(slash - image) : 0;

    return from + strcspn(image + from, ":@");
}

/* The container that is meant: the only one, or the one that runs another version of the image. */
static const char *container_for(const struct kta_json *o, const char *image)
{
    const struct kta_json *all = kta_json_at(o, "spec.template.spec.containers");
    size_t n = repository(image);

    if (kta_json_len(all) == 1)
        return kta_json_str(kta_json_item(all, 0), "name");
    kta_json_each(c, all) {
        const char *its = kta_or(kta_json_str(c, "image"), "");
        if (repository(its) == n && strncmp(its, image, n) == 0)
            return kta_json_str(c, "name");
    }
    return NULL;
}

static int set_image(struct kta_agent *a, struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    struct kta_json *o = workload(a, "update");
    const char *container = o ? container_for(o, a->intent.image) : NULL;
    char kind[64];

    if (!o)
        return 0;
    lower_kind(o, kind, sizeof kind);
    if (!container) {
        kta_str_addf(
            &a->answer,
            "It is not clear which container of %s %s is to run %s; this names it: kubectl "
            "set image %s/%s CONTAINER=%s\n",
            kind, kta_obj_name(o), a->intent.image, kind, kta_obj_name(o), a->intent.image);
        return 0;
    }
    kta_argv_addl(&argv, "kubectl", "set", "image", NULL);
    kta_argv_addf(&argv, "%s/%s", kind, kta_obj_name(o));
    kta_argv_addf(&argv, "%s=%s", container, a->intent.image);
    kta_argv_addl(&argv, "-n", kta_obj_namespace(o), NULL);
    kta_str_addf(&a->answer, "Container %s of %s %s is to run %s.\n", container, kind,
                 kta_obj_name(o), a->intent.image);
    return propose(a, &argv, "set its image, as asked", err);
}

/* A folder knows no labelSelector: what does not match is taken out of its list. */
static void keep_selected(struct kta_json *doc, const char *selector)
{
    struct kta_json *kept = kta_json_new_array();

    kta_json_each(o, kta_json_get(doc, "items")) {
        if (kta_selector_text_matches(selector, kta_json_at(o, "metadata.labels")))
            kta_json_push(kept, kta_json_copy(o));
    }
    kta_json_set(doc, "items", kept);
}

/* Is the row's object one that is meant, or a pod of it? */
static bool meant(struct kta_agent *a, const struct kta_json *metadata)
{
    const char *uid = kta_json_str(metadata, "uid"), *name = kta_json_str(metadata, "name");
    bool found = false;

    for (size_t i = 0; i < a->targets.n && !found; i++) {
        struct kta_json **pods = NULL, *o = a->targets.v[i].object;
        size_t n = kta_world_pods_of(a->world, o, &pods);
        found = kta_streq(kta_obj_name(o), name);
        for (size_t p = 0; p < n && !found; p++)
            found = kta_streq(kta_obj_uid(pods[p]), uid);
        free(pods);
    }
    return found;
}

/* "list the pods of backend": only its own, if there are such. */
static void keep_meant(struct kta_agent *a, struct kta_json *table)
{
    struct kta_json *kept = kta_json_new_array();

    kta_json_each(row, names_object(a) ? kta_json_get(table, "rows") : NULL) {
        if (meant(a, kta_json_at(row, "object.metadata")))
            kta_json_push(kept, kta_json_copy(row));
    }
    if (kta_json_len(kept))
        kta_json_set(table, "rows", kept);
    else
        kta_json_free(kept);
}

/* What of a list is asked for, of a live cluster. */
static void list_query(const struct kta_agent *a, const struct kta_kind *kind, struct kta_str *path)
{
    bool warnings = kta_streq(kind->plural, "events") && kta_stristr(a->question, "warning");
    bool on_node = *a->intent.name && kta_streq(kind->plural, "pods") &&
                   kta_world_get(a->world, "nodes", NULL, a->intent.name, NULL);

    kta_str_add(path, "?includeObject=Metadata");
    if (a->scope.selector) {
        kta_str_add(path, "&labelSelector=");
        kta_url_escape(a->scope.selector, path);
    }
    if (warnings || on_node) {
        kta_str_add(path, "&fieldSelector=");
        kta_url_escape(warnings ? "type=Warning" : "spec.nodeName=", path);
    }
    if (on_node)
        kta_url_escape(a->intent.name, path);
}

/* Are the columns of `-o wide` asked for? */
static bool wants_wide(const char *question)
{
    static const char *const words[] = {"node", "wide", " ip", "address", "where", "image", "port"};
    for (size_t i = 0; i < KTA_LEN(words); i++)
        if (kta_stristr(question, words[i]))
            return true;
    return false;
}

static int list(struct kta_agent *a, struct kta_err *err)
{
    const struct kta_kind *kind;
    kta_auto_str struct kta_str path = KTA_STR_INIT;
    struct kta_read *reads = NULL;
    size_t n = 0, cap = 0;

    if (kta_kind_find(a->pipeline->cluster, kta_or(a->intent.kind, "pods"), &kind, err) < 0)
        return -1;
    const char *ns = kind->namespaced ? agent_scope(a).namespace_ : NULL;
    kta_kind_path(kind, ns, NULL, &path);
    bool snapshot = kta_cluster_is_snapshot(a->pipeline->cluster);
    const char *selector = a->scope.selector;
    if (!snapshot)
        list_query(a, kind, &path);
    kta_read_add(&reads, &n, &cap, snapshot ? KTA_ACCEPT_JSON : KTA_ACCEPT_TABLE, "%s", path.s);
    int r = kta_cluster_read(a->pipeline->cluster, reads, n, err);
    if (r == 0 && reads[0].failed) {
        *err = reads[0].err;
        r = -1;
    }
    if (r == 0) {
        kta_redact_object(a->pipeline->redact, reads[0].json);
        if (snapshot && selector)
            keep_selected(reads[0].json, selector);
        keep_meant(a, reads[0].json);
        kta_str_addf(&a->answer, "%s in %s%s%s:\n\n", kind->plural,
                     kta_or(ns, kind->namespaced ? "all namespaces" : "the cluster"),
                     selector ? " with " : "", kta_or(selector, ""));
        kta_table_markdown(reads[0].json, ns == NULL && kind->namespaced, wants_wide(a->question),
                           &a->answer);
    }
    kta_reads_free(reads, n);
    return r;
}

/* Of what is meant, as the cluster has it: the lists before were read for less. */
static int manifest(struct kta_agent *a, const struct kta_ref *ref, struct kta_err *err)
{
    const struct kta_kind *kind;
    kta_auto_str struct kta_str path = KTA_STR_INIT, text = KTA_STR_INIT;
    struct kta_json *o = NULL;

    if (kta_kind_find(a->pipeline->cluster, ref->kind, &kind, err) < 0)
        return -1;
    kta_kind_path(kind, ref->namespace_, ref->name, &path);
    if (kta_cluster_get(a->pipeline->cluster, &o, err, "%s", path.s) < 0)
        return -1;
    kta_json_remove(kta_json_get(o, "metadata"), "managedFields");
    kta_redact_object(a->pipeline->redact, o);
    kta_yaml_print(o, &text);
    kta_code_block(text.s, text.len, &a->answer);
    kta_json_free(o);
    return 0;
}

static int yaml(struct kta_agent *a, struct kta_err *err)
{
    int r = 0;

    for (size_t i = 0; i < a->targets.n && i < 3 && r == 0; i++)
        if (a->targets.v[i].object)
            r = manifest(a, &a->targets.v[i].ref, err);
    if (r == 0 && !a->answer.len)
        kta_str_add(&a->answer, "Nothing that was named has one. Name it, as kind/name.\n");
    return r;
}

/* The last lines of a pod's log, or why there are none. */
static void log_of(struct kta_agent *a, const struct kta_json *pod)
{
    const char *container = kta_json_str(pod, "spec.containers[0].name");
    kta_auto_str struct kta_str safe = KTA_STR_INIT;
    char state[64];
    size_t len = 0;
    const char *log =
        kta_world_log(a->world, kta_obj_namespace(pod), kta_obj_name(pod), container, false, &len);

    if (!log) {
        kta_str_addf(&a->answer, "There is no log of pod %s, container %s: its state is %s.\n",
                     kta_obj_name(pod), container, kta_pod_status_word(pod, state, sizeof state));
        return;
    }
    kta_redact_text(a->pipeline->redact, log, len, &safe);
    size_t from = safe.len;
    for (int lines = 0; from > 0 && lines <= 30; from--)
        lines += safe.s[from - 1] == '\n';
    kta_str_addf(&a->answer, "The end of the log of pod %s, container %s:\n\n", kta_obj_name(pod),
                 container);
    kta_code_block(safe.s + from, safe.len - from, &a->answer);
}

/* Of the pods that are meant. */
static int logs(struct kta_agent *a, struct kta_err *err)
{
    size_t shown = 0;

    (void)err;
    for (size_t i = 0; i < a->targets.n && shown < 5; i++) {
        struct kta_json **pods = NULL;
        struct kta_json *o = a->targets.v[i].object;
        size_t n = o ? kta_world_pods_of(a->world, o, &pods) : 0;
        struct kta_json *self[1] = {o};
        bool is_pod = kta_streq(kta_obj_kind(o), "Pod");
        struct kta_json **v = is_pod ? self : pods;
        n = is_pod ? 1 : n;
        for (size_t p = 0; p < n && shown < 5; p++, shown++)
            log_of(a, v[p]);
        free(pods);
    }
    if (shown == 0)
        kta_str_add(&a->answer,
                    "There is no log of what was asked for. Name a pod or a workload.\n");
    return 0;
}

static int (*const answers[])(struct kta_agent *a, struct kta_err *err) = {
    [KTA_INTENT_DIAGNOSE] = diagnose, [KTA_INTENT_MEMORY] = usage,
    [KTA_INTENT_CPU] = usage,         [KTA_INTENT_RESTART] = restart,
    [KTA_INTENT_SCALE] = scale,       [KTA_INTENT_LIST] = list,
    [KTA_INTENT_LOGS] = logs,         [KTA_INTENT_CHANGES] = usage,
    [KTA_INTENT_RESTARTS] = usage,    [KTA_INTENT_NOT_READY] = usage,
    [KTA_INTENT_IMAGES] = usage,      [KTA_INTENT_WHO_CAN] = usage,
    [KTA_INTENT_REACH] = usage,       [KTA_INTENT_INSTALL] = agent_install,
    [KTA_INTENT_IMAGE] = set_image,   [KTA_INTENT_ROLLBACK] = roll_back,
    [KTA_INTENT_LIMITS] = usage,      [KTA_INTENT_YAML] = yaml,
    [KTA_INTENT_USED_BY] = usage,     [KTA_INTENT_USES] = usage,
    [KTA_INTENT_RIGHTS] = usage,
};

void kta_agent_read_text(struct kta_agent *a, struct kta_redact *redact)
{
    kta_auto_free char *safe = kta_redact_dup(redact, a->piped);

    kta_text_markdown(safe, &a->answer);
}

/* "which services …": a kind is named, and no object: its list goes before the diagnosis. */
static int list_of_kind(struct kta_agent *a, struct kta_err *err)
{
    if (a->intent.sure || !*a->intent.kind || *a->intent.name || names_object(a))
        return 0;
    int r = list(a, err);
    kta_str_addc(&a->answer, '\n');
    return r;
}

int agent_engine_answer(struct kta_agent *a, struct kta_err *err)
{
    if (a->piped && *a->piped) {
        kta_agent_read_text(a, a->pipeline->redact);
        if (!a->targets.n || !a->targets.v[0].object)
            return 0; /* the question is about the text alone */
        kta_str_addc(&a->answer, '\n');
    }
    if (list_of_kind(a, err) < 0)
        return -1;
    return answers[a->intent.sure ? a->intent.intent : KTA_INTENT_DIAGNOSE](a, err);
}
