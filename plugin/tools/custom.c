/*
 * custom.c - tools of the user's own for the model, from tools.yaml (kubectl-ai's format).
 *
 *   - name: team-of                      # [A-Za-z0-9_-], none of the built-in names
 *     description: who owns a service
 *     command: /usr/local/bin/owners     # words, no shell; what the model gives is appended
 *     command_desc: owners SERVICE       # shown to the model
 *     argv: [owners, --service, "{service}"]   # or a template: each {word} becomes a parameter
 *     class: read                        # read: run at once; else it is shown, and not run
 *
 * A program that is kubectl or helm is classified by policy like any other command, whatever its
 * class says. Any other that may change something is only told to the user: the pipeline knows no
 * preview and no undo for it. Output is redacted, cleaned and cut.
 */
#include <ctype.h>
#include <dirent.h>
#include <string.h>

#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/proc.h"
#include "kta/utf8.h"
#include "kta/yaml.h"
#include "tool_list.h"

#define MAX_CUSTOM 64
#define CUSTOM_MS  30000

struct custom_tool {
    char *name, *description;
    struct kta_argv argv; /* with {parameters} */
    bool template_;       /* argv has parameters; else words are appended */
    bool read;
};

struct kta_custom_tools {
    struct custom_tool *v;
    size_t n, cap;
};

void kta_custom_tools_free(struct kta_custom_tools *c)
{
    for (size_t i = 0; c && i < c->n; i++) {
        free(c->v[i].name);
        free(c->v[i].description);
        kta_argv_release(&c->v[i].argv);
    }
    if (c)
        free(c->v);
    free(c);
}

/* ---- reading the file ---- */

static const char *const keys[] = {"name",           "description", "command", "command_desc",
                                   "is_interactive", "argv",        "class"};

static int check_keys(const struct kta_json *tool, struct kta_err *err)
{
    kta_json_each(member, tool) {
        bool known = false;
        for (size_t i = 0; i < KTA_LEN(keys); i++)
            known |= kta_streq(kta_json_key(member), keys[i]);
        if (known)
            continue;
        const char *near = kta_nearest(kta_json_key(member), keys, KTA_LEN(keys));
        kta_err_set(err, KTA_E_USAGE, "unknown key '%s'", kta_json_key(member));
        return near ? kta_err_hint(err, "did you mean '%s'?", near) : -1;
    }
    return 0;
}

