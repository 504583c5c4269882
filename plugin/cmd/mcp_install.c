/*
 * mcp_install.c - mcp install CLIENT: enters this server into a client's configuration.
 *
 * A JSON file that we can read is changed: our entry alone, the old file kept beside it. Everything
 * else (another format, comments, numbers that would not survive) is printed for the person to
 * enter. With --dry-run everything is printed.
 */
#include "app.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/limits.h"

#define NAME "kagent-k8s"

enum format { JSON_FILE, TOML_TEXT, YAML_TEXT, COMMAND_TEXT };

/* Files below $HOME; where each client's documentation puts its servers. */
static const struct client {
    const char *name, *file, *key; /* key: the object that holds the servers */
    bool type;                     /* an entry says "type": "stdio" */
    enum format format;
} clients[] = {
    {"claude", ".config/Claude/claude_desktop_config.json", "mcpServers", false, JSON_FILE},
    {"claude-code", NULL, NULL, false, COMMAND_TEXT},
    {"codex", ".codex/config.toml", NULL, false, TOML_TEXT},
    {"cursor", ".cursor/mcp.json", "mcpServers", false, JSON_FILE},
    {"gemini", ".gemini/settings.json", "mcpServers", false, JSON_FILE},
    {"kubectl-ai", ".config/kubectl-ai/mcp.yaml", NULL, false, YAML_TEXT},
    {"vscode", ".config/Code/User/mcp.json", "servers", true, JSON_FILE},
    {"windsurf", ".codeium/windsurf/mcp_config.json", "mcpServers", false, JSON_FILE},
    {"zed", ".config/zed/settings.json", "context_servers", false, JSON_FILE},
};

/* What narrows or widens the server travels into the entry. */
static void server_args(const struct app *app, struct kta_argv *out)
{
    static const enum opt_id kept[] = {OPT_KUBECONFIG, OPT_CONTEXT, OPT_NAMESPACE,
                                       OPT_CONFIG,     OPT_APPROVE, OPT_TOOLS};

    kta_argv_add(out, "mcp");
    for (size_t i = 0; i < KTA_LEN(kept); i++) {
        const char *v = set_text(&app->set, kept[i]);
        const struct kta_argv *list = &app->set.v[kept[i]].list;
        if (!v || app->set.v[kept[i]].source != FROM_FLAG)
            continue;
        for (size_t j = 0; j < list->n; j++)
            kta_argv_addf(out, "--%s=%s", opt_rows[kept[i]].name, list->v[j]);
        if (list->n == 0)
            kta_argv_addf(out, "--%s=%s", opt_rows[kept[i]].name, v);
    }
    if (set_on(&app->set, OPT_READ_ONLY))
        kta_argv_add(out, "--read-only");
}

static char *own_path(void)
{
    char *path = realpath("/proc/self/exe", NULL);
    return path ? path : kta_strdup("kubectl-todo-ai");
}

/* A client that was started from a menu has neither our PATH (kubectl, helm) nor KUBECONFIG. */
static struct kta_json *environment(void)
{
    static const char *const names[] = {"PATH", "KUBECONFIG"};
    struct kta_json *env = kta_json_new_object();

    for (size_t i = 0; i < KTA_LEN(names); i++)
        if (getenv(names[i]))
            kta_json_set_str(env, names[i], getenv(names[i]));
    return env;
}

static struct kta_json *entry(const struct client *c, const char *path, const struct kta_argv *args)
{
    struct kta_json *e = kta_json_new_object();

    if (c->type)
        kta_json_set_str(e, "type", "stdio");
    kta_json_set_str(e, "command", path);
    struct kta_json *list = kta_json_set(e, "args", kta_json_new_array());
    for (size_t i = 0; i < args->n; i++)
        kta_json_push_str(list, args->v[i]);
    kta_json_set(e, "env", environment());
    return e;
}

static void quoted_list(const struct kta_argv *args, struct kta_str *out)
{
    for (size_t i = 0; i < args->n; i++) {
        kta_str_add(out, i > 0 ? ", " : "");
        kta_json_quote(args->v[i], strlen(args->v[i]), out);
    }
}

/* The formats that are printed; a JSON string is also one of TOML and of YAML. */
static void other_format(const struct client *c, const char *path, const struct kta_argv *args,
                         struct kta_str *out)
{
    kta_auto_str struct kta_str list = KTA_STR_INIT;

    quoted_list(args, &list);
    if (c->format == TOML_TEXT) {
        kta_str_addf(out, "[mcp_servers.%s]\ncommand = \"%s\"\nargs = [%s]\n", NAME, path, list.s);
    } else if (c->format == YAML_TEXT) {
        kta_str_addf(out, "servers:\n  - name: %s\n    command: \"%s\"\n    args: [%s]\n", NAME,
                     path, list.s);
    } else {
        kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
        static const char *const first[] = {"claude", "mcp", "add", "--scope", "user", NAME, "--"};
        for (size_t i = 0; i < KTA_LEN(first); i++)
            kta_argv_add(&argv, first[i]);
        kta_argv_add(&argv, path);
        for (size_t i = 0; i < args->n; i++)
            kta_argv_add(&argv, args->v[i]);
        kta_argv_quote(&argv, out);
        kta_str_addc(out, '\n');
    }
}

static void print_entry(struct app *app, const struct client *c, const struct kta_json *e)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    kta_auto_json struct kta_json *doc = kta_json_new_object();
    struct kta_json *servers = kta_json_set(doc, c->key, kta_json_new_object());

    kta_json_set(servers, NAME, kta_json_copy(e));
    kta_json_print(doc, true, &text);
    kta_ui_print(app->ui, "%s\n", text.s);
}

