/* diagnose.c - the command diagnose: prints what a look finds, --fail-on, -w (watch.c). */
#include "look.h"

static int fail_on(struct app *app, const struct kta_findings *f, struct kta_err *err)
{
    enum kta_severity limit;

    if (!set_text(&app->set, OPT_FAIL_ON))
        return 0;
    kta_severity_parse(set_text(&app->set, OPT_FAIL_ON), &limit);
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i]->severity >= limit)
            return kta_err_set(err, KTA_E_FAIL_ON, "there are findings of severity %s or above",
                               kta_severity_name(limit));
    return 0;
}

static void findings_event(struct app *app, const struct kta_findings *f)
{
    kta_auto_json struct kta_json *data = kta_json_new_object();

    kta_json_set(data, "findings", kta_findings_json(f));
    kta_report_event(kta_ui_report(app->ui), "findings", data);
}

/* What to type next, where something can be done. */
static void next_step(struct app *app, const struct kta_findings *f)
{
    kta_auto_str struct kta_str line = KTA_STR_INIT;
    size_t fixable = 0;

    for (size_t i = 0; i < f->n; i++)
        fixable += f->v[i]->n_fixes > 0;
    if (app->output != KTA_OUT_TEXT || fixable == 0 || kta_cluster_is_snapshot(app->cluster))
        return;
    kta_str_addf(&line, "%zu finding%s; 'kubectl todo-ai fix", f->n, f->n == 1 ? "" : "s");
    if (set_on(&app->set, OPT_ALL_NAMESPACES))
        kta_str_add(&line, " -A");
    else if (app->set.v[OPT_NAMESPACE].source == FROM_FLAG)
        kta_str_addf(&line, " -n %s", app->scope.namespace_);
    for (size_t i = 0; i < app->words.n; i++)
        kta_str_addf(&line, " %s", app->words.v[i]);
    kta_str_addf(&line, "' %s",
                 fixable == f->n ? "proposes what mends them" : "proposes what can be done");
    if (fixable < f->n)
        kta_str_addf(&line, " about %zu of them", fixable);
    kta_str_addc(&line, '.');
    kta_ui_print(app->ui, "\n");
    kta_ui_prose(app->ui, "", line.s);
}

int cmd_diagnose(struct app *app, struct kta_err *err)
{
    static struct look l; /* goes with the program, at once: it may be large */
    kta_auto_str struct kta_str what = KTA_STR_INIT;
    int r = look(app, &l, err);
    size_t out = l.findings.left_out;

    if (r == 0 && out)
        kta_report_note(kta_ui_report(app->ui), "%zu finding%s left out: %s", out,
                        out == 1 ? " is" : "s are",
                        set_text(&app->set, OPT_BASELINE) ? "the baseline or ignore: names them"
                                                          : "ignore: names them");
    if (r == 0 && set_on(&app->set, OPT_WATCH)) {
        r = watch_findings(app, &l, err);
    } else if (r == 0) {
        kta_target_words(&l.targets, &app->scope, &what);
        if (app->output == KTA_OUT_TEXT && l.findings.n == 0)
            kta_ui_print(app->ui, "Nothing %sis wrong with %s as far as %s.\n",
                         l.findings.left_out ? "else " : "", what.s,
                         *kta_world_missing(l.world) ? "it could be read" : "the engine can see");
        findings_event(app, &l.findings);
        kta_ui_findings(app->ui, &l.findings);
        next_step(app, &l.findings);
        r = fail_on(app, &l.findings, err);
    }
    if (l.world) {
        kta_auto_json struct kta_json *doc = document_new(app, "FindingList");
        kta_json_set(doc, "findings", kta_findings_json(&l.findings));
        document_print(app, doc, err);
    }
    return r;
}
