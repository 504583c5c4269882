/* app.c - opens the rooms of one run by what flags, environment and configuration say. */
#include "app.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/http.h"
#include "kta/interrupt.h"
#include "kta/limits.h"
#include "kta/log.h"
#include "kta/tools.h"
#include "kta/yaml.h"

static int make_ui(struct app *app, struct kta_err *err)
{
    const char *output = kta_or(set_text(&app->set, OPT_OUTPUT), "text");
    int level;

    if (set_number(&app->set, OPT_VERBOSE, 0, &level, err) < 0)
        return -1;
    kta_log_level(level);
    app->output = kta_streq(output, "json")    ? KTA_OUT_JSON
                  : kta_streq(output, "jsonl") ? KTA_OUT_JSONL
                                               : KTA_OUT_TEXT;
    bool quiet = set_on(&app->set, OPT_QUIET);
    const char *dry = set_text(&app->set, OPT_DRY_RUN);
    bool dry_run = dry && !kta_streq(dry, "none");
    struct kta_ui_options o = {
        .output = app->output,
        .quiet = quiet,
        .whole_diffs = quiet || dry_run || set_text(&app->set, OPT_YES) ||
                       set_on(&app->set, OPT_SKIP_PERMISSIONS) || set_on(&app->set, OPT_READ_ONLY),
        .no_colour = set_on(&app->set, OPT_NO_COLOR),
        .script = quiet && dry_run && app->output == KTA_OUT_TEXT,
    };
    app->ui = kta_ui_new(&o);
    const char *trace = set_text(&app->set, OPT_TRACE);
    return trace ? kta_ui_trace(app->ui, trace, err) : 0;
}

int app_init(struct app *app, int argc, char **argv, struct kta_err *err)
{
    memset(app, 0, sizeof *app);
    if (options_parse(argc, argv, &app->set, &app->words, &app->dash, err) < 0)
        return -1;
    if (config_load(set_text(&app->set, OPT_CONFIG), &app->set, &app->config, err) < 0)
        return -1;
    if (set_text(&app->set, OPT_REPLAY)) {
        app_make_redact(app);
        if (replay_begin(app, err) < 0)
            return -1;
    }
    kta_argv_copy(&app->given, &app->words);
    return make_ui(app, err);
}

void app_close_cluster(struct app *app)
{
    kta_cluster_free(app->cluster);
    app->cluster = NULL;
    kta_json_free(app->admin_policy);
    app->admin_policy = NULL;
    kta_argv_release(&app->session_flags);
    free(app->kubectl);
    free(app->helm);
    app->kubectl = app->helm = NULL;
}

void app_release(struct app *app)
{
    kta_llm_free(app->llm);
    kta_custom_tools_free(app->custom_tools);
    app_close_cluster(app);
    kta_redact_free(app->redact);
    kta_ui_free(app->ui);
    kta_argv_release(&app->words);
    kta_argv_release(&app->given);
    config_release(&app->config);
    settings_release(&app->set);
}

void app_make_redact(struct app *app)
{
    const char *mode = app->config.redaction;

    if (!app->redact)
        app->redact = kta_redact_new(kta_streq(mode, "off")      ? KTA_REDACT_OFF
                                     : kta_streq(mode, "strict") ? KTA_REDACT_STRICT
                                                                 : KTA_REDACT_STANDARD);
    kta_redact_read_secrets(app->redact, !app->config.leave_secrets);
}

