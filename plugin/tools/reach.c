/* reach.c - the tool "reach": do NetworkPolicies let A talk to B? A simulation, and it says so. */
#include "kta/alloc.h"
#include "kta/questions.h"
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
    /* clients write a port as a number, too */
    const struct kta_json *given = kta_json_get(args, "port");
    kta_auto_free char *port = kta_json_type(given) == KTA_JSON_NUMBER
                                   ? kta_asprintf("%lld", (long long)kta_json_int(given, "", 0))
                                   : kta_strdup(kta_json_text(given));
    struct kta_world *w = tool_world(&at);
    if (kta_reach(w, kta_or(at.scope.namespace_, "default"), kta_json_str(args, "from"),
                  kta_json_str(args, "to"), port, &reach, &text, &err) < 0) {
        tool_fail_err(result, &err);
    } else {
        result->structured = kta_json_new_object();
        kta_json_set_str(result->structured, "reachable", words[reach]);
        kta_str_add(&result->text, text.s);
    }
    kta_world_free(w);
}
