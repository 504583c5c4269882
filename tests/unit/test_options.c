/* The command line and the configuration file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
#include "../../plugin/cmd/config.h"
#include "kta/alloc.h"
#include "kta/fs.h"

#define MAX_ARGS 8

static const struct row {
    const char *args[MAX_ARGS];
    const char *words; /* joined by | */
    enum opt_id id;
    const char *value;
    const char *error; /* part of the message, or NULL */
} rows[] = {
    {{"why", "is", "it"}, "why|is|it", OPT_NAMESPACE, NULL, NULL},
    {{"-n", "demo", "why"}, "why", OPT_NAMESPACE, "demo", NULL},
    {{"why", "-ndemo"}, "why", OPT_NAMESPACE, "demo", NULL},
    {{"why", "-n=demo"}, "why", OPT_NAMESPACE, "demo", NULL},
    {{"--namespace=demo", "why"}, "why", OPT_NAMESPACE, "demo", NULL},
    {{"--namespace", "demo", "--namespace", "x"}, "", OPT_NAMESPACE, "x", NULL},
    {{"-Aq", "why"}, "why", OPT_ALL_NAMESPACES, "true", NULL},
    {{"--quiet=false"}, "", OPT_QUIET, "false", NULL},
    {{"--dry-run", "why"}, "why", OPT_DRY_RUN, "server", NULL},
    {{"--dry-run=client"}, "", OPT_DRY_RUN, "client", NULL},
    {{"--dry-run=nonsense"}, "", OPT_DRY_RUN, NULL, "server|client|none"},
    {{"-y", "fix"}, "fix", OPT_YES, "medium", NULL},
    {{"--yes=high"}, "", OPT_YES, "high", NULL},
    {{"-v", "why"}, "why", OPT_VERBOSE, "1", NULL},
    {{"-v", "2", "why"}, "why", OPT_VERBOSE, "2", NULL},
    {{"-v3", "why"}, "why", OPT_VERBOSE, "3", NULL},
    {{"-v=4"}, "", OPT_VERBOSE, "4", NULL},
    {{"--", "--dry-run"}, "--dry-run", OPT_DRY_RUN, NULL, NULL},
    {{"exit", "code", "-1"}, "exit|code|-1", OPT_QUIET, NULL, NULL},
    {{"--namespce", "x"}, "", OPT_NAMESPACE, NULL, "unknown flag --namespce"},
    {{"--ui-type=web"}, "", OPT_QUIET, NULL, "kubectl-ai"},
    {{"--ui-listen-address=x"}, "", OPT_QUIET, NULL, "kubectl-ai"},
    {{"--mcp-server=x"}, "", OPT_QUIET, NULL, "kubectl-ai"},
    {{"--mcp-server-mode=x"}, "", OPT_QUIET, NULL, "kubectl-ai"},
    {{"--http-port=x"}, "", OPT_QUIET, NULL, "kubectl-ai"},
    {{"--mcp-client=x"}, "", OPT_QUIET, NULL, "kubectl-ai"},
    {{"--external-tools=x"}, "", OPT_QUIET, NULL, "kubectl-ai"},
    {{"--sandbox=x"}, "", OPT_QUIET, NULL, "kubectl-ai"},
    {{"--sandbox-image=x"}, "", OPT_QUIET, NULL, "kubectl-ai"},
    {{"--session-backend=x"}, "", OPT_QUIET, NULL, "kubectl-ai"},
    {{"--remove-workdir=x"}, "", OPT_QUIET, NULL, "kubectl-ai"},
    {{"--alsologtostderr=x"}, "", OPT_QUIET, NULL, "kubectl-ai"},
    {{"-n"}, "", OPT_NAMESPACE, NULL, "needs a value"},
    {{"-Z"}, "", OPT_NAMESPACE, NULL, "unknown flag -Z"},
    {{"--quiet=perhaps"}, "", OPT_QUIET, NULL, "true or false"},
    {{"--enable-tool-use-shim=true"}, "", OPT_SHIM, "true", NULL},
};

