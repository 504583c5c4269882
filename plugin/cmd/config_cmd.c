/* config_cmd.c - the command config: view (what is in force, from where), path, init. */
#include "app.h"

#include <string.h>

#include "kta/alloc.h"
#include "kta/fs.h"

/* The first of the variables (blank-separated) that is set, or NULL. Caller frees. */
static char *variable_of(const char *names)
{
    for (const char *p = kta_or(names, ""); *p;) {
        size_t n = strcspn(p, " ");
        kta_auto_free char *name = kta_strndup(p, n);
        const char *value = getenv(name);
        if (value && *value)
            return KTA_STEAL(name);
        p += n + strspn(p + n, " ");
    }
    return NULL;
}

/* What of the model comes from the environment, which stands between flags and file. A key is never
 * shown. */
static void from_environment(struct app *app, struct kta_json *values, bool *beaten)
{
    struct kta_err ignored = KTA_ERR_INIT;
    const struct kta_provider *row = NULL;

    if (app_open_llm(app, &ignored) == 0 && app->llm)
        row = kta_provider_find(kta_llm_provider(app->llm));
    if (!row)
        return;
    const struct {
        const char *key, *vars, *value;
        enum opt_id flag;
    } rows[] = {
        {"llmProvider", NULL, row->name, OPT_LLM_PROVIDER},
        {"model", row->model_vars, kta_llm_model(app->llm), OPT_MODEL},
        {"endpoint", row->base_vars, kta_llm_endpoint(app->llm), OPT_ENDPOINT},
        {"apiKey", row->key_vars, "(set)", OPT_API_KEY_FILE},
    };
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        bool given = app->set.v[rows[i].flag].value != NULL;
        kta_auto_free char *name = variable_of(rows[i].vars);
        if (given && (app->set.v[rows[i].flag].source == FROM_FLAG || !name))
            continue;
        if (!name && i == KTA_LEN(rows) - 1)
            continue;
        beaten[rows[i].flag] = given && rows[i].flag != OPT_API_KEY_FILE;
        const char *from = name ? name : "default";
        kta_ui_print(app->ui, "%s: %s  # %s%s\n", rows[i].key, rows[i].value,
                     name ? "environment " : "", from);
        struct kta_json *v = kta_json_set(values, rows[i].key, kta_json_new_object());
        kta_json_set_str(v, "value", rows[i].value);
        kta_json_set_str(v, "from", name ? "environment" : "default");
        if (name)
            kta_json_set_str(v, "variable", name);
    }
}

/* Of a header only the name: its value may be a key. */
static void show_item(const struct kta_json *v, bool header, struct kta_str *out)
{
    const char *text = kta_json_text(v);

    if (header && text)
        kta_str_addf(out, "%.*s: (hidden)", (int)strcspn(text, ":"), text);
    else if (text)
        kta_str_add(out, text);
    else
        kta_json_print(v, /* pretty= */ false, out);
}

/* The file's keys that are no flags' (rules, protected …), in its order. */
static void structured_keys(struct app *app, struct kta_json *values)
{
    kta_json_each(v, app->config.tree) {
        const char *key = kta_json_key(v);
        bool header = kta_streq(key, "headers"), list = kta_json_type(v) == KTA_JSON_ARRAY;
        if (config_is_option(key))
            continue;
        kta_auto_str struct kta_str text = KTA_STR_INIT;
        struct kta_json *copy = kta_json_new_array();
        kta_json_each(item, list ? v : NULL) {
            size_t from = text.len + strlen("\n  - ");
            kta_str_add(&text, "\n  - ");
            show_item(item, header, &text);
            kta_json_push(copy, header ? kta_json_new_str(text.s + from) : kta_json_copy(item));
        }
        if (!list)
            show_item(v, false, &text);
        kta_ui_print(app->ui, "%s:%s%s  # file %s%s\n", key, list ? "" : " ", list ? "" : text.s,
                     app->config.path, list ? text.s : "");
        if (!list) {
            kta_json_free(copy);
            copy = kta_json_copy(v);
        }
        kta_json_set(values, key, copy);
    }
}

static void view(struct app *app)
{
    static const char *const from[] = {"default", "file", "flag"};
    struct kta_json *values = kta_json_new_object();

    bool beaten[OPT_COUNT] = {false}; /* by the environment */

    from_environment(app, values, beaten);
    for (int i = 0; i < OPT_COUNT; i++) {
        if (beaten[i] || opt_rows[i].no_key || !app->set.v[i].value)
            continue;
        kta_auto_free char *key = opt_key(&opt_rows[i]);
        kta_ui_print(app->ui, "%s: %s  # %s", key, app->set.v[i].value, from[app->set.v[i].source]);
        if (app->set.v[i].source == FROM_FILE)
            kta_ui_print(app->ui, " %s:%d", app->config.path, app->set.v[i].line);
        kta_ui_print(app->ui, "\n");
        struct kta_json *v = kta_json_set(values, key, kta_json_new_object());
        kta_json_set_str(v, "value", app->set.v[i].value);
        kta_json_set_str(v, "from", from[app->set.v[i].source]);
    }
    structured_keys(app, values);
    if (!app->config.found)
        kta_ui_print(app->ui, "# there is no file %s; everything else is the default\n",
                     kta_or(app->config.path, "config.yaml"));
    else if (kta_json_len(values) == 0)
        kta_ui_print(app->ui, "# %s sets nothing: everything is the default\n", app->config.path);
    if (kta_fs_exists(ADMIN_POLICY))
        kta_ui_print(app->ui, "# rules of %s come before these\n", ADMIN_POLICY);
    struct kta_json *doc = document_new(app, "Config");
    kta_json_set(doc, "values", values);
    document_print(app, doc, &(struct kta_err)KTA_ERR_INIT);
    kta_json_free(doc);
}

/* What path and init have to say: where the file is. */
static void where_it_is(struct app *app, bool alone)
{
    struct kta_json *doc = document_new(app, "Config");

    kta_ui_print(app->ui,
                 alone ? "%s\n" : "wrote %s; every line in it is a comment until you change it\n",
                 app->config.path);
    kta_json_set_str(doc, "path", app->config.path);
    document_print(app, doc, &(struct kta_err)KTA_ERR_INIT);
    kta_json_free(doc);
}

static int init(struct app *app, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    if (app->config.found)
        return kta_err_set(err, KTA_E_USAGE, "%s exists already and was left as it is",
                           app->config.path);
    config_template(&text);
    kta_auto_free char *dir = kta_fs_dirname(app->config.path);
    if (kta_fs_mkdirs(dir, err) < 0 || kta_fs_write(app->config.path, text.s, text.len, err) < 0)
        return -1;
    where_it_is(app, false);
    return 0;
}

int cmd_config(struct app *app, struct kta_err *err)
{
    const char *what = app->words.n ? app->words.v[0] : "view";

    if (!app->config.path)
        return kta_err_set(err, KTA_E_USAGE, "neither HOME nor XDG_CONFIG_HOME is set");
    if (kta_streq(what, "path"))
        where_it_is(app, true);
    else if (kta_streq(what, "view"))
        view(app);
    else if (kta_streq(what, "init"))
        return init(app, err);
    else
        return kta_err_set(err, KTA_E_USAGE, "config takes view, path or init, not '%s'", what);
    return 0;
}
