/*
 * jobs.c - Jobs that failed or wait, CronJobs that do not run when they should.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"

static bool told(const struct kta_findings *out, const struct kta_json *o)
{
    const struct kta_finding *f = kta_diag_find(out, NULL, o);
    return f && f->severity != KTA_INFO;
}

bool kta_job_outdated(struct kta_world *w, const struct kta_json *job)
{
    const struct kta_json *ref = kta_obj_controller(job);
    if (!ref)
        return false;
    const struct kta_json *cron =
        kta_streq(kta_json_str(ref, "kind"), "CronJob")
            ? kta_world_get(w, "cronjobs", kta_obj_namespace(job), kta_json_str(ref, "name"), NULL)
            : NULL;
    kta_auto_str struct kta_str differs = KTA_STR_INIT;
    if (cron && kta_template_diff(kta_json_at(job, "spec.template.spec"),
                                  kta_json_get(kta_diag_template(cron), "spec"), &differs))
        return true; /* its next job will tell */
    struct kta_json *const *v;
    size_t n = kta_world_list(w, "jobs", kta_obj_namespace(job), &v);
    for (size_t i = 0; i < n; i++)
        if (kta_obj_owned_by(v[i], kta_json_str(ref, "uid")) &&
            kta_obj_created(v[i]) > kta_obj_created(job))
            return true;
    return false;
}

bool kta_pod_settled(struct kta_world *w, const struct kta_json *pod)
{
    const struct kta_json *ref = kta_obj_controller(pod);
    if (!kta_streq(kta_json_str(ref, "kind"), "Job"))
        return false;
    const struct kta_json *job = kta_world_uid(w, kta_json_str(ref, "uid"));
    return job && (kta_job_outdated(w, job) || kta_obj_condition_is(job, "Complete", "True") ||
                   kta_obj_condition_is(job, "SuccessCriteriaMet", "True"));
}

static void failed(struct kta_world *w, struct kta_json *job, struct kta_findings *out)
{
    const struct kta_json *c = kta_obj_condition(job, "Failed");
    struct kta_json *owner = kta_world_owner(w, job);
    const char *reason = kta_or(kta_json_str(c, "reason"), "");
    bool deadline = kta_streq(reason, "DeadlineExceeded");
    if (!deadline && told(out, owner))
        return; /* why its pods fail is known */
    struct kta_finding *f = kta_diag_add(out, deadline ? "Job.Deadline" : "Job.BackoffLimit",
                                         KTA_CRITICAL, owner, deadline ? 0.95 : 0.7);
    f->since = kta_time_parse(kta_json_str(c, "lastTransitionTime"));
    kta_finding_quote(f, "status", "job/%s: %s: %s", kta_obj_name(job), reason,
                      kta_or(kta_json_str(c, "message"), ""));
    if (deadline) {
        long long s = (long long)kta_json_int(job, "spec.activeDeadlineSeconds", 0);
        kta_finding_summary(f,
                            "job %s was ended because it took longer than its deadline of %lld s",
                            kta_obj_name(job), s);
        kta_finding_advice(f, "Raise activeDeadlineSeconds if the work needs longer, else look why "
                              "it does not end.");
    } else {
        kta_finding_summary(f,
                            "job %s failed: its pods failed more often than its backoffLimit of "
                            "%lld allows",
                            kta_obj_name(job),
                            (long long)kta_json_int(job, "spec.backoffLimit", 6));
        kta_finding_advice(f, "Its pods are gone with their logs: run it again and look at the log "
                              "of the first pod that fails.");
    }
    for (size_t i = 0; i + 1 < out->n; i++) /* what its pods told before is part of it */
        if (deadline && kta_streq(out->v[i]->object.name, kta_obj_name(owner)) &&
            kta_streq(out->v[i]->object.kind, kta_obj_kind(owner)))
            out->v[i]->severity = KTA_INFO;
}

/* A state that somebody wrote a reason for. */
static bool on_purpose(const struct kta_json *o)
{
    kta_json_each(a, kta_json_at(o, "metadata.annotations")) {
        const char *k = kta_or(kta_json_key(a), "");
        if (kta_stristr(k, "suspend") || kta_stristr(k, "paused") ||
            kta_stristr(k, "maintenance") || kta_stristr(k, "purpose") || kta_stristr(k, "reason"))
            return true;
    }
    return false;
}

/* parallelism 0: suspended by another word. */
static void no_parallelism(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    if (on_purpose(o))
        return;
    struct kta_finding *f = kta_diag_add(out, "Job.Suspended", KTA_WARNING, o, 0.9);
    f->since = kta_obj_created(o);
    kta_finding_summary(f, "job/%s may run no pod: its parallelism is 0", kta_obj_name(o));
    kta_finding_quote(f, "spec", "parallelism: 0");
    (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, o, KTA_PATCH_MERGE, "{\"spec\":{\"parallelism\":1}}",
                        "let one pod run at a time");
    kta_finding_advice(f, "If that is on purpose, say so in an annotation.");
}

