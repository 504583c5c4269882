/*
 * options.c - the option table and its parser.
 *
 * To add a flag: a name in options.h's enum, a row here. Help, man page, completion and the key in
 * the configuration file follow from the row.
 */
#include "options.h"

#include <ctype.h>
#include <errno.h>

#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/llm.h"
#include "kta/str.h"

const char *const opt_sections[SEC_COUNT] = {
    [SEC_CLUSTER] = "Which cluster, as kubectl takes them",
    [SEC_CHANGE] = "Changes",
    [SEC_MODEL] = "The model",
    [SEC_SESSION] = "Sessions",
    [SEC_OUTPUT] = "Output",
    [SEC_MCP] = "The MCP server (mcp)",
    [SEC_GENERAL] = "Other",
};

/* clang-format off */
const struct opt_row opt_rows[OPT_COUNT] = {
    [OPT_NAMESPACE] = {"namespace", 'n', OPT_TEXT, SEC_CLUSTER, "NS", NULL, NULL, false, false, "look in this namespace"},
    [OPT_ALL_NAMESPACES] = {"all-namespaces", 'A', OPT_SWITCH, SEC_CLUSTER, NULL, NULL, NULL, false, false, "look in all namespaces"},
    [OPT_SELECTOR] = {"selector", 'l', OPT_TEXT, SEC_CLUSTER, "LABELS", NULL, NULL, true, false, "only objects with these labels"},
    [OPT_CONTEXT] = {"context", 0, OPT_TEXT, SEC_CLUSTER, "NAME", NULL, NULL, false, false, "the kubeconfig context to use"},
    [OPT_KUBECONFIG] = {"kubeconfig", 0, OPT_TEXT, SEC_CLUSTER, "FILE", NULL, NULL, false, false, "the kubeconfig file to use"},
    [OPT_CLUSTER] = {"cluster", 0, OPT_TEXT, SEC_CLUSTER, "NAME", NULL, NULL, true, false, "the kubeconfig cluster to use"},
    [OPT_USER] = {"user", 0, OPT_TEXT, SEC_CLUSTER, "NAME", NULL, NULL, true, false, "the kubeconfig user to use"},
    [OPT_AS] = {"as", 0, OPT_TEXT, SEC_CLUSTER, "USER", NULL, NULL, true, false, "impersonate this user"},
    [OPT_AS_GROUP] = {"as-group", 0, OPT_REPEAT, SEC_CLUSTER, "GROUP", NULL, NULL, true, false, "impersonate this group (repeatable)"},
    [OPT_AS_UID] = {"as-uid", 0, OPT_TEXT, SEC_CLUSTER, "UID", NULL, NULL, true, false, "impersonate this UID"},
    [OPT_SERVER] = {"server", 's', OPT_TEXT, SEC_CLUSTER, "URL", NULL, NULL, true, false, "the API server's address"},
    [OPT_TOKEN] = {"token", 0, OPT_TEXT, SEC_CLUSTER, "TOKEN", NULL, NULL, true, false, "bearer token for the API server"},
    [OPT_INSECURE] = {"insecure-skip-tls-verify", 0, OPT_SWITCH, SEC_CLUSTER, NULL, NULL, NULL, true, false, "do not check the API server's certificate"},
    [OPT_REQUEST_TIMEOUT] = {"request-timeout", 0, OPT_TEXT, SEC_CLUSTER, "D", NULL, NULL, false, false, "give up a single request to the API server after this long (30s)"},
    [OPT_DRY_RUN] = {"dry-run", 0, OPT_OPTIONAL, SEC_CHANGE, "server|client", "server", "server|client|none", false, false, "show answer and plan, change nothing; server also has the API server validate it"},
    [OPT_YES] = {"yes", 'y', OPT_OPTIONAL, SEC_CHANGE, "low|medium|high", "medium", "low|medium|high", true, false, "do not ask before changes of at most this risk (bare: medium)"},
    [OPT_SKIP_PERMISSIONS] = {"skip-permissions", 0, OPT_SWITCH, SEC_CHANGE, NULL, NULL, NULL, true, false, "the same as --yes=high"},
    [OPT_READ_ONLY] = {"read-only", 0, OPT_SWITCH, SEC_CHANGE, NULL, NULL, NULL, false, false, "neither offer nor run changes"},
    [OPT_NO_VERIFY] = {"no-verify", 0, OPT_SWITCH, SEC_CHANGE, NULL, NULL, NULL, false, false, "do not watch whether a change helped"},
    [OPT_VERIFY_TIMEOUT] = {"verify-timeout", 0, OPT_TEXT, SEC_CHANGE, "D", NULL, NULL, false, false, "watch a change for at most this long (5m)"},
    [OPT_ROLLBACK] = {"rollback-on-failure", 0, OPT_SWITCH, SEC_CHANGE, NULL, NULL, NULL, false, false, "undo a change that did not help, without asking"},
    [OPT_FORCE] = {"force", 0, OPT_SWITCH, SEC_CHANGE, NULL, NULL, NULL, true, false, "undo even where somebody else changed the same fields since"},
    [OPT_RESUME] = {"resume", 0, OPT_SWITCH, SEC_CHANGE, NULL, NULL, NULL, true, false, "history ID: run what was left of a change that stopped"},
    [OPT_MODE] = {"mode", 0, OPT_TEXT, SEC_CHANGE, "M", NULL, "propose|ask|auto", true, false, "remediate: propose changes, ask before each plan, or do what the configuration allows"},
    [OPT_LLM_PROVIDER] = {"llm-provider", 0, OPT_TEXT, SEC_MODEL, "NAME", NULL, NULL, false, false, "which kind of endpoint; none is the built-in engine alone"},
    [OPT_MODEL] = {"model", 0, OPT_TEXT, SEC_MODEL, "M", NULL, NULL, false, false, "the model's name"},
    [OPT_ENDPOINT] = {"endpoint", 0, OPT_TEXT, SEC_MODEL, "URL", NULL, NULL, false, false, "base URL of an OpenAI-compatible API, with its /v1"},
    [OPT_API_KEY_FILE] = {"api-key-file", 0, OPT_TEXT, SEC_MODEL, "FILE", NULL, NULL, false, false, "read the API key from this file"},
    [OPT_MAX_ITERATIONS] = {"max-iterations", 0, OPT_TEXT, SEC_MODEL, "N", NULL, NULL, false, false, "at most this many turns with the model (20)"},
    [OPT_RECORD] = {"record", 0, OPT_TEXT, SEC_GENERAL, "FILE", NULL, NULL, true, false, "record the session with what cluster and model answer, redacted"},
    [OPT_REPLAY] = {"replay", 0, OPT_TEXT, SEC_GENERAL, "FILE", NULL, NULL, true, false, "the recorded session again, with neither cluster nor model"},
    [OPT_MAX_COST] = {"max-cost", 0, OPT_TEXT, SEC_MODEL, "N", NULL, NULL, false, false, "stop the session at so many tokens (200k) or dollars (0.50usd)"},
    [OPT_MODEL_PRICE] = {"model-price", 0, OPT_TEXT, SEC_MODEL, "IN/OUT", NULL, NULL, false, false, "the model's price in dollars for a million tokens, for --max-cost"},
    [OPT_CUSTOM_TOOLS] = {"custom-tools-config", 0, OPT_REPEAT, SEC_MODEL, "FILE", NULL, NULL, false, false, "tools of your own for the model: a file or a folder (repeatable; tools.yaml beside the configuration)"},
    [OPT_SHIM] = {"enable-tool-use-shim", 0, OPT_SWITCH, SEC_MODEL, NULL, NULL, NULL, false, false, "do not use the endpoint's own tool calls"},
    [OPT_SHOW_TOOL_OUTPUT] = {"show-tool-output", 0, OPT_SWITCH, SEC_MODEL, NULL, NULL, NULL, false, false, "show what the model's reads returned"},
    [OPT_SKIP_VERIFY_SSL] = {"skip-verify-ssl", 0, OPT_SWITCH, SEC_MODEL, NULL, NULL, NULL, true, false, "do not check the model endpoint's certificate"},
    [OPT_TEMPLATE] = {"prompt-template-file-path", 0, OPT_TEXT, SEC_MODEL, "FILE", NULL, NULL, false, false, "use this file (as kubectl-ai's, with its {{if}} and fields) instead of the built-in system prompt"},
    [OPT_EXTRA_PROMPTS] = {"extra-prompt-paths", 0, OPT_REPEAT, SEC_MODEL, "FILE", NULL, NULL, false, false, "append this file to the system prompt (repeatable)"},
    [OPT_TRACE] = {"trace-path", 0, OPT_TEXT, SEC_MODEL, "FILE", NULL, NULL, false, false, "write what was sent to and received from the model, redacted, to this file"},
    [OPT_SHOW_PROMPT] = {"show-prompt", 0, OPT_SWITCH, SEC_MODEL, NULL, NULL, NULL, true, false, "print exactly what would be sent to the model, then exit"},
    [OPT_SNAPSHOT] = {"snapshot", 0, OPT_TEXT, SEC_CLUSTER, "DIR", NULL, NULL, true, false, "read from a snapshot instead of a cluster; nothing can be changed"},
    [OPT_NEW_SESSION] = {"new-session", 0, OPT_SWITCH, SEC_SESSION, NULL, NULL, NULL, true, false, "remember a question of the command line as a new session (a conversation always is)"},
    [OPT_RESUME_SESSION] = {"resume-session", 0, OPT_TEXT, SEC_SESSION, "ID|latest", NULL, NULL, true, false, "go on with a saved session"},
    [OPT_LIST_SESSIONS] = {"list-sessions", 0, OPT_SWITCH, SEC_SESSION, NULL, NULL, NULL, true, false, "list the saved sessions"},
    [OPT_DELETE_SESSION] = {"delete-session", 0, OPT_TEXT, SEC_SESSION, "ID", NULL, NULL, true, false, "remove a saved session"},
    [OPT_FAIL_ON] = {"fail-on", 0, OPT_TEXT, SEC_OUTPUT, "SEVERITY", NULL, "critical|warning|info", false, false, "diagnose: exit 9 when a finding is at least this severe"},
    [OPT_BASELINE] = {"baseline", 0, OPT_TEXT, SEC_OUTPUT, "FILE", NULL, NULL, false, false, "diagnose: findings of this earlier -o json (-: stdin) are known and left out"},
    [OPT_PROBE] = {"probe", 0, OPT_SWITCH, SEC_GENERAL, NULL, NULL, NULL, false, false, "also GET other usual paths of workloads than their own probes', which may have effects"},
    [OPT_NO_PROBE] = {"no-probe", 0, OPT_SWITCH, SEC_GENERAL, NULL, NULL, NULL, false, false, "send no GET to the workloads' own probe paths"},
    [OPT_WATCH] = {"watch", 'w', OPT_SWITCH, SEC_GENERAL, NULL, NULL, NULL, true, false, "diagnose: go on, and print findings that are new or gone, until interrupted"},
    [OPT_OUTPUT] = {"output", 'o', OPT_TEXT, SEC_OUTPUT, "text|json|jsonl", NULL, "text|json|jsonl", false, false, "text for people; json is one document; jsonl is events as they happen"},
    [OPT_QUIET] = {"quiet", 'q', OPT_SWITCH, SEC_OUTPUT, NULL, NULL, NULL, false, false, "never ask, no progress; what would be asked is not done"},
    [OPT_NO_COLOR] = {"no-color", 0, OPT_SWITCH, SEC_OUTPUT, NULL, NULL, NULL, false, false, "no colours (so does NO_COLOR)"},
    [OPT_TIMEOUT] = {"timeout", 0, OPT_TEXT, SEC_GENERAL, "D", NULL, NULL, false, false, "end the whole run after this long"},
    [OPT_CONFIG] = {"config", 0, OPT_TEXT, SEC_GENERAL, "FILE", NULL, NULL, true, false, "the configuration file"},
    [OPT_HTTP] = {"http", 0, OPT_TEXT, SEC_MCP, "ADDR:PORT", NULL, NULL, true, false, "serve HTTP at /mcp (and /sse for older clients) instead of stdin and stdout"},
    [OPT_ALLOW_REMOTE] = {"allow-remote", 0, OPT_SWITCH, SEC_MCP, NULL, NULL, NULL, true, false, "let --http be an address that is not loopback; needs --token-file"},
    [OPT_TOKEN_FILE] = {"token-file", 0, OPT_TEXT, SEC_MCP, "FILE", NULL, NULL, true, false, "HTTP clients must show the bearer token in this file"},
    [OPT_TOOLS] = {"tools", 0, OPT_REPEAT, SEC_MCP, "NAME", NULL, NULL, true, false, "offer only these tools (repeatable, or comma-separated)"},
    [OPT_APPROVE] = {"approve", 0, OPT_TEXT, SEC_MCP, "low|medium", NULL, "low|medium", true, false, "run changes of at most this risk without asking a person"},
    [OPT_JSONL] = {"jsonl", 0, OPT_SWITCH, SEC_OUTPUT, NULL, NULL, NULL, true, true, "policy check: one JSON argv array a line on stdin"},
    [OPT_VERBOSE] = {"v", 'v', OPT_LEVEL, SEC_OUTPUT, "N", "1", NULL, true, false, "tell more: 1 turns, times, requests counted; 2 each request and process"},
    [OPT_HELP] = {"help", 'h', OPT_SWITCH, SEC_GENERAL, NULL, NULL, NULL, true, false, "this text"},
    [OPT_VERSION] = {"version", 0, OPT_SWITCH, SEC_GENERAL, NULL, NULL, NULL, true, true, "the version"},
};

