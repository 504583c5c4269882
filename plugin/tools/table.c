/*
 * table.c - the table of tools: names, schemas, hints; no code but the look-up.
 *
 * To add a tool: a function in a file of its own, a declaration in tool_list.h, a row here. What a
 * client lists is paid for in tokens at every start: say once what cannot be guessed.
 */
#include "kta/alloc.h"
#include "tool_list.h"

/* an argument a line */
/* clang-format off */

/* ---- words of JSON Schema ---- */
#define OBJECT(properties)    "{\"type\":\"object\",\"properties\":{" properties "}"
#define NEEDS(names)          ",\"required\":[" names "]"
#define OPEN                  "}"
#define CLOSED                ",\"additionalProperties\":false}"
#define SAYS(what)            ",\"description\":\"" what "\"}"
#define TEXT(name)            "\"" name "\":{\"type\":\"string\"}"
#define TEXT_OF(name, what)   "\"" name "\":{\"type\":\"string\"" SAYS(what)
#define NAME(name)            "\"" name "\":{\"type\":\"string\",\"minLength\":1}"
#define NAME_OF(name, what)   "\"" name "\":{\"type\":\"string\",\"minLength\":1" SAYS(what)
#define SHORT(name, most)     "\"" name "\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":" most "}"
#define LONG(name, most, what) "\"" name "\":{\"type\":\"string\",\"maxLength\":" most SAYS(what)
#define BOOL(name)            "\"" name "\":{\"type\":\"boolean\"}"
#define BOOL_OF(name, what)   "\"" name "\":{\"type\":\"boolean\"" SAYS(what)
#define WHOLE(name)           "\"" name "\":{\"type\":\"integer\"}"
#define WHOLE_OF(name, least, most, what) \
    "\"" name "\":{\"type\":\"integer\",\"minimum\":" least ",\"maximum\":" most SAYS(what)
#define CHOICE(name, of)      "\"" name "\":{\"type\":\"string\",\"enum\":[" of "]}"
#define TEXTS(name, most, what) \
    "\"" name "\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"maxItems\":" most SAYS(what)
#define LIST(name, most, items) \
    "\"" name "\":{\"type\":\"array\",\"maxItems\":" most ",\"items\":" items "}"
#define OBJECTS(name)         "\"" name "\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"
#define _                     "," /* before the next property */

/* ---- arguments that many have ---- */
#define WHERE \
    TEXT_OF("namespace", "default: the server's") _ \
    TEXT("context")
#define ALL    BOOL("all_namespaces")
#define KIND   NAME_OF("kind", "pod, deploy, services, nodes, a custom resource")
#define TARGET TEXT_OF("target", "deployment/backend, or a name; default: the whole namespace")
#define SINCE  TEXT_OF("since", "10m, 2h")
#define CUT \
    TEXT_OF("cursor", "of the answer before") _ \
    WHOLE_OF("max_bytes", "1024", "262144", "the answer's limit")
#define ROWS(usual) WHOLE_OF("limit", "1", "500", "rows of one page; default " usual) _ CUT

/* ---- answers that many give ---- */
#define FINDINGS \
    OBJECT(OBJECTS("findings") _ WHOLE("total") _ WHOLE("count") _ TEXT("nextCursor") _ \
           TEXT("context") _ TEXT("namespace") _ TEXT("pod")) \
    NEEDS("\"findings\",\"count\"") OPEN
#define LONG_TEXT \
    OBJECT(TEXT("text") _ TEXT("nextCursor") _ TEXT("context") _ TEXT("kind") _ \
           TEXT("namespace") _ TEXT("name") _ TEXT("pod")) \
    NEEDS("\"text\"") OPEN
#define PLAN \
    OBJECT(TEXT("planId") _ TEXT("state") _ TEXT("risk") _ TEXT("change") _ TEXT("message") _ \
           TEXT("token") _ TEXT("command") _ WHOLE("expiresInSeconds") _ OBJECTS("steps")) \
    NEEDS("\"planId\",\"state\"") OPEN

