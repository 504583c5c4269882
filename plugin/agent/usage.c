/*
 * usage.c - questions with a definite answer: what uses how much, what restarts, what is not ready,
 * which images run, what changed, who can do what, what can reach what.
 *
 * The same text is the engine's answer and, before a model, evidence.
 */
#include "kta/questions.h"

#include <string.h>
#include "agent_private.h"
#include "kta/alloc.h"
#include "kta/intent.h"
#include "kta/markdown.h"

#define CHANGES_SPAN (24 * 3600) /* seconds, where the question names none */

struct kta_scope agent_scope(const struct kta_agent *a)
{
    struct kta_scope s = a->scope;
    if (a->targets.n && a->targets.v[0].by == KTA_BY_NAMESPACE)
        s.namespace_ = a->targets.v[0].ref.name;
    return s;
}

static int usage(struct kta_agent *a, struct kta_str *out, struct kta_err *err)
{
    struct kta_scope s = agent_scope(a);
    return kta_usage_table(a->world, &s, a->intent.intent == KTA_INTENT_MEMORY, out, err);
}

static int use(struct kta_agent *a, struct kta_str *out, struct kta_err *err)
{
    bool by = a->intent.intent == KTA_INTENT_USED_BY;
    int r = 0;

    for (size_t i = 0; i < a->targets.n && r == 0; i++) {
        struct kta_json *o = a->targets.v[i].object;
        if (o && a->targets.v[i].by != KTA_BY_NAMESPACE)
            r = by ? kta_used_by(a->world, o, out, err)
                   : kta_uses(a->world, kta_world_owner(a->world, o), a->intent.kind, out, err);
    }
    if (!out->len)
        kta_str_add(out, "Nothing has that name. Name it, as kind/name, with -n NAMESPACE.\n");
    return r;
}

/* What the objects that are meant lost or gained since they worked, then the scope's changes. */
static int changes(struct kta_agent *a, struct kta_str *out, struct kta_err *err)
{
    struct kta_scope s = agent_scope(a);
    size_t n = 0;

    for (size_t i = 0; i < a->evidence.n; i++)
        if (kta_starts(a->evidence.v[i].source, "what changed")) {
            const char *text = a->evidence.v[i].text;
            kta_str_addf(out, "%s:\n\n", a->evidence.v[i].source);
            kta_code_block(text, strlen(text), out);
            kta_str_addc(out, '\n');
        }
    return kta_recent_changes(a->world, &s, a->intent.seconds ? a->intent.seconds : CHANGES_SPAN,
                              &n, out, err);
}

static int who_can(struct kta_agent *a, struct kta_str *out, struct kta_err *err)
{
    const struct kta_intent_match *m = &a->intent;
    struct kta_right right = {.verb = m->verb,
                              .resource = m->resource,
                              .ns = *m->ns ? m->ns : a->scope.namespace_,
                              .name = *m->name ? m->name : NULL,
                              .subject = *m->subject ? m->subject : NULL};
    size_t n = 0;

    if (kta_who_can(a->world, &right, &n, out, err) == 0)
        return 0;
    if (err->code != KTA_E_NOT_FOUND)
        return -1;
    kta_str_addf(out, "It cannot be told: %s.\n", err->msg);
    kta_err_clear(err);
    return 0;
}

static int rights(struct kta_agent *a, struct kta_str *out, struct kta_err *err)
{
    const struct kta_intent_match *m = &a->intent;

    return kta_rights_of(a->world, m->subject, *m->ns ? m->ns : a->scope.namespace_, out, err);
}

static int reach(struct kta_agent *a, struct kta_str *out, struct kta_err *err)
{
    const struct kta_intent_match *m = &a->intent;
    enum kta_reachable verdict;

    return kta_reach(a->world, a->scope.namespace_, m->from, m->to, *m->port ? m->port : NULL,
                     &verdict, out, err);
}

static const struct {
    enum kta_intent intent;
    const char *source;
    int (*run)(struct kta_agent *a, struct kta_str *out, struct kta_err *err);
    /* or, where the scope is all that it needs */
    int (*table)(struct kta_world *w, const struct kta_scope *scope, struct kta_str *out,
                 struct kta_err *err);
    bool whole; /* whatever is named, what is around it is looked at, too */
} rows[] = {
    {KTA_INTENT_MEMORY, "memory usage", .run = usage},
    {KTA_INTENT_CPU, "CPU usage", .run = usage},
    {KTA_INTENT_RESTARTS, "restarts", .table = kta_restarts_table},
    {KTA_INTENT_NOT_READY, "what is not ready", .table = kta_not_ready_table},
    {KTA_INTENT_IMAGES, "images that run", .table = kta_images_table},
    {KTA_INTENT_LIMITS, "what containers request and may use", .table = kta_limits_table},
    {KTA_INTENT_USED_BY, "what uses it", .run = use, .whole = true},
    {KTA_INTENT_USES, "what it uses", .run = use, .whole = true},
    {KTA_INTENT_CHANGES, "recent changes", .run = changes},
    {KTA_INTENT_WHO_CAN, "who can do it, by RBAC", .run = who_can, .whole = true},
    {KTA_INTENT_RIGHTS, "what it may do, by RBAC", .run = rights, .whole = true},
    {KTA_INTENT_REACH, "a simulation of the NetworkPolicies", .run = reach, .whole = true},
};

int agent_usage(struct kta_agent *a, const char **ret_source, struct kta_str *out,
                struct kta_err *err)
{
    *ret_source = NULL;
    for (size_t i = 0; a->intent.sure && i < KTA_LEN(rows); i++) {
        if (rows[i].intent != a->intent.intent)
            continue;
        *ret_source = rows[i].source;
        (void)kta_target_focus(a->world, rows[i].whole ? NULL : &a->targets);
        struct kta_scope scope = agent_scope(a);
        int r = rows[i].run ? rows[i].run(a, out, err) : rows[i].table(a->world, &scope, out, err);
        (void)kta_target_focus(a->world, NULL);
        return r;
    }
    return 0;
}
