/*
 * watch.c - diagnose -w: findings that are new and findings that are gone, until interrupted.
 *
 * The cluster's events are watched; what they tell is looked at when they have been quiet for a
 * moment, at most every few seconds, and every half minute in any case, since not every recovery
 * makes an event. A finding is the same one while its code and object are.
 */
#include <poll.h>
#include <time.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/interrupt.h"
#include "kta/obj.h"
#include "look.h"

enum {
    LOOK_EVERY = 30000, /* ms */
    LOOK_MIN = 3000,    /* ms between two looks */
    QUIET = 1000,       /* ms without an event */
    TICK = 250,
};

struct watching {
    int64_t since; /* seconds: events older than the last look are known */
    int64_t from;  /* kta_now_ms() of the last look */
    int64_t last;  /* of the last event, 0: none */
};

static int64_t time_of(const struct kta_json *event)
{
    static const char *const paths[] = {"series.lastObservedTime", "lastTimestamp", "eventTime",
                                        "metadata.creationTimestamp"};
    for (size_t i = 0; i < KTA_LEN(paths); i++) {
        int64_t t = kta_time_parse(kta_json_str(event, paths[i]));
        if (t != KTA_NO_TIME)
            return t;
    }
    return KTA_NO_TIME;
}

static bool on_event(void *ctx, const char *type, struct kta_json *object)
{
    struct watching *w = ctx;

    if (!kta_streq(type, "DELETED") && time_of(object) >= w->since)
        w->last = kta_now_ms();
    return true;
}

static bool tick(void *ctx)
{
    const struct watching *w = ctx;
    int64_t now = kta_now_ms();

    return !w->last || now - w->last < QUIET || now - w->from < LOOK_MIN;
}

/* Until there is a reason to look again. -1: interrupted. */
static int wait_for_reason(struct app *app, struct watching *w, struct kta_err *err)
{
    kta_auto_free char *path =
        app->scope.namespace_ ? kta_asprintf("/api/v1/namespaces/%s/events", app->scope.namespace_)
                              : kta_strdup("/api/v1/events");
    struct kta_err why = KTA_ERR_INIT;

    w->last = 0;
    if (kta_cluster_watch(app->cluster, path, LOOK_EVERY, on_event, tick, TICK, w, &why) < 0 &&
        why.code != KTA_E_TIMEOUT && kta_interrupt_check(err) == 0) {
        /* Events cannot be watched: time alone decides. */
        struct pollfd p = {.fd = kta_interrupt_fd(), .events = POLLIN};
        int64_t left = LOOK_EVERY - (kta_now_ms() - w->from);
        if (left > 0)
            poll(&p, 1, (int)left);
    }
    return kta_interrupt_check(err);
}

static const struct kta_finding *same(const struct kta_findings *in, const struct kta_finding *f)
{
    for (size_t i = 0; i < in->n; i++)
        if (kta_streq(in->v[i]->code, f->code) && kta_ref_equal(&in->v[i]->object, &f->object))
            return in->v[i];
    return NULL;
}

static void tell_text(struct app *app, const char *clock, const char *what,
                      const struct kta_finding *f)
{
    kta_auto_free char *first = kta_asprintf("%s %-7s ", clock, what);
    const char *ns = f->object.namespace_;
    kta_auto_free char *text =
        kta_asprintf("%s %s %s%s%s: %s", kta_severity_name(f->severity), f->object.kind,
                     ns ? ns : "", ns ? "/" : "", f->object.name, f->summary);

    kta_ui_prose(app->ui, first, text);
}

static void tell(struct app *app, const char *what, const struct kta_finding *f)
{
    kta_auto_json struct kta_json *data = kta_finding_json(f);
    struct tm tm;
    char clock[16];
    time_t now = time(NULL);

    localtime_r(&now, &tm);
    strftime(clock, sizeof clock, "%H:%M:%S", &tm);
    if (app->output == KTA_OUT_TEXT)
        tell_text(app, clock, what, f);
    kta_report_event(kta_ui_report(app->ui),
                     kta_streq(what, "new") ? "finding.new" : "finding.cleared", data);
}

/* What is in now and was not before, and the other way about. */
static void compare(struct app *app, const struct kta_findings *before,
                    const struct kta_findings *now)
{
    for (size_t i = 0; i < now->n; i++)
        if (!same(before, now->v[i]))
            tell(app, "new", now->v[i]);
    for (size_t i = 0; i < before->n; i++)
        if (!same(now, before->v[i]))
            tell(app, "cleared", before->v[i]);
}

int watch_findings(struct app *app, struct look *l, struct kta_err *err)
{
    struct watching w = {0};
    const struct kta_findings none = {0};
    struct kta_err ignored = KTA_ERR_INIT;

    if (kta_cluster_is_snapshot(app->cluster))
        return kta_err_set(err, KTA_E_USAGE,
                           "a snapshot does not change: there is nothing to watch");
    compare(app, &none, &l->findings);
    w.since = kta_wall();
    w.from = kta_now_ms();
    if (app->output == KTA_OUT_TEXT)
        kta_ui_print(app->ui, "Watching %s; Ctrl-C ends it.\n",
                     kta_or(app->scope.namespace_, "all namespaces"));
    while (kta_ui_flush(app->ui, err) == 0 && wait_for_reason(app, &w, err) == 0) {
        struct look next = {0};
        w.since = kta_wall();
        w.from = kta_now_ms();
        if (look(app, &next, &ignored) == 0) {
            compare(app, &l->findings, &next.findings);
            look_release(l);
            *l = next;
            continue;
        }
        /* A target that is gone, or an API server that restarts: later, perhaps. */
        look_release(&next);
        if (kta_interrupt_check(err))
            break;
        kta_report_note(kta_ui_report(app->ui), "%s; it is tried again", ignored.msg);
        kta_err_clear(&ignored);
    }
    return -1;
}
