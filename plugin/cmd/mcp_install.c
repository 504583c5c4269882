/*
 * mcp_install.c - mcp install CLIENT: enters this server into a client's configuration.
 *
 * In a JSON file our entry alone is changed, byte for byte beside it, and the old file is kept. A
 * file that cannot be read as JSON (with comments) is left alone, and the entry printed for the
 * person to enter; so is the entry of another format. With --dry-run everything is printed.
 */
#include "app.h"
#include "jsonc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/limits.h"

#define NAME "kagent-k8s"

enum shape {
    PLAIN,    /* command, args, env */
    STDIO,    /* and "type": "stdio" */
    COPILOT,  /* and "type": "local", "tools" */
    OPENCODE, /* "type": "local", the command with its arguments, "environment" */
    TOML_TEXT,
    YAML_TEXT,
    COMMAND_TEXT
};

/* Files below $HOME; where each client's documentation puts its servers. */
static const struct client {
    const char *name, *file, *key; /* key: the object that holds the servers */
    enum shape shape;
} clients[] = {
    {"claude", ".config/Claude/claude_desktop_config.json", "mcpServers", PLAIN},
    {"claude-code", NULL, NULL, COMMAND_TEXT},
    {"codex", ".codex/config.toml", NULL, TOML_TEXT},
    {"copilot", ".copilot/mcp-config.json", "mcpServers", COPILOT},
    {"cursor", ".cursor/mcp.json", "mcpServers", PLAIN},
    {"gemini", ".gemini/settings.json", "mcpServers", PLAIN},
    {"kiro", ".kiro/settings/mcp.json", "mcpServers", PLAIN},
    {"kubectl-ai", ".config/kubectl-ai/mcp.yaml", NULL, YAML_TEXT},
    {"opencode", ".config/opencode/opencode.json", "mcp", OPENCODE},
    {"vscode", ".config/Code/User/mcp.json", "servers", STDIO},
    {"windsurf", ".codeium/windsurf/mcp_config.json", "mcpServers", PLAIN},
    {"zed", ".config/zed/settings.json", "context_servers", PLAIN},
};

const char *mcp_clients(void)
{
    static char all[256];
    size_t n = 0;

    for (size_t i = 0; i < KTA_LEN(clients) && n < sizeof all; i++)
        n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", i ? "|" : "", clients[i].name);
    return all;
}

/* What narrows or widens the server travels into the entry; a token does not: it is a secret. */
static void server_args(const struct app *app, struct kta_argv *out)
{
    static const enum opt_id kept[] = {OPT_KUBECONFIG, OPT_CONTEXT, OPT_CLUSTER,  OPT_USER,
                                       OPT_SERVER,     OPT_AS,      OPT_AS_GROUP, OPT_AS_UID,
                                       OPT_NAMESPACE,  OPT_CONFIG,  OPT_SNAPSHOT, OPT_APPROVE,
                                       OPT_TOOLS};

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
    bool whole = c->shape == OPENCODE;

    if (c->shape != PLAIN)
        kta_json_set_str(e, "type", c->shape == STDIO ? "stdio" : "local");
    if (!whole)
        kta_json_set_str(e, "command", path);
    struct kta_json *list = kta_json_set(e, whole ? "command" : "args", kta_json_new_array());
    if (whole)
        kta_json_push_str(list, path);
    for (size_t i = 0; i < args->n; i++)
        kta_json_push_str(list, args->v[i]);
    kta_json_set(e, whole ? "environment" : "env", environment());
    if (c->shape == COPILOT)
        kta_json_push_str(kta_json_set(e, "tools", kta_json_new_array()), "*");
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
    if (c->shape == TOML_TEXT) {
        kta_str_addf(out, "[mcp_servers.%s]\ncommand = \"%s\"\nargs = [%s]\n", NAME, path, list.s);
        kta_str_addf(out, "\n[mcp_servers.%s.env]\n", NAME);
        kta_auto_json struct kta_json *env = environment();
        kta_json_each(e, env) {
            kta_str_addf(out, "%s = ", kta_json_key(e));
            kta_json_print(e, false, out);
            kta_str_addc(out, '\n');
        }
    } else if (c->shape == YAML_TEXT) {
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

/* The file itself where it is a link, as those who keep their configuration elsewhere have it. */
static char *behind_links(const char *path)
{
    char *real = realpath(path, NULL);
    return real ? real : kta_strdup(path);
}

/* A name that no earlier copy has. Caller frees. */
static char *backup_name(const char *path)
{
    long long now = (long long)kta_wall();
    char *name = kta_asprintf("%s.before-%s-%lld", path, NAME, now);

    for (int i = 2; kta_fs_exists(name); i++) {
        free(name);
        name = kta_asprintf("%s.before-%s-%lld-%d", path, NAME, now, i);
    }
    return name;
}

static int write_config(struct app *app, const struct client *c, const char *path,
                        const struct kta_str *old, const struct kta_str *text, struct kta_err *err)
{
    kta_auto_free char *real = behind_links(path), *dir = kta_fs_dirname(real);
    kta_auto_free char *backup = backup_name(path);
    struct stat st;
    bool there = stat(real, &st) == 0;

    if (kta_fs_mkdirs(dir, err) < 0)
        return -1;
    if (old->len > 0 && kta_fs_write(backup, old->s, old->len, err) < 0)
        return kta_err_wrap(err, "keep the old configuration");
    if (kta_fs_write(real, text->s, text->len, err) < 0)
        return -1;
    if (there && chmod(real, st.st_mode & 0777) < 0)
        return kta_err_sys(err, KTA_E_FAIL, errno, "cannot give %s its mode back", real);
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
    kta_auto_str struct kta_str old = KTA_STR_INIT, text = KTA_STR_INIT;
    bool there = kta_fs_exists(path);

    if ((there && kta_fs_read(path, KTA_MAX_CONFIG_FILE, &old, err) < 0) ||
        jsonc_parse(kta_or(old.s, ""), &doc, err) < 0 ||
        jsonc_set(kta_or(old.s, ""), c->key, NAME, e, &text, err) < 0) {
        kta_ui_print(app->ui, "%s is left as it is. Enter this into it yourself:\n", path);
        print_entry(app, c, e);
        return kta_err_wrap(err, "%s", path);
    }
    if (kta_json_equal(kta_json_get(kta_json_get(doc, c->key), NAME), e)) {
        kta_ui_print(app->ui, "%s: the server %s is entered in %s already\n", c->name, NAME, path);
        return 0;
    }
    return write_config(app, c, path, &old, &text, err);
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
    return near ? kta_err_hint(err, "did you mean %s? Known: %s", near, list.s)
                : kta_err_hint(err, "known: %s", list.s);
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
    if (set_text(&app->set, OPT_HTTP) || set_text(&app->set, OPT_TOKEN)) {
        kta_err_set(err, KTA_E_USAGE,
                    "mcp install enters a server that the client starts on stdio; "
                    "--http and --token do not go with it");
        return kta_err_hint(err, "a client of a server on HTTP takes its address and a header "
                                 "\"Authorization: Bearer TOKEN\"");
    }
    server_args(app, &args);
    if (c->shape >= TOML_TEXT) {
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
