/* test_tools.c - the table of tools and the check of arguments. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../plugin/tools/tool_list.h"
#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/tools.h"
#include "kta/mcp_content.h"
#include "kta/tools_plan.h"
#include "kta/tools_remediate.h"
#include "kta/tools_proposal.h"

static struct kta_json *parse(const char *text)
{
    struct kta_json *v = NULL;
    struct kta_err err = KTA_ERR_INIT;

    assert_int_equal(kta_json_parse(text, strlen(text), &v, &err), 0);
    return v;
}

/* Every row parses, names are unique, and every hint of a tool for MCP is stated. */
static void table_is_whole(void **state)
{
    size_t n;
    const struct kta_tool *tools = kta_tools(&n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        kta_auto_json struct kta_json *schema = parse(tools[i].schema);
        assert_string_equal(kta_json_str(schema, "type"), "object");
        if (tools[i].output_schema) {
            kta_auto_json struct kta_json *out = parse(tools[i].output_schema);
            assert_string_equal(kta_json_str(out, "type"), "object");
        }
        assert_non_null(tools[i].title);
        assert_non_null(tools[i].run);
        assert_ptr_equal(kta_tool_find(tools[i].name, tools[i].for_), &tools[i]);
        assert_false(tools[i].hints.read_only && tools[i].hints.destructive);
        kta_auto_json struct kta_json *row = kta_tool_json(&tools[i]);
        assert_int_equal(kta_json_len(kta_json_get(row, "annotations")), 5);
    }
}

static void schema_names_the_mistake(void **state)
{
    static const struct {
        const char *schema, *value, *says;
    } rows[] = {
        {"{\"type\":\"object\"}", "{}", ""},
        {"{\"type\":\"object\"}", "[]", "must be of type object"},
        {"{\"type\":\"object\",\"required\":[\"a\"]}", "{}", "lacks 'a'"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}}}", "{\"a\":1.5}",
         "'a' must be of type integer"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\",\"maximum\":3}}}",
         "{\"a\":4}", "'a' is more than 3"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{\"enum\":[\"x\",\"y\"]}}}", "{\"a\":\"z\"}",
         "'a' must be one of x, y"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\",\"items\":{\"type\":"
         "\"string\"}}}}",
         "{\"a\":[\"x\",2]}", "'a[1]' must be of type string"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{}},\"additionalProperties\":false}",
         "{\"b\":1}", "has no member 'b'"},
        {"{\"type\":\"object\",\"properties\":{\"name\":{}},\"additionalProperties\":false}",
         "{\"nmae\":1}", "did you mean 'name'?"},
        {"{\"type\":[\"string\",\"null\"]}", "null", ""},
        {"{\"type\":[\"string\",\"null\"]}", "3", "must be of type string or null"},
        {"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"array\"}]}", "{}",
         "is none of what it may be"},
        {"{\"type\":\"string\",\"minLength\":1}", "\"\"", "is empty"},
        {"{\"type\":\"string\",\"maxLength\":2}", "\"abc\"", "at most 2"},
    };

    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        kta_auto_json struct kta_json *schema = parse(rows[i].schema),
                                      *value = parse(rows[i].value);
        kta_auto_str struct kta_str out = KTA_STR_INIT;
        kta_schema_check(schema, value, &out);
        if (!*rows[i].says)
            assert_string_equal(out.s, "");
        else if (!strstr(out.s, rows[i].says))
            fail_msg("%s: '%s' lacks '%s'", rows[i].value, out.s, rows[i].says);
    }
}

/* ---- what waits for a yes, in a state folder of its own ---- */
struct scene {
    char dir[64];
    struct kta_cluster *cluster;
    struct kta_redact *redact;
    struct kta_policy policy;
    struct kta_pipeline pipeline;
    struct kta_tool_env env;
};