/* kubectl-ai's flags that we do not have, and what to use. */
static const struct { const char *name, *ours; } not_ours[] = {
    {"ui-type", "the terminal is the only user interface; other programs use 'kubectl todo-ai mcp'"},
    {"ui-listen-address", "the terminal is the only user interface"},
    {"mcp-server", "use the command: kubectl todo-ai mcp"},
    {"mcp-server-mode", "use the command: kubectl todo-ai mcp [--http ADDR:PORT]"},
    {"http-port", "use the command: kubectl todo-ai mcp --http ADDR:PORT"},
    {"external-tools", "there are no external tools; see 'kubectl todo-ai help'"},
    {"mcp-client", "there are no external tools; see 'kubectl todo-ai help'"},
    {"sandbox", "commands are run without a shell and checked by policy; see 'kubectl todo-ai policy check'"},
    {"sandbox-image", "commands are run without a shell and checked by policy"},
    {"session-backend", "sessions are kept in files under $XDG_STATE_HOME; see --new-session and --resume-session"},
    {"remove-workdir", "there is no working folder to remove"},
    {"alsologtostderr", "use -v: it always goes to stderr"},
};
/* clang-format on */

void settings_release(struct settings *s)
{
    for (int i = 0; i < OPT_COUNT; i++) {
        free(s->v[i].value);
        kta_argv_release(&s->v[i].list);
    }
    memset(s, 0, sizeof *s);
}

