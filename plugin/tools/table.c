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
    {"diagnose",
     "Diagnose",
     "Finds what is wrong, why, and what would mend it: findings with cause, evidence and "
     "fixes with ids (for propose). Start here.",
     "{\"type\":\"object\",\"properties\":{\"target\":{\"type\":\"string\",\"description\""
     ":\"kind/name or a name; default: the whole namespace\"},\"namespace\":{\"type\":\"st"
     "ring\",\"description\":\"default: the server's\"},\"context\":{\"type\":\"string\","
     "\"description\":\"default: the server's\"},\"all_namespaces\":{\"type\":\"boolean\"}"
     ",\"limit\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":500,\"description\":\"row"
     "s of one page; default 20\"},\"cursor\":{\"type\":\"string\",\"description\":\"of th"
     "e answer before\"},\"max_bytes\":{\"type\":\"integer\",\"minimum\":1024,\"maximum\":"
     "262144,\"description\":\"answers are no larger than this\"}},\"required\":[],\"addit"
     "ionalProperties\":false}",
     "{\"type\":\"object\",\"properties\":{\"findings\":{\"type\":\"array\",\"items\":{\"t"
     "ype\":\"object\"}},\"total\":{\"type\":\"integer\"},\"context\":{\"type\":\"string\""
     "},\"namespace\":{\"type\":\"string\"},\"pod\":{\"type\":\"string\"},\"nextCursor\":{"
     "\"type\":\"string\"},\"count\":{\"type\":\"integer\"}},\"required\":[\"findings\",\""
     "count\"]}",
     KTA_FOR_MCP,
     {true, false, true, true},
     tool_diagnose},
    {"what_changed",
     "What changed",
     "What changed before it failed: revisions, who changed which field, ConfigMaps newer "
     "than their pods.",
     "{\"type\":\"object\",\"properties\":{\"target\":{\"type\":\"string\"},\"namespace\":"
     "{\"type\":\"string\",\"description\":\"default: the server's\"},\"context\":{\"type"
     "\":\"string\",\"description\":\"default: the server's\"},\"all_namespaces\":{\"type"
     "\":\"boolean\"},\"cursor\":{\"type\":\"string\",\"description\":\"of the answer befo"
     "re\"},\"max_bytes\":{\"type\":\"integer\",\"minimum\":1024,\"maximum\":262144,\"desc"
     "ription\":\"answers are no larger than this\"}},\"required\":[],\"additionalProperti"
     "es\":false}",
     "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"},\"nextCursor\":{"
     "\"type\":\"string\"},\"context\":{\"type\":\"string\"},\"kind\":{\"type\":\"string\""
     "},\"namespace\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},\"pod\":{\"type"
     "\":\"string\"}},\"required\":[\"text\"]}",
     KTA_FOR_MCP,
     {true, false, true, true},
     tool_what_changed},
    {"get",
     "Get an object",
     "One object as YAML, redacted; fields projects it (\"status.conditions\", \"spec.cont"
     "ainers[0].image\").",
     "{\"type\":\"object\",\"properties\":{\"kind\":{\"type\":\"string\",\"minLength\":1,"
     "\"description\":\"pod, deploy, services, nodes, a custom resource\"},\"name\":{\"typ"
     "e\":\"string\",\"minLength\":1},\"namespace\":{\"type\":\"string\",\"description\":"
     "\"default: the server's\"},\"context\":{\"type\":\"string\",\"description\":\"defaul"
     "t: the server's\"},\"fields\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\""
     "maxItems\":20,\"description\":\"paths\"},\"cursor\":{\"type\":\"string\",\"descripti"
     "on\":\"of the answer before\"},\"max_bytes\":{\"type\":\"integer\",\"minimum\":1024,"
     "\"maximum\":262144,\"description\":\"answers are no larger than this\"}},\"required"
     "\":[\"kind\",\"name\"],\"additionalProperties\":false}",
     "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"},\"nextCursor\":{"
     "\"type\":\"string\"},\"context\":{\"type\":\"string\"},\"kind\":{\"type\":\"string\""
     "},\"namespace\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},\"pod\":{\"type"
     "\":\"string\"}},\"required\":[\"text\"]}",
     KTA_FOR_MCP,
     {true, false, true, true},
     tool_get},
    {"list",
     "List objects",
     "Objects of a kind, a line each, as kubectl get prints them, in pages.",
     "{\"type\":\"object\",\"properties\":{\"kind\":{\"type\":\"string\",\"minLength\":1,"
     "\"description\":\"pod, deploy, services, nodes, a custom resource\"},\"namespace\":{"
     "\"type\":\"string\",\"description\":\"default: the server's\"},\"context\":{\"type\""
     ":\"string\",\"description\":\"default: the server's\"},\"all_namespaces\":{\"type\":"
     "\"boolean\"},\"selector\":{\"type\":\"string\",\"description\":\"labels: app=x,tier!"
     "=y\"},\"field_selector\":{\"type\":\"string\",\"description\":\"status.phase=Running"
     "\"},\"fields\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"maxItems\":20,"
     "\"description\":\"paths to show instead of the usual columns\"},\"limit\":{\"type\":"
     "\"integer\",\"minimum\":1,\"maximum\":500,\"description\":\"rows of one page; defaul"
     "t 50\"},\"cursor\":{\"type\":\"string\",\"description\":\"of the answer before\"},\""
     "max_bytes\":{\"type\":\"integer\",\"minimum\":1024,\"maximum\":262144,\"description"
     "\":\"answers are no larger than this\"}},\"required\":[\"kind\"],\"additionalPropert"
     "ies\":false}",
     "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type"
     "\":\"object\"}},\"kind\":{\"type\":\"string\"},\"context\":{\"type\":\"string\"},\"n"
     "amespace\":{\"type\":\"string\"},\"remaining\":{\"type\":\"integer\"},\"nextCursor\""
     ":{\"type\":\"string\"},\"count\":{\"type\":\"integer\"}},\"required\":[\"items\",\"k"
     "ind\",\"count\"]}",
     KTA_FOR_MCP,
     {true, false, true, true},
     tool_list},
    {"describe",
     "Describe an object",
     "What kubectl describe prints of one object.",
     "{\"type\":\"object\",\"properties\":{\"kind\":{\"type\":\"string\",\"minLength\":1,"
     "\"description\":\"pod, deploy, services, nodes, a custom resource\"},\"name\":{\"typ"
     "e\":\"string\",\"minLength\":1},\"namespace\":{\"type\":\"string\",\"description\":"
     "\"default: the server's\"},\"context\":{\"type\":\"string\",\"description\":\"defaul"
     "t: the server's\"},\"cursor\":{\"type\":\"string\",\"description\":\"of the answer b"
     "efore\"},\"max_bytes\":{\"type\":\"integer\",\"minimum\":1024,\"maximum\":262144,\"d"
     "escription\":\"answers are no larger than this\"}},\"required\":[\"kind\",\"name\"],"
     "\"additionalProperties\":false}",
     "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"},\"nextCursor\":{"
     "\"type\":\"string\"},\"context\":{\"type\":\"string\"},\"kind\":{\"type\":\"string\""
     "},\"namespace\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},\"pod\":{\"type"
     "\":\"string\"}},\"required\":[\"text\"]}",
     KTA_FOR_MCP,
     {true, false, true, true},
     tool_describe},
    {"logs",
     "Read a log",
     "The end of a container's log, redacted.",
     "{\"type\":\"object\",\"properties\":{\"pod\":{\"type\":\"string\",\"minLength\":1},"
     "\"container\":{\"type\":\"string\"},\"namespace\":{\"type\":\"string\",\"description"
     "\":\"default: the server's\"},\"context\":{\"type\":\"string\",\"description\":\"def"
     "ault: the server's\"},\"previous\":{\"type\":\"boolean\",\"description\":\"of the co"
     "ntainer that ended\"},\"tail\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":5000,"
     "\"description\":\"lines; default 200\"},\"since\":{\"type\":\"string\",\"description"
     "\":\"10m, 2h\"},\"contains\":{\"type\":\"string\",\"description\":\"only lines with "
     "this\"},\"cursor\":{\"type\":\"string\",\"description\":\"of the answer before\"},\""
     "max_bytes\":{\"type\":\"integer\",\"minimum\":1024,\"maximum\":262144,\"description"
     "\":\"answers are no larger than this\"}},\"required\":[\"pod\"],\"additionalProperti"
     "es\":false}",
     "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"},\"nextCursor\":{"
     "\"type\":\"string\"},\"context\":{\"type\":\"string\"},\"kind\":{\"type\":\"string\""
     "},\"namespace\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},\"pod\":{\"type"
     "\":\"string\"}},\"required\":[\"text\"]}",
     KTA_FOR_MCP,
     {true, false, true, true},
     tool_logs},
    {"events",
     "Read events",
     "Events, newest first.",
     "{\"type\":\"object\",\"properties\":{\"namespace\":{\"type\":\"string\",\"descriptio"
     "n\":\"default: the server's\"},\"context\":{\"type\":\"string\",\"description\":\"de"
     "fault: the server's\"},\"all_namespaces\":{\"type\":\"boolean\"},\"kind\":{\"type\":"
     "\"string\"},\"name\":{\"type\":\"string\",\"description\":\"of the object, or its be"
     "ginning\"},\"type\":{\"type\":\"string\",\"enum\":[\"Normal\",\"Warning\"]},\"reason"
     "\":{\"type\":\"string\"},\"since\":{\"type\":\"string\"},\"limit\":{\"type\":\"integ"
     "er\",\"minimum\":1,\"maximum\":500,\"description\":\"rows of one page; default 50\"}"
     ",\"cursor\":{\"type\":\"string\",\"description\":\"of the answer before\"},\"max_byt"
     "es\":{\"type\":\"integer\",\"minimum\":1024,\"maximum\":262144,\"description\":\"ans"
     "wers are no larger than this\"}},\"required\":[],\"additionalProperties\":false}",
     "{\"type\":\"object\",\"properties\":{\"events\":{\"type\":\"array\",\"items\":{\"typ"
     "e\":\"object\"}},\"total\":{\"type\":\"integer\"},\"nextCursor\":{\"type\":\"string"
     "\"},\"count\":{\"type\":\"integer\"}},\"required\":[\"events\",\"count\"]}",
     KTA_FOR_MCP,
     {true, false, true, true},
     tool_events},
    {"top",
     "Use of CPU and memory",
     "Pods or nodes that use most, from metrics-server.",
     "{\"type\":\"object\",\"properties\":{\"what\":{\"type\":\"string\",\"enum\":[\"pods"
     "\",\"nodes\"]},\"by\":{\"type\":\"string\",\"enum\":[\"memory\",\"cpu\"]},\"namespac"
     "e\":{\"type\":\"string\",\"description\":\"default: the server's\"},\"context\":{\"t"
     "ype\":\"string\",\"description\":\"default: the server's\"},\"all_namespaces\":{\"ty"
     "pe\":\"boolean\"},\"limit\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":500,\"de"
     "scription\":\"rows of one page; default 20\"},\"cursor\":{\"type\":\"string\",\"desc"
     "ription\":\"of the answer before\"},\"max_bytes\":{\"type\":\"integer\",\"minimum\":"
     "1024,\"maximum\":262144,\"description\":\"answers are no larger than this\"}},\"requ"
     "ired\":[],\"additionalProperties\":false}",
     "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":{\"type"
     "\":\"object\"}},\"nextCursor\":{\"type\":\"string\"},\"count\":{\"type\":\"integer\""
     "}},\"required\":[\"items\",\"count\"]}",
     KTA_FOR_MCP,
     {true, false, true, true},
     tool_top},
    {"can_i",
     "Ask for rights",
     "May this server's user do that?",
     "{\"type\":\"object\",\"properties\":{\"verb\":{\"type\":\"string\",\"minLength\":1},"
     "\"resource\":{\"type\":\"string\",\"minLength\":1},\"subresource\":{\"type\":\"strin"
     "g\"},\"name\":{\"type\":\"string\"},\"namespace\":{\"type\":\"string\",\"description"
     "\":\"default: the server's\"},\"context\":{\"type\":\"string\",\"description\":\"def"
     "ault: the server's\"}},\"required\":[\"verb\",\"resource\"],\"additionalProperties\""
     ":false}",
     "{\"type\":\"object\",\"properties\":{\"allowed\":{\"type\":\"boolean\"},\"reason\":{"
     "\"type\":\"string\"}},\"required\":[\"allowed\"]}",
     KTA_FOR_MCP,
     {true, false, true, true},
     tool_can_i},
    {"search",
     "Search objects",
     "Objects whose name, labels, image, state or keys hold a text.",
     "{\"type\":\"object\",\"properties\":{\"query\":{\"type\":\"string\",\"minLength\":1,"
     "\"maxLength\":200},\"kinds\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"m"
     "axItems\":20,\"description\":\"default: the usual ones\"},\"namespace\":{\"type\":\""
     "string\",\"description\":\"default: the server's\"},\"context\":{\"type\":\"string\""
     ",\"description\":\"default: the server's\"},\"all_namespaces\":{\"type\":\"boolean\""
     "},\"limit\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":500,\"description\":\"ro"
     "ws of one page; default 50\"},\"cursor\":{\"type\":\"string\",\"description\":\"of t"
     "he answer before\"},\"max_bytes\":{\"type\":\"integer\",\"minimum\":1024,\"maximum\""
     ":262144,\"description\":\"answers are no larger than this\"}},\"required\":[\"query"
     "\"],\"additionalProperties\":false}",
     "{\"type\":\"object\",\"properties\":{\"matches\":{\"type\":\"array\",\"items\":{\"ty"
     "pe\":\"object\"}},\"context\":{\"type\":\"string\"},\"nextCursor\":{\"type\":\"strin"
     "g\"},\"count\":{\"type\":\"integer\"}},\"required\":[\"matches\",\"count\"]}",
     KTA_FOR_MCP,
     {true, false, true, true},
     tool_search},
    {"analyze_pod_logs",
     "Analyse a pod's logs",
     "What a pod's logs (also of the container before) say: the cause, the lines that show"
     " it, and fixes.",
     "{\"type\":\"object\",\"properties\":{\"pod_name\":{\"type\":\"string\",\"minLength\""
     ":1},\"namespace\":{\"type\":\"string\",\"description\":\"default: the server's\"},\""
     "context\":{\"type\":\"string\",\"description\":\"default: the server's\"},\"limit\":"
     "{\"type\":\"integer\",\"minimum\":1,\"maximum\":500,\"description\":\"rows of one pa"
     "ge; default 20\"},\"cursor\":{\"type\":\"string\",\"description\":\"of the answer be"
     "fore\"},\"max_bytes\":{\"type\":\"integer\",\"minimum\":1024,\"maximum\":262144,\"de"
     "scription\":\"answers are no larger than this\"}},\"required\":[\"pod_name\"],\"addi"
     "tionalProperties\":false}",
     "{\"type\":\"object\",\"properties\":{\"findings\":{\"type\":\"array\",\"items\":{\"t"
     "ype\":\"object\"}},\"total\":{\"type\":\"integer\"},\"context\":{\"type\":\"string\""
     "},\"namespace\":{\"type\":\"string\"},\"pod\":{\"type\":\"string\"},\"nextCursor\":{"
     "\"type\":\"string\"},\"count\":{\"type\":\"integer\"}},\"required\":[\"findings\",\""
     "count\"]}",
     KTA_FOR_MCP,
     {true, false, true, true},
     tool_analyze_logs},
    {"log-analyzer",
     "Analyse a pod's logs",
     "The same as analyze_pod_logs.",
     "{\"type\":\"object\",\"properties\":{\"pod_name\":{\"type\":\"string\",\"minLength\""
     ":1},\"namespace\":{\"type\":\"string\",\"description\":\"default: the server's\"},\""
     "context\":{\"type\":\"string\",\"description\":\"default: the server's\"},\"limit\":"
     "{\"type\":\"integer\",\"minimum\":1,\"maximum\":500,\"description\":\"rows of one pa"
     "ge; default 20\"},\"cursor\":{\"type\":\"string\",\"description\":\"of the answer be"
     "fore\"},\"max_bytes\":{\"type\":\"integer\",\"minimum\":1024,\"maximum\":262144,\"de"
     "scription\":\"answers are no larger than this\"}},\"required\":[\"pod_name\"],\"addi"
     "tionalProperties\":false}",
     "{\"type\":\"object\",\"properties\":{\"findings\":{\"type\":\"array\",\"items\":{\"t"
     "ype\":\"object\"}},\"total\":{\"type\":\"integer\"},\"context\":{\"type\":\"string\""
     "},\"namespace\":{\"type\":\"string\"},\"pod\":{\"type\":\"string\"},\"nextCursor\":{"
     "\"type\":\"string\"},\"count\":{\"type\":\"integer\"}},\"required\":[\"findings\",\""
     "count\"]}",
     KTA_FOR_MCP,
     {true, false, true, true},
     tool_analyze_logs},
    {"propose",
     "Propose a change",
     "Makes a plan of findings' fixes (fix_ids, with the diagnosis' target) or of kubectl "
     "and helm commands; nothing is changed. Gives its preview and a plan id.",
     "{\"type\":\"object\",\"properties\":{\"fix_ids\":{\"type\":\"array\",\"items\":{\"ty"
     "pe\":\"string\"},\"maxItems\":16,\"description\":\"f1.a \\u2026\"},\"target\":{\"typ"
     "e\":\"string\",\"description\":\"that of the diagnosis\"},\"commands\":{\"type\":\"a"
     "rray\",\"maxItems\":16,\"items\":{\"type\":\"object\",\"properties\":{\"argv\":{\"ty"
     "pe\":\"array\",\"items\":{\"type\":\"string\"},\"maxItems\":200,\"description\":\"ku"
     "bectl or helm and its arguments; no shell\"},\"stdin\":{\"type\":\"string\",\"descri"
     "ption\":\"a manifest, for -f -\"},\"why\":{\"type\":\"string\"}},\"required\":[\"arg"
     "v\"],\"additionalProperties\":false}},\"why\":{\"type\":\"string\"},\"namespace\":{"
     "\"type\":\"string\",\"description\":\"default: the server's\"},\"context\":{\"type\""
     ":\"string\",\"description\":\"default: the server's\"},\"all_namespaces\":{\"type\":"
     "\"boolean\"}},\"required\":[],\"additionalProperties\":false}",
     "{\"type\":\"object\",\"properties\":{\"planId\":{\"type\":\"string\"},\"state\":{\"t"
     "ype\":\"string\"},\"risk\":{\"type\":\"string\"},\"change\":{\"type\":\"string\"},\""
     "message\":{\"type\":\"string\"},\"token\":{\"type\":\"string\"},\"command\":{\"type"
     "\":\"string\"},\"expiresInSeconds\":{\"type\":\"integer\"},\"steps\":{\"type\":\"arr"
     "ay\",\"items\":{\"type\":\"object\"}}},\"required\":[\"planId\",\"state\"]}",
     KTA_FOR_MCP,
     {true, false, false, true},
     tool_propose},
    {"apply_plan",
     "Apply a plan",
     "Runs a proposed plan: preview, a person's yes, journal, execution, verification. Whe"
     "re nobody can be asked here, it gives a token for a person's terminal; call it again"
     " afterwards.",
     "{\"type\":\"object\",\"properties\":{\"plan_id\":{\"type\":\"string\",\"minLength\":"
     "1},\"context\":{\"type\":\"string\"}},\"required\":[\"plan_id\"],\"additionalPropert"
     "ies\":false}",
     "{\"type\":\"object\",\"properties\":{\"planId\":{\"type\":\"string\"},\"state\":{\"t"
     "ype\":\"string\"},\"risk\":{\"type\":\"string\"},\"change\":{\"type\":\"string\"},\""
     "message\":{\"type\":\"string\"},\"token\":{\"type\":\"string\"},\"command\":{\"type"
     "\":\"string\"},\"expiresInSeconds\":{\"type\":\"integer\"},\"steps\":{\"type\":\"arr"
     "ay\",\"items\":{\"type\":\"object\"}}},\"required\":[\"planId\",\"state\"]}",
     KTA_FOR_MCP,
     {false, true, false, true},
     tool_apply_plan},
    {"undo",
     "Undo a change",
     "Puts back what a change did (default: the last), through the same confirmation.",
     "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\",\"description\":\"o"
     "f history\"},\"context\":{\"type\":\"string\"}},\"required\":[],\"additionalProperti"
     "es\":false}",
     "{\"type\":\"object\",\"properties\":{\"planId\":{\"type\":\"string\"},\"state\":{\"t"
     "ype\":\"string\"},\"risk\":{\"type\":\"string\"},\"change\":{\"type\":\"string\"},\""
     "message\":{\"type\":\"string\"},\"token\":{\"type\":\"string\"},\"command\":{\"type"
     "\":\"string\"},\"expiresInSeconds\":{\"type\":\"integer\"},\"steps\":{\"type\":\"arr"
     "ay\",\"items\":{\"type\":\"object\"}}},\"required\":[\"planId\",\"state\"]}",
     KTA_FOR_MCP,
     {false, true, false, true},
     tool_undo},
    {"history",
     "Changes made",
     "Changes, newest first: commands, state, what undo would do.",
     "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},\"limit\":{\"type"
     "\":\"integer\",\"minimum\":1,\"maximum\":500,\"description\":\"rows of one page; def"
     "ault 20\"},\"cursor\":{\"type\":\"string\",\"description\":\"of the answer before\"}"
     ",\"max_bytes\":{\"type\":\"integer\",\"minimum\":1024,\"maximum\":262144,\"descripti"
     "on\":\"answers are no larger than this\"}},\"required\":[],\"additionalProperties\":"
     "false}",
     "{\"type\":\"object\",\"properties\":{\"changes\":{\"type\":\"array\",\"items\":{\"ty"
     "pe\":\"object\"}},\"nextCursor\":{\"type\":\"string\"},\"count\":{\"type\":\"integer"
     "\"}},\"required\":[\"changes\",\"count\"]}",
     KTA_FOR_MCP,
     {true, false, true, true},
     tool_history},
    {"restart_pods",
     "Restart pods",
     "Rollout restart of what owns the pods of a label, through confirmation and verificat"
     "ion.",
     "{\"type\":\"object\",\"properties\":{\"label\":{\"type\":\"string\",\"minLength\":1,"
     "\"description\":\"key=value; several with commas\"},\"namespace\":{\"type\":\"string"
     "\",\"description\":\"default: the server's\"},\"context\":{\"type\":\"string\",\"des"
     "cription\":\"default: the server's\"},\"preview_only\":{\"type\":\"boolean\"}},\"req"
     "uired\":[\"label\"],\"additionalProperties\":false}",
     "{\"type\":\"object\",\"properties\":{\"planId\":{\"type\":\"string\"},\"state\":{\"t"
     "ype\":\"string\"},\"risk\":{\"type\":\"string\"},\"change\":{\"type\":\"string\"},\""
     "message\":{\"type\":\"string\"},\"token\":{\"type\":\"string\"},\"command\":{\"type"
     "\":\"string\"},\"expiresInSeconds\":{\"type\":\"integer\"},\"steps\":{\"type\":\"arr"
     "ay\",\"items\":{\"type\":\"object\"}}},\"required\":[\"planId\",\"state\"]}",
     KTA_FOR_MCP,
     {false, true, false, true},
     tool_restart},
    {"pod-restart",
     "Restart pods",
     "The same as restart_pods.",
     "{\"type\":\"object\",\"properties\":{\"label\":{\"type\":\"string\",\"minLength\":1,"
     "\"description\":\"key=value; several with commas\"},\"namespace\":{\"type\":\"string"
     "\",\"description\":\"default: the server's\"},\"context\":{\"type\":\"string\",\"des"
     "cription\":\"default: the server's\"},\"preview_only\":{\"type\":\"boolean\"}},\"req"
     "uired\":[\"label\"],\"additionalProperties\":false}",
     "{\"type\":\"object\",\"properties\":{\"planId\":{\"type\":\"string\"},\"state\":{\"t"
     "ype\":\"string\"},\"risk\":{\"type\":\"string\"},\"change\":{\"type\":\"string\"},\""
     "message\":{\"type\":\"string\"},\"token\":{\"type\":\"string\"},\"command\":{\"type"
     "\":\"string\"},\"expiresInSeconds\":{\"type\":\"integer\"},\"steps\":{\"type\":\"arr"
     "ay\",\"items\":{\"type\":\"object\"}}},\"required\":[\"planId\",\"state\"]}",
     KTA_FOR_MCP,
     {false, true, false, true},
     tool_restart},
    {"remediate",
     "Remediate",
     "Detects, analyses, mends and verifies, at most three attempts, and undoes what did n"
     "ot help. mode propose (default) changes nothing; ask asks a person; auto does what t"
     "he configuration allows.",
     "{\"type\":\"object\",\"properties\":{\"target\":{\"type\":\"string\"},\"namespace\":"
     "{\"type\":\"string\",\"description\":\"default: the server's\"},\"context\":{\"type"
     "\":\"string\",\"description\":\"default: the server's\"},\"mode\":{\"type\":\"string"
     "\",\"enum\":[\"propose\",\"ask\",\"auto\"]},\"timeout\":{\"type\":\"string\",\"descr"
     "iption\":\"10m\"}},\"required\":[],\"additionalProperties\":false}",
     "{\"type\":\"object\",\"properties\":{\"kind\":{\"type\":\"string\"},\"state\":{\"typ"
     "e\":\"string\"},\"planId\":{\"type\":\"string\"}},\"required\":[\"kind\",\"state\"]}",
     KTA_FOR_MCP,
     {false, true, false, true},
     tool_remediate},
    {"reach",
     "Can A reach B",
     "Whether NetworkPolicies let one end talk to the other (a simulation), and which deci"
     "des.",
     "{\"type\":\"object\",\"properties\":{\"from\":{\"type\":\"string\",\"minLength\":1,"
     "\"description\":\"backend, deployment/backend, other-ns/backend, an IP, internet\"},"
     "\"to\":{\"type\":\"string\",\"minLength\":1},\"port\":{\"type\":[\"string\",\"integer\"]},"
     "\"namesp"
     "ace\":{\"type\":\"string\",\"description\":\"default: the server's\"},\"context\":{"
     "\"type\":\"string\",\"description\":\"default: the server's\"}},\"required\":[\"from"
     "\",\"to\"],\"additionalProperties\":false}",
     "{\"type\":\"object\",\"properties\":{\"reachable\":{\"type\":\"string\",\"enum\":[\""
     "yes\",\"no\",\"unknown\"]}},\"required\":[\"reachable\"]}",
     KTA_FOR_MCP,
     {true, false, true, true},
     tool_reach},
    {"validate_config",
     "Validate configuration",
     "Checks manifests, a chart with values, or a live object (kind and name): schema and "
     "immutable fields by the API server's dry run, references that do not exist, probes, "
     "resources, security. Changes nothing.",
     "{\"type\":\"object\",\"properties\":{\"manifest\":{\"type\":\"string\",\"maxLength\""
     ":1048576,\"description\":\"YAML, one or more documents\"},\"chart\":{\"type\":\"stri"
     "ng\",\"description\":\"a chart's folder, archive or oci address, as helm takes it\"}"
     ",\"values\":{\"type\":\"string\",\"description\":\"YAML, with chart\"},\"kind\":{\"t"
     "ype\":\"string\"},\"name\":{\"type\":\"string\"},\"namespace\":{\"type\":\"string\","
     "\"description\":\"default: the server's\"},\"context\":{\"type\":\"string\",\"descri"
     "ption\":\"default: the server's\"},\"max_bytes\":{\"type\":\"integer\",\"minimum\":1"
     "024,\"maximum\":262144,\"description\":\"answers are no larger than this\"}},\"requi"
     "red\":[],\"additionalProperties\":false}",
     "{\"type\":\"object\",\"properties\":{\"valid\":{\"type\":\"boolean\"},\"objects\":{"
     "\"type\":\"integer\"},\"count\":{\"type\":\"integer\"},\"problems\":{\"type\":\"arra"
     "y\",\"items\":{\"type\":\"object\"}}},\"required\":[\"valid\",\"problems\",\"count\""
     "]}",
     KTA_FOR_MCP,
     {true, false, true, true},
     tool_validate},
    {"config-validator",
     "Validate configuration",
     "The same as validate_config.",
     "{\"type\":\"object\",\"properties\":{\"manifest\":{\"type\":\"string\",\"maxLength\""
     ":1048576,\"description\":\"YAML, one or more documents\"},\"chart\":{\"type\":\"stri"
     "ng\",\"description\":\"a chart's folder, archive or oci address, as helm takes it\"}"
     ",\"values\":{\"type\":\"string\",\"description\":\"YAML, with chart\"},\"kind\":{\"t"
     "ype\":\"string\"},\"name\":{\"type\":\"string\"},\"namespace\":{\"type\":\"string\","
     "\"description\":\"default: the server's\"},\"context\":{\"type\":\"string\",\"descri"
     "ption\":\"default: the server's\"},\"max_bytes\":{\"type\":\"integer\",\"minimum\":1"
     "024,\"maximum\":262144,\"description\":\"answers are no larger than this\"}},\"requi"
     "red\":[],\"additionalProperties\":false}",
     "{\"type\":\"object\",\"properties\":{\"valid\":{\"type\":\"boolean\"},\"objects\":{"
     "\"type\":\"integer\"},\"count\":{\"type\":\"integer\"},\"problems\":{\"type\":\"arra"
     "y\",\"items\":{\"type\":\"object\"}}},\"required\":[\"valid\",\"problems\",\"count\""
     "]}",
     KTA_FOR_MCP,
     {true, false, true, true},
     tool_validate},
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
