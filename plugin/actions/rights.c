/*
 * rights.c - whether the user may do it: SelfSubjectAccessReview, asked before the question.
 *
 * One review for each different (verb, resource, namespace) of a step, at most MAX_REVIEWS: of a
 * step that touches more, it is said that the rest was not looked at.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/obj.h"

#define MAX_REVIEWS 32

bool kta_lacks_right(const char *message)
{
    return kta_stristr(message, "forbidden: User ");
}

struct right {
    const char *verb, *group, *resource, *subresource, *ns, *name;
};

/* The API verb that each of kubectl's verbs needs on what it touches. */
static const struct {
    const char *verb, *api, *subresource;
} NEEDS[] = {
    {"scale", "patch", "scale"},   {"delete", "delete", NULL}, {"replace", "update", NULL},
    {"create", "create", NULL},    {"run", "create", NULL},    {"expose", "create", NULL},
    {"autoscale", "create", NULL}, {"drain", "patch", NULL},   {NULL, "patch", NULL},
};

static void need(const struct kta_command *cmd, const struct kta_touch *t, struct right *r)
{
    size_t i = 0;

    while (NEEDS[i].verb && !kta_streq(NEEDS[i].verb, cmd->verb))
        i++;
    *r = (struct right){NEEDS[i].api,         t->kind->group, t->kind->plural,
                        NEEDS[i].subresource, t->ns,          t->name};
    if (!r->subresource)
        r->subresource = kta_command_flag(cmd, "subresource");
    if (kta_streq(cmd->verb, "apply") && t->status == 404)
        r->verb = "create";
    if (t->known_after && !t->after &&
        t->live) /* also what apply --prune or a release takes away */
        r->verb = "delete";
    if (kta_streq(r->verb, "create"))
        r->name = NULL; /* create is never granted by name */
}

static bool same_right(const struct right *a, const struct right *b)
{
    return kta_streq(a->verb, b->verb) && kta_streq(a->group, b->group) &&
           kta_streq(a->resource, b->resource) && kta_streq(a->ns, b->ns);
}

static struct kta_json *review_of(const struct right *r)
{
    struct kta_json *body = kta_json_new_object(), *spec = kta_json_new_object();
    struct kta_json *what = kta_json_new_object();

    kta_json_set_str(body, "apiVersion", "authorization.k8s.io/v1");
    kta_json_set_str(body, "kind", "SelfSubjectAccessReview");
    kta_json_set_str(what, "verb", r->verb);
    kta_json_set_str(what, "group", r->group);
    kta_json_set_str(what, "resource", r->resource);
    if (r->subresource)
        kta_json_set_str(what, "subresource", r->subresource);
    if (r->ns)
        kta_json_set_str(what, "namespace", r->ns);
    if (r->name && r->name[0])
        kta_json_set_str(what, "name", r->name);
    kta_json_set(spec, "resourceAttributes", what);
    kta_json_set(body, "spec", spec);
    return body;
}

/* 1 allowed, 0 not, -1 unknown; -2 when interrupted. */
static int ask(struct kta_pipeline *p, const struct right *r, struct kta_err *err)
{
    kta_auto_json struct kta_json *body = review_of(r), *answer = NULL;
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct kta_err why = KTA_ERR_INIT;
    int status = 0;

    kta_json_print(body, false, &text);
    if (kta_cluster_send(p->cluster, "POST",
                         "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                         "application/json", text.s, &status, &answer, &why) < 0) {
        if (why.code != KTA_E_INTERRUPTED)
            return -1;
        *err = why;
        return -2;
    }
    if (status < 200 || status > 299)
        return -1;
    return kta_json_bool(answer, "status.allowed", false) ? 1 : 0;
}

/* What a step needs besides its touches. */
static const struct {
    const char *path, *api, *group, *resource, *subresource;
} EXTRA[] = {
    {"exec", "create", "", "pods", "exec"},
    {"cp", "create", "", "pods", "exec"},
    {"attach", "create", "", "pods", "attach"},
    {"port-forward", "create", "", "pods", "portforward"},
    {"debug", "patch", "", "pods", "ephemeralcontainers"},
    {"create token", "create", "", "serviceaccounts", "token"},
    {"certificate approve", "update", "certificates.k8s.io", "certificatesigningrequests",
     "approval"},
    {"certificate deny", "update", "certificates.k8s.io", "certificatesigningrequests", "approval"},
};

static size_t extra_rights(const struct kta_command *cmd, struct right *r)
{
    if (kta_streq(cmd->program, "helm")) { /* its records */
        *r = (struct right){"create", "", "secrets", NULL, cmd->namespace_, NULL};
        return 1;
    }
    if (kta_streq(cmd->verb, "drain")) { /* in every namespace */
        *r = (struct right){"create", "", "pods", "eviction", NULL, NULL};
        return 1;
    }
    for (size_t i = 0; i < KTA_LEN(EXTRA); i++)
        if (kta_streq(cmd->path, EXTRA[i].path)) {
            *r = (struct right){EXTRA[i].api,         EXTRA[i].group,  EXTRA[i].resource,
                                EXTRA[i].subresource, cmd->namespace_, NULL};
            return 1;
        }
    return 0;
}

static int review(struct kta_pipeline *p, struct kta_step *s, const struct right *r,
                  struct kta_err *err)
{
    int allowed = ask(p, r, err);

    if (allowed == -2)
        return -1;
    if (allowed == 0) {
        s->preview.allowed = 0;
        kta_preview_warn(&s->preview, "you may not %s %s%s%s%s%s%s (RBAC)", r->verb, r->resource,
                         r->subresource ? "/" : "", kta_or(r->subresource, ""),
                         r->ns ? " in '" : "", kta_or(r->ns, ""), r->ns ? "'" : "");
    } else if (allowed == 1 && s->preview.allowed == -1) {
        s->preview.allowed = 1;
    }
    return 0;
}

int kta_preview_rights(struct kta_pipeline *p, struct kta_step *s, struct kta_command *cmd,
                       struct kta_err *err)
{
    struct right asked[MAX_REVIEWS + 1];
    size_t n = extra_rights(cmd, asked);
    bool more = false;

    for (size_t i = 0; i < s->touches->n; i++) {
        bool seen = s->touches->v[i].record || s->touches->v[i].inside;

        need(cmd, &s->touches->v[i], &asked[n]);
        if (kta_streq(cmd->program, "helm"))
            asked[n].verb = !s->touches->v[i].live                                    ? "create"
                            : s->touches->v[i].known_after && !s->touches->v[i].after ? "delete"
                                                                                      : "patch";
        for (size_t k = 0; k < n; k++)
            seen = seen || same_right(&asked[k], &asked[n]);
        more = more || (!seen && n == MAX_REVIEWS);
        n += !seen && n < MAX_REVIEWS;
    }
    if (more)
        kta_preview_warn(&s->preview, "it needs more rights than the %d that were looked at",
                         MAX_REVIEWS);
    for (size_t i = 0; i < n; i++)
        if (review(p, s, &asked[i], err) < 0)
            return -1;
    return 0;
}
