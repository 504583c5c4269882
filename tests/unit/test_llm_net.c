/* The model's side over the network: each provider's row on the wire, stalls at every byte, endless
 * answers, certificates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/resource.h>
#include "../servers/server.h"
#include "kta/alloc.h"
#include "kta/clock.h"
#include "kta/fs.h"
#include "kta/limits.h"
#include "kta/llm.h"

static char dir[] = "/tmp/kta-test-llm-net-XXXXXX";
static struct test_server server;
static char *log_path;

static struct kta_json *parse(const char *s)
{
    struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;
    if (kta_json_parse(s, strlen(s), &v, &err) < 0)
        fail_msg("%s: %s", s, err.msg);
    return v;
}

static void start(const char *script, const char *cert, const char *key)
{
    kta_auto_free char *path = kta_fs_join(dir, "script.json");
    const char *const argv[] = {"python3", "tests/servers/model_server.py", path, "--log",
                                log_path,  cert ? "--tls" : NULL,           cert, key,
                                NULL};
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_free char *cache = kta_fs_join(dir, "cache/kubectl-todo-ai/models.json");
    unlink(cache);
    unlink(log_path);
    assert_int_equal(kta_fs_write(path, script, strlen(script), &err), 0);
    assert_int_equal(test_server_start(&server, argv), 0);
}

/* Short times, so that a stall is noticed soon; the first byte may take long on a busy machine. */
static struct kta_llm *open_at(struct kta_llm_config c, const char *scheme)
{
    kta_auto_free char *url = kta_asprintf("%s://127.0.0.1:%d/v1", scheme, server.port);
    struct kta_llm *m = NULL;
    struct kta_err err = KTA_ERR_INIT;
    if (!c.provider)
        c.provider = "openai-compatible";
    c.model = "m";
    c.endpoint = url;
    if (!c.api_key)
        c.api_key = "sk-key";
    c.back_off_ms = 1;
    if (kta_llm_open(&c, &m, &err) < 0)
        fail_msg("%s", err.msg);
    return m;
}

static int ask(struct kta_llm *m, enum kta_llm_way way, const char *messages,
               struct kta_llm_turn *t, struct kta_err *err)
{
    kta_auto_json struct kta_json *list = parse(messages);
    kta_auto_json struct kta_json *tools =
        parse("[{\"type\":\"function\",\"function\":{\"name\":\"kubectl\","
              "\"parameters\":{\"type\":\"object\"}}}]");
    int rc;
    *t = (struct kta_llm_turn){.messages = list, .tools = tools, .way = way, .max_tokens = 10};
    rc = kta_llm_chat(m, t, err);
    t->messages = t->tools = NULL;
    return rc;
}

#define QUESTION "[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"q\"}]"

/* The requests so far. */
static struct kta_json *requests(void)
{
    struct kta_json *all = kta_json_new_array();
    kta_auto_str struct kta_str s = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    if (kta_fs_read(log_path, 16u << 20, &s, &err) < 0)
        return all;
    for (char *line = s.s, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        kta_json_push(all, parse(line));
    }
    return all;
}

/* ---- each provider ---- */

static const struct provider_row {
    const char *name, *path, *token_param, *auth, *header, *value;
} providers[] = {
    {"openai", "/v1/chat/completions", "max_completion_tokens", "authorization", NULL, NULL},
    {"openai-compatible", "/v1/chat/completions", "max_tokens", "authorization", NULL, NULL},
    {"azopenai", "/v1/chat/completions?api-version=2024-10-21", "max_completion_tokens", "api-key",
     NULL, NULL},
    {"gemini", "/v1/chat/completions", "max_tokens", "authorization", NULL, NULL},
    {"grok", "/v1/chat/completions", "max_tokens", "authorization", NULL, NULL},
    {"groq", "/v1/chat/completions", "max_tokens", "authorization", NULL, NULL},
    {"mistral", "/v1/chat/completions", "max_tokens", "authorization", NULL, NULL},
    {"deepseek", "/v1/chat/completions", "max_tokens", "authorization", NULL, NULL},
    {"openrouter", "/v1/chat/completions", "max_tokens", "authorization", "x-title",
     "kubectl-todo-ai"},
    {"anthropic", "/v1/chat/completions", "max_tokens", "authorization", NULL, NULL},
    {"ollama", "/v1/chat/completions", "max_tokens", "authorization", NULL, NULL},
    {"llamacpp", "/v1/chat/completions", "max_tokens", "authorization", NULL, NULL},
};