/* ---- hints ---- */
#define READS    {.read_only = true, .idempotent = true, .open_world = true, .quotes = true}
#define ANSWERS  {.read_only = true, .idempotent = true, .open_world = true}
#define PROPOSES {.read_only = true, .open_world = true}
#define CHANGES  {.destructive = true, .open_world = true}

/* ---- schemas that two rows share ---- */
#define COMMAND_SCHEMA \
    OBJECT("\"args\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}" \
           SAYS("the arguments, one word each, without the program's name and without any " \
                "shell syntax") _ \
           TEXT_OF("stdin", "a manifest, for -f -") _ \
           TEXT_OF("why", "one sentence: what this is for")) \
    NEEDS("\"args\"") OPEN
#define LOGS_SCHEMA    OBJECT(NAME("pod_name") _ WHERE _ ROWS("20")) NEEDS("\"pod_name\"") CLOSED
#define RESTART_SCHEMA \
    OBJECT(NAME_OF("label", "key=value; several with commas") _ WHERE _ BOOL("preview_only")) \
    NEEDS("\"label\"") CLOSED
#define VALIDATE_SCHEMA \
    OBJECT(LONG("manifest", "1048576", "YAML, one or more documents") _ \
           TEXT_OF("chart", "a chart's folder, archive or oci address, as helm takes it") _ \
           TEXT_OF("values", "YAML, with chart") _ \
           TEXT("kind") _ TEXT("name") _ WHERE _ \
           WHOLE_OF("max_bytes", "1024", "262144", "the answer's limit")) \
    CLOSED
#define VALIDATE_ANSWER \
    OBJECT(BOOL("valid") _ WHOLE("objects") _ WHOLE("count") _ OBJECTS("problems")) \
    NEEDS("\"valid\",\"problems\",\"count\"") OPEN

