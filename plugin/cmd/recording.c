/*
 * recording.c - what a session was asked, kept in the head of a recording and taken from it again.
 */
#include <stdlib.h>
#include <unistd.h>

#include "app.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/kubeconfig.h"
#include "kta/record.h"

/* Flags that say where cluster, model and files are: a replay has none of them. */
static const enum opt_id elsewhere[] = {
    OPT_CONTEXT,  OPT_KUBECONFIG,    OPT_CLUSTER,      OPT_USER,         OPT_AS,
    OPT_AS_GROUP, OPT_AS_UID,        OPT_SERVER,       OPT_TOKEN,        OPT_INSECURE,
    OPT_MODEL,    OPT_ENDPOINT,      OPT_LLM_PROVIDER, OPT_API_KEY_FILE, OPT_SKIP_VERIFY_SSL,
    OPT_TEMPLATE, OPT_EXTRA_PROMPTS, OPT_TRACE,        OPT_SNAPSHOT,     OPT_CONFIG,
    OPT_RECORD,   OPT_REPLAY,        OPT_CUSTOM_TOOLS, OPT_VERBOSE,      OPT_TIMEOUT,
};

static bool is_elsewhere(int id)
{
    for (size_t i = 0; i < KTA_LEN(elsewhere); i++)
        if ((int)elsewhere[i] == id)
            return true;
    return false;
}

/* ---- recording ---- */

static struct kta_json *model_head(const struct app *app)
{
    struct kta_json *m = kta_json_new_object();

    kta_json_set_str(m, "provider", kta_llm_provider(app->llm));
    kta_json_set_str(m, "name", kta_llm_model(app->llm));
    kta_json_set_str(m, "endpoint", kta_llm_endpoint(app->llm));
    kta_json_set_int(m, "without", kta_llm_without(app->llm));
    return m;
}

static struct kta_json *flags_head(const struct app *app)
{
    struct kta_json *flags = kta_json_new_object();

    for (int id = 0; id < OPT_COUNT; id++)
        if (app->set.v[id].value && !is_elsewhere(id))
            kta_json_set_str(flags, opt_rows[id].name, app->set.v[id].value);
    return flags;
}

int record_begin(struct app *app, const char *piped, struct kta_err *err)
{
    const char *path = set_text(&app->set, OPT_RECORD);
    kta_auto_json struct kta_json *head = NULL;
    struct kta_json *words;
    int64_t now = kta_wall();

    if (!path || app->recording)
        return 0;
    if (kta_cluster_is_snapshot(app->cluster)) {
        kta_err_set(err, KTA_E_USAGE, "a snapshot is recorded already");
        return kta_err_hint(err, "--record is for a session with a cluster");
    }
    head = kta_json_new_object();
    kta_json_set_str(head, "version", KTA_VERSION);
    kta_json_set_int(head, "time", now);
    kta_json_set_str(head, "context", kta_cluster_context(app->cluster));
    kta_json_set_str(head, "server", kta_cluster_server(app->cluster));
    kta_json_set_str(head, "user", kta_cluster_user(app->cluster));
    kta_json_set_str(head, "namespace", kta_cluster_namespace(app->cluster));
    kta_json_set(head, "flags", flags_head(app));
    words = kta_json_set(head, "words", kta_json_new_array());
    for (size_t i = 0; i < app->given.n; i++)
        kta_json_push_str(words, app->given.v[i]);
    if (piped)
        kta_json_set_str(head, "piped", piped);
    if (app->llm)
        kta_json_set(head, "model", model_head(app));
    kta_cluster_set_now(app->cluster, now);
    return kta_record_begin(path, app->redact, head, &app->recording, err);
}

/* ---- replaying ---- */

bool replaying(const struct app *app)
{
    return app->replay_dir != NULL;
}

