/* tool_list.h - the functions behind the table in table.c, and what the tools share. */
#ifndef TOOLS_TOOL_LIST_H
#define TOOLS_TOOL_LIST_H

#include "kta/tools.h"

/* "run" of a row: see struct kta_tool. */
#define TOOL(name)                                                                                 \
    void name(struct kta_tool_env *env, const struct kta_json *args, struct kta_tool_result *result)
TOOL(tool_kubectl);
TOOL(tool_helm);
TOOL(tool_apply_fix);

/* tools.c: is_error, and the sentence; "hint" of an error becomes a second one. */
void tool_fail(struct kta_tool_result *result, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void tool_fail_err(struct kta_tool_result *result, const struct kta_err *err);
/* The schema of a row, parsed. Caller owns. */
struct kta_json *tool_schema(const char *text);
/* Bytes that this call's answer may have: the server's limit, or the less that max_bytes asks. */
size_t tool_budget(const struct kta_tool_env *env, const struct kta_json *args);
/* Bytes of the answer as it goes out: the text quoted, and the structured content. */
size_t tool_result_size(const struct kta_tool_result *r);

/* custom.c: false when there is no tool of that name. */
bool tool_custom(struct kta_tool_env *env, const char *name, const struct kta_json *args,
                 struct kta_str *result);

#endif
