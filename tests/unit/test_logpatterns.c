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
                                       cmocka_unit_test(test_listening)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
