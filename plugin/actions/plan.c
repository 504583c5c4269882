/*
 * plan.c - proposed actions: the list, and what policy says of each.
 *
 * Invariants: an argv in a plan carries its context and namespace; a step that policy denies is
 * KTA_REFUSED from the moment it is there; no two steps are the same.
 */
#include "actions.h"

#include <stdarg.h>
#include "kta/alloc.h"
#include "kta/limits.h"
#include "kta/obj.h"
#include "kta/yaml.h"

static const char *const STATES[] = {
    [KTA_PLANNED] = "planned",   [KTA_DECLINED] = "declined",     [KTA_REFUSED] = "refused",
    [KTA_EXECUTED] = "executed", [KTA_FAILED] = "failed",         [KTA_VERIFIED] = "verified",
    [KTA_UNKNOWN] = "unknown",   [KTA_UNVERIFIED] = "unverified", [KTA_UNDONE] = "undone",
};

const char *kta_state_name(enum kta_state s)
{
    return (size_t)s < KTA_LEN(STATES) ? STATES[s] : "unknown";
}

void kta_preview_warn(struct kta_preview *p, const char *fmt, ...)
{
    struct kta_str text = KTA_STR_INIT;
    va_list ap;

    va_start(ap, fmt);
    kta_str_vaddf(&text, fmt, ap);
    va_end(ap);
    for (size_t i = 0; i < p->n_warnings; i++) {
        if (kta_streq(p->warnings[i], text.s)) {
            kta_str_release(&text);
            return;
        }
    }
    KTA_GROW(p->warnings, p->n_warnings, p->cap_warnings);
    p->warnings[p->n_warnings++] = kta_str_detach(&text);
}

static void preview_release(struct kta_preview *p)
{
    free(p->diff);
    for (size_t i = 0; i < p->n_warnings; i++)
        free(p->warnings[i]);
    free(p->warnings);
    *p = (struct kta_preview){.objects = -1, .allowed = -1};
}

void kta_step_forget_preview(struct kta_step *s)
{
    preview_release(&s->preview);
    kta_touches_free(s->touches);
    s->touches = NULL;
    s->asked = false;
}

void kta_step_free(struct kta_step *s)
{
    if (!s)
        return;
    kta_step_forget_preview(s);
    kta_json_free(s->reviewed);
    kta_argv_release(&s->argv);
    free(s->stdin_text);
    free(s->why);
    free(s->evidence);
    free(s->output);
    free(s->outcome);
    free(s->journal);
    free(s);
}

void kta_plan_init(struct kta_plan *p, const char *question, const char *context,
                   const char *namespace_)
{
    *p = (struct kta_plan){
        .question = kta_strdup(question),
        .context = kta_strdup(context),
        .namespace_ = kta_strdup(namespace_),
    };
}

void kta_plan_release(struct kta_plan *p)
{
    for (size_t i = 0; i < p->n; i++)
        kta_step_free(p->v[i]);
    free(p->v);
    free(p->id);
    free(p->undo_of);
    free(p->resumes);
    free(p->guessed);
    free(p->said);
    free(p->reviewed_server);
    free(p->server);
    free(p->question);
    free(p->context);
    free(p->namespace_);
    *p = (struct kta_plan){0};
}

void kta_step_classify(struct kta_plan *p, const struct kta_policy *policy, struct kta_step *s)
{
    kta_policy_check(policy, &s->argv, s->stdin_text, &s->verdict);
    s->risk = s->verdict.risk >= KTA_RISK_HIGH  ? KTA_RISK_HIGH
              : s->verdict.risk == KTA_RISK_LOW ? KTA_RISK_LOW
                                                : KTA_RISK_MEDIUM;
    if (s->unasked && s->verdict.class_ != KTA_CLASS_DENY) {
        s->risk = KTA_RISK_HIGH;
        s->verdict.risk = KTA_RISK_HIGH;
        snprintf(s->verdict.risk_why, sizeof s->verdict.risk_why, "not asked for");
    }
    if (p->guessed && s->verdict.class_ == KTA_CLASS_WRITE) {
        s->risk = KTA_RISK_HIGH;
        s->verdict.risk = KTA_RISK_HIGH;
        snprintf(s->verdict.risk_why, sizeof s->verdict.risk_why, "%s", p->guessed);
    }
    s->state = s->verdict.class_ == KTA_CLASS_DENY ? KTA_REFUSED : KTA_PLANNED;
}

static bool in_namespace(const struct kta_json *object)
{
    const struct kta_kind *kind =
        kta_kind_of(NULL, kta_json_str(object, "apiVersion"), kta_obj_kind(object));

    return !kind || kind->namespaced;
}

/* kubectl refuses -n beside a manifest whose objects say that they are elsewhere: theirs then, and
 * none where they are in several. One that leaves it open is in the plan's, and says so where
 * others are elsewhere (*ret_changed). Borrowed of objects. */
