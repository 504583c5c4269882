/*
 * definitions.c - a manifest that holds a CustomResourceDefinition and objects of the kind that it
 * defines: two steps, since neither kubectl nor the API server can do anything with the objects
 * before the definition is there.
 */
#include "actions.h"

#include <poll.h>
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/obj.h"
#include "kta/yaml.h"

#define SERVED_MS 10000 /* by then a definition that was made is served */
#define AGAIN_MS  300

static bool defines(const struct kta_json *crd, const struct kta_json *object)
{
    const char *version = kta_or(kta_json_str(object, "apiVersion"), "");
    const char *group = kta_json_str(crd, "spec.group");
    size_t n = strcspn(version, "/");

    return group && strlen(group) == n && strncmp(version, group, n) == 0 &&
           kta_streq(kta_json_str(crd, "spec.names.kind"), kta_obj_kind(object));
}

/* Its kind comes with the manifest, and is not there yet. */
static bool comes_with(struct kta_cluster *c, const struct kta_json *objects,
                       const struct kta_json *object)
{
    kta_json_each(crd, objects) {
        if (kta_streq(kta_obj_kind(crd), "CustomResourceDefinition") && defines(crd, object))
            return !kta_kind_of(c, kta_json_str(object, "apiVersion"), kta_obj_kind(object));
    }
    return false;
}

static bool makes_by_manifest(const struct kta_step *s)
{
    struct kta_command cmd;
    struct kta_err ignored = KTA_ERR_INIT;
    bool makes;

    if (s->verdict.class_ != KTA_CLASS_WRITE || !s->stdin_text ||
        kta_command_parse(&s->argv, &cmd, &ignored) < 0)
        return false;
    makes = cmd.reads_stdin && !kta_command_has(&cmd, "prune") &&
            (kta_streq(cmd.path, "apply") || kta_streq(cmd.path, "create"));
    kta_command_release(&cmd);
    return makes;
}

/* The step of what is defined, behind the one that defines it. */
static int split(struct kta_pipeline *p, struct kta_plan *plan, size_t at, const char *first,
                 const char *then, struct kta_err *err)
{
    struct kta_step *s = plan->v[at];
    size_t n = plan->n;
    struct kta_step *late = kta_plan_add(plan, p->policy, &s->argv, then,
                                         "of the kinds that the step before it defines", err);

    if (!late)
        return -1;
    if (plan->n == n) /* the plan has such a step */
        return 0;
    free(s->stdin_text);
    s->stdin_text = kta_strdup(first);
    kta_step_classify(plan, p->policy, s);
    memmove(plan->v + at + 2, plan->v + at + 1, (plan->n - at - 2) * sizeof *plan->v);
    plan->v[at + 1] = late;
    for (size_t i = at; i < plan->n; i++)
        snprintf(plan->v[i]->id, sizeof plan->v[i]->id, "%u", (unsigned)i + 1);
    return 0;
}

int kta_plan_split_definitions(struct kta_pipeline *p, struct kta_plan *plan, struct kta_err *err)
{
    bool live = p->cluster && !kta_cluster_is_snapshot(p->cluster);

    for (size_t i = 0; live && i < plan->n && plan->n < KTA_MAX_STEPS; i++) {
        kta_auto_str struct kta_str first = KTA_STR_INIT, then = KTA_STR_INIT;
        kta_auto_json struct kta_json *objects = NULL;
        struct kta_err ignored = KTA_ERR_INIT;

        if (!makes_by_manifest(plan->v[i]) ||
            !(objects = kta_manifest_open(plan->v[i]->stdin_text, &ignored)))
            continue;
        kta_json_each(o, objects) {
            struct kta_str *to = comes_with(p->cluster, objects, o) ? &then : &first;

            kta_str_add(to, to->len ? "---\n" : "");
            kta_yaml_print(o, to);
        }
        if (then.len && split(p, plan, i, first.s, then.s, err) < 0)
            return -1;
    }
    return 0;
}

static bool all_served(struct kta_pipeline *p, const struct kta_step *s)
{
    struct kta_err ignored = KTA_ERR_INIT;
    kta_auto_json struct kta_json *objects = kta_manifest_open(s->stdin_text, &ignored);

    kta_json_each(o, objects) {
        if (!kta_kind_of(p->cluster, kta_json_str(o, "apiVersion"), kta_obj_kind(o)))
            return false;
    }
    return true;
}

int kta_wait_served(struct kta_pipeline *p, const struct kta_step *s, struct kta_err *err)
{
    int64_t end = kta_now_ms() + SERVED_MS;

    if (!s->stdin_text)
        return 0;
    for (;;) {
        kta_kinds_changed(p->cluster);
        if (all_served(p, s) || kta_now_ms() > end)
            return kta_interrupt_check(err);
        poll(&(struct pollfd){.fd = kta_interrupt_fd(), .events = POLLIN}, 1, AGAIN_MS);
    }
}
