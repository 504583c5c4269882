/*
 * One pod, one cause: what the engine makes of states that a cluster rarely shows on demand. Each
 * row is a pod of a small snapshot: its spec, its status, what its log says; the code that is
 * expected, words of the summary, and of the first fix ("" for none, NULL for any).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "kta/alloc.h"
#include "kta/diagnose.h"
#include "kta/fs.h"
#include "kta/str.h"

static char dir[] = "/tmp/test_pod_causes.XXXXXX";

static void put(const char *name, const char *text)
{
    struct kta_err err = KTA_ERR_INIT;
    kta_auto_free char *path = kta_fs_join(dir, name);
    kta_auto_free char *parent = kta_fs_dirname(path);
    assert_int_equal(kta_fs_mkdirs(parent, &err), 0);
    assert_int_equal(kta_fs_write(path, text, strlen(text), &err), 0);
}

#define STORE(name, key)                                                                           \
    "{\"metadata\":{\"name\":\"" name                                                              \
    "\",\"namespace\":\"demo\",\"managedFields\":[{\"manager\":\"kubectl\",\"fieldsV1\":{"         \
    "\"f:data\":{\"f:" key "\":{}}}}]}}"

static int write_snapshot(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    put("meta.json", "{\"version\":1,\"context\":\"test\",\"server\":\"https://x\",\"namespace\":"
                     "\"demo\",\"time\":\"2026-01-01T12:10:00Z\"}");
    static const char *const apps[] = {"deployments", "replicasets", "statefulsets", "daemonsets"};
    for (size_t i = 0; i < KTA_LEN(apps); i++) {
        kta_auto_free char *name = kta_asprintf("apis/apps/v1/namespaces/demo/%s.json", apps[i]);
        put(name, "{\"items\":[]}");
    }
    put("api/v1/namespaces/demo/events.json", "{\"items\":[]}");
    put("api/v1/namespaces/demo/services.json",
        "{\"items\":[{\"metadata\":{\"name\":\"api\",\"namespace\":\"demo\"},\"spec\":{\"ports\":[{"
        "\"port\":8000}]}}]}");
    put("api/v1/namespaces/demo/configmaps.metadata.json",
        "{\"items\":[" STORE("settings", "app.yaml") "," STORE("env", "APP_MODE") "]}");
    put("api/v1/namespaces/demo/configmaps.json",
        "{\"items\":[{\"metadata\":{\"name\":\"settings\",\"namespace\":\"demo\"},\"data\":{"
        "\"app.yaml\":\"wait: apj 8000\\nurl: http://apj:8000/\\nother: apjx\\n\"}}]}");
    put("api/v1/namespaces/demo/secrets.metadata.json", "{\"items\":[]}");
    put("api/v1/namespaces/demo/secrets.json", "{\"items\":[]}");
    put("api/v1/namespaces/default/events.json",
        "{\"items\":[{\"metadata\":{\"name\":\"o\",\"namespace\":\"default\"},\"reason\":"
        "\"SystemOOM\",\"lastTimestamp\":\"2026-01-01T12:05:30Z\",\"message\":\"System OOM "
        "encountered, victim process: convert, pid: 99\",\"involvedObject\":{\"kind\":\"Node\","
        "\"name\":\"node-1\",\"uid\":\"node-1\"}}]}");
    put("api/v1/nodes.json", "{\"items\":[{\"metadata\":{\"name\":\"node-1\",\"labels\":{"
                             "\"kubernetes.io/hostname\":\"node-1\"}}}]}");
    put("apis/discovery.k8s.io/v1/namespaces/demo/endpointslices.json",
        "{\"items\":[{\"metadata\":{\"name\":\"api-1\",\"namespace\":\"demo\",\"labels\":{"
        "\"kubernetes.io/service-name\":\"api\"}},\"ports\":[{\"port\":8000}],\"endpoints\":[{"
        "\"addresses\":[\"10.0.0.1\"],\"conditions\":{\"ready\":true}}]}]}");
    return 0;
}

#define RUNS                                                                                       \
    "\"state\":{\"running\":{\"startedAt\":\"2026-01-01T12:00:00Z\"}},\"restartCount\":0,"         \
    "\"ready\":"
#define ENDED(code, more)                                                                          \
    "\"ready\":false,\"restartCount\":3,\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}}" \
    ","                                                                                            \
    "\"lastState\":{\"terminated\":{\"exitCode\":" code ",\"reason\":\"Error\"" more "}}"
#define START_ERROR(message)                                                                       \
    "\"ready\":false,\"restartCount\":3,\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}}" \
    ","                                                                                            \
    "\"lastState\":{\"terminated\":{\"exitCode\":128,\"reason\":\"StartError\",\"message\":"       \
    "\"" message "\"}}"
#define MOUNT(path, more) "\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"" path "\"" more "}]"
#define VOLUME            ",\"volumes\":[{\"name\":\"v\",\"configMap\":{\"name\":\"settings\"}}]"
#define READY(status, more)                                                                        \
    ",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"True\"},{\"type\":\"Ready\","        \
    "\"status\":\"" status "\"" more "}]"

struct row {
    const char *container, *spec; /* of the pod's spec */
    const char *phase, *pod_status, *container_status;
    const char *log;
    const char *code, *summary, *fix;
};

#define KEY(key)                                                                                   \
    "\"env\":[{\"name\":\"X\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"env\",\"key\":\"" key \
    "\"}}}]"
#define NO_KEY(key)                                                                                \
    "\"ready\":false,\"restartCount\":0,\"state\":{\"waiting\":{\"reason\":"                       \
    "\"CreateContainerConfigError\",\"message\":\"couldn't find key " key                          \
    " in ConfigMap demo/env\"}}"
#define UNSPREAD                                                                                   \
    ",\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"False\",\"reason\":"                 \
    "\"Unschedulable\",\"message\":\"0/1 nodes are available: 1 node(s) didn't match pod "         \
    "topology spread constraints.\"}]"
#define UNREADABLE "-"
#define UNHEALTHY(at, message)                                                                     \
    "{\"metadata\":{\"name\":\"e\",\"namespace\":\"demo\"},\"reason\":\"Unhealthy\",\"type\":"     \
    "\"Warning\",\"count\":3,\"lastTimestamp\":\"2026-01-01T"                                      \
    "" at "Z\",\"message\":\"" message                                                             \
    "\",\"involvedObject\":{\"kind\":\"Pod\",\"name\":\"p\",\"uid\":\"u\"}}"
