/* Every pattern of prompts/log-patterns.txt finds its examples, and the engine picks its class. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "../../plugin/diagnose/diag.h"

static void test_examples(void **state)
{
    (void)state;
    size_t n, bad = 0;
    const struct kta_log_pattern *p = kta_log_patterns(&n);
    assert_true(n > 25);
    for (size_t i = 0; i < n; i++) {
        assert_true(p[i].n_examples > 0);
        for (size_t k = 0; k < p[i].n_examples; k++) {
            struct kta_log_cause c;
            const char *eg = p[i].examples[k];
            bool found = kta_log_cause(eg, strlen(eg), &c);
            if (!found || !kta_streq(c.pattern->class_, p[i].class_)) {
                print_message("%s: '%s' gives %s (weight %d)\n", p[i].class_, eg,
                              found ? c.pattern->class_ : "nothing", found ? c.pattern->weight : 0);
                bad++;
            }
            if (found) {
                if (getenv("SHOW"))
                    print_message("%s name=%s host=%s port=%s path=%s | %s\n", c.pattern->class_,
                                  c.name, c.host, c.port, c.path, c.line);
                kta_log_cause_release(&c);
            }
        }
    }
    assert_int_equal(bad, 0);
}

static void test_what_is_no_error(void **state)
{
    (void)state;
    size_t n;
    const struct kta_log_pattern *p = kta_log_patterns(&n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < p[i].n_nots; k++) {
            struct kta_log_cause c;
            if (kta_log_cause(p[i].nots[k], strlen(p[i].nots[k]), &c)) {
                if (kta_streq(c.pattern->class_, p[i].class_))
                    fail_msg("'%s' is taken for %s", p[i].nots[k], p[i].class_);
                kta_log_cause_release(&c);
            }
        }
    static const char *const calm[] = {
        "INFO server started\nINFO listening on :8080\n",
        "finished: 0 errors, 0 warnings\nfailover to replica 2 done\n",
        "{\"level\":\"info\",\"msg\":\"sync done\",\"errors\":0,\"error\":null}\n",
    };
    for (size_t i = 0; i < sizeof calm / sizeof *calm; i++) {
        struct kta_log_cause c = {0};
        if (kta_log_cause(calm[i], strlen(calm[i]), &c))
            fail_msg("'%s' is taken for %s: %s", calm[i], c.pattern->class_, c.line);
    }
}

/* A trace between other lines, also stamped ones: its record is quoted whole and alone. */
static void test_whole_traces(void **state)
{
    static const struct {
        const char *language, *trace, *class_, *cause;
    } rows[] = {
        {"Python",
         "Traceback (most recent call last):\n"
         "  File \"/app/db.py\", line 8, in connect\n"
         "    return pool[name]\n"
         "           ~~~~^^^^^^\n"
         "IndexError: list index out of range\n"
         "\n"
         "The above exception was the direct cause of the following exception:\n"
         "\n"
         "Traceback (most recent call last):\n"
         "  File \"/app/main.py\", line 3, in <module>\n"
         "    main()\n"
         "RuntimeError: no pool is left",
         "Exception", "IndexError: list index out of range"},
        {"Java",
         "Exception in thread \"main\" com.acme.StartException: start failed\n"
         "\tat com.acme.App.main(App.java:10)\n"
         "Caused by: java.lang.IllegalStateException: pool is closed\n"
         "\tat com.acme.Pool.get(Pool.java:7)\n"
         "\t... 1 common frames omitted\n"
         "\tSuppressed: java.io.EOFException: end\n"
         "\t\tat com.acme.Pool.close(Pool.java:9)\n"
         "Caused by: java.lang.ArithmeticException: / by zero\n"
         "\t... 9 more",
         "Exception", "Caused by: java.lang.ArithmeticException: / by zero"},
        {"Go",
         "panic: runtime error: index out of range [3] with length 3\n"
         "\n"
         "goroutine 1 [running]:\n"
         "main.(*Store).Get(...)\n"
         "\t/src/store.go:31\n"
         "main.main()\n"
         "\t/src/main.go:9 +0x1d\n"
         "exit status 2",
         "Exception", "panic: runtime error: index out of range [3] with length 3"},
        {"Node",
         "/app/index.js:4\n"
         "  return row.id;\n"
         "             ^\n"
         "\n"
         "TypeError: Cannot read properties of undefined (reading 'id')\n"
         "    at handler (/app/index.js:4:9)\n"
         "    at main (/app/index.js:9:1) {\n"
         "  [cause]: Error: row 7 is gone\n"
         "      at get (/app/db.js:2:1)\n"
         "}\n"
         "\n"
         "Node.js v20.10.0",
         "Exception", "TypeError: Cannot read properties of undefined (reading 'id')"},
        {"Rust",
         "thread 'main' panicked at src/main.rs:7:9:\n"
         "no worker left\n"
         "stack backtrace:\n"
         "   0: rust_begin_unwind\n"
         "             at /rustc/1.75/library/std/src/panicking.rs:645:5\n"
         "   1: app::main\n"
         "note: run with `RUST_BACKTRACE=full` for a verbose backtrace",
         "Exception", "thread 'main' panicked at src/main.rs:7:9: no worker left"},
        {".NET",
         "Unhandled exception. System.AggregateException: One or more hosts did not start.\n"
         " ---> System.InvalidOperationException: Sequence contains no elements\n"
         "   at System.Linq.ThrowHelper.ThrowNoElementsException()\n"
         "   at Api.Orders.Start() in /src/Orders.cs:line 12\n"
         "   --- End of inner exception stack trace ---\n"
         "--- End of stack trace from previous location ---\n"
         "   at Program.<Main>$(String[] args) in /src/Program.cs:line 7",
         "Exception", "Unhandled exception. System.AggregateException: One or more"},
        {"Ruby",
         "bin/rails aborted!\n"
         "ArgumentError: wrong number of arguments (ArgumentError)\n"
         "\tfrom config/puma.rb:3:in `block'\n"
         "\tfrom config/puma.rb:1:in `<main>'",
         "Exception", "ArgumentError: wrong number of arguments (ArgumentError)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kta_str log = KTA_STR_INIT;
        struct kta_log_cause c;
        kta_str_addf(&log,
                     "2026-01-01T00:00:00Z INFO starting\n%s\n2026-01-01T00:00:02Z INFO bye\n",
                     rows[i].trace);
        assert_true(kta_log_cause(log.s, log.len, &c));
        assert_string_equal(c.pattern->class_, rows[i].class_);
        if (strncmp(c.line, rows[i].cause, strlen(rows[i].cause)) != 0)
            fail_msg("%s: the cause is '%s'", rows[i].language, c.line);
        const char *last = strrchr(rows[i].trace, '\n') + 1;
        if (!strstr(c.quote, last) || strstr(c.quote, "INFO"))
            fail_msg("%s: the quote is '%s'", rows[i].language, c.quote);
        kta_log_cause_release(&c);
        kta_str_release(&log);
    }
}

/* What JSON lines say, whatever the names of their fields. */
static void test_json_lines(void **state)
{
    static const struct {
        const char *log, *class_, *in_quote;
    } rows[] = {
        {"{\"level\":\"info\",\"msg\":\"up\"}\n"
         "{\"level\":\"fatal\",\"ts\":1.5,\"msg\":\"no start\",\"error\":\"open /etc/app.yaml: no "
         "such "
         "file or directory\"}\n",
         "MissingFile", "FATAL no start: open /etc/app.yaml"},
        {"{\"level\":50,\"time\":1,\"err\":{\"type\":\"Error\",\"message\":\"connect ECONNREFUSED "
         "10.0.0.1:6379\"},\"msg\":\"cache\"}\n",
         "DependencyUnreachable", "ERROR cache"},
        {"{\"@timestamp\":\"x\",\"log.level\":\"ERROR\",\"message\":\"fatal\",\"error.message\":"
         "\"write /data/x: no space left on device\"}\n",
         "DiskFull", "no space left"},
        {"{\"severity\":\"ERROR\",\"message\":\"Traceback (most recent call last):\\n  File "
         "\\\"a.py\\\", line 1\\nKeyError: 'DATABASE_URL'\"}\n",
         "MissingEnv", "KeyError"},
        {"{\"@t\":\"x\",\"@l\":\"Fatal\",\"@m\":\"Host terminated\",\"@x\":\"System.Net.Sockets."
         "SocketException (111): Connection refused\"}\n",
         "DependencyUnreachable", "FATAL Host terminated"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kta_log_cause c;
        assert_true(kta_log_cause(rows[i].log, strlen(rows[i].log), &c));
        assert_string_equal(c.pattern->class_, rows[i].class_);
        if (!strstr(c.quote, rows[i].in_quote))
            fail_msg("row %zu: the quote is '%s'", i, c.quote);
        kta_log_cause_release(&c);
    }
}

/* The first error and not the last line; what is said again is counted. */
static void test_first_and_counted(void **state)
{
    struct kta_str log = KTA_STR_INIT, out = KTA_STR_INIT;
    struct kta_log_cause c;

    (void)state;
    kta_str_add(&log, "INFO up\nFATAL: the first word of it\n");
    for (int i = 0; i < 400; i++)
        kta_str_addf(&log, "ERROR: retry %d\n", i);
    kta_str_add(&log, "INFO bye\n");
    assert_true(kta_log_cause(log.s, log.len, &c));
    assert_string_equal(c.line, "FATAL: the first word of it");
    assert_int_equal(c.at, 2);
    kta_log_cause_release(&c);
    kta_log_digest(log.s, log.len, 3000, &out);
    assert_non_null(strstr(out.s, "FATAL: the first word of it"));
    assert_non_null(strstr(out.s, "ERROR: retry 0  (400 like this)"));
    assert_null(strstr(out.s, "ERROR: retry 1\n"));
    kta_str_release(&log);
    kta_str_release(&out);
    static const char again[] =
        "dial tcp: lookup db: no such host\ndial tcp: lookup db: no such host\n"
        "INFO waiting\ndial tcp: lookup db: no such host\n";
    assert_true(kta_log_cause(again, sizeof again - 1, &c));
    assert_int_equal(c.count, 3);
    kta_log_cause_release(&c);
}

static void test_listening(void **state)
{
    static const struct {
        const char *log;
        int port;
    } rows[] = {
        {"INFO: Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C)\n", 8000},
        {"Server listening on port 3000\n", 3000},
        {"server started\nlistening on :9090\n", 9090},
        {"connection to server at \"10.0.0.1\", port 50361 failed: Connection refused\n", -1},
        {"listening on :8080\nready, but cannot reach server at db:5432\n", 8080},
        {"nothing to tell\n", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(kta_log_listening(rows[i].log, strlen(rows[i].log)), rows[i].port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples),
                                       cmocka_unit_test(test_what_is_no_error),
                                       cmocka_unit_test(test_whole_traces),
                                       cmocka_unit_test(test_json_lines),
                                       cmocka_unit_test(test_first_and_counted),
                                       cmocka_unit_test(test_listening)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