static void test_command_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct settings s = {0};
        struct kta_argv words = KTA_ARGV_INIT;
        struct kta_err err = KTA_ERR_INIT;
        struct kta_str joined = KTA_STR_INIT;
        char *args[MAX_ARGS];
        int argc = 0, dash;
        while (argc < MAX_ARGS && rows[i].args[argc]) {
            args[argc] = kta_strdup(rows[i].args[argc]);
            argc++;
        }
        int r = options_parse(argc, args, &s, &words, &dash, &err);
        if (rows[i].error) {
            assert_int_equal(r, -1);
            assert_int_equal(err.code, KTA_E_USAGE);
            assert_non_null(strstr(err.msg, rows[i].error));
        } else {
            assert_int_equal(r, 0);
            for (size_t w = 0; w < words.n; w++)
                kta_str_addf(&joined, "%s%s", w ? "|" : "", words.v[w]);
            assert_string_equal(joined.s, rows[i].words);
            if (rows[i].value)
                assert_string_equal(set_text(&s, rows[i].id), rows[i].value);
            else
                assert_null(set_text(&s, rows[i].id));
        }
        while (argc > 0)
            free(args[--argc]);
        kta_str_release(&joined);
        kta_argv_release(&words);
        settings_release(&s);
    }
}

static void load(const char *text, struct settings *s, struct config *c, struct kta_err *err,
                 int want)
{
    char file[] = "/tmp/test-options-XXXXXX";
    int fd = mkstemp(file);
    struct kta_err ignored = KTA_ERR_INIT;

    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(kta_fs_write(file, text, strlen(text), &ignored), 0);
    assert_int_equal(config_load(file, s, c, err), want);
    unlink(file);
}

static void test_mission_keys(void **state)
{
    struct settings s = {0};
    struct config c = {0};
    struct kta_err err = KTA_ERR_INIT;

    (void)state;
    load("model: gpt-4\ncontext: minikube\nenabledCommands:\n  - get\n  - describe\n  - logs\n"
         "  - exec\n",
         &s, &c, &err, 0);
    assert_string_equal(set_text(&s, OPT_MODEL), "gpt-4");
    assert_string_equal(set_text(&s, OPT_CONTEXT), "minikube");
    assert_true(c.has_enabled);
    assert_int_equal(c.enabled.n, 4);
    assert_string_equal(c.enabled.v[3], "exec");
    config_release(&c);
    settings_release(&s);
}

static void test_flag_beats_file(void **state)
{
    struct settings s = {0};
    struct config c = {0};
    struct kta_err err = KTA_ERR_INIT;

    (void)state;
    assert_int_equal(settings_set(&s, OPT_MODEL, "mine", FROM_FLAG, 0, &err), 0);
    load("model: gpt-4\n", &s, &c, &err, 0);
    assert_string_equal(set_text(&s, OPT_MODEL), "mine");
    config_release(&c);
    settings_release(&s);
}

static const struct {
    const char *text, *message, *hint;
} bad[] = {
    {"model: x\nenabledComands: []\n", "line 2: unknown key 'enabledComands'", "enabledCommands"},
    {"skipPermissions: true\n", "can only be given as a flag", "safety"},
    {"insecureSkipTlsVerify: true\n", "can only be given as a flag", ""},
    {"enabledCommands: get\n", "line 1: 'enabledCommands' must be a list", ""},
    {"model: [a]\n", "must be a single value", ""},
    {"- a\n", "line 1", ""},
    {"model: {\n", "line", ""},
    {"dryRun: nonsense\n", "line 1", ""},
};

static void test_mistakes_name_their_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < KTA_LEN(bad); i++) {
        struct settings s = {0};
        struct config c = {0};
        struct kta_err err = KTA_ERR_INIT;
        load(bad[i].text, &s, &c, &err, -1);
        assert_int_equal(err.code, KTA_E_USAGE);
        if (!strstr(err.msg, bad[i].message))
            fail_msg("%s", err.msg);
        assert_non_null(strstr(err.hint, bad[i].hint));
        config_release(&c);
        settings_release(&s);
    }
}

static void test_every_row_is_whole(void **state)
{
    (void)state;
    for (int i = 0; i < OPT_COUNT; i++) {
        assert_non_null(opt_rows[i].name);
        assert_non_null(opt_rows[i].help);
        if (opt_rows[i].type != OPT_SWITCH)
            assert_non_null(opt_rows[i].arg ? opt_rows[i].arg : opt_rows[i].bare);
        for (int j = 0; j < i; j++)
            assert_true(!opt_rows[i].letter || opt_rows[i].letter != opt_rows[j].letter);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command_lines),      cmocka_unit_test(test_mission_keys),
        cmocka_unit_test(test_flag_beats_file),    cmocka_unit_test(test_mistakes_name_their_line),
        cmocka_unit_test(test_every_row_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