#define LIVENESS                                                                                   \
    "\"livenessProbe\":{\"httpGet\":{\"path\":\"/healthz\",\"port\":8000},\"periodSeconds\":10}"
#define RAN(code, from, to)                                                                        \
    ENDED(code, ",\"startedAt\":\"2026-01-01T" from "Z\",\"finishedAt\":\"2026-01-01T" to "Z\"")

static const struct row rows[] = {
    /* nobody has looked at it */
    {"", ",\"schedulerName\":\"default-schedular\"", "Pending", "", NULL, NULL,
     "Scheduling.NoScheduler", "default-schedular", "use default-scheduler"},
    /* more domains than there are, a label that no node has */
    {"",
     ",\"topologySpreadConstraints\":[{\"topologyKey\":\"kubernetes.io/hostname\",\"minDomains\":3,"
     "\"whenUnsatisfiable\":\"DoNotSchedule\"}]",
     "Pending", UNSPREAD, NULL, NULL, "Scheduling.Topology",
     "over 3 domains of kubernetes.io/hostname, and there is 1", "the domains that there are"},
    {"",
     ",\"topologySpreadConstraints\":[{\"topologyKey\":\"kubernetes.io/hostnam\","
     "\"whenUnsatisfiable\":\"DoNotSchedule\"}]",
     "Pending", UNSPREAD, NULL, NULL, "Scheduling.Topology", "kubernetes.io/hostnam, which no node",
     "the domains that there are"},
    {"",
     ",\"topologySpreadConstraints\":[{\"topologyKey\":\"topology.kubernetes.io/zone\","
     "\"whenUnsatisfiable\":\"DoNotSchedule\"}]",
     "Pending", UNSPREAD, NULL, NULL, "Scheduling.Topology", "io/zone, which no node has",
     "where that is possible"},
    /* given to a node that there is not */
    {"", ",\"nodeName\":\"node-2\"", "Pending", "", NULL, NULL, "Scheduling.NoSuchNode", "node-2",
     "let the scheduler"},
    /* refused by its node */
    {"", ",\"nodeName\":\"node-1\"", "Failed",
     ",\"reason\":\"OutOfcpu\",\"message\":\"Pod was rejected: Node didn't have enough resource: "
     "cpu\"",
     NULL, NULL, "Pod.Rejected", "enough resource: cpu", ""},
    /* waits for a word from outside */
    {"", ",\"readinessGates\":[{\"conditionType\":\"lb/ready\"}]", "Running",
     ",\"conditions\":[{\"type\":\"ContainersReady\",\"status\":\"True\",\"lastTransitionTime\":"
     "\"2026-01-01T12:00:00Z\"},{\"type\":\"Ready\",\"status\":\"False\",\"reason\":"
     "\"ReadinessGatesNotReady\",\"message\":\"no gate\"}]",
     RUNS "true", NULL, "Pod.ReadinessGate", "lb/ready", ""},
    /* a child is killed, the first process lives on */
    {"\"resources\":{\"limits\":{\"memory\":\"64Mi\"}}", "", "Running", READY("False", ""),
     RUNS "false", "INFO import\nsh: line 3:    12 Killed                  python import.py\n",
     "Memory.OOMKilled", "limit of 64Mi", "raise the memory limit of c to 128Mi"},
    /* the same without a limit: nobody's limit to raise */
    {"", "", "Running", READY("False", ""), RUNS "false", "Killed\n", "CrashLoop.Killed", "SIGKILL",
     ""},
    /* it goes on being ready, since another process answers; what else the log tells is over */
    {"\"resources\":{\"limits\":{\"memory\":\"64Mi\"}}", "", "Running", READY("True", ""),
     RUNS "true",
     "Error: JWT_SECRET must be set\n[1] [ERROR] Worker (pid:8) was sent SIGKILL! Perhaps out of "
     "memory?\n",
     "Memory.OOMKilled", "limit of 64Mi", "raise the memory limit of c to 128Mi"},
    {"\"resources\":{\"limits\":{\"memory\":\"64Mi\"}}", "", "Running", READY("True", ""),
     RUNS "true", "Error: JWT_SECRET must be set\n", NULL, "", ""},
    /* nor does it matter where all is well and no limit of its own could have done it */
    {"", "", "Running", READY("True", ""), RUNS "true", "Killed\n", NULL, "", ""},
    /* the node itself ran out of memory: by the container's end, and by a child's */
    {"", ",\"nodeName\":\"node-1\"", "Running", READY("False", ""),
     RAN("137", "12:05:00", "12:05:28"), "working\n", "Memory.OOMKilled",
     "its node node-1 ran out of memory", ""},
    {"", ",\"nodeName\":\"node-1\"", "Running", READY("False", ""),
     RAN("137", "12:05:00", "12:07:28"), "working\n", "CrashLoop.Killed", "SIGKILL", ""},
    {"", ",\"nodeName\":\"node-1\"", "Running", READY("False", ""), RUNS "false", "Killed\n",
     "Memory.OOMKilled", "its node node-1 ran out of memory", ""},
    /* a word that the spec knows as a variable without a value, and one that it does not know */
    {"\"env\":[{\"name\":\"UPSTREAM\",\"value\":\"\"}]", "", "Running", READY("False", ""),
     ENDED("1", ""), "FATAL UPSTREAM is empty\n", "CrashLoop.MissingEnv",
     "variable UPSTREAM is empty", ""},
    {"\"envFrom\":[{\"configMapRef\":{\"name\":\"env\"}}]", "", "Running", READY("False", ""),
     ENDED("1", ""), "ERROR missing APP_MODE, giving up\n", "CrashLoop.MissingEnv",
     "variable APP_MODE", NULL},
    {"\"env\":[{\"name\":\"UPSTREAM\",\"value\":\"a:1\"}]", "", "Running", READY("False", ""),
     ENDED("1", ""), "FATAL UPSTREAM is empty\n", "CrashLoop.Error", "UPSTREAM is empty", ""},
    {"\"env\":[{\"name\":\"UPSTREAM\",\"value\":\"\"}]", "", "Running", READY("False", ""),
     ENDED("1", ""), "FATAL QUEUE is empty\n", "CrashLoop.Error", "QUEUE is empty", ""},
    /* a runtime's own limit that the container's has no part in, and one that follows it */
    {"\"resources\":{\"limits\":{\"memory\":\"64Mi\"}}", "", "Running", READY("False", ""),
     ENDED("255", ""),
     "PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 "
     "bytes) in /app/index.php on line 9\n",
     "CrashLoop.OutOfMemory", "Allowed memory size", ""},
    {"\"resources\":{\"limits\":{\"memory\":\"64Mi\"}}", "", "Running", READY("False", ""),
     ENDED("1", ""), "java.lang.OutOfMemoryError: Java heap space\n", "CrashLoop.OutOfMemory",
     "Java heap space", "raise the memory limit of c"},
    /* its own parent ended it, since it took too long */
    {"\"resources\":{\"limits\":{\"memory\":\"64Mi\"}}", "", "Running", READY("False", ""),
     RUNS "false",
     "[1] [CRITICAL] WORKER TIMEOUT (pid:8)\n[1] [ERROR] Worker (pid:8) was sent SIGKILL! Perhaps "
     "out "
     "of memory?\n",
     "CrashLoop.WorkerTimeout", "WORKER TIMEOUT", ""},
    /* ended by its own deadline: what its container was doing does not matter */
    {"", ",\"activeDeadlineSeconds\":30", "Failed",
     ",\"reason\":\"DeadlineExceeded\",\"message\":\"Pod was active on the node longer than the "
     "specified deadline\"",
     "\"ready\":false,\"restartCount\":0,\"state\":{\"terminated\":{\"exitCode\":137,\"reason\":"
     "\"Error\"}}",
     "working\n", "Pod.Deadline", "activeDeadlineSeconds of 30 s", ""},
    /* the hook */
    {"\"lifecycle\":{\"postStart\":{\"exec\":{\"command\":[\"false\"]}}}", "", "Running",
     READY("False", ""),
     "\"ready\":false,\"restartCount\":2,\"state\":{\"waiting\":{\"reason\":\"PostStartHookError\","
     "\"message\":\"Exec lifecycle hook failed - error: exited with 1: , message: \\\"no "
     "token\\\\n\\\"\"}"
     "},\"lastState\":{\"terminated\":{\"exitCode\":0,\"reason\":\"Completed\"}}",
     NULL, "CrashLoop.PostStart", "no token", ""},
    /* a hook that calls a port of its own container where nothing listens */
    {"\"lifecycle\":{\"postStart\":{\"httpGet\":{\"path\":\"/\",\"port\":8001}}},\"ports\":[{"
     "\"containerPort\":8000}]",
     "", "Running", READY("False", ""),
     "\"ready\":false,\"restartCount\":2,\"state\":{\"waiting\":{\"reason\":\"PostStartHookError\","
     "\"message\":\"HTTP lifecycle hook (/) failed: dial tcp 10.0.0.1:8001: connect: connection "
     "refused\"}},\"lastState\":{\"terminated\":{\"exitCode\":0,\"reason\":\"Completed\"}}",
     NULL, "CrashLoop.PostStart", "postStart hook fails", "call port 8000"},
    /* a profile that its node does not have */
    {"\"securityContext\":{\"seccompProfile\":{\"type\":\"Localhost\",\"localhostProfile\":"
     "\"own.json\"}}",
     "", "Pending", READY("False", ""),
     "\"ready\":false,\"restartCount\":0,\"state\":{\"waiting\":{\"reason\":"
     "\"CreateContainerError\",\"message\":\"cannot load seccomp profile own.json: no such "
     "file\"}}",
     NULL, "Config.CreateContainer", "own.json", "the runtime's profile"},
    /* a command in one string */
    {"\"command\":[\"sh -c serve\"]", "", "Running", READY("False", ""),
     START_ERROR("exec: \\\"sh -c serve\\\": executable file not found in $PATH"), NULL,
     "CrashLoop.BadCommand", "not in the image", "words of their own, sh first"},
    /* a script without the right to be run, and one whose interpreter is not there */
    {"\"command\":[\"/s/app.yaml\"]," MOUNT("/s", ""), VOLUME, "Running", READY("False", ""),
     START_ERROR("exec: \\\"/s/app.yaml\\\": permission denied: unknown"), NULL,
     "CrashLoop.BadCommand", "not executable", "defaultMode 0755"},
    {"\"command\":[\"/s/app.yaml\"]," MOUNT("/s", ""), VOLUME, "Running", READY("False", ""),
     START_ERROR("exec: \\\"/s/app.yaml\\\": no such file or directory: unknown"), NULL,
     "CrashLoop.BadCommand", "interpreter", ""},
    /* a script that does not say what runs it */
    {"\"command\":[\"/s/app.yaml\"]," MOUNT("/s", ""), VOLUME, "Running", READY("False", ""),
     ENDED("1", ""), "exec /s/app.yaml: exec format error\n", "CrashLoop.BadCommand",
     "first line of", "run /s/app.yaml by sh"},
    /* a program that nothing usual is spelt like; an image that is made for one has its own */
    {"\"command\":[\"srve\"]", "", "Running", READY("False", ""),
     START_ERROR("exec: \\\"srve\\\": executable file not found in $PATH"), NULL,
     "CrashLoop.BadCommand", "not in the image", "image i start its own program"},
    /* a word of a script: misspelt, or a program that the image lacks */
    {"\"command\":[\"sh\",\"-c\"],\"args\":[\"ech 'is ready' && sleep 1\"]", "", "Running",
     READY("False", ""), ENDED("127", ""), "sh: ech: not found\n", "CrashLoop.BadCommand",
     "ech is not in the image", "run echo instead of ech"},
    {"\"command\":[\"sh\",\"-c\",\"curl -f http://web/\"]", "", "Running", READY("False", ""),
     ENDED("127", ""), "sh: curl: not found\n", "CrashLoop.BadCommand", "curl is not in the image",
     ""},
    /* an address that no Service has now: the one that the same trace, or a variable, names */
    {"\"command\":[\"serve\"]", "", "Running", READY("False", ""), ENDED("1", ""),
     "Error: connect ECONNREFUSED 10.0.9.9:8000\n    at go (/app/index.js:22:3) {\n  code: "
     "'ECONNREFUSED',\n  config: { url: 'http://api:8000/health' }\n}\n",
     "CrashLoop.DependencyUnreachable", "cannot connect to api", ""},
    {"\"env\":[{\"name\":\"A\",\"value\":\"http://api:8000\"}]", "", "Running", READY("False", ""),
     ENDED("1", ""), "dial tcp 10.0.9.9:8000: connect: connection refused\n",
     "CrashLoop.DependencyUnreachable", "cannot connect to api", ""},
    {"\"env\":[{\"name\":\"A\",\"value\":\"http://api:8000\"},{\"name\":\"B\",\"value\":"
     "\"10.0.9.9:8000\"}]",
     "", "Running", READY("False", ""), ENDED("1", ""),
     "dial tcp 10.0.9.9:8000: connect: connection refused\n", "CrashLoop.DependencyUnreachable",
     "10.0.9.9", ""},
    /* a shell that is not there, of an image that has another */
    {"\"command\":[\"/bin/bash\",\"-c\",\"serve\"]", "", "Running", READY("False", ""),
     START_ERROR("exec: \\\"/bin/bash\\\": stat /bin/bash: no such file or directory"), NULL,
     "CrashLoop.BadCommand", "/bin/bash is not in the image", "run it by /bin/sh"},
    /* a flag that the program does not know, as its usage tells */
    {"\"args\":[\"--listen=:80\",\"--log-levle=debug\"]", "", "Running", READY("False", ""),
     ENDED("2", ""),
     "flag provided but not defined: -log-levle\nUsage of /bin/proxy:\n  -listen string\n    "
     "\taddress\n  -log-level string\n    \tdebug or info\n",
     "CrashLoop.BadCommand", "-log-levle", "give the flag -log-level"},
    {"\"command\":[\"sh\",\"-c\",\"exec api -port 80\"]", "", "Running", READY("False", ""),
     ENDED("2", ""), "Error: unknown shorthand flag: 'p' in -port\nFlags:\n      --port int\n",
     "CrashLoop.BadCommand", "-port", "give the flag --port"},
    /* a host that the command itself names, misspelt */
    {"\"command\":[\"sh\",\"-c\",\"wget http://apj:8000/\"]", "", "Running", READY("False", ""),
     ENDED("1", ""), "wget: bad address 'apj:8000'\n", "CrashLoop.DNS", "no Service apj",
     "call api instead of apj"},
    /* the same by a file that a ConfigMap gives; by it and the command, the file first */
    {MOUNT("/etc/app", ""), VOLUME, "Running", READY("False", ""), ENDED("1", ""),
     "nginx: [emerg] host not found in upstream \"apj\" in /etc/app/app.yaml:2\n", "CrashLoop.DNS",
     "no Service apj", "call api instead of apj in configmap/settings"},
    {"\"command\":[\"sh\",\"-c\",\"run || echo apj failed\"]," MOUNT("/etc/app", ""), VOLUME,
     "Running", READY("False", ""), ENDED("1", ""), "wget: bad address 'apj:8000'\n",
     "CrashLoop.DNS", "no Service apj", "in configmap/settings"},
    /* named after the same thing; not so if its port is another */
    {"\"command\":[\"sh\",\"-c\",\"wget http://api-backend:8000/\"]", "", "Running",
     READY("False", ""), ENDED("1", ""), "dial tcp: lookup api-backend: no such host\n",
     "CrashLoop.DNS", "no Service api-backend", "call api instead of api-backend"},
    {"\"command\":[\"sh\",\"-c\",\"psql -h api-database -p 5432\"]", "", "Running",
     READY("False", ""), ENDED("1", ""),
     "could not connect to api-database:5432: Name or service not known\n", "CrashLoop.DNS",
     "no Service api-database", ""},
    /* a port that the command names, in its own way */
    {"\"command\":[\"sh\",\"-c\",\"nc -w 1 api 80 </dev/null\"]", "", "Running", READY("False", ""),
     ENDED("1", ""), "connect to api:80 failed: Connection refused\n",
     "CrashLoop.DependencyUnreachable", "serves port 8000", "call api:8000 instead of api:80"},
    /* a resolver's function is no host; the Service is named beside the refusal */
    {"\"command\":[\"sh\",\"-c\",\"get http://apj:3306/\"]", "", "Running", READY("False", ""),
     ENDED("255", ""),
     "PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000] [2002] php_network_getaddresses: "
     "getaddrinfo failed: Name or service not known in /app/db.php:7\n",
     "CrashLoop.DNS", "getaddrinfo failed", ""},
    {"", "", "Running", READY("False", ""), ENDED("134", ""),
     "Unhandled exception. BrokerUnreachableException: None of the endpoints were reachable\n"
     " ---> System.AggregateException: (Connection failed, host api:8000)\n"
     " ---> System.Net.Sockets.SocketException (111): Connection refused\n",
     "CrashLoop.DependencyUnreachable", "cannot connect to api", ""},
    /* it goes on, says by its probe that it is not well, and by its log why */
    {"\"readinessProbe\":{\"exec\":{\"command\":[\"ok\"]}}", "", "Running", READY("False", ""),
     RUNS "false",
     "E0101 reflector.go:166] err=\"failed to list *v1.Pod: pods is forbidden: User "
     "\\\"system:serviceaccount:demo:default\\\" cannot list resource \\\"pods\\\" in API group "
     "\\\"\\\" in the namespace \\\"demo\\\"\"\n",
     "Rights.Forbidden", "may not list pods in namespace demo", NULL},
    /* the shell's word for the same */
    {"", "", "Running", READY("False", ""), ENDED("126", ""),
     "sh: /app/run.sh: Permission denied\n", "CrashLoop.BadCommand", "not executable", ""},
    /* a directory for a file: by the program's word, and by the runtime's */
    {MOUNT("/etc/app/app.yml", ",\"subPath\":\"app.yml\""), VOLUME, "Running", READY("False", ""),
     ENDED("1", ""), "IsADirectoryError: [Errno 21] Is a directory: '/etc/app/app.yml'\n",
     "CrashLoop.MissingFile", "mounted as a directory",
     "mount the key app.yaml at /etc/app/app.yml"},
    {MOUNT("/etc/app.yaml", ""), VOLUME, "Running", READY("False", ""),
     START_ERROR(
         "error mounting \\\"/var/lib/kubelet/x\\\" to rootfs at \\\"/etc/app.yaml\\\": not a "
         "directory: unknown"),
     NULL, "CrashLoop.MissingFile", "mounted as a directory",
     "mount the key app.yaml at /etc/app.yaml"},
    /* the key that holds what cannot be parsed */
    {MOUNT("/etc/app", ""), VOLUME, "Running", READY("False", ""), ENDED("1", ""),
     "FATAL cannot load /etc/app/app.yaml: yaml: line 3: did not find expected key\n",
     "CrashLoop.Config", "line 3", ""},
    /* the account's token */
    {"", ",\"automountServiceAccountToken\":false", "Running", READY("False", ""), ENDED("1", ""),
     "open /var/run/secrets/kubernetes.io/serviceaccount/token: no such file or directory\n",
     "CrashLoop.MissingFile", "serviceaccount/token", "mount the service account's token"},
    /* a file, a module, a program looked for in another folder than a volume's: in the words of any
     * class, by the folder's name where nobody knows the volume's files, or the image's own */
    {"\"workingDir\":\"/srv/ap/\"," MOUNT("/srv/app", ""), VOLUME, "Running", READY("False", ""),
     ENDED("1", ""), "FileNotFoundError: [Errno 2] No such file or directory: 'app.yaml'\n",
     "CrashLoop.MissingFile", "looks in /srv/ap for /srv/app/app.yaml", "work in /srv/app"},
    {"\"workingDir\":\"/srv\"," MOUNT("/srv/app/conf", ""), VOLUME, "Running", READY("False", ""),
     ENDED("1", ""),
     "Exception in thread \"main\" java.nio.file.NoSuchFileException: conf/app.yaml\n",
     "CrashLoop.MissingFile", "/srv/app/conf/app.yaml", "work in /srv/app ("},
    {"\"workingDir\":\"/ap\",\"command\":[\"./app.yaml\"]," MOUNT("/app", ""), VOLUME, "Running",
     READY("False", ""), START_ERROR("exec: \\\"./app.yaml\\\": stat ./app.yaml: no such file"),
     NULL, "CrashLoop.BadCommand", "looks in /ap for", "work in /app"},
    {"\"workingDir\":\"/data/apps\"," MOUNT("/data/app", ""),
     ",\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}]", "Running", READY("False", ""),
     ENDED("1", ""), "Error: Cannot find module '/data/apps/server.js'\n",
     "CrashLoop.MissingModule", "server.js", "work in /data/app ("},
    {"\"workingDir\":\"/ap\"", "", "Running", READY("False", ""), ENDED("1", ""),
     "open conf/app.toml: no such file or directory\n", "CrashLoop.MissingFile", "app.toml",
     "its image's own folder"},
    /* not so where the program has found it, or its folder has nothing to do with it */
    {"\"workingDir\":\"/ap\"," MOUNT("/app", ""), VOLUME, "Running", READY("False", ""),
     ENDED("1", ""), "FATAL app.yaml: yaml: line 3: did not find expected key\n",
     "CrashLoop.Config", "line 3", ""},
    {"\"workingDir\":\"/ap\"," MOUNT("/app", ""), VOLUME, "Running", READY("False", ""),
     ENDED("1", ""), "open /etc/x.toml: no such file or directory\n", "CrashLoop.MissingFile",
     "/etc/x.toml", ""},
    /* a volume in another folder than where the program looks: by its files, or nearly its name */
    {MOUNT("/etc/apps", ""),
     ",\"volumes\":[{\"name\":\"v\",\"projected\":{\"sources\":[{\"configMap\":{\"name\":"
     "\"settings\",\"items\":[{\"key\":\"app.yaml\",\"path\":\"x/a.yml\"}]}}]}}]",
     "Running", READY("False", ""), ENDED("1", ""),
     "open /etc/app/x/a.yml: no such file or directory\n", "CrashLoop.MissingFile",
     "/etc/app/x/a.yml", "mount volume v at /etc/app,"},
    {MOUNT("/var/dat", ""), ",\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}]", "Running",
     READY("False", ""), ENDED("1", ""),
     "cat: can't open '/var/data/x.db': No such file or directory\n", "CrashLoop.MissingFile",
     "/var/data/x.db", "mount volume v at /var/data,"},
    /* the name that a volume's items give, the name that the command asks for */
    {MOUNT("/etc/app", ""),
     ",\"volumes\":[{\"name\":\"v\",\"configMap\":{\"name\":\"settings\",\"items\":[{\"key\":"
     "\"app.yaml\",\"path\":\"ap.yml\"}]}}]",
     "Running", READY("False", ""), ENDED("1", ""),
     "open /etc/app/app.yml: no such file or directory\n", "CrashLoop.MissingFile",
     "/etc/app/app.yml", "give ap.yml the name app.yml"},
    {"\"command\":[\"run\",\"/etc/app/app.yml\"]," MOUNT("/etc/app", ""), VOLUME, "Running",
     READY("False", ""), ENDED("1", ""), "open /etc/app/app.yml: no such file or directory\n",
     "CrashLoop.MissingFile", "/etc/app/app.yml", "ask for /etc/app/app.yaml"},
    /* a name that is there, and is not asked for where it could be found */
    {"", ",\"dnsPolicy\":\"Default\"", "Running", READY("False", ""), ENDED("1", ""),
     "wget: bad address 'api:8000'\n", "CrashLoop.DNS", "dnsPolicy Default",
     "dnsPolicy ClusterFirst"},
    /* what need not be there and is not: a key, a ConfigMap, also of a volume; a prefix, a key that
     * gives a variable another name */
    {"\"env\":[{\"name\":\"APP_CONF\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"settings\","
     "\"key\":"
     "\"ap.yaml\",\"optional\":true}}}]",
     "", "Running", READY("False", ""), ENDED("1", ""), "FATAL APP_CONF is empty\n",
     "CrashLoop.MissingEnv", "APP_CONF is empty", "use the key app.yaml"},
    {"\"env\":[{\"name\":\"APP_CONF\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"db\",\"key\":"
     "\"password\",\"optional\":true}}}]",
     "", "Running", READY("False", ""), ENDED("1", ""), "FATAL APP_CONF is empty\n",
     "CrashLoop.MissingEnv", "APP_CONF is empty", ""},
    {"\"envFrom\":[{\"configMapRef\":{\"name\":\"setings\",\"optional\":true}}]", "", "Running",
     READY("False", ""), ENDED("1", ""), "FATAL APP_CONF is not set\n", "CrashLoop.MissingEnv",
     "APP_CONF is not set", "refer to ConfigMap settings"},
    {MOUNT("/etc/app", ""),
     ",\"volumes\":[{\"name\":\"v\",\"projected\":{\"sources\":[{\"configMap\":{\"name\":"
     "\"setting\",\"optional\":true}}]}}]",
     "Running", READY("False", ""), ENDED("1", ""),
     "open /etc/app/app.yaml: no such file or directory\n", "CrashLoop.MissingFile",
     "/etc/app/app.yaml", "refer to ConfigMap settings"},
    {"\"envFrom\":[{\"prefix\":\"SHPO_\",\"configMapRef\":{\"name\":\"env\"}}]", "", "Running",
     READY("False", ""), ENDED("1", ""), "FATAL SHOP_APP_MODE is not set\n", "CrashLoop.MissingEnv",
     "SHOP_APP_MODE is not set", "with the prefix SHOP_,"},
    {"\"envFrom\":[{\"configMapRef\":{\"name\":\"env\"}}]", "", "Running", READY("False", ""),
     ENDED("1", ""), "FATAL APP_MODES is not set\n", "CrashLoop.MissingEnv", "APP_MODES is not set",
     "take APP_MODES from the key APP_MODE"},
    /* a setting in small letters is a variable in capitals */
    {"\"env\":[{\"name\":\"DATABASE_UR\",\"value\":\"x\"}]", "", "Running", READY("False", ""),
     ENDED("1", ""),
     "pydantic.ValidationError: 1 validation error for Settings\ndatabase_url\n  Field required\n",
     "CrashLoop.MissingEnv", "DATABASE_URL is not set", "set DATABASE_URL as DATABASE_UR is set"},
    /* a low port; a listener for its own pod alone, without an event of it */
    {"\"securityContext\":{\"runAsUser\":1000}", "", "Running", READY("False", ""), ENDED("1", ""),
     "httpd: bind: Permission denied\n", "CrashLoop.PrivilegedPort", "may not listen", "low ports"},
    {"\"args\":[\"--host\",\"127.0.0.1\"],\"readinessProbe\":{\"httpGet\":{\"port\":8000}}", "",
     "Running", READY("False", ""), RUNS "false", "Running on http://127.0.0.1:8000\n",
     "Probe.Readiness", "has not succeeded", ""},
    /* what a volume hides, a reference to a variable that is not there, root without its rights */
    {"\"command\":[\"/app/run\"]," MOUNT("/app", ""), VOLUME, "Running", READY("False", ""),
     START_ERROR("exec: \\\"/app/run\\\": stat /app/run: no such file or directory"), NULL,
     "CrashLoop.BadCommand", "hides what the image", ""},
    {"\"args\":[\"-p\",\"$(PORTT)\"],\"env\":[{\"name\":\"PORT\",\"value\":\"80\"}]", "", "Running",
     READY("False", ""), ENDED("1", ""), "Error: invalid port '$(PORTT)'\n", "CrashLoop.Config",
     "invalid port", "write $(PORT)"},
    {"\"securityContext\":{\"capabilities\":{\"drop\":[\"ALL\"]}}", "", "Running",
     READY("False", ""), ENDED("1", ""), "chown: /data: Operation not permitted\n",
     "CrashLoop.PermissionDenied", "/data", "capability CHOWN"},
    /* a report of several lines is told by those that name the setting and what is wrong */
    {"", "", "Running", READY("False", ""), ENDED("1", ""),
     "pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings\nworkers\n  "
     "Input should be a valid integer [type=int_parsing, input_value='four']\n",
     "CrashLoop.Config", "workers   Input should be a valid integer", ""},
    {"", "", "Running", READY("False", ""), ENDED("1", ""),
     "*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***\nReading the configuration file, at line 3\n"
     ">>> 'maxmemory 64mbb'\nargument must be a memory value\n",
     "CrashLoop.Config", "'maxmemory 64mbb' argument must be a memory value", ""},
    /* what takes a capability: one that was dropped, one that nobody has unasked */
    {"\"securityContext\":{\"capabilities\":{\"drop\":[\"ALL\"],\"add\":[\"SETUID\"]}}", "",
     "Running", READY("False", ""), ENDED("1", ""),
     "error: failed switching to \"redis\": operation not permitted\n",
     "CrashLoop.PermissionDenied", "want of a permission", "SETGID and SETUID"},
    {"", "", "Running", READY("False", ""), ENDED("1", ""),
     "error: failed switching to \"redis\": operation not permitted\n",
     "CrashLoop.PermissionDenied", "want of a permission", ""},
    {"", "", "Running", READY("False", ""), ENDED("1", ""),
     "Error initializing core: Failed to lock memory: cannot allocate memory\n",
     "CrashLoop.PermissionDenied", "lock memory", "capability IPC_LOCK"},
    /* root by number where root may not be, temporary files on a root that is read-only */
    {"\"securityContext\":{\"runAsNonRoot\":true,\"runAsUser\":0}", "", "Pending",
     READY("False", ""),
     "\"ready\":false,\"state\":{\"waiting\":{\"reason\":\"CreateContainerConfigError\","
     "\"message\":"
     "\"container's runAsUser breaks non-root policy\"}}",
     NULL, "Config.RunAsNonRoot", "runAsUser is 0", "as user 1000"},
    /* the only key that is left: what was meant, unless it speaks of something else */
    {KEY("MODE"), "", "Pending", READY("False", ""), NO_KEY("MODE"), NULL, "Config.MissingKey",
     "no key MODE", "use the key APP_MODE"},
    {KEY("APP_PASSWORD"), "", "Pending", READY("False", ""), NO_KEY("APP_PASSWORD"), NULL,
     "Config.MissingKey", "no key APP_PASSWORD", ""},
    {"\"securityContext\":{\"readOnlyRootFilesystem\":true}", "", "Running", READY("False", ""),
     ENDED("1", ""), "mktemp: (null): Read-only file system\n", "CrashLoop.ReadOnlyFilesystem",
     "read-only", "emptyDir at /tmp"},
    /* a liveness probe that asks a port by a name that is not there guards nothing */
    {"\"livenessProbe\":{\"httpGet\":{\"port\":\"http\"}},\"ports\":[{\"name\":\"web\","
     "\"containerPort\":80}]",
     "", "Running", READY("True", ""), RUNS "true", NULL, "Probe.Liveness", "no port of that name",
     "probe port web"},
};