static int read_admin_policy(struct app *app, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    struct stat st;

    if (app->admin_policy)
        return 0;
    /* only what is not there is no policy; what cannot be read is an error */
    if (lstat(ADMIN_POLICY, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (kta_fs_read(ADMIN_POLICY, KTA_MAX_CONFIG_FILE, &text, err) < 0 ||
        kta_yaml_parse(text.s, text.len, &app->admin_policy, err) < 0) {
        err->code = KTA_E_USAGE;
        return kta_err_wrap(err, "read the administrator's policy %s", ADMIN_POLICY);
    }
    return 0;
}

int app_open_policy(struct app *app, struct kta_err *err)
{
    app_make_redact(app);
    if (read_admin_policy(app, err) < 0)
        return -1;
    if (app->admin_policy && kta_policy_validate_admin(app->admin_policy, err) < 0)
        return kta_err_wrap(err, "%s", ADMIN_POLICY);
    if (kta_policy_validate(app->config.rules, app->config.protected_, err) < 0)
        return kta_err_wrap(err, "%s", app->config.path);
    app->policy = (struct kta_policy){
        .enabled_commands = app->config.has_enabled ? &app->config.enabled : NULL,
        .rules = app->config.rules,
        .protected_ = app->config.protected_,
        .admin = app->admin_policy,
        .context = set_text(&app->set, OPT_CONTEXT),
        .namespace_ = set_text(&app->set, OPT_NAMESPACE),
    };
    return 0;
}

/* Flags of this session that every command needs to reach the same cluster as the same user. */
static void make_session_flags(struct app *app)
{
    static const enum opt_id passed[] = {OPT_CLUSTER, OPT_USER,   OPT_AS,
                                         OPT_AS_UID,  OPT_SERVER, OPT_TOKEN};

    for (size_t i = 0; i < KTA_LEN(passed); i++)
        if (set_text(&app->set, passed[i]))
            kta_argv_addf(&app->session_flags, "--%s=%s", opt_rows[passed[i]].name,
                          set_text(&app->set, passed[i]));
    for (size_t i = 0; i < app->set.v[OPT_AS_GROUP].list.n; i++)
        kta_argv_addf(&app->session_flags, "--as-group=%s", app->set.v[OPT_AS_GROUP].list.v[i]);
    if (set_on(&app->set, OPT_INSECURE))
        kta_argv_add(&app->session_flags, "--insecure-skip-tls-verify=true");
}

static int open_live(struct app *app, struct kta_err *err)
{
    const struct settings *s = &app->set;
    struct kta_kubeconfig *k = NULL;
    int64_t timeout;
    struct kta_kube_flags flags = {
        .kubeconfig = set_text(s, OPT_KUBECONFIG),
        .context = set_text(s, OPT_CONTEXT),
        .cluster = set_text(s, OPT_CLUSTER),
        .user = set_text(s, OPT_USER),
        .namespace_ = set_text(s, OPT_NAMESPACE),
        .server = set_text(s, OPT_SERVER),
        .token = set_text(s, OPT_TOKEN),
        .as = set_text(s, OPT_AS),
        .as_uid = set_text(s, OPT_AS_UID),
        .as_groups = &s->v[OPT_AS_GROUP].list,
        .insecure = set_on(s, OPT_INSECURE),
    };

    if (set_duration(s, OPT_REQUEST_TIMEOUT, 0, &timeout, err) < 0)
        return -1;
    if (kta_kubeconfig_load(&flags, &k, err) < 0) {
        const char *from = s->v[OPT_CONTEXT].source == FROM_FILE ? app->config.path : NULL;
        return from ? kta_err_wrap(err, "context from %s", from) : -1;
    }
    make_session_flags(app);
    if (set_text(s, OPT_KUBECONFIG))
        setenv("KUBECONFIG", k->env_kubeconfig ? k->env_kubeconfig : flags.kubeconfig, 1);
    return kta_cluster_open(k, timeout, &app->cluster, err);
}

static int yes_of(const struct app *app)
{
    enum kta_risk r;

    if (set_on(&app->set, OPT_SKIP_PERMISSIONS))
        return KTA_RISK_HIGH;
    if (set_text(&app->set, OPT_YES) && kta_risk_parse(set_text(&app->set, OPT_YES), &r) == 0)
        return (int)r;
    return -1;
}

static enum kta_dry dry_of(const struct app *app)
{
    const char *dry = set_text(&app->set, OPT_DRY_RUN);

    if (!dry || kta_streq(dry, "none"))
        return KTA_DRY_NONE;
    return kta_streq(dry, "client") ? KTA_DRY_CLIENT : KTA_DRY_SERVER;
}

static int make_pipeline(struct app *app, struct kta_err *err)
{
    app->kubectl = kta_fs_which("kubectl");
    app->helm = kta_fs_which("helm");
    if (replaying(app) && !app->kubectl) /* not run: the recording answers */
        app->kubectl = kta_strdup("/kubectl");
    if (replaying(app) && !app->helm)
        app->helm = kta_strdup("/helm");
    app->pipeline = (struct kta_pipeline){
        .cluster = app->cluster,
        .redact = app->redact,
        .policy = &app->policy,
        .report = kta_ui_report(app->ui),
        .kubectl = app->kubectl,
        .helm = app->helm,
        .session_flags = &app->session_flags,
        .dry_run = dry_of(app),
        .read_only = set_on(&app->set, OPT_READ_ONLY),
        .quiet = set_on(&app->set, OPT_QUIET),
        .yes = yes_of(app),
        .no_verify = set_on(&app->set, OPT_NO_VERIFY),
        .rollback_on_failure = set_on(&app->set, OPT_ROLLBACK),
        .journal = app->config.journal,
        .audit = &app->config.audit,
    };
    return set_duration(&app->set, OPT_VERIFY_TIMEOUT, 0, &app->pipeline.verify_timeout_ms, err);
}

const char *app_input(const char *file)
{
    return kta_streq(file, "-") ? "/dev/stdin" : file;
}

void app_set_scope(struct app *app)
{
    app->scope.selector = set_text(&app->set, OPT_SELECTOR);
    app->scope.namespace_ =
        set_on(&app->set, OPT_ALL_NAMESPACES)
            ? NULL
            : kta_or(set_text(&app->set, OPT_NAMESPACE), kta_cluster_namespace(app->cluster));
    app->policy.namespace_ = app->scope.namespace_;
    kta_ui_where(app->ui, kta_cluster_context(app->cluster), kta_cluster_server(app->cluster),
                 app->scope.namespace_);
}

int app_open_cluster(struct app *app, struct kta_err *err)
{
    const char *snapshot = set_text(&app->set, OPT_SNAPSHOT);

    if (app->cluster)
        return 0;
    if (app_open_policy(app, err) < 0)
        return -1;
    if (replaying(app) ? replay_open_cluster(app, err)
        : snapshot     ? kta_cluster_open_snapshot(snapshot, &app->cluster, err)
                       : open_live(app, err))
        return -1;
    app->policy.context = kta_cluster_context(app->cluster);
    app_set_scope(app);
    if (make_pipeline(app, err) < 0)
        return -1;
    return record_begin(app, app->piped, err);
}

/* What flags (or the file) say of the model. */
static struct kta_llm_config llm_config(const struct settings *s, enum opt_source from)
{
    static const enum opt_id ids[] = {OPT_LLM_PROVIDER, OPT_MODEL, OPT_ENDPOINT, OPT_API_KEY_FILE};
    const char *v[KTA_LEN(ids)];

    for (size_t i = 0; i < KTA_LEN(ids); i++)
        v[i] = s->v[ids[i]].source == from ? set_text(s, ids[i]) : NULL;
    return (struct kta_llm_config){.provider = v[0],
                                   .model = v[1],
                                   .endpoint = v[2],
                                   .api_key_file = v[3],
                                   .insecure = set_on(s, OPT_SKIP_VERIFY_SSL)};
}

/* What only a run with a model needs: tools of the user's own, and what may be spent. */
static int open_extras(struct app *app, struct kta_err *err)
{
    const struct kta_argv *paths = &app->set.v[OPT_CUSTOM_TOOLS].list;
    const char *most = set_text(&app->set, OPT_MAX_COST);
    kta_auto_free char *usual = kta_xdg_path(KTA_XDG_CONFIG, "tools.yaml");

    for (size_t i = 0; i < paths->n; i++) {
        kta_auto_free char *path = kta_fs_expand(paths->v[i]);
        if (kta_custom_tools_load(path, &app->custom_tools, err) < 0)
            return -1;
    }
    if (paths->n == 0 && usual && kta_fs_exists(usual) &&
        kta_custom_tools_load(usual, &app->custom_tools, err) < 0)
        return -1;
    if (most && app->ceiling.usd > 0 && !set_text(&app->set, OPT_MODEL_PRICE) &&
        !kta_streq(kta_llm_provider(app->llm), "openrouter")) {
        kta_err_set(err, KTA_E_USAGE, "--max-cost in dollars needs the model's price");
        return kta_err_hint(err, "give --model-price IN/OUT (dollars for a million tokens), or a "
                                 "ceiling in tokens");
    }
    return 0;
}

/* Somebody named a model and reads the engine's answer. */
static void note_unused_model(struct app *app)
{
    const char *model = set_text(&app->set, OPT_MODEL);

    if (model && !set_text(&app->set, OPT_LLM_PROVIDER))
        kta_report_note(kta_ui_report(app->ui),
                        "model '%s' is not asked, since no provider, key or endpoint is set: the "
                        "built-in engine answers",
                        model);
}

int app_open_llm(struct app *app, struct kta_err *err)
{
    const char *most = set_text(&app->set, OPT_MAX_COST);
    struct kta_llm_config file = llm_config(&app->set, FROM_FILE);
    struct kta_llm_config flags = llm_config(&app->set, FROM_FLAG);

    file.ca_file = app->config.ca_file;
    file.headers = app->config.headers.n ? &app->config.headers : NULL;
    file.api_key_command = app->config.api_key_command.n ? &app->config.api_key_command : NULL;
    flags.file = &file;
    if (app->llm)
        return 0;
    if (most && kta_ceiling_parse(most, set_text(&app->set, OPT_MODEL_PRICE), &app->ceiling, err))
        return kta_err_wrap(err, "--max-cost");
    if (replaying(app) ? replay_open_llm(app, err) : kta_llm_open(&flags, &app->llm, err))
        return -1;
    if (!app->llm && !replaying(app))
        note_unused_model(app);
    return app->llm ? open_extras(app, err) : 0;
}

/* One empty file per endpoint that was told about. */
static char *told_file(const char *endpoint)
{
    kta_auto_str struct kta_str name = KTA_STR_INIT;

    kta_str_add(&name, "told/");
    for (const char *p = endpoint; *p; p++)
        kta_str_addc(&name, strchr("abcdefghijklmnopqrstuvwxyz0123456789.-", *p) ? *p : '_');
    return kta_xdg_path(KTA_XDG_STATE, name.s);
}

void app_first_use(struct app *app)
{
    struct kta_err ignored = KTA_ERR_INIT;

    if (!app->llm || kta_llm_is_local(app->llm))
        return;
    kta_auto_free char *file = told_file(kta_llm_endpoint(app->llm));
    if (!file || kta_fs_exists(file))
        return;
    fprintf(
        stderr,
        "kubectl-todo-ai sends your question, and the states, events and logs that it collects "
        "for it,\nwith secrets replaced by placeholders, to %s (model %s).\n"
        "  --show-prompt prints exactly what is sent. To keep everything on this machine use a "
        "local\n  model (--llm-provider ollama or llamacpp) or none (--llm-provider none). This "
        "is said once.\n",
        kta_llm_endpoint(app->llm), kta_llm_model(app->llm));
    kta_auto_free char *dir = kta_fs_dirname(file);
    if (kta_fs_mkdirs(dir, &ignored) == 0)
        kta_fs_write(file, "", 0, &ignored);
}

#define MISSING_LINES 3

void app_note_missing(struct app *app, struct kta_world *world)
{
    const char *p = kta_world_missing(world), *end = p;
    size_t lines = 0;

    for (const char *c = p; *c; c++)
        if (*c == '\n' && ++lines <= MISSING_LINES)
            end = c;
    if (!*p)
        return;
    if (lines <= MISSING_LINES || kta_log_on(1))
        kta_report_note(kta_ui_report(app->ui), "could not be read: %s", p);
    else
        kta_report_note(kta_ui_report(app->ui), "could not be read: %.*s\nand %zu more (-v)",
                        (int)(end - p), p, lines - MISSING_LINES);
}

int app_check_namespace(struct app *app, struct kta_world *world, const struct kta_targets *targets,
                        struct kta_err *err)
{
    const struct kta_target *t = targets->n ? &targets->v[0] : NULL;
    const char *ns = t && t->by == KTA_BY_NAMESPACE ? t->ref.name : app->scope.namespace_;
    struct kta_json *object = NULL;
    struct kta_err e = KTA_ERR_INIT;

    if (t && t->by == KTA_BY_NAMESPACE && t->object)
        return 0;

    struct kta_json *const *list;
    if (!ns || kta_cluster_is_snapshot(app->cluster) || kta_world_list(world, "pods", ns, &list) ||
        kta_world_list(world, "deployments", ns, &list))
        return 0;
    int r = kta_cluster_get(app->cluster, &object, &e, "/api/v1/namespaces/%s", ns);
    kta_json_free(object);
    if (r == 0 || e.code != KTA_E_NOT_FOUND)
        return 0; /* it exists, or we may not know */
    kta_err_set(err, KTA_E_USAGE, "there is no namespace '%s' in context '%s'", ns,
                kta_cluster_context(app->cluster));
    return kta_err_hint(err, "'kubectl get namespaces' lists them; -A looks in all");
}

void app_audit_question(struct app *app, const char *command, const char *question)
{
    struct kta_json *o = kta_json_new_object();
    kta_auto_free char *shown = kta_redact_dup(app->redact, question);
    struct kta_err err = KTA_ERR_INIT;

    kta_json_set_str(o, "command", command);
    kta_json_set(o, "question", kta_json_new_str(shown));
    kta_json_set_str(o, "context", app->cluster ? kta_cluster_context(app->cluster) : "");
    kta_json_set(o, "namespace", kta_json_new_str(app->scope.namespace_));
    kta_json_set(o, "clusterUser",
                 kta_json_new_str(app->cluster ? kta_cluster_user(app->cluster) : NULL));
    if (kta_audit_write(&app->config.audit, "question", o, &err) < 0)
        kta_report_note(kta_ui_report(app->ui), "the question is not in the audit log: %s",
                        err.msg);
}

void app_print_script(const struct app *app, const struct kta_plan *plan)
{
    kta_auto_str struct kta_str script = KTA_STR_INIT;

    if (app->pipeline.dry_run == KTA_DRY_NONE || !app->pipeline.quiet ||
        app->output != KTA_OUT_TEXT)
        return;
    kta_plan_script(plan, &script);
    fputs(script.s, stdout);
}