static bool is_choice(const char *choices, const char *value)
{
    size_t n = strlen(value);
    for (const char *p = choices; n > 0; p++) {
        if (!strncmp(p, value, n) && (p[n] == '|' || p[n] == '\0'))
            return true;
        p = strchr(p, '|');
        if (!p)
            return false;
    }
    return false;
}

static int set_switch(char **value, const char *name, const char *text, struct kta_err *err)
{
    static const char *const yes[] = {"true", "1", "t", "T", "TRUE", "True"};
    static const char *const no[] = {"false", "0", "f", "F", "FALSE", "False"};
    for (size_t i = 0; i < KTA_LEN(yes); i++) {
        if (kta_streq(text, yes[i]) || kta_streq(text, no[i])) {
            free(*value);
            *value = kta_strdup(kta_streq(text, yes[i]) ? "true" : "false");
            return 0;
        }
    }
    return kta_err_set(err, KTA_E_USAGE, "--%s is true or false, not '%s'", name, text);
}

int settings_set(struct settings *s, enum opt_id id, const char *value, enum opt_source source,
                 int line, struct kta_err *err)
{
    const struct opt_row *row = &opt_rows[id];

    if (row->choices && !is_choice(row->choices, value))
        return kta_err_set(err, KTA_E_USAGE, "%s%s is one of %s, not '%s'",
                           source == FROM_FLAG ? "--" : "", row->name, row->choices, value);
    if (row->type == OPT_SWITCH) {
        if (set_switch(&s->v[id].value, row->name, value, err) < 0)
            return -1;
    } else {
        free(s->v[id].value);
        s->v[id].value = kta_strdup(value);
    }
    if (row->type == OPT_REPEAT) {
        if (source == FROM_FLAG && s->v[id].source == FROM_FILE)
            kta_argv_release(&s->v[id].list);
        kta_argv_add(&s->v[id].list, value);
    }
    s->v[id].source = source;
    s->v[id].line = line;
    return 0;
}

