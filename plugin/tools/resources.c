/* resources.c - objects, findings and history as MCP resources. */
#include "tool_list.h"

struct kta_json *kta_resources_json(struct kta_tool_env *env)
{
    (void)env;
    return kta_json_new_array();
}

struct kta_json *kta_resource_templates_json(void)
{
    return kta_json_new_array();
}

struct kta_json *kta_resource_read(struct kta_tool_env *env, const char *uri, struct kta_err *err)
{
    (void)env;
    kta_err_set(err, KTA_E_NOT_FOUND, "there is no resource '%s'", uri);
    return NULL;
}
