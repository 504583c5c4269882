/* prompts.c - the troubleshooting guides as MCP prompts. */
#include "tool_list.h"

struct kta_json *kta_prompts_json(void)
{
    return kta_json_new_array();
}

struct kta_json *kta_prompt_get(struct kta_tool_env *env, const char *name,
                                const struct kta_json *args, struct kta_err *err)
{
    (void)env;
    (void)args;
    kta_err_set(err, KTA_E_NOT_FOUND, "there is no prompt '%s'", name);
    return NULL;
}