static int check_name(const struct kta_custom_tools *c, const char *name, struct kta_err *err)
{
    size_t n = name ? strlen(name) : 0;

    if (n == 0 || n > 64)
        return kta_err_set(err, KTA_E_USAGE, "a tool needs a name of at most 64 characters");
    for (const char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-')
            return kta_err_set(err, KTA_E_USAGE,
                               "the name '%s' may have only letters, digits, - and _", name);
    for (size_t i = 0; i < c->n; i++)
        if (kta_streq(c->v[i].name, name))
            return kta_err_set(err, KTA_E_USAGE, "there are two tools '%s'", name);
    if (kta_tool_find(name, KTA_FOR_MODEL))
        return kta_err_set(err, KTA_E_USAGE, "'%s' is the name of a built-in tool", name);
    return 0;
}

static int take_argv(struct custom_tool *t, const struct kta_json *tool, struct kta_err *err)
{
    const struct kta_json *list = kta_json_get(tool, "argv");
    const char *command = kta_json_str(tool, "command");

    kta_json_each(word, list) {
        if (!kta_json_text(word))
            return kta_err_set(err, KTA_E_USAGE, "'argv' must be a list of texts");
        kta_argv_add(&t->argv, kta_json_text(word));
        const char *open = strchr(kta_json_text(word), '{');
        t->template_ |= open && strchr(open, '}');
    }
    if (!list && command && kta_argv_split(command, &t->argv, err) < 0) {
        err->code = KTA_E_USAGE;
        return kta_err_hint(err, "there is no shell: put such a line into a script, and its path "
                                 "here");
    }
    if (t->argv.n == 0)
        return kta_err_set(err, KTA_E_USAGE, "a tool needs 'command' or 'argv'");
    return 0;
}

static int take_tool(struct kta_custom_tools *c, const struct kta_json *tool, struct kta_err *err)
{
    const char *name = kta_json_str(tool, "name"), *class_ = kta_json_str(tool, "class");
    const char *how = kta_json_str(tool, "command_desc");
    struct custom_tool t = {0};

    if (c->n == MAX_CUSTOM)
        return kta_err_set(err, KTA_E_LIMIT, "there are more than %d tools", MAX_CUSTOM);
    if (check_keys(tool, err) < 0 || check_name(c, name, err) < 0)
        return -1;
    if (kta_json_bool(tool, "is_interactive", false))
        return kta_err_set(err, KTA_E_USAGE, "'%s' is interactive: a model cannot type", name);
    if (class_ && !kta_streq(class_, "read") && !kta_streq(class_, "write"))
        return kta_err_set(err, KTA_E_USAGE, "the class of '%s' is read or write, not '%s'", name,
                           class_);
    if (take_argv(&t, tool, err) < 0) {
        kta_argv_release(&t.argv);
        return kta_err_wrap(err, "%s", name);
    }
    t.name = kta_strdup(name);
    t.description = kta_asprintf("%s%s%s", kta_or(kta_json_str(tool, "description"), name),
                                 how ? " Use: " : "", kta_or(how, ""));
    t.read = kta_streq(class_, "read");
    KTA_GROW(c->v, c->n, c->cap);
    c->v[c->n++] = t;
    return 0;
}

static int load_file(struct kta_custom_tools *c, const char *path, struct kta_err *err)
{
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    kta_auto_json struct kta_json *list = NULL;

    if (kta_fs_read(path, KTA_MAX_CONFIG_FILE, &text, err) < 0 ||
        kta_yaml_parse(text.s, text.len, &list, err) < 0)
        goto bad;
    if (kta_json_type(list) != KTA_JSON_ARRAY && kta_json_type(list) != KTA_JSON_NULL) {
        kta_err_set(err, KTA_E_USAGE, "it must be a list of tools");
        goto bad;
    }
    kta_json_each(tool, list) {
        if (take_tool(c, tool, err) < 0)
            goto bad;
    }
    return 0;
bad:
    err->code = KTA_E_USAGE;
    return kta_err_wrap(err, "custom tools in %s", path);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_yaml(const struct dirent *d)
{
    return d->d_name[0] != '.' && (kta_ends(d->d_name, ".yaml") || kta_ends(d->d_name, ".yml"));
}

int kta_custom_tools_load(const char *path, struct kta_custom_tools **pc, struct kta_err *err)
{
    struct dirent **names = NULL;
    int n, r = 0;

    if (!*pc)
        *pc = kta_calloc(1, sizeof **pc);
    n = scandir(path, &names, is_yaml, by_name);
    if (n < 0)
        return load_file(*pc, path, err); /* no folder */
    for (int i = 0; i < n; i++) {
        kta_auto_free char *file = kta_fs_join(path, names[i]->d_name);
        if (r == 0)
            r = load_file(*pc, file, err);
        free(names[i]);
    }
    free(names);
    return r;
}

/* ---- for the model ---- */

/* Calls with_name for each {parameter} of a word, with_text for what stands between. */
static void parts_of(const char *word, void *ctx, void (*with_text)(void *, const char *, size_t),
                     void (*with_name)(void *, const char *, size_t))
{
    while (*word) {
        const char *open = strchr(word, '{'), *close = open ? strchr(open, '}') : NULL;
        size_t n = close ? (size_t)(open - word) : strlen(word);
        if (n && with_text)
            with_text(ctx, word, n);
        if (!close)
            return;
        with_name(ctx, open + 1, (size_t)(close - open - 1));
        word = close + 1;
    }
}

static void add_property(void *ctx, const char *name, size_t n)
{
    struct kta_json *schema = ctx;
    kta_auto_free char *key = kta_strndup(name, n);
    struct kta_json *one = kta_json_new_object();

    kta_json_set_str(one, "type", "string");
    if (!kta_json_get(kta_json_get(schema, "properties"), key))
        kta_json_push_str(kta_json_get(schema, "required"), key);
    kta_json_set(kta_json_get(schema, "properties"), key, one);
}

static struct kta_json *schema_of(const struct custom_tool *t)
{
    struct kta_json *schema = kta_json_new_object(), *args, *items;
    struct kta_json *properties = kta_json_new_object();

    kta_json_set_str(schema, "type", "object");
    kta_json_set(schema, "properties", properties);
    kta_json_set(schema, "required", kta_json_new_array());
    for (size_t i = 0; t->template_ && i < t->argv.n; i++)
        parts_of(t->argv.v[i], schema, NULL, add_property);
    if (!t->template_) {
        args = kta_json_set(properties, "args", kta_json_new_object());
        kta_json_set_str(args, "type", "array");
        items = kta_json_set(args, "items", kta_json_new_object());
        kta_json_set_str(items, "type", "string");
        kta_json_set_str(args, "description", "the words that follow the command; no shell syntax");
    }
    return schema;
}

void kta_custom_tools_json(const struct kta_custom_tools *c, struct kta_json *tools)
{
    for (size_t i = 0; c && i < c->n; i++) {
        struct kta_json *tool = kta_json_push(tools, kta_json_new_object());
        kta_json_set_str(tool, "type", "function");
        struct kta_json *f = kta_json_set(tool, "function", kta_json_new_object());
        kta_json_set_str(f, "name", c->v[i].name);
        kta_json_set_str(f, "description", c->v[i].description);
        kta_json_set(f, "parameters", schema_of(&c->v[i]));
    }
}

struct fill {
    const struct kta_json *args;
    struct kta_str word;
    struct kta_str missing;
};

static void fill_text(void *ctx, const char *p, size_t n)
{
    kta_str_addn(&((struct fill *)ctx)->word, p, n);
}

static void fill_name(void *ctx, const char *name, size_t n)
{
    struct fill *f = ctx;
    kta_auto_free char *key = kta_strndup(name, n);
    const struct kta_json *value = kta_json_get(f->args, key);

    if (kta_json_text(value))
        kta_str_add(&f->word, kta_json_text(value));
    else if (value)
        kta_json_print(value, false, &f->word);
    else
        kta_str_addf(&f->missing, "%s'%s'", f->missing.len ? ", " : "", key);
}

/* The words that are run. A value of the model's that begins a word may not be a flag: it would be
 * one that the template's author did not think of. */
static int words_of(const struct custom_tool *t, const struct kta_json *args, struct kta_argv *out,
                    struct kta_err *err)
{
    struct fill f = {.args = args, .word = KTA_STR_INIT, .missing = KTA_STR_INIT};
    const struct kta_json *more = kta_json_get(args, "args");
    int r = 0;

    if (!more)
        more = kta_json_get(args, "command"); /* kubectl-ai's name */
    for (size_t i = 0; i < t->argv.n && r == 0; i++) {
        kta_str_clear(&f.word);
        parts_of(t->argv.v[i], &f, fill_text, fill_name);
        if (t->argv.v[i][0] == '{' && f.word.s[0] == '-')
            r = kta_err_set(err, KTA_E_PARSE, "the value '%.80s' would be taken for a flag",
                            f.word.s);
        kta_argv_add(out, f.word.s);
    }
    if (r == 0 && f.missing.len)
        r = kta_err_set(err, KTA_E_PARSE, "it needs %s", f.missing.s);
    if (r == 0 && !t->template_ && kta_json_text(more)) {
        kta_auto_argv struct kta_argv words = KTA_ARGV_INIT;
        r = kta_argv_split(kta_json_text(more), &words, err);
        /* the whole command line again, as kubectl-ai asks for it */
        bool again = words.n && kta_streq(words.v[0], t->argv.v[0]);
        for (size_t i = again ? t->argv.n : 0; i < words.n; i++)
            kta_argv_add(out, words.v[i]);
    }
    if (r == 0 && !t->template_)
        kta_json_each(word, kta_json_type(more) == KTA_JSON_ARRAY ? more : NULL) {
            kta_argv_add(out, kta_or(kta_json_text(word), ""));
        }
    if (r == 0 && out->n > KTA_MAX_ARGV)
        r = kta_err_set(err, KTA_E_LIMIT, "there are more than %d arguments", KTA_MAX_ARGV);
    kta_str_release(&f.word);
    kta_str_release(&f.missing);
    return r;
}

static void run_it(struct kta_tool_env *env, const struct kta_argv *argv, struct kta_str *result)
{
    kta_auto_free char *path =
        strchr(argv->v[0], '/') ? kta_fs_expand(argv->v[0]) : kta_fs_which(argv->v[0]);
    struct kta_proc p = {.argv = argv,
                         .path = path,
                         .timeout_ms = CUSTOM_MS,
                         .max_output = KTA_MAX_TOOL_RESULT * 4};
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_str struct kta_str all = KTA_STR_INIT, safe = KTA_STR_INIT;

    if (!path) {
        kta_str_addf(result, "The program '%s' is not on PATH.", argv->v[0]);
        return;
    }
    env->reads++;
    int r = kta_proc_run(&p, &err);
    kta_str_addn(&all, p.out.s, p.out.len);
    kta_str_addn(&all, p.err.s, p.err.len);
    kta_redact_text(env->pipeline->redact, all.s, all.len, &safe);
    kta_clean(safe.s, safe.len, result);
    if (r < 0)
        kta_str_addf(result, "\nIt could not be run to its end: %s.", err.msg);
    else if (p.exit_code != 0)
        kta_str_addf(result, "\n(exit code %d)", p.exit_code);
    else if (result->len == 0)
        kta_str_add(result, "(no output)");
    kta_proc_release(&p);
}

bool tool_custom(struct kta_tool_env *env, const char *name, const struct kta_json *args,
                 struct kta_str *result)
{
    const struct kta_custom_tools *c = env->custom;
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
    kta_auto_str struct kta_str line = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    const struct custom_tool *t = NULL;

    for (size_t i = 0; c && i < c->n; i++)
        if (kta_streq(c->v[i].name, name))
            t = &c->v[i];
    if (!t)
        return false;
    if (words_of(t, args, &argv, &err) < 0) {
        kta_str_addf(result, "The call cannot be used: %s.", err.msg);
        return true;
    }
    if (kta_streq(argv.v[0], "kubectl") || kta_streq(argv.v[0], "helm")) {
        kta_tool_command(env, &argv, NULL, t->description, result);
        return true;
    }
    if (t->read) {
        run_it(env, &argv, result);
        return true;
    }
    kta_argv_quote(&argv, &line);
    env->refused++;
    kta_report_note(env->pipeline->report,
                    "the model proposes the custom tool '%s', which is not run since its class is "
                    "not read: %s",
                    name, line.s);
    kta_str_add(result, "It was not run: it may change something, and that cannot be previewed or "
                        "undone. The user was shown the command line.");
    return true;
}