/* What the events tell, or do not. */
static const struct {
    struct row row;
    const char *events; /* of the pod: the list's items, or UNREADABLE */
} told[] = {
    /* ended by its probe, and obliging: no Killing event has come (yet) */
    {{LIVENESS, "", "Running", READY("False", ""), RAN("0", "12:05:00", "12:05:28"), "bye\n",
      "Probe.Liveness", "gets status 404 from /healthz", "whether port 8000 takes connections"},
     UNHEALTHY("12:05:27", "Liveness probe failed: HTTP probe failed with statuscode: 404")},
    /* the event is an earlier run's, this one lasted as long as the probe lets it */
    {{LIVENESS, "", "Running", READY("False", ""), RAN("0", "12:05:00", "12:05:28"), "bye\n",
      "Probe.Liveness", "gets status 404 from /healthz", "whether port 8000 takes connections"},
     UNHEALTHY("12:02:27", "Liveness probe failed: HTTP probe failed with statuscode: 404")},
    /* its own events are gone, another probe that asks the same still fails; both are mended */
    {{LIVENESS ",\"readinessProbe\":{\"httpGet\":{\"path\":\"/healthz\",\"port\":8000}}", "",
      "Running", READY("False", ""), RAN("0", "12:05:00", "12:05:28"), "bye\n", "Probe.Liveness",
      "gets status 404 from /healthz", "let the probes ask only"},
     UNHEALTHY("12:02:27", "Readiness probe failed: HTTP probe failed with statuscode: 404")},
    /* another probe that fails asks something else */
    {{LIVENESS ",\"readinessProbe\":{\"httpGet\":{\"path\":\"/ready\",\"port\":8000}}", "",
      "Running", READY("False", ""), RAN("0", "12:05:00", "12:05:28"), "bye\n",
      "CrashLoop.Completed", "ends by itself", ""},
     UNHEALTHY("12:02:27", "Readiness probe failed: HTTP probe failed with statuscode: 404")},
    /* it ends by itself, long before the probe could give up, or after it has got over that */
    {{LIVENESS, "", "Running", READY("False", ""), RAN("0", "12:05:00", "12:05:07"), "bye\n",
      "CrashLoop.Completed", "ends by itself", ""},
     UNHEALTHY("12:05:06", "Readiness probe failed: connection refused")},
    {{LIVENESS, "", "Running", READY("False", ""), RAN("0", "12:05:00", "12:05:28"), "bye\n",
      "CrashLoop.Completed", "ends by itself", ""},
     ""},
    /* a probe's command asks a port where nothing listens, or says whom the program waits for */
    {{"\"readinessProbe\":{\"exec\":{\"command\":[\"wget\",\"-q\",\"http://localhost:8080/"
      "health\"]}}",
      "", "Running", READY("False", ""), RUNS "false", "INFO listening on port 8000\n",
      "Probe.Readiness", "asks port 8080, but the container listens on 8000", "probe port 8000"},
     UNHEALTHY("12:05:27", "Readiness probe failed: wget: can't connect to remote host "
                           "(127.0.0.1): Connection refused")},
    {{"\"readinessProbe\":{\"exec\":{\"command\":[\"nc\",\"-z\",\"localhost\",\"8080\"]}}", "",
      "Running", READY("False", ""), RUNS "false", "INFO listening on port 8000\n",
      "Probe.Readiness", "asks port 8080, but the container listens on 8000", "probe port 8000"},
     UNHEALTHY("12:05:27", "Readiness probe failed: ")},
    {{"\"readinessProbe\":{\"exec\":{\"command\":[\"./ready\"]}}", "", "Running",
      READY("False", ""), RUNS "false", "INFO listening on port 8000\n", "Probe.Readiness",
      "fails since container c of pod/p cannot connect to api", ""},
     UNHEALTHY("12:05:27", "Readiness probe failed: could not connect to api:8000: Connection "
                           "refused")},
    /* a command that the image lacks never fails for the kubelet: nothing guards the pod */
    {{"\"livenessProbe\":{\"exec\":{\"command\":[\"curl\",\"-f\",\"http://localhost:8000/"
      "health\"]}}",
      "", "Running", READY("True", ""), RUNS "true", NULL, "Probe.Liveness",
      "runs curl, which is not in the image", "let kubelet ask port 8000/health itself"},
     UNHEALTHY("12:05:27",
               "Liveness probe errored and resulted in unknown state: exec: \\\"curl\\\": "
               "executable file not found in $PATH: unknown")},
    /* a gRPC probe of what speaks something else */
    {{"\"readinessProbe\":{\"grpc\":{\"port\":8000}}", "", "Running", READY("False", ""),
      RUNS "false", NULL, "Probe.Readiness", "no gRPC health service on port 8000",
      "takes connections, until it is known what"},
     UNHEALTHY("12:05:27", "Readiness probe failed: timeout: failed to connect service "
                           "\\\"10.0.0.7:8000\\\" within 1s: context deadline exceeded")},
    /* what the node does not hold is made there */
    {{MOUNT("/logs", ""),
      ",\"volumes\":[{\"name\":\"v\",\"hostPath\":{\"path\":\"/var/log/app\","
      "\"type\":\"Directory\"}}],\"nodeName\":\"node-1\"",
      "Pending", READY("False", ""),
      "\"ready\":false,\"restartCount\":0,\"state\":{\"waiting\":{\"reason\":\"ContainerCreating\"}"
      "}",
      NULL, "Volume.MountFailed", "hostPath type check failed", "make /var/log/app on the node"},
     "{\"metadata\":{\"name\":\"e\",\"namespace\":\"demo\"},\"reason\":\"FailedMount\",\"type\":"
     "\"Warning\",\"count\":3,\"lastTimestamp\":\"2026-01-01T12:05:27Z\",\"message\":"
     "\"MountVolume.SetUp failed for volume \\\"v\\\" : hostPath type check failed: /var/log/app "
     "is "
     "not a directory\",\"involvedObject\":{\"kind\":\"Pod\",\"name\":\"p\",\"uid\":\"u\"}}"},
    /* no event can be read: how long it ran is all there is */
    {{LIVENESS, "", "Running", READY("False", ""), RAN("0", "12:05:00", "12:05:28"), "bye\n",
      "Probe.Liveness", "gives up", ""},
     UNREADABLE},
    {{LIVENESS, "", "Running", READY("False", ""), RAN("143", "12:05:00", "12:05:28"), "bye\n",
      "Probe.Liveness", "gives up", ""},
     UNREADABLE},
    {{LIVENESS, "", "Running", READY("False", ""), RAN("0", "12:05:00", "12:07:00"), "bye\n",
      "CrashLoop.Completed", "ends by itself", ""},
     UNREADABLE},
};

