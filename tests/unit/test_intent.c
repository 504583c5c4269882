/* What questions want, by the rules of prompts/intents.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "kta/alloc.h"
#include "kta/diagnose.h"
#include "kta/intent.h"

static const struct {
    const char *question;
    enum kta_intent intent;
    bool sure;
    const char *kind;
    int number;
} rows[] = {
    {"Why is the backend pod crashing?", KTA_INTENT_DIAGNOSE, true, "", -1},
    {"why is backend crashing", KTA_INTENT_DIAGNOSE, true, "", -1},
    {"why does backend use so much memory", KTA_INTENT_DIAGNOSE, true, "", -1},
    {"why did it restart", KTA_INTENT_DIAGNOSE, true, "", -1},
    {"what is wrong with the frontend?", KTA_INTENT_DIAGNOSE, true, "", -1},
    {"the backend is broken after my rollback", KTA_INTENT_DIAGNOSE, true, "", -1},
    {"backend keeps restarting", KTA_INTENT_DIAGNOSE, true, "", -1},
    {"show me pods that are failing", KTA_INTENT_DIAGNOSE, true, "", -1},
    {"Show me pods with high memory usage", KTA_INTENT_MEMORY, true, "", -1},
    {"which pods use the most memory", KTA_INTENT_MEMORY, true, "", -1},
    {"top pods by RAM", KTA_INTENT_MEMORY, true, "", -1},
    {"show cpu usage", KTA_INTENT_CPU, true, "", -1},
    {"which pods have high CPU", KTA_INTENT_CPU, true, "", -1},
    {"Restart the frontend deployment", KTA_INTENT_RESTART, true, "", -1},
    {"please restart frontend", KTA_INTENT_RESTART, true, "", -1},
    {"can you do a rolling restart of the api", KTA_INTENT_RESTART, true, "", -1},
    {"scale backend to 3", KTA_INTENT_SCALE, true, "", 3},
    {"scale the frontend up to five replicas", KTA_INTENT_SCALE, true, "", 5},
    {"set replicas of web-2 to 0", KTA_INTENT_SCALE, true, "", 0},
    {"scale up the frontend", KTA_INTENT_SCALE, false, "", -1},
    {"update the deployment web-app in rollout-test to image todo-backend:v2", KTA_INTENT_IMAGE,
     true, "", -1},
    {"please set the image of web to registry.example:5000/team/web:2.1-RC1", KTA_INTENT_IMAGE,
     true, "", -1},
    {"upgrade web to nginx:1.27", KTA_INTENT_IMAGE, true, "", -1},
    {"why was the image changed to web:2", KTA_INTENT_DIAGNOSE, true, "", -1},
    {"change web to talk to db:5432", KTA_INTENT_DIAGNOSE, false, "", -1},
    {"roll back the web deployment", KTA_INTENT_ROLLBACK, true, "", -1},
    {"please rollback web", KTA_INTENT_ROLLBACK, true, "", -1},
    {"revert the last rollout of web", KTA_INTENT_ROLLBACK, true, "", -1},
    {"the backend is broken after a rollback", KTA_INTENT_DIAGNOSE, true, "", -1},
    {"which pods restarted most", KTA_INTENT_RESTARTS, true, "", -1},
    {"show me pods with many restarts", KTA_INTENT_RESTARTS, true, "", -1},
    {"what is not ready?", KTA_INTENT_NOT_READY, true, "", -1},
    {"which pods are not ready", KTA_INTENT_NOT_READY, true, "", -1},
    {"which images run in this cluster", KTA_INTENT_IMAGES, true, "", -1},
    {"who can delete pods", KTA_INTENT_WHO_CAN, true, "", -1},
    {"who can juggle pods", KTA_INTENT_DIAGNOSE, false, "", -1},
    {"can frontend reach backend on port 8000?", KTA_INTENT_REACH, true, "", -1},
    {"what changed in the last hour", KTA_INTENT_CHANGES, true, "", -1},
    {"install the todo app for development", KTA_INTENT_INSTALL, true, "", -1},
    {"list pods", KTA_INTENT_LIST, true, "pods", -1},
    {"show all deployments in demo", KTA_INTENT_LIST, true, "deployments", -1},
    {"how many nodes are there", KTA_INTENT_LIST, true, "nodes", -1},
    {"show me the logs of backend", KTA_INTENT_LOGS, true, "", -1},
    {"logs backend", KTA_INTENT_LOGS, true, "", -1},
    {"what changed in the last hour", KTA_INTENT_CHANGES, true, "", -1},
    {"what has been changed recently?", KTA_INTENT_CHANGES, true, "", -1},
    {"tell me a story", KTA_INTENT_DIAGNOSE, false, "", -1},
    /* no sentences: a kind, a name, a word for what is wanted */
    {"pods", KTA_INTENT_LIST, true, "pods", -1},
    {"po", KTA_INTENT_LIST, true, "pods", -1},
    {"all deployments", KTA_INTENT_LIST, true, "deployments", -1},
    {"svc in demo", KTA_INTENT_LIST, true, "services", -1},
    {"pods -A", KTA_INTENT_LIST, true, "pods", -1},
    {"namespaces", KTA_INTENT_LIST, true, "namespaces", -1},
    {"backend", KTA_INTENT_DIAGNOSE, true, "", -1},
    {"deployment/backend", KTA_INTENT_DIAGNOSE, true, "", -1},
    {"the backend deployment?", KTA_INTENT_DIAGNOSE, true, "", -1},
    {"backend status", KTA_INTENT_DIAGNOSE, true, "", -1},
    {"backend frontend", KTA_INTENT_DIAGNOSE, false, "", -1},
    {"backend's logs", KTA_INTENT_LOGS, true, "", -1},
    {"memory", KTA_INTENT_MEMORY, true, "", -1},
    {"cpu usage", KTA_INTENT_CPU, true, "", -1},
    {"images", KTA_INTENT_IMAGES, true, "", -1},
    {"restarts", KTA_INTENT_RESTARTS, true, "", -1},
    {"not ready", KTA_INTENT_NOT_READY, true, "", -1},
    {"who is eating all the RAM", KTA_INTENT_MEMORY, true, "", -1},
    {"any pods restarting a lot?", KTA_INTENT_RESTARTS, true, "", -1},
    {"what restarted today", KTA_INTENT_RESTARTS, true, "", -1},
    {"which service accounts can list pods", KTA_INTENT_WHO_CAN, true, "", -1},
    {"can watcher list pods", KTA_INTENT_WHO_CAN, true, "", -1},
    {"does the deployer have permission to delete deployments in demo?", KTA_INTENT_WHO_CAN, true,
     "", -1},
    {"does backend get enough memory", KTA_INTENT_DIAGNOSE, false, "", -1},
    {"can web talk to api on 8080", KTA_INTENT_REACH, true, "", -1},
    {"what version of todo-backend is running", KTA_INTENT_IMAGES, true, "", -1},
    {"who changed deployment web", KTA_INTENT_CHANGES, true, "", -1},
    {"what was deployed in the last 2 hours", KTA_INTENT_CHANGES, true, "", -1},
    {"when was web last deployed", KTA_INTENT_CHANGES, true, "", -1},
    {"what did somebody change today", KTA_INTENT_CHANGES, true, "", -1},
    {"any deployments failing?", KTA_INTENT_DIAGNOSE, true, "", -1},
    {"which deployments are not fully available", KTA_INTENT_NOT_READY, true, "", -1},
    {"is everything ok?", KTA_INTENT_DIAGNOSE, true, "", -1},
    {"how is my cluster doing", KTA_INTENT_DIAGNOSE, true, "", -1},
    {"how many pods are running in demo", KTA_INTENT_LIST, true, "pods", -1},
    {"what services do we have", KTA_INTENT_LIST, true, "services", -1},
    /* A list would be no answer to these. */
    {"which pods run as root", KTA_INTENT_DIAGNOSE, false, "", -1},
    {"which secrets does web use", KTA_INTENT_USES, true, "secrets", -1},
    {"what config maps and secrets is web reading from", KTA_INTENT_USES, true, "", -1},
    {"which service account does web run as?", KTA_INTENT_USES, true, "serviceaccounts", -1},
    {"list the network policies", KTA_INTENT_LIST, true, "networkpolicies", -1},
    {"show stateful sets", KTA_INTENT_LIST, true, "statefulsets", -1},
    {"how many persistent volume claims are there", KTA_INTENT_LIST, true, "persistentvolumeclaims",
     -1},
    {"which secrets does the frontend deployment use", KTA_INTENT_USES, true, "secrets", -1},
    {"what's using all the cpu", KTA_INTENT_CPU, true, "", -1},
    {"can the ci service account create deployments in demo", KTA_INTENT_WHO_CAN, true, "", -1},
    {"what can the default service account do", KTA_INTENT_RIGHTS, true, "", -1},
    {"does any network policy block api from redis", KTA_INTENT_REACH, true, "", -1},
    {"is backend reachable from frontend on port 8000", KTA_INTENT_REACH, true, "", -1},
    {"is the frontend reachable from outside", KTA_INTENT_DIAGNOSE, false, "", -1},
    {"when was backend last restarted", KTA_INTENT_RESTARTS, true, "", -1},
    {"which secrets are not used", KTA_INTENT_DIAGNOSE, false, "secrets", -1},
    {"what can alice do", KTA_INTENT_RIGHTS, true, "", -1},
    {"what is the service account robot allowed to do in shop?", KTA_INTENT_RIGHTS, true, "", -1},
    {"which permissions does robot have", KTA_INTENT_RIGHTS, true, "", -1},
    {"robot's permissions", KTA_INTENT_RIGHTS, true, "", -1},
    {"what can I do", KTA_INTENT_DIAGNOSE, false, "", -1},
    {"what can you do", KTA_INTENT_DIAGNOSE, false, "", -1},
    {"what can be done", KTA_INTENT_DIAGNOSE, false, "", -1},
    {"can pods in namespace shop reach api on port 80", KTA_INTENT_REACH, true, "", -1},
    /* The list of the kind is half of one, beside the diagnosis. */
    {"which nodes are under pressure", KTA_INTENT_DIAGNOSE, false, "nodes", -1},
    {"services without endpoints", KTA_INTENT_DIAGNOSE, false, "services", -1},
    {"is the hpa working", KTA_INTENT_DIAGNOSE, false, "horizontalpodautoscalers", -1},
    {"show pvcs", KTA_INTENT_LIST, true, "persistentvolumeclaims", -1},
    {"any warnings?", KTA_INTENT_LIST, true, "events", -1},
    {"which pods run on node-1", KTA_INTENT_LIST, true, "pods", -1},
    {"which pods have no limits", KTA_INTENT_LIMITS, true, "", -1},
    {"what is the memory limit of web", KTA_INTENT_LIMITS, true, "", -1},
    {"how much memory is web allowed to use", KTA_INTENT_LIMITS, true, "", -1},
    {"web reached its memory limit", KTA_INTENT_DIAGNOSE, false, "", -1},
    {"which pods use the most memory", KTA_INTENT_MEMORY, true, "", -1},
    {"show me the yaml of web", KTA_INTENT_YAML, true, "", -1},
    {"get deployment web as yaml", KTA_INTENT_YAML, true, "", -1},
    {"who uses configmap settings", KTA_INTENT_USED_BY, true, "", -1},
    {"is secret/db used by anything?", KTA_INTENT_USED_BY, true, "", -1},
    {"which pods mount the pvc data", KTA_INTENT_USED_BY, true, "", -1},
    {"does alice have access to secrets", KTA_INTENT_WHO_CAN, true, "", -1},
    {"is there a network policy blocking web from api", KTA_INTENT_REACH, true, "", -1},
    {"is web blocked from reaching api on port 80", KTA_INTENT_REACH, true, "", -1},
    /* Other languages are not understood, and that is said. */
    {"warum startet backend nicht", KTA_INTENT_DIAGNOSE, false, "", -1},
    {"welche pods brauchen am meisten speicher", KTA_INTENT_DIAGNOSE, false, "", -1},
};

