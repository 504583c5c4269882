/* complete.c - values for the arguments of prompts and resource templates. */
#include "tool_list.h"

struct kta_json *kta_complete(struct kta_tool_env *env, bool ref_is_prompt, const char *ref,
                              const char *argument, const char *value,
                              const struct kta_json *context)
{
    struct kta_json *o = kta_json_new_object();

    (void)env;
    (void)ref_is_prompt;
    (void)ref;
    (void)argument;
    (void)value;
    (void)context;
    kta_json_set(o, "values", kta_json_new_array());
    kta_json_set_int(o, "total", 0);
    kta_json_set_bool(o, "hasMore", false);
    return o;
}