static void forget(const char *name)
{
    kta_auto_free char *path = kta_fs_join(dir, name);
    (void)unlink(path);
}

static void one(size_t i, const struct row *x, const char *given)
{
    kta_auto_free char *status =
        x->container_status
            ? kta_asprintf(",\"containerStatuses\":[{\"name\":\"c\",%s}]", x->container_status)
            : kta_strdup("");
    kta_auto_free char *list = kta_asprintf(
        "{\"items\":[{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"p\","
        "\"namespace\":"
        "\"demo\",\"uid\":\"u\",\"creationTimestamp\":\"2026-01-01T12:00:00Z\"},\"spec\":{"
        "\"restartPolicy\":\"Always\",\"containers\":[{\"name\":\"c\",\"image\":\"i\"%s%s}]%s},"
        "\"status\":{\"phase\":\"%s\"%s%s}}]}",
        *x->container ? "," : "", x->container, x->spec, x->phase, x->pod_status, status);
    put("api/v1/namespaces/demo/pods.json", list);
    put("api/v1/namespaces/demo/pods/p/log/c.txt", kta_or(x->log, ""));
    kta_auto_free char *events = kta_asprintf("{\"items\":[%s]}", given);
    put("api/v1/namespaces/demo/events.json",
        kta_streq(given, UNREADABLE)
            ? "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"code\":403,"
              "\"reason\":\"Forbidden\",\"message\":\"events is forbidden\"}"
            : events);
    struct kta_err err = KTA_ERR_INIT;
    struct kta_cluster *cluster;
    struct kta_findings f = {0};
    struct kta_scope scope = {.namespace_ = "demo"};
    assert_int_equal(kta_cluster_open_snapshot(dir, &cluster, &err), 0);
    struct kta_redact *redact = kta_redact_new(KTA_REDACT_STANDARD);
    struct kta_world *w = kta_world_new(cluster, redact, NULL);
    assert_int_equal(kta_diagnose(w, &scope, NULL, NULL, &f, &err), 0);
    if (!x->code) {
        if (f.n)
            fail_msg("row %zu: %s", i, f.v[0]->code);
    } else if (f.n != 1 || !kta_streq(f.v[0]->code, x->code)) {
        fail_msg("row %zu (%s): %zu findings, first %s: %s", i, x->code, f.n,
                 f.n ? f.v[0]->code : "none",
                 f.n > 1 ? f.v[1]->summary
                 : f.n   ? f.v[0]->summary
                         : "");
    } else {
        if (!strstr(f.v[0]->summary, x->summary))
            fail_msg("row %zu (%s): %s", i, x->code, f.v[0]->summary);
        const char *fix = f.v[0]->n_fixes ? f.v[0]->fixes[0].summary : "";
        if (!x->fix)
            ; /* what is proposed is tested elsewhere */
        else if (*x->fix ? !strstr(fix, x->fix) : f.v[0]->n_fixes > 0)
            fail_msg("row %zu (%s): the fix is '%s'", i, x->code, fix);
    }
    kta_findings_release(&f);
    kta_world_free(w);
    kta_redact_free(redact);
    kta_cluster_free(cluster);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < KTA_LEN(rows); i++)
        one(i, &rows[i], "");
}

