/*
 * tools.c - the table of tools and the one way to call them.
 *
 * To add a tool: a function in a file of its own, a declaration in tool_list.h, a row here.
 */
#include "kta/tools.h"

#include <string.h>

#include "kta/alloc.h"
#include "kta/limits.h"
#include "kta/utf8.h"
#include "tool_list.h"

#define COMMAND_SCHEMA                                                                             \
    "{\"type\":\"object\",\"properties\":{"                                                        \
    "\"args\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},"                                \
    "\"description\":\"the arguments, one word each, without the program's name and without any "  \
    "shell syntax\"},"                                                                             \
    "\"stdin\":{\"type\":\"string\",\"description\":\"a manifest, for -f -\"},"                    \
    "\"why\":{\"type\":\"string\",\"description\":\"one sentence: what this is for\"}},"           \
    "\"required\":[\"args\"]}"

static const struct kta_tool tools[] = {
    {"kubectl",
     "Runs kubectl. Commands that only read run at once and return their output. Anything that "
     "changes something is not run: it becomes a step of the plan that the user sees and confirms.",
     COMMAND_SCHEMA, tool_kubectl},
    {"helm",
     "Runs helm, by the same rules as kubectl: reads run at once, changes become steps of the "
     "plan.",
     COMMAND_SCHEMA, tool_helm},
    {"apply_fix",
     "Chooses one of the fixes that the findings offer, by its id. It becomes a step of the plan.",
     "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},"
     "\"why\":{\"type\":\"string\"}},\"required\":[\"id\"]}",
     tool_apply_fix},
};

const struct kta_tool *kta_tools(size_t *ret_n)
{
    *ret_n = KTA_LEN(tools);
    return tools;
}

/* The ids on offer become an enum, so that a small model cannot invent one. */
static void offer_fixes(struct kta_json *schema, const struct kta_findings *findings)
{
    struct kta_json *ids = kta_json_new_array();

    for (size_t i = 0; i < findings->n; i++)
        for (size_t j = 0; j < findings->v[i]->n_fixes; j++)
            kta_json_push_str(ids, findings->v[i]->fixes[j].id);
    kta_json_set(kta_json_at(schema, "properties.id"), "enum", ids);
}

static size_t count_fixes(const struct kta_findings *findings)
{
    size_t n = 0;
    for (size_t i = 0; findings && i < findings->n; i++)
        n += findings->v[i]->n_fixes;
    return n;
}

struct kta_json *kta_tools_json(const struct kta_findings *findings)
{
    struct kta_json *list = kta_json_new_array();

    for (size_t i = 0; i < KTA_LEN(tools); i++) {
        bool is_fix = tools[i].run == tool_apply_fix;
        if (is_fix && count_fixes(findings) == 0)
            continue;
        struct kta_json *schema;
        struct kta_err err = KTA_ERR_INIT;
        if (kta_json_parse(tools[i].schema, strlen(tools[i].schema), &schema, &err) < 0)
            continue; /* a unit test parses every row */
        if (is_fix)
            offer_fixes(schema, findings);
        struct kta_json *tool = kta_json_push(list, kta_json_new_object());
        kta_json_set_str(tool, "type", "function");
        struct kta_json *f = kta_json_set(tool, "function", kta_json_new_object());
        kta_json_set_str(f, "name", tools[i].name);
        kta_json_set_str(f, "description", tools[i].description);
        kta_json_set(f, "parameters", schema);
    }
    return list;
}

static const struct kta_tool *find(const char *name)
{
    for (size_t i = 0; i < KTA_LEN(tools); i++)
        if (kta_streq(tools[i].name, name))
            return &tools[i];
    return NULL;
}

void kta_tool_call(struct kta_tool_env *env, const char *name, const char *args_text,
                   struct kta_str *result)
{
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_json struct kta_json *args = NULL;
    kta_auto_str struct kta_str full = KTA_STR_INIT;
    const struct kta_tool *tool = find(name);

    if (!tool) {
        kta_str_addf(result, "There is no tool '%s'. The tools are kubectl, helm and apply_fix.",
                     name);
        return;
    }
    args_text = kta_or(args_text, "{}");
    if (kta_json_parse(args_text, strlen(args_text), &args, &err) < 0 ||
        kta_json_type(args) != KTA_JSON_OBJECT) {
        kta_str_addf(result,
                     "The arguments of '%s' are not a JSON object%s%s. Call it again with "
                     "arguments of this form: %s",
                     name, err.msg[0] ? ": " : "", err.msg, tool->schema);
        return;
    }
    tool->run(env, args, &full);
    kta_cut_middle(full.s, full.len, KTA_MAX_TOOL_RESULT, result);
}

void kta_cut_middle(const char *s, size_t n, size_t max, struct kta_str *out)
{
    if (n <= max) {
        kta_str_addn(out, s, n);
        return;
    }
    size_t head = kta_utf8_prefix(s, n, max * 2 / 3), tail = n - max / 3;
    for (size_t i = head; i > head / 2; i--) {
        if (s[i - 1] == '\n') {
            head = i;
            break;
        }
    }
    const char *nl = memchr(s + tail, '\n', n - tail);
    if (nl && nl + 1 < s + n)
        tail = (size_t)(nl + 1 - s);
    while (tail < n && ((unsigned char)s[tail] & 0xC0) == 0x80)
        tail++;
    kta_str_addn(out, s, head);
    kta_str_addf(out, "\n… %zu bytes cut here; ask for less (a selector, --tail, -o name) …\n",
                 tail - head);
    kta_str_addn(out, s + tail, n - tail);
}
