/* reach.c - the tool "reach": do NetworkPolicies let A talk to B? A simulation, and it says so. */
#include "kta/usage.h"
#include "tool_list.h"

TOOL(tool_reach)
{
    static const char *const words[] = {"unknown", "no", "yes"};
    struct tool_at at;
    struct kta_err err = KTA_ERR_INIT;
    enum kta_reachable reach = KTA_REACH_UNKNOWN;
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    if (!tool_at(env, args, &at, result) ||
        !tool_mayl(&at, result, "kubectl", "get", "networkpolicies", NULL))
        return;
    struct kta_world *w = tool_world(&at);
    if (kta_reach(w, kta_or(at.scope.namespace_, "default"), kta_json_str(args, "from"),
                  kta_json_str(args, "to"), kta_json_str(args, "port"), &reach, &text, &err) < 0) {
        tool_fail_err(result, &err);
    } else {
        result->structured = kta_json_new_object();
        kta_json_set_str(result->structured, "reachable", words[reach]);
        kta_str_add(&result->text, text.s);
    }
    kta_world_free(w);
}
