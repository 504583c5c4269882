/*
 * log_errors.c - a program that runs and is ready, and whose log says the same error again and
 * again.
 *
 * Kubernetes sees nothing wrong then, so it is told for information, and only of what was asked
 * about: a log is a request. Nothing is read where a cause has been found already.
 */
#include <stdlib.h>
#include <string.h>
#include "diag.h"
#include "kta/alloc.h"
#include "kta/re.h"
#include "log_records.h"

#define OBJECTS 3  /* workloads whose log is read */
#define GROUPS  16 /* different errors that are counted in a log */
#define OFTEN   3  /* how often an error is said before it counts */

struct group {
    const struct kta_record *first;
    size_t said, last; /* last: the number of the record */
};

static bool tells_error(const struct kta_record *r)
{
    static struct kta_re *error, *calm;

    if (!error) {
        error = kta_re_must("(?<![\\w-])(?:error|exception|fatal|panic|failed|failure|traceback|"
                            "critical|severe)(?![\\w-])|^[EF]\\d{4} ",
                            KTA_RE_ICASE | KTA_RE_MULTILINE);
        calm = kta_re_must("^.{0,60}\\b(?:INFO|DEBUG|TRACE|WARN|WARNING|NOTICE)\\b", 0);
    }
    return kta_re_find(error, r->text.s, r->text.len, 0, NULL) &&
           !kta_re_find(calm, r->text.s, r->text.len, 0, NULL) &&
           !kta_log_harmless(r->text.s, r->text.len);
}

/* The error that is said most often and still at the end; said is 0 where there is none. */
static struct group most_said(const struct kta_records *rs)
{
    struct group v[GROUPS] = {0}, best = {0};
    size_t n = 0;

    for (size_t i = 0; i < rs->n; i++) {
        size_t g = 0;
        if (!tells_error(&rs->v[i]))
            continue;
        while (g < n && !kta_log_alike(v[g].first->text.s, rs->v[i].text.s))
            g++;
        if (g == GROUPS)
            continue;
        if (g == n)
            v[n++].first = &rs->v[i];
        v[g].said += rs->v[i].said;
        v[g].last = i;
    }
    for (size_t g = 0; g < n; g++)
        if (v[g].said >= OFTEN && v[g].said > best.said && v[g].last + 1 + rs->n / 4 >= rs->n)
            best = v[g];
    return best;
}

static void read_container(struct kta_world *w, struct kta_json *pod, struct kta_json *owner,
                           const char *container, struct kta_findings *out)
{
    struct kta_records rs = {0};
    size_t len;
    const char *log =
        kta_world_log(w, kta_obj_namespace(pod), kta_obj_name(pod), container, false, &len);

    if (!log)
        return;
    kta_records_of(log, len, &rs);
    struct group g = most_said(&rs);
    if (g.said && !kta_diag_find(out, "Logs.Errors", owner)) {
        struct kta_finding *f = kta_diag_add(out, "Logs.Errors", KTA_INFO, owner, 0.4);
        kta_auto_free char *ref = kta_diag_ref(owner);
        kta_auto_free char *line = kta_diag_first_line(g.first->text.s, 200);
        kta_auto_free char *source = kta_asprintf("log pod/%s %s", kta_obj_name(pod), container);
        kta_finding_summary(f, "%s runs, but its log says the same error again and again: %s", ref,
                            line);
        kta_finding_quote(f, source, "%s (%zu like this in %zu lines)", line, g.said,
                          rs.v[rs.n - 1].line);
        kta_finding_advice(f, "Look at the program: it goes on after that error, so nothing else "
                              "tells of it.");
    }
    kta_records_release(&rs);
}

static bool explained(const struct kta_findings *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i]->severity >= KTA_WARNING)
            return true;
    return false;
}

void kta_analyze_log_errors(struct kta_world *w, const char *ns, struct kta_findings *out)
{
    struct kta_json *const *v;
    struct kta_json *done[OBJECTS];
    size_t n_done = 0, n;

    if (!ns || explained(out) || !(kta_world_has_focus(w) || kta_world_wants_logs(w)))
        return;
    n = kta_world_list(w, "pods", ns, &v);
    for (size_t i = 0; i < n && n_done < OBJECTS; i++) {
        struct kta_json *owner = kta_world_owner(w, v[i]);
        bool seen = false;
        for (size_t k = 0; k < n_done; k++)
            seen = seen || done[k] == owner;
        if (seen || !kta_world_focused(w, v[i]) || !kta_pod_ready(v[i]))
            continue;
        done[n_done++] = owner;
        kta_json_each(s, kta_json_at(v[i], "status.containerStatuses"))
            read_container(w, v[i], owner, kta_json_str(s, "name"), out);
    }
}