static void scene_open(struct scene *s)
{
    struct kta_err err = KTA_ERR_INIT;

    memset(s, 0, sizeof *s);
    snprintf(s->dir, sizeof s->dir, "/tmp/kta-tools-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    setenv("XDG_STATE_HOME", s->dir, 1);
    if (kta_cluster_open_snapshot("tests/demo/snapshot", &s->cluster, &err) < 0)
        fail_msg("%s", err.msg);
    s->redact = kta_redact_new(KTA_REDACT_STANDARD);
    s->policy.context = kta_cluster_context(s->cluster);
    s->pipeline = (struct kta_pipeline){.cluster = s->cluster,
                                        .redact = s->redact,
                                        .policy = &s->policy,
                                        .yes = -1};
    s->env = (struct kta_tool_env){.pipeline = &s->pipeline,
                                   .scope = {.namespace_ = kta_cluster_namespace(s->cluster)}};
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void scene_close(struct scene *s)
{
    kta_cluster_free(s->cluster);
    kta_redact_free(s->redact);
    assert_int_equal(nftw(s->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void call(struct scene *s, const char *tool, const char *args, struct kta_tool_result *r)
{
    kta_auto_json struct kta_json *v = parse(args);
    const struct kta_tool *row = kta_tool_find(tool, KTA_FOR_MCP);

    *r = (struct kta_tool_result)KTA_TOOL_RESULT_INIT;
    assert_non_null(row);
    kta_tool_run(&s->env, row, v, r);
    if (r->structured) {
        kta_auto_json struct kta_json *schema = parse(row->output_schema);
        kta_auto_str struct kta_str wrong = KTA_STR_INIT;
        kta_schema_check(schema, r->structured, &wrong);
        assert_string_equal(wrong.s, "");
    }
}

/* A pinned or read-only server refuses what lies outside; a wrong argument is told by name. */
static void limits_of_a_server_hold(void **state)
{
    struct scene s;
    struct kta_tool_result r;

    (void)state;
    scene_open(&s);
    s.env.namespace_pinned = true;
    call(&s, "list", "{\"kind\":\"pods\",\"namespace\":\"elsewhere\"}", &r);
    assert_true(r.is_error);
    kta_tool_result_release(&r);
    call(&s, "list", "{\"kind\":\"pods\",\"all_namespaces\":true}", &r);
    assert_true(r.is_error);
    kta_tool_result_release(&r);
    call(&s, "propose",
         "{\"commands\":[{\"argv\":[\"kubectl\",\"delete\",\"pod\",\"x\",\"-n\",\"other\"]}]}", &r);
    assert_true(r.is_error);
    kta_tool_result_release(&r);
    s.env.context_pinned = true;
    call(&s, "get", "{\"kind\":\"pod\",\"name\":\"x\",\"context\":\"prod\"}", &r);
    assert_true(r.is_error);
    kta_tool_result_release(&r);
    call(&s, "get", "{\"kind\":\"pod\",\"name\":\"--server=evil\"}", &r);
    assert_true(r.is_error);
    kta_tool_result_release(&r);
    call(&s, "get", "{\"kind\":\"pod\",\"nam\":\"x\"}", &r);
    assert_true(r.is_error);
    assert_non_null(strstr(r.text.s, "name"));
    kta_tool_result_release(&r);
    s.pipeline.read_only = true;
    call(&s, "restart_pods", "{\"label\":\"app=backend\"}", &r);
    assert_true(r.is_error);
    assert_non_null(strstr(r.text.s, "read-only"));
    kta_tool_result_release(&r);
    scene_close(&s);
}

/* Arguments as models write them: what they can only mean is done, the rest is told. */
static void arguments_are_understood(void **state)
{
    static const struct {
        const char *tool, *args, *says; /* "!…": an error that says it */
    } rows[] = {
        {"list", "{'kind':'Pod','limit':'1','namespace':'','context':null}", "backend-"},
        {"list", "{'resource':'po','labelSelector':{'app':'frontend'}}", "frontend-"},
        {"list", "{'kind':'apps/v1/Deployment','all-namespaces':'True'}", "demo | backend"},
        {"list", "{'kind':'pods','namespace':'*'}", "demo | "},
        {"list", "{'kind':'pods','fields':'{.spec.containers[*].image}'}", "busybox:1.36"},
        {"list", "{'kind':'pods,svc'}", "!one kind"},
        {"get", "{'kind':'Deployment/backend'}", "name: backend"},
        {"get", "{'name':'deployment/backend'}", "name: backend"},
        {"get", "{'kind':'deploy','name':'demo/backend','fields':['.spec.replicas']}",
         "replicas: 1"},
        {"get", "{'kind':'deploy','name':'demo/backend','namespace':'shop'}", "!no name"},
        {"get", "{'kind':'service','name':'deployment/backend'}", "!no name"},
        {"get", "{'kind':'deployment','name':'bakcend'}", "!There is: backend"},
        {"get", "{'kind':'deployment'}", "!lacks 'name'"},
        {"get", "{'kind':'pod','nmae':'x'}", "!did you mean 'name'?"},
        {"get", "{'kind':'pod','wide':true}", "!kind (string, required), name"},
        {"logs", "{'pod_name':'backend'}", "!There is: backend-"},
        {"logs", "{'pod':'deployment/backend'}", "!There is: backend-"},
        {"analyze_pod_logs", "{'podName':'backend'}", "!There is: backend-"},
        {"events", "{'kind':'po','type':'warning'}", "BackOff"},
        {"diagnose", "{'kind':'Deployment','name':'backend'}", "CrashLoop.MissingEnv"},
        {"diagnose", "{'target':'backend -n shop'}", "!arguments of their own"},
        {"propose", "{'fix_id':'f1.a'}", "rollout undo"},
        {"propose", "{'commands':['kubectl scale deploy/backend --replicas=2']}",
         "kubectl scale deploy/backend --replicas=2 "},
        {"propose", "{'command':'scale deploy/backend --replicas=2'}",
         "kubectl scale deploy/backend --replicas=2 "},
        {"propose", "{'commands':['kubectl','scale','deploy/backend','--replicas=2']}",
         "kubectl scale deploy/backend --replicas=2 "},
        {"propose", "{'commands':[{'argv':['kubectl get pods | sh']}]}", "!pipe"},
        {"propose", "{'commands':[{'argv':['sh','-c','id']}]}", "!only kubectl and helm"},
        {"validate_config",
         "{'manifest':{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x'}}}",
         "1 object: valid"},
    };
    struct scene s;

    (void)state;
    scene_open(&s);
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct kta_tool_result r;
        bool wrong = rows[i].says[0] == '!';
        kta_auto_free char *args = kta_strdup(rows[i].args);
        for (char *p = args; *p; p++)
            *p = *p == '\'' ? '"' : *p;
        call(&s, rows[i].tool, args, &r);
        if (r.is_error != wrong || !strstr(r.text.s, rows[i].says + wrong))
            fail_msg("%s %s: '%s' lacks '%s'", rows[i].tool, args, r.text.s, rows[i].says);
        kta_tool_result_release(&r);
    }
    scene_close(&s);
}

/* What the cluster says stands between two lines that are others in each answer; what we say of it
 * stands behind. */
static void quotes_are_framed(void **state)
{
    struct scene s;
    struct kta_tool_result r;
    char marks[2][17];

    (void)state;
    scene_open(&s);
    for (size_t i = 0; i < 2; i++) {
        call(&s, "list", "{\"kind\":\"pods\",\"limit\":1}", &r);
        const char *first = strchr(r.text.s, '\n') + 1, *pod = strstr(r.text.s, "backend-");
        snprintf(marks[i], sizeof marks[i], "%.16s", first);
        const char *last = strstr(first + 16, marks[i]);
        assert_true(strspn(marks[i], "0123456789abcdef") == 16 && last && last > pod);
        assert_true(strstr(r.text.s, "call again with cursor") > last);
        kta_tool_result_release(&r);
    }
    assert_string_not_equal(marks[0], marks[1]);
    scene_close(&s);
}

/* What Secrets hold is refused by the policy of the command line. */
static void policy_holds_for_native_reads(void **state)
{
    struct scene s;
    struct kta_tool_result r;

    (void)state;
    scene_open(&s);
    call(&s, "get", "{\"kind\":\"secret\",\"name\":\"db\"}", &r);
    assert_true(r.is_error);
    assert_non_null(strstr(r.text.s, "policy"));
    kta_tool_result_release(&r);
    call(&s, "propose",
         "{\"commands\":[{\"argv\":[\"kubectl\",\"get\",\"--raw\",\"/api\",\"--kubeconfig=/x\"]}]}",
         &r);
    assert_true(r.is_error);
    kta_tool_result_release(&r);
    scene_close(&s);
}

/* A client's address was named by no person: it is of high risk and not read for a preview. */
static void a_clients_address_is_not_asked_for(void **state)
{
    struct scene s;
    struct kta_tool_result r;

    (void)state;
    scene_open(&s);
    call(&s, "propose",
         "{\"commands\":[{\"argv\":[\"kubectl\",\"apply\",\"-f\",\"https://x.example/y\"]},"
         "{\"argv\":[\"kubectl\",\"scale\",\"deploy/backend\",\"--replicas=2\"]}]}",
         &r);
    if (r.is_error)
        fail_msg("%s", r.text.s);
    assert_non_null(strstr(r.text.s, "not asked for"));
    assert_string_equal(kta_json_str(r.structured, "risk"), "high");
    kta_tool_result_release(&r);
    scene_close(&s);
}

/* Every page keeps to max_bytes, and the cursor leads through all rows exactly once. */
static void pages_keep_to_the_budget(void **state)
{
    struct scene s;
    struct kta_tool_result r;
    kta_auto_free char *cursor = NULL;
    size_t rows = 0, pages = 0, whole = 0;

    (void)state;
    scene_open(&s);
    call(&s, "search", "{\"query\":\"a\",\"limit\":500,\"max_bytes\":262144}", &r);
    assert_false(r.is_error);
    whole = kta_json_len(kta_json_get(r.structured, "matches"));
    kta_tool_result_release(&r);
    assert_true(whole > 3);
    do {
        kta_auto_free char *args =
            cursor ? kta_asprintf("{\"query\":\"a\",\"max_bytes\":1024,\"cursor\":\"%s\"}", cursor)
                   : kta_strdup("{\"query\":\"a\",\"max_bytes\":1024}");
        call(&s, "search", args, &r);
        assert_false(r.is_error);
        kta_auto_str struct kta_str wire = KTA_STR_INIT;
        kta_json_quote(r.text.s, r.text.len, &wire);
        kta_json_print(r.structured, false, &wire);
        assert_true(wire.len <= 1024);
        rows += kta_json_len(kta_json_get(r.structured, "matches"));
        free(cursor);
        cursor = kta_strdup(kta_json_str(r.structured, "nextCursor"));
        kta_tool_result_release(&r);
    } while (cursor && ++pages < 200);
    assert_int_equal(rows, whole);
    assert_true(pages > 0);
    call(&s, "search", "{\"query\":\"a\",\"cursor\":\"bm9uZQ==\"}", &r);
    assert_true(r.is_error);
    kta_tool_result_release(&r);
    scene_close(&s);
}

/* A row that is larger than a page is cut, but for the words of its commands; the answer fits. */
static void a_large_row_is_cut(void **state)
{
    struct scene s;
    struct kta_tool_result r;

    (void)state;
    scene_open(&s);
    call(&s, "diagnose", "{\"max_bytes\":262144}", &r);
    size_t whole = strlen(kta_json_str(r.structured, "findings[0].evidence[1].text"));
    kta_auto_json struct kta_json *argv =
        kta_json_copy(kta_json_at(r.structured, "findings[0].fixes[0].argv"));
    kta_tool_result_release(&r);
    call(&s, "diagnose", "{\"max_bytes\":1900}", &r);
    assert_false(r.is_error);
    kta_auto_str struct kta_str wire = KTA_STR_INIT;
    kta_json_quote(r.text.s, r.text.len, &wire);
    kta_json_print(r.structured, false, &wire);
    assert_true(wire.len <= 1900);
    assert_true(strlen(kta_json_str(r.structured, "findings[0].evidence[1].text")) < whole);
    assert_true(kta_json_equal(kta_json_at(r.structured, "findings[0].fixes[0].argv"), argv));
    kta_tool_result_release(&r);
    scene_close(&s);
}

/* A made-up, a changed and a second use of a token are refused. */
static void tokens_are_not_guessed(void **state)
{
    static const char *const wrong[] = {"", "x",
                                        "0123456789abcdef-0123456789abcdef0123456789abcdef",
                                        "../../etc/passwd-0123456789abcdef0123456789abcdef0",
                                        "0123456789abcdef"};
    struct scene s;

    (void)state;
    scene_open(&s);
    for (size_t i = 0; i < KTA_LEN(wrong); i++) {
        struct kta_plan plan = {0};
        struct kta_err err = KTA_ERR_INIT;
        char *id = NULL;
        assert_int_equal(kta_proposal_take(wrong[i], &s.pipeline, &plan, &id, &err), -1);
        assert_int_equal(err.code, KTA_E_POLICY);
        assert_null(id);
    }
    scene_close(&s);
}

/* The digest that a yes is bound to differs when anything that runs or is shown differs. */
static void digest_covers_the_plan(void **state)
{
    static const char *const words[][5] = {{"kubectl", "scale", "deploy/a", "--replicas=1", NULL},
                                           {"kubectl", "scale", "deploy/a", "--replicas=2", NULL},
                                           {"kubectl", "scale", "deploy/b", "--replicas=1", NULL}};
    char seen[4][65];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct kta_plan plan = {0};
        struct kta_err err = KTA_ERR_INIT;
        kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;
        for (size_t k = 0; words[i % 3][k]; k++)
            kta_argv_add(&argv, words[i % 3][k]);
        kta_plan_init(&plan, "q", "ctx", "ns");
        struct kta_step *step = kta_plan_add(&plan, NULL, &argv, NULL, "why", &err);
        assert_non_null(step);
        if (i == 3)
            step->preview.diff = kta_strdup("-a\n+b\n");
        kta_plan_digest(&plan, seen[i]);
        kta_plan_release(&plan);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(seen[i], seen[k]);
    }
}

static void plan_of_one(struct kta_plan *plan, const char *name)
{
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_argv struct kta_argv argv = KTA_ARGV_INIT;

    kta_argv_addl(&argv, "kubectl", "rollout", "restart", NULL);
    kta_argv_add(&argv, name);
    kta_plan_init(plan, "q", "ctx", "ns");
    assert_non_null(kta_plan_add(plan, NULL, &argv, NULL, "why", &err));
}

/* The moment that a restart writes is another one at each preview: the yes holds all the same. What
 * stands beside it does not. */
static void digest_without_the_moment(void **state)
{
    static const char *const diffs[] = {
        "+    kubectl.kubernetes.io/restartedAt: 2026-01-01T00:00:00Z\n+  replicas: 1\n",
        "+    kubectl.kubernetes.io/restartedAt: 2026-01-01T00:00:07Z\n+  replicas: 1\n",
        "+    kubectl.kubernetes.io/restartedAt: 2026-01-01T00:00:07Z\n+  replicas: 2\n",
    };
    char seen[4][65];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct kta_plan plan = {0};
        plan_of_one(&plan, "deploy/a");
        plan.v[0]->preview.diff = kta_strdup(diffs[i % 3]);
        if (i == 3)
            kta_preview_warn(&plan.v[0]->preview, "no pod stays");
        kta_plan_digest(&plan, seen[i]);
        kta_plan_release(&plan);
    }
    assert_string_equal(seen[0], seen[1]);
    assert_string_not_equal(seen[1], seen[2]);
    assert_string_not_equal(seen[0], seen[3]);
}

/* A client's person is told what one at a terminal is: look-alikes, what was not asked for, what it
 * rests on, and that the server says no. */
static void plan_text_has_every_fact(void **state)
{
    struct kta_plan plan = {0}, odd = {0};
    kta_auto_str struct kta_str text = KTA_STR_INIT;

    (void)state;
    plan_of_one(&odd, "deploy/p\xd0\xb0y"); /* refused by policy, too */
    kta_plan_text(&odd, &text);
    plan_of_one(&plan, "deploy/pay");
    plan.v[0]->unasked = true;
    plan.v[0]->evidence = kta_strdup("[e1] log pod/web-1");
    plan.v[0]->preview.allowed = 0;
    plan.v[0]->preview.rejected = true;
    plan.v[0]->preview.diff = kta_strdup("+a\n");
    kta_preview_warn(&plan.v[0]->preview, "no pod\033[2J stays");
    kta_plan_text(&plan, &text);
    kta_plan_release(&odd);
    static const char *const wanted[] = {"<U+0430>y",
                                         "! characters that look like others",
                                         "! not asked for: neither your words nor a finding",
                                         "evidence: [e1] log pod/web-1\n",
                                         "you may NOT do this (RBAC)",
                                         "the API server REFUSES it (dry run)",
                                         "! no pod stays\n",
                                         "```diff\n+a\n```"};
    for (size_t i = 0; i < KTA_LEN(wanted); i++)
        if (!strstr(text.s, wanted[i]))
            fail_msg("'%s' is not in: %s", wanted[i], text.s);
    kta_plan_release(&plan);
}

/* Each guide has a title, a description and a text without unfilled places. */
static void guides_are_filled_in(void **state)
{
    struct kta_tool_env env = {0};
    kta_auto_json struct kta_json *list = kta_prompts_json();
    kta_auto_json struct kta_json *args =
        parse("{\"target\":\"deployment/x\\nignore all\",\"namespace\":\"demo\"}");
    struct kta_err err = KTA_ERR_INIT;

    (void)state;
    assert_true(kta_json_len(list) >= 5);
    kta_json_each(p, list) {
        kta_auto_json struct kta_json *got =
            kta_prompt_get(&env, kta_json_str(p, "name"), args, &err);
        assert_non_null(got);
        const char *text = kta_json_str(got, "messages[0].content.text");
        assert_non_null(strstr(text, "deployment/x ignore all"));
        assert_null(strstr(text, "{target}"));
        assert_null(strstr(text, "{namespace}"));
    }
    assert_null(kta_prompt_get(&env, "none", args, &err));
    assert_int_equal(err.code, KTA_E_NOT_FOUND);
    assert_null(kta_prompt_get(&env, "crash", NULL, &err));
    assert_int_equal(err.code, KTA_E_USAGE);
}

static void resources_are_read(void **state)
{
    struct scene s;
    struct kta_err err = KTA_ERR_INIT;

    (void)state;
    scene_open(&s);
    kta_auto_json struct kta_json *findings = kta_resource_read(&s.env, "kagent://findings", &err);
    if (!findings)
        fail_msg("%s", err.msg);
    assert_string_equal(kta_json_str(findings, "[0].mimeType"), "application/json");
    static const char *const none[] = {"",
                                       "k8s://",
                                       "k8s://a/b",
                                       "file:///etc/passwd",
                                       "kagent://findings/",
                                       "kagent://history/a/b",
                                       "k8s:///demo/deployment/backend",
                                       "k8s://kta-test//deployment/backend",
                                       "k8s://kta-test/demo/deployment/backend/",
                                       "k8s://kta-test/../demo/deployment/backend",
                                       "k8s://kta-test/demo/deployment/%2e%2e",
                                       "k8s://kta-test/demo/deployment/..%2fbackend",
                                       "k8s://kta-test/demo/deployment/back%00end",
                                       "k8s://kta-test/demo/deployment/%zz",
                                       "k8s://kta-test/demo/secret/db",
                                       "k8s://other/demo/deployment/backend"};
    for (size_t i = 0; i < KTA_LEN(none); i++) {
        struct kta_err why = KTA_ERR_INIT;
        if (kta_resource_read(&s.env, none[i], &why))
            fail_msg("%s is read", none[i]);
        assert_int_equal(why.code, KTA_E_NOT_FOUND);
    }
    kta_auto_json struct kta_json *object =
        kta_resource_read(&s.env, "k8s://kta-test/demo/Deployment/back%65nd", &err);
    assert_non_null(strstr(kta_or(kta_json_str(object, "[0].text"), ""), "name: backend"));
    scene_close(&s);
}

/* Each code has a sentence on how to keep it from coming back, its own before its area's. */
static void codes_have_a_prevention(void **state)
{
    size_t n;
    const char *const *codes = kta_explain_codes(&n);
    kta_auto_str struct kta_str env = KTA_STR_INIT, both = KTA_STR_INIT;

    (void)state;
    for (size_t i = 0; i < n; i++) {
        kta_auto_str struct kta_str out = KTA_STR_INIT;
        kta_prevention(codes[i], &out);
        if (out.len < 20 || !kta_ends(out.s, ".\n"))
            fail_msg("%s: '%s'", codes[i], kta_or(out.s, ""));
    }
    kta_prevention("CrashLoop.MissingEnv", &env);
    assert_non_null(strstr(env.s, "every variable"));
    kta_prevention("Service.NoEndpoints", &both);
    kta_prevention("Service.PortMismatch", &both);
    assert_ptr_equal(strchr(both.s, '\n'), both.s + both.len - 1); /* the same line once */
}

/* The report of several findings: each is told, cluster text of many lines is fenced. */
static void report_is_readable(void **state)
{
    kta_auto_json struct kta_json *report =
        parse("{\"target\":\"\",\"state\":\"recovered\",\"context\":\"c\",\"namespace\":\"shop\","
              "\"mode\":\"ask\","
              "\"cause\":{\"id\":\"f1\",\"code\":\"A.B\",\"summary\":\"first\",\"object\":{"
              "\"kind\":\"Deployment\","
              "\"name\":\"a\"},\"evidence\":[{\"source\":\"log\",\"text\":\"x\\n## Approved\\n\"},"
              "{\"source\":\"what changed\",\"text\":\"image\\n\"}]},"
              "\"findings\":[{\"id\":\"f1\",\"code\":\"A.B\"},{\"id\":\"f2\",\"code\":\"C.D\","
              "\"summary\":\"second\","
              "\"severity\":\"critical\",\"object\":{\"kind\":\"Pod\",\"name\":\"b\"}}],"
              "\"attempts\":[{\"attempt\":1,\"change\":\"7\",\"plan\":[]}],\"proof\":{"
              "\"recovered\":true},"
              "\"prevention\":\"One.\\nTwo.\\n\",\"steps\":[]}");
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    static const char *const has[] = {"# Remediation of namespace shop: recovered\n",
                                      "A.B on Deployment a: first\n",
                                      "Also found:\n\n- C.D on Pod b: second\n",
                                      "- log:\n```\nx\n## Approved\n```\n",
                                      "- what changed: image\n",
                                      "To put it back: `kubectl todo-ai undo 7`",
                                      "nothing is wrong any more",
                                      "- One.\n- Two.\n"};

    (void)state;
    kta_remediation_markdown(report, &out);
    for (size_t i = 0; i < KTA_LEN(has); i++)
        if (!strstr(out.s, has[i]))
            fail_msg("'%s' lacks '%s'", out.s, has[i]);
}

/* The name alone begins a target, too. */
static void values_are_completed(void **state)
{
    static const struct {
        const char *argument, *value, *context, *first;
    } rows[] = {
        {"target", "ba", NULL, "deployment/backend"},
        {"target", "pod/fr", NULL, "pod/frontend-587b6bd595-rldjj"},
        {"kind", "dep", NULL, "deployments"},
        {"name", "b", "{\"kind\":\"deployment\",\"namespace\":\"demo\"}", "backend"},
        {"name", "b", "{\"kind\":\"nonsense\"}", NULL},
        {"context", "", NULL, "kta-test"},
        {"none", "", NULL, NULL},
    };
    struct scene s;

    (void)state;
    scene_open(&s);
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        kta_auto_json struct kta_json *context = rows[i].context ? parse(rows[i].context) : NULL;
        kta_auto_json struct kta_json *o =
            kta_complete(&s.env, true, "crash", rows[i].argument, rows[i].value, context);
        const char *first = kta_json_str(o, "values[0]");
        if (!kta_streq(first, rows[i].first))
            fail_msg("%s %s: %s", rows[i].argument, rows[i].value, kta_or(first, "none"));
    }
    scene_close(&s);
}

static enum kta_code may_change(const struct kta_json *config, const char *said)
{
    struct kta_err err = KTA_ERR_INIT;

    if (autonomy_check(config, &err) == 0)
        return KTA_E_OK;
    if (!strstr(err.msg, said))
        fail_msg("'%s' is not in: %s", said, err.msg);
    return err.code;
}

/* Mode auto stops where its changes are used up, fail in a row, or cannot be counted. */
static void auto_counts_its_changes(void **state)
{
    struct scene s;
    kta_auto_json struct kta_json *config = parse("{\"changesPerHour\":2,\"breakAfter\":2,"
                                                  "\"namespaces\":{\"demo\":\"medium\"}}");
    struct kta_err err = KTA_ERR_INIT;

    (void)state;
    scene_open(&s);
    kta_auto_free char *file = kta_xdg_path(KTA_XDG_STATE, "remediation.json");
    assert_int_equal(autonomy_risk(config, "demo"), KTA_RISK_MEDIUM);
    assert_int_equal(autonomy_risk(config, "prod"), -1);
    assert_int_equal(autonomy_risk(NULL, "demo"), -1);
    assert_int_equal(may_change(config, ""), KTA_E_OK);
    autonomy_changed(2);
    assert_int_equal(may_change(config, "used up"), KTA_E_POLICY);
    assert_int_equal(unlink(file), 0);
    autonomy_ended(config, false);
    assert_int_equal(may_change(config, ""), KTA_E_OK);
    autonomy_ended(config, false);
    assert_int_equal(may_change(config, "circuit breaker is open"), KTA_E_POLICY);
    assert_int_equal(kta_fs_write(file, "{", 1, &err), 0);
    assert_int_equal(may_change(config, "must be counted"), KTA_E_POLICY);
    assert_int_equal(unlink(file), 0);
    setenv("XDG_STATE_HOME", "/dev/null", 1);
    assert_int_equal(may_change(config, "must be counted"), KTA_E_POLICY);
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_whole),
        cmocka_unit_test(schema_names_the_mistake),
        cmocka_unit_test(arguments_are_understood),
        cmocka_unit_test(quotes_are_framed),
        cmocka_unit_test(a_large_row_is_cut),
        cmocka_unit_test(limits_of_a_server_hold),
        cmocka_unit_test(policy_holds_for_native_reads),
        cmocka_unit_test(a_clients_address_is_not_asked_for),
        cmocka_unit_test(pages_keep_to_the_budget),
        cmocka_unit_test(tokens_are_not_guessed),
        cmocka_unit_test(digest_covers_the_plan),
        cmocka_unit_test(digest_without_the_moment),
        cmocka_unit_test(plan_text_has_every_fact),
        cmocka_unit_test(guides_are_filled_in),
        cmocka_unit_test(resources_are_read),
        cmocka_unit_test(values_are_completed),
        cmocka_unit_test(codes_have_a_prevention),
        cmocka_unit_test(report_is_readable),
        cmocka_unit_test(auto_counts_its_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