static void test_every_provider(void **state)
{
    size_t n;
    const struct kta_provider *table = kta_providers(&n);
    (void)state;
    assert_int_equal(n, KTA_LEN(providers) + 1); /* and none */
    start("{\"turns\":[{\"text\":\"ok\"}],\"loop\":true}", NULL, NULL);
    for (size_t i = 0; i < KTA_LEN(providers); i++) {
        const struct provider_row *row = &providers[i];
        struct kta_llm *m = open_at((struct kta_llm_config){.provider = row->name}, "http");
        kta_auto_json struct kta_json *log = NULL;
        struct kta_json *last;
        struct kta_llm_turn t;
        struct kta_err err = KTA_ERR_INIT;
        assert_string_equal(table[i].name, row->name);
        if (ask(m, KTA_WAY_AUTO, QUESTION, &t, &err) < 0)
            fail_msg("%s: %s", row->name, err.msg);
        assert_string_equal(t.text.s, "ok");
        log = requests();
        last = kta_json_item(log, kta_json_len(log) - 1);
        assert_string_equal(kta_json_str(last, "path"), row->path);
        assert_int_equal(kta_json_int(kta_json_get(last, "body"), row->token_param, 0), 10);
        assert_non_null(kta_json_get(kta_json_get(last, "headers"), row->auth));
        if (row->header)
            assert_string_equal(kta_json_text(
                                    kta_json_get(kta_json_get(last, "headers"), row->header)),
                                row->value);
        kta_llm_turn_release(&t);
        kta_llm_free(m);
    }
    test_server_stop(&server);
}

/* A conversation that began with tools goes on with a model that has none. */
static void test_calls_become_text(void **state)
{
    struct kta_llm *m;
    struct kta_llm_turn t;
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_json struct kta_json *log = NULL;
    (void)state;
    start("[{\"text\":\"ok\"}]", NULL, NULL);
    m = open_at((struct kta_llm_config){0}, "http");
    assert_int_equal(
        ask(m, KTA_WAY_TEXT,
            "[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"\","
            "\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"kubectl\",\"arguments\":"
            "\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"pods\"}]",
            &t, &err),
        0);
    log = requests();
    assert_string_equal(kta_json_str(log, "[0].body.messages[1].content"), "Called kubectl {}");
    assert_string_equal(kta_json_str(log, "[0].body.messages[2].role"), "user");
    assert_string_equal(kta_json_str(log, "[0].body.messages[2].content"), "Results:\npods");
    assert_null(kta_json_at(log, "[0].body.messages[1].tool_calls"));
    kta_llm_turn_release(&t);
    kta_llm_free(m);
    test_server_stop(&server);
}

/* ---- time ---- */

#define STREAM                                                                                     \
    "data: {\\\"choices\\\":[{\\\"delta\\\":{\\\"content\\\":\\\"caf\u00e9\\\"}}]}\\r\\n\\r\\n"    \
    "data: {\\\"choices\\\":[{\\\"delta\\\":{},\\\"finish_reason\\\":\\\"stop\\\"}]}\\n\\n"        \
    "data: [DONE]\\n\\n"
#define STREAM_LEN 130

/* Nothing comes after byte N: the turn is asked again, and shows nothing twice. */
static void test_stall_at_every_byte(void **state)
{
    kta_auto_str struct kta_str script = KTA_STR_INIT;
    struct kta_llm *m;
    (void)state;
    kta_str_addc(&script, '[');
    for (int at = 0; at < STREAM_LEN; at++)
        kta_str_addf(&script, "%s{\"raw\":\"" STREAM "\",\"stall_at\":%d},{\"raw\":\"" STREAM "\"}",
                     at ? "," : "", at);
    kta_str_addc(&script, ']');
    start(script.s, NULL, NULL);
    m = open_at((struct kta_llm_config){.first_byte_ms = 20000, .idle_ms = 60}, "http");
    for (int at = 0; at < STREAM_LEN; at++) {
        struct kta_llm_turn t;
        struct kta_err err = KTA_ERR_INIT;
        kta_auto_json struct kta_json *log = NULL;
        if (ask(m, KTA_WAY_TEXT, QUESTION, &t, &err) < 0)
            fail_msg("byte %d: %s", at, err.msg);
        if (strcmp(t.text.s, "caf\u00e9") != 0)
            fail_msg("byte %d: '%s'", at, t.text.s);
        kta_llm_turn_release(&t);
        log = requests();
        /* a stall behind the end of the answer is none: the next turn of the script is left over */
        if (kta_json_len(log) % 2) {
            assert_int_equal(ask(m, KTA_WAY_TEXT, QUESTION, &t, &err), 0);
            kta_llm_turn_release(&t);
        }
    }
    kta_llm_free(m);
    test_server_stop(&server);
}

static void test_no_first_byte(void **state)
{
    struct kta_llm *m;
    struct kta_llm_turn t;
    struct kta_err err = KTA_ERR_INIT;
    int64_t begin = kta_now_ms();
    (void)state;
    start("{\"turns\":[{\"text\":\"late\",\"delay_ms\":20000}],\"loop\":true}", NULL, NULL);
    m = open_at((struct kta_llm_config){.first_byte_ms = 100}, "http");
    assert_int_equal(ask(m, KTA_WAY_TEXT, QUESTION, &t, &err), -1);
    assert_int_equal(err.code, KTA_E_MODEL);
    assert_true(kta_now_ms() - begin < 15000);
    kta_llm_turn_release(&t);
    kta_llm_free(m);
    test_server_stop(&server);
}