static const struct kta_tool tools[] = {
    {"kubectl", "kubectl",
     "Runs kubectl. Commands that only read run at once and return their output. Anything that "
     "changes something is not run: it becomes a step of the plan that the user sees and confirms.",
     COMMAND_SCHEMA, NULL, KTA_FOR_MODEL, {0}, tool_kubectl},
    {"helm", "helm",
     "Runs helm, by the same rules as kubectl: reads run at once, changes become steps of the "
     "plan.",
     COMMAND_SCHEMA, NULL, KTA_FOR_MODEL, {0}, tool_helm},
    {"apply_fix", "Choose a fix",
     "Chooses one of the fixes that the findings offer, by its id. It becomes a step of the plan.",
     OBJECT(TEXT("id") _ TEXT("why")) NEEDS("\"id\"") OPEN,
     NULL, KTA_FOR_MODEL, {0}, tool_apply_fix},

    {"diagnose", "Diagnose",
     "Finds what is wrong, why, and what would mend it: findings with cause, evidence and fixes, "
     "whose ids propose takes. Start here.",
     OBJECT(TARGET _ WHERE _ ALL _ ROWS("20")) CLOSED,
     FINDINGS, KTA_FOR_MCP, READS, tool_diagnose},
    {"what_changed", "What changed",
     "What changed before it failed: revisions, who changed which field when, ConfigMaps newer "
     "than their pods.",
     OBJECT(TARGET _ WHERE _ ALL _ CUT) CLOSED,
     LONG_TEXT, KTA_FOR_MCP, READS, tool_what_changed},
    {"get", "Get an object",
     "One object as YAML, or some fields of it. What is in a Secret is not shown.",
     OBJECT(KIND _ NAME("name") _ WHERE _
            TEXTS("fields", "20", "paths: status.conditions, spec.containers[*].image") _ CUT)
     NEEDS("\"kind\",\"name\"") CLOSED,
     LONG_TEXT, KTA_FOR_MCP, READS, tool_get},
    {"list", "List objects",
     "Objects of one kind, a line each, as kubectl get prints them.",
     OBJECT(KIND _ WHERE _ ALL _
            TEXT_OF("selector", "labels: app=x,tier!=y") _
            TEXT_OF("field_selector", "status.phase=Running") _
            TEXTS("fields", "20", "paths to show instead of the usual columns") _ ROWS("50"))
     NEEDS("\"kind\"") CLOSED,
     OBJECT(OBJECTS("items") _ TEXT("kind") _ TEXT("context") _ TEXT("namespace") _
            WHOLE("remaining") _ WHOLE("count") _ TEXT("nextCursor"))
     NEEDS("\"items\",\"kind\",\"count\"") OPEN,
     KTA_FOR_MCP, READS, tool_list},
    {"describe", "Describe an object",
     "What kubectl describe prints of one object.",
     OBJECT(KIND _ NAME("name") _ WHERE _ CUT) NEEDS("\"kind\",\"name\"") CLOSED,
     LONG_TEXT, KTA_FOR_MCP, READS, tool_describe},
    {"logs", "Read a log",
     "The end of a container's log. What it means: analyze_pod_logs.",
     OBJECT(NAME("pod") _ TEXT("container") _ WHERE _
            BOOL_OF("previous", "of the container that ended before") _
            WHOLE_OF("tail", "1", "5000", "lines; default 100") _ SINCE _
            TEXT_OF("contains", "only lines with this text") _ CUT)
     NEEDS("\"pod\"") CLOSED,
     LONG_TEXT, KTA_FOR_MCP, READS, tool_logs},
    {"events", "Read events",
     "Events, newest first.",
     OBJECT(WHERE _ ALL _
            TEXT_OF("kind", "of the object") _
            TEXT_OF("name", "of the object, or how it begins") _
            CHOICE("type", "\"Normal\",\"Warning\"") _ TEXT("reason") _ SINCE _ ROWS("50"))
     CLOSED,
     OBJECT(OBJECTS("events") _ WHOLE("total") _ WHOLE("count") _ TEXT("nextCursor"))
     NEEDS("\"events\",\"count\"") OPEN,
     KTA_FOR_MCP, READS, tool_events},
    {"top", "Use of CPU and memory",
     "The pods or nodes that use most, from metrics-server.",
     OBJECT(CHOICE("what", "\"pods\",\"nodes\"") _ CHOICE("by", "\"memory\",\"cpu\"") _
            WHERE _ ALL _ ROWS("20"))
     CLOSED,
     OBJECT(OBJECTS("items") _ WHOLE("count") _ TEXT("nextCursor"))
     NEEDS("\"items\",\"count\"") OPEN,
     KTA_FOR_MCP, READS, tool_top},
    {"can_i", "Ask for rights",
     "Whether RBAC lets this server's user do that.",
     OBJECT(NAME_OF("verb", "get, list, create, patch, delete …") _
            NAME_OF("resource", "pods, deployments …") _
            TEXT_OF("subresource", "log, exec, scale …") _ TEXT("name") _ WHERE)
     NEEDS("\"verb\",\"resource\"") CLOSED,
     OBJECT(BOOL("allowed") _ TEXT("reason")) NEEDS("\"allowed\"") OPEN,
     KTA_FOR_MCP, ANSWERS, tool_can_i},
    {"search", "Search objects",
     "Objects whose name, labels, image, state or keys hold a text.",
     OBJECT(SHORT("query", "200") _ TEXTS("kinds", "20", "default: the usual ones") _
            WHERE _ ALL _ ROWS("50"))
     NEEDS("\"query\"") CLOSED,
     OBJECT(OBJECTS("matches") _ TEXT("context") _ WHOLE("count") _ TEXT("nextCursor"))
     NEEDS("\"matches\",\"count\"") OPEN,
     KTA_FOR_MCP, READS, tool_search},
    {"analyze_pod_logs", "Analyse a pod's logs",
     "What a pod's logs (also of the container before) say: the cause, the lines that show it, and "
     "fixes.",
     LOGS_SCHEMA, FINDINGS, KTA_FOR_MCP, READS, tool_analyze_logs},
    {"log-analyzer", "Analyse a pod's logs", "The same as analyze_pod_logs.",
     LOGS_SCHEMA, FINDINGS, KTA_FOR_MCP, READS, tool_analyze_logs},

    {"propose", "Propose a change",
     "Makes a plan of findings' fixes (fix_ids, with the diagnosis' target and namespace) or of "
     "kubectl and helm commands. Nothing is changed: it gives the preview, and a plan id for "
     "apply_plan.",
     OBJECT(TEXTS("fix_ids", "16", "f1.a …") _ TEXT_OF("target", "that of the diagnosis") _
            LIST("commands", "16",
                 "{\"type\":[\"object\",\"string\"],\"properties\":{"
                 TEXTS("argv", "200", "kubectl or helm and its arguments, one word each; no shell") _
                 TEXT_OF("stdin", "a manifest, for apply -f -") _ TEXT("why") "}"
                 NEEDS("\"argv\"") CLOSED) _
            TEXT("why") _ WHERE _ ALL)
     CLOSED,
     PLAN, KTA_FOR_MCP, PROPOSES, tool_propose},
    {"apply_plan", "Apply a plan",
     "Runs a proposed plan: preview, a person's yes, journal, execution, verification. Where nobody "
     "can be asked through you, it gives a command for a person's own terminal; call it again "
     "afterwards.",
     OBJECT(NAME("plan_id") _ TEXT("context")) NEEDS("\"plan_id\"") CLOSED,
     PLAN, KTA_FOR_MCP, CHANGES, tool_apply_plan},
    {"undo", "Undo a change",
     "Puts back what a change did (default: the last), with the same confirmation.",
     OBJECT(TEXT_OF("id", "of history") _ TEXT("context")) CLOSED,
     PLAN, KTA_FOR_MCP, CHANGES, tool_undo},
    {"history", "Changes made",
     "Changes made here, newest first: commands, state, what undo would do.",
     OBJECT(TEXT_OF("id", "one change") _ ROWS("20")) CLOSED,
     OBJECT(OBJECTS("changes") _ WHOLE("count") _ TEXT("nextCursor"))
     NEEDS("\"changes\",\"count\"") OPEN,
     KTA_FOR_MCP, READS, tool_history},
    {"restart_pods", "Restart pods",
     "Restarts the workloads that own the pods of a label, one pod after another, with confirmation "
     "and verification.",
     RESTART_SCHEMA, PLAN, KTA_FOR_MCP, CHANGES, tool_restart},
    {"pod-restart", "Restart pods", "The same as restart_pods.",
     RESTART_SCHEMA, PLAN, KTA_FOR_MCP, CHANGES, tool_restart},
    {"remediate", "Remediate",
     "Detects, analyses, mends and verifies, in at most three attempts, and puts back what did not "
     "help. Mode propose (default) changes nothing; ask asks a person; auto does what the "
     "configuration allows.",
     OBJECT(TARGET _ WHERE _ CHOICE("mode", "\"propose\",\"ask\",\"auto\"") _
            TEXT_OF("timeout", "10m"))
     CLOSED,
     OBJECT(TEXT("kind") _ TEXT("state") _ TEXT("planId")) NEEDS("\"kind\",\"state\"") OPEN,
     KTA_FOR_MCP, CHANGES, tool_remediate},

    {"reach", "Can A reach B",
     "Whether NetworkPolicies let one end talk to the other, and which decides (worked out, not "
     "tried).",
     OBJECT(NAME_OF("from", "backend, deployment/backend, other-ns/backend, an IP, internet") _
            NAME("to") _ "\"port\":{\"type\":[\"string\",\"integer\"]}" _ WHERE)
     NEEDS("\"from\",\"to\"") CLOSED,
     OBJECT(CHOICE("reachable", "\"yes\",\"no\",\"unknown\"")) NEEDS("\"reachable\"") OPEN,
     KTA_FOR_MCP, ANSWERS, tool_reach},
    {"validate_config", "Validate configuration",
     "Checks a manifest, a chart with values, or a live object (kind and name): schema and "
     "immutable fields by the API server's dry run, references that do not exist, probes, "
     "resources, security. Changes nothing.",
     VALIDATE_SCHEMA, VALIDATE_ANSWER, KTA_FOR_MCP, READS, tool_validate},
    {"config-validator", "Validate configuration", "The same as validate_config.",
     VALIDATE_SCHEMA, VALIDATE_ANSWER, KTA_FOR_MCP, READS, tool_validate},
};
/* clang-format on */

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