static void suspended(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    if (on_purpose(o))
        return;
    bool cron = kta_streq(kta_obj_kind(o), "CronJob");
    kta_auto_free char *ref = kta_diag_ref(o);
    struct kta_finding *f =
        kta_diag_add(out, cron ? "CronJob.Suspended" : "Job.Suspended", KTA_WARNING, o, 0.9);
    kta_finding_summary(f, "%s is suspended: it does not run", ref);
    kta_finding_quote(f, "spec", "suspend: true");
    const char *who;
    int64_t when;
    if (kta_managed_by(o, "spec.suspend", &who, &when) && when != KTA_NO_TIME) {
        f->since = when;
        if (when > kta_obj_created(o)) {
            kta_diag_changed(w, f, when, "%s suspended it", who);
        }
    }
    (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, o, KTA_PATCH_MERGE, "{\"spec\":{\"suspend\":false}}",
                        "let it run again");
    kta_finding_advice(f, "If that is on purpose, say so in an annotation.");
}

/* A day of the month that none of its months has ("0 0 31 2 *"). */
static bool never(const char *schedule)
{
    char day[64] = "", month[64] = "";
    if (sscanf(schedule, "%*s %*s %63s %63s", day, month) != 2)
        return false;
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (strspn(day, "0123456789") != strlen(day) || strspn(month, "0123456789") != strlen(month))
        return false;
    long d = strtol(day, NULL, 10), m = strtol(month, NULL, 10);
    return m >= 1 && m <= 12 && d > days[m - 1];
}

static void cron(struct kta_world *w, struct kta_json *o, struct kta_findings *out)
{
    const char *schedule = kta_or(kta_json_str(o, "spec.schedule"), "");
    static const char *const reasons[][3] = {
        {"UnparseableSchedule", "CronJob.InvalidSchedule", "its schedule cannot be read"},
        {"UnknownTimeZone", "CronJob.InvalidSchedule", "its time zone is unknown"},
        {"TooManyMissedTimes", "CronJob.MissedSchedule", "it missed too many starts"},
        {"MissSchedule", "CronJob.MissedSchedule", "it missed its start (startingDeadlineSeconds)"},
        {"FailedCreate", "CronJob.CannotCreate", "its job cannot be created"},
    };
    if (kta_json_bool(o, "spec.suspend", false)) {
        suspended(w, o, out);
        return;
    }
    if (never(schedule)) {
        struct kta_finding *f = kta_diag_add(out, "CronJob.InvalidSchedule", KTA_CRITICAL, o, 0.95);
        kta_finding_summary(f, "cronjob/%s never runs: there is no day as its schedule '%s' says",
                            kta_obj_name(o), schedule);
        kta_finding_advice(f, "Correct the schedule (minute hour day month weekday).");
        return;
    }
    for (size_t i = 0; i < KTA_LEN(reasons); i++) {
        const struct kta_json *ev = kta_diag_event(w, o, reasons[i][0], NULL);
        int64_t last = kta_time_parse(kta_json_str(o, "status.lastScheduleTime"));
        if (!ev || (last != KTA_NO_TIME && last > kta_event_time(ev)))
            continue;
        struct kta_finding *f = kta_diag_add(out, reasons[i][1], KTA_CRITICAL, o, 0.9);
        kta_finding_summary(f, "cronjob/%s does not run: %s", kta_obj_name(o), reasons[i][2]);
        kta_diag_quote_event(f, o, ev);
        kta_finding_quote(f, "spec", "schedule: %s", schedule);
        if (i == 2 || i == 3)
            (void)kta_fix_patch(w, f, KTA_RISK_MEDIUM, o, KTA_PATCH_MERGE,
                                "{\"spec\":{\"startingDeadlineSeconds\":300}}",
                                "allow a start up to 300 s late");
        return;
    }
    const struct kta_json *busy = kta_diag_event(w, o, "JobAlreadyActive", NULL);
    if (busy && kta_streq(kta_json_str(o, "spec.concurrencyPolicy"), "Forbid")) {
        struct kta_finding *f = kta_diag_add(out, "CronJob.Blocked", KTA_WARNING, o, 0.85);
        kta_finding_summary(f, "cronjob/%s skips its starts: an earlier job of it still runs",
                            kta_obj_name(o));
        kta_diag_quote_event(f, o, busy);
        kta_finding_advice(f, "Look why that job does not end; give it activeDeadlineSeconds.");
    }
}

void kta_analyze_jobs(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    struct kta_json *const *v;
    /* With a focus elsewhere nothing is read for it. */
    if (kta_world_has_focus(w) && !kta_world_has_list(w, "jobs", ns))
        return;
    size_t n = kta_world_list(w, "jobs", ns, &v);
    for (size_t i = 0; i < n; i++) {
        if (!kta_world_focused(w, v[i]))
            continue;
        bool over = kta_obj_condition_is(v[i], "Failed", "True") ||
                    kta_obj_condition_is(v[i], "Complete", "True");
        if (!over && !kta_json_bool(v[i], "spec.suspend", false) && !kta_job_outdated(w, v[i]) &&
            kta_json_int(v[i], "status.active", 0) < kta_diag_desired(v[i]) &&
            kta_refused(w, v[i], out))
            continue;
        if (kta_obj_condition_is(v[i], "Failed", "True") && !kta_job_outdated(w, v[i]))
            failed(w, v[i], out);
        else if (kta_json_bool(v[i], "spec.suspend", false) && !kta_obj_controller(v[i]))
            suspended(w, v[i], out);
        else if (!over && kta_json_int(v[i], "spec.parallelism", 1) == 0)
            no_parallelism(w, v[i], out);
    }
    n = kta_world_list(w, "cronjobs", ns, &v);
    for (size_t i = 0; i < n; i++)
        if (kta_world_focused(w, v[i]))
            cron(w, v[i], out);
}
