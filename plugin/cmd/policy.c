/* policy.c - the commands policy check and policy explain: rules can be tested in CI. */
#include "app.h"

#include <string.h>

#include "kta/alloc.h"
#include "kta/interrupt.h"
#include "kta/kubeconfig.h"
#include "kta/limits.h"

/* check's line has exactly two members, scripts count on it; explain adds why. */
static void verdict_line(const struct kta_verdict *v, bool explain)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct kta_json *o = kta_json_new_object();

    kta_json_set_str(o, "class", kta_class_name(v->class_));
    kta_json_set_str(o, "reason", v->reason);
    if (explain)
        kta_json_set_str(o, "rule", v->rule);
    if (explain && v->class_ == KTA_CLASS_WRITE) {
        kta_json_set_str(o, "risk", kta_risk_name((enum kta_risk)v->risk));
        kta_json_set_str(o, "riskWhy", v->risk_why);
    }
    kta_json_print(o, false, &text);
    kta_json_free(o);
    puts(text.s);
}

/* A line that is no argv is deny. */
static void check_line(struct app *app, const char *line, size_t n)
{
    kta_auto_json struct kta_json *words = NULL;
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    struct kta_err err = KTA_ERR_INIT;
    struct kta_verdict v = {.class_ = KTA_CLASS_DENY};
    bool good = kta_json_parse(line, n, &words, &err) == 0 &&
                kta_json_type(words) == KTA_JSON_ARRAY && kta_json_len(words) <= KTA_MAX_ARGV;

    kta_json_each(w, good ? words : NULL) {
        if (!kta_json_text(w))
            good = false;
        else
            kta_argv_add(&argv, kta_json_text(w));
    }
    if (good)
        kta_policy_check(&app->policy, &argv, NULL, &v);
    else
        snprintf(v.reason, sizeof v.reason, "this line is not a JSON array of words");
    verdict_line(&v, false);
}

static int check_stdin(struct app *app, struct kta_err *err)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;

    while ((n = getline(&line, &cap, stdin)) >= 0 && kta_interrupt_check(err) == 0) {
        while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
            n--;
        check_line(app, line, (size_t)n);
        fflush(stdout);
    }
    free(line);
    return kta_interrupt_check(err);
}

/* The session that a command would run in: without --context, the kubeconfig's current one. There
 * need not be a kubeconfig: rules are tested in CI too. */
static struct kta_kubeconfig *current(struct app *app)
{
    struct kta_kube_flags flags = {.kubeconfig = set_text(&app->set, OPT_KUBECONFIG),
                                   .context = app->policy.context,
                                   .namespace_ = app->policy.namespace_};
    struct kta_kubeconfig *k = NULL;
    struct kta_err ignored = KTA_ERR_INIT;

    if (kta_kubeconfig_load(&flags, &k, &ignored) < 0)
        return NULL;
    app->policy.context = k->context;
    app->policy.namespace_ = k->namespace_;
    return k;
}

static int verdict_of_words(struct app *app, bool explain, struct kta_err *err)
{
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    struct kta_verdict v;

    for (size_t i = 1; i < app->words.n; i++)
        kta_argv_add(&argv, app->words.v[i]);
    if (argv.n == 0) {
        kta_err_set(err, KTA_E_USAGE, "there is no command to look at");
        return kta_err_hint(err, "kubectl todo-ai policy %s -- kubectl get pods",
                            explain ? "explain" : "check");
    }
    kta_policy_check(&app->policy, &argv, NULL, &v);
    if (app->output != KTA_OUT_TEXT) {
        verdict_line(&v, explain);
    } else {
        kta_ui_print(app->ui, "%s: %s\n", kta_class_name(v.class_), v.reason);
        if (explain)
            kta_ui_print(app->ui, "decided by: %s\n", v.rule);
        if (explain && v.class_ == KTA_CLASS_WRITE)
            kta_ui_print(app->ui, "risk: %s%s%s\n", kta_risk_name((enum kta_risk)v.risk),
                         v.risk_why[0] ? ", " : "", v.risk_why);
    }
    app->documented = true;
    return 0;
}

int cmd_policy(struct app *app, struct kta_err *err)
{
    const char *what = app->words.n ? app->words.v[0] : "";
    bool check = kta_streq(what, "check"), explain = kta_streq(what, "explain");

    if (!check && !explain) {
        kta_err_set(err, KTA_E_USAGE, "policy takes check or explain, not '%s'", what);
        return kta_err_hint(err, "kubectl todo-ai policy check -- kubectl get pods");
    }
    if (app_open_policy(app, err) < 0)
        return -1;
    struct kta_kubeconfig *k = current(app);
    int r = check && set_on(&app->set, OPT_JSONL) ? check_stdin(app, err)
                                                  : verdict_of_words(app, explain, err);
    kta_kubeconfig_free(k);
    return r;
}
