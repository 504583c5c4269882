/* tool_list.h - the functions behind the table in tools.c. */
#ifndef TOOLS_TOOL_LIST_H
#define TOOLS_TOOL_LIST_H

#include "kta/tools.h"

void tool_kubectl(struct kta_tool_env *env, const struct kta_json *args, struct kta_str *result);
void tool_helm(struct kta_tool_env *env, const struct kta_json *args, struct kta_str *result);
void tool_apply_fix(struct kta_tool_env *env, const struct kta_json *args, struct kta_str *result);

#endif
