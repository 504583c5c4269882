/*
 * audited.c - what the audit log says of a plan's steps: that one begins, and what became of each.
 */
#include "actions.h"

#include "kta/alloc.h"

static struct kta_json *record_of(struct kta_pipeline *p, const struct kta_plan *plan,
                                  const struct kta_step *s)
{
    struct kta_json *o = kta_json_new_object(), *argv = kta_json_new_array();
    struct kta_json *objects = kta_json_new_array();
    kta_auto_free char *question = kta_redact_dup(p->redact, plan->question);

    for (size_t i = 0; i < s->argv.n; i++) {
        kta_auto_free char *shown = kta_redact_has_placeholder(s->argv.v[i])
                                        ? kta_strdup(s->argv.v[i])
                                        : kta_redact_dup(p->redact, s->argv.v[i]);

        kta_json_push_str(argv, kta_or(shown, ""));
    }
    for (size_t i = 0; s->touches && i < s->touches->n && i < 50; i++) {
        kta_auto_str struct kta_str name = KTA_STR_INIT;

        if (s->touches->v[i].record)
            continue;
        kta_touch_name(&s->touches->v[i], &name);
        kta_json_push_str(objects, name.s);
    }
    kta_json_set(o, "change", kta_json_new_str(s->journal ? s->journal : plan->id));
    kta_json_set(o, "question", kta_json_new_str(question));
    kta_json_set(o, "undoOf", kta_json_new_str(plan->undo_of));
    kta_json_set_str(o, "context", kta_cluster_context(p->cluster));
    kta_json_set_str(o, "server", kta_cluster_server(p->cluster));
    kta_json_set(o, "clusterUser", kta_json_new_str(kta_cluster_user(p->cluster)));
    kta_json_set_str(o, "step", s->id);
    kta_json_set(o, "argv", argv);
    kta_json_set(o, "objects", objects);
    kta_json_set_str(o, "risk", kta_risk_name(s->risk));
    kta_json_set(o, "confirmedBy", kta_json_new_str(s->confirmed[0] ? s->confirmed : NULL));
    return o;
}

int kta_audit_start(struct kta_pipeline *p, const struct kta_plan *plan, const struct kta_step *s,
                    struct kta_err *err)
{
    struct kta_json *o = record_of(p, plan, s);

    kta_json_set_str(o, "state", "started");
    if (kta_audit_write(p->audit, "action", o, err) == 0)
        return 0;
    kta_err_wrap(err, "step %s cannot be audited", s->id);
    return kta_err_hint(err, "the step was not run: make room for, or repair, the audit log "
                             "(auditLog: in the configuration)");
}

void kta_audit_outcomes(struct kta_pipeline *p, const struct kta_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct kta_step *s = plan->v[i];
        struct kta_json *o = record_of(p, plan, s);
        kta_auto_free char *outcome = kta_redact_dup(p->redact, s->outcome);
        struct kta_err err = KTA_ERR_INIT;

        kta_json_set_str(o, "state", kta_state_name(s->state));
        kta_json_set_int(o, "exitCode", s->exit_code);
        kta_json_set(o, "outcome", kta_json_new_str(outcome));
        if (kta_audit_write(p->audit, "action", o, &err) < 0)
            kta_report_note(p->report, "%s", err.msg);
    }
}