/* ---- size ---- */

/* Answers without an end: an error soon, and memory stays bounded. */
static void test_endless(void **state)
{
    static const struct {
        const char *bytes, *word;
    } rows[] = {
        {": keep-alive\\n\\n", "larger than 8192 KiB"},
        {"data: {\\\"choices\\\":[{\\\"delta\\\":{\\\"reasoning_content\\\":\\\"hm\\\"}}]}\\n\\n",
         "repeats itself"},
        {"data: x\\n", "larger than 8192 KiB"},
        {"x", "too long"},
        {"{", "larger than 8192 KiB"},
    };
    struct rusage use;
    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        kta_auto_free char *script =
            kta_asprintf("{\"turns\":[{\"endless\":\"%s\"}],\"loop\":true}", rows[i].bytes);
        struct kta_llm *m;
        struct kta_llm_turn t;
        struct kta_err err = KTA_ERR_INIT;
        start(script, NULL, NULL);
        m = open_at((struct kta_llm_config){0}, "http");
        assert_int_equal(ask(m, KTA_WAY_TEXT, QUESTION, &t, &err), -1);
        assert_int_equal(err.code, KTA_E_MODEL);
        if (!strstr(err.msg, rows[i].word))
            fail_msg("%s: %s", rows[i].bytes, err.msg);
        kta_llm_turn_release(&t);
        kta_llm_free(m);
        test_server_stop(&server);
    }
    getrusage(RUSAGE_SELF, &use);
#ifndef __SANITIZE_ADDRESS__
    assert_true(use.ru_maxrss < 128 * 1024);
#endif
}

/* ---- certificates ---- */

static int run(const char *const *argv)
{
    posix_spawn_file_actions_t quiet;
    pid_t pid;
    int status = -1;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&pid, argv[0], &quiet, NULL, (char *const *)(void *)(size_t)argv, environ) ==
        0)
        waitpid(pid, &status, 0);
    posix_spawn_file_actions_destroy(&quiet);
    return status;
}

static void test_own_authority(void **state)
{
    kta_auto_free char *cert = kta_fs_join(dir, "cert.pem"), *key = kta_fs_join(dir, "key.pem");
    const char *const make[] = {"openssl",  "req",
                                "-x509",    "-newkey",
                                "rsa:2048", "-nodes",
                                "-days",    "2",
                                "-subj",    "/CN=127.0.0.1",
                                "-addext",  "subjectAltName=IP:127.0.0.1",
                                "-keyout",  key,
                                "-out",     cert,
                                NULL};
    const struct {
        const char *ca, *variable; /* SSL_CERT_FILE */
        bool insecure, good;
    } rows[] = {{cert, NULL, false, true},
                {NULL, NULL, false, false},
                {NULL, cert, false, true},
                {cert, "/nonexistent", false, true},
                {NULL, NULL, true, true}};
    (void)state;
    assert_int_equal(run(make), 0);
    start("{\"turns\":[{\"text\":\"ok\"}],\"loop\":true}", cert, key);
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        if (rows[i].variable)
            setenv("SSL_CERT_FILE", rows[i].variable, 1);
        struct kta_llm *m =
            open_at((struct kta_llm_config){.ca_file = rows[i].ca, .insecure = rows[i].insecure},
                    "https");
        struct kta_llm_turn t;
        struct kta_err err = KTA_ERR_INIT;
        int rc = ask(m, KTA_WAY_TEXT, QUESTION, &t, &err);
        if ((rc == 0) != rows[i].good)
            fail_msg("row %zu: %s", i, err.msg);
        if (rc < 0)
            assert_non_null(strstr(err.hint, "SSL_CERT_FILE"));
        unsetenv("SSL_CERT_FILE");
        kta_llm_turn_release(&t);
        kta_llm_free(m);
    }
    test_server_stop(&server);
}

static int begin(void **state)
{
    static const char *const unset[] = {"SSL_CERT_FILE", "LLM_SKIP_VERIFY_SSL",
                                        "AZURE_OPENAI_API_VERSION", "OPENAI_API_VERSION"};
    kta_auto_free char *cache = NULL;
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    if (!mkdtemp(dir))
        return -1;
    for (size_t i = 0; i < KTA_LEN(unset); i++)
        unsetenv(unset[i]);
    cache = kta_fs_join(dir, "cache");
    setenv("XDG_CACHE_HOME", cache, 1);
    log_path = kta_fs_join(dir, "requests");
    return 0;
}

static int end(void **state)
{
    static const char *const remove_all[] = {"rm", "-rf", dir, NULL};
    (void)state;
    free(log_path);
    return run(remove_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_provider),
        cmocka_unit_test(test_calls_become_text),
        cmocka_unit_test(test_stall_at_every_byte),
        cmocka_unit_test(test_no_first_byte),
        cmocka_unit_test(test_endless),
        cmocka_unit_test(test_own_authority),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