static bool all_digits(const char *s)
{
    if (!s || !*s)
        return false;
    for (; *s; s++)
        if (!isdigit((unsigned char)*s))
            return false;
    return true;
}

static int unknown_flag(const char *given, struct kta_err *err)
{
    const char *names[OPT_COUNT];

    for (size_t i = 0; i < KTA_LEN(not_ours); i++) {
        if (kta_streq(given, not_ours[i].name)) {
            kta_err_set(err, KTA_E_USAGE, "--%s is a flag of kubectl-ai that this program lacks",
                        given);
            return kta_err_hint(err, "%s", not_ours[i].ours);
        }
    }
    for (int i = 0; i < OPT_COUNT; i++)
        names[i] = opt_rows[i].name;
    kta_err_set(err, KTA_E_USAGE, "unknown flag --%s", given);
    const char *near = kta_nearest(given, names, OPT_COUNT);
    if (near)
        return kta_err_hint(err, "did you mean --%s? 'kubectl todo-ai help' lists all flags", near);
    return kta_err_hint(err, "'kubectl todo-ai help' lists all flags; put a question that holds "
                             "dashes in quotes, after --");
}

static const char *next_word(int argc, char **argv, int *i)
{
    return *i + 1 < argc ? argv[++*i] : NULL;
}

