/*
 * command.c - argv as kubectl and helm themselves understand it.
 *
 * Two parsers run one after the other, and both are followed step by step, oddities included,
 * because a difference is a way past the policy. cobra finds the command: it walks over words,
 * taking the word after any flag that it does not know yet for that flag's value. pflag then reads
 * the flags of the command that was found: the word after a flag that takes a value is its value
 * whatever it looks like ("--" too), and the last one counts. helm reads its global flags once more
 * before all that, skipping flags that it does not know without their values.
 */
#include "command.h"
#include <ctype.h>
#include "kta/limits.h"
#include "kta/utf8.h"

static const struct kta_table *const kubectl_tables[] = {&kta_table_kubectl, NULL};
static const struct kta_table *const helm_tables[] = {&kta_table_helm4, &kta_table_helm3, NULL};

static const struct kta_flag_def help_flag = {"help", 'h', KTA_FLAG_BOOL};

/* The words of argv that cobra still looks at, as indices. */
struct words {
    size_t at[KTA_MAX_ARGV];
    size_t n;
};

static const char *const container_paths[] = {"exec",           "run",        "debug",
                                              "create cronjob", "create job", "create deployment"};

bool kta_command_runs_container(const char *path)
{
    for (size_t i = 0; i < KTA_LEN(container_paths); i++)
        if (kta_streq(path, container_paths[i]))
            return true;
    return false;
}

const struct kta_table *const *kta_tables_of(const struct kta_argv *argv)
{
    if (argv->n == 0)
        return NULL;
    if (strcmp(argv->v[0], "kubectl") == 0)
        return kubectl_tables;
    if (strcmp(argv->v[0], "helm") == 0)
        return helm_tables;
    return NULL;
}

int kta_go_bool(const char *s)
{
    static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
    static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};

    for (size_t i = 0; i < KTA_LEN(yes); i++) {
        if (strcmp(s, yes[i]) == 0)
            return 1;
        if (strcmp(s, no[i]) == 0)
            return 0;
    }
    return -1;
}

/* ---- flags ---- */

static bool same_name(const struct kta_table *t, const char *def, const char *given, size_t n)
{
    if (strlen(def) != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = given[i] == '_' && t->underscores ? '-' : given[i];
        if (c != def[i])
            return false;
    }
    return true;
}

/* A flag by its name (n bytes) or, with name NULL, its shorthand. cmd NULL: the globals alone. */
static const struct kta_flag_def *find_flag(const struct kta_table *t,
                                            const struct kta_cmd_def *cmd, bool with_help,
                                            const char *name, size_t n, char shorthand)
{
    const struct kta_flag_def *sets[] = {cmd ? cmd->flags : NULL, t->globals,
                                         with_help ? &help_flag : NULL};
    size_t sizes[] = {cmd ? cmd->n_flags : 0, t->n_globals, with_help ? 1 : 0};

    for (size_t s = 0; s < KTA_LEN(sets); s++)
        for (size_t i = 0; i < sizes[s]; i++) {
            const struct kta_flag_def *f = &sets[s][i];
            if (name ? same_name(t, f->name, name, n) : f->shorthand == shorthand)
                return f;
        }
    return NULL;
}

static bool takes_next_word(const struct kta_flag_def *f)
{
    return f->takes == KTA_FLAG_SCALAR || f->takes == KTA_FLAG_LIST;
}

/* ---- cobra: which command ---- */

/* cobra's question in stripFlags: does this word make it skip the next one? */
static bool skips_next(const struct kta_table *t, const struct kta_cmd_def *cmd, const char *s)
{
    const struct kta_flag_def *f;

    if (s[0] != '-' || strchr(s, '='))
        return false;
    if (s[1] == '-')
        f = find_flag(t, cmd, false, s + 2, strlen(s + 2), 0);
    else if (strlen(s) == 2)
        f = find_flag(t, cmd, false, NULL, 0, s[1]);
    else
        return false;
    return !f || takes_next_word(f);
}

/* Position in w of the first word that is neither flag nor value; w->n if there is none. */
static size_t first_word(const struct kta_table *t, const struct kta_cmd_def *cmd,
                         const struct kta_argv *argv, const struct words *w)
{
    for (size_t i = 0; i < w->n; i++) {
        const char *s = argv->v[w->at[i]];
        if (strcmp(s, "--") == 0)
            break;
        if (skips_next(t, cmd, s))
            i++;
        else if (s[0] && s[0] != '-')
            return i;
    }
    return w->n;
}

