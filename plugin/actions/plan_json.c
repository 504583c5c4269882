/*
 * plan_json.c - a plan as JSON (README, "For scripts"), and back for `apply`.
 *
 * What comes back is only what was proposed (argv, stdin, why): class, risk and preview are worked
 * out anew, since policy and cluster may have changed since the plan was written.
 */
#include "actions.h"

#include "kta/alloc.h"
#include "kta/limits.h"

static struct kta_json *argv_json(const struct kta_argv *argv)
{
    struct kta_json *a = kta_json_new_array();

    for (size_t i = 0; i < argv->n; i++)
        kta_json_push_str(a, argv->v[i]);
    return a;
}

static struct kta_json *preview_json(const struct kta_preview *p)
{
    struct kta_json *o = kta_json_new_object();
    struct kta_json *warnings = kta_json_new_array();

    kta_json_set(o, "diff", kta_json_new_str(p->diff));
    kta_json_set(o, "objects", p->objects < 0 ? kta_json_new_null() : kta_json_new_int(p->objects));
    kta_json_set(o, "allowed",
                 p->allowed < 0 ? kta_json_new_null() : kta_json_new_bool(p->allowed == 1));
    kta_json_set_bool(o, "validated", p->validated);
    kta_json_set_bool(o, "rejected", p->rejected);
    for (size_t i = 0; i < p->n_warnings; i++)
        kta_json_push_str(warnings, p->warnings[i]);
    kta_json_set(o, "warnings", warnings);
    return o;
}

static bool has_run(const struct kta_step *s)
{
    return s->state == KTA_EXECUTED || (s->state == KTA_FAILED && s->began) ||
           s->state == KTA_VERIFIED || s->state == KTA_UNVERIFIED || s->state == KTA_UNKNOWN;
}

struct kta_json *kta_step_json(const struct kta_step *s)
{
    struct kta_json *o = kta_json_new_object();

    kta_json_set_str(o, "id", s->id);
    kta_json_set(o, "argv", argv_json(&s->argv));
    if (s->stdin_text)
        kta_json_set_str(o, "stdin", s->stdin_text);
    kta_json_set(o, "why", kta_json_new_str(s->why));
    if (s->fix_id[0])
        kta_json_set_str(o, "fix", s->fix_id);
    kta_json_set_str(o, "class", kta_class_name(s->verdict.class_));
    kta_json_set_str(o, "reason", s->verdict.reason);
    kta_json_set_str(o, "risk", kta_risk_name(s->risk));
    if (s->unasked)
        kta_json_set_bool(o, "notAskedFor", true);
    if (s->evidence)
        kta_json_set_str(o, "evidence", s->evidence);
    kta_json_set(o, "preview", preview_json(&s->preview));
    if (s->verdict.risk_why[0])
        kta_json_set_str(o, "riskWhy", s->verdict.risk_why);
    kta_json_set_str(o, "state", kta_state_name(s->state));
    if (s->confirmed[0])
        kta_json_set_str(o, "confirmedBy", s->confirmed);
    kta_json_set(o, "exitCode", has_run(s) ? kta_json_new_int(s->exit_code) : kta_json_new_null());
    kta_json_set(o, "output", kta_json_new_str(s->output));
    kta_json_set(o, "outcome", kta_json_new_str(s->outcome));
    kta_json_set(o, "journal", kta_json_new_str(s->journal));
    return o;
}

struct kta_json *kta_plan_json(const struct kta_plan *p)
{
    struct kta_json *a = kta_json_new_array();

    for (size_t i = 0; i < p->n; i++)
        kta_json_push(a, kta_step_json(p->v[i]));
    return a;
}

static int parse_argv(const struct kta_json *array, struct kta_argv *argv, struct kta_err *err)
{
    if (kta_json_type(array) != KTA_JSON_ARRAY || kta_json_len(array) == 0)
        return kta_err_set(err, KTA_E_PARSE, "its \"argv\" is not a list of arguments");
    if (kta_json_len(array) > KTA_MAX_ARGV)
        return kta_err_set(err, KTA_E_LIMIT, "its argv has more than %d arguments", KTA_MAX_ARGV);
    kta_json_each(m, array) {
        const char *text = kta_json_text(m);

        if (!text)
            return kta_err_set(err, KTA_E_PARSE, "its \"argv\" holds something that is no string");
        if (strlen(text) > KTA_MAX_ARG)
            return kta_err_set(err, KTA_E_LIMIT, "an argument is larger than %u bytes",
                               KTA_MAX_ARG);
        if (kta_redact_has_placeholder(text)) {
            kta_err_set(err, KTA_E_USAGE, "an argument holds a redacted value");
            return kta_err_hint(err, "only the session that made the plan knew it: write the "
                                     "real value in its place");
        }
        kta_argv_add(argv, text);
    }
    return 0;
}

static int parse_step(const struct kta_json *j, const struct kta_policy *policy,
                      struct kta_plan *plan, struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    const struct kta_json *input = kta_json_get(j, "stdin");
    const char *text = kta_json_text(input), *fix = kta_json_str(j, "fix");
    struct kta_step *s;

    if (parse_argv(kta_json_get(j, "argv"), &argv, err) < 0)
        return -1;
    if (input && !text && kta_json_type(input) != KTA_JSON_NULL)
        return kta_err_set(err, KTA_E_PARSE, "its \"stdin\" is not a string");
    if (text && kta_redact_has_placeholder(text)) {
        kta_err_set(err, KTA_E_USAGE, "its manifest holds a redacted value");
        return kta_err_hint(err, "only the session that made the plan knew it: write the real "
                                 "value in its place");
    }
    s = kta_plan_add(plan, policy, &argv, text, kta_json_str(j, "why"), err);
    if (!s)
        return -1;
    if (kta_json_get(j, "class") && !s->reviewed)
        s->reviewed = kta_json_copy(j);
    if (fix)
        snprintf(s->fix_id, sizeof s->fix_id, "%s", fix);
    if (kta_json_bool(j, "notAskedFor", false)) {
        s->unasked = true;
        kta_step_classify(plan, policy, s);
    }
    return 0;
}

int kta_plan_parse(const struct kta_json *document, const struct kta_policy *policy,
                   struct kta_plan *ret, struct kta_err *err)
{
    const struct kta_json *steps = document;
    size_t i = 0;

    if (kta_json_has_duplicates(document))
        return kta_err_set(err, KTA_E_PARSE, "the plan has the same key twice in one object");
    if (kta_json_type(document) == KTA_JSON_OBJECT) {
        const char *version = kta_json_str(document, "apiVersion");

        if (version && !kta_streq(version, "todo-ai/v1"))
            return kta_err_set(err, KTA_E_PARSE, "the plan's apiVersion is '%s', not 'todo-ai/v1'",
                               version);
        steps = kta_json_get(document, "plan");
    }
    if (kta_json_type(steps) != KTA_JSON_ARRAY)
        return kta_err_set(err, KTA_E_PARSE,
                           "this is no plan: it has no list of steps under \"plan\"");
    /* a bare list of steps says nothing of where: then it is the session's own place */
    kta_plan_init(ret, kta_json_str(document, "question"),
                  kta_or(kta_json_str(document, "context"), policy ? policy->context : NULL),
                  kta_or(kta_json_str(document, "namespace"), policy ? policy->namespace_ : NULL));
    ret->reviewed_server = kta_strdup(kta_json_str(document, "server"));
    kta_json_each(m, steps) {
        i++;
        if (parse_step(m, policy, ret, err) < 0) {
            kta_err_wrap(err, "step %zu", i);
            kta_plan_release(ret);
            return -1;
        }
    }
    return 0;
}
