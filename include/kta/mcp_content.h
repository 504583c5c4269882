/*
 * mcp_content.h - what an MCP client may read and be prompted with: resources, prompts, completion.
 *
 * They are rendered as MCP spells them ("uri", "mimeType" …), so that every revision of the
 * protocol only wraps them.
 */
#ifndef KTA_MCP_CONTENT_H
#define KTA_MCP_CONTENT_H

#include "kta/tools.h"

/* ---- resources: k8s://{context}/{namespace}/{kind}/{name} (namespace "-" for cluster-scoped),
 * kagent://findings[/{namespace}], kagent://history[/{id}] ---- */
struct kta_json *kta_resources_json(struct kta_tool_env *env); /* the "resources" array */
struct kta_json *kta_resource_templates_json(void);            /* the "resourceTemplates" */
/* The tool whose answer an address (or a template) stands for: a server that does not offer it
 * gives no such resource. NULL: no address of ours. */
const char *kta_resource_tool(const char *uri);
/* The "contents" array of resources/read. KTA_E_NOT_FOUND: no such resource. Caller owns. */
struct kta_json *kta_resource_read(struct kta_tool_env *env, const char *uri, struct kta_err *err);

/* ---- prompts: the guides under prompts/guide-*.md ---- */
struct kta_json *kta_prompts_json(void); /* the "prompts" array */
/* {"description", "messages"}; KTA_E_NOT_FOUND: no such prompt, KTA_E_USAGE: an argument is
 * missing. args may be NULL. Caller owns. */
struct kta_json *kta_prompt_get(struct kta_tool_env *env, const char *name,
                                const struct kta_json *args, struct kta_err *err);

/* ---- completion ---- */
/* Values that complete `value` for an argument of a prompt (ref_is_prompt, ref its name) or of a
 * resource template (ref its uri); context holds the other arguments already given, or NULL. The
 * "completion" object: values (at most 100), total, hasMore. Never fails: nothing is no values. */
struct kta_json *kta_complete(struct kta_tool_env *env, bool ref_is_prompt, const char *ref,
                              const char *argument, const char *value,
                              const struct kta_json *context);

#endif