static int take_flags(struct app *app, const struct kta_json *flags, struct kta_err *err)
{
    kta_json_each(flag, flags) {
        for (int id = 0; id < OPT_COUNT; id++)
            if (kta_streq(opt_rows[id].name, kta_json_key(flag)) && kta_json_text(flag) &&
                !is_elsewhere(id) && !app->set.v[id].value &&
                settings_set(&app->set, (enum opt_id)id, kta_json_text(flag), FROM_FILE, 0, err) <
                    0)
                return -1;
    }
    return 0;
}

int replay_begin(struct app *app, struct kta_err *err)
{
    const char *path = set_text(&app->set, OPT_REPLAY);
    char dir[] = "/tmp/kubectl-todo-ai-replay-XXXXXX";

    if (set_text(&app->set, OPT_RECORD) || set_text(&app->set, OPT_SNAPSHOT))
        return kta_err_set(err, KTA_E_USAGE, "--replay goes with neither --record nor --snapshot");
    if (kta_replay_begin(path, app->redact, &app->recording, err) < 0)
        return -1;
    if (!mkdtemp(dir))
        return kta_err_set(err, KTA_E_FAIL, "cannot make a folder in /tmp for the replay");
    app->replay_dir = kta_strdup(dir);
    kta_audit_release(&app->config.audit); /* nothing happens that is to be kept in mind */
    setenv("XDG_STATE_HOME", dir, 1);
    setenv("XDG_CACHE_HOME", dir, 1);
    const struct kta_json *head = kta_recording_head(app->recording);
    kta_wall_set(kta_json_int(head, "time", kta_wall()));
    if (app->words.n == 0)
        kta_json_each(word, kta_json_get(head, "words")) {
            kta_argv_add(&app->words, kta_or(kta_json_text(word), ""));
        }
    return take_flags(app, kta_json_get(head, "flags"), err);
}

const char *replay_piped(const struct app *app)
{
    return replaying(app) ? kta_json_str(kta_recording_head(app->recording), "piped") : NULL;
}

int replay_open_cluster(struct app *app, struct kta_err *err)
{
    const struct kta_json *head = kta_recording_head(app->recording);
    struct kta_kubeconfig *k = kta_calloc(1, sizeof *k);

    k->context = kta_strdup(kta_or(kta_json_str(head, "context"), ""));
    k->server = kta_strdup(kta_or(kta_json_str(head, "server"), "https://recorded.invalid"));
    k->user = kta_strdup(kta_or(kta_json_str(head, "user"), ""));
    k->namespace_ = kta_strdup(kta_or(kta_json_str(head, "namespace"), "default"));
    if (kta_cluster_open(k, 0, &app->cluster, err) < 0)
        return -1;
    kta_cluster_set_now(app->cluster, kta_wall());
    return 0;
}

int replay_open_llm(struct app *app, struct kta_err *err)
{
    const struct kta_json *m = kta_json_get(kta_recording_head(app->recording), "model");
    struct kta_llm_config config = {.provider = kta_json_str(m, "provider"),
                                    .model = kta_json_str(m, "name"),
                                    .endpoint = kta_json_str(m, "endpoint"),
                                    .api_key = "replayed",
                                    .insecure = true,
                                    .back_off_ms = 1,
                                    .without = (unsigned)kta_json_int(m, "without", 0)};

    return m ? kta_llm_open(&config, &app->llm, err) : 0;
}

/* What a replay wrote is of no use to anybody. */
static void remove_tree(const char *path, int depth)
{
    char **names;
    size_t n;
    struct kta_err ignored = KTA_ERR_INIT;

    if (unlink(path) == 0 || depth > 8)
        return;
    if (kta_fs_list(path, &names, &n, &ignored) == 0) {
        for (size_t i = 0; i < n; i++) {
            kta_auto_free char *below = kta_fs_join(path, names[i]);
            remove_tree(below, depth + 1);
        }
        kta_fs_free_names(names, n);
    }
    rmdir(path);
}

int recording_end(struct app *app, struct kta_err *err)
{
    int r = kta_recording_end(app->recording, err);

    app->recording = NULL;
    if (app->replay_dir)
        remove_tree(app->replay_dir, 0);
    free(app->replay_dir);
    app->replay_dir = NULL;
    return r;
}
