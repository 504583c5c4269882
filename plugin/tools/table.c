/*
 * table.c - the table of tools: names, schemas, hints; no code but the look-up.
 *
 * To add a tool: a function in a file of its own, a declaration in tool_list.h, a row here.
 */
#include "kta/alloc.h"
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
     "kubectl",
     "Runs kubectl. Commands that only read run at once and return their output. Anything that "
     "changes something is not run: it becomes a step of the plan that the user sees and confirms.",
     COMMAND_SCHEMA,
     NULL,
     KTA_FOR_MODEL,
     {0},
     tool_kubectl},
    {"helm",
     "helm",
     "Runs helm, by the same rules as kubectl: reads run at once, changes become steps of the "
     "plan.",
     COMMAND_SCHEMA,
     NULL,
     KTA_FOR_MODEL,
     {0},
     tool_helm},
    {"apply_fix",
     "Choose a fix",
     "Chooses one of the fixes that the findings offer, by its id. It becomes a step of the plan.",
     "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},"
     "\"why\":{\"type\":\"string\"}},\"required\":[\"id\"]}",
     NULL,
     KTA_FOR_MODEL,
     {0},
     tool_apply_fix},
};

const struct kta_tool *kta_tools(size_t *ret_n)
{
    *ret_n = KTA_LEN(tools);
    return tools;
}

const struct kta_tool *kta_tool_find(const char *name, unsigned for_)
{
    for (size_t i = 0; i < KTA_LEN(tools); i++)
        if ((tools[i].for_ & for_) && kta_streq(tools[i].name, name))
            return &tools[i];
    return NULL;
}