static const char *namespace_of(struct kta_json *objects, const char *ours, bool *ret_changed)
{
    const char *one = NULL;
    bool several = false, open = false;

    kta_json_each(o, objects) {
        const char *ns = kta_or(kta_obj_namespace(o), "");

        if (!in_namespace(o))
            continue;
        open = open || !*ns;
        ns = *ns ? ns : kta_or(ours, "");
        several = several || (one && !kta_streq(one, ns));
        one = ns;
    }
    kta_json_each(o, objects) {
        struct kta_json *metadata = kta_json_get(o, "metadata");

        if (!several || !open || !ours || !metadata || !in_namespace(o) ||
            kta_or(kta_obj_namespace(o), "")[0])
            continue;
        kta_json_set_str(metadata, "namespace", ours);
        *ret_changed = true;
    }
    return several ? NULL : kta_or(one, ours);
}

void kta_step_pin(const struct kta_plan *p, struct kta_step *s)
{
    struct kta_err ignored = KTA_ERR_INIT;
    kta_auto_json struct kta_json *objects =
        s->stdin_text ? kta_manifest_open(s->stdin_text, &ignored) : NULL;
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    bool changed = false;

    if (!s->argv.n || !(kta_streq(s->argv.v[0], "kubectl") || kta_streq(s->argv.v[0], "helm")))
        return;
    kta_command_pin(&s->argv, p->context, namespace_of(objects, p->namespace_, &changed));
    kta_json_each(o, objects) {
        kta_str_add(&text, text.len ? "---\n" : "");
        kta_yaml_print(o, &text);
    }
    if (!changed) /* as it was given */
        return;
    free(s->stdin_text);
    s->stdin_text = kta_str_detach(&text);
}

struct kta_step *kta_plan_add(struct kta_plan *p, const struct kta_policy *policy,
                              const struct kta_argv *argv, const char *stdin_text, const char *why,
                              struct kta_err *err)
{
    struct kta_step *s;

    if (!argv || argv->n == 0 || !argv->v[0][0]) {
        kta_err_set(err, KTA_E_POLICY, "there is no command");
        return NULL;
    }
    if (argv->n > KTA_MAX_ARGV) {
        kta_err_set(err, KTA_E_LIMIT, "the command has more than %d arguments", KTA_MAX_ARGV);
        return NULL;
    }
    if (stdin_text && strlen(stdin_text) > KTA_MAX_MANIFEST) {
        kta_err_set(err, KTA_E_LIMIT, "the manifest is larger than %u bytes", KTA_MAX_MANIFEST);
        return NULL;
    }
    s = kta_calloc(1, sizeof *s);
    s->preview.objects = s->preview.allowed = -1;
    kta_argv_copy(&s->argv, argv);
    s->stdin_text = kta_strdup(stdin_text);
    kta_step_pin(p, s);
    for (size_t i = 0; i < p->n; i++) {
        if (kta_argv_equal(&p->v[i]->argv, &s->argv) &&
            kta_streq(p->v[i]->stdin_text, s->stdin_text)) {
            kta_step_free(s);
            return p->v[i];
        }
    }
    if (p->n == KTA_MAX_STEPS) {
        kta_step_free(s);
        kta_err_set(err, KTA_E_LIMIT, "the plan is full: it has %d steps", KTA_MAX_STEPS);
        return NULL;
    }
    s->why = kta_strdup(why);
    KTA_GROW(p->v, p->n, p->cap);
    p->v[p->n++] = s;
    snprintf(s->id, sizeof s->id, "%zu", p->n);
    kta_step_classify(p, policy, s);
    return s;
}

struct kta_step *kta_plan_add_fix(struct kta_plan *p, const struct kta_policy *policy,
                                  const struct kta_fix *fix, struct kta_err *err)
{
    struct kta_step *s = kta_plan_add(p, policy, &fix->argv, fix->stdin_text, fix->summary, err);
    struct kta_step *then = NULL;

    if (!s)
        return NULL;
    snprintf(s->fix_id, sizeof s->fix_id, "%s", fix->id);
    if (fix->then.n &&
        !(then = kta_plan_add(p, policy, &fix->then, NULL, "so that it is taken up at once", err)))
        return NULL;
    if (then)
        snprintf(then->fix_id, sizeof then->fix_id, "%s", fix->id);
    return s;
}

void kta_plan_join(struct kta_plan *p, struct kta_plan *more)
{
    for (size_t i = 0; i < more->n; i++) {
        KTA_GROW(p->v, p->n, p->cap);
        p->v[p->n++] = more->v[i];
        snprintf(more->v[i]->id, sizeof more->v[i]->id, "%u", (unsigned)p->n);
    }
    more->n = 0;
}

const char *kta_step_object(const struct kta_step *s)
{
    for (size_t i = 0; s->touches && i < s->touches->n; i++)
        if (s->touches->v[i].name[0] && !s->touches->v[i].record)
            return s->touches->v[i].name;
    return NULL;
}