/* One flag with its value, which may be attached (value) or the next word. */
static int take(struct settings *s, int id, const char *value, int argc, char **argv, int *i,
                struct kta_err *err)
{
    const struct opt_row *row = &opt_rows[id];

    switch (row->type) {
    case OPT_SWITCH:
        value = value ? value : "true";
        break;
    case OPT_OPTIONAL:
        value = value ? value : row->bare;
        break;
    case OPT_LEVEL:
        if (!value && *i + 1 < argc && all_digits(argv[*i + 1]))
            value = next_word(argc, argv, i);
        value = value ? value : row->bare;
        if (!all_digits(value))
            return kta_err_set(err, KTA_E_USAGE, "-v takes a number, not '%s'", value);
        break;
    case OPT_TEXT:
    case OPT_REPEAT:
        value = value ? value : next_word(argc, argv, i);
        if (!value)
            return kta_err_set(err, KTA_E_USAGE, "--%s needs a value (%s)", row->name, row->arg);
        break;
    }
    return settings_set(s, (enum opt_id)id, value, FROM_FLAG, 0, err);
}

static int long_flag(struct settings *s, char *word, int argc, char **argv, int *i,
                     struct kta_err *err)
{
    const char *name = word + 2, *eq = strchr(name, '=');
    size_t n = eq ? (size_t)(eq - name) : strlen(name);

    for (int id = 0; id < OPT_COUNT; id++)
        if (strlen(opt_rows[id].name) == n && !strncmp(opt_rows[id].name, name, n))
            return take(s, id, eq ? eq + 1 : NULL, argc, argv, i, err);
    kta_auto_free char *given = kta_strndup(name, n);
    return unknown_flag(given, err);
}

/* -n NS, -nNS, -n=NS, -Aq, -v2: as pflag reads them. */
static int short_flags(struct settings *s, char *word, int argc, char **argv, int *i,
                       struct kta_err *err)
{
    for (const char *p = word + 1; *p; p++) {
        int id = 0;
        while (id < OPT_COUNT && opt_rows[id].letter != *p)
            id++;
        if (id == OPT_COUNT) {
            kta_err_set(err, KTA_E_USAGE, "unknown flag -%c in '%s'", *p, word);
            return kta_err_hint(err, "'kubectl todo-ai help' lists all flags");
        }
        bool is_switch = opt_rows[id].type == OPT_SWITCH;
        if (is_switch && p[1] != '=') {
            if (take(s, id, NULL, argc, argv, i, err) < 0)
                return -1;
            continue;
        }
        const char *value = p[1] == '=' ? p + 2 : p[1] ? p + 1 : NULL;
        return take(s, id, value, argc, argv, i, err);
    }
    return 0;
}

int options_parse(int argc, char **argv, struct settings *s, struct kta_argv *words, int *ret_dash,
                  struct kta_err *err)
{
    *ret_dash = -1;
    for (int i = 0; i < argc; i++) {
        char *w = argv[i];
        int r = 0;
        if (kta_streq(w, "--")) {
            *ret_dash = (int)words->n;
            for (i++; i < argc; i++)
                kta_argv_add(words, argv[i]);
            break;
        }
        if (kta_starts(w, "--"))
            r = long_flag(s, w, argc, argv, &i, err);
        else if (w[0] == '-' && w[1] && !all_digits(w + 1))
            r = short_flags(s, w, argc, argv, &i, err);
        else
            kta_argv_add(words, w);
        if (r < 0)
            return -1;
    }
    return 0;
}

const char *set_text(const struct settings *s, enum opt_id id)
{
    return s->v[id].value;
}