static bool has_alias(const char *aliases, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = aliases; n > 0 && (p = strstr(p, word)); p++)
        if ((p == aliases || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
            return true;
    return false;
}

/* The row below cmd that a word names, or NULL. A name wins over another's alias. */
static const struct kta_cmd_def *child(const struct kta_table *t, const struct kta_cmd_def *cmd,
                                       const char *word)
{
    const struct kta_cmd_def *by_alias = NULL;
    size_t n = strlen(cmd->path);

    for (size_t i = 0; i < t->n_cmds; i++) {
        const char *p = t->cmds[i].path;
        if (n > 0) {
            if (strncmp(p, cmd->path, n) != 0 || p[n] != ' ')
                continue;
            p += n + 1;
        }
        if (!*p || strchr(p, ' '))
            continue;
        if (strcmp(p, word) == 0)
            return &t->cmds[i];
        if (has_alias(t->cmds[i].aliases, word))
            by_alias = &t->cmds[i];
    }
    return by_alias;
}

static bool has_children(const struct kta_table *t, const struct kta_cmd_def *cmd)
{
    size_t n = strlen(cmd->path);

    for (size_t i = 0; i < t->n_cmds; i++)
        if (strncmp(t->cmds[i].path, cmd->path, n) == 0 &&
            (n ? t->cmds[i].path[n] == ' ' : t->cmds[i].path[0]))
            return true;
    return false;
}

/* Walks down to the command, taking its words out of w. */
static const struct kta_cmd_def *find_command(const struct kta_table *t,
                                              const struct kta_argv *argv, struct words *w)
{
    const struct kta_cmd_def *cmd = &t->cmds[0];

    for (;;) {
        size_t i = first_word(t, cmd, argv, w);
        const struct kta_cmd_def *next = i < w->n ? child(t, cmd, argv->v[w->at[i]]) : NULL;
        if (!next)
            return cmd;
        memmove(&w->at[i], &w->at[i + 1], (w->n - i - 1) * sizeof w->at[0]);
        w->n--;
        cmd = next;
    }
}

/* ---- pflag: flags and arguments ---- */

struct parser {
    const struct kta_table *t;
    const struct kta_cmd_def *cmd;
    const struct kta_argv *argv;
    const struct words *w;
    size_t i;   /* next word */
    bool early; /* helm's first look: globals only, what is unknown is skipped */
    struct kta_command *ret;
};

static void add_flag(struct parser *p, const struct kta_flag_def *def, const char *value, size_t at)
{
    struct kta_command *c = p->ret;

    /* the real reading follows the early one: what both see is kept once, in its later place */
    for (size_t i = 0; i < c->n_flags && !p->early; i++)
        if (c->flags[i].at == at && c->flags[i].name == def->name) {
            memmove(&c->flags[i], &c->flags[i + 1], (c->n_flags - i - 1) * sizeof *c->flags);
            c->n_flags--;
            break;
        }
    c->flags = kta_realloc(c->flags, (c->n_flags + 1) * sizeof *c->flags);
    c->flags[c->n_flags++] = (struct kta_flag){def->name, value, at, true, def->takes};
}

static int refuse(struct parser *p, struct kta_err *err, const char *what, const char *word)
{
    return kta_err_set(err, KTA_E_POLICY, "%s does not take this command: %s '%.80s'",
                       p->t->program, what, word);
}

static int check_value(struct parser *p, const struct kta_flag_def *f, const char *value,
                       struct kta_err *err)
{
    if (value && f->takes == KTA_FLAG_BOOL && kta_go_bool(value) < 0)
        return refuse(p, err, "not true or false:", value);
    return 0;
}

/* What pflag skips after an unknown flag when unknown ones are allowed. */
static void skip_unknown_value(struct parser *p)
{
    if (p->i < p->w->n && p->argv->v[p->w->at[p->i]][0] != '-')
        p->i++;
}

static int long_flag(struct parser *p, const char *s, size_t at, struct kta_err *err)
{
    const char *name = s + 2, *eq = strchr(name, '='), *value = eq ? eq + 1 : NULL;
    size_t n = eq ? (size_t)(eq - name) : strlen(name);
    const struct kta_flag_def *f;

    if (name[0] == '-' || name[0] == '=')
        return refuse(p, err, "bad flag", s);
    f = find_flag(p->t, p->early ? NULL : p->cmd, !p->early, name, n, 0);
    if (!f && p->early) {
        if (!eq)
            skip_unknown_value(p);
        return 0;
    }
    if (!f)
        return refuse(p, err, "unknown flag", s);
    if (!value && takes_next_word(f)) {
        if (p->i == p->w->n)
            return refuse(p, err, "a value is missing after", s);
        value = p->argv->v[p->w->at[p->i++]];
    }
    if (check_value(p, f, value, err))
        return -1;
    add_flag(p, f, value, at);
    return 0;
}

static int short_flags(struct parser *p, const char *s, size_t at, struct kta_err *err)
{
    for (const char *c = s + 1; *c; c++) {
        const struct kta_flag_def *f =
            find_flag(p->t, p->early ? NULL : p->cmd, !p->early, NULL, 0, *c);
        const char *value = NULL;
        bool rest = false;
        if (!f && !p->early)
            return refuse(p, err, "unknown flag", s);
        if (!f) {
            if (c[1] == '=' && c[2])
                return 0;
            skip_unknown_value(p);
            continue;
        }
        if (c[1] == '=' && c[2]) {
            value = c + 2;
            rest = true;
        } else if (takes_next_word(f)) {
            if (c[1]) {
                value = c + 1;
                rest = true;
            } else if (p->i < p->w->n) {
                value = p->argv->v[p->w->at[p->i++]];
            } else {
                return refuse(p, err, "a value is missing after", s);
            }
        }
        if (check_value(p, f, value, err))
            return -1;
        add_flag(p, f, value, at);
        if (rest)
            break;
    }
    return 0;
}

static void add_arg(struct kta_command *c, const char *s)
{
    c->args = kta_realloc(c->args, (c->n_args + 1) * sizeof *c->args);
    c->args[c->n_args++] = s;
}

static int parse_flags(struct parser *p, struct kta_err *err)
{
    struct kta_command *c = p->ret;

    while (p->i < p->w->n) {
        size_t at = p->w->at[p->i++];
        const char *s = p->argv->v[at];
        int r = 0;
        if (s[0] != '-' || s[1] == '\0') {
            if (!p->early)
                add_arg(c, s);
        } else if (s[1] != '-') {
            r = short_flags(p, s, at, err);
        } else if (s[2]) {
            r = long_flag(p, s, at, err);
        } else {
            if (!p->early)
                c->dash = at;
            break;
        }
        if (r)
            return -1;
    }
    return 0;
}

/* Words after "--": a container's command, or more arguments. */
static void take_rest(struct parser *p)
{
    struct kta_command *c = p->ret;

    if (c->dash == p->argv->n)
        return;
    if (kta_command_runs_container(c->path)) {
        /* the words of the command itself come before "--", so what follows is in one piece */
        c->after = (const char *const *)&p->argv->v[c->dash + 1];
        c->n_after = p->argv->n - c->dash - 1;
        return;
    }
    for (; p->i < p->w->n; p->i++)
        add_arg(c, p->argv->v[p->w->at[p->i]]);
}

/* ---- what it comes to ---- */

static const struct kta_flag *last_flag(const struct kta_command *cmd, const char *name)
{
    for (size_t i = cmd->n_flags; i-- > 0;)
        if (strcmp(cmd->flags[i].name, name) == 0)
            return &cmd->flags[i];
    return NULL;
}

const char *kta_command_flag(const struct kta_command *cmd, const char *name)
{
    const struct kta_flag *f = last_flag(cmd, name);
    return f ? f->value : NULL;
}

bool kta_command_has(const struct kta_command *cmd, const char *name)
{
    return last_flag(cmd, name) != NULL;
}

bool kta_command_true(const struct kta_command *cmd, const char *name)
{
    const struct kta_flag *f = last_flag(cmd, name);
    return f && f->takes == KTA_FLAG_BOOL && (!f->value || kta_go_bool(f->value) == 1);
}

/* The value of --dry-run as kubectl's GetDryRunStrategy and helm's have it. A value that neither
 * takes is an error there. */
static int read_dry_run(struct kta_command *c, struct kta_err *err)
{
    const struct kta_flag *f = last_flag(c, "dry-run");
    const char *bare = c->table->underscores ? "unchanged" : "unset";
    int b;

    if (!f)
        return 0;
    c->dry_run = KTA_DRY_CLIENT;
    if (!f->value || strcmp(f->value, "client") == 0)
        return 0;
    if ((b = kta_go_bool(f->value)) >= 0) {
        c->dry_run = b ? KTA_DRY_CLIENT : KTA_DRY_NONE;
        return 0;
    }
    if (strcmp(f->value, "server") == 0)
        c->dry_run = KTA_DRY_SERVER;
    else if (strcmp(f->value, "none") == 0)
        c->dry_run = KTA_DRY_NONE;
    else if (strcmp(f->value, bare) != 0)
        return kta_err_set(err, KTA_E_POLICY, "--dry-run is none, client or server, not '%.40s'",
                           f->value);
    return 0;
}

/* One of a comma-separated list's parts is "-". */
static bool lists_stdin(const char *value)
{
    for (const char *p = value; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        if (p[0] == '-' && (p[1] == '\0' || p[1] == ','))
            return true;
    return false;
}

static void read_common(struct kta_command *c)
{
    const char *file = c->table->underscores ? "filename" : "values";

    c->namespace_ = kta_command_flag(c, "namespace");
    c->context = kta_command_flag(c, c->table->underscores ? "context" : "kube-context");
    c->all_namespaces = kta_command_true(c, "all-namespaces");
    for (size_t i = 0; i < c->n_flags; i++)
        if (strcmp(c->flags[i].name, file) == 0 && c->flags[i].value &&
            lists_stdin(c->flags[i].value))
            c->reads_stdin = true;
    if (strcmp(c->path, "set env") == 0)
        for (size_t i = 0; i < c->n_args; i++)
            if (strcmp(c->args[i], "-") == 0)
                c->reads_stdin = true;
}

/* "rollout restart" → verb and sub-verb, kept in `own`. */
static void split_path(struct kta_command *c)
{
    const char *first = c->path, *second = strchr(first, ' ');

    if (!*first)
        return;
    kta_argv_addf(&c->own, "%.*s", second ? (int)(second - first) : (int)strlen(first), first);
    if (second) {
        second++;
        kta_argv_addf(&c->own, "%.*s", (int)strcspn(second, " "), second);
    }
    c->verb = c->own.v[0];
    c->subverb = second ? c->own.v[1] : NULL;
}

static int check_words(const struct kta_argv *argv, struct kta_err *err)
{
    if (argv->n > KTA_MAX_ARGV)
        return kta_err_set(err, KTA_E_POLICY, "a command of more than %d words", KTA_MAX_ARGV);
    for (size_t i = 0; i < argv->n; i++) {
        size_t n = strlen(argv->v[i]);
        if (n > KTA_MAX_ARG)
            return kta_err_set(err, KTA_E_POLICY, "word %zu is longer than %u bytes", i + 1,
                               KTA_MAX_ARG);
        if (!kta_utf8_valid(argv->v[i], n))
            return kta_err_set(err, KTA_E_POLICY, "word %zu is not valid UTF-8", i + 1);
    }
    return 0;
}

/* Arguments below a command that has sub-commands: an unknown sub-command, perhaps a plugin's,
 * which is run even with --help. */
static int check_subverb(struct parser *p, struct kta_err *err)
{
    struct kta_command *c = p->ret;

    if (c->n_args == 0 || !has_children(p->t, p->cmd))
        return 0;
    return kta_err_set(err, KTA_E_POLICY, "'%.60s' is no command of '%s%s%s'", c->args[0],
                       p->t->program, *c->path ? " " : "", c->path);
}

int kta_command_parse_with(const struct kta_table *t, const struct kta_argv *argv,
                           struct kta_command *ret, struct kta_err *err)
{
    struct words all = {.n = 0}, w;
    struct parser p = {.t = t, .argv = argv, .ret = ret};

    *ret = (struct kta_command){.program = t->program, .table = t, .dash = argv->n};
    if (check_words(argv, err))
        return -1;
    for (size_t i = 1; i < argv->n; i++)
        all.at[all.n++] = i;
    w = all;
    ret->def = p.cmd = find_command(t, argv, &w);
    ret->path = p.cmd->path;
    split_path(ret);
    if (!t->underscores) { /* helm */
        struct kta_err ignored = KTA_ERR_INIT;
        p.w = &all;
        p.early = true;
        (void)parse_flags(&p, &ignored); /* helm ignores its errors as well */
        p.early = false;
        p.i = 0;
    }
    p.w = &w;
    if (parse_flags(&p, err))
        goto bad;
    take_rest(&p);
    ret->help = kta_command_true(ret, "help") || kta_streq(ret->verb, "help");
    read_common(ret);
    if (read_dry_run(ret, err) || check_subverb(&p, err))
        goto bad;
    return 0;
bad:
    kta_command_release(ret);
    return -1;
}

int kta_command_parse(const struct kta_argv *argv, struct kta_command *ret, struct kta_err *err)
{
    const struct kta_table *const *t = kta_tables_of(argv);
    struct kta_err later = KTA_ERR_INIT;

    *ret = (struct kta_command){0};
    if (!t)
        return kta_err_set(err, KTA_E_POLICY, "only kubectl and helm are run, not '%.60s'",
                           argv->n ? argv->v[0] : "");
    if (kta_command_parse_with(*t, argv, ret, err) == 0)
        return 0;
    for (t++; *t; t++)
        if (kta_command_parse_with(*t, argv, ret, &later) == 0) {
            kta_err_clear(err);
            return 0;
        }
    return -1;
}

void kta_command_release(struct kta_command *cmd)
{
    free(cmd->flags);
    free(cmd->args);
    kta_argv_release(&cmd->own);
    *cmd = (struct kta_command){0};
}