static void test_events(void **state)
{
    (void)state;
    for (size_t i = 0; i < KTA_LEN(told); i++)
        one(i, &told[i].row, told[i].events);
}

#define LOG  "api/v1/namespaces/demo/pods/p/log/c"
#define KILL "[1] [ERROR] Worker (pid:8) was sent SIGKILL! Perhaps out of memory?\n"

/* A ready container's log reaches back for as long as it runs: only what was said of late counts.
 */
static void test_old_kills(void **state)
{
    (void)state;
    struct row x = {"\"resources\":{\"limits\":{\"memory\":\"64Mi\"}}",
                    "",
                    "Running",
                    READY("True", ""),
                    RUNS "true",
                    KILL "[9] [INFO] serving\n",
                    NULL,
                    "",
                    ""};
    put(LOG ".late.txt", "[9] [INFO] serving\n");
    one(0, &x, "");
    put(LOG ".late.txt", KILL);
    x.code = "Memory.OOMKilled";
    x.fix = "raise the memory limit";
    one(1, &x, "");
    forget(LOG ".late.txt");
}

/* A cause that was said once, long before the lines that are read as a rule. */
static void test_a_cause_at_the_beginning(void **state)
{
    (void)state;
    kta_auto_str struct kta_str log = KTA_STR_INIT;
    for (int i = 0; i < 2000; i++)
        kta_str_addf(&log, "tick %d\n", i + 4);
    struct row x = {"",
                    "",
                    "Running",
                    READY("False", ""),
                    ENDED("1", ""),
                    log.s,
                    "CrashLoop.MissingEnv",
                    "DATABASE_URL is not set",
                    ""};
    put(LOG ".head.txt", "start\nFATAL DATABASE_URL is not set\ntick 3\ntick 4\ntick 5\nti");
    one(0, &x, "");
    forget(LOG ".head.txt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_events),
                                       cmocka_unit_test(test_old_kills),
                                       cmocka_unit_test(test_a_cause_at_the_beginning)};
    return cmocka_run_group_tests(tests, write_snapshot, NULL);
}