bool set_on(const struct settings *s, enum opt_id id)
{
    return kta_streq(s->v[id].value, "true");
}

int set_duration(const struct settings *s, enum opt_id id, int64_t otherwise, int64_t *ret,
                 struct kta_err *err)
{
    *ret = otherwise;
    if (!s->v[id].value)
        return 0;
    if (kta_duration(s->v[id].value, ret, err) < 0) {
        err->code = KTA_E_USAGE;
        return kta_err_wrap(err, "--%s", opt_rows[id].name);
    }
    return 0;
}

int set_number(const struct settings *s, enum opt_id id, int otherwise, int *ret,
               struct kta_err *err)
{
    char *end;

    *ret = otherwise;
    if (!s->v[id].value)
        return 0;
    errno = 0;
    long n = strtol(s->v[id].value, &end, 10);
    if (errno || *end || end == s->v[id].value || n < 0 || n > 1000000)
        return kta_err_set(err, KTA_E_USAGE, "--%s takes a number, not '%s'", opt_rows[id].name,
                           s->v[id].value);
    *ret = (int)n;
    return 0;
}

char *opt_key(const struct opt_row *row)
{
    struct kta_str key = KTA_STR_INIT;

    for (const char *p = row->name; *p; p++) {
        if (*p == '-' && p[1])
            kta_str_addc(&key, (char)toupper((unsigned char)*++p));
        else
            kta_str_addc(&key, *p);
    }
    return kta_str_detach(&key);
}

void opt_values(const struct opt_row *row, struct kta_str *out)
{
    size_t n = 0;
    const struct kta_provider *p = kta_providers(&n);

    kta_str_add(out, kta_or(row->choices, ""));
    for (size_t i = 0; row == &opt_rows[OPT_LLM_PROVIDER] && i < n; i++)
        kta_str_addf(out, "%s%s", i ? "|" : "", p[i].name);
}

void opt_means(const struct opt_row *row, struct kta_str *out)
{
    kta_auto_str struct kta_str values = KTA_STR_INIT;

    opt_values(row, &values);
    kta_str_add(out, row->help);
    if (values.len && !kta_starts(values.s, kta_or(row->arg, "?")))
        kta_str_addf(out, " (%s)", values.s);
}

/* "  -n, --namespace NS" as the left column. */
static void left_column(const struct opt_row *r, struct kta_str *out)
{
    if (r->type == OPT_LEVEL) {
        kta_str_addf(out, "  -%c [%s]", r->letter, r->arg);
        return;
    }
    if (r->letter)
        kta_str_addf(out, "  -%c, --%s", r->letter, r->name);
    else
        kta_str_addf(out, "      --%s", r->name);
    if (r->type == OPT_OPTIONAL)
        kta_str_addf(out, "[=%s]", r->arg);
    else if (r->arg)
        kta_str_addf(out, " %s", r->arg);
}

/* Flags of one command; its own help alone lists them, the whole help all. */
static const struct {
    enum opt_id id;
    const char *command;
} only[] = {
    {OPT_RESUME, "history"},   {OPT_FORCE, "undo"},        {OPT_MODE, "remediate"},
    {OPT_FAIL_ON, "diagnose"}, {OPT_BASELINE, "diagnose"}, {OPT_WATCH, "diagnose"},
    {OPT_SHOW_PROMPT, "ask"},  {OPT_RECORD, "ask"},        {OPT_REPLAY, "ask"},
};

static bool of_another(enum opt_id id, const char *command)
{
    for (size_t i = 0; command && i < KTA_LEN(only); i++)
        if (only[i].id == id)
            return !kta_streq(only[i].command, command);
    return false;
}

void options_help(unsigned sections, const char *command, struct kta_str *out)
{
    for (int sec = 0; sec < SEC_COUNT; sec++) {
        if (!(sections & 1u << sec))
            continue;
        kta_str_addf(out, "\n%s:\n", opt_sections[sec]);
        for (int i = 0; i < OPT_COUNT; i++) {
            const struct opt_row *r = &opt_rows[i];
            if (r->section != (enum opt_section)sec || r->hidden ||
                of_another((enum opt_id)i, command))
                continue;
            size_t before = out->len;
            left_column(r, out);
            size_t width = out->len - before;
            if (width > 34)
                kta_str_addf(out, "\n%*s", 36, "");
            else
                kta_str_addf(out, "%*s", (int)(36 - width), "");
            opt_means(r, out);
            kta_str_addc(out, '\n');
        }
    }
}
