/*
 * prompts.c - the troubleshooting guides (prompts/guide-*.md) as MCP prompts.
 *
 * A guide's first line is "# Title"; its second "> description"; what follows is the text, in which
 * {target} and {namespace} stand for the arguments. An argument's text is data of the client's own
 * person; it is cut to a line so that it cannot pose as a part of the guide.
 */
#include <string.h>

#include "kta/alloc.h"
#include "kta/embedded.h"
#include "kta/utf8.h"
#include "tool_list.h"
#include "kta/mcp_content.h"

#define PREFIX "guide-"

static bool is_guide(const struct kta_embedded *f)
{
    return kta_starts(f->name, PREFIX) && kta_ends(f->name, ".md");
}

static char *name_of(const struct kta_embedded *f)
{
    return kta_strndup(f->name + strlen(PREFIX), strlen(f->name) - strlen(PREFIX) - 3);
}

/* Line i of a guide without its mark. Caller frees. */
static char *line_of(const struct kta_embedded *f, int i)
{
    const char *p = f->text;

    while (i-- > 0 && strchr(p, '\n'))
        p = strchr(p, '\n') + 1;
    p += strspn(p, "#> ");
    return kta_strndup(p, strcspn(p, "\n"));
}

static const struct {
    const char *name, *description;
    bool required;
} arguments[] = {
    {"target", "what is in trouble: kind/name or a name", true},
    {"namespace", "where it is; default: the server's", false},
};

struct kta_json *kta_prompts_json(void)
{
    struct kta_json *list = kta_json_new_array();

    for (const struct kta_embedded *f = kta_embedded_files; f->name; f++) {
        if (!is_guide(f))
            continue;
        kta_auto_free char *name = name_of(f), *title = line_of(f, 0), *description = line_of(f, 1);
        struct kta_json *o = kta_json_push(list, kta_json_new_object());
        kta_json_set_str(o, "name", name);
        kta_json_set_str(o, "title", title);
        kta_json_set_str(o, "description", description);
        struct kta_json *args = kta_json_set(o, "arguments", kta_json_new_array());
        for (size_t i = 0; i < KTA_LEN(arguments); i++) {
            struct kta_json *a = kta_json_push(args, kta_json_new_object());
            kta_json_set_str(a, "name", arguments[i].name);
            kta_json_set_str(a, "description", arguments[i].description);
            kta_json_set_bool(a, "required", arguments[i].required);
        }
    }
    return list;
}

static void one_line(const char *text, struct kta_str *out)
{
    kta_auto_str struct kta_str clean = KTA_STR_INIT;

    kta_clean(text, strlen(text), &clean);
    for (size_t i = 0; i < clean.len && i < 200; i++)
        kta_str_addc(out, clean.s[i] == '\n' ? ' ' : clean.s[i]);
}

static void fill(const char *text, const char *target, const char *ns, struct kta_str *out)
{
    static const char *const names[] = {"{target}", "{namespace}"};
    const char *const values[] = {target, ns};

    while (*text) {
        size_t n = strcspn(text, "{");
        kta_str_addn(out, text, n);
        text += n;
        size_t i = 0;
        while (i < KTA_LEN(names) && !kta_starts(text, names[i]))
            i++;
        if (i < KTA_LEN(names)) {
            one_line(values[i], out);
            text += strlen(names[i]);
        } else if (*text) {
            kta_str_addc(out, *text++);
        }
    }
}

struct kta_json *kta_prompt_get(struct kta_tool_env *env, const char *name,
                                const struct kta_json *args, struct kta_err *err)
{
    const char *target = kta_json_str(args, "target"), *ns = kta_json_str(args, "namespace");
    const struct kta_embedded *f = kta_embedded_files;
    kta_auto_free char *file = kta_asprintf(PREFIX "%s.md", name);

    while (f->name && !(is_guide(f) && kta_streq(f->name, file)))
        f++;
    if (!f->name) {
        kta_err_set(err, KTA_E_NOT_FOUND, "there is no prompt '%.100s'", name);
        return NULL;
    }
    if (!target || !*target) {
        kta_err_set(err, KTA_E_USAGE, "the prompt %s needs the argument 'target'", name);
        return NULL;
    }
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    kta_auto_free char *description = line_of(f, 1);
    const char *body = strstr(f->text, "\n\n");
    fill(body ? body + 2 : f->text, target,
         kta_or(ns, kta_or(env->scope.namespace_, "the server's namespace")), &text);
    struct kta_json *o = kta_json_new_object();
    kta_json_set_str(o, "description", description);
    struct kta_json *list = kta_json_set(o, "messages", kta_json_new_array());
    struct kta_json *m = kta_json_push(list, kta_json_new_object());
    kta_json_set_str(m, "role", "user");
    struct kta_json *c = kta_json_set(m, "content", kta_json_new_object());
    kta_json_set_str(c, "type", "text");
    kta_json_set_str(c, "text", text.s);
    return o;
}