/* A number of 16 digits and more would come out as another one. */
static bool long_number(const char *s)
{
    for (size_t run = 0; *s; s++) {
        run = isdigit((unsigned char)*s) ? run + 1 : 0;
        if (run >= 16)
            return true;
    }
    return false;
}

static int read_config(const char *path, struct kta_str *text, struct kta_json **ret,
                       struct kta_err *err)
{
    *ret = NULL;
    if (kta_fs_exists(path)) {
        if (kta_fs_read(path, KTA_MAX_CONFIG_FILE, text, err) < 0)
            return -1;
        kta_auto_str struct kta_str trimmed = KTA_STR_INIT;
        kta_str_add(&trimmed, text->s);
        kta_str_trim(&trimmed);
        if (trimmed.len > 0 && kta_json_parse(text->s, text->len, ret, err) < 0)
            return kta_err_wrap(err, "%s is not plain JSON (comments?)", path);
        if (*ret && (kta_json_type(*ret) != KTA_JSON_OBJECT || kta_json_has_duplicates(*ret) ||
                     long_number(text->s)))
            return kta_err_set(err, KTA_E_PARSE, "%s holds what could not be kept as it is", path);
    }
    if (!*ret)
        *ret = kta_json_new_object();
    return 0;
}

static int write_config(struct app *app, const struct client *c, const char *path,
                        const struct kta_str *old, struct kta_json *doc, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    kta_auto_free char *dir = kta_fs_dirname(path);
    kta_auto_free char *backup =
        kta_asprintf("%s.before-%s-%lld", path, NAME, (long long)kta_wall());

    kta_json_print(doc, true, &text);
    kta_str_addc(&text, '\n');
    if (kta_fs_mkdirs(dir, err) < 0)
        return -1;
    if (old->len > 0 && kta_fs_write(backup, old->s, old->len, err) < 0)
        return kta_err_wrap(err, "keep the old configuration");
    if (kta_fs_write(path, text.s, text.len, err) < 0)
        return -1;
    kta_ui_print(app->ui, "%s: the server %s is entered in %s\n", c->name, NAME, path);
    if (old->len > 0)
        kta_ui_print(app->ui, "the file as it was: %s\n", backup);
    kta_ui_print(app->ui, "Restart the client to use it.\n");
    return 0;
}

static int install_json(struct app *app, const struct client *c, const char *path,
                        const struct kta_json *e, struct kta_err *err)
{
    kta_auto_json struct kta_json *doc = NULL;
    kta_auto_str struct kta_str old = KTA_STR_INIT;

    if (read_config(path, &old, &doc, err) < 0) {
        kta_ui_print(app->ui, "Enter this into %s yourself:\n", path);
        print_entry(app, c, e);
        return -1;
    }
    struct kta_json *servers = kta_json_get(doc, c->key);
    if (kta_json_type(servers) != KTA_JSON_OBJECT)
        servers = kta_json_set(doc, c->key, kta_json_new_object());
    if (kta_json_equal(kta_json_get(servers, NAME), e)) {
        kta_ui_print(app->ui, "%s: the server %s is entered in %s already\n", c->name, NAME, path);
        return 0;
    }
    kta_json_set(servers, NAME, kta_json_copy(e));
    return write_config(app, c, path, &old, doc, err);
}

static int no_client(const char *name, struct kta_err *err)
{
    const char *names[KTA_LEN(clients)];
    kta_auto_str struct kta_str list = KTA_STR_INIT;

    for (size_t i = 0; i < KTA_LEN(clients); i++) {
        names[i] = clients[i].name;
        kta_str_addf(&list, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    const char *near = name ? kta_nearest(name, names, KTA_LEN(names)) : NULL;
    kta_err_set(err, KTA_E_USAGE, name ? "there is no client '%s'" : "mcp install needs a client",
                name);
    return near ? kta_err_hint(err, "Did you mean %s? Known: %s.", near, list.s)
                : kta_err_hint(err, "Known: %s.", list.s);
}

int mcp_install(struct app *app, const char *name, struct kta_err *err)
{
    const char *home = getenv("HOME"), *dry = set_text(&app->set, OPT_DRY_RUN);
    const struct client *c = NULL;
    kta_auto_argv struct kta_argv args = KTA_ARGV_INIT;
    kta_auto_free char *self = own_path();
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    for (size_t i = 0; i < KTA_LEN(clients); i++)
        if (kta_streq(clients[i].name, name))
            c = &clients[i];
    if (!c)
        return no_client(name, err);
    if (!home || !*home)
        return kta_err_set(err, KTA_E_USAGE, "HOME is not set: where is the configuration of %s?",
                           name);
    server_args(app, &args);
    if (c->format != JSON_FILE) {
        if (c->file)
            kta_ui_print(app->ui, "# add to %s/%s\n", home, c->file);
        other_format(c, self, &args, &text);
        kta_ui_print(app->ui, "%s", text.s);
        return 0;
    }
    kta_auto_json struct kta_json *e = entry(c, self, &args);
    kta_auto_free char *path = kta_fs_join(home, c->file);
    if (dry && !kta_streq(dry, "none")) {
        kta_ui_print(app->ui, "// %s\n", path);
        print_entry(app, c, e);
        return 0;
    }
    return install_json(app, c, path, e, err);
}
