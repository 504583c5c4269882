/* fix.c - the tool "apply_fix": a finding's fix, chosen by its id. */
#include "tool_list.h"

#include "kta/str.h"

TOOL(tool_apply_fix)
{
    const char *id = kta_json_str(args, "id"), *why = kta_json_str(args, "why");
    const struct kta_fix *fix = env->findings && id ? kta_findings_fix(env->findings, id) : NULL;

    if (!fix) {
        tool_fail(result, "There is no fix '%s'. Choose an id that the findings offer.",
                  kta_or(id, ""));
        return;
    }
    kta_tool_command(env, &fix->argv, fix->stdin_text, why ? why : fix->summary, &result->text);
    if (fix->then.n)
        kta_tool_command(env, &fix->then, NULL, why ? why : fix->summary, &result->text);
}
