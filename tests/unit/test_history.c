/* Earlier questions are condensed rather than cut: what stays for each amount of room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "../../plugin/agent/agent_private.h"

static void add(struct kta_json *list, const char *role, const char *text)
{
    struct kta_json *m = kta_json_push(list, kta_json_new_object());
    kta_json_set_str(m, "role", role);
    kta_json_set_str(m, "content", text);
}

/* Three questions, each with 2000 bytes of evidence, a call, its result and an answer. */
static struct kta_json *conversation(void)
{
    struct kta_json *list = kta_json_new_array();
    for (int i = 1; i <= 3; i++) {
        kta_auto_str struct kta_str text = KTA_STR_INIT;
        for (int j = 0; j < 100; j++)
            kta_str_add(&text, "evidence evidence...");
        kta_str_addf(&text, AGENT_QUESTION "question %d?\n", i);
        add(list, "user", text.s);
        add(list, "assistant", "let me look");
        struct kta_json *calls = kta_json_new_array();
        kta_json_push(calls, kta_json_new_object());
        kta_json_set(kta_json_item(list, kta_json_len(list) - 1), "tool_calls", calls);
        add(list, "tool", "result");
        kta_str_clear(&text);
        kta_str_addf(&text, "answer %d ", i);
        for (int j = 0; j < 50; j++)
            kta_str_add(&text, "and so on and so on ");
        add(list, "assistant", text.s);
    }
    return list;
}

static const struct row {
    size_t budget;
    const char *has, *lacks;
    size_t messages;
} rows[] = {
    {100000, "question 1?", "(Earlier", 12}, /* as it was */
    {8000, "Question: question 1?", "(Earlier", 2 + 4 + 4},
    {5600, "Question: question 2?", "(Earlier", 2 + 2 + 4},
    {3800, "Question: question 3?", "evidence", 6},
    {2200, "Question: question 1?", "evidence", 6}, /* answers are cut */
    {900, "Question: question 3?", "question 2", 3},
    {10, "(Earlier questions", "question 3", 1},
};

static void test_condensing(void **state)
{
    kta_auto_json struct kta_json *history = conversation();
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kta_auto_json struct kta_json *got = agent_condense(history, rows[i].budget);
        kta_auto_str struct kta_str text = KTA_STR_INIT;
        kta_json_print(got, false, &text);
        if (kta_json_len(got) != rows[i].messages || !strstr(text.s, rows[i].has) ||
            strstr(text.s, rows[i].lacks))
            fail_msg("%zu bytes: %zu messages: %.600s", rows[i].budget, kta_json_len(got), text.s);
        size_t used = 0;
        kta_json_each(m, got)
            used += strlen(kta_json_str(m, "content"));
        assert_in_range(used, 0, rows[i].budget < 100 ? 100 : rows[i].budget);
    }
}

/* What was condensed once is condensed again without harm. */
static void test_again(void **state)
{
    kta_auto_json struct kta_json *history = conversation();
    kta_auto_json struct kta_json *once = agent_condense(history, 3800);
    kta_auto_json struct kta_json *twice = agent_condense(once, 3800);
    (void)state;
    assert_true(kta_json_equal(once, twice));
    kta_auto_json struct kta_json *none = agent_condense(NULL, 100);
    assert_int_equal(kta_json_len(none), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_condensing),
        cmocka_unit_test(test_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
