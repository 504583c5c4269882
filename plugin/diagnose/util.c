/*
 * util.c - small readings of objects and events that several analyzers share.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/kinds.h"

struct kta_json *kta_diag_template(const struct kta_json *o)
{
    const char *kind = kta_obj_kind(o);
    if (kta_streq(kind, "Pod"))
        return (struct kta_json *)(uintptr_t)o;
    if (kta_streq(kind, "CronJob"))
        return kta_json_at(o, "spec.jobTemplate.spec.template");
    return kta_json_at(o, "spec.template");
}

const struct kta_json *kta_diag_pod_spec(const struct kta_json *o)
{
    const struct kta_json *template_ = kta_diag_template(o);
    return kta_json_get(template_ ? template_ : o, "spec");
}

size_t kta_diag_uncontrolled(struct kta_world *w, const char *ns, const char *const *kinds,
                             size_t n_kinds, struct kta_json ***ret)
{
    size_t found = 0, cap = 0;
    *ret = NULL;
    for (size_t k = 0; k < n_kinds; k++) {
        struct kta_json *const *v;
        size_t n = kta_world_list(w, kinds[k], ns, &v);
        for (size_t i = 0; i < n; i++) {
            if (kta_obj_controller(v[i]))
                continue;
            KTA_GROW(*ret, found, cap);
            (*ret)[found++] = v[i];
        }
    }
    return found;
}

void kta_diag_kind_word(const char *kind, struct kta_str *out)
{
    for (const char *p = kta_or(kind, "object"); *p; p++)
        kta_str_addc(out, (char)tolower((unsigned char)*p));
}

char *kta_diag_ref(const struct kta_json *o)
{
    struct kta_str s = KTA_STR_INIT;
    kta_diag_kind_word(kta_obj_kind(o), &s);
    kta_str_addf(&s, "/%s", kta_or(kta_obj_name(o), "?"));
    return kta_str_detach(&s);
}

char *kta_diag_first_line(const char *s, size_t max)
{
    size_t n = s ? strcspn(s, "\r\n") : 0;
    return kta_strndup(s ? s : "", n < max ? n : max);
}

struct kta_finding *kta_diag_find(const struct kta_findings *f, const char *code,
                                  const struct kta_json *o)
{
    for (size_t i = 0; i < f->n; i++)
        if ((!code || kta_streq(f->v[i]->code, code)) &&
            kta_streq(f->v[i]->object.kind, kta_obj_kind(o)) &&
            kta_streq(f->v[i]->object.name, kta_obj_name(o)) &&
            kta_streq(f->v[i]->object.namespace_, kta_obj_namespace(o)))
            return f->v[i];
    return NULL;
}

struct kta_finding *kta_diag_add(struct kta_findings *out, const char *code,
                                 enum kta_severity severity, const struct kta_json *o,
                                 double confidence)
{
    return kta_findings_add(out, code, severity, kta_obj_kind(o), kta_obj_namespace(o),
                            kta_obj_name(o), confidence);
}

/* ---- events ---- */

static int64_t newest(const struct kta_json *ev, const char *const *paths, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t t = kta_time_parse(kta_json_str(ev, paths[i]));
        if (t != KTA_NO_TIME)
            return t;
    }
    return KTA_NO_TIME;
}

int64_t kta_event_time(const struct kta_json *ev)
{
    static const char *const paths[] = {"series.lastObservedTime", "lastTimestamp", "eventTime",
                                        "firstTimestamp", "metadata.creationTimestamp"};
    return newest(ev, paths, KTA_LEN(paths));
}

int64_t kta_event_first(const struct kta_json *ev)
{
    static const char *const paths[] = {"firstTimestamp", "eventTime",
                                        "metadata.creationTimestamp"};
    return newest(ev, paths, KTA_LEN(paths));
}

int64_t kta_event_count(const struct kta_json *ev)
{
    int64_t n = kta_json_int(ev, "series.count", 0);
    return n ? n : kta_json_int(ev, "count", 1);
}

struct kta_json *kta_diag_event(struct kta_world *w, const struct kta_json *o, const char *reason,
                                const char *text)
{
    struct kta_json **v, *found = NULL;
    size_t n = kta_world_events(w, o, &v);
    for (size_t i = 0; i < n && !found; i++)
        if ((!reason || kta_streq(kta_json_str(v[i], "reason"), reason)) &&
            (!text || kta_stristr(kta_or(kta_json_str(v[i], "message"), ""), text)))
            found = v[i];
    free(v);
    return found;
}