static void test_questions(void **state)
{
    (void)state;
    int bad = 0;
    for (size_t i = 0; i < KTA_LEN(rows); i++) {
        struct kta_intent_match m;
        kta_intent_of(rows[i].question, &m);
        if (m.intent != rows[i].intent || m.sure != rows[i].sure || m.number != rows[i].number ||
            !kta_streq(m.kind, rows[i].kind)) {
            print_message("'%s': intent %d sure %d kind '%s' number %d\n", rows[i].question,
                          m.intent, m.sure, m.kind, m.number);
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

static void test_parts(void **state)
{
    (void)state;
    struct kta_intent_match m;

    kta_intent_of("what is the service account Robot-1 allowed to do in shop?", &m);
    assert_string_equal(m.subject, "Robot-1");
    assert_string_equal(m.ns, "shop");
    kta_intent_of("which permissions does shop/ci have", &m);
    assert_string_equal(m.subject, "shop/ci");
    kta_intent_of("can other pods in the shop namespace talk to the api service on port 80", &m);
    assert_string_equal(m.from, "namespace/shop");
    assert_string_equal(m.to, "api");
    assert_string_equal(m.port, "80");
    kta_intent_of("is the backend reachable from frontend on port 8000", &m);
    assert_string_equal(m.from, "frontend");
    assert_string_equal(m.to, "backend");
    assert_string_equal(m.port, "8000");
    kta_intent_of("what can the default service account do", &m);
    assert_string_equal(m.subject, "default");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_questions),
                                       cmocka_unit_test(test_parts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