void kta_diag_quote_event(struct kta_finding *f, const struct kta_json *o,
                          const struct kta_json *ev)
{
    if (!ev)
        return;
    kta_auto_free char *ref = kta_diag_ref(o);
    kta_auto_free char *source = kta_asprintf("event %s", ref);
    kta_finding_quote(f, source, "%s: %.*s", kta_or(kta_json_str(ev, "reason"), "?"),
                      KTA_DIAG_QUOTE, kta_or(kta_json_str(ev, "message"), ""));
    int64_t first = kta_event_first(ev);
    if (first != KTA_NO_TIME && (f->since == KTA_NO_TIME || first < f->since))
        f->since = first;
}

/* ---- pods and templates ---- */

struct kta_json *kta_diag_container(const struct kta_json *spec, const char *name,
                                    const char **ret_list)
{
    static const char *const lists[] = {"containers", "initContainers", "ephemeralContainers"};
    for (size_t i = 0; i < KTA_LEN(lists); i++)
        kta_json_each(c, kta_json_get(spec, lists[i]))
            if (kta_streq(kta_json_str(c, "name"), name)) {
                if (ret_list)
                    *ret_list = lists[i];
                return c;
            }
    return NULL;
}

struct kta_json *kta_diag_env(const struct kta_json *container, const char *name)
{
    kta_json_each(e, kta_json_get(container, "env"))
        if (kta_streq(kta_json_str(e, "name"), name))
            return e;
    return NULL;
}

void kta_diag_labels(const struct kta_json *map, struct kta_str *out)
{
    bool first = true;
    kta_json_each(m, map) {
        kta_str_addf(out, "%s%s=%s", first ? "" : ",", kta_json_key(m),
                     kta_or(kta_json_text(m), ""));
        first = false;
    }
}

void kta_diag_changed(struct kta_world *w, struct kta_finding *f, int64_t when, const char *fmt,
                      ...)
{
    kta_auto_str struct kta_str what = KTA_STR_INIT, age = KTA_STR_INIT, at = KTA_STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    kta_str_vaddf(&what, fmt, ap);
    va_end(ap);
    if (when != KTA_NO_TIME) {
        kta_diag_age(w, when, &age);
        kta_str_addc(&age, ' ');
        kta_time_format(when, &at);
        kta_str_addc(&at, ' ');
    }
    free(f->change);
    free(f->change_at);
    f->change = kta_asprintf("%s%s", kta_or(age.s, ""), what.s);
    f->change_at = kta_asprintf("%s%s", kta_or(at.s, ""), what.s);
}

void kta_diag_age(struct kta_world *w, int64_t when, struct kta_str *out)
{
    int64_t age = when == KTA_NO_TIME ? -1 : kta_world_now(w) - when;
    if (age < 0) {
        kta_str_add(out, "just now");
        return;
    }
    kta_age(age, out);
    kta_str_add(out, " ago");
}

int64_t kta_diag_desired(const struct kta_json *o)
{
    const char *kind = kta_obj_kind(o);
    if (kta_streq(kind, "DaemonSet"))
        return kta_json_int(o, "status.desiredNumberScheduled", -1);
    if (kta_streq(kind, "Job"))
        return kta_json_int(o, "spec.parallelism", 1);
    if (kta_streq(kind, "Deployment") || kta_streq(kind, "StatefulSet") ||
        kta_streq(kind, "ReplicaSet"))
        return kta_json_int(o, "spec.replicas", 1);
    return -1;
}

int64_t kta_diag_ready(const struct kta_json *o)
{
    if (kta_streq(kta_obj_kind(o), "DaemonSet"))
        return kta_json_int(o, "status.numberReady", 0);
    return kta_json_int(o, "status.readyReplicas", 0);
}

bool kta_diag_settling(struct kta_world *w, const struct kta_json *o, int64_t seconds)
{
    int64_t t = kta_obj_created(o);
    return t != KTA_NO_TIME && kta_world_now(w) - t < seconds;
}

bool kta_names_alike(const char *service, const char *workload)
{
    size_t n = strlen(workload);
    if (kta_streq(service, workload))
        return true;
    if (!strncmp(service, workload, n) &&
        (kta_streq(service + n, "-service") || kta_streq(service + n, "-svc") ||
         kta_streq(service + n, "-headless") || kta_streq(service + n, "-lb")))
        return true;
    return kta_starts(service, "svc-") && kta_streq(service + 4, workload);
}

bool kta_diag_restartable(const struct kta_json *o)
{
    static const char *const kinds[] = {"Deployment", "StatefulSet", "DaemonSet"};
    for (size_t i = 0; i < KTA_LEN(kinds); i++)
        if (kta_streq(kta_obj_kind(o), kinds[i]))
            return true;
    return false;
}
